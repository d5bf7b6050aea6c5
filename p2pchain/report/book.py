"""The orders of one slot as a picture: both curves, the crossing, and the price."""

from __future__ import annotations

import shutil
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

from p2pchain.forward_market import Book
from p2pchain.report import textplot
from p2pchain.report.money import kwh, price

_MIN_WIDTH: Final = 48
_MAX_WIDTH: Final = 100
_GUTTER: Final = 8
_ROWS: Final = 11


def render(book: Book, currency: str, width: int | None = None) -> str:
    """Return a plot of limit over energy, as lines that end in a newline.

    `width` defaults to the terminal's and is kept between 48 and 100. Energy to the left of the
    crossing is traded.
    """
    if width is None:
        width = shutil.get_terminal_size((80, 24)).columns
    columns = max(_MIN_WIDTH, min(_MAX_WIDTH, width)) - _GUTTER - 2
    most = max(sum(book.buys.values()), sum(book.sells.values()))
    buys = _curve(sorted(book.buys.items(), reverse=True), most, columns)
    sells = _curve(sorted(book.sells.items()), most, columns)
    traded = book.result is not None and book.result.traded
    paid = book.result.price_nano if book.result is not None and traded else None
    reach = _column(book.matched_wh, most, columns)
    line = tuple(paid if at < reach else None for at in range(columns))
    series = [
        textplot.Series("buys", "●", buys),
        textplot.Series("sells", "○", sells),
        textplot.Series("price", "╌", line),
    ]
    limits = [*book.buys, *book.sells]
    low, high = min(limits), max(limits)
    if low == high:
        low, high = low - 1_000, high + 1_000
    names = "   ".join(f"{one.mark} {one.name}" for one in series if any_value(one.values))
    lines = [f"Orders  {currency} per kWh over kWh   {names}"]
    for at, row in enumerate(textplot.marks(series, _ROWS, low, high)):
        up = _ROWS - 1 - at
        label = price(low + (high - low) * up // (_ROWS - 1)) if at % 2 == 0 else ""
        cells = "".join(text for text, _ in row)
        lines.append(f"{label:>{_GUTTER - 1}} {'┤' if label else '│'}{cells}".rstrip())
    axis = ["─"] * columns
    if traded:
        axis[min(columns - 1, max(0, reach - 1))] = "┴"
    lines.append(" " * _GUTTER + "└" + "".join(axis))
    left, right = kwh(0, 3), kwh(most, 3)
    lines.append(" " * (_GUTTER + 1) + left + " " * (columns - len(left) - len(right)) + right)
    return "\n".join(lines) + "\n"


def any_value(values: Iterable[int | None]) -> bool:
    """Whether a series has something to draw."""
    return any(value is not None for value in values)


def _curve(steps: list[tuple[int, int]], most: int, columns: int) -> tuple[int | None, ...]:
    """The limit at the middle of each column's energy; None beyond the last order."""
    ends = list(accumulate(wh for _, wh in steps))
    values: list[int | None] = []
    for at in range(columns):
        place = bisect_right(ends, (2 * at + 1) * most // (2 * columns))
        values.append(steps[place][0] if place < len(steps) else None)
    return tuple(values)


def _column(wh: int, most: int, columns: int) -> int:
    """How many columns energy fills, at least one where there is any."""
    return max(1, wh * columns // most) if wh and most else 0
