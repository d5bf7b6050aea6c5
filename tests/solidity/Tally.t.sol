// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {Correctors} from "./Correctors.sol";

/// @dev The members of an area against the meter at its border.
contract TallyTest is Correctors {
    uint32 private _day;
    uint32 private _w;
    uint32 private _s;
    uint256 private _border;

    function setUp() public {
        deployWorld();
        for (uint256 i; i < 3; ++i) addMember(1, 100 * EUR);
        _border = addHome(1);
        (_day, _w, _s) = (DAY + 1, firstWindow(), firstSlot());
        warpToSlot(_s + 48);
        vm.prank(registrar);
        registry.setBoundary(1, homes[_border].meter, 10, 1000);
    }

    /// @dev A day: homes take 100 and 20, and give 50; 72 come in across the border and 2 go out, in each slot.
    function _readAll() private {
        postKept(0, _s, flat(48, 100), flat(48, 0));
        postKept(1, _s, flat(48, 0), flat(48, 50));
        postKept(2, _s, flat(48, 20), flat(48, 0));
        _readBorder(flat(48, 72), flat(48, 2));
    }

    function _readBorder(uint256[] memory imports, uint256[] memory exports) private {
        IMetering.Reading memory r = record(_border, _s, imports, exports);
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "boundary meter");
        keep(r);
    }

    function _settle() private {
        vm.warp(windowEnd(_w + 5) + params().postSeconds);
        clearAndSettleKept(_w, 6);
    }

    function _records(uint256 from, uint256 end) private view returns (IMetering.Reading[][] memory all) {
        all = new IMetering.Reading[][](end - from);
        for (uint256 i = from; i < end; ++i) all[i - from] = recordsOf(homes[i].meter, _day);
    }

    function _across() private view returns (IMetering.Reading[] memory) {
        return recordsOf(homes[_border].meter, _day);
    }

    function _tally() private {
        settlement.tally(market, _day, 0, _records(0, 3), _across());
    }

    function _refused(uint32 from, IMetering.Reading[][] memory records, bytes memory why) private {
        IMetering.Reading[] memory across = _across();
        vm.expectRevert(why);
        settlement.tally(market, _day, from, records, across);
    }

    function _disputed() private view returns (bool) {
        return settlement.tallyOf(market, _day).disputed;
    }

    function _correctFirst(uint256 importWh) private {
        correct(correctionOf(0, _s, list(importWh), list(0)));
    }

    function test_boundary_withinTheTolerance() public {
        _readAll();
        _settle();
        vm.expectEmit(address(settlement));
        emit ISettlement.Tallied(market, _day, 48 * 70, 48 * 70, false);
        vm.prank(stranger);
        _tally();
        vm.assertTrue(!_disputed(), "as much as crossed the border");
        // 10 Wh, and one in a thousand of 48 * 74 Wh.
        uint256[4] memory first = [uint256(113), 114, 87, 86];
        for (uint256 i; i < 4; ++i) {
            _correctFirst(first[i]);
            vm.expectEmit(address(settlement));
            int256 membersWh = 48 * 70 + int256(first[i]) - 100;
            emit ISettlement.Tallied(market, _day, membersWh, 48 * 70, i % 2 == 1);
            _tally();
            vm.assertEq(_disputed() ? 1 : 0, i % 2, "the tolerance, and one more");
        }
    }

    function test_boundary_inSteps() public {
        _readAll();
        _settle();
        vm.expectEmit(address(settlement));
        emit ISettlement.TallyStep(market, _day, 1, 4800);
        settlement.tally(market, _day, 0, _records(0, 1), new IMetering.Reading[](0));
        vm.assertEq(settlement.tallyOf(market, _day).cursor, 1, "cursor");
        _refused(0, _records(0, 1), abi.encodeWithSelector(ISettlement.WrongCursor.selector, 0, 1));
        _refused(2, _records(2, 3), abi.encodeWithSelector(ISettlement.WrongCursor.selector, 2, 1));
        uint256 before = vm.snapshotState();
        settlement.tally(market, _day, 1, _records(1, 3), _across());
        vm.assertEq(settlement.tallyOf(market, _day).cursor, 0, "it can begin anew");
        vm.assertEq(settlement.tallyOf(market, _day).membersWh, 0, "it can begin anew");
        vm.revertToState(before);
        // What has been added up is no longer so.
        _correctFirst(120);
        vm.assertEq(settlement.tallyOf(market, _day).cursor, 0, "from the beginning");
        _refused(1, _records(1, 3), abi.encodeWithSelector(ISettlement.WrongCursor.selector, 1, 0));
        settlement.tally(market, _day, 0, _records(0, 2), new IMetering.Reading[](0));
        vm.expectEmit(address(settlement));
        emit ISettlement.Tallied(market, _day, 48 * 70 + 20, 48 * 70, true);
        settlement.tally(market, _day, 2, _records(2, 3), _across());
    }

    function test_P23_aDisputeKeepsTheDayOpen() public {
        _readAll();
        _settle();
        _correctFirst(200);
        _tally();
        vm.assertTrue(_disputed(), "100 Wh too many");
        uint256 end = (uint256(_day) + 1) * 1 days + 31 days;
        for (uint32 i; i < 6; ++i) vm.assertEq(settlement.finalAt(market, _w + i), end, "as long as evidence is kept");
        vm.assertEq(settlement.finalAt(market, _w + 6), windowEnd(_w + 6) + 22 days, "the next day is another one");
        vm.warp(end - 1);
        _correctFirst(150);
        vm.assertEq(settlement.finalAt(market, _w), end, "not yet");
        uint256 before = vm.snapshotState();
        _correctFirst(100);
        _tally();
        vm.assertTrue(!_disputed(), "it adds up");
        vm.assertEq(settlement.finalAt(market, _w), windowEnd(_w) + 22 days, "final, since long");
        _refusedFinal();
        vm.revertToState(before);
        vm.warp(end);
        _refusedFinal();
    }

    function _refusedFinal() private {
        bytes memory why = abi.encodeWithSelector(ISettlement.Final.selector, _w);
        _refused(0, _records(0, 3), why);
        IMetering.Correction memory c = correctionOf(0, _s, list(1), list(0));
        IMetering.Reading[] memory records = recordsOf(c.meter, _day);
        ISettlement.SettledEvidence memory e = evidenceOf(c.meter, _s);
        vm.prank(meterOperator);
        vm.expectRevert(why);
        settlement.correct(market, c, records, e);
    }

    function test_boundary_everySlotMustBeThere() public {
        postKept(0, _s, flat(48, 100), flat(48, 0));
        postKept(1, _s, flat(47, 0), flat(47, 50));
        _readBorder(flat(48, 100), flat(48, 0));
        _settle();
        bytes memory why = abi.encodeWithSelector(ISettlement.NotComplete.selector, homes[1].meter, _s + 47);
        _refused(0, _records(0, 3), why);
        postKept(1, _s + 47, list(0), list(50));
        why = abi.encodeWithSelector(ISettlement.NotComplete.selector, homes[2].meter, _s);
        _refused(0, _records(0, 3), why);
        postKept(2, _s, flat(48, 0), flat(48, 0));
        _tally();
    }

    function test_boundary_theBoundaryMeterToo() public {
        _readAllBut();
        bytes memory why = abi.encodeWithSelector(ISettlement.NotComplete.selector, homes[_border].meter, _s);
        _refused(0, _records(0, 3), why);
        // Without the last member it is not asked for.
        settlement.tally(market, _day, 0, _records(0, 2), _across());
        _readBorder(flat(48, 72), flat(48, 2));
        IMetering.Reading[] memory across = _across();
        across[0].intervals[3] ^= 1;
        why = abi.encodeWithSelector(IMetering.WrongEvidence.selector, homes[_border].meter, _day);
        IMetering.Reading[][] memory last = _records(2, 3);
        vm.expectRevert(why);
        settlement.tally(market, _day, 2, last, across);
        last[0][0].intervals[0] ^= 1;
        why = abi.encodeWithSelector(IMetering.WrongEvidence.selector, homes[2].meter, _day);
        _refused(2, last, why);
        settlement.tally(market, _day, 2, _records(2, 3), _across());
    }

    function _readAllBut() private {
        postKept(0, _s, flat(48, 100), flat(48, 0));
        postKept(1, _s, flat(48, 0), flat(48, 50));
        postKept(2, _s, flat(48, 20), flat(48, 0));
        _settle();
    }

    function test_boundary_whatIsRefused() public {
        _readAll();
        bytes memory why = abi.encodeWithSelector(ISettlement.NotSettled.selector, _w);
        _refused(0, _records(0, 3), why);
        vm.warp(windowEnd(_w + 5) + params().postSeconds);
        clearAndSettleKept(_w, 5);
        why = abi.encodeWithSelector(ISettlement.NotSettled.selector, _w + 5);
        _refused(0, _records(0, 3), why);
        clearAndSettleKept(_w + 5, 1);
        why = abi.encodeWithSelector(ISettlement.NothingToDo.selector);
        _refused(0, new IMetering.Reading[][](0), why);
        _refused(0, new IMetering.Reading[][](4), why);
        why = abi.encodeWithSelector(ISettlement.NoBoundary.selector, 1);
        vm.prank(registrar);
        registry.setBoundary(1, 0, 0, 0);
        _refused(0, _records(0, 3), why);
        vm.prank(registrar);
        registry.setBoundary(1, homes[0].meter, 0, 0);
        _refused(0, _records(0, 3), why);
        vm.warp(windowEnd(_w) + 22 days);
        _refused(0, _records(0, 3), abi.encodeWithSelector(ISettlement.Final.selector, _w));
    }

    /// @dev Members who begin later need not be read, and do not count.
    function test_boundary_onlyMembersOfTheDay() public {
        _readAll();
        uint256 id = addHome(1);
        enrol(id, slotNow() + 1);
        _settle();
        _refused(0, new IMetering.Reading[][](5), abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        IMetering.Reading[][] memory records = new IMetering.Reading[][](4);
        for (uint256 i; i < 3; ++i) records[i] = recordsOf(homes[i].meter, _day);
        vm.expectEmit(address(settlement));
        emit ISettlement.Tallied(market, _day, 48 * 70, 48 * 70, false);
        settlement.tally(market, _day, 0, records, _across());
    }
}
