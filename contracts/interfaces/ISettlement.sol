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
///   money received plus fees, to the unit. Where levels above add to it, all who buy pay one price and all who sell
///   receive one, and what the market buys and pays more than it sells and receives is what it owes the levels;
/// - under `Reference` p follows from tariffs that were known beforehand, and a stated limit never moves it; under
///   `Sdr` it follows from the offered volumes too;
/// - anybody may clear and settle; each happens once; neither can revert for anything that was accepted, and the
///   result is the same in one transaction or in many;
/// - a window that nobody cleared in time can be voided by anybody: no trade, locks released, the supplier takes all;
/// - contracted energy is paid here only, against metered delivery: what a sale did not deliver costs the imbalance
///   price, never above the auction's cap; without a reading a position is settled at the worst that its collateral
///   stands for, until the reading comes;
/// - readings that come late, estimates and corrections move the difference to what was settled before, with the
///   supplier alone; what neighbours traded stands. The sum of all runs is what one run on the last data would have
///   been;
/// - after the last run a window is final: nothing moves its energy or money any more. A day in which the members do
///   not add up to the boundary meter stays open until they do, as long as evidence is kept;
/// - no role can alter a reading without a key of its meter, or a cleared slot or a balance, or stop any of this.
///
/// Who may call: the stages of a market (`lower`, `finishStage`), the meter operator (`correct`), `Levels` (`adopt`),
/// anybody the rest.
interface ISettlement {
    /// @notice Absent: never posted to. Awaiting: cleared in its own auction, what is left was sent up. A void window
    /// is Cleared without a trade.
    enum Phase {
        Absent,
        Open,
        Clearing,
        Awaiting,
        Cleared,
        Settled
    }

    /// @notice State of a window of eight slots. `openedBlock`: the block in which it was posted to for the first time;
    /// what was offered stands in the log from there on.
    struct Window {
        uint32 window;
        Phase phase;
        uint8 stage;
        bool voided;
        uint32 members;
        uint32 cursor;
        uint64 openedBlock;
    }

    /// @notice What the levels above have filled of what an area has sent up in a window. Fields by side (0 buys, 1
    /// sells) * 2 + whether the slots are odd, four slots a word (see libraries/Fields.sol); prices by slot, int32
    /// each, the first lowest, with the charge of the edge.
    /// @param wh all of it; better limits than the last are filled wholly
    /// @param ticks the last limit that is filled
    /// @param filledWh what is filled there
    /// @param leftWh what was left there before
    struct Added {
        uint256[4] wh;
        uint256[4] ticks;
        uint256[4] filledWh;
        uint256[4] leftWh;
        uint256 buyNano;
        uint256 sellNano;
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
    /// @param island whether buys stood at the ticks of an area without grid (`Quotes.islandTick`)
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
        bool island;
    }

    /// @notice How a missing reading was estimated: the difference of the registers around its gap spread over it, or
    /// the same slots a week before.
    enum EstimateRule {
        None,
        Spread,
        WeekBefore
    }

    /// @notice What a call of `settle` left of one member, and the proof that it did.
    /// @param firstWindow first window of that call
    /// @param windows how many
    /// @param fromIndex index of its first member
    /// @param results the eight words of each window, carries zero (see WindowCleared)
    /// @param fills of the member (see MemberSettled)
    /// @param contracts lanes of the member's forward contracts by window; none where all are zero
    /// @param proof hashes beside the way from the member's leaf to the root
    struct SettledEvidence {
        uint32 firstWindow;
        uint32 windows;
        uint32 fromIndex;
        uint256[] results;
        uint256[] fills;
        uint256[] contracts;
        bytes32[] proof;
    }

    /// @notice How far the members of a day have been added up, and whether they were off the boundary meter when they
    /// were last.
    struct DayTally {
        uint32 cursor;
        bool disputed;
        int192 membersWh;
    }

