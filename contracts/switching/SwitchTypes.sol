// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {ICalendar} from "../interfaces/ICalendar.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {IMetering} from "../interfaces/IMetering.sol";
import {IPoints} from "../interfaces/IPoints.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ISwitching} from "../interfaces/ISwitching.sol";
import {ITariffs} from "../interfaces/ITariffs.sol";

/// @dev All storage of `Switching`; its parts are libraries that work on it.
/// @param pendingOf by point: the switch that was requested last
/// @param lastOf by point: the switch by which it has come to its supplier; zero after any other change
/// @param stillUntil by point: until when no other change begins
/// @param concluded by digest of a contract
/// @param owed by clock, subject and place
/// @param tenancies by point and slot: the handover of a change of customer
/// @param bindingsBefore by handover: what bound the customer before it, for who goes back
struct SwitchStore {
    SwitchCore core;
    uint32 rulesCount;
    uint32 switchCount;
    uint32 handoverCount;
    uint32 liabilityCount;
    mapping(uint32 id => ISwitching.Rules) rules;
    mapping(uint32 area => uint32) rulesOf;
    mapping(bytes32 digest => uint32) concluded;
    mapping(uint32 id => ISwitching.Switch) switches;
    mapping(uint32 id => ISwitching.Leg[]) legs;
    mapping(uint32 id => ISwitching.Objection[]) objections;
    mapping(uint32 id => ISwitching.ErrorClaim) claims;
    mapping(uint32 point => uint32) pendingOf;
    mapping(uint32 point => uint32) lastOf;
    mapping(uint32 point => uint64) stillUntil;
    mapping(uint32 id => ISwitching.Handover) handovers;
    mapping(uint32 point => ISwitching.Restatement[]) restatements;
    mapping(uint16 supplier => bool) failed;
    mapping(uint32 id => ISwitching.Liability) liabilities;
    mapping(uint256 key => uint32) owed;
    mapping(uint16 supplier => mapping(uint16 tariff => ISwitching.Offer[])) offers;
    mapping(uint32 point => ISwitching.Binding) bindings;
    mapping(uint32 handover => ISwitching.Binding) bindingsBefore;
    mapping(uint32 point => mapping(uint32 slot => uint32)) tenancies;
}

/// @dev The contracts around `Switching`.
struct SwitchCore {
    IRegistry registry;
    IPoints points;
    ITariffs tariffs;
    IMetering metering;
    ICalendar calendar;
    ILedger ledger;
    IERC20Metadata token;
}
