"""What clearing level by level costs against one flat market: `python -m bench.levels`.

Welfare is what all bought energy is worth (the limit of who buys it: unless he states another, the
retail price that it saves), less what all sold energy is worth (the limit of who sells it, in the
same way the feed-in price that it gives up), less the charges of the edges that it crosses.
The best of it, over one market of the whole tree with the same charges and limits, is a linear
program (`optimum`). What is missing from it level by level is split by reason, each program
allowing less than the one before:

- *no auction*: an area whose lowest retail price is not above its highest feed-in price has no
  price;
- *price*: the price of an area follows from tariffs alone; a limit that is stated may be on the
  wrong side of it, there or, since only who took part is sent up, in an area below;
- *ticks*: limits and charges are rounded to ticks, and then miss the price;
- *near first*: what is left. An area matches its own first, though a trade further off may be worth
  more, and at one level all are served by limit and not by where else they could go.
"""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import highspy

from p2pchain.data import load_microgrids
from p2pchain.levels import (
    Book,
    Edge,
    Grid,
    Market,
    Tree,
    charges,
    clear,
    combined,
    member_fills,
)
from p2pchain.matching import Offer, buy_tick_down, reference_bounds, sell_tick_up
from p2pchain.model import TICKS, Side

RESULTS = Path(__file__).parent / "results" / "levels.json"
GRID = Grid(0, 1_000)
NO_LIMIT = 2**32 - 1
TREES = 500
FIRST_DAY, DAYS = "2016-11-07", 21
MIDDLE, ENDS = (300_000, 500_000, 700_000), (0, 1_000_000)
REASONS = ("no auction", "price", "ticks", "near first")


@dataclass(frozen=True, slots=True)
class Member:
    """A member in one slot: his tariff, what he offers, and the limit that he states, if any."""

    side: Side
    wh: int
    retail_nano: int
    feed_in_nano: int
    stated_nano: int | None = None

    @property
    def limit_nano(self) -> int:
        """His limit: what he states, never beyond his tariff."""
        if self.side == Side.BUY:
            return min(self.retail_nano, self.stated_nano or self.retail_nano)
        return max(self.feed_in_nano, self.stated_nano or self.feed_in_nano)

    def offer(self, place: int, grid: Grid) -> Offer:
        """Return his offer, his limit rounded inward."""
        inward = buy_tick_down if self.side == Side.BUY else sell_tick_up
        tick = inward(self.limit_nano, grid.floor_nano, grid.tick_nano)
        return Offer(place, self.side, tick or 0, self.wh if tick is not None else 0)

    def gain_nano(self, wh: int, buy_nano: int, sell_nano: int) -> int:
        """Return what a fill saves him against his supplier alone."""
        if self.side == Side.BUY:
            return wh * (self.retail_nano - buy_nano)
        return wh * (sell_nano - self.feed_in_nano)


@dataclass(slots=True)
class World:
    """A tree with the members of its markets, in one slot."""

    tree: Tree
    members: dict[int, list[Member]]
    k_ppm: dict[int, int]

    def market(self, number: int) -> Market:
        """Return what a market offers, and the price of its own auction."""
        members = self.members[number]
        bounds = reference_bounds((m.retail_nano, m.feed_in_nano) for m in members)
        price = None
        if bounds is not None and bounds[0] > bounds[1]:
            price = bounds[1] + self.k_ppm[number] * (bounds[0] - bounds[1]) // 1_000_000
        return Market(bounds, self.offers(number), price)

    def offers(self, number: int) -> list[Offer]:
        """Return what the members of a market offer, each at his own limit."""
        members = enumerate(self.members[number])
        return [member.offer(place, self.tree.grid) for place, member in members]

    def clear(self, islanded: Iterable[int] = (), skipped: Iterable[int] = ()) -> dict[int, Book]:
        """Return the books of all areas."""
        markets = {number: self.market(number) for number in self.members}
        return clear(self.tree, markets, islanded=islanded, skipped=skipped)

    def fills(self, number: int, book: Book) -> list[int]:
        """Return what each member of a market gets, in Wh."""
        return member_fills(combined(book), self.offers(number))

    def gains(self, number: int, book: Book) -> list[int]:
        """Return what each member of a market saves against his supplier alone."""
        whole = combined(book)
        return [
            member.gain_nano(wh, whole.buy_nano, whole.sell_nano)
            for member, wh in zip(self.members[number], self.fills(number, book), strict=True)
        ]

    def welfare_nano(self, books: Mapping[int, Book]) -> int:
        """Return the welfare of what has been filled."""
        worth = sum(self.worth_nano(n, self.fills(n, books[n])) for n in self.members)
        return worth - sum(charges(self.tree, books).values())

    def worth_nano(self, number: int, fills: Sequence[int]) -> int:
        """Return what Wh of its members are worth to a market, what is sold taken off."""
        return sum(
            wh * member.limit_nano * (1 if member.side == Side.BUY else -1)
            for member, wh in zip(self.members[number], fills, strict=True)
        )


