// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ICalendar} from "./ICalendar.sol";
import {ILedger} from "./ILedger.sol";
import {IMetering} from "./IMetering.sol";
import {IPoints} from "./IPoints.sol";
import {IRegistry} from "./IRegistry.sol";
import {ITariffs} from "./ITariffs.sol";

/// @title Switching: from one supplier to another, by clocks that nobody can bend
/// @notice Promises:
/// - a point's supplier changes only with a contract that its customer of record has signed, by sending him back when
///   he cools off or was transferred by error, or when his supplier has failed;
/// - several points of a customer (electricity and gas, import and export) change in one transaction, or none does;
/// - what is on its way is stopped only by the customer who cools off, by the supplier who withdraws, or by an
///   objection that the rules allow for the customer's class, with evidence, in the window, once; never after gate
///   closure;
/// - a change begins with a local day that has not begun, so every slot has one supplier, without gap or overlap, and
///   settlement splits there; at most one change of a point is on its way;
/// - each change has one register value, which closes the old account and opens the new one;
/// - whoever misses a clock owes the customer a fixed sum, once.
///
/// Rules hold by area and what lies below it; a switch keeps those of its request. Days are those of their calendar.
/// Assumes: suppliers check who signs; the regulator rules fairly. Switching must hold the role SWITCHING (`Points`)
/// and REGISTRAR (`Registry.setTerms`). Who may call: regulator (rules, objections overruled, claims ruled, failed
/// suppliers), the supplier concerned, the customer or anybody with his signature, and for the rest anybody.
interface ISwitching {
    /// @notice Where a switch stands; what follows from the clock alone is told without a transaction.
    enum State {
        None,
        Contracted,
        Pending,
        Objected,
        Confirmed,
        Secured,
        Active,
        Lapsed,
        Withdrawn,
        Cancelled,
        Upheld,
        CooledOff,
        Reversed
    }

    /// @notice Why a supplier objects.
    enum Reason {
        Debt,
        ContractTerms,
        ErroneousTransfer,
        CustomerRequest,
        RelatedPoints
    }

    /// @notice Why the supplier of a point changes; of a tenancy it is the customer who does.
    enum Cause {
        Switch,
        CoolingOff,
        ErroneousTransfer,
        SupplierFailed,
        Tenancy
    }

    /// @notice Where a register value comes from, from the weakest to the strongest.
    enum Source {
        None,
        Estimated,
        Customer,
        Agreed,
        Measured
    }

    /// @notice What clock was missed.
    enum Clock {
        Switch,
        FinalBill,
        Refund,
        ErroneousTransfer,
        Answer,
        ReturnSupply,
        Compensation
    }

    enum ClaimStage {
        None,
        Claimed,
        Denied,
        Dismissed,
        Agreed,
        Returned
    }

    /// @notice What holds in an area. Lists by customer class (domestic, micro business, business) and by fuel
    /// (electricity, gas). Days are working days unless they are called calendar days.
    /// @param gateSeconds how long before local midnight changes of the next day are fixed; a slot at least
    /// @param advanceDays calendar days ahead for which a switch may be requested, and a contract stays good
    /// @param switchDays from contract, end of cooling-off or wanted day, whichever is last, to the new supply
    /// @param standstillDays after a change in which no other begins
    /// @param objectionDays in which a supplier may object, up to gate closure of the last one; zero: never
    /// @param resolutionDays until an objection that nobody has removed is upheld
    /// @param coolingOffDays calendar days from contract; zero: none
    /// @param objectionClasses by reason: the customer classes for which it counts, a bit each
    /// @param readDays after a change in which the customer's own reading counts
    /// @param evidenceDays calendar days between two readings that dispute a value
    /// @param disputeDays calendar days from a change until its value is final
    /// @param disputeAboveWh smallest difference that can be disputed
    /// @param finalBillDays calendar days
    /// @param claimDays calendar days from a change in which it may be claimed to be erroneous
    /// @param liabilityNano for each clock that is missed
    struct Rules {
        uint32 calendar;
        uint32 gateSeconds;
        uint8 advanceDays;
        uint8 switchDays;
        uint8 standstillDays;
        uint8[3] objectionDays;
        uint8 resolutionDays;
        uint8[3] coolingOffDays;
        uint8[5] objectionClasses;
        uint8 readDays;
        uint8 evidenceDays;
        uint8[2] disputeDays;
        uint64[2] disputeAboveWh;
        uint8 finalBillDays;
        uint8 refundDays;
        uint16 claimDays;
        uint8 answerDays;
        uint8 returnDays;
        uint8 compensationDays;
        uint64 liabilityNano;
    }

