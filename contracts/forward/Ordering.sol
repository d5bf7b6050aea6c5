// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {MemberWord, OrderWord, OrderWords, StatedWord} from "../libraries/Packed.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {
    Auction,
    MAX_LEAD,
    MAX_ORDER_WH,
    RING,
    RulesWord,
    SeatWord,
    SeatWords,
    WINDOW
} from "./ForwardTypes.sol";

/// @title Ordering: from a message to a lane of an order word, with its collateral
/// @notice Everything is checked before anything is written, so that a refused message leaves no trace.
library Ordering {
    /// @dev The contracts around `ForwardAuction` (its immutables, which libraries cannot read).
    struct Core {
        IMarkets markets;
        ILedger ledger;
        uint256 slotSeconds;
    }

    /// @dev What a message changes in one window.
    struct Change {
        SeatWord seat;
        uint256 window;
        uint256 oldLanes;
        uint256 newLanes;
        bool opens;
    }

    IForwardAuction.Refusal private constant OK = IForwardAuction.Refusal.None;

    /// @notice Takes one order whose owner has signed `digest` (none: it is his own call, without a sequence number).
    function take(
        Auction storage auction,
        mapping(uint32 meter => bytes32 market) storage marketOf,
        Core memory core,
        IForwardAuction.Order memory o,
        bytes calldata signature,
        bytes32 digest,
        bool own
    ) internal returns (IForwardAuction.Refusal refusal) {
        RulesWord rules = auction.rules;
        if (!rules.exists()) return IForwardAuction.Refusal.UnknownAuction;
        if (rules.isPaused() && o.action != IForwardAuction.Action.Cancel) return IForwardAuction.Refusal.Paused;
        Change memory change;
        change.window = o.slot / WINDOW;
        if (_tooEarly(core, change.window)) return IForwardAuction.Refusal.TooEarly;
        change.seat = seatFor(auction, core, o.meter, o.slot, o.action != IForwardAuction.Action.Cancel);
        if (change.seat.owner() == address(0)) return IForwardAuction.Refusal.NotAMember;
        if (own) {
            if (change.seat.owner() != msg.sender) return IForwardAuction.Refusal.BadSignature;
        } else {
            if (o.sequence <= change.seat.sequence()) return IForwardAuction.Refusal.OldSequence;
            if (!_authorised(change.seat.owner(), signature, digest)) return IForwardAuction.Refusal.BadSignature;
            change.seat = change.seat.withSequence(o.sequence);
        }
        bool changes = o.action != IForwardAuction.Action.Place;
        refusal = _timely(rules, core, change.window, changes);
        if (refusal != OK) return refusal;
        uint256 lane;
        (refusal, lane) = laneOf(rules, o);
        if (refusal != OK) return refusal;
        uint256 key = (change.seat.index() << 7) | (change.window % RING);
        refusal = _look(auction, change, auction.orders[key]);
        if (refusal != OK) return refusal;
        uint256 old = OrderWords.lane(change.oldLanes, o.slot % WINDOW);
        if (changes && old == 0) return IForwardAuction.Refusal.NoOrder;
        if (!changes && old != 0) return IForwardAuction.Refusal.OrderExists;
        change.newLanes = OrderWords.withLane(change.oldLanes, o.slot % WINDOW, lane);
        int256 delta = int256(rules.collateral(lane)) - int256(rules.collateral(old));
        if (delta != 0 && !core.ledger.changeCollateral(change.seat.owner(), delta)) {
            return IForwardAuction.Refusal.TooLittleMoney;
        }
        _write(auction, change, key);
        _sit(auction, marketOf, o.meter, change.seat);
        emit IForwardAuction.Ordered(
            o.auction, o.meter, o.slot, uint32(change.seat.sequence()), o.action, uint32(lane)
        );
        if (signature.length != 0) emit IForwardAuction.Signed(o.auction, o.meter, o.sequence, signature);
        return OK;
    }

    /// @notice Takes the orders of a day.
    function takeDay(
        Auction storage auction,
        mapping(uint32 meter => bytes32 market) storage marketOf,
        Core memory core,
        IForwardAuction.Schedule calldata s,
        bytes32 digest
    ) internal returns (IForwardAuction.Refusal refusal) {
        RulesWord rules = auction.rules;
        if (!rules.exists()) return IForwardAuction.Refusal.UnknownAuction;
        if (rules.isPaused()) return IForwardAuction.Refusal.Paused;
        uint256 windows = 1 days / core.slotSeconds / WINDOW;
        uint256 first = uint256(s.day) * windows;
        if (_tooEarly(core, first + windows - 1)) return IForwardAuction.Refusal.TooEarly;
        SeatWord seat = seatFor(auction, core, s.meter, first * WINDOW, true);
        // One owner and one membership all day.
        if (seat.owner() == address(0) || !seat.covers(first) || !seat.covers(first + windows - 1)) {
            return IForwardAuction.Refusal.NotAMember;
        }
        if (s.sequence <= seat.sequence()) return IForwardAuction.Refusal.OldSequence;
        if (!_authorised(seat.owner(), s.signature, digest)) return IForwardAuction.Refusal.BadSignature;
        if (s.words.length != windows) return IForwardAuction.Refusal.BadFormat;
        seat = seat.withSequence(s.sequence);
        refusal = _putDay(auction, core, rules, seat, first, s.words);
        if (refusal != OK) return refusal;
        _sit(auction, marketOf, s.meter, seat);
        emit IForwardAuction.Scheduled(s.auction, s.meter, s.day, s.sequence, s.words);
        if (s.signature.length != 0) emit IForwardAuction.Signed(s.auction, s.meter, s.sequence, s.signature);
        return OK;
    }

    /// @dev Checks, locks and writes the words of a day.
    function _putDay(
        Auction storage auction,
        Core memory core,
        RulesWord rules,
        SeatWord seat,
        uint256 first,
        uint256[] calldata words
    ) private returns (IForwardAuction.Refusal refusal) {
        Change memory change;
        change.seat = seat;
        int256 delta;
        uint256 opens;
        for (uint256 i; i < words.length; ++i) {
            (change.window, change.newLanes, change.oldLanes, change.opens) = (first + i, words[i], 0, false);
            OrderWord word = auction.orders[(seat.index() << 7) | (change.window % RING)];
            refusal = _timely(rules, core, change.window, word.lanesOf(change.window) != 0);
            if (refusal == OK) refusal = _checkLanes(rules, change.newLanes);
            if (refusal == OK && (change.newLanes != 0 || word.isWindow(change.window))) {
                refusal = _look(auction, change, word);
            }
            if (refusal != OK) return refusal;
            if (change.opens) opens |= 1 << i;
            delta += int256(rules.collateral(change.newLanes));
            if (change.oldLanes != 0) delta -= int256(rules.collateral(change.oldLanes));
        }
        if (delta != 0 && !core.ledger.changeCollateral(seat.owner(), delta)) {
            return IForwardAuction.Refusal.TooLittleMoney;
        }
        for (uint256 i; i < words.length; ++i) {
            (change.window, change.newLanes, change.opens) = (first + i, words[i], (opens >> i) & 1 != 0);
            uint256 key = (seat.index() << 7) | (change.window % RING);
            // An empty day of a window that nobody has opened leaves nothing behind.
            if (change.newLanes != 0 || auction.orders[key].isWindow(change.window)) _write(auction, change, key);
        }
        return OK;
    }

    /// @notice The seat of a meter as it holds in a slot; without an owner where he takes no part there. What was kept
    /// is used where it covers the window; else the market is asked, and whole windows are kept from there on. Without
    /// billing grade no reading would ever be taken, so nothing may be ordered, but what was can be cancelled.
    function seatFor(Auction storage auction, Core memory core, uint32 meter, uint256 slot, bool orders)
        internal
        view
        returns (SeatWord seat)
    {
        seat = auction.seats[meter];
        uint256 window = slot / WINDOW;
        if (seat.covers(window)) return seat;
        uint256 sequence = seat.sequence();
        (MemberWord member, StatedWord stated) =
            core.markets.packedMember(auction.market, meter, uint32(window * WINDOW));
        bool whole = member.untilSlot() >= (window + 1) * WINDOW;
        // Something changes inside the window: what holds in the slot.
        if (!whole) (member, stated) = core.markets.packedMember(auction.market, meter, uint32(slot));
        if (!stated.isActive() || (orders && !stated.isBillingGrade())) {
            return SeatWords.pack(address(0), sequence, 0, 0, 0);
        }
        // For this once, where it does not hold in whole windows.
        if (!whole || !stated.isBillingGrade()) return SeatWords.pack(member.owner(), sequence, stated.index(), 0, 0);
        uint256 until = member.untilSlot() / WINDOW;
        if (until > 0xfffff) until = 0xfffff;
        return SeatWords.pack(member.owner(), sequence, stated.index(), window, until);
    }

    /// @notice The lane of an order, zero for a cancellation.
    function laneOf(RulesWord rules, IForwardAuction.Order memory o)
        internal
        pure
        returns (IForwardAuction.Refusal, uint256 lane)
    {
        if (o.action == IForwardAuction.Action.Cancel) {
            bool empty = !o.sell && o.limitNano == 0 && o.wh == 0;
            return (empty ? OK : IForwardAuction.Refusal.BadFormat, 0);
        }
        int256 above = int256(o.limitNano) - rules.floorNano();
        int256 tick = above / rules.tickNano();
        if (above < 0 || tick > 255 || above != tick * rules.tickNano()) return (IForwardAuction.Refusal.OffTick, 0);
        if (o.wh == 0 || o.wh > MAX_ORDER_WH || o.wh % rules.lotWh() != 0) {
            return (IForwardAuction.Refusal.BadVolume, 0);
        }
        uint256 lots = o.wh / rules.lotWh();
        if (lots > OrderWords.MAX_LOTS) return (IForwardAuction.Refusal.BadVolume, 0);
        return (OK, lots | (uint256(tick) << 19) | (o.sell ? OrderWords.SELL : 0));
    }

    /* INTERNAL */

    function _authorised(address owner, bytes calldata signature, bytes32 digest) private view returns (bool) {
        if (signature.length == 0 && msg.sender == owner) return true;
        return Signatures.isSignedBy(digest, signature, owner);
    }

    function _tooEarly(Core memory core, uint256 window) private view returns (bool) {
        return window > block.timestamp / core.slotSeconds / WINDOW + MAX_LEAD;
    }

    /// @dev Before the gate, and before the firm period where an order is changed.
    function _timely(RulesWord rules, Core memory core, uint256 window, bool changes)
        private
        view
        returns (IForwardAuction.Refusal)
    {
        uint256 gate = rules.gate(window, core.slotSeconds);
        if (block.timestamp >= gate) return IForwardAuction.Refusal.AfterGate;
        if (changes && block.timestamp >= gate - rules.firmSeconds()) return IForwardAuction.Refusal.FirmPeriod;
        return OK;
    }

    /// @dev What stands in the word, and whether the window is there or can be opened.
    function _look(Auction storage auction, Change memory change, OrderWord word)
        private
        view
        returns (IForwardAuction.Refusal)
    {
        // A word of this window has been put there after the window was opened.
        if (word.isWindow(change.window)) {
            change.oldLanes = OrderWord.unwrap(word) & OrderWords.LANES;
            return OK;
        }
        IForwardAuction.Window memory w = auction.windows[change.window % RING];
        if (w.window == change.window && w.phase != IForwardAuction.Phase.Absent) return OK;
        if (w.phase != IForwardAuction.Phase.Absent && w.phase != IForwardAuction.Phase.Settled) {
            return IForwardAuction.Refusal.RingFull;
        }
        change.opens = true;
        return OK;
    }

    function _write(Auction storage auction, Change memory change, uint256 key) private {
        if (change.opens) {
            auction.windows[change.window % RING] =
                IForwardAuction.Window(uint32(change.window), IForwardAuction.Phase.Open, false, 0);
        }
        auction.orders[key] = OrderWords.pack(change.window, change.newLanes);
    }

    /// @dev Keeps a seat; who orders for the first time is noted among those that clearing walks, and his meter for a
    /// change of its terms.
    function _sit(
        Auction storage auction,
        mapping(uint32 meter => bytes32 market) storage marketOf,
        uint32 meter,
        SeatWord seat
    ) private {
        SeatWord old = auction.seats[meter];
        if (SeatWord.unwrap(old) == SeatWord.unwrap(seat)) return;
        auction.seats[meter] = seat;
        // A seat without an owner has been kept for its sequence number alone.
        if (old.owner() != address(0)) return;
        uint256 index = seat.index();
        auction.traders[index >> 8] |= 1 << (index & 0xff);
        marketOf[meter] = auction.market;
    }

    /// @dev Lanes of a schedule: nothing beside them, no tick or side without a volume, no volume above a meter's.
    function _checkLanes(RulesWord rules, uint256 lanes) private pure returns (IForwardAuction.Refusal) {
        if (lanes > OrderWords.LANES) return IForwardAuction.Refusal.BadFormat;
        uint256 most = MAX_ORDER_WH / rules.lotWh();
        if (most > OrderWords.MAX_LOTS) most = OrderWords.MAX_LOTS;
        // Lots have 19 bits and a bit to spare above them.
        unchecked {
            uint256 lots = lanes & (OrderWords.ONES * OrderWords.MAX_LOTS);
            uint256 some = ((lots + OrderWords.ONES * OrderWords.MAX_LOTS) >> 19) & OrderWords.ONES;
            if (lanes & ((OrderWords.ONES ^ some) * OrderWords.LANE) != 0) return IForwardAuction.Refusal.BadFormat;
            uint256 within = ((OrderWords.ONES * (most | (1 << 19))) - lots) >> 19;
            if (within & OrderWords.ONES != OrderWords.ONES) return IForwardAuction.Refusal.BadVolume;
        }
        return OK;
    }
}
