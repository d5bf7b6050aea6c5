"""Building, signing and pricing transactions. Pure: nothing here talks to a node.

A transaction is EIP-1559 (type 2) where the network has a base fee and the old kind with EIP-155
protection where not. The hash is known as soon as it is signed, so it can be stored before sending.
"""

from __future__ import annotations

from dataclasses import dataclass

import rlp  # type: ignore[import-untyped]
from eth_hash.auto import keccak

from p2pchain.chain.abi import Call
from p2pchain.keys import Signer


@dataclass(frozen=True, slots=True)
class Fee:
    """What a transaction offers per gas, in wei. `priority` None is the kind without base fee."""

    max_fee: int
    priority: int | None = None

    def bumped(self) -> Fee:
        """Return the fee that replaces this one in a pool: an eighth more, rounded up."""
        if self.priority is None:
            return Fee(_eighth_more(self.max_fee))
        return Fee(_eighth_more(self.max_fee), _eighth_more(self.priority))


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction, its hash and the fee it offers."""

    raw: bytes
    hash: bytes
    fee: Fee


def sign(signer: Signer, chain_id: int, nonce: int, call: Call, gas: int, fee: Fee) -> Signed:
    """Return the signed transaction. A call whose `to` is empty creates a contract."""
    to = bytes.fromhex(call.to.removeprefix("0x"))
    if fee.priority is None:
        legacy = [nonce, fee.max_fee, gas, to, call.value, call.data]
        signature = signer.sign_digest(keccak(rlp.encode([*legacy, chain_id, 0, 0])))
        raw = rlp.encode([*legacy, 2 * chain_id + 8 + signature[64], *_rs(signature)])
    else:
        fields = [
            chain_id, nonce, fee.priority, fee.max_fee, gas, to, call.value, call.data, [],
        ]  # fmt: skip
        signature = signer.sign_digest(keccak(b"\x02" + rlp.encode(fields)))
        raw = b"\x02" + rlp.encode([*fields, signature[64] - 27, *_rs(signature)])
    return Signed(raw, keccak(raw), fee)


def _rs(signature: bytes) -> tuple[int, int]:
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")


def _eighth_more(amount: int) -> int:
    return -(-amount * 9 // 8)
