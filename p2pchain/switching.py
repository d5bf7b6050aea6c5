"""Switching: the state machine as a table, and the readable twin of `contracts/Switching.sol`.

The rules are those of Great Britain and the European Union as far as they are public; what they
come from stands with the rule sets in `p2pchain/rule_sets.py`. Times are unix times, days are local
days of the rules' calendar (`p2pchain/working_days.py`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Final

from p2pchain.errors import Refused
from p2pchain.ledger import Emit
from p2pchain.model import Terms, account_key
from p2pchain.points import NOBODY, Fuel, PointsTwin, Standing, Status
from p2pchain.registry import NEVER, RegistryTwin
from p2pchain.working_days import DAY, Calendar, CalendarsTwin, LocalDays

#: The customer's bit among those who agree to a claim of an error (Reversals.CUSTOMER).
CUSTOMER_BIT: Final = 1 << 15
#: A contract has so many points at most (Requests.MOST_POINTS).
MOST_POINTS: Final = 8


class State(IntEnum):
    """Where a switch stands (ISwitching.State)."""

    NONE = 0
    CONTRACTED = 1
    PENDING = 2
    OBJECTED = 3
    CONFIRMED = 4
    SECURED = 5
    ACTIVE = 6
    LAPSED = 7
    WITHDRAWN = 8
    CANCELLED = 9
    UPHELD = 10
    COOLED_OFF = 11
    REVERSED = 12


class Reason(IntEnum):
    """Why a supplier objects (ISwitching.Reason)."""

    DEBT = 0
    CONTRACT_TERMS = 1
    ERRONEOUS_TRANSFER = 2
    CUSTOMER_REQUEST = 3
    RELATED_POINTS = 4


class Cause(IntEnum):
    """Why the supplier of a point changes (ISwitching.Cause)."""

    SWITCH = 0
    COOLING_OFF = 1
    ERRONEOUS_TRANSFER = 2
    SUPPLIER_FAILED = 3
    TENANCY = 4


class Source(IntEnum):
    """Where a register value comes from (ISwitching.Source)."""

    NONE = 0
    ESTIMATED = 1
    CUSTOMER = 2
    AGREED = 3
    MEASURED = 4


class Clock(IntEnum):
    """What clock was missed (ISwitching.Clock)."""

    SWITCH = 0
    FINAL_BILL = 1
    REFUND = 2
    ERRONEOUS_TRANSFER = 3
    ANSWER = 4
    RETURN_SUPPLY = 5
    COMPENSATION = 6


class ClaimStage(IntEnum):
    """How far a claim of an erroneous transfer is (ISwitching.ClaimStage)."""

    NONE = 0
    CLAIMED = 1
    DENIED = 2
    DISMISSED = 3
    AGREED = 4
    RETURNED = 5


#: What one step, or the clock ("time passes"), makes of a switch. Nothing else can happen to it.
TABLE: Final[Mapping[State, Mapping[str, frozenset[State]]]] = {
    State.NONE: {"conclude": frozenset({State.CONTRACTED, State.PENDING, State.CONFIRMED})},
    State.CONTRACTED: {
        "request": frozenset({State.PENDING, State.CONFIRMED}),
        "cancel": frozenset({State.CANCELLED}),
        "withdraw": frozenset({State.WITHDRAWN}),
        "fail": frozenset({State.LAPSED}),
        "time passes": frozenset({State.LAPSED}),
    },
    State.PENDING: {
        "object": frozenset({State.OBJECTED}),
        "cancel": frozenset({State.CANCELLED}),
        "withdraw": frozenset({State.WITHDRAWN}),
        "fail": frozenset({State.LAPSED}),
        "time passes": frozenset({State.CONFIRMED}),
    },
    State.OBJECTED: {
        "object": frozenset({State.OBJECTED}),
        "remove": frozenset({State.OBJECTED, State.PENDING, State.CONFIRMED}),
        "overrule": frozenset({State.OBJECTED, State.PENDING, State.CONFIRMED}),
        "cancel": frozenset({State.CANCELLED}),
        "withdraw": frozenset({State.WITHDRAWN}),
        "fail": frozenset({State.LAPSED}),
        "time passes": frozenset({State.UPHELD}),
    },
    State.CONFIRMED: {
        "secure": frozenset({State.SECURED, State.LAPSED}),
        "cancel": frozenset({State.CANCELLED}),
        "withdraw": frozenset({State.WITHDRAWN}),
        "fail": frozenset({State.LAPSED}),
    },
    State.SECURED: {"time passes": frozenset({State.ACTIVE})},
    State.ACTIVE: {
        "cancel": frozenset({State.COOLED_OFF}),
        "return": frozenset({State.REVERSED}),
    },
    # Objections that stood before are upheld all the same.
    State.LAPSED: {"time passes": frozenset({State.UPHELD})},
    State.WITHDRAWN: {},
    State.CANCELLED: {},
    State.UPHELD: {},
    State.COOLED_OFF: {},
    State.REVERSED: {},
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds in an area (ISwitching.Rules, which says what each figure means).

    Lists are by customer class (domestic, micro business, business) or fuel (electricity, gas).
    """

    calendar: int
    gate_seconds: int
    advance_days: int
    switch_days: int
    standstill_days: int
    objection_days: tuple[int, int, int]
    resolution_days: int
    cooling_off_days: tuple[int, int, int]
    objection_classes: tuple[int, int, int, int, int]
    read_days: int
    evidence_days: int
    dispute_days: tuple[int, int]
    dispute_above_wh: tuple[int, int]
    final_bill_days: int
    refund_days: int
    claim_days: int
    answer_days: int
    return_days: int
    compensation_days: int
    liability_nano: int

    @classmethod
    def unpacked(cls, values: Iterable[Any]) -> Rules:
        """Return the rules with these fields, as the contract gives them."""
        found: list[Any] = [tuple(v) if isinstance(v, list | tuple) else v for v in values]
        return cls(*found)


@dataclass(frozen=True, slots=True)
class Contract:
    """What a customer signs (ISwitching.Contract)."""

    points: tuple[int, ...]
    tariffs: tuple[int, ...]
    customer: str
    supplier: int
    earliest_day: int
    before_cooling_off_ends: bool
    terms: bytes
    signed_at: int


