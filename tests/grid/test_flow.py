"""Voltages, loading and headroom: against formulas for one line, and by what must hold on any."""

from __future__ import annotations

import random
import sys
from math import acos, floor, sqrt, tan

import pytest

from p2pchain.errors import BadInput, CheckFailed
from p2pchain.grid.flow import PPM, Assumptions, Flow, Home, PowerFlow
from p2pchain.grid.headroom import headroom, scaled, total_wh
from p2pchain.grid.network import Line, Network, Transformer, in_order, load

HOUR = Assumptions(3600)
LENGTH_KM, R, X, MAX_KA = 0.4, 0.2, 0.08, 0.1
#: One line behind a transformer without iron: two impedances in a row.
ONE_LINE = Network(
    name="one line",
    f_hz=50,
    source_vm_pu=1.0,
    transformer=Transformer(
        "T", "", "bar", 0.16, 20, 0.4, vk_percent=4, vkr_percent=1.5, pfe_kw=0, i0_percent=0,
        shift_degree=0,
    ),
    buses=("bar", "end"),
    lines=(Line("L", "", "bar", "end", LENGTH_KM, R, X, 0, MAX_KA),),
    loads=("end",),
)  # fmt: skip
OHM = 0.4**2 / 0.16  # of the transformer's rating, seen from below
R_ALL = LENGTH_KM * R + 0.015 * OHM
X_ALL = LENGTH_KM * X + sqrt(0.04**2 - 0.015**2) * OHM
RURAL = load("1-LV-rural1--0-sw")


def by_hand(mw: float, mvar: float) -> float:
    """The voltage at the end of the line, kV: the upper root of
    v**4 + (2 (RP + XQ) - e**2) v**2 + (R**2 + X**2) (P**2 + Q**2) = 0."""
    half = 0.4**2 / 2 - (R_ALL * mw + X_ALL * mvar)
    return sqrt(half + sqrt(half**2 - (R_ALL**2 + X_ALL**2) * (mw**2 + mvar**2)))


def at_end(wh: int, assumptions: Assumptions = HOUR) -> Flow:
    home = Home(1, "end", max(wh, 0), max(-wh, 0))
    return PowerFlow(ONE_LINE, assumptions).solve([home])


@pytest.mark.parametrize("wh", [-60_000, -5_000, 0, 1, 2_500, 20_000, 60_000])
@pytest.mark.parametrize("factor_ppm", [PPM, 950_000, 800_000])
def test_one_line_is_what_the_formula_says(wh: int, factor_ppm: int) -> None:
    found = at_end(wh, Assumptions(3600, power_factor_ppm=factor_ppm))
    mw = wh / 10**6
    mvar = mw * tan(acos(factor_ppm / PPM)) if wh > 0 else 0.0
    kv = by_hand(mw, mvar)
    assert found.voltages[1].voltage_ppm == pytest.approx(kv / 0.4 * PPM, abs=1)
    ka = sqrt(mw**2 + mvar**2) / kv / sqrt(3)
    assert found.lines[0].loading_ppm == pytest.approx(ka / MAX_KA * PPM, abs=1)
    assert found.line_losses_wh == pytest.approx(3 * ka**2 * R * LENGTH_KM * 10**6, abs=1)
    assert found.transformer_losses_wh == pytest.approx(3 * ka**2 * 0.015 * OHM * 10**6, abs=1)
    rated = 0.16 / 0.4 / sqrt(3)
    assert found.transformer.loading_ppm == pytest.approx(ka / rated * PPM, abs=1)
    assert found.down_wh - found.up_wh == pytest.approx(wh + found.line_losses_wh, abs=1)


def test_energy_of_a_shorter_slot_is_more_power() -> None:
    hour, quarter = at_end(20_000), at_end(5_000, Assumptions(900))
    assert quarter.voltages == hour.voltages
    assert quarter.down_wh == pytest.approx(hour.down_wh / 4, abs=1)
    assert quarter.line_losses_wh == pytest.approx(hour.line_losses_wh / 4, abs=1)


def test_more_load_lowers_and_more_generation_raises_every_voltage() -> None:
    solver = PowerFlow(RURAL, HOUR)
    for bus in RURAL.loads:
        flows = [
            solver.solve([Home(1, bus, max(wh, 0), max(-wh, 0))])
            for wh in (-30_000, -10_000, 0, 10_000, 30_000)
        ]
        for place in range(len(RURAL.buses)):
            levels = [flow.voltages[place].voltage_ppm for flow in flows]
            assert levels == sorted(levels, reverse=True)
        assert len({flow.voltages[RURAL.buses.index(bus)].voltage_ppm for flow in flows}) == 5


def test_the_edge_carries_what_homes_take_and_give_and_what_is_lost() -> None:
    rng, solver = random.Random(22), PowerFlow(RURAL, HOUR)
    ways = set()
    for _ in range(60):
        homes = [
            Home(meter, bus, rng.randrange(9_000), rng.choice((0, rng.randrange(16_000))))
            for meter, bus in in_order(RURAL, range(1, 14)).items()
        ]
        found = solver.solve(homes)
        assert found.import_wh == sum(home.import_wh for home in homes)
        net = found.import_wh - found.export_wh + found.line_losses_wh
        assert abs(found.down_wh - found.up_wh - net) <= 1
        assert min(found.down_wh, found.up_wh) == 0
        assert found.line_losses_wh > 0
        assert found.transformer_losses_wh > 460  # its iron alone
        ways.add(found.down_wh > 0)
    assert ways == {True, False}


