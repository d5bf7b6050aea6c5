"""The contract Settlement, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.enums import EstimateRule, Outcome
from p2pchain.chain.bindings.structs import (
    Added,
    Correction,
    DayTally,
    ISettlementResult,
    ISettlementWindow,
    Reading,
    SettledEvidence,
)


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
class CorrectionSettled(Event):
    """The difference that a correction has made, from the supplier (positive) or to it."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "fef5e6d4d5e9a08a0ce27e734e7973e60a53ca23fdca86a34a471d7d4aa718ba"
    )
    market: bytes
    meter: int
    first_slot: int
    slots: int
    number: int
    run: int
    supplier_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint16", "uint32", "uint8", "int256"), data)
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
class EstimateSettled(Event):
    """Missing readings were estimated and settled with the supplier alone, until they come."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "574c482358592cba45aa742c22e8960e9380bbafaee354c3c78810e672a26186"
    )
    market: bytes
    meter: int
    first_slot: int
    slots: int
    rule: EstimateRule
    intervals: tuple[int, ...]
    run: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint16", "uint8", "uint256[]", "uint8"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            raw[1],
            EstimateRule(raw[2]),
            raw[3],
            raw[4],
        )


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
class LevelsPassedOver(Event):
    """The level above was not cleared in time: the results of the market's own auction stand."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "5b48241a938f4426bae3568d7244b94e16540bec4ad905f6fa05aa2dc9906d26"
    )
    market: bytes
    window: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]))


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
class Offered(Event):
    """What a record has offered in whole windows: lane words (see LaneWord), of which the
    contract keeps a hash. Who clears or settles hands them in again, see `offersHash`.
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "57821a235250898411bc5e35e85458fc57a37d21d95bedf520aa2a05127f7677"
    )
    market: bytes
    index: int
    words: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint256[]"), data)
        return cls(topic("bytes32", topics[1]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class SellsCleared(Event):
    """The results of the sells, where some slot has one of its own for them (both sides were
    limited).
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a9cd57cabcf0d37e0d74eb0cb6833e9f7aee91a64ad62514ccaafb3b631ba2b4"
    )
    market: bytes
    window: int
    sells: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256[8]",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


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
class Tallied(Event):
    """Import less export of all members in a UTC day, and that of the boundary meter."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "de15caadd5c4d88a316a48dc5cb46e9cc367abe287e1e8fb5a2a5fe1cede513c"
    )
    market: bytes
    day: int
    members_wh: int
    boundary_wh: int
    disputed: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("int256", "int256", "bool"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class TallyStep(Event):
    """A step of adding up that did not reach the last member."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "8fd5d98b8ee89dd2b0680d4d07f9d4fc876ee9ad28a87fb5cc414f26a72a6ad3"
    )
    market: bytes
    day: int
    cursor: int
    members_wh: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "int256"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class WindowAdopted(Event):
    """The results over all levels; of slots whose buys and sells have a result each, those of
    the sells too.
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "14c0611fd6a886a8bf7b528357ab1cb881c5b11ab5c3c0b1837d1ddfc6d4256e"
    )
    market: bytes
    window: int
    results: tuple[int, ...]
    sells: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256[8]", "uint256[8]"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1])


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
        ClearingStep,
        CorrectionSettled,
        EstimateSettled,
        LateSettled,
        LevelsPassedOver,
        Lowered,
        MemberSettled,
        Offered,
        SellsCleared,
        StageFinished,
        Tallied,
        TallyStep,
        WindowAdopted,
        WindowCleared,
        WindowVoided,
        WindowsSettled,
        Withheld,
    )
}


class AdoptResult(NamedTuple):
    """What `adopt(bytes32, uint32, Added)` returns."""

    owed_nano: int
    rounding_nano: int
    fee_account: str


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
        registry: str,
        tariffs: str,
        ledger: str,
        metering: str,
        markets: str,
        forward: str,
        levels: str,
    ) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "address", "address", "address", "address", "address", "address"),
            (registry, tariffs, ledger, metering, markets, forward, levels),
        )

    def adopt(self, market: bytes, window: int, added: Added) -> Call:
        """Adds what the levels above have filled to the results of a window that awaits it.
        Levels only.
        """
        _data = bytes.fromhex("3669d53d") + encode(
            ("bytes32", "uint32", "(uint256[4],uint256[4],uint256[4],uint256[4],uint256,uint256)"),
            (sized(market, 32), window, added.to_abi()),
        )
        return Call(self.address, _data, 0, "Settlement.adopt")

    @staticmethod
    def adopt_result(raw: bytes) -> AdoptResult:
        """Return what `adopt` answered, decoded."""
        _out = decode(("int256", "uint256", "address"), raw)
        return AdoptResult(_out[0], _out[1], checksum(_out[2]))

    def clear(
        self,
        market: bytes,
        first_window: int,
        windows: int,
        max_members: int,
        offers: Sequence[Sequence[int]],
    ) -> Call:
        """Clears windows in order; stops after `maxMembers` member-windows and goes on at the
        next call.
        """
        _data = bytes.fromhex("af75de41") + encode(
            ("bytes32", "uint32", "uint32", "uint32", "uint256[][]"),
            (sized(market, 32), first_window, windows, max_members, offers),
        )
        return Call(self.address, _data, 0, "Settlement.clear")

    def clear_and_settle(
        self,
        market: bytes,
        first_window: int,
        windows: int,
        max_members: int,
        offers: Sequence[Sequence[int]],
    ) -> Call:
        """`clear` of whole windows, then `settle` up to `maxMembers` members: the same code in
        one call, cheaper because storage is warm.
        """
        _data = bytes.fromhex("9a3afd80") + encode(
            ("bytes32", "uint32", "uint32", "uint32", "uint256[][]"),
            (sized(market, 32), first_window, windows, max_members, offers),
        )
        return Call(self.address, _data, 0, "Settlement.clearAndSettle")

    def correct(
        self,
        market: bytes,
        correction: Correction,
        records: Sequence[Reading],
        evidence: SettledEvidence,
    ) -> Call:
        """Corrects readings of a member that have been settled, and settles the difference.
        Meter operator only.
        """
        _data = bytes.fromhex("2d0c8779") + encode(
            (
                "bytes32",
                "(uint32,uint32,uint16,uint32,uint256[],bytes)",
                "(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[]",
                "(uint32,uint32,uint32,uint256[],uint256[],uint256[],bytes32[])",
            ),
            (
                sized(market, 32),
                correction.to_abi(),
                [i.to_abi() for i in records],
                evidence.to_abi(),
            ),
        )
        return Call(self.address, _data, 0, "Settlement.correct")

    def estimate(
        self,
        market: bytes,
        meter: int,
        first_slot: int,
        slots: int,
        records: Sequence[Reading],
    ) -> Call:
        """Estimates readings of a member that are missing after its windows were settled, and
        settles them.
        """
        _data = bytes.fromhex("bea2f64a") + encode(
            (
                "bytes32",
                "uint32",
                "uint32",
                "uint16",
                "(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[]",
            ),
            (sized(market, 32), meter, first_slot, slots, [i.to_abi() for i in records]),
        )
        return Call(self.address, _data, 0, "Settlement.estimate")

    def estimate_of(
        self,
        market: bytes,
        meter: int,
        window: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """What was estimated in a window: import lanes with the mask of the slots (bits
        224..231), export lanes.
        """
        _data = bytes.fromhex("7e51626d") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), meter, window),
        )
        return self.estimate_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def estimate_of_result(raw: bytes) -> tuple[int, ...]:
        """Return what `estimate_of` answered, decoded."""
        _out = decode(("uint256[2]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def final_at(self, market: bytes, window: int, *, block: int | str = "latest") -> int:
        """When a window becomes final, unix time; later while its day is in dispute."""
        _data = bytes.fromhex("169d26c9") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), window),
        )
        return self.final_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def final_at_result(raw: bytes) -> int:
        """Return what `final_at` answered, decoded."""
        _out = decode(("uint64",), raw)
        _value: int = _out[0]
        return _value

    def finish_stage(self, market: bytes, window: int) -> Call:
        """The running stage is done with a window; anybody may say so after its time has passed."""
        _data = bytes.fromhex("001d75e6") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), window),
        )
        return Call(self.address, _data, 0, "Settlement.finishStage")

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

    def lanes_of(
        self,
        market: bytes,
        meter: int,
        window: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """Posted volumes of a member that are not among the offers: lane words of the five
        layers (see LaneWord), zero where nothing is kept.
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

    def levels(self, *, block: int | str = "latest") -> str:
        """`levels()`"""
        _data = bytes.fromhex("4ecf518b")
        return self.levels_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def levels_result(raw: bytes) -> str:
        """Return what `levels` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def lower(self, market: bytes, slot: int, buy_meter: int, sell_meter: int, wh: int) -> Call:
        """A stage lowers one posted buy and one posted sell by the same Wh and posts the pair."""
        _data = bytes.fromhex("33ca4e87") + encode(
            ("bytes32", "uint32", "uint32", "uint32", "uint32"),
            (sized(market, 32), slot, buy_meter, sell_meter, wh),
        )
        return Call(self.address, _data, 0, "Settlement.lower")

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

    def offers_hash(self, market: bytes, window: int, *, block: int | str = "latest") -> bytes:
        """The hash over all offers of a window in the order of their events (`Offered`), each
        with the one before: keccak256(hash before, offer), the first with zero. An offer is
        the member's index and one in the upper 32 bits and the eight lanes of the event's
        word below them.
        """
        _data = bytes.fromhex("f98d309e") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), window),
        )
        return self.offers_hash_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def offers_hash_result(raw: bytes) -> bytes:
        """Return what `offers_hash` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def pass_over(self, market: bytes, window: int) -> Call:
        """Goes on without the levels above, where they were not cleared in time."""
        _data = bytes.fromhex("94168d0c") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), window),
        )
        return Call(self.address, _data, 0, "Settlement.passOver")

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
        `slot`, and p of the reference rule (in an island with a retail price less the buyer's
        fee, see `References.lower`); `defined` is false where r <= f and the market states no
        price, or no member is there.
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

    def result_of(
        self,
        market: bytes,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> ISettlementResult:
        """Outcome of a slot; where buys and sells have one each, that of the buys."""
        _data = bytes.fromhex("b2524d34") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), slot),
        )
        return self.result_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def result_of_result(raw: bytes) -> ISettlementResult:
        """Return what `result_of` answered, decoded."""
        _out = decode(("(bool,int32,uint48,uint8,uint8,bool,uint48,uint48,uint48,bool)",), raw)
        _value: ISettlementResult = ISettlementResult.from_abi(_out[0])
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

    def root_of(
        self,
        market: bytes,
        first_window: int,
        from_index: int,
        *,
        block: int | str = "latest",
    ) -> bytes:
        """The word that a call of `settle` has left for these windows and members; zero where
        there was none.
        """
        _data = bytes.fromhex("721d9065") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), first_window, from_index),
        )
        return self.root_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def root_of_result(raw: bytes) -> bytes:
        """Return what `root_of` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def sell_result_of(
        self,
        market: bytes,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> ISettlementResult:
        """The same of the sells."""
        _data = bytes.fromhex("62add490") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), slot),
        )
        return self.sell_result_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def sell_result_of_result(raw: bytes) -> ISettlementResult:
        """Return what `sell_result_of` answered, decoded."""
        _out = decode(("(bool,int32,uint48,uint8,uint8,bool,uint48,uint48,uint48,bool)",), raw)
        _value: ISettlementResult = ISettlementResult.from_abi(_out[0])
        return _value

    def settle(
        self,
        market: bytes,
        first_window: int,
        windows: int,
        max_members: int,
        offers: Sequence[Sequence[int]],
    ) -> Call:
        """Settles up to `maxMembers` members, in the order of their index, over the given
        cleared windows.
        """
        _data = bytes.fromhex("5856e900") + encode(
            ("bytes32", "uint32", "uint32", "uint32", "uint256[][]"),
            (sized(market, 32), first_window, windows, max_members, offers),
        )
        return Call(self.address, _data, 0, "Settlement.settle")

    def tally(
        self,
        market: bytes,
        day: int,
        from_index: int,
        records: Sequence[Sequence[Reading]],
        boundary_records: Sequence[Reading],
    ) -> Call:
        """Adds up what members have measured in a UTC day, from an index on; after the last one,
        compares it with the boundary meter of the area.
        """
        _data = bytes.fromhex("8b7ecfeb") + encode(
            (
                "bytes32",
                "uint32",
                "uint32",
                "(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[][]",
                "(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[]",
            ),
            (
                sized(market, 32),
                day,
                from_index,
                [[j.to_abi() for j in i] for i in records],
                [i.to_abi() for i in boundary_records],
            ),
        )
        return Call(self.address, _data, 0, "Settlement.tally")

    def tally_of(self, market: bytes, day: int, *, block: int | str = "latest") -> DayTally:
        """`tallyOf(bytes32, uint32)`"""
        _data = bytes.fromhex("fb4b0f17") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), day),
        )
        return self.tally_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def tally_of_result(raw: bytes) -> DayTally:
        """Return what `tally_of` answered, decoded."""
        _out = decode(("(uint32,bool,int192)",), raw)
        _value: DayTally = DayTally.from_abi(_out[0])
        return _value

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

    def unread_of(
        self,
        market: bytes,
        meter: int,
        window: int,
        *,
        block: int | str = "latest",
    ) -> int:
        """Contracted lanes of slots that were settled without a reading, and which they are
        (bits 224..231).
        """
        _data = bytes.fromhex("fc2ead9e") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), meter, window),
        )
        return self.unread_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def unread_of_result(raw: bytes) -> int:
        """Return what `unread_of` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
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

    def window_state(
        self,
        market: bytes,
        window: int,
        *,
        block: int | str = "latest",
    ) -> ISettlementWindow:
        """`windowState(bytes32, uint32)`"""
        _data = bytes.fromhex("30709933") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), window),
        )
        return self.window_state_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def window_state_result(raw: bytes) -> ISettlementWindow:
        """Return what `window_state` answered, decoded."""
        _out = decode(("(uint32,uint8,uint8,bool,uint32,uint32,uint64)",), raw)
        _value: ISettlementWindow = ISettlementWindow.from_abi(_out[0])
        return _value
