// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILevels} from "../interfaces/ILevels.sol";
import {HalfBooks} from "../libraries/HalfBooks.sol";
import {RING} from "./LevelTypes.sol";

/// @title Turns: the windows of a level, one turn of the ring after the other
/// @notice The same for levels above markets and for those above forward auctions; when a level is passed over
/// (`voidTime`) each counts in its own way.
library Turns {
    function windowOf(mapping(uint256 place => ILevels.LevelWindow) storage windows, uint32 window)
        internal
        view
        returns (ILevels.LevelWindow memory w)
    {
        w = windows[window % RING];
        if (w.window != window) w = ILevels.LevelWindow(window, ILevels.LevelPhase.Absent, 0, 0, false);
    }

    /// @dev A level takes what is sent until it begins to clear; while an older window of its ring waits to be shared,
    /// it takes nothing.
    function accepts(
        mapping(uint256 place => ILevels.LevelWindow) storage windows,
        uint32 window,
        uint256 voidTime
    ) internal view returns (bool) {
        ILevels.LevelWindow memory w = windows[window % RING];
        if (w.window > window || (w.window == window && w.phase != ILevels.LevelPhase.Absent)) return false;
        if (w.window < window && w.phase == ILevels.LevelPhase.Cleared) return false;
        return block.timestamp < voidTime;
    }

    /// @dev Whether a level will never fill what was sent to it.
    function isPassedOver(
        mapping(uint256 place => ILevels.LevelWindow) storage windows,
        uint32 window,
        uint256 voidTime
    ) internal view returns (bool) {
        ILevels.LevelWindow memory w = windows[window % RING];
        if (w.window > window) return true;
        bool cleared = w.window == window && w.phase >= ILevels.LevelPhase.Cleared;
        return !cleared && block.timestamp >= voidTime;
    }

    /// @dev Begins to clear a window, with so many children, or goes on with it (`Clearing`).
    function begin(
        mapping(uint256 place => ILevels.LevelWindow) storage windows,
        mapping(uint256 place => mapping(uint256 cell => uint256)) storage halfBooks,
        uint32 window,
        uint256 voidTime,
        uint256 children
    ) internal returns (ILevels.LevelWindow memory w) {
        w = windowOf(windows, window);
        require(
            w.phase > ILevels.LevelPhase.Clearing || block.timestamp < voidTime, ILevels.PassedOver(window)
        );
        if (w.phase == ILevels.LevelPhase.Clearing) return w;
        require(w.phase == ILevels.LevelPhase.Absent, ILevels.WrongLevelPhase(window, w.phase));
        ILevels.LevelWindow memory older = windows[window % RING];
        require(
            older.phase != ILevels.LevelPhase.Cleared && older.window <= window, ILevels.RingFull(window, older.window)
        );
        if (older.phase == ILevels.LevelPhase.Clearing) HalfBooks.drop(halfBooks[window % RING]);
        w.children = uint16(children);
    }

    /// @dev The root as it was in that window: a tree may grow upward between two calls.
    function rootOf(mapping(bytes32 node => ILevels.Node) storage nodes, bytes32 id, uint256 window)
        internal
        view
        returns (bytes32 root)
    {
        root = id;
        ILevels.Node memory node = nodes[root];
        while (node.parent != 0 && node.fromWindow <= window) {
            root = node.parent;
            node = nodes[root];
        }
    }
}
