"""The contract Levels, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.structs import (
    EdgeTerms,
    GridLoss,
    LevelCharge,
    LevelMove,
    LevelParams,
    LevelWindow,
    Node,
)


@dataclass(frozen=True, slots=True)
class Attached(Event):
    """`Attached(bytes32, bytes32, uint32, uint16, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "0f8847e69a4885a2d5c484ddbd1be78d67ed6cd8c58b11fa2609d43fde916598"
    )
    node: bytes
    level: bytes
    area: int
    index: int
    from_window: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint16", "uint32"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("bytes32", topics[2]),
            topic("uint32", topics[3]),
            raw[0],
            raw[1],
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
class CriticalSet(Event):
    """`CriticalSet(uint32, uint32, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "fb1fbe3e642477a4a53cb27e810450a3be842e88d757d254f2edfd5c16184825"
    )
    meter: int
    from_window: int
    critical: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "bool"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class Crossed(Event):
    """What crossed the edge of a child, and the charge that its operator was paid."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "7aacfb5484a26f6a99a438fd3e84b0c63279a2439020c3106187b3240a8f8c05"
    )
    node: bytes
    window: int
    up_wh: int
    down_wh: int
    operator: str
    charge_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256", "uint256", "address", "uint256"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            raw[1],
            checksum(raw[2]),
            raw[3],
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
class EdgeSet(Event):
    """`EdgeSet(uint32, uint32, uint32, uint32, uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "10b5c31fe95cb17dbfb530fc823b7c4333761e26e352826ffe21fa3e64c12b99"
    )
    area: int
    from_slot: int
    charge_nano: int
    up_wh: int
    down_wh: int
    feeder_wh: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "uint32", "uint32", "uint32"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1], raw[2], raw[3], raw[4])


@dataclass(frozen=True, slots=True)
class GridLost(Event):
    """`GridLost(uint32, uint32, uint32, bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "77ac7b4e11c3f2eaca78164c2f71bdb061ba977cc6c6c6095d0673408629838f"
    )
    area: int
    first_slot: int
    end_slot: int
    signature: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "bytes"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class LevelCleared(Event):
    """Results by slot, and those of the sells where they have one of their own (ResultWord)."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "c2cfb3a769a9887b75358c8c90448a53040509267f38a2feb0266935b9a5bbd0"
    )
    level: bytes
    window: int
    results: tuple[int, ...]
    sells: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256[8]", "uint256[8]"), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class LevelCreated(Event):
    """`LevelCreated(bytes32, uint32, LevelParams)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "38dfce160ae2106c099db09e680c3467fbe15879cd39c96c875ca215933bc809"
    )
    level: bytes
    area: int
    params: LevelParams

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("(uint32,uint32,uint32,int32,uint32,uint32,uint32)",), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            LevelParams.from_abi(raw[0]),
        )


@dataclass(frozen=True, slots=True)
class LevelShared(Event):
    """`LevelShared(bytes32, uint32, uint16)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "3f64cd5a25e3fcfce631ad6d9c9ccf9c9c6397a64113ba6a7ba80c3df45149f1"
    )
    level: bytes
    window: int
    cursor: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint16",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class LevelStep(Event):
    """`LevelStep(bytes32, uint32, uint16)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "da2dcfd35f13b0e590f92eb28b937bef19e0ba5f3a92f6d7cffd019f7e72f8c7"
    )
    level: bytes
    window: int
    cursor: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint16",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class Sent(Event):
    """What a market or level has sent up; see libraries/Ladders.sol."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "e7c3c608b38155c047162ed7c3de03206b1289c1f9ad6299c0cebc59835fc388"
    )
    node: bytes
    level: bytes
    window: int
    ladder: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256[]",), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("bytes32", topics[2]),
            topic("uint32", topics[3]),
            raw[0],
        )


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        Attached,
        AuthorityUpdated,
        CriticalSet,
        Crossed,
        EIP712DomainChanged,
        EdgeSet,
        GridLost,
        LevelCleared,
        LevelCreated,
        LevelShared,
        LevelStep,
        Sent,
    )
}


class AreaEdgeResult(NamedTuple):
    """What `areaEdge(uint32, uint32)` returns."""

    word: int
    ahead: tuple[int, ...]


