"""A market of the workload on an anvil chain, driven day by day through the public API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TypeVar

from eth_hash.auto import keccak

from bench.workload import (
    DAY,
    FEE_NANO,
    FLOOR_NANO,
    FUSE_WH,
    SLOT_SECONDS,
    SLOTS_PER_DAY,
    STANDING_NANO,
    TARIFFS,
    TICK_NANO,
    Participant,
    participants,
)
from p2pchain.chain.abi import Call
from p2pchain.chain.bindings import structs
from p2pchain.chain.bindings.enums import Quality
from p2pchain.chain.bindings.ledger import ClaimOpened
from p2pchain.chain.bindings.registry import MeterRegistered
from p2pchain.chain.bindings.settlement import Withheld
from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.deployment import Contracts, commitment, deploy
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.events import of_receipt
from p2pchain.chain.node import network_of, running
from p2pchain.chain.records import TX_GAS_CAP, Patience, Receipt
from p2pchain.chain.sender import Sender
from p2pchain.demo.parts import REGISTRATION
from p2pchain.errors import CheckFailed
from p2pchain.keys import LocalSigner
from p2pchain.market import Market
from p2pchain.model import WINDOW_SLOTS, Limits, MarketParams, Reading, Terms
from p2pchain.operator import Operator

GENESIS_DAY = 20_454  # 1 January 2026
PATIENCE = Patience(poll=0.002, poll_most=0.05)
HASH_DAYS = 32
RING_DAYS = 11  # 128 windows of 8 slots are 10 2/3 days
METERED_DAYS = HASH_DAYS - RING_DAYS
WINDOWS_PER_DAY = SLOTS_PER_DAY // WINDOW_SLOTS
PREPAID_NANO = 10**15
# What one transaction is planned for: the rest of the cap is for days that differ a little.
PLAN_GAS = TX_GAS_CAP * 97 // 100
_PENDING = 200  # transactions that wait for their blocks together
METERED_GAS = 150_000  # a record of a meter in no market, new storage included


T = TypeVar("T")


@dataclass(slots=True)
class Day:
    """What one day cost: the gas of each transaction, by phase."""

    gas: dict[str, list[int]] = field(
        default_factory=lambda: {"post": [], "clear": [], "settle": [], "clear and settle": []}
    )

    def total(self, *phases: str) -> int:
        return sum(sum(self.gas[phase]) for phase in phases or self.gas)


class World:
    """One market with N members; `slot` is the first that has not been metered."""

    def __init__(self, chain: Chain, sender: Sender, count: int, seed: int) -> None:
        self.chain = chain
        self.sender = sender
        self.seed = seed
        self.homes = participants(count, seed)
        self.sent: list[tuple[str, Receipt]] = []
        self.slot = (GENESIS_DAY + 1) * SLOTS_PER_DAY
        self.market = self._set_up()
        self.contracts = self.market.contracts

    # The market

    def _set_up(self) -> Market:
        sender = self.sender
        deployment = deploy(sender, slot_seconds=SLOT_SECONDS, currency="EUR")
        contracts = Contracts(sender.chain, deployment)
        operator = Operator(contracts, sender)
        area = operator.add_area(dev_signer(1).address)
        suppliers = publish(sender, operator, self.slot)
        self._area, self._suppliers, self._operator = area, suppliers, operator
        self._register(contracts, self.homes)
        self._prepay(contracts, [home.owner for home in self.homes])
        self._prepay(contracts, [dev_signer(1), dev_signer(3), dev_signer(4)])
        return open_market(operator, area, suppliers, self.slot)

    def _register(self, contracts: Contracts, homes: Sequence[Participant]) -> None:
        calls = [
            self._operator.register_meter_call(
                self._area,
                commitment(f"point {home.index}", keccak(f"salt {home.index}".encode())),
                Terms(home.owner.address, self.slot, self._suppliers[home.supplier], 1, FUSE_WH),
                bytes.fromhex(home.meter_key.address[2:]),
            )
            for home in homes
        ]
        for home, receipt in zip(homes, self.send(calls), strict=True):
            (home.meter,) = (
                e.meter for e in of_receipt(contracts, receipt) if isinstance(e, MeterRegistered)
            )

    def _prepay(self, contracts: Contracts, owners: Sequence[LocalSigner]) -> None:
        """Pay in far more than each of them can owe."""
        token, ledger = contracts.token, contracts.ledger
        units = PREPAID_NANO * len(owners) // ledger.unit_nano()
        self.send([token.mint(self.sender.address, units)])
        self.send([token.approve(contracts.address("Ledger"), units)])
        self.send([ledger.deposit(owner.address, PREPAID_NANO) for owner in owners])

    def _enrol(self, homes: Sequence[Participant], slot: int) -> None:
        """Enrol with signed limits, both from `slot` on."""
        market = self.market
        enrolments = [market.sign_enrolment(h.owner, h.meter, slot) for h in homes]
        limits = [
            market.sign_limits(
                h.owner, Limits(market.id, h.meter, slot, 1, (h.buy_nano,), (h.sell_nano,))
            )
            for h in homes
        ]
        self.send([market.enrol_call(part) for part in _parts(enrolments, 50)])
        self.send([market.limits_call(part) for part in _parts(limits, 50)])
        if market.member_count != len(self.homes):
            raise CheckFailed("not everybody was enrolled")

    def enrol(self) -> None:
        """Everybody takes part from the next day on, with signed limits; this day passes."""
        self._enrol(self.homes, self.slot + SLOTS_PER_DAY)
        readings = self.read_day()
        self.spend(
            [self.market.post_call(part) for part in _parts(readings, _at_once(METERED_GAS))]
        )
        self._check_heads()

    def begin(self) -> None:
        """The days of meters that are in no market, in the last of which everybody enrols."""
        for _ in range(METERED_DAYS - 1):
            self.meter_day()
        self.enrol()

    def warm_up(self, together: bool = False) -> None:
        """Begin, and go on until every ring of storage has gone round."""
        self.begin()
        for _ in range(RING_DAYS):
            self.market_day(together)

    # Days

    def meter_day(self) -> Day:
        """A day of meters that are in no market yet: only their readings are posted."""
        readings = self.read_day()
        metering = self.contracts.metering
        gas = self.spend(
            [
                metering.post([_struct(r) for r in part])
                for part in _parts(readings, _at_once(METERED_GAS))
            ]
        )
        self._check_heads()
        return Day({"post": gas})

    def market_day(self, together: bool = False, before: Callable[[], None] = lambda: None) -> Day:
        """A day of the market: every meter posts its signed day, all is cleared and settled.

        As the package cuts it into transactions; where `together`, clearing settles as many as fit.
        `before` is what has to be done when the day is over and nothing is posted yet.
        """
        market, cost = self.market, Day()
        readings, first = self.read_day(), (self.slot - SLOTS_PER_DAY) // WINDOW_SLOTS
        before()
        cost.gas["post"] = [
            gas
            for batch in market.batches(readings)
            for gas in self.spend([market.post_call(batch)])
        ]
        if together:
            calls = market.clear_and_settle_calls(first, WINDOWS_PER_DAY)
            cost.gas["clear and settle"] = self.spend(calls)
        else:
            cost.gas["clear"] = self.spend(market.clear_calls(first, WINDOWS_PER_DAY))
            cost.gas["settle"] = self.spend(market.settle_calls(first, WINDOWS_PER_DAY))
        self._check_heads()
        return cost

    def grow(self, count: int) -> None:
        """Let so many more take part, from the next window on."""
        size = len(self.homes)
        new = participants(size + count, self.seed)[size:]
        self._register(self.contracts, new)
        self._prepay(self.contracts, [home.owner for home in new])
        for home in new:
            home.from_slot = self.slot + WINDOW_SLOTS
        self.homes += new
        self._enrol(new, self.slot + WINDOW_SLOTS)

    def clear_one_window(self) -> int:
        """Let two windows pass, all members posted; return the gas of clearing the second."""
        readings = self.read_day(2 * WINDOW_SLOTS)
        self.spend([self.market.post_call(batch) for batch in self.market.batches(readings)])
        window, members = self.slot // WINDOW_SLOTS - 1, len(self.homes)
        offers = self.market.offers(window, 1)
        call = self.contracts.settlement.clear(self.market.id, window, 1, members, offers)
        (gas,) = self.spend([call])
        return gas

    def read_day(self, slots: int = SLOTS_PER_DAY) -> list[Reading]:
        """Wait until so many slots are over; return what the meters have signed for them."""
        begin = self.slot
        self.wait(slots)
        firsts = [max(begin, home.from_slot) for home in self.homes]
        return [
            self.read(home, first, self.slot - first)
            for home, first in zip(self.homes, firsts, strict=True)
        ]

    def wait(self, slots: int) -> None:
        """Let so many slots pass."""
        self.slot += slots
        self.chain.set_time(self.slot * SLOT_SECONDS)

    def read(self, home: Participant, first: int, slots: int) -> Reading:
        """Return what a meter has signed for its next slots."""
        values = home.measure(slots)
        reading = Reading.of(home.meter, first, home.import_wh, home.export_wh, values)
        home.import_wh, home.export_wh = reading.closing
        return self.market.sign_reading(home.meter_key, reading)

    def _check_heads(self) -> None:
        for home in self.homes:
            head = self.contracts.metering.head_of(home.meter)
            if (head.next_slot, head.import_wh, head.export_wh) != (
                self.slot,
                home.import_wh,
                home.export_wh,
            ):
                raise CheckFailed(f"meter {home.meter} was not taken")

    # Sending

    def spend(self, calls: Sequence[Call]) -> list[int]:
        """Send; return the gas of each transaction. Everything was covered, nobody fell short."""
        receipts = self.send(calls)
        for receipt in receipts:
            for event in of_receipt(self.contracts, receipt):
                if isinstance(event, (Withheld, ClaimOpened)):
                    raise CheckFailed(f"not the workload that was meant: {event}")
        return [receipt.gas_used for receipt in receipts]

    def send(self, calls: Sequence[Call]) -> list[Receipt]:
        receipts = [
            receipt
            for begin in range(0, len(calls), _PENDING)
            for receipt in self.sender.send_many(calls[begin : begin + _PENDING], TX_GAS_CAP)
        ]
        for receipt in receipts:
            if receipt.gas_used > TX_GAS_CAP:
                raise CheckFailed(f"{receipt.gas_used} gas is more than a transaction may use")
        self.sent += zip((call.name for call in calls), receipts, strict=True)
        return receipts


def supplier_key(place: int) -> LocalSigner:
    """Return the key of a supplier of the workload."""
    return dev_signer(3 + place)


def publish(sender: Sender, operator: Operator, slot: int) -> list[int]:
    """Add the suppliers of the workload with their prices from a slot on; return their numbers."""
    suppliers = []
    for place, rows in enumerate(TARIFFS):
        key = supplier_key(place)
        supplier = operator.add_supplier(key.address, f"Supplier {place + 1}")
        suppliers.append(supplier)
        with Sender(sender.chain, key, patience=PATIENCE) as own:
            own.send(operator.publish_tariff(supplier, 1, slot, rows, STANDING_NANO))
    return suppliers


def open_market(operator: Operator, area: int, suppliers: Sequence[int], slot: int) -> Market:
    """Create the workload's market in an area; its suppliers agree from a slot on."""
    keys = {supplier: supplier_key(place) for place, supplier in enumerate(suppliers)}
    return operator.open_market(market_params(area), REGISTRATION, keys, slot)


