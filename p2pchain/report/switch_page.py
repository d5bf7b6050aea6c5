"""One offline HTML file with a run of switches: no script, no request leaves it."""

from __future__ import annotations

from p2pchain.report.page import environment, static
from p2pchain.report.summary import days_of
from p2pchain.report.switch_model import SwitchReport
from p2pchain.report.switch_summary import check_lines, facts, headline, scope


def render(report: SwitchReport) -> str:
    """The page as text."""
    return (
        environment()
        .get_template("switch.html")
        .render(
            report=report,
            headline=headline(report),
            scope=scope(report),
            period=days_of(report.from_local, report.days),
            facts=facts(report),
            checks=check_lines(report),
            style=static("report.css"),
            script_hashes=[],
        )
    )
