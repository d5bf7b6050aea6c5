"""Levels ahead by hand: orders of two neighbourhoods meet above, and errors."""

from __future__ import annotations

import pytest

from p2pchain import checks, history
from p2pchain.market import Market
from tests.cli.conftest import World
from tests.cli.test_bad_input import refused
from tests.cli.test_levels import DAY, WINDOW, edges, tree

SLOT = "2026-06-02T03:00Z"
GATE = "2026-06-01T23:00Z"


def trade_ahead(world: World, *more: str) -> None:
    """Both neighbourhoods have an intraday auction below the level `ahead` of the town."""
    tree(world)
    edges(world, *more)
    for name in ("alices", "bobs"):
        world.ok(
            "admin", "auction", "create", "--market", name, "--name", f"{name}-intraday",
            "--gate", "window", "--before", "1h", "--lot", "100Wh", "--cap", "2EUR/kWh",
            account="operator",
        )  # fmt: skip
    create = ["admin", "level", "create", "--forward", "--area", "2", "--name", "ahead"]
    world.ok(*create, "--lot", "100Wh", "--void-after", "2h", account="operator")
    for name in ("alices", "bobs"):
        attach = ["admin", "level", "attach", f"{name}-intraday", "--to", "ahead"]
        world.ok(*attach, "--from", DAY, account="operator")
    world.ok("deposit", "20EUR", "--test-money", account="alice")


def order(world: World) -> None:
    """Alice sells 2 kWh from 0.08 on, Bob buys 3 kWh up to 0.16."""
    ask = ["ask", "3", SLOT, "2kWh", "--limit", "0.08EUR/kWh", "--market", "alices"]
    world.ok(*ask, account="alice")
    bid = ["bid", "4", SLOT, "3kWh", "--limit", "0.16EUR/kWh", "--market", "bobs"]
    world.ok(*bid, account="bob")
    world.clock(GATE)
    for name in ("alices", "bobs"):
        world.ok("clear", "--forward", "--market", name, account="carol")


@pytest.mark.capability("LVL-1")
@pytest.mark.capability("LVL-2")
def test_orders_of_two_neighbourhoods_meet_above(world: World) -> None:
    trade_ahead(world, "--up", "1.5kWh")
    nodes = world.ok("admin", "level", "list", "--json").json["nodes"]
    above = {row["name"]: (row["above"], row["ahead"]) for row in nodes}
    assert above["bobs-intraday"] == ("ahead", True)
    assert above["bobs"] == ("town", False)
    order(world)
    assert "with the level above" in world.ok("book", SLOT, "--market", "bobs").out
    waits = world.ok("clear", "--forward", "--market", "bobs", account="carol").out
    assert "waits for the level above" in waits
    (mine,) = world.ok("orders", "--market", "bobs", "--json").json["orders"]
    assert mine["state"] == "waits for the level above"

    cleared = world.ok("level", "clear", "--json", account="carol").json
    assert cleared["windows"] == [{"level": "ahead", "window": WINDOW}]
    world.ok("level", "share", "--level", "ahead", account="carol")
    # 0.09 to 0.15 with the charges, 1.5 kWh: the buys are not filled wholly, so lo = hi = 0.15
    status = world.ok("level", "status", SLOT, "--json").json
    ahead = {row["level"]: row for row in status["levels"]}["ahead"]
    assert (ahead["phase"], ahead["matched_wh"], ahead["price_nano"]) == ("shared", 1500, 150_000)
    crossed = {row["from"]: (row["up_wh"], row["down_wh"]) for row in status["edges"]}
    assert crossed == {"alices-intraday": (1500, 0), "bobs-intraday": (0, 1500)}
    # Bob's limit is filled in part: who stands there is found in a walk of its own.
    for name, price in (("alices", 140_000), ("bobs", 160_000)):
        world.ok("clear", "--forward", "--market", name, account="carol")
        (mine,) = world.ok("orders", "--market", name, "--json").json["orders"]
        assert (mine["filled_wh"], mine["price_nano"]) == (1500, price)
    assert "1.5kWh bought one level up at" in world.ok("book", SLOT, "--market", "bobs").out
    (part,) = world.ok("book", SLOT, "--market", "bobs", "--json").json["parts"]
    assert part == {"side": "buy", "wh": 1500, "price_nano": 160_000, "levels_up": 1}
    assert world.ok("balance", "--json", account="grid").json["free_nano"] == 2 * 1500 * 10_000

    # What is delivered is settled, and the limit that was used ahead is not used again.
    world.clock("2026-06-02T08:00Z")
    for number, meter, flow in ((3, "alice", (0, 2000)), (4, "bob", (3000, 0))):
        day = world.day(f"{meter}.csv", 8, *flow, begin=DAY)
        signed = world.sign(day, number, f"{meter}-meter")
        world.ok("meter", "post", str(signed), "--market", f"{meter}s", account="carol")
    for name in ("alices", "bobs"):
        world.ok("clear", "--market", name, account="carol")
    world.ok("level", "clear", account="carol")
    world.ok("level", "share", account="carol")
    rows = {
        hour: world.ok("level", "status", f"2026-06-02T0{hour}:00Z", "--json").json["levels"]
        for hour in (2, 3)
    }
    town = {h: next(r for r in of if r["level"] == "town")["matched_wh"] for h, of in rows.items()}
    assert town == {2: 1500, 3: 0}
    for name in ("alices", "bobs"):
        world.ok("settle", "--market", name, account="carol")
    markets = [Market.open("local", name) for name in ("alices", "bobs")]
    contracts = markets[0].contracts
    twin = checks.replay(contracts)
    assert checks.compare(contracts, twin) > 10
    checks.money_is_whole(contracts, twin)
    twin.assert_conserved()
    for market in markets:
        checks.energy_is_whole(market, history.read(market))
        checks.ledger_agrees(history.read(market))


