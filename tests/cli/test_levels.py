"""Levels by hand: a tree is set up, what one neighbourhood has left goes to another, and errors."""

from __future__ import annotations

import pytest

from tests.cli.conftest import CREATE_MARKET, World
from tests.cli.test_bad_input import refused

DAY = "2026-06-02T00:00Z"
WINDOW = 61818


def tree(world: World) -> None:
    """Area 2 is the town; areas 3 (Alice's meter 3) and 4 (Bob's meter 4) are below it."""
    world.ok("admin", "area", "add", "--operator", "grid", account="operator")
    for _ in range(2):
        world.ok("admin", "area", "add", "--operator", "grid", "--parent", "2", account="operator")
    for area, name in ((3, "alice"), (4, "bob")):
        world.ok(
            "admin", "meter", "add", "--area", str(area), "--owner", name, "--supplier", "1",
            "--fuse", "24kWh", "--key", f"{name}-meter", "--point", f"30000{name}",
            account="operator",
        )  # fmt: skip
        market = [*CREATE_MARKET, "--area", str(area), "--name", f"{name}s"]
        world.ok(*market, account="operator")
        world.ok("supplier", "agree", "1", "--market", f"{name}s", account="valley")
    for meter, name in ((3, "alice"), (4, "bob")):
        world.ok("enrol", str(meter), "--from", DAY, "--market", f"{name}s", account=name)
    world.ok("admin", "level", "create", "--area", "2", "--name", "town", account="operator")
    for name in ("alices", "bobs"):
        world.ok(
            "admin", "level", "attach", name, "--to", "town", "--from", DAY, account="operator"
        )
    world.ok("deposit", "20EUR", "--test-money", account="bob")


def edges(world: World, *more: str) -> None:
    for area in ("3", "4"):
        world.ok(
            "admin", "level", "edge", area, "--charge", "1ct/kWh", "--from", DAY, *more,
            account="grid",
        )  # fmt: skip


def post_a_day(world: World) -> None:
    """Alice exports 2 kWh in each slot of a window, Bob imports 3."""
    world.clock("2026-06-02T08:00Z")
    for number, meter, name, flow in (
        (3, "alice", "alices", (0, 2000)),
        (4, "bob", "bobs", (3000, 0)),
    ):
        day = world.day(f"{meter}.csv", 8, *flow, begin=DAY)
        signed = world.sign(day, number, f"{meter}-meter")
        world.ok("meter", "post", str(signed), "--market", name, account="carol")


@pytest.mark.capability("LVL-2")
def test_what_one_neighbourhood_has_left_goes_to_another(world: World) -> None:
    tree(world)
    edges(world, "--up", "1.5kWh")
    rows = {row["name"]: row for row in world.ok("admin", "level", "list", "--json").json["nodes"]}
    assert (rows["alices"]["above"], rows["town"]["above"]) == ("town", None)
    post_a_day(world)
    for name in ("alices", "bobs"):
        said = world.ok("settle", "--clear", "--market", name, "--json", account="carol").json
        assert said["windows"] == [WINDOW]
        assert (
            "awaits the levels above" in world.ok("settle", "--market", name, account="carol").out
        )
    cleared = world.ok("level", "clear", "--json", account="carol").json
    assert cleared["windows"] == [{"level": "town", "window": WINDOW}]
    world.ok("level", "share", account="carol")
    # r = 0.19 - 0.01, f = 0.05 + 0.01: p = 0.12 between; Bob pays a cent more, Alice gets one less
    status = world.ok("level", "status", "2026-06-02T03:00Z", "--json").json
    assert status["levels"][0] | {"level": "town"} == {
        "level": "town", "phase": "shared", "matched_wh": 1500, "price_nano": 120_000
    }  # fmt: skip
    crossed = {row["from"]: (row["up_wh"], row["down_wh"]) for row in status["edges"]}
    assert crossed == {"alices": (12_000, 0), "bobs": (0, 12_000)}
    assert sum(row["charge_nano"] for row in status["edges"]) == 2 * 12_000 * 10_000
    assert "town" in world.ok("level", "status", "2026-06-02T03:00Z").out
    for name in ("alices", "bobs"):
        world.ok("settle", "--market", name, account="carol")
    for meter, name, side, price in (
        (3, "alices", "sold_wh", 110_000),
        (4, "bobs", "bought_wh", 130_000),
    ):
        trades = ["trades", "--meter", str(meter), "--market", name, "--json"]
        for row in world.ok(*trades).json["trades"]:
            assert (row[side], row["price_nano"]) == (1500, price)
    grid = world.ok("balance", "--json", account="grid").json
    assert grid["free_nano"] >= 2 * 12_000 * 10_000
    assert "nothing is due" in world.ok("level", "clear", account="carol").out


