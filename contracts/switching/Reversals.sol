// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {IPoints} from "../interfaces/IPoints.sol";
import {ISwitching} from "../interfaces/ISwitching.sol";
import {Clocks} from "./Clocks.sol";
import {Handovers} from "./Handovers.sol";
import {Moves} from "./Moves.sol";
import {Requests} from "./Requests.sol";
import {SwitchStore} from "./SwitchTypes.sol";

/// @title Reversals: switches that nobody wanted, suppliers that have failed, and what a missed clock costs
library Reversals {
    using Clocks for SwitchStore;
    using Moves for SwitchStore;
    using SafeERC20 for IERC20Metadata;

    uint256 private constant NANO_DECIMALS = 9;
    /// @dev The customer's bit among those who agree to a claim.
    uint16 private constant CUSTOMER = 1 << 15;

    /// @notice See ISwitching.claimError; the signature has been checked.
    function claim(SwitchStore storage s, uint32 id, bool byCustomer) external {
        ISwitching.Switch storage w = s.known(id);
        s.requireState(id, ISwitching.State.Active);
        uint16 mine = byCustomer ? CUSTOMER : _bitsOf(s, w, id);
        require(mine != 0, ISwitching.NotPartyOf(id, msg.sender));
        ISwitching.ErrorClaim storage e = s.claims[id];
        bool raised = byCustomer && e.stage == ISwitching.ClaimStage.Claimed && e.agreed & CUSTOMER == 0;
        require(raised || e.stage == ISwitching.ClaimStage.None, ISwitching.ClaimRefused(id, e.stage));
        if (raised) {
            emit ISwitching.ErrorClaimed(id, msg.sender, byCustomer);
            _agree(s, w, id, mine);
            return;
        }
        ISwitching.Rules storage r = s.rules[w.rules];
        uint64 until = s.startOf(r, uint256(w.startDay) + r.claimDays);
        require(block.timestamp < until, ISwitching.WindowOver(until));
        ISwitching.Leg[] storage legs = s.legs[id];
        for (uint256 i; i < legs.length; ++i) Requests.requireUnchanged(s, id, legs[i].point);
        e.stage = ISwitching.ClaimStage.Claimed;
        e.answerUntil = s.afterWorkingDays(r, s.today(r), r.answerDays);
        emit ISwitching.ErrorClaimed(id, msg.sender, byCustomer);
        // Who claims it has agreed to it.
        _agree(s, w, id, mine);
    }

    /// @notice See ISwitching.answerClaim.
    function answer(SwitchStore storage s, uint32 id, bool agree, bytes32 evidence) external {
        ISwitching.Switch storage w = s.known(id);
        ISwitching.ErrorClaim storage e = s.claims[id];
        uint16 mine = _bitsOf(s, w, id);
        require(mine != 0, ISwitching.NotPartyOf(id, msg.sender));
        require(e.stage == ISwitching.ClaimStage.Claimed, ISwitching.ClaimRefused(id, e.stage));
        require(agree || evidence != 0, ISwitching.NoEvidence());
        emit ISwitching.ErrorAnswered(id, msg.sender, agree, evidence);
        if (agree) _agree(s, w, id, mine);
        else (e.stage, e.closedAt) = (ISwitching.ClaimStage.Denied, uint64(block.timestamp));
    }

    /// @notice See ISwitching.ruleOnClaim.
    function rule(SwitchStore storage s, uint32 id, bool erroneous) external {
        ISwitching.Switch storage w = s.known(id);
        ISwitching.ErrorClaim storage e = s.claims[id];
        bool late = e.stage == ISwitching.ClaimStage.Claimed && block.timestamp >= e.answerUntil;
        require(late || e.stage == ISwitching.ClaimStage.Denied, ISwitching.ClaimRefused(id, e.stage));
        emit ISwitching.ErrorRuled(id, erroneous);
        if (erroneous) _accept(s, w, id);
        else (e.stage, e.closedAt) = (ISwitching.ClaimStage.Dismissed, uint64(block.timestamp));
    }

    /// @notice See ISwitching.returnSupply.
    function returnSupply(SwitchStore storage s, uint32 id) external {
        ISwitching.Switch storage w = s.known(id);
        ISwitching.ErrorClaim storage e = s.claims[id];
        require(e.stage == ISwitching.ClaimStage.Agreed, ISwitching.ClaimRefused(id, e.stage));
        (e.stage, e.returnedAt) = (ISwitching.ClaimStage.Returned, uint64(block.timestamp));
        (w.kept, w.endedAt) = (ISwitching.State.Reversed, uint64(block.timestamp));
        emit ISwitching.Ended(id, ISwitching.State.Reversed, true);
        ISwitching.Rules storage r = s.rules[w.rules];
        (uint32 day, uint32 slot) = s.nextDay(r);
        e.compensateUntil = s.afterWorkingDays(r, day, r.compensationDays);
        ISwitching.Leg[] storage legs = s.legs[id];
        for (uint256 i; i < legs.length; ++i) {
            ISwitching.Leg storage leg = legs[i];
            uint32 point = leg.point;
            Requests.requireUnchanged(s, id, point);
            (s.lastOf[point], s.stillUntil[point]) = (0, 0);
            s.unbind(leg);
            // Who has failed takes nobody back: the customer stays, and may choose anew.
            if (s.failed[leg.losing]) continue;
            s.move(point, slot, leg.losing, leg.losingTariff, ISwitching.Cause.ErroneousTransfer, w.rules);
            s.restatements[point].push(ISwitching.Restatement(w.startSlot, slot, leg.losing, leg.losingTariff));
            emit ISwitching.Restated(point, w.startSlot, slot, leg.losing, leg.losingTariff);
        }
    }

    /// @notice See ISwitching.compensate.
    function compensate(
        SwitchStore storage s,
        uint32 id,
        uint128 backNano,
        uint128[] calldata dueNano,
        bytes32 statement
    ) external {
        ISwitching.Switch storage w = s.known(id);
        require(msg.sender == s.accountOf(w.supplier), ISwitching.NotSupplierOfSwitch(id, msg.sender));
        ISwitching.ErrorClaim storage e = s.claims[id];
        require(
            e.stage == ISwitching.ClaimStage.Returned && e.compensatedAt == 0, ISwitching.ClaimRefused(id, e.stage)
        );
        require(statement != 0, ISwitching.NoEvidence());
        ISwitching.Leg[] storage legs = s.legs[id];
        require(dueNano.length == legs.length, ISwitching.BadContract());
        (e.compensatedAt, e.backNano, e.compensation) = (uint64(block.timestamp), backNano, statement);
        emit ISwitching.Compensated(id, backNano, dueNano, statement);
        uint128 left = backNano;
        for (uint256 i; i < legs.length; ++i) {
            uint128 paid = dueNano[i] < left ? dueNano[i] : left;
            left -= paid;
            _pay(s, s.accountOf(legs[i].losing), paid);
        }
        _pay(s, w.customer, left);
    }

    /// @notice See ISwitching.payLiability.
    function payLiability(SwitchStore storage s, uint32 id) external {
        require(id != 0 && id <= s.liabilityCount, ISwitching.UnknownLiability(id));
        ISwitching.Liability storage l = s.liabilities[id];
        require(l.paidAt == 0, ISwitching.LiabilityIsPaid(id));
        l.paidAt = uint64(block.timestamp);
        emit ISwitching.LiabilityPaid(id, msg.sender);
        _pay(s, l.customer, l.amountNano);
    }

    /// @notice See ISwitching.moveToLastResort.
    function lastResort(
        SwitchStore storage s,
        uint16 failed,
        uint16 successor,
        uint32[] calldata points,
        uint16[] calldata tariffs
    ) external {
        require(s.failed[failed], ISwitching.NotFailed(failed));
        require(!s.failed[successor], ISwitching.FailedSupplier(successor));
        require(points.length == tariffs.length, ISwitching.BadContract());
        for (uint256 i; i < points.length; ++i) {
            uint32 point = points[i];
            uint32 rules = Requests.rulesOfPoint(s, point);
            (, uint32 slot) = s.nextDay(s.rules[rules]);
            (IPoints.Standing memory standing,) = s.core.points.standingAt(point, slot);
            // Somebody may have left meanwhile; the others are not kept waiting for that.
            if (standing.supplier != failed) continue;
            s.core.tariffs.rowAt(successor, tariffs[i], slot);
            s.stillUntil[point] = 0;
            delete s.bindings[point];
            if (!s.isDisputed(s.lastOf[point])) s.lastOf[point] = 0;
            emit ISwitching.LastResort(point, failed, successor, tariffs[i]);
            s.move(point, slot, successor, tariffs[i], ISwitching.Cause.SupplierFailed, rules);
        }
    }

    /// @notice See ISwitching.claimLiability.
    function liable(SwitchStore storage s, ISwitching.Clock clock, uint32 subject, uint8 place)
        external
        returns (uint32 id)
    {
        bool ofHandover = clock == ISwitching.Clock.FinalBill || clock == ISwitching.Clock.Refund;
        (uint16 supplier, bool missed) = ofHandover
            ? _ofHandover(s, Handovers.known(s, subject), clock, place)
            : _ofSwitch(s, s.known(subject), clock, subject, place);
        uint256 key = (uint256(clock) << 40) | (uint256(subject) << 8) | place;
        require(missed && s.owed[key] == 0, ISwitching.NotMissed(clock, subject));
        address customer = ofHandover ? s.handovers[subject].customer : s.switches[subject].customer;
        uint64 amount = s.rules[ofHandover ? s.handovers[subject].rules : s.switches[subject].rules].liabilityNano;
        id = ++s.liabilityCount;
        s.owed[key] = id;
        s.liabilities[id] = ISwitching.Liability(clock, subject, place, supplier, customer, amount, 0);
        emit ISwitching.LiabilityArisen(id, customer, supplier, clock, subject, place, amount);
    }

    /// @dev From the caller's tokens into an account of the ledger; nothing is kept here.
    function _pay(SwitchStore storage s, address account, uint256 nano) private {
        if (nano == 0) return;
        (ILedger ledger, IERC20Metadata token) = (s.core.ledger, s.core.token);
        uint256 decimals = token.decimals();
        // What is no whole number of the token's unit the ledger refuses.
        uint256 units = decimals < NANO_DECIMALS
            ? nano / 10 ** (NANO_DECIMALS - decimals)
            : nano * 10 ** (decimals - NANO_DECIMALS);
        token.safeTransferFrom(msg.sender, address(this), units);
        token.forceApprove(address(ledger), units);
        ledger.deposit(account, nano);
    }

    function _ofHandover(
        SwitchStore storage s,
        ISwitching.Handover storage h,
        ISwitching.Clock clock,
        uint8 place
    ) private view returns (uint16 supplier, bool missed) {
        ISwitching.Rules storage r = s.rules[h.rules];
        supplier = h.losing;
        // Nobody is owed where nobody lived.
        if (place != 0 || h.customer == address(0)) return (supplier, false);
        if (clock == ISwitching.Clock.FinalBill) {
            missed = _passed(s.startOf(r, Handovers.dayOf(s, h) + r.finalBillDays + 1), h.billedAt);
        } else if (h.billedAt != 0) {
            missed = _passed(s.afterWorkingDays(r, s.dayOf(r, h.billedAt), r.refundDays), h.refundedAt);
        }
    }

    function _ofSwitch(
        SwitchStore storage s,
        ISwitching.Switch storage w,
        ISwitching.Clock clock,
        uint32 id,
        uint8 place
    ) private view returns (uint16 supplier, bool missed) {
        ISwitching.ErrorClaim storage e = s.claims[id];
        ISwitching.Leg[] storage legs = s.legs[id];
        require(place <= legs.length, ISwitching.NotMissed(clock, id));
        supplier = place == 0 ? w.supplier : legs[place - 1].losing;
        if (clock == ISwitching.Clock.Switch) {
            if (place != 0) return (supplier, false);
            missed = _switchIsLate(s, w, id);
        } else if (clock == ISwitching.Clock.ErroneousTransfer) {
            missed = place == 0 && e.stage >= ISwitching.ClaimStage.Agreed;
        } else if (clock == ISwitching.Clock.Answer) {
            missed = e.answerUntil != 0 && _passed(e.answerUntil, e.closedAt) && (e.inTime >> place) & 1 == 0;
        } else if (clock == ISwitching.Clock.ReturnSupply) {
            missed = place != 0 && e.returnUntil != 0 && _passed(e.returnUntil, e.returnedAt);
        } else if (clock == ISwitching.Clock.Compensation) {
            missed = place == 0 && e.compensateUntil != 0 && _passed(e.compensateUntil, e.compensatedAt);
        }
    }

    function _switchIsLate(SwitchStore storage s, ISwitching.Switch storage w, uint32 id)
        private
        view
        returns (bool)
    {
        uint64 due = s.startOf(s.rules[w.rules], uint256(w.dueDay) + 1);
        if (block.timestamp < due) return false;
        if (w.startSlot != 0) return w.startDay > w.dueDay;
        if (w.endedAt != 0) return w.endedAt >= due;
        // What was stopped by an objection that stood is no fault of who wanted to come.
        return s.stateOf(id) != ISwitching.State.Upheld;
    }

    /// @dev Whether a time is over and nothing was done before it.
    function _passed(uint64 until, uint64 done) private view returns (bool) {
        return block.timestamp >= until && (done == 0 || done >= until);
    }

    function _agree(SwitchStore storage s, ISwitching.Switch storage w, uint32 id, uint16 mine) private {
        ISwitching.ErrorClaim storage e = s.claims[id];
        e.agreed |= mine;
        if (block.timestamp < e.answerUntil) e.inTime |= mine;
        uint16 everyone = (uint16(2) << uint16(s.legs[id].length)) - 1;
        if (e.agreed == (everyone | CUSTOMER)) _accept(s, w, id);
    }

    function _accept(SwitchStore storage s, ISwitching.Switch storage w, uint32 id) private {
        ISwitching.ErrorClaim storage e = s.claims[id];
        ISwitching.Rules storage r = s.rules[w.rules];
        if (e.closedAt == 0) e.closedAt = uint64(block.timestamp);
        e.stage = ISwitching.ClaimStage.Agreed;
        e.returnUntil = s.afterWorkingDays(r, s.today(r), r.returnDays);
    }

    /// @dev What the caller stands for: the lowest bit is the gaining supplier, then the losing one of each leg; the
    /// highest is the customer.
    function _bitsOf(SwitchStore storage s, ISwitching.Switch storage w, uint32 id)
        private
        view
        returns (uint16 bits)
    {
        if (msg.sender == w.customer) bits = CUSTOMER;
        if (msg.sender == s.accountOf(w.supplier)) bits |= 1;
        ISwitching.Leg[] storage legs = s.legs[id];
        for (uint256 i; i < legs.length; ++i) {
            if (legs[i].losing != 0 && msg.sender == s.accountOf(legs[i].losing)) bits |= uint16(2) << uint16(i);
        }
    }
}
