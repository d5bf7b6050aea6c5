// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ResultWord, ResultWords} from "./Packed.sol";

/// @title Pairs: results of buys and of sells in one word of storage, where their figures are small enough
/// @notice A slot whose sells have a result of their own (`ResultWords.APART`) has two words, each written and read for
/// thousands of gas. Volumes below 2^27 Wh and no carry: then both fit into one, least significant bit first:
///
///   0..50 as the result of the buys, but 40..47 the sell tick | 51 a pair | 52 sells are traded | 53..84 price of the
///   sells | 85.. six volumes of 27 bits: matched, filled and offered there of the buys, then of the sells
library Pairs {
    uint256 private constant PAIR = 1 << 51;
    uint256 private constant SOLD = 1 << 52;
    uint256 private constant WH = (1 << 27) - 1;
    /// @dev Above 27 bits of the three volumes of a result.
    uint256 private constant LARGE = (((1 << 48) - 1) ^ WH) * ((1 << 56) | (1 << 104) | (1 << 152));
    uint256 private constant BUY_TICK = 0xff << 32;
    uint256 private constant SELL_TICK = 0xff << 40;
    uint256 private constant FLAGS = ResultWords.APART | ResultWords.BUY_RATIONED;
    /// @dev Price, buy tick and flags of the buys.
    uint256 private constant BUYS = uint256(type(uint32).max) | BUY_TICK | FLAGS | ResultWords.TRADED;
    uint256 private constant CARRIES = 200;

    /// @notice Writes both results of a slot; `sells` counts only where they have one of their own.
    function put(
        mapping(uint256 place => ResultWord) storage results,
        mapping(uint256 place => ResultWord) storage sellResults,
        uint256 place,
        ResultWord result,
        ResultWord sells
    ) internal {
        (uint256 a, uint256 b) = (ResultWord.unwrap(result), ResultWord.unwrap(sells));
        if (a & ResultWords.APART == 0) {
            results[place] = result;
        } else if (
            (a & ResultWords.ISLAND) | (a | b) & LARGE | ((a | b) >> CARRIES) | (a & SELL_TICK) | (b & BUY_TICK) != 0
                || (a ^ b) & FLAGS != ResultWords.BUY_RATIONED
        ) {
            (results[place], sellResults[place]) = (result, sells);
        } else {
            uint256 word = (a & BUYS) | (b & SELL_TICK) | PAIR | (b & ResultWords.TRADED != 0 ? SOLD : 0);
            word |= (uint256(uint32(b)) << 53) | (_packed(a) << 85) | (_packed(b) << 166);
            results[place] = ResultWord.wrap(word);
        }
    }

    /// @notice Both results of a slot; the same word twice where sells have none of their own.
    function get(
        mapping(uint256 place => ResultWord) storage results,
        mapping(uint256 place => ResultWord) storage sellResults,
        uint256 place
    ) internal view returns (ResultWord result, ResultWord sells) {
        result = results[place];
        uint256 word = ResultWord.unwrap(result);
        if (word & ResultWords.APART == 0) return (result, result);
        if (word & PAIR == 0) return (result, sellResults[place]);
        result = ResultWord.wrap((word & BUYS) | _unpacked(word >> 85));
        uint256 b = uint256(uint32(word >> 53)) | (word & SELL_TICK) | ResultWords.APART | _unpacked(word >> 166);
        if (word & SOLD != 0) b |= ResultWords.TRADED;
        sells = ResultWord.wrap(b);
    }

    function _packed(uint256 word) private pure returns (uint256) {
        return ((word >> 56) & WH) | (((word >> 104) & WH) << 27) | (((word >> 152) & WH) << 54);
    }

    function _unpacked(uint256 volumes) private pure returns (uint256) {
        return ((volumes & WH) << 56) | (((volumes >> 27) & WH) << 104) | (((volumes >> 54) & WH) << 152);
    }
}
