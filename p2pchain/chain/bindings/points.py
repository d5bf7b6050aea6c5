"""The contract Points, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.enums import Fuel, Status
from p2pchain.chain.bindings.structs import (
    Consent,
    ConsentState,
    Point,
    Standing,
    Tenancy,
    Withdrawal,
)


@dataclass(frozen=True, slots=True)
class AuthorityUpdated(Event):
    """`AuthorityUpdated(address)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad"
    )
    authority: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address",), data)
        return cls(checksum(raw[0]))


@dataclass(frozen=True, slots=True)
class ConsentGiven(Event):
    """`ConsentGiven(uint32, address, address, bytes32, uint32, uint32, uint64, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "c41475e043cf2cc19da83eb2ccd4340e5be90ed85d44387a169b792b29e3dcd4"
    )
    point: int
    customer: str
    reader: str
    purpose: bytes
    from_slot: int
    until_slot: int
    ends_at: int
    sequence: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bytes32", "uint32", "uint32", "uint64", "uint32"), data)
        return cls(
            topic("uint32", topics[1]),
            checksum(topic("address", topics[2])),
            checksum(topic("address", topics[3])),
            raw[0],
            raw[1],
            raw[2],
            raw[3],
            raw[4],
        )


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn(Event):
    """`ConsentWithdrawn(uint32, address, address, bytes32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "d97fbe99d63988431404ca05048faf8c309917deb8b6894c6ee79901e1dbdea0"
    )
    point: int
    customer: str
    reader: str
    purpose: bytes
    sequence: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bytes32", "uint32"), data)
        return cls(
            topic("uint32", topics[1]),
            checksum(topic("address", topics[2])),
            checksum(topic("address", topics[3])),
            raw[0],
            raw[1],
        )


@dataclass(frozen=True, slots=True)
class EIP712DomainChanged(Event):
    """`EIP712DomainChanged()`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31"
    )

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls()


@dataclass(frozen=True, slots=True)
class PointRegistered(Event):
    """`PointRegistered(uint32, uint32, bytes32, Fuel, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "27b182b1fc353539c87c2672bec3ef52bc461f9cccea187a597f58165fe26fc3"
    )
    point: int
    area: int
    commitment: bytes
    fuel: Fuel
    exports: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bytes32", "uint8", "bool"), data)
        return cls(
            topic("uint32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            Fuel(raw[1]),
            raw[2],
        )


@dataclass(frozen=True, slots=True)
class PointsRelated(Event):
    """`PointsRelated(uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "2cb8a565de1e17cde7684b44bee477750c791ab7300487c72e3de0f832c906f4"
    )
    point: int
    other: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("uint32", topics[1]), topic("uint32", topics[2]))


@dataclass(frozen=True, slots=True)
class StandingSet(Event):
    """`StandingSet(uint32, address, Standing)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "63e6755efddd0569f186f3dab41c4648c657f3df8359066af8f5e06c91a7e466"
    )
    point: int
    customer: str
    standing: Standing

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("(address,uint32,uint16,uint8,uint8,address,uint32,address)",), data)
        return cls(
            topic("uint32", topics[1]),
            checksum(topic("address", topics[2])),
            Standing.from_abi(raw[0]),
        )


