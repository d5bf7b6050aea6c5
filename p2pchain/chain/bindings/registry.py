"""The contract Registry, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.structs import Area, Boundary, Terms


@dataclass(frozen=True, slots=True)
class AreaAdded(Event):
    """`AreaAdded(uint32, uint32, address)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "04958324b680561c59e8579b046bd0fdc464874148997f22ed7030163291a4d8"
    )
    area: int
    parent: int
    operator: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address",), data)
        return cls(topic("uint32", topics[1]), topic("uint32", topics[2]), checksum(raw[0]))


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
class BoundarySet(Event):
    """`BoundarySet(uint32, uint32, uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a7c83405be96c85267a7f50b5991b644d6d506dcb520ea66362094d785c8b493"
    )
    area: int
    meter: int
    tolerance_wh: int
    tolerance_ppm: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32"), data)
        return cls(topic("uint32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class ForwardBound(Event):
    """`ForwardBound(address)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "3f01ceb9cafcd3131a90cfd4b25aa952432822678ae4e32ee284164aa2309ec8"
    )
    forward: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address",), data)
        return cls(checksum(raw[0]))


@dataclass(frozen=True, slots=True)
class MeterRegistered(Event):
    """`MeterRegistered(uint32, uint32, bytes32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "5cb0d6d4927ab91734863701b3286854282a65d7221cdf8feab1ede7de1946cc"
    )
    meter: int
    area: int
    point_commitment: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bytes32",), data)
        return cls(topic("uint32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class SignerSet(Event):
    """`SignerSet(uint32, uint32, bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "5db1d86df77225de50053e62ed50d1f3ea740a01d251a70786e4ed7cd7d3a731"
    )
    meter: int
    from_slot: int
    signer: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "bytes"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class SupplierAdded(Event):
    """`SupplierAdded(uint16, address, string)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "db971ee4cb9d5cda6c3bf6489962b921cf634a7d7a5737a38fe00b073ac6bc67"
    )
    supplier: int
    account: str
    name: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("string",), data)
        return cls(topic("uint16", topics[1]), checksum(topic("address", topics[2])), raw[0])


@dataclass(frozen=True, slots=True)
class TermsSet(Event):
    """`TermsSet(uint32, address, uint32, uint16, uint16, uint24, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "11e24e74573200aeb0536b9d0e3dfd51b8512c977cbcbc73d6a93ac5a357384b"
    )
    meter: int
    owner: str
    from_slot: int
    supplier: int
    tariff: int
    fuse_wh: int
    billing_grade: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint16", "uint16", "uint24", "bool"), data)
        return cls(
            topic("uint32", topics[1]),
            checksum(topic("address", topics[2])),
            raw[0],
            raw[1],
            raw[2],
            raw[3],
            raw[4],
        )


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        AreaAdded,
        AuthorityUpdated,
        BoundarySet,
        ForwardBound,
        MeterRegistered,
        SignerSet,
        SupplierAdded,
        TermsSet,
    )
}


class ReadingTermsResult(NamedTuple):
    """What `readingTerms(uint32, uint32)` returns."""

    fuse_wh: int
    signer: str
    until_slot: int


class SignerAddressAtResult(NamedTuple):
    """What `signerAddressAt(uint32, uint32)` returns."""

    signer: str
    until_slot: int


class SignerAtResult(NamedTuple):
    """What `signerAt(uint32, uint32)` returns."""

    signer: bytes
    until_slot: int


class TermsAtResult(NamedTuple):
    """What `termsAt(uint32, uint32)` returns."""

    terms: Terms
    until_slot: int


class Registry:
    """`Registry` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(access_manager: str, slot_seconds: int) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "uint32"),
            (access_manager, slot_seconds),
        )

    def add_area(self, parent: int, operator: str) -> Call:
        """`addArea(uint32, address)`"""
        _data = bytes.fromhex("d43b419e") + encode(
            ("uint32", "address"),
            (parent, operator),
        )
        return Call(self.address, _data, 0, "Registry.addArea")

    @staticmethod
    def add_area_result(raw: bytes) -> int:
        """Return what `add_area` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def add_supplier(self, account: str, name: str) -> Call:
        """`addSupplier(address, string)`"""
        _data = bytes.fromhex("1c933a3e") + encode(
            ("address", "string"),
            (account, name),
        )
        return Call(self.address, _data, 0, "Registry.addSupplier")

    @staticmethod
    def add_supplier_result(raw: bytes) -> int:
        """Return what `add_supplier` answered, decoded."""
        _out = decode(("uint16",), raw)
        _value: int = _out[0]
        return _value

    def area(self, id: int, *, block: int | str = "latest") -> Area:
        """`area(uint32)`"""
        _data = bytes.fromhex("3b14a324") + encode(
            ("uint32",),
            (id,),
        )
        return self.area_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def area_result(raw: bytes) -> Area:
        """Return what `area` answered, decoded."""
        _out = decode(("(uint32,address,bool)",), raw)
        _value: Area = Area.from_abi(_out[0])
        return _value

    def area_count(self, *, block: int | str = "latest") -> int:
        """`areaCount()`"""
        _data = bytes.fromhex("6e47f3b9")
        return self.area_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def area_count_result(raw: bytes) -> int:
        """Return what `area_count` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def area_of(self, meter: int, *, block: int | str = "latest") -> int:
        """`areaOf(uint32)`"""
        _data = bytes.fromhex("cad3b434") + encode(
            ("uint32",),
            (meter,),
        )
        return self.area_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def area_of_result(raw: bytes) -> int:
        """Return what `area_of` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

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

    def bind_forward(self, forward: str) -> Call:
        """Names the contract whose open orders hold back a change of owner; once, at deployment."""
        _data = bytes.fromhex("e0c6a397") + encode(
            ("address",),
            (forward,),
        )
        return Call(self.address, _data, 0, "Registry.bindForward")

    def boundary_of(self, area_id: int, *, block: int | str = "latest") -> Boundary:
        """The boundary meter of an area; its meter is zero where there is none."""
        _data = bytes.fromhex("037d2daa") + encode(
            ("uint32",),
            (area_id,),
        )
        return self.boundary_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def boundary_of_result(raw: bytes) -> Boundary:
        """Return what `boundary_of` answered, decoded."""
        _out = decode(("(uint32,uint32,uint32)",), raw)
        _value: Boundary = Boundary.from_abi(_out[0])
        return _value

    def current_slot(self, *, block: int | str = "latest") -> int:
        """The slot in which the current block lies."""
        _data = bytes.fromhex("3359632e")
        return self.current_slot_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def current_slot_result(raw: bytes) -> int:
        """Return what `current_slot` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def forward(self, *, block: int | str = "latest") -> str:
        """`forward()`"""
        _data = bytes.fromhex("d264e05e")
        return self.forward_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def forward_result(raw: bytes) -> str:
        """Return what `forward` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

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

    def meter_count(self, *, block: int | str = "latest") -> int:
        """`meterCount()`"""
        _data = bytes.fromhex("c1dc4dbf")
        return self.meter_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def meter_count_result(raw: bytes) -> int:
        """Return what `meter_count` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def point_commitment(self, meter: int, *, block: int | str = "latest") -> bytes:
        """The salted commitment of the public metering point number."""
        _data = bytes.fromhex("0e9a13d6") + encode(
            ("uint32",),
            (meter,),
        )
        return self.point_commitment_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def point_commitment_result(raw: bytes) -> bytes:
        """Return what `point_commitment` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def reading_terms(
        self,
        meter: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> ReadingTermsResult:
        """What a reading is checked against, in one call: fuse and key in force in `slot` (zero
        where the key is longer than an address or revoked), and the first slot in which terms
        or key change.
        """
        _data = bytes.fromhex("6d87ff83") + encode(
            ("uint32", "uint32"),
            (meter, slot),
        )
        return self.reading_terms_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def reading_terms_result(raw: bytes) -> ReadingTermsResult:
        """Return what `reading_terms` answered, decoded."""
        _out = decode(("uint24", "address", "uint32"), raw)
        return ReadingTermsResult(_out[0], checksum(_out[1]), _out[2])

    def register_meter(self, area_id: int, commitment: bytes, terms: Terms, signer: bytes) -> Call:
        """Registers a meter with its first terms and key; both may begin in the running slot or
        later.
        """
        _data = bytes.fromhex("0b61ddb1") + encode(
            ("uint32", "bytes32", "(address,uint32,uint16,uint16,uint24,bool)", "bytes"),
            (area_id, sized(commitment, 32), terms.to_abi(), signer),
        )
        return Call(self.address, _data, 0, "Registry.registerMeter")

    @staticmethod
    def register_meter_result(raw: bytes) -> int:
        """Return what `register_meter` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def revoke_signer(self, meter: int) -> Call:
        """Revokes the key of one's own meter from the running slot on."""
        _data = bytes.fromhex("4f423eaa") + encode(
            ("uint32",),
            (meter,),
        )
        return Call(self.address, _data, 0, "Registry.revokeSigner")

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "Registry.setAuthority")

    def set_boundary(self, area_id: int, meter: int, tolerance_wh: int, tolerance_ppm: int) -> Call:
        """Names the meter that measures what crosses the border of an area; zero: none.
        Registrar only.
        """
        _data = bytes.fromhex("5fde1851") + encode(
            ("uint32", "uint32", "uint32", "uint32"),
            (area_id, meter, tolerance_wh, tolerance_ppm),
        )
        return Call(self.address, _data, 0, "Registry.setBoundary")

    def set_signer(self, meter: int, from_slot: int, signer: bytes) -> Call:
        """New key from a slot that has not been delivered (the running one at the earliest)."""
        _data = bytes.fromhex("36ace3c0") + encode(
            ("uint32", "uint32", "bytes"),
            (meter, from_slot, signer),
        )
        return Call(self.address, _data, 0, "Registry.setSigner")

    def set_terms(self, meter: int, terms: Terms) -> Call:
        """New terms from a slot that has not begun. A pending change of the same slot is
        replaced. Another owner begins only after the last open order of the present one;
        another supplier does not wait for it.
        """
        _data = bytes.fromhex("10dd541e") + encode(
            ("uint32", "(address,uint32,uint16,uint16,uint24,bool)"),
            (meter, terms.to_abi()),
        )
        return Call(self.address, _data, 0, "Registry.setTerms")

    def signer_address_at(
        self,
        meter: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> SignerAddressAtResult:
        """`signerAt` for the common case: the address, or zero when the signer is longer or
        revoked.
        """
        _data = bytes.fromhex("d7dc9ed4") + encode(
            ("uint32", "uint32"),
            (meter, slot),
        )
        return self.signer_address_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def signer_address_at_result(raw: bytes) -> SignerAddressAtResult:
        """Return what `signer_address_at` answered, decoded."""
        _out = decode(("address", "uint32"), raw)
        return SignerAddressAtResult(checksum(_out[0]), _out[1])

    def signer_at(self, meter: int, slot: int, *, block: int | str = "latest") -> SignerAtResult:
        """The key in force in `slot`: an address as 20 bytes, an ERC-7913 signer, or empty when
        revoked.
        """
        _data = bytes.fromhex("24bebd83") + encode(
            ("uint32", "uint32"),
            (meter, slot),
        )
        return self.signer_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def signer_at_result(raw: bytes) -> SignerAtResult:
        """Return what `signer_at` answered, decoded."""
        _out = decode(("bytes", "uint32"), raw)
        return SignerAtResult(_out[0], _out[1])

    def slot_seconds(self, *, block: int | str = "latest") -> int:
        """Length of a slot in seconds: 900, 1800 or 3600; one grid for the whole deployment."""
        _data = bytes.fromhex("6738bc6a")
        return self.slot_seconds_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def slot_seconds_result(raw: bytes) -> int:
        """Return what `slot_seconds` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def supplier_account(self, supplier: int, *, block: int | str = "latest") -> str:
        """The account of a supplier; reverts for an unknown one."""
        _data = bytes.fromhex("467b80f1") + encode(
            ("uint16",),
            (supplier,),
        )
        return self.supplier_account_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def supplier_account_result(raw: bytes) -> str:
        """Return what `supplier_account` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def supplier_count(self, *, block: int | str = "latest") -> int:
        """`supplierCount()`"""
        _data = bytes.fromhex("140c6b91")
        return self.supplier_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def supplier_count_result(raw: bytes) -> int:
        """Return what `supplier_count` answered, decoded."""
        _out = decode(("uint16",), raw)
        _value: int = _out[0]
        return _value

    def terms_at(self, meter: int, slot: int, *, block: int | str = "latest") -> TermsAtResult:
        """The terms in force in `slot`."""
        _data = bytes.fromhex("2e8fb003") + encode(
            ("uint32", "uint32"),
            (meter, slot),
        )
        return self.terms_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def terms_at_result(raw: bytes) -> TermsAtResult:
        """Return what `terms_at` answered, decoded."""
        _out = decode(("(address,uint32,uint16,uint16,uint24,bool)", "uint32"), raw)
        return TermsAtResult(Terms.from_abi(_out[0]), _out[1])
