// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Calendar: local days, and which of them are worked
/// @notice Promises:
/// - a calendar says of every day up to its horizon when it begins, in local time with its daylight saving, and whether
///   it is a working day: Monday to Friday, and no holiday;
/// - days are published once, in their order; what is asked behind the horizon reverts and is never guessed;
/// - a later holiday is added or taken back for days to come only.
///
/// A day is a number: days since 1970-01-01, by the local date. Changes of the offset lie an hour or more from
/// midnight and are of an hour at most, so that every day has one beginning.
/// Assumes: the regulator publishes what the law of the place says. Who may call: regulator; everything else is a view.
interface ICalendar {
    /// @notice From `since` (unix time) on, local time is UTC and so many seconds.
    struct Change {
        uint64 since;
        int32 offsetSeconds;
    }

    event CalendarCreated(uint32 indexed calendar, string name, uint32 fromDay, int32 offsetSeconds);
    event DaysPublished(
        uint32 indexed calendar, uint32 fromDay, uint32 untilDay, uint32[] holidays, Change[] changes
    );
    event HolidaySet(uint32 indexed calendar, uint32 day, bool holiday);

    error UnknownCalendar(uint32 calendar);
    error BadOffset(int32 offsetSeconds);
    /// @notice Behind what was published.
    error BehindHorizon(uint32 calendar, uint256 day, uint32 horizon);
    error BeforeCalendar(uint32 calendar, uint256 day, uint32 fromDay);
    /// @notice Not among the days that are published, or not in their order.
    error DayOutOfOrder(uint256 day);
    error ChangeOutOfOrder(uint64 since);
    /// @notice Within an hour of local midnight.
    error ChangeAtMidnight(uint64 since);
    error DayHasBegun(uint32 day, uint32 today);

    function calendarCount() external view returns (uint32);

    /// @notice First day, and first one that is not published yet.
    function horizonOf(uint32 calendar) external view returns (uint32 fromDay, uint32 untilDay);

    /// @notice Seconds by which local time is ahead of UTC.
    function offsetAt(uint32 calendar, uint256 time) external view returns (int256);

    /// @notice The local day in which a time lies.
    function dayOf(uint32 calendar, uint256 time) external view returns (uint32);

    /// @notice When a day begins, unix time; also of the first day behind the horizon.
    function startOf(uint32 calendar, uint256 day) external view returns (uint256);

    function isWorkingDay(uint32 calendar, uint256 day) external view returns (bool);

    /// @notice The `count`-th working day after `day`; `day` itself when count is zero.
    function workingDaysAfter(uint32 calendar, uint256 day, uint256 count) external view returns (uint256);

    /// @notice A calendar without days yet. Regulator only.
    function create(string calldata name, uint32 fromDay, int32 offsetSeconds) external returns (uint32 calendar);

    /// @notice Publishes the days up to `untilDay`, with the holidays and changes of the offset among them. Regulator
    /// only.
    function publish(
        uint32 calendar,
        uint32 untilDay,
        uint32[] calldata holidays,
        Change[] calldata changes
    ) external;

    /// @notice Adds or takes back a holiday that is still to come. Regulator only.
    function setHoliday(uint32 calendar, uint32 day, bool holiday) external;
}
