"""Volumes of gas as a program uses them."""

from __future__ import annotations

from p2pchain.chain.abi import Call, struct_of
from p2pchain.chain.bindings import structs
from p2pchain.chain.deployment import Contracts
from p2pchain.volumes import Volume


def volume_call(contracts: Contracts, volume: Volume, signature: bytes) -> Call:
    """Return the call that keeps a volume which the meter has signed; anybody may send it, right
    after the reading that ends with its last slot."""
    return contracts.volumes.post(struct_of(structs.Volume, volume), signature)
