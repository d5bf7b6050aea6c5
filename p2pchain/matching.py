"""The readable twin of the matching: `contracts/libraries/Prices.sol` and `TickBook.sol`.

Price p first, from tariffs (and volumes, under SDR); then those whose limits allow p meet, the
highest buys with the lowest sells, until one side is used up; at most one side is rationed, at one
tick, pro rata with a carry. docs/matching.md has the rule and its proof. In a forward auction the
price is found from the limits themselves (`equilibrium`); sharing out is the same. Written to be
read: no packing, no bitmaps, lists and loops.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from p2pchain.model import TICKS, MarketParams, PriceRule, Side, SlotResult


@dataclass(frozen=True, slots=True)
class Offer:
    """Energy that a member offers to buy or sell in one slot, at a tick. In a forward auction
    volumes count lots instead of Wh, and so do those of the result."""

    member: int
    side: Side
    tick: int
    wh: int


def ceil_div(a: int, b: int) -> int:
    """Return a / b rounded up, for b > 0."""
    return -(-a // b)


def buy_tick_down(limit_nano: int, floor_nano: int, tick_nano: int) -> int | None:
    """Return the tick of an effective buy limit, rounded down; None under the market's floor."""
    tick = (limit_nano - floor_nano) // tick_nano
    return None if tick < 0 else min(tick, TICKS - 1)


def sell_tick_up(limit_nano: int, floor_nano: int, tick_nano: int) -> int | None:
    """Return the tick of an effective sell limit, rounded up; None above the top tick."""
    tick = ceil_div(limit_nano - floor_nano, tick_nano)
    return None if tick >= TICKS else max(tick, 0)


def island_tick(tick: int, *, first: bool) -> int:
    """Return the tick of a buy in an area without grid: the top one is that of critical loads at
    their tariff (`first`), which so come before all others, and of no other."""
    return TICKS - 1 if first else min(tick, TICKS - 2)


def reference_bounds(tariffs: Iterable[tuple[int, int]]) -> tuple[int, int] | None:
    """Return r, the lowest retail energy price, and f, the highest feed-in, of (energy, feed-in)
    pairs in nano per Wh; None when there are none."""
    pairs = list(tariffs)
    if not pairs:
        return None
    return min(energy for energy, _ in pairs), max(feed_in for _, feed_in in pairs)


def reference_price(params: MarketParams, r: int, f: int, k_ppm: int) -> int | None:
    """Return p = floor(f + k (r - f)) where r > f, else the stated price if the market has one."""
    if r > f:
        return f + k_ppm * (r - f) // 1_000_000
    return params.stated_price_nano if params.has_stated_price else None


def slot_price(
    params: MarketParams, bounds: tuple[int, int] | None, buy_wh: int, sell_wh: int
) -> int | None:
    """Return the price p of a slot in nano per Wh, or None where there is no auction.

    `buy_wh` and `sell_wh` are all offered volumes, before limits are looked at. SDR is the
    supply-demand ratio of Liu, Wu and Zhou (IEEE Trans. Power Syst. 32(5), 2017).
    """
    if bounds is None:
        return params.stated_price_nano if params.has_stated_price else None
    r, f = bounds
    if params.rule == PriceRule.REFERENCE:
        return reference_price(params, r, f, params.k_ppm)
    if 0 < f < r and buy_wh > 0 and sell_wh > 0:
        if sell_wh >= buy_wh:
            return f
        return r * f * buy_wh // ((r - f) * sell_wh + f * buy_wh)
    return reference_price(params, r, f, 500_000)


def takes_part(offer: Offer, price_nano: int, params: MarketParams) -> bool:
    """Return whether an offer's tick allows the price."""
    if offer.side == Side.BUY:
        return params.floor_nano + offer.tick * params.tick_nano >= price_nano
    return params.floor_nano + offer.tick * params.tick_nano <= price_nano


def match(price_nano: int | None, offers: Sequence[Offer], params: MarketParams) -> SlotResult:
    """Return the result of one slot at a known price; untraded where the price is None."""
    return match_within(None, price_nano, offers, params)[0]


def match_within(
    most_wh: int | None, price_nano: int | None, offers: Sequence[Offer], params: MarketParams
) -> tuple[SlotResult, SlotResult | None]:
    """Return the same with at most so many Wh traded. Where that leaves both sides a rest, the
    first result is that of the buys and the second that of the sells, else that is None."""
    if price_nano is None:
        return SlotResult(), None
    able = [offer for offer in offers if takes_part(offer, price_nano, params)]
    buys, sells = by_tick(able, Side.BUY), by_tick(able, Side.SELL)
    matched = min(sum(buys.values()), sum(sells.values()))
    if most_wh is not None:
        matched = min(matched, most_wh)
    if matched == 0:
        return SlotResult(price_nano=price_nano), None
    result = _used_up(buys, sells, matched, price_nano)
    sell_fill = _last_touched(sorted(sells.items()), matched)[1]
    live_wh = sells[result.sell_tick]
    if not result.buy_rationed or sell_fill == live_wh:
        return result, None
    others = replace(result, buy_rationed=False, fill_wh=sell_fill, live_wh=live_wh, apart=True)
    return replace(result, apart=True), others


