"""The supplier's program against a market that runs."""

import guarantees
import pytest

from p2pchain import history
from p2pchain.errors import Refused

EUR = 10**9


def trade(market, alice, bob, meter, clock, import_wh):
    """Let a window pass in which alice gives 5 kWh in each slot and bob takes some; settle it."""
    slot, window = clock.slot, clock.window
    clock.end_window()
    sold = meter(alice).read(slot, [(0, 5_000)] * 8)
    bought = meter(bob).read(slot, [(import_wh, 0)] * 8)
    assert market.post(alice, [sold, bought]) == {}
    market.clear_and_settle(alice, window, 1)


def empty(account, market):
    """Take all free money out of an account."""
    ledger = market.contracts.ledger
    account.send(ledger.withdraw(account.address, ledger.account_of(account.address).free_nano))


def test_without_money_or_guarantee_the_supplier_delivers(market, alice, bob, meter, clock):
    empty(bob, market)
    trade(market, alice, bob, meter, clock, 1_000)
    bought = [slot.bought_wh for slot in history.read(market).of_meter(meter(bob).number)]
    assert bought == [0] * 8


def test_a_guarantee_lets_a_home_without_money_trade(market, alice, bob, meter, clock, supplier):
    empty(bob, market)
    number = meter(bob).number
    added = guarantees.top_up(market, supplier, number, clock.slot, 5 * EUR)
    assert added == 5 * EUR
    trade(market, alice, bob, meter, clock, 1_000)
    slots = history.read(market).of_meter(number)
    assert [slot.bought_wh for slot in slots] == [1_000] * 8
    assert {slot.price_nano for slot in slots} == {120_000}  # between 0.19 and 0.05 EUR/kWh


def test_only_what_is_missing_is_added(market, bob, meter, clock, supplier):
    number = meter(bob).number
    before = market.contracts.ledger.account_of(supplier.address).free_nano
    assert guarantees.top_up(market, supplier, number, clock.slot, 2 * EUR) == 2 * EUR
    assert guarantees.top_up(market, supplier, number, clock.slot, 3 * EUR) == 1 * EUR
    assert guarantees.top_up(market, supplier, number, clock.slot, 1 * EUR) == 0
    after = market.contracts.ledger.account_of(supplier.address).free_nano
    assert before - after == 3 * EUR


def test_the_target_follows_the_worst_day(market, alice, bob, meter, clock):
    number = meter(bob).number
    assert guarantees.needed_nano(market, number, days=7) == 0
    trade(market, alice, bob, meter, clock, 1_000)
    clock.end_slot(clock.slot + 15)  # the next window is of the next day
    trade(market, alice, bob, meter, clock, 2_000)
    week = 7 * 8 * 2_000 * 190_000
    assert guarantees.needed_nano(market, number, days=7, spare_ppm=0) == week
    assert guarantees.needed_nano(market, number, days=7) == week * 12 // 10


@pytest.mark.parametrize("target", [10, 60])
def test_it_does_not_depend_on_what_other_cases_gave(market, bob, meter, clock, supplier, target):
    number = meter(bob).number
    assert guarantees.top_up(market, supplier, number, clock.slot, target * EUR) == target * EUR


def test_a_supplier_cannot_give_more_than_it_has(market, bob, meter, clock, supplier, anchor):
    number = meter(bob).number
    with pytest.raises(Refused) as refused:
        guarantees.top_up(market, supplier, number, clock.slot, 101 * EUR)
    assert refused.value.reason == "NotEnoughFree"
    with anchor():  # up to the last cent it can; and then it has it again
        assert guarantees.top_up(market, supplier, number, clock.slot, 100 * EUR) == 100 * EUR
    assert market.contracts.ledger.account_of(supplier.address).free_nano == 100 * EUR


def test_a_home_of_another_supplier_is_left_alone(market, alice, bob, meter, clock):
    with pytest.raises(ValueError, match="another supplier"):
        guarantees.top_up(market, alice, meter(bob).number, clock.slot, EUR)


def test_many_homes(market, meter, clock, supplier, neighbour):
    homes = [neighbour(f"home {number}", prepaid_nano=0) for number in range(5)]
    clock.end_slot()
    for home in homes:
        guarantees.top_up(market, supplier, meter(home).number, clock.slot, EUR)
    covers = [
        market.contracts.ledger.cover_of(home.address, supplier.address, meter(home).number)
        for home in homes
    ]
    assert [cover.guarantee_free_nano for cover in covers] == [EUR] * 5
