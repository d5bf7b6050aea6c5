"""What a chain hands out: frozen records with plain bytes, integers and checksummed addresses."""

from __future__ import annotations

from dataclasses import dataclass

from p2pchain.chain.abi import Call

#: No transaction may use more gas than this (EIP-7825), whatever the block would hold.
TX_GAS_CAP = 16_777_216


@dataclass(frozen=True, slots=True)
class Log:
    """An event as the chain keeps it; `log_index` counts within the block."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    tx_index: int
    log_index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction. `status` is 1 done, 0 reverted.

    `revert_data` is what the contract answered to a reverted one, where the chain knows it.
    """

    tx_hash: bytes
    status: int
    block_number: int
    block_hash: bytes
    gas_used: int
    logs: tuple[Log, ...]
    contract_address: str | None = None
    gas_price: int = 0
    revert_data: bytes | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Head of a block; `timestamp` in seconds of unix time, `base_fee` in wei per gas or None."""

    number: int
    hash: bytes
    parent_hash: bytes
    timestamp: int
    gas_limit: int
    base_fee: int | None = None


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a Sender waits, in seconds: between looks, and until it acts again or gives up.

    `settle` is how long a node may know a nonce before it knows the receipt.
    """

    poll: float = 0.05
    poll_most: float = 1.0
    settle: float = 5.0
    rebroadcast: float = 15.0
    replace: float = 60.0
    give_up: float = 240.0


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of a transaction that was left unfinished; `state` as in journal.py."""

    call: Call
    state: str
    tx_hash: bytes
