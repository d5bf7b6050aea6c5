// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {World} from "./World.sol";

/// @dev What contracts were bound to, which no interface promises.
interface IBindings {
    function settlement() external view returns (address);
    function forward() external view returns (address);
    function markets() external view returns (address);
}

/// @dev P29: each restricted function, and who may call it: nobody but its role.
contract RolesTest is World {
    struct Guarded {
        string name;
        address target;
        bytes data;
        uint64 role;
        address holder;
    }

    uint256 private _id;
    bytes32 private _auction;

    function setUp() public {
        deployWorld();
        _id = addMember(1, EUR);
        IForwardAuction.AuctionParams memory p = auctionRules();
        p.kPpm = 1;
        _auction = createAuction(p);
    }

    function _table() private view returns (Guarded[] memory t) {
        IMetering.Exchange memory e;
        uint32 next = slotNow() + 1;
        t = new Guarded[](15);
        t[0] = Guarded(
            "addArea", address(registry), abi.encodeCall(registry.addArea, (0, stranger)), REGISTRAR, registrar
        );
        t[1] = Guarded(
            "addSupplier",
            address(registry),
            abi.encodeCall(registry.addSupplier, (stranger, "x")),
            REGISTRAR,
            registrar
        );
        t[2] = Guarded(
            "registerMeter",
            address(registry),
            abi.encodeCall(registry.registerMeter, (1, "c", terms(stranger, next, 1, 0), "")),
            REGISTRAR,
            registrar
        );
        t[3] = Guarded(
            "setTerms",
            address(registry),
            abi.encodeCall(registry.setTerms, (1, terms(stranger, next, 1, 0))),
            REGISTRAR,
            registrar
        );
        t[4] = Guarded(
            "setSigner",
            address(registry),
            abi.encodeCall(registry.setSigner, (1, next, "")),
            METER_OPERATOR,
            meterOperator
        );
        t[5] = Guarded(
            "exchangeMeter",
            address(metering),
            abi.encodeCall(metering.exchangeMeter, (e)),
            METER_OPERATOR,
            meterOperator
        );
        t[6] = Guarded(
            "createMarket",
            address(markets),
            abi.encodeCall(markets.createMarket, (params(), registration())),
            MARKET_OPERATOR,
            marketOperator
        );
        t[7] = Guarded("setPaused", address(markets), abi.encodeCall(markets.setPaused, (true)), GUARDIAN, guardian);
        t[8] = Guarded(
            "bind",
            address(metering),
            abi.encodeCall(metering.bind, (stranger, stranger, stranger)),
            ADMIN,
            address(this)
        );
        t[9] = Guarded(
            "createAuction",
            address(forward),
            abi.encodeCall(forward.createAuction, (auctionRules())),
            MARKET_OPERATOR,
            marketOperator
        );
        t[10] = Guarded(
            "setPaused of an auction",
            address(forward),
            abi.encodeCall(forward.setPaused, (_auction, true)),
            GUARDIAN,
            guardian
        );
        t[11] = Guarded(
            "bindSettlement of the forward auction",
            address(forward),
            abi.encodeCall(forward.bindSettlement, (stranger)),
            ADMIN,
            address(this)
        );
        t[12] = Guarded(
            "bindForward",
            address(registry),
            abi.encodeCall(registry.bindForward, (stranger)),
            ADMIN,
            address(this)
        );
        t[13] = Guarded(
            "setBoundary",
            address(registry),
            abi.encodeCall(registry.setBoundary, (1, 1, 0, 0)),
            REGISTRAR,
            registrar
        );
        IMetering.Correction memory c;
        t[14] = Guarded(
            "correct",
            address(metering),
            abi.encodeCall(metering.correct, (c, new IMetering.Reading[](0))),
            METER_OPERATOR,
            meterOperator
        );
    }

    function _try(
        address caller,
        Guarded memory g
    ) private returns (bool refusedAsStranger) {
        vm.prank(caller);
        (bool ok, bytes memory answer) = g.target.call(g.data);
        return !ok && bytes4(answer) == IAccessManaged.AccessManagedUnauthorized.selector;
    }

    function test_P29_everyRestrictedFunctionKnowsItsRole() public {
        Guarded[] memory t = _table();
        address[13] memory callers = [
            stranger,
            registrar,
            meterOperator,
            marketOperator,
            guardian,
            gridOperator,
            feeAccount,
            supplierA,
            supplierB,
            homes[_id].owner,
            address(settlement),
            address(forward),
            address(this)
        ];
        for (uint256 i; i < t.length; ++i) {
            for (uint256 k; k < callers.length; ++k) {
                uint256 before = vm.snapshotState();
                bool refused = _try(callers[k], t[i]);
                vm.assertEq(refused ? 1 : 0, callers[k] == t[i].holder ? 0 : 1, t[i].name);
                vm.revertToState(before);
            }
            vm.assertEq(uint256(manager.getTargetFunctionRole(t[i].target, bytes4(t[i].data))), t[i].role, t[i].name);
        }
    }

    /// @dev No role, and no combination of all of them, can move money or stop anybody from taking his.
    function test_P29_allRolesTogetherMoveNoMoney() public {
        address owner = homes[_id].owner;
        Guarded[] memory t = _table();
        for (uint256 i; i < t.length; ++i) {
            vm.prank(t[i].holder);
            (bool ok,) = t[i].target.call(t[i].data);
            ok;
            vm.assertEq(free(owner), EUR, t[i].name);
        }
        vm.startPrank(owner);
        ledger.withdraw(owner, EUR);
        vm.stopPrank();
        vm.assertEq(currency.balanceOf(owner), EUR / NANO_PER_UNIT, "P5: withdrawn under every role's worst");
    }

    function test_P29_nothingIsBoundToNobody() public {
        bytes memory told = abi.encode(manager, registry, markets, ledger, forwardLevels);
        IForwardAuction f = IForwardAuction(ship("ForwardAuction", told));
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.ZeroAccount.selector));
        f.bindSettlement(address(0));
        IRegistry r = IRegistry(ship("Registry", abi.encode(manager, slotSeconds())));
        vm.expectRevert(abi.encodeWithSelector(IRegistry.ZeroAccount.selector));
        r.bindForward(address(0));
        f.bindSettlement(stranger);
        r.bindForward(stranger);
        vm.assertEq(IBindings(address(f)).settlement(), stranger, "bound by the administrator");
        vm.assertEq(IBindings(address(r)).forward(), stranger, "bound by the administrator");
    }

    /// @dev What only another contract of the core may call.
    function test_P29_callersByContract() public {
        address[9] memory callers = [
            stranger,
            registrar,
            meterOperator,
            marketOperator,
            guardian,
            homes[_id].owner,
            address(markets),
            address(manager),
            address(this)
        ];
        for (uint256 i; i < callers.length; ++i) {
            vm.startPrank(callers[i]);
            vm.expectRevert(abi.encodeWithSelector(IForwardAuction.NotSettlement.selector, callers[i]));
            forward.finish(market, 1, 1);
            vm.expectRevert(abi.encodeWithSelector(IForwardAuction.NotRegistry.selector, callers[i]));
            forward.termsChange(1, 1, true);
            vm.expectRevert(abi.encodeWithSelector(ILedger.NotForward.selector, callers[i]));
            ledger.adjustCollateral(homes[_id].owner, 1);
            vm.stopPrank();
        }
        // Nor may one of these contracts do what another one may.
        vm.startPrank(address(settlement));
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.NotRegistry.selector, address(settlement)));
        forward.termsChange(1, 1, true);
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotForward.selector, address(settlement)));
        ledger.adjustCollateral(homes[_id].owner, 1);
        forward.finish(market, 1, 1);
        vm.stopPrank();
        vm.startPrank(address(forward));
        vm.expectRevert(abi.encodeWithSelector(ILedger.NotSettlement.selector, address(forward)));
        ledger.lockUpTo(homes[_id].owner, supplierA, 1, 1);
        vm.stopPrank();
        vm.startPrank(address(registry));
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.NotSettlement.selector, address(registry)));
        forward.finish(market, 1, 1);
        vm.stopPrank();
        vm.assertEq(locked(homes[_id].owner), 0, "P4: no role can lock or free collateral");
    }

    function test_P29_bindingsAreForEver() public {
        vm.expectRevert();
        metering.bind(stranger, stranger, stranger);
        vm.expectRevert(abi.encodeWithSelector(IForwardAuction.AlreadyBound.selector, address(settlement)));
        forward.bindSettlement(stranger);
        vm.expectRevert(abi.encodeWithSelector(IRegistry.AlreadyBound.selector, address(forward)));
        registry.bindForward(stranger);
        vm.assertEq(ledger.settlement(), address(settlement), "bound");
        vm.assertEq(ledger.forward(), address(forward), "bound");
        vm.assertEq(IBindings(address(forward)).settlement(), address(settlement), "bound");
        vm.assertEq(IBindings(address(registry)).forward(), address(forward), "bound");
        vm.assertEq(IBindings(address(metering)).settlement(), address(settlement), "bound");
        vm.assertEq(IBindings(address(metering)).markets(), address(markets), "bound");
    }
}
