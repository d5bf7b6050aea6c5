// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Words: arrays of words in loops whose bounds are known
/// @notice Without the check of the index, which costs more than the access.
library Words {
    /// @notice Word `i`; below the length by the caller.
    function get(uint256[] memory words, uint256 i) internal pure returns (uint256 word) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            word := mload(add(add(words, 0x20), shl(5, i)))
        }
    }

    /// @notice Word `i` of the calldata; below the length by the caller.
    function read(uint256[] calldata words, uint256 i) internal pure returns (uint256 word) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            word := calldataload(add(words.offset, shl(5, i)))
        }
    }

    /// @notice Sets word `i`; below the length by the caller.
    function set(uint256[] memory words, uint256 i, uint256 word) internal pure {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(add(add(words, 0x20), shl(5, i)), word)
        }
    }
}
