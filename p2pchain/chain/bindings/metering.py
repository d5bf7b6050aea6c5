"""The contract Metering, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, topic
from p2pchain.chain.bindings.enums import Outcome, Quality
from p2pchain.chain.bindings.structs import Correction, Exchange, Gap, Head, Origin, Reading


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
class Bound(Event):
    """`Bound(address, address, address)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "35a0a19507d72e756a50d0e49e3ae250717470dec0773b67a739bbe2b23031ce"
    )
    settlement: str
    markets: str
    points: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address", "address", "address"), data)
        return cls(checksum(raw[0]), checksum(raw[1]), checksum(raw[2]))


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
class GapOpened(Event):
    """`GapOpened(uint32, uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "0bdf5651b3f69ab1093144bd1ee5046be41fd3c068334874eed1d248334a3746"
    )
    meter: int
    from_slot: int
    until_slot: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class MeterEnrolled(Event):
    """`MeterEnrolled(uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "97271797aa4b60624f1d1df1d54c8bea22962d3bae106ef868a1123bde993143"
    )
    meter: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("uint32", topics[1]))


@dataclass(frozen=True, slots=True)
class MeterExchanged(Event):
    """`MeterExchanged(uint32, uint32, uint64, uint64, uint64, uint64, bytes, bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "2a17db8e6e08e72241eb8c67c0e399067c4ba17338f8b1e58146948389d5a33e"
    )
    meter: int
    slot: int
    closing_import_wh: int
    closing_export_wh: int
    opening_import_wh: int
    opening_export_wh: int
    closing_signature: bytes
    opening_signature: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint64", "uint64", "uint64", "uint64", "bytes", "bytes"), data)
        return cls(
            topic("uint32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            raw[1],
            raw[2],
            raw[3],
            raw[4],
            raw[5],
        )


@dataclass(frozen=True, slots=True)
class MeterKeptOut(Event):
    """`MeterKeptOut(uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "b5c0d70efc72714aec7c046c4fcda97cce83135172dd9f34d0070d430a9b0d02"
    )
    meter: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("uint32", topics[1]))


@dataclass(frozen=True, slots=True)
class ReadingCorrected(Event):
    """`ReadingCorrected(uint32, uint32, uint16, uint32, uint256[], bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "397f0fce374fb367efdcc6407c9bcff24612456c9d691f21a7b25a9884ad1006"
    )
    meter: int
    first_slot: int
    slots: int
    number: int
    intervals: tuple[int, ...]
    signature: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint16", "uint32", "uint256[]", "bytes"), data)
        return cls(
            topic("uint32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            raw[1],
            raw[2],
            raw[3],
        )


@dataclass(frozen=True, slots=True)
class ReadingPosted(Event):
    """`ReadingPosted(uint32, uint32, uint16, Quality, uint64, uint64, uint256[], bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "3405d9b08ea3590d7f55fce3821d0fd0351087e6de90dd0bd9230619de74cecb"
    )
    meter: int
    first_slot: int
    slots: int
    quality: Quality
    import_wh: int
    export_wh: int
    intervals: tuple[int, ...]
    signature: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint16", "uint8", "uint64", "uint64", "uint256[]", "bytes"), data)
        return cls(
            topic("uint32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            Quality(raw[1]),
            raw[2],
            raw[3],
            raw[4],
            raw[5],
        )


@dataclass(frozen=True, slots=True)
class ReadingSkipped(Event):
    """`ReadingSkipped(uint32, uint32, Outcome)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "ad1a8c4ba075b0e2c73190dd268c0ee8154aeca2a83cf2db7786842e6107fa0c"
    )
    meter: int
    first_slot: int
    reason: Outcome

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint8",), data)
        return cls(topic("uint32", topics[1]), topic("uint32", topics[2]), Outcome(raw[0]))


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        AuthorityUpdated,
        Bound,
        EIP712DomainChanged,
        GapOpened,
        MeterEnrolled,
        MeterExchanged,
        MeterKeptOut,
        ReadingCorrected,
        ReadingPosted,
        ReadingSkipped,
    )
}


class CorrectedWhResult(NamedTuple):
    """What `correctedWh(uint32)` returns."""

    import_wh: int
    export_wh: int


class Eip712DomainResult(NamedTuple):
    """What `eip712Domain()` returns."""

    fields: bytes
    name: str
    version: str
    chain_id: int
    verifying_contract: str
    salt: bytes
    extensions: tuple[int, ...]


