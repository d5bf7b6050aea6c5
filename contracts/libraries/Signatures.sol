// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";

/// @title Signatures: who has signed a digest
/// @notice ECDSA first, so that an account that runs code by EIP-7702 can still sign plainly; then ERC-1271; signers
/// longer than an address by their ERC-7913 verifier. A contract that is asked gets a bounded amount of gas and cannot
/// make the check revert, so that one signer cannot stop a batch.
library Signatures {
    uint256 internal constant VERIFIER_GAS = 1_000_000;

    /// @notice Whether the key of `signer` has signed `digest`, whatever code the account may run.
    function isRecovered(bytes32 digest, bytes calldata signature, address signer) internal pure returns (bool) {
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(digest, signature);
        return failure == ECDSA.RecoverError.NoError && recovered == signer;
    }

    /// @notice Whether `signer` has signed `digest`; only low-s signatures of 65 bytes count as ECDSA.
    function isSignedBy(bytes32 digest, bytes calldata signature, address signer) internal view returns (bool) {
        if (isRecovered(digest, signature, signer)) return true;
        return _answers(
            signer,
            abi.encodeCall(IERC1271.isValidSignature, (digest, signature)),
            IERC1271.isValidSignature.selector
        );
    }

    /// @notice The same for a signer of any kind: 20 bytes are an address, more are an ERC-7913 verifier and its key.
    function isSignedBy(bytes32 digest, bytes calldata signature, bytes memory signer) internal view returns (bool) {
        if (signer.length == 20) return isSignedBy(digest, signature, address(bytes20(signer)));
        if (signer.length < 21) return false;
        address verifier = address(bytes20(signer));
        bytes memory key = new bytes(signer.length - 20);
        for (uint256 i; i < key.length; ++i) key[i] = signer[i + 20];
        return _answers(
            verifier,
            abi.encodeCall(IERC7913SignatureVerifier.verify, (key, digest, signature)),
            IERC7913SignatureVerifier.verify.selector
        );
    }

    function _answers(address target, bytes memory question, bytes4 yes) private view returns (bool) {
        // An account without code answers everything; the precompile at 4 even with the question.
        if (target.code.length == 0) return false;
        bool ok;
        bytes32 answer;
        uint256 size;
        // Solidity would copy all that is returned, and a signer can return enough to make the batch too dear.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            ok := staticcall(VERIFIER_GAS, target, add(question, 0x20), mload(question), 0, 0x20)
            answer := mload(0)
            size := returndatasize()
        }
        return ok && size >= 32 && answer == bytes32(yes);
    }
}
