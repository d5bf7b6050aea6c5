// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {CutWord, LaneWords, OrderWord, OrderWords} from "../libraries/Packed.sol";
import {Auction, RING, RulesWord, WINDOW} from "./ForwardTypes.sol";

/// @title Positions: what a member's orders of a cleared window have become
/// @notice Fills, the energy that they contract, the money that they move and the collateral that stood for them.
/// Derived from the order words and the cleared result; nothing of it is stored a second time.
library Positions {
    /// @notice Filled lots of the lanes of an order word, buys and sells apart.
    function filledLots(Auction storage auction, uint256 key, uint256 window, uint256 lanes)
        internal
        view
        returns (uint256 buys, uint256 sells)
    {
        uint256 rationed;
        (buys, sells, rationed) = auction.cuts[window % RING].filled(lanes);
        if (lanes & rationed == 0) return (buys, sells);
        uint256 part = auction.fills[key].lanesOf(window) & rationed;
        // The side of a rationed lane is that of its order.
        uint256 sellLots = ((lanes >> 27) & OrderWords.ONES) * OrderWords.MAX_LOTS;
        buys = (buys & ~rationed) | (part & ~sellLots);
        sells = (sells & ~rationed) | (part & sellLots);
    }

    /// @notice Whether the window holds results that are not overwritten; else everything about it is zero.
    function isCleared(Auction storage auction, uint256 window) internal view returns (bool) {
        IForwardAuction.Window memory w = auction.windows[window % RING];
        return w.window == window
            && (w.phase == IForwardAuction.Phase.Cleared || w.phase == IForwardAuction.Phase.Settled);
    }

    /// @notice Adds the net energy of one auction to lanes of Wh (see LaneWord), window by window.
    function addContracts(Auction storage auction, uint256[] memory lanes, uint256 index, uint256 firstWindow)
        internal
        view
    {
        uint256 lotWh = auction.rules.lotWh();
        mapping(uint256 => OrderWord) storage orders = auction.orders;
        for (uint256 i; i < lanes.length; ++i) {
            uint256 window = firstWindow + i;
            uint256 key = (index << 7) | (window % RING);
            uint256 own = orders[key].lanesOf(window);
            if (own == 0) continue;
            (uint256 buys, uint256 sells) = filledLots(auction, key, window, own);
            lanes[i] = LaneWords.together(lanes[i], LaneWords.netted(buys * lotWh, sells * lotWh));
        }
    }

    /// @dev What is asked of a member's windows, and the answer by window.
    struct Ask {
        uint256 index;
        uint256 firstWindow;
        uint256 mask;
        uint256[] lanes;
        uint256[] collateralNano;
        int256[] contractNano;
    }

    /// @notice Adds to the answer what one auction has: net energy, the money of fills and the collateral of all orders,
    /// of the lanes of a mask; nothing of windows that are settled.
    function addPositions(Auction storage auction, Ask memory ask) internal view {
        RulesWord rules = auction.rules;
        for (uint256 i; i < ask.lanes.length; ++i) _addPosition(auction, rules, ask, i);
    }

    function _addPosition(Auction storage auction, RulesWord rules, Ask memory ask, uint256 i) private view {
        uint256 window = ask.firstWindow + i;
        uint256 place = window % RING;
        uint256 key = (ask.index << 7) | place;
        uint256 own = auction.orders[key].lanesOf(window) & ask.mask;
        if (own == 0 || auction.windows[place].phase != IForwardAuction.Phase.Cleared) return;
        ask.collateralNano[i] += rules.collateral(own);
        (uint256 buys, uint256 sells) = filledLots(auction, key, window, own);
        if (buys | sells == 0) return;
        uint256 lotWh = rules.lotWh();
        ask.contractNano[i] += _value(buys, sells, auction.prices[place]) * int256(lotWh);
        ask.lanes[i] = LaneWords.together(ask.lanes[i], LaneWords.netted(buys * lotWh, sells * lotWh));
    }

    /// @dev Lots sold less lots bought, each at the price of its slot.
    function _value(uint256 buys, uint256 sells, uint256 prices) private pure returns (int256 nano) {
        // Lots have 19 bits, prices 32, and there are eight.
        unchecked {
            for (; buys | sells != 0; prices >>= 32) {
                int256 lots = int256(sells & OrderWords.MAX_LOTS) - int256(buys & OrderWords.MAX_LOTS);
                if (lots != 0) nano += lots * int32(uint32(prices));
                buys >>= OrderWords.LANE_BITS;
                sells >>= OrderWords.LANE_BITS;
            }
        }
    }

    /// @notice Price and last ticks of a slot of a cleared window.
    function resultOf(Auction storage auction, uint256 window, uint256 slot)
        internal
        view
        returns (IForwardAuction.Result memory result)
    {
        uint256 cut = OrderWords.lane(CutWord.unwrap(auction.cuts[window % RING]), slot);
        if (cut & 0x1ff == 256) return result;
        int32 price = int32(uint32(auction.prices[window % RING] >> (slot * 32)));
        return IForwardAuction.Result(true, price, uint8(cut), uint8(((cut >> 9) & 0x1ff) - 1));
    }

    /// @notice What a member has ordered for a slot, and what became of it.
    function orderOf(Auction storage auction, uint256 index, uint256 slot)
        internal
        view
        returns (IForwardAuction.OrderState memory state)
    {
        uint256 window = slot / WINDOW;
        uint256 key = (index << 7) | (window % RING);
        uint256 lanes = auction.orders[key].lanesOf(window);
        uint256 lane = OrderWords.lane(lanes, slot % WINDOW);
        if (lane == 0) return state;
        RulesWord rules = auction.rules;
        int256 limit = rules.floorNano() + int256(OrderWords.tick(lane)) * rules.tickNano();
        uint256 lotWh = rules.lotWh();
        uint256 filled;
        if (isCleared(auction, window)) {
            (uint256 buys, uint256 sells) = filledLots(auction, key, window, lanes);
            filled = OrderWords.lots(OrderWords.lane(buys | sells, slot % WINDOW));
        }
        return IForwardAuction.OrderState(
            OrderWords.sells(lane), int32(limit), uint32(OrderWords.lots(lane) * lotWh), uint32(filled * lotWh)
        );
    }
}
