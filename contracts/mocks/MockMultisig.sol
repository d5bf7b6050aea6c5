// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MultiSignerERC7913} from "@openzeppelin/contracts/utils/cryptography/signers/MultiSignerERC7913.sol";

/// @title MockMultisig: a wallet that carries out what enough of its signers have signed (tests only)
/// @notice Signers and their number are checked by OpenZeppelin's MultiSignerERC7913. Anybody may hand a call in, each
/// is carried out once.
contract MockMultisig is MultiSignerERC7913, EIP712 {
    bytes32 private constant CALL_TYPEHASH = keccak256("Call(address to,uint256 value,bytes data,uint256 nonce)");

    uint256 public nonce;

    error NotEnoughSigners();

    constructor(
        bytes[] memory signers,
        uint64 threshold_
    ) MultiSignerERC7913(signers, threshold_) EIP712("MockMultisig", "1") {}

    receive() external payable {}

    /// @notice Carries out a call that is signed for the present nonce: `signature` is `abi.encode(bytes[], bytes[])`,
    /// the signers in the order of their hashes, and their signatures.
    function execute(address to, uint256 value, bytes calldata data, bytes calldata signature) external {
        require(_rawSignatureValidation(digest(to, value, data), signature), NotEnoughSigners());
        ++nonce;
        Address.functionCallWithValue(to, data, value);
    }

    /// @notice Returns what is to be signed for a call at the present nonce.
    function digest(address to, uint256 value, bytes calldata data) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CALL_TYPEHASH, to, value, keccak256(data), nonce)));
    }
}
