"""The power flow of a cleared slot through the command line, and what can be wrong with it."""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest

from p2pchain.grid import network
from tests.cli.conftest import World
from tests.cli.test_bad_input import refused
from tests.cli.test_prosumer import a_day

SLOT = "2026-06-01T05:00Z"


def test_a_slot_that_is_not_cleared(world: World) -> None:
    refused(world, 1, "not cleared yet", "grid", "check", SLOT)
    a_day(world)
    refused(world, 1, "not cleared yet", "grid", "check", SLOT)
    world.ok("clear", account="carol")
    found = world.ok("grid", "check", SLOT, "--json").json
    assert [(home["import_wh"], home["export_wh"]) for home in found["homes"]] == [
        (1000, 0),
        (0, 2000),
    ]
    assert found["up_wh"] == pytest.approx(1000 - found["line_losses_wh"], abs=1)
    refused(world, 1, "no members in this slot", "grid", "check", "2026-06-01T00:00Z")


def test_a_missing_reading_is_not_zero(world: World) -> None:
    world.clock("2026-06-01T12:00Z")
    signed = world.sign(world.day("a.csv", 7, 1000, 0), 1, "alice-meter")
    world.ok("meter", "post", str(signed), account="carol")
    world.clock("2026-06-02T08:00Z")
    world.ok("settle", "--clear", account="carol")
    refused(world, 1, "1 of 2 members have no reading of this slot: meter 2", "grid", "check", SLOT)
    late = world.sign(world.day("b.csv", 7, 0, 3000), 2, "bob-meter")
    world.ok("meter", "post", str(late), account="carol")
    assert world.ok("grid", "check", SLOT, "--json").json["export_wh"] == 3000


def test_a_slot_that_was_given_up_was_delivered_all_the_same(world: World) -> None:
    a_day(world)
    world.clock("2026-06-08T08:00Z")
    world.ok("clear", "--void", account="carol")
    assert world.ok("grid", "check", SLOT, "--json").json["export_wh"] == 2000


def test_a_slot_in_which_nothing_happened(world: World) -> None:
    world.clock("2026-06-01T12:00Z")
    for meter, key in ((1, "alice-meter"), (2, "bob-meter")):
        signed = world.sign(world.day(f"{key}.csv", 7, 0, 0), meter, key)
        world.ok("meter", "post", str(signed), account="carol")
    world.ok("clear", account="carol")
    out = world.ok("grid", "check", SLOT, "--headroom").out
    assert "no headroom to tell: nobody took or gave anything" in out
    assert world.ok("grid", "check", SLOT, "--headroom", "--json").json["headroom"] == []


def test_a_correction_counts(world: World) -> None:
    a_day(world)
    world.ok("settle", "--clear", account="carol")
    assert world.ok("grid", "check", SLOT, "--json").json["import_wh"] == 1000
    world.ok(
        "meter", "correct", "1", "--slot", SLOT, "--import", "1.4kWh", "--export", "0Wh",
        "--key", "alice-meter", account="operator",
    )  # fmt: skip
    assert world.ok("grid", "check", SLOT, "--json").json["import_wh"] == 1400


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--network", "1-LV-rural9"], "there is no network '1-LV-rural9'"),
        (["--map", "none.csv"], "none.csv does not exist"),
        (["--voltage-band", "0"], "--voltage-band"),
        (["--voltage-band", "2.5"], "--voltage-band"),
        (["--power-factor", "0.4"], "'0.4': a power factor is 0.5 to 1"),
        (["--power-factor", "1.01"], "--power-factor"),
        (["--power-factor", "nan"], "--power-factor"),
    ],
)
def test_what_is_typed_wrong(world: World, more: list[str], words: str) -> None:
    a_day(world)
    world.ok("clear", account="carol")
    refused(world, 2, words, "grid", "check", SLOT, *more)


def test_more_homes_than_loads(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = network.load
    monkeypatch.setattr(network, "load", lambda name: replace(real(name), loads=("LV1.101 Bus 5",)))
    a_day(world)
    world.ok("clear", account="carol")
    refused(world, 2, "2 meters, and 1-LV-rural1--0-sw has 1 loads", "grid", "check", SLOT)


def test_without_pandapower(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandapower", None)
    result = refused(world, 2, "needs pandapower", "grid", "check", SLOT)
    assert result.hints == ["hint: pip install 'p2pchain[grid]'"]
    assert world.ok("grid", "networks").code == 0


def test_networks(world: World) -> None:
    listed = world.ok("grid", "networks", "--json").json["networks"]
    assert listed[0] == {
        "network": "1-LV-rural1--0-sw",
        "loads": 13,
        "buses": 14,
        "lines": 13,
        "transformer_va": 160_000,
    }
    text = world.ok("grid", "networks").out
    for entry in listed:
        assert re.search(rf"^{entry['network']} +{entry['loads']} ", text, re.M)
    rows = world.ok("grid", "networks", "1-LV-rural1--0-sw", "--json").json["buses"]
    assert rows[4] == {"bus": "LV1.101 Bus 5", "loads": [13]}
    refused(world, 2, "there is no network 'rural'", "grid", "networks", "rural")