    /// @notice What a customer signs.
    /// @param tariffs one for each point
    /// @param earliestDay first local day on which the supply may begin
    /// @param beforeCoolingOffEnds whether it may begin while the contract can still be cancelled
    /// @param terms hash of the text of the contract
    /// @param signedAt unix time
    struct Contract {
        uint32[] points;
        uint16[] tariffs;
        address customer;
        uint16 supplier;
        uint32 earliestDay;
        bool beforeCoolingOffEnds;
        bytes32 terms;
        uint64 signedAt;
    }

    /// @notice What a supplier binds a tariff to, from when it was said on; contracts are under what was in force when
    /// they were signed. A tariff of which nothing was said is for everybody, without a term or fee.
    /// @param classes the customer classes that it is for, a bit each
    /// @param termDays calendar days from the first one for which the customer is bound
    /// @param exitFeeNano what he owes who leaves of his own will within them
    struct Offer {
        uint64 since;
        uint8 classes;
        uint16 termDays;
        uint64 exitFeeNano;
    }

    /// @notice Until which local day a customer is bound to a supplier, and by what fee.
    struct Binding {
        uint16 supplier;
        uint32 untilDay;
        uint64 exitFeeNano;
    }

    /// @notice One point of a switch.
    /// @param offer which of the offers of its tariff holds, counted from 1; zero: none
    /// @param losing supplier from whom it goes, and his tariff; known from the request on
    struct Leg {
        uint32 point;
        uint16 tariff;
        uint16 losing;
        uint16 losingTariff;
        uint32 handover;
        uint32 offer;
    }

    /// @notice A switch as it is kept; `stateOf` adds what follows from the clock.
    /// @param expiresAt until when it can be requested
    /// @param objectUntil end of the objection window
    /// @param coolingUntil end of cooling-off; zero: there is none
    /// @param dueDay last local day on which the supply may begin in time
    /// @param startDay local day with which the supply begins, and its first slot
    /// @param endedAt when it was stopped
    struct Switch {
        address customer;
        uint16 supplier;
        uint8 customerClass;
        State kept;
        bool beforeCoolingOffEnds;
        uint32 rules;
        uint64 signedAt;
        uint64 expiresAt;
        uint64 objectUntil;
        uint64 coolingUntil;
        uint64 endedAt;
        uint32 earliestDay;
        uint32 dueDay;
        uint32 startDay;
        uint32 startSlot;
    }

    /// @param place of the leg whose supplier, or network operator, objects
    /// @param resolveUntil when it is upheld if it still stands
    struct Objection {
        address by;
        uint8 place;
        Reason reason;
        bool removed;
        uint64 resolveUntil;
        bytes32 evidence;
    }

    /// @notice One change of a point's supplier, or of its customer: then both suppliers are the same.
    /// @param slot the first of the gaining supplier; registers are those at its beginning
    /// @param exitFeeNano what the customer owes the losing supplier for leaving within his term
    /// @param meter zero: the point had none
    struct Handover {
        uint32 point;
        uint32 slot;
        uint32 meter;
        uint16 losing;
        uint16 gaining;
        Cause cause;
        address customer;
        uint32 rules;
        uint64 importWh;
        uint64 exportWh;
        Source source;
        Dispute dispute;
        uint64 billedAt;
        uint64 refundedAt;
        uint64 exitFeeNano;
        bytes32 finalBill;
    }

    /// @param raisedBy zero: there is none
    /// @param agreed what the first of both suppliers holds to be right
    struct Dispute {
        address raisedBy;
        bytes32 evidence;
        uint16 proposedBy;
        uint64 importWh;
        uint64 exportWh;
    }

    /// @notice That a switch was no wish of the customer's.
    /// @param agreed a bit for the gaining supplier (the lowest), one for the losing supplier of each leg, and the
    /// highest for the customer
    /// @param inTime the same, of those who agreed before `answerUntil`
    /// @param closedAt when it was first agreed upon, denied or dismissed
    /// @param returnUntil, compensateUntil the clocks; zero: they do not run yet
    struct ErrorClaim {
        ClaimStage stage;
        uint16 agreed;
        uint16 inTime;
        uint64 answerUntil;
        uint64 closedAt;
        uint64 returnUntil;
        uint64 returnedAt;
        uint64 compensateUntil;
        uint64 compensatedAt;
        uint128 backNano;
        bytes32 compensation;
    }

