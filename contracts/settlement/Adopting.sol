// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILevels} from "../interfaces/ILevels.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {ResultWord, ResultWords} from "../libraries/Packed.sol";
import {Prices} from "../libraries/Prices.sol";
import {Context} from "./Context.sol";
import {Core, Env, RING, State, WINDOW} from "./Types.sol";

/// @title Adopting: what the levels above add to a market's own auction
/// @notice All that the members of a market get in a slot, from their own auction and from above, goes to the best
/// limits first, at one price for each side: the average of what the market paid, and received. So nobody gains by
/// standing back from one level for the price of another. The twin is `combined` of `p2pchain/levels.py`.
library Adopting {
    /// @dev One side of a slot: what it had, as (volume, price), and what is added: see ISettlement.adopt.
    struct Side {
        ResultWord own;
        bool buys;
        uint256 added;
        int256 addedNano;
    }

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
            uint256 place = Context.resultPlace(window, lane);
            ResultWord result = state.results[market][place];
            ResultWord ofSells = result.isApart() ? state.sellResults[market][place] : result;
            if (added[2 * lane] | added[2 * lane + 1] != 0) {
                uint256 buyRest;
                uint256 sellRest;
                (ofSells, sellRest) = _joined(Side(ofSells, false, added[2 * lane + 1], nano[2 * lane + 1]));
                (result, buyRest) = _joined(Side(result, true, added[2 * lane], nano[2 * lane]));
                roundingNano += buyRest + sellRest;
                (state.results[market][place], state.sellResults[market][place]) = (result, ofSells);
            }
            results[lane] = ResultWord.unwrap(result);
            if (result.isApart()) sells[lane] = ResultWord.unwrap(ofSells);
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

    /// @dev The result of a side over all levels, and what its whole price leaves over.
    function _joined(Side memory side) private pure returns (ResultWord result, uint256 restNano) {
        uint256 word = ResultWords.APART | (side.buys ? ResultWords.BUY_RATIONED : 0);
        ResultWord own = side.own;
        uint256 addedWh = side.added >> 104;
        uint256 wh = addedWh + (own.traded() ? own.matchedWh() : 0);
        if (wh == 0) return (ResultWord.wrap(word), 0);
        // Where nothing is rationed, one of one is filled.
        (uint256 tick, uint256 fillWh, uint256 liveWh) = (side.buys ? own.buyTick() : own.sellTick(), 1, 1);
        bool rationed = own.traded() && own.buyRationed() == side.buys;
        if (rationed) (fillWh, liveWh) = (own.fillWh(), own.liveWh());
        int256 nano = side.addedNano;
        if (own.traded()) nano += int256(own.matchedWh()) * own.price();
        if (addedWh != 0) {
            uint256 last = side.added & 0xff;
            uint256 moreWh = uint48(side.added >> 8);
            // At the limit at which its own auction stopped, the level goes on.
            if (rationed && last == tick) fillWh += moreWh;
            else (tick, fillWh, liveWh) = (last, moreWh, uint48(side.added >> 56));
        }
        int256 priceNano =
            side.buys ? Prices.ceilDiv(nano, int256(wh)) : Prices.floorDiv(nano, int256(wh));
        restNano = uint256(side.buys ? int256(wh) * priceNano - nano : nano - int256(wh) * priceNano);
        word |= uint256(uint32(int32(priceNano))) | (tick << (side.buys ? 32 : 40)) | ResultWords.TRADED | (wh << 56)
            | (fillWh << 104) | (liveWh << 152);
        return (ResultWord.wrap(word), restNano);
    }
}
