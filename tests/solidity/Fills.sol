// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CutWord, CutWords, ResultWord} from "../../contracts/libraries/Packed.sol";
import {TickBook} from "../../contracts/libraries/TickBook.sol";

/// @notice What settlement fills of one volume of one slot, in a word whose other lanes are full.
library Fills {
    function fill(ResultWord result, uint256 side, uint256 tick, uint256 wh)
        internal
        pure
        returns (uint256 filledWh, ResultWord next)
    {
        uint256 shift = (wh % 8) * 28;
        uint256 others = ((1 << 224) - 1) ^ (((1 << 28) - 1) << shift);
        CutWord cuts = CutWord.wrap(others | (CutWords.laneOf(result) << shift));
        (uint256 whole, uint256 part) = side == TickBook.BUY ? cuts.takenBuys(tick) : cuts.takenSells(tick);
        if ((part >> shift) & 1 != 0) return TickBook.ration(result, wh);
        return ((whole >> shift) & 1 != 0 ? wh : 0, result);
    }
}
