"""The report of a run over several levels, from what was read back from the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from p2pchain.data import MICROGRID_NOTES, Microgrid
from p2pchain.demo.level_checks import gross_nano, rounding_nano
from p2pchain.demo.level_flows import Flows, Paid
from p2pchain.history import History
from p2pchain.report.levels_model import (
    AreaResult,
    AuctionHour,
    EdgeHour,
    EdgeResult,
    HourLabel,
    LevelsReport,
    MeterHour,
    MicrogridResult,
)
from p2pchain.units import parse_zone, slot_start

if TYPE_CHECKING:
    from p2pchain.demo.levels import LevelSettings, Place, Tree


def assemble(
    *,
    settings: LevelSettings,
    tree: Tree,
    flows: Flows,
    pasts: Mapping[str, History],
    engine: str,
    checks: Mapping[str, bool],
    gas: int,
    seconds: float,
) -> LevelsReport:
    """Return the report. All volumes, prices and money are those of the log; the notes are those of
    the data."""
    community = next(iter(tree.groups.values())).community
    homes = sum(len(houses) for houses in tree.houses.values())
    order = sorted(tree.places, key=lambda name: _level(tree, name))
    return LevelsReport(
        title=f"{homes} homes in three microgrids, two CELLs and one level above them",
        currency=community.currency,
        from_local=settings.from_date,
        days=settings.days,
        slot_seconds=community.profiles.slot_seconds,
        timezone=community.zone,
        chain=engine,
        price_rule="reference(1/2) in every area",
        slots=_labels(tree),
        areas=tuple(_area(tree, flows, name) for name in order),
        edges=tuple(_edge(flows, tree.places[name]) for name in order if tree.places[name].parent),
        microgrids=tuple(_microgrid(tree.groups[name], flows, pasts[name]) for name in tree.groups),
        gain_nano=gross_nano(pasts),
        rounding_nano=rounding_nano(tree, flows),
        notes=MICROGRID_NOTES,
        gas_total=gas,
        gas_per_participant_slot=gas // (homes * len(community.slots)),
        seconds=seconds,
        checks=dict(checks),
    )


def _labels(tree: Tree) -> tuple[HourLabel, ...]:
    """The slots with their local time, and the prices of the one sheet that holds for all."""
    community = next(iter(tree.groups.values())).community
    zone, found = parse_zone(community.zone), []
    for slot, retail in zip(community.slots, community.retail_nano, strict=True):
        start = slot_start(slot, community.profiles.slot_seconds).astimezone(zone)
        label = f"{start:%a} {start.day} {start:%H:%M}"
        found.append(HourLabel(slot, label, retail, community.feed_in_nano))
    return tuple(found)


def _area(tree: Tree, flows: Flows, name: str) -> AreaResult:
    """An area's auction; its level is counted from the microgrids."""
    hours = tuple(
        AuctionHour(flows.matched_wh(name, slot), flows.price_nano(name, slot))
        for slot in flows.slots
    )
    return AreaResult(name, _level(tree, name), hours)


def _level(tree: Tree, name: str) -> int:
    children = tree.children(name)
    return 1 + max((_level(tree, child) for child in children), default=0)


def _edge(flows: Flows, place: Place) -> EdgeResult:
    assert place.terms is not None
    assert place.parent is not None
    hours = tuple(
        EdgeHour(*flows.sent[place.name].get(slot, (0, 0)), *flows.crossed[place.name][slot])
        for slot in flows.slots
    )
    return EdgeResult(
        area=place.name,
        parent=place.parent,
        charge_nano=place.terms.charge_nano,
        limit_up_wh=place.terms.up_wh,
        limit_down_wh=place.terms.down_wh,
        charged_nano=flows.paid.get(place.name, Paid()).charge_nano,
        hours=hours,
    )


def _microgrid(group: Microgrid, flows: Flows, past: History) -> MicrogridResult:
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for entry in past.slots:
        figures = (entry.import_wh, entry.export_wh, entry.supplied_wh, entry.fed_in_wh)
        for place, wh in enumerate(figures):
            sums[entry.slot][place] += wh
    return MicrogridResult(
        name=group.name,
        homes=len(group.community.homes),
        hours=tuple(MeterHour(*sums[slot]) for slot in flows.slots),
        bought_wh=sum(entry.bought_wh for entry in past.slots),
        sold_wh=sum(entry.sold_wh for entry in past.slots),
        buy_price_nano=_average((entry.bought_wh, entry.buy_nano) for entry in past.slots),
        sell_price_nano=_average((entry.sold_wh, entry.sell_nano) for entry in past.slots),
        bill_supplier_nano=sum(entry.alone_nano for entry in past.slots),
        bill_market_nano=sum(entry.cost_nano for entry in past.slots),
        notes=group.notes,
        attribution=group.community.attribution,
    )


def _average(traded: Iterable[tuple[int, int | None]]) -> int | None:
    """The price by energy, cut to a whole nano; None where nothing was traded."""
    pairs = [(wh, nano or 0) for wh, nano in traded if wh]
    total = sum(wh for wh, _ in pairs)
    return sum(wh * nano for wh, nano in pairs) // total if total else None
