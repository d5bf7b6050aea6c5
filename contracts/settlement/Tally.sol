// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMetering} from "../interfaces/IMetering.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Evidence} from "../libraries/Evidence.sol";
import {MemberWord, StatedWord} from "../libraries/Packed.sol";
import {Context} from "./Context.sol";
import {Core, Env, State, WINDOW} from "./Types.sol";

/// @title Tally: the members of an area against the meter at its border
/// @notice What members have taken from and given to the area in a day, added up from evidence. Where it is off the
/// boundary meter by more than the tolerance, the day stays open for corrections.
library Tally {
    /// @dev The day at hand, and the sum so far.
    struct Work {
        Env env;
        uint32 day;
        uint256 first;
        uint256 slots;
        int256 membersWh;
    }

    /// @notice See ISettlement.tally.
    function tally(
        State storage state,
        Core memory core,
        bytes32 market,
        uint32 day,
        uint32 fromIndex,
        IMetering.Reading[][] calldata records,
        IMetering.Reading[] calldata boundaryRecords
    ) external {
        Work memory work;
        work.env = Context.load(core, market);
        (work.day, work.slots) = (day, 1 days / core.slotSeconds);
        work.first = day * work.slots;
        _requireOpen(state, work);
        ISettlement.DayTally memory sum = state.tallies[market][day];
        require(fromIndex == sum.cursor, ISettlement.WrongCursor(fromIndex, sum.cursor));
        uint256 end = uint256(fromIndex) + records.length;
        uint256 count = core.markets.memberCount(market);
        require(records.length != 0 && end <= count, ISettlement.NothingToDo());
        work.membersWh = sum.membersWh;
        for (uint256 i; i < records.length; ++i) _addMember(work, fromIndex + i, records[i]);
        if (end < count) {
            (sum.cursor, sum.membersWh) = (uint32(end), int192(work.membersWh));
            emit ISettlement.TallyStep(market, day, uint32(end), work.membersWh);
        } else {
            (int256 boundaryWh, uint256 toleranceWh) = _boundary(work, boundaryRecords);
            int256 off = work.membersWh - boundaryWh;
            sum.disputed = uint256(off < 0 ? -off : off) > toleranceWh;
            (sum.cursor, sum.membersWh) = (0, 0);
            emit ISettlement.Tallied(market, day, work.membersWh, boundaryWh, sum.disputed);
        }
        state.tallies[market][day] = sum;
    }

    /// @dev All windows of the day are settled, and none is final.
    function _requireOpen(State storage state, Work memory work) private view {
        uint256 window = work.first / WINDOW;
        for (uint256 i; i < work.slots / WINDOW; ++i) {
            require(
                Context.isSettled(state, work.env, window + i), ISettlement.NotSettled(uint32(window + i))
            );
        }
        require(block.timestamp < Context.finalAt(state, work.env, window), ISettlement.Final(uint32(window)));
    }

    /// @dev Adds the slots of a member in which its membership holds; the whole day must have been read.
    function _addMember(Work memory work, uint256 index, IMetering.Reading[] calldata records) private view {
        Env memory env = work.env;
        uint256 end = work.first + work.slots;
        uint256[] memory values;
        for (uint256 slot = work.first; slot < end;) {
            uint256[] memory words =
                env.core.markets.packedMembers(env.market, uint32(index), 1, uint32(slot));
            MemberWord member = MemberWord.wrap(words[0]);
            uint256 until = member.untilSlot() < end ? member.untilSlot() : end;
            if (StatedWord.wrap(words[1]).isActive()) {
                if (values.length == 0) values = _values(work, member.meter(), records);
                for (uint256 i = slot - work.first; i < until - work.first; ++i) {
                    work.membersWh += _importWh(values[i]) - _exportWh(values[i]);
                }
            }
            slot = until;
        }
    }

    /// @dev What the boundary meter has measured, and how far the members may be off.
    function _boundary(Work memory work, IMetering.Reading[] calldata records)
        private
        view
        returns (int256 boundaryWh, uint256 toleranceWh)
    {
        Env memory env = work.env;
        uint32 area = env.params.area;
        IRegistry.Boundary memory boundary = env.core.registry.boundaryOf(area);
        bool isThere = boundary.meter != 0 && !env.core.metering.headOf(boundary.meter).enrolled;
        require(isThere, ISettlement.NoBoundary(area));
        uint256[] memory values = _values(work, boundary.meter, records);
        int256 grossWh;
        for (uint256 i; i < values.length; ++i) {
            boundaryWh += _importWh(values[i]) - _exportWh(values[i]);
            grossWh += _importWh(values[i]) + _exportWh(values[i]);
        }
        toleranceWh = boundary.toleranceWh + (boundary.tolerancePpm * uint256(grossWh)) / 1e6;
    }

    function _values(Work memory work, uint32 meter, IMetering.Reading[] calldata records)
        private
        view
        returns (uint256[] memory values)
    {
        require(
            Evidence.chain(records) == work.env.core.metering.dayHash(meter, work.day),
            IMetering.WrongEvidence(meter, work.day)
        );
        values = Evidence.lay(records, work.first, work.slots);
        for (uint256 i; i < values.length; ++i) {
            require(values[i] & Evidence.READ != 0, ISettlement.NotComplete(meter, uint32(work.first + i)));
        }
    }

    function _importWh(uint256 value) private pure returns (int256) {
        return int256(uint256(uint32(value >> 32)));
    }

    function _exportWh(uint256 value) private pure returns (int256) {
        return int256(uint256(uint32(value)));
    }
}
