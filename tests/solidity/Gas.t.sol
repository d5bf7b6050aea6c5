// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IPoints} from "../../contracts/interfaces/IPoints.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {Traders} from "./Traders.sol";

/// @dev What each call costs as a transaction of its own, as forge keeps it in bench/results/snapshots: ten homes, in a
/// market that has just begun, so that most storage is new. Called with `--isolate`.
contract GasTest is Traders {
    uint256 private constant N = 10;

    uint32 private _w;
    uint32 private _s;

    function setUp() public {
        deployWorld();
        auction = createAuction(auctionRules());
        for (uint256 i; i < N; ++i) {
            addMember(uint16(1 + i % 2), 100 * EUR);
        }
        (_w, _s) = (firstWindow(), firstSlot());
    }

    /* WHO TAKES PART */

    function test_registry() public {
        IRegistry.Terms memory t = terms(stranger, slotNow(), 1, 0);
        vm.prank(registrar);
        uint32 meter = registry.registerMeter(1, keccak256("point"), t, abi.encodePacked(stranger));
        vm.snapshotGasLastCall("Registry", "registerMeter");
        t.fromSlot = _s;
        t.supplier = 2;
        vm.prank(registrar);
        registry.setTerms(meter, t);
        vm.snapshotGasLastCall("Registry", "setTerms");
        vm.prank(meterOperator);
        registry.setSigner(meter, slotNow() + 1, abi.encodePacked(address(this)));
        vm.snapshotGasLastCall("Registry", "setSigner");
        vm.prank(stranger);
        registry.revokeSigner(meter);
        vm.snapshotGasLastCall("Registry", "revokeSigner");
    }

    function test_tariffs() public {
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(250_000, 50_000, 250_000, 80_000, 20_000, 30_000);
        publish(1, 1, _s, rows, 0);
        vm.snapshotGasLastCall("Tariffs", "publish, one price");
        rows = new ITariffs.Row[](24);
        for (uint256 hour; hour < 24; ++hour) {
            rows[hour] = ITariffs.Row(int32(int256(200_000 + hour)), 50_000, 250_000, 80_000, 20_000, 30_000);
        }
        publish(1, 2, _s, rows, 0);
        vm.snapshotGasLastCall("Tariffs", "publish, 24 prices");
    }

    function test_markets() public {
        uint256 id = addHome(1);
        IMarkets.Enrolment[] memory es = new IMarkets.Enrolment[](1);
        es[0] = enrolment(id, market, _s);
        markets.enrol(es);
        vm.snapshotGasLastCall("Markets", "enrol, one");
        limitOne(limitsMessage(id, _s, 1, one(200_000), one(60_000)));
        vm.snapshotGasLastCall("Markets", "setLimits, one");
        vm.prank(guardian);
        markets.setPaused(true);
        vm.snapshotGasLastCall("Markets", "setPaused");
    }

    function test_points() public {
        bytes4[] memory selectors = new bytes4[](2);
        (selectors[0], selectors[1]) = (points.register.selector, points.setSupplier.selector);
        manager.setTargetFunctionRole(address(points), selectors, REGISTRAR);
        IPoints.Standing memory s;
        (s.customer, s.fromSlot, s.supplier, s.networkOperator) = (stranger, slotNow(), 1, gridOperator);
        vm.startPrank(registrar);
        points.register(IPoints.Point("point", 1, IPoints.Fuel.Electricity, false), s);
        vm.snapshotGasLastCall("Points", "register");
        points.setSupplier(1, _s, 2);
        vm.snapshotGasLastCall("Points", "setSupplier");
        vm.stopPrank();
        uint64 end = uint64(vm.getBlockTimestamp() + 30 days);
        vm.startPrank(stranger);
        points.giveConsent(IPoints.Consent(1, stranger, address(1), "forecast", _s, _s + 8, end, 1, ""));
        vm.snapshotGasLastCall("Points", "giveConsent, by the customer");
        points.withdrawConsent(IPoints.Withdrawal(1, stranger, address(1), "forecast", 2, ""));
        vm.snapshotGasLastCall("Points", "withdrawConsent, by the customer");
        vm.stopPrank();
    }

    /* MONEY */

    function test_ledger() public {
        currency.mint(address(this), EUR);
        currency.approve(address(ledger), EUR);
        ledger.deposit(stranger, 2 * NANO_PER_UNIT);
        vm.snapshotGasLastCall("Ledger", "deposit, new account");
        ledger.deposit(stranger, 2 * NANO_PER_UNIT);
        vm.snapshotGasLastCall("Ledger", "deposit");
        vm.prank(stranger);
        ledger.withdraw(stranger, NANO_PER_UNIT);
        vm.snapshotGasLastCall("Ledger", "withdraw");
    }

    /* READINGS AND SETTLEMENT */

    function test_metering() public {
        IMetering.Reading[] memory rs = new IMetering.Reading[](1);
        rs[0] = record(addHome(1), _s, flat(slotsPerDay(), 100), flat(slotsPerDay(), 0));
        warpToSlot(_s + slotsPerDay());
        metering.post(rs);
        vm.snapshotGasLastCall("Metering", "post, a day of a meter");
    }

    function test_settlement() public {
        warpToSlot(_s + slotsPerDay());
        postMany(_records(0, 1, 8));
        vm.snapshotGasLastCall("Settlement", "postReadings, a window of a meter");
        postMany(_records(1, N - 1, 8));
        vm.snapshotGasLastCall("Settlement", "postReadings, a window of nine meters");
        clearUpTo(_w, 1, type(uint32).max);
        vm.snapshotGasLastCall("Settlement", "clear, a window of ten");
        settleUpTo(_w, 1, type(uint32).max);
        vm.snapshotGasLastCall("Settlement", "settle, a window of ten");
    }

    function test_settlementAtOnce() public {
        warpToSlot(_s + slotsPerDay());
        postMany(_records(0, N, slotsPerDay()));
        uint32 windows = slotsPerDay() / 8;
        clearAndSettleUpTo(_w, windows, type(uint32).max);
        vm.snapshotGasLastCall("Settlement", "clearAndSettle, a day of ten");
    }

    function test_void() public {
        warpToSlot(_s + 8);
        postMany(_records(0, 1, 8));
        vm.warp(windowEnd(_w) + params().postSeconds + params().voidSeconds);
        settlement.voidWindow(market, _w);
        vm.snapshotGasLastCall("Settlement", "voidWindow");
    }

    /* ORDERS */

    function test_orders() public {
        _order(0, _s, IForwardAuction.Action.Place, "place, the first of a window");
        _order(0, _s + 1, IForwardAuction.Action.Place, "place, another of the window");
        _order(0, _s, IForwardAuction.Action.Amend, "amend");
        _order(0, _s, IForwardAuction.Action.Cancel, "cancel");
    }

    function test_orderClearing() public {
        for (uint256 i; i < N; ++i) {
            for (uint32 slot = _s; slot < _s + 8; ++slot) {
                if (i % 2 == 0) buy(i, slot, 200_000, 100);
                else sell(i, slot, 60_000, 70);
            }
        }
        vm.warp(uint256(_s) * slotSeconds() - auctionRules().gateSeconds);
        forward.clear(auction, _w, 1, type(uint32).max);
        vm.snapshotGasLastCall("ForwardAuction", "clear, a window of ten");
    }

    /* INTERNAL */

    function _order(uint256 id, uint32 slot, IForwardAuction.Action action, string memory name) private {
        bool cancels = action == IForwardAuction.Action.Cancel;
        IForwardAuction.Order[] memory os = new IForwardAuction.Order[](1);
        os[0] = orderBy(id, slot, action, false, cancels ? int32(0) : int32(200_000), cancels ? 0 : 100);
        assertTaken(forward.place(os)[0], name);
        vm.snapshotGasLastCall("ForwardAuction", name);
    }

    /// @dev Records of `count` homes: every other one has exported.
    function _records(uint256 first, uint256 count, uint256 slots) private returns (IMetering.Reading[] memory rs) {
        rs = new IMetering.Reading[](count);
        for (uint256 i; i < count; ++i) {
            bool sells = (first + i) % 2 == 1;
            rs[i] = record(first + i, _s, flat(slots, sells ? 0 : 100), flat(slots, sells ? 70 : 0));
        }
    }
}
