// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Prices} from "../libraries/Prices.sol";
import {LaneWord, MemberWord, Quote, Quotes, StatedWord, TariffWord} from "../libraries/Packed.sol";
import {Words} from "../libraries/Words.sol";
import {Core, Env, FIRST, Forward, Member, PriceTable, RING, State, WINDOW} from "./Types.sol";

/// @title Context: what the three phases read, loaded once per call
/// @notice The state of windows, the prices of a range of slots, the terms and limits of a member.
library Context {
    using Words for uint256[];

    /// @dev After the end of a UTC day; Metering keeps its hashes as long.
    uint256 private constant DISPUTE_SECONDS = 31 days;
    int32 private constant BUY_AT_TARIFF = type(int32).max;
    int32 private constant SELL_AT_TARIFF = type(int32).min;

    /* MARKET AND TIME */

    function load(Core memory core, bytes32 market) internal view returns (Env memory env) {
        env.core = core;
        env.market = market;
        env.params = core.markets.marketParams(market);
        require(env.params.tickNano != 0, IMarkets.UnknownMarket(market));
        env.floorNano = env.params.floorNano;
        env.tickNano = int256(uint256(env.params.tickNano));
        env.buyFeeNano = int256(uint256(env.params.buyFeeNano));
        env.sellFeeNano = int256(uint256(env.params.sellFeeNano));
    }

    /// @dev When the last slot of a window has ended.
    function windowEnd(Env memory env, uint256 window) internal pure returns (uint256) {
        return (window + 1) * WINDOW * env.core.slotSeconds;
    }

    function laneKey(uint256 index, uint256 window, uint256 layer) internal pure returns (uint256) {
        return (index << 16) | ((window % RING) << 3) | layer;
    }

    /// @dev What a member has posted to a window: what was offered there, if it is of this window, else what is written
    /// down; zero where there is neither.
    function laneWord(uint256 offered, mapping(uint256 => LaneWord) storage lanes, uint256 index, uint256 window)
        internal
        view
        returns (uint256 word)
    {
        if (offered >> 236 == window) return offered;
        word = LaneWord.unwrap(lanes[laneKey(index, window, FIRST)]);
        if (word >> 236 != window) word = 0;
    }

    function resultPlace(uint256 window, uint256 lane) internal pure returns (uint256) {
        return (window % RING) * WINDOW + lane;
    }

    /* WINDOWS */

    function windowOf(State storage state, bytes32 market, uint256 window)
        internal
        view
        returns (ISettlement.Window memory w)
    {
        w = state.windows[market][window % RING];
        if (w.window != window || w.phase == ISettlement.Phase.Absent) {
            w = ISettlement.Window(uint32(window), ISettlement.Phase.Absent, 0, false, 0, 0, 0);
        }
    }

    /// @dev What the market's forward auctions say of some windows, and which of those they have not cleared.
    function forwardOf(Env memory env, uint256 firstWindow, uint256 windows)
        internal
        view
        returns (Forward memory forward, uint256 uncleared)
    {
        (forward.any, uncleared, forward.capNano, forward.surplusNano) =
            env.core.forward.readiness(env.market, uint32(firstWindow), uint32(windows));
    }

    /// @dev Whether a window is past posting and not settled yet; then it takes nothing, and nothing settles alone.
    function isBetween(State storage state, Env memory env, uint256 window) internal view returns (bool) {
        ISettlement.Window memory w = state.windows[env.market][window % RING];
        if (w.window > window) return false;
        if (w.window < window || w.phase <= ISettlement.Phase.Open) return postingOver(env, window);
        return w.phase != ISettlement.Phase.Settled;
    }

    /// @dev Makes room in the ring for a window, unless it is there. False: the window is behind the ring, or its
    /// posting is over, so that what comes now is late. `forward`: older contracts may stand in its place.
    function openWindow(State storage state, Env memory env, uint256 window, bool forward) internal returns (bool) {
        ISettlement.Window storage place = state.windows[env.market][window % RING];
        ISettlement.Window memory w = place;
        bool over = postingOver(env, window);
        if (w.phase != ISettlement.Phase.Absent) {
            if (w.window == window) return w.phase == ISettlement.Phase.Open && !over;
            if (w.window > window) return false;
            require(w.phase == ISettlement.Phase.Settled, ISettlement.RingFull(uint32(window), w.window));
        }
        if (forward) {
            (, bool older) = env.core.forward.pending(env.market, uint32(window));
            require(!older, ISettlement.RingFull(uint32(window), uint32(window - RING)));
        }
        state.windows[env.market][window % RING] =
            ISettlement.Window(uint32(window), ISettlement.Phase.Open, 0, false, 0, 0, uint64(block.number));
        delete state.offers[env.market][window % RING];
        return !over;
    }

    /// @dev Where stages follow, posting ends at the deadline, so that they know what there is.
    function postingOver(Env memory env, uint256 window) internal view returns (bool) {
        return env.params.stages.length != 0
            && block.timestamp >= windowEnd(env, window) + env.params.postSeconds;
    }

    /// @dev Contracts must be known before what is left of them is cleared. Returns whether the market trades ahead.
    function requireForwardCleared(Env memory env, uint256 firstWindow, uint256 windows) internal view returns (bool) {
        (Forward memory forward, uint256 uncleared) = forwardOf(env, firstWindow, windows);
        for (uint256 i; uncleared >> i != 0; ++i) {
            require((uncleared >> i) & 1 == 0, ISettlement.ForwardNotCleared(uint32(firstWindow + i)));
        }
        return forward.any;
    }

    /// @dev The state of a window; one with contracts to which nobody has posted is opened.
    function windowToClear(State storage state, Env memory env, uint256 window, bool forward)
        internal
        returns (ISettlement.Window memory w)
    {
        w = windowOf(state, env.market, window);
        if (!forward || w.phase != ISettlement.Phase.Absent) return w;
        (bool own,) = env.core.forward.pending(env.market, uint32(window));
        if (!own) return w;
        openWindow(state, env, window, forward);
        return windowOf(state, env.market, window);
    }

    /* RUNS */

    /// @dev When a window becomes final: after its last run, or when the evidence of a day in dispute ends.
    function finalAt(State storage state, Env memory env, uint256 window) internal view returns (uint256 time) {
        time = lastRunEnd(env, window);
        uint256 day = (window * WINDOW * env.core.slotSeconds) / 1 days;
        if (state.tallies[env.market][day].disputed) time = (day + 1) * 1 days + DISPUTE_SECONDS;
    }

    function lastRunEnd(Env memory env, uint256 window) internal pure returns (uint256) {
        return windowEnd(env, window) + env.params.postSeconds + uint256(env.params.runs) * env.params.runSeconds;
    }

    /// @dev The run of a window at this time; zero while it may be posted to.
    function runOf(Env memory env, uint256 window) internal view returns (uint256 run) {
        uint256 begins = windowEnd(env, window) + env.params.postSeconds;
        if (block.timestamp < begins || env.params.runs == 0) return 0;
        run = 1 + (block.timestamp - begins) / env.params.runSeconds;
        if (run > env.params.runs) run = env.params.runs;
    }

    /// @dev Whether a window is settled; one whose place has been used again was, or nobody posted to it.
    function isSettled(State storage state, Env memory env, uint256 window) internal view returns (bool) {
        ISettlement.Window memory w = state.windows[env.market][window % RING];
        return w.window > window || (w.window == window && w.phase == ISettlement.Phase.Settled);
    }

    /* PRICES */

    function newTable(uint256 firstSlot, uint256 slots) internal pure returns (PriceTable memory table) {
        table.firstSlot = firstSlot;
        table.slots = slots;
        _resize(table, 4);
    }

    /// @dev Place of a tariff in the table; loads it when it is asked for the first time.
    function tariffPlace(Env memory env, PriceTable memory table, uint16 supplier, uint16 tariff)
        internal
        view
        returns (uint256 place)
    {
        uint256 key = (uint256(supplier) << 16) | tariff;
        for (; place < table.count; ++place) {
            if (table.keys[place] == key) return place;
        }
        if (place == table.keys.length) _resize(table, place * 2);
        table.count = place + 1;
        table.keys[place] = key;
        table.suppliers[place] = env.core.registry.supplierAccount(supplier);
        uint256[] memory rows =
            env.core.tariffs.packedRows(supplier, tariff, uint32(table.firstSlot), uint32(table.slots));
        table.rows[place] = rows;
        (table.quotes[place], table.runs[place]) = _tariffQuotes(env, rows);
    }

    function _tariffQuotes(Env memory env, uint256[] memory rows)
        private
        pure
        returns (uint256[] memory words, uint256[] memory runs)
    {
        words = new uint256[](rows.length);
        runs = new uint256[](rows.length);
        uint256 next;
        uint256 word;
        uint256 run;
        // From the last slot to the first, so that a run is counted while it is walked.
        unchecked {
            for (uint256 i = rows.length; i > 0;) {
                uint256 raw = rows.get(--i);
                if (run == 0 || raw != next) {
                    TariffWord row = TariffWord.wrap(raw);
                    word = Quote.unwrap(_quote(env, Quotes.from(row), row.energy(), row.feedIn()));
                    (next, run) = (raw, 0);
                }
                words.set(i, word);
                runs.set(i, ++run);
            }
        }
    }

    /// @dev The quote with these gross limits and the ticks of the effective ones.
    function _quote(Env memory env, Quote base, int256 grossBuy, int256 grossSell) private pure returns (Quote) {
        int256 buyTick = Prices.buyTickDown(grossBuy - env.buyFeeNano, env.floorNano, env.tickNano);
        int256 sellTick = Prices.sellTickUp(grossSell + env.sellFeeNano, env.floorNano, env.tickNano);
        return base.withLimits(
            grossBuy,
            grossSell,
            buyTick == Prices.NO_BUY_TICK ? Quotes.NO_TICK : uint256(buyTick),
            sellTick == Prices.NO_SELL_TICK ? Quotes.NO_TICK : uint256(sellTick)
        );
    }

    function _resize(PriceTable memory table, uint256 size) private pure {
        uint256[] memory keys = new uint256[](size);
        address[] memory suppliers = new address[](size);
        uint256[][] memory rows = new uint256[][](size);
        uint256[][] memory quotes_ = new uint256[][](size);
        uint256[][] memory runs = new uint256[][](size);
        uint256[] memory seen = new uint256[](size);
        int256[] memory networkNano = new int256[](size);
        for (uint256 i; i < table.count; ++i) {
            keys[i] = table.keys[i];
            suppliers[i] = table.suppliers[i];
            rows[i] = table.rows[i];
            quotes_[i] = table.quotes[i];
            runs[i] = table.runs[i];
            seen[i] = table.seen[i];
            networkNano[i] = table.networkNano[i];
        }
        (table.keys, table.suppliers, table.rows, table.quotes) = (keys, suppliers, rows, quotes_);
        (table.runs, table.seen, table.networkNano) = (runs, seen, networkNano);
    }

    /* MEMBERS */

    /// @dev Loads what holds for the member with `m.index` in `slot`.
    function loadMember(Env memory env, PriceTable memory table, Member memory m, uint256 slot) internal view {
        uint256[] memory words = env.core.markets.packedMembers(env.market, uint32(m.index), 1, uint32(slot));
        fill(env, table, m, MemberWord.wrap(words[0]), StatedWord.wrap(words[1]));
    }

    function fill(Env memory env, PriceTable memory table, Member memory m, MemberWord member, StatedWord stated)
        internal
        view
    {
        (m.meter, m.untilSlot) = (member.meter(), member.untilSlot());
        (m.index, m.active) = (stated.index(), stated.isActive());
        if (!m.active) return;
        m.owner = member.owner();
        m.tariff = tariffPlace(env, table, member.supplier(), member.tariff());
        (int256 buyNano, int256 sellNano) = (stated.buyNano(), stated.sellNano());
        uint32 version = stated.hourlyVersion();
        m.hourly = version == 0 ? new uint64[](0) : env.core.markets.hourlyLimits(env.market, m.meter, version);
        m.atTariff = version == 0 && buyNano == BUY_AT_TARIFF && sellNano == SELL_AT_TARIFF;
        if (version == 0 && !m.atTariff) m.own = _quote(env, Quote.wrap(0), buyNano, sellNano);
    }

    /// @dev What the slot at a place of the table is worth to a member: what it is at TARIFF, or tightened by what the
    /// member has stated.
    function quoteAt(Env memory env, PriceTable memory table, Member memory m, uint256 place)
        internal
        pure
        returns (Quote quote)
    {
        quote = Quote.wrap(Words.get(table.quotes[m.tariff], place));
        if (m.atTariff) return quote;
        if (m.hourly.length == 0) return quote.tightened(m.own);
        uint64 pair = m.hourly[(((table.firstSlot + place) * env.core.slotSeconds) / 3600) % 24];
        return quote.tightened(
            _quote(env, Quote.wrap(0), int32(uint32(pair)), int32(uint32(pair >> 32)))
        );
    }
}
