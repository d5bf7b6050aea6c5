"""Contracts against twin on random markets, tariffs, limits, readings, switches and cuts."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchain.chain.deployment import Contracts
from tests.conftest import seeds
from tests.differential.forward_levels_world import ForwardLevelsWorld
from tests.differential.levels_world import LevelsWorld
from tests.differential.runs_world import RunsWorld
from tests.differential.world import World

WORLDS = seeds(20, 2_800)
RUNS_WORLDS = seeds(6, 600)
LEVELS_WORLDS = seeds(6, 600)  # of 48 slots, each a tree of its own
FORWARD_LEVELS_WORLDS = seeds(6, 600)


def tell(worlds: range, total: Counter[str]) -> None:
    print(f"{len(worlds)} worlds: " + ", ".join(f"{n} {what}" for what, n in sorted(total.items())))


@pytest.mark.anvil
@pytest.mark.property(1)
@pytest.mark.property(2)
@pytest.mark.property(10)
@pytest.mark.property(12)
@pytest.mark.property(13)
@pytest.mark.property(30)
@pytest.mark.capability("FST-5")
def test_contract_and_twin_never_differ(contracts: Contracts) -> None:
    total: Counter[str] = Counter()
    for seed in WORLDS:
        with contracts.chain.anchor():
            world = World(contracts, seed)
            world.play()
            total += world.check()
    tell(WORLDS, total)
    assert total["traded"] * 10 >= total["books"] * 3
    assert total["rationed"] * 10 >= total["books"] * 3
    for what in ("switches", "successions", "voided", "limits", "skipped"):
        assert total[what] >= len(WORLDS) // 10, what


@pytest.mark.anvil
@pytest.mark.property(2)
@pytest.mark.property(23)
@pytest.mark.property(25)
@pytest.mark.property(30)
def test_they_never_differ_in_what_changes_a_settled_window(contracts: Contracts) -> None:
    """With forward orders, and with readings that are late, missing, estimated and corrected."""
    total: Counter[str] = Counter()
    for seed in RUNS_WORLDS:
        with contracts.chain.anchor():
            world = RunsWorld(contracts, seed)
            world.play()
            total += world.check()
    tell(RUNS_WORLDS, total)
    for what in ("ordered", "corrected", "estimated", "late accepted"):
        assert total[what] >= 2 * len(RUNS_WORLDS), what
    for what in ("traded and corrected", "contracted and corrected"):
        assert total[what] >= len(RUNS_WORLDS), what
    for what in ("Final", "NotRead", "HeldAtWorst", "spread", "week_before", "left ahead"):
        assert total[what] >= len(RUNS_WORLDS) // 6, what


@pytest.mark.anvil
@pytest.mark.property(1)
@pytest.mark.property(2)
@pytest.mark.property(9)
@pytest.mark.property(10)
@pytest.mark.property(30)
@pytest.mark.property(31)
@pytest.mark.capability("LVL-5")
@pytest.mark.capability("TAG-5")
def test_they_never_differ_on_trees_of_areas(contracts: Contracts) -> None:
    """With charges, limits, feeders, late markets and levels, critical loads in islands,
    and steps of any size."""
    total: Counter[str] = Counter()
    for seed in LEVELS_WORLDS:
        with contracts.chain.anchor():
            world = LevelsWorld(contracts, seed)
            world.play()
            total += world.check()
    tell(LEVELS_WORLDS, total)
    for what in ("matched by levels", "markets from above", "levels cleared", "apart"):
        assert total[what] >= 2 * len(LEVELS_WORLDS), what
    for what in ("levels from above", "late levels", "late markets", "grids lost", "passed over"):
        assert total[what] >= len(LEVELS_WORLDS) // 6, what
    assert total["critical first"] >= len(LEVELS_WORLDS) // 2
    assert total["offered"] >= len(LEVELS_WORLDS)


@pytest.mark.anvil
@pytest.mark.property(1)
@pytest.mark.property(2)
@pytest.mark.property(10)
@pytest.mark.property(30)
@pytest.mark.capability("LVL-1")
@pytest.mark.capability("LVL-3")
@pytest.mark.capability("LVL-5")
def test_they_never_differ_on_trees_that_trade_ahead(contracts: Contracts) -> None:
    """Two gates and what is measured share the limits of the same edges and feeders."""
    total: Counter[str] = Counter()
    for seed in FORWARD_LEVELS_WORLDS:
        with contracts.chain.anchor():
            world = ForwardLevelsWorld(contracts, seed)
            world.play()
            total += world.check()
    tell(FORWARD_LEVELS_WORLDS, total)
    for what in ("ordered", "traded ahead", "from beyond", "parts", "rationed parts"):
        assert total[what] >= 2 * len(FORWARD_LEVELS_WORLDS), what
    for what in (
        "far parts",
        "adopting",
        "at a limit",
        "passed over ahead",
        "grids lost",
        "charges changed",
    ):
        assert total[what] >= len(FORWARD_LEVELS_WORLDS) // 6, what
    for what in ("shared while rationing", "feeder cuts", "late forward levels"):
        assert total[what] or len(FORWARD_LEVELS_WORLDS) < 20, what
