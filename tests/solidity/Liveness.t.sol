// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {World} from "./World.sol";

/// @dev P16: nobody can make clearing or settling dear, or stop it.
contract LivenessTest is World {
    uint256 private constant CAP = 1 << 24;
    uint32 private _w;

    function setUp() public {
        deployWorld();
        _w = firstWindow();
    }

    function _window(
        uint256 members
    ) private {
        for (uint256 i; i < members; ++i) {
            addMember(uint16(1 + i % 2), 10 * EUR);
        }
    }

    function _postAll(
        uint256 members
    ) private {
        warpToSlot(_w * 8 + 8);
        for (uint256 i; i < members; ++i) {
            postFlat(i, _w, i % 2 == 0 ? 100 + i : 0, i % 2 == 0 ? 0 : 90 + i);
        }
        vm.warp(windowEnd(_w) + params().postSeconds);
    }

    function _clearAndSettleGas() private returns (uint256 clearGas, uint256 settleGas) {
        clearGas = gasleft();
        clearAll(_w);
        clearGas -= gasleft();
        settleGas = gasleft();
        settleAll(_w);
        settleGas -= gasleft();
    }

    function test_P16_pendingLimitsDoNotMakeClearingDear() public {
        _window(2);
        for (uint32 i = 1; i <= 1500; ++i) {
            assertRefusal(
                limitOne(limitsMessage(0, _w * 8 + 20 + i, i, one(1), one(2))), IMarkets.Refusal.None, "stated"
            );
        }
        _postAll(2);
        (uint256 c, uint256 s) = _clearAndSettleGas();
        emit log_named_uint("clear", c);
        emit log_named_uint("settle", s);
        vm.assertLt(c + s, 2_000_000, "1,500 pending limits cost nobody anything");
    }

    function test_P16_pendingTariffsDoNotMakeClearingDear() public {
        _window(2);
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(250_000, 50_000, 0, 0, 0, 1);
        for (uint32 i = 1; i <= 1500; ++i) {
            publish(1, 0, _w * 8 + 20 + i, rows, 0);
        }
        _postAll(2);
        (uint256 c, uint256 s) = _clearAndSettleGas();
        vm.assertLt(c + s, 2_000_000, "1,500 pending versions cost nobody anything");
    }

    /// @dev Every member at its dearest (own limits by the hour, two sides, changes in mid-window): still cheap enough
    /// that a step of 20 members fits a transaction many times.
    function test_P16_dearestMembers() public {
        uint256 n = 20;
        _window(n);
        for (uint256 i; i < n; ++i) {
            for (uint32 k = 1; k < 8; ++k) {
                int32[] memory buy = new int32[](24);
                int32[] memory sell = new int32[](24);
                for (uint256 h; h < 24; ++h) {
                    (buy[h], sell[h]) = (int32(int256(150_000 + h * 1000 + i)), int32(int256(60_000 + h)));
                }
                limitOne(limitsMessage(i, _w * 8 + k, k, buy, sell));
            }
        }
        warpToSlot(_w * 8 + 8);
        for (uint256 i; i < n; ++i) {
            postFlat(i, _w, 100 + i, 90 + i);
        }
        vm.warp(windowEnd(_w) + params().postSeconds);
        (uint256 c, uint256 s) = _clearAndSettleGas();
        emit log_named_uint("clear, 20 dearest members", c);
        emit log_named_uint("settle, 20 dearest members", s);
        vm.assertLt(c, CAP, "clears in one transaction");
        vm.assertLt(s, CAP, "settles in one transaction");
        vm.assertEq(ledger.transitNano(market), 0, "P6");
    }

    function test_P16_aMemberThatNeverPostsStopsNobody() public {
        _window(3);
        _postAll(2);
        clearAndSettleUpTo(_w, 1, type(uint32).max);
        assertPhase(_w, ISettlement.Phase.Settled);
    }

    function test_P16_P5_poorSupplierStopsNobody() public {
        _window(2);
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(250_000, 200_000, 0, 0, 0, 1);
        publish(1, 0, _w * 8, rows, 0);
        publish(2, 0, _w * 8, rows, 0);
        warpToSlot(_w * 8 + 8);
        postFlat(0, _w, 0, 5000);
        postFlat(1, _w, 0, 5000);
        clearAndSettleUpTo(_w, 1, type(uint32).max);
        vm.assertEq(ledger.claimCount(), 2, "what the suppliers cannot pay is on record");
        vm.assertEq(wealth(homes[0].owner), int256(10 * EUR) + 8 * 5000 * 200_000, "as a claim");
        address owner = homes[0].owner;
        vm.prank(owner);
        ledger.withdraw(owner, 10 * EUR);
        vm.assertEq(free(owner), 0, "P5: free money leaves all the same");
    }

    function test_P16_manyMembersInSteps() public {
        _window(70);
        _postAll(70);
        fund(supplierA, 10 * EUR);
        fund(supplierB, 10 * EUR);
        while (phase(_w) != ISettlement.Phase.Cleared) {
            uint256 gas_ = gasleft();
            clearUpTo(_w, 1, 25);
            vm.assertLt(gas_ - gasleft(), CAP, "a step fits a transaction");
        }
        // More than 64 entries in one call are handed over in parts.
        settleAll(_w);
        vm.assertEq(ledger.transitNano(market), 0, "P6");
        vm.assertEq(ledger.claimCount(), 0, "nobody is short");
        assertSolvent();
    }
}
