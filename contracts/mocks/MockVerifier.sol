// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC7913SignatureVerifier} from "@openzeppelin/contracts/interfaces/IERC7913.sol";

/// @title MockVerifier: an ERC-7913 verifier of a made-up scheme (tests only)
/// @notice A signature is keccak256(secret, digest), and a key is keccak256(secret) with the secret in the signature:
/// no security at all, but it depends on key and digest as a real scheme does.
contract MockVerifier is IERC7913SignatureVerifier {
    /// @inheritdoc IERC7913SignatureVerifier
    function verify(
        bytes calldata key,
        bytes32 hash,
        bytes calldata signature
    ) external pure returns (bytes4) {
        if (key.length != 64 || signature.length != 64) return 0xffffffff;
        bytes32 secret = bytes32(signature[:32]);
        bool knows = keccak256(abi.encode(secret)) == bytes32(key[32:]);
        bool signed = keccak256(abi.encode(secret, hash)) == bytes32(signature[32:]);
        return knows && signed ? IERC7913SignatureVerifier.verify.selector : bytes4(0xffffffff);
    }
}
