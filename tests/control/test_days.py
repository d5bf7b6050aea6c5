"""Batteries in two of the measured homes: planned before the gate, traded ahead, then metered."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from p2pchain.control.battery import Battery, Follow, check
from p2pchain.control.compare import compare
from p2pchain.control.days import Expect, PlannedDays, expected_prices, plan_days
from p2pchain.control.forecast import day_ahead, net_wh
from p2pchain.data import Community, Home, load_fontana
from p2pchain.errors import BadInput
from p2pchain.model import TariffRow

BATTERY = Battery(10_000, 2_500, 900_000)
TWO = {"H02": BATTERY, "H09": BATTERY}


@pytest.fixture(scope="module")
def june() -> Community:
    return load_fontana("2017-06-12", 2)


@pytest.fixture(scope="module")
def spring() -> Community:
    return load_fontana("2017-05-14", 31)


@pytest.fixture(scope="module")
def planned(june: Community, spring: Community) -> PlannedDays:
    return plan_days(june, spring.profiles, TWO)


def test_what_is_planned_and_done_keeps_the_limits(june: Community, planned: PlannedDays) -> None:
    for home, metered in zip(june.homes, planned.community.homes, strict=True):
        if home.id in TWO:
            done, plans = planned.done[home.id], planned.plans[home.id]
            check(BATTERY, 0, net_wh(home), done)
            assert net_wh(metered) == tuple(step.net_wh for step in done)
            assert planned.orders[home.id] == tuple(step.net_wh for step in plans)
            # To the plan: the same charge, and the load's own error is all that deviates.
            assert [(s.charge_wh, s.discharge_wh) for s in done] == [
                (s.charge_wh, s.discharge_wh) for s in plans
            ]
            assert sum(step.discharge_wh for step in done) > 10_000
        else:
            assert metered == home
    assert planned.done.keys() == planned.plans.keys() == TWO.keys()


def test_the_others_order_their_forecasts(
    june: Community, spring: Community, planned: PlannedDays
) -> None:
    forecasts = day_ahead(spring.profiles, june.slots, zone=june.zone)
    for name, orders in planned.orders.items():
        assert (orders == forecasts[name]) == (name not in TWO)


def test_batteries_have_something_to_trade_with_only_if_the_others_order_too(
    june: Community, spring: Community, planned: PlannedDays
) -> None:
    lonely = plan_days(june, spring.profiles, TWO, others_order=False)
    found, few = (compare(p.community, p.orders) for p in (planned, lonely))
    ahead, little = (sum(slot.forward_wh for slot in c.slots) for c in (found, few))
    print(f"{ahead} Wh contracted where all order, {little} Wh where two homes do")
    assert ahead > 40_000
    assert little < 1_000


def test_battery_homes_gain_by_their_batteries_and_by_trading_ahead(
    june: Community, planned: PlannedDays
) -> None:
    before = {bill.id: bill for bill in compare(june, {}).homes}
    found = compare(planned.community, planned.orders)
    for bill in found.homes:
        if bill.id in TWO:
            assert bill.both_nano < bill.metered_nano < before[bill.id].metered_nano
            assert bill.forward_bought_wh > 5_000
            assert bill.forward_sold_wh > 5_000
    total = sum(bill.both_nano for bill in found.homes)
    assert total == sum(bill.metered_nano for bill in found.homes)
    saved = sum(bill.metered_nano for bill in before.values()) - total
    assert saved > 10 * 10**9


@pytest.mark.parametrize("follow", list(Follow))
@pytest.mark.parametrize("lead", [0, 3, 8])
def test_no_plan_knows_anything_after_its_gate(
    june: Community, spring: Community, follow: Follow, lead: int
) -> None:
    def orders(slot: int) -> dict[str, tuple[int | None, ...]]:
        """Orders where everything at and after `slot` is measured otherwise."""

        def change(community: Community) -> Community:
            homes = tuple(
                Home(
                    home.id,
                    tuple(
                        wh if s < slot else 999
                        for s, wh in zip(community.slots, home.load_wh, strict=True)
                    ),
                    tuple(
                        wh if s < slot else 0
                        for s, wh in zip(community.slots, home.pv_wh, strict=True)
                    ),
                )
                for home in community.homes
            )
            return replace(community, profiles=replace(community.profiles, homes=homes))

        return plan_days(
            change(june), change(spring).profiles, TWO, follow=follow, lead_slots=lead
        ).orders

    true = orders(june.slots[-1] + 1)
    for day in sorted({slot // 24 for slot in june.slots}):
        blind = orders(day * 24 - lead)
        until = sum(slot // 24 <= day for slot in june.slots)
        for name, values in true.items():
            assert blind[name][:until] == values[:until]
    # Later days do follow what was measured in between.
    assert orders(june.slots[0])["H02"] != true["H02"]


def test_a_home_without_forecast_orders_nothing_and_its_battery_rests(june: Community) -> None:
    found = plan_days(june, june.profiles, TWO)
    first = sum(slot // 24 == june.slots[0] // 24 for slot in june.slots)
    for name in TWO:
        assert set(found.orders[name][:first]) == {None}
        assert all(s.charge_wh == s.discharge_wh == 0 for s in found.done[name][:first])


def test_expected_prices_are_those_of_the_tariff() -> None:
    rows = [TariffRow(energy=200, feed_in=51), TariffRow(energy=40, feed_in=51)]

    def prices(expect: Expect, total: int) -> object:
        return expected_prices(rows, [total, total], expect)

    assert prices(Expect.TARIFF, 5) == ((200, 40), (51, 40))
    assert prices(Expect.MIDPOINT, 5) == ((125, 40), (125, 40))
    assert prices(Expect.SCARCITY, 5) == ((200, 40), (200, 40))
    assert prices(Expect.SCARCITY, -5) == ((51, 40), (51, 40))


def test_bad_input(june: Community, spring: Community) -> None:
    with pytest.raises(BadInput, match="a battery in 'H99'"):
        plan_days(june, spring.profiles, {"H99": BATTERY})
    with pytest.raises(BadInput, match="those of other homes"):
        plan_days(june, load_fontana("2017-05-14", 31, homes=3).profiles, TWO)
    with pytest.raises(BadInput, match="slots of 900 seconds"):
        plan_days(june, replace(spring.profiles, slot_seconds=900), TWO)
    with pytest.raises(BadInput, match="after the beginning of its day"):
        plan_days(june, spring.profiles, TWO, lead_slots=-1)


def test_no_solver_is_loaded_before_it_is_needed() -> None:
    code = (
        "import sys, p2pchain.control.days, p2pchain.control.compare\n"
        "assert not {'highspy', 'numpy', 'web3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
