"""Metering points as a program uses them: register, look up, change, consent.

book = PointBook(contracts)
consent = book.sign_consent(customer, Consent(point, customer.address, reader, purpose, ...))
sender.send(book.consent_call(consent))
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

from p2pchain.chain.abi import Call, struct_of
from p2pchain.chain.bindings import enums, structs
from p2pchain.chain.bindings.points import ConsentGiven, ConsentWithdrawn
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.events import read
from p2pchain.eip712 import (
    Domain,
    consent_digest,
    points_domain,
    tenancy_digest,
    withdrawal_digest,
)
from p2pchain.keys import Signer
from p2pchain.points import (
    Consent,
    Fuel,
    Point,
    Standing,
    Status,
    Tenancy,
    Withdrawal,
)


@dataclass(frozen=True, slots=True)
class Given:
    """A consent that somebody has given, and when it was withdrawn: the block, or None."""

    customer: str
    reader: str
    purpose: bytes
    from_slot: int
    until_slot: int
    ends_at: int
    sequence: int
    withdrawn_in: int | None = None


class PointBook:
    """The metering points of a deployment."""

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts
        self.points = contracts.points

    @property
    def domain(self) -> Domain:
        """What signatures of tenancies and consents are for."""
        return points_domain(self.contracts.chain.chain_id, self.points.address)

    # looking

    def point(self, number: int) -> Point:
        """Return what never changes. Raises UnknownPoint."""
        found = self.points.point(number)
        return Point(bytes(found.commitment), found.area, Fuel(int(found.fuel)), found.exports)

    def standing_at(self, number: int, slot: int) -> tuple[Standing, int]:
        """Return what holds in a slot, and the first slot in which something else does.

        Raises UnknownPoint, and BeforeFirstStanding where the point was registered for later.
        """
        found = self.points.standing_at(number, slot)
        return _standing(found.standing), found.until_slot

    def standings(self, number: int) -> list[Standing]:
        """Return all that was said of a point, in the order of its slots."""
        return [_standing(one) for one in self.points.standings_of(number)]

    def related(self, number: int) -> list[int]:
        """Return the points that go together with one."""
        return list(self.points.related_to(number))

    def may_read(self, number: int, reader: str, purpose: bytes, slot: int) -> bool:
        """Return whether `reader` may read the data of a slot now. Who keeps data asks this."""
        return self.points.may_read(number, reader, purpose, slot)

    def consents(self, number: int) -> list[Given]:
        """Return the consents of a point in their order; of the same customer, reader and purpose
        the last one counts."""
        found: dict[tuple[str, str, bytes], Given] = {}
        for given, block in self._consent_events(number):
            key = (given.customer, given.reader, bytes(given.purpose))
            if isinstance(given, ConsentGiven):
                values = (getattr(given, f.name) for f in fields(Given)[:-1])
                found[key] = Given(*values)
            elif key in found:
                found[key] = replace(found[key], withdrawn_in=block)
        return list(found.values())

    def _consent_events(self, number: int) -> Iterator[tuple[ConsentGiven | ConsentWithdrawn, int]]:
        kinds = (ConsentGiven, ConsentWithdrawn)
        for logged in read(self.contracts, kinds=kinds, about=number.to_bytes(32, "big")):
            assert isinstance(logged.event, kinds)
            yield logged.event, logged.block

    # calls of those who have a right to them

    def register_call(self, point: Point, first: Standing) -> Call:
        """Return the call that registers a point; role REGISTRAR."""
        values = (point.commitment, point.area, enums.Fuel(point.fuel), point.exports)
        return self.points.register(structs.Point(*values), _packed(first))

    def relate_call(self, number: int, other: int) -> Call:
        """Return the call that says that two points go together; role REGISTRAR."""
        return self.points.relate(number, other)

    def network_operator_call(self, number: int, from_slot: int, account: str) -> Call:
        """Return the call for another network operator; role REGISTRAR."""
        return self.points.set_network_operator(number, from_slot, account)

    def status_call(self, number: int, from_slot: int, status: Status) -> Call:
        """Return the network operator's call for another status."""
        return self.points.set_status(number, from_slot, enums.Status(status))

    def meter_agent_call(self, number: int, from_slot: int, account: str) -> Call:
        """Return the supplier's call for another meter agent."""
        return self.points.set_meter_agent(number, from_slot, account)

    def meter_call(self, number: int, from_slot: int, meter: int) -> Call:
        """Return the meter agent's call for another meter; zero for none."""
        return self.points.set_meter(number, from_slot, meter)

    def move_out_call(self, number: int, from_slot: int) -> Call:
        """Return the call by which the customer says that he moves out."""
        return self.points.move_out(number, from_slot)

    # what customers sign

    def sign_tenancy(self, customer: Signer, tenancy: Tenancy) -> Tenancy:
        """Return a tenancy with the signature of who moves in."""
        digest = tenancy_digest(self.domain, tenancy)
        return replace(tenancy, signature=customer.sign_digest(digest))

    def move_in_call(self, tenancy: Tenancy) -> Call:
        """Return the supplier's call that takes down a signed tenancy."""
        customer_class = enums.CustomerClass(tenancy.customer_class)
        packed = structs.Tenancy(
            tenancy.point, tenancy.from_slot, tenancy.customer, customer_class, tenancy.signature
        )
        return self.points.move_in(packed)

    def next_sequence(self, number: int, customer: str, reader: str, purpose: bytes) -> int:
        """Return the number that the next consent, or withdrawal, has to bear."""
        return self.points.consent_of(number, customer, reader, purpose).sequence + 1

    def sign_consent(self, customer: Signer, consent: Consent) -> Consent:
        """Return a consent with the customer's signature."""
        digest = consent_digest(self.domain, consent)
        return replace(consent, signature=customer.sign_digest(digest))

    def consent_call(self, consent: Consent) -> Call:
        """Return the call that takes down a signed consent; anybody may send it."""
        return self.points.give_consent(struct_of(structs.Consent, consent))

    def sign_withdrawal(self, customer: Signer, withdrawal: Withdrawal) -> Withdrawal:
        """Return a withdrawal with the customer's signature."""
        digest = withdrawal_digest(self.domain, withdrawal)
        return replace(withdrawal, signature=customer.sign_digest(digest))

    def withdrawal_call(self, withdrawal: Withdrawal) -> Call:
        """Return the call that ends a consent; anybody may send it."""
        return self.points.withdraw_consent(struct_of(structs.Withdrawal, withdrawal))


def _standing(found: structs.Standing) -> Standing:
    return Standing.unpacked(getattr(found, f.name) for f in fields(Standing))


def _packed(standing: Standing) -> structs.Standing:
    return struct_of(
        structs.Standing,
        standing,
        status=enums.Status(standing.status),
        customer_class=enums.CustomerClass(standing.customer_class),
    )
