// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILevels} from "../../contracts/interfaces/ILevels.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {LevelWorld} from "./LevelWorld.sol";

/// @dev A microgrid that has lost its grid: homes 0 and 1 buy 100 Wh each in a slot, home 2 sells 120. The one next door
/// has nothing to sell.
contract LevelCriticalTest is LevelWorld {
    function setUp() public {
        deployTree(true);
        for (uint256 i; i < 3; ++i) addTo(0, 1);
        addTo(1, 1);
    }

    function setCritical(uint256 id, uint32 window, bool critical) internal {
        uint32 meter = homes[id].meter;
        address operator = operatorOf(registry.areaOf(meter));
        vm.prank(operator);
        levels.setCritical(meter, window, critical);
    }

    /// @dev The CELL has lost its grid. Homes 0 and 1 buy 100 Wh each, home 2 sells so much; home 4, a critical load in
    /// the other microgrid, buys 80.
    function loseCell(uint256 soldWh) internal returns (uint256 id) {
        id = addTo(1, 1);
        setCritical(id, w, true);
        loseGrid(2);
        measure(0, 100, 0);
        measure(1, 100, 0);
        measure(2, 0, soldWh);
        measure(id, 80, 0);
    }

    /// @dev Slots 2 to 4 have no grid.
    function loseGrid() internal {
        loseGrid(4);
    }

    function loseGrid(uint32 area) internal {
        warpToSlot(s + 1);
        levels.signalGridLoss(lossOf(area, s + 2, s + 5, operatorKey(area)));
        warpToSlot(s + 8);
    }

    function readings() internal {
        measure(0, 100, 0);
        measure(1, 100, 0);
        measure(2, 0, 120);
        measure(3, 1, 0);
    }

    function run() internal {
        clearFirstMarkets();
        share();
    }

    function share() internal {
        clearLevel(cells[0]);
        pastVoid(1);
        shareLevel(cells[0]);
        for (uint256 k; k < 2; ++k) settlement.settle(grids[k], w, 1, type(uint32).max, offers(grids[k], w, 1));
    }

    function assertAll(uint256 id, int256 nano, string memory why) internal view {
        vm.assertEq(gain(id), nano, why);
    }

    function test_TAG5_criticalLoadsComeFirst() public {
        setCritical(1, w, true);
        loseGrid();
        readings();
        run();
        // 60 and 60 while there is a grid; else 20 and 100.
        assertAll(0, -(5 * 60 + 3 * 20) * 150_000 - (5 * 40 + 3 * 80) * 250_000, "the other buyer");
        assertAll(1, -(5 * 60 + 3 * 100) * 150_000 - 5 * 40 * 250_000, "the critical load");
        assertAll(2, 8 * 120 * 150_000, "the seller sells all");
        ISettlement.Result memory r = boughtIn(0, s + 2);
        vm.assertEq(r.matchedWh, 120, "one result for all");
        vm.assertEq(soldIn(0, s + 2).matchedWh, 120, "sold is bought");
        vm.assertEq(boughtIn(0, s + 1).matchedWh, 120, "as while there is a grid");
        vm.assertEq(r.priceNano, 150_000, "at one price");
        vm.assertEq(r.fillWh, 20, "of the others what is left");
        vm.assertEq(r.liveWh, 100, "of what they have offered for");
        assertDone();
    }

    function test_TAG5_criticalLoadsShareWhatIsTooLittle() public {
        uint256 id = addTo(0, 1);
        setCritical(0, w, true);
        setCritical(id, w, true);
        loseGrid();
        readings();
        measure(id, 60, 0);
        run();
        // 75 of 100 and 45 of 60; the third buyer has nothing. With a grid 46.15, 46.15 and 27.7 of 260.
        vm.assertEq(boughtIn(0, s + 3).buyTick, 255, "nothing is left for others");
        vm.assertEq(boughtIn(0, s + 3).matchedWh, 120, "all goes to critical loads");
        vm.assertEq(boughtIn(0, s + 3).priceNano, 150_000, "at the price of all");
        assertAll(0, -(3 * 75 + 5 * 46) * 150_000 - (3 * 25 + 5 * 54) * 250_000, "75 of 100");
        assertAll(2, 8 * 120 * 150_000, "the seller sells all");
        assertDone();
    }

    function test_TAG5_aLimitBelowThePriceKeepsOut() public {
        uint256 id = addLimited(0, 1, 140_000, 250_000);
        setCritical(id, w, true);
        loseGrid();
        readings();
        measure(id, 60, 0);
        run();
        assertAll(id, -8 * 60 * 250_000, "it does not want to pay so much");
        assertAll(0, -8 * (60 * 150_000 + 40 * 250_000), "so nothing changes for the others");
        vm.assertEq(boughtIn(0, s + 2).matchedWh, 120, "who have all there is");
        assertDone();
    }

    function test_TAG5_inStepsTheSame() public {
        setCritical(1, w, true);
        loseGrid();
        readings();
        vm.warp(windowEnd(w) + params().postSeconds);
        vm.recordLogs();
        for (uint256 i; i < 3; ++i) settlement.clear(grids[0], w, 1, 1, offers(grids[0], w, 1));
        gather();
        clearMarket(1);
        share();
        vm.assertEq(boughtIn(0, s + 2).matchedWh, 120, "as in one go");
        vm.assertEq(boughtIn(0, s + 4).fillWh, 20, "as in one go");
        vm.assertEq(boughtIn(0, s + 4).liveWh, 100, "as in one go");
    }

    /// @dev Home 4 comes before home 3, at what the first microgrid has left.
    function test_TAG5_inACellTheyComeFirstInEachAuction() public {
        uint256 id = loseCell(300);
        measure(3, 100, 0);
        run();
        // 100 are left next door: 55.6 and 44.4 while there is a grid, else 20 and 80.
        vm.assertEq(boughtIn(1, s + 2).matchedWh, 100, "what is left is shared in the CELL");
        vm.assertEq(boughtIn(1, s + 2).fillWh, 20, "what critical loads have left");
        assertAll(0, -8 * 100 * 150_000, "next door nobody has less");
        int256 with = fillsWithGrid(80, 180);
        assertAll(id, -with * 150_000 - (8 * 80 - with) * 250_000, "all it wants, without a grid");
        assertDone();
    }

    /// @dev Five slots with a grid, shared pro rata in the order of the index; three without, where all is bought.
    function fillsWithGrid(uint256 wh, uint256 offered) internal pure returns (int256) {
        // The member is the last, so it has what the carry leaves: the first has x = 100 wh / offered rounded down.
        return int256(5 * (100 - (100 * (offered - wh)) / offered) + 3 * wh);
    }

    function test_TAG5_inACellTheyShareWhatIsTooLittle() public {
        setCritical(0, w, true);
        loseCell(150);
        measure(3, 0, 30);
        run();
        // Next door first: 100 of home 0, 50 of home 1. In the CELL nothing is left of it; home 3 sells to home 4.
        vm.assertEq(boughtIn(0, s + 2).fillWh, 50, "home 1 has what home 0 leaves");
        vm.assertEq(boughtIn(1, s + 2).matchedWh, 30, "each area serves its own first");
        vm.assertEq(boughtIn(1, s + 2).buyTick, 255, "its critical loads");
        assertDone();
    }

    /// @dev The whole tree has no grid. Homes 0 and 3 are critical loads, the way of home 3 is dearer by ten ticks; all
    /// that is sold is in the other CELL.
    function test_TAG5_amongThemselvesTheyAreEqualWhateverTheirWayCosts() public {
        setEdge(5, 20_000, UNLIMITED, UNLIMITED, UNLIMITED);
        uint256 seller = addTo(2, 1);
        setCritical(0, w, true);
        setCritical(3, w, true);
        loseGrid(1);
        measure(0, 100, 0);
        measure(1, 100, 0);
        measure(2, 0, 0);
        measure(3, 100, 0);
        measure(seller, 0, 120);
        for (uint256 k; k < 3; ++k) clearMarket(k);
        clearLevel(cells[0]);
        pastCollect(2);
        clearLevel(cells[1]);
        clearLevel(root);
        shareLevels();
        for (uint256 k; k < 3; ++k) settlement.settle(grids[k], w, 1, type(uint32).max, offers(grids[k], w, 1));
        vm.assertEq(boughtIn(0, s + 1).matchedWh, 120, "with a grid the nearer ones come first");
        vm.assertEq(boughtIn(0, s + 2).matchedWh, 60, "without, critical loads share what there is");
        vm.assertEq(boughtIn(1, s + 2).matchedWh, 60, "to the same part");
        vm.assertEq(boughtIn(0, s + 2).priceNano, 150_000, "at the price of all");
        vm.assertEq(boughtIn(1, s + 2).priceNano, 170_000, "and the charge of their way");
        assertDone();
    }

    function test_TAG5_theHighestTickIsTheirsAlone() public {
        // At 460,000 and above the tick is the highest one.
        tariff(2, 470_000, 50_000);
        uint256 id = addTo(0, 2);
        setCritical(1, w, true);
        loseGrid();
        readings();
        measure(id, 100, 0);
        run();
        // 120 for 300: 40 each while there is a grid were it not for the higher tariff, whose limit is better.
        vm.assertEq(boughtIn(0, s + 1).buyTick, 150, "with a grid the best limits come first");
        ISettlement.Result memory r = boughtIn(0, s + 2);
        vm.assertEq(r.buyTick, 254, "without, the tick below the highest comes after critical loads");
        vm.assertEq(r.fillWh, 20, "with what they leave");
        assertDone();
    }

    function test_TAG5_registeredByTheOperatorFromAWindowOn() public {
        uint32 meter = homes[0].meter;
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ILevels.NotAreaOperator.selector, 4, stranger));
        levels.setCritical(meter, w, true);
        vm.startPrank(operatorOf(4));
        vm.expectEmit(address(levels));
        emit ILevels.CriticalSet(meter, w + 2, true);
        levels.setCritical(meter, w + 2, true);
        vm.expectRevert(abi.encodeWithSelector(ILevels.LaterChangePending.selector, (w + 2) * 8));
        levels.setCritical(meter, w + 1, true);
        levels.setCritical(meter, w + 4, false);
        vm.assertTrue(!levels.isCritical(meter, w + 1), "not yet");
        vm.assertTrue(levels.isCritical(meter, w + 2) && levels.isCritical(meter, w + 3), "from then on");
        vm.assertTrue(!levels.isCritical(meter, w + 4), "until it is taken back");
        levels.setCritical(meter, w + 4, true);
        vm.assertTrue(levels.isCritical(meter, w + 4), "said anew before it begins");
        warpToSlot(s + 8);
        vm.expectRevert(abi.encodeWithSelector(ILevels.WindowHasBegun.selector, w + 1));
        levels.setCritical(homes[1].meter, w + 1, true);
        vm.stopPrank();
    }
}

