// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "../interfaces/ILedger.sol";
import {ILevels} from "../interfaces/ILevels.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {ResultWord} from "../libraries/Packed.sol";

/// @dev As in Settlement: slots of a window, and windows that can be under way at a time.
uint256 constant WINDOW = 8;
uint256 constant RING = 128;
/// @dev As many as a number of 32 bits tells apart.
uint256 constant WINDOWS = 1 << 32;
/// @dev Edges between a market and the root of its tree, at most.
uint256 constant MAX_DEPTH = 8;
uint256 constant MAX_CHILDREN = 4096;

/// @dev A mark of a window beside those of its slots without grid: something was used ahead.
uint16 constant USED_AHEAD = 1 << 8;

/// @dev All storage of `Levels`; its parts are libraries that work on it.
/// @param gridLosses by window slots without grid (8 bits), and USED_AHEAD; 16 windows in a word
/// @param ahead what forward auctions have used up, down and inside, each eight lanes of 32 bits
struct State {
    mapping(bytes32 level => LevelState) levels;
    mapping(bytes32 node => ILevels.Node) nodes;
    mapping(uint32 area => bytes32 node) nodeOfArea;
    mapping(uint32 area => ILevels.EdgeTerms[]) edges;
    mapping(uint32 area => uint16[WINDOWS] marks) gridLosses;
    mapping(bytes32 node => mapping(uint256 place => Sent)) sent;
    mapping(uint32 meter => CriticalFrom[]) criticals;
    mapping(uint32 area => mapping(uint32 window => uint256[3])) ahead;
}

/// @dev Whether a meter is a critical load from a window on.
struct CriticalFrom {
    uint32 window;
    bool critical;
}

/// @dev One level. Words by place in the ring; results by place * 8 + slot.
/// @param height edges down to its lowest market
struct LevelState {
    ILevels.LevelParams params;
    uint8 height;
    bytes32[] children;
    mapping(uint256 place => ILevels.LevelWindow) windows;
    mapping(uint256 key => ResultWord) results;
    mapping(uint256 key => ResultWord) sellResults;
    mapping(uint256 place => mapping(uint256 cell => uint256)) halfBooks;
}

/// @dev That a node has sent a ladder up: its window, the charge of its edge then, and its hash, cut to what is left of
/// the word.
struct Sent {
    uint32 window;
    uint32 chargeNano;
    uint192 hash;
}

/// @dev The contracts around `Levels` (its immutables, which libraries cannot read).
struct Core {
    IRegistry registry;
    ILedger ledger;
    ISettlement settlement;
    uint256 slotSeconds;
}
