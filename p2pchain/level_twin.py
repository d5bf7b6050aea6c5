"""The readable twin of `contracts/Levels.sol` over time: the tree, and its windows.

What is matched and how it is shared out is `p2pchain.levels`; here is who may send, clear and share
when, and what follows in the markets and the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from p2pchain import levels
from p2pchain.errors import CheckFailed, Refused
from p2pchain.ledger import Emit, LedgerTwin
from p2pchain.levels import Book, Combined, Cut, Edge, Grid, Market, Tree, Volumes
from p2pchain.matching import Offer
from p2pchain.model import (
    RING,
    UNLIMITED,
    WINDOW_SLOTS,
    EdgeTerms,
    LevelParams,
    LevelPhase,
    Side,
    SlotResult,
)
from p2pchain.registry import RegistryTwin, Timeline

NO_BOUNDS = -(2**31)
_ENTRY, _PART = 1 << 63, 1 << 60


P = TypeVar("P")


@dataclass(slots=True)
class Node(Generic[P]):
    """A market or auction (no parameters) or level in the tree; `window` is the first in which it
    belongs to its parent."""

    area: int
    params: P | None = None
    parent: bytes | None = None
    window: int = 0
    children: list[bytes] = field(default_factory=list)


N = TypeVar("N", bound=Node[Any])


@dataclass(slots=True)
class LevelWindow:
    """A window of a level: its phase, the next child, how many there are, and whether the level
    above has told what it filled."""

    window: int
    phase: LevelPhase = LevelPhase.ABSENT
    cursor: int = 0
    children: int = 0
    told: bool = False


@dataclass(frozen=True, slots=True)
class Adopted:
    """What a market gets of one slot over all levels, and what it had of its own."""

    combined: Combined
    book: Book


class AnyLevelsTwin(Generic[N, P]):
    """A tree of levels over time, above markets or above forward auctions: what stands in both."""

    def __init__(self, registry: RegistryTwin, ledger: LedgerTwin, emit: Emit) -> None:
        self._registry = registry
        self._ledger = ledger
        self._emit = emit
        self.nodes: dict[bytes, N] = {}
        self.windows: dict[tuple[bytes, int], LevelWindow] = {}
        #: By node and window in which something was sent: the charge of the edge then.
        self.sent: dict[tuple[bytes, int], int] = {}

    def root(self, node: bytes, window: int) -> bytes:
        """Return the root of a node's tree, as it is in a window."""
        while (parent := self.nodes[node].parent) and window >= self.nodes[node].window:
            node = parent
        return node

    def is_below(self, node: bytes, window: int) -> bool:
        """Return whether a node belongs to a level in a window."""
        mine = self.nodes.get(node)
        return mine is not None and mine.parent is not None and window >= mine.window

    def window_state(self, level: bytes, window: int) -> LevelWindow:
        """Return the state of a window of a level."""
        return self.windows.get((level, window), LevelWindow(window))

    def takes(self, node: bytes, window: int, now: int | None) -> bool:
        """Return whether the level above takes what a node sends in a window."""
        if not self.is_below(node, window):
            return False
        parent = self.nodes[node].parent
        assert parent is not None
        newest = max((w for n, w in self.windows if n == parent), default=-1)
        if any(
            self.window_state(parent, other).phase != LevelPhase.ABSENT
            for other in range(window, newest + 1)
            if (other - window) % RING == 0
        ):
            return False
        if self.window_state(parent, window - RING).phase == LevelPhase.CLEARED:
            return False
        return now is None or now < self._void_time(parent, window)

    def is_passed_over(self, node: bytes, window: int, now: int | None) -> bool:
        """Return whether what a node sent up will never be filled, or nothing was sent."""
        parent = self.nodes[node].parent
        if parent is None or (node, window) not in self.sent:
            return True
        if self.window_state(parent, window).phase >= LevelPhase.CLEARED:
            return False
        return now is not None and now >= self._void_time(parent, window)

    def begin_clearing(self, level: bytes, window: int, now: int | None) -> LevelWindow:
        """Freeze the children of a window; who has not sent by now is passed over."""
        state = self.window_state(level, window)
        if state.phase == LevelPhase.ABSENT:
            state.children = len(self.nodes[level].children)
            state.phase = LevelPhase.CLEARING
            self.windows[level, window] = state
        if state.phase != LevelPhase.CLEARING:
            raise Refused("WrongLevelPhase", (window, int(state.phase)))
        if now is not None and now >= self._void_time(level, window):
            raise Refused("PassedOver", (window,))
        return state

    def assert_conserved(self) -> None:
        """Raise CheckFailed where a tree that is shared out keeps or owes money."""
        busy = {
            self.root(level, window)
            for (level, window), state in self.windows.items()
            if state.phase == LevelPhase.CLEARED
        }
        for root in {node for node, kept in self.nodes.items() if kept.params} - busy:
            transit = self._ledger.transit_nano[root]
            if transit:
                raise CheckFailed(f"{transit} nano left with the levels although all is shared")

    def _void_time(self, level: bytes, window: int) -> int:
        raise NotImplementedError

    def _params(self, level: bytes) -> P:
        params: P | None = self.nodes[level].params
        assert params is not None
        return params


