"""The readable twin of the arithmetic of `contracts/ForwardLevels.sol`: one slot of a tree of
forward auctions.

What an area could not match ahead goes up an edge to its parent: lots by limit, cut to what the
edge carries. There they meet at the parent's own equilibrium price, and so on to the root. On the
way down each area gets a list of *parts*, one of each auction that has filled something of it, the
nearest first; each keeps its own price. docs/levels.md has the rules and their reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from p2pchain import matching
from p2pchain.levels import (
    Area,
    Cut,
    Edge,
    Grid,
    Tree,
    Volumes,
    best_first,
    capped,
    cut_of,
    filled,
    is_better,
    less,
)
from p2pchain.matching import Offer
from p2pchain.model import TICKS, Side, SlotResult

Sides = dict[Side, Volumes]
"""Lots by tick, of both sides."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one auction fills of a side of an area: limits better than `tick` wholly, at `tick`
    `fill` of the `left` lots that the auctions before it have left there; `lots` in all.

    `edges` lie between the area and the auction's, none where it is its own. The price has the
    charges of these edges in it.
    """

    side: Side
    price_nano: int
    tick: int
    fill: int
    left: int
    lots: int
    edges: int = 0

    @property
    def is_rationed(self) -> bool:
        """Whether some at the last tick go without."""
        return self.fill != self.left

    def below(self, charge_nano: int, cut: Cut, lots: int) -> Part:
        """Return what the same auction fills in a child, whose edge has a charge."""
        charge = charge_nano if self.side == Side.BUY else -charge_nano
        price = self.price_nano + charge
        return Part(self.side, price, cut.tick, cut.fill_wh, cut.live_wh, lots, self.edges + 1)

    def pack(self, place: int) -> int:
        """Return the word of contracts/libraries/PartWords.sol, for a slot of a window."""
        return (
            self.price_nano % 2**32
            | self.tick << 32
            | place << 40
            | int(self.side) << 43
            | self.edges << 44
            | self.fill << 48
            | self.left << 96
            | self.lots << 144
        )


def unpack_part(word: int) -> tuple[int, Part]:
    """Return the slot of a window and the part that a word stands for."""

    def at(shift: int, bits: int) -> int:
        return word >> shift & (1 << bits) - 1

    price = at(0, 32)
    if price >> 31:
        price -= 1 << 32
    part = Part(Side(at(43, 1)), price, at(32, 8), at(48, 48), at(96, 48), at(144, 48), at(44, 4))
    return at(40, 3), part


@dataclass(slots=True)
class Book:
    """What stands in the auction of an area in one slot, in lots, and what came of it.

    `result` is that of the auction as if no feeder had a limit; `matched` what it may match.
    `parts` is what levels above have filled, and in a level, or where the feeder cuts, what its own
    auction has. `sent` went up, None: nothing was taken.
    """

    volumes: Sides
    result: SlotResult
    matched: int
    parts: list[Part] = field(default_factory=list)
    sent: Sides | None = None

    @property
    def is_cut(self) -> bool:
        """Whether the feeder leaves something unmatched that crosses."""
        return self.matched < self.result.matched_wh

    def left(self, side: Side) -> Volumes:
        """Return what the own auction leaves of a side."""
        volumes = self.volumes[side]
        return less(volumes, filled(side, volumes, cut_of(side, volumes, self.matched)))


def clear(volumes: Sides, k_ppm: int, grid: Grid, room: int | None = None) -> Book:
    """Return the auction of an area at equilibrium(k), with at most `room` lots matched inside
    (None: any). Where that cuts, both sides lose their worst volumes and the price stays."""
    offers = [
        Offer(0, side, tick, lots)
        for side, ticks in volumes.items()
        for tick, lots in ticks.items()
    ]
    result = matching.equilibrium(offers, k_ppm, grid.floor_nano, grid.tick_nano)
    matched = result.matched_wh if room is None else min(result.matched_wh, room)
    return Book(volumes, result, matched)


def own_parts(book: Book) -> list[Part]:
    """Return what an area's own auction has filled as parts, buys first."""
    if not book.matched:
        return []
    found = []
    for side in Side:
        cut = cut_of(side, book.volumes[side], book.matched)
        assert cut is not None
        price = book.result.price_nano
        found.append(Part(side, price, cut.tick, cut.fill_wh, cut.live_wh, book.matched))
    return found


