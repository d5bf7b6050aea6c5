"""The result of a run as text for a terminal, readable at a width of 80 and without colour."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from p2pchain.report import textplot
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
from p2pchain.report.model import DemoReport, HomeResult
from p2pchain.report.money import amount, kwh, percent, price, ratio_ppm
from p2pchain.report.progress import Progress
from p2pchain.report.summary import (
    Bin,
    ahead_notes,
    battery_notes,
    bins,
    check_lines,
    headline,
    last_states,
    per_home,
    reached,
    rules_note,
    scope,
    split_label,
)

__all__ = ["Progress", "render"]

_GUTTER: Final = 8
_BAR_ROWS: Final = 6
_PRICE_ROWS: Final = 7
_STATE_ROWS: Final = 3


def render(report: DemoReport, width: int | None = None, color: bool | None = None) -> str:
    """The report as lines of text that end in a newline.

    `width` defaults to the terminal's and is kept between 64 and 120. `color` defaults to
    whether stdout is a terminal; NO_COLOR (no-color.org) and TERM=dumb turn it off. Nothing is
    said by colour alone.
    """
    width = width_of(width)
    paint = Paint(wants_color() if color is None else color)
    sections = (
        _head(report, width, paint),
        _plots(report, width, paint),
        _homes(report, width, paint),
        *([_ahead(report, width, paint)] if report.forward else []),
        *(
            [_batteries(report, width, paint)]
            if report.forward and report.forward.batteries
            else []
        ),
        _neighbourhood(report, width, paint),
        _foot(report, width, paint),
    )
    lines = [line.rstrip() for section in sections for line in (*section, "")]
    return "\n".join(lines[:-1]) + "\n"


def _head(report: DemoReport, width: int, paint: Paint) -> list[str]:
    lines = [paint(t, "dim") for t in wrapped(f"{clean(report.title)} · {scope(report)}", width)]
    lines += ["", *(paint(line, "bold") for line in wrapped(headline(report), width)), ""]
    daily, yearly = per_home(report)
    rows = (
        ("Gain before charges", report.gain_nano, reached(report)),
        ("Network, levies, tax", -report.charges_nano, f"rules: {report.rules}"),
        ("Fee of the market", -report.fee_nano, ""),
        ("What the homes keep", report.gain_net_nano, daily),
    )
    room = max(len(label) for label, _, _ in rows)
    digits = max(len(amount(nano)) for _, nano, _ in rows)
    for at, (label, nano, note) in enumerate(rows):
        text = f"{label:<{room}}  {amount(nano):>{digits}} {report.currency}"
        last = at == len(rows) - 1
        if last:
            lines.append(paint("─" * len(text), "dim"))
        lines += beside(paint(text, "bold") if last else text, len(text), note, width, paint)
    for sentence in (f"That is {yearly}.", rules_note(report)):
        lines += [paint(line, "dim") for line in wrapped(sentence, width)]
    return lines


def _plots(report: DemoReport, width: int, paint: Paint) -> list[str]:
    columns, unit = bins(report, width - _GUTTER - 2)
    if not columns:
        return [paint("No slot was settled.", "bold")]
    wide = max(1, min(4, (width - _GUTTER - 2) // len(columns)))
    return [
        *_energy_plot(columns, unit, wide, width, paint),
        "",
        *_price_plot(report, columns, wide, width, paint),
    ]


def _energy_plot(
    columns: Sequence[Bin], unit: str, wide: int, width: int, paint: Paint
) -> list[str]:
    most = max(column.traded_wh for column in columns)
    top = textplot.nice_ceiling(most)
    digits = 2 if top < 1_000 else 1
    note = f"kWh per {unit}, at most {kwh(most, 2)}"
    lines = [title("Energy shared", note, width, paint)]
    rows = textplot.bars([column.traded_wh for column in columns], _BAR_ROWS, top, wide)
    for at, row in enumerate(rows):
        level = {0: top, _BAR_ROWS // 2: top // 2}.get(at)
        label = "" if level is None else kwh(level, digits)
        lines.append(f"{label:>{_GUTTER - 1}} {'┤' if label else '│'}" + paint(row, "market"))
    ticks, labels = textplot.axis([split_label(column.label) for column in columns], wide)
    lines.append(f"{kwh(0, digits):>{_GUTTER - 1}} └{ticks}")
    lines.append(" " * (_GUTTER + 1) + labels)
    return lines


def _price_plot(
    report: DemoReport, columns: Sequence[Bin], wide: int, width: int, paint: Paint
) -> list[str]:
    wanted = [("market", "●", "market", [column.price_nano for column in columns])]
    if report.forward:
        wanted.append(("ahead", "◆", "good", [column.forward_price_nano for column in columns]))
    wanted.append(("supplier", "━", "bold", [column.retail_nano for column in columns]))
    wanted.append(("feed-in", "╌", "sun", [column.feed_in_nano for column in columns]))
    series = [textplot.Series(name, mark, tuple(line)) for name, mark, _, line in wanted]
    styles = [style for _, _, style, _ in wanted]
    values = [value for line in series for value in line.values if value is not None]
    low, high = min(0, *values), max(values)
    note = f"{report.currency} per kWh   " + "   ".join(f"{s.mark} {s.name}" for s in series)
    lines = [title("Price", note, width, paint)]
    grid = textplot.marks(series, _PRICE_ROWS, low, high, wide)
    for at, row in enumerate(grid):
        up = _PRICE_ROWS - 1 - at
        label = price(low + (high - low) * up // (_PRICE_ROWS - 1)) if at % 2 == 0 else ""
        runs = ((i, "".join(text for text, _ in run)) for i, run in groupby(row, _series_of))
        cells = "".join(text if i is None else paint(text, styles[i]) for i, text in runs)
        lines.append(f"{label:>{_GUTTER - 1}} {'┤' if label else '│'}{cells}")
    ticks, labels = textplot.axis([split_label(column.label) for column in columns], wide)
    lines.append(" " * _GUTTER + "└" + ticks)
    lines.append(" " * (_GUTTER + 1) + labels)
    return lines


def _series_of(cell: tuple[str, int | None]) -> int | None:
    return cell[1]


def _homes(report: DemoReport, width: int, paint: Paint) -> list[str]:
    homes = report.homes
    total = HomeResult(
        id="All",
        import_wh=sum(home.import_wh for home in homes),
        export_wh=sum(home.export_wh for home in homes),
        load_wh=0,
        pv_wh=0,
        bought_peer_wh=report.traded_wh,
        sold_peer_wh=report.traded_wh,
        bill_supplier_nano=sum(home.bill_supplier_nano for home in homes),
        bill_market_nano=sum(home.bill_market_nano for home in homes),
        forward_only_nano=sum(home.forward_only_nano or 0 for home in homes),
        metered_only_nano=sum(home.metered_only_nano or 0 for home in homes),
    )
    shown = [replace(home, id=clean(home.id)[:16]) for home in (*homes, total)]
    note = f"bills in {report.currency}"
    if report.forward:
        head = ["Home", "Supplier", "Forward only", "Metered only", "Both", "Planning"]
        rows = [_planned_cells(home) for home in shown]
        if width >= 76:
            head.insert(5, "Saving")
            for home, row in zip(shown, rows, strict=True):
                row.insert(5, amount(home.saving_nano))
        note += "; planning: what both save against metered only"
    else:
        head = ["Home", "Supplier alone", "With market", "Saving", "Share"]
        rows = [_home_cells(home) for home in shown]
        note += ", energy shared in kWh"
        if width >= 76:
            head += ["Bought", "Sold"]
            for home, row in zip(shown, rows, strict=True):
                row += [kwh(home.bought_peer_wh), kwh(home.sold_peer_wh)]
    lines = [title("Homes", note, width, paint)]
    worse = {at for at, home in enumerate(homes) if home.saving_nano < 0}
    lines += table(head, rows, width, paint, bad=worse)
    if worse:
        more = ", ".join(clean(homes[at].id) for at in sorted(worse))
        lines += wrapped(f"Pays more than with its supplier alone: {more}", width)
    if any(home.bill_supplier_nano < 0 for home in homes):
        lines.append(paint("A bill below zero is money paid to the home.", "dim"))
    return lines


def _planned_cells(home: HomeResult) -> list[str]:
    return [
        home.id,
        amount(home.bill_supplier_nano),
        amount(home.forward_only_nano or 0),
        amount(home.metered_only_nano or 0),
        amount(home.bill_market_nano),
        amount(home.planning_nano),
    ]


def _ahead(report: DemoReport, width: int, paint: Paint) -> list[str]:
    lines = [title("Traded ahead", "the day before, in a forward auction", width, paint)]
    for text in ahead_notes(report):
        first, *rest = textwrap.wrap(clean(text), width - 2)
        lines += [f"· {first}", *(f"  {line}" for line in rest)]
    return lines


def _batteries(report: DemoReport, width: int, paint: Paint) -> list[str]:
    assert report.forward is not None
    batteries = report.forward.batteries
    note = f"bills in {report.currency}, the first two without battery"
    lines = [title("Batteries", note, width, paint)]
    head = ["Home", "Supplier", "Metered", "Battery, metered", "and forward"]
    rows = [
        [
            clean(one.id)[:16],
            *(
                amount(nano)
                for nano in (
                    one.without_supplier_nano,
                    one.without_metered_nano,
                    one.metered_only_nano,
                    one.forward_nano,
                )
            ),
        ]
        for one in batteries
    ]
    lines += [*table(head, rows, width, paint, total=False), ""]
    columns, unit = bins(report, width - _GUTTER - 2)
    wide = max(1, min(4, (width - _GUTTER - 2) // len(columns)))
    ticks, labels = textplot.axis([split_label(column.label) for column in columns], wide)
    for one in batteries:
        note = f"kWh at the end of each {unit}"
        lines.append(title(f"State of charge of {clean(one.id)[:16]}", note, width, paint))
        states = last_states(one.state_wh, columns)
        rows_ = textplot.bars(states, _STATE_ROWS, max(1, one.capacity_wh), wide)
        for at, row in enumerate(rows_):
            label = kwh(one.capacity_wh) if at == 0 else ""
            lines.append(f"{label:>{_GUTTER - 1}} {'┤' if label else '│'}" + paint(row, "sun"))
        lines.append(f"{kwh(0):>{_GUTTER - 1}} └{ticks}")
    lines.append(" " * (_GUTTER + 1) + labels)
    for text in battery_notes(report):
        first, *rest = textwrap.wrap(clean(text), width - 2)
        lines += [f"· {first}", *(f"  {line}" for line in rest)]
    return lines


def _home_cells(home: HomeResult) -> list[str]:
    share = ratio_ppm(home.saving_nano, home.bill_supplier_nano)
    return [
        home.id,
        amount(home.bill_supplier_nano),
        amount(home.bill_market_nano),
        amount(home.saving_nano),
        "-" if share is None else percent(share),
    ]


def _neighbourhood(report: DemoReport, width: int, paint: Paint) -> list[str]:
    rows = (
        (
            "Self-sufficiency",
            report.self_sufficiency_ppm_before,
            report.self_sufficiency_ppm_after,
            "of what the homes use is their own sun",
        ),
        (
            "Self-consumption",
            report.self_consumption_ppm_before,
            report.self_consumption_ppm_after,
            "of their own sun is used by the homes",
        ),
    )
    lines = [title("Neighbourhood", "without → with the market", width, paint)]
    for name, before, after, meaning in rows:
        text = f"{name}  {percent(before):>7} → "
        shown = text + paint(f"{percent(after):>7}", "bold")
        lines += beside(shown, len(text) + 7, meaning, width, paint)
    return lines


def _foot(report: DemoReport, width: int, paint: Paint) -> list[str]:
    lines = checked(check_lines(report), width, paint)
    gas = f"{report.gas_total:,} in all, {report.gas_per_participant_slot:,} per home and slot"
    run = f"{report.seconds:.1f} s on {clean(report.chain)}"
    rule = f"{clean(report.price_rule)} · times are {clean(report.timezone)}"
    lines.append("")
    for name, text in (("Gas", gas), ("Run", run), ("Price rule", rule)):
        lines += beside(f"{name:<10}", 10, text, width, paint)
    lines.append("")
    for charge in report.charges:
        note = f" ({charge.note})" if charge.note else ""
        text = f"{charge.name}: {percent(charge.share_ppm)} of the retail price. {charge.source}"
        lines += [paint(line, "dim") for line in wrapped(clean(text + note), width)]
    lines += [paint(line, "dim") for line in wrapped(clean(report.attribution), width)]
    return lines
