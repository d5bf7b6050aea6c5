// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Fields} from "./Fields.sol";
import {LaneWords, ResultWord, ResultWords} from "./Packed.sol";

/// @title TickBook: the matching of both auctions
/// @notice Volumes by limit in, volume and rationing out. The highest buys meet the lowest sells until they no longer
/// cross, so the matched volume is maximal. Each step uses up one side's best limit, so at the end at most one side is
/// left partly filled, at one limit. There the fill is pro rata with a carry (`fill`), which adds up exactly.
///
/// A book holds the eight slots of a window: for each of two sides and 256 ticks two words, one for the slots with even
/// and one for those with odd numbers, in fields of 56 bits; so a lane word is added in two steps.
/// The twin is `p2pchain/matching.py`; the rule and its proof are in docs/matching.md.
library TickBook {
    uint256 internal constant BUY = 0;
    uint256 internal constant SELL = 1;
    uint256 internal constant SLOTS = 8;
    /// @dev Words of a book: two for each tick and side.
    uint256 internal constant CELLS = 256 * 2 * 2;
    uint256 private constant FIELD = (1 << 56) - 1;

    /// @param volumes Wh by side, tick and whether the slot is odd
    /// @param maps by side; bit t: tick t is in use in some slot
    /// @param summed by side: the ticks that `sums` stand for; zero: none
    /// @param sums by side and whether the slot is odd: all volumes of the eight slots at those ticks
    struct Book {
        uint256[] volumes;
        uint256[2] maps;
        uint256[2] summed;
        uint256[4] sums;
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
    }

    /// @notice Adds a cell: volumes of the slots with even, or with odd numbers, at a tick; `side` and `odd` below 2,
    /// `tick` below 256 by the caller, who forgets `summed`.
    function addCell(Book memory book, uint256 side, uint256 tick, uint256 odd, uint256 fields) internal pure {
        // The same cell as in `_addAt`.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let cell := add(add(mload(book), 0x20), or(or(shl(14, side), shl(6, tick)), shl(5, odd)))
            mstore(cell, add(mload(cell), fields))
            let map := add(mload(add(book, 0x20)), shl(5, side))
            mstore(map, or(mload(map), shl(tick, 1)))
        }
    }

    /// @notice The cell of a tick.
    function cellAt(Book memory book, uint256 side, uint256 tick, uint256 odd) internal pure returns (uint256 fields) {
        // The same cell as in `_addAt`.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            fields := mload(add(add(mload(book), 0x20), or(or(shl(14, side), shl(6, tick)), shl(5, odd))))
        }
    }

    /// @notice Puts buys that are in the book already, those of `first`, into its highest tick; what else stands there
    /// in the slots of a mask goes one tick down.
    function raise(Book memory book, Book memory first, uint256 slots) internal pure {
        for (uint256 odd; odd < 2; ++odd) {
            uint256 wh;
            for (uint256 map = first.maps[BUY]; map != 0; map &= map - 1) {
                uint256 cell = 2 * lowest(map) + odd;
                book.volumes[cell] -= first.volumes[cell];
                wh += first.volumes[cell];
            }
            uint256 top = 2 * 255 + odd;
            uint256 others = book.volumes[top] & Fields.ofSlots(slots, odd);
            book.volumes[top] = book.volumes[top] - others + wh;
            book.volumes[top - 2] += others;
        }
        book.maps[BUY] |= 3 << 254;
        book.summed[BUY] = 0;
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
        // The cell is (side * 256 + tick) * 2 < CELLS - 1 and the side < 2, so all addresses lie inside their arrays.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let cell := add(add(mload(book), 0x20), add(shl(14, side), shl(6, tick)))
            mstore(cell, add(mload(cell), even))
            cell := add(cell, 0x20)
            mstore(cell, add(mload(cell), odd))
            let map := add(mload(add(book, 0x20)), shl(5, side))
            mstore(map, or(mload(map), shl(tick, 1)))
            mstore(add(mload(add(book, 0x40)), shl(5, side)), 0)
        }
    }

    /// @notice Adds the eight orders of a member, in lots (lanes of an OrderWord). `maps` do not tell of them, see
    /// `mapOrders`.
    function addOrders(Book memory book, uint256 lanes) internal pure {
        unchecked {
            _addPair(book, lanes, 0);
            _addPair(book, lanes >> 56, 56);
            _addPair(book, lanes >> 112, 112);
            _addPair(book, lanes >> 168, 168);
        }
    }

    /// @dev The two lowest lanes, an even and an odd slot, whose field lies at `shift`.
    function _addPair(Book memory book, uint256 lanes, uint256 shift) private pure {
        // A lane's side and tick have nine bits, so the cell lies within the book; a field of 56 bits holds more than
        // 2^36 volumes of 19. An empty lane adds nothing.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let cells := add(mload(book), 0x20)
            let cell := add(cells, and(shr(13, lanes), 0x7fc0))
            mstore(cell, add(mload(cell), shl(shift, and(lanes, 0x7ffff))))
            cell := add(cells, or(and(shr(41, lanes), 0x7fc0), 0x20))
            mstore(cell, add(mload(cell), shl(shift, and(shr(28, lanes), 0x7ffff))))
        }
    }

    /// @notice Notes in `maps` the ticks of orders that have been added.
    function mapOrders(Book memory book) internal pure {
        // The cells of `_addAt`, one after the other.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let cell := add(mload(book), 0x20)
            let maps := mload(add(book, 0x20))
            for { let side := 0 } lt(side, 2) { side := add(side, 1) } {
                let map := 0
                for { let tick := 0 } lt(tick, 256) { tick := add(tick, 1) } {
                    if or(mload(cell), mload(add(cell, 0x20))) { map := or(map, shl(tick, 1)) }
                    cell := add(cell, 0x40)
                }
                mstore(add(maps, shl(5, side)), map)
            }
        }
    }

    /// @notice Turns volumes into curves, all eight slots at once: at each tick what is bought there and above, and
    /// what is sold there and below. Orders cannot be added any more.
    function sumUp(Book memory book) internal pure {
        // The sells lie behind the buys, 256 ticks of two cells each; sums of 56 bits as in `_addAt`. Two ticks a
        // round, so that its ends are tested half as often.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let sell := add(mload(book), 0x4020)
            let end := add(sell, 0x4000)
            let buy := sub(sell, 0x80)
            let buyEven := 0
            let buyOdd := 0
            let sellEven := 0
            let sellOdd := 0
            for {} lt(sell, end) { sell := add(sell, 0x80) buy := sub(buy, 0x80) } {
                buyEven := add(buyEven, mload(add(buy, 0x40)))
                mstore(add(buy, 0x40), buyEven)
                buyOdd := add(buyOdd, mload(add(buy, 0x60)))
                mstore(add(buy, 0x60), buyOdd)
                buyEven := add(buyEven, mload(buy))
                mstore(buy, buyEven)
                buyOdd := add(buyOdd, mload(add(buy, 0x20)))
                mstore(add(buy, 0x20), buyOdd)
                sellEven := add(sellEven, mload(sell))
                mstore(sell, sellEven)
                sellOdd := add(sellOdd, mload(add(sell, 0x20)))
                mstore(add(sell, 0x20), sellOdd)
                sellEven := add(sellEven, mload(add(sell, 0x40)))
                mstore(add(sell, 0x40), sellEven)
                sellOdd := add(sellOdd, mload(add(sell, 0x60)))
                mstore(add(sell, 0x60), sellOdd)
            }
        }
    }

    /// @notice Matches one slot of curves where the price follows from them: `equilibrium(k)`. The highest buys meet
    /// the lowest sells until they no longer cross, so the matched volume is the largest of min(bought, sold) over all
    /// ticks.
    function matchEquilibrium(Book memory book, uint256 slot, int256 floorNano, int256 tickNano, uint256 kPpm)
        internal
        pure
        returns (ResultWord)
    {
        unchecked {
            (uint256 buys, uint256 sells, uint256 shift) = _curves(book, slot);
            // From the first tick on at which as much is sold as bought; before it less is sold than bought.
            uint256 turn = _firstBalanced(buys, shift);
            uint256 matched = turn == 256 ? 0 : _sum(buys, shift, turn);
            if (turn != 0) matched = Math.max(matched, _sum(sells, shift, turn - 1));
            if (matched == 0) return ResultWord.wrap(0);
            (uint256 buyTick, uint256 buyLive, uint256 buyLeft) = _lastBuy(buys, shift, matched);
            (uint256 sellTick, uint256 sellLive, uint256 sellLeft) = _lastSell(sells, shift, matched);
            // A limit that is filled in part counts as unfilled, and so do those that are not touched.
            uint256 low = Math.max(sellTick, _highestBuy(buys, shift, matched + 1));
            uint256 high = Math.min(buyTick, _lowestSell(sells, shift, matched + 1));
            int256 price = floorNano + int256(low) * tickNano
                + int256((kPpm * (high - low) * uint256(tickNano)) / 1_000_000);
            return _result(price, matched, buyTick, buyLive, buyLeft, sellTick, sellLive, sellLeft);
        }
    }

    /// @notice Of curves: what is bought at a tick and above, or sold at it and below.
    function curveAt(Book memory book, uint256 slot, uint256 side, uint256 tick) internal pure returns (uint256) {
        (uint256 buys, uint256 sells, uint256 shift) = _curves(book, slot);
        return _sum(side == BUY ? buys : sells, shift, tick);
    }

    /// @notice Of curves: the last tick of the best `wh` of a side, which are no more than all and not zero; all that
    /// stands at that tick, and what of it is not among them.
    function lastOf(Book memory book, uint256 slot, uint256 side, uint256 wh)
        internal
        pure
        returns (uint256 tick, uint256 liveWh, uint256 leftWh)
    {
        (uint256 buys, uint256 sells, uint256 shift) = _curves(book, slot);
        return side == BUY ? _lastBuy(buys, shift, wh) : _lastSell(sells, shift, wh);
    }

    /// @dev Where the curves of a slot begin, what is bought and what is sold, a cell of 64 bytes a tick; and how far
    /// to shift what stands there.
    function _curves(Book memory book, uint256 slot)
        private
        pure
        returns (uint256 buys, uint256 sells, uint256 shift)
    {
        // The same cells as in `_addAt`.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            buys := add(add(mload(book), 0x20), shl(5, and(slot, 1)))
            sells := add(buys, 0x4000)
            shift := mul(shr(1, slot), 56)
        }
    }

    /// @dev A curve at a tick below 256.
    function _sum(uint256 curve, uint256 shift, uint256 tick) private pure returns (uint256 wh) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            wh := and(shr(shift, mload(add(curve, shl(6, tick)))), 0xffffffffffffff)
        }
    }

    /// @dev The first tick at which no more is bought than sold, 256 where there is none.
    function _firstBalanced(uint256 buys, uint256 shift) private pure returns (uint256 tick) {
        // Halves what is left; past 255 there is no cell and nothing to compare.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            for { let step := 256 } step { step := shr(1, step) } {
                let before := sub(add(tick, step), 1)
                if lt(before, 256) {
                    let cell := add(buys, shl(6, before))
                    let bought := and(shr(shift, mload(cell)), 0xffffffffffffff)
                    let sold := and(shr(shift, mload(add(cell, 0x4000))), 0xffffffffffffff)
                    if gt(bought, sold) { tick := add(tick, step) }
                }
            }
        }
    }

    /// @dev The highest tick at which at least `wh` is bought; zero where there is none.
    function _highestBuy(uint256 buys, uint256 shift, uint256 wh) private pure returns (uint256 tick) {
        // The steps add up to 255.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            for { let step := 128 } step { step := shr(1, step) } {
                let cell := add(buys, shl(6, add(tick, step)))
                if iszero(lt(and(shr(shift, mload(cell)), 0xffffffffffffff), wh)) { tick := add(tick, step) }
            }
        }
    }

    /// @dev The lowest tick at which at least `wh` is sold; 255 where there is none.
    function _lowestSell(uint256 sells, uint256 shift, uint256 wh) private pure returns (uint256 tick) {
        // The steps add up to 255.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            for { let step := 128 } step { step := shr(1, step) } {
                let cell := add(sells, shl(6, sub(add(tick, step), 1)))
                if lt(and(shr(shift, mload(cell)), 0xffffffffffffff), wh) { tick := add(tick, step) }
            }
        }
    }

    /// @dev The last tick of the highest `wh` bought, all that is bought there, and what of it is not filled.
    function _lastBuy(uint256 buys, uint256 shift, uint256 wh)
        private
        pure
        returns (uint256 tick, uint256 liveWh, uint256 leftWh)
    {
        tick = _highestBuy(buys, shift, wh);
        uint256 bought = _sum(buys, shift, tick);
        unchecked {
            liveWh = tick == 255 ? bought : bought - _sum(buys, shift, tick + 1);
            leftWh = bought - wh;
        }
    }

    /// @dev The same of the lowest `wh` sold.
    function _lastSell(uint256 sells, uint256 shift, uint256 wh)
        private
        pure
        returns (uint256 tick, uint256 liveWh, uint256 leftWh)
    {
        tick = _lowestSell(sells, shift, wh);
        uint256 sold = _sum(sells, shift, tick);
        unchecked {
            liveWh = tick == 0 ? sold : sold - _sum(sells, shift, tick - 1);
            leftWh = sold - wh;
        }
    }

    /// @notice All volume of a slot and side, in Wh.
    function total(Book memory book, uint256 slot, uint256 side) internal pure returns (uint256 wh) {
        return totalOf(book, slot, side, book.maps[side]);
    }

    /// @notice The volume of a slot at the ticks of `map`, in Wh.
    /// @dev Summed for all slots at once and kept for the next that asks.
    function totalOf(Book memory book, uint256 slot, uint256 side, uint256 map) internal pure returns (uint256) {
        if (map == 0) return 0;
        unchecked {
            if (book.summed[side] != map) {
                uint256[] memory volumes = book.volumes;
                uint256 even;
                uint256 odd;
                for (uint256 rest = map; rest != 0; rest &= rest - 1) {
                    uint256 cell = (side * 256 + lowest(rest)) * 2;
                    even += volumes[cell];
                    odd += volumes[cell + 1];
                }
                book.summed[side] = map;
                (book.sums[side * 2], book.sums[side * 2 + 1]) = (even, odd);
            }
            return (book.sums[side * 2 + (slot & 1)] >> ((slot >> 1) * 56)) & FIELD;
        }
    }

    /// @notice The volume of a slot and side at a tick, in Wh.
    function volumeAt(Book memory book, uint256 slot, uint256 side, uint256 tick) internal pure returns (uint256 wh) {
        // The same cell as in `_addAt`.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let cell := add(add(mload(book), 0x20), or(or(shl(14, side), shl(6, tick)), shl(5, and(slot, 1))))
            wh := and(shr(mul(shr(1, slot), 56), mload(cell)), 0xffffffffffffff)
        }
    }

    /// @notice Matches one slot at a known price. No buy that takes part is below a sell that does: `minBuyTick` is at
    /// least `maxSellTick`.
    /// @param minBuyTick buys below it do not take part (256: none does)
    /// @param maxSellTick sells above it do not take part (negative: none does)
    /// @param mostWh what may be traded at most
    /// @return result the outcome; where `mostWh` leaves both sides a rest, that of the buys (`ResultWords.APART`)
    /// @return sells then that of the sells, else zero
    function matchAt(
        Book memory book,
        uint256 slot,
        int256 priceNano,
        uint256 minBuyTick,
        int256 maxSellTick,
        uint256 mostWh
    ) internal pure returns (ResultWord result, ResultWord sells) {
        return _meet(
            book, slot, priceNano, buysFrom(book, minBuyTick), sellsUpTo(book, maxSellTick), mostWh
        );
    }

    /// @notice The ticks of the buys that take part.
    function buysFrom(Book memory book, uint256 minBuyTick) internal pure returns (uint256 map) {
        return minBuyTick > 255 ? 0 : (book.maps[BUY] >> minBuyTick) << minBuyTick;
    }

    /// @notice The ticks of the sells that take part.
    function sellsUpTo(Book memory book, int256 maxSellTick) internal pure returns (uint256 map) {
        map = book.maps[SELL];
        if (maxSellTick < 255) map = maxSellTick < 0 ? 0 : map & ((2 << uint256(maxSellTick)) - 1);
    }

    /// @dev At one price every buy that takes part meets every sell: the shorter side is used up, unless there is a
    /// limit to what may be traded, and the longer side loses its worst volumes, down to the tick that is left partly
    /// filled.
    function _meet(
        Book memory book,
        uint256 slot,
        int256 priceNano,
        uint256 buys,
        uint256 sells,
        uint256 mostWh
    ) private pure returns (ResultWord result, ResultWord ofSells) {
        uint256 buyWh = totalOf(book, slot, BUY, buys);
        uint256 sellWh = totalOf(book, slot, SELL, sells);
        uint256 matched = Math.min(Math.min(buyWh, sellWh), mostWh);
        if (matched == 0) return (ResultWords.untraded(priceNano), ResultWord.wrap(0));
        (uint256 buyTick, uint256 buyLive, uint256 buyOver) = _last(book, slot, BUY, buys, buyWh - matched);
        (uint256 sellTick, uint256 sellLive, uint256 sellOver) = _last(book, slot, SELL, sells, sellWh - matched);
        result = _result(priceNano, matched, buyTick, buyLive, buyOver, sellTick, sellLive, sellOver);
        if (buyOver != 0 && sellOver != 0) {
            ofSells = _result(priceNano, matched, buyTick, buyLive, 0, sellTick, sellLive, sellOver).apart();
            result = result.apart();
        }
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
                tick = side == BUY ? lowest(map) : highest(map);
                liveWh = volumeAt(book, slot, side, tick);
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

    /// @notice What a member gets of `wh` offered at the rationed limit of a slot: his part of it, with the remainder
    /// carried to the next member. Which limits are filled wholly is told by `CutWords`.
    /// @dev x = wh * filled + carry, fill = x / offered, carry = x mod offered: the fills of all who offered there
    /// add up to `filled` exactly, and none differs from its exact part by a Wh or more.
    function ration(ResultWord result, uint256 wh) internal pure returns (uint256 filledWh, ResultWord next) {
        // Volumes have 48 bits, and live is not zero where there was a trade.
        unchecked {
            uint256 x = wh * result.fillWh() + result.carry();
            uint256 live = result.liveWh();
            filledWh = x / live;
            return (filledWh, result.withCarry(x - filledWh * live));
        }
    }

    /// @notice The highest bit set of a map that is not zero.
    function highest(uint256 map) internal pure returns (uint256 bit) {
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

    /// @notice The lowest one.
    function lowest(uint256 map) internal pure returns (uint256) {
        unchecked {
            // Two's complement on purpose: leaves the lowest set bit alone.
            return highest(map & (~map + 1));
        }
    }
}
