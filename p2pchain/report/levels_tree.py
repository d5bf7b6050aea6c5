"""The tree of a run as a picture: where boxes, arrows and labels stand. Pure geometry; the template
writes it as SVG.

Microgrids stand side by side, every area above spans those below it, so all arrows are upright.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from p2pchain.report.levels_model import EdgeResult, LevelsReport, MicrogridResult
from p2pchain.report.money import amount, kwh, percent, price, ratio_ppm
from p2pchain.report.summary import counted, slot_word

_COLUMN: Final = 360
_SPACE: Final = 20
_MARGIN: Final = 10
_BAR: Final = 62
_BOX: Final = 86
_GAP: Final = 132
_SUPPLY_GAP: Final = 84
_SUPPLIER: Final = 40
_LINE: Final = 19
#: How far an arrow's middle is from its edge's, and a label from there.
_APART, _LABEL = 24, 48
_WIDEST, _THINNEST = 32, 2
_HEAD: Final = 14


@dataclass(frozen=True, slots=True)
class Box:
    """An area, or the supplier: a rectangle with lines of text, the first its name."""

    kind: str
    x: int
    y: int
    width: int
    height: int
    lines: tuple[str, ...]

    @property
    def middle(self) -> int:
        return self.x + self.width // 2

    def baseline(self, line: int) -> int:
        """Where a line of text stands."""
        first = self.y + (self.height - _LINE * (len(self.lines) - 1)) // 2 + 5
        return first + _LINE * line


@dataclass(frozen=True, slots=True)
class Arrow:
    """What went one way: an outline, or a dashed line (`path` None) from y to y at x."""

    kind: str
    x: int
    from_y: int
    to_y: int
    path: str | None


@dataclass(frozen=True, slots=True)
class Label:
    """A line of text beside an arrow; `anchor` as in SVG."""

    x: int
    y: int
    anchor: str
    style: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All of it, and how large it is."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    labels: tuple[Label, ...]
    widest_wh: int


def picture(report: LevelsReport) -> Picture:
    """Return the picture of a run. The width of an arrow is its energy, to one scale for all
    edges; what went to and came from the supplier is not to scale."""
    levels = max(area.level for area in report.areas)
    boxes = _boxes(report, levels)
    widest = max((max(edge.up_wh, edge.down_wh) for edge in report.edges), default=0)
    arrows: list[Arrow] = []
    labels: list[Label] = []
    for edge in report.edges:
        _edge(report, edge, boxes[edge.area], boxes[edge.parent], widest, arrows, labels)
    bottom = max(box.y + box.height for box in boxes.values()) + _SUPPLY_GAP
    width = len(report.microgrids) * (_COLUMN + _SPACE) - _SPACE + 2 * _MARGIN
    supplier = Box("supplier", _MARGIN, bottom, width - 2 * _MARGIN, _SUPPLIER, ("Supplier",))
    for group in report.microgrids:
        _supply(group, boxes[group.name], supplier, arrows, labels)
    return Picture(
        width,
        bottom + _SUPPLIER + _MARGIN,
        (*boxes.values(), supplier),
        tuple(arrows),
        tuple(labels),
        widest,
    )


def _boxes(report: LevelsReport, levels: int) -> dict[str, Box]:
    found: dict[str, Box] = {}
    for at, group in enumerate(report.microgrids):
        x = _MARGIN + at * (_COLUMN + _SPACE)
        y = _MARGIN + (levels - 1) * (_BAR + _GAP)
        own = report.area(group.name)
        share = ratio_ppm(group.saving_nano, group.bill_supplier_nano)
        saving = f"saves {amount(group.saving_nano)} {report.currency}"
        lines = (
            f"{group.name}, {counted(group.homes, 'home')}",
            f"own auction {_traded(own.matched_wh, own.price_nano, report.currency)}",
            saving if share is None else f"{saving}, {percent(share)}",
        )
        found[group.name] = Box("microgrid", x, y, _COLUMN, _BOX, lines)
    for area in sorted(report.areas, key=lambda area: area.level):
        if area.name in found:
            continue
        below = [found[name] for name in report.children(area.name)]
        left, right = min(box.x for box in below), max(box.x + box.width for box in below)
        y = _MARGIN + (levels - area.level) * (_BAR + _GAP)
        name = f"CELL {area.name}" if area.level == 2 else area.name
        traded = _traded(area.matched_wh, area.price_nano, report.currency)
        texts = (name, f"auction {traded}")
        found[area.name] = Box("level", left, y, right - left, _BAR, texts)
    return found


def _traded(wh: int, nano: int | None, currency: str) -> str:
    return f"{kwh(wh)} kWh" + ("" if nano is None else f" at {price(nano)} {currency}")


def _edge(
    report: LevelsReport,
    edge: EdgeResult,
    child: Box,
    parent: Box,
    widest_wh: int,
    arrows: list[Arrow],
    labels: list[Label],
) -> None:
    middle, low, high = child.middle, child.y, parent.y + parent.height
    word = slot_word(report.slot_seconds)
    first = (low + high) // 2 - _LINE - 4
    for upward, side, anchor in ((True, -1, "end"), (False, 1, "start")):
        way = "up" if upward else "down"
        wh = edge.up_wh if upward else edge.down_wh
        limit = edge.limit_up_wh if upward else edge.limit_down_wh
        begin, end = (low, high) if upward else (high, low)
        arrows.append(_arrow(way, middle + side * _APART, begin, end, _width(wh, widest_wh)))
        full = edge.full_hours(upward)
        texts = [
            ("strong", f"{kwh(wh)} kWh {way}"),
            ("soft", f"most {kwh(edge.fullest(upward)[0])} of {kwh(limit)}"),
            # of both ways together
            ("soft", f"earned {amount(edge.charged_nano)} {report.currency}")
            if upward
            else ("soft", f"charge {price(edge.charge_nano)}"),
        ]
        if full:
            texts.append(("full", f"full in {counted(full, word)}"))
        for line, (style, text) in enumerate(texts):
            x = middle + side * _LABEL
            labels.append(Label(x, first + line * _LINE, anchor, style, text))


def _supply(
    group: MicrogridResult, box: Box, supplier: Box, arrows: list[Arrow], labels: list[Label]
) -> None:
    high, low = box.y + box.height, supplier.y
    first = (high + low) // 2 - 5
    for wh, side, anchor, begin, end, what in (
        (group.supplied_wh, -1, "end", low, high, "supplied"),
        (group.fed_in_wh, 1, "start", high, low, "fed in"),
    ):
        width = 6 if wh else 0
        arrows.append(_arrow("supplier", box.middle + side * _APART, begin, end, width))
        x = box.middle + side * _LABEL
        labels.append(Label(x, first, anchor, "strong", f"{kwh(wh)} kWh"))
        labels.append(Label(x, first + _LINE, anchor, "soft", what))


def _width(wh: int, widest_wh: int) -> int:
    """An arrow's width; little is not shown as nothing."""
    return max(_THINNEST, wh * _WIDEST // widest_wh) if wh else 0


def _arrow(kind: str, x: int, from_y: int, to_y: int, width: int) -> Arrow:
    if not width:
        return Arrow(kind, x, from_y, to_y, None)
    half, wing = width / 2, width / 2 + 5
    neck = to_y + (_HEAD if from_y > to_y else -_HEAD)
    points = (
        (x - half, from_y), (x - half, neck), (x - wing, neck), (x, to_y), (x + wing, neck),
        (x + half, neck), (x + half, from_y),
    )  # fmt: skip
    path = "M" + " L".join(f"{left:g} {top:g}" for left, top in points) + " Z"
    return Arrow(kind, x, from_y, to_y, path)
