// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OrderWords} from "../libraries/Packed.sol";
import {PartWord} from "../libraries/PartWords.sol";
import {Auction} from "./ForwardTypes.sol";

/// @title PartFills: what the parts of a window fill of one member's orders
/// @notice A part that is rationed at its last tick is shared there among the orders in the order of the members'
/// index, on what each has left. An order that is alone gets all of it; of the others the fill is kept.
library PartFills {
    /// @notice What a part fills of an order with `left` lots; `shares`: others stand at the rationed tick as well.
    function take(PartWord part, uint256 order, uint256 left) internal pure returns (uint256 lots, bool shares) {
        if (left == 0 || OrderWords.sells(order) != part.sells()) return (0, false);
        uint256 tick = OrderWords.tick(order);
        if (tick != part.tick()) return (part.isBetter(tick) ? left : 0, false);
        if (!part.isRationed()) return (left, false);
        if (left == part.left()) return (part.fill(), false);
        return (0, true);
    }

    /// @notice Where the shared fills of a part and a member are kept, see Auction.partFills.
    function keyOf(PartWord part, uint256 key) internal pure returns (uint256) {
        return (part.edges() << 64) | key;
    }

    /// @notice Lots that all parts together fill of a member's orders, in lanes, and what they bring less what they
    /// cost, per Wh of a lot. `filled`: lots that the own auction has filled.
    function all(
        Auction storage auction,
        uint256[] memory parts,
        uint256 key,
        uint256 window,
        uint256 lanes,
        uint256 filled
    ) internal view returns (uint256 lots, int256 nano) {
        uint256 left = (lanes & (OrderWords.ONES * OrderWords.MAX_LOTS)) - filled;
        for (uint256 i; i < parts.length; ++i) {
            PartWord part = PartWord.wrap(parts[i]);
            uint256 slot = part.slotOf();
            uint256 order = OrderWords.lane(lanes, slot);
            if (order == 0) continue;
            uint256 there = OrderWords.lots(OrderWords.lane(left, slot));
            (uint256 taken, bool shares) = take(part, order, there);
            if (shares) taken = OrderWords.lane(auction.partFills[keyOf(part, key)].lanesOf(window), slot);
            if (taken == 0) continue;
            left -= taken << (slot * OrderWords.LANE_BITS);
            lots += taken << (slot * OrderWords.LANE_BITS);
            nano += part.sells() ? int256(taken) * part.price() : -int256(taken) * part.price();
        }
    }
}
