"""The facade: one market of one deployment, as its members and everybody else use it.

    market = Market.open("anvil")
    reading = market.sign_reading(meter_key, Reading.of(meter, slot, 0, 0, values))
    market.post(sender, [reading])
    market.clear_and_settle(sender, window, windows)

Messages are signed by whoever they bind and may be sent by anybody. Energy in Wh, money in
nano-currency, prices in nano-currency per Wh, time in slots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path

from p2pchain import batching
from p2pchain.chain.abi import Call, struct_of
from p2pchain.chain.bindings import enums, structs
from p2pchain.chain.bindings.forward_auction import Ordered, OrdersRelayed, Scheduled
from p2pchain.chain.bindings.markets import (
    AgreementSet,
    EnrolmentSkipped,
    LimitsSkipped,
    MarketCreated,
)
from p2pchain.chain.bindings.metering import ReadingPosted, ReadingSkipped
from p2pchain.chain.bindings.settlement import Offered, WindowCleared, WindowsSettled
from p2pchain.chain.connect import connect
from p2pchain.chain.deployment import Contracts, Deployment, path_of
from p2pchain.chain.events import of_receipt, read
from p2pchain.chain.records import Receipt
from p2pchain.chain.sender import Sender
from p2pchain.eip712 import (
    Domain,
    agreement_digest,
    enrolment_digest,
    limits_digest,
    markets_domain,
    metering_domain,
    reading_digest,
)
from p2pchain.errors import BadInput
from p2pchain.evidence import offer, offering_index
from p2pchain.keys import MeterKey, Signer
from p2pchain.model import (
    WINDOW_SLOTS,
    Agreement,
    Enrolment,
    Limits,
    MarketParams,
    Outcome,
    Phase,
    PriceRule,
    Reading,
    Refusal,
    Registration,
    RelayedOrder,
    SlotResult,
)
from p2pchain.networks import Network, resolve

Step = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class SlotStatus:
    """Where a slot stands.

    `missing` are the meters of members that have not posted it; `deadline` is the unix time from
    which clearing does without them.
    """

    slot: int
    window: int
    phase: Phase
    voided: bool
    ended: bool
    deadline: int
    members: int
    settled_members: int
    missing: tuple[int, ...]
    retail_nano: int
    feed_in_nano: int
    price_nano: int | None
    result: SlotResult | None


class Market:
    """One market. Reads by itself; what is sent goes through the `Sender` that is handed in."""

    def __init__(self, contracts: Contracts, market: bytes) -> None:
        self.contracts = contracts
        self.id = market

    @classmethod
    def open(
        cls,
        network: str | Network | None = None,
        market: str | None = None,
        deployment: Path | None = None,
    ) -> Market:
        """Connect to a network and return a market of its deployment, by name, id or the only one.

        Raises NodeError, WrongNetwork (the code is not what was deployed) or BadInput.
        """
        profile = resolve(network)
        record = Deployment.load(deployment or path_of(profile.name))
        contracts = Contracts.checked(connect(profile), record)
        return cls(contracts, record.market(market))

    @cached_property
    def params(self) -> MarketParams:
        """The immutable parameters. Raises BadInput where the deployment has no such market."""
        raw = self.contracts.markets.market_params(self.id)
        if raw.tick_nano == 0:
            raise BadInput(
                f"there is no market 0x{self.id.hex()} in this deployment",
                hint="'p2pchain admin market --help' creates one",
            )
        values = {f.name: getattr(raw, f.name) for f in fields(structs.MarketParams)}
        return MarketParams(**{**values, "rule": PriceRule(int(raw.rule))})

    @property
    def slot_seconds(self) -> int:
        """Length of a slot."""
        return self.params.slot_seconds

    @property
    def currency(self) -> str:
        """Code of the currency."""
        return self.contracts.deployment.currency

    @cached_property
    def in_tree(self) -> bool:
        """Whether what is left goes to a level above, so that settling waits for it."""
        return any(self.contracts.levels.node_of(self.id).parent)

    def registration(self) -> Registration:
        """Return under whose name and by which right the market runs, as its creation says."""
        for entry in read(self.contracts, kinds=(MarketCreated,)):
            if isinstance(entry.event, MarketCreated) and entry.event.market == self.id:
                raw = entry.event.registration
                return Registration(raw.organiser, raw.licence, bytes(raw.licence_hash))
        raise AssertionError(f"nothing in the log has created market 0x{self.id.hex()}")

    def agreements(self) -> list[Agreement]:
        """Return what suppliers have said about taking part, in the order in which they did."""
        return [
            Agreement(self.id, e.supplier, e.from_slot, e.agrees, e.sequence, bytes(e.signature))
            for entry in read(self.contracts, kinds=(AgreementSet,))
            if isinstance(e := entry.event, AgreementSet) and e.market == self.id
        ]

    @property
    def member_count(self) -> int:
        """Number of members."""
        return self.contracts.markets.member_count(self.id)

    def meters(self) -> list[int]:
        """Return the meters of the members, in the order of their index."""
        markets = self.contracts.markets
        return [markets.meter_at(self.id, index) for index in range(self.member_count)]

    @cached_property
    def metering_domain(self) -> Domain:
        """What a meter's signature is bound to."""
        contract = self.contracts.address("Metering")
        return metering_domain(self.contracts.chain.chain_id, contract)

    @cached_property
    def markets_domain(self) -> Domain:
        """What an owner's signature is bound to."""
        contract = self.contracts.address("Markets")
        return markets_domain(self.contracts.chain.chain_id, contract)

    # Messages: signed by whoever they bind

    def sign_enrolment(self, owner: Signer, meter: int, from_slot: int) -> Enrolment:
        """Return the owner's signed enrolment of a meter."""
        message = Enrolment(self.id, meter, from_slot)
        signature = owner.sign_digest(enrolment_digest(self.markets_domain, message))
        return replace(message, signature=signature)

    def sign_agreement(
        self, supplier_key: Signer, supplier: int, from_slot: int, *, agrees: bool = True
    ) -> Agreement:
        """Return a supplier's signed agreement to this market, or its leaving, with the next of
        its sequence numbers."""
        sequence = self.contracts.markets.agreement_sequence(self.id, supplier) + 1
        message = Agreement(self.id, supplier, from_slot, agrees, sequence)
        digest = agreement_digest(self.markets_domain, message, self.params.agreement)
        return replace(message, signature=supplier_key.sign_digest(digest))

    def sign_limits(self, owner: Signer, limits: Limits) -> Limits:
        """Return standing limits with the owner's signature."""
        signature = owner.sign_digest(limits_digest(self.markets_domain, limits))
        return replace(limits, signature=signature)

    def sign_reading(self, meter_key: MeterKey, reading: Reading) -> Reading:
        """Return a reading with the meter's signature."""
        return reading.signed(meter_key.sign_digest(reading_digest(self.metering_domain, reading)))

    # Calls: what is to be sent, for whoever wants to look first

    def enrol_call(self, enrolments: Sequence[Enrolment]) -> Call:
        """Return the call that hands in enrolments."""
        packed = [
            structs.Enrolment(e.market, e.meter, e.from_slot, e.signature) for e in enrolments
        ]
        return self.contracts.markets.enrol(packed)

    def agreement_call(self, agreement: Agreement) -> Call:
        """Return the call that hands in a supplier's agreement."""
        return self.contracts.markets.set_agreement(struct_of(structs.Agreement, agreement))

    def limits_call(self, limits: Sequence[Limits]) -> Call:
        """Return the call that hands in standing limits."""
        packed = [
            structs.Limits(
                x.market, x.meter, x.from_slot, x.sequence, x.buy_nano, x.sell_nano, x.signature
            )
            for x in limits
        ]
        return self.contracts.markets.set_limits(packed)

    def post_call(self, readings: Sequence[Reading]) -> Call:
        """Return the call that posts signed readings."""
        return self.contracts.settlement.post_readings(self.id, [packed(r) for r in readings])

    def batches(self, readings: Sequence[Reading]) -> Iterator[list[Reading]]:
        """Cut members' readings into batches that fit the gas of a transaction each."""
        return batching.batches(readings, self)

    def clear_and_settle_calls(self, first_window: int, windows: int) -> list[Call]:
        """Return the calls that clear and settle windows, each within the gas of a transaction.

        A market in a tree is cleared only: it is settled when the levels above have been shared.
        """
        return batching.clear_and_settle_calls(self, first_window, windows)

    def clear_calls(self, first_window: int, windows: int) -> list[Call]:
        """Return the calls that clear windows that are ready, each within the gas limit.

        Where one transaction cannot hold a window, its members are taken in several steps, which
        the contract allows once the deadline for readings has passed.
        """
        return batching.clear_calls(self, first_window, windows)

    def settle_calls(self, first_window: int, windows: int) -> list[Call]:
        """Return the calls that settle cleared windows, each within the gas limit."""
        return batching.settle_calls(self, first_window, windows)

    # Sending

    def enrol(self, sender: Sender, enrolments: Sequence[Enrolment]) -> dict[int, Refusal]:
        """Hand in enrolments; return those that were refused: meter -> why."""
        receipt = sender.send(self.enrol_call(enrolments))
        return {
            e.meter: Refusal(int(e.reason))
            for e in of_receipt(self.contracts, receipt)
            if isinstance(e, EnrolmentSkipped)
        }

    def set_limits(self, sender: Sender, limits: Sequence[Limits]) -> dict[int, Refusal]:
        """Hand in standing limits; return those that were refused: meter -> why."""
        receipt = sender.send(self.limits_call(limits))
        return {
            e.meter: Refusal(int(e.reason))
            for e in of_receipt(self.contracts, receipt)
            if isinstance(e, LimitsSkipped)
        }

    def post(
        self, sender: Sender, readings: Sequence[Reading], step: Step = lambda done: None
    ) -> dict[tuple[int, int], Outcome]:
        """Post readings in as few transactions as their gas allows.

        Returns those that were not taken: (meter, first slot) -> why. `step` is told how many have
        been handed in.
        """
        skipped: dict[tuple[int, int], Outcome] = {}
        for batch in self.batches(readings):
            receipt = sender.send(self.post_call(batch), batching.post_gas(batch))
            skipped |= self.skipped(receipt)
            step(len(batch))
        return skipped

    def skipped(self, receipt: Receipt) -> dict[tuple[int, int], Outcome]:
        """Return the readings that a transaction has passed over, and why."""
        return {
            (e.meter, e.first_slot): Outcome(int(e.reason))
            for e in of_receipt(self.contracts, receipt)
            if isinstance(e, ReadingSkipped)
        }

    def clear_and_settle(
        self, sender: Sender, first_window: int, windows: int, step: Step = lambda done: None
    ) -> list[Receipt]:
        """Clear and settle windows, in order; return the receipts."""
        receipts = []
        for call in self.clear_and_settle_calls(first_window, windows):
            receipts.append(sender.send(call))
            step(len(receipts))
        return receipts

    # Looking

    def window(self, window: int) -> structs.ISettlementWindow:
        """Return the state of a window of eight slots; absent where the contract keeps none."""
        return self.contracts.settlement.window_state(self.id, window)

    def offers(self, first_window: int, windows: int) -> list[list[int]]:
        """Return all that was offered in each of some windows and is kept as a hash, in the order
        in which it came: what `clear` and `settle` are handed. From the log, since each was opened.
        """
        span = range(first_window, first_window + windows)
        states = [self.window(window) for window in span]
        found: dict[int, list[int]] = {window: [] for window in span}
        opened = [state.opened_block for state in states if int(state.phase) != Phase.ABSENT]
        if opened:
            for entry in read(self.contracts, min(opened), kinds=(Offered,), about=self.id):
                assert isinstance(entry.event, Offered)
                for word in entry.event.words:
                    if (window := word >> 236) in found:
                        found[window].append(offer(entry.event.index, word))
        return list(found.values())

    def open_windows(self) -> list[int]:
        """Return the windows that are not settled, in order: those that have been posted to, and
        those that are over and have forward orders."""
        posted = self._ordered_windows()
        members: dict[int, int] = {}
        settled: set[int] = set()
        meters = set(self.meters())
        kinds = (ReadingPosted, WindowCleared, WindowsSettled)
        for entry in read(self.contracts, kinds=kinds):
            event = entry.event
            if isinstance(event, ReadingPosted):
                if event.meter in meters:
                    last = event.first_slot + event.slots - 1
                    posted.update(range(event.first_slot // WINDOW_SLOTS, last // WINDOW_SLOTS + 1))
            elif isinstance(event, WindowCleared):
                if event.market == self.id:
                    members[event.window] = event.members
            elif isinstance(event, WindowsSettled) and event.market == self.id:
                done = range(event.first_window, event.first_window + event.windows)
                settled.update(w for w in done if event.cursor == members.get(w))
        return [w for w in sorted(posted - settled) if self._is_under_way(w)]

    def _is_under_way(self, window: int) -> bool:
        phase = Phase(int(self.window(window).phase))
        if phase == Phase.ABSENT:  # nobody has posted to it
            return self.contracts.forward.pending(self.id, window).own
        return phase != Phase.SETTLED

    def _ordered_windows(self) -> set[int]:
        """Windows that are over and for which somebody has ordered ahead."""
        auctions = set(self.contracts.forward.auctions_of(self.id))
        if not auctions:
            return set()
        found: set[int] = set()
        for entry in read(self.contracts, kinds=(Ordered, OrdersRelayed, Scheduled)):
            event = entry.event
            if isinstance(event, Ordered) and event.auction in auctions:
                found.add(event.slot // WINDOW_SLOTS)
            elif isinstance(event, OrdersRelayed) and event.auction in auctions:
                relayed = map(RelayedOrder.unpack, event.orders)
                found.update(order.slot // WINDOW_SLOTS for order in relayed)
            elif isinstance(event, Scheduled) and event.auction in auctions:
                first = event.day * len(event.words)
                found.update(first + place for place, word in enumerate(event.words) if word)
        now = self.contracts.chain.block().timestamp // (WINDOW_SLOTS * self.slot_seconds)
        return {window for window in found if window < now}

    def slot_status(self, slot: int) -> SlotStatus:
        """Return where a slot stands, and which members have not posted it."""
        contracts, params = self.contracts, self.params
        window = slot // WINDOW_SLOTS
        state = self.window(window)
        phase = Phase(int(state.phase))
        reference = contracts.settlement.reference_at(self.id, slot)
        result = None
        if phase >= Phase.CLEARED:
            raw = contracts.settlement.result_of(self.id, slot)
            names = [f.name for f in fields(structs.ISettlementResult)]
            result = SlotResult(**{name: getattr(raw, name) for name in names})
        end = (window + 1) * WINDOW_SLOTS * params.slot_seconds
        now = contracts.chain.block().timestamp
        missing = [] if phase == Phase.SETTLED else self._missing(slot, window)
        return SlotStatus(
            slot=slot,
            window=window,
            phase=phase,
            voided=state.voided,
            ended=(slot + 1) * params.slot_seconds <= now,
            deadline=end + params.post_seconds,
            members=state.members if phase >= Phase.CLEARING else self.member_count,
            settled_members=self.member_count if phase == Phase.SETTLED else state.cursor,
            missing=tuple(missing),
            retail_nano=reference.retail_nano,
            feed_in_nano=reference.feed_in_nano,
            price_nano=reference.price_nano if reference.defined else None,
            result=result,
        )

    def _missing(self, slot: int, window: int) -> Iterator[int]:
        lane = slot % WINDOW_SLOTS
        offered = set(map(offering_index, self.offers(window, 1)[0]))
        for meter in self.meters():
            member = self.contracts.markets.member_of(self.id, meter)
            if member.index_ in offered:
                continue
            word = self.contracts.settlement.lanes_of(self.id, meter, window)[0]
            if word >> (224 + lane) & 1:
                continue
            if self.contracts.markets.member_by_meter(self.id, meter, slot).active:
                yield meter


def packed(r: Reading) -> structs.Reading:
    """Return a reading as the contracts take it."""
    quality = enums.Quality(int(r.quality))
    return structs.Reading(
        r.meter, r.first_slot, r.slots, quality, r.import_wh, r.export_wh, r.intervals, r.signature
    )
