// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardLevels} from "../interfaces/IForwardLevels.sol";
import {ILedger} from "../interfaces/ILedger.sol";
import {ILevels} from "../interfaces/ILevels.sol";
import {Ahead} from "../levels/Ahead.sol";
import {Edges} from "../levels/Edges.sol";
import {RING, Sent, WINDOW} from "../levels/LevelTypes.sol";
import {Turns} from "../levels/Turns.sol";
import {Ladders} from "../libraries/Ladders.sol";
import {PartWord} from "../libraries/PartWords.sol";
import {Prices} from "../libraries/Prices.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {ForwardEdges} from "./ForwardEdges.sol";
import {ForwardCore, ForwardLevelState, ForwardState} from "./ForwardLevelTypes.sol";

/// @title ForwardSharing: from the parts of a level to those of its children
/// @notice Each part goes to the best limits that the parts before it have left. At its last tick
/// x = left * filled + carry; fill = x / all left there; carry = x mod all left: over the children in the order of
/// their index the fills add up exactly.
library ForwardSharing {
    uint256 private constant SIDES = 2;
    /// @dev Behind the last part of a list.
    uint256 private constant END = type(uint256).max;

    /// @dev What a call works with: the parts of the level, for each slot and side the first of its own and for each
    /// part the next one; and what is to be paid.
    struct Walk {
        bytes32 root;
        uint32 window;
        uint256 lotWh;
        int256 tickNano;
        uint256[] parts;
        uint256[] next;
        uint256[16] first;
        ILedger.LevelMove[] moves;
        ILedger.LevelCharge[] charges;
        uint256 moved;
        uint256 charged;
    }

    /// @dev What one child gets: a word for each part of the level, zero for none; lots sent and filled by slot and
    /// side, and money, what it buys less what it sells.
    struct Share {
        uint256[] parts;
        uint256[16] sent;
        uint256[16] filled;
        int256 nano;
    }

    /// @notice See IForwardLevels.share.
    function share(
        ForwardState storage state,
        ForwardCore memory core,
        bytes32 level,
        uint32 window,
        uint256[][] calldata ladders
    ) external {
        ForwardLevelState storage own = state.levels[level];
        ILevels.LevelWindow memory w = Turns.windowOf(own.windows, window);
        require(w.phase == ILevels.LevelPhase.Cleared, ILevels.WrongLevelPhase(window, w.phase));
        require(
            w.told || !ForwardEdges.hasSent(state, level, window),
            ILevels.AbovePending(state.nodes[level].parent, window)
        );
        uint256 left = w.children - w.cursor;
        require(ladders.length <= left, ILevels.TooManyLadders(ladders.length, left));
        Walk memory walk = _load(state, own, level, window, ladders.length);
        for (uint256 i; i < ladders.length; ++i) {
            _shareTo(state, core, walk, own.children[w.cursor + i], ladders[i]);
        }
        _pay(core, walk);
        // In one go every carry ends where it began, at zero, so there is nothing to write.
        if (ladders.length != w.children) own.parts[window % RING] = walk.parts;
        w.cursor += uint16(ladders.length);
        if (w.cursor == w.children) w.phase = ILevels.LevelPhase.Shared;
        own.windows[window % RING] = w;
        emit IForwardLevels.ForwardLevelShared(level, window, w.cursor);
    }

    /// @notice See IForwardLevels.passOver.
    function passOver(
        ForwardState storage state,
        ForwardCore memory core,
        bytes32 id,
        uint32 window,
        uint256[] calldata ladder
    ) external {
        require(
            ForwardEdges.hasSent(state, id, window) && ForwardEdges.isPassedOver(state, id, window),
            IForwardLevels.NotPassedOver(id, window)
        );
        Edges.holds(state.sent[id][window % RING], window, id, ladder);
        ILevels.Node memory node = state.nodes[id];
        uint256 lotWh = state.levels[node.parent].params.lotWh;
        Share memory s;
        Ladders.Reader memory reader;
        Ladders.Step memory step;
        while (Ladders.step(ladder, reader, step)) s.sent[step.slot * SIDES + step.side] += step.wh;
        if (node.isLevel) {
            ILevels.LevelWindow storage w = state.levels[id].windows[window % RING];
            require(
                w.window == window && w.phase == ILevels.LevelPhase.Cleared && !w.told,
                ILevels.WrongLevelPhase(window, w.window == window ? w.phase : ILevels.LevelPhase.Absent)
            );
            w.told = true;
        } else {
            core.forward.adopt(id, window, new uint256[](0));
        }
        _free(core, node.area, window, lotWh, s);
        emit IForwardLevels.ForwardPassedOver(id, window);
    }

    /* INTERNAL */

    function _load(
        ForwardState storage state,
        ForwardLevelState storage own,
        bytes32 level,
        uint32 window,
        uint256 ladders
    ) private view returns (Walk memory walk) {
        (walk.root, walk.window) = (Turns.rootOf(state.nodes, level, window), window);
        (walk.lotWh, walk.tickNano) = (own.params.lotWh, int256(uint256(own.params.tickNano)));
        walk.parts = own.parts[window % RING];
        walk.next = new uint256[](walk.parts.length);
        for (uint256 lane; lane < walk.first.length; ++lane) walk.first[lane] = END;
        for (uint256 i = walk.parts.length; i > 0;) {
            uint256 lane = PartWord.wrap(walk.parts[--i]).lane();
            (walk.next[i], walk.first[lane]) = (walk.first[lane], i);
        }
        walk.moves = new ILedger.LevelMove[](ladders);
        walk.charges = new ILedger.LevelCharge[](ladders);
    }

    function _shareTo(
        ForwardState storage state,
        ForwardCore memory core,
        Walk memory walk,
        bytes32 child,
        uint256[] calldata ladder
    ) private {
        Sent memory sent = state.sent[child][walk.window % RING];
        if (!Edges.holds(sent, walk.window, child, ladder)) return;
        Share memory s;
        s.parts = new uint256[](walk.parts.length);
        _walk(walk, s, sent.chargeNano, ladder);
        ILevels.Node memory node = state.nodes[child];
        (uint256 upWh, uint256 downWh) = _free(core, node.area, walk.window, walk.lotWh, s);
        _tell(state, core, walk, s, child, ladder.length != Ladders.HEAD);
        uint256 chargeNano = (upWh + downWh) * sent.chargeNano;
        address operator = core.registry.area(node.area).operator;
        if (chargeNano != 0) walk.charges[walk.charged++] = ILedger.LevelCharge(operator, chargeNano);
        emit IForwardLevels.ForwardCrossed(child, walk.window, upWh, downWh, operator, chargeNano);
    }

    /// @dev Fills the entries of a ladder, the best limits first.
    function _walk(Walk memory walk, Share memory s, uint256 chargeNano, uint256[] calldata ladder) private pure {
        uint256 ticks = uint256(Prices.ceilDiv(int256(chargeNano), walk.tickNano));
        Ladders.Reader memory reader;
        Ladders.Step memory step;
        while (Ladders.step(ladder, reader, step)) {
            uint256 lane = step.slot * SIDES + step.side;
            uint256 tick = step.side == TickBook.BUY ? step.tick - ticks : step.tick + ticks;
            s.sent[lane] += step.wh;
            for (uint256 i = walk.first[lane]; i != END && step.wh != 0; i = walk.next[i]) {
                uint256 lots = _taken(walk, i, tick, step.wh);
                if (lots == 0) continue;
                PartWord part = PartWord.wrap(walk.parts[i]);
                uint256 before = PartWord.wrap(s.parts[i]).lots();
                // The last entry that gets something is the worst.
                part = part.below(int256(chargeNano), step.tick, lots, step.leftWh, before + lots);
                s.parts[i] = PartWord.unwrap(part);
                s.filled[lane] += lots;
                s.nano += int256(lots * walk.lotWh) * (part.sells() ? -part.price() : part.price());
                step.wh -= lots;
                step.leftWh -= lots;
            }
        }
    }

    /// @dev What of `lots` at a tick a part fills.
    function _taken(Walk memory walk, uint256 i, uint256 tick, uint256 lots) private pure returns (uint256) {
        PartWord part = PartWord.wrap(walk.parts[i]);
        if (tick != part.tick()) return part.isBetter(tick) ? lots : 0;
        uint256 x = lots * part.fill() + part.carry();
        uint256 taken = x / part.left();
        walk.parts[i] = PartWord.unwrap(part.withCarry(x - taken * part.left()));
        return taken;
    }

    /// @dev Gives back what was kept of the limits and is not needed; returns what crosses the edge, in Wh.
    function _free(ForwardCore memory core, uint32 area, uint32 window, uint256 lotWh, Share memory s)
        private
        returns (uint256 upWh, uint256 downWh)
    {
        uint256[3] memory lanes;
        for (uint256 slot; slot < WINDOW; ++slot) {
            (uint256 buys, uint256 sells) = (s.sent[slot * SIDES], s.sent[slot * SIDES + 1]);
            (uint256 bought, uint256 sold) = (s.filled[slot * SIDES], s.filled[slot * SIDES + 1]);
            upWh += sold * lotWh;
            downWh += bought * lotWh;
            lanes[0] |= Ahead.lane(slot, (sells - sold) * lotWh);
            lanes[1] |= Ahead.lane(slot, (buys - bought) * lotWh);
            uint256 kept = buys < sells ? buys : sells;
            uint256 both = bought < sold ? bought : sold;
            lanes[2] |= Ahead.lane(slot, (kept - both) * lotWh);
        }
        if (lanes[0] | lanes[1] | lanes[2] != 0) core.levels.freeAhead(area, window, lanes);
    }

    /// @dev A level puts its parts behind those of its own auction; so does an auction, whose market owes their money.
    /// What has sent nothing waits for nothing.
    function _tell(
        ForwardState storage state,
        ForwardCore memory core,
        Walk memory walk,
        Share memory s,
        bytes32 child,
        bool any
    ) private {
        uint256 count;
        for (uint256 i; i < s.parts.length; ++i) {
            if (s.parts[i] != 0) s.parts[count++] = s.parts[i];
        }
        uint256[] memory parts = s.parts;
        // Never longer than what it was created with.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(parts, count)
        }
        if (state.nodes[child].isLevel) {
            ForwardLevelState storage level = state.levels[child];
            uint256[] storage own = level.parts[walk.window % RING];
            for (uint256 i; i < count; ++i) own.push(parts[i]);
            level.windows[walk.window % RING].told = true;
        } else if (any) {
            core.forward.adopt(child, walk.window, parts);
            if (s.nano == 0) return;
            bytes32 market = core.forward.auctionParams(child).market;
            walk.moves[walk.moved++] = ILedger.LevelMove(market, s.nano);
        }
    }

    function _pay(ForwardCore memory core, Walk memory walk) private {
        (ILedger.LevelMove[] memory moves, ILedger.LevelCharge[] memory charges) = (walk.moves, walk.charges);
        (uint256 moved, uint256 charged) = (walk.moved, walk.charged);
        if (moved == 0 && charged == 0) return;
        // Never longer than what they were created with.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(moves, moved)
            mstore(charges, charged)
        }
        core.levels.settleAhead(walk.root, moves, charges);
    }
}