@dataclass(frozen=True, slots=True)
class SupplierSet(Event):
    """From a slot on the supplier is another, also in what was said before for later slots."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "fcb70b8fa49d8ddc3ca2ac449476adabf09fdf709f938e24dae8045b079e45c7"
    )
    point: int
    from_slot: int
    supplier: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint16"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1])


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        AuthorityUpdated,
        ConsentGiven,
        ConsentWithdrawn,
        EIP712DomainChanged,
        PointRegistered,
        PointsRelated,
        StandingSet,
        SupplierSet,
    )
}


class Eip712DomainResult(NamedTuple):
    """What `eip712Domain()` returns."""

    fields: bytes
    name: str
    version: str
    chain_id: int
    verifying_contract: str
    salt: bytes
    extensions: tuple[int, ...]


class StandingAtResult(NamedTuple):
    """What `standingAt(uint32, uint32)` returns."""

    standing: Standing
    until_slot: int


class Points:
    """`Points` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(access_manager: str, registry: str, metering: str) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "address", "address"),
            (access_manager, registry, metering),
        )

    def authority(self, *, block: int | str = "latest") -> str:
        """`authority()`"""
        _data = bytes.fromhex("bf7e214f")
        return self.authority_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def authority_result(raw: bytes) -> str:
        """Return what `authority` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def consent_digest(self, c: Consent, *, block: int | str = "latest") -> bytes:
        """What a consent's signature is for."""
        _data = bytes.fromhex("34d4e0cd") + encode(
            ("(uint32,address,address,bytes32,uint32,uint32,uint64,uint32,bytes)",),
            (c.to_abi(),),
        )
        return self.consent_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def consent_digest_result(raw: bytes) -> bytes:
        """Return what `consent_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def consent_of(
        self,
        id: int,
        customer: str,
        reader: str,
        purpose: bytes,
        *,
        block: int | str = "latest",
    ) -> ConsentState:
        """`consentOf(uint32, address, address, bytes32)`"""
        _data = bytes.fromhex("c990826a") + encode(
            ("uint32", "address", "address", "bytes32"),
            (id, customer, reader, sized(purpose, 32)),
        )
        return self.consent_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def consent_of_result(raw: bytes) -> ConsentState:
        """Return what `consent_of` answered, decoded."""
        _out = decode(("(uint32,uint32,uint64,uint32)",), raw)
        _value: ConsentState = ConsentState.from_abi(_out[0])
        return _value

    def eip712_domain(self, *, block: int | str = "latest") -> Eip712DomainResult:
        """`eip712Domain()`"""
        _data = bytes.fromhex("84b0196e")
        return self.eip712_domain_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def eip712_domain_result(raw: bytes) -> Eip712DomainResult:
        """Return what `eip712_domain` answered, decoded."""
        _out = decode(
            ("bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"),
            raw,
        )
        return Eip712DomainResult(
            _out[0],
            _out[1],
            _out[2],
            _out[3],
            checksum(_out[4]),
            _out[5],
            _out[6],
        )

    def give_consent(self, c: Consent) -> Call:
        """Takes down a consent; called by the customer no signature is needed."""
        _data = bytes.fromhex("7a944f8c") + encode(
            ("(uint32,address,address,bytes32,uint32,uint32,uint64,uint32,bytes)",),
            (c.to_abi(),),
        )
        return Call(self.address, _data, 0, "Points.giveConsent")

    def is_consuming_scheduled_op(self, *, block: int | str = "latest") -> bytes:
        """`isConsumingScheduledOp()`"""
        _data = bytes.fromhex("8fb36037")
        return self.is_consuming_scheduled_op_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def is_consuming_scheduled_op_result(raw: bytes) -> bytes:
        """Return what `is_consuming_scheduled_op` answered, decoded."""
        _out = decode(("bytes4",), raw)
        _value: bytes = _out[0]
        return _value

    def may_read(
        self,
        id: int,
        reader: str,
        purpose: bytes,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> bool:
        """Whether `reader` may read the data of a slot now: the customer of that slot, its
        supplier, network operator and meter agent of record, and whom that customer has given
        consent.
        """
        _data = bytes.fromhex("c7a8c5df") + encode(
            ("uint32", "address", "bytes32", "uint32"),
            (id, reader, sized(purpose, 32), slot),
        )
        return self.may_read_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def may_read_result(raw: bytes) -> bool:
        """Return what `may_read` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value

    def metering(self, *, block: int | str = "latest") -> str:
        """`metering()`"""
        _data = bytes.fromhex("675df5aa")
        return self.metering_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def metering_result(raw: bytes) -> str:
        """Return what `metering` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def move_in(self, tenancy: Tenancy) -> Call:
        """Somebody moves in, who has signed it. The supplier of record only."""
        _data = bytes.fromhex("9fa5d720") + encode(
            ("(uint32,uint32,address,uint8,bytes)",),
            (tenancy.to_abi(),),
        )
        return Call(self.address, _data, 0, "Points.moveIn")

    def move_out(self, id: int, from_slot: int) -> Call:
        """The customer moves out, and nobody in yet. The customer only: a supplier could hold up
        a switch by it.
        """
        _data = bytes.fromhex("2306e7ba") + encode(
            ("uint32", "uint32"),
            (id, from_slot),
        )
        return Call(self.address, _data, 0, "Points.moveOut")

    def point(self, id: int, *, block: int | str = "latest") -> Point:
        """`point(uint32)`"""
        _data = bytes.fromhex("8cf2c165") + encode(
            ("uint32",),
            (id,),
        )
        return self.point_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def point_result(raw: bytes) -> Point:
        """Return what `point` answered, decoded."""
        _out = decode(("(bytes32,uint32,uint8,bool)",), raw)
        _value: Point = Point.from_abi(_out[0])
        return _value

    def point_count(self, *, block: int | str = "latest") -> int:
        """`pointCount()`"""
        _data = bytes.fromhex("ca5610e9")
        return self.point_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def point_count_result(raw: bytes) -> int:
        """Return what `point_count` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def point_of(self, commitment: bytes, *, block: int | str = "latest") -> int:
        """The point with a commitment; zero: none."""
        _data = bytes.fromhex("11bf2a92") + encode(
            ("bytes32",),
            (sized(commitment, 32),),
        )
        return self.point_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def point_of_result(raw: bytes) -> int:
        """Return what `point_of` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def register(self, point: Point, first: Standing) -> Call:
        """Registers a point with what holds first, in the running slot or from a later one on.
        Registrar only.
        """
        _data = bytes.fromhex("216c9221") + encode(
            (
                "(bytes32,uint32,uint8,bool)",
                "(address,uint32,uint16,uint8,uint8,address,uint32,address)",
            ),
            (point.to_abi(), first.to_abi()),
        )
        return Call(self.address, _data, 0, "Points.register")

    @staticmethod
    def register_result(raw: bytes) -> int:
        """Return what `register` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def registry(self, *, block: int | str = "latest") -> str:
        """`registry()`"""
        _data = bytes.fromhex("7b103999")
        return self.registry_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def registry_result(raw: bytes) -> str:
        """Return what `registry` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def relate(self, id: int, other: int) -> Call:
        """Says that two points go together. Registrar only."""
        _data = bytes.fromhex("88188f73") + encode(
            ("uint32", "uint32"),
            (id, other),
        )
        return Call(self.address, _data, 0, "Points.relate")

    def related_to(self, id: int, *, block: int | str = "latest") -> tuple[int, ...]:
        """Points that go together: import and export of a place, electricity and gas."""
        _data = bytes.fromhex("fcc640d8") + encode(
            ("uint32",),
            (id,),
        )
        return self.related_to_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def related_to_result(raw: bytes) -> tuple[int, ...]:
        """Return what `related_to` answered, decoded."""
        _out = decode(("uint32[]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "Points.setAuthority")

    def set_meter(self, id: int, from_slot: int, meter: int) -> Call:
        """Another meter; zero: none. The meter agent of record only, and only a meter that is
        registered with the commitment of this point.
        """
        _data = bytes.fromhex("9c7be1b9") + encode(
            ("uint32", "uint32", "uint32"),
            (id, from_slot, meter),
        )
        return Call(self.address, _data, 0, "Points.setMeter")

    def set_meter_agent(self, id: int, from_slot: int, account: str) -> Call:
        """Another meter agent; zero: nobody. The supplier of record only."""
        _data = bytes.fromhex("cac5e319") + encode(
            ("uint32", "uint32", "address"),
            (id, from_slot, account),
        )
        return Call(self.address, _data, 0, "Points.setMeterAgent")

    def set_network_operator(self, id: int, from_slot: int, account: str) -> Call:
        """Another network operator, from a slot that has not begun. Registrar only."""
        _data = bytes.fromhex("ffeb63b5") + encode(
            ("uint32", "uint32", "address"),
            (id, from_slot, account),
        )
        return Call(self.address, _data, 0, "Points.setNetworkOperator")

    def set_status(self, id: int, from_slot: int, status: Status) -> Call:
        """Another status. The network operator of record only."""
        _data = bytes.fromhex("00f55d8c") + encode(
            ("uint32", "uint32", "uint8"),
            (id, from_slot, status),
        )
        return Call(self.address, _data, 0, "Points.setStatus")

    def set_supplier(self, id: int, from_slot: int, supplier: int) -> Call:
        """Another supplier of record, from a slot that has not begun, and in all later ones; the
        rest of what was said for later slots stays. Switching only.
        """
        _data = bytes.fromhex("ec98ad08") + encode(
            ("uint32", "uint32", "uint16"),
            (id, from_slot, supplier),
        )
        return Call(self.address, _data, 0, "Points.setSupplier")

    def standing_at(self, id: int, slot: int, *, block: int | str = "latest") -> StandingAtResult:
        """What holds in `slot`."""
        _data = bytes.fromhex("46e9615c") + encode(
            ("uint32", "uint32"),
            (id, slot),
        )
        return self.standing_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def standing_at_result(raw: bytes) -> StandingAtResult:
        """Return what `standing_at` answered, decoded."""
        _out = decode(("(address,uint32,uint16,uint8,uint8,address,uint32,address)", "uint32"), raw)
        return StandingAtResult(Standing.from_abi(_out[0]), _out[1])

    def standings_of(self, id: int, *, block: int | str = "latest") -> tuple[Standing, ...]:
        """All that was said of a point, in the order of its slots."""
        _data = bytes.fromhex("e97374f2") + encode(
            ("uint32",),
            (id,),
        )
        return self.standings_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def standings_of_result(raw: bytes) -> tuple[Standing, ...]:
        """Return what `standings_of` answered, decoded."""
        _out = decode(("(address,uint32,uint16,uint8,uint8,address,uint32,address)[]",), raw)
        _value: tuple[Standing, ...] = tuple(Standing.from_abi(i) for i in _out[0])
        return _value

    def tenancy_digest(self, t: Tenancy, *, block: int | str = "latest") -> bytes:
        """What a tenancy's signature is for."""
        _data = bytes.fromhex("b1ce6d29") + encode(
            ("(uint32,uint32,address,uint8,bytes)",),
            (t.to_abi(),),
        )
        return self.tenancy_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def tenancy_digest_result(raw: bytes) -> bytes:
        """Return what `tenancy_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def withdraw_consent(self, w: Withdrawal) -> Call:
        """Ends a consent at once; called by the customer no signature is needed."""
        _data = bytes.fromhex("07bd628c") + encode(
            ("(uint32,address,address,bytes32,uint32,bytes)",),
            (w.to_abi(),),
        )
        return Call(self.address, _data, 0, "Points.withdrawConsent")

    def withdrawal_digest(self, w: Withdrawal, *, block: int | str = "latest") -> bytes:
        """What a withdrawal's signature is for."""
        _data = bytes.fromhex("104ffd12") + encode(
            ("(uint32,address,address,bytes32,uint32,bytes)",),
            (w.to_abi(),),
        )
        return self.withdrawal_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def withdrawal_digest_result(raw: bytes) -> bytes:
        """Return what `withdrawal_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value
