"""What a home can win by orders that it does not mean: `python -m bench.wash`.

The thirteen homes order their forecasts for 12 and 13 June 2017; one of them at a time tries, slot
by slot and knowing the whole book, every one of three kinds of play, and keeps the best of each:

- *limit*: another limit than its tariff, at each of sixteen ticks between feed-in and retail;
- *wash*: beside its order one on the other side that it will not deliver or consume, at the
  tariff's limits, of 1 Wh up to twice the volume of the book;
- *split*: its order over two, three or five meters.

What it wins is in nano-currency, against the order as forecast, with everything that was contracted
and not delivered bought at the retail price, and what was bought and not consumed sold at feed-in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from p2pchain.control.compare import Book, order
from p2pchain.control.forecast import day_ahead
from p2pchain.data import best_gain_nano, load_fontana
from p2pchain.matching import Offer, equilibrium, fills
from p2pchain.model import Side, TariffRow
from p2pchain.rules import RULES

RESULTS = Path(__file__).parent / "results" / "wash.json"
BOOK = Book()
HISTORY_DAYS, DAYS = 29, 2


@dataclass(frozen=True, slots=True)
class Play:
    """The orders of one home in one slot instead of its own."""

    kind: str
    offers: tuple[Offer, ...]


def worth(book: Sequence[Offer], home: int, row: TariffRow, own_wh: int) -> int:
    """Return what the slot is worth to a home, against its supplier alone, in nano-currency.

    `own_wh` is what it will import (positive) or export, as forecast and so delivered.
    """
    result = equilibrium(book, BOOK.k_ppm, BOOK.floor_nano, BOOK.tick_nano)
    net, paid = 0, 0
    for offer, wh in zip(book, fills(result, book), strict=True):
        if offer.member == home:
            signed = wh if offer.side == Side.BUY else -wh
            net, paid = net + signed, paid + signed * result.price_nano
    return _supplier(own_wh, row) - _supplier(own_wh - net, row) - paid


def _supplier(wh: int, row: TariffRow) -> int:
    return wh * row.energy if wh > 0 else wh * row.feed_in


def plays(own: Offer, row: TariffRow, total_wh: int) -> Iterator[Play]:
    """Yield what a home may try instead of its order."""
    ticks = range(row.feed_in // BOOK.tick_nano, row.energy // BOOK.tick_nano + 1)
    for tick in ticks[:: max(1, len(ticks) // 16)]:
        yield Play("limit", (replace(own, tick=tick),))
    other = Side.SELL if own.side == Side.BUY else Side.BUY
    tick = ticks[0] if other == Side.SELL else ticks[-1]
    wh = 1
    while wh <= 2 * total_wh:
        yield Play("wash", (own, Offer(own.member, other, tick, wh)))
        wh = wh + 1 + wh // 4
    for parts in (2, 3, 5):
        cut = [own.wh * (i + 1) // parts - own.wh * i // parts for i in range(parts)]
        yield Play("split", tuple(replace(own, wh=wh) for wh in cut if wh))


def measure() -> dict[str, Any]:
    """Return the best gain of each home by kind of play, and what all of it compares with."""
    community = load_fontana("2017-06-12", DAYS)
    history = load_fontana("2017-05-14", HISTORY_DAYS + DAYS)
    forecasts = day_ahead(history.profiles, community.slots, zone=community.zone)
    rows = [RULES["none"].split(retail, community.feed_in_nano) for retail in community.retail_nano]
    homes = [home.id for home in community.homes]
    best: dict[str, dict[str, int]] = {name: {} for name in homes}
    honest = dict.fromkeys(homes, 0)
    for at, row in enumerate(rows):
        wanted = [order(forecasts[name][at], row, BOOK) for name in homes]
        book = [replace(o, member=n) for n, o in enumerate(wanted) if o]
        total = sum(offer.wh for offer in book)
        for own in book:
            name = homes[own.member]
            own_wh = own.wh if own.side == Side.BUY else -own.wh
            base = worth(book, own.member, row, own_wh)
            honest[name] += base
            found: dict[str, int] = {}
            for play in plays(own, row, total):
                # Meters of one home stand one behind the other in the index.
                place = book.index(own)
                tried = [*book[:place], *play.offers, *book[place + 1 :]]
                won = worth(tried, own.member, row, own_wh) - base
                found[play.kind] = max(found.get(play.kind, 0), won)
            for kind, won in found.items():
                best[name][kind] = best[name].get(kind, 0) + won
    kinds = ("limit", "wash", "split")
    return {
        "schema": 1,
        "best_gain_nano": best_gain_nano(community),
        "honest_nano": honest,
        "won_nano": best,
        "most_nano": {kind: max(found.get(kind, 0) for found in best.values()) for kind in kinds},
        "homes_that_win": {
            kind: sum(found.get(kind, 0) > 0 for found in best.values()) for kind in kinds
        },
    }


def main() -> int:
    content = measure()
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({k: content[k] for k in ("most_nano", "homes_that_win", "best_gain_nano")}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
