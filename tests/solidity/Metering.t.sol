// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {World} from "./World.sol";

/// @dev Readings of meters that are in no market; every outcome.
contract MeteringTest is World {
    uint256 private _id;
    uint32 private _first;

    function setUp() public {
        deployWorld();
        _id = addHome(1);
        _first = firstSlot();
        warpToSlot(_first + 2 * slotsPerDay());
    }

    function _expectHead(
        uint32 next,
        uint64 importWh,
        uint64 exportWh,
        uint8 gaps
    ) private view {
        IMetering.Head memory h = metering.headOf(homes[_id].meter);
        vm.assertEq(h.nextSlot, next, "next slot");
        vm.assertEq(h.importWh, importWh, "import register");
        vm.assertEq(h.exportWh, exportWh, "export register");
        vm.assertEq(h.gaps, gaps, "gaps");
        vm.assertEq(metering.gapsOf(homes[_id].meter).length, gaps, "list of gaps");
    }

    /// @dev The record is refused for this reason, by an event, and leaves no trace.
    function _refused(
        IMetering.Reading memory r,
        IMetering.Outcome why
    ) private {
        bytes32 before = _trace(r.meter);
        vm.expectEmit(address(metering));
        emit IMetering.ReadingSkipped(r.meter, r.firstSlot, why);
        assertOutcome(meterOne(r), why, "outcome");
        vm.assertEq(_trace(r.meter), before, "a refused record leaves no trace");
    }

    function _trace(
        uint32 meter
    ) private view returns (bytes32) {
        bytes32[4] memory days_;
        for (uint32 i; i < 4; ++i) {
            days_[i] = metering.dayHash(meter, DAY + i);
        }
        return keccak256(abi.encode(metering.headOf(meter), metering.gapsOf(meter), days_));
    }

    function _take(
        IMetering.Reading memory r
    ) private {
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "should be taken");
    }

    function _next(
        uint32 slots,
        uint256 importWh,
        uint256 exportWh
    ) private returns (IMetering.Reading memory) {
        uint32 from = homes[_id].nextSlot == 0 ? _first : homes[_id].nextSlot;
        return record(_id, from, flat(slots, importWh), flat(slots, exportWh));
    }

    /* ACCEPTED */

    function test_firstRecordSetsTheOrigin() public {
        homes[_id].importWh = 1_000_000;
        homes[_id].exportWh = 7;
        IMetering.Reading memory r = _next(5, 100, 3);
        vm.expectEmit(address(metering));
        emit IMetering.ReadingPosted(
            r.meter, r.firstSlot, r.slots, r.quality, r.importWh, r.exportWh, r.intervals, r.signature
        );
        _take(r);
        _expectHead(_first + 5, 1_000_500, 22, 0);
        _take(_next(3, 10, 0));
        _expectHead(_first + 8, 1_000_530, 22, 0);
    }

    function test_dayHashIsAChainOfTheDay() public {
        uint32 day = DAY + 1;
        vm.assertEq(metering.dayHash(homes[_id].meter, day), bytes32(0), "none yet");
        bytes32 want;
        for (uint256 i; i < 3; ++i) {
            IMetering.Reading memory r = _next(8, 10 + i, i);
            _take(r);
            want = keccak256(
                abi.encode(
                    uint256(want),
                    r.firstSlot,
                    r.slots,
                    r.quality,
                    r.importWh,
                    r.exportWh,
                    keccak256(abi.encodePacked(r.intervals))
                )
            );
            want = bytes32(uint256(uint224(uint256(want))));
            vm.assertEq(metering.dayHash(r.meter, day), want, "chained");
        }
        warpToSlot(_first + 40 * slotsPerDay());
        IMetering.Reading memory later = record(_id, _first + 32 * slotsPerDay(), flat(1, 5), flat(1, 0));
        _take(later);
        vm.assertEq(metering.dayHash(later.meter, day), bytes32(0), "its place is used again after 32 days");
        vm.assertTrue(metering.dayHash(later.meter, day + 32) != 0, "by the newer day");
        // What comes late for the old day is taken; its evidence lies in the log.
        IMetering.Reading memory old = recordAt(_id, _first + 24, 0 + 8 * 33, 8 * 3, flat(1, 0), flat(1, 0));
        bytes32 kept = metering.dayHash(later.meter, day + 32);
        _take(old);
        vm.assertEq(metering.dayHash(later.meter, day + 32), kept, "newer evidence stays");
    }

    function test_directCallOfTheKeyNeedsNoSignature() public {
        IMetering.Reading memory r = _next(2, 1, 1);
        r.signature = "";
        _refused(r, IMetering.Outcome.BadSignature);
        IMetering.Reading[] memory rs = new IMetering.Reading[](1);
        rs[0] = r;
        vm.prank(vm.addr(homes[_id].meterKey));
        assertOutcome(metering.post(rs)[0], IMetering.Outcome.Accepted, "the key itself");
        vm.prank(homes[_id].owner);
        rs[0] = _next(2, 1, 1);
        rs[0].signature = "";
        assertOutcome(metering.post(rs)[0], IMetering.Outcome.BadSignature, "not the owner");
    }

    /* REFUSED */

    function test_unknownMeter() public {
        IMetering.Reading memory r = _next(1, 1, 1);
        r.meter = 0;
        _refused(r, IMetering.Outcome.UnknownMeter);
        r.meter = registry.meterCount() + 1;
        _refused(r, IMetering.Outcome.UnknownMeter);
    }

    function test_badFormat() public {
        IMetering.Reading memory r = recordAt(_id, _first, 0, 0, flat(0, 1), flat(0, 1));
        _refused(r, IMetering.Outcome.BadFormat);
        r = recordAt(_id, _first, 0, 0, flat(4, 1), flat(4, 1));
        r.slots = 5;
        signReading(r, homes[_id].meterKey);
        _refused(r, IMetering.Outcome.BadFormat);
        r.slots = 0;
        signReading(r, homes[_id].meterKey);
        _refused(r, IMetering.Outcome.BadFormat);
        r = recordAt(_id, _first + slotsPerDay() - 1, 0, 0, flat(2, 1), flat(2, 1));
        _refused(r, IMetering.Outcome.BadFormat);
        // Rubbish beyond the last slot would be a second encoding of the same reading.
        for (uint256 slots = 1; slots < 4; ++slots) {
            r = recordAt(_id, _first, 0, 0, flat(slots, 1), flat(slots, 1));
            r.intervals[0] |= 1;
            signReading(r, homes[_id].meterKey);
            _refused(r, IMetering.Outcome.BadFormat);
        }
        r = recordAt(_id, _first, type(uint64).max - 5, 0, flat(2, 3), flat(2, 0));
        _refused(r, IMetering.Outcome.BadFormat);
        r = recordAt(_id, _first, 0, type(uint64).max - 5, flat(2, 0), flat(2, 3));
        _refused(r, IMetering.Outcome.BadFormat);
        _take(recordAt(_id, _first, type(uint64).max - 6, 0, flat(2, 3), flat(2, 0)));
    }

    function test_P21_futureSlot() public {
        uint32 now_ = slotNow();
        _refused(recordAt(_id, now_, 0, 0, flat(1, 1), flat(1, 1)), IMetering.Outcome.FutureSlot);
        _refused(recordAt(_id, now_ + 5, 0, 0, flat(1, 1), flat(1, 1)), IMetering.Outcome.FutureSlot);
        _refused(recordAt(_id, type(uint32).max, 0, 0, flat(1, 1), flat(1, 1)), IMetering.Outcome.FutureSlot);
        vm.warp(uint256(now_ + 1) * slotSeconds() - 1);
        _refused(recordAt(_id, now_, 0, 0, flat(1, 1), flat(1, 1)), IMetering.Outcome.FutureSlot);
        vm.warp(uint256(now_ + 1) * slotSeconds());
        _take(recordAt(_id, now_, 0, 0, flat(1, 1), flat(1, 1)));
    }

    function test_beforeRegistration() public {
        uint32 before = DAY * slotsPerDay() - 1;
        _refused(recordAt(_id, before, 0, 0, flat(1, 1), flat(1, 1)), IMetering.Outcome.BeforeRegistration);
    }

    function test_splitAtChangeOfTerms() public {
        uint32 change = slotNow() + 3;
        vm.prank(registrar);
        registry.setTerms(homes[_id].meter, terms(homes[_id].owner, change, 2, 0));
        warpToSlot(change + 8);
        _refused(recordAt(_id, change - 2, 0, 0, flat(3, 1), flat(3, 1)), IMetering.Outcome.SplitAtChange);
        _take(recordAt(_id, change - 2, 0, 0, flat(2, 1), flat(2, 1)));
        _take(recordAt(_id, change, 2, 2, flat(2, 1), flat(2, 1)));
    }

    function test_P17_keyOfTheSlot() public {
        uint32 change = slotNow() + 3;
        uint256 oldKey = homes[_id].meterKey;
        uint256 newKey = 0x9999;
        vm.prank(meterOperator);
        registry.setSigner(homes[_id].meter, change, abi.encodePacked(vm.addr(newKey)));
        warpToSlot(change + 8);
        _refused(recordAt(_id, change - 1, 0, 0, flat(2, 1), flat(2, 1)), IMetering.Outcome.SplitAtChange);
        _refused(recordAt(_id, change, 0, 0, flat(1, 1), flat(1, 1)), IMetering.Outcome.BadSignature);
        IMetering.Reading memory r = recordAt(_id, change - 1, 0, 0, flat(1, 1), flat(1, 1));
        signReading(r, newKey);
        _refused(r, IMetering.Outcome.BadSignature);
        signReading(r, oldKey);
        _take(r);
        r = recordAt(_id, change, 1, 1, flat(1, 1), flat(1, 1));
        signReading(r, newKey);
        _take(r);
    }

    function test_P17_revokedKey() public {
        uint32 change = slotNow();
        vm.prank(homes[_id].owner);
        registry.revokeSigner(homes[_id].meter);
        warpToSlot(change + 8);
        IMetering.Reading memory r = recordAt(_id, change, 0, 0, flat(1, 1), flat(1, 1));
        _refused(r, IMetering.Outcome.KeyRevoked);
        r.signature = "";
        _refused(r, IMetering.Outcome.KeyRevoked);
        _take(recordAt(_id, change - 1, 0, 0, flat(1, 1), flat(1, 1)));
    }

    function test_aboveFuse() public {
        _refused(recordAt(_id, _first, 0, 0, list(1, 20_001), list(0, 0)), IMetering.Outcome.AboveFuse);
        _refused(recordAt(_id, _first, 0, 0, list(1, 0), list(0, 20_001)), IMetering.Outcome.AboveFuse);
        _refused(recordAt(_id, _first, 0, 0, list(type(uint32).max, 0), list(0, 0)), IMetering.Outcome.AboveFuse);
        _take(recordAt(_id, _first, 0, 0, list(20_000, 0), list(0, 20_000)));
    }

    function test_P18_alreadyPosted() public {
        IMetering.Reading memory r = _next(8, 5, 5);
        _take(r);
        _refused(r, IMetering.Outcome.AlreadyPosted);
        _refused(recordAt(_id, _first + 2, 10, 10, flat(3, 5), flat(3, 5)), IMetering.Outcome.AlreadyPosted);
        _refused(recordAt(_id, _first + 7, 35, 35, flat(2, 5), flat(2, 5)), IMetering.Outcome.AlreadyPosted);
    }

    /// @dev The order in which records arrive does not matter, not even for the first one.
    function test_P20_recordsBeforeTheFirstOneJoin() public {
        _take(recordAt(_id, _first + 8, 100, 50, flat(2, 5), flat(2, 0)));
        _refused(recordAt(_id, _first + 6, 85, 50, flat(3, 5), flat(3, 0)), IMetering.Outcome.AlreadyPosted);
        _refused(recordAt(_id, _first + 4, 96, 50, flat(2, 5), flat(2, 0)), IMetering.Outcome.RegisterFell);
        _refused(recordAt(_id, _first + 6, 80, 50, flat(2, 5), flat(2, 0)), IMetering.Outcome.RegistersDoNotJoin);
        _take(recordAt(_id, _first + 2, 60, 50, flat(2, 10), flat(2, 0)));
        _expectHead(_first + 10, 110, 50, 1);
        _take(recordAt(_id, _first + 4, 80, 50, flat(4, 5), flat(4, 0)));
        _expectHead(_first + 10, 110, 50, 0);
    }

    function test_P19_registerFell() public {
        _take(_next(4, 100, 100));
        _refused(recordAt(_id, _first + 4, 399, 400, flat(1, 5), flat(1, 5)), IMetering.Outcome.RegisterFell);
        _refused(recordAt(_id, _first + 9, 400, 399, flat(1, 5), flat(1, 5)), IMetering.Outcome.RegisterFell);
    }

    function test_P20_registersDoNotJoin() public {
        _take(_next(4, 100, 100));
        _refused(recordAt(_id, _first + 4, 401, 400, flat(1, 5), flat(1, 5)), IMetering.Outcome.RegistersDoNotJoin);
        _refused(recordAt(_id, _first + 4, 400, 401, flat(1, 5), flat(1, 5)), IMetering.Outcome.RegistersDoNotJoin);
        _take(recordAt(_id, _first + 4, 400, 400, flat(1, 5), flat(1, 5)));
    }

    /* GAPS */

    function test_gapIsFilledInAnyOrder() public {
        _take(_next(4, 100, 0));
        vm.expectEmit(address(metering));
        emit IMetering.GapOpened(homes[_id].meter, _first + 4, _first + 12);
        _take(recordAt(_id, _first + 12, 1200, 0, flat(2, 100), flat(2, 0)));
        _expectHead(_first + 14, 1400, 0, 1);
        // The middle first: two gaps are left.
        _take(recordAt(_id, _first + 7, 700, 0, flat(2, 100), flat(2, 0)));
        _expectHead(_first + 14, 1400, 0, 2);
        _refused(recordAt(_id, _first + 7, 700, 0, flat(1, 100), flat(1, 0)), IMetering.Outcome.AlreadyPosted);
        _refused(recordAt(_id, _first + 6, 600, 0, flat(2, 100), flat(2, 0)), IMetering.Outcome.AlreadyPosted);
        // The left side of the right gap, then its rest, then the left gap at its right end, then its rest.
        _take(recordAt(_id, _first + 9, 900, 0, flat(1, 100), flat(1, 0)));
        _take(recordAt(_id, _first + 10, 1000, 0, flat(2, 100), flat(2, 0)));
        _expectHead(_first + 14, 1400, 0, 1);
        _take(recordAt(_id, _first + 5, 500, 0, flat(2, 100), flat(2, 0)));
        _take(recordAt(_id, _first + 4, 400, 0, flat(1, 100), flat(1, 0)));
        _expectHead(_first + 14, 1400, 0, 0);
        for (uint32 i; i < 14; ++i) {
            _refused(recordAt(_id, _first + i, 0, 0, flat(1, 0), flat(1, 0)), IMetering.Outcome.AlreadyPosted);
        }
    }

    function test_P20_gapMustJoinOnBothSides() public {
        _take(_next(4, 100, 0));
        _take(recordAt(_id, _first + 8, 800, 0, flat(2, 100), flat(2, 0)));
        _refused(recordAt(_id, _first + 4, 401, 0, flat(2, 100), flat(2, 0)), IMetering.Outcome.RegistersDoNotJoin);
        _refused(recordAt(_id, _first + 4, 399, 0, flat(2, 100), flat(2, 0)), IMetering.Outcome.RegisterFell);
        _refused(recordAt(_id, _first + 6, 601, 0, flat(2, 100), flat(2, 0)), IMetering.Outcome.RegisterFell);
        _refused(recordAt(_id, _first + 6, 599, 0, flat(2, 100), flat(2, 0)), IMetering.Outcome.RegistersDoNotJoin);
        _refused(recordAt(_id, _first + 5, 500, 0, flat(2, 151), flat(2, 0)), IMetering.Outcome.RegisterFell);
        _refused(recordAt(_id, _first + 4, 400, 0, flat(4, 99), flat(4, 0)), IMetering.Outcome.RegistersDoNotJoin);
        _refused(recordAt(_id, _first + 5, 500, 1, flat(1, 100), flat(1, 0)), IMetering.Outcome.RegisterFell);
        _refused(recordAt(_id, _first + 3, 300, 0, flat(5, 100), flat(5, 0)), IMetering.Outcome.AlreadyPosted);
        _refused(recordAt(_id, _first + 7, 700, 0, flat(2, 100), flat(2, 0)), IMetering.Outcome.AlreadyPosted);
        _take(recordAt(_id, _first + 4, 400, 0, flat(4, 100), flat(4, 0)));
        _expectHead(_first + 10, 1000, 0, 0);
    }

    function test_tooManyGaps() public {
        _take(_next(1, 100, 0));
        for (uint32 i = 1; i <= 8; ++i) {
            _take(recordAt(_id, _first + 4 * i, 400 * i, 0, flat(1, 100), flat(1, 0)));
        }
        _expectHead(_first + 33, 3300, 0, 8);
        _refused(recordAt(_id, _first + 40, 4000, 0, flat(1, 0), flat(1, 0)), IMetering.Outcome.TooManyGaps);
        // In the middle of a gap would make two of one; at its side makes no more.
        _refused(recordAt(_id, _first + 2, 200, 0, flat(1, 100), flat(1, 0)), IMetering.Outcome.TooManyGaps);
        _take(recordAt(_id, _first + 1, 100, 0, flat(1, 100), flat(1, 0)));
        _expectHead(_first + 33, 3300, 0, 8);
        _take(recordAt(_id, _first + 2, 200, 0, flat(2, 100), flat(2, 0)));
        _expectHead(_first + 33, 3300, 0, 7);
        _take(recordAt(_id, _first + 40, 4000, 0, flat(1, 0), flat(1, 0)));
        _take(recordAt(_id, _first + 41, 4000, 0, flat(1, 7), flat(1, 0)));
        _expectHead(_first + 42, 4007, 0, 8);
    }

    /* BATCHES */

    function test_oneBadAmongGood() public {
        uint256 other = addHome(2);
        IMetering.Reading[] memory rs = new IMetering.Reading[](5);
        rs[0] = _next(4, 10, 10);
        rs[1] = rs[0];
        rs[2] = recordAt(other, slotNow() - 1, 0, 0, flat(1, 1), flat(1, 1));
        rs[3] = recordAt(_id, _first + 4, 1, 1, flat(1, 1), flat(1, 1));
        rs[4] = _next(4, 20, 20);
        IMetering.Outcome[] memory got = metering.post(rs);
        assertOutcome(got[0], IMetering.Outcome.Accepted, "good");
        assertOutcome(got[1], IMetering.Outcome.AlreadyPosted, "duplicate in one batch");
        assertOutcome(got[2], IMetering.Outcome.BeforeRegistration, "other meter, too early");
        assertOutcome(got[3], IMetering.Outcome.RegisterFell, "falls behind the first");
        assertOutcome(got[4], IMetering.Outcome.Accepted, "good after bad");
        _expectHead(_first + 8, 120, 120, 0);
    }

    /// @dev P18: the same records in any order give the same state; resending changes nothing.
    function testFuzz_P18_anyOrderOfBatches(
        uint256 seed
    ) public {
        seedChance(seed);
        IMetering.Reading[] memory rs = new IMetering.Reading[](6);
        for (uint256 i; i < 6; ++i) {
            rs[i] = _next(uint32(1 + chance(7)), chance(500), chance(500));
        }
        for (uint256 i = 5; i > 1; --i) {
            // The first record stays first: it sets the origin.
            uint256 k = 1 + chance(i);
            (rs[i], rs[k]) = (rs[k], rs[i]);
        }
        for (uint256 i; i < 6; ++i) {
            _take(rs[i]);
        }
        _expectHead(homes[_id].nextSlot, homes[_id].importWh, homes[_id].exportWh, 0);
        for (uint256 i; i < 6; ++i) {
            _refused(rs[i], IMetering.Outcome.AlreadyPosted);
        }
    }

    /* MEMBERS */

    function test_membersAreReadThroughSettlement() public {
        uint32 from = slotNow() + 1;
        enrol(_id, from);
        vm.assertTrue(metering.headOf(homes[_id].meter).enrolled, "enrolled");
        warpToSlot(from + 8);
        _refused(record(_id, from, flat(2, 1), flat(2, 1)), IMetering.Outcome.ReadThroughSettlement);
    }

    function test_slotsBeforeMembershipCanStillBePosted() public {
        _take(recordAt(_id, _first, 0, 0, flat(2, 10), flat(2, 0)));
        uint32 from = slotNow() + 2;
        enrol(_id, from);
        warpToSlot(from + 8);
        // Delivered before the membership, posted after the enrolment.
        IMetering.Reading memory r = recordAt(_id, _first + 2, 20, 0, flat(2, 10), flat(2, 0));
        bool taken = meterOne(r) == IMetering.Outcome.Accepted || postOne(r) == IMetering.Outcome.Accepted;
        vm.assertTrue(taken, "the slots before the membership are lost");
        vm.assertEq(metering.headOf(homes[_id].meter).nextSlot, _first + 4, "head");
    }

    function test_bindAndEntryPoints() public {
        IMetering other = IMetering(ship("Metering", abi.encode(manager, registry)));
        vm.expectRevert(abi.encodeWithSelector(IMetering.ZeroAccount.selector));
        other.bind(address(0), address(1), address(2));
        vm.expectRevert(abi.encodeWithSelector(IMetering.ZeroAccount.selector));
        other.bind(address(1), address(0), address(2));
        vm.expectRevert(abi.encodeWithSelector(IMetering.ZeroAccount.selector));
        other.bind(address(1), address(2), address(0));
        other.bind(address(1), address(2), address(3));
        vm.expectRevert(abi.encodeWithSelector(IMetering.AlreadyBound.selector, address(1)));
        other.bind(address(4), address(5), address(6));
        IMetering.Reading[] memory rs = new IMetering.Reading[](0);
        IMetering.Outcome[] memory none = new IMetering.Outcome[](0);
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IMetering.NotSettlement.selector, stranger));
        metering.postFor(rs, stranger, none);
        uint32 meter = homes[_id].meter;
        vm.expectRevert();
        metering.bind(address(1), address(2), address(3));
        vm.expectRevert(abi.encodeWithSelector(IMetering.NotPoints.selector, stranger));
        metering.keepOut(meter);
        vm.stopPrank();
        vm.assertTrue(!metering.headOf(meter).enrolled, "not enrolled by strangers");
        vm.assertTrue(!metering.headOf(meter).keptOut, "nor kept out");
    }

    /* EXCHANGE */

    uint256 private constant NEW_KEY = 0x7777;

    function _exchange(
        uint32 slot,
        uint64 closing,
        uint64 opening
    ) private view returns (IMetering.Exchange memory e) {
        e = IMetering.Exchange(homes[_id].meter, slot, closing, closing / 2, opening, opening / 2, "", "");
        e.closingSignature = signed(homes[_id].meterKey, metering.exchangeDigest(e, false));
        e.openingSignature = signed(NEW_KEY, metering.exchangeDigest(e, true));
    }

    function _exchangeRefused(
        IMetering.Exchange memory e,
        IMetering.Outcome why
    ) private {
        vm.prank(meterOperator);
        vm.expectRevert(abi.encodeWithSelector(IMetering.ExchangeRefused.selector, e.meter, why));
        metering.exchangeMeter(e);
    }

    /// @dev Records up to `at`, a new key from `at` on; the clock a day later.
    function _prepareExchange() private returns (uint32 change) {
        change = slotNow() + 4;
        homes[_id].nextSlot = change - 4;
        vm.prank(meterOperator);
        registry.setSigner(homes[_id].meter, change, abi.encodePacked(vm.addr(NEW_KEY)));
        warpToSlot(change + slotsPerDay());
        _take(_next(2, 200, 100));
    }

    function test_P19_exchangeWithAGap() public {
        uint32 change = _prepareExchange();
        IMetering.Exchange memory e = _exchange(change, 1000, 4);
        vm.expectEmit(address(metering));
        emit IMetering.MeterExchanged(e.meter, change, 1000, 500, 4, 2, e.closingSignature, e.openingSignature);
        vm.prank(meterOperator);
        metering.exchangeMeter(e);
        _expectHead(change, 4, 2, 1);
        // The new meter goes on from its own registers, the old one's gap is filled with the old key.
        IMetering.Reading memory r = recordAt(_id, change, 4, 2, flat(2, 50), flat(2, 50));
        _refused(r, IMetering.Outcome.BadSignature);
        signReading(r, NEW_KEY);
        _take(r);
        _refused(recordAt(_id, change - 2, 400, 200, flat(2, 299), flat(2, 150)), IMetering.Outcome.RegistersDoNotJoin);
        _take(recordAt(_id, change - 2, 400, 200, flat(2, 300), flat(2, 150)));
        _expectHead(change + 2, 104, 102, 0);
        _exchangeRefused(e, IMetering.Outcome.AlreadyPosted);
    }

    function test_P19_exchangeAtTheHead() public {
        uint32 change = _prepareExchange();
        _take(_next(2, 200, 100));
        _exchangeRefused(_exchange(change, 802, 0), IMetering.Outcome.RegistersDoNotJoin);
        _exchangeRefused(_exchange(change, 798, 0), IMetering.Outcome.RegisterFell);
        IMetering.Exchange memory e = _exchange(change, 800, 0);
        vm.prank(meterOperator);
        metering.exchangeMeter(e);
        _expectHead(change, 0, 0, 0);
    }

    function test_exchangeRefusals() public {
        uint32 change = _prepareExchange();
        IMetering.Exchange memory e = _exchange(change, 1000, 4);
        e.meter = 99;
        _exchangeRefused(e, IMetering.Outcome.UnknownMeter);
        _exchangeRefused(_exchange(slotNow() + 1, 1000, 4), IMetering.Outcome.FutureSlot);
        _exchangeRefused(_exchange(change - 3, 1000, 4), IMetering.Outcome.AlreadyPosted);
        _exchangeRefused(_exchange(change, 398, 4), IMetering.Outcome.RegisterFell);
        _exchangeRefused(_exchange(change + 1, 1000, 4), IMetering.Outcome.SplitAtChange);
        e = _exchange(change, 1000, 4);
        e.closingSignature = e.openingSignature;
        _exchangeRefused(e, IMetering.Outcome.BadSignature);
        e = _exchange(change, 1000, 4);
        e.openingSignature = e.closingSignature;
        _exchangeRefused(e, IMetering.Outcome.BadSignature);
        e = _exchange(change, 1000, 4);
        e.openingImportWh = 5;
        _exchangeRefused(e, IMetering.Outcome.BadSignature);
        e = _exchange(change, 1000, 4);
        e.closingImportWh = 1001;
        _exchangeRefused(e, IMetering.Outcome.BadSignature);
        // Signatures of one side cannot stand for the other: the digest says which it is.
        e = _exchange(change, 1000, 1000);
        vm.assertTrue(metering.exchangeDigest(e, true) != metering.exchangeDigest(e, false), "sides differ");
        uint256 fresh = addHome(1);
        e.meter = homes[fresh].meter;
        _exchangeRefused(e, IMetering.Outcome.BeforeRegistration);
    }

    function test_exchangeNeedsAFreeGap() public {
        uint32 change = slotNow() + 45;
        homes[_id].nextSlot = slotNow();
        vm.prank(meterOperator);
        registry.setSigner(homes[_id].meter, change, abi.encodePacked(vm.addr(NEW_KEY)));
        warpToSlot(change + slotsPerDay());
        uint32 from = homes[_id].nextSlot;
        _take(_next(1, 0, 0));
        for (uint32 i = 1; i <= 8; ++i) {
            _take(recordAt(_id, from + 4 * i, 0, 0, flat(1, 0), flat(1, 0)));
        }
        _exchangeRefused(_exchange(change, 0, 0), IMetering.Outcome.TooManyGaps);
    }

    function test_P22_qualityIsSigned() public {
        IMetering.Reading memory r = _next(1, 5, 5);
        r.quality = IMetering.Quality.Estimated;
        _refused(r, IMetering.Outcome.BadSignature);
        signReading(r, homes[_id].meterKey);
        vm.expectEmit(address(metering));
        emit IMetering.ReadingPosted(
            r.meter, r.firstSlot, r.slots, IMetering.Quality.Estimated, r.importWh, r.exportWh, r.intervals, r.signature
        );
        _take(r);
        r.quality = IMetering.Quality.Measured;
        signReading(r, homes[_id].meterKey);
        _refused(r, IMetering.Outcome.AlreadyPosted);
    }
}
