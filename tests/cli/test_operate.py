"""Clearing and settling by hand: what is due, what waits and why, and what is given up."""

from __future__ import annotations

from tests.cli.conftest import World
from tests.cli.test_bad_input import refused
from tests.cli.test_prosumer import a_day


def test_what_waits_says_for_whom_and_until_when(world: World) -> None:
    world.clock("2026-06-01T12:00Z")
    assert "nothing is due" in world.ok("clear", account="carol").out
    signed = world.sign(world.day("a.csv", 10, 1000, 0), 1, "alice-meter")
    world.ok("meter", "post", str(signed), account="carol")
    out = world.ok("clear", account="carol").out
    assert "2026-06-01T00:00Z (window 61815) waits for meter 2, until 2026-06-02T08:00Z" in out
    assert "2026-06-01T08:00Z (window 61816) is not over yet" in out
    span = ["--from", "2026-06-01T00:00Z", "--to", "2026-06-01T08:00Z"]
    refused(world, 1, "waits for meter 2", "clear", *span, account="carol")
    refused(world, 1, "is not cleared yet", "settle", *span, account="carol")
    slot = world.ok("slot", "2026-06-01T05:00Z").out
    assert "1 of 2: meter 2" in slot
    assert "2026-06-02T08:00Z: from then on" in slot


def test_after_the_deadline_it_goes_on_without_who_is_missing(world: World) -> None:
    world.clock("2026-06-01T12:00Z")
    signed = world.sign(world.day("a.csv", 7, 1000, 0), 1, "alice-meter")
    world.ok("meter", "post", str(signed), account="carol")
    world.clock("2026-06-02T08:00Z")
    assert world.ok("clear", "--json", account="carol").json["windows"] == [61815]
    assert world.ok("settle", "--json", account="carol").json["windows"] == [61815]
    status = world.ok("slot", "2026-06-01T05:00Z", "--json").json
    assert (status["phase"], status["traded_wh"]) == ("settled", 0)


def test_ranges(world: World) -> None:
    a_day(world)
    span = ["--from", "2026-06-01T00:00Z", "--to", "2026-06-01T08:00Z"]
    assert world.ok("clear", *span, "--json", account="carol").json["windows"] == [61815]
    rest = world.ok("settle", "--clear", "--json", account="carol").json
    assert rest["windows"] == [61815, 61816, 61817]
    assert len(rest["transactions"]) == 2  # what was cleared, and what was not
    for hour in ("02", "12", "22"):
        phase = world.ok("slot", f"2026-06-01T{hour}:00Z", "--json").json["phase"]
        assert phase == "settled"


def test_a_window_that_nobody_cleared_is_given_up(world: World) -> None:
    a_day(world)
    out = world.ok("clear", "--void", account="carol").out
    assert "may be given up from 2026-06-08T08:00Z on" in out
    world.clock("2026-06-08T08:00Z")
    given_up = world.ok("clear", "--void", "--json", account="carol").json
    assert given_up["windows"] == [61815]
    status = world.ok("slot", "2026-06-01T05:00Z", "--json").json
    assert (status["voided"], status["traded_wh"]) == (True, 0)
    assert "given up" in world.ok("slot", "2026-06-01T05:00Z").out
    world.ok("settle", "--clear", account="carol")
    # nobody lost anything: locks are free again, and the supplier took all of that window
    alice = world.ok("balance", "--json", account="alice").json
    assert alice["locked_nano"] == 0
    rows = world.ok("trades", "--meter", "1", "--json").json["trades"]
    assert min(row["slot"] for row in rows) == 61816 * 8
    assert world.ok("savings", "--meter", "1", "--json").json["meters"][0]["slots"] == 23