@pytest.mark.capability("LVL-5")
def test_a_level_that_nobody_clears_holds_nobody_up(world: World) -> None:
    tree(world)
    edges(world)
    post_a_day(world)
    for name in ("alices", "bobs"):
        world.ok("clear", "--market", name, account="carol")
    world.clock("2026-06-05T08:00Z")
    assert "not cleared in time" in world.ok("level", "clear", account="carol").err
    for name in ("alices", "bobs"):
        assert world.ok("settle", "--market", name, "--json", account="carol").json["windows"]
    assert world.ok("trades", "--meter", "4", "--market", "bobs", "--json").json["trades"] == []
    (bob,) = world.ok("savings", "--meter", "4", "--market", "bobs", "--json").json["meters"]
    assert bob["slots"] == 8


def test_a_lost_grid_is_signed_by_its_operator_and_handed_in_by_anybody(world: World) -> None:
    tree(world)
    edges(world)
    world.clock("2026-06-02T02:00Z")
    span = ["--from", "2026-06-02T02:00Z", "--to", "2026-06-02T05:00Z"]
    signed = world.ok(
        "level", "grid-loss", "3", *span, "--sign-only", "--json", account="grid"
    ).json
    refused(
        world, 1, "not signed by operator", "level", "grid-loss", "4", *span,
        "--signature", signed["signature"], account="carol",
    )  # fmt: skip
    world.ok("level", "grid-loss", "3", *span, "--signature", signed["signature"], account="carol")
    post_a_day(world)
    for name in ("alices", "bobs"):
        world.ok("clear", "--market", name, account="carol")
    world.ok("level", "clear", account="carol")
    matched = {
        hour: world.ok("level", "status", f"2026-06-02T0{hour}:00Z", "--json").json["levels"][0][
            "matched_wh"
        ]
        for hour in range(1, 7)
    }
    assert matched == {1: 2000, 2: 0, 3: 0, 4: 0, 5: 2000, 6: 2000}
    refused(world, 1, "begun", "level", "grid-loss", "3", *span, account="grid")


