// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "../../contracts/libraries/Signatures.sol";

/// @dev The library as contracts use it, to be asked directly.
contract SignatureBook {
    function by(
        bytes32 digest,
        bytes calldata signature,
        address signer
    ) external view returns (bool) {
        return Signatures.isSignedBy(digest, signature, signer);
    }

    function byKey(
        bytes32 digest,
        bytes calldata signature,
        bytes calldata signer
    ) external view returns (bool) {
        return Signatures.isSignedBy(digest, signature, bytes(signer));
    }
}
