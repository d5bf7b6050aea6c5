"""Numbers of metering points, and the twin of `contracts/Points.sol`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchain.errors import BadInput, Refused
from p2pchain.points import (
    NOBODY,
    Consent,
    CustomerClass,
    Fuel,
    Point,
    PointsTwin,
    Standing,
    Status,
    Withdrawal,
    mpan_check_digit,
    mpan_core,
    mprn,
    point_number,
    purpose_bytes,
    purpose_text,
)

ALICE, BOB, GRID, AGENT, READER = (f"0x{n:040x}" for n in range(0xA1, 0xA6))
SUPPLIERS = {1: f"0x{0xB1:040x}", 2: f"0x{0xB2:040x}"}
FORECAST = purpose_bytes("forecast")
FIRST = Standing(ALICE, 10, 1, Status.ENERGISED, CustomerClass.DOMESTIC, GRID, 0, AGENT)


def twin() -> PointsTwin:
    points = PointsTwin(SUPPLIERS, lambda meter: None)
    assert points.register(Point(b"\1" * 32, 1), FIRST) == 1
    return points


def consent(sequence: int = 1) -> Consent:
    return Consent(1, ALICE, READER, FORECAST, 20, 30, 1_000, sequence)


# NUMBERS


@pytest.mark.capability("ELE-1")
@pytest.mark.parametrize(
    ("typed", "core"),
    [
        ("2000012345672", "2000012345672"),
        ("20 0001 2345 672", "2000012345672"),
        ("01-801-002-2000012345672", "2000012345672"),
    ],
)
def test_mpan_core_is_what_counts(typed: str, core: str) -> None:
    assert mpan_core(typed) == core


def test_check_digit_by_hand() -> None:
    # 2*3 + 1*19 + 2*23 + 3*29 + 4*31 + 5*37 + 6*41 + 7*43 = 1014 = 92*11 + 2
    assert mpan_check_digit("200001234567") == 2
    # 9*3 + 1*43 = 70 = 6*11 + 4; 9*3 + 1*19 + 8*23 = 230 = 20*11 + 10, and 10 is 0
    assert mpan_check_digit("900000000001") == 4
    assert mpan_check_digit("900001800000") == 0


@given(st.text("0123456789", min_size=12, max_size=12), st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_seldom_taken(digits: str, place: int, more: int) -> None:
    core = digits + str(mpan_check_digit(digits))
    wrong = core[:place] + str((int(core[place]) + more) % 10) + core[place + 1 :]
    assert mpan_core(core) == core
    if place == 12:
        with pytest.raises(BadInput, match="last digit would be"):
            mpan_core(wrong)
    elif mpan_check_digit(wrong[:12]) != int(wrong[12]):
        with pytest.raises(BadInput):
            mpan_core(wrong)
    else:  # modulo 11 and then 10: sums of 0 and of 10 have the same digit
        totals = {
            sum(
                p * int(d)
                for p, d in zip((3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43), c, strict=False)
            )
            % 11
            for c in (core, wrong)
        }
        assert totals == {0, 10}


@pytest.mark.parametrize("typed", ["", "123", "200001234567X", "2000012345673", "1" * 14, "²" * 13])
def test_what_is_no_mpan(typed: str) -> None:
    with pytest.raises(BadInput):
        mpan_core(typed)


def test_mprn_has_six_to_ten_digits() -> None:
    assert mprn("12 345 678") == point_number(Fuel.GAS, "12345678") == "12345678"
    for typed in ("12345", "12345678901", "1234567A"):
        with pytest.raises(BadInput):
            mprn(typed)


def test_purposes_fit_a_word() -> None:
    assert purpose_text(purpose_bytes(" bill check ")) == "bill check"
    for typed in ("", " ", "x" * 32):
        with pytest.raises(BadInput, match="purpose"):
            purpose_bytes(typed)


# THE TWIN


@pytest.mark.property(27)
def test_suppliers_partition_time() -> None:
    points = twin()
    points.put(1, points.changed(1, 15, supplier=2), 11)
    points.put(1, points.changed(1, 21, supplier=1), 11)
    slot, seen = 10, []
    while slot < 2**32 - 1:
        standing, until = points.standing_at(1, slot)
        seen.append((standing.from_slot, standing.supplier))
        assert standing.from_slot == slot < until
        slot = until
    assert seen == [(10, 1), (15, 2), (21, 1)]
    with pytest.raises(Refused, match="BeforeFirstStanding"):
        points.standing_at(1, 9)


@pytest.mark.parametrize(
    ("from_slot", "name"), [(11, "StandingHasBegun"), (14, "LaterStandingPending")]
)
def test_what_has_begun_stays(from_slot: int, name: str) -> None:
    points = twin()
    points.put(1, points.changed(1, 15, supplier=2), 11)
    with pytest.raises(Refused, match=name):
        points.put(1, points.changed(1, from_slot, supplier=1), 11)


def test_disconnected_for_ever() -> None:
    points = twin()
    points.put(1, points.changed(1, 15, status=Status.DISCONNECTED), 11)
    points.put(1, points.changed(1, 15, supplier=2), 11)
    with pytest.raises(Refused, match="PointIsDisconnected"):
        points.put(1, points.changed(1, 16, status=Status.ENERGISED), 11)


def test_register_refuses() -> None:
    points = twin()
    with pytest.raises(Refused, match="PointExists"):
        points.register(Point(b"\1" * 32, 2), FIRST)
    with pytest.raises(Refused, match="NoNetworkOperator"):
        points.register(Point(b"\2" * 32, 2), replace(FIRST, network_operator=NOBODY))
    with pytest.raises(Refused, match="UnknownPoint"):
        points.latest(2)


def test_related_both_ways_and_once() -> None:
    points = twin()
    points.register(Point(b"\2" * 32, 1, Fuel.GAS), FIRST)
    points.relate(1, 2)
    assert (points.related_to(1), points.related_to(2)) == ([2], [1])
    for pair in ((2, 1), (1, 1)):
        with pytest.raises(Refused, match="CannotBeRelated"):
            points.relate(*pair)


@pytest.mark.capability("PEC-5")
def test_consent_by_purpose_slots_and_time() -> None:
    points = twin()
    points.give_consent(consent(), 500)
    may = points.may_read
    assert may(1, READER, FORECAST, 20, 999)
    assert not may(1, READER, FORECAST, 20, 1_000)
    assert not may(1, READER, FORECAST, 19, 999)
    assert not may(1, READER, FORECAST, 30, 999)
    assert not may(1, READER, purpose_bytes("advertising"), 20, 999)
    assert not may(1, BOB, FORECAST, 20, 999)
    points.withdraw_consent(Withdrawal(1, ALICE, READER, FORECAST, 2))
    assert not may(1, READER, FORECAST, 20, 999)
    with pytest.raises(Refused, match="ConsentSuperseded"):
        points.give_consent(consent(2), 500)
    points.give_consent(consent(3), 500)
    assert may(1, READER, FORECAST, 20, 999)


def test_consent_ends_with_the_tenancy() -> None:
    points = twin()
    points.give_consent(consent(), 500)
    points.put(1, points.changed(1, 25, customer=BOB), 11)
    assert points.may_read(1, READER, FORECAST, 24, 999)
    assert not points.may_read(1, READER, FORECAST, 25, 999)
    assert not points.may_read(1, BOB, FORECAST, 24, 999)
    assert points.may_read(1, BOB, FORECAST, 25, 999)


def test_parties_of_record_need_none() -> None:
    points = twin()
    points.put(1, points.changed(1, 25, supplier=2, customer=NOBODY), 11)
    for who in (ALICE, GRID, AGENT, SUPPLIERS[1]):
        assert points.may_read(1, who, FORECAST, 24, 999)
    assert points.may_read(1, SUPPLIERS[2], FORECAST, 25, 999)
    assert not points.may_read(1, SUPPLIERS[1], FORECAST, 25, 999)
    assert not points.may_read(1, NOBODY, FORECAST, 25, 999)
    assert not points.may_read(1, GRID, FORECAST, 9, 999)


@pytest.mark.parametrize(
    ("wrong", "name"),
    [
        ({"until_slot": 20}, "ConsentIsEmpty"),
        ({"ends_at": 500}, "ConsentHasEnded"),
        ({"sequence": 0}, "ConsentSuperseded"),
        ({"point": 2}, "UnknownPoint"),
    ],
)
def test_consent_refuses(wrong: dict[str, int], name: str) -> None:
    with pytest.raises(Refused, match=name):
        twin().give_consent(replace(consent(), **wrong), 500)  # type: ignore[arg-type]
