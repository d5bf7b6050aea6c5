"""What the log says of a tree, slot by slot: auctions, what was sent up, what crossed each edge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from p2pchain.chain.bindings.levels import Crossed, LevelCleared, Sent
from p2pchain.chain.bindings.settlement import WindowAdopted, WindowCleared
from p2pchain.chain.events import read
from p2pchain.level_market import sent_wh
from p2pchain.model import WINDOW_SLOTS, Side, SlotResult

if TYPE_CHECKING:
    from p2pchain.demo.levels import Tree

Pair = tuple[int, int]
"""Wh upward (sold out of an area) and downward (bought into it)."""


@dataclass(frozen=True, slots=True)
class Paid:
    """What crossed an edge in all windows, Wh, and the charge that its operator was paid, as the
    contract has summed them."""

    up_wh: int = 0
    down_wh: int = 0
    charge_nano: int = 0


@dataclass(slots=True)
class Flows:
    """By area and slot: the result of its own auction, what it sent up, and what crossed its edge;
    by area what the contract says has crossed.

    What crossed a market's edge is what it got over all levels less its own auction; what crossed
    a level's is what its children's edges carried less what it matched itself.
    """

    slots: tuple[int, ...]
    own: dict[str, dict[int, SlotResult]] = field(default_factory=lambda: defaultdict(dict))
    sent: dict[str, dict[int, Pair]] = field(default_factory=lambda: defaultdict(dict))
    crossed: dict[str, dict[int, Pair]] = field(default_factory=lambda: defaultdict(dict))
    paid: dict[str, Paid] = field(default_factory=dict)

    @classmethod
    def read(cls, tree: Tree) -> Flows:
        """Return the flows of a tree from the log of its contracts."""
        names = {place.node: name for name, place in tree.places.items()}
        found = cls(next(iter(tree.groups.values())).community.slots)
        total: dict[str, dict[int, Pair]] = defaultdict(dict)
        kinds = (WindowCleared, WindowAdopted, LevelCleared, Sent, Crossed)
        for entry in read(tree.contracts, kinds=kinds):
            event = entry.event
            if isinstance(event, WindowCleared):
                found.own[names[bytes(event.market)]] |= _results(event.window, event.results)
            elif isinstance(event, LevelCleared):
                found.own[names[bytes(event.level)]] |= _results(event.window, event.results)
            elif isinstance(event, WindowAdopted):
                total[names[bytes(event.market)]] |= _adopted(event)
            elif isinstance(event, Sent):
                found._take_sent(names[bytes(event.node)], event)
            elif isinstance(event, Crossed):
                found._take_crossed(names[bytes(event.node)], event)
        for name in tree.markets:
            for slot in found.slots:
                own_wh = found.matched_wh(name, slot)
                sold, bought = total[name].get(slot, (own_wh, own_wh))
                found.crossed[name][slot] = (sold - own_wh, bought - own_wh)
        for name in reversed([*tree.places]):
            if name not in tree.markets:
                for slot in found.slots:
                    below = found.below(tree.children(name), slot)
                    own_wh = found.matched_wh(name, slot)
                    found.crossed[name][slot] = (below[0] - own_wh, below[1] - own_wh)
        return found

    def matched_wh(self, name: str, slot: int) -> int:
        """Return what an area's own auction matched."""
        return self.own[name].get(slot, SlotResult()).matched_wh

    def price_nano(self, name: str, slot: int) -> int | None:
        """Return the price of an area's own auction, None where nothing was matched."""
        result = self.own[name].get(slot, SlotResult())
        return result.price_nano if result.traded else None

    def below(self, children: Sequence[str], slot: int) -> Pair:
        """Return what crossed the edges of an area's children."""
        pairs = [self.crossed[child].get(slot, (0, 0)) for child in children]
        return sum(up for up, _ in pairs), sum(down for _, down in pairs)

    def _take_sent(self, name: str, event: Sent) -> None:
        for place, volumes in enumerate(sent_wh(event.ladder)):
            slot = event.window * WINDOW_SLOTS + place
            self.sent[name][slot] = (volumes[Side.SELL], volumes[Side.BUY])

    def _take_crossed(self, name: str, event: Crossed) -> None:
        before = self.paid.get(name, Paid())
        self.paid[name] = Paid(
            before.up_wh + event.up_wh,
            before.down_wh + event.down_wh,
            before.charge_nano + event.charge_nano,
        )


def _results(window: int, words: Sequence[int]) -> dict[int, SlotResult]:
    first = window * WINDOW_SLOTS
    return {first + place: SlotResult.unpack(word) for place, word in enumerate(words)}


def _adopted(event: WindowAdopted) -> dict[int, Pair]:
    """What a market sold and bought over all levels, by slot."""
    found = {}
    sells = _results(event.window, event.sells)
    for slot, buys in _results(event.window, event.results).items():
        other = sells[slot] if buys.apart else buys
        found[slot] = (other.matched_wh, buys.matched_wh)
    return found
