// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Eight slots of one member in one word, least significant bit first:
///
///   0..223    eight lanes of 28 bits; lane i: volume in Wh (27 bits), side (1 bit: 0 buys, 1 sells)
///   224..231  posted mask: bit i tells that slot i has been posted (a posted zero is not a missing reading)
///   232       a second layer exists: sells of slots that have both sides
///   233, 234  a layer of withheld buys exists; of withheld sells
///   235       a layer of imports exists: the member has contracted energy in this window
///   236..255  number of the window, so that a word of an earlier turn of the ring is told apart
type LaneWord is uint256;

using LaneWords for LaneWord global;

library LaneWords {
    uint256 internal constant LANES = 8;
    uint256 internal constant LANE_BITS = 28;
    uint256 internal constant MAX_WH = (1 << 27) - 1;
    uint256 internal constant SELL = 1 << 27;
    uint256 internal constant SECOND = 1 << 232;
    uint256 internal constant WITHHELD_BUY = 1 << 233;
    uint256 internal constant WITHHELD_SELL = 1 << 234;
    uint256 internal constant IMPORTS = 1 << 235;
    uint256 internal constant LAYERS = SECOND | WITHHELD_BUY | WITHHELD_SELL | IMPORTS;
    uint256 internal constant LANE_MASK = (1 << 28) - 1;

    function empty(uint256 window) internal pure returns (LaneWord) {
        return LaneWord.wrap(window << 236);
    }

    function isWindow(LaneWord word, uint256 window) internal pure returns (bool) {
        return LaneWord.unwrap(word) >> 236 == window;
    }

    function postedMask(LaneWord word) internal pure returns (uint256) {
        return (LaneWord.unwrap(word) >> 224) & 0xff;
    }

    function has(LaneWord word, uint256 flag) internal pure returns (bool) {
        return LaneWord.unwrap(word) & flag != 0;
    }

    /// @notice Volume and side bit of lane `i`.
    function lane(LaneWord word, uint256 i) internal pure returns (uint256 volumeWh, uint256 side) {
        uint256 raw = (LaneWord.unwrap(word) >> (i * LANE_BITS)) & LANE_MASK;
        return (raw & MAX_WH, raw >> 27);
    }

    function with(LaneWord word, uint256 bits) internal pure returns (LaneWord) {
        return LaneWord.wrap(LaneWord.unwrap(word) | bits);
    }

    function withPosted(LaneWord word, uint256 i) internal pure returns (LaneWord) {
        return LaneWord.wrap(LaneWord.unwrap(word) | (1 << (224 + i)));
    }

    /// @notice Lane `i` set to a volume and side; the lane must be empty.
    function withLane(LaneWord word, uint256 i, uint256 raw) internal pure returns (LaneWord) {
        return LaneWord.wrap(LaneWord.unwrap(word) | (raw << (i * LANE_BITS)));
    }

    /// @notice Lane `i` lowered by `volumeWh`; the caller has checked that there is as much.
    function lowered(LaneWord word, uint256 i, uint256 volumeWh) internal pure returns (LaneWord) {
        return LaneWord.wrap(LaneWord.unwrap(word) - (volumeWh << (i * LANE_BITS)));
    }
}

/// @notice Outcome of a slot in one word, least significant bit first:
///   0..31 price (int32) | 32..39 buy tick | 40..47 sell tick | 48 traded | 49 buys are rationed |
///   56..103 matched Wh | 104..151 filled at the rationed limit | 152..199 offered there | 200..247 carry
type ResultWord is uint256;

using ResultWords for ResultWord global;

library ResultWords {
    uint256 private constant WH = (1 << 48) - 1;
    uint256 internal constant TRADED = 1 << 48;
    uint256 internal constant BUY_RATIONED = 1 << 49;

    function untraded(int256 priceNano) internal pure returns (ResultWord) {
        return ResultWord.wrap(uint256(uint32(int32(priceNano))));
    }

    function price(ResultWord word) internal pure returns (int256) {
        return int32(uint32(ResultWord.unwrap(word)));
    }

    function buyTick(ResultWord word) internal pure returns (uint256) {
        return (ResultWord.unwrap(word) >> 32) & 0xff;
    }

    function sellTick(ResultWord word) internal pure returns (uint256) {
        return (ResultWord.unwrap(word) >> 40) & 0xff;
    }

    function traded(ResultWord word) internal pure returns (bool) {
        return ResultWord.unwrap(word) & TRADED != 0;
    }

    function buyRationed(ResultWord word) internal pure returns (bool) {
        return ResultWord.unwrap(word) & BUY_RATIONED != 0;
    }

    function matchedWh(ResultWord word) internal pure returns (uint256) {
        return (ResultWord.unwrap(word) >> 56) & WH;
    }

    function fillWh(ResultWord word) internal pure returns (uint256) {
        return (ResultWord.unwrap(word) >> 104) & WH;
    }

    function liveWh(ResultWord word) internal pure returns (uint256) {
        return (ResultWord.unwrap(word) >> 152) & WH;
    }

    function carry(ResultWord word) internal pure returns (uint256) {
        return (ResultWord.unwrap(word) >> 200) & WH;
    }

    function withCarry(ResultWord word, uint256 carry_) internal pure returns (ResultWord) {
        return ResultWord.wrap((ResultWord.unwrap(word) & ~(WH << 200)) | (carry_ << 200));
    }
}

