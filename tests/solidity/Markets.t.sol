// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {World} from "./World.sol";

contract MarketsTest is World {
    uint256 private _id;

    function setUp() public {
        deployWorld();
        _id = addHome(1);
    }

    /* MARKETS */

    function test_idIsTheHashOfTheParameters() public {
        IMarkets.MarketParams memory p = params();
        vm.assertEq(market, keccak256(abi.encode(p)), "id");
        vm.assertEq(keccak256(abi.encode(markets.marketParams(market))), market, "stored as stated");
        vm.prank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.MarketExists.selector, market));
        markets.createMarket(p, registration());
    }

    function _bad(
        IMarkets.MarketParams memory p,
        string memory what
    ) private {
        vm.prank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadParameter.selector, what));
        markets.createMarket(p, registration());
    }

    function test_refusesBadParameters() public {
        IMarkets.MarketParams memory p = params();
        p.slotSeconds = 900;
        _bad(p, "slotSeconds");
        p = params();
        p.kPpm = 1_000_001;
        _bad(p, "kPpm");
        p = params();
        p.tickNano = 0;
        _bad(p, "tickNano");
        p.tickNano = 1 << 31;
        _bad(p, "tickNano");
        p = params();
        p.feeAccount = address(0);
        _bad(p, "feeAccount");
        p = params();
        p.stages = new address[](9);
        _bad(p, "stages");
        p = params();
        p.buyFeeNano = 1 << 31;
        _bad(p, "fee");
        p = params();
        p.sellFeeNano = 1 << 31;
        _bad(p, "fee");
        p = params();
        p.voidSeconds = p.postSeconds;
        _bad(p, "voidSeconds");
        p.stages = new address[](2);
        p.voidSeconds = p.postSeconds + 2 * p.stageSeconds;
        _bad(p, "voidSeconds");
        p = params();
        p.area = 9;
        vm.prank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownArea.selector, uint32(9)));
        markets.createMarket(p, registration());
    }

    /* ENROLMENT */

    function test_enrol() public {
        uint32 from = slotNow() + 3;
        IMarkets.Enrolment memory e = enrolment(_id, market, from);
        vm.expectEmit(address(markets));
        emit IMarkets.Enrolled(market, homes[_id].meter, 0, from, e.signature);
        assertRefusal(enrolOne(e), IMarkets.Refusal.None, "taken");
        (bool member, uint32 index, uint32 fromSlot, uint32 sequence) = markets.memberOf(market, homes[_id].meter);
        vm.assertTrue(member && index == 0 && fromSlot == from && sequence == 0, "member");
        vm.assertEq(markets.memberCount(market), 1, "count");
        vm.assertEq(markets.meterAt(market, 0), homes[_id].meter, "by index");
        (bool none,,,) = markets.memberOf(market, 99);
        vm.assertTrue(!none, "nobody else");
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotAMember.selector, market, uint32(99)));
        markets.memberByMeter(market, 99, from);
    }

    function _refusedEnrolment(
        IMarkets.Enrolment memory e,
        IMarkets.Refusal why
    ) private {
        vm.expectEmit(address(markets));
        emit IMarkets.EnrolmentSkipped(e.market, e.meter, why);
        assertRefusal(enrolOne(e), why, "reason");
    }

    function test_enrolRefusals() public {
        uint32 from = slotNow() + 3;
        _refusedEnrolment(enrolment(_id, "none", from), IMarkets.Refusal.UnknownMarket);
        IMarkets.Enrolment memory e = enrolment(_id, market, from);
        e.meter = 0;
        _refusedEnrolment(e, IMarkets.Refusal.UnknownMeter);
        e.meter = 99;
        _refusedEnrolment(e, IMarkets.Refusal.UnknownMeter);
        _refusedEnrolment(enrolment(_id, market, slotNow()), IMarkets.Refusal.TooLate);
        e = enrolment(_id, market, from);
        e.signature = "";
        _refusedEnrolment(e, IMarkets.Refusal.BadSignature);
        vm.startPrank(registrar);
        registry.addArea(0, gridOperator);
        uint32 elsewhere =
            registry.registerMeter(2, "c", terms(homes[_id].owner, from, 1, 0), abi.encodePacked(stranger));
        IRegistry.Terms memory hobby = terms(homes[_id].owner, from, 1, 0);
        hobby.billingGrade = false;
        uint32 sensor = registry.registerMeter(1, "c", hobby, abi.encodePacked(stranger));
        uint32 later =
            registry.registerMeter(1, "c", terms(homes[_id].owner, from + 5, 1, 0), abi.encodePacked(stranger));
        vm.stopPrank();
        e.meter = elsewhere;
        _refusedEnrolment(e, IMarkets.Refusal.OtherArea);
        e.meter = sensor;
        _refusedEnrolment(e, IMarkets.Refusal.NotBillingGrade);
        e.meter = later;
        _refusedEnrolment(e, IMarkets.Refusal.TooLate);
        enrol(_id, from);
        _refusedEnrolment(enrolment(_id, market, from + 1), IMarkets.Refusal.AlreadyEnrolled);
        IMarkets.MarketParams memory p = params();
        p.kPpm = 1;
        _refusedEnrolment(enrolment(_id, createMarket(p), from), IMarkets.Refusal.AlreadyEnrolled);
    }

    function test_ownerEnrolsByCallingHimself() public {
        IMarkets.Enrolment[] memory es = new IMarkets.Enrolment[](1);
        es[0] = IMarkets.Enrolment(market, homes[_id].meter, slotNow() + 1, "");
        vm.prank(homes[_id].owner);
        assertRefusal(markets.enrol(es)[0], IMarkets.Refusal.None, "the owner himself");
    }

    function test_oneBadAmongGoodEnrolments() public {
        uint256 second = addHome(2);
        IMarkets.Enrolment[] memory es = new IMarkets.Enrolment[](4);
        es[0] = enrolment(_id, market, slotNow() + 1);
        es[1] = es[0];
        es[2] = enrolment(second, market, slotNow() + 1);
        es[2].fromSlot += 1;
        es[3] = enrolment(second, market, slotNow() + 1);
        IMarkets.Refusal[] memory got = markets.enrol(es);
        assertRefusal(got[0], IMarkets.Refusal.None, "good");
        assertRefusal(got[1], IMarkets.Refusal.AlreadyEnrolled, "twice");
        assertRefusal(got[2], IMarkets.Refusal.BadSignature, "bad");
        assertRefusal(got[3], IMarkets.Refusal.None, "good after bad");
        vm.assertEq(markets.memberCount(market), 2, "two members");
    }

    /* LIMITS */

    function _refusedLimits(
        IMarkets.Limits memory l,
        IMarkets.Refusal why
    ) private {
        vm.expectEmit(address(markets));
        emit IMarkets.LimitsSkipped(l.market, l.meter, l.sequence, why);
        assertRefusal(limitOne(l), why, "reason");
    }

    function _expectLimits(
        uint32 slot,
        int32 buy,
        int32 sell
    ) private view {
        (int32 b, int32 s) = markets.limitsAt(market, homes[_id].meter, slot);
        vm.assertEq(b, buy, "buy limit");
        vm.assertEq(s, sell, "sell limit");
    }

    function test_limitRefusals() public {
        uint32 from = slotNow() + 3;
        _refusedLimits(limitsMessage(_id, from, 1, one(1), one(2)), IMarkets.Refusal.NotAMember);
        enrol(_id, from);
        _refusedLimits(limitsMessage(_id, from, 0, one(1), one(2)), IMarkets.Refusal.OldSequence);
        _refusedLimits(limitsMessage(_id, slotNow(), 1, one(1), one(2)), IMarkets.Refusal.TooLate);
        int32[] memory two = new int32[](2);
        _refusedLimits(limitsMessage(_id, from, 1, two, two), IMarkets.Refusal.BadFormat);
        _refusedLimits(limitsMessage(_id, from, 1, one(1), new int32[](24)), IMarkets.Refusal.BadFormat);
        _refusedLimits(limitsMessage(_id, from, 1, new int32[](0), new int32[](0)), IMarkets.Refusal.BadFormat);
        IMarkets.Limits memory l = limitsMessage(_id, from, 1, one(1), one(2));
        l.signature = "";
        _refusedLimits(l, IMarkets.Refusal.BadSignature);
        _expectLimits(from, BUY_AT_TARIFF, SELL_AT_TARIFF);
        l = limitsMessage(_id, from, 7, one(-1), one(-2));
        vm.expectEmit(address(markets));
        emit IMarkets.LimitsSet(market, l.meter, from, 7, l.buyNano, l.sellNano, l.signature);
        assertRefusal(limitOne(l), IMarkets.Refusal.None, "taken");
        _refusedLimits(limitsMessage(_id, from, 7, one(1), one(2)), IMarkets.Refusal.OldSequence);
        _expectLimits(from - 1, BUY_AT_TARIFF, SELL_AT_TARIFF);
        _expectLimits(from, -1, -2);
    }

    function test_newestLimitsWinFromTheirSlotOn() public {
        uint32 from = slotNow() + 3;
        enrol(_id, from);
        setLimits(_id, from, 10, 20);
        setLimits(_id, from + 10, 11, 21);
        setLimits(_id, from + 20, 12, 22);
        _expectLimits(from + 9, 10, 20);
        _expectLimits(from + 10, 11, 21);
        _expectLimits(from + 20, 12, 22);
        // An earlier slot than two that are pending: both give way.
        setLimits(_id, from + 5, 13, 23);
        _expectLimits(from + 4, 10, 20);
        _expectLimits(from + 5, 13, 23);
        _expectLimits(from + 10, 13, 23);
        _expectLimits(from + 1000, 13, 23);
        setLimits(_id, from, BUY_AT_TARIFF, 5);
        _expectLimits(from, BUY_AT_TARIFF, 5);
        _expectLimits(from + 5, BUY_AT_TARIFF, 5);
        _expectLimits(from - 1, BUY_AT_TARIFF, SELL_AT_TARIFF);
    }

    function test_hourlyLimits() public {
        uint32 from = firstSlot();
        enrol(_id, from);
        int32[] memory buy = new int32[](24);
        int32[] memory sell = new int32[](24);
        for (uint256 h; h < 24; ++h) {
            (buy[h], sell[h]) = (int32(int256(1000 + h)), -int32(int256(h)));
        }
        assertRefusal(limitOne(limitsMessage(_id, from + 6, 1, buy, sell)), IMarkets.Refusal.None, "taken");
        _expectLimits(from + 5, BUY_AT_TARIFF, SELL_AT_TARIFF);
        for (uint32 i = 6; i < 100; ++i) {
            int32 hour = int32(uint32(i % 48) / 2);
            _expectLimits(from + i, 1000 + hour, -hour);
        }
        IMarkets.MemberTerms memory m = markets.memberByMeter(market, homes[_id].meter, from + 50);
        vm.assertEq(m.hourly.length, 24, "hourly");
        vm.assertEq(m.hourly[3], uint256(uint64(1003) | (uint64(uint32(int32(-3))) << 32)), "pair");
    }

    /// @dev Any series of messages against a list that is searched from its end.
    function testFuzz_limitsAreATimeline(
        uint256 seed
    ) public {
        seedChance(seed);
        enrol(_id, slotNow() + 1);
        uint32 start = slotNow();
        uint32[12] memory from;
        for (uint256 i; i < 12; ++i) {
            warpToSlot(slotNow() + chance(4));
            from[i] = slotNow() + 1 + uint32(chance(12));
            setLimits(_id, from[i], int32(int256(100 + i)), int32(int256(200 + i)));
        }
        for (uint32 slot = start; slot < start + 70; ++slot) {
            // The newest message whose first slot has come wins over everything before it.
            (int32 b, int32 s) = (BUY_AT_TARIFF, SELL_AT_TARIFF);
            for (uint256 i = 12; i > 0; --i) {
                if (from[i - 1] <= slot) {
                    (b, s) = (int32(int256(99 + i)), int32(int256(199 + i)));
                    break;
                }
            }
            _expectLimits(slot, b, s);
            if (slot > start) {
                IMarkets.MemberTerms memory m = markets.memberAt(market, 0, slot);
                vm.assertEq(m.buyNano, b, "member's terms");
                (int32 before,) = markets.limitsAt(market, homes[_id].meter, m.untilSlot - 1);
                if (m.untilSlot < start + 1000) vm.assertEq(before, b, "nothing changes before untilSlot");
            }
        }
    }

    /* PAUSE */

    function test_guardianStopsOnlyNewMessages() public {
        enrol(_id, firstSlot());
        uint256 other = addHome(1);
        fund(homes[_id].owner, EUR);
        vm.prank(guardian);
        vm.expectEmit(address(markets));
        emit IMarkets.Paused(true);
        markets.setPaused(true);
        _refusedEnrolment(enrolment(other, market, firstSlot()), IMarkets.Refusal.Paused);
        _refusedLimits(limitsMessage(_id, firstSlot(), 1, one(1), one(2)), IMarkets.Refusal.Paused);
        // P5: everything else goes on.
        warpToSlot(firstSlot() + 8);
        postFlat(_id, firstWindow(), 5, 0);
        clearAndSettleUpTo(firstWindow(), 1, type(uint32).max);
        address owner = homes[_id].owner;
        uint256 all = free(owner) / 1000 * 1000;
        vm.prank(owner);
        ledger.withdraw(owner, all);
        vm.assertLt(free(owner), 1000, "withdrawn");
        vm.prank(guardian);
        markets.setPaused(false);
        enrol(other, slotNow() + 1);
    }
}
