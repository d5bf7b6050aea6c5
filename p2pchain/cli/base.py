"""What commands share: the `Env` of one run, and options that several of them take."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from p2pchain.chain.connect import Chain
    from p2pchain.chain.deployment import Contracts, Deployment
    from p2pchain.chain.sender import Sender
    from p2pchain.forward_market import Auction
    from p2pchain.keys import Keystore, LocalSigner
    from p2pchain.market import Market
    from p2pchain.networks import Network
    from p2pchain.p256 import P256Device, P256Signer

F = TypeVar("F", bound=Callable[..., Any])

ENV_STATE = "P2PCHAIN_HOME"


class Env:
    """One run of a command: what the global options say, and what is built from them when used.

    A command gets it by `@click.pass_obj`. Nothing is connected or unlocked before it is asked for.
    """

    def __init__(self) -> None:
        self.network_choice: str | None = None
        self.market_choice: str | None = None
        self.auction_choice: str | None = None
        self.deployment_choice: Path | None = None
        self.zone: str | None = None
        self.account: str | None = None
        self.passphrase_file: Path | None = None
        self.device: Callable[[bytes], bytes] | None = None
        self.yes = False
        self.unsigned_for: str | None = None  # who is to send what is only printed
        self.show_traceback = False

    def configure(
        self,
        *,
        network: str | None = None,
        account: str | None = None,
        passphrase_file: str | None = None,
        yes: bool = False,
    ) -> None:
        """Take over the global options."""
        self.network_choice = network
        self.account = account
        self.passphrase_file = Path(passphrase_file) if passphrase_file else None
        self.yes = yes

    @cached_property
    def network(self) -> Network:
        """The network profile. Nothing is connected."""
        from p2pchain.networks import resolve

        return resolve(self.network_choice)

    @cached_property
    def chain(self) -> Chain:
        """The chain of the network, connected and its id checked."""
        from p2pchain.chain.connect import connect

        return connect(self.network)

    @cached_property
    def keystore(self) -> Keystore:
        """The keystore of this user."""
        from p2pchain.keys import Keystore

        return Keystore()

    @property
    def address(self) -> str:
        """The address of the chosen account, without opening its key; that of `--unsigned`."""
        if self.unsigned_for is not None:
            return self.unsigned_for
        return self.keystore.account(self._alias())

    @cached_property
    def signer(self) -> LocalSigner:
        """The key of the chosen account, opened."""
        alias = self._alias()
        self.keystore.account(alias)  # a missing file is a better answer than a prompt
        return self.keystore.unlock(alias, self.passphrase(f"passphrase of '{alias}'"))

    @cached_property
    def sender(self) -> Sender:
        """A sender with the chosen account and its journal on this machine."""
        from p2pchain.chain.sender import Sender

        if self.unsigned_for is not None:
            raise BadInput(
                "--unsigned sends nothing, and this command has to send",
                hint="choose the account that sends with -a",
            )
        chain, signer = self.chain, self.signer
        sender = Sender(chain, signer, self.journal_path(signer.address))
        for found in sender.resume():
            name = found.call.name or "a transaction"
            self.note(f"from an earlier run: {name} is {found.state} (0x{found.tx_hash.hex()})")
        return sender

    @property
    def deployment_path(self) -> Path:
        """Where the record of the deployment is: --deployment, or the network's own file."""
        from p2pchain.chain.deployment import path_of

        return self.deployment_choice or path_of(self.network.name)

    @cached_property
    def deployment(self) -> Deployment:
        """The record of the deployment. Nothing is connected."""
        from p2pchain.chain.deployment import Deployment

        if self.network.url is None:
            raise BadInput(
                "the embedded chain begins and ends with a command, so nothing is deployed on it",
                hint="'p2pchain node' runs one for several commands: -n anvil, the default",
            )
        return Deployment.load(self.deployment_path)

    @cached_property
    def contracts(self) -> Contracts:
        """The contracts of the deployment, their code compared with the record."""
        from p2pchain.chain.deployment import Contracts

        return Contracts.checked(self.chain, self.deployment)

    @cached_property
    def market(self) -> Market:
        """The market of `market_choice`, or the only one, of the deployment."""
        from p2pchain.market import Market

        chosen = self.deployment.market(self.market_choice)
        market = Market(self.contracts, chosen)
        _ = market.params  # an id that means nothing is found out here
        return market

    @cached_property
    def auction(self) -> Auction:
        """The forward auction of `auction_choice`, or the only one, of the market."""
        from p2pchain.forward_market import choose

        return choose(self.market, self.auction_choice)

    def journal_path(self, address: str) -> Path | None:
        """Where transactions of this address are stored before they are sent.

        None on the embedded chain, which is gone with the process.
        """
        if self.network.url is None:
            return None
        return self.state_directory / "journal" / f"{self.chain.chain_id}-{address}.sqlite"

    @property
    def state_directory(self) -> Path:
        """$P2PCHAIN_HOME or ~/.p2pchain: journals and local indexes."""
        return Path(os.environ.get(ENV_STATE) or Path.home() / ".p2pchain")

    def meter_key(self, alias: str) -> LocalSigner | P256Signer | P256Device:
        """Return the key of a meter by its name, opened; of either kind, or in its device."""
        info = self.keystore.info(alias)
        if self.device is not None and not info.is_here:
            from p2pchain.p256 import P256Device

            return P256Device(info.public_key or b"", self.device)
        self.keystore.check_here(info)
        return self.keystore.unlock_meter(alias, self.passphrase(f"passphrase of '{alias}'"))

    def passphrase(self, what: str, *, confirm: bool = False) -> str:
        """Return the passphrase from the option, the environment or a prompt on a terminal."""
        from p2pchain.keys import find_passphrase, without_keys

        what = without_keys(what)
        found = find_passphrase(self.passphrase_file)
        if found is not None:
            return found
        if not sys.stdin.isatty():
            raise BadInput(
                f"{what} is needed",
                hint="give --passphrase-file, P2PCHAIN_PASSPHRASE_FILE or P2PCHAIN_PASSPHRASE",
            )
        entered = click.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True)
        return str(entered)

    def note(self, text: str) -> None:
        """Say something beside the result, on stderr."""
        click.echo(text, err=True)

    def confirm(self, question: str) -> None:
        """Ask before sending, unless --yes was given. Raises click.Abort on a no."""
        if self.yes:
            return
        if not sys.stdin.isatty():
            raise BadInput(
                "this would send a transaction", hint="say --yes where nobody can answer"
            )
        click.confirm(question, abort=True, err=True)

    def close(self) -> None:
        """Let go of what was opened."""
        for name in ("sender", "chain"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()

    def _alias(self) -> str:
        if self.account is None:
            raise BadInput(
                "no account was chosen",
                hint="p2pchain -a NAME ...; 'p2pchain keys list' shows the names",
            )
        return self.account


class HelpfulGroup(click.Group):
    """A group whose unknown commands get a suggestion of what might have been meant."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            import difflib

            near = difflib.get_close_matches(args[0], self.list_commands(ctx), 1)
            if not near or near[0] in error.message:
                raise
            message = f"there is no command '{args[0]}': did you mean '{near[0]}'?"
            raise click.UsageError(message, error.ctx) from None


def examples(*lines: str) -> str:
    """Return the epilog with the example block that every command's help has."""
    return "Example:\n\n\b\n" + "\n".join(f"  {line}" for line in lines)


def env_option(
    *names: str, into: str, convert: Callable[[Any], Any] = lambda value: value, **shown: Any
) -> Callable[[F], F]:
    """Return what adds an option that is no argument: if given, it goes into this attribute of the
    Env, as `convert` makes it. `shown` is what click is told beside that."""

    def keep(ctx: click.Context, _: click.Parameter, value: Any) -> None:
        env = ctx.find_object(Env)
        if value is not None and env is not None:
            setattr(env, into, convert(value))

    return click.option(*names, expose_value=False, callback=keep, **shown)


def sending_options(function: F) -> F:
    """Add `--dry-run` (argument `dry_run`) and `-y/--yes`, which counts like the global one."""

    def agree(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        env = ctx.find_object(Env)
        if value and env is not None:
            env.yes = True

    function = click.option(
        "-y", "--yes", is_flag=True, expose_value=False, callback=agree, help="Do not ask."
    )(function)
    return click.option(
        "--dry-run", is_flag=True, help="Show what would be sent and what would come of it."
    )(function)


def role_options(function: F) -> F:
    """Add `--unsigned ADDRESS` (into the Env) to those of `sending_options`: for calls that a role
    allows, which a wallet with several signers may have."""

    def address(text: str) -> str:
        from p2pchain.keys import checksum

        return checksum(text)

    return env_option(
        "--unsigned",
        into="unsigned_for",
        convert=address,
        metavar="ADDRESS",
        help="Send nothing: print as JSON what this account, such as a multisig, is to send.",
    )(sending_options(function))
