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
    uint256 internal constant LANES_MASK = (1 << 224) - 1;

    /// @dev The eight volumes, the eight side bits, and every other lane, which leaves 28 bits free for a sum.
    uint256 internal constant VOLUMES = MAX_WH * ((1 << 224) / LANE_MASK);
    uint256 internal constant SIDES = SELL * ((1 << 224) / LANE_MASK);
    uint256 internal constant EVEN = LANE_MASK * (uint256(1 << 224) / ((1 << 56) - 1));
    uint256 private constant FIELD = (1 << 56) - 1;
    uint256 private constant PAIRS = FIELD | (FIELD << 112);

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

    /// @notice Lane `i` as a figure: what is bought is above zero, what is sold below.
    function signedAt(uint256 lanes, uint256 i) internal pure returns (int256 wh) {
        uint256 raw = (lanes >> (i * LANE_BITS)) & LANE_MASK;
        wh = int256(raw & MAX_WH);
        if (raw & SELL != 0) wh = -wh;
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

    /// @notice The lanes whose bit is set in a mask of eight.
    function spread(uint256 laneMask) internal pure returns (uint256 mask) {
        if (laneMask == 0xff) return LANES_MASK;
        for (uint256 i; i < LANES; ++i) {
            if ((laneMask >> i) & 1 != 0) mask |= LANE_MASK << (i * LANE_BITS);
        }
    }

    /// @notice `count` lanes of a word, from one on; the others are zero.
    function part(uint256 word, uint256 from, uint256 count) internal pure returns (uint256) {
        unchecked {
            return word & (((1 << (count * LANE_BITS)) - 1) << (from * LANE_BITS));
        }
    }

    /// @notice Volumes of the lanes that buy, each in its lane, and of those that sell.
    function parted(uint256 word) internal pure returns (uint256 buys, uint256 sells) {
        // A side bit times the largest volume covers its own lane and no other.
        unchecked {
            sells = word & (((word & SIDES) >> 27) * MAX_WH);
        }
        buys = (word & VOLUMES) ^ sells;
    }

    /// @notice Sum of eight volumes.
    function sum(uint256 volumes) internal pure returns (uint256 wh) {
        // Four fields of 56 bits, then two, then one: none comes near its end.
        unchecked {
            wh = (volumes & EVEN) + ((volumes >> 28) & EVEN);
            wh += wh >> 112;
            wh += wh >> 56;
        }
        wh &= (1 << 56) - 1;
    }

    /// @notice The sum of the products of each lane's figure with one of another eight; these stand in fields of 56
    /// bits, the even lanes in one word and the odd ones in another, the last lane of each lowest (see
    /// `reversed`). So the products that belong together meet in the fourth field of a product of words. No product has
    /// more than 54 bits.
    function dot(uint256 lanes, uint256 even, uint256 odd) internal pure returns (uint256) {
        // Four products of 54 bits fill no field of 56, so none reaches into the fourth.
        unchecked {
            return ((((lanes & EVEN) * even) >> 168) & FIELD) + (((((lanes >> 28) & EVEN) * odd) >> 168) & FIELD);
        }
    }

    /// @notice The figures of eight lanes, as `dot` takes them.
    function reversed(uint256 lanes) internal pure returns (uint256 even, uint256 odd) {
        // Halves change places, then the two fields of each half.
        uint256 turned = (lanes >> 112) | (lanes << 112);
        turned = ((turned >> 56) & PAIRS) | ((turned & PAIRS) << 56);
        return (turned & EVEN, (turned >> 28) & EVEN);
    }

    /// @notice The side bits of the lanes that have a volume.
    function sidesOf(uint256 volumes) internal pure returns (uint256) {
        // The largest volume on top reaches the side bit where there is one Wh at least.
        unchecked {
            return (volumes + VOLUMES) & SIDES;
        }
    }

    /// @notice The difference of two sets of volumes as lanes: what is more in `plus` buys, what is more in `minus`
    /// sells. Every volume is below 2^27.
    function netted(uint256 plus, uint256 minus) internal pure returns (uint256 lanes) {
        // With 2^27 on top no lane borrows from the next, and its highest bit tells the sign.
        unchecked {
            lanes = plus + SIDES - minus;
            uint256 ups = lanes & SIDES;
            uint256 upMask = (ups >> 27) * MAX_WH;
            uint256 downs = ups ^ SIDES;
            lanes = (lanes & upMask) | (((lanes ^ VOLUMES) & (VOLUMES ^ upMask)) + (downs >> 27)) | downs;
        }
    }

    /// @notice Lanes `a` and lanes `b` together.
    function together(uint256 a, uint256 b) internal pure returns (uint256) {
        (uint256 aBuys, uint256 aSells) = parted(a);
        (uint256 bBuys, uint256 bSells) = parted(b);
        return netted(aBuys + bBuys, aSells + bSells);
    }

    /// @notice By how much volumes are above others, lane by lane; zero where they are not.
    function above(uint256 volumes, uint256 others) internal pure returns (uint256 more) {
        (more,) = parted(netted(volumes, others));
    }

    /// @notice Lane `i` lowered by `volumeWh`; the caller has checked that there is as much.
    function lowered(LaneWord word, uint256 i, uint256 volumeWh) internal pure returns (LaneWord) {
        return LaneWord.wrap(LaneWord.unwrap(word) - (volumeWh << (i * LANE_BITS)));
    }
}

