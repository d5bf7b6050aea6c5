"""The contract Markets, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.enums import IMarketsRefusal
from p2pchain.chain.bindings.structs import (
    Agreement,
    Enrolment,
    Limits,
    MarketParams,
    MemberTerms,
    Registration,
)


@dataclass(frozen=True, slots=True)
class AgreementSet(Event):
    """`AgreementSet(bytes32, uint16, uint32, bool, bool, uint32, bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "b487e9c590a8d17296e34db1384efd7101befd2f27aadcab5ed06e18a726dd94"
    )
    market: bytes
    supplier: int
    from_slot: int
    agrees: bool
    replaces: bool
    sequence: int
    signature: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "bool", "bool", "uint32", "bytes"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint16", topics[2]),
            raw[0],
            raw[1],
            raw[2],
            raw[3],
            raw[4],
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
class EIP712DomainChanged(Event):
    """`EIP712DomainChanged()`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31"
    )

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls()


@dataclass(frozen=True, slots=True)
class Enrolled(Event):
    """`Enrolled(bytes32, uint32, uint32, uint32, bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "c5173ab009776aa8134bd1b8cf18b5277a555e3c3b63b9c895dea2bf8da2f933"
    )
    market: bytes
    meter: int
    index: int
    from_slot: int
    signature: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "bytes"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class EnrolmentSkipped(Event):
    """`EnrolmentSkipped(bytes32, uint32, Refusal)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a0b6a3304979142b7fac21fbc882b4145b7209ee48ba4f3568fe63d0811b0a75"
    )
    market: bytes
    meter: int
    reason: IMarketsRefusal

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint8",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), IMarketsRefusal(raw[0]))


@dataclass(frozen=True, slots=True)
class LimitsSet(Event):
    """`LimitsSet(bytes32, uint32, uint32, uint32, int32[], int32[], bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "bc98cc83ad34ce87e33e1ccf6efdac9ce015d07a8af683e50bc1b3a426ea91eb"
    )
    market: bytes
    meter: int
    from_slot: int
    sequence: int
    buy_nano: tuple[int, ...]
    sell_nano: tuple[int, ...]
    signature: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "int32[]", "int32[]", "bytes"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            raw[1],
            raw[2],
            raw[3],
            raw[4],
        )


@dataclass(frozen=True, slots=True)
class LimitsSkipped(Event):
    """`LimitsSkipped(bytes32, uint32, uint32, Refusal)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "270e085455a8c872c215330db147fd46475cfd4107028e42827ec0a68e33adaa"
    )
    market: bytes
    meter: int
    sequence: int
    reason: IMarketsRefusal

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint8"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            IMarketsRefusal(raw[1]),
        )


