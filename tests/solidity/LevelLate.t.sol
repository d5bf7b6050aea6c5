// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILevels} from "../../contracts/interfaces/ILevels.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {LevelWorld} from "./LevelWorld.sol";

/// @dev A tree with levels that are late, areas without a grid, and what is corrected after all.
contract LevelLateTest is LevelWorld {
    function setUp() public {
        deployTree(true);
    }

    /* LATE */

    function test_LVL5_aLevelThatIsLateIsPassedOver() public {
        example();
        clearMarkets();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.LevelsPending.selector, w));
        settlement.passOver(grids[0], w);
        vm.warp(windowEnd(w) + levelRules(2).voidSeconds - 1);
        vm.assertTrue(!levels.isPassedOver(grids[0], w), "until its time has passed");
        pastVoid(2);
        vm.assertTrue(levels.isPassedOver(grids[0], w), "not cleared in time");
        uint256[][] memory ladders = laddersOf(cells[0], ALL);
        vm.expectRevert(abi.encodeWithSelector(ILevels.PassedOver.selector, w));
        levels.clear(cells[0], w, ladders);
        for (uint256 k; k < MARKETS; ++k) {
            vm.expectEmit(address(settlement));
            emit ISettlement.LevelsPassedOver(grids[k], w);
            vm.prank(stranger);
            settlement.passOver(grids[k], w);
        }
        settleMarkets();
        assertGain(0, -60 * 150_000 - 40 * 250_000, "its own auction stands");
        assertGain(3, 30 * 145_000 + 70 * 60_000, "the supplier takes what was sent up");
        vm.assertEq(paidTo(4), 0, "nothing crossed");
        assertDone();
    }

    function test_LVL5_aCellGoesOnWithoutTheRoot() public {
        example();
        clearMarkets();
        clearLevel(cells[0]);
        clearLevel(cells[1]);
        uint256[][] memory ladders = laddersOf(cells[0], ALL);
        vm.expectRevert(abi.encodeWithSelector(ILevels.AbovePending.selector, root, w));
        levels.share(cells[0], w, ladders);
        pastVoid(1);
        uint256[][] memory above = laddersOf(root, ALL);
        vm.expectRevert(abi.encodeWithSelector(ILevels.PassedOver.selector, w));
        levels.clear(root, w, above);
        vm.prank(stranger);
        levels.share(cells[0], w, ladders);
        shareLevel(cells[1]);
        settleMarkets();
        assertSold(1, 70, "30 in the microgrid and 40 in the cell");
        vm.assertEq(paidTo(2) + paidTo(3), 0, "nothing crossed the edge of a cell");
        assertGain(0, -100 * 152_001, "what the cell has matched stands");
        assertDone();
    }

    /// @dev What was cleared in time can be shared for ever.
    function test_LVL5_aClearedLevelIsNeverPassedOver() public {
        example();
        clearMarkets();
        clearLevels();
        vm.warp(windowEnd(w) + 30 days);
        vm.assertTrue(!levels.isPassedOver(grids[0], w) && !levels.isPassedOver(cells[0], w), "cleared in time");
        vm.expectRevert(abi.encodeWithSelector(ISettlement.LevelsPending.selector, w));
        settlement.passOver(grids[0], w);
        shareLevels();
        settleMarkets();
        assertGain(3, 100 * 141_799, "as if nobody had been late");
        assertDone();
    }

    function test_LVL5_aLateChildIsLeftOutAndSettlesAlone() public {
        example();
        clearMarket(0);
        clearMarket(2);
        clearMarket(3);
        uint256[][] memory ladders = laddersOf(cells[0], ALL);
        uint256 deadline = windowEnd(w) + levelRules(2).collectSeconds;
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(ILevels.ChildPending.selector, grids[1], uint64(deadline)));
        levels.clear(cells[0], w, ladders);
        vm.warp(deadline);
        clearPart(cells[0], 1);
        vm.assertEq(uint256(levels.windowState(cells[0], w).phase), 1, "the level has begun");
        clearMarket(1);
        vm.assertEq(ladderOf(grids[1]).length, 0, "whoever is late then sends nothing");
        use(1);
        assertPhase(w, ISettlement.Phase.Cleared);
        clearLevel(cells[0]);
        clearLevel(cells[1]);
        clearLevel(root);
        shareLevels();
        settleMarkets();
        assertGain(3, 30 * 145_000 + 70 * 60_000, "the late one trades inside alone");
        assertGain(0, -60 * 150_000 - 40 * 250_000, "nobody is left to sell to the first one");
        assertDone();
    }

    function test_LVL5_theRootGoesOnWithoutACellThatIsLate() public {
        example();
        clearMarkets();
        clearLevel(cells[1]);
        uint256 deadline = windowEnd(w) + levelRules(1).collectSeconds;
        vm.warp(deadline - 1);
        uint256[][] memory ladders = laddersOf(root, ALL);
        vm.expectRevert(abi.encodeWithSelector(ILevels.ChildPending.selector, cells[0], uint64(deadline)));
        levels.clear(root, w, ladders);
        pastCollect(1);
        clearLevel(root);
        shareLevel(root);
        shareLevel(cells[1]);
        settlement.passOver(grids[0], w);
        settlement.passOver(grids[1], w);
        settleMarkets();
        assertBought(2, 80, "what its own cell has");
        assertGain(3, 30 * 145_000 + 70 * 60_000, "below the late cell each trades inside alone");
        vm.assertEq(paidTo(2) + paidTo(3), 0, "nothing crossed the edge of a cell");
        assertDone();
    }

    /* GRID LOSS */

    function test_TAG5_withoutAGridItTradesInsideOnly() public {
        exampleHomes();
        // The window runs, and two of the slots are over.
        warpToSlot(s + 4);
        ILevels.GridLoss memory loss = lossOf(5, s + 2, s + 5, operatorKey(5));
        vm.expectEmit(address(levels));
        emit ILevels.GridLost(5, s + 2, s + 5, loss.signature);
        vm.prank(stranger);
        levels.signalGridLoss(loss);
        vm.assertEq(levels.gridLossIn(5, w), 0x1c, "the slots without a grid, a bit each");
        exampleReadings();
        runTree();
        for (uint32 slot; slot < 8; ++slot) {
            bool lost = slot >= 2 && slot < 5;
            vm.assertEq(soldIn(1, s + slot).matchedWh, lost ? 30 : 100, "inside it goes on, above it only with a grid");
            vm.assertEq(boughtIn(0, s + slot).matchedWh, lost ? 60 : 100, "so it is missed by the others");
        }
        vm.assertEq(
            gain(3), 5 * 100 * 141_799 + 3 * (30 * 145_000 + 70 * 60_000), "the seller in that microgrid"
        );
        assertDone();
    }

    function test_TAG5_aCellWithoutAGrid() public {
        exampleHomes();
        warpToSlot(s + 7);
        levels.signalGridLoss(lossOf(2, s, s + 48, operatorKey(2)));
        vm.assertEq(levels.gridLossIn(2, w + 5), 0xff, "a day has six windows");
        vm.assertEq(levels.gridLossIn(2, w + 6), 0, "and no more");
        exampleReadings();
        runTree();
        assertSold(1, 70, "microgrid and cell go on");
        assertBought(2, 80, "nothing comes from the other cell");
        vm.assertEq(paidTo(2) + paidTo(3), 0, "nothing crossed the edge of a cell");
        assertDone();
    }

    function test_TAG5_onlyTheOperatorAndOnlyInTime() public {
        warpToSlot(s + 3);
        ILevels.GridLoss memory loss = lossOf(5, s, s + 5, operatorKey(4));
        vm.expectRevert(abi.encodeWithSelector(ILevels.NotSignedByOperator.selector, 5));
        levels.signalGridLoss(loss);
        loss = lossOf(5, s, s + 5, operatorKey(5));
        loss.endSlot = s + 6;
        vm.expectRevert(abi.encodeWithSelector(ILevels.NotSignedByOperator.selector, 5));
        levels.signalGridLoss(loss);
        loss = lossOf(5, s + 5, s + 5, operatorKey(5));
        vm.expectRevert(abi.encodeWithSelector(ILevels.BadRange.selector, s + 5, s + 5));
        levels.signalGridLoss(loss);
        loss = lossOf(5, s, s + 49, operatorKey(5));
        vm.expectRevert(abi.encodeWithSelector(ILevels.BadRange.selector, s, s + 49));
        levels.signalGridLoss(loss);
        loss = lossOf(5, s - 1, s + 5, operatorKey(5));
        vm.expectRevert(abi.encodeWithSelector(ILevels.SlotHasBegun.selector, s - 1, s + 3));
        levels.signalGridLoss(loss);
        loss = lossOf(5, s, s + 5, operatorKey(5));
        vm.assertEq(
            levels.gridLossDigest(loss),
            digestOf(
                separator("p2pchain Levels", address(levels)),
                keccak256(
                    abi.encode(
                        keccak256("GridLoss(uint32 area,uint32 firstSlot,uint32 endSlot)"), uint32(5), s, s + 5
                    )
                )
            ),
            "the digest is that of EIP-712"
        );
        levels.signalGridLoss(loss);
        warpToSlot(s + 8);
        vm.expectRevert(abi.encodeWithSelector(ILevels.SlotHasBegun.selector, s, s + 8));
        levels.signalGridLoss(loss);
    }

    /* CORRECTIONS */

    /// @dev In a window with results of both sides more was bought, and sold, than there turns out to have been.
    function test_P25_anOverFillIsUnwoundAtThePriceOfItsSide() public {
        example();
        runTree();
        (int256 buyer, int256 seller) = (gain(0), gain(1));
        vm.assertTrue(boughtIn(0, s).priceNano != soldIn(0, s).priceNano, "two prices in one slot");
        use(0);
        correct(correctionOf(0, s + 2, list(40), list(0)));
        vm.assertEq(gain(0) - buyer, 60 * 152_001, "60 Wh back at what they cost");
        correct(correctionOf(1, s + 2, list(0), list(10)));
        vm.assertEq(gain(1) - seller, -50 * 150_000, "50 Wh short at what they fetched");
        use(1);
        seller = gain(3);
        correct(correctionOf(3, s + 2, list(0), list(70)));
        vm.assertEq(gain(3) - seller, -30 * 141_799, "at the average over all levels");
        use(2);
        buyer = gain(4);
        correct(correctionOf(4, s + 1, list(140, 60), list(0, 0)));
        vm.assertEq(gain(4) - buyer, 11 * 159_728 + (59 - 10) * 250_000, "11 Wh of the fill, the rest of the supplier");
        assertSolvent();
    }

    function test_P25_evidenceHasTheResultsOfTheSells() public {
        example();
        runTree();
        use(0);
        ISettlement.SettledEvidence memory e = evidenceOf(homes[0].meter, s);
        vm.assertEq(e.results.length, 16, "eight of the buys, eight of the sells");
        e.results[8 + 2] += 1;
        _refused(0, e);
        e = evidenceOf(homes[0].meter, s);
        uint256[] memory buysAlone = new uint256[](8);
        for (uint256 i; i < 8; ++i) buysAlone[i] = e.results[i];
        e.results = buysAlone;
        _refused(0, e);
    }

    function _refused(uint256 id, ISettlement.SettledEvidence memory e) private {
        IMetering.Correction memory c = correctionOf(id, s + 2, list(40), list(0));
        IMetering.Reading[] memory records = recordsOf(homes[id].meter, dayOf(s));
        vm.prank(meterOperator);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongProof.selector));
        settlement.correct(market, c, records, e);
    }

    /* TWO WINDOWS IN ONE CALL */

    /// @dev Of two windows that are settled together only the second has results of both sides.
    function test_P25_resultsOfBothSidesInOneOfTwoWindows() public {
        fund(supplierA, START);
        fund(supplierB, START);
        for (uint256 i; i < 5; ++i) addTo(i < 3 ? 0 : 1, i < 3 ? 1 : 2);
        warpToSlot(s + 16);
        for (uint32 i; i < 2; ++i) {
            use(0);
            postKeptFlat(0, w + i, 61, 0);
            postKeptFlat(1, w + i, 40, 0);
            postKeptFlat(2, w + i, 0, 50);
            // In the second window the neighbours have something to sell.
            use(1);
            postKeptFlat(3, w + i, 0, 17 * i);
            postKeptFlat(4, w + i, 0, 16 * i);
        }
        clearFirstMarkets();
        clearLevel(cells[0]);
        ++w;
        clearFirstMarkets();
        clearLevel(cells[0]);
        pastVoid(1);
        shareLevel(cells[0]);
        --w;
        shareLevel(cells[0]);
        for (uint256 k; k < 2; ++k) {
            use(k);
            while (phase(w) != ISettlement.Phase.Settled) settleKept(w, 2, 1);
        }
        assertDone();
        vm.assertEq(boughtIn(0, s + 8).priceNano, 148_013, "50 Wh at 150 and 33 at 145, rounded up");
        use(0);
        vm.assertEq(evidenceOf(homes[1].meter, s).results.length, 32, "two results for each slot, where any has two");
        int256 before = gain(0);
        correct(correctionOf(0, s, list(20), list(0)));
        vm.assertEq(gain(0) - before, 10 * 150_000 + 31 * 250_000, "30 of 61 were bought in the first window");
        before = gain(0);
        correct(correctionOf(0, s + 15, list(30), list(0)));
        vm.assertEq(gain(0) - before, 20 * 148_013 + 11 * 250_000, "50 in the second, at its average");
        before = gain(1);
        correct(correctionOf(1, s + 8, list(0), list(0)));
        vm.assertEq(gain(1) - before, 33 * 148_013 + 7 * 250_000, "33 of 40, settled in a call of its own");
        before = gain(2);
        correct(correctionOf(2, s + 8, list(0), list(45)));
        vm.assertEq(gain(2) - before, -5 * 150_000, "sellers there got the price of their microgrid");
        assertSolvent();
    }
}
