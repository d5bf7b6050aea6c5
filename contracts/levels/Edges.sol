// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILevels} from "../interfaces/ILevels.sol";
import {Core, LevelState, RING, Sent, State, USED_AHEAD, WINDOW, WINDOWS} from "./LevelTypes.sol";
import {Turns} from "./Turns.sol";

/// @title Edges: what holds between an area and its parent, and what was sent over it
/// @notice An edge word is that of ILevels.edgesOf.
library Edges {
    uint256 internal constant TAKES = 1 << 136;
    uint256 private constant AHEAD = 1 << 145;
    uint256 private constant ISLAND_SHIFT = 146;

    /* EDGE WORDS */

    function chargeOf(uint256 edge) internal pure returns (uint256) {
        return uint32(edge);
    }

    function upOf(uint256 edge) internal pure returns (uint256) {
        return uint32(edge >> 32);
    }

    function downOf(uint256 edge) internal pure returns (uint256) {
        return uint32(edge >> 64);
    }

    /// @dev What may be matched inside the area.
    function feederOf(uint256 edge) internal pure returns (uint256) {
        uint256 wh = uint32(edge >> 96);
        return wh == type(uint32).max ? type(uint256).max : wh;
    }

    /// @dev Of a market (ILevels.edgesOf) the slots in which it is in an island, a bit each.
    function islandOf(uint256 edge) internal pure returns (uint256) {
        return uint8(edge >> ISLAND_SHIFT);
    }

    /// @dev Whether the level above takes what is sent.
    function takes(uint256 edge) internal pure returns (bool) {
        return edge & TAKES != 0;
    }

    /// @dev Whether something of its limits was used ahead, see ILevels.areaEdge.
    function isUsedAhead(uint256 edge) internal pure returns (bool) {
        return edge & AHEAD != 0;
    }

    /// @dev A limit less what was used of it in a slot, in lanes of 32 bits.
    function less(uint256 mostWh, uint256 lanes, uint256 slot) internal pure returns (uint256) {
        if (mostWh == type(uint256).max) return mostWh;
        uint256 usedWh = uint32(lanes >> (slot * 32));
        return mostWh > usedWh ? mostWh - usedWh : 0;
    }

    /// @dev The limits down, up and of the feeder, less what was used ahead: up, down and inside.
    function limitsOf(uint256 edge, uint256[3] memory ahead, uint256 slot)
        internal
        pure
        returns (uint256[3] memory mostWh)
    {
        mostWh[0] = less(downOf(edge), ahead[1], slot);
        mostWh[1] = less(upOf(edge), ahead[0], slot);
        mostWh[2] = less(feederOf(edge), ahead[2], slot);
    }

    /// @dev The same of one slot: there must be a grid, and an edge without capacity has no say in prices above.
    function isOpen(uint256 edge, uint256 slot) internal pure returns (bool) {
        return edge & TAKES != 0 && (edge >> (128 + slot)) & 1 == 0 && upOf(edge) | downOf(edge) != 0;
    }

    /// @dev The edge word of a node that is in a tree.
    function wordOf(State storage state, Core memory core, bytes32 id, uint32 window)
        internal
        view
        returns (uint256 edge)
    {
        ILevels.Node memory node = state.nodes[id];
        edge = areaWord(state, node.area, window);
        if (node.parent == 0 || window < node.fromWindow) return edge;
        LevelState storage above = state.levels[node.parent];
        if (Turns.accepts(above.windows, window, voidTime(core, above, window))) edge |= TAKES;
    }

    /// @dev See ILevels.edgesOf.
    function wordsOf(State storage state, Core memory core, bytes32 id, uint32 firstWindow, uint32 windows)
        internal
        view
        returns (uint256[] memory words)
    {
        ILevels.Node memory node = state.nodes[id];
        if (node.parent == 0) return words;
        words = new uint256[](windows);
        LevelState storage above = state.levels[node.parent];
        for (uint32 i; i < windows; ++i) {
            uint32 window = firstWindow + i;
            words[i] = areaWord(state, node.area, window);
            if (window < node.fromWindow) continue;
            if (Turns.accepts(above.windows, window, voidTime(core, above, window))) words[i] |= TAKES;
        }
        // In islands: where this area, or one above it in the tree, has no grid.
        for (uint256 from = node.fromWindow;; node = state.nodes[node.parent]) {
            uint16[WINDOWS] storage marks = state.gridLosses[node.area];
            for (uint256 i = from > firstWindow ? from - firstWindow : 0; i < windows; ++i) {
                words[i] |= (uint256(marks[firstWindow + i]) & 0xff) << ISLAND_SHIFT;
            }
            if (node.parent == 0) return words;
            if (node.fromWindow > from) from = node.fromWindow;
        }
    }

    /// @dev The slots in which the area of a node, or one above it in the tree, has no grid, a bit each.
    function islandSlots(State storage state, bytes32 id, uint32 window) internal view returns (uint256) {
        ILevels.Node memory node = state.nodes[id];
        uint256 marks = state.gridLosses[node.area][window];
        while (node.parent != 0 && window >= node.fromWindow) {
            node = state.nodes[node.parent];
            marks |= state.gridLosses[node.area][window];
        }
        return marks & 0xff;
    }

    /// @dev The edge word of an area, in a tree or not: without the bits that `wordOf` and `wordsOf` add.
    function areaWord(State storage state, uint32 area, uint32 window) internal view returns (uint256) {
        ILevels.EdgeTerms memory terms = termsAt(state, area, window * uint32(WINDOW));
        uint256 marks = state.gridLosses[area][window];
        return uint256(terms.chargeNano) | (uint256(terms.upWh) << 32) | (uint256(terms.downWh) << 64)
            | (uint256(terms.feederWh) << 96) | ((marks & 0xff) << 128) | (marks & USED_AHEAD == 0 ? 0 : AHEAD);
    }

    /// @dev An area of which nothing was said has no capacity to its parent, and a feeder without a limit.
    function termsAt(State storage state, uint32 area, uint32 slot)
        internal
        view
        returns (ILevels.EdgeTerms memory terms)
    {
        ILevels.EdgeTerms[] storage all = state.edges[area];
        uint256 count = all.length;
        // Mostly the last that was said holds.
        if (count != 0 && all[count - 1].fromSlot <= slot) return all[count - 1];
        // Halved, so that no number of changes ahead makes clearing too dear.
        uint256 low;
        while (low < count) {
            uint256 middle = (low + count) / 2;
            if (all[middle].fromSlot <= slot) low = middle + 1;
            else count = middle;
        }
        return low == 0 ? ILevels.EdgeTerms(0, 0, 0, 0, type(uint32).max) : all[low - 1];
    }

    /* WINDOWS */

    function voidTime(Core memory core, LevelState storage level, uint256 window) internal view returns (uint256) {
        return (window + 1) * WINDOW * core.slotSeconds + level.params.voidSeconds;
    }

    /// @dev Whether a node has sent something that nobody will fill any more, or has sent nothing.
    function isPassedOver(State storage state, Core memory core, bytes32 node, uint32 window)
        internal
        view
        returns (bool)
    {
        if (state.sent[node][window % RING].window != window) return true;
        LevelState storage above = state.levels[state.nodes[node].parent];
        return Turns.isPassedOver(above.windows, window, voidTime(core, above, window));
    }

    /* LADDERS */

    function send(State storage state, bytes32 node, uint32 window, uint256 chargeNano, uint256[] memory ladder)
        internal
    {
        state.sent[node][window % RING] =
            Sent(window, uint32(chargeNano), uint192(uint256(keccak256(abi.encodePacked(ladder)))));
        emit ILevels.Sent(node, state.nodes[node].parent, window, ladder);
    }

    /// @dev Whether there is a ladder of the child; what is handed in must be it.
    function holds(Sent memory sent, uint256 window, bytes32 child, uint256[] calldata ladder)
        internal
        pure
        returns (bool)
    {
        if (sent.window != window) {
            require(ladder.length == 0, ILevels.WrongLadder(child));
            return false;
        }
        require(uint192(uint256(keccak256(abi.encodePacked(ladder)))) == sent.hash, ILevels.WrongLadder(child));
        return true;
    }
}
