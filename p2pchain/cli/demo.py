"""`p2pchain demo`: measured homes share their sun on a local chain, with proof."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, examples
from p2pchain.errors import BadInput, CheckFailed

if TYPE_CHECKING:
    from p2pchain.demo import Settings
    from p2pchain.report.model import DemoReport

CHAINS = ("tester", "anvil")


@click.command(
    epilog=examples(
        "p2pchain demo",
        "p2pchain demo --days 14 --rules GB --fee 0.005USD/kWh",
        "p2pchain demo --json - --html demo.html",
        "p2pchain demo --forward 13",
        "p2pchain demo --battery --html demo.html",
        "p2pchain -n anvil demo --from 2017-03-01 --homes 5",
    )
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
@click.option(
    "--seed",
    type=click.IntRange(0),
    default=7,
    show_default=True,
    help="What the keys are made from; the result does not depend on it.",
)
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
@click.option(
    "--json", "json_file", metavar="FILE", help="Write the figures as JSON; '-' is stdout."
)
@click.option("--html", "html_file", metavar="FILE", help="Write one page that works offline.")
@click.pass_obj
def demo(
    env: Env,
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
    settings = replace(
        _settings(env, from_date, days, homes, seed, rules, fee), forward=forward, battery=battery
    )
    if battery:
        from p2pchain.control.battery import check_solver

        check_solver()
    json_path = None if json_file in (None, "-") else _target(str(json_file))
    html_path = None if html_file is None else _target(html_file)
    from p2pchain.demo import run

    with _Bars() as bars:
        report = run(settings, bars.begin)
    _show(env, report, json_file == "-", json_path, html_path)
    if not report.passed:
        failed = ", ".join(name for name, passed in report.checks.items() if not passed)
        raise CheckFailed(
            f"a check failed: {failed}", hint="the figures above are not to be trusted"
        )


def _settings(
    env: Env, from_date: str, days: int, homes: int | None, seed: int, rules: str, fee: str | None
) -> Settings:
    from p2pchain.data import FONTANA_CURRENCY
    from p2pchain.demo import Settings
    from p2pchain.rules import rule_set
    from p2pchain.units import parse_price

    chain = env.network_choice or "tester"
    if chain not in CHAINS:
        raise BadInput(
            f"the demo runs on a chain of its own, not on '{chain}'",
            hint="leave -n away, or say -n anvil",
        )
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


def _target(name: str) -> Path:
    """Find out before the work begins whether the file can be written after it."""
    path = Path(name)
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise BadInput(f"{path} cannot be written", hint="name a file in a folder of yours")
    return path


def _show(
    env: Env, report: DemoReport, json_out: bool, json_path: Path | None, html_path: Path | None
) -> None:
    from p2pchain.report import demo_page, terminal
    from p2pchain.report.model import to_json

    text = json.dumps(to_json(report), indent=2, ensure_ascii=False) + "\n"
    if json_out:
        click.echo(text, nl=False)
    else:
        click.echo(terminal.render(report))
    if json_path is not None:
        _write(json_path, text)
        env.note(f"figures: {json_path}")
    if html_path is not None:
        demo_page.write(report, html_path)
        env.note(f"page: {html_path}")


def _write(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


class _Bars:
    """One progress bar after another, on stderr."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> _Bars:
        return self

    def __exit__(self, *error: object) -> None:
        kind, value, trace = sys.exc_info()
        self._stack.__exit__(kind, value, trace)

    def begin(self, what: str, total: int) -> Callable[[int], None]:
        from p2pchain.report.progress import Progress

        self._stack.close()
        return self._stack.enter_context(Progress(what, total)).step
