"""The contract Settlement, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.enums import Outcome, Refusal
from p2pchain.chain.bindings.structs import Enrolment, Limits, MarketParams, Reading, Result, Window


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
class ClearingStep(Event):
    """A step of clearing that did not reach the end."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "959b81e863f902dc47ff967770c6266ca2d8ea7f72643dfec908c894677b0ea5"
    )
    market: bytes
    window: int
    cursor: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


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
    reason: Refusal

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint8",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), Refusal(raw[0]))


@dataclass(frozen=True, slots=True)
class LateSettled(Event):
    """Readings that came after their window was cleared: settled with the supplier alone."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "82320a048f27c9a504f7dbaa935ecba82529f383d136181a6657049b6f685a3c"
    )
    market: bytes
    meter: int
    first_slot: int
    slots: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint16"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1])


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
    reason: Refusal

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint8"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], Refusal(raw[1]))


@dataclass(frozen=True, slots=True)
class Lowered(Event):
    """`Lowered(bytes32, uint32, uint32, uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "46bb4c43d6a4fb374f9120071cd3168a89fe41511688b55bc25fc970eeac3623"
    )
    market: bytes
    slot: int
    buy_meter: int
    sell_meter: int
    wh: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "uint32"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class MarketCreated(Event):
    """`MarketCreated(bytes32, uint32, MarketParams)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "24206a74b6b5d11dd899efd9317de59ba74bac1f510fe924b5a1a719af76f006"
    )
    market: bytes
    area: int
    params: MarketParams

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(
            (
                "(uint32,uint32,uint8,uint32,int32,uint32,uint32,uint32,uint32,uint32,uint32,address,bool,int32,address[])",
            ),
            data,
        )
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            MarketParams.from_abi(raw[0]),
        )


@dataclass(frozen=True, slots=True)
class MemberSettled(Event):
    """What a member's slots came to. `fills` are lane words (see LaneWord): filled volumes,
    first sides then second sides where a slot had both, only of windows in which something
    was filled.
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "e2e1e5bd69a7de9090b64d7b3e8c0a93d5b2f1942056dd04b1ecffb9a8642b60"
    )
    market: bytes
    meter: int
    first_window: int
    windows: int
    fills: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "uint256[]"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1], raw[2])


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


@dataclass(frozen=True, slots=True)
class StageFinished(Event):
    """`StageFinished(bytes32, uint32, uint8)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "4b1f6491f7ceaf2c8b8e917eecba58c209b181fe8a4d8a020cd3be078122f492"
    )
    market: bytes
    window: int
    stage: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint8",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class WindowCleared(Event):
    """The eight results of a window, packed (see ResultWord), before any settlement."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "20771af338db7f564505675955d2a2607c3831f994442a8cf715922edd780937"
    )
    market: bytes
    window: int
    members: int
    results: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint256[8]"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class WindowVoided(Event):
    """`WindowVoided(bytes32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a26ad86c90a643439da2be258f4295ad39faf4fc89b6aa50f0fbbb4cb3fb7ccb"
    )
    market: bytes
    window: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]))


@dataclass(frozen=True, slots=True)
class WindowsSettled(Event):
    """`WindowsSettled(bytes32, uint32, uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "469b7e4e6b1de8d6c5777ae4827e4408c85b6b4d1a4526c2560192b2d72e7a74"
    )
    market: bytes
    first_window: int
    windows: int
    cursor: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "uint32"), data)
        return cls(topic("bytes32", topics[1]), raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class Withheld(Event):
    """Energy that is not offered for want of money, or because its limit lies outside the
    market's ticks.
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "49f627d0f879b180903c2e19615c52cdaef60ed93d4bcef4188c1b0401ddef4d"
    )
    market: bytes
    meter: int
    slot: int
    buy_wh: int
    sell_wh: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            topic("uint32", topics[3]),
            raw[0],
            raw[1],
        )


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        AuthorityUpdated,
        ClearingStep,
        EIP712DomainChanged,
        Enrolled,
        EnrolmentSkipped,
        LateSettled,
        LimitsSet,
        LimitsSkipped,
        Lowered,
        MarketCreated,
        MemberSettled,
        Paused,
        StageFinished,
        WindowCleared,
        WindowVoided,
        WindowsSettled,
        Withheld,
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


