"""Plans of batteries against brute force, and what a battery does when the day comes."""

from __future__ import annotations

import itertools
import random
import sys
from dataclasses import replace
from math import ceil

import pytest

from p2pchain.control.battery import Battery, Follow, Step, check, dispatch, idle, schedule
from p2pchain.errors import BadInput, CheckFailed


def cost_nano(steps: tuple[Step, ...], buy: list[int], sell: list[int]) -> int:
    return sum(
        max(step.net_wh, 0) * b - max(-step.net_wh, 0) * s
        for step, b, s in zip(steps, buy, sell, strict=True)
    )


def cheapest(
    battery: Battery, net: list[int], buy: list[int], sell: list[int], end: int
) -> int | None:
    """The least that any path through whole states costs; None where there is none."""
    best: int | None = None
    for path in itertools.product(range(battery.capacity_wh + 1), repeat=len(net)):
        if path[-1] < end:
            continue
        cost, state, able = 0, battery.start_wh, True
        for wanted, load, b, s in zip(path, net, buy, sell, strict=True):
            change, state = wanted - state, wanted
            grid = ceil(change * 1_000_000 / battery.efficiency_ppm) if change > 0 else change
            able = able and abs(grid) <= battery.power_wh
            cost += (load + grid) * (b if load + grid > 0 else s)
        if able and (best is None or cost < best):
            best = cost
    return best


@pytest.mark.parametrize("efficiency_ppm", [1_000_000, 500_000, 900_000])
def test_a_plan_is_as_cheap_as_the_best_of_all_plans(efficiency_ppm: int) -> None:
    rng = random.Random(efficiency_ppm)
    gained = negative = 0
    for _ in range(150):
        capacity = rng.randrange(1, 5)
        battery = Battery(
            capacity, rng.randrange(1, 5), efficiency_ppm, rng.randrange(capacity + 1)
        )
        net = [rng.randrange(-4, 5) for _ in range(4)]
        sell = [rng.randrange(-30, 100) for _ in net]
        buy = [price + rng.randrange(0, 60) for price in sell]
        steps = schedule(battery, net, buy, sell)
        check(battery, battery.start_wh, net, steps)
        assert steps[-1].state_wh >= battery.start_wh
        best = cheapest(battery, net, buy, sell, battery.start_wh)
        assert best is not None
        found = cost_nano(steps, buy, sell)
        assert found >= best
        # Whole numbers where nothing is lost; else rounding costs less than a Wh or two per slot.
        rounding = (
            0
            if efficiency_ppm == 1_000_000
            else 2 * sum(max(map(abs, p)) for p in zip(buy, sell, strict=True))
        )
        assert found - best <= rounding
        without = cost_nano(idle(battery.start_wh, net), buy, sell)
        gained += found < without
        negative += min(sell) < 0
    print(f"{gained} of 150 plans gain, {negative} with negative prices")
    assert gained >= 40
    assert negative >= 50


def test_a_day_of_large_figures_keeps_every_limit() -> None:
    rng = random.Random(5)
    for _ in range(40):
        capacity = rng.randrange(0, 20_000)
        battery = Battery(
            capacity, rng.randrange(0, 6_000), rng.choice((1_000_000, 900_000, 853_333, 1)),
            rng.randrange(capacity + 1),
        )  # fmt: skip
        net = [rng.randrange(-5_000, 5_000) for _ in range(24)]
        sell = [rng.randrange(-50_000, 200_000) for _ in net]
        buy = [price + rng.choice((0, 0, 150_000)) for price in sell]
        steps = schedule(battery, net, buy, sell)
        state = battery.start_wh
        for load, step in zip(net, steps, strict=True):
            assert 0 <= step.charge_wh <= battery.power_wh
            assert 0 <= step.discharge_wh <= battery.power_wh
            assert 0 in (step.charge_wh, step.discharge_wh)
            state += step.charge_wh * battery.efficiency_ppm // 1_000_000 - step.discharge_wh
            assert 0 <= state == step.state_wh <= capacity
            assert step.net_wh == load + step.charge_wh - step.discharge_wh
        assert state >= battery.start_wh


def test_a_plan_shifts_from_cheap_to_dear_by_hand() -> None:
    battery = Battery(1_000, 600, 800_000)
    steps = schedule(battery, [100, 100, 100], [10, 20, 90], [10, 20, 90])
    # 600 Wh bought at 10 store 480. 120 more can still be sold at the end, and cost 150 at 20.
    assert [(s.charge_wh, s.discharge_wh, s.state_wh, s.net_wh) for s in steps] == [
        (600, 0, 480, 700), (150, 0, 600, 250), (0, 600, 0, -500),
    ]  # fmt: skip
    # Own use alone is worth anything where selling brings nothing.
    steps = schedule(
        replace(battery, start_wh=150), [100, 50, 0], [90, 90, 90], [0, 0, 0], end_wh=0
    )
    assert [s.net_wh for s in steps] == [0, 0, 0]


