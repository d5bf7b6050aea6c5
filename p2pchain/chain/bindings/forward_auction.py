"""The contract ForwardAuction, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.enums import Action, IForwardAuctionPhase, IForwardAuctionRefusal
from p2pchain.chain.bindings.structs import (
    AuctionParams,
    IForwardAuctionResult,
    IForwardAuctionWindow,
    Order,
    OrderState,
    Schedule,
)


@dataclass(frozen=True, slots=True)
class AuctionCreated(Event):
    """`AuctionCreated(bytes32, bytes32, AuctionParams)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "931310483029e885cfdab7d50581a86b2f1d58e2767db33e31da79ae10beaca4"
    )
    auction: bytes
    market: bytes
    params: AuctionParams

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(
            ("(bytes32,uint8,uint32,uint32,uint32,uint32,uint32,int32,uint32,int32,int32)",),
            data,
        )
        return cls(
            topic("bytes32", topics[1]),
            topic("bytes32", topics[2]),
            AuctionParams.from_abi(raw[0]),
        )


@dataclass(frozen=True, slots=True)
class AuctionPaused(Event):
    """`AuctionPaused(bytes32, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "16239587bf033c604fd80a81ff1fee4e7add6c668af8aa8dddfc72264b51f7a9"
    )
    auction: bytes
    paused: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bool",), data)
        return cls(topic("bytes32", topics[1]), raw[0])


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
class ForwardAdopted(Event):
    """Where some of them were rationed: all fills of a window are known."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "3b839bd0a6fbfccabf2536f7b45886513ae373627368fadc65d63ed5373b6336"
    )
    auction: bytes
    window: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]))


@dataclass(frozen=True, slots=True)
class ForwardCleared(Event):
    """The eight results of a window's own auction (see ResultWord), once all its fills are
    known. A slot that the feeder cuts has none: it has parts.
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "72a6d2c60bf834aee3dc4c1cf8cd303725e105ef808d2403847684b719136d0a"
    )
    auction: bytes
    window: int
    results: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256[8]",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class ForwardFinished(Event):
    """Windows are settled: their words may be overwritten."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "289581cb20a5086a3300c881400058bfbd5ad4be775c140cc36ac543f75991a3"
    )
    market: bytes
    first_window: int
    windows: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32"), data)
        return cls(topic("bytes32", topics[1]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class ForwardStep(Event):
    """A step of clearing that did not reach the end."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "3ed95a5c3ed9aa0b05919f9af40e9e7a0b60dcb738b5696c7ccc26a77a55dbea"
    )
    auction: bytes
    window: int
    phase: IForwardAuctionPhase
    cursor: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint8", "uint32"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            IForwardAuctionPhase(raw[0]),
            raw[1],
        )


@dataclass(frozen=True, slots=True)
class ForwardVoided(Event):
    """`ForwardVoided(bytes32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "f81142ed91aa2c8268d5906d7c25e8d8b950117b5195689ebcde4d2f0662b38d"
    )
    auction: bytes
    window: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]))


@dataclass(frozen=True, slots=True)
class OrderSkipped(Event):
    """`OrderSkipped(bytes32, uint32, uint32, uint32, Refusal)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "0934073ff6d6026ba687366be439fa4419f46b292f05107bd92a9bdcf5a3a19b"
    )
    auction: bytes
    meter: int
    slot: int
    sequence: int
    reason: IForwardAuctionRefusal

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "uint8"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            raw[1],
            IForwardAuctionRefusal(raw[2]),
        )


@dataclass(frozen=True, slots=True)
class Ordered(Event):
    """An owner's own order was taken; `order` is its lane as in OrderWord (28 bits), zero for a
    cancellation, and above it the action.
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "7f03e8a0f068a81ee838309f921297ca00e5659f4e50e94b8d672aa3198a7131"
    )
    auction: bytes
    meter: int
    slot: int
    order: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class OrdersRelayed(Event):
    """The same of signed orders of a meter that were handed in one after the other. A word for
    each: what `order` is above in the lowest 32 bits, then sequence and slot, 32 bits each,
    then 32 bits with how many bytes of `signatures` belong to it; none where the owner
    himself handed it in without one.
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "29a42ab0bd3a15503a2c00672b612651c754e7d4aa013091bcce00c4f036a811"
    )
    auction: bytes
    meter: int
    orders: tuple[int, ...]
    signatures: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256[]", "bytes"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class PartsAdded(Event):
    """What the own auction has filled where the feeder cuts it, or what levels above have
    filled: words as in libraries/PartWords.sol, the nearest level first.
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "13717f08cdc26e7f147e4511cee15c5428c32d53e45c54a8d809114891c54bab"
    )
    auction: bytes
    window: int
    parts: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256[]",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class ScheduleSkipped(Event):
    """`ScheduleSkipped(bytes32, uint32, uint32, uint32, Refusal)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "78ae74e71b76257f529e182499454a20720a4442e9b7bc6431a9936326afdb0c"
    )
    auction: bytes
    meter: int
    day: int
    sequence: int
    reason: IForwardAuctionRefusal

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "uint8"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            raw[1],
            IForwardAuctionRefusal(raw[2]),
        )


