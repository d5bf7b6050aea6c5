// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMetering} from "../interfaces/IMetering.sol";
import {IPoints} from "../interfaces/IPoints.sol";
import {ISwitching} from "../interfaces/ISwitching.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Clocks} from "./Clocks.sol";
import {Requests} from "./Requests.sol";
import {SwitchStore} from "./SwitchTypes.sol";

/// @title Handovers: the one register value of a change, the final bill and the refund
library Handovers {
    using Clocks for SwitchStore;

    /// @notice See ISwitching.endTenancy.
    function endTenancy(SwitchStore storage s, uint32 point, uint32 slot) external returns (uint32 id) {
        require(slot != 0 && slot <= s.core.registry.currentSlot(), ISwitching.NoTenancyEnds(point, slot));
        (IPoints.Standing memory before,) = s.core.points.standingAt(point, slot - 1);
        (IPoints.Standing memory next,) = s.core.points.standingAt(point, slot);
        require(
            before.customer != next.customer && before.customer != address(0), ISwitching.NoTenancyEnds(point, slot)
        );
        require(s.tenancies[point][slot] == 0, ISwitching.HandoverKnown(s.tenancies[point][slot]));
        uint32 rules = Requests.rulesOfPoint(s, point);
        id = ++s.handoverCount;
        s.tenancies[point][slot] = id;
        ISwitching.Handover storage h = s.handovers[id];
        (h.point, h.slot, h.meter, h.losing, h.gaining) = (point, slot, before.meter, before.supplier, before.supplier);
        (h.cause, h.customer, h.rules) = (ISwitching.Cause.Tenancy, before.customer, rules);
        emit ISwitching.TenancyEnded(id, point, slot);
    }

    /// @notice See ISwitching.readMeasured.
    function readMeasured(SwitchStore storage s, uint32 id, IMetering.Reading calldata reading) external {
        ISwitching.Handover storage h = known(s, id);
        require(h.source != ISwitching.Source.Measured, ISwitching.BetterReadingKnown(id, h.source));
        _requireBegun(s, h, id);
        (uint256 first, uint256 slots) = (reading.firstSlot, reading.slots);
        require(
            h.meter != 0 && reading.meter == h.meter && first <= h.slot && h.slot <= first + slots
                && slots <= reading.intervals.length * 4 && reading.quality == IMetering.Quality.Measured,
            ISwitching.ReadingRefused(id)
        );
        (bytes memory signer, uint32 until) = s.core.registry.signerAt(h.meter, reading.firstSlot);
        require(
            until >= first + slots
                && Signatures.isSignedBy(s.core.metering.readingDigest(reading), reading.signature, signer),
            ISwitching.ReadingRefused(id)
        );
        (uint64 importWh, uint64 exportWh) = (reading.importWh, reading.exportWh);
        for (uint256 i; i < h.slot - first; ++i) {
            uint256 pair = reading.intervals[i / 4] >> (192 - 64 * (i % 4));
            (importWh, exportWh) = (importWh + uint32(pair >> 32), exportWh + uint32(pair));
        }
        _set(h, id, importWh, exportWh, ISwitching.Source.Measured);
    }

    /// @notice See ISwitching.readByCustomer; the signature has been checked.
    function readByCustomer(SwitchStore storage s, uint32 id, uint64 importWh, uint64 exportWh) external {
        ISwitching.Handover storage h = s.handovers[id];
        _requireBegun(s, h, id);
        require(h.source == ISwitching.Source.None, ISwitching.BetterReadingKnown(id, h.source));
        uint64 until = customerUntil(s, h);
        require(block.timestamp < until, ISwitching.WindowOver(until));
        _set(h, id, importWh, exportWh, ISwitching.Source.Customer);
    }

    /// @notice See ISwitching.estimate.
    function estimate(SwitchStore storage s, uint32 id, uint64 importWh, uint64 exportWh) external {
        ISwitching.Handover storage h = known(s, id);
        (IPoints.Standing memory standing,) = s.core.points.standingAt(h.point, h.slot);
        require(
            msg.sender == standing.meterAgent || msg.sender == standing.networkOperator,
            ISwitching.NotPartyOf(id, msg.sender)
        );
        require(h.source == ISwitching.Source.None, ISwitching.BetterReadingKnown(id, h.source));
        uint64 from = customerUntil(s, h);
        require(block.timestamp >= from, ISwitching.TooEarlyToEstimate(from));
        _set(h, id, importWh, exportWh, ISwitching.Source.Estimated);
    }

    /// @notice See ISwitching.dispute.
    function dispute(
        SwitchStore storage s,
        uint32 id,
        uint64 importWh,
        uint64 exportWh,
        uint64[2] calldata readAt,
        bytes32 evidence
    ) external {
        ISwitching.Handover storage h = known(s, id);
        if (msg.sender != h.customer) _supplierOf(s, h, id);
        ISwitching.Rules storage r = s.rules[h.rules];
        require(
            (h.source == ISwitching.Source.Estimated || h.source == ISwitching.Source.Customer)
                && h.dispute.raisedBy == address(0) && h.losing != h.gaining,
            ISwitching.DisputeRefused(id)
        );
        uint64 until = disputeUntil(s, h);
        require(block.timestamp < until, ISwitching.WindowOver(until));
        // The later of both readings has been made already.
        require(
            evidence != 0 && readAt[1] <= block.timestamp
                && uint256(readAt[0]) + uint256(r.evidenceDays) * 1 days <= readAt[1],
            ISwitching.NoEvidence()
        );
        uint64 difference = _apart(importWh, h.importWh);
        if (_apart(exportWh, h.exportWh) > difference) difference = _apart(exportWh, h.exportWh);
        uint64 threshold = r.disputeAboveWh[_fuel(s, h)];
        require(difference > threshold, ISwitching.BelowThreshold(difference, threshold));
        (h.dispute.raisedBy, h.dispute.evidence) = (msg.sender, evidence);
        emit ISwitching.ReadingDisputed(id, msg.sender, importWh, exportWh, readAt, evidence);
    }

    /// @notice See ISwitching.agreeReading.
    function agree(SwitchStore storage s, uint32 id, uint64 importWh, uint64 exportWh) external {
        ISwitching.Handover storage h = known(s, id);
        uint16 supplier = _supplierOf(s, h, id);
        ISwitching.Dispute storage d = h.dispute;
        require(
            d.raisedBy != address(0) && h.source < ISwitching.Source.Agreed, ISwitching.DisputeRefused(id)
        );
        uint64 until = disputeUntil(s, h);
        require(block.timestamp < until, ISwitching.WindowOver(until));
        if (d.proposedBy != 0 && d.proposedBy != supplier && d.importWh == importWh && d.exportWh == exportWh) {
            _set(h, id, importWh, exportWh, ISwitching.Source.Agreed);
            return;
        }
        (d.proposedBy, d.importWh, d.exportWh) = (supplier, importWh, exportWh);
        emit ISwitching.ReadingProposed(id, supplier, importWh, exportWh);
    }

    /// @notice See ISwitching.closeAccount.
    function closeAccount(SwitchStore storage s, uint32 id, bytes32 bill) external {
        ISwitching.Handover storage h = known(s, id);
        require(msg.sender == s.accountOf(h.losing), ISwitching.NotPartyOf(id, msg.sender));
        _requireBegun(s, h, id);
        require(bill != 0, ISwitching.NoEvidence());
        // A corrected bill does not start the clock anew.
        if (h.billedAt == 0) h.billedAt = uint64(block.timestamp);
        h.finalBill = bill;
        emit ISwitching.FinalBill(id, bill);
    }

    /// @notice See ISwitching.refund.
    function refund(SwitchStore storage s, uint32 id) external {
        ISwitching.Handover storage h = known(s, id);
        require(msg.sender == s.accountOf(h.losing), ISwitching.NotPartyOf(id, msg.sender));
        require(h.billedAt != 0 && h.refundedAt == 0, ISwitching.ReadingRefused(id));
        h.refundedAt = uint64(block.timestamp);
        emit ISwitching.Refunded(id);
    }

    /// @notice The handover with a number.
    function known(SwitchStore storage s, uint32 id) internal view returns (ISwitching.Handover storage) {
        require(id != 0 && id <= s.handoverCount, ISwitching.UnknownHandover(id));
        return s.handovers[id];
    }

    /// @notice Until when the customer's own reading counts.
    function customerUntil(SwitchStore storage s, ISwitching.Handover storage h) internal view returns (uint64) {
        ISwitching.Rules storage r = s.rules[h.rules];
        return s.afterWorkingDays(r, dayOf(s, h), r.readDays);
    }

    /// @notice Until when a value can be disputed, and agreed upon.
    function disputeUntil(SwitchStore storage s, ISwitching.Handover storage h) internal view returns (uint64) {
        ISwitching.Rules storage r = s.rules[h.rules];
        return s.startOf(r, dayOf(s, h) + r.disputeDays[_fuel(s, h)] + 1);
    }

    /// @notice The local day that a change begins with.
    function dayOf(SwitchStore storage s, ISwitching.Handover storage h) internal view returns (uint256) {
        return s.dayOf(s.rules[h.rules], uint256(h.slot) * s.core.registry.slotSeconds());
    }

    function _fuel(SwitchStore storage s, ISwitching.Handover storage h) private view returns (uint256) {
        return uint8(s.core.points.point(h.point).fuel);
    }

    function _requireBegun(SwitchStore storage s, ISwitching.Handover storage h, uint32 id) private view {
        require(h.slot <= s.core.registry.currentSlot(), ISwitching.ReadingRefused(id));
    }

    function _supplierOf(SwitchStore storage s, ISwitching.Handover storage h, uint32 id)
        private
        view
        returns (uint16)
    {
        if (msg.sender == s.accountOf(h.losing)) return h.losing;
        require(msg.sender == s.accountOf(h.gaining), ISwitching.NotPartyOf(id, msg.sender));
        return h.gaining;
    }

    function _set(
        ISwitching.Handover storage h,
        uint32 id,
        uint64 importWh,
        uint64 exportWh,
        ISwitching.Source source
    ) private {
        (h.importWh, h.exportWh, h.source) = (importWh, exportWh, source);
        emit ISwitching.ReadingSet(id, importWh, exportWh, source);
    }

    function _apart(uint64 a, uint64 b) private pure returns (uint64) {
        return a > b ? a - b : b - a;
    }
}
