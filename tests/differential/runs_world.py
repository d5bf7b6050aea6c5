"""A random market that trades ahead; readings come late, never, are estimated and corrected."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from unittest.mock import patch

from p2pchain import checks, history
from p2pchain.chain.abi import Call
from p2pchain.chain.deployment import Contracts, commitment
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.events import of_receipt
from p2pchain.chain.records import Receipt
from p2pchain.errors import BadInput, Refused
from p2pchain.forward_market import Auction
from p2pchain.keys import LocalSigner
from p2pchain.market import packed
from p2pchain.model import (
    WINDOW_SLOTS,
    Action,
    AuctionParams,
    Correction,
    EstimateRule,
    ForwardRefusal,
    Order,
    Outcome,
    Reading,
    Terms,
)
from p2pchain.replay import TwinMarket
from p2pchain.runs_market import Missing, Runs, correct_alone_call, sign_correction
from tests.differential.world import DAY, FUSE, HOUR, Home, World

WEEK = 7 * DAY


@dataclass
class Border:
    """The boundary meter, which is in no market."""

    meter: int
    key: LocalSigner
    registers: tuple[int, int] = (0, 0)


class RunsWorld(World):
    """Plays two days a week apart, then the weeks until the runs are over."""

    twin: TwinMarket

    def __init__(self, contracts: Contracts, seed: int) -> None:
        super().__init__(contracts, seed, days=2)
        self.runs = Runs(self.market)
        self.auctions = [self._create_auction(place) for place in range(self.rng.choice((1, 1, 2)))]
        self.border = self._add_border()
        self.sequence = 0
        self.waiting: list[Reading] = []
        self.slots: list[int] = []

    def _create_auction(self, place: int) -> Auction:
        rng, scale = self.rng, self.scale
        params = AuctionParams(
            market=self.market.id,
            gate_seconds=HOUR,
            k_ppm=(500_000, 333_333)[place],
            lot_wh=rng.choice((1, 5)),
            floor_nano=-100 * scale,
            tick_nano=scale,
            cap_nano=600 * scale,
            surplus_nano=-30 * scale,
        )
        return Auction(self.market, self.operator.create_auction(params))

    def _add_border(self) -> Border:
        key = LocalSigner((2 * 10**9 + self.seed).to_bytes(32, "big"))
        terms = Terms(dev_signer(5).address, self.first - 3, 1, 1, 100_000)
        signer = bytes.fromhex(key.address[2:])
        meter = self.operator.register_meter(
            self.params.area, commitment("border", bytes(32)), terms, signer
        )
        tolerance = self.rng.choice((0, 3_000, 10**6))
        registry = self.contracts.registry
        self.sender.send(registry.set_boundary(self.params.area, meter, tolerance, 10_000))
        return Border(meter, key)

    # Days

    def play(self) -> None:
        rng = self.rng
        for day in range(2):
            start = self.first + day * WEEK
            self._wait((start - 10) * HOUR)
            self._change_something(start)
            self._order(start)
            for home in self.homes if self.suppliers[2:] else ():
                if rng.random() < 0.6:
                    self._leave(home, start)
            self._wait((start + DAY) * HOUR)
            self._clear_forward(start)
            self._measure_all(start)
            self._clear_and_settle(start // WINDOW_SLOTS)
            self._measure_border(start)
            self.twin = checks.replay(self.contracts)
            self._runs(start, 8 if day == 0 else 34, day == 1)

    def _leave(self, home: Home, start: int) -> None:
        """For the supplier that agrees late or never, although orders stand."""
        latest, _ = self.contracts.registry.terms_at(home.meter, start + DAY)
        home.supplier = self.suppliers[2][0]
        slot = max(latest.from_slot, min(self.slots) - self.rng.randrange(2))
        terms = Terms(home.owner.address, slot, home.supplier, 1, FUSE)
        self.sender.send(self.operator.set_terms(home.meter, terms))

    def _order(self, start: int) -> None:
        """Orders for a few slots, so that their books are not empty on one side."""
        rng, orders = self.rng, []
        self.slots = rng.sample(range(start, start + DAY), 3)
        for home in self.homes:
            if rng.random() < 0.6:
                self._pay_in(home.owner.address, 10**9 * self.scale)
        for _ in range(30):
            home, auction = rng.choice(self.homes), rng.choice(self.auctions)
            self.sequence += 1
            sell = rng.random() < 0.5
            limit = rng.randrange(0, 60) if sell else rng.randrange(40, 120)
            order = Order(
                auction=auction.id,
                meter=home.meter,
                slot=rng.choice(self.slots),
                sequence=self.sequence,
                action=Action.PLACE,
                sell=sell,
                limit_nano=limit * self.scale,
                wh=5 * rng.choice((1, 4, 30)),
            )
            orders.append(auction.sign_order(home.owner, order))
        receipt = self.sender.send(self.auctions[0].place_call(orders))
        skipped = self.auctions[0].skipped(receipt)
        allowed = {
            ForwardRefusal.NOT_A_MEMBER,
            ForwardRefusal.BAD_SIGNATURE,
            ForwardRefusal.ORDER_EXISTS,
            ForwardRefusal.TOO_LITTLE_MONEY,
        }
        assert set(skipped.values()) <= allowed, skipped
        self.counts["ordered"] += len(orders) - len(skipped)

    def _clear_forward(self, start: int) -> None:
        for auction in self.auctions:
            for window in range(start // WINDOW_SLOTS, (start + DAY) // WINDOW_SLOTS):
                while auction.window(window).phase in (1, 2, 3):
                    part = self.rng.choice((1, 3, 2**32 - 1))
                    self.sender.send(self.contracts.forward.clear(auction.id, window, 1, part))
                    self.counts["forward steps"] += 1

    def _measure_all(self, start: int) -> None:
        """Some readings are held back, some never come."""
        now: list[Reading] = []
        later: list[Reading] = []
        for home in self.homes:
            for reading in self._measure(home, start):
                (later if self.rng.random() < 0.35 else now).append(reading)
            later, home.held_back = [*later, *home.held_back], []
        self.rng.shuffle(now)
        self._post(now)
        self.waiting = later
        self.rng.shuffle(self.waiting)

    def _measure_border(self, start: int) -> None:
        values = [(self.rng.randrange(2_000), self.rng.choice((0, 50))) for _ in range(DAY)]
        border = self.border
        reading = Reading.of(border.meter, start, *border.registers, values)
        border.registers = reading.closing
        signed = self.market.sign_reading(border.key, reading)
        self.sender.send(self.contracts.metering.post([packed(signed)]))

    # The runs

    def _runs(self, start: int, steps: int, to_the_end: bool) -> None:
        rng = self.rng
        first = (start + DAY) * HOUR + self.params.post_seconds
        # The second day is measured in the week that follows the first.
        end = first + (22 * DAY * HOUR if to_the_end else 4 * DAY * HOUR)
        for time in sorted(rng.randrange(first, end) for _ in range(steps)):
            self._wait(time)
            kind = rng.random()
            if kind < 0.2:
                self._post_late()
            elif kind < 0.6:
                self._correct(start)
            elif kind < 0.9:
                self._estimate(start)
            else:
                self._tally(start)

    def _post_late(self) -> None:
        if not self.waiting:
            return
        reading = self.waiting.pop()
        self.twin.now = self._next()
        outcome = copy.deepcopy(self.twin).post_readings(self.market.id, [reading])[0]
        receipt = self.sender.send(self.market.post_call([reading]))
        said = self.market.skipped(receipt).get((reading.meter, reading.first_slot))
        assert (said or Outcome.ACCEPTED) == outcome
        self._follow(receipt)
        self.counts["late " + outcome.name.lower()] += 1

    def _correct(self, start: int) -> None:
        rng = self.rng
        home = rng.choice(self.homes)
        alone = rng.random() < 0.15
        meter, key = (self.border.meter, self.border.key) if alone else (home.meter, home.key)
        slot = rng.choice(self.slots) if rng.random() < 0.5 else start + rng.randrange(DAY)
        slots = min(rng.randrange(1, 5), start + DAY - slot)
        day = start // DAY
        number = 1 + self.twin.metering.corrections[meter, day] + (rng.random() < 0.05)
        values = [self._volume() for _ in range(slots)]
        if rng.random() < 0.05:
            values[0] = (100_000 + FUSE, 0)
        correction = Correction.of(meter, slot, number, values)
        signer = key if rng.random() < 0.95 else home.owner
        correction = sign_correction(self.contracts, signer, correction)
        if alone:
            records = self.twin.metering.records[meter, day]
            call = correct_alone_call(self.contracts, correction, records)
        else:
            try:
                call = self.runs.correct_call(correction)
            except BadInput:
                self.counts["settled apart"] += 1
                return

        def ask(twin: TwinMarket) -> None:
            twin.metering._verify = lambda _, key_: key_.hex() == signer.address[2:].lower()
            twin.correct(correction)

        if self._same(ask, call):
            place = self.twin.market(self.market.id)
            self.counts["corrected"] += 1
            self.counts["traded and corrected"] += any(place.fills.get((meter, slot), ()))
            self.counts["contracted and corrected"] += bool(place.position(meter, slot).wh)

    def _estimate(self, start: int) -> None:
        rng = self.rng
        windows = range(start // WINDOW_SLOTS, (start + DAY) // WINDOW_SLOTS)
        known = self.runs.missing(windows)
        missing = [one for one in known if one.rule != EstimateRule.NONE]
        worst = [replace(one, rule=EstimateRule.SPREAD) for one in known if one.worst]
        if worst and rng.random() < 0.3:
            one = rng.choice(worst)
        elif missing and rng.random() < 0.8:
            one = rng.choice(missing)
            self.counts[one.rule.name.lower()] += 1
        else:  # anything, which will mostly be refused
            slot = start + rng.randrange(DAY)
            slots = min(rng.randrange(1, 4), start + DAY - slot)
            rule = rng.choice((EstimateRule.SPREAD, EstimateRule.WEEK_BEFORE))
            one = Missing(rng.choice(self.homes).meter, slot, slots, rule)
        call = self.runs.estimate_call(one)
        week_before = one.rule == EstimateRule.WEEK_BEFORE
        day = one.first_slot // DAY - 7
        records = self.twin.metering.records[one.meter, day] if week_before else []

        def ask(twin: TwinMarket) -> None:
            twin.estimate(self.market.id, one.meter, one.first_slot, one.slots, records)

        if self._same(ask, call):
            self.counts["estimated"] += 1

    def _tally(self, start: int) -> None:
        """Add the day up, in any cut; what is left half done is gone on with later."""
        day, sizes = start // DAY, []

        def cut(records: Sequence[object]) -> int:
            sizes.append(min(len(records), self.rng.choice((1, 2, 99))))
            return sizes[-1]

        with patch("p2pchain.runs_market._members_at_once", cut):
            calls = self.runs.tally_calls(day, complete=False)
        place = self.twin.market(self.market.id)
        until = place.tallies.get(day, (0, 0))[0]
        for call, size in zip(calls, sizes, strict=True):
            until += size
            last = until == len(place.members)
            ask = partial(_tally_day if last else _tally_to, self.market.id, day, until)
            if not self._same(ask, call):
                return
            self.counts["tally steps"] += not last
        tally = self.contracts.settlement.tally_of(self.market.id, day)
        self.counts["disputed" if tally.disputed else "in order"] += 1

    def check(self) -> Counter[str]:
        """Besides, what the log says of each slot is what the ledger has moved for its meter."""
        counts = super().check()
        past, place = history.read(self.market), self.twin.market(self.market.id)
        checks.ledger_agrees(past)
        for entry in past.slots:
            assert entry.takes_part == place.is_active(entry.meter, entry.slot)
            counts["left ahead"] += not entry.takes_part and bool(entry.contract.net_wh)
        return counts

    def _same(self, ask: Callable[[TwinMarket], object], call: Call) -> bool:
        """Ask the twin and the contracts; they agree, also on why not. Return whether it was
        done."""
        twin = copy.deepcopy(self.twin)
        twin.now = self._next()
        expected = said = ""
        try:
            ask(twin)
        except Refused as refusal:
            expected = refusal.reason
        receipt = None
        try:
            receipt = self.sender.send(call)
        except Refused as refusal:
            said = refusal.reason
        assert said == expected, (self.seed, said, expected, call.name)
        if receipt is None:
            self.counts[said] += 1
            return False
        self._follow(receipt)
        return True

    def _next(self) -> int:
        return self.chain.block().timestamp + 1

    def _follow(self, receipt: Receipt) -> None:
        self.twin.now = self.chain.block().timestamp
        self.twin.apply_transaction(of_receipt(self.contracts, receipt))


def _tally_day(market: bytes, day: int, _: int, twin: TwinMarket) -> None:
    twin.tally(market, day)


def _tally_to(market: bytes, day: int, until: int, twin: TwinMarket) -> None:
    twin.market(market).tally_step(day, until, twin.now)
