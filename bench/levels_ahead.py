"""What clearing level by level costs ahead, and what a misstated limit wins there:
`python -m bench.levels_ahead`.

The worlds are those of `bench.levels`; here every member orders what he will use or give, at what
it is worth to him, as if he could tell beforehand. Welfare is measured in the same way, against the
same linear program. It loses where an area matches its own first, and where limits are rounded to
ticks.

The price of `equilibrium(k)` follows from limits, so a member may win by stating another one than
his own. `lies` tries some for each member while all others state theirs, and takes the best of
them: what somebody could win who knew all orders. In the tree, and where markets send
nothing up, so that each is alone.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.levels import (
    CASES,
    DAYS,
    ENDS,
    FIRST_DAY,
    MIDDLE,
    TREES,
    World,
    measured_worlds,
    optimum,
    random_world,
)
from p2pchain.forward_levels import Book, clear_tree, crossing, trades
from p2pchain.matching import Offer
from p2pchain.model import TICKS, Side

RESULTS = Path(__file__).parent / "results" / "levels_ahead.json"
LIES = 8
"""Other limits that are tried for each member."""
KINDS: dict[str, dict[str, Any]] = {
    "random trees": {"ks": MIDDLE, "stated": 1.0},
    "random trees, prices at the end of their range": {"ks": ENDS, "stated": 1.0},
}

Orders = dict[int, list[Offer]]


def orders(world: World) -> Orders:
    """Return what everybody orders, at the limit that is his own."""
    return {number: world.offers(number) for number in world.members}


def gains(world: World, books: Mapping[int, Book], placed: Orders, number: int) -> list[int]:
    """Return what each member of a market wins by what was filled, at his own limit."""
    found = []
    for member, fills in zip(
        world.members[number], trades(books[number], placed[number]), strict=True
    ):
        sign = 1 if member.side == Side.BUY else -1
        found.append(sum(sign * lots * (member.limit_nano - price) for lots, price in fills))
    return found


def welfare_nano(world: World, books: Mapping[int, Book], placed: Orders) -> int:
    """Return the welfare of what was filled, less the charges of the edges that it crosses."""
    total = 0
    for number, area in world.tree.areas.items():
        if area.edge is not None:
            total -= sum(crossing(books[number])) * area.edge.charge_nano
    for number in world.members:
        filled = trades(books[number], placed[number])
        total += world.worth_nano(number, [sum(lots for lots, _ in fills) for fills in filled])
    return total


def lost(worlds: Sequence[World]) -> dict[str, Any]:
    """Return the welfare of one flat market and level by level, in currency, and what is lost."""
    best, levels = 0.0, 0
    for world in worlds:
        placed = orders(world)
        best += optimum(world)
        levels += welfare_nano(world, clear_tree(world.tree, placed), placed)
    return {
        "slots": len(worlds),
        "best": round(best / 1e9, 4),
        "levels": round(levels / 1e9, 4),
        "lost_ppm": round((best - levels) / best * 1e6),
    }


def random_trees(kind: str) -> dict[str, Any]:
    """Return the row of a kind of random trees."""
    rng = random.Random(20161126)
    return lost([random_world(rng, **KINDS[kind]) for _ in range(TREES)])


def lies(
    world: World, rng: random.Random, tries: int = LIES, *, alone: bool = False
) -> tuple[int, int, int, int]:
    """Return how many members are filled, how many of all would win more by some other limit, what
    all win at their own, and what those would win more; `alone`: nothing is sent up."""
    islanded = world.members if alone else ()
    placed = orders(world)
    honest_books = clear_tree(world.tree, placed, islanded=islanded)
    filled = winners = honest_nano = more_nano = 0
    for number in world.members:
        honest = gains(world, honest_books, placed, number)
        filled += sum(gain > 0 for gain in honest)
        honest_nano += sum(honest)
        for place, offer in enumerate(placed[number]):
            if not offer.wh:
                continue
            best = honest[place]
            for _ in range(tries):
                near = max(0, min(TICKS - 1, offer.tick + rng.randint(-6, 6)))
                tick = rng.choice((near, near, rng.randrange(TICKS)))
                told = {**placed, number: list(placed[number])}
                told[number][place] = replace(offer, tick=tick)
                books = clear_tree(world.tree, told, islanded=islanded)
                best = max(best, gains(world, books, told, number)[place])
            winners += best > honest[place]
            more_nano += best - honest[place]
    return filled, winners, honest_nano, more_nano


def manipulation(kind: str, trees: int) -> dict[str, Any]:
    """Return the row of a kind of random trees: in the tree, and each market alone."""
    row: dict[str, Any] = {"trees": trees, "tries": LIES}
    for where in ("tree", "alone"):
        rng = random.Random(20161127)
        sums = [0, 0, 0, 0]
        members = 0
        for _ in range(trees):
            world = random_world(rng, **KINDS[kind])
            members += sum(len(found) for found in world.members.values())
            found = lies(world, random.Random(members), alone=where == "alone")
            sums = [a + b for a, b in zip(sums, found, strict=True)]
        row[where] = {
            "members": members,
            "filled": sums[0],
            "would_win": sums[1],
            "would_win_more_ppm": round(sums[3] / sums[2] * 1e6),
        }
    return row


def measure() -> dict[str, Any]:
    """Return both tables."""
    cases = {kind: random_trees(kind) for kind in KINDS}
    for case in CASES:
        cases[case.name] = lost(list(measured_worlds(case, FIRST_DAY, DAYS)))
    return {
        "schema": 1,
        "cases": cases,
        "lies": {kind: manipulation(kind, TREES) for kind in KINDS},
    }


def main() -> int:
    content = measure()
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for table in ("cases", "lies"):
        for name, row in content[table].items():
            print(name, row)
    return 0


if __name__ == "__main__":
    sys.exit(main())
