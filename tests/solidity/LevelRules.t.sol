// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {ILevels} from "../../contracts/interfaces/ILevels.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {LevelWorld} from "./LevelWorld.sol";

/// @dev What is refused, and with which error: trees, edges, numbers that are handed in, and who may call.
contract LevelRulesTest is LevelWorld {
    function setUp() public {
        deployTree(true);
    }

    /// @dev The next call of the market operator fails with this.
    function _fails(bytes memory why) private {
        vm.prank(marketOperator);
        vm.expectRevert(why);
    }

    function _area(uint32 parent) private returns (uint32) {
        vm.prank(registrar);
        return registry.addArea(parent, operatorOf(77));
    }

    function _marketIn(uint32 area) private returns (bytes32) {
        IMarkets.MarketParams memory p = params();
        p.area = area;
        return createMarket(p);
    }

    /* LEVELS */

    function test_levelsAreWhatTheyWereCreatedWith() public {
        uint32 area = _area(2);
        ILevels.LevelParams memory p = levelRules(area);
        bytes32 id = keccak256(abi.encode(p));
        vm.expectEmit(address(levels));
        emit ILevels.LevelCreated(id, area, p);
        vm.assertEq(createLevel(p), id, "the id is the hash of the parameters");
        vm.assertEq(keccak256(abi.encode(levels.levelParams(id))), id, "they are kept");
        ILevels.Node memory node = levels.nodeOf(id);
        vm.assertTrue(node.isLevel && node.area == area && node.parent == 0, "a root until it is attached");
        node = levels.nodeOf(grids[3]);
        vm.assertTrue(!node.isLevel && node.area == 7 && node.index == 1 && node.fromWindow == w, "a market's place");
        vm.assertEq(node.parent, cells[1], "and its level");
        bytes32[] memory children = levels.childrenOf(cells[1]);
        vm.assertTrue(children.length == 2 && children[1] == grids[3], "children in the order of their coming");
    }

    function test_levelParametersAreChecked() public {
        uint32 area = _area(2);
        ILevels.LevelParams memory p = levelRules(area);
        p.slotSeconds = 900;
        _badLevel(p, "slotSeconds");
        p = levelRules(area);
        p.kPpm = 1_000_001;
        _badLevel(p, "kPpm");
        p = levelRules(area);
        p.tickNano = 0;
        _badLevel(p, "tickNano");
        p.tickNano = 2 ** 31;
        _badLevel(p, "tickNano");
        p = levelRules(area);
        p.voidSeconds = p.collectSeconds;
        _badLevel(p, "voidSeconds");
        p.voidSeconds = 126 * 8 * slotSeconds() + 1;
        _badLevel(p, "voidSeconds");
        p = levelRules(99);
        _fails(abi.encodeWithSelector(IRegistry.UnknownArea.selector, 99));
        levels.createLevel(p);
        p = levelRules(2);
        _fails(abi.encodeWithSelector(ILevels.LevelExists.selector, cells[0]));
        levels.createLevel(p);
        p.kPpm = 1;
        _fails(abi.encodeWithSelector(ILevels.AreaTaken.selector, 2));
        levels.createLevel(p);
        p.area = 4;
        _fails(abi.encodeWithSelector(ILevels.AreaTaken.selector, 4));
        levels.createLevel(p);
    }

    function _badLevel(ILevels.LevelParams memory p, string memory what) private {
        _fails(abi.encodeWithSelector(ILevels.BadParameter.selector, what));
        levels.createLevel(p);
    }

    function test_whoeverIsNotInTheTreeIsNotKnown() public {
        bytes32 none = bytes32(uint256(7));
        bytes memory unknown = abi.encodeWithSelector(ILevels.UnknownLevel.selector, none);
        vm.expectRevert(unknown);
        levels.levelParams(none);
        vm.expectRevert(unknown);
        levels.childrenOf(none);
        vm.expectRevert(unknown);
        levels.windowState(none, w);
        vm.expectRevert(unknown);
        levels.resultOf(none, s);
        vm.expectRevert(unknown);
        levels.clear(none, w, inOne(new uint256[][](0)));
        vm.expectRevert(abi.encodeWithSelector(ILevels.WrongLevelPhase.selector, w, ILevels.LevelPhase.Absent));
        levels.share(none, w, inOne(new uint256[][](0)));
        vm.expectRevert(abi.encodeWithSelector(ILevels.NothingToDo.selector));
        levels.clear(none, w, new uint256[][][](0));
        vm.expectRevert(abi.encodeWithSelector(ILevels.NothingToDo.selector));
        levels.share(none, w, new uint256[][][](0));
        _fails(unknown);
        levels.attach(grids[0], none, w);
        _fails(abi.encodeWithSelector(ILevels.UnknownNode.selector, none));
        levels.attach(none, cells[0], w);
        vm.assertEq(levels.edgesOf(none, w, 3).length, 0, "a market outside any tree has no edges");
    }

    function test_onlyTheMarketOperatorBuildsTrees() public {
        vm.startPrank(stranger);
        expectRevert(IAccessManaged.AccessManagedUnauthorized.selector);
        levels.createLevel(levelRules(3));
        expectRevert(IAccessManaged.AccessManagedUnauthorized.selector);
        levels.attach(grids[0], cells[0], w);
        vm.stopPrank();
    }

    /* ATTACHING */

    function test_attachRefuses() public {
        bytes32 other = _marketIn(_area(2));
        _fails(abi.encodeWithSelector(ILevels.NotAChild.selector, 8, 3));
        levels.attach(other, cells[1], w);
        _fails(abi.encodeWithSelector(ILevels.NotAChild.selector, 8, 1));
        levels.attach(other, root, w);
        uint32 running = slotNow() / 8;
        _fails(abi.encodeWithSelector(ILevels.WindowHasBegun.selector, running));
        levels.attach(other, cells[0], running);
        _fails(abi.encodeWithSelector(ILevels.AlreadyAttached.selector, grids[0]));
        levels.attach(grids[0], cells[0], w);
        _fails(abi.encodeWithSelector(ILevels.AlreadyAttached.selector, cells[0]));
        levels.attach(cells[0], root, w);
        IMarkets.MarketParams memory p = params();
        (p.area, p.kPpm) = (4, 1);
        bytes32 second = createMarket(p);
        _fails(abi.encodeWithSelector(ILevels.AreaTaken.selector, 4));
        levels.attach(second, cells[0], w);
        (p.area, p.tickNano) = (8, 1000);
        second = createMarket(p);
        _fails(abi.encodeWithSelector(ILevels.TicksDiffer.selector));
        levels.attach(second, cells[0], w);
        (p.floorNano, p.tickNano) = (-50_001, 2000);
        second = createMarket(p);
        _fails(abi.encodeWithSelector(ILevels.TicksDiffer.selector));
        levels.attach(second, cells[0], w);
        vm.expectEmit(address(levels));
        emit ILevels.Attached(other, cells[0], 8, 2, running + 1);
        vm.prank(marketOperator);
        levels.attach(other, cells[0], running + 1);
    }

    function test_ticksOfALevelMustBeThoseOfItsParent() public {
        ILevels.LevelParams memory p = levelRules(_area(1));
        p.floorNano = 0;
        bytes32 level = createLevel(p);
        _fails(abi.encodeWithSelector(ILevels.TicksDiffer.selector));
        levels.attach(level, root, w);
    }

    /// @dev Eight edges between a market and its root, not nine; also where two trees are joined.
    function test_aTreeIsAtMostEightEdgesHigh() public {
        bytes32[9] memory chain;
        uint32 area;
        for (uint256 i; i < 9; ++i) {
            area = _area(area);
            chain[i] = createLevel(levelRules(area));
            if (i != 0 && i != 4) attach(chain[i], chain[i - 1]);
        }
        bytes32 lowest = _marketIn(_area(area));
        uint256 start = vm.snapshotState();
        attach(lowest, chain[8]);
        _fails(abi.encodeWithSelector(ILevels.TooDeep.selector));
        levels.attach(chain[4], chain[3], w);
        vm.revertToState(start);
        attach(chain[4], chain[3]);
        _fails(abi.encodeWithSelector(ILevels.TooDeep.selector));
        levels.attach(lowest, chain[8], w);
        bytes32 higher = _marketIn(_area(area - 1));
        attach(higher, chain[7]);
        vm.assertEq(levels.nodeOf(higher).parent, chain[7], "eight edges up to the root");
    }

    /* EDGES */

    function test_setEdgeRefuses() public {
        ILevels.EdgeTerms memory e = ILevels.EdgeTerms(s + 8, 1, 2, 3, 4);
        vm.expectRevert(abi.encodeWithSelector(ILevels.NotAreaOperator.selector, 4, address(this)));
        levels.setEdge(4, e);
        vm.startPrank(operatorOf(4));
        vm.expectRevert(abi.encodeWithSelector(ILevels.NotAreaOperator.selector, 5, operatorOf(4)));
        levels.setEdge(5, e);
        e.fromSlot = s + 1;
        vm.expectRevert(abi.encodeWithSelector(ILevels.NotAtWindow.selector, s + 1));
        levels.setEdge(4, e);
        e.fromSlot = slotNow();
        vm.expectRevert(abi.encodeWithSelector(ILevels.SlotHasBegun.selector, slotNow(), slotNow()));
        levels.setEdge(4, e);
        (e.fromSlot, e.chargeNano) = (s + 8, 2 ** 31);
        vm.expectRevert(abi.encodeWithSelector(ILevels.BadParameter.selector, "chargeNano"));
        levels.setEdge(4, e);
        e.chargeNano = 1;
        vm.expectEmit(address(levels));
        emit ILevels.EdgeSet(4, s + 8, 1, 2, 3, 4);
        levels.setEdge(4, e);
        e.fromSlot = s;
        vm.expectRevert(abi.encodeWithSelector(ILevels.LaterChangePending.selector, s + 8));
        levels.setEdge(4, e);
        (e.fromSlot, e.upWh) = (s + 8, 20);
        levels.setEdge(4, e);
        vm.stopPrank();
        vm.assertEq(levels.edgeAt(4, s + 8).upWh, 20, "said again before it holds, the later word counts");
        vm.assertEq(levels.edgeAt(4, s + 7).upWh, UNLIMITED, "until then the earlier terms hold");
        warpToSlot(s + 8);
        vm.assertEq(levels.edgeAt(4, s + 7).upWh, UNLIMITED, "and for ever for the slots before");
    }

    function test_edgesOfAMarketInOneWord() public {
        vm.prank(operatorOf(4));
        levels.setEdge(4, ILevels.EdgeTerms(s + 8, 1, 2, 3, 4));
        uint256[] memory words = levels.edgesOf(grids[0], w - 1, 3);
        uint256 nothing = uint256(UNLIMITED) * 2 ** 96;
        vm.assertEq(words[0], nothing, "before anything was said, and before it belongs to the level");
        vm.assertEq(words[1], 2 ** 136 + nothing + (2 ** 64 - 1) * 2 ** 32, "unlimited, and the level takes");
        vm.assertEq(words[2], 2 ** 136 + uint256(4) * 2 ** 96 + uint256(3) * 2 ** 64 + 2 * 2 ** 32 + 1, "as said");
    }

    /// @dev An operator announces hundreds of changes; clearing does not read them one by one.
    function test_changesAheadDoNotMakeClearingDear() public {
        vm.startPrank(operatorOf(4));
        for (uint32 i = 1; i <= 400; ++i) levels.setEdge(4, ILevels.EdgeTerms(s + 8 * i, i, i, i, i));
        vm.stopPrank();
        vm.assertEq(levels.edgeAt(4, s + 8 * 123 + 7).upWh, 123, "the terms of their slot");
        vm.assertEq(levels.edgeAt(4, s + 8 * 400).upWh, 400, "the last ones");
        vm.assertEq(levels.edgeAt(4, s).upWh, UNLIMITED, "the first ones");
        uint256 before = gasleft();
        levels.edgesOf(grids[0], w, 1);
        vm.assertLt(before - gasleft(), 150_000, "gas of asking for a window");
    }

    /* NUMBERS THAT ARE HANDED IN */

    /// @dev Two in the first cell that trade there.
    function _posted() private {
        addTo(0, 1);
        addTo(1, 2);
        warpToSlot(s + 8);
        measure(0, 100, 0);
        measure(1, 0, 60);
    }

    function _wrong(uint256[][] memory ladders, bytes32 child) private {
        vm.expectRevert(abi.encodeWithSelector(ILevels.WrongLadder.selector, child));
        levels.clear(cells[0], w, inOne(ladders));
    }

    function test_onlyWhatAChildHasSentCounts() public {
        _posted();
        clearFirstMarkets();
        uint256[][] memory ladders = laddersOf(cells[0], ALL);
        ladders[1][2] += 1;
        _wrong(ladders, grids[1]);
        ladders[1][2] -= 1;
        (ladders[0], ladders[1]) = (ladders[1], ladders[0]);
        _wrong(ladders, grids[0]);
        ladders = laddersOf(cells[0], ALL);
        ladders[1] = new uint256[](0);
        _wrong(ladders, grids[1]);
        ladders = new uint256[][](3);
        vm.expectRevert(abi.encodeWithSelector(ILevels.TooManyLadders.selector, 3, 2));
        levels.clear(cells[0], w, inOne(ladders));
        clearLevel(cells[0]);
        pastVoid(1);
        ladders = laddersOf(cells[0], ALL);
        ladders[0][2] += 1;
        vm.expectRevert(abi.encodeWithSelector(ILevels.WrongLadder.selector, grids[0]));
        levels.share(cells[0], w, inOne(ladders));
        ladders = new uint256[][](3);
        vm.expectRevert(abi.encodeWithSelector(ILevels.TooManyLadders.selector, 3, 2));
        levels.share(cells[0], w, inOne(ladders));
        sharePart(cells[0], 1);
        vm.expectRevert(abi.encodeWithSelector(ILevels.TooManyLadders.selector, 3, 1));
        levels.share(cells[0], w, inOne(ladders));
    }

    function test_aChildThatHasSentNothingHasNoLadder() public {
        _posted();
        clearMarket(0);
        pastCollect(2);
        uint256[][] memory ladders = laddersOf(cells[0], ALL);
        ladders[1] = ladders[0];
        _wrong(ladders, grids[1]);
        clearLevel(cells[0]);
        pastVoid(1);
        vm.expectRevert(abi.encodeWithSelector(ILevels.WrongLadder.selector, grids[1]));
        levels.share(cells[0], w, inOne(ladders));
    }

    /* PHASES */

    function _phaseIs(ILevels.LevelPhase phase_) private {
        vm.expectRevert(abi.encodeWithSelector(ILevels.WrongLevelPhase.selector, w, phase_));
    }

    function test_eachStepInItsTurnAndOnce() public {
        _posted();
        vm.warp(windowEnd(w) - 1);
        vm.expectRevert(abi.encodeWithSelector(ILevels.NotDelivered.selector, w));
        levels.clear(cells[0], w, inOne(new uint256[][](0)));
        vm.warp(windowEnd(w));
        clearFirstMarkets();
        use(0);
        vm.expectRevert(
            abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Awaiting)
        );
        settleAll(w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.LevelsPending.selector, w));
        settlement.passOver(market, w);
        uint256[][] memory ladders = laddersOf(cells[0], ALL);
        _phaseIs(ILevels.LevelPhase.Absent);
        levels.share(cells[0], w, inOne(ladders));
        _phaseIs(ILevels.LevelPhase.Absent);
        levels.resultOf(cells[0], s);
        clearPart(cells[0], 1);
        _phaseIs(ILevels.LevelPhase.Clearing);
        levels.share(cells[0], w, inOne(ladders));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.LevelsPending.selector, w));
        settlement.passOver(market, w);
        clearPart(cells[0], 1);
        _phaseIs(ILevels.LevelPhase.Cleared);
        levels.clear(cells[0], w, inOne(ladders));
        vm.expectRevert(abi.encodeWithSelector(ILevels.AbovePending.selector, root, w));
        levels.share(cells[0], w, inOne(ladders));
        pastVoid(1);
        levels.share(cells[0], w, inOne(ladders));
        _phaseIs(ILevels.LevelPhase.Shared);
        levels.share(cells[0], w, inOne(ladders));
        _phaseIs(ILevels.LevelPhase.Shared);
        levels.clear(cells[0], w, inOne(ladders));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Cleared));
        settlement.passOver(market, w);
        settleMarket(0);
        settleMarket(1);
        assertDone();
    }

    function test_aStepThatIsNeverFinishedIsPassedOver() public {
        _posted();
        clearFirstMarkets();
        clearPart(cells[0], 1);
        pastVoid(2);
        uint256[][] memory ladders = laddersOf(cells[0], ALL);
        vm.expectRevert(abi.encodeWithSelector(ILevels.PassedOver.selector, w));
        levels.clear(cells[0], w, inOne(ladders));
        settlement.passOver(grids[0], w);
        settlement.passOver(grids[1], w);
        settleMarket(0);
        settleMarket(1);
        assertDone();
        // Its book is not taken for that of the window that comes to its place.
        uint32 next = w + 128;
        vm.warp(windowEnd(next) + levelRules(2).collectSeconds);
        levels.clear(cells[0], next, inOne(new uint256[][](2)));
        (uint256 word,) = levels.resultOf(cells[0], next * 8);
        vm.assertEq(word, 0, "nothing was sent, nothing is traded");
    }

    function test_aWindowThatWaitsToBeSharedKeepsItsPlace() public {
        _posted();
        clearFirstMarkets();
        clearLevel(cells[0]);
        uint32 next = w + 128;
        vm.assertEq(levels.edgesOf(grids[0], next, 1)[0] / 2 ** 136, 0, "so nothing is taken for a later one");
        vm.warp(windowEnd(next) + levelRules(2).collectSeconds);
        vm.expectRevert(abi.encodeWithSelector(ILevels.RingFull.selector, next, w));
        levels.clear(cells[0], next, inOne(new uint256[][](2)));
        shareLevel(cells[0]);
        vm.assertEq(levels.edgesOf(grids[0], next, 1)[0] / 2 ** 136, 1, "until it is shared");
        levels.clear(cells[0], next, inOne(new uint256[][](2)));
        vm.expectRevert(abi.encodeWithSelector(ILevels.PassedOver.selector, w));
        levels.clear(cells[0], w, inOne(new uint256[][](2)));
        settleMarket(0);
        settleMarket(1);
        assertDone();
    }

    /* WHO MAY CALL */

    function test_onlyTheContractsCallEachOther() public {
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(ILevels.NotSettlement.selector, stranger));
        levels.send(grids[0], w, new uint256[](2));
        ISettlement.Added memory added;
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotLevels.selector, stranger));
        settlement.adopt(grids[0], w, added);
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotLevels.selector, stranger));
        ledger.settleLevels(root, new ILedger.LevelMove[](0), new ILedger.LevelCharge[](0));
        vm.stopPrank();
    }

    /* A TREE THAT GROWS */

    /// @dev What is shared belongs to the tree as it was in its window, whatever was attached above it meanwhile.
    function test_LVL1_aTreeThatGrowsLeavesNothingInTransit() public {
        deployTree(false);
        setEdge(4, 1000, UNLIMITED, UNLIMITED, UNLIMITED);
        _posted();
        clearFirstMarkets();
        clearLevel(cells[0]);
        sharePart(cells[0], 1);
        uint32 next = slotNow() / 8 + 1;
        vm.prank(marketOperator);
        levels.attach(cells[0], root, next);
        shareLevel(cells[0]);
        settleMarket(0);
        settleMarket(1);
        vm.assertEq(paidTo(4), 8 * 60 * 1000, "the charge of the edge");
        assertDone();
    }
}
