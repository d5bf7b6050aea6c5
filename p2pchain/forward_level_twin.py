"""The readable twin of `contracts/ForwardLevels.sol` over time: the tree, and its windows.

What is matched and how it is shared out is `p2pchain.forward_levels`; here is who may send, clear
and share when, and what follows in the auctions, the limits of areas and the ledger.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from p2pchain import forward_levels
from p2pchain.errors import Refused
from p2pchain.forward_levels import Book, Part, Sides
from p2pchain.ledger import Emit, LedgerTwin
from p2pchain.level_twin import (
    AnyLevelsTwin,
    LevelsTwin,
    LevelWindow,
    Node,
    ladder_entries,
    pack_entries,
)
from p2pchain.levels import Edge, Grid
from p2pchain.model import (
    DAY_SECONDS,
    WINDOW_SLOTS,
    ForwardLevelParams,
    Gate,
    LevelPhase,
    Side,
)
from p2pchain.registry import RegistryTwin

_NO_BOUNDS = (1 << 31) * ((2**256 - 1) // (2**64 - 1))
UP, DOWN, INSIDE = 0, 1, 2


class TreeAuction(Protocol):
    """What the tree needs of an auction: `AuctionTwin` has it."""

    def adopt(self, window: int, parts: Sequence[Sequence[Part]]) -> None:
        """Take the parts of the eight slots that levels above have filled."""


@dataclass(slots=True)
class ForwardNode(Node[ForwardLevelParams]):
    """An auction of a market, or a level, in the tree."""

    auction: TreeAuction | None = None
    market: bytes = b""


class ForwardLevelsTwin(AnyLevelsTwin[ForwardNode, ForwardLevelParams]):
    """All forward levels of a deployment, and the auctions below them."""

    def __init__(
        self, registry: RegistryTwin, ledger: LedgerTwin, levels: LevelsTwin, emit: Emit
    ) -> None:
        super().__init__(registry, ledger, emit)
        self._levels = levels
        #: By node and window: the books of its eight slots.
        self.books: dict[tuple[bytes, int], list[Book]] = {}
        self._carried: dict[tuple[bytes, int], dict[bytes, list[list[Part]]]] = {}

    # The tree

    def create(self, level: bytes, params: ForwardLevelParams) -> None:
        """Put a level into its area."""
        self._occupy(params.area, params.gate, params.gate_seconds)
        self.nodes[level] = ForwardNode(params.area, params)

    def attach(self, node: bytes, made: ForwardNode, level: bytes, window: int) -> None:
        """From a window on an auction or level belongs to a level; `made`: an auction that is not
        known yet."""
        above = self.nodes[level].params
        assert above is not None
        if node not in self.nodes:
            self._occupy(made.area, above.gate, above.gate_seconds)
            self.nodes[node] = made
        self.nodes[node].parent, self.nodes[node].window = level, window
        self.nodes[level].children.append(node)

    def _occupy(self, area: int, gate: Gate, gate_seconds: int) -> None:
        for node in self.nodes.values():
            params = node.params or (node.parent and self.nodes[node.parent].params)
            if (
                node.area == area
                and params
                and (params.gate, params.gate_seconds)
                == (
                    gate,
                    gate_seconds,
                )
            ):
                raise Refused("AreaTaken", (area,))

    # Windows

    def gate(self, level: bytes, window: int) -> int:
        """Return the unix time from which a window may be cleared."""
        params = self._params(level)
        start = window * WINDOW_SLOTS * params.slot_seconds
        if params.gate == Gate.DAY:
            start -= start % DAY_SECONDS
        return start - params.gate_seconds

    def _void_time(self, level: bytes, window: int) -> int:
        return self.gate(level, window) + self._params(level).void_seconds

    def _lot_wh(self, node: bytes) -> int:
        mine = self.nodes[node]
        params = mine.params or self._params(mine.parent or b"")
        return params.lot_wh

    # Up

    def room(self, node: bytes, slot: int) -> int | None:
        """Return the lots that may be matched inside an area in a slot, None for any."""
        feeder = self._levels.rest_at(self.nodes[node].area, slot)[INSIDE]
        return None if feeder is None else feeder // self._lot_wh(node)

    def auction_cleared(
        self, auction: bytes, window: int, books: list[Book], grid: Grid, now: int | None
    ) -> bool:
        """Send up what an auction has left; return whether it waits for what comes of it."""
        self.books[auction, window] = books
        return self._send(auction, window, grid, now)

    def begin_clearing(self, level: bytes, window: int, now: int | None) -> LevelWindow:
        """Freeze the children of a window; who has not sent by now is passed over."""
        state = super().begin_clearing(level, window, now)
        if now is not None and now < self.gate(level, window):
            raise Refused("GateOpen", (window, self.gate(level, window)))
        return state

    def clear(self, level: bytes, window: int, now: int | None) -> tuple[int, ...]:
        """Clear a window of a level; return the words of what its own auction has filled."""
        state = self.begin_clearing(level, window, now)
        state.phase, state.cursor = LevelPhase.CLEARED, 0
        params, books = self._params(level), []
        grid = Grid(params.floor_nano, params.tick_nano)
        for place in range(WINDOW_SLOTS):
            below = [
                (self._sides(self.books[child, window][place]), self.sent[child, window])
                for child in self._senders(level, window)
            ]
            volumes = forward_levels.level_volumes(below, grid)
            room = self.room(level, window * WINDOW_SLOTS + place)
            book = forward_levels.clear(volumes, params.k_ppm, grid, room)
            book.parts = forward_levels.own_parts(book)
            books.append(book)
        self.books[level, window] = books
        words = pack_parts([book.parts for book in books])
        self._send(level, window, grid, now)
        return words

    def _send(self, node: bytes, window: int, grid: Grid, now: int | None) -> bool:
        mine, lot_wh = self.nodes[node], self._lot_wh(node)
        takes, any_sent = self.takes(node, window, now), False
        for place, book in enumerate(self.books[node, window]):
            slot = window * WINDOW_SLOTS + place
            terms = self._levels.terms_at(mine.area, slot)
            up_wh, down_wh, _ = self._levels.rest_at(mine.area, slot)
            room = self.room(node, slot)
            lost = (mine.area, slot) in self._levels.lost
            book.sent = None
            used = [0, 0, book.matched * lot_wh]
            if takes and not lost and terms.up_wh | terms.down_wh:
                edge = Edge(terms.charge_nano, up_wh, down_wh)
                book.sent = forward_levels.residual(book, grid, edge, lot_wh, room)
                kept = _kept(book.sent, lot_wh)
                used = [a + b for a, b in zip(used, kept, strict=True)]
                any_sent |= any(kept)
            self._levels.use_ahead(mine.area, slot, used)
        if not takes:
            return False
        first = window * WINDOW_SLOTS
        self.sent[node, window] = self._levels.terms_at(mine.area, first).charge_nano
        ladder = pack_ladder(self.books[node, window])
        self._emit("ForwardSent", node=node, level=mine.parent, window=window, ladder=ladder)
        return any_sent

    # Down

    def share(self, level: bytes, window: int, until: int, now: int | None) -> None:
        """Share out among the children from the cursor up to `until`. Charges and money between
        markets move."""
        state = self.window_state(level, window)
        if state.phase != LevelPhase.CLEARED:
            raise Refused("WrongLevelPhase", (window, int(state.phase)))
        if not state.told and (level, window) in self.sent:
            raise Refused("AbovePending", (self.nodes[level].parent, window))
        if state.cursor == 0:
            self._carried[level, window] = self._share_all(level, window)
        moves: list[tuple[bytes, int]] = []
        charges: list[tuple[str, int]] = []
        for child in self.nodes[level].children[state.cursor : until]:
            if (child, window) in self.sent:
                self._share_to(level, child, window, moves, charges)
        self._ledger.settle_levels(
            self.root(level, window),
            [(market, nano) for market, nano in moves if nano],
            [(account, nano) for account, nano in charges if nano],
        )
        state.cursor = until
        if until == state.children:
            state.phase = LevelPhase.SHARED

    def pass_over(self, node: bytes, window: int, now: int | None) -> None:
        """An auction or level goes on without the level above."""
        if (node, window) not in self.sent or not self.is_passed_over(node, window, now):
            raise Refused("NotPassedOver", (node, window))
        auction = self.nodes[node].auction
        nothing: list[list[Part]] = [[] for _ in range(WINDOW_SLOTS)]
        if auction is not None:
            auction.adopt(window, nothing)
        else:
            state = self.window_state(node, window)
            if state.phase != LevelPhase.CLEARED or state.told:
                raise Refused("WrongLevelPhase", (window, int(state.phase)))
            state.told = True
        self._free(node, window, nothing)

    def _share_all(self, level: bytes, window: int) -> dict[bytes, list[list[Part]]]:
        """The parts of all children, slot by slot."""
        params, senders = self._params(level), list(self._senders(level, window))
        grid = Grid(params.floor_nano, params.tick_nano)
        found: dict[bytes, list[list[Part]]] = {child: [] for child in senders}
        for place in range(WINDOW_SLOTS):
            below = []
            for child in senders:
                book = self.books[child, window][place]
                book.sent = self._sides(book)
                below.append((book, self.sent[child, window]))
            parts = self.books[level, window][place].parts
            for child, got in zip(senders, forward_levels.shares(parts, below, grid), strict=True):
                found[child].append(got)
        return found

    def _share_to(
        self,
        level: bytes,
        child: bytes,
        window: int,
        moves: list[tuple[bytes, int]],
        charges: list[tuple[str, int]],
    ) -> None:
        node, lot_wh = self.nodes[child], self._lot_wh(level)
        parts = self._carried[level, window][child]
        books = self.books[child, window]
        self._free(child, window, parts)
        any_sent = any(_lots(self._sides(book), side) for book in books for side in Side)
        if node.auction is None:
            for book, more in zip(books, parts, strict=True):
                book.parts += more
            self.window_state(child, window).told = True
        elif any_sent:
            node.auction.adopt(window, parts)
            owed = sum(forward_levels.owed_nano(more, lot_wh) for more in parts)
            moves.append((node.market, owed))
        flat = [part for more in parts for part in more]
        up_wh = sum(part.lots for part in flat if part.side == Side.SELL) * lot_wh
        down_wh = sum(part.lots for part in flat if part.side == Side.BUY) * lot_wh
        charge = self.sent[child, window] * (up_wh + down_wh)
        operator = self._registry.areas[node.area].operator
        charges.append((operator, charge))
        self._emit(
            "ForwardCrossed",
            node=child,
            window=window,
            up_wh=up_wh,
            down_wh=down_wh,
            operator=operator,
            charge_nano=charge,
        )

    def _free(self, node: bytes, window: int, parts: Sequence[Sequence[Part]]) -> None:
        """Give back what was kept of the limits of a node's area and is not needed."""
        area, lot_wh = self.nodes[node].area, self._lot_wh(node)
        for place, book in enumerate(self.books[node, window]):
            got = {side: {0: sum(p.lots for p in parts[place] if p.side == side)} for side in Side}
            kept, needed = _kept(self._sides(book), lot_wh), _kept(got, lot_wh)
            free = [a - b for a, b in zip(kept, needed, strict=True)]
            self._levels.free_ahead(area, window * WINDOW_SLOTS + place, free)

    def _senders(self, level: bytes, window: int) -> Iterator[bytes]:
        count = self.window_state(level, window).children
        for child in self.nodes[level].children[:count]:
            if (child, window) in self.sent:
                yield child

    def _sides(self, book: Book) -> Sides:
        return book.sent if book.sent is not None else {side: {} for side in Side}


def _lots(sides: Sides, side: Side) -> int:
    return sum(sides[side].values())


def _kept(sides: Sides, lot_wh: int) -> list[int]:
    """What lots of both sides take of the limits up, down and inside, in Wh."""
    sells, buys = _lots(sides, Side.SELL), _lots(sides, Side.BUY)
    return [sells * lot_wh, buys * lot_wh, min(sells, buys) * lot_wh]


def pack_parts(slots: Sequence[Sequence[Part]]) -> tuple[int, ...]:
    """Return the words of the parts of eight slots in the order of the contracts."""
    parts = [(part.edges, place, part.side, part) for place, of in enumerate(slots) for part in of]
    return tuple(part.pack(place) for _, place, _, part in sorted(parts, key=lambda key: key[:3]))


def pack_ladder(books: Sequence[Book]) -> tuple[int, ...]:
    """Return the words of contracts/libraries/Ladders.sol for what was sent of eight slots."""
    entries: list[int] = []
    for place, book in enumerate(books):
        for side in Side:
            sent = book.sent[side] if book.sent is not None else {}
            entries += ladder_entries(place, side, sent, book.left(side))
    return (_NO_BOUNDS, _NO_BOUNDS, *pack_entries(entries))
