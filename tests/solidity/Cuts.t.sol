// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {Neighbours} from "./Neighbours.sol";

/// @dev P13 and P32: two worlds driven alike, but posted in another order and cut into other transactions.
contract CutsTest is Neighbours {
    function setUp() public {
        deployWorld();
    }

    /// @dev Everything that could differ: results, money of everybody, covers, claims.
    function _state(
        uint32 windows
    ) private view returns (bytes32 hash) {
        for (uint32 w = window; w < window + windows; ++w) {
            for (uint32 k; k < 8; ++k) {
                hash = keccak256(abi.encode(hash, settlement.resultOf(market, w * 8 + k)));
            }
            hash = keccak256(abi.encode(hash, settlement.windowState(market, w)));
        }
        for (uint256 i; i < N; ++i) {
            Home storage h = homes[i];
            hash = keccak256(abi.encode(hash, ledger.accountOf(h.owner), ledger.coverOf(h.owner, supplierA, h.meter)));
            hash = keccak256(abi.encode(hash, ledger.coverOf(h.owner, supplierB, h.meter), metering.headOf(h.meter)));
            for (uint32 w = window; w < window + windows; ++w) {
                hash = keccak256(abi.encode(hash, lanes(h.meter, w)));
            }
        }
        address[4] memory others = [supplierA, supplierB, gridOperator, feeAccount];
        for (uint256 i; i < 4; ++i) {
            hash = keccak256(abi.encode(hash, ledger.accountOf(others[i])));
        }
        hash = keccak256(abi.encode(hash, ledger.claimCount(), ledger.transitNano(market), ledger.heldNano()));
    }

    function _records() private returns (IMetering.Reading[] memory rs) {
        rs = new IMetering.Reading[](2 * N);
        for (uint256 half; half < 2; ++half) {
            measureByChance();
            for (uint256 i; i < N; ++i) {
                (uint256[] memory im, uint256[] memory ex) = volumes(i);
                rs[half * N + i] = record(i, (window + uint32(half)) * 8, im, ex);
            }
        }
    }

    function _cut(
        uint256 n
    ) private returns (uint32) {
        return uint32(1 + chance(n));
    }

    function _clearAndSettleInCuts() private {
        bool together = chance(2) == 0;
        while (phase(window) < ISettlement.Phase.Cleared || phase(window + 1) < ISettlement.Phase.Cleared) {
            if (together) {
                clearUpTo(window, 2, _cut(2 * N));
            } else {
                // The later window may be cleared before the earlier one.
                uint32 w = phase(window + 1) < ISettlement.Phase.Cleared ? window + 1 : window;
                clearUpTo(w, 1, _cut(N));
            }
        }
        if (together) {
            while (phase(window) != ISettlement.Phase.Settled) settleUpTo(window, 2, _cut(N));
            return;
        }
        while (phase(window) != ISettlement.Phase.Settled) settleUpTo(window, 1, _cut(N));
        while (phase(window + 1) != ISettlement.Phase.Settled) settleUpTo(window + 1, 1, _cut(N));
    }

    /// forge-config: default.fuzz.runs = 700
    function testFuzz_P13_P32_anyCutGivesTheSameState(
        uint256 seed
    ) public {
        deployNeighbours(seed);
        for (uint256 i; i < N; ++i) {
            fund(homes[i].owner, 1000 * EUR);
        }
        fund(supplierA, 1000 * EUR);
        fund(supplierB, 1000 * EUR);
        fund(gridOperator, 1000 * EUR);
        vm.prank(supplierA);
        ledger.giveGuarantee(homes[1].owner, homes[1].meter, EUR);
        IMetering.Reading[] memory rs = _records();
        vm.warp(windowEnd(window + 1) + rules.postSeconds);
        uint256 start = vm.snapshotState();
        for (uint256 i; i < 2 * N; ++i) {
            assertOutcome(postOne(rs[i]), IMetering.Outcome.Accepted, "one by one");
        }
        clearUpTo(window, 2, type(uint32).max);
        settleUpTo(window, 2, type(uint32).max);
        bytes32 whole = _state(2);
        vm.revertToState(start);
        // Another order of members, all in one batch, and any cut.
        for (uint256 half; half < 2; ++half) {
            for (uint256 i = N - 1; i > 0; --i) {
                uint256 k = chance(i + 1);
                (rs[half * N + i], rs[half * N + k]) = (rs[half * N + k], rs[half * N + i]);
            }
        }
        postMany(rs);
        _clearAndSettleInCuts();
        vm.assertEq(_state(2), whole, "P32: neither order nor cut makes a difference");
        assertSolvent();
    }

    /// @dev With too little money the cut may move money between free and claims, but nobody's wealth.
    /// forge-config: default.fuzz.runs = 700
    function testFuzz_P32_cutMovesNobodysWealth(
        uint256 seed
    ) public {
        deployNeighbours(seed);
        for (uint256 i; i < N; ++i) {
            fund(homes[i].owner, chance(EUR) / 1000 * 1000);
        }
        IMetering.Reading[] memory rs = _records();
        vm.warp(windowEnd(window + 1) + rules.postSeconds);
        postMany(rs);
        uint256 start = vm.snapshotState();
        clearAndSettleUpTo(window, 2, type(uint32).max);
        int256[N] memory want = wealthOfHomes();
        int256[4] memory others = [wealth(supplierA), wealth(supplierB), wealth(gridOperator), wealth(feeAccount)];
        vm.revertToState(start);
        _clearAndSettleInCuts();
        for (uint256 i; i < N; ++i) {
            vm.assertEq(wealth(homes[i].owner), want[i], "P32: wealth");
        }
        vm.assertEq(wealth(supplierA), others[0], "P32: supplier A");
        vm.assertEq(wealth(supplierB), others[1], "P32: supplier B");
        vm.assertEq(wealth(gridOperator), others[2], "P32: operator");
        vm.assertEq(wealth(feeAccount), others[3], "P32: fees");
        assertSolvent();
    }
}
