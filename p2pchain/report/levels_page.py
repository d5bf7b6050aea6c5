"""One offline HTML file with a run over several levels: no script, no request leaves it."""

from __future__ import annotations

from p2pchain.report.levels_model import LevelsReport
from p2pchain.report.levels_summary import (
    LEVELS,
    attributions,
    check_lines,
    data_notes,
    full,
    fullest,
    headline,
    how,
    limit,
    scope,
)
from p2pchain.report.levels_tree import picture
from p2pchain.report.page import environment, static
from p2pchain.report.summary import days_of, slot_word


def render(report: LevelsReport) -> str:
    """The page as text."""
    return (
        environment()
        .get_template("levels.html")
        .render(
            report=report,
            headline=headline(report),
            scope=scope(report),
            period=days_of(report.from_local, report.days),
            how=how(report),
            picture=picture(report),
            levels=LEVELS,
            word=slot_word(report.slot_seconds),
            fullest=lambda edge: fullest(report, edge),
            full=lambda edge: full(report, edge),
            limit=limit,
            checks=check_lines(report),
            notes=data_notes(report),
            attributions=attributions(report),
            style=static("report.css"),
            script_hashes=[],
        )
    )
