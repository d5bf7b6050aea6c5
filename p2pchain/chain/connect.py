"""The only seam to a chain: `connect()` returns a `Chain`, embedded or behind a node.

`Chain` is all that the rest of the package knows of Ethereum. `Tester` (tester.py) runs the EVM in
this process, `Rpc` (rpc.py) speaks JSON-RPC to a node. Both raise the errors of p2pchain.errors and
hand out the records of records.py.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from p2pchain.errors import WrongNetwork
from p2pchain.networks import Network, resolve

if TYPE_CHECKING:
    from p2pchain.chain.records import Block, Log, Receipt

#: Per position of a log's topics: None for any, one value, or several of which one must match.
Topics = Sequence[bytes | Sequence[bytes] | None]


class Chain(ABC):
    """A chain that can be read and sent to. `network` says which, `chain_id` is asked once."""

    network: Network
    chain_id: int
    #: True where a transaction is carried out at once and tells by itself why it was refused, so
    #: that trying it beforehand would only do the work twice.
    immediate: bool = False

    @abstractmethod
    def call(
        self,
        to: str,
        data: bytes,
        block: int | str = "latest",
        sender: str | None = None,
        gas: int | None = None,
    ) -> bytes:
        """Return what the contract answers at `block` (a number, latest, finalized or pending).

        It has the `gas` of a transaction with that limit, or as much as the node allows. Raises its
        error as p2pchain.errors.Refused (a generated ContractError where it is known).
        """

    @abstractmethod
    def send_raw(self, raw: bytes) -> bytes:
        """Hand in a signed transaction and return its hash. Sender is what callers want."""

    @abstractmethod
    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """Return the receipt, or None while the transaction is in no block."""

    @abstractmethod
    def logs(
        self,
        addresses: Sequence[str],
        from_block: int,
        to_block: int,
        topics: Topics | None = None,
    ) -> list[Log]:
        """Return the logs of these contracts from block to block, both included, in order.

        An empty `addresses` is any contract. Ranges are cut up as small as the node wants them.
        """

    @abstractmethod
    def block(self, number: int | str = "latest") -> Block:
        """Return the head of a block. Raises NodeError where there is none of that number."""

    @abstractmethod
    def code(self, address: str) -> bytes:
        """Return the code at an address, empty where there is none."""

    @abstractmethod
    def balance(self, address: str) -> int:
        """Return the balance in the chain's own coin, in wei."""

    @abstractmethod
    def nonce(self, address: str) -> int:
        """Return the number of transactions of this address that are in blocks."""

    @abstractmethod
    def estimate_gas(self, sender: str, to: str | None, data: bytes, value: int = 0) -> int:
        """Return gas that suffices. Raises the contract's error like `call`."""

    @abstractmethod
    def gas_price(self) -> int:
        """Return the node's idea of a gas price, in wei, for chains without a base fee."""

    @abstractmethod
    def snapshot(self) -> object:
        """Remember the present state. Local chains only (tester, anvil)."""

    @abstractmethod
    def revert(self, snapshot: object) -> None:
        """Go back to a snapshot, which is used up by this. Local chains only."""

    @abstractmethod
    def set_time(self, timestamp: int) -> None:
        """Mine a block at this unix time, later than the last one's. Local chains only."""

    @abstractmethod
    def mine(self, count: int = 1) -> None:
        """Mine empty blocks. Local chains only."""

    @abstractmethod
    def close(self) -> None:
        """Let go of connections."""

    @contextmanager
    def anchor(self) -> Iterator[Self]:
        """Undo at the end of the block all that happened to the chain inside it."""
        snapshot = self.snapshot()
        try:
            yield self
        finally:
            self.revert(snapshot)

    def final_block(self) -> int:
        """Return the number of the newest block that cannot vanish, by the network's rule."""
        finality = self.network.finality
        if finality == "tag":
            return self.block("finalized").number
        head = self.block().number
        return head if finality == "instant" else max(0, head - finality)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def connect(
    network: str | Network | None = None,
    *,
    expect_chain_id: int | None = None,
    genesis_time: int | None = None,
) -> Chain:
    """Return the chain of a profile, a URL or the default (p2pchain.networks.resolve).

    `genesis_time` starts the embedded chain at that unix time, with a clock that only moves by
    blocks and set_time; without it the embedded chain follows the wall clock. Raises
    NodeUnreachable, NodeTimeout or WrongNetwork (both chain ids in the message).
    """
    profile = resolve(network)
    chain: Chain
    if profile.url is None:
        from p2pchain.chain.tester import Tester

        chain = Tester(profile, genesis_time=genesis_time)
    else:
        from p2pchain.chain.rpc import Rpc

        chain = Rpc(profile)
    for expected in (profile.chain_id, expect_chain_id):
        if expected is not None and chain.chain_id != expected:
            chain.close()
            raise WrongNetwork(
                f"{profile.label} has chain id {chain.chain_id}, not {expected}",
                hint="check the URL and the chain_id of the profile; -n chooses another network",
            )
    return chain
