// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWord, LaneWords, ResultWord, TariffWord} from "../libraries/Packed.sol";
import {Prices} from "../libraries/Prices.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Context} from "./Context.sol";
import {Core, Env, FIRST, Member, PriceTable, RING, SECOND, State, WINDOW} from "./Types.sol";

/// @title Clearing: the second phase, from offered volumes to one price and one rationed limit per slot
/// @notice Walks the members in the order of their index, puts their lanes into the book, finds p and matches. A walk
/// that is too long for one transaction is put down in storage and goes on in the next.
library Clearing {
    using TickBook for TickBook.Book;

    /// @dev Lowest retail and highest feed-in price of a slot over the members seen so far.
    struct Reference {
        bool any;
        int32 retailNano;
        int32 feedInNano;
    }

    /// @dev What one call of clearing works with. `seen` is by tariff: in which slots a member has it.
    struct Walk {
        Env env;
        PriceTable table;
        TickBook.Book book;
        Reference[8] refs;
        uint256[] seen;
        Member[] members;
        uint256 memberCount;
        uint256 budget;
    }

    uint256 private constant CELLS = TickBook.SLOTS * 2 * 256;

    /// @notice See ISettlement.clear.
    function clear(
        State storage state,
        Core memory core,
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers
    ) external {
        Walk memory walk;
        walk.env = Context.load(core, market);
        walk.table = Context.newTable(firstWindow * WINDOW, windows * WINDOW);
        walk.book = TickBook.create();
        walk.memberCount = core.markets.memberCount(market);
        // Kept from window to window; a call that does little keeps little.
        walk.members = new Member[](maxMembers < walk.memberCount ? maxMembers : walk.memberCount);
        walk.budget = maxMembers;
        bool done;
        for (uint256 i; i < windows && walk.budget != 0; ++i) {
            done = _clearWindow(state, walk, firstWindow + i) || done;
        }
        require(done, ISettlement.NothingToDo());
    }

    /// @notice See ISettlement.voidWindow.
    function voidWindow(State storage state, Core memory core, bytes32 market, uint32 window) external {
        Env memory env = Context.load(core, market);
        ISettlement.Window memory w = Context.windowOf(state, market, window);
        bool open = w.phase == ISettlement.Phase.Open;
        require(open || w.phase == ISettlement.Phase.Clearing, ISettlement.WrongPhase(window, w.phase));
        uint256 deadline = Context.windowEnd(env, window) + env.params.voidSeconds;
        require(block.timestamp >= deadline, ISettlement.TooEarlyToVoid(window, uint64(deadline)));
        if (open) w.members = core.markets.memberCount(market);
        else _dropHalfBook(state, market, window);
        w.voided = true;
        uint256[8] memory none;
        for (uint256 lane; lane < WINDOW; ++lane) {
            state.results[market][Context.resultPlace(window, lane)] = ResultWord.wrap(0);
        }
        _finish(state, market, w, none);
        emit ISettlement.WindowVoided(market, window);
    }

    /// @notice See ISettlement.referenceAt.
    function referenceAt(Core memory core, bytes32 market, uint32 slot)
        external
        view
        returns (int32 retailNano, int32 feedInNano, int32 priceNano, bool defined)
    {
        Walk memory walk;
        walk.env = Context.load(core, market);
        walk.table = Context.newTable(slot - slot % WINDOW, WINDOW);
        walk.memberCount = core.markets.memberCount(market);
        walk.members = new Member[](1);
        for (uint256 index; index < walk.memberCount; ++index) {
            Member memory m = _memberAt(walk, index, slot);
            if (m.active) _see(walk, m.tariff, 1 << (slot % WINDOW));
        }
        _fold(walk, slot / WINDOW);
        Reference memory ref = walk.refs[slot % WINDOW];
        int256 price;
        (price, defined) = _referencePrice(walk.env, ref);
        return (ref.retailNano, ref.feedInNano, int32(price), defined);
    }

    /* INTERNAL */

    /// @dev Clears one window or goes on with it; false: nothing to do there.
    function _clearWindow(State storage state, Walk memory walk, uint256 window) private returns (bool) {
        bytes32 market = walk.env.market;
        ISettlement.Window memory w = Context.windowOf(state, market, window);
        if (w.phase == ISettlement.Phase.Open) _begin(walk, w);
        else if (w.phase == ISettlement.Phase.Clearing) _resume(state, walk, window);
        else return false;
        uint256 deadline = Context.windowEnd(walk.env, window) + walk.env.params.postSeconds;
        uint256 end = w.cursor + walk.budget;
        if (end > w.members) end = w.members;
        walk.budget -= end - w.cursor;
        // Before the deadline only in one go, when all have posted: a first step closes the window to readings.
        require(
            block.timestamp >= deadline || (w.cursor == 0 && end == w.members),
            ISettlement.NotReady(w.window, 0, uint64(deadline))
        );
        for (uint256 index = w.cursor; index < end; ++index) _visit(state, walk, window, index, deadline);
        _fold(walk, window);
        w.cursor = uint32(end);
        if (end < w.members) {
            w.phase = ISettlement.Phase.Clearing;
            state.windows[market][window % RING] = w;
            _putDown(state, walk, window);
            emit ISettlement.ClearingStep(market, w.window, w.cursor);
        } else {
            _finish(state, market, w, _match(state, walk, window));
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

    /// @dev Puts one member's offers into the book.
    function _visit(State storage state, Walk memory walk, uint256 window, uint256 index, uint256 deadline)
        private
        view
    {
        Member memory m = _memberAt(walk, index, window * WINDOW);
        mapping(uint256 => LaneWord) storage lanes = state.lanes[walk.env.market];
        LaneWord word = lanes[Context.laneKey(index, window, FIRST)];
        if (!word.isWindow(window)) word = LaneWords.empty(window);
        LaneWord second =
            word.has(LaneWords.SECOND) ? lanes[Context.laneKey(index, window, SECOND)] : LaneWord.wrap(0);
        uint256 active = _offer(walk, m, window, LaneWord.unwrap(word), LaneWord.unwrap(second));
        // Before the deadline everybody whose membership holds in a slot must have posted it.
        require(
            block.timestamp >= deadline || word.postedMask() & active == active,
            ISettlement.NotReady(uint32(window), m.meter, uint64(deadline))
        );
    }

    /// @dev Adds the lanes of both words at the member's ticks; returns the mask of the slots of its membership.
    function _offer(Walk memory walk, Member memory m, uint256 window, uint256 word, uint256 second)
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
            _see(walk, m.tariff, mask);
            (uint256[] memory quotes, uint256 base) = Context.quotes(walk.env, walk.table, m, slot, end - from);
            walk.book.addLanes(word, quotes, slot - base, from, end);
            if (second != 0) walk.book.addLanes(second, quotes, slot - base, from, end);
        }
    }

    /// @dev The member as of `slot`, loaded once for all windows of the call where nothing changes.
    function _memberAt(Walk memory walk, uint256 index, uint256 slot) private view returns (Member memory m) {
        m = walk.members[index % walk.members.length];
        if (m.index != index) (m.index, m.untilSlot) = (index, 0);
        if (slot >= m.untilSlot) Context.loadMember(walk.env, walk.table, m, slot);
    }

    /// @dev Notes in which slots of the window a member has which tariff: every member's tariff counts for the
    /// reference prices, whether or not it has posted.
    function _see(Walk memory walk, uint256 tariff, uint256 mask) private pure {
        if (walk.seen.length <= tariff) {
            uint256[] memory larger = new uint256[](2 * (tariff + 1));
            for (uint256 i; i < walk.seen.length; ++i) larger[i] = walk.seen[i];
            walk.seen = larger;
        }
        walk.seen[tariff] |= mask;
    }

    /// @dev Turns what was seen into the lowest retail and the highest feed-in price of each slot.
    function _fold(Walk memory walk, uint256 window) private pure {
        uint256 first = window * WINDOW - walk.table.firstSlot;
        for (uint256 place; place < walk.seen.length; ++place) {
            uint256 mask = walk.seen[place];
            walk.seen[place] = 0;
            for (uint256 lane; mask >> lane != 0; ++lane) {
                if ((mask >> lane) & 1 == 0) continue;
                TariffWord row = TariffWord.wrap(walk.table.rows[place][first + lane]);
                if (row.isNone()) continue;
                Reference memory ref = walk.refs[lane];
                int32 retail = int32(row.energy());
                int32 feedIn = int32(row.feedIn());
                if (!ref.any || retail < ref.retailNano) ref.retailNano = retail;
                if (!ref.any || feedIn > ref.feedInNano) ref.feedInNano = feedIn;
                ref.any = true;
            }
        }
    }

    function _match(State storage state, Walk memory walk, uint256 window)
        private
        returns (uint256[8] memory results)
    {
        Env memory env = walk.env;
        for (uint256 lane; lane < WINDOW; ++lane) {
            (int256 price, bool defined) = _price(walk, lane);
            ResultWord result = ResultWord.wrap(0);
            if (defined) {
                int256 minBuy = Prices.ceilDiv(price - env.floorNano, env.tickNano);
                int256 maxSell = Prices.floorDiv(price - env.floorNano, env.tickNano);
                result = walk.book.matchAt(lane, price, minBuy < 0 ? 0 : uint256(minBuy), maxSell);
            }
            state.results[env.market][Context.resultPlace(window, lane)] = result;
            results[lane] = ResultWord.unwrap(result);
        }
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
        return _referencePrice(walk.env, ref);
    }

    function _referencePrice(Env memory env, Reference memory ref) private pure returns (int256, bool) {
        if (ref.any && ref.retailNano > ref.feedInNano) {
            uint256 kPpm = env.params.rule == IMarkets.PriceRule.Sdr ? 500_000 : env.params.kPpm;
            return (Prices.reference_(ref.retailNano, ref.feedInNano, kPpm), true);
        }
        return env.params.hasStatedPrice ? (int256(env.params.statedPriceNano), true) : (int256(0), false);
    }

    function _finish(State storage state, bytes32 market, ISettlement.Window memory w, uint256[8] memory results)
        private
    {
        w.phase = ISettlement.Phase.Cleared;
        w.cursor = 0;
        state.windows[market][w.window % RING] = w;
        emit ISettlement.WindowCleared(market, w.window, w.members, results);
    }

    /* HALF BOOKS */

    /// @dev Keeps a book until the next call; only cells in use are written.
    function _putDown(State storage state, Walk memory walk, uint256 window) private {
        mapping(uint256 => uint256) storage half = state.halfBooks[walk.env.market][window % RING];
        for (uint256 row; row < 16; ++row) {
            uint256 map = walk.book.maps[row];
            half[CELLS + row] = map;
            for (uint256 tick; map != 0; ++tick) {
                if (map & 1 != 0) half[(row << 8) | tick] = walk.book.volumes[(row << 8) | tick];
                map >>= 1;
            }
        }
        for (uint256 lane; lane < WINDOW; ++lane) {
            Reference memory ref = walk.refs[lane];
            half[CELLS + 16 + lane] = ref.any
                ? (1 << 64) | (uint256(uint32(ref.retailNano)) << 32) | uint32(ref.feedInNano)
                : 0;
        }
    }

    function _resume(State storage state, Walk memory walk, uint256 window) private view {
        mapping(uint256 => uint256) storage half = state.halfBooks[walk.env.market][window % RING];
        for (uint256 row; row < 16; ++row) {
            uint256 map = half[CELLS + row];
            walk.book.maps[row] = map;
            for (uint256 tick; map != 0; ++tick) {
                if (map & 1 != 0) walk.book.volumes[(row << 8) | tick] = half[(row << 8) | tick];
                map >>= 1;
            }
        }
        for (uint256 lane; lane < WINDOW; ++lane) {
            uint256 packed = half[CELLS + 16 + lane];
            walk.refs[lane] =
                Reference(packed >> 64 != 0, int32(uint32(packed >> 32)), int32(uint32(packed)));
        }
    }

    /// @dev Bitmaps of zero make the rest of a half book unreadable.
    function _dropHalfBook(State storage state, bytes32 market, uint256 window) private {
        for (uint256 row; row < 16; ++row) state.halfBooks[market][window % RING][CELLS + row] = 0;
    }
}