def test_meters_of_a_bus_add_up() -> None:
    solver = PowerFlow(RURAL, HOUR)
    bus = RURAL.loads[0]
    two = solver.solve([Home(1, bus, 4_000, 0), Home(2, bus, 3_000, 0)])
    assert two.voltages[RURAL.buses.index(bus)].meters == (1, 2)
    one = solver.solve([Home(1, bus, 7_000, 0)])
    assert two.lines == one.lines
    assert two.down_wh == one.down_wh


def test_each_kind_of_violation() -> None:
    assert not at_end(40_000).violations
    tight = Assumptions(3600, voltage_band_ppm=50_000)
    line, low = at_end(72_000, tight).violations
    assert (line.element, line.name, line.limit_ppm) == ("line", "L", PPM)
    assert line.value_ppm > PPM
    assert (low.element, low.name, low.limit_ppm) == ("bus", "end", 950_000)
    assert low.value_ppm == at_end(72_000).voltages[1].voltage_ppm < 950_000
    tight = Assumptions(3600, voltage_band_ppm=20_000)
    (high,) = at_end(-60_000, tight).violations
    assert (high.element, high.name, high.limit_ppm) == ("bus", "end", 1_020_000)
    worst, *_ = PowerFlow(RURAL, HOUR).solve([Home(1, "LV1.101 Bus 4", 170_000, 0)]).violations
    assert (worst.element, worst.name) == ("transformer", "MV1.101-LV1.101-Trafo 1")


def test_a_load_that_no_voltage_delivers() -> None:
    with pytest.raises(CheckFailed, match="cannot deliver") as caught:
        at_end(1_000_000)
    assert caught.value.hint
    solver = PowerFlow(ONE_LINE, HOUR)
    with pytest.raises(CheckFailed):
        solver.solve([Home(1, "end", 1_000_000, 0)])
    assert solver.solve([Home(1, "end", 2_500, 0)]) == at_end(2_500)  # nothing of it is left behind


def test_headroom_of_one_line_is_what_the_formula_says() -> None:
    """A current of 100 A at power factor 1: v = sqrt(e**2 - (X i)**2) -+ R i, P = v i, all of the
    three phases."""
    room = headroom(
        PowerFlow(ONE_LINE, Assumptions(3600, PPM, voltage_band_ppm=200_000)),
        [Home(1, "end", 900, 400)],
    )
    i = sqrt(3) * MAX_KA
    expected = {}
    for direction, sign in (("down", -1), ("up", 1)):
        kv = sqrt(0.4**2 - (X_ALL * i) ** 2) + sign * R_ALL * i
        expected[direction] = floor(kv * i * 10**6)
    assert [entry.direction for entry in room] == ["down", "up"]
    for entry in room:
        assert entry.limit_wh == pytest.approx(expected[entry.direction], abs=1)
        assert (entry.first.element, entry.first.name) == ("line", "L")
    assert [entry.slot_wh for entry in room] == [900, 400]
    assert room[0].carried_wh > room[0].limit_wh
    assert room[1].carried_wh < room[1].limit_wh


@pytest.mark.parametrize("band_ppm", [100_000, 60_000])
def test_one_wh_more_than_the_headroom_violates(band_ppm: int) -> None:
    rng = random.Random(band_ppm)
    homes = [
        Home(meter, bus, rng.randrange(5_000), rng.randrange(5_000) if meter > 9 else 0)
        for meter, bus in in_order(RURAL, range(1, 14)).items()
    ]
    solver = PowerFlow(RURAL, Assumptions(3600, voltage_band_ppm=band_ppm))
    room = headroom(solver, homes)
    assert len(room) == 2
    for entry in room:
        pattern = [
            Home(
                home.meter,
                home.bus,
                home.import_wh if entry.direction == "down" else 0,
                home.export_wh if entry.direction == "up" else 0,
            )
            for home in homes
        ]
        assert entry.slot_wh == total_wh(pattern)
        last = solver.solve(scaled(pattern, entry.limit_wh))
        assert not last.violations
        assert entry.carried_wh == last.down_wh + last.up_wh
        assert entry.first in solver.solve(scaled(pattern, entry.limit_wh + 1)).violations


def test_scaling_keeps_the_shares() -> None:
    pattern = [Home(1, "a", 100, 0), Home(2, "b", 0, 0), Home(3, "c", 50, 0), Home(4, "d", 1, 0)]
    assert scaled(pattern, 151) == pattern
    for wh in (0, 1, 7, 150, 152, 99_999):
        found = scaled(pattern, wh)
        assert total_wh(found) == wh
        for one, was in zip(found, pattern, strict=True):
            assert abs(one.import_wh - was.import_wh * wh / 151) <= 1
            assert one.export_wh == 0
    assert [home.export_wh for home in scaled([Home(1, "a", 0, 3)], 12)] == [12]


def test_no_headroom_where_nothing_fits_or_nobody_did_anything() -> None:
    idle = [Home(1, "end", 0, 0)]
    assert headroom(PowerFlow(ONE_LINE, HOUR), idle) == ()
    narrow = PowerFlow(RURAL, Assumptions(3600, voltage_band_ppm=10_000))  # 102.5 % above it
    with pytest.raises(CheckFailed, match="even without any home"):
        headroom(narrow, [Home(1, RURAL.loads[0], 1, 0)])


def test_wrong_assumptions() -> None:
    for factor_ppm, band_ppm in ((499_999, 1), (PPM + 1, 1), (PPM, 0), (PPM, 500_000)):
        with pytest.raises(BadInput):
            Assumptions(3600, factor_ppm, band_ppm)


def test_without_pandapower_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pandapower", None)
    with pytest.raises(BadInput, match="pandapower") as caught:
        PowerFlow(RURAL, HOUR)
    assert caught.value.hint == "pip install 'p2pchain[grid]'"
