// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Naive: the matching rule, written down once more without bitmaps, packing or early exits
library Naive {
    struct Offer {
        bool sell;
        uint256 tick;
        uint256 wh;
    }

    function priceOf(
        uint256 tick,
        int256 floorNano,
        int256 tickNano
    ) internal pure returns (int256) {
        return floorNano + int256(tick) * tickNano;
    }

    /// @notice Fills of all offers at price p, in the order in which they stand.
    function fills(
        Offer[] memory offers,
        int256 price,
        int256 floorNano,
        int256 tickNano
    ) internal pure returns (uint256[] memory filled, uint256 matched) {
        filled = new uint256[](offers.length);
        uint256 buys = _total(offers, false, price, floorNano, tickNano);
        uint256 sells = _total(offers, true, price, floorNano, tickNano);
        matched = buys < sells ? buys : sells;
        _fill(offers, filled, false, matched, price, floorNano, tickNano);
        _fill(offers, filled, true, matched, price, floorNano, tickNano);
    }

    function takesPart(
        Offer memory o,
        int256 price,
        int256 floorNano,
        int256 tickNano
    ) internal pure returns (bool) {
        int256 own = priceOf(o.tick, floorNano, tickNano);
        return o.sell ? own <= price : own >= price;
    }

    function _total(
        Offer[] memory offers,
        bool sell,
        int256 price,
        int256 floorNano,
        int256 tickNano
    ) private pure returns (uint256 total) {
        for (uint256 i; i < offers.length; ++i) {
            if (offers[i].sell == sell && takesPart(offers[i], price, floorNano, tickNano)) total += offers[i].wh;
        }
    }

    /// @dev From the best limit to the worst; the last one that gets anything is shared pro rata with a carry.
    function _fill(
        Offer[] memory offers,
        uint256[] memory filled,
        bool sell,
        uint256 left,
        int256 price,
        int256 floorNano,
        int256 tickNano
    ) private pure {
        for (uint256 step; step < 256 && left != 0; ++step) {
            uint256 tick = sell ? step : 255 - step;
            uint256 live;
            for (uint256 i; i < offers.length; ++i) {
                Offer memory o = offers[i];
                if (o.sell == sell && o.tick == tick && takesPart(o, price, floorNano, tickNano)) live += o.wh;
            }
            if (live == 0) continue;
            uint256 part = live < left ? live : left;
            uint256 carry;
            for (uint256 i; i < offers.length; ++i) {
                Offer memory o = offers[i];
                if (o.sell != sell || o.tick != tick || !takesPart(o, price, floorNano, tickNano)) continue;
                uint256 x = o.wh * part + carry;
                filled[i] = x / live;
                carry = x % live;
            }
            left -= part;
        }
    }
}
