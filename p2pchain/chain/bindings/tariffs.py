"""The contract Tariffs, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, topic
from p2pchain.chain.bindings.structs import Row


@dataclass(frozen=True, slots=True)
class TariffPublished(Event):
    """`TariffPublished(uint16, uint16, uint32, uint32, Row[], int64)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "f87821a5439f851585ec924457fb69e972b484c0843f416a86cd9dd08f7943c6"
    )
    supplier: int
    tariff: int
    version: int
    from_slot: int
    rows: tuple[Row, ...]
    standing_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "(int32,int32,int32,int32,int32,int32)[]", "int64"), data)
        return cls(
            topic("uint16", topics[1]),
            topic("uint16", topics[2]),
            raw[0],
            raw[1],
            tuple(Row.from_abi(i) for i in raw[2]),
            raw[3],
        )


EVENTS: Final[dict[bytes, type[Event]]] = {known.TOPIC0: known for known in (TariffPublished,)}


class VersionAtResult(NamedTuple):
    """What `versionAt(uint16, uint16, uint32)` returns."""

    version: int
    from_slot: int
    standing_nano: int


class Tariffs:
    """`Tariffs` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(registry: str) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address",),
            (registry,),
        )

    def packed_rows(
        self,
        supplier: int,
        tariff: int,
        first_slot: int,
        slots: int,
        *,
        block: int | str = "latest",
    ) -> tuple[int, ...]:
        """The rows of `slots` slots from `firstSlot`, packed (see TariffWord); a zero word where
        there is none.
        """
        _data = bytes.fromhex("2a900b95") + encode(
            ("uint16", "uint16", "uint32", "uint32"),
            (supplier, tariff, first_slot, slots),
        )
        return self.packed_rows_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def packed_rows_result(raw: bytes) -> tuple[int, ...]:
        """Return what `packed_rows` answered, decoded."""
        _out = decode(("uint256[]",), raw)
        _value: tuple[int, ...] = _out[0]
        return _value

    def publish(
        self,
        supplier: int,
        tariff: int,
        from_slot: int,
        rows: Sequence[Row],
        standing_nano: int,
    ) -> Call:
        """Publishes a version in force from `fromSlot`; one pending for the same slot is
        replaced.
        """
        _data = bytes.fromhex("0a59c5ef") + encode(
            ("uint16", "uint16", "uint32", "(int32,int32,int32,int32,int32,int32)[]", "int64"),
            (supplier, tariff, from_slot, [i.to_abi() for i in rows], standing_nano),
        )
        return Call(self.address, _data, 0, "Tariffs.publish")

    @staticmethod
    def publish_result(raw: bytes) -> int:
        """Return what `publish` answered, decoded."""
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

    def row_at(self, supplier: int, tariff: int, slot: int, *, block: int | str = "latest") -> Row:
        """The row in force in `slot`; reverts where there is none."""
        _data = bytes.fromhex("c446347f") + encode(
            ("uint16", "uint16", "uint32"),
            (supplier, tariff, slot),
        )
        return self.row_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def row_at_result(raw: bytes) -> Row:
        """Return what `row_at` answered, decoded."""
        _out = decode(("(int32,int32,int32,int32,int32,int32)",), raw)
        _value: Row = Row.from_abi(_out[0])
        return _value

    def version_at(
        self,
        supplier: int,
        tariff: int,
        slot: int,
        *,
        block: int | str = "latest",
    ) -> VersionAtResult:
        """Version in force in `slot`: number, first slot, standing charge."""
        _data = bytes.fromhex("222cf45f") + encode(
            ("uint16", "uint16", "uint32"),
            (supplier, tariff, slot),
        )
        return self.version_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def version_at_result(raw: bytes) -> VersionAtResult:
        """Return what `version_at` answered, decoded."""
        _out = decode(("uint32", "uint32", "int64"), raw)
        return VersionAtResult(_out[0], _out[1], _out[2])
