"""Late, missing and corrected readings by the command line: runs, estimates, the boundary, the end.

Money is asked of the chain; what it should be is worked out here, in nano per Wh.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from p2pchain import checks, history
from tests.cli.conftest import CREATE_MARKET, World
from tests.cli.test_bad_input import refused, told

# Alice's meter 1 imports, Bob's meter 2 exports; from 01:00Z on, as the world enrols them.
ENERGY, FEED_IN, NETWORK = 190_000, 50_000, 80_000
BETWEEN = (ENERGY + FEED_IN) // 2
FIRST = 494521
DAY, NEXT = "2026-06-01T00:00Z", "2026-06-02T00:00Z"
DEADLINE = "2026-06-03T00:00Z"
SPAN = ("--from", DAY, "--to", NEXT)


def post(world: World, name: str, meter: int, *more: str, wh: tuple[int, int]) -> None:
    """Post the day of a meter, or a part of it."""
    path = world.day(name, 23, *wh)
    key = "alice-meter" if meter == 1 else "bob-meter"
    world.ok("meter", "post", str(world.sign(path, meter, key, *more)), account="carol")


@pytest.fixture
def settled(world: World) -> World:
    """Alice has imported 1 kWh in each slot; Bob exported as much, but misses four slots in
    between and the last two. Settled after the deadline."""
    world.clock("2026-06-02T01:00Z")
    world.ok("deposit", "20EUR", "--test-money", account="bob")
    post(world, "a.csv", 1, wh=(1000, 0))
    post(world, "b1.csv", 2, "--to", "2026-06-01T10:00Z", wh=(0, 1000))
    post(
        world, "b2.csv", 2, "--from", "2026-06-01T14:00Z", "--to", "2026-06-01T22:00Z",
        wh=(0, 1000),
    )  # fmt: skip
    world.clock(DEADLINE)
    world.ok("settle", "--clear", account="carol")
    return world


def free(world: World, account: str) -> int:
    found = world.ok("balance", "--json", account=account).json["free_nano"]
    assert isinstance(found, int)
    return found


def sound(world: World) -> None:
    """The log explains every figure, and slots, money and energy add up."""
    market = world.market
    twin = checks.replay(market.contracts)
    checks.compare(market.contracts, twin)
    checks.money_is_whole(market.contracts, twin)
    twin.assert_conserved()
    past = history.read(market)
    checks.energy_is_whole(market, past)
    checks.ledger_agrees(past)


def correct(world: World, *more: str, meter: int = 1, key: str = "alice-meter") -> tuple[str, ...]:
    return ("meter", "correct", str(meter), *more, "--key", key)


def one(time: str, imported: str, exported: str = "0Wh") -> tuple[str, ...]:
    return ("--slot", time, "--import", imported, "--export", exported)


@pytest.mark.capability("FST-6")
def test_what_is_missing_is_estimated_and_what_comes_late_is_settled_by_difference(
    settled: World,
) -> None:
    world = settled
    bob = free(world, "bob")
    shown = world.ok("settle", "--run", "--dry-run", account="carol").out
    assert "estimate 4 slots that nobody has read" in shown
    told_ = world.ok("settle", "--run", account="carol").out
    assert "run 1 of 3: 3 windows, final from 2026-06-23T08:00Z to 2026-06-24T00:00Z on" in told_
    assert "estimated: meter 2, 2026-06-01T10:00Z to 2026-06-01T14:00Z" in told_
    assert "still missing: meter 2, 2026-06-01T22:00Z to 2026-06-02T00:00Z: no registers" in told_
    # registers on both sides of the gap: 4 kWh in four parts, fed in
    assert free(world, "bob") == bob + 4000 * FEED_IN
    sound(world)
    # an estimate is no reading, and is not made twice
    again = world.ok("settle", "--run", "--json", account="carol").json
    assert (again["estimated"], again["estimated_before"]) == ([], 4)
    assert again["missing"] == [
        {
            "meter": 2,
            "first_slot": FIRST + 21,
            "slots": 2,
            "why": "no registers around it and no reading a week before",
        }
    ]
    assert {row["run"] for row in again["windows"]} == {1}
    # the reading comes in the second run, with other values in the same registers
    world.clock("2026-06-10T12:00Z")
    rows: list[tuple[str, object, object]] = [
        ("2026-06-01T10:00Z", 0, 9000),
        ("2026-06-01T11:00Z", 0, 13_000),
        ("2026-06-01T12:00Z", 0, 13_000),
        ("2026-06-01T13:00Z", 0, 13_000),
        ("2026-06-01T14:00Z", 0, 13_000),
    ]
    late = world.sign(world.registers("late.csv", rows), 2, "bob-meter")
    world.ok("meter", "post", str(late), account="carol")
    assert free(world, "bob") == bob + 4000 * FEED_IN
    assert "run 2 of 3, open until" in world.ok("slot", "2026-06-01T10:00Z").out
    sound(world)
    nothing = world.ok("settle", "--run", "--json", account="carol").json
    assert (nothing["estimated"], nothing["estimated_before"]) == ([], 0)


@pytest.mark.capability("FST-6")
def test_without_registers_the_week_before_is_taken(settled: World) -> None:
    world = settled
    begin = "2026-06-07T22:00Z"
    world.clock("2026-06-10T12:00Z")
    # Alice posts on, Bob has nothing to show for 8 June
    path = world.day("a2.csv", 48, 1000, 0, begin=NEXT, registers=(23_000, 0))
    world.ok("meter", "post", str(world.sign(path, 1, "alice-meter")), account="carol")
    path = world.day("a3.csv", 24, 700, 0, begin="2026-06-08T00:00Z", registers=(123_000, 0))
    world.ok("meter", "post", str(world.sign(path, 1, "alice-meter")), account="carol")
    world.ok("settle", "--clear", account="carol")
    bob = free(world, "bob")
    assert begin < "2026-06-08"
    made = world.ok("settle", "--run", "--from", "2026-06-08T00:00Z", "--json", account="carol")
    rows = made.json["estimated"]
    assert [(row["first_slot"], row["slots"], row["rule"]) for row in rows] == [
        (FIRST + 7 * 24, 9, "week_before"),
        (FIRST + 7 * 24 + 13, 8, "week_before"),
    ]
    # what was estimated a week ago, or missing, is no reading to go by
    assert free(world, "bob") == bob + 17_000 * FEED_IN
    assert {row["meter"] for row in made.json["missing"]} == {2}
    sound(world)


@pytest.mark.capability("FST-6")
def test_a_correction_moves_the_difference_and_trades_stand(settled: World) -> None:
    world = settled
    alice, bob = free(world, "alice"), free(world, "bob")
    # what Alice did not use of what she bought of Bob goes to her supplier at the same price
    done = world.ok(*correct(world, *one("2026-06-01T05:00Z", "0.6kWh"), "--json"),
                    account="operator").json  # fmt: skip
    assert done["supplier_nano"] == 400 * (NETWORK + BETWEEN)
    assert done["corrections"] == [
        {
            "meter": 1,
            "first_slot": FIRST + 4,
            "slots": 1,
            "number": 1,
            "run": 1,
            "supplier_nano": 400 * (NETWORK + BETWEEN),
        }
    ]
    assert free(world, "alice") == alice + 400 * (NETWORK + BETWEEN)
    trades = world.ok("trades", "--meter", "1", "--json").json["trades"]
    assert next(row for row in trades if row["slot"] == FIRST + 4)["bought_wh"] == 1000
    # a file: only what differs is corrected, what was not sold after all is bought at the price
    rows = [f"2026-06-01T{hour:02}:00Z,0,{700 if hour == 6 else 1000}" for hour in range(1, 10)]
    path = world.folder / "fixed.csv"
    path.write_text("start,import_wh,export_wh\n" + "\n".join(rows) + "\n")
    shown = world.ok(*correct(world, str(path), meter=2, key="bob-meter"), account="operator").out
    assert "correct 1 slots of meter 2 from 2026-06-01T06:00Z on" in shown
    assert "takes 0.036EUR" in shown
    assert free(world, "bob") == bob - 300 * BETWEEN
    sound(world)
    status = world.ok("meter", "status", "1", "--json").json
    assert (status["import_wh"], status["corrected_import_wh"]) == (23_000, -400)
    assert "-400Wh in" in world.ok("meter", "status", "1").out


@pytest.mark.capability("FST-6")
def test_meter_and_operator_may_act_apart(settled: World) -> None:
    world = settled
    saved = world.folder / "fixed.jsonl"
    before = world.state()
    made = world.ok(*correct(world, *one("2026-06-01T05:00Z", "2kWh"), "--save", str(saved)))
    assert "1 corrections of 1 slots" in made.out
    assert world.state() == before
    hand_in = ("meter", "correct", "--signed", str(saved))
    refused(world, 1, "unauthorized", *hand_in, account="carol")
    world.ok(*hand_in, "--dry-run", account="operator")
    assert world.state() == before
    alice = free(world, "alice")
    world.ok(*hand_in, account="operator")
    assert free(world, "alice") == alice - 1000 * (ENERGY + NETWORK)
    # once more changes nothing: it has been taken
    head = world.state()
    assert world.ok(*hand_in, "--json", account="operator").json["transactions"] == []
    assert world.state() == head
    # and one that was signed before another one was taken has a number that is used
    world.ok(*correct(world, *one("2026-06-01T05:00Z", "3kWh"), "--save", str(saved)))
    world.ok(*correct(world, *one("2026-06-01T06:00Z", "3kWh")), account="operator")
    refused(world, 1, "wrong number", *hand_in, account="operator")
    # nobody has changed it on the way
    content = json.loads(saved.read_text()) | {"number": 3}
    saved.write_text(json.dumps(content))
    refused(world, 1, "Not signed by the meter's present key", *hand_in, account="operator")
    sound(world)


@pytest.mark.capability("FST-6")
def test_corrections_that_are_refused_leave_everything_as_it_was(settled: World) -> None:
    world = settled

    def bad(code: int, words: str, *more: str, meter: int = 1, key: str = "alice-meter") -> None:
        refused(world, code, words, *correct(world, *more, meter=meter, key=key),
                account="operator")  # fmt: skip

    time = "2026-06-01T05:00Z"
    bad(2, "there is no meter 9", *one(time, "1kWh"), meter=9)
    bad(1, "was never read", *one("2026-06-01T11:00Z", "1kWh"), meter=2, key="bob-meter")
    bad(1, "was never read", *one("2026-07-01T11:00Z", "1kWh"))
    bad(2, "nothing to correct", *one(time, "1kWh"))
    bad(1, "above fuse", *one(time, "25kWh"))
    bad(1, "Not signed by the meter's present key", *one(time, "2kWh"), key="bob-meter")
    bad(2, "what should the meter have read", "--slot", time, "--import", "1kWh")
    bad(2, "apples", *one(time, "4 apples"))
    bad(2, "in a file and as options", "a.csv", *one(time, "1kWh"))
    bad(2, "does not exist", "nowhere.csv")
    before = world.state()
    for arguments, words in (
        (("1", *one(time, "2kWh")), "has not signed"),
        (("--signed", "nowhere.jsonl"), "cannot read"),
        (("1", "--signed", "a.jsonl"), "says it all"),
        (("--signed", str(world.folder / "a.jsonl")), "not a signed correction"),
        (one(time, "2kWh"), "which meter"),
    ):
        told(world.cli("meter", "correct", *arguments, account="operator"), 2, words)
    assert world.state() == before


def test_what_is_not_settled_yet_is_corrected_later(world: World) -> None:
    world.clock("2026-06-02T01:00Z")
    post(world, "a.csv", 1, wh=(1000, 0))
    ask = correct(world, *one("2026-06-01T05:00Z", "2kWh"))
    said = refused(world, 2, "is not settled yet", *ask, account="operator")
    assert "settle --clear" in said.hints[0]
    refused(world, 1, "not settled yet", "settle", "--run", *SPAN, account="carol")
    assert "nothing is due" in world.ok("settle", "--run", account="carol").out


@pytest.mark.capability("FST-6")
def test_nothing_changes_after_the_last_run(settled: World) -> None:
    world = settled
    world.clock("2026-06-24T00:00Z")
    said = refused(world, 1, "is final since 2026-06-23T08:00Z", *correct(
        world, *one("2026-06-01T05:00Z", "2kWh")), account="operator")  # fmt: skip
    assert "final" in said.hints[0]
    part = ("--from", "2026-06-01T10:00Z", "--to", "2026-06-01T12:00Z")
    late = world.sign(world.day("late.csv", 23, 0, 1000), 2, "bob-meter", *part)
    refused(world, 1, "what was settled is final", "meter", "post", str(late), account="carol")
    refused(world, 1, "its last run is over", "settle", "--run", *SPAN, account="carol")
    refused(world, 1, "final since", "tally", "2026-06-01", account="carol")
    assert "nothing changes any more" in world.ok("slot", "2026-06-01T05:00Z").out
    sound(world)


# The boundary


@pytest.fixture
def bordered(world: World) -> World:
    """Meter 3 measures the border; a whole day of all three is read and settled."""
    world.ok(
        "admin", "meter", "add", "--area", "1", "--owner", "grid", "--supplier", "1", "--fuse",
        "60kWh", "--key", "other-meter", "--point", "border", account="operator",
    )  # fmt: skip
    world.ok("admin", "boundary", "1", "3", "--tolerance", "1kWh", account="operator")
    world.clock("2026-06-03T01:00Z")
    for meter, name, wh in ((1, "alice", (1000, 0)), (2, "bob", (0, 500)), (3, "other", (600, 0))):
        path = world.day(f"{name}.csv", 47, *wh)
        signed = world.sign(path, meter, f"{name}-meter", "--from", NEXT)
        world.ok("meter", "post", str(signed), account="carol")
    world.ok("settle", "--clear", account="carol")
    return world


def test_a_day_is_compared_with_the_border_and_stays_open_until_it_adds_up(
    bordered: World,
) -> None:
    world = bordered
    assert world.ok("admin", "boundary", "1", "--json").json["meter"] == 3
    before = world.state()
    assert (
        "add up the day from 2026-06-02"
        in world.ok("tally", "2026-06-02", "--dry-run", account="carol").out
    )
    assert world.state() == before
    found = world.ok("tally", "2026-06-02", "--json", account="carol").json
    assert (found["members_wh"], found["boundary_wh"]) == (12_000, 14_400)
    assert (found["disputed"], found["difference_wh"]) == (True, -2_400)
    assert "in dispute" in world.ok("slot", "2026-06-02T05:00Z").out
    # 31 days after the day's end, and no longer
    world.clock("2026-06-28T00:00Z")
    time = "2026-06-02T05:00Z"
    world.ok(*correct(world, *one(time, "2.4kWh")), account="operator")
    after = world.ok("tally", "2026-06-02", account="carol").out
    assert "no: final from 2026-06-24T08:00Z on" in after
    refused(world, 1, "final since", *correct(world, *one(time, "2kWh")), account="operator")
    sound(world)


def test_the_boundary_meter_is_corrected_too(bordered: World) -> None:
    world = bordered
    time = "2026-06-02T05:00Z"
    done = world.ok(
        *correct(world, *one(time, "0.2kWh"), "--json", meter=3, key="other-meter"),
        account="operator",
    ).json
    assert (done["supplier_nano"], done["corrections"][0]["run"]) == (0, None)
    found = world.ok("tally", "2026-06-02", "--json", account="carol").json
    assert (found["boundary_wh"], found["difference_wh"]) == (14_000, -2_000)
    sound(world)


def test_days_that_cannot_be_compared(bordered: World, tmp_path: Path) -> None:
    world = bordered
    path = world.day("before.csv", 23, 1000, 0)
    world.ok("meter", "post", str(world.sign(path, 1, "alice-meter")), account="carol")
    refused(world, 1, "not settled", "tally", "2026-06-01", account="carol")
    world.ok("settle", "--clear", account="carol")
    said = refused(world, 1, "is not complete", "tally", "2026-06-01", account="carol")
    assert "2026-06-01T00:00Z of meter 3" in said.errors[0]
    assert "post" in said.hints[0]
    refused(world, 1, "not settled", "tally", "2026-06-04", account="carol")
    refused(world, 2, "yesterday", "tally", "yesterday", account="carol")
    refused(world, 2, "there is no area 7", "admin", "boundary", "7", "3", account="operator")
    refused(world, 2, "there is no meter 9", "admin", "boundary", "1", "9", account="operator")
    refused(world, 2, "is a member", "admin", "boundary", "1", "1", account="operator")
    refused(world, 2, "apples", "admin", "boundary", "1", "3", "--tolerance", "2 apples",
            account="operator")  # fmt: skip
    refused(world, 2, "more than 1", "admin", "boundary", "1", "3", "--share", "2",
            account="operator")  # fmt: skip
    refused(world, 1, "unauthorized", "admin", "boundary", "1", "3", account="carol")
    world.ok("admin", "boundary", "1", "0", account="operator")
    refused(world, 2, "has no boundary meter", "tally", "2026-06-02", account="carol")
    assert world.ok("admin", "boundary", "1", "--json").json["meter"] is None


def test_runs_are_chosen_with_the_market(world: World) -> None:
    make = (*CREATE_MARKET, "--area", "1", "--name", "other")
    refused(world, 2, "more than 28 days", *make, "--runs", "4", account="operator")
    refused(world, 2, "take no time", *make, "--run-time", "0s", account="operator")
    refused(world, 2, "runs", *make, "--runs", "9", account="operator")
    world.ok(*make, "--runs", "2", "--run-time", "3d", account="operator")
    rows = world.ok("admin", "market", "list", "--json").json["markets"]
    assert sorted((row["runs"], row["run_seconds"]) for row in rows) == [(2, 259_200), (3, 604_800)]
