// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "../interfaces/ILedger.sol";
import {ILevels} from "../interfaces/ILevels.sol";
import {Ladders} from "../libraries/Ladders.sol";
import {ResultWord} from "../libraries/Packed.sol";
import {Prices} from "../libraries/Prices.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Edges} from "./Edges.sol";
import {Core, LevelState, PartWord, PartWords, RING, Sent, State, WINDOW} from "./LevelTypes.sol";

/// @title Sharing: from what a level and those above it have filled to the parts of its children
/// @notice At the limit that is filled in part, x = offered * filled + carry; fill = x / all offered there; carry = x
/// mod all offered: over the children in the order of their index the fills add up exactly.
library Sharing {
    uint256 private constant SIDES = 2;

    /// @dev What a call works with. `parts` by level above (0: its own) * 8 + slot, `ways` by level: the charges up to
    /// it, `carries` by part * 2 + side.
    struct Walk {
        bytes32 level;
        bytes32 root;
        uint256 window;
        int256 tickNano;
        PartWord[] parts;
        uint256[] ways;
        uint256[] carries;
        ILedger.LevelMove[] moves;
        ILedger.LevelCharge[] charges;
        uint256 moved;
        uint256 charged;
    }

    /// @dev What one child gets. `cuts` by part * 2 + side: last tick, filled and offered there, as in a PartWord; the
    /// rest by slot * 2 + side, over all parts: the same with all Wh, and what they cost, or fetch.
    struct Share {
        uint256[] cuts;
        uint256[16] all;
        int256[16] nano;
        uint256[2] wh;
    }

    /// @notice See ILevels.share.
    function share(State storage state, Core memory core, bytes32 level, uint32 window, uint256[][] calldata ladders)
        external
    {
        LevelState storage own = state.levels[level];
        ILevels.LevelWindow memory w = Edges.windowOf(own, window);
        require(w.phase == ILevels.Phase.Cleared, ILevels.WrongPhase(window, w.phase));
        require(
            w.told || Edges.isPassedOver(state, core, level, window),
            ILevels.AbovePending(state.nodes[level].parent, window)
        );
        uint256 left = w.children - w.cursor;
        require(ladders.length <= left, ILevels.TooManyLadders(ladders.length, left));
        Walk memory walk = _load(state, own, level, w, ladders.length);
        for (uint256 i; i < ladders.length; ++i) {
            _shareTo(state, core, walk, own.children[w.cursor + i], ladders[i]);
        }
        _pay(core, walk);
        w.cursor += uint16(ladders.length);
        bool done = w.cursor == w.children;
        if (done) w.phase = ILevels.Phase.Shared;
        own.windows[window % RING] = w;
        // In one go every carry ends where it began, at zero.
        if (!done || ladders.length != w.children) _keepCarries(own, walk);
        emit ILevels.LevelShared(level, window, w.cursor);
    }

    /* INTERNAL */

    function _load(
        State storage state,
        LevelState storage own,
        bytes32 level,
        ILevels.LevelWindow memory w,
        uint256 ladders
    ) private view returns (Walk memory walk) {
        (walk.level, walk.window) = (level, w.window);
        walk.root = _rootOf(state, level, w.window);
        walk.tickNano = int256(uint256(own.params.tickNano));
        uint256 count = 1 + w.above;
        walk.parts = new PartWord[](count * WINDOW);
        walk.ways = new uint256[](count);
        walk.carries = new uint256[](count * WINDOW * SIDES);
        walk.moves = new ILedger.LevelMove[](ladders);
        walk.charges = new ILedger.LevelCharge[](2 * ladders);
        uint256 place = w.window % RING;
        for (uint256 slot; slot < WINDOW; ++slot) walk.parts[slot] = _ownPart(own, place * WINDOW + slot);
        uint256 ways = own.ways[place];
        for (uint256 k = 1; k < count; ++k) {
            walk.ways[k] = uint32(ways >> (32 * (k - 1)));
            for (uint256 slot; slot < WINDOW; ++slot) {
                uint256 i = (k - 1) * WINDOW + slot;
                walk.parts[i + WINDOW] = PartWord.wrap(own.parts[(place << 8) | i]);
            }
        }
        if (w.cursor == 0) return walk;
        for (uint256 i; i < walk.carries.length; ++i) walk.carries[i] = own.carries[(place << 16) | i];
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

    /// @dev What the level's own auction has filled.
    function _ownPart(LevelState storage own, uint256 place) private view returns (PartWord part) {
        ResultWord result = own.results[place];
        if (!result.traded()) return part;
        part = PartWords.priced(result.price());
        ResultWord sells = result.isApart() ? own.sellResults[place] : result;
        // Where nothing is rationed, one of one is filled.
        (uint256 fillWh, uint256 liveWh) = result.buyRationed() ? (result.fillWh(), result.liveWh()) : (1, 1);
        part = part.with(TickBook.BUY, result.buyTick(), fillWh, liveWh);
        (fillWh, liveWh) = sells.buyRationed() ? (1, 1) : (sells.fillWh(), sells.liveWh());
        part = part.with(TickBook.SELL, sells.sellTick(), fillWh, liveWh);
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
        s.cuts = new uint256[](walk.carries.length);
        _walk(walk, s, sent.chargeNano, ladder);
        ILevels.Node memory node = state.nodes[child];
        if (node.isLevel) _tell(state.levels[child], walk, s, sent.chargeNano);
        else _adopt(core, walk, s, child);
        uint256 chargeNano = (s.wh[0] + s.wh[1]) * sent.chargeNano;
        address operator = core.registry.area(node.area).operator;
        if (chargeNano != 0) walk.charges[walk.charged++] = ILedger.LevelCharge(operator, chargeNano);
        emit ILevels.Crossed(
            child, uint32(walk.window), s.wh[TickBook.SELL], s.wh[TickBook.BUY], operator, chargeNano
        );
    }

    /// @dev Fills the entries of a ladder, the best limits first, at the lowest level that has something for them.
    function _walk(Walk memory walk, Share memory s, uint256 chargeNano, uint256[] calldata ladder) private pure {
        uint256 ticks = uint256(Prices.ceilDiv(int256(chargeNano), walk.tickNano));
        Ladders.Reader memory reader;
        Ladders.Step memory step;
        while (Ladders.read(ladder, reader, step)) {
            bool buys = step.side == TickBook.BUY;
            uint256 tick = buys ? step.tick - ticks : step.tick + ticks;
            uint256 i = step.slot * SIDES + step.side;
            uint256 gotWh;
            for (uint256 k; k < walk.ways.length && gotWh < step.wh; ++k) {
                uint256 part = k * WINDOW + step.slot;
                uint256 wh = _taken(walk, part, step.side, tick, step.wh - gotWh);
                if (wh == 0) continue;
                s.cuts[part * SIDES + step.side] = step.tick | (wh << 8) | ((step.leftWh - gotWh) << 56);
                gotWh += wh;
                int256 wayNano = int256(walk.ways[k] + chargeNano);
                int256 priceNano = walk.parts[part].price();
                s.nano[i] += int256(wh) * (buys ? priceNano + wayNano : priceNano - wayNano);
            }
            if (gotWh == 0) continue;
            s.wh[step.side] += gotWh;
            // The last entry that gets something is the worst.
            s.all[i] = step.tick | (gotWh << 8) | (step.leftWh << 56) | ((s.all[i] >> 104) + gotWh) << 104;
        }
    }

    /// @dev What of `wh` at a tick a part fills.
    function _taken(Walk memory walk, uint256 part, uint256 side, uint256 tick, uint256 wh)
        private
        pure
        returns (uint256)
    {
        PartWord word = walk.parts[part];
        if (!word.has(side)) return 0;
        (uint256 last, uint256 fillWh, uint256 liveWh) = word.cut(side);
        if (tick != last) return (tick > last) == (side == TickBook.BUY) ? wh : 0;
        uint256 i = part * SIDES + side;
        uint256 x = wh * fillWh + walk.carries[i];
        walk.carries[i] = x % liveWh;
        return x / liveWh;
    }

    /// @dev A level keeps its parts until it is shared itself.
    function _tell(LevelState storage child, Walk memory walk, Share memory s, uint256 chargeNano) private {
        uint256 place = walk.window % RING;
        uint256 ways;
        for (uint256 k; k < walk.ways.length; ++k) {
            ways |= (walk.ways[k] + chargeNano) << (32 * k);
            for (uint256 slot; slot < WINDOW; ++slot) {
                uint256 i = k * WINDOW + slot;
                PartWord part = PartWords.priced(walk.parts[i].price());
                for (uint256 side; side < SIDES; ++side) {
                    uint256 cut = s.cuts[i * SIDES + side];
                    if (cut != 0) part = part.with(side, cut & 0xff, uint48(cut >> 8), uint48(cut >> 56));
                }
                child.parts[(place << 8) | i] = PartWord.unwrap(part);
            }
        }
        child.ways[place] = ways;
        ILevels.LevelWindow storage w = child.windows[place];
        (w.above, w.told) = (uint8(walk.ways.length), true);
    }

    /// @dev A market's members get it all together, at the average price of each side.
    function _adopt(Core memory core, Walk memory walk, Share memory s, bytes32 market) private {
        (uint256 roundingNano, address feeAccount) =
            core.settlement.adopt(market, uint32(walk.window), s.all, s.nano);
        int256 nano = int256(roundingNano);
        for (uint256 i; i < s.nano.length; ++i) nano += i % SIDES == TickBook.BUY ? s.nano[i] : -s.nano[i];
        if (nano != 0) walk.moves[walk.moved++] = ILedger.LevelMove(market, nano);
        if (roundingNano != 0) walk.charges[walk.charged++] = ILedger.LevelCharge(feeAccount, roundingNano);
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

    function _keepCarries(LevelState storage own, Walk memory walk) private {
        uint256 place = walk.window % RING;
        for (uint256 i; i < walk.carries.length; ++i) {
            if (own.carries[(place << 16) | i] != walk.carries[i]) own.carries[(place << 16) | i] = walk.carries[i];
        }
    }
}
