"""Switching by hand: sign, request, object, cancel, read, dispute, undo; and wrong inputs."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import World
from tests.cli.test_bad_input import refused
from tests.cli.test_orders import CAP, open_auction

NUMBER = "2000012345672"
# Monday, 1 June 2026, is the first day; the zone is one hour ahead of UTC.
SIGN = ["switch", "sign", "1", "--supplier", "2", "--tariff", "1", "--from", "2026-06-02"]
CALENDAR = ["admin", "calendar", "publish", "1", "--zone", "Europe/London"]


def later(world: World, text: str) -> None:
    """Move the chain to a time of June 2026 in London, as `3 17:00`."""
    moment = datetime.strptime(f"2026-06-{text}+0100", "%Y-%m-%d %H:%M%z")
    world.chain.set_time(int(moment.timestamp()))


@pytest.fixture
def town(world: World) -> World:
    """Alice's point with its meter, a second supplier (Carol), a calendar and the rules of GB."""
    terms = world.folder / "terms.txt"
    terms.write_text("one year, 19 cents\n")
    (world.folder / "holidays.txt").write_text("2026-06-05 a holiday\n")
    world.ok("supplier", "add", "carol", "Green", account="operator")
    prices = ["--energy", "0.17EUR/kWh", "--feed-in", "0.05EUR/kWh"]
    world.ok("tariff", "publish", "2", *prices, account="carol")
    world.ok(
        "admin", "calendar", "create", "London", "--zone", "Europe/London", "--from", "2026-05-01",
        account="operator",
    )  # fmt: skip
    world.ok(*CALENDAR, "--until", "2027-09-01", "--holidays", "holidays.txt", account="operator")
    world.ok("admin", "rules", "publish", "1", "GB", "--calendar", "1", account="operator")
    world.ok(
        "point", "register", NUMBER, "--area", "1", "--customer", "alice", "--supplier", "1",
        "--network", "grid", "--agent", "bob", account="operator",
    )  # fmt: skip
    world.ok("point", "status", "1", "energised", account="grid")
    meter = world.ok(
        "admin", "meter", "add", "--area", "1", "--owner", "alice", "--supplier", "1",
        "--fuse", "24kWh", "--key", "other-meter", "--point", NUMBER, "--json",
        account="operator",
    ).json["meter"]  # fmt: skip
    world.ok("point", "meter", "1", str(meter), account="bob")
    return world


def contract(town: World, *more: str) -> str:
    """Alice signs; the name of the file."""
    town.ok(*SIGN, "--terms", "terms.txt", "--out", "contract.json", *more, account="alice")
    return "contract.json"


def status(town: World, number: int = 1) -> dict[str, Any]:
    found: dict[str, Any] = town.ok("switch", "status", str(number), "--json").json
    return found


def supplied(town: World) -> None:
    """Requested on Monday for Wednesday, secured on Tuesday evening."""
    town.ok("switch", "request", contract(town), "--day", "2026-06-03", account="carol")
    later(town, "02 17:00")
    town.ok("switch", "secure", "1", account="bob")
    later(town, "03 00:00")


@pytest.mark.capability("ELE-2")
@pytest.mark.capability("FST-2")
def test_from_signature_to_supply(town: World) -> None:
    name = contract(town)
    assert json.loads(Path(name).read_text())["points"] == [1]
    made = town.ok("switch", "request", name, "--day", "2026-06-03", "--json", account="carol").json
    assert made["switch"] == 1
    words = town.ok("switch", "status", "1", "--zone", "Europe/London").out
    assert "Supplier 2 has asked for point 1 from Wed 2026-06-03 on." in words
    assert "Losing suppliers and network operators object (until 2026-06-02T17:00" in words
    refused(town, 1, "state=pending", "switch", "secure", "1")
    later(town, "02 17:00")
    done = town.ok("switch", "secure", "1", "--json", account="bob").json
    assert (done["begins"], done["handovers"]) == ("Wed 2026-06-03", [1])
    assert status(town)["state"] == "secured"
    later(town, "03 00:00")
    assert status(town)["state"] == "active"
    shown = town.ok("point", "show", "1", "--json").json
    assert shown["supplier"] == 2
    rows = town.ok("switch", "list", "--point", "1", "--json").json["switches"]
    assert [(row["switch"], row["state"]) for row in rows] == [(1, "active")]


