"""Registers in slot order, each slot once, gaps that join on both sides, meter exchange."""

from __future__ import annotations

import itertools
import random

import pytest

from p2pchain.model import MAX_GAPS, Correction, Exchange, Outcome, Quality, Reading, Terms
from p2pchain.twin import Twin

FIRST = 24 * 17_000
OWNER = "0x" + "11" * 20


def meter_twin() -> Twin:
    twin = Twin(3600)
    twin.add_area("0x" + "0a" * 20)
    twin.add_supplier("0x" + "0b" * 20)
    twin.register_meter(1, Terms(OWNER, FIRST, 1, 1, 1_000))
    twin.now = (FIRST + 1_000) * 3600
    return twin


def take(twin: Twin, reading: Reading) -> Outcome:
    return twin.post([reading])[0]


def series(count: int, seed: int = 1) -> list[tuple[int, int]]:
    rng = random.Random(seed)
    return [(rng.randrange(500), rng.randrange(500)) for _ in range(count)]


def cut(values: list[tuple[int, int]], start: int, end: int) -> Reading:
    """The reading of values[start:end] with the registers of a meter that began at (70, 30)."""
    imported = 70 + sum(value[0] for value in values[:start])
    exported = 30 + sum(value[1] for value in values[:start])
    return Reading.of(1, FIRST + start, imported, exported, values[start:end])


@pytest.mark.property(18)
@pytest.mark.property(19)
@pytest.mark.property(20)
def test_any_order_of_batches_leads_to_the_same_registers() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        values = series(24, seed)
        marks = sorted({0, 24, *(rng.randrange(1, 24) for _ in range(6))})
        batches = list(itertools.pairwise(marks))
        rest = batches[1:]
        rng.shuffle(rest)
        twin = meter_twin()
        for start, end in [batches[0], *rest]:
            assert take(twin, cut(values, start, end)) == Outcome.ACCEPTED
            assert take(twin, cut(values, start, end)) == Outcome.ALREADY_POSTED
        head = twin.metering.heads[1]
        assert (head.next_slot, twin.metering.gaps[1]) == (FIRST + 24, [])
        assert head.registers == cut(values, 0, 24).closing
        kept = [twin.metering.values[1, FIRST + place][:2] for place in range(24)]
        assert kept == values


@pytest.mark.property(19)
def test_registers_that_fall_or_do_not_join_are_refused() -> None:
    values = series(24)
    twin = meter_twin()
    assert take(twin, cut(values, 0, 4)) == Outcome.ACCEPTED
    imported, exported = cut(values, 0, 4).closing
    cases = [
        (4, imported - 1, exported, Outcome.REGISTER_FELL),
        (4, imported, exported - 1, Outcome.REGISTER_FELL),
        (4, imported + 1, exported, Outcome.REGISTERS_DO_NOT_JOIN),
        (6, imported - 1, exported, Outcome.REGISTER_FELL),
        (2, imported, exported, Outcome.ALREADY_POSTED),
    ]
    for place, opening_import, opening_export, outcome in cases:
        reading = Reading.of(1, FIRST + place, opening_import, opening_export, [(1, 1)])
        assert take(twin, reading) == outcome
    assert take(twin, cut(values, 8, 12)) == Outcome.ACCEPTED
    (gap,) = twin.metering.gaps[1]
    left, right = gap.left, gap.right
    inside = [
        (4, (left[0] + 1, left[1]), Outcome.REGISTERS_DO_NOT_JOIN),
        (5, (right[0], right[1] + 1), Outcome.REGISTER_FELL),
        (7, (left[0], left[1]), Outcome.REGISTERS_DO_NOT_JOIN),
    ]
    for place, opening, outcome in inside:
        assert take(twin, Reading.of(1, FIRST + place, *opening, [(0, 0)])) == outcome
    assert take(twin, cut(values, 6, 9)) == Outcome.ALREADY_POSTED
    assert take(twin, cut(values, 5, 7)) == Outcome.ACCEPTED
    assert len(twin.metering.gaps[1]) == 2


def test_gaps_are_bounded() -> None:
    values = series(24)
    twin = meter_twin()
    for place in range(0, 2 * MAX_GAPS + 2, 2):
        assert take(twin, cut(values, place, place + 1)) == Outcome.ACCEPTED
    assert len(twin.metering.gaps[1]) == MAX_GAPS
    last = 2 * MAX_GAPS
    assert take(twin, cut(values, last + 3, last + 4)) == Outcome.TOO_MANY_GAPS
    assert take(twin, cut(values, 1, 2)) == Outcome.ACCEPTED
    assert take(twin, cut(values, last + 3, last + 4)) == Outcome.ACCEPTED


