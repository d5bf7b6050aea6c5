"""Metering points and consent by hand: register, change, move in, let others read, and errors."""

from __future__ import annotations

import pytest

from tests.cli.conftest import World
from tests.cli.test_bad_input import refused

NUMBER = "2000012345672"
LATER = "2026-06-02T00:00Z"
LATER_SLOT = 494_544
FORECAST = ("--reader", "bob", "--for", "forecast")


def registered(world: World, *more: str) -> int:
    """Register a point of Alice's; Carol reads its meter."""
    said = world.ok(
        "point", "register", NUMBER, "--area", "1", "--customer", "alice", "--supplier", "1",
        "--network", "grid", "--agent", "carol", "--json", *more, account="operator",
    ).json  # fmt: skip
    return int(said["point"])


@pytest.mark.capability("ELE-1")
def test_a_point_from_its_number_to_another_tenant(world: World) -> None:
    assert world.ok("point", "number", f"01801002{NUMBER}", "--json").json["number"] == NUMBER
    assert registered(world) == 1
    world.ok("point", "status", "1", "energised", account="grid")
    # the meter is registered for the same number by the same key, so its salt is the same
    meter = world.ok(
        "admin", "meter", "add", "--area", "1", "--owner", "alice", "--supplier", "1",
        "--fuse", "24kWh", "--key", "other-meter", "--point", NUMBER, "--json",
        account="operator",
    ).json["meter"]  # fmt: skip
    world.ok("point", "meter", "1", str(meter), "--from", LATER, account="carol")
    signed = world.ok(
        "point", "move-in", "1", "--from", LATER, "--sign-only", "--json", account="bob"
    ).json
    world.ok(
        "point", "move-in", "1", "--from", LATER, "--customer", "bob",
        "--signature", signed["signature"], account="valley",
    )  # fmt: skip
    now = world.ok("point", "show", "1", "--at", "2026-06-01T12:00Z", "--json").json
    then = world.ok("point", "show", "1", "--at", LATER, "--json").json
    assert (now["customer"], now["status"], now["meter"]) == (
        world.account("alice"), "energised", None,
    )  # fmt: skip
    assert (then["customer"], then["meter"]) == (world.account("bob"), meter)
    assert [row["from_slot"] for row in then["history"]][-1] == LATER_SLOT
    shown = world.ok("point", "show", "1").out
    assert "electricity, import, area 1" in shown
    assert NUMBER not in shown
    assert "may not read" in world.cli("consent", "check", "1", *FORECAST).out
    assert world.cli("consent", "check", "1", *FORECAST).code == 1
    assert world.cli("consent", "check", "1", *FORECAST, "--at", LATER).code == 0  # his own


def test_gas_and_electricity_of_one_home(world: World) -> None:
    registered(world)
    gas = world.ok(
        "point", "register", "--gas", "12345678", "--area", "1", "--supplier", "1",
        "--network", "grid", "--json", account="operator",
    ).json["point"]  # fmt: skip
    world.ok("point", "relate", "1", str(gas), account="operator")
    found = world.ok("point", "show", str(gas), "--json").json
    assert (found["fuel"], found["related"], found["customer"]) == ("gas", [1], None)
    world.ok("point", "agent", str(gas), "grid", "--from", LATER, account="valley")
    world.ok("point", "network", str(gas), "carol", "--from", LATER, account="operator")
    then = world.ok("point", "show", str(gas), "--at", LATER, "--json").json
    assert then["meter_agent"] == world.account("grid")
    assert then["network_operator"] == world.account("carol")


@pytest.mark.capability("PEC-5")
def test_consent_is_given_checked_and_withdrawn(world: World) -> None:
    registered(world)
    given = ["consent", "give", "1", *FORECAST, "--from", "now", "--to", LATER, "--ends", LATER]
    assert world.cli("consent", "check", "1", *FORECAST).code == 1
    signed = world.ok(*given, "--sign-only", "--json", account="alice").json
    carried = ["--customer", "alice", "--signature", signed["signature"]]
    world.ok(*given, *carried, account="carol")
    assert world.ok("consent", "check", "1", *FORECAST, "--json").json["may_read"] is True
    assert world.cli("consent", "check", "1", "--reader", "bob", "--for", "adverts").code == 1
    rows = world.ok("consent", "list", "1", "--json").json["consents"]
    assert [(row["purpose"], row["state"]) for row in rows] == [("forecast", "holds")]
    world.ok("consent", "withdraw", "1", *FORECAST, account="alice")
    assert world.cli("consent", "check", "1", *FORECAST).code == 1
    assert "withdrawn" in world.ok("consent", "list", "1").out
    again = [*given, *carried, "--sequence", str(signed["sequence"])]
    refused(world, 1, "known already", *again, account="bob")


def test_wrong_inputs(world: World) -> None:
    registered(world)
    refused(world, 2, "its last digit would be 2", "point", "number", "2000012345673")
    refused(world, 2, "13 digits", "point", "number", "123")
    refused(world, 1, "point", "point", "show", "9")
    again = ("point", "register", NUMBER, "--area", "1", "--supplier", "1", "--network", "grid")
    refused(world, 1, "registered already", *again, account="operator")
    refused(world, 1, "unauthorized", *again)
    refused(world, 1, "not of record", "point", "status", "1", "energised")
    refused(world, 1, "not of record", "point", "agent", "1", "bob", account="bob")
    refused(world, 1, "another metering point", "point", "meter", "1", "1", account="carol")
    refused(world, 2, "is no meter", "point", "meter", "1", "seven", account="carol")
    move = ["point", "move-in", "1", "--from", LATER]
    refused(world, 2, "--signature", *move, account="valley")
    false = ["--customer", "bob", "--signature", "0x" + "11" * 65]
    refused(world, 1, "signed", *move, *false, account="valley")
    typed = ["--customer", "bob", "--signature", "xyz"]
    refused(world, 2, "hexadecimal", *move, *typed, account="valley")
    give = ["consent", "give", "1", *FORECAST, "--from"]
    refused(world, 2, "not later", *give, LATER, "--to", "now", "--ends", LATER)
    refused(world, 2, "over already", *give, "now", "--to", LATER, "--ends", "2026-05-01T00:00Z")
    refused(world, 1, "no consent", "consent", "withdraw", "1", *FORECAST)
    refused(world, 2, "purpose", "consent", "check", "1", "--reader", "bob", "--for", "x" * 40)
