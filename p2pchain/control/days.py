"""Homes with batteries, day after day: plan before the gate, order, follow the plan when it comes.

A day is a UTC day. Its plan is made at its gate, from the forecast and from prices that are known
then: see `Expect`. The result is a community like any other, whose meters measure the homes with
their batteries, and the orders that belong to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum

from p2pchain.control.battery import Battery, Follow, Step, dispatch, idle, schedule
from p2pchain.control.forecast import Forecast, day_ahead, net_wh
from p2pchain.data import Community, Home, Profiles
from p2pchain.errors import BadInput
from p2pchain.model import DAY_SECONDS, TariffRow
from p2pchain.rules import RULES, RuleSet


class Expect(Enum):
    """Which prices a plan expects; all are known before the gate.

    `TARIFF`: buy at the retail energy price, sell at the feed-in, as without neighbours.
    `MIDPOINT`: both at the middle between them, as the metered auction's reference price.
    `SCARCITY`: both at the retail energy price where the homes together are forecast to be short,
    at the feed-in where they have too much: what the equilibrium price is then. Needs everybody's
    earlier readings, which are public.
    """

    TARIFF = "tariff"
    MIDPOINT = "midpoint"
    SCARCITY = "scarcity"


@dataclass(frozen=True, slots=True)
class PlannedDays:
    """What came of it: the community as metered, orders by home (net Wh, None: none), and each
    battery's plan and what it did, by home and slot."""

    community: Community
    orders: dict[str, Forecast]
    plans: dict[str, tuple[Step, ...]]
    done: dict[str, tuple[Step, ...]]


def expected_prices(
    rows: Sequence[TariffRow], total_wh: Sequence[int], expect: Expect
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return what a plan expects to pay and to be paid, nano per Wh and slot, of energy alone.

    `total_wh` is the forecast net load of all homes. Where the feed-in is above the retail energy
    price neighbours do not trade, and the plan counts on the retail price both ways.
    """
    buy, sell = [], []
    for row, total in zip(rows, total_wh, strict=True):
        low, high = min(row.feed_in, row.energy), row.energy
        if expect == Expect.MIDPOINT:
            low = high = low + (high - low) // 2
        elif expect == Expect.SCARCITY:
            low = high = high if total > 0 else low
        buy.append(high)
        sell.append(low)
    return tuple(buy), tuple(sell)


def plan_days(
    community: Community,
    history: Profiles,
    batteries: Mapping[str, Battery],
    *,
    lead_slots: int = 0,
    expect: Expect = Expect.MIDPOINT,
    follow: Follow = Follow.PLAN,
    others_order: bool = True,
    rules: RuleSet | None = None,
) -> PlannedDays:
    """Return the days of a community in which some homes have batteries, by home id.

    `history` has the same homes, and what they took before the gates. Homes without battery order
    their forecasts (`others_order`) or nothing. A battery home without a forecast for a slot orders
    nothing that day and its battery rests. With batteries, `load_wh` and `pv_wh` of a home in the
    result are its import and export: what the meter sees. Raises BadInput for an unknown home, for
    other homes in `history`, and what `forecast` and `schedule` refuse.
    """
    names = [home.id for home in community.homes]
    unknown = set(batteries) - set(names)
    if unknown:
        raise BadInput(f"a battery in '{min(unknown)}', which is no home of the community")
    if [home.id for home in history.homes] != names:
        raise BadInput("the earlier data are those of other homes", hint=", ".join(names))
    if history.slot_seconds != community.profiles.slot_seconds:
        raise BadInput("the earlier data have slots of another length")
    forecasts = day_ahead(history, community.slots, zone=community.zone, lead_slots=lead_slots)
    split = (rules or RULES["none"]).split
    rows = [split(retail, community.feed_in_nano) for retail in community.retail_nano]
    total = [sum(wh or 0 for wh in slot) for slot in zip(*forecasts.values(), strict=True)]
    prices = expected_prices(rows, total, expect)
    orders: dict[str, Forecast] = {}
    plans: dict[str, tuple[Step, ...]] = {}
    done: dict[str, tuple[Step, ...]] = {}
    homes = []
    for home in community.homes:
        if home.id in batteries:
            own = _Days(batteries[home.id], community, lead_slots, follow)
            own.live(forecasts[home.id], net_wh(home), prices)
            orders[home.id] = tuple(own.orders)
            plans[home.id], done[home.id] = tuple(own.plans), tuple(own.done)
            homes.append(_metered(home, own.done))
        else:
            orders[home.id] = forecasts[home.id] if others_order else (None,) * len(rows)
            homes.append(home)
    profiles = replace(community.profiles, homes=tuple(homes))
    return PlannedDays(replace(community, profiles=profiles), orders, plans, done)


def _metered(home: Home, done: Sequence[Step]) -> Home:
    return Home(
        home.id,
        tuple(max(step.net_wh, 0) for step in done),
        tuple(max(-step.net_wh, 0) for step in done),
    )


class _Days:
    """One home with its battery through all days."""

    def __init__(
        self, battery: Battery, community: Community, lead_slots: int, follow: Follow
    ) -> None:
        self._battery = battery
        self._slots = community.slots
        self._per_day = DAY_SECONDS // community.profiles.slot_seconds
        self._lead = lead_slots
        self._follow = follow
        self.orders: list[int | None] = []
        self.plans: list[Step] = []
        self.done: list[Step] = []

    def live(
        self,
        forecast: Forecast,
        measured_wh: Sequence[int],
        prices: tuple[Sequence[int], Sequence[int]],
    ) -> None:
        """Plan each day and follow it; one day after the other, since states hang together."""
        for span in self._days():
            known = [wh for wh in forecast[span.start : span.stop] if wh is not None]
            state = self._state_at_gate(span)
            if len(known) == len(span):
                buy, sell = (series[span.start : span.stop] for series in prices)
                plan = schedule(
                    self._battery,
                    known,
                    buy,
                    sell,
                    start_wh=state,
                    end_wh=self._end(state, len(span)),
                )
                self.orders += [step.net_wh for step in plan]
            else:
                plan = idle(state, [wh or 0 for wh in forecast[span.start : span.stop]])
                self.orders += [None] * len(span)
            self.plans += plan
            for at, step in zip(span, plan, strict=True):
                now = self.done[-1].state_wh if self.done else self._battery.start_wh
                follow = self._follow if self.orders[at] is not None else Follow.PLAN
                self.done.append(dispatch(self._battery, now, measured_wh[at], step, follow))

    def _days(self) -> list[range]:
        """Places of the slots of each UTC day."""
        days: dict[int, list[int]] = {}
        for at, slot in enumerate(self._slots):
            days.setdefault(slot // self._per_day, []).append(at)
        return [range(places[0], places[-1] + 1) for places in days.values()]

    def _state_at_gate(self, span: range) -> int:
        """The state that a day begins with, as known at its gate: by plan from there on."""
        gate = self._slots[span.start] // self._per_day * self._per_day - self._lead
        state = self._battery.start_wh
        for at in range(span.start):
            if self._slots[at] < gate:
                state = self.done[at].state_wh
            else:
                state = dispatch(self._battery, state, 0, self.plans[at]).state_wh
        return state

    def _end(self, state_wh: int, slots: int) -> int:
        """The state to end at: that of the first day, or as near as can be."""
        most = state_wh + slots * self._battery.stored_down(self._battery.power_wh)
        return min(self._battery.start_wh, most, self._battery.capacity_wh)