@dataclass(frozen=True, slots=True)
class Offer:
    """For whom a tariff is, and how long it binds (ISwitching.Offer)."""

    since: int
    classes: int
    term_days: int
    exit_fee_nano: int


@dataclass(frozen=True, slots=True)
class Binding:
    """Until which local day a customer is bound, and by what fee (ISwitching.Binding)."""

    supplier: int = 0
    until_day: int = 0
    exit_fee_nano: int = 0


@dataclass(slots=True)
class Leg:
    """One point of a switch (ISwitching.Leg)."""

    point: int
    tariff: int
    losing: int = 0
    losing_tariff: int = 0
    handover: int = 0
    offer: int = 0


@dataclass(slots=True)
class Switch:
    """A switch as it is kept (ISwitching.Switch)."""

    customer: str
    supplier: int
    customer_class: int
    kept: State
    before_cooling_off_ends: bool
    rules: int
    signed_at: int
    expires_at: int = 0
    object_until: int = 0
    cooling_until: int = 0
    ended_at: int = 0
    earliest_day: int = 0
    due_day: int = 0
    start_day: int = 0
    start_slot: int = 0


@dataclass(slots=True)
class Objection:
    """ISwitching.Objection."""

    by: str
    place: int
    reason: Reason
    removed: bool
    resolve_until: int
    evidence: bytes


@dataclass(slots=True)
class Dispute:
    """ISwitching.Dispute."""

    raised_by: str = NOBODY
    evidence: bytes = bytes(32)
    proposed_by: int = 0
    import_wh: int = 0
    export_wh: int = 0


@dataclass(slots=True)
class Handover:
    """One change of a point's supplier (ISwitching.Handover)."""

    point: int
    slot: int
    meter: int
    losing: int
    gaining: int
    cause: Cause
    customer: str
    rules: int
    import_wh: int = 0
    export_wh: int = 0
    source: Source = Source.NONE
    dispute: Dispute = field(default_factory=Dispute)
    billed_at: int = 0
    refunded_at: int = 0
    exit_fee_nano: int = 0
    final_bill: bytes = bytes(32)


@dataclass(slots=True)
class ErrorClaim:
    """That a switch was no wish of the customer's (ISwitching.ErrorClaim)."""

    stage: ClaimStage = ClaimStage.NONE
    agreed: int = 0
    in_time: int = 0
    answer_until: int = 0
    closed_at: int = 0
    return_until: int = 0
    returned_at: int = 0
    compensate_until: int = 0
    compensated_at: int = 0
    back_nano: int = 0
    compensation: bytes = bytes(32)


@dataclass(slots=True)
class Liability:
    """What a supplier owes a customer for a missed clock (ISwitching.Liability)."""

    clock: Clock
    subject: int
    place: int
    supplier: int
    customer: str
    amount_nano: int
    paid_at: int = 0


@dataclass(frozen=True, slots=True)
class Restatement:
    """Slots that count for another supplier than supplied them (ISwitching.Restatement)."""

    from_slot: int
    until_slot: int
    supplier: int
    tariff: int


# CLOCKS: unix times at which something ends, by the rules and the days that they count by


def gate_of(rules: Rules, days: LocalDays, day: int) -> int:
    """Return when changes of a local day are fixed."""
    return days.start_of(day) - rules.gate_seconds


def claim_until(rules: Rules, days: LocalDays, start_day: int) -> int:
    """Return until when a switch may be claimed to be an error."""
    return days.start_of(start_day + rules.claim_days)


def read_until(rules: Rules, days: LocalDays, day: int) -> int:
    """Return until when the customer's own reading of a change on a day counts."""
    return days.end_of_working_days(day, rules.read_days)


def dispute_until(rules: Rules, days: LocalDays, day: int, fuel: Fuel) -> int:
    """Return until when the register of a change on a day can be disputed, and agreed upon."""
    return days.start_of(day + rules.dispute_days[fuel] + 1)


def bill_until(rules: Rules, days: LocalDays, day: int) -> int:
    """Return until when the final bill of a change on a day is due."""
    return days.start_of(day + rules.final_bill_days + 1)


def refund_until(rules: Rules, days: LocalDays, billed_at: int) -> int:
    """Return until when what is left is due, by the time of the final bill."""
    return days.end_of_working_days(days.day_of(billed_at), rules.refund_days)


