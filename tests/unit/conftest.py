"""A random market on the twin, and a recorder that writes the log which a chain would write."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import pytest

from p2pchain.model import (
    Agreement,
    Enrolment,
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
from p2pchain.replay import CONSEQUENCES
from p2pchain.twin import Twin
from p2pchain.units import TARIFF_BUY, TARIFF_SELL

FIRST = 24 * 17_000
OPERATOR, FEES = "0x" + "0a" * 20, "0x" + "0c" * 20


def account(number: int) -> str:
    return f"0x{number:040x}"


def event(name: str, /, **fields: Any) -> Any:
    """An event as the bindings give it: an object of a class with the event's name."""
    made = type(name, (), {})()
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def agree(twin: Twin, market: bytes, supplier: int) -> Any:
    """A supplier agrees for all time; return the event of it."""
    said = Agreement(market, supplier, 0, agrees=True, sequence=1)
    twin.set_agreement(said)
    told = {f.name: getattr(said, f.name) for f in fields(said)}
    return event("AgreementSet", replaces=False, **told)


def params_event(params: MarketParams) -> tuple[Any, ...]:
    return tuple(getattr(params, name) for name in MarketParams.__dataclass_fields__)


@dataclass
class Scenario:
    """A random market. The same seed gives the same market, readings and limits."""

    seed: int
    rich: bool = False
    twin: Twin = field(init=False)
    market: bytes = field(init=False)
    params: MarketParams = field(init=False)
    readings: dict[int, list[Reading]] = field(init=False)
    log: list[list[Any]] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        self.rng = rng = random.Random(self.seed)
        self.twin = Twin(3600)
        self._do([event("AreaAdded", area=1, parent=0, operator=OPERATOR)])
        self.twin.add_area(OPERATOR)
        self.deposit(OPERATOR, 10**9 if self.rich else 0)
        for supplier in (1, 2):
            self._add_supplier(supplier)
        self.params = MarketParams(
            area=1,
            rule=rng.choice(list(PriceRule)),
            k_ppm=rng.choice((0, 500_000, 1_000_000, 333_333)),
            floor_nano=rng.choice((-200, 0, 40)),
            tick_nano=rng.choice((1, 2, 7)),
            buy_fee_nano=rng.choice((0, 0, 3)),
            sell_fee_nano=rng.choice((0, 0, 5)),
            fee_account=FEES,
            has_stated_price=rng.random() < 0.3,
            stated_price_nano=rng.randrange(-50, 200),
        )
        self.market = self.twin.create_market(self.params)
        self._do(
            [event("MarketCreated", market=self.market, area=1, params=params_event(self.params))]
        )
        for supplier in (1, 2):
            self._do([agree(self.twin, self.market, supplier)])
        self.members = rng.randrange(2, 7)
        self.readings = {}
        for meter in range(1, self.members + 1):
            self._add_member(meter)
        self.log[-1:] = [self.log[-1]]

    def _do(self, causes: list[Any]) -> None:
        """Close a transaction: what somebody did, and everything that followed."""
        effects = [event(e.name, **dict(e.fields)) for e in self.twin.effects]
        self.twin.effects.clear()
        for effect in effects:
            if hasattr(effect, "fills"):
                effect.fills = encode_fills(effect.fills)
        self.log.append(causes + effects)

    def _add_supplier(self, supplier: int) -> None:
        rng = self.rng
        who = account(900 + supplier)
        self.twin.add_supplier(who)
        self._do([event("SupplierAdded", supplier=supplier, account=who, name="s")])
        low = rng.choice((-120, 10, 50))
        rows = [
            TariffRow(
                energy=low + rng.randrange(0, 150),
                feed_in=low + rng.randrange(0, 60),
                network=rng.randrange(-2, 20),
                levies=rng.randrange(10),
                tax=rng.randrange(10),
            )
            for _ in range(rng.choice((1, 24)))
        ]
        standing = rng.choice((0, 1_000, -50))
        self.twin.publish(supplier, 1, FIRST - 24, rows, standing)
        self._do(
            [
                event(
                    "TariffPublished",
                    supplier=supplier,
                    tariff=1,
                    version=0,
                    from_slot=FIRST - 24,
                    rows=rows,
                    standing_nano=standing,
                )
            ]
        )
        self.deposit(who, 10**9 if self.rich else rng.choice((0, 5_000, 10**9)))

    def deposit(self, who: str, nano: int) -> None:
        self.twin.ledger.deposit(who, nano)
        self._do([event("Deposited", payer=who, account=who, amount_nano=nano)])

    def _add_member(self, meter: int) -> None:
        rng = self.rng
        supplier = rng.choice((1, 2))
        terms = Terms(account(meter), FIRST - 24, supplier, 1, 100_000)
        self.twin.register_meter(1, terms)
        fields = {name: getattr(terms, name) for name in Terms.__dataclass_fields__}
        self._do(
            [
                event("MeterRegistered", meter=meter, area=1, point_commitment=b"\0" * 32),
                event("TermsSet", meter=meter, **fields),
                event("SignerSet", meter=meter, from_slot=FIRST - 24, signer=b"\1" * 20),
            ]
        )
        self.deposit(account(meter), 10**9 if self.rich else rng.choice((0, 900, 20_000, 10**9)))
        if rng.random() < 0.4 and self.twin.free_nano(account(900 + supplier)) >= 4_000:
            args = (account(900 + supplier), account(meter), meter, 4_000)
            self.twin.ledger.give_guarantee(*args)
            names = ("supplier", "account", "meter", "amount_nano")
            self._do([event("GuaranteeGiven", **dict(zip(names, args, strict=True)))])
        from_slot = FIRST + rng.choice((0, 0, 0, 3))
        assert self.twin.enrol(Enrolment(self.market, meter, from_slot)) == Refusal.NONE
        self._do(
            [
                event(
                    "Enrolled",
                    market=self.market,
                    meter=meter,
                    index=meter - 1,
                    from_slot=from_slot,
                    signature=b"",
                )
            ]
        )
        if rng.random() < 0.5:
            self._state_limits(meter)
        self.readings[meter] = self._measure(meter, from_slot)

    def _state_limits(self, meter: int) -> None:
        rng = self.rng
        count = rng.choice((1, 24))
        limits = Limits(
            self.market,
            meter,
            FIRST + rng.choice((0, 5)),
            1,
            tuple(rng.choice((TARIFF_BUY, rng.randrange(-100, 200))) for _ in range(count)),
            tuple(rng.choice((TARIFF_SELL, rng.randrange(-150, 150))) for _ in range(count)),
        )
        assert self.twin.set_limits(limits) == Refusal.NONE
        names = ("market", "meter", "from_slot", "sequence", "buy_nano", "sell_nano")
        fields = {name: getattr(limits, name) for name in names}
        self._do([event("LimitsSet", signature=b"", **fields)])

    def _measure(self, meter: int, from_slot: int) -> list[Reading]:
        rng = self.rng
        readings, registers = [], (rng.randrange(1000), rng.randrange(1000))
        cut = rng.randrange(from_slot + 1, FIRST + 15)
        for start, end in ((from_slot, cut), (cut, FIRST + 16)):
            values = []
            for _ in range(start, end):
                wh = rng.choice((0, 1, 5, 90, 333))
                values.append((wh, 0) if rng.random() < 0.5 else (0, wh))
            quality = Quality.ESTIMATED if rng.random() < 0.08 else Quality.MEASURED
            reading = Reading.of(meter, start, *registers, values, quality)
            registers = reading.closing
            readings.append(reading)
        return readings

    def post(self, reading: Reading) -> None:
        outcome = self.twin.post_readings(self.market, [reading])[0]
        assert outcome == Outcome.ACCEPTED
        names = Reading.__dataclass_fields__
        fields = {name: getattr(reading, name) for name in names}
        self._do([event("ReadingPosted", **fields)])

    def clear(self, window: int) -> None:
        self.twin.clear(self.market, window)
        market = self.twin.market(self.market)
        words = [market.results[window * 8 + lane].pack() for lane in range(8)]
        members = market.window_state(window).members
        self._do(
            [
                event(
                    "WindowCleared",
                    market=self.market,
                    window=window,
                    members=members,
                    results=words,
                )
            ]
        )

    def void(self, window: int) -> None:
        self.twin.void_window(self.market, window)
        members = self.twin.market(self.market).window_state(window).members
        self._do(
            [
                event(
                    "WindowCleared",
                    market=self.market,
                    window=window,
                    members=members,
                    results=[0] * 8,
                ),
                event("WindowVoided", market=self.market, window=window),
            ]
        )

    def settle(self, window: int, windows: int, max_members: int = 2**32 - 1) -> None:
        self.twin.settle(self.market, window, windows, max_members)
        cursor = self.twin.market(self.market).window_state(window).cursor
        self._do(
            [
                event(
                    "WindowsSettled",
                    market=self.market,
                    first_window=window,
                    windows=windows,
                    cursor=cursor,
                )
            ]
        )

    def run(
        self,
        order: random.Random | None = None,
        late: bool = False,
        chunk: int = 2**32 - 1,
        void: bool = False,
    ) -> Scenario:
        """Post everything (some of it late), clear both windows, settle in chunks."""
        batches = [list(readings) for readings in self.readings.values()]
        kept = [batches.pop()] if late and len(batches) > 1 else []
        queue = [number for number, batch in enumerate(batches) for _ in batch]
        if order:
            order.shuffle(queue)
        for number in queue:
            self.post(batches[number].pop(0))
        window = FIRST // 8
        (self.void if void else self.clear)(window)
        self.clear(window + 1)
        while self.twin.market(self.market).window_state(window).phase.name != "SETTLED":
            self.settle(window, 2, chunk)
        for batch in kept:
            for reading in batch:
                self.post(reading)
        return self


def encode_fills(fills: tuple[tuple[int, int, int], ...]) -> list[int]:
    """Lane words as the contract packs them: a word of first sides to a window."""
    words: dict[int, int] = {}
    for slot, side, wh in fills:
        window, lane = divmod(slot, 8)
        words.setdefault(window, window << 236)
        words[window] |= (wh | int(side) << 27) << (28 * lane)
    return list(words.values())


@pytest.fixture
def scenario() -> Callable[..., Scenario]:
    """Builds a random market from a seed."""
    return Scenario


@pytest.fixture
def consequences() -> frozenset[str]:
    return frozenset(CONSEQUENCES)
