"""One offline HTML file with the result of a run: no request leaves it, every figure is also text.

The chart library is inlined and named by hash in the page's content security policy, so nothing
that a report carries as text can run as a script.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from p2pchain.report.model import DemoReport
from p2pchain.report.money import amount, kwh, price
from p2pchain.report.page import csp_hash, environment, minus, static, write_whole
from p2pchain.report.summary import (
    Bin,
    ahead_notes,
    battery_notes,
    bins,
    check_lines,
    headline,
    last_states,
    per_home,
    period,
    reached,
    rules_note,
    scope,
    slot_word,
    split_label,
)

ECHARTS: Final = "echarts-6.1.0"
_MAX_COLUMNS: Final = 14 * 24
_POOL, _GRID_IN, _GRID_OUT = "pool", "supplier-in", "supplier-out"


def write(report: DemoReport, path: str | os.PathLike[str]) -> Path:
    """Writes the page to `path` (whole or not at all) and returns it. Raises OSError where the
    folder is missing or not writable."""
    return write_whole(path, render(report))


def render(report: DemoReport) -> str:
    """The page as text."""
    columns, unit = bins(report, _MAX_COLUMNS)
    scripts = {"library": static(f"{ECHARTS}.min.js"), "page": static("report.js")}
    daily, yearly = per_home(report)
    return (
        environment()
        .get_template("demo.html")
        .render(
            report=report,
            headline=headline(report),
            reached=reached(report),
            rules_note=rules_note(report),
            scope=scope(report),
            period=period(report),
            daily=daily,
            yearly=yearly,
            columns=columns,
            unit=unit,
            slot_word=slot_word(report.slot_seconds),
            checks=check_lines(report),
            steps=_steps(report),
            totals=_totals(report),
            ahead_notes=ahead_notes(report),
            battery_notes=battery_notes(report),
            states=_states(report, columns),
            data=_chart_data(report, columns, unit),
            style=static("report.css"),
            scripts=scripts,
            script_hashes=[csp_hash(text) for text in scripts.values()],
            notices=[
                static(f"{ECHARTS}.{part}.txt")
                for part in ("NOTICE", "LICENSE-zrender", "LICENSE-d3")
            ],
        )
    )


def _totals(report: DemoReport) -> dict[str, int]:
    names = (
        "import_wh", "export_wh", "load_wh", "pv_wh", "bought_peer_wh", "sold_peer_wh",
        "bill_supplier_nano", "bill_market_nano", "saving_nano", "forward_only_nano",
        "metered_only_nano", "planning_nano", "forward_bought_wh", "forward_sold_wh",
    )  # fmt: skip
    return {name: sum(getattr(home, name) or 0 for home in report.homes) for name in names}


def _states(report: DemoReport, columns: tuple[Bin, ...]) -> list[tuple[str, list[int]]]:
    """Each battery's home, and its state at the end of each column, Wh."""
    batteries = report.forward.batteries if report.forward else ()
    return [(one.id, last_states(one.state_wh, columns)) for one in batteries]


def _steps(report: DemoReport) -> list[dict[str, Any]]:
    """The way from the gross gain to what the homes keep: name, signed amount, kind, and where
    its bar begins and ends. Charges are single steps where every line has its amount and the
    amounts add up, one step otherwise."""
    amounts = [line.amount_nano for line in report.charges]
    known = [nano for nano in amounts if nano is not None]
    if report.charges and len(known) == len(amounts) and sum(known) == report.charges_nano:
        taken = [(line.name, nano) for line, nano in zip(report.charges, known, strict=True)]
    else:
        taken = [("Network, levies and tax", report.charges_nano)]
    taken.append(("Fee of the market", report.fee_nano))
    level = report.gain_nano
    steps = [
        {"name": "Gain before charges", "nano": level, "kind": "gross", "from": 0, "to": level}
    ]
    for name, nano in taken:
        steps.append(
            {"name": name, "nano": -nano, "kind": "taken", "from": level, "to": level - nano}
        )
        level -= nano
    steps.append(
        {"name": "What the homes keep", "nano": level, "kind": "net", "from": 0, "to": level}
    )
    return steps


