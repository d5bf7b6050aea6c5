// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPoints} from "../interfaces/IPoints.sol";
import {ISwitching} from "../interfaces/ISwitching.sol";
import {Clocks} from "./Clocks.sol";
import {Moves} from "./Moves.sol";
import {SwitchStore} from "./SwitchTypes.sol";

/// @title Requests: a switch from the signed contract to the first slot of the new supply, or to its end
library Requests {
    using Clocks for SwitchStore;
    using Moves for SwitchStore;

    /// @dev Legs are counted by place in 8 bits, and one transaction has to move them all.
    uint256 internal constant MOST_POINTS = 8;

    /// @notice See ISwitching.setRules.
    function setRules(SwitchStore storage s, uint32 area, string calldata name, ISwitching.Rules calldata what)
        external
        returns (uint32 id)
    {
        s.core.registry.area(area);
        s.core.calendar.horizonOf(what.calendar);
        // Between gate closure and the first slot there is time to secure; no day's gate lies before the day before.
        require(
            what.gateSeconds >= s.core.registry.slotSeconds() && what.gateSeconds <= 1 days && what.advanceDays != 0,
            ISwitching.RulesRefused()
        );
        id = ++s.rulesCount;
        (s.rules[id], s.rulesOf[area]) = (what, id);
        emit ISwitching.RulesSet(id, area, name, what);
    }

    /// @notice The rules of an area.
    function rulesFor(SwitchStore storage s, uint32 area) public view returns (uint32 id) {
        for (uint32 above = area; above != 0; above = s.core.registry.area(above).parent) {
            id = s.rulesOf[above];
            if (id != 0) return id;
        }
    }

    /// @notice The rules under which a point is; reverts where there are none.
    function rulesOfPoint(SwitchStore storage s, uint32 point) internal view returns (uint32 id) {
        uint32 area = s.core.points.point(point).area;
        id = rulesFor(s, area);
        require(id != 0, ISwitching.NoRules(area));
    }

    /// @notice See ISwitching.setOffer.
    function setOffer(
        SwitchStore storage s,
        uint16 supplier,
        uint16 tariff,
        uint8 classes,
        uint16 termDays,
        uint64 exitFeeNano
    ) external {
        require(msg.sender == s.accountOf(supplier), ISwitching.NotSupplier(supplier, msg.sender));
        require(classes != 0 && classes < 8, ISwitching.TariffNotForClass(tariff, classes));
        ISwitching.Offer[] storage all = s.offers[supplier][tariff];
        all.push(ISwitching.Offer(uint64(block.timestamp), classes, termDays, exitFeeNano));
        emit ISwitching.OfferSet(supplier, tariff, uint32(all.length), classes, termDays, exitFeeNano);
    }

    /// @notice See ISwitching.conclude; the signature has been checked.
    function conclude(SwitchStore storage s, ISwitching.Contract calldata c, bytes32 digest, bool toRequest)
        external
        returns (uint32 id)
    {
        id = s.concluded[digest];
        if (id != 0) {
            // Who only takes it down cannot keep the supplier from requesting it in one call.
            require(toRequest, ISwitching.ContractKnown(id));
            return id;
        }
        require(!s.failed[c.supplier], ISwitching.FailedSupplier(c.supplier));
        s.accountOf(c.supplier);
        require(c.signedAt <= block.timestamp, ISwitching.SignedInFuture(c.signedAt));
        uint256 count = c.points.length;
        require(count != 0 && count <= MOST_POINTS && count == c.tariffs.length, ISwitching.BadContract());
        id = ++s.switchCount;
        s.concluded[digest] = id;
        ISwitching.Switch storage w = s.switches[id];
        for (uint256 i; i < count; ++i) {
            require(i == 0 || c.points[i] > c.points[i - 1], ISwitching.BadContract());
            (uint32 ruled, uint8 kind) = _terms(s, c.points[i]);
            if (i == 0) (w.rules, w.customerClass) = (ruled, kind);
            require(ruled == w.rules && kind == w.customerClass, ISwitching.PointsDiffer(c.points[i]));
            uint32 offer = _offerAt(s, c.supplier, c.tariffs[i], c.signedAt, kind);
            s.legs[id].push(ISwitching.Leg(c.points[i], c.tariffs[i], 0, 0, 0, offer));
        }
        (w.customer, w.supplier, w.kept) = (c.customer, c.supplier, ISwitching.State.Contracted);
        (w.beforeCoolingOffEnds, w.earliestDay, w.signedAt) = (c.beforeCoolingOffEnds, c.earliestDay, c.signedAt);
        _setClocks(s, w);
        emit ISwitching.Contracted(id, c.customer, c.supplier, c);
    }

    /// @notice See ISwitching.request.
    function request(SwitchStore storage s, uint32 id, uint32 startDay) external {
        ISwitching.Switch storage w = s.known(id);
        _requireGaining(s, w, id);
        s.requireState(id, ISwitching.State.Contracted);
        ISwitching.Rules storage r = s.rules[w.rules];
        uint256 today = s.today(r);
        require(startDay >= w.earliestDay, ISwitching.TooEarly(startDay, w.earliestDay));
        require(startDay <= today + r.advanceDays, ISwitching.TooFarAhead(startDay, uint32(today) + r.advanceDays));
        uint64 starts = s.startOf(r, startDay);
        require(w.beforeCoolingOffEnds || starts >= w.coolingUntil, ISwitching.InsideCoolingOff(w.coolingUntil));
        uint64 until = _objectUntil(s, r, w.customerClass, today);
        uint64 gate = starts - r.gateSeconds;
        // Arguments of a `require` are computed in any case; this one may lie behind the calendar's horizon.
        if (block.timestamp >= gate || until > gate) revert ISwitching.TooEarly(startDay, _earliest(s, r, until));
        (w.kept, w.objectUntil, w.startDay) = (ISwitching.State.Pending, until, startDay);
        uint32 slot = s.slotOf(r, startDay);
        ISwitching.Leg[] storage legs = s.legs[id];
        for (uint256 i; i < legs.length; ++i) _claimPoint(s, w, id, legs[i], slot, starts);
        emit ISwitching.Requested(id, startDay);
    }

    /// @notice See ISwitching.object.
    function object(SwitchStore storage s, uint32 id, uint8 place, ISwitching.Reason reason, bytes32 evidence)
        external
    {
        ISwitching.Switch storage w = s.known(id);
        ISwitching.Leg[] storage legs = s.legs[id];
        require(place < legs.length, ISwitching.NotPartyOf(id, msg.sender));
        ISwitching.State state = s.stateOf(id);
        require(
            state == ISwitching.State.Pending || state == ISwitching.State.Objected
                || state == ISwitching.State.Confirmed,
            ISwitching.WrongState(id, state)
        );
        ISwitching.Rules storage r = s.rules[w.rules];
        if (msg.sender != s.accountOf(legs[place].losing)) {
            (IPoints.Standing memory standing,) = s.core.points.standingAt(legs[place].point, s.slotOf(r, w.startDay));
            require(msg.sender == standing.networkOperator, ISwitching.NotPartyOf(id, msg.sender));
        }
        require(block.timestamp < w.objectUntil, ISwitching.WindowOver(w.objectUntil));
        require(
            (r.objectionClasses[uint8(reason)] >> w.customerClass) & 1 == 1,
            ISwitching.ReasonNotAllowed(reason, w.customerClass)
        );
        require(evidence != 0, ISwitching.NoEvidence());
        ISwitching.Objection[] storage all = s.objections[id];
        for (uint256 i; i < all.length; ++i) {
            require(all[i].by != msg.sender, ISwitching.ObjectedBefore(id, msg.sender));
        }
        uint64 until = s.afterWorkingDays(r, s.today(r), r.resolutionDays);
        all.push(ISwitching.Objection(msg.sender, place, reason, false, until, evidence));
        emit ISwitching.ObjectionRaised(id, all.length - 1, msg.sender, place, reason, evidence);
    }

    /// @notice See ISwitching.removeObjection and overrule.
    function remove(SwitchStore storage s, uint32 id, uint256 number, bool overruled) external {
        s.known(id);
        ISwitching.Objection[] storage all = s.objections[id];
        require(number < all.length && !all[number].removed, ISwitching.UnknownObjection(id, number));
        s.requireState(id, ISwitching.State.Objected);
        require(overruled || all[number].by == msg.sender, ISwitching.NotObjector(id, msg.sender));
        all[number].removed = true;
        emit ISwitching.ObjectionRemoved(id, number, overruled);
    }

    /// @notice See ISwitching.withdraw.
    function withdraw(SwitchStore storage s, uint32 id) external {
        ISwitching.Switch storage w = s.known(id);
        _requireGaining(s, w, id);
        _requireStoppable(s, w, id);
        _end(w, id, ISwitching.State.Withdrawn, false);
    }

    /// @notice See ISwitching.cancel; the signature has been checked.
    function cancel(SwitchStore storage s, uint32 id, bool back) external {
        ISwitching.Switch storage w = s.switches[id];
        // Who has no cooling-off is bound from the start.
        require(block.timestamp < w.coolingUntil, ISwitching.WindowOver(w.coolingUntil));
        if (s.stateOf(id) != ISwitching.State.Active) {
            _requireStoppable(s, w, id);
            _end(w, id, ISwitching.State.Cancelled, false);
            return;
        }
        require(!s.isDisputed(id), ISwitching.ClaimRefused(id, s.claims[id].stage));
        ISwitching.Leg[] storage legs = s.legs[id];
        (, uint32 slot) = s.nextDay(s.rules[w.rules]);
        _end(w, id, ISwitching.State.CooledOff, back);
        for (uint256 i; i < legs.length; ++i) {
            ISwitching.Leg storage leg = legs[i];
            requireUnchanged(s, id, leg.point);
            (s.lastOf[leg.point], s.stillUntil[leg.point]) = (0, 0);
            s.unbind(leg);
            if (!back) continue;
            require(!s.failed[leg.losing], ISwitching.FailedSupplier(leg.losing));
            s.move(leg.point, slot, leg.losing, leg.losingTariff, ISwitching.Cause.CoolingOff, w.rules);
        }
    }

    /// @notice See ISwitching.secure.
    function secure(SwitchStore storage s, uint32 id) external {
        ISwitching.Switch storage w = s.known(id);
        s.requireState(id, ISwitching.State.Confirmed);
        ISwitching.Rules storage r = s.rules[w.rules];
        uint64 gate = s.gateOf(r, w.startDay);
        require(block.timestamp >= gate, ISwitching.GateStillOpen(id, gate));
        (uint32 day, uint32 slot) = (w.startDay, s.slotOf(r, w.startDay));
        // Never for a slot that has begun: who comes late gets the next day.
        if (slot <= s.core.registry.currentSlot()) (day, slot) = s.nextDay(r);
        ISwitching.Leg[] storage legs = s.legs[id];
        for (uint256 i; i < legs.length; ++i) {
            (IPoints.Standing memory standing,) = s.core.points.standingAt(legs[i].point, slot);
            if (standing.customer != w.customer || standing.supplier == w.supplier) {
                _end(w, id, ISwitching.State.Lapsed, false);
                return;
            }
        }
        (w.kept, w.startDay, w.startSlot) = (ISwitching.State.Secured, day, slot);
        emit ISwitching.Secured(id, day, slot);
        uint64 still = s.afterWorkingDays(r, day, r.standstillDays);
        for (uint256 i; i < legs.length; ++i) {
            ISwitching.Leg storage leg = legs[i];
            leg.losingTariff = s.tariffOf(leg.point, slot);
            leg.handover = s.move(leg.point, slot, w.supplier, leg.tariff, ISwitching.Cause.Switch, w.rules);
            leg.losing = s.handovers[leg.handover].losing;
            s.bind(leg, w.supplier, day);
            (s.lastOf[leg.point], s.stillUntil[leg.point]) = (id, still);
        }
    }

    /// @notice A point's supplier has not changed, and is not about to, since a switch.
    function requireUnchanged(SwitchStore storage s, uint32 id, uint32 point) internal view {
        require(s.lastOf[point] == id, ISwitching.SwitchedSince(point));
        uint32 pending = s.pendingOf[point];
        require(pending == id || !s.isOnItsWay(pending), ISwitching.ChangePending(point, pending));
    }

    function _terms(SwitchStore storage s, uint32 point) private view returns (uint32 ruled, uint8 customerClass) {
        ruled = rulesOfPoint(s, point);
        // The latest is that of the customer who is about to move in, if one is.
        (IPoints.Standing memory standing,) = s.core.points.standingAt(point, type(uint32).max);
        return (ruled, uint8(standing.customerClass));
    }

    /// @dev What was in force when the customer signed: what is said later binds nobody who has signed before.
    function _offerAt(SwitchStore storage s, uint16 supplier, uint16 tariff, uint64 signedAt, uint8 customerClass)
        private
        view
        returns (uint32)
    {
        ISwitching.Offer[] storage all = s.offers[supplier][tariff];
        for (uint256 i = all.length; i > 0; --i) {
            if (all[i - 1].since > signedAt) continue;
            require(
                (all[i - 1].classes >> customerClass) & 1 == 1, ISwitching.TariffNotForClass(tariff, customerClass)
            );
            return uint32(i);
        }
        return 0;
    }

    function _setClocks(SwitchStore storage s, ISwitching.Switch storage w) private {
        ISwitching.Rules storage r = s.rules[w.rules];
        uint256 signed = s.dayOf(r, w.signedAt);
        uint256 cooling = r.coolingOffDays[w.customerClass];
        w.expiresAt = s.startOf(r, signed + r.advanceDays + 1);
        require(block.timestamp < w.expiresAt, ISwitching.ContractExpired(w.expiresAt));
        if (cooling != 0) w.coolingUntil = s.startOf(r, signed + cooling + 1);
        uint256 bound = w.beforeCoolingOffEnds ? signed : signed + cooling;
        uint256 due = s.core.calendar.workingDaysAfter(r.calendar, bound, r.switchDays);
        w.dueDay = uint32(due > w.earliestDay ? due : w.earliestDay);
    }

    /// @dev The losing side of a leg, if nothing speaks against the change.
    function _claimPoint(
        SwitchStore storage s,
        ISwitching.Switch storage w,
        uint32 id,
        ISwitching.Leg storage leg,
        uint32 slot,
        uint64 starts
    ) private {
        uint32 point = leg.point;
        (IPoints.Standing memory standing,) = s.core.points.standingAt(point, slot);
        require(standing.customer == w.customer, ISwitching.NotCustomerOfRecord(point, w.customer));
        require(uint8(standing.customerClass) == w.customerClass, ISwitching.PointsDiffer(point));
        require(standing.status == IPoints.Status.Energised, ISwitching.PointNotSupplied(point));
        require(standing.supplier != w.supplier, ISwitching.AlreadySupplied(point, w.supplier));
        uint32 pending = s.pendingOf[point];
        // Who has gone holds nobody up who has moved in.
        require(
            pending == 0 || s.switches[pending].customer != w.customer || !s.isOnItsWay(pending),
            ISwitching.ChangePending(point, pending)
        );
        require(starts >= s.stillUntil[point], ISwitching.Standstill(point, s.stillUntil[point]));
        uint32 last = s.lastOf[point];
        require(!s.isDisputed(last), ISwitching.ClaimRefused(last, s.claims[last].stage));
        s.core.tariffs.rowAt(w.supplier, leg.tariff, slot);
        (leg.losing, leg.losingTariff) = (standing.supplier, s.tariffOf(point, slot));
        s.pendingOf[point] = id;
    }

    function _objectUntil(SwitchStore storage s, ISwitching.Rules storage r, uint8 customerClass, uint256 today)
        private
        view
        returns (uint64)
    {
        uint256 count = r.objectionDays[customerClass];
        if (count == 0) return uint64(block.timestamp);
        return s.afterWorkingDays(r, today, count) - r.gateSeconds;
    }

    /// @dev First day whose gate closes when, or after, objections are over.
    function _earliest(SwitchStore storage s, ISwitching.Rules storage r, uint64 until) private view returns (uint32) {
        uint256 day = s.dayOf(r, until) + 1;
        return uint32(s.gateOf(r, day) < until ? day + 1 : day);
    }

    function _requireGaining(SwitchStore storage s, ISwitching.Switch storage w, uint32 id) private view {
        require(msg.sender == s.accountOf(w.supplier), ISwitching.NotSupplierOfSwitch(id, msg.sender));
    }

    /// @dev Before the gate of its day has closed, whatever has been said against it.
    function _requireStoppable(SwitchStore storage s, ISwitching.Switch storage w, uint32 id) private view {
        ISwitching.State state = s.stateOf(id);
        require(
            state >= ISwitching.State.Contracted && state <= ISwitching.State.Confirmed,
            ISwitching.WrongState(id, state)
        );
        if (state == ISwitching.State.Contracted) return;
        uint64 gate = s.gateOf(s.rules[w.rules], w.startDay);
        // An objection holds a switch up past its gate; it can be stopped until it goes on.
        if (state == ISwitching.State.Objected) return;
        require(block.timestamp < gate, ISwitching.GateHasClosed(id, gate));
    }

    function _end(ISwitching.Switch storage w, uint32 id, ISwitching.State state, bool back) private {
        (w.kept, w.endedAt) = (state, uint64(block.timestamp));
        emit ISwitching.Ended(id, state, back);
    }
}
