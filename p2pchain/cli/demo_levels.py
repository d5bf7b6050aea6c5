"""`p2pchain demo levels`: three microgrids, two CELLs and one level above them, with proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, examples
from p2pchain.cli.demo_common import (
    Bars,
    Targets,
    chain_of,
    raise_failed,
    result_options,
    seed_option,
)
from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from p2pchain.demo.levels import LevelSettings


@click.command(
    epilog=examples(
        "p2pchain demo levels",
        "p2pchain demo levels --html levels.html --json levels.json",
        "p2pchain demo levels --edge-charge 0.05USD/kWh 0.05USD/kWh",
        "p2pchain demo levels --edge-limit 20kWh 4kWh --days 3 --from 2016-11-20",
        "p2pchain -n anvil demo levels --homes 4",
    )
)
@click.option(
    "--from",
    "from_date",
    default="2016-11-26",
    show_default=True,
    metavar="DATE",
    help="The first local day; the three groups have 7 to 27 November 2016 in common.",
)
@click.option("--days", type=click.IntRange(1, 21), default=1, show_default=True)
@click.option("--homes", type=click.IntRange(1), help="Only the first so many of each microgrid.")
@click.option(
    "--edge-charge",
    nargs=2,
    default=("0.01USD/kWh", "0.02USD/kWh"),
    show_default=True,
    metavar="PRICE PRICE",
    help="What a kWh pays that crosses an edge from a microgrid, and from a CELL.",
)
@click.option(
    "--edge-limit",
    nargs=2,
    default=("10kWh", "6kWh"),
    show_default=True,
    metavar="ENERGY ENERGY",
    help="What may cross these edges in an hour, either way.",
)
@seed_option
@result_options
@click.pass_obj
def levels(
    env: Env,
    from_date: str,
    days: int,
    homes: int | None,
    edge_charge: tuple[str, str],
    edge_limit: tuple[str, str],
    seed: int,
    json_file: str | None,
    html_file: str | None,
) -> None:
    """Watch three microgrids trade over two levels above them.

    Each microgrid clears its own market first. What is left goes up an edge to its CELL, what is
    left there to the level above both CELLs, and only the rest meets the supplier. Every edge has
    a charge and a limit. All of it is checked, as in 'p2pchain demo'.
    """
    settings = _settings(env, from_date, days, homes, edge_charge, edge_limit, seed)
    targets = Targets.of(json_file, html_file)
    from p2pchain.demo.levels import run
    from p2pchain.report import levels_page, levels_terminal
    from p2pchain.report.levels_model import to_json

    with Bars() as bars:
        report = run(settings, bars.begin)
    targets.show(
        env,
        to_json(report),
        lambda: levels_terminal.render(report),
        lambda: levels_page.render(report),
    )
    raise_failed(report.checks)


def _settings(
    env: Env,
    from_date: str,
    days: int,
    homes: int | None,
    edge_charge: tuple[str, str],
    edge_limit: tuple[str, str],
    seed: int,
) -> LevelSettings:
    from p2pchain.data import FONTANA_CURRENCY
    from p2pchain.demo.levels import LevelSettings
    from p2pchain.units import parse_energy, parse_price

    charges = [parse_price(text, FONTANA_CURRENCY) for text in edge_charge]
    limits = [parse_energy(text) for text in edge_limit]
    for text, nano in zip(edge_charge, charges, strict=True):
        if nano < 0:
            raise BadInput(f"'{text}': the charge of an edge is not negative")
    for text, wh in zip(edge_limit, limits, strict=True):
        if wh >= 2**32:
            raise BadInput(f"'{text}' is no limit of an edge", hint="it is below 4.29 GWh")
    return LevelSettings(
        from_date=from_date,
        days=days,
        homes=homes,
        seed=seed,
        chain=chain_of(env),
        charges_nano=(charges[0], charges[1]),
        limits_wh=(limits[0], limits[1]),
    )
