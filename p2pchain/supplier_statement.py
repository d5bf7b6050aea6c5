"""What crossed between the customers of two suppliers on a UTC day: Wh and money, to the unit.

A pool has no pairs. What the customers of one supplier have sold in a slot is attributed to those
who bought in proportion, in whole Wh: rows and columns add up exactly. What levels above have taken
or brought has a party of its own. Of each pair both sides are told, and they sum to zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from p2pchain import history
from p2pchain.errors import Refused
from p2pchain.history import History, Supplies
from p2pchain.market import Market
from p2pchain.model import DAY_SECONDS

#: The party that stands for the levels above the market.
LEVELS: Final = 0


@dataclass(frozen=True, slots=True)
class Crossing:
    """From one supplier's customers to another's: what they sold, and what they were paid."""

    seller: int
    buyer: int
    wh: int
    nano: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A day of a market: what crossed from supplier to supplier, and within each."""

    day: int
    crossings: tuple[Crossing, ...]

    def net(self, supplier: int) -> tuple[int, int]:
        """Return Wh and money that a supplier's customers have sold to others' less what they
        bought of them. Over all parties both sum to zero."""
        wh = nano = 0
        for one in self.crossings:
            sign = (one.seller == supplier) - (one.buyer == supplier)
            wh, nano = wh + sign * one.wh, nano + sign * one.nano
        return wh, nano

    @property
    def parties(self) -> list[int]:
        """Return all suppliers that are named, and LEVELS where something went there."""
        return sorted({party for one in self.crossings for party in (one.seller, one.buyer)})

    @property
    def csv(self) -> str:
        """The statement as a file, always the same for the same chain."""
        rows = [f"{one.seller},{one.buyer},{one.wh},{one.nano}" for one in self.crossings]
        return "\n".join(["seller,buyer,wh,nano", *rows]) + "\n"


def attributed(sold: Mapping[int, int], bought: Mapping[int, int]) -> dict[tuple[int, int], int]:
    """Return what each seller has sold to each buyer, in proportion, in whole units.

    The sums of both are the same; what a seller sold and a buyer bought add up exactly.
    """
    left = dict(sorted(bought.items()))
    if sum(sold.values()) != sum(left.values()):
        raise ValueError("what was sold is not what was bought")
    flows: dict[tuple[int, int], int] = {}
    for seller, units in sorted(sold.items()):
        total, reached, given = sum(left.values()), 0, 0
        for buyer, open_ in left.items():
            reached += open_
            upto = reached * units // total if total else 0
            flows[seller, buyer], given = upto - given, upto
        for buyer in left:
            left[buyer] -= flows[seller, buyer]
    return {pair: units for pair, units in flows.items() if units}


def statement(market: Market, day: int, past: History | None = None) -> Statement:
    """Return the statement of a UTC day (days since 1970); `past` is what was read of the market
    before. Raises Refused where a slot of it is not settled yet."""
    per_day = DAY_SECONDS // market.slot_seconds
    sold: defaultdict[int, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    bought: defaultdict[int, defaultdict[int, int]] = defaultdict(lambda: defaultdict(int))
    prices: dict[int, int] = {}
    supplies = Supplies(market.contracts.registry)
    for one in (past or history.read(market)).slots:
        if one.slot // per_day != day or not (one.bought_wh or one.sold_wh):
            continue
        if not one.settled:
            raise Refused(
                "NotSettled",
                message=f"slot {one.slot} of meter {one.meter} is not settled",
                hint="'p2pchain settle --clear' settles what is over",
            )
        supplier, _ = supplies.of(one.meter, one.slot)
        sold[one.slot][supplier] += one.sold_wh
        bought[one.slot][supplier] += one.bought_wh
        prices[one.slot] = next(p for p in (one.sell_nano, one.buy_nano) if p is not None)
    total: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for slot in sorted(prices):
        gap = sum(sold[slot].values()) - sum(bought[slot].values())
        (bought if gap > 0 else sold)[slot][LEVELS] += abs(gap)
        for pair, wh in attributed(sold[slot], bought[slot]).items():
            total[pair][0] += wh
            total[pair][1] += wh * prices[slot]
    return Statement(day, tuple(_crossings(total)))


def _crossings(total: Mapping[tuple[int, int], list[int]]) -> Iterable[Crossing]:
    for (seller, buyer), (wh, nano) in sorted(total.items()):
        yield Crossing(seller, buyer, wh, nano)
