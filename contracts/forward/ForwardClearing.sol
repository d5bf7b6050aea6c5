// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {HalfBooks} from "../libraries/HalfBooks.sol";
import {CutWord, CutWords, OrderWord, OrderWords, ResultWord} from "../libraries/Packed.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {ALONE, Auction, RING, RulesWord, WINDOW} from "./ForwardTypes.sol";

/// @title ForwardClearing: from orders to one price and one rationed limit per slot, and to fills
/// @notice Walks those who have ever ordered, in the order of their index, puts their orders into the book and matches;
/// then walks them again and writes down the fills of the rationed limits, which follow from nothing else: one word for
/// the orders that are alone at theirs, as nearly all are, and one for each member who shares his with others. A walk
/// that is too long for one transaction is put down in storage and goes on in the next.
library ForwardClearing {
    using TickBook for TickBook.Book;

    /// @dev The results of the eight slots wait here, behind the book, then the lots found of each, and `open`.
    uint256 private constant RESULTS = HalfBooks.OWN;
    uint256 private constant FOUND = RESULTS + WINDOW;
    uint256 private constant OPEN = FOUND + WINDOW;

    /// @dev What one call works with; the last four are those of the window at hand: the results of its slots, the lots
    /// that the second walk has found at their rationed limits, the lowest bits of the lanes in which more are to come,
    /// and the fills of orders that are alone (see Auction.lone).
    struct Walk {
        bytes32 id;
        RulesWord rules;
        TickBook.Book book;
        uint256 members;
        uint256 windowSeconds;
        uint256 budget;
        uint256[8] results;
        uint256[8] found;
        uint256 open;
        uint256 lone;
    }

    /// @notice See IForwardAuction.clear.
    function clear(
        Auction storage auction,
        bytes32 id,
        uint256 firstWindow,
        uint256 windows,
        uint256 maxMembers,
        uint256 members,
        uint256 windowSeconds
    ) external {
        Walk memory walk;
        (walk.id, walk.rules, walk.members) = (id, auction.rules, members);
        (walk.windowSeconds, walk.budget) = (windowSeconds, maxMembers);
        require(walk.rules.exists(), IForwardAuction.UnknownAuction(id));
        bool done;
        for (uint256 i; i < windows && walk.budget != 0; ++i) {
            done = _clearWindow(auction, walk, firstWindow + i) || done;
        }
        require(done, IForwardAuction.NothingToDo());
    }

    /// @notice See IForwardAuction.voidWindow.
    function voidWindow(Auction storage auction, bytes32 id, uint256 window, uint256 windowSeconds) external {
        RulesWord rules = auction.rules;
        require(rules.exists(), IForwardAuction.UnknownAuction(id));
        IForwardAuction.Window memory w = auction.windows[window % RING];
        if (w.window != window) w.phase = IForwardAuction.Phase.Absent;
        require(_isUnderWay(w.phase), IForwardAuction.WrongPhase(uint32(window), w.phase));
        uint256 deadline = rules.gate(window, windowSeconds) + rules.voidSeconds();
        require(
            block.timestamp >= deadline, IForwardAuction.TooEarlyToVoid(uint32(window), uint64(deadline))
        );
        HalfBooks.drop(auction.halfBooks[window % RING]);
        auction.cuts[window % RING] = CutWord.wrap(CutWords.UNTRADED);
        (w.phase, w.voided, w.cursor) = (IForwardAuction.Phase.Cleared, true, 0);
        auction.windows[window % RING] = w;
        emit IForwardAuction.ForwardVoided(id, uint32(window));
    }

    /* INTERNAL */

    function _isUnderWay(IForwardAuction.Phase phase) private pure returns (bool) {
        return phase == IForwardAuction.Phase.Open || phase == IForwardAuction.Phase.Clearing
            || phase == IForwardAuction.Phase.Rationing;
    }

    /// @dev Clears one window or goes on with it; false: nothing to do there.
    function _clearWindow(Auction storage auction, Walk memory walk, uint256 window) private returns (bool) {
        IForwardAuction.Window memory w = auction.windows[window % RING];
        if (w.window != window || !_isUnderWay(w.phase)) return false;
        uint256 gate = walk.rules.gate(window, walk.windowSeconds);
        require(block.timestamp >= gate, IForwardAuction.GateOpen(uint32(window), uint64(gate)));
        mapping(uint256 => uint256) storage half = auction.halfBooks[window % RING];
        if (w.phase != IForwardAuction.Phase.Rationing) {
            if (walk.book.volumes.length == 0) walk.book = TickBook.create();
            if (w.phase == IForwardAuction.Phase.Clearing) HalfBooks.resume(half, walk.book);
            uint256 end = _end(walk, w.cursor);
            _collect(auction, walk, window, w.cursor, end);
            if (end < walk.members) {
                walk.book.mapOrders();
                HalfBooks.putDown(half, walk.book);
                _wait(auction, walk.id, w, IForwardAuction.Phase.Clearing, end);
                walk.book.reset();
                return true;
            }
            _match(auction, walk, window);
            w.cursor = 0;
        } else {
            for (uint256 i; i < WINDOW; ++i) {
                (walk.results[i], walk.found[i]) = (half[RESULTS + i], half[FOUND + i]);
            }
            walk.open = half[OPEN];
        }
        // Where nothing is rationed there is nothing to walk for.
        uint256 last = w.cursor;
        if (walk.open != 0) {
            last = _end(walk, last);
            _ration(auction, walk, window, w.cursor, last);
        }
        if (walk.open != 0) {
            for (uint256 i; i < WINDOW; ++i) {
                (half[RESULTS + i], half[FOUND + i]) = (walk.results[i], walk.found[i]);
            }
            half[OPEN] = walk.open;
            _wait(auction, walk.id, w, IForwardAuction.Phase.Rationing, last);
        } else {
            (w.phase, w.cursor) = (IForwardAuction.Phase.Cleared, 0);
            auction.windows[window % RING] = w;
            emit IForwardAuction.ForwardCleared(walk.id, uint32(window), walk.results);
        }
        if (walk.book.volumes.length != 0) walk.book.reset();
        return true;
    }

    function _wait(
        Auction storage auction,
        bytes32 id,
        IForwardAuction.Window memory w,
        IForwardAuction.Phase phase,
        uint256 cursor
    ) private {
        (w.phase, w.cursor) = (phase, uint32(cursor));
        auction.windows[w.window % RING] = w;
        emit IForwardAuction.ForwardStep(id, w.window, phase, w.cursor);
    }

    /// @dev Where this step ends, and what it takes off the budget.
    function _end(Walk memory walk, uint256 cursor) private pure returns (uint256 end) {
        end = cursor + walk.budget;
        if (end > walk.members) end = walk.members;
        walk.budget -= end - cursor;
    }

    /// @dev Puts the orders of the members [from, end) into the book.
    function _collect(Auction storage auction, Walk memory walk, uint256 window, uint256 from, uint256 end)
        private
        view
    {
        mapping(uint256 => OrderWord) storage orders = auction.orders;
        uint256 bits;
        for (uint256 index = from; index < end; ++index) {
            if (index == from || index & 0xff == 0) bits = auction.traders[index >> 8] >> (index & 0xff);
            if (bits & 1 != 0) {
                uint256 word = OrderWord.unwrap(orders[(index << 7) | (window % RING)]);
                if (word >> 236 == window) walk.book.addOrders(word & OrderWords.LANES);
            }
            bits >>= 1;
        }
    }

    function _match(Auction storage auction, Walk memory walk, uint256 window) private {
        (int256 floorNano, int256 tickNano) = (walk.rules.floorNano(), walk.rules.tickNano());
        uint256 kPpm = walk.rules.kPpm();
        uint256 cuts;
        uint256[2] memory prices;
        walk.book.sumUp();
        for (uint256 slot; slot < WINDOW; ++slot) {
            ResultWord result = walk.book.matchEquilibrium(slot, floorNano, tickNano, kPpm);
            walk.results[slot] = ResultWord.unwrap(result);
            cuts |= CutWords.laneOf(result) << (slot * OrderWords.LANE_BITS);
            if (result.traded()) prices[slot & 1] |= uint256(result.price() - floorNano) << (168 - (slot >> 1) * 56);
        }
        auction.cuts[window % RING] = CutWord.wrap(cuts);
        walk.open = (cuts >> 27) & OrderWords.ONES;
        delete walk.found;
        uint256 key = (window % RING) * 2;
        (auction.prices[key], auction.prices[key + 1]) = (prices[0], prices[1]);
    }

    /// @dev Writes the fills of rationed orders of the members [from, end), or of fewer when all are found.
    function _ration(Auction storage auction, Walk memory walk, uint256 window, uint256 from, uint256 end) private {
        CutWord cuts = auction.cuts[window % RING];
        // Those that earlier calls have found; a word of an earlier turn of the ring is of another window.
        walk.lone = auction.lone[window % RING].lanesOf(window);
        uint256 bits;
        for (uint256 index = from; index < end && walk.open != 0; ++index) {
            if (index == from || index & 0xff == 0) bits = auction.traders[index >> 8] >> (index & 0xff);
            if (bits & 1 != 0) {
                uint256 key = (index << 7) | (window % RING);
                uint256 lanes = auction.orders[key].lanesOf(window);
                uint256 lots = lanes & cuts.rationedOf(lanes);
                if (lots != 0) {
                    uint256 fills = _fills(walk, lots);
                    if (fills != 0) auction.fills[key] = OrderWords.pack(window, fills);
                }
            }
            bits >>= 1;
        }
        if (walk.lone != 0) auction.lone[window % RING] = OrderWords.pack(window, walk.lone);
    }

    /// @dev Fills of a member's lots that share their limits with others; those of lots that are alone go to the walk.
    /// An order gets what is filled of all lots up to its own, rounded down, less what the ones before it got; so the
    /// fills add up exactly.
    function _fills(Walk memory walk, uint256 lots) private pure returns (uint256 fills) {
        // Lots have 19 bits and sums of them 48.
        unchecked {
            for (uint256 slot; lots >> (slot * OrderWords.LANE_BITS) != 0; ++slot) {
                uint256 offered = OrderWords.lane(lots, slot);
                if (offered == 0) continue;
                ResultWord result = ResultWord.wrap(walk.results[slot]);
                (uint256 fill, uint256 live) = (result.fillWh(), result.liveWh());
                uint256 shift = slot * OrderWords.LANE_BITS;
                uint256 before = walk.found[slot];
                uint256 found = before + offered;
                if (found == live) walk.open ^= 1 << shift;
                if (offered == live) {
                    walk.lone |= (fill | ALONE) << shift;
                } else {
                    fills |= (found * fill / live - before * fill / live) << shift;
                    walk.found[slot] = found;
                }
            }
        }
    }
}
