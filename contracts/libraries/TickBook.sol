// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {LaneWords, Quote, ResultWord, ResultWords} from "./Packed.sol";

/// @title TickBook: the matching of both auctions
/// @notice Volumes by limit in, volume and rationing out. The highest buys meet the lowest sells until they no longer
/// cross, so the matched volume is maximal. Each step uses up one side's best limit, so at the end at most one side is
/// left partly filled, at one limit. There the fill is pro rata with a carry (`fill`), which adds up exactly.
///
/// A book holds eight slots: 256 ticks for each of two sides, and a bitmap of the ticks that are in use.
/// The twin is `p2pchain/matching.py`; the rule and its proof are in docs/matching.md.
library TickBook {
    uint256 internal constant BUY = 0;
    uint256 internal constant SELL = 1;
    uint256 internal constant SLOTS = 8;
    uint256 private constant CELLS = SLOTS * 2 * 256;

    /// @param volumes Wh by slot, side and tick
    /// @param maps bit t of the word of a slot and side: tick t is in use
    struct Book {
        uint256[] volumes;
        uint256[16] maps;
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
        for (uint256 row; row < 16; ++row) book.maps[row] = 0;
    }

    /// @notice Adds volume at a tick; `slot` below 8, `side` below 2, `tick` below 256 by the caller.
    function add(Book memory book, uint256 slot, uint256 side, uint256 tick, uint256 wh) internal pure {
        uint256 row = (slot << 1) | side;
        // The cell is row * 256 + tick < CELLS and the row < 16, so both addresses lie inside their arrays.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let cell := add(add(mload(book), 0x20), shl(5, or(shl(8, row), tick)))
            let old := mload(cell)
            mstore(cell, add(old, wh))
            if iszero(old) {
                let map := add(mload(add(book, 0x20)), shl(5, row))
                mstore(map, or(mload(map), shl(tick, 1)))
            }
        }
    }

    /// @notice Adds lanes `from` to `end - 1` of a lane word at the ticks of their quotes; the quote of lane `from`
    /// stands at `quoted`.
    function addLanes(
        Book memory book,
        uint256 word,
        uint256[] memory quotes,
        uint256 quoted,
        uint256 from,
        uint256 end
    ) internal pure {
        // Lanes are eight.
        unchecked {
            for (uint256 lane = from; lane < end; ++lane) {
                uint256 raw = (word >> (lane * LaneWords.LANE_BITS)) & LaneWords.LANE_MASK;
                uint256 wh = raw & LaneWords.MAX_WH;
                if (wh == 0) continue;
                Quote quote = Quote.wrap(quotes[quoted + lane - from]);
                if (raw == wh) add(book, lane, BUY, quote.buyTick(), wh);
                else add(book, lane, SELL, quote.sellTick(), wh);
            }
        }
    }

    /// @notice All volume of a slot and side, in Wh.
    function total(Book memory book, uint256 slot, uint256 side) internal pure returns (uint256 wh) {
        uint256 row = (slot << 1) | side;
        uint256 map = book.maps[row];
        while (map != 0) {
            uint256 tick = _highest(map);
            wh += book.volumes[(row << 8) | tick];
            map ^= 1 << tick;
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
        uint256 buys = book.maps[slot << 1];
        uint256 sells = book.maps[(slot << 1) | SELL];
        buys = minBuyTick > 255 ? 0 : (buys >> minBuyTick) << minBuyTick;
        sells = maxSellTick < 0 ? 0 : maxSellTick > 254 ? sells : sells & ((2 << uint256(maxSellTick)) - 1);
        return _cross(book, slot, priceNano, buys, sells);
    }

    /// @param buys bitmap of the buys' ticks that take part
    /// @param sells the same of the sells
    function _cross(Book memory book, uint256 slot, int256 priceNano, uint256 buys, uint256 sells)
        private
        pure
        returns (ResultWord)
    {
        if (buys == 0 || sells == 0) return ResultWords.untraded(priceNano);
        uint256 buyTick = _highest(buys);
        uint256 sellTick = _lowest(sells);
        if (buyTick < sellTick) return ResultWords.untraded(priceNano);
        uint256[] memory volumes = book.volumes;
        uint256 buyRow = slot << 9;
        uint256 sellRow = buyRow | 256;
        uint256 buyLive = volumes[buyRow | buyTick];
        uint256 sellLive = volumes[sellRow | sellTick];
        uint256 buyLeft = buyLive;
        uint256 sellLeft = sellLive;
        uint256 matched;
        while (true) {
            uint256 wh = Math.min(buyLeft, sellLeft);
            matched += wh;
            buyLeft -= wh;
            sellLeft -= wh;
            if (buyLeft == 0) buys ^= 1 << buyTick;
            if (sellLeft == 0) sells ^= 1 << sellTick;
            if (buys == 0 || sells == 0) break;
            uint256 nextBuy = _highest(buys);
            uint256 nextSell = _lowest(sells);
            if (nextBuy < nextSell) break;
            if (buyLeft == 0) {
                buyTick = nextBuy;
                buyLeft = buyLive = volumes[buyRow | buyTick];
            }
            if (sellLeft == 0) {
                sellTick = nextSell;
                sellLeft = sellLive = volumes[sellRow | sellTick];
            }
        }
        uint256 word = uint256(uint32(int32(priceNano))) | (buyTick << 32) | (sellTick << 40) | ResultWords.TRADED
            | (matched << 56);
        if (buyLeft != 0) {
            word |= ResultWords.BUY_RATIONED | ((buyLive - buyLeft) << 104) | (buyLive << 152);
        } else {
            word |= ((sellLive - sellLeft) << 104) | (sellLive << 152);
        }
        return ResultWord.wrap(word);
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
        uint256 x = wh * result.fillWh() + result.carry();
        uint256 live = result.liveWh();
        return (x / live, result.withCarry(x % live));
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
