// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title ForwardAuction: trading ahead, for whoever can plan
/// @notice Day-ahead and intraday auctions of one market: its members place orders for slots to come, each slot is
/// cleared once at one price, and `Settlement` pays against what the meters then measure.
///
/// Promises:
/// - one order per auction, meter and slot, signed by (or a call of) the owner of that slot; it can be placed until the
///   gate, amended and cancelled until the firm period before it;
/// - nobody buys above his limit or sells below it; all trade a slot at one price; energy bought equals energy sold,
///   to the Wh; at most one limit of one side is rationed, pro rata with a carry in the order of the members' index.
///   In an auction that belongs to a level (IForwardLevels) this holds of its own match, unless the feeder cuts it, and
///   of what each level above has filled, at that level's price;
/// - `equilibrium(k)`: p = floor(lo + k (hi - lo)), lo the higher of the last matched sell and the best unfilled buy,
///   hi the lower of the last matched buy and the best unfilled sell; a partly filled limit counts as unfilled;
/// - collateral covers the worst that an order can cost, to the unit, and follows from the order and the parameters:
///   buy: Wh x max(0, limit, limit - surplus); sell: Wh x max(0, cap - limit, -limit);
/// - anybody may clear after the gate, in one call or many, with the same result; clearing cannot revert for anything
///   that was accepted; a window that nobody cleared can be voided by anybody: no trade;
/// - a word is overwritten only when its window has been settled, and money moves only in `Settlement`.
///
/// Assumes: `Settlement` settles every window that has orders, which anybody can bring about.
/// Who may call: market operator (`createAuction`), guardian (`setPaused`, which stops new orders and nothing else),
/// `Settlement` (`finish`), `Registry` (`termsChange`), `ForwardLevels` (`enterTree`, `adopt`), the owner (`order`,
/// `skipSequence`), anybody the rest.
/// In a batch a bad message is skipped with an event that says why.
interface IForwardAuction {
    /// @notice Before what the gate closes: each window of eight slots, or the UTC day.
    enum Gate {
        Window,
        Day
    }

    enum Action {
        Place,
        Amend,
        Cancel
    }

    /// @notice Absent: no orders. Awaiting: what the auction has left is with the levels above. Adopting: what they
    /// have filled is shared out. A void window is Cleared without a trade.
    enum Phase {
        Absent,
        Open,
        Clearing,
        Rationing,
        Awaiting,
        Adopting,
        Cleared,
        Settled
    }

    /// @notice Why an order or schedule was not taken.
    enum Refusal {
        None,
        UnknownAuction,
        Paused,
        NotAMember,
        BadSignature,
        OldSequence,
        BadFormat,
        AfterGate,
        TooEarly,
        FirmPeriod,
        OrderExists,
        NoOrder,
        OffTick,
        BadVolume,
        RingFull,
        TooLittleMoney
    }

    /// @notice The immutable parameters of an auction; their hash is its id.
    /// @param market whose members trade; at most three auctions each, with one cap and one surplus
    /// @param gateSeconds placing ends so long before the window or the UTC day begins
    /// @param firmSeconds amending and cancelling end so long before the gate
    /// @param voidSeconds after the gate: a window may be voided when nobody has cleared it
    /// @param kPpm k of the price rule in millionths
    /// @param lotWh volumes are multiples of it
    /// @param floorNano price of tick 0, nano-currency per Wh
    /// @param tickNano size of a tick; there are 256
    /// @param capNano the most that a Wh sold and not delivered may cost; at least the price of the top tick
    /// @param surplusNano the least that a Wh bought and not consumed fetches; not above zero
    struct AuctionParams {
        bytes32 market;
        Gate gate;
        uint32 gateSeconds;
        uint32 firmSeconds;
        uint32 voidSeconds;
        uint32 kPpm;
        uint32 lotWh;
        int32 floorNano;
        uint32 tickNano;
        int32 capNano;
        int32 surplusNano;
    }

    /// @notice One order for one slot. Of a cancellation, side, limit and volume are zero.
    /// @param sequence must be higher than that of every earlier message of the meter in this auction
    /// @param limitNano highest price to buy at, lowest to sell at; a price of a tick
    struct Order {
        bytes32 auction;
        uint32 meter;
        uint32 slot;
        uint32 sequence;
        Action action;
        bool sell;
        int32 limitNano;
        uint32 wh;
        bytes signature;
    }

    /// @notice Orders for all slots of a UTC day (unix days) in one message; replaces what was there for that day.
    /// @param words one for each window of the day: eight lanes of 28 bits (see OrderWord), the rest zero
    struct Schedule {
        bytes32 auction;
        uint32 meter;
        uint32 day;
        uint32 sequence;
        uint256[] words;
        bytes signature;
    }