@dataclass(frozen=True, slots=True)
class Scheduled(Event):
    """`Scheduled(bytes32, uint32, uint32, uint32, uint256[], bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "b1cf78e87b3d546023f7b24a00064bcb9f1109f70e1c9468db0d3fa06df73459"
    )
    auction: bytes
    meter: int
    day: int
    sequence: int
    words: tuple[int, ...]
    signature: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "uint256[]", "bytes"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            raw[1],
            raw[2],
            raw[3],
        )


@dataclass(frozen=True, slots=True)
class SequenceSkipped(Event):
    """`SequenceSkipped(bytes32, uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "cf27604c8e981fb4e1fece51b6063746a6c53ef87013defdf637d52db5582ac3"
    )
    auction: bytes
    meter: int
    sequence: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class SettlementBound(Event):
    """`SettlementBound(address)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "fa673ad88b30a3f086a554099beb40768d727d9e79aafcd9754f7fee417a67d9"
    )
    settlement: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address",), data)
        return cls(checksum(raw[0]))


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        AuctionCreated,
        AuctionPaused,
        AuthorityUpdated,
        EIP712DomainChanged,
        ForwardAdopted,
        ForwardCleared,
        ForwardFinished,
        ForwardStep,
        ForwardVoided,
        OrderSkipped,
        Ordered,
        OrdersRelayed,
        PartsAdded,
        ScheduleSkipped,
        Scheduled,
        SequenceSkipped,
        SettlementBound,
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


class GateOfResult(NamedTuple):
    """What `gateOf(bytes32, uint32)` returns."""

    gate: int
    firm: int


class PendingResult(NamedTuple):
    """What `pending(bytes32, uint32)` returns."""

    own: bool
    older: bool


class PositionInResult(NamedTuple):
    """What `positionIn(bytes32, uint32, uint32, uint8)` returns."""

    lanes: int
    collateral_nano: int
    contract_nano: int


class ReadinessResult(NamedTuple):
    """What `readiness(bytes32, uint32, uint32)` returns."""

    any: bool
    uncleared: int
    cap_nano: int
    surplus_nano: int


