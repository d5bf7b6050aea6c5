"""Between suppliers: what their customers have traded, and for whom a tariff is."""

from __future__ import annotations

import pytest
from eth_hash.auto import keccak

from tests.cli.conftest import CREATE_MARKET, World
from tests.cli.test_bad_input import refused
from tests.cli.test_runs import settled

__all__ = ["settled"]


def test_the_statement_of_a_day(settled: World) -> None:
    stated = settled.ok("supplier", "statement", "2026-06-01", "--json").json
    # both homes were read in 9 + 8 slots, and have traded 1 kWh in each; one supplier has both
    (row,) = stated["crossings"]
    assert (row["seller"], row["buyer"], row["wh"]) == (1, 1, 17_000)
    assert sum(row["wh"] for row in stated["nets"]) == 0
    assert sum(row["money_nano"] for row in stated["nets"]) == 0
    text = settled.ok("supplier", "statement", "2026-06-01", "--csv").out
    assert text.splitlines()[0] == "seller,buyer,wh,nano"
    assert "supplier 1: net 0 Wh" in settled.ok("supplier", "statement", "2026-06-01").out
    assert "nothing was traded" in settled.ok("supplier", "statement", "2026-05-01").out
    refused(settled, 2, "no date", "supplier", "statement", "yesterday")


@pytest.mark.capability("ELE-2")
def test_for_whom_a_tariff_is(world: World) -> None:
    assert "for everybody" in world.ok("tariff", "offers", "1").out
    offer = ["tariff", "offer", "1", "--for", "domestic", "--term", "365", "--exit-fee", "40EUR"]
    refused(world, 1, "not supplier", *offer)
    world.ok(*offer, account="valley")
    (row,) = world.ok("tariff", "offers", "1", "--json").json["offers"]
    assert (row["for"], row["term_days"], row["exit_fee_nano"]) == (["domestic"], 365, 40 * 10**9)
    assert "40.00EUR" in world.ok("tariff", "offers", "1").out
    refused(world, 2, "--for", "tariff", "offer", "1", "--for", "friends", account="valley")


@pytest.mark.capability("ELE-2")
def test_suppliers_agree_before_their_customers_take_part(world: World) -> None:
    assert "# Agreement between" in world.ok("admin", "market", "agreement").out
    shown = world.ok("admin", "market", "show", "--json").json
    assert (shown["organiser"], shown["licence"]) == ("Neighbours", "none: a test")
    assert [(one["supplier"], one["agrees"]) for one in shown["suppliers"]] == [(1, True)]
    world.ok("supplier", "add", "carol", "Green", account="operator")
    prices = ["--energy", "0.17EUR/kWh", "--feed-in", "0.05EUR/kWh"]
    world.ok("tariff", "publish", "2", *prices, account="carol")
    meter = world.ok(
        "admin", "meter", "add", "--area", "1", "--owner", "alice", "--supplier", "2",
        "--fuse", "24kWh", "--key", "other-meter", "--point", "20000green", "--json",
        account="operator",
    ).json["meter"]  # fmt: skip
    enrol = ["enrol", str(meter), "--from", "2026-06-01T03:00Z"]
    result = refused(world, 1, "has not agreed", *enrol, account="alice")
    assert "supplier agree" in result.hints[0]
    refused(world, 2, "supplier 2 is", "supplier", "agree", "2", account="alice")
    past = ["--from", "2026-05-31T23:00Z"]
    refused(world, 1, "at the earliest", "supplier", "agree", "2", *past, account="carol")
    world.ok("supplier", "agree", "2", account="carol")
    world.ok(*enrol, account="alice")
    leave = ["supplier", "leave", "2", "--from"]
    result = refused(world, 1, "at the earliest", *leave, "2026-06-05T00:00Z", account="carol")
    assert "notice" in result.hints[0]
    refused(world, 1, "rely on", *leave, "2026-08-01T00:00Z", account="carol")  # not begun yet
    world.clock("2026-06-01T04:00Z")
    refused(world, 1, "holds already", "supplier", "agree", "1", account="valley")
    refused(world, 1, "beginning of a UTC day", *leave, "2026-08-01T01:00Z", account="carol")
    world.ok("supplier", "leave", "2", account="carol")
    text = world.ok("admin", "market", "show").out
    assert "agrees from 2026-06-01" in text
    assert "; leaves from 2026-07-14T00:00Z" in text  # the first day after 1,008 hours
    world.ok("supplier", "agree", "2", account="carol")  # it stays


def test_what_a_market_is_registered_as(world: World) -> None:
    create = [*CREATE_MARKET, "--area", "1", "--name", "other"]
    licence, text = world.folder / "licence.txt", world.folder / "agreement.txt"
    refused(world, 2, "cannot be read", *create, "--licence-file", str(licence), account="operator")
    licence.write_text("")
    refused(world, 2, "is empty", *create, "--licence-file", str(licence), account="operator")
    refused(world, 2, "named in words", *create, "--licence", "  ", account="operator")
    refused(world, 1, "unknown supplier", *create, "--only-supplier", "9", account="operator")
    licence.write_text("supply licence 4711\n")
    text.write_text("ours\n")
    files = ["--licence-file", str(licence), "--agreement", str(text), "--only-supplier", "1"]
    world.ok(*create, *files, account="operator")
    shown = world.ok("admin", "market", "show", "--market", "other", "--json").json
    assert shown["licence_hash"] == "0x" + keccak(licence.read_bytes()).hex()
    assert shown["agreement"] == "0x" + keccak(text.read_bytes()).hex()
    assert (shown["only_supplier"], shown["suppliers"]) == (1, [])
    out = world.ok("admin", "market", "show", "--market", "other").out
    assert "customers of supplier 1 alone" in out
    assert "none agrees yet" in out
    world.ok("supplier", "add", "carol", "Green", account="operator")
    agree = ["supplier", "agree", "2", "--market", "other"]
    refused(world, 1, "customers of another supplier", *agree, account="carol")
