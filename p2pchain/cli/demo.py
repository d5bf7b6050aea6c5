"""`p2pchain demo`: measured homes share their sun on a local chain, with proof."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from p2pchain.cli.base import Env, HelpfulGroup, examples
from p2pchain.cli.demo_common import (
    Bars,
    Targets,
    chain_of,
    raise_failed,
    result_options,
    seed_option,
)
from p2pchain.cli.demo_levels import levels
from p2pchain.cli.demo_switch import switch
from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from p2pchain.demo import Settings


@click.group(
    cls=HelpfulGroup,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND]",
    epilog=examples(
        "p2pchain demo",
        "p2pchain demo --days 14 --rules GB --fee 0.005USD/kWh",
        "p2pchain demo --json - --html demo.html",
        "p2pchain demo --forward 13",
        "p2pchain demo --battery --html demo.html",
        "p2pchain -n anvil demo --from 2017-03-01 --homes 5",
        "p2pchain demo levels --html levels.html",
        "p2pchain -n anvil demo switch",
    ),
)
@click.option(
    "--from",
    "from_date",
    default="2017-06-12",
    show_default=True,
    metavar="DATE",
    help="The first local day; the data cover August 2016 to July 2017.",
)
@click.option("--days", type=click.IntRange(1, 366), default=2, show_default=True)
@click.option("--homes", type=click.IntRange(1), help="Only the first so many homes.")
@click.option(
    "--forward",
    type=click.IntRange(1),
    metavar="N",
    help="So many homes also trade a day ahead, by forecasts from earlier data.",
)
@click.option(
    "--battery",
    is_flag=True,
    help="Two homes have batteries, planned and traded a day ahead (needs p2pchain[plan]).",
)
@seed_option
@click.option(
    "--rules",
    type=click.Choice(["none", "GB", "EU"], case_sensitive=False),
    default="none",
    show_default=True,
    help="Which network charges, levies and tax a shared kWh pays.",
)
@click.option(
    "--fee", metavar="PRICE", help="The market's fee on each side of a trade, as 0.005USD/kWh."
)
@result_options
@click.pass_context
def demo(
    ctx: click.Context,
    from_date: str,
    days: int,
    homes: int | None,
    forward: int | None,
    battery: bool,
    seed: int,
    rules: str,
    fee: str | None,
    json_file: str | None,
    html_file: str | None,
) -> None:
    """Watch thirteen measured homes share their sun.

    A market is deployed on a chain inside this program (-n anvil: on an anvil that is started for
    it), every meter signs what it measured, the market clears and settles, and all of it is
    checked. Nothing is left running and no file is written unless it is named here.

    With --forward homes order their forecasts of the next day in a forward auction besides, with
    --battery two of them charge and discharge by a plan; bills are compared with those without.
    """
    env = ctx.ensure_object(Env)
    if ctx.invoked_subcommand:
        _refuse_options(ctx, ctx.invoked_subcommand)
        return
    settings = replace(
        _settings(env, from_date, days, homes, seed, rules, fee), forward=forward, battery=battery
    )
    if battery:
        from p2pchain.control.battery import check_solver

        check_solver()
    targets = Targets.of(json_file, html_file)
    from p2pchain.demo import run
    from p2pchain.report import demo_page, terminal
    from p2pchain.report.model import to_json

    with Bars() as bars:
        report = run(settings, bars.begin)
    targets.show(
        env,
        to_json(report),
        lambda: terminal.render(report),
        lambda: demo_page.render(report),
    )
    raise_failed(report.checks)


demo.add_command(levels)
demo.add_command(switch)


def _refuse_options(ctx: click.Context, command: str) -> None:
    """Options before a command are not its own, and would be lost."""
    for name in ctx.params:
        if ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            raise BadInput(
                f"an option stands before '{command}' and does not belong to it",
                hint=f"'p2pchain demo {command} --help' shows its options; they stand behind it",
            )


def _settings(
    env: Env, from_date: str, days: int, homes: int | None, seed: int, rules: str, fee: str | None
) -> Settings:
    from p2pchain.data import FONTANA_CURRENCY
    from p2pchain.demo import Settings
    from p2pchain.rules import rule_set
    from p2pchain.units import parse_price

    chain = chain_of(env)
    fee_nano = parse_price(fee, FONTANA_CURRENCY) if fee else 0
    if fee_nano < 0:
        raise BadInput(f"'{fee}': a fee is not negative")
    return Settings(
        from_date=from_date,
        days=days,
        homes=homes,
        seed=seed,
        rules=rule_set(rules).name,
        chain=chain,
        fee_nano=fee_nano,
    )
