"""A forward book of one slot: highest buys meet lowest sells, one equilibrium price. Pure.

Kept apart, so that the twin of the forward market can take its place: `compare` uses `tick_of` and
`equilibrium` alone. A rationed limit is shared by the rule of `p2pchain.matching`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from p2pchain.matching import Offer, buy_tick_down, fills, sell_tick_up
from p2pchain.model import Side, SlotResult

PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Cleared:
    """A cleared slot: price in nano per Wh (None: nothing met), Wh of each order in their order."""

    price_nano: int | None
    matched_wh: int
    fills_wh: tuple[int, ...]


def tick_of(side: Side, limit_nano: int, floor_nano: int, tick_nano: int) -> int | None:
    """Return the tick of a limit: a buy is rounded down, a sell up; None outside the ticks."""
    round_to = buy_tick_down if side == Side.BUY else sell_tick_up
    return round_to(limit_nano, floor_nano, tick_nano)


def equilibrium(orders: Sequence[Offer], *, k_ppm: int, floor_nano: int, tick_nano: int) -> Cleared:
    """Return price and fills of a slot; `orders` in the order of the members' index.

    The highest buys meet the lowest sells while they cross. lo is the higher of the last matched
    sell and the best unfilled buy, hi the lower of the last matched buy and the best unfilled sell;
    a partly filled limit counts as unfilled. p = floor(lo + k (hi - lo)).
    """
    buys = _levels((order for order in orders if order.side == Side.BUY), best_first=-1)
    sells = _levels((order for order in orders if order.side == Side.SELL), best_first=1)
    at_buy = at_sell = matched = used_buy = used_sell = 0
    last_buy = last_sell = -1
    last_used_buy = last_used_sell = 0
    while at_buy < len(buys) and at_sell < len(sells) and buys[at_buy][0] >= sells[at_sell][0]:
        last_buy, last_sell = at_buy, at_sell
        meets = min(buys[at_buy][1] - used_buy, sells[at_sell][1] - used_sell)
        matched, used_buy, used_sell = matched + meets, used_buy + meets, used_sell + meets
        last_used_buy, last_used_sell = used_buy, used_sell
        if used_buy == buys[at_buy][1]:
            at_buy, used_buy = at_buy + 1, 0
        if used_sell == sells[at_sell][1]:
            at_sell, used_sell = at_sell + 1, 0
    if not matched:
        return Cleared(None, 0, (0,) * len(orders))
    buy_tick, sell_tick = buys[last_buy][0], sells[last_sell][0]
    low, high = sell_tick, buy_tick
    if at_buy < len(buys):
        low = max(low, buys[at_buy][0])
    if at_sell < len(sells):
        high = min(high, sells[at_sell][0])
    price = floor_nano + (low * PPM + k_ppm * (high - low)) * tick_nano // PPM
    rationed = last_used_buy < buys[last_buy][1]
    result = SlotResult(
        traded=True,
        price_nano=price,
        matched_wh=matched,
        buy_tick=buy_tick,
        sell_tick=sell_tick,
        buy_rationed=rationed,
        fill_wh=last_used_buy if rationed else last_used_sell,
        live_wh=buys[last_buy][1] if rationed else sells[last_sell][1],
    )
    return Cleared(price, matched, tuple(fills(result, orders)))


def _levels(orders: Iterable[Offer], best_first: int) -> list[tuple[int, int]]:
    """Return tick and Wh of each limit that is offered at, the best first."""
    volumes: dict[int, int] = {}
    for order in orders:
        if order.wh > 0:
            volumes[order.tick] = volumes.get(order.tick, 0) + order.wh
    return sorted(volumes.items(), key=lambda level: best_first * level[0])
