// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISwitching} from "../interfaces/ISwitching.sol";
import {SwitchStore} from "./SwitchTypes.sol";

/// @title Clocks: days and states of a switch, as they follow from time
library Clocks {
    /// @notice The local day in which a time lies.
    function dayOf(SwitchStore storage s, ISwitching.Rules storage r, uint256 time) internal view returns (uint256) {
        return s.core.calendar.dayOf(r.calendar, time);
    }

    function today(SwitchStore storage s, ISwitching.Rules storage r) internal view returns (uint256) {
        return dayOf(s, r, block.timestamp);
    }

    /// @notice When a local day begins.
    function startOf(SwitchStore storage s, ISwitching.Rules storage r, uint256 day) internal view returns (uint64) {
        return uint64(s.core.calendar.startOf(r.calendar, day));
    }

    /// @notice The end of the `count`-th working day after a day.
    function afterWorkingDays(SwitchStore storage s, ISwitching.Rules storage r, uint256 day, uint256 count)
        internal
        view
        returns (uint64)
    {
        return startOf(s, r, s.core.calendar.workingDaysAfter(r.calendar, day, count) + 1);
    }

    /// @notice When changes of a local day are fixed.
    function gateOf(SwitchStore storage s, ISwitching.Rules storage r, uint256 day) internal view returns (uint64) {
        return startOf(s, r, day) - r.gateSeconds;
    }

    /// @notice First slot of a local day; where midnight lies within one, the slot after it.
    function slotOf(SwitchStore storage s, ISwitching.Rules storage r, uint256 day) internal view returns (uint32) {
        uint256 seconds_ = s.core.registry.slotSeconds();
        return uint32((startOf(s, r, day) + seconds_ - 1) / seconds_);
    }

    /// @notice The next local day, and its first slot, which has not begun.
    function nextDay(SwitchStore storage s, ISwitching.Rules storage r)
        internal
        view
        returns (uint32 day, uint32 slot)
    {
        day = uint32(today(s, r)) + 1;
        slot = slotOf(s, r, day);
        if (slot <= s.core.registry.currentSlot()) slot = slotOf(s, r, ++day);
    }

    /// @notice Where a switch stands now.
    function stateOf(SwitchStore storage s, uint32 id) internal view returns (ISwitching.State) {
        ISwitching.Switch storage w = s.switches[id];
        ISwitching.State kept = w.kept;
        if (kept == ISwitching.State.Contracted) {
            return s.failed[w.supplier] || block.timestamp >= w.expiresAt ? ISwitching.State.Lapsed : kept;
        }
        if (kept == ISwitching.State.Secured) {
            return s.core.registry.currentSlot() < w.startSlot ? kept : ISwitching.State.Active;
        }
        if (kept != ISwitching.State.Pending) return kept;
        ISwitching.Objection[] storage all = s.objections[id];
        ISwitching.State state;
        for (uint256 i; i < all.length; ++i) {
            if (all[i].removed) continue;
            // What was upheld stays so, whatever becomes of others.
            if (block.timestamp >= all[i].resolveUntil) return ISwitching.State.Upheld;
            state = ISwitching.State.Objected;
        }
        if (s.failed[w.supplier]) return ISwitching.State.Lapsed;
        if (state == ISwitching.State.Objected) return state;
        return block.timestamp < w.objectUntil ? kept : ISwitching.State.Confirmed;
    }

    /// @notice Whether a switch holds others of the same points up.
    function isOnItsWay(SwitchStore storage s, uint32 id) internal view returns (bool) {
        ISwitching.State state = stateOf(s, id);
        return state >= ISwitching.State.Pending && state <= ISwitching.State.Secured;
    }

    /// @notice Whether a claim of a switch is still to be decided, or its points are still to go back.
    function isDisputed(SwitchStore storage s, uint32 id) internal view returns (bool) {
        ISwitching.ClaimStage stage = s.claims[id].stage;
        return stage == ISwitching.ClaimStage.Claimed || stage == ISwitching.ClaimStage.Denied
            || stage == ISwitching.ClaimStage.Agreed;
    }

    function requireState(SwitchStore storage s, uint32 id, ISwitching.State wanted) internal view {
        ISwitching.State state = stateOf(s, id);
        require(state == wanted, ISwitching.WrongState(id, state));
    }

    /// @notice The switch with a number.
    function known(SwitchStore storage s, uint32 id) internal view returns (ISwitching.Switch storage) {
        require(id != 0 && id <= s.switchCount, ISwitching.UnknownSwitch(id));
        return s.switches[id];
    }

    function accountOf(SwitchStore storage s, uint16 supplier) internal view returns (address) {
        return s.core.registry.supplierAccount(supplier);
    }
}