    /// @notice What a supplier owes a customer for a missed clock.
    /// @param subject the switch; for `FinalBill` and `Refund` the handover
    /// @param place zero, or which of the suppliers of a claim: 0 the gaining, 1.. the losing one of a leg
    struct Liability {
        Clock clock;
        uint32 subject;
        uint8 place;
        uint16 supplier;
        address customer;
        uint64 amountNano;
        uint64 paidAt;
    }

    /// @notice Slots that count for another supplier than supplied them, after an erroneous transfer.
    struct Restatement {
        uint32 fromSlot;
        uint32 untilSlot;
        uint16 supplier;
        uint16 tariff;
    }

    event RulesSet(uint32 indexed rules, uint32 indexed area, string name, Rules what);
    event OfferSet(
        uint16 indexed supplier,
        uint16 indexed tariff,
        uint32 offer,
        uint8 classes,
        uint16 termDays,
        uint64 exitFeeNano
    );
    event ExitFeeDue(uint32 indexed handover, uint64 exitFeeNano);
    event Contracted(uint32 indexed id, address indexed customer, uint16 indexed supplier, Contract what);
    event Requested(uint32 indexed id, uint32 startDay);
    event ObjectionRaised(uint32 indexed id, uint256 number, address by, uint8 place, Reason reason, bytes32 evidence);
    event ObjectionRemoved(uint32 indexed id, uint256 number, bool overruled);
    event Secured(uint32 indexed id, uint32 startDay, uint32 startSlot);
    /// @notice Stopped for good.
    /// @param back whether its points go back; what hands them over comes after it
    event Ended(uint32 indexed id, State state, bool back);
    event HandedOver(
        uint32 indexed handover,
        uint32 indexed point,
        uint32 slot,
        uint16 losing,
        uint16 gaining,
        uint16 tariff,
        Cause cause
    );
    event TenancyEnded(uint32 indexed handover, uint32 indexed point, uint32 slot);
    event ReadingSet(uint32 indexed handover, uint64 importWh, uint64 exportWh, Source source);
    event ReadingDisputed(
        uint32 indexed handover, address by, uint64 importWh, uint64 exportWh, uint64[2] readAt, bytes32 evidence
    );
    event ReadingProposed(uint32 indexed handover, uint16 supplier, uint64 importWh, uint64 exportWh);
    event FinalBill(uint32 indexed handover, bytes32 bill);
    event Refunded(uint32 indexed handover);
    event ErrorClaimed(uint32 indexed id, address by, bool byCustomer);
    event ErrorAnswered(uint32 indexed id, address by, bool agreed, bytes32 evidence);
    event ErrorRuled(uint32 indexed id, bool erroneous);
    event Restated(uint32 indexed point, uint32 fromSlot, uint32 untilSlot, uint16 supplier, uint16 tariff);
    event Compensated(uint32 indexed id, uint128 backNano, uint128[] dueNano, bytes32 statement);
    event SupplierFailed(uint16 indexed supplier);
    event LastResort(uint32 indexed point, uint16 indexed failed, uint16 indexed successor, uint16 tariff);
    event LiabilityArisen(
        uint32 indexed liability,
        address indexed customer,
        uint16 indexed supplier,
        Clock clock,
        uint32 subject,
        uint8 place,
        uint64 amountNano
    );

    event LiabilityPaid(uint32 indexed liability, address by);

