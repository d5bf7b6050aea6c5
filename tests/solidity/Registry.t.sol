// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {World} from "./World.sol";

contract RegistryTest is World {
    uint32 private _meter;
    address private _owner = address(0xB1);
    address private _key = address(0xC1);

    function setUp() public {
        deployWorld();
        _meter = _register(terms(_owner, slotNow() + 2, 1, 0), abi.encodePacked(_key));
    }

    function _register(
        IRegistry.Terms memory t,
        bytes memory signer
    ) private returns (uint32) {
        vm.prank(registrar);
        return registry.registerMeter(1, "c", t, signer);
    }

    function _setTerms(
        IRegistry.Terms memory t
    ) private {
        vm.prank(registrar);
        registry.setTerms(_meter, t);
    }

    function _setSigner(
        uint32 from,
        bytes memory signer
    ) private {
        vm.prank(meterOperator);
        registry.setSigner(_meter, from, signer);
    }

    function test_slotSecondsAreThreeKinds() public {
        uint32[3] memory good = [uint32(900), 1800, 3600];
        for (uint256 i; i < 3; ++i) {
            IRegistry made = IRegistry(ship("Registry", abi.encode(manager, good[i])));
            vm.assertEq(made.slotSeconds(), good[i], "slotSeconds");
        }
        uint32[4] memory bad = [uint32(0), 1, 1799, 7200];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IRegistry.SlotSecondsNotSupported.selector, bad[i]));
            ship("Registry", abi.encode(manager, bad[i]));
        }
    }

    function test_areasAreATree() public {
        vm.startPrank(registrar);
        uint32 child = registry.addArea(1, address(0xD1));
        vm.assertEq(child, 2, "ids are dense");
        IRegistry.Area memory a = registry.area(child);
        vm.assertEq(a.parent, 1, "parent");
        vm.assertEq(a.operator, address(0xD1), "operator");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownArea.selector, uint32(3)));
        registry.addArea(3, address(0xD1));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAccount.selector));
        registry.addArea(1, address(0));
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownArea.selector, uint32(0)));
        registry.area(0);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownArea.selector, uint32(9)));
        registry.area(9);
    }

    function test_suppliers() public {
        vm.assertEq(registry.supplierAccount(2), supplierB, "account");
        vm.assertEq(registry.supplierCount(), 2, "count");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownSupplier.selector, uint16(3)));
        registry.supplierAccount(3);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownSupplier.selector, uint16(0)));
        registry.supplierAccount(0);
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAccount.selector));
        registry.addSupplier(address(0), "none");
    }

    function test_registeredMeterIsFound() public view {
        vm.assertEq(registry.meterCount(), 1, "count");
        vm.assertEq(registry.areaOf(_meter), 1, "area");
        vm.assertEq(registry.pointCommitment(_meter), bytes32("c"), "commitment");
        (IRegistry.Terms memory t, uint32 until) = registry.termsAt(_meter, slotNow() + 2);
        vm.assertEq(t.owner, _owner, "owner");
        vm.assertEq(t.fuseWh, 20_000, "fuse");
        vm.assertEq(until, type(uint32).max, "no change pending");
    }

    function test_registerRefusesBadInput() public {
        uint32 now_ = slotNow();
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownArea.selector, uint32(7)));
        registry.registerMeter(7, "c", terms(_owner, now_, 1, 0), abi.encodePacked(_key));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAccount.selector));
        registry.registerMeter(1, "c", terms(address(0), now_, 1, 0), abi.encodePacked(_key));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownSupplier.selector, uint16(5)));
        registry.registerMeter(1, "c", terms(_owner, now_, 5, 0), abi.encodePacked(_key));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.SlotHasBegun.selector, now_ - 1, now_));
        registry.registerMeter(1, "c", terms(_owner, now_ - 1, 1, 0), abi.encodePacked(_key));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadSigner.selector));
        registry.registerMeter(1, "c", terms(_owner, now_, 1, 0), abi.encodePacked(address(0)));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadSigner.selector));
        registry.registerMeter(1, "c", terms(_owner, now_, 1, 0), hex"112233");
        registry.registerMeter(1, "c", terms(_owner, now_, 1, 0), abi.encodePacked(_key));
        vm.stopPrank();
    }

    function test_termsBeforeRegistrationAndOfUnknownMetersRevert() public {
        uint32 first = slotNow() + 2;
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BeforeRegistration.selector, _meter, first - 1));
        registry.termsAt(_meter, first - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BeforeRegistration.selector, _meter, first - 1));
        registry.signerAt(_meter, first - 1);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownMeter.selector, uint32(9)));
        registry.termsAt(9, first);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownMeter.selector, uint32(0)));
        registry.signerAt(0, first);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownMeter.selector, uint32(9)));
        registry.areaOf(9);
    }

    /// @dev P27: from registration on every slot belongs to exactly one supplier.
    function testFuzz_P27_termsAreATimeline(
        uint256 seed
    ) public {
        seedChance(seed);
        uint32[] memory from = new uint32[](6);
        from[0] = slotNow() + 2;
        for (uint16 i = 1; i < 6; ++i) {
            warpToSlot(slotNow() + chance(5));
            uint32 soonest = slotNow() + 1 > from[i - 1] ? slotNow() + 1 : from[i - 1] + 1;
            from[i] = soonest + uint32(chance(4));
            _setTerms(terms(address(uint160(0xB1 + i)), from[i], uint16(1 + i % 2), i));
        }
        for (uint256 i; i < 6; ++i) {
            uint32 until = i == 5 ? type(uint32).max : from[i + 1];
            uint32[3] memory asked = [from[i], i == 5 ? from[i] + 1000 : until - 1, (from[i] / 2 + until / 2)];
            for (uint256 k; k < 3; ++k) {
                if (asked[k] < from[i] || asked[k] >= until) continue;
                (IRegistry.Terms memory t, uint32 untilSlot) = registry.termsAt(_meter, asked[k]);
                vm.assertEq(t.owner, address(uint160(0xB1 + i)), "owner of the slot");
                vm.assertEq(t.fromSlot, from[i], "from");
                vm.assertEq(untilSlot, until, "until");
            }
        }
    }

    function test_termsOfASlotThatHasBegunStay() public {
        warpToSlot(slotNow() + 10);
        uint32 now_ = slotNow();
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.SlotHasBegun.selector, now_, now_));
        registry.setTerms(_meter, terms(_owner, now_, 2, 0));
        registry.setTerms(_meter, terms(_owner, now_ + 5, 2, 0));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.LaterChangePending.selector, now_ + 5));
        registry.setTerms(_meter, terms(_owner, now_ + 4, 2, 0));
        registry.setTerms(_meter, terms(_owner, now_ + 5, 2, 7));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownMeter.selector, uint32(9)));
        registry.setTerms(9, terms(_owner, now_ + 5, 2, 7));
        vm.stopPrank();
        (IRegistry.Terms memory t,) = registry.termsAt(_meter, now_ + 5);
        vm.assertEq(t.tariff, 7, "a pending change is replaced");
        (t,) = registry.termsAt(_meter, now_ + 4);
        vm.assertEq(t.supplier, 1, "before it the old terms");
    }

    function test_keysRotateBySlot() public {
        uint32 first = slotNow() + 2;
        bytes memory longKey = abi.encodePacked(address(0xE1), keccak256("x"), keccak256("y"));
        _setSigner(first + 3, longKey);
        _setSigner(first + 6, abi.encodePacked(address(0xC2)));
        _setSigner(first + 9, "");
        (address signer, uint32 until) = registry.signerAddressAt(_meter, first + 2);
        vm.assertEq(signer, _key, "first key");
        vm.assertEq(until, first + 3, "until");
        (signer, until) = registry.signerAddressAt(_meter, first + 3);
        vm.assertEq(signer, address(0), "a longer signer has no address");
        (bytes memory key,) = registry.signerAt(_meter, first + 5);
        vm.assertEq(key, longKey, "extended key");
        (key, until) = registry.signerAt(_meter, first + 8);
        vm.assertEq(key, abi.encodePacked(address(0xC2)), "third key");
        (key, until) = registry.signerAt(_meter, first + 9);
        vm.assertEq(key.length, 0, "revoked");
        vm.assertEq(until, type(uint32).max, "for ever");
        uint32 now_ = slotNow();
        vm.startPrank(meterOperator);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.LaterChangePending.selector, first + 9));
        registry.setSigner(_meter, first + 8, "");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.SlotHasBegun.selector, now_ - 1, now_));
        registry.setSigner(_meter, now_ - 1, "");
        vm.expectRevert(abi.encodeWithSelector(IRegistry.BadSigner.selector));
        registry.setSigner(_meter, first + 9, hex"00");
        vm.stopPrank();
    }

    function test_ownerRevokesFromTheRunningSlotOn() public {
        uint32 first = slotNow() + 2;
        warpToSlot(first + 4);
        _setSigner(first + 8, abi.encodePacked(address(0xC2)));
        _setSigner(first + 12, abi.encodePacked(address(0xE1), "longer"));
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOwner.selector, _meter, stranger));
        registry.revokeSigner(_meter);
        vm.prank(_owner);
        registry.revokeSigner(_meter);
        (address before, uint32 until) = registry.signerAddressAt(_meter, first + 3);
        vm.assertEq(before, _key, "the past keeps its key");
        vm.assertEq(until, first + 4, "until now");
        for (uint32 i = 4; i < 20; ++i) {
            (bytes memory key,) = registry.signerAt(_meter, first + i);
            vm.assertEq(key.length, 0, "pending keys are revoked too");
        }
        _setSigner(first + 6, abi.encodePacked(address(0xC3)));
        (address again,) = registry.signerAddressAt(_meter, first + 6);
        vm.assertEq(again, address(0xC3), "the operator may install a new one");
    }

    function test_revokeBelongsToTheOwnerOfTheRunningSlot() public {
        uint32 first = slotNow() + 2;
        warpToSlot(first + 4);
        _setTerms(terms(address(0xB2), first + 6, 1, 0));
        vm.prank(address(0xB2));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOwner.selector, _meter, address(0xB2)));
        registry.revokeSigner(_meter);
        warpToSlot(first + 6);
        vm.prank(_owner);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.NotOwner.selector, _meter, _owner));
        registry.revokeSigner(_meter);
        vm.prank(address(0xB2));
        registry.revokeSigner(_meter);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownMeter.selector, uint32(9)));
        registry.revokeSigner(9);
    }

    function test_revokeBeforeTheFirstSlot() public {
        vm.prank(_owner);
        registry.revokeSigner(_meter);
        (bytes memory key,) = registry.signerAt(_meter, slotNow() + 2);
        vm.assertEq(key.length, 0, "the first key is revoked before it ever counted");
    }

    function test_P29_theBoundaryMeterIsTheRegistrars() public {
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownArea.selector, 7));
        registry.setBoundary(7, 1, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownMeter.selector, 77));
        registry.setBoundary(1, 77, 0, 0);
        vm.expectEmit(address(registry));
        emit IRegistry.BoundarySet(1, _meter, 3, 4);
        registry.setBoundary(1, _meter, 3, 4);
        IRegistry.Boundary memory b = registry.boundaryOf(1);
        vm.assertEq(b.meter, _meter, "meter");
        vm.assertEq(b.toleranceWh, 3, "tolerance");
        vm.assertEq(b.tolerancePpm, 4, "tolerance");
        vm.stopPrank();
    }
}
