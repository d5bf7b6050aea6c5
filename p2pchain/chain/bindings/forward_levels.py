"""The contract ForwardLevels, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.structs import ForwardLevelParams, LevelWindow, Node


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
class ForwardAttached(Event):
    """`ForwardAttached(bytes32, bytes32, uint32, uint16, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "d64217dfda1bd712ae065dba89356b0d6b5a98f27faa70902f54a377929160ab"
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
class ForwardCrossed(Event):
    """What crossed the edge of a child, and the charge that its operator was paid."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "b40f933ce6849a63646bb7e4839e7650fea4d093645dba60cd31fb5be959bc7f"
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
class ForwardLevelCleared(Event):
    """What the level's own auction has filled; words as in libraries/PartWords.sol."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "514fb7d4fefcd8e09a808136fd0b42b112fc5b35607a617c618ba8413ec8b55e"
    )
    level: bytes
    window: int
    parts: tuple[int, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256[]",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class ForwardLevelCreated(Event):
    """`ForwardLevelCreated(bytes32, uint32, ForwardLevelParams)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "eb5b74cf6a8c70bd76b7483c4f6871b800af493de505fb9b1007ed767f48d534"
    )
    level: bytes
    area: int
    params: ForwardLevelParams

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(
            ("(uint32,uint32,uint8,uint32,uint32,uint32,int32,uint32,uint32,uint32)",),
            data,
        )
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            ForwardLevelParams.from_abi(raw[0]),
        )


