// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {World} from "./World.sol";

/// @dev A meter changes hands: nobody is bound by what another signed.
contract OwnersTest is World {
    uint256 private constant NEW_KEY = 0xABCD;
    address private _new = vm.addr(0xABCD);
    uint256 private _id;
    uint256 private _neighbour;
    uint32 private _w;

    function setUp() public {
        deployWorld();
        _id = addMember(1, 100 * EUR);
        _neighbour = addMember(1, 100 * EUR);
        _w = firstWindow();
        fund(supplierA, 100 * EUR);
        fund(_new, 100 * EUR);
    }

    function _handOver(
        uint32 slot,
        address owner
    ) private {
        vm.prank(registrar);
        registry.setTerms(homes[_id].meter, terms(owner, slot, 1, 0));
    }

    function _enrolmentBy(
        uint256 key,
        uint32 from
    ) private returns (IMarkets.Enrolment memory e) {
        uint256 kept = homes[_id].ownerKey;
        homes[_id].ownerKey = key;
        e = enrolment(_id, market, from);
        homes[_id].ownerKey = kept;
    }

    function _enrolBy(
        uint256 key,
        uint32 from
    ) private {
        assertRefusal(enrolOne(_enrolmentBy(key, from)), IMarkets.Refusal.None, "enrolment");
    }

    function test_P3_newOwnerIsNotDebitedWithoutConsent() public {
        _handOver((_w + 1) * 8, _new);
        warpToSlot((_w + 2) * 8);
        postFlat(_id, _w, 100, 0);
        postFlat(_neighbour, _w, 0, 100);
        postOne(record(_id, (_w + 1) * 8, flat(8, 100), flat(8, 0)));
        postFlat(_neighbour, _w + 1, 0, 100);
        vm.warp(windowEnd(_w + 1) + params().postSeconds);
        clearAndSettleUpTo(_w, 2, type(uint32).max);
        vm.assertEq(wealth(_new), int256(100 * EUR), "P3: the new owner has signed nothing");
        vm.assertLt(free(homes[_id].owner), 100 * EUR, "the old one pays for his own slots");
    }

    function test_newOwnerEnrolsAndStartsAtTariff() public {
        setLimits(_id, _w * 8, 1, 2);
        uint32 slot = (_w + 1) * 8 + 4;
        _handOver(slot, _new);
        _enrolBy(NEW_KEY, slot);
        IMarkets.MemberTerms memory before = markets.memberByMeter(market, homes[_id].meter, slot - 1);
        IMarkets.MemberTerms memory m = markets.memberByMeter(market, homes[_id].meter, slot);
        vm.assertTrue(before.active && m.active, "both are members in their slots");
        vm.assertEq(before.owner, homes[_id].owner, "old owner");
        vm.assertEq(before.buyNano, 1, "old limit");
        vm.assertEq(before.untilSlot, slot, "until the change");
        vm.assertEq(m.owner, _new, "new owner");
        vm.assertEq(m.index, before.index, "the place stays");
        vm.assertEq(m.buyNano, BUY_AT_TARIFF, "no limit of the old one");
        vm.assertEq(m.sellNano, SELL_AT_TARIFF, "no limit of the old one");
        warpToSlot((_w + 2) * 8);
        post(_id, _w * 8, flat(12, 100), flat(12, 0));
        post(_id, slot, flat(4, 100), flat(4, 0));
        post(_neighbour, _w * 8, flat(16, 0), flat(16, 100));
        clearAndSettleUpTo(_w, 2, type(uint32).max);
        // The old one's limit of 1 kept him out; 12 slots at the supplier's 250 + 130, one standing charge.
        vm.assertEq(wealth(homes[_id].owner), int256(100 * EUR) - 12 * 100 * 380_000 - 300_000_000, "old owner's bill");
        // The new one buys 4 slots at p = 150 and pays the charges.
        vm.assertEq(wealth(_new), int256(100 * EUR) - 4 * 100 * (150_000 + 130_000), "new owner's bill");
        assertNothingLost();
    }

    function assertNothingLost() private view {
        vm.assertEq(ledger.transitNano(market), 0, "P6");
        vm.assertEq(
            keptNano() + int256(free(_new)) + int256(locked(_new)), int256(ledger.heldNano()), "P2: kept == held"
        );
    }

    function test_oldOwnerCannotReachIntoNewSlots() public {
        uint32 slot = (_w + 1) * 8;
        _handOver(slot, _new);
        IMarkets.Limits memory l = limitsMessage(_id, slot, 9, one(1), one(2));
        assertRefusal(limitOne(l), IMarkets.Refusal.BadSignature, "not his slot");
        _enrolBy(NEW_KEY, slot);
        l = limitsMessage(_id, slot - 1, 10, one(1), one(2));
        IMarkets.Refusal got = limitOne(l);
        (int32 buy,) = markets.limitsAt(market, homes[_id].meter, slot);
        vm.assertEq(buy, BUY_AT_TARIFF, "whatever became of the message, it ends before the new owner's slots");
        vm.assertTrue(got == IMarkets.Refusal.NotAMember || got == IMarkets.Refusal.None, "reason");
        assertRefusal(enrolOne(_enrolmentBy(NEW_KEY, slot + 1)), IMarkets.Refusal.AlreadyEnrolled, "once");
    }

    function test_unconsentedSlotsAreMeteredOnly() public {
        uint32 slot = (_w + 1) * 8;
        _handOver(slot, _new);
        warpToSlot((_w + 3) * 8);
        _enrolBy(NEW_KEY, (_w + 4) * 8);
        warpToSlot((_w + 5) * 8);
        post(_id, _w * 8, flat(8, 100), flat(8, 0));
        IMetering.Reading memory r = record(_id, slot, flat(8, 100), flat(8, 0));
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "metered");
        vm.assertEq(wealth(_new), int256(100 * EUR), "and no more");
        vm.assertEq(lanes(homes[_id].meter, _w + 1)[0], 0, "nothing offered");
        post(_id, (_w + 2) * 8, flat(16, 100), flat(16, 0));
        r = recordAt(_id, (_w + 4) * 8 - 1, 3200, 0, flat(2, 1), flat(2, 0));
        assertOutcome(postOne(r), IMetering.Outcome.SplitAtChange, "over the beginning of the membership");
        post(_id, (_w + 4) * 8, flat(8, 100), flat(8, 0));
        for (uint32 w = _w; w < _w + 5; ++w) {
            postFlat(_neighbour, w, 0, 100);
        }
        clearAndSettleUpTo(_w, 5, type(uint32).max);
        vm.assertEq(wealth(_new), int256(100 * EUR) - 800 * 280_000, "from his own first slot on");
        assertNothingLost();
    }

    function test_recordOverTheBeginningOfAMembershipIsSplit() public {
        uint256 late = addHome(1);
        enrol(late, _w * 8 + 4);
        warpToSlot((_w + 1) * 8);
        IMetering.Reading memory r = recordAt(late, _w * 8, 0, 0, flat(8, 1), flat(8, 0));
        assertOutcome(postOne(r), IMetering.Outcome.SplitAtChange, "two parts");
        post(late, _w * 8, flat(4, 1), flat(4, 0));
        post(late, _w * 8 + 4, flat(4, 1), flat(4, 0));
        vm.assertEq(
            lanes(homes[late].meter, _w)[0] >> 224 & 0xff, 0xf0, "four slots in the market"
        );
    }

    /// @dev The old owner's membership and the new one's are both known before the old one's first slot.
    function test_P10_successionBeforeTheFirstSlot() public {
        uint256 late = addHome(1);
        fund(homes[late].owner, 100 * EUR);
        warpToSlot(_w * 8 - 2);
        enrol(late, _w * 8 + 4);
        vm.prank(registrar);
        registry.setTerms(homes[late].meter, terms(_new, (_w + 2) * 8, 1, 0));
        _id = late;
        _enrolBy(NEW_KEY, (_w + 2) * 8);
        warpToSlot((_w + 1) * 8);
        postFlat(0, _w, 0, 100);
        postFlat(_neighbour, _w, 30, 0);
        IMetering.Reading memory r = recordAt(late, _w * 8, 0, 0, flat(8, 1), flat(8, 0));
        assertOutcome(postOne(r), IMetering.Outcome.SplitAtChange, "the membership begins within");
        post(late, _w * 8, flat(4, 100), flat(4, 0));
        post(late, _w * 8 + 4, flat(4, 100), flat(4, 0));
        clearAndSettleUpTo(_w, 1, type(uint32).max);
        for (uint32 i; i < 8; ++i) {
            uint256 matched = settlement.resultOf(market, _w * 8 + i).matchedWh;
            vm.assertEq(matched, i < 4 ? 30 : 100, "all posted offers are in the book");
        }
        vm.assertEq(ledger.transitNano(market), 0, "P6");
    }

    function test_P10_successionOfAMeterRegisteredInMidWindow() public {
        warpToSlot(_w * 8 - 1);
        _id = homes.length;
        addHomeFrom(_w * 8 + 3);
        enrol(_id, _w * 8 + 4);
        vm.prank(registrar);
        registry.setTerms(homes[_id].meter, terms(_new, (_w + 2) * 8, 1, 0));
        _enrolBy(NEW_KEY, (_w + 2) * 8);
        fund(homes[_id].owner, 100 * EUR);
        warpToSlot((_w + 1) * 8);
        postFlat(0, _w, 0, 100);
        postFlat(_neighbour, _w, 0, 0);
        post(_id, _w * 8 + 4, flat(4, 100), flat(4, 0));
        clearAndSettleUpTo(_w, 1, type(uint32).max);
        vm.assertEq(settlement.resultOf(market, _w * 8 + 5).matchedWh, 100, "in the book");
        vm.assertEq(ledger.transitNano(market), 0, "P6");
    }

    function addHomeFrom(
        uint32 slot
    ) private {
        Home memory h;
        h.ownerKey = 0x1000 + homes.length;
        h.meterKey = 0x2000 + homes.length;
        h.owner = vm.addr(h.ownerKey);
        vm.prank(registrar);
        h.meter = registry.registerMeter(1, "c", terms(h.owner, slot, 1, 0), abi.encodePacked(vm.addr(h.meterKey)));
        homes.push(h);
    }

    function test_T18_oldLimitsStayUsedAfterReturning() public {
        address old = homes[_id].owner;
        uint32 far = (_w + 9) * 8;
        IMarkets.Limits memory l = limitsMessage(_id, far, 1, one(1), one(2));
        assertRefusal(limitOne(l), IMarkets.Refusal.None, "once");
        assertRefusal(
            limitOne(limitsMessage(_id, far, 2, one(BUY_AT_TARIFF), one(SELL_AT_TARIFF))),
            IMarkets.Refusal.None,
            "replaced"
        );
        _handOver((_w + 1) * 8, _new);
        _enrolBy(NEW_KEY, (_w + 1) * 8);
        warpToSlot((_w + 2) * 8);
        _handOver((_w + 3) * 8, old);
        enrolOne(enrolment(_id, market, (_w + 3) * 8));
        limitOne(l);
        (int32 buy,) = markets.limitsAt(market, homes[_id].meter, far);
        vm.assertEq(buy, BUY_AT_TARIFF, "a message that was replaced once cannot come back");
    }
}
