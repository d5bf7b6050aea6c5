// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMetering} from "../interfaces/IMetering.sol";

/// @title Records: signed readings handed on as they came
/// @notice Encoding a day of readings once more costs as much as judging it, so calls between the contracts carry the
/// bytes of the caller. Places inside an array are told from its beginning, so they stay true wherever it stands.
library Records {
    /// @notice The array with its length, and all that follows it in the calldata. It belongs at the end of a call.
    function raw(IMetering.Reading[] calldata readings) internal pure returns (bytes calldata data) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            data.offset := sub(readings.offset, 0x20)
            data.length := sub(calldatasize(), data.offset)
        }
    }
}
