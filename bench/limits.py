"""How many meters one transaction can clear.

Clearing before the deadline has to be done in one go, so this is how large a market may be that
does not want to wait. Found on the chain: a market grows, window by window, until the transaction
that clears one window of all its members no longer fits the gas of a transaction.
"""

from __future__ import annotations

from bench.world import World, world
from p2pchain.chain.records import TX_GAS_CAP
from p2pchain.errors import Refused

_START, _SEED = 200, 7
_USABLE = TX_GAS_CAP * 63 // 64  # a call can hand on no more (EIP-150), and libraries are calls


def clear_limit() -> int:
    """Return the most meters whose window was cleared in one transaction."""
    with world(_START, _SEED) as market:
        market.enrol()
        fits = 0
        while (gas := _clear(market)) is not None:
            fits = len(market.homes)
            each = -(-gas // fits)
            market.grow(max(1, (_USABLE - gas) * 2 // 3 // each))
        return fits


def _clear(market: World) -> int | None:
    """Let two windows pass, clear the second; return the gas, or None where it is too much."""
    try:
        return market.clear_one_window()
    except Refused as refusal:
        if refusal.reason != "OutOfGas":
            raise
        return None
