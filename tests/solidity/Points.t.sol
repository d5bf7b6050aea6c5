// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoints} from "../../contracts/interfaces/IPoints.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {MockWallet} from "../../contracts/mocks/MockWallet.sol";
import {World} from "./World.sol";

/// @dev Metering points: who may say what of them, from when on; and who may read.
contract PointsTest is World {
    bytes32 private constant FORECAST = "forecast";
    uint256 private constant KEY = 0xA11CE;
    uint256 private constant NEXT_KEY = 0xB0B;

    uint32 private _id;
    uint32 private _s;
    address private _alice = vm.addr(KEY);
    address private _bob = vm.addr(NEXT_KEY);
    address private _agent = address(0xAE);
    address private _reader = address(0x4EAD);

    function setUp() public {
        deployWorld();
        bytes4[] memory selectors = new bytes4[](4);
        selectors[0] = points.register.selector;
        selectors[1] = points.relate.selector;
        selectors[2] = points.setNetworkOperator.selector;
        selectors[3] = points.setSupplier.selector;
        manager.setTargetFunctionRole(address(points), selectors, REGISTRAR);
        _id = _register("point", false);
        _s = slotNow() + 1;
    }

    /* WHAT IS SAID */

    function _first() private view returns (IPoints.Standing memory s) {
        s.customer = _alice;
        s.fromSlot = slotNow();
        s.supplier = 1;
        s.status = IPoints.Status.Energised;
        s.networkOperator = gridOperator;
        s.meterAgent = _agent;
    }

    function _point(bytes32 commitment) private pure returns (IPoints.Point memory) {
        return IPoints.Point(commitment, 1, IPoints.Fuel.Electricity, false);
    }

    function _register(bytes32 commitment, bool gas_) private returns (uint32) {
        IPoints.Point memory p = _point(commitment);
        if (gas_) p.fuel = IPoints.Fuel.Gas;
        vm.prank(registrar);
        return points.register(p, _first());
    }

    function _tenancy(uint32 from, uint256 key) private view returns (IPoints.Tenancy memory t) {
        t = IPoints.Tenancy(_id, from, vm.addr(key), IPoints.CustomerClass.MicroBusiness, "");
        bytes32 kind = keccak256("Tenancy(uint32 point,uint32 fromSlot,address customer,uint8 customerClass)");
        t.signature = _signed(key, keccak256(abi.encode(kind, t.point, t.fromSlot, t.customer, t.customerClass)));
    }

    function _consent(uint32 sequence) private view returns (IPoints.Consent memory c) {
        c.point = _id;
        c.customer = _alice;
        c.reader = _reader;
        c.purpose = FORECAST;
        (c.fromSlot, c.untilSlot) = (_s, _s + 10);
        c.endsAt = uint64(vm.getBlockTimestamp() + 30 days);
        c.sequence = sequence;
    }

    function _sign(IPoints.Consent memory c, uint256 key) private view {
        bytes32 kind = keccak256(
            "Consent(uint32 point,address customer,address reader,bytes32 purpose,uint32 fromSlot,uint32 untilSlot,"
            "uint64 endsAt,uint32 sequence)"
        );
        bytes memory head = abi.encode(kind, c.point, c.customer, c.reader, c.purpose);
        bytes memory tail = abi.encode(c.fromSlot, c.untilSlot, c.endsAt, c.sequence);
        c.signature = _signed(key, keccak256(bytes.concat(head, tail)));
    }

    function _withdrawal(uint32 sequence, uint256 key) private view returns (IPoints.Withdrawal memory w) {
        w = IPoints.Withdrawal(_id, _alice, _reader, FORECAST, sequence, "");
        bytes32 kind =
            keccak256("Withdrawal(uint32 point,address customer,address reader,bytes32 purpose,uint32 sequence)");
        w.signature =
            _signed(key, keccak256(abi.encode(kind, w.point, w.customer, w.reader, w.purpose, w.sequence)));
    }

    function _signed(uint256 key, bytes32 hash) private view returns (bytes memory) {
        return signed(key, digestOf(separator("p2pchain Points", address(points)), hash));
    }

    function _at(uint32 slot) private view returns (IPoints.Standing memory s) {
        (s,) = points.standingAt(_id, slot);
    }

    function _may(address who, uint32 slot) private view returns (bool) {
        return points.mayRead(_id, who, FORECAST, slot);
    }

    /* REGISTERING */

    function test_registeredOnce() public {
        vm.assertEq(_id, 1, "dense numbers");
        vm.assertEq(points.pointOf("point"), 1, "by commitment");
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IPoints.PointExists.selector, uint32(1)));
        points.register(_point("point"), _first());
        IPoints.Point memory p = _point("gas");
        (p.fuel, p.exports) = (IPoints.Fuel.Gas, true);
        IPoints.Standing memory s = _first();
        s.fromSlot = _s + 3;
        vm.expectEmit(address(points));
        emit IPoints.PointRegistered(2, 1, "gas", IPoints.Fuel.Gas, true);
        vm.expectEmit(address(points));
        emit IPoints.StandingSet(2, _alice, s);
        vm.assertEq(points.register(p, s), 2, "the next");
        vm.stopPrank();
        vm.assertEq(keccak256(abi.encode(points.point(2))), keccak256(abi.encode(p)), "what never changes");
        vm.expectRevert(abi.encodeWithSelector(IPoints.BeforeFirstStanding.selector, uint32(2), _s + 2));
        points.standingAt(2, _s + 2);
        vm.assertTrue(!points.mayRead(2, _alice, FORECAST, _s + 2), "nothing to read before");
    }

    function test_registerRefuses() public {
        IPoints.Point memory p = _point("other");
        IPoints.Standing memory s = _first();
        vm.startPrank(registrar);
        s.fromSlot = slotNow() - 1;
        vm.expectRevert(abi.encodeWithSelector(IPoints.StandingHasBegun.selector, s.fromSlot, slotNow()));
        points.register(p, s);
        s = _first();
        s.supplier = 9;
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownSupplier.selector, uint16(9)));
        points.register(p, s);
        s = _first();
        s.networkOperator = address(0);
        expectRevert(IPoints.NoNetworkOperator.selector);
        points.register(p, s);
        s = _first();
        p.area = 7;
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownArea.selector, uint32(7)));
        points.register(p, s);
        p = _point("other");
        s.meter = 1;
        vm.expectRevert(abi.encodeWithSelector(IPoints.MeterOfAnotherPoint.selector, uint32(1), uint32(2)));
        points.register(p, s);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IPoints.UnknownPoint.selector, uint32(2)));
        points.point(2);
        vm.expectRevert(abi.encodeWithSelector(IPoints.UnknownPoint.selector, uint32(0)));
        points.standingsOf(0);
    }

    function test_relatedPoints() public {
        uint32 other = _register("gas", true);
        vm.startPrank(registrar);
        vm.expectEmit(address(points));
        emit IPoints.PointsRelated(_id, other);
        points.relate(_id, other);
        vm.expectRevert(abi.encodeWithSelector(IPoints.CannotBeRelated.selector, other, _id));
        points.relate(other, _id);
        vm.expectRevert(abi.encodeWithSelector(IPoints.CannotBeRelated.selector, _id, _id));
        points.relate(_id, _id);
        vm.stopPrank();
        vm.assertTrue(points.relatedTo(_id)[0] == other && points.relatedTo(other)[0] == _id, "both ways");
    }

    /* THE TIMELINE */

    function test_P27_suppliersPartitionTime() public {
        vm.startPrank(registrar);
        points.setSupplier(_id, _s + 4, 2);
        points.setSupplier(_id, _s + 9, 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownSupplier.selector, uint16(5)));
        points.setSupplier(_id, _s + 9, 5);
        vm.stopPrank();
        uint32 slot = slotNow();
        while (slot != type(uint32).max) {
            (IPoints.Standing memory s, uint32 until) = points.standingAt(_id, slot);
            vm.assertTrue(s.fromSlot == slot && until > slot, "no gap, no overlap");
            vm.assertEq(s.supplier, slot == _s + 4 ? 2 : 1, "supplier");
            slot = until;
        }
        warpToSlot(_s + 9);
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IPoints.StandingHasBegun.selector, _s + 9, _s + 9));
        points.setSupplier(_id, _s + 9, 2);
        vm.assertEq(_at(_s + 4).supplier, 2, "what has begun stays");
    }

    function testFuzz_P27_timeline(uint256 seed) public {
        seedChance(seed);
        uint32 from = _s;
        uint16[64] memory expected;
        for (uint256 i; i < 64; ++i) expected[i] = 1;
        for (uint256 n = chance(12); n > 0; --n) {
            uint16 supplier = uint16(1 + chance(2));
            from = _s + uint32(chance(64));
            vm.prank(registrar);
            points.setSupplier(_id, from, supplier);
            for (uint256 i = from - _s; i < 64; ++i) expected[i] = supplier;
        }
        for (uint32 i; i < 64; ++i) {
            vm.assertEq(_at(_s + i).supplier, expected[i], "supplier of a slot");
        }
    }

    /// @dev What others have said for later slots does not hold a change of supplier up, nor is it lost.
    function test_supplierChangesBeforeWhatWaits() public {
        vm.startPrank(gridOperator);
        points.setStatus(_id, _s + 5, IPoints.Status.DeEnergised);
        points.setStatus(_id, _s + 9, IPoints.Status.Energised);
        vm.stopPrank();
        vm.expectEmit(address(points));
        emit IPoints.SupplierSet(_id, _s + 2, 2);
        vm.startPrank(registrar);
        points.setSupplier(_id, _s + 2, 2);
        IPoints.Standing[] memory all = points.standingsOf(_id);
        vm.assertEq(all.length, 4, "one more entry");
        vm.assertTrue(
            all[0].supplier == 1 && all[1].supplier == 2 && all[2].supplier == 2 && all[3].supplier == 2, "from there on"
        );
        vm.assertTrue(
            all[1].fromSlot == _s + 2 && all[1].status == IPoints.Status.Energised && all[2].fromSlot == _s + 5
                && all[2].status == IPoints.Status.DeEnergised && all[3].status == IPoints.Status.Energised,
            "the rest stays"
        );
        points.setSupplier(_id, _s + 5, 1);
        vm.assertEq(points.standingsOf(_id).length, 4, "none for a slot that has one");
        vm.assertTrue(_at(_s + 4).supplier == 2 && _at(_s + 5).supplier == 1 && _at(_s + 9).supplier == 1, "there");
        vm.stopPrank();
    }

    function test_onlySoManyWait() public {
        vm.startPrank(gridOperator);
        for (uint32 i; i < 8; ++i) points.setStatus(_id, _s + i, IPoints.Status.DeEnergised);
        points.setStatus(_id, _s + 7, IPoints.Status.Energised);
        vm.expectRevert(abi.encodeWithSelector(IPoints.TooManyPending.selector, _id));
        points.setStatus(_id, _s + 8, IPoints.Status.DeEnergised);
        vm.stopPrank();
        vm.prank(registrar);
        points.setSupplier(_id, _s + 3, 2);
        warpToSlot(_s + 1);
        vm.prank(gridOperator);
        vm.expectRevert(abi.encodeWithSelector(IPoints.LaterStandingPending.selector, _s + 7));
        points.setStatus(_id, _s + 6, IPoints.Status.DeEnergised);
        vm.prank(gridOperator);
        points.setStatus(_id, _s + 8, IPoints.Status.DeEnergised);
        vm.assertEq(_at(_s + 8).supplier, 2, "with the supplier of then");
    }

    function test_supplierOfWhatIsNotThere() public {
        IPoints.Standing memory s = _first();
        s.fromSlot = _s + 4;
        vm.startPrank(registrar);
        uint32 other = points.register(_point("later"), s);
        vm.expectRevert(abi.encodeWithSelector(IPoints.BeforeFirstStanding.selector, other, _s + 3));
        points.setSupplier(other, _s + 3, 2);
        vm.stopPrank();
        vm.prank(gridOperator);
        points.setStatus(_id, _s, IPoints.Status.Disconnected);
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IPoints.PointIsDisconnected.selector, _id));
        points.setSupplier(_id, _s + 1, 2);
    }

    function test_changesOfOneSlotAddUp() public {
        vm.prank(registrar);
        points.setSupplier(_id, _s, 2);
        vm.prank(gridOperator);
        points.setStatus(_id, _s, IPoints.Status.DeEnergised);
        vm.prank(registrar);
        points.setNetworkOperator(_id, _s, stranger);
        IPoints.Standing memory s = _at(_s);
        vm.assertTrue(
            s.supplier == 2 && s.status == IPoints.Status.DeEnergised && s.networkOperator == stranger, "all of them"
        );
        vm.assertEq(points.standingsOf(_id).length, 2, "one entry");
        vm.assertEq(_at(_s - 1).supplier, 1, "the running slot stays");
    }

    function test_P29_onlyPartiesOfRecord() public {
        bytes memory no = abi.encodeWithSelector(IPoints.NotOfRecord.selector, _id, stranger);
        IPoints.Tenancy memory t = _tenancy(_s, NEXT_KEY);
        vm.startPrank(stranger);
        vm.expectRevert(no);
        points.setStatus(_id, _s, IPoints.Status.DeEnergised);
        vm.expectRevert(no);
        points.setMeterAgent(_id, _s, stranger);
        vm.expectRevert(no);
        points.setMeter(_id, _s, 0);
        vm.expectRevert(no);
        points.moveIn(t);
        vm.expectRevert(no);
        points.moveOut(_id, _s);
        vm.stopPrank();
        // The one to come, not the one that goes.
        vm.prank(registrar);
        points.setSupplier(_id, _s + 2, 2);
        vm.prank(supplierA);
        vm.expectRevert(abi.encodeWithSelector(IPoints.NotOfRecord.selector, _id, supplierA));
        points.setMeterAgent(_id, _s + 3, stranger);
        vm.prank(supplierB);
        points.setMeterAgent(_id, _s + 3, stranger);
        vm.assertEq(_at(_s + 3).meterAgent, stranger, "appointed");
        vm.prank(registrar);
        expectRevert(IPoints.NoNetworkOperator.selector);
        points.setNetworkOperator(_id, _s + 3, address(0));
    }

    function test_aPointIsNotAMeter() public {
        vm.startPrank(registrar);
        bytes memory key = abi.encodePacked(stranger);
        uint32 old = registry.registerMeter(1, "point", terms(_alice, slotNow(), 1, 0), key);
        uint32 next = registry.registerMeter(1, "point", terms(_alice, slotNow(), 1, 0), key);
        uint32 other = registry.registerMeter(1, "another", terms(_alice, slotNow(), 1, 0), key);
        vm.stopPrank();
        vm.startPrank(_agent);
        points.setMeter(_id, _s, old);
        points.setMeter(_id, _s + 5, 0);
        points.setMeter(_id, _s + 6, next);
        vm.expectRevert(abi.encodeWithSelector(IPoints.MeterOfAnotherPoint.selector, other, _id));
        points.setMeter(_id, _s + 7, other);
        vm.stopPrank();
        vm.assertTrue(
            _at(_s - 1).meter == 0 && _at(_s).meter == old && _at(_s + 5).meter == 0 && _at(_s + 6).meter == next,
            "none, one, none, another"
        );
    }

    function test_disconnectedForEver() public {
        vm.startPrank(gridOperator);
        points.setStatus(_id, _s, IPoints.Status.Disconnected);
        points.setStatus(_id, _s, IPoints.Status.Energised);
        points.setStatus(_id, _s, IPoints.Status.Disconnected);
        vm.expectRevert(abi.encodeWithSelector(IPoints.PointIsDisconnected.selector, _id));
        points.setStatus(_id, _s + 1, IPoints.Status.Energised);
        vm.stopPrank();
    }

    /* TENANCY */

    function test_moveInNeedsBothSides() public {
        IPoints.Tenancy memory t = _tenancy(_s + 2, NEXT_KEY);
        vm.startPrank(supplierA);
        t.customer = stranger;
        vm.expectRevert(abi.encodeWithSelector(IPoints.NotSignedByCustomer.selector, stranger));
        points.moveIn(t);
        t.customer = address(0);
        expectRevert(IPoints.NoCustomer.selector);
        points.moveIn(t);
        t = _tenancy(_s + 2, NEXT_KEY);
        t.customerClass = IPoints.CustomerClass.Domestic;
        vm.expectRevert(abi.encodeWithSelector(IPoints.NotSignedByCustomer.selector, _bob));
        points.moveIn(t);
        t = _tenancy(_s + 2, NEXT_KEY);
        points.moveIn(t);
        vm.stopPrank();
        vm.assertTrue(_at(_s + 1).customer == _alice && _at(_s + 2).customer == _bob, "at the slot");
        vm.assertTrue(_at(_s + 2).customerClass == IPoints.CustomerClass.MicroBusiness, "class");
        vm.assertTrue(_may(_bob, _s + 2) && !_may(_bob, _s + 1), "history is hidden from the successor");
        vm.assertTrue(_may(_alice, _s + 1) && !_may(_alice, _s + 2), "and what comes from who has gone");
    }

    function test_moveOut() public {
        vm.prank(_alice);
        points.moveOut(_id, _s);
        vm.assertEq(_at(_s).customer, address(0), "empty");
        vm.assertTrue(!_may(_alice, _s) && !_may(address(0), _s), "nobody's");
        vm.prank(supplierA);
        expectRevert(IPoints.NoCustomer.selector);
        points.moveOut(_id, _s + 1);
        IPoints.Tenancy memory t = _tenancy(_s + 1, NEXT_KEY);
        vm.startPrank(supplierA);
        points.moveIn(t);
        // A supplier could hold up a switch by it.
        vm.expectRevert(abi.encodeWithSelector(IPoints.NotOfRecord.selector, _id, supplierA));
        points.moveOut(_id, _s + 4);
        vm.stopPrank();
    }

    /* CONSENT */

    function test_whoMayRead() public {
        warpToSlot(_s + 5);
        address[4] memory parties = [_alice, supplierA, gridOperator, _agent];
        for (uint256 i; i < 4; ++i) vm.assertTrue(_may(parties[i], _s), "party of record");
        vm.assertTrue(!_may(_reader, _s) && !_may(supplierB, _s) && !_may(stranger, _s), "nobody else");
        vm.prank(registrar);
        points.setSupplier(_id, _s + 6, 2);
        vm.assertTrue(_may(supplierB, _s + 6) && !_may(supplierB, _s + 5), "from its own slot on");
        vm.assertTrue(_may(supplierA, _s + 5) && !_may(supplierA, _s + 6), "as long as it supplies");
    }

    function test_consentHasPurposeAndEnd() public {
        IPoints.Consent memory c = _consent(1);
        _sign(c, KEY);
        vm.expectEmit(address(points));
        emit IPoints.ConsentGiven(_id, _alice, _reader, FORECAST, _s, _s + 10, c.endsAt, 1);
        vm.prank(stranger);
        points.giveConsent(c);
        vm.assertTrue(_may(_reader, _s) && _may(_reader, _s + 9), "its slots");
        vm.assertTrue(!_may(_reader, _s - 1) && !_may(_reader, _s + 10), "no others");
        vm.assertTrue(!points.mayRead(_id, _reader, "advertising", _s), "no other purpose");
        vm.assertTrue(!_may(stranger, _s), "no other reader");
        vm.warp(c.endsAt - 1);
        vm.assertTrue(_may(_reader, _s), "until then");
        vm.warp(c.endsAt);
        vm.assertTrue(!_may(_reader, _s), "and no longer");
    }

    function test_consentIsWithdrawn() public {
        IPoints.Consent memory c = _consent(1);
        vm.prank(_alice);
        points.giveConsent(c);
        IPoints.Withdrawal memory w = _withdrawal(2, KEY);
        vm.expectEmit(address(points));
        emit IPoints.ConsentWithdrawn(_id, _alice, _reader, FORECAST, 2);
        points.withdrawConsent(w);
        vm.assertTrue(!_may(_reader, _s), "at once");
        _sign(c, KEY);
        vm.expectRevert(abi.encodeWithSelector(IPoints.ConsentSuperseded.selector, uint32(1), uint32(2)));
        points.giveConsent(c);
        vm.expectRevert(abi.encodeWithSelector(IPoints.ConsentSuperseded.selector, uint32(2), uint32(2)));
        points.withdrawConsent(w);
        c = _consent(3);
        vm.prank(_alice);
        points.giveConsent(c);
        vm.assertTrue(_may(_reader, _s), "given anew");
    }

    function test_consentRefuses() public {
        bytes memory no = abi.encodeWithSelector(IPoints.NotSignedByCustomer.selector, _alice);
        IPoints.Consent memory c = _consent(1);
        _sign(c, NEXT_KEY);
        vm.expectRevert(no);
        points.giveConsent(c);
        _sign(c, KEY);
        c.untilSlot += 1;
        vm.expectRevert(no);
        points.giveConsent(c);
        IPoints.Withdrawal memory w = _withdrawal(1, NEXT_KEY);
        vm.expectRevert(no);
        points.withdrawConsent(w);
        vm.startPrank(_alice);
        c = _consent(1);
        c.untilSlot = c.fromSlot;
        vm.expectRevert(abi.encodeWithSelector(IPoints.ConsentIsEmpty.selector, _s, _s));
        points.giveConsent(c);
        c = _consent(1);
        c.endsAt = uint64(vm.getBlockTimestamp());
        vm.expectRevert(abi.encodeWithSelector(IPoints.ConsentHasEnded.selector, c.endsAt));
        points.giveConsent(c);
        vm.expectRevert(abi.encodeWithSelector(IPoints.ConsentSuperseded.selector, uint32(0), uint32(0)));
        points.giveConsent(_consent(0));
        vm.stopPrank();
    }

    /// @dev What somebody has agreed to who is not the customer of a slot opens nothing.
    function test_consentOfWhoIsNotTheCustomer() public {
        IPoints.Consent memory c = _consent(1);
        c.customer = stranger;
        vm.prank(stranger);
        points.giveConsent(c);
        vm.assertTrue(!_may(_reader, _s), "not his to give");
        c = _consent(1);
        vm.prank(_alice);
        points.giveConsent(c);
        IPoints.Tenancy memory t = _tenancy(_s + 3, NEXT_KEY);
        vm.prank(supplierA);
        points.moveIn(t);
        vm.assertTrue(_may(_reader, _s + 2) && !_may(_reader, _s + 3), "ends with the tenancy");
    }

    function test_T18_walletSigns() public {
        MockWallet wallet = new MockWallet(vm.addr(KEY));
        IPoints.Consent memory c = _consent(1);
        c.customer = address(wallet);
        _sign(c, KEY);
        points.giveConsent(c);
        vm.assertEq(points.consentOf(_id, address(wallet), _reader, FORECAST).sequence, 1, "ERC-1271");
    }
}
