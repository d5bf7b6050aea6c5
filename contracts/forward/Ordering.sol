// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {MemberWord, OrderWord, OrderWords, StatedWord} from "../libraries/Packed.sol";
import {Signatures} from "../libraries/Signatures.sol";
import {Words} from "../libraries/Words.sol";
import {
    Auction,
    MAX_LEAD,
    MAX_ORDER_WH,
    OrderSum,
    RING,
    RulesWord,
    SeatWord,
    SeatWords,
    WINDOW
} from "./ForwardTypes.sol";

/// @title Ordering: from a message to a lane of an order word, with its collateral
/// @notice Everything is checked before anything is written, so that a refused message leaves no trace.
/// @dev Slots have 32 bits, windows 29, prices 33 and Wh 24, so nothing that is counted here overflows.
library Ordering {
    using Words for uint256[];

    /// @dev The free money of the owner whose orders are being taken, and what of it the ledger does not know yet to be
    /// locked: it is told once for all orders of an owner that follow each other.
    struct Purse {
        address owner;
        int256 freeNano;
        int256 untoldNano;
    }

    /// @dev What a schedule changes beside the orders in it: the collateral of those that go, and by window a bit for
    /// what is to be opened and for where nothing is to be written.
    struct Day {
        uint256 oldNano;
        uint256 opens;
        uint256 idle;
    }

    IForwardAuction.Refusal private constant OK = IForwardAuction.Refusal.None;
    bytes32 private constant ORDER_TYPE = keccak256(
        "Order(bytes32 auction,uint32 meter,uint32 slot,uint32 sequence,uint8 action,bool sell,"
        "int32 limitNano,uint32 wh)"
    );
    bytes32 private constant SCHEDULE_TYPE =
        keccak256("Schedule(bytes32 auction,uint32 meter,uint32 day,uint32 sequence,uint256[] words)");

    /// @notice The EIP-712 hash of an order.
    function hashOf(IForwardAuction.Order calldata o) internal pure returns (bytes32 hash) {
        bytes32 kind = ORDER_TYPE;
        // All fields but the last stand in the calldata as they are hashed. Whoever uses them finds out whether a field
        // is wider than its type.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, kind)
            calldatacopy(add(free, 0x20), o, 0x100)
            hash := keccak256(free, 0x120)
        }
    }

    /// @notice The EIP-712 hash of a schedule.
    function hashOf(IForwardAuction.Schedule calldata s) internal pure returns (bytes32 hash) {
        bytes32 kind = SCHEDULE_TYPE;
        uint256[] calldata words = s.words;
        // The same; of the words their hash.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, words.offset, shl(5, words.length))
            let all := keccak256(free, shl(5, words.length))
            mstore(free, kind)
            calldatacopy(add(free, 0x20), s, 0x80)
            mstore(add(free, 0xa0), all)
            hash := keccak256(free, 0xc0)
        }
    }

    /// @notice Takes an order that its owner himself hands in: the checks of `take`, in their order.
    /// @dev Written out, and on the stack, because he pays for it alone.
    function own(
        Auction storage auction,
        mapping(uint32 meter => bytes32 market) storage marketOf,
        IMarkets markets,
        ILedger ledger,
        uint256 windowSeconds,
        uint32 meter,
        uint256 slot,
        IForwardAuction.Action action,
        bool sell,
        int256 limitNano,
        uint256 wh
    ) internal returns (IForwardAuction.Refusal refusal, uint256 lane) {
        RulesWord rules = auction.rules;
        uint256 window = slot / WINDOW;
        bool cancels = action == IForwardAuction.Action.Cancel;
        if (!rules.exists()) return (IForwardAuction.Refusal.UnknownAuction, 0);
        if (rules.isPaused()) {
            if (!cancels) return (IForwardAuction.Refusal.Paused, 0);
        }
        if (_tooEarly(window, windowSeconds)) return (IForwardAuction.Refusal.TooEarly, 0);
        SeatWord kept = auction.seats[meter];
        SeatWord seat = kept;
        if (!kept.covers(window)) seat = _seatFor(markets, auction.market, kept, meter, slot, !cancels);
        if (seat.owner() != msg.sender) return (_notHis(seat), 0);
        bool changes = action != IForwardAuction.Action.Place;
        {
            (bool closed, bool firm) = _gates(rules, window, windowSeconds);
            if (closed) return (IForwardAuction.Refusal.AfterGate, 0);
            if (firm) {
                if (changes) return (IForwardAuction.Refusal.FirmPeriod, 0);
            }
        }
        (refusal, lane) = _laneOf(rules, cancels, sell, limitNano, wh);
        if (refusal != OK) return (refusal, 0);
        uint256 key = _keyOf(seat, window);
        uint256 lanes = OrderWord.unwrap(auction.orders[key]);
        bool opens;
        if (lanes >> 236 != window) {
            bool full;
            (full, opens) = _look(auction, window);
            if (full) return (IForwardAuction.Refusal.RingFull, 0);
            lanes = 0;
        }
        uint256 old = OrderWords.lane(lanes, slot % WINDOW);
        if (changes != (old != 0)) return (_misplaced(changes), 0);
        unchecked {
            int256 deltaNano = int256(wh * rules.eachNano(sell, limitNano));
            if (old != 0) deltaNano -= int256(rules.collateral(old));
            if (deltaNano != 0) {
                if (_lock(ledger, msg.sender, deltaNano) < 0) return (IForwardAuction.Refusal.TooLittleMoney, 0);
            }
        }
        if (opens) _open(auction, window);
        auction.orders[key] = OrderWords.pack(window, OrderWords.withLane(lanes, slot % WINDOW, lane));
        if (SeatWord.unwrap(kept) != SeatWord.unwrap(seat)) _sit(auction, marketOf, meter, kept, seat);
    }

    /// @notice Takes an order whose owner has signed `digest`; returns what is told of it.
    function take(
        Auction storage auction,
        mapping(uint32 meter => bytes32 market) storage marketOf,
        IMarkets markets,
        ILedger ledger,
        uint256 windowSeconds,
        Purse memory purse,
        IForwardAuction.Order calldata o,
        bytes32 digest
    ) internal returns (IForwardAuction.Refusal refusal, uint256 told) {
        RulesWord rules = auction.rules;
        uint256 window = o.slot / WINDOW;
        bool cancels = o.action == IForwardAuction.Action.Cancel;
        if (!rules.exists()) return (IForwardAuction.Refusal.UnknownAuction, 0);
        if (rules.isPaused()) {
            if (!cancels) return (IForwardAuction.Refusal.Paused, 0);
        }
        if (_tooEarly(window, windowSeconds)) return (IForwardAuction.Refusal.TooEarly, 0);
        SeatWord kept = auction.seats[o.meter];
        SeatWord seat = kept;
        if (!kept.covers(window)) seat = _seatFor(markets, auction.market, kept, o.meter, o.slot, !cancels);
        if (seat.owner() == address(0)) return (IForwardAuction.Refusal.NotAMember, 0);
        if (o.sequence <= kept.sequence()) return (IForwardAuction.Refusal.OldSequence, 0);
        if (!_authorised(seat.owner(), o.signature, digest)) return (IForwardAuction.Refusal.BadSignature, 0);
        bool changes = o.action != IForwardAuction.Action.Place;
        {
            (bool closed, bool firm) = _gates(rules, window, windowSeconds);
            if (closed) return (IForwardAuction.Refusal.AfterGate, 0);
            if (firm) {
                if (changes) return (IForwardAuction.Refusal.FirmPeriod, 0);
            }
        }
        uint256 lane;
        (refusal, lane) = _laneOf(rules, cancels, o.sell, o.limitNano, o.wh);
        if (refusal != OK) return (refusal, 0);
        uint256 key = _keyOf(seat, window);
        uint256 lanes = OrderWord.unwrap(auction.orders[key]);
        bool opens;
        if (lanes >> 236 != window) {
            bool full;
            (full, opens) = _look(auction, window);
            if (full) return (IForwardAuction.Refusal.RingFull, 0);
            lanes = 0;
        }
        uint256 old = OrderWords.lane(lanes, o.slot % WINDOW);
        if (changes != (old != 0)) return (_misplaced(changes), 0);
        unchecked {
            int256 deltaNano = int256(uint256(o.wh) * rules.eachNano(o.sell, o.limitNano));
            if (old != 0) deltaNano -= int256(rules.collateral(old));
            if (deltaNano != 0) {
                if (!_pay(purse, ledger, seat.owner(), deltaNano)) {
                    return (IForwardAuction.Refusal.TooLittleMoney, 0);
                }
            }
        }
        if (opens) _open(auction, window);
        auction.orders[key] = OrderWords.pack(window, OrderWords.withLane(lanes, o.slot % WINDOW, lane));
        _sit(auction, marketOf, o.meter, kept, seat.withSequence(o.sequence));
        told = lane | (uint256(o.action) << 28) | (uint256(o.sequence) << 32) | (uint256(o.slot) << 64)
            | (uint256(uint32(o.signature.length)) << 96);
    }

    /// @notice Tells in the log of the orders that were taken, with one event for those of a meter that follow each
    /// other; `taken` is what `take` has returned of each, zero where it was refused.
    function tell(IForwardAuction.Order[] calldata orders, uint256[] memory taken) internal {
        uint256 end;
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 begin; begin < taken.length; begin = end) {
            IForwardAuction.Order calldata first = orders[begin];
            for (end = begin + 1; end < taken.length; ++end) {
                if (orders[end].meter != first.meter || orders[end].auction != first.auction) break;
            }
            uint256[] memory words = new uint256[](end - begin);
            bytes memory signatures;
            uint256 count;
            for (uint256 i = begin; i < end; ++i) {
                if (taken[i] == 0) continue;
                words.set(count++, taken[i]);
                signatures = bytes.concat(signatures, orders[i].signature);
            }
            // There are no more of them than there is room for.
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                mstore(words, count)
            }
            if (count != 0) emit IForwardAuction.OrdersRelayed(first.auction, first.meter, words, signatures);
            // Used again for the next meter, or memory grows dearer with every one.
            Memory.unsafeSetFreeMemoryPointer(free);
        }
    }

    /// @notice Tells the ledger what it does not know yet.
    function close(Purse memory purse, ILedger ledger) internal {
        if (purse.untoldNano == 0) return;
        // Each part of it was within what the ledger said is free.
        assert(_lock(ledger, purse.owner, purse.untoldNano) >= 0);
    }

    /// @notice Takes the orders of a day.
    function takeDay(
        Auction storage auction,
        mapping(uint32 meter => bytes32 market) storage marketOf,
        IMarkets markets,
        ILedger ledger,
        uint256 windowSeconds,
        IForwardAuction.Schedule calldata s,
        bytes32 digest
    ) internal returns (IForwardAuction.Refusal refusal) {
        RulesWord rules = auction.rules;
        uint256 windows = 1 days / windowSeconds;
        uint256 first = uint256(s.day) * windows;
        if (!rules.exists()) return IForwardAuction.Refusal.UnknownAuction;
        if (rules.isPaused()) return IForwardAuction.Refusal.Paused;
        if (_tooEarly(first + windows - 1, windowSeconds)) return IForwardAuction.Refusal.TooEarly;
        SeatWord kept = auction.seats[s.meter];
        SeatWord seat = kept;
        uint256 last = first + windows - 1;
        if (!kept.covers(first) || !kept.covers(last)) {
            seat = _seatFor(markets, auction.market, kept, s.meter, first * WINDOW, true);
        }
        // One owner and one membership all day.
        if (!seat.covers(first) || !seat.covers(last)) return IForwardAuction.Refusal.NotAMember;
        if (s.sequence <= kept.sequence()) return IForwardAuction.Refusal.OldSequence;
        if (!_authorised(seat.owner(), s.signature, digest)) return IForwardAuction.Refusal.BadSignature;
        if (s.words.length != windows) return IForwardAuction.Refusal.BadFormat;
        Day memory day;
        OrderSum memory sum;
        refusal = _changeDay(day, sum, auction, rules, windowSeconds, seat, first, s.words);
        if (refusal != OK) return refusal;
        int256 deltaNano = int256(rules.collateral(sum)) - int256(day.oldNano);
        if (deltaNano != 0) {
            if (_lock(ledger, seat.owner(), deltaNano) < 0) return IForwardAuction.Refusal.TooLittleMoney;
        }
        _writeDay(auction, seat, first, s.words, day);
        _sit(auction, marketOf, s.meter, kept, seat.withSequence(s.sequence));
        emit IForwardAuction.Scheduled(s.auction, s.meter, s.day, s.sequence, s.words, s.signature);
    }

    /* INTERNAL */

    function _keyOf(SeatWord seat, uint256 window) private pure returns (uint256) {
        return (seat.index() << 7) | (window % RING);
    }

    /// @dev The seat of a meter as it holds in a slot; without an owner where he takes no part there. What was kept
    /// is used where it covers the window; else the market is asked, and whole windows are kept from there on. Where
    /// he takes no part, or without billing grade, no reading would ever count, so nothing may be ordered, but what was
    /// can be cancelled.
    function _seatFor(
        IMarkets markets,
        bytes32 market,
        SeatWord kept,
        uint256 meter,
        uint256 slot,
        bool orders
    ) private view returns (SeatWord seat) {
        uint256 window = slot / WINDOW;
        uint256 sequence = kept.sequence();
        (MemberWord member, StatedWord stated) =
            markets.packedMember(market, uint32(meter), uint32(window * WINDOW));
        bool whole = member.untilSlot() >= (window + 1) * WINDOW;
        // Something changes inside the window: what holds in the slot.
        if (!whole) (member, stated) = markets.packedMember(market, uint32(meter), uint32(slot));
        bool takesPart = stated.isActive() && stated.isBillingGrade();
        if (orders && !takesPart) return SeatWords.pack(address(0), sequence, 0, 0, 0);
        // For this once, where it does not hold in whole windows.
        if (!whole || !takesPart) return SeatWords.pack(member.owner(), sequence, stated.index(), 0, 0);
        uint256 until = member.untilSlot() / WINDOW;
        if (until > 0xfffff) until = 0xfffff;
        return SeatWords.pack(member.owner(), sequence, stated.index(), window, until);
    }

    /// @dev Checks the words of a schedule, window by window, and adds up what they change.
    function _changeDay(
        Day memory day,
        OrderSum memory sum,
        Auction storage auction,
        RulesWord rules,
        uint256 windowSeconds,
        SeatWord seat,
        uint256 first,
        uint256[] calldata words
    ) private view returns (IForwardAuction.Refusal) {
        // No window's gate closes before that of the first.
        (bool closed, bool firm) = _gates(rules, first, windowSeconds);
        if (closed) return IForwardAuction.Refusal.AfterGate;
        uint256 most = OrderWords.ONES * (rules.mostLots() | (1 << 19));
        unchecked {
            for (uint256 i; i < words.length; ++i) {
                uint256 window = first + i;
                uint256 lanes = words.read(i);
                uint256 old = OrderWord.unwrap(auction.orders[_keyOf(seat, window)]);
                bool there = old >> 236 == window;
                if (there) {
                    old &= OrderWords.LANES;
                    if (old != 0) {
                        if (!rules.byDay()) (, firm) = _gates(rules, window, windowSeconds);
                        if (firm) return IForwardAuction.Refusal.FirmPeriod;
                        day.oldNano += rules.collateral(old);
                    }
                }
                if (lanes != 0) {
                    (bool formed, bool within) = _checkLanes(most, lanes);
                    if (!formed) return IForwardAuction.Refusal.BadFormat;
                    if (!within) return IForwardAuction.Refusal.BadVolume;
                    rules.count(sum, lanes);
                }
                if (there) continue;
                if (lanes == 0) {
                    day.idle |= 1 << i;
                    continue;
                }
                (bool full, bool opens) = _look(auction, window);
                if (full) return IForwardAuction.Refusal.RingFull;
                if (opens) day.opens |= 1 << i;
            }
        }
        return OK;
    }

    function _writeDay(
        Auction storage auction,
        SeatWord seat,
        uint256 first,
        uint256[] calldata words,
        Day memory day
    ) private {
        (uint256 opens, uint256 idle) = (day.opens, day.idle);
        unchecked {
            for (uint256 i; i < words.length; ++i) {
                // Nothing ordered where nothing was leaves nothing behind.
                if ((idle >> i) & 1 != 0) continue;
                uint256 window = first + i;
                if ((opens >> i) & 1 != 0) _open(auction, window);
                auction.orders[_keyOf(seat, window)] = OrderWords.pack(window, words.read(i));
            }
        }
    }

    /// @dev The lane of an order, zero for a cancellation.
    function _laneOf(RulesWord rules, bool cancels, bool sell, int256 limitNano, uint256 wh)
        private
        pure
        returns (IForwardAuction.Refusal, uint256 lane)
    {
        if (cancels) {
            bool empty = !sell && limitNano == 0 && wh == 0;
            return (empty ? OK : IForwardAuction.Refusal.BadFormat, 0);
        }
        unchecked {
            // Below the floor it is a huge number, which no tick reaches.
            uint256 above = uint256(limitNano - rules.floorNano());
            uint256 tickNano = uint256(rules.tickNano());
            uint256 tick = _quotient(above, tickNano);
            if ((tick >> 8) | (above ^ (tick * tickNano)) != 0) return (IForwardAuction.Refusal.OffTick, 0);
            uint256 lots = _quotient(wh, rules.lotWh());
            if ((wh & ~MAX_ORDER_WH) | (wh ^ (lots * rules.lotWh())) != 0) {
                return (IForwardAuction.Refusal.BadVolume, 0);
            }
            // Without a lot it is the largest number.
            if (lots - 1 >= OrderWords.MAX_LOTS) return (IForwardAuction.Refusal.BadVolume, 0);
            return (OK, lots | (tick << 19) | (sell ? OrderWords.SELL : 0));
        }
    }

    /// @dev `a / b` without a question; `b` is a parameter of an auction or the length of a window, and never zero.
    function _quotient(uint256 a, uint256 b) private pure returns (uint256 quotient) {
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            quotient := div(a, b)
        }
    }

    /// @dev Why an order of somebody who is not the owner is refused.
    function _notHis(SeatWord seat) private pure returns (IForwardAuction.Refusal) {
        return seat.owner() == address(0)
            ? IForwardAuction.Refusal.NotAMember
            : IForwardAuction.Refusal.BadSignature;
    }

    /// @dev Why there is nothing to change, or something where an order is to be placed.
    function _misplaced(bool changes) private pure returns (IForwardAuction.Refusal) {
        return changes ? IForwardAuction.Refusal.NoOrder : IForwardAuction.Refusal.OrderExists;
    }

    function _authorised(address owner, bytes calldata signature, bytes32 digest) private view returns (bool) {
        if (signature.length == 0 && msg.sender == owner) return true;
        return Signatures.isSignedBy(digest, signature, owner);
    }

    function _tooEarly(uint256 window, uint256 windowSeconds) private view returns (bool) {
        unchecked {
            return window > _quotient(block.timestamp, windowSeconds) + MAX_LEAD;
        }
    }

    /// @dev Whether the gate of a window has closed, and whether its firm period has begun, when nothing is changed.
    function _gates(RulesWord rules, uint256 window, uint256 windowSeconds)
        private
        view
        returns (bool closed, bool firm)
    {
        unchecked {
            uint256 start = rules.start(window, windowSeconds);
            uint256 soon = block.timestamp + rules.gateSeconds();
            return (soon >= start, soon + rules.firmSeconds() >= start);
        }
    }

    /// @dev Whether the place of a window of which the owner has no word is taken by an older one, and whether the
    /// window is to be opened.
    function _look(Auction storage auction, uint256 window) private view returns (bool full, bool opens) {
        IForwardAuction.Window storage w = auction.windows[window % RING];
        IForwardAuction.Phase phase = w.phase;
        if (phase == IForwardAuction.Phase.Absent) return (false, true);
        if (w.window == window) return (false, false);
        opens = phase == IForwardAuction.Phase.Settled;
        return (!opens, opens);
    }

    /// @dev `ILedger.adjustCollateral`, and what it answers. Every order calls it, so without the memory that Solidity
    /// sets aside for answers.
    function _lock(ILedger ledger, address owner, int256 deltaNano) private returns (int256 leftNano) {
        bytes4 selector = ILedger.adjustCollateral.selector;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, selector)
            mstore(add(free, 0x04), owner)
            mstore(add(free, 0x24), deltaNano)
            // The answer is looked at after the call.
            if iszero(and(gt(returndatasize(), 0x1f), call(gas(), ledger, 0, free, 0x44, 0, 0x20))) {
                returndatacopy(free, 0, returndatasize())
                revert(free, returndatasize())
            }
            leftNano := mload(0)
        }
    }

    /// @dev Locks or frees collateral of an owner; false where he has too little money.
    function _pay(Purse memory purse, ILedger ledger, address owner, int256 deltaNano) private returns (bool) {
        int256 freeNano;
        unchecked {
            if (purse.owner == owner) {
                freeNano = purse.freeNano - deltaNano;
                if (freeNano < 0) return false;
                purse.untoldNano += deltaNano;
            } else {
                close(purse, ledger);
                freeNano = _lock(ledger, owner, deltaNano);
                (purse.owner, purse.untoldNano) = (owner, 0);
                if (freeNano < 0) {
                    purse.freeNano = freeNano + deltaNano;
                    return false;
                }
            }
        }
        purse.freeNano = freeNano;
        return true;
    }

    function _open(Auction storage auction, uint256 window) private {
        auction.windows[window % RING] =
            IForwardAuction.Window(uint32(window), IForwardAuction.Phase.Open, false, 0);
    }

    /// @dev Keeps a seat; who orders for the first time is noted among those that clearing walks, and his meter for a
    /// change of its terms.
    function _sit(
        Auction storage auction,
        mapping(uint32 meter => bytes32 market) storage marketOf,
        uint32 meter,
        SeatWord kept,
        SeatWord seat
    ) private {
        auction.seats[meter] = seat;
        // A seat without an owner has been kept for its sequence number alone.
        if (kept.owner() != address(0)) return;
        uint256 index = seat.index();
        auction.traders[index >> 8] |= 1 << (index & 0xff);
        marketOf[meter] = auction.market;
    }

    /// @dev Lanes of a schedule: nothing beside them, no tick or side without a volume; no volume above that of `most`,
    /// which has a bit above the lots of each lane to take from.
    function _checkLanes(uint256 most, uint256 lanes) private pure returns (bool formed, bool within) {
        // Lots have 19 bits and a bit to spare above them.
        unchecked {
            uint256 lots = lanes & (OrderWords.ONES * OrderWords.MAX_LOTS);
            // What is allowed are the lanes with lots; nothing above them is.
            formed = lanes & ~(OrderWords.some(lots) * OrderWords.LANE) == 0;
            within = ((most - lots) >> 19) & OrderWords.ONES == OrderWords.ONES;
        }
    }
}
