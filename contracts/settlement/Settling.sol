// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWord, LaneWords, Quote, ResultWord} from "../libraries/Packed.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Account} from "./Account.sol";
import {Context} from "./Context.sol";
import {
    Accrual,
    Batch,
    Core,
    Env,
    FIRST,
    IMPORTS,
    Member,
    PriceTable,
    RING,
    SECOND,
    State,
    WINDOW,
    WITHHELD_BUY,
    WITHHELD_SELL
} from "./Types.sol";

/// @title Settling: the third phase, from results to money; and the stages before clearing
/// @notice Walks the members in the order of their index over cleared windows: what each gets of the traded energy,
/// what it pays and receives for it, and what its supplier takes and gives for the rest.
library Settling {
    /// @dev What one call works with; `fills` is used again for every member, `base` is the slot of the first quote.
    struct Run {
        Env env;
        PriceTable table;
        Batch batch;
        ResultWord[] results;
        uint256 firstWindow;
        uint256 windows;
        uint256[] fills;
        uint256 base;
    }

    /// @notice See ISettlement.settle.
    function settle(
        State storage state,
        Core memory core,
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers
    ) external {
        require(windows != 0 && maxMembers != 0, ISettlement.NothingToDo());
        Run memory run;
        run.env = Context.load(core, market);
        (run.firstWindow, run.windows) = (firstWindow, windows);
        ISettlement.Window memory first = Context.windowOf(state, market, firstWindow);
        run.results = _loadResults(state, market, first, windows);
        run.table = Context.newTable(run.firstWindow * WINDOW, run.windows * WINDOW);
        run.batch = Account.newBatch();
        run.fills = new uint256[](2 * run.windows);
        uint256 end = uint256(first.cursor) + maxMembers;
        if (end > first.members) end = first.members;
        for (uint256 index = first.cursor; index < end; ++index) _settleMember(state, run, index);
        Account.hand(run.env, run.table, run.batch);
        // In one go every carry ends where it began, at zero, so there is nothing to write.
        bool whole = first.cursor == 0 && end == first.members;
        _advance(state, run, uint32(end), first.members, whole);
    }

    /// @notice See ISettlement.lower.
    function lower(
        State storage state,
        Core memory core,
        bytes32 market,
        uint32 slot,
        uint32 buyMeter,
        uint32 sellMeter,
        uint32 wh
    ) external {
        Env memory env = Context.load(core, market);
        _requireStage(env, Context.windowOf(state, market, slot / WINDOW));
        _lowerOffer(state.lanes[market], env, buyMeter, slot, wh, false);
        _lowerOffer(state.lanes[market], env, sellMeter, slot, wh, true);
        core.ledger.postEnergy(sellMeter, buyMeter, slot, wh);
        emit ISettlement.Lowered(market, slot, buyMeter, sellMeter, wh);
    }

    /// @notice See ISettlement.finishStage.
    function finishStage(State storage state, Core memory core, bytes32 market, uint32 window) external {
        Env memory env = Context.load(core, market);
        ISettlement.Window memory w = Context.windowOf(state, market, window);
        require(w.phase == ISettlement.Phase.Open, ISettlement.WrongPhase(window, w.phase));
        require(w.stage < env.params.stages.length, ISettlement.NothingToDo());
        uint256 over = Context.windowEnd(env, window) + env.params.postSeconds
            + uint256(env.params.stageSeconds) * (w.stage + 1);
        if (block.timestamp < over) _requireStage(env, w);
        state.windows[market][window % RING].stage = w.stage + 1;
        emit ISettlement.StageFinished(market, window, w.stage);
    }

    /* INTERNAL: SETTLING */

    /// @dev All windows must stand at the same member, so that one walk settles them all.
    function _loadResults(State storage state, bytes32 market, ISettlement.Window memory first, uint256 windows)
        private
        view
        returns (ResultWord[] memory results)
    {
        results = new ResultWord[](windows * WINDOW);
        for (uint256 i; i < windows; ++i) {
            uint256 window = first.window + i;
            ISettlement.Window memory w = Context.windowOf(state, market, window);
            require(w.phase == ISettlement.Phase.Cleared, ISettlement.WrongPhase(w.window, w.phase));
            require(w.members == first.members && w.cursor == first.cursor, ISettlement.WindowsDiffer(w.window));
            for (uint256 lane; lane < WINDOW; ++lane) {
                results[i * WINDOW + lane] = state.results[market][Context.resultPlace(window, lane)];
            }
        }
    }

    function _settleMember(State storage state, Run memory run, uint256 index) private {
        mapping(uint256 => LaneWord) storage lanes = state.lanes[run.env.market];
        Member memory m;
        Accrual memory acc;
        m.index = index;
        uint256 count;
        for (uint256 i; i < run.windows; ++i) {
            uint256 window = run.firstWindow + i;
            LaneWord word = lanes[Context.laneKey(index, window, FIRST)];
            if (!word.isWindow(window)) continue;
            count = _settleWindow(lanes, run, m, acc, window, word, count);
        }
        if (m.meter == 0) return;
        Account.close(run.env, run.table, run.batch, m, acc);
        _emitSettled(run, m.meter, count);
    }

    function _emitSettled(Run memory run, uint32 meter, uint256 count) private {
        uint256[] memory fills = new uint256[](count);
        for (uint256 i; i < count; ++i) fills[i] = run.fills[i];
        emit ISettlement.MemberSettled(run.env.market, meter, uint32(run.firstWindow), uint32(run.windows), fills);
    }

    /// @dev Settles the posted slots of one window; returns the number of words of fills so far.
    function _settleWindow(
        mapping(uint256 => LaneWord) storage lanes,
        Run memory run,
        Member memory m,
        Accrual memory acc,
        uint256 window,
        LaneWord word,
        uint256 count
    ) private returns (uint256) {
        uint256[2] memory fills;
        uint256 end;
        for (uint256 from; from < WINDOW; from = end) {
            end = WINDOW;
            // Lanes from..end-1 of the posted mask.
            if ((word.postedMask() >> from) == 0) break;
            if ((word.postedMask() >> from) & 1 == 0) {
                end = from + 1;
                continue;
            }
            uint256 slot = window * WINDOW + from;
            if (slot >= m.untilSlot) _nextTerms(run, m, acc, slot);
            if (m.untilSlot - slot < WINDOW - from) end = from + m.untilSlot - slot;
            acc.any = true;
            if (from == 0) Account.accrueStanding(run.env, run.table, m, acc, slot);
            uint256[] memory quotes;
            (quotes, run.base) = Context.quotes(run.env, run.table, m, slot, end - from);
            fills[0] |= _settleLanes(run, acc, quotes, LaneWord.unwrap(word), slot, end - from);
            if (word.has(LaneWords.LAYERS)) {
                fills[1] |= _settleLayers(_layers(lanes, m.index, window, word), run, acc, quotes, slot, end - from);
            }
        }
        if (fills[0] != 0) run.fills[count++] = fills[0] | (window << 236);
        if (fills[1] != 0) run.fills[count++] = fills[1] | (window << 236) | LaneWords.SECOND;
        return count;
    }

    /// @dev Settles the offers in `slots` lanes of one word: releases, pays what was filled, and leaves the rest to the
    /// supplier; every Wh bought is an imported one. Returns the filled lanes.
    function _settleLanes(
        Run memory run,
        Accrual memory acc,
        uint256[] memory quotes,
        uint256 word,
        uint256 slot,
        uint256 slots
    ) private pure returns (uint256 fills) {
        uint256 shift = (slot % WINDOW) * LaneWords.LANE_BITS;
        uint256 place = slot - run.table.firstSlot;
        uint256 quoted = slot - run.base;
        ResultWord[] memory results = run.results;
        // Lanes are eight, volumes 27 bits, prices 34 at most: nothing here comes near 256 bits.
        unchecked {
            for (uint256 end = quoted + slots; quoted < end; ++quoted) {
                uint256 raw = (word >> shift) & LaneWords.LANE_MASK;
                if (raw != 0) {
                    Quote quote = Quote.wrap(quotes[quoted]);
                    ResultWord result = results[place];
                    bool sell = raw > LaneWords.MAX_WH;
                    uint256 wh = raw & LaneWords.MAX_WH;
                    uint256 filled;
                    if (result.traded()) {
                        (filled, results[place]) = TickBook.fill(
                            result,
                            sell ? TickBook.SELL : TickBook.BUY,
                            sell ? quote.sellTick() : quote.buyTick(),
                            wh
                        );
                        if (filled != 0) {
                            fills |= (filled | (raw ^ wh)) << shift;
                            _payFill(run, acc, result.price(), filled, sell);
                        }
                    }
                    if (sell) {
                        acc.supplierNano += int256(wh - filled) * quote.feedIn();
                        acc.releaseNano += wh * quote.sellLock();
                    } else {
                        acc.supplierNano -= int256(wh - filled) * quote.energy() + int256(wh) * quote.charges();
                        acc.networkNano += int256(wh) * quote.network();
                        acc.releaseNano += wh * quote.buyLock();
                    }
                }
                shift += LaneWords.LANE_BITS;
                ++place;
            }
        }
    }

    /// @dev What the neighbours take and give for a filled offer, at p and the fee.
    function _payFill(Run memory run, Accrual memory acc, int256 priceNano, uint256 filledWh, bool sell) private pure {
        unchecked {
            int256 feeNano = sell ? run.env.sellFeeNano : run.env.buyFeeNano;
            int256 nano = int256(filledWh) * (sell ? priceNano - feeNano : -priceNano - feeNano);
            if (nano >= 0) acc.incomeNano += uint256(nano);
            else acc.payNano += uint256(-nano);
            run.batch.feesNano += filledWh * uint256(feeNano);
        }
    }

    /// @dev The layers that most windows do not have: sells of slots that have both sides (whose fills it returns),
    /// what was withheld, and imports where they are not what was bought and withheld.
    function _settleLayers(
        LaneWord[5] memory words,
        Run memory run,
        Accrual memory acc,
        uint256[] memory quotes,
        uint256 slot,
        uint256 slots
    ) private pure returns (uint256 secondFills) {
        secondFills = _settleLanes(run, acc, quotes, LaneWord.unwrap(words[SECOND]), slot, slots);
        for (uint256 i; i < slots; ++i) {
            uint256 lane = (slot + i) % WINDOW;
            Quote quote = Quote.wrap(quotes[slot + i - run.base]);
            (uint256 missingWh,) = words[WITHHELD_BUY].lane(lane);
            (uint256 leftWh,) = words[WITHHELD_SELL].lane(lane);
            Account.accrueSupplier(acc, quote, missingWh, leftWh, missingWh);
            if (!words[FIRST].has(LaneWords.IMPORTS)) continue;
            (uint256 bought, uint256 side) = words[FIRST].lane(lane);
            (uint256 importWh,) = words[IMPORTS].lane(lane);
            // Charges fall on what was imported, which contracts make more or less than what was offered or withheld.
            int256 more = int256(importWh) - int256(missingWh + (side == TickBook.BUY ? bought : 0));
            acc.supplierNano -= more * quote.charges();
            acc.networkNano += more * quote.network();
        }
    }

    /// @dev New terms or limits from `slot` on; another owner or tariff begins another entry.
    function _nextTerms(Run memory run, Member memory m, Accrual memory acc, uint256 slot) private {
        (address owner, uint256 tariff) = (m.owner, m.tariff);
        Context.loadMember(run.env, run.table, m, slot);
        if (!acc.any || (m.owner == owner && m.tariff == tariff)) return;
        (address nextOwner, uint256 nextTariff) = (m.owner, m.tariff);
        (m.owner, m.tariff) = (owner, tariff);
        Account.close(run.env, run.table, run.batch, m, acc);
        (m.owner, m.tariff) = (nextOwner, nextTariff);
    }

    function _layers(mapping(uint256 => LaneWord) storage lanes, uint256 index, uint256 window, LaneWord first)
        private
        view
        returns (LaneWord[5] memory words)
    {
        words[FIRST] = first;
        for (uint256 layer = SECOND; layer <= IMPORTS; ++layer) {
            if (first.has(LaneWords.SECOND << (layer - 1))) words[layer] = lanes[Context.laneKey(index, window, layer)];
        }
    }

    /// @dev Moves the cursor of all windows; writes the carries where another call goes on with them.
    function _advance(State storage state, Run memory run, uint32 cursor, uint32 members, bool whole) private {
        bytes32 market = run.env.market;
        for (uint256 i; i < run.windows; ++i) {
            uint256 window = run.firstWindow + i;
            ISettlement.Window storage w = state.windows[market][window % RING];
            w.cursor = cursor;
            if (cursor == members) w.phase = ISettlement.Phase.Settled;
            for (uint256 lane; !whole && lane < WINDOW; ++lane) {
                state.results[market][Context.resultPlace(window, lane)] = run.results[i * WINDOW + lane];
            }
        }
        emit ISettlement.WindowsSettled(market, uint32(run.firstWindow), uint32(run.windows), cursor);
    }

    /* INTERNAL: STAGES */

    function _requireStage(Env memory env, ISettlement.Window memory w) private view {
        require(w.phase == ISettlement.Phase.Open, ISettlement.WrongPhase(w.window, w.phase));
        require(Context.postingOver(env, w.window), ISettlement.StagePending(w.window, w.stage));
        require(
            w.stage < env.params.stages.length && env.params.stages[w.stage] == msg.sender,
            ISettlement.NotStage(msg.sender)
        );
    }

    /// @dev Takes `wh` off one offer and frees what stood locked for it; the metered import stays on record.
    function _lowerOffer(
        mapping(uint256 => LaneWord) storage lanes,
        Env memory env,
        uint32 meter,
        uint256 slot,
        uint256 wh,
        bool sell
    ) private {
        PriceTable memory table = Context.newTable(slot, 1);
        Member memory m;
        Context.fill(env, table, m, env.core.markets.memberByMeter(env.market, meter, uint32(slot)));
        (uint256 window, uint256 lane) = (slot / WINDOW, slot % WINDOW);
        LaneWord word = lanes[Context.laneKey(m.index, window, FIRST)];
        require(word.isWindow(window), ISettlement.MoreThanPosted(meter, uint32(slot)));
        if (!word.has(LaneWords.IMPORTS)) word = _recordImports(lanes, m.index, window, word);
        uint256 layer = FIRST;
        (uint256 offered, uint256 side) = word.lane(lane);
        if (sell && side == TickBook.BUY && word.has(LaneWords.SECOND)) {
            layer = SECOND;
            (offered, side) = lanes[Context.laneKey(m.index, window, SECOND)].lane(lane);
        }
        require(
            (side == TickBook.SELL) == sell && offered >= wh, ISettlement.MoreThanPosted(meter, uint32(slot))
        );
        uint256 key = Context.laneKey(m.index, window, layer);
        lanes[key] = lanes[key].lowered(lane, wh);
        (uint256[] memory quotes, uint256 base) = Context.quotes(env, table, m, slot, 1);
        Quote quote = Quote.wrap(quotes[slot - base]);
        uint256 nano = wh * (sell ? quote.sellLock() : quote.buyLock());
        env.core.ledger.unlock(m.owner, table.suppliers[m.tariff], meter, nano);
    }

    /// @dev Keeps what was imported before offers and imports part ways.
    function _recordImports(
        mapping(uint256 => LaneWord) storage lanes,
        uint256 index,
        uint256 window,
        LaneWord word
    ) private returns (LaneWord flagged) {
        LaneWord imports = LaneWords.empty(window);
        LaneWord withheld = _layers(lanes, index, window, word)[WITHHELD_BUY];
        for (uint256 lane; lane < WINDOW; ++lane) {
            (uint256 wh, uint256 side) = word.lane(lane);
            (uint256 more,) = withheld.lane(lane);
            imports = imports.withLane(lane, (side == TickBook.BUY ? wh : 0) + more);
        }
        flagged = word.with(LaneWords.IMPORTS);
        lanes[Context.laneKey(index, window, FIRST)] = flagged;
        lanes[Context.laneKey(index, window, IMPORTS)] = imports;
    }
}
