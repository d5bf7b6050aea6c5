// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {ILevels} from "../interfaces/ILevels.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IMetering} from "../interfaces/IMetering.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {ITariffs} from "../interfaces/ITariffs.sol";
import {LaneWord, Quote, ResultWord} from "../libraries/Packed.sol";

/// @dev Slots of a window, and windows that can be under way at a time.
uint256 constant WINDOW = 8;
uint256 constant RING = 128;
/// @dev Layers of a member's window, see LaneWord.
uint256 constant FIRST = 0;
uint256 constant SECOND = 1;
uint256 constant WITHHELD_BUY = 2;
uint256 constant WITHHELD_SELL = 3;
uint256 constant IMPORTS = 4;

/// @dev All storage of `Settlement`; its phases are libraries that work on it.
/// @param windows state by place in the ring
/// @param lanes posted volumes by member index, place in the ring and layer, of windows that are not among the offers
/// @param results by place in the ring and slot; valid while the window is Cleared or Settled
/// @param sellResults those of the sells, where they have one of their own (`ResultWords.APART`)
/// @param unread by meter and window: contracted lanes of slots that were settled without a reading, and which they are
/// (bits 224..231)
/// @param roots what calls of `settle` have left as evidence, by first window << 32 | index of the first member
/// @param estimates by meter and window: import lanes with the mask of the slots (bits 224..231), export lanes
/// @param tallies by UTC day
/// @param halfBooks books that wait for the next step of clearing, by place in the ring and cell; RING places further
/// on those of critical loads
/// @param offers the hash over what was offered in whole windows, by place in the ring, see Offers
struct State {
    mapping(bytes32 market => mapping(uint256 place => ISettlement.Window)) windows;
    mapping(bytes32 market => mapping(uint256 key => LaneWord)) lanes;
    mapping(bytes32 market => mapping(uint256 place => ResultWord)) results;
    mapping(bytes32 market => mapping(uint256 place => ResultWord)) sellResults;
    mapping(bytes32 market => mapping(uint256 place => mapping(uint256 cell => uint256))) halfBooks;
    mapping(bytes32 market => mapping(uint32 meter => mapping(uint256 window => uint256))) unread;
    mapping(bytes32 market => mapping(uint256 key => bytes32)) roots;
    mapping(bytes32 market => mapping(uint32 meter => mapping(uint256 window => uint256[2]))) estimates;
    mapping(bytes32 market => mapping(uint256 day => ISettlement.DayTally)) tallies;
    mapping(bytes32 market => mapping(uint256 place => bytes32)) offers;
}

/// @dev The contracts around `Settlement` (its immutables, which libraries cannot read).
struct Core {
    IRegistry registry;
    ITariffs tariffs;
    ILedger ledger;
    IMetering metering;
    IMarkets markets;
    IForwardAuction forward;
    ILevels levels;
    uint256 slotSeconds;
}

/// @dev What a call works with: the contracts, the market and its parameters.
struct Env {
    Core core;
    bytes32 market;
    IMarkets.MarketParams params;
    int256 floorNano;
    int256 tickNano;
    int256 buyFeeNano;
    int256 sellFeeNano;
}

/// @dev Rows and quotes of the tariffs that occur, for a range of slots.
/// @param keys supplier << 16 | tariff
/// @param rows by tariff and slot
/// @param quotes by tariff and slot: what the slot is worth to a member whose limits are TARIFF (see Quote)
/// @param runs by tariff and slot: how many slots from there on have the same quote
/// @param seen by tariff: in which slots of the window that is cleared a member has it
/// @param networkNano network charges collected, by tariff
struct PriceTable {
    uint256 firstSlot;
    uint256 slots;
    uint256 count;
    uint256[] keys;
    address[] suppliers;
    uint256[][] rows;
    uint256[][] quotes;
    uint256[][] runs;
    uint256[] seen;
    int256[] networkNano;
}

/// @dev A member as of some slot; holds until `untilSlot`. `tariff` is a place in the price table, `own` the limits
/// that hold all day, `hourly` those by hour (empty where one figure holds).
struct Member {
    uint32 meter;
    uint256 index;
    bool active;
    uint256 untilSlot;
    uint256 tariff;
    address owner;
    bool atTariff;
    Quote own;
    uint64[] hourly;
}

/// @dev Whether the market trades ahead, and what bounds the price of what was contracted and not delivered, or not
/// consumed.
struct Forward {
    bool any;
    int256 capNano;
    int256 surplusNano;
}

/// @dev Running sums of one member over slots with the same owner and tariff.
struct Accrual {
    uint256 releaseNano;
    uint256 payNano;
    uint256 incomeNano;
    int256 supplierNano;
    int256 networkNano;
    uint256 collateralNano;
    int256 contractNano;
    bool any;
}

/// @dev Entries that are handed to the ledger together.
struct Batch {
    ILedger.Entry[] entries;
    uint256 count;
    uint256 feesNano;
}
