"""The twin's matching against two independent judges: every allocation tried out, and HiGHS."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from fractions import Fraction

import highspy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchain import matching
from p2pchain.matching import Offer
from p2pchain.model import MarketParams, PriceRule, Side, SlotResult

PARAMS = MarketParams(area=1, tick_nano=10, floor_nano=-40)
BOOKS = 5_000


def random_book(rng: random.Random) -> tuple[int, list[Offer]]:
    """A price and some offers, dense in ties so that many books ration."""
    ticks = rng.choice((3, 6, 40))
    offers = [
        Offer(
            member,
            rng.choice((Side.BUY, Side.SELL)),
            rng.randrange(ticks),
            rng.choice((1, 2, 3, 7, 100, 12_345)),
        )
        for member in range(rng.randrange(2, 13))
    ]
    price = PARAMS.floor_nano + rng.randrange(ticks * PARAMS.tick_nano)
    return price, offers


def limit_nano(offer: Offer) -> int:
    return PARAMS.floor_nano + offer.tick * PARAMS.tick_nano


def able(price: int, offers: list[Offer]) -> list[bool]:
    """Who may trade at the price, by limits rather than by ticks."""
    return [
        limit_nano(o) >= price if o.side == Side.BUY else limit_nano(o) <= price for o in offers
    ]


class Optimum:
    """Largest volume among those who take part, by linear programming."""

    def __init__(self) -> None:
        self.solver = highspy.Highs()
        self.solver.setOptionValue("output_flag", False)

    def volume(self, price: int, offers: list[Offer]) -> int:
        solver = self.solver
        solver.clear()
        solver.setOptionValue("output_flag", False)
        fills = []
        for offer, allowed in zip(offers, able(price, offers), strict=True):
            cost = 1.0 if offer.side == Side.BUY else 0.0
            fills.append(solver.addVariable(lb=0, ub=offer.wh if allowed else 0, obj=cost))
        balance = [
            fill if offer.side == Side.BUY else -1 * fill
            for fill, offer in zip(fills, offers, strict=True)
        ]
        solver.addConstr(sum(balance[1:], balance[0] + 0) == 0)
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        solver.run()
        value = solver.getObjectiveValue()
        assert abs(value - round(value)) < 1e-6
        return round(value)


def brute_force(price: int, offers: list[Offer]) -> int:
    """Largest volume by trying every whole-Wh allocation to buyers and sellers."""
    allowed = able(price, offers)

    def reachable(side: Side) -> set[int]:
        ranges = [
            range(o.wh + 1) if ok else range(1)
            for o, ok in zip(offers, allowed, strict=True)
            if o.side == side
        ]
        return {sum(pick) for pick in itertools.product(*ranges)}

    return max(reachable(Side.BUY) & reachable(Side.SELL))


def check_fills(price: int, offers: list[Offer], result: SlotResult) -> None:
    filled = matching.fills(result, offers)
    bought = sum(w for w, o in zip(filled, offers, strict=True) if o.side == Side.BUY)
    sold = sum(w for w, o in zip(filled, offers, strict=True) if o.side == Side.SELL)
    assert bought == sold == result.matched_wh
    rationed = set()
    for wh, offer, allowed in zip(filled, offers, able(price, offers), strict=True):
        assert 0 <= wh <= offer.wh
        assert allowed or wh == 0
        if 0 < wh < offer.wh:
            rationed.add((offer.side, offer.tick))
    assert len(rationed) <= 1
    for wh, offer, allowed in zip(filled, offers, able(price, offers), strict=True):
        for other, other_wh in zip(offers, filled, strict=True):
            better = offer.tick > other.tick if offer.side == Side.BUY else offer.tick < other.tick
            if allowed and offer.side == other.side and better and other_wh > 0:
                assert wh == offer.wh, "a better limit is filled before a worse one gets any"
    if result.traded:
        share = Fraction(result.fill_wh, result.live_wh)
        side = Side.BUY if result.buy_rationed else Side.SELL
        tick = result.buy_tick if result.buy_rationed else result.sell_tick
        at_limit = [
            (wh, offer)
            for wh, offer in zip(filled, offers, strict=True)
            if (offer.side, offer.tick) == (side, tick)
        ]
        assert sum(wh for wh, _ in at_limit) == result.fill_wh
        assert sum(offer.wh for _, offer in at_limit) == result.live_wh
        for wh, offer in at_limit:
            assert abs(wh - offer.wh * share) < 1


@pytest.mark.property(8)
@pytest.mark.property(9)
@pytest.mark.property(10)
@pytest.mark.property(11)
@pytest.mark.property(12)
def test_volume_is_the_linear_optimum_and_fills_are_exact(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rng = random.Random(11)
    optimum = Optimum()
    traded = rationed = 0
    for _ in range(BOOKS):
        price, offers = random_book(rng)
        result = matching.match(price, offers, PARAMS)
        assert result.matched_wh == optimum.volume(price, offers)
        check_fills(price, offers, result)
        traded += result.traded
        rationed += result.traded and result.fill_wh < result.live_wh
    with capsys.disabled():
        print(f"\n{BOOKS} books: {traded} trade, {rationed} of them ration")
    assert rationed >= BOOKS * 30 // 100


@pytest.mark.property(11)
def test_volume_is_the_best_of_all_allocations() -> None:
    rng = random.Random(5)
    traded = 0
    for _ in range(400):
        offers = [
            Offer(m, rng.choice((Side.BUY, Side.SELL)), rng.randrange(5), rng.randrange(1, 5))
            for m in range(rng.randrange(2, 7))
        ]
        price = PARAMS.floor_nano + rng.randrange(5, 40)
        result = matching.match(price, offers, PARAMS)
        assert result.matched_wh == brute_force(price, offers)
        check_fills(price, offers, result)
        traded += result.traded
    assert traded > 100


offers_strategy = st.lists(
    st.builds(
        Offer,
        member=st.just(0),
        side=st.sampled_from(Side),
        tick=st.integers(0, 255),
        wh=st.integers(1, 2**27 - 1),
    ),
    max_size=20,
)


@pytest.mark.property(13)
@given(offers_strategy, st.integers(-3_000, 3_000), st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_result_does_not_depend_on_the_order_of_offers(
    offers: list[Offer], price: int, rng: random.Random
) -> None:
    shuffled = list(offers)
    rng.shuffle(shuffled)
    result = matching.match(price, offers, PARAMS)
    assert result == matching.match(price, shuffled, PARAMS)
    check_fills(price, shuffled, result)


@pytest.mark.property(12)
@pytest.mark.parametrize("side", Side)
@given(st.lists(st.integers(1, 2**27 - 1), min_size=1, max_size=40), st.data())
@settings(max_examples=200, deadline=None)
def test_carry_fills_exactly_and_returns_to_zero(
    side: Side, volumes: list[int], data: st.DataObject
) -> None:
    live = sum(volumes)
    wanted = data.draw(st.integers(1, live))
    tick, other_tick = (9, 7) if side == Side.BUY else (7, 9)
    other = Side.SELL if side == Side.BUY else Side.BUY
    offers = [Offer(m, side, tick, wh) for m, wh in enumerate(volumes)]
    offers.append(Offer(99, other, other_tick, wanted))
    price = PARAMS.floor_nano + 8 * PARAMS.tick_nano
    result = matching.match(price, offers, PARAMS)
    if wanted < live:
        assert result.buy_rationed == (side == Side.BUY)
    carry = total = 0
    for wh in volumes:
        filled, carry = matching.fill(result, side, tick, wh, carry)
        assert carry < live
        total += filled
    assert (total, carry) == (wanted, 0)


def mirrored(offers: list[Offer]) -> list[Offer]:
    """The same book with buys for sells and the ticks turned round: the best limits stay best."""
    return [
        replace(o, side=Side.SELL if o.side == Side.BUY else Side.BUY, tick=255 - o.tick)
        for o in offers
    ]


@pytest.mark.property(12)
def test_a_mirrored_book_has_the_same_fills() -> None:
    """Nothing in the rule prefers a side: at the rationed limit, too, each gets the same Wh."""
    rng = random.Random(23)
    top = 2 * PARAMS.floor_nano + 255 * PARAMS.tick_nano
    seen = dict.fromkeys(Side, 0)
    for _ in range(BOOKS):
        price, offers = random_book(rng)
        turned = mirrored(offers)
        result = matching.match(price, offers, PARAMS)
        other = matching.match(top - price, turned, PARAMS)
        assert other.matched_wh == result.matched_wh
        fills = []
        for outcome, book in ((result, offers), (other, turned)):
            carries, filled = dict.fromkeys(Side, 0), []
            for o in book:
                wh, carries[o.side] = matching.fill(outcome, o.side, o.tick, o.wh, carries[o.side])
                filled.append(wh)
            assert not any(carries.values())
            fills.append(filled)
        assert fills[0] == fills[1]
        if not result.traded or result.fill_wh == result.live_wh:
            continue
        side = Side.BUY if result.buy_rationed else Side.SELL
        assert other.buy_rationed != result.buy_rationed
        last = result.buy_tick if result.buy_rationed else result.sell_tick
        seen[side] += sum((o.side, o.tick) == (side, last) for o in offers) > 1
    assert all(count > BOOKS // 50 for count in seen.values()), seen


def test_a_book_where_both_sides_come_out_even_rations_nobody() -> None:
    offers = [Offer(0, Side.BUY, 9, 10), Offer(1, Side.BUY, 8, 5), Offer(2, Side.SELL, 1, 10)]
    result = matching.match(PARAMS.floor_nano + 50, offers, PARAMS)
    assert result == SlotResult(True, 10, 10, 9, 1, False, 10, 10)
    assert matching.fills(result, offers) == [10, 0, 10]


@pytest.mark.parametrize(
    ("limit", "buy", "sell"),
    [
        (-41, None, 0),
        (-40, 0, 0),
        (-31, 0, 1),
        (2_510, 255, 255),
        (2_511, 255, None),
        (9_999, 255, None),
    ],
)
def test_limits_between_ticks_are_rounded_inward(
    limit: int, buy: int | None, sell: int | None
) -> None:
    floor, tick = PARAMS.floor_nano, PARAMS.tick_nano
    assert matching.buy_tick_down(limit, floor, tick) == buy
    assert matching.sell_tick_up(limit, floor, tick) == sell


def test_reference_price_and_its_exceptions() -> None:
    half = MarketParams(area=1, tick_nano=1)
    stated = MarketParams(area=1, tick_nano=1, has_stated_price=True, stated_price_nano=-7)
    assert matching.slot_price(half, (220_001, 50_000), 1, 1) == 135_000
    assert matching.slot_price(half, (5, -8), 1, 1) == -2  # floor, not towards zero
    assert matching.slot_price(half, (50_000, 50_000), 1, 1) is None
    assert matching.slot_price(stated, (50_000, 50_000), 1, 1) == -7
    assert matching.slot_price(half, None, 1, 1) is None


def test_supply_demand_ratio_falls_from_retail_to_feed_in() -> None:
    sdr = MarketParams(area=1, tick_nano=1, rule=PriceRule.SDR)
    prices = [
        matching.slot_price(sdr, (200, 100), 1_000, sold) for sold in (1, 250, 500, 999, 1000)
    ]
    assert prices == [199, 160, 133, 100, 100]
    assert matching.slot_price(sdr, (200, 100), 0, 5) == 150
    assert matching.slot_price(sdr, (200, -100), 5, 5) == 50


@pytest.mark.capability("TAG-5")
def test_critical_buys_come_before_all_others() -> None:
    """Against a walk Wh by Wh: critical buys, then the others, best limits first."""
    rng = random.Random(5)
    seen = {"too little": 0, "limited": 0, "in part": 0}
    for _ in range(BOOKS):
        price, book = random_book(rng)
        first = {i for i, o in enumerate(book) if o.side == Side.BUY and rng.random() < 0.4}
        most = rng.choice((None, rng.randrange(300)))
        offers = [
            replace(o, tick=matching.island_tick(o.tick, first=i in first))
            if o.side == Side.BUY
            else o
            for i, o in enumerate(book)
        ]
        result, sells = matching.match_within(most, price, offers, PARAMS)
        wanted = [
            i
            for i, o in enumerate(book)
            if o.side == Side.BUY and (i in first or limit_nano(o) >= price)
        ]
        offered = sum(o.wh for o in book if o.side == Side.SELL and limit_nano(o) <= price)
        left = matched = min(
            sum(book[i].wh for i in wanted), offered, offered if most is None else most
        )
        by_rank: dict[tuple[bool, int], int] = {}
        for i in sorted(wanted, key=lambda i: (i not in first, -book[i].tick)):
            wh = min(book[i].wh, left)
            left -= wh
            rank = (True, 0) if i in first else (False, book[i].tick)
            by_rank[rank] = by_rank.get(rank, 0) + wh
        filled: dict[tuple[bool, int], int] = {}
        for i, wh in enumerate(matching.fills(result, offers)):
            if book[i].side == Side.BUY:
                rank = (True, 0) if i in first else (False, book[i].tick)
                filled[rank] = filled.get(rank, 0) + wh
        for rank in by_rank.keys() | filled.keys():
            assert filled.get(rank, 0) == by_rank.get(rank, 0)
        assert result.matched_wh == (sells or result).matched_wh == matched
        critical_wh = sum(book[i].wh for i in first)
        seen["too little"] += 0 < matched < critical_wh
        seen["in part"] += critical_wh < matched < sum(book[i].wh for i in wanted)
        seen["limited"] += most == matched
    assert all(count > 50 for count in seen.values()), seen


def test_the_highest_tick_in_an_island_is_that_of_critical_loads() -> None:
    assert [matching.island_tick(t, first=False) for t in (0, 253, 254, 255)] == [0, 253, 254, 254]
    assert {matching.island_tick(t, first=True) for t in (0, 254, 255)} == {255}
