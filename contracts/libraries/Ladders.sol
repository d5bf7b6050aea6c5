// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fields} from "./Fields.sol";
import {ResultWord} from "./Packed.sol";
import {TickBook} from "./TickBook.sol";
import {Words} from "./Words.sol";

/// @title Ladders: what an area could not match in a window and sends up, as words
/// @notice Two words with r and f of the eight slots (int32 each, the first slot lowest), then rows: buys before
/// sells, of each the even slots before the odd ones, the best limit first. A row is a cell of the book with its place
/// (see TickBook and Fields):
///
///   0..223 Wh of four slots | 224..231 tick | 232 the slots with odd numbers | 233 sells | 234 only a part of what is
///   left at this limit: the next word has in the same fields what is left
///
/// The twin is `p2pchain/levels.py`.
library Ladders {
    using Words for uint256[];

    /// @dev r of a slot that has no prices.
    int256 internal constant NO_BOUNDS = type(int32).min;
    uint256 internal constant SLOTS = 8;
    /// @dev Words before the first row.
    uint256 internal constant HEAD = 2;
    /// @dev NO_BOUNDS as r of four slots.
    uint256 private constant NONE = (1 << 31) * (type(uint256).max / type(uint64).max);
    uint256 private constant PART = 1 << 234;

    /// @dev A ladder that is being written, with room for all that may come; fields by side * 2 + whether the slots are
    /// odd: keys from which limits take part (none where nothing goes up), what was matched already, what may go up.
    struct Writer {
        uint256[] words;
        uint256 length;
        uint256[4] fromKeys;
        Fields.Cuts cuts;
        uint256[4] mostWh;
    }

    /// @dev A ladder that is being read: the next word, and the row at hand, `i` its side * 2 + whether its slots are
    /// odd. `leftWh` is all that is left at its limit, sent up or not.
    struct Reader {
        uint256 next;
        uint256 side;
        uint256 i;
        uint256 tick;
        uint256 wh;
        uint256 leftWh;
    }

    /// @dev A volume of a single slot; `leftWh` is all that is left there at its limit, sent up or not.
    struct Step {
        uint256 slot;
        uint256 side;
        uint256 tick;
        uint256 wh;
        uint256 leftWh;
    }

    /// @notice A ladder with room for what is in a book; nothing goes up yet.
    function writer(TickBook.Book memory book) internal pure returns (Writer memory w) {
        uint256 ticks = _count(book.maps[TickBook.BUY]) + _count(book.maps[TickBook.SELL]);
        w.words = new uint256[](HEAD + 4 * ticks);
        (w.words[0], w.words[1], w.length) = (NONE, NONE, HEAD);
        for (uint256 i; i < 4; ++i) w.fromKeys[i] = Fields.NO_KEY * Fields.ONES;
    }

    /// @notice Notes r and f of a slot.
    function setBounds(Writer memory w, uint256 slot, int256 retailNano, int256 feedInNano) internal pure {
        uint256 shift = (slot % 4) * 64;
        uint256 both = uint256(uint32(_within(retailNano))) | (uint256(uint32(_within(feedInNano))) << 32);
        w.words[slot / 4] = (w.words[slot / 4] & ~(uint256(type(uint64).max) << shift)) | (both << shift);
    }

    /// @notice In a slot goes up what took part and was not filled, up to `mostWh`.
    ///
    /// An area whose feeder has a limit sends up the excess of the longer side alone: what goes up on both sides could
    /// meet above and come back, which the feeder does not carry.
    /// @param minBuyTick buys below it take no part (256: none does)
    /// @param maxSellTick sells above it take no part (negative: none does)
    /// @param results of buys and sells
    /// @param mostWh what may come down, go up, and be matched inside
    function open(
        Writer memory w,
        TickBook.Book memory book,
        uint256 slot,
        uint256 minBuyTick,
        int256 maxSellTick,
        ResultWord[2] memory results,
        uint256[3] memory mostWh
    ) internal pure {
        if (mostWh[2] != type(uint256).max) {
            uint256 buyWh = TickBook.totalOf(book, slot, TickBook.BUY, TickBook.buysFrom(book, minBuyTick));
            uint256 sellWh = TickBook.totalOf(book, slot, TickBook.SELL, TickBook.sellsUpTo(book, maxSellTick));
            uint256 buysMore = buyWh > sellWh ? buyWh - sellWh : 0;
            uint256 sellsMore = sellWh > buyWh ? sellWh - buyWh : 0;
            if (mostWh[0] > buysMore) mostWh[0] = buysMore;
            if (mostWh[1] > sellsMore) mostWh[1] = sellsMore;
        }
        (uint256 odd, uint256 shift) = (slot & 1, (slot >> 1) * 56);
        if (maxSellTick > 255) maxSellTick = 255;
        uint256 field = Fields.NO_KEY << shift;
        w.fromKeys[odd] ^= field ^ (minBuyTick << shift);
        w.fromKeys[2 | odd] ^= field ^ (uint256(255 - maxSellTick) << shift);
        Fields.setCut(w.cuts, slot, results);
        w.mostWh[odd] |= mostWh[0] << shift;
        w.mostWh[2 | odd] |= mostWh[1] << shift;
    }

    /// @notice Writes the rows of what goes up, as far as a charge leaves limits a tick, and returns the ladder.
    /// @param chargeTicks by how many ticks buys go down and sells go up on their way
    function done(Writer memory w, TickBook.Book memory book, uint256 chargeTicks)
        internal
        pure
        returns (uint256[] memory)
    {
        for (uint256 i; i < 4; ++i) {
            if (w.mostWh[i] != 0) _add(w, book, i, chargeTicks);
        }
        return cut(w);
    }

    /// @notice The ladder as it is written, and the writer's end.
    function cut(Writer memory w) internal pure returns (uint256[] memory words) {
        words = w.words;
        uint256 length = w.length;
        // Never longer than what it was created with.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(words, length)
        }
    }

    /// @dev The rows of one side and its even, or odd slots. A key that is too low for the charge, and all below it,
    /// stay.
    function _add(Writer memory w, TickBook.Book memory book, uint256 i, uint256 chargeTicks) private pure {
        uint256 side = i >> 1;
        uint256 map = _between(book.maps[side], side, w.fromKeys[i], w.cuts.keys[i]);
        uint256 place = ((i & 1) << 232) | (side << 233);
        (uint256 fromKeys, uint256 mostWh) = (w.fromKeys[i], w.mostWh[i]);
        Fields.Cut memory filled = Fields.Cut(w.cuts.keys[i], w.cuts.filledWh[i], w.cuts.rationed[i]);
        uint256 next = _end(w);
        unchecked {
            while (map != 0 && mostWh != 0) {
                uint256 tick = side == TickBook.BUY ? TickBook.highest(map) : TickBook.lowest(map);
                map ^= 1 << tick;
                uint256 key = side == TickBook.BUY ? tick : 255 - tick;
                if (key < chargeTicks) break;
                uint256 leftWh = TickBook.cellAt(book, side, tick, i & 1);
                if (leftWh == 0) continue;
                key *= Fields.ONES;
                leftWh = Fields.left(filled, key, leftWh) & Fields.atLeast(key, fromKeys);
                if (leftWh == 0) continue;
                uint256 within = Fields.atLeast(mostWh, leftWh);
                uint256 row = place | (tick << 224);
                if (within == Fields.ALL) {
                    mostWh -= leftWh;
                    next = _write(next, row | leftWh);
                    continue;
                }
                uint256 wh = (leftWh & within) | (mostWh & ~within);
                if (wh == 0) continue;
                mostWh -= wh;
                next = _write(_write(next, row | PART | wh), leftWh);
            }
        }
        _setEnd(w, next);
    }

    /// @dev Of a map the ticks that take part and are not filled wholly in some slot.
    function _between(uint256 map, uint256 side, uint256 fromKeys, uint256 cutKeys) private pure returns (uint256) {
        (uint256 low, uint256 high) = (Fields.NO_KEY, 0);
        unchecked {
            for (uint256 shift; shift < 224; shift += 56) {
                uint256 key = (fromKeys >> shift) & Fields.FIELD;
                if (key < low) low = key;
                key = (cutKeys >> shift) & Fields.FIELD;
                if (key > high) high = key;
            }
            if (low == Fields.NO_KEY) return 0;
            if (high > 255) high = 255;
            if (side == TickBook.SELL) (low, high) = (255 - high, 255 - low);
            return ((map & ((2 << high) - 1)) >> low) << low;
        }
    }

    /// @notice Adds a row: `wh` of the `leftWh` that are left at a tick, by field. `i` is side * 2 + whether the slots
    /// are odd.
    function push(Writer memory w, uint256 i, uint256 tick, uint256 wh, uint256 leftWh) internal pure {
        uint256 row = wh | (tick << 224) | ((i & 1) << 232) | ((i >> 1) << 233);
        if (wh == leftWh) {
            w.words[w.length++] = row;
            return;
        }
        (w.words[w.length], w.words[w.length + 1]) = (row | PART, leftWh);
        w.length += 2;
    }

    /// @dev Where the next word is written.
    function _end(Writer memory w) private pure returns (uint256 next) {
        (uint256[] memory words, uint256 length) = (w.words, w.length);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            next := add(add(words, 0x20), shl(5, length))
        }
    }

    function _setEnd(Writer memory w, uint256 next) private pure {
        uint256[] memory words = w.words;
        uint256 length;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            length := shr(5, sub(sub(next, words), 0x20))
        }
        w.length = length;
    }

    /// @dev There is room for all that may come.
    function _write(uint256 place, uint256 word) private pure returns (uint256 next) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(place, word)
            next := add(place, 0x20)
        }
    }

    /// @notice Puts the rows of a ladder into a book, limits moved by the charge: whoever sent it has left out what
    /// that leaves no tick. In the slots of an island buys in the highest tick stay there (`Quotes.islandTick`).
    function addTo(uint256[] calldata words, TickBook.Book memory book, uint256 chargeTicks, uint256 island)
        internal
        pure
    {
        unchecked {
            for (uint256 i = HEAD; i < words.length; ++i) {
                uint256 row = words.read(i);
                uint256 side = (row >> 233) & 1;
                uint256 tick = (row >> 224) & 0xff;
                if (tick == 255 && island != 0 && side == TickBook.BUY) {
                    uint256 stays = row & Fields.ofSlots(island, (row >> 232) & 1);
                    TickBook.addCell(book, side, tick, (row >> 232) & 1, stays);
                    row ^= stays;
                }
                tick = side == TickBook.BUY ? tick - chargeTicks : tick + chargeTicks;
                TickBook.addCell(book, side, tick, (row >> 232) & 1, row & Fields.ALL);
                if (row & PART != 0) ++i;
            }
        }
        (book.summed[TickBook.BUY], book.summed[TickBook.SELL]) = (0, 0);
    }

    /// @notice r and f of a slot; `any` is false where it has none.
    function bounds(uint256[] calldata words, uint256 slot)
        internal
        pure
        returns (bool any, int256 retailNano, int256 feedInNano)
    {
        uint256 both = words[slot / 4] >> ((slot % 4) * 64);
        retailNano = int32(uint32(both));
        return (retailNano != NO_BOUNDS, retailNano, int32(uint32(both >> 32)));
    }

    /// @notice Reads the next row; false where there is none.
    function read(uint256[] calldata words, Reader memory r) internal pure returns (bool) {
        uint256 next = r.next == 0 ? HEAD : r.next;
        if (next >= words.length) return false;
        unchecked {
            uint256 row = words.read(next++);
            (r.tick, r.side, r.i) = ((row >> 224) & 0xff, (row >> 233) & 1, ((row >> 232) & 1) | ((row >> 232) & 2));
            r.wh = row & Fields.ALL;
            r.leftWh = row & PART == 0 ? r.wh : words[next++];
        }
        r.next = next;
        return true;
    }

    /// @notice Reads the next volume of a single slot; false where there is none. Of each slot and side the best limit
    /// comes first.
    function step(uint256[] calldata words, Reader memory r, Step memory s) internal pure returns (bool) {
        while (r.wh == 0) {
            if (!read(words, r)) return false;
            s.slot = r.i & 1;
        }
        unchecked {
            for (; r.wh & Fields.FIELD == 0; s.slot += 2) (r.wh, r.leftWh) = (r.wh >> 56, r.leftWh >> 56);
            (s.side, s.tick) = (r.side, r.tick);
            (s.wh, s.leftWh) = (r.wh & Fields.FIELD, r.leftWh & Fields.FIELD);
            r.wh ^= s.wh;
        }
        return true;
    }

    /// @dev Charges can lead a price out of its 32 bits; out there nobody trades, wherever it ends.
    function _within(int256 nano) private pure returns (int32) {
        if (nano > type(int32).max) return type(int32).max;
        return nano > NO_BOUNDS ? int32(nano) : int32(NO_BOUNDS + 1);
    }

    /// @dev How many bits are set.
    function _count(uint256 map) private pure returns (uint256 count) {
        for (; map != 0; map &= map - 1) ++count;
    }
}