/// @notice Outcome of a slot in one word, least significant bit first:
///   0..31 price (int32) | 32..39 buy tick | 40..47 sell tick | 48 traded | 49 buys are rationed | 50 of one side |
///   55 in an island (see Quotes.islandTick) | 56..103 matched Wh | 104..151 filled at the rationed limit
///   152..199 offered there | 200..247 carry
type ResultWord is uint256;

using ResultWords for ResultWord global;

library ResultWords {
    uint256 private constant WH = (1 << 48) - 1;
    uint256 internal constant TRADED = 1 << 48;
    uint256 internal constant BUY_RATIONED = 1 << 49;
    /// @dev Buys and sells have a result each: with a price and a rationed limit of their own.
    uint256 internal constant APART = 1 << 50;
    uint256 internal constant ISLAND = 1 << 55;

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

    function isApart(ResultWord word) internal pure returns (bool) {
        return ResultWord.unwrap(word) & APART != 0;
    }

    function inIsland(ResultWord word) internal pure returns (ResultWord) {
        return ResultWord.wrap(ResultWord.unwrap(word) | ISLAND);
    }

    function isIsland(ResultWord word) internal pure returns (bool) {
        return ResultWord.unwrap(word) & ISLAND != 0;
    }

    function apart(ResultWord word) internal pure returns (ResultWord) {
        return ResultWord.wrap(ResultWord.unwrap(word) | APART);
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

/// @notice Eight orders of one member in one word, least significant bit first:
///
///   0..223    eight lanes of 28 bits; lane i: volume in lots (19 bits), tick (8), side (1: sells)
///   236..255  number of the window, so that a word of an earlier turn of the ring is told apart
type OrderWord is uint256;

using OrderWords for OrderWord global;

library OrderWords {
    uint256 internal constant LANE_BITS = 28;
    uint256 internal constant LANE = (1 << 28) - 1;
    uint256 internal constant LANES = (1 << 224) - 1;
    uint256 internal constant MAX_LOTS = (1 << 19) - 1;
    uint256 internal constant SELL = 1 << 27;
    /// @dev The lowest bit of each lane, and every other lane.
    uint256 internal constant ONES = LANES / LANE;
    /// @dev Every other field of 56 bits.

    function isWindow(OrderWord word, uint256 window) internal pure returns (bool) {
        return OrderWord.unwrap(word) >> 236 == window;
    }

    /// @notice The eight lanes of a window, zero where the word is of another one.
    function lanesOf(OrderWord word, uint256 window) internal pure returns (uint256) {
        return isWindow(word, window) ? OrderWord.unwrap(word) & LANES : 0;
    }

    function pack(uint256 window, uint256 lanes) internal pure returns (OrderWord) {
        return OrderWord.wrap((window << 236) | lanes);
    }

    /// @notice Lane `i`, below eight by the caller.
    function lane(uint256 lanes, uint256 i) internal pure returns (uint256) {
        unchecked {
            return (lanes >> (i * LANE_BITS)) & LANE;
        }
    }

    function withLane(uint256 lanes, uint256 i, uint256 order) internal pure returns (uint256) {
        unchecked {
            return (lanes & ~(LANE << (i * LANE_BITS))) | (order << (i * LANE_BITS));
        }
    }

    /// @notice Lots times ticks: of the lanes that buy, less of those that sell; `buys` and `sells` are their lots.
    function lotTicks(uint256 lanes, uint256 buys, uint256 sells_) internal pure returns (int256 sum) {
        (uint256 even, uint256 odd) = LaneWords.reversed((lanes >> 19) & (ONES * 0xff));
        unchecked {
            if (buys != 0) sum = int256(LaneWords.dot(buys, even, odd));
            if (sells_ != 0) sum -= int256(LaneWords.dot(sells_, even, odd));
        }
    }

    function lots(uint256 order) internal pure returns (uint256) {
        return order & MAX_LOTS;
    }

    function tick(uint256 order) internal pure returns (uint256) {
        return (order >> 19) & 0xff;
    }

    /// @notice Of some lots, those whose lanes sell.
    function soldOf(uint256 lanes, uint256 lots_) internal pure returns (uint256) {
        // A side bit times the most lots covers the lots of its own lane.
        unchecked {
            return lots_ & (((lanes >> 27) & ONES) * MAX_LOTS);
        }
    }

    function sells(uint256 order) internal pure returns (bool) {
        return order & SELL != 0;
    }

    /// @notice The lowest bit of the lanes that have lots.
    function some(uint256 lots_) internal pure returns (uint256) {
        // The most lots on top reach the bit above them where there is one lot at least.
        unchecked {
            return ((lots_ + ONES * MAX_LOTS) >> 19) & ONES;
        }
    }
}

/// @notice What a cleared window fills, eight lanes of 28 bits, least significant bit first: the lowest tick of the
/// buys that are filled (9 bits, 256: none), the tick below which sells are filled (9 bits), the rationed tick (8
/// bits), its side, and whether there is one.
type CutWord is uint256;

using CutWords for CutWord global;

library CutWords {
    uint256 private constant ONES = OrderWords.ONES;
    uint256 private constant NINE = ONES * 0x1ff;
    uint256 private constant EIGHT = ONES * 0xff;
    uint256 private constant GUARD = ONES << 9;
    uint256 internal constant UNTRADED = ONES << 8;
    /// @dev The side of the rationed tick, above its eight bits.
    uint256 private constant SIDE = ONES << 8;

    /// @notice The lane of a slot with this outcome.
    function laneOf(ResultWord result) internal pure returns (uint256 cut) {
        if (!result.traded()) return 1 << 8;
        cut = result.buyTick() | ((result.sellTick() + 1) << 9);
        if (result.fillWh() == result.liveWh()) return cut;
        bool buys = result.buyRationed();
        cut |= (buys ? result.buyTick() : result.sellTick()) << 18;
        cut |= uint256(buys ? 2 : 3) << 26;
    }

    /// @notice Lots of the lanes of an order word that are filled, as if nothing was rationed; and the lots of those
    /// that are rationed (a mask of their bits).
    function filled(CutWord cuts, uint256 lanes) internal pure returns (uint256 lots, uint256 rationed) {
        uint256 word = CutWord.unwrap(cuts);
        // Fields of nine bits and a guard bit above them: no lane reaches into the next.
        unchecked {
            uint256 ticks = (lanes >> 19) & EIGHT;
            uint256 sides = (lanes >> 27) & ONES;
            uint256 from = (((ticks | GUARD) - (word & NINE)) >> 9) & ONES;
            uint256 below = ((((ticks | GUARD) - ((word >> 9) & NINE)) >> 9) & ONES) ^ ONES;
            lots = lanes & ((from ^ ((from ^ below) & sides)) * OrderWords.MAX_LOTS);
        }
        rationed = rationedOf(cuts, lanes);
    }

    /// @notice In which lanes buys at a tick are filled wholly, and in which they are rationed: masks of the lowest bit
    /// of a lane.
    function takenBuys(CutWord cuts, uint256 tick) internal pure returns (uint256 whole, uint256 part) {
        uint256 word = CutWord.unwrap(cuts);
        // Fields of nine bits and a guard bit above them, as in `filled`; a tick has eight.
        unchecked {
            uint256 ticks = tick * ONES;
            whole = (((ticks | GUARD) - (word & NINE)) >> 9) & ONES;
            part = _rationed(word, ticks);
            whole ^= part;
        }
    }

    /// @notice The same of sells.
    function takenSells(CutWord cuts, uint256 tick) internal pure returns (uint256 whole, uint256 part) {
        uint256 word = CutWord.unwrap(cuts);
        unchecked {
            uint256 ticks = tick * ONES;
            whole = ((((ticks | GUARD) - ((word >> 9) & NINE)) >> 9) & ONES) ^ ONES;
            part = _rationed(word, ticks | SIDE);
            whole ^= part;
        }
    }

    /// @dev The lanes whose rationed tick and side are these; such a tick counts among the filled ones.
    function _rationed(uint256 word, uint256 nine) private pure returns (uint256) {
        unchecked {
            return ((((((nine ^ (word >> 18)) & NINE) + NINE) >> 9) & ONES) ^ ONES) & (word >> 27);
        }
    }

    /// @notice A mask of the lots of the lanes of an order word whose limit is rationed.
    function rationedOf(CutWord cuts, uint256 lanes) internal pure returns (uint256) {
        uint256 word = CutWord.unwrap(cuts);
        uint256 there = (word >> 27) & ONES;
        if (there == 0) return 0;
        // Tick and side together have nine bits, and lie in both words one above the other.
        unchecked {
            uint256 other = ((lanes >> 19) ^ (word >> 18)) & NINE;
            uint256 equal = (((other + NINE) >> 9) & ONES) ^ ONES;
            return (equal & there) * OrderWords.MAX_LOTS;
        }
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

    function imbalance(TariffWord word) internal pure returns (int256) {
        return int32(uint32(TariffWord.unwrap(word) >> 64));
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
    uint256 private constant TOP_TICK = 0xff;
    uint256 private constant LIMITS = (1 << 96) - 1;
    uint256 private constant BUY_LIMIT = type(uint32).max | (uint256(0xffff) << 64);
    uint256 private constant SELL_LIMIT = LIMITS ^ BUY_LIMIT;

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

    /// @notice The quote with the limits of `own` where they are stricter: a lower buy, a higher sell limit.
    function tightened(Quote quote, Quote own) internal pure returns (Quote) {
        uint256 mask;
        if (own.grossBuy() < quote.grossBuy()) mask = BUY_LIMIT;
        if (own.grossSell() > quote.grossSell()) mask |= SELL_LIMIT;
        uint256 word = Quote.unwrap(quote);
        return Quote.wrap(word ^ ((word ^ Quote.unwrap(own)) & mask));
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

    /// @notice Whether nothing lower than the tariff is stated, and there is one.
    function buysAtTariff(Quote quote) internal pure returns (bool) {
        return quote.grossBuy() == quote.energy() && Quote.unwrap(quote) >> 96 != 0;
    }

    /// @notice The tick of a buy in an area without grid: the highest one is that of critical loads at their tariff,
    /// and of no other. `first`: of such a load.
    function islandTick(Quote quote, bool first) internal pure returns (uint256 tick) {
        if (first && buysAtTariff(quote)) return TOP_TICK;
        tick = buyTick(quote);
        return tick < TOP_TICK ? tick : TOP_TICK - 1;
    }

    /// @notice The quote with the tick of its buys in an area without grid.
    function inIsland(Quote quote, bool first) internal pure returns (Quote) {
        uint256 word = Quote.unwrap(quote) & ~(uint256(0xffff) << 64);
        return Quote.wrap(word | (islandTick(quote, first) << 64));
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

/// @notice A member as of a slot in one word, least significant bit first: meter (32 bits), first slot in which other
/// terms or limits hold, or the membership begins (32), supplier (16), tariff (16), owner (160). Zero: no member.
type MemberWord is uint256;

using MemberWords for MemberWord global;

library MemberWords {
    function pack(uint32 meter_, uint32 untilSlot_, uint16 supplier_, uint16 tariff_, address owner_)
        internal
        pure
        returns (MemberWord)
    {
        return MemberWord.wrap(
            uint256(meter_) | (uint256(untilSlot_) << 32) | (uint256(supplier_) << 64) | (uint256(tariff_) << 80)
                | (uint256(uint160(owner_)) << 96)
        );
    }

    function meter(MemberWord word) internal pure returns (uint32) {
        return uint32(MemberWord.unwrap(word));
    }

    function untilSlot(MemberWord word) internal pure returns (uint32) {
        return uint32(MemberWord.unwrap(word) >> 32);
    }

    function supplier(MemberWord word) internal pure returns (uint16) {
        return uint16(MemberWord.unwrap(word) >> 64);
    }

    function tariff(MemberWord word) internal pure returns (uint16) {
        return uint16(MemberWord.unwrap(word) >> 80);
    }

    function owner(MemberWord word) internal pure returns (address) {
        return address(uint160(MemberWord.unwrap(word) >> 96));
    }
}

/// @notice What goes with a MemberWord, least significant bit first: stated buy and sell limit where one figure holds
/// all day (int32 each), index (32), version of the limits by hour (32; zero: one figure holds), 128 the owner of the
/// slot has enrolled for it, 129 billing grade.
type StatedWord is uint256;

using StatedWords for StatedWord global;

library StatedWords {
    uint256 private constant ACTIVE = 1 << 128;
    uint256 private constant GRADE = 1 << 129;

    function pack(uint32 index_, bool active, bool billingGrade) internal pure returns (StatedWord) {
        return StatedWord.wrap((uint256(index_) << 64) | (active ? ACTIVE : 0) | (billingGrade ? GRADE : 0));
    }

    function withLimits(StatedWord word, int32 buy, int32 sell, uint32 version_) internal pure returns (StatedWord) {
        return StatedWord.wrap(
            StatedWord.unwrap(word) | uint32(buy) | (uint256(uint32(sell)) << 32) | (uint256(version_) << 96)
        );
    }

    function buyNano(StatedWord word) internal pure returns (int32) {
        return int32(uint32(StatedWord.unwrap(word)));
    }

    function sellNano(StatedWord word) internal pure returns (int32) {
        return int32(uint32(StatedWord.unwrap(word) >> 32));
    }

    function index(StatedWord word) internal pure returns (uint32) {
        return uint32(StatedWord.unwrap(word) >> 64);
    }

    function hourlyVersion(StatedWord word) internal pure returns (uint32) {
        return uint32(StatedWord.unwrap(word) >> 96);
    }

    function isActive(StatedWord word) internal pure returns (bool) {
        return StatedWord.unwrap(word) & ACTIVE != 0;
    }

    function isBillingGrade(StatedWord word) internal pure returns (bool) {
        return StatedWord.unwrap(word) & GRADE != 0;
    }
}
