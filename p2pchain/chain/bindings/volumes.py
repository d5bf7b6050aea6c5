"""The contract Volumes, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, topic
from p2pchain.chain.bindings.structs import Volume, VolumeHead


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
class VolumePosted(Event):
    """`VolumePosted(uint32, uint32, Volume)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "bf3b250a2989e4ebc04540e90682546e1b8bc4c7985154547dc6d7265b91ab0d"
    )
    point: int
    meter: int
    what: Volume

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(
            ("(uint32,uint32,uint32,uint32,uint64,uint64,uint32,uint32,uint64,uint64)",),
            data,
        )
        return cls(topic("uint32", topics[1]), topic("uint32", topics[2]), Volume.from_abi(raw[0]))


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known for known in (EIP712DomainChanged, VolumePosted)
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


class Volumes:
    """`Volumes` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(registry: str, metering: str, points: str) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "address", "address"),
            (registry, metering, points),
        )

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

    def energy_of(
        self,
        litres: int,
        calorific_kj: int,
        correction_ppm: int,
        *,
        block: int | str = "latest",
    ) -> int:
        """Wh of a volume, rounded down."""
        _data = bytes.fromhex("2ccc974b") + encode(
            ("uint64", "uint32", "uint32"),
            (litres, calorific_kj, correction_ppm),
        )
        return self.energy_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def energy_of_result(raw: bytes) -> int:
        """Return what `energy_of` answered, decoded."""
        _out = decode(("uint64",), raw)
        _value: int = _out[0]
        return _value

    def head_of(self, meter: int, *, block: int | str = "latest") -> VolumeHead:
        """`headOf(uint32)`"""
        _data = bytes.fromhex("8a0ad7b6") + encode(
            ("uint32",),
            (meter,),
        )
        return self.head_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def head_of_result(raw: bytes) -> VolumeHead:
        """Return what `head_of` answered, decoded."""
        _out = decode(("(uint32,uint64,uint64)",), raw)
        _value: VolumeHead = VolumeHead.from_abi(_out[0])
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

    def post(self, v: Volume, signature: bytes) -> Call:
        """Keeps a record, right after the reading that ends with its last slot."""
        _data = bytes.fromhex("31bb9f9b") + encode(
            ("(uint32,uint32,uint32,uint32,uint64,uint64,uint32,uint32,uint64,uint64)", "bytes"),
            (v.to_abi(), signature),
        )
        return Call(self.address, _data, 0, "Volumes.post")

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

    def volume_digest(self, volume: Volume, *, block: int | str = "latest") -> bytes:
        """`volumeDigest(Volume)`"""
        _data = bytes.fromhex("ae0e18d0") + encode(
            ("(uint32,uint32,uint32,uint32,uint64,uint64,uint32,uint32,uint64,uint64)",),
            (volume.to_abi(),),
        )
        return self.volume_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def volume_digest_result(raw: bytes) -> bytes:
        """Return what `volume_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value
