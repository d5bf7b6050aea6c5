"""Gas: from cubic metres to Wh, by hand and at random, and files of counters."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchain.errors import BadInput
from p2pchain.meter.gas import gas_days, read_counters
from p2pchain.volumes import STANDARD_CORRECTION_PPM, energy_wh, increments_wh

KJ = 39_500


@pytest.mark.capability("ELE-1")
def test_a_hundred_cubic_metres_as_on_a_bill() -> None:
    # 100 m3 x 1.02264 x 39.5 MJ/m3 / 3.6 = 1,122.0633... kWh
    assert energy_wh(100_000, KJ, STANDARD_CORRECTION_PPM) == 1_122_063
    assert energy_wh(1, KJ, STANDARD_CORRECTION_PPM) == 11
    assert energy_wh(0, KJ, STANDARD_CORRECTION_PPM) == 0


@given(
    st.lists(st.integers(0, 10_000), min_size=1, max_size=60),
    st.integers(30_000, 45_000),
    st.integers(900_000, 1_100_000),
)
def test_slots_add_up_to_the_volume(steps: list[int], kj: int, ppm: int) -> None:
    counters = [7_000]
    for step in steps:
        counters.append(counters[-1] + step)
    found = increments_wh(counters, kj, ppm)
    assert len(found) == len(steps)
    assert all(wh >= 0 for wh in found)
    assert sum(found) == energy_wh(sum(steps), kj, ppm)


def test_days_follow_each_other() -> None:
    first = 24 * 20_000 + 20
    counters = {first + n: 1_000 * n for n in range(31)}
    days = list(gas_days(4, 7, counters, 500, slot_seconds=3600, calorific_kj=KJ,
                         correction_ppm=STANDARD_CORRECTION_PPM))  # fmt: skip
    assert [(day.volume.from_slot - first, day.volume.until_slot - first) for day in days] == [
        (0, 4), (4, 28), (28, 30),
    ]  # fmt: skip
    assert days[0].volume.from_wh == 500
    for before, after in pairwise(days):
        assert before.volume.until_wh == after.volume.from_wh == after.reading.import_wh
        assert before.volume.until_litres == after.volume.from_litres
    assert days[-1].reading.closing == (days[-1].volume.until_wh, 0)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("", "says nothing"),
        ("time,counter\n2026-06-01T00:00Z,1\n2026-06-01T01:00Z,2\n", "says nothing"),
        ("time,counter_m3\n2026-06-01T00:00Z,1\n2026-06-01T02:00Z,2\n", "not the next slot"),
        ("time,counter_m3\n2026-06-01T00:00Z,1\n2026-06-01T01:00Z,x\n", "is no counter"),
        ("time,counter_m3\n2026-06-01T00:00Z,1\n2026-06-01T01:00Z,1.0001\n", "is no counter"),
        ("time,counter_m3\n2026-06-01T00:00Z,1\n2026-06-01T01:00Z,-2\n", "is no counter"),
        ("time,counter_m3\n2026-06-01T00:00Z,1\n2026-06-01T01:00Z\n", "1 cells"),
    ],
)
def test_what_is_no_file_of_counters(tmp_path: Path, rows: str, words: str) -> None:
    path = tmp_path / "counters.csv"
    path.write_text(rows)
    with pytest.raises(BadInput, match=words):
        read_counters(path, 3600)


def test_a_counter_that_falls() -> None:
    with pytest.raises(BadInput, match="falls"):
        increments_wh([5, 4], KJ, STANDARD_CORRECTION_PPM)
