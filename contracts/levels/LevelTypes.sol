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
/// @dev Edges between a market and the root of its tree, at most.
uint256 constant MAX_DEPTH = 8;
uint256 constant MAX_CHILDREN = 4096;

/// @dev All storage of `Levels`; its parts are libraries that work on it.
struct State {
    mapping(bytes32 level => LevelState) levels;
    mapping(bytes32 node => ILevels.Node) nodes;
    mapping(uint32 area => bytes32 node) nodeOfArea;
    mapping(uint32 area => ILevels.EdgeTerms[]) edges;
    mapping(uint32 area => mapping(uint32 window => uint8 mask)) gridLosses;
    mapping(bytes32 node => mapping(uint256 place => Sent)) sent;
}

/// @dev One level. Words by place in the ring; results by place * 8 + slot.
/// @param height edges down to its lowest market
/// @param parts what levels above have filled, by place << 8 | level above * 8 + slot (PartWord)
/// @param ways charges of the edges up to each of those levels, 32 bits each
/// @param carries of a walk that goes on in the next call, by place << 16 | part << 4 | slot << 1 | side
struct LevelState {
    ILevels.LevelParams params;
    uint8 height;
    bytes32[] children;
    mapping(uint256 place => ILevels.LevelWindow) windows;
    mapping(uint256 key => ResultWord) results;
    mapping(uint256 key => ResultWord) sellResults;
    mapping(uint256 place => mapping(uint256 cell => uint256)) halfBooks;
    mapping(uint256 key => uint256) parts;
    mapping(uint256 place => uint256) ways;
    mapping(uint256 key => uint256) carries;
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

/// @notice What an area gets of one slot at one level, least significant bit first: price (int32), last buy tick, last
/// sell tick (8 bits each), whether buys, whether sells are filled, then at those ticks filled and offered Wh of the
/// buys, and of the sells (48 bits each). Better limits are filled wholly.
type PartWord is uint256;

using PartWords for PartWord global;

library PartWords {
    uint256 private constant WH = (1 << 48) - 1;

    function price(PartWord word) internal pure returns (int256) {
        return int32(uint32(PartWord.unwrap(word)));
    }

    /// @notice A part without fills yet.
    function priced(int256 priceNano) internal pure returns (PartWord) {
        return PartWord.wrap(uint32(int32(priceNano)));
    }

    /// @notice The part with the fills of one side (0 buys, 1 sells).
    function with(PartWord word, uint256 side, uint256 tick, uint256 fillWh, uint256 liveWh)
        internal
        pure
        returns (PartWord)
    {
        return PartWord.wrap(
            PartWord.unwrap(word) | (tick << (32 + 8 * side)) | (1 << (48 + side)) | (fillWh << (50 + 96 * side))
                | (liveWh << (98 + 96 * side))
        );
    }

    function has(PartWord word, uint256 side) internal pure returns (bool) {
        return (PartWord.unwrap(word) >> (48 + side)) & 1 != 0;
    }

    function cut(PartWord word, uint256 side) internal pure returns (uint256 tick, uint256 fillWh, uint256 liveWh) {
        uint256 raw = PartWord.unwrap(word);
        return ((raw >> (32 + 8 * side)) & 0xff, (raw >> (50 + 96 * side)) & WH, (raw >> (98 + 96 * side)) & WH);
    }
}
