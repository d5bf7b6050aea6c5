// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {IMetering} from "../interfaces/IMetering.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWord, LaneWords, Quote, Quotes} from "../libraries/Packed.sol";
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
    SECOND,
    State,
    WINDOW,
    WITHHELD_BUY,
    WITHHELD_SELL
} from "./Types.sol";

/// @title Posting: the first phase, from a signed reading to offered volumes
/// @notice What a member measured beyond its contracts is offered to the neighbours, as far as its money and its
/// supplier's guarantee cover the worst price; the rest is withheld and goes to the supplier.
/// @dev The volumes of a slot while it is worked on, in one word: offered buy, offered sell, withheld buy, withheld
/// sell, import; 32 bits each, the first lowest.
library Posting {
    uint256 private constant WH = type(uint32).max;
    uint256 private constant OFFER = type(uint64).max;

    /// @dev A record with its member and prices. `late` and `contracted` are masks of its windows, from
    /// the first on; `volumes` are lane
    /// words of the windows in the common case, else words of the slots.
    struct Work {
        Member m;
        PriceTable table;
        uint256 first;
        uint256 windows;
        uint256 late;
        uint256 contracted;
        uint256[] volumes;
    }

    /// @notice See ISettlement.postReadings.
    function postReadings(
        State storage state,
        Core memory core,
        bytes32 market,
        IMetering.Reading[] calldata readings
    ) external returns (IMetering.Outcome[] memory outcomes) {
        Env memory env = Context.load(core, market);
        outcomes = new IMetering.Outcome[](readings.length);
        Work[] memory works = new Work[](readings.length);
        for (uint256 i; i < readings.length; ++i) {
            Work memory before = i == 0 ? works[0] : works[i - 1];
            outcomes[i] = _admit(env, readings[i], works[i], before.table);
        }
        outcomes = core.metering.postFor(readings, msg.sender, outcomes);
        Work memory opened;
        for (uint256 i; i < readings.length; ++i) {
            Work memory work = works[i];
            if (outcomes[i] != IMetering.Outcome.Accepted || !work.m.active) continue;
            // Records of the same slots find the same windows open.
            bool same = opened.first == work.first && opened.table.slots == work.table.slots;
            if (same) (work.windows, work.late) = (opened.windows, opened.late);
            else _open(state, env, work, work.table.slots);
            opened = work;
            _post(state, env, work, readings[i]);
        }
    }

    /// @dev What the market itself requires of a record; everything else is Metering's to judge. Records of the same
    /// slots share a price table.
    function _admit(Env memory env, IMetering.Reading calldata r, Work memory work, PriceTable memory shared)
        private
        view
        returns (IMetering.Outcome)
    {
        IMarkets.MemberTerms memory terms;
        try env.core.markets.memberByMeter(env.market, r.meter, r.firstSlot) returns (
            IMarkets.MemberTerms memory t
        ) {
            terms = t;
        } catch {
            return IMetering.Outcome.NotAMember;
        }
        // Slots without a membership (before it, or of an owner who has not enrolled) are metered and no more.
        if (!terms.active) {
            bool split = terms.untilSlot < uint256(r.firstSlot) + r.slots;
            return split ? IMetering.Outcome.SplitAtChange : IMetering.Outcome.Accepted;
        }
        if (!terms.billingGrade) return IMetering.Outcome.NotBillingGrade;
        if (r.slots == 0 || uint256(r.slots) * env.core.slotSeconds > 1 days) return IMetering.Outcome.BadFormat;
        bool same = shared.firstSlot == r.firstSlot && shared.slots == r.slots;
        work.table = same ? shared : Context.newTable(r.firstSlot, r.slots);
        work.first = r.firstSlot;
        Context.fill(env, work.table, work.m, terms);
        // Once a tariff has begun it goes on, so the first slot speaks for all.
        return work.table.rows[work.m.tariff][0] == 0 ? IMetering.Outcome.NoTariff : IMetering.Outcome.Accepted;
    }

    function _post(State storage state, Env memory env, Work memory work, IMetering.Reading calldata r) private {
        work.contracted = _contracted(env, work);
        (bool plain, uint256 wantedNano) = _plainWords(env, work, r);
        if (!plain) wantedNano = _measure(env, work, r);
        if (wantedNano != 0) {
            Member memory m = work.m;
            address supplier = work.table.suppliers[m.tariff];
            uint256 lockedNano = env.core.ledger.lockUpTo(m.owner, supplier, m.meter, wantedNano);
            if (lockedNano < wantedNano) {
                if (plain) _measure(env, work, r);
                plain = false;
                uint256 unusedNano = _withhold(env, work, lockedNano);
                env.core.ledger.unlock(m.owner, supplier, m.meter, unusedNano);
            }
        }
        if (plain) _storePlain(state, env, work);
        else _store(state, env, work);
        if (work.late != 0) _settleLate(env, work, r);
    }

    /// @dev The common case in one pass: everything measured is offered, no slot has both sides. The lane words of the
    /// windows, and the money that they take; `plain` is false where the general way below must be gone.
    function _plainWords(Env memory env, Work memory work, IMetering.Reading calldata r)
        private
        pure
        returns (bool plain, uint256 wantedNano)
    {
        uint256 slots = r.slots;
        if (
            work.late != 0 || work.contracted != 0 || r.quality != IMetering.Quality.Measured
                || work.m.untilSlot < work.first + slots
        ) return (false, 0);
        uint256[] memory words = new uint256[](work.windows);
        (uint256[] memory quotes, uint256 quoted) = Context.quotes(env, work.table, work.m, work.first, slots);
        quoted = work.first - quoted;
        uint256 lane = work.first % WINDOW;
        uint256 window;
        uint256 word;
        uint256 pairs;
        // Volumes have 24 bits by the fuse, quotes 32, lanes are eight and slots 96 at most.
        unchecked {
            for (uint256 i; i < slots; ++i) {
                if (i % 4 == 0) pairs = r.intervals[i / 4];
                uint256 pair = pairs >> 192;
                pairs <<= 64;
                if (pair != 0) {
                    Quote quote = Quote.wrap(quotes[quoted + i]);
                    uint256 wh = pair >> 32;
                    if (wh != 0) {
                        if (pair & WH != 0 || quote.buyTick() == Quotes.NO_TICK) return (false, 0);
                        wantedNano += wh * quote.buyLock();
                    } else {
                        if (quote.sellTick() == Quotes.NO_TICK) return (false, 0);
                        wantedNano += pair * quote.sellLock();
                        wh = pair | LaneWords.SELL;
                    }
                    word |= wh << (lane * LaneWords.LANE_BITS);
                }
                word |= 1 << (224 + lane);
                if (++lane == WINDOW) {
                    words[window++] = word;
                    (word, lane) = (0, 0);
                }
            }
        }
        if (lane != 0) words[window] = word;
        work.volumes = words;
        return (true, wantedNano);
    }

    function _storePlain(State storage state, Env memory env, Work memory work) private {
        mapping(uint256 => LaneWord) storage lanes = state.lanes[env.market];
        uint256 window = work.first / WINDOW;
        for (uint256 w; w < work.windows; ++w) {
            _join(lanes, Context.laneKey(work.m.index, window + w, FIRST), window + w, work.volumes[w]);
        }
    }

    /// @dev Opens the windows of a record; notes those that are late, as a mask from the first window on.
    function _open(State storage state, Env memory env, Work memory work, uint256 slots) private {
        uint256 window = work.first / WINDOW;
        work.windows = (work.first + slots - 1) / WINDOW + 1 - window;
        for (uint256 i; i < work.windows; ++i) {
            if (!Context.openWindow(state, env, window + i)) work.late |= 1 << i;
        }
    }

    /// @dev In which windows the meter has contracted energy; asked of whole windows, so that all records of a
    /// window get the same answer.
    function _contracted(Env memory env, Work memory work) private view returns (uint256 mask) {
        uint32 first = uint32(work.first - work.first % WINDOW);
        uint32 slots = uint32(work.windows * WINDOW);
        if (!env.core.ledger.hasPostings(work.m.meter, first, slots)) return 0;
        for (uint256 w; w < work.windows; ++w) {
            bool has = env.core.ledger.hasPostings(work.m.meter, first + uint32(w * WINDOW), uint32(WINDOW));
            if (has) mask |= 1 << w;
        }
    }

    /// @dev Volumes of each slot, what may be offered of them, and the money that this takes.
    function _measure(Env memory env, Work memory work, IMetering.Reading calldata r)
        private
        view
        returns (uint256 wantedNano)
    {
        Member memory m = work.m;
        uint256 slots = r.slots;
        uint256[] memory volumes = new uint256[](slots);
        work.volumes = volumes;
        bool offered = r.quality == IMetering.Quality.Measured;
        (uint256[] memory quotes, uint256 base) = Context.quotes(env, work.table, m, work.first, slots);
        uint256 pairs;
        // Volumes have 24 bits by the fuse, quotes 32, and there are 96 slots at most.
        unchecked {
            for (uint256 i; i < slots; ++i) {
                uint256 slot = work.first + i;
                if (i % 4 == 0) pairs = r.intervals[i / 4];
                uint256 buyWh = pairs >> 224;
                uint256 sellWh = (pairs >> 192) & WH;
                pairs <<= 64;
                uint256 importWh = buyWh;
                if (_isIn(work, work.contracted, slot)) (buyWh, sellWh) = _net(env, m.meter, slot, buyWh, sellWh);
                if (_isIn(work, work.late, slot)) {
                    volumes[i] = buyWh | (sellWh << 32) | (importWh << 128);
                    continue;
                }
                if (slot >= m.untilSlot) {
                    Context.loadMember(env, work.table, m, slot);
                    (quotes, base) = Context.quotes(env, work.table, m, slot, slots - i);
                }
                Quote quote = Quote.wrap(quotes[slot - base]);
                uint256 word = importWh << 128;
                if (buyWh != 0) {
                    bool may = offered && quote.buyTick() != Quotes.NO_TICK;
                    word |= may ? buyWh : buyWh << 64;
                    if (may) wantedNano += buyWh * quote.buyLock();
                }
                if (sellWh != 0) {
                    bool may = offered && quote.sellTick() != Quotes.NO_TICK;
                    word |= may ? sellWh << 32 : sellWh << 96;
                    if (may) wantedNano += sellWh * quote.sellLock();
                }
                volumes[i] = word;
            }
        }
    }

    /// @dev Whether the window of a slot is in a mask.
    function _isIn(Work memory work, uint256 mask, uint256 slot) private pure returns (bool) {
        if (mask == 0) return false;
        return (mask >> (slot / WINDOW - work.first / WINDOW)) & 1 != 0;
    }

    /// @dev The difference between metered and contracted energy (bought B, sold S).
    function _net(Env memory env, uint32 meter, uint256 slot, uint256 importWh, uint256 exportWh)
        private
        view
        returns (uint256 buyWh, uint256 sellWh)
    {
        uint256 word = env.core.ledger.contractedWord(meter, uint32(slot / WINDOW));
        int256 contracted = int32(uint32(word >> (32 * (slot % WINDOW))));
        uint256 bought = contracted > 0 ? uint256(contracted) : 0;
        uint256 sold = contracted < 0 ? uint256(-contracted) : 0;
        buyWh = _above(importWh, bought) + _above(sold, exportWh);
        sellWh = _above(exportWh, sold) + _above(bought, importWh);
    }

    function _above(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : 0;
    }

    /// @dev Withholds what `budgetNano` does not cover, the earliest slots first; returns what is left of it.
    function _withhold(Env memory env, Work memory work, uint256 budgetNano) private view returns (uint256) {
        Member memory m = work.m;
        Context.loadMember(env, work.table, m, work.first);
        uint256 slots = work.volumes.length;
        (uint256[] memory quotes, uint256 base) = Context.quotes(env, work.table, m, work.first, slots);
        for (uint256 i; i < slots; ++i) {
            uint256 slot = work.first + i;
            if (slot >= m.untilSlot) {
                Context.loadMember(env, work.table, m, slot);
                (quotes, base) = Context.quotes(env, work.table, m, slot, slots - i);
            }
            if (_isIn(work, work.late, slot)) continue;
            Quote quote = Quote.wrap(quotes[slot - base]);
            uint256 word = work.volumes[i];
            uint256 buyWh = word & WH;
            uint256 sellWh = (word >> 32) & WH;
            uint256 coveredBuy;
            uint256 coveredSell;
            (coveredBuy, budgetNano) = _coveredDown(buyWh, quote.buyLock(), budgetNano);
            (coveredSell, budgetNano) = _coveredDown(sellWh, quote.sellLock(), budgetNano);
            // What is not covered moves from the offered to the withheld part of the word.
            work.volumes[i] = (word & ~OFFER) + (coveredBuy | (coveredSell << 32))
                + (((buyWh - coveredBuy) | ((sellWh - coveredSell) << 32)) << 64);
        }
        return budgetNano;
    }

    /// @dev How many of `wh` the budget covers at `eachNano`, rounded down.
    function _coveredDown(uint256 wh, uint256 eachNano, uint256 budgetNano)
        private
        pure
        returns (uint256 coveredWh, uint256 leftNano)
    {
        coveredWh = wh;
        if (eachNano != 0 && wh * eachNano > budgetNano) coveredWh = budgetNano / eachNano;
        leftNano = budgetNano - coveredWh * eachNano;
    }

    /// @dev Writes the volumes into the ring, window by window.
    function _store(State storage state, Env memory env, Work memory work) private {
        uint256[] memory volumes = work.volumes;
        mapping(uint256 => LaneWord) storage lanes = state.lanes[env.market];
        uint256 i;
        for (uint256 w; w < work.windows; ++w) {
            uint256 window = work.first / WINDOW + w;
            uint256 begin = i;
            uint256 end = (window + 1) * WINDOW - work.first;
            if (end > volumes.length) end = volumes.length;
            i = end;
            if ((work.late >> w) & 1 != 0) continue;
            uint256 word;
            uint256 extras;
            // A lane has 28 bits, a volume 27, and a window eight lanes.
            unchecked {
                for (uint256 k = begin; k < end; ++k) {
                    uint256 v = volumes[k];
                    uint256 lane = (work.first + k) % WINDOW;
                    uint256 buyWh = v & WH;
                    uint256 sellWh = (v >> 32) & WH;
                    if (buyWh != 0 && sellWh != 0) extras = 1;
                    if ((v >> 64) & OFFER != 0) extras = 1;
                    uint256 raw = buyWh != 0 ? buyWh : sellWh != 0 ? sellWh | LaneWords.SELL : 0;
                    word |= (raw << (lane * LaneWords.LANE_BITS)) | (1 << (224 + lane));
                }
            }
            uint256 flags;
            bool contracted = (work.contracted >> w) & 1 != 0;
            if (extras != 0 || contracted) flags = _storeExtras(lanes, env, work, window, begin, end, contracted);
            _join(lanes, Context.laneKey(work.m.index, window, FIRST), window, word | flags);
        }
    }

    /// @dev Writes the layers that most windows do not have; returns their flags.
    function _storeExtras(
        mapping(uint256 => LaneWord) storage lanes,
        Env memory env,
        Work memory work,
        uint256 window,
        uint256 begin,
        uint256 end,
        bool contracted
    ) private returns (uint256 flags) {
        uint256[5] memory words;
        for (uint256 k = begin; k < end; ++k) {
            uint256 v = work.volumes[k];
            uint256 shift = ((work.first + k) % WINDOW) * LaneWords.LANE_BITS;
            uint256 sellWh = (v >> 32) & WH;
            if (v & WH != 0 && sellWh != 0) words[SECOND] |= (sellWh | LaneWords.SELL) << shift;
            uint256 withheldBuy = (v >> 64) & WH;
            uint256 withheldSell = (v >> 96) & WH;
            words[WITHHELD_BUY] |= withheldBuy << shift;
            if (withheldSell != 0) words[WITHHELD_SELL] |= (withheldSell | LaneWords.SELL) << shift;
            words[IMPORTS] |= (v >> 128) << shift;
            if (withheldBuy + withheldSell != 0) {
                emit ISettlement.Withheld(
                    env.market, work.m.meter, uint32(work.first + k), uint32(withheldBuy), uint32(withheldSell)
                );
            }
        }
        if (!contracted) words[IMPORTS] = 0;
        for (uint256 layer = SECOND; layer <= IMPORTS; ++layer) {
            // A window with contracts has the layer of imports even where all of them are zero.
            if (words[layer] == 0 && !(layer == IMPORTS && contracted)) continue;
            flags |= LaneWords.SECOND << (layer - 1);
            _join(lanes, Context.laneKey(work.m.index, window, layer), window, words[layer]);
        }
    }

    /// @dev Adds bits to what an earlier record of the same window has left.
    function _join(mapping(uint256 => LaneWord) storage lanes, uint256 key, uint256 window, uint256 bits) private {
        LaneWord old = lanes[key];
        if (!old.isWindow(window)) old = LaneWords.empty(window);
        lanes[key] = old.with(bits);
    }

    /// @dev Readings of windows that were cleared without them: the supplier takes and gives everything.
    function _settleLate(Env memory env, Work memory work, IMetering.Reading calldata r) private {
        Member memory m = work.m;
        Batch memory batch = Account.newBatch();
        Accrual memory acc;
        uint256[] memory quotes = work.table.quotes[m.tariff];
        for (uint256 i; i < work.volumes.length; ++i) {
            if (!_isIn(work, work.late, work.first + i)) continue;
            uint256 v = work.volumes[i];
            Account.accrueSupplier(acc, Quote.wrap(quotes[i]), v & WH, (v >> 32) & WH, v >> 128);
            Account.accrueStanding(env, work.table, m, acc, work.first + i);
        }
        Account.close(env, work.table, batch, m, acc);
        Account.hand(env, work.table, batch);
        emit ISettlement.LateSettled(env.market, m.meter, r.firstSlot, r.slots);
    }
}