    error NoRules(uint32 area);
    error RulesRefused();
    error UnknownSwitch(uint32 id);
    error UnknownHandover(uint32 handover);
    error NoTenancyEnds(uint32 point, uint32 slot);
    error HandoverKnown(uint32 handover);
    error BadContract();
    error ContractKnown(uint32 id);
    error SignedInFuture(uint64 signedAt);
    error ContractExpired(uint64 expiresAt);
    error NotSignedByCustomer(address customer);
    error FailedSupplier(uint16 supplier);
    error NotSupplier(uint16 supplier, address caller);
    /// @notice The tariff is for nobody, or not for this class of customer.
    error TariffNotForClass(uint16 tariff, uint8 customerClass);
    error NotSupplierOfSwitch(uint32 id, address caller);
    /// @notice A point lies under other rules, or its customer is of another class, than the first.
    error PointsDiffer(uint32 point);
    error NotCustomerOfRecord(uint32 point, address customer);
    error PointNotSupplied(uint32 point);
    error AlreadySupplied(uint32 point, uint16 supplier);
    /// @notice Another change of the point is on its way.
    error ChangePending(uint32 point, uint32 id);
    error Standstill(uint32 point, uint64 until);
    error TooEarly(uint32 startDay, uint32 earliestDay);
    error TooFarAhead(uint32 startDay, uint32 latestDay);
    error InsideCoolingOff(uint64 coolingUntil);
    error WrongState(uint32 id, State state);
    error WindowOver(uint64 until);
    error ReasonNotAllowed(Reason reason, uint8 customerClass);
    error NoEvidence();
    error ObjectedBefore(uint32 id, address by);
    error UnknownObjection(uint32 id, uint256 number);
    error NotObjector(uint32 id, address caller);
    error GateStillOpen(uint32 id, uint64 closesAt);
    error GateHasClosed(uint32 id, uint64 closedAt);
    error NotPartyOf(uint32 subject, address caller);
    error NotFailed(uint16 supplier);
    error ReadingRefused(uint32 handover);
    error BetterReadingKnown(uint32 handover, Source source);
    error TooEarlyToEstimate(uint64 from);
    error DisputeRefused(uint32 handover);
    error BelowThreshold(uint64 differenceWh, uint64 thresholdWh);
    error ClaimRefused(uint32 id, ClaimStage stage);
    error SwitchedSince(uint32 point);
    error NotMissed(Clock clock, uint32 subject);
    error UnknownLiability(uint32 liability);
    error LiabilityIsPaid(uint32 liability);

    /* LOOKING */

    /// @notice The contracts that it works with.
    function core()
        external
        view
        returns (
            IRegistry registry,
            IPoints points,
            ITariffs tariffs,
            IMetering metering,
            ICalendar calendar,
            ILedger ledger,
            IERC20Metadata token
        );

    function rulesCount() external view returns (uint32);

    function rules(uint32 id) external view returns (Rules memory);

    /// @notice The rules of an area: its own, else those of the next area above that has some. Zero: none.
    function rulesOf(uint32 area) external view returns (uint32);

    function switchCount() external view returns (uint32);

    function switchOf(uint32 id) external view returns (Switch memory);

    function legsOf(uint32 id) external view returns (Leg[] memory);

    function objectionsOf(uint32 id) external view returns (Objection[] memory);

    function claimOf(uint32 id) external view returns (ErrorClaim memory);

    /// @notice Where a switch stands now.
    function stateOf(uint32 id) external view returns (State);

    /// @notice The switch of a point that is on its way, and the last by which its supplier has changed; zero: none.
    function switchesOf(uint32 point) external view returns (uint32 pending, uint32 last);

    function handoverCount() external view returns (uint32);

    function handover(uint32 id) external view returns (Handover memory);

    /// @notice The supplier to whom a slot of a point counts, after all restatements.
    function accountableAt(uint32 point, uint32 slot) external view returns (uint16 supplier);

    function restatementsOf(uint32 point) external view returns (Restatement[] memory);

    function hasFailed(uint16 supplier) external view returns (bool);

    /// @notice All that was said of a tariff, in order.
    function offersOf(uint16 supplier, uint16 tariff) external view returns (Offer[] memory);

    /// @notice To whom the customer of a point is bound.
    function bindingOf(uint32 point) external view returns (Binding memory);

    function liabilityCount() external view returns (uint32);

    function liability(uint32 id) external view returns (Liability memory);

    function contractDigest(Contract calldata c) external view returns (bytes32);

    function cancellationDigest(uint32 id, bool back) external view returns (bytes32);

    function readingDigest(uint32 handover_, uint64 importWh, uint64 exportWh) external view returns (bytes32);

    function errorDigest(uint32 id) external view returns (bytes32);

    /* A SWITCH */

    /// @notice Rules of an area and what lies below it, for switches that are requested from now on. Regulator only.
    function setRules(uint32 area, string calldata name, Rules calldata what) external returns (uint32 id);

    /// @notice For whom a tariff is, and how long it binds, for contracts that are signed from now on. The supplier
    /// only.
    function setOffer(uint16 supplier, uint16 tariff, uint8 classes, uint16 termDays, uint64 exitFeeNano) external;

    /// @notice Takes down a contract that its customer has signed; anybody may carry it. With a `startDay` the supplier
    /// requests the switch in the same call, also if somebody has taken the contract down before him.
    function conclude(Contract calldata c, bytes calldata signature, uint32 startDay) external returns (uint32 id);

    /// @notice Asks for the points of a contract from a local day on. Its supplier only.
    function request(uint32 id, uint32 startDay) external;