@dataclass(frozen=True, slots=True)
class MarketCreated(Event):
    """`MarketCreated(bytes32, uint32, MarketParams, Registration)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a8e25fec5c780a18e38e298bb361042a736aa939dde179d5408ddd71917283bb"
    )
    market: bytes
    area: int
    params: MarketParams
    registration: Registration

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(
            (
                "(uint32,uint32,uint8,uint32,int32,uint32,uint32,uint32,uint32,uint8,uint32,uint32,uint32,address,bool,int32,uint16,bytes32,bytes32,address[])",
                "(string,string,bytes32)",
            ),
            data,
        )
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            MarketParams.from_abi(raw[0]),
            Registration.from_abi(raw[1]),
        )


@dataclass(frozen=True, slots=True)
class Paused(Event):
    """`Paused(bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "0e2fb031ee032dc02d8011dc50b816eb450cf856abd8261680dac74f72165bd2"
    )
    paused: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bool",), data)
        return cls(raw[0])


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        AgreementSet,
        AuthorityUpdated,
        EIP712DomainChanged,
        Enrolled,
        EnrolmentSkipped,
        LimitsSet,
        LimitsSkipped,
        MarketCreated,
        Paused,
    )
}


class AgreesAtResult(NamedTuple):
    """What `agreesAt(bytes32, uint16, uint32)` returns."""

    agrees: bool
    until_slot: int


class Eip712DomainResult(NamedTuple):
    """What `eip712Domain()` returns."""

    fields: bytes
    name: str
    version: str
    chain_id: int
    verifying_contract: str
    salt: bytes
    extensions: tuple[int, ...]


class LimitsAtResult(NamedTuple):
    """What `limitsAt(bytes32, uint32, uint32)` returns."""

    buy_nano: int
    sell_nano: int


class MemberOfResult(NamedTuple):
    """What `memberOf(bytes32, uint32)` returns."""

    member: bool
    index_: int
    from_slot: int
    sequence: int


class Markets:
    """`Markets` at an address; a method that changes state returns a `Call`."""

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

    def agreement_sequence(
        self,
        market: bytes,
        supplier: int,
        *,
        block: int | str = "latest",
    ) -> int:
        """The last sequence number that a supplier has used in a market."""
        _data = bytes.fromhex("dfdda07d") + encode(
            ("bytes32", "uint16"),
            (sized(market, 32), supplier),
        )
        return self.agreement_sequence_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def agreement_sequence_result(raw: bytes) -> int:
        """Return what `agreement_sequence` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def agrees_at(
        self,
        market: bytes,
        supplier: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> AgreesAtResult:
        """Whether a supplier's customers may take part in a slot, and the first slot in which
        that changes.
        """
        _data = bytes.fromhex("2ad3f036") + encode(
            ("bytes32", "uint16", "uint32"),
            (sized(market, 32), supplier, slot),
        )
        return self.agrees_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def agrees_at_result(raw: bytes) -> AgreesAtResult:
        """Return what `agrees_at` answered, decoded."""
        _out = decode(("bool", "uint32"), raw)
        return AgreesAtResult(_out[0], _out[1])

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

    def create_market(self, params: MarketParams, registration: Registration) -> Call:
        """`createMarket(MarketParams, Registration)`"""
        _data = bytes.fromhex("d661eb2e") + encode(
            (
                "(uint32,uint32,uint8,uint32,int32,uint32,uint32,uint32,uint32,uint8,uint32,uint32,uint32,address,bool,int32,uint16,bytes32,bytes32,address[])",
                "(string,string,bytes32)",
            ),
            (params.to_abi(), registration.to_abi()),
        )
        return Call(self.address, _data, 0, "Markets.createMarket")

    @staticmethod
    def create_market_result(raw: bytes) -> bytes:
        """Return what `create_market` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
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

    def enrol(self, enrolments: Sequence[Enrolment]) -> Call:
        """`enrol(Enrolment[])`"""
        _data = bytes.fromhex("39396bb6") + encode(
            ("(bytes32,uint32,uint32,bytes)[]",),
            ([i.to_abi() for i in enrolments],),
        )
        return Call(self.address, _data, 0, "Markets.enrol")

    @staticmethod
    def enrol_result(raw: bytes) -> tuple[IMarketsRefusal, ...]:
        """Return what `enrol` answered, decoded."""
        _out = decode(("uint8[]",), raw)
        _value: tuple[IMarketsRefusal, ...] = tuple(IMarketsRefusal(i) for i in _out[0])
        return _value

    def hourly_limits(
        self,
        market: bytes,
        meter: int,
        version: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """A version of limits by hour: 24 pairs, buy in the low, sell in the high 32 bits."""
        _data = bytes.fromhex("50ff757a") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), meter, version),
        )
        return self.hourly_limits_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def hourly_limits_result(raw: bytes) -> tuple[int, ...]:
        """Return what `hourly_limits` answered, decoded."""
        _out = decode(("uint64[]",), raw)
        _value: tuple[int, ...] = _out[0]
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

    def limits_at(
        self,
        market: bytes,
        meter: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> LimitsAtResult:
        """Limits stated for `slot` (TARIFF where none were stated)."""
        _data = bytes.fromhex("91ee99d6") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), meter, slot),
        )
        return self.limits_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def limits_at_result(raw: bytes) -> LimitsAtResult:
        """Return what `limits_at` answered, decoded."""
        _out = decode(("int32", "int32"), raw)
        return LimitsAtResult(_out[0], _out[1])

    def market_params(self, market: bytes, *, block: int | str = "latest") -> MarketParams:
        """`marketParams(bytes32)`"""
        _data = bytes.fromhex("7fd065f9") + encode(
            ("bytes32",),
            (sized(market, 32),),
        )
        return self.market_params_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def market_params_result(raw: bytes) -> MarketParams:
        """Return what `market_params` answered, decoded."""
        _out = decode(
            (
                "(uint32,uint32,uint8,uint32,int32,uint32,uint32,uint32,uint32,uint8,uint32,uint32,uint32,address,bool,int32,uint16,bytes32,bytes32,address[])",
            ),
            raw,
        )
        _value: MarketParams = MarketParams.from_abi(_out[0])
        return _value

    def member_at(
        self,
        market: bytes,
        index: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> MemberTerms:
        """The member at a place of the dense index, as of `slot`."""
        _data = bytes.fromhex("9b8f9395") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), index, slot),
        )
        return self.member_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def member_at_result(raw: bytes) -> MemberTerms:
        """Return what `member_at` answered, decoded."""
        _out = decode(
            ("(uint32,uint32,bool,uint32,address,uint16,uint16,bool,int32,int32,uint64[])",),
            raw,
        )
        _value: MemberTerms = MemberTerms.from_abi(_out[0])
        return _value

    def member_by_meter(
        self,
        market: bytes,
        meter: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> MemberTerms:
        """The same by meter; reverts for a meter that is no member."""
        _data = bytes.fromhex("165585c8") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), meter, slot),
        )
        return self.member_by_meter_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def member_by_meter_result(raw: bytes) -> MemberTerms:
        """Return what `member_by_meter` answered, decoded."""
        _out = decode(
            ("(uint32,uint32,bool,uint32,address,uint16,uint16,bool,int32,int32,uint64[])",),
            raw,
        )
        _value: MemberTerms = MemberTerms.from_abi(_out[0])
        return _value

    def member_count(self, market: bytes, *, block: int | str = "latest") -> int:
        """`memberCount(bytes32)`"""
        _data = bytes.fromhex("34f0cde3") + encode(
            ("bytes32",),
            (sized(market, 32),),
        )
        return self.member_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def member_count_result(raw: bytes) -> int:
        """Return what `member_count` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def member_of(
        self,
        market: bytes,
        meter: int,
        *,
        block: int | str = "latest",
    ) -> MemberOfResult:
        """Place and first slot of a member; `member` is false for a meter that is not enrolled."""
        _data = bytes.fromhex("ed21aaea") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), meter),
        )
        return self.member_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def member_of_result(raw: bytes) -> MemberOfResult:
        """Return what `member_of` answered, decoded."""
        _out = decode(("bool", "uint32", "uint32", "uint32"), raw)
        return MemberOfResult(_out[0], _out[1], _out[2], _out[3])

    def meter_at(self, market: bytes, index: int, *, block: int | str = "latest") -> int:
        """`meterAt(bytes32, uint32)`"""
        _data = bytes.fromhex("fb32c117") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), index),
        )
        return self.meter_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def meter_at_result(raw: bytes) -> int:
        """Return what `meter_at` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
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

    def packed_member(
        self,
        market: bytes,
        meter: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, int]:
        """The same by meter; zero for a meter that is no member."""
        _data = bytes.fromhex("0510d6b8") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), meter, slot),
        )
        return self.packed_member_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def packed_member_result(raw: bytes) -> tuple[int, int]:
        """Return what `packed_member` answered, decoded."""
        _out = decode(("uint256", "uint256"), raw)
        return (_out[0], _out[1])

    def packed_members(
        self,
        market: bytes,
        first_index: int,
        count: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """Two words for each of `count` members from an index on, as of `slot`: a MemberWord and
        a StatedWord.
        """
        _data = bytes.fromhex("8747bfd5") + encode(
            ("bytes32", "uint32", "uint32", "uint32"),
            (sized(market, 32), first_index, count, slot),
        )
        return self.packed_members_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def packed_members_result(raw: bytes) -> tuple[int, ...]:
        """Return what `packed_members` answered, decoded."""
        _out = decode(("uint256[]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def paused(self, *, block: int | str = "latest") -> bool:
        """`paused()`"""
        _data = bytes.fromhex("5c975abb")
        return self.paused_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def paused_result(raw: bytes) -> bool:
        """Return what `paused` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
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

    def set_agreement(self, a: Agreement) -> Call:
        """Anybody, with the signature of the supplier's account, or that account itself. It
        agrees from any slot that has not begun, and leaves at the beginning of a UTC day,
        with a notice of 1,008 slots. What has not begun gives way to what is said later, if
        nobody can rely on it yet: to agree earlier, to stay, to leave another day.
        """
        _data = bytes.fromhex("ea757941") + encode(
            ("(bytes32,uint16,uint32,bool,uint32,bytes)",),
            (a.to_abi(),),
        )
        return Call(self.address, _data, 0, "Markets.setAgreement")

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "Markets.setAuthority")

    def set_limits(self, limits: Sequence[Limits]) -> Call:
        """`setLimits(Limits[])`"""
        _data = bytes.fromhex("9c8b0842") + encode(
            ("(bytes32,uint32,uint32,uint32,int32[],int32[],bytes)[]",),
            ([i.to_abi() for i in limits],),
        )
        return Call(self.address, _data, 0, "Markets.setLimits")

    @staticmethod
    def set_limits_result(raw: bytes) -> tuple[IMarketsRefusal, ...]:
        """Return what `set_limits` answered, decoded."""
        _out = decode(("uint8[]",), raw)
        _value: tuple[IMarketsRefusal, ...] = tuple(IMarketsRefusal(i) for i in _out[0])
        return _value

    def set_paused(self, paused: bool) -> Call:
        """`setPaused(bool)`"""
        _data = bytes.fromhex("16c38b3c") + encode(
            ("bool",),
            (paused,),
        )
        return Call(self.address, _data, 0, "Markets.setPaused")
