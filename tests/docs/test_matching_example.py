"""What docs/matching.md shows and claims, run."""

from __future__ import annotations

import doctest
import random
from pathlib import Path

import pytest

from p2pchain import matching
from p2pchain.matching import Offer
from p2pchain.model import MarketParams, Side

PAGE = Path(__file__).resolve().parents[2] / "docs" / "matching.md"
PARAMS = MarketParams(area=1, tick_nano=10)


def test_the_example_is_what_the_twin_computes() -> None:
    text = PAGE.read_text(encoding="utf-8")
    _, _, rest = text.partition("```python\n")
    block, fence, _ = rest.partition("```\n")
    assert fence
    example = doctest.DocTestParser().get_doctest(block, {}, PAGE.name, str(PAGE), 0)
    assert len(example.examples) >= 10
    outcome = doctest.DocTestRunner(optionflags=doctest.REPORT_NDIFF).run(example)
    assert outcome.failed == 0
    assert outcome.attempted == len(example.examples)


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