    /// @notice Objects to a switch, as the losing supplier or the network operator of a leg, in the window.
    function object(uint32 id, uint8 place, Reason reason, bytes32 evidence) external;

    /// @notice Takes an objection back. Who raised it only.
    function removeObjection(uint32 id, uint256 number) external;

    /// @notice Removes an objection that has no ground. Regulator only.
    function overrule(uint32 id, uint256 number) external;

    /// @notice Gives a request up before gate closure. The gaining supplier only.
    function withdraw(uint32 id) external;

    /// @notice Cancels a contract while it can be: by the customer, or with his signature. Before gate closure the
    /// switch ends. When the supply has begun, `back` sends him back to his old suppliers with the next local day;
    /// without it he stays until he chooses another, at once if he likes. What he has used he owes.
    function cancel(uint32 id, bool back, bytes calldata signature) external;

    /// @notice Fixes a confirmed switch once its gate has closed; late, it begins with the next local day. Anybody.
    function secure(uint32 id) external;

    /* HANDOVER */

    /// @notice Opens the handover of a change of customer at a slot that has begun, so that one register closes the
    /// account of who has gone and opens that of who has come. Anybody.
    function endTenancy(uint32 point, uint32 slot) external returns (uint32 handover_);

    /// @notice The register at the change, from a reading that the meter has signed. Anybody.
    function readMeasured(uint32 handover_, IMetering.Reading calldata reading) external;

    /// @notice The customer's own reading, by him or with his signature, in the days around the change.
    function readByCustomer(uint32 handover_, uint64 importWh, uint64 exportWh, bytes calldata signature) external;

    /// @notice An estimate, for both suppliers, when the customer's days are over. The meter agent or network operator
    /// of record.
    function estimate(uint32 handover_, uint64 importWh, uint64 exportWh) external;

    /// @notice Disputes a value that no meter has signed, with two readings (unix times `readAt`) far enough apart. The
    /// customer or one of both suppliers.
    function dispute(
        uint32 handover_,
        uint64 importWh,
        uint64 exportWh,
        uint64[2] calldata readAt,
        bytes32 evidence
    ) external;

    /// @notice What a supplier holds to be right in a dispute; when both say the same, it holds.
    function agreeReading(uint32 handover_, uint64 importWh, uint64 exportWh) external;

    /// @notice The final bill, by its hash. The losing supplier only.
    function closeAccount(uint32 handover_, bytes32 bill) external;

    /// @notice That what the customer had left is paid back. The losing supplier only.
    function refund(uint32 handover_) external;

    /* ERRONEOUS TRANSFER */

    /// @notice Claims that a switch was no wish of the customer's: by him, with his signature, or by a supplier of it;
    /// then he agrees in the same way, since nobody sends him back who wants to stay.
    function claimError(uint32 id, bytes calldata signature) external;

    /// @notice A supplier, or the customer, agrees or denies with evidence. When all agree the points go back.
    function answerClaim(uint32 id, bool agree, bytes32 evidence) external;

    /// @notice Decides a claim that was denied, or not answered in time. Regulator only.
    function ruleOnClaim(uint32 id, bool erroneous) external;

    /// @notice Sends the points back with the next local day; their slots count as if they had never left. Anybody.
    function returnSupply(uint32 id) external;

    /// @notice Pays the compensating transfers, with the caller's tokens, into accounts of the ledger. The gaining
    /// supplier only.
    /// @param backNano what the customer has paid him for the slots, so that nothing was owed to him
    /// @param dueNano by leg, what its losing supplier is owed for them; paid out of `backNano`, and what is left goes
    /// to the customer. What is owed beyond it the losing supplier bills.
    /// @param statement hash of how both figures come about, which anybody can compute from the chain
    function compensate(uint32 id, uint128 backNano, uint128[] calldata dueNano, bytes32 statement) external;

    /* SUPPLIER OF LAST RESORT, CLOCKS */

    /// @notice A supplier has failed: he gets no customers any more. Regulator only.
    function declareFailed(uint16 supplier) external;

    /// @notice Points of a failed supplier go to another one with the next local day, at a tariff each. Regulator only.
    function moveToLastResort(
        uint16 failed,
        uint16 successor,
        uint32[] calldata points,
        uint16[] calldata tariffs
    ) external;

    /// @notice Takes down that a clock was missed; anybody may.
    function claimLiability(Clock clock, uint32 subject, uint8 place) external returns (uint32 id);

    /// @notice Pays what is owed into the customer's account of the ledger, with the caller's tokens. Anybody.
    function payLiability(uint32 id) external;
}
