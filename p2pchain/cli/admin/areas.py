"""`p2pchain admin area`: the tree of areas."""

from __future__ import annotations

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import account_of, deliver, deployment_option
from p2pchain.cli.output import Output, output_options


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain admin area list"))
def area() -> None:
    """Areas: the neighbourhoods in which meters trade, and who runs their grid."""


@area.command(epilog=examples("p2pchain -a operator admin area add --operator grid"))
@click.option(
    "--operator",
    required=True,
    metavar="ACCOUNT",
    help="Who receives the network charges: an address or the name of a key.",
)
@click.option("--parent", type=click.IntRange(0), default=0, help="The area above; 0 for none.")
@deployment_option
@output_options
@role_options
@click.pass_obj
def add(env: Env, operator: str, parent: int, out: Output, dry_run: bool) -> None:
    """Add an area and print its number. Role: REGISTRAR."""
    from p2pchain.chain.bindings.registry import AreaAdded
    from p2pchain.operator import created

    account = account_of(env, operator)
    deliver(
        env,
        out,
        env.contracts.registry.add_area(parent, account),
        f"add an area run by {account}",
        dry_run=dry_run,
        result=lambda receipt: {"area": created(env.contracts, receipt, AreaAdded).area},
    )


@area.command("list", epilog=examples("p2pchain admin area list --json"))
@deployment_option
@output_options
@click.pass_obj
def list_(env: Env, out: Output) -> None:
    """List areas, their parents and operators."""
    registry = env.contracts.registry
    rows = []
    for number in range(1, registry.area_count() + 1):
        found = registry.area(number)
        rows.append({"area": number, "parent": found.parent, "operator": found.operator})
    out.rows("areas", rows, empty="no areas yet; 'p2pchain admin area add' adds one")
