// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICalendar} from "./interfaces/ICalendar.sol";

/// @title Calendar
/// @notice What it promises, what it assumes and who may call: ICalendar.
contract Calendar is ICalendar, AccessManaged {
    using Checkpoints for Checkpoints.Trace208;
    using SafeCast for uint256;

    uint256 private constant DAY = 1 days;
    /// @dev Offsets of the earth lie between UTC-12 and UTC+14; kept as what is added to this.
    int256 private constant SHIFT = 1 days;

    /// @param holidays a bit a day, 256 days to a word
    struct Days {
        uint32 fromDay;
        uint32 untilDay;
        Checkpoints.Trace208 offsets;
        mapping(uint256 word => uint256) holidays;
    }

    /* STORAGE */

    uint32 public calendarCount;
    mapping(uint32 calendar => Days) private _calendars;

    /* CONSTRUCTOR */

    constructor(address accessManager) AccessManaged(accessManager) {}

    /* VIEWS */

    /// @inheritdoc ICalendar
    function horizonOf(uint32 calendar) external view returns (uint32 fromDay, uint32 untilDay) {
        Days storage c = _known(calendar);
        return (c.fromDay, c.untilDay);
    }

    /// @inheritdoc ICalendar
    function offsetAt(uint32 calendar, uint256 time) external view returns (int256) {
        return _offsetAt(_known(calendar), time);
    }

    /// @inheritdoc ICalendar
    function dayOf(uint32 calendar, uint256 time) public view returns (uint32) {
        return _dayOf(_known(calendar), time);
    }

    /// @inheritdoc ICalendar
    function startOf(uint32 calendar, uint256 day) external view returns (uint256) {
        Days storage c = _known(calendar);
        require(day <= c.untilDay, BehindHorizon(calendar, day, c.untilDay));
        require(day >= c.fromDay, BeforeCalendar(calendar, day, c.fromDay));
        // An offset around that time leads to at most an hour beside midnight, where it does not change.
        int256 midnight = int256(day * DAY);
        int256 near = midnight - _offsetAt(c, uint256(midnight));
        return uint256(midnight - _offsetAt(c, uint256(near)));
    }

    /// @inheritdoc ICalendar
    function isWorkingDay(uint32 calendar, uint256 day) public view returns (bool) {
        Days storage c = _known(calendar);
        require(day < c.untilDay, BehindHorizon(calendar, day, c.untilDay));
        require(day >= c.fromDay, BeforeCalendar(calendar, day, c.fromDay));
        // 1970-01-01 was a Thursday; 0 is Sunday.
        uint256 weekday = (day + 4) % 7;
        if (weekday == 0 || weekday == 6) return false;
        return (c.holidays[day / 256] >> (day % 256)) & 1 == 0;
    }

    /// @inheritdoc ICalendar
    function workingDaysAfter(uint32 calendar, uint256 day, uint256 count) external view returns (uint256) {
        while (count != 0) {
            if (isWorkingDay(calendar, ++day)) --count;
        }
        return day;
    }

    /* REGULATOR */

    /// @inheritdoc ICalendar
    function create(string calldata name, uint32 fromDay, int32 offsetSeconds)
        external
        restricted
        returns (uint32 calendar)
    {
        calendar = ++calendarCount;
        Days storage c = _calendars[calendar];
        (c.fromDay, c.untilDay) = (fromDay, fromDay);
        _push(c, 0, offsetSeconds);
        emit CalendarCreated(calendar, name, fromDay, offsetSeconds);
    }

    /// @inheritdoc ICalendar
    function publish(uint32 calendar, uint32 untilDay, uint32[] calldata holidays, Change[] calldata changes)
        external
        restricted
    {
        Days storage c = _known(calendar);
        uint256 next = c.untilDay;
        require(untilDay > next, DayOutOfOrder(untilDay));
        emit DaysPublished(calendar, c.untilDay, untilDay, holidays, changes);
        for (uint256 i; i < changes.length; ++i) _change(c, changes[i], untilDay);
        for (uint256 i; i < holidays.length; ++i) {
            uint256 day = holidays[i];
            require(day >= next && day < untilDay, DayOutOfOrder(day));
            c.holidays[day / 256] |= 1 << (day % 256);
            next = day + 1;
        }
        c.untilDay = untilDay;
    }

    /// @inheritdoc ICalendar
    function setHoliday(uint32 calendar, uint32 day, bool holiday) external restricted {
        Days storage c = _known(calendar);
        uint32 today = _dayOf(c, block.timestamp);
        require(day > today, DayHasBegun(day, today));
        require(day >= c.fromDay && day < c.untilDay, DayOutOfOrder(day));
        uint256 bit = 1 << (day % 256);
        if (holiday) c.holidays[day / 256] |= bit;
        else c.holidays[day / 256] &= ~bit;
        emit HolidaySet(calendar, day, holiday);
    }

    /* INTERNAL */

    function _known(uint32 calendar) private view returns (Days storage) {
        require(calendar != 0 && calendar <= calendarCount, UnknownCalendar(calendar));
        return _calendars[calendar];
    }

    function _offsetAt(Days storage c, uint256 time) private view returns (int256) {
        return int256(uint256(c.offsets.upperLookupRecent(time.toUint48()))) - SHIFT;
    }

    function _dayOf(Days storage c, uint256 time) private view returns (uint32) {
        return uint256((int256(time) + _offsetAt(c, time)) / int256(DAY)).toUint32();
    }

    function _change(Days storage c, Change calldata change, uint256 untilDay) private {
        (, uint48 latest, uint208 kept) = c.offsets.latestCheckpoint();
        uint256 since = change.since;
        require(since > latest, ChangeOutOfOrder(change.since));
        (int256 before, int256 offset) = (int256(uint256(kept)) - SHIFT, change.offsetSeconds);
        int256 step = offset - before;
        require(step <= 1 hours && step >= -1 hours, BadOffset(change.offsetSeconds));
        uint256 day = uint256(int256(since) + before) / DAY;
        require(day >= c.untilDay && day < untilDay, ChangeOutOfOrder(change.since));
        _requireFromMidnight(change.since, before);
        _requireFromMidnight(change.since, offset);
        _push(c, since, change.offsetSeconds);
    }

    function _requireFromMidnight(uint64 since, int256 offset) private pure {
        uint256 clock = uint256(int256(uint256(since)) + offset) % DAY;
        require(clock >= 1 hours && clock <= 23 hours, ChangeAtMidnight(since));
    }

    function _push(Days storage c, uint256 since, int32 offsetSeconds) private {
        require(offsetSeconds >= -12 hours && offsetSeconds <= 14 hours, BadOffset(offsetSeconds));
        c.offsets.push(since.toUint48(), uint208(uint256(int256(offsetSeconds) + SHIFT)));
    }
}
