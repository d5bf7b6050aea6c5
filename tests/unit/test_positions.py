"""What a contract made ahead costs once the meters have measured; every figure worked out by hand.

Retail energy 200, feed-in 50, imbalance 300, charges 20 nano per Wh, the auction's cap 400. Meter 1
sells 100 Wh to meter 2 at 130: 13,000 nano change hands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from p2pchain.errors import CheckFailed, Refused
from p2pchain.ledger import Entry
from p2pchain.model import Action, ForwardRefusal, Outcome, Phase
from tests.unit.forward_world import (
    BUY,
    DAY,
    FIRST,
    HOUR,
    OPERATOR,
    PURSE,
    ROW,
    SELL,
    START,
    SUPPLIER,
    WINDOW,
    ForwardWorld,
    account,
)

NEGATIVE = replace(ROW, feed_in=-100)


def contracted(**more: Any) -> ForwardWorld:
    world = ForwardWorld(**more)
    assert world.order(1, 0, SELL, 130, 100) == ForwardRefusal.NONE
    assert world.order(2, 0, BUY, 130, 100) == ForwardRefusal.NONE
    return world


def changes(
    measured: Mapping[int, tuple[int, int]], world: ForwardWorld | None = None
) -> list[int]:
    world = world or contracted()
    world.play(measured)
    twin = world.twin
    assert all(money.locked_nano == 0 for money in twin.ledger.accounts.values())
    return [world.change(meter) for meter in (1, 2, 3)]


def test_delivered_exactly() -> None:
    world = contracted()
    assert changes({1: (0, 100), 2: (100, 0)}, world) == [13_000, -13_000 - 2_000, 0]
    assert twin_free(world, SUPPLIER) == 2_000 - 1_000
    assert twin_free(world, OPERATOR) == 1_000


def twin_free(world: ForwardWorld, who: str) -> int:
    return world.twin.free_nano(who) - PURSE


def test_a_sale_that_is_not_delivered_costs_imbalance() -> None:
    assert changes({1: (0, 60), 2: (100, 0)}) == [13_000 - 40 * 300, -15_000, 0]


def test_imbalance_is_capped() -> None:
    world = contracted(row=replace(ROW, imbalance=900))
    assert changes({1: (0, 60), 2: (100, 0)}, world) == [13_000 - 40 * 400, -15_000, 0]


def test_imbalance_below_retail_holds_too() -> None:
    world = contracted(row=replace(ROW, imbalance=-7))
    assert changes({1: (0, 60), 2: (100, 0)}, world) == [13_000 + 40 * 7, -15_000, 0]


def test_what_a_neighbour_delivers_instead_is_no_imbalance() -> None:
    # The metered auction is at (200 + 50) / 2 = 125.
    found = changes({1: (0, 60), 2: (100, 0), 3: (0, 30)})
    assert found == [13_000 - 30 * 125 - 10 * 300, -15_000, 30 * 125]


def test_own_imports_are_paid_at_retail_and_only_the_rest_at_imbalance() -> None:
    found = changes({1: (20, 60), 2: (100, 0)})
    assert found == [13_000 - 20 * (200 + 20) - 40 * 300, -15_000, 0]
    # 50 Wh from a neighbour leave 10 missing: less than was imported, so nothing is imbalance.
    found = changes({1: (20, 60), 2: (100, 0), 3: (0, 50)})
    assert found == [13_000 - 50 * 125 - 10 * 200 - 20 * 20, -15_000, 50 * 125]


def test_a_purchase_that_is_not_consumed_fetches_feed_in() -> None:
    assert changes({1: (0, 100), 2: (70, 0)}) == [13_000, -13_000 - 70 * 20 + 30 * 50, 0]


def test_a_purchase_that_is_not_consumed_goes_to_a_neighbour_first() -> None:
    found = changes({1: (0, 100), 2: (70, 0), 3: (10, 0)})
    assert found[1:] == [-13_000 - 70 * 20 + 10 * 125 + 20 * 50, -10 * (125 + 20)]


def test_under_a_negative_feed_in_the_surplus_price_is_the_least() -> None:
    def world() -> ForwardWorld:
        return contracted(row=NEGATIVE, auctions=({"surplus_nano": -30},))

    assert changes({1: (0, 100), 2: (70, 0)}, world())[1] == -13_000 - 70 * 20 - 30 * 30
    # What it generates itself is not protected: 10 Wh at -100.
    assert changes({1: (0, 100), 2: (70, 10)}, world())[1] == -13_000 - 1_400 - 900 - 1_000
    lower = contracted(row=NEGATIVE, auctions=({"surplus_nano": -150},))
    assert changes({1: (0, 100), 2: (70, 0)}, lower)[1] == -13_000 - 1_400 - 30 * 100


def test_two_auctions_are_netted_in_energy_and_not_in_money() -> None:
    world = contracted(auctions=({}, {"k_ppm": 0}))
    assert world.order(1, 0, BUY, 120, 40, auction=1) == ForwardRefusal.NONE
    assert world.order(2, 0, SELL, 120, 40, auction=1) == ForwardRefusal.NONE
    found = changes({1: (0, 60), 2: (60, 0)}, world)
    assert found == [13_000 - 4_800, -13_000 + 4_800 - 60 * 20, 0]
    assert world.place_.position(1, FIRST).wh == -60
    entries = [e for tx in world.log for e in tx if type(e).__name__ == "ContractSettled"]
    assert [(e.meter, e.collateral_nano, e.contract_nano) for e in entries] == [
        (1, 100 * 270 + 40 * 120, 8_200),
        (2, 100 * 130 + 40 * 280, -8_200),
    ]


def test_negative_prices() -> None:
    world = ForwardWorld(auctions=({"floor_nano": -100},))
    assert world.order(1, 0, SELL, -60, 100) == ForwardRefusal.NONE
    assert world.order(2, 0, BUY, -40, 100) == ForwardRefusal.NONE
    assert world.twin.ledger.accounts[account(1)].locked_nano == 100 * 460
    assert world.twin.ledger.accounts[account(2)].locked_nano == 0
    found = changes({1: (0, 100), 2: (100, 0)}, world)
    assert found == [-5_000, 5_000 - 2_000, 0]


@pytest.mark.parametrize("exported", [0, 60, 100, 130])
def test_a_seller_without_a_reading_pays_the_worst_and_gets_the_rest_back(exported: int) -> None:
    on_time = changes({1: (0, exported), 2: (100, 0)}, contracted(standing_nano=700))
    world = contracted(standing_nano=700)
    unread = changes({2: (100, 0)}, world)
    assert unread == [13_000 - 100 * 400, on_time[1], 0]
    assert world.place_.unread == {(1, FIRST): -100}
    assert world.twin.ledger.accounts[account(1)].locked_nano == 0
    assert world.post(1, [(0, exported)]) == Outcome.ACCEPTED
    late = [world.change(meter) for meter in (1, 2, 3)]
    assert late == on_time
    assert late[0] == 13_000 - 700 - max(100 - exported, 0) * 300 + max(exported - 100, 0) * 50
    assert world.place_.unread == {}
    world.twin.assert_conserved()


@pytest.mark.parametrize("imported", [0, 70, 100, 130])
def test_a_buyer_without_a_reading(imported: int) -> None:
    more: dict[str, Any] = {"row": NEGATIVE, "auctions": ({"surplus_nano": -30},)}
    on_time = changes({1: (0, 100), 2: (imported, 0)}, contracted(**more))
    world = contracted(**more)
    assert changes({1: (0, 100)}, world) == [13_000, -13_000 - 100 * 30, 0]
    assert world.post(2, [(imported, 0)]) == Outcome.ACCEPTED
    assert [world.change(meter) for meter in (1, 2, 3)] == on_time
    assert on_time[1] == -13_000 - imported * 20 - max(100 - imported, 0) * 30 - (
        max(imported - 100, 0) * 200
    )


def test_the_worst_case_is_what_was_locked() -> None:
    """A sale at its limit with nothing delivered takes the collateral, to the unit."""
    world = contracted(purses={1: 100 * 270})
    assert world.twin.free_nano(account(1)) == 0
    world.play({2: (100, 0)})
    assert world.twin.free_nano(account(1)) == 0
    assert world.twin.ledger.claims == []


def test_a_window_that_nobody_posted_to_is_settled_after_its_deadline() -> None:
    world = contracted()
    world.at(0)
    world.clear_forward()
    with pytest.raises(Refused, match="NotDelivered"):
        world.clear()
    world.at(8 * HOUR + DAY - 1)
    with pytest.raises(Refused, match="NotReady"):
        world.clear()
    world.at(8 * HOUR + DAY)
    world.clear()
    with pytest.raises(Refused, match="NothingToDo"):
        world.clear(WINDOW + 1)
    world.settle()
    assert [world.change(meter) for meter in (1, 2)] == [13_000 - 40_000, -13_000]
    names = [type(e).__name__ for tx in world.log for e in tx]
    assert names.count("EntrySettled") == names.count("ContractSettled") == 2
    assert "MemberSettled" not in names
    assert names.count("ForwardFinished") == 1


def test_an_order_that_was_not_filled_is_released_with_an_entry() -> None:
    world = ForwardWorld()
    world.order(1, 0, BUY, 130, 100)
    world.order(2, 0, SELL, 131, 100)
    assert world.twin.ledger.accounts[account(1)].locked_nano == 13_000
    found = changes({3: (0, 0)}, world)
    assert found == [0, 0, 0]
    entries = [e for tx in world.log for e in tx if type(e).__name__ == "ContractSettled"]
    assert [(e.meter, e.collateral_nano, e.contract_nano) for e in entries] == [
        (1, 13_000, 0),
        (2, 26_900, 0),
    ]
    assert world.place_.unread == {}


def test_readings_wait_for_the_forward_auction() -> None:
    world = contracted()
    world.at(DAY)
    assert world.post(3, [(0, 0)] * 8) == Outcome.FORWARD_NOT_CLEARED
    assert world.post(3, [(0, 0)] * 8, 8) == Outcome.ACCEPTED
    world.at(2 * DAY)
    with pytest.raises(Refused, match="ForwardNotCleared"):
        world.clear()
    world.clear_forward()
    assert world.post(2, [(100, 0)]) == Outcome.ACCEPTED


def test_a_late_reading_waits_until_contracts_are_settled() -> None:
    world = contracted()
    world.at(0)
    world.clear_forward()
    world.at(3 * DAY)
    world.post(2, [(100, 0)])
    world.clear()
    assert world.post(1, [(0, 100)]) == Outcome.SETTLE_FIRST
    assert world.post(3, [(0, 9)]) == Outcome.ACCEPTED, "it has contracted nothing"
    world.twin.settle(world.market, WINDOW, 1, 1)
    assert world.place_.window_state(WINDOW).phase == Phase.CLEARED
    assert world.post(1, [(0, 100)]) == Outcome.SETTLE_FIRST, "the window is not settled as a whole"
    world.twin.assert_conserved()
    world.settle()
    assert world.post(1, [(0, 100)]) == Outcome.ACCEPTED
    assert world.change(1) == 13_000


def test_a_void_of_the_metered_auction_leaves_contracts_as_they_are() -> None:
    world = contracted()
    world.at(0)
    world.clear_forward()
    world.at(30 * DAY)
    world.post(1, [(0, 60)])
    world.post(3, [(0, 30)])
    world.twin.void_window(world.market, WINDOW)
    world.settle()
    assert world.change(1) == 13_000 - 40 * 300
    assert world.change(3) == 30 * 50
    untouched = contracted()
    untouched.at(30 * DAY)
    untouched.clear_forward()
    untouched.twin.void_window(untouched.market, WINDOW)
    untouched.settle()
    assert untouched.change(2) == -13_000


def test_the_ring_of_windows_keeps_an_older_one_with_contracts() -> None:
    world = contracted()
    world.at(0)
    world.clear_forward()
    world.at(128 * 8 * HOUR + DAY)
    with pytest.raises(Refused, match=rf"RingFull\({WINDOW + 128}, {WINDOW}\)"):
        world.post(3, [(0, 0)], 128 * 8)
    world = contracted()
    world.play({1: (0, 100), 2: (100, 0)})
    world.at(128 * 8 * HOUR + DAY)
    assert world.post(3, [(0, 0)], 128 * 8) == Outcome.ACCEPTED


def test_each_owner_has_the_slots_that_are_his() -> None:
    world = ForwardWorld()
    world.deposit(account(77), PURSE)
    world.set_owner(1, 77, FIRST + 4)
    world.enrol(1, FIRST + 4)
    for slot in (1, 5):
        assert world.order(1, slot, SELL, 130, 10 * slot) == ForwardRefusal.NONE
        assert world.order(2, slot, BUY, 130, 10 * slot) == ForwardRefusal.NONE
    money = world.twin.ledger.accounts
    assert (money[account(1)].locked_nano, money[account(77)].locked_nano) == (2_700, 13_500)
    world.at(0)
    world.clear_forward()
    world.at(3 * DAY)
    assert world.post(1, [(0, 10 * (slot in (1, 2))) for slot in range(4)]) == Outcome.ACCEPTED
    assert world.post(2, [(10 * slot * (slot in (1, 5)), 0) for slot in range(8)]) == (
        Outcome.ACCEPTED
    )
    world.clear()
    world.settle()
    assert world.change(1) == 1_300 + 500
    assert world.change(77) == 50 * 130 - 50 * 400, "its slots have no reading"
    entries = [e for tx in world.log for e in tx if type(e).__name__ == "ContractSettled"]
    assert [(e.account, e.collateral_nano, e.contract_nano) for e in entries] == [
        (account(1), 2_700, 1_300),
        (account(77), 13_500, 6_500),
        (account(2), 7_800, -7_800),
    ]
    assert world.post(1, [(0, 50 * (slot == 1)) for slot in range(4)], 4) == Outcome.ACCEPTED
    assert world.change(77) == 6_500


def test_no_slot_with_an_open_order_changes_hands() -> None:
    world = ForwardWorld()
    world.order(1, 5, BUY, 10, 5)
    with pytest.raises(Refused, match=rf"OpenOrders\(1, {FIRST + 5}\)"):
        world.set_owner(1, 77, FIRST + 5)
    world.set_owner(1, 1, FIRST + 3)  # another tariff or fuse of the same owner
    world.set_owner(1, 77, FIRST + 6)
    with pytest.raises(Refused, match="OpenOrders"):
        world.set_owner(1, 77, FIRST + 4)  # the latest owner, but sooner
    world.cancel(1, 5)
    world.set_owner(1, 77, FIRST + 4)
    world.twin.assert_conserved()


def test_a_move_that_is_called_off_leaves_no_orders_behind() -> None:
    world = ForwardWorld()
    world.deposit(account(77), PURSE)
    world.set_owner(1, 77, FIRST + 8)
    world.enrol(1, FIRST + 8)
    assert world.order(1, 9, BUY, 10, 5) == ForwardRefusal.NONE
    with pytest.raises(Refused, match=rf"OpenOrders\(1, {FIRST + 9}\)"):
        world.set_owner(1, 1, FIRST + 4)
    world.cancel(1, 9)
    world.set_owner(1, 1, FIRST + 4)


def test_an_owner_may_change_once_the_orders_are_settled() -> None:
    world = contracted()
    world.at(0)
    world.clear_forward()
    with pytest.raises(Refused, match="OpenOrders"):
        world.set_owner(2, 77, FIRST)
    world.play({1: (0, 100), 2: (100, 0)})
    world.set_owner(2, 77, FIRST)


def test_a_contract_that_costs_more_than_was_locked_is_refused() -> None:
    world = ForwardWorld()
    entry = Entry(1, account(1), SUPPLIER, 0, 0, 0, 0, collateral_nano=10, contract_nano=-11)
    with pytest.raises(Refused, match="PaysMoreThanReleased"):
        world.twin.ledger.settle(world.market, OPERATOR, OPERATOR, 0, [entry], [])


def test_the_check_of_locks_counts_the_orders() -> None:
    world = contracted()
    world.twin.assert_conserved()
    with pytest.raises(CheckFailed, match="collateral of its orders 0"):
        world.twin.ledger.assert_conserved()
    auction = world.twin.auction(world.auctions[0])
    lane = auction.orders[1, FIRST]
    auction.orders[1, FIRST] = replace(lane, lots=lane.lots + 1)
    with pytest.raises(CheckFailed, match="collateral"):
        world.twin.assert_conserved()


def test_an_amended_order_is_what_counts() -> None:
    world = contracted()
    assert world.order(2, 0, BUY, 130, 60, Action.AMEND) == ForwardRefusal.NONE
    assert changes({1: (0, 60), 2: (60, 0)}, world) == [60 * 130, -60 * 150, 0]
    assert world.twin.now == START + 3 * DAY
