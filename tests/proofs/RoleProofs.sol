// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Markets} from "../../contracts/Markets.sol";
import {Metering} from "../../contracts/Metering.sol";
import {Registry} from "../../contracts/Registry.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {vm} from "./Cheats.sol";

/// @title Roles: a restricted function refuses everybody who does not hold its role
/// @dev OpenZeppelin's AccessManager as it is deployed, with roles as the deployment sets them; the caller and what he
/// sends are symbolic. ForwardAuction, Levels and ForwardLevels have linked libraries, which halmos does not take:
/// theirs is shown by Roles.t.sol for every function.
contract RoleProofs {
    uint64 private constant REGISTRAR = 1;
    uint64 private constant METER_OPERATOR = 2;
    uint64 private constant MARKET_OPERATOR = 3;
    uint64 private constant GUARDIAN = 4;
    address private constant HOLDER = address(0x401D);

    AccessManager private _manager;
    Registry private _registry;
    Metering private _metering;
    Markets private _markets;

    function setUp() public {
        _manager = new AccessManager(address(this));
        _registry = new Registry(address(_manager), 900);
        _metering = new Metering(address(_manager), _registry);
        _markets = new Markets(address(_manager), _registry, _metering);
        _allow(address(_registry), _registry.addArea.selector, REGISTRAR);
        _allow(address(_registry), _registry.addSupplier.selector, REGISTRAR);
        _allow(address(_registry), _registry.registerMeter.selector, REGISTRAR);
        _allow(address(_registry), _registry.setTerms.selector, REGISTRAR);
        _allow(address(_registry), _registry.setBoundary.selector, REGISTRAR);
        _allow(address(_registry), _registry.setSigner.selector, METER_OPERATOR);
        _allow(address(_metering), _metering.exchangeMeter.selector, METER_OPERATOR);
        _allow(address(_metering), _metering.correct.selector, METER_OPERATOR);
        _allow(address(_markets), _markets.createMarket.selector, MARKET_OPERATOR);
        _allow(address(_markets), _markets.setPaused.selector, GUARDIAN);
        for (uint64 role = REGISTRAR; role <= GUARDIAN; ++role) _manager.grantRole(role, HOLDER, 0);
        // A home to be acted on: what is refused would be done, were it not for the role.
        vm.prank(HOLDER);
        _registry.addArea(0, HOLDER);
        vm.prank(HOLDER);
        _registry.addSupplier(HOLDER, "s");
        vm.warp(900_000_000);
        vm.prank(HOLDER);
        _registry.registerMeter(1, "c", IRegistry.Terms(HOLDER, 1_000_000, 1, 1, 9, true), abi.encodePacked(HOLDER));
    }

    function _allow(address target, bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        _manager.setTargetFunctionRole(target, selectors, role);
    }

    function _refuses(address caller, uint64 role, address target, bytes memory call) private {
        (bool member,) = _manager.hasRole(role, caller);
        vm.assume(!member && caller != address(this));
        vm.prank(caller);
        (bool ok,) = target.call(call);
        assert(!ok);
    }

    /// @dev P29: areas, suppliers, meters, terms, border meters.
    function check_P29_registrar(address caller, uint8 which, uint32 id, address account, IRegistry.Terms memory terms)
        external
    {
        bytes memory call = which == 0
            ? abi.encodeCall(_registry.addArea, (id, account))
            : which == 1
                ? abi.encodeCall(_registry.addSupplier, (account, "name"))
                : which == 2
                    ? abi.encodeCall(_registry.registerMeter, (id, "c", terms, ""))
                    : which == 3
                        ? abi.encodeCall(_registry.setTerms, (id, terms))
                        : abi.encodeCall(_registry.setBoundary, (id, id, id, id));
        _refuses(caller, REGISTRAR, address(_registry), call);
    }

    /// @dev P29: keys, exchanges of meters, corrections.
    function check_P29_meterOperator(address caller, uint8 which, uint32 id, uint32 slot, uint64 wh) external {
        IMetering.Exchange memory e = IMetering.Exchange(id, slot, wh, wh, 0, 0, "", "");
        IMetering.Correction memory c;
        (c.meter, c.firstSlot) = (id, slot);
        if (which == 0) {
            bytes memory call = abi.encodeCall(_registry.setSigner, (id, slot, abi.encodePacked(caller)));
            _refuses(caller, METER_OPERATOR, address(_registry), call);
        } else if (which == 1) {
            _refuses(caller, METER_OPERATOR, address(_metering), abi.encodeCall(_metering.exchangeMeter, (e)));
        } else {
            bytes memory call = abi.encodeCall(_metering.correct, (c, new IMetering.Reading[](0)));
            _refuses(caller, METER_OPERATOR, address(_metering), call);
        }
    }

    /// @dev P29: markets.
    function check_P29_marketOperator(address caller, IMarkets.MarketParams memory p) external {
        IMarkets.Registration memory r;
        _refuses(caller, MARKET_OPERATOR, address(_markets), abi.encodeCall(_markets.createMarket, (p, r)));
    }

    /// @dev P29: pausing, by the guardian alone.
    function check_P29_guardian(address caller, bool paused) external {
        _refuses(caller, GUARDIAN, address(_markets), abi.encodeCall(_markets.setPaused, (paused)));
    }

    /// @dev P29: what is named once at deployment, only by the admin.
    function check_P29_admin(address caller, uint8 which, address a, address b) external {
        vm.assume(caller != address(this));
        (bool member,) = _manager.hasRole(_manager.ADMIN_ROLE(), caller);
        vm.assume(!member);
        vm.prank(caller);
        (bool ok,) = which == 0
            ? address(_registry).call(abi.encodeCall(_registry.bindForward, (a)))
            : address(_metering).call(abi.encodeCall(_metering.bind, (a, b, a)));
        assert(!ok);
    }

    /// @dev P29: nobody gives himself a role.
    function check_P29_noRoleIsTaken(address caller, uint64 role, address account, uint32 delay) external {
        vm.assume(caller != address(this));
        vm.prank(caller);
        (bool ok,) = address(_manager).call(abi.encodeCall(_manager.grantRole, (role, account, delay)));
        assert(!ok);
    }

    /// @dev P27: every slot has the terms that were set last for it; a change never reaches back.
    function check_P27_termsAreATimeline(IRegistry.Terms memory terms, uint32 slot) external {
        vm.assume(slot >= 1_000_000);
        vm.prank(HOLDER);
        (bool ok,) = address(_registry).call(abi.encodeCall(_registry.setTerms, (1, terms)));
        (IRegistry.Terms memory got, uint32 until) = _registry.termsAt(1, slot);
        bool changed = ok && slot >= terms.fromSlot;
        assert(!ok || terms.fromSlot > 1_000_000);
        assert(got.owner == (changed ? terms.owner : HOLDER) && got.supplier == (changed ? terms.supplier : 1));
        assert(got.tariff == (changed ? terms.tariff : 1) && got.fuseWh == (changed ? terms.fuseWh : 9));
        assert(until == (ok && !changed ? terms.fromSlot : type(uint32).max));
    }
}
