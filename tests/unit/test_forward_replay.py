"""Random communities with forward auctions: conserved at every step, whatever the order and the
cuts, and rebuilt from the log alone."""

from __future__ import annotations

import copy
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from p2pchain.data import load_fontana
from p2pchain.errors import Difference, Refused
from p2pchain.model import (
    Action,
    ForwardPhase,
    ForwardRefusal,
    Gate,
    Order,
    OrderLane,
    OrderWord,
    Outcome,
    Phase,
    Side,
    TariffRow,
    order_lane,
    schedule_words,
)
from p2pchain.replay import TwinMarket
from p2pchain.simulate import default_auction, simulate
from tests.unit.forward_world import (
    DAY,
    FIRST,
    HOUR,
    WINDOW,
    ForwardWorld,
    account,
    event,
    relayed,
)

WORLDS = 120


class RandomWorld(ForwardWorld):
    """Two windows of orders in up to three auctions, then readings, some of them late or never."""

    def __init__(self, seed: int, chunk: int = 2**32 - 1, rich: bool = False) -> None:
        self.rng = rng = random.Random(seed)
        self.chunk = chunk
        low = rng.choice((-120, 10, 50))
        row = TariffRow(
            energy=low + rng.randrange(40, 150),
            feed_in=low + rng.randrange(0, 45),
            imbalance=low + rng.randrange(0, 400),
            network=rng.randrange(-2, 20),
            levies=rng.randrange(10),
            tax=rng.randrange(10),
        )
        floor, tick, lot = rng.choice((-100, 0, 20)), rng.choice((1, 2)), rng.choice((1, 5))
        common = {"cap_nano": 600, "surplus_nano": rng.choice((0, -30))}
        super().__init__(
            members=rng.randrange(4, 9),
            row=row,
            purses={
                n: 10**9 if rich else rng.choice((0, 3_000, 10**6, 10**9, 10**9))
                for n in range(1, 9)
            },
            standing_nano=rng.choice((0, 700, -50)),
            auctions=[
                {
                    "gate": rng.choice(list(Gate)),
                    "floor_nano": floor,
                    "tick_nano": tick,
                    "lot_wh": lot,
                    "k_ppm": k_ppm,
                }
                | common
                for k_ppm in rng.sample((0, 500_000, 1_000_000, 333_333), rng.randrange(1, 4))
            ],
        )
        ticks = sorted(rng.randrange(60) for _ in range(rng.choice((2, 4, 20))))
        self.limits = [floor + tick * step for step in ticks]
        # Few slots, so that their books are not empty on one side.
        self.slots = sorted(rng.sample(range(16), 4))
        self.meters = list(self.registers_of_all())
        self.at(-30 * HOUR)
        self.refused: Counter[str] = Counter()

    def registers_of_all(self) -> Sequence[int]:
        return [member.meter for member in self.place_.members]

    def random_order(self, meter: int, slot: int, auction: int, action: Action) -> Order:
        rng = self.rng
        if action == Action.CANCEL:
            return self.message(meter, slot, action=action, auction=auction)
        lot = self.twin.auction(self.auctions[auction]).params.lot_wh
        wh = lot * rng.choice((1, 2, 3, 7, 40, 333))
        # Most sell in the lower half of the limits and buy in the upper.
        sell, half = rng.random() < 0.5, len(self.limits) // 2
        limits = self.limits[:half] if sell else self.limits[half:]
        limit = rng.choice(limits if rng.random() < 0.8 else self.limits)
        return self.message(meter, slot, sell, limit, wh, action, auction=auction)

    def trade(self) -> None:
        rng = self.rng
        for _ in range(rng.randrange(20, 60) * len(self.auctions)):
            meter, number = rng.choice(self.meters), rng.randrange(len(self.auctions))
            if rng.random() < 0.04:
                self.random_schedule(meter, number)
                continue
            action = rng.choice((Action.PLACE,) * 6 + (Action.AMEND, Action.CANCEL))
            order = self.random_order(meter, rng.choice(self.slots), number, action)
            auction = self.twin.auction(order.auction)
            refusal = self.twin.place([order])[0]
            self.refused[refusal.name] += 1
            if refusal == ForwardRefusal.NONE:
                lane = OrderLane()
                if action != Action.CANCEL:
                    lane = order_lane(auction.params, order.sell, order.limit_nano, order.wh)
                self._do(relayed(order, lane))
            self.twin.assert_conserved()

    def random_schedule(self, meter: int, number: int) -> None:
        rng = self.rng
        params = self.twin.auction(self.auctions[number]).params
        slots = rng.sample(self.slots, 3)
        orders = [self.random_order(meter, slot, number, Action.PLACE) for slot in slots]
        words = schedule_words(params, FIRST // 24, 24, orders)
        self.refused[self.schedule(meter, words, auction=number).name] += 1

    def clear_ahead(self) -> None:
        self.at(2 * DAY)
        for number, name in enumerate(self.auctions):
            for window in (WINDOW, WINDOW + 1, WINDOW + 2):
                auction = self.twin.auction(name)
                if not auction.is_uncleared(window):
                    continue
                if self.rng.random() < 0.1:
                    self.void_forward(window, number)
                    continue
                if self.rng.random() < 0.3:
                    auction.step(window, ForwardPhase.CLEARING, 1)
                    fields = {"phase": ForwardPhase.CLEARING, "cursor": 1}
                    self._do(event("ForwardStep", auction=name, window=window, **fields))
                self.clear_forward(window, number)

    def measured(self, meter: int) -> list[tuple[int, int]]:
        """What the meter measures: often, but not always, near what it has contracted."""
        rng, values = self.rng, []
        for slot in range(FIRST, FIRST + 24):
            wh = self.place_.position(meter, slot).wh if rng.random() < 0.7 else 0
            wh += rng.choice((0, 0, 0, 5, -5, 60, -60))
            more = rng.choice((0, 0, 0, 9))
            values.append((max(wh, 0) + more, max(-wh, 0)))
        return values

    def run(self) -> RandomWorld:
        rng = self.rng
        self.trade()
        self.clear_ahead()
        late = []
        for meter in self.meters:
            values = self.measured(meter)
            if rng.random() < 0.3:
                late.append((meter, values))
            else:
                assert self.post(meter, values) == Outcome.ACCEPTED
        self.settle_all()
        self.unread = len(self.place_.unread)
        for meter, values in late:
            if rng.random() < 0.7:
                assert self.post(meter, values) == Outcome.ACCEPTED
                self.twin.assert_conserved()
        self.settle_all()
        return self

    def settle_all(self) -> None:
        for window in (WINDOW, WINDOW + 1, WINDOW + 2):
            opened = self.place_.window_state(window).phase == Phase.OPEN
            if opened or self.place_.has_orders(window):
                self.clear(window)
                self.settle(window, self.chunk)


def rebuilt(log: list[list[Any]]) -> TwinMarket:
    twin = TwinMarket(3600)
    for transaction in log:
        twin.apply_transaction(transaction)
    return twin


def state(twin: Any, market: bytes) -> tuple[Any, ...]:
    place = twin.market(market)
    return (
        {name: money for name, money in twin.ledger.accounts.items() if money.free_nano},
        twin.ledger.claims,
        place.results,
        place.fills,
        place.unread,
        place.windows,
        [(a.params, a.orders, a.fills, a.results, a.windows) for a in place.auctions],
        [{meter: n for meter, n in a.sequences.items() if n} for a in place.auctions],
    )


def test_random_worlds_are_conserved_and_rebuilt(capsys: pytest.CaptureFixture[str]) -> None:
    total: Counter[str] = Counter()
    for seed in range(WORLDS):
        world = RandomWorld(seed).run()
        world.twin.assert_conserved()
        money = world.twin.ledger.accounts.values()
        assert all(account.locked_nano == 0 for account in money)
        assert world.twin.ledger.transit_nano[world.market] == 0
        twin = rebuilt(world.log)
        twin.assert_conserved()
        assert state(twin, world.market) == state(world.twin, world.market)
        for auction in world.place_.auctions:
            slots = {slot for _, slot in auction.orders}
            books = [auction.results[slot] for slot in slots]
            total["books"] += len(books)
            total["traded"] += sum(book.traded for book in books)
            total["rationed"] += sum(book.traded and book.fill_wh < book.live_wh for book in books)
            total["voided"] += sum(window.voided for window in auction.windows.values())
        total["unread"] += world.unread
        total["claims"] += bool(world.twin.ledger.claims)
        total += world.refused
    with capsys.disabled():
        print(f"\n{WORLDS} worlds:", ", ".join(f"{n} {what}" for what, n in sorted(total.items())))
    for what in ("traded", "rationed"):
        assert total[what] * 10 >= total["books"] * 3, what
    for what in ("voided", "unread", "claims", "ORDER_EXISTS", "NO_ORDER", "TOO_LITTLE_MONEY"):
        assert total[what] >= WORLDS // 10, what


def test_cuts_change_nothing() -> None:
    for seed in range(30):
        whole = RandomWorld(seed, rich=True).run()
        assert whole.twin.ledger.claims == []
        for chunk in (1, 2):
            cut = RandomWorld(seed, chunk, rich=True).run()
            assert state(cut.twin, cut.market) == state(whole.twin, whole.market)


def test_a_reading_that_comes_late_costs_what_it_would_have_cost_with_the_supplier() -> None:
    """Nobody else is there, so on time or late must be the same to the unit."""
    for seed in range(60):
        rng = random.Random(seed)
        value = rng.choice(((0, 0), (30, 0), (90, 0), (0, 30), (0, 60), (0, 90)))
        found = []
        for late in (False, True):
            world = ForwardWorld(members=2)
            sell = seed % 2 == 0
            world.order(1, 0, sell, 130, 60)
            world.order(2, 0, not sell, 130, 60)
            if late:
                world.play({})
                world.post(1, [value])
            else:
                world.play({1: value})
            found.append(world.change(1))
        assert found[0] == found[1]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("ContractSettled", "contract_nano"),
        ("ContractSettled", "collateral_nano"),
        ("ForwardCleared", "results"),
        ("ForwardFinished", "windows"),
    ],
)
def test_any_changed_figure_is_a_difference(name: str, field: str) -> None:
    found = 0
    for seed in range(25):
        world = RandomWorld(seed).run()
        for at, transaction in enumerate(world.log):
            for number, said in enumerate(transaction):
                if type(said).__name__ != name or found > 3 * seed:
                    continue
                log = [*world.log[:at], [*transaction], *world.log[at + 1 :]]
                wrong = log[at][number] = copy.copy(said)
                value = getattr(said, field)
                if name == "ForwardCleared":
                    value = [value[0] ^ 1 << 60, *value[1:]]
                else:
                    value += 1
                setattr(wrong, field, value)
                with pytest.raises(Difference):
                    rebuilt(log)
                found += 1
    assert found >= 5


