// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {IForwardLevels} from "../interfaces/IForwardLevels.sol";
import {ILevels} from "../interfaces/ILevels.sol";
import {Edges} from "../levels/Edges.sol";
import {RING, Sent, WINDOW} from "../levels/LevelTypes.sol";
import {Turns} from "../levels/Turns.sol";
import {ForwardCore, ForwardLevelState, ForwardState} from "./ForwardLevelTypes.sol";

/// @title ForwardEdges: when a level clears, and what was sent to it
/// @notice As levels/Edges.sol, with times that count from the gate.
library ForwardEdges {
    /// @dev In an edge word: the area belongs to a level, whatever its terms are.
    uint256 private constant BELOW = 1 << 255;

    /* WINDOWS */

    /// @dev When placing orders for a window ends, as in the auctions below.
    function gateOf(IForwardLevels.ForwardLevelParams memory p, uint256 window) internal pure returns (uint256 begin) {
        begin = window * WINDOW * p.slotSeconds;
        if (p.gate == IForwardAuction.Gate.Day) begin -= begin % 1 days;
        begin -= p.gateSeconds;
    }

    function voidTime(ForwardLevelState storage level, uint256 window) internal view returns (uint256) {
        return gateOf(level.params, window) + level.params.voidSeconds;
    }

    /// @dev See IForwardLevels.isPassedOver.
    function isPassedOver(ForwardState storage state, bytes32 node, uint32 window) internal view returns (bool) {
        if (!hasSent(state, node, window)) return true;
        ForwardLevelState storage above = state.levels[state.nodes[node].parent];
        return Turns.isPassedOver(above.windows, window, voidTime(above, window));
    }

    /* WHAT WAS SENT */

    function hasSent(ForwardState storage state, bytes32 node, uint32 window) internal view returns (bool) {
        return state.sent[node][window % RING].window == window;
    }

    /// @dev See IForwardLevels.edgeOf; of a root without the bit for what is above.
    function edgeOf(ForwardState storage state, ForwardCore memory core, bytes32 id, uint32 window)
        internal
        view
        returns (uint256 edge, uint256[3] memory ahead)
    {
        ILevels.Node memory node = state.nodes[id];
        bool below = node.parent != 0 && window >= node.fromWindow;
        if (!below && !node.isLevel) return (edge, ahead);
        (edge, ahead) = core.levels.areaEdge(node.area, window);
        if (!below) return (edge, ahead);
        edge |= BELOW;
        ForwardLevelState storage above = state.levels[node.parent];
        if (Turns.accepts(above.windows, window, voidTime(above, window))) edge |= Edges.TAKES;
    }

    function send(
        ForwardState storage state,
        ForwardCore memory core,
        bytes32 id,
        uint32 window,
        uint256[3] memory used,
        uint256[] memory ladder
    ) internal {
        (uint256 edge,) = edgeOf(state, core, id, window);
        ILevels.Node memory node = state.nodes[id];
        if (used[0] | used[1] | used[2] != 0) core.levels.useAhead(node.area, window, used);
        if (!Edges.takes(edge)) return;
        state.sent[id][window % RING] = Sent(
            window, uint32(Edges.chargeOf(edge)), uint192(uint256(keccak256(abi.encodePacked(ladder))))
        );
        emit IForwardLevels.ForwardSent(id, node.parent, window, ladder);
    }
}
