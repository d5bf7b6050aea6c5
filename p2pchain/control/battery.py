"""A home battery: its plan for the day, and what it does in a slot.

The state is what can still be taken out, in Wh; all losses of the round trip fall on charging.
The plan is a small linear program (HiGHS, extra `plan`) over states of charge; with whole numbers
it is followed exactly. Energy in Wh at the home's side, prices in nano-currency per Wh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import floor
from typing import Any, Final

from p2pchain.errors import BadInput, CheckFailed

PPM: Final = 1_000_000
_MAX_WH: Final = 10**9
# Halves are common where a battery meets a load exactly; this far from one, up to the solver's
# noise, they are all rounded the same way.
_NOISE: Final = 1e-6


class Follow(Enum):
    """What a battery keeps to when the home takes other than forecast.

    `PLAN`: the planned charge. `METER`: the planned net load, so that less deviates from what is
    contracted; the state then drifts from the plan.
    """

    PLAN = "plan"
    METER = "meter"


@dataclass(frozen=True, slots=True)
class Battery:
    """Limits of a battery: usable Wh, Wh in or out per slot, round trip in parts per million.

    Raises BadInput for limits that no battery has.
    """

    capacity_wh: int
    power_wh: int
    efficiency_ppm: int = PPM
    start_wh: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.capacity_wh <= _MAX_WH or not 0 <= self.power_wh <= _MAX_WH:
            raise BadInput(f"a battery has 0 to {_MAX_WH} Wh, and so has what it takes in a slot")
        if not 0 < self.efficiency_ppm <= PPM:
            raise BadInput(
                f"a round trip of {self.efficiency_ppm} ppm", hint=f"it is above 0, at most {PPM}"
            )
        self.check_state(self.start_wh)

    def check_state(self, state_wh: int) -> None:
        """Raise BadInput unless the battery can hold `state_wh`."""
        if not 0 <= state_wh <= self.capacity_wh:
            raise BadInput(f"a state of {state_wh} Wh: the battery holds 0 to {self.capacity_wh}")

    def stored_down(self, charge_wh: int) -> int:
        """Return what charging adds to the state, rounded down."""
        return charge_wh * self.efficiency_ppm // PPM

    def charge_up(self, stored_wh: int) -> int:
        """Return the least charge that adds `stored_wh` to the state."""
        return -(-stored_wh * PPM // self.efficiency_ppm)


@dataclass(frozen=True, slots=True)
class Step:
    """One slot: charge or discharge, the state after it, and the home's net load with it; Wh."""

    charge_wh: int
    discharge_wh: int
    state_wh: int
    net_wh: int


def schedule(
    battery: Battery,
    net_wh: Sequence[int],
    buy_nano: Sequence[int],
    sell_nano: Sequence[int],
    *,
    start_wh: int | None = None,
    end_wh: int | None = None,
) -> tuple[Step, ...]:
    """Return the cheapest plan for the slots of a day; its `net_wh` are the orders of the day.

    `net_wh` is the home's forecast without battery; a Wh is expected to cost `buy_nano` and to
    bring `sell_nano`. The plan begins at `start_wh` (None: the battery's) and ends at `end_wh` or
    above (None: where it begins, so that no day lives on the one before). States of the program are
    rounded to whole Wh, halves up; what follows from them keeps all limits, and costs at most a Wh
    per slot more than the best. Raises BadInput: series of different lengths, a buy price below the
    sell price, an end out of reach, no solver.
    """
    slots = len(net_wh)
    if not slots or len(buy_nano) != slots or len(sell_nano) != slots:
        raise BadInput(
            f"{slots} slots of load, {len(buy_nano)} and {len(sell_nano)} prices",
            hint="give a price to buy and a price to sell for every slot, and at least one",
        )
    if any(buy < sell for buy, sell in zip(buy_nano, sell_nano, strict=True)):
        raise BadInput("a price to buy is below the price to sell: any amount would pay")
    start = battery.start_wh if start_wh is None else start_wh
    end = start if end_wh is None else end_wh
    battery.check_state(start)
    battery.check_state(end)
    if end > min(start + slots * battery.stored_down(battery.power_wh), battery.capacity_wh):
        raise BadInput(f"the battery cannot get from {start} to {end} Wh in {slots} slots")
    solved = _solve(battery, net_wh, buy_nano, sell_nano, start, end)
    most_stored = battery.stored_down(battery.power_wh)
    state, steps = start, []
    for net, value in zip(net_wh, solved, strict=True):
        change = floor(value + 0.5 + _NOISE) - state
        change = min(max(change, -battery.power_wh), most_stored)
        steps.append(_move(battery, state, change, net))
        state = steps[-1].state_wh
    check(battery, start, net_wh, steps)
    if state < end:
        raise CheckFailed(f"the plan ends at {state} Wh instead of {end}")
    return tuple(steps)


