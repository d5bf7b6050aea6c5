"""Switching as a program uses it: sign a contract, request, object, secure, look where it stands.

book = SwitchBook(contracts)
contract, signature = book.sign_contract(customer, Contract(points, tariffs, ...))
sender.send(book.conclude_call(contract, signature, start_day))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from p2pchain.chain.abi import Call, struct_of
from p2pchain.chain.bindings import enums, structs
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.payments import token_units
from p2pchain.eip712 import (
    Domain,
    cancellation_digest,
    contract_digest,
    erroneous_transfer_digest,
    handover_reading_digest,
    switching_domain,
)
from p2pchain.keys import Signer
from p2pchain.switching import (
    Binding,
    Cause,
    ClaimStage,
    Clock,
    Contract,
    Dispute,
    ErrorClaim,
    Handover,
    Leg,
    Liability,
    Objection,
    Offer,
    Reason,
    Restatement,
    Rules,
    Source,
    State,
    Switch,
)
from p2pchain.working_days import LocalDays, OffsetChange


@dataclass(frozen=True, slots=True)
class Days(LocalDays):
    """The calendar of an area's rules, as the contract answers."""

    contracts: Contracts
    calendar: int

    def day_of(self, time: int) -> int:
        """Return the local day in which a time lies."""
        return self.contracts.calendar.day_of(self.calendar, time)

    def start_of(self, day: int) -> int:
        """Return when a local day begins. Raises BehindHorizon."""
        return self.contracts.calendar.start_of(self.calendar, day)

    def working_days_after(self, day: int, count: int) -> int:
        """Return the `count`-th working day after a day. Raises BehindHorizon."""
        return self.contracts.calendar.working_days_after(self.calendar, day, count)


