// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {Vm} from "./Base.sol";
import {World} from "./World.sol";

/// @title MarketHandler: everybody does anything, in any order, within what can be reached
/// @notice Each action counts whether it had an effect; no action may revert.
contract MarketHandler is World {
    uint256 public constant HOMES = 3;
    uint256 public constant ACTIONS = 14;

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

    constructor() {
        deployWorld();
        for (uint256 i; i < HOMES; ++i) {
            addMember(uint16(1 + i % 2), (i + 1) * EUR);
        }
        fund(supplierA, 5 * EUR);
        fund(supplierB, 2 * EUR);
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
            if (known[w] || phase(w) == ISettlement.Phase.Absent) continue;
            known[w] = true;
            windows.push(w);
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

    /// @dev The ring must not be full: what lies a turn behind is given up or settled first, as anybody may.
    function _makeRoom(
        uint32 from,
        uint256 n
    ) private {
        for (uint32 w = from / 8; w <= (from + n - 1) / 8; ++w) {
            for (uint32 turn = 1; turn < 5; ++turn) {
                uint32 old = w - turn * settlement.RING();
                if (phase(old) == ISettlement.Phase.Open || phase(old) == ISettlement.Phase.Clearing) clearAll(old);
                if (phase(old) == ISettlement.Phase.Cleared) _settle(old, type(uint32).max);
            }
        }
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
        uint256 deadline = windowEnd(w) + params().postSeconds;
        if (vm.getBlockTimestamp() < deadline && chance(2) == 0) vm.warp(deadline);
        if (vm.getBlockTimestamp() < deadline) {
            // Before the deadline it may or may not be ready; it must not be half done.
            try settlement.clear(market, w, 1, uint32(1 + chance(HOMES))) {
                vm.assertEq(
                    uint256(phase(w)), uint256(ISettlement.Phase.Cleared), "P32: all or nothing before the deadline"
                );
            } catch {
                return;
            }
        } else {
            settlement.clear(market, w, 1, uint32(1 + chance(HOMES)));
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
        uint256 deadline = windowEnd(w) + params().postSeconds;
        if (vm.getBlockTimestamp() < deadline) vm.warp(deadline);
        vm.recordLogs();
        settlement.clearAndSettle(market, w, 1, uint32(1 + chance(HOMES)));
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
        settlement.settle(market, w, 1, members);
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
            uint256[5] memory words = settlement.lanesOf(market, meter, w);
            for (uint256 f; f < fills.length; ++f) {
                this.countFills(w, meter, fills[f], words[(fills[f] >> 232) & 1], words[1]);
            }
        }
        checkPhases();
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
        if (windows.length != 0) vm.warp(vm.getBlockTimestamp() + 2 days);
        uint32[] memory left = windows;
        for (uint256 k; k < left.length; ++k) {
            uint32 w = left[k];
            if (phase(w) == ISettlement.Phase.Open || phase(w) == ISettlement.Phase.Clearing) {
                if (k % 2 == 0) settlement.voidWindow(market, w);
                else clearAll(w);
            }
            if (phase(w) == ISettlement.Phase.Cleared) _settle(w, type(uint32).max);
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
    }

    function totals() external view returns (uint256 called, uint256 effective) {
        for (uint256 i; i < ACTIONS; ++i) {
            (called, effective) = (called + calls[i], effective + effects[i]);
        }
    }
}
