"""The contract TestCurrency, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic


@dataclass(frozen=True, slots=True)
class Approval(Event):
    """`Approval(address, address, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
    )
    owner: str
    spender: str
    value: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256",), data)
        return cls(
            checksum(topic("address", topics[1])),
            checksum(topic("address", topics[2])),
            raw[0],
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
class Transfer(Event):
    """`Transfer(address, address, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    )
    from_: str
    to: str
    value: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256",), data)
        return cls(
            checksum(topic("address", topics[1])),
            checksum(topic("address", topics[2])),
            raw[0],
        )


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known for known in (Approval, EIP712DomainChanged, Transfer)
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


class TestCurrency:
    """`TestCurrency` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(name: str, symbol: str) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("string", "string"),
            (name, symbol),
        )

    def allowance(self, owner: str, spender: str, *, block: int | str = "latest") -> int:
        """`allowance(address, address)`"""
        _data = bytes.fromhex("dd62ed3e") + encode(
            ("address", "address"),
            (owner, spender),
        )
        return self.allowance_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def allowance_result(raw: bytes) -> int:
        """Return what `allowance` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def approve(self, spender: str, value_: int) -> Call:
        """`approve(address, uint256)`"""
        _data = bytes.fromhex("095ea7b3") + encode(
            ("address", "uint256"),
            (spender, value_),
        )
        return Call(self.address, _data, 0, "TestCurrency.approve")

    @staticmethod
    def approve_result(raw: bytes) -> bool:
        """Return what `approve` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value

    def balance_of(self, account: str, *, block: int | str = "latest") -> int:
        """`balanceOf(address)`"""
        _data = bytes.fromhex("70a08231") + encode(
            ("address",),
            (account,),
        )
        return self.balance_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def balance_of_result(raw: bytes) -> int:
        """Return what `balance_of` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def decimals(self, *, block: int | str = "latest") -> int:
        """`decimals()`"""
        _data = bytes.fromhex("313ce567")
        return self.decimals_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def decimals_result(raw: bytes) -> int:
        """Return what `decimals` answered, decoded."""
        _out = decode(("uint8",), raw)
        _value: int = _out[0]
        return _value

    def domain_separator(self, *, block: int | str = "latest") -> bytes:
        """`DOMAIN_SEPARATOR()`"""
        _data = bytes.fromhex("3644e515")
        return self.domain_separator_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def domain_separator_result(raw: bytes) -> bytes:
        """Return what `domain_separator` answered, decoded."""
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

    def mint(self, account: str, amount: int) -> Call:
        """Makes `amount` of the smallest unit out of nothing."""
        _data = bytes.fromhex("40c10f19") + encode(
            ("address", "uint256"),
            (account, amount),
        )
        return Call(self.address, _data, 0, "TestCurrency.mint")

    def name(self, *, block: int | str = "latest") -> str:
        """`name()`"""
        _data = bytes.fromhex("06fdde03")
        return self.name_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def name_result(raw: bytes) -> str:
        """Return what `name` answered, decoded."""
        _out = decode(("string",), raw)
        _value: str = _out[0]
        return _value

    def nonces(self, owner: str, *, block: int | str = "latest") -> int:
        """`nonces(address)`"""
        _data = bytes.fromhex("7ecebe00") + encode(
            ("address",),
            (owner,),
        )
        return self.nonces_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def nonces_result(raw: bytes) -> int:
        """Return what `nonces` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def permit(
        self,
        owner: str,
        spender: str,
        value_: int,
        deadline: int,
        v: int,
        r: bytes,
        s: bytes,
    ) -> Call:
        """`permit(address, address, uint256, uint256, uint8, bytes32, bytes32)`"""
        _data = bytes.fromhex("d505accf") + encode(
            ("address", "address", "uint256", "uint256", "uint8", "bytes32", "bytes32"),
            (owner, spender, value_, deadline, v, sized(r, 32), sized(s, 32)),
        )
        return Call(self.address, _data, 0, "TestCurrency.permit")

    def symbol(self, *, block: int | str = "latest") -> str:
        """`symbol()`"""
        _data = bytes.fromhex("95d89b41")
        return self.symbol_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def symbol_result(raw: bytes) -> str:
        """Return what `symbol` answered, decoded."""
        _out = decode(("string",), raw)
        _value: str = _out[0]
        return _value

    def total_supply(self, *, block: int | str = "latest") -> int:
        """`totalSupply()`"""
        _data = bytes.fromhex("18160ddd")
        return self.total_supply_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def total_supply_result(raw: bytes) -> int:
        """Return what `total_supply` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def transfer(self, to: str, value_: int) -> Call:
        """`transfer(address, uint256)`"""
        _data = bytes.fromhex("a9059cbb") + encode(
            ("address", "uint256"),
            (to, value_),
        )
        return Call(self.address, _data, 0, "TestCurrency.transfer")

    @staticmethod
    def transfer_result(raw: bytes) -> bool:
        """Return what `transfer` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value

    def transfer_from(self, from_: str, to: str, value_: int) -> Call:
        """`transferFrom(address, address, uint256)`"""
        _data = bytes.fromhex("23b872dd") + encode(
            ("address", "address", "uint256"),
            (from_, to, value_),
        )
        return Call(self.address, _data, 0, "TestCurrency.transferFrom")

    @staticmethod
    def transfer_from_result(raw: bytes) -> bool:
        """Return what `transfer_from` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value
