// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILevels} from "../../contracts/interfaces/ILevels.sol";
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
        vm.prank(operatorOf(4));
        levels.setCritical(meter, window, critical);
    }

    /// @dev Slots 2 to 4 have no grid.
    function loseGrid() internal {
        warpToSlot(s + 1);
        levels.signalGridLoss(lossOf(4, s + 2, s + 5, operatorKey(4)));
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
        for (uint256 k; k < 2; ++k) settlement.settle(grids[k], w, 1, type(uint32).max);
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
        ISettlement.Result memory first = settlement.criticalResultOf(grids[0], s + 2);
        vm.assertEq(first.matchedWh, 100, "critical loads have bought all they offered for");
        vm.assertEq(first.priceNano, 150_000, "at the price of all");
        vm.assertEq(boughtIn(0, s + 2).matchedWh, 20, "the others what is left");
        vm.assertEq(soldIn(0, s + 2).matchedWh, 120, "sold is bought");
        vm.assertEq(boughtIn(0, s + 1).matchedWh, 120, "one result while there is a grid");
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
        vm.assertEq(boughtIn(0, s + 3).matchedWh, 0, "nothing is left for others");
        vm.assertEq(boughtIn(0, s + 3).priceNano, 150_000, "the price is told all the same");
        vm.assertEq(settlement.criticalResultOf(grids[0], s + 3).matchedWh, 120, "all goes to critical loads");
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
        vm.assertEq(settlement.criticalResultOf(grids[0], s + 2).matchedWh, 120, "one result for all");
        assertDone();
    }

    function test_TAG5_inStepsTheSame() public {
        setCritical(1, w, true);
        loseGrid();
        readings();
        vm.warp(windowEnd(w) + params().postSeconds);
        vm.recordLogs();
        for (uint256 i; i < 3; ++i) settlement.clear(grids[0], w, 1, 1);
        gather();
        clearMarket(1);
        share();
        vm.assertEq(settlement.criticalResultOf(grids[0], s + 2).matchedWh, 100, "as in one go");
        vm.assertEq(boughtIn(0, s + 4).matchedWh, 20, "as in one go");
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
