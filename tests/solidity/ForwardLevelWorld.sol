// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {IForwardLevels} from "../../contracts/interfaces/IForwardLevels.sol";
import {ILevels} from "../../contracts/interfaces/ILevels.sol";
import {Vm} from "./Base.sol";
import {LevelWorld} from "./LevelWorld.sol";

/// @title ForwardLevelWorld: the tree of LevelWorld with an auction of one gate in each microgrid and levels above them
/// @notice Ladders are taken from the events alone, parts are read by the layout that PartWords documents.
abstract contract ForwardLevelWorld is LevelWorld {
    uint256 internal constant LOT = 10;

    /// @dev What one auction has filled of a slot and side, in lots.
    struct PartOf {
        int256 price;
        uint256 slot;
        bool sells;
        uint256 edges;
        uint256 fill;
        uint256 left;
        uint256 lots;
    }

    bytes32[MARKETS] internal auctions;
    bytes32[2] internal cellsAhead;
    bytes32 internal rootAhead;
    mapping(bytes32 node => uint256[]) private _ahead;

    /* SETTING UP */

    function deployAhead() internal {
        deployTree(true);
        rootAhead = createAhead(rulesAhead(1));
        for (uint32 i; i < 2; ++i) {
            cellsAhead[i] = createAhead(rulesAhead(2 + i));
            attachAhead(cellsAhead[i], rootAhead);
        }
        for (uint256 k; k < MARKETS; ++k) {
            use(k);
            auctions[k] = createAuction(auctionRules());
            attachAhead(auctions[k], cellsAhead[k / 2]);
        }
    }

    /// @dev Of an area; the root waits longer than the cells.
    function rulesAhead(uint32 area) internal view returns (IForwardLevels.ForwardLevelParams memory p) {
        uint32 more = area == 1 ? 20 minutes : 0;
        p = IForwardLevels.ForwardLevelParams(
            area,
            slotSeconds(),
            IForwardAuction.Gate.Window,
            2 hours,
            500_000,
            uint32(LOT),
            -50_000,
            2000,
            10 minutes + more,
            30 minutes + more
        );
    }

    function createAhead(IForwardLevels.ForwardLevelParams memory p) internal returns (bytes32) {
        vm.prank(marketOperator);
        return forwardLevels.createLevel(p);
    }

    function attachAhead(bytes32 node, bytes32 level) internal {
        vm.prank(marketOperator);
        forwardLevels.attach(node, level, w);
    }

    /// @dev An order of a home in the auction of its microgrid, handed in by its owner.
    function orderOf(uint256 id, uint32 slot, bool sells, uint256 tick, uint256 lots) internal {
        int32 limit = int32(FLOOR + int256(tick) * TICK);
        IForwardAuction.Action place = IForwardAuction.Action.Place;
        bytes32 own = auctions[gridOf(id)];
        vm.prank(homes[id].owner);
        forward.order(own, homes[id].meter, slot, place, sells, limit, uint32(lots * LOT));
    }

    function warpToGate() internal {
        vm.warp(forwardLevels.gateOf(rootAhead, w));
    }

    /* UP */

    function gatherAhead() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IForwardLevels.ForwardSent.selector) continue;
            _ahead[logs[i].topics[1]] = abi.decode(logs[i].data, (uint256[]));
        }
    }

    function sentAhead(bytes32 node) internal view returns (uint256[] memory) {
        return _ahead[node];
    }

    /// @dev In steps of so many members.
    function clearAhead(uint256 k, uint32 members) internal {
        vm.recordLogs();
        while (isToClear(phaseAhead(k))) forward.clear(auctions[k], w, 1, members);
        gatherAhead();
    }

    function isToClear(IForwardAuction.Phase p) internal pure returns (bool) {
        return p == IForwardAuction.Phase.Open || p == IForwardAuction.Phase.Clearing
            || p == IForwardAuction.Phase.Rationing || p == IForwardAuction.Phase.Adopting;
    }

    function phaseAhead(uint256 k) internal view returns (IForwardAuction.Phase) {
        return forward.windowState(auctions[k], w).phase;
    }

    function assertPhaseAhead(uint256 k, IForwardAuction.Phase want) internal view {
        vm.assertEq(uint256(phaseAhead(k)), uint256(want), "phase of an auction in a tree");
    }

    function laddersAhead(bytes32 level, uint256 most) internal view returns (uint256[][] memory ladders) {
        bytes32[] memory children = forwardLevels.childrenOf(level);
        uint256 from = forwardLevels.windowState(level, w).cursor;
        uint256 count = children.length - from < most ? children.length - from : most;
        ladders = new uint256[][](count);
        for (uint256 i; i < count; ++i) ladders[i] = sentAhead(children[from + i]);
    }

    function clearLevelAhead(bytes32 level, uint256 most) internal {
        vm.recordLogs();
        while (forwardLevels.windowState(level, w).phase < ILevels.LevelPhase.Cleared) {
            forwardLevels.clear(level, w, laddersAhead(level, most));
        }
        gatherAhead();
    }

    function shareLevelAhead(bytes32 level, uint256 most) internal {
        while (forwardLevels.windowState(level, w).phase < ILevels.LevelPhase.Shared) {
            forwardLevels.share(level, w, laddersAhead(level, most));
        }
    }

    /// @dev From the gate to known positions, in steps of so many members and children.
    function runAhead(uint32 members, uint256 children) internal {
        warpToGate();
        for (uint256 k; k < MARKETS; ++k) clearAhead(k, members);
        vm.warp(vm.getBlockTimestamp() + 10 minutes);
        for (uint256 c; c < 2; ++c) clearLevelAhead(cellsAhead[c], children);
        vm.warp(vm.getBlockTimestamp() + 20 minutes - 1);
        if (vm.getBlockTimestamp() < forwardLevels.gateOf(rootAhead, w) + rulesAhead(1).collectSeconds) {
            vm.warp(forwardLevels.gateOf(rootAhead, w) + rulesAhead(1).collectSeconds);
        }
        clearLevelAhead(rootAhead, children);
        shareLevelAhead(rootAhead, children);
        for (uint256 c; c < 2; ++c) shareLevelAhead(cellsAhead[c], children);
        for (uint256 k; k < MARKETS; ++k) clearAhead(k, members);
    }

    /* WHAT CAME OUT */

    function partOf(uint256 word) internal pure returns (PartOf memory p) {
        p.price = int32(uint32(word));
        p.slot = (word / 2 ** 40) % 8;
        p.sells = (word / 2 ** 43) % 2 == 1;
        p.edges = (word / 2 ** 44) % 16;
        p.fill = (word / 2 ** 48) % 2 ** 48;
        p.left = (word / 2 ** 96) % 2 ** 48;
        p.lots = (word / 2 ** 144) % 2 ** 48;
    }

    /// @dev Wh that cross the edge of an area in a slot, by its list of parts; and what it matched itself.
    function crossed(uint256[] memory words, uint32 slot) internal pure returns (uint256 up, uint256 down) {
        for (uint256 i; i < words.length; ++i) {
            PartOf memory p = partOf(words[i]);
            if (p.slot != slot % 8 || p.edges == 0) continue;
            if (p.sells) up += p.lots * LOT;
            else down += p.lots * LOT;
        }
    }

    /// @dev What a level's own auction matched in a slot.
    function matchedAhead(bytes32 level, uint32 slot) internal view returns (uint256 wh) {
        uint256[] memory words = forwardLevels.partsOf(level, w);
        for (uint256 i; i < words.length; ++i) {
            PartOf memory p = partOf(words[i]);
            if (p.slot == slot % 8 && p.edges == 0 && !p.sells) wh = p.lots * LOT;
        }
    }

    /// @dev What all members of a market have bought and sold ahead in a slot.
    function tradedAhead(uint256 k, uint32 slot) internal view returns (uint256 bought, uint256 sold) {
        for (uint256 i; i < inGrid[k].length; ++i) {
            IForwardAuction.OrderState memory o = forward.orderOf(auctions[k], homes[inGrid[k][i]].meter, slot);
            if (o.sell) sold += o.filledWh;
            else bought += o.filledWh;
        }
    }
}
