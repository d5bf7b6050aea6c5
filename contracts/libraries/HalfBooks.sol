// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LaneWords} from "./Packed.sol";
import {TickBook} from "./TickBook.sol";

/// @title HalfBooks: a book that waits in storage for the next step of clearing
/// @notice Volumes below 2^28 of the eight slots of a tick in one word, lanes as in a LaneWord; so a book with all its
/// ticks in use fits a transaction. Where one is larger, the word has `APART` and the slots with even numbers alone,
/// and the next one those with odd numbers.
library HalfBooks {
    uint256 private constant APART = 1 << 255;
    /// @dev Cells from here on are the caller's own.
    uint256 internal constant OWN = TickBook.CELLS + 2;

    /// @notice Keeps a book until the next call; only cells in use are written.
    function putDown(mapping(uint256 cell => uint256) storage half, TickBook.Book memory book) internal {
        uint256[] memory volumes = book.volumes;
        for (uint256 side; side < 2; ++side) {
            uint256 map = book.maps[side];
            half[TickBook.CELLS + side] = map;
            for (uint256 cell = side * (TickBook.CELLS / 2); map != 0; cell += 2) {
                if (map & 1 != 0) {
                    (uint256 even, uint256 odd) = (volumes[cell], volumes[cell + 1]);
                    if ((even | odd) & ~LaneWords.EVEN == 0) half[cell] = even | (odd << LaneWords.LANE_BITS);
                    else (half[cell], half[cell + 1]) = (even | APART, odd);
                }
                map >>= 1;
            }
        }
    }

    /// @notice Takes a book up again into an empty one.
    function resume(mapping(uint256 cell => uint256) storage half, TickBook.Book memory book) internal view {
        uint256[] memory volumes = book.volumes;
        for (uint256 side; side < 2; ++side) {
            uint256 map = half[TickBook.CELLS + side];
            book.maps[side] = map;
            for (uint256 cell = side * (TickBook.CELLS / 2); map != 0; cell += 2) {
                if (map & 1 != 0) {
                    uint256 word = half[cell];
                    (volumes[cell], volumes[cell + 1]) = word & APART == 0
                        ? (word & LaneWords.EVEN, (word >> LaneWords.LANE_BITS) & LaneWords.EVEN)
                        : (word ^ APART, half[cell + 1]);
                }
                map >>= 1;
            }
        }
    }

    /// @notice Bitmaps of zero make the rest of a half book unreadable.
    function drop(mapping(uint256 cell => uint256) storage half) internal {
        (half[TickBook.CELLS], half[TickBook.CELLS + 1]) = (0, 0);
    }
}
