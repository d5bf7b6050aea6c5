// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {MockStage} from "../../contracts/mocks/MockStage.sol";
import {World} from "./World.sol";

/// @dev A market with two stages before the auction.
contract StagesTest is World {
    MockStage private _first;
    MockStage private _second;
    uint32 private _w;
    uint32 private _s;
    uint256 private constant STANDING = 300_000_000;
    int256 private constant START = int256(100 * EUR - STANDING);

    function setUp() public {
        (_first, _second) = (new MockStage(), new MockStage());
        deployWorld();
        _first.bind(settlement);
        _second.bind(settlement);
        for (uint256 i; i < 3; ++i) {
            addMember(1, 100 * EUR);
        }
        fund(supplierA, 100 * EUR);
        _w = firstWindow();
        _s = _w * 8;
    }

    function params() internal view override returns (IMarkets.MarketParams memory p) {
        p = super.params();
        p.stages = new address[](2);
        (p.stages[0], p.stages[1]) = (address(_first), address(_second));
    }

    function _posted() private {
        warpToSlot(_s + 8);
        postFlat(0, _w, 100, 20);
        postFlat(1, _w, 0, 60);
        postFlat(2, _w, 50, 0);
    }

    function _toStages() private {
        vm.warp(windowEnd(_w) + params().postSeconds);
    }

    function _lower(
        uint32 slot,
        uint256 buyer,
        uint256 seller,
        uint32 wh
    ) private {
        _first.lower(market, slot, homes[buyer].meter, homes[seller].meter, wh);
    }

    function test_stagesRunAfterPostingInTheirOrder() public {
        _posted();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.StagePending.selector, _w, uint8(0)));
        _lower(_s, 0, 1, 10);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.StagePending.selector, _w, uint8(0)));
        _first.finish(market, _w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.StagePending.selector, _w, uint8(0)));
        clearAll(_w);
        _toStages();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotStage.selector, address(_second)));
        _second.lower(market, _s, homes[0].meter, homes[1].meter, 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotStage.selector, address(this)));
        settlement.lower(market, _s, homes[0].meter, homes[1].meter, 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotStage.selector, address(this)));
        settlement.finishStage(market, _w);
        _lower(_s, 0, 1, 10);
        vm.expectEmit(address(settlement));
        emit ISettlement.StageFinished(market, _w, 0);
        _first.finish(market, _w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotStage.selector, address(_first)));
        _lower(_s, 0, 1, 10);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.StagePending.selector, _w, uint8(1)));
        clearAll(_w);
        _second.lower(market, _s, homes[0].meter, homes[1].meter, 1);
        _second.finish(market, _w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        settlement.finishStage(market, _w);
        clearAll(_w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, _w, ISettlement.Phase.Cleared));
        _second.lower(market, _s, homes[0].meter, homes[1].meter, 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, _w, ISettlement.Phase.Cleared));
        _second.finish(market, _w);
    }

    function test_loweredEnergyLeavesTheAuction() public {
        _posted();
        _toStages();
        uint256 before = locked(homes[0].owner);
        vm.expectEmit(address(settlement));
        emit ISettlement.Lowered(market, _s + 3, homes[0].meter, homes[1].meter, 25);
        _lower(_s + 3, 0, 1, 25);
        vm.assertEq(locked(homes[0].owner), before - 25 * 250_000, "its lock is released");
        vm.assertEq(int256(int32(uint32(ledger.contractedWord(homes[0].meter, _w) >> 96))), 25, "bought");
        vm.assertEq(int256(int32(uint32(ledger.contractedWord(homes[1].meter, _w) >> 96))), -25, "sold");
        vm.assertEq((lanes(homes[0].meter, _w)[0] >> 84) & 0xfffffff, 75, "offer is less");
        _first.finish(market, _w);
        _second.finish(market, _w);
        clearAndSettleUpTo(_w, 1, type(uint32).max);
        vm.assertEq(settlement.resultOf(market, _s + 2).matchedWh, 80, "60 + 20 sold");
        vm.assertEq(settlement.resultOf(market, _s + 3).matchedWh, 55, "25 less");
        // 0: pays charges on all 100 of the import, energy only on what the auction and the supplier gave. With 2 it
        // competes for 80 (55): 100 of 150 offered (75 of 125), carry begins with member 0.
        uint256 fill = uint256(100 * 80) / 150;
        uint256 fill3 = uint256(75 * 55) / 125;
        int256 bill = 7 * (int256(20 - int256(fill)) * 150_000 - int256(100 - fill) * 250_000 - 100 * 130_000);
        bill += int256(20 - int256(fill3)) * 150_000 - int256(75 - fill3) * 250_000 - 100 * 130_000;
        vm.assertEq(wealth(homes[0].owner), int256(100 * EUR - STANDING) + bill, "a kWh of a stage pays charges too");
        vm.assertEq(ledger.transitNano(market), 0, "P6");
        vm.assertEq(locked(homes[0].owner), 0, "P4");
        assertSolvent();
    }

    function test_lowerNoMoreThanPosted() public {
        _posted();
        _toStages();
        bytes4 more = ISettlement.MoreThanPosted.selector;
        vm.expectRevert(abi.encodeWithSelector(more, homes[0].meter, _s));
        _lower(_s, 0, 1, 101);
        vm.expectRevert(abi.encodeWithSelector(more, homes[1].meter, _s));
        _lower(_s, 0, 1, 61);
        vm.expectRevert(abi.encodeWithSelector(more, homes[1].meter, _s));
        _lower(_s, 1, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(more, homes[2].meter, _s));
        _lower(_s, 0, 2, 1);
        _lower(_s, 0, 1, 60);
        vm.expectRevert(abi.encodeWithSelector(more, homes[1].meter, _s));
        _lower(_s, 0, 1, 1);
        // The second side of home 0, which also buys.
        _lower(_s, 2, 0, 20);
        vm.expectRevert(abi.encodeWithSelector(more, homes[0].meter, _s));
        _lower(_s, 2, 0, 1);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotAMember.selector, market, uint32(99)));
        _first.lower(market, _s, 99, homes[1].meter, 1);
        uint32 later = _s + 8;
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, _w + 1, ISettlement.Phase.Absent));
        _lower(later, 0, 1, 1);
    }

    function test_lowerAllOfBothSides() public {
        _posted();
        _toStages();
        for (uint32 i; i < 8; ++i) {
            _lower(_s + i, 0, 1, 60);
            _lower(_s + i, 0, 0, 20);
            vm.assertEq(
                int256(int32(uint32(ledger.contractedWord(homes[0].meter, _w) >> (32 * i)))), 60, "its own pair cancels"
            );
        }
        _first.finish(market, _w);
        _second.finish(market, _w);
        clearAndSettleUpTo(_w, 1, type(uint32).max);
        vm.assertTrue(!settlement.resultOf(market, _s).traded, "no seller is left");
        vm.assertEq(wealth(homes[1].owner), int256(100 * EUR - STANDING), "all sold before the auction");
        vm.assertEq(
            wealth(homes[0].owner), int256(100 * EUR - STANDING) - 8 * (20 * 250_000 + 100 * 130_000), "the rest"
        );
        assertSolvent();
    }

    /// @dev A slot with both sides whose buy is lowered to nothing: its sell is still offered, and filled once.
    function test_P10_sellStaysInTheBookWhereItsBuyIsGone() public {
        warpToSlot(_s + 8);
        postFlat(0, _w, 60, 20);
        postFlat(1, _w, 0, 60);
        postFlat(2, _w, 50, 0);
        _toStages();
        for (uint32 i; i < 8; ++i) {
            _lower(_s + i, 0, 1, 60);
        }
        _first.finish(market, _w);
        _second.finish(market, _w);
        clearAndSettleUpTo(_w, 1, type(uint32).max);
        vm.assertEq(settlement.resultOf(market, _s).matchedWh, 20, "P11: the sell meets the other home's buy");
        vm.assertEq(wealth(homes[0].owner), START + 8 * (20 * 150_000 - 60 * 130_000), "sold to the neighbour");
        vm.assertEq(
            wealth(homes[2].owner),
            START - 8 * (20 * 150_000 + 30 * 250_000 + 50 * 130_000),
            "bought from the neighbour"
        );
        vm.assertEq(ledger.transitNano(market), 0, "P10: bought == sold");
        assertSolvent();
    }

    function test_lateStageIsPassedOver() public {
        _posted();
        _toStages();
        uint256 end = windowEnd(_w) + params().postSeconds;
        vm.warp(end + params().stageSeconds - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotStage.selector, address(this)));
        settlement.finishStage(market, _w);
        vm.warp(end + params().stageSeconds);
        settlement.finishStage(market, _w);
        vm.assertEq(settlement.windowState(market, _w).stage, 1, "the second one's turn");
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotStage.selector, address(this)));
        settlement.finishStage(market, _w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.StagePending.selector, _w, uint8(1)));
        clearAll(_w);
        vm.warp(end + 2 * params().stageSeconds);
        clearAndSettleUpTo(_w, 1, type(uint32).max);
        vm.assertEq(settlement.resultOf(market, _s).matchedWh, 80, "P16: the market does not wait for ever");
    }

    function test_postingEndsWhereStagesBegin() public {
        _posted();
        uint256 late = 2;
        _toStages();
        homes[late].nextSlot = _s + 8;
        IMetering.Reading memory r = record(late, _s + 8, flat(1, 5), flat(1, 0));
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "the next window is still open");
        vm.assertEq((lanes(homes[late].meter, _w + 1)[0] >> 224) & 0xff, 1, "offered");
        vm.warp(windowEnd(_w + 1) + params().postSeconds);
        vm.expectEmit(address(settlement));
        emit ISettlement.LateSettled(market, homes[late].meter, _s + 9, 1);
        post(late, _s + 9, flat(1, 5), flat(1, 0));
    }

    function test_contractsOfAPassedStageCountForLaterReadings() public {
        _posted();
        _toStages();
        _lower(_s, 0, 1, 10);
        // A later reading of a window without contracts is not changed by being near one.
        warpToSlot(_s + 16);
        post(0, _s + 8, flat(8, 30), flat(8, 0));
        vm.assertEq(lanes(homes[0].meter, _w + 1)[0] & 0xfffffff, 30, "metered less nothing");
    }
}
