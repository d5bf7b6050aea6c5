"""Network profiles: which chain to talk to, and what to know about it.

A profile is chosen by, in this order, the caller (`-n/--network`), the environment
(`P2PCHAIN_NETWORK`), the `network` line of the configuration file, and else `anvil`. The file is
`$P2PCHAIN_CONFIG` or `p2pchain.toml` in the working directory:

    network = "valley"              # the default

    [networks.valley]
    url = "https://rpc.valley.example"
    chain_id = 4711
    finality = "instant"            # or "tag", or a number of blocks
    fees = "free"                   # or "legacy", "eip1559"
    poa = true
    timeout_seconds = 20

A bare URL is accepted wherever a name is. Nothing here talks to a node.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from p2pchain.errors import BadInput

Finality = int | Literal["instant", "tag"]
Fees = Literal["eip1559", "legacy", "free"]

DEFAULT_NETWORK = "anvil"
CONFIG_NAME = "p2pchain.toml"
ENV_CONFIG = "P2PCHAIN_CONFIG"
ENV_NETWORK = "P2PCHAIN_NETWORK"

#: Chain id of the embedded chain, the one that eth-tester uses. No public network has it.
TESTER_CHAIN_ID = 131277322940537
ANVIL_CHAIN_ID = 31337


@dataclass(frozen=True, slots=True)
class Network:
    """One chain and its customs.

    `url` is None for the embedded chain. `chain_id` None accepts any. `finality` says when a block
    cannot vanish any more: at once, after so many blocks, or by the node's `finalized` tag.
    `timeout_seconds` bounds every request.
    """

    name: str
    url: str | None = None
    chain_id: int | None = None
    finality: Finality = "tag"
    fees: Fees = "eip1559"
    poa: bool = False
    timeout_seconds: int = 20

    @property
    def label(self) -> str:
        """Name and host, without the path and the credentials in which API keys live."""
        if self.url is None:
            return self.name
        parts = urlsplit(self.url)
        host = f"{parts.scheme}://{parts.hostname or '?'}"
        try:
            port = parts.port
        except ValueError:
            port = None
        host += f":{port}" if port else ""
        return host if self.name == self.url else f"{self.name} ({host})"


TESTER = Network("tester", None, TESTER_CHAIN_ID, "instant", "eip1559")
ANVIL = Network("anvil", "http://127.0.0.1:8545", ANVIL_CHAIN_ID, "instant", "eip1559")
BUILT_IN: Mapping[str, Network] = {"tester": TESTER, "anvil": ANVIL}

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")


def resolve(
    choice: str | Network | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> Network:
    """Return the profile that `choice`, the environment or the file names (module docstring).

    Raises BadInput for an unknown name or a broken file. Reads the file, and nothing else.
    """
    if isinstance(choice, Network):
        return choice
    env = os.environ if environ is None else environ
    default, profiles = load_profiles(environ=env, directory=directory)
    name = choice or env.get(ENV_NETWORK) or default or DEFAULT_NETWORK
    if "://" in name:
        return Network(name=_url(name, "network"), url=name)
    if name in profiles:
        return profiles[name]
    known = ", ".join(sorted(profiles))
    raise BadInput(
        f"unknown network '{name}'",
        hint=f"known are {known}; others go into {CONFIG_NAME} under [networks.{name}], "
        "or give a URL",
    )


def load_profiles(
    *, environ: Mapping[str, str] | None = None, directory: Path | None = None
) -> tuple[str | None, dict[str, Network]]:
    """Return the default name of the file, if any, and all profiles by name, built in and own."""
    env = os.environ if environ is None else environ
    profiles = dict(BUILT_IN)
    explicit = env.get(ENV_CONFIG)
    path = Path(explicit) if explicit else (directory or Path.cwd()) / CONFIG_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if explicit:
            raise BadInput(
                f"configuration file {path} does not exist", hint=f"it is named by {ENV_CONFIG}"
            ) from None
        return None, profiles
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}") from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path}: {error}", hint="the file is TOML") from error
    table = content.get("networks", {})
    default = content.get("network")
    if isinstance(default, dict):  # [network.valley] is read as [networks.valley]
        table, default = {**default, **table}, None
    if not isinstance(table, dict):
        raise BadInput(f"{path}: 'networks' must be a table of profiles")
    for name, row in table.items():
        profiles[name] = _profile(name, row, where=str(path))
    if default is not None and not isinstance(default, str):
        raise BadInput(f"{path}: 'network' must be the name of a profile")
    return default, profiles


def _profile(name: str, row: Any, *, where: str) -> Network:
    where = f"{where}: [networks.{name}]"
    if not _NAME.match(name) or name == "tester":
        raise BadInput(f"{where}: not a name for a profile", hint="letters, digits, . _ -")
    if not isinstance(row, dict):
        raise BadInput(f"{where} must be a table")
    unknown = set(row) - {"url", "chain_id", "finality", "fees", "poa", "timeout_seconds"}
    if unknown:
        raise BadInput(f"{where}: unknown key '{sorted(unknown)[0]}'")
    finality = row.get("finality", "tag")
    if not (_is_int(finality) and finality >= 0) and finality not in ("instant", "tag"):
        raise BadInput(f"{where}: finality is 'instant', 'tag' or a number of blocks")
    fees = row.get("fees", "eip1559")
    if fees not in ("eip1559", "legacy", "free"):
        raise BadInput(f"{where}: fees is 'eip1559', 'legacy' or 'free'")
    chain_id = row.get("chain_id")
    if chain_id is not None and not (_is_int(chain_id) and chain_id > 0):
        raise BadInput(f"{where}: chain_id must be a positive integer")
    poa = row.get("poa", False)
    if not isinstance(poa, bool):
        raise BadInput(f"{where}: poa is true or false")
    timeout = row.get("timeout_seconds", 20)
    if not (_is_int(timeout) and 1 <= timeout <= 600):
        raise BadInput(f"{where}: timeout_seconds is an integer from 1 to 600")
    url = _url(row.get("url"), where)
    return Network(name, url, chain_id, cast(Finality, finality), fees, poa, timeout)


def _url(value: Any, where: str) -> str:
    if isinstance(value, str):
        parts = urlsplit(value)
        if parts.scheme in ("http", "https") and parts.hostname:
            return value
    raise BadInput(f"{where}: url must be http:// or https:// with a host")


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
