"""Misstating a limit does not pay on a tree of markets either, at the average price of every area;
with a price for each level it would, and with averages in the markets only."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from bench.levels import GRID, NO_LIMIT, Member, World, random_world
from p2pchain.levels import Book, Cut, Edge, Tree, combined
from p2pchain.model import Side
from tests.conftest import campaign

TREES = campaign(150, 20_000)
OPEN = Edge(0, NO_LIMIT, NO_LIMIT)
BUY, SELL = Side.BUY, Side.SELL
#: Two suppliers: one pays 20 for what is sold to it, the other 120.
LOW, HIGH = (200_000, 20_000), (200_000, 120_000)


def lies(member: Member, world: World, rng: random.Random) -> list[Member]:
    """Limits at random, and one just on either side of a price of the tree."""
    prices = [b.match.price_nano for b in world.clear().values() if b.match.price_nano is not None]
    limits = [rng.randrange(20_000, 250_000) for _ in range(2)]
    if prices:
        limits.append(rng.choice(prices) + rng.choice((-1_000, 1_000)))
    return [replace(member, stated_nano=limit) for limit in limits]


@pytest.mark.property(15)
@pytest.mark.property(31)
def test_nobody_gains_by_misstating_a_limit_on_a_tree(capsys: pytest.CaptureFixture[str]) -> None:
    tried = mattered = cost = 0
    for seed in range(TREES):
        rng = random.Random(seed)
        # Half the worlds with others who state limits too: whatever they do, the tariff is best.
        world = random_world(rng, most_wh=rng.choice((6, 200)), stated=0.4 * (seed % 2))
        for number, members in world.members.items():
            for place, member in enumerate(members):
                members[place] = replace(member, stated_nano=None)
                honest = world.gains(number, world.clear()[number])[place]
                for lie in lies(members[place], world, rng):
                    members[place] = lie
                    books = world.clear()
                    gain = world.gains(number, books[number])[place]
                    members[place] = member
                    assert gain <= honest, (seed, number, place, lie)
                    tried += 1
                    mattered += gain != honest
                    cost += gain < honest
    with capsys.disabled():
        print(f"\n{TREES} trees: {tried} lies, 0 pay, {cost} cost")
    assert mattered == cost >= tried // 5


def at_level_prices(world: World, number: int, book: Book) -> list[int]:
    """What each member would save if each level had its price: his fills by level, best first."""
    members, offers = world.members[number], world.market(number).offers
    left = [offer.wh for offer in offers]
    saved = [0] * len(members)
    for part in book.parts:
        for side in Side:
            cut = part.buys if side == BUY else part.sells
            carry = 0
            for place, offer in enumerate(offers):
                if cut is None or offer.side != side:
                    continue
                wh = left[place] if (offer.tick < cut.tick) == (side == SELL) else 0
                if offer.tick == cut.tick:
                    x = left[place] * cut.fill_wh + carry
                    wh, carry = x // cut.live_wh, x % cut.live_wh
                left[place] -= wh
                saved[place] += members[place].gain_nano(wh, part.buy_nano, part.sell_nano)
    return saved


def two_microgrids() -> World:
    """In 2 two sell and one buys, at the supplier that pays 20; in 3 one buys, at the other one."""
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1, OPEN)
    tree.add(3, 1, OPEN)
    members = {
        2: [Member(SELL, 100, *LOW), Member(SELL, 100, *LOW), Member(BUY, 100, *LOW)],
        3: [Member(BUY, 500, *HIGH)],
    }
    return World(tree, members, {2: 500_000, 3: 500_000})


@pytest.mark.property(15)
def test_with_a_price_for_each_level_a_worse_limit_pays() -> None:
    """docs/levels.md: who stands back behind his neighbour sells above, where more is paid."""
    world = two_microgrids()
    honest = world.clear()
    assert [honest[number].match.price_nano for number in (2, 1)] == [110_000, 160_000]
    # Both sell 50 Wh at 110 and 50 Wh at 160.
    assert at_level_prices(world, 2, honest[2])[:2] == [50 * 90_000 + 50 * 140_000] * 2
    world.members[2][0] = replace(world.members[2][0], stated_nano=100_000)
    lying = world.clear()
    assert at_level_prices(world, 2, lying[2])[:2] == [100 * 140_000, 100 * 90_000]
    # At the average it makes no difference.
    assert world.gains(2, lying[2])[:2] == [100 * 115_000] * 2


def four_microgrids() -> World:
    """One sells in 3 and one in 4, one buys in 5; 2 is above these three. In 6 one buys, at the
    other supplier; 1 is above 2 and 6."""
    tree = Tree(GRID)
    tree.add(1)
    for number, parent in ((2, 1), (3, 2), (4, 2), (5, 2), (6, 1)):
        tree.add(number, parent, OPEN)
    members = {
        3: [Member(SELL, 100, *LOW)],
        4: [Member(SELL, 100, *LOW)],
        5: [Member(BUY, 100, *LOW)],
        6: [Member(BUY, 500, *HIGH)],
    }
    return World(tree, members, dict.fromkeys(members, 500_000))


@pytest.mark.property(15)
def test_with_averages_in_the_markets_only_a_worse_limit_pays() -> None:
    """The same one level up: a market stands back behind its sibling."""
    world = four_microgrids()
    honest = world.clear()
    assert [honest[number].match.price_nano for number in (2, 1)] == [110_000, 160_000]
    # Level 2 fills 100 Wh of both at 110, level 1 the rest at 160: half of each is from each.
    own, above = honest[2].parts
    assert (own.sells, above.sells) == (Cut(20, 100, 200), Cut(20, 100, 100))
    half_half = (50 * 110_000 + 50 * 160_000) // 100
    world.members[3][0] = replace(world.members[3][0], stated_nano=100_000)
    lying = world.clear()
    own, above = lying[2].parts
    # All that level 2 fills is now from market 4, and all that level 1 fills from market 3.
    assert (own.sells, above.sells) == (Cut(20, 100, 100), Cut(100, 100, 100))
    assert above.sell_nano == 160_000 > half_half
    # At the average of level 2 both get the same, before and after.
    for books in (honest, lying):
        assert [combined(books[number]).sell_nano for number in (3, 4)] == [half_half] * 2
        assert [combined(books[number]).sold_wh for number in (3, 4)] == [100] * 2
