"""Metering points and consent: the contract against its twin, whoever calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from p2pchain.chain.connect import connect
from p2pchain.chain.deployment import Contracts, deploy
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import network_of, running
from p2pchain.chain.sender import Sender
from tests.conftest import campaign
from tests.differential.points_world import PointsWorld

GENESIS = 1_750_000_000
WORLDS, STEPS = campaign(3, 100), 150


@pytest.fixture(scope="module")
def contracts() -> Iterator[Contracts]:
    with (
        running(engine="anvil", genesis_time=GENESIS) as node,
        connect(network_of(node)) as chain,
        Sender(chain, dev_signer(0)) as sender,
    ):
        yield Contracts(chain, deploy(sender, slot_seconds=3600, currency="EUR"))


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