def residual(book: Book, grid: Grid, edge: Edge, lot_wh: int, room: int | None) -> Sides:
    """Return what an area sends up, by its own ticks: all that is left, the best first, as far as
    the charge leaves it a tick and the edge carries it.

    An area whose feeder has a limit sends up of its shorter side only what the feeder has left: so
    much of both sides could meet in levels above and come back.
    """
    ticks = grid.shift(edge.charge_nano)
    able: Sides = {}
    for side in Side:
        step = -ticks if side == Side.BUY else ticks
        able[side] = {t: lots for t, lots in book.left(side).items() if 0 <= t + step < TICKS}
    count = {side: sum(able[side].values()) for side in Side}
    count[Side.BUY] = min(count[Side.BUY], edge.down_wh // lot_wh)
    count[Side.SELL] = min(count[Side.SELL], edge.up_wh // lot_wh)
    if room is not None:
        shorter = Side.BUY if count[Side.BUY] < count[Side.SELL] else Side.SELL
        count[shorter] = min(count[shorter], room - book.matched)
    return {side: capped(side, able[side], count[side]) for side in Side}


def level_volumes(children: Sequence[tuple[Sides, int]], grid: Grid) -> Sides:
    """Return what stands in the auction of a level: what its children have sent, each limit moved
    by the charge of its edge."""
    pool: Sides = {side: {} for side in Side}
    for sent, charge_nano in children:
        for side, volumes in sent.items():
            for tick, lots in volumes.items():
                above = _above(side, tick, grid.shift(charge_nano))
                pool[side][above] = pool[side].get(above, 0) + lots
    return pool


def shares(
    parts: Sequence[Part], children: Sequence[tuple[Book, int]], grid: Grid
) -> list[list[Part]]:
    """Return the parts of each child of a level: books that have sent something, and the charges of
    their edges.

    Each part goes to the best limits that the parts before it have left. At its last tick
    x = left * fill + carry; taken = x // all left; carry = x mod all left, over the children in
    their order.
    """
    carries = [0] * len(parts)
    found: list[list[Part]] = []
    for book, charge_nano in children:
        assert book.sent is not None
        got: dict[int, Part] = {}
        for side in Side:
            left = book.left(side)
            for tick, sent in best_first(side, book.sent[side]):
                rest = sent
                above = _above(side, tick, grid.shift(charge_nano))
                for place, part in enumerate(parts):
                    if part.side != side or not rest:
                        continue
                    lots = 0
                    if is_better(side, above, part.tick):
                        lots = rest
                    elif above == part.tick:
                        lots, carries[place] = divmod(rest * part.fill + carries[place], part.left)
                    if lots:
                        before = got[place].lots if place in got else 0
                        cut = Cut(tick, lots, left[tick])
                        got[place] = part.below(charge_nano, cut, before + lots)
                        rest -= lots
                        left[tick] -= lots
        found.append([got[place] for place in sorted(got)])
    return found


def part_fills(
    parts: Sequence[Part], offers: Sequence[Offer], own: Sequence[int]
) -> list[list[int]]:
    """Return what each part fills of each offer, in lots; offers in the order of the members'
    index, `own` what their own auction has filled of them.

    At the last tick of a part an order gets what is filled of all lots left up to its own, rounded
    down, less what the ones before it got.
    """
    found: list[list[int]] = [[0] * len(parts) for _ in offers]
    left = [offer.wh - fill for offer, fill in zip(offers, own, strict=True)]
    for place, part in enumerate(parts):
        seen = 0
        for member, offer in enumerate(offers):
            lots = 0
            if offer.side != part.side or not left[member]:
                continue
            if is_better(part.side, offer.tick, part.tick):
                lots = left[member]
            elif offer.tick == part.tick:
                before = seen * part.fill // part.left
                seen += left[member]
                lots = seen * part.fill // part.left - before
            found[member][place] = lots
            left[member] -= lots
    return found


def clear_tree(
    tree: Tree,
    markets: Mapping[int, Sequence[Offer]],
    lot_wh: int = 1,
    *,
    islanded: Iterable[int] = (),
    skipped: Iterable[int] = (),
) -> dict[int, Book]:
    """Return the books of all areas of a tree after one slot; `markets` has the orders of each in
    the order of the members' index, in lots.

    `islanded` areas send nothing up. `skipped` levels have not cleared in time: their children go
    on without them.
    """
    books: dict[int, Book] = {}
    cut_off, late = set(islanded), set(skipped)
    for number in tree.upward():
        area = tree.areas[number]
        room = None if area.feeder_wh is None else area.feeder_wh // lot_wh
        volumes: Sides = {side: {} for side in Side}
        if number in markets:
            volumes = {side: matching.by_tick(markets[number], side) for side in Side}
        elif number not in late:
            sent = [(b.sent or volumes, charge) for _, b, charge in _sent(tree, area, books)]
            volumes = level_volumes(sent, tree.grid)
        book = books[number] = clear(volumes, area.k_ppm, tree.grid, room)
        if area.children or book.is_cut:
            book.parts = own_parts(book)
        alone = area.parent is None or area.parent in late or number in cut_off or number in late
        if not alone and area.edge is not None and area.edge.up_wh | area.edge.down_wh:
            book.sent = residual(book, tree.grid, area.edge, lot_wh, room)
    for number in reversed(tree.upward()):
        senders = list(_sent(tree, tree.areas[number], books))
        below = [(book, charge) for _, book, charge in senders]
        got = shares(books[number].parts, below, tree.grid)
        for (_, book, _), parts in zip(senders, got, strict=True):
            book.parts += parts
    return books


def _sent(tree: Tree, area: Area, books: Mapping[int, Book]) -> Iterator[tuple[int, Book, int]]:
    """Yield the children that have sent something up, in their order, with their edges' charges."""
    for child in area.children:
        edge = tree.areas[child].edge
        if books[child].sent is not None and edge is not None:
            yield child, books[child], edge.charge_nano


def trades(book: Book, offers: Sequence[Offer]) -> list[list[tuple[int, int]]]:
    """Return what each order of a market was filled with, by its own auction and by each part: lots
    and price."""
    result = SlotResult() if book.is_cut else book.result
    own = matching.fills(result, offers)
    found = [[(lots, result.price_nano)] if lots else [] for lots in own]
    for member, more in enumerate(part_fills(book.parts, offers, own)):
        for part, lots in zip(book.parts, more, strict=True):
            if lots:
                found[member].append((lots, part.price_nano))
    return found


def crossing(book: Book) -> tuple[int, int]:
    """Return the lots that cross an area's edge upward and downward: all that is not its own."""
    above = [part for part in book.parts if part.edges]
    sold = sum(part.lots for part in above if part.side == Side.SELL)
    return sold, sum(part.lots for part in above if part.side == Side.BUY)


def owed_nano(parts: Sequence[Part], lot_wh: int) -> int:
    """Return what an area owes for its parts: what is bought less what is sold."""
    signs: Mapping[Side, int] = {Side.BUY: 1, Side.SELL: -1}
    return sum(signs[part.side] * part.lots * lot_wh * part.price_nano for part in parts)


def _above(side: Side, tick: int, ticks: int) -> int:
    return tick - ticks if side == Side.BUY else tick + ticks
