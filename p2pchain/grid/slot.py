"""What the members of a market took and gave in a slot: what their meters have signed."""

from __future__ import annotations

from p2pchain import history
from p2pchain.errors import Refused
from p2pchain.market import Market
from p2pchain.model import Phase


def metered(market: Market, slot: int) -> dict[int, tuple[int, int]]:
    """Return import and export Wh by meter, of everybody who was a member, in their order.

    Raises Refused where the slot is not cleared, had no member, or lacks a reading: what is missing
    is not zero, and an estimate is not a reading.
    """
    if market.slot_status(slot).phase < Phase.CLEARED:
        raise Refused(
            "NotCleared",
            (slot,),
            "'p2pchain slot TIME' shows what is missing, 'p2pchain clear' clears what is ready",
            message="this slot is not cleared yet",
        )
    of = market.contracts.markets.member_of
    members = [m for m in market.meters() if of(market.id, m).from_slot <= slot]
    if not members:
        raise Refused(
            "NoMembers",
            (slot,),
            "'p2pchain trades' lists slots in which something was shared",
            message="the market had no members in this slot",
        )
    read = history.metered(market, slot)
    missing = [str(meter) for meter in members if meter not in read]
    if missing:
        raise Refused(
            "NotRead",
            (slot,),
            "what is missing is not zero: post it ('p2pchain meter post'), or check another slot",
            message=f"{len(missing)} of {len(members)} members have no reading of this slot: "
            f"meter {', '.join(missing[:20])}",
        )
    return {meter: read[meter] for meter in members}
