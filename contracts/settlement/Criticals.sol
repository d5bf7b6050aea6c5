// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HalfBooks} from "../libraries/HalfBooks.sol";
import {LaneWords, Quote} from "../libraries/Packed.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Words} from "../libraries/Words.sol";
import {Context} from "./Context.sol";
import {Core, Env, Member, PriceTable, RING, State, WINDOW} from "./Types.sol";

/// @title Criticals: what critical loads buy at their tariff while there is no grid
/// @notice Few members in few windows, so each is loaded alone.
library Criticals {
    using TickBook for TickBook.Book;
    using Words for uint256[];

    /// @dev What one call works with.
    struct Search {
        Env env;
        PriceTable table;
        TickBook.Book book;
        Member m;
    }

    /// @notice Puts what the critical loads among the members [from, end) buy at their tariff in the slots `island` of
    /// a window into a book, with those of the steps before; that of the last step has all of them. `words` are what
    /// was offered there by the index of the member, see Context.laneWord.
    function collect(
        State storage state,
        Core memory core,
        bytes32 market,
        uint256[] calldata words,
        uint256 window,
        uint256 island,
        uint256 from,
        uint256 end,
        bool last
    ) external returns (TickBook.Book memory) {
        Search memory search;
        search.env = Context.load(core, market);
        search.table = Context.newTable(window * WINDOW, WINDOW);
        search.book = TickBook.create();
        mapping(uint256 => uint256) storage half = state.halfBooks[market][RING + window % RING];
        if (from != 0) HalfBooks.resume(half, search.book);
        uint256 slots = LaneWords.spread(island);
        for (uint256 index = from; index < end; ++index) {
            uint256 word = Context.laneWord(words.read(index), state.lanes[market], index, window);
            (uint256 buys,) = LaneWords.parted(word);
            if (buys & slots != 0) _add(search, window, index, buys & slots);
        }
        if (!last) HalfBooks.putDown(half, search.book);
        return search.book;
    }

    /// @dev What one member buys, where he is a critical load.
    function _add(Search memory search, uint256 window, uint256 index, uint256 buys) private view {
        Member memory m = search.m;
        m.untilSlot = 0;
        m.index = index;
        bool isCritical;
        for (uint256 lane; lane < WINDOW; ++lane) {
            uint256 volume = LaneWords.part(buys, lane, 1);
            if (volume == 0) continue;
            uint256 slot = window * WINDOW + lane;
            if (slot >= m.untilSlot) Context.loadMember(search.env, search.table, m, slot);
            isCritical = isCritical || search.env.core.levels.isCritical(m.meter, uint32(window));
            if (!isCritical) return;
            if (!m.active) continue;
            Quote quote = Context.quoteAt(search.env, search.table, m, lane);
            if (quote.buysAtTariff()) search.book.addLanes(volume, quote.buyTick(), 0);
        }
    }
}
