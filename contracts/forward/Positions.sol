// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {CutWord, LaneWords, OrderWord, OrderWords} from "../libraries/Packed.sol";
import {Words} from "../libraries/Words.sol";
import {Auction, OrderSum, RING, RulesWord} from "./ForwardTypes.sol";

/// @title Positions: what a member's orders of a cleared window have become
/// @notice Fills, the energy that they contract, the money that they move and the collateral that stood for them.
/// Derived from the order words and the cleared result; nothing of it is stored a second time.
library Positions {
    using Words for uint256[];

    /// @notice Filled lots of the lanes of an order word.
    function filledLots(Auction storage auction, CutWord cuts, uint256 key, uint256 window, uint256 lanes)
        internal
        view
        returns (uint256 lots)
    {
        uint256 rationed;
        (lots, rationed) = cuts.filled(lanes);
        rationed &= lots;
        if (rationed == 0) return lots;
        uint256 some = OrderWords.some(rationed);
        uint256 lone = auction.lone[window % RING].lanesOf(window);
        uint256 alone = (lone >> 19) & some;
        lots = (lots ^ rationed) | (lone & (alone * OrderWords.MAX_LOTS));
        // Where others share the limit, the member has a word of his own.
        if (alone != some) lots |= auction.fills[key].lanesOf(window);
    }

    /// @notice Whether the window holds results that are not overwritten; else everything about it is zero.
    function isCleared(Auction storage auction, uint256 window) internal view returns (bool) {
        IForwardAuction.Window memory w = auction.windows[window % RING];
        return w.window == window
            && (w.phase == IForwardAuction.Phase.Cleared || w.phase == IForwardAuction.Phase.Settled);
    }

    /// @notice What is filled in some windows of an auction; and all marks above the lanes (see PARTS).
    function cutsOf(Auction storage auction, uint256 firstWindow, uint256 windows)
        internal
        view
        returns (uint256[] memory cuts, uint256 marks)
    {
        cuts = new uint256[](windows);
        for (uint256 i; i < windows; ++i) {
            cuts[i] = CutWord.unwrap(auction.cuts[(firstWindow + i) % RING]);
            marks |= cuts[i];
        }
    }

    /// @notice Adds the net energy of one auction to lanes of Wh (see LaneWord), window by window from `begin` on.
    function addContracts(
        Auction storage auction,
        uint256[] memory cuts,
        uint256[] memory lanes,
        uint256 begin,
        uint256 index,
        uint256 firstWindow
    ) internal view {
        uint256 lotWh = auction.rules.lotWh();
        // Windows have 29 bits.
        unchecked {
            for (uint256 i; i < cuts.length; ++i) {
                uint256 window = firstWindow + i;
                uint256 key = (index << 7) | (window % RING);
                uint256 own = OrderWord.unwrap(auction.orders[key]);
                if (own >> 236 != window) continue;
                uint256 lots = filledLots(auction, CutWord.wrap(cuts.get(i)), key, window, own);
                if (lots != 0) _add(lanes, begin + i, _lanes(lots, OrderWords.soldOf(own, lots), lotWh));
            }
        }
    }

    function _add(uint256[] memory lanes, uint256 i, uint256 more) private pure {
        uint256 other = lanes.get(i);
        lanes.set(i, other == 0 ? more : LaneWords.together(other, more));
    }

    /// @dev The cleared windows of one auction, loaded once for many members: `cuts` (zero: nothing to settle), `marks`
    /// above the lanes of any of them (see PARTS), and the prices as `LaneWords.dot` takes them.
    struct Cleared {
        RulesWord rules;
        uint256 firstWindow;
        uint256 marks;
        uint256[] cuts;
        uint256[] even;
        uint256[] odd;
    }

    /// @notice Loads what is cleared and not settled of some windows.
    function load(Auction storage auction, uint256 firstWindow, uint256 windows)
        internal
        view
        returns (Cleared memory c)
    {
        (c.rules, c.firstWindow) = (auction.rules, firstWindow);
        (c.cuts, c.even, c.odd) = (new uint256[](windows), new uint256[](windows), new uint256[](windows));
        for (uint256 i; i < windows; ++i) {
            uint256 place = (firstWindow + i) % RING;
            IForwardAuction.Window memory w = auction.windows[place];
            if (w.window != firstWindow + i || w.phase != IForwardAuction.Phase.Cleared) continue;
            c.cuts[i] = CutWord.unwrap(auction.cuts[place]);
            c.marks |= c.cuts[i];
            (c.even[i], c.odd[i]) = (auction.prices[place * 2], auction.prices[place * 2 + 1]);
        }
    }

    /// @notice Adds a member's positions to `words` from `begin` on: lanes by window, then collateral and money of
    /// fills.
    function addPositions(
        Auction storage auction,
        Cleared memory c,
        uint256 index,
        uint256[] memory words,
        uint256 begin
    ) internal view {
        uint256 windows = c.cuts.length;
        RulesWord rules = c.rules;
        OrderSum memory sum;
        uint256 bought;
        uint256 sold;
        int256 nano;
        // Windows have 29 bits, and sums of lots stay within their lanes.
        unchecked {
            for (uint256 i; i < windows; ++i) {
                uint256 cuts = c.cuts.get(i);
                if (cuts == 0) continue;
                uint256 window = c.firstWindow + i;
                uint256 key = (index << 7) | (window % RING);
                uint256 own = OrderWord.unwrap(auction.orders[key]);
                if (own >> 236 != window) continue;
                rules.count(sum, own & OrderWords.LANES);
                uint256 lots = filledLots(auction, CutWord.wrap(cuts), key, window, own);
                if (lots == 0) continue;
                uint256 sells = OrderWords.soldOf(own, lots);
                bought += lots ^ sells;
                sold += sells;
                if (sells != 0) nano += int256(LaneWords.dot(sells, c.even.get(i), c.odd.get(i)));
                if (sells != lots) nano -= int256(LaneWords.dot(lots ^ sells, c.even.get(i), c.odd.get(i)));
                _add(words, begin + i, _lanes(lots, sells, rules.lotWh()));
            }
            words[begin + windows] += rules.collateral(sum);
            words[begin + windows + 1] += uint256(_value(rules, bought, sold, nano));
        }
    }

    /// @notice The position of one member in some slots of one window, but for its parts.
    function position(Auction storage auction, uint256 index, uint256 window, uint256 mask)
        internal
        view
        returns (uint256 lanes, uint256 collateralNano, int256 contractNano)
    {
        Cleared memory c = load(auction, window, 1);
        uint256 key = (index << 7) | (window % RING);
        uint256 own = auction.orders[key].lanesOf(window);
        if (own & mask == 0 || c.cuts[0] == 0) return (0, 0, 0);
        uint256 lots = filledLots(auction, CutWord.wrap(c.cuts[0]), key, window, own) & mask;
        uint256 sells = OrderWords.soldOf(own, lots);
        lanes = _lanes(lots, sells, c.rules.lotWh());
        contractNano = int256(LaneWords.dot(sells, c.even[0], c.odd[0]))
            - int256(LaneWords.dot(lots ^ sells, c.even[0], c.odd[0]));
        contractNano = _value(c.rules, lots ^ sells, sells, contractNano);
        collateralNano = c.rules.collateral(own & mask);
    }

    /// @dev Filled lots as lanes of Wh (see LaneWord). An order has 24 bits of Wh.
    function _lanes(uint256 lots, uint256 sells, uint256 lotWh) private pure returns (uint256) {
        unchecked {
            return (lots * lotWh) | LaneWords.sidesOf(sells);
        }
    }

    /// @dev What filled lots are worth, sold less bought; `above` is that of a Wh each at the prices above the floor.
    function _value(RulesWord rules, uint256 buys, uint256 sells, int256 above) private pure returns (int256) {
        // Wh have 24 bits, prices 33, and there are eight in a window.
        unchecked {
            int256 lots = int256(LaneWords.sum(sells)) - int256(LaneWords.sum(buys));
            return (above + lots * rules.floorNano()) * int256(rules.lotWh());
        }
    }
}
