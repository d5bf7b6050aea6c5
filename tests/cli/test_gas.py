"""A gas meter by hand: counters in cubic metres, posted in Wh with their volumes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import World
from tests.cli.test_bad_input import refused

MPRN = "12345678"


def counters(world: World, name: str, hours: int, litres: int, begin: int = 1) -> Path:
    """A file of counters that grow by the same each hour of 1 June 2026."""
    path = world.folder / name
    rows = [
        f"2026-06-01T{begin + n:02}:00Z,{(4_711_250 + (begin + n) * litres) / 1000:.3f}"
        for n in range(hours + 1)
    ]
    path.write_text("time,counter_m3\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def home(world: World) -> World:
    """Alice's gas point with its meter, number 3."""
    world.ok(
        "point", "register", "--gas", MPRN, "--area", "1", "--customer", "alice", "--supplier",
        "1", "--network", "grid", "--agent", "bob", account="operator",
    )  # fmt: skip
    world.ok(
        "admin", "meter", "add", "--area", "1", "--owner", "alice", "--supplier", "1",
        "--fuse", "500kWh", "--key", "other-meter", "--point", MPRN, account="operator",
    )  # fmt: skip
    world.ok("point", "meter", "1", "3", account="bob")
    return world


@pytest.mark.capability("ELE-1")
def test_counters_become_readings(home: World) -> None:
    gas = ["meter", "gas", "1", "3"]
    how = ["--key", "other-meter", "--calorific", "39.5"]
    home.clock("2026-06-01T06:00Z")
    first = home.ok(*gas, str(counters(home, "a.csv", 3, 2_000)), *how, "--json", account="carol")
    assert first.json["litres"] == 4_711_250 + 4 * 2_000
    assert first.json["register_wh"] == 6_000 * 39_500 * 1_022_640 // 3_600_000_000
    # what is posted already is left out, and what follows goes on from there
    more = home.ok(*gas, str(counters(home, "b.csv", 4, 2_000)), *how, "--json", account="carol")
    assert len(more.json["transactions"]) == 2
    refused(home, 2, "nothing that is not posted", *gas, str(home.folder / "b.csv"), *how)
    other = counters(home, "c.csv", 5, 3_000)
    refused(home, 2, "stood at", *gas, str(other), *how)
    assert home.ok("meter", "status", "3", "--json").code == 0


def test_wrong_inputs(home: World) -> None:
    path = str(counters(home, "a.csv", 3, 2_000))
    gas = ["meter", "gas", "1", "3", path, "--key", "other-meter", "--calorific"]
    home.clock("2026-06-01T06:00Z")
    refused(home, 2, "is no figure", *gas, "much")
    refused(home, 2, "is no figure", *gas, "39.50001")
    refused(home, 2, "is no figure", *gas, "39.5", "--correction", "0")
    refused(home, 2, "no meter 9", "meter", "gas", "1", "9", path, *gas[5:], "39.5")
    refused(home, 2, "cannot read", "meter", "gas", "1", "3", "nowhere.csv", *gas[5:], "39.5")
