"""A deployment on a chain of its own, for the worlds that are played on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from p2pchain.chain.connect import connect
from p2pchain.chain.deployment import Contracts, deploy
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import network_of, running
from p2pchain.chain.sender import Sender

GENESIS = 1_750_000_000


@pytest.fixture(scope="module")
def contracts() -> Iterator[Contracts]:
    with (
        running(engine="anvil", genesis_time=GENESIS) as node,
        connect(network_of(node)) as chain,
        Sender(chain, dev_signer(0)) as sender,
    ):
        yield Contracts(chain, deploy(sender, slot_seconds=3600, currency="EUR"))