    /// @notice What a record has offered in whole windows: lane words (see LaneWord), of which the contract keeps a
    /// hash. Who clears or settles hands them in again, see `offersHash`.
    event Offered(bytes32 indexed market, uint32 index, uint256[] words);
    /// @notice Energy that is not offered for want of money, or because its limit lies outside the market's ticks.
    event Withheld(bytes32 indexed market, uint32 indexed meter, uint32 indexed slot, uint32 buyWh, uint32 sellWh);
    event Lowered(bytes32 indexed market, uint32 indexed slot, uint32 buyMeter, uint32 sellMeter, uint32 wh);
    event StageFinished(bytes32 indexed market, uint32 indexed window, uint8 stage);
    /// @notice The eight results of a window, packed (see ResultWord), before any settlement.
    event WindowCleared(bytes32 indexed market, uint32 indexed window, uint32 members, uint256[8] results);
    /// @notice The results of the sells, where some slot has one of its own for them (both sides were limited).
    event SellsCleared(bytes32 indexed market, uint32 indexed window, uint256[8] sells);
    /// @notice The results over all levels; of slots whose buys and sells have a result each, those of the sells too.
    event WindowAdopted(bytes32 indexed market, uint32 indexed window, uint256[8] results, uint256[8] sells);
    /// @notice The level above was not cleared in time: the results of the market's own auction stand.
    event LevelsPassedOver(bytes32 indexed market, uint32 indexed window);
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
    /// @notice The difference that a correction has made, from the supplier (positive) or to it.
    /// @param run of the first slot, at this time
    event CorrectionSettled(
        bytes32 indexed market,
        uint32 indexed meter,
        uint32 firstSlot,
        uint16 slots,
        uint32 number,
        uint8 run,
        int256 supplierNano
    );
    /// @notice Missing readings were estimated and settled with the supplier alone, until they come.
    /// @param intervals as in a reading
    /// @param run of the first slot, at this time
    event EstimateSettled(
        bytes32 indexed market,
        uint32 indexed meter,
        uint32 firstSlot,
        uint16 slots,
        EstimateRule rule,
        uint256[] intervals,
        uint8 run
    );
    /// @notice A step of adding up that did not reach the last member.
    event TallyStep(bytes32 indexed market, uint32 indexed day, uint32 cursor, int256 membersWh);
    /// @notice Import less export of all members in a UTC day, and that of the boundary meter.
    event Tallied(bytes32 indexed market, uint32 indexed day, int256 membersWh, int256 boundaryWh, bool disputed);

    error NotLevels(address caller);
    error LevelsPending(uint32 window);
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
    /// @notice The last run of this window is over.
    error Final(uint32 window);
    /// @notice The window is not settled, or not by the call that the evidence names.
    error NotSettled(uint32 window);
    /// @notice The evidence is not what was settled.
    error WrongProof();
    error NotBillingGrade(uint32 meter);
    error AlreadyRead(uint32 meter, uint32 slot);
    error AlreadyEstimated(uint32 meter, uint32 slot);
    /// @notice The slot has contracts and was settled at their worst: only its reading changes that.
    error HeldAtWorst(uint32 meter, uint32 slot);
    /// @notice Neither registers on both sides nor a reading a week before: it stays missing.
    error NoEstimate(uint32 meter, uint32 slot);
    /// @notice A slot of the day has not been read.
    error NotComplete(uint32 meter, uint32 slot);
    /// @notice The area has no boundary meter, or it is a member of a market itself.
    error NoBoundary(uint32 area);
    error WrongCursor(uint32 fromIndex, uint32 cursor);
    /// @notice This is not all that was offered in this window, or not in its order.
    error WrongOffers(uint32 window);

    /// @notice Windows that can be under way at a time.
    function RING() external view returns (uint32);

    function windowState(bytes32 market, uint32 window) external view returns (Window memory);

    /// @notice Outcome of a slot; where buys and sells have one each, that of the buys.
    function resultOf(bytes32 market, uint32 slot) external view returns (Result memory);

    /// @notice The same of the sells.
    function sellResultOf(bytes32 market, uint32 slot) external view returns (Result memory);

    /// @notice Posted volumes of a member that are not among the offers: lane words of the five layers (see LaneWord),
    /// zero where nothing is kept.
    function lanesOf(bytes32 market, uint32 meter, uint32 window) external view returns (uint256[5] memory);

    /// @notice The hash over all offers of a window in the order of their events (`Offered`), each with the one before:
    /// keccak256(hash before, offer), the first with zero. An offer is the member's index and one in the upper 32 bits
    /// and the eight lanes of the event's word below them.
    function offersHash(bytes32 market, uint32 window) external view returns (bytes32);

