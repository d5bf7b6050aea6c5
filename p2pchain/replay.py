"""The twin fed from the log: every event is applied, and what follows from it is compared.

Some events say what somebody did (a deposit, a reading, a step of clearing): they are applied.
Others say what followed from it (a lock, a settled entry, a claim): the twin computes these itself,
and both lists must agree at the end of each transaction. The first difference raises `Difference`.

An event is any object whose class is named like the Solidity event and whose attributes are its
fields in snake case; structs may be objects or tuples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from p2pchain.errors import Difference, Refused
from p2pchain.model import (
    WINDOW_SLOTS,
    Action,
    Agreement,
    AuctionParams,
    Correction,
    EdgeTerms,
    Enrolment,
    EstimateRule,
    Exchange,
    ForwardLevelParams,
    ForwardPhase,
    ForwardRefusal,
    Gate,
    LaneWord,
    LevelParams,
    Limits,
    MarketParams,
    Order,
    OrderLane,
    Outcome,
    Phase,
    PriceRule,
    Quality,
    Reading,
    Refusal,
    RelayedOrder,
    Schedule,
    Side,
    SlotResult,
    TariffRow,
    Terms,
    account_key,
    unpack_intervals,
)
from p2pchain.points import Consent, Fuel, Point, Standing, Withdrawal
from p2pchain.registry import Boundary
from p2pchain.switching import Clock, Contract, Reason, Rules, Source, State
from p2pchain.twin import Effect, Twin
from p2pchain.volumes import Volume
from p2pchain.working_days import OffsetChange

#: Events that follow from others, with the fields that must agree.
CONSEQUENCES: Final[Mapping[str, tuple[str, ...]]] = {
    "MeterEnrolled": ("meter",),
    "MeterKeptOut": ("meter",),
    "GapOpened": ("meter", "from_slot", "until_slot"),
    "Locked": ("account", "meter", "supplier", "own_nano", "guarantee_nano"),
    "Unlocked": ("account", "meter", "supplier", "amount_nano"),
    "Withheld": ("market", "meter", "slot", "buy_wh", "sell_wh"),
    "Offered": ("market", "index", "words"),
    "LateSettled": ("market", "meter", "first_slot", "slots"),
    "MemberSettled": ("market", "meter", "first_window", "windows", "fills"),
    "EntrySettled": (
        "market",
        "meter",
        "account",
        "supplier",
        "release_nano",
        "pay_nano",
        "income_nano",
        "supplier_nano",
    ),
    "NetworkSettled": ("market", "supplier", "operator", "charge_nano"),
    "FeesSettled": ("market", "account", "amount_nano"),
    "CorrectionSettled": (
        "market",
        "meter",
        "first_slot",
        "slots",
        "number",
        "run",
        "supplier_nano",
    ),
    "ContractSettled": ("market", "meter", "account", "collateral_nano", "contract_nano"),
    "ForwardFinished": ("market", "first_window", "windows"),
    "Sent": ("node", "level", "window", "ladder"),
    "SellsCleared": ("market", "window", "sells"),
    "WindowAdopted": ("market", "window", "results", "sells"),
    "PartsAdded": ("auction", "window", "parts"),
    "ForwardSent": ("node", "level", "window", "ladder"),
    "ForwardCrossed": ("node", "window", "up_wh", "down_wh", "operator", "charge_nano"),
    "Crossed": ("node", "window", "up_wh", "down_wh", "operator", "charge_nano"),
    "LevelSettled": ("market", "tree", "nano"),
    "LevelCharged": ("tree", "account", "nano"),
    "ClaimOpened": ("id", "debtor", "creditor", "amount_nano"),
    "ClaimPaid": ("id", "amount_nano", "open_nano"),
    "EnergyPosted": ("from_meter", "to_meter", "slot", "wh"),
    "HandedOver": ("handover", "point", "slot", "losing", "gaining", "tariff", "cause"),
    "ExitFeeDue": ("handover", "exit_fee_nano"),
    "Restated": ("point", "from_slot", "until_slot", "supplier", "tariff"),
}
_ACCOUNTS: Final = ("account", "supplier", "operator", "debtor", "creditor")
_ROW: Final = ("energy", "feed_in", "imbalance", "network", "levies", "tax")
#: Events that can be checked only with the time at which they happened.
TIMED: Final = frozenset(
    {"LateSettled", "ReadingCorrected", "EstimateSettled", "TallyStep", "Tallied"}
    | {"HolidaySet", "Contracted", "Requested", "ObjectionRaised", "ObjectionRemoved", "Secured"}
    | {"Ended", "ReadingSet", "ReadingDisputed", "FinalBill", "Refunded", "ErrorClaimed"}
    | {"ErrorAnswered", "ErrorRuled", "Compensated", "LastResort", "LiabilityArisen"}
    | {"LiabilityPaid", "OfferSet", "TenancyEnded"}
)
_PARAMS: Final = tuple(MarketParams.__dataclass_fields__)
_AUCTION: Final = tuple(AuctionParams.__dataclass_fields__)
_FORWARD_LEVEL: Final = tuple(ForwardLevelParams.__dataclass_fields__)
_LEVEL: Final = tuple(LevelParams.__dataclass_fields__)
_STANDING: Final = tuple(Standing.__dataclass_fields__)
_CONSENT: Final = tuple(Consent.__dataclass_fields__)[:-1]  # without the signature
_WITHDRAWAL: Final = tuple(Withdrawal.__dataclass_fields__)[:-1]
_CHANGE: Final = tuple(OffsetChange.__dataclass_fields__)
_RULES: Final = tuple(Rules.__dataclass_fields__)
_CONTRACT: Final = tuple(Contract.__dataclass_fields__)
_VOLUME: Final = tuple(Volume.__dataclass_fields__)


class TwinMarket(Twin):
    """The whole state of a deployment, rebuilt and checked from its events."""

    def __init__(self, slot_seconds: int) -> None:
        super().__init__(slot_seconds)
        self._announced: list[Effect] = []
        self._unvoided: dict[tuple[bytes, int], Difference] = {}
        self._handlers: dict[str, Callable[[Any], None]] = {
            name.removeprefix("_on_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("_on_")
        }

    def apply(self, event: Any) -> bool:
        """Apply one event; return whether it concerns the state. Call `check` where a transaction
        ends. Raises Difference where an event cannot follow from what went before."""
        name = type(event).__name__
        handler = self._handlers.get(name)
        try:
            if handler is not None:
                handler(event)
        except Refused as refusal:
            raise Difference(f"{name} is in the log, but the rules refuse it: {refusal}") from None
        if name in CONSEQUENCES:
            self._announced.append(_effect(event))
        return handler is not None or name in CONSEQUENCES

    def check(self) -> None:
        """Raise Difference unless what the log announced is what was computed (in any order)."""
        for difference in self._unvoided.values():
            raise difference
        announced, computed = Counter(self._announced), Counter(self.effects)
        unexplained = list((announced - computed).elements())
        missing = list((computed - announced).elements())
        self._announced.clear()
        self.effects.clear()
        if unexplained or missing:
            raise Difference(_describe(unexplained, missing))

    def apply_transaction(self, events: Iterable[Any]) -> None:
        """Apply the events of one transaction, in order, and check what followed from them."""
        for event in events:
            self.apply(event)
        self.check()

    # Registry and tariffs

    def _on_AreaAdded(self, event: Any) -> None:  # noqa: N802 - named like the events
        self.add_area(event.operator, event.parent, event.area)

    def _on_SupplierAdded(self, event: Any) -> None:  # noqa: N802
        self.add_supplier(event.account, event.supplier)

    def _on_MeterRegistered(self, event: Any) -> None:  # noqa: N802
        self.registry.area_of[event.meter] = event.area

    def _on_TermsSet(self, event: Any) -> None:  # noqa: N802
        terms = Terms(
            owner=event.owner,
            from_slot=event.from_slot,
            supplier=event.supplier,
            tariff=event.tariff,
            fuse_wh=event.fuse_wh,
            billing_grade=event.billing_grade,
        )
        self.set_terms(event.meter, terms)

    def _on_SignerSet(self, event: Any) -> None:  # noqa: N802
        self.set_signer(event.meter, event.from_slot, bytes(event.signer))

    def _on_TariffPublished(self, event: Any) -> None:  # noqa: N802
        rows = [TariffRow(*_fields(row, _ROW)) for row in event.rows]
        self.publish(event.supplier, event.tariff, event.from_slot, rows, event.standing_nano)

    # Metering points

    def _on_PointRegistered(self, event: Any) -> None:  # noqa: N802
        commitment = bytes(event.commitment)
        point = Point(commitment, event.area, Fuel(int(event.fuel)), event.exports)
        self.points.announce(event.point, point)

    def _on_PointsRelated(self, event: Any) -> None:  # noqa: N802
        self.points.relate(event.point, event.other)

    def _on_StandingSet(self, event: Any) -> None:  # noqa: N802
        standing = Standing.unpacked(_fields(event.standing, _STANDING))
        if account_key(event.customer) != account_key(standing.customer):
            raise Difference(f"StandingSet of point {event.point} names two customers")
        self.points.put(event.point, standing)

    def _on_ConsentGiven(self, event: Any) -> None:  # noqa: N802
        values = (getattr(event, name) for name in _CONSENT)
        self.points.give_consent(Consent(*values))

    def _on_ConsentWithdrawn(self, event: Any) -> None:  # noqa: N802
        values = (getattr(event, name) for name in _WITHDRAWAL)
        self.points.withdraw_consent(Withdrawal(*values))

    def _on_SupplierSet(self, event: Any) -> None:  # noqa: N802
        self.points.set_supplier(event.point, event.from_slot, event.supplier)

    # Calendars

    def _on_CalendarCreated(self, event: Any) -> None:  # noqa: N802
        number = self.calendars.create(event.from_day, event.offset_seconds)
        _agree("CalendarCreated", event.name, "number", event.calendar, number)

    def _on_DaysPublished(self, event: Any) -> None:  # noqa: N802
        changes = [OffsetChange(*_fields(one, _CHANGE)) for one in event.changes]
        self.calendars.publish(event.calendar, event.until_day, event.holidays, changes)

    def _on_HolidaySet(self, event: Any) -> None:  # noqa: N802
        self.calendars.set_holiday(event.calendar, event.day, event.holiday, self._time())

    # Switching

    def _on_RulesSet(self, event: Any) -> None:  # noqa: N802
        rules = Rules.unpacked(_fields(event.what, _RULES))
        _agree(
            "RulesSet",
            event.name,
            "number",
            event.rules,
            self.switching.set_rules(event.area, rules),
        )

    def _on_Contracted(self, event: Any) -> None:  # noqa: N802
        values = _fields(event.what, _CONTRACT)
        values[0], values[1] = tuple(values[0]), tuple(values[1])
        number = self.switching.conclude(Contract(*values), self._time())
        _agree("Contracted", event.customer, "number", event.id, number)

    def _on_Requested(self, event: Any) -> None:  # noqa: N802
        self.switching.request(event.id, event.start_day, self._time())

    def _on_ObjectionRaised(self, event: Any) -> None:  # noqa: N802
        reason, evidence = Reason(int(event.reason)), bytes(event.evidence)
        self.switching.object(event.id, event.place, reason, evidence, self._time(), event.by)

    def _on_ObjectionRemoved(self, event: Any) -> None:  # noqa: N802
        self.switching.remove(event.id, event.number, self._time())

    def _on_Secured(self, event: Any) -> None:  # noqa: N802
        self.switching.secure(event.id, self._time())
        switch = self.switching.switches[event.id]
        said, computed = (event.start_day, event.start_slot), (switch.start_day, switch.start_slot)
        _agree("Secured", f"switch {event.id}", "start", said, computed)

    def _on_Ended(self, event: Any) -> None:  # noqa: N802
        switching, number, now = self.switching, event.id, self._time()
        match State(int(event.state)):
            case State.LAPSED:
                switching.secure(number, now)
            case State.WITHDRAWN:
                switching.withdraw(number, now)
            case State.CANCELLED | State.COOLED_OFF:
                switching.cancel(number, event.back, now)
            case State.REVERSED:
                switching.return_supply(number, now)
        kept = int(switching.known(number).kept)
        _agree("Ended", f"switch {number}", "state", int(event.state), kept)

    def _on_TenancyEnded(self, event: Any) -> None:  # noqa: N802
        number = self.switching.end_tenancy(event.point, event.slot, self._time())
        _agree("TenancyEnded", f"point {event.point}", "handover", event.handover, number)

    def _on_ReadingSet(self, event: Any) -> None:  # noqa: N802
        number, registers, source = (
            event.handover,
            (event.import_wh, event.export_wh),
            Source(int(event.source)),
        )
        handover = self.switching.known_handover(number)
        match source:
            case Source.CUSTOMER:
                self.switching.read_by_customer(number, *registers, self._time())
            case Source.ESTIMATED:
                self.switching.estimate(number, *registers, self._time())
            case Source.MEASURED:
                self.switching.read_measured(number, handover.meter, registers, self._time())
            case _:
                proposed = (handover.dispute.import_wh, handover.dispute.export_wh)
                _agree("ReadingSet", f"handover {number}", "value", registers, proposed)
                self.switching.set_reading(number, *registers, source)

    def _on_ReadingDisputed(self, event: Any) -> None:  # noqa: N802
        claimed = (event.import_wh, event.export_wh)
        earlier, later = event.read_at
        self.switching.dispute(
            event.handover,
            claimed,
            (earlier, later),
            bytes(event.evidence),
            self._time(),
            event.by,
        )

    def _on_ReadingProposed(self, event: Any) -> None:  # noqa: N802
        value = (event.import_wh, event.export_wh)
        self.switching.propose(event.handover, event.supplier, *value)

    def _on_FinalBill(self, event: Any) -> None:  # noqa: N802
        self.switching.close_account(event.handover, bytes(event.bill), self._time())

    def _on_Refunded(self, event: Any) -> None:  # noqa: N802
        self.switching.refund(event.handover, self._time())

    def _on_ErrorClaimed(self, event: Any) -> None:  # noqa: N802
        self.switching.claim_error(event.id, self._time(), event.by, signed=event.by_customer)

    def _on_ErrorAnswered(self, event: Any) -> None:  # noqa: N802
        evidence = bytes(event.evidence)
        self.switching.answer_claim(event.id, event.agreed, evidence, self._time(), event.by)

    def _on_ErrorRuled(self, event: Any) -> None:  # noqa: N802
        self.switching.rule_on_claim(event.id, event.erroneous, self._time())

    def _on_Compensated(self, event: Any) -> None:  # noqa: N802
        amounts = (event.back_nano, event.due_nano)
        self.switching.compensate(event.id, *amounts, bytes(event.statement), self._time())

    def _on_LiabilityPaid(self, event: Any) -> None:  # noqa: N802
        self.switching.pay_liability(event.liability, self._time())

    def _on_SupplierFailed(self, event: Any) -> None:  # noqa: N802
        self.switching.declare_failed(event.supplier)

    def _on_LastResort(self, event: Any) -> None:  # noqa: N802
        self.switching.require_last_resort(event.failed, event.successor)
        who = (event.failed, event.successor, event.tariff)
        if not self.switching.last_resort(event.point, *who, self._time()):
            raise Difference(
                f"LastResort moves point {event.point}, which was not the failed one's"
            )

    def _on_LiabilityArisen(self, event: Any) -> None:  # noqa: N802
        clock, subject = Clock(int(event.clock)), event.subject
        number = self.switching.claim_liability(clock, subject, event.place, self._time())
        found = self.switching.liabilities[number]
        said = (event.liability, account_key(event.customer), event.supplier, event.amount_nano)
        computed = (number, account_key(found.customer), found.supplier, found.amount_nano)
        _agree("LiabilityArisen", f"{clock.name} of {subject}", "debt", said, computed)

    def _on_OfferSet(self, event: Any) -> None:  # noqa: N802
        terms = (event.classes, event.term_days, event.exit_fee_nano)
        number = self.switching.set_offer(event.supplier, event.tariff, *terms, self._time())
        _agree("OfferSet", f"tariff {event.tariff}", "number", event.offer, number)

    # Gas

    def _on_VolumePosted(self, event: Any) -> None:  # noqa: N802
        self.volumes.post(Volume(*_fields(event.what, _VOLUME)))

    def _time(self) -> int:
        if self.now is None:
            raise Difference("an event of switching without its time")
        return self.now

    # Money in and out

    def _on_Deposited(self, event: Any) -> None:  # noqa: N802
        self.ledger.deposit(event.account, event.amount_nano)

    def _on_Withdrawn(self, event: Any) -> None:  # noqa: N802
        self.ledger.withdraw(event.account, event.amount_nano)

    def _on_GuaranteeGiven(self, event: Any) -> None:  # noqa: N802
        amount = event.amount_nano
        self.ledger.give_guarantee(event.supplier, event.account, event.meter, amount)

    def _on_GuaranteeReturned(self, event: Any) -> None:  # noqa: N802
        amount = event.amount_nano
        self.ledger.return_guarantee(event.supplier, event.account, event.meter, amount)

    def _on_ClaimPaid(self, event: Any) -> None:  # noqa: N802
        self.ledger.pay_claim(event.id)

    # Markets

    def _on_MarketCreated(self, event: Any) -> None:  # noqa: N802
        values = dict(zip(_PARAMS, _fields(event.params, _PARAMS), strict=True))
        values |= {
            "rule": PriceRule(values["rule"]),
            "fee_account": account_key(values["fee_account"]),
            "stages": tuple(account_key(stage) for stage in values["stages"]),
            "agreement": bytes(values["agreement"]),
            "registration": bytes(values["registration"]),
        }
        self.create_market(MarketParams(**values), bytes(event.market))

    def _on_AgreementSet(self, event: Any) -> None:  # noqa: N802
        market = bytes(event.market)
        said = (event.supplier, event.from_slot, event.agrees, event.sequence)
        self.set_agreement(Agreement(market, *said), waits=event.replaces)

    def _on_Paused(self, event: Any) -> None:  # noqa: N802
        self.paused = event.paused

    def _on_Enrolled(self, event: Any) -> None:  # noqa: N802
        market = bytes(event.market)
        refusal = self.enrol(Enrolment(market, event.meter, event.from_slot))
        _agree("Enrolled", f"meter {event.meter}", "refusal", Refusal.NONE.name, refusal.name)
        index = self.markets[market].by_meter[event.meter].index
        _agree("Enrolled", f"meter {event.meter}", "index", event.index, index)

    def _on_LimitsSet(self, event: Any) -> None:  # noqa: N802
        limits = Limits(
            market=bytes(event.market),
            meter=event.meter,
            from_slot=event.from_slot,
            sequence=event.sequence,
            buy_nano=tuple(event.buy_nano),
            sell_nano=tuple(event.sell_nano),
        )
        refusal = self.set_limits(limits)
        _agree("LimitsSet", f"meter {event.meter}", "refusal", Refusal.NONE.name, refusal.name)

    # Forward auctions

    def _on_AuctionCreated(self, event: Any) -> None:  # noqa: N802
        values = dict(zip(_AUCTION, _fields(event.params, _AUCTION), strict=True))
        values |= {"market": bytes(values["market"]), "gate": Gate(values["gate"])}
        params = AuctionParams(**values)
        auction = self.create_auction(params)
        _agree("AuctionCreated", "", "auction", bytes(event.auction).hex(), auction.hex())
        _agree("AuctionCreated", "", "market", bytes(event.market).hex(), params.market.hex())

    def _on_AuctionPaused(self, event: Any) -> None:  # noqa: N802
        self.auction(bytes(event.auction)).paused = event.paused

    def _on_Ordered(self, event: Any) -> None:  # noqa: N802
        sequence = self.auction(bytes(event.auction)).sequences[event.meter]
        self._order("Ordered", event, RelayedOrder(event.order, sequence, event.slot), own=True)

    def _on_OrdersRelayed(self, event: Any) -> None:  # noqa: N802
        for word in event.orders:
            self._order("OrdersRelayed", event, RelayedOrder.unpack(word), own=False)

    def _order(self, name: str, event: Any, relayed: RelayedOrder, *, own: bool) -> None:
        auction = self.auction(bytes(event.auction))
        lane, action = OrderLane.unpack(relayed.order), Action(relayed.order >> 28)
        where = f"meter {event.meter}, slot {relayed.slot}"
        limit = auction.params.price_nano(lane.tick)
        if action == Action.CANCEL:
            _agree(name, where, "lane", lane.pack(), 0)
            limit = 0
        order = Order(
            auction=auction.auction,
            meter=event.meter,
            slot=relayed.slot,
            sequence=relayed.sequence,
            action=action,
            sell=lane.side == Side.SELL,
            limit_nano=limit,
            wh=lane.lots * auction.params.lot_wh,
        )
        refusal = auction.place(order, self.now, own=own)
        _agree(name, where, "refusal", ForwardRefusal.NONE.name, refusal.name)

    def _on_Scheduled(self, event: Any) -> None:  # noqa: N802
        auction = self.auction(bytes(event.auction))
        schedule = Schedule(
            auction=auction.auction,
            meter=event.meter,
            day=event.day,
            sequence=event.sequence,
            words=tuple(event.words),
        )
        refusal = auction.schedule(schedule, self.now)
        where = f"meter {event.meter}, day {event.day}"
        _agree("Scheduled", where, "refusal", ForwardRefusal.NONE.name, refusal.name)

    def _on_SequenceSkipped(self, event: Any) -> None:  # noqa: N802
        self.skip_sequence(bytes(event.auction), event.meter, event.sequence)

    def _on_ForwardStep(self, event: Any) -> None:  # noqa: N802
        auction = self.auction(bytes(event.auction))
        auction.step(event.window, ForwardPhase(event.phase), event.cursor, self.now)

    def _on_ForwardCleared(self, event: Any) -> None:  # noqa: N802
        results = self.auction(bytes(event.auction)).clear(event.window, self.now)
        difference = _different_result(event, results)
        if difference:
            raise difference

    def _on_ForwardVoided(self, event: Any) -> None:  # noqa: N802
        self.void_forward(bytes(event.auction), event.window)

    def _on_ForwardAdopted(self, event: Any) -> None:  # noqa: N802
        self.auction(bytes(event.auction)).adopted(event.window)

    # Forward levels

    def _on_ForwardLevelCreated(self, event: Any) -> None:  # noqa: N802
        values = dict(zip(_FORWARD_LEVEL, _fields(event.params, _FORWARD_LEVEL), strict=True))
        level = self.create_forward_level(
            ForwardLevelParams(**(values | {"gate": Gate(values["gate"])}))
        )
        _agree("ForwardLevelCreated", "", "level", bytes(event.level).hex(), level.hex())

    def _on_ForwardAttached(self, event: Any) -> None:  # noqa: N802
        self.attach_forward(bytes(event.node), bytes(event.level), event.from_window)

    def _on_ForwardLevelStep(self, event: Any) -> None:  # noqa: N802
        level = bytes(event.level)
        state = self.forward_levels.begin_clearing(level, event.window, self.now)
        state.cursor = event.cursor

    def _on_ForwardLevelCleared(self, event: Any) -> None:  # noqa: N802
        parts = self.forward_levels.clear(bytes(event.level), event.window, self.now)
        _agree("ForwardLevelCleared", f"window {event.window}", "parts", tuple(event.parts), parts)

    def _on_ForwardLevelShared(self, event: Any) -> None:  # noqa: N802
        self.forward_levels.share(bytes(event.level), event.window, event.cursor, self.now)

    def _on_ForwardPassedOver(self, event: Any) -> None:  # noqa: N802
        self.forward_levels.pass_over(bytes(event.node), event.window, self.now)

    # Readings

    def _on_ReadingPosted(self, event: Any) -> None:  # noqa: N802
        reading = Reading(
            meter=event.meter,
            first_slot=event.first_slot,
            slots=event.slots,
            quality=Quality(event.quality),
            import_wh=event.import_wh,
            export_wh=event.export_wh,
            intervals=tuple(event.intervals),
            signature=bytes(event.signature),
        )
        where = f"meter {reading.meter}, slot {reading.first_slot}"
        market = self.market_of.get(reading.meter)
        outcome = self._admit(market, reading) if market else Outcome.ACCEPTED
        if outcome == Outcome.ACCEPTED:
            outcome = self.metering.take(reading, self.now)
        _agree("ReadingPosted", where, "outcome", Outcome.ACCEPTED.name, outcome.name)
        if market and market.is_active(reading.meter, reading.first_slot):
            market.post(reading, self.now)

    def _on_MeterExchanged(self, event: Any) -> None:  # noqa: N802
        exchange = Exchange(
            event.meter,
            event.slot,
            event.closing_import_wh,
            event.closing_export_wh,
            event.opening_import_wh,
            event.opening_export_wh,
        )
        outcome = self.exchange_meter(exchange)
        where = f"meter {event.meter}"
        _agree("MeterExchanged", where, "outcome", Outcome.ACCEPTED.name, outcome.name)

    # Runs after the first

    def _on_ReadingCorrected(self, event: Any) -> None:  # noqa: N802
        correction = Correction(
            meter=event.meter,
            first_slot=event.first_slot,
            slots=event.slots,
            number=event.number,
            intervals=tuple(event.intervals),
            signature=bytes(event.signature),
        )
        self.correct(correction)

    def _on_EstimateSettled(self, event: Any) -> None:  # noqa: N802
        made = self.estimate(bytes(event.market), event.meter, event.first_slot, event.slots)
        where = f"meter {event.meter}, slot {event.first_slot}"
        _agree("EstimateSettled", where, "rule", EstimateRule(event.rule).name, made.rule.name)
        said = unpack_intervals(event.intervals, event.slots)
        _agree("EstimateSettled", where, "values", said, made.values)
        _agree("EstimateSettled", where, "run", event.run, made.run)

    def _on_BoundarySet(self, event: Any) -> None:  # noqa: N802
        boundary = Boundary(event.meter, event.tolerance_wh, event.tolerance_ppm)
        self.set_boundary(event.area, boundary)

    def _on_TallyStep(self, event: Any) -> None:  # noqa: N802
        market = self.market(bytes(event.market))
        members_wh = market.tally_step(event.day, event.cursor, self.now)
        _agree("TallyStep", f"day {event.day}", "members_wh", event.members_wh, members_wh)

    def _on_Tallied(self, event: Any) -> None:  # noqa: N802
        made = self.tally(bytes(event.market), event.day)
        for name in ("members_wh", "boundary_wh", "disputed"):
            said = getattr(event, name)
            _agree("Tallied", f"day {event.day}", name, said, getattr(made, name))

    # The phases

    def _on_Lowered(self, event: Any) -> None:  # noqa: N802
        market = self.market(bytes(event.market))
        market.lower(event.slot, event.buy_meter, event.sell_meter, event.wh)

    def _on_ClearingStep(self, event: Any) -> None:  # noqa: N802
        state = self.market(bytes(event.market)).begin_clearing(event.window)
        state.cursor = event.cursor

    def _on_WindowCleared(self, event: Any) -> None:  # noqa: N802
        market = self.market(bytes(event.market))
        results = market.clear(event.window, self.now)
        where = f"window {event.window}"
        members = market.window_state(event.window).members
        _agree("WindowCleared", where, "members", event.members, members)
        difference = _different_result(event, results)
        if difference and any(event.results):
            raise difference
        if difference:
            # Nothing at all: right if the same transaction goes on to say that it was voided.
            self._unvoided[market.market, event.window] = difference

    def _on_WindowVoided(self, event: Any) -> None:  # noqa: N802
        market = self.market(bytes(event.market))
        state = market.window_state(event.window)
        _agree("WindowVoided", f"window {event.window}", "phase", Phase.CLEARED, state.phase)
        market.make_void(event.window)
        self._unvoided.pop((market.market, event.window), None)

    # Levels

    def _on_LevelCreated(self, event: Any) -> None:  # noqa: N802
        params = LevelParams(**dict(zip(_LEVEL, _fields(event.params, _LEVEL), strict=True)))
        level = self.create_level(params)
        _agree("LevelCreated", "", "level", bytes(event.level).hex(), level.hex())

    def _on_Attached(self, event: Any) -> None:  # noqa: N802
        self.levels.attach(bytes(event.node), event.area, bytes(event.level), event.from_window)

    def _on_EdgeSet(self, event: Any) -> None:  # noqa: N802
        terms = EdgeTerms(
            event.from_slot, event.charge_nano, event.up_wh, event.down_wh, event.feeder_wh
        )
        self.levels.set_edge(event.area, terms)

    def _on_GridLost(self, event: Any) -> None:  # noqa: N802
        self.levels.lose_grid(event.area, event.first_slot, event.end_slot)

    def _on_CriticalSet(self, event: Any) -> None:  # noqa: N802
        self.levels.criticals[event.meter].put(event.from_window, event.critical)

    def _on_LevelStep(self, event: Any) -> None:  # noqa: N802
        state = self.levels.begin_clearing(bytes(event.level), event.window, self.now)
        state.cursor = event.cursor

    def _on_LevelCleared(self, event: Any) -> None:  # noqa: N802
        results, sells = self.clear_level(bytes(event.level), event.window)
        difference = _different_result(event, results)
        if difference:
            raise difference
        said, computed = tuple(event.sells), tuple(one.pack() if one else 0 for one in sells)
        _agree("LevelCleared", f"window {event.window}", "sells", said, computed)

    def _on_LevelShared(self, event: Any) -> None:  # noqa: N802
        self.share_level(bytes(event.level), event.window, event.cursor)

    def _on_LevelsPassedOver(self, event: Any) -> None:  # noqa: N802
        self.pass_over(bytes(event.market), event.window)

    def _on_WindowsSettled(self, event: Any) -> None:  # noqa: N802
        market = self.market(bytes(event.market))
        market.settle(event.first_window, event.windows, event.cursor)
        cursor = market.window_state(event.first_window).cursor
        where = f"windows from {event.first_window}"
        _agree("WindowsSettled", where, "cursor", event.cursor, cursor)


def _effect(event: Any) -> Effect:
    name = type(event).__name__
    fields = {}
    for field in CONSEQUENCES[name]:
        value = getattr(event, field)
        if field in _ACCOUNTS and isinstance(value, str):  # a supplier may be told by number
            value = account_key(value)
        elif field in ("auction", "market", "node", "level", "tree"):
            value = bytes(value)
        elif field in ("ladder", "parts", "results", "sells", "words"):
            value = tuple(value)
        elif field == "fills":
            value = decode_fills(value)
        fields[field] = value
    return Effect(name, tuple(sorted(fields.items())))


def decode_fills(words: Iterable[int]) -> tuple[tuple[int, int, int], ...]:
    """Return (slot, side, Wh) of every fill in the lane words of MemberSettled, in order."""
    filled = []
    for word in words:
        lanes = LaneWord.unpack(word)
        for lane, (wh, side) in enumerate(zip(lanes.volumes, lanes.sides, strict=True)):
            if wh:
                filled.append((lanes.window * WINDOW_SLOTS + lane, int(side), wh))
    return tuple(sorted(filled))


def _fields(value: Any, names: tuple[str, ...]) -> list[Any]:
    if isinstance(value, tuple | list):
        return list(value)
    return [getattr(value, name) for name in names]


def _agree(event: str, where: str, field: str, said: object, computed: object) -> None:
    if said != computed:
        raise Difference(f"{event}, {where}: {field} is {said} on chain, {computed} recomputed")


def _different_result(event: Any, results: Sequence[SlotResult]) -> Difference | None:
    """Return what is wrong with the first slot whose result is not the one recomputed."""
    for lane, (word, result) in enumerate(zip(event.results, results, strict=True)):
        if word != result.pack():
            slot = event.window * WINDOW_SLOTS + lane
            return Difference(
                f"{type(event).__name__}, slot {slot}: "
                f"{_differing(SlotResult.unpack(word), result)}",
                hint="the price or the matching of this slot is not what the rules give",
            )
    return None


def _differing(said: SlotResult, computed: SlotResult) -> str:
    return "; ".join(
        f"{name} is {getattr(said, name)} on chain, {getattr(computed, name)} recomputed"
        for name in SlotResult.__dataclass_fields__
        if getattr(said, name) != getattr(computed, name)
    )


def _describe(announced: list[Effect], computed: list[Effect]) -> str:
    """Return the first difference: field by field where an event has a counterpart."""
    for said in announced:
        names = dict(said.fields)
        for other in computed:
            fields = dict(other.fields)
            same = sum(fields[name] == names.get(name) for name in fields)
            if other.name == said.name and same >= len(fields) - 2:
                wrong = "; ".join(
                    f"{name} is {_text(names[name])} on chain, {_text(fields[name])} recomputed"
                    for name in fields
                    if fields[name] != names[name]
                )
                return f"{said.name}{_where(said)}: {wrong}"
    if announced:
        return f"{announced[0].name}{_where(announced[0])} is in the log but does not follow"
    return f"{computed[0].name}{_where(computed[0])} follows but is not in the log"


def _where(effect: Effect) -> str:
    shown = [
        f"{name} {_text(value)}"
        for name, value in effect.fields
        if name in ("meter", "account", "slot", "id", "supplier", "first_window")
    ]
    return f" ({', '.join(shown)})" if shown else ""


def _text(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
