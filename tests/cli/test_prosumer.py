"""From deployment to savings, as an operator, a supplier and two neighbours type it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import DAY_ONE, World

SHARED_WH = 10 * 1000
PRICE_NANO = 120_000  # half way between 0.05 and 0.19
RETAIL_NANO, FEED_IN_NANO, NETWORK_NANO = 190_000, 50_000, 80_000


def a_day(world: World) -> None:
    """Alice imports 1 kWh in 23 hours, Bob exports 2 kWh in the first ten."""
    world.clock("2026-06-02T00:00Z")
    alice = world.sign(world.day("alice.csv", 23, 1000, 0), 1, "alice-meter")
    rows: list[tuple[str, object, object]] = [
        (f"2026-06-01T{hour:02}:00Z", 0, min(hour - 1, 10) * 2000) for hour in range(1, 24)
    ]
    rows.append(("2026-06-02T00:00Z", 0, 20_000))
    bob = world.sign(world.registers("bob.csv", rows), 2, "bob-meter")
    both = world.folder / "both.jsonl"
    both.write_text(alice.read_text() + bob.read_text())
    posted = world.ok("meter", "post", str(both), "--json", account="carol").json
    assert (posted["taken"], posted["refused"]) == (2, [])


def test_the_whole_way_on_every_chain(bare: World) -> None:
    bare.set_up()
    the_whole_way(bare)


def the_whole_way(world: World) -> None:
    before = world.ok("slot", "2026-06-01T05:00Z", "--json").json
    assert (before["phase"], before["missing_meters"], before["ended"]) == ("absent", [1, 2], False)
    a_day(world)
    assert "all meters have posted" in world.ok("slot", "2026-06-01T05:00Z").out
    # nothing is sent by a dry run
    head = world.chain.block().number
    dry = world.ok("clear", "--dry-run", account="carol")
    assert "nothing was sent" in dry.out
    assert world.chain.block().number == head
    cleared = world.ok("clear", "--json", account="carol").json
    assert len(cleared["windows"]) == 3
    assert "cleared, not settled" in world.ok("slot", "2026-06-01T05:00Z").out
    assert world.ok("settle", "--json", account="carol").json["windows"] == cleared["windows"]
    assert "nothing is due" in world.ok("settle", "--clear", account="carol").out
    after = world.ok("slot", "2026-06-01T05:00Z", "--json").json
    assert (after["phase"], after["traded_wh"], after["price_nano"]) == (
        "settled",
        1000,
        PRICE_NANO,
    )
    rows = world.ok("trades", "--meter", "1", "--json").json["trades"]
    assert [row["bought_wh"] for row in rows] == [1000] * 10
    assert {row["price_nano"] for row in rows} == {PRICE_NANO}
    assert rows[0]["start"] == DAY_ONE

    saved = world.ok("savings", "--json", account="alice").json["meters"]
    gross = SHARED_WH * (RETAIL_NANO + NETWORK_NANO - PRICE_NANO)
    charges = SHARED_WH * NETWORK_NANO
    assert saved == [
        {
            "meter": 1,
            "slots": 23,
            "bought_wh": SHARED_WH,
            "sold_wh": 0,
            "alone_nano": 23_000 * (RETAIL_NANO + NETWORK_NANO),
            "cost_nano": 23_000 * (RETAIL_NANO + NETWORK_NANO) - gross + charges,
            "gross_nano": gross,
            "charges_nano": charges,
            "fee_nano": 0,
            "ahead_nano": 0,
            "saved_nano": gross - charges,
        }
    ]
    assert "not a promise" in world.ok("savings", "--meter", "2").out

    # what the ledger holds is what the bill says, and it can be taken out
    alice = world.ok("balance", "--json", account="alice").json
    assert alice["free_nano"] == 20 * 10**9 - saved[0]["cost_nano"]
    bob = world.ok("balance", "bob", "--json").json
    sold = SHARED_WH * PRICE_NANO + (20_000 - SHARED_WH) * FEED_IN_NANO
    assert bob["free_nano"] == sold
    out = world.ok("withdraw", "all", "--json", account="bob").json
    assert out["free_nano"] == 0
    bob = world.ok("balance", "--json", account="bob").json
    assert (bob["free_nano"], bob["wallet_nano"]) == (0, sold)


def test_limits_keep_a_home_out_of_a_trade(world: World) -> None:
    begin = ["--from", "2026-06-01T03:00Z"]
    stated = ["--buy", "0.10EUR/kWh", *begin]
    head = world.chain.block().number
    dry = world.ok("limits", "set", "1", *stated, "--dry-run", account="alice")
    assert "nothing was sent" in dry.out
    assert world.chain.block().number == head
    world.ok("limits", "set", "1", *stated, account="alice")
    shown = world.ok("limits", "show", "1", "--at", "2026-06-01T03:00Z", "--json").json
    assert (shown["buy_nano"], shown["sell_nano"]) == ([100_000], [-(2**31)])
    a_day(world)
    world.ok("settle", "--clear", account="carol")
    rows = world.ok("trades", "--meter", "1", "--json").json["trades"]
    assert [row["start"] for row in rows] == ["2026-06-01T01:00Z", "2026-06-01T02:00Z"]


def test_limits_by_hour_from_a_file(world: World) -> None:
    lines = ["hour,buy,sell", *(f"{hour},{10 + hour}ct/kWh,TARIFF" for hour in range(24))]
    path = world.folder / "hours.csv"
    path.write_text("\n".join(lines))
    world.ok("limits", "set", "1", "--hourly", str(path), account="alice")
    shown = world.ok("limits", "show", "1", "--at", "2026-06-01T05:00Z", "--json").json
    assert shown["buy_nano"] == [(10 + hour) * 10_000 for hour in range(24)]
    assert "05:00Z" in world.ok("limits", "show", "1", "--at", "2026-06-01T05:00Z").out


def test_a_neighbour_carries_signed_messages(world: World) -> None:
    """Carol's account has the coin for fees; the message is Bob's and cannot be changed."""
    path = world.folder / "bob.jsonl"
    path.unlink(missing_ok=True)
    head = world.chain.block().number
    limit = ["limits", "set", "2", "--sell", "6ct/kWh", "--from", "2026-06-01T04:00Z"]
    world.ok(*limit, "--save", str(path), account="bob")
    assert world.chain.block().number == head
    original = path.read_text()
    content = json.loads(original) | {"sell_nano": [50_000]}
    path.write_text(json.dumps(content) + "\n")
    forged = world.cli("limits", "send", str(path), account="carol")
    assert forged.code == 1
    assert "not signed by the meter's owner" in forged.errors[0]
    path.write_text(original)
    world.ok("limits", "send", str(path), account="carol")
    shown = world.ok("limits", "show", "2", "--at", "2026-06-01T04:00Z", "--json").json
    assert shown["sell_nano"] == [60_000]
    again = world.cli("limits", "send", str(path), account="carol")
    assert again.code == 1
    assert "newer message" in again.errors[0]


def test_a_supplier_guarantees_for_a_home_that_pays_by_bill(world: World) -> None:
    world.ok("supplier", "guarantee", "1", "3EUR", account="valley")
    alice = world.ok("balance", "--json", account="alice").json
    (row,) = alice["guarantees"]
    assert (row["meter"], row["guarantee_free_nano"]) == (1, 3 * 10**9)
    assert "guaranteed by" in world.ok("balance", account="alice").out
    assert "guaranteed for" in world.ok("balance", account="valley").out
    world.ok("withdraw", "all", account="alice")
    a_day(world)
    (row,) = world.ok("balance", "--json", account="alice").json["guarantees"]
    # 23 kWh at her own tariff's 0.19 would be 4.37: the guarantee is used as far as it goes
    assert row["guarantee_free_nano"] + row["guarantee_locked_nano"] == 3 * 10**9
    assert row["guarantee_locked_nano"] > 2_800_000_000
    world.ok("settle", "--clear", account="carol")
    # her own money was out: what she owes her supplier is a claim, and nobody was held up
    alice = world.ok("balance", "--json", account="alice").json
    assert [claim["creditor"] for claim in alice["claims_owing"]]
    assert "this account owes" in world.ok("balance", account="alice").out
    assert world.ok("balance", "--json", account="valley").json["claims_owed"]


def test_deposit_for_somebody_else(world: World) -> None:
    world.ok("deposit", "2.50EUR", "--for", "bob", "--test-money", account="carol")
    assert world.ok("balance", "bob", "--json").json["free_nano"] == 2_500_000_000
    assert world.ok("balance", "carol", "--json").json["free_nano"] == 0


@pytest.mark.parametrize("command", ["trades", "savings"])
def test_nothing_yet(world: World, command: str) -> None:
    assert world.ok(command).out.strip()
    assert world.ok(command, "--json").json["schema"] == 1


def test_local_times(world: World) -> None:
    berlin = ["--zone", "Europe/Berlin"]
    local = world.ok("slot", "2026-06-01T07:00", *berlin, "--json").json
    utc = world.ok("slot", "2026-06-01T05:00Z", "--json").json
    assert local["slot"] == utc["slot"]
    assert local["start"] == "2026-06-01T07:00+02:00"
    assert Path("deployments/local.json").exists()
