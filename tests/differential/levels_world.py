"""A random tree of areas on real contracts: markets, levels, edges, and some days of trade."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from p2pchain import checks, history
from p2pchain.chain.bindings.errors import LevelsPending, PassedOver
from p2pchain.chain.deployment import Contracts, commitment
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.demo.parts import REGISTRATION
from p2pchain.keys import LocalSigner
from p2pchain.level_market import Level, LevelTree
from p2pchain.market import Market
from p2pchain.model import (
    UNLIMITED,
    WINDOW_SLOTS,
    EdgeTerms,
    GridLoss,
    LevelParams,
    LevelPhase,
    Limits,
    MarketParams,
    Phase,
    PriceRule,
    Reading,
    Side,
    TariffRow,
    Terms,
)
from p2pchain.operator import Operator
from p2pchain.replay import TwinMarket
from p2pchain.units import TARIFF_BUY, TARIFF_SELL

HOUR, DAY = 3600, 24
WINDOWS = DAY // WINDOW_SLOTS
FUSE = 5_000
SCALE = 1_000


@dataclass
class Home:
    """A meter with its keys; registers as they stand."""

    meter: int
    owner: LocalSigner
    key: LocalSigner
    registers: tuple[int, int] = (0, 0)


@dataclass
class Place:
    """An area with its market (a leaf) or level, and who operates it."""

    area: int
    operator: LocalSigner
    node: bytes
    market: Market | None = None
    homes: list[Home] = field(default_factory=list)


class LevelsWorld:
    """Plays `days` days over a tree of two or three levels. The same seed plays the same days."""

    twin: TwinMarket
    #: From which windows on the terms of edges hold.
    edge_windows: tuple[int, ...] = (0, 3)
    #: How often an area loses its grid in a day.
    losses: float = 0.08

    def __init__(self, contracts: Contracts, seed: int, days: int = 2) -> None:
        self.rng = random.Random(seed)
        self.contracts, self.chain = contracts, contracts.chain
        self.seed, self.days = seed, days
        self.counts: Counter[str] = Counter()
        self.sender = Sender(self.chain, dev_signer(0))
        self.operator = Operator(contracts, self.sender)
        now = self.chain.block().timestamp
        self.first = (now // HOUR // DAY + 2) * DAY
        self.places: list[Place] = []
        self._number = 0
        self._found()

    # Set-up

    def _found(self) -> None:
        rng = self.rng
        self.floor_nano = rng.choice((-200, -100, 0)) * SCALE
        self.tick_nano = rng.choice((1, 2, 3)) * SCALE
        self.suppliers = {}
        for place in (1, 2):
            signer = dev_signer(place)
            number = self.operator.add_supplier(signer.address, f"supplier {place}")
            self.suppliers[number] = signer
            for tariff in (1, 2):
                self._publish(number, signer, tariff)
            self._pay_in(signer.address, 10**12 * SCALE)
        root = self._level(0)
        self.root = root
        for _ in range(rng.randrange(1, 4)):
            if rng.random() < 0.3:
                self._market(root)
                continue
            cell = self._level(root.area)
            self._attach(cell, root)
            for _ in range(rng.randrange(1, 4)):
                self._market(cell)

    def _publish(self, number: int, signer: LocalSigner, tariff: int) -> None:
        rng = self.rng
        retail, falls = rng.randrange(120, 220), rng.choice((120, 120, 500))
        rows = [
            TariffRow(
                energy=(retail + rng.randrange(0, 20)) * SCALE,
                feed_in=(retail - rng.randrange(30, falls)) * SCALE,
                network=rng.randrange(0, 20) * SCALE,
                levies=0,
                tax=0,
                imbalance=1,
            )
            for _ in range(rng.choice((1, 24)))
        ]
        with Sender(self.chain, signer) as own:
            first = self.first - DAY
            own.send(self.operator.publish_tariff(number, tariff, first, rows, 0))

    def _pay_in(self, account: str, nano: int) -> None:
        unit = self.contracts.ledger.unit_nano()
        token, ledger = self.contracts.token, self.contracts.ledger
        nano = nano // unit * unit
        self.sender.send(token.mint(self.sender.address, nano // unit))
        self.sender.send(token.approve(self.contracts.address("Ledger"), nano // unit))
        self.sender.send(ledger.deposit(account, nano))

    def _area(self, parent: int) -> tuple[int, LocalSigner]:
        self._number += 1
        operator = dev_signer(2 + self._number % 5)
        return self.operator.add_area(operator.address, parent), operator

    def _level(self, parent: int) -> Place:
        area, operator = self._area(parent)
        params = LevelParams(
            area=area,
            k_ppm=self.rng.choice((0, 333_333, 500_000, 1_000_000)),
            collect_seconds=(6 + 2 * (not parent)) * HOUR,
            void_seconds=(12 + 4 * (not parent)) * HOUR,
            floor_nano=self.floor_nano,
            tick_nano=self.tick_nano,
        )
        place = Place(area, operator, self.operator.create_level(params))
        self.places.append(place)
        return place

    def _market(self, above: Place) -> None:
        rng = self.rng
        area, operator = self._area(above.area)
        params = MarketParams(
            area=area,
            rule=rng.choice((PriceRule.REFERENCE, PriceRule.REFERENCE, PriceRule.SDR)),
            k_ppm=rng.choice((0, 500_000, 1_000_000, 333_333)),
            post_seconds=2 * HOUR,
            void_seconds=10 * HOUR,
            buy_fee_nano=rng.choice((0, 0, 3)) * SCALE,
            sell_fee_nano=rng.choice((0, 0, 5)) * SCALE,
            fee_account=dev_signer(7).address,
            has_stated_price=rng.random() < 0.3,
            stated_price_nano=rng.randrange(0, 300) * SCALE,
            floor_nano=self.floor_nano,
            tick_nano=self.tick_nano,
        )
        market = self.operator.open_market(params, REGISTRATION, self.suppliers, self.first - DAY)
        place = Place(area, operator, market.id, market)
        self.places.append(place)
        self._attach(place, above)
        for _ in range(rng.randrange(1, 5)):
            self._home(place)

    def _attach(self, place: Place, above: Place) -> None:
        rng = self.rng
        window = self.first // WINDOW_SLOTS + rng.choice((0, 0, 0, 1))
        self.sender.send(self.contracts.levels.attach(place.node, above.node, window))
        for later in self.edge_windows:
            window = self.first // WINDOW_SLOTS + later
            limit = (0, 60, 700, 4_000, 10**6, UNLIMITED, UNLIMITED, UNLIMITED)
            terms = EdgeTerms(
                window * WINDOW_SLOTS,
                rng.choice((0, 1, 2, 4, 7)) * SCALE + rng.choice((0, 1)),
                rng.choice(limit),
                rng.choice(limit),
                rng.choice((UNLIMITED, UNLIMITED, UNLIMITED, 400, 0)),
            )
            with Sender(self.chain, place.operator) as own:
                own.send(self.operator.set_edge(place.area, terms))

    def _home(self, place: Place) -> None:
        rng = self.rng
        self._number += 1
        owner = LocalSigner((10**6 * (self.seed + 1) + self._number).to_bytes(32, "big"))
        key = LocalSigner((10**12 + 10**6 * self.seed + self._number).to_bytes(32, "big"))
        supplier, tariff = rng.choice(list(self.suppliers)), rng.choice((1, 2))
        terms = Terms(owner.address, self.first - 3, supplier, tariff, FUSE)
        signer = bytes.fromhex(key.address[2:])
        meter = self.operator.register_meter(
            place.area, commitment(str(self._number), bytes(32)), terms, signer
        )
        assert place.market is not None
        place.homes.append(Home(meter, owner, key))
        self._pay_in(owner.address, rng.choice((10**6, 10**9, 10**9)) * SCALE)
        enrolment = place.market.sign_enrolment(owner, meter, self.first)
        assert place.market.enrol(self.sender, [enrolment]) == {}
        if rng.random() < 0.4:
            window = self.first // WINDOW_SLOTS + rng.choice((0, 0, 2))
            with Sender(self.chain, place.operator) as own:
                own.send(self.operator.set_critical(meter, window, True))
            self.counts["critical"] += 1
        if rng.random() < 0.4:
            buy = rng.choice((TARIFF_BUY, rng.randrange(50, 250) * SCALE))
            sell = rng.choice((TARIFF_SELL, rng.randrange(0, 200) * SCALE))
            limits = Limits(place.market.id, meter, self.first, 1, (buy,), (sell,))
            signed = place.market.sign_limits(owner, limits)
            assert place.market.set_limits(self.sender, [signed]) == {}

    # Days

    def play(self) -> None:
        """Let the days pass; at the end every window is settled."""
        for day in range(self.days):
            start = self.first + day * DAY
            self._lose_grids(start)
            self._wait((start + DAY) * HOUR)
            self._post(start)
            # All have posted, so that markets need not wait for their deadline.
            windows = range(start // WINDOW_SLOTS, start // WINDOW_SLOTS + WINDOWS)
            late = {w for w in windows if self.rng.random() < 0.15}
            for window in windows:
                self._up(window, window in late)
            for window in windows:
                self._down(window)

    def _lose_grids(self, start: int) -> None:
        tree = LevelTree(self.contracts)
        for place in self.places:
            if self.rng.random() < self.losses * (3 if place.market is None else 4):
                now = self.chain.block().timestamp // HOUR
                first = max(start + self.rng.randrange(8, 16), now)
                loss = GridLoss(place.area, first, first + self.rng.randrange(1, 9))
                signed = tree.sign_grid_loss(place.operator, loss)
                self.sender.send(tree.grid_loss_call(signed))
                self.counts["grids lost"] += 1

    def _wait(self, until: int) -> None:
        if self.chain.block().timestamp < until:
            self.chain.set_time(until)

    def _post(self, start: int) -> None:
        for place in self.places:
            readings = []
            for home in place.homes:
                values = [self._volume() for _ in range(DAY)]
                reading = Reading.of(home.meter, start, *home.registers, values)
                home.registers = reading.closing
                assert place.market is not None
                readings.append(place.market.sign_reading(home.key, reading))
            if readings and place.market is not None:
                assert place.market.post(self.sender, readings) == {}

    def _volume(self) -> tuple[int, int]:
        wh = self.rng.choice((0, 1, 90, 333, self.rng.randrange(FUSE)))
        if self.rng.random() < 0.1:
            return wh, self.rng.choice((1, 40, 700))
        return (wh, 0) if self.rng.random() < 0.5 else (0, wh)

    def _markets(self) -> list[Market]:
        found = [place.market for place in self.places if place.market is not None]
        self.rng.shuffle(found)
        return found

    def _up(self, window: int, late: bool) -> None:
        """Clear markets and levels; a late one is left out until it is passed over."""
        held = self.rng.choice(self.places).node if late else b""
        for market in self._markets():
            if market.id == held:
                continue
            self._clear_market(market, window)
        for level in LevelTree(self.contracts).levels():
            if level.id == held:
                continue
            self._clear_level(level, window)
        if held:
            self._pass_over(held, window)

    def _clear_market(self, market: Market, window: int) -> None:
        """In one go, or after the deadline of posting in steps."""
        part = 2**32 - 1
        if self.rng.random() < 0.2:
            part = self.rng.choice((1, 2))
            self._wait((window + 1) * WINDOW_SLOTS * HOUR + market.params.post_seconds)
        while market.window(window).phase <= Phase.CLEARING:
            offers = market.offers(window, 1)
            self.sender.send(self.contracts.settlement.clear(market.id, window, 1, part, offers))
            self.counts["clearing steps"] += 1

    def _clear_level(self, level: Level, window: int) -> None:
        end = (window + 1) * WINDOW_SLOTS * HOUR
        ladders = level.ladders(window)
        if not all(ladders):
            self._wait(end + level.params.collect_seconds)
        if self.chain.block().timestamp >= end + level.params.void_seconds:
            return
        self._steps(level, ladders, window, self.contracts.levels.clear)
        self.counts["levels cleared"] += 1

    def _steps(
        self, level: Level, ladders: Sequence[Sequence[int]], window: int, call: object
    ) -> None:
        begin = 0
        while begin < len(ladders) or (begin == 0 and not ladders):
            size = self.rng.choice((1, 2, len(ladders)))
            part = ladders[begin : begin + size]
            assert callable(call)
            self.sender.send(call(level.id, window, [part]))
            begin += max(1, len(part))
            self.counts["level steps"] += 1

    def _pass_over(self, held: bytes, window: int) -> None:
        """What was left out: a market clears after all, a level is void after its time."""
        for market in self._markets():
            if market.id == held:
                call = self.contracts.settlement.clear
                self.sender.send(call(held, window, 1, 2**32 - 1, market.offers(window, 1)))
                self.counts["late markets"] += 1
                return
        params = Level(self.contracts, held).params
        self._wait((window + 1) * WINDOW_SLOTS * HOUR + params.void_seconds)
        try:
            self.sender.send(self.contracts.levels.clear(held, window, [[]]))
        except PassedOver:
            self.counts["late levels"] += 1

    def _down(self, window: int) -> None:
        tree = LevelTree(self.contracts)
        end = (window + 1) * WINDOW_SLOTS * HOUR
        for level in reversed(tree.levels()):
            if level.phase(window) != LevelPhase.CLEARED:
                self._wait(end + level.params.void_seconds)
                continue
            ladders = level.ladders(window)
            self._steps(level, ladders, window, self.contracts.levels.share)
        for market in self._markets():
            if Phase(int(market.window(window).phase)) == Phase.AWAITING:
                try:
                    self.sender.send(self.contracts.settlement.pass_over(market.id, window))
                    self.counts["passed over"] += 1
                except LevelsPending:
                    raise AssertionError("nobody can go on") from None
            members = market.window(window).members
            cursor = 0
            while cursor < members:
                part = self.rng.choice((1, 2, 2**32 - 1))
                call = self.contracts.settlement.settle
                self.sender.send(call(market.id, window, 1, part, market.offers(window, 1)))
                cursor = market.window(window).cursor
                self.counts["settle steps"] += 1

    # What came of it

    def check(self) -> Counter[str]:
        """Replay, compare with every getter, conserve; return what was counted."""
        self.twin = twin = checks.replay(self.contracts)
        self.counts["compared"] = checks.compare(self.contracts, twin)
        checks.money_is_whole(self.contracts, twin)
        twin.assert_conserved()
        bought: Counter[int] = Counter()
        for market in self._markets():
            past = history.read(market)
            checks.energy_is_whole(market, past)
            checks.nobody_pays_more(past)
            checks.ledger_agrees(past)
            for entry in past.slots:
                bought[entry.slot] += entry.bought_wh - entry.sold_wh
            self.counts["apart"] += len(past.sell_results)
            own = twin.market(market.id)
            self.counts["offered"] += sum(map(len, own.offered.values()))
            for slot, result in past.results.items():
                if result.island and any(
                    (offer.side, offer.tick) == (Side.BUY, 255) for offer in own.offers(slot)
                ):
                    self.counts["critical first"] += result.traded
            self.counts["books"] += len(past.results)
            self.counts["traded"] += sum(r.traded for r in past.results.values())
        assert not any(bought.values()), "bought and sold differ over the tree"
        for (node, _), books in twin.levels.books.items():
            level = twin.levels.nodes[node].params is not None
            above = sum(any(part.from_above for part in book.parts) for book in books)
            self.counts["levels from above" if level else "markets from above"] += above
            self.counts["matched by levels"] += level and sum(b.match.matched_wh > 0 for b in books)
        return self.counts
