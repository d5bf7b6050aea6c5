"""A meter is replaced: nothing is lost between the old one and the new one."""

from __future__ import annotations

import pytest

from tests.cli.conftest import World

FIRST = 494521  # 2026-06-01T01:00Z in hours
AT = "2026-06-01T05:00Z"
KEYS = ("--old-key", "alice-meter", "--new-key", "other-meter")


def rotate(world: World) -> None:
    """Give meter 1 another key from AT on, and let that time pass."""
    world.ok(
        "admin", "meter", "rotate-key", "1", "--key", "other-meter", "--from", AT,
        account="operator",
    )  # fmt: skip
    world.clock("2026-06-01T10:00Z")


@pytest.fixture
def rotated(world: World) -> World:
    """Meter 1 has another key from AT on, and four slots of the old one are posted."""
    rotate(world)
    old = world.sign(world.day("old.csv", 4, 1000, 0), 1, "alice-meter")
    world.ok("meter", "post", str(old), account="carol")
    return world


@pytest.mark.capability("FST-7")
def test_the_new_meter_goes_on_with_registers_of_its_own(rotated: World) -> None:
    world = rotated
    shown = world.ok("meter", "exchange", "1", "--at", AT, *KEYS, "--dry-run", account="operator")
    assert "ends at 4,000 Wh in" in shown.out
    result = world.ok(
        "meter", "exchange", "1", "--at", AT, *KEYS, "--opening-import", "1.5kWh", "--json",
        account="operator",
    )  # fmt: skip
    assert result.json["from_slot"] == FIRST + 4
    status = world.ok("meter", "status", "1", "--json").json
    assert (status["next_slot"], status["import_wh"]) == (FIRST + 4, 1500)
    new = world.day("new.csv", 2, 300, 0, begin=AT, registers=(1500, 0))
    world.ok("meter", "post", str(world.sign(new, 1, "other-meter")), account="carol")
    assert world.ok("meter", "status", "1", "--json").json["import_wh"] == 2100


@pytest.mark.capability("FST-7")
def test_what_the_old_meter_has_not_posted_is_a_gap_that_it_may_fill(world: World) -> None:
    rotate(world)
    whole = world.day("whole.csv", 4, 1000, 0)
    begun = world.sign(whole, 1, "alice-meter", "--to", "2026-06-01T03:00Z")
    world.ok("meter", "post", str(begun), account="carol")
    closing = ("--closing-import", "4kWh", "--closing-export", "0Wh")
    world.ok("meter", "exchange", "1", "--at", AT, *closing, *KEYS, account="operator")
    status = world.ok("meter", "status", "1", "--json").json
    assert status["gaps"] == [{"from_slot": FIRST + 2, "until_slot": FIRST + 4}]
    rest = world.sign(whole, 1, "alice-meter", "--from", "2026-06-01T03:00Z")
    world.ok("meter", "post", str(rest), account="carol")
    assert world.ok("meter", "status", "1", "--json").json["gaps"] == []


def test_each_side_may_sign_elsewhere(rotated: World) -> None:
    world = rotated
    ask = ("meter", "exchange", "1", "--at", AT)
    closing = world.ok(*ask, "--old-key", "alice-meter", "--sign-only", "--json").json
    opening = world.ok(*ask, "--new-key", "other-meter", "--sign-only", "--json").json
    assert "opening_signature" not in closing
    world.ok(
        *ask,
        "--closing-signature", closing["closing_signature"],
        "--opening-signature", opening["opening_signature"],
        account="operator",
    )  # fmt: skip
    assert world.ok("meter", "status", "1", "--json").json["import_wh"] == 0


@pytest.mark.parametrize(
    ("more", "code", "said", "hint"),
    [
        (("--old-key", "alice-meter"), 2, "new meter has not signed", "--opening-signature"),
        (("--new-key", "other-meter"), 2, "old meter has not signed", "--closing-signature"),
        ((*KEYS, "--closing-signature", "0x00"), 2, "say the same", ""),
        (("--old-key", "alice-meter", "--opening-signature", "0xzz"), 2, "not hexadecimal", ""),
        ((*KEYS, "--closing-import", "4kWh"), 2, "one register is missing", "--closing-export"),
        (("--sign-only",), 2, "needs a key", "--old-key"),
        (
            (*KEYS, "--closing-import", "3kWh", "--closing-export", "0Wh"),
            1, "register is lower", "status",
        ),
        (
            (*KEYS, "--closing-import", "5kWh", "--closing-export", "0Wh"),
            1, "do not meet", "status",
        ),
        (("--old-key", "other-meter", "--new-key", "alice-meter"), 1, "not signed by the key", ""),
        ((*KEYS, "--opening-import", "4 apples"), 2, "apples", ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_changes(
    rotated: World, more: tuple[str, ...], code: int, said: str, hint: str
) -> None:
    before = rotated.state()
    result = rotated.cli("meter", "exchange", "1", "--at", AT, *more, account="operator")
    assert result.code == code, result.err
    assert len(result.errors) == 1
    assert said in result.errors[0]
    assert not hint or hint in " ".join(result.hints)
    assert rotated.state() == before


def test_a_new_key_comes_first_and_only_the_operator_exchanges(rotated: World) -> None:
    world = rotated
    early = world.cli(
        "meter", "exchange", "1", "--at", "2026-06-01T06:00Z", "--closing-import", "5kWh",
        "--closing-export", "0Wh", *KEYS, account="operator",
    )  # fmt: skip
    assert early.code == 1
    assert "no key of its own" in early.errors[0]
    assert "rotate-key 1" in early.hints[0]
    unknown = world.cli("meter", "exchange", "9", "--at", AT, *KEYS, account="operator")
    assert unknown.code == 2
    assert "there is no meter 9" in unknown.errors[0]
    foreign = world.cli("meter", "exchange", "1", "--at", AT, *KEYS, account="alice")
    assert foreign.code == 1
    assert len(foreign.errors) == 1