@pytest.mark.parametrize("scheduled", [False, True])
def test_an_order_that_was_another_is_a_difference(scheduled: bool) -> None:
    world = ForwardWorld()
    orders = [world.message(1, 0, True, 130, 100), world.message(2, 0, False, 130, 100)]
    for order in orders:
        words = schedule_words(world.params(), FIRST // 24, 24, [order])
        if scheduled:
            assert world.schedule(order.meter, words) == ForwardRefusal.NONE
        else:
            more = (order.sell, order.limit_nano, order.wh)
            assert world.order(order.meter, 0, *more) == ForwardRefusal.NONE
    world.play({1: (0, 100), 2: (100, 0)})
    rebuilt(world.log)
    said = next(tx[0] for tx in world.log if type(tx[0]).__name__ in ("OrdersRelayed", "Scheduled"))
    if scheduled:
        said.words = (said.words[0] + 1, *said.words[1:])
    else:
        said.orders = (said.orders[0] + 1, *said.orders[1:])
    with pytest.raises(Difference, match="ForwardCleared"):
        rebuilt(world.log)


def test_a_missing_or_refused_event_is_a_difference() -> None:
    world = RandomWorld(3).run()
    for name in ("ContractSettled", "ForwardFinished", "ForwardCleared", "AuctionCreated"):
        log = [[e for e in tx if type(e).__name__ != name] for tx in world.log]
        with pytest.raises((Difference, Refused)):
            rebuilt(log)
    order = next(tx for tx in world.log if type(tx[0]).__name__ == "OrdersRelayed")
    with pytest.raises(Difference, match="OrdersRelayed"):
        rebuilt([*world.log, order])
    bad = event("AuctionPaused", auction=world.auctions[0], paused=True)
    with pytest.raises(Difference, match="refusal is NONE on chain, PAUSED recomputed"):
        rebuilt([*world.log[: world.log.index(order)], [bad], order])


def test_pauses_skips_and_own_orders_are_replayed() -> None:
    world = ForwardWorld()
    auction = world.auctions[0]
    world.log.append([event("SequenceSkipped", auction=auction, meter=1, sequence=9)])
    own = {"auction": auction, "meter": 1, "slot": FIRST}
    lane = OrderLane(5, 30, Side.BUY).pack()
    world.log.append([event("Ordered", order=lane, **own)])
    twin = rebuilt(world.log)
    assert twin.auction(auction).sequences[1] == 9
    assert twin.ledger.accounts[account(1)].locked_nano == 150
    cancel = event("Ordered", order=lane | Action.CANCEL << 28, **own)
    with pytest.raises(Difference, match="lane is"):
        rebuilt([*world.log, [cancel]])
    cancel.order = Action.CANCEL << 28
    assert rebuilt([*world.log, [cancel]]).auction(auction).orders == {}
    wrong = copy.copy(world.log[-3][0])
    wrong.auction = b"\1" * 32
    with pytest.raises(Difference, match="auction is"):
        rebuilt([*world.log[:-3], [wrong]])


def test_the_clock_of_the_blocks_counts() -> None:
    world = ForwardWorld()
    assert world.order(1, 0, False, 130, 100) == ForwardRefusal.NONE
    before, ordered = world.log[:-1], world.log[-1]
    fields = {"auction": world.auctions[0], "window": WINDOW}
    step = event("ForwardStep", phase=ForwardPhase.CLEARING, cursor=1, **fields)
    cleared = event("ForwardCleared", results=[0] * 8, **fields)
    voided = event("ForwardVoided", **fields)
    gate = FIRST * HOUR - HOUR
    for said, from_time, why in (
        (step, gate, "GateOpen"),
        (cleared, gate, "GateOpen"),
        (voided, gate + DAY, "TooEarlyToVoid"),
    ):
        twin = rebuilt([*before, ordered])
        twin.now = from_time - 1
        with pytest.raises(Difference, match=why):
            twin.apply_transaction([said])
        twin.now = from_time
        twin.apply_transaction([said])
    late = rebuilt(before)
    late.now = gate
    with pytest.raises(Difference, match="AFTER_GATE"):
        late.apply_transaction(ordered)


def test_words_read_back_and_lie_where_the_contract_looks() -> None:
    lane = OrderLane(3, 7, Side.SELL)
    assert lane.pack() == 3 | 7 << 19 | 1 << 27
    word = OrderWord(5, (OrderLane(1, 2), *[OrderLane()] * 6, lane))
    assert word.pack() == 1 | 2 << 19 | lane.pack() << 196 | 5 << 236
    assert OrderWord.unpack(word.pack()) == word
    params = default_auction(b"\1" * 32, lot_wh=10)
    order = Order(b"", 1, 24, 1, Action.PLACE, True, 10_000, 30)
    assert schedule_words(params, 1, 24, [order])[0] == 3 | 2 << 19 | 1 << 27
    for orders in ([order, order], [Order(b"", 1, 48, 1, Action.PLACE, True, 10_000, 30)]):
        with pytest.raises(ValueError, match="another day or has two"):
            schedule_words(params, 1, 24, orders)
    with pytest.raises(ValueError, match="lots"):
        order_lane(params, True, 10_000, 35)
    with pytest.raises(ValueError, match="tick"):
        order_lane(params, True, 10_001, 30)


def test_homes_trade_ahead_in_a_simulation() -> None:
    community = load_fontana("2017-06-12", 2)
    plain = simulate(community)
    assert plain.auction is None
    assert simulate(community, forward={}).bills == plain.bills
    # Perfect foresight: everybody orders what it will measure, at its own tariff.
    tick = 5_000
    forward: dict[str, dict[int, tuple[bool, int, int]]] = {}
    for home in community.homes:
        orders = forward.setdefault(home.id, {})
        for place, slot in enumerate(community.slots):
            imported, exported = home.import_wh[place], home.export_wh[place]
            if imported > exported:
                orders[slot] = (False, community.retail_nano[place] // tick * tick, imported)
            elif exported:
                orders[slot] = (True, -(-community.feed_in_nano // tick) * tick, exported)
    run = simulate(community, forward=forward)
    bought = sum(bill.ahead_bought_wh for bill in run.bills)
    assert bought == sum(bill.ahead_sold_wh for bill in run.bills) > 0
    assert all(bill.saving_nano >= 0 for bill in run.bills)
    assert bought + run.traded_wh >= plain.traded_wh
    assert run.gain_nano <= plain.gain_nano
    assert run.gain_nano * 100 >= plain.gain_nano * 99
