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
/// @notice Walks the members in the order of their index over cleared windows: what each gets of the traded energy, what
/// it pays and receives for it, and what its supplier takes and gives for the rest.
library Settling {
    /// @dev What one call works with; `fills` is used again for every member.
    struct Run {
        Env env;
        PriceTable table;
        Batch batch;
        ResultWord[] results;
        uint256 firstWindow;
        uint256 windows;
        uint256[] fills;
        Offer offer;
    }

    /// @dev What a member has in a slot, in Wh.
    struct Offer {
        uint256 buyWh;
        uint256 sellWh;
        uint256 missingWh;
        uint256 leftWh;
        uint256 importWh;
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
        LaneWord[5] memory words;
        bool layered = word.has(LaneWords.LAYERS);
        if (layered) words = _layers(lanes, m.index, window, word);
        uint256[] memory quotes;
        uint256 base;
        uint256 end; // first slot for which the quotes do not stand
        uint256 fills;
        uint256 secondFills;
        // Lanes are eight, volumes 27 bits, and slots 32.
        unchecked {
            for (uint256 lane; lane < WINDOW; ++lane) {
                if ((word.postedMask() >> lane) & 1 == 0) continue;
                uint256 slot = window * WINDOW + lane;
                if (slot >= end) {
                    if (slot >= m.untilSlot) _nextTerms(run, m, acc, slot);
                    (quotes, base) = Context.quotes(run.env, run.table, m, slot, WINDOW - lane);
                    end = m.untilSlot;
                }
                if (lane == 0) Account.accrueStanding(run.env, run.table, m, acc, slot);
                Quote quote = Quote.wrap(quotes[slot - base]);
                Offer memory offer = run.offer;
                _readOffer(offer, words, layered, word, lane);
                if (offer.buyWh != 0) {
                    uint256 filled = _settleOffer(run, acc, quote, slot, offer.buyWh, TickBook.BUY);
                    offer.missingWh += offer.buyWh - filled;
                    fills |= filled << (lane * LaneWords.LANE_BITS);
                }
                if (offer.sellWh != 0) {
                    uint256 filled = _settleOffer(run, acc, quote, slot, offer.sellWh, TickBook.SELL);
                    offer.leftWh += offer.sellWh - filled;
                    if (filled != 0) filled = (filled | LaneWords.SELL) << (lane * LaneWords.LANE_BITS);
                    if (offer.buyWh != 0) secondFills |= filled;
                    else fills |= filled;
                }
                Account.accrueSupplier(acc, quote, offer.missingWh, offer.leftWh, offer.importWh);
            }
            if (fills != 0) run.fills[count++] = fills | (window << 236);
            if (secondFills != 0) run.fills[count++] = secondFills | (window << 236) | LaneWords.SECOND;
        }
        return count;
    }

    /// @dev Volumes of one slot; most windows have the first layer only.
    function _readOffer(
        Offer memory offer,
        LaneWord[5] memory words,
        bool layered,
        LaneWord word,
        uint256 lane
    ) private pure {
        (uint256 wh, uint256 side) = word.lane(lane);
        offer.buyWh = side == TickBook.BUY ? wh : 0;
        offer.sellWh = wh - offer.buyWh;
        (offer.missingWh, offer.leftWh, offer.importWh) = (0, 0, offer.buyWh);
        if (!layered) return;
        if (side == TickBook.BUY) (offer.sellWh,) = words[SECOND].lane(lane);
        (offer.missingWh,) = words[WITHHELD_BUY].lane(lane);
        (offer.leftWh,) = words[WITHHELD_SELL].lane(lane);
        if (word.has(LaneWords.IMPORTS)) (offer.importWh,) = words[IMPORTS].lane(lane);
        else offer.importWh += offer.missingWh;
    }

    /// @dev Ends the lock of one offer and pays what was filled of it.
    function _settleOffer(
        Run memory run,
        Accrual memory acc,
        Quote quote,
        uint256 slot,
        uint256 wh,
        uint256 side
    ) private pure returns (uint256 filledWh) {
        bool sell = side == TickBook.SELL;
        uint256 place = slot - run.table.firstSlot;
        ResultWord result = run.results[place];
        // Volumes have 27 bits and prices 32.
        unchecked {
            acc.releaseNano += wh * (sell ? quote.sellLock() : quote.buyLock());
            if (!result.traded()) return 0;
            (filledWh, run.results[place]) =
                TickBook.fill(result, side, sell ? quote.sellTick() : quote.buyTick(), wh);
            if (filledWh == 0) return 0;
            Account.accrueFill(run.env, acc, result.price(), filledWh, sell);
            int256 feeNano = sell ? run.env.sellFeeNano : run.env.buyFeeNano;
            if (feeNano != 0) run.batch.feesNano += filledWh * uint256(feeNano);
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
