"""The readable twin of `contracts/Levels.sol`: areas above each other, cleared level by level.

What an area cannot match inside goes up an edge to its parent: volumes by limit, moved by the
edge's charge, cut to the edge's limit. There the children meet at the parent's own price, and so on
to the root. On the way down each area adds what came from above to what it matched itself, and
shares both out at one average price for each side.
docs/levels.md has the rules, their reasons and their proofs. One slot at a time; all areas of a
tree have the same ticks, so a limit keeps its place among the others wherever it goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from p2pchain.errors import Refused
from p2pchain.matching import Offer, by_tick, ceil_div, reference_bounds
from p2pchain.model import TICKS, Side

Volumes = dict[int, int]
"""Wh by tick, one side of a book."""

Bounds = tuple[int, int]
"""r, the lowest retail energy price, and f, the highest feed-in, in nano-currency per Wh."""

MAX_DEPTH = 8
"""Edges between an area and the root of its tree, at most."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The way from an area to its parent, in one slot: what a Wh pays that crosses it, and the most
    that may, up (sold out of the area) and down (bought into it)."""

    charge_nano: int
    up_wh: int
    down_wh: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The ticks that all areas of a tree share."""

    floor_nano: int
    tick_nano: int

    def price(self, tick: int) -> int:
        """Return the limit that a tick stands for, in nano-currency per Wh."""
        return self.floor_nano + tick * self.tick_nano

    def shift(self, charge_nano: int) -> int:
        """Return by how many ticks a charge moves a limit; rounded so that nobody pays more than
        his limit."""
        return ceil_div(charge_nano, self.tick_nano)


@dataclass(frozen=True, slots=True)
class Cut:
    """What is filled of one side: limits better than `tick` wholly, at `tick` `fill_wh` of
    `live_wh`."""

    tick: int
    fill_wh: int
    live_wh: int


@dataclass(frozen=True, slots=True)
class Match:
    """The auction of one area: its price (None: there is none), volume, and what is filled."""

    price_nano: int | None = None
    matched_wh: int = 0
    buys: Cut | None = None
    sells: Cut | None = None

    def cut(self, side: Side) -> Cut | None:
        """Return what is filled of a side; None: nothing."""
        return self.buys if side == Side.BUY else self.sells


@dataclass(frozen=True, slots=True)
class Residual:
    """What an area sends up, in its own ticks, with r and f of those it stands for."""

    bounds: Bounds | None
    buys: Volumes
    sells: Volumes

    def side(self, side: Side) -> Volumes:
        """Return the volumes of a side."""
        return self.buys if side == Side.BUY else self.sells


@dataclass(frozen=True, slots=True)
class Part:
    """What an area gets: from its own auction, or from above over its edge, whose charge is in the
    prices then: what a Wh costs that is bought, and what one brings that is sold."""

    from_above: bool
    buy_nano: int
    sell_nano: int
    buys: Cut | None
    sells: Cut | None
    bought_wh: int
    sold_wh: int


@dataclass(frozen=True, slots=True)
class Combined:
    """What an area gets over all levels together: one cut and one price for each side.

    `level_nano` is what the area owes above (negative: what it gets), the charge of its edge
    included; `rounding_nano` what whole prices leave over, less than a nano for each Wh.
    """

    buys: Cut | None
    sells: Cut | None
    buy_nano: int
    sell_nano: int
    bought_wh: int
    sold_wh: int
    level_nano: int
    rounding_nano: int

    def cut(self, side: Side) -> Cut | None:
        """Return what is filled of a side; None: nothing."""
        return self.buys if side == Side.BUY else self.sells


def best_first(side: Side, volumes: Mapping[int, int]) -> list[tuple[int, int]]:
    """Return (tick, Wh) of a side, the limit that is filled first first."""
    return sorted(((tick, wh) for tick, wh in volumes.items() if wh), reverse=side == Side.BUY)


def cut_of(side: Side, volumes: Mapping[int, int], wh: int) -> Cut | None:
    """Return the cut that fills so much of a side; None for nothing."""
    left = wh
    for tick, offered in best_first(side, volumes):
        if 0 < left <= offered:
            return Cut(tick, left, offered)
        left -= offered
    if wh:
        raise AssertionError("more filled than offered")
    return None


