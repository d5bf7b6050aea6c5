"""Paying into the ledger: one transaction with a permit where the token has it, else two.

A permit (ERC-2612) is the payer's signed consent that the ledger takes one amount.
"""

from __future__ import annotations

from typing import Final

from eth_utils.crypto import keccak

from p2pchain.chain.abi import Call, encode
from p2pchain.chain.deployment import Contracts
from p2pchain.errors import Refused, WrongNetwork
from p2pchain.keys import Signer

_PERMIT: Final = keccak(
    text="Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)
_VALID_SECONDS: Final = 3600


def token_units(contracts: Contracts, nano: int) -> int:
    """Return an amount of nano-currency in the token's smallest units, rounded down."""
    scale: int = 10 ** contracts.token.decimals()
    return nano * scale // 10**9


def deposit_calls(contracts: Contracts, payer: Signer, account: str, nano: int) -> list[Call]:
    """Return the calls by which `payer` pays `nano` into `account`, to be sent in this order."""
    ledger, token = contracts.ledger, contracts.token
    units = token_units(contracts, nano)
    if token.allowance(payer.address, ledger.address) >= units:
        return [ledger.deposit(account, nano)]
    signed = _permit(contracts, payer, units)
    if signed is None:
        return [token.approve(ledger.address, units), ledger.deposit(account, nano)]
    deadline, signature = signed
    r, s, v = signature[:32], signature[32:64], signature[64]
    return [ledger.deposit_with_permit(account, nano, deadline, v, r, s)]


def is_same_deposit(contracts: Contracts, call: Call, account: str, nano: int) -> bool:
    """Return whether `call` pays this amount into this account, with or without a permit."""
    plain = contracts.ledger.deposit(account, nano)
    permit = contracts.ledger.deposit_with_permit(account, nano, 0, 0, bytes(32), bytes(32))
    arguments = plain.data[4:]
    return call.to == plain.to and any(
        call.data[: 4 + len(arguments)] == one.data[:4] + arguments for one in (plain, permit)
    )


def _permit(contracts: Contracts, payer: Signer, units: int) -> tuple[int, bytes] | None:
    token = contracts.token
    try:
        separator, nonce = token.domain_separator(), token.nonces(payer.address)
    except (Refused, WrongNetwork):  # a token without permits
        return None
    deadline = contracts.chain.block().timestamp + _VALID_SECONDS
    words = encode(
        ("bytes32", "address", "address", "uint256", "uint256", "uint256"),
        (_PERMIT, payer.address, contracts.ledger.address, units, nonce, deadline),
    )
    return deadline, payer.sign_digest(keccak(b"\x19\x01" + separator + keccak(words)))
