// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Base} from "./Base.sol";

/// @title Shipped: contracts as the package ships them
/// @notice What tests deploy are the artifacts of `p2pchain dev build`, byte for byte: so tests can be compiled without
/// the optimizer, and a change of a contract is tested when it has been built.
abstract contract Shipped is Base {
    bytes16 private constant HEX = "0123456789abcdef";

    mapping(string name => address) private _libraries;

    /// @dev Deploys a contract, and before it the libraries that it is linked to; what its constructor reverts with is
    /// passed on.
    function ship(
        string memory name,
        bytes memory arguments
    ) internal returns (address made) {
        // What coverage measures is what forge has compiled.
        if (_byForge()) return vm.deployCode(string.concat(name, ".sol:", name), arguments);
        bytes memory code = bytes.concat(linked(name), arguments);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            made := create(0, add(code, 0x20), mload(code))
            if iszero(made) {
                returndatacopy(0, 0, returndatasize())
                revert(0, returndatasize())
            }
        }
    }

    /// @dev The creation code of a contract; its libraries are deployed if they are not yet.
    function linked(
        string memory name
    ) internal returns (bytes memory) {
        if (_byForge()) return "";
        string memory json = vm.readFile(string.concat("p2pchain/chain/artifacts/", name, ".json"));
        bytes memory text = bytes(vm.parseJsonString(json, ".bytecode"));
        string[] memory libraries = vm.parseJsonKeys(json, ".link_references");
        for (uint256 i; i < libraries.length; ++i) {
            bytes memory digits = _digits(_library(libraries[i]));
            uint256[] memory places =
                vm.parseJsonUintArray(json, string.concat(".link_references.", libraries[i]));
            for (uint256 k; k < places.length; ++k) {
                // Two digits a byte, behind 0x.
                for (uint256 n; n < 40; ++n) text[2 + 2 * places[k] + n] = digits[n];
            }
        }
        return vm.parseBytes(string(text));
    }

    function _byForge() private view returns (bool) {
        return vm.envOr("P2PCHAIN_COMPILED_BY_FORGE", false);
    }

    function _library(
        string memory name
    ) private returns (address) {
        if (_libraries[name] == address(0)) _libraries[name] = ship(name, "");
        return _libraries[name];
    }

    function _digits(
        address account
    ) private pure returns (bytes memory digits) {
        digits = new bytes(40);
        for (uint256 i; i < 40; ++i) {
            digits[i] = HEX[(uint160(account) >> (4 * (39 - i))) & 0xf];
        }
    }
}
