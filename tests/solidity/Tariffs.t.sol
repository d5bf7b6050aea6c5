// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {TariffWord} from "../../contracts/libraries/Packed.sol";
import {World} from "./World.sol";

contract TariffsTest is World {
    function setUp() public {
        deployWorld();
    }

    function _rows(
        uint256 n,
        int32 base
    ) private pure returns (ITariffs.Row[] memory rows) {
        rows = new ITariffs.Row[](n);
        for (uint256 h; h < n; ++h) {
            int32 x = base + int32(int256(h));
            rows[h] = ITariffs.Row(x, x - 1000, x - 2000, x - 3000, x - 4000, x - 5000);
        }
    }

    function test_onlyTheSupplierPublishes() public {
        ITariffs.Row[] memory rows = _rows(1, 1);
        uint32 from = slotNow() + 1;
        address[4] memory others = [stranger, registrar, supplierB, address(this)];
        for (uint256 i; i < 4; ++i) {
            vm.prank(others[i]);
            vm.expectRevert(abi.encodeWithSelector(ITariffs.NotSupplier.selector, uint16(1), others[i]));
            tariffs.publish(1, 0, from, rows, 0);
        }
        vm.prank(supplierA);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownSupplier.selector, uint16(9)));
        tariffs.publish(9, 0, from, rows, 0);
    }

    function test_refusesBadVersions() public {
        uint32 now_ = slotNow();
        vm.startPrank(supplierA);
        vm.expectRevert(abi.encodeWithSelector(ITariffs.RowsNotOneOrTwentyFour.selector, uint256(2)));
        tariffs.publish(1, 0, now_ + 1, _rows(2, 1), 0);
        vm.expectRevert(abi.encodeWithSelector(ITariffs.RowsNotOneOrTwentyFour.selector, uint256(0)));
        tariffs.publish(1, 0, now_ + 1, _rows(0, 1), 0);
        vm.expectRevert(abi.encodeWithSelector(ITariffs.SlotHasBegun.selector, now_, now_));
        tariffs.publish(1, 0, now_, _rows(1, 1), 0);
        ITariffs.Row[] memory empty = new ITariffs.Row[](1);
        vm.expectRevert(abi.encodeWithSelector(ITariffs.EmptyRow.selector, uint256(0)));
        tariffs.publish(1, 0, now_ + 1, empty, 0);
        tariffs.publish(1, 0, now_ + 1, empty, 1);
        tariffs.publish(1, 0, now_ + 9, _rows(1, 1), 0);
        vm.expectRevert(abi.encodeWithSelector(ITariffs.LaterVersionPending.selector, now_ + 9));
        tariffs.publish(1, 0, now_ + 8, _rows(1, 1), 0);
        vm.stopPrank();
    }

    function test_frozenFromItsFirstSlotOn() public {
        uint32 from = slotNow() + 4;
        publish(1, 7, from, _rows(1, 100), 5);
        publish(1, 7, from, _rows(1, 200), 6);
        vm.assertEq(tariffs.rowAt(1, 7, from).energy, 200, "a pending version is replaced");
        warpToSlot(from);
        ITariffs.Row[] memory rows = _rows(1, 300);
        vm.prank(supplierA);
        vm.expectRevert(abi.encodeWithSelector(ITariffs.SlotHasBegun.selector, from, from));
        tariffs.publish(1, 7, from, rows, 0);
        publish(1, 7, from + 1, _rows(1, 300), 7);
        warpToSlot(from + 1000);
        vm.assertEq(tariffs.rowAt(1, 7, from).energy, 200, "the past stays");
        (uint32 version, uint32 fromSlot, int64 standing) = tariffs.versionAt(1, 7, from + 999);
        vm.assertEq(version, 1, "version");
        vm.assertEq(fromSlot, from + 1, "from");
        vm.assertEq(standing, 7, "standing");
    }

    function test_noTariffBeforeTheFirstVersion() public {
        uint32 from = slotNow() + 4;
        publish(1, 7, from, _rows(1, 100), 5);
        vm.expectRevert(abi.encodeWithSelector(ITariffs.NoTariff.selector, uint16(1), uint16(7), from - 1));
        tariffs.rowAt(1, 7, from - 1);
        vm.expectRevert(abi.encodeWithSelector(ITariffs.NoTariff.selector, uint16(1), uint16(7), from - 1));
        tariffs.versionAt(1, 7, from - 1);
        uint256[] memory words = tariffs.packedRows(1, 7, from - 2, 4);
        vm.assertEq(words[0] + words[1], 0, "no tariff: zero words");
        vm.assertTrue(words[2] != 0 && words[2] == words[3], "then the row");
    }

    /// @dev Packed rows over any range equal the rows one by one, hourly or not, over changes of versions.
    function testFuzz_packedRowsEqualRowsOneByOne(
        uint256 seed
    ) public {
        seedChance(seed);
        uint32 from = slotNow() + 1 + uint32(chance(30));
        uint32 start = from;
        for (uint256 i; i < 4; ++i) {
            bool hourly = chance(2) == 0;
            publish(
                1,
                9,
                from,
                _rows(hourly ? 24 : 1, int32(int256(chance(400_000))) - 200_000),
                int64(int256(chance(1e9))) - 5e8
            );
            from += 1 + uint32(chance(40));
        }
        uint32 first = start - uint32(chance(20));
        uint32 slots = 1 + uint32(chance(100));
        uint256[] memory words = tariffs.packedRows(1, 9, first, slots);
        vm.assertEq(words.length, slots, "length");
        for (uint32 i; i < slots; ++i) {
            TariffWord word = TariffWord.wrap(words[i]);
            if (first + i < start) {
                vm.assertTrue(word.isNone(), "none before the first version");
                continue;
            }
            ITariffs.Row memory row = tariffs.rowAt(1, 9, first + i);
            (,, int64 standing) = tariffs.versionAt(1, 9, first + i);
            vm.assertEq(word.energy(), row.energy, "energy");
            vm.assertEq(word.feedIn(), row.feedIn, "feed-in");
            vm.assertEq(word.network(), row.network, "network");
            vm.assertEq(word.charges(), int256(row.network) + row.levies + row.tax, "charges");
            vm.assertEq(word.standing(), standing, "standing");
        }
    }

    function test_hourIsTheUtcHourOfTheSlot() public {
        uint32 day = firstSlot();
        publish(1, 9, day, _rows(24, 1000), 0);
        for (uint32 i; i < 96; ++i) {
            vm.assertEq(tariffs.rowAt(1, 9, day + i).energy, int256(1000 + int256(uint256(i % 48) / 2)), "hour");
        }
    }
}