    /// @notice State of a window of eight slots; `cursor` is the next member of the phase.
    struct Window {
        uint32 window;
        Phase phase;
        bool voided;
        uint32 cursor;
    }

    /// @notice Outcome of a slot: buys at `buyTick` and above and sells at `sellTick` and below are filled, a rationed
    /// tick in part.
    struct Result {
        bool traded;
        int32 priceNano;
        uint8 buyTick;
        uint8 sellTick;
    }

    /// @notice What a meter has ordered for a slot; `filledWh` is zero until the window is cleared.
    struct OrderState {
        bool sell;
        int32 limitNano;
        uint32 wh;
        uint32 filledWh;
    }

    event SettlementBound(address settlement);
    event AuctionCreated(bytes32 indexed auction, bytes32 indexed market, AuctionParams params);
    event AuctionPaused(bytes32 indexed auction, bool paused);
    /// @notice An owner's own order was taken; `order` is its lane as in OrderWord (28 bits), zero for a cancellation,
    /// and above it the action.
    event Ordered(bytes32 indexed auction, uint32 indexed meter, uint32 slot, uint32 order);
    /// @notice The same of signed orders of a meter that were handed in one after the other. A word for each: what
    /// `order` is above in the lowest 32 bits, then sequence and slot, 32 bits each, then 32 bits with how many bytes
    /// of `signatures` belong to it; none where the owner himself handed it in without one.
    event OrdersRelayed(bytes32 indexed auction, uint32 indexed meter, uint256[] orders, bytes signatures);
    event Scheduled(
        bytes32 indexed auction,
        uint32 indexed meter,
        uint32 day,
        uint32 sequence,
        uint256[] words,
        bytes signature
    );
    event OrderSkipped(bytes32 indexed auction, uint32 indexed meter, uint32 slot, uint32 sequence, Refusal reason);
    event ScheduleSkipped(bytes32 indexed auction, uint32 indexed meter, uint32 day, uint32 sequence, Refusal reason);
    event SequenceSkipped(bytes32 indexed auction, uint32 indexed meter, uint32 sequence);
    /// @notice A step of clearing that did not reach the end.
    event ForwardStep(bytes32 indexed auction, uint32 indexed window, Phase phase, uint32 cursor);
    /// @notice The eight results of a window's own auction (see ResultWord), once all its fills are known. A slot that
    /// the feeder cuts has none: it has parts.
    event ForwardCleared(bytes32 indexed auction, uint32 indexed window, uint256[8] results);
    /// @notice What the own auction has filled where the feeder cuts it, or what levels above have filled: words as in
    /// libraries/PartWords.sol, the nearest level first.
    event PartsAdded(bytes32 indexed auction, uint32 indexed window, uint256[] parts);
    /// @notice Where some of them were rationed: all fills of a window are known.
    event ForwardAdopted(bytes32 indexed auction, uint32 indexed window);
    event ForwardVoided(bytes32 indexed auction, uint32 indexed window);
    /// @notice Windows are settled: their words may be overwritten.
    event ForwardFinished(bytes32 indexed market, uint32 firstWindow, uint32 windows);

    error UnknownAuction(bytes32 auction);
    error AuctionExists(bytes32 auction);
    error TooManyAuctions(bytes32 market);
    error BadParameter(string what);
    error NotSettlement(address caller);
    error NotRegistry(address caller);
    error NotForwardLevels(address caller);
    error AlreadyBound(address settlement);
    error ZeroAccount();
    error NotOwner(uint32 meter, address caller);
    error OrderRefused(uint32 meter, uint32 slot, Refusal reason);
    error SequenceUsed(uint32 meter, uint32 sequence);
    error GateOpen(uint32 window, uint64 gate);
    error WrongPhase(uint32 window, Phase phase);
    error TooEarlyToVoid(uint32 window, uint64 deadline);
    error NothingToDo();
    /// @notice The owner of a meter changes only after his last open order.
    error OpenOrders(uint32 meter, uint32 slot);

    /// @notice Windows that an order may lie ahead of the running one.
    function MAX_LEAD() external view returns (uint32);

    function auctionsOf(bytes32 market) external view returns (bytes32[] memory);

    function auctionParams(bytes32 auction) external view returns (AuctionParams memory);

    function paused(bytes32 auction) external view returns (bool);

    /// @notice Unix times: from when a window may be cleared, and until when its orders may be changed.
    function gateOf(bytes32 auction, uint32 window) external view returns (uint64 gate, uint64 firm);

    function windowState(bytes32 auction, uint32 window) external view returns (Window memory);

    function resultOf(bytes32 auction, uint32 slot) external view returns (Result memory);

