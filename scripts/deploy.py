"""Deploy a market with brownie: `brownie run deploy --network anvil`.

What deploys is the code behind `p2pchain admin deploy`, and it deploys the artifacts that the
package ships; brownie brings the network and the account. The record of the deployment is the
file that `p2pchain` reads. Settings follow the name of the function:

    brownie run deploy main currency=EUR slot_seconds=900 --network anvil
    brownie run deploy main account=operator token=0x1aB... --network valley

    account=NAME      the one that deploys and has all roles: an account of brownie
                      (`brownie accounts list`) or a keystore file. Brownie asks for its
                      passphrase where neither P2PCHAIN_PASSPHRASE_FILE nor
                      P2PCHAIN_PASSPHRASE gives it. On a development network it is the first
                      development account unless said.
    currency=CODE     what the money is called; else EUR
    slot_seconds=N    900, 1800 or 3600, for good; else 3600
    token=ADDRESS     the ERC-20 that is the money; else a test currency without value
    record=FILE       where the record goes; else deployments/<network>.json
    replace=yes       overwrite the record of an earlier deployment

It returns brownie's objects of the contracts by name, to be used in `brownie run -I deploy`.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from brownie import accounts, network, project, web3

from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.deployment import Deployment, deploy, path_of, require_currency
from p2pchain.chain.devkeys import MNEMONIC
from p2pchain.chain.sender import Sender
from p2pchain.errors import BadInput, P2PError
from p2pchain.keys import LocalSigner, checksum, find_passphrase
from p2pchain.networks import Network, load_profiles


@dataclass(frozen=True)
class Settings:
    """What may be said behind the name of the function."""

    account: str = ""
    currency: str = "EUR"
    slot_seconds: str = "3600"
    token: str = ""
    record: str = ""
    replace: str = "no"


def main(*words: str) -> dict[str, Any]:
    """Deploy, save the record, print it, and return brownie's contract objects by name."""
    try:
        return deploy_and_save(parsed(words))
    except P2PError as error:
        print(f"error: {error}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        sys.exit(error.exit_code)


def deploy_and_save(settings: Settings) -> dict[str, Any]:
    """Deploy on brownie's network. Raises P2PError."""
    profile = profile_of_brownie()
    path = Path(settings.record) if settings.record else path_of(profile.name)
    if path.exists() and settings.replace != "yes":
        raise BadInput(
            f"{path} holds a deployment already",
            hint="record=FILE names another file, replace=yes overwrites this one",
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None
    if not os.access(path.parent, os.W_OK):
        raise BadInput(f"{path} cannot be written", hint="record=FILE names another file")
    with connect(profile) as chain:
        token = token_at(chain, settings.token)
        signer = signer_of(settings.account)
        print(f"deploying to {profile.label}, administrator {signer.address}")
        with Sender(chain, signer, journal_of(chain, signer.address)) as sender:
            record = deploy(
                sender,
                slot_seconds=int(settings.slot_seconds),
                currency=settings.currency,
                token=token,
                step=lambda name: print(f"  {name}"),
            )
    record.save(path)
    for name, address in record.contracts.items():
        print(f"{name:<20} {address}")
    print(f"record: {path}")
    return contracts_of(record)


def contracts_of(record: Deployment) -> dict[str, Any]:
    """Return brownie's objects of the contracts of a deployment that brownie has compiled.

    They are not kept in brownie's database of deployments: on live networks 1.22 fails to.
    """
    (compiled,) = project.get_loaded_projects()
    known = {name: name for name in record.contracts if name in compiled}
    if record.test_money:
        known["Token"] = "TestCurrency"
    return {
        name: compiled[contract].at(record.contracts[name], persist=False)
        for name, contract in known.items()
    }


def profile_of_brownie() -> Network:
    """Return the network that brownie is connected to, with its customs where they are known."""
    name = str(network.show_active())
    url = getattr(web3.provider, "endpoint_uri", None)
    if not isinstance(url, str) or not url.startswith("http"):
        raise BadInput(
            f"brownie's network '{name}' has no HTTP address",
            hint="give it a host that begins with http:// (brownie networks modify)",
        )
    _, known = load_profiles()
    return replace(known.get(name, Network(name)), url=url)


def signer_of(name: str) -> LocalSigner:
    """Return the key of an account of brownie; without a name that of a development network."""
    if name:
        account = loaded(name)
    elif on_development_network():
        account = accounts.from_mnemonic(MNEMONIC)
    else:
        raise BadInput("no account was chosen", hint="account=NAME: one of `brownie accounts list`")
    return LocalSigner(bytes.fromhex(account.private_key.removeprefix("0x")))


def loaded(name: str) -> Any:
    """Return an account of brownie's with its key. Raises BadInput."""
    accounts.clear()  # one that the node can sign for would be returned without its key
    try:
        return accounts.load(name, password=find_passphrase())
    except FileNotFoundError:
        raise BadInput(
            f"brownie has no account '{name}'",
            hint="`brownie accounts list` shows the names; a path of a keystore is good too",
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        if "MAC" in str(error):
            raise BadInput(f"wrong passphrase for the account '{name}'") from None
        raise BadInput(f"the account '{name}' cannot be opened: {error}") from None
    finally:
        accounts.clear()
        for address in web3.eth.accounts:
            accounts.at(address)


def journal_of(chain: Chain, address: str) -> Path | None:
    """Return where transactions are stored before they are sent: where `p2pchain` does, too.

    None on a development network, which is gone with its program.
    """
    if on_development_network():
        return None
    state = Path(os.environ.get("P2PCHAIN_HOME") or Path.home() / ".p2pchain")
    return state / "journal" / f"{chain.chain_id}-{address}.sqlite"


def on_development_network() -> bool:
    """Whether brownie takes the network for one of this machine, that ends with its program."""
    return "cmd" in network.main.CONFIG.active_network


def token_at(chain: Chain, address: str) -> str | None:
    """Return the address of the token, in its checksummed form, or None for a new one."""
    if not address:
        return None
    token = checksum(address)
    if not chain.code(token):
        raise BadInput(f"there is no contract at {token}", hint="token= names an ERC-20")
    return token


def parsed(words: tuple[str, ...]) -> Settings:
    """Return the settings written as NAME=VALUE. Raises BadInput."""
    names = [field.name for field in fields(Settings)]
    given: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in names:
            raise BadInput(
                f"'{word}' is not a setting", hint=f"NAME=VALUE; names are {', '.join(names)}"
            )
        if name in given:
            raise BadInput(f"{name} is said twice")
        given[name] = value
    settings = Settings(**given)
    if settings.slot_seconds not in ("900", "1800", "3600"):
        raise BadInput(
            f"a slot cannot have {settings.slot_seconds} seconds", hint="900, 1800 or 3600"
        )
    require_currency(settings.currency)
    if settings.replace not in ("yes", "no"):
        raise BadInput(f"replace is yes or no, not '{settings.replace}'")
    return settings
