"""`p2pchain demo switch`: two months of switches between suppliers, with proof."""

from __future__ import annotations

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


@click.command(
    epilog=examples(
        "p2pchain -n anvil demo switch",
        "p2pchain demo switch --html switch.html --json switch.json",
    )
)
@click.option("--days", type=click.IntRange(1, 160), default=60, show_default=True)
@seed_option
@result_options
@click.pass_obj
def switch(env: Env, days: int, seed: int, json_file: str | None, html_file: str | None) -> None:
    """Watch thirteen measured homes change suppliers for two months.

    Some switch, one of them electricity and gas together; one is objected to with ground and one
    without, one cools off, one reads its meter wrongly, one never wanted it, one supplier is late
    and one fails. The homes trade with each other all the time. Each customer's timeline is shown,
    and all of it is checked. On the embedded chain it takes some minutes, on anvil one.
    """
    targets = Targets.of(json_file, html_file)
    from p2pchain.demo.switch import SwitchSettings, run
    from p2pchain.report import switch_page, switch_terminal
    from p2pchain.report.switch_model import to_json

    settings = SwitchSettings(days=days, seed=seed, chain=chain_of(env))
    with Bars() as bars:
        report = run(settings, bars.begin)
    targets.show(
        env,
        to_json(report),
        lambda: switch_terminal.render(report),
        lambda: switch_page.render(report),
    )
    raise_failed(report.checks)
