// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IPoints} from "../../contracts/interfaces/IPoints.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {Traders} from "./Traders.sol";

/// @dev What a market is registered as, and that only customers of suppliers that agree take part.
contract AgreementsTest is Traders {
    uint256 private constant KEY = 0x51;
    uint32 private constant NOTICE = 1008;
    int256 private constant P = 150_000;

    uint16 private _c;
    uint32 private _s;
    uint32 private _w;

    function setUp() public {
        deployWorld();
        vm.prank(registrar);
        _c = registry.addSupplier(vm.addr(KEY), "C");
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(240_000, 40_000, 240_000, 80_000, 20_000, 30_000);
        publish(_c, 0, slotNow() + 1, rows, 0);
        (_s, _w) = (firstSlot(), firstWindow());
    }

    function _message(uint32 from, bool agrees, uint32 sequence) private view returns (IMarkets.Agreement memory a) {
        a = IMarkets.Agreement(market, _c, from, agrees, sequence, "");
        _sign(a, KEY, AGREEMENT);
    }

    function _sign(IMarkets.Agreement memory a, uint256 key, bytes32 text) private view {
        bytes32 kind = keccak256(
            "Agreement(bytes32 market,bytes32 agreement,uint16 supplier,uint32 fromSlot,bool agrees,uint32 sequence)"
        );
        bytes32 hash = keccak256(abi.encode(kind, a.market, text, a.supplier, a.fromSlot, a.agrees, a.sequence));
        a.signature = signed(key, digestOf(separator("p2pchain Markets", address(markets)), hash));
    }

    function _agrees(uint32 slot) private view returns (bool agrees) {
        (agrees,) = markets.agreesAt(market, _c, slot);
    }

    function _tooSoon(IMarkets.Agreement memory a, uint32 first) private {
        vm.expectRevert(abi.encodeWithSelector(IMarkets.TooSoon.selector, a.fromSlot, first));
        markets.setAgreement(a);
    }

    /* REGISTRATION */

    function _refused(IMarkets.MarketParams memory p, IMarkets.Registration memory r, string memory what) private {
        vm.prank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.BadParameter.selector, what));
        markets.createMarket(p, r);
    }

    function test_registrationIsNamedInTextAndHash() public {
        IMarkets.MarketParams memory p = params();
        p.kPpm = 1;
        IMarkets.Registration memory r = registration();
        _refused(p, IMarkets.Registration("Others", r.licence, r.licenceHash), "registration");
        _refused(p, IMarkets.Registration(r.organiser, r.licence, "other"), "registration");
        _refused(p, IMarkets.Registration("", r.licence, 0), "organiser");
        _refused(p, IMarkets.Registration(r.organiser, "", 0), "licence");
        p.agreement = 0;
        _refused(p, r, "agreement");
        p.agreement = AGREEMENT;
        p.onlySupplier = 9;
        vm.prank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownSupplier.selector, uint16(9)));
        markets.createMarket(p, r);
        p.onlySupplier = 0;
        r = IMarkets.Registration("Valley Cooperative", "exempt", keccak256("the letter"));
        p.registration = keccak256(abi.encode(r));
        vm.prank(marketOperator);
        vm.expectEmit(address(markets));
        emit IMarkets.MarketCreated(keccak256(abi.encode(p)), 1, p, r);
        markets.createMarket(p, r);
    }

    /* WHAT SUPPLIERS SAY */

    function test_anyoneCarriesWhatTheSupplierHasSigned() public {
        IMarkets.Agreement memory a = _message(_s, true, 1);
        vm.expectEmit(address(markets));
        emit IMarkets.AgreementSet(market, _c, _s, true, false, 1, a.signature);
        vm.prank(stranger);
        markets.setAgreement(a);
        vm.assertTrue(!_agrees(_s - 1) && _agrees(_s), "from then on");
        vm.assertEq(markets.agreementSequence(market, _c), 1, "sequence");
        (, uint32 until) = markets.agreesAt(market, _c, _s - 1);
        vm.assertEq(until, _s, "until then");
        // Once.
        vm.expectRevert(abi.encodeWithSelector(IMarkets.SequenceIsOld.selector, uint32(1), uint32(1)));
        markets.setAgreement(a);
    }

    function test_whoMaySayIt() public {
        IMarkets.Agreement memory a = _message(_s, true, 1);
        bytes memory refused =
            abi.encodeWithSelector(IMarkets.NotSignedBySupplier.selector, _c, vm.addr(KEY));
        _sign(a, KEY + 1, AGREEMENT);
        vm.expectRevert(refused);
        markets.setAgreement(a);
        // Another text is another agreement.
        _sign(a, KEY, keccak256("another text"));
        vm.expectRevert(refused);
        markets.setAgreement(a);
        a.signature = "";
        vm.expectRevert(refused);
        markets.setAgreement(a);
        vm.prank(vm.addr(KEY));
        markets.setAgreement(a);
        vm.assertTrue(_agrees(_s), "it may call by itself");
        a.market = "none";
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnknownMarket.selector, a.market));
        markets.setAgreement(a);
        (a.market, a.supplier) = (market, 9);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.UnknownSupplier.selector, uint16(9)));
        markets.setAgreement(a);
    }

    function test_aMarketOfOneSupplier() public {
        IMarkets.MarketParams memory p = params();
        p.onlySupplier = 1;
        vm.prank(marketOperator);
        market = markets.createMarket(p, registration());
        IMarkets.Agreement memory a = _message(_s, true, 1);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.OutOfScope.selector, market, _c));
        markets.setAgreement(a);
        agree(market, 1, _s);
        (bool agrees,) = markets.agreesAt(market, 1, _s);
        vm.assertTrue(agrees, "its own agrees");
    }

    function _refusedAs(IMarkets.Agreement memory a, bytes memory reason) private {
        vm.expectRevert(reason);
        markets.setAgreement(a);
    }

    function test_whatHeldInAPastSlotNeverChanges() public {
        bytes memory nothing = abi.encodeWithSelector(IMarkets.NothingChanges.selector, market, _c);
        _tooSoon(_message(slotNow(), true, 1), slotNow() + 1);
        _refusedAs(_message(_s + NOTICE, false, 1), nothing);
        markets.setAgreement(_message(_s, true, 1));
        // Others rely on what begins soon.
        bytes memory pending = abi.encodeWithSelector(IMarkets.AgreementPending.selector, _s);
        _refusedAs(_message(_s + NOTICE, false, 2), pending);
        _refusedAs(_message(_s + 1, true, 2), pending);
        warpToSlot(_s);
        _refusedAs(_message(_s + 1, true, 2), nothing);
        // It leaves with its notice, and with a day.
        _tooSoon(_message(_s + NOTICE - 1, false, 2), _s + NOTICE);
        uint32 end = _s + NOTICE + 48;
        _refusedAs(_message(end + 1, false, 2), abi.encodeWithSelector(IMarkets.NotADay.selector, end + 1));
        markets.setAgreement(_message(end, false, 2));
        warpToSlot(end);
        markets.setAgreement(_message(end + 7, true, 4));
        bool[6] memory found =
            [_agrees(_s - 1), _agrees(_s), _agrees(end - 1), _agrees(end), _agrees(end + 6), _agrees(end + 7)];
        bool[6] memory want = [false, true, true, false, false, true];
        for (uint256 i; i < 6; ++i) {
            vm.assertTrue(found[i] == want[i], "by slot");
        }
        (, uint32 until) = markets.agreesAt(market, _c, _s);
        vm.assertEq(until, end, "the next change");
    }

    function test_whatHasNotBegunGivesWay() public {
        uint32 far = _s + NOTICE;
        markets.setAgreement(_message(far + 50, true, 1));
        vm.expectEmit(address(markets));
        IMarkets.Agreement memory a = _message(far, false, 2);
        emit IMarkets.AgreementSet(market, _c, far, false, true, 2, a.signature);
        markets.setAgreement(a);
        vm.assertTrue(!_agrees(far + 50), "not at all");
        markets.setAgreement(_message(far + 60, true, 3));
        markets.setAgreement(_message(_s + 9, true, 4));
        vm.assertTrue(!_agrees(_s + 8) && _agrees(_s + 9) && _agrees(far + 60), "earlier");
        warpToSlot(_s + 9);
        markets.setAgreement(_message(far + 48, false, 5));
        markets.setAgreement(_message(far + 96, false, 6));
        vm.assertTrue(_agrees(far + 95) && !_agrees(far + 96), "another day");
        markets.setAgreement(_message(_s + 10, true, 7));
        vm.assertTrue(_agrees(far + 96) && _agrees(_s + 9) && !_agrees(_s + 8), "it stays");
    }

    /* WHO TAKES PART */

    function test_enrolmentAsksForIt() public {
        uint256 id = addHome(_c);
        IMarkets.Enrolment memory e = enrolment(id, market, _s);
        vm.expectEmit(address(markets));
        emit IMarkets.EnrolmentSkipped(market, e.meter, IMarkets.Refusal.NoAgreement);
        assertRefusal(enrolOne(e), IMarkets.Refusal.NoAgreement, "not yet");
        markets.setAgreement(_message(_s + 1, true, 1));
        assertRefusal(enrolOne(e), IMarkets.Refusal.NoAgreement, "a slot too early");
        assertRefusal(enrolOne(enrolment(id, market, _s + 1)), IMarkets.Refusal.None, "now it takes part");
    }

    /// @dev Nothing stands in the way of a switch; the meter is metered from then on, and no more.
    function test_whoLeavesForASupplierThatHasNotAgreed() public {
        uint256 id = addMember(1, 0);
        uint32 meter = homes[id].meter;
        vm.prank(registrar);
        registry.setTerms(meter, terms(homes[id].owner, _s + 3, _c, 0));
        IMarkets.MemberTerms memory m = markets.memberByMeter(market, meter, _s + 2);
        vm.assertTrue(m.active && m.untilSlot == _s + 3, "until then");
        m = markets.memberByMeter(market, meter, _s + 3);
        vm.assertTrue(!m.active && m.supplier == _c, "no more");
        vm.assertEq(m.untilSlot, slotNow() + NOTICE, "what may change");
        markets.setAgreement(_message(_s + 5, true, 1));
        m = markets.memberByMeter(market, meter, _s + 3);
        vm.assertTrue(!m.active && m.untilSlot == _s + 5, "until it agrees");
        m = markets.memberByMeter(market, meter, _s + 5);
        vm.assertTrue(m.active, "again, without a new enrolment");
        warpToSlot(_s + 8);
        post(id, _s, flat(3, 10), flat(3, 0));
        post(id, _s + 3, flat(2, 10), flat(2, 0));
        post(id, _s + 5, flat(3, 10), flat(3, 0));
        uint256 before = uint256(wealth(homes[id].owner));
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleUpTo(_w, 1, 100);
        vm.assertEq(int256(before), wealth(homes[id].owner) + 300_000_000 + 60 * 380_000 - 30 * 10_000, "six slots");
    }

    /// @dev What is ordered ahead stands: he can keep none of it, and pays the worst to his new supplier.
    function test_P16_contractsThatALeaverCannotKeep() public {
        auction = createAuction(auctionRules());
        for (uint256 i; i < 2; ++i) {
            addMember(1, 100 * EUR);
        }
        fund(supplierA, 100 * EUR);
        for (uint32 k; k < 8; ++k) {
            buy(0, _s + k, int32(P), 100);
            sell(1, _s + k, int32(P), 100);
        }
        vm.prank(registrar);
        registry.setTerms(homes[1].meter, terms(homes[1].owner, _s + 5, _c, 0));
        vm.warp(gate(_w));
        clearOrders(_w);
        warpToSlot(_s + 8);
        postFlat(0, _w, 100, 0);
        post(1, _s, flat(5, 0), flat(5, 100));
        post(1, _s + 5, flat(3, 0), flat(3, 100));
        int256 before = int256(free(vm.addr(KEY)));
        vm.expectEmit(address(ledger));
        emit ILedger.ContractSettled(market, homes[1].meter, homes[1].owner, 5 * 100 * 350_000, 5 * 100 * P);
        vm.expectEmit(address(ledger));
        emit ILedger.ContractSettled(market, homes[1].meter, homes[1].owner, 3 * 100 * 350_000, 3 * 100 * P);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleUpTo(_w, 1, 100);
        int256 start = int256(100 * EUR);
        vm.assertEq(wealth(homes[0].owner) - start, -8 * 100 * (P + 130_000) - 300_000_000, "the buyer has it");
        vm.assertEq(
            wealth(homes[1].owner) - start, 5 * 100 * P + 3 * 100 * (P - 500_000) - 300_000_000, "bought back at the cap"
        );
        vm.assertEq(int256(free(vm.addr(KEY))) - before, 3 * 100 * 500_000, "to the new supplier");
        vm.assertEq(settlement.unreadOf(market, homes[1].meter, _w), 0, "no reading is waited for");
        vm.assertEq(locked(homes[1].owner), 0, "nothing stays locked");
        vm.assertEq(ledger.transitNano(market), 0, "nothing stays in transit");
        vm.assertEq(keptNano() + int256(free(vm.addr(KEY))), int256(ledger.heldNano()), "P2: kept == held");
    }

    /// @dev A supplier leaves between two records: before that day all counts, afterwards nothing does.
    function test_P1_aSupplierLeavesWhileReadingsCome() public {
        for (uint256 i; i < 2; ++i) {
            addMember(1, 100 * EUR);
        }
        fund(supplierA, 100 * EUR);
        warpToSlot(_s);
        uint32 end = _s + NOTICE;
        vm.prank(supplierA);
        markets.setAgreement(IMarkets.Agreement(market, 1, end, false, 2, ""));
        // The evidence of an earlier slot is not needed: registers begin with the first record.
        warpToSlot(end + 8);
        for (uint256 i; i < 2; ++i) {
            post(i, end - 8, flat(8, i == 0 ? 100 : 0), flat(8, i == 0 ? 0 : 100));
            post(i, end, flat(8, i == 0 ? 100 : 0), flat(8, i == 0 ? 0 : 100));
        }
        vm.warp(windowEnd(end / 8) + params().postSeconds);
        clearAndSettleUpTo(end / 8 - 1, 1, 100);
        vm.assertEq(settlement.resultOf(market, end - 1).matchedWh, 100, "the last day");
        ISettlement.Phase phase = settlement.windowState(market, end / 8).phase;
        vm.assertTrue(phase == ISettlement.Phase.Absent, "nothing to clear afterwards");
        int256 start = int256(100 * EUR);
        vm.assertEq(wealth(homes[0].owner) - start, -8 * 100 * (P + 130_000), "eight slots");
        vm.assertEq(wealth(homes[1].owner) - start, 8 * 100 * P, "and no more");
        vm.assertEq(locked(homes[0].owner) + locked(homes[1].owner), 0, "nothing stays locked");
        assertSolvent();
    }

    /// @dev He can take back what stands, but not order anew for those slots.
    function test_aLeaverOrdersNoMore() public {
        auction = createAuction(auctionRules());
        uint256 id = addMember(1, 100 * EUR);
        buy(id, _s + 8, int32(P), 100);
        buy(id, _s + 14, int32(P), 100);
        vm.prank(registrar);
        registry.setTerms(homes[id].meter, terms(homes[id].owner, _s + 12, _c, 0));
        buy(id, _s + 9, int32(P), 100);
        vm.startPrank(homes[id].owner);
        forward.order(auction, homes[id].meter, _s + 14, IForwardAuction.Action.Cancel, false, 0, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IForwardAuction.OrderRefused.selector, homes[id].meter, _s + 13, IForwardAuction.Refusal.NotAMember
            )
        );
        forward.order(auction, homes[id].meter, _s + 13, IForwardAuction.Action.Place, false, int32(P), 100);
    }

    /// @dev What is kept of him ends with the notice; a day over that end is asked for anew.
    function test_aDayOverTheEndOfWhatIsKept() public {
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.gate = IForwardAuction.Gate.Day;
        auction = createAuction(p);
        uint256 id = addMember(1, 100 * EUR);
        warpToSlot(_s + 24);
        uint256[] memory words = new uint256[](6);
        words[5] = lane(1, 100, false);
        assertTaken(scheduleOne(scheduleBy(id, DAY + 2, words)), "kept until 21 days on, at noon");
        warpToSlot(_s + 24 + 20 * 48);
        assertTaken(scheduleOne(scheduleBy(id, DAY + 22, words)), "that day");
        warpToSlot(_s + 24 + 21 * 48);
        assertTaken(scheduleOne(scheduleBy(id, DAY + 23, words)), "the next");
    }

    /// @dev What is kept of him follows to the new supplier, but not beyond its agreement.
    function test_aSwitchToASupplierThatLeaves() public {
        auction = createAuction(auctionRules());
        markets.setAgreement(_message(_s, true, 1));
        warpToSlot(_s);
        uint32 end = _s + NOTICE;
        markets.setAgreement(_message(end, false, 2));
        warpToSlot(_s + 48);
        uint256 id = addHome(1);
        enrol(id, _s + 49);
        fund(homes[id].owner, 100 * EUR);
        buy(id, _s + 96, int32(P), 100); // kept for longer than C agrees
        vm.prank(registrar);
        registry.setTerms(homes[id].meter, terms(homes[id].owner, _s + 100, _c, 0));
        warpToSlot(end - 96);
        buy(id, end - 1, int32(P), 100);
        vm.startPrank(homes[id].owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IForwardAuction.OrderRefused.selector, homes[id].meter, end, IForwardAuction.Refusal.NotAMember
            )
        );
        forward.order(auction, homes[id].meter, end, IForwardAuction.Action.Place, false, int32(P), 100);
    }

    /* GAS */

    function test_gasMetersAreKeptOut() public {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = points.register.selector;
        manager.setTargetFunctionRole(address(points), selectors, REGISTRAR);
        uint256 id = addHome(1);
        IPoints.Standing memory standing;
        (standing.customer, standing.fromSlot, standing.supplier) = (homes[id].owner, slotNow(), 1);
        (standing.networkOperator, standing.meter) = (gridOperator, homes[id].meter);
        IPoints.Point memory p = IPoints.Point(keccak256(abi.encode("point", id)), 1, IPoints.Fuel.Gas, false);
        vm.prank(registrar);
        vm.expectEmit(address(metering));
        emit IMetering.MeterKeptOut(homes[id].meter);
        points.register(p, standing);
        vm.assertTrue(metering.headOf(homes[id].meter).keptOut, "kept out");
        assertRefusal(enrolOne(enrolment(id, market, _s)), IMarkets.Refusal.NotElectricity, "no market takes it");
        // Nor can one that a market has taken hang at a gas point.
        uint256 other = addMember(1, 0);
        standing.meter = homes[other].meter;
        p.commitment = keccak256(abi.encode("point", other));
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IMetering.AlreadyEnrolled.selector, homes[other].meter));
        points.register(p, standing);
        // Electricity stays free to take part.
        p.fuel = IPoints.Fuel.Electricity;
        vm.prank(registrar);
        points.register(p, standing);
        vm.assertTrue(!metering.headOf(homes[other].meter).keptOut, "electricity");
    }
}
