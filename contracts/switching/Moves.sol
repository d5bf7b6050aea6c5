// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoints} from "../interfaces/IPoints.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ISwitching} from "../interfaces/ISwitching.sol";
import {SwitchStore} from "./SwitchTypes.sol";

/// @title Moves: the one way by which a point comes to another supplier
library Moves {
    /// @notice From `slot` on `gaining` supplies the point, and its meter settles with him at `tariff`.
    /// @return id the handover, with one register value for both suppliers
    function move(
        SwitchStore storage s,
        uint32 point,
        uint32 slot,
        uint16 gaining,
        uint16 tariff,
        ISwitching.Cause cause,
        uint32 rules
    ) internal returns (uint32 id) {
        (IPoints.Standing memory before,) = s.core.points.standingAt(point, slot);
        s.core.points.setSupplier(point, slot, gaining);
        id = ++s.handoverCount;
        ISwitching.Handover storage h = s.handovers[id];
        (h.point, h.slot, h.meter, h.losing, h.gaining) = (point, slot, before.meter, before.supplier, gaining);
        (h.cause, h.customer, h.rules) = (cause, before.customer, rules);
        emit ISwitching.HandedOver(id, point, slot, before.supplier, gaining, tariff, cause);
        if (!_settles(s, point, before)) return id;
        (IRegistry.Terms memory terms,) = s.core.registry.termsAt(before.meter, slot);
        (terms.fromSlot, terms.supplier, terms.tariff) = (slot, gaining, tariff);
        s.core.registry.setTerms(before.meter, terms);
    }

    /// @notice Binds a point's customer by the offer of his contract; who leaves another before his term owes the fee.
    function bind(SwitchStore storage s, ISwitching.Leg storage leg, uint16 supplier, uint32 day) internal {
        ISwitching.Binding memory before = s.bindings[leg.point];
        s.bindingsBefore[leg.handover] = before;
        if (before.supplier == leg.losing && day < before.untilDay && before.exitFeeNano != 0) {
            s.handovers[leg.handover].exitFeeNano = before.exitFeeNano;
            emit ISwitching.ExitFeeDue(leg.handover, before.exitFeeNano);
        }
        ISwitching.Binding memory bound;
        if (leg.offer != 0) {
            ISwitching.Offer storage offer = s.offers[supplier][leg.tariff][leg.offer - 1];
            bound = ISwitching.Binding(supplier, day + offer.termDays, offer.exitFeeNano);
        }
        s.bindings[leg.point] = bound;
    }

    /// @notice Undoes that: who cools off, or never wanted it, owes no fee and is bound as before.
    function unbind(SwitchStore storage s, ISwitching.Leg storage leg) internal {
        s.bindings[leg.point] = s.bindingsBefore[leg.handover];
        if (s.handovers[leg.handover].exitFeeNano == 0) return;
        s.handovers[leg.handover].exitFeeNano = 0;
        emit ISwitching.ExitFeeDue(leg.handover, 0);
    }

    /// @notice The tariff by which a point settles in a slot; zero where no meter of its own says so.
    function tariffOf(SwitchStore storage s, uint32 point, uint32 slot) internal view returns (uint16) {
        (IPoints.Standing memory standing,) = s.core.points.standingAt(point, slot);
        if (!_settles(s, point, standing)) return 0;
        (IRegistry.Terms memory terms,) = s.core.registry.termsAt(standing.meter, slot);
        return terms.tariff;
    }

    /// @dev Whether a meter settles with the supplier of the point; that of feed-in alone is of record only, since a
    /// meter has one supplier.
    function _settles(SwitchStore storage s, uint32 point, IPoints.Standing memory standing)
        private
        view
        returns (bool)
    {
        return standing.meter != 0 && !s.core.points.point(point).exports;
    }
}
