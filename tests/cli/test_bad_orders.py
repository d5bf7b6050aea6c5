"""What can be wrong with an order: one sentence each, a hint, the exit code, and no change."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.cli.conftest import World
from tests.cli.test_bad_input import refused
from tests.cli.test_orders import GATE, SLOT, a_plan, open_auction

Change = Callable[[str], str]
ORDER = ["bid", "1", SLOT, "1kWh", "--limit", "0.12EUR/kWh"]


@pytest.fixture
def ahead(world: World) -> World:
    open_auction(world)
    return world


@pytest.mark.parametrize(
    ("limit", "words", "hint"),
    [
        ("0.1205EUR/kWh", "0.1205EUR/kWh is not the price of a tick",
         "the nearest ticks are 0.12EUR/kWh and 0.121EUR/kWh"),
        ("12.05ct/kWh", "is not the price of a tick", "0.12EUR/kWh and 0.121EUR/kWh"),
        ("0.256EUR/kWh", "is not the price of a tick", "from 0EUR/kWh to 0.255EUR/kWh"),
        ("-0.01EUR/kWh", "is not the price of a tick", "from 0EUR/kWh to 0.255EUR/kWh"),
        ("0.12GBP/kWh", "this market's currency is EUR", "EUR"),
        ("0.12EUR", "is not a unit for a price", "per energy"),
        ("0.12", "has no unit", "EUR/kWh"),
    ],
)  # fmt: skip
def test_limits(ahead: World, limit: str, words: str, hint: str) -> None:
    result = refused(ahead, 2, words, *ORDER[:-1], limit)
    assert hint in result.hints[0]


@pytest.mark.parametrize(
    ("energy", "words", "hint"),
    [
        ("1.55kWh", "not a whole number of lots of 100Wh", "volumes are 1.5kWh and 1.6kWh"),
        ("40Wh", "not a whole number of lots of 100Wh", "volumes are 100Wh"),
        ("0kWh", "an order of no energy", "cancel"),
        ("20MWh", "20000kWh is more than an order may have", "16777.2kWh at most"),
        ("1kW", "is not a unit for an energy", "kW is power"),
        ("1", "has no unit", "1.5kWh"),
    ],
)
def test_volumes(ahead: World, energy: str, words: str, hint: str) -> None:
    result = refused(ahead, 2, words, *ORDER[:3], energy, *ORDER[4:])
    assert hint in result.hints[0]


def test_times(ahead: World) -> None:
    bid = ["bid", "1"]
    rest = ["1kWh", "--limit", "0.12EUR/kWh"]
    refused(ahead, 2, "not the beginning of a slot", *bid, "2026-06-01T10:20Z", *rest)
    refused(ahead, 2, "names no time zone", *bid, "2026-06-01T10:00", *rest)
    refused(ahead, 2, "happens twice", *bid, "2026-10-25T02:00", *rest, "--zone", "Europe/Berlin")
    result = refused(ahead, 1, "that is too far ahead: orders are taken for slots before "
                     "2026-06-22T16:00Z", *bid, "2026-06-22T16:00Z", *rest)  # fmt: skip
    assert "p2pchain auctions" in result.hints[0]
    refused(ahead, 1, "the gate closed at 2026-05-31T23:00Z", *bid, "2026-06-01T02:00Z", *rest)
    # before the meter takes part
    refused(ahead, 1, "takes no part in these slots", *bid, "2026-06-01T00:00Z", *rest)


def test_after_the_gate(ahead: World) -> None:
    ahead.ok(*ORDER, account="alice")
    ahead.clock(GATE)
    words = f"the gate closed at {GATE} for the slots from 2026-06-01T08:00Z on"
    refused(ahead, 1, words, *ORDER[:2], "2026-06-01T12:00Z", *ORDER[3:])
    refused(ahead, 1, words, *ORDER, "--amend")
    refused(ahead, 1, words, "cancel", "1", SLOT)


def test_in_the_firm_period(ahead: World) -> None:
    ahead.ok(*ORDER, account="alice")
    ahead.clock("2026-06-01T06:30Z")
    words = "orders are firm since 2026-06-01T06:30Z: they can be neither amended nor cancelled"
    refused(ahead, 1, words, *ORDER, "--amend")
    refused(ahead, 1, words, "cancel", "1", SLOT)
    later = ["bid", "1", "2026-06-01T11:00Z", "1kWh", "--limit", "0.12EUR/kWh"]
    assert "can be changed     never" in ahead.ok(*later, account="alice").err
    states = [row["state"] for row in ahead.ok("orders", "--json").json["orders"]]
    assert states == ["firm", "firm"]


def test_one_order_for_a_slot(ahead: World) -> None:
    for command in (["cancel", "1", SLOT], [*ORDER, "--amend"]):
        result = refused(ahead, 1, "has no order for this slot", *command)
        assert "p2pchain orders" in result.hints[0]
    ahead.ok(*ORDER, account="alice")
    result = refused(ahead, 1, "has an order for this slot already", *ORDER)
    assert "--amend" in result.hints[0]
    refused(ahead, 1, "has an order for this slot already", "ask", *ORDER[1:])


def test_too_little_money(ahead: World) -> None:
    order = ["bid", "1", SLOT, "500kWh", "--limit", "0.12EUR/kWh"]
    alice = ahead.account("alice")
    result = refused(ahead, 1, f"the collateral is 40.00EUR more than {alice} has free", *order)
    assert "p2pchain deposit 40.00EUR" in result.hints[0]
    # what an amendment would release counts
    ahead.ok("bid", "1", SLOT, "100kWh", "--limit", "0.12EUR/kWh", account="alice")
    refused(ahead, 1, "the collateral is 40.00EUR more", *order, "--amend")
    refused(ahead, 1, "the collateral is 5.00EUR more", "ask", "1", SLOT, "100kWh", "--limit",
            "0.05EUR/kWh", "--amend")  # fmt: skip


def test_whose_meter(ahead: World) -> None:
    refused(ahead, 1, "account is not its owner", *ORDER, account="bob")
    refused(ahead, 2, "there is no meter 9", "bid", "9", *ORDER[2:])
    refused(ahead, 2, "there is no meter 9", "cancel", "9", SLOT)
    refused(ahead, 2, "there is no meter 9", "orders", "--meter", "9")
    refused(ahead, 2, "owns no meter", "orders", account="carol")
    refused(ahead, 2, "no account was chosen", *ORDER, account=None)


def test_unknown_auction(ahead: World) -> None:
    for command in (ORDER, ["cancel", "1", SLOT], ["book", SLOT], ["clear", "--forward"],
                    ["orders"]):  # fmt: skip
        result = refused(ahead, 2, "there is no auction 'weekly'", *command, "--auction", "weekly")
        assert "it has: intraday" in result.hints[0]
    refused(ahead, 2, "--auction without --forward", "clear", "--auction", "intraday")


def test_a_market_without_auction(world: World) -> None:
    for command in (ORDER, ["cancel", "1", SLOT], ["book"], ["clear", "--forward"]):
        refused(world, 2, "the market has no forward auction", *command)
    assert "no forward auction" in world.ok("auctions").out
    assert world.ok("auctions", "--json").json["auctions"] == []
    assert "no open orders" in world.ok("orders").out


@pytest.mark.parametrize(
    ("option", "words"),
    [
        (["--lot", "1kWh"], "a lot is 1 to 128 Wh"),
        (["--lot", "0Wh"], "a lot is 1 to 128 Wh"),
        (["--tick", "0EUR/kWh"], "a tick is more than nothing"),
        (["--cap", "0.20EUR/kWh"], "the cap is below 0.255EUR/kWh"),
        (["--surplus", "0.01EUR/kWh"], "a surplus is not above zero"),
        (["--k", "1.5"], "is more than 1"),
        (["--before", "soon"], "is not a duration"),
    ],
)
def test_parameters_of_an_auction(world: World, option: list[str], words: str) -> None:
    create = ["admin", "auction", "create", "--name", "other"]
    refused(world, 2, words, *create, *option, account="operator")


def test_auctions_that_do_not_go_together(ahead: World) -> None:
    create = ["admin", "auction", "create", "--name"]
    refused(ahead, 2, "another auction 'intraday' already", *create, "intraday", account="operator")
    words = "the cap is 0.3EUR/kWh in all auctions of this market, not 0.255EUR/kWh"
    refused(ahead, 2, words, *create, "other", account="operator")
    same = ["--cap", "0.30EUR/kWh", "--surplus"]
    refused(ahead, 2, "the surplus is 0EUR/kWh", *create, "other", *same, "-0.01EUR/kWh",
            account="operator")  # fmt: skip
    refused(ahead, 2, "is not a duration", *create, "other", "--firm", "1", account="operator")


# schedules


def test_schedules(ahead: World) -> None:
    good = "2026-06-02T12:00Z,buy,1.5kWh,0.12EUR/kWh"
    cases = [
        (a_row("2026-06-03T12:00Z,buy,1.5kWh,0.12EUR/kWh"), "line 26: 2026-06-03T12:00Z is not of "
         "the UTC day 2026-06-02"),
        (a_row("2026-06-02T12:00Z,none,,"), "line 26: 2026-06-02T12:00Z is there already, in line"),
        (swap("1.5kWh,0.12EUR/kWh", "1.5kW,0.12EUR/kWh"), "line 14: '1.5kW': 'kW' is not a unit"),
        (swap("0.12EUR/kWh", "0.12GBP/kWh"), "line 14: '0.12GBP/kWh': this market's currency"),
        (swap("0.12EUR/kWh", "0.1205EUR/kWh"), "line 14: 0.1205EUR/kWh is not the price of a tick"),
        (swap("1.5kWh", "1.55kWh"), "line 14: 1.55kWh is not a whole number of lots"),
        (swap("buy", "purchase"), "line 14: 'purchase' is not a side"),
        (swap("buy", "none"), "line 14: an order without a side"),
        (swap("2026-06-02T12:00Z", "2026-06-02T12:30Z"), "line 14: 2026-06-02T12:30:00+00:00 is "
         "not the beginning of a slot"),
        (swap("2026-06-02T12:00Z", "2026-06-02T12:00"), "line 14: '2026-06-02T12:00' names no"),
        (swap(good + "\n", ""), "after line 13: 2026-06-02T12:00Z is missing"),
        (swap("2026-06-02T05:00Z,none,,\n2026-06-02T06:00Z,none,,\n", ""),
         "after line 6: 2026-06-02T05:00Z is missing and 1 more"),
        (swap(",price", ""), "line 1: not the header"),
        (swap(good, good + ",x"), "line 14: not 4 cells"),
    ]  # fmt: skip
    for change, words in cases:
        path = a_plan(ahead, good)
        path.write_text(change(path.read_text()))
        result = refused(ahead, 2, words, "schedule", "1", str(path))
        assert "plan.csv" in result.errors[0]
    path = a_plan(ahead, good)
    refused(ahead, 2, "is not of the UTC day 2026-06-03", "schedule", "1", str(path), "--day",
            "2026-06-03")  # fmt: skip
    refused(ahead, 2, "is not a date", "schedule", "1", str(path), "--day", "tomorrow")
    refused(ahead, 2, "cannot read", "schedule", "1", "nowhere.csv")
    refused(ahead, 1, "account is not its owner", "schedule", "1", str(path), account="bob")
    path.write_text("start,side,energy,price\n")
    refused(ahead, 2, "has no rows", "schedule", "1", str(path))
    far = a_plan(ahead, day="2026-07-02")
    refused(ahead, 1, "that is too far ahead", "schedule", "1", str(far))
    first = a_plan(ahead, day="2026-06-01")  # the meter has not taken part from its first slot on
    refused(ahead, 1, "takes no part in these slots", "schedule", "1", str(first))
    dear = a_plan(ahead, "2026-06-02T12:00Z,buy,500kWh,0.12EUR/kWh")
    refused(ahead, 1, "the collateral is 40.00EUR more than", "schedule", "1", str(dear))
    early = "2026-06-02T01:00Z,buy,1kWh,0.12EUR/kWh"
    told = ahead.ok("schedule", "1", str(a_plan(ahead, good, early)), account="alice").err
    assert "can be changed     until 2026-06-01T22:30Z" in told
    ahead.clock("2026-06-01T22:30Z")
    refused(ahead, 1, "orders are firm since", "schedule", "1", str(a_plan(ahead, good)))
    ahead.clock("2026-06-01T23:00Z")
    refused(ahead, 1, "the gate closed at 2026-06-01T23:00Z", "schedule", "1",
            str(a_plan(ahead, good)))  # fmt: skip


def a_row(row: str) -> Change:
    return lambda text: text + row + "\n"


def swap(old: str, new: str) -> Change:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


# what is carried


def test_carried_files(ahead: World) -> None:
    file = ahead.folder / "alice.jsonl"
    file.unlink(missing_ok=True)
    ahead.ok(*ORDER, "--save", str(file), account="alice")
    line = file.read_text()
    content = json.loads(line)
    cases: list[tuple[int, str, str]] = [
        (2, "not a signed order or schedule", "{"),
        (2, "'slot' is missing", drop(content, "slot")),
        (2, "kind is neither", json.dumps(content | {"kind": "reading"})),
        (2, "of another version", json.dumps(content | {"schema": 2})),
        (2, "is not a whole number of 32 bits", json.dumps(content | {"wh": -5})),
        (2, "side is neither", json.dumps(content | {"side": "both"})),
        (2, "holds no signed orders", ""),
        (3, "signed for another chain", json.dumps(content | {"chain_id": 1})),
        (1, "it is not signed by the meter's owner", json.dumps(content | {"wh": 2000})),
    ]
    for code, words, text in cases:
        file.write_text(text + "\n")
        refused(ahead, code, words, "relay", str(file), account="carol")
    refused(ahead, 2, "No such file", "relay", "nowhere.jsonl", account="carol")
    file.write_text(line)
    ahead.clock(GATE)
    result = refused(ahead, 1, f"the gate closed at {GATE}", "relay", str(file), account="carol")
    assert "alice.jsonl, line 1, meter 1 for 2026-06-01T10:00Z" in result.errors[0]


def test_an_order_that_others_have_overtaken(ahead: World) -> None:
    """A reading of a slot with orders waits for their clearing."""
    ahead.ok(*ORDER, account="alice")
    ahead.clock("2026-06-01T16:00Z")
    signed = ahead.sign(ahead.day("a.csv", 15, 100, 0), 1, "alice-meter")
    result = refused(ahead, 1, "forward orders that are not cleared yet", "meter", "post",
                     str(signed))  # fmt: skip
    assert "clear --forward" in result.hints[0]
    ahead.ok("clear", "--forward", account="carol")
    ahead.ok("meter", "post", str(signed), account="carol")


def test_a_meter_with_orders_does_not_change_hands(ahead: World) -> None:
    ahead.ok(*ORDER, account="alice")
    change = ["admin", "meter", "terms", "1", "--owner", "carol", "--from", "2026-06-01T09:00Z"]
    result = refused(ahead, 1, "only after his last open order", *change, account="operator")
    assert "p2pchain orders" in result.hints[0]
    ahead.ok("cancel", "1", SLOT, account="alice")
    ahead.ok(*change, account="operator")


def drop(content: dict[str, object], key: str) -> str:
    return json.dumps({name: value for name, value in content.items() if name != key})