def is_better(side: Side, tick: int, other: int) -> bool:
    """Return whether a limit is filled before another."""
    return tick > other if side == Side.BUY else tick < other


def filled(side: Side, volumes: Mapping[int, int], cut: Cut | None) -> Volumes:
    """Return what a cut fills, by tick; at its own tick `fill_wh`, whoever offers there."""
    if cut is None:
        return {}
    found = {tick: wh for tick, wh in volumes.items() if is_better(side, tick, cut.tick) and wh}
    found[cut.tick] = cut.fill_wh
    return found


def less(volumes: Mapping[int, int], taken: Mapping[int, int]) -> Volumes:
    """Return what is left of volumes."""
    rest = {tick: wh - taken.get(tick, 0) for tick, wh in volumes.items()}
    return {tick: wh for tick, wh in rest.items() if wh}


def shifted(side: Side, volumes: Mapping[int, int], ticks: int, *, island: bool = False) -> Volumes:
    """Return volumes whose limits pay a charge on top: buys lower, sells higher; what leaves the
    ticks is worth less than the charge and stays behind. In an island buys in the top tick, which
    are those of critical loads, keep it (`matching.island_tick`)."""
    step = -ticks if side == Side.BUY else ticks
    stays = TICKS - 1 if island and side == Side.BUY else None
    moved = ((tick if tick == stays else tick + step, wh) for tick, wh in volumes.items())
    return {tick: wh for tick, wh in moved if 0 <= tick < TICKS}


def capped(side: Side, volumes: Mapping[int, int], most_wh: int) -> Volumes:
    """Return the best of a side up to a limit; of the last tick a part. Order plays no role."""
    kept: Volumes = {}
    left = most_wh
    for tick, wh in best_first(side, volumes):
        if left == 0:
            break
        kept[tick] = min(wh, left)
        left -= kept[tick]
    return kept


def takes_part(side: Side, volumes: Mapping[int, int], grid: Grid, price_nano: int) -> Volumes:
    """Return the volumes whose limits allow a price."""
    if side == Side.BUY:
        return {tick: wh for tick, wh in volumes.items() if grid.price(tick) >= price_nano}
    return {tick: wh for tick, wh in volumes.items() if grid.price(tick) <= price_nano}


def match_at(
    price_nano: int | None,
    buys: Mapping[int, int],
    sells: Mapping[int, int],
    grid: Grid,
    feeder_wh: int | None = None,
) -> Match:
    """Return the auction at a known price: as much as both sides have, and the feeder carries."""
    if price_nano is None:
        return Match()
    able_buys = takes_part(Side.BUY, buys, grid, price_nano)
    able_sells = takes_part(Side.SELL, sells, grid, price_nano)
    matched = min(sum(able_buys.values()), sum(able_sells.values()))
    if feeder_wh is not None:
        matched = min(matched, feeder_wh)
    return Match(
        price_nano,
        matched,
        cut_of(Side.BUY, able_buys, matched),
        cut_of(Side.SELL, able_sells, matched),
    )


def level_bounds(children: Iterable[tuple[Bounds | None, int]]) -> Bounds | None:
    """Return r and f of a level, from those of its children and their edges' charges: what the
    dearest way in leaves of the lowest r, and adds to the highest f."""
    return reference_bounds(
        (bounds[0] - charge, bounds[1] + charge) for bounds, charge in children if bounds
    )


