"""A run with switches of supplier, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

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
from p2pchain.report.money import amount, kwh
from p2pchain.report.switch_model import Stay, SwitchReport
from p2pchain.report.switch_summary import check_lines, facts, headline, scope


def render(report: SwitchReport, width: int | None = None, color: bool | None = None) -> str:
    """The report as text; width and colour as the terminal has them, unless told."""
    wide, paint = width_of(width), Paint(wants_color() if color is None else color)
    blocks = [
        _head(report, wide, paint),
        _timelines(report, wide, paint),
        _stays(report, wide, paint),
        _crossed(report, wide, paint),
        _owed(report, wide, paint),
        _foot(report, wide, paint),
    ]
    return "\n".join("\n".join(block) + "\n" for block in blocks if block)


def _head(report: SwitchReport, width: int, paint: Paint) -> list[str]:
    first = f"{clean(report.title)} · {scope(report)}"
    lines = [paint(line, "dim") for line in wrapped(first, width)]
    return [*lines, "", *(paint(line, "bold") for line in wrapped(headline(report), width))]


def _timelines(report: SwitchReport, width: int, paint: Paint) -> list[str]:
    lines = [title("What happened", f"local times, {clean(report.timezone)}", width, paint)]
    for home in report.moved:
        lines.append(paint(clean(home.id), "bold"))
        for one in home.timeline:
            shown = f"  {one.when_local}  "
            first, *rest = wrapped(clean(one.text), width - len(shown))
            lines.append(paint(shown, "dim") + first)
            lines += [" " * len(shown) + line for line in rest]
    return lines


def _stays(report: SwitchReport, width: int, paint: Paint) -> list[str]:
    head = ["Home", "Supplier", "from", "until", "Import", "Neighbours", "Cost"]
    rows = [
        [clean(home.id) if at == 0 else "", *_stay_cells(stay)]
        for home in report.homes
        for at, stay in enumerate(home.stays)
    ]
    stays = [stay for home in report.homes for stay in home.stays]
    total = ["All", "", "", "", kwh(sum(one.import_wh for one in stays)),
             kwh(sum(one.bought_wh for one in stays)),
             amount(sum(one.cost_nano for one in stays))]  # fmt: skip
    note = f"import, and what of it came from neighbours, kWh; cost of all in {report.currency}"
    lines = [title("With whom", note, width, paint), *table(head, [*rows, total], width, paint)]
    if any(stay.counts_for for stay in stays):
        text = "*: an erroneous transfer; these slots count for the supplier before."
        lines += [paint(line, "dim") for line in wrapped(text, width)]
    return lines


def _stay_cells(stay: Stay) -> list[str]:
    return [
        stay.supplier + ("*" if stay.counts_for else ""),
        stay.from_local[4:10],
        stay.until_local[4:10],
        kwh(stay.import_wh),
        kwh(stay.bought_wh),
        amount(stay.cost_nano),
    ]


def _crossed(report: SwitchReport, width: int, paint: Paint) -> list[str]:
    head = ["From customers of", "to customers of", "kWh", "paid"]
    rows = [[one.seller, one.buyer, kwh(one.wh), amount(one.nano)] for one in report.crossed]
    total = ["All", "", kwh(sum(one.wh for one in report.crossed)),
             amount(sum(one.nano for one in report.crossed))]  # fmt: skip
    note = f"what neighbours traded, by their suppliers; {report.currency}"
    return [
        title("Between suppliers", note, width, paint),
        *table(head, [*rows, total], width, paint),
    ]


def _owed(report: SwitchReport, width: int, paint: Paint) -> list[str]:
    if not report.owed:
        return []
    head = ["Supplier", "for", f"owes {report.currency}"]
    rows = [[one.supplier, one.clock, amount(one.amount_nano)] for one in report.owed]
    note = "once for each clock that was missed, and for an error that was caused"
    return [title("Owed", note, width, paint), *table(head, rows, width, paint, total=False)]


def _foot(report: SwitchReport, width: int, paint: Paint) -> list[str]:
    lines = checked(check_lines(report), width, paint)
    gas = f"{report.gas_switching:,} for switching, {report.gas_market:,} for the market"
    lines.append("")
    for name, text in (("Gas", gas), ("Run", f"{report.seconds:.1f} s on {clean(report.chain)}")):
        lines += beside(f"{name:<10}", 10, text, width, paint)
    lines.append("")
    texts: Sequence[str] = (*facts(report), report.attribution)
    return lines + [paint(line, "dim") for text in texts for line in wrapped(clean(text), width)]
