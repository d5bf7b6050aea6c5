// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ResultWord} from "../libraries/Packed.sol";
import {Pairs} from "../libraries/Pairs.sol";
import {Context} from "./Context.sol";
import {State, WINDOW} from "./Types.sol";

/// @title Carries: results as they stand between two calls of settling
/// @notice What most calls do not need, so it has a library of its own.
library Carries {
    /// @notice Keeps results with their carries, by slot. Where sells have no result of their own, the carry stands
    /// with the side that is rationed.
    function keep(
        State storage state,
        bytes32 market,
        uint256 firstWindow,
        uint256[] memory results,
        uint256[] memory sellResults,
        uint256[] memory criticalResults
    ) external {
        for (uint256 i; i < results.length; ++i) {
            uint256 place = Context.resultPlace(firstWindow + i / WINDOW, i % WINDOW);
            (ResultWord result, ResultWord sells) = (ResultWord.wrap(results[i]), ResultWord.wrap(sellResults[i]));
            if (result.hasCritical()) state.criticalResults[market][place] = ResultWord.wrap(criticalResults[i]);
            if (!result.isApart() && !result.buyRationed()) result = sells;
            Pairs.put(state.results[market], state.sellResults[market], place, result, sells);
        }
    }

    /// @notice The results of critical loads; those of `results` where they have none of their own.
    function criticals(State storage state, bytes32 market, uint256 firstWindow, uint256[] memory results)
        external
        view
        returns (uint256[] memory found)
    {
        found = results;
        for (uint256 i; i < results.length; ++i) {
            if (!ResultWord.wrap(results[i]).hasCritical()) continue;
            uint256 place = Context.resultPlace(firstWindow + i / WINDOW, i % WINDOW);
            found[i] = ResultWord.unwrap(state.criticalResults[market][place]);
        }
    }
}
