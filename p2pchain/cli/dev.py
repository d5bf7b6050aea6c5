"""`p2pchain dev`: for those who change the contracts."""

from __future__ import annotations

import click

from p2pchain.cli.base import HelpfulGroup, examples


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain dev build --check"))
def dev() -> None:
    """For developers: compile the contracts."""


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
