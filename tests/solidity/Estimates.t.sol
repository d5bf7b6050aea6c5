// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {Correctors} from "./Correctors.sol";

/// @dev Estimates one by one, with figures that can be checked by head.
contract EstimatesTest is Correctors {
    int256 private constant START = int256(100 * EUR);
    int256 private constant STANDING = 300_000_000;
    int256 private constant EACH = 380_000;
    int256 private constant FEED_IN = 50_000;
    int256 private constant P = 150_000;
    uint32 private constant WEEK = 7 * 48;

    uint32 private _w;
    uint32 private _s;

    function setUp() public {
        deployWorld();
        auction = createAuction(auctionRules());
        for (uint256 i; i < 3; ++i) addMember(1, 100 * EUR);
        fund(supplierA, 100 * EUR);
        (_w, _s) = (firstWindow(), firstSlot());
        warpToSlot(_s + 24);
    }

    function _gain(uint256 i) private view returns (int256) {
        return wealth(homes[i].owner) - START;
    }

    function _none() private pure returns (IMetering.Reading[] memory) {
        return new IMetering.Reading[](0);
    }

    function _ask(uint32 meter, uint32 first, uint16 slots, IMetering.Reading[] memory records) private {
        settlement.estimate(market, meter, first, slots, records);
    }

    function _estimate(uint256 i, uint32 first, uint16 slots) private {
        _ask(homes[i].meter, first, slots, _none());
    }

    function _refused(uint256 i, uint32 first, uint16 slots, bytes memory why) private {
        vm.expectRevert(why);
        _ask(homes[i].meter, first, slots, _none());
    }

    /// @dev Home 0 leaves a gap of the second window, over which its registers rise; home 1 posts in all three.
    function _gap(uint64 importWh, uint64 exportWh) private {
        postKeptFlat(0, _w, 100, 0);
        homes[0].importWh += importWh;
        homes[0].exportWh += exportWh;
        postKeptFlat(0, _w + 2, 100, 0);
        for (uint32 i; i < 3; ++i) postKeptFlat(1, _w + i, 0, 0);
        vm.warp(windowEnd(_w + 2) + params().postSeconds);
        clearAndSettleKept(_w, 3);
    }

    function test_P25_spreadOverTheGap() public {
        _gap(100, 12);
        int256 before = _gain(0);
        uint256[] memory imports = new uint256[](8);
        uint256[] memory exports = new uint256[](8);
        for (uint256 i; i < 8; ++i) (imports[i], exports[i]) = (12 + i % 2, 1 + i % 2);
        vm.expectEmit(address(settlement));
        emit ISettlement.EstimateSettled(
            market, homes[0].meter, _s + 8, 8, ISettlement.EstimateRule.Spread, pack(imports, exports), 1
        );
        vm.prank(stranger);
        _estimate(0, _s + 8, 8);
        vm.assertEq(_gain(0) - before, -100 * EACH + 12 * FEED_IN, "as much as the registers rose");
        uint256[2] memory kept = settlement.estimateOf(market, homes[0].meter, _w + 1);
        for (uint256 i; i < 8; ++i) {
            vm.assertEq((kept[0] >> (28 * i)) % 2 ** 28, imports[i], "import");
            vm.assertEq((kept[1] >> (28 * i)) % 2 ** 28, exports[i], "export");
        }
        vm.assertEq(kept[0] >> 224, 0xff, "all of them");
        vm.assertEq(metering.gapsOf(homes[0].meter).length, 1, "P22: an estimate is no reading");
        _refused(
            0,
            _s + 9,
            1,
            abi.encodeWithSelector(ISettlement.AlreadyEstimated.selector, homes[0].meter, _s + 9)
        );
        assertSolvent();
    }

    function test_P25_theReadingTakesItsPlace() public {
        _gap(100, 12);
        int256 before = _gain(0);
        int256 network = wealth(gridOperator);
        _estimate(0, _s + 10, 3);
        vm.assertEq(_gain(0) - before, -37 * EACH + 4 * FEED_IN, "12, 13, 12 and 1, 2, 1");
        _estimate(0, _s + 14, 2);
        vm.assertEq(_gain(0) - before, -62 * EACH + 7 * FEED_IN, "12, 13 and 1, 2");
        uint256[] memory imports = new uint256[](8);
        uint256[] memory exports = new uint256[](8);
        (imports[0], imports[3], exports[4]) = (40, 60, 12);
        // One half of it comes, then the other one.
        IMetering.Reading memory r = recordAt(0, _s + 8, 800, 0, _slice(imports, 0), _slice(exports, 0));
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "first half");
        keep(r);
        vm.assertEq(_gain(0) - before, -100 * EACH - 37 * EACH + 4 * FEED_IN, "its slots, and what is left estimated");
        vm.assertEq(settlement.estimateOf(market, homes[0].meter, _w + 1)[0] >> 224, 0xd0, "three are left");
        r = recordAt(0, _s + 12, 900, 0, _slice(imports, 4), _slice(exports, 4));
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "second half");
        keep(r);
        vm.assertEq(_gain(0) - before, -100 * EACH + 12 * FEED_IN, "P25: as if it had been there");
        vm.assertEq(wealth(gridOperator) - network, 100 * 80_000, "P25: the network too");
        uint256[2] memory kept = settlement.estimateOf(market, homes[0].meter, _w + 1);
        vm.assertEq(kept[0] | kept[1], 0, "forgotten");
        correct(correctionOf(0, _s + 8, list(0), list(0)));
        vm.assertEq(_gain(0) - before, -60 * EACH + 12 * FEED_IN, "and it may be corrected");
        _refused(0, _s + 8, 1, abi.encodeWithSelector(ISettlement.AlreadyRead.selector, homes[0].meter, _s + 8));
    }

    function _slice(uint256[] memory xs, uint256 from) private pure returns (uint256[] memory ys) {
        ys = new uint256[](4);
        for (uint256 i; i < 4; ++i) ys[i] = xs[from + i];
    }

    /// @dev Home 0 is read in the first window; a week later only home 1 is.
    function _weekLater() private {
        postKept(0, _s, list(100, 90, 80), list(1, 2, 3));
        postKeptFlat(1, _w, 0, 0);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleKept(_w, 1);
        correct(correctionOf(0, _s + 1, list(70), list(0)));
        warpToSlot(_s + WEEK + 8);
        postKeptFlat(1, _w + WEEK / 8, 0, 0);
        vm.warp(windowEnd(_w + WEEK / 8) + params().postSeconds);
        clearAndSettleKept(_w + WEEK / 8, 1);
    }

    function test_P25_asAWeekBefore() public {
        _weekLater();
        uint32 first = _s + WEEK;
        IMetering.Reading[] memory records = recordsOf(homes[0].meter, dayOf(_s));
        int256 before = _gain(0);
        vm.expectEmit(address(settlement));
        emit ISettlement.EstimateSettled(
            market,
            homes[0].meter,
            first,
            3,
            ISettlement.EstimateRule.WeekBefore,
            pack(list(100, 70, 80), list(1, 0, 3)),
            1
        );
        _ask(homes[0].meter, first, 3, records);
        vm.assertEq(_gain(0) - before, -250 * EACH + 4 * FEED_IN - STANDING, "corrections count, and the day begins");
        bytes memory why = abi.encodeWithSelector(ISettlement.NoEstimate.selector, homes[0].meter, first + 3);
        vm.expectRevert(why);
        _ask(homes[0].meter, first + 3, 1, records);
        postKept(0, first, list(100, 90, 70), list(0, 0, 0));
        vm.assertEq(_gain(0) - before, -260 * EACH - STANDING, "P25: one standing charge");
    }

    function test_P25_wrongRecordsOfTheWeekBefore() public {
        _weekLater();
        uint32 first = _s + WEEK;
        IMetering.Reading[] memory records = recordsOf(homes[0].meter, dayOf(_s));
        bytes memory why = abi.encodeWithSelector(IMetering.WrongEvidence.selector, homes[0].meter, dayOf(_s));
        _refused(0, first, 3, why);
        records[0].intervals[0] ^= 1 << 192;
        vm.expectRevert(why);
        _ask(homes[0].meter, first, 3, records);
        // Of home 2 nothing has ever been read.
        vm.expectRevert(why = abi.encodeWithSelector(IMetering.WrongEvidence.selector, homes[2].meter, dayOf(_s)));
        _ask(homes[2].meter, first, 3, records);
        _refused(2, first, 3, abi.encodeWithSelector(ISettlement.NoEstimate.selector, homes[2].meter, first));
    }

    function test_P25_whatIsNotEstimated() public {
        _gap(100, 12);
        bytes memory why = abi.encodeWithSelector(IMetering.BadFormat.selector);
        _refused(0, _s + 8, 0, why);
        _refused(0, _s + slotsPerDay() - 1, 2, why);
        _refused(0, _s + 7, 2, abi.encodeWithSelector(ISettlement.AlreadyRead.selector, homes[0].meter, _s + 7));
        _refused(0, _s + 15, 2, abi.encodeWithSelector(ISettlement.AlreadyRead.selector, homes[0].meter, _s + 16));
        _refused(0, _s + 24, 1, abi.encodeWithSelector(ISettlement.NotSettled.selector, _w + 3));
        uint256 id = addHome(1);
        _refused(id, _s + 8, 1, abi.encodeWithSelector(IMarkets.NotAMember.selector, market, homes[id].meter));
        vm.expectRevert(abi.encodeWithSelector(IMarkets.NotAMember.selector, market, 0));
        _ask(0, _s + 8, 1, _none());
        vm.expectRevert(abi.encodeWithSelector(IMarkets.UnknownMarket.selector, bytes32(0)));
        settlement.estimate(0, homes[0].meter, _s + 8, 1, _none());
    }

    /// @dev Registers may rise by more over a gap than the fuse lets through; that is no estimate.
    function test_P25_moreThanTheFuse() public {
        _gap(160_001, 0);
        _estimate(0, _s + 8, 7);
        _refused(0, _s + 15, 1, abi.encodeWithSelector(ISettlement.NoEstimate.selector, homes[0].meter, _s + 15));
    }

    function test_P25_notBeforeTheDeadline() public {
        for (uint256 i; i < 3; ++i) postKeptFlat(i, _w, 0, 0);
        clearAndSettleKept(_w, 1);
        uint64 deadline = uint64(windowEnd(_w) + params().postSeconds);
        _refused(0, _s, 1, abi.encodeWithSelector(ISettlement.NotReady.selector, _w, homes[0].meter, deadline));
    }

    function test_P25_contractsWaitForTheReading() public {
        vm.warp(gate(_w) - 1);
        buy(0, _s + 1, int32(P), 100);
        sell(1, _s + 1, int32(P), 100);
        vm.warp(gate(_w));
        clearOrders(_w);
        warpToSlot(_s + 24);
        homes[0].importWh = 80;
        postKeptFlat(0, _w + 1, 0, 0);
        postKeptFlat(1, _w, 0, 100);
        vm.warp(windowEnd(_w) + params().postSeconds);
        clearAndSettleKept(_w, 1);
        _refused(0, _s, 2, abi.encodeWithSelector(ISettlement.HeldAtWorst.selector, homes[0].meter, _s + 1));
        // No registers before the first record, and nothing a week before.
        _refused(0, _s, 1, abi.encodeWithSelector(ISettlement.NoEstimate.selector, homes[0].meter, _s));
    }

    function test_P25_termsOfTheSlots() public {
        vm.warp(uint256(_s) * slotSeconds());
        vm.startPrank(registrar);
        registry.setTerms(homes[0].meter, terms(homes[0].owner, _s + 12, 2, 0));
        IRegistry.Terms memory t = terms(homes[1].owner, _s + 8, 1, 0);
        t.billingGrade = false;
        registry.setTerms(homes[1].meter, t);
        registry.setTerms(homes[2].meter, terms(homes[2].owner, _s + 8, 1, 9));
        vm.stopPrank();
        uint256 id = addMemberHere();
        warpToSlot(_s + 24);
        postKeptFlat(0, _w, 100, 0);
        homes[0].importWh += 80;
        postKeptFlat(0, _w + 2, 100, 0);
        postKeptFlat(id, _w + 1, 0, 0);
        vm.warp(windowEnd(_w + 1) + params().postSeconds);
        clearAndSettleKept(_w, 2);
        _refused(0, _s + 8, 5, abi.encodeWithSelector(IMetering.SplitAtChange.selector, homes[0].meter, _s + 12));
        _refused(1, _s + 8, 1, abi.encodeWithSelector(ISettlement.NotBillingGrade.selector, homes[1].meter));
        _refused(2, _s + 8, 1, abi.encodeWithSelector(ITariffs.NoTariff.selector, uint16(1), uint16(9), _s + 8));
        int256 before = _gain(0);
        _estimate(0, _s + 12, 4);
        vm.assertEq(_gain(0) - before, -40 * (230_000 + 130_000), "with the supplier of these slots");
        _estimate(0, _s + 8, 4);
        vm.assertEq(_gain(0) - before, -40 * (230_000 + 130_000) - 40 * EACH, "with the supplier of these slots");
    }

    function addMemberHere() private returns (uint256 id) {
        id = addHome(1);
        enrol(id, _s + 8);
        fund(homes[id].owner, 100 * EUR);
    }

    /// @dev Behind the ring nothing new is estimated; what was is still replaced.
    function test_P25_behindTheRing() public {
        _gap(100, 12);
        int256 before = _gain(0);
        _estimate(0, _s + 8, 4);
        uint32 later = _w + 1 + 128;
        warpToSlot(later * 8 + 8);
        homes[1].nextSlot = later * 8;
        postKeptFlat(1, later, 0, 0);
        _refused(0, _s + 12, 1, abi.encodeWithSelector(ISettlement.NotSettled.selector, _w + 1));
        uint256[] memory imports = flat(8, 0);
        uint256[] memory exports = flat(8, 0);
        (imports[7], exports[7]) = (100, 12);
        assertOutcome(
            postOne(recordAt(0, _s + 8, 800, 0, imports, exports)), IMetering.Outcome.Accepted, "still in time"
        );
        vm.assertEq(_gain(0) - before, -100 * EACH + 12 * FEED_IN, "P25: as if it had been there");
    }
}