class LevelsTwin(AnyLevelsTwin[Node[LevelParams], LevelParams]):
    """All levels of a deployment, and the markets below them."""

    def __init__(self, registry: RegistryTwin, ledger: LedgerTwin, emit: Emit) -> None:
        super().__init__(registry, ledger, emit)
        self.node_of_area: dict[int, bytes] = {}
        self.edges: defaultdict[int, Timeline[EdgeTerms]] = defaultdict(Timeline)
        self.lost: set[tuple[int, int]] = set()
        #: What forward auctions have used up, down and inside, in Wh, by area and slot.
        self.ahead: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0, 0])
        #: By node and window: the books of its eight slots.
        self.books: dict[tuple[bytes, int], list[Book]] = {}
        self._moves: list[tuple[bytes, int]] = []
        self._charges: list[tuple[str, int]] = []

    # The tree

    def create(self, level: bytes, params: LevelParams) -> None:
        """Put a level into its area."""
        self._occupy(params.area, level)
        self.nodes[level] = Node(params.area, params)

    def attach(self, node: bytes, area: int, level: bytes, window: int) -> None:
        """From a window on a market or level belongs to a level."""
        if node not in self.nodes:
            self._occupy(area, node)
            self.nodes[node] = Node(area)
        self.nodes[node].parent, self.nodes[node].window = level, window
        self.nodes[level].children.append(node)

    def set_edge(self, area: int, terms: EdgeTerms) -> None:
        """What holds for the edge and the feeder of an area from a slot on."""
        self.edges[area].put(terms.from_slot, terms)

    def lose_grid(self, area: int, first: int, end: int) -> None:
        """Nothing goes up from an area in slots from `first` on, before `end`."""
        self.lost |= {(area, slot) for slot in range(first, end)}

    def terms_at(self, area: int, slot: int) -> EdgeTerms:
        """Return what holds for an area in a slot."""
        return self.edges[area].at(slot) or EdgeTerms(0, 0, 0, 0)

    def _occupy(self, area: int, node: bytes) -> None:
        if area in self.node_of_area:
            raise Refused("AreaTaken", (area,))
        self.node_of_area[area] = node

    # Windows

    def _void_time(self, level: bytes, window: int) -> int:
        params = self._params(level)
        return (window + 1) * WINDOW_SLOTS * params.slot_seconds + params.void_seconds

    # Up

    def feeder_wh(self, market: bytes, slot: int) -> int | None:
        """Return what may be matched inside a market's area in a slot, None for anything."""
        node = self.nodes.get(market)
        if node is None or node.parent is None:
            return None
        return self.rest_at(node.area, slot)[2]

    def rest_at(self, area: int, slot: int) -> tuple[int, int, int | None]:
        """Return what forward auctions have left of the limits of an area in a slot: up, down, and
        inside (None: anything)."""
        terms, used = self.terms_at(area, slot), self.ahead[area, slot]
        up_wh, down_wh = max(0, terms.up_wh - used[0]), max(0, terms.down_wh - used[1])
        if terms.feeder_wh == UNLIMITED:
            return up_wh, down_wh, None
        return up_wh, down_wh, max(0, terms.feeder_wh - used[2])

    def use_ahead(self, area: int, slot: int, wh: Sequence[int]) -> None:
        """Forward auctions use so much of the limits of an area: up, down and inside."""
        used = self.ahead[area, slot]
        self.ahead[area, slot] = [min(a + b, UNLIMITED) for a, b in zip(used, wh, strict=True)]

    def free_ahead(self, area: int, slot: int, wh: Sequence[int]) -> None:
        """They do not need so much of it after all. What is full stays so."""
        used = self.ahead[area, slot]
        self.ahead[area, slot] = [
            a if a == UNLIMITED else a - b for a, b in zip(used, wh, strict=True)
        ]

    def market_cleared(
        self,
        market: bytes,
        window: int,
        slots: Sequence[tuple[tuple[int, int] | None, Sequence[Offer], int | None]],
        grid: Grid,
        now: int | None,
    ) -> bool:
        """Send up what a market has left: of each slot r and f, what was offered, and the price.
        Return whether the level above takes it."""
        if not self.takes(market, window, now):
            return False
        books = self.books[market, window] = []
        for place, slot in enumerate(slots):
            tree = self._tree(market, window, grid, place)
            area = tree.areas[self.nodes[market].area]
            books.append(levels.market_book(tree, area, Market(*slot)))
        self._send(market, window, grid)
        return True

    def clear(
        self, level: bytes, window: int, now: int | None
    ) -> tuple[tuple[SlotResult, ...], tuple[SlotResult | None, ...]]:
        """Clear a window of a level; return its results, and those of the sells that have one."""
        state = self.begin_clearing(level, window, now)
        state.phase, state.cursor = LevelPhase.CLEARED, 0
        params = self._params(level)
        grid = Grid(params.floor_nano, params.tick_nano)
        books = []
        for place in range(WINDOW_SLOTS):
            tree = self._tree(level, window, grid, place)
            below = self._below(level, window, place)
            books.append(levels.level_book(tree, tree.areas[params.area], below, late=False))
        self.books[level, window] = books
        pairs = [_results(book) for book in self.books[level, window]]
        if self.takes(level, window, now):
            self._send(level, window, grid)
        return tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)

    def _send(self, node: bytes, window: int, grid: Grid) -> None:
        terms = self.terms_at(self.nodes[node].area, window * WINDOW_SLOTS)
        for place, book in enumerate(self.books[node, window]):
            where = self.nodes[node].area, window * WINDOW_SLOTS + place
            up_wh, down_wh, feeder_wh = self.rest_at(*where)
            edge = Edge(terms.charge_nano, up_wh, down_wh)
            book.sent = None
            if where not in self.lost and terms.up_wh | terms.down_wh:
                book.sent = levels.residual(
                    book.match, book.bounds, book.buys, book.sells, grid, edge, feeder_wh
                )
        self.sent[node, window] = terms.charge_nano
        ladder = pack_ladder(self.books[node, window], grid)
        level = self.nodes[node].parent
        self._emit("Sent", node=node, level=level, window=window, ladder=ladder)

    # Down

    def share(
        self, level: bytes, window: int, until: int, now: int | None
    ) -> dict[bytes, list[Adopted]]:
        """Share out among the children from the cursor up to `until`; return for each market what
        it gets of the eight slots. Charges and money between markets move."""
        state = self.window_state(level, window)
        if state.phase != LevelPhase.CLEARED:
            raise Refused("WrongLevelPhase", (window, int(state.phase)))
        if not state.told and not self.is_passed_over(level, window, now):
            raise Refused("AbovePending", (self.nodes[level].parent, window))
        if state.cursor == 0:
            self._share_all(level, window)
        adopted: dict[bytes, list[Adopted]] = {}
        moves: list[tuple[bytes, int]] = []
        charges: list[tuple[str, int]] = []
        for child in self.nodes[level].children[state.cursor : until]:
            if (child, window) not in self.sent:
                continue
            self._share_to(child, window, adopted, moves, charges)
        self._moves, self._charges = moves, charges
        state.cursor = until
        if until == state.children:
            state.phase = LevelPhase.SHARED
        return adopted

    def pay(self, level: bytes, window: int, feeds: Mapping[bytes, tuple[int, str]]) -> None:
        """Hand to the ledger what the last sharing came to; `feeds`: by market what its whole
        prices leave over, and who gets that."""
        moves = [(market, nano + feeds[market][0]) for market, nano in self._moves]
        charges = self._charges + [(account, nano) for nano, account in feeds.values()]
        self._ledger.settle_levels(
            self.root(level, window),
            [(market, nano) for market, nano in moves if nano],
            [(account, nano) for account, nano in charges if nano],
        )

    def _share_all(self, level: bytes, window: int) -> None:
        params = self._params(level)
        tree = self._tree(level, window, Grid(params.floor_nano, params.tick_nano))
        for place in range(WINDOW_SLOTS):
            books = self._below(level, window, place)
            levels.share(tree, params.area, books)

    def _share_to(
        self,
        child: bytes,
        window: int,
        adopted: dict[bytes, list[Adopted]],
        moves: list[tuple[bytes, int]],
        charges: list[tuple[str, int]],
    ) -> None:
        node, books = self.nodes[child], self.books[child, window]
        crossed = [levels.crossing(book) for book in books]
        up_wh, down_wh = sum(up for up, _ in crossed), sum(down for _, down in crossed)
        charge = self.terms_at(node.area, window * WINDOW_SLOTS).charge_nano * (up_wh + down_wh)
        operator = self._registry.areas[node.area].operator
        if node.params is not None:
            self.window_state(child, window).told = True
            charges.append((operator, sum(map(levels.rounding_nano, books))))
        else:
            found = []
            for book in books:
                levels.add_own_part(book)
                found.append(Adopted(levels.combined(book), book))
            adopted[child] = found
            moves.append((child, sum(one.combined.level_nano for one in found)))
        charges.append((operator, charge))
        self._emit(
            "Crossed",
            node=child,
            window=window,
            up_wh=up_wh,
            down_wh=down_wh,
            operator=operator,
            charge_nano=charge,
        )

    def _below(self, level: bytes, window: int, place: int) -> dict[int, Book]:
        """The books of a slot of a level's children that have sent something, by area; and its own
        once it has cleared."""
        found = {}
        for child in self.nodes[level].children:
            if (child, window) in self.sent:
                found[self.nodes[child].area] = self.books[child, window][place]
        if (level, window) in self.books:
            found[self.nodes[level].area] = self.books[level, window][place]
        return found

    def _tree(self, node: bytes, window: int, grid: Grid, place: int = 0) -> Tree:
        """The tree of a node as it stands in a slot of a window, areas by their numbers."""
        tree = Tree(grid)
        slot = window * WINDOW_SLOTS + place
        left = [self.root(node, window)]
        while left:
            number = self.nodes[left[0]].area
            mine = self.nodes[left.pop(0)]
            terms = self.terms_at(number, slot)
            above = mine.parent if window >= mine.window else None
            tree.add(
                number,
                self.nodes[above].area if above else None,
                Edge(terms.charge_nano, terms.up_wh, terms.down_wh) if above else None,
                k_ppm=mine.params.k_ppm if mine.params else 0,
                feeder_wh=self.rest_at(number, slot)[2],
            )
            left += [child for child in mine.children if self.nodes[child].window <= window]
        return tree


