// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CutWords, LaneWords, ResultWord} from "../libraries/Packed.sol";
import {Pairs} from "../libraries/Pairs.sol";
import {Words} from "../libraries/Words.sol";
import {Context} from "./Context.sol";
import {State, WINDOW} from "./Types.sol";

/// @title Outcomes: results as settling wants them, and as they stand between two of its calls
library Outcomes {
    using Words for uint256[];

    /// @param results by slot, with their carries
    /// @param sellResults the same of the sells, none unless some slot has one of its own for them
    /// @param cuts what is filled, by window
    /// @param prices see `_read`
    /// @param island some slots are in an island
    /// @param hash of the results as they were cleared, without carries, those of the sells behind them
    struct Loaded {
        uint256[] results;
        uint256[] sellResults;
        uint256[] cuts;
        uint256[] sellCuts;
        uint256[] prices;
        uint256[] sellPrices;
        bool island;
        bytes32 hash;
    }

    /// @dev Above every price: in the first word of a window's prices it says that some differ.
    int256 internal constant DIFFER = 1 << 40;

    /// @notice The outcome of windows that are cleared; `carries`: some of their members are settled.
    function load(State storage state, bytes32 market, uint256 firstWindow, uint256 windows, bool carries)
        external
        view
        returns (Loaded memory found)
    {
        found.results = new uint256[](windows * WINDOW);
        found.sellResults = new uint256[](windows * WINDOW);
        bool apart;
        for (uint256 i; i < windows * WINDOW; ++i) {
            (ResultWord result, ResultWord sells) = Pairs.get(
                state.results[market],
                state.sellResults[market],
                Context.resultPlace(firstWindow + i / WINDOW, i % WINDOW)
            );
            found.results.set(i, ResultWord.unwrap(result));
            found.sellResults.set(i, ResultWord.unwrap(sells));
            if (result.isApart()) apart = true;
            if (result.isIsland()) found.island = true;
        }
        (found.cuts, found.prices) = _read(found.results);
        if (apart) (found.sellCuts, found.sellPrices) = _read(found.sellResults);
        else found.sellResults = new uint256[](0);
        found.hash = carries
            ? keccak256(abi.encodePacked(_plain(found.results), _plain(found.sellResults)))
            : keccak256(abi.encodePacked(found.results, found.sellResults));
    }

    /// @notice Keeps results with their carries, by slot. Where sells have no result of their own, the carry stands
    /// with the side that is rationed.
    function keep(
        State storage state,
        bytes32 market,
        uint256 firstWindow,
        uint256[] memory results,
        uint256[] memory sellResults
    ) external {
        for (uint256 i; i < results.length; ++i) {
            uint256 place = Context.resultPlace(firstWindow + i / WINDOW, i % WINDOW);
            (ResultWord result, ResultWord sells) = (ResultWord.wrap(results[i]), ResultWord.wrap(sellResults[i]));
            if (!result.isApart() && !result.buyRationed()) result = sells;
            Pairs.put(state.results[market], state.sellResults[market], place, result, sells);
        }
    }

    /* INTERNAL */

    /// @dev What is filled, by window, and at which price: the first of the eight words of a window is the price,
    /// or `DIFFER` and the least price (32 bits) where not all are the same; the next two then say by how much they are
    /// above it, as `LaneWords.dot` takes them. Where that is more than 27 bits the least is said to be the least there
    /// is.
    function _read(uint256[] memory results) private pure returns (uint256[] memory cuts, uint256[] memory prices) {
        cuts = new uint256[](results.length / WINDOW);
        prices = new uint256[](results.length);
        unchecked {
            for (uint256 w; w < cuts.length; ++w) {
                uint256 word;
                int256 least = type(int256).max;
                for (uint256 lane; lane < WINDOW; ++lane) {
                    ResultWord result = ResultWord.wrap(results.get(w * WINDOW + lane));
                    word |= CutWords.laneOf(result) << (lane * LaneWords.LANE_BITS);
                    if (result.traded() && result.price() < least) least = result.price();
                }
                cuts.set(w, word);
                if (least != type(int256).max) _setPrices(prices, results, w * WINDOW, least);
            }
        }
    }

    function _setPrices(uint256[] memory prices, uint256[] memory results, uint256 place, int256 least) private pure {
        uint256 lanes;
        uint256 most;
        unchecked {
            for (uint256 lane; lane < WINDOW; ++lane) {
                ResultWord result = ResultWord.wrap(results.get(place + lane));
                if (!result.traded()) continue;
                uint256 more = uint256(result.price() - least);
                if (more > most) most = more;
                lanes |= (more & LaneWords.MAX_WH) << (lane * LaneWords.LANE_BITS);
            }
            if (most == 0) {
                prices.set(place, uint256(least));
                return;
            }
            if (most > LaneWords.MAX_WH) least = type(int32).min;
            prices.set(place, uint256(DIFFER) | uint32(int32(least)));
            (uint256 even, uint256 odd) = LaneWords.reversed(lanes);
            prices.set(place + 1, even);
            prices.set(place + 2, odd);
        }
    }

    function _plain(uint256[] memory results) private pure returns (uint256[] memory plain) {
        plain = new uint256[](results.length);
        for (uint256 i; i < results.length; ++i) {
            plain[i] = ResultWord.unwrap(ResultWord.wrap(results[i]).withCarry(0));
        }
    }
}
