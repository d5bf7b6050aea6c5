"""The state rebuilt from the log equals the state that made it; a changed log is found out."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

import pytest

from p2pchain.errors import Difference
from p2pchain.replay import TwinMarket, decode_fills

Make = Callable[..., Any]


def rebuilt(log: list[list[Any]]) -> TwinMarket:
    twin = TwinMarket(3600)
    for transaction in log:
        twin.apply_transaction(transaction)
    return twin


def state(twin: Any, market: bytes) -> tuple[Any, ...]:
    place = twin.market(market)
    return (
        dict(twin.ledger.accounts),
        {key: cover for key, cover in twin.ledger.covers.items() if any_of(cover)},
        twin.ledger.claims,
        twin.ledger.held_nano,
        {key: nano for key, nano in twin.ledger.transit_nano.items() if nano},
        place.results,
        place.fills,
        place.postings,
        place.windows,
        place.members,
        dict(twin.metering.heads),
        {meter: gaps for meter, gaps in twin.metering.gaps.items() if gaps},
    )


def any_of(cover: Any) -> bool:
    return bool(cover.own_nano or cover.guarantee_free_nano or cover.guarantee_locked_nano)


@pytest.mark.property(30)
def test_the_log_alone_rebuilds_the_state(scenario: Make) -> None:
    for seed in range(80):
        scene = scenario(seed).run(
            random.Random(seed), late=seed % 3 == 0, chunk=1 + seed % 4, void=seed % 5 == 0
        )
        twin = rebuilt(scene.log)
        twin.assert_conserved()
        assert state(twin, scene.market) == state(scene.twin, scene.market)


@pytest.mark.property(30)
def test_any_changed_figure_is_a_difference(
    scenario: Make, consequences: frozenset[str], capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(1)
    tried: dict[str, int] = {}
    for seed in range(40):
        scene = scenario(seed).run(late=seed % 2 == 0, chunk=2)
        places = [
            (at, number)
            for at, transaction in enumerate(scene.log)
            for number, event in enumerate(transaction)
            if type(event).__name__ in consequences | {"WindowCleared", "WindowsSettled"}
        ]
        for at, number in rng.sample(places, min(12, len(places))):
            log = [*scene.log[:at], [copy.copy(event) for event in scene.log[at]]]
            event = log[at][number]
            name = type(event).__name__
            change(event, rng)
            with pytest.raises(Difference) as caught:
                rebuilt(log)
            assert caught.value.exit_code == 4
            tried[name] = tried.get(name, 0) + 1
    with capsys.disabled():
        print("\nchanged and found out:", dict(sorted(tried.items())))
    assert len(tried) >= 8


def change(event: Any, rng: random.Random) -> None:
    figures = [
        name
        for name, value in vars(event).items()
        if isinstance(value, int) and name not in ("window", "first_window", "windows")
    ]
    if hasattr(event, "results"):
        lane = rng.randrange(8)
        event.results = list(event.results)
        event.results[lane] ^= 1 << rng.randrange(56, 100)
    elif getattr(event, "fills", None):
        event.fills = [event.fills[0] ^ 1, *event.fills[1:]]
    else:
        # One member more may change nothing, where that member has posted nothing.
        step = 100 if figures == ["cursor"] else 1
        name = rng.choice(figures)
        setattr(event, name, getattr(event, name) + step)


@pytest.mark.parametrize("name", ["EntrySettled", "MemberSettled", "Locked", "WindowsSettled"])
def test_a_missing_event_is_a_difference(scenario: Make, name: str) -> None:
    scene = scenario(8).run()
    for at, transaction in enumerate(scene.log):
        kept = [event for event in transaction if type(event).__name__ != name]
        if len(kept) < len(transaction):
            with pytest.raises(Difference):
                rebuilt([*scene.log[:at], kept])
            return
    raise AssertionError(f"no {name} in the log")


def test_an_event_that_the_rules_refuse_is_a_difference(scenario: Make) -> None:
    scene = scenario(9)
    scene.post(scene.readings[1][0])
    with pytest.raises(Difference, match="outcome is ACCEPTED on chain, ALREADY_POSTED"):
        rebuilt([*scene.log, scene.log[-1]])
    broke = next(tx for tx in scene.log if type(tx[0]).__name__ == "Deposited")[0]
    taken = type("Withdrawn", (), {})()
    taken.account, taken.to, taken.amount_nano = broke.account, broke.account, 10**18
    with pytest.raises(Difference, match="NotEnoughFree"):
        rebuilt([*scene.log, [taken]])


def test_differences_say_what_and_where(scenario: Make) -> None:
    scene = scenario(8).run()
    for transaction in scene.log:
        for event in transaction:
            if type(event).__name__ == "EntrySettled":
                event.supplier_nano += 5
                with pytest.raises(Difference, match=r"EntrySettled \(.*meter.*supplier_nano is"):
                    rebuilt(scene.log)
                return


def test_events_of_no_concern_are_passed_over() -> None:
    twin = TwinMarket(3600)
    assert twin.apply(type("RoleGranted", (), {})()) is False


def test_fills_are_read_from_both_layers() -> None:
    first = 5 << 236 | 7 | (9 | 1 << 27) << 28
    second = 5 << 236 | 1 << 232 | (4 | 1 << 27)
    assert decode_fills([first, second]) == ((40, 0, 7), (40, 1, 4), (41, 1, 9))
