"""Misstating one's limits cannot pay: on measured homes, for every home and many kinds of lie."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from p2pchain.data import Community, load_fontana
from p2pchain.model import PriceRule
from p2pchain.rules import RULES
from p2pchain.simulate import Stated, default_params, simulate
from p2pchain.units import TARIFF_BUY, TARIFF_SELL

Lie = Callable[[list[int], int, random.Random], Stated]

BUY = (TARIFF_BUY,)
SELL = (TARIFF_SELL,)


def scaled(percent: int) -> Lie:
    def lie(retail: list[int], feed_in: int, rng: random.Random) -> Stated:
        return tuple(price * percent // 100 for price in retail), SELL * 24

    return lie


def selling(percent: int) -> Lie:
    def lie(retail: list[int], feed_in: int, rng: random.Random) -> Stated:
        return BUY, (feed_in * percent // 100,)

    return lie


def hourly(retail: list[int], feed_in: int, rng: random.Random) -> Stated:
    return (
        tuple(rng.randrange(feed_in, price) for price in retail),
        tuple(rng.randrange(feed_in, price) for price in retail),
    )


LIES: dict[str, Lie] = {
    "buys 10 % lower": scaled(90),
    "buys 30 % lower": scaled(70),
    "buys 60 % lower": scaled(40),
    "sells 20 % higher": selling(120),
    "sells three times as high": selling(300),
    "buys above the own tariff": scaled(150),
    "sells below the own feed-in": selling(50),
    "another limit every hour": hourly,
    "extreme on both sides": lambda retail, feed_in, rng: ((2**31 - 2,), (-(2**31) + 1,)),
    "extreme against itself": lambda retail, feed_in, rng: ((-(2**31),), (2**31 - 1,)),
}


def hours_of(community: Community) -> list[int]:
    """Retail price by UTC hour, of the last day that has its own."""
    return list(community.retail_days()[-2][1])


@pytest.mark.property(15)
@pytest.mark.property(31)
@pytest.mark.parametrize("rules", ["none", "EU"])
def test_no_home_gains_by_misstating_its_limits(
    rules: str, capsys: pytest.CaptureFixture[str]
) -> None:
    community = load_fontana("2017-06-12", 2)
    honest = {bill.id: bill for bill in simulate(community, rules=RULES[rules]).bills}
    retail = [RULES[rules].split(price).energy for price in hours_of(community)]
    rng = random.Random(7)
    worse = same = 0
    for home in community.homes:
        for name, lie in LIES.items():
            stated = lie(retail, community.feed_in_nano, rng)
            run = simulate(community, limits={home.id: stated}, rules=RULES[rules])
            bill = next(bill for bill in run.bills if bill.id == home.id)
            assert bill.market_nano >= honest[home.id].market_nano, f"{home.id} {name}"
            assert all(other.saving_nano >= 0 for other in run.bills)
            worse += bill.market_nano > honest[home.id].market_nano
            same += bill.market_nano == honest[home.id].market_nano
        out = simulate(community, stay_out=frozenset({home.id}), rules=RULES[rules])
        bill = next(bill for bill in out.bills if bill.id == home.id)
        assert bill.market_nano >= honest[home.id].market_nano
        worse += bill.market_nano > honest[home.id].market_nano
        same += bill.market_nano == honest[home.id].market_nano
    tried = len(community.homes) * (len(LIES) + 1)
    with capsys.disabled():
        print(f"\nrules {rules}: {tried} misstatements tried, 0 pay, {worse} cost, {same} neither")
    assert worse + same == tried
    assert worse >= tried // 3, "most lies must matter, or the test shows nothing"


@pytest.mark.property(15)
def test_a_stated_limit_never_moves_the_price() -> None:
    community = load_fontana("2017-06-12", 2)
    for rule in PriceRule:
        params = default_params(3600, rule=rule)
        honest = simulate(community, params=params)
        lying = simulate(community, params=params, limits={"H01": ((60_000,), (200_000,))})
        for slot, result in honest.twin.market(honest.market).results.items():
            other = lying.twin.result(lying.market, slot)
            if result.traded and other.traded:
                assert other.price_nano == result.price_nano
