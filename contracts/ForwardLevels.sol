// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ForwardEdges} from "./forwardlevels/ForwardEdges.sol";
import {ForwardLevelClearing} from "./forwardlevels/ForwardLevelClearing.sol";
import {ForwardCore, ForwardLevelState, ForwardState} from "./forwardlevels/ForwardLevelTypes.sol";
import {ForwardSharing} from "./forwardlevels/ForwardSharing.sol";
import {IForwardAuction} from "./interfaces/IForwardAuction.sol";
import {IForwardLevels} from "./interfaces/IForwardLevels.sol";
import {ILevels} from "./interfaces/ILevels.sol";
import {IMarkets} from "./interfaces/IMarkets.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {MAX_CHILDREN, MAX_DEPTH, RING, WINDOW} from "./levels/LevelTypes.sol";
import {Turns} from "./levels/Turns.sol";

/// @title ForwardLevels
/// @notice What it promises, what it assumes and who may call: IForwardLevels.
/// @dev Storage, the tree and entry points; forwardlevels/ has the parts: ForwardEdges -> Residuals ->
/// ForwardLevelClearing (up) -> ForwardSharing (down).
contract ForwardLevels is IForwardLevels, AccessManaged {
    /// @dev A window must be over before its place in the ring is wanted again.
    uint256 private constant RING_SLOTS = (RING - 2) * WINDOW;
    uint256 private constant MAX_SECONDS = 7 days;

    /* IMMUTABLES */

    IRegistry public immutable registry;
    IMarkets public immutable markets;
    IForwardAuction public immutable forward;
    ILevels public immutable levels;
    uint256 private immutable _slotSeconds;

    /* STORAGE */

    ForwardState private _state;

    /* CONSTRUCTOR */

    constructor(
        address accessManager,
        IRegistry registry_,
        IMarkets markets_,
        IForwardAuction forward_,
        ILevels levels_
    ) AccessManaged(accessManager) {
        (registry, markets, forward, levels) = (registry_, markets_, forward_, levels_);
        _slotSeconds = registry_.slotSeconds();
    }

    /* VIEWS */

    /// @inheritdoc IForwardLevels
    function levelParams(bytes32 level) external view returns (ForwardLevelParams memory) {
        return _known(level).params;
    }

    /// @inheritdoc IForwardLevels
    function nodeOf(bytes32 node) external view returns (ILevels.Node memory) {
        return _state.nodes[node];
    }

    /// @inheritdoc IForwardLevels
    function childrenOf(bytes32 level) external view returns (bytes32[] memory) {
        return _known(level).children;
    }

    /// @inheritdoc IForwardLevels
    function windowState(bytes32 level, uint32 window) external view returns (ILevels.LevelWindow memory) {
        return Turns.windowOf(_known(level).windows, window);
    }

    /// @inheritdoc IForwardLevels
    function partsOf(bytes32 level, uint32 window) external view returns (uint256[] memory) {
        ForwardLevelState storage own = _known(level);
        ILevels.LevelWindow memory w = Turns.windowOf(own.windows, window);
        require(w.phase >= ILevels.LevelPhase.Cleared, ILevels.WrongLevelPhase(window, w.phase));
        return own.parts[window % RING];
    }

    /// @inheritdoc IForwardLevels
    function gateOf(bytes32 level, uint32 window) external view returns (uint64) {
        return uint64(ForwardEdges.gateOf(_known(level).params, window));
    }

    /// @inheritdoc IForwardLevels
    function isPassedOver(bytes32 node, uint32 window) external view returns (bool) {
        return ForwardEdges.isPassedOver(_state, node, window);
    }

    /// @inheritdoc IForwardLevels
    function edgeOf(bytes32 node, uint32 window) external view returns (uint256, uint256[3] memory) {
        return ForwardEdges.edgeOf(_state, _core(), node, window);
    }

    /* THE TREE */

    /// @inheritdoc IForwardLevels
    function createLevel(ForwardLevelParams calldata p) external restricted returns (bytes32 level) {
        registry.area(p.area);
        require(p.slotSeconds == _slotSeconds, ILevels.BadParameter("slotSeconds"));
        require(p.gateSeconds <= MAX_SECONDS, ILevels.BadParameter("gateSeconds"));
        require(p.kPpm <= 1_000_000, ILevels.BadParameter("kPpm"));
        require(p.lotWh != 0 && p.lotWh <= 128, ILevels.BadParameter("lotWh"));
        int256 top = int256(p.floorNano) + 255 * int256(uint256(p.tickNano));
        require(p.tickNano != 0 && top <= type(int32).max, ILevels.BadParameter("tickNano"));
        require(p.voidSeconds > p.collectSeconds, ILevels.BadParameter("voidSeconds"));
        require(p.voidSeconds <= RING_SLOTS * _slotSeconds, ILevels.BadParameter("voidSeconds"));
        level = keccak256(abi.encode(p));
        ForwardLevelState storage own = _state.levels[level];
        require(own.params.tickNano == 0, ILevels.LevelExists(level));
        _occupy(p, level);
        own.params = p;
        (_state.nodes[level].area, _state.nodes[level].isLevel) = (p.area, true);
        emit ForwardLevelCreated(level, p.area, p);
    }

    /// @inheritdoc IForwardLevels
    function attach(bytes32 id, bytes32 level, uint32 fromWindow) external restricted {
        ForwardLevelState storage above = _known(level);
        ILevels.Node storage node = _state.nodes[id];
        require(node.parent == 0, ILevels.AlreadyAttached(id));
        ForwardLevelParams memory p = above.params;
        require(ForwardEdges.gateOf(p, fromWindow) > block.timestamp, ILevels.WindowHasBegun(fromWindow));
        ForwardLevelParams memory own = node.isLevel ? _state.levels[id].params : _enter(id, node);
        uint32 parent = registry.area(own.area).parent;
        require(parent == p.area, ILevels.NotAChild(own.area, p.area));
        require(own.floorNano == p.floorNano && own.tickNano == p.tickNano, ILevels.TicksDiffer());
        require(
            own.gate == p.gate && own.gateSeconds == p.gateSeconds && own.lotWh == p.lotWh, AuctionsDiffer()
        );
        require(above.children.length < MAX_CHILDREN, ILevels.BadParameter("children"));
        _grow(level, node.isLevel ? _state.levels[id].height : 0);
        uint16 index = uint16(above.children.length);
        above.children.push(id);
        (node.parent, node.fromWindow, node.index) = (level, fromWindow, index);
        emit ForwardAttached(id, level, own.area, index, fromWindow);
    }

    /* UP AND DOWN */

    /// @inheritdoc IForwardLevels
    function send(bytes32 auction, uint32 window, uint256[3] calldata used, uint256[] calldata ladder) external {
        require(msg.sender == address(forward), NotForward(msg.sender));
        ForwardEdges.send(_state, _core(), auction, window, used, ladder);
    }

    /// @inheritdoc IForwardLevels
    function clear(bytes32 level, uint32 window, uint256[][] calldata ladders) external {
        ForwardLevelClearing.clear(_state, _core(), level, window, ladders);
    }

    /// @inheritdoc IForwardLevels
    function share(bytes32 level, uint32 window, uint256[][] calldata ladders) external {
        ForwardSharing.share(_state, _core(), level, window, ladders);
    }

    /// @inheritdoc IForwardLevels
    function passOver(bytes32 node, uint32 window, uint256[] calldata ladder) external {
        ForwardSharing.passOver(_state, _core(), node, window, ladder);
    }

    /* INTERNAL */

    function _core() private view returns (ForwardCore memory) {
        return ForwardCore(registry, forward, levels);
    }

    function _known(bytes32 level) private view returns (ForwardLevelState storage own) {
        own = _state.levels[level];
        require(own.params.tickNano != 0, ILevels.UnknownLevel(level));
    }

    /// @dev One auction or level of a gate stands for an area, or its limits would count twice.
    function _occupy(ForwardLevelParams memory p, bytes32 node) private {
        uint256 gate = (uint256(p.gateSeconds) << 1) | uint8(p.gate);
        require(_state.nodeOfGate[p.area][gate] == 0, ILevels.AreaTaken(p.area));
        _state.nodeOfGate[p.area][gate] = node;
    }

    /// @dev An auction comes into the tree; returns what must be equal in all of it.
    function _enter(bytes32 id, ILevels.Node storage node) private returns (ForwardLevelParams memory own) {
        IForwardAuction.AuctionParams memory p = forward.auctionParams(id);
        own.area = markets.marketParams(p.market).area;
        (own.gate, own.gateSeconds, own.lotWh) = (p.gate, p.gateSeconds, p.lotWh);
        (own.floorNano, own.tickNano) = (p.floorNano, p.tickNano);
        _occupy(own, id);
        node.area = own.area;
        forward.enterTree(id);
    }

    /// @dev A level has become higher, and so may those above it.
    function _grow(bytes32 level, uint256 below) private {
        for (uint256 height = below + 1; level != 0; ++height) {
            require(height <= MAX_DEPTH, ILevels.TooDeep());
            ForwardLevelState storage own = _state.levels[level];
            if (own.height < height) own.height = uint8(height);
            level = _state.nodes[level].parent;
        }
    }
}
