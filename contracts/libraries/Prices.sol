// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Prices: the price rules of the metered auction and the market's ticks
/// @notice Prices are nano-currency per Wh and may be negative. The twin is `p2pchain/matching.py`.
library Prices {
    int256 internal constant NO_BUY_TICK = -1;
    int256 internal constant NO_SELL_TICK = 256;

    /// @notice floor(a / b) for b > 0, towards minus infinity also below zero.
    function floorDiv(int256 a, int256 b) internal pure returns (int256 q) {
        q = a / b;
        if (a < q * b) --q;
    }

    /// @notice ceil(a / b) for b > 0.
    function ceilDiv(int256 a, int256 b) internal pure returns (int256 q) {
        q = a / b;
        if (a > q * b) ++q;
    }

    /// @notice Tick of an effective buy limit, rounded down; below zero when it lies under the market's floor.
    function buyTickDown(int256 limitNano, int256 floorNano, int256 tickNano) internal pure returns (int256 tick) {
        tick = floorDiv(limitNano - floorNano, tickNano);
        if (tick > 255) tick = 255;
        if (tick < 0) tick = NO_BUY_TICK;
    }

    /// @notice Tick of an effective sell limit, rounded up; 256 when it lies above the market's top tick.
    function sellTickUp(int256 limitNano, int256 floorNano, int256 tickNano) internal pure returns (int256 tick) {
        tick = ceilDiv(limitNano - floorNano, tickNano);
        if (tick < 0) tick = 0;
        if (tick > 255) tick = NO_SELL_TICK;
    }

    /// @notice Which ticks take part at a price: buys from `minBuyTick` on (256: none), sells up to `maxSellTick`
    /// (negative: none).
    function ticksAt(int256 priceNano, int256 floorNano, int256 tickNano)
        internal
        pure
        returns (uint256 minBuyTick, int256 maxSellTick)
    {
        int256 lowest = ceilDiv(priceNano - floorNano, tickNano);
        return (lowest < 0 ? 0 : lowest > 256 ? 256 : uint256(lowest), floorDiv(priceNano - floorNano, tickNano));
    }

    /// @notice p = floor(f + k (r - f)) for r > f.
    function reference_(int256 retailNano, int256 feedInNano, uint256 kPpm) internal pure returns (int256) {
        return feedInNano + (int256(kPpm) * (retailNano - feedInNano)) / 1_000_000;
    }

    /// @notice Supply-demand ratio of Liu, Wu and Zhou (2017, IEEE Trans. Power Syst. 32(5)): for 0 < f < r and
    /// volumes on both sides; the price falls from retail to feed-in as the supply grows to the demand.
    function supplyDemandRatio(int256 retailNano, int256 feedInNano, uint256 buyWh, uint256 sellWh)
        internal
        pure
        returns (int256)
    {
        if (sellWh >= buyWh) return feedInNano;
        int256 buy = int256(buyWh);
        return (retailNano * feedInNano * buy) / ((retailNano - feedInNano) * int256(sellWh) + feedInNano * buy);
    }
}
