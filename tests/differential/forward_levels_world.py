"""A random tree whose areas trade ahead, with two gates, and after delivery, on the same edges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from p2pchain import history, levels
from p2pchain.chain.abi import Call
from p2pchain.chain.bindings.errors import PassedOver
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.sender import Sender
from p2pchain.forward_level_market import ForwardLevel, ForwardTree
from p2pchain.forward_market import Auction
from p2pchain.model import (
    UNLIMITED,
    WINDOW_SLOTS,
    Action,
    AuctionParams,
    EdgeTerms,
    ForwardLevelParams,
    ForwardPhase,
    ForwardRefusal,
    Gate,
    LevelPhase,
    Order,
    Side,
)
from p2pchain.replay import TwinMarket
from tests.differential.levels_world import DAY, HOUR, SCALE, WINDOWS, LevelsWorld, Place

ALL = 2**32 - 1


@dataclass
class Session:
    """The auctions of one gate, and the levels above them, by area."""

    gate: Gate
    gate_seconds: int
    lot_wh: int
    collect_seconds: int
    auctions: dict[int, Auction] = field(default_factory=dict)
    levels: dict[int, bytes] = field(default_factory=dict)


class ForwardLevelsWorld(LevelsWorld):
    """Plays days of a tree of two or three levels, ahead and after delivery."""

    edge_windows = (0,)
    losses = 0.2

    def __init__(self, contracts: Contracts, seed: int, days: int = 1) -> None:
        super().__init__(contracts, seed, days)
        rng = self.rng
        self.sequence = 0
        self.sessions = [
            Session(Gate.DAY, 30 * HOUR, rng.choice((1, 5)), 2 * HOUR),
            Session(Gate.WINDOW, HOUR, rng.choice((1, 10)), 600),
        ]
        for session in self.sessions:
            for place in self.places:
                self._join(session, place)
        for place in self.places:
            for home in place.homes:
                self._pay_in(home.owner.address, 10**9 * SCALE)

    def _join(self, session: Session, place: Place) -> None:
        rng = self.rng
        parent = self.contracts.registry.area(place.area).parent
        k_ppm = rng.choice((0, 333_333, 500_000, 1_000_000))
        if place.market is None:
            later = 1 + (not parent)
            params = ForwardLevelParams(
                area=place.area,
                gate=session.gate,
                gate_seconds=session.gate_seconds,
                k_ppm=k_ppm,
                lot_wh=session.lot_wh,
                floor_nano=self.floor_nano,
                tick_nano=self.tick_nano,
                collect_seconds=session.collect_seconds * later,
                void_seconds=session.collect_seconds * 3 * later,
            )
            node = self.operator.create_forward_level(params)
            session.levels[place.area] = node
        else:
            auction = AuctionParams(
                market=place.node,
                gate=session.gate,
                gate_seconds=session.gate_seconds,
                void_seconds=session.collect_seconds * 4,
                k_ppm=k_ppm,
                lot_wh=session.lot_wh,
                floor_nano=self.floor_nano,
                tick_nano=self.tick_nano,
                cap_nano=self.floor_nano + 300 * self.tick_nano,
                surplus_nano=min(0, self.floor_nano),
            )
            node = self.operator.create_auction(auction)
            session.auctions[place.area] = Auction(place.market, node)
        if parent:
            window = self.first // WINDOW_SLOTS + rng.choice((0, 0, 0, 1))
            forward_levels = self.contracts.forward_levels
            self.sender.send(forward_levels.attach(node, session.levels[parent], window))

    # Days

    def play(self) -> None:
        for day in range(self.days):
            start = self.first + day * DAY
            windows = range(start // WINDOW_SLOTS, start // WINDOW_SLOTS + WINDOWS)
            self._wait((start - 32) * HOUR)
            ahead, intraday = self.sessions
            self._order(ahead, start)
            self._lose_grids(start)
            self._wait((start - 30) * HOUR)
            self._trade(ahead, windows)
            self._order(intraday, start)
            for window in windows:
                self._wait((window * WINDOW_SLOTS - 1) * HOUR)
                self._trade(intraday, [window])
            self._finish(windows)
            self._wait((start + DAY) * HOUR)
            self._post(start)
            late = {w for w in windows if self.rng.random() < 0.15}
            for window in windows:
                self._up(window, window in late)
            for window in windows:
                self._down(window)

    def _order(self, session: Session, start: int) -> None:
        """Orders for a few slots, so that their books are not empty on one side."""
        rng = self.rng
        slots = rng.sample(range(start, start + DAY), 5)
        middle = rng.randrange(60, 120)
        for place in self.places:
            orders = []
            auction = session.auctions.get(place.area)
            for home in place.homes:
                for slot in rng.sample(slots, 4):
                    assert auction is not None
                    self.sequence += 1
                    sell = rng.random() < 0.5
                    tick = middle + rng.choice((-20, -9, -5, -3, 0, 2, 4, 6, 13))
                    order = Order(
                        auction=auction.id,
                        meter=home.meter,
                        slot=slot,
                        sequence=self.sequence,
                        action=Action.PLACE,
                        sell=sell,
                        limit_nano=auction.params.price_nano(tick),
                        wh=session.lot_wh * rng.choice((1, 3, 10, 44, 150)),
                    )
                    orders.append(auction.sign_order(home.owner, order))
            if orders and auction is not None:
                skipped = auction.skipped(self.sender.send(auction.place_call(orders)))
                assert set(skipped.values()) <= {ForwardRefusal.TOO_LITTLE_MONEY}, skipped
                self.counts["ordered"] += len(orders) - len(skipped)

    def _trade(self, session: Session, windows: Sequence[int]) -> None:
        """Clear the auctions of a gate and their levels, up and down; some are late."""
        levels_ = self._levels(session)
        for window in windows:
            nodes = [*session.levels.values(), *(a.id for a in session.auctions.values())]
            held = self.rng.choice(nodes) if self.rng.random() < 0.25 else b""
            for auction in session.auctions.values():
                if auction.id != held:
                    self._clear_auction(auction, window, to=ForwardPhase.RATIONING)
            for level in levels_:
                if level.id != held:
                    self._up_forward(level, window)
            self.counts["late forward levels"] += held in session.levels.values()
            self._change_charge(window)
        for window in windows:
            for level in reversed(levels_):
                self._down_forward(level, window)
            for auction in session.auctions.values():
                self._clear_auction(auction, window, to=ForwardPhase.CLEARED)

    def _change_charge(self, window: int) -> None:
        """What was sent pays the charge that held then."""
        place, slot = self.rng.choice(self.places), window * WINDOW_SLOTS
        known = self.contracts.levels.edge_at(place.area, slot)
        begun = self.chain.block().timestamp >= slot * HOUR
        if begun or known.from_slot > slot or self.rng.random() < 0.6:
            return
        changed = EdgeTerms(
            slot,
            self.rng.choice((0, 1, 5)) * SCALE,
            known.up_wh,
            known.down_wh,
            known.feeder_wh,
        )
        later = self.contracts.levels.edge_at(place.area, slot + 10**6).from_slot
        if later <= slot:
            with Sender(self.chain, place.operator) as own:
                own.send(self.operator.set_edge(place.area, changed))
            self.counts["charges changed"] += 1

    def _levels(self, session: Session) -> list[ForwardLevel]:
        mine = set(session.levels.values())
        return [level for level in ForwardTree(self.contracts).levels() if level.id in mine]

    def _clear_auction(self, auction: Auction, window: int, to: ForwardPhase) -> None:
        """Clear in steps of any size, at most up to a phase, and not always so far."""
        done = (ForwardPhase.ABSENT, ForwardPhase.AWAITING, ForwardPhase.CLEARED)
        while (phase := auction.phase(window)) not in done and phase <= to:
            if phase == ForwardPhase.RATIONING and to == phase and self.rng.random() < 0.5:
                self.counts["shared while rationing"] += 1
                return
            part = self.rng.choice((1, 3, ALL))
            self.sender.send(self.contracts.forward.clear(auction.id, window, 1, part))
            self.counts["forward steps"] += 1
            self.counts["adopting"] += phase == ForwardPhase.ADOPTING

    def _up_forward(self, level: ForwardLevel, window: int) -> None:
        ladders = level.ladders(window)
        if not level.is_ready(window):
            self._wait(level.gate(window) + level.params.collect_seconds)
        with suppress(PassedOver):
            self._steps_of(level, ladders, window, self.contracts.forward_levels.clear)
            self.counts["forward levels cleared"] += 1

    def _steps_of(
        self,
        level: ForwardLevel,
        ladders: Sequence[Sequence[int]],
        window: int,
        call: Callable[[bytes, int, Sequence[Sequence[int]]], Call],
    ) -> None:
        begin = 0
        while begin < len(ladders) or (begin == 0 and not ladders):
            part = ladders[begin : begin + self.rng.choice((1, 2, len(ladders)))]
            self.sender.send(call(level.id, window, part))
            begin += max(1, len(part))
            self.counts["forward level steps"] += 1

    def _down_forward(self, level: ForwardLevel, window: int) -> None:
        if level.phase(window) != LevelPhase.CLEARED:
            self._wait(level.gate(window) + level.params.void_seconds)
        self._pass_over_below(level, window)
        if level.phase(window) == LevelPhase.CLEARED:
            ladders = level.ladders(window)
            self._steps_of(level, ladders, window, self.contracts.forward_levels.share)

    def _pass_over_below(self, level: ForwardLevel, window: int) -> None:
        """What a level that is late was sent goes on without it."""
        if level.phase(window) >= LevelPhase.CLEARED:
            return
        for call in level.pass_over_calls(window):
            self.sender.send(call)
            self.counts["passed over ahead"] += 1

    def _finish(self, windows: Sequence[int]) -> None:
        """What is stuck in rationing may be passed over only after that."""
        for session in self.sessions:
            for window in windows:
                for auction in session.auctions.values():
                    self._clear_auction(auction, window, to=ForwardPhase.CLEARED)
                    phase = auction.phase(window)
                    assert phase in (ForwardPhase.ABSENT, ForwardPhase.CLEARED), phase

    # What came of it

    def check(self) -> Counter[str]:
        counts = super().check()
        twin = self.twin
        net: Counter[int] = Counter()
        for market in self._markets():
            for slot, (bought, sold) in history.read(market).forward_wh.items():
                net[slot] += bought - sold
                counts["traded ahead"] += 1
                counts["from beyond"] += bought != sold
        assert not any(net.values()), "bought and sold ahead differ over the tree"
        self._check_limits(twin)
        for auction in twin.auctions.values():
            for above in auction.above.values():
                parts = [part for of in above.parts for part in of]
                counts["parts"] += len(parts)
                counts["far parts"] += sum(part.edges > 1 for part in parts)
                counts["feeder cuts"] += sum(part.edges == 0 for part in parts)
                counts["rationed parts"] += sum(part.is_rationed for part in parts)
        for node in twin.forward_levels.nodes:
            assert twin.ledger.transit_nano[node] == 0
        return counts

    def _check_limits(self, twin: TwinMarket) -> None:
        """Ahead and after delivery together, nothing above a limit of an edge or feeder."""
        used: dict[tuple[int, int], list[int]] = {}

        def add(area: int, slot: int, up: int, down: int, inside: int) -> None:
            before = used.get((area, slot), [0, 0, 0])
            used[area, slot] = [a + b for a, b in zip(before, (up, down, inside), strict=True)]

        for (node, window), books in twin.levels.books.items():
            for place, book in enumerate(books):
                up, down = levels.crossing(book)
                inside = book.match.matched_wh
                add(twin.levels.nodes[node].area, window * WINDOW_SLOTS + place, up, down, inside)
        for (node, window), forward_books in twin.forward_levels.books.items():
            mine = twin.forward_levels.nodes[node]
            lot_wh = twin.forward_levels._lot_wh(node)
            for place, forward in enumerate(forward_books):
                parts = forward.parts
                if mine.auction is not None:
                    parts = twin.auctions[node].above[window].parts[place]
                above = [part for part in parts if part.edges]
                up = sum(part.lots for part in above if part.side == Side.SELL)
                down = sum(part.lots for part in above if part.side == Side.BUY)
                inside = forward.matched + min(up, down)
                slot = window * WINDOW_SLOTS + place
                add(mine.area, slot, up * lot_wh, down * lot_wh, inside * lot_wh)
        for (area, slot), (up, down, inside) in used.items():
            terms = twin.levels.terms_at(area, slot)
            assert up <= terms.up_wh
            assert down <= terms.down_wh
            assert inside <= terms.feeder_wh or terms.feeder_wh == UNLIMITED
            if any(twin.levels.ahead[area, slot]):
                self.counts["at a limit"] += up == terms.up_wh or down == terms.down_wh
