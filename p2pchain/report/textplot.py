"""Plots made of characters: bars of eighths and marks on a grid. Pure functions on integers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_EIGHTHS: Final = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of marks; None where there is no value."""

    name: str
    mark: str
    values: tuple[int | None, ...]


def nice_ceiling(value: int) -> int:
    """The smallest of 1, 1.2, 1.6, 2, 3, 4, 5, 6 and 8 times a power of ten that is not below
    `value`; at least 10. Half of it is round too, for the label in the middle of an axis."""
    power: int = 10 ** (max(2, len(str(max(0, value)))) - 1)
    steps = (tenths * power // 10 for tenths in (10, 12, 16, 20, 30, 40, 50, 60, 80))
    return next((step for step in steps if step >= value), 10 * power)


def bars(values: Sequence[int], height: int, top: int, column: int = 1) -> list[str]:
    """Rows from the top down. `top` is the value of a full column; a value above zero always
    shows at least one eighth, so that little is not shown as nothing."""
    levels = [
        max(1 if value > 0 else 0, min(height * 8, max(0, value) * height * 8 // top))
        for value in values
    ]
    gap = 1 if column > 2 else 0
    rows = []
    for row in range(height - 1, -1, -1):
        cells = (_EIGHTHS[max(0, min(8, level - row * 8))] for level in levels)
        rows.append("".join(cell * (column - gap) + " " * gap for cell in cells))
    return rows


def marks(
    series: Sequence[Series], height: int, low: int, high: int, column: int = 1
) -> list[list[tuple[str, int | None]]]:
    """Rows from the top down, each a list of (text, index of its series or None). Where several
    meet in one cell the first series wins."""
    count = len(series[0].values)
    grid: list[list[tuple[str, int | None]]] = [[(" ", None)] * count for _ in range(height)]
    span = max(1, high - low)
    for index in range(len(series) - 1, -1, -1):
        for at, value in enumerate(series[index].values):
            if value is not None:
                up = ((value - low) * (height - 1) * 2 + span) // (span * 2)
                grid[height - 1 - max(0, min(height - 1, up))][at] = (series[index].mark, index)
    return [[(text * column, index) for text, index in row] for row in grid]


def axis(labels: Sequence[tuple[str, str]], column: int = 1) -> tuple[str, str]:
    """A line of ticks and a line of labels below it, for (day, time) labels: the day where a new
    one begins, times in between where there is room. Both are as long as the plot is wide."""
    width = len(labels) * column
    ticks = ["─"] * width
    text = [" "] * width
    timed = any(time for _, time in labels)
    times = ("06:00", "12:00", "18:00") if column > 1 else ("12:00",)
    free = 0
    for at, label in _wanted(labels):
        place = at * column
        fits = place >= free and place + len(label) <= width
        if timed or fits:
            ticks[place] = "┬"
        if fits and (label in times or ":" not in label):
            text[place : place + len(label)] = label
            free = place + len(label) + (1 if timed else 3)
    return "".join(ticks), "".join(text)


def _wanted(labels: Sequence[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    seen = ""
    for at, (day, time) in enumerate(labels):
        if day != seen:
            seen = day
            yield at, day
        elif time in ("06:00", "12:00", "18:00"):
            yield at, time
