// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "./ILedger.sol";

/// @title Levels: areas above each other, cleared level by level
/// @notice What a market cannot match in its area goes up an edge to the level above, what that cannot match to the
/// next one, and only the rest meets the suppliers. Each area has one market or one level.
///
/// Promises:
/// - what crosses an edge in a slot is never above the edge's limit of that direction, and what is matched inside an
///   area never above its feeder's: volumes above a limit do not get into an auction at all;
/// - a level's price follows from the tariffs below it and the charges of the edges alone, so no stated limit and no
///   caller moves it;
/// - what a level matched is shared out among its children to the Wh, in the order of their index; the charges of the
///   edges go to their operators to the unit;
/// - anybody may clear and share any level, in one call or in many, with the same result; numbers that are handed in
///   count only if they hash to what the child has sent;
/// - a level that has not cleared in time is passed over, and what is below it goes on without it. What was cleared in
///   time can be shared by anybody for ever, so no child waits for an operator.
///
/// Who may call: market operator (`createLevel`, `attach`), the operator of an area in the registry (`setEdge`,
/// `setCritical`, and by signature `signalGridLoss`), `Settlement` (`send`), `ForwardLevels` (`useAhead`, `freeAhead`,
/// `settleAhead`); anybody the rest.
interface ILevels {
    /// @notice The immutable parameters of a level; their hash is its id.
    /// @param area the area whose children meet here
    /// @param slotSeconds must equal the registry's
    /// @param kPpm k of p = floor(f + k (r - f)) in millionths
    /// @param floorNano price of tick 0, the same in the whole tree
    /// @param tickNano size of a tick, the same in the whole tree
    /// @param collectSeconds after the end of a window: clearing may begin although children are missing
    /// @param voidSeconds after the end of a window: a level that is not cleared then is passed over
    struct LevelParams {
        uint32 area;
        uint32 slotSeconds;
        uint32 kPpm;
        int32 floorNano;
        uint32 tickNano;
        uint32 collectSeconds;
        uint32 voidSeconds;
    }

    /// @notice What holds for an area from a slot on, the first of a window.
    /// @param chargeNano per Wh that crosses the edge to the parent, either way
    /// @param upWh what may go up in a slot
    /// @param downWh what may come down in a slot
    /// @param feederWh what may be matched inside the area in a slot; the largest uint32: no limit
    struct EdgeTerms {
        uint32 fromSlot;
        uint32 chargeNano;
        uint32 upWh;
        uint32 downWh;
        uint32 feederWh;
    }

    /// @notice The area has lost its grid in slots [firstSlot, endSlot): nothing goes up in them.
    struct GridLoss {
        uint32 area;
        uint32 firstSlot;
        uint32 endSlot;
        bytes signature;
    }

    enum LevelPhase {
        Absent,
        Clearing,
        Cleared,
        Shared
    }

    /// @notice A window of a level. `cursor`: the next child to be cleared, or shared; `told`: the level above has
    /// added what it filled to the results.
    struct LevelWindow {
        uint32 window;
        LevelPhase phase;
        uint16 cursor;
        uint16 children;
        bool told;
    }

    /// @notice A market or level in the tree.
    /// @param parent the level above, zero for a root
    struct Node {
        bytes32 parent;
        uint32 area;
        uint32 fromWindow;
        uint16 index;
        bool isLevel;
    }

    event LevelCreated(bytes32 indexed level, uint32 indexed area, LevelParams params);
    event Attached(bytes32 indexed node, bytes32 indexed level, uint32 indexed area, uint16 index, uint32 fromWindow);
    event EdgeSet(
        uint32 indexed area, uint32 fromSlot, uint32 chargeNano, uint32 upWh, uint32 downWh, uint32 feederWh
    );
    event CriticalSet(uint32 indexed meter, uint32 fromWindow, bool critical);
    event GridLost(uint32 indexed area, uint32 firstSlot, uint32 endSlot, bytes signature);
    /// @notice What a market or level has sent up; see libraries/Ladders.sol.
    event Sent(bytes32 indexed node, bytes32 indexed level, uint32 indexed window, uint256[] ladder);
    event LevelStep(bytes32 indexed level, uint32 indexed window, uint16 cursor);
    /// @notice Results by slot, and those of the sells where they have one of their own (ResultWord).
    event LevelCleared(bytes32 indexed level, uint32 indexed window, uint256[8] results, uint256[8] sells);
    /// @notice What crossed the edge of a child, and the charge that its operator was paid.
    event Crossed(
        bytes32 indexed node, uint32 indexed window, uint256 upWh, uint256 downWh, address operator, uint256 chargeNano
    );
    event LevelShared(bytes32 indexed level, uint32 indexed window, uint16 cursor);

