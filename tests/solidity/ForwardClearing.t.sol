// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {Vm} from "./Base.sol";
import {Naive} from "./Naive.sol";
import {Traders} from "./Traders.sol";

/// @dev Windows of orders by chance, cleared in any cut, against lists.
contract ForwardClearingTest is Traders {
    uint256 private constant N = 6;
    /// @dev The member that never orders.
    uint256 private constant IDLE = 2;
    IForwardAuction.Phase private constant OPEN = IForwardAuction.Phase.Open;

    IForwardAuction.AuctionParams private _p;
    uint32 private _w;
    uint32 private _s;
    uint256[2][N] private _words;
    /// @dev By member and window: what the fills earn.
    int256[2][N] private _net;

    function setUp() public {
        deployWorld();
        for (uint256 i; i < N; ++i) {
            addMember(uint16(1 + i % 2), 1e6 * EUR);
        }
        (_w, _s) = (firstWindow(), firstSlot());
        auction = createAuction(auctionRules());
        _p = auctionRules();
    }

    /* BOOKS BY CHANCE */

    function _rules(
        uint256 seed
    ) private {
        seedChance(seed);
        _p.kPpm = uint32(chance(3) == 0 ? chance(2) * 1_000_000 : chance(1_000_001));
        _p.lotWh = uint32(1 + chance(128));
        _p.tickNano = uint32(1 + chance(2000));
        // Parameters that have not been used yet.
        _p.firmSeconds = uint32(seed % 3600);
        auction = createAuction(_p);
    }

    function _lot() private returns (uint256) {
        uint256 kind = chance(4);
        uint256 most = (2 ** 24 - 1) / _p.lotWh;
        if (most > 2 ** 19 - 1) most = 2 ** 19 - 1;
        return kind == 0 ? 1 : kind == 1 ? 1 + chance(9) : kind == 2 ? 1 + chance(300) : most - chance(2);
    }

    function _orderByChance() private {
        uint256 span = 1 + chance(6);
        uint256 base = chance(257 - span);
        for (uint256 i; i < N; ++i) {
            if (i == IDLE) continue;
            uint256[] memory words = new uint256[](6);
            for (uint256 k; k < 16; ++k) {
                if (chance(4) == 0) continue;
                words[k / 8] += lane(_lot(), base + chance(span), chance(2) == 0) * 2 ** (28 * (k % 8));
            }
            _schedule(i, words);
        }
    }

    function _schedule(
        uint256 i,
        uint256[] memory words
    ) private {
        (_words[i][0], _words[i][1]) = (words[0], words[1]);
        IForwardAuction.Schedule memory s = IForwardAuction.Schedule(
            auction, homes[i].meter, DAY + 1, forward.sequenceOf(auction, homes[i].meter) + 1, words, ""
        );
        vm.prank(homes[i].owner);
        assertTaken(scheduleOne(s), "schedule");
    }

    function _offers(
        uint256 slot
    ) private view returns (Naive.Offer[] memory offers) {
        offers = new Naive.Offer[](N);
        for (uint256 i; i < N; ++i) {
            uint256 raw = (_words[i][slot / 8] / 2 ** (28 * (slot % 8))) % 2 ** 28;
            offers[i] = Naive.Offer(raw >= 2 ** 27, (raw / 2 ** 19) % 256, raw % 2 ** 19);
        }
    }

    /* WHAT MUST COME OUT */

    /// @dev Every slot of both windows against lists; returns how many traded and how many orders were filled in part.
    function _check() private returns (uint256 traded, uint256 parts) {
        delete _net;
        for (uint256 k; k < 16; ++k) {
            (bool any, uint256 some) = this.checkSlot(k);
            if (any) ++traded;
            parts += some;
        }
        for (uint256 i; i < N; ++i) {
            this.checkPosition(i);
        }
    }

    function checkSlot(
        uint256 k
    ) external returns (bool traded, uint256 parts) {
        (uint256[] memory want, uint256 matched, int256 price) =
            Naive.equilibrium(_offers(k), _p.floorNano, int256(uint256(_p.tickNano)), _p.kPpm);
        IForwardAuction.Result memory r = forward.resultOf(auction, uint32(_s + k));
        traded = matched != 0;
        vm.assertTrue(r.traded == traded, "traded");
        vm.assertEq(r.priceNano, price, "equilibrium(k)");
        int256 both;
        for (uint256 i; i < N; ++i) {
            parts += _checkOne(i, k, want[i], price);
            int256 wh = _signedFill(i, k, want[i]);
            _net[i][k / 8] -= wh * price;
            both += wh;
        }
        vm.assertEq(both, 0, "P10: bought == sold");
    }

    function _signedFill(
        uint256 i,
        uint256 k,
        uint256 lots
    ) private view returns (int256 wh) {
        wh = int256(lots * _p.lotWh);
        if (_offers(k)[i].sell) wh = -wh;
    }

    function _checkOne(
        uint256 i,
        uint256 k,
        uint256 want,
        int256 price
    ) private view returns (uint256 part) {
        Naive.Offer memory o = _offers(k)[i];
        IForwardAuction.OrderState memory got = forward.orderOf(auction, homes[i].meter, uint32(_s + k));
        vm.assertEq(got.filledWh, want * _p.lotWh, "P12: fill");
        vm.assertEq(got.wh, o.wh * _p.lotWh, "P8: the order stands as it was");
        vm.assertLe(got.filledWh, got.wh, "P8: no more than ordered");
        if (got.filledWh != 0) {
            vm.assertTrue(got.sell ? got.limitNano <= price : got.limitNano >= price, "P9: within its limit");
        }
        if (want != 0 && want != o.wh) part = 1;
    }

    /// @dev From outside, like the next one: the compiler runs out of stack where it is woven into the loop.
    function checkPosition(
        uint256 i
    ) external view {
        uint256[] memory words = forward.positionsOf(market, uint32(i), 1, _w, 2);
        uint256[] memory contracts = contractsOf(uint32(i), _w, 2);
        vm.assertEq(words.length, 4, "lanes by window, collateral and money");
        vm.assertEq(contracts.length, 2, "a word a window");
        for (uint256 w; w < 2; ++w) {
            uint256 want = _filledLanes(i, w, 255);
            vm.assertEq(words[w], want, "positions: net energy");
            vm.assertEq(contracts[w], want, "contracts: the same");
        }
        vm.assertEq(
            words[2], worstOfWord(_p, _words[i][0]) + worstOfWord(_p, _words[i][1]), "P25: of all orders, filled or not"
        );
        vm.assertEq(int256(words[3]), _net[i][0] + _net[i][1], "P6: each Wh at the one price");
        vm.assertGe(int256(words[2]) + int256(words[3]), 0, "P25: collateral covers what was bought");
        for (uint256 w; w < 2; ++w) {
            this.checkPart(i, w, uint8((_words[i][w] >> 3) % 256));
        }
    }

    /// @dev Some slots of a window and the others: together the whole.
    function checkPart(
        uint256 i,
        uint256 w,
        uint8 mask
    ) external view {
        uint32 window = _w + uint32(w);
        (uint256 a, uint256 aCollateral, int256 aNano) = forward.positionIn(market, uint32(i), window, mask);
        (uint256 b, uint256 bCollateral, int256 bNano) = forward.positionIn(market, uint32(i), window, ~mask);
        vm.assertEq(a, _filledLanes(i, w, mask), "of these slots");
        vm.assertEq(b, _filledLanes(i, w, ~mask), "and of the others");
        vm.assertEq(aNano + bNano, _net[i][w], "P6: money of both");
        vm.assertEq(aCollateral + bCollateral, worstOfWord(_p, _words[i][w]), "P25: collateral of both");
    }

    function _filledLanes(
        uint256 i,
        uint256 w,
        uint8 mask
    ) private view returns (uint256 lanes) {
        for (uint256 k; k < 8; ++k) {
            if ((mask >> k) % 2 == 0) continue;
            IForwardAuction.OrderState memory o = forward.orderOf(auction, homes[i].meter, uint32(_s + w * 8 + k));
            if (o.filledWh != 0) lanes += (o.filledWh + (o.sell ? 2 ** 27 : 0)) * 2 ** (28 * k);
        }
    }

    function _state() private view returns (bytes32 hash) {
        for (uint32 w = _w; w < _w + 2; ++w) {
            hash = keccak256(
                abi.encode(hash, forward.windowState(auction, w), forward.orderWords(auction, w, 0, uint32(N)))
            );
            for (uint32 k; k < 8; ++k) {
                hash = keccak256(abi.encode(hash, forward.resultOf(auction, w * 8 + k)));
                for (uint256 i; i < N; ++i) {
                    hash = keccak256(abi.encode(hash, forward.orderOf(auction, homes[i].meter, w * 8 + k)));
                }
            }
        }
    }

    /// forge-config: default.fuzz.runs = 700
    function testFuzz_P8_P9_P10_P11_P12_windowsEqualNaive(
        uint256 seed
    ) public {
        _rules(seed);
        _orderByChance();
        vm.warp(gate(_w + 1));
        forward.clear(auction, _w, 2, type(uint32).max);
        _check();
    }

    function test_windowsTradeAndRation() public {
        uint256 traded;
        uint256 parts;
        for (uint256 seed; seed < 30; ++seed) {
            uint256 before = vm.snapshotState();
            _rules(seed);
            _orderByChance();
            vm.warp(gate(_w + 1));
            forward.clear(auction, _w, 2, type(uint32).max);
            (uint256 t, uint256 p) = _check();
            (traded, parts) = (traded + t, parts + p);
            vm.revertToState(before);
        }
        emit log_named_uint("of 480 slots traded", traded);
        emit log_named_uint("orders filled in part", parts);
        vm.assertGe(traded, 200, "slots trade");
        vm.assertGe(parts, 150, "orders are rationed");
    }

    function _clearInCuts() private returns (uint256 steps) {
        while (true) {
            bool first = forward.windowState(auction, _w).phase != IForwardAuction.Phase.Cleared;
            bool second = forward.windowState(auction, _w + 1).phase != IForwardAuction.Phase.Cleared;
            if (!first && !second) return steps;
            ++steps;
            uint32 members = uint32(1 + chance(2 * N));
            vm.prank(chance(2) == 0 ? stranger : homes[0].owner);
            if (first && second && chance(2) == 0) forward.clear(auction, _w, 2, members);
            else if (second && (!first || chance(2) == 0)) forward.clear(auction, _w + 1, 1, members);
            else forward.clear(auction, _w, 1, members);
        }
    }

    function _cleared() private returns (bytes32 hash) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bytes32[2] memory results;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IForwardAuction.ForwardCleared.selector) continue;
            results[uint32(uint256(logs[i].topics[2])) - _w] = keccak256(logs[i].data);
        }
        return keccak256(abi.encode(results));
    }

    /// forge-config: default.fuzz.runs = 700
    function testFuzz_P13_P14_P32_anyCutGivesTheSame(
        uint256 seed
    ) public {
        _rules(seed);
        _orderByChance();
        vm.warp(gate(_w + 1));
        uint256 start = vm.snapshotState();
        vm.recordLogs();
        forward.clear(auction, _w, 2, type(uint32).max);
        bytes32 results = _cleared();
        bytes32 whole = _state();
        vm.revertToState(start);
        vm.recordLogs();
        _clearInCuts();
        vm.assertEq(_cleared(), results, "P32: one result of each slot");
        vm.assertEq(_state(), whole, "P32: cuts make no difference");
        _check();
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.NothingToDo.selector));
        forward.clear(auction, _w, 2, type(uint32).max);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.WrongPhase.selector, _w, IForwardAuction.Phase.Cleared));
        forward.voidWindow(auction, _w);
        vm.assertEq(_state(), whole, "P14: cleared once");
    }

    /* STEPS */

    function test_P23_phasesOneByOne() public {
        // Two buys share what one sells, so there is rationing to do.
        buy(0, _s, 0, 30);
        buy(2, _s, 0, 30);
        sell(3, _s, 0, 30);
        vm.warp(gate(_w));
        vm.expectEmit(address(forward));
        emit IForwardAuction.ForwardStep(auction, _w, IForwardAuction.Phase.Clearing, 1);
        forward.clear(auction, _w, 1, 1);
        IForwardAuction.Window memory w = forward.windowState(auction, _w);
        vm.assertTrue(w.phase == IForwardAuction.Phase.Clearing && w.cursor == 1, "collecting");
        (, uint256 uncleared,,) = forward.readiness(market, _w - 1, 3);
        vm.assertEq(uncleared, 2, "not cleared yet");
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.WrongPhase.selector, _w, w.phase));
        forward.resultOf(auction, _s);
        // The walk ends and the second one begins with what is left of the budget.
        vm.expectEmit(address(forward));
        emit IForwardAuction.ForwardStep(auction, _w, IForwardAuction.Phase.Rationing, 1);
        forward.clear(auction, _w, 1, uint32(N));
        vm.assertEq(forward.orderOf(auction, homes[0].meter, _s).filledWh, 0, "unknown until cleared");
        vm.expectRevert(
            abi.encodeWithSelector(IForwardAuction.WrongPhase.selector, _w, IForwardAuction.Phase.Rationing)
        );
        forward.resultOf(auction, _s);
        forward.clear(auction, _w, 1, 1);
        assertOrderPhase(_w, IForwardAuction.Phase.Rationing);
        // The second of the two is found before the end of the walk.
        forward.clear(auction, _w, 1, 1);
        assertOrderPhase(_w, IForwardAuction.Phase.Cleared);
        vm.assertEq(forward.orderOf(auction, homes[0].meter, _s).filledWh, 10, "one lot and a half, down");
        vm.assertEq(forward.orderOf(auction, homes[2].meter, _s).filledWh, 20, "what is left");
        (, uncleared,,) = forward.readiness(market, _w - 1, 3);
        vm.assertEq(uncleared, 0, "cleared");
    }

    function test_nothingToDo() public {
        bytes memory nothing = abi.encodeWithSelector(IForwardAuction.NothingToDo.selector);
        vm.expectRevert(nothing);
        forward.clear(auction, _w, 2, 100);
        buy(0, _s, 0, 10);
        vm.expectRevert(nothing);
        forward.clear(auction, _w, 0, 100);
        vm.expectRevert(nothing);
        forward.clear(auction, _w, 1, 0);
        vm.expectRevert(nothing);
        forward.clear(auction, _w + 128, 1, 100);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.GateOpen.selector, _w, gate(_w)));
        forward.clear(auction, _w - 1, 3, 100);
        vm.warp(gate(_w));
        // Windows without orders are passed over.
        forward.clear(auction, _w - 1, 3, 100);
        assertOrderPhase(_w, IForwardAuction.Phase.Cleared);
        assertOrderPhase(_w + 1, IForwardAuction.Phase.Absent);
    }

    /* VOID */

    function _mayBeVoided() private view returns (uint256) {
        return gate(_w) + auctionRules().voidSeconds;
    }

    function test_P16_voidFromEveryPhase() public {
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.WrongPhase.selector, _w, IForwardAuction.Phase.Absent));
        forward.voidWindow(auction, _w);
        buy(0, _s, 0, 30);
        buy(1, _s, 0, 30);
        sell(3, _s, 0, 30);
        uint256 start = vm.snapshotState();
        for (uint32 steps; steps < 3; ++steps) {
            vm.warp(_mayBeVoided() - 1);
            if (steps == 1) forward.clear(auction, _w, 1, 2);
            if (steps == 2) forward.clear(auction, _w, 1, uint32(N) + 1);
            IForwardAuction.Phase before = orderPhase(_w);
            vm.assertEq(uint256(before), uint256(OPEN) + steps, "Open, Clearing, Rationing");
            uint64 deadline = uint64(_mayBeVoided());
            vm.expectRevert(abi.encodeWithSelector(IForwardAuction.TooEarlyToVoid.selector, _w, deadline));
            forward.voidWindow(auction, _w);
            vm.warp(_mayBeVoided());
            vm.expectEmit(address(forward));
            emit IForwardAuction.ForwardVoided(auction, _w);
            vm.prank(stranger);
            forward.voidWindow(auction, _w);
            IForwardAuction.Window memory w = forward.windowState(auction, _w);
            vm.assertTrue(w.phase == IForwardAuction.Phase.Cleared && w.voided && w.cursor == 0, "void");
            for (uint32 k; k < 8; ++k) {
                vm.assertTrue(!forward.resultOf(auction, _s + k).traded, "no trade");
            }
            for (uint256 i; i < N; ++i) {
                vm.assertEq(forward.orderOf(auction, homes[i].meter, _s).filledWh, 0, "no fill");
                (uint256 lanes, uint256 collateral, int256 nano) = forward.positionIn(market, uint32(i), _w, 0xff);
                vm.assertTrue(lanes == 0 && nano == 0, "no position");
                vm.assertTrue(i == 1 || i == 0 || i == 3 ? collateral != 0 : collateral == 0, "only collateral");
            }
            vm.warp(windowEnd(_w) + params().postSeconds);
            clearAndSettleUpTo(_w, 1, 100);
            for (uint256 i; i < N; ++i) {
                vm.assertEq(free(homes[i].owner), 1e6 * EUR, "P24: all collateral is back");
            }
            vm.revertToState(start);
        }
    }

    /// @dev What a void window leaves in the half book does not come up in a later turn of the ring.
    function test_P14_voidLeavesNothingToTheNextTurn() public {
        for (uint256 i; i < N; ++i) {
            if (i % 2 == 0) buy(i, _s, 100_000, 30 + uint32(10 * i));
            else sell(i, _s, 0, 20);
        }
        vm.warp(_mayBeVoided());
        forward.clear(auction, _w, 1, 4);
        forward.voidWindow(auction, _w);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleUpTo(_w, 1, 100);
        warpToSlot((_w + 100) * 8);
        uint32 s = (_w + 128) * 8;
        buy(0, s, 100_000, 30);
        sell(1, s, 0, 20);
        vm.warp(gate(_w + 128));
        forward.clear(auction, _w + 128, 1, 1);
        forward.clear(auction, _w + 128, 1, uint32(N) - 1);
        forward.clear(auction, _w + 128, 1, 3);
        vm.assertEq(forward.orderOf(auction, homes[0].meter, s).filledWh, 20, "this turn's orders only");
        vm.assertEq(forward.orderOf(auction, homes[2].meter, s).filledWh, 0, "none of the last turn's");
        (uint256 lanes,,) = forward.positionIn(market, 2, _w + 128, 0xff);
        vm.assertEq(lanes, 0, "none of the last turn's");
    }

    /* NEVER STOPS */

    /// @dev The largest and the oddest of books are cleared, in one go and in steps.
    function test_P16_anyAcceptedBookIsCleared() public {
        uint256 most = 2 ** 19 - 1;
        for (uint256 kind; kind < 6; ++kind) {
            uint256 start = vm.snapshotState();
            _p.lotWh = kind == 0 ? 32 : 1;
            _p.firmSeconds = uint32(kind);
            auction = createAuction(_p);
            for (uint256 i; i < N; ++i) {
                uint256[] memory words = new uint256[](6);
                for (uint256 k; k < 16; ++k) {
                    uint256 raw;
                    // All at one tick, one side only, ends of the book, every tick another, nothing but cancellations.
                    if (kind == 0) raw = lane(most, 7, i % 2 == 0);
                    if (kind == 1) raw = lane(most, 255, true);
                    if (kind == 2) raw = lane(most, 0, false);
                    if (kind == 3) raw = lane(most, i % 2 == 0 ? 0 : 255, i % 2 == 0);
                    if (kind == 4) raw = lane(1, (i * 40 + k) % 256, i % 2 == 0);
                    if (kind == 5) raw = lane(1, 7, i % 2 == 0);
                    words[k / 8] += raw * 2 ** (28 * (k % 8));
                }
                _schedule(i, words);
                if (kind == 5) _schedule(i, new uint256[](6));
            }
            vm.warp(gate(_w + 1));
            uint256 cut = vm.snapshotState();
            forward.clear(auction, _w, 2, 100);
            _check();
            vm.revertToState(cut);
            _clearInCuts();
            _check();
            vm.revertToState(start);
        }
    }

    /// @dev More traders than one word of the map holds, cleared in steps.
    function test_P16_manyTraders() public {
        uint256 n = 260;
        for (uint256 i = N; i < n; ++i) {
            addMember(1, EUR);
        }
        for (uint256 i; i < n; i += 3) {
            vm.prank(homes[i].owner);
            forward.order(auction, homes[i].meter, _s + 5, IForwardAuction.Action.Place, i % 2 == 0, 100_000, 70);
        }
        vm.prank(homes[259].owner);
        forward.order(auction, homes[259].meter, _s + 5, IForwardAuction.Action.Place, false, 200_000, 10);
        vm.warp(gate(_w));
        uint256 start = vm.snapshotState();
        clearOrders(_w);
        bytes32 whole = _fills(n);
        vm.revertToState(start);
        while (orderPhase(_w) != IForwardAuction.Phase.Cleared) forward.clear(auction, _w, 1, 100);
        vm.assertEq(_fills(n), whole, "P32");
    }

    function _fills(
        uint256 n
    ) private view returns (bytes32 hash) {
        int256 both;
        for (uint256 i; i < n; ++i) {
            IForwardAuction.OrderState memory o = forward.orderOf(auction, homes[i].meter, _s + 5);
            both += o.sell ? -int256(uint256(o.filledWh)) : int256(uint256(o.filledWh));
            hash = keccak256(abi.encode(hash, o));
        }
        vm.assertEq(both, 0, "P10: bought == sold");
        vm.assertEq(forward.orderOf(auction, homes[259].meter, _s + 5).filledWh, 10, "the best, and the last");
    }

    /* SEVERAL AUCTIONS */

    function test_contractsOfSeveralAuctionsAddUp() public {
        buy(0, _s, 100_000, 100);
        sell(1, _s, 0, 100);
        buy(0, _s + 1, 100_000, 100);
        sell(1, _s + 1, 0, 100);
        clearAfterGate();
        IForwardAuction.AuctionParams memory p = auctionRules();
        (p.gateSeconds, p.firmSeconds, p.kPpm, p.lotWh) = (0, 0, 0, 1);
        auction = createAuction(p);
        sell(0, _s, 0, 130);
        buy(1, _s, 100_000, 130);
        buy(0, _s + 1, 100_000, 7);
        sell(1, _s + 1, 0, 7);
        (, uint256 uncleared,,) = forward.readiness(market, _w, 1);
        vm.assertEq(uncleared, 1, "the second is not cleared");
        (bool own, bool older) = forward.pending(market, _w);
        vm.assertTrue(own && !older, "pending");
        clearAfterGate();
        uint256[] memory lanes = contractsOf(0, _w, 1);
        vm.assertEq(lanes[0], (30 + 2 ** 27) + 107 * 2 ** 28, "bought 100, sold 130; bought 107");
        lanes = contractsOf(1, _w, 1);
        vm.assertEq(lanes[0], 30 + (107 + 2 ** 27) * 2 ** 28, "the other way round");
        (uint256 some, uint256 collateral, int256 nano) = forward.positionIn(market, 0, _w, 2);
        vm.assertEq(some, 107 * 2 ** 28, "of the second slot alone");
        vm.assertEq(nano, -100 * 50_000 - 7 * 0, "of the second slot alone");
        vm.assertEq(collateral, 107 * 160_000, "of the second slot alone");
        uint256[] memory words = forward.positionsOf(market, 0, 3, _w, 1);
        vm.assertEq(words.length, 9, "three words for each of three members");
        vm.assertEq(words[0], (30 + 2 ** 27) + 107 * 2 ** 28, "lanes");
        vm.assertEq(words[1], 207 * 160_000 + 130 * 500_000, "all orders");
        vm.assertEq(int256(words[2]), -200 * 50_000 + 130 * 0, "each at its own auction's price");
        vm.assertEq(words[3], 30 + (107 + 2 ** 27) * 2 ** 28, "the next member");
        vm.assertEq(int256(words[5]), 200 * 50_000, "his money");
        vm.assertEq(words[6] | words[7] | words[8], 0, "the one after has none");
    }

    function clearAfterGate() private {
        vm.warp(gate(_w));
        clearOrders(_w);
    }
}
