"""`p2pchain node`: a local chain on 127.0.0.1 for several terminals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, examples
from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from p2pchain.chain.node import Engine


@click.command(
    epilog=examples(
        "p2pchain node",
        "p2pchain node --dev-keys dev-keys.txt",
        "p2pchain node --engine embedded --port 8600 --genesis-time 2017-06-11T00:00Z",
    )
)
@click.option("--port", type=click.IntRange(0, 65535), default=8545, show_default=True)
@click.option(
    "--engine",
    type=click.Choice(["auto", "anvil", "embedded"]),
    default="auto",
    show_default=True,
    help="auto: anvil where it is installed, else the embedded chain.",
)
@click.option(
    "--genesis-time",
    metavar="TIME",
    help="Start the chain's clock here: unix seconds or ISO with an offset, such as "
    "2017-06-11T00:00Z.",
)
@click.option(
    "--dev-keys",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the signing keys of the development accounts, which everybody knows, into this "
    "new file, one a line (mode 0600).",
)
@click.pass_obj
def node(
    env: Env, port: int, engine: Engine, genesis_time: str | None, dev_keys: Path | None
) -> None:
    """Run a local chain on 127.0.0.1 until ctrl-C. All that happened on it is gone then.

    Other terminals reach it as the network 'anvil', which is the default.
    """
    from p2pchain.chain.devkeys import dev_signers
    from p2pchain.chain.node import start

    started = start(port, engine=engine, genesis_time=_unix_time(genesis_time))
    try:
        if dev_keys is not None:
            _write_keys(env, dev_keys)
        _greet(started.engine, started.port, [signer.address for signer in dev_signers()])
        started.wait()
    except KeyboardInterrupt:
        env.note("stopped")
    finally:
        started.stop()


def _greet(engine: str, port: int, addresses: list[str]) -> None:
    click.echo(f"a local chain ({engine}, chain id 31337) answers at http://127.0.0.1:{port}")
    click.echo("accounts with coin for fees:")
    for number, address in enumerate(addresses):
        click.echo(f"  {number}  {address}")
    click.echo(
        "to use one: p2pchain node --dev-keys FILE writes their keys, which everybody knows;"
    )
    click.echo("            sed -n 1p FILE | p2pchain keys import dev0")
    click.echo("stop with ctrl-C")


def _write_keys(env: Env, path: Path) -> None:
    from p2pchain.chain.devkeys import dev_signers
    from p2pchain.keys import create_private

    lines = "".join(f"{signer.secret().hex()}\n" for signer in dev_signers())
    create_private(path, lines.encode())
    env.note(f"development keys are in {path}: never send anything of value to them")


def _unix_time(text: str | None) -> int | None:
    if text is None:
        return None
    if text.isascii() and text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"'{text}' is not a time", hint="such as 2017-06-11T00:00Z") from None
    if moment.tzinfo is None:
        raise BadInput(f"'{text}' has no offset from UTC", hint="such as 2017-06-11T00:00Z")
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
