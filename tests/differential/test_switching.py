"""Switching: the contract against its twin and the table of states, whoever calls, whenever."""

from __future__ import annotations

from collections import Counter

import pytest

from p2pchain.chain.deployment import Contracts
from p2pchain.switching import TABLE
from tests.conftest import campaign
from tests.differential.switching_world import SwitchingWorld

WORLDS, STEPS = campaign(2, 200), 500


@pytest.mark.anvil
@pytest.mark.property(27)
@pytest.mark.property(28)
@pytest.mark.property(29)
@pytest.mark.property(30)
@pytest.mark.capability("ELE-2")
@pytest.mark.capability("FST-2")
def test_switching_and_twin_never_differ(contracts: Contracts) -> None:
    total: Counter[str] = Counter()
    for seed in range(WORLDS):
        with contracts.chain.anchor():
            world = SwitchingWorld(contracts, seed)
            world.play(STEPS)
            total += world.check()
    print(f"{WORLDS} worlds: " + ", ".join(f"{n} {what}" for what, n in sorted(total.items())))
    for what in (
        "CONFIRMED to SECURED",
        "SECURED to ACTIVE",
        "PENDING to OBJECTED",
        "AccessManagedUnauthorized",
        "NotSignedByCustomer",
        "NotSupplierOfSwitch",
        "NotPartyOf",
        "NotMissed",
        "WindowOver",
        "handovers",
    ):
        assert total[what] >= WORLDS, what
    assert total["refused"] * 20 < total["steps"] * 17  # enough of them are taken
    if campaign(0, 1):
        ways = {f"{a.name} to {b.name}" for a, to in TABLE.items() for c in to.values() for b in c}
        same = {f"{a.name} to {a.name}" for a in TABLE}
        # so rare that only tests/unit/test_switching.py is sure to see it
        rare = {"LAPSED to UPHELD"}
        assert ways - same - rare <= set(total), ways - same - rare - set(total)
