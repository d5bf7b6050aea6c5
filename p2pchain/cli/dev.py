"""`p2pchain dev`: for those who change the contracts, and for trying out on a local chain."""

from __future__ import annotations

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples
from p2pchain.errors import BadInput


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain dev build --check"))
def dev() -> None:
    """For developers: compile the contracts, move the clock of a local chain."""


@dev.command(epilog=examples("p2pchain dev build", "p2pchain dev build --check"))
@click.option("--check", is_flag=True, help="Write nothing; fail on any byte of difference.")
def build(check: bool) -> None:
    """Compile the contracts and write artifacts and typed bindings. Needs a checkout."""
    from p2pchain.dev.build import build as compile_and_write

    changed = compile_and_write(check=check)
    for path in changed:
        click.echo(str(path))
    if not changed:
        click.echo("nothing has changed")


@dev.command(epilog=examples("p2pchain dev clock 2026-06-02T00:00Z", "p2pchain dev clock"))
@click.argument("time", required=False)
@click.pass_obj
def clock(env: Env, time: str | None) -> None:
    """Move the clock of a local chain forward to TIME; without TIME, show it."""
    from p2pchain.networks import ANVIL_CHAIN_ID
    from p2pchain.units import parse_time, slot_start

    chain = env.chain
    now = chain.block().timestamp
    if time is not None:
        if chain.chain_id != ANVIL_CHAIN_ID or env.network.url is None:
            raise BadInput(
                f"the clock of {env.network.label} is not ours to move",
                hint="only that of a chain that 'p2pchain node' runs",
            )
        wanted = int(parse_time(time).timestamp())
        if wanted <= now:
            raise BadInput(f"it is {slot_start(now, 1):%Y-%m-%dT%H:%M:%SZ} there already")
        chain.set_time(wanted)
        now = wanted
    click.echo(f"{slot_start(now, 1):%Y-%m-%dT%H:%M:%SZ}")