@pytest.mark.capability("LVL-5")
def test_a_level_ahead_that_nobody_clears_holds_nobody_up(world: World) -> None:
    trade_ahead(world)
    order(world)
    world.clock("2026-06-02T01:00Z")
    assert "nothing is due" in world.ok("level", "clear", account="carol").out
    shared = world.ok("level", "share", "--json", account="carol").json
    assert shared["windows"] == [{"level": "ahead", "window": WINDOW}]
    (mine,) = world.ok("orders", "--market", "bobs", "--json").json["orders"]
    assert (mine["filled_wh"], mine["state"]) == (0, "not filled")


def test_what_does_not_fit_ahead_is_said(world: World) -> None:
    trade_ahead(world)
    attach = ["admin", "level", "attach"]
    refused(world, 1, "already attached", *attach, "bobs-intraday", "--to", "ahead",
            account="operator")  # fmt: skip
    refused(world, 2, "no auction or level 'bobs'", *attach, "bobs", "--to", "ahead",
            account="operator")  # fmt: skip
    create = ["admin", "level", "create", "--name", "two", "--area"]
    refused(world, 1, "stands for the area already", *create, "2", "--forward", "--lot", "50Wh",
            account="operator")  # fmt: skip
    refused(world, 2, "belongs to --forward", *create, "1", "--lot", "1Wh", account="operator")
    refused(world, 2, "belongs to --forward", *create, "1", "--gate", "day", account="operator")
    world.ok(*create, "1", "--forward", "--gate", "day", "--before", "12h",
             account="operator")  # fmt: skip
    late = ["admin", "auction", "create", "--market", "alices", "--name", "late"]
    world.ok(*late, "--gate", "day", "--before", "12h", "--cap", "2EUR/kWh", account="operator")
    refused(world, 1, "not a child", *attach, "late", "--to", "two", account="operator")
    refused(
        world,
        1,
        "gate or lot than that of the level",
        *attach,
        "late",
        "--to",
        "ahead",
        account="operator",
    )
    refused(world, 1, "begun", *attach, "late", "--to", "ahead", "--from",
            "2026-06-01T00:00Z", account="operator")  # fmt: skip