class ForwardAuction:
    """`ForwardAuction` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(
        access_manager: str,
        registry: str,
        markets: str,
        ledger: str,
        levels: str,
    ) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "address", "address", "address", "address"),
            (access_manager, registry, markets, ledger, levels),
        )

    def adopt(self, id: bytes, window: int, parts: Sequence[int]) -> Call:
        """What levels above have filled of what a window has sent; nothing where they are passed
        over. ForwardLevels only.
        """
        _data = bytes.fromhex("ca5ec76c") + encode(
            ("bytes32", "uint32", "uint256[]"),
            (sized(id, 32), window, parts),
        )
        return Call(self.address, _data, 0, "ForwardAuction.adopt")

    def auction_params(self, id: bytes, *, block: int | str = "latest") -> AuctionParams:
        """`auctionParams(bytes32)`"""
        _data = bytes.fromhex("c5faa005") + encode(
            ("bytes32",),
            (sized(id, 32),),
        )
        return self.auction_params_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def auction_params_result(raw: bytes) -> AuctionParams:
        """Return what `auction_params` answered, decoded."""
        _out = decode(
            ("(bytes32,uint8,uint32,uint32,uint32,uint32,uint32,int32,uint32,int32,int32)",),
            raw,
        )
        _value: AuctionParams = AuctionParams.from_abi(_out[0])
        return _value

    def auctions_of(self, market: bytes, *, block: int | str = "latest") -> tuple[bytes, ...]:
        """`auctionsOf(bytes32)`"""
        _data = bytes.fromhex("4a05b0c8") + encode(
            ("bytes32",),
            (sized(market, 32),),
        )
        return self.auctions_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def auctions_of_result(raw: bytes) -> tuple[bytes, ...]:
        """Return what `auctions_of` answered, decoded."""
        _out = decode(("bytes32[]",), raw)
        _value: tuple[bytes, ...] = _out[0]
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

    def bind_settlement(self, settlement: str) -> Call:
        """Names the contract that settles positions; once, at deployment."""
        _data = bytes.fromhex("cae78f33") + encode(
            ("address",),
            (settlement,),
        )
        return Call(self.address, _data, 0, "ForwardAuction.bindSettlement")

    def clear(self, id: bytes, first_window: int, windows: int, max_members: int) -> Call:
        """Clears windows whose gate has closed; stops after `maxMembers` member-windows and goes
        on at the next call.
        """
        _data = bytes.fromhex("93934692") + encode(
            ("bytes32", "uint32", "uint32", "uint32"),
            (sized(id, 32), first_window, windows, max_members),
        )
        return Call(self.address, _data, 0, "ForwardAuction.clear")

    def collateral_of(
        self,
        id: bytes,
        sell: bool,
        limit_nano: int,
        wh: int,
        *,
        block: int | str = "latest",
    ) -> int:
        """What an order can cost at worst, and so what is locked for it. Nano-currency."""
        _data = bytes.fromhex("edcf83fe") + encode(
            ("bytes32", "bool", "int32", "uint32"),
            (sized(id, 32), sell, limit_nano, wh),
        )
        return self.collateral_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def collateral_of_result(raw: bytes) -> int:
        """Return what `collateral_of` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def contracts_of(
        self,
        market: bytes,
        indices: Sequence[int],
        first_window: int,
        windows: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """Net contracted energy of some members over all auctions of a market, `windows` words
        each: by cleared window eight lanes of side and Wh as in LaneWord.
        """
        _data = bytes.fromhex("a60da252") + encode(
            ("bytes32", "uint32[]", "uint32", "uint32"),
            (sized(market, 32), indices, first_window, windows),
        )
        return self.contracts_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def contracts_of_result(raw: bytes) -> tuple[int, ...]:
        """Return what `contracts_of` answered, decoded."""
        _out = decode(("uint256[]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def create_auction(self, p: AuctionParams) -> Call:
        """`createAuction(AuctionParams)`"""
        _data = bytes.fromhex("f7c216cd") + encode(
            ("(bytes32,uint8,uint32,uint32,uint32,uint32,uint32,int32,uint32,int32,int32)",),
            (p.to_abi(),),
        )
        return Call(self.address, _data, 0, "ForwardAuction.createAuction")

    @staticmethod
    def create_auction_result(raw: bytes) -> bytes:
        """Return what `create_auction` answered, decoded."""
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

    def enter_tree(self, id: bytes) -> Call:
        """From now on the auction is matched within its feeder's limit and sends up what it has
        left. ForwardLevels only.
        """
        _data = bytes.fromhex("70de9e2d") + encode(
            ("bytes32",),
            (sized(id, 32),),
        )
        return Call(self.address, _data, 0, "ForwardAuction.enterTree")

    def finish(self, market: bytes, first_window: int, windows: int) -> Call:
        """Windows are settled for all members. Settlement only."""
        _data = bytes.fromhex("8be3edd7") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), first_window, windows),
        )
        return Call(self.address, _data, 0, "ForwardAuction.finish")

    def gate_of(self, id: bytes, window: int, *, block: int | str = "latest") -> GateOfResult:
        """Unix times: from when a window may be cleared, and until when its orders may be
        changed.
        """
        _data = bytes.fromhex("8bd3fa6f") + encode(
            ("bytes32", "uint32"),
            (sized(id, 32), window),
        )
        return self.gate_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def gate_of_result(raw: bytes) -> GateOfResult:
        """Return what `gate_of` answered, decoded."""
        _out = decode(("uint64", "uint64"), raw)
        return GateOfResult(_out[0], _out[1])

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

    def max_lead(self, *, block: int | str = "latest") -> int:
        """Windows that an order may lie ahead of the running one."""
        _data = bytes.fromhex("5a8b0bd3")
        return self.max_lead_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def max_lead_result(raw: bytes) -> int:
        """Return what `max_lead` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def order(
        self,
        id: bytes,
        meter: int,
        slot: int,
        action: Action,
        sell: bool,
        limit_nano: int,
        wh: int,
    ) -> Call:
        """The owner's own order, without signature and sequence number; reverts with
        `OrderRefused`.
        """
        _data = bytes.fromhex("130d5e00") + encode(
            ("bytes32", "uint32", "uint32", "uint8", "bool", "int32", "uint32"),
            (sized(id, 32), meter, slot, action, sell, limit_nano, wh),
        )
        return Call(self.address, _data, 0, "ForwardAuction.order")

    def order_digest(self, o: Order, *, block: int | str = "latest") -> bytes:
        """`orderDigest(Order)`"""
        _data = bytes.fromhex("078a4181") + encode(
            ("(bytes32,uint32,uint32,uint32,uint8,bool,int32,uint32,bytes)",),
            (o.to_abi(),),
        )
        return self.order_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def order_digest_result(raw: bytes) -> bytes:
        """Return what `order_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def order_of(
        self,
        id: bytes,
        meter: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> OrderState:
        """`orderOf(bytes32, uint32, uint32)`"""
        _data = bytes.fromhex("9926c37c") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(id, 32), meter, slot),
        )
        return self.order_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def order_of_result(raw: bytes) -> OrderState:
        """Return what `order_of` answered, decoded."""
        _out = decode(("(bool,int32,uint32,uint32)",), raw)
        _value: OrderState = OrderState.from_abi(_out[0])
        return _value

    def order_words(
        self,
        id: bytes,
        window: int,
        first_index: int,
        count: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """Order words (see OrderWord) of `count` members from an index on; zero where there is
        none.
        """
        _data = bytes.fromhex("ef570335") + encode(
            ("bytes32", "uint32", "uint32", "uint32"),
            (sized(id, 32), window, first_index, count),
        )
        return self.order_words_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def order_words_result(raw: bytes) -> tuple[int, ...]:
        """Return what `order_words` answered, decoded."""
        _out = decode(("uint256[]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def parts_of(self, id: bytes, window: int, *, block: int | str = "latest") -> tuple[int, ...]:
        """What levels above have filled of a window, see `PartsAdded`."""
        _data = bytes.fromhex("9a4cc6d9") + encode(
            ("bytes32", "uint32"),
            (sized(id, 32), window),
        )
        return self.parts_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def parts_of_result(raw: bytes) -> tuple[int, ...]:
        """Return what `parts_of` answered, decoded."""
        _out = decode(("uint256[]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def paused(self, id: bytes, *, block: int | str = "latest") -> bool:
        """`paused(bytes32)`"""
        _data = bytes.fromhex("9e9e4666") + encode(
            ("bytes32",),
            (sized(id, 32),),
        )
        return self.paused_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def paused_result(raw: bytes) -> bool:
        """Return what `paused` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value

    def pending(self, market: bytes, window: int, *, block: int | str = "latest") -> PendingResult:
        """Whether a window has orders that are not settled yet; and whether an older one stands
        in its place.
        """
        _data = bytes.fromhex("24f64ad5") + encode(
            ("bytes32", "uint32"),
            (sized(market, 32), window),
        )
        return self.pending_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def pending_result(raw: bytes) -> PendingResult:
        """Return what `pending` answered, decoded."""
        _out = decode(("bool", "bool"), raw)
        return PendingResult(_out[0], _out[1])

    def place(self, orders: Sequence[Order]) -> Call:
        """Takes signed orders; sorted by meter and window they are cheapest."""
        _data = bytes.fromhex("b338fb0f") + encode(
            ("(bytes32,uint32,uint32,uint32,uint8,bool,int32,uint32,bytes)[]",),
            ([i.to_abi() for i in orders],),
        )
        return Call(self.address, _data, 0, "ForwardAuction.place")

    @staticmethod
    def place_result(raw: bytes) -> tuple[IForwardAuctionRefusal, ...]:
        """Return what `place` answered, decoded."""
        _out = decode(("uint8[]",), raw)
        _value: tuple[IForwardAuctionRefusal, ...] = tuple(
            IForwardAuctionRefusal(i) for i in _out[0]
        )
        return _value

    def position_in(
        self,
        market: bytes,
        index: int,
        window: int,
        slot_mask: int,
        *,
        block: int | str = "latest",
    ) -> PositionInResult:
        """The three words of one member, one window and some of its slots."""
        _data = bytes.fromhex("aef91db6") + encode(
            ("bytes32", "uint32", "uint32", "uint8"),
            (sized(market, 32), index, window, slot_mask),
        )
        return self.position_in_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def position_in_result(raw: bytes) -> PositionInResult:
        """Return what `position_in` answered, decoded."""
        _out = decode(("uint256", "uint256", "int256"), raw)
        return PositionInResult(_out[0], _out[1], _out[2])

    def positions_of(
        self,
        market: bytes,
        first_index: int,
        count: int,
        first_window: int,
        windows: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """The same of `count` members from an index on, `windows` + 2 words each: the lanes by
        window, then over all these windows the collateral of all orders, and what fills cost
        (negative) or earn at their prices. Nothing of windows that are settled.
        """
        _data = bytes.fromhex("3261f6af") + encode(
            ("bytes32", "uint32", "uint32", "uint32", "uint32"),
            (sized(market, 32), first_index, count, first_window, windows),
        )
        return self.positions_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def positions_of_result(raw: bytes) -> tuple[int, ...]:
        """Return what `positions_of` answered, decoded."""
        _out = decode(("uint256[]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def readiness(
        self,
        market: bytes,
        first_window: int,
        windows: int,
        *,
        block: int | str = "latest",
    ) -> ReadinessResult:
        """Whether the market has auctions, with which cap and surplus; and the mask of the
        windows with orders that are not cleared yet.
        """
        _data = bytes.fromhex("ddd84470") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(market, 32), first_window, windows),
        )
        return self.readiness_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def readiness_result(raw: bytes) -> ReadinessResult:
        """Return what `readiness` answered, decoded."""
        _out = decode(("bool", "uint256", "int32", "int32"), raw)
        return ReadinessResult(_out[0], _out[1], _out[2], _out[3])

    def result_of(
        self,
        id: bytes,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> IForwardAuctionResult:
        """`resultOf(bytes32, uint32)`"""
        _data = bytes.fromhex("b2524d34") + encode(
            ("bytes32", "uint32"),
            (sized(id, 32), slot),
        )
        return self.result_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def result_of_result(raw: bytes) -> IForwardAuctionResult:
        """Return what `result_of` answered, decoded."""
        _out = decode(("(bool,int32,uint8,uint8)",), raw)
        _value: IForwardAuctionResult = IForwardAuctionResult.from_abi(_out[0])
        return _value

    def schedule(self, schedules: Sequence[Schedule]) -> Call:
        """Takes signed day schedules."""
        _data = bytes.fromhex("b9a69079") + encode(
            ("(bytes32,uint32,uint32,uint32,uint256[],bytes)[]",),
            ([i.to_abi() for i in schedules],),
        )
        return Call(self.address, _data, 0, "ForwardAuction.schedule")

    @staticmethod
    def schedule_result(raw: bytes) -> tuple[IForwardAuctionRefusal, ...]:
        """Return what `schedule` answered, decoded."""
        _out = decode(("uint8[]",), raw)
        _value: tuple[IForwardAuctionRefusal, ...] = tuple(
            IForwardAuctionRefusal(i) for i in _out[0]
        )
        return _value

    def schedule_digest(self, s: Schedule, *, block: int | str = "latest") -> bytes:
        """`scheduleDigest(Schedule)`"""
        _data = bytes.fromhex("2160e48a") + encode(
            ("(bytes32,uint32,uint32,uint32,uint256[],bytes)",),
            (s.to_abi(),),
        )
        return self.schedule_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def schedule_digest_result(raw: bytes) -> bytes:
        """Return what `schedule_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def sequence_of(self, id: bytes, meter: int, *, block: int | str = "latest") -> int:
        """The last sequence number that a meter has used."""
        _data = bytes.fromhex("9087edde") + encode(
            ("bytes32", "uint32"),
            (sized(id, 32), meter),
        )
        return self.sequence_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def sequence_of_result(raw: bytes) -> int:
        """Return what `sequence_of` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "ForwardAuction.setAuthority")

    def set_paused(self, id: bytes, paused: bool) -> Call:
        """`setPaused(bytes32, bool)`"""
        _data = bytes.fromhex("8ea9db9e") + encode(
            ("bytes32", "bool"),
            (sized(id, 32), paused),
        )
        return Call(self.address, _data, 0, "ForwardAuction.setPaused")

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

    def skip_sequence(self, id: bytes, meter: int, sequence: int) -> Call:
        """The owner makes everything useless that he has signed up to a sequence number."""
        _data = bytes.fromhex("8e81285f") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(id, 32), meter, sequence),
        )
        return Call(self.address, _data, 0, "ForwardAuction.skipSequence")

    def terms_change(self, meter: int, from_slot: int, owner: bool) -> Call:
        """The terms of a meter change from a slot on, so that it has to be asked anew who may
        order, unless the same owner takes part as before, and then as long as he does. Where
        the `owner` changes, it reverts with `OpenOrders` as long as orders of the old one
        stand; another supplier leaves them standing. Registry only.
        """
        _data = bytes.fromhex("6b942955") + encode(
            ("uint32", "uint32", "bool"),
            (meter, from_slot, owner),
        )
        return Call(self.address, _data, 0, "ForwardAuction.termsChange")

    def void_window(self, id: bytes, window: int) -> Call:
        """Gives up a window that nobody cleared in time: no trade."""
        _data = bytes.fromhex("7c0a2444") + encode(
            ("bytes32", "uint32"),
            (sized(id, 32), window),
        )
        return Call(self.address, _data, 0, "ForwardAuction.voidWindow")

    def window_state(
        self,
        id: bytes,
        window: int,
        *,
        block: int | str = "latest",
    ) -> IForwardAuctionWindow:
        """`windowState(bytes32, uint32)`"""
        _data = bytes.fromhex("30709933") + encode(
            ("bytes32", "uint32"),
            (sized(id, 32), window),
        )
        return self.window_state_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def window_state_result(raw: bytes) -> IForwardAuctionWindow:
        """Return what `window_state` answered, decoded."""
        _out = decode(("(uint32,uint8,bool,uint32)",), raw)
        _value: IForwardAuctionWindow = IForwardAuctionWindow.from_abi(_out[0])
        return _value
