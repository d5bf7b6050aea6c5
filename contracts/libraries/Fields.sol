// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ResultWord} from "./Packed.sol";
import {TickBook} from "./TickBook.sol";

/// @title Fields: four slots in one step
/// @notice A cell of the book has the slots with even, or with odd numbers in four fields of 56 bits, of which the
/// highest is never used by a volume; so fields are compared and taken off each other all at once. Limits are compared
/// by *key*: the tick of a buy, 255 less the tick of a sell, so the better limit has the higher key on both sides.
library Fields {
    uint256 internal constant FIELD = (1 << 56) - 1;
    uint256 internal constant ONES = 1 | (1 << 56) | (1 << 112) | (1 << 168);
    uint256 internal constant ALL = (1 << 224) - 1;
    /// @dev Above all keys.
    uint256 internal constant NO_KEY = 256;
    uint256 private constant HIGH = ONES << 55;

    /// @dev What auctions have filled, by side * 2 + whether the slots are odd: at higher keys all, at this one so much
    /// where it is `rationed` (a mask of fields), else all.
    struct Cuts {
        uint256[4] keys;
        uint256[4] filledWh;
        uint256[4] rationed;
    }

    /// @dev The same of one side and its even, or odd slots.
    struct Cut {
        uint256 keys;
        uint256 filledWh;
        uint256 rationed;
    }

    /// @notice Masks the fields of the slots of a mask that are even, or odd.
    function ofSlots(uint256 slots, uint256 odd) internal pure returns (uint256 mask) {
        for (uint256 i; i < 4; ++i) {
            if ((slots >> (2 * i + odd)) & 1 != 0) mask |= FIELD << (i * 56);
        }
    }

    function keyOf(uint256 side, uint256 tick) internal pure returns (uint256) {
        return side == TickBook.BUY ? tick : 255 - tick;
    }

    /// @notice Masks the fields in which `a` is at least `b`; both below 2^55.
    function atLeast(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            uint256 high = ((a | HIGH) - b) & HIGH;
            return (high - (high >> 55)) | high;
        }
    }

    /// @notice By how much fields are above others; zero where they are not.
    function above(uint256 a, uint256 b) internal pure returns (uint256) {
        uint256 mask = atLeast(a, b);
        return (a & mask) - (b & mask);
    }

    /// @notice The larger of two fields, four times.
    function larger(uint256 a, uint256 b) internal pure returns (uint256) {
        uint256 mask = atLeast(a, b);
        return (a & mask) | (b & ~mask);
    }

    /// @notice The smaller one.
    function smaller(uint256 a, uint256 b) internal pure returns (uint256) {
        uint256 mask = atLeast(a, b);
        return (b & mask) | (a & ~mask);
    }

    /// @notice The sum of four fields.
    function sum(uint256 fields) internal pure returns (uint256) {
        unchecked {
            return ((fields * ONES) >> 168) & FIELD;
        }
    }

    /// @notice The field of a slot, of a pair of words for even and for odd slots.
    function fieldOf(uint256[4] memory words, uint256 side, uint256 slot) internal pure returns (uint256) {
        return (words[side * 2 + (slot & 1)] >> ((slot >> 1) * 56)) & FIELD;
    }

    /// @notice Notes what was filled in a slot, by the results of buys and of sells.
    function setCut(Cuts memory cuts, uint256 slot, ResultWord[2] memory results) internal pure {
        (uint256 odd, uint256 shift) = (slot & 1, (slot >> 1) * 56);
        for (uint256 side; side < 2; ++side) {
            ResultWord result = results[side];
            uint256 i = side * 2 + odd;
            uint256 key = NO_KEY;
            if (result.traded()) {
                key = keyOf(side, side == TickBook.BUY ? result.buyTick() : result.sellTick());
                if (result.buyRationed() == (side == TickBook.BUY) && result.fillWh() != result.liveWh()) {
                    cuts.filledWh[i] |= result.fillWh() << shift;
                    cuts.rationed[i] |= FIELD << shift;
                }
            }
            cuts.keys[i] |= key << shift;
        }
    }

    /// @notice What a cell has left, `keys` being its own in each field.
    function left(Cut memory cut, uint256 keys, uint256 cell) internal pure returns (uint256) {
        unchecked {
            uint256 untouched = atLeast(cut.keys, keys + ONES);
            uint256 part = atLeast(cut.keys, keys) & ~untouched & cut.rationed;
            return (cell & untouched) | ((cell & part) - (cut.filledWh & part));
        }
    }

    /// @notice What of a cell is filled wholly, and the fields that are rationed.
    function filled(uint256 cutKeys, uint256 rationed, uint256 keys, uint256 cell)
        internal
        pure
        returns (uint256 whole, uint256 part)
    {
        unchecked {
            uint256 better = atLeast(keys, cutKeys + ONES);
            part = cell & atLeast(keys, cutKeys) & ~better;
            whole = (cell & better) | (part & ~rationed);
            part &= rationed;
        }
    }
}
