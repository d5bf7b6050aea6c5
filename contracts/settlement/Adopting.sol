// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../interfaces/ISettlement.sol";
import {Joins} from "../libraries/Joins.sol";
import {ResultWord} from "../libraries/Packed.sol";
import {Context} from "./Context.sol";
import {Core, Env, RING, State, WINDOW} from "./Types.sol";

/// @title Adopting: what the levels above add to a market's own auction
/// @notice Its members get all of it together (see Joins).
library Adopting {
    /// @notice See ISettlement.adopt.
    function adopt(
        State storage state,
        Core memory core,
        bytes32 market,
        uint32 window,
        uint256[16] calldata added,
        int256[16] calldata nano
    ) external returns (uint256 roundingNano, address feeAccount) {
        require(msg.sender == address(core.levels), ISettlement.NotLevels(msg.sender));
        Env memory env = Context.load(core, market);
        ISettlement.Window memory w = _awaiting(state, env, window);
        uint256[8] memory results;
        uint256[8] memory sells;
        for (uint256 lane; lane < WINDOW; ++lane) {
            uint256[2] memory more = [added[2 * lane], added[2 * lane + 1]];
            int256[2] memory each = [nano[2 * lane], nano[2 * lane + 1]];
            uint256 restNano;
            (results[lane], sells[lane], restNano) =
                _join(state, market, Context.resultPlace(window, lane), more, each);
            roundingNano += restNano;
        }
        _clear(state, market, w);
        emit ISettlement.WindowAdopted(market, window, results, sells);
        return (roundingNano, env.params.feeAccount);
    }

    /// @notice See ISettlement.passOver.
    function passOver(State storage state, Core memory core, bytes32 market, uint32 window) external {
        Env memory env = Context.load(core, market);
        ISettlement.Window memory w = _awaiting(state, env, window);
        require(core.levels.isPassedOver(market, window), ISettlement.LevelsPending(window));
        _clear(state, market, w);
        emit ISettlement.LevelsPassedOver(market, window);
    }

    /* INTERNAL */

    /// @dev Joins one slot; returns its result, that of its sells where they have one (else zero), and what is left
    /// over.
    function _join(
        State storage state,
        bytes32 market,
        uint256 place,
        uint256[2] memory added,
        int256[2] memory nano
    ) private returns (uint256, uint256, uint256 restNano) {
        ResultWord result = state.results[market][place];
        ResultWord sells = result.isApart() ? state.sellResults[market][place] : result;
        if (added[0] | added[1] != 0) {
            (result, sells, restNano) = Joins.both(result, sells, added, nano);
            (state.results[market][place], state.sellResults[market][place]) = (result, sells);
        }
        return (ResultWord.unwrap(result), result.isApart() ? ResultWord.unwrap(sells) : 0, restNano);
    }

    function _awaiting(State storage state, Env memory env, uint32 window)
        private
        view
        returns (ISettlement.Window memory w)
    {
        w = Context.windowOf(state, env.market, window);
        require(w.phase == ISettlement.Phase.Awaiting, ISettlement.WrongPhase(window, w.phase));
    }

    function _clear(State storage state, bytes32 market, ISettlement.Window memory w) private {
        w.phase = ISettlement.Phase.Cleared;
        state.windows[market][w.window % RING] = w;
    }
}
