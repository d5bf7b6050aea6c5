"""Metering points and consent: the contract against its twin, whoever calls."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchain.chain.deployment import Contracts
from tests.conftest import campaign
from tests.differential.points_world import PointsWorld

WORLDS, STEPS = campaign(3, 100), 150


@pytest.mark.anvil
@pytest.mark.property(27)
@pytest.mark.property(29)
@pytest.mark.property(30)
@pytest.mark.capability("ELE-1")
@pytest.mark.capability("PEC-5")
def test_points_and_twin_never_differ(contracts: Contracts) -> None:
    total: Counter[str] = Counter()
    for seed in range(WORLDS):
        with contracts.chain.anchor():
            world = PointsWorld(contracts, seed)
            world.play(STEPS)
            total += world.check()
    print(f"{WORLDS} worlds: " + ", ".join(f"{n} {what}" for what, n in sorted(total.items())))
    for what in (
        "AccessManagedUnauthorized",
        "NotOfRecord",
        "NotSignedByCustomer",
        "StandingHasBegun",
        "LaterStandingPending",
        "ConsentSuperseded",
        "may read",
        "may not read",
    ):
        assert total[what] >= WORLDS, what
    assert total["refused"] * 5 < total["steps"] * 4
