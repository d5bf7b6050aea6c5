"""Gas and fees of a call, and why a transaction that was paid for came to nothing."""

from __future__ import annotations

from p2pchain.chain.abi import Call
from p2pchain.chain.connect import Chain
from p2pchain.chain.hints import HINTS
from p2pchain.chain.records import TX_GAS_CAP, Receipt
from p2pchain.chain.reverts import decode_revert
from p2pchain.chain.transactions import Fee
from p2pchain.errors import P2PError, Refused

_TIP = 10**9  # wei per gas offered to validators on networks with a base fee
_PLAIN_TRANSFER = 21_000


def gas_limit(
    chain: Chain, sender: str, call: Call, gas: int | None = None, *, try_it: bool = True
) -> int:
    """Return the gas limit: `gas`, or a fifth above the node's estimate, or the cap.

    Finding it also tries the call against the pending state and raises the contract's refusal; not
    so on chains that tell by themselves, nor for a given `gas` without `try_it`.
    """
    if gas is not None and gas > TX_GAS_CAP:
        raise _too_much(gas)
    if chain.immediate:
        return TX_GAS_CAP if gas is None else gas
    if gas is not None:
        if try_it and call.to and not call.value:
            chain.call(call.to, call.data, "pending", sender)
        elif try_it:
            chain.estimate_gas(sender, call.to or None, call.data, call.value)
        return gas
    needed = chain.estimate_gas(sender, call.to or None, call.data, call.value)
    if needed > TX_GAS_CAP:
        raise _too_much(needed)
    return needed if needed <= _PLAIN_TRANSFER else min(needed * 12 // 10, TX_GAS_CAP)


def fee_offer(chain: Chain) -> Fee:
    """Return what to offer per gas, by the custom of the network."""
    kind = chain.network.fees
    if kind == "free":
        return Fee(0)
    base = chain.block().base_fee if kind == "eip1559" else None
    if base is None:
        return Fee(chain.gas_price())
    tip = 0 if chain.immediate else _TIP
    return Fee(2 * base + tip, tip)


def why_reverted(chain: Chain, sender: str, call: Call, gas: int, receipt: Receipt) -> P2PError:
    """Return the reason for which a transaction in a block was reverted."""
    if receipt.revert_data:
        return decode_revert(receipt.revert_data)
    if receipt.gas_used * 64 >= gas * 63:
        return Refused(
            "OutOfGas",
            (gas,),
            HINTS["OutOfGas"],
            message=f"the transaction ran out of its {gas} gas",
        )
    if receipt.revert_data is None and call.to:
        try:  # the state before its block is the nearest that can be asked
            chain.call(call.to, call.data, receipt.block_number - 1, sender)
        except Refused as refusal:
            return refusal
        except P2PError:  # a node that has forgotten that state
            pass
    return decode_revert(b"")


def _too_much(gas: int) -> Refused:
    return Refused(
        "GasCapExceeded",
        (gas, TX_GAS_CAP),
        HINTS["GasCapExceeded"],
        message=f"{gas} gas is more than a transaction may use ({TX_GAS_CAP})",
    )
