"""How text is laid out for a terminal: colour, width, titles, notes beside figures, tables."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

_MIN_WIDTH: Final = 64
_MAX_WIDTH: Final = 120
_STYLES: Final = {
    "bold": "1", "dim": "2", "sun": "33", "market": "36", "good": "32", "bad": "1;31",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Paint:
    """Wraps text in ANSI codes, or leaves it alone. Widths are computed before painting."""

    on: bool

    def __call__(self, text: str, style: str) -> str:
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.on and text.strip() else text


def width_of(width: int | None) -> int:
    """Return how wide a report is: as the terminal (None) or as told, between 64 and 120."""
    if width is None:
        width = shutil.get_terminal_size((80, 24)).columns
    return max(_MIN_WIDTH, min(_MAX_WIDTH, width))


def wants_color() -> bool:
    """Whether stdout is a terminal that may be coloured."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Text in lines of a width."""
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent)


def beside(shown: str, length: int, note: str, width: int, paint: Paint) -> list[str]:
    """A note to the right of text that is `length` wide on screen, wrapped in its own column."""
    column = length + 2
    lines = textwrap.wrap(note, max(12, width - column)) or [""]
    rest = [" " * column + paint(line, "dim") for line in lines[1:]]
    return [f"{shown}  {paint(lines[0], 'dim')}", *rest]


def clean(text: str) -> str:
    """Text from outside without control characters, which could repaint the terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def title(text: str, note: str, width: int, paint: Paint) -> str:
    """A heading, with a note beside it where there is room."""
    rest = f"  {note}" if note and len(text) + len(note) + 2 <= width else ""
    return paint(text, "bold") + paint(rest, "dim")


def checked(results: Sequence[tuple[str, str, bool]], width: int, paint: Paint) -> list[str]:
    """Lines of checks: whether each has passed, its name, and what it means."""
    lines = [title("Checks", "", width, paint)]
    room = max(len(name) for name, _, _ in results)
    for name, meaning, passed in results:
        word = paint("✓ passed", "good") if passed else paint("✗ FAILED", "bad")
        label = f"  {clean(name):<{room}}"
        lines += beside(word + label, len("✓ passed") + len(label), meaning, width, paint)
    return lines


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    paint: Paint,
    bad: Collection[int] = (),
    total: bool = True,
) -> list[str]:
    """Lines of a table whose last row is the sum of the others (`total`)."""
    sizes = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    gap = 3 if sum(sizes) + 3 * (len(sizes) - 1) <= width else 2

    def line(row: Sequence[str]) -> str:
        cells = [f"{row[0]:<{sizes[0]}}"]
        cells += [f"{cell:>{size}}" for cell, size in zip(row[1:], sizes[1:], strict=True)]
        return (" " * gap).join(cells)

    rule = paint("─" * (sum(sizes) + gap * (len(sizes) - 1)), "dim")
    lines = [paint(line(head), "dim"), rule]
    for at, row in enumerate(rows[:-1] if total else rows):
        lines.append(paint(line(row), "bad") if at in bad else line(row))
    return [*lines, rule, paint(line(rows[-1]), "bold")] if total else lines
