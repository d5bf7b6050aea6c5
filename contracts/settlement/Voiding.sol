// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../interfaces/ISettlement.sol";
import {HalfBooks} from "../libraries/HalfBooks.sol";
import {ResultWord} from "../libraries/Packed.sol";
import {Context} from "./Context.sol";
import {Core, Env, RING, State, WINDOW} from "./Types.sol";

/// @title Voiding: giving up a window that nobody cleared in time
/// @notice No trade; settling then releases and bills.
library Voiding {
    /// @notice See ISettlement.voidWindow.
    function voidWindow(State storage state, Core memory core, bytes32 market, uint32 window) external {
        Env memory env = Context.load(core, market);
        bool forward = Context.requireForwardCleared(env, window, 1);
        ISettlement.Window memory w = Context.windowToClear(state, env, window, forward);
        bool open = w.phase == ISettlement.Phase.Open;
        require(open || w.phase == ISettlement.Phase.Clearing, ISettlement.WrongPhase(window, w.phase));
        uint256 deadline = Context.windowEnd(env, window) + env.params.voidSeconds;
        require(block.timestamp >= deadline, ISettlement.TooEarlyToVoid(window, uint64(deadline)));
        uint256 place = window % RING;
        if (open) {
            w.members = core.markets.memberCount(market);
        } else {
            HalfBooks.drop(state.halfBooks[market][place]);
            HalfBooks.drop(state.halfBooks[market][RING + place]);
        }
        (w.phase, w.cursor, w.voided) = (ISettlement.Phase.Cleared, 0, true);
        uint256[8] memory none;
        for (uint256 lane; lane < WINDOW; ++lane) {
            state.results[market][Context.resultPlace(window, lane)] = ResultWord.wrap(0);
        }
        state.windows[market][place] = w;
        emit ISettlement.WindowCleared(market, window, w.members, none);
        emit ISettlement.WindowVoided(market, window);
    }
}
