"""What the generated bindings stand on: a call, an event, a contract's error, and the codec.

Nothing here talks to a node and nothing here imports web3; `Reader` is all that a binding needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import Enum
from functools import lru_cache
from typing import Any, ClassVar, Protocol, Self, TypeVar

from eth_abi.abi import decode as _decode
from eth_abi.abi import encode as _encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.address import to_checksum_address

from p2pchain.errors import BadInput, Refused, WrongNetwork


class Reader(Protocol):
    """Whoever can ask a contract: `block` is a number or `latest`, `finalized`, `pending`."""

    def call(self, to: str, data: bytes, block: int | str = "latest") -> bytes:
        """Return what the contract at `to` answers; raise its error as a `ContractError`."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that changes state, ready to be sent: nothing has been sent yet.

    `value` is in the chain's own smallest unit (wei), `name` says what it is (`Ledger.deposit`).
    """

    to: str
    data: bytes
    value: int = 0
    name: str = ""


class Event:
    """Base of the generated events."""

    __slots__ = ()
    TOPIC0: ClassVar[bytes]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        """Return the event of a log whose first topic is `TOPIC0`."""
        raise NotImplementedError


class ContractError(Refused):
    """Base of the generated errors; the arguments are attributes of the same name."""

    SELECTOR: ClassVar[bytes]
    TYPES: ClassVar[tuple[str, ...]] = ()
    FIELDS: ClassVar[tuple[str, ...]] = ()
    TEXT: ClassVar[str] = ""
    HINT: ClassVar[str | None] = None

    def __init__(self, *args: object) -> None:
        pairs = zip(self.FIELDS, args, strict=True)
        shown = ", ".join(f"{field}={_shown(value)}" for field, value in pairs)
        message = f"{self.TEXT} ({shown})" if shown else self.TEXT
        super().__init__(type(self).__name__, args, self.HINT, message=message)

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        """Return the error with its decoded arguments."""
        return cls(*raw)

    @classmethod
    def from_data(cls, data: bytes) -> Self:
        """Return the error of revert data, selector included. ValueError where it is another."""
        if data[:4] != cls.SELECTOR:
            raise ValueError(f"0x{data[:4].hex()} is not {cls.__name__}")
        return cls.from_abi(decode(cls.TYPES, data[4:]))


S = TypeVar("S")


def struct_of(kind: type[S], record: object, **other: object) -> S:
    """Return a generated struct with the fields of a record that names them alike; `other` are
    those that it has in another form, such as enumerations."""
    names = [one.name for one in fields(kind)]  # type: ignore[arg-type]
    return kind(**{name: other[name] if name in other else getattr(record, name) for name in names})


def _shown(value: object) -> str:
    """An argument of an error, as people read it."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Enum):
        return value.name.lower().replace("_", " ")
    return str(value)


class Reverted(ContractError):
    """The contract refused with a text: Solidity's Error(string)."""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("08c379a0")
    TYPES: ClassVar[tuple[str, ...]] = ("string",)
    FIELDS: ClassVar[tuple[str, ...]] = ("text",)
    TEXT: ClassVar[str] = "the contract refused"

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Panicked(ContractError):
    """An assertion of the compiler failed: Solidity's Panic(uint256). `code` says which."""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("4e487b71")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256",)
    FIELDS: ClassVar[tuple[str, ...]] = ("code",)
    TEXT: ClassVar[str] = "an assertion in the contract failed"
    HINT: ClassVar[str | None] = (
        "0x11 is an overflow, 0x12 a division by zero, 0x32 an index out of range"
    )

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """Return the ABI encoding. BadInput where a value does not fit its type."""
    try:
        return _encode(types, values)
    except EncodingError as error:
        raise BadInput(f"a value does not fit the contract: {error}") from error


def decode(types: Sequence[str], data: bytes) -> Any:
    """Return the decoded values as a tuple. Raises WrongNetwork where the data is not of them."""
    try:
        return _decode(types, data)
    except DecodingError as error:
        raise WrongNetwork(
            f"a contract answers in another form than this version of p2pchain reads ({error})",
            hint="the deployment file names contracts of another version, or no contracts of ours",
        ) from error


def topic(kind: str, word: bytes) -> Any:
    """Return the value of one indexed argument of an event."""
    return _decode((kind,), word)[0]


def sized(value: bytes, size: int) -> bytes:
    """Return `value`, which must have `size` bytes: the codec would pad a shorter one."""
    if len(value) != size:
        raise BadInput(f"{size} bytes are needed, not {len(value)}: 0x{value.hex()}")
    return value


@lru_cache(maxsize=65536)
def checksum(address: str) -> str:
    """Return the address in the mixed-case form of EIP-55."""
    return to_checksum_address(address)
