// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {Traders} from "./Traders.sol";

/// @dev P16 with orders ahead: whatever has been left lying, a stranger brings it to its end, at bounded cost.
contract ForwardLivenessTest is Traders {
    uint256 private constant N = 5;
    uint32 private constant WINDOWS = 6;
    uint256 private constant CAP = 1 << 24;

    uint32 private _w;
    uint32 private _s;
    bytes32[3] private _ids;

    function setUp() public {
        deployWorld();
        IForwardAuction.AuctionParams memory p = auctionRules();
        for (uint256 a; a < 3; ++a) {
            (p.gateSeconds, p.kPpm) = (uint32(a * 1 hours), uint32(a * 400_000));
            _ids[a] = createAuction(p);
        }
        auction = _ids[0];
        (_w, _s) = (firstWindow(), firstSlot());
    }

    function _homes(
        uint256 n,
        uint256 money
    ) private {
        for (uint256 i; i < n; ++i) {
            addMember(uint16(1 + i % 2), money);
        }
    }

    /* WHATEVER HAS BEEN LEFT LYING */

    function _orderByChance() private {
        for (uint256 a; a < 3; ++a) {
            auction = _ids[a];
            for (uint256 i; i < N; ++i) {
                if (chance(4) == 0) continue;
                uint256[] memory words = new uint256[](WINDOWS);
                for (uint256 k; k < 48; ++k) {
                    if (chance(2) == 0) continue;
                    bool sells = chance(2) == 0;
                    words[k / 8] |= lane(1 + chance(40), sells ? chance(140) : 60 + chance(140), sells)
                    << (28 * (k % 8));
                }
                IForwardAuction.Schedule memory s = scheduleBy(i, DAY + 1, words);
                scheduleOne(s);
            }
        }
    }

    /// @dev Some windows get further than others, as far as time allows.
    function _leaveLying() private {
        for (uint32 w = _w; w < _w + WINDOWS; ++w) {
            for (uint256 a; a < 3; ++a) {
                auction = _ids[a];
                uint256 steps = chance(4);
                for (uint256 n; n < steps && _isUnderWay(w) && vm.getBlockTimestamp() >= gate(w); ++n) {
                    forward.clear(auction, w, 1, uint32(1 + chance(N)));
                }
            }
            if (vm.getBlockTimestamp() < windowEnd(w)) continue;
            for (uint256 i; i < N; ++i) {
                if (chance(3) != 0) postOne(record(i, w * 8, flat(8, chance(300)), flat(8, chance(300))));
            }
            if (vm.getBlockTimestamp() < windowEnd(w) + params().postSeconds) continue;
            if (chance(2) == 0 || phase(w) != ISettlement.Phase.Open) continue;
            clearUpTo(w, 1, uint32(1 + chance(2 * N)));
            if (chance(2) == 0 && phase(w) == CLEARED) settleUpTo(w, 1, uint32(1 + chance(N)));
        }
    }

    function _isUnderWay(
        uint32 w
    ) private view returns (bool) {
        IForwardAuction.Phase p = orderPhase(w);
        return p != IForwardAuction.Phase.Absent && p < IForwardAuction.Phase.Cleared;
    }

    function _strangerEnds(
        uint32 w
    ) private {
        bool orders;
        for (uint256 a; a < 3; ++a) {
            auction = _ids[a];
            if (chance(4) == 0 && _isUnderWay(w)) forward.voidWindow(auction, w);
            while (_isUnderWay(w)) forward.clear(auction, w, 1, uint32(1 + chance(N)));
            if (orderPhase(w) == IForwardAuction.Phase.Cleared) orders = true;
        }
        if (phase(w) == ISettlement.Phase.Absent && !orders) return;
        if (chance(4) == 0 && phase(w) < CLEARED) settlement.voidWindow(market, w);
        while (phase(w) < CLEARED) clearUpTo(w, 1, uint32(1 + chance(N)));
        while (phase(w) == CLEARED) settleUpTo(w, 1, uint32(1 + chance(N)));
        for (uint256 a; a < 3; ++a) {
            auction = _ids[a];
            IForwardAuction.Phase p = orderPhase(w);
            vm.assertTrue(
                p == IForwardAuction.Phase.Absent || p == IForwardAuction.Phase.Settled, "P16: orders are settled too"
            );
        }
    }

    function _leave(
        address account
    ) private {
        vm.assertEq(locked(account), 0, "P4, P24: nothing stays locked");
        uint256 nano = free(account) / NANO_PER_UNIT * NANO_PER_UNIT;
        uint256 before = currency.balanceOf(account);
        vm.prank(account);
        ledger.withdraw(account, nano);
        vm.assertEq(currency.balanceOf(account), before + nano / NANO_PER_UNIT, "P5: paid out");
    }

    /// forge-config: default.fuzz.runs = 300
    function testFuzz_P5_P16_P24_strangerEndsEverything(
        uint256 seed
    ) public {
        seedChance(seed);
        _homes(N, (1 + chance(3e7)) * NANO_PER_UNIT);
        if (chance(2) == 0) {
            fund(supplierA, 10 * EUR);
            fund(supplierB, 10 * EUR);
        }
        _orderByChance();
        assertLocksAddUp();
        // One, two or three times something is done, at some time or other.
        uint256 times = 1 + chance(3);
        for (uint256 n; n < times; ++n) {
            vm.warp(vm.getBlockTimestamp() + chance(2 days));
            _leaveLying();
            assertLocksAddUp();
            assertSolvent();
        }
        // Then nobody does anything more, and everything is paused.
        vm.startPrank(guardian);
        markets.setPaused(true);
        for (uint256 a; a < 3; ++a) {
            forward.setPaused(_ids[a], true);
        }
        vm.stopPrank();
        vm.warp(vm.getBlockTimestamp() + 20 days);
        vm.startPrank(stranger);
        for (uint32 n; n < WINDOWS; ++n) {
            // In whatever order.
            _strangerEnds(_w + (n * 5 + uint32(seed % 6)) % WINDOWS);
        }
        vm.stopPrank();
        vm.assertEq(ledger.transitNano(market), 0, "P6: nothing stays in transit");
        assertSolvent();
        for (uint256 i; i < N; ++i) {
            _leave(homes[i].owner);
        }
        _leave(supplierA);
        _leave(supplierB);
        _leave(gridOperator);
        _leave(feeAccount);
        vm.assertLt(ledger.heldNano(), (N + 4) * NANO_PER_UNIT, "P5: all has left, but less than a unit each");
    }

    /* WHAT IT COSTS */

    /// @dev Every member with an order of its own limit in every slot, in three auctions, and both registers.
    function test_P16_dearestTraders() public {
        uint256 n = 20;
        _homes(n, 1000 * EUR);
        fund(supplierA, 1000 * EUR);
        fund(supplierB, 1000 * EUR);
        for (uint256 a; a < 3; ++a) {
            auction = _ids[a];
            for (uint256 i; i < n; ++i) {
                uint256[] memory words = new uint256[](WINDOWS);
                for (uint256 k; k < 8; ++k) {
                    bool sells = (i + a) % 2 == 0;
                    uint256 tick = sells ? i * 3 + k * 7 : 200 - i * 2 - k * 5;
                    words[0] |= lane(10 + i + k, tick, sells) << (28 * k);
                }
                assertTaken(scheduleOne(scheduleBy(i, DAY + 1, words)), "schedule");
            }
        }
        warpToSlot(_s + 8);
        for (uint256 a; a < 3; ++a) {
            uint256 used = gasleft();
            forward.clear(_ids[a], _w, 1, 1000);
            used -= gasleft();
            emit log_named_uint("clear 20 traders", used);
            vm.assertLt(used, CAP / 4, "P16: many times within a transaction");
        }
        for (uint256 i; i < n; ++i) {
            postFlat(i, _w, 100 + i, 90 + i);
        }
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAll(_w);
        uint256 gas_ = gasleft();
        settleAll(_w);
        gas_ -= gasleft();
        emit log_named_uint("settle 20 traders in three auctions, both registers", gas_);
        vm.assertLt(gas_, CAP / 2, "P16: settles within a transaction");
        vm.assertEq(ledger.transitNano(market), 0, "P6");
        assertLocksAddUp();
        assertSolvent();
    }

    /// @dev A book in which every tick of both sides is in use, in all slots.
    function test_P16_fullBook() public {
        uint256 n = 64;
        _homes(n, 1000 * EUR);
        for (uint256 i; i < n; ++i) {
            uint256[] memory words = new uint256[](WINDOWS);
            for (uint256 k; k < 8; ++k) {
                words[0] |= lane(1 + i, (i * 4 + k / 2) % 256, k % 2 == 0) << (28 * k);
            }
            vm.prank(homes[i].owner);
            scheduleOne(scheduleBy(i, DAY + 1, words));
        }
        vm.warp(gate(_w));
        uint256 gas_ = gasleft();
        forward.clear(auction, _w, 1, 1000);
        gas_ -= gasleft();
        emit log_named_uint("clear 64 traders at 256 ticks", gas_);
        vm.assertLt(gas_, CAP / 4, "P16: within a transaction");
    }

    /// @dev Orders in all windows that they may lie in do not stop a change of owner.
    function test_P16_ownerChangesWithManyOrders() public {
        _homes(1, 1000 * EUR);
        uint32 last = (slotNow() / 8 + 64) / 6 - 1;
        for (uint256 a; a < 3; ++a) {
            auction = _ids[a];
            for (uint32 day = DAY + 1; day <= last; ++day) {
                uint256[] memory words = new uint256[](WINDOWS);
                for (uint256 k; k < 48; ++k) {
                    words[k / 8] |= lane(1, 50, true) << (28 * (k % 8));
                }
                assertTaken(scheduleOne(scheduleBy(0, day, words)), "schedule");
            }
        }
        uint32 from = (last + 1) * 48;
        uint256 gas_ = gasleft();
        vm.prank(registrar);
        registry.setTerms(homes[0].meter, terms(stranger, from, 1, 0));
        gas_ -= gasleft();
        emit log_named_uint("a change of owner with orders in 60 windows of three auctions", gas_);
        vm.assertLt(gas_, CAP / 4, "P16: within a transaction");
    }

    /// @dev Whoever orders far ahead makes nothing near dear.
    function test_P16_farOrdersCostNobodyAnything() public {
        _homes(3, 1000 * EUR);
        buy(0, _s, 0, 10);
        sell(1, _s, 0, 10);
        uint256 before = vm.snapshotState();
        vm.warp(gate(_w));
        uint256 alone = gasleft();
        clearOrders(_w);
        alone -= gasleft();
        vm.revertToState(before);
        for (uint32 day = DAY + 2; day < DAY + 9; ++day) {
            uint256[] memory words = new uint256[](WINDOWS);
            words[0] = lane(1, 50, true);
            words[5] = lane(1, 50, false);
            for (uint256 i; i < 3; ++i) {
                assertTaken(scheduleOne(scheduleBy(i, day, words)), "schedule");
            }
        }
        vm.warp(gate(_w));
        uint256 used = gasleft();
        clearOrders(_w);
        used -= gasleft();
        vm.assertLt(used, alone + 20_000, "P16: one more trader, no more");
    }
}