def test_by_two_steps_and_withdrawn(town: World) -> None:
    town.ok("switch", "request", contract(town), account="bob")  # anybody takes it down
    assert "it is not requested yet" in town.ok("switch", "status", "1").out
    refused(town, 2, "--day is missing", "switch", "request", "1", account="carol")
    refused(town, 1, "supplier of switch", "switch", "request", "1", "--day", "2026-06-03")
    town.ok("switch", "request", "1", "--day", "2026-06-03", account="carol")
    town.ok("switch", "withdraw", "1", account="carol")
    assert "has given it up" in town.ok("switch", "status", "1").out


def test_an_objection_stands_or_falls(town: World) -> None:
    (town.folder / "bill.pdf").write_bytes(b"unpaid")
    town.ok("switch", "request", contract(town), "--day", "2026-06-03", account="carol")
    object_ = ["switch", "object", "1", "--evidence", "bill.pdf", "--reason"]
    refused(town, 1, "reason not allowed", *object_, "contract-terms", account="valley")
    refused(town, 1, "not party", *object_, "debt", account="bob")
    town.ok(*object_, "debt", account="valley")
    words = town.ok("switch", "status", "1").out
    assert "somebody objects: debt" in words
    assert "Objection 0 is taken back or overruled; else the switch is off" in words
    refused(town, 1, "not objector", "switch", "lift", "1", "0", account="bob")
    refused(town, 1, "unauthorized", "switch", "lift", "1", "0", "--overrule", account="bob")
    with town.chain.anchor():
        town.ok("switch", "lift", "1", "0", account="valley")
        assert status(town)["state"] == "pending"
    with town.chain.anchor():
        town.ok("switch", "lift", "1", "0", "--overrule", account="operator")
        assert status(town)["state"] == "pending"
    later(town, "03 00:00")
    assert status(town)["state"] == "upheld"


def test_cooling_off(town: World) -> None:
    town.ok("switch", "request", contract(town), "--day", "2026-06-03", account="carol")
    with town.chain.anchor():
        signed = town.ok("switch", "cancel", "1", "--sign-only", "--json", account="alice").json
        town.ok("switch", "cancel", "1", "--signature", signed["signature"], account="bob")
        assert status(town)["state"] == "cancelled"
    refused(town, 1, "signed", "switch", "cancel", "1", account="bob")
    later(town, "02 17:00")
    town.ok("switch", "secure", "1", account="bob")
    refused(town, 1, "wrong state", "switch", "cancel", "1", account="alice")
    later(town, "10 12:00")
    town.ok("switch", "cancel", "1", "--back", account="alice")
    assert "what was used is owed" in town.ok("switch", "status", "1").out
    back = town.ok("point", "show", "1", "--at", "2026-06-11T00:00", "--zone", "Europe/London",
                   "--json").json  # fmt: skip
    assert back["supplier"] == 1


def accounts(town: World) -> list[Any]:
    found = town.ok("point", "accounts", "1", "--json").json["accounts"]
    assert [one["supplier"] for one in found] == [1, 2]
    assert found[0]["until_slot"] == found[1]["from_slot"]
    assert found[0]["closing"] == found[1]["opening"], "one register for both"
    assert (found[1]["until_slot"], found[1]["closing"]) == (None, None)
    return list(found)


@pytest.mark.capability("ELE-3")
def test_one_register_for_both(town: World) -> None:
    supplied(town)
    assert accounts(town)[0]["closing"] is None, "not known yet"
    rows = [
        (f"2026-06-0{d}T{h:02}:00Z", 1000 * n, 0) for n, (d, h) in enumerate([(2, 22), (2, 23)])
    ]
    signed = town.sign(town.registers("meter.csv", list(rows)), 3, "other-meter")
    refused(town, 2, "--measured FILE, or --import", "switch", "read", "1")
    with town.chain.anchor():
        town.ok("switch", "read", "1", "--measured", str(signed), account="bob")
        (found,) = status(town)["handovers"]
        assert (found["source"], found["import_wh"]) == ("measured", 1000)
        measured, _ = accounts(town)
        assert measured["closing"] == {"import_wh": 1000, "export_wh": 0, "source": "measured"}
        assert (measured["opening"], measured["energy_wh"]) == (None, None), "never read before"
        assert "1,000 / 0 Wh (measured)" in town.ok("point", "accounts", "1").out
        refused(town, 1, "better reading", "switch", "read", "1", "--import", "5")
    reading = ["switch", "read", "1", "--import", "1000000"]
    refused(town, 1, "signed", *reading, account="bob")
    town.ok(*reading, account="alice")
    dispute = ["switch", "dispute", "1", "--import", "1400000", "--evidence", "terms.txt",
               "--first", "2026-06-03T10:00Z", "--second", "2026-06-18T10:00Z"]  # fmt: skip
    refused(town, 1, "no evidence", *dispute)  # the second reading is still to come
    later(town, "18 12:00")
    town.ok(*dispute, account="valley")
    town.ok("switch", "agree", "1", "--import", "1350000", account="valley")
    town.ok("switch", "agree", "1", "--import", "1350000", account="carol")
    (found,) = status(town)["handovers"]
    assert (found["source"], found["import_wh"]) == ("agreed", 1_350_000)
    assert accounts(town)[0]["closing"]["source"] == "agreed"
    town.ok("switch", "final-bill", "1", "terms.txt", account="valley")
    town.ok("switch", "refund", "1", account="valley")
    assert status(town)["missed"] == []


