"""What docs/matching.md, docs/settlement.md and docs/levels.md show and claim, run."""

from __future__ import annotations

import doctest
import random
from collections import Counter
from pathlib import Path

import pytest

from p2pchain import matching
from p2pchain.matching import Offer
from p2pchain.model import MarketParams, Side, SlotResult

DOCS = Path(__file__).resolve().parents[2] / "docs"
PARAMS = MarketParams(area=1, tick_nano=10)


def blocks(page: Path) -> list[str]:
    parts = page.read_text(encoding="utf-8").split("```python\n")[1:]
    assert all("```\n" in part for part in parts)
    return [part.partition("```\n")[0] for part in parts]


@pytest.mark.parametrize(
    ("page", "least"), [("matching.md", 20), ("settlement.md", 60), ("levels.md", 30)]
)
def test_the_examples_are_what_the_twin_computes(page: str, least: int) -> None:
    """The blocks of a page are one session, from the top to the end."""
    names: dict[str, object] = {}
    examples = 0
    for number, block in enumerate(blocks(DOCS / page)):
        example = doctest.DocTestParser().get_doctest(block, {}, f"{page} {number}", page, 0)
        example.globs = names
        runner = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF)
        outcome = runner.run(example, clear_globs=False)
        assert outcome.failed == 0
        assert outcome.attempted == len(example.examples)
        examples += len(example.examples)
    assert examples >= least


def own_fill(price: int, offers: list[Offer], place: int) -> int:
    return matching.fills(matching.match(price, offers, PARAMS), offers)[place]


@pytest.mark.property(15)
def test_a_worse_tick_never_fills_more(capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(20170612)
    rationed = fell = 0
    for _ in range(20_000):
        ticks = rng.choice((3, 8))
        price = rng.randrange(ticks * PARAMS.tick_nano)
        offers = [
            Offer(
                member,
                rng.choice(list(Side)),
                rng.randrange(ticks),
                rng.choice((1, 2, 3, 7, 50)),
            )
            for member in range(rng.randrange(2, 10))
        ]
        place = rng.randrange(len(offers))
        own = offers[place]
        before = own_fill(price, offers, place)
        if own.side == Side.BUY:
            worse = rng.randrange(own.tick + 1)
        else:
            worse = rng.randrange(own.tick, ticks)
        offers[place] = Offer(own.member, own.side, worse, own.wh)
        after = own_fill(price, offers, place)
        assert after <= before, (price, own, worse, offers)
        rationed += 0 < before < own.wh
        fell += after < before
    with capsys.disabled():
        print(f"\n20,000 books: own offer rationed in {rationed}, a worse tick cost in {fell}")
    assert rationed >= 1_000
    assert fell >= 1_000


def gap_of(orders: list[Offer], result: SlotResult) -> tuple[int, int, int]:
    """Between which ticks the price of a book lies that fills its limits whole, and the smallest
    volume at the four ticks that say so."""
    volumes: Counter[tuple[Side, int]] = Counter()
    for order in orders:
        volumes[order.side, order.tick] += order.wh
    buys = [t for side, t in volumes if side == Side.BUY]
    sells = [t for side, t in volumes if side == Side.SELL]
    left_buys = [t for t in buys if t < result.buy_tick]
    left_sells = [t for t in sells if t > result.sell_tick]
    ticks = [(Side.BUY, result.buy_tick), (Side.SELL, result.sell_tick)]
    ticks += [(Side.BUY, t) for t in sorted(left_buys)[-1:]]
    ticks += [(Side.SELL, t) for t in sorted(left_sells)[:1]]
    low, high = max([result.sell_tick, *left_buys]), min([result.buy_tick, *left_sells])
    return low, high, min(volumes[key] for key in ticks)


def test_small_orders_do_not_move_a_rationed_price(capsys: pytest.CaptureFixture[str]) -> None:
    rng = random.Random(20170613)
    rationed = moved_by_large = moved_in_gap = 0
    for _ in range(20_000):
        ticks, k_ppm = rng.choice((4, 12)), rng.choice((0, 300_000, 500_000, 1_000_000))

        def some(member: int, most: int, ticks: int = ticks) -> Offer:
            side, tick = rng.choice(list(Side)), rng.randrange(ticks)
            return Offer(member, side, tick, rng.randrange(1, most + 1))

        orders = [some(member, 40) for member in range(rng.randrange(2, 9))]
        result = matching.equilibrium(orders, k_ppm, -7, 10)
        if not result.traded:
            continue
        part = min(result.fill_wh, result.live_wh - result.fill_wh)
        small = some(len(orders), max(part - 1, 1))
        after = matching.equilibrium([*orders, small], k_ppm, -7, 10)
        if part > 1:
            rationed += 1
            last = result.buy_tick if result.buy_rationed else result.sell_tick
            assert result.price_nano == last * 10 - 7, (orders, result)
            assert after.price_nano == result.price_nano, (orders, small)
            large = matching.equilibrium([*orders, some(len(orders), 90)], k_ppm, -7, 10)
            moved_by_large += large.price_nano != result.price_nano
        elif part == 0:
            low, high, least = gap_of(orders, result)
            if least < 2:
                continue
            small = some(len(orders), least - 1)
            after = matching.equilibrium([*orders, small], k_ppm, -7, 10)
            assert low * 10 - 7 <= after.price_nano <= high * 10 - 7, (orders, small)
            moved_in_gap += after.price_nano != result.price_nano
    with capsys.disabled():
        print(
            f"\n{rationed} rationed books: a small order moved none, a large one {moved_by_large}; "
            f"within the gap {moved_in_gap} others moved"
        )
    assert rationed >= 5_000
    assert moved_by_large >= 500
    assert moved_in_gap >= 10
