"""Metering points and consent: numbers, and the readable twin of `contracts/Points.sol`.

A metering point is where a customer's network ends; a meter is what measures there, for as long as
it hangs there. What holds for a point is one timeline by slot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Final

from p2pchain.errors import BadInput, Refused
from p2pchain.model import account_key
from p2pchain.registry import Timeline

NOBODY: Final = "0x" + "00" * 20
PURPOSE_BYTES: Final = 31
#: So many changes of a point may wait (Points.MAX_PENDING).
MAX_PENDING: Final = 8
#: Weights of the first twelve digits of an MPAN core; the thirteenth is (sum mod 11) mod 10.
_MPAN_WEIGHTS: Final = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
_MPAN_DIGITS: Final = len(_MPAN_WEIGHTS) + 1
_MPRN_DIGITS: Final = (6, 10)


class Fuel(IntEnum):
    """What flows through a point (IPoints.Fuel)."""

    ELECTRICITY = 0
    GAS = 1


class Status(IntEnum):
    """IPoints.Status: new points have no supply yet, disconnected ones never have any again."""

    NEW = 0
    ENERGISED = 1
    DE_ENERGISED = 2
    DISCONNECTED = 3


class CustomerClass(IntEnum):
    """What kind of customer stands behind a point (IPoints.CustomerClass)."""

    DOMESTIC = 0
    MICRO_BUSINESS = 1
    BUSINESS = 2


@dataclass(frozen=True, slots=True)
class Point:
    """What never changes (IPoints.Point)."""

    commitment: bytes
    area: int
    fuel: Fuel = Fuel.ELECTRICITY
    exports: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for a point from a slot on (IPoints.Standing).

    `customer` and `meter_agent` are NOBODY and `meter` is zero where there is none.
    """

    customer: str
    from_slot: int
    supplier: int
    status: Status
    customer_class: CustomerClass
    network_operator: str
    meter: int = 0
    meter_agent: str = NOBODY

    @classmethod
    def unpacked(cls, values: Iterable[Any]) -> Standing:
        """Return the standing with these fields, as the contract gives them."""
        fields = dict(zip(cls.__dataclass_fields__, values, strict=True))
        fields["status"] = Status(int(fields["status"]))
        fields["customer_class"] = CustomerClass(int(fields["customer_class"]))
        return cls(**fields)


@dataclass(frozen=True, slots=True)
class Tenancy:
    """Who moves in from a slot on, signed by himself (IPoints.Tenancy)."""

    point: int
    from_slot: int
    customer: str
    customer_class: CustomerClass
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Consent:
    """That a reader may read a customer's data of some slots, until `ends_at` (unix time), for one
    purpose (IPoints.Consent)."""

    point: int
    customer: str
    reader: str
    purpose: bytes
    from_slot: int
    until_slot: int
    ends_at: int
    sequence: int
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """That a consent ends at once (IPoints.Withdrawal)."""

    point: int
    customer: str
    reader: str
    purpose: bytes
    sequence: int
    signature: bytes = b""


# NUMBERS


def mpan_core(text: str) -> str:
    """Return the core of an MPAN, its last 13 digits, with or without the eight before them.

    Spaces and hyphens are left out. Raises BadInput where digits are missing or the check digit is
    wrong: the sum of the first twelve times 3, 5, 7, 13, ..., modulo 11 and then 10.
    """
    digits = _digits("MPAN", text)
    if len(digits) not in (_MPAN_DIGITS, 21):
        raise BadInput(
            f"an MPAN has 13 digits, or 21 with the supplement; '{text}' has {len(digits)}",
            hint="it stands on the bill beside the letter S; the last 13 digits are enough",
        )
    core = digits[-_MPAN_DIGITS:]
    expected = mpan_check_digit(core[:-1])
    if int(core[-1]) != expected:
        raise BadInput(
            f"'{text}' is no MPAN: its last digit would be {expected}",
            hint="a digit is wrong, or two have changed places; compare it with the bill",
        )
    return core


def mpan_check_digit(digits: str) -> int:
    """Return the thirteenth digit of an MPAN core, from the twelve before it."""
    total = sum(weight * int(digit) for weight, digit in zip(_MPAN_WEIGHTS, digits, strict=True))
    return total % 11 % 10


