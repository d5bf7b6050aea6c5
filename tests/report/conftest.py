"""A small neighbourhood whose figures add up, to be bent by the tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from p2pchain.report import (
    BatteryResult,
    ChargeLine,
    DemoReport,
    ForwardResult,
    HomeResult,
    HourResult,
)

MakeReport = Callable[..., DemoReport]


def _homes() -> tuple[HomeResult, ...]:
    return (
        HomeResult("H01", 9_000, 1_000, 14_000, 6_000, 3_000, 500, 1_930_000_000, 1_675_000_000,
                   None, 571_428, 916_666),
        HomeResult("H02", 2_000, 8_000, 9_000, 15_000, 500, 3_000, 40_000_000, -215_000_000,
                   None, 833_333, 666_666),
    )  # fmt: skip


def _hours(days: int) -> tuple[HourResult, ...]:
    hours = []
    for day in range(days):
        for hour in range(24):
            traded = 3_500 if (day, hour) == (0, 12) else 0
            hours.append(
                HourResult(
                    slot=416_000 + day * 24 + hour,
                    label_local=f"{['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][day % 7]} "
                    f"{day % 28 + 1:02} {hour:02}:00",
                    traded_wh=traded,
                    price_nano=135_000 if traded else None,
                    retail_nano=220_000,
                    feed_in_nano=50_000,
                    import_wh=11_000 if traded else 0,
                    export_wh=9_000 if traded else 0,
                )
            )
    return tuple(hours)


@pytest.fixture
def make_report() -> MakeReport:
    def make(**changes: Any) -> DemoReport:
        days = changes.get("days", 2)
        fields: dict[str, Any] = {
            "title": "Two homes",
            "rules": "GB",
            "currency": "USD",
            "from_local": "2017-06-12",
            "days": days,
            "slots": 24 * days,
            "slot_seconds": 3600,
            "timezone": "America/Los_Angeles",
            "chain": "tester",
            "price_rule": "reference(1/2)",
            "homes": _homes(),
            "hours": _hours(days),
            "traded_wh": 3_500,
            "best_gain_nano": 600_000_000,
            "gain_nano": 595_000_000,
            "gain_share_ppm": 991_666,
            "gain_net_nano": 250_000_000,
            "charges": (
                ChargeLine("Network", 220_000, "Regulator, table 3", "2026", 240_000_000),
                ChargeLine("Tax", 50_000, "Tax office", "", 100_000_000),
            ),
            "fee_nano": 5_000_000,
            "gas_total": 1_234_567,
            "gas_per_participant_slot": 3_400,
            "seconds": 12.34,
            "checks": {"money": True, "energy": True, "replay": True, "nobody_worse": True},
            "self_sufficiency_ppm_before": 521_739,
            "self_sufficiency_ppm_after": 673_913,
            "self_consumption_ppm_before": 571_428,
            "self_consumption_ppm_after": 738_095,
            "attribution": "Data: made for a test",
        }
        return DemoReport(**{**fields, **changes})

    return make


@pytest.fixture
def report(make_report: MakeReport) -> DemoReport:
    return make_report()


@pytest.fixture
def make_planned(make_report: MakeReport) -> MakeReport:
    """The same days where H01 ordered ahead; with a battery in it, if wanted."""

    def make(battery: bool = False, **changes: Any) -> DemoReport:
        base = make_report(**changes)
        first, second = base.homes
        homes = (
            replace(first, bill_forward_nano=1_675_000_000, forward_only_nano=1_830_000_000,
                    metered_only_nano=1_655_000_000, forward_bought_wh=700),
            replace(second, bill_forward_nano=-215_000_000, forward_only_nano=39_000_000,
                    metered_only_nano=-235_000_000, forward_sold_wh=0),
        )  # fmt: skip
        hours = [
            replace(hour, forward_wh=700, forward_price_nano=211_000) if hour.traded_wh else hour
            for hour in base.hours
        ]
        states = tuple(at % 24 * 400 for at in range(len(hours)))
        one = BatteryResult("H01", 10_000, 2_500, 900_000, 1_930_000_000, 1_812_000_000,
                            1_655_000_000, 1_675_000_000, states)  # fmt: skip
        ahead = ForwardResult(
            homes=("H01",), gate_seconds=1_800, known_seconds=3_600, contracted_wh=700,
            imbalance="the supplier's price", imbalance_low_nano=220_000,
            imbalance_high_nano=540_000, cap_nano=2_550_000,
            batteries=(one,) if battery else (),
            without_battery_nano=1_666_000_000 if battery else None,
        )  # fmt: skip
        checks = {**base.checks, "planned": True}
        return replace(base, homes=homes, hours=tuple(hours), checks=checks, forward=ahead)

    return make
