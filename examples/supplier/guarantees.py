"""What a supplier's own program does: give homes that pay by bill a guarantee for what they use."""

from __future__ import annotations

from p2pchain import history
from p2pchain.chain.sender import Sender
from p2pchain.market import Market


def needed_nano(market: Market, meter: int, days: int, spare_ppm: int = 200_000) -> int:
    """Return what a home may buy in so many days, by its worst day so far, and something to spare.

    Nano-currency, rounded up to a millionth of the currency, which is the token's smallest unit.
    """
    worst: dict[int, int] = {}
    for slot in history.read(market, [meter]).of_meter(meter):
        day = slot.slot // market.params.slots_per_day
        worst[day] = worst.get(day, 0) + slot.import_wh * slot.row.energy
    nano = max(worst.values(), default=0) * days
    return -(-nano * (1_000_000 + spare_ppm) // 10**9) * 1_000


def top_up(market: Market, supplier: Sender, meter: int, slot: int, target_nano: int) -> int:
    """Bring the guarantee of a home up to a target; return what was added, nano-currency.

    What is locked counts, nothing is taken back. Raises ValueError for a home of another supplier.
    """
    contracts = market.contracts
    terms, _ = contracts.registry.terms_at(meter, slot)
    if contracts.registry.supplier_account(terms.supplier) != supplier.address:
        raise ValueError(f"meter {meter} has another supplier in slot {slot}")
    cover = contracts.ledger.cover_of(terms.owner, supplier.address, meter)
    missing = target_nano - cover.guarantee_free_nano - cover.guarantee_locked_nano
    if missing > 0:
        supplier.send(contracts.ledger.give_guarantee(terms.owner, meter, missing))
    return max(missing, 0)
