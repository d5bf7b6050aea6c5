"""Forward levels: one slot by hand, and on random trees what must hold whatever is ordered."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

import pytest

from p2pchain import matching
from p2pchain.forward_levels import (
    Book,
    Part,
    Sides,
    clear,
    clear_tree,
    crossing,
    level_volumes,
    owed_nano,
    trades,
    unpack_part,
)
from p2pchain.levels import Edge, Grid, Tree
from p2pchain.matching import Offer
from p2pchain.model import TICKS, Side
from tests.conftest import campaign

TREES = campaign(600, 30_000)
GRID = Grid(floor_nano=-20_000, tick_nano=1_000)
NO_LIMIT = 2**32 - 1
OPEN = Edge(0, NO_LIMIT, NO_LIMIT)
BUY, SELL = Side.BUY, Side.SELL


def orders(*known: tuple[Side, int, int]) -> list[Offer]:
    return [Offer(n, *order) for n, order in enumerate(known)]


@dataclass
class Case:
    """A tree with what is ordered in its markets, and which areas are cut off or late."""

    tree: Tree
    markets: dict[int, list[Offer]]
    lot_wh: int
    islanded: list[int]
    skipped: list[int]


def random_case(seed: int) -> Case:
    rng = random.Random(seed)
    tree, most = Tree(GRID), rng.choice((6, 300))
    depth, spread = rng.choice((1, 2, 2, 3, 4)), rng.choice((3, 12, 120))
    lot_wh = rng.choice((1, 1, 7))
    leaves: list[int] = []

    def limit() -> int:
        return rng.choice((0, most // 4, most, most * lot_wh, *[NO_LIMIT] * 5))

    def grow(parent: int | None, level: int) -> None:
        number = len(tree.areas) + 1
        edge = Edge(rng.choice((0, 0, 1, 999, 1_000, 2_500)), limit(), limit())
        feeder = rng.choice((None, None, None, 0, most // 2, most * lot_wh))
        k_ppm = rng.choice((0, 333_333, 500_000, 1_000_000))
        tree.add(number, parent, edge if parent else None, k_ppm=k_ppm, feeder_wh=feeder)
        if level == depth or (level and rng.random() < 0.2):
            leaves.append(number)
            return
        for _ in range(rng.randint(1, 3)):
            grow(number, level + 1)

    grow(None, 0)
    middle = rng.choice((2, 100, 253))
    markets = {}
    for number in leaves:
        count = rng.randint(0, 7)
        markets[number] = [
            Offer(
                n,
                rng.choice(list(Side)),
                min(max(middle + rng.randint(-spread, spread), 0), TICKS - 1),
                rng.randint(1, most),
            )
            for n in range(count)
        ]
    odd = rng.random() < 0.3
    islanded = [number for number in tree.areas if odd and rng.random() < 0.2]
    levels = [number for number, area in tree.areas.items() if area.children]
    skipped = [number for number in levels if odd and rng.random() < 0.2]
    return Case(tree, markets, lot_wh, islanded, skipped)


# BY HAND


def test_each_level_keeps_its_own_price() -> None:
    """A home is filled at three prices: next door, one level up, two levels up less the charges."""
    tree = Tree(Grid(0, 1_000))
    tree.add(1)
    tree.add(2, 1, Edge(3_000, NO_LIMIT, NO_LIMIT))
    tree.add(3, 2, Edge(1_500, NO_LIMIT, NO_LIMIT))
    tree.add(4, 2, OPEN)
    tree.add(5, 1, OPEN)
    sun = orders((SELL, 50, 100), (BUY, 60, 30))
    books = clear_tree(
        tree, {3: sun, 4: orders((BUY, 70, 25)), 5: orders((BUY, 80, 20), (SELL, 90, 5))}
    )
    # Next door lo = 50 (the rest of the sun), hi = 50: it is not filled wholly.
    assert books[3].result.price_nano == 50_000
    # One level up the sun asks 52, two ticks for a charge of one and a half.
    assert books[2].parts == [
        Part(BUY, 52_000, 70, 25, 25, 25),
        Part(SELL, 52_000, 52, 25, 70, 25),
        Part(SELL, 52_000, 52, 20, 45, 20, edges=1),
    ]
    assert trades(books[3], sun) == [
        [(30, 50_000), (25, 50_500), (20, 50_500)],
        [(30, 50_000)],
    ]
    assert crossing(books[3]) == (45, 0)
    assert crossing(books[2]) == (20, 0)
    assert trades(books[5], [Offer(0, BUY, 80, 20)])[0] == [(20, 55_000)]


def test_a_feeder_cuts_the_worst_of_both_sides_at_the_price_of_all() -> None:
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1, OPEN, feeder_wh=40)
    tree.add(3, 1, OPEN)
    known = orders((SELL, 50, 30), (SELL, 60, 70), (BUY, 90, 25), (BUY, 80, 75), (BUY, 40, 9))
    books = clear_tree(tree, {2: known, 3: orders((SELL, 45, 500))})
    uncut = clear(books[2].volumes, 500_000, GRID)
    assert (books[2].matched, uncut.matched) == (40, 100)
    price = uncut.result.price_nano
    assert [sum(lots for lots, _ in of) for of in trades(books[2], known)] == [30, 10, 25, 75, 0]
    assert trades(books[2], known)[1] == [(10, price)]
    assert trades(books[2], known)[3][0] == (15, price)
    # No room is left to let anything back in, so its sells stay and only the buys, now the longer
    # side, go up.
    assert books[2].sent == {BUY: {80: 60, 40: 9}, SELL: {}}


def test_what_is_used_up_is_shared_by_what_each_has_left() -> None:
    """Three stand at one limit with 10 each; their own auction takes 7 of 30, the level 11 more."""
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1, OPEN)
    tree.add(3, 1, OPEN)
    known = orders((SELL, 50, 10), (SELL, 50, 10), (SELL, 50, 10), (BUY, 60, 7))
    books = clear_tree(tree, {2: known, 3: orders((BUY, 70, 11))})
    own = [of[0][0] for of in trades(books[2], known)]
    assert own == [2, 2, 3, 7]
    # 8, 8 and 7 of 23: 88 // 23, 176 // 23 - 3, 253 // 23 - 7.
    assert [of[1][0] for of in trades(books[2], known)[:3]] == [3, 4, 4]


def test_an_edge_carries_its_best_lots_and_a_late_level_is_passed_over() -> None:
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1, OPEN)
    tree.add(3, 2, Edge(0, 50, NO_LIMIT))
    tree.add(4, 2, OPEN)
    tree.add(5, 1, OPEN)
    markets = {3: orders((SELL, 50, 70), (SELL, 40, 20)), 4: orders((BUY, 60, 90)), 5: []}
    books = clear_tree(tree, markets, lot_wh=3)
    assert books[3].sent == {SELL: {40: 16}, BUY: {}}
    assert crossing(books[3]) == (16, 0)
    late = clear_tree(tree, markets, skipped=[2])
    assert not any(book.parts for book in late.values())
    assert clear_tree(tree, markets, islanded=[3])[2].parts == []


def test_words_of_parts() -> None:
    part = Part(SELL, -123_456, 255, 2**48 - 1, 2**48 - 1, 2**48 - 2, edges=8)
    assert unpack_part(part.pack(7)) == (7, part)


# AT RANDOM


@pytest.mark.property(9)
@pytest.mark.property(10)
@pytest.mark.capability("LVL-1")
@pytest.mark.capability("LVL-2")
@pytest.mark.capability("LVL-3")
def test_limits_volumes_money_and_prices_hold_on_random_trees() -> None:
    seen: Counter[str] = Counter()
    for seed in range(TREES):
        case = random_case(seed)
        tree, lot_wh = case.tree, case.lot_wh
        books = clear_tree(tree, case.markets, lot_wh, islanded=case.islanded, skipped=case.skipped)
        owed = bought = sold = 0
        for number, known in case.markets.items():
            found = trades(books[number], known)
            for order, of in zip(known, found, strict=True):
                limit, sign = GRID.price(order.tick), 1 if order.side == BUY else -1
                assert sum(lots for lots, _ in of) <= order.wh, seed
                for lots, price in of:
                    assert sign * (price - limit) <= 0, (seed, number, order, of)
                    owed += sign * lots * price * lot_wh
                    bought += lots * (order.side == BUY)
                    sold += lots * (order.side == SELL)
                seen["filled at several prices"] += len({price for _, price in of}) > 1
            parts = books[number].parts
            for place, part in enumerate(parts):
                assert part.lots > 0
                seen["rationed"] += part.is_rationed
                seen["far"] += part.edges > 1
                seen["own"] += part.edges == 0
                assert 0 < part.fill <= part.left, (seed, place)
            filled = [sum(lots for lots, _ in of) for of in found]
            own = [0 if books[number].is_cut else wh for wh in matching.fills(
                books[number].result, known)]  # fmt: skip
            for side in Side:
                more = sum(
                    f - o for f, o, k in zip(filled, own, known, strict=True) if k.side == side
                )
                assert more == sum(part.lots for part in parts if part.side == side), seed
            seen["owing"] += owed_nano(parts, lot_wh) != 0
        assert bought == sold, seed
        assert owed == _charged(case, books), seed
        _assert_limits(case, books, seen)
    for what in ("filled at several prices", "rationed", "far", "own", "owing", "at a limit"):
        assert seen[what] >= TREES // 20, (what, seen)


def _charged(case: Case, books: dict[int, Book]) -> int:
    """What crosses each edge pays its charge."""
    charged = 0
    for number, area in case.tree.areas.items():
        if area.edge is not None:
            up, down = crossing(books[number])
            charged += (up + down) * area.edge.charge_nano * case.lot_wh
    return charged


def _assert_limits(case: Case, books: dict[int, Book], seen: Counter[str]) -> None:
    for number, area in case.tree.areas.items():
        book = books[number]
        up, down = crossing(book)
        if area.edge is not None:
            assert up * case.lot_wh <= area.edge.up_wh
            assert down * case.lot_wh <= area.edge.down_wh
            tight = area.edge.up_wh - up * case.lot_wh < case.lot_wh
            seen["at a limit"] += bool(up) and tight
        if area.feeder_wh is not None:
            inside = book.matched + min(up, down)
            assert inside * case.lot_wh <= area.feeder_wh


@pytest.mark.capability("LVL-1")
def test_one_level_without_charges_is_one_auction_of_all() -> None:
    """Markets whose own sides do not cross: the level is the auction of all their orders."""
    rng = random.Random(11)
    traded = 0
    for _ in range(TREES):
        tree = Tree(GRID)
        tree.add(1, k_ppm=rng.choice((0, 333_333, 1_000_000)))
        markets = {}
        for number in (2, 3, 4):
            tree.add(number, 1, OPEN)
            side = rng.choice(list(Side))
            count = rng.randint(0, 4)
            markets[number] = orders(
                *((side, rng.randint(90, 110), rng.randint(1, 30)) for _ in range(count))
            )
        books = clear_tree(tree, markets)
        together = [order for known in markets.values() for order in known]
        result = matching.equilibrium(
            together, tree.areas[1].k_ppm, GRID.floor_nano, GRID.tick_nano
        )
        assert books[1].matched == result.matched_wh == _most(together)
        prices = {
            price
            for number, known in markets.items()
            for of in trades(books[number], known)
            for _, price in of
        }
        assert prices == ({result.price_nano} if result.traded else set())
        traded += result.traded
    assert traded > TREES // 4


def _most(known: list[Offer]) -> int:
    """The largest volume at one price, tried out at every tick."""
    return max(
        min(
            sum(order.wh for order in known if order.side == BUY and order.tick >= tick),
            sum(order.wh for order in known if order.side == SELL and order.tick <= tick),
        )
        for tick in range(TICKS)
    )


def test_levels_add_up_what_their_children_have_sent() -> None:
    for seed in range(TREES // 4):
        case = random_case(seed)
        books = clear_tree(case.tree, case.markets, case.lot_wh)
        for area in case.tree.areas.values():
            for child in area.children:
                sent = books[child].sent
                if sent is None:
                    continue
                up, down = crossing(books[child])
                assert up <= sum(sent[SELL].values())
                assert down <= sum(sent[BUY].values())
        below: list[tuple[Sides, int]] = [({BUY: {5: 1}, SELL: {7: 2}}, 1_500)]
        assert level_volumes(below * 2, GRID) == {BUY: {3: 2}, SELL: {9: 4}}
