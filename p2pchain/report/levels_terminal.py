"""A run over several levels as text for a terminal, readable at a width of 80 without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

from p2pchain.report.layout import (
    Paint,
    beside,
    checked,
    clean,
    table,
    title,
    wants_color,
    width_of,
    wrapped,
)
from p2pchain.report.levels_model import EdgeResult, LevelsReport, MicrogridResult
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
from p2pchain.report.money import amount, kwh, percent, price, ratio_ppm
from p2pchain.report.summary import slot_word

_NONE: Final = "-"


def render(report: LevelsReport, width: int | None = None, color: bool | None = None) -> str:
    """The report as lines of text that end in a newline.

    `width` defaults to the terminal's and is kept between 64 and 120. `color` defaults to whether
    stdout is a terminal. Nothing is said by colour alone.
    """
    width = width_of(width)
    paint = Paint(wants_color() if color is None else color)
    sections = (
        _head(report, width, paint),
        _areas(report, width, paint),
        _edges(report, width, paint),
        _energy(report, width, paint),
        _bills(report, width, paint),
        _checks(report, width, paint),
        _data(report, width, paint),
    )
    lines = [line.rstrip() for section in sections for line in (*section, "")]
    return "\n".join(lines[:-1]) + "\n"


def _head(report: LevelsReport, width: int, paint: Paint) -> list[str]:
    first = f"{clean(report.title)} · {scope(report)}"
    lines = [paint(line, "dim") for line in wrapped(first, width)]
    lines += ["", *(paint(line, "bold") for line in wrapped(headline(report), width)), ""]
    rows = (
        ("Gain of all trades", report.gain_nano),
        ("Charges of the edges", -report.charged_nano),
        ("Left by whole prices", -report.rounding_nano),
        ("What the homes keep", report.gain_net_nano),
    )
    room = max(len(label) for label, _ in rows)
    digits = max(len(amount(nano)) for _, nano in rows)
    texts = [f"{label:<{room}}  {amount(nano):>{digits}} {report.currency}" for label, nano in rows]
    lines += [*texts[:-1], paint("─" * len(texts[-1]), "dim"), paint(texts[-1], "bold"), ""]
    return [*lines, *_bullets(how(report), width, paint)]


def _bullets(sentences: Sequence[str], width: int, paint: Paint) -> list[str]:
    lines: list[str] = []
    for text in sentences:
        first, *rest = textwrap.wrap(clean(text), width - 2)
        lines += [paint(line, "dim") for line in (f"· {first}", *(f"  {line}" for line in rest))]
    return lines


def _areas(report: LevelsReport, width: int, paint: Paint) -> list[str]:
    word = slot_word(report.slot_seconds)
    head = ["Area", "Level", "Traded", "Average price", f"{word.capitalize()}s with trade"]
    rows = [
        [
            clean(area.name),
            LEVELS[area.level],
            kwh(area.matched_wh),
            _NONE if area.price_nano is None else price(area.price_nano),
            str(area.traded_hours),
        ]
        for area in report.areas
    ]
    rows.append(["All", "", kwh(report.traded_wh), "", ""])
    note = f"matched there, kWh; {report.currency} per kWh"
    return [title("Auctions", note, width, paint), *table(head, rows, width, paint)]


def _edges(report: LevelsReport, width: int, paint: Paint) -> list[str]:
    word = slot_word(report.slot_seconds)
    head = ["Edge", "Up", "Down", f"Fullest {word}", "Limit", "Full", "Charge", "Earned"]
    rows = [_edge_cells(report, edge) for edge in report.edges]
    rows.append(["All", "", "", "", "", "", "", amount(report.charged_nano)])
    note = f"up: sold out of the area, down: bought into it, kWh; {report.currency}"
    lines = [title("Edges", note, width, paint), *table(head, rows, width, paint)]
    text = f"Full: in so many {word}s an edge carried all that it may, one way or the other."
    return [*lines, *(paint(line, "dim") for line in wrapped(text, width))]


def _edge_cells(report: LevelsReport, edge: EdgeResult) -> list[str]:
    return [
        clean(f"{edge.area} → {edge.parent}"),
        kwh(edge.up_wh),
        kwh(edge.down_wh),
        fullest(report, edge),
        limit(edge),
        str(full(report, edge)),
        price(edge.charge_nano),
        amount(edge.charged_nano),
    ]


def _energy(report: LevelsReport, width: int, paint: Paint) -> list[str]:
    head = [
        "Microgrid",
        "Import",
        "Export",
        "Own auction",
        "From above",
        "To above",
        "Supplied",
        "Fed in",
    ]
    groups = report.microgrids
    rows = []
    for group in groups:
        edge = report.edge(group.name)
        own_wh = report.area(group.name).matched_wh
        figures = (
            group.import_wh, group.export_wh, own_wh, edge.down_wh, edge.up_wh, group.supplied_wh,
            group.fed_in_wh,
        )  # fmt: skip
        rows.append([clean(group.name), *(kwh(wh) for wh in figures)])
    edges = [report.edge(group.name) for group in groups]
    sums = (
        sum(group.import_wh for group in groups),
        sum(group.export_wh for group in groups),
        sum(report.area(group.name).matched_wh for group in groups),
        sum(edge.down_wh for edge in edges),
        sum(edge.up_wh for edge in edges),
        sum(group.supplied_wh for group in groups),
        sum(group.fed_in_wh for group in groups),
    )
    rows.append(["All", *(kwh(wh) for wh in sums)])
    note = "kWh of all homes; supplied by and fed in to the supplier"
    return [title("Energy", note, width, paint), *table(head, rows, width, paint)]


def _bills(report: LevelsReport, width: int, paint: Paint) -> list[str]:
    head = ["Microgrid", "Homes", "Supplier alone", "With levels", "Saving", "Share", "Bought at",
            "Sold at"]  # fmt: skip
    groups = report.microgrids
    rows = [_bill_cells(group) for group in groups]
    alone = sum(group.bill_supplier_nano for group in groups)
    paid = sum(group.bill_market_nano for group in groups)
    total = ["All", str(report.homes), amount(alone), amount(paid), amount(alone - paid),
             _share(alone - paid, alone), "", ""]  # fmt: skip
    note = f"bills in {report.currency}; prices on average per kWh, charges included"
    lines = [title("Bills", note, width, paint)]
    return [*lines, *table(head, [*rows, total], width, paint)]


def _bill_cells(group: MicrogridResult) -> list[str]:
    return [
        clean(group.name),
        str(group.homes),
        amount(group.bill_supplier_nano),
        amount(group.bill_market_nano),
        amount(group.saving_nano),
        _share(group.saving_nano, group.bill_supplier_nano),
        _NONE if group.buy_price_nano is None else price(group.buy_price_nano),
        _NONE if group.sell_price_nano is None else price(group.sell_price_nano),
    ]


def _share(part: int, whole: int) -> str:
    ppm = ratio_ppm(part, whole)
    return _NONE if ppm is None else percent(ppm)


def _checks(report: LevelsReport, width: int, paint: Paint) -> list[str]:
    lines = checked(check_lines(report), width, paint)
    gas = f"{report.gas_total:,} in all, {report.gas_per_participant_slot:,} per home and slot"
    run = f"{report.seconds:.1f} s on {clean(report.chain)}"
    rule = f"{clean(report.price_rule)} · times are {clean(report.timezone)}"
    lines.append("")
    for name, text in (("Gas", gas), ("Run", run), ("Price rule", rule)):
        lines += beside(f"{name:<10}", 10, text, width, paint)
    return lines


def _data(report: LevelsReport, width: int, paint: Paint) -> list[str]:
    lines = [title("Data", "what is measured, and what is put together", width, paint)]
    lines += _bullets(data_notes(report), width, paint)
    for text in attributions(report):
        lines += [paint(line, "dim") for line in wrapped(clean(text), width)]
    return lines
