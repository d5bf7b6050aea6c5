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

    /* WHERE THE PRICE FOLLOWS FROM THE BOOK */

    /// @dev Where lists have met: what is left of each offer, what was matched, the last limits on both sides.
    struct Met {
        uint256[] left;
        uint256 matched;
        uint256 lastBuy;
        uint256 lastSell;
    }

    /// @notice The best buy meets the best sell, offer by offer, until they no longer cross.
    function meet(
        Offer[] memory offers
    ) internal pure returns (Met memory m) {
        m.left = new uint256[](offers.length);
        for (uint256 i; i < offers.length; ++i) {
            m.left[i] = offers[i].wh;
        }
        while (true) {
            (bool anyBuy, uint256 b) = best(offers, m.left, false);
            (bool anySell, uint256 s) = best(offers, m.left, true);
            if (!anyBuy || !anySell || offers[b].tick < offers[s].tick) return m;
            uint256 wh = m.left[b] < m.left[s] ? m.left[b] : m.left[s];
            (m.left[b], m.left[s], m.matched) = (m.left[b] - wh, m.left[s] - wh, m.matched + wh);
            (m.lastBuy, m.lastSell) = (offers[b].tick, offers[s].tick);
        }
    }

    /// @notice The offer of a side with the best limit of which something is left.
    function best(
        Offer[] memory offers,
        uint256[] memory left,
        bool sell
    ) internal pure returns (bool any, uint256 place) {
        for (uint256 i; i < offers.length; ++i) {
            if (offers[i].sell != sell || left[i] == 0) continue;
            bool better = sell ? offers[i].tick < offers[place].tick : offers[i].tick > offers[place].tick;
            if (!any || better) (any, place) = (true, i);
        }
    }

    /// @notice `equilibrium(k)` by its definition, and the fills: all limits in full but the last, which is shared.
    function equilibrium(
        Offer[] memory offers,
        int256 floorNano,
        int256 tickNano,
        uint256 kPpm
    ) internal pure returns (uint256[] memory filled, uint256 matched, int256 price) {
        Met memory m = meet(offers);
        filled = new uint256[](offers.length);
        if (m.matched == 0) return (filled, 0, 0);
        (uint256 low, uint256 high) = (m.lastSell, m.lastBuy);
        (bool anyBuy, uint256 b) = best(offers, m.left, false);
        (bool anySell, uint256 s) = best(offers, m.left, true);
        if (anyBuy && offers[b].tick > low) low = offers[b].tick;
        if (anySell && offers[s].tick < high) high = offers[s].tick;
        int256 x = int256(kPpm) * int256(high - low) * tickNano;
        price = priceOf(low, floorNano, tickNano) + x / 1e6;
        _share(offers, filled, m, false);
        _share(offers, filled, m, true);
        return (filled, m.matched, price);
    }

    /// @dev What all of a limit got together, shared pro rata with a carry in the order of the list.
    function _share(
        Offer[] memory offers,
        uint256[] memory filled,
        Met memory m,
        bool sell
    ) private pure {
        for (uint256 tick; tick < 256; ++tick) {
            uint256 live;
            uint256 got;
            for (uint256 i; i < offers.length; ++i) {
                if (offers[i].sell != sell || offers[i].tick != tick) continue;
                (live, got) = (live + offers[i].wh, got + offers[i].wh - m.left[i]);
            }
            if (got == 0) continue;
            uint256 carry;
            for (uint256 i; i < offers.length; ++i) {
                if (offers[i].sell != sell || offers[i].tick != tick) continue;
                uint256 x = offers[i].wh * got + carry;
                (filled[i], carry) = (x / live, x % live);
            }
        }
    }
}