def pack_ladder(books: Sequence[Book], grid: Grid) -> tuple[int, ...]:
    """Return the words of contracts/libraries/Ladders.sol for what was sent of eight slots."""
    head = [0, 0]
    entries: list[int] = []
    for place, book in enumerate(books):
        retail, feed_in = (NO_BOUNDS, 0)
        if book.sent is not None and book.sent.bounds is not None:
            retail, feed_in = book.sent.bounds
        both = retail % 2**32 | feed_in % 2**32 << 32
        head[place // 4] |= both << place % 4 * 64
        for side in (Side.BUY, Side.SELL):
            sent = book.sent.side(side) if book.sent is not None else {}
            entries += ladder_entries(place, side, sent, levels.rest(grid, book, side))
    return (*head, *pack_entries(entries))


def ladder_entries(place: int, side: Side, sent: Volumes, left: Volumes) -> Iterator[int]:
    """Yield the entries of a slot and side, the best limit first: what was sent of what is left."""
    for tick, wh in levels.best_first(side, sent):
        entry = _ENTRY | wh | tick << 48 | place << 56 | int(side) << 59
        if wh == left[tick]:
            yield entry
        else:
            yield from (entry | _PART, _ENTRY | left[tick])


def pack_entries(entries: Sequence[int]) -> list[int]:
    """Return entries four to a word, the first lowest."""
    return [
        sum(entry << 64 * lane for lane, entry in enumerate(entries[begin : begin + 4]))
        for begin in range(0, len(entries), 4)
    ]


def _results(book: Book) -> tuple[SlotResult, SlotResult | None]:
    """The result of a level's slot as the contract packs it."""
    match = book.match
    if match.price_nano is None:
        return SlotResult(), None
    if match.buys is None or match.sells is None:
        return SlotResult(price_nano=match.price_nano), None
    buys, sells = match.buys, match.sells
    rationed = buys.fill_wh < buys.live_wh
    cut = buys if rationed else sells
    result = SlotResult(
        True, match.price_nano, match.matched_wh, buys.tick, sells.tick, rationed,
        cut.fill_wh, cut.live_wh,
    )  # fmt: skip
    if not rationed or sells.fill_wh == sells.live_wh:
        return result, None
    others = replace(
        result, buy_rationed=False, fill_wh=sells.fill_wh, live_wh=sells.live_wh, apart=True
    )
    return replace(result, apart=True), others


def adopted_results(
    adopted: Adopted, own: SlotResult, own_sells: SlotResult | None
) -> tuple[SlotResult, SlotResult | None]:
    """Return the results of a slot over all levels: of the buys, and of the sells (None: the first
    holds for both, since nothing came from above)."""
    combined = adopted.combined
    sold, bought = levels.crossing(adopted.book)
    if not bought and not sold:
        return own, own_sells
    # A side to which nothing is added keeps what its own result says of the last tick.
    buy_kept = bool(bought) or own.buy_rationed
    sell_kept = bool(sold) or not (own_sells or own).buy_rationed
    buys = _side(Side.BUY, combined.buys, buy_kept, combined.bought_wh, combined.buy_nano)
    sells = _side(Side.SELL, combined.sells, sell_kept, combined.sold_wh, combined.sell_nano)
    return buys, sells


def _side(side: Side, cut: Cut | None, kept: bool, wh: int, nano: int) -> SlotResult:
    buys = side == Side.BUY
    if cut is None:
        return SlotResult(buy_rationed=buys, apart=True)
    fill, live = cut.fill_wh, cut.live_wh
    if not kept:
        fill = live = 1  # nothing is rationed: one of one
    return SlotResult(
        traded=True,
        price_nano=nano,
        matched_wh=wh,
        buy_tick=cut.tick if buys else 0,
        sell_tick=0 if buys else cut.tick,
        buy_rationed=buys,
        fill_wh=fill,
        live_wh=live,
        apart=True,
    )
