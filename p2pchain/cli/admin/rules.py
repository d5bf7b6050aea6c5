"""`p2pchain admin rules`: what holds for switches in an area."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import deliver, deployment_option
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, Refused

_AREA = click.argument("area", type=click.IntRange(1, 2**32 - 1))


@click.group(
    cls=HelpfulGroup,
    epilog=examples(
        "p2pchain admin rules sources GB",
        "p2pchain -a regulator admin rules publish 1 GB --calendar 1",
    ),
)
def rules() -> None:
    """Rules of switching: windows, clocks, reasons to object, sums for lateness.

    GB, EU and test are built in, each figure with its source. An area's rules hold for what lies
    below it, unless that has its own. A switch keeps those under which its contract was concluded.
    """


@rules.command(epilog=examples("p2pchain admin rules sources GB"))
@click.argument("name")
@output_options
def sources(name: str, out: Output) -> None:
    """Show a built-in rule set, and what each figure comes from."""
    from p2pchain.rule_sets import rule_set

    found = rule_set(name)
    rows = [
        {"rule": key, "value": value, "source": found.sources[key]}
        for key, value in found.figures.items()
    ]
    out.rows(
        "rules",
        rows,
        {"rule": "rule", "value": ("value", _shown), "source": "source"},
    )


@rules.command(epilog=examples("p2pchain -a regulator admin rules publish 1 GB --calendar 1"))
@_AREA
@click.argument("name")
@click.option("--calendar", type=click.IntRange(1, 2**32 - 1), required=True, help="Its days.")
@click.option(
    "--set",
    "changed",
    metavar="RULE=VALUE",
    multiple=True,
    help="Another figure than the built-in one, as 'switch_days=3'; lists with commas.",
)
@deployment_option
@output_options
@role_options
@click.pass_obj
def publish(
    env: Env,
    area: int,
    name: str,
    calendar: int,
    changed: tuple[str, ...],
    out: Output,
    dry_run: bool,
) -> None:
    """Publish rule set NAME (GB, EU or test) as the rules of AREA. Role: REGULATOR."""
    from p2pchain.chain.bindings.switching import RulesSet
    from p2pchain.operator import created
    from p2pchain.rule_sets import rule_set
    from p2pchain.switch_book import SwitchBook

    chosen = rule_set(name).changed(changed)
    title = name if not changed else f"{name}, changed"
    deliver(
        env,
        out,
        SwitchBook(env.contracts).rules_call(area, title, chosen.rules(calendar)),
        f"rules '{title}' for area {area} and what lies below it",
        dry_run=dry_run,
        result=lambda receipt: {"rules": created(env.contracts, receipt, RulesSet).rules},
    )


@rules.command(epilog=examples("p2pchain admin rules show 1"))
@_AREA
@deployment_option
@output_options
@click.pass_obj
def show(env: Env, area: int, out: Output) -> None:
    """Show the rules that hold in AREA."""
    from p2pchain.switch_book import SwitchBook

    book = SwitchBook(env.contracts)
    if not 1 <= area <= env.contracts.registry.area_count():
        raise BadInput(f"there is no area {area}", hint="'p2pchain admin area list'")
    number = book.rules_of(area)
    if number == 0:
        raise Refused(
            "NoRules",
            message=f"area {area} has no rules of switching",
            hint="'admin rules publish'",
        )
    found = book.rules(number)
    values = {one.name: getattr(found, one.name) for one in fields(found)}
    out.fields(
        {"rules": number, **values},
        {"rules": str(number), **{k: _shown(v) for k, v in values.items()}},
    )


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else f"{value:,}"
