// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {Correctors} from "./Correctors.sol";

/// @dev Corrections and estimates one by one, with figures that can be checked by head.
contract RunsTest is Correctors {
    int256 private constant START = int256(100 * EUR);
    int256 private constant STANDING = 300_000_000;
    int256 private constant ENERGY = 250_000;
    int256 private constant CHARGES = 130_000;
    int256 private constant NETWORK = 80_000;
    int256 private constant FEED_IN = 50_000;
    int256 private constant P = 150_000;

    uint32 private _w;
    uint32 private _s;

    function setUp() public {
        deployWorld();
        auction = createAuction(auctionRules());
        for (uint256 i; i < 3; ++i) addMember(1, 100 * EUR);
        fund(supplierA, 100 * EUR);
        (_w, _s) = (firstWindow(), firstSlot());
        warpToSlot(_s + 8);
    }

    function _gain(uint256 i) private view returns (int256) {
        return wealth(homes[i].owner) - START;
    }

    function _meter(uint256 i) private view returns (uint32) {
        return homes[i].meter;
    }

    function _end() private {
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleKept(_w, 1);
    }

    function _finalAt(uint32 window) private view returns (uint256) {
        return windowEnd(window) + 1 days + 3 * 7 days;
    }

    function _correction(uint256 i, uint32 slots, uint256 importWh, uint256 exportWh)
        private
        view
        returns (IMetering.Correction memory)
    {
        return correctionOf(i, _s, flat(slots, importWh), flat(slots, exportWh));
    }

    /// @dev Hands in a correction that is refused with this error.
    function _refused(IMetering.Correction memory c, ISettlement.SettledEvidence memory e, bytes memory why) private {
        IMetering.Reading[] memory records = recordsOf(c.meter, dayOf(c.firstSlot));
        vm.prank(meterOperator);
        vm.expectRevert(why);
        settlement.correct(market, c, records, e);
    }

    /* CORRECTIONS */

    function test_P25_aPlainSlot() public {
        postKeptFlat(0, _w, 100, 0);
        _end();
        int256 before = _gain(0);
        int256 network = wealth(gridOperator);
        vm.assertEq(before, -8 * 100 * (ENERGY + CHARGES) - STANDING, "with the supplier alone");
        IMetering.Head memory head = metering.headOf(_meter(0));
        IMetering.Correction memory c = correctionOf(0, _s + 1, list(60, 200), list(0, 7));
        vm.expectEmit(address(metering));
        emit IMetering.ReadingCorrected(c.meter, c.firstSlot, 2, 1, c.intervals, c.signature);
        vm.expectEmit(address(settlement));
        int256 difference = -60 * (ENERGY + CHARGES) + 7 * FEED_IN;
        emit ISettlement.CorrectionSettled(market, c.meter, c.firstSlot, 2, 1, 1, difference);
        correct(c);
        vm.assertEq(_gain(0) - before, difference, "P25: the difference");
        vm.assertEq(wealth(gridOperator) - network, 60 * NETWORK, "and that of the network");
        (int128 importWh, int128 exportWh) = metering.correctedWh(_meter(0));
        vm.assertEq(importWh, 60, "P20: registers and corrections");
        vm.assertEq(exportWh, 7, "P20: registers and corrections");
        vm.assertEq(
            keccak256(abi.encode(metering.headOf(_meter(0)))), keccak256(abi.encode(head)), "registers stay as they are"
        );
        assertSolvent();
    }

    /// @dev What neighbours have traded stands; what there was not is taken back at p.
    function test_P25_tradeIsUnwoundAtP() public {
        postKeptFlat(0, _w, 100, 0);
        postKeptFlat(1, _w, 0, 100);
        _end();
        vm.assertEq(settlement.resultOf(market, _s).matchedWh, 100, "all is traded");
        vm.assertEq(settlement.resultOf(market, _s).priceNano, P, "at p");
        (int256 buyer, int256 seller) = (_gain(0), _gain(1));
        correct(_correction(0, 1, 40, 0));
        vm.assertEq(_gain(0) - buyer, 60 * (P + CHARGES), "60 Wh back at p");
        correct(_correction(1, 1, 0, 30));
        vm.assertEq(_gain(1) - seller, -70 * P, "70 Wh short at p");
        (buyer, seller) = (_gain(0), _gain(1));
        correct(correctionOf(0, _s + 1, list(130), list(0)));
        vm.assertEq(_gain(0) - buyer, -30 * (ENERGY + CHARGES), "what is more comes from the supplier");
        correct(correctionOf(1, _s + 1, list(0), list(130)));
        vm.assertEq(_gain(1) - seller, 30 * FEED_IN, "what is more goes to the supplier");
        assertSolvent();
    }

    function test_P25_twoCorrectionsOfOneSlot() public {
        postKeptFlat(0, _w, 100, 0);
        postKeptFlat(1, _w, 0, 80);
        _end();
        int256 before = _gain(0);
        correct(_correction(0, 1, 40, 5));
        correct(_correction(0, 2, 90, 0));
        correct(_correction(0, 1, 95, 0));
        // 80 are filled at p; 15 and 10 come from the supplier instead of 20 each.
        vm.assertEq(_gain(0) - before, 5 * (ENERGY + CHARGES) + 10 * (ENERGY + CHARGES), "P25: the last one counts");
        correct(correctionOf(0, _s, list(100, 100), list(0, 0)));
        vm.assertEq(_gain(0), before, "P25: and back again");
        (int128 importWh, int128 exportWh) = metering.correctedWh(_meter(0));
        vm.assertEq(importWh, 0, "nothing is left");
        vm.assertEq(exportWh, 0, "nothing is left");
    }

    function _contractFlat(uint32 wh) private {
        vm.warp(gate(_w) - 1);
        for (uint32 k; k < 8; ++k) {
            buy(0, _s + k, int32(P), wh);
            sell(1, _s + k, int32(P), wh);
        }
        vm.warp(gate(_w));
        clearOrders(_w);
        warpToSlot(_s + 8);
    }

    function test_P25_aSlotWithAForwardContract() public {
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(250_000, 50_000, 400_000, 80_000, 20_000, 30_000);
        vm.warp(gate(_w) - 1);
        publish(1, 0, _s, rows, 300_000_000);
        _contractFlat(100);
        postKeptFlat(0, _w, 100, 0);
        postKeptFlat(1, _w, 0, 100);
        _end();
        (int256 buyer, int256 seller) = (_gain(0), _gain(1));
        vm.assertEq(buyer, -8 * 100 * (P + CHARGES) - STANDING, "as planned");
        correct(_correction(0, 1, 70, 0));
        vm.assertEq(_gain(0) - buyer, 30 * (FEED_IN + CHARGES), "30 Wh unconsumed");
        correct(_correction(1, 1, 0, 40));
        vm.assertEq(_gain(1) - seller, -60 * 400_000, "60 Wh undelivered, at the imbalance price");
        correct(_correction(1, 1, 20, 0));
        vm.assertEq(_gain(1) - seller, -100 * 400_000 - 20 * (ENERGY + CHARGES), "own consumption is no imbalance");
        assertSolvent();
    }

    /// @dev A slot that was settled at its worst, then read late, then corrected.
    function test_P25_aSlotThatWasReadLate() public {
        _contractFlat(100);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleKept(_w, 1);
        IMetering.Correction memory c = _correction(0, 1, 70, 0);
        _refused(c, evidenceOf(_meter(0), _s), abi.encodeWithSelector(IMetering.NotRead.selector, _meter(0), _s));
        postKeptFlat(0, _w, 100, 0);
        postKeptFlat(2, _w, 50, 0);
        vm.assertEq(_gain(0), -8 * 100 * (P + CHARGES) - STANDING, "as planned, if late");
        int256 before = _gain(2);
        correct(c);
        vm.assertEq(_gain(0), -8 * 100 * (P + CHARGES) - STANDING + 30 * (FEED_IN + CHARGES), "30 Wh unconsumed");
        correct(_correction(2, 8, 51, 0));
        vm.assertEq(_gain(2) - before, -8 * (ENERGY + CHARGES), "nothing traded");
    }

    function test_P25_settledInSteps() public {
        postKeptFlat(0, _w, 100, 0);
        postKeptFlat(1, _w, 0, 77);
        postKeptFlat(2, _w, 101, 0);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearUpTo(_w, 1, 100);
        settleKept(_w, 1, 1);
        int256 before = _gain(0);
        correct(_correction(0, 1, 0, 0));
        // 38 of 100 were filled.
        vm.assertEq(_gain(0) - before, 62 * (ENERGY + CHARGES) + 38 * (P + CHARGES), "before the others are settled");
        IMetering.Correction memory c = _correction(2, 1, 0, 0);
        ISettlement.SettledEvidence memory e = evidenceOf(_meter(0), _s);
        _refused(c, e, abi.encodeWithSelector(ISettlement.WrongProof.selector));
        e.fromIndex = 1;
        _refused(c, e, abi.encodeWithSelector(ISettlement.NotSettled.selector, _w));
        settleKept(_w, 1, 5);
        before = _gain(2);
        correct(c);
        vm.assertEq(_gain(2) - before, 62 * (ENERGY + CHARGES) + 39 * (P + CHARGES), "39 of 101 were filled");
        vm.assertEq(settlement.rootOf(market, _w, 2) == 0 ? 1 : 0, 1, "one word for each call");
    }

    function test_P25_severalWindowsAtOnce() public {
        warpToSlot(_s + 24);
        postKept(0, _s, flat(16, 100), flat(16, 0));
        vm.warp(windowEnd(_w + 1) + params().postSeconds);
        clearAndSettleKept(_w, 2);
        int256 before = _gain(0);
        correct(correctionOf(0, _s + 6, flat(4, 50), flat(4, 0)));
        vm.assertEq(_gain(0) - before, 4 * 50 * (ENERGY + CHARGES), "across windows of one call");
        IMetering.Correction memory c = correctionOf(0, _s + 15, flat(2, 50), flat(2, 0));
        ISettlement.SettledEvidence memory e = evidenceOf(_meter(0), _s);
        postKept(0, _s + 16, flat(8, 100), flat(8, 0));
        c = correctionOf(0, _s + 15, flat(2, 50), flat(2, 0));
        _refused(c, e, abi.encodeWithSelector(ISettlement.NotSettled.selector, _w + 2));
        e.windows = 3;
        _refused(c, e, abi.encodeWithSelector(ISettlement.WrongProof.selector));
    }

    /// @dev A meter in no market is corrected at once, with no money.
    function test_P25_aMeterInNoMarket() public {
        uint256 id = addHome(1);
        uint32 first = slotNow();
        warpToSlot(first + 4);
        IMetering.Reading memory r = record(id, first, flat(4, 100), flat(4, 0));
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "read");
        keep(r);
        IMetering.Correction memory c = correctionOf(id, first + 1, list(7), list(9));
        IMetering.Reading[] memory records = recordsOf(c.meter, dayOf(first));
        bytes32 before = metering.dayHash(c.meter, dayOf(first));
        vm.prank(meterOperator);
        metering.correct(c, records);
        keepCorrection(c);
        (int128 importWh, int128 exportWh) = metering.correctedWh(c.meter);
        vm.assertEq(importWh, -93, "less");
        vm.assertEq(exportWh, 9, "more");
        bytes32 link = keccak256(
            abi.encode(uint256(before), c.firstSlot, c.slots, uint8(2), 0, 0, keccak256(abi.encodePacked(c.intervals)))
        );
        bytes32 now_ = metering.dayHash(c.meter, dayOf(first));
        vm.assertEq(now_, bytes32(uint256(uint224(uint256(link)))), "the day's evidence goes on");
        // The old records no longer are all of them, and the number has been used.
        vm.prank(meterOperator);
        vm.expectRevert(abi.encodeWithSelector(IMetering.WrongEvidence.selector, c.meter, dayOf(first)));
        metering.correct(c, records);
        records = recordsOf(c.meter, dayOf(first));
        vm.prank(meterOperator);
        vm.expectRevert(abi.encodeWithSelector(IMetering.WrongNumber.selector, c.meter, dayOf(first), 2));
        metering.correct(c, records);
    }

    /* WHO, AND WITH WHAT */

    function test_P29_onlyTheMeterOperator() public {
        postKeptFlat(0, _w, 100, 0);
        _end();
        IMetering.Correction memory c = _correction(0, 1, 50, 0);
        IMetering.Reading[] memory records = recordsOf(c.meter, dayOf(_s));
        ISettlement.SettledEvidence memory e = evidenceOf(c.meter, _s);
        address[8] memory callers = [
            stranger, registrar, marketOperator, guardian, homes[0].owner, supplierA, address(settlement), address(this)
        ];
        for (uint256 i; i < callers.length; ++i) {
            bytes memory why = abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, callers[i]);
            vm.startPrank(callers[i]);
            vm.expectRevert(why);
            settlement.correct(market, c, records, e);
            vm.expectRevert(why);
            metering.correct(c, records);
            if (callers[i] != address(settlement)) {
                vm.expectRevert(abi.encodeWithSelector(IMetering.NotSettlement.selector, callers[i]));
                metering.correctFor(c, records, meterOperator);
            }
            vm.stopPrank();
        }
        vm.startPrank(meterOperator);
        vm.expectRevert(abi.encodeWithSelector(IMetering.ReadThroughSettlement.selector, c.meter));
        metering.correct(c, records);
        settlement.correct(market, c, records, e);
        vm.stopPrank();
    }

    function test_P25_wrongSignature() public {
        postKeptFlat(0, _w, 100, 0);
        _end();
        ISettlement.SettledEvidence memory e = evidenceOf(_meter(0), _s);
        bytes memory why = abi.encodeWithSelector(IMetering.BadSignature.selector, _meter(0));
        IMetering.Correction memory c = _correction(0, 1, 50, 0);
        c.intervals[0] += 1 << 192;
        _refused(c, e, why);
        c = _correction(0, 1, 50, 0);
        signCorrection(c, homes[0].ownerKey);
        _refused(c, e, why);
        c.signature = "";
        _refused(c, e, why);
        // The key of the running slot signs, not that of the slot; none where it is revoked.
        vm.prank(meterOperator);
        registry.setSigner(_meter(0), slotNow(), abi.encodePacked(vm.addr(0x77)));
        _refused(_correction(0, 1, 50, 0), e, why);
        signCorrection(c, 0x77);
        uint256 before = vm.snapshotState();
        correct(c);
        vm.revertToState(before);
        vm.prank(homes[0].owner);
        registry.revokeSigner(_meter(0));
        _refused(c, e, why);
    }

    function test_P25_wrongForm() public {
        postKeptFlat(0, _w, 100, 0);
        _end();
        ISettlement.SettledEvidence memory e = evidenceOf(_meter(0), _s);
        bytes memory why = abi.encodeWithSelector(IMetering.BadFormat.selector);
        IMetering.Correction memory c = _correction(0, 1, 50, 0);
        c.slots = 0;
        _refused(c, e, why);
        (c.slots, c.intervals) = (1, new uint256[](0));
        _refused(c, e, why);
        c.intervals = new uint256[](2);
        _refused(c, e, why);
        c = _correction(0, 1, 50, 0);
        c.intervals[0] += 1;
        _refused(c, e, why);
        c = correctionOf(0, _s + slotsPerDay() - 1, flat(2, 1), flat(2, 1));
        _refused(c, e, why);
    }

    function test_P25_wrongFigures() public {
        postKept(0, _s, flat(6, 100), flat(6, 0));
        _end();
        ISettlement.SettledEvidence memory e = evidenceOf(_meter(0), _s);
        _refused(
            _correction(0, 7, 1, 0), e, abi.encodeWithSelector(IMetering.NotRead.selector, _meter(0), _s + 6)
        );
        bytes memory why = abi.encodeWithSelector(IMetering.AboveFuse.selector, _meter(0), _s + 1);
        _refused(correctionOf(0, _s, list(20_000, 20_001), list(0, 0)), e, why);
        _refused(correctionOf(0, _s, list(0, 0), list(20_000, 20_001)), e, why);
        IMetering.Correction memory c = _correction(0, 1, 50, 0);
        c.number = 2;
        signCorrection(c, homes[0].meterKey);
        _refused(c, e, abi.encodeWithSelector(IMetering.WrongNumber.selector, _meter(0), dayOf(_s), 1));
        c.number = 0;
        signCorrection(c, homes[0].meterKey);
        _refused(c, e, abi.encodeWithSelector(IMetering.WrongNumber.selector, _meter(0), dayOf(_s), 1));
        correct(correctionOf(0, _s, list(20_000), list(20_000)));
    }

    /// @dev Every part of the evidence is bound: records in full and in order, and all that was settled.
    function test_P25_wrongEvidence() public {
        postKept(0, _s, flat(3, 100), flat(3, 0));
        postKept(0, _s + 3, flat(5, 80), flat(5, 0));
        postKeptFlat(1, _w, 0, 60);
        _end();
        IMetering.Correction memory c = _correction(0, 1, 50, 0);
        ISettlement.SettledEvidence memory e = evidenceOf(c.meter, _s);
        IMetering.Reading[] memory records = recordsOf(c.meter, dayOf(_s));
        bytes memory why = abi.encodeWithSelector(IMetering.WrongEvidence.selector, c.meter, dayOf(_s));
        (records[0], records[1]) = (records[1], records[0]);
        _refusedWith(c, records, e, why);
        records = recordsOf(c.meter, dayOf(_s));
        records[0].intervals[0] ^= 1 << 200;
        _refusedWith(c, records, e, why);
        records = recordsOf(c.meter, dayOf(_s));
        records[1].quality = IMetering.Quality.Corrected;
        _refusedWith(c, records, e, why);
        IMetering.Reading[] memory fewer = new IMetering.Reading[](1);
        fewer[0] = recordsOf(c.meter, dayOf(_s))[0];
        _refusedWith(c, fewer, e, why);
        _refusedWith(c, new IMetering.Reading[](0), e, why);

        why = abi.encodeWithSelector(ISettlement.WrongProof.selector);
        e.results[0] ^= 1;
        _refused(c, e, why);
        e.results[0] ^= 1;
        e.fills[0] ^= 1;
        _refused(c, e, why);
        e.fills[0] ^= 1;
        e.proof[0] ^= bytes32(uint256(1));
        _refused(c, e, why);
        e.proof[0] ^= bytes32(uint256(1));
        e.contracts = new uint256[](1);
        _refused(c, e, why);
        e.contracts = new uint256[](0);
        _refused(c, evidenceOf(_meter(1), _s), why);
        uint256[] memory fills = e.fills;
        e.fills = new uint256[](0);
        _refused(c, e, why);
        e.fills = fills;
        e.firstWindow = _w - 1;
        _refused(c, e, abi.encodeWithSelector(ISettlement.NotSettled.selector, _w));
        e.windows = 2;
        _refused(c, e, abi.encodeWithSelector(ISettlement.NotSettled.selector, _w - 1));
        correct(c);
    }

    function _refusedWith(
        IMetering.Correction memory c,
        IMetering.Reading[] memory records,
        ISettlement.SettledEvidence memory e,
        bytes memory why
    ) private {
        vm.prank(meterOperator);
        vm.expectRevert(why);
        settlement.correct(market, c, records, e);
    }

    function test_P25_oneSetOfTerms() public {
        vm.warp(uint256(_s) * slotSeconds());
        vm.prank(registrar);
        registry.setTerms(_meter(0), terms(homes[0].owner, _s + 4, 2, 0));
        warpToSlot(_s + 8);
        postKept(0, _s, flat(4, 100), flat(4, 0));
        postKept(0, _s + 4, flat(4, 100), flat(4, 0));
        _end();
        ISettlement.SettledEvidence memory e = evidenceOf(_meter(0), _s);
        bytes memory why = abi.encodeWithSelector(IMetering.SplitAtChange.selector, _meter(0), _s + 4);
        _refused(_correction(0, 5, 50, 0), e, why);
        int256 before = _gain(0);
        correct(_correction(0, 4, 50, 0));
        vm.assertEq(_gain(0) - before, 4 * 50 * (ENERGY + CHARGES), "with the old supplier");
        before = _gain(0);
        correct(correctionOf(0, _s + 4, flat(4, 50), flat(4, 0)));
        vm.assertEq(_gain(0) - before, 4 * 50 * (230_000 + CHARGES), "with the new one");
    }

    function test_P25_noMemberThere() public {
        uint256 id = addHome(1);
        uint32 first = slotNow();
        enrol(id, first + 4);
        warpToSlot(first + 8);
        postKept(id, first, flat(4, 100), flat(4, 0));
        postKept(id, first + 4, flat(4, 100), flat(4, 0));
        vm.warp(windowEnd(first / 8) + params().postSeconds);
        clearAndSettleKept(first / 8, 1);
        IMetering.Correction memory c = correctionOf(id, first, list(1), list(0));
        ISettlement.SettledEvidence memory e = evidenceOf(c.meter, first);
        _refused(c, e, abi.encodeWithSelector(IMarkets.NotAMember.selector, market, c.meter));
        correct(correctionOf(id, first + 4, list(1), list(0)));
    }

    /* TIME */

    function test_P23_nothingAfterTheLastRun() public {
        postKeptFlat(0, _w, 100, 0);
        postKeptFlat(1, _w, 0, 0);
        _end();
        vm.assertEq(settlement.finalAt(market, _w), _finalAt(_w), "final");
        uint32[5] memory runs = [uint32(1), 1, 2, 3, 3];
        uint256[5] memory times =
            [uint256(0), 7 days - 1, 7 days, 14 days, 21 days - 1];
        for (uint256 i; i < 5; ++i) {
            vm.warp(windowEnd(_w) + 1 days + times[i]);
            IMetering.Correction memory c = _correction(0, 1, 90 - i, 0);
            vm.expectEmit(address(settlement));
            int256 less = i == 0 ? int256(10) : int256(1);
            emit ISettlement.CorrectionSettled(
                market, c.meter, _s, 1, uint32(i + 1), uint8(runs[i]), less * (ENERGY + CHARGES)
            );
            correct(c);
        }
        IMetering.Reading memory late = record(2, _s, flat(8, 1), flat(8, 0));
        uint256 before = vm.snapshotState();
        assertOutcome(postOne(late), IMetering.Outcome.Accepted, "in time");
        vm.revertToState(before);
        vm.warp(_finalAt(_w));
        (int256 a, int256 b) = (_gain(0), _gain(2));
        bytes memory why = abi.encodeWithSelector(ISettlement.Final.selector, _w);
        _refused(_correction(0, 1, 50, 0), evidenceOf(_meter(0), _s), why);
        assertOutcome(postOne(late), IMetering.Outcome.Final, "P23: a late reading");
        vm.expectRevert(why);
        settlement.estimate(market, _meter(2), _s, 8, new IMetering.Reading[](0));
        vm.assertEq(_gain(0), a, "P23");
        vm.assertEq(_gain(2), b, "P23");
        vm.assertEq(metering.headOf(_meter(2)).nextSlot, 0, "P23: it is not read either");
    }

    /// @dev A record is refused as a whole where one of its windows is final; one that is not settled never is.
    function test_P23_aRecordAcrossTheEnd() public {
        warpToSlot(_s + 24);
        postKeptFlat(0, _w, 100, 0);
        postKeptFlat(0, _w + 1, 100, 0);
        vm.warp(windowEnd(_w + 1) + params().postSeconds);
        clearAndSettleKept(_w, 1);
        vm.warp(_finalAt(_w));
        assertOutcome(postOne(recordAt(1, _s, 0, 0, flat(9, 1), flat(9, 0))), IMetering.Outcome.Final, "its first");
        assertOutcome(
            postOne(recordAt(1, _s + 8, 0, 0, flat(8, 1), flat(8, 0))), IMetering.Outcome.Accepted, "not settled"
        );
        vm.warp(_finalAt(_w + 2));
        clearAndSettleKept(_w + 1, 1);
        assertOutcome(
            postOne(recordAt(2, _s + 8, 0, 0, flat(9, 1), flat(9, 0))), IMetering.Outcome.Final, "settled, and so final"
        );
        assertOutcome(
            postOne(recordAt(2, _s + 16, 0, 0, flat(8, 1), flat(8, 0))), IMetering.Outcome.Accepted, "nobody posted"
        );
    }

    function test_P23_aMarketWithoutRuns() public {
        IMarkets.MarketParams memory p = params();
        (p.runs, p.runSeconds) = (0, 0);
        market = createMarket(p);
        (uint256 id, uint256 other) = (addHome(1), addHome(1));
        (uint32 w, uint32 s) = (_w + 2, _s + 16);
        enrol(id, s);
        enrol(other, s);
        warpToSlot(s + 8);
        postKeptFlat(id, w, 1, 0);
        postKeptFlat(other, w, 1, 0);
        clearAndSettleKept(w, 1);
        IMetering.Correction memory c = correctionOf(id, s, list(2), list(0));
        vm.expectEmit(address(settlement));
        emit ISettlement.CorrectionSettled(market, c.meter, s, 1, 1, 0, -(ENERGY + CHARGES));
        correct(c);
        vm.warp(windowEnd(w) + p.postSeconds);
        c = correctionOf(id, s, list(3), list(0));
        _refused(c, evidenceOf(c.meter, s), abi.encodeWithSelector(ISettlement.Final.selector, w));
    }

    function test_paramsOfRuns() public {
        IMarkets.MarketParams memory p = params();
        (p.runs, p.runSeconds) = (8, 3 days);
        createMarket(p);
        (p.runs, p.runSeconds) = (9, 1);
        _bad(p, "runs");
        (p.runs, p.runSeconds) = (1, 0);
        _bad(p, "runSeconds");
        (p.runs, p.runSeconds) = (1, 27 days + 1);
        _bad(p, "runs");
        (p.runs, p.runSeconds) = (8, type(uint32).max);
        _bad(p, "runs");
        (p.runs, p.runSeconds) = (1, 27 days);
        createMarket(p);
    }

    function _bad(IMarkets.MarketParams memory p, string memory what) private {
        vm.prank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadParameter.selector, what));
        markets.createMarket(p, registration());
    }

    /// @dev A reading cannot say of itself that it is a correction.
    function test_P25_aReadingIsNoCorrection() public {
        IMetering.Reading memory r = record(0, _s, flat(8, 1), flat(8, 0));
        r.quality = IMetering.Quality.Corrected;
        signReading(r, homes[0].meterKey);
        assertOutcome(postOne(r), IMetering.Outcome.BadFormat, "quality");
    }
}
