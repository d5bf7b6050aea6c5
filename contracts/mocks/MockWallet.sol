// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title MockWallet: an ERC-1271 wallet that behaves well or badly (tests only)
contract MockWallet is IERC1271 {
    enum Mode {
        Good,
        WrongAnswer,
        ShortAnswer,
        Reverts,
        BurnsGas,
        ReturndataBomb
    }

    address public immutable owner;
    Mode public mode;

    constructor(
        address owner_
    ) {
        owner = owner_;
    }

    function setMode(
        Mode mode_
    ) external {
        mode = mode_;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(
        bytes32 hash,
        bytes calldata signature
    ) external view returns (bytes4) {
        Mode m = mode;
        if (m == Mode.WrongAnswer) return 0xffffffff;
        if (m == Mode.Reverts) revert("no");
        if (m == Mode.BurnsGas) {
            while (true) {}
        }
        if (m == Mode.ShortAnswer) {
            // The right four bytes, but not the word that the ABI asks for.
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                mstore(0, shl(224, 0x1626ba7e))
                return(0, 4)
            }
        }
        if (m == Mode.ReturndataBomb) {
            // As much as the gas of the call pays for.
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                return(0, 600000)
            }
        }
        (address recovered, ECDSA.RecoverError failure,) = ECDSA.tryRecoverCalldata(hash, signature);
        bool good = failure == ECDSA.RecoverError.NoError && recovered == owner;
        return good ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
