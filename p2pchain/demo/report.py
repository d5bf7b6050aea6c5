"""The report of a demonstration, from what was read back from the chain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from p2pchain.data import Community, best_gain_nano
from p2pchain.demo.planned import Planned
from p2pchain.history import History
from p2pchain.report.model import ChargeLine, DemoReport, HomeResult, HourResult
from p2pchain.rules import RuleSet
from p2pchain.units import parse_zone, slot_start

if TYPE_CHECKING:
    from p2pchain.demo.run import Settings

PPM = 1_000_000


def assemble(
    *,
    settings: Settings,
    community: Community,
    rules: RuleSet,
    engine: str,
    meters: Mapping[str, int],
    past: History,
    checks: Mapping[str, bool],
    gas: int,
    seconds: float,
    planned: Planned | None = None,
) -> DemoReport:
    """Return the report. Volumes, fills, prices and money are those of `past`; load and sun behind
    the meters, which no chain sees, are those of the data, and so are bills without a battery. What
    the homes share is what the supplier neither had to deliver nor to take."""
    homes = [
        _home(community, place, meters, past, planned) for place in range(len(community.homes))
    ]
    hours = _hours(community, past, planned)
    traded = sum(hour.traded_wh for hour in hours)
    retail = dict(zip(community.slots, community.retail_nano, strict=True))
    # Gross: as if all of the retail price could be saved on a shared Wh.
    gross = sum(
        sum(
            imported * price - exported * community.feed_in_nano
            for imported, exported, price in zip(
                home.import_wh, home.export_wh, community.retail_nano, strict=True
            )
        )
        for home in community.homes
    ) - sum(
        entry.supplied_wh * retail[entry.slot] - entry.fed_in_wh * community.feed_in_nano
        for entry in past.slots
    )
    fee = sum(entry.fee_nano for entry in past.slots)
    net = sum(home.saving_nano for home in homes)
    best = best_gain_nano(community)
    imports, exports = sum(h.import_wh for h in homes), sum(h.export_wh for h in homes)
    load, sun = sum(h.load_wh for h in homes), sum(h.pv_wh for h in homes)
    needed = sum(sum(home.import_wh) for home in community.homes)
    spared = sum(sum(home.export_wh) for home in community.homes)
    return DemoReport(
        title=f"{len(homes)} homes share their sun",
        rules=rules.name,
        currency=community.currency,
        from_local=settings.from_date,
        days=settings.days,
        slots=len(community.slots),
        slot_seconds=community.profiles.slot_seconds,
        timezone=community.zone,
        chain=engine,
        price_rule="reference(1/2)",
        homes=tuple(homes),
        hours=tuple(hours),
        traded_wh=traded,
        best_gain_nano=best,
        gain_nano=gross,
        gain_share_ppm=gross * PPM // best if best else 0,
        gain_net_nano=net,
        charges=_charges(community, rules, past),
        fee_nano=fee,
        gas_total=gas,
        gas_per_participant_slot=gas // (len(homes) * len(community.slots)),
        seconds=seconds,
        checks=dict(checks),
        self_sufficiency_ppm_before=_ppm(load - needed, load),
        self_sufficiency_ppm_after=_ppm(load - imports + traded, load),
        self_consumption_ppm_before=_ppm(sun - spared, sun),
        self_consumption_ppm_after=_ppm(sun - exports + traded, sun),
        attribution=community.attribution,
        forward=planned.result(past) if planned else None,
    )


def _home(
    community: Community,
    place: int,
    meters: Mapping[str, int],
    past: History,
    planned: Planned | None,
) -> HomeResult:
    home = community.homes[place]
    slots = past.of_meter(meters[home.id])
    imports = sum(entry.import_wh for entry in slots)
    exports = sum(entry.export_wh for entry in slots)
    bought = imports - sum(entry.supplied_wh for entry in slots)
    sold = exports - sum(entry.fed_in_wh for entry in slots)
    load, sun = sum(home.load_wh), sum(home.pv_wh)
    paid = sum(entry.cost_nano for entry in slots)
    alone = sum(entry.alone_nano for entry in slots)
    bill = planned.bills.homes[place] if planned else None
    return HomeResult(
        id=home.id,
        import_wh=imports,
        export_wh=exports,
        load_wh=load,
        pv_wh=sun,
        bought_peer_wh=bought,
        sold_peer_wh=sold,
        bill_supplier_nano=planned.before.homes[place].supplier_nano if planned else alone,
        bill_market_nano=paid,
        bill_forward_nano=paid if bill else None,
        forward_only_nano=bill.forward_nano if bill else None,
        metered_only_nano=bill.metered_nano if bill else None,
        forward_bought_wh=sum(entry.contract.bought_wh for entry in slots),
        forward_sold_wh=sum(entry.contract.sold_wh for entry in slots),
        self_sufficiency_ppm=_ppm(load - imports + bought, load),
        self_consumption_ppm=_ppm(sun - exports + sold, sun),
    )


def _hours(community: Community, past: History, planned: Planned | None) -> list[HourResult]:
    zone = parse_zone(community.zone)
    traded: dict[int, int] = defaultdict(int)
    imported: dict[int, int] = defaultdict(int)
    exported: dict[int, int] = defaultdict(int)
    energy: dict[int, tuple[int, int]] = {}
    for entry in past.slots:
        traded[entry.slot] += entry.import_wh - entry.supplied_wh
        imported[entry.slot] += entry.import_wh
        exported[entry.slot] += entry.export_wh
        energy[entry.slot] = (entry.row.energy, entry.row.feed_in)
    hours = []
    ahead = planned.contracted.price_nano if planned else (None,) * len(community.slots)
    for slot, forward_price in zip(community.slots, ahead, strict=True):
        result = past.results.get(slot)
        start = slot_start(slot, community.profiles.slot_seconds).astimezone(zone)
        hours.append(
            HourResult(
                slot=slot,
                label_local=f"{start:%a} {start.day} {start:%H:%M}",
                traded_wh=traded[slot],
                price_nano=result.price_nano if result and result.traded else None,
                retail_nano=energy[slot][0],
                feed_in_nano=energy[slot][1],
                import_wh=imported[slot],
                export_wh=exported[slot],
                forward_wh=past.forward_wh.get(slot, (0, 0))[0],
                forward_price_nano=forward_price,
            )
        )
    return hours


def _charges(community: Community, rules: RuleSet, past: History) -> tuple[ChargeLine, ...]:
    """What a shared Wh pays like any other: the parts of the row that are not energy."""
    if not any(share.share_ppm for share in rules.shares):
        return ()
    taken: dict[str, int] = defaultdict(int)
    for entry in past.slots:
        shared_wh = entry.import_wh - entry.supplied_wh
        taken["network"] += shared_wh * entry.row.network
        taken["levies"] += shared_wh * entry.row.levies
        taken["tax"] += shared_wh * entry.row.tax
    return tuple(
        ChargeLine(
            share.name,
            share.share_ppm,
            share.source if share.year is None else f"{share.source} ({share.year})",
            rules.note,
            taken[share.name],
        )
        for share in rules.shares
    )


def _ppm(part: int, whole: int) -> int:
    return part * PPM // whole if whole else 0
