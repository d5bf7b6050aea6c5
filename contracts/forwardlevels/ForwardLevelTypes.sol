// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {IForwardLevels} from "../interfaces/IForwardLevels.sol";
import {ILevels} from "../interfaces/ILevels.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {Sent} from "../levels/LevelTypes.sol";

/// @dev All storage of `ForwardLevels`; its parts are libraries that work on it.
/// @param nodeOfGate by area and gate (seconds * 2, and one more where it is by day): what stands for the area
struct ForwardState {
    mapping(bytes32 level => ForwardLevelState) levels;
    mapping(bytes32 node => ILevels.Node) nodes;
    mapping(uint32 area => mapping(uint256 gate => bytes32 node)) nodeOfGate;
    mapping(bytes32 node => mapping(uint256 place => Sent)) sent;
}

/// @dev One level. Words by place in the ring.
/// @param height edges down to its lowest auction
/// @param parts what is filled (see PartWord): of its own auction, then what it was told from above
struct ForwardLevelState {
    IForwardLevels.ForwardLevelParams params;
    uint8 height;
    bytes32[] children;
    mapping(uint256 place => ILevels.LevelWindow) windows;
    mapping(uint256 place => uint256[]) parts;
    mapping(uint256 place => mapping(uint256 cell => uint256)) halfBooks;
}

/// @dev The contracts around `ForwardLevels` (its immutables, which libraries cannot read).
struct ForwardCore {
    IRegistry registry;
    IForwardAuction forward;
    ILevels levels;
}
