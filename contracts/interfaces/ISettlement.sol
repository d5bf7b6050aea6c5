// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMetering} from "./IMetering.sol";

/// @title Settlement: the metered auction of delivered slots, then the supplier
/// @notice After delivery each meter's difference between metered and contracted energy is offered to the
/// neighbours (post), matched (clear), paid (settle); what is left goes to the supplier of that slot.
/// Slots are handled in windows of eight.
///
/// Promises:
/// - a member never buys above his limit and his own tariff, never sells below his limit and his own feed-in price;
/// - all who trade in a slot trade at one price p; energy bought equals energy sold, to the Wh; money paid equals
///   money received plus fees, to the unit;
/// - under `Reference` p follows from tariffs that were known beforehand, and a stated limit never moves it; under
///   `Sdr` it follows from the offered volumes too;
/// - anybody may clear and settle; each happens once; neither can revert for anything that was accepted, and the
///   result is the same in one transaction or in many;
/// - a window that nobody cleared in time can be voided by anybody: no trade, locks released, the supplier takes all;
/// - contracted energy is paid here only, against metered delivery: what a sale did not deliver costs the imbalance
///   price, never above the auction's cap; without a reading a position is settled at the worst that its collateral
///   stands for, until the reading comes;
/// - no role can alter a reading, a cleared slot or a balance, or stop any of this.
///
/// Who may call: the stages of a market (`lower`, `finishStage`), anybody the rest.
interface ISettlement {
    /// @notice Absent: never posted to. A void window is Cleared without a trade.
    enum Phase {
        Absent,
        Open,
        Clearing,
        Cleared,
        Settled
    }

    /// @notice State of a window of eight slots.
    struct Window {
        uint32 window;
        Phase phase;
        uint8 stage;
        bool voided;
        uint32 members;
        uint32 cursor;
    }

    /// @notice Outcome of a slot.
    /// @param traded whether any energy was traded
    /// @param priceNano p, nano-currency per Wh
    /// @param matchedWh energy traded
    /// @param buyTick lowest tick of the buys that were matched
    /// @param sellTick highest tick of the sells that were matched
    /// @param buyRationed whether the rationed side is the buyers'
    /// @param fillWh what is filled at the rationed limit
    /// @param liveWh what is offered there
    /// @param carry remainder carried from member to member, always below liveWh
    struct Result {
        bool traded;
        int32 priceNano;
        uint48 matchedWh;
        uint8 buyTick;
        uint8 sellTick;
        bool buyRationed;
        uint48 fillWh;
        uint48 liveWh;
        uint48 carry;
    }

    /// @notice Energy that is not offered for want of money, or because its limit lies outside the market's ticks.
    event Withheld(bytes32 indexed market, uint32 indexed meter, uint32 indexed slot, uint32 buyWh, uint32 sellWh);
    event Lowered(bytes32 indexed market, uint32 indexed slot, uint32 buyMeter, uint32 sellMeter, uint32 wh);
    event StageFinished(bytes32 indexed market, uint32 indexed window, uint8 stage);
    /// @notice The eight results of a window, packed (see ResultWord), before any settlement.
    event WindowCleared(bytes32 indexed market, uint32 indexed window, uint32 members, uint256[8] results);
    event WindowVoided(bytes32 indexed market, uint32 indexed window);
    /// @notice A step of clearing that did not reach the end.
    event ClearingStep(bytes32 indexed market, uint32 indexed window, uint32 cursor);
    /// @notice What a member's slots came to. `fills` are lane words (see LaneWord): filled volumes, first sides then
    /// second sides where a slot had both, only of windows in which something was filled.
    event MemberSettled(
        bytes32 indexed market, uint32 indexed meter, uint32 firstWindow, uint32 windows, uint256[] fills
    );
    /// @notice Readings that came after their window was cleared: settled with the supplier alone.
    event LateSettled(bytes32 indexed market, uint32 indexed meter, uint32 firstSlot, uint16 slots);
    event WindowsSettled(bytes32 indexed market, uint32 firstWindow, uint32 windows, uint32 cursor);

    error NotDelivered(uint32 window);
    /// @notice A member has not posted and the deadline has not passed.
    error NotReady(uint32 window, uint32 meter, uint64 deadline);
    error WrongPhase(uint32 window, Phase phase);
    error StagePending(uint32 window, uint8 stage);
    /// @notice Orders for this window are not cleared yet; clear or void the window in the forward auction first.
    error ForwardNotCleared(uint32 window);
    error NotStage(address caller);
    error TooEarlyToVoid(uint32 window, uint64 deadline);
    /// @notice The windows of one settlement call must have the same members and stand at the same member.
    error WindowsDiffer(uint32 window);
    /// @notice The ring still holds a window that is not settled; clear or void and settle it first.
    error RingFull(uint32 window, uint32 unsettledWindow);
    error MoreThanPosted(uint32 meter, uint32 slot);
    error NothingToDo();

    /// @notice Windows that can be under way at a time.
    function RING() external view returns (uint32);

    function windowState(bytes32 market, uint32 window) external view returns (Window memory);

    function resultOf(bytes32 market, uint32 slot) external view returns (Result memory);

    /// @notice Posted volumes of a member: lane words of the five layers (see LaneWord), zero where nothing is kept.
    function lanesOf(bytes32 market, uint32 meter, uint32 window) external view returns (uint256[5] memory);

    /// @notice Lowest retail energy price and highest feed-in price of the members' tariffs in `slot`, and p of the
    /// reference rule; `defined` is false where r <= f and the market states no price, or no member is there.
    function referenceAt(bytes32 market, uint32 slot)
        external
        view
        returns (int32 retailNano, int32 feedInNano, int32 priceNano, bool defined);

    /// @notice Contracted lanes of slots that were settled without a reading, and which they are (bits 224..231).
    function unreadOf(bytes32 market, uint32 meter, uint32 window) external view returns (uint256);

    /// @notice Posts signed readings of members of one market: readings to `Metering`, volumes to the auction.
    function postReadings(bytes32 market, IMetering.Reading[] calldata readings)
        external
        returns (IMetering.Outcome[] memory);

    /// @notice Clears windows in order; stops after `maxMembers` member-windows and goes on at the next call.
    function clear(bytes32 market, uint32 firstWindow, uint32 windows, uint32 maxMembers) external;

    /// @notice Settles up to `maxMembers` members, in the order of their index, over the given cleared windows.
    function settle(bytes32 market, uint32 firstWindow, uint32 windows, uint32 maxMembers) external;

    /// @notice `clear` of whole windows, then `settle` up to `maxMembers` members: the same code in one call, cheaper
    /// because storage is warm.
    function clearAndSettle(bytes32 market, uint32 firstWindow, uint32 windows, uint32 maxMembers) external;

    /// @notice Gives up a window that nobody cleared in time: no trade; `settle` then releases and bills.
    function voidWindow(bytes32 market, uint32 window) external;

    /// @notice A stage lowers one posted buy and one posted sell by the same Wh and posts the pair.
    function lower(bytes32 market, uint32 slot, uint32 buyMeter, uint32 sellMeter, uint32 wh) external;

    /// @notice The running stage is done with a window; anybody may say so after its time has passed.
    function finishStage(bytes32 market, uint32 window) external;
}
