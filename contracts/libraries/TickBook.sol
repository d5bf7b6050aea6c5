// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LaneWords, ResultWord, ResultWords} from "./Packed.sol";

/// @title TickBook: the matching of both auctions
/// @notice Volumes by limit in, volume and rationing out. The highest buys meet the lowest sells until they no longer
/// cross, so the matched volume is maximal. Each step uses up one side's best limit, so at the end at most one side is
/// left partly filled, at one limit. There the fill is pro rata with a carry (`fill`), which adds up exactly.
///
/// A book holds the eight slots of a window: for each of 256 ticks and two sides two words, one for the slots with even
/// and one for those with odd numbers, in fields of 56 bits; so a lane word is added in two steps.
/// The twin is `p2pchain/matching.py`; the rule and its proof are in docs/matching.md.
library TickBook {
    uint256 internal constant BUY = 0;
    uint256 internal constant SELL = 1;
    uint256 internal constant SLOTS = 8;
    /// @dev Words of a book: two for each tick and side.
    uint256 internal constant CELLS = 256 * 2 * 2;
    uint256 private constant FIELD = (1 << 56) - 1;

    /// @param volumes Wh by tick, side and whether the slot is odd
    /// @param maps by side; bit t: tick t is in use in some slot
    /// @param summed by side: the ticks that `sums` stand for; zero: none
    /// @param sums by side and whether the slot is odd: all volumes of the eight slots at those ticks
    /// @param slotMaps by slot and side, of orders only: the ticks in use in the slot
    struct Book {
        uint256[] volumes;
        uint256[2] maps;
        uint256[2] summed;
        uint256[4] sums;
        uint256[16] slotMaps;
    }

    /// @dev Where buys and sells have met: the last ticks matched, what was there and what is left of it, the next
    /// ticks that were not touched, and what was matched. Volumes of zero: none.
    struct Crossing {
        uint256 matched;
        uint256 buyTick;
        uint256 buyLive;
        uint256 buyLeft;
        uint256 sellTick;
        uint256 sellLive;
        uint256 sellLeft;
        uint256 nextBuy;
        uint256 nextBuyWh;
        uint256 nextSell;
        uint256 nextSellWh;
    }

    function create() internal pure returns (Book memory book) {
        book.volumes = new uint256[](CELLS);
    }

    /// @notice Empties the book.
    function reset(Book memory book) internal pure {
        uint256[] memory volumes = book.volumes;
        // Copying from behind the end of the calldata writes zeros: 3 gas a word, less than finding out which are set.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            calldatacopy(add(volumes, 0x20), calldatasize(), shl(5, mload(volumes)))
        }
        (book.maps[BUY], book.maps[SELL]) = (0, 0);
        (book.summed[BUY], book.summed[SELL]) = (0, 0);
        delete book.slotMaps;
    }

    /// @notice Adds volume at a tick; `slot` below 8, `side` below 2, `tick` below 256 by the caller.
    function add(Book memory book, uint256 slot, uint256 side, uint256 tick, uint256 wh) internal pure {
        wh <<= (slot >> 1) * 56;
        _addAt(book, side, tick, slot & 1 == 0 ? wh : 0, slot & 1 == 0 ? 0 : wh);
    }

    /// @notice Adds the lanes of a lane word, its buys at one tick and its sells at another; ticks below 256 by the
    /// caller wherever there is a volume.
    function addLanes(Book memory book, uint256 word, uint256 buyTick, uint256 sellTick) internal pure {
        (uint256 buys, uint256 sells) = LaneWords.parted(word);
        uint256 even = LaneWords.EVEN;
        if (buys != 0) _addAt(book, BUY, buyTick, buys & even, (buys >> LaneWords.LANE_BITS) & even);
        if (sells != 0) _addAt(book, SELL, sellTick, sells & even, (sells >> LaneWords.LANE_BITS) & even);
    }

    /// @dev A field of 56 bits holds more than 2^28 volumes of 27 bits.
    function _addAt(Book memory book, uint256 side, uint256 tick, uint256 even, uint256 odd) private pure {
        // The cell is tick * 4 + side * 2 < CELLS - 1 and the side < 2, so all addresses lie inside their arrays.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let cell := add(add(mload(book), 0x20), add(shl(7, tick), shl(6, side)))
            mstore(cell, add(mload(cell), even))
            cell := add(cell, 0x20)
            mstore(cell, add(mload(cell), odd))
            let map := add(mload(add(book, 0x20)), shl(5, side))
            mstore(map, or(mload(map), shl(tick, 1)))
            mstore(add(mload(add(book, 0x40)), shl(5, side)), 0)
        }
    }

    /// @notice Adds the eight orders of a member, in lots (lanes of an OrderWord).
    function addOrders(Book memory book, uint256 lanes) internal pure {
        // A lane's tick has 8 bits and its side one, so the cell lies within the book; a field of 56 bits holds more than
        // 2^36 volumes of 19.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let cells := add(mload(book), 0x20)
            let maps := mload(add(book, 0x80))
            for { let slot := 0 } lanes { slot := add(slot, 1) lanes := shr(28, lanes) } {
                let lots := and(lanes, 0x7ffff)
                if lots {
                    let tick := and(shr(19, lanes), 0xff)
                    let side := and(shr(27, lanes), 1)
                    let cell := add(cells, or(or(shl(7, tick), shl(6, side)), shl(5, and(slot, 1))))
                    mstore(cell, add(mload(cell), shl(mul(shr(1, slot), 56), lots)))
                    let map := add(maps, or(shl(6, slot), shl(5, side)))
                    mstore(map, or(mload(map), shl(tick, 1)))
                }
            }
        }
    }

    /// @notice Matches one slot where the price follows from the book: `equilibrium(k)`.
    function matchEquilibrium(Book memory book, uint256 slot, int256 floorNano, int256 tickNano, uint256 kPpm)
        internal
        pure
        returns (ResultWord)
    {
        Crossing memory c;
        _cross(book, slot, book.slotMaps[slot * 2], book.slotMaps[slot * 2 + 1], c);
        if (c.matched == 0) return ResultWord.wrap(0);
        // A limit that is filled in part counts as unfilled.
        uint256 low = c.buyLeft != 0 ? c.buyTick : c.nextBuyWh != 0 ? Math.max(c.sellTick, c.nextBuy) : c.sellTick;
        uint256 high = c.sellLeft != 0 ? c.sellTick : c.nextSellWh != 0 ? Math.min(c.buyTick, c.nextSell) : c.buyTick;
        int256 price = floorNano + int256(low) * tickNano
            + int256((kPpm * (high - low) * uint256(tickNano)) / 1_000_000);
        return _result(price, c.matched, c.buyTick, c.buyLive, c.buyLeft, c.sellTick, c.sellLive, c.sellLeft);
    }

    /// @notice All volume of a slot and side, in Wh.
    function total(Book memory book, uint256 slot, uint256 side) internal pure returns (uint256 wh) {
        return _total(book, slot, side, book.maps[side]);
    }

    /// @dev The volume of a slot at the ticks of `map`; summed for all slots at once and kept for the next that asks.
    function _total(Book memory book, uint256 slot, uint256 side, uint256 map) private pure returns (uint256) {
        if (map == 0) return 0;
        unchecked {
            if (book.summed[side] != map) {
                uint256[] memory volumes = book.volumes;
                uint256 even;
                uint256 odd;
                for (uint256 rest = map; rest != 0; rest &= rest - 1) {
                    uint256 cell = _lowest(rest) * 4 + side * 2;
                    even += volumes[cell];
                    odd += volumes[cell + 1];
                }
                book.summed[side] = map;
                (book.sums[side * 2], book.sums[side * 2 + 1]) = (even, odd);
            }
            return (book.sums[side * 2 + (slot & 1)] >> ((slot >> 1) * 56)) & FIELD;
        }
    }

    function _volume(Book memory book, uint256 slot, uint256 side, uint256 tick) private pure returns (uint256) {
        unchecked {
            return (book.volumes[tick * 4 + side * 2 + (slot & 1)] >> ((slot >> 1) * 56)) & FIELD;
        }
    }

    /// @notice Matches one slot at a known price.
    /// @param minBuyTick buys below it do not take part (256: none does)
    /// @param maxSellTick sells above it do not take part (negative: none does)
    function matchAt(Book memory book, uint256 slot, int256 priceNano, uint256 minBuyTick, int256 maxSellTick)
        internal
        pure
        returns (ResultWord)
    {
        uint256 buys = book.maps[BUY];
        uint256 sells = book.maps[SELL];
        buys = minBuyTick > 255 ? 0 : (buys >> minBuyTick) << minBuyTick;
        sells = maxSellTick < 0 ? 0 : maxSellTick > 254 ? sells : sells & ((2 << uint256(maxSellTick)) - 1);
        // At one price every buy that takes part meets every sell, so sums tell what is matched.
        if (int256(minBuyTick) >= maxSellTick) return _meet(book, slot, priceNano, buys, sells);
        Crossing memory c;
        _cross(book, slot, buys, sells, c);
        if (c.matched == 0) return ResultWords.untraded(priceNano);
        return _result(priceNano, c.matched, c.buyTick, c.buyLive, c.buyLeft, c.sellTick, c.sellLive, c.sellLeft);
    }

    /// @dev `_cross` where no buy is below any sell: the shorter side is used up, and the longer side loses its worst
    /// volumes, down to the tick that is left partly filled.
    function _meet(Book memory book, uint256 slot, int256 priceNano, uint256 buys, uint256 sells)
        private
        pure
        returns (ResultWord)
    {
        uint256 buyWh = _total(book, slot, BUY, buys);
        uint256 sellWh = _total(book, slot, SELL, sells);
        if (buyWh == 0 || sellWh == 0) return ResultWords.untraded(priceNano);
        uint256 matched = Math.min(buyWh, sellWh);
        (uint256 buyTick, uint256 buyLive, uint256 buyOver) = _last(book, slot, BUY, buys, buyWh - matched);
        (uint256 sellTick, uint256 sellLive, uint256 sellOver) = _last(book, slot, SELL, sells, sellWh - matched);
        return _result(priceNano, matched, buyTick, buyLive, buyOver, sellTick, sellLive, sellOver);
    }

    /// @dev From the worst tick of `map` on, takes `overWh` off: the tick that is not used up by that, its volume, and
    /// what is taken off of it. All volume together is more than `overWh`.
    function _last(Book memory book, uint256 slot, uint256 side, uint256 map, uint256 overWh)
        private
        pure
        returns (uint256 tick, uint256 liveWh, uint256 offWh)
    {
        offWh = overWh;
        unchecked {
            while (true) {
                tick = side == BUY ? _lowest(map) : _highest(map);
                liveWh = _volume(book, slot, side, tick);
                if (liveWh > offWh) return (tick, liveWh, offWh);
                offWh -= liveWh;
                map ^= 1 << tick;
            }
        }
    }

    function _result(
        int256 priceNano,
        uint256 matched,
        uint256 buyTick,
        uint256 buyLive,
        uint256 buyLeft,
        uint256 sellTick,
        uint256 sellLive,
        uint256 sellLeft
    ) private pure returns (ResultWord) {
        uint256 word = uint256(uint32(int32(priceNano))) | (buyTick << 32) | (sellTick << 40) | ResultWords.TRADED
            | (matched << 56);
        if (buyLeft != 0) {
            word |= ResultWords.BUY_RATIONED | ((buyLive - buyLeft) << 104) | (buyLive << 152);
        } else {
            word |= ((sellLive - sellLeft) << 104) | (sellLive << 152);
        }
        return ResultWord.wrap(word);
    }

    /// @dev The highest buys meet the lowest sells until they no longer cross.
    /// @param buys bitmap of the buys' ticks that take part
    /// @param sells the same of the sells
    function _cross(Book memory book, uint256 slot, uint256 buys, uint256 sells, Crossing memory c) private pure {
        (buys, c.nextBuy, c.nextBuyWh) = _nextBuy(book, slot, buys);
        (sells, c.nextSell, c.nextSellWh) = _nextSell(book, slot, sells);
        // A step takes the smaller of two volumes from both; all of a slot and side are less than 2^56.
        unchecked {
            while (true) {
                // Where a limit is used up, the next one takes its place, as long as they cross.
                uint256 buyTick = c.buyLeft == 0 ? c.nextBuy : c.buyTick;
                uint256 sellTick = c.sellLeft == 0 ? c.nextSell : c.sellTick;
                if (c.buyLeft == 0 && c.nextBuyWh == 0) break;
                if (c.sellLeft == 0 && c.nextSellWh == 0) break;
                if (buyTick < sellTick) break;
                if (c.buyLeft == 0) {
                    (c.buyTick, c.buyLive, c.buyLeft) = (buyTick, c.nextBuyWh, c.nextBuyWh);
                    (buys, c.nextBuy, c.nextBuyWh) = _nextBuy(book, slot, buys);
                }
                if (c.sellLeft == 0) {
                    (c.sellTick, c.sellLive, c.sellLeft) = (sellTick, c.nextSellWh, c.nextSellWh);
                    (sells, c.nextSell, c.nextSellWh) = _nextSell(book, slot, sells);
                }
                uint256 wh = Math.min(c.buyLeft, c.sellLeft);
                c.matched += wh;
                c.buyLeft -= wh;
                c.sellLeft -= wh;
            }
        }
    }

    /// @dev The highest tick of `map` with a volume in this slot, and what is left of the map below it; a volume of
    /// zero where there is none.
    function _nextBuy(Book memory book, uint256 slot, uint256 map)
        private
        pure
        returns (uint256 rest, uint256 tick, uint256 wh)
    {
        while (map != 0 && wh == 0) {
            tick = _highest(map);
            map ^= 1 << tick;
            wh = _volume(book, slot, BUY, tick);
        }
        rest = map;
    }

    /// @dev The same from the lowest tick up.
    function _nextSell(Book memory book, uint256 slot, uint256 map)
        private
        pure
        returns (uint256 rest, uint256 tick, uint256 wh)
    {
        while (map != 0 && wh == 0) {
            tick = _lowest(map);
            map ^= 1 << tick;
            wh = _volume(book, slot, SELL, tick);
        }
        rest = map;
    }

    /// @notice What a member gets of `wh` offered at `tick`: all at a better limit than the last one matched, nothing
    /// at a worse one, and at the rationed limit his part of it, with the remainder carried to the next member.
    /// @dev x = wh * filled + carry, fill = x / offered, carry = x mod offered: the fills of all who offered there
    /// add up to `filled` exactly, and none differs from its exact part by a Wh or more.
    function fill(ResultWord result, uint256 side, uint256 tick, uint256 wh)
        internal
        pure
        returns (uint256 filledWh, ResultWord next)
    {
        if (!result.traded()) return (0, result);
        uint256 last = side == BUY ? result.buyTick() : result.sellTick();
        if (tick != last) return ((tick > last) == (side == BUY) ? wh : 0, result);
        if (result.buyRationed() != (side == BUY)) return (wh, result);
        // Volumes have 48 bits, and live is not zero where there was a trade.
        unchecked {
            uint256 x = wh * result.fillWh() + result.carry();
            uint256 live = result.liveWh();
            filledWh = x / live;
            return (filledWh, result.withCarry(x - filledWh * live));
        }
    }

    /// @dev The highest bit set, by halving; `map` is not zero.
    function _highest(uint256 map) private pure returns (uint256 bit) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            bit := shl(7, lt(0xffffffffffffffffffffffffffffffff, map))
            bit := or(bit, shl(6, lt(0xffffffffffffffff, shr(bit, map))))
            bit := or(bit, shl(5, lt(0xffffffff, shr(bit, map))))
            bit := or(bit, shl(4, lt(0xffff, shr(bit, map))))
            bit := or(bit, shl(3, lt(0xff, shr(bit, map))))
            bit := or(bit, shl(2, lt(0xf, shr(bit, map))))
            bit := or(bit, shl(1, lt(0x3, shr(bit, map))))
            bit := or(bit, lt(0x1, shr(bit, map)))
        }
    }

    function _lowest(uint256 map) private pure returns (uint256) {
        unchecked {
            // Two's complement on purpose: leaves the lowest set bit alone.
            return _highest(map & (~map + 1));
        }
    }
}