/// @notice Prices of one hour in one word: energy, feed-in, imbalance, network, levies, tax (int32 each, the first
/// lowest), then the standing charge of the day (int64). Zero: no tariff.
type TariffWord is uint256;

using TariffWords for TariffWord global;

library TariffWords {
    function energy(TariffWord word) internal pure returns (int256) {
        return int32(uint32(TariffWord.unwrap(word)));
    }

    function feedIn(TariffWord word) internal pure returns (int256) {
        return int32(uint32(TariffWord.unwrap(word) >> 32));
    }

    function network(TariffWord word) internal pure returns (int256) {
        return int32(uint32(TariffWord.unwrap(word) >> 96));
    }

    /// @notice Network, levies and tax: what every imported Wh pays.
    function charges(TariffWord word) internal pure returns (int256) {
        uint256 raw = TariffWord.unwrap(word);
        return int256(int32(uint32(raw >> 96))) + int32(uint32(raw >> 128)) + int32(uint32(raw >> 160));
    }

    function standing(TariffWord word) internal pure returns (int256) {
        return int64(uint64(TariffWord.unwrap(word) >> 192));
    }

    function isNone(TariffWord word) internal pure returns (bool) {
        return TariffWord.unwrap(word) == 0;
    }
}

/// @notice What a slot is worth to a member in one word, least significant bit first: gross buy limit, gross sell limit
/// (int32 each), ticks of the effective limits (16 bits each), the supplier's energy and feed-in price, the network
/// charge (int32 each), all charges on an imported Wh (int64). Nano-currency per Wh.
type Quote is uint256;

using Quotes for Quote global;

library Quotes {
    /// @dev The tick of what cannot be offered.
    uint256 internal constant NO_TICK = 0xffff;
    uint256 private constant LIMITS = (1 << 96) - 1;

    function from(TariffWord row) internal pure returns (Quote) {
        return Quote.wrap(
            (uint256(uint32(int32(row.energy()))) << 96) | (uint256(uint32(int32(row.feedIn()))) << 128)
                | (uint256(uint32(int32(row.network()))) << 160) | (uint256(uint64(int64(row.charges()))) << 192)
        );
    }

    function withLimits(Quote quote, int256 buyNano, int256 sellNano, uint256 buyTick_, uint256 sellTick_)
        internal
        pure
        returns (Quote)
    {
        return Quote.wrap(
            (Quote.unwrap(quote) & ~LIMITS) | uint256(uint32(int32(buyNano)))
                | (uint256(uint32(int32(sellNano))) << 32) | (buyTick_ << 64) | (sellTick_ << 80)
        );
    }

    function grossBuy(Quote quote) internal pure returns (int256) {
        return int32(uint32(Quote.unwrap(quote)));
    }

    function grossSell(Quote quote) internal pure returns (int256) {
        return int32(uint32(Quote.unwrap(quote) >> 32));
    }

    function buyTick(Quote quote) internal pure returns (uint256) {
        return (Quote.unwrap(quote) >> 64) & 0xffff;
    }

    function sellTick(Quote quote) internal pure returns (uint256) {
        return (Quote.unwrap(quote) >> 80) & 0xffff;
    }

    function energy(Quote quote) internal pure returns (int256) {
        return int32(uint32(Quote.unwrap(quote) >> 96));
    }

    function feedIn(Quote quote) internal pure returns (int256) {
        return int32(uint32(Quote.unwrap(quote) >> 128));
    }

    function network(Quote quote) internal pure returns (int256) {
        return int32(uint32(Quote.unwrap(quote) >> 160));
    }

    /// @notice Network, levies and tax: what every imported Wh pays.
    function charges(Quote quote) internal pure returns (int256) {
        return int64(uint64(Quote.unwrap(quote) >> 192));
    }

    /// @notice What stands locked for each Wh bought: the worst price, where it is to be paid.
    function buyLock(Quote quote) internal pure returns (uint256) {
        int256 nano = quote.grossBuy();
        return nano > 0 ? uint256(nano) : 0;
    }

    /// @notice What stands locked for each Wh sold: the worst price, where the seller is to pay.
    function sellLock(Quote quote) internal pure returns (uint256) {
        int256 nano = quote.grossSell();
        return nano < 0 ? uint256(-nano) : 0;
    }
}
