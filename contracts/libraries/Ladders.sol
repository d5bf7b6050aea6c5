// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ResultWord} from "./Packed.sol";
import {TickBook} from "./TickBook.sol";

/// @title Ladders: what an area could not match in a window and sends up, as words
/// @notice Two words with r and f of the eight slots (int32 each, the first slot lowest), then entries of 64 bits, four
/// to a word, the first lowest: slot by slot, buys before sells, the best limit first.
///
///   0..47 Wh | 48..55 tick | 56..58 slot | 59 sells | 60 only a part of what is left at this limit: what is left
///   follows, as an entry of its own | 63 an entry
///
/// The twin is `p2pchain/levels.py`.
library Ladders {
    /// @dev r of a slot that has no prices.
    int256 internal constant NO_BOUNDS = type(int32).min;
    uint256 internal constant SLOTS = 8;
    /// @dev Words before the first entry.
    uint256 internal constant HEAD = 2;
    /// @dev NO_BOUNDS as r of four slots.
    uint256 private constant NONE = (1 << 31) * (type(uint256).max / type(uint64).max);
    uint256 private constant WH = (1 << 48) - 1;
    uint256 private constant PART = 1 << 60;
    uint256 private constant ENTRY = 1 << 63;

    /// @dev A ladder that is being written, with room for all that may come.
    struct Writer {
        uint256[] words;
        uint256 entries;
    }

    /// @dev A ladder that is being read, at entry `next`.
    struct Reader {
        uint256 next;
    }

    /// @dev One entry: `leftWh` is all that is left at its limit, sent up or not.
    struct Step {
        uint256 slot;
        uint256 side;
        uint256 tick;
        uint256 wh;
        uint256 leftWh;
    }

    /// @notice A ladder with room for what is in a book.
    function writer(TickBook.Book memory book) internal pure returns (Writer memory w) {
        uint256 ticks = _count(book.maps[TickBook.BUY]) + _count(book.maps[TickBook.SELL]);
        w.words = new uint256[](HEAD + (ticks * SLOTS + 2 * SLOTS) / 4 + 1);
        (w.words[0], w.words[1]) = (NONE, NONE);
    }

    /// @notice Notes r and f of a slot.
    function setBounds(Writer memory w, uint256 slot, int256 retailNano, int256 feedInNano) internal pure {
        uint256 shift = (slot % 4) * 64;
        uint256 both = uint256(uint32(_within(retailNano))) | (uint256(uint32(_within(feedInNano))) << 32);
        w.words[slot / 4] = (w.words[slot / 4] & ~(uint256(type(uint64).max) << shift)) | (both << shift);
    }

    /// @notice Adds what is left of both sides of a slot (buys first): volumes at the ticks of `maps` less what
    /// `results` have filled; as far as a charge leaves them a tick, and up to `mostWh`, the best limits first.
    ///
    /// An area whose feeder has a limit sends up the excess of the longer side alone: what goes up on both sides could
    /// meet above and come back, which the feeder does not carry.
    /// @param chargeTicks by how many ticks buys go down and sells go up on their way
    /// @param mostWh what may come down, go up, and be matched inside
    function addRest(
        Writer memory w,
        TickBook.Book memory book,
        uint256 slot,
        uint256[2] memory maps,
        ResultWord[2] memory results,
        uint256 chargeTicks,
        uint256[3] memory mostWh
    ) internal pure {
        if (mostWh[2] != type(uint256).max) {
            uint256 buyWh = TickBook.totalOf(book, slot, TickBook.BUY, maps[0]);
            uint256 sellWh = TickBook.totalOf(book, slot, TickBook.SELL, maps[1]);
            uint256 buysMore = buyWh > sellWh ? buyWh - sellWh : 0;
            uint256 sellsMore = sellWh > buyWh ? sellWh - buyWh : 0;
            if (mostWh[0] > buysMore) mostWh[0] = buysMore;
            if (mostWh[1] > sellsMore) mostWh[1] = sellsMore;
        }
        _add(w, book, slot, TickBook.BUY, maps[0], results[0], chargeTicks, mostWh[0]);
        _add(w, book, slot, TickBook.SELL, maps[1], results[1], chargeTicks, mostWh[1]);
    }

    function _add(
        Writer memory w,
        TickBook.Book memory book,
        uint256 slot,
        uint256 side,
        uint256 map,
        ResultWord result,
        uint256 chargeTicks,
        uint256 mostWh
    ) private pure {
        bool buys = side == TickBook.BUY;
        bool traded = result.traded();
        uint256 last = buys ? result.buyTick() : result.sellTick();
        unchecked {
            while (map != 0 && mostWh != 0) {
                uint256 tick = buys ? TickBook.highest(map) : TickBook.lowest(map);
                map ^= 1 << tick;
                if (traded && (buys ? tick > last : tick < last)) continue;
                if (buys ? tick < chargeTicks : tick + chargeTicks > 255) return;
                uint256 leftWh = TickBook.volumeAt(book, slot, side, tick);
                if (traded && tick == last) leftWh -= filledAt(result, side, leftWh);
                if (leftWh == 0) continue;
                uint256 wh = leftWh < mostWh ? leftWh : mostWh;
                mostWh -= wh;
                uint256 entry = ENTRY | wh | (tick << 48) | (slot << 56) | (side << 59);
                if (wh == leftWh) {
                    _push(w, entry);
                } else {
                    _push(w, entry | PART);
                    _push(w, ENTRY | leftWh);
                }
            }
        }
    }

    /// @notice Adds an entry: `wh` of the `leftWh` that are left at a tick.
    function add(Writer memory w, uint256 slot, uint256 side, uint256 tick, uint256 wh, uint256 leftWh) internal pure {
        uint256 entry = ENTRY | wh | (tick << 48) | (slot << 56) | (side << 59);
        if (wh == leftWh) {
            _push(w, entry);
        } else {
            _push(w, entry | PART);
            _push(w, ENTRY | leftWh);
        }
    }

    /// @notice What a result fills of all that is offered at its last limit of a side.
    function filledAt(ResultWord result, uint256 side, uint256 offeredWh) internal pure returns (uint256) {
        bool rationed = result.buyRationed() == (side == TickBook.BUY);
        return rationed && result.fillWh() != result.liveWh() ? result.fillWh() : offeredWh;
    }

    /// @notice The ladder in words, and the writer's end.
    function done(Writer memory w) internal pure returns (uint256[] memory words) {
        words = w.words;
        uint256 length = HEAD + (w.entries + 3) / 4;
        // Never longer than what it was created with.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(words, length)
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

    /// @notice Reads the next entry; false where there is none.
    function read(uint256[] calldata words, Reader memory reader, Step memory step) internal pure returns (bool) {
        uint256 entry = _entry(words, reader.next);
        if (entry & ENTRY == 0) return false;
        unchecked {
            ++reader.next;
            (step.wh, step.tick) = (entry & WH, (entry >> 48) & 0xff);
            (step.slot, step.side) = ((entry >> 56) & 7, (entry >> 59) & 1);
            step.leftWh = step.wh;
            if (entry & PART != 0) step.leftWh = _entry(words, reader.next++) & WH;
        }
        return true;
    }

    /// @dev Charges can lead a price out of its 32 bits; out there nobody trades, wherever it ends.
    function _within(int256 nano) private pure returns (int32) {
        if (nano > type(int32).max) return type(int32).max;
        return nano > NO_BOUNDS ? int32(nano) : int32(NO_BOUNDS + 1);
    }

    function _entry(uint256[] calldata words, uint256 i) private pure returns (uint256) {
        uint256 place = HEAD + i / 4;
        return place < words.length ? uint64(words[place] >> ((i % 4) * 64)) : 0;
    }

    function _push(Writer memory w, uint256 entry) private pure {
        unchecked {
            uint256 i = w.entries++;
            w.words[HEAD + i / 4] |= entry << ((i % 4) * 64);
        }
    }

    /// @dev How many bits are set.
    function _count(uint256 map) private pure returns (uint256 count) {
        for (; map != 0; map &= map - 1) ++count;
    }
}