def mprn(text: str) -> str:
    """Return an MPRN, the number of a gas point: six to ten digits. Raises BadInput."""
    digits = _digits("MPRN", text)
    least, most = _MPRN_DIGITS
    if not least <= len(digits) <= most:
        raise BadInput(f"an MPRN has {least} to {most} digits; '{text}' has {len(digits)}")
    return digits


def point_number(fuel: Fuel, text: str) -> str:
    """Return the public number of a point in the form that its commitment is made of."""
    return mprn(text) if fuel == Fuel.GAS else mpan_core(text)


def purpose_bytes(text: str) -> bytes:
    """Return a purpose as the contract takes it. Raises BadInput for none, or a long one."""
    found = text.strip().encode()
    if not 0 < len(found) <= PURPOSE_BYTES:
        raise BadInput(
            f"a purpose has 1 to {PURPOSE_BYTES} bytes; '{text}' has {len(found)}",
            hint="a word or two, such as 'forecast' or 'bill check'",
        )
    return found.ljust(32, b"\0")


def purpose_text(purpose: bytes) -> str:
    """Return what a purpose says."""
    return purpose.rstrip(b"\0").decode(errors="replace")


def _digits(what: str, text: str) -> str:
    digits = text.replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit()):
        raise BadInput(f"an {what} has digits only, not '{text}'")
    return digits


# THE TWIN


@dataclass(slots=True)
class _State:
    point: Point
    standings: Timeline[Standing] = field(default_factory=Timeline)
    related: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ConsentState:
    """A consent as it stands (IPoints.ConsentState); `ends_at` zero: there is none."""

    from_slot: int = 0
    until_slot: int = 0
    ends_at: int = 0
    sequence: int = 0


ConsentKey = tuple[int, str, str, bytes]