    error BadParameter(string what);
    error LevelExists(bytes32 level);
    error UnknownLevel(bytes32 level);
    error UnknownNode(bytes32 node);
    error AlreadyAttached(bytes32 node);
    /// @notice Another market or level stands for the area already.
    error AreaTaken(uint32 area);
    /// @notice The area is not a child of the level's area in the registry.
    error NotAChild(uint32 area, uint32 parent);
    /// @notice Ticks of another size or floor than those of the level.
    error TicksDiffer();
    error TooDeep();
    error WindowHasBegun(uint32 window);
    error NotAreaOperator(uint32 area, address caller);
    error NotAtWindow(uint32 slot);
    error SlotHasBegun(uint32 slot, uint32 currentSlot);
    error LaterChangePending(uint32 fromSlot);
    error NotSignedByOperator(uint32 area);
    error BadRange(uint32 firstSlot, uint32 endSlot);
    error NotSettlement(address caller);
    error NotForwardLevels(address caller);
    error NotDelivered(uint32 window);
    /// @notice The child has not sent anything yet, and may until `deadline`.
    error ChildPending(bytes32 child, uint64 deadline);
    /// @notice The level was not cleared in time and is passed over.
    error PassedOver(uint32 window);
    error WrongLevelPhase(uint32 window, LevelPhase phase);
    /// @notice The numbers are not those that the child has sent.
    error WrongLadder(bytes32 child);
    error TooManyLadders(uint256 given, uint256 left);
    error RingFull(uint32 window, uint32 oldest);
    error NothingToDo();
    /// @notice The level above has not been shared yet.
    error AbovePending(bytes32 level, uint32 window);

    function levelParams(bytes32 level) external view returns (LevelParams memory);

    function nodeOf(bytes32 node) external view returns (Node memory);

    function childrenOf(bytes32 level) external view returns (bytes32[] memory);

    /// @notice What holds for the edge and the feeder of an area in a slot.
    function edgeAt(uint32 area, uint32 slot) external view returns (EdgeTerms memory);

    /// @notice The slots of a window in which the area has no grid, a bit each, the first lowest.
    function gridLossIn(uint32 area, uint32 window) external view returns (uint8 mask);

    /// @notice Whether a meter is registered as a critical load in a window.
    function isCritical(uint32 meter, uint32 window) external view returns (bool);

    function windowState(bytes32 level, uint32 window) external view returns (LevelWindow memory);

    /// @notice Outcome of a slot of a level that is cleared, with what has come from above; `sells` is zero unless they
    /// have one of their own.
    function resultOf(bytes32 level, uint32 slot) external view returns (uint256 result, uint256 sells);

    /// @notice Whether what a market or level sent up will never be filled, since the level above was not cleared.
    function isPassedOver(bytes32 node, uint32 window) external view returns (bool);

    /// @notice What clearing needs of a market's edge, a word for each window; empty for one outside any tree: charge
    /// (uint32, lowest), limits up, down and of the feeder (uint32 each), slots without grid (8 bits), and a bit for
    /// whether the level above takes what is sent; bit 145: forward auctions have used something of the limits; then
    /// the slots in which the market is in an island: its area, or one above it in the tree, has no grid (8 bits).
    function edgesOf(bytes32 node, uint32 firstWindow, uint32 windows) external view returns (uint256[] memory words);

    /// @notice The same word of an area, in this tree or not, without the bits of the tree (what is above, islands);
    /// and what forward auctions have used of its limits in the window: up, down and inside, each eight lanes of 32
    /// bits in Wh.
    function areaEdge(uint32 area, uint32 window) external view returns (uint256 word, uint256[3] memory ahead);

    function createLevel(LevelParams calldata params) external returns (bytes32 level);

    /// @notice From a window on a market or level belongs to a level; for ever, since an edge without capacity has the
    /// same effect as none.
    function attach(bytes32 node, bytes32 level, uint32 fromWindow) external;

    /// @notice The operator of an area sets what holds for its edge and feeder from a slot on.
    function setEdge(uint32 area, EdgeTerms calldata terms) external;

    /// @notice The operator of a meter's area registers it as a critical load from a window on, or not any more: in
    /// slots in which the area, or one above it in the tree, has no grid its buys come before all others, unless its
    /// owner has stated a limit below the tariff (`Quotes.islandTick`).
    function setCritical(uint32 meter, uint32 fromWindow, bool critical) external;

    /// @notice Anybody hands in what the operator of an area has signed; for slots whose window is not over.
    function signalGridLoss(GridLoss calldata loss) external;

    /// @notice The EIP-712 digest of a signal.
    function gridLossDigest(GridLoss calldata loss) external view returns (bytes32);

    /// @notice Takes what a market has left. Settlement only; the level is the one that `edgesOf` has said to be open.
    function send(bytes32 market, uint32 window, uint256[] calldata ladder) external;

    /// @notice Forward auctions use so much of the limits of an area, or have it kept for them; in lanes as in
    /// `areaEdge`. What was delivered is cleared with the rest. ForwardLevels only.
    function useAhead(uint32 area, uint32 window, uint256[3] calldata lanes) external;

    /// @notice They do not need so much of it after all. ForwardLevels only.
    function freeAhead(uint32 area, uint32 window, uint256[3] calldata lanes) external;

    /// @notice Moves what forward levels have come to, as `share` does for its own. ForwardLevels only.
    function settleAhead(bytes32 tree, ILedger.LevelMove[] calldata moves, ILedger.LevelCharge[] calldata charges)
        external;

    /// @notice Clears windows of a level in their order, or goes on with the first: for each the ladders of its
    /// children in the order of their index, from the cursor on; an empty one for a child that has sent nothing.
    function clear(bytes32 level, uint32 firstWindow, uint256[][][] calldata ladders) external;

    /// @notice Shares out what a level has matched in cleared windows and was told from above, among the children from
    /// the cursor on.
    function share(bytes32 level, uint32 firstWindow, uint256[][][] calldata ladders) external;
}