class SwitchBook:
    """The switches of a deployment."""

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts
        self.switching = contracts.switching

    @property
    def domain(self) -> Domain:
        """What signatures of customers are for."""
        return switching_domain(self.contracts.chain.chain_id, self.switching.address)

    # looking

    def rules(self, number: int) -> Rules:
        """Return rules by their number."""
        found = self.switching.rules(number)
        return Rules.unpacked(getattr(found, f.name) for f in fields(Rules))

    def rules_of(self, area: int) -> int:
        """Return the number of the rules of an area; zero: it has none."""
        return self.switching.rules_of(area)

    def days(self, rules: int) -> Days:
        """Return the days of rules."""
        return Days(self.contracts, self.rules(rules).calendar)

    def switch(self, number: int) -> Switch:
        """Return a switch as it is kept. Raises UnknownSwitch."""
        values = _values(self.switching.switch_of(number), Switch)
        values["kept"] = State(int(values["kept"]))
        return Switch(**values)

    def state(self, number: int) -> State:
        """Return where a switch stands now."""
        return State(int(self.switching.state_of(number)))

    def legs(self, number: int) -> list[Leg]:
        """Return the points of a switch."""
        return [Leg(**_values(one, Leg)) for one in self.switching.legs_of(number)]

    def objections(self, number: int) -> list[Objection]:
        """Return the objections to a switch, in their order."""
        found = []
        for one in self.switching.objections_of(number):
            values = _values(one, Objection)
            values["reason"] = Reason(int(values["reason"]))
            found.append(Objection(**values))
        return found

    def claim(self, number: int) -> ErrorClaim:
        """Return the claim that a switch was an erroneous transfer; of stage NONE without one."""
        values = _values(self.switching.claim_of(number), ErrorClaim)
        values["stage"] = ClaimStage(int(values["stage"]))
        return ErrorClaim(**values)

    def handover(self, number: int) -> Handover:
        """Return a handover. Raises UnknownHandover."""
        values = _values(self.switching.handover(number), Handover)
        values["cause"] = Cause(int(values["cause"]))
        values["source"] = Source(int(values["source"]))
        values["dispute"] = Dispute(**_values(values["dispute"], Dispute))
        return Handover(**values)

    def liabilities(self) -> list[Liability]:
        """Return all that suppliers owe for missed clocks, in the order in which it arose."""
        found = []
        for number in range(1, self.switching.liability_count() + 1):
            values = _values(self.switching.liability(number), Liability)
            values["clock"] = Clock(int(values["clock"]))
            found.append(Liability(**values))
        return found

    def offers(self, supplier: int, tariff: int) -> list[Offer]:
        """Return all that was said of a tariff, in order; the last holds for new contracts."""
        found = self.switching.offers_of(supplier, tariff)
        return [Offer(**_values(one, Offer)) for one in found]

    def binding(self, point: int) -> Binding:
        """Return to whom the customer of a point is bound; supplier zero: to nobody."""
        return Binding(**_values(self.switching.binding_of(point), Binding))

    def restatements(self, point: int) -> list[Restatement]:
        """Return the slots of a point that count for another supplier than supplied them."""
        found = self.switching.restatements_of(point)
        return [Restatement(**_values(one, Restatement)) for one in found]

    def accountable_at(self, point: int, slot: int) -> int:
        """Return the supplier to whom a slot of a point counts."""
        return self.switching.accountable_at(point, slot)

    # what customers sign

    def sign_contract(self, customer: Signer, contract: Contract) -> bytes:
        """Return the customer's signature under a contract."""
        return customer.sign_digest(contract_digest(self.domain, contract))

    def sign_cancellation(self, customer: Signer, number: int, back: bool) -> bytes:
        """Return the customer's signature under a cancellation."""
        return customer.sign_digest(cancellation_digest(self.domain, number, back))

    def sign_reading(
        self, customer: Signer, handover: int, import_wh: int, export_wh: int
    ) -> bytes:
        """Return the customer's signature under his reading."""
        digest = handover_reading_digest(self.domain, handover, import_wh, export_wh)
        return customer.sign_digest(digest)

    def sign_error(self, customer: Signer, number: int) -> bytes:
        """Return the customer's signature under a claim of an erroneous transfer."""
        return customer.sign_digest(erroneous_transfer_digest(self.domain, number))

    # calls

    def create_calendar_call(self, name: str, from_day: int, offset_seconds: int) -> Call:
        """Return the call for a calendar without days; role REGULATOR."""
        return self.contracts.calendar.create(name, from_day, offset_seconds)

    def publish_days_call(
        self,
        calendar: int,
        until_day: int,
        holidays: Sequence[int],
        changes: Sequence[OffsetChange],
    ) -> Call:
        """Return the call that publishes days; role REGULATOR."""
        packed = [struct_of(structs.Change, one) for one in changes]
        return self.contracts.calendar.publish(calendar, until_day, list(holidays), packed)

    def holiday_call(self, calendar: int, day: int, holiday: bool) -> Call:
        """Return the call that adds or takes back a holiday; role REGULATOR."""
        return self.contracts.calendar.set_holiday(calendar, day, holiday)

    def rules_call(self, area: int, name: str, rules: Rules) -> Call:
        """Return the call that publishes the rules of an area; role REGULATOR."""
        return self.switching.set_rules(area, name, struct_of(structs.Rules, rules))

    def offer_call(
        self, supplier: int, tariff: int, classes: int, term_days: int, exit_fee_nano: int
    ) -> Call:
        """Return the supplier's call that says for whom a tariff is and how long it binds, for
        contracts that are signed from then on; `classes` has a bit for each customer class."""
        return self.switching.set_offer(supplier, tariff, classes, term_days, exit_fee_nano)

    def conclude_call(self, contract: Contract, signature: bytes, start_day: int = 0) -> Call:
        """Return the call that takes down a signed contract; with a day it is requested too."""
        packed = struct_of(structs.Contract, contract)
        return self.switching.conclude(packed, signature, start_day)

    def request_call(self, number: int, start_day: int) -> Call:
        """Return the gaining supplier's call for the points of a contract."""
        return self.switching.request(number, start_day)

    def object_call(self, number: int, place: int, reason: Reason, evidence: bytes) -> Call:
        """Return the call by which a losing supplier, or network operator, objects."""
        return self.switching.object(number, place, enums.Reason(reason), evidence)

    def remove_call(self, number: int, objection: int) -> Call:
        """Return the call by which who has objected takes it back."""
        return self.switching.remove_objection(number, objection)

    def overrule_call(self, number: int, objection: int) -> Call:
        """Return the call that overrules an objection; role REGULATOR."""
        return self.switching.overrule(number, objection)

    def withdraw_call(self, number: int) -> Call:
        """Return the gaining supplier's call that gives a request up."""
        return self.switching.withdraw(number)

    def cancel_call(self, number: int, back: bool, signature: bytes = b"") -> Call:
        """Return the call that cancels a contract: the customer's, or with his signature."""
        return self.switching.cancel(number, back, signature)

    def secure_call(self, number: int) -> Call:
        """Return the call that fixes a confirmed switch; anybody may send it."""
        return self.switching.secure(number)

    def end_tenancy_call(self, point: int, slot: int) -> Call:
        """Return the call that opens the handover of a change of customer; anybody may send it."""
        return self.switching.end_tenancy(point, slot)

    def reading_call(
        self, handover: int, import_wh: int, export_wh: int, signature: bytes = b""
    ) -> Call:
        """Return the call with the customer's own reading."""
        return self.switching.read_by_customer(handover, import_wh, export_wh, signature)

    def measured_call(self, handover: int, reading: structs.Reading) -> Call:
        """Return the call with a reading that the meter has signed; anybody may send it."""
        return self.switching.read_measured(handover, reading)

    def estimate_call(self, handover: int, import_wh: int, export_wh: int) -> Call:
        """Return the call with an estimate of the meter agent or network operator of record."""
        return self.switching.estimate(handover, import_wh, export_wh)

    def dispute_call(
        self,
        handover: int,
        claimed: tuple[int, int],
        read_at: tuple[int, int],
        evidence: bytes,
    ) -> Call:
        """Return the call that disputes a register value."""
        return self.switching.dispute(handover, *claimed, read_at, evidence)

    def agree_call(self, handover: int, import_wh: int, export_wh: int) -> Call:
        """Return a supplier's call that says what he holds to be right."""
        return self.switching.agree_reading(handover, import_wh, export_wh)

    def final_bill_call(self, handover: int, bill: bytes) -> Call:
        """Return the losing supplier's call with the hash of his final bill."""
        return self.switching.close_account(handover, bill)

    def refund_call(self, handover: int) -> Call:
        """Return the losing supplier's call that what was left is paid back."""
        return self.switching.refund(handover)

    def claim_error_call(self, number: int, signature: bytes = b"") -> Call:
        """Return the call that claims an erroneous transfer."""
        return self.switching.claim_error(number, signature)

    def answer_call(self, number: int, agree: bool, evidence: bytes = bytes(32)) -> Call:
        """Return a supplier's answer to such a claim."""
        return self.switching.answer_claim(number, agree, evidence)

    def rule_call(self, number: int, erroneous: bool) -> Call:
        """Return the call that decides such a claim; role REGULATOR."""
        return self.switching.rule_on_claim(number, erroneous)

    def return_call(self, number: int) -> Call:
        """Return the call that sends the points back; anybody may send it."""
        return self.switching.return_supply(number)

    def compensate_call(
        self, number: int, back_nano: int, due_nano: Sequence[int], statement: bytes
    ) -> Call:
        """Return the gaining supplier's call that pays the compensating transfers, for which he has
        let Switching have `back_nano` of his tokens (`allow_call`)."""
        return self.switching.compensate(number, back_nano, list(due_nano), statement)

    def allow_call(self, nano: int) -> Call:
        """Return the call by which whoever sends it lets Switching have so many of his tokens."""
        units = token_units(self.contracts, nano)
        return self.contracts.token.approve(self.switching.address, units)

    def pay_call(self, liability: int) -> Call:
        """Return the call that pays what is owed, after `allow_call`; anybody may send it."""
        return self.switching.pay_liability(liability)

    def failed_call(self, supplier: int) -> Call:
        """Return the call that declares a supplier failed; role REGULATOR."""
        return self.switching.declare_failed(supplier)

    def last_resort_call(
        self, failed: int, successor: int, points: Sequence[int], tariffs: Sequence[int]
    ) -> Call:
        """Return the call that sends points of a failed supplier to another; role REGULATOR."""
        return self.switching.move_to_last_resort(failed, successor, list(points), list(tariffs))

    def liability_call(self, clock: Clock, subject: int, place: int = 0) -> Call:
        """Return the call that takes down a missed clock; anybody may send it."""
        return self.switching.claim_liability(enums.Clock(clock), subject, place)


def _values(found: object, kind: Any) -> dict[str, Any]:
    return {f.name: getattr(found, f.name) for f in fields(kind)}
