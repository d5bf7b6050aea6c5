// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ResultWord, ResultWords} from "./Packed.sol";
import {Prices} from "./Prices.sol";

/// @title Joins: an area's own auction and what comes from above, as one result for each side
/// @notice All that an area gets in a slot goes to the best limits first, at one price for each side: the average of
/// what it paid, and received. So nobody gains by standing back from one level for the price of another. The twin is
/// `combined` of `p2pchain/levels.py`.
library Joins {
    /// @notice What comes from above for one side, least significant bit first: last tick (8 bits), filled and left
    /// there before (48 bits each), all Wh (48 bits); better limits are filled wholly. Zero: nothing.
    function pack(uint256 tick, uint256 fillWh, uint256 leftWh, uint256 wh) internal pure returns (uint256) {
        return tick | (fillWh << 8) | (leftWh << 56) | (wh << 104);
    }

    /// @notice The Wh of all that comes from above.
    function whOf(uint256 added) internal pure returns (uint256) {
        return added >> 104;
    }

    /// @notice The results of both sides (`ResultWords.APART`), and what their whole prices leave over.
    /// @param sells that of the sells, which is `result` where they have none of their own
    /// @param added what comes from above, buys and sells
    /// @param nano what it costs, and brings
    function both(ResultWord result, ResultWord sells, uint256[2] memory added, int256[2] memory nano)
        internal
        pure
        returns (ResultWord ofBuys, ResultWord ofSells, uint256 restNano)
    {
        uint256 sellRest;
        (ofBuys, restNano) = _side(result, true, added[0], nano[0]);
        (ofSells, sellRest) = _side(sells, false, added[1], nano[1]);
        restNano += sellRest;
    }

    function _side(ResultWord own, bool buys, uint256 added, int256 nano)
        private
        pure
        returns (ResultWord, uint256 restNano)
    {
        uint256 word = ResultWords.APART | (buys ? ResultWords.BUY_RATIONED : 0);
        uint256 wh = whOf(added) + (own.traded() ? own.matchedWh() : 0);
        if (wh == 0) return (ResultWord.wrap(word), 0);
        // Where nothing is rationed, one of one is filled.
        (uint256 tick, uint256 fillWh, uint256 liveWh) = (buys ? own.buyTick() : own.sellTick(), 1, 1);
        bool rationed = own.traded() && own.buyRationed() == buys;
        if (rationed) (fillWh, liveWh) = (own.fillWh(), own.liveWh());
        if (own.traded()) nano += int256(own.matchedWh()) * own.price();
        if (added != 0) {
            uint256 last = added & 0xff;
            uint256 moreWh = uint48(added >> 8);
            // At the limit at which its own auction stopped, what comes from above goes on.
            if (rationed && last == tick) fillWh += moreWh;
            else (tick, fillWh, liveWh) = (last, moreWh, uint48(added >> 56));
        }
        int256 priceNano = buys ? Prices.ceilDiv(nano, int256(wh)) : Prices.floorDiv(nano, int256(wh));
        restNano = uint256(buys ? int256(wh) * priceNano - nano : nano - int256(wh) * priceNano);
        word |= uint256(uint32(int32(priceNano))) | (tick << (buys ? 32 : 40)) | ResultWords.TRADED | (wh << 56)
            | (fillWh << 104) | (liveWh << 152);
        return (ResultWord.wrap(word), restNano);
    }
}
