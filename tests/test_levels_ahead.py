"""Levels above forward auctions against the best of one flat market; the committed figures."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from bench import levels_ahead as bench
from bench.levels import GRID, Member, World, optimum, random_world
from p2pchain.forward_levels import clear_tree
from p2pchain.levels import Tree
from p2pchain.model import Side
from tests.conftest import ROOT, campaign
from tests.test_levels_optimum import near_and_far

TREES = campaign(300, 20_000)


@pytest.mark.property(11)
@pytest.mark.property(31)
def test_welfare_is_never_above_the_optimum_and_nobody_loses() -> None:
    traded = equal = 0
    for seed in range(TREES):
        world = random_world(random.Random(seed), stated=random.Random(-seed).choice((0, 0.5, 1)))
        placed = bench.orders(world)
        books = clear_tree(world.tree, placed)
        levels, best = bench.welfare_nano(world, books, placed), optimum(world)
        assert 0 <= levels <= best + 1 + 1e-7 * best, seed
        for number in world.members:
            assert all(gain >= 0 for gain in bench.gains(world, books, placed, number)), seed
        traded += levels > 0
        equal += levels > 0 and best - levels <= 1 + 1e-7 * best
    assert traded >= TREES // 3
    assert TREES // 20 <= equal < traded


@pytest.mark.property(11)
def test_one_market_reaches_the_optimum() -> None:
    """Where all limits are ticks: at the price where most is traded nothing is lost."""
    for seed in range(TREES):
        rng = random.Random(seed)
        tree = Tree(GRID)
        tree.add(1)
        members = [
            Member(
                rng.choice(list(Side)), rng.randint(1, 400), 250_000, 0, 1_000 * rng.randint(1, 249)
            )
            for _ in range(8)
        ]
        world = World(tree, {1: members}, {1: 500_000})
        placed = bench.orders(world)
        levels = bench.welfare_nano(world, clear_tree(tree, placed), placed)
        assert abs(levels - optimum(world)) <= 1, seed


def test_a_trade_further_off_that_is_worth_more_is_lost() -> None:
    row = bench.lost([near_and_far()])
    assert (row["best"], row["levels"], row["lost_ppm"]) == (0.007, 0.005, 285_714)


def test_a_seller_who_asks_for_more_may_win() -> None:
    """And so may the only buyer: each limit sets the price, as is known of equilibrium(k)."""
    tree = Tree(GRID)
    tree.add(1)
    members = [Member(Side.SELL, 50, 150_000, 50_000), Member(Side.BUY, 50, 200_000, 50_000)]
    world = World(tree, {1: members}, {1: 500_000})
    filled, winners, honest_nano, more_nano = bench.lies(world, random.Random(1), tries=60)
    assert (filled, honest_nano) == (2, 50 * 150_000)
    assert winners == 2
    assert 0 < more_nano <= 50 * 150_000


def committed() -> dict[str, dict[str, Any]]:
    content = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    assert content["schema"] == 1
    return {"cases": content["cases"], "lies": content["lies"]}


@pytest.mark.capability("LVL-6")
def test_the_committed_figures_are_what_is_measured() -> None:
    kind = "random trees"
    assert bench.random_trees(kind) == committed()["cases"][kind]


def test_the_page_shows_the_committed_figures() -> None:
    page = (ROOT / "docs" / "levels.md").read_text(encoding="utf-8")
    expected = [
        f"| ahead, {name} | {row['best']:.2f} | {row['levels']:.2f} | {row['lost_ppm']:,} |"
        for name, row in committed()["cases"].items()
    ]
    for name, row in committed()["lies"].items():
        for where in ("tree", "alone"):
            one = row[where]
            expected.append(
                f"| lies, {name}, {where} | {one['members']:,} | {one['filled']:,} "
                f"| {one['would_win']:,} | {one['would_win_more_ppm']:,} |"
            )
    shown = [line for line in page.splitlines() if line.startswith(("| ahead,", "| lies,"))]
    assert shown == expected
