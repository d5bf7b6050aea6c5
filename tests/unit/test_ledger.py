"""The twin's ledger by hand: whose money is locked first, and whose is free first."""

from __future__ import annotations

from typing import Any

import pytest

from p2pchain.errors import Refused
from p2pchain.ledger import Entry, LedgerTwin

HOME, SUPPLIER, OPERATOR, FEES = (f"0x{number:040x}" for number in (1, 2, 3, 4))
METER = 7


def ledger(own_nano: int, guarantee_nano: int) -> LedgerTwin:
    twin = LedgerTwin(lambda *_args, **_fields: None)
    twin.deposit(HOME, own_nano)
    twin.deposit(SUPPLIER, guarantee_nano)
    twin.give_guarantee(SUPPLIER, HOME, METER, guarantee_nano)
    return twin


def parts(twin: LedgerTwin) -> tuple[int, ...]:
    money, cover = twin.accounts[HOME], twin.covers[HOME, SUPPLIER, METER]
    return (
        money.free_nano,
        money.locked_nano,
        cover.guarantee_free_nano,
        cover.guarantee_locked_nano,
    )


def settle(twin: LedgerTwin, **fields: Any) -> None:
    moved = {"release_nano": 0, "pay_nano": 0, "income_nano": 0, "supplier_nano": 0} | fields
    twin.settle(b"m", OPERATOR, FEES, 0, [Entry(METER, HOME, SUPPLIER, **moved)], [])


@pytest.mark.property(4)
@pytest.mark.parametrize(
    ("wanted", "locked", "left"),
    [
        (60, 60, (40, 60, 50, 0)),
        (100, 100, (0, 100, 50, 0)),
        (130, 130, (0, 100, 20, 30)),
        (999, 150, (0, 100, 0, 50)),
    ],
)
def test_own_money_is_locked_before_a_guarantee(
    wanted: int, locked: int, left: tuple[int, ...]
) -> None:
    twin = ledger(100, 50)
    assert twin.lock_up_to(HOME, SUPPLIER, METER, wanted) == locked
    assert parts(twin) == left


@pytest.mark.property(4)
def test_a_guarantee_is_used_last_and_freed_first() -> None:
    twin = ledger(100, 50)
    twin.lock_up_to(HOME, SUPPLIER, METER, 140)
    twin.unlock(HOME, SUPPLIER, METER, 30)
    assert parts(twin) == (0, 100, 40, 10), "the guarantee is whole again before own money is free"
    settle(twin, release_nano=60, pay_nano=60)
    assert parts(twin) == (0, 40, 40, 10), "own money pays first"
    settle(twin, release_nano=50, pay_nano=45)
    assert parts(twin) == (0, 0, 45, 0), "of the guarantee five are used, five come back"


def test_no_more_is_paid_than_is_released() -> None:
    twin = ledger(100, 0)
    twin.lock_up_to(HOME, SUPPLIER, METER, 100)
    with pytest.raises(Refused, match="PaysMoreThanReleased"):
        settle(twin, release_nano=10, pay_nano=11)
    with pytest.raises(Refused, match="PaysMoreThanReleased"):
        settle(twin, contract_nano=-1)
