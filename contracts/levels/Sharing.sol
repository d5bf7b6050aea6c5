// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "../interfaces/ILedger.sol";
import {ILevels} from "../interfaces/ILevels.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Fields} from "../libraries/Fields.sol";
import {Joins} from "../libraries/Joins.sol";
import {Ladders} from "../libraries/Ladders.sol";
import {ResultWord} from "../libraries/Packed.sol";
import {Pairs} from "../libraries/Pairs.sol";
import {Prices} from "../libraries/Prices.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Edges} from "./Edges.sol";
import {Core, LevelState, RING, Sent, State, WINDOW} from "./LevelTypes.sol";
import {Turns} from "./Turns.sol";

/// @title Sharing: from what a level has, of its own auction and from above, to the parts of its children
/// @notice All of it goes to the best limits first, at one price for each side (see Joins). At the limit that is filled
/// in part, x = offered * filled + carry; fill = x / all offered there; carry = x mod all offered: over the children in
/// the order of their index the fills add up exactly.
library Sharing {
    /// @dev What a call works with: of the window at hand the root of its tree, the results of both sides by slot, and
    /// what they fill, and the slots in which the level is in an island; and what is to be paid, by child from
    /// `firstChild` on.
    struct Walk {
        bytes32 level;
        bytes32 root;
        uint256 window;
        int256 tickNano;
        ResultWord[8][2] results;
        Fields.Cuts cuts;
        uint256 island;
        uint256 firstChild;
        Due[] dues;
    }

    /// @dev What a child's windows of a call come to: what a market owes above, the operator of its edge and his
    /// charges, and who gets what whole prices leave over.
    struct Due {
        bytes32 market;
        int256 owedNano;
        address operator;
        uint256 chargeNano;
        address roundingTo;
        uint256 roundingNano;
    }

    /// @notice See ILevels.share.
    function share(
        State storage state,
        Core memory core,
        bytes32 level,
        uint32 firstWindow,
        uint256[][][] calldata ladders
    ) external {
        require(ladders.length != 0, ILevels.NothingToDo());
        LevelState storage own = state.levels[level];
        Walk memory walk;
        (walk.level, walk.tickNano) = (level, int256(uint256(own.params.tickNano)));
        for (uint256 i; i < ladders.length; ++i) {
            _shareWindow(state, core, own, walk, firstWindow + uint32(i), ladders[i]);
        }
        _pay(core, walk);
    }

    /* INTERNAL */

    function _shareWindow(
        State storage state,
        Core memory core,
        LevelState storage own,
        Walk memory walk,
        uint32 window,
        uint256[][] calldata ladders
    ) private {
        ILevels.LevelWindow memory w = Turns.windowOf(own.windows, window);
        require(w.phase == ILevels.LevelPhase.Cleared, ILevels.WrongLevelPhase(window, w.phase));
        require(
            w.told || Edges.isPassedOver(state, core, walk.level, window),
            ILevels.AbovePending(state.nodes[walk.level].parent, window)
        );
        uint256 left = w.children - w.cursor;
        require(ladders.length <= left, ILevels.TooManyLadders(ladders.length, left));
        _load(own, walk, window);
        walk.island = Edges.islandSlots(state, walk.level, window);
        _turnTo(state, core, walk, w.cursor, w.cursor + ladders.length);
        for (uint256 i; i < ladders.length; ++i) {
            bytes32 child = own.children[w.cursor + i];
            _shareTo(state, core, walk, child, ladders[i], walk.dues[w.cursor + i - walk.firstChild]);
        }
        // In one go every carry ends where it began, at zero, so there is nothing to write.
        if (ladders.length != w.children) _keep(own, walk);
        w.cursor += uint16(ladders.length);
        if (w.cursor == w.children) w.phase = ILevels.LevelPhase.Shared;
        own.windows[window % RING] = w;
        emit ILevels.LevelShared(walk.level, window, w.cursor);
    }

    function _load(LevelState storage own, Walk memory walk, uint256 window) private view {
        walk.window = window;
        delete walk.cuts;
        for (uint256 slot; slot < WINDOW; ++slot) {
            uint256 place = (window % RING) * WINDOW + slot;
            (ResultWord result, ResultWord sells) = Pairs.get(own.results, own.sellResults, place);
            (walk.results[TickBook.BUY][slot], walk.results[TickBook.SELL][slot]) = (result, sells);
            Fields.setCut(walk.cuts, slot, [result, sells]);
        }
    }

    /// @dev Money that is due is paid before another tree or other children come: a tree may grow upward between two
    /// windows, and money that left through one root would come back through another.
    function _turnTo(State storage state, Core memory core, Walk memory walk, uint256 from, uint256 end) private {
        bytes32 root = Turns.rootOf(state.nodes, walk.level, walk.window);
        if (root == walk.root && walk.firstChild == from && end <= from + walk.dues.length) return;
        _pay(core, walk);
        (walk.root, walk.firstChild, walk.dues) = (root, from, new Due[](end - from));
    }

    function _shareTo(
        State storage state,
        Core memory core,
        Walk memory walk,
        bytes32 child,
        uint256[] calldata ladder,
        Due memory due
    ) private {
        Sent memory sent = state.sent[child][walk.window % RING];
        if (!Edges.holds(sent, walk.window, child, ladder)) return;
        ISettlement.Added memory added;
        _fill(walk, added, sent.chargeNano, ladder);
        ILevels.Node memory node = state.nodes[child];
        if (due.operator == address(0)) due.operator = core.registry.area(node.area).operator;
        if (node.isLevel) {
            due.roundingTo = due.operator;
            due.roundingNano += _tell(state.levels[child], walk.window, added);
        } else {
            due.market = child;
            int256 owedNano;
            uint256 roundingNano;
            (owedNano, roundingNano, due.roundingTo) = core.settlement.adopt(child, uint32(walk.window), added);
            due.owedNano += owedNano + int256(roundingNano);
            due.roundingNano += roundingNano;
        }
        uint256 downWh = Fields.sum(added.wh[0]) + Fields.sum(added.wh[1]);
        uint256 upWh = Fields.sum(added.wh[2]) + Fields.sum(added.wh[3]);
        uint256 chargeNano = (downWh + upWh) * sent.chargeNano;
        due.chargeNano += chargeNano;
        emit ILevels.Crossed(child, uint32(walk.window), upWh, downWh, due.operator, chargeNano);
    }

    /// @dev Fills the rows of a ladder, the best limits first, at the price of each slot moved by the charge.
    function _fill(Walk memory walk, ISettlement.Added memory added, uint256 chargeNano, uint256[] calldata ladder)
        private
        pure
    {
        uint256 ticks = uint256(Prices.ceilDiv(int256(chargeNano), walk.tickNano));
        Ladders.Reader memory row;
        unchecked {
            while (Ladders.read(ladder, row)) {
                bool buys = row.side == TickBook.BUY;
                uint256 i = row.i;
                // Keys fall by the charge, on both sides.
                uint256 keys = ((buys ? row.tick : 255 - row.tick) - ticks) * Fields.ONES;
                // But for the highest tick in an island, see Ladders.addTo.
                if (row.tick == 255 && walk.island != 0 && buys) {
                    keys += ticks * (Fields.ONES & Fields.ofSlots(walk.island, i & 1));
                }
                (uint256 wh, uint256 part) = Fields.filled(walk.cuts.keys[i], walk.cuts.rationed[i], keys, row.wh);
                if (part != 0) wh |= _ration(walk.results[row.side], i & 1, part);
                if (wh == 0) continue;
                added.wh[i] += wh;
                // The last row that gets something is the worst.
                uint256 some = Fields.atLeast(wh, Fields.ONES);
                added.ticks[i] = (added.ticks[i] & ~some) | ((row.tick * Fields.ONES) & some);
                added.filledWh[i] = (added.filledWh[i] & ~some) | wh;
                added.leftWh[i] = (added.leftWh[i] & ~some) | (row.leftWh & some);
            }
        }
        for (uint256 slot; slot < WINDOW; ++slot) {
            int256 buyNano = walk.results[TickBook.BUY][slot].price() + int256(chargeNano);
            int256 sellNano = walk.results[TickBook.SELL][slot].price() - int256(chargeNano);
            added.buyNano |= uint256(uint32(int32(buyNano))) << (slot * 32);
            added.sellNano |= uint256(uint32(int32(sellNano))) << (slot * 32);
        }
    }

    /// @dev The fills of fields whose limit is rationed.
    function _ration(ResultWord[8] memory results, uint256 odd, uint256 part) private pure returns (uint256 fills) {
        for (uint256 i; part != 0; ++i) {
            uint256 wh = part & Fields.FIELD;
            part >>= 56;
            if (wh == 0) continue;
            uint256 slot = 2 * i + odd;
            (wh, results[slot]) = TickBook.ration(results[slot], wh);
            fills |= wh << (i * 56);
        }
    }

    /// @dev A level joins it with what its own auction has filled; returns what whole prices leave over.
    function _tell(LevelState storage child, uint256 window, ISettlement.Added memory added)
        private
        returns (uint256 roundingNano)
    {
        for (uint256 slot; slot < WINDOW; ++slot) {
            if (!Joins.adds(added, slot)) continue;
            uint256 place = (window % RING) * WINDOW + slot;
            (ResultWord result, ResultWord sells) = Pairs.get(child.results, child.sellResults, place);
            uint256 restNano;
            (result, sells,, restNano) = Joins.both(result, sells, added, slot);
            Pairs.put(child.results, child.sellResults, place, result, sells);
            roundingNano += restNano;
        }
        child.windows[window % RING].told = true;
    }

    function _pay(Core memory core, Walk memory walk) private {
        Due[] memory dues = walk.dues;
        if (dues.length == 0) return;
        ILedger.LevelMove[] memory moves = new ILedger.LevelMove[](dues.length);
        ILedger.LevelCharge[] memory charges = new ILedger.LevelCharge[](2 * dues.length);
        (uint256 moved, uint256 charged) = (0, 0);
        for (uint256 i; i < dues.length; ++i) {
            Due memory due = dues[i];
            if (due.owedNano != 0) moves[moved++] = ILedger.LevelMove(due.market, due.owedNano);
            if (due.chargeNano != 0) charges[charged++] = ILedger.LevelCharge(due.operator, due.chargeNano);
            if (due.roundingNano != 0) charges[charged++] = ILedger.LevelCharge(due.roundingTo, due.roundingNano);
        }
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
            ResultWord result = walk.results[TickBook.BUY][slot];
            ResultWord sells = walk.results[TickBook.SELL][slot];
            if (!result.isApart() && !result.buyRationed()) result = sells;
            Pairs.put(own.results, own.sellResults, place, result, sells);
        }
    }
}
