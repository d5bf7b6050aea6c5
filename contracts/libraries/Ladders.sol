// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fields} from "./Fields.sol";
import {ResultWord} from "./Packed.sol";
import {TickBook} from "./TickBook.sol";

/// @title Ladders: what an area could not match in a window and sends up, as words
/// @notice Two words with r and f of the eight slots (int32 each, the first slot lowest), then rows, buys before sells,
/// the best limit first. A row is a cell of the book with its place (see TickBook and Fields):
///
///   0..223 Wh of four slots | 224..231 tick | 232 the slots with odd numbers | 233 sells | 234 only a part of what is
///   left at this limit: the next word has in the same fields what is left
///
/// The twin is `p2pchain/levels.py`.
library Ladders {
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

    /// @dev A ladder that is being read: the next word, and the row at hand. `leftWh` is all that is left at its limit,
    /// sent up or not.
    struct Reader {
        uint256 next;
        uint256 side;
        uint256 odd;
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
        returns (uint256[] memory words)
    {
        _add(w, book, TickBook.BUY, chargeTicks);
        _add(w, book, TickBook.SELL, chargeTicks);
        words = w.words;
        uint256 length = w.length;
        // Never longer than what it was created with.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(words, length)
        }
    }

    function _add(Writer memory w, TickBook.Book memory book, uint256 side, uint256 chargeTicks) private pure {
        uint256 map = book.maps[side];
        uint256 i = side * 2;
        while (map != 0 && w.mostWh[i] | w.mostWh[i + 1] != 0) {
            uint256 tick = side == TickBook.BUY ? TickBook.highest(map) : TickBook.lowest(map);
            uint256 key = Fields.keyOf(side, tick);
            if (key < chargeTicks) return;
            map ^= 1 << tick;
            uint256 place = (tick << 224) | (side << 233);
            _row(w, i, key, place, TickBook.cellAt(book, side, tick, 0));
            _row(w, i + 1, key, place | (1 << 232), TickBook.cellAt(book, side, tick, 1));
        }
    }

    function _row(Writer memory w, uint256 i, uint256 key, uint256 place, uint256 cell) private pure {
        unchecked {
            uint256 keys = key * Fields.ONES;
            uint256 leftWh = Fields.left(w.cuts, i, key, cell) & Fields.atLeast(keys, w.fromKeys[i]);
            if (leftWh == 0) return;
            uint256 mostWh = w.mostWh[i];
            uint256 within = Fields.atLeast(mostWh, leftWh);
            if (within == Fields.ALL) {
                w.mostWh[i] = mostWh - leftWh;
                w.words[w.length++] = place | leftWh;
                return;
            }
            uint256 wh = (leftWh & within) | (mostWh & ~within);
            if (wh == 0) return;
            w.mostWh[i] = mostWh - wh;
            (w.words[w.length], w.words[w.length + 1]) = (place | PART | wh, leftWh);
            w.length += 2;
        }
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
        uint256 row = words[next];
        unchecked {
            ++next;
            (r.tick, r.odd, r.side) = ((row >> 224) & 0xff, (row >> 232) & 1, (row >> 233) & 1);
            (r.wh, r.leftWh) = (row & Fields.ALL, row & Fields.ALL);
            if (row & PART != 0) r.leftWh = words[next++];
        }
        r.next = next;
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
