// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWord, LaneWords, MemberWord, Quote, ResultWord, StatedWord, TariffWord} from "../libraries/Packed.sol";
import {Edges} from "../levels/Edges.sol";
import {HalfBooks} from "../libraries/HalfBooks.sol";
import {Ladders} from "../libraries/Ladders.sol";
import {Pairs} from "../libraries/Pairs.sol";
import {Prices} from "../libraries/Prices.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Words} from "../libraries/Words.sol";
import {Context} from "./Context.sol";
import {Criticals} from "./Criticals.sol";
import {Offers} from "./Offers.sol";
import {Reference, References} from "./References.sol";
import {Core, Env, Member, PriceTable, RING, SECOND, State, WINDOW} from "./Types.sol";

/// @title Clearing: the second phase, from offered volumes to one price and one rationed limit per slot
/// @notice Walks the members in the order of their index, puts their lanes into the book, finds p and matches. A walk
/// that is too long for one transaction is put down in storage and goes on in the next.
library Clearing {
    using TickBook for TickBook.Book;
    using Words for uint256[];

    /// @dev What one call of clearing works with; `edges` by window, none for a market outside any tree. `island` are
    /// the slots of the window at hand in which there is no grid; what critical loads buy there is noted apart. `words`
    /// are what was offered, as lane words by the index of the member; those of another window count for nothing. By
    /// slot buys take part from `minBuy` on and sells up to `maxSell`, see Prices.ticksAt.
    struct Walk {
        Env env;
        PriceTable table;
        TickBook.Book book;
        TickBook.Book critical;
        uint256 island;
        uint256[8] minBuy;
        int256[8] maxSell;
        Reference[8] refs;
        Member[] members;
        uint256 memberCount;
        uint256 budget;
        bool forward;
        uint256[] edges;
        uint256[] words;
    }

    /// @notice See ISettlement.clear.
    function clear(
        State storage state,
        Core memory core,
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers,
        uint256[][] calldata offers
    ) external {
        // No more can be under way; and of no more is it known what is cleared forward.
        if (windows > RING) windows = uint32(RING);
        Walk memory walk;
        walk.env = Context.load(core, market);
        walk.table = Context.newTable(firstWindow * WINDOW, windows * WINDOW);
        walk.book = TickBook.create();
        walk.memberCount = core.markets.memberCount(market);
        walk.forward = Context.requireForwardCleared(walk.env, firstWindow, windows);
        walk.edges = core.levels.edgesOf(market, firstWindow, windows);
        // Kept from window to window; a call that does little keeps little.
        walk.members = new Member[](maxMembers < walk.memberCount ? maxMembers : walk.memberCount);
        walk.words = new uint256[](walk.memberCount);
        walk.budget = maxMembers;
        _loadMembers(walk, Context.windowOf(state, market, firstWindow));
        bool done;
        for (uint256 i; i < windows && walk.budget != 0; ++i) {
            done = _clearWindow(state, walk, firstWindow + i, offers[i]) || done;
        }
        require(done, ISettlement.NothingToDo());
    }

    /* INTERNAL */

    /// @dev Clears one window or goes on with it; false: nothing to do there.
    function _clearWindow(State storage state, Walk memory walk, uint256 window, uint256[] calldata offered)
        private
        returns (bool)
    {
        ISettlement.Window memory w = Context.windowToClear(state, walk.env, window, walk.forward);
        walk.island = walk.edges.length == 0 ? 0 : Edges.islandOf(_edge(walk, window));
        if (w.phase == ISettlement.Phase.Open) _begin(walk, w);
        else if (w.phase == ISettlement.Phase.Clearing) _resume(state, walk, window);
        else return false;
        Offers.lay(offered, walk.words, 0, window);
        uint256 end = w.cursor + walk.budget;
        if (end > w.members) end = w.members;
        walk.budget -= end - w.cursor;
        mapping(uint256 => LaneWord) storage lanes = state.lanes[walk.env.market];
        uint256 deadline = Context.windowEnd(walk.env, window) + walk.env.params.postSeconds;
        if (block.timestamp >= deadline) {
            _visit(walk, lanes, window, w.cursor, end, 0);
        } else {
            // Only in one go, when all have posted: a first step closes the window to readings.
            require(w.cursor == 0 && end == w.members, ISettlement.NotReady(w.window, 0, uint64(deadline)));
            _visit(walk, lanes, window, 0, end, deadline);
        }
        if (walk.island != 0) {
            walk.critical = Criticals.collect(
                state, walk.env.core, walk.env.market, walk.words, window, walk.island, w.cursor, end, end == w.members
            );
        }
        _fold(walk, window);
        w.cursor = uint32(end);
        if (end < w.members) {
            w.phase = ISettlement.Phase.Clearing;
            state.windows[walk.env.market][window % RING] = w;
            _putDown(state, walk, window);
            emit ISettlement.ClearingStep(walk.env.market, w.window, w.cursor);
        } else {
            if (walk.island != 0) _raise(walk);
            uint256[8] memory results = _match(state, walk, window);
            bool sent = _send(state, walk, window, results);
            _finish(state, walk.env.market, w, sent ? ISettlement.Phase.Awaiting : ISettlement.Phase.Cleared, results);
        }
        walk.book.reset();
        delete walk.refs;
        return true;
    }

    /// @dev Membership is frozen here; whoever enrols later has no slot in this window.
    function _begin(Walk memory walk, ISettlement.Window memory w) private view {
        uint256 end = Context.windowEnd(walk.env, w.window);
        require(block.timestamp >= end, ISettlement.NotDelivered(w.window));
        IMarkets.MarketParams memory p = walk.env.params;
        uint256 stages = p.stages.length;
        // A stage that is late is passed over: the market does not wait for ever.
        require(
            w.stage == stages || block.timestamp >= end + p.postSeconds + uint256(p.stageSeconds) * stages,
            ISettlement.StagePending(w.window, w.stage)
        );
        w.members = uint32(walk.memberCount);
    }

    /// @dev Loads the members of the first step together, which is cheaper than one by one.
    function _loadMembers(Walk memory walk, ISettlement.Window memory w) private view {
        uint256 count = walk.members.length;
        if (count > walk.memberCount - w.cursor) count = walk.memberCount - w.cursor;
        uint256[] memory words = walk.env.core.markets.packedMembers(
            walk.env.market, w.cursor, uint32(count), uint32(walk.table.firstSlot)
        );
        for (uint256 i; i < count; ++i) {
            Context.fill(
                walk.env,
                walk.table,
                walk.members[(w.cursor + i) % walk.members.length],
                MemberWord.wrap(words[2 * i]),
                StatedWord.wrap(words[2 * i + 1])
            );
        }
    }

    /// @dev Puts what members offer into the book. Before the `deadline` (else zero) everybody whose membership holds
    /// in a slot must have posted it.
    function _visit(
        Walk memory walk,
        mapping(uint256 => LaneWord) storage lanes,
        uint256 window,
        uint256 from,
        uint256 end,
        uint256 deadline
    ) private view {
        uint256 slot = window * WINDOW;
        for (uint256 index = from; index < end; ++index) {
            // Kept from window to window, and loaded again where something changes.
            Member memory m = walk.members[index % walk.members.length];
            if (m.index != index || slot >= m.untilSlot) {
                m.index = index;
                Context.loadMember(walk.env, walk.table, m, slot);
            }
            uint256 word = Context.laneWord(walk.words.get(index), lanes, index, window);
            uint256 second = word & LaneWords.SECOND == 0
                ? 0
                : LaneWord.unwrap(lanes[Context.laneKey(index, window, SECOND)]);
            uint256 active = 0xff;
            if (m.active && m.untilSlot >= slot + WINDOW) {
                walk.table.seen.set(m.tariff, active);
                _addLanes(walk, m, word, slot - walk.table.firstSlot, WINDOW);
                if (second != 0) _addLanes(walk, m, second, slot - walk.table.firstSlot, WINDOW);
            } else {
                active = _visitParts(walk, m, window, word, second);
            }
            require(
                deadline == 0 || LaneWord.wrap(word).postedMask() & active == active,
                ISettlement.NotReady(uint32(window), m.meter, uint64(deadline))
            );
        }
    }

    /// @dev The same where terms, limits or the membership change inside the window; returns the mask of the slots of
    /// the membership.
    function _visitParts(Walk memory walk, Member memory m, uint256 window, uint256 word, uint256 second)
        private
        view
        returns (uint256 active)
    {
        uint256 end;
        for (uint256 from; from < WINDOW; from = end) {
            uint256 slot = window * WINDOW + from;
            if (slot >= m.untilSlot) Context.loadMember(walk.env, walk.table, m, slot);
            end = m.untilSlot - slot < WINDOW - from ? from + m.untilSlot - slot : WINDOW;
            if (!m.active) continue;
            uint256 mask = ((1 << end) - 1) ^ ((1 << from) - 1);
            active |= mask;
            walk.table.seen[m.tariff] |= mask;
            _addLanes(walk, m, word, slot - walk.table.firstSlot, end - from);
            if (second != 0) _addLanes(walk, m, second, slot - walk.table.firstSlot, end - from);
        }
    }

    /// @dev Adds `slots` lanes of a word from a place of the table on, in runs of slots with the same quote.
    function _addLanes(Walk memory walk, Member memory m, uint256 word, uint256 place, uint256 slots) private pure {
        uint256[] memory runs = walk.table.runs[m.tariff];
        uint256[] memory quotes = walk.table.quotes[m.tariff];
        (bool plain, bool hourly) = (m.atTariff, m.hourly.length != 0);
        // Slots have 32 bits, lanes are eight.
        unchecked {
            for (uint256 end = place + slots; place < end;) {
                uint256 count = hourly ? 1 : runs.get(place);
                if (count > end - place) count = end - place;
                uint256 lanes = count == WINDOW ? word : LaneWords.part(word, place % WINDOW, count);
                if (lanes & LaneWords.VOLUMES != 0) {
                    Quote quote = plain
                        ? Quote.wrap(quotes.get(place))
                        : Context.quoteAt(walk.env, walk.table, m, place);
                    walk.book.addLanes(lanes, quote.buyTick(), quote.sellTick());
                }
                place += count;
            }
        }
    }

    /// @dev Turns what was seen into the lowest retail and the highest feed-in price of each slot.
    function _fold(Walk memory walk, uint256 window) private pure {
        uint256 first = window * WINDOW - walk.table.firstSlot;
        for (uint256 place; place < walk.table.count; ++place) {
            uint256 mask = walk.table.seen[place];
            walk.table.seen[place] = 0;
            for (uint256 lane; mask >> lane != 0; ++lane) {
                if ((mask >> lane) & 1 == 0) continue;
                References.add(walk.refs[lane], TariffWord.wrap(walk.table.rows[place][first + lane]));
            }
        }
    }

    function _match(State storage state, Walk memory walk, uint256 window)
        private
        returns (uint256[8] memory results)
    {
        Env memory env = walk.env;
        uint256 mostWh = walk.edges.length == 0 ? type(uint256).max : Edges.feederOf(_edge(walk, window));
        uint256 inside = mostWh == type(uint256).max ? 0 : _ahead(walk, window)[2];
        uint256[8] memory sells;
        mapping(uint256 => ResultWord) storage stored = state.results[env.market];
        mapping(uint256 => ResultWord) storage storedSells = state.sellResults[env.market];
        bool apart;
        for (uint256 lane; lane < WINDOW; ++lane) {
            (int256 price, bool defined) = _price(walk, lane);
            ResultWord result = ResultWord.wrap(0);
            ResultWord ofSells = result;
            uint256 place = Context.resultPlace(window, lane);
            // All takes part where there is no auction.
            (uint256 minBuy, int256 maxSell) = (0, 255);
            if (defined) {
                (minBuy, maxSell) = Prices.ticksAt(price, env.floorNano, env.tickNano);
                uint256 most = inside == 0 ? mostWh : Edges.less(mostWh, inside, lane);
                (result, ofSells) = walk.book.matchAt(lane, price, minBuy, maxSell, most);
            }
            (walk.minBuy[lane], walk.maxSell[lane]) = (minBuy, maxSell);
            if (_isIsland(walk, lane)) result = result.inIsland();
            Pairs.put(stored, storedSells, place, result, ofSells);
            results[lane] = ResultWord.unwrap(result);
            if (!result.isApart()) continue;
            (sells[lane], apart) = (ResultWord.unwrap(ofSells), true);
        }
        if (apart) emit ISettlement.SellsCleared(env.market, uint32(window), sells);
    }

    /// @dev Critical loads come first where there is no grid, whatever p is.
    function _raise(Walk memory walk) private pure {
        walk.book.raise(walk.critical, walk.island);
        for (uint256 lane; lane < WINDOW; ++lane) {
            if (_isIsland(walk, lane)) References.lower(walk.refs[lane], walk.env.buyFeeNano);
        }
    }

    function _isIsland(Walk memory walk, uint256 lane) private pure returns (bool) {
        return (walk.island >> lane) & 1 != 0;
    }

    function _edge(Walk memory walk, uint256 window) private pure returns (uint256) {
        return walk.edges[window - walk.table.firstSlot / WINDOW];
    }

    /// @dev What forward auctions have used of the limits of the area, see ILevels.areaEdge.
    function _ahead(Walk memory walk, uint256 window) private view returns (uint256[3] memory ahead) {
        if (!Edges.isUsedAhead(_edge(walk, window))) return ahead;
        (, ahead) = walk.env.core.levels.areaEdge(walk.env.params.area, uint32(window));
    }

    /// @dev Sends up what took part and was not matched (all, where there was no auction). False: the market is in no
    /// tree, or the level above takes nothing any more.
    function _send(State storage state, Walk memory walk, uint256 window, uint256[8] memory results)
        private
        returns (bool)
    {
        if (walk.edges.length == 0) return false;
        uint256 edge = _edge(walk, window);
        if (!Edges.takes(edge)) return false;
        Env memory env = walk.env;
        Ladders.Writer memory writer = Ladders.writer(walk.book);
        uint256[3] memory ahead = _ahead(walk, window);
        for (uint256 lane; lane < WINDOW; ++lane) {
            Reference memory ref = walk.refs[lane];
            if (!ref.any || !Edges.isOpen(edge, lane)) continue;
            Ladders.setBounds(writer, lane, ref.retailNano, ref.feedInNano);
            ResultWord result = ResultWord.wrap(results[lane]);
            ResultWord ofSells = result;
            if (result.isApart()) {
                (, ofSells) = Pairs.get(
                    state.results[env.market],
                    state.sellResults[env.market],
                    Context.resultPlace(window, lane)
                );
            }
            uint256[3] memory mostWh = Edges.limitsOf(edge, ahead, lane);
            Ladders.open(
                writer, walk.book, lane, walk.minBuy[lane], walk.maxSell[lane], [result, ofSells], mostWh
            );
        }
        uint256 ticks = uint256(Prices.ceilDiv(int256(Edges.chargeOf(edge)), env.tickNano));
        env.core.levels.send(env.market, uint32(window), Ladders.done(writer, walk.book, ticks));
        return true;
    }

    /// @dev p, and whether there is one.
    function _price(Walk memory walk, uint256 lane) private pure returns (int256, bool) {
        Reference memory ref = walk.refs[lane];
        if (
            walk.env.params.rule == IMarkets.PriceRule.Sdr && ref.any && 0 < ref.feedInNano
                && ref.feedInNano < ref.retailNano
        ) {
            uint256 buyWh = walk.book.total(lane, TickBook.BUY);
            uint256 sellWh = walk.book.total(lane, TickBook.SELL);
            if (buyWh != 0 && sellWh != 0) {
                return (Prices.supplyDemandRatio(ref.retailNano, ref.feedInNano, buyWh, sellWh), true);
            }
        }
        (int256 price, bool defined) = References.priceOf(walk.env, ref);
        return (_isIsland(walk, lane) ? References.within(ref, price) : price, defined);
    }

    function _finish(
        State storage state,
        bytes32 market,
        ISettlement.Window memory w,
        ISettlement.Phase phase,
        uint256[8] memory results
    ) private {
        w.phase = phase;
        w.cursor = 0;
        state.windows[market][w.window % RING] = w;
        emit ISettlement.WindowCleared(market, w.window, w.members, results);
    }

    /* HALF BOOKS */

    /// @dev Keeps a book and the reference prices until the next call.
    function _putDown(State storage state, Walk memory walk, uint256 window) private {
        mapping(uint256 => uint256) storage half = state.halfBooks[walk.env.market][window % RING];
        HalfBooks.putDown(half, walk.book);
        for (uint256 lane; lane < WINDOW; ++lane) {
            Reference memory ref = walk.refs[lane];
            half[HalfBooks.OWN + lane] = ref.any
                ? (1 << 64) | (uint256(uint32(ref.retailNano)) << 32) | uint32(ref.feedInNano)
                : 0;
        }
    }

    function _resume(State storage state, Walk memory walk, uint256 window) private view {
        mapping(uint256 => uint256) storage half = state.halfBooks[walk.env.market][window % RING];
        HalfBooks.resume(half, walk.book);
        for (uint256 lane; lane < WINDOW; ++lane) {
            uint256 packed = half[HalfBooks.OWN + lane];
            walk.refs[lane] =
                Reference(packed >> 64 != 0, int32(uint32(packed >> 32)), int32(uint32(packed)));
        }
    }
}
