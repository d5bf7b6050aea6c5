// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {State, USED_AHEAD} from "./LevelTypes.sol";

/// @title Ahead: what forward auctions have used of an area's limits
/// @notice Up, down and inside, each eight lanes of 32 bits, as wide as the limits themselves. A lane that is full
/// stays so: only where there is no limit can so much be used.
library Ahead {
    uint256 private constant LANES = 8;
    uint256 private constant LANE_BITS = 32;
    uint256 private constant FULL = type(uint32).max;

    /// @notice See ILevels.useAhead.
    function use(State storage state, uint32 area, uint32 window, uint256[3] calldata lanes) internal {
        uint256[3] storage used = state.ahead[area][window];
        if (state.gridLosses[area][window] & USED_AHEAD == 0) state.gridLosses[area][window] |= USED_AHEAD;
        for (uint256 kind; kind < 3; ++kind) {
            if (lanes[kind] != 0) used[kind] = plus(used[kind], lanes[kind]);
        }
    }

    /// @notice See ILevels.freeAhead.
    function free(State storage state, uint32 area, uint32 window, uint256[3] calldata lanes) internal {
        uint256[3] storage used = state.ahead[area][window];
        for (uint256 kind; kind < 3; ++kind) {
            if (lanes[kind] != 0) used[kind] = minus(used[kind], lanes[kind]);
        }
    }

    /// @notice The lane of a slot with so many Wh.
    function lane(uint256 slot, uint256 wh) internal pure returns (uint256) {
        return (wh < FULL ? wh : FULL) << (slot * LANE_BITS);
    }

    function plus(uint256 a, uint256 b) internal pure returns (uint256 sum) {
        for (uint256 slot; slot < LANES; ++slot) {
            sum |= lane(slot, uint256(uint32(a >> (slot * LANE_BITS))) + uint32(b >> (slot * LANE_BITS)));
        }
    }

    function minus(uint256 a, uint256 b) internal pure returns (uint256 rest) {
        for (uint256 slot; slot < LANES; ++slot) {
            uint256 there = uint32(a >> (slot * LANE_BITS));
            // Never more than was used, but for a lane that had become full.
            if (there != FULL) there -= uint32(b >> (slot * LANE_BITS));
            rest |= there << (slot * LANE_BITS);
        }
    }
}