def test_an_error_is_undone(town: World) -> None:
    supplied(town)
    refused(town, 1, "not party", "switch", "reverse", "claim", "1", account="bob")
    town.ok("switch", "reverse", "claim", "1", account="alice")
    refused(town, 2, "--agree or --deny", "switch", "reverse", "answer", "1", account="carol")
    refused(town, 2, "--evidence", "switch", "reverse", "answer", "1", "--deny", account="carol")
    with town.chain.anchor():
        deny = ["switch", "reverse", "answer", "1", "--deny", "--evidence", "terms.txt"]
        town.ok(*deny, account="carol")
        refused(town, 2, "--erroneous or --valid", "switch", "reverse", "rule", "1")
        town.ok("switch", "reverse", "rule", "1", "--erroneous", account="operator")
        assert status(town)["claim"] == "agreed"
    refused(town, 1, "claim refused", "switch", "reverse", "claim", "1", account="alice")
    for who in ("carol", "valley"):
        town.ok("switch", "reverse", "answer", "1", "--agree", account=who)
    later(town, "08 12:00")
    town.ok("switch", "reverse", "back", "1", account="bob")
    found = town.ok("switch", "reverse", "statement", "1", "--out", "s.jsonl", "--json").json
    assert found["slots"] == found["back_nano"] == 0  # the meter was in no market
    assert json.loads(Path("s.jsonl").read_text().splitlines()[0])["switch"] == 1
    refused(town, 1, "supplier of switch", "switch", "reverse", "statement", "1", "--pay")
    town.ok("switch", "reverse", "statement", "1", "--pay", account="carol")
    assert status(town)["state"] == "reversed"
    caused = ["switch", "owed", "--missed", "erroneous-transfer", "--of", "1"]
    assert town.ok(*caused, "--json", account="bob").json["liability"] == 1
    refused(town, 1, "not missed", *caused)
    refused(town, 1, "not missed", "switch", "owed", "--missed", "compensation", "--of", "1")
    assert "30.00" in town.ok("switch", "owed").out
    refused(town, 2, "no liability 2", "switch", "owed", "--pay", "2", account="valley")
    refused(town, 1, "does not hold", "switch", "owed", "--pay", "1", account="valley")
    town.ok("deposit", "40EUR", "--test-money", account="valley")
    town.ok("withdraw", "40EUR", account="valley")
    town.ok("switch", "owed", "--pay", "1", account="valley")
    assert town.ok("switch", "owed", "--json").json["liabilities"][0]["paid"] is True
    refused(town, 1, "paid", "switch", "owed", "--pay", "1", account="valley")


def test_what_was_ordered_ahead_comes_back_with_an_error(town: World) -> None:
    """The new supplier is no party of the market: what Alice has sold ahead costs the cap."""
    slot = "2026-06-03T10:00Z"
    town.ok("enrol", "3", "--from", "2026-06-02T00:00Z", account="alice")
    open_auction(town)
    town.ok("ask", "3", slot, "2kWh", "--limit", "0.08EUR/kWh", account="alice")
    town.ok("bid", "2", slot, "2kWh", "--limit", "0.14EUR/kWh", account="bob")
    supplied(town)
    later(town, "03 08:00")
    town.ok("clear", "--forward", account="bob")
    later(town, "05 12:00")
    town.ok("clear", account="bob")
    for who, what in (("alice", "claim"), ("carol", "answer"), ("valley", "answer")):
        more = ["--agree"] if what == "answer" else []
        town.ok("switch", "reverse", what, "1", *more, account=who)
    town.ok("switch", "reverse", "back", "1", account="bob")
    found = town.ok("switch", "reverse", "statement", "1", "--out", "s.jsonl", "--json").json
    assert (found["slots"], found["back_nano"]) == (1, 2000 * CAP)
    assert found["due_nano"] == 0


