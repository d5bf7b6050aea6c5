// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ahead} from "../levels/Ahead.sol";
import {Edges} from "../levels/Edges.sol";
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
    /// bits; `used` counts what is sent as if it was filled, until the level says what is.
    struct Plan {
        uint256 edge;
        uint256 lotWh;
        uint256 chargeTicks;
        uint256[3] ahead;
        uint256[3] used;
        Ladders.Writer writer;
    }

    uint256 private constant UP = 0;
    uint256 private constant DOWN = 1;
    uint256 private constant INSIDE = 2;
    uint256 private constant TICKS = 256;

    /// @notice Begins a window; `edge` and `ahead` as IForwardLevels.edgeOf gives them.
    function begin(
        TickBook.Book memory book,
        uint256 edge,
        uint256[3] memory ahead,
        uint256 lotWh,
        int256 tickNano
    ) internal pure returns (Plan memory plan) {
        (plan.edge, plan.ahead, plan.lotWh) = (edge, ahead, lotWh);
        plan.chargeTicks = uint256(Prices.ceilDiv(int256(Edges.chargeOf(edge)), tickNano));
        plan.writer = Ladders.writer(book);
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

    /// @notice Notes the lots that were matched in a slot, and adds to the ladder what goes up.
    function add(Plan memory plan, TickBook.Book memory book, uint256 slot, uint256 matched) internal pure {
        uint256 inside = matched;
        if (Edges.isOpen(plan.edge, slot)) {
            (uint256 buys, uint256 sells) = _sendable(plan, book, slot, matched);
            _write(plan, book, slot, TickBook.BUY, matched, buys);
            _write(plan, book, slot, TickBook.SELL, matched, sells);
            plan.used[UP] |= Ahead.lane(slot, sells * plan.lotWh);
            plan.used[DOWN] |= Ahead.lane(slot, buys * plan.lotWh);
            inside += buys < sells ? buys : sells;
        }
        plan.used[INSIDE] |= Ahead.lane(slot, inside * plan.lotWh);
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

    /// @dev Adds the best `lots` behind those that were matched.
    function _write(
        Plan memory plan,
        TickBook.Book memory book,
        uint256 slot,
        uint256 side,
        uint256 matched,
        uint256 lots
    ) private pure {
        if (lots == 0) return;
        uint256 map = book.maps[side];
        uint256 end = matched + lots;
        // A curve stands still at ticks that are not in use.
        for (uint256 before; map != 0 && before < end;) {
            uint256 tick = side == TickBook.BUY ? TickBook.highest(map) : TickBook.lowest(map);
            map ^= 1 << tick;
            uint256 sum = TickBook.curveAt(book, slot, side, tick);
            uint256 from = before > matched ? before : matched;
            if (sum > from) {
                Ladders.add(plan.writer, slot, side, tick, (sum < end ? sum : end) - from, sum - from);
            }
            before = sum;
        }
    }

    function _rest(uint256 all, uint256 matched) private pure returns (uint256) {
        return all > matched ? all - matched : 0;
    }
}
