// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ahead} from "../levels/Ahead.sol";
import {Edges} from "../levels/Edges.sol";
import {Fields} from "../libraries/Fields.sol";
import {Ladders} from "../libraries/Ladders.sol";
import {PartWord, PartWords} from "../libraries/PartWords.sol";
import {Prices} from "../libraries/Prices.sol";
import {TickBook} from "../libraries/TickBook.sol";

/// @title Residuals: what a forward auction may match inside an area, and what it sends up
/// @notice Of an auction's curves (`TickBook.sumUp`) all that is not matched goes up, the best limits first, as far as
/// the charge of the edge leaves it a tick and the limits carry it, less what earlier auctions have used. An area whose
/// feeder has a limit sends up of its shorter side only what the feeder has left: so much of both sides could meet in
/// levels above and come back. The twin is `p2pchain/forward_levels.py`.
library Residuals {
    /// @dev One window of an area. `ahead` was used before, `used` comes on top: up, down and inside, in lanes of 32
    /// bits; `used` counts what is sent as if it was filled, until the level says what is. Of the curves goes up what
    /// lies between `matched` (by whether the slots are odd) and `ends` (by side * 2 + that), in fields; `any`:
    /// something does.
    struct Plan {
        uint256 edge;
        uint256 lotWh;
        uint256 chargeTicks;
        uint256[3] ahead;
        uint256[3] used;
        uint256[2] matched;
        uint256[4] ends;
        bool any;
    }

    uint256 private constant UP = 0;
    uint256 private constant DOWN = 1;
    uint256 private constant INSIDE = 2;
    uint256 private constant TICKS = 256;

    /// @notice Begins a window; `edge` and `ahead` as IForwardLevels.edgeOf gives them.
    function begin(uint256 edge, uint256[3] memory ahead, uint256 lotWh, int256 tickNano)
        internal
        pure
        returns (Plan memory plan)
    {
        (plan.edge, plan.ahead, plan.lotWh) = (edge, ahead, lotWh);
        plan.chargeTicks = uint256(Prices.ceilDiv(int256(Edges.chargeOf(edge)), tickNano));
    }

    /// @notice The part of a side of which `lots` are matched: a word as in PartWords.
    function partOf(TickBook.Book memory book, uint256 slot, uint256 side, int256 priceNano, uint256 lots)
        internal
        pure
        returns (uint256)
    {
        (uint256 tick, uint256 live, uint256 left) = TickBook.lastOf(book, slot, side, lots);
        return PartWord.unwrap(PartWords.pack(slot, side, priceNano, tick, live - left, live, lots));
    }

    /// @notice The lots that may be matched inside the area in a slot.
    function roomFor(Plan memory plan, uint256 slot) internal pure returns (uint256) {
        uint256 mostWh = Edges.less(Edges.feederOf(plan.edge), plan.ahead[INSIDE], slot);
        return mostWh == type(uint256).max ? mostWh : mostWh / plan.lotWh;
    }

    /// @notice Notes the lots that were matched in a slot, and how many go up.
    function add(Plan memory plan, TickBook.Book memory book, uint256 slot, uint256 matched) internal pure {
        uint256 inside = matched;
        if (Edges.isOpen(plan.edge, slot)) {
            (uint256 buys, uint256 sells) = _sendable(plan, book, slot, matched);
            uint256 shift = (slot >> 1) * 56;
            plan.ends[slot & 1] |= (matched + buys) << shift;
            plan.ends[2 | (slot & 1)] |= (matched + sells) << shift;
            plan.matched[slot & 1] |= matched << shift;
            if (buys | sells != 0) plan.any = true;
            plan.used[UP] |= Ahead.lane(slot, sells * plan.lotWh);
            plan.used[DOWN] |= Ahead.lane(slot, buys * plan.lotWh);
            inside += buys < sells ? buys : sells;
        }
        plan.used[INSIDE] |= Ahead.lane(slot, inside * plan.lotWh);
    }

    /// @notice The ladder of what goes up, the best limits first.
    function ladder(Plan memory plan, TickBook.Book memory book) internal pure returns (uint256[] memory) {
        Ladders.Writer memory writer = Ladders.writer(book);
        for (uint256 i; plan.any && i < 4; ++i) {
            (uint256 matched, uint256 end) = (plan.matched[i & 1], plan.ends[i]);
            uint256 map = book.maps[i >> 1];
            // A curve stands still at ticks that are not in use.
            for (uint256 before; map != 0 && Fields.atLeast(before, end) != Fields.ALL;) {
                uint256 tick = i >> 1 == TickBook.BUY ? TickBook.highest(map) : TickBook.lowest(map);
                map ^= 1 << tick;
                uint256 sum = TickBook.cellAt(book, i >> 1, tick, i & 1);
                uint256 from = Fields.larger(before, matched);
                uint256 lots = Fields.above(Fields.smaller(sum, end), from);
                before = sum;
                if (lots == 0) continue;
                Ladders.push(writer, i, tick, lots, Fields.above(sum, from) & Fields.atLeast(lots, Fields.ONES));
            }
        }
        return Ladders.cut(writer);
    }

    /// @dev How many lots of each side go up.
    function _sendable(Plan memory plan, TickBook.Book memory book, uint256 slot, uint256 matched)
        private
        pure
        returns (uint256 buys, uint256 sells)
    {
        if (plan.chargeTicks >= TICKS) return (0, 0);
        buys = _rest(TickBook.curveAt(book, slot, TickBook.BUY, plan.chargeTicks), matched);
        sells = _rest(TickBook.curveAt(book, slot, TickBook.SELL, TICKS - 1 - plan.chargeTicks), matched);
        uint256 downWh = Edges.less(Edges.downOf(plan.edge), plan.ahead[DOWN], slot);
        uint256 upWh = Edges.less(Edges.upOf(plan.edge), plan.ahead[UP], slot);
        if (buys > downWh / plan.lotWh) buys = downWh / plan.lotWh;
        if (sells > upWh / plan.lotWh) sells = upWh / plan.lotWh;
        uint256 room = roomFor(plan, slot) - matched;
        if (buys <= room || sells <= room) return (buys, sells);
        if (buys < sells) buys = room;
        else sells = room;
    }

    function _rest(uint256 all, uint256 matched) private pure returns (uint256) {
        return all > matched ? all - matched : 0;
    }
}
