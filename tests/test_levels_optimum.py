"""Level by level against the best of one flat market, as linear programs; the committed figures."""

from __future__ import annotations

import json
import random

import pytest

from bench import levels as bench
from bench.levels import GRID, NO_LIMIT, Cost, Member, World, cost_of, optimum, restricted
from p2pchain.levels import Edge, Tree
from p2pchain.model import Side
from tests.conftest import ROOT, campaign

TREES = campaign(150, 20_000)


def close(a: float, b: float) -> bool:
    return abs(a - b) <= 1 + 1e-7 * max(abs(a), abs(b))


def one_supplier(rng: random.Random) -> World:
    """A random tree whose members have one supplier, its markets equally deep and its feeders
    without limits: a charge for each level, in whole ticks, none above that of the next one."""
    world = bench.random_world(rng, ks=(500_000,))
    while len({world.tree.depth(number) for number in world.members}) > 1:
        world = bench.random_world(rng, ks=(500_000,))
    rising = sorted((rng.randrange(12) * 1_000 for _ in range(4)), reverse=True)
    for number, area in world.tree.areas.items():
        if area.edge is not None:
            charge = rising[world.tree.depth(number) - 1]
            area.edge = Edge(charge, area.edge.up_wh, area.edge.down_wh)
        area.feeder_wh = None
    for members in world.members.values():
        members[:] = [Member(member.side, member.wh, 210_000, 50_000) for member in members]
    return world


@pytest.mark.property(11)
def test_welfare_is_never_above_the_optimum(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor does any reason for a loss give something back: each program allows less."""
    costs: list[Cost] = []
    for seed in range(TREES):
        world = bench.random_world(
            random.Random(seed), stated=random.Random(-seed).choice((0, 0.5))
        )
        cost = cost_of(world)
        costs.append(cost)
        assert cost.levels_nano <= cost.best_nano + 1 + 1e-7 * cost.best_nano
        assert all(lost >= -1 - 1e-7 * cost.best_nano for lost in cost.lost_nano)
        assert close(sum(cost.lost_nano), cost.best_nano - cost.levels_nano)
    equal = sum(close(cost.best_nano, cost.levels_nano) for cost in costs)
    traded = sum(cost.levels_nano > 0 for cost in costs)
    with capsys.disabled():
        print(f"\n{TREES} trees: {traded} with trade, {equal} at the optimum")
    assert traded >= TREES // 3
    assert TREES // 10 <= equal < TREES


@pytest.mark.property(11)
def test_flows_and_pairs_have_the_same_optimum() -> None:
    """Two programs of the same market, one over flows, one over trades between two lots."""
    for seed in range(TREES // 2):
        world = bench.random_world(random.Random(seed))
        prices = {number: book.match.price_nano for number, book in world.clear().items()}
        every = restricted(world, prices, lambda buy, sell: True)
        assert close(every, optimum(world))


@pytest.mark.property(11)
def test_with_one_supplier_nothing_is_lost() -> None:
    """In one market alone, and on a tree whose charges rise: the nearest trade is the best."""
    traded = 0
    for seed in range(TREES):
        rng = random.Random(seed)
        alone = Tree(GRID)
        alone.add(1)
        members = [
            Member(rng.choice(list(Side)), rng.randint(1, 400), 210_000, 50_000) for _ in range(9)
        ]
        market = World(alone, {1: members}, {1: 500_000})
        assert close(market.welfare_nano(market.clear()), optimum(market))
        world = one_supplier(rng)
        welfare = world.welfare_nano(world.clear())
        assert close(welfare, optimum(world)), seed
        traded += welfare > 0
    assert traded >= TREES // 2


def near_and_far() -> World:
    """The buyer next door saves 100 a Wh, the one beyond saves 150 less a charge of 10."""
    tree = Tree(GRID)
    tree.add(1)
    tree.add(2, 1, Edge(0, NO_LIMIT, NO_LIMIT))
    tree.add(3, 1, Edge(10_000, NO_LIMIT, NO_LIMIT))
    members = {
        2: [Member(Side.SELL, 50, 150_000, 50_000), Member(Side.BUY, 50, 150_000, 50_000)],
        3: [Member(Side.BUY, 50, 200_000, 50_000)],
    }
    return World(tree, members, {2: 500_000, 3: 500_000})


def test_a_trade_further_off_that_is_worth_more_is_lost() -> None:
    cost = cost_of(near_and_far())
    assert (cost.best_nano, cost.levels_nano) == (50 * 140_000, 50 * 100_000)
    assert cost.lost_nano == (0, 0, 0, 50 * 40_000)


def test_each_reason_by_hand() -> None:
    """No auction: r is not above f. Price: a stated limit. Ticks: k at its end."""

    def lost(buy: Member, sell: Member, k_ppm: int) -> tuple[float, ...]:
        tree = Tree(GRID)
        tree.add(1)
        return cost_of(World(tree, {1: [buy, sell]}, {1: k_ppm})).lost_nano

    sell = Member(Side.SELL, 10, 200_000, 90_000)
    buy = Member(Side.BUY, 10, 200_000, 50_000)
    assert lost(buy, sell, 500_000) == (0, 0, 0, 0)
    mean = Member(Side.SELL, 10, 80_000, 50_000)
    assert lost(Member(Side.BUY, 10, 200_000, 90_000), mean, 500_000) == (1_500_000, 0, 0, 0)
    shy = Member(Side.BUY, 10, 200_000, 50_000, 140_000)
    assert lost(shy, sell, 500_000) == (0, 500_000, 0, 0)
    # p = r = 200.5, and a limit of 200.5 is tick 200.
    odd = Member(Side.BUY, 10, 200_500, 50_000)
    above = Member(Side.SELL, 10, 210_000, 90_000)
    assert lost(odd, above, 1_000_000) == (0, 0, 1_105_000, 0)


def committed() -> dict[str, dict[str, object]]:
    content = json.loads(bench.RESULTS.read_text(encoding="utf-8"))
    assert content["schema"] == 1
    cases: dict[str, dict[str, object]] = content["cases"]
    return cases


@pytest.mark.capability("LVL-6")
def test_the_committed_figures_are_what_is_measured() -> None:
    cases = committed()
    assert list(cases) == [*bench.RANDOM, *(case.name for case in bench.CASES)]
    assert bench.random_trees("random trees", bench.TREES) == cases["random trees"]
    case = bench.CASES[3]
    costs = [cost_of(world) for world in bench.measured_worlds(case, bench.FIRST_DAY, bench.DAYS)]
    assert bench.summary(costs) == cases[case.name]


def test_the_page_shows_the_committed_figures() -> None:
    page = (ROOT / "docs" / "levels.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith(("| random", "| one", "| three"))]
    expected = []
    for name, row in committed().items():
        lost = row["lost_ppm"]
        assert isinstance(lost, dict)
        assert list(lost) == list(bench.REASONS)
        shown = [name, f"{row['best']:.2f}", f"{row['levels']:.2f}"]
        expected.append(f"| {' | '.join([*shown, *(f'{part:,}' for part in lost.values())])} |")
    assert rows == expected


def test_the_cost_of_hierarchy_is_small_on_measured_homes() -> None:
    for case in bench.CASES:
        row = committed()[case.name]
        lost = row["lost_ppm"]
        assert isinstance(lost, dict)
        assert sum(lost.values()) <= 31_000
        assert lost["near first"] == sum(lost.values())
