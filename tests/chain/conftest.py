"""Chains of all three kinds, and a contract small enough to be written by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.devkeys import dev_signers
from p2pchain.chain.node import LocalNode, find_anvil, network_of, running
from p2pchain.chain.records import Patience
from p2pchain.chain.sender import Sender
from p2pchain.keys import LocalSigner

GENESIS_TIME = 1_497_052_800  # 10 June 2017, before the measured days of the demo

# Called without data: count up in slot 0, log the count under topic 42, return it.
# Called with data: revert with that data.
_COUNTER = bytes.fromhex(
    "36601d57"  # CALLDATASIZE PUSH1 29 JUMPI
    "600054600101"  # SLOAD(0) + 1
    "80600055"  # DUP1 SSTORE(0)
    "600052"  # MSTORE(0)
    "602a60206000a1"  # LOG1(0, 32, 42)
    "60206000f3"  # RETURN(0, 32)
    "5b36600060003736"  # 29: JUMPDEST CALLDATACOPY(0, 0, size)
    "6000fd"  # REVERT(0, size)
)
COUNTER_INIT = bytes.fromhex("602880600b6000396000f3") + _COUNTER


class Faulty:
    """A chain that fails where it is told: before a transaction is handed in, or after it."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.before: BaseException | None = None
        self.after: BaseException | None = None
        self.sent: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.chain, name)

    def send_raw(self, raw: bytes) -> bytes:
        if self.before is not None:
            raise self.before
        self.sent.append(raw)
        tx_hash = self.chain.send_raw(raw)
        if self.after is not None:
            raise self.after
        return tx_hash

    def as_chain(self) -> Chain:
        return cast(Chain, self)


@pytest.fixture(scope="session")
def signer() -> LocalSigner:
    return dev_signers()[0]


@pytest.fixture
def tester() -> Chain:
    return connect("tester", genesis_time=GENESIS_TIME)


@pytest.fixture
def faulty(tester: Chain) -> Faulty:
    return Faulty(tester)


@pytest.fixture(scope="session")
def anvil_node() -> Iterator[LocalNode]:
    if find_anvil() is None:
        if os.environ.get("P2PCHAIN_REQUIRE_ALL") == "1":
            pytest.fail("anvil is not installed")
        pytest.skip("anvil is not installed")
    with running(engine="anvil", genesis_time=GENESIS_TIME) as node:
        yield node


@pytest.fixture
def anvil(anvil_node: LocalNode) -> Iterator[Chain]:
    with connect(network_of(anvil_node)) as chain, chain.anchor():
        yield chain


@pytest.fixture(scope="session")
def embedded_node() -> Iterator[LocalNode]:
    with running(engine="embedded", genesis_time=GENESIS_TIME) as node:
        yield node


@pytest.fixture
def embedded(embedded_node: LocalNode) -> Iterator[Chain]:
    with connect(network_of(embedded_node)) as chain, chain.anchor():
        yield chain


@pytest.fixture(params=["tester", "embedded", pytest.param("anvil", marks=pytest.mark.anvil)])
def chain(request: pytest.FixtureRequest) -> Chain:
    """Each kind of chain in turn."""
    return cast(Chain, request.getfixturevalue(request.param))


@pytest.fixture
def counter(chain: Chain, signer: LocalSigner) -> str:
    """Address of a counter on `chain`."""
    return deploy_counter(chain, signer)


@pytest.fixture
def tester_counter(tester: Chain, signer: LocalSigner) -> str:
    """Address of a counter on `tester`."""
    return deploy_counter(tester, signer)


@pytest.fixture
def embedded_counter(embedded: Chain, signer: LocalSigner) -> str:
    """Address of a counter on `embedded`."""
    return deploy_counter(embedded, signer)


def deploy_counter(chain: Chain, signer: LocalSigner) -> str:
    with Sender(chain, signer) as sender:
        address = sender.deploy(COUNTER_INIT).contract_address
    assert address is not None
    return address


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


@pytest.fixture
def hasty() -> Patience:
    """The patience of a test."""
    return Patience(poll=0.01, poll_most=0.05, settle=0.3, rebroadcast=0.2, replace=0.6, give_up=3)
