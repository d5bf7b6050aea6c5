// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {Neighbours} from "./Neighbours.sol";

/// @dev One window of chance against the same window worked out by hand, to the unit.
contract MoneyTest is Neighbours {
    function setUp() public {
        deployWorld();
    }

    function _run(
        uint256 seed
    ) private returns (uint256 traded) {
        deployNeighbours(seed);
        measureByChance();
        for (uint256 i; i < N; ++i) {
            fund(homes[i].owner, 1000 * EUR);
        }
        fund(supplierA, 1000 * EUR);
        fund(supplierB, 1000 * EUR);
        warpToSlot((window + 1) * 8);
        _postFrom(0);
        assertSolvent();
        assertLocksAddUp();
        clearAndSettleUpTo(window, 1, type(uint32).max);
        return _compare();
    }

    function _postOne(
        uint256 i
    ) private {
        (uint256[] memory im, uint256[] memory ex) = volumes(i);
        post(i, window * 8, im, ex);
    }

    function _postFrom(
        uint256 first
    ) private {
        for (uint256 i = first; i < N; ++i) {
            _postOne(i);
        }
    }

    /// @dev What the window costs the home with its supplier alone.
    function _aloneNano(
        uint256 i
    ) private view returns (int256 nano) {
        for (uint256 k; k < 8; ++k) {
            nano += aloneNano(i, k);
        }
    }

    function _compare() private view returns (uint256 traded) {
        int256[N] memory want;
        int256 fees;
        (want, fees, traded) = expectedNano();
        int256 matched;
        for (uint256 k; k < 8; ++k) {
            ISettlement.Result memory r = settlement.resultOf(market, uint32(window * 8 + k));
            (int256 price, bool defined) = expectedPrice(k);
            vm.assertEq(r.priceNano, defined ? price : int256(0), "price");
            matched += int256(uint256(r.matchedWh));
        }
        vm.assertEq(matched, int256(traded), "P11: traded");
        for (uint256 i; i < N; ++i) {
            int256 change = wealth(homes[i].owner) - int256(1000 * EUR);
            vm.assertEq(change, want[i], "P6: what the home should pay, to the unit");
            int256 alone = _aloneNano(i);
            vm.assertGe(change, alone, "P31: never more than with the supplier alone");
            vm.assertEq(locked(homes[i].owner), 0, "P4: nothing stays locked");
        }
        vm.assertEq(wealth(feeAccount), fees, "fees");
        vm.assertEq(ledger.transitNano(market), 0, "P6: nothing stays in transit");
        assertSolvent();
        assertLocksAddUp();
    }

    function testFuzz_P6_P31_windowToTheUnit(
        uint256 seed
    ) public {
        _run(seed);
    }

    function test_P31_windowsTrade() public {
        uint256 trading;
        for (uint256 seed; seed < 60; ++seed) {
            uint256 before = vm.snapshotState();
            if (_run(seed) != 0) ++trading;
            vm.revertToState(before);
        }
        emit log_named_uint("of 60 windows traded", trading);
        vm.assertGe(trading, 30, "half of the windows trade");
    }

    /// @dev With little money and some guarantee: less is offered, but nobody pays more and nothing is lost.
    /// forge-config: default.fuzz.runs = 700
    function testFuzz_P31_P2_littleMoney(
        uint256 seed
    ) public {
        deployNeighbours(seed);
        measureByChance();
        fund(supplierA, 2 * EUR);
        fund(supplierB, 2 * EUR);
        for (uint256 i; i < N; ++i) {
            fund(homes[i].owner, chance(4) == 0 ? 0 : chance(2 * EUR) / 1000 * 1000);
            if (chance(2) == 0) continue;
            vm.prank(supplierOf(i) == 1 ? supplierA : supplierB);
            ledger.giveGuarantee(homes[i].owner, homes[i].meter, chance(EUR / 4));
        }
        int256[N] memory before = wealthOfHomes();
        warpToSlot((window + 1) * 8);
        _postFrom(0);
        assertSolvent();
        assertLocksAddUp();
        clearAndSettleUpTo(window, 1, type(uint32).max);
        for (uint256 i; i < N; ++i) {
            int256 alone = _aloneNano(i);
            vm.assertGe(wealth(homes[i].owner) - before[i], alone, "P31: never more than with the supplier alone");
            vm.assertEq(locked(homes[i].owner), 0, "P4");
            vm.assertEq(
                ledger.coverOf(homes[i].owner, supplierOf(i) == 1 ? supplierA : supplierB, homes[i].meter)
                .guaranteeLockedNano,
                0,
                "P4: no guarantee stays locked"
            );
        }
        vm.assertEq(ledger.transitNano(market), 0, "P6");
        assertSolvent();
    }

    /// @dev Voided, late or estimated: exactly the supplier's bill.
    /// forge-config: default.fuzz.runs = 700
    function testFuzz_P31_withoutTradeItIsTheSuppliersBill(
        uint256 seed
    ) public {
        deployNeighbours(seed);
        measureByChance();
        uint256 way = chance(2);
        for (uint256 i; i < N; ++i) {
            fund(homes[i].owner, chance(3) * 10 * EUR);
        }
        int256[N] memory before = wealthOfHomes();
        if (way == 0) {
            warpToSlot((window + 1) * 8);
        } else {
            // Home 0 is in time and the window is settled without the others, who come late.
            warpToSlot((window + 1) * 8);
            // It has one side only, so that it cannot trade with itself.
            for (uint256 k; k < 8; ++k) {
                if (imports[0][k] != 0) exports[0][k] = 0;
            }
            _postOne(0);
            vm.warp(windowEnd(window) + rules.postSeconds);
            clearUpTo(window, 1, 100);
            if (chance(2) == 0) settleAll(window);
        }
        _postFrom(way);
        if (way == 0) {
            vm.warp(windowEnd(window) + rules.voidSeconds);
            settlement.voidWindow(market, window);
        }
        if (phase(window) != ISettlement.Phase.Settled) settleAll(window);
        for (uint256 i; i < N; ++i) {
            int256 alone = _aloneNano(i);
            vm.assertEq(wealth(homes[i].owner) - before[i], alone, "the supplier's bill, to the unit");
            vm.assertEq(locked(homes[i].owner), 0, "P4");
        }
        vm.assertEq(ledger.transitNano(market), 0, "P6");
        assertSolvent();
    }
}
