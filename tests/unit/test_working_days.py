"""Local days and working days: against the zones of this machine, and by hand."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchain.errors import BadInput, Refused
from p2pchain.working_days import (
    DAY,
    HOUR,
    CalendarsTwin,
    OffsetChange,
    date_of,
    day_number,
    holidays_in,
    published,
)

FIRST, LAST = day_number(dt.date(2026, 1, 1)), day_number(dt.date(2029, 1, 1))
ZONES = ("Europe/London", "Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata")
CHRISTMAS = day_number(dt.date(2026, 12, 25))


def calendars(zone: str, holidays: tuple[int, ...] = ()) -> CalendarsTwin:
    found = CalendarsTwin()
    offset, changes = published(ZoneInfo(zone), FIRST, LAST)
    assert found.create(FIRST, offset) == 1
    found.publish(1, LAST, holidays, changes)
    return found


@pytest.mark.parametrize("zone", ZONES)
def test_days_are_those_of_the_zone(zone: str) -> None:
    calendar = calendars(zone).known(1)
    for day in range(FIRST, LAST + 1):
        midnight = dt.datetime.combine(date_of(day), dt.time(), ZoneInfo(zone))
        assert calendar.start_of(day) == midnight.timestamp()
    changes = len(calendar.changes) - 1
    assert changes == (0 if zone == "Asia/Kolkata" else 6)


@given(st.sampled_from(ZONES), st.integers(FIRST * DAY + DAY, LAST * DAY - DAY))
def test_a_time_lies_in_its_day(zone: str, time: int) -> None:
    calendar = calendars(zone).known(1)
    day = calendar.day_of(time)
    assert date_of(day) == dt.datetime.fromtimestamp(time, ZoneInfo(zone)).date()
    assert calendar.start_of(day) <= time < calendar.start_of(day + 1)


def test_working_days_by_hand() -> None:
    # Christmas 2026 is a Friday, Boxing Day a Saturday with Monday free for it.
    calendar = calendars("Europe/London", (CHRISTMAS, CHRISTMAS + 3)).known(1)
    assert calendar.working_days_after(CHRISTMAS - 1, 1) == CHRISTMAS + 4
    assert calendar.working_days_after(CHRISTMAS - 1, 0) == CHRISTMAS - 1
    assert calendar.working_days_after(CHRISTMAS - 2, 2) == CHRISTMAS + 4
    free = [day for day in range(CHRISTMAS - 4, CHRISTMAS + 5) if not calendar.is_working_day(day)]
    assert free == [CHRISTMAS, CHRISTMAS + 1, CHRISTMAS + 2, CHRISTMAS + 3]


def test_days_of_23_and_25_hours() -> None:
    calendar = calendars("Europe/London").known(1)
    for date, hours in ((dt.date(2026, 3, 29), 23), (dt.date(2026, 10, 25), 25)):
        day = day_number(date)
        assert calendar.start_of(day + 1) - calendar.start_of(day) == hours * HOUR


def test_what_is_not_known_is_refused() -> None:
    calendar = calendars("Europe/London").known(1)
    with pytest.raises(Refused, match="BehindHorizon"):
        calendar.working_days_after(LAST - 1, 1)
    with pytest.raises(Refused, match="BehindHorizon"):
        calendar.start_of(LAST + 1)
    with pytest.raises(Refused, match="BeforeCalendar"):
        calendar.start_of(FIRST - 1)


@pytest.mark.parametrize(
    ("until", "holidays", "changes", "name"),
    [
        (FIRST, [], [], "DayOutOfOrder"),
        (LAST, [FIRST - 1], [], "DayOutOfOrder"),
        (LAST, [LAST], [], "DayOutOfOrder"),
        (LAST, [FIRST + 2, FIRST + 2], [], "DayOutOfOrder"),
        (LAST, [], [OffsetChange(FIRST * DAY + 12 * HOUR, 2 * HOUR)], "BadOffset"),
        (LAST, [], [OffsetChange(FIRST * DAY + HOUR // 2, HOUR)], "ChangeAtMidnight"),
        (LAST, [], [OffsetChange(FIRST * DAY - HOUR, HOUR)], "ChangeOutOfOrder"),
        (LAST, [], [OffsetChange(LAST * DAY + 2 * HOUR, HOUR)], "ChangeOutOfOrder"),
    ],
)
def test_published_in_order_or_not_at_all(
    until: int, holidays: list[int], changes: list[OffsetChange], name: str
) -> None:
    found = CalendarsTwin()
    found.create(FIRST, 0)
    with pytest.raises(Refused, match=name):
        found.publish(1, until, holidays, changes)
    assert (found.known(1).until_day, found.known(1).holidays) == (FIRST, set())


def test_a_zone_that_changes_at_midnight() -> None:
    with pytest.raises(BadInput, match="near midnight"):
        published(ZoneInfo("America/Havana"), FIRST, LAST)


def test_holidays_of_a_file() -> None:
    lines = ["# England", "2026-12-25 Christmas Day", "", "2026-04-03  # Good Friday"]
    assert holidays_in(lines) == [day_number(dt.date(2026, 4, 3)), CHRISTMAS]
    with pytest.raises(BadInput, match="line 2"):
        holidays_in(["2026-12-25", "25.12.2026"])