def market_params(area: int) -> MarketParams:
    """Return the rules of the workload's market in an area."""
    return MarketParams(
        area=area,
        slot_seconds=SLOT_SECONDS,
        tick_nano=TICK_NANO,
        floor_nano=FLOOR_NANO,
        post_seconds=DAY,
        void_seconds=7 * DAY,
        buy_fee_nano=FEE_NANO,
        sell_fee_nano=FEE_NANO,
        fee_account=dev_signer(2).address,
    )


def _struct(r: Reading) -> structs.Reading:
    return structs.Reading(
        r.meter,
        r.first_slot,
        r.slots,
        Quality(int(r.quality)),
        r.import_wh,
        r.export_wh,
        r.intervals,
        r.signature,
    )


def _at_once(each: int) -> int:
    return max(1, PLAN_GAS // each)


def _parts(items: Sequence[T], most: int) -> list[Sequence[T]]:
    """Cut into as few parts as possible, of nearly the same size."""
    count = -(-len(items) // most)
    bounds = [len(items) * i // count for i in range(count + 1)]
    return [items[a:b] for a, b in pairwise(bounds)]


@contextmanager
def world(count: int, seed: int, timeout_seconds: int = 20) -> Iterator[World]:
    """Start a chain with a market of `count` participants; stop it at the end."""
    genesis = GENESIS_DAY * DAY
    with (
        running(engine="anvil", genesis_time=genesis) as node,
        connect(replace(network_of(node), timeout_seconds=timeout_seconds)) as chain,
        Sender(chain, dev_signer(0), patience=PATIENCE) as sender,
    ):
        yield World(chain, sender, count, seed)