class SwitchingTwin:
    """All switches of a deployment, their handovers and what is owed.

    Every step has the time `now` at which it happens. `caller` is who makes it; None where that has
    been checked, as by the contract whose log is replayed. `signed` says whether the customer has
    signed it, by whomever it is carried.
    """

    def __init__(
        self,
        registry: RegistryTwin,
        points: PointsTwin,
        calendars: CalendarsTwin,
        emit: Emit = lambda name, **fields: None,
    ) -> None:
        self.registry, self.points, self.calendars = registry, points, calendars
        self._emit = emit
        self.rules: dict[int, Rules] = {}
        self.rules_of: dict[int, int] = {}
        self.concluded: dict[Contract, int] = {}
        self.switches: dict[int, Switch] = {}
        self.legs: dict[int, list[Leg]] = {}
        self.objections: defaultdict[int, list[Objection]] = defaultdict(list)
        self.claims: defaultdict[int, ErrorClaim] = defaultdict(ErrorClaim)
        self.pending_of: defaultdict[int, int] = defaultdict(int)
        self.last_of: defaultdict[int, int] = defaultdict(int)
        self.still_until: defaultdict[int, int] = defaultdict(int)
        self.handovers: dict[int, Handover] = {}
        self.restatements: defaultdict[int, list[Restatement]] = defaultdict(list)
        self.failed: set[int] = set()
        self.liabilities: dict[int, Liability] = {}
        self.owed: dict[tuple[Clock, int, int], int] = {}
        self.offers: defaultdict[tuple[int, int], list[Offer]] = defaultdict(list)
        self.bindings: dict[int, Binding] = {}
        self.bindings_before: dict[int, Binding] = {}
        self.tenancies: dict[tuple[int, int], int] = {}

    # looking

    def rules_for(self, area: int) -> int:
        """Return the number of an area's rules, or of the next one's above; zero for none."""
        while area:
            if area in self.rules_of:
                return self.rules_of[area]
            area = self.registry.areas[area].parent
        return 0

    def rules_of_point(self, point: int) -> int:
        """Return the number of the rules under which a point is."""
        number = self.rules_for(self.points.point(point).area)
        if number == 0:
            raise Refused("NoRules")
        return number

    def known(self, number: int) -> Switch:
        """Return a switch."""
        if number not in self.switches:
            raise Refused("UnknownSwitch")
        return self.switches[number]

    def known_handover(self, number: int) -> Handover:
        """Return a handover."""
        if number not in self.handovers:
            raise Refused("UnknownHandover")
        return self.handovers[number]

    def state_of(self, number: int, now: int) -> State:
        """Return where a switch stands."""
        switch = self.switches.get(number)
        if switch is None:
            return State.NONE
        failed = switch.supplier in self.failed
        match switch.kept:
            case State.CONTRACTED:
                return State.LAPSED if failed or now >= switch.expires_at else switch.kept
            case State.SECURED:
                return switch.kept if self._slot(now) < switch.start_slot else State.ACTIVE
            case State.PENDING:
                standing = [one for one in self.objections[number] if not one.removed]
                if any(now >= one.resolve_until for one in standing):
                    return State.UPHELD
                if failed:
                    return State.LAPSED
                if standing:
                    return State.OBJECTED
                return switch.kept if now < switch.object_until else State.CONFIRMED
        return switch.kept

    def is_on_its_way(self, number: int, now: int) -> bool:
        """Return whether a switch holds up others of its points."""
        return State.PENDING <= self.state_of(number, now) <= State.SECURED

    def is_disputed(self, number: int) -> bool:
        """Return whether a claim is to be decided, or its points are still to go back."""
        return self.claims[number].stage in (
            ClaimStage.CLAIMED,
            ClaimStage.DENIED,
            ClaimStage.AGREED,
        )

    def accountable_at(self, point: int, slot: int) -> int:
        """Return the supplier to whom a slot of a point counts, after all restatements."""
        for one in reversed(self.restatements[point]):
            if one.from_slot <= slot < one.until_slot:
                return one.supplier
        standing, _ = self.points.standing_at(point, slot)
        return standing.supplier

    # rules

    def set_rules(self, area: int, rules: Rules) -> int:
        """Rules of an area and what lies below it; return their number."""
        if area not in self.registry.areas:
            raise Refused("UnknownArea")
        self.calendars.known(rules.calendar)
        earliest = self.registry.slot_seconds
        if not earliest <= rules.gate_seconds <= DAY or rules.advance_days == 0:
            raise Refused("RulesRefused")
        number = len(self.rules) + 1
        self.rules[number], self.rules_of[area] = rules, number
        return number

    def binding_of(self, point: int) -> Binding:
        """Return to whom the customer of a point is bound."""
        return self.bindings.get(point, Binding())

    def set_offer(
        self,
        supplier: int,
        tariff: int,
        classes: int,
        term_days: int,
        exit_fee_nano: int,
        now: int,
        caller: str | None = None,
    ) -> int:
        """Say for whom a tariff is, and how long it binds; return the number of the offer."""
        if caller is not None and not _same(caller, self._account(supplier)):
            raise Refused("NotSupplier")
        if not 0 < classes < 8:
            raise Refused("TariffNotForClass")
        found = self.offers[supplier, tariff]
        found.append(Offer(now, classes, term_days, exit_fee_nano))
        return len(found)

    # a switch

    def conclude(
        self, contract: Contract, now: int, *, signed: bool = True, to_request: bool = False
    ) -> int:
        """Take down a contract; return its number. `to_request`: it may be known already."""
        c = replace(contract, customer=account_key(contract.customer))
        if not signed:
            raise Refused("NotSignedByCustomer")
        if c in self.concluded:
            if not to_request:
                raise Refused("ContractKnown")
            return self.concluded[c]
        if c.supplier in self.failed:
            raise Refused("FailedSupplier")
        self._account(c.supplier)
        if c.signed_at > now:
            raise Refused("SignedInFuture")
        if not 0 < len(c.points) <= MOST_POINTS or len(c.points) != len(c.tariffs):
            raise Refused("BadContract")
        first: tuple[int, int] | None = None
        offers = []
        for place, point in enumerate(c.points):
            if place and point <= c.points[place - 1]:
                raise Refused("BadContract")
            ruled = self.rules_of_point(point)
            terms = (ruled, int(self.points.standing_at(point, NEVER)[0].customer_class))
            if (first := first or terms) != terms:
                raise Refused("PointsDiffer")
            offers.append(self._offer_at(c.supplier, c.tariffs[place], c.signed_at, terms[1]))
        assert first is not None
        switch = Switch(
            c.customer,
            c.supplier,
            first[1],
            State.CONTRACTED,
            c.before_cooling_off_ends,
            first[0],
            c.signed_at,
            earliest_day=c.earliest_day,
        )
        self._set_clocks(switch, now)
        number = len(self.switches) + 1
        self.concluded[c], self.switches[number] = number, switch
        self.legs[number] = [
            Leg(point, tariff, offer=offer)
            for point, tariff, offer in zip(c.points, c.tariffs, offers, strict=True)
        ]
        return number

    def request(self, number: int, start_day: int, now: int, caller: str | None = None) -> None:
        """Ask for the points of a contract from a local day on."""
        switch = self.known(number)
        self._require_gaining(switch, caller)
        self._require_state(number, State.CONTRACTED, now)
        rules, calendar = self._ruled(switch.rules)
        today = calendar.day_of(now)
        if start_day < switch.earliest_day:
            raise Refused("TooEarly")
        if start_day > today + rules.advance_days:
            raise Refused("TooFarAhead")
        starts = calendar.start_of(start_day)
        if not switch.before_cooling_off_ends and starts < switch.cooling_until:
            raise Refused("InsideCoolingOff")
        until, days = now, rules.objection_days[switch.customer_class]
        if days:
            until = calendar.end_of_working_days(today, days) - rules.gate_seconds
        gate = starts - rules.gate_seconds
        if now >= gate or until > gate:
            calendar.start_of(calendar.day_of(until) + 1)  # behind the horizon, that is said first
            raise Refused("TooEarly")
        slot, legs = self._slot_of(calendar, start_day), self.legs[number]
        losing = [self._losing(switch, leg, slot, starts, now) for leg in legs]
        switch.kept, switch.object_until, switch.start_day = State.PENDING, until, start_day
        for leg, (supplier, tariff) in zip(legs, losing, strict=True):
            leg.losing, leg.losing_tariff = supplier, tariff
            self.pending_of[leg.point] = number

    def object(
        self, number: int, place: int, reason: Reason, evidence: bytes, now: int, caller: str
    ) -> None:
        """Object to a switch, as the losing supplier or the network operator of a leg."""
        switch, legs = self.known(number), self.legs[number]
        if place >= len(legs):
            raise Refused("NotPartyOf")
        if self.state_of(number, now) not in (State.PENDING, State.OBJECTED, State.CONFIRMED):
            raise Refused("WrongState")
        rules, calendar = self._ruled(switch.rules)
        if not _same(caller, self._account(legs[place].losing)):
            slot = self._slot_of(calendar, switch.start_day)
            standing, _ = self.points.standing_at(legs[place].point, slot)
            if not _same(caller, standing.network_operator):
                raise Refused("NotPartyOf")
        if now >= switch.object_until:
            raise Refused("WindowOver")
        if not rules.objection_classes[reason] >> switch.customer_class & 1:
            raise Refused("ReasonNotAllowed")
        if not any(evidence):
            raise Refused("NoEvidence")
        if any(_same(one.by, caller) for one in self.objections[number]):
            raise Refused("ObjectedBefore")
        until = calendar.end_of_working_days(calendar.day_of(now), rules.resolution_days)
        found = Objection(account_key(caller), place, reason, False, until, evidence)
        self.objections[number].append(found)

    def remove(self, number: int, objection: int, now: int, caller: str | None = None) -> None:
        """Take an objection back as who has raised it, or (None) overrule it."""
        self.known(number)
        raised = self.objections[number]
        if objection >= len(raised) or raised[objection].removed:
            raise Refused("UnknownObjection")
        self._require_state(number, State.OBJECTED, now)
        if caller is not None and not _same(raised[objection].by, caller):
            raise Refused("NotObjector")
        raised[objection].removed = True

    def withdraw(self, number: int, now: int, caller: str | None = None) -> None:
        """Give a request up, as the gaining supplier."""
        switch = self.known(number)
        self._require_gaining(switch, caller)
        self._require_stoppable(number, switch, now)
        switch.kept, switch.ended_at = State.WITHDRAWN, now

    def cancel(self, number: int, back: bool, now: int, *, signed: bool = True) -> None:
        """Cancel a contract while it can be, as the customer."""
        switch = self.known(number)
        if not signed:
            raise Refused("NotSignedByCustomer")
        if now >= switch.cooling_until:
            raise Refused("WindowOver")
        if self.state_of(number, now) != State.ACTIVE:
            self._require_stoppable(number, switch, now)
            switch.kept, switch.ended_at = State.CANCELLED, now
            return
        if self.is_disputed(number):
            raise Refused("ClaimRefused")
        _, slot = self._next_day(switch.rules, now)
        for leg in self.legs[number]:
            self._require_unchanged(number, leg.point, now)
            if back and leg.losing in self.failed:
                raise Refused("FailedSupplier")
            if back:
                self._require_movable(leg.point, slot)
        switch.kept, switch.ended_at = State.COOLED_OFF, now
        for leg in self.legs[number]:
            self.last_of[leg.point] = self.still_until[leg.point] = 0
            self._unbind(leg)
            if back:
                self._move(
                    leg.point, slot, leg.losing, leg.losing_tariff, Cause.COOLING_OFF, switch.rules
                )

    def secure(self, number: int, now: int) -> None:
        """Fix a confirmed switch once its gate has closed."""
        switch = self.known(number)
        self._require_state(number, State.CONFIRMED, now)
        rules, calendar = self._ruled(switch.rules)
        if now < gate_of(rules, calendar, switch.start_day):
            raise Refused("GateStillOpen")
        day, slot = switch.start_day, self._slot_of(calendar, switch.start_day)
        if slot <= self._slot(now):
            day, slot = self._next_day(switch.rules, now)
        legs = self.legs[number]
        for leg in legs:
            standing, _ = self.points.standing_at(leg.point, slot)
            if not _same(standing.customer, switch.customer) or (
                standing.supplier == switch.supplier
            ):
                switch.kept, switch.ended_at = State.LAPSED, now
                return
        still = calendar.end_of_working_days(day, rules.standstill_days)
        for leg in legs:
            self._tariff_of(leg.point, slot)
            self._require_movable(leg.point, slot)
        switch.kept, switch.start_day, switch.start_slot = State.SECURED, day, slot
        for leg in legs:
            leg.losing_tariff = self._tariff_of(leg.point, slot)
            leg.handover = self._move(
                leg.point, slot, switch.supplier, leg.tariff, Cause.SWITCH, switch.rules
            )
            leg.losing = self.handovers[leg.handover].losing
            self._bind(leg, switch.supplier, day)
            self.last_of[leg.point], self.still_until[leg.point] = number, still

    # handover

    def end_tenancy(self, point: int, slot: int, now: int) -> int:
        """Open the handover of a change of customer; return its number."""
        if slot == 0 or slot > self._slot(now):
            raise Refused("NoTenancyEnds")
        before, _ = self.points.standing_at(point, slot - 1)
        after, _ = self.points.standing_at(point, slot)
        if _same(before.customer, after.customer) or _same(before.customer, NOBODY):
            raise Refused("NoTenancyEnds")
        if (point, slot) in self.tenancies:
            raise Refused("HandoverKnown")
        rules = self.rules_of_point(point)
        number = len(self.handovers) + 1
        self.tenancies[point, slot] = number
        self.handovers[number] = Handover(
            point,
            slot,
            before.meter,
            before.supplier,
            before.supplier,
            Cause.TENANCY,
            account_key(before.customer),
            rules,
        )
        return number

    def set_reading(self, number: int, import_wh: int, export_wh: int, source: Source) -> None:
        """A register value holds; who may say so has been checked."""
        handover = self.known_handover(number)
        handover.import_wh, handover.export_wh, handover.source = import_wh, export_wh, source

    def read_by_customer(
        self, number: int, import_wh: int, export_wh: int, now: int, *, signed: bool = True
    ) -> None:
        """Take the customer's own reading."""
        handover = self.known_handover(number)
        if not signed:
            raise Refused("NotSignedByCustomer")
        self._require_begun(handover, now)
        self._require_unread(handover)
        if now >= self._customer_until(handover):
            raise Refused("WindowOver")
        self.set_reading(number, import_wh, export_wh, Source.CUSTOMER)

    def read_measured(
        self, number: int, meter: int, registers: tuple[int, int] | None, now: int
    ) -> None:
        """Take the register of a reading that the meter has signed; None: it says nothing of it."""
        handover = self.known_handover(number)
        if handover.source == Source.MEASURED:
            raise Refused("BetterReadingKnown")
        self._require_begun(handover, now)
        if handover.meter == 0 or meter != handover.meter or registers is None:
            raise Refused("ReadingRefused")
        self.set_reading(number, *registers, Source.MEASURED)

    def estimate(
        self, number: int, import_wh: int, export_wh: int, now: int, caller: str | None = None
    ) -> None:
        """Take an estimate of the meter agent or network operator of record."""
        handover = self.known_handover(number)
        standing, _ = self.points.standing_at(handover.point, handover.slot)
        of_record = (standing.meter_agent, standing.network_operator)
        if caller is not None and not any(_same(caller, one) for one in of_record):
            raise Refused("NotPartyOf")
        self._require_unread(handover)
        if now < self._customer_until(handover):
            raise Refused("TooEarlyToEstimate")
        self.set_reading(number, import_wh, export_wh, Source.ESTIMATED)

    def dispute(
        self,
        number: int,
        claimed: tuple[int, int],
        read_at: tuple[int, int],
        evidence: bytes,
        now: int,
        caller: str,
    ) -> None:
        """Dispute a value that no meter has signed."""
        handover = self.known_handover(number)
        if not _same(caller, handover.customer):
            self._side_of(handover, caller)
        rules, _ = self._ruled(handover.rules)
        disputable = handover.source in (Source.ESTIMATED, Source.CUSTOMER)
        one = handover.losing == handover.gaining  # with whom nobody has to agree
        if not disputable or not _same(handover.dispute.raised_by, NOBODY) or one:
            raise Refused("DisputeRefused")
        if now >= self._dispute_until(handover):
            raise Refused("WindowOver")
        earlier, later = read_at
        if not any(evidence) or later > now or earlier + rules.evidence_days * DAY > later:
            raise Refused("NoEvidence")
        apart = max(abs(claimed[0] - handover.import_wh), abs(claimed[1] - handover.export_wh))
        if apart <= rules.dispute_above_wh[self._fuel(handover)]:
            raise Refused("BelowThreshold")
        handover.dispute.raised_by, handover.dispute.evidence = account_key(caller), evidence

    def agree_reading(
        self, number: int, import_wh: int, export_wh: int, now: int, caller: str
    ) -> None:
        """Say what a supplier holds to be right; when both say the same, it holds."""
        handover = self.known_handover(number)
        supplier, dispute = self._side_of(handover, caller), handover.dispute
        if _same(dispute.raised_by, NOBODY) or handover.source >= Source.AGREED:
            raise Refused("DisputeRefused")
        if now >= self._dispute_until(handover):
            raise Refused("WindowOver")
        said = (dispute.import_wh, dispute.export_wh) == (import_wh, export_wh)
        if dispute.proposed_by not in (0, supplier) and said:
            self.set_reading(number, import_wh, export_wh, Source.AGREED)
        else:
            self.propose(number, supplier, import_wh, export_wh)

    def propose(self, number: int, supplier: int, import_wh: int, export_wh: int) -> None:
        """Take down what one supplier holds to be right."""
        dispute = self.known_handover(number).dispute
        dispute.proposed_by, dispute.import_wh, dispute.export_wh = supplier, import_wh, export_wh

    def close_account(self, number: int, bill: bytes, now: int, caller: str | None = None) -> None:
        """Take down the final bill of the losing supplier."""
        handover = self.known_handover(number)
        self._require_losing(handover, caller)
        self._require_begun(handover, now)
        if not any(bill):
            raise Refused("NoEvidence")
        handover.billed_at = handover.billed_at or now
        handover.final_bill = bill

    def refund(self, number: int, now: int, caller: str | None = None) -> None:
        """Take down that what the customer had left is paid back."""
        handover = self.known_handover(number)
        self._require_losing(handover, caller)
        if not handover.billed_at or handover.refunded_at:
            raise Refused("ReadingRefused")
        handover.refunded_at = now

    # erroneous transfer

    def claim_error(self, number: int, now: int, caller: str, *, signed: bool) -> None:
        """Claim that a switch was no wish of the customer's; as him (`signed`) agree to that."""
        switch = self.known(number)
        self._require_state(number, State.ACTIVE, now)
        mine = CUSTOMER_BIT if signed else self._bits(number, switch, caller)
        if not mine:
            raise Refused("NotPartyOf")
        claim = self.claims[number]
        if signed and claim.stage == ClaimStage.CLAIMED and not claim.agreed & CUSTOMER_BIT:
            self._agree(number, switch, mine, now)
            return
        if claim.stage != ClaimStage.NONE:
            raise Refused("ClaimRefused")
        rules, calendar = self._ruled(switch.rules)
        if now >= claim_until(rules, calendar, switch.start_day):
            raise Refused("WindowOver")
        for leg in self.legs[number]:
            self._require_unchanged(number, leg.point, now)
        until = calendar.end_of_working_days(calendar.day_of(now), rules.answer_days)
        claim.stage, claim.answer_until = ClaimStage.CLAIMED, until
        self._agree(number, switch, mine, now)

    def answer_claim(
        self, number: int, agree: bool, evidence: bytes, now: int, caller: str
    ) -> None:
        """Agree to a claim, or deny it with evidence, as one of the suppliers or the customer."""
        switch, claim = self.known(number), self.claims[number]
        mine = self._bits(number, switch, caller)
        if not mine:
            raise Refused("NotPartyOf")
        if claim.stage != ClaimStage.CLAIMED:
            raise Refused("ClaimRefused")
        if not agree and not any(evidence):
            raise Refused("NoEvidence")
        if agree:
            self._agree(number, switch, mine, now)
        else:
            claim.stage, claim.closed_at = ClaimStage.DENIED, now

    def rule_on_claim(self, number: int, erroneous: bool, now: int) -> None:
        """Decide a claim that was denied, or not answered in time."""
        switch, claim = self.known(number), self.claims[number]
        late = claim.stage == ClaimStage.CLAIMED and now >= claim.answer_until
        if not late and claim.stage != ClaimStage.DENIED:
            raise Refused("ClaimRefused")
        if erroneous:
            self._accept(switch, claim, now)
        else:
            claim.stage, claim.closed_at = ClaimStage.DISMISSED, now

    def return_supply(self, number: int, now: int) -> None:
        """Send the points back; their slots count as if they had never left."""
        switch, claim = self.known(number), self.claims[number]
        if claim.stage != ClaimStage.AGREED:
            raise Refused("ClaimRefused")
        rules, calendar = self._ruled(switch.rules)
        day, slot = self._next_day(switch.rules, now)
        until = calendar.end_of_working_days(day, rules.compensation_days)
        legs = self.legs[number]
        for leg in legs:
            self._require_unchanged(number, leg.point, now)
            if leg.losing not in self.failed:
                self._require_movable(leg.point, slot)
        claim.stage, claim.returned_at, claim.compensate_until = ClaimStage.RETURNED, now, until
        switch.kept, switch.ended_at = State.REVERSED, now
        for leg in legs:
            self.last_of[leg.point] = self.still_until[leg.point] = 0
            self._unbind(leg)
            if leg.losing in self.failed:
                continue
            to = (leg.losing, leg.losing_tariff)
            self._move(leg.point, slot, *to, Cause.ERRONEOUS_TRANSFER, switch.rules)
            restated = Restatement(switch.start_slot, slot, *to)
            self.restatements[leg.point].append(restated)
            self._emit(
                "Restated",
                point=leg.point,
                from_slot=restated.from_slot,
                until_slot=restated.until_slot,
                supplier=restated.supplier,
                tariff=restated.tariff,
            )

    def compensate(
        self,
        number: int,
        back_nano: int,
        due_nano: Sequence[int],
        statement: bytes,
        now: int,
        caller: str | None = None,
    ) -> dict[str, int]:
        """Take down the compensating transfers; return what each account is paid."""
        switch, claim = self.known(number), self.claims[number]
        self._require_gaining(switch, caller)
        if claim.stage != ClaimStage.RETURNED or claim.compensated_at:
            raise Refused("ClaimRefused")
        if not any(statement):
            raise Refused("NoEvidence")
        legs = self.legs[number]
        if len(due_nano) != len(legs):
            raise Refused("BadContract")
        claim.compensated_at, claim.back_nano, claim.compensation = now, back_nano, statement
        paid: defaultdict[str, int] = defaultdict(int)
        left = back_nano
        for leg, due in zip(legs, due_nano, strict=True):
            part = min(due, left)
            left -= part
            paid[self._account(leg.losing)] += part
        paid[switch.customer] += left
        return dict(paid)

    # supplier of last resort, clocks

    def declare_failed(self, supplier: int) -> None:
        """A supplier gets no customers any more."""
        self._account(supplier)
        if supplier in self.failed:
            raise Refused("FailedSupplier")
        self.failed.add(supplier)

    def require_last_resort(self, failed: int, successor: int) -> None:
        """Raise Refused unless customers of the one may go to the other."""
        if failed not in self.failed:
            raise Refused("NotFailed")
        if successor in self.failed:
            raise Refused("FailedSupplier")

    def last_resort(self, point: int, failed: int, successor: int, tariff: int, now: int) -> bool:
        """Send a point of a failed supplier to another; return whether it was still his."""
        rules = self.rules_of_point(point)
        _, slot = self._next_day(rules, now)
        standing, _ = self.points.standing_at(point, slot)
        if standing.supplier != failed:
            return False
        self._require_tariff(successor, tariff, slot)
        self._require_movable(point, slot)
        self.still_until[point] = 0
        self.bindings.pop(point, None)
        if not self.is_disputed(self.last_of[point]):
            self.last_of[point] = 0
        self._move(point, slot, successor, tariff, Cause.SUPPLIER_FAILED, rules)
        return True

    def claim_liability(self, clock: Clock, subject: int, place: int, now: int) -> int:
        """Take down that a clock was missed; return the number of what is owed."""
        if clock in (Clock.FINAL_BILL, Clock.REFUND):
            handover = self.known_handover(subject)
            supplier, missed = self._missed_after(handover, clock, place, now)
            customer, ruled = handover.customer, handover.rules
        else:
            switch = self.known(subject)
            supplier, missed = self._missed_in(subject, switch, clock, place, now)
            customer, ruled = switch.customer, switch.rules
        if not missed or (clock, subject, place) in self.owed:
            raise Refused("NotMissed")
        number = len(self.liabilities) + 1
        self.owed[clock, subject, place] = number
        amount = self.rules[ruled].liability_nano
        self.liabilities[number] = Liability(clock, subject, place, supplier, customer, amount)
        return number

    def pay_liability(self, number: int, now: int) -> None:
        """Take down that what is owed was paid."""
        if number not in self.liabilities:
            raise Refused("UnknownLiability")
        if self.liabilities[number].paid_at:
            raise Refused("LiabilityIsPaid")
        self.liabilities[number].paid_at = now

    # what is common

    def _slot(self, now: int) -> int:
        return now // self.registry.slot_seconds

    def _ruled(self, number: int) -> tuple[Rules, Calendar]:
        rules = self.rules[number]
        return rules, self.calendars.known(rules.calendar)

    def _slot_of(self, calendar: Calendar, day: int) -> int:
        """First slot of a local day."""
        return -(-calendar.start_of(day) // self.registry.slot_seconds)

    def _next_day(self, rules: int, now: int) -> tuple[int, int]:
        """The next local day of which no slot has begun, and its first slot."""
        _, calendar = self._ruled(rules)
        day = calendar.day_of(now) + 1
        while (slot := self._slot_of(calendar, day)) <= self._slot(now):
            day += 1
        return day, slot

    def _account(self, supplier: int) -> str:
        if supplier not in self.registry.suppliers:
            raise Refused("UnknownSupplier")
        return self.registry.suppliers[supplier]

    def _require_gaining(self, switch: Switch, caller: str | None) -> None:
        if caller is not None and not _same(caller, self._account(switch.supplier)):
            raise Refused("NotSupplierOfSwitch")

    def _require_losing(self, handover: Handover, caller: str | None) -> None:
        if caller is not None and not _same(caller, self._account(handover.losing)):
            raise Refused("NotPartyOf")

    def _require_state(self, number: int, wanted: State, now: int) -> None:
        if self.state_of(number, now) != wanted:
            raise Refused("WrongState")

    def _require_stoppable(self, number: int, switch: Switch, now: int) -> None:
        state = self.state_of(number, now)
        if not State.CONTRACTED <= state <= State.CONFIRMED:
            raise Refused("WrongState")
        if state in (State.CONTRACTED, State.OBJECTED):
            return
        rules, calendar = self._ruled(switch.rules)
        if now >= gate_of(rules, calendar, switch.start_day):
            raise Refused("GateHasClosed")

    def _require_unchanged(self, number: int, point: int, now: int) -> None:
        if self.last_of[point] != number:
            raise Refused("SwitchedSince")
        pending = self.pending_of[point]
        if pending != number and self.is_on_its_way(pending, now):
            raise Refused("ChangePending")

    def _set_clocks(self, switch: Switch, now: int) -> None:
        rules, calendar = self._ruled(switch.rules)
        signed = calendar.day_of(switch.signed_at)
        cooling = rules.cooling_off_days[switch.customer_class]
        switch.expires_at = calendar.start_of(signed + rules.advance_days + 1)
        if now >= switch.expires_at:
            raise Refused("ContractExpired")
        if cooling:
            switch.cooling_until = calendar.start_of(signed + cooling + 1)
        bound = signed if switch.before_cooling_off_ends else signed + cooling
        due = calendar.working_days_after(bound, rules.switch_days)
        switch.due_day = max(due, switch.earliest_day)

    def _losing(
        self, switch: Switch, leg: Leg, slot: int, starts: int, now: int
    ) -> tuple[int, int]:
        """The supplier and tariff from which a point would go, if nothing speaks against it."""
        standing, _ = self.points.standing_at(leg.point, slot)
        if not _same(standing.customer, switch.customer):
            raise Refused("NotCustomerOfRecord")
        if standing.customer_class != switch.customer_class:
            raise Refused("PointsDiffer")
        if standing.status != Status.ENERGISED:
            raise Refused("PointNotSupplied")
        if standing.supplier == switch.supplier:
            raise Refused("AlreadySupplied")
        pending = self.pending_of[leg.point]
        # Who has gone holds nobody up who has moved in.
        mine = pending and _same(self.switches[pending].customer, switch.customer)
        if mine and self.is_on_its_way(pending, now):
            raise Refused("ChangePending")
        if starts < self.still_until[leg.point]:
            raise Refused("Standstill")
        if self.is_disputed(self.last_of[leg.point]):
            raise Refused("ClaimRefused")
        self._require_tariff(switch.supplier, leg.tariff, slot)
        return standing.supplier, self._tariff_of(leg.point, slot)

    def _require_tariff(self, supplier: int, tariff: int, slot: int) -> None:
        if self.registry.row_at(supplier, tariff, slot) is None:
            raise Refused("NoTariff")

    def _meter_of(self, point: int, standing: Standing) -> int:
        """The meter whose terms follow the point; zero: none."""
        return 0 if self.points.point(point).exports else standing.meter

    def _tariff_of(self, point: int, slot: int) -> int:
        standing, _ = self.points.standing_at(point, slot)
        meter = self._meter_of(point, standing)
        if meter == 0:
            return 0
        terms = self.registry.terms_at(meter, slot)
        if terms is None:
            raise Refused("BeforeRegistration")
        return terms.tariff

    def _require_movable(self, point: int, slot: int) -> None:
        """Raise what the registers around would refuse, before anything is changed."""
        standing, _ = self.points.standing_at(point, slot)
        if standing.status == Status.DISCONNECTED:
            raise Refused("PointIsDisconnected")
        if meter := self._meter_of(point, standing):
            if self.registry.terms_at(meter, slot) is None:
                raise Refused("BeforeRegistration")
            if self.registry.terms[meter].until(slot) != NEVER:
                raise Refused("LaterChangePending")

    def _move(
        self, point: int, slot: int, gaining: int, tariff: int, cause: Cause, rules: int
    ) -> int:
        """From a slot on a point has another supplier; return the handover."""
        before, _ = self.points.standing_at(point, slot)
        self.points.set_supplier(point, slot, gaining)
        number = len(self.handovers) + 1
        self.handovers[number] = Handover(
            point,
            slot,
            before.meter,
            before.supplier,
            gaining,
            cause,
            account_key(before.customer),
            rules,
        )
        self._emit(
            "HandedOver",
            handover=number,
            point=point,
            slot=slot,
            losing=before.supplier,
            gaining=gaining,
            tariff=tariff,
            cause=int(cause),
        )
        if meter := self._meter_of(point, before):
            terms = self.registry.terms_at(meter, slot)
            assert isinstance(terms, Terms)
            changed = replace(terms, from_slot=slot, supplier=gaining, tariff=tariff)
            self.registry.terms[meter].put(slot, changed)
        return number

    def _offer_at(self, supplier: int, tariff: int, signed_at: int, customer_class: int) -> int:
        """The offer of a tariff that was in force when the customer signed; zero: none."""
        offers = self.offers.get((supplier, tariff), [])
        for number in range(len(offers), 0, -1):
            offer = offers[number - 1]
            if offer.since <= signed_at:
                if not offer.classes >> customer_class & 1:
                    raise Refused("TariffNotForClass")
                return number
        return 0

    def _bind(self, leg: Leg, supplier: int, day: int) -> None:
        """Bind the customer by his contract; who leaves another before his term owes the fee."""
        before = self.binding_of(leg.point)
        self.bindings_before[leg.handover] = before
        leaves = before.supplier == leg.losing and day < before.until_day
        if leaves and before.exit_fee_nano:
            self._owe_exit_fee(leg, before.exit_fee_nano)
        bound = Binding()
        if leg.offer:
            offer = self.offers[supplier, leg.tariff][leg.offer - 1]
            bound = Binding(supplier, day + offer.term_days, offer.exit_fee_nano)
        self.bindings[leg.point] = bound

    def _unbind(self, leg: Leg) -> None:
        """Who cools off, or never wanted it, owes no fee and is bound as before."""
        self.bindings[leg.point] = self.bindings_before[leg.handover]
        if self.handovers[leg.handover].exit_fee_nano:
            self._owe_exit_fee(leg, 0)

    def _owe_exit_fee(self, leg: Leg, nano: int) -> None:
        self.handovers[leg.handover].exit_fee_nano = nano
        self._emit("ExitFeeDue", handover=leg.handover, exit_fee_nano=nano)

    # handovers

    def _fuel(self, handover: Handover) -> Fuel:
        return self.points.point(handover.point).fuel

    def _day_of(self, handover: Handover) -> int:
        _, calendar = self._ruled(handover.rules)
        return calendar.day_of(handover.slot * self.registry.slot_seconds)

    def _customer_until(self, handover: Handover) -> int:
        rules, calendar = self._ruled(handover.rules)
        return read_until(rules, calendar, self._day_of(handover))

    def _dispute_until(self, handover: Handover) -> int:
        rules, calendar = self._ruled(handover.rules)
        return dispute_until(rules, calendar, self._day_of(handover), self._fuel(handover))

    def _require_begun(self, handover: Handover, now: int) -> None:
        if handover.slot > self._slot(now):
            raise Refused("ReadingRefused")

    def _require_unread(self, handover: Handover) -> None:
        if handover.source != Source.NONE:
            raise Refused("BetterReadingKnown")

    def _side_of(self, handover: Handover, caller: str) -> int:
        for supplier in (handover.losing, handover.gaining):
            if _same(caller, self._account(supplier)):
                return supplier
        raise Refused("NotPartyOf")

    # claims

    def _bits(self, number: int, switch: Switch, caller: str) -> int:
        """What an account stands for: the lowest bit is the gaining supplier, then each leg's."""
        bits = CUSTOMER_BIT if _same(caller, switch.customer) else 0
        bits |= int(_same(caller, self._account(switch.supplier)))
        for place, leg in enumerate(self.legs[number]):
            if leg.losing and _same(caller, self._account(leg.losing)):
                bits |= 2 << place
        return bits

    def _agree(self, number: int, switch: Switch, mine: int, now: int) -> None:
        claim = self.claims[number]
        claim.agreed |= mine
        if now < claim.answer_until:
            claim.in_time |= mine
        if claim.agreed == (2 << len(self.legs[number])) - 1 | CUSTOMER_BIT:
            self._accept(switch, claim, now)

    def _accept(self, switch: Switch, claim: ErrorClaim, now: int) -> None:
        rules, calendar = self._ruled(switch.rules)
        claim.closed_at = claim.closed_at or now
        claim.stage = ClaimStage.AGREED
        claim.return_until = calendar.end_of_working_days(calendar.day_of(now), rules.return_days)

    # clocks

    def _missed_after(
        self, handover: Handover, clock: Clock, place: int, now: int
    ) -> tuple[int, bool]:
        if place or _same(handover.customer, NOBODY):
            return handover.losing, False
        rules, calendar = self._ruled(handover.rules)
        if clock == Clock.FINAL_BILL:
            until = bill_until(rules, calendar, self._day_of(handover))
            return handover.losing, _passed(until, handover.billed_at, now)
        if not handover.billed_at:
            return handover.losing, False
        until = refund_until(rules, calendar, handover.billed_at)
        return handover.losing, _passed(until, handover.refunded_at, now)

    def _missed_in(
        self, number: int, switch: Switch, clock: Clock, place: int, now: int
    ) -> tuple[int, bool]:
        claim, legs = self.claims[number], self.legs[number]
        if place > len(legs):
            raise Refused("NotMissed")
        supplier = legs[place - 1].losing if place else switch.supplier
        match clock:
            case Clock.SWITCH:
                missed = place == 0 and self._switch_is_late(number, switch, now)
            case Clock.ERRONEOUS_TRANSFER:
                missed = place == 0 and claim.stage >= ClaimStage.AGREED
            case Clock.ANSWER:
                missed = (
                    claim.answer_until != 0
                    and _passed(claim.answer_until, claim.closed_at, now)
                    and not claim.in_time >> place & 1
                )
            case Clock.RETURN_SUPPLY:
                missed = (
                    place != 0
                    and claim.return_until != 0
                    and _passed(claim.return_until, claim.returned_at, now)
                )
            case _:
                missed = (
                    place == 0
                    and claim.compensate_until != 0
                    and _passed(claim.compensate_until, claim.compensated_at, now)
                )
        return supplier, missed

    def _switch_is_late(self, number: int, switch: Switch, now: int) -> bool:
        _, calendar = self._ruled(switch.rules)
        due = calendar.start_of(switch.due_day + 1)
        if now < due:
            return False
        if switch.start_slot:
            return switch.start_day > switch.due_day
        if switch.ended_at:
            return switch.ended_at >= due
        return self.state_of(number, now) != State.UPHELD


def _same(one: str, other: str) -> bool:
    return account_key(one) == account_key(other)


def _passed(until: int, done: int, now: int) -> bool:
    """Whether a time is over and nothing was done before it."""
    return now >= until and (not done or done >= until)
