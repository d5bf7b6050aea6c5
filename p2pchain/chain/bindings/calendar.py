"""The contract Calendar, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, topic
from p2pchain.chain.bindings.structs import Change


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
class CalendarCreated(Event):
    """`CalendarCreated(uint32, string, uint32, int32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "b36360812c5525583cb7a723f6f5b33dd991c12ca901bc6b195d4a1fc0ddae3c"
    )
    calendar: int
    name: str
    from_day: int
    offset_seconds: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("string", "uint32", "int32"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class DaysPublished(Event):
    """`DaysPublished(uint32, uint32, uint32, uint32[], Change[])`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "414fb613c51da112e922ea88bc59bfb75cd739d526c710081fcd15353d8bb14b"
    )
    calendar: int
    from_day: int
    until_day: int
    holidays: tuple[int, ...]
    changes: tuple[Change, ...]

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "uint32[]", "(uint64,int32)[]"), data)
        return cls(
            topic("uint32", topics[1]),
            raw[0],
            raw[1],
            raw[2],
            tuple(Change.from_abi(i) for i in raw[3]),
        )


@dataclass(frozen=True, slots=True)
class HolidaySet(Event):
    """`HolidaySet(uint32, uint32, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "9d86c85b68576008a8f89e9d013ee4f0dfff590bb698e631f6bb384989c6dafa"
    )
    calendar: int
    day: int
    holiday: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "bool"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1])


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known for known in (AuthorityUpdated, CalendarCreated, DaysPublished, HolidaySet)
}


class HorizonOfResult(NamedTuple):
    """What `horizonOf(uint32)` returns."""

    from_day: int
    until_day: int


class Calendar:
    """`Calendar` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(access_manager: str) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address",),
            (access_manager,),
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

    def calendar_count(self, *, block: int | str = "latest") -> int:
        """`calendarCount()`"""
        _data = bytes.fromhex("77673ebe")
        return self.calendar_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def calendar_count_result(raw: bytes) -> int:
        """Return what `calendar_count` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def create(self, name: str, from_day: int, offset_seconds: int) -> Call:
        """A calendar without days yet. Regulator only."""
        _data = bytes.fromhex("1c3533e9") + encode(
            ("string", "uint32", "int32"),
            (name, from_day, offset_seconds),
        )
        return Call(self.address, _data, 0, "Calendar.create")

    @staticmethod
    def create_result(raw: bytes) -> int:
        """Return what `create` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def day_of(self, calendar: int, time: int, *, block: int | str = "latest") -> int:
        """The local day in which a time lies."""
        _data = bytes.fromhex("46c1f527") + encode(
            ("uint32", "uint256"),
            (calendar, time),
        )
        return self.day_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def day_of_result(raw: bytes) -> int:
        """Return what `day_of` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def horizon_of(self, calendar: int, *, block: int | str = "latest") -> HorizonOfResult:
        """First day, and first one that is not published yet."""
        _data = bytes.fromhex("1056a3c0") + encode(
            ("uint32",),
            (calendar,),
        )
        return self.horizon_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def horizon_of_result(raw: bytes) -> HorizonOfResult:
        """Return what `horizon_of` answered, decoded."""
        _out = decode(("uint32", "uint32"), raw)
        return HorizonOfResult(_out[0], _out[1])

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

    def is_working_day(self, calendar: int, day: int, *, block: int | str = "latest") -> bool:
        """`isWorkingDay(uint32, uint256)`"""
        _data = bytes.fromhex("a2e90656") + encode(
            ("uint32", "uint256"),
            (calendar, day),
        )
        return self.is_working_day_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def is_working_day_result(raw: bytes) -> bool:
        """Return what `is_working_day` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value

    def offset_at(self, calendar: int, time: int, *, block: int | str = "latest") -> int:
        """Seconds by which local time is ahead of UTC."""
        _data = bytes.fromhex("e7f91b12") + encode(
            ("uint32", "uint256"),
            (calendar, time),
        )
        return self.offset_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def offset_at_result(raw: bytes) -> int:
        """Return what `offset_at` answered, decoded."""
        _out = decode(("int256",), raw)
        _value: int = _out[0]
        return _value

    def publish(
        self,
        calendar: int,
        until_day: int,
        holidays: Sequence[int],
        changes: Sequence[Change],
    ) -> Call:
        """Publishes the days up to `untilDay`, with the holidays and changes of the offset among
        them. Regulator only.
        """
        _data = bytes.fromhex("aeca52e3") + encode(
            ("uint32", "uint32", "uint32[]", "(uint64,int32)[]"),
            (calendar, until_day, holidays, [i.to_abi() for i in changes]),
        )
        return Call(self.address, _data, 0, "Calendar.publish")

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "Calendar.setAuthority")

    def set_holiday(self, calendar: int, day: int, holiday: bool) -> Call:
        """Adds or takes back a holiday that is still to come. Regulator only."""
        _data = bytes.fromhex("8161fd00") + encode(
            ("uint32", "uint32", "bool"),
            (calendar, day, holiday),
        )
        return Call(self.address, _data, 0, "Calendar.setHoliday")

    def start_of(self, calendar: int, day: int, *, block: int | str = "latest") -> int:
        """When a day begins, unix time; also of the first day behind the horizon."""
        _data = bytes.fromhex("7989f251") + encode(
            ("uint32", "uint256"),
            (calendar, day),
        )
        return self.start_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def start_of_result(raw: bytes) -> int:
        """Return what `start_of` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def working_days_after(
        self,
        calendar: int,
        day: int,
        count: int,
        *,
        block: int | str = "latest",
    ) -> int:
        """The `count`-th working day after `day`; `day` itself when count is zero."""
        _data = bytes.fromhex("6dd3d34f") + encode(
            ("uint32", "uint256", "uint256"),
            (calendar, day, count),
        )
        return self.working_days_after_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def working_days_after_result(raw: bytes) -> int:
        """Return what `working_days_after` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value
