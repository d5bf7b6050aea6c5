// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {IForwardLevels} from "../../contracts/interfaces/IForwardLevels.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {ILevels} from "../../contracts/interfaces/ILevels.sol";
import {ForwardLevelWorld} from "./ForwardLevelWorld.sol";

/// @dev Levels of forward auctions: by hand, on trees of chance together with what is measured, and what is refused.
contract ForwardLevelsTest is ForwardLevelWorld {
    uint256 private constant EACH = 3;
    uint256 private constant HOMES = MARKETS * EACH;

    /// @dev By area: what its edge and its feeder carry.
    uint32[3][AREAS + 1] private _terms;

    function setUp() public {
        deployAhead();
    }

    /* BY HAND */

    /// @dev One seller in the first microgrid; buyers beside it, in the same cell and in the other one.
    function _three() private {
        setEdge(4, 1500, UNLIMITED, UNLIMITED, UNLIMITED);
        setEdge(2, 3000, UNLIMITED, UNLIMITED, UNLIMITED);
        for (uint256 k; k < 3; ++k) addTo(k, 1);
        addTo(0, 1);
        orderOf(0, s, true, 50, 100);
        orderOf(3, s, false, 60, 30);
        orderOf(1, s, false, 70, 25);
        orderOf(2, s, false, 80, 20);
    }

    function test_LVL1_eachLevelKeepsItsOwnPrice() public {
        _three();
        runAhead(type(uint32).max, ALL);
        vm.assertEq(forward.orderOf(auctions[0], homes[0].meter, s).filledWh, 750, "in three auctions");
        uint256[] memory words = forward.partsOf(auctions[0], w);
        vm.assertEq(words.length, 2, "the cell and the root");
        // What is left next door is filled in part, so it sets each price: tick 51 in the cell, 53 at the root.
        PartAt memory cell = _at(words[0]);
        vm.assertEq(cell.price, 52_000 - 1500, "the cell's price less the charge of the edge");
        vm.assertEq(cell.lots, 25, "what the cell has bought");
        PartAt memory top = _at(words[1]);
        vm.assertEq(top.price, 56_000 - 4500, "the root's price less both charges");
        vm.assertEq(top.lots, 20, "and the root");
        vm.assertEq(forward.orderOf(auctions[2], homes[2].meter, s).filledWh, 200, "the buyer above");
        vm.assertEq(paidTo(4), 450 * 1500, "LVL-2: the charge of the microgrid");
        vm.assertEq(paidTo(2), 200 * 3000, "LVL-2: and of the cell");
        (uint256 word, uint256[3] memory ahead) = levels.areaEdge(4, w);
        vm.assertTrue((word / 2 ** 145) % 2 == 1, "something was used ahead");
        vm.assertEq(ahead[0] % 2 ** 32, 450, "up, and no more than was filled");
        vm.assertEq(ahead[2] % 2 ** 32, 300, "and inside");
    }

    struct PartAt {
        int256 price;
        uint256 lots;
    }

    function _at(uint256 word) private pure returns (PartAt memory) {
        PartOf memory p = partOf(word);
        return PartAt(p.price, p.lots);
    }

    function test_LVL5_aLevelThatIsLateIsPassedOver() public {
        _three();
        warpToGate();
        for (uint256 k; k < MARKETS; ++k) clearAhead(k, type(uint32).max);
        assertPhaseAhead(0, IForwardAuction.Phase.Awaiting);
        bytes32 id = auctions[0];
        uint256[] memory ladder = sentAhead(id);
        vm.expectRevert(abi.encodeWithSelector(IForwardLevels.NotPassedOver.selector, id, w));
        forwardLevels.passOver(id, w, ladder);
        vm.warp(vm.getBlockTimestamp() + rulesAhead(2).voidSeconds);
        uint256[][] memory all = laddersAhead(cellsAhead[0], ALL);
        vm.expectRevert(abi.encodeWithSelector(ILevels.PassedOver.selector, w));
        forwardLevels.clear(cellsAhead[0], w, all);
        uint256[] memory forged = sentAhead(auctions[1]);
        vm.expectRevert(abi.encodeWithSelector(ILevels.WrongLadder.selector, id));
        forwardLevels.passOver(id, w, forged);
        vm.prank(stranger);
        forwardLevels.passOver(id, w, ladder);
        assertPhaseAhead(0, IForwardAuction.Phase.Cleared);
        (, uint256[3] memory ahead) = levels.areaEdge(4, w);
        vm.assertEq(ahead[0], 0, "its limits are free again");
        vm.assertEq(ahead[2] % 2 ** 32, 300, "but for what it matched itself");
        vm.expectRevert(
            abi.encodeWithSelector(IForwardAuction.WrongPhase.selector, w, IForwardAuction.Phase.Cleared)
        );
        forwardLevels.passOver(id, w, ladder);
    }

    function test_whatWasSentIsNotGivenUp() public {
        _three();
        warpToGate();
        clearAhead(0, type(uint32).max);
        vm.warp(vm.getBlockTimestamp() + 1 days);
        vm.expectRevert(
            abi.encodeWithSelector(IForwardAuction.WrongPhase.selector, w, IForwardAuction.Phase.Awaiting)
        );
        forward.voidWindow(auctions[0], w);
        // The next one has sent nothing, so nothing can be filled of it.
        forward.voidWindow(auctions[1], w);
        assertPhaseAhead(1, IForwardAuction.Phase.Cleared);
    }

    function test_aForgedLadderIsNotTaken() public {
        _three();
        warpToGate();
        for (uint256 k; k < MARKETS; ++k) clearAhead(k, type(uint32).max);
        vm.warp(vm.getBlockTimestamp() + 10 minutes);
        uint256[][] memory ladders = laddersAhead(cellsAhead[0], ALL);
        ladders[0][2] += 1;
        vm.expectRevert(abi.encodeWithSelector(ILevels.WrongLadder.selector, auctions[0]));
        forwardLevels.clear(cellsAhead[0], w, ladders);
        clearLevelAhead(cellsAhead[0], ALL);
        clearLevelAhead(cellsAhead[1], ALL);
        vm.warp(forwardLevels.gateOf(rootAhead, w) + rulesAhead(1).collectSeconds);
        clearLevelAhead(rootAhead, ALL);
        shareLevelAhead(rootAhead, ALL);
        vm.expectRevert(abi.encodeWithSelector(ILevels.WrongLadder.selector, auctions[0]));
        forwardLevels.share(cellsAhead[0], w, ladders);
    }

    function test_nobodyClearsBeforeAllHaveSent() public {
        _three();
        uint256[][] memory none = new uint256[][](0);
        uint64 gate = forwardLevels.gateOf(rootAhead, w);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.GateOpen.selector, w, gate));
        forwardLevels.clear(cellsAhead[0], w, none);
        warpToGate();
        clearAhead(0, type(uint32).max);
        vm.expectRevert(abi.encodeWithSelector(ILevels.ChildPending.selector, auctions[1], gate + 10 minutes));
        forwardLevels.clear(cellsAhead[0], w, none);
        clearAhead(1, type(uint32).max);
        // Nobody has ordered in the last microgrid, so it is not waited for.
        clearAhead(2, type(uint32).max);
        clearLevelAhead(cellsAhead[0], ALL);
        clearLevelAhead(cellsAhead[1], ALL);
        clearLevelAhead(rootAhead, ALL);
        uint256[][] memory ladders = laddersAhead(cellsAhead[0], ALL);
        vm.expectRevert(abi.encodeWithSelector(ILevels.AbovePending.selector, rootAhead, w));
        forwardLevels.share(cellsAhead[0], w, ladders);
    }

    function test_P29_onlyTheContractsThatMay() public {
        bytes memory refused = abi.encodeWithSelector(ILevels.NotForwardLevels.selector, address(this));
        uint256[3] memory lanes;
        vm.expectRevert(refused);
        levels.useAhead(4, w, lanes);
        vm.expectRevert(refused);
        levels.freeAhead(4, w, lanes);
        ILedger.LevelMove[] memory moves = new ILedger.LevelMove[](0);
        ILedger.LevelCharge[] memory charges = new ILedger.LevelCharge[](0);
        vm.expectRevert(refused);
        levels.settleAhead(root, moves, charges);
        refused = abi.encodeWithSelector(IForwardAuction.NotForwardLevels.selector, address(this));
        vm.expectRevert(refused);
        forward.enterTree(auctions[0]);
        uint256[] memory words = new uint256[](0);
        vm.expectRevert(refused);
        forward.adopt(auctions[0], w, words);
        vm.expectRevert(abi.encodeWithSelector(IForwardLevels.NotForward.selector, address(this)));
        forwardLevels.send(auctions[0], w, lanes, words);
    }

    function test_anAuctionOfAnotherLotDoesNotFit() public {
        use(0);
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.lotWh = 5;
        bytes32 other = createAuction(p);
        vm.startPrank(marketOperator);
        // The area has an auction of this gate already.
        vm.expectRevert(abi.encodeWithSelector(ILevels.AreaTaken.selector, 4));
        forwardLevels.attach(other, cellsAhead[0], w);
        vm.stopPrank();
        p.gateSeconds = 3 hours;
        other = createAuction(p);
        vm.startPrank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IForwardLevels.AuctionsDiffer.selector));
        forwardLevels.attach(other, cellsAhead[0], w);
        vm.expectRevert(abi.encodeWithSelector(ILevels.AlreadyAttached.selector, auctions[0]));
        forwardLevels.attach(auctions[0], cellsAhead[0], w);
        vm.stopPrank();
    }

    /* TREES OF CHANCE */

    function _limit() private returns (uint32) {
        return chance(2) == 0 ? UNLIMITED : uint32(chance(900));
    }

    function _order(uint256 seed) private {
        seedChance(seed);
        for (uint32 area = 1; area <= AREAS; ++area) {
            uint32 charge = chance(3) == 0 ? 0 : uint32(chance(9000));
            _terms[area] = [_limit(), _limit(), _limit()];
            setEdge(area, charge, _terms[area][0], _terms[area][1], _terms[area][2]);
        }
        for (uint256 i; i < HOMES; ++i) {
            addTo(i / EACH, uint16(1 + chance(2)));
            for (uint32 slot = s; slot < s + 8; ++slot) {
                if (chance(3) == 0) continue;
                orderOf(i, slot, chance(2) == 0, 70 + chance(30), 1 + chance(40));
            }
        }
    }

    /// @dev Ahead: what is bought is sold, over the tree and to the lot.
    function _checkTrades() private view {
        for (uint32 slot = s; slot < s + 8; ++slot) {
            (uint256 bought, uint256 sold) = (0, 0);
            for (uint256 k; k < MARKETS; ++k) {
                (uint256 b, uint256 o) = tradedAhead(k, slot);
                (bought, sold) = (bought + b, sold + o);
                (uint256 up, uint256 down) = crossed(forward.partsOf(auctions[k], w), slot);
                vm.assertEq(b + up, o + down, "P10: what a market buys less what it sells has crossed its edge");
            }
            vm.assertEq(bought, sold, "P10: bought and sold over the tree");
        }
    }

    /// @dev Ahead and after delivery together: nothing above the limit of an edge.
    function _checkEdges(uint32 slot) private view {
        for (uint256 c; c < 2; ++c) {
            uint256 up;
            uint256 down;
            for (uint256 k = 2 * c; k < 2 * c + 2; ++k) {
                (uint256 own,) = ownResult(k, slot);
                uint256 bought = boughtIn(k, slot).traded ? boughtIn(k, slot).matchedWh - own : 0;
                uint256 sold = soldIn(k, slot).traded ? soldIn(k, slot).matchedWh - own : 0;
                (up, down) = (up + sold, down + bought);
                (uint256 upAhead, uint256 downAhead) = crossed(forward.partsOf(auctions[k], w), slot);
                vm.assertLe(sold + upAhead, _terms[4 + k][0], "LVL-3: up out of a microgrid");
                vm.assertLe(bought + downAhead, _terms[4 + k][1], "LVL-3: down into a microgrid");
            }
            _checkCell(c, slot, up, down);
        }
    }

    function _checkCell(uint256 c, uint32 slot, uint256 up, uint256 down) private view {
        (uint256 matched,) = levelResult(cells[c], slot);
        (uint256 upAhead, uint256 downAhead) = crossed(forwardLevels.partsOf(cellsAhead[c], w), slot);
        uint256 both = upAhead < downAhead ? upAhead : downAhead;
        vm.assertLe(up - matched + upAhead, _terms[2 + c][0], "LVL-3: up out of a cell");
        vm.assertLe(down - matched + downAhead, _terms[2 + c][1], "LVL-3: down into a cell");
        uint256 inside = matched + matchedAhead(cellsAhead[c], slot) + both;
        vm.assertTrue(_terms[2 + c][2] == UNLIMITED || inside <= _terms[2 + c][2], "LVL-3: the feeder of a cell");
    }

    /// @dev Readings of chance, and all of it cleared, shared and settled.
    function _deliver() private {
        warpToSlot(s + 8);
        for (uint256 i; i < HOMES; ++i) {
            (uint256[] memory im, uint256[] memory ex) = (new uint256[](8), new uint256[](8));
            for (uint256 k; k < 8; ++k) {
                if (chance(2) == 0) im[k] = chance(1000);
                else ex[k] = chance(1000);
            }
            use(i / EACH);
            post(i, s, im, ex);
        }
        runTree();
    }

    function testFuzz_P10_LVL3_aheadAndAfterDelivery(uint256 seed) public {
        _order(seed);
        runAhead(uint32(1 + chance(4)), 1 + chance(2));
        _checkTrades();
        vm.assertEq(ledger.transitNano(rootAhead), 0, "P1: what is bought is paid, but for the charges");
        _deliver();
        for (uint32 slot = s; slot < s + 8; ++slot) _checkEdges(slot);
        assertDone();
        vm.assertEq(ledger.transitNano(rootAhead), 0, "P1: nothing is left with the tree");
    }

    function testFuzz_P13_stepsMakeNoDifference(uint256 seed, uint32 members) public {
        _order(seed);
        uint256 before = vm.snapshotState();
        runAhead(type(uint32).max, ALL);
        uint256[] memory whole = _fills();
        vm.assertTrue(vm.revertToState(before), "back to before the gate");
        runAhead(1 + members % 4, 1);
        uint256[] memory parts = _fills();
        for (uint256 i; i < whole.length; ++i) vm.assertEq(parts[i], whole[i], "the same fill");
    }

    function _fills() private view returns (uint256[] memory found) {
        found = new uint256[](HOMES * 8);
        for (uint256 i; i < HOMES; ++i) {
            for (uint32 k; k < 8; ++k) {
                found[i * 8 + k] = forward.orderOf(auctions[i / EACH], homes[i].meter, s + k).filledWh;
            }
        }
    }
}
