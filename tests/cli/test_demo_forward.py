"""The demo with homes that trade a day ahead, and with batteries."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from p2pchain.cli import run
from p2pchain.control.compare import Comparison, compare
from p2pchain.control.forecast import day_ahead
from p2pchain.data import Community, load_fontana
from p2pchain.model import AuctionParams
from p2pchain.rules import RULES
from p2pchain.simulate import default_auction, simulate

CHECKS = ("money", "energy", "replay", "nobody_worse", "planned")
BATTERY_HOMES = ["H02", "H09"]


def figures(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@pytest.fixture(scope="module")
def on_tester(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("demo") / "tester.json"
    page = path.with_suffix(".html")
    assert run(["demo", "--forward", "13", "--json", str(path), "--html", str(page)]) == 0
    assert 'data-chart="ahead"' in page.read_text()
    return figures(path)


@pytest.fixture(scope="module")
def with_batteries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("demo") / "battery.json"
    page = path.with_suffix(".html")
    assert run(["demo", "--battery", "--json", str(path), "--html", str(page)]) == 0
    assert 'data-chart="battery"' in page.read_text()
    return figures(path)


def by_rules(community: Community, count: int, rules: str = "none") -> Comparison:
    """What the first homes' forecasts come to, without any chain."""
    history = load_fontana("2017-05-14", 31)
    orders = day_ahead(history.profiles, community.slots, zone=community.zone, lead_slots=1)
    chosen = {home.id: orders[home.id] for home in community.homes[:count]}
    return compare(community, chosen, rules=RULES[rules])


def test_the_chain_does_what_the_rules_come_to(on_tester: dict[str, Any]) -> None:
    report = on_tester
    assert report["checks"] == dict.fromkeys(CHECKS, True)
    expected = by_rules(load_fontana(), 13)
    assert [
        (
            h["id"], h["bill_supplier_nano"], h["forward_only_nano"], h["bill_forward_nano"],
            h["metered_only_nano"], h["forward_bought_wh"], h["forward_sold_wh"],
        )
        for h in report["homes"]
    ] == [
        (
            b.id, b.supplier_nano, b.forward_nano, b.both_nano, b.metered_nano,
            b.forward_bought_wh, b.forward_sold_wh,
        )
        for b in expected.homes
    ]  # fmt: skip
    assert [(h["forward_wh"], h["forward_price_nano"]) for h in report["hours"]] == [
        (slot.forward_wh, slot.forward_price_nano) for slot in expected.slots
    ]
    ahead = report["forward"]
    assert ahead["forward_only_share_ppm"] == 230_531
    assert ahead["worse_than_metered_only"] == list(expected.worse_by_planning)
    assert len(expected.worse_by_planning) == 8
    assert ahead["gate_seconds_before_day"] == 1_800
    assert ahead["known_seconds_before_day"] == 3_600
    assert report["gain_nano"] == report["gain_net_nano"] == report["best_gain_nano"]


def test_the_twin_comes_to_the_same(on_tester: dict[str, Any]) -> None:
    """`compare` and the chain against the twin, which knows orders but no forecasts."""
    community = load_fontana()
    history = load_fontana("2017-05-14", 31)
    orders = day_ahead(history.profiles, community.slots, zone=community.zone, lead_slots=1)
    params: AuctionParams = default_auction(bytes(32))
    planned: dict[str, dict[int, tuple[bool, int, int]]] = {}
    for name, values in orders.items():
        planned[name] = {}
        for slot, retail, wh in zip(community.slots, community.retail_nano, values, strict=True):
            if wh:
                limit = retail if wh > 0 else community.feed_in_nano
                assert params.tick_of(limit) is not None
                planned[name][slot] = (wh < 0, limit, abs(wh))
    twin = simulate(community, forward=planned)
    assert [h["bill_forward_nano"] for h in on_tester["homes"]] == [
        bill.market_nano for bill in twin.bills
    ]