def random_world(
    rng: random.Random,
    *,
    most_wh: int = 400,
    ks: Sequence[int] = (*MIDDLE, *ENDS),
    stated: float = 0.0,
) -> World:
    """Return a tree of up to four levels of edges, with few suppliers, so that levels do trade; a
    share of the members states a limit of its own."""
    tree = Tree(GRID)
    suppliers = [
        (rng.randrange(150_000, 250_000), rng.randrange(20_000, 140_000))
        for _ in range(rng.randint(1, 3))
    ]
    if rng.random() < 0.1:
        suppliers.append((rng.randrange(60_000, 120_000), rng.randrange(20_000, 200_000)))
    depth = rng.choice((1, 2, 2, 3, 4))
    leaves: list[int] = []

    def limit() -> int:
        return rng.choice((0, most_wh // 4, most_wh, *[NO_LIMIT] * 5))

    def grow(parent: int | None, level: int) -> None:
        number = len(tree.areas) + 1
        edge = Edge(rng.choice((0, 500, 1_000, 2_500, 7_000)), limit(), limit())
        feeder = rng.choice((None, None, None, most_wh // 2, most_wh))
        tree.add(number, parent, edge if parent else None, k_ppm=rng.choice(ks), feeder_wh=feeder)
        if level == depth or (level and rng.random() < 0.2):
            leaves.append(number)
            return
        for _ in range(rng.randint(1, 3)):
            grow(number, level + 1)

    grow(None, 0)
    members: dict[int, list[Member]] = {}
    for number in leaves:
        known = rng.sample(suppliers, rng.randint(1, min(2, len(suppliers))))
        members[number] = [
            Member(
                rng.choice(list(Side)),
                rng.randint(1, most_wh),
                *rng.choice(known),
                rng.randrange(20_000, 250_000) if rng.random() < stated else None,
            )
            for _ in range(rng.randint(0, 6))
        ]
    return World(tree, members, {number: rng.choice(ks) for number in leaves})


# THE BEST OF ONE FLAT MARKET


def _solver() -> highspy.Highs:
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    return solver


def _optimum_of(solver: highspy.Highs) -> float:
    solver.run()
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(solver.getObjectiveValue())


def optimum(world: World) -> float:
    """Return the most welfare that any flows over the tree could have, in nano-currency.

    Flows balance at every area; what crosses an edge is bounded in each direction, and what is
    turned round in an area (sold below it or in it, and not passed on) by its feeder.
    """
    solver = _solver()
    zero = solver.addVariable(lb=0, ub=0)
    ups, downs = {}, {}
    for number, area in world.tree.areas.items():
        edge = area.edge or Edge(0, 0, 0)
        ups[number] = solver.addVariable(lb=0, ub=edge.up_wh, obj=-edge.charge_nano)
        downs[number] = solver.addVariable(lb=0, ub=edge.down_wh, obj=-edge.charge_nano)
    for number, area in world.tree.areas.items():
        sold = [ups[child] for child in area.children]
        bought = [downs[child] for child in area.children]
        for member in world.members.get(number, ()):
            sign, side = (1, bought) if member.side == Side.BUY else (-1, sold)
            side.append(solver.addVariable(lb=0, ub=member.wh, obj=sign * member.limit_nano))
        turned = sum(sold, zero - ups[number])
        solver.addConstr(turned - sum(bought, zero - downs[number]) == 0)
        solver.addConstr(turned >= 0)
        if area.feeder_wh is not None:
            solver.addConstr(turned <= area.feeder_wh)
    return _optimum_of(solver)


@dataclass(frozen=True, slots=True)
class Lot:
    """What the members of a market with one worth and one limit offer together."""

    market: int
    side: Side
    tick: int
    worth_nano: int
    wh: int


@dataclass(frozen=True, slots=True)
class Way:
    """A lot's way to the area where it would be traded: whether its limit allows the prices of all
    areas on the way, and there; and whether it does so rounded to ticks."""

    lot: Lot
    area: int
    edges: tuple[int, ...]
    allows: bool
    allows_in_ticks: bool


Allowed = Callable[[Way, Way], bool]


def _lots(world: World) -> list[Lot]:
    sums: dict[tuple[int, Side, int, int], int] = defaultdict(int)
    for number, members in world.members.items():
        for place, member in enumerate(members):
            offer = member.offer(place, world.tree.grid)
            sums[number, member.side, offer.tick, member.limit_nano] += offer.wh
    return [Lot(*key, wh) for key, wh in sums.items() if wh]


def _ways(world: World, lot: Lot, prices: Mapping[int, int | None]) -> Iterator[Way]:
    """Yield a lot's ways to its own market, and to each area above it."""
    tree = world.tree
    # As if all were buys: a sell is one at the negative price.
    sign = 1 if lot.side == Side.BUY else -1
    edges: tuple[int, ...] = ()
    limit, tick = lot.worth_nano, lot.tick
    allows = in_ticks = True
    for number in (lot.market, *tree.above(lot.market)):
        price = prices[number]
        in_ticks &= 0 <= tick < TICKS
        if price is not None:
            allows &= sign * limit >= sign * price
            in_ticks &= sign * tree.grid.price(tick) >= sign * price
        yield Way(lot, number, edges, allows, in_ticks)
        edge = tree.areas[number].edge
        if edge is None:
            return
        edges = (*edges, number)
        limit -= sign * edge.charge_nano
        tick -= sign * tree.grid.shift(edge.charge_nano)


def restricted(world: World, prices: Mapping[int, int | None], allowed: Allowed) -> float:
    """Return the most welfare of trades between two lots in an area above both, where allowed."""
    solver = _solver()
    bounds: dict[object, int] = {}
    uses: dict[object, list[Any]] = defaultdict(list)
    ways: dict[tuple[int, Side], list[Way]] = defaultdict(list)
    for lot in _lots(world):
        bounds[lot] = lot.wh
        for way in _ways(world, lot, prices):
            ways[way.area, lot.side].append(way)
    for number, area in world.tree.areas.items():
        if area.edge is not None:
            bounds[number, Side.SELL] = area.edge.up_wh
            bounds[number, Side.BUY] = area.edge.down_wh
        if area.feeder_wh is not None:
            bounds[number] = area.feeder_wh
        for buy in ways[number, Side.BUY]:
            for sell in ways[number, Side.SELL]:
                if not allowed(buy, sell):
                    continue
                crossed = [(edge, way.lot.side) for way in (buy, sell) for edge in way.edges]
                worth = buy.lot.worth_nano - sell.lot.worth_nano
                for edge, _ in crossed:
                    worth -= getattr(world.tree.areas[edge].edge, "charge_nano", 0)
                trade = solver.addVariable(lb=0, obj=worth)
                for key in (buy.lot, sell.lot, number, *crossed):
                    uses[key].append(trade)
    for key, trades in uses.items():
        if key in bounds:
            solver.addConstr(sum(trades[1:], trades[0] + 0) <= bounds[key])
    return _optimum_of(solver) if uses else 0.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Welfare of one flat market, level by level, and what is missing by reason, in nano."""

    best_nano: float
    levels_nano: int
    lost_nano: tuple[float, ...]


def cost_of(world: World) -> Cost:
    """Return what clearing a world level by level costs, and why."""
    sides = {member.side for members in world.members.values() for member in members if member.wh}
    if len(sides) < 2:
        return Cost(0.0, 0, (0.0,) * len(REASONS))
    books = world.clear()
    prices = {number: book.match.price_nano for number, book in books.items()}
    steps: list[Allowed] = [
        lambda buy, sell: prices[buy.area] is not None,
        lambda buy, sell: prices[buy.area] is not None and buy.allows and sell.allows,
        lambda buy, sell: (
            prices[buy.area] is not None and buy.allows_in_ticks and sell.allows_in_ticks
        ),
    ]
    level = world.welfare_nano(books)
    best = optimum(world)
    chain = [best, *(restricted(world, prices, step) for step in steps), level]
    lost = tuple(a - b for a, b in pairwise(chain))
    return Cost(best, level, lost)


# MEASURED HOMES

#: Retail price in percent of the measured sheet, and feed-in price, of three suppliers.
OWN = ((100, 115, 90), (40_000, 70_000, 50_000))


@dataclass(frozen=True, slots=True)
class Case:
    """The three measured microgrids under charges, limits and tariffs that are assumed.

    `scales_percent` is each microgrid's retail price against the measured sheet, `feed_in_nano`
    what its supplier pays.
    """

    name: str
    area_nano: int
    cell_nano: int
    limit_wh: int = NO_LIMIT
    scales_percent: tuple[int, int, int] = (100, 100, 100)
    feed_in_nano: tuple[int, int, int] | None = None


CASES = (
    Case("one supplier, charges rise", 5_000, 10_000),
    Case("one supplier, 2 kWh an edge", 5_000, 10_000, 2_000),
    Case("three suppliers, no charges", 0, 0, NO_LIMIT, *OWN),
    Case("three suppliers, charges rise", 5_000, 10_000, NO_LIMIT, *OWN),
    Case("three suppliers, charges between ticks", 5_300, 10_700, NO_LIMIT, *OWN),
    Case("three suppliers, 2 kWh an edge", 5_000, 10_000, 2_000, *OWN),
)


def three_microgrids(case: Case) -> Tree:
    """Return the tree: 1 is all, 2 the CELL of markets 4 and 5, 3 that of market 6."""
    tree = Tree(Grid(0, 2_500))  # up to the dearest hour
    tree.add(1)
    for cell in (2, 3):
        tree.add(cell, 1, Edge(case.cell_nano, case.limit_wh, case.limit_wh))
    for market, cell in ((4, 2), (5, 2), (6, 3)):
        tree.add(market, cell, Edge(case.area_nano, case.limit_wh, case.limit_wh))
    return tree


def measured_worlds(case: Case, first: str, days: int) -> Iterator[World]:
    """Yield the measured slots of a case, one world each."""
    grids = load_microgrids(first, days)
    tree = three_microgrids(case)
    for place in range(len(grids[0].community.slots)):
        members: dict[int, list[Member]] = {}
        for number, grid, percent in zip((4, 5, 6), grids, case.scales_percent, strict=True):
            data = grid.community
            retail = data.retail_nano[place] * percent // 100
            feed_in = case.feed_in_nano[number - 4] if case.feed_in_nano else data.feed_in_nano
            members[number] = [
                Member(side, wh, retail, feed_in)
                for home in data.homes
                for side, wh in (
                    (Side.BUY, home.import_wh[place]),
                    (Side.SELL, home.export_wh[place]),
                )
            ]
        yield World(tree, members, dict.fromkeys(members, 500_000))


# THE TABLE


def summary(costs: Sequence[Cost]) -> dict[str, Any]:
    """Return the sums over worlds: welfare in currency, and lost parts per million by reason."""
    best = sum(cost.best_nano for cost in costs)
    return {
        "slots": len(costs),
        "slots_with_trade": sum(cost.best_nano > 1 for cost in costs),
        "slots_without_loss": sum(cost.best_nano - cost.levels_nano < 1 for cost in costs),
        "best": round(best / 1e9, 4),
        "levels": round(sum(cost.levels_nano for cost in costs) / 1e9, 4),
        "lost_ppm": {
            reason: round(sum(cost.lost_nano[place] for cost in costs) / best * 1e6)
            for place, reason in enumerate(REASONS)
        },
    }


RANDOM: dict[str, dict[str, Any]] = {
    "random trees": {"ks": MIDDLE},
    "random trees, half with limits of their own": {"ks": MIDDLE, "stated": 0.5},
    "random trees, prices at the end of their range": {"ks": ENDS},
}


def random_trees(name: str, trees: int) -> dict[str, Any]:
    """Return the row of a kind of random trees."""
    rng = random.Random(20161126)
    return summary([cost_of(random_world(rng, **RANDOM[name])) for _ in range(trees)])


def measure() -> dict[str, Any]:
    """Return the table: random trees, and the measured microgrids on their common days."""
    table = {name: random_trees(name, TREES) for name in RANDOM}
    for case in CASES:
        worlds = measured_worlds(case, FIRST_DAY, DAYS)
        table[case.name] = summary([cost_of(world) for world in worlds])
    return {"schema": 1, "cases": table}


def main() -> int:
    content = measure()
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for name, row in content["cases"].items():
        print(name, row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
