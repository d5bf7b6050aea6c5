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
from p2pchain.control.forecast import Forecast, check_lead, forecast, net_wh
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
    expect: Expect = Expect.SCARCITY,
    follow: Follow = Follow.PLAN,
    others_order: bool = True,
    rules: RuleSet | None = None,
) -> PlannedDays:
    """Return the days of a community in which some homes have batteries, by home id.

    `history` has the same homes, and what they took before the gates. Homes without battery order
    their forecasts (`others_order`) or nothing. A plan looks one day further than it orders, as far
    as the community's slots go, and has the battery at its first state at its end: a UTC day may
    end before the evening that a battery is there for. A battery home without a forecast for a slot
    orders nothing that day and its battery rests. In the result `load_wh` and `pv_wh` of a home
    with battery are its import and export: what the meter sees. Raises BadInput for an unknown
    home, for other homes in `history`, and what `forecast` and `schedule` refuse.
    """
    check_lead(lead_slots)
    _check(community, history, batteries)
    slots, seconds = community.slots, history.slot_seconds
    split = (rules or RULES["none"]).split
    rows = [split(retail, community.feed_in_nano) for retail in community.retail_nano]
    measured = {home.id: net_wh(home) for home in community.homes}
    earlier = {home.id: net_wh(home) for home in history.homes}
    orders: dict[str, list[int | None]] = {home.id: [] for home in community.homes}
    lives = {name: _Life(battery, follow) for name, battery in batteries.items()}
    for span, horizon in _spans(slots, DAY_SECONDS // seconds):
        day = slots[span.start] // (DAY_SECONDS // seconds)
        gate = day * (DAY_SECONDS // seconds) - lead_slots
        forecasts = {
            name: forecast(
                history.slots,
                values,
                slots[span.start : horizon],
                gate_slot=gate,
                slot_seconds=seconds,
                zone=community.zone,
            )
            for name, values in earlier.items()
        }
        total = [sum(wh or 0 for wh in slot) for slot in zip(*forecasts.values(), strict=True)]
        prices = expected_prices(rows[span.start : horizon], total, expect)
        known = sum(slot < gate for slot in slots[: span.start])
        for name, ahead in forecasts.items():
            if name in lives:
                orders[name] += lives[name].plan(ahead, prices, known, len(span))
                lives[name].follow(measured[name][span.start : span.stop])
            else:
                orders[name] += ahead[: len(span)] if others_order else [None] * len(span)
    homes = tuple(
        _metered(home, lives[home.id].done) if home.id in lives else home
        for home in community.homes
    )
    return PlannedDays(
        replace(community, profiles=replace(community.profiles, homes=homes)),
        {name: tuple(values) for name, values in orders.items()},
        {name: tuple(life.plans) for name, life in lives.items()},
        {name: tuple(life.done) for name, life in lives.items()},
    )


def _check(community: Community, history: Profiles, batteries: Mapping[str, Battery]) -> None:
    names = [home.id for home in community.homes]
    unknown = set(batteries) - set(names)
    if unknown:
        raise BadInput(
            f"a battery in '{min(unknown)}', which is no home of the community",
            hint=f"there are {', '.join(names)}",
        )
    if [home.id for home in history.homes] != names:
        raise BadInput(
            "the earlier data are those of other homes", hint=f"give those of {', '.join(names)}"
        )
    if history.slot_seconds != community.profiles.slot_seconds:
        raise BadInput(
            f"the earlier data have slots of {history.slot_seconds} seconds, "
            f"the community of {community.profiles.slot_seconds}"
        )


def _spans(slots: Sequence[int], per_day: int) -> list[tuple[range, int]]:
    """Places of the slots of each UTC day, and the place at which the day after it ends."""
    days: dict[int, list[int]] = {}
    for at, slot in enumerate(slots):
        days.setdefault(slot // per_day, []).append(at)
    ends = {day: places[-1] + 1 for day, places in days.items()}
    return [
        (range(places[0], places[-1] + 1), ends.get(day + 1, places[-1] + 1))
        for day, places in days.items()
    ]


def _metered(home: Home, done: Sequence[Step]) -> Home:
    return Home(
        home.id,
        tuple(max(step.net_wh, 0) for step in done),
        tuple(max(-step.net_wh, 0) for step in done),
    )


class _Life:
    """A battery through all days: what was planned, what was done."""

    def __init__(self, battery: Battery, follow: Follow) -> None:
        self._battery = battery
        self._follow = follow
        self._ordered = False
        self.plans: list[Step] = []
        self.done: list[Step] = []

    def plan(
        self,
        ahead: Forecast,
        prices: tuple[Sequence[int], Sequence[int]],
        known: int,
        slots: int,
    ) -> list[int | None]:
        """Plan a day of `slots` slots, after `known` are past; return its orders."""
        state = self.state_expected(known)
        loads = [wh for wh in ahead if wh is not None]
        self._ordered = len(loads) == len(ahead)
        if not self._ordered:
            self.plans += idle(state, [wh or 0 for wh in ahead[:slots]])
            return [None] * slots
        most = state + len(ahead) * self._battery.stored_down(self._battery.power_wh)
        end = min(self._battery.start_wh, most)
        plan = schedule(self._battery, loads, *prices, start_wh=state, end_wh=end)
        self.plans += plan[:slots]
        return [step.net_wh for step in plan[:slots]]

    def state_expected(self, known: int) -> int:
        """The state in which a day begins: what is known at its gate, and from there by plan."""
        state = self.done[known - 1].state_wh if known else self._battery.start_wh
        for step in self.plans[known:]:
            state = dispatch(self._battery, state, 0, step).state_wh
        return state

    def follow(self, measured_wh: Sequence[int]) -> None:
        """Go through a day as it was measured without battery."""
        how = self._follow if self._ordered else Follow.PLAN
        for net in measured_wh:
            at = len(self.done)
            state = self.done[-1].state_wh if self.done else self._battery.start_wh
            self.done.append(dispatch(self._battery, state, net, self.plans[at], how))