class ReferenceAtResult(NamedTuple):
    """What `referenceAt(bytes32, uint32)` returns."""

    retail_nano: int
    feed_in_nano: int
    price_nano: int
    defined: bool


class Settlement:
    """`Settlement` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(
        access_manager: str,
        registry: str,
        tariffs: str,
        ledger: str,
        metering: str,
    ) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "address", "address", "address", "address"),
            (access_manager, registry, tariffs, ledger, metering),
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

    def clear(self, market: bytes, first_window: int, windows: int, max_members: int) -> Call:
        """Clears windows in order; stops after `maxMembers` member-windows and goes on at the
        next call.
        """
        _data = bytes.fromhex("93934692") + encode(
            ("bytes32", "uint32", "uint32", "uint32"),
            (sized(market, 32), first_window, windows, max_members),
        )
        return Call(self.address, _data, 0, "Settlement.clear")

    def clear_and_settle(self, market: bytes, first_window: int, windows: int) -> Call:
        """`clear` and `settle` in one call: the same code, cheaper because storage is warm."""
        _data = bytes.fromhex("eb59e6bd") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), first_window, windows),
        )
        return Call(self.address, _data, 0, "Settlement.clearAndSettle")

    def create_market(self, params: MarketParams) -> Call:
        """`createMarket(MarketParams)`"""
        _data = bytes.fromhex("10bca3ba") + encode(
            (
                "(uint32,uint32,uint8,uint32,int32,uint32,uint32,uint32,uint32,uint32,uint32,address,bool,int32,address[])",
            ),
            (params.to_abi(),),
        )
        return Call(self.address, _data, 0, "Settlement.createMarket")

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
        return Call(self.address, _data, 0, "Settlement.enrol")

    @staticmethod
    def enrol_result(raw: bytes) -> tuple[Refusal, ...]:
        """Return what `enrol` answered, decoded."""
        _out = decode(("uint8[]",), raw)
        _value: tuple[Refusal, ...] = tuple(Refusal(i) for i in _out[0])
        return _value

    def finish_stage(self, market: bytes, window: int) -> Call:
        """The running stage is done with a window; anybody may say so after its time has passed."""
        _data = bytes.fromhex("001d75e6") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), window),
        )
        return Call(self.address, _data, 0, "Settlement.finishStage")

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

    def lanes_of(
        self,
        market: bytes,
        meter: int,
        window: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """Posted volumes of a member: lane words of the five layers (see LaneWord), zero where
        nothing is kept.
        """
        _data = bytes.fromhex("699c105c") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), meter, window),
        )
        return self.lanes_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def lanes_of_result(raw: bytes) -> tuple[int, ...]:
        """Return what `lanes_of` answered, decoded."""
        _out = decode(("uint256[5]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def ledger(self, *, block: int | str = "latest") -> str:
        """`ledger()`"""
        _data = bytes.fromhex("56397c35")
        return self.ledger_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def ledger_result(raw: bytes) -> str:
        """Return what `ledger` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
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

    def lower(self, market: bytes, slot: int, buy_meter: int, sell_meter: int, wh: int) -> Call:
        """A stage lowers one posted buy and one posted sell by the same Wh and posts the pair."""
        _data = bytes.fromhex("33ca4e87") + encode(
            ("bytes32", "uint32", "uint32", "uint32", "uint32"),
            (sized(market, 32), slot, buy_meter, sell_meter, wh),
        )
        return Call(self.address, _data, 0, "Settlement.lower")

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
                "(uint32,uint32,uint8,uint32,int32,uint32,uint32,uint32,uint32,uint32,uint32,address,bool,int32,address[])",
            ),
            raw,
        )
        _value: MarketParams = MarketParams.from_abi(_out[0])
        return _value

    def member_at(self, market: bytes, index: int, *, block: int | str = "latest") -> int:
        """`memberAt(bytes32, uint32)`"""
        _data = bytes.fromhex("9e0e78c2") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), index),
        )
        return self.member_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def member_at_result(raw: bytes) -> int:
        """Return what `member_at` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
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

    def post_readings(self, market: bytes, readings: Sequence[Reading]) -> Call:
        """Posts signed readings of members of one market: readings to `Metering`, volumes to the
        auction.
        """
        _data = bytes.fromhex("fef1b122") + encode(
            ("bytes32", "(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[]"),
            (sized(market, 32), [i.to_abi() for i in readings]),
        )
        return Call(self.address, _data, 0, "Settlement.postReadings")

    @staticmethod
    def post_readings_result(raw: bytes) -> tuple[Outcome, ...]:
        """Return what `post_readings` answered, decoded."""
        _out = decode(("uint8[]",), raw)
        _value: tuple[Outcome, ...] = tuple(Outcome(i) for i in _out[0])
        return _value

    def reference_at(
        self,
        market: bytes,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> ReferenceAtResult:
        """Lowest retail energy price and highest feed-in price of the members' tariffs in
        `slot`, and p of the reference rule; `defined` is false where r <= f and the market
        states no price, or no member is there.
        """
        _data = bytes.fromhex("d60a8eaf") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), slot),
        )
        return self.reference_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def reference_at_result(raw: bytes) -> ReferenceAtResult:
        """Return what `reference_at` answered, decoded."""
        _out = decode(("int32", "int32", "int32", "bool"), raw)
        return ReferenceAtResult(_out[0], _out[1], _out[2], _out[3])

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

    def result_of(self, market: bytes, slot: int, *, block: int | str = "latest") -> Result:
        """`resultOf(bytes32, uint32)`"""
        _data = bytes.fromhex("b2524d34") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), slot),
        )
        return self.result_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def result_of_result(raw: bytes) -> Result:
        """Return what `result_of` answered, decoded."""
        _out = decode(("(bool,int32,uint48,uint8,uint8,bool,uint48,uint48,uint48)",), raw)
        _value: Result = Result.from_abi(_out[0])
        return _value

    def ring(self, *, block: int | str = "latest") -> int:
        """Windows that can be under way at a time."""
        _data = bytes.fromhex("ff37656e")
        return self.ring_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def ring_result(raw: bytes) -> int:
        """Return what `ring` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "Settlement.setAuthority")

    def set_limits(self, limits: Sequence[Limits]) -> Call:
        """`setLimits(Limits[])`"""
        _data = bytes.fromhex("9c8b0842") + encode(
            ("(bytes32,uint32,uint32,uint32,int32[],int32[],bytes)[]",),
            ([i.to_abi() for i in limits],),
        )
        return Call(self.address, _data, 0, "Settlement.setLimits")

    @staticmethod
    def set_limits_result(raw: bytes) -> tuple[Refusal, ...]:
        """Return what `set_limits` answered, decoded."""
        _out = decode(("uint8[]",), raw)
        _value: tuple[Refusal, ...] = tuple(Refusal(i) for i in _out[0])
        return _value

    def set_paused(self, paused: bool) -> Call:
        """`setPaused(bool)`"""
        _data = bytes.fromhex("16c38b3c") + encode(
            ("bool",),
            (paused,),
        )
        return Call(self.address, _data, 0, "Settlement.setPaused")

    def settle(self, market: bytes, first_window: int, windows: int, max_members: int) -> Call:
        """Settles up to `maxMembers` members, in the order of their index, over the given
        cleared windows.
        """
        _data = bytes.fromhex("9b8d9ba4") + encode(
            ("bytes32", "uint32", "uint32", "uint32"),
            (sized(market, 32), first_window, windows, max_members),
        )
        return Call(self.address, _data, 0, "Settlement.settle")

    def tariffs(self, *, block: int | str = "latest") -> str:
        """`tariffs()`"""
        _data = bytes.fromhex("79073d58")
        return self.tariffs_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def tariffs_result(raw: bytes) -> str:
        """Return what `tariffs` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def void_window(self, market: bytes, window: int) -> Call:
        """Gives up a window that nobody cleared in time: no trade; `settle` then releases and
        bills.
        """
        _data = bytes.fromhex("7c0a2444") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), window),
        )
        return Call(self.address, _data, 0, "Settlement.voidWindow")

    def window_state(self, market: bytes, window: int, *, block: int | str = "latest") -> Window:
        """`windowState(bytes32, uint32)`"""
        _data = bytes.fromhex("30709933") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), window),
        )
        return self.window_state_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def window_state_result(raw: bytes) -> Window:
        """Return what `window_state` answered, decoded."""
        _out = decode(("(uint32,uint8,uint8,bool,uint32,uint32)",), raw)
        _value: Window = Window.from_abi(_out[0])
        return _value