def equilibrium(offers: Sequence[Offer], k_ppm: int, floor_nano: int, tick_nano: int) -> SlotResult:
    """Return the result of one slot whose price follows from the limits; untraded, at price 0,
    where no buy meets a sell.

    The highest buys meet the lowest sells as long as they cross. p = floor(lo + k (hi - lo)), where
    lo is the higher of the last matched sell and the best unfilled buy, and hi the lower of the
    last matched buy and the best unfilled sell; a limit that is filled in part counts as unfilled.
    """
    buys, sells = by_tick(offers, Side.BUY), by_tick(offers, Side.SELL)
    matched = _crossing(buys, sells)
    if matched == 0:
        return SlotResult()
    result = _used_up(buys, sells, matched, 0)
    rationed = result.fill_wh < result.live_wh
    part_buy, part_sell = rationed and result.buy_rationed, rationed and not result.buy_rationed
    unfilled_buys = [t for t in buys if t < result.buy_tick or (t == result.buy_tick and part_buy)]
    unfilled_sells = [
        t for t in sells if t > result.sell_tick or (t == result.sell_tick and part_sell)
    ]
    lo = floor_nano + tick_nano * max([result.sell_tick, *unfilled_buys])
    hi = floor_nano + tick_nano * min([result.buy_tick, *unfilled_sells])
    return replace(result, price_nano=lo + k_ppm * (hi - lo) // 1_000_000)


def fill(result: SlotResult, side: Side, tick: int, wh: int, carry: int) -> tuple[int, int]:
    """Return what is filled of `wh` offered at `tick`, and the carry for the next member.

    At the rationed tick x = wh * filled + carry; fill = x // offered; carry = x mod offered, so
    that the fills of all who offered there add up to `fill_wh` exactly.
    """
    if not result.traded:
        return 0, carry
    last = result.buy_tick if side == Side.BUY else result.sell_tick
    better = tick > last if side == Side.BUY else tick < last
    if tick != last:
        return (wh if better else 0), carry
    if result.buy_rationed != (side == Side.BUY):
        return wh, carry
    x = wh * result.fill_wh + carry
    return x // result.live_wh, x % result.live_wh


def fills(result: SlotResult, offers: Sequence[Offer]) -> list[int]:
    """Return the fill of each offer, in Wh; `offers` in the order of the members' index."""
    carry, filled = 0, []
    for offer in offers:
        wh, carry = fill(result, offer.side, offer.tick, offer.wh, carry)
        filled.append(wh)
    return filled


def by_tick(offers: Iterable[Offer], side: Side) -> dict[int, int]:
    """Return what is offered on a side, in Wh by tick."""
    volumes: dict[int, int] = {}
    for offer in offers:
        if offer.side == side and offer.wh > 0:
            volumes[offer.tick] = volumes.get(offer.tick, 0) + offer.wh
    return volumes


def _crossing(buys: Mapping[int, int], sells: Mapping[int, int]) -> int:
    """Return how much is traded when the best limits meet until a buy is below the next sell."""
    matched = 0
    buys_left, sells_left = sorted(buys.items()), sorted(sells.items(), reverse=True)
    while buys_left and sells_left and buys_left[-1][0] >= sells_left[-1][0]:
        (buy_tick, buy_wh), (sell_tick, sell_wh) = buys_left.pop(), sells_left.pop()
        wh = min(buy_wh, sell_wh)
        matched += wh
        if buy_wh > wh:
            buys_left.append((buy_tick, buy_wh - wh))
        if sell_wh > wh:
            sells_left.append((sell_tick, sell_wh - wh))
    return matched


def _used_up(
    buys: Mapping[int, int], sells: Mapping[int, int], matched: int, price_nano: int
) -> SlotResult:
    """Return which limits a matched volume fills, and the one that it fills in part."""
    buy_tick, buy_fill = _last_touched(sorted(buys.items(), reverse=True), matched)
    sell_tick, sell_fill = _last_touched(sorted(sells.items()), matched)
    buy_rationed = buy_fill < buys[buy_tick]
    return SlotResult(
        traded=True,
        price_nano=price_nano,
        matched_wh=matched,
        buy_tick=buy_tick,
        sell_tick=sell_tick,
        buy_rationed=buy_rationed,
        fill_wh=buy_fill if buy_rationed else sell_fill,
        live_wh=buys[buy_tick] if buy_rationed else sells[sell_tick],
    )


def _last_touched(levels: Sequence[tuple[int, int]], matched: int) -> tuple[int, int]:
    """Return the tick at which `matched` Wh are used up, best tick first, and how much of it is."""
    left = matched
    for tick, wh in levels:
        if left <= wh:
            return tick, left
        left -= wh
    raise AssertionError("more matched than offered")