def test_a_supplier_fails(town: World) -> None:
    town.ok("supplier", "failed", "1", account="operator")
    moved = town.ok(
        "supplier", "last-resort", "1", "2", "1", "--json", account="operator"
    ).json  # fmt: skip
    assert moved["moved"] == [1]
    refused(town, 1, "unauthorized", "supplier", "failed", "2")
    refused(town, 1, "failed supplier", "supplier", "failed", "1", account="operator")


def test_a_tenancy_ends(town: World) -> None:
    when = "2026-06-02T00:00Z"
    signed = town.ok("point", "move-in", "1", "--from", when, "--sign-only", "--json",
                     account="bob").json  # fmt: skip
    town.ok(
        "point", "move-in", "1", "--from", when, "--customer", "bob", "--signature",
        signed["signature"], account="valley",
    )  # fmt: skip
    refused(town, 1, "no tenancy ends", "point", "end-tenancy", "1", when)
    later(town, "02 12:00")
    made = town.ok("point", "end-tenancy", "1", when, "--json", account="carol").json
    assert made["handover"] == 1
    town.ok("switch", "read", "1", "--import", "1000", account="alice")
    refused(town, 1, "handover known", "point", "end-tenancy", "1", when)
    town.ok("switch", "final-bill", "1", "terms.txt", account="valley")


def test_calendar_and_rules(town: World) -> None:
    found = town.ok("admin", "calendar", "show", "1", "--date", "2026-06-04", "--json").json
    assert found["next_working_day"] == "Mon 2026-06-08"  # Friday is free
    town.ok("admin", "calendar", "holiday", "1", "2026-06-05", "--remove", account="operator")
    found = town.ok("admin", "calendar", "show", "1", "--date", "2026-06-04", "--json").json
    assert found["next_working_day"] == "Fri 2026-06-05"
    assert "Ofgem" in town.ok("admin", "rules", "sources", "GB").out
    publish = ["admin", "rules", "publish", "1", "test", "--calendar", "1"]
    town.ok(*publish, "--set", "switch_days=9", account="operator")
    assert town.ok("admin", "rules", "show", "1", "--json").json["switch_days"] == 9


def test_wrong_inputs(town: World) -> None:
    name = contract(town)
    refused(town, 1, "unknown switch", "switch", "status", "9")
    refused(town, 2, "no date", "switch", "request", name, "--day", "tomorrow", account="carol")
    refused(town, 2, "No such file", "switch", "request", "nowhere.json", account="carol")
    refused(town, 2, "no signed contract", "switch", "request", "terms.txt", account="carol")
    told = json.loads(Path(name).read_text())
    Path("other.json").write_text(json.dumps({**told, "chain_id": 1}))
    refused(town, 2, "another deployment", "switch", "request", "other.json", account="carol")
    Path("forged.json").write_text(json.dumps({**told, "supplier": 1}))
    refused(town, 1, "signed", "switch", "request", "forged.json", account="carol")
    early = ["switch", "request", name, "--day", "2026-06-02"]
    refused(town, 1, "too early", *early, account="carol")
    refused(town, 1, "too far", *early[:-1], "2026-07-20", account="carol")
    refused(town, 2, "is no hash", *SIGN, "--terms", "0x12")
    refused(town, 2, "named twice", *SIGN[:3], *SIGN[2:], "--terms", "terms.txt")
    refused(town, 2, "tariffs", *SIGN, "--tariff", "2", "--tariff", "3", "--terms", "terms.txt")
    refused(town, 2, "--of", "switch", "owed", "--missed", "switch")
    refused(town, 2, "no rule set", "admin", "rules", "publish", "1", "US", "--calendar", "1",
            account="operator")  # fmt: skip
    refused(town, 1, "unknown calendar", "admin", "rules", "publish", "1", "GB", "--calendar", "7",
            account="operator")  # fmt: skip
    refused(town, 2, "is known until", *CALENDAR, "--until", "2026-07-01", "--holidays",
            "holidays.txt", account="operator")  # fmt: skip
    refused(town, 2, "is no date", *CALENDAR, "--until", "2028-07-01", "--holidays", "terms.txt",
            account="operator")  # fmt: skip
    refused(town, 2, "no area", "admin", "rules", "show", "7")
    refused(town, 2, "unknown time zone", "admin", "calendar", "create", "x", "--zone", "Mars",
            "--from", "2026-05-01", account="operator")  # fmt: skip
    refused(town, 1, "unauthorized", "admin", "calendar", "holiday", "1", "2026-06-09")
