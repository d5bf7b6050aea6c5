"""Trading a day ahead in the demonstration: what the homes order, and how it gets to the chain.

A home orders its forecast for the UTC day: the mean of the same hour over four weeks, of what its
meter had measured an hour before the day begins. Half an hour later the gate closes: what is used
of it has been measured by then. With batteries two homes order what a plan makes of that instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from p2pchain.chain.sender import Sender
from p2pchain.control import compare
from p2pchain.control.battery import Battery
from p2pchain.control.days import Expect, PlannedDays, plan_days
from p2pchain.control.forecast import DAYS, Forecast, day_ahead
from p2pchain.data import FONTANA_FIRST_DAY, Community, load_fontana
from p2pchain.errors import BadInput, CheckFailed
from p2pchain.forward_market import Auction
from p2pchain.keys import Signer
from p2pchain.matching import Offer
from p2pchain.model import (
    DAY_SECONDS,
    WINDOW_SLOTS,
    Action,
    AuctionParams,
    Gate,
    Order,
    Schedule,
    Side,
    schedule_words,
)
from p2pchain.rules import RuleSet
from p2pchain.units import parse_date

#: Before the UTC day: from then on nothing is known to a forecast; the gate.
KNOWN_SECONDS: Final = 3_600
GATE_SECONDS: Final = 1_800
CAP_NANO: Final = 2_550_000
TICK_NANO: Final = 5_000
BATTERY: Final = Battery(10_000, 2_500, 900_000)
BATTERY_HOMES: Final = ("H02", "H09")


@dataclass(frozen=True, slots=True)
class Plan:
    """What homes mean to trade ahead, net Wh by home and slot, and the days as their meters measure
    them; `batteries` where some have one."""

    orders: Mapping[str, Forecast]
    community: Community
    batteries: PlannedDays | None = None

    def offers(self, rules: RuleSet, home: str) -> list[tuple[int, Offer]]:
        """Return the orders of a home by slot, at its own tariff's prices."""
        book = compare.Book(tick_nano=TICK_NANO)
        found = []
        for at, wh in enumerate(self.orders.get(home, ())):
            retail, slot = self.community.retail_nano[at], self.community.slots[at]
            offer = compare.order(wh, rules.split(retail, self.community.feed_in_nano), book)
            if offer:
                found.append((slot, offer))
        return found


def auction_params(market: bytes) -> AuctionParams:
    """Return the parameters of the auction: whole UTC days, equilibrium(1/2), lots of a Wh."""
    return AuctionParams(
        market=market,
        gate=Gate.DAY,
        gate_seconds=GATE_SECONDS,
        tick_nano=TICK_NANO,
        cap_nano=CAP_NANO,
    )


def traders(homes: Sequence[str], count: int | None, battery: bool) -> list[str]:
    """Return the homes that trade ahead: those with batteries, then the first; None: all.

    Raises BadInput for more than there are, or too few for the batteries.
    """
    missing = [name for name in BATTERY_HOMES if battery and name not in homes]
    if missing:
        raise BadInput(
            f"the batteries are in {' and '.join(BATTERY_HOMES)}, and {missing[0]} does not take "
            "part",
            hint="leave --homes away",
        )
    if count is None:
        return list(homes)
    if not 1 <= count <= len(homes):
        raise BadInput(
            f"{count} homes that trade ahead: there are {len(homes)}",
            hint=f"--forward takes 1 to {len(homes)}",
        )
    if battery and count < len(BATTERY_HOMES):
        raise BadInput(
            f"--forward {count}, but {len(BATTERY_HOMES)} homes have batteries and trade ahead",
            hint="leave --forward away: then all homes do",
        )
    first = [name for name in BATTERY_HOMES if battery]
    first += [name for name in homes if name not in first]
    return [name for name in homes if name in first[:count]]


def plan(
    community: Community,
    from_date: str,
    days: int,
    chosen: Sequence[str],
    rules: RuleSet,
    battery: bool,
) -> Plan:
    """Return what the chosen homes order, from earlier data only."""
    first = parse_date(from_date)
    since = max(first - timedelta(days=DAYS + 1), FONTANA_FIRST_DAY)
    names = [home.id for home in community.homes]
    history = load_fontana(since, (first - since).days + days, names).profiles
    lead = KNOWN_SECONDS // history.slot_seconds
    planned = None
    if battery:
        planned = plan_days(
            community,
            history,
            dict.fromkeys(BATTERY_HOMES, BATTERY),
            lead_slots=lead,
            expect=Expect.SCARCITY,
            rules=rules,
        )
        orders: Mapping[str, Forecast] = planned.orders
    else:
        orders = day_ahead(history, community.slots, zone=community.zone, lead_slots=lead)
    metered = planned.community if planned else community
    return Plan({name: orders[name] for name in names if name in chosen}, metered, planned)


def schedules(
    auction: Auction,
    owners: Mapping[str, tuple[int, Signer]],
    plan: Plan,
    rules: RuleSet,
) -> dict[int, list[Schedule]]:
    """Return the signed schedules of all homes (meter, owner's key) by UTC day."""
    per_day = auction.slots_per_day
    params, found = auction.params, dict[int, list[Schedule]]()
    for home, (meter, owner) in owners.items():
        days: dict[int, list[Order]] = {}
        for slot, offer in plan.offers(rules, home):
            limit, sell = params.price_nano(offer.tick), offer.side == Side.SELL
            days.setdefault(slot // per_day, []).append(
                Order(auction.id, meter, slot, 0, Action.PLACE, sell, limit, offer.wh)
            )
        for number, (day, orders) in enumerate(sorted(days.items()), 1):
            words = schedule_words(params, day, per_day, orders)
            signed = auction.sign_schedule(owner, Schedule(auction.id, meter, day, number, words))
            found.setdefault(day, []).append(signed)
    return found


def collateral_nano(params: AuctionParams, offers: Sequence[tuple[int, Offer]]) -> int:
    """Return what all orders of a home lock."""
    return sum(
        params.collateral_nano(offer.side == Side.SELL, params.price_nano(offer.tick), offer.wh)
        for _, offer in offers
    )


def relay(sender: Sender, auction: Auction, orders: Sequence[Schedule]) -> int:
    """Hand in the schedules of a day; return the gas. Raises CheckFailed where one is refused."""
    gas = 0
    for batch in auction.schedule_batches(orders):
        receipt = sender.send(auction.schedule_call(batch))
        gas += receipt.gas_used
        for (meter, _), why in auction.skipped(receipt).items():
            raise CheckFailed(f"the schedule of meter {meter} was refused: {why.name}")
    return gas


def clear(sender: Sender, auction: Auction, orders: Sequence[Schedule]) -> int:
    """Clear all windows of a day that somebody has ordered for; return the gas."""
    windows = {
        schedule.day * len(schedule.words) + place
        for schedule in orders
        for place, word in enumerate(schedule.words)
        if word
    }
    return sum(receipt.gas_used for receipt in auction.clear(sender, sorted(windows)))


def gate_times(day: int) -> tuple[int, int]:
    """Return when the orders of a UTC day are handed in, and when they are cleared."""
    begin = day * DAY_SECONDS
    return begin - KNOWN_SECONDS, begin - GATE_SECONDS


def whole_windows(posted: set[int], open_windows: set[int], from_slot: int) -> list[int]:
    """Return the open windows of which every slot from `from_slot` on has been posted."""
    return sorted(
        window
        for window in open_windows
        if all(
            slot in posted or slot < from_slot
            for slot in range(window * WINDOW_SLOTS, (window + 1) * WINDOW_SLOTS)
        )
    )
