// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {MockWallet} from "../../contracts/mocks/MockWallet.sol";
import {Traders} from "./Traders.sol";

/// @dev Orders until the gate: who may place what, until when, and what stands locked for it.
contract ForwardOrdersTest is Traders {
    IForwardAuction.Action private constant PLACE = IForwardAuction.Action.Place;
    IForwardAuction.Action private constant AMEND = IForwardAuction.Action.Amend;
    IForwardAuction.Action private constant CANCEL = IForwardAuction.Action.Cancel;
    uint256 private constant NEW_KEY = 0xABCD;

    uint32 private _w;
    uint32 private _s;
    address private _owner;

    function setUp() public {
        deployWorld();
        auction = createAuction(auctionRules());
        for (uint256 i; i < 2; ++i) {
            addMember(1, 100 * EUR);
        }
        (_w, _s, _owner) = (firstWindow(), firstSlot(), homes[0].owner);
    }

    /* AUCTIONS */

    function test_auctionIsKnownByTheHashOfItsParameters() public {
        IForwardAuction.AuctionParams memory p = auctionRules();
        vm.assertEq(auction, keccak256(abi.encode(p)), "id");
        vm.assertEq(
            keccak256(abi.encode(forward.auctionParams(auction))), keccak256(abi.encode(p)), "parameters come back"
        );
        vm.assertTrue(!forward.paused(auction), "not paused");
        p.gate = IForwardAuction.Gate.Day;
        (p.gateSeconds, p.firmSeconds, p.voidSeconds) = (7 days, 7 days, 7 days);
        (p.kPpm, p.lotWh) = (1_000_000, 128);
        bytes32 id = keccak256(abi.encode(p));
        vm.expectEmit(address(forward));
        emit IForwardAuction.AuctionCreated(id, market, p);
        createAuction(p);
        vm.assertEq(keccak256(abi.encode(forward.auctionParams(id))), keccak256(abi.encode(p)), "the largest fit");
        bytes32[] memory ids = forward.auctionsOf(market);
        vm.assertTrue(ids.length == 2 && ids[0] == auction && ids[1] == id, "both are the market's");
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.AuctionExists.selector, id));
        createAuction(p);
    }

    function _bad(
        IForwardAuction.AuctionParams memory p,
        string memory what
    ) private {
        vm.prank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.BadParameter.selector, what));
        forward.createAuction(p);
    }

    function test_auctionRefusesBadParameters() public {
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.market = bytes32(uint256(1));
        vm.prank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnknownMarket.selector, p.market));
        forward.createAuction(p);
        p = auctionRules();
        p.kPpm = 1_000_001;
        _bad(p, "kPpm");
        p = auctionRules();
        p.lotWh = 0;
        _bad(p, "lotWh");
        p.lotWh = 129;
        _bad(p, "lotWh");
        p = auctionRules();
        p.tickNano = 0;
        _bad(p, "tickNano");
        p.floorNano = type(int32).max - 254;
        p.tickNano = 1;
        _bad(p, "tickNano");
        p = auctionRules();
        p.capNano = p.floorNano + 255 * 2000 - 1;
        _bad(p, "capNano");
        p = auctionRules();
        p.surplusNano = 1;
        _bad(p, "surplusNano");
        (p.floorNano, p.tickNano, p.capNano, p.surplusNano) = (-900_000, 1000, -500_000, -499_999);
        _bad(p, "surplusNano");
        p = auctionRules();
        p.gateSeconds = 7 days + 1;
        _bad(p, "gateSeconds");
        p = auctionRules();
        p.firmSeconds = 7 days + 1;
        _bad(p, "firmSeconds");
        p = auctionRules();
        p.voidSeconds = 7 days + 1;
        _bad(p, "voidSeconds");
        p.voidSeconds = 0;
        _bad(p, "voidSeconds");
    }

    function test_threeAuctionsOfOneCapAndSurplus() public {
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.kPpm = 1;
        p.capNano += 1;
        _bad(p, "capNano");
        p.capNano -= 1;
        p.surplusNano += 1;
        _bad(p, "surplusNano");
        p.surplusNano -= 1;
        createAuction(p);
        p.kPpm = 2;
        createAuction(p);
        p.kPpm = 3;
        vm.prank(marketOperator);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.TooManyAuctions.selector, market));
        forward.createAuction(p);
        vm.assertEq(forward.auctionsOf(market).length, 3, "three");
        (bool any, uint256 uncleared, int32 cap, int32 surplus) = forward.readiness(market, _w, 1);
        vm.assertTrue(any && uncleared == 0 && cap == p.capNano && surplus == p.surplusNano, "one cap, one surplus");
    }

    function test_unknownAuctionIsNamed() public {
        bytes32 none = bytes32(uint256(7));
        bytes memory unknown = abi.encodeWithSelector(IForwardAuction.UnknownAuction.selector, none);
        vm.expectRevert(unknown);
        forward.auctionParams(none);
        vm.expectRevert(unknown);
        forward.paused(none);
        vm.expectRevert(unknown);
        forward.gateOf(none, _w);
        vm.expectRevert(unknown);
        forward.windowState(none, _w);
        vm.expectRevert(unknown);
        forward.resultOf(none, _s);
        vm.expectRevert(unknown);
        forward.orderOf(none, 1, _s);
        vm.expectRevert(unknown);
        forward.sequenceOf(none, 1);
        vm.expectRevert(unknown);
        forward.collateralOf(none, false, 1, 1);
        vm.expectRevert(unknown);
        forward.orderWords(none, _w, 0, 1);
        vm.expectRevert(unknown);
        forward.skipSequence(none, 1, 1);
        vm.expectRevert(unknown);
        forward.clear(none, _w, 1, 1);
        vm.expectRevert(unknown);
        forward.voidWindow(none, _w);
        vm.prank(guardian);
        vm.expectRevert(unknown);
        forward.setPaused(none, true);
    }

    /* ONE ORDER */

    function _orderOf(
        uint32 slot
    ) private view returns (IForwardAuction.OrderState memory) {
        return forward.orderOf(auction, homes[0].meter, slot);
    }

    /// @dev An order as events tell of it.
    function _said(
        IForwardAuction.Action action,
        uint256 lane_
    ) private pure returns (uint32) {
        return uint32(lane_ + uint256(action) * 2 ** 28);
    }

    /// @dev How the log tells of a relayed order.
    function _toldOf(
        IForwardAuction.Order memory o,
        uint256 lane_
    ) private pure returns (uint256) {
        uint256 place = (uint256(o.signature.length) << 96) | (uint256(o.slot) << 64) | (uint256(o.sequence) << 32);
        return place | _said(o.action, lane_);
    }

    /// @dev What `vm.expectEmit` waits for: one order, alone.
    function _expectRelayed(
        IForwardAuction.Order memory o,
        uint256 lane_
    ) private {
        emit IForwardAuction.OrdersRelayed(auction, homes[0].meter, list(_toldOf(o, lane_)), o.signature);
    }

    /// @dev Those of a meter that follow each other stand in one event, without what was refused in between.
    function test_ordersOfAMeterAreToldTogether() public {
        IForwardAuction.Order[] memory os = new IForwardAuction.Order[](5);
        os[0] = orderBy(0, _s, PLACE, false, -50_000, 10);
        os[1] = orderBy(0, _s, PLACE, false, -50_000, 20); // there is one
        os[2] = orderBy(0, _s + 1, PLACE, true, 460_000, 30);
        os[3] = orderBy(1, _s, PLACE, false, -50_000, 40);
        os[4] = orderBy(0, _s + 2, PLACE, false, -50_000, 50);
        for (uint32 i; i < 5; ++i) {
            os[i].sequence = i + 1;
            signOrder(os[i], homes[i == 3 ? 1 : 0].ownerKey);
        }
        uint256 a = _toldOf(os[0], lane(1, 0, false));
        uint256 b = _toldOf(os[2], lane(3, 255, true));
        vm.expectEmit(address(forward));
        emit IForwardAuction.OrdersRelayed(
            auction, homes[0].meter, list(a, b), abi.encodePacked(os[0].signature, os[2].signature)
        );
        vm.expectEmit(address(forward));
        emit IForwardAuction.OrdersRelayed(
            auction, homes[1].meter, list(_toldOf(os[3], lane(4, 0, false))), os[3].signature
        );
        vm.expectEmit(address(forward));
        emit IForwardAuction.OrdersRelayed(
            auction, homes[0].meter, list(_toldOf(os[4], lane(5, 0, false))), os[4].signature
        );
        forward.place(os);
    }

    function test_placeAmendCancel() public {
        IForwardAuction.Order memory o = orderBy(0, _s + 3, PLACE, false, 150_000, 500);
        vm.assertEq(
            forward.orderDigest(o),
            digestOf(separator("p2pchain ForwardAuction", address(forward)), hashOrder(o)),
            "digest"
        );
        vm.expectEmit(address(forward));
        _expectRelayed(o, lane(50, 100, false));
        assertTaken(placeOne(o), "place");
        assertOrderPhase(_w, IForwardAuction.Phase.Open);
        IForwardAuction.OrderState memory state = _orderOf(_s + 3);
        vm.assertTrue(!state.sell && state.limitNano == 150_000 && state.wh == 500 && state.filledWh == 0, "kept");
        vm.assertEq(locked(_owner), 500 * 210_000, "limit less surplus for each Wh");
        vm.assertEq(free(_owner), 100 * EUR - 500 * 210_000, "from free money");
        vm.assertEq(forward.sequenceOf(auction, homes[0].meter), 1, "sequence");
        assertLocksAddUp();
        // Another side, another limit, another volume: the difference is locked or freed.
        o = orderBy(0, _s + 3, AMEND, true, -50_000, 1000);
        vm.expectEmit(address(forward));
        _expectRelayed(o, lane(100, 0, true));
        assertTaken(placeOne(o), "amend");
        state = _orderOf(_s + 3);
        vm.assertTrue(state.sell && state.limitNano == -50_000 && state.wh == 1000, "amended");
        vm.assertEq(locked(_owner), 1000 * 550_000, "cap less limit for each Wh");
        assertTaken(placeOne(orderBy(0, _s + 3, AMEND, true, 460_000, 10)), "amended down");
        vm.assertEq(locked(_owner), 10 * 40_000, "released");
        // Its neighbour in the word is another order.
        buy(0, _s + 4, -50_000, 10);
        vm.assertEq(locked(_owner), 10 * 40_000 + 10 * 10_000, "both");
        assertLocksAddUp();
        o = orderBy(0, _s + 3, CANCEL, false, 0, 0);
        vm.expectEmit(address(forward));
        _expectRelayed(o, 0);
        assertTaken(placeOne(o), "cancel");
        vm.assertEq(_orderOf(_s + 3).wh, 0, "gone");
        vm.assertEq(_orderOf(_s + 4).wh, 10, "stays");
        vm.assertEq(locked(_owner), 10 * 10_000, "only its own");
        cancel(0, _s + 4);
        vm.assertEq(locked(_owner), 0, "P24: nothing stays locked");
        vm.assertEq(free(_owner), 100 * EUR, "P24: all is back");
        assertOrderPhase(_w, IForwardAuction.Phase.Open);
        buy(0, _s + 3, -50_000, 10);
    }

    function test_theOwnersOwnOrder() public {
        vm.startPrank(_owner);
        vm.expectEmit(address(forward));
        emit IForwardAuction.Ordered(auction, homes[0].meter, _s, _said(PLACE, lane(1, 0, false)));
        forward.order(auction, homes[0].meter, _s, PLACE, false, -50_000, 10);
        vm.stopPrank();
        vm.assertEq(_orderOf(_s).wh, 10, "kept");
        vm.assertEq(forward.sequenceOf(auction, homes[0].meter), 0, "no sequence");
        IForwardAuction.Order memory o = orderBy(0, _s, AMEND, false, 0, 20);
        o.sequence = 9;
        signOrder(o, homes[0].ownerKey);
        assertTaken(placeOne(o), "a signed one after it");
        vm.startPrank(_owner);
        vm.expectEmit(address(forward));
        emit IForwardAuction.Ordered(auction, homes[0].meter, _s, _said(CANCEL, 0));
        forward.order(auction, homes[0].meter, _s, CANCEL, false, 0, 0);
        vm.assertEq(forward.sequenceOf(auction, homes[0].meter), 9, "the sequence stays");
        vm.assertEq(locked(_owner), 0, "released");
        // Within a batch he need not sign either, but needs a sequence.
        o.sequence = 10;
        (o.action, o.signature) = (PLACE, "");
        vm.expectEmit(address(forward));
        _expectRelayed(o, lane(2, 25, false));
        assertTaken(placeOne(o), "by himself");
        vm.stopPrank();
    }

    /* REFUSALS */

    /// @dev All that an order could have changed.
    function _trace() private view returns (bytes32 hash) {
        for (uint32 w = _w - 1; w < _w + 8; ++w) {
            hash = keccak256(abi.encode(hash, forward.orderWords(auction, w, 0, 3), forward.windowState(auction, w)));
        }
        for (uint256 i; i < homes.length; ++i) {
            hash = keccak256(
                abi.encode(hash, ledger.accountOf(homes[i].owner), forward.sequenceOf(auction, homes[i].meter))
            );
        }
    }

    function _refused(
        IForwardAuction.Order memory o,
        IForwardAuction.Refusal why
    ) private {
        bytes32 before = _trace();
        vm.expectEmit(address(forward));
        emit IForwardAuction.OrderSkipped(o.auction, o.meter, o.slot, o.sequence, why);
        assertRefused(placeOne(o), why, "refusal");
        vm.assertEq(_trace(), before, "P24: a refused order leaves no trace");
        if (why == IForwardAuction.Refusal.BadSignature || why == IForwardAuction.Refusal.OldSequence) return;
        // The owner's own call is judged alike.
        vm.prank(_owner);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.OrderRefused.selector, o.meter, o.slot, why));
        forward.order(o.auction, o.meter, o.slot, o.action, o.sell, o.limitNano, o.wh);
        vm.assertEq(_trace(), before, "P24: nor does the owner's own");
    }

    function _one(
        uint32 slot,
        IForwardAuction.Action action,
        bool sells,
        int32 limit,
        uint32 wh
    ) private view returns (IForwardAuction.Order memory) {
        return orderBy(0, slot, action, sells, limit, wh);
    }

    function test_P24_refusalsLeaveNoTrace() public {
        buy(0, _s, 0, 10);
        IForwardAuction.Order memory o = _one(_s + 1, PLACE, false, 0, 10);
        o.auction = bytes32(uint256(1));
        signOrder(o, homes[0].ownerKey);
        _refused(o, IForwardAuction.Refusal.UnknownAuction);
        o = _one(_s + 1, PLACE, false, 0, 10);
        o.meter = 0;
        signOrder(o, homes[0].ownerKey);
        _refused(o, IForwardAuction.Refusal.NotAMember);
        o.meter = 77;
        signOrder(o, homes[0].ownerKey);
        _refused(o, IForwardAuction.Refusal.NotAMember);
        _refused(_one(_s - 1, PLACE, false, 0, 10), IForwardAuction.Refusal.NotAMember);
        o = _one(_s + 1, PLACE, false, 0, 10);
        o.sequence = 1;
        signOrder(o, homes[0].ownerKey);
        _refused(o, IForwardAuction.Refusal.OldSequence);
        o = _one(_s + 1, PLACE, false, 0, 10);
        signOrder(o, homes[1].ownerKey);
        _refused(o, IForwardAuction.Refusal.BadSignature);
        o = _one(_s, CANCEL, true, 0, 0);
        _refused(o, IForwardAuction.Refusal.BadFormat);
        _refused(_one(_s, CANCEL, false, 2000, 0), IForwardAuction.Refusal.BadFormat);
        _refused(_one(_s, CANCEL, false, 0, 10), IForwardAuction.Refusal.BadFormat);
        _refused(_one(_s, PLACE, false, 0, 10), IForwardAuction.Refusal.OrderExists);
        _refused(_one(_s + 1, AMEND, false, 0, 10), IForwardAuction.Refusal.NoOrder);
        _refused(_one(_s + 1, CANCEL, false, 0, 0), IForwardAuction.Refusal.NoOrder);
        _refused(_one(_s + 1, PLACE, false, 1, 10), IForwardAuction.Refusal.OffTick);
        _refused(_one(_s + 1, PLACE, false, -50_001, 10), IForwardAuction.Refusal.OffTick);
        _refused(_one(_s + 1, PLACE, false, -52_000, 10), IForwardAuction.Refusal.OffTick);
        _refused(_one(_s + 1, PLACE, true, 462_000, 10), IForwardAuction.Refusal.OffTick);
        _refused(_one(_s + 1, PLACE, true, type(int32).max, 10), IForwardAuction.Refusal.OffTick);
        _refused(_one(_s + 1, PLACE, true, type(int32).min, 10), IForwardAuction.Refusal.OffTick);
        _refused(_one(_s + 1, PLACE, false, 0, 0), IForwardAuction.Refusal.BadVolume);
        _refused(_one(_s + 1, PLACE, false, 0, 11), IForwardAuction.Refusal.BadVolume);
        _refused(_one(_s + 1, PLACE, false, 0, 10 * (2 ** 19)), IForwardAuction.Refusal.BadVolume);
        _refused(_one(_s + 1, PLACE, false, 0, type(uint32).max), IForwardAuction.Refusal.BadVolume);
        _refused(_one(_s + 1, PLACE, false, 460_000, 200_000), IForwardAuction.Refusal.TooLittleMoney);
        _refused(_one(_s, AMEND, true, -50_000, 200_000), IForwardAuction.Refusal.TooLittleMoney);
        _refused(_one(_s + 8 * 64, PLACE, false, 0, 10), IForwardAuction.Refusal.TooEarly);
        _refused(_one(type(uint32).max, PLACE, false, 0, 10), IForwardAuction.Refusal.TooEarly);
        _refused(_one(slotNow() + 3, PLACE, false, 0, 10), IForwardAuction.Refusal.NotAMember);
        vm.warp(firm(_w));
        _refused(_one(_s, AMEND, false, 2000, 10), IForwardAuction.Refusal.FirmPeriod);
        _refused(_one(_s, CANCEL, false, 0, 0), IForwardAuction.Refusal.FirmPeriod);
        vm.warp(gate(_w));
        _refused(_one(_s + 1, PLACE, false, 0, 10), IForwardAuction.Refusal.AfterGate);
        _refused(_one(_s, AMEND, false, 2000, 10), IForwardAuction.Refusal.AfterGate);
        _refused(_one(_s, CANCEL, false, 0, 0), IForwardAuction.Refusal.AfterGate);
        vm.assertEq(_orderOf(_s).wh, 10, "the order stands as it was placed");
        assertLocksAddUp();
    }

    /// @dev The first of several faults is named, so that a twin names the same.
    function test_refusalsInTheirOrder() public {
        buy(0, _s, 0, 10);
        vm.prank(guardian);
        forward.setPaused(auction, true);
        IForwardAuction.Order memory o =
            IForwardAuction.Order(auction, homes[0].meter, _s - 1, 1, PLACE, false, 1, 1, hex"00");
        _refused(o, IForwardAuction.Refusal.Paused);
        vm.prank(guardian);
        forward.setPaused(auction, false);
        _refused(o, IForwardAuction.Refusal.NotAMember);
        o.slot = _s;
        _refused(o, IForwardAuction.Refusal.OldSequence);
        o.sequence = 2;
        _refused(o, IForwardAuction.Refusal.BadSignature);
        vm.warp(gate(_w));
        signOrder(o, homes[0].ownerKey);
        _refused(o, IForwardAuction.Refusal.AfterGate);
        vm.warp(gate(_w) - 1);
        _refused(o, IForwardAuction.Refusal.OffTick);
        o.limitNano = 0;
        signOrder(o, homes[0].ownerKey);
        _refused(o, IForwardAuction.Refusal.BadVolume);
        o.wh = 200_000;
        signOrder(o, homes[0].ownerKey);
        _refused(o, IForwardAuction.Refusal.OrderExists);
        o.slot = _s + 1;
        o.limitNano = 460_000;
        signOrder(o, homes[0].ownerKey);
        _refused(o, IForwardAuction.Refusal.TooLittleMoney);
        o.action = AMEND;
        signOrder(o, homes[0].ownerKey);
        _refused(o, IForwardAuction.Refusal.FirmPeriod);
    }

    function test_strangerOrdersForNobody() public {
        buy(0, _s, 0, 10);
        vm.startPrank(homes[1].owner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IForwardAuction.OrderRefused.selector, homes[0].meter, _s, IForwardAuction.Refusal.BadSignature
            )
        );
        forward.order(auction, homes[0].meter, _s, CANCEL, false, 0, 0);
        vm.stopPrank();
    }

    function test_oneBadAmongGood() public {
        IForwardAuction.Order[] memory os = new IForwardAuction.Order[](4);
        os[0] = orderBy(0, _s, PLACE, false, 0, 10);
        os[1] = orderBy(0, _s, PLACE, false, 0, 10);
        os[2] = orderBy(1, _s, PLACE, true, 0, 11);
        os[3] = orderBy(1, _s, PLACE, true, 0, 20);
        IForwardAuction.Refusal[] memory got = forward.place(os);
        assertTaken(got[0], "good");
        assertRefused(got[1], IForwardAuction.Refusal.OldSequence, "twice");
        assertRefused(got[2], IForwardAuction.Refusal.BadVolume, "bad");
        assertTaken(got[3], "good");
        vm.assertEq(forward.orderOf(auction, homes[1].meter, _s).wh, 20, "kept");
    }

    /* TIME */

    function test_P24_gateAndFirmPeriodToTheSecond() public {
        vm.assertEq(gate(_w), uint256(_s) * 1800 - 2 hours, "gate");
        vm.assertEq(firm(_w), uint256(_s) * 1800 - 3 hours, "firm");
        buy(0, _s, 0, 10);
        buy(0, _s + 1, 0, 10);
        vm.warp(firm(_w) - 1);
        assertTaken(placeOne(orderBy(0, _s, AMEND, false, 2000, 20)), "a second before");
        cancel(0, _s + 1);
        vm.warp(firm(_w));
        _refused(_one(_s, AMEND, false, 2000, 10), IForwardAuction.Refusal.FirmPeriod);
        _refused(_one(_s, CANCEL, false, 0, 0), IForwardAuction.Refusal.FirmPeriod);
        vm.warp(gate(_w) - 1);
        buy(0, _s + 2, 0, 10);
        _refused(_one(_s + 2, CANCEL, false, 0, 0), IForwardAuction.Refusal.FirmPeriod);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.GateOpen.selector, _w, gate(_w)));
        clearOrders(_w);
        vm.warp(gate(_w));
        _refused(_one(_s + 3, PLACE, false, 0, 10), IForwardAuction.Refusal.AfterGate);
        buy(0, _s + 8, 0, 10);
        clearOrders(_w);
        assertOrderPhase(_w, IForwardAuction.Phase.Cleared);
        _refused(_one(_s + 3, PLACE, false, 0, 10), IForwardAuction.Refusal.AfterGate);
    }

    function test_P24_gateOfTheDay() public {
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.gate = IForwardAuction.Gate.Day;
        (p.gateSeconds, p.firmSeconds) = (12 hours, 0);
        auction = createAuction(p);
        uint256 noon = T0 + 12 hours;
        for (uint32 k; k < 6; ++k) {
            vm.assertEq(gate(_w + k), noon, "one gate for all windows of the day");
            vm.assertEq(firm(_w + k), noon, "no firm period");
            buy(0, _s + 8 * k, 0, 10);
        }
        vm.assertEq(gate(_w + 6), noon + 1 days, "the next day");
        vm.warp(noon - 1);
        for (uint32 k; k < 6; ++k) {
            buy(0, _s + 8 * k + 1, 0, 10);
            assertTaken(placeOne(orderBy(0, _s + 8 * k, AMEND, false, 2000, 20)), "to the last second");
        }
        vm.warp(noon);
        for (uint32 k; k < 6; ++k) {
            _refused(_one(_s + 8 * k + 2, PLACE, false, 0, 10), IForwardAuction.Refusal.AfterGate);
            _refused(_one(_s + 8 * k, AMEND, false, 0, 10), IForwardAuction.Refusal.AfterGate);
        }
        forward.clear(auction, _w, 6, 100);
    }

    function test_noMoreThan64WindowsAhead() public {
        vm.assertEq(forward.MAX_LEAD(), 64, "MAX_LEAD");
        uint32 last = (slotNow() / 8 + 64) * 8 + 7;
        buy(0, last, 0, 10);
        _refused(_one(last + 1, PLACE, false, 0, 10), IForwardAuction.Refusal.TooEarly);
        warpToSlot(slotNow() / 8 * 8 + 7);
        _refused(_one(last + 1, PLACE, false, 0, 10), IForwardAuction.Refusal.TooEarly);
        warpToSlot(slotNow() + 1);
        buy(0, last + 1, 0, 10);
    }

    function test_P23_ringIsUsedAgainWhenSettled() public {
        buy(0, _s, 0, 10);
        buy(1, _s + 8, 0, 10);
        cancel(1, _s + 8);
        warpToSlot((_w + 64) * 8);
        _refused(_one(_s + 8 * 128, PLACE, false, 0, 10), IForwardAuction.Refusal.RingFull);
        // A window whose orders have all been cancelled holds its place as well.
        IForwardAuction.Order memory o = _one(_s + 8 * 129, PLACE, false, 0, 10);
        warpToSlot((_w + 65) * 8);
        _refused(o, IForwardAuction.Refusal.RingFull);
        forward.clear(auction, _w, 2, 100);
        _refused(o, IForwardAuction.Refusal.RingFull);
        clearUpTo(_w, 2, 100);
        settleUpTo(_w, 1, 1);
        _refused(_one(_s + 8 * 128, PLACE, false, 0, 10), IForwardAuction.Refusal.RingFull);
        settleUpTo(_w, 1, 100);
        assertOrderPhase(_w, IForwardAuction.Phase.Settled);
        vm.assertEq(_orderOf(_s).wh, 10, "still to be seen");
        buy(0, _s + 8 * 128, 0, 20);
        vm.assertEq(_orderOf(_s).wh, 0, "overwritten");
        vm.assertEq(_orderOf(_s + 8 * 128).wh, 20, "by this one");
        assertOrderPhase(_w + 128, IForwardAuction.Phase.Open);
        o = _one(_s + 8 * 129, PLACE, false, 0, 10);
        _refused(o, IForwardAuction.Refusal.RingFull);
        settleUpTo(_w + 1, 1, 100);
        assertTaken(placeOne(o), "the next one");
        assertLocksAddUp();
    }

    /* SEQUENCES */

    function test_P23_sequencesOnlyGrow() public {
        IForwardAuction.Order memory first = orderBy(0, _s, PLACE, false, 0, 10);
        assertTaken(placeOne(first), "once");
        cancel(0, _s);
        _refused(first, IForwardAuction.Refusal.OldSequence);
        IForwardAuction.Order memory o = orderBy(0, _s, PLACE, false, 0, 10);
        o.sequence = type(uint32).max;
        signOrder(o, homes[0].ownerKey);
        assertTaken(placeOne(o), "gaps are allowed");
        first.sequence = type(uint32).max;
        signOrder(first, homes[0].ownerKey);
        _refused(first, IForwardAuction.Refusal.OldSequence);
        vm.prank(_owner);
        forward.order(auction, homes[0].meter, _s, CANCEL, false, 0, 0);
        vm.assertEq(locked(_owner), 0, "the owner can always act himself");
        // Every meter and every auction has its own.
        buy(1, _s, 0, 10);
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.kPpm = 1;
        auction = createAuction(p);
        buy(0, _s, 0, 10);
    }

    function test_P23_skippedSequencesAreUseless() public {
        IForwardAuction.Order memory out = orderBy(0, _s, PLACE, false, 0, 10);
        out.sequence = 5;
        signOrder(out, homes[0].ownerKey);
        vm.prank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.NotOwner.selector, homes[0].meter, stranger));
        forward.skipSequence(auction, homes[0].meter, 5);
        vm.startPrank(_owner);
        vm.expectEmit(address(forward));
        emit IForwardAuction.SequenceSkipped(auction, homes[0].meter, 5);
        forward.skipSequence(auction, homes[0].meter, 5);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.SequenceUsed.selector, homes[0].meter, uint32(5)));
        forward.skipSequence(auction, homes[0].meter, 5);
        vm.stopPrank();
        _refused(out, IForwardAuction.Refusal.OldSequence);
        out.sequence = 6;
        signOrder(out, homes[0].ownerKey);
        assertTaken(placeOne(out), "a later one");
    }

    /// @dev Whoever skips before his first order is a trader like any other afterwards.
    function test_P10_firstOrderAfterASkipIsInTheBook() public {
        vm.prank(_owner);
        forward.skipSequence(auction, homes[0].meter, 3);
        buy(0, _s, 100_000, 10);
        sell(1, _s, 0, 10);
        vm.warp(gate(_w));
        clearOrders(_w);
        vm.assertEq(_orderOf(_s).filledWh, 10, "P10: matched");
        vm.assertEq(forward.orderOf(auction, homes[1].meter, _s).filledWh, 10, "P10: on both sides");
        uint256[] memory words = forward.positionsOf(market, 0, 1, _w, 1);
        vm.assertEq(words[0], 10, "the member has a position");
        vm.assertEq(words[1], 10 * 160_000, "P24: with its collateral");
    }

    /* SIGNATURES */

    function test_T18_everyFieldIsSigned() public {
        buy(0, _s, 0, 10);
        for (uint256 field; field < 8; ++field) {
            IForwardAuction.Order memory o = orderBy(0, _s + 1, PLACE, false, 0, 10);
            if (field == 0) o.meter = homes[1].meter;
            if (field == 1) o.slot += 1;
            if (field == 2) o.sequence += 1;
            if (field == 3) (o.action, o.slot) = (AMEND, _s);
            if (field == 4) o.sell = true;
            if (field == 5) o.limitNano += 2000;
            if (field == 6) o.wh += 10;
            if (field == 7) o.signature[40] ^= 0x01;
            assertRefused(placeOne(o), IForwardAuction.Refusal.BadSignature, "another message");
        }
    }

    function test_T18_replayElsewhere() public {
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.kPpm = 1;
        IForwardAuction.Order memory o = orderBy(0, _s, PLACE, false, 0, 10);
        bytes32 first = auction;
        bytes32 other = createAuction(p);
        o.auction = other;
        assertRefused(placeOne(o), IForwardAuction.Refusal.BadSignature, "another auction");
        o.auction = first;
        uint256 chain = vm.getChainId();
        vm.chainId(chain + 1);
        assertRefused(placeOne(o), IForwardAuction.Refusal.BadSignature, "another chain");
        vm.chainId(chain);
        bytes32 domain = separator("p2pchain Markets", address(forward));
        o.signature = signed(homes[0].ownerKey, digestOf(domain, hashOrder(o)));
        assertRefused(placeOne(o), IForwardAuction.Refusal.BadSignature, "another domain");
        o.signature =
            signed(homes[0].ownerKey, digestOf(separator("p2pchain ForwardAuction", address(markets)), hashOrder(o)));
        assertRefused(placeOne(o), IForwardAuction.Refusal.BadSignature, "another contract");
        signOrder(o, homes[0].ownerKey);
        assertTaken(placeOne(o), "as signed");
    }

    function test_T18_erc1271Owner() public {
        MockWallet wallet = new MockWallet(_owner);
        uint32 from = _s + 8;
        vm.prank(registrar);
        registry.setTerms(homes[0].meter, terms(address(wallet), from, 1, 0));
        assertRefusal(enrolOne(enrolment(0, market, from)), IMarkets.Refusal.None, "enrolled");
        fund(address(wallet), EUR);
        IForwardAuction.Order memory o = orderBy(0, from, PLACE, false, 0, 10);
        MockWallet.Mode[5] memory bad = [
            MockWallet.Mode.WrongAnswer,
            MockWallet.Mode.ShortAnswer,
            MockWallet.Mode.Reverts,
            MockWallet.Mode.BurnsGas,
            MockWallet.Mode.ReturndataBomb
        ];
        for (uint256 i; i < bad.length; ++i) {
            wallet.setMode(bad[i]);
            _refused(o, IForwardAuction.Refusal.BadSignature);
        }
        wallet.setMode(MockWallet.Mode.Good);
        assertTaken(placeOne(o), "the wallet says yes");
        vm.assertEq(locked(address(wallet)), 10 * 60_000, "from the wallet's money");
        vm.assertEq(locked(_owner), 0, "not from its key's");
        uint256[] memory words = new uint256[](6);
        words[2] = lane(1, 25, false);
        IForwardAuction.Schedule memory s = scheduleBy(0, DAY + 2, words);
        wallet.setMode(MockWallet.Mode.Reverts);
        assertRefused(scheduleOne(s), IForwardAuction.Refusal.BadSignature, "no");
        wallet.setMode(MockWallet.Mode.Good);
        assertTaken(scheduleOne(s), "yes");
    }

    /* COLLATERAL */

    /// @dev Any parameters, any order: exactly the worst that it can cost, locked, changed and released.
    function testFuzz_P24_P25_collateralToTheUnit(
        uint256 seed
    ) public {
        seedChance(seed);
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.lotWh = uint32(1 + chance(128));
        p.floorNano = int32(int256(chance(400_000))) - 300_000;
        p.tickNano = uint32(1 + chance(3000));
        p.capNano = p.floorNano + int32(255 * p.tickNano) + int32(int256(chance(2) * chance(500_000)));
        p.surplusNano = -int32(int256(chance(2) * chance(400_000)));
        if (p.surplusNano > p.capNano) p.surplusNano = p.capNano;
        market = createMarket(params2(seed));
        p.market = market;
        auction = createAuction(p);
        uint256 id = addMember(1, 0);
        address owner = homes[id].owner;
        fund(owner, 1e9 * EUR);
        int32[2] memory limits = [priceOf(chance(256)), priceOf(chance(256))];
        bool[2] memory sells = [chance(2) == 0, chance(2) == 0];
        uint32[2] memory wh;
        for (uint256 i; i < 2; ++i) {
            uint256 most = (2 ** 24 - 1) / p.lotWh;
            if (most > 2 ** 19 - 1) most = 2 ** 19 - 1;
            wh[i] = uint32((chance(4) == 0 ? most : 1 + chance(most)) * p.lotWh);
        }
        uint256[2] memory want = [worstNano(p, sells[0], limits[0], wh[0]), worstNano(p, sells[1], limits[1], wh[1])];
        for (uint256 i; i < 2; ++i) {
            vm.assertEq(forward.collateralOf(auction, sells[i], limits[i], wh[i]), want[i], "P25: as computed");
        }
        assertTaken(placeOne(orderBy(id, _s, PLACE, sells[0], limits[0], wh[0])), "place");
        vm.assertEq(locked(owner), want[0], "P25: locked to the unit");
        assertTaken(placeOne(orderBy(id, _s, AMEND, sells[1], limits[1], wh[1])), "amend");
        vm.assertEq(locked(owner), want[1], "P25: amended to the unit");
        assertTaken(placeOne(orderBy(id, _s + 1, PLACE, sells[0], limits[0], wh[0])), "place");
        vm.assertEq(locked(owner), want[0] + want[1], "P25: each for itself");
        assertLocksAddUp();
        cancel(id, _s);
        cancel(id, _s + 1);
        vm.assertEq(locked(owner), 0, "P24: all is released");
        vm.assertEq(free(owner), 1e9 * EUR, "P24: and free");
    }

    /// @dev Another market for each case.
    function params2(
        uint256 seed
    ) internal view returns (IMarkets.MarketParams memory p) {
        p = params();
        p.postSeconds -= 1;
        p.voidSeconds = uint32(3 days + seed % 1e5);
        p.kPpm = uint32(seed % 1_000_000);
    }

    function test_P25_neitherGuaranteeNorLockedMoneyStandsForOrders() public {
        uint256 id = addMember(1, 0);
        fund(supplierA, 10 * EUR);
        vm.prank(supplierA);
        ledger.giveGuarantee(homes[id].owner, homes[id].meter, 10 * EUR);
        assertRefused(
            placeOne(orderBy(id, _s, PLACE, false, 0, 10)), IForwardAuction.Refusal.TooLittleMoney, "no guarantee"
        );
        fund(homes[id].owner, 10 * 60_000);
        buy(id, _s, 0, 10);
        vm.assertEq(free(homes[id].owner), 0, "to the last unit");
        assertRefused(
            placeOne(orderBy(id, _s + 1, PLACE, false, 0, 10)),
            IForwardAuction.Refusal.TooLittleMoney,
            "locked is not free"
        );
        assertTaken(placeOne(orderBy(id, _s, AMEND, true, 460_000, 10)), "less is always possible");
        vm.assertEq(locked(homes[id].owner), 10 * 40_000, "P25");
    }

    /// @dev An order that can cost nothing needs nothing.
    function test_P25_noCollateralWhereNothingCanBeLost() public {
        IForwardAuction.AuctionParams memory p = auctionRules();
        (p.floorNano, p.capNano) = (-70_000, 500_000);
        p.kPpm = 3;
        auction = createAuction(p);
        uint256 id = addMember(1, 0);
        buy(id, _s, -60_000, 10);
        buy(id, _s + 1, -70_000, 10);
        vm.assertEq(locked(homes[id].owner), 0, "whoever is paid to take it");
        assertLocksAddUp();
    }

    /* PAUSE */

    function test_P24_pauseStopsNewOrdersAndNothingElse() public {
        buy(0, _s, 0, 10);
        buy(0, _s + 1, 0, 10);
        buy(0, _s + 8, 0, 10);
        sell(1, _s + 8, -2000, 10);
        vm.prank(guardian);
        vm.expectEmit(address(forward));
        emit IForwardAuction.AuctionPaused(auction, true);
        forward.setPaused(auction, true);
        vm.assertTrue(forward.paused(auction), "paused");
        vm.assertEq(
            keccak256(abi.encode(forward.auctionParams(auction))),
            keccak256(abi.encode(auctionRules())),
            "no parameter moved"
        );
        _refused(_one(_s + 2, PLACE, false, 0, 10), IForwardAuction.Refusal.Paused);
        _refused(_one(_s, AMEND, false, 2000, 10), IForwardAuction.Refusal.Paused);
        uint256[] memory words = new uint256[](6);
        assertRefused(scheduleOne(scheduleBy(0, DAY + 2, words)), IForwardAuction.Refusal.Paused, "schedule");
        cancel(0, _s);
        vm.prank(_owner);
        forward.order(auction, homes[0].meter, _s + 1, CANCEL, false, 0, 0);
        vm.assertEq(locked(_owner), 10 * 60_000, "P24: cancellations are not stopped");
        vm.prank(_owner);
        forward.skipSequence(auction, homes[0].meter, 90);
        vm.warp(gate(_w + 1));
        forward.clear(auction, _w, 2, 100);
        vm.assertEq(forward.orderOf(auction, homes[0].meter, _s + 8).filledWh, 10, "nor is clearing");
        warpToSlot((_w + 2) * 8);
        vm.warp(windowEnd(_w + 1) + params().postSeconds);
        clearAndSettleUpTo(_w, 2, 100);
        vm.assertEq(locked(_owner), 0, "nor is settling");
        vm.prank(guardian);
        forward.setPaused(auction, false);
        buy(0, slotNow() + 16, 0, 10);
    }

    function test_pauseOfOneAuctionOnly() public {
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.kPpm = 1;
        bytes32 other = createAuction(p);
        vm.prank(guardian);
        forward.setPaused(other, true);
        buy(0, _s, 0, 10);
    }

    /* SCHEDULES */

    function _day() private pure returns (uint32) {
        return DAY + 1;
    }

    function test_scheduleReplacesTheDay() public {
        buy(0, _s + 2, 0, 10);
        sell(0, _s + 47, 0, 10);
        uint256[] memory words = new uint256[](6);
        for (uint256 k; k < 8; ++k) {
            words[0] += lane(1 + k, 100 + k, false) << (28 * k);
            words[4] += lane(2 + k, 200 - k, true) << (28 * k);
        }
        IForwardAuction.Schedule memory s = scheduleBy(0, _day(), words);
        vm.assertEq(
            forward.scheduleDigest(s),
            digestOf(separator("p2pchain ForwardAuction", address(forward)), hashSchedule(s)),
            "digest"
        );
        vm.expectEmit(address(forward));
        emit IForwardAuction.Scheduled(auction, homes[0].meter, _day(), s.sequence, words, s.signature);
        assertTaken(scheduleOne(s), "schedule");
        uint256 want;
        for (uint32 k; k < 8; ++k) {
            IForwardAuction.OrderState memory a = _orderOf(_s + k);
            vm.assertTrue(!a.sell && a.limitNano == priceOf(100 + k) && a.wh == 10 * (1 + k), "buys");
            IForwardAuction.OrderState memory b = _orderOf(_s + 32 + k);
            vm.assertTrue(b.sell && b.limitNano == priceOf(200 - k) && b.wh == 10 * (2 + k), "sells");
            want += a.wh * uint256(int256(a.limitNano) + 60_000) + b.wh * uint256(500_000 - int256(b.limitNano));
        }
        vm.assertEq(_orderOf(_s + 47).wh, 0, "replaced by nothing");
        vm.assertEq(locked(_owner), want, "P25: collateral of all");
        assertLocksAddUp();
        assertOrderPhase(_w, IForwardAuction.Phase.Open);
        assertOrderPhase(_w + 1, IForwardAuction.Phase.Absent);
        assertOrderPhase(_w + 5, IForwardAuction.Phase.Open);
        // The empty day takes all back.
        assertTaken(scheduleOne(scheduleBy(0, _day(), new uint256[](6))), "nothing");
        vm.assertEq(locked(_owner), 0, "P24: released");
        vm.assertEq(forward.sequenceOf(auction, homes[0].meter), 4, "sequence");
    }

    function _refusedDay(
        IForwardAuction.Schedule memory s,
        IForwardAuction.Refusal why
    ) private {
        bytes32 before = _trace();
        vm.expectEmit(address(forward));
        emit IForwardAuction.ScheduleSkipped(s.auction, s.meter, s.day, s.sequence, why);
        assertRefused(scheduleOne(s), why, "refusal");
        vm.assertEq(_trace(), before, "P24: a refused schedule leaves no trace");
    }

    function _wordsWith(
        uint256 i,
        uint256 word
    ) private pure returns (uint256[] memory words) {
        words = new uint256[](6);
        words[i] = word;
    }

    function _dayWith(
        uint256 i,
        uint256 word
    ) private view returns (IForwardAuction.Schedule memory) {
        return scheduleBy(0, _day(), _wordsWith(i, word));
    }

    function test_P24_refusedSchedulesLeaveNoTrace() public {
        buy(0, _s + 3, 0, 10);
        uint256 good = lane(1, 25, false);
        IForwardAuction.Schedule memory s = _dayWith(1, good);
        s.auction = bytes32(uint256(1));
        _refusedDay(s, IForwardAuction.Refusal.UnknownAuction);
        s = _dayWith(1, good);
        s.meter = 99;
        _refusedDay(s, IForwardAuction.Refusal.NotAMember);
        _refusedDay(scheduleBy(0, DAY, _wordsWith(1, good)), IForwardAuction.Refusal.NotAMember);
        s = _dayWith(1, good);
        s.sequence = 1;
        _refusedDay(s, IForwardAuction.Refusal.OldSequence);
        s = _dayWith(1, good);
        s.words[2] = good;
        _refusedDay(s, IForwardAuction.Refusal.BadSignature);
        _refusedDay(scheduleBy(0, _day(), new uint256[](5)), IForwardAuction.Refusal.BadFormat);
        _refusedDay(scheduleBy(0, _day(), new uint256[](7)), IForwardAuction.Refusal.BadFormat);
        _refusedDay(_dayWith(5, 1 << 224), IForwardAuction.Refusal.BadFormat);
        _refusedDay(_dayWith(5, 1 << 255), IForwardAuction.Refusal.BadFormat);
        _refusedDay(_dayWith(5, lane(0, 1, false)), IForwardAuction.Refusal.BadFormat);
        _refusedDay(_dayWith(5, lane(0, 0, true) << (7 * 28)), IForwardAuction.Refusal.BadFormat);
        _refusedDay(_dayWith(5, lane(2 ** 19 - 1, 255, false)), IForwardAuction.Refusal.TooLittleMoney);
        _refusedDay(scheduleBy(0, DAY + 11, _wordsWith(0, good)), IForwardAuction.Refusal.TooEarly);
        _refusedDay(scheduleBy(0, type(uint32).max, _wordsWith(0, good)), IForwardAuction.Refusal.TooEarly);
        vm.prank(guardian);
        forward.setPaused(auction, true);
        _refusedDay(_dayWith(1, good), IForwardAuction.Refusal.Paused);
        vm.prank(guardian);
        forward.setPaused(auction, false);
        // A day that has begun to close, or whose first window is firm, is closed to schedules.
        vm.warp(firm(_w) - 1);
        uint256 before = vm.snapshotState();
        assertTaken(scheduleOne(_dayWith(1, good)), "a second before");
        vm.revertToState(before);
        vm.warp(firm(_w));
        _refusedDay(_dayWith(1, good), IForwardAuction.Refusal.FirmPeriod);
        assertTaken(scheduleOne(scheduleBy(1, _day(), _wordsWith(1, good))), "who has nothing there may still place");
        vm.warp(gate(_w));
        _refusedDay(_dayWith(1, good), IForwardAuction.Refusal.AfterGate);
        assertLocksAddUp();
    }

    function test_scheduleVolumesHaveTheirBound() public {
        IForwardAuction.AuctionParams memory p = auctionRules();
        (p.lotWh, p.floorNano, p.tickNano, p.kPpm) = (128, -60_000, 1, 7);
        auction = createAuction(p);
        uint256 most = uint256(2 ** 24 - 1) / 128;
        _refusedDay(_dayWith(3, lane(most + 1, 0, false)), IForwardAuction.Refusal.BadVolume);
        assertTaken(scheduleOne(_dayWith(3, lane(most, 0, false))), "as much as a fuse lets through");
        vm.assertEq(_orderOf(_s + 24).wh, most * 128, "all of it");
        IForwardAuction.Order memory o = orderBy(0, _s, PLACE, false, -60_000, uint32((most + 1) * 128));
        assertRefused(placeOne(o), IForwardAuction.Refusal.BadVolume, "an order has the same bound");
        buy(0, _s, -60_000, uint32(most * 128));
    }

    function test_scheduleNeedsOneOwnerAllDay() public {
        uint256 id = addHome(1);
        enrol(id, _s + 1);
        fund(homes[id].owner, EUR);
        uint256[] memory words = _wordsWith(5, lane(1, 25, false));
        _refusedDay(scheduleBy(id, _day(), words), IForwardAuction.Refusal.NotAMember);
        assertTaken(scheduleOne(scheduleBy(id, _day() + 1, words)), "the next day");
        _handOver(0, _s + 48 + 47);
        _refusedDay(scheduleBy(0, _day() + 1, words), IForwardAuction.Refusal.NotAMember);
        assertTaken(scheduleOne(scheduleBy(0, _day(), words)), "the day before");
        buy(0, _s + 48 + 46, 0, 10);
        IForwardAuction.Order memory o = orderBy(0, _s + 48 + 47, PLACE, false, 0, 10);
        assertRefused(placeOne(o), IForwardAuction.Refusal.NotAMember, "the last slot is the new owner's");
    }

    /* OWNERS */

    function _handOver(
        uint256 id,
        uint32 slot
    ) private {
        vm.prank(registrar);
        registry.setTerms(homes[id].meter, terms(vm.addr(NEW_KEY), slot, 1, 0));
    }

    function _handOverRefused(
        uint32 slot,
        uint32 open
    ) private {
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.OpenOrders.selector, homes[0].meter, open));
        registry.setTerms(homes[0].meter, terms(vm.addr(NEW_KEY), slot, 1, 0));
    }

    function test_P3_openOrdersKeepTheOwner() public {
        buy(0, _s + 5, 0, 10);
        buy(0, _s + 12, 0, 10);
        _handOverRefused(_s + 6, _s + 12);
        _handOverRefused(_s + 12, _s + 12);
        _handOverRefused(_s + 5, _s + 5);
        _handOverRefused(_s, _s + 5);
        // Other terms of the same owner are none of its business.
        vm.prank(registrar);
        registry.setTerms(homes[0].meter, terms(_owner, _s + 1, 2, 0));
        cancel(0, _s + 12);
        _handOver(0, _s + 6);
        IForwardAuction.Order memory o = orderBy(0, _s + 6, PLACE, false, 0, 10);
        assertRefused(placeOne(o), IForwardAuction.Refusal.NotAMember, "no longer his, the new one has not enrolled");
        buy(0, _s + 4, 0, 10);
        vm.assertEq(_orderOf(_s + 5).wh, 10, "his own slots stay");
        cancel(0, _s + 5);
    }

    /// @dev Without billing grade no reading would be taken, whether or not the meter has ordered before.
    function test_orderNeedsBillingGrade() public {
        buy(0, _s, 0, 10);
        buy(0, _s + 9, 0, 10);
        buy(0, _s + 50, 0, 10);
        for (uint256 i; i < 2; ++i) {
            IRegistry.Terms memory t = terms(homes[i].owner, _s + 8, 1, 0);
            t.billingGrade = false;
            vm.prank(registrar);
            registry.setTerms(homes[i].meter, t);
        }
        assertRefused(
            placeOne(orderBy(1, _s + 8, PLACE, false, 0, 10)), IForwardAuction.Refusal.NotAMember, "never ordered"
        );
        assertRefused(
            placeOne(orderBy(0, _s + 8, PLACE, false, 0, 10)), IForwardAuction.Refusal.NotAMember, "ordered before"
        );
        assertRefused(
            placeOne(orderBy(0, _s + 9, AMEND, false, 2000, 10)), IForwardAuction.Refusal.NotAMember, "amended"
        );
        uint256[] memory words = _wordsWith(1, lane(1, 25, false));
        _refusedDay(scheduleBy(0, DAY + 2, words), IForwardAuction.Refusal.NotAMember);
        // What was ordered before can be taken back, and what lies before the change goes on.
        cancel(0, _s + 9);
        vm.prank(_owner);
        forward.order(auction, homes[0].meter, _s + 50, CANCEL, false, 0, 0);
        buy(1, _s + 7, 0, 10);
        cancel(0, _s);
        vm.assertEq(locked(_owner), 0, "P24: all is back");
        vm.prank(registrar);
        registry.setTerms(homes[0].meter, terms(_owner, _s + 16, 1, 0));
        buy(0, _s + 50, 0, 10);
        assertRefused(
            placeOne(orderBy(0, _s + 15, PLACE, false, 0, 10)), IForwardAuction.Refusal.NotAMember, "until it has one"
        );
    }

    function test_P3_everyAuctionCounts() public {
        bytes32 first = auction;
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.kPpm = 1;
        auction = createAuction(p);
        buy(0, _s + 5, 0, 10);
        _handOverRefused(_s, _s + 5);
        cancel(0, _s + 5);
        auction = first;
        buy(0, _s + 70 * 4, 0, 10);
        _handOverRefused(_s, _s + 70 * 4);
    }

    /// @dev Orders of slots that are over do not keep the owner; he settles them as theirs.
    function test_P3_ordersOfThePastStayTheOldOwners() public {
        buy(0, _s + 7, 100_000, 10);
        sell(1, _s + 7, 0, 10);
        warpToSlot(_s + 8);
        _handOver(0, _s + 9);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearOrders(_w);
        clearAndSettleUpTo(_w, 1, 100);
        vm.assertEq(locked(_owner), 0, "released");
        vm.assertEq(
            wealth(_owner), int256(100 * EUR) - 10 * 50_000 - 10 * 60_000, "bought, and unread so far: at the worst"
        );
        vm.assertEq(wealth(vm.addr(NEW_KEY)), 0, "P3: none of it is the new owner's");
        assertSolvent();
    }

    function test_P3_newOwnerTradesInHisSlots() public {
        buy(0, _s + 3, 0, 10);
        uint32 from = _s + 4;
        _handOver(0, from);
        homes[0].ownerKey = NEW_KEY;
        address next = vm.addr(NEW_KEY);
        IForwardAuction.Order memory o = orderBy(0, from, PLACE, false, 0, 10);
        assertRefused(placeOne(o), IForwardAuction.Refusal.NotAMember, "not enrolled yet");
        assertRefusal(enrolOne(enrolment(0, market, from)), IMarkets.Refusal.None, "enrolled");
        assertRefused(placeOne(o), IForwardAuction.Refusal.TooLittleMoney, "no money");
        fund(next, EUR);
        assertTaken(placeOne(o), "in his slot");
        vm.assertEq(locked(next), 10 * 60_000, "his money");
        vm.assertEq(locked(_owner), 10 * 60_000, "and the old one's");
        assertRefused(
            placeOne(orderBy(0, _s + 2, PLACE, false, 0, 10)),
            IForwardAuction.Refusal.BadSignature,
            "not in the other's"
        );
        buy(0, from + 100, 0, 10);
        homes[0].ownerKey = 0x1000;
        assertRefused(
            placeOne(orderBy(0, from + 100, CANCEL, false, 0, 0)),
            IForwardAuction.Refusal.BadSignature,
            "nor the reverse"
        );
        assertRefused(
            placeOne(orderBy(0, from + 8, PLACE, false, 0, 10)), IForwardAuction.Refusal.BadSignature, "nor next door"
        );
        cancel(0, _s + 3);
        vm.assertEq(locked(_owner), 0, "the old one takes his back");
        vm.assertEq(locked(next), 2 * 10 * 60_000, "the new one's stand");
        // The sequence goes on across owners.
        vm.assertEq(forward.sequenceOf(auction, homes[0].meter), 4, "sequence");
        vm.prank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.OpenOrders.selector, homes[0].meter, from));
        registry.setTerms(homes[0].meter, terms(_owner, from, 1, 0));
    }

    /// @dev What was signed before a meter went away and came back has been outrun by its sequence.
    function test_T18_ownerWhoReturns() public {
        IForwardAuction.Order memory old = orderBy(0, _s + 60, PLACE, false, 0, 10);
        buy(0, _s + 50, 0, 10);
        cancel(0, _s + 50);
        _handOver(0, _s + 8);
        vm.prank(registrar);
        registry.setTerms(homes[0].meter, terms(_owner, _s + 48, 1, 0));
        assertRefused(placeOne(old), IForwardAuction.Refusal.OldSequence, "used");
        buy(0, _s + 60, 0, 10);
        buy(0, _s + 2, 0, 10);
        IForwardAuction.Order memory o = orderBy(0, _s + 20, PLACE, false, 0, 10);
        assertRefused(placeOne(o), IForwardAuction.Refusal.NotAMember, "the time between is another's");
    }
}
