"""Local days and working days: the readable twin of `contracts/Calendar.sol`, and what to publish.

A day is a number, days since 1970-01-01 by the local date. `published` makes the days of a time
zone from the tz database of this machine.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from p2pchain.errors import BadInput, Refused

DAY: Final = 86_400
HOUR: Final = 3_600
_EPOCH: Final = dt.date(1970, 1, 1)
_WEST, _EAST = -12 * HOUR, 14 * HOUR


def day_number(date: dt.date) -> int:
    """Return the number of a date."""
    return (date - _EPOCH).days


def date_of(day: int) -> dt.date:
    """Return the date with a number."""
    return _EPOCH + dt.timedelta(days=day)


@dataclass(frozen=True, slots=True)
class OffsetChange:
    """From `since` (unix time) on, local time is UTC and so many seconds (ICalendar.Change)."""

    since: int
    offset_seconds: int


class LocalDays(ABC):
    """Whoever knows when local days begin and which are worked: a twin, or a contract's answers."""

    @abstractmethod
    def day_of(self, time: int) -> int:
        """Return the local day in which a time lies."""

    @abstractmethod
    def start_of(self, day: int) -> int:
        """Return when a day begins, unix time."""

    @abstractmethod
    def working_days_after(self, day: int, count: int) -> int:
        """Return the `count`-th working day after `day`."""

    def end_of_working_days(self, day: int, count: int) -> int:
        """Return when the `count`-th working day after `day` is over, unix time."""
        return self.start_of(self.working_days_after(day, count) + 1)


@dataclass(slots=True)
class Calendar(LocalDays):
    """One calendar: from when until when it says anything, offsets, holidays."""

    from_day: int
    until_day: int
    changes: list[OffsetChange]
    holidays: set[int] = field(default_factory=set)

    def offset_at(self, time: int) -> int:
        """Return by how many seconds local time is ahead of UTC."""
        place = bisect_right(self.changes, time, key=lambda change: change.since)
        return self.changes[place - 1].offset_seconds

    def day_of(self, time: int) -> int:
        """Return the local day in which a time lies."""
        return (time + self.offset_at(time)) // DAY

    def start_of(self, day: int) -> int:
        """Return when a day begins, unix time."""
        if day > self.until_day:
            raise Refused("BehindHorizon")
        if day < self.from_day:
            raise Refused("BeforeCalendar")
        offsets = {change.offset_seconds for change in self.changes}
        (start,) = {s for o in offsets if self.offset_at(s := day * DAY - o) == o}
        return start

    def is_working_day(self, day: int) -> bool:
        """Return whether a day is Monday to Friday, and no holiday."""
        if day >= self.until_day:
            raise Refused("BehindHorizon")
        if day < self.from_day:
            raise Refused("BeforeCalendar")
        return date_of(day).weekday() < 5 and day not in self.holidays

    def working_days_after(self, day: int, count: int) -> int:
        """Return the `count`-th working day after `day`."""
        while count:
            day += 1
            count -= self.is_working_day(day)
        return day


class CalendarsTwin:
    """All calendars of a deployment."""

    def __init__(self) -> None:
        self.calendars: dict[int, Calendar] = {}

    def create(self, from_day: int, offset_seconds: int) -> int:
        """Add a calendar without days; return its number."""
        if not _WEST <= offset_seconds <= _EAST:
            raise Refused("BadOffset")
        number = len(self.calendars) + 1
        self.calendars[number] = Calendar(from_day, from_day, [OffsetChange(0, offset_seconds)])
        return number

    def known(self, number: int) -> Calendar:
        """Return the calendar with a number."""
        if number not in self.calendars:
            raise Refused("UnknownCalendar")
        return self.calendars[number]

    def publish(
        self,
        number: int,
        until_day: int,
        holidays: Sequence[int],
        changes: Sequence[OffsetChange],
    ) -> None:
        """Publish the days up to `until_day`, all of it or nothing."""
        calendar = self.known(number)
        if until_day <= calendar.until_day:
            raise Refused("DayOutOfOrder")
        offsets = list(calendar.changes)
        for change in changes:
            before, since = offsets[-1], change.since
            if since <= before.since:
                raise Refused("ChangeOutOfOrder")
            if abs(change.offset_seconds - before.offset_seconds) > HOUR:
                raise Refused("BadOffset")
            if not calendar.until_day <= (since + before.offset_seconds) // DAY < until_day:
                raise Refused("ChangeOutOfOrder")
            for offset in (before.offset_seconds, change.offset_seconds):
                if not HOUR <= (since + offset) % DAY <= DAY - HOUR:
                    raise Refused("ChangeAtMidnight")
            if not _WEST <= change.offset_seconds <= _EAST:
                raise Refused("BadOffset")
            offsets.append(change)
        following = calendar.until_day
        for day in holidays:
            if not following <= day < until_day:
                raise Refused("DayOutOfOrder")
            following = day + 1
        calendar.changes = offsets
        calendar.holidays.update(holidays)
        calendar.until_day = until_day

    def set_holiday(self, number: int, day: int, holiday: bool, now: int) -> None:
        """Add or take back a holiday that is still to come."""
        calendar = self.known(number)
        if day <= calendar.day_of(now):
            raise Refused("DayHasBegun")
        if not calendar.from_day <= day < calendar.until_day:
            raise Refused("DayOutOfOrder")
        (calendar.holidays.add if holiday else calendar.holidays.discard)(day)


def published(zone: dt.tzinfo, from_day: int, until_day: int) -> tuple[int, list[OffsetChange]]:
    """Return the offset of a time zone before `from_day`, and its changes up to `until_day`.

    Raises BadInput where a change is not of an hour at most, or lies too near to midnight.
    """
    start = _midnight(zone, from_day)
    offset, changes = _offset(zone, start - 1), []
    first = offset
    for day in range(from_day, until_day):
        low, high = _midnight(zone, day), _midnight(zone, day + 1)
        if (after := _offset(zone, high)) == offset:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
        local = [(high + one) % DAY for one in (offset, after)]
        if abs(after - offset) > HOUR or not all(HOUR <= one <= DAY - HOUR for one in local):
            raise BadInput(
                f"{zone} changes its time by {after - offset} seconds on {date_of(day)}, near "
                "midnight or by more than an hour",
                hint="such a day has no single beginning; choose another zone",
            )
        changes.append(OffsetChange(high, after))
        offset = after
    return first, changes


def holidays_in(lines: Iterable[str]) -> list[int]:
    """Return the days of lines like `2026-12-25 Christmas Day`, in order. Raises BadInput."""
    found = set()
    for place, line in enumerate(lines, 1):
        text = line.split("#", 1)[0].split()
        if not text:
            continue
        try:
            found.add(day_number(dt.date.fromisoformat(text[0])))
        except ValueError:
            raise BadInput(
                f"line {place}: '{text[0]}' is no date", hint="a date to a line, as 2026-12-25"
            ) from None
    return sorted(found)


def _offset(zone: dt.tzinfo, time: int) -> int:
    found = dt.datetime.fromtimestamp(time, zone).utcoffset()
    assert found is not None
    return int(found.total_seconds())


def _midnight(zone: dt.tzinfo, day: int) -> int:
    return int(dt.datetime.combine(date_of(day), dt.time(), zone).timestamp())
