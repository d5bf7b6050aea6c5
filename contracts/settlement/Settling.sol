// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWord, LaneWords, MemberWord, Quote, ResultWord, StatedWord} from "../libraries/Packed.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Words} from "../libraries/Words.sol";
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
    using Words for uint256[];

    /// @dev The posted mask and the layers of a lane word; all eight slots posted, and one layer.
    uint256 private constant POSTED = 0xff << 224;
    uint256 private constant WHOLE = POSTED | LaneWords.LAYERS;

    /// @dev What one call works with; `fills` is used again for every member.
    /// `bounds` tells by window which ticks fill wholly or not at all in all its slots, `spans` by tariff and slot how
    /// many slots from there on have the same quote and p.
    struct Run {
        Env env;
        PriceTable table;
        Batch batch;
        uint256[] results;
        uint256 firstWindow;
        uint256 windows;
        uint256[] fills;
        uint256[] bounds;
        uint256[][] spans;
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
        run.bounds = _bounds(run.results);
        run.batch = Account.newBatch();
        run.fills = new uint256[](2 * run.windows);
        uint256 end = uint256(first.cursor) + maxMembers;
        if (end > first.members) end = first.members;
        _settleMembers(state.lanes[market], run, first.cursor, end);
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
        returns (uint256[] memory results)
    {
        results = new uint256[](windows * WINDOW);
        for (uint256 i; i < windows; ++i) {
            uint256 window = first.window + i;
            ISettlement.Window memory w = Context.windowOf(state, market, window);
            require(w.phase == ISettlement.Phase.Cleared, ISettlement.WrongPhase(w.window, w.phase));
            require(w.members == first.members && w.cursor == first.cursor, ISettlement.WindowsDiffer(w.window));
            for (uint256 lane; lane < WINDOW; ++lane) {
                results[i * WINDOW + lane] =
                    ResultWord.unwrap(state.results[market][Context.resultPlace(window, lane)]);
            }
        }
    }

    function _settleMembers(mapping(uint256 => LaneWord) storage lanes, Run memory run, uint256 from, uint256 end)
        private
    {
        uint256[] memory words = run.env.core.markets.packedMembers(
            run.env.market, uint32(from), uint32(end - from), uint32(run.table.firstSlot)
        );
        Member memory m;
        Accrual memory acc;
        for (uint256 i; i < end - from; ++i) {
            Context.fill(
                run.env, run.table, m, MemberWord.wrap(words[2 * i]), StatedWord.wrap(words[2 * i + 1])
            );
            _settleMember(lanes, run, m, acc);
        }
    }

    function _settleMember(
        mapping(uint256 => LaneWord) storage lanes,
        Run memory run,
        Member memory m,
        Accrual memory acc
    ) private {
        uint256 count;
        bool posted;
        for (uint256 i; i < run.windows; ++i) {
            uint256 window = run.firstWindow + i;
            uint256 word = LaneWord.unwrap(lanes[Context.laneKey(m.index, window, FIRST)]);
            if (word >> 236 != window) continue;
            posted = true;
            if (word & WHOLE == POSTED && (window + 1) * WINDOW <= m.untilSlot) {
                // The usual window: posted in full, one layer, no change of terms.
                acc.any = true;
                Account.accrueStanding(run.env, run.table, m, acc, window * WINDOW);
                uint256 fills = _settleLanes(run, m, acc, word, i * WINDOW, WINDOW);
                if (fills != 0) run.fills[count++] = fills | (window << 236);
            } else {
                count = _settleParts(lanes, run, m, acc, window, LaneWord.wrap(word), count);
            }
        }
        if (!posted) return;
        Account.close(run.env, run.table, run.batch, m, acc);
        _emitSettled(run, m.meter, count);
    }

    /// @dev The event takes the first `count` words of the buffer, which is shortened for it rather than copied.
    function _emitSettled(Run memory run, uint32 meter, uint256 count) private {
        uint256[] memory fills = run.fills;
        uint256 length = fills.length;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(fills, count)
        }
        emit ISettlement.MemberSettled(run.env.market, meter, uint32(run.firstWindow), uint32(run.windows), fills);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(fills, length)
        }
    }

    /// @dev Settles the posted slots of one window in the general case; returns the number of words of fills so far.
    function _settleParts(
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
            fills[0] |= _settleLanes(run, m, acc, LaneWord.unwrap(word), slot - run.table.firstSlot, end - from);
            if (word.has(LaneWords.LAYERS)) {
                fills[1] |= _settleLayers(_layers(lanes, m.index, window, word), run, m, acc, slot, end - from);
            }
        }
        if (fills[0] != 0) run.fills[count++] = fills[0] | (window << 236);
        if (fills[1] != 0) run.fills[count++] = fills[1] | (window << 236) | LaneWords.SECOND;
        return count;
    }

    /// @dev Settles the offers in `slots` lanes of one word from a place of the table on, in runs of slots with one
    /// quote and one p; returns the filled lanes.
    function _settleLanes(
        Run memory run,
        Member memory m,
        Accrual memory acc,
        uint256 word,
        uint256 place,
        uint256 slots
    ) private pure returns (uint256 fills) {
        uint256[] memory spans = _spansOf(run, m.tariff);
        bool hourly = m.hourly.length != 0;
        // Slots have 32 bits, lanes are eight.
        unchecked {
            for (uint256 end = place + slots; place < end;) {
                uint256 count = hourly ? 1 : spans.get(place);
                if (count > end - place) count = end - place;
                uint256 lanes = LaneWords.part(word, place % WINDOW, count);
                if (lanes & LaneWords.VOLUMES != 0) {
                    fills |= _settleRun(run, acc, Context.quoteAt(run.env, run.table, m, place), lanes, place);
                }
                place += count;
            }
        }
    }

    /// @dev Settles lanes with one quote and one p: ends their locks, pays what was filled, and leaves the rest to the
    /// supplier; every Wh bought is an imported one.
    function _settleRun(Run memory run, Accrual memory acc, Quote quote, uint256 lanes, uint256 place)
        private
        pure
        returns (uint256 fills)
    {
        (uint256 buys, uint256 sells) = LaneWords.parted(lanes);
        int256 priceNano = ResultWord.wrap(run.results.get(place)).price();
        // Sums of eight volumes have 30 bits, prices 34 at most: nothing here comes near 256 bits.
        unchecked {
            if (buys != 0) {
                uint256 wh = LaneWords.sum(buys);
                fills = _filledBuys(run, quote.buyTick(), buys, place);
                uint256 filled = LaneWords.sum(fills);
                acc.supplierNano -= int256(wh - filled) * quote.energy() + int256(wh) * quote.charges();
                acc.networkNano += int256(wh) * quote.network();
                acc.releaseNano += wh * quote.buyLock();
                if (filled != 0) _payFill(run, acc, -priceNano, filled, run.env.buyFeeNano);
            }
            if (sells != 0) {
                uint256 wh = LaneWords.sum(sells);
                uint256 sold = _filledSells(run, quote.sellTick(), sells, place);
                uint256 filled = LaneWords.sum(sold);
                acc.supplierNano += int256(wh - filled) * quote.feedIn();
                acc.releaseNano += wh * quote.sellLock();
                if (filled != 0) _payFill(run, acc, priceNano, filled, run.env.sellFeeNano);
                fills |= sold | LaneWords.sidesOf(sold);
            }
        }
    }

    function _filledBuys(Run memory run, uint256 tick, uint256 buys, uint256 place) private pure returns (uint256) {
        uint256 bounds = run.bounds.get(place / WINDOW);
        if (tick >= bounds & 0xffff) return buys;
        if (tick < (bounds >> 16) & 0xffff) return 0;
        return _filledEach(run.results, place, TickBook.BUY, tick, buys);
    }

    function _filledSells(Run memory run, uint256 tick, uint256 sells, uint256 place) private pure returns (uint256) {
        uint256 bounds = run.bounds.get(place / WINDOW);
        if (tick < (bounds >> 32) & 0xffff) return sells;
        if (tick >= bounds >> 48) return 0;
        return _filledEach(run.results, place, TickBook.SELL, tick, sells);
    }

    /// @dev The fills of volumes in a window some of whose slots fill this tick and some do not, or in part.
    function _filledEach(uint256[] memory results, uint256 place, uint256 side, uint256 tick, uint256 volumes)
        private
        pure
        returns (uint256 fills)
    {
        place -= place % WINDOW;
        unchecked {
            for (uint256 shift; volumes != 0; shift += LaneWords.LANE_BITS) {
                uint256 wh = volumes & LaneWords.LANE_MASK;
                if (wh != 0) {
                    ResultWord result = ResultWord.wrap(results.get(place));
                    (uint256 filled, ResultWord next) = TickBook.fill(result, side, tick, wh);
                    results.set(place, ResultWord.unwrap(next));
                    fills |= filled << shift;
                }
                volumes >>= LaneWords.LANE_BITS;
                ++place;
            }
        }
    }

    /// @dev What the neighbours take and give for filled offers of one side, at p and the fee.
    function _payFill(Run memory run, Accrual memory acc, int256 earnedNano, uint256 filledWh, int256 feeNano)
        private
        pure
    {
        unchecked {
            int256 nano = int256(filledWh) * (earnedNano - feeNano);
            if (nano >= 0) acc.incomeNano += uint256(nano);
            else acc.payNano += uint256(-nano);
            run.batch.feesNano += filledWh * uint256(feeNano);
        }
    }

    /// @dev By window, 16 bits each: buys fill wholly from this tick on, in every slot; not at all below this; sells
    /// fill wholly below this; not at all from this on. What lies between is asked slot by slot.
    function _bounds(uint256[] memory results) private pure returns (uint256[] memory bounds) {
        bounds = new uint256[](results.length / WINDOW);
        // Ticks have 8 bits.
        unchecked {
            for (uint256 w; w < bounds.length; ++w) {
                (uint256 buyAll, uint256 buyNone, uint256 sellAll, uint256 sellNone) = (0, 0xffff, 0xffff, 0);
                for (uint256 lane; lane < WINDOW; ++lane) {
                    ResultWord result = ResultWord.wrap(results[w * WINDOW + lane]);
                    if (!result.traded()) {
                        (buyAll, sellAll) = (0xffff, 0);
                        continue;
                    }
                    (uint256 buyTick, uint256 sellTick) = (result.buyTick(), result.sellTick());
                    if (buyTick < buyNone) buyNone = buyTick;
                    if (sellTick >= sellNone) sellNone = sellTick + 1;
                    if (result.buyRationed()) ++buyTick;
                    else if (sellTick < sellAll) sellAll = sellTick;
                    if (result.buyRationed() && sellTick + 1 < sellAll) sellAll = sellTick + 1;
                    if (buyTick > buyAll) buyAll = buyTick;
                }
                bounds[w] = buyAll | (buyNone << 16) | (sellAll << 32) | (sellNone << 48);
            }
        }
    }

    /// @dev How many slots of the same window, from each on, have the same quote and p; found once for each tariff.
    function _spansOf(Run memory run, uint256 tariff) private pure returns (uint256[] memory spans) {
        if (tariff < run.spans.length) spans = run.spans[tariff];
        if (spans.length != 0) return spans;
        if (tariff >= run.spans.length) {
            uint256[][] memory larger = new uint256[][](2 * (tariff + 1));
            for (uint256 i; i < run.spans.length; ++i) larger[i] = run.spans[i];
            run.spans = larger;
        }
        uint256[] memory shared = run.table.quotes[tariff];
        spans = new uint256[](shared.length);
        run.spans[tariff] = spans;
        uint256 quote;
        int256 price;
        uint256 span;
        unchecked {
            for (uint256 i = shared.length; i > 0; --i) {
                int256 before = ResultWord.wrap(run.results[i - 1]).price();
                bool goesOn = shared[i - 1] == quote && before == price && i % WINDOW != 0;
                span = goesOn ? span + 1 : 1;
                (quote, price, spans[i - 1]) = (shared[i - 1], before, span);
            }
        }
    }

    /// @dev The layers that most windows do not have: sells of slots that have both sides (whose fills it returns),
    /// what was withheld, and imports where they are not what was bought and withheld.
    function _settleLayers(
        LaneWord[5] memory words,
        Run memory run,
        Member memory m,
        Accrual memory acc,
        uint256 slot,
        uint256 slots
    ) private pure returns (uint256 secondFills) {
        uint256 place = slot - run.table.firstSlot;
        secondFills = _settleLanes(run, m, acc, LaneWord.unwrap(words[SECOND]), place, slots);
        for (uint256 i; i < slots; ++i) {
            uint256 lane = (slot + i) % WINDOW;
            Quote quote = Context.quoteAt(run.env, run.table, m, place + i);
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
                state.results[market][Context.resultPlace(window, lane)] =
                    ResultWord.wrap(run.results[i * WINDOW + lane]);
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
        (MemberWord member, StatedWord stated) = env.core.markets.packedMember(env.market, meter, uint32(slot));
        require(MemberWord.unwrap(member) != 0, IMarkets.NotAMember(env.market, meter));
        require(stated.isActive(), ISettlement.MoreThanPosted(meter, uint32(slot)));
        Context.fill(env, table, m, member, stated);
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
        Quote quote = Context.quoteAt(env, table, m, 0);
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
