"""A random market on real contracts, and everything that can happen to it over some days."""

from __future__ import annotations

import contextlib
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from itertools import pairwise

from p2pchain import checks, history
from p2pchain.chain.bindings.errors import WrongPhase
from p2pchain.chain.deployment import Contracts, commitment
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.demo.parts import REGISTRATION
from p2pchain.keys import LocalSigner
from p2pchain.model import (
    WINDOW_SLOTS,
    Limits,
    MarketParams,
    Outcome,
    PriceRule,
    Quality,
    Reading,
    Refusal,
    TariffRow,
    Terms,
)
from p2pchain.operator import Operator
from p2pchain.units import TARIFF_BUY, TARIFF_SELL

HOUR, DAY = 3600, 24
FUSE = 5_000


@dataclass
class Home:
    """A meter with its keys; registers as they stand."""

    meter: int
    owner: LocalSigner
    key: LocalSigner
    supplier: int
    registers: tuple[int, int] = (0, 0)
    held_back: list[Reading] = field(default_factory=list)
    sequence: int = 0
    enrolled: bool = True


class World:
    """Plays `days` days. The same seed plays the same days."""

    def __init__(self, contracts: Contracts, seed: int, days: int = 3) -> None:
        self.rng = random.Random(seed)
        self.chain = contracts.chain
        self.contracts = contracts
        self.seed, self.days = seed, days
        self.counts: Counter[str] = Counter()
        self.sender = Sender(self.chain, dev_signer(0))
        self.operator = Operator(contracts, self.sender)
        now = self.chain.block().timestamp
        self.leaves = seed % 9 == 5  # a supplier, with its notice
        self.first = (now // HOUR // DAY + (45 if self.leaves else 2)) * DAY
        self.suppliers: list[tuple[int, LocalSigner]] = []
        self.homes: list[Home] = []
        self._found()

    # Set-up

    def _found(self) -> None:
        rng, operator = self.rng, self.operator
        area = operator.add_area(dev_signer(3).address)
        scale = rng.choice((1, 1_000))
        self.low = rng.choice((-120, 10, 50))
        # In some worlds there is a third, which agrees later, never, or leaves.
        for place in (1, 2, 6)[: 2 + (self.seed % 3 == 2)]:
            signer = dev_signer(place)
            number = operator.add_supplier(signer.address, f"supplier {place}")
            self.suppliers.append((number, signer))
            self._publish(number, signer, self.first - DAY, scale)
            if rng.random() < 0.5:
                self._publish(number, signer, self.first + rng.randrange(1, 40), scale)
            self._pay_in(signer.address, rng.choice((0, 10**6, 10**12)) * scale)
        params = MarketParams(
            area=area,
            rule=rng.choice(list(PriceRule)),
            k_ppm=rng.choice((0, 500_000, 1_000_000, 333_333)),
            floor_nano=rng.choice((-200, -150, -150, 0)) * scale,
            tick_nano=rng.choice((1, 2, 2, 7)) * scale,
            post_seconds=rng.choice((HOUR, 12 * HOUR)),
            void_seconds=20 * HOUR,
            buy_fee_nano=rng.choice((0, 0, 3)) * scale,
            sell_fee_nano=rng.choice((0, 0, 5)) * scale,
            fee_account=dev_signer(4).address,
            has_stated_price=rng.random() < 0.3,
            stated_price_nano=rng.randrange(-50, 200) * scale,
        )
        self.params, self.scale = params, scale
        keys = dict(self.suppliers[:2])
        self.market = operator.open_market(params, REGISTRATION, keys, self.first - DAY)
        if self.leaves:
            begin = self.chain.block().timestamp // HOUR + 1
            self._agree(begin)
            self._wait(begin * HOUR)
            self._agree(self.first + DAY, agrees=False)
        elif self.seed % 9 == 2:
            self._agree(self.first + rng.randrange(DAY))
        for number in range(rng.randrange(2, 9)):
            self._add_home(area, number)

    def _agree(self, slot: int, *, agrees: bool = True) -> None:
        """The third supplier agrees from a slot on, or leaves."""
        number, signer = self.suppliers[2]
        agreement = self.market.sign_agreement(signer, number, slot, agrees=agrees)
        self.sender.send(self.market.agreement_call(agreement))

    def _publish(self, number: int, signer: LocalSigner, from_slot: int, scale: int) -> None:
        rng = self.rng
        low = self.low if rng.random() < 0.9 else rng.choice((-120, 90))
        rows = [
            TariffRow(
                energy=(low + rng.randrange(40, 150)) * scale,
                feed_in=(low + rng.randrange(0, 45)) * scale,
                network=rng.randrange(-2, 20) * scale,
                levies=rng.randrange(10) * scale,
                tax=rng.randrange(10) * scale,
                imbalance=1,
            )
            for _ in range(rng.choice((1, 24)))
        ]
        standing = rng.choice((0, 1_000, -50)) * scale
        with Sender(self.chain, signer) as own:
            own.send(self.operator.publish_tariff(number, 1, from_slot, rows, standing))

    def _pay_in(self, account: str, nano: int) -> None:
        unit = self.contracts.ledger.unit_nano()
        nano = nano // unit * unit
        if nano == 0:
            return
        token, ledger = self.contracts.token, self.contracts.ledger
        self.sender.send(token.mint(self.sender.address, nano // unit))
        self.sender.send(token.approve(self.contracts.address("Ledger"), nano // unit))
        self.sender.send(ledger.deposit(account, nano))

    def _add_home(self, area: int, number: int) -> None:
        rng = self.rng
        owner = LocalSigner((1000 * self.seed + number + 1).to_bytes(32, "big"))
        key = LocalSigner((10**9 + 1000 * self.seed + number).to_bytes(32, "big"))
        supplier = rng.choice(self.suppliers[:2])[0]
        # Terms of the day before: the registry takes what begins in the running slot or later.
        terms = Terms(owner.address, self.first - 3, supplier, 1, FUSE)
        signer = bytes.fromhex(key.address[2:])
        meter = self.operator.register_meter(
            area, commitment(str(number), bytes(32)), terms, signer
        )
        home = Home(meter, owner, key, supplier)
        self.homes.append(home)
        self._pay_in(owner.address, rng.choice((0, 10**6, 10**9, 10**9, 10**9)) * self.scale)
        from_slot = self.first + rng.choice((0, 0, 0, 3, 11))
        enrolment = self.market.sign_enrolment(owner, meter, from_slot)
        assert self.market.enrol(self.sender, [enrolment]) == {}
        if rng.random() < 0.6:
            self._state_limits(home, self.first)
        self._give_guarantee(home)

    def _give_guarantee(self, home: Home) -> None:
        signer = next(s for n, s in self.suppliers if n == home.supplier)
        free = self.contracts.ledger.account_of(signer.address).free_nano
        if self.rng.random() < 0.4 and free >= 4_000 * self.scale:
            with Sender(self.chain, signer) as own:
                own.send(
                    self.contracts.ledger.give_guarantee(
                        home.owner.address, home.meter, 4_000 * self.scale
                    )
                )

    def _state_limits(self, home: Home, from_slot: int) -> None:
        rng = self.rng
        home.sequence += 1
        count = rng.choice((1, 24))
        limits = Limits(
            self.market.id,
            home.meter,
            from_slot,
            home.sequence,
            tuple(self._limit(TARIFF_BUY, -100, 200) for _ in range(count)),
            tuple(self._limit(TARIFF_SELL, -150, 150) for _ in range(count)),
        )
        refused = self.market.set_limits(self.sender, [self.market.sign_limits(home.owner, limits)])
        assert bool(refused) != home.enrolled, refused
        self.counts["limits"] += home.enrolled

    def _limit(self, tariff: int, low: int, high: int) -> int:
        return tariff if self.rng.random() < 0.6 else self.rng.randrange(low, high) * self.scale

    # Days

    def play(self) -> None:
        """Let the days pass; at the end every window is settled."""
        for day in range(self.days):
            start = self.first + day * DAY
            self._change_something(start)
            self._wait((start + DAY) * HOUR)
            readings = [r for home in self.homes for r in self._measure(home, start)]
            self.rng.shuffle(readings)
            self._post(readings)
            self._clear_and_settle(start // WINDOW_SLOTS)
            self._post([r for home in self.homes for r in self._late(home)])

    def _change_something(self, start: int) -> None:
        rng = self.rng
        # Waiting for a deadline may have taken some hours of this day already.
        low = max(start + 1, self.chain.block().timestamp // HOUR + 3)
        for home in self.homes:
            if low < start + DAY and rng.random() < 0.3:
                self._state_limits(home, rng.randrange(low, start + DAY))
            if low < start + DAY and rng.random() < 0.25:
                self._switch(home, rng.randrange(low, start + DAY))

    def _switch(self, home: Home, from_slot: int) -> None:
        """Another supplier, or now and then another owner who enrols at once, later or never."""
        rng = self.rng
        home.supplier = rng.choice(self.suppliers)[0]
        moved = rng.random() < 0.4
        if moved:
            home.owner = LocalSigner(rng.randrange(1, 2**255).to_bytes(32, "big"))
            self._pay_in(home.owner.address, 10**9 * self.scale)
            home.sequence, home.enrolled = 0, False
        terms = Terms(home.owner.address, from_slot, home.supplier, 1, FUSE)
        self.sender.send(self.operator.set_terms(home.meter, terms))
        self.counts["switches"] += 1
        if moved and rng.random() < 0.7:
            slot = from_slot + rng.choice((0, 4))
            enrolment = self.market.sign_enrolment(home.owner, home.meter, slot)
            refused = self.market.enrol(self.sender, [enrolment])
            agrees, _ = self.contracts.markets.agrees_at(self.market.id, home.supplier, slot)
            assert refused == ({} if agrees else {home.meter: Refusal.NO_AGREEMENT})
            home.enrolled = bool(agrees)
            self.counts["successions"] += home.enrolled
            self.counts["no agreement"] += not home.enrolled

    def _measure(self, home: Home, start: int) -> list[Reading]:
        rng = self.rng
        edges = {start, start + DAY, start + rng.randrange(1, DAY)}
        registry = self.contracts.registry
        slot = start
        while slot < start + DAY:  # no record across a change of terms or of the membership
            _, until = registry.terms_at(home.meter, slot)
            terms = self.contracts.markets.member_by_meter(self.market.id, home.meter, slot)
            slot = min(until, terms.until_slot)
            if slot < start + DAY:
                edges.add(slot)
        cuts = sorted(edges)
        readings = []
        for first, end in pairwise(cuts):
            values = [self._volume() for _ in range(first, end)]
            quality = Quality.ESTIMATED if rng.random() < 0.06 else Quality.MEASURED
            reading = Reading.of(home.meter, first, *home.registers, values, quality)
            home.registers = reading.closing
            signed = self.market.sign_reading(home.key, reading)
            if rng.random() < 0.1:
                home.held_back.append(signed)
            else:
                readings.append(signed)
        return readings

    def _volume(self) -> tuple[int, int]:
        rng = self.rng
        wh = rng.choice((0, 1, 5, 90, 333, rng.randrange(FUSE)))
        kind = rng.random()
        if kind < 0.15:
            return wh, rng.choice((1, 40, 700))
        return (wh, 0) if kind < 0.6 else (0, wh)

    def _late(self, home: Home) -> list[Reading]:
        if not home.held_back or self.rng.random() < 0.3:
            return []
        late, home.held_back = home.held_back, []
        return late

    def _post(self, readings: list[Reading]) -> None:
        rng = self.rng
        while readings:
            size = rng.randrange(1, 7)
            batch, readings = readings[:size], readings[size:]
            spoilt = rng.random() < 0.1
            if spoilt:  # one bad record among good ones
                bad = replace(batch[0], signature=bytes(65))
                batch = [bad, *batch]
            receipt = self.sender.send(self.market.post_call(batch))
            skipped = self.market.skipped(receipt)
            expected = {Outcome.BAD_SIGNATURE} if spoilt else set()
            assert set(skipped.values()) <= expected | {Outcome.TOO_MANY_GAPS}, skipped
            self.counts["posted"] += len(batch) - len(skipped)
            self.counts["skipped"] += len(skipped)

    def _clear_and_settle(self, first_window: int) -> None:
        rng, settlement, market = self.rng, self.contracts.settlement, self.market.id
        windows = DAY // WINDOW_SLOTS
        if rng.random() < 0.15:
            self._wait((first_window + windows) * WINDOW_SLOTS * HOUR + self.params.void_seconds)
            with contextlib.suppress(WrongPhase):  # nobody has posted to that window
                self.sender.send(settlement.void_window(market, first_window))
                self.counts["voided"] += 1
        else:
            self._wait((first_window + windows) * WINDOW_SLOTS * HOUR + self.params.post_seconds)
            open_ = [settlement.window_state(market, first_window + w) for w in range(windows)]
            if rng.random() < 0.3 and all(int(state.phase) == 1 for state in open_):
                part = rng.choice((1, 2, 2**32 - 1))
                offers = self.market.offers(first_window, windows)
                self.sender.send(
                    settlement.clear_and_settle(market, first_window, windows, part, offers)
                )
                self.counts["cleared and settled"] += 1
        while True:
            states = [
                settlement.window_state(market, window)
                for window in range(first_window, first_window + windows)
            ]
            if all(int(state.phase) not in (1, 2) for state in states):
                break
            part = rng.choice((1, 3, 2**32 - 1))
            offers = self.market.offers(first_window, windows)
            self.sender.send(settlement.clear(market, first_window, windows, part, offers))
            self.counts["clear steps"] += 1
        for state in states:
            if int(state.phase) == 0:
                continue
            cursor = state.cursor
            while cursor < state.members:
                part = rng.choice((1, 2, 2**32 - 1))
                offers = self.market.offers(state.window, 1)
                self.sender.send(settlement.settle(market, state.window, 1, part, offers))
                self.counts["settle steps"] += 1
                cursor = settlement.window_state(market, state.window).cursor

    def _wait(self, until: int) -> None:
        if self.chain.block().timestamp < until:
            self.chain.set_time(until)

    # What came of it

    def check(self) -> Counter[str]:
        """Replay, compare with every getter, conserve; return what was counted."""
        twin = checks.replay(self.contracts)
        self.counts["compared"] = checks.compare(self.contracts, twin)
        checks.money_is_whole(self.contracts, twin)
        twin.assert_conserved()
        past = history.read(self.market)
        checks.energy_is_whole(self.market, past)
        books = list(past.results.values())
        self.counts["books"] = len(books)
        self.counts["traded"] = sum(r.traded for r in books)
        self.counts["rationed"] = sum(r.traded and r.fill_wh < r.live_wh for r in books)
        return self.counts