def residual(
    match: Match,
    bounds: Bounds | None,
    buys: Mapping[int, int],
    sells: Mapping[int, int],
    grid: Grid,
    edge: Edge,
    feeder_wh: int | None = None,
) -> Residual:
    """Return what an area sends up: what took part in its auction (all, where it had none) and was
    not filled, as far as the charge leaves it a tick and the edge carries it.

    An area whose feeder has a limit sends up the excess of the longer side alone: what goes up on
    both sides could meet above and come back, which the feeder does not carry.
    """
    sides: list[Volumes] = []
    able = {side: dict(all_of) for side, all_of in ((Side.BUY, buys), (Side.SELL, sells))}
    if match.price_nano is not None:
        able = {s: takes_part(s, able[s], grid, match.price_nano) for s in able}
    left = {s: less(able[s], filled(s, able[s], match.cut(s))) for s in able}
    limit = {Side.BUY: edge.down_wh, Side.SELL: edge.up_wh}
    if feeder_wh is not None:
        more = sum(able[Side.BUY].values()) - sum(able[Side.SELL].values())
        limit[Side.BUY] = min(edge.down_wh, max(more, 0))
        limit[Side.SELL] = min(edge.up_wh, max(-more, 0))
    for side, rest in left.items():
        most = limit[side]
        ticks = grid.shift(edge.charge_nano)
        sent = shifted(side, rest, ticks)
        step = -ticks if side == Side.BUY else ticks
        sides.append({tick - step: wh for tick, wh in capped(side, sent, most).items()})
    return Residual(bounds and (_within(bounds[0]), _within(bounds[1])), sides[0], sides[1])


def _within(nano: int) -> int:
    """Charges can lead a price out of its 32 bits; out there nobody trades, wherever it ends."""
    return max(1 - 2**31, min(nano, 2**31 - 1))


@dataclass(slots=True)
class Area:
    """An area of the tree: a market (no children) or a level above others."""

    parent: int | None = None
    edge: Edge | None = None
    k_ppm: int = 500_000
    feeder_wh: int | None = None
    children: list[int] = field(default_factory=list)


