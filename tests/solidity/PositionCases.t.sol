// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {Traders} from "./Traders.sol";

/// @dev Positions one by one, with figures that can be checked by head.
contract PositionCasesTest is Traders {
    int256 private constant START = int256(100 * EUR);
    int256 private constant STANDING = 300_000_000;
    int256 private constant ENERGY = 250_000;
    int256 private constant CHARGES = 130_000;
    int256 private constant FEED_IN = 50_000;
    int256 private constant P = 150_000;

    uint32 private _w;
    uint32 private _s;

    function setUp() public {
        deployWorld();
        auction = createAuction(auctionRules());
        for (uint256 i; i < 3; ++i) {
            addMember(1, 100 * EUR);
        }
        fund(supplierA, 100 * EUR);
        (_w, _s) = (firstWindow(), firstSlot());
    }

    /// @dev Longer than a turn of the ring.
    function params() internal view override returns (IMarkets.MarketParams memory p) {
        p = super.params();
        p.runSeconds = 9 days;
    }

    function _tariff(
        int32 feedIn,
        int32 imbalance
    ) private {
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(250_000, feedIn, imbalance, 80_000, 20_000, 30_000);
        publish(1, 0, _s, rows, 300_000_000);
    }

    /// @dev Home 0 buys from home 1 at P, in all eight slots.
    function _contractFlat(
        uint32 wh
    ) private {
        for (uint32 k; k < 8; ++k) {
            buy(0, _s + k, int32(P), wh);
            sell(1, _s + k, int32(P), wh);
        }
        vm.warp(gate(_w));
        clearOrders(_w);
        warpToSlot(_s + 8);
    }

    function _gain(
        uint256 i
    ) private view returns (int256) {
        return wealth(homes[i].owner) - START;
    }

    function _end() private {
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleUpTo(_w, 1, 100);
        _checkEnd();
    }

    function _checkEnd() private view {
        for (uint256 i; i < 3; ++i) {
            vm.assertEq(locked(homes[i].owner), 0, "P24: nothing stays locked");
        }
        vm.assertEq(ledger.transitNano(market), 0, "P6: nothing stays in transit");
        assertSolvent();
    }

    /* WITH A READING */

    function test_P6_asPlanned() public {
        _contractFlat(100);
        vm.assertEq(locked(homes[0].owner), 8 * 100 * 210_000, "P25: collateral of the buyer");
        vm.assertEq(locked(homes[1].owner), 8 * 100 * 350_000, "P25: collateral of the seller");
        postFlat(0, _w, 100, 0);
        postFlat(1, _w, 0, 100);
        vm.expectEmit(address(ledger));
        emit ILedger.ContractSettled(market, homes[0].meter, homes[0].owner, 8 * 100 * 210_000, -8 * 100 * P);
        vm.expectEmit(address(ledger));
        emit ILedger.ContractSettled(market, homes[1].meter, homes[1].owner, 8 * 100 * 350_000, 8 * 100 * P);
        _end();
        vm.assertEq(_gain(0), -8 * 100 * (P + CHARGES) - STANDING, "energy ahead, charges on every imported Wh");
        vm.assertEq(_gain(1), 8 * 100 * P - STANDING, "sold at the price");
        vm.assertEq(_gain(2), 0, "nobody else");
    }

    function test_P6_undeliveredAtTheImbalancePrice() public {
        int32[5] memory imbalance = [int32(400_000), 900_000, 100_000, 10_000, -20_000];
        // The cap is the most, the feed-in price the least.
        int256[5] memory price = [int256(400_000), 500_000, 100_000, 50_000, 50_000];
        uint256 start = vm.snapshotState();
        for (uint256 n; n < 5; ++n) {
            _tariff(50_000, imbalance[n]);
            _contractFlat(100);
            postFlat(0, _w, 100, 0);
            postFlat(1, _w, 0, 40);
            _end();
            vm.assertEq(_gain(0), -8 * 100 * (P + CHARGES) - STANDING, "the buyer has what he bought");
            vm.assertEq(_gain(1), 8 * (100 * P - 60 * price[n]) - STANDING, "the seller pays for what he lacks");
            vm.revertToState(start);
        }
    }

    /// @dev What the seller lacks is offered for by himself, and neighbours may make it good.
    function test_P6_neighboursMakeGood() public {
        _tariff(50_000, 400_000);
        _contractFlat(100);
        postFlat(0, _w, 100, 0);
        postFlat(1, _w, 0, 40);
        postFlat(2, _w, 0, 45);
        _end();
        vm.assertEq(settlement.resultOf(market, _s).matchedWh, 45, "met");
        vm.assertEq(_gain(1), 8 * (100 * P - 45 * 150_000 - 15 * 400_000) - STANDING, "only the rest is imbalance");
        vm.assertEq(_gain(2), 8 * 45 * 150_000 - STANDING, "sold to the one who lacks");
    }

    /// @dev The seller's own consumption is not imbalance; it costs what it always costs.
    function test_P6_ownConsumptionIsEnergy() public {
        _tariff(50_000, 400_000);
        _contractFlat(100);
        postFlat(0, _w, 100, 0);
        postFlat(1, _w, 70, 20);
        _end();
        int256 slot = 100 * P - 80 * 400_000 - 70 * (ENERGY + CHARGES);
        vm.assertEq(_gain(1), 8 * slot - STANDING, "80 undelivered, 70 consumed");
    }

    function test_P6_unconsumedFetchesFeedInOrSurplus() public {
        int32[4] memory feedIn = [int32(50_000), -20_000, -90_000, 0];
        int256[4] memory price = [int256(50_000), -20_000, -60_000, 0];
        uint256 start = vm.snapshotState();
        for (uint256 n; n < 4; ++n) {
            _tariff(feedIn[n], 250_000);
            _contractFlat(100);
            postFlat(0, _w, 30, 0);
            postFlat(1, _w, 0, 100);
            _end();
            vm.assertEq(
                _gain(0),
                8 * (70 * price[n] - 100 * P - 30 * CHARGES) - STANDING,
                "70 fetch feed-in, never below surplus"
            );
            vm.revertToState(start);
        }
    }

    /// @dev Own feed-in beside an unconsumed purchase has the feed-in price, however low.
    function test_P6_ownFeedInIsNotProtected() public {
        _tariff(-90_000, 250_000);
        _contractFlat(100);
        postFlat(0, _w, 30, 10);
        postFlat(1, _w, 0, 100);
        _end();
        vm.assertEq(
            _gain(0), 8 * (-70 * 60_000 - 10 * 90_000 - 100 * P - 30 * CHARGES) - STANDING, "70 bought, 10 of its own"
        );
    }

    function test_partsOfAWindowSlotBySlot() public {
        _contractFlat(100);
        for (uint32 k; k < 8; ++k) {
            post(0, _s + k, flat(1, 100), flat(1, 0));
        }
        post(1, _s, flat(3, 0), flat(3, 100));
        post(1, _s + 3, flat(5, 0), flat(5, 100));
        _end();
        vm.assertEq(_gain(0), -8 * 100 * (P + CHARGES) - STANDING, "as in one record");
        vm.assertEq(_gain(1), 8 * 100 * P - STANDING, "as in one record");
    }

    function test_P22_estimatedReadingsOfContracts() public {
        _contractFlat(100);
        IMetering.Reading memory r = record(1, _s, flat(8, 0), flat(8, 130));
        r.quality = IMetering.Quality.Estimated;
        signReading(r, homes[1].meterKey);
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "estimated");
        postFlat(0, _w, 120, 0);
        _end();
        vm.assertTrue(!settlement.resultOf(market, _s).traded, "an estimate never trades");
        vm.assertEq(_gain(1), 8 * (100 * P + 30 * FEED_IN) - STANDING, "but it delivers what was sold");
        vm.assertEq(_gain(0), -8 * (100 * P + 120 * CHARGES + 20 * ENERGY) - STANDING, "the rest from the supplier");
    }

    function test_severalWindowsTogether() public {
        _severalWindows(false);
    }

    /// @dev The same where terms change within, so that positions are asked for part by part.
    function test_severalWindowsWithAChangeOfTerms() public {
        vm.prank(registrar);
        registry.setTerms(homes[1].meter, terms(homes[1].owner, _s + 9, 1, 0));
        _severalWindows(true);
    }

    function _severalWindows(
        bool split
    ) private {
        for (uint32 k; k < 16; k += 5) {
            buy(0, _s + k, int32(P), 100);
            sell(1, _s + k, int32(P), 100);
        }
        vm.warp(gate(_w + 1));
        forward.clear(auction, _w, 2, 100);
        warpToSlot(_s + 16);
        post(0, _s, flat(16, 100), flat(16, 0));
        post(1, _s, flat(split ? 9 : 16, 0), flat(split ? 9 : 16, 80));
        if (split) post(1, _s + 9, flat(7, 0), flat(7, 80));
        vm.warp(windowEnd(_w + 1) + params().postSeconds);
        clearAndSettleUpTo(_w, 2, 2);
        settleUpTo(_w, 2, 2);
        _checkEnd();
        // With a contract: 100 for P, the seller lacks 20. Without: 80 of 100 from the neighbour, at 150,000 too.
        vm.assertEq(_gain(0), -4 * 100 * P - 12 * (80 * P + 20 * ENERGY) - 16 * 100 * CHARGES - STANDING, "buyer");
        vm.assertEq(_gain(1), 4 * (100 * P - 20 * 250_000) + 12 * 80 * P - STANDING, "seller");
        for (uint32 k; k < 2; ++k) {
            assertOrderPhase(_w + k, IForwardAuction.Phase.Settled);
        }
    }

    /* WITHOUT ONE */

    function test_P16_unreadAtTheWorstUntilTheReadingComes() public {
        _contractFlat(100);
        uint256 free0 = free(homes[0].owner);
        _end();
        // Nobody has posted anything: a window that only has contracts is opened, cleared and settled.
        vm.assertEq(_gain(0), -8 * 100 * (P + 60_000), "bought and given away");
        vm.assertEq(free(homes[0].owner), free0, "P25: all of his collateral and no more");
        vm.assertEq(_gain(1), 8 * 100 * (P - 500_000), "sold and bought back at the cap");
        vm.assertEq(
            settlement.unreadOf(market, homes[0].meter, _w),
            100 * ((2 ** 224 - 1) / (2 ** 28 - 1)) + 255 * 2 ** 224,
            "kept"
        );
        post(0, _s, flat(3, 100), flat(3, 0));
        vm.assertEq(settlement.unreadOf(market, homes[0].meter, _w) >> 224, 255 - 7, "three are read");
        vm.assertEq(
            _gain(0),
            -8 * 100 * P - 5 * 100 * 60_000 - 3 * 100 * CHARGES - STANDING,
            "three as planned, five at the worst"
        );
        post(0, _s + 3, flat(5, 30), flat(5, 5));
        vm.assertEq(settlement.unreadOf(market, homes[0].meter, _w), 0, "all read");
        vm.assertEq(
            _gain(0),
            -8 * 100 * P - (300 + 150) * CHARGES + 5 * 75 * FEED_IN - STANDING,
            "as if it had been there in time"
        );
        postFlat(1, _w, 0, 100);
        vm.assertEq(_gain(1), 8 * 100 * P - STANDING, "all delivered");
        // Once more changes nothing.
        IMetering.Reading memory again = recordAt(1, _s, 0, 0, flat(8, 0), flat(8, 100));
        assertOutcome(postOne(again), IMetering.Outcome.AlreadyPosted, "P18");
        _checkEnd();
    }

    function test_P16_readingsBetweenClearingAndSettlingWait() public {
        _contractFlat(100);
        postFlat(0, _w, 100, 0);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAll(_w);
        IMetering.Reading memory r = recordAt(1, _s, 0, 0, flat(8, 0), flat(8, 100));
        assertOutcome(postOne(r), IMetering.Outcome.SettleFirst, "settle first");
        // Who has contracted nothing need not wait.
        postFlat(2, _w, 0, 10);
        settleUpTo(_w, 1, 1);
        assertOutcome(postOne(r), IMetering.Outcome.SettleFirst, "not half settled either");
        settleUpTo(_w, 1, 100);
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "now");
        vm.assertEq(_gain(1), 8 * 100 * P - STANDING, "to the unit");
        vm.assertEq(_gain(2), 8 * 10 * FEED_IN - STANDING, "to the unit");
        _checkEnd();
    }

    /// @dev One record over a window that was settled without it and one that is still open.
    function test_oneRecordLateAndInTime() public {
        for (uint32 k; k < 16; ++k) {
            buy(0, _s + k, int32(P), 100);
            sell(1, _s + k, int32(P), 100);
        }
        vm.warp(gate(_w + 1));
        forward.clear(auction, _w, 2, 100);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleUpTo(_w, 1, 100);
        vm.assertEq(_gain(0), -8 * 100 * (P + 60_000), "the first window at the worst");
        post(0, _s, flat(16, 120), flat(16, 0));
        vm.assertEq(settlement.unreadOf(market, homes[0].meter, _w), 0, "read");
        vm.assertEq(
            _gain(0),
            -8 * (100 * P + 120 * CHARGES + 20 * ENERGY) - STANDING,
            "the first window as if it had been in time"
        );
        uint256 word = lanes(homes[0].meter, _w + 1)[0];
        vm.assertEq(word & 0xfffffff, 20, "beyond what was contracted");
        post(1, _s + 8, flat(8, 0), flat(8, 100));
        vm.warp(windowEnd(_w + 1) + params().postSeconds);
        clearAndSettleUpTo(_w + 1, 1, 100);
        vm.assertEq(_gain(0), -16 * (100 * P + 120 * CHARGES + 20 * ENERGY) - STANDING, "both windows");
        vm.assertEq(_gain(1), 8 * 100 * (P - 500_000) + 8 * 100 * P, "and the other home");
        _checkEnd();
    }

    /// @dev A reading that comes a turn of the ring later still finds what was settled without it.
    function test_lateByATurnOfTheRing() public {
        _contractFlat(100);
        _end();
        warpToSlot((_w + 90) * 8);
        uint32 s = (_w + 128) * 8;
        buy(0, s, int32(P), 50);
        sell(1, s, int32(P), 50);
        vm.warp(gate(_w + 128));
        clearOrders(_w + 128);
        warpToSlot(s + 8);
        homes[0].importWh = 800;
        post(0, s, flat(8, 50), flat(8, 0));
        vm.warp(windowEnd(_w + 128) + params().postSeconds);
        clearAndSettleUpTo(_w + 128, 1, 100);
        int256 before = _gain(0);
        IMetering.Reading memory r = recordAt(0, _s, 0, 0, flat(8, 100), flat(8, 0));
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "late by far");
        vm.assertEq(_gain(0) - before, 8 * 100 * (60_000 - CHARGES) - STANDING, "the worst is taken back");
        vm.assertEq(settlement.unreadOf(market, homes[0].meter, _w), 0, "read");
        _checkEnd();
    }

    /* UNCLEARED, UNTRADED, VOID */

    function test_P23_nothingBeforeTheOrdersAreCleared() public {
        buy(0, _s, int32(P), 100);
        warpToSlot(_s + 8);
        IMetering.Reading memory r = recordAt(2, _s, 0, 0, flat(8, 0), flat(8, 100));
        assertOutcome(postOne(r), IMetering.Outcome.ForwardNotCleared, "no member's reading");
        bytes memory refused = abi.encodeWithSelector(ISettlement.ForwardNotCleared.selector, _w);
        vm.warp(windowEnd(_w) + params().voidSeconds);
        vm.expectRevert(refused);
        clearAll(_w);
        vm.expectRevert(refused);
        clearUpTo(_w - 1, 3, 100);
        vm.expectRevert(refused);
        clearAndSettleUpTo(_w, 1, 100);
        vm.expectRevert(refused);
        settlement.voidWindow(market, _w);
        forward.clear(auction, _w, 1, 1);
        assertOutcome(postOne(r), IMetering.Outcome.ForwardNotCleared, "half cleared is not cleared");
        vm.prank(stranger);
        forward.clear(auction, _w, 1, 100);
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "cleared");
        _end();
        vm.assertEq(_gain(0), 0, "P24: an order that was not filled costs nothing");
    }

    /// @dev However many windows are named in one call, none is cleared whose orders are not.
    function test_P23_manyWindowsAtOnce() public {
        buy(0, _s, int32(P), 100);
        warpToSlot(_s + 8);
        vm.warp(windowEnd(_w) + params().postSeconds);
        uint32[4] memory before = [uint32(0), 127, 255, 256];
        for (uint256 i; i < 4; ++i) {
            try settlement.clear(market, _w - before[i], before[i] + 1, 100, offers(market, _w - before[i], before[i] + 1)) {
                vm.assertTrue(false, "P23: cleared before its orders");
            } catch {}
        }
        clearOrders(_w);
        _end();
    }

    function test_P24_voidMeteredWindowStillSettlesContracts() public {
        _contractFlat(100);
        postFlat(0, _w, 120, 0);
        postFlat(1, _w, 0, 130);
        vm.warp(windowEnd(_w) + params().voidSeconds);
        settlement.voidWindow(market, _w);
        settleAll(_w);
        vm.assertEq(_gain(0), -8 * (100 * P + 120 * CHARGES + 20 * ENERGY) - STANDING, "the rest from the supplier");
        vm.assertEq(_gain(1), 8 * (100 * P + 30 * FEED_IN) - STANDING, "the rest to the supplier");
        _checkEnd();
    }

    function test_P16_voidOfAWindowToWhichNobodyPosted() public {
        _contractFlat(100);
        vm.warp(windowEnd(_w) + params().voidSeconds);
        settlement.voidWindow(market, _w);
        settleAll(_w);
        vm.assertEq(_gain(1), 8 * 100 * (P - 500_000), "at the worst");
        _checkEnd();
    }

    function test_P16_windowWithoutReadingsWaitsForItsDeadline() public {
        _contractFlat(100);
        uint64 deadline = uint64(windowEnd(_w) + params().postSeconds);
        vm.warp(deadline - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotReady.selector, _w, homes[0].meter, deadline));
        clearAll(_w);
        vm.warp(deadline);
        clearAll(_w);
        settleAll(_w);
        _checkEnd();
    }

    /// @dev A window without orders and readings is still nobody's business.
    function test_nothingToDoWithoutOrdersAndReadings() public {
        buy(0, _s, int32(P), 100);
        vm.warp(windowEnd(_w + 1) + params().postSeconds);
        clearOrders(_w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        clearAll(_w + 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongPhase.selector, _w + 1, ISettlement.Phase.Absent));
        settlement.voidWindow(market, _w + 1);
        clearAll(_w);
    }

    function test_P23_ringWaitsForOldContracts() public {
        buy(0, _s, int32(P), 100);
        warpToSlot((_w + 129) * 8);
        IMetering.Reading memory r = recordAt(2, (_w + 128) * 8, 0, 0, flat(8, 0), flat(8, 100));
        IMetering.Reading[] memory rs = new IMetering.Reading[](1);
        rs[0] = r;
        vm.expectRevert(abi.encodeWithSelector(ISettlement.RingFull.selector, _w + 128, _w));
        settlement.postReadings(market, rs);
        clearOrders(_w);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.RingFull.selector, _w + 128, _w));
        settlement.postReadings(market, rs);
        clearAll(_w);
        settleAll(_w);
        assertOutcome(postMany(rs)[0], IMetering.Outcome.Accepted, "room");
        _checkEnd();
    }

    /// @dev Before its deadline a window waits for a member with contracts like for any other.
    function test_P32_waitsForAllWithContracts() public {
        _contractFlat(100);
        postFlat(0, _w, 100, 0);
        postFlat(1, _w, 0, 100);
        vm.expectRevert();
        clearAll(_w);
        postFlat(2, _w, 0, 0);
        clearAndSettleUpTo(_w, 1, 100);
        _checkEnd();
    }

    /* ODD ONES */

    /// @dev A net position of nothing, from orders that needed no collateral, still has its money.
    function test_P6_moneyWithoutEnergyOrCollateral() public {
        for (uint256 way; way < 3; ++way) {
            uint256 start = vm.snapshotState();
            IMarkets.MarketParams memory m = params();
            m.kPpm = 400_000;
            market = createMarket(m);
            for (uint256 i; i < 2; ++i) {
                addMember(1, 100 * EUR);
            }
            IForwardAuction.AuctionParams memory p = auctionRules();
            (p.tickNano, p.capNano, p.surplusNano) = (1000, 205_000, -10_000);
            auction = createAuction(p);
            buy(3, _s + 1, -20_000, 100);
            sell(4, _s + 1, -50_000, 100);
            vm.warp(gate(_w));
            clearOrders(_w);
            p.gateSeconds = 0;
            auction = createAuction(p);
            sell(3, _s + 1, 205_000, 100);
            buy(4, _s + 1, 205_000, 100);
            vm.assertEq(locked(homes[3].owner), 0, "P25: neither order needs collateral");
            vm.warp(gate(_w));
            clearOrders(_w);
            warpToSlot(_s + 8);
            if (way == 1) postFlat(3, _w, 0, 0);
            if (way == 2) post(3, _s, flat(4, 0), flat(4, 0));
            vm.warp(windowEnd(_w) + params().postSeconds);
            clearAndSettleUpTo(_w, 1, 100);
            vm.assertEq(ledger.transitNano(market), 0, "P6: nothing stays in transit");
            vm.assertEq(
                wealth(homes[3].owner) - START,
                100 * 35_000 + 100 * 205_000 - (way == 0 ? int256(0) : STANDING),
                "P6: paid at both prices"
            );
            assertSolvent();
            vm.revertToState(start);
        }
    }

    /// @dev Money is with the owner of the slot.
    function test_P3_contractsOfBothOwnersOfAWindow() public {
        uint256 key = 0xABCD;
        address next = vm.addr(key);
        address old = homes[0].owner;
        fund(next, 100 * EUR);
        for (uint32 k; k < 3; ++k) {
            buy(0, _s + k, int32(P), 100);
        }
        vm.prank(registrar);
        registry.setTerms(homes[0].meter, terms(next, _s + 3, 1, 0));
        homes[0].ownerKey = key;
        assertRefusal(enrolOne(enrolment(0, market, _s + 3)), IMarkets.Refusal.None, "enrolled");
        for (uint32 k = 3; k < 8; ++k) {
            buy(0, _s + k, int32(P), 200);
        }
        for (uint32 k; k < 8; ++k) {
            sell(1, _s + k, int32(P), k < 3 ? 100 : 200);
        }
        vm.assertEq(locked(old), 3 * 100 * 210_000, "old");
        vm.assertEq(locked(next), 5 * 200 * 210_000, "new");
        vm.warp(gate(_w));
        clearOrders(_w);
        warpToSlot(_s + 8);
        // The old owner's slots are read, the new one's are not.
        post(0, _s, flat(3, 100), flat(3, 0));
        postFlat(1, _w, 0, 200);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleUpTo(_w, 1, 100);
        vm.assertEq(wealth(old) - START, -3 * 100 * (P + CHARGES) - STANDING, "old owner: as planned");
        vm.assertEq(wealth(next) - START, -5 * 200 * (P + 60_000), "new owner: at the worst");
        vm.assertEq(locked(old) + locked(next), 0, "P24: both have theirs back");
        post(0, _s + 3, flat(5, 200), flat(5, 0));
        vm.assertEq(wealth(next) - START, -5 * 200 * (P + CHARGES), "new owner: as planned, no standing charge twice");
        vm.assertEq(wealth(old) - START, -3 * 100 * (P + CHARGES) - STANDING, "P3: nothing of it is the old one's");
        vm.assertEq(ledger.transitNano(market), 0, "P6");
    }
}