@pytest.mark.capability("TAG-5")
@pytest.mark.parametrize("area", [4, 2])
def test_critical_loads_come_first_without_a_grid(world: World, area: int) -> None:
    """In the microgrid that has lost it, and in one whose CELL has."""
    tree(world)
    # Carol's meters 5 and 6 buy 3 kWh each where Bob sells 2.
    keys = {5: "other-meter", 6: "bob-meter"}
    for meter, key in keys.items():
        world.ok(
            "admin", "meter", "add", "--area", "4", "--owner", "carol", "--supplier", "1",
            "--fuse", "24kWh", "--key", key, "--point", f"3000{meter}", account="operator",
        )  # fmt: skip
        world.ok("enrol", str(meter), "--from", DAY, "--market", "bobs", account="carol")
    world.ok("deposit", "20EUR", "--test-money", account="carol")
    critical = ["admin", "level", "critical", "6"]
    refused(world, 1, "not area operator", *critical, account="carol")
    refused(world, 1, "begun", *critical, "--from", "2026-05-01T00:00Z", account="grid")
    said = world.ok(*critical, "--from", DAY, account="grid").out
    assert "critical loads" in said
    world.clock("2026-06-02T02:00Z")
    span = ["--from", "2026-06-02T02:00Z", "--to", "2026-06-02T05:00Z"]
    world.ok("level", "grid-loss", str(area), *span, account="grid")
    status = ["level", "status", "2026-06-02T02:00Z"]
    said = world.ok(*status, "--json").json
    assert (said["areas_without_grid"], said["critical_meters"]) == ([area], [6])
    text = f"without a grid: area {area}\nfirst to be served there: meter 6\n"
    assert text in world.ok(*status).out
    said = world.ok("level", "status", "2026-06-02T01:00Z", "--json").json
    assert (said["areas_without_grid"], said["critical_meters"]) == ([], [])
    world.clock("2026-06-02T08:00Z")
    for meter, key, flow in (
        (4, "bob-meter", (0, 2000)),
        (5, keys[5], (3000, 0)),
        (6, keys[6], (3000, 0)),
    ):
        signed = world.sign(world.day(f"{meter}.csv", 8, *flow, begin=DAY), meter, key)
        world.ok("meter", "post", str(signed), "--market", "bobs", account="carol")
    world.ok("clear", "--market", "bobs", account="carol")
    world.clock("2026-06-05T08:00Z")  # the level above is passed over
    world.ok("settle", "--market", "bobs", account="carol")
    slot = ["slot", "2026-06-02T02:00Z", "--market", "bobs"]
    said = world.ok(*slot).out
    assert "2kWh shared at 0.12EUR" in said
    assert "without a grid" in said
    assert world.ok(*slot, "--json").json["without_grid"] is True
    trades = world.ok("trades", "--meter", "6", "--market", "bobs", "--json").json["trades"]
    assert [row["bought_wh"] for row in trades] == [1000, 1000, 2000, 2000, 2000, 1000, 1000, 1000]
    trades = world.ok("trades", "--meter", "5", "--market", "bobs", "--json").json["trades"]
    assert [row["bought_wh"] for row in trades] == [1000] * 5
    world.ok(*critical, "--off", account="grid")


def test_what_does_not_fit_is_said(world: World) -> None:
    tree(world)
    level = ["admin", "level"]
    attach = [*level, "attach"]
    refused(world, 1, "already attached", *attach, "alices", "--to", "town", account="operator")
    refused(world, 1, "not a child", *attach, "valley", "--to", "town", account="operator")
    refused(world, 2, "no level 'city'", *attach, "valley", "--to", "city", account="operator")
    refused(world, 2, "no market or level", *attach, "vale", "--to", "town", account="operator")
    create = [*level, "create", "--name", "two", "--area"]
    refused(world, 1, "stands for the area already", *create, "2", "--k", "0.4", account="operator")
    refused(world, 1, "unknown area", *create, "9", account="operator")
    refused(world, 2, "not later", *create, "1", "--void-after", "2h", account="operator")
    edge = [*level, "edge", "3", "--charge", "1ct/kWh"]
    refused(world, 1, "not area operator", *edge, account="carol")
    refused(world, 2, "inside a window", *edge, "--from", "2026-06-02T03:00Z", account="grid")
    refused(world, 1, "already begun", *edge, "--from", "2026-05-01T00:00Z", account="grid")
    refused(world, 2, "not a limit", *edge, "--up", "5000MWh", account="grid")
    refused(world, 2, "no level 'city'", "level", "clear", "--level", "city", account="carol")
    grid_loss = ["level", "grid-loss", "3", "--from", "2026-06-02T05:00Z", "--to"]
    refused(world, 2, "not later", *grid_loss, "2026-06-02T05:00Z", account="grid")
    refused(world, 1, "bad range", *grid_loss, "2026-06-04T05:00Z", account="grid")
