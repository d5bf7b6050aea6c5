// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ICalendar} from "./interfaces/ICalendar.sol";
import {ILedger} from "./interfaces/ILedger.sol";
import {IMetering} from "./interfaces/IMetering.sol";
import {IPoints} from "./interfaces/IPoints.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISwitching} from "./interfaces/ISwitching.sol";
import {ITariffs} from "./interfaces/ITariffs.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Clocks} from "./switching/Clocks.sol";
import {Handovers} from "./switching/Handovers.sol";
import {Requests} from "./switching/Requests.sol";
import {Reversals} from "./switching/Reversals.sol";
import {SwitchCore, SwitchStore} from "./switching/SwitchTypes.sol";

/// @title Switching
/// @notice What it promises, what it assumes and who may call: ISwitching.
/// @dev Storage, signatures and entry points; switching/ has the parts: Requests -> Handovers -> Reversals.
contract Switching is ISwitching, AccessManaged, EIP712 {
    using Clocks for SwitchStore;

    bytes32 private constant CONTRACT_TYPE = keccak256(
        "Contract(uint32[] points,uint16[] tariffs,address customer,uint16 supplier,uint32 earliestDay,"
        "bool beforeCoolingOffEnds,bytes32 terms,uint64 signedAt)"
    );
    bytes32 private constant CANCELLATION_TYPE = keccak256("Cancellation(uint32 id,bool back)");
    bytes32 private constant READING_TYPE =
        keccak256("HandoverReading(uint32 handover,uint64 importWh,uint64 exportWh)");
    bytes32 private constant ERROR_TYPE = keccak256("ErroneousTransfer(uint32 id)");

    /* STORAGE */

    SwitchStore private _s;

    /* CONSTRUCTOR */

    constructor(address accessManager, SwitchCore memory core_)
        AccessManaged(accessManager)
        EIP712("p2pchain Switching", "1")
    {
        _s.core = core_;
    }

    /* VIEWS */

    /// @inheritdoc ISwitching
    function core()
        external
        view
        returns (IRegistry, IPoints, ITariffs, IMetering, ICalendar, ILedger, IERC20Metadata)
    {
        SwitchCore storage c = _s.core;
        return (c.registry, c.points, c.tariffs, c.metering, c.calendar, c.ledger, c.token);
    }

    /// @inheritdoc ISwitching
    function rulesCount() external view returns (uint32) {
        return _s.rulesCount;
    }

    /// @inheritdoc ISwitching
    function rules(uint32 id) external view returns (Rules memory) {
        return _s.rules[id];
    }

    /// @inheritdoc ISwitching
    function rulesOf(uint32 area) external view returns (uint32) {
        return Requests.rulesFor(_s, area);
    }

    /// @inheritdoc ISwitching
    function switchCount() external view returns (uint32) {
        return _s.switchCount;
    }

    /// @inheritdoc ISwitching
    function switchOf(uint32 id) external view returns (Switch memory) {
        return _s.known(id);
    }

    /// @inheritdoc ISwitching
    function legsOf(uint32 id) external view returns (Leg[] memory) {
        return _s.legs[id];
    }

    /// @inheritdoc ISwitching
    function objectionsOf(uint32 id) external view returns (Objection[] memory) {
        return _s.objections[id];
    }

    /// @inheritdoc ISwitching
    function claimOf(uint32 id) external view returns (ErrorClaim memory) {
        return _s.claims[id];
    }

    /// @inheritdoc ISwitching
    function stateOf(uint32 id) external view returns (State) {
        return _s.stateOf(id);
    }

    /// @inheritdoc ISwitching
    function switchesOf(uint32 point) external view returns (uint32 pending, uint32 last) {
        pending = _s.pendingOf[point];
        return (_s.isOnItsWay(pending) ? pending : 0, _s.lastOf[point]);
    }

    /// @inheritdoc ISwitching
    function handoverCount() external view returns (uint32) {
        return _s.handoverCount;
    }

    /// @inheritdoc ISwitching
    function handover(uint32 id) external view returns (Handover memory) {
        return Handovers.known(_s, id);
    }

    /// @inheritdoc ISwitching
    function accountableAt(uint32 point, uint32 slot) external view returns (uint16) {
        Restatement[] storage all = _s.restatements[point];
        for (uint256 i = all.length; i > 0; --i) {
            Restatement storage r = all[i - 1];
            if (r.fromSlot <= slot && slot < r.untilSlot) return r.supplier;
        }
        (IPoints.Standing memory standing,) = _s.core.points.standingAt(point, slot);
        return standing.supplier;
    }

    /// @inheritdoc ISwitching
    function restatementsOf(uint32 point) external view returns (Restatement[] memory) {
        return _s.restatements[point];
    }

    /// @inheritdoc ISwitching
    function hasFailed(uint16 supplier) external view returns (bool) {
        return _s.failed[supplier];
    }

    /// @inheritdoc ISwitching
    function offersOf(uint16 supplier, uint16 tariff) external view returns (Offer[] memory) {
        return _s.offers[supplier][tariff];
    }

    /// @inheritdoc ISwitching
    function bindingOf(uint32 point) external view returns (Binding memory) {
        return _s.bindings[point];
    }

    /// @inheritdoc ISwitching
    function liabilityCount() external view returns (uint32) {
        return _s.liabilityCount;
    }

    /// @inheritdoc ISwitching
    function liability(uint32 id) external view returns (Liability memory) {
        return _s.liabilities[id];
    }

    /// @inheritdoc ISwitching
    function contractDigest(Contract calldata c) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    CONTRACT_TYPE,
                    keccak256(abi.encodePacked(c.points)),
                    keccak256(abi.encodePacked(c.tariffs)),
                    c.customer,
                    c.supplier,
                    c.earliestDay,
                    c.beforeCoolingOffEnds,
                    c.terms,
                    c.signedAt
                )
            )
        );
    }

    /// @inheritdoc ISwitching
    function cancellationDigest(uint32 id, bool back) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(CANCELLATION_TYPE, id, back)));
    }

    /// @inheritdoc ISwitching
    function readingDigest(uint32 handover_, uint64 importWh, uint64 exportWh) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(READING_TYPE, handover_, importWh, exportWh)));
    }

    /// @inheritdoc ISwitching
    function errorDigest(uint32 id) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(ERROR_TYPE, id)));
    }

    /* A SWITCH */

    /// @inheritdoc ISwitching
    function setRules(uint32 area, string calldata name, Rules calldata what)
        external
        restricted
        returns (uint32)
    {
        return Requests.setRules(_s, area, name, what);
    }

    /// @inheritdoc ISwitching
    function setOffer(uint16 supplier, uint16 tariff, uint8 classes, uint16 termDays, uint64 exitFeeNano) external {
        Requests.setOffer(_s, supplier, tariff, classes, termDays, exitFeeNano);
    }

    /// @inheritdoc ISwitching
    function conclude(Contract calldata c, bytes calldata signature, uint32 startDay) external returns (uint32 id) {
        bytes32 digest = contractDigest(c);
        _requireSigned(c.customer, digest, signature);
        id = Requests.conclude(_s, c, digest, startDay != 0);
        if (startDay != 0) Requests.request(_s, id, startDay);
    }

    /// @inheritdoc ISwitching
    function request(uint32 id, uint32 startDay) external {
        Requests.request(_s, id, startDay);
    }

    /// @inheritdoc ISwitching
    function object(uint32 id, uint8 place, Reason reason, bytes32 evidence) external {
        Requests.object(_s, id, place, reason, evidence);
    }

    /// @inheritdoc ISwitching
    function removeObjection(uint32 id, uint256 number) external {
        Requests.remove(_s, id, number, false);
    }

    /// @inheritdoc ISwitching
    function overrule(uint32 id, uint256 number) external restricted {
        Requests.remove(_s, id, number, true);
    }

    /// @inheritdoc ISwitching
    function withdraw(uint32 id) external {
        Requests.withdraw(_s, id);
    }

    /// @inheritdoc ISwitching
    function cancel(uint32 id, bool back, bytes calldata signature) external {
        _requireSigned(_s.known(id).customer, cancellationDigest(id, back), signature);
        Requests.cancel(_s, id, back);
    }

    /// @inheritdoc ISwitching
    function secure(uint32 id) external {
        Requests.secure(_s, id);
    }

    /* HANDOVER */

    /// @inheritdoc ISwitching
    function endTenancy(uint32 point, uint32 slot) external returns (uint32) {
        return Handovers.endTenancy(_s, point, slot);
    }

    /// @inheritdoc ISwitching
    function readMeasured(uint32 handover_, IMetering.Reading calldata reading) external {
        Handovers.readMeasured(_s, handover_, reading);
    }

    /// @inheritdoc ISwitching
    function readByCustomer(uint32 handover_, uint64 importWh, uint64 exportWh, bytes calldata signature) external {
        bytes32 digest = readingDigest(handover_, importWh, exportWh);
        _requireSigned(Handovers.known(_s, handover_).customer, digest, signature);
        Handovers.readByCustomer(_s, handover_, importWh, exportWh);
    }

    /// @inheritdoc ISwitching
    function estimate(uint32 handover_, uint64 importWh, uint64 exportWh) external {
        Handovers.estimate(_s, handover_, importWh, exportWh);
    }

    /// @inheritdoc ISwitching
    function dispute(
        uint32 handover_,
        uint64 importWh,
        uint64 exportWh,
        uint64[2] calldata readAt,
        bytes32 evidence
    ) external {
        Handovers.dispute(_s, handover_, importWh, exportWh, readAt, evidence);
    }

    /// @inheritdoc ISwitching
    function agreeReading(uint32 handover_, uint64 importWh, uint64 exportWh) external {
        Handovers.agree(_s, handover_, importWh, exportWh);
    }

    /// @inheritdoc ISwitching
    function closeAccount(uint32 handover_, bytes32 bill) external {
        Handovers.closeAccount(_s, handover_, bill);
    }

    /// @inheritdoc ISwitching
    function refund(uint32 handover_) external {
        Handovers.refund(_s, handover_);
    }

    /* ERRONEOUS TRANSFER */

    /// @inheritdoc ISwitching
    function claimError(uint32 id, bytes calldata signature) external {
        address customer = _s.known(id).customer;
        bool byCustomer =
            msg.sender == customer || Signatures.isSignedBy(errorDigest(id), signature, customer);
        Reversals.claim(_s, id, byCustomer);
    }

    /// @inheritdoc ISwitching
    function answerClaim(uint32 id, bool agree, bytes32 evidence) external {
        Reversals.answer(_s, id, agree, evidence);
    }

    /// @inheritdoc ISwitching
    function ruleOnClaim(uint32 id, bool erroneous) external restricted {
        Reversals.rule(_s, id, erroneous);
    }

    /// @inheritdoc ISwitching
    function returnSupply(uint32 id) external {
        Reversals.returnSupply(_s, id);
    }

    /// @inheritdoc ISwitching
    function compensate(uint32 id, uint128 backNano, uint128[] calldata dueNano, bytes32 statement) external {
        Reversals.compensate(_s, id, backNano, dueNano, statement);
    }

    /* SUPPLIER OF LAST RESORT, CLOCKS */

    /// @inheritdoc ISwitching
    function declareFailed(uint16 supplier) external restricted {
        _s.accountOf(supplier);
        require(!_s.failed[supplier], FailedSupplier(supplier));
        _s.failed[supplier] = true;
        emit SupplierFailed(supplier);
    }

    /// @inheritdoc ISwitching
    function moveToLastResort(
        uint16 failed,
        uint16 successor,
        uint32[] calldata points,
        uint16[] calldata tariffs
    ) external restricted {
        Reversals.lastResort(_s, failed, successor, points, tariffs);
    }

    /// @inheritdoc ISwitching
    function claimLiability(Clock clock, uint32 subject, uint8 place) external returns (uint32) {
        return Reversals.liable(_s, clock, subject, place);
    }

    /// @inheritdoc ISwitching
    function payLiability(uint32 id) external {
        Reversals.payLiability(_s, id);
    }

    /* INTERNAL */

    function _requireSigned(address customer, bytes32 digest, bytes calldata signature) private view {
        require(
            msg.sender == customer || Signatures.isSignedBy(digest, signature, customer),
            NotSignedByCustomer(customer)
        );
    }
}
