// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "../interfaces/ILedger.sol";
import {ILevels} from "../interfaces/ILevels.sol";
import {Joins} from "../libraries/Joins.sol";
import {Ladders} from "../libraries/Ladders.sol";
import {ResultWord} from "../libraries/Packed.sol";
import {Prices} from "../libraries/Prices.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Edges} from "./Edges.sol";
import {Core, LevelState, RING, Sent, State, WINDOW} from "./LevelTypes.sol";

/// @title Sharing: from what a level has, of its own auction and from above, to the parts of its children
/// @notice All of it goes to the best limits first, at one price for each side (see Joins). At the limit that is filled
/// in part, x = offered * filled + carry; fill = x / all offered there; carry = x mod all offered: over the children in
/// the order of their index the fills add up exactly.
library Sharing {
    uint256 private constant SIDES = 2;

    /// @dev What a call works with: the results of buys and of sells by slot, and what is to be paid.
    struct Walk {
        bytes32 root;
        uint256 window;
        int256 tickNano;
        ResultWord[8] buys;
        ResultWord[8] sells;
        ILedger.LevelMove[] moves;
        ILedger.LevelCharge[] charges;
        uint256 moved;
        uint256 charged;
    }

    /// @dev What one child gets, by slot * 2 + side: see ISettlement.adopt; and Wh by side.
    struct Share {
        uint256[16] added;
        int256[16] nano;
        uint256[2] wh;
    }

    /// @notice See ILevels.share.
    function share(State storage state, Core memory core, bytes32 level, uint32 window, uint256[][] calldata ladders)
        external
    {
        LevelState storage own = state.levels[level];
        ILevels.LevelWindow memory w = Edges.windowOf(own, window);
        require(w.phase == ILevels.LevelPhase.Cleared, ILevels.WrongLevelPhase(window, w.phase));
        require(
            w.told || Edges.isPassedOver(state, core, level, window),
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
        if (ladders.length != w.children) _keep(own, walk);
        w.cursor += uint16(ladders.length);
        if (w.cursor == w.children) w.phase = ILevels.LevelPhase.Shared;
        own.windows[window % RING] = w;
        emit ILevels.LevelShared(level, window, w.cursor);
    }

    /* INTERNAL */

    function _load(
        State storage state,
        LevelState storage own,
        bytes32 level,
        uint32 window,
        uint256 ladders
    ) private view returns (Walk memory walk) {
        (walk.root, walk.window) = (_rootOf(state, level, window), window);
        walk.tickNano = int256(uint256(own.params.tickNano));
        for (uint256 slot; slot < WINDOW; ++slot) {
            uint256 place = (uint256(window) % RING) * WINDOW + slot;
            ResultWord result = own.results[place];
            (walk.buys[slot], walk.sells[slot]) = (result, result.isApart() ? own.sellResults[place] : result);
        }
        walk.moves = new ILedger.LevelMove[](ladders);
        walk.charges = new ILedger.LevelCharge[](2 * ladders);
    }

    /// @dev The root as it was in that window: a tree may grow upward between two calls, and money that left through
    /// one root would come back through another.
    function _rootOf(State storage state, bytes32 level, uint32 window) private view returns (bytes32 root) {
        root = level;
        ILevels.Node memory node = state.nodes[root];
        while (node.parent != 0 && node.fromWindow <= window) {
            root = node.parent;
            node = state.nodes[root];
        }
    }

    function _shareTo(
        State storage state,
        Core memory core,
        Walk memory walk,
        bytes32 child,
        uint256[] calldata ladder
    ) private {
        Sent memory sent = state.sent[child][walk.window % RING];
        if (!Edges.holds(sent, walk.window, child, ladder)) return;
        Share memory s;
        _walk(walk, s, sent.chargeNano, ladder);
        ILevels.Node memory node = state.nodes[child];
        address operator = core.registry.area(node.area).operator;
        if (node.isLevel) _tell(state.levels[child], walk, s, operator);
        else _adopt(core, walk, s, child);
        uint256 chargeNano = (s.wh[0] + s.wh[1]) * sent.chargeNano;
        _charge(walk, operator, chargeNano);
        emit ILevels.Crossed(
            child, uint32(walk.window), s.wh[TickBook.SELL], s.wh[TickBook.BUY], operator, chargeNano
        );
    }

    /// @dev Fills the entries of a ladder, the best limits first.
    function _walk(Walk memory walk, Share memory s, uint256 chargeNano, uint256[] calldata ladder) private pure {
        uint256 ticks = uint256(Prices.ceilDiv(int256(chargeNano), walk.tickNano));
        Ladders.Reader memory reader;
        Ladders.Step memory step;
        while (Ladders.read(ladder, reader, step)) {
            bool buys = step.side == TickBook.BUY;
            uint256 tick = buys ? step.tick - ticks : step.tick + ticks;
            uint256 wh = buys
                ? _taken(walk.buys, step.slot, true, tick, step.wh)
                : _taken(walk.sells, step.slot, false, tick, step.wh);
            if (wh == 0) continue;
            int256 priceNano = buys
                ? walk.buys[step.slot].price() + int256(chargeNano)
                : walk.sells[step.slot].price() - int256(chargeNano);
            uint256 i = step.slot * SIDES + step.side;
            s.nano[i] += int256(wh) * priceNano;
            s.wh[step.side] += wh;
            // The last entry that gets something is the worst.
            s.added[i] = Joins.pack(step.tick, wh, step.leftWh, Joins.whOf(s.added[i]) + wh);
        }
    }

    /// @dev What of `wh` at a tick a result fills.
    function _taken(ResultWord[8] memory results, uint256 slot, bool buys, uint256 tick, uint256 wh)
        private
        pure
        returns (uint256 takenWh)
    {
        ResultWord result = results[slot];
        if (!result.traded()) return 0;
        uint256 last = buys ? result.buyTick() : result.sellTick();
        if (tick != last) return (tick > last) == buys ? wh : 0;
        if (result.buyRationed() != buys) return wh;
        (takenWh, results[slot]) = TickBook.ration(result, wh);
    }

    /// @dev A level joins it with what its own auction has filled.
    function _tell(LevelState storage child, Walk memory walk, Share memory s, address operator) private {
        uint256 roundingNano;
        for (uint256 slot; slot < WINDOW; ++slot) {
            uint256[2] memory added = [s.added[2 * slot], s.added[2 * slot + 1]];
            if (added[0] | added[1] == 0) continue;
            uint256 place = (walk.window % RING) * WINDOW + slot;
            ResultWord result = child.results[place];
            uint256 restNano;
            (child.results[place], child.sellResults[place], restNano) = Joins.both(
                result,
                result.isApart() ? child.sellResults[place] : result,
                added,
                [s.nano[2 * slot], s.nano[2 * slot + 1]]
            );
            roundingNano += restNano;
        }
        child.windows[walk.window % RING].told = true;
        _charge(walk, operator, roundingNano);
    }

    /// @dev A market's members get it with what the market has filled.
    function _adopt(Core memory core, Walk memory walk, Share memory s, bytes32 market) private {
        (uint256 roundingNano, address feeAccount) =
            core.settlement.adopt(market, uint32(walk.window), s.added, s.nano);
        int256 nano = int256(roundingNano);
        for (uint256 i; i < s.nano.length; ++i) nano += i % SIDES == TickBook.BUY ? s.nano[i] : -s.nano[i];
        if (nano != 0) walk.moves[walk.moved++] = ILedger.LevelMove(market, nano);
        _charge(walk, feeAccount, roundingNano);
    }

    function _charge(Walk memory walk, address account, uint256 nano) private pure {
        if (nano != 0) walk.charges[walk.charged++] = ILedger.LevelCharge(account, nano);
    }

    function _pay(Core memory core, Walk memory walk) private {
        (ILedger.LevelMove[] memory moves, ILedger.LevelCharge[] memory charges) = (walk.moves, walk.charges);
        (uint256 moved, uint256 charged) = (walk.moved, walk.charged);
        if (moved == 0 && charged == 0) return;
        // Never longer than what they were created with.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(moves, moved)
            mstore(charges, charged)
        }
        core.ledger.settleLevels(walk.root, moves, charges);
    }

    /// @dev Keeps the carries for the next call. Where sells have no result of their own, the carry stands with the
    /// side that is rationed.
    function _keep(LevelState storage own, Walk memory walk) private {
        for (uint256 slot; slot < WINDOW; ++slot) {
            uint256 place = (walk.window % RING) * WINDOW + slot;
            (ResultWord result, ResultWord sells) = (walk.buys[slot], walk.sells[slot]);
            if (result.isApart()) own.sellResults[place] = sells;
            else if (!result.buyRationed()) result = sells;
            own.results[place] = result;
        }
    }
}
