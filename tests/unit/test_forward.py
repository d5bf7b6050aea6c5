"""Forward auctions on the twin: who may order what until when, what is locked, who gets what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchain.errors import Refused
from p2pchain.forward import Sender
from p2pchain.model import (
    Action,
    ForwardPhase,
    ForwardRefusal,
    Gate,
    Order,
    Side,
    schedule_words,
)
from tests.unit.forward_world import (
    BUY,
    DAY,
    FIRST,
    HOUR,
    SELL,
    START,
    WINDOW,
    ForwardWorld,
    account,
)

R = ForwardRefusal


# Creating


def test_parameters_are_looked_at_in_order() -> None:
    world = ForwardWorld(auctions=())
    bad = [
        ("kPpm", {"k_ppm": 1_000_001}),
        ("lotWh", {"lot_wh": 0}),
        ("lotWh", {"lot_wh": 129}),
        ("tickNano", {"tick_nano": 0}),
        ("tickNano", {"tick_nano": 2**31}),
        ("tickNano", {"floor_nano": 2**31 - 255, "tick_nano": 1}),
        ("capNano", {"cap_nano": 254}),
        ("surplusNano", {"surplus_nano": 1}),
        ("gateSeconds", {"gate_seconds": 7 * DAY + 1}),
        ("firmSeconds", {"firm_seconds": 7 * DAY + 1}),
        ("voidSeconds", {"void_seconds": 7 * DAY + 1}),
        ("voidSeconds", {"void_seconds": 0}),
    ]
    worse: dict[str, object] = {}
    for what, changes in reversed(bad):
        with pytest.raises(Refused, match=what):
            world.create(**changes)
        worse = {**worse, **changes}
        with pytest.raises(Refused, match=what):
            world.create(**worse)
    with pytest.raises(Refused, match="UnknownMarket"):
        world.create(market=b"\1" * 32, k_ppm=1_000_001)


def test_three_auctions_with_one_cap_and_one_surplus() -> None:
    world = ForwardWorld(auctions=())
    world.create(cap_nano=255, surplus_nano=-1)
    with pytest.raises(Refused, match="AuctionExists"):
        world.create(cap_nano=255, surplus_nano=-1)
    with pytest.raises(Refused, match="capNano"):
        world.create(cap_nano=256, surplus_nano=-1)
    with pytest.raises(Refused, match="surplusNano"):
        world.create(cap_nano=255, surplus_nano=0)
    for k in (0, 1):
        world.create(cap_nano=255, surplus_nano=-1, k_ppm=k)
    with pytest.raises(Refused, match="TooManyAuctions"):
        world.create(cap_nano=255, surplus_nano=-1, k_ppm=2)


# Refusals


def test_an_unknown_auction_and_a_paused_one() -> None:
    world = ForwardWorld()
    unknown = Order(b"\1" * 32, 1, FIRST, 1, Action.PLACE, BUY, 1, 1)
    assert world.twin.place([unknown]) == [R.UNKNOWN_AUCTION]
    with pytest.raises(Refused, match="UNKNOWN_AUCTION"):
        world.twin.order(unknown)
    assert world.order(1, 0, BUY, 10, 5) == R.NONE
    world.twin.auction(world.auctions[0]).paused = True
    assert world.order(99, 0, BUY, 10, 5) == R.PAUSED
    assert world.order(1, 0, BUY, 10, 6, Action.AMEND) == R.PAUSED
    assert world.schedule(1, (0, 0, 0)) == R.PAUSED
    assert world.cancel(1, 0) == R.NONE


def test_only_active_members_order() -> None:
    world = ForwardWorld()
    assert world.order(0, 0, BUY, 10, 5) == R.NOT_A_MEMBER
    assert world.order(99, 0, BUY, 10, 5, sequence=0) == R.NOT_A_MEMBER
    world.set_owner(1, 77, FIRST + 4)
    assert world.order(1, 3, BUY, 10, 5) == R.NONE
    assert world.order(1, 4, BUY, 10, 5) == R.NOT_A_MEMBER
    assert world.schedule(1, (0, 0, 0)) == R.NOT_A_MEMBER
    world.deposit(account(77), 100)
    world.enrol(1, FIRST + 4)
    assert world.order(1, 4, BUY, 10, 5) == R.NONE
    assert world.twin.ledger.accounts[account(77)].locked_nano == 50
    assert world.schedule(1, (0, 0, 0)) == R.NOT_A_MEMBER, "two owners that day"


def test_a_sequence_number_is_used_once_and_survives_its_owner() -> None:
    world = ForwardWorld()
    assert world.order(1, 0, BUY, 10, 5, sequence=0) == R.OLD_SEQUENCE
    assert world.order(1, 0, BUY, 10, 5, sequence=7) == R.NONE
    assert world.order(1, 1, BUY, 10, 5, sequence=7) == R.OLD_SEQUENCE
    assert world.order(2, 1, BUY, 10, 5, sequence=7) == R.NONE
    assert world.order(1, 1, BUY, 11, 0, sequence=8) == R.BAD_VOLUME
    assert world.order(1, 1, BUY, 11, 5, sequence=8) == R.NONE, "a refusal uses no number"
    world.set_owner(1, 77, FIRST + 4)
    world.deposit(account(77), 100)
    world.enrol(1, FIRST + 4)
    assert world.order(1, 5, BUY, 10, 5, sequence=8) == R.OLD_SEQUENCE
    twin, auction = world.twin, world.auctions[0]
    twin.order(world.message(1, 5, BUY, 10, 5, sequence=0))
    assert twin.auction(auction).sequences[1] == 8
    with pytest.raises(Refused, match="SequenceUsed"):
        twin.skip_sequence(auction, 1, 8)
    with pytest.raises(Refused, match="NotOwner"):
        twin.skip_sequence(auction, 1, 20, account(77))
    twin.skip_sequence(auction, 1, 20, account(1))
    assert world.order(1, 6, BUY, 10, 5, sequence=20) == R.OLD_SEQUENCE


def test_the_owner_signs_or_calls() -> None:
    world = ForwardWorld()
    assert world.order(1, 0, BUY, 10, 5, caller=account(2)) == R.BAD_SIGNATURE
    assert world.order(1, 0, BUY, 10, 5, caller=account(1)) == R.NONE
    with pytest.raises(Refused, match="BAD_SIGNATURE"):
        world.twin.order(world.message(1, 1, BUY, 10, 5), account(2))
    sender = Sender(account(3), lambda message, owner: message.signature == owner.encode())
    order = world.message(1, 1, BUY, 10, 5)
    auction = world.twin.auction(world.auctions[0])
    for signature, refusal in ((account(2), R.BAD_SIGNATURE), (account(1), R.NONE)):
        assert auction.place(order.signed(signature.encode()), sender=sender) == refusal


def test_times_to_the_second() -> None:
    world = ForwardWorld()
    auction = world.twin.auction(world.auctions[0])
    assert (auction.gate(WINDOW), auction.firm(WINDOW)) == (START - 3_600, START - 5_400)
    assert world.order(1, 0, BUY, 10, 5) == R.NONE
    world.at(-5_401)
    assert world.order(1, 0, BUY, 11, 5, Action.AMEND) == R.NONE
    world.at(-5_400)
    assert world.order(1, 0, BUY, 10, 5, Action.AMEND) == R.FIRM_PERIOD
    assert world.cancel(1, 0) == R.FIRM_PERIOD
    world.at(-3_601)
    assert world.order(1, 1, BUY, 10, 5) == R.NONE
    with pytest.raises(Refused, match="NothingToDo"):
        world.clear_forward()
    world.at(-3_600)
    assert world.order(1, 2, BUY, 10, 5) == R.AFTER_GATE
    assert world.cancel(1, 0) == R.AFTER_GATE
    with pytest.raises(Refused, match="NothingToDo"):
        world.twin.clear_forward(world.auctions[0], WINDOW + 1)
    world.clear_forward()


def test_the_lead_is_sixty_four_windows() -> None:
    world = ForwardWorld()
    world.at(0)
    assert world.order(1, 64 * 8 + 7, BUY, 10, 5) == R.NONE
    assert world.order(1, 65 * 8, BUY, 10, 5) == R.TOO_EARLY
    world.at(8 * HOUR)
    assert world.order(1, 65 * 8, BUY, 10, 5) == R.NONE


def test_a_gate_before_the_day() -> None:
    world = ForwardWorld(auctions=({"gate": Gate.DAY, "gate_seconds": 6 * HOUR},))
    auction = world.twin.auction(world.auctions[0])
    assert {auction.gate(WINDOW + n) for n in range(3)} == {START - 6 * HOUR}
    assert auction.gate(WINDOW + 3) == START + 18 * HOUR
    assert world.order(1, 23, BUY, 10, 5) == R.AFTER_GATE
    assert world.order(1, 24, BUY, 10, 5) == R.NONE


def test_limits_and_volumes() -> None:
    world = ForwardWorld(auctions=({"floor_nano": -20, "tick_nano": 5, "lot_wh": 10,
                                    "cap_nano": 2_000},))  # fmt: skip
    for limit in (-25, -19, 1_256, 1_260):
        assert world.order(1, 0, BUY, limit, 10) == R.OFF_TICK
    for wh in (0, 5, 11, 10 * 2**19):
        assert world.order(1, 0, BUY, 0, wh) == R.BAD_VOLUME
    assert world.order(1, 0, BUY, -20, 10 * (2**19 - 1)) == R.NONE
    assert world.order(1, 0, SELL, 1_255, 10, Action.AMEND) == R.NONE
    for order in ((SELL, 0, 0), (BUY, 5, 0), (BUY, 0, 10)):
        assert world.order(1, 0, *order, Action.CANCEL) == R.BAD_FORMAT
    assert world.order(1, 1, BUY, 0, 10, Action.AMEND) == R.NO_ORDER
    assert world.cancel(1, 1) == R.NO_ORDER
    assert world.order(1, 0, BUY, 0, 10) == R.ORDER_EXISTS
    assert world.cancel(1, 0) == R.NONE
    assert world.order(1, 0, BUY, 0, 10) == R.NONE


def test_checks_come_in_order() -> None:
    """One order with everything wrong; mend one thing after the other."""
    world = ForwardWorld(purses={1: 0})
    auction = world.twin.auction(world.auctions[0])
    auction.paused = True
    sender = Sender(account(3))
    order = Order(world.auctions[0], 99, FIRST + 65 * 8, 0, Action.PLACE, BUY, -1, 0)
    told = [auction.place(order, START, sender)]
    auction.paused = False
    told.append(auction.place(order, START, sender))
    order = replace(order, slot=FIRST)
    told.append(auction.place(order, START, sender))
    order = replace(order, meter=1)
    told.append(auction.place(order, START, sender))
    order = replace(order, sequence=1)
    told.append(auction.place(order, START, sender))
    sender = Sender(account(1))
    told.append(auction.place(order, START, sender))
    told.append(auction.place(order, START - DAY, sender))
    order = replace(order, limit_nano=3)
    told.append(auction.place(order, START - DAY, sender))
    order = replace(order, wh=5)
    told.append(auction.place(order, START - DAY, sender))
    world.deposit(account(1), 15)
    told.append(auction.place(order, START - DAY, sender))
    told.append(auction.place(replace(order, sequence=2), START - DAY, sender))
    assert told == [
        R.PAUSED,
        R.TOO_EARLY,
        R.NOT_A_MEMBER,
        R.OLD_SEQUENCE,
        R.BAD_SIGNATURE,
        R.AFTER_GATE,
        R.OFF_TICK,
        R.BAD_VOLUME,
        R.TOO_LITTLE_MONEY,
        R.NONE,
        R.ORDER_EXISTS,
    ]


def test_the_ring_is_full_until_the_older_window_is_settled() -> None:
    world = ForwardWorld()
    assert world.order(1, 0, BUY, 10, 5) == R.NONE
    world.twin.now = START + 128 * 8 * HOUR - 5 * HOUR
    assert world.order(2, 128 * 8, BUY, 10, 5) == R.RING_FULL
    words = schedule_words(
        world.params(), FIRST // 24 + 43, 24, [world.message(2, 128 * 8 + 8, BUY, 10, 5)]
    )
    assert world.schedule(2, words, FIRST // 24 + 43) == R.NONE, "its windows are 129 to 131"
    world.clear_forward()
    assert world.order(2, 128 * 8, BUY, 10, 5) == R.RING_FULL
    world.clear()
    assert world.order(2, 128 * 8, BUY, 10, 5) == R.RING_FULL
    world.settle()
    assert world.order(2, 128 * 8, BUY, 10, 5) == R.NONE


# Schedules


def test_a_schedule_replaces_the_whole_day() -> None:
    world = ForwardWorld()
    orders = [world.message(1, slot, SELL, 30, 10 + slot) for slot in (0, 9, 23)]
    assert world.order(1, 3, BUY, 10, 5) == R.NONE
    words = schedule_words(world.params(), FIRST // 24, 24, orders)
    assert words == (
        10 | 30 << 19 | 1 << 27,
        (19 | 30 << 19 | 1 << 27) << 28,
        (33 | 30 << 19 | 1 << 27) << 28 * 7,
    )
    assert world.schedule(1, words) == R.NONE
    auction = world.twin.auction(world.auctions[0])
    assert {slot - FIRST for _, slot in auction.orders} == {0, 9, 23}
    assert world.twin.ledger.accounts[account(1)].locked_nano == (10 + 19 + 33) * 370
    assert world.schedule(1, (0, 0, 0)) == R.NONE
    assert auction.orders == {}
    assert world.twin.ledger.accounts[account(1)].locked_nano == 0
    assert auction.window_state(WINDOW).phase == ForwardPhase.OPEN
    assert world.schedule(2, (0, 0, 0), FIRST // 24 + 1) == R.NONE
    assert auction.window_state(WINDOW + 3).phase == ForwardPhase.ABSENT


def test_schedules_are_refused() -> None:
    world = ForwardWorld(purses={3: 49})
    day = FIRST // 24
    assert world.schedule(1, (0, 0)) == R.BAD_FORMAT
    assert world.schedule(1, (0, 0, 1 << 224)) == R.BAD_FORMAT
    assert world.schedule(1, (0, 1 << 27, 0)) == R.BAD_FORMAT
    assert world.schedule(1, (0, 1 << 19, 0)) == R.BAD_FORMAT
    assert world.schedule(3, (1 | 50 << 19, 0, 0)) == R.TOO_LITTLE_MONEY
    assert world.schedule(1, (0, 0, 0), day + 22) == R.TOO_EARLY
    assert world.order(1, 9, BUY, 10, 5) == R.NONE
    world.at(8 * HOUR - 5_401)
    assert world.schedule(1, (0, 0, 0)) == R.AFTER_GATE, "of its first window"
    assert world.schedule(1, (1 | 9 << 19, 0, 0), day + 1) == R.NONE
    world.at(24 * HOUR - 5_400)
    assert world.schedule(1, (0, 0, 0), day + 1) == R.FIRM_PERIOD
    assert world.schedule(2, (1 | 9 << 19, 0, 0), day + 1) == R.NONE, "places, amends nothing"


# Collateral


def test_collateral_by_hand() -> None:
    """What the order costs if nothing of it is delivered or consumed, at its own limit."""
    auctions = ({"floor_nano": -100, "surplus_nano": -30, "cap_nano": 400},)
    world = ForwardWorld(auctions=auctions)
    money = world.twin.ledger.accounts[account(1)]
    assert world.order(1, 0, BUY, 0, 1) == R.NONE
    for sell, limit, each in (
        (BUY, 50, 80),
        (BUY, 0, 30),
        (BUY, -20, 10),
        (BUY, -30, 0),
        (BUY, -90, 0),
        (SELL, 50, 350),
        (SELL, 155, 245),
        (SELL, -100, 500),
    ):
        assert world.order(1, 0, sell, limit, 7, Action.AMEND) == R.NONE
        assert money.locked_nano == 7 * each
        world.twin.assert_conserved()
    low = world.params(floor_nano=-600, tick_nano=1, cap_nano=-345)
    assert low.collateral_nano(SELL, -400, 3) == 1_200, "who pays to sell may lose more than a cap"
    assert world.cancel(1, 0) == R.NONE
    assert money.locked_nano == 0


def test_money_decides_to_the_unit() -> None:
    world = ForwardWorld(purses={1: 500})
    assert world.order(1, 0, BUY, 100, 6) == R.TOO_LITTLE_MONEY
    assert world.order(1, 0, BUY, 100, 5) == R.NONE
    assert world.order(1, 1, BUY, 1, 1) == R.TOO_LITTLE_MONEY
    assert world.order(1, 0, BUY, 101, 5, Action.AMEND) == R.TOO_LITTLE_MONEY
    assert world.order(1, 0, BUY, 99, 5, Action.AMEND) == R.NONE
    assert world.order(1, 1, BUY, 5, 1) == R.NONE
    assert world.twin.free_nano(account(1)) == 0


# Clearing


def test_rationing_by_hand() -> None:
    """Sells of 700, 401 and 100 Wh at 40 meet 800 Wh: 466, 267 and 67, as in docs/matching.md."""
    world = ForwardWorld(members=6)
    for meter, order in enumerate(
        [(BUY, 90, 500), (BUY, 60, 300), (SELL, 40, 700), (SELL, 40, 401), (SELL, 40, 100)], 1
    ):
        assert world.order(meter, 0, *order) == R.NONE
    assert world.order(6, 0, SELL, 41, 50) == R.NONE
    world.at(0)
    world.clear_forward()
    auction = world.twin.auction(world.auctions[0])
    assert [auction.fills[meter, FIRST] for meter in range(1, 7)] == [500, 300, 466, 267, 67, 0]
    result = auction.results[FIRST]
    assert (result.price_nano, result.buy_tick, result.sell_tick) == (40, 60, 40)
    assert (result.matched_wh, result.fill_wh, result.live_wh, result.carry) == (800, 800, 1201, 0)
    assert not result.buy_rationed
    assert auction.position(3, FIRST).contract_nano == 466 * 40
    assert auction.position(1, FIRST).contract_nano == -500 * 40


def test_lots_are_filled_whole() -> None:
    world = ForwardWorld(members=3, auctions=({"lot_wh": 100},))
    world.order(1, 0, SELL, 40, 100)
    world.order(2, 0, BUY, 60, 300)
    world.order(3, 0, BUY, 60, 300)
    world.at(0)
    world.clear_forward()
    auction = world.twin.auction(world.auctions[0])
    assert [auction.fills[meter, FIRST] for meter in (1, 2, 3)] == [100, 0, 100]
    assert auction.results[FIRST].price_nano == 60
    assert (auction.results[FIRST].matched_wh, auction.results[FIRST].live_wh) == (1, 6)


def test_steps_and_phases() -> None:
    world = ForwardWorld()
    world.order(1, 0, BUY, 50, 5)
    world.order(2, 0, SELL, 50, 5)
    auction = world.twin.auction(world.auctions[0])
    with pytest.raises(Refused, match="WrongPhase"):
        auction.step(WINDOW, ForwardPhase.CLEARED, 1)
    auction.step(WINDOW, ForwardPhase.CLEARING, 2)
    assert auction.place(world.message(3, 0, BUY, 1, 1)) == R.AFTER_GATE
    auction.step(WINDOW, ForwardPhase.RATIONING, 1)
    with pytest.raises(Refused, match="WrongPhase"):
        auction.step(WINDOW, ForwardPhase.CLEARING, 2)
    world.at(0)
    world.clear_forward()
    assert auction.window_state(WINDOW).phase == ForwardPhase.CLEARED
    assert auction.results[FIRST].matched_wh == 5
    assert auction.offers(FIRST)[0].side == Side.BUY
    for call in (auction.clear, auction.void):
        with pytest.raises(Refused, match="WrongPhase"):
            call(WINDOW)


def test_a_window_is_voided_after_its_time() -> None:
    world = ForwardWorld()
    world.order(1, 0, BUY, 50, 5)
    world.order(2, 0, SELL, 50, 5)
    world.at(DAY - HOUR - 1)
    with pytest.raises(Refused, match="TooEarlyToVoid"):
        world.void_forward()
    world.at(DAY - HOUR)
    world.void_forward()
    with pytest.raises(Refused, match="WrongPhase"):
        world.void_forward(WINDOW + 1)
    auction = world.twin.auction(world.auctions[0])
    assert auction.window_state(WINDOW).voided
    assert auction.position(1, FIRST).wh == 0
    assert world.twin.ledger.accounts[account(1)].locked_nano == 250
    world.play({1: (5, 0), 2: (0, 0)})
    assert world.change(1) == -5 * 220
    assert world.change(2) == 0
