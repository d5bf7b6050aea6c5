"""A forecast is the mean of the same time of the four weeks before, and never looks ahead."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from p2pchain.control.forecast import day_ahead, forecast, mean_toward_zero, net_wh
from p2pchain.data import Home, load_fontana
from p2pchain.errors import BadInput
from p2pchain.units import slot_of

ZONE = "America/Los_Angeles"


def at(text: str, zone: str = ZONE) -> int:
    return slot_of(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)), 3600)


def one(
    slots: list[int], values: list[int], wanted: int, gate: int, zone: str = "UTC"
) -> int | None:
    return forecast(slots, values, [wanted], gate_slot=gate, slot_seconds=3600, zone=zone)[0]


def test_it_is_the_mean_of_the_same_hour_over_four_weeks() -> None:
    gate = 24 * 1_000
    slots = list(range(gate - 24 * 40, gate))
    values = [slot // 24 * 100 + slot % 24 for slot in slots]
    # Days 972 to 999 at 07:00: 100 * 985.5 + 7.
    assert one(slots, values, gate + 7, gate) == 98_557
    # A day further the days 973 to 999 are left of its four weeks.
    assert one(slots, values, gate + 31, gate) == 98_607
    # With the gate one hour earlier 23:00 of the day before is not known yet.
    assert one(slots, values, gate + 23, gate) == 98_573
    assert one(slots, values, gate + 23, gate - 1) == 98_523


def test_a_mean_is_cut_toward_zero() -> None:
    assert [mean_toward_zero(v) for v in ([1, 2], [-1, -2], [0, 1], [-3], [5, -4, 1])] == [
        1, -1, 0, -3, 0,
    ]  # fmt: skip


def test_fewer_days_where_the_data_begin_later_and_none_without_any() -> None:
    gate = 24 * 1_000
    slots = [gate - 48 + 5, gate - 24 + 5]
    assert one(slots, [10, 21], gate + 5, gate) == 15
    assert one(slots[1:], [21], gate + 5, gate) == 21
    assert one(slots, [10, 21], gate + 6, gate) is None
    assert one([], [], gate, gate) is None
    # Four weeks on nothing bears on it any more.
    assert one(slots, [10, 21], gate + 24 * 27 + 5, gate) == 21
    assert one(slots, [10, 21], gate + 24 * 28 + 5, gate) is None


def test_time_of_day_is_local_across_a_change_of_the_clocks() -> None:
    slots = list(range(at("2017-03-11T00:00"), at("2017-03-14T00:00")))
    values = [slot - slots[0] for slot in slots]
    gate = at("2017-03-13T00:00")
    wanted = at("2017-03-13T08:00")
    # 08:00 of the 11th is hour 8; of the 12th, whose clocks skip 02:00, hour 31.
    assert one(slots, values, wanted, gate, ZONE) == (8 + 31) // 2
    assert one(slots, values, wanted, gate, "UTC") == (7 + 31) // 2
    # 02:00 is skipped on the 12th and does not count.
    assert one(slots, values, at("2017-03-13T02:00"), gate, ZONE) == 2


def test_of_an_hour_that_comes_twice_the_first_counts() -> None:
    first = slot_of(datetime(2016, 11, 6, 8, tzinfo=UTC), 3600)
    gate = at("2016-11-07T00:00")
    wanted = at("2016-11-07T01:00")
    assert one([first, first + 1], [40, 80], wanted, gate, ZONE) == 40


@pytest.mark.parametrize("lead", [0, 1, 5])
def test_data_at_or_after_the_gate_change_nothing(lead: int) -> None:
    history = load_fontana("2017-05-14", 32, homes=3)
    slots, measured = history.slots, net_wh(history.homes[0])
    day = at("2017-06-12T17:00")  # the beginning of a UTC day
    assert day % 24 == 0
    gate, wanted = day - lead, range(day, day + 24)
    rng = random.Random(lead)

    def ask(values: list[int]) -> tuple[int | None, ...]:
        return forecast(slots, values, wanted, gate_slot=gate, slot_seconds=3600, zone=ZONE)

    before = ask(list(measured))
    assert None not in before
    for _ in range(20):
        changed = [
            wh if slot < gate else rng.randrange(-9_999, 9_999)
            for slot, wh in zip(slots, measured, strict=True)
        ]
        assert ask(changed) == before
    # The last slot that is known does count, so the test can fail.
    last = slots.index(gate - 1)
    changed = list(measured)
    changed[last] += 28_000
    assert ask(changed) != before


def test_orders_of_a_day_do_not_know_the_day() -> None:
    history = load_fontana("2017-05-14", 31)
    wanted = load_fontana("2017-06-12", 2).slots
    before = day_ahead(history.profiles, wanted, zone=ZONE, lead_slots=1)
    for place in range(0, len(wanted), 5):
        gate = wanted[place] // 24 * 24 - 1
        homes = tuple(
            Home(
                home.id,
                tuple(
                    wh if s < gate else 7 for s, wh in zip(history.slots, home.load_wh, strict=True)
                ),
                tuple(
                    wh if s < gate else 0 for s, wh in zip(history.slots, home.pv_wh, strict=True)
                ),
            )
            for home in history.homes
        )
        after = day_ahead(replace(history.profiles, homes=homes), wanted, zone=ZONE, lead_slots=1)
        for name, values in before.items():
            assert after[name][place] == values[place]
    assert any(wh for values in before.values() for wh in values)


def test_a_day_is_forecast_as_its_slots_one_by_one() -> None:
    history = load_fontana("2017-05-14", 31, homes=2)
    wanted = load_fontana("2017-06-12", 2).slots
    found = day_ahead(history.profiles, wanted, zone=ZONE, lead_slots=1)
    for home in history.homes:
        for slot, wh in zip(wanted, found[home.id], strict=True):
            known = {
                datetime.fromtimestamp(s * 3600, ZoneInfo(ZONE)).replace(tzinfo=None): load - pv
                for s, load, pv in zip(history.slots, home.load_wh, home.pv_wh, strict=True)
                if s < slot // 24 * 24 - 1
            }
            local = datetime.fromtimestamp(slot * 3600, ZoneInfo(ZONE)).replace(tzinfo=None)
            days = [known.get(local - timedelta(days=k)) for k in range(1, 29)]
            there = [value for value in days if value is not None]
            assert wh == int(sum(there) / len(there))


def test_bad_input() -> None:
    with pytest.raises(BadInput, match="2 slots and 1 figures"):
        one([1, 2], [0], 5, 5)
    with pytest.raises(BadInput, match="do not grow"):
        one([2, 2], [0, 0], 5, 5)
    with pytest.raises(BadInput, match="lies before its gate"):
        one([1, 2], [0, 0], 4, 5)
    with pytest.raises(BadInput, match="unknown time zone"):
        one([1, 2], [0, 0], 5, 5, "Mars/Olympus")
    with pytest.raises(BadInput, match="slots of 60 seconds"):
        forecast([], [], [5], gate_slot=5, slot_seconds=60, zone="UTC")
    profiles = load_fontana(homes=1).profiles
    with pytest.raises(BadInput, match="after the beginning of its day"):
        day_ahead(profiles, profiles.slots, zone=ZONE, lead_slots=-1)
    with pytest.raises(BadInput, match="wanted slots do not grow"):
        day_ahead(profiles, profiles.slots[::-1], zone=ZONE)
