// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {Vm} from "./Base.sol";
import {Traders} from "./Traders.sol";

/// @title MarketHandler: everybody does anything, in any order, within what can be reached
/// @notice Each action counts whether it had an effect; no action may revert.
contract MarketHandler is Traders {
    uint256 public constant HOMES = 3;
    uint256 public constant ACTIONS = 19;

    uint256[ACTIONS] public calls;
    uint256[ACTIONS] public effects;

    /// @dev Windows that were opened, oldest first, and the furthest phase each has reached.
    uint32[] internal windows;
    mapping(uint32 window => bool) internal known;
    mapping(uint32 window => uint8) internal reached;
    mapping(uint32 window => bytes32) internal clearedAs;
    /// @dev By slot: energy filled on both sides so far.
    mapping(uint256 slot => uint256) internal bought;
    mapping(uint256 slot => uint256) internal sold;
    /// @dev By home: sums of what was taken, and where its registers began.
    uint256[HOMES] internal takenImport;
    uint256[HOMES] internal takenExport;
    uint256 internal slotsTaken;
    uint256 public slotsTraded;
    IMetering.Reading internal lastRecord;
    /// @dev Of orders, by window: the furthest phase, and what came out of it.
    mapping(uint32 window => uint8) internal reachedAhead;
    mapping(uint32 window => bytes32) internal clearedAhead;
    uint256 public slotsTradedAhead;

    constructor() {
        deployWorld();
        for (uint256 i; i < HOMES; ++i) {
            addMember(uint16(1 + i % 2), (i + 1) * EUR);
        }
        fund(supplierA, 5 * EUR);
        fund(supplierB, 2 * EUR);
        auction = createAuction(auctionRules());
        warpToSlot(firstSlot() + 8);
        for (uint256 i; i < HOMES; ++i) {
            homes[i].nextSlot = firstSlot();
        }
    }

    function params() internal view override returns (IMarkets.MarketParams memory p) {
        p = super.params();
        (p.postSeconds, p.voidSeconds) = (4 hours, 12 hours);
        (p.buyFeeNano, p.sellFeeNano) = (1000, 2000);
    }

    function auctionRules() internal view override returns (IForwardAuction.AuctionParams memory p) {
        p = super.auctionRules();
        (p.gateSeconds, p.firmSeconds, p.voidSeconds) = (1 hours, 1 hours, 12 hours);
    }

    modifier counted(
        uint256 action,
        uint256 seed
    ) {
        ++calls[action];
        seedChance(seed);
        _;
    }

    function _effect(
        uint256 action
    ) private {
        ++effects[action];
    }

    /* TIME AND READINGS */

    function passTime(
        uint256 seed
    ) external counted(0, seed) {
        warpToSlot(slotNow() + 1 + chance(6));
        _effect(0);
    }

    /// @dev The next record of a home, now and then with a gap before it.
    function postNext(
        uint256 seed
    ) external counted(1, seed) {
        _postNext(chance(HOMES), chance(3) == 0);
        _effect(1);
    }

    function _postNext(
        uint256 i,
        bool gap
    ) private {
        uint32 from = homes[i].nextSlot;
        if (slotNow() < from + 1) warpToSlot(from + 1 + chance(10));
        IMetering.Head memory h = metering.headOf(homes[i].meter);
        if (gap && h.gaps < 4 && h.nextSlot != 0) {
            uint32 skip = uint32(1 + chance(5));
            // The registers move on in the gap as well.
            homes[i].importWh += uint64(100 * skip);
            homes[i].exportWh += uint64(50 * skip);
            from += skip;
            if (slotNow() < from + 1) warpToSlot(from + 1);
        }
        uint256 n = _room(i, from, slotNow());
        _take(i, from, n, homes[i].importWh, homes[i].exportWh, true);
    }

    /// @dev How many slots a record may have: one day, one set of terms, what is delivered, sixteen at most.
    function _room(
        uint256 i,
        uint32 from,
        uint32 until
    ) private returns (uint256 n) {
        n = 1 + chance(16);
        if (from + n > until) n = until - from;
        uint32 day = slotsPerDay() - from % slotsPerDay();
        if (n > day) n = day;
        (, uint32 untilSlot) = registry.termsAt(homes[i].meter, from);
        if (n > untilSlot - from) n = untilSlot - from;
    }

    function _take(
        uint256 i,
        uint32 from,
        uint256 n,
        uint64 importWh,
        uint64 exportWh,
        bool atHead
    ) private {
        uint256[] memory im = new uint256[](n);
        uint256[] memory ex = new uint256[](n);
        for (uint256 k; k < n; ++k) {
            uint256 kind = chance(4);
            if (kind != 0) im[k] = atHead ? chance(400) : 100;
            if (kind < 2) ex[k] = atHead ? chance(400) : 50;
            if (!atHead) (im[k], ex[k]) = (100, 50);
        }
        IMetering.Reading memory r = recordAt(i, from, importWh, exportWh, im, ex);
        if (chance(8) == 0) {
            r.quality = IMetering.Quality.Estimated;
            signReading(r, homes[i].meterKey);
        }
        _makeRoom(from, n);
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "P18: the next record is taken");
        for (uint32 w = from / 8; w <= (from + n - 1) / 8; ++w) {
            _track(w);
        }
        if (atHead) {
            homes[i].nextSlot = uint32(from + n);
            homes[i].importWh = importWh + uint64(sum(im));
            homes[i].exportWh = exportWh + uint64(sum(ex));
        }
        takenImport[i] += sum(im);
        takenExport[i] += sum(ex);
        slotsTaken += n;
        lastRecord = r;
        checkPhases();
    }

    /// @dev The ring must not be full, orders must be cleared and contracts must not wait to be settled: what stands in
    /// the way is brought to its end first, as anybody may.
    function _makeRoom(
        uint32 from,
        uint256 n
    ) private {
        for (uint32 w = from / 8; w <= (from + n - 1) / 8; ++w) {
            _makePlace(w);
            if (isUnderWay(w)) clearOrders(w);
            bool ordered_ = orderPhase(w) == IForwardAuction.Phase.Cleared;
            if (ordered_ && phase(w) > ISettlement.Phase.Open) _bringToEnd(w);
        }
    }

    /// @dev The oldest first: a window is opened in the place of one that is settled.
    function _makePlace(
        uint32 w
    ) private {
        for (uint32 turn = 4; turn > 0; --turn) {
            _bringToEnd(w - turn * settlement.RING());
        }
    }

    function isUnderWay(
        uint32 w
    ) internal view returns (bool) {
        IForwardAuction.Phase p = orderPhase(w);
        return p != IForwardAuction.Phase.Absent && p < IForwardAuction.Phase.Cleared;
    }

    /// @dev A window of the past, by whoever comes along.
    function _bringToEnd(
        uint32 w
    ) private {
        if (isUnderWay(w)) clearOrders(w);
        bool orders = orderPhase(w) == IForwardAuction.Phase.Cleared;
        ISettlement.Phase p = phase(w);
        bool opened = p == ISettlement.Phase.Open || p == ISettlement.Phase.Clearing;
        if (opened || (p == ISettlement.Phase.Absent && orders)) {
            clearAll(w);
            _track(w);
        }
        if (phase(w) == ISettlement.Phase.Cleared) _settle(w, type(uint32).max);
    }

    function _track(
        uint32 w
    ) private {
        if (known[w] || phase(w) == ISettlement.Phase.Absent) return;
        known[w] = true;
        windows.push(w);
    }

    /// @dev The left end of an open gap.
    function fillGap(
        uint256 seed
    ) external counted(2, seed) {
        uint256 i = chance(HOMES);
        for (uint256 k; k < 2 && metering.headOf(homes[i].meter).gaps == 0; ++k) {
            _postNext(i, true);
        }
        IMetering.Gap[] memory gaps = metering.gapsOf(homes[i].meter);
        if (gaps.length == 0) return;
        IMetering.Gap memory g = gaps[chance(gaps.length)];
        _take(i, g.fromSlot, _room(i, g.fromSlot, g.untilSlot), g.fromImportWh, g.fromExportWh, false);
        _effect(2);
    }

    /// @dev P18: the last record once more, or a wrong one, changes nothing.
    function repost(
        uint256 seed
    ) external counted(3, seed) {
        if (lastRecord.meter == 0) _postNext(0, false);
        IMetering.Reading memory r = lastRecord;
        bytes32 before = keccak256(abi.encode(metering.headOf(r.meter), metering.gapsOf(r.meter), keptNano()));
        uint256 kind = chance(3);
        if (kind == 1) r.importWh += 1;
        if (kind == 2) r.firstSlot = slotNow();
        vm.assertTrue(postOne(r) != IMetering.Outcome.Accepted, "P17, P18: taken twice or forged");
        vm.assertEq(
            keccak256(abi.encode(metering.headOf(r.meter), metering.gapsOf(r.meter), keptNano())),
            before,
            "P18: no trace"
        );
        _effect(3);
    }

    /* CLEARING AND SETTLING */

    function _pick(
        ISettlement.Phase lowest,
        ISettlement.Phase highest
    ) private returns (uint32 window) {
        if (windows.length == 0) return 0;
        uint256 start = chance(windows.length);
        for (uint256 k; k < windows.length; ++k) {
            uint32 w = windows[(start + k) % windows.length];
            if (phase(w) >= lowest && phase(w) <= highest) return w;
        }
    }

    /// @dev A window that is not cleared yet; a reading opens one where there is none.
    function _uncleared() private returns (uint32 w) {
        w = _pick(ISettlement.Phase.Open, ISettlement.Phase.Clearing);
        for (uint256 k; k < 3 && w == 0; ++k) {
            _postNext(chance(HOMES), false);
            w = _pick(ISettlement.Phase.Open, ISettlement.Phase.Clearing);
        }
    }

    /// @dev Most windows are cleared after everybody has posted, so that they trade.
    function _catchUp(
        uint32 w
    ) private {
        if (chance(4) == 0) return;
        for (uint256 i; i < HOMES; ++i) {
            for (uint256 k; k < 4 && homes[i].nextSlot < (w + 1) * 8; ++k) {
                _postNext(i, false);
            }
        }
    }

    function clearSome(
        uint256 seed
    ) external counted(4, seed) {
        uint32 w = _uncleared();
        if (w == 0) return;
        _catchUp(w);
        if (phase(w) > ISettlement.Phase.Clearing) return _effect(4);
        uint256 deadline = windowEnd(w) + params().postSeconds;
        if (vm.getBlockTimestamp() < deadline && chance(2) == 0) vm.warp(deadline);
        if (vm.getBlockTimestamp() < deadline) {
            // Before the deadline it may or may not be ready; it must not be half done.
            try settlement.clear(market, w, 1, uint32(1 + chance(HOMES)), offers(market, w, 1)) {
                vm.assertEq(
                    uint256(phase(w)), uint256(ISettlement.Phase.Cleared), "P32: all or nothing before the deadline"
                );
            } catch {
                return;
            }
        } else {
            clearUpTo(w, 1, uint32(1 + chance(HOMES)));
        }
        checkPhases();
        _effect(4);
    }

    function settleSome(
        uint256 seed
    ) external counted(5, seed) {
        uint32 w = _pick(ISettlement.Phase.Cleared, ISettlement.Phase.Cleared);
        if (w == 0) {
            w = _uncleared();
            if (w == 0) return;
            _catchUp(w);
            if (phase(w) > ISettlement.Phase.Clearing) return _effect(5);
            uint256 deadline = windowEnd(w) + params().postSeconds;
            if (vm.getBlockTimestamp() < deadline) vm.warp(deadline);
            clearAll(w);
        }
        _settle(w, uint32(1 + chance(HOMES)));
        _effect(5);
    }

    function clearAndSettleSome(
        uint256 seed
    ) external counted(6, seed) {
        uint32 w = _uncleared();
        if (w == 0) return;
        _catchUp(w);
        if (phase(w) > ISettlement.Phase.Clearing) return _effect(6);
        uint256 deadline = windowEnd(w) + params().postSeconds;
        if (vm.getBlockTimestamp() < deadline) vm.warp(deadline);
        vm.recordLogs();
        clearAndSettleUpTo(w, 1, uint32(1 + chance(HOMES)));
        _keepAccount(w);
        if (phase(w) != ISettlement.Phase.Settled) _settle(w, type(uint32).max);
        _effect(6);
    }

    function giveUp(
        uint256 seed
    ) external counted(7, seed) {
        uint32 w = _uncleared();
        if (w == 0) return;
        uint256 deadline = windowEnd(w) + params().voidSeconds;
        if (vm.getBlockTimestamp() < deadline) vm.warp(deadline);
        settlement.voidWindow(market, w);
        checkPhases();
        _effect(7);
    }

    /// @dev Settles and keeps account of every fill from the events.
    function _settle(
        uint32 w,
        uint32 members
    ) private {
        vm.recordLogs();
        settleUpTo(w, 1, members);
        _keepAccount(w);
    }

    function _keepAccount(
        uint32 w
    ) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 k; k < logs.length; ++k) {
            if (logs[k].topics[0] != ISettlement.MemberSettled.selector) continue;
            uint32 meter = uint32(uint256(logs[k].topics[2]));
            (,, uint256[] memory fills) = abi.decode(logs[k].data, (uint32, uint32, uint256[]));
            uint256[5] memory words = lanes(meter, w);
            for (uint256 f; f < fills.length; ++f) {
                this.countFills(w, meter, fills[f], words[(fills[f] >> 232) & 1], words[1]);
            }
        }
        checkPhases();
        checkOrders();
    }

    /// @dev A call of its own: the compiler runs out of stack where it is woven into the loop above.
    function countFills(
        uint32 w,
        uint32 meter,
        uint256 fills,
        uint256 offers,
        uint256 second
    ) external {
        for (uint256 lane; lane < 8; ++lane) {
            uint256 filled = (fills >> (28 * lane)) & 0x7ffffff;
            if (filled == 0) continue;
            bool sell = (fills >> (28 * lane + 27)) & 1 == 1;
            uint256 offered = (offers >> (28 * lane)) & 0xfffffff;
            if ((offered >> 27 == 1) != sell) offered = (second >> (28 * lane)) & 0xfffffff;
            vm.assertEq(offered >> 27, sell ? 1 : 0, "side");
            vm.assertLe(filled, offered & 0x7ffffff, "P8: no more than offered");
            uint32 slot = uint32(w * 8 + lane);
            _checkLimit(meter, slot, sell);
            if (sell) sold[slot] += filled;
            else bought[slot] += filled;
        }
    }

    /// @dev P9: whoever is filled trades within his own stated limit and his own tariff, fee included.
    function _checkLimit(
        uint32 meter,
        uint32 slot,
        bool sell
    ) private view {
        int256 p = settlement.resultOf(market, slot).priceNano;
        IMarkets.MemberTerms memory m = markets.memberByMeter(market, meter, slot);
        if (sell) {
            int256 floor = tariffs.rowAt(m.supplier, m.tariff, slot).feedIn;
            vm.assertGe(p - 2000, m.sellNano > floor ? int256(m.sellNano) : floor, "P9: sells at his limit or above");
        } else {
            int256 top = tariffs.rowAt(m.supplier, m.tariff, slot).energy;
            vm.assertLe(p + 1000, m.buyNano < top ? int256(m.buyNano) : top, "P9: buys at his limit or below");
        }
    }

    /* MONEY */

    function deposit(
        uint256 seed
    ) external counted(8, seed) {
        fund(homes[chance(HOMES)].owner, (1 + chance(1e6)) * 1000);
        _effect(8);
    }

    function withdraw(
        uint256 seed
    ) external counted(9, seed) {
        address account = chance(4) == 0 ? supplierA : homes[chance(HOMES)].owner;
        uint256 most = free(account) / 1000;
        if (most == 0) return;
        uint256 nano = (chance(8) == 0 ? most : chance(most / 2 + 1) + 1) * 1000;
        if (nano > most * 1000) nano = most * 1000;
        uint256 before = currency.balanceOf(account);
        vm.prank(account);
        ledger.withdraw(account, nano);
        vm.assertEq(currency.balanceOf(account), before + nano / 1000, "P5: paid out");
        _effect(9);
    }

    function giveGuarantee(
        uint256 seed
    ) external counted(10, seed) {
        Home storage h = homes[chance(HOMES)];
        address supplier = chance(2) == 0 ? supplierA : supplierB;
        if (free(supplier) == 0) fund(supplier, EUR);
        uint256 nano = 1 + chance(free(supplier));
        vm.prank(supplier);
        ledger.giveGuarantee(h.owner, h.meter, nano);
        _effect(10);
    }

    function returnGuarantee(
        uint256 seed
    ) external counted(11, seed) {
        uint256 first = chance(HOMES);
        for (uint256 k; k < 2 * HOMES; ++k) {
            Home storage h = homes[(k + first) % HOMES];
            address supplier = k % 2 == 0 ? supplierA : supplierB;
            uint256 most = ledger.coverOf(h.owner, supplier, h.meter).guaranteeFreeNano;
            if (most == 0) continue;
            uint256 nano = 1 + chance(most);
            vm.prank(supplier);
            ledger.returnGuarantee(h.owner, h.meter, nano);
            _effect(11);
            return;
        }
    }

    function payClaim(
        uint256 seed
    ) external counted(12, seed) {
        uint256 count = ledger.claimCount();
        if (count == 0) return;
        uint256 id = 1 + chance(count);
        ILedger.Claim memory c = ledger.claim(id);
        uint256 before = free(c.creditor);
        uint256 paid = ledger.payClaim(id);
        vm.assertEq(free(c.creditor), before + paid, "P2: a claim paid is no gift");
        vm.assertEq(ledger.claim(id).openNano, c.openNano - paid, "P2: and is paid once");
        _effect(12);
    }

    /* TERMS */

    function changeTerms(
        uint256 seed
    ) external counted(13, seed) {
        uint256 i = chance(HOMES);
        uint32 from = slotNow() + 1 + uint32(chance(6));
        if (chance(3) != 0) {
            setLimits(i, from, int32(int256(chance(300_000))) - 20_000, int32(int256(chance(300_000))) - 20_000);
        } else {
            (, uint32 pending) = registry.termsAt(homes[i].meter, slotNow());
            if (pending != type(uint32).max) return;
            vm.prank(registrar);
            registry.setTerms(homes[i].meter, terms(homes[i].owner, from, uint16(1 + chance(2)), 0));
        }
        _effect(13);
    }

    /* ORDERS AHEAD */

    /// @dev A window whose gate is ahead, mostly a near one; the ring has room for it.
    function _windowAhead() private returns (uint32 w) {
        w = slotNow() / 8 + 1 + uint32(chance(16) == 0 ? chance(64) : chance(5));
        if (vm.getBlockTimestamp() >= gate(w)) ++w;
        if (w > slotNow() / 8 + forward.MAX_LEAD()) --w;
        _makePlace(w);
    }

    function _limit(
        bool sells
    ) private returns (int32) {
        return priceOf(sells ? chance(140) : 60 + chance(140));
    }

    /// @dev Any order: placed where there is none, else amended, signed or by the owner's own call.
    function orderAhead(
        uint256 seed
    ) external counted(14, seed) {
        if (_orderAhead(chance(HOMES), _windowAhead())) _effect(14);
    }

    /// @dev Mostly there is money for what is ordered.
    function _lend(
        uint256 i,
        uint256 nano
    ) private {
        if (free(homes[i].owner) < nano && chance(4) != 0) fund(homes[i].owner, nano);
    }

    function _orderAhead(
        uint256 i,
        uint32 w
    ) private returns (bool) {
        // Few slots, so that orders meet.
        uint32 slot = w * 8 + uint32(chance(3));
        IForwardAuction.OrderState memory old = forward.orderOf(auction, homes[i].meter, slot);
        bool there = old.wh != 0;
        _lend(i, EUR / 4);
        bool sells = chance(2) == 0;
        IForwardAuction.Order memory o = orderBy(
            i,
            slot,
            there ? IForwardAuction.Action.Amend : IForwardAuction.Action.Place,
            sells,
            _limit(sells),
            uint32(10 + 10 * chance(30))
        );
        uint256 before = locked(homes[i].owner);
        IForwardAuction.Refusal refusal = placeOne(o);
        if (refusal != IForwardAuction.Refusal.None) {
            bool firm_ = there && vm.getBlockTimestamp() >= firm(w);
            assertRefused(
                refusal,
                firm_ ? IForwardAuction.Refusal.FirmPeriod : IForwardAuction.Refusal.TooLittleMoney,
                "P24: refused for no other reason"
            );
            vm.assertEq(locked(homes[i].owner), before, "P24: no trace");
            return false;
        }
        vm.assertEq(
            int256(locked(homes[i].owner)) - int256(before),
            int256(worstNano(auctionRules(), o.sell, o.limitNano, o.wh))
                - int256(worstNano(auctionRules(), old.sell, old.limitNano, old.wh)),
            "P25: exactly what the order can cost"
        );
        return true;
    }

    /// @dev A day of orders; replaces what was there.
    function scheduleAhead(
        uint256 seed
    ) external counted(15, seed) {
        uint256 i = chance(HOMES);
        uint32 day = slotNow() / slotsPerDay() + 1;
        if (vm.getBlockTimestamp() >= firm(day * slotsPerDay() / 8)) ++day;
        uint256[] memory words = new uint256[](slotsPerDay() / 8);
        for (uint256 k; k < words.length; ++k) {
            _makePlace(uint32(day * slotsPerDay() / 8 + k));
            for (uint256 n; n < 4; ++n) {
                if (chance(3) == 0) continue;
                bool sells = chance(2) == 0;
                uint256 tick = sells ? chance(140) : 60 + chance(140);
                words[k] |= lane(1 + chance(20), tick, sells) << (28 * (2 * n + chance(2)));
            }
        }
        _lend(i, 4 * EUR);
        IForwardAuction.Refusal refusal = scheduleOne(scheduleBy(i, day, words));
        if (refusal == IForwardAuction.Refusal.None) _effect(15);
        else assertRefused(refusal, IForwardAuction.Refusal.TooLittleMoney, "P24: refused for no other reason");
    }

    /// @dev Cancellations are possible until the firm period.
    function cancelAhead(
        uint256 seed
    ) external counted(16, seed) {
        uint256 start = chance(ordered.length + 1);
        for (uint256 n; n < ordered.length; ++n) {
            uint32 w = ordered[(start + n) % ordered.length];
            if (orderPhase(w) != IForwardAuction.Phase.Open || vm.getBlockTimestamp() >= firm(w)) continue;
            if (_cancelIn(w)) return _effect(16);
        }
        uint32 next = _windowAhead() + 1;
        if (next > slotNow() / 8 + 60) return;
        _makePlace(next);
        if (_orderAhead(chance(HOMES), next) && _cancelIn(next)) _effect(16);
    }

    function _cancelIn(
        uint32 w
    ) private returns (bool) {
        for (uint256 n; n < 8 * HOMES; ++n) {
            IForwardAuction.OrderState memory o = forward.orderOf(auction, homes[n / 8].meter, uint32(w * 8 + n % 8));
            if (o.wh == 0) continue;
            address owner = homes[n / 8].owner;
            uint256 before = free(owner);
            uint256 worst = worstNano(auctionRules(), o.sell, o.limitNano, o.wh);
            cancel(n / 8, uint32(w * 8 + n % 8));
            vm.assertEq(free(owner), before + worst, "P24: all of it is free again");
            return true;
        }
        return false;
    }

    /// @dev A window of orders that is not cleared; orders are placed where there is none.
    function _unclearedAhead() private returns (uint32) {
        uint256 start = chance(ordered.length + 1);
        for (uint256 n; n < ordered.length; ++n) {
            uint32 w = ordered[(start + n) % ordered.length];
            // Those far ahead are left alone: time would jump.
            if (isUnderWay(w) && w <= slotNow() / 8 + 8) return w;
        }
        uint32 next = _windowAhead();
        for (uint256 i; i < HOMES; ++i) {
            _orderAhead(i, next);
        }
        return isUnderWay(next) ? next : 0;
    }

    function clearAhead(
        uint256 seed
    ) external counted(17, seed) {
        uint32 w = _unclearedAhead();
        if (w == 0) return;
        // As long as the gate is open everybody orders again, so that orders meet.
        for (uint256 i; i < 4 * HOMES && vm.getBlockTimestamp() < gate(w); ++i) {
            _orderAhead(i % HOMES, w);
        }
        if (vm.getBlockTimestamp() < gate(w)) vm.warp(gate(w));
        forward.clear(auction, w, 1, uint32(1 + chance(2 * HOMES)));
        checkOrders();
        _effect(17);
    }

    function voidAhead(
        uint256 seed
    ) external counted(18, seed) {
        uint32 w = _unclearedAhead();
        if (w == 0) return;
        uint256 deadline = gate(w) + auctionRules().voidSeconds;
        if (vm.getBlockTimestamp() < deadline) vm.warp(deadline);
        forward.voidWindow(auction, w);
        checkOrders();
        _effect(18);
    }

    /// @dev P14, P23, P8, P9, P10 of orders. Settled windows leave the list.
    function checkOrders() public {
        for (uint256 n = ordered.length; n > 0; --n) {
            uint32 w = ordered[n - 1];
            uint8 now_ = uint8(orderPhase(w));
            // Noted for an order that was refused.
            if (now_ == 0 && reachedAhead[w] == 0) {
                if (w < slotNow() / 8) _forget(n - 1);
                continue;
            }
            vm.assertGe(now_, reachedAhead[w], "P23: orders went back");
            reachedAhead[w] = now_;
            if (now_ < uint8(IForwardAuction.Phase.Cleared)) continue;
            bytes32 outcome;
            for (uint32 k; k < 8; ++k) {
                outcome = keccak256(abi.encode(outcome, _checkSlotAhead(w * 8 + k)));
            }
            if (clearedAhead[w] == 0) clearedAhead[w] = outcome;
            vm.assertEq(clearedAhead[w], outcome, "P14: a cleared slot changed");
            if (now_ == uint8(IForwardAuction.Phase.Settled)) _forget(n - 1);
        }
    }

    function _forget(
        uint256 place
    ) private {
        ordered[place] = ordered[ordered.length - 1];
        ordered.pop();
    }

    function _checkSlotAhead(
        uint32 slot
    ) private returns (bytes32 outcome) {
        IForwardAuction.Result memory r = forward.resultOf(auction, slot);
        int256 both;
        uint256 filled;
        for (uint256 i; i < HOMES; ++i) {
            IForwardAuction.OrderState memory o = forward.orderOf(auction, homes[i].meter, slot);
            vm.assertLe(o.filledWh, o.wh, "P8: no more than ordered");
            filled += o.filledWh;
            both += o.sell ? -int256(uint256(o.filledWh)) : int256(uint256(o.filledWh));
            if (o.filledWh != 0 && o.sell) {
                vm.assertLe(int256(o.limitNano), r.priceNano, "P9: sells at his limit or above");
            }
            if (o.filledWh != 0 && !o.sell) {
                vm.assertGe(int256(o.limitNano), r.priceNano, "P9: buys at his limit or below");
            }
            outcome = keccak256(abi.encode(outcome, o));
        }
        vm.assertEq(both, 0, "P10: bought == sold");
        vm.assertTrue(r.traded == (filled != 0), "P10: traded");
        if (r.traded && clearedAhead[slot / 8] == 0) ++slotsTradedAhead;
        return keccak256(abi.encode(outcome, r));
    }

    /* WHAT MUST HOLD */

    /// @dev P14, P23: phases only go on, and a cleared slot stays as it is. Settled windows leave the list.
    function checkPhases() public {
        for (uint256 k = windows.length; k > 0; --k) {
            uint32 w = windows[k - 1];
            uint8 now_ = uint8(phase(w));
            vm.assertGe(now_, reached[w], "P23: a window went back");
            reached[w] = now_;
            if (now_ < uint8(ISettlement.Phase.Cleared)) continue;
            bool settled = now_ == uint8(ISettlement.Phase.Settled);
            bytes32 results;
            for (uint32 lane; lane < 8; ++lane) {
                ISettlement.Result memory r = settlement.resultOf(market, w * 8 + lane);
                r.carry = 0;
                results = keccak256(abi.encode(results, r));
                if (!settled) continue;
                vm.assertEq(bought[w * 8 + lane], sold[w * 8 + lane], "P10: bought == sold");
                vm.assertEq(bought[w * 8 + lane], r.matchedWh, "P10: == matched");
                if (r.traded) ++slotsTraded;
            }
            if (clearedAs[w] == 0) clearedAs[w] = results;
            vm.assertEq(clearedAs[w], results, "P14: a cleared slot changed");
            if (!settled) continue;
            windows[k - 1] = windows[windows.length - 1];
            windows.pop();
        }
    }

    function checkMoney() external view {
        assertSolvent();
        assertLocksAddUp();
        for (uint256 k; k < windows.length; ++k) {
            if (
                phase(windows[k]) == ISettlement.Phase.Cleared && settlement.windowState(market, windows[k]).cursor != 0
            ) return;
        }
        vm.assertEq(ledger.transitNano(market), 0, "P6: nothing in transit when no window is half settled");
    }

    /// @dev P19, P20: what was taken plus what is missing is what the register shows.
    function checkRegisters() external view {
        for (uint256 i; i < HOMES; ++i) {
            IMetering.Head memory h = metering.headOf(homes[i].meter);
            IMetering.Gap[] memory gaps = metering.gapsOf(homes[i].meter);
            vm.assertEq(h.gaps, gaps.length, "P18: gaps counted");
            (uint256 im, uint256 ex) = (takenImport[i], takenExport[i]);
            for (uint256 k; k < gaps.length; ++k) {
                vm.assertGe(gaps[k].untilImportWh, gaps[k].fromImportWh, "P19: import never falls");
                vm.assertGe(gaps[k].untilExportWh, gaps[k].fromExportWh, "P19: export never falls");
                im += gaps[k].untilImportWh - gaps[k].fromImportWh;
                ex += gaps[k].untilExportWh - gaps[k].fromExportWh;
            }
            vm.assertEq(h.importWh, im, "P20: import identity");
            vm.assertEq(h.exportWh, ex, "P20: export identity");
            vm.assertLe(uint256(h.nextSlot) * slotSeconds(), vm.getBlockTimestamp(), "P21: no slot of the future");
        }
    }

    /// @dev P16 and P5: whatever has happened, everything can be brought to its end and all free money leaves.
    function finish() external {
        uint32[] memory ahead = ordered;
        for (uint256 k; k < ahead.length; ++k) {
            if (vm.getBlockTimestamp() < windowEnd(ahead[k])) vm.warp(windowEnd(ahead[k]));
        }
        if (windows.length + ahead.length != 0) vm.warp(vm.getBlockTimestamp() + 2 days);
        vm.startPrank(stranger);
        for (uint256 k; k < ahead.length; ++k) {
            if (!isUnderWay(ahead[k])) continue;
            if (k % 3 == 0) forward.voidWindow(auction, ahead[k]);
            else clearOrders(ahead[k]);
        }
        vm.stopPrank();
        _endWindows();
        vm.startPrank(stranger);
        for (uint256 k; k < ahead.length; ++k) {
            if (phase(ahead[k]) != ISettlement.Phase.Absent) continue;
            if (orderPhase(ahead[k]) != IForwardAuction.Phase.Cleared) continue;
            if (k % 2 == 0) settlement.voidWindow(market, ahead[k]);
            else clearAll(ahead[k]);
            _track(ahead[k]);
        }
        vm.stopPrank();
        _endWindows();
        checkOrders();
        for (uint256 k; k < ordered.length; ++k) {
            assertOrderPhase(ordered[k], IForwardAuction.Phase.Absent);
        }
        vm.assertEq(ledger.transitNano(market), 0, "P6: all settled, nothing in transit");
        for (uint256 i; i < HOMES; ++i) {
            Home storage h = homes[i];
            vm.assertEq(locked(h.owner), 0, "P4: all settled, nothing locked");
            _takeBack(h, supplierA);
            _takeBack(h, supplierB);
            _leave(h.owner);
        }
        _leave(supplierA);
        _leave(supplierB);
        _leave(gridOperator);
        _leave(feeAccount);
        vm.assertLt(
            ledger.heldNano(), 7 * 1000, "P5: all free money has left, but what is less than a unit of the token"
        );
        assertSolvent();
    }

    function _endWindows() private {
        uint32[] memory left = windows;
        for (uint256 k; k < left.length; ++k) {
            uint32 w = left[k];
            if (phase(w) == ISettlement.Phase.Open || phase(w) == ISettlement.Phase.Clearing) {
                if (k % 2 == 0) settlement.voidWindow(market, w);
                else clearAll(w);
            }
            if (phase(w) == ISettlement.Phase.Cleared) _settle(w, type(uint32).max);
        }
    }

    function _takeBack(
        Home storage h,
        address supplier
    ) private {
        ILedger.Cover memory c = ledger.coverOf(h.owner, supplier, h.meter);
        vm.assertEq(c.guaranteeLockedNano + c.ownNano, 0, "P4: no cover is in use");
        vm.prank(supplier);
        ledger.returnGuarantee(h.owner, h.meter, c.guaranteeFreeNano);
    }

    function _leave(
        address account
    ) private {
        uint256 nano = free(account) / 1000 * 1000;
        vm.prank(account);
        ledger.withdraw(account, nano);
    }

    /* FOR THE CAMPAIGNS */

    function selectors() external pure returns (bytes4[] memory list_) {
        list_ = new bytes4[](ACTIONS);
        (list_[0], list_[1], list_[2]) = (this.passTime.selector, this.postNext.selector, this.fillGap.selector);
        (list_[3], list_[4], list_[5]) = (this.repost.selector, this.clearSome.selector, this.settleSome.selector);
        (list_[6], list_[7], list_[8]) = (this.clearAndSettleSome.selector, this.giveUp.selector, this.deposit.selector);
        (list_[9], list_[10]) = (this.withdraw.selector, this.giveGuarantee.selector);
        (list_[11], list_[12], list_[13]) =
        (this.returnGuarantee.selector, this.payClaim.selector, this.changeTerms.selector);
        (list_[14], list_[15]) = (this.orderAhead.selector, this.scheduleAhead.selector);
        (list_[16], list_[17], list_[18]) =
        (this.cancelAhead.selector, this.clearAhead.selector, this.voidAhead.selector);
    }

    function totals() external view returns (uint256 called, uint256 effective) {
        for (uint256 i; i < ACTIONS; ++i) {
            (called, effective) = (called + calls[i], effective + effects[i]);
        }
    }
}
