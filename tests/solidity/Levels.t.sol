// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILevels} from "../../contracts/interfaces/ILevels.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {LevelWorld} from "./LevelWorld.sol";

/// @dev Levels case by case, with figures that can be checked by head. Prices are in nano per Wh: supplier 1 takes 250
/// and gives 50 (thousand), supplier 2 takes 230 and gives 60; limits move in ticks of two thousand.
contract LevelsTest is LevelWorld {
    function setUp() public {
        deployTree(true);
    }

    /* THREE LEVELS */

    function test_LVL1_ownAuctionFirstAndTheRestGoesUp() public {
        example();
        clearMarkets();
        for (uint256 k; k < MARKETS; ++k) {
            vm.assertEq(
                uint256(settlement.windowState(grids[k], w).phase),
                uint256(ISettlement.Phase.Awaiting),
                "what is left was sent up"
            );
        }
        _assertOwn(0, 60, 150_000, "first microgrid: its own auction");
        _assertOwn(1, 30, 145_000, "second microgrid: each at its own price");
        _assertOwn(2, 0, 150_000, "third microgrid: nobody sells");
        _assertOwn(3, 10, 150_000, "last microgrid");
        (uint256 wh, uint256 tick,) = sentOf(grids[0], 0, false, 0);
        vm.assertTrue(wh == 40 && tick == 150, "40 Wh at 250 go up, limits as they are below");
        (wh, tick,) = sentOf(grids[1], 7, true, 0);
        vm.assertTrue(wh == 70 && tick == 55, "70 Wh at 60 of the last slot");
        clearLevel(cells[0]);
        clearLevel(cells[1]);
        (uint256 matched, int256 price) = levelResult(cells[0], s + 7);
        vm.assertTrue(matched == 40 && price == 145_000, "r = 230 - 5, f = 60 + 5");
        (matched, price) = levelResult(cells[1], s);
        vm.assertTrue(matched == 80 && price == 150_000, "r = 250 - 20, f = 50 + 20");
        (wh, tick,) = sentOf(cells[0], 0, true, 0);
        vm.assertTrue(wh == 30 && tick == 58, "three ticks dearer by the charge of 5");
        (wh, tick,) = sentOf(cells[1], 0, false, 0);
        vm.assertTrue(wh == 120 && tick == 146, "four ticks cheaper by the charge of 8");
        clearLevel(root);
        (matched, price) = levelResult(root, s + 5);
        vm.assertTrue(matched == 30 && price == 149_333, "r = 225 - 3.333, f = 70 + 7");
        vm.assertEq(ladderOf(root).length, 0, "nothing lies above the root");
    }

    function _assertOwn(uint256 k, uint256 wh, int256 price, string memory why) private view {
        (uint256 got, int256 gotPrice) = ownResult(k, s + 7);
        vm.assertTrue(got == wh && gotPrice == price, why);
    }

    function test_LVL1_moneyToTheUnit() public {
        example();
        runTree();
        vm.assertEq(boughtIn(0, s + 1).priceNano, 152_001, "60 Wh at 150 and 40 at 145 + 10.001, rounded up");
        vm.assertEq(soldIn(0, s + 1).priceNano, 150_000, "nothing of the first microgrid was sold above");
        vm.assertEq(soldIn(1, s + 1).priceNano, 141_799, "30 Wh at 145, 70 at 145.428 - 5, rounded down");
        vm.assertEq(boughtIn(2, s + 1).priceNano, 159_728, "151.728 + 8: the cell has 80 at 150, 30 at 156.333");
        vm.assertEq(soldIn(3, s + 1).priceNano, 132_222, "10 Wh at 150 and 80 at 130, rounded down");
        assertGain(0, -100 * 152_001, "home 0 buys all from neighbours");
        assertGain(1, 60 * 150_000, "home 1 sells all in its microgrid");
        assertGain(2, -30 * 145_000, "home 2 buys all in its microgrid");
        assertGain(3, 100 * 141_799, "home 3 sells on all levels");
        assertGain(4, -71 * 159_728 - 59 * 250_000, "home 4: 71.5 of 130");
        assertGain(5, -39 * 159_728 - 31 * 250_000, "home 5: 38.5 of 70, and the half Wh of home 4");
        assertGain(6, -10 * 150_000, "home 6 buys in its microgrid");
        assertGain(7, 90 * 132_222, "home 7 sells all");
        vm.assertEq(paidTo(4), 8 * 40 * 10_001, "edge of the first microgrid: exactly charge * Wh");
        vm.assertEq(paidTo(5), 8 * 70 * 5000, "of the second");
        vm.assertEq(paidTo(6), 8 * 110 * 8000, "of the third");
        vm.assertEq(paidTo(7), 8 * 80 * 20_000, "of the last");
        vm.assertEq(paidTo(2), 8 * (30 * 3333 + 40), "of the first cell, and what its whole price leaves over");
        vm.assertEq(paidTo(3), 8 * (30 * 7000 + 90), "of the second cell, the same");
        vm.assertEq(paidTo(1), 0, "the root has no edge");
        vm.assertEq(free(feeAccount), 8 * (60 + 60 + 20), "fees: what whole prices leave over, and no more");
        vm.assertEq(wealth(supplierA), 8 * (59 + 31) * 250_000, "the supplier gets the rest");
        vm.assertEq(ledger.heldNano(), 8 * START, "P2: nothing came or went");
        assertDone();
    }

    function test_LVL1_eventsTellWhatCrossed() public {
        example();
        clearMarkets();
        clearLevels();
        uint256[][] memory ladders = laddersOf(root, ALL);
        vm.expectEmit(address(levels));
        emit ILevels.Crossed(cells[0], w, 8 * 30, 0, operatorOf(2), 8 * 30 * 3333);
        vm.expectEmit(address(levels));
        emit ILevels.Crossed(cells[1], w, 0, 8 * 30, operatorOf(3), 8 * 30 * 7000);
        vm.expectEmit(address(levels));
        emit ILevels.LevelShared(root, w, 2);
        levels.share(root, w, inOne(ladders));
        ladders = laddersOf(cells[1], ALL);
        vm.expectEmit(address(levels));
        emit ILevels.Crossed(grids[2], w, 0, 8 * 110, operatorOf(6), 8 * 110 * 8000);
        vm.expectEmit(address(levels));
        emit ILevels.Crossed(grids[3], w, 8 * 80, 0, operatorOf(7), 8 * 80 * 20_000);
        levels.share(cells[1], w, inOne(ladders));
    }

    /* LIMITS */

    /// @dev 0 buys 200 in the first microgrid; 1 sells 50 at 60 and 2 sells 50 at 100 or more in the second.
    function _twoSellers() private {
        addTo(0, 1);
        addTo(1, 2);
        addLimited(1, 2, BUY_AT_TARIFF, 100_000);
        warpToSlot(s + 8);
        measure(0, 200, 0);
        measure(1, 0, 50);
        measure(2, 0, 50);
    }

    function test_LVL3_upLimitCutsTheWorstLimits() public {
        setEdge(5, 0, 70, UNLIMITED, UNLIMITED);
        _twoSellers();
        clearFirstMarkets();
        (uint256 wh, uint256 tick, uint256 leftWh) = sentOf(grids[1], 0, true, 0);
        vm.assertTrue(wh == 50 && tick == 55 && leftWh == 50, "the cheaper one wholly");
        (wh, tick, leftWh) = sentOf(grids[1], 0, true, 1);
        vm.assertTrue(wh == 20 && tick == 75 && leftWh == 50, "of the dearer one a part of what is left there");
        (wh,,) = sentOf(grids[1], 0, true, 2);
        vm.assertEq(wh, 0, "and nothing beyond");
        runFirstCell();
        assertSold(1, 70, "never above the limit");
        ISettlement.Result memory r = soldIn(1, s);
        vm.assertTrue(r.sellTick == 75 && r.fillWh == 20 && r.liveWh == 50, "20 of 50 at the dearer limit");
        assertGain(1, 50 * 145_000, "the cheaper one sells all");
        assertGain(2, 20 * 145_000 + 30 * 60_000, "the dearer one gets what the limit leaves");
        assertDone();
    }

    function test_LVL3_downLimitCutsTheWorstLimits() public {
        setEdge(4, 0, UNLIMITED, 30, UNLIMITED);
        addTo(0, 1);
        addLimited(0, 1, 200_000, SELL_AT_TARIFF);
        addTo(1, 2);
        warpToSlot(s + 8);
        measure(0, 25, 0);
        measure(1, 100, 0);
        measure(2, 0, 200);
        clearFirstMarkets();
        runFirstCell();
        assertBought(0, 30, "never above the limit");
        assertGain(0, -25 * 145_000, "the higher limit wholly");
        assertGain(1, -5 * 145_000 - 95 * 250_000, "the lower one gets what the limit leaves");
        assertGain(2, 30 * 145_000 + 170 * 60_000, "the seller keeps the rest");
        assertDone();
    }

    function test_LVL3_limitZeroStopsOneWayOnly() public {
        setEdge(4, 0, UNLIMITED, 0, UNLIMITED);
        addTo(0, 1);
        addTo(1, 2);
        warpToSlot(s + 8);
        // In the first slot the first microgrid wants to buy, in the second one to sell.
        use(0);
        postKept(0, s, _pair(100, 0), _pair(0, 100));
        use(1);
        postKept(1, s, _pair(0, 100), _pair(100, 0));
        clearFirstMarkets();
        runFirstCell();
        vm.assertTrue(!boughtIn(0, s).traded, "nothing comes down");
        vm.assertEq(soldIn(0, s + 1).matchedWh, 100, "but up it goes");
        assertDone();
    }

    function _pair(uint256 first, uint256 second) private pure returns (uint256[] memory wh) {
        wh = new uint256[](8);
        (wh[0], wh[1]) = (first, second);
    }

    function test_LVL3_nothingCrossesAnEdgeOfWhichNothingWasSaid() public {
        vm.prank(operatorOf(4));
        levels.setEdge(4, ILevels.EdgeTerms(s + 8, 0, UNLIMITED, UNLIMITED, UNLIMITED));
        ILevels.EdgeTerms memory e = levels.edgeAt(4, s - 1);
        vm.assertTrue(e.upWh == 0 && e.downWh == 0 && e.feederWh == UNLIMITED, "no capacity, no limit inside");
        vm.assertEq(levels.edgeAt(4, s).upWh, UNLIMITED, "from its slot on");
    }

    /// @dev A seller below and one above the cut, two buyers at one limit; the feeder carries 40 Wh.
    function _narrowFeeder() private {
        setEdge(4, 0, 0, 0, 40);
        addTo(0, 1);
        addTo(0, 1);
        addTo(0, 1);
        addLimited(0, 1, BUY_AT_TARIFF, 80_000);
        addTo(1, 2);
        warpToSlot(s + 8);
        measure(0, 70, 0);
        measure(1, 35, 0);
        measure(2, 0, 30);
        measure(3, 0, 50);
        measure(4, 50, 0);
    }

    function test_LVL3_feederLimitRationsBothSides() public {
        _narrowFeeder();
        clearFirstMarkets();
        (uint256 fillWh, uint256 liveWh) = ownMargin(0, s + 2, false);
        vm.assertTrue(fillWh == 40 && liveWh == 105, "buyers: 40 of 105");
        (fillWh, liveWh) = ownMargin(0, s + 2, true);
        vm.assertTrue(fillWh == 10 && liveWh == 50, "sellers have a result of their own: 10 of 50 at the dearer limit");
        runFirstCell();
        ISettlement.Result memory r = boughtIn(0, s + 2);
        vm.assertTrue(r.matchedWh == 40 && r.buyRationed && r.fillWh == 40 && r.liveWh == 105, "nothing was added");
        r = soldIn(0, s + 2);
        vm.assertTrue(r.matchedWh == 40 && !r.buyRationed && r.sellTick == 65 && r.fillWh == 10, "nor to the sells");
        vm.assertEq(r.priceNano, 150_000, "the limit moves no price");
        assertGain(0, -26 * 150_000 - 44 * 250_000, "26.7 of 70");
        assertGain(1, -14 * 150_000 - 21 * 250_000, "13.3 of 35, and what is over of home 0");
        assertGain(2, 30 * 150_000, "the cheaper seller wholly");
        assertGain(3, 10 * 150_000 + 40 * 50_000, "the dearer one gets the rest");
        assertDone();
    }

    function test_LVL3_feederLimitOfALevelLeavesBothSidesARest() public {
        setEdge(2, 0, UNLIMITED, UNLIMITED, 20);
        addTo(0, 1);
        addTo(1, 2);
        addTo(2, 1);
        addTo(3, 1);
        warpToSlot(s + 8);
        measure(0, 50, 0);
        measure(1, 0, 60);
        measure(2, 0, 25);
        measure(3, 45, 0);
        clearMarkets();
        clearLevels();
        (uint256 word, uint256 sells) = levels.resultOf(cells[0], s);
        vm.assertTrue(word != 0 && sells != 0 && word != sells, "buys and sells of the cell have a result each");
        (uint256 matched,) = levelResult(cells[0], s);
        vm.assertEq(matched, 20, "what the feeder of the cell carries");
        (matched,) = levelResult(root, s);
        vm.assertEq(matched, 10, "of 30 left to buy and 40 to sell only the excess goes up");
        shareLevels();
        settleMarkets();
        assertSold(1, 30, "20 in the cell and 10 above it");
        vm.assertEq(boughtIn(0, s).matchedWh, 20, "no more than the feeder of the cell carries");
        vm.assertEq(boughtIn(3, s).matchedWh, 35, "25 in the other cell, and 10 from above");
        assertDone();
    }

    /* CHARGES */

    /// @dev A buyer at 165 at most, a seller at the feed-in price, in two microgrids.
    function _gap(uint32 charge) private {
        setEdge(4, charge, UNLIMITED, UNLIMITED, UNLIMITED);
        addLimited(0, 1, 165_000, SELL_AT_TARIFF);
        addTo(1, 2);
        warpToSlot(s + 8);
        measure(0, 100, 0);
        measure(1, 0, 100);
        clearFirstMarkets();
    }

    function test_LVL2_aChargeAboveTheGapStopsTheTrade() public {
        _gap(20_000);
        runFirstCell();
        vm.assertTrue(!boughtIn(0, s).traded, "150 and 20 are more than 165");
        assertGain(0, -100 * 250_000, "all from the supplier");
        vm.assertEq(paidTo(4), 0, "nothing crossed, nothing is charged");
        assertDone();
    }

    function test_LVL2_aChargeBelowTheGapIsPaidOnTop() public {
        _gap(10_000);
        runFirstCell();
        assertBought(0, 100, "145 and 10 are less than 165");
        assertGain(0, -100 * 155_000, "the buyer pays the charge of his edge");
        assertGain(1, 100 * 145_000, "the seller that of his: none");
        vm.assertEq(paidTo(4), 8 * 100 * 10_000, "which is the operator's");
        assertDone();
    }

    /// @dev What the charge moves beyond the ticks is not sent at all.
    function test_LVL2_aChargeBeyondTheTicksLeavesNothingToSend() public {
        _gap(400_000);
        vm.assertEq(ladderOf(grids[0]).length, 2, "bounds and no entry");
        runFirstCell();
        vm.assertTrue(!boughtIn(0, s).traded, "nothing crosses");
        assertDone();
    }

    /// @dev A market three levels below the top; what its edge and the one above it take leads out of 32 bits.
    function _tallTree(uint32 chargeAbove) private returns (bytes32[3] memory chain) {
        uint32 area;
        for (uint32 i; i < 4; ++i) {
            vm.prank(registrar);
            area = registry.addArea(area, operatorOf(8 + i));
            if (i != 0) setEdge(area, i == 3 ? 2 ** 31 - 1 : i == 2 ? chargeAbove : 0, UNLIMITED, UNLIMITED, UNLIMITED);
            if (i == 3) continue;
            chain[i] = createLevel(levelRules(area));
            if (i != 0) attach(chain[i], chain[i - 1]);
        }
        IMarkets.MarketParams memory p = params();
        p.area = area;
        grids[0] = createMarket(p);
        attach(grids[0], chain[2]);
        addTo(0, 1);
        warpToSlot(s + 8);
        postKeptFlat(0, w, 100, 0);
        clearMarket(0);
        for (uint256 i = 3; i > 0; --i) clearLevel(chain[i - 1]);
    }

    function test_LVL2_chargesBeyondAllPricesLeaveNoPriceAbove() public {
        uint256 start = vm.snapshotState();
        uint32[2] memory above = [uint32(0), 2 ** 31 - 1];
        for (uint256 n; n < 2; ++n) {
            bytes32[3] memory chain = _tallTree(above[n]);
            for (uint256 i; i < 3; ++i) {
                (uint256 word,) = levels.resultOf(chain[i], s);
                vm.assertEq(word, 0, "r is far below f on every level");
            }
            vm.revertToState(start);
        }
    }

    function test_LVL1_withoutAPriceAllThatWasSentGoesOn() public {
        // 230 - 90 is below 60 + 90.
        setEdge(4, 50_000, UNLIMITED, UNLIMITED, UNLIMITED);
        setEdge(5, 90_000, UNLIMITED, UNLIMITED, UNLIMITED);
        addTo(0, 1);
        addTo(1, 2);
        warpToSlot(s + 8);
        measure(0, 100, 0);
        measure(1, 0, 90);
        clearFirstMarkets();
        clearLevel(cells[0]);
        (uint256 word, uint256 sells) = levels.resultOf(cells[0], s + 3);
        vm.assertTrue(word == 0 && sells == 0, "r is below f: no auction");
        (uint256 wh, uint256 tick,) = sentOf(cells[0], 0, false, 0);
        vm.assertTrue(wh == 100 && tick == 125, "all buys go on");
        (wh, tick,) = sentOf(cells[0], 0, true, 0);
        vm.assertTrue(wh == 90 && tick == 100, "and all sells, though they would have met");
        pastCollect(1);
        clearLevel(root);
        (word,) = levels.resultOf(root, s + 3);
        vm.assertEq(word, 0, "nor is there a price above, since r falls and f rises on the way");
        shareLevel(root);
        shareLevel(cells[0]);
        settleMarket(0);
        settleMarket(1);
        assertGain(0, -100 * 250_000, "the supplier takes all");
        assertGain(1, 90 * 60_000, "the supplier gives all");
        assertDone();
    }
}
