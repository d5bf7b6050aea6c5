"""What to do about a refusal, by the name of the contract's error; one sentence each."""

from __future__ import annotations

HINTS: dict[str, str] = {
    "AccessManagedUnauthorized": "the account lacks the role: 'p2pchain admin roles' shows who "
    "has it",
    "AddressInsufficientBalance": "the account has too little of the chain's own coin",
    "ECDSAInvalidSignature": "the signature is not of this message: sign it again",
    "ERC20InsufficientAllowance": "allow the ledger to take the amount, or use the permit",
    "ERC20InsufficientBalance": "the account holds too few tokens",
    "ERC2612ExpiredSignature": "the permit has expired: sign a new one",
    "EnforcedPause": "new messages are stopped by the guardian; withdrawals are not",
    "GasCapExceeded": "make the batch smaller: fewer meters or slots in one transaction",
    "NoReason": "the address may not be the contract's, or the node keeps the reason to itself",
    "OutOfGas": "give more gas, or leave it to the estimate",
    "Panicked": "this is a fault of the contract: please report it with the transaction",
    "UnknownError": "the contract is not of this version: check the address and the deployment",
}
