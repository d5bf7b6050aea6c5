// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {IForwardLevels} from "../interfaces/IForwardLevels.sol";
import {Residuals} from "../forwardlevels/Residuals.sol";
import {HalfBooks} from "../libraries/HalfBooks.sol";
import {CutWord, CutWords, OrderWord, OrderWords, ResultWord} from "../libraries/Packed.sol";
import {PartWord} from "../libraries/PartWords.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Adoption} from "./Adoption.sol";
import {ALONE, Auction, PARTS, RING, RulesWord, SENT, WINDOW} from "./ForwardTypes.sol";
import {PartFills} from "./PartFills.sol";
import {Positions} from "./Positions.sol";

/// @title ForwardClearing: from orders to one price and one rationed limit per slot, and to fills
/// @notice Walks those who have ever ordered, in the order of their index, puts their orders into the book and matches;
/// then walks them again and writes down the fills of the rationed limits, which follow from nothing else: one word for
/// the orders that are alone at theirs, as nearly all are, and one for each member who shares his with others. A walk
/// that is too long for one transaction is put down in storage and goes on in the next.
library ForwardClearing {
    using TickBook for TickBook.Book;
    using Residuals for TickBook.Book;
    using Residuals for Residuals.Plan;

    /// @dev The results of the eight slots wait here, behind the book, then the lots found of each, and `open`.
    uint256 private constant RESULTS = HalfBooks.OWN;
    uint256 private constant FOUND = RESULTS + WINDOW;
    uint256 private constant OPEN = FOUND + WINDOW;
    uint256 private constant FOUND_OF_PARTS = OPEN + 1;

    /// @dev The parts of a window on their way to the members: the lots found so far at the last tick of each, and how
    /// many are rationed and not all found.
    struct Sharing {
        uint256[] parts;
        uint256[] found;
        CutWord cuts;
        uint256 open;
    }

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
        // What has been sent up may be filled there.
        bool sent = w.phase == IForwardAuction.Phase.Rationing
            && CutWord.unwrap(auction.cuts[window % RING]) & SENT != 0;
        require(_isUnderWay(w.phase) && !sent, IForwardAuction.WrongPhase(uint32(window), w.phase));
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
        if (w.window != window || !_isUnderWay(w.phase)) {
            if (w.window != window || w.phase != IForwardAuction.Phase.Adopting) return false;
            _adopt(auction, walk, w);
            return true;
        }
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
            if (walk.rules.inTree()) walk.book.mapOrders();
            _match(auction, walk, window);
            if (walk.rules.inTree()) _sendUp(auction, walk, window);
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
            if (walk.rules.inTree()) w.phase = Adoption.afterOwn(auction, window);
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

    /* IN A TREE */

    /// @dev Sends up what a window has left. Where the feeder cuts a slot, both sides lose their worst orders; a cut
    /// word has room for one rationed side, so such a slot has no result but a part for each side.
    function _sendUp(Auction storage auction, Walk memory walk, uint256 window) private {
        IForwardLevels levels = IForwardLevels(auction.levels);
        (uint256 edge, uint256[3] memory ahead) = levels.edgeOf(walk.id, uint32(window));
        if (edge == 0) return;
        Residuals.Plan memory plan =
            Residuals.begin(edge, ahead, walk.rules.lotWh(), walk.rules.tickNano());
        uint256 cuts = CutWord.unwrap(auction.cuts[window % RING]);
        uint256[] memory parts = new uint256[](2 * WINDOW);
        uint256 count;
        for (uint256 slot; slot < WINDOW; ++slot) {
            ResultWord result = ResultWord.wrap(walk.results[slot]);
            uint256 lots = result.traded() ? result.matchedWh() : 0;
            uint256 room = plan.roomFor(slot);
            if (lots > room) {
                lots = room;
                walk.results[slot] = 0;
                cuts = OrderWords.withLane(cuts, slot, CutWords.laneOf(ResultWord.wrap(0)));
                for (uint256 side; lots != 0 && side < 2; ++side) {
                    parts[count++] = walk.book.partOf(slot, side, result.price(), lots);
                }
            }
            plan.add(walk.book, slot, lots);
        }
        if (count != 0) {
            // Never longer than what it was created with.
            // solhint-disable-next-line no-inline-assembly
            assembly ("memory-safe") {
                mstore(parts, count)
            }
            cuts |= PARTS;
            auction.parts[window % RING] = parts;
            emit IForwardAuction.PartsAdded(walk.id, uint32(window), parts);
        }
        walk.open = (cuts >> 27) & OrderWords.ONES;
        if (plan.any) cuts |= SENT;
        auction.cuts[window % RING] = CutWord.wrap(cuts);
        levels.send(walk.id, uint32(window), plan.used, plan.ladder(walk.book));
    }

    /// @dev Writes down what members get of rationed parts, or of fewer members than all; the end: all is known.
    function _adopt(Auction storage auction, Walk memory walk, IForwardAuction.Window memory w) private {
        uint256 window = w.window;
        mapping(uint256 => uint256) storage half = auction.halfBooks[window % RING];
        Sharing memory s;
        s.parts = auction.parts[window % RING];
        s.found = new uint256[](s.parts.length);
        s.cuts = auction.cuts[window % RING];
        for (uint256 i; i < s.parts.length; ++i) {
            PartWord part = PartWord.wrap(s.parts[i]);
            if (w.cursor != 0) s.found[i] = half[FOUND_OF_PARTS + i];
            if (part.isRationed() && s.found[i] != part.left()) ++s.open;
        }
        uint256 end = _end(walk, w.cursor);
        uint256 bits;
        uint256 index = w.cursor;
        for (; index < end && s.open != 0; ++index) {
            if (index == w.cursor || index & 0xff == 0) bits = auction.traders[index >> 8] >> (index & 0xff);
            if (bits & 1 != 0) _adoptFor(auction, s, window, (index << 7) | (window % RING));
            bits >>= 1;
        }
        if (s.open != 0) {
            for (uint256 i; i < s.parts.length; ++i) half[FOUND_OF_PARTS + i] = s.found[i];
            _wait(auction, walk.id, w, IForwardAuction.Phase.Adopting, index);
            return;
        }
        (w.phase, w.cursor) = (IForwardAuction.Phase.Cleared, 0);
        auction.windows[window % RING] = w;
        emit IForwardAuction.ForwardAdopted(walk.id, w.window);
    }

    /// @dev The same of one member, as `_fills` does for its own auction.
    function _adoptFor(Auction storage auction, Sharing memory s, uint256 window, uint256 key) private {
        uint256 lanes = auction.orders[key].lanesOf(window);
        if (lanes == 0) return;
        uint256 left = lanes & (OrderWords.ONES * OrderWords.MAX_LOTS);
        left -= Positions.filledLots(auction, s.cuts, key, window, lanes);
        for (uint256 i; i < s.parts.length && left != 0; ++i) {
            PartWord part = PartWord.wrap(s.parts[i]);
            uint256 shift = part.slotOf() * OrderWords.LANE_BITS;
            uint256 offered = (left >> shift) & OrderWords.MAX_LOTS;
            (uint256 lots, bool shares) =
                PartFills.take(part, OrderWords.lane(lanes, part.slotOf()), offered);
            if (shares) {
                uint256 before = s.found[i];
                s.found[i] = before + offered;
                lots = (before + offered) * part.fill() / part.left() - before * part.fill() / part.left();
                if (lots != 0) {
                    uint256 place = PartFills.keyOf(part, key);
                    uint256 fills = auction.partFills[place].lanesOf(window) | (lots << shift);
                    auction.partFills[place] = OrderWords.pack(window, fills);
                }
                if (s.found[i] == part.left()) --s.open;
            } else if (lots == part.fill() && offered == part.left() && part.isRationed()) {
                // Alone at the rationed tick.
                s.found[i] = offered;
                --s.open;
            }
            left -= lots << shift;
        }
    }
}
