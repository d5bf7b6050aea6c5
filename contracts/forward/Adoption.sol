// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {CutWord, LaneWords, OrderWords} from "../libraries/Packed.sol";
import {PartWord} from "../libraries/PartWords.sol";
import {Auction, PARTS, RING, SENT, TOLD} from "./ForwardTypes.sol";
import {PartFills} from "./PartFills.sol";
import {Positions} from "./Positions.sol";

/// @title Adoption: what levels above add to an auction, and to the positions of its members
/// @notice Each level keeps its own price, so what it fills stands beside the auction's own result (see PartWord). How
/// an auction gets there: ForwardClearing.
library Adoption {
    /// @notice See IForwardAuction.enterTree.
    function enterTree(Auction storage auction, bytes32 id) external {
        require(auction.rules.exists(), IForwardAuction.UnknownAuction(id));
        (auction.rules, auction.levels) = (auction.rules.withTree(), msg.sender);
    }

    /// @notice See IForwardAuction.adopt.
    function adopt(Auction storage auction, bytes32 id, uint32 window, uint256[] calldata words) external {
        require(msg.sender == auction.levels, IForwardAuction.NotForwardLevels(msg.sender));
        uint256 place = window % RING;
        IForwardAuction.Window memory w = auction.windows[place];
        uint256 cuts = CutWord.unwrap(auction.cuts[place]);
        require(
            w.window == window && cuts & SENT != 0 && cuts & TOLD == 0
                && (w.phase == IForwardAuction.Phase.Rationing || w.phase == IForwardAuction.Phase.Awaiting),
            IForwardAuction.WrongPhase(window, w.window == window ? w.phase : IForwardAuction.Phase.Absent)
        );
        cuts |= TOLD;
        if (words.length != 0) {
            uint256[] storage parts = auction.parts[place];
            // What stands there of an earlier turn of the ring goes.
            if (cuts & PARTS == 0) delete auction.parts[place];
            cuts |= PARTS;
            for (uint256 i; i < words.length; ++i) parts.push(words[i]);
        }
        emit IForwardAuction.PartsAdded(id, window, words);
        auction.cuts[place] = CutWord.wrap(cuts);
        if (w.phase != IForwardAuction.Phase.Awaiting) return;
        w.phase = afterOwn(auction, window);
        auction.windows[place] = w;
    }

    /// @notice Where a window stands whose own fills are known: it waits for the level above, its parts are to be
    /// shared out, or nothing is left to do.
    function afterOwn(Auction storage auction, uint256 window) internal view returns (IForwardAuction.Phase) {
        uint256 cuts = CutWord.unwrap(auction.cuts[window % RING]);
        if (cuts & SENT != 0 && cuts & TOLD == 0) return IForwardAuction.Phase.Awaiting;
        if (cuts & PARTS == 0) return IForwardAuction.Phase.Cleared;
        uint256[] storage parts = auction.parts[window % RING];
        for (uint256 i; i < parts.length; ++i) {
            if (PartWord.wrap(parts[i]).isRationed()) return IForwardAuction.Phase.Adopting;
        }
        return IForwardAuction.Phase.Cleared;
    }

    /// @notice See IForwardAuction.partsOf.
    function partsOf(Auction storage auction, bytes32 id, uint256 window)
        external
        view
        returns (uint256[] memory parts)
    {
        require(auction.rules.exists(), IForwardAuction.UnknownAuction(id));
        if (auction.windows[window % RING].window != window) return parts;
        if (CutWord.unwrap(auction.cuts[window % RING]) & PARTS != 0) parts = auction.parts[window % RING];
    }

    /* POSITIONS */

    /// @notice Adds what parts have filled to lanes of Wh, as Positions.addContracts does, for members by their index.
    function addContracts(
        Auction storage auction,
        uint32[] calldata indices,
        uint256 firstWindow,
        uint256 windows,
        uint256[] memory lanes
    ) external view returns (uint256[] memory) {
        for (uint256 i; i < windows; ++i) {
            uint256 cuts = CutWord.unwrap(auction.cuts[(firstWindow + i) % RING]);
            if (cuts & PARTS == 0) continue;
            uint256[] memory parts = auction.parts[(firstWindow + i) % RING];
            for (uint256 m; m < indices.length; ++m) {
                (uint256 more,) = _filled(auction, parts, cuts, indices[m], firstWindow + i);
                if (more != 0) lanes[m * windows + i] = LaneWords.together(lanes[m * windows + i], more);
            }
        }
        return lanes;
    }

    /// @notice The same for the words of Positions.addPositions, of `count` members from an index on.
    function addPositions(
        Auction storage auction,
        uint256 firstIndex,
        uint256 count,
        uint256 firstWindow,
        uint256 windows,
        uint256[] memory words
    ) external view returns (uint256[] memory) {
        for (uint256 i; i < windows; ++i) {
            IForwardAuction.Window memory w = auction.windows[(firstWindow + i) % RING];
            if (w.window != firstWindow + i || w.phase != IForwardAuction.Phase.Cleared) continue;
            uint256 cuts = CutWord.unwrap(auction.cuts[(firstWindow + i) % RING]);
            if (cuts & PARTS == 0) continue;
            uint256[] memory parts = auction.parts[(firstWindow + i) % RING];
            for (uint256 m; m < count; ++m) {
                (uint256 more, int256 nano) = _filled(auction, parts, cuts, firstIndex + m, firstWindow + i);
                if (more == 0) continue;
                uint256 begin = m * (windows + 2);
                words[begin + i] = LaneWords.together(words[begin + i], more);
                // Two's complement, as there.
                unchecked {
                    words[begin + windows + 1] += uint256(nano);
                }
            }
        }
        return words;
    }

    /// @notice See IForwardAuction.positionIn, of one auction.
    function position(Auction storage auction, uint256 index, uint256 window, uint256 slotMask)
        external
        view
        returns (uint256 lanes, uint256 collateralNano, int256 contractNano)
    {
        uint256 mask = LaneWords.spread(slotMask);
        (lanes, collateralNano, contractNano) = Positions.position(auction, index, window, mask);
        IForwardAuction.Window memory w = auction.windows[window % RING];
        uint256 cuts = CutWord.unwrap(auction.cuts[window % RING]);
        if (w.window != window || w.phase != IForwardAuction.Phase.Cleared || cuts & PARTS == 0) {
            return (lanes, collateralNano, contractNano);
        }
        uint256[] memory all = auction.parts[window % RING];
        uint256[] memory parts = new uint256[](all.length);
        uint256 count;
        for (uint256 i; i < all.length; ++i) {
            if ((slotMask >> PartWord.wrap(all[i]).slotOf()) & 1 != 0) parts[count++] = all[i];
        }
        // Never longer than what it was created with.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(parts, count)
        }
        (uint256 more, int256 nano) = _filled(auction, parts, cuts, index, window);
        return (LaneWords.together(lanes, more), collateralNano, contractNano + nano);
    }

    /// @notice Lots that parts have filled of an order, beside `filled` in the lanes of its own auction.
    function lotsOf(Auction storage auction, uint256 window, uint256 key, uint256 lanes, uint256 filled)
        internal
        view
        returns (uint256 lots)
    {
        if (CutWord.unwrap(auction.cuts[window % RING]) & PARTS == 0) return 0;
        (lots,) = PartFills.all(auction, auction.parts[window % RING], key, window, lanes, filled);
    }

    /// @dev Lanes of Wh that parts have filled of a member's orders, and what they bring less what they cost.
    function _filled(
        Auction storage auction,
        uint256[] memory parts,
        uint256 cuts,
        uint256 index,
        uint256 window
    ) private view returns (uint256 lanes, int256 nano) {
        uint256 key = (index << 7) | (window % RING);
        uint256 own = auction.orders[key].lanesOf(window);
        if (own == 0) return (0, 0);
        uint256 filled = Positions.filledLots(auction, CutWord.wrap(cuts), key, window, own);
        uint256 lots;
        (lots, nano) = PartFills.all(auction, parts, key, window, own, filled);
        uint256 lotWh = auction.rules.lotWh();
        return ((lots * lotWh) | LaneWords.sidesOf(OrderWords.soldOf(own, lots)), nano * int256(lotWh));
    }
}
