"""The price and the fills of forward books, against the definition and a linear program."""

from __future__ import annotations

import random

import highspy
import pytest

from p2pchain import matching
from p2pchain.matching import Offer
from p2pchain.model import Side, SlotResult

FLOOR, TICK = -40, 10
BOOKS = 3_000


def random_book(rng: random.Random) -> list[Offer]:
    ticks = rng.choice((2, 4, 8, 40))
    return [
        Offer(
            member,
            rng.choice((Side.BUY, Side.SELL)),
            rng.randrange(ticks),
            rng.choice((1, 2, 3, 7, 100, 12_345)),
        )
        for member in range(rng.randrange(1, 14))
    ]


def limit(offer: Offer) -> int:
    return FLOOR + offer.tick * TICK


def volume_at(price: int, offers: list[Offer]) -> int:
    bought = sum(o.wh for o in offers if o.side == Side.BUY and limit(o) >= price)
    sold = sum(o.wh for o in offers if o.side == Side.SELL and limit(o) <= price)
    return min(bought, sold)


def best_surplus(offers: list[Offer]) -> int:
    """What all trades are worth at most, between what buyers would pay and sellers would take."""
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    sign = [1 if offer.side == Side.BUY else -1 for offer in offers]
    fills = [
        solver.addVariable(lb=0, ub=offer.wh, obj=float(s * limit(offer)))
        for offer, s in zip(offers, sign, strict=True)
    ]
    parts = [s * fill for s, fill in zip(sign, fills, strict=True)]
    solver.addConstr(sum(parts[1:], parts[0] + 0) == 0)
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    solver.run()
    return round(solver.getObjectiveValue())


def check_price(offers: list[Offer], filled: list[int], k_ppm: int, price: int) -> None:
    """By definition, from what each one got rather than from totals."""
    pairs = list(zip(offers, filled, strict=True))
    lo = max(
        [limit(o) for o, wh in pairs if o.side == Side.SELL and wh]
        + [limit(o) for o, wh in pairs if o.side == Side.BUY and wh < o.wh]
    )
    hi = min(
        [limit(o) for o, wh in pairs if o.side == Side.BUY and wh]
        + [limit(o) for o, wh in pairs if o.side == Side.SELL and wh < o.wh]
    )
    assert lo <= hi
    assert price == (lo * 1_000_000 + k_ppm * (hi - lo)) // 1_000_000


def test_prices_and_fills_are_those_of_the_definition(capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(3)
    traded = rationed = between = 0
    for number in range(BOOKS):
        offers = random_book(rng)
        k_ppm = rng.choice((0, 500_000, 1_000_000, 333_333))
        result = matching.equilibrium(offers, k_ppm, FLOOR, TICK)
        prices = range(FLOOR - 1, FLOOR + 41 * TICK)
        most = max(volume_at(price, offers) for price in prices)
        assert result.matched_wh == most
        assert result.traded == (most > 0)
        if not result.traded:
            assert result == SlotResult()
            continue
        traded += 1
        price, filled = result.price_nano, matching.fills(result, offers)
        assert volume_at(price, offers) == most
        check_price(offers, filled, k_ppm, price)
        for side in Side:
            mine = [(o, wh) for o, wh in zip(offers, filled, strict=True) if o.side == side]
            assert sum(wh for _, wh in mine) == most
        surplus = 0
        for offer, wh in zip(offers, filled, strict=True):
            assert 0 <= wh <= offer.wh
            gain = limit(offer) - price if offer.side == Side.BUY else price - limit(offer)
            assert wh == 0 or gain >= 0, "nobody trades beyond his limit"
            assert gain <= 0 or wh == offer.wh, "whoever would rather trade has traded"
            surplus += wh * gain
        if number % 10 == 0:
            assert surplus == best_surplus(offers)
        rationed += result.fill_wh < result.live_wh
        between += result.fill_wh == result.live_wh
    with capsys.disabled():
        print(f"\n{BOOKS} books: {traded} trade, {rationed} ration, {between} do not")
    assert traded >= rationed >= BOOKS * 30 // 100
    assert between > 50


def book(*rows: tuple[Side, int, int]) -> list[Offer]:
    return [Offer(member, *row) for member, row in enumerate(rows)]


def test_by_hand() -> None:
    buy, sell = Side.BUY, Side.SELL

    def price(offers: list[Offer], k_ppm: int = 500_000) -> int:
        return matching.equilibrium(offers, k_ppm, 0, 1).price_nano

    assert price(book((buy, 50, 5), (sell, 20, 5))) == 35
    assert price(book((buy, 50, 5), (sell, 20, 5)), 0) == 20
    assert price(book((buy, 50, 5), (sell, 20, 5)), 1_000_000) == 50
    assert price(book((buy, 50, 5), (sell, 20, 5)), 333_333) == 29
    # Those that got nothing narrow it down.
    assert price(book((buy, 50, 5), (sell, 20, 5), (buy, 18, 9), (sell, 30, 1))) == 25
    # A limit that is filled in part sets the price.
    assert price(book((buy, 50, 6), (sell, 20, 5))) == 50
    assert price(book((buy, 50, 5), (sell, 20, 6))) == 20
    assert price(book((buy, 50, 5), (buy, 40, 5), (sell, 20, 7))) == 40
    assert matching.equilibrium(book((buy, 19, 5), (sell, 20, 5)), 0, 0, 1) == SlotResult()
    assert matching.equilibrium([], 0, 0, 1) == SlotResult()
    result = matching.equilibrium(book((buy, 7, 5), (sell, 7, 5)), 500_000, -30, 2)
    assert result == SlotResult(True, -16, 5, 7, 7, False, 5, 5)
    # Below zero, rounded down too.
    assert matching.equilibrium(book((buy, 3, 1), (sell, 0, 1)), 500_000, -10, 1).price_nano == -9
