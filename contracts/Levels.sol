// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ILedger} from "./interfaces/ILedger.sol";
import {ILevels} from "./interfaces/ILevels.sol";
import {IMarkets} from "./interfaces/IMarkets.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {Ahead} from "./levels/Ahead.sol";
import {Edges} from "./levels/Edges.sol";
import {LevelClearing} from "./levels/LevelClearing.sol";
import {Core, CriticalFrom, LevelState, MAX_CHILDREN, MAX_DEPTH, RING, State, WINDOW} from "./levels/LevelTypes.sol";
import {Sharing} from "./levels/Sharing.sol";
import {Turns} from "./levels/Turns.sol";
import {ResultWord} from "./libraries/Packed.sol";
import {Pairs} from "./libraries/Pairs.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title Levels
/// @notice What it promises, what it assumes and who may call: ILevels.
/// @dev Storage, the tree and entry points; levels/ has the parts: Edges -> LevelClearing (up) -> Sharing (down).
contract Levels is ILevels, AccessManaged, EIP712 {
    bytes32 private constant GRID_LOSS_TYPE = keccak256("GridLoss(uint32 area,uint32 firstSlot,uint32 endSlot)");
    /// @dev A signal is for a day at most: 96 slots, whose windows are 13 where it begins inside one.
    uint256 private constant MAX_LOSS_SECONDS = 1 days;
    /// @dev A window must be over before its place in the ring is wanted again.
    uint256 private constant RING_SLOTS = (RING - 2) * WINDOW;

    /* IMMUTABLES */

    IRegistry public immutable registry;
    IMarkets public immutable markets;
    ILedger public immutable ledger;
    ISettlement public immutable settlement;
    address public immutable forwardLevels;
    uint256 private immutable _slotSeconds;

    /* STORAGE */

    State private _state;

    /* CONSTRUCTOR */

    constructor(
        address accessManager,
        IRegistry registry_,
        IMarkets markets_,
        ILedger ledger_,
        ISettlement settlement_,
        address forwardLevels_
    ) AccessManaged(accessManager) EIP712("p2pchain Levels", "1") {
        (registry, markets, ledger, settlement) = (registry_, markets_, ledger_, settlement_);
        forwardLevels = forwardLevels_;
        _slotSeconds = registry_.slotSeconds();
    }

    modifier onlyForwardLevels() {
        require(msg.sender == forwardLevels, NotForwardLevels(msg.sender));
        _;
    }

    /* VIEWS */

    /// @inheritdoc ILevels
    function levelParams(bytes32 level) external view returns (LevelParams memory) {
        return _known(level).params;
    }

    /// @inheritdoc ILevels
    function nodeOf(bytes32 node) external view returns (Node memory) {
        return _state.nodes[node];
    }

    /// @inheritdoc ILevels
    function childrenOf(bytes32 level) external view returns (bytes32[] memory) {
        return _known(level).children;
    }

    /// @inheritdoc ILevels
    function edgeAt(uint32 area, uint32 slot) external view returns (EdgeTerms memory) {
        return Edges.termsAt(_state, area, slot);
    }

    /// @inheritdoc ILevels
    function gridLossIn(uint32 area, uint32 window) external view returns (uint8) {
        return uint8(_state.gridLosses[area][window]);
    }

    /// @inheritdoc ILevels
    function isCritical(uint32 meter, uint32 window) external view returns (bool) {
        CriticalFrom[] storage all = _state.criticals[meter];
        // Halved, so that no number of changes ahead makes clearing too dear.
        (uint256 low, uint256 count) = (0, all.length);
        while (low < count) {
            uint256 middle = (low + count) / 2;
            if (all[middle].window <= window) low = middle + 1;
            else count = middle;
        }
        return low != 0 && all[low - 1].critical;
    }

    /// @inheritdoc ILevels
    function windowState(bytes32 level, uint32 window) external view returns (LevelWindow memory) {
        return Turns.windowOf(_known(level).windows, window);
    }

    /// @inheritdoc ILevels
    function resultOf(bytes32 level, uint32 slot) external view returns (uint256 result, uint256 sells) {
        LevelState storage own = _known(level);
        uint32 window = slot / uint32(WINDOW);
        LevelWindow memory w = Turns.windowOf(own.windows, window);
        require(w.phase >= LevelPhase.Cleared, WrongLevelPhase(window, w.phase));
        uint256 place = (window % RING) * WINDOW + slot % WINDOW;
        (ResultWord ofBuys, ResultWord ofSells) = Pairs.get(own.results, own.sellResults, place);
        result = ResultWord.unwrap(ofBuys);
        if (ofBuys.isApart()) sells = ResultWord.unwrap(ofSells);
    }

    /// @inheritdoc ILevels
    function isPassedOver(bytes32 node, uint32 window) external view returns (bool) {
        return Edges.isPassedOver(_state, _core(), node, window);
    }

    /// @inheritdoc ILevels
    function edgesOf(bytes32 node, uint32 firstWindow, uint32 windows) external view returns (uint256[] memory) {
        return Edges.wordsOf(_state, _core(), node, firstWindow, windows);
    }

    /// @inheritdoc ILevels
    function areaEdge(uint32 area, uint32 window) external view returns (uint256 word, uint256[3] memory ahead) {
        word = Edges.areaWord(_state, area, window);
        if (Edges.isUsedAhead(word)) ahead = _state.ahead[area][window];
    }

    /* THE TREE */

    /// @inheritdoc ILevels
    function createLevel(LevelParams calldata p) external restricted returns (bytes32 level) {
        registry.area(p.area);
        require(p.slotSeconds == _slotSeconds, BadParameter("slotSeconds"));
        require(p.kPpm <= 1_000_000, BadParameter("kPpm"));
        require(p.tickNano != 0 && p.tickNano <= uint32(type(int32).max), BadParameter("tickNano"));
        require(p.voidSeconds > p.collectSeconds, BadParameter("voidSeconds"));
        require(p.voidSeconds <= RING_SLOTS * _slotSeconds, BadParameter("voidSeconds"));
        level = keccak256(abi.encode(p));
        LevelState storage own = _state.levels[level];
        require(own.params.tickNano == 0, LevelExists(level));
        _occupy(p.area, level);
        own.params = p;
        (_state.nodes[level].area, _state.nodes[level].isLevel) = (p.area, true);
        emit LevelCreated(level, p.area, p);
    }

    /// @inheritdoc ILevels
    function attach(bytes32 id, bytes32 level, uint32 fromWindow) external restricted {
        LevelState storage above = _known(level);
        Node storage node = _state.nodes[id];
        require(node.parent == 0, AlreadyAttached(id));
        uint256 window = block.timestamp / (WINDOW * _slotSeconds);
        require(fromWindow > window, WindowHasBegun(fromWindow));
        (uint32 area, int32 floorNano, uint32 tickNano) = _ticksOf(id, node);
        uint32 parent = registry.area(area).parent;
        require(parent == above.params.area, NotAChild(area, above.params.area));
        require(floorNano == above.params.floorNano && tickNano == above.params.tickNano, TicksDiffer());
        require(above.children.length < MAX_CHILDREN, BadParameter("children"));
        _grow(level, node.isLevel ? _state.levels[id].height : 0);
        uint16 index = uint16(above.children.length);
        above.children.push(id);
        (node.parent, node.fromWindow, node.index) = (level, fromWindow, index);
        emit Attached(id, level, area, index, fromWindow);
    }

    /// @inheritdoc ILevels
    function setEdge(uint32 area, EdgeTerms calldata terms) external {
        require(registry.area(area).operator == msg.sender, NotAreaOperator(area, msg.sender));
        require(terms.fromSlot % WINDOW == 0, NotAtWindow(terms.fromSlot));
        uint32 slot = registry.currentSlot();
        require(terms.fromSlot > slot, SlotHasBegun(terms.fromSlot, slot));
        require(terms.chargeNano <= uint32(type(int32).max), BadParameter("chargeNano"));
        EdgeTerms[] storage all = _state.edges[area];
        uint256 count = all.length;
        if (count != 0 && all[count - 1].fromSlot >= terms.fromSlot) {
            require(all[count - 1].fromSlot == terms.fromSlot, LaterChangePending(all[count - 1].fromSlot));
            all[count - 1] = terms;
        } else {
            all.push(terms);
        }
        emit EdgeSet(area, terms.fromSlot, terms.chargeNano, terms.upWh, terms.downWh, terms.feederWh);
    }

    /// @inheritdoc ILevels
    function setCritical(uint32 meter, uint32 fromWindow, bool critical) external {
        uint32 area = registry.areaOf(meter);
        require(registry.area(area).operator == msg.sender, NotAreaOperator(area, msg.sender));
        require(fromWindow > block.timestamp / (WINDOW * _slotSeconds), WindowHasBegun(fromWindow));
        CriticalFrom[] storage all = _state.criticals[meter];
        uint256 count = all.length;
        if (count != 0 && all[count - 1].window >= fromWindow) {
            uint32 pending = all[count - 1].window;
            require(pending == fromWindow, LaterChangePending(pending * uint32(WINDOW)));
            all[count - 1].critical = critical;
        } else {
            all.push(CriticalFrom(fromWindow, critical));
        }
        emit CriticalSet(meter, fromWindow, critical);
    }

    /// @inheritdoc ILevels
    function signalGridLoss(GridLoss calldata loss) external {
        require(
            loss.firstSlot < loss.endSlot && (loss.endSlot - loss.firstSlot) * _slotSeconds <= MAX_LOSS_SECONDS,
            BadRange(loss.firstSlot, loss.endSlot)
        );
        // A window that is over may have been cleared.
        uint256 window = block.timestamp / (WINDOW * _slotSeconds);
        require(loss.firstSlot / WINDOW >= window, SlotHasBegun(loss.firstSlot, registry.currentSlot()));
        address operator = registry.area(loss.area).operator;
        require(Signatures.isSignedBy(gridLossDigest(loss), loss.signature, operator), NotSignedByOperator(loss.area));
        for (uint32 slot = loss.firstSlot; slot < loss.endSlot; ++slot) {
            _state.gridLosses[loss.area][slot / uint32(WINDOW)] |= uint8(1 << (slot % WINDOW));
        }
        emit GridLost(loss.area, loss.firstSlot, loss.endSlot, loss.signature);
    }

    /// @inheritdoc ILevels
    function gridLossDigest(GridLoss calldata loss) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(GRID_LOSS_TYPE, loss.area, loss.firstSlot, loss.endSlot))
        );
    }

    /* UP AND DOWN */

    /// @inheritdoc ILevels
    function send(bytes32 market, uint32 window, uint256[] calldata ladder) external {
        require(msg.sender == address(settlement), NotSettlement(msg.sender));
        uint256 chargeNano =
            Edges.termsAt(_state, _state.nodes[market].area, window * uint32(WINDOW)).chargeNano;
        Edges.send(_state, market, window, chargeNano, ladder);
    }

    /// @inheritdoc ILevels
    function useAhead(uint32 area, uint32 window, uint256[3] calldata lanes) external onlyForwardLevels {
        Ahead.use(_state, area, window, lanes);
    }

    /// @inheritdoc ILevels
    function freeAhead(uint32 area, uint32 window, uint256[3] calldata lanes) external onlyForwardLevels {
        Ahead.free(_state, area, window, lanes);
    }

    /// @inheritdoc ILevels
    function settleAhead(bytes32 tree, ILedger.LevelMove[] calldata moves, ILedger.LevelCharge[] calldata charges)
        external
        onlyForwardLevels
    {
        ledger.settleLevels(tree, moves, charges);
    }

    /// @inheritdoc ILevels
    function clear(bytes32 level, uint32 firstWindow, uint256[][][] calldata ladders) external {
        LevelClearing.clear(_state, _core(), level, firstWindow, ladders);
    }

    /// @inheritdoc ILevels
    function share(bytes32 level, uint32 firstWindow, uint256[][][] calldata ladders) external {
        Sharing.share(_state, _core(), level, firstWindow, ladders);
    }

    /* INTERNAL */

    function _core() private view returns (Core memory) {
        return Core(registry, ledger, settlement, _slotSeconds);
    }

    function _known(bytes32 level) private view returns (LevelState storage own) {
        own = _state.levels[level];
        require(own.params.tickNano != 0, UnknownLevel(level));
    }

    /// @dev One market or level stands for an area, or its limits would count twice.
    function _occupy(uint32 area, bytes32 node) private {
        require(_state.nodeOfArea[area] == 0, AreaTaken(area));
        _state.nodeOfArea[area] = node;
    }

    /// @dev Area and ticks of what is to be attached; a market comes into the tree here.
    function _ticksOf(bytes32 id, Node storage node)
        private
        returns (uint32 area, int32 floorNano, uint32 tickNano)
    {
        if (node.isLevel) {
            LevelParams storage own = _state.levels[id].params;
            return (own.area, own.floorNano, own.tickNano);
        }
        IMarkets.MarketParams memory p = markets.marketParams(id);
        require(p.tickNano != 0, UnknownNode(id));
        _occupy(p.area, id);
        node.area = p.area;
        return (p.area, p.floorNano, p.tickNano);
    }

    /// @dev A level has become higher, and so may those above it.
    function _grow(bytes32 level, uint256 below) private {
        for (uint256 height = below + 1; level != 0; ++height) {
            require(height <= MAX_DEPTH, TooDeep());
            LevelState storage own = _state.levels[level];
            if (own.height < height) own.height = uint8(height);
            level = _state.nodes[level].parent;
        }
    }
}
