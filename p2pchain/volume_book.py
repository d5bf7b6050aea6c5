"""Volumes of gas as a program uses them."""

from __future__ import annotations

from dataclasses import fields

from p2pchain.chain.abi import Call
from p2pchain.chain.bindings import structs
from p2pchain.chain.deployment import Contracts
from p2pchain.volumes import Volume


def volume_call(contracts: Contracts, volume: Volume, signature: bytes) -> Call:
    """Return the call that keeps a volume which the meter has signed; anybody may send it, right
    after the reading that ends with its last slot."""
    values = (getattr(volume, one.name) for one in fields(structs.Volume))
    return contracts.volumes.post(structs.Volume(*values), signature)
