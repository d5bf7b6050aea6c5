// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../interfaces/ISettlement.sol";
import {Fields} from "./Fields.sol";
import {ResultWord, ResultWords} from "./Packed.sol";
import {Prices} from "./Prices.sol";
import {TickBook} from "./TickBook.sol";

/// @title Joins: an area's own auction and what comes from above, as one result for each side
/// @notice All that an area gets in a slot goes to the best limits first, at one price for each side: the average of
/// what it paid, and received. So nobody gains by standing back from one level for the price of another. The twin is
/// `combined` of `p2pchain/levels.py`.
library Joins {
    /// @notice Whether anything comes from above in a slot.
    function adds(ISettlement.Added memory added, uint256 slot) internal pure returns (bool) {
        return Fields.fieldOf(added.wh, TickBook.BUY, slot) | Fields.fieldOf(added.wh, TickBook.SELL, slot) != 0;
    }

    /// @notice The results of both sides of a slot (`ResultWords.APART`), what the levels above get from it (negative:
    /// pay), and what whole prices leave over.
    /// @param sells that of the sells, which is `result` where they have none of their own
    function both(ResultWord result, ResultWord sells, ISettlement.Added memory added, uint256 slot)
        internal
        pure
        returns (ResultWord ofBuys, ResultWord ofSells, int256 owedNano, uint256 restNano)
    {
        uint256 wh = Fields.fieldOf(added.wh, TickBook.BUY, slot);
        int256 nano = int256(wh) * int32(uint32(added.buyNano >> (slot * 32)));
        owedNano = nano;
        (ofBuys, restNano) = _side(result, added, TickBook.BUY, slot, wh, nano);
        wh = Fields.fieldOf(added.wh, TickBook.SELL, slot);
        nano = int256(wh) * int32(uint32(added.sellNano >> (slot * 32)));
        owedNano -= nano;
        uint256 sellRest;
        (ofSells, sellRest) = _side(sells, added, TickBook.SELL, slot, wh, nano);
        restNano += sellRest;
    }

    /// @dev `wh` of a side come from above and cost, or bring, `nano`.
    function _side(
        ResultWord own,
        ISettlement.Added memory added,
        uint256 side,
        uint256 slot,
        uint256 wh,
        int256 nano
    ) private pure returns (ResultWord, uint256 restNano) {
        bool buys = side == TickBook.BUY;
        uint256 word = ResultWords.APART;
        if (buys) word |= ResultWords.BUY_RATIONED | (ResultWord.unwrap(own) & ResultWords.ISLAND);
        uint256 allWh = wh + (own.traded() ? own.matchedWh() : 0);
        if (allWh == 0) return (ResultWord.wrap(word), 0);
        // Where nothing is rationed, one of one is filled.
        (uint256 tick, uint256 fillWh, uint256 liveWh) = (buys ? own.buyTick() : own.sellTick(), 1, 1);
        bool rationed = own.traded() && own.buyRationed() == buys && own.fillWh() != own.liveWh();
        if (rationed) (fillWh, liveWh) = (own.fillWh(), own.liveWh());
        if (own.traded()) nano += int256(own.matchedWh()) * own.price();
        if (wh != 0) {
            uint256 last = Fields.fieldOf(added.ticks, side, slot);
            uint256 moreWh = Fields.fieldOf(added.filledWh, side, slot);
            // At the limit at which its own auction stopped, what comes from above goes on.
            if (rationed && last == tick) fillWh += moreWh;
            else (tick, fillWh, liveWh) = (last, moreWh, Fields.fieldOf(added.leftWh, side, slot));
        }
        int256 priceNano = buys ? Prices.ceilDiv(nano, int256(allWh)) : Prices.floorDiv(nano, int256(allWh));
        restNano = uint256(buys ? int256(allWh) * priceNano - nano : nano - int256(allWh) * priceNano);
        word |= uint256(uint32(int32(priceNano))) | (tick << (buys ? 32 : 40)) | ResultWords.TRADED | (allWh << 56)
            | (fillWh << 104) | (liveWh << 152);
        return (ResultWord.wrap(word), restNano);
    }
}
