"""Planning ahead by the command line: order, gate, clearing, readings, settlement."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from p2pchain import checks, history
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.errors import Refused
from p2pchain.forward_market import choose
from p2pchain.model import (
    Action,
    ForwardPhase,
    ForwardRefusal,
    Order,
    Schedule,
    schedule_words,
)
from tests.cli.conftest import ACCOUNTS, World
from tests.cli.test_bad_input import refused, told

SLOT = "2026-06-01T10:00Z"  # in the window from 08:00Z on, whose gate closes at 07:00Z
FIRM, GATE = "2026-06-01T06:30Z", "2026-06-01T07:00Z"
NANO = 10**9
# What the auction and the tariff of these tests ask, nano per Wh.
ENERGY, FEED_IN, IMBALANCE, NETWORK, CAP = 190_000, 50_000, 250_000, 80_000, 300_000
BETWEEN = (ENERGY + FEED_IN) // 2  # what neighbours pay after metering


def open_auction(world: World, *more: str) -> None:
    """An auction by window, an hour before it, firm half an hour earlier; Bob has money too."""
    world.ok(
        "admin", "auction", "create", "--name", "intraday", "--gate", "window", "--before", "1h",
        "--firm", "30min", "--lot", "100Wh", "--cap", "0.30EUR/kWh", *more, account="operator",
    )  # fmt: skip
    world.ok("deposit", "20EUR", "--test-money", account="bob")


@pytest.fixture
def ahead(world: World) -> World:
    """The market of the module with an auction, and a price for imbalance of its own."""
    prices = ["--energy", "0.19EUR/kWh", "--feed-in", "0.05EUR/kWh", "--network", "8ct/kWh"]
    more = ["--imbalance", "0.25EUR/kWh", "--from", "2026-06-01T08:00Z"]
    world.ok("tariff", "publish", "1", *prices, *more, account="valley")
    open_auction(world)
    return world


def window_of(world: World, name: str, import_wh: int, export_wh: int) -> Path:
    """Registers of the window from 08:00Z on: nothing but what flows in SLOT."""
    rows: list[tuple[str, object, object]] = [
        (f"2026-06-01T{hour:02}:00Z", import_wh * (hour > 10), export_wh * (hour > 10))
        for hour in range(8, 17)
    ]
    return world.sign(world.registers(name, rows), 1 if "alice" in name else 2, key_of(name))


def key_of(name: str) -> str:
    return "alice-meter" if "alice" in name else "bob-meter"


def holds(world: World) -> history.History:
    """All that a report checks holds, except what is no rule for who plans ahead."""
    market = world.market
    past = history.read(market)
    twin = checks.replay(market.contracts)
    assert checks.compare(market.contracts, twin) > 10
    checks.money_is_whole(market.contracts, twin)
    checks.ledger_agrees(past)
    checks.energy_is_whole(market, past)
    checks.nobody_pays_more(past)
    return past


def money(world: World, name: str) -> tuple[int, int, int]:
    """Free, locked, and of this for orders ahead."""
    shown = world.ok("balance", name, "--json").json
    return shown["free_nano"], shown["locked_nano"], shown["forward_collateral_nano"]


@pytest.mark.capability("TAG-3")
@pytest.mark.capability("TAG-4")
@pytest.mark.capability("FST-3")
def test_from_the_order_to_the_money(ahead: World) -> None:
    """Escrow at the match, paid on what the meters say: by hand, to the unit."""
    world = ahead
    bid = world.ok("bid", "1", SLOT, "2kWh", "--limit", "0.14EUR/kWh", account="alice")
    assert "at worst it costs  0.28EUR" in bid.err
    assert f"can be changed     until {FIRM}" in bid.err
    assert f"gate               {GATE}" in bid.err
    sold = world.ok("ask", "2", SLOT, "2kWh", "--limit", "0.08EUR/kWh", "--json", account="bob")
    assert sold.json["collateral_nano"] == 2000 * (CAP - 80_000)
    assert money(world, "alice") == (20 * NANO - 280_000_000, 280_000_000, 280_000_000)
    assert money(world, "bob") == (20 * NANO - 440_000_000, 440_000_000, 440_000_000)

    # the one bad input: a second order for the slot changes nothing
    refused(world, 1, "has an order for this slot already", "bid", "1", SLOT, "1kWh", "--limit",
            "0.10EUR/kWh")  # fmt: skip
    world.clock(GATE)
    assert "0.11EUR/kWh" not in world.ok("book", SLOT).out
    world.ok("clear", "--forward", account="carol")
    assert "2kWh at 0.11EUR/kWh" in world.ok("book", SLOT).out
    rows = world.ok("orders", "--json").json["orders"]
    assert [(r["side"], r["filled_wh"], r["price_nano"], r["state"]) for r in rows] == [
        ("buy", 2000, 110_000, "contracted"),
        ("sell", 2000, 110_000, "contracted"),
    ]
    # a match moves no money: the meters decide
    assert money(world, "alice")[1:] == (280_000_000, 280_000_000)

    # Alice takes 0.5 kWh less than she bought, Bob delivers 0.8 kWh less than he sold
    world.clock("2026-06-01T16:00Z")
    for name, reading in (("alice", (1500, 0)), ("bob", (0, 1200))):
        signed = window_of(world, f"{name}.csv", *reading)
        world.ok("meter", "post", str(signed), account="carol")
    locked = money(world, "bob")
    assert locked[1] > locked[2] == 440_000_000
    world.ok("settle", "--clear", account="carol")
    # what Alice left over Bob buys from her, and the rest of what he owes from his supplier
    paid = 2000 * 110_000
    alice = paid - 500 * BETWEEN + 1500 * NETWORK
    bob = -paid + 500 * BETWEEN + 300 * IMBALANCE
    assert money(world, "alice") == (20 * NANO - alice, 0, 0)
    assert money(world, "bob") == (20 * NANO - bob, 0, 0)
    past = holds(world)
    assert past.paid_nano == {1: alice, 2: bob}
    assert past.forward_wh[494_530] == (2000, 2000)

    rows = world.ok("trades", "--json").json["trades"]
    assert [(r["meter"], r["ahead_bought_wh"], r["ahead_sold_wh"], r["ahead_nano"]) for r in rows
            ] == [(1, 2000, 0, paid), (2, 0, 2000, -paid)]  # fmt: skip
    assert "bought ahead Wh" in world.ok("trades").out
    saved = world.ok("savings", "--json").json["meters"]
    assert [row["cost_nano"] for row in saved] == [alice, bob]
    assert "saved ahead" in world.ok("savings").out
    assert "no open orders" in world.ok("orders", account="alice").out
    assert "settled" in world.ok("orders", "--all", account="alice").out


@pytest.mark.capability("TAG-4")
@pytest.mark.capability("FST-3")
def test_the_shortfall_is_charged_to_the_party_at_fault(ahead: World) -> None:
    """Whoever has not read his meter pays the worst until he has; nobody else pays for him."""
    world = ahead
    world.ok("bid", "1", SLOT, "1kWh", "--limit", "0.12EUR/kWh", account="alice")
    world.ok("ask", "2", SLOT, "1kWh", "--limit", "0.12EUR/kWh", account="bob")
    world.clock(GATE)
    world.ok("clear", "--forward", account="carol")
    world.clock("2026-06-01T16:00Z")
    world.ok("meter", "post", str(window_of(world, "alice.csv", 1000, 0)), account="carol")
    world.clock("2026-06-02T16:00Z")
    world.ok("settle", "--clear", account="carol")
    alice = 1000 * 120_000 + 1000 * NETWORK
    assert money(world, "alice") == (20 * NANO - alice, 0, 0)
    # one kWh at the cap, less what he was paid: all that his collateral stood for, and no more
    worst = 1000 * CAP - 1000 * 120_000
    assert money(world, "bob") == (20 * NANO - worst, 0, 0)
    assert holds(world).paid_nano == {1: alice, 2: worst}
    # his reading comes late: what he delivered counts
    late = window_of(world, "bob.csv", 0, 700)
    world.ok("meter", "post", str(late), account="carol")
    bob = 300 * IMBALANCE - 1000 * 120_000
    assert money(world, "bob") == (20 * NANO - bob, 0, 0)
    assert holds(world).paid_nano == {1: alice, 2: bob}
    refused(world, 1, "posted already", "meter", "post", str(late))


def test_a_window_that_nobody_reads_is_settled_all_the_same(ahead: World) -> None:
    world = ahead
    world.ok("bid", "1", SLOT, "1kWh", "--limit", "0.12EUR/kWh", account="alice")
    world.ok("ask", "2", SLOT, "1kWh", "--limit", "0.12EUR/kWh", account="bob")
    world.clock("2026-06-01T17:00Z")
    out = world.ok("settle", "--clear", account="carol").out
    assert "has orders that are not cleared yet: 'p2pchain clear --forward'" in out
    world.ok("clear", "--forward", account="carol")
    assert "waits for" in world.ok("settle", "--clear", account="carol").out
    world.clock("2026-06-02T16:00Z")
    assert world.ok("settle", "--clear", "--json", account="carol").json["windows"] == [61816]
    assert money(world, "alice")[1:] == (0, 0)
    assert money(world, "bob")[1:] == (0, 0)
    assert holds(world).paid_nano == {1: 1000 * 120_000, 2: 1000 * (CAP - 120_000)}


def test_more_is_bought_than_sold(ahead: World) -> None:
    """The limit at the margin is filled in part, and what is refunded is free again."""
    world = ahead
    world.ok("bid", "1", SLOT, "2kWh", "--limit", "0.13EUR/kWh", account="alice")
    world.ok("ask", "2", SLOT, "1.2kWh", "--limit", "0.08EUR/kWh", account="bob")
    world.clock(GATE)
    world.ok("clear", "--forward", account="carol")
    rows = world.ok("orders", "--json").json["orders"]
    assert [(r["filled_wh"], r["price_nano"]) for r in rows] == [(1200, 130_000)] * 2
    assert [r["state"] for r in rows] == ["contracted in part", "contracted"]
    world.clock("2026-06-01T16:00Z")
    for name, reading in (("alice", (1200, 0)), ("bob", (0, 1200))):
        signed = window_of(world, f"{name}.csv", *reading)
        world.ok("meter", "post", str(signed), account="carol")
    world.ok("settle", "--clear", account="carol")
    paid = 1200 * 130_000
    assert money(world, "alice") == (20 * NANO - paid - 1200 * NETWORK, 0, 0)
    assert money(world, "bob") == (20 * NANO + paid, 0, 0)
    holds(world)


def test_amend_and_cancel(ahead: World) -> None:
    world = ahead
    world.ok("bid", "1", SLOT, "2kWh", "--limit", "0.14EUR/kWh", account="alice")
    head = world.chain.block().number
    amend = ["bid", "1", SLOT, "1kWh", "--limit", "0.10EUR/kWh", "--amend"]
    dry = world.ok(*amend, "--dry-run", account="alice")
    assert "nothing was sent" in dry.out
    assert "at worst it costs  0.10EUR" in dry.err
    assert world.chain.block().number == head
    world.ok(*amend, account="alice")
    assert money(world, "alice")[1:] == (100_000_000, 100_000_000)
    world.ok("ask", "1", SLOT, "1kWh", "--limit", "0.20EUR/kWh", "--amend", account="alice")
    assert money(world, "alice")[1:] == (100_000_000, 100_000_000)  # 1 kWh x (0.30 - 0.20)
    world.ok("cancel", "1", SLOT, account="alice")
    assert money(world, "alice") == (20 * NANO, 0, 0)
    assert world.ok("orders", "--all", "--json").json["orders"] == []
    # a window in which all was cancelled is cleared like any other
    world.clock(GATE)
    world.ok("clear", "--forward", account="carol")
    assert "nothing is traded" in world.ok("book", SLOT).out
    holds(world)


def test_neighbours_orders_are_carried_together(ahead: World) -> None:
    """Carol has the coin for fees; the orders are signed, and hers to carry, not to change."""
    world = ahead
    for name in ("alice.jsonl", "bob.jsonl"):
        (world.folder / name).unlink(missing_ok=True)
    files = [str(world.folder / name) for name in ("alice.jsonl", "bob.jsonl")]
    head = world.chain.block().number
    save = ["--save", files[0]]
    for hour in (12, 10, 11):
        time = f"2026-06-01T{hour}:00Z"
        world.ok("bid", "1", time, "1kWh", "--limit", "0.14EUR/kWh", *save, account="alice")
    world.ok("cancel", "1", "2026-06-01T11:00Z", *save, account="alice")
    saved = world.ok("ask", "2", SLOT, "1kWh", "--limit", "8ct/kWh", "--save", files[1], "--json",
                     account="bob").json  # fmt: skip
    assert (saved["sequence"], saved["collateral_nano"]) == (1, 220_000_000)
    assert world.chain.block().number == head
    lines = (world.folder / "alice.jsonl").read_text().splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2, 3, 4]
    dry = world.ok("relay", *files, "--dry-run", account="carol")
    assert "hand in 5 messages" in dry.out
    assert world.chain.block().number == head
    out = world.ok("relay", *files, "--json", account="carol").json
    assert (out["taken"], out["refused"], len(out["transactions"])) == (5, [], 1)
    rows = world.ok("orders", "--json").json["orders"]
    assert [(r["meter"], r["start"]) for r in rows] == [
        (1, SLOT), (2, SLOT), (1, "2026-06-01T12:00Z"),
    ]  # fmt: skip
    again = world.cli("relay", *files, account="carol")
    told(again, 1, "5 of 5 messages were refused: ")
    assert "a higher number has been taken already" in again.errors[0]
    holds(world)


def test_a_forged_order_does_not_hold_up_the_others(ahead: World) -> None:
    world = ahead
    file = world.folder / "mixed.jsonl"
    file.unlink(missing_ok=True)
    for hour in (10, 11, 12):
        world.ok("bid", "1", f"2026-06-01T{hour}:00Z", "1kWh", "--limit", "0.14EUR/kWh",
                 "--save", str(file), account="alice")  # fmt: skip
    lines = file.read_text().splitlines()
    forged = json.dumps(json.loads(lines[1]) | {"limit_nano": 200_000})
    unknown = json.dumps(json.loads(lines[2]) | {"auction": "0x" + "11" * 32})
    file.write_text("\n".join([lines[0], forged, unknown]) + "\n")
    result = world.cli("relay", str(file), "--json", account="carol")
    told(result, 1, "2 of 3 messages were refused: ")
    assert "mixed.jsonl, line 2, meter 1 for 2026-06-01T11:00Z: it is not signed" in result.err
    assert "line 3, meter 1 for 2026-06-01T12:00Z: there is no such forward auction" in result.err
    assert result.json["taken"] == 1
    assert [row["reason"] for row in result.json["refused"]] == ["bad_signature", "unknown_auction"]
    assert len(world.ok("orders", "--json").json["orders"]) == 1


def a_plan(world: World, *rows: str, hours: range = range(24), day: str = "2026-06-02") -> Path:
    """A schedule of a day: nothing but the rows given."""
    given = {row.split(",")[0]: row for row in rows}
    lines = [f"{day}T{hour:02}:00Z" for hour in hours]
    path = world.folder / "plan.csv"
    body = [given.pop(time, f"{time},none,,") for time in lines]
    path.write_text("\n".join(["start,side,energy,price", *body, *given.values()]) + "\n")
    return path


def test_a_day_in_one_message(ahead: World) -> None:
    world = ahead
    noon, night = "2026-06-02T12:00Z", "2026-06-02T23:00Z"
    plan = a_plan(world, f"{noon},sell,3kWh,0.06EUR/kWh", f"{night},buy,1.5kWh,14ct/kWh")
    head = world.chain.block().number
    dry = world.ok("schedule", "2", str(plan), "--dry-run", account="bob")
    assert "order for 2 slots of meter 2 on the day from 2026-06-02T00:00Z" in dry.out
    assert world.chain.block().number == head
    collateral = 3000 * (CAP - 60_000) + 1500 * 140_000
    done = world.ok("schedule", "2", str(plan), "--json", account="bob").json
    assert (done["orders"], done["collateral_nano"]) == (2, collateral)
    assert money(world, "bob")[1:] == (collateral, collateral)
    rows = world.ok("orders", account="bob").out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == [noon, night]
    # another plan for the day replaces it, here signed by Bob and carried by Carol
    plan = a_plan(world, f"{noon},sell,1kWh,0.06EUR/kWh")
    signed = world.ok("schedule", "2", str(plan), "--save", "-", account="bob")
    file = world.folder / "day.jsonl"
    file.write_text(signed.out)
    world.ok("relay", str(file), account="carol")
    assert money(world, "bob")[1:] == (240_000_000, 240_000_000)
    assert len(world.ok("orders", account="bob").out.splitlines()) == 2
    holds(world)


def test_the_picture(ahead: World) -> None:
    world = ahead
    assert "nobody has ordered yet" in world.ok("book", SLOT).out
    world.ok("bid", "1", SLOT, "3kWh", "--limit", "0.14EUR/kWh", account="alice")
    world.ok("ask", "2", SLOT, "2kWh", "--limit", "0.08EUR/kWh", account="bob")
    out = world.ok("book").out  # the next slot that can be ordered for is in the same window
    assert "2026-06-01T08:00Z" in out
    world.clock(GATE)
    drawn = world.ok("book", SLOT).out
    assert "the gate has closed" in drawn
    lines = drawn.splitlines()
    top = next(line for line in lines if "0.140 ┤" in line)
    bottom = next(line for line in lines if "0.080 ┤" in line)
    assert 2 * top.count("●") == pytest.approx(3 * bottom.count("○"), abs=3)
    shown = world.ok("book", SLOT, "--json").json
    assert shown["buys"] == [{"limit_nano": 140_000, "wh": 3000}]
    assert shown["sells"] == [{"limit_nano": 80_000, "wh": 2000}]
    assert (shown["phase"], shown["price_nano"], shown["traded_wh"]) == ("open", None, None)
    world.ok("clear", "--forward", account="carol")
    shown = world.ok("book", SLOT, "--json").json
    assert (shown["phase"], shown["price_nano"], shown["traded_wh"]) == ("cleared", 140_000, 2000)
    assert "┴" in world.ok("book", SLOT).out


def test_nobody_cleared_in_time(ahead: World) -> None:
    world = ahead
    world.ok("bid", "1", SLOT, "1kWh", "--limit", "0.12EUR/kWh", account="alice")
    world.ok("ask", "2", SLOT, "1kWh", "--limit", "0.12EUR/kWh", account="bob")
    out = world.ok("clear", "--forward", account="carol").out
    assert f"takes orders; it is cleared from {GATE} on" in out
    refused(world, 1, "nothing to clear: ", "clear", "--forward", "--from", SLOT, account="carol")
    world.clock(GATE)
    out = world.ok("clear", "--forward", "--void", account="carol").out
    assert "may be given up from 2026-06-02T07:00Z on" in out
    world.clock("2026-06-02T07:00Z")
    world.ok("clear", "--forward", "--void", account="carol")
    assert "given up" in world.ok("book", SLOT).out
    assert [r["state"] for r in world.ok("orders", "--json").json["orders"]] == ["given up"] * 2
    world.clock("2026-06-02T16:00Z")
    world.ok("settle", "--clear", account="carol")
    assert money(world, "alice") == (20 * NANO, 0, 0)
    assert money(world, "bob") == (20 * NANO, 0, 0)
    holds(world)


def test_several_auctions(ahead: World) -> None:
    world = ahead
    create = ["admin", "auction", "create", "--name", "day-ahead", "--gate", "day", "--before",
              "12h", "--lot", "100Wh", "--cap", "0.30EUR/kWh"]  # fmt: skip
    dry = world.ok(*create, "--dry-run", account="operator")
    assert "nothing was sent" in dry.out
    made = world.ok(*create, "--json", account="operator").json["auction"]
    assert "it was there already" in world.ok(*create, account="operator").out
    assert json.loads(Path("deployments/local.json").read_text())["auctions"]["day-ahead"] == made
    rows = world.ok("auctions", "--json").json["auctions"]
    assert [(r["name"], r["gate"], r["lot_wh"]) for r in rows] == [
        ("intraday", "window", 100), ("day-ahead", "day", 100),
    ]  # fmt: skip
    out = world.ok("auctions", "--zone", "Europe/Berlin").out
    assert "12h before the UTC day; the next closes at 2026-06-01T14:00+02:00" in out
    later = "2026-06-02T10:00Z"
    order = ["1", later, "1kWh", "--limit", "0.12EUR/kWh"]
    refused(world, 2, "which auction is meant?", "bid", *order)
    for name in ("intraday", made):
        world.ok("bid", *order, "--auction", name, account="alice")
    rows = world.ok("orders", "--json").json["orders"]
    assert {row["auction"] for row in rows} == {"intraday", "day-ahead"}
    assert money(world, "alice")[2] == 240_000_000
    world.clock("2026-06-01T12:00Z")
    done = world.ok("clear", "--forward", "--json", account="carol").json["auctions"]
    assert [row["auction"] for row in done] == ["day-ahead"]
    holds(world)


def test_the_guardian_stops_orders_and_nothing_else(ahead: World) -> None:
    world = ahead
    world.ok("bid", "1", SLOT, "1kWh", "--limit", "0.12EUR/kWh", account="alice")
    world.ok("admin", "auction", "pause", account="operator")
    assert "stopped by the guardian" in world.ok("auctions").out
    order = ["bid", "1", "2026-06-01T11:00Z", "1kWh", "--limit", "0.12EUR/kWh"]
    refused(world, 1, "the guardian has stopped new orders", *order)
    world.ok("cancel", "1", SLOT, account="alice")
    world.ok("admin", "auction", "resume", account="operator")
    world.ok(*order, account="alice")


def test_the_facade(ahead: World) -> None:
    """The same without the command line: what `p2pchain.forward_market` promises."""
    world = ahead
    auction = choose(world.market)
    owners = {1: dev_signer(ACCOUNTS.index("alice")), 2: dev_signer(ACCOUNTS.index("bob"))}
    slot, day = 494_530, 20_606  # 2026-06-01T10:00Z, and the day after it
    place = Action.PLACE
    orders = [
        auction.sign_order(owners[1], Order(auction.id, 1, slot, 1, place, False, 140_000, 1000)),
        auction.sign_order(owners[1], Order(auction.id, 1, slot, 2, place, False, 150_000, 1000)),
        auction.sign_order(owners[2], Order(auction.id, 2, slot, 1, place, True, 80_000, 1000)),
        Order(auction.id, 2, slot + 1, 2, place, True, 80_000, 1000, b"nobody's"),
    ]
    words = schedule_words(
        auction.params, day, 24, [Order(auction.id, 2, day * 24 + 12, 0, place, True, 60_000, 500)]
    )
    plan = auction.sign_schedule(owners[2], Schedule(auction.id, 2, day, 3, words))
    with Sender(world.chain, dev_signer(ACCOUNTS.index("carol")), None) as carol:
        handed: list[int] = []
        refused_ = auction.place(carol, orders, handed.append)
        assert refused_ == {
            (1, 2): ForwardRefusal.ORDER_EXISTS,
            (2, 2): ForwardRefusal.BAD_SIGNATURE,
        }
        assert handed == [4]
        assert auction.schedule(carol, [plan, plan]) == {(2, 3): ForwardRefusal.OLD_SEQUENCE}
        assert (auction.next_sequence(1), auction.next_sequence(2)) == (2, 4)
        with pytest.raises(Refused):
            auction.order(carol, orders[0])  # it is not hers
        gates = auction.gates(slot // 8)
        assert (gates.gate - gates.firm, slot // 8 * 8 * 3600 - gates.gate) == (1800, 3600)
        assert auction.uncleared_windows() == [slot // 8, day * 3 + 1]
        assert auction.ready_windows() == []
        world.clock(GATE)
        assert auction.ready_windows() == [slot // 8]
        assert len(auction.clear(carol, auction.ready_windows())) == 1
        assert auction.phase(slot // 8) == ForwardPhase.CLEARED
        assert [one.filled_wh for one in auction.orders([1, 2])] == [1000, 1000, None]
        world.clock("2026-06-03T07:00Z")
        auction.void(carol, day * 3 + 1)
        assert auction.book(day * 24 + 12).voided
    holds(world)
