// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMetering} from "../interfaces/IMetering.sol";

/// @title Evidence: the records of one meter and day, laid open again
/// @notice Metering keeps one hash for a meter and day. Whoever brings all records in the order in which they were
/// taken proves with it what was read, whoever he is; the last record that covers a slot counts.
library Evidence {
    /// @dev Marks a slot that has been read, above import << 32 | export.
    uint256 internal constant READ = 1 << 64;

    /// @notice The hash of a day after one more record. It has 224 bits, so that the day fits beside it.
    function chained(uint256 before, IMetering.Reading calldata r) internal pure returns (uint224) {
        bytes32 hash = keccak256(
            abi.encode(
                before,
                r.firstSlot,
                r.slots,
                r.quality,
                r.importWh,
                r.exportWh,
                keccak256(abi.encodePacked(r.intervals))
            )
        );
        return uint224(uint256(hash));
    }

    /// @notice The same after a correction: a record of quality Corrected with registers of zero.
    function chained(uint256 before, IMetering.Correction calldata c) internal pure returns (uint224) {
        bytes32 intervals = keccak256(abi.encodePacked(c.intervals));
        bytes32 hash = keccak256(
            abi.encode(before, c.firstSlot, c.slots, IMetering.Quality.Corrected, 0, 0, intervals)
        );
        return uint224(uint256(hash));
    }

    /// @notice The hash that these records of a day make; zero without any.
    function chain(IMetering.Reading[] calldata records) internal pure returns (bytes32) {
        uint256 hash;
        for (uint256 i; i < records.length; ++i) hash = chained(hash, records[i]);
        return bytes32(hash);
    }

    /// @notice How many corrections are among them.
    function corrections(IMetering.Reading[] calldata records) internal pure returns (uint256 count) {
        for (uint256 i; i < records.length; ++i) {
            if (records[i].quality == IMetering.Quality.Corrected) ++count;
        }
    }

    /// @notice What each of `slots` slots from `first` on was read: import << 32 | export, with `READ`; zero where none
    /// of the records covers it.
    function lay(IMetering.Reading[] calldata records, uint256 first, uint256 slots)
        internal
        pure
        returns (uint256[] memory values)
    {
        values = new uint256[](slots);
        for (uint256 i; i < records.length; ++i) {
            IMetering.Reading calldata r = records[i];
            uint256[] calldata intervals = r.intervals;
            uint256 from = r.firstSlot;
            for (uint256 k; k < r.slots; ++k) {
                if (from + k < first || from + k >= first + slots) continue;
                values[from + k - first] = READ | valueAt(intervals, k);
            }
        }
    }

    /// @notice Import << 32 | export of the k-th slot of some words of intervals.
    function valueAt(uint256[] calldata intervals, uint256 k) internal pure returns (uint256) {
        return uint64(intervals[k / 4] >> (192 - 64 * (k % 4)));
    }
}