    function orderOf(bytes32 auction, uint32 meter, uint32 slot) external view returns (OrderState memory);

    /// @notice What levels above have filled of a window, see `PartsAdded`.
    function partsOf(bytes32 auction, uint32 window) external view returns (uint256[] memory);

    /// @notice The last sequence number that a meter has used.
    function sequenceOf(bytes32 auction, uint32 meter) external view returns (uint32);

    /// @notice Order words (see OrderWord) of `count` members from an index on; zero where there is none.
    function orderWords(bytes32 auction, uint32 window, uint32 firstIndex, uint32 count)
        external
        view
        returns (uint256[] memory);

    /// @notice What an order can cost at worst, and so what is locked for it. Nano-currency.
    function collateralOf(bytes32 auction, bool sell, int32 limitNano, uint32 wh) external view returns (uint256);

    function orderDigest(Order calldata order_) external view returns (bytes32);

    function scheduleDigest(Schedule calldata schedule_) external view returns (bytes32);

    function createAuction(AuctionParams calldata params) external returns (bytes32 auction);

    function setPaused(bytes32 auction, bool paused_) external;

    /// @notice Names the contract that settles positions; once, at deployment.
    function bindSettlement(address settlement_) external;

    /// @notice Takes signed orders; sorted by meter and window they are cheapest.
    function place(Order[] calldata orders) external returns (Refusal[] memory);

    /// @notice Takes signed day schedules.
    function schedule(Schedule[] calldata schedules) external returns (Refusal[] memory);

    /// @notice The owner's own order, without signature and sequence number; reverts with `OrderRefused`.
    function order(
        bytes32 auction,
        uint32 meter,
        uint32 slot,
        Action action,
        bool sell,
        int32 limitNano,
        uint32 wh
    ) external;

    /// @notice The owner makes everything useless that he has signed up to a sequence number.
    function skipSequence(bytes32 auction, uint32 meter, uint32 sequence) external;

    /// @notice Clears windows whose gate has closed; stops after `maxMembers` member-windows and goes on at the next
    /// call.
    function clear(bytes32 auction, uint32 firstWindow, uint32 windows, uint32 maxMembers) external;

    /// @notice Gives up a window that nobody cleared in time: no trade.
    function voidWindow(bytes32 auction, uint32 window) external;

    /* FOR THE LEVELS ABOVE */

    /// @notice From now on the auction is matched within its feeder's limit and sends up what it has left.
    /// ForwardLevels only.
    function enterTree(bytes32 auction) external;

    /// @notice What levels above have filled of what a window has sent; nothing where they are passed over.
    /// ForwardLevels only.
    function adopt(bytes32 auction, uint32 window, uint256[] calldata parts) external;

    /* FOR SETTLEMENT AND REGISTRY */

    /// @notice Whether the market has auctions, with which cap and surplus; and the mask of the windows with orders
    /// that are not cleared yet.
    function readiness(bytes32 market, uint32 firstWindow, uint32 windows)
        external
        view
        returns (bool any, uint256 uncleared, int32 capNano, int32 surplusNano);

    /// @notice Whether a window has orders that are not settled yet; and whether an older one stands in its place.
    function pending(bytes32 market, uint32 window) external view returns (bool own, bool older);

    /// @notice Net contracted energy of some members over all auctions of a market, `windows` words each: by cleared
    /// window eight lanes of side and Wh as in LaneWord.
    function contractsOf(bytes32 market, uint32[] calldata indices, uint32 firstWindow, uint32 windows)
        external
        view
        returns (uint256[] memory lanes);

    /// @notice The same of `count` members from an index on, `windows` + 2 words each: the lanes by window, then over
    /// all these windows the collateral of all orders, and what fills cost (negative) or earn at their prices. Nothing
    /// of windows that are settled.
    function positionsOf(bytes32 market, uint32 firstIndex, uint32 count, uint32 firstWindow, uint32 windows)
        external
        view
        returns (uint256[] memory words);

    /// @notice The three words of one member, one window and some of its slots.
    function positionIn(bytes32 market, uint32 index, uint32 window, uint8 slotMask)
        external
        view
        returns (uint256 lanes, uint256 collateralNano, int256 contractNano);

    /// @notice Windows are settled for all members. Settlement only.
    function finish(bytes32 market, uint32 firstWindow, uint32 windows) external;

    /// @notice The terms of a meter change from a slot on, so that it has to be asked anew who may order, unless the
    /// same owner takes part as before, and then as long as he does. Where the `owner` changes, it reverts with
    /// `OpenOrders` as long as orders of the old one stand; another supplier leaves them standing. Registry only.
    function termsChange(uint32 meter, uint32 fromSlot, bool owner) external;
}
