"""Typed bindings of the contracts, one module each.

    access_manager  AccessManager
    calendar  Calendar
    erc7913_p256_verifier  ERC7913P256Verifier
    forward_auction  ForwardAuction
    forward_levels  ForwardLevels
    ledger  Ledger
    levels  Levels
    markets  Markets
    metering  Metering
    points  Points
    registry  Registry
    settlement  Settlement
    switching  Switching
    tariffs  Tariffs
    test_currency  TestCurrency
    volumes  Volumes

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from p2pchain.chain.abi import ContractError
from p2pchain.errors import WrongNetwork


def decode_error(data: bytes) -> ContractError | None:
    """Return the error that revert data stands for, None where no contract knows it."""
    from p2pchain.chain.bindings.errors import ERRORS

    known = ERRORS.get(data[:4])
    try:
        return known.from_data(data) if known else None
    except WrongNetwork:
        return None
