// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TickBook} from "./TickBook.sol";

/// @title HalfBooks: a book that waits in storage for the next step of clearing
library HalfBooks {
    /// @dev Cells from here on are the caller's own.
    uint256 internal constant OWN = TickBook.CELLS + 2;

    /// @notice Keeps a book until the next call; only cells in use are written.
    function putDown(mapping(uint256 cell => uint256) storage half, TickBook.Book memory book) internal {
        uint256[] memory volumes = book.volumes;
        for (uint256 side; side < 2; ++side) {
            uint256 map = book.maps[side];
            half[TickBook.CELLS + side] = map;
            for (uint256 cell = 2 * side; map != 0; cell += 4) {
                if (map & 1 != 0) (half[cell], half[cell + 1]) = (volumes[cell], volumes[cell + 1]);
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
            for (uint256 cell = 2 * side; map != 0; cell += 4) {
                if (map & 1 != 0) (volumes[cell], volumes[cell + 1]) = (half[cell], half[cell + 1]);
                map >>= 1;
            }
        }
    }

    /// @notice Bitmaps of zero make the rest of a half book unreadable.
    function drop(mapping(uint256 cell => uint256) storage half) internal {
        (half[TickBook.CELLS], half[TickBook.CELLS + 1]) = (0, 0);
    }
}