/// @dev With a fee that leaves no price to a buyer at his tariff.
contract LevelIslandFeeTest is LevelWorld {
    function params() internal view override returns (IMarkets.MarketParams memory p) {
        p = super.params();
        (p.kPpm, p.buyFeeNano) = (1_000_000, 30_000);
    }

    function test_TAG5_P31_nobodyPaysMoreThanHisTariff() public {
        deployTree(true);
        for (uint256 i; i < 2; ++i) addTo(0, 1);
        uint32 meter = homes[0].meter;
        vm.prank(operatorOf(4));
        levels.setCritical(meter, w, true);
        warpToSlot(s + 1);
        levels.signalGridLoss(lossOf(2, s + 2, s + 5, operatorKey(2)));
        warpToSlot(s + 8);
        measure(0, 100, 0);
        measure(1, 0, 100);
        (int32 retailNano,, int32 priceNano,) = settlement.referenceAt(grids[0], s + 1);
        vm.assertEq(retailNano, 250_000, "r is the tariff while there is a grid");
        vm.assertEq(priceNano, 250_000, "and so is p, which the fee puts out of reach");
        (retailNano,, priceNano,) = settlement.referenceAt(grids[0], s + 2);
        vm.assertEq(retailNano, 250_000, "the tariff is the same without a grid");
        vm.assertEq(priceNano, 220_000, "so p and the fee are the tariff");
        clearMarket(0);
        pastCollect(2);
        clearLevel(cells[0]);
        pastVoid(1);
        shareLevel(cells[0]);
        vm.assertTrue(!boughtIn(0, s + 1).traded && boughtIn(0, s + 2).traded, "only then is there a trade");
        vm.assertTrue(!boughtIn(0, s + 1).island && boughtIn(0, s + 2).island, "which the result tells");
        settlement.settle(grids[0], w, 1, type(uint32).max, offers(grids[0], w, 1));
        vm.assertEq(gain(0), -8 * 100 * 250_000, "not a unit more than the tariff");
        assertDone();
    }
}
