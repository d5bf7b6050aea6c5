// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {LaneWords, OrderWord, OrderWords} from "../libraries/Packed.sol";
import {Words} from "../libraries/Words.sol";
import {Auction, RING, RulesWord} from "./ForwardTypes.sol";

/// @title Positions: what a member's orders of a cleared window have become
/// @notice Fills, the energy that they contract, the money that they move and the collateral that stood for them.
/// Derived from the order words and the cleared result; nothing of it is stored a second time.
library Positions {
    using Words for uint256[];

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
        // Windows have 29 bits.
        unchecked {
            for (uint256 i; i < lanes.length; ++i) {
                uint256 window = firstWindow + i;
                uint256 key = (index << 7) | (window % RING);
                uint256 own = orders[key].lanesOf(window);
                if (own == 0) continue;
                (uint256 buys, uint256 sells) = filledLots(auction, key, window, own);
                if (buys | sells != 0) _add(lanes, i, LaneWords.netted(buys * lotWh, sells * lotWh));
            }
        }
    }

    function _add(uint256[] memory lanes, uint256 i, uint256 more) private pure {
        uint256 other = lanes.get(i);
        lanes.set(i, other == 0 ? more : LaneWords.together(other, more));
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
        unchecked {
            ask.collateralNano[i] += rules.collateral(own);
        }
        (uint256 buys, uint256 sells) = filledLots(auction, key, window, own);
        if (buys | sells == 0) return;
        uint256 lotWh = rules.lotWh();
        // Each at most 27 bits of volume times 33 of price.
        unchecked {
            ask.contractNano[i] += _value(auction, rules.floorNano(), place, buys, sells) * int256(lotWh);
            _add(ask.lanes, i, LaneWords.netted(buys * lotWh, sells * lotWh));
        }
    }

    /// @dev What filled lots are worth: sold less bought, each at the price of its slot.
    function _value(Auction storage auction, int256 floorNano, uint256 place, uint256 buys, uint256 sells)
        private
        view
        returns (int256 nano)
    {
        (uint256 even, uint256 odd) = (auction.prices[place * 2], auction.prices[place * 2 + 1]);
        // Lots have 19 bits, prices 32, and there are eight.
        unchecked {
            if (sells != 0) nano = int256(OrderWords.dot(sells, even, odd)) + int256(LaneWords.sum(sells)) * floorNano;
            if (buys != 0) nano -= int256(OrderWords.dot(buys, even, odd)) + int256(LaneWords.sum(buys)) * floorNano;
        }
    }
}