    /// @notice Lowest retail energy price and highest feed-in price of the members' tariffs in `slot`, and p of the
    /// reference rule (in an island with a retail price less the buyer's fee, see `References.lower`); `defined` is
    /// false where r <= f and the market states no price, or no member is there.
    function referenceAt(bytes32 market, uint32 slot)
        external
        view
        returns (int32 retailNano, int32 feedInNano, int32 priceNano, bool defined);

    /// @notice Contracted lanes of slots that were settled without a reading, and which they are (bits 224..231).
    function unreadOf(bytes32 market, uint32 meter, uint32 window) external view returns (uint256);

    /// @notice What was estimated in a window: import lanes with the mask of the slots (bits 224..231), export lanes.
    function estimateOf(bytes32 market, uint32 meter, uint32 window) external view returns (uint256[2] memory);

    /// @notice The word that a call of `settle` has left for these windows and members; zero where there was none.
    function rootOf(bytes32 market, uint32 firstWindow, uint32 fromIndex) external view returns (bytes32);

    function tallyOf(bytes32 market, uint32 day) external view returns (DayTally memory);

    /// @notice When a window becomes final, unix time; later while its day is in dispute.
    function finalAt(bytes32 market, uint32 window) external view returns (uint64);

    /// @notice Posts signed readings of members of one market: readings to `Metering`, volumes to the auction.
    function postReadings(bytes32 market, IMetering.Reading[] calldata readings)
        external
        returns (IMetering.Outcome[] memory);

    /// @notice Clears windows in order; stops after `maxMembers` member-windows and goes on at the next call.
    /// @param offers all that was offered in each of the windows, see `offersHash`
    function clear(
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers,
        uint256[][] calldata offers
    ) external;

    /// @notice Settles up to `maxMembers` members, in the order of their index, over the given cleared windows.
    /// @param offers all that was offered in each of the windows, see `offersHash`
    function settle(
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers,
        uint256[][] calldata offers
    ) external;

    /// @notice `clear` of whole windows, then `settle` up to `maxMembers` members: the same code in one call, cheaper
    /// because storage is warm.
    function clearAndSettle(
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers,
        uint256[][] calldata offers
    ) external;

    /// @notice Gives up a window that nobody cleared in time: no trade; `settle` then releases and bills.
    function voidWindow(bytes32 market, uint32 window) external;

    /// @notice Adds what the levels above have filled to the results of a window that awaits it. Levels only.
    /// @return owedNano what the market owes the levels above for it (negative: gets)
    /// @return roundingNano what the whole prices of the sides leave over
    /// @return feeAccount of the market, which gets that
    function adopt(bytes32 market, uint32 window, Added calldata added)
        external
        returns (int256 owedNano, uint256 roundingNano, address feeAccount);

    /// @notice Goes on without the levels above, where they were not cleared in time.
    function passOver(bytes32 market, uint32 window) external;

    /// @notice Corrects readings of a member that have been settled, and settles the difference. Meter operator only.
    /// @param records see `IMetering.correct`
    function correct(
        bytes32 market,
        IMetering.Correction calldata correction,
        IMetering.Reading[] calldata records,
        SettledEvidence calldata evidence
    ) external;

    /// @notice Estimates readings of a member that are missing after its windows were settled, and settles them.
    /// @param records all readings and corrections of the same meter seven days before; none where registers on both
    /// sides of a gap are known
    function estimate(
        bytes32 market,
        uint32 meter,
        uint32 firstSlot,
        uint16 slots,
        IMetering.Reading[] calldata records
    ) external;

    /// @notice Adds up what members have measured in a UTC day, from an index on; after the last one, compares it with
    /// the boundary meter of the area.
    /// @param records for each member its readings and corrections of that day, as for a correction; none for a member
    /// whose membership does not hold in that day
    /// @param boundaryRecords the same of the boundary meter, in the last step
    function tally(
        bytes32 market,
        uint32 day,
        uint32 fromIndex,
        IMetering.Reading[][] calldata records,
        IMetering.Reading[] calldata boundaryRecords
    ) external;

    /// @notice A stage lowers one posted buy and one posted sell by the same Wh and posts the pair.
    function lower(bytes32 market, uint32 slot, uint32 buyMeter, uint32 sellMeter, uint32 wh) external;

    /// @notice The running stage is done with a window; anybody may say so after its time has passed.
    function finishStage(bytes32 market, uint32 window) external;
}
