// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {World} from "./World.sol";

/// @dev Post, clear, settle: each branch by hand. Supplier A: 250 energy, 50 feed-in, 130 charges; p = 150 among its
/// customers (micro-euro per Wh times 1000 = nano).
contract PhasesTest is World {
    uint32 internal w;
    uint32 internal s;
    uint256 internal constant STANDING = 300_000_000;

    function setUp() public {
        deployWorld();
        w = firstWindow();
        s = w * 8;
    }

    function _two() private {
        addMember(1, 100 * EUR);
        addMember(1, 100 * EUR);
        fund(supplierA, 100 * EUR);
    }

    function _notReady(
        uint32 meter
    ) private view returns (bytes memory) {
        return
            abi.encodeWithSelector(ISettlement.NotReady.selector, w, meter, uint64(windowEnd(w) + params().postSeconds));
    }

    function _outcome(
        IMetering.Reading memory r,
        IMetering.Outcome want
    ) private {
        vm.expectEmit(address(metering));
        emit IMetering.ReadingSkipped(r.meter, r.firstSlot, want);
        assertOutcome(postOne(r), want, "outcome");
    }

    /* POSTING */

    function test_postRefusesWhatTheMarketDoesNotTake() public {
        _two();
        uint256 outsider = addHome(1);
        warpToSlot(s + 8);
        _outcome(recordAt(outsider, s, 0, 0, flat(1, 1), flat(1, 1)), IMetering.Outcome.NotAMember);
        IMetering.Reading[] memory rs = new IMetering.Reading[](0);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnknownMarket.selector, bytes32("none")));
        settlement.postReadings("none", rs);
        IMarkets.MarketParams memory p = params();
        p.kPpm = 1;
        bytes32 kept = market;
        market = createMarket(p);
        _outcome(recordAt(0, s, 0, 0, flat(1, 1), flat(1, 1)), IMetering.Outcome.NotAMember);
        market = kept;
        // Refused by the meter's side: as in Metering.
        _outcome(recordAt(0, s, 0, 0, flat(1, 20_001), flat(1, 1)), IMetering.Outcome.AboveFuse);
        _outcome(recordAt(0, s + 8, 0, 0, flat(1, 1), flat(1, 1)), IMetering.Outcome.FutureSlot);
        assertPhase(w, ISettlement.Phase.Absent);
    }

    function test_postRefusesWithoutBillingGradeOrTariff() public {
        _two();
        IRegistry.Terms memory t = terms(homes[0].owner, s + 2, 1, 0);
        t.billingGrade = false;
        vm.startPrank(registrar);
        registry.setTerms(homes[0].meter, t);
        registry.setTerms(homes[1].meter, terms(homes[1].owner, s + 2, 1, 77));
        vm.stopPrank();
        warpToSlot(s + 8);
        post(0, s, flat(2, 5), flat(2, 0));
        post(1, s, flat(2, 5), flat(2, 0));
        _outcome(recordAt(0, s + 2, 10, 0, flat(2, 5), flat(2, 0)), IMetering.Outcome.NotBillingGrade);
        _outcome(recordAt(1, s + 2, 10, 0, flat(2, 5), flat(2, 0)), IMetering.Outcome.NoTariff);
        // Such a member does not stop the others: after the deadline the window is cleared.
        vm.expectRevert();
        clearAll(w);
        vm.warp(windowEnd(w) + params().postSeconds);
        clearAndSettleUpTo(w, 1, type(uint32).max);
        assertPhase(w, ISettlement.Phase.Settled);
        vm.assertEq(ledger.transitNano(market), 0, "P6");
    }

    function test_lanesHoldWhatWasPosted() public {
        _two();
        warpToSlot(s + 8);
        post(0, s, list(7, 0, 9), list(0, 8, 5));
        uint256[5] memory words = lanes(homes[0].meter, w);
        uint256 want = uint256(7) | (uint256(8) << 28) | (uint256(1) << 55) | (uint256(9) << 56);
        vm.assertEq(words[0], want | (uint256(7) << 224) | (uint256(1) << 232) | (uint256(w) << 236), "first layer");
        vm.assertEq(words[1], ((uint256(5) | (1 << 27)) << 56) | (uint256(w) << 236), "second layer");
        vm.assertEq(words[2] + words[3] + words[4], 0, "nothing withheld, no contracts");
        vm.assertEq(locked(homes[0].owner), 16 * 250_000, "P4: locked at the own energy price");
        // The rest of the window in two more records, with a day's border nowhere near.
        post(0, s + 3, list(1, 2), list(0, 0));
        post(0, s + 5, list(3, 4, 5), list(0, 0, 6));
        words = lanes(homes[0].meter, w);
        vm.assertEq((words[0] >> 224) & 0xff, 0xff, "all posted");
        vm.assertEq((words[1] >> (7 * 28)) & 0xfffffff, 6 | (1 << 27), "second layer joined");
        vm.assertEq((words[0] >> (4 * 28)) & 0xfffffff, 2, "first layer joined");
    }

    function test_recordOverTwoWindows() public {
        _two();
        warpToSlot(s + 16);
        post(0, s + 6, flat(4, 10), flat(4, 0));
        assertPhase(w, ISettlement.Phase.Open);
        assertPhase(w + 1, ISettlement.Phase.Open);
        vm.assertEq((lanes(homes[0].meter, w)[0] >> 224) & 0xff, 0xc0, "last two");
        vm.assertEq((lanes(homes[0].meter, w + 1)[0] >> 224) & 0xff, 0x03, "first two");
    }

    function test_estimatedIsWithheld() public {
        _two();
        warpToSlot(s + 8);
        IMetering.Reading memory r = record(0, s, flat(8, 100), flat(8, 0));
        r.quality = IMetering.Quality.Estimated;
        signReading(r, homes[0].meterKey);
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "taken");
        postFlat(1, w, 0, 100);
        vm.assertEq(locked(homes[0].owner), 0, "nothing locked");
        clearAndSettleUpTo(w, 1, type(uint32).max);
        vm.assertTrue(!settlement.resultOf(market, s).traded, "an estimate does not trade");
        vm.assertEq(wealth(homes[0].owner), int256(100 * EUR - STANDING) - 800 * 380_000, "the supplier's bill");
    }

    function test_withheldForWantOfMoney() public {
        addMember(1, 0);
        addMember(1, 100 * EUR);
        warpToSlot(s + 8);
        // 100 Wh a slot at 250 take 25 milli-euro a slot; there is money for 3 slots and 40 Wh.
        fund(homes[0].owner, 340 * 250_000 + 249_000);
        IMetering.Reading[] memory rs = new IMetering.Reading[](1);
        rs[0] = record(0, s, flat(8, 100), flat(8, 0));
        vm.recordLogs();
        settlement.postReadings(market, rs);
        uint256 withheld = countLogs(ISettlement.Withheld.selector);
        vm.assertEq(withheld, 5, "an event for each slot with something withheld");
        uint256[5] memory words = lanes(homes[0].meter, w);
        for (uint256 i; i < 8; ++i) {
            uint256 offered = i < 3 ? 100 : i == 3 ? 40 : 0;
            vm.assertEq((words[0] >> (28 * i)) & 0xfffffff, offered, "offered");
            vm.assertEq((words[2] >> (28 * i)) & 0xfffffff, 100 - offered, "withheld");
        }
        vm.assertEq((words[0] >> 224) & 0xff, 0xff, "posted all the same");
        vm.assertEq(locked(homes[0].owner), 340 * 250_000, "locked to the Wh");
        vm.assertEq(free(homes[0].owner), 249_000, "the rest stays free");
        postFlat(1, w, 0, 100);
        clearAndSettleUpTo(w, 1, type(uint32).max);
        vm.assertEq(settlement.resultOf(market, s + 3).matchedWh, 40, "only what was offered");
        vm.assertEq(
            wealth(homes[0].owner),
            int256(340 * 250_000 + 249_000) - 340 * 150_000 - 460 * 250_000 - 800 * 130_000 - int256(STANDING),
            "bill"
        );
    }

    function test_withheldByTicks() public {
        IMarkets.MarketParams memory p = params();
        (p.floorNano, p.tickNano) = (150_000, 100);
        market = createMarket(p);
        addMember(1, 100 * EUR);
        addMember(1, 100 * EUR);
        // Top tick 175.5: a buyer's 250 is capped there; a seller at 180 lies above; a buyer at 149.999 below the floor.
        setLimits(0, s + 2, 149_999, SELL_AT_TARIFF);
        setLimits(1, s + 4, BUY_AT_TARIFF, 180_000);
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 100);
        uint256[5] memory buyer = lanes(homes[0].meter, w);
        uint256[5] memory seller = lanes(homes[1].meter, w);
        for (uint256 i; i < 8; ++i) {
            vm.assertEq((buyer[0] >> (28 * i)) & 0x7ffffff, i < 2 ? 100 : 0, "offered buy");
            vm.assertEq((buyer[2] >> (28 * i)) & 0x7ffffff, i < 2 ? 0 : 100, "withheld buy");
            vm.assertEq((seller[0] >> (28 * i)) & 0x7ffffff, i < 4 ? 100 : 0, "offered sell");
            vm.assertEq((seller[3] >> (28 * i)) & 0xfffffff, i < 4 ? 0 : 100 | (1 << 27), "withheld sell");
        }
        clearAndSettleUpTo(w, 1, type(uint32).max);
        vm.assertEq(settlement.resultOf(market, s + 1).buyTick, 255, "capped at the top tick");
        vm.assertEq(settlement.resultOf(market, s + 1).matchedWh, 100, "and traded at 150");
        vm.assertTrue(!settlement.resultOf(market, s + 3).traded, "no buyer");
        vm.assertEq(wealth(homes[1].owner), int256(100 * EUR - STANDING) + 200 * 150_000 + 600 * 50_000, "seller");
        vm.assertEq(
            wealth(homes[0].owner),
            int256(100 * EUR - STANDING) - 200 * 150_000 - 600 * 250_000 - 800 * 130_000,
            "buyer"
        );
    }

    /* CLEARING */

    function test_aSimpleTrade() public {
        _two();
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        clearAll(w);
        ISettlement.Result memory r = settlement.resultOf(market, s + 3);
        vm.assertTrue(r.traded && r.buyRationed, "the longer side is rationed");
        vm.assertEq(r.priceNano, 150_000, "p");
        vm.assertEq(r.matchedWh, 60, "matched");
        vm.assertEq(r.fillWh, 60, "filled at the margin");
        vm.assertEq(r.liveWh, 100, "offered there");
        settleAll(w);
        vm.assertEq(
            wealth(homes[0].owner),
            int256(100 * EUR - STANDING) - 480 * 150_000 - 320 * 250_000 - 800 * 130_000,
            "buyer"
        );
        vm.assertEq(wealth(homes[1].owner), int256(100 * EUR - STANDING) + 480 * 150_000, "seller");
        vm.assertEq(wealth(gridOperator), 800 * 80_000, "network charge is passed on");
        vm.assertEq(wealth(supplierA), int256(100 * EUR + 2 * STANDING) + 320 * 250_000 + 800 * 50_000, "supplier");
        assertSolvent();
    }

    function test_notBeforeDelivery() public {
        _two();
        warpToSlot(s + 4);
        post(0, s, flat(4, 1), flat(4, 0));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotDelivered.selector, w));
        clearAll(w);
        vm.warp(windowEnd(w) - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotDelivered.selector, w));
        clearAll(w);
    }

    function test_waitsForAllUntilTheDeadline() public {
        _two();
        addMember(1, EUR);
        warpToSlot(s + 8);
        postFlat(0, w, 10, 0);
        post(1, s, flat(7, 0), flat(7, 10));
        vm.expectRevert(_notReady(homes[1].meter));
        clearAll(w);
        vm.warp(windowEnd(w) + params().postSeconds - 1);
        vm.expectRevert(_notReady(homes[1].meter));
        clearAll(w);
        vm.warp(windowEnd(w) + params().postSeconds);
        clearAll(w);
        vm.assertEq(settlement.resultOf(market, s).matchedWh, 10, "who has posted trades");
        vm.assertTrue(!settlement.resultOf(market, s + 7).traded, "who has not does not");
        settleAll(w);
        vm.assertEq(wealth(homes[2].owner), int256(EUR), "nothing measured, nothing billed");
    }

    function test_P32_firstStepBeforeDeadlineNeedsEverybody() public {
        _two();
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        vm.expectRevert();
        clearUpTo(w, 1, 1);
        assertPhase(w, ISettlement.Phase.Open);
        postFlat(1, w, 0, 100);
        // With everybody there it may be cleared; a cut, if it is allowed at all, shuts out nobody.
        try settlement.clear(market, w, 1, 1, offers(market, w, 1)) {} catch {}
        clearAll(w);
        vm.assertEq(settlement.resultOf(market, s).matchedWh, 100, "nobody is shut out");
    }

    function test_memberFromMidWindowNeedsOnlyItsSlots() public {
        _two();
        uint256 late = addHome(1);
        fund(homes[late].owner, EUR);
        enrol(late, s + 5);
        warpToSlot(s + 8);
        postFlat(0, w, 10, 0);
        postFlat(1, w, 0, 10);
        vm.expectRevert(_notReady(homes[late].meter));
        clearAll(w);
        post(late, s + 5, flat(3, 10), flat(3, 0));
        clearAll(w);
        vm.assertEq(settlement.resultOf(market, s + 5).liveWh, 20, "two buyers");
        vm.assertEq(settlement.resultOf(market, s + 4).liveWh, 10, "one buyer");
    }

    function test_P14_clearsOnce() public {
        _two();
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Open));
        settleAll(w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Open));
        settlement.resultOf(market, s);
        clearAll(w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        clearAll(w);
        settleAll(w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Settled));
        settleAll(w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        clearAll(w);
        vm.warp(windowEnd(w) + params().voidSeconds);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Settled));
        settlement.voidWindow(market, w);
    }

    function test_nothingToDo() public {
        _two();
        warpToSlot(s + 8);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        clearAll(w);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        clearUpTo(w, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        clearUpTo(w, 0, 10);
        clearAll(w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        settleUpTo(w, 0, 10);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        settleUpTo(w, 1, 0);
    }

    function test_windowsOfOneSettlementStandAlike() public {
        _two();
        warpToSlot(s + 16);
        for (uint32 i; i < 2; ++i) {
            postFlat(0, w + i, 100, 0);
            postFlat(1, w + i, 0, 60);
        }
        clearUpTo(w, 2, type(uint32).max);
        settleUpTo(w, 1, 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WindowsDiffer.selector, w + 1));
        settleUpTo(w, 2, 1);
        settleUpTo(w + 1, 1, 1);
        settleUpTo(w, 2, 5);
        assertPhase(w + 1, ISettlement.Phase.Settled);
    }

    /* PRICES */

    function test_referenceIsKnownBeforehand() public {
        addMember(1, 0);
        (int32 r, int32 f, int32 p, bool defined) = settlement.referenceAt(market, s);
        vm.assertTrue(defined && r == 250_000 && f == 50_000 && p == 150_000, "one supplier");
        uint256 id = addHome(2);
        enrol(id, s + 5);
        (r, f, p, defined) = settlement.referenceAt(market, s + 4);
        vm.assertTrue(r == 250_000 && f == 50_000, "before the second one's first slot");
        (r, f, p, defined) = settlement.referenceAt(market, s + 5);
        vm.assertTrue(defined && r == 230_000 && f == 60_000 && p == 145_000, "lowest retail, highest feed-in");
        (,,, defined) = settlement.referenceAt(market, s - 1);
        vm.assertTrue(!defined, "no member yet");
    }

    function test_noAuctionWhereFeedInReachesRetail() public {
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(100_000, 100_000, 0, 80_000, 0, 0);
        publish(1, 0, s, rows, 0);
        _two();
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        clearAndSettleUpTo(w, 1, type(uint32).max);
        ISettlement.Result memory r = settlement.resultOf(market, s);
        vm.assertTrue(!r.traded && r.priceNano == 0, "no price, no trade");
        vm.assertEq(wealth(homes[1].owner), int256(100 * EUR) + 480 * 100_000, "all to the supplier");
    }

    function test_statedPriceWhereFeedInReachesRetail() public {
        IMarkets.MarketParams memory p = params();
        (p.hasStatedPrice, p.statedPriceNano) = (true, 100_000);
        market = createMarket(p);
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(100_000, 100_000, 0, 80_000, 0, 0);
        publish(1, 0, s, rows, 0);
        _two();
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        clearAndSettleUpTo(w, 1, type(uint32).max);
        ISettlement.Result memory r = settlement.resultOf(market, s);
        vm.assertTrue(r.traded && r.priceNano == 100_000 && r.matchedWh == 60, "at the stated price");
    }

    function test_supplyDemandRatio() public {
        IMarkets.MarketParams memory p = params();
        p.rule = IMarkets.PriceRule.Sdr;
        market = createMarket(p);
        _two();
        warpToSlot(s + 8);
        post(0, s, list(100, 100, 0), list(0, 0, 0));
        post(1, s, list(0, 0, 0), list(60, 100, 7));
        vm.warp(windowEnd(w) + p.postSeconds);
        clearAll(w);
        // 250 * 50 * 100 / (200 * 60 + 50 * 100) = 73,529.41
        vm.assertEq(settlement.resultOf(market, s).priceNano, 73_529, "ratio");
        vm.assertEq(settlement.resultOf(market, s + 1).priceNano, 50_000, "enough supply: feed-in");
        vm.assertEq(settlement.resultOf(market, s + 2).priceNano, 150_000, "one side only: the middle");
    }

    function test_negativePrices() public {
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(-10_000, -50_000, 0, 80_000, 0, 0);
        publish(1, 0, s, rows, 0);
        _two();
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        vm.assertEq(locked(homes[0].owner), 0, "a buyer who is paid locks nothing");
        vm.assertEq(locked(homes[1].owner), 480 * 50_000, "a seller who pays locks his worst price");
        clearAndSettleUpTo(w, 1, type(uint32).max);
        vm.assertEq(settlement.resultOf(market, s).priceNano, -30_000, "p");
        vm.assertEq(wealth(homes[0].owner), int256(100 * EUR) + 480 * 30_000 + 320 * 10_000 - 800 * 80_000, "buyer");
        vm.assertEq(wealth(homes[1].owner), int256(100 * EUR) - 480 * 30_000, "seller");
        assertSolvent();
    }

    function test_fees() public {
        IMarkets.MarketParams memory p = params();
        (p.buyFeeNano, p.sellFeeNano) = (3000, 4000);
        market = createMarket(p);
        _two();
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        clearAndSettleUpTo(w, 1, type(uint32).max);
        vm.assertEq(wealth(feeAccount), 480 * 7000, "both fees");
        vm.assertEq(wealth(homes[1].owner), int256(100 * EUR - STANDING) + 480 * 146_000, "seller");
        vm.assertEq(
            wealth(homes[0].owner),
            int256(100 * EUR - STANDING) - 480 * 153_000 - 320 * 250_000 - 800 * 130_000,
            "buyer"
        );
        vm.assertEq(ledger.transitNano(market), 0, "P6");
    }

    function test_twoSidesInOneSlot() public {
        _two();
        warpToSlot(s + 8);
        postFlat(0, w, 100, 40);
        postFlat(1, w, 0, 30);
        vm.recordLogs();
        clearAndSettleUpTo(w, 1, type(uint32).max);
        ISettlement.Result memory r = settlement.resultOf(market, s);
        vm.assertEq(r.matchedWh, 70, "with the neighbour and with itself");
        vm.assertEq(
            wealth(homes[0].owner),
            int256(100 * EUR - STANDING) + 8 * (40 * 150_000 - 70 * 150_000 - 30 * 250_000 - 100 * 130_000),
            "both sides"
        );
        vm.assertEq(wealth(homes[1].owner), int256(100 * EUR - STANDING) + 8 * 30 * 150_000, "neighbour");
        assertSolvent();
    }

    /* CHANGES WITHIN A WINDOW */

    function test_hourlyLimitsAndTariffs() public {
        _two();
        int32[] memory buy = new int32[](24);
        int32[] memory sell = new int32[](24);
        for (uint256 h; h < 24; ++h) {
            (buy[h], sell[h]) = (h % 2 == 0 ? BUY_AT_TARIFF : int32(100_000), SELL_AT_TARIFF);
        }
        limitOne(limitsMessage(0, s, 1, buy, sell));
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 100);
        vm.assertEq(locked(homes[0].owner), 4 * 100 * 250_000 + 4 * 100 * 100_000, "P4: lock by hour");
        clearAndSettleUpTo(w, 1, type(uint32).max);
        for (uint32 i; i < 8; ++i) {
            vm.assertEq(settlement.resultOf(market, s + i).matchedWh, (i / 2) % 2 == 0 ? 100 : 0, "every other hour");
        }
    }

    function test_changeOfLimitsAndSupplierWithinAWindow() public {
        _two();
        setLimits(0, s + 2, 100_000, SELL_AT_TARIFF);
        setLimits(0, s + 4, BUY_AT_TARIFF, SELL_AT_TARIFF);
        vm.prank(registrar);
        registry.setTerms(homes[0].meter, terms(homes[0].owner, s + 6, 2, 0));
        fund(supplierB, EUR);
        warpToSlot(s + 8);
        post(0, s, flat(6, 100), flat(6, 0));
        post(0, s + 6, flat(2, 100), flat(2, 0));
        postFlat(1, w, 0, 100);
        vm.assertEq(
            ledger.coverOf(homes[0].owner, supplierA, homes[0].meter).ownNano, 400 * 250_000 + 200 * 100_000, "A"
        );
        vm.assertEq(ledger.coverOf(homes[0].owner, supplierB, homes[0].meter).ownNano, 200 * 230_000, "B");
        clearAndSettleUpTo(w, 1, type(uint32).max);
        // 4 slots at 150, 2 with the supplier at 250, 2 at p = (230 + 60) / 2 among two suppliers.
        vm.assertEq(
            wealth(homes[0].owner),
            int256(100 * EUR - STANDING) - 400 * 150_000 - 200 * 250_000 - 200 * 145_000 - 800 * 130_000,
            "P27: each slot with its own supplier"
        );
        vm.assertEq(wealth(supplierB), int256(EUR) + 200 * 50_000, "B has the charges of its two slots");
        vm.assertEq(locked(homes[0].owner), 0, "P4");
        assertSolvent();
    }

    /* CUTS */

    function test_clearingAndSettlingInSteps() public {
        for (uint256 i; i < 5; ++i) {
            addMember(1, 100 * EUR);
        }
        fund(supplierA, 100 * EUR);
        warpToSlot(s + 8);
        for (uint256 i; i < 5; ++i) {
            postFlat(i, w, i < 3 ? 10 + i : 0, i < 3 ? 0 : 8);
        }
        vm.warp(windowEnd(w) + params().postSeconds);
        vm.expectEmit(address(settlement));
        emit ISettlement.ClearingStep(market, w, 2);
        clearUpTo(w, 1, 2);
        assertPhase(w, ISettlement.Phase.Clearing);
        vm.assertEq(settlement.windowState(market, w).cursor, 2, "cursor");
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Clearing));
        settleAll(w);
        // Whoever enrols now has no slot in this window.
        uint256 late = addHome(1);
        enrol(late, slotNow() + 1);
        clearUpTo(w, 1, 2);
        clearUpTo(w, 1, 2);
        assertPhase(w, ISettlement.Phase.Cleared);
        vm.assertEq(settlement.windowState(market, w).members, 5, "membership is frozen with the first step");
        vm.assertEq(settlement.resultOf(market, s).matchedWh, 16, "matched");
        for (uint256 i; i < 5; ++i) {
            settleUpTo(w, 1, 1);
            assertPhase(w, i < 4 ? ISettlement.Phase.Cleared : ISettlement.Phase.Settled);
            assertSolvent();
        }
        vm.assertEq(ledger.transitNano(market), 0, "P6");
        vm.assertEq(settlement.resultOf(market, s).carry, 0, "the carry ends at zero");
    }

    /* VOID AND LATE */

    function test_void() public {
        _two();
        warpToSlot(s + 8);
        uint64 deadline = uint64(windowEnd(w) + params().voidSeconds);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Absent));
        settlement.voidWindow(market, w);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.TooEarlyToVoid.selector, w, deadline));
        settlement.voidWindow(market, w);
        vm.warp(deadline);
        vm.expectEmit(address(settlement));
        emit ISettlement.WindowVoided(market, w);
        settlement.voidWindow(market, w);
        vm.assertTrue(settlement.windowState(market, w).voided, "void");
        vm.assertTrue(!settlement.resultOf(market, s).traded, "no trade");
        settleAll(w);
        vm.assertEq(locked(homes[0].owner), 0, "released");
        vm.assertEq(wealth(homes[0].owner), int256(100 * EUR - STANDING) - 800 * 380_000, "supplier's bill");
        vm.assertEq(wealth(homes[1].owner), int256(100 * EUR - STANDING) + 480 * 50_000, "feed-in");
    }

    function test_voidInMidClearing() public {
        _two();
        warpToSlot(s + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        vm.warp(windowEnd(w) + params().voidSeconds);
        clearUpTo(w, 1, 1);
        settlement.voidWindow(market, w);
        settleAll(w);
        vm.assertEq(locked(homes[0].owner), 0, "released");
        vm.assertEq(ledger.transitNano(market), 0, "P6");
        // The half book that was given up does not turn up in the window that uses its place again.
        uint32 next = w + settlement.RING();
        warpToSlot(next * 8 + 8);
        postFlat(0, next, 5, 0);
        postFlat(1, next, 0, 7);
        vm.warp(windowEnd(next) + params().postSeconds);
        clearUpTo(next, 1, 1);
        clearUpTo(next, 1, 1);
        vm.assertEq(settlement.resultOf(market, next * 8).matchedWh, 5, "a clean book");
    }

    function test_lateReadings() public {
        _two();
        warpToSlot(s + 16);
        post(0, s, flat(12, 100), flat(12, 0));
        vm.warp(windowEnd(w) + params().postSeconds);
        clearAll(w);
        // Half of the record is late, half is not.
        IMetering.Reading memory r = record(1, s, flat(12, 0), flat(12, 60));
        vm.expectEmit(address(settlement));
        emit ISettlement.LateSettled(market, r.meter, s, 12);
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "late is not never");
        vm.assertEq(
            wealth(homes[1].owner), int256(100 * EUR - STANDING) + 480 * 50_000, "settled at once with the supplier"
        );
        vm.assertEq(lanes(r.meter, w)[0], 0, "not in the book");
        post(0, s + 12, flat(4, 100), flat(4, 0));
        post(1, s + 12, flat(4, 0), flat(4, 60));
        settleAll(w);
        clearAndSettleUpTo(w + 1, 1, type(uint32).max);
        vm.assertEq(
            wealth(homes[1].owner),
            int256(100 * EUR - STANDING) + 480 * 50_000 + 480 * 150_000,
            "the next window as usual"
        );
        vm.assertEq(ledger.transitNano(market), 0, "P6");
    }

    /* RING */

    function test_ringIsUsedAgain() public {
        _two();
        uint32 ring = settlement.RING();
        warpToSlot((w + 2 * ring) * 8 + 8);
        postFlat(0, w, 100, 0);
        postFlat(1, w, 0, 60);
        // The place is taken until the old window is settled.
        IMetering.Reading[] memory rs = new IMetering.Reading[](1);
        rs[0] = recordAt(0, (w + ring) * 8, 800, 0, flat(8, 10), flat(8, 0));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.RingFull.selector, w + ring, w));
        settlement.postReadings(market, rs);
        clearAll(w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.RingFull.selector, w + ring, w));
        settlement.postReadings(market, rs);
        settleAll(w);
        assertOutcome(postOne(rs[0]), IMetering.Outcome.Accepted, "free again");
        assertPhase(w, ISettlement.Phase.Absent);
        vm.assertEq(settlement.offersHash(market, w), 0, "the old offers are gone");
        vm.assertEq(lanes(homes[0].meter, w + ring)[0] & 0xfffffff, 10, "the new ones are there");
        vm.warp(windowEnd(w + ring) + params().postSeconds);
        clearAndSettleUpTo(w + ring, 1, type(uint32).max);
        assertPhase(w + ring, ISettlement.Phase.Settled);
    }

    function test_behindTheRingIsLate() public {
        _two();
        uint32 ring = settlement.RING();
        warpToSlot((w + ring) * 8 + 8);
        postFlat(0, w + ring, 100, 0);
        uint64 kept = homes[1].importWh;
        vm.expectEmit(address(settlement));
        emit ISettlement.LateSettled(market, homes[1].meter, s, 8);
        postFlat(1, w, 0, 60);
        vm.assertEq(kept, homes[1].importWh, "nothing imported");
        vm.assertEq(wealth(homes[1].owner), int256(100 * EUR - STANDING) + 480 * 50_000, "with the supplier alone");
        vm.assertEq(
            lanes(homes[0].meter, w + ring)[0] & 0xfffffff, 100, "the newer window is untouched"
        );
    }
}
