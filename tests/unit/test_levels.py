"""The tree of levels: one slot by hand, and on random trees what must hold whatever is offered."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bench.levels import GRID, NO_LIMIT, Member, World, random_world
from p2pchain.errors import Refused
from p2pchain.levels import (
    MAX_DEPTH,
    Book,
    Cut,
    Edge,
    Grid,
    Market,
    Match,
    Tree,
    capped,
    charges,
    clear,
    combined,
    crossing,
    cut_of,
    left_over,
    level_bounds,
    member_fills,
    takes_part,
)
from p2pchain.matching import Offer
from p2pchain.model import TICKS, Side
from tests.conftest import campaign

TREES = campaign(400, 20_000)
OPEN = Edge(0, NO_LIMIT, NO_LIMIT)
ROOF, HOUSE = (200_000, 20_000), (200_000, 120_000)
BUY, SELL = Side.BUY, Side.SELL


def market(bounds: tuple[int, int], *offers: tuple[Side, int, int]) -> Market:
    """A market whose price is half-way between r and f, if r is above f."""
    price = (bounds[0] + bounds[1]) // 2 if bounds[0] > bounds[1] else None
    return Market(bounds, [Offer(n, *offer) for n, offer in enumerate(offers)], price)


def random_case(seed: int) -> tuple[World, list[int], list[int]]:
    """A world, in which some areas may be islanded and some levels late."""
    rng = random.Random(seed)
    world = random_world(rng, most_wh=rng.choice((5, 400)), stated=0.4)
    areas = world.tree.areas
    odd = rng.random() < 0.3
    islanded = [number for number in areas if odd and rng.random() < 0.2]
    skipped = [n for n, area in areas.items() if area.children and odd and rng.random() < 0.2]
    return world, islanded, skipped


# BY HAND


def test_odd_wh_are_shared_out_over_children_to_the_wh() -> None:
    """100 Wh are wanted of 3 x 50: x = 50 * 100 + carry, over 150."""
    tree = Tree(GRID)
    tree.add(1)
    for number in (2, 3, 4, 5):
        tree.add(number, 1, OPEN)
    markets = {number: market(ROOF, (SELL, 20, 50)) for number in (2, 3, 4)}
    markets[5] = market(ROOF, (BUY, 200, 100))
    books = clear(tree, markets)
    assert books[1].match == Match(110_000, 100, Cut(200, 100, 100), Cut(20, 100, 150))
    assert [combined(books[number]).sold_wh for number in (2, 3, 4)] == [33, 33, 34]
    assert combined(books[2]).sells == Cut(20, 33, 50)


def test_a_charge_goes_off_and_to_the_operator_of_each_edge() -> None:
    """A Wh crosses two edges upward and one down; who sells and who buys pay for their own."""
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1, Edge(7_000, NO_LIMIT, NO_LIMIT))
    tree.add(3, 2, Edge(2_500, NO_LIMIT, NO_LIMIT))
    tree.add(4, 1, Edge(11_000, NO_LIMIT, NO_LIMIT))
    markets = {3: market(ROOF, (SELL, 20, 80)), 4: market(ROOF, (BUY, 200, 60))}
    books = clear(tree, markets)
    # r = 200 - 2.5 - 7 or 200 - 11, f = 20 + 2.5 + 7 or 20 + 11.
    assert books[1].bounds == (189_000, 31_000)
    assert books[1].match.price_nano == 110_000
    assert combined(books[3]).sell_nano == 110_000 - 9_500
    assert combined(books[4]).buy_nano == 110_000 + 11_000
    assert charges(tree, books) == {2: 60 * 7_000, 3: 60 * 2_500, 4: 60 * 11_000}
    assert combined(books[3]).level_nano == -60 * 100_500
    assert combined(books[4]).level_nano == 60 * 121_000


def test_an_edge_lets_the_best_limits_through_up_to_its_limit() -> None:
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1, Edge(0, 70, NO_LIMIT))
    tree.add(3, 1, OPEN)
    sells = market(ROOF, (SELL, 40, 50), (SELL, 20, 30), (SELL, 50, 90))
    books = clear(tree, {2: sells, 3: market(ROOF, (BUY, 200, 500))})
    sent = books[2].sent
    assert sent is not None
    assert sent.sells == {20: 30, 40: 40}
    assert crossing(books[2]) == (70, 0)
    # 40 of all 50 at the limit that is passed on in part.
    assert combined(books[2]).sells == Cut(40, 40, 50)
    assert member_fills(combined(books[2]), sells.offers) == [40, 30, 0]


def test_a_feeder_bounds_what_is_matched_inside_and_the_excess_goes_up() -> None:
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1, OPEN, feeder_wh=25)
    tree.add(3, 1, OPEN)
    inside = market(ROOF, (SELL, 20, 100), (BUY, 200, 40))
    books = clear(tree, {2: inside, 3: market(ROOF, (BUY, 200, 10))})
    assert books[2].match.matched_wh == 25
    # 75 Wh and 15 Wh are left. Only the 60 by which there is more go up: the 15 could come back.
    assert books[2].sent is not None
    assert (books[2].sent.sells, books[2].sent.buys) == ({20: 60}, {})
    assert books[1].match.matched_wh == 10
    assert crossing(books[2]) == (10, 0)
    assert combined(books[3]).bought_wh == 10


@pytest.mark.parametrize(
    ("charge", "traded"), [(44_000, 30), (44_999, 30), (45_000, 0), (45_001, 0)]
)
def test_a_charge_that_takes_the_gap_stops_the_trade(charge: int, traded: int) -> None:
    """One edge up and one down: of a gap of 90 half is left for each."""
    tree = Tree(GRID)
    tree.add(1)
    for number in (2, 3):
        tree.add(number, 1, Edge(charge, NO_LIMIT, NO_LIMIT))
    bounds = (190_000, 100_000)
    books = clear(tree, {2: market(bounds, (SELL, 100, 30)), 3: market(bounds, (BUY, 190, 30))})
    assert (books[1].match.price_nano is None) == (traded == 0)
    assert books[1].match.matched_wh == traded


def test_a_market_without_a_price_passes_everything_on() -> None:
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1, OPEN)
    tree.add(3, 1, OPEN)
    apart = market((80_000, 80_000), (SELL, 80, 10), (BUY, 80, 20))
    assert apart.price_nano is None
    books = clear(tree, {2: apart, 3: market((80_000, 10_000), (SELL, 10, 5))})
    sent = books[2].sent
    assert sent is not None
    assert (sent.buys, sent.sells) == ({80: 20}, {80: 10})
    assert books[2].match == Match()
    # Its r and f hold above as well, so there is no price there either.
    assert books[1].bounds == (80_000, 80_000)
    assert books[1].match == Match()


def three(
    islanded: tuple[int, ...] = (), skipped: tuple[int, ...] = ()
) -> tuple[Tree, dict[int, Book]]:
    """1 over the CELLs 2 and 3; 4 and 5 in 2, 6 in 3."""
    tree = Tree(GRID)
    tree.add(1)
    for number, parent in ((2, 1), (3, 1), (4, 2), (5, 2), (6, 3)):
        tree.add(number, parent, OPEN)
    markets = {
        4: market(ROOF, (SELL, 20, 100), (BUY, 200, 10)),
        5: market(ROOF, (BUY, 200, 30)),
        6: market(ROOF, (BUY, 200, 500)),
    }
    return tree, clear(tree, markets, islanded=islanded, skipped=skipped)


@pytest.mark.parametrize(
    ("islanded", "skipped", "sold"),
    [
        ((), (), 100),
        ((2,), (), 40),  # the CELL goes on inside
        ((6,), (), 40),
        ((4,), (), 10),
        ((), (1,), 40),
        ((), (2,), 10),  # a CELL that is late sends nothing up, and takes nothing
        ((), (3,), 40),
        ((), (1, 2, 3), 10),
    ],
)
def test_what_loses_contact_or_is_late_leaves_the_rest_as_it_is(
    islanded: tuple[int, ...], skipped: tuple[int, ...], sold: int
) -> None:
    tree, books = three(islanded, skipped)
    assert combined(books[4]).sold_wh == sold
    bought = [combined(books[number]).bought_wh for number in (4, 5, 6)]
    assert sum(bought) == sold
    assert bought[0] == 10
    for number in islanded:
        assert crossing(books[number]) == (0, 0)
    for number in skipped:
        assert books[number].match == Match()
        assert not books[number].parts
        assert all(crossing(books[child]) == (0, 0) for child in tree.areas[number].children)


def test_an_area_without_an_edge_has_no_capacity() -> None:
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1)
    tree.add(3, 1, OPEN)
    books = clear(tree, {2: market(ROOF, (SELL, 20, 10)), 3: market(ROOF, (BUY, 200, 10))})
    assert books[1].match.matched_wh == 0
    assert charges(tree, books) == {3: 0}


def test_what_a_tree_refuses() -> None:
    tree = Tree(GRID)
    tree.add(0)
    for number in range(1, MAX_DEPTH + 1):
        tree.add(number, number - 1, OPEN)
    assert tree.depth(MAX_DEPTH) == MAX_DEPTH == 8
    with pytest.raises(Refused, match="TooDeep") as deep:
        tree.add(100, MAX_DEPTH, OPEN)
    assert deep.value.reason == "TooDeep"
    with pytest.raises(Refused, match="UnknownArea"):
        tree.add(100, 99, OPEN)
    with pytest.raises(Refused, match="AreaTaken"):
        tree.add(3, 0, OPEN)
    # What is refused leaves the tree as it is.
    assert len(tree.areas) == MAX_DEPTH + 1
    assert [area.children for area in tree.areas.values()][-1] == []
    assert tree.areas[0].children == [1]
    tree.add(100, 0, OPEN)
    assert list(tree.above(MAX_DEPTH)) == list(reversed(range(MAX_DEPTH)))
    assert tree.upward()[0] == MAX_DEPTH
    assert tree.upward()[-1] == 0


def test_small_parts() -> None:
    assert level_bounds([(None, 5), ((100, 10), 3), ((90, 20), 1)]) == (89, 21)
    assert level_bounds([(None, 5)]) is None
    assert capped(BUY, {5: 10, 7: 3}, 5) == {7: 3, 5: 2}
    assert capped(SELL, {5: 10, 7: 3}, 0) == {}
    assert cut_of(SELL, {5: 10, 7: 3}, 0) is None
    assert cut_of(SELL, {5: 10, 7: 3}, 11) == Cut(7, 1, 3)
    with pytest.raises(AssertionError):
        cut_of(SELL, {5: 10, 7: 3}, 14)
    assert Grid(0, 1_000).shift(2_500) == 3
    assert Grid(0, 1_000).shift(0) == 0


# RANDOM TREES


def check_volumes(world: World, books: dict[int, Book], seen: Counter[str]) -> None:
    """Energy is conserved at each area and edge, and no limit is passed."""
    bought = sold = 0
    for number, area in world.tree.areas.items():
        book = books[number]
        up, down = crossing(book)
        matched = book.match.matched_wh
        if area.edge is not None:
            assert up <= area.edge.up_wh
            assert down <= area.edge.down_wh
            seen["edge full"] += up > 0 and up == area.edge.up_wh
        else:
            assert (up, down) == (0, 0)
        if area.feeder_wh is not None:
            assert matched <= area.feeder_wh
            seen["feeder full"] += matched > 0 and matched == area.feeder_wh
        if area.children:
            below = [crossing(books[child]) for child in area.children]
            assert sum(wh for wh, _ in below) == matched + up
            assert sum(wh for _, wh in below) == matched + down
            seen["level"] += matched > 0
            seen["above a level"] += matched > 0 and area.parent is not None
        else:
            fills = world.fills(number, book)
            members = list(zip(world.members[number], fills, strict=True))
            assert all(0 <= wh <= member.wh for member, wh in members)
            assert sum(wh for member, wh in members if member.side == SELL) == matched + up
            assert sum(wh for member, wh in members if member.side == BUY) == matched + down
            bought, sold = bought + matched + down, sold + matched + up
    assert bought == sold
    assert sold == sum(book.match.matched_wh for book in books.values())


def check_largest(world: World, books: dict[int, Book]) -> None:
    """At each area all is matched that its price allows, and its feeder."""
    for number, area in world.tree.areas.items():
        book = books[number]
        price = book.match.price_nano
        if price is None:
            assert book.match.matched_wh == 0
            continue
        buys = sum(takes_part(BUY, book.buys, GRID, price).values())
        sells = sum(takes_part(SELL, book.sells, GRID, price).values())
        limit = NO_LIMIT if area.feeder_wh is None else area.feeder_wh
        assert book.match.matched_wh == min(buys, sells, limit)


def check_sent(world: World, books: dict[int, Book]) -> None:
    """What is sent up took part and was not filled below, the best limits first."""
    for number, area in world.tree.areas.items():
        book = books[number]
        if book.sent is None or area.edge is None:
            continue
        step = GRID.shift(area.edge.charge_nano)
        price = book.match.price_nano
        sides = {side: book.side(side) for side in (BUY, SELL)}
        if price is not None:
            sides = {side: takes_part(side, sides[side], GRID, price) for side in sides}
        total = {side: sum(sides[side].values()) for side in sides}
        for side, other, most in ((BUY, SELL, area.edge.down_wh), (SELL, BUY, area.edge.up_wh)):
            able = sides[side]
            if area.feeder_wh is not None:
                most = min(most, max(total[side] - total[other], 0))
            # Wh by Wh, best first: those that are matched, then those that fit the edge.
            each = [t for t in sorted(able, reverse=side == BUY) for _ in range(able[t])]
            rest = each[book.match.matched_wh :]
            fits = [t for t in rest if (t >= step if side == BUY else t + step < TICKS)]
            assert book.sent.side(side) == Counter(fits[:most])


def check_money(world: World, books: dict[int, Book]) -> None:
    """What markets owe is what operators get, and what whole prices leave over."""
    wholes = {number: combined(books[number]) for number in world.members}
    owed = sum(whole.level_nano for whole in wholes.values())
    rest = left_over(world.tree, books)
    assert owed == sum(charges(world.tree, books).values()) + sum(rest.values())
    for number in books:
        whole = combined(books[number])
        assert 0 <= whole.rounding_nano <= max(whole.bought_wh + whole.sold_wh - 1, 0)
    for number, whole in wholes.items():
        paid = {BUY: 0, SELL: 0}
        for member, wh in zip(
            world.members[number], world.fills(number, books[number]), strict=True
        ):
            paid[member.side] += wh * (whole.buy_nano if member.side == BUY else whole.sell_nano)
        # The market takes in what it pays out, above and to its sellers.
        assert paid[BUY] == paid[SELL] + whole.level_nano + whole.rounding_nano


def check_members(world: World, books: dict[int, Book], seen: Counter[str]) -> None:
    """Nobody trades beyond his limit or tariff, charges included, and better limits go first."""
    for number, members in world.members.items():
        whole = combined(books[number])
        offers = world.market(number).offers
        fills = world.fills(number, books[number])
        for member, offer, wh, gain in zip(
            members, offers, fills, world.gains(number, books[number]), strict=True
        ):
            assert gain >= 0
            if not wh:
                continue
            if member.side == BUY:
                assert whole.buy_nano <= GRID.price(offer.tick) <= member.limit_nano
            else:
                assert whole.sell_nano >= GRID.price(offer.tick) >= member.limit_nano
            better = [
                other.wh == got
                for other, got in zip(offers, fills, strict=True)
                if other.side == offer.side
                and (other.tick > offer.tick if offer.side == BUY else other.tick < offer.tick)
            ]
            assert all(better)
            seen["rationed"] += wh < offer.wh
            seen["better first"] += bool(better)
            cut = whole.cut(member.side)
            assert cut is not None
            if offer.tick == cut.tick:
                assert abs(wh * cut.live_wh - offer.wh * cut.fill_wh) < cut.live_wh


@pytest.mark.property(9)
@pytest.mark.property(10)
@pytest.mark.property(11)
@pytest.mark.property(12)
@pytest.mark.property(31)
def test_random_trees(capsys: pytest.CaptureFixture[str]) -> None:
    seen: Counter[str] = Counter()
    for seed in range(TREES):
        world, islanded, skipped = random_case(seed)
        books = world.clear(islanded, skipped)
        check_volumes(world, books, seen)
        check_largest(world, books)
        check_sent(world, books)
        check_money(world, books)
        check_members(world, books, seen)
        seen["islanded or late"] += bool(islanded or skipped)
        assert all(crossing(books[number]) == (0, 0) for number in islanded)
        assert all(not books[number].match.matched_wh for number in skipped)
    with capsys.disabled():
        print(f"\n{TREES} trees: {dict(seen)}")
    for kind in (
        "level", "above a level", "edge full", "feeder full", "rationed", "better first",
        "islanded or late",
    ):  # fmt: skip
        assert seen[kind] >= TREES // 20, kind


def shuffled(world: World, rng: random.Random) -> World:
    members = {number: rng.sample(each, len(each)) for number, each in world.members.items()}
    return World(world.tree, members, world.k_ppm)


def test_what_goes_up_does_not_depend_on_the_order_of_offers() -> None:
    moved = 0
    for seed in range(TREES // 2):
        world, islanded, skipped = random_case(seed)
        books = world.clear(islanded, skipped)
        other = shuffled(world, random.Random(seed))
        again = other.clear(islanded, skipped)
        moved += other.members != world.members
        for number in world.tree.areas:
            assert books[number].sent == again[number].sent
            assert books[number].match == again[number].match
            assert combined(books[number]) == combined(again[number])
    assert moved > TREES // 4


def reordered(tree: Tree, rng: random.Random) -> Tree:
    """The same areas and edges, the children of each level in another order."""
    other = Tree(tree.grid)
    numbers = list(tree.areas)
    while numbers:
        number = rng.choice(numbers)
        area = tree.areas[number]
        if area.parent is None or area.parent in other.areas:
            other.add(number, area.parent, area.edge, k_ppm=area.k_ppm, feeder_wh=area.feeder_wh)
            numbers.remove(number)
    return other


def test_the_order_of_children_moves_odd_wh_only() -> None:
    """A level shares out to the Wh: a child gets at most one more or less, and of that and its own
    share a child of it less than two."""
    moved = most = 0
    for seed in range(TREES // 2):
        world, islanded, skipped = random_case(seed)
        books = world.clear(islanded, skipped)
        other = World(reordered(world.tree, random.Random(seed)), world.members, world.k_ppm)
        again = other.clear(islanded, skipped)
        for number, area in world.tree.areas.items():
            one, two = combined(books[number]), combined(again[number])
            # A level's own volume and what it sends up do not depend on the order at all.
            assert books[number].match == again[number].match
            assert books[number].sent == again[number].sent
            depth = world.tree.depth(number)
            for a, b in ((one.bought_wh, two.bought_wh), (one.sold_wh, two.sold_wh)):
                assert abs(a - b) <= max(2 * depth - 1, 0)
                most = max(most, abs(a - b))
            moved += not area.children and one != two
    assert moved > 0
    assert most <= 2


def test_members_of_a_world_are_at_their_tariff_unless_they_state_less() -> None:
    """The worlds of the bench: a limit beyond the tariff counts as the tariff."""
    assert Member(BUY, 1, 200_500, 20_000, 300_000).offer(0, GRID).tick == 200
    assert Member(BUY, 1, 200_500, 20_000, 100_999).offer(0, GRID).tick == 100
    assert Member(SELL, 1, 200_000, 20_001, 10_000).offer(0, GRID).tick == 21
    assert Member(SELL, 1, 200_000, 20_000, 90_001).offer(0, GRID).tick == 91