@pytest.mark.property(21)
def test_what_cannot_be_is_refused() -> None:
    twin = meter_twin()
    good = [(1, 2), (3, 4)]
    reading = Reading.of(1, FIRST, 0, 0, good)
    extra = Reading(1, FIRST, 2, Quality.MEASURED, 0, 0, (reading.intervals[0] | 1,))
    huge = Reading(
        1, FIRST, 1, Quality.MEASURED, 2**64 - 1, 0, Reading.of(1, 0, 0, 0, [(1, 0)]).intervals
    )
    cases = [
        (Reading.of(9, FIRST, 0, 0, good), Outcome.UNKNOWN_METER),
        (Reading(1, FIRST, 0, Quality.MEASURED, 0, 0, ()), Outcome.BAD_FORMAT),
        (Reading(1, FIRST, 5, Quality.MEASURED, 0, 0, reading.intervals), Outcome.BAD_FORMAT),
        (Reading.of(1, FIRST + 23, 0, 0, good), Outcome.BAD_FORMAT),
        (extra, Outcome.BAD_FORMAT),
        (huge, Outcome.BAD_FORMAT),
        (Reading.of(1, FIRST + 1_000, 0, 0, [(1, 1)]), Outcome.FUTURE_SLOT),
        (Reading.of(1, FIRST - 1, 0, 0, [(1, 1)]), Outcome.BEFORE_REGISTRATION),
        (Reading.of(1, FIRST, 0, 0, [(1_001, 0)]), Outcome.ABOVE_FUSE),
        (Reading.of(1, FIRST, 0, 0, [(0, 1_001)]), Outcome.ABOVE_FUSE),
    ]
    for case, outcome in cases:
        assert take(twin, case) == outcome
    assert twin.metering.heads[1].next_slot == 0
    assert take(twin, reading) == Outcome.ACCEPTED


@pytest.mark.property(17)
def test_keys_and_terms_change_by_slot() -> None:
    twin = meter_twin()
    new = b"\x02" * 20
    seen: list[bytes] = []

    def verify(reading: Reading | Correction, signer: bytes) -> bool:
        seen.append(signer)
        return reading.signature == signer

    twin.metering._verify = verify
    twin.set_signer(1, FIRST + 4, new)
    twin.set_signer(1, FIRST + 8, b"")
    values = series(24)
    old = b"\x01" * 20
    assert take(twin, cut(values, 0, 5).signed(old)) == Outcome.SPLIT_AT_CHANGE
    assert take(twin, cut(values, 0, 4).signed(new)) == Outcome.BAD_SIGNATURE
    assert take(twin, cut(values, 0, 4).signed(old)) == Outcome.ACCEPTED
    assert take(twin, cut(values, 4, 8).signed(old)) == Outcome.BAD_SIGNATURE
    assert take(twin, cut(values, 4, 8).signed(new)) == Outcome.ACCEPTED
    assert take(twin, cut(values, 8, 9).signed(new)) == Outcome.KEY_REVOKED
    assert seen == [old, old, new, new]
    twin = meter_twin()
    twin.set_terms(1, Terms(OWNER, FIRST + 2, 1, 1, 10))
    assert take(twin, cut(values, 0, 3)) == Outcome.SPLIT_AT_CHANGE


def test_a_meter_is_exchanged_with_both_registers() -> None:
    twin = meter_twin()
    values = series(24)
    assert take(twin, cut(values, 0, 4)) == Outcome.ACCEPTED
    imported, exported = cut(values, 0, 4).closing
    swap = Exchange(1, FIRST + 4, imported, exported, 5, 6)
    assert twin.exchange_meter(swap) == Outcome.SPLIT_AT_CHANGE
    twin.set_signer(1, FIRST + 4, b"\x02" * 20)
    wrong = Exchange(1, FIRST + 4, imported + 1, exported, 5, 6)
    assert twin.exchange_meter(wrong) == Outcome.REGISTERS_DO_NOT_JOIN
    fell = Exchange(1, FIRST + 4, imported - 1, exported, 5, 6)
    assert twin.exchange_meter(fell) == Outcome.REGISTER_FELL
    assert twin.exchange_meter(Exchange(1, FIRST + 3, 0, 0, 0, 0)) == Outcome.ALREADY_POSTED
    assert twin.exchange_meter(Exchange(7, FIRST, 0, 0, 0, 0)) == Outcome.UNKNOWN_METER
    assert twin.exchange_meter(swap) == Outcome.ACCEPTED
    assert take(twin, Reading.of(1, FIRST + 4, 5, 6, [(1, 1)])) == Outcome.ACCEPTED
    twin.set_signer(1, FIRST + 9, b"\x03" * 20)
    late = Exchange(1, FIRST + 9, 100, 100, 0, 0)
    assert twin.exchange_meter(late) == Outcome.ACCEPTED
    assert twin.metering.gaps[1][0].right == (100, 100)