class Tree:
    """Areas by number, each with its parent and the edge to it."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.areas: dict[int, Area] = {}

    def add(
        self,
        number: int,
        parent: int | None = None,
        edge: Edge | None = None,
        *,
        k_ppm: int = 500_000,
        feeder_wh: int | None = None,
    ) -> None:
        """Add an area below one that is there already. Raises Refused."""
        if number in self.areas:
            raise Refused("AreaTaken", (number,))
        if parent is not None:
            if parent not in self.areas:
                raise Refused("UnknownArea", (parent,))
            if self.depth(parent) + 1 > MAX_DEPTH:
                raise Refused("TooDeep", (number,))
            self.areas[parent].children.append(number)
        self.areas[number] = Area(parent, edge, k_ppm, feeder_wh)

    def depth(self, number: int) -> int:
        """Return how many edges lie between an area and its root."""
        return sum(1 for _ in self.above(number))

    def above(self, number: int) -> Iterator[int]:
        """Yield the areas above one, the nearest first."""
        parent = self.areas[number].parent
        while parent is not None:
            yield parent
            parent = self.areas[parent].parent

    def upward(self) -> list[int]:
        """Return all areas, every child before its parent."""
        return sorted(self.areas, key=lambda number: (-self.depth(number), number))


@dataclass(slots=True)
class Book:
    """What stands in the auction of an area, and what came of it."""

    buys: Volumes
    sells: Volumes
    bounds: Bounds | None
    match: Match
    sent: Residual | None = None
    parts: list[Part] = field(default_factory=list)

    def side(self, side: Side) -> Volumes:
        """Return the volumes of a side."""
        return self.buys if side == Side.BUY else self.sells


@dataclass(frozen=True, slots=True)
class Market:
    """A market in one slot: r and f of its members' tariffs, what they offer in the order of their
    index, and the price of its own auction (None: it has none)."""

    bounds: Bounds | None
    offers: Sequence[Offer]
    price_nano: int | None


def clear(
    tree: Tree,
    markets: Mapping[int, Market],
    *,
    islanded: Iterable[int] = (),
    skipped: Iterable[int] = (),
) -> dict[int, Book]:
    """Return the books of all areas of a tree after one slot.

    `islanded` areas send nothing up: they trade inside only, and they and all below them are in an
    island. `skipped` levels have not cleared in time: their children go on without them, and they
    send nothing up.
    """
    books: dict[int, Book] = {}
    cut_off, late = set(islanded), set(skipped)
    islands = {n for n in tree.areas if n in cut_off or cut_off.intersection(tree.above(n))}
    for number in tree.upward():
        area = tree.areas[number]
        if area.children:
            island = number in islands
            book = level_book(tree, area, books, late=number in late, island=island)
        else:
            book = market_book(tree, area, markets[number])
        books[number] = book
        alone = area.parent is None or area.parent in late or number in cut_off or number in late
        if not alone and area.edge is not None and area.edge.up_wh | area.edge.down_wh:
            book.sent = residual(
                book.match, book.bounds, book.buys, book.sells, tree.grid, area.edge, area.feeder_wh
            )
    for number in reversed(tree.upward()):
        share(tree, number, books, island=number in islands)
    return books


def market_book(tree: Tree, area: Area, market: Market) -> Book:
    """Return the book of a market after its own auction."""
    buys, sells = by_tick(market.offers, Side.BUY), by_tick(market.offers, Side.SELL)
    match = match_at(market.price_nano, buys, sells, tree.grid, area.feeder_wh)
    return Book(buys, sells, market.bounds, match)


def level_book(
    tree: Tree, area: Area, books: Mapping[int, Book], *, late: bool, island: bool
) -> Book:
    """Return the book of a level after its auction, from what its children have sent; nothing is
    matched where it is late."""
    buys: Volumes = {}
    sells: Volumes = {}
    known: list[tuple[Bounds | None, int]] = []
    for _, sent, edge in _sent(tree, area, books):
        ticks = tree.grid.shift(edge.charge_nano)
        known.append((sent.bounds, edge.charge_nano))
        for side, pool in ((Side.BUY, buys), (Side.SELL, sells)):
            for tick, wh in shifted(side, sent.side(side), ticks, island=island).items():
                pool[tick] = pool.get(tick, 0) + wh
    bounds = level_bounds(known)
    if late:
        return Book({}, {}, bounds, Match())
    price = None
    if bounds is not None and bounds[0] > bounds[1]:
        price = bounds[1] + area.k_ppm * (bounds[0] - bounds[1]) // 1_000_000
    return Book(buys, sells, bounds, match_at(price, buys, sells, tree.grid, area.feeder_wh))


def _sent(
    tree: Tree, area: Area, books: Mapping[int, Book]
) -> Iterator[tuple[int, Residual, Edge]]:
    """Yield the children that have sent something up, in their order."""
    for child in area.children:
        edge = tree.areas[child].edge
        sent = books[child].sent if child in books else None
        if sent is not None and edge is not None:
            yield child, sent, edge


def share(tree: Tree, number: int, books: Mapping[int, Book], *, island: bool) -> None:
    """Share out all that an area gets among its children, at one price for each side."""
    area, book = tree.areas[number], books[number]
    add_own_part(book)
    if not book.parts:
        return
    whole = combined(book)
    sent = list(_sent(tree, area, books))
    shares: dict[Side, list[Volumes]] = {}
    for side in Side:
        offered = [
            shifted(side, residual.side(side), tree.grid.shift(edge.charge_nano), island=island)
            for _, residual, edge in sent
        ]
        shares[side] = _shared(side, whole.cut(side), offered)
    for place, (child, _, edge) in enumerate(sent):
        ticks = tree.grid.shift(edge.charge_nano)
        cuts: dict[Side, Cut | None] = {}
        wh: dict[Side, int] = {}
        for side in Side:
            got = shifted(side, shares[side][place], -ticks, island=island)
            cuts[side] = _worst(side, got, rest(tree.grid, books[child], side))
            wh[side] = sum(got.values())
        if any(wh.values()):
            books[child].parts.append(
                Part(
                    True,
                    whole.buy_nano + edge.charge_nano,
                    whole.sell_nano - edge.charge_nano,
                    cuts[Side.BUY],
                    cuts[Side.SELL],
                    wh[Side.BUY],
                    wh[Side.SELL],
                )
            )


def add_own_part(book: Book) -> None:
    """Put what an area's own auction has filled before what came from above."""
    own = book.match
    if own.price_nano is not None and own.matched_wh:
        price, matched = own.price_nano, own.matched_wh
        book.parts.insert(0, Part(False, price, price, own.buys, own.sells, matched, matched))


def rounding_nano(book: Book) -> int:
    """Return what the whole prices of an area will leave over once its own part is added."""
    whole = Book(book.buys, book.sells, book.bounds, book.match, None, list(book.parts))
    add_own_part(whole)
    return combined(whole).rounding_nano