class PointsTwin:
    """All points, what holds for them, and consents. Accounts are compared in small letters.

    Who may call what is the contract's; here stands what may be said. Without the running slot, or
    the time `now`, rules about time are taken as kept.
    """

    def __init__(self, suppliers: Mapping[int, str], keep_out: Callable[[int], None]) -> None:
        self._suppliers = suppliers
        self._keep_out = keep_out
        self.points: dict[int, _State] = {}
        self.by_commitment: dict[bytes, int] = {}
        self.consents: defaultdict[ConsentKey, ConsentState] = defaultdict(ConsentState)

    def register(self, point: Point, first: Standing) -> int:
        """Add a point; return its number."""
        if point.commitment in self.by_commitment:
            raise Refused("PointExists")
        if _same(first.network_operator, NOBODY):
            raise Refused("NoNetworkOperator")
        number = len(self.points) + 1
        self.announce(number, point)
        self._put(number, first)
        return number

    def announce(self, number: int, point: Point) -> None:
        """Take up a point of which nothing holds yet."""
        if number != len(self.points) + 1:
            raise Refused("PointExists")
        self.points[number] = _State(point)
        self.by_commitment[point.commitment] = number

    def relate(self, number: int, other: int) -> None:
        """Say that two points go together."""
        mine, others = self._known(number), self._known(other)
        if number == other or other in mine.related:
            raise Refused("CannotBeRelated")
        mine.related.append(other)
        others.related.append(number)

    def put(self, number: int, standing: Standing, slot: int | None = None) -> None:
        """From its first slot on something else holds; it must not have begun."""
        state = self._known(number)
        if slot is not None and standing.from_slot <= slot:
            raise Refused("StandingHasBegun")
        if len(state.standings):
            latest = self.latest(number)
            if standing.from_slot < latest.from_slot:
                raise Refused("LaterStandingPending")
            waiting = [start for start, _ in state.standings][-MAX_PENDING:]
            full = len(waiting) == MAX_PENDING and slot is not None and waiting[0] > slot
            if full and standing.from_slot != latest.from_slot:
                raise Refused("TooManyPending")
            if latest.status == Status.DISCONNECTED and standing.from_slot != latest.from_slot:
                raise Refused("PointIsDisconnected")
        self._put(number, standing)

    def set_supplier(
        self, number: int, from_slot: int, supplier: int, slot: int | None = None
    ) -> None:
        """From a slot on the supplier is another; the rest of what was said for later stays."""
        standings = self._known(number).standings
        if slot is not None and from_slot <= slot:
            raise Refused("StandingHasBegun")
        before = standings.at(from_slot)
        if before is None:
            raise Refused("BeforeFirstStanding")
        if before.status == Status.DISCONNECTED:
            raise Refused("PointIsDisconnected")
        later = [one for start, one in standings if start > from_slot]
        for one in (replace(before, from_slot=from_slot), *later):
            standings.put(one.from_slot, replace(one, supplier=supplier))

    def latest(self, number: int) -> Standing:
        """Return what was said last."""
        *_, (_, standing) = self._known(number).standings
        return standing

    def changed(self, number: int, from_slot: int, **what: object) -> Standing:
        """Return the latest standing with something else from a slot on."""
        return replace(self.latest(number), from_slot=from_slot, **what)  # type: ignore[arg-type]

    def standing_at(self, number: int, slot: int) -> tuple[Standing, int]:
        """Return what holds in a slot, and the first slot in which something else does."""
        standings = self._known(number).standings
        found = standings.at(slot)
        if found is None:
            raise Refused("BeforeFirstStanding")
        return found, standings.until(slot)

    def point(self, number: int) -> Point:
        """Return what never changes."""
        return self._known(number).point

    def standings(self, number: int) -> list[Standing]:
        """Return all that was said of a point, in the order of its slots."""
        return [standing for _, standing in self._known(number).standings]

    def related_to(self, number: int) -> list[int]:
        """Return the points that go together with one."""
        return list(self._known(number).related)

    def give_consent(self, consent: Consent, now: int | None = None) -> None:
        """Take down a consent that is signed."""
        self._known(consent.point)
        key = _key(consent.point, consent.customer, consent.reader, consent.purpose)
        if consent.from_slot >= consent.until_slot:
            raise Refused("ConsentIsEmpty")
        if now is not None and now >= consent.ends_at:
            raise Refused("ConsentHasEnded")
        self._newer(key, consent.sequence)
        self.consents[key] = ConsentState(
            consent.from_slot, consent.until_slot, consent.ends_at, consent.sequence
        )

    def withdraw_consent(self, withdrawal: Withdrawal) -> None:
        """End a consent at once."""
        w = withdrawal
        self._known(w.point)
        key = _key(w.point, w.customer, w.reader, w.purpose)
        self._newer(key, w.sequence)
        self.consents[key] = ConsentState(sequence=w.sequence)

    def consent_of(self, point: int, customer: str, reader: str, purpose: bytes) -> ConsentState:
        """Return a consent as it stands."""
        return self.consents.get(_key(point, customer, reader, purpose), ConsentState())

    def may_read(self, number: int, reader: str, purpose: bytes, slot: int, now: int) -> bool:
        """Return whether `reader` may read the data of a slot at a time."""
        standing = self._known(number).standings.at(slot)
        if standing is None or _same(reader, NOBODY):
            return False
        of_record = (standing.customer, standing.network_operator, standing.meter_agent)
        if any(_same(reader, one) for one in (*of_record, self._suppliers[standing.supplier])):
            return True
        if _same(standing.customer, NOBODY):
            return False
        consent = self.consent_of(number, standing.customer, reader, purpose)
        return now < consent.ends_at and consent.from_slot <= slot < consent.until_slot

    def _put(self, number: int, standing: Standing) -> None:
        """Take up what holds; a meter that hangs at a gas point is for no market."""
        state = self.points[number]
        if standing.meter and state.point.fuel == Fuel.GAS:
            self._keep_out(standing.meter)
        state.standings.put(standing.from_slot, standing)

    def _known(self, number: int) -> _State:
        if number not in self.points:
            raise Refused("UnknownPoint")
        return self.points[number]

    def _newer(self, key: ConsentKey, sequence: int) -> None:
        if sequence <= self.consents.get(key, ConsentState()).sequence:
            raise Refused("ConsentSuperseded")


def _same(one: str, other: str) -> bool:
    return account_key(one) == account_key(other)


def _key(point: int, customer: str, reader: str, purpose: bytes) -> ConsentKey:
    return point, account_key(customer), account_key(reader), bytes(purpose)
