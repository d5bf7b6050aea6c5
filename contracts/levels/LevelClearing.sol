// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILevels} from "../interfaces/ILevels.sol";
import {HalfBooks} from "../libraries/HalfBooks.sol";
import {Ladders} from "../libraries/Ladders.sol";
import {ResultWord} from "../libraries/Packed.sol";
import {Pairs} from "../libraries/Pairs.sol";
import {Prices} from "../libraries/Prices.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Edges} from "./Edges.sol";
import {Core, LevelState, RING, Sent, State, WINDOW} from "./LevelTypes.sol";
import {Turns} from "./Turns.sol";

/// @title LevelClearing: from what the children have sent to one price and volume per slot
/// @notice Adds the ladders of the children to the book, limits moved by the charges of their edges, and matches. A
/// walk that is too long for one transaction is put down and goes on in the next.
library LevelClearing {
    using TickBook for TickBook.Book;

    /// @dev Lowest retail and highest feed-in price of a slot, over the children seen so far.
    struct Bounds {
        bool any;
        int256 retailNano;
        int256 feedInNano;
    }

    /// @dev What a call works with; `edge` of the level's area, and `ahead`: what forward auctions have used of its
    /// limits. `island` are the slots of the window at hand in which the level is in one.
    struct Walk {
        bytes32 level;
        uint256 window;
        TickBook.Book book;
        Bounds[8] bounds;
        int256 floorNano;
        int256 tickNano;
        uint256 edge;
        uint256 island;
        uint256[3] ahead;
    }

    /// @notice See ILevels.clear.
    function clear(
        State storage state,
        Core memory core,
        bytes32 level,
        uint32 firstWindow,
        uint256[][][] calldata ladders
    ) external {
        require(ladders.length != 0, ILevels.NothingToDo());
        LevelState storage own = state.levels[level];
        Walk memory walk;
        (walk.level, walk.book) = (level, TickBook.create());
        (walk.floorNano, walk.tickNano) =
            (own.params.floorNano, int256(uint256(own.params.tickNano)));
        require(walk.tickNano != 0, ILevels.UnknownLevel(level));
        for (uint256 i; i < ladders.length; ++i) {
            if (i != 0) walk.book.reset();
            delete walk.bounds;
            walk.window = uint256(firstWindow) + i;
            _clearWindow(state, core, own, walk, ladders[i]);
        }
    }

    /* INTERNAL */

    function _clearWindow(
        State storage state,
        Core memory core,
        LevelState storage own,
        Walk memory walk,
        uint256[][] calldata ladders
    ) private {
        ILevels.LevelWindow memory w = _begin(state, core, own, walk);
        uint256 left = w.children - w.cursor;
        require(ladders.length <= left, ILevels.TooManyLadders(ladders.length, left));
        walk.island = Edges.islandSlots(state, walk.level, w.window);
        for (uint256 i; i < ladders.length; ++i) _add(state, own, walk, w.cursor + i, ladders[i]);
        w.cursor += uint16(ladders.length);
        if (w.cursor < w.children) {
            w.phase = ILevels.LevelPhase.Clearing;
            own.windows[w.window % RING] = w;
            _putDown(own, walk);
            emit ILevels.LevelStep(walk.level, w.window, w.cursor);
            return;
        }
        (w.phase, w.cursor) = (ILevels.LevelPhase.Cleared, 0);
        own.windows[w.window % RING] = w;
        _match(state, core, own, walk);
    }

    function _begin(State storage state, Core memory core, LevelState storage own, Walk memory walk)
        private
        returns (ILevels.LevelWindow memory w)
    {
        uint32 window = uint32(walk.window);
        uint256 end = (walk.window + 1) * WINDOW * core.slotSeconds;
        require(block.timestamp >= end, ILevels.NotDelivered(window));
        w = Turns.begin(
            own.windows, own.halfBooks, window, Edges.voidTime(core, own, window), own.children.length
        );
        if (w.phase == ILevels.LevelPhase.Clearing) {
            _resume(own, walk);
            return w;
        }
        uint256 deadline = end + own.params.collectSeconds;
        if (block.timestamp >= deadline) return w;
        // Before the deadline only when all have sent, since whoever is late afterwards is passed over.
        for (uint256 i; i < w.children; ++i) {
            bytes32 child = own.children[i];
            require(
                state.sent[child][window % RING].window == window || state.nodes[child].fromWindow > window,
                ILevels.ChildPending(child, uint64(deadline))
            );
        }
    }

    /// @dev Adds what a child has sent.
    function _add(
        State storage state,
        LevelState storage own,
        Walk memory walk,
        uint256 index,
        uint256[] calldata ladder
    ) private view {
        bytes32 child = own.children[index];
        Sent memory sent = state.sent[child][walk.window % RING];
        if (!Edges.holds(sent, walk.window, child, ladder)) return;
        int256 chargeNano = int256(uint256(sent.chargeNano));
        uint256 ticks = uint256(Prices.ceilDiv(chargeNano, walk.tickNano));
        for (uint256 slot; slot < WINDOW; ++slot) {
            (bool any, int256 retailNano, int256 feedInNano) = Ladders.bounds(ladder, slot);
            if (!any) continue;
            (retailNano, feedInNano) = (retailNano - chargeNano, feedInNano + chargeNano);
            Bounds memory bounds = walk.bounds[slot];
            if (!bounds.any || retailNano < bounds.retailNano) bounds.retailNano = retailNano;
            if (!bounds.any || feedInNano > bounds.feedInNano) bounds.feedInNano = feedInNano;
            bounds.any = true;
        }
        Ladders.addTo(ladder, walk.book, ticks, walk.island);
    }

    /// @dev Finds price and volume of each slot, and sends up what is left.
    function _match(State storage state, Core memory core, LevelState storage own, Walk memory walk) private {
        uint32 window = uint32(walk.window);
        walk.edge = Edges.wordOf(state, core, walk.level, window);
        if (Edges.isUsedAhead(walk.edge)) walk.ahead = state.ahead[own.params.area][window];
        else delete walk.ahead;
        Ladders.Writer memory writer = Ladders.writer(walk.book);
        uint256[8] memory results;
        uint256[8] memory sells;
        for (uint256 slot; slot < WINDOW; ++slot) {
            Bounds memory bounds = walk.bounds[slot];
            // All takes part where there is no auction.
            (uint256 minBuy, int256 maxSell) = (0, 255);
            ResultWord result = ResultWord.wrap(0);
            ResultWord ofSells = result;
            if (bounds.any && bounds.retailNano > bounds.feedInNano) {
                int256 price = Prices.reference_(bounds.retailNano, bounds.feedInNano, own.params.kPpm);
                (minBuy, maxSell) = Prices.ticksAt(price, walk.floorNano, walk.tickNano);
                (result, ofSells) = walk.book.matchAt(slot, price, minBuy, maxSell, _feederWh(walk, slot));
            }
            (results[slot], sells[slot]) = (ResultWord.unwrap(result), ResultWord.unwrap(ofSells));
            uint256 place = (walk.window % RING) * WINDOW + slot;
            Pairs.put(own.results, own.sellResults, place, result, ofSells);
            if (!result.isApart()) ofSells = result;
            if (!bounds.any || !Edges.isOpen(walk.edge, slot)) continue;
            Ladders.setBounds(writer, slot, bounds.retailNano, bounds.feedInNano);
            Ladders.open(
                writer,
                walk.book,
                slot,
                minBuy,
                maxSell,
                [result, ofSells],
                Edges.limitsOf(walk.edge, walk.ahead, slot)
            );
        }
        emit ILevels.LevelCleared(walk.level, window, results, sells);
        if (!Edges.takes(walk.edge)) return;
        uint256 chargeNano = Edges.chargeOf(walk.edge);
        uint256 ticks = uint256(Prices.ceilDiv(int256(chargeNano), walk.tickNano));
        Edges.send(state, walk.level, window, chargeNano, Ladders.done(writer, walk.book, ticks));
    }

    /// @dev What may be matched in a slot inside the area.
    function _feederWh(Walk memory walk, uint256 slot) private pure returns (uint256) {
        return Edges.less(Edges.feederOf(walk.edge), walk.ahead[2], slot);
    }

    /* HALF BOOKS */

    function _putDown(LevelState storage own, Walk memory walk) private {
        mapping(uint256 => uint256) storage half = own.halfBooks[walk.window % RING];
        HalfBooks.putDown(half, walk.book);
        for (uint256 slot; slot < WINDOW; ++slot) {
            Bounds memory bounds = walk.bounds[slot];
            half[HalfBooks.OWN + slot] = bounds.any
                ? (1 << 128) | (uint256(uint64(int64(bounds.retailNano))) << 64) | uint64(int64(bounds.feedInNano))
                : 0;
        }
    }

    function _resume(LevelState storage own, Walk memory walk) private view {
        mapping(uint256 => uint256) storage half = own.halfBooks[walk.window % RING];
        HalfBooks.resume(half, walk.book);
        for (uint256 slot; slot < WINDOW; ++slot) {
            uint256 packed = half[HalfBooks.OWN + slot];
            walk.bounds[slot] = Bounds(packed >> 128 != 0, int64(uint64(packed >> 64)), int64(uint64(packed)));
        }
    }
}