def dispatch(
    battery: Battery, state_wh: int, measured_net_wh: int, plan: Step, follow: Follow = Follow.PLAN
) -> Step:
    """Return what the battery does in a slot in which the home itself takes `measured_net_wh`.

    It follows the plan (see `Follow`) as far as power, capacity and `state_wh` allow. Raises
    BadInput for a state that the battery cannot hold.
    """
    battery.check_state(state_wh)
    if follow == Follow.PLAN:
        wanted = plan.charge_wh - plan.discharge_wh
    else:
        wanted = plan.net_wh - measured_net_wh
    charge = min(max(wanted, 0), battery.power_wh, _room_up(battery, state_wh))
    discharge = min(max(-wanted, 0), battery.power_wh, state_wh)
    state = state_wh + battery.stored_down(charge) - discharge
    return Step(charge, discharge, state, measured_net_wh + charge - discharge)


def idle(state_wh: int, net_wh: Sequence[int]) -> tuple[Step, ...]:
    """Return a plan in which the battery does nothing."""
    return tuple(Step(0, 0, state_wh, net) for net in net_wh)


def check(battery: Battery, start_wh: int, net_wh: Sequence[int], steps: Sequence[Step]) -> None:
    """Raise CheckFailed unless the steps keep power, capacity, state and balance, to the unit."""
    state = start_wh
    for at, (net, step) in enumerate(zip(net_wh, steps, strict=True)):
        state += battery.stored_down(step.charge_wh) - step.discharge_wh
        for holds, what in (
            (0 <= step.charge_wh <= battery.power_wh, "charge"),
            (0 <= step.discharge_wh <= battery.power_wh, "discharge"),
            (not (step.charge_wh and step.discharge_wh), "charge and discharge at once"),
            (0 <= step.state_wh <= battery.capacity_wh, "capacity"),
            (step.state_wh == state, "state"),
            (step.net_wh == net + step.charge_wh - step.discharge_wh, "balance"),
        ):
            if not holds:
                raise CheckFailed(f"slot {at} of the plan: {what} does not hold ({step})")


def _move(battery: Battery, state_wh: int, change_wh: int, net_wh: int) -> Step:
    """Change the state by a whole number of Wh."""
    charge = battery.charge_up(max(change_wh, 0))
    discharge = max(-change_wh, 0)
    return Step(charge, discharge, state_wh + change_wh, net_wh + charge - discharge)


def _room_up(battery: Battery, state_wh: int) -> int:
    """The most that can be charged at a state without overfilling, capacity left rounded up."""
    room = battery.capacity_wh - state_wh
    return ((room + 1) * PPM - 1) // battery.efficiency_ppm if room else 0


def _solve(
    battery: Battery,
    net_wh: Sequence[int],
    buy_nano: Sequence[int],
    sell_nano: Sequence[int],
    start_wh: int,
    end_wh: int,
) -> list[float]:
    """States after each slot of a cheapest plan in real numbers.

    What can be stored or taken in a slot is bounded by whole numbers, and rounding is monotone:
    states that differ by at most such a bound still do so when both are rounded. Where energy has
    a negative price, a battery would burn it by charging and discharging at once; a binary
    variable forbids it.
    """
    highspy = _highspy()
    model = highspy.Highs()
    model.setOptionValue("output_flag", False)
    most_stored = battery.stored_down(battery.power_wh)
    per_stored = PPM / battery.efficiency_ppm
    before: Any = start_wh
    states = []
    for at, (net, buy, sell) in enumerate(zip(net_wh, buy_nano, sell_nano, strict=True)):
        last = at == len(net_wh) - 1
        state = model.addVariable(lb=end_wh if last else 0, ub=battery.capacity_wh)
        stored = model.addVariable(lb=0, ub=most_stored)
        taken = model.addVariable(lb=0, ub=battery.power_wh)
        # In currency per 1,000 kWh, which keeps the figures of the program near one.
        bought = model.addVariable(lb=0, obj=buy / PPM)
        sold = model.addVariable(lb=0, obj=-sell / PPM)
        model.addConstr(state - before - stored + taken == 0)
        model.addConstr(bought - sold - per_stored * stored + taken == net)
        if sell < 0:
            way = model.addVariable(lb=0, ub=1, type=highspy.HighsVarType.kInteger)
            model.addConstr(stored - most_stored * way <= 0)
            model.addConstr(taken + battery.power_wh * way <= battery.power_wh)
        before = state
        states.append(state)
    model.run()
    if model.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise CheckFailed(f"no plan was found: {model.getModelStatus().name}")
    values = model.getSolution().col_value
    return [values[state.index] for state in states]


def check_solver() -> None:
    """Raise BadInput where there is no solver to plan a battery with."""
    _highspy()


def _highspy() -> Any:
    try:
        import highspy
    except ImportError:
        raise BadInput(
            "planning a battery needs the solver HiGHS", hint="pip install 'p2pchain[plan]'"
        ) from None
    return highspy