def _shared(side: Side, cut: Cut | None, offered: Sequence[Volumes]) -> list[Volumes]:
    """Return what each child gets of a cut, by tick.

    At the tick of the cut x = offered * filled + carry; fill = x / all offered there; carry = x mod
    all offered: over the children in their order the fills add up exactly.
    """
    shares: list[Volumes] = []
    carry = 0
    for volumes in offered:
        got: Volumes = {}
        if cut is not None:
            got = {tick: wh for tick, wh in volumes.items() if is_better(side, tick, cut.tick)}
            x = volumes.get(cut.tick, 0) * cut.fill_wh + carry
            at_cut, carry = x // cut.live_wh, x % cut.live_wh
            if at_cut:
                got[cut.tick] = at_cut
        shares.append(got)
    return shares


def rest(grid: Grid, book: Book, side: Side) -> Volumes:
    """Return what took part in an area's own auction (all, where it had none) and was not filled
    there, in its own ticks."""
    able = book.side(side)
    if book.match.price_nano is not None:
        able = takes_part(side, able, grid, book.match.price_nano)
    return less(able, filled(side, able, book.match.cut(side)))


def _worst(side: Side, taken: Mapping[int, int], offered: Mapping[int, int]) -> Cut | None:
    """The cut that stands for volumes taken by tick: all but the last tick must be taken wholly."""
    if not taken:
        return None
    (*whole, (last, wh)) = best_first(side, taken)
    if any(offered[tick] != filled_wh for tick, filled_wh in whole):
        raise AssertionError("a better limit is filled in part")
    return Cut(last, wh, offered[last])


def combined(book: Book) -> Combined:
    """Return what an area gets over all levels: the best limits first, at the average price of all
    that it bought, and sold.

    With a price for each level a seller whose neighbours pay less than the level above would do
    better to stand back, and only a worse limit would let him (docs/levels.md).
    """
    bought = sum(part.bought_wh for part in book.parts)
    sold = sum(part.sold_wh for part in book.parts)
    cost = sum(part.bought_wh * part.buy_nano for part in book.parts)
    income = sum(part.sold_wh * part.sell_nano for part in book.parts)
    buy_nano = ceil_div(cost, bought) if bought else 0
    sell_nano = income // sold if sold else 0
    return Combined(
        cut_of(Side.BUY, book.buys, bought),
        cut_of(Side.SELL, book.sells, sold),
        buy_nano,
        sell_nano,
        bought,
        sold,
        cost - income,
        bought * buy_nano - cost + income - sold * sell_nano,
    )


def member_fills(cuts: Combined, offers: Sequence[Offer]) -> list[int]:
    """Return what each offer gets over all levels, in Wh; offers in the order of the members'
    index."""
    carries = {Side.BUY: 0, Side.SELL: 0}
    fills = []
    for offer in offers:
        cut = cuts.buys if offer.side == Side.BUY else cuts.sells
        if cut is None or is_better(offer.side, cut.tick, offer.tick):
            fills.append(0)
        elif offer.tick != cut.tick:
            fills.append(offer.wh)
        else:
            x = offer.wh * cut.fill_wh + carries[offer.side]
            fills.append(x // cut.live_wh)
            carries[offer.side] = x % cut.live_wh
    return fills


def charges(tree: Tree, books: Mapping[int, Book]) -> dict[int, int]:
    """Return what the operator of each area's edge is owed, by area."""
    owed: dict[int, int] = {}
    for number, area in tree.areas.items():
        if area.edge is not None:
            crossed = sum(crossing(books[number]))
            owed[number] = crossed * area.edge.charge_nano
    return owed


def crossing(book: Book) -> tuple[int, int]:
    """Return what crosses an area's edge upward and downward, in Wh: all that is not its own."""
    above = [part for part in book.parts if part.from_above]
    return sum(part.sold_wh for part in above), sum(part.bought_wh for part in above)


def left_over(tree: Tree, books: Mapping[int, Book]) -> dict[int, int]:
    """Return what the whole prices of each level leave over, by area. What all markets owe is the
    sum of this and of the charges."""
    return {
        number: combined(books[number]).rounding_nano
        for number, area in tree.areas.items()
        if area.children
    }