def test_prices_that_do_not_cover_the_losses_leave_a_battery_idle() -> None:
    battery = Battery(1_000, 600, 800_000)
    steps = schedule(battery, [0, 0], [81, 100], [80, 100])
    assert steps == idle(0, [0, 0])


def test_no_energy_is_burnt_by_charging_and_discharging_at_once() -> None:
    # Paid for taking energy: the battery fills once and cannot do more.
    battery = Battery(100, 500, 500_000)
    (step,) = schedule(battery, [0], [-10], [-10])
    assert step == Step(200, 0, 100, 200)
    # Full: 100 Wh out cost 1,000, the 200 Wh that then fit in bring 1,600. Burning would hide it.
    steps = schedule(replace(battery, start_wh=100), [0, 0], [-10, -8], [-10, -8])
    assert steps == (Step(0, 100, 0, -100), Step(200, 0, 100, 200))


def test_the_end_is_kept() -> None:
    battery = Battery(1_000, 300, start_wh=500)
    dear = [1_000_000] * 3
    steps = schedule(battery, [400] * 3, dear, dear)
    assert steps[-1].state_wh == 500
    assert schedule(battery, [400] * 3, dear, dear, end_wh=0)[-1].state_wh == 0
    assert schedule(battery, [400] * 3, dear, dear, start_wh=0, end_wh=900)[-1].state_wh == 900
    with pytest.raises(BadInput, match="cannot get from 0 to 901"):
        schedule(battery, [400] * 3, dear, dear, start_wh=0, end_wh=901)


def test_dispatch_follows_the_plan_or_the_meter_within_the_limits() -> None:
    battery = Battery(1_000, 600, 500_000)
    plan = Step(400, 0, 700, 900)
    # The home takes 300 instead of 500 Wh: the meter is off, or the battery makes up for it.
    assert dispatch(battery, 500, 300, plan) == Step(400, 0, 700, 700)
    assert dispatch(battery, 500, 300, plan, Follow.METER) == Step(600, 0, 800, 900)
    assert dispatch(battery, 500, 1_200, plan, Follow.METER) == Step(0, 300, 200, 900)
    # Full, and empty.
    assert dispatch(battery, 900, 500, plan) == Step(201, 0, 1_000, 701)
    assert dispatch(battery, 1_000, 500, plan) == Step(0, 0, 1_000, 500)
    assert dispatch(battery, 100, 500, Step(0, 400, 0, 100)) == Step(0, 100, 0, 400)


def test_dispatch_keeps_every_limit_whatever_is_measured() -> None:
    rng = random.Random(9)
    moved = 0
    for _ in range(2_000):
        capacity = rng.randrange(0, 50)
        battery = Battery(capacity, rng.randrange(0, 30), rng.randrange(1, 1_000_001))
        state, net = rng.randrange(capacity + 1), rng.randrange(-60, 60)
        plan = Step(rng.randrange(0, 60), 0, 0, rng.randrange(-60, 60))
        if rng.random() < 0.5:
            plan = Step(0, plan.charge_wh, 0, plan.net_wh)
        step = dispatch(battery, state, net, plan, rng.choice(list(Follow)))
        check(battery, state, [net], [step])
        moved += step.net_wh != net
    assert moved >= 1_000


def test_the_check_can_fail() -> None:
    battery = Battery(100, 50, 500_000)
    check(battery, 0, [5], [Step(50, 0, 25, 55)])
    for wrong in (
        Step(52, 0, 26, 57),
        Step(0, 1, -1, 4),
        Step(50, 0, 26, 55),
        Step(50, 0, 25, 54),
        Step(2, 1, 0, 6),
    ):
        with pytest.raises(CheckFailed):
            check(battery, 0, [5], [wrong])


def test_bad_input() -> None:
    for limits in ((-1, 5), (5, -1), (10**10, 5), (5, 5, 0), (5, 5, 1_000_001), (5, 5, 10**6, 6)):
        with pytest.raises(BadInput):
            Battery(*limits)
    battery = Battery(5, 5)
    with pytest.raises(BadInput, match="1 slots of load, 2 and 1 prices"):
        schedule(battery, [1], [1, 2], [1])
    with pytest.raises(BadInput, match="0 slots of load"):
        schedule(battery, [], [], [])
    with pytest.raises(BadInput, match="below the price to sell"):
        schedule(battery, [1], [1], [2])
    with pytest.raises(BadInput, match="a state of 6 Wh"):
        schedule(battery, [1], [1], [1], start_wh=6)
    with pytest.raises(BadInput, match="a state of -1 Wh"):
        dispatch(battery, -1, 0, Step(0, 0, 0, 0))


def test_without_the_solver_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)
    with pytest.raises(BadInput, match="HiGHS") as caught:
        schedule(Battery(5, 5), [1], [1], [1])
    assert caught.value.hint == "pip install 'p2pchain[plan]'"
