"""Why an order or schedule is not taken, with the figures that say what would be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from p2pchain.cli.base import Env
from p2pchain.cli.common import shown_money, shown_price, slot_text, time_text
from p2pchain.cli.words import FORWARD_REFUSALS
from p2pchain.errors import BadInput, Refused
from p2pchain.model import (
    MAX_LOTS,
    TICKS,
    WINDOW_SLOTS,
    ForwardRefusal,
    Order,
    Schedule,
    Side,
    unpack_lanes,
)

if TYPE_CHECKING:
    from p2pchain.forward_market import Auction

#: No meter may order more for a slot.
_MAX_WH = (1 << 24) - 1


def check_limit(env: Env, auction: Auction, nano: int) -> None:
    """Raise BadInput for a limit that is not the price of a tick, with the two next to it."""
    params = auction.params
    if params.tick_of(nano) is not None:
        return
    below = (nano - params.floor_nano) // params.tick_nano
    near = [params.price_nano(tick) for tick in (below, below + 1) if 0 <= tick < TICKS]
    texts = [shown_price(env, price) for price in near]
    if len(near) == 2:
        hint = f"the nearest ticks are {texts[0]} and {texts[1]}"
    else:
        ends = [shown_price(env, params.price_nano(tick)) for tick in (0, TICKS - 1)]
        hint = f"the ticks go from {ends[0]} to {ends[1]}"
    raise BadInput(f"{shown_price(env, nano)} is not the price of a tick", hint=hint)


def check_volume(auction: Auction, wh: int) -> None:
    """Raise BadInput for energy that is not a whole number of lots, or more than is possible."""
    from p2pchain.units import format_energy

    lot = auction.params.lot_wh
    most = min(_MAX_WH // lot, MAX_LOTS) * lot
    if wh == 0:
        raise BadInput("an order of no energy", hint="'p2pchain cancel' takes an order back")
    if wh > most:
        raise BadInput(
            f"{format_energy(wh)} is more than an order may have",
            hint=f"it may have {format_energy(most)} at most; check the unit",
        )
    if wh % lot:
        near = [format_energy(part) for part in (wh - wh % lot, wh - wh % lot + lot) if part]
        raise BadInput(
            f"{format_energy(wh)} is not a whole number of lots of {format_energy(lot)}",
            hint=f"the nearest volumes are {' and '.join(near)}",
        )


def explained(
    env: Env, auction: Auction, message: Order | Schedule, why: ForwardRefusal
) -> tuple[str, str]:
    """Return the sentence and the hint for a refusal."""
    sentence, hint = FORWARD_REFUSALS[why]
    windows = _windows(auction, message)
    gates = auction.gates(windows[0])
    if why == ForwardRefusal.AFTER_GATE:
        sentence = (
            f"the gate closed at {time_text(env, gates.gate)} for the slots from "
            f"{slot_text(env, windows[0] * WINDOW_SLOTS)} on"
        )
    elif why == ForwardRefusal.FIRM_PERIOD:
        sentence = (
            f"orders are firm since {time_text(env, gates.firm)}: they can be neither amended nor "
            "cancelled any more"
        )
    elif why == ForwardRefusal.TOO_EARLY:
        end = (auction.last_window() + 1) * WINDOW_SLOTS
        sentence = f"that is too far ahead: orders are taken for slots before {slot_text(env, end)}"
    elif why == ForwardRefusal.TOO_LITTLE_MONEY:
        owner, missing = _missing(env, auction, message)
        if missing > 0:
            sentence = f"the collateral is {shown_money(env, missing)} more than {owner} has free"
            hint = f"'p2pchain deposit {shown_money(env, missing)}' pays it in"
    return sentence, hint


def refusal(env: Env, auction: Auction, message: Order | Schedule, why: ForwardRefusal) -> Refused:
    """Return the error for one refused message."""
    sentence, hint = explained(env, auction, message, why)
    return Refused(why.name, (), hint, message=sentence)


def collateral_nano(auction: Auction, message: Order | Schedule) -> int:
    """Return what the orders of a message can cost at worst."""
    params = auction.params
    if isinstance(message, Order):
        return params.collateral_nano(message.sell, message.limit_nano, message.wh)
    return sum(
        params.collateral_nano(
            lane.side == Side.SELL, params.price_nano(lane.tick), lane.lots * params.lot_wh
        )
        for word in message.words
        for lane in unpack_lanes(word)
        if lane.lots
    )


def _windows(auction: Auction, message: Order | Schedule) -> range:
    if isinstance(message, Order):
        window = message.slot // WINDOW_SLOTS
        return range(window, window + 1)
    count = auction.slots_per_day // WINDOW_SLOTS
    return range(message.day * count, (message.day + 1) * count)


def _missing(env: Env, auction: Auction, message: Order | Schedule) -> tuple[str, int]:
    """The owner, and how much free money he lacks beyond what his orders have locked already."""
    windows = _windows(auction, message)
    if isinstance(message, Order):
        slots = range(message.slot, message.slot + 1)
    else:
        slots = range(windows.start * WINDOW_SLOTS, windows.stop * WINDOW_SLOTS)
    terms, _ = env.contracts.registry.terms_at(message.meter, slots[0])
    locked = 0
    for slot in slots:
        old = auction.order_of(message.meter, slot)
        locked += auction.params.collateral_nano(old.sell, old.limit_nano, old.wh)
    free = env.contracts.ledger.account_of(terms.owner).free_nano
    return terms.owner, collateral_nano(auction, message) - locked - free