def _chart_data(report: DemoReport, columns: tuple[Bin, ...], unit: str) -> dict[str, Any]:
    """What the page's script draws: integers for lengths, text for every figure that is read."""
    return {
        "currency": report.currency,
        "unit": unit,
        "hours": [_hour_data(column) for column in columns],
        "homes": [
            {
                "id": home.id,
                "supplier": home.bill_supplier_nano,
                "market": home.bill_market_nano,
                "forwardOnly": home.forward_only_nano,
                "meteredOnly": home.metered_only_nano,
                "supplierText": minus(amount(home.bill_supplier_nano)),
                "marketText": minus(amount(home.bill_market_nano)),
                "forwardOnlyText": _bill(home.forward_only_nano),
                "meteredOnlyText": _bill(home.metered_only_nano),
                "planningText": _bill(home.planning_nano if report.forward else None),
                "savingText": minus(amount(home.saving_nano)),
                "worse": home.saving_nano < 0,
            }
            for home in report.homes
        ],
        "batteries": [
            {"id": name, "state": states, "stateText": [kwh(wh, 2) for wh in states]}
            for name, states in _states(report, columns)
        ],
        "flows": _flows(report),
        "steps": [{**step, "text": minus(amount(step["nano"]))} for step in _steps(report)],
    }


def _bill(nano: int | None) -> str | None:
    return None if nano is None else minus(amount(nano))


def _hour_data(column: Bin) -> dict[str, Any]:
    day, time = split_label(column.label)
    return {
        "day": day,
        "time": time,
        "traded": column.traded_wh,
        "need": column.import_wh,
        "surplus": column.export_wh,
        "price": column.price_nano,
        "ahead": column.forward_price_nano,
        "retail": column.retail_nano,
        "feedIn": column.feed_in_nano,
        "tradedText": kwh(column.traded_wh, 2),
        "needText": kwh(column.import_wh, 2),
        "surplusText": kwh(column.export_wh, 2),
        "priceText": None if column.price_nano is None else minus(price(column.price_nano)),
        "aheadText": (
            None if column.forward_price_nano is None else minus(price(column.forward_price_nano))
        ),
        "contractedText": None if column.forward_price_nano is None else kwh(column.forward_wh, 2),
        "retailText": minus(price(column.retail_nano)),
        "feedInText": minus(price(column.feed_in_nano)),
    }


def _flows(report: DemoReport) -> dict[str, list[dict[str, Any]]]:
    """Nodes and links in Wh. Energy goes into the pool and comes out of it: there are no pairs."""
    nodes: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []

    def node(name: str, label: str, kind: str) -> str:
        if all(known["name"] != name for known in nodes):
            nodes.append({"name": name, "label": label, "kind": kind})
        return name

    def link(source: str, target: str, wh: int) -> None:
        links.append({"source": source, "target": target, "value": wh, "text": kwh(wh, 2)})

    # A home for which the supplier had to make up has gone below zero: that is the other way.
    for home in report.homes:
        residual = home.export_wh - home.sold_peer_wh
        given = max(home.sold_peer_wh, 0) + max(-home.bought_peer_wh, 0)
        if given:
            link(node(f"sell:{home.id}", home.id, "sell"), node(_POOL, "Pool", "pool"),
                 given)  # fmt: skip
        if residual:
            link(node(f"sell:{home.id}", home.id, "sell"),
                 node(_GRID_OUT, "Supplier", "supplier"), residual)  # fmt: skip
    for home in report.homes:
        residual = home.import_wh - home.bought_peer_wh
        taken = max(home.bought_peer_wh, 0) + max(-home.sold_peer_wh, 0)
        if taken:
            link(node(_POOL, "Pool", "pool"), node(f"buy:{home.id}", home.id, "buy"),
                 taken)  # fmt: skip
        if residual:
            link(node(_GRID_IN, "Supplier", "supplier"),
                 node(f"buy:{home.id}", home.id, "buy"), residual)  # fmt: skip
    return {"nodes": nodes, "links": links}
