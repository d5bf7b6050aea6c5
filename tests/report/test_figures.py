"""Figures as text, the report's own consistency, and its JSON form."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import p2pchain.report.money as money_module
from p2pchain.report import DemoReport, to_json
from p2pchain.report.money import amount, decimal, kwh, money, percent, price, ratio_ppm
from p2pchain.report.summary import bins, check_lines, headline, per_home, period, rules_note

MakeReport = Callable[..., DemoReport]


@given(st.integers(-(2**80), 2**80), st.sampled_from([1, 1_000, 10_000, 10**9]), st.integers(0, 6))
def test_decimal_is_exact(value: int, scale: int, digits: int) -> None:
    with localcontext(prec=60):  # the default of 28 digits is too short for 2**80
        unit = Decimal(1).scaleb(-digits)
        exact = (Decimal(abs(value)) / scale).quantize(unit, ROUND_HALF_UP)
    text = decimal(value, scale, digits)
    assert Decimal(text.replace(",", "")) == (-exact if value < 0 else exact)
    assert text.startswith("-") == (value < 0 and exact != 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (money(1_234_567_890, "USD"), "1.23 USD"),
        (amount(22_804_120_000_000), "22,804.12"),
        (amount(-4_999_999), "0.00"),
        (amount(-5_000_000), "-0.01"),
        (price(220_000), "0.220"),
        (price(248_600, 4), "0.2486"),
        (kwh(70_149), "70.1"),
        (percent(999_999), "99.9 %"),
        (percent(1_000_000), "100.0 %"),
        (percent(-12_349), "-1.2 %"),
        (percent(-900), "0.0 %"),
    ],
)
def test_figures_as_people_read_them(text: str, expected: str) -> None:
    assert text == expected


def test_a_share_of_nothing_is_no_share() -> None:
    assert ratio_ppm(5, 0) is None
    assert ratio_ppm(5, -1) is None
    assert ratio_ppm(-1, 3) == -333_333


def test_money_knows_no_float() -> None:
    tree = ast.parse(Path(str(money_module.__file__)).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, float))
        assert not isinstance(node, ast.Div)
        assert not (isinstance(node, ast.Name) and node.id == "float")


def test_a_report_whose_sums_differ_is_refused(report: DemoReport) -> None:
    first, second = report.homes
    bad = {
        "bought by homes": {"homes": (replace(first, bought_peer_wh=2_999), second)},
        "sold by homes": {"homes": (replace(first, sold_peer_wh=501), second)},
        "traded by slot": {"hours": report.hours[:12]},
        "traded more with neighbours": {"homes": (replace(first, import_wh=2_000), second)},
        "same id": {"homes": (first, replace(second, id="H01"))},
        "checks missing: replay": {"checks": {"money": True, "energy": True, "nobody_worse": True}},
        "none of none, GB, EU": {"rules": "FR"},
        "at least one home": {"homes": ()},
    }
    for message, change in bad.items():
        with pytest.raises(ValueError, match=message):
            replace(report, **change)  # type: ignore[arg-type]


def test_json_has_the_agreed_keys(report: DemoReport) -> None:
    data = json.loads(json.dumps(to_json(report)))
    agreed = {
        "schema", "rules", "slots", "homes", "traded_wh", "best_gain_nano", "gain_nano",
        "gain_share_ppm", "gain_net_nano", "gas_total", "seconds", "checks",
    }  # fmt: skip
    assert agreed <= set(data)
    assert data["schema"] == 1
    assert data["seconds"] == 12.3
    assert [home["id"] for home in data["homes"]] == ["H01", "H02"]
    assert data["homes"][1]["bill_market_nano"] == -215_000_000
    assert data["homes"][0]["bill_forward_nano"] is None
    assert data["homes"][0]["forward_only_nano"] is data["homes"][0]["metered_only_nano"] is None
    assert data["forward"] is None
    assert set(data["checks"]) >= {"money", "energy", "replay", "nobody_worse"}
    assert data["charges_nano"] == 340_000_000


def test_json_of_planned_days(make_planned: MakeReport) -> None:
    data = json.loads(json.dumps(to_json(make_planned(battery=True))))
    ahead, home = data["forward"], data["homes"][0]
    assert home["bill_forward_nano"] == home["bill_market_nano"] == 1_675_000_000
    assert (home["forward_only_nano"], home["metered_only_nano"]) == (1_830_000_000, 1_655_000_000)
    assert ahead["imbalance"]["name"] == "the supplier's price"
    assert ahead["worse_than_metered_only"] == ["H01", "H02"]
    assert ahead["worse_than_supplier"] == []
    assert ahead["batteries"][0]["state_wh"][1] == 400
    assert ahead["forward_only_gain_nano"] == 101_000_000


def test_bills_of_a_forward_auction_come_together(make_planned: MakeReport) -> None:
    base = make_planned()
    with pytest.raises(ValueError, match="do not fit each other"):
        replace(base, forward=None)
    first, second = base.homes
    with pytest.raises(ValueError, match="H02: bills"):
        replace(base, homes=(first, replace(second, metered_only_nano=None)))


def _numbers(value: object, path: str = "") -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in _numbers(part, f"{path}.{key}")]
    if isinstance(value, list):
        return [pair for part in value for pair in _numbers(part, path)]
    return [(path, value)]


def test_json_carries_integers_only(report: DemoReport) -> None:
    floats = [path for path, value in _numbers(to_json(report)) if isinstance(value, float)]
    assert floats == [".seconds"]


def test_the_headline_is_the_net_figure(make_report: MakeReport) -> None:
    text = headline(make_report())
    assert "0.25 USD better off, after charges" in text
    assert "0.60" not in text
    free = make_report(rules="none", charges=(), fee_nano=0, gain_net_nano=595_000_000)
    assert "before any network charge" in headline(free)
    assert "--rules GB" in rules_note(free)
    assert "0.10 USD worse off" in headline(make_report(gain_net_nano=-100_000_000))


def test_a_sample_of_days_is_not_sold_as_a_year(make_report: MakeReport) -> None:
    daily, yearly = per_home(make_report())
    assert daily == "0.06 USD per home and day"
    assert "only if every day were like these 2" in yearly
    assert "not a forecast" in yearly
    assert "forecast" not in per_home(make_report(days=365))[1]


@pytest.mark.parametrize(
    ("first", "days", "text"),
    [
        ("2017-06-12", 1, "12 June 2017"),
        ("2017-06-12", 2, "12 to 13 June 2017"),
        ("2017-06-30", 2, "30 June to 1 July 2017"),
        ("2016-12-31T00:00", 2, "31 December 2016 to 1 January 2017"),
    ],
)
def test_the_period_in_words(make_report: MakeReport, first: str, days: int, text: str) -> None:
    assert period(make_report(from_local=first, days=days)) == text


@pytest.mark.parametrize(
    ("limit", "count", "unit"), [(48, 48, "hour"), (47, 2, "day"), (1, 1, "2 days")]
)
def test_slots_are_merged_without_losing_energy(
    report: DemoReport, limit: int, count: int, unit: str
) -> None:
    columns, word = bins(report, limit)
    assert (len(columns), word) == (count, unit)
    assert sum(column.traded_wh for column in columns) == report.traded_wh
    assert sum(column.import_wh for column in columns) == sum(h.import_wh for h in report.hours)
    assert {column.price_nano for column in columns} - {None} == {135_000}


def test_quarter_hours_become_hours_and_prices_are_weighted(report: DemoReport) -> None:
    day = [
        replace(report.hours[0], label_local=f"Mon 12 {at // 4:02}:{at % 4 * 15:02}", slot=at)
        for at in range(96)
    ]
    day[40] = replace(day[40], traded_wh=3_000, price_nano=100_000)
    day[41] = replace(day[41], traded_wh=500, price_nano=170_000)
    quarter = replace(report, hours=tuple(day), slot_seconds=900, slots=96)
    columns, unit = bins(quarter, 70)
    assert (len(columns), unit) == (24, "hour")
    assert columns[10].label == "Mon 12 10:00"
    assert columns[10].price_nano == (3_000 * 100_000 + 500 * 170_000) // 3_500


def test_every_check_is_listed(make_report: MakeReport) -> None:
    checks = {
        "extra_proof": False,
        "money": True,
        "energy": True,
        "replay": True,
        "nobody_worse": True,
    }
    lines = check_lines(make_report(checks=checks))
    assert [line[0] for line in lines][-1] == "Extra proof"
    assert [line[2] for line in lines] == [True, True, True, True, False]
