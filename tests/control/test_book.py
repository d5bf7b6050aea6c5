"""The forward book against a book in which every Wh is an order of its own."""

from __future__ import annotations

import random
from fractions import Fraction
from math import floor

import pytest

from p2pchain.control.compare import Book, order
from p2pchain.matching import Offer, equilibrium, fills
from p2pchain.model import Side, SlotResult, TariffRow

FLOOR, TICK = -20, 7


def clear(orders: list[Offer], k_ppm: int = 500_000) -> SlotResult:
    return equilibrium(orders, k_ppm, FLOOR, TICK)


def unit_by_unit(orders: list[Offer], k_ppm: int) -> tuple[int | None, int]:
    """Price and volume where each Wh stands alone: the q-th is matched, the next one is not."""
    wh = {
        side: sorted(
            (FLOOR + o.tick * TICK for o in orders if o.side == side for _ in range(o.wh)),
            reverse=side == Side.BUY,
        )
        for side in Side
    }
    buys, sells = wh[Side.BUY], wh[Side.SELL]
    q = sum(buy >= sell for buy, sell in zip(buys, sells, strict=False))
    if not q:
        return None, 0
    low = max([sells[q - 1], *buys[q : q + 1]])
    high = min([buys[q - 1], *sells[q : q + 1]])
    return floor(low + Fraction(k_ppm, 10**6) * (high - low)), q


def random_orders(rng: random.Random) -> list[Offer]:
    return [
        Offer(number, rng.choice(list(Side)), rng.randrange(12), rng.choice((0, 1, 2, 5, 17)))
        for number in range(rng.randrange(12))
    ]


def test_price_and_fills_are_those_of_single_wh() -> None:
    rng = random.Random(3)
    traded = rationed = 0
    for _ in range(3_000):
        orders, k_ppm = random_orders(rng), rng.choice((0, 500_000, 1_000_000, 333_333))
        cleared = clear(orders, k_ppm)
        filled = fills(cleared, orders)
        price = cleared.price_nano if cleared.traded else None
        assert (price, cleared.matched_wh) == unit_by_unit(orders, k_ppm)
        for side in Side:
            mine = [(o, f) for o, f in zip(orders, filled, strict=True) if o.side == side]
            assert sum(wh for _, wh in mine) == cleared.matched_wh
            assert all(0 <= wh <= order.wh for order, wh in mine)
            partly = {o.tick for o, wh in mine if 0 < wh < o.wh}
            assert len(partly) <= 1
            for tick in partly:
                rationed += 1
                level = [(o.wh, wh) for o, wh in mine if o.tick == tick]
                share = Fraction(sum(wh for _, wh in level), sum(whole for whole, _ in level))
                assert all(abs(wh - whole * share) < 1 for whole, wh in level)
        if price is not None:
            traded += 1
            for order, wh in zip(orders, filled, strict=True):
                limit = FLOOR + order.tick * TICK
                better = limit >= price if order.side == Side.BUY else (limit <= price)
                assert better or wh == 0
    print(f"{traded} books traded, {rationed} rationed sides")
    assert traded >= 1_000
    assert rationed >= 900


def test_the_carry_goes_from_one_to_the_next() -> None:
    orders = [Offer(0, Side.SELL, 3, 10), *(Offer(n, Side.BUY, 5, 7) for n in (1, 2, 3))]
    # 10 of 21: 70/21 = 3 rest 7, 77/21 = 3 rest 14, 84/21 = 4.
    assert fills(clear(orders), orders) == [10, 3, 3, 4]


def test_scarcity_gives_the_gain_to_the_short_side() -> None:
    buy, sell = Offer(0, Side.BUY, 10, 5), Offer(1, Side.SELL, 2, 5)
    assert clear([buy, sell]).price_nano == FLOOR + 6 * TICK
    assert clear([Offer(0, Side.BUY, 10, 6), sell]).price_nano == FLOOR + 10 * TICK
    assert clear([buy, Offer(1, Side.SELL, 2, 6)]).price_nano == FLOOR + 2 * TICK


@pytest.mark.parametrize(
    ("side", "limit", "tick"),
    [
        (Side.BUY, -20, 0),
        (Side.BUY, -7, 1),
        (Side.BUY, -21, None),
        (Side.SELL, -20, 0),
        (Side.SELL, -12, 2),
        (Side.SELL, -20 + 255 * 7 + 1, None),
    ],
)
def test_limits_are_rounded_to_their_owner_s_side(side: Side, limit: int, tick: int | None) -> None:
    row = TariffRow(energy=limit, feed_in=limit)
    found = order(5 if side == Side.BUY else -5, row, Book(0, FLOOR, TICK))
    assert found == (None if tick is None else Offer(0, side, tick, 5))
    assert order(0, row, Book()) is order(None, row, Book()) is None
