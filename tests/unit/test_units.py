"""Figures and times as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchain import units
from p2pchain.errors import BadInput


@pytest.mark.parametrize(
    ("text", "wh"),
    [("1.5kWh", 1500), ("300 Wh", 300), ("2MWh", 2_000_000), (" .5kWh ", 500), ("0kWh", 0)],
)
def test_energy(text: str, wh: int) -> None:
    assert units.parse_energy(text) == wh


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.5", "no unit"),
        ("1.5kW", "not a unit"),
        ("1,5kWh", "comma"),
        ("1.2345kWh", "finer than one Wh"),
        ("-1kWh", "not negative"),
        ("kWh", "not an energy"),
        ("1e3kWh", "not a unit"),
        ("nan kWh", "not an energy"),
        ("9" * 50 + "kWh", "too large"),
        ("9" * 500 + "kWh", "too long"),
        ("0.0000000000000000000000000000000001kWh", "finer"),
    ],
)
def test_energy_that_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        units.parse_energy(text)
    assert caught.value.hint or "too large" in said
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "currency", "nano"),
    [
        ("0.21EUR/kWh", "EUR", 210_000),
        ("24.86p/kWh", "GBP", 248_600),
        ("24.86 p / kWh", "GBP", 248_600),
        ("-15 EUR/MWh", "EUR", -15_000),
        ("21ct/kWh", "EUR", 210_000),
        ("21c/kWh", "USD", 210_000),
        ("$0.21/kWh".replace("$0.21", "0.21$"), "USD", 210_000),
        ("0.000000001EUR/Wh", "EUR", 1),
    ],
)
def test_price(text: str, currency: str, nano: int) -> None:
    assert units.parse_price(text, currency) == nano


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0.21EUR", "not a unit for a price"),
        ("0.21EUR/kW", "not a unit"),
        ("0.21GBP/kWh", "currency is EUR"),
        ("21p/kWh", "currency is EUR"),
        ("0.21XYZ/kWh", "not a unit"),
        ("0.0000001EUR/kWh", "finer than"),
        ("999999EUR/kWh", "too large"),
        ("0,21EUR/kWh", "comma"),
        ("TARIFF", "not a price"),
    ],
)
def test_price_that_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        units.parse_price(text, "EUR")


def test_limits_may_be_the_own_tariff() -> None:
    assert units.parse_buy_limit("tariff", "EUR") == 2**31 - 1
    assert units.parse_sell_limit("TARIFF", "EUR") == -(2**31)
    assert units.parse_buy_limit("0.2EUR/kWh", "EUR") == 200_000
    assert units.format_limit(units.TARIFF_SELL, "EUR") == "TARIFF"
    assert units.format_limit(200_000, "EUR") == "0.2EUR/kWh"


@given(st.integers(0, 2**60))
def test_energy_reads_back(wh: int) -> None:
    assert units.parse_energy(units.format_energy(wh)) == wh


@given(st.integers(-units.MAX_PRICE_NANO, units.MAX_PRICE_NANO))
def test_price_reads_back(nano: int) -> None:
    assert units.parse_price(units.format_price(nano, "GBP"), "GBP") == nano


@given(st.integers(-(2**62), 2**62))
def test_money_reads_back(nano: int) -> None:
    assert units.parse_money(units.format_money(nano, "USD"), "USD") == nano


def test_money() -> None:
    assert units.parse_money("€12.50", "EUR") == 12_500_000_000
    assert units.format_money(-1, "EUR") == "-0.000000001EUR"
    assert units.format_money(5 * 10**9, "EUR") == "5.00EUR"
    with pytest.raises(BadInput, match="currency is EUR"):
        units.parse_money("£3", "EUR")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-11-22T10:15Z", None),
        ("2026-11-22T11:15+01:00", None),
        ("2026-11-22 11:15", "Europe/Berlin"),
        ("2026-11-22T11:15[Europe/Berlin]", "Asia/Kolkata"),
        ("2026-11-22T15:45", "Asia/Kolkata"),
    ],
)
def test_time(text: str, zone: str | None) -> None:
    slot = units.parse_slot(text, 900, zone)
    assert slot == 1795342500 // 900
    assert units.format_slot(slot, 900) == "2026-11-22T10:15Z"
    assert units.format_slot(slot, 900, "Europe/Berlin") == "2026-11-22T11:15+01:00"


@pytest.mark.parametrize(
    ("text", "zone", "said"),
    [
        ("2026-11-22T10:15", None, "no time zone"),
        ("2026-11-22T10:07Z", None, "not the beginning of a slot"),
        ("2026-11-22T10:15:00.5Z", None, "not the beginning of a slot"),
        ("2026-10-25T02:30", "Europe/Berlin", "happens twice"),
        ("2026-03-29T02:30", "Europe/Berlin", "does not exist"),
        ("2026-10-04T02:15", "Australia/Lord_Howe", "does not exist"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "happens twice"),
        ("2026-11-22T10:15", "Europe/Nowhere", "unknown time zone"),
        ("2026-11-22T10:15", "../../etc/passwd", "unknown time zone"),
        ("22.11.2026 10:15", None, "not a time"),
        ("2026-13-22T10:15Z", None, "not a time"),
        ("1969-12-31T23:00Z", None, "before 1970"),
    ],
)
def test_time_that_is_refused(text: str, zone: str | None, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        units.parse_slot(text, 900, zone)


def test_a_time_that_happens_twice_is_answered_with_both() -> None:
    with pytest.raises(BadInput) as caught:
        units.parse_time("2026-10-25T02:30", "Europe/Berlin")
    assert caught.value.hint == "say which: 2026-10-25T00:30Z or 2026-10-25T01:30Z"


@given(st.integers(0, 2**31 // 900))
def test_slots_read_back(slot: int) -> None:
    assert units.parse_slot(units.format_slot(slot, 900), 900) == slot
    assert units.parse_slot(units.format_slot(slot, 900, "America/Los_Angeles"), 900) == slot


def test_date() -> None:
    assert units.parse_date("2017-06-12").isoformat() == "2017-06-12"
    for text in ("2017-6-12", "12.6.2017", "2017-02-30", "20170612"):
        with pytest.raises(BadInput, match="not a date"):
            units.parse_date(text)
