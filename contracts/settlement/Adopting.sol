// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../interfaces/ISettlement.sol";
import {Joins} from "../libraries/Joins.sol";
import {ResultWord} from "../libraries/Packed.sol";
import {Pairs} from "../libraries/Pairs.sol";
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
        ISettlement.Added memory added
    ) external returns (int256 owedNano, uint256 roundingNano, address feeAccount) {
        require(msg.sender == address(core.levels), ISettlement.NotLevels(msg.sender));
        Env memory env = Context.load(core, market);
        ISettlement.Window memory w = _awaiting(state, env, window);
        uint256[8] memory results;
        uint256[8] memory sells;
        for (uint256 lane; lane < WINDOW; ++lane) {
            uint256 place = Context.resultPlace(window, lane);
            (ResultWord result, ResultWord ofSells) =
                Pairs.get(state.results[market], state.sellResults[market], place);
            if (Joins.adds(added, lane)) {
                int256 nano;
                uint256 restNano;
                (result, ofSells, nano, restNano) = Joins.both(result, ofSells, added, lane);
                Pairs.put(state.results[market], state.sellResults[market], place, result, ofSells);
                (owedNano, roundingNano) = (owedNano + nano, roundingNano + restNano);
            }
            results[lane] = ResultWord.unwrap(result);
            if (result.isApart()) sells[lane] = ResultWord.unwrap(ofSells);
        }
        _clear(state, market, w);
        emit ISettlement.WindowAdopted(market, window, results, sells);
        return (owedNano, roundingNano, env.params.feeAccount);
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
