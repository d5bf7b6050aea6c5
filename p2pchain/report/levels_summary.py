"""The sentences that terminal and page both say of a run over several levels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from p2pchain.report.levels_model import EdgeResult, LevelsReport
from p2pchain.report.money import kwh, money, price
from p2pchain.report.summary import counted, days_of, names, slot_word, split_label

LEVELS: Final = {1: "microgrid", 2: "CELL", 3: "above the CELLs"}
_CHECKS: Final = {
    "money": ("Money", "deposits = balances + locks + transit + withdrawals, exactly"),
    "energy": (
        "Energy",
        "in every slot as much is bought as sold over all areas, and only what an area has left "
        "goes up",
    ),
    "replay": ("Replay", "the log alone rebuilds the state of the contracts"),
    "nobody_worse": ("Nobody worse off", "no home pays more than with its supplier"),
    "edges": ("Edges", "no edge carries more than its limit in any slot"),
    "charges": ("Charges", "each operator has got the charge of every Wh that crossed its edge"),
    "transit": ("Transit", "nothing is left between accounts"),
}


def scope(report: LevelsReport) -> str:
    """What was measured: period, homes and slots."""
    word = slot_word(report.slot_seconds)
    slots = counted(len(report.slots), "slot" if word == "slot" else f"{word}ly slot")
    return f"{days_of(report.from_local, report.days)} · {slots}"


def headline(report: LevelsReport) -> str:
    """The result in one sentence, with what the edges took."""
    if not report.traded_wh:
        return f"{counted(report.homes, 'home')} traded nothing in {counted(report.days, 'day')}."
    parts = [(level, _traded(report, level)) for level in sorted(LEVELS)]
    shares = ", ".join(f"{kwh(wh)} {_WHERE[level]}" for level, wh in parts)
    return (
        f"{counted(report.homes, 'home')} traded {kwh(report.traded_wh)} kWh in "
        f"{counted(report.days, 'day')}: {shares}. They are "
        f"{money(report.gain_net_nano, report.currency)} better off; the edges took "
        f"{money(report.charged_nano, report.currency)}."
    )


_WHERE: Final = {1: "inside the microgrids", 2: "in the CELLs", 3: "between the CELLs"}


def _traded(report: LevelsReport, level: int) -> int:
    return sum(area.matched_wh for area in report.areas if area.level == level)


def how(report: LevelsReport) -> tuple[str, ...]:
    """How the levels work and where their figures come from, in sentences."""
    word = slot_word(report.slot_seconds)
    cells = [area for area in report.areas if area.level == 2]
    parts = ", ".join(f"{cell.name} ({names(report.children(cell.name))})" for cell in cells)
    low = [edge for edge in report.edges if report.area(edge.area).level == 1]
    high = [edge for edge in report.edges if edge not in low]
    return (
        f"CELLs: {parts}. Each area has an auction of its own; only what it cannot match goes up "
        "its edge, and what is left at the top meets the supplier at its prices.",
        f"A kWh that crosses an edge pays its charge, either way: {_charge(low)} "
        f"{report.currency} from a microgrid, {_charge(high)} from a CELL. An edge carries at most "
        f"{_limit(low)} kWh in an {word} from a microgrid and {_limit(high)} from a CELL, either "
        "way.",
        "These charges and limits are figures of this demonstration, no operator's. The limits "
        "taken where none are named are so low that on 26 November 2016 some are reached: lines "
        "carry more.",
        "Nothing else is charged: no network charge inside an area, no levy, no tax, no fee.",
    )


def _charge(edges: Sequence[EdgeResult]) -> str:
    return names([price(nano) for nano in sorted({edge.charge_nano for edge in edges})])


def _limit(edges: Sequence[EdgeResult]) -> str:
    return names(sorted({limit(edge) for edge in edges}))


def fullest(report: LevelsReport, edge: EdgeResult) -> str:
    """The slot in which an edge carried most one way: "10.0 up, 09:00", with the weekday or, over
    more than a week, the day where there are several."""
    upward = edge.fullest(True)[0] >= edge.fullest(False)[0]
    wh, at = edge.fullest(upward)
    if not wh:
        return "-"
    day, time = split_label(report.slots[at].label_local)
    weekday, number = day.split()
    when = time if report.days == 1 else f"{weekday if report.days <= 7 else number} {time}"
    return f"{kwh(wh)} {'up' if upward else 'down'}, {when}"


def full(report: LevelsReport, edge: EdgeResult) -> int:
    """In how many slots an edge carried as much as it may, one way or the other."""
    return edge.full_hours(True) + edge.full_hours(False)


def limit(edge: EdgeResult) -> str:
    """The limit of an edge in kWh, both ways where they differ."""
    if edge.limit_up_wh == edge.limit_down_wh:
        return kwh(edge.limit_up_wh)
    return f"{kwh(edge.limit_up_wh)}/{kwh(edge.limit_down_wh)}"


def check_lines(report: LevelsReport) -> tuple[tuple[str, str, bool], ...]:
    """Name, meaning and outcome of every check."""
    return tuple(
        (*_CHECKS.get(name, (name.replace("_", " ").capitalize(), "")), passed)
        for name, passed in report.checks.items()
    )


def data_notes(report: LevelsReport) -> tuple[str, ...]:
    """What is paired or resampled, for all microgrids and for each, as the data say it."""
    return (*report.notes, *(note for group in report.microgrids for note in group.notes))


def attributions(report: LevelsReport) -> tuple[str, ...]:
    """Where each microgrid's data are from."""
    return tuple(
        f"{group.name}: {group.attribution.removeprefix('Data: ')}" for group in report.microgrids
    )
