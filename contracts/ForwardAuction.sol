// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Adoption} from "./forward/Adoption.sol";
import {Auctions} from "./forward/Auctions.sol";
import {ForwardClearing} from "./forward/ForwardClearing.sol";
import {
    Auction,
    MAX_LEAD as MAX_LEAD_WINDOWS,
    PARTS,
    RING,
    RulesWord,
    WINDOW
} from "./forward/ForwardTypes.sol";
import {Ordering} from "./forward/Ordering.sol";
import {Positions} from "./forward/Positions.sol";
import {IForwardAuction} from "./interfaces/IForwardAuction.sol";
import {ILedger} from "./interfaces/ILedger.sol";
import {IMarkets} from "./interfaces/IMarkets.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {LaneWords} from "./libraries/Packed.sol";

/// @title ForwardAuction
/// @notice What it promises, what it assumes and who may call: IForwardAuction.
/// @dev Storage and entry points; forward/ has the parts: Ordering -> ForwardClearing -> Positions; Adoption
/// for what levels above add.
contract ForwardAuction is IForwardAuction, AccessManaged, EIP712 {
    uint32 public constant MAX_LEAD = uint32(MAX_LEAD_WINDOWS);

    /* IMMUTABLES */

    IRegistry private immutable _registry;
    IMarkets private immutable _markets;
    ILedger private immutable _ledger;
    address private immutable _levels;
    uint256 private immutable _windowSeconds;

    /* STORAGE */

    address public settlement;
    mapping(bytes32 auction => Auction) private _auctions;
    mapping(bytes32 market => bytes32[]) private _auctionsOf;
    /// @dev A meter takes part in one market only.
    mapping(uint32 meter => bytes32 market) private _marketOf;

    /* CONSTRUCTOR */

    modifier onlySettlement() {
        require(msg.sender == settlement, NotSettlement(msg.sender));
        _;
    }

    constructor(address accessManager, IRegistry registry_, IMarkets markets_, ILedger ledger_, address levels_)
        AccessManaged(accessManager)
        EIP712("p2pchain ForwardAuction", "1")
    {
        (_registry, _markets, _ledger, _levels) = (registry_, markets_, ledger_, levels_);
        _windowSeconds = registry_.slotSeconds() * WINDOW;
    }

    /// @inheritdoc IForwardAuction
    function bindSettlement(address settlement_) external restricted {
        require(settlement == address(0), AlreadyBound(settlement));
        require(settlement_ != address(0), ZeroAccount());
        settlement = settlement_;
        emit SettlementBound(settlement_);
    }

    /* AUCTIONS */

    /// @inheritdoc IForwardAuction
    function createAuction(AuctionParams calldata p) external restricted returns (bytes32 id) {
        return Auctions.create(_auctions, _auctionsOf[p.market], _markets, p);
    }

    /// @inheritdoc IForwardAuction
    function setPaused(bytes32 id, bool paused_) external restricted {
        Auction storage auction = _known(id);
        auction.rules = auction.rules.withPaused(paused_);
        emit AuctionPaused(id, paused_);
    }

    /* ORDERS */

    /// @inheritdoc IForwardAuction
    function place(Order[] calldata orders) external returns (Refusal[] memory refusals) {
        refusals = new Refusal[](orders.length);
        uint256[] memory taken = new uint256[](orders.length);
        Ordering.Purse memory purse;
        for (uint256 i; i < orders.length; ++i) {
            Order calldata o = orders[i];
            (refusals[i], taken[i]) = Ordering.take(
                _auctions[o.auction], _marketOf, _markets, _ledger, _windowSeconds, purse, o, orderDigest(o)
            );
            if (refusals[i] != Refusal.None) emit OrderSkipped(o.auction, o.meter, o.slot, o.sequence, refusals[i]);
        }
        Ordering.close(purse, _ledger);
        Ordering.tell(orders, taken);
    }

    /// @inheritdoc IForwardAuction
    function schedule(Schedule[] calldata schedules) external returns (Refusal[] memory refusals) {
        refusals = new Refusal[](schedules.length);
        for (uint256 i; i < schedules.length; ++i) {
            Schedule calldata s = schedules[i];
            Refusal refusal = Ordering.takeDay(
                _auctions[s.auction], _marketOf, _markets, _ledger, _windowSeconds, s, scheduleDigest(s)
            );
            if (refusal == Refusal.None) continue;
            refusals[i] = refusal;
            emit ScheduleSkipped(s.auction, s.meter, s.day, s.sequence, refusal);
        }
    }

    /// @inheritdoc IForwardAuction
    function order(
        bytes32 id,
        uint32 meter,
        uint32 slot,
        Action action,
        bool sell,
        int32 limitNano,
        uint32 wh
    ) external {
        (Refusal refusal, uint256 lane) = Ordering.own(
            _auctions[id], _marketOf, _markets, _ledger, _windowSeconds, meter, slot, action, sell, limitNano, wh
        );
        if (refusal != Refusal.None) revert OrderRefused(meter, slot, refusal);
        emit Ordered(id, meter, slot, uint32(lane | (uint256(action) << 28)));
    }

    /// @inheritdoc IForwardAuction
    function skipSequence(bytes32 id, uint32 meter, uint32 sequence) external {
        Auctions.skipSequence(_known(id), _registry, id, meter, sequence);
    }

    /* CLEARING */

    /// @inheritdoc IForwardAuction
    function clear(bytes32 id, uint32 firstWindow, uint32 windows, uint32 maxMembers) external {
        Auction storage auction = _auctions[id];
        uint256 members = _markets.memberCount(auction.market);
        ForwardClearing.clear(auction, id, firstWindow, windows, maxMembers, members, _windowSeconds);
    }

    /// @inheritdoc IForwardAuction
    function voidWindow(bytes32 id, uint32 window) external {
        ForwardClearing.voidWindow(_auctions[id], id, window, _windowSeconds);
    }

    /* FOR THE LEVELS ABOVE */

    /// @inheritdoc IForwardAuction
    function enterTree(bytes32 id) external {
        require(msg.sender == _levels, NotForwardLevels(msg.sender));
        Adoption.enterTree(_auctions[id], id);
    }

    /// @inheritdoc IForwardAuction
    function adopt(bytes32 id, uint32 window, uint256[] calldata parts) external {
        Adoption.adopt(_auctions[id], id, window, parts);
    }

    /* FOR SETTLEMENT AND REGISTRY */

    /// @inheritdoc IForwardAuction
    function readiness(bytes32 market, uint32 firstWindow, uint32 windows)
        external
        view
        returns (bool any, uint256 uncleared, int32 capNano, int32 surplusNano)
    {
        bytes32[] memory ids = _auctionsOf[market];
        if (ids.length == 0) return (false, 0, 0, 0);
        RulesWord rules = _auctions[ids[0]].rules;
        (any, capNano, surplusNano) = (true, int32(rules.capNano()), int32(rules.surplusNano()));
        for (uint256 a; a < ids.length; ++a) {
            for (uint256 i; i < windows; ++i) {
                Window storage w = _auctions[ids[a]].windows[(firstWindow + i) % RING];
                Phase phase = w.phase;
                if (w.window != firstWindow + i || phase == Phase.Absent) continue;
                if (phase < Phase.Cleared) uncleared |= 1 << i;
            }
        }
    }

    /// @inheritdoc IForwardAuction
    function pending(bytes32 market, uint32 window) external view returns (bool own, bool older) {
        bytes32[] memory ids = _auctionsOf[market];
        for (uint256 a; a < ids.length; ++a) {
            Window storage w = _auctions[ids[a]].windows[window % RING];
            Phase phase = w.phase;
            if (phase == Phase.Absent || phase == Phase.Settled) continue;
            if (w.window == window) own = true;
            else if (w.window < window) older = true;
        }
    }

    /// @inheritdoc IForwardAuction
    function contractsOf(bytes32 market, uint32[] calldata indices, uint32 firstWindow, uint32 windows)
        external
        view
        returns (uint256[] memory lanes)
    {
        bytes32[] memory ids = _auctionsOf[market];
        lanes = new uint256[](indices.length * windows);
        for (uint256 a; a < ids.length; ++a) {
            Auction storage auction = _auctions[ids[a]];
            (uint256[] memory cuts, uint256 marks) = Positions.cutsOf(auction, firstWindow, windows);
            for (uint256 i; i < indices.length; ++i) {
                uint256 index = indices[i];
                if ((auction.traders[index >> 8] >> (index & 0xff)) & 1 == 0) continue;
                Positions.addContracts(auction, cuts, lanes, i * windows, index, firstWindow);
            }
            if (marks & PARTS != 0) lanes = Adoption.addContracts(auction, indices, firstWindow, windows, lanes);
        }
    }

    /// @inheritdoc IForwardAuction
    function positionsOf(bytes32 market, uint32 firstIndex, uint32 count, uint32 firstWindow, uint32 windows)
        external
        view
        returns (uint256[] memory words)
    {
        words = new uint256[](uint256(count) * (uint256(windows) + 2));
        bytes32[] memory ids = _auctionsOf[market];
        for (uint256 a; a < ids.length; ++a) {
            Auction storage auction = _auctions[ids[a]];
            Positions.Cleared memory cleared = Positions.load(auction, firstWindow, windows);
            for (uint256 i; i < count; ++i) {
                uint256 index = uint256(firstIndex) + i;
                if ((auction.traders[index >> 8] >> (index & 0xff)) & 1 == 0) continue;
                Positions.addPositions(auction, cleared, index, words, i * (uint256(windows) + 2));
            }
            if (cleared.marks & PARTS == 0) continue;
            words = Adoption.addPositions(auction, firstIndex, count, firstWindow, windows, words);
        }
    }

    /// @inheritdoc IForwardAuction
    function positionIn(bytes32 market, uint32 index, uint32 window, uint8 slotMask)
        external
        view
        returns (uint256 lanes, uint256 collateralNano, int256 contractNano)
    {
        bytes32[] memory ids = _auctionsOf[market];
        for (uint256 a; a < ids.length; ++a) {
            (uint256 more, uint256 collateral, int256 nano) =
                Adoption.position(_auctions[ids[a]], index, window, slotMask);
            lanes = LaneWords.together(lanes, more);
            collateralNano += collateral;
            contractNano += nano;
        }
    }

    /// @inheritdoc IForwardAuction
    function finish(bytes32 market, uint32 firstWindow, uint32 windows) external onlySettlement {
        bytes32[] memory ids = _auctionsOf[market];
        for (uint256 a; a < ids.length; ++a) {
            for (uint256 window = firstWindow; window < uint256(firstWindow) + windows; ++window) {
                Window storage w = _auctions[ids[a]].windows[window % RING];
                if (w.window == window && w.phase == Phase.Cleared) w.phase = Phase.Settled;
            }
        }
        emit ForwardFinished(market, firstWindow, windows);
    }

    /// @inheritdoc IForwardAuction
    function termsChange(uint32 meter, uint32 fromSlot, bool owner) external {
        require(msg.sender == address(_registry), NotRegistry(msg.sender));
        bytes32[] storage ids = _auctionsOf[_marketOf[meter]];
        for (uint256 a; a < ids.length; ++a) {
            Auctions.termsChange(_auctions[ids[a]], _markets, meter, fromSlot, owner);
        }
    }

    /* VIEWS */

    /// @inheritdoc IForwardAuction
    function auctionsOf(bytes32 market) external view returns (bytes32[] memory) {
        return _auctionsOf[market];
    }

    /// @inheritdoc IForwardAuction
    function auctionParams(bytes32 id) external view returns (AuctionParams memory) {
        return Auctions.params(_known(id));
    }

    /// @inheritdoc IForwardAuction
    function paused(bytes32 id) external view returns (bool) {
        return _known(id).rules.isPaused();
    }

    /// @inheritdoc IForwardAuction
    function gateOf(bytes32 id, uint32 window) external view returns (uint64 gate, uint64 firm) {
        RulesWord rules = _known(id).rules;
        gate = uint64(rules.gate(window, _windowSeconds));
        firm = gate - uint64(rules.firmSeconds());
    }

    /// @inheritdoc IForwardAuction
    function windowState(bytes32 id, uint32 window) external view returns (Window memory) {
        return Auctions.windowOf(_known(id), window);
    }

    /// @inheritdoc IForwardAuction
    function resultOf(bytes32 id, uint32 slot) external view returns (Result memory) {
        return Auctions.resultOf(_known(id), slot);
    }

    /// @inheritdoc IForwardAuction
    function orderOf(bytes32 id, uint32 meter, uint32 slot) external view returns (OrderState memory) {
        return Auctions.orderOf(_known(id), _markets, meter, slot);
    }

    /// @inheritdoc IForwardAuction
    function partsOf(bytes32 id, uint32 window) external view returns (uint256[] memory) {
        return Adoption.partsOf(_auctions[id], id, window);
    }

    /// @inheritdoc IForwardAuction
    function sequenceOf(bytes32 id, uint32 meter) external view returns (uint32) {
        return uint32(_known(id).seats[meter].sequence());
    }

    /// @inheritdoc IForwardAuction
    function orderWords(bytes32 id, uint32 window, uint32 firstIndex, uint32 count)
        external
        view
        returns (uint256[] memory words)
    {
        return Auctions.orderWords(_known(id), window, firstIndex, count);
    }

    /// @inheritdoc IForwardAuction
    function collateralOf(bytes32 id, bool sell, int32 limitNano, uint32 wh) external view returns (uint256) {
        return wh * _known(id).rules.eachNano(sell, limitNano);
    }

    /// @inheritdoc IForwardAuction
    function orderDigest(Order calldata o) public view returns (bytes32) {
        return _hashTypedDataV4(Ordering.hashOf(o));
    }

    /// @inheritdoc IForwardAuction
    function scheduleDigest(Schedule calldata s) public view returns (bytes32) {
        return _hashTypedDataV4(Ordering.hashOf(s));
    }

    /* INTERNAL */

    function _known(bytes32 id) private view returns (Auction storage auction) {
        auction = _auctions[id];
        require(auction.rules.exists(), UnknownAuction(id));
    }
}