class Metering:
    """`Metering` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(access_manager: str, registry: str) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "address"),
            (access_manager, registry),
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

    def bind(self, settlement: str, markets: str, points: str) -> Call:
        """Names the contracts that hand over members' readings, enrol meters and keep some out;
        once, at deployment.
        """
        _data = bytes.fromhex("232ba8bf") + encode(
            ("address", "address", "address"),
            (settlement, markets, points),
        )
        return Call(self.address, _data, 0, "Metering.bind")

    def correct(self, correction: Correction, records: Sequence[Reading]) -> Call:
        """Corrects a meter that is in no market. Meter operator only."""
        _data = bytes.fromhex("ef7eeb07") + encode(
            (
                "(uint32,uint32,uint16,uint32,uint256[],bytes)",
                "(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[]",
            ),
            (correction.to_abi(), [i.to_abi() for i in records]),
        )
        return Call(self.address, _data, 0, "Metering.correct")

    def correct_for(self, correction: Correction, records: Sequence[Reading], caller: str) -> Call:
        """The same for a member of a market. Settlement only, for a `caller` who may call
        `correct`.
        """
        _data = bytes.fromhex("b8ccb1a3") + encode(
            (
                "(uint32,uint32,uint16,uint32,uint256[],bytes)",
                "(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[]",
                "address",
            ),
            (correction.to_abi(), [i.to_abi() for i in records], caller),
        )
        return Call(self.address, _data, 0, "Metering.correctFor")

    @staticmethod
    def correct_for_result(raw: bytes) -> tuple[int, ...]:
        """Return what `correct_for` answered, decoded."""
        _out = decode(("uint256[]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def corrected_wh(self, meter: int, *, block: int | str = "latest") -> CorrectedWhResult:
        """What corrections have added to the energy of a meter: intervals add up to the
        difference of registers and this.
        """
        _data = bytes.fromhex("db2ab2b5") + encode(
            ("uint32",),
            (meter,),
        )
        return self.corrected_wh_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def corrected_wh_result(raw: bytes) -> CorrectedWhResult:
        """Return what `corrected_wh` answered, decoded."""
        _out = decode(("int128", "int128"), raw)
        return CorrectedWhResult(_out[0], _out[1])

    def correction_digest(self, c: Correction, *, block: int | str = "latest") -> bytes:
        """`correctionDigest(Correction)`"""
        _data = bytes.fromhex("a20f0b19") + encode(
            ("(uint32,uint32,uint16,uint32,uint256[],bytes)",),
            (c.to_abi(),),
        )
        return self.correction_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def correction_digest_result(raw: bytes) -> bytes:
        """Return what `correction_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def day_hash(self, meter: int, day: int, *, block: int | str = "latest") -> bytes:
        """Chained hash of the readings and corrections of a UTC day (unix days), zero when there
        are none or it has expired.
        """
        _data = bytes.fromhex("dbb08169") + encode(
            ("uint32", "uint32"),
            (meter, day),
        )
        return self.day_hash_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def day_hash_result(raw: bytes) -> bytes:
        """Return what `day_hash` answered, decoded."""
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

    def enrol(self, meter: int) -> Call:
        """Marks a meter as read through Settlement. Markets only."""
        _data = bytes.fromhex("0c162141") + encode(
            ("uint32",),
            (meter,),
        )
        return Call(self.address, _data, 0, "Metering.enrol")

    def exchange_digest(
        self,
        exchange: Exchange,
        opening: bool,
        *,
        block: int | str = "latest",
    ) -> bytes:
        """`exchangeDigest(Exchange, bool)`"""
        _data = bytes.fromhex("35f33cb4") + encode(
            ("(uint32,uint32,uint64,uint64,uint64,uint64,bytes,bytes)", "bool"),
            (exchange.to_abi(), opening),
        )
        return self.exchange_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def exchange_digest_result(raw: bytes) -> bytes:
        """Return what `exchange_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def exchange_meter(self, e: Exchange) -> Call:
        """`exchangeMeter(Exchange)`"""
        _data = bytes.fromhex("7a861437") + encode(
            ("(uint32,uint32,uint64,uint64,uint64,uint64,bytes,bytes)",),
            (e.to_abi(),),
        )
        return Call(self.address, _data, 0, "Metering.exchangeMeter")

    def gaps_of(self, meter: int, *, block: int | str = "latest") -> tuple[Gap, ...]:
        """`gapsOf(uint32)`"""
        _data = bytes.fromhex("b48c9caa") + encode(
            ("uint32",),
            (meter,),
        )
        return self.gaps_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def gaps_of_result(raw: bytes) -> tuple[Gap, ...]:
        """Return what `gaps_of` answered, decoded."""
        _out = decode(("(uint32,uint32,uint64,uint64,uint64,uint64)[]",), raw)
        _value: tuple[Gap, ...] = tuple(Gap.from_abi(i) for i in _out[0])
        return _value

    def hash_days(self, *, block: int | str = "latest") -> int:
        """For how many days the hash of a day's readings is kept; older evidence lies in the
        log.
        """
        _data = bytes.fromhex("1bc3a7a0")
        return self.hash_days_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def hash_days_result(raw: bytes) -> int:
        """Return what `hash_days` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def head_of(self, meter: int, *, block: int | str = "latest") -> Head:
        """`headOf(uint32)`"""
        _data = bytes.fromhex("8a0ad7b6") + encode(
            ("uint32",),
            (meter,),
        )
        return self.head_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def head_of_result(raw: bytes) -> Head:
        """Return what `head_of` answered, decoded."""
        _out = decode(("(uint32,uint64,uint64,uint8,bool,bool)",), raw)
        _value: Head = Head.from_abi(_out[0])
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

    def keep_out(self, meter: int) -> Call:
        """Marks a meter as one that no market takes. Points only."""
        _data = bytes.fromhex("523f3ab4") + encode(
            ("uint32",),
            (meter,),
        )
        return Call(self.address, _data, 0, "Metering.keepOut")

    def markets(self, *, block: int | str = "latest") -> str:
        """`markets()`"""
        _data = bytes.fromhex("3ac2a032")
        return self.markets_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def markets_result(raw: bytes) -> str:
        """Return what `markets` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def max_gaps(self, *, block: int | str = "latest") -> int:
        """The most gaps that a meter may have open at a time."""
        _data = bytes.fromhex("033b9adb")
        return self.max_gaps_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def max_gaps_result(raw: bytes) -> int:
        """Return what `max_gaps` answered, decoded."""
        _out = decode(("uint8",), raw)
        _value: int = _out[0]
        return _value

    def origin_of(self, meter: int, *, block: int | str = "latest") -> Origin:
        """Where the readings of a meter begin; earlier ones can still join on that side."""
        _data = bytes.fromhex("f8538ba3") + encode(
            ("uint32",),
            (meter,),
        )
        return self.origin_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def origin_of_result(raw: bytes) -> Origin:
        """Return what `origin_of` answered, decoded."""
        _out = decode(("(uint32,uint64,uint64)",), raw)
        _value: Origin = Origin.from_abi(_out[0])
        return _value

    def points(self, *, block: int | str = "latest") -> str:
        """`points()`"""
        _data = bytes.fromhex("1be6dd64")
        return self.points_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def points_result(raw: bytes) -> str:
        """Return what `points` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def post(self, readings: Sequence[Reading]) -> Call:
        """Posts readings of meters that are in no market."""
        _data = bytes.fromhex("a1b2a456") + encode(
            ("(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[]",),
            ([i.to_abi() for i in readings],),
        )
        return Call(self.address, _data, 0, "Metering.post")

    @staticmethod
    def post_result(raw: bytes) -> tuple[Outcome, ...]:
        """Return what `post` answered, decoded."""
        _out = decode(("uint8[]",), raw)
        _value: tuple[Outcome, ...] = tuple(Outcome(i) for i in _out[0])
        return _value

    def post_for(
        self,
        readings: Sequence[Reading],
        submitter: str,
        refused: Sequence[Outcome],
    ) -> Call:
        """The same for the members of markets. Settlement only."""
        _data = bytes.fromhex("518f2554") + encode(
            ("(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[]", "address", "uint8[]"),
            ([i.to_abi() for i in readings], submitter, refused),
        )
        return Call(self.address, _data, 0, "Metering.postFor")

    @staticmethod
    def post_for_result(raw: bytes) -> tuple[Outcome, ...]:
        """Return what `post_for` answered, decoded."""
        _out = decode(("uint8[]",), raw)
        _value: tuple[Outcome, ...] = tuple(Outcome(i) for i in _out[0])
        return _value

    def reading_digest(self, reading: Reading, *, block: int | str = "latest") -> bytes:
        """The EIP-712 digest that a meter signs."""
        _data = bytes.fromhex("09407ffc") + encode(
            ("(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)",),
            (reading.to_abi(),),
        )
        return self.reading_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def reading_digest_result(raw: bytes) -> bytes:
        """Return what `reading_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
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

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "Metering.setAuthority")

    def settlement(self, *, block: int | str = "latest") -> str:
        """`settlement()`"""
        _data = bytes.fromhex("51160630")
        return self.settlement_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def settlement_result(raw: bytes) -> str:
        """Return what `settlement` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value