@pytest.mark.anvil
def test_the_same_result_on_anvil_to_the_unit(on_tester: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "anvil.json"
    assert run(["-n", "anvil", "demo", "--forward", "13", "--json", str(path)]) == 0
    here, there = figures(path), dict(on_tester)
    assert here["chain"] != there["chain"]
    for name in ("chain", "seconds", "gas_total", "gas_per_participant_slot"):
        here.pop(name, None)
        there.pop(name, None)
    assert here == there


def test_some_homes_rules_and_a_fee(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["demo", "--forward", "5", "--rules", "gb", "--fee", "0.005USD/kWh"]
    assert run([*arguments, "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["checks"] == dict.fromkeys(CHECKS, True)
    assert report["forward"]["homes"] == ["H01", "H02", "H03", "H04", "H05"]
    expected = by_rules(load_fontana(), 5, "GB")
    for home, bill in zip(report["homes"], expected.homes, strict=True):
        assert home["bill_supplier_nano"] == bill.supplier_nano
        assert home["forward_only_nano"] == bill.forward_nano
        traded = home["forward_bought_wh"] + home["forward_sold_wh"]
        assert (traded > 0) <= (home["id"] in report["forward"]["homes"])
        if not traded:
            assert home["bill_market_nano"] <= home["bill_supplier_nano"]
    assert report["fee_nano"] > 0
    charges = sum(line["amount_nano"] for line in report["charges"])
    assert report["gain_nano"] - charges - report["fee_nano"] == report["gain_net_nano"]


def test_without_earlier_data_nobody_orders(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["demo", "--homes", "3", "--days", "1", "--forward", "3", "--from", "2016-08-01"]
    assert run([*arguments, "--json", "-"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["checks"] == dict.fromkeys(CHECKS, True)
    assert report["forward"]["homes"] == ["H01", "H02", "H03"]
    assert all(h["bill_forward_nano"] <= h["bill_supplier_nano"] for h in report["homes"])


def test_batteries_are_planned_and_traded(
    with_batteries: dict[str, Any], on_tester: dict[str, Any]
) -> None:
    report, without = with_batteries, on_tester
    assert report["checks"] == dict.fromkeys(CHECKS, True)
    batteries = report["forward"]["batteries"]
    assert [battery["id"] for battery in batteries] == BATTERY_HOMES
    homes = {home["id"]: home for home in report["homes"]}
    before = {home["id"]: home for home in without["homes"]}
    for battery in batteries:
        own = homes[battery["id"]]
        assert len(battery["state_wh"]) == 48
        assert max(battery["state_wh"]) <= battery["capacity_wh"] == 10_000
        states = [0, *battery["state_wh"]]
        moves = [after - before_ for before_, after in pairwise(states)]
        assert -2_500 <= min(moves) < 0 < max(moves) <= 2_250
        assert battery["without_battery_metered_nano"] == before[own["id"]]["metered_only_nano"]
        assert battery["without_battery_supplier_nano"] == before[own["id"]]["bill_supplier_nano"]
        assert (
            battery["bill_forward_nano"]
            < battery["metered_only_nano"]
            < battery["without_battery_metered_nano"]
        )
        assert battery["bill_forward_nano"] == own["bill_forward_nano"]
    for name, home in homes.items():
        assert home["bill_supplier_nano"] == before[name]["bill_supplier_nano"]
    # Bills by the supplier alone are without batteries: a plan for trading is no plan for that.
    total = sum(home["bill_supplier_nano"] - home["bill_market_nano"] for home in report["homes"])
    assert total == report["gain_net_nano"] > without["gain_net_nano"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--forward", "0"], "--forward"),
        (["--forward", "14"], "14 homes that trade ahead"),
        (["--homes", "3", "--forward", "4"], "4 homes that trade ahead"),
        (["--forward", "two"], "--forward"),
        (["--battery", "--homes", "7"], "H09 does not take part"),
        (["--battery", "--forward", "1"], "2 homes have batteries"),
    ],
)
def test_bad_input(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err.splitlines()[0]
    assert err.count("error: ") == err.count("hint: ") == 1


def test_no_battery_without_solver(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "highspy", None)
    assert run(["demo", "--battery", "--json", str(tmp_path / "x.json")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "pip install 'p2pchain[plan]'" in err.splitlines()[1]
    assert not list(tmp_path.iterdir())


def test_a_wrong_bill_is_found(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the chain and the rules differ by one unit the check fails, and the exit code is 1."""
    from dataclasses import replace

    from p2pchain.control import compare as module

    real = module.bills

    def off_by_one(*args: Any, **named: Any) -> Comparison:
        found = real(*args, **named)
        first, *rest = found.homes
        return replace(found, homes=(replace(first, both_nano=first.both_nano + 1), *rest))

    monkeypatch.setattr(module, "bills", off_by_one)
    assert run(["demo", "--homes", "3", "--days", "1", "--forward", "3"]) == 1
    out, err = capsys.readouterr()
    assert "✗ FAILED  Traded ahead" in out
    assert "error: a check failed: planned" in err
