// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "./IForwardAuction.sol";
import {ILevels} from "./ILevels.sol";

/// @title ForwardLevels: areas above each other that trade ahead
/// @notice What the forward auctions of areas could not match goes up an edge to the level above, what that cannot
/// match to the next one. The areas, their edges and their limits are those of `Levels`; a tree has one gate.
///
/// Promises:
/// - each level clears at `equilibrium(k)` of what its children have sent, and keeps its own price: nobody buys above
///   his limit or sells below it, charges included;
/// - what crosses an edge in a slot, ahead and after delivery together, is never above its limit of that direction;
///   what areas below a level match with each other there is never above its feeder's; an order that has been sent
///   counts as filled until it is known what is;
/// - fills of the children add up to what a level has matched, to the lot; the charges of the edges go to their
///   operators, and all money that members of the tree pay is received in it or is such a charge, to the unit;
/// - anybody may clear and share any level, in one call or in many, with the same result; numbers that are handed in
///   count only if they hash to what the child has sent;
/// - a level that has not cleared in time is passed over, and what is below it goes on without it.
///
/// Who may call: market operator (`createLevel`, `attach`), `ForwardAuction` (`send`); anybody the rest.
interface IForwardLevels {
    /// @notice The immutable parameters of a level; their hash is its id. Gate, lot and ticks are those of all auctions
    /// and levels below it.
    /// @param area the area whose children meet here
    /// @param slotSeconds must equal the registry's
    /// @param gateSeconds see IForwardAuction.AuctionParams
    /// @param kPpm k of the price rule in millionths
    /// @param collectSeconds after the gate: clearing may begin although children are missing
    /// @param voidSeconds after the gate: a level that is not cleared then is passed over
    struct ForwardLevelParams {
        uint32 area;
        uint32 slotSeconds;
        IForwardAuction.Gate gate;
        uint32 gateSeconds;
        uint32 kPpm;
        uint32 lotWh;
        int32 floorNano;
        uint32 tickNano;
        uint32 collectSeconds;
        uint32 voidSeconds;
    }

    event ForwardLevelCreated(bytes32 indexed level, uint32 indexed area, ForwardLevelParams params);
    event ForwardAttached(
        bytes32 indexed node, bytes32 indexed level, uint32 indexed area, uint16 index, uint32 fromWindow
    );
    /// @notice What an auction or level has sent up; see libraries/Ladders.sol, volumes in lots.
    event ForwardSent(bytes32 indexed node, bytes32 indexed level, uint32 indexed window, uint256[] ladder);
    event ForwardLevelStep(bytes32 indexed level, uint32 indexed window, uint16 cursor);
    /// @notice What the level's own auction has filled; words as in libraries/PartWords.sol.
    event ForwardLevelCleared(bytes32 indexed level, uint32 indexed window, uint256[] parts);
    /// @notice What crossed the edge of a child, and the charge that its operator was paid.
    event ForwardCrossed(
        bytes32 indexed node, uint32 indexed window, uint256 upWh, uint256 downWh, address operator, uint256 chargeNano
    );
    event ForwardLevelShared(bytes32 indexed level, uint32 indexed window, uint16 cursor);
    /// @notice What an auction or level has sent will not be filled.
    event ForwardPassedOver(bytes32 indexed node, uint32 indexed window);

    /// @notice Another gate or lot than that of the level.
    error AuctionsDiffer();
    error NotForward(address caller);
    /// @notice What is above may still clear, or has.
    error NotPassedOver(bytes32 node, uint32 window);

    function levelParams(bytes32 level) external view returns (ForwardLevelParams memory);

    function nodeOf(bytes32 node) external view returns (ILevels.Node memory);

    function childrenOf(bytes32 level) external view returns (bytes32[] memory);

    function windowState(bytes32 level, uint32 window) external view returns (ILevels.LevelWindow memory);

    /// @notice What a cleared window of a level has: of its own auction, and from above once that was told.
    function partsOf(bytes32 level, uint32 window) external view returns (uint256[] memory);

    /// @notice From when a window may be cleared; unix time.
    function gateOf(bytes32 level, uint32 window) external view returns (uint64);

    /// @notice Whether what an auction or level sent up will never be filled, or it has sent nothing.
    function isPassedOver(bytes32 node, uint32 window) external view returns (bool);

    /// @notice The edge of an auction or level (see ILevels.edgesOf), with bit 255 set where it belongs to a level, and
    /// what was used of it ahead (ILevels.areaEdge). Zero for an auction that does not belong to one yet.
    function edgeOf(bytes32 node, uint32 window) external view returns (uint256 edge, uint256[3] memory ahead);

    function createLevel(ForwardLevelParams calldata params) external returns (bytes32 level);

    /// @notice From a window on an auction or level belongs to a level; for ever. One of a gate stands for an area.
    function attach(bytes32 node, bytes32 level, uint32 fromWindow) external;

    /// @notice Takes what an auction has left; `used`: what it takes of the limits of its area, see ILevels.useAhead.
    /// ForwardAuction only.
    function send(bytes32 auction, uint32 window, uint256[3] calldata used, uint256[] calldata ladder) external;

    /// @notice Clears a window of a level, or goes on with it: the ladders of its children in the order of their index,
    /// from the cursor on; an empty one for a child that has sent nothing.
    function clear(bytes32 level, uint32 window, uint256[][] calldata ladders) external;

    /// @notice Shares out what a cleared level has among the children from the cursor on.
    function share(bytes32 level, uint32 window, uint256[][] calldata ladders) external;

    /// @notice An auction or level goes on without the level above, which was not cleared in time; with what it sent.
    function passOver(bytes32 node, uint32 window, uint256[] calldata ladder) external;
}
