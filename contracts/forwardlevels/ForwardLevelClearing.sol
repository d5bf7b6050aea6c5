// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {IForwardLevels} from "../interfaces/IForwardLevels.sol";
import {ILevels} from "../interfaces/ILevels.sol";
import {Edges} from "../levels/Edges.sol";
import {RING, Sent, WINDOW} from "../levels/LevelTypes.sol";
import {Turns} from "../levels/Turns.sol";
import {HalfBooks} from "../libraries/HalfBooks.sol";
import {Ladders} from "../libraries/Ladders.sol";
import {ResultWord} from "../libraries/Packed.sol";
import {Prices} from "../libraries/Prices.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {ForwardEdges} from "./ForwardEdges.sol";
import {ForwardCore, ForwardLevelState, ForwardState} from "./ForwardLevelTypes.sol";
import {Residuals} from "./Residuals.sol";

/// @title ForwardLevelClearing: from what the children have sent to one price and volume per slot
/// @notice Adds the ladders of the children to the book, limits moved by the charges of their edges, and matches. A
/// walk that is too long for one transaction is put down and goes on in the next.
library ForwardLevelClearing {
    using TickBook for TickBook.Book;
    using Residuals for TickBook.Book;
    using Residuals for Residuals.Plan;

    struct Walk {
        bytes32 level;
        uint32 window;
        TickBook.Book book;
        IForwardLevels.ForwardLevelParams params;
    }

    /// @notice See IForwardLevels.clear.
    function clear(
        ForwardState storage state,
        ForwardCore memory core,
        bytes32 level,
        uint32 window,
        uint256[][] calldata ladders
    ) external {
        ForwardLevelState storage own = state.levels[level];
        Walk memory walk;
        (walk.level, walk.window, walk.book, walk.params) = (level, window, TickBook.create(), own.params);
        require(walk.params.tickNano != 0, ILevels.UnknownLevel(level));
        ILevels.LevelWindow memory w = _begin(state, core, own, walk);
        uint256 left = w.children - w.cursor;
        require(ladders.length <= left, ILevels.TooManyLadders(ladders.length, left));
        for (uint256 i; i < ladders.length; ++i) _add(state, walk, own.children[w.cursor + i], ladders[i]);
        w.cursor += uint16(ladders.length);
        if (w.cursor < w.children) {
            w.phase = ILevels.LevelPhase.Clearing;
            own.windows[window % RING] = w;
            HalfBooks.putDown(own.halfBooks[window % RING], walk.book);
            emit IForwardLevels.ForwardLevelStep(level, window, w.cursor);
            return;
        }
        (w.phase, w.cursor) = (ILevels.LevelPhase.Cleared, 0);
        own.windows[window % RING] = w;
        _match(state, core, own, walk);
    }

    /* INTERNAL */

    function _begin(
        ForwardState storage state,
        ForwardCore memory core,
        ForwardLevelState storage own,
        Walk memory walk
    ) private returns (ILevels.LevelWindow memory w) {
        uint32 window = walk.window;
        uint256 gate = ForwardEdges.gateOf(walk.params, window);
        require(block.timestamp >= gate, IForwardAuction.GateOpen(window, uint64(gate)));
        w = Turns.begin(
            own.windows, own.halfBooks, window, gate + walk.params.voidSeconds, own.children.length
        );
        if (w.phase == ILevels.LevelPhase.Clearing) {
            HalfBooks.resume(own.halfBooks[window % RING], walk.book);
            return w;
        }
        uint256 deadline = gate + walk.params.collectSeconds;
        if (block.timestamp >= deadline) return w;
        // Before the deadline only when nobody can send any more, since whoever is late is passed over.
        for (uint256 i; i < w.children; ++i) {
            bytes32 child = own.children[i];
            require(!_maySend(state, core, child, window), ILevels.ChildPending(child, uint64(deadline)));
        }
    }

    /// @dev Whether a child has not sent yet, and still can.
    function _maySend(ForwardState storage state, ForwardCore memory core, bytes32 child, uint32 window)
        private
        view
        returns (bool)
    {
        if (ForwardEdges.hasSent(state, child, window) || state.nodes[child].fromWindow > window) return false;
        if (!state.nodes[child].isLevel) {
            IForwardAuction.Phase phase = core.forward.windowState(child, window).phase;
            // After the gate nobody orders any more.
            return phase == IForwardAuction.Phase.Open || phase == IForwardAuction.Phase.Clearing;
        }
        ForwardLevelState storage level = state.levels[child];
        ILevels.LevelPhase stand = Turns.windowOf(level.windows, window).phase;
        return stand < ILevels.LevelPhase.Cleared && block.timestamp < ForwardEdges.voidTime(level, window);
    }

    /// @dev Adds what a child has sent.
    function _add(ForwardState storage state, Walk memory walk, bytes32 child, uint256[] calldata ladder) private view {
        Sent memory sent = state.sent[child][walk.window % RING];
        if (!Edges.holds(sent, walk.window, child, ladder)) return;
        uint256 ticks = uint256(
            Prices.ceilDiv(int256(uint256(sent.chargeNano)), int256(uint256(walk.params.tickNano)))
        );
        Ladders.addTo(ladder, walk.book, ticks, 0);
    }

    /// @dev Finds price and volume of each slot, and sends up what is left.
    function _match(
        ForwardState storage state,
        ForwardCore memory core,
        ForwardLevelState storage own,
        Walk memory walk
    ) private {
        (uint256 edge, uint256[3] memory ahead) = ForwardEdges.edgeOf(state, core, walk.level, walk.window);
        int256 tickNano = int256(uint256(walk.params.tickNano));
        Residuals.Plan memory plan = Residuals.begin(edge, ahead, walk.params.lotWh, tickNano);
        uint256[] memory parts = new uint256[](2 * WINDOW);
        uint256 count;
        walk.book.sumUp();
        for (uint256 slot; slot < WINDOW; ++slot) {
            ResultWord result =
                walk.book.matchEquilibrium(slot, walk.params.floorNano, tickNano, walk.params.kPpm);
            uint256 lots = result.traded() ? result.matchedWh() : 0;
            uint256 room = plan.roomFor(slot);
            // Both sides lose their worst volumes, at the price of all that crosses.
            if (lots > room) lots = room;
            for (uint256 side; lots != 0 && side < 2; ++side) {
                parts[count++] = walk.book.partOf(slot, side, result.price(), lots);
            }
            plan.add(walk.book, slot, lots);
        }
        // Never longer than what it was created with.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(parts, count)
        }
        own.parts[walk.window % RING] = parts;
        emit IForwardLevels.ForwardLevelCleared(walk.level, walk.window, parts);
        ForwardEdges.send(state, core, walk.level, walk.window, plan.used, plan.ladder(walk.book));
    }
}