@dataclass(frozen=True, slots=True)
class ForwardLevelShared(Event):
    """`ForwardLevelShared(bytes32, uint32, uint16)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "38cb7a1e6fd95df83d8ff97ee527d2360c651c2f5fcc9115326748c89715add1"
    )
    level: bytes
    window: int
    cursor: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint16",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class ForwardLevelStep(Event):
    """`ForwardLevelStep(bytes32, uint32, uint16)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "95f79941db76bb3927e1855e205d290bb20b9f777e6b7c6241384e53eb21a053"
    )
    level: bytes
    window: int
    cursor: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint16",), data)
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class ForwardPassedOver(Event):
    """What an auction or level has sent will not be filled."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "865789f54de21b2a8acdd7c8ec273d5fa83e27437069f64cf418128c0260381c"
    )
    node: bytes
    window: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]))


@dataclass(frozen=True, slots=True)
class ForwardSent(Event):
    """What an auction or level has sent up; see libraries/Ladders.sol, volumes in lots."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "050439ff3607444476a223bc8312044d33aadd8591394bba85fe316321056b16"
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
        AuthorityUpdated,
        ForwardAttached,
        ForwardCrossed,
        ForwardLevelCleared,
        ForwardLevelCreated,
        ForwardLevelShared,
        ForwardLevelStep,
        ForwardPassedOver,
        ForwardSent,
    )
}


class ForwardLevels:
    """`ForwardLevels` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(
        access_manager: str,
        registry: str,
        markets: str,
        forward: str,
        levels: str,
    ) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "address", "address", "address", "address"),
            (access_manager, registry, markets, forward, levels),
        )

    def attach(self, id: bytes, level: bytes, from_window: int) -> Call:
        """From a window on an auction or level belongs to a level; for ever. One of a gate
        stands for an area.
        """
        _data = bytes.fromhex("b4f9dfef") + encode(
            ("bytes32", "bytes32", "uint32"),
            (sized(id, 32), sized(level, 32), from_window),
        )
        return Call(self.address, _data, 0, "ForwardLevels.attach")

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

    def clear(self, level: bytes, window: int, ladders: Sequence[Sequence[int]]) -> Call:
        """Clears a window of a level, or goes on with it: the ladders of its children in the
        order of their index, from the cursor on; an empty one for a child that has sent
        nothing.
        """
        _data = bytes.fromhex("e9e80767") + encode(
            ("bytes32", "uint32", "uint256[][]"),
            (sized(level, 32), window, ladders),
        )
        return Call(self.address, _data, 0, "ForwardLevels.clear")

    def create_level(self, p: ForwardLevelParams) -> Call:
        """`createLevel(ForwardLevelParams)`"""
        _data = bytes.fromhex("7c290c3e") + encode(
            ("(uint32,uint32,uint8,uint32,uint32,uint32,int32,uint32,uint32,uint32)",),
            (p.to_abi(),),
        )
        return Call(self.address, _data, 0, "ForwardLevels.createLevel")

    @staticmethod
    def create_level_result(raw: bytes) -> bytes:
        """Return what `create_level` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def edge_of(
        self,
        node: bytes,
        window: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, tuple[int, ...]]:
        """The edge of an auction or level (see ILevels.edgesOf), with bit 255 set where it
        belongs to a level, and what was used of it ahead (ILevels.areaEdge). Zero for an
        auction that does not belong to one yet.
        """
        _data = bytes.fromhex("924311cd") + encode(
            ("bytes32", "uint32"),
            (sized(node, 32), window),
        )
        return self.edge_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def edge_of_result(raw: bytes) -> tuple[int, tuple[int, ...]]:
        """Return what `edge_of` answered, decoded."""
        _out = decode(("uint256", "uint256[3]"), raw)
        return (_out[0], _out[1])

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

    def gate_of(self, level: bytes, window: int, *, block: int | str = "latest") -> int:
        """From when a window may be cleared; unix time."""
        _data = bytes.fromhex("8bd3fa6f") + encode(
            ("bytes32", "uint32"),
            (sized(level, 32), window),
        )
        return self.gate_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def gate_of_result(raw: bytes) -> int:
        """Return what `gate_of` answered, decoded."""
        _out = decode(("uint64",), raw)
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

    def is_passed_over(self, node: bytes, window: int, *, block: int | str = "latest") -> bool:
        """Whether what an auction or level sent up will never be filled, or it has sent nothing."""
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

    def level_params(self, level: bytes, *, block: int | str = "latest") -> ForwardLevelParams:
        """`levelParams(bytes32)`"""
        _data = bytes.fromhex("75123770") + encode(
            ("bytes32",),
            (sized(level, 32),),
        )
        return self.level_params_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def level_params_result(raw: bytes) -> ForwardLevelParams:
        """Return what `level_params` answered, decoded."""
        _out = decode(
            ("(uint32,uint32,uint8,uint32,uint32,uint32,int32,uint32,uint32,uint32)",),
            raw,
        )
        _value: ForwardLevelParams = ForwardLevelParams.from_abi(_out[0])
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

    def parts_of(
        self,
        level: bytes,
        window: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """What a cleared window of a level has: of its own auction, and from above once that was
        told.
        """
        _data = bytes.fromhex("9a4cc6d9") + encode(
            ("bytes32", "uint32"),
            (sized(level, 32), window),
        )
        return self.parts_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def parts_of_result(raw: bytes) -> tuple[int, ...]:
        """Return what `parts_of` answered, decoded."""
        _out = decode(("uint256[]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def pass_over(self, node: bytes, window: int, ladder: Sequence[int]) -> Call:
        """An auction or level goes on without the level above, which was not cleared in time;
        with what it sent.
        """
        _data = bytes.fromhex("9de67c4b") + encode(
            ("bytes32", "uint32", "uint256[]"),
            (sized(node, 32), window, ladder),
        )
        return Call(self.address, _data, 0, "ForwardLevels.passOver")

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

    def send(self, auction: bytes, window: int, used: Sequence[int], ladder: Sequence[int]) -> Call:
        """Takes what an auction has left; `used`: what it takes of the limits of its area, see
        ILevels.useAhead. ForwardAuction only.
        """
        _data = bytes.fromhex("0ec5b20f") + encode(
            ("bytes32", "uint32", "uint256[3]", "uint256[]"),
            (sized(auction, 32), window, used, ladder),
        )
        return Call(self.address, _data, 0, "ForwardLevels.send")

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "ForwardLevels.setAuthority")

    def share(self, level: bytes, window: int, ladders: Sequence[Sequence[int]]) -> Call:
        """Shares out what a cleared level has among the children from the cursor on."""
        _data = bytes.fromhex("055099a8") + encode(
            ("bytes32", "uint32", "uint256[][]"),
            (sized(level, 32), window, ladders),
        )
        return Call(self.address, _data, 0, "ForwardLevels.share")

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
