"""Meters: what is signed and by whom, counted once and only once; files of what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from p2pchain.chain.bindings.metering import ReadingPosted, ReadingSkipped
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.events import of_receipt
from p2pchain.chain.sender import Sender
from p2pchain.eip712 import metering_domain, reading_digest
from p2pchain.errors import BadInput
from p2pchain.keys import recover
from p2pchain.meter import read_measured, read_signed, signed_parts, to_readings
from p2pchain.model import Outcome, Quality, Reading
from tests.cli.conftest import World

FIRST = 494521  # 2026-06-01T01:00Z in hours


def sender(world: World) -> Sender:
    return Sender(world.chain, dev_signer(5))


def reading(meter: int, slots: int = 4, *, first: int = FIRST, start: int = 0) -> Reading:
    return Reading.of(meter, first, start, 0, [(1000, 0)] * slots)


@pytest.mark.capability("FST-1")
def test_signed_as_typed_data_by_the_meters_own_key_and_carried_by_anybody(world: World) -> None:
    world.clock("2026-06-01T06:00Z")
    path = world.sign(world.day("a.csv", 4, 1000, 0), 1, "alice-meter")
    record = json.loads(path.read_text())
    domain = metering_domain(31337, world.market.contracts.address("Metering"))
    (signed,) = read_signed(path.read_text(), "file", domain)
    # the digest that an EIP-712 wallet would come to is the contract's own
    digest = reading_digest(domain, signed.reading)
    assert recover(digest, signed.reading.signature) == world.key("alice-meter").address
    from p2pchain.market import packed

    assert world.market.contracts.metering.reading_digest(packed(signed.reading)) == digest
    # carol, who has nothing to do with the meter, carries it
    world.ok("meter", "post", str(path), account="carol")
    status = world.ok("meter", "status", "1", "--json").json
    assert (status["next_slot"], status["import_wh"]) == (record["first_slot"] + 4, 4000)
    # the contract checks key, slot and counter: none of these can be altered on the way
    world.clock("2026-06-01T10:00Z")
    following = world.day("b.csv", 2, 1000, 0, begin="2026-06-01T05:00Z", registers=(4000, 0))
    good = world.sign(following, 1, "alice-meter")
    for change in ({"meter": 2}, {"first_slot": FIRST + 5}, {"import_wh": 4001}, {"export_wh": 1}):
        altered = world.folder / "altered.jsonl"
        altered.write_text(json.dumps(json.loads(good.read_text()) | change) + "\n")
        result = world.cli("meter", "post", str(altered), account="carol")
        assert result.code == 1, change
        assert "not signed by the key" in result.errors[0]
    world.ok("meter", "post", str(good), account="carol")


@pytest.mark.capability("TAG-1")
@pytest.mark.capability("FST-7")
def test_each_interval_is_credited_once_and_only_once(world: World) -> None:
    """Replay, double credit, unknown key and revoked key are skipped in a batch with an event."""
    market = world.market
    world.clock("2026-06-01T10:00Z")
    good = market.sign_reading(world.key("alice-meter"), reading(1))
    foreign = market.sign_reading(world.key("other-meter"), reading(2))
    with sender(world) as carol:
        receipt = carol.send(market.post_call([good, good, foreign]))
        events = of_receipt(market.contracts, receipt)
        posted = [e for e in events if isinstance(e, ReadingPosted)]
        skipped = [
            (e.meter, Outcome(int(e.reason))) for e in events if isinstance(e, ReadingSkipped)
        ]
        assert [e.meter for e in posted] == [1]
        assert skipped == [(1, Outcome.ALREADY_POSTED), (2, Outcome.BAD_SIGNATURE)]
        # replay in a later transaction, and the same slots under another record
        overlap = market.sign_reading(
            world.key("alice-meter"), reading(1, 3, first=FIRST + 2, start=2000)
        )
        assert market.post(carol, [good, overlap]) == {
            (1, FIRST): Outcome.ALREADY_POSTED,
            (1, FIRST + 2): Outcome.ALREADY_POSTED,
        }
        # a signature for another chain or contract is none
        other_chain = replace(market.metering_domain, chain_id=1)
        stray = reading(2)
        stray = stray.signed(world.key("bob-meter").sign_digest(reading_digest(other_chain, stray)))
        assert market.post(carol, [stray]) == {(2, FIRST): Outcome.BAD_SIGNATURE}
    # the key expires: what it signs for later slots is refused, for earlier ones not
    world.ok("admin", "meter", "revoke", "1", account="alice")
    world.clock("2026-06-01T14:00Z")
    late = market.sign_reading(
        world.key("alice-meter"), reading(1, 2, first=FIRST + 10, start=10_000)
    )
    before = market.sign_reading(
        world.key("alice-meter"), reading(1, 2, first=FIRST + 4, start=4000)
    )
    with sender(world) as carol:
        assert market.post(carol, [late, before]) == {(1, FIRST + 10): Outcome.KEY_REVOKED}
    head = market.contracts.metering.head_of(1)
    assert (head.next_slot, head.import_wh) == (FIRST + 6, 6000)
    assert "revoked" in world.ok("meter", "status", "1").out


@pytest.mark.capability("FST-7")
def test_a_rotated_key_signs_from_its_slot_on(world: World) -> None:
    world.ok(
        "admin", "meter", "rotate-key", "1", "--key", "other-meter",
        "--from", "2026-06-01T05:00Z", account="operator",
    )  # fmt: skip
    world.clock("2026-06-01T12:00Z")
    whole = world.day("whole.csv", 8, 1000, 0)
    split = world.cli("meter", "post", str(world.sign(whole, 1, "alice-meter")), account="carol")
    assert split.code == 1
    assert "change within it" in split.errors[0]
    old = world.sign(whole, 1, "alice-meter", "--to", "2026-06-01T05:00Z")
    world.ok("meter", "post", str(old), account="carol")
    new = world.sign(whole, 1, "other-meter", "--from", "2026-06-01T05:00Z")
    world.ok("meter", "post", str(new), account="carol")
    assert world.ok("meter", "status", "1", "--json").json["import_wh"] == 8000


def test_gaps_are_shown_and_filled(world: World) -> None:
    world.clock("2026-06-01T12:00Z")
    whole = world.day("whole.csv", 8, 1000, 0)
    for part in (("--to", "2026-06-01T03:00Z"), ("--from", "2026-06-01T06:00Z")):
        world.ok("meter", "post", str(world.sign(whole, 1, "alice-meter", *part)), account="carol")
    status = world.ok("meter", "status", "1", "--json").json
    assert status["gaps"] == [{"from_slot": FIRST + 2, "until_slot": FIRST + 5}]
    assert "2026-06-01T03:00Z to 2026-06-01T06:00Z" in world.ok("meter", "status", "1").out
    rest = ("--from", "2026-06-01T03:00Z", "--to", "2026-06-01T06:00Z")
    world.ok("meter", "post", str(world.sign(whole, 1, "alice-meter", *rest)), account="carol")
    assert world.ok("meter", "status", "1", "--json").json["gaps"] == []
    assert len(world.ok("meter", "status", "--json").json["meters"]) == 2


def test_a_meter_outside_every_market_is_posted_too(world: World) -> None:
    world.ok(
        "admin", "meter", "add", "--area", "1", "--owner", "carol", "--supplier", "1",
        "--fuse", "24kWh", "--key", "other-meter", "--point", "3", account="operator",
    )  # fmt: skip
    world.clock("2026-06-01T12:00Z")
    signed = world.sign(world.day("c.csv", 4, 500, 0), 3, "other-meter")
    world.ok("meter", "post", str(signed), account="carol")
    status = world.ok("meter", "status", "3", "--json").json
    assert (status["enrolled"], status["import_wh"]) == (False, 2000)


def test_intervals_go_on_where_the_chain_stands(world: World) -> None:
    world.clock("2026-06-01T12:00Z")
    path = world.folder / "intervals.csv"
    path.write_text("start,import_kwh,export_kwh\n2026-06-01T01:00Z,0.25,0\n")
    begin = ["--import-register", "12.5kWh", "--export-register", "0Wh"]
    world.ok("meter", "post", str(world.sign(path, 1, "alice-meter", *begin)), account="carol")
    path.write_text("start,import_wh,export_wh\n2026-06-01T02:00Z,100,0\n")
    world.ok("meter", "post", str(world.sign(path, 1, "alice-meter")), account="carol")
    assert world.ok("meter", "status", "1", "--json").json["import_wh"] == 12_850


# files


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "m.csv"
    path.write_text(text)
    return path


def test_missing_rows_are_gaps_and_never_zero(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "time,import_register_wh,export_register_kwh\n"
        "2026-06-01T01:00Z,100,1\n2026-06-01T02:00Z,150,1.5\n"
        "2026-06-01T05:00Z,900,1.5\n2026-06-01T06:00Z,901,1.5\n",
    )
    measured = read_measured(path, slot_seconds=3600)
    assert measured.values == {FIRST: (50, 500), FIRST + 4: (1, 0)}
    first, second = to_readings(1, measured, slot_seconds=3600)
    assert (first.first_slot, first.import_wh, first.values) == (FIRST, 100, ((50, 500),))
    assert (second.first_slot, second.import_wh, second.export_wh) == (FIRST + 4, 900, 1500)


def test_one_record_for_each_utc_day(tmp_path: Path) -> None:
    rows = [f"2026-06-{1 + hour // 24:02}T{hour % 24:02}:00Z,{hour},0" for hour in range(20, 73)]
    path = write(tmp_path, "time,import_register_wh,export_register_wh\n" + "\n".join(rows))
    readings = to_readings(1, read_measured(path, slot_seconds=3600), slot_seconds=3600)
    assert [r.slots for r in readings] == [4, 24, 24]
    assert [r.import_wh for r in readings] == [20, 24, 48]


def test_local_time_over_the_change_of_clocks(tmp_path: Path) -> None:
    """On 25 October 2026 the clocks of Berlin show 02:00 twice: with an offset it is clear."""
    text = "start,import_wh,export_wh\n2026-10-25T01:00,1,0\n"
    offsets = "2026-10-25T02:00+02:00,2,0\n2026-10-25T02:00+01:00,3,0\n2026-10-25T03:00,4,0\n"
    path = write(tmp_path, text + offsets)
    measured = read_measured(path, slot_seconds=3600, zone="Europe/Berlin")
    assert list(measured.values.values()) == [(1, 0), (2, 0), (3, 0), (4, 0)]
    slots = list(measured.values)
    assert slots == list(range(slots[0], slots[0] + 4))
    path = write(tmp_path, text + "2026-10-25T02:00,2,0\n")
    with pytest.raises(BadInput, match=r"line 3: .* happens twice") as caught:
        read_measured(path, slot_seconds=3600, zone="Europe/Berlin")
    assert "2026-10-25T00:00Z or 2026-10-25T01:00Z" in str(caught.value.hint)


@pytest.mark.property(17)
def test_slots_signed_one_by_one_go_as_one_record(world: World) -> None:
    """Each keeps its signature, in the event too, where an auditor finds what was signed."""
    world.clock("2026-06-01T10:00Z")
    path = world.sign(world.day("a.csv", 5, 1000, 7), 1, "alice-meter", "--by-slot")
    lines = path.read_text().splitlines()
    assert len(lines) == 5
    path.write_text("\n".join(reversed(lines)))
    result = world.ok("meter", "post", str(path), "--json", account="carol").json
    assert result["taken"] == 5
    market = world.market
    receipt = world.chain.receipt(bytes.fromhex(result["transactions"][0][2:]))
    assert receipt is not None
    events = of_receipt(market.contracts, receipt)
    (event,) = (event for event in events if isinstance(event, ReadingPosted))
    assert (event.first_slot, event.slots, event.import_wh) == (FIRST, 5, 0)
    record = Reading(
        event.meter, event.first_slot, event.slots, Quality(int(event.quality)),
        event.import_wh, event.export_wh, tuple(event.intervals), bytes(event.signature),
    )  # fmt: skip
    domain = market.metering_domain
    signed = read_signed("\n".join(lines), "file", domain)
    assert signed_parts(record) == [one.reading for one in signed]
    for part in signed_parts(record):
        signer = recover(reading_digest(domain, part), part.signature)
        assert signer == world.key("alice-meter").address


def test_one_spoilt_slot_does_not_hold_back_those_that_go_with_it(world: World) -> None:
    world.clock("2026-06-01T10:00Z")
    path = world.sign(world.day("a.csv", 5, 1000, 7), 1, "alice-meter", "--by-slot")
    lines = path.read_text().splitlines()
    spoilt = json.loads(lines[2])
    spoilt["signature"] = json.loads(lines[1])["signature"]
    path.write_text("\n".join([*lines[:2], json.dumps(spoilt), *lines[3:]]))
    result = world.cli("meter", "post", str(path), "--json", account="carol")
    assert result.code == 1
    assert result.json["taken"] == 4
    assert [(row["line"], row["reason"]) for row in result.json["refused"]] == [
        (3, "bad_signature")
    ]
    assert "line 3" in result.errors[0]
    # the whole file again: what is there is there, and what was missing comes in between
    path.write_text("\n".join(lines))
    again = world.cli("meter", "post", str(path), "--json", account="carol")
    assert (again.code, again.json["taken"]) == (1, 1)
    assert {row["reason"] for row in again.json["refused"]} == {"already_posted"}
    head = world.market.contracts.metering.head_of(1)
    assert (head.next_slot, head.import_wh, head.gaps) == (FIRST + 5, 5000, 0)