class Eip712DomainResult(NamedTuple):
    """What `eip712Domain()` returns."""

    fields: bytes
    name: str
    version: str
    chain_id: int
    verifying_contract: str
    salt: bytes
    extensions: tuple[int, ...]


class ResultOfResult(NamedTuple):
    """What `resultOf(bytes32, uint32)` returns."""

    result: int
    sells: int


class Levels:
    """`Levels` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(
        access_manager: str,
        registry: str,
        markets: str,
        ledger: str,
        settlement: str,
        forward_levels: str,
    ) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "address", "address", "address", "address", "address"),
            (access_manager, registry, markets, ledger, settlement, forward_levels),
        )

    def area_edge(self, area: int, window: int, *, block: int | str = "latest") -> AreaEdgeResult:
        """The same word of an area, in this tree or not, without the bits of the tree (what is
        above, islands); and what forward auctions have used of its limits in the window: up,
        down and inside, each eight lanes of 32 bits in Wh.
        """
        _data = bytes.fromhex("8c3eb54c") + encode(
            ("uint32", "uint32"),
            (area, window),
        )
        return self.area_edge_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def area_edge_result(raw: bytes) -> AreaEdgeResult:
        """Return what `area_edge` answered, decoded."""
        _out = decode(("uint256", "uint256[3]"), raw)
        return AreaEdgeResult(_out[0], _out[1])

    def attach(self, id: bytes, level: bytes, from_window: int) -> Call:
        """From a window on a market or level belongs to a level; for ever, since an edge without
        capacity has the same effect as none.
        """
        _data = bytes.fromhex("b4f9dfef") + encode(
            ("bytes32", "bytes32", "uint32"),
            (sized(id, 32), sized(level, 32), from_window),
        )
        return Call(self.address, _data, 0, "Levels.attach")

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

    def children_of(self, level: bytes, *, block: int | str = "latest") -> tuple[bytes, ...]:
        """`childrenOf(bytes32)`"""
        _data = bytes.fromhex("6b94fc1e") + encode(
            ("bytes32",),
            (sized(level, 32),),
        )
        return self.children_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def children_of_result(raw: bytes) -> tuple[bytes, ...]:
        """Return what `children_of` answered, decoded."""
        _out = decode(("bytes32[]",), raw)
        _value: tuple[bytes, ...] = _out[0]
        return _value

    def clear(
        self,
        level: bytes,
        first_window: int,
        ladders: Sequence[Sequence[Sequence[int]]],
    ) -> Call:
        """Clears windows of a level in their order, or goes on with the first: for each the
        ladders of its children in the order of their index, from the cursor on; an empty one
        for a child that has sent nothing.
        """
        _data = bytes.fromhex("43147ca1") + encode(
            ("bytes32", "uint32", "uint256[][][]"),
            (sized(level, 32), first_window, ladders),
        )
        return Call(self.address, _data, 0, "Levels.clear")

    def create_level(self, p: LevelParams) -> Call:
        """`createLevel(LevelParams)`"""
        _data = bytes.fromhex("300e4cbc") + encode(
            ("(uint32,uint32,uint32,int32,uint32,uint32,uint32)",),
            (p.to_abi(),),
        )
        return Call(self.address, _data, 0, "Levels.createLevel")

    @staticmethod
    def create_level_result(raw: bytes) -> bytes:
        """Return what `create_level` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def edge_at(self, area: int, slot: int, *, block: int | str = "latest") -> EdgeTerms:
        """What holds for the edge and the feeder of an area in a slot."""
        _data = bytes.fromhex("e7cfc2d9") + encode(
            ("uint32", "uint32"),
            (area, slot),
        )
        return self.edge_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def edge_at_result(raw: bytes) -> EdgeTerms:
        """Return what `edge_at` answered, decoded."""
        _out = decode(("(uint32,uint32,uint32,uint32,uint32)",), raw)
        _value: EdgeTerms = EdgeTerms.from_abi(_out[0])
        return _value

    def edges_of(
        self,
        node: bytes,
        first_window: int,
        windows: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """What clearing needs of a market's edge, a word for each window; empty for one outside
        any tree: charge (uint32, lowest), limits up, down and of the feeder (uint32 each),
        slots without grid (8 bits), and a bit for whether the level above takes what is sent;
        bit 145: forward auctions have used something of the limits; then the slots in which
        the market is in an island: its area, or one above it in the tree, has no grid (8
        bits).
        """
        _data = bytes.fromhex("2b52b69a") + encode(
            ("bytes32", "uint32", "uint32"),
            (sized(node, 32), first_window, windows),
        )
        return self.edges_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def edges_of_result(raw: bytes) -> tuple[int, ...]:
        """Return what `edges_of` answered, decoded."""
        _out = decode(("uint256[]",), raw)
        _value: tuple[int, ...] = _out[0]
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

    def forward_levels(self, *, block: int | str = "latest") -> str:
        """`forwardLevels()`"""
        _data = bytes.fromhex("0181043a")
        return self.forward_levels_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def forward_levels_result(raw: bytes) -> str:
        """Return what `forward_levels` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def free_ahead(self, area: int, window: int, lanes: Sequence[int]) -> Call:
        """They do not need so much of it after all. ForwardLevels only."""
        _data = bytes.fromhex("653ce358") + encode(
            ("uint32", "uint32", "uint256[3]"),
            (area, window, lanes),
        )
        return Call(self.address, _data, 0, "Levels.freeAhead")

    def grid_loss_digest(self, loss: GridLoss, *, block: int | str = "latest") -> bytes:
        """The EIP-712 digest of a signal."""
        _data = bytes.fromhex("14589e68") + encode(
            ("(uint32,uint32,uint32,bytes)",),
            (loss.to_abi(),),
        )
        return self.grid_loss_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def grid_loss_digest_result(raw: bytes) -> bytes:
        """Return what `grid_loss_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def grid_loss_in(self, area: int, window: int, *, block: int | str = "latest") -> int:
        """The slots of a window in which the area has no grid, a bit each, the first lowest."""
        _data = bytes.fromhex("aa731a0e") + encode(
            ("uint32", "uint32"),
            (area, window),
        )
        return self.grid_loss_in_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def grid_loss_in_result(raw: bytes) -> int:
        """Return what `grid_loss_in` answered, decoded."""
        _out = decode(("uint8",), raw)
        _value: int = _out[0]
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

    def is_critical(self, meter: int, window: int, *, block: int | str = "latest") -> bool:
        """Whether a meter is registered as a critical load in a window."""
        _data = bytes.fromhex("8de799c8") + encode(
            ("uint32", "uint32"),
            (meter, window),
        )
        return self.is_critical_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def is_critical_result(raw: bytes) -> bool:
        """Return what `is_critical` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value

    def is_passed_over(self, node: bytes, window: int, *, block: int | str = "latest") -> bool:
        """Whether what a market or level sent up will never be filled, since the level above was
        not cleared.
        """
        _data = bytes.fromhex("05b77536") + encode(
            ("bytes32", "uint32"),
            (sized(node, 32), window),
        )
        return self.is_passed_over_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def is_passed_over_result(raw: bytes) -> bool:
        """Return what `is_passed_over` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
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

    def level_params(self, level: bytes, *, block: int | str = "latest") -> LevelParams:
        """`levelParams(bytes32)`"""
        _data = bytes.fromhex("75123770") + encode(
            ("bytes32",),
            (sized(level, 32),),
        )
        return self.level_params_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def level_params_result(raw: bytes) -> LevelParams:
        """Return what `level_params` answered, decoded."""
        _out = decode(("(uint32,uint32,uint32,int32,uint32,uint32,uint32)",), raw)
        _value: LevelParams = LevelParams.from_abi(_out[0])
        return _value

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

    def node_of(self, node: bytes, *, block: int | str = "latest") -> Node:
        """`nodeOf(bytes32)`"""
        _data = bytes.fromhex("6d5cf7bb") + encode(
            ("bytes32",),
            (sized(node, 32),),
        )
        return self.node_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def node_of_result(raw: bytes) -> Node:
        """Return what `node_of` answered, decoded."""
        _out = decode(("(bytes32,uint32,uint32,uint16,bool)",), raw)
        _value: Node = Node.from_abi(_out[0])
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

    def result_of(self, level: bytes, slot: int, *, block: int | str = "latest") -> ResultOfResult:
        """Outcome of a slot of a level that is cleared, with what has come from above; `sells`
        is zero unless they have one of their own.
        """
        _data = bytes.fromhex("b2524d34") + encode(
            ("bytes32", "uint32"),
            (sized(level, 32), slot),
        )
        return self.result_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def result_of_result(raw: bytes) -> ResultOfResult:
        """Return what `result_of` answered, decoded."""
        _out = decode(("uint256", "uint256"), raw)
        return ResultOfResult(_out[0], _out[1])

    def send(self, market: bytes, window: int, ladder: Sequence[int]) -> Call:
        """Takes what a market has left. Settlement only; the level is the one that `edgesOf` has
        said to be open.
        """
        _data = bytes.fromhex("cc11020a") + encode(
            ("bytes32", "uint32", "uint256[]"),
            (sized(market, 32), window, ladder),
        )
        return Call(self.address, _data, 0, "Levels.send")

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "Levels.setAuthority")

    def set_critical(self, meter: int, from_window: int, critical: bool) -> Call:
        """The operator of a meter's area registers it as a critical load from a window on, or
        not any more: in slots in which the area, or one above it in the tree, has no grid its
        buys come before all others, unless its owner has stated a limit below the tariff
        (`Quotes.islandTick`).
        """
        _data = bytes.fromhex("23ced82e") + encode(
            ("uint32", "uint32", "bool"),
            (meter, from_window, critical),
        )
        return Call(self.address, _data, 0, "Levels.setCritical")

    def set_edge(self, area: int, terms: EdgeTerms) -> Call:
        """The operator of an area sets what holds for its edge and feeder from a slot on."""
        _data = bytes.fromhex("558e0b5a") + encode(
            ("uint32", "(uint32,uint32,uint32,uint32,uint32)"),
            (area, terms.to_abi()),
        )
        return Call(self.address, _data, 0, "Levels.setEdge")

    def settle_ahead(
        self,
        tree: bytes,
        moves: Sequence[LevelMove],
        charges: Sequence[LevelCharge],
    ) -> Call:
        """Moves what forward levels have come to, as `share` does for its own. ForwardLevels
        only.
        """
        _data = bytes.fromhex("8b20c93e") + encode(
            ("bytes32", "(bytes32,int256)[]", "(address,uint256)[]"),
            (sized(tree, 32), [i.to_abi() for i in moves], [i.to_abi() for i in charges]),
        )
        return Call(self.address, _data, 0, "Levels.settleAhead")

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

    def share(
        self,
        level: bytes,
        first_window: int,
        ladders: Sequence[Sequence[Sequence[int]]],
    ) -> Call:
        """Shares out what a level has matched in cleared windows and was told from above, among
        the children from the cursor on.
        """
        _data = bytes.fromhex("23935dd5") + encode(
            ("bytes32", "uint32", "uint256[][][]"),
            (sized(level, 32), first_window, ladders),
        )
        return Call(self.address, _data, 0, "Levels.share")

    def signal_grid_loss(self, loss: GridLoss) -> Call:
        """Anybody hands in what the operator of an area has signed; for slots whose window is
        not over.
        """
        _data = bytes.fromhex("f9d8ea3b") + encode(
            ("(uint32,uint32,uint32,bytes)",),
            (loss.to_abi(),),
        )
        return Call(self.address, _data, 0, "Levels.signalGridLoss")

    def use_ahead(self, area: int, window: int, lanes: Sequence[int]) -> Call:
        """Forward auctions use so much of the limits of an area, or have it kept for them; in
        lanes as in `areaEdge`. What was delivered is cleared with the rest. ForwardLevels
        only.
        """
        _data = bytes.fromhex("dc50ca54") + encode(
            ("uint32", "uint32", "uint256[3]"),
            (area, window, lanes),
        )
        return Call(self.address, _data, 0, "Levels.useAhead")

    def window_state(
        self,
        level: bytes,
        window: int,
        *,
        block: int | str = "latest",
    ) -> LevelWindow:
        """`windowState(bytes32, uint32)`"""
        _data = bytes.fromhex("30709933") + encode(
            ("bytes32", "uint32"),
            (sized(level, 32), window),
        )
        return self.window_state_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def window_state_result(raw: bytes) -> LevelWindow:
        """Return what `window_state` answered, decoded."""
        _out = decode(("(uint32,uint8,uint16,uint16,bool)",), raw)
        _value: LevelWindow = LevelWindow.from_abi(_out[0])
        return _value
