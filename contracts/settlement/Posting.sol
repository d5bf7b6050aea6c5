// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {IMetering} from "../interfaces/IMetering.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWord, LaneWords, MemberWord, Quote, Quotes, StatedWord, TariffWord} from "../libraries/Packed.sol";
import {Records} from "../libraries/Records.sol";
import {Words} from "../libraries/Words.sol";
import {Account} from "./Account.sol";
import {Context} from "./Context.sol";
import {Offers} from "./Offers.sol";
import {
    Accrual,
    Batch,
    Core,
    Env,
    FIRST,
    Forward,
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

/// @title Posting: the first phase, from a signed reading to offered volumes
/// @notice What a member measured beyond its contracts is offered to the neighbours, as far as its money and its
/// supplier's guarantee cover the worst price; the rest is withheld and goes to the supplier.
/// @dev The volumes of a slot while it is worked on, in one word: offered buy, offered sell, withheld buy, withheld
/// sell, import; 32 bits each, the first lowest.
library Posting {
    using Words for uint256[];

    /// @dev The mask of a window of which all slots have been posted.
    uint256 private constant WHOLE = 0xff << 224;
    uint256 private constant WH = type(uint32).max;
    uint256 private constant OFFER = type(uint64).max;
    /// @dev Slots in a word of intervals, and the export of each of them.
    uint256 private constant IN_WORD = 4;
    uint256 private constant LOW_HALVES = WH * (type(uint256).max / type(uint64).max);
    uint256 private constant HIGH_HALVES = LOW_HALVES << 32;

    /// @dev What records of the same slots share. `late` is the mask of the windows that are not to be had, from the
    /// first on; it is known once they have been opened. `uncleared`: those whose orders are not cleared; `between`:
    /// those that wait to be settled. `closed`: some of them are settled for good. `hashes` are over what was offered
    /// in each of them, see Offers; written back when records of other slots follow.
    struct Period {
        PriceTable table;
        Forward forward;
        uint256 first;
        uint256 windows;
        uint256 uncleared;
        uint256 between;
        uint256 late;
        bool opened;
        bool closed;
        uint256[] hashes;
    }

    /// @dev A record with its member. `contracted` is the mask of the windows in which a stage or module has posted
    /// energy, `contracts` the lanes of forward contracts by window, from `begin` on (none: no contracts); `volumes`
    /// are two lane words for each window in the common case, else words of the slots. `offered` are the first `count`
    /// lane words that are kept as a hash.
    struct Work {
        Member m;
        Period period;
        uint256 contracted;
        uint256[] contracts;
        uint256 begin;
        uint256[] volumes;
        uint256[] offered;
        uint256 count;
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
            outcomes[i] = _admit(state, env, readings[i], works[i], works[i == 0 ? 0 : i - 1].period);
        }
        _admitContracts(env, works, outcomes);
        outcomes = _take(core.metering, readings, outcomes);
        Period memory period;
        for (uint256 i; i < readings.length; ++i) {
            Work memory work = works[i];
            if (outcomes[i] != IMetering.Outcome.Accepted || !work.m.active) continue;
            if (!work.period.opened) {
                _close(state, env, period);
                period = work.period;
                _open(state, env, period);
            }
            _post(state, env, work, readings[i]);
        }
        _close(state, env, period);
    }

    /// @dev IMetering.postFor, with the records behind the other arguments.
    function _take(IMetering metering, IMetering.Reading[] calldata readings, IMetering.Outcome[] memory refused)
        private
        returns (IMetering.Outcome[] memory)
    {
        uint256 head = 3 * 32;
        bytes memory call = abi.encodePacked(
            IMetering.postFor.selector,
            head + 32 * (1 + refused.length),
            uint256(uint160(msg.sender)),
            head,
            refused.length,
            refused,
            Records.raw(readings)
        );
        return abi.decode(Address.functionCall(address(metering), call), (IMetering.Outcome[]));
    }

    /// @dev What the market itself requires of a record; everything else is Metering's to judge. Records of the same
    /// slots share a period.
    function _admit(
        State storage state,
        Env memory env,
        IMetering.Reading calldata r,
        Work memory work,
        Period memory shared
    ) private view returns (IMetering.Outcome) {
        (MemberWord member, StatedWord stated) = env.core.markets.packedMember(env.market, r.meter, r.firstSlot);
        if (MemberWord.unwrap(member) == 0) return IMetering.Outcome.NotAMember;
        // Slots without a membership (before it, or of an owner who has not enrolled) are metered and no more.
        if (!stated.isActive()) {
            bool split = member.untilSlot() < uint256(r.firstSlot) + r.slots;
            return split ? IMetering.Outcome.SplitAtChange : IMetering.Outcome.Accepted;
        }
        if (!stated.isBillingGrade()) return IMetering.Outcome.NotBillingGrade;
        if (r.slots == 0 || uint256(r.slots) * env.core.slotSeconds > 1 days) return IMetering.Outcome.BadFormat;
        if (shared.table.firstSlot == r.firstSlot && shared.table.slots == r.slots) {
            work.period = shared;
        } else {
            _begin(state, env, work.period, r.firstSlot, r.slots);
        }
        Context.fill(env, work.period.table, work.m, member, stated);
        // Once a tariff has begun it goes on, so the first slot speaks for all.
        bool priced = work.period.table.rows[work.m.tariff][0] != 0;
        return priced ? IMetering.Outcome.Accepted : IMetering.Outcome.NoTariff;
    }

    function _begin(State storage state, Env memory env, Period memory period, uint256 first, uint256 slots)
        private
        view
    {
        (period.table, period.first) = (Context.newTable(first, slots), first);
        uint256 window = first / WINDOW;
        period.windows = (first + slots - 1) / WINDOW + 1 - window;
        (period.forward, period.uncleared) = Context.forwardOf(env, window, period.windows);
        for (uint256 i; period.forward.any && i < period.windows; ++i) {
            if (Context.isBetween(state, env, window + i)) period.between |= 1 << i;
        }
        // Windows become final in their order.
        for (uint256 i; i < period.windows && block.timestamp >= Context.lastRunEnd(env, window + i); ++i) {
            if (block.timestamp < Context.finalAt(state, env, window + i)) break;
            if (Context.isSettled(state, env, window + i)) period.closed = true;
        }
    }

    /// @dev Loads the contracts of records of the same slots together, which is cheaper than one by one; and refuses
    /// what they do not admit, or comes too late.
    function _admitContracts(Env memory env, Work[] memory works, IMetering.Outcome[] memory outcomes) private view {
        uint256 end;
        for (uint256 begin; begin < works.length; begin = end) {
            Period memory period = works[begin].period;
            for (end = begin + 1; end < works.length; ++end) {
                Period memory other = works[end].period;
                if (other.first != period.first || other.table.slots != period.table.slots) break;
            }
            uint256[] memory contracts;
            if (period.forward.any && period.uncleared == 0) contracts = _contractsOf(env, works, begin, end);
            for (uint256 i = begin; i < end; ++i) {
                if (outcomes[i] != IMetering.Outcome.Accepted) continue;
                outcomes[i] = _admitted(works[i], contracts, (i - begin) * period.windows);
            }
        }
    }

    function _contractsOf(Env memory env, Work[] memory works, uint256 begin, uint256 end)
        private
        view
        returns (uint256[] memory)
    {
        Period memory period = works[begin].period;
        uint32[] memory indices = new uint32[](end - begin);
        for (uint256 i = begin; i < end; ++i) indices[i - begin] = uint32(works[i].m.index);
        return env.core.forward.contractsOf(
            env.market, indices, uint32(period.first / WINDOW), uint32(period.windows)
        );
    }

    /// @dev Contracts must be known; and where the window waits to be settled, a reading would come between what has
    /// been cleared and what is to be settled for it.
    function _admitted(Work memory work, uint256[] memory contracts, uint256 begin)
        private
        pure
        returns (IMetering.Outcome)
    {
        Period memory period = work.period;
        if (period.uncleared != 0) return IMetering.Outcome.ForwardNotCleared;
        uint256 any;
        if (contracts.length != 0) {
            for (uint256 w; w < period.windows; ++w) {
                uint256 lanes = contracts.get(begin + w);
                any |= lanes;
                if (lanes != 0 && (period.between >> w) & 1 != 0) return IMetering.Outcome.SettleFirst;
            }
        }
        if (any != 0) (work.contracts, work.begin) = (contracts, begin);
        return period.closed ? IMetering.Outcome.Final : IMetering.Outcome.Accepted;
    }

    /// @dev The lanes of the forward contracts of a record in its `w`-th window.
    function _lanesOf(Work memory work, uint256 w) private pure returns (uint256) {
        return work.contracts.length == 0 ? 0 : work.contracts.get(work.begin + w);
    }

    function _post(State storage state, Env memory env, Work memory work, IMetering.Reading calldata r) private {
        work.contracted = _contracted(env, work);
        (bool plain, uint256 wantedNano) = _plainWords(env, work, r);
        if (!plain) wantedNano = _measure(env, work, r);
        if (wantedNano != 0) {
            Member memory m = work.m;
            address supplier = work.period.table.suppliers[m.tariff];
            uint256 lockedNano = env.core.ledger.lockUpTo(m.owner, supplier, m.meter, wantedNano);
            if (lockedNano < wantedNano) {
                if (plain) _measure(env, work, r);
                plain = false;
                uint256 unusedNano = _withhold(env, work, lockedNano);
                env.core.ledger.unlock(m.owner, supplier, m.meter, unusedNano);
            }
        }
        work.offered = new uint256[](work.period.windows);
        if (plain) _storePlain(state, env, work);
        else _store(state, env, work);
        if (work.count != 0) _tell(env, work);
        if (work.period.late != 0) _settleLate(state, env, work, r);
    }

    /// @dev The common case, whole windows at a time: all that was measured is offered. The lane words, and the money
    /// that they take; `plain` is false where the general way below must be gone.
    function _plainWords(Env memory env, Work memory work, IMetering.Reading calldata r)
        private
        pure
        returns (bool plain, uint256 wantedNano)
    {
        if (
            work.period.late != 0 || work.contracted != 0 || r.quality != IMetering.Quality.Measured
                || work.m.untilSlot < work.period.first + r.slots || work.period.first % IN_WORD != 0
        ) return (false, 0);
        return _laneWords(work, r) ? _wanted(env, work) : (false, 0);
    }

    /// @dev The money for all that a record measured; false where some of it cannot be offered.
    function _wanted(Env memory env, Work memory work) private pure returns (bool plain, uint256 wantedNano) {
        uint256[] memory words = work.volumes;
        uint256[] memory runs = work.period.table.runs[work.m.tariff];
        bool hourly = work.m.hourly.length != 0;
        uint256 end = work.period.table.slots;
        uint256 lane = work.period.first % WINDOW;
        // Volumes have 27 bits, quotes 32, and there are 96 slots at most.
        unchecked {
            uint256 count;
            for (uint256 i; i < end; i += count) {
                count = hourly ? 1 : runs.get(i);
                uint256 place = (lane + i) / WINDOW * 2;
                uint256 from = (lane + i) % WINDOW;
                if (count > WINDOW - from) count = WINDOW - from;
                (uint256 word, uint256 second) = (words.get(place), words.get(place + 1));
                if (count != WINDOW) {
                    word = LaneWords.part(word, from, count);
                    second = LaneWords.part(second, from, count);
                }
                (uint256 buys, uint256 sells) = LaneWords.parted(word);
                // What a slot sells beside what it buys stands in the second word.
                sells |= second & LaneWords.VOLUMES;
                if (buys | sells == 0) continue;
                Quote quote = Context.quoteAt(env, work.period.table, work.m, i);
                if (buys != 0) {
                    if (quote.buyTick() == Quotes.NO_TICK) return (false, 0);
                    uint256 each = quote.buyLock();
                    if (each != 0) wantedNano += LaneWords.sum(buys) * each;
                }
                if (sells != 0) {
                    if (quote.sellTick() == Quotes.NO_TICK) return (false, 0);
                    uint256 each = quote.sellLock();
                    if (each != 0) wantedNano += LaneWords.sum(sells) * each;
                }
            }
        }
        return (true, wantedNano);
    }

    /// @dev The first and the second lane word of each window, less what is contracted. False where the general way
    /// must be gone with contracts: in a window of which the record is a part only, or has a slot with both sides,
    /// whose import does not follow from offer and contract.
    function _laneWords(Work memory work, IMetering.Reading calldata r) private pure returns (bool) {
        uint256[] calldata intervals = r.intervals;
        uint256[] memory words = new uint256[](2 * work.period.windows);
        work.volumes = words;
        // A word of intervals fills the lower or the upper half of a window. Volumes have 24 bits by the fuse.
        unchecked {
            uint256 lane = work.period.first % WINDOW;
            uint256 posted = ((1 << r.slots) - 1) << lane;
            uint256 next = lane / IN_WORD;
            uint256 count = intervals.length + next;
            for (uint256 w; w < words.length; w += 2) {
                uint256 lower = next > w ? 0 : intervals.read(w - next);
                uint256 upper = w + 1 < count ? intervals.read(w + 1 - next) : 0;
                uint256 buys;
                uint256 sells;
                if ((lower | upper) & HIGH_HALVES != 0) buys = _squeezed(lower >> 32) | (_squeezed(upper >> 32) << 112);
                if ((lower | upper) & LOW_HALVES != 0) sells = _squeezed(lower) | (_squeezed(upper) << 112);
                uint256 mask = (posted & 0xff) << 224;
                posted >>= WINDOW;
                // Slots with both sides keep their buys in the first layer.
                uint256 second = sells & ((LaneWords.sidesOf(buys) >> 27) * LaneWords.MAX_WH);
                uint256 contracted = _lanesOf(work, w / 2);
                if (contracted != 0) {
                    if (second != 0 || mask != WHOLE) return false;
                    (uint256 bought, uint256 sold) = LaneWords.parted(contracted);
                    words.set(w, LaneWords.netted(buys + sold, sells + bought) | mask);
                    continue;
                }
                sells ^= second;
                uint256 word = buys | sells | LaneWords.sidesOf(sells) | mask;
                if (second != 0) {
                    word |= LaneWords.SECOND;
                    words.set(w + 1, second | LaneWords.sidesOf(second));
                }
                words.set(w, word);
            }
        }
        return true;
    }

    /// @dev The low halves of four fields of 64 bits, the highest first, as four lanes, the first lowest.
    function _squeezed(uint256 pairs) private pure returns (uint256) {
        return ((pairs >> 192) & WH) | ((pairs >> 100) & (WH << 28)) | ((pairs >> 8) & (WH << 56))
            | ((pairs & WH) << 84);
    }

    function _storePlain(State storage state, Env memory env, Work memory work) private {
        mapping(uint256 => LaneWord) storage lanes = state.lanes[env.market];
        uint256[] memory words = work.volumes;
        uint256 window = work.period.first / WINDOW;
        unchecked {
            for (uint256 place; place < words.length; place += 2) {
                uint256 word = words.get(place);
                if (!_offer(env, work, place / 2, word)) {
                    uint256 key = Context.laneKey(work.m.index, window, FIRST);
                    _join(lanes, key, window, word);
                    if (words.get(place + 1) != 0) _join(lanes, key | SECOND, window, words.get(place + 1));
                }
                ++window;
            }
        }
    }

    /// @dev Opens the windows of a period; notes those that are late.
    function _open(State storage state, Env memory env, Period memory period) private {
        uint256 window = period.first / WINDOW;
        period.hashes = new uint256[](period.windows);
        for (uint256 i; i < period.windows; ++i) {
            if (!Context.openWindow(state, env, window + i, period.forward.any)) period.late |= 1 << i;
            else period.hashes[i] = uint256(state.offers[env.market][(window + i) % RING]);
        }
        period.opened = true;
    }

    /// @dev Writes the hashes over what was offered in the windows of a period.
    function _close(State storage state, Env memory env, Period memory period) private {
        uint256 window = period.first / WINDOW;
        for (uint256 i; i < period.hashes.length; ++i) {
            if ((period.late >> i) & 1 != 0) continue;
            state.offers[env.market][(window + i) % RING] = bytes32(period.hashes[i]);
        }
    }

    /// @dev Keeps the `w`-th window of a record as a hash, if it is posted whole and all of it is offered in one layer.
    /// Stages would have to read and lower it: where there are some, all is written down.
    function _offer(Env memory env, Work memory work, uint256 w, uint256 word) private pure returns (bool) {
        if (word & (WHOLE | LaneWords.LAYERS) != WHOLE) return false;
        if (env.params.stages.length != 0 || work.m.index >= Offers.MEMBERS) return false;
        uint256[] memory hashes = work.period.hashes;
        bytes32 hash = Offers.add(bytes32(hashes.get(w)), Offers.from(work.m.index, word));
        hashes.set(w, uint256(hash));
        work.offered.set(work.count++, word | ((work.period.first / WINDOW + w) << 236));
        return true;
    }

    /// @dev Tells in the log what is kept as a hash.
    function _tell(Env memory env, Work memory work) private {
        (uint256[] memory words, uint256 count) = (work.offered, work.count);
        // There are no more words than windows.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            mstore(words, count)
        }
        emit ISettlement.Offered(env.market, uint32(work.m.index), words);
    }

    /// @dev In which windows the meter has energy that stages have posted; asked of whole windows, so that all records
    /// of a window get the same answer.
    function _contracted(Env memory env, Work memory work) private view returns (uint256 mask) {
        // Nobody else posts energy, and a meter takes part in one market only.
        if (env.params.stages.length == 0) return 0;
        uint32 first = uint32(work.period.first - work.period.first % WINDOW);
        uint32 slots = uint32(work.period.windows * WINDOW);
        if (!env.core.ledger.hasPostings(work.m.meter, first, slots)) return 0;
        for (uint256 w; w < work.period.windows; ++w) {
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
        uint256 pairs;
        // Volumes have 24 bits by the fuse, quotes 32, and there are 96 slots at most.
        unchecked {
            for (uint256 i; i < slots; ++i) {
                uint256 slot = work.period.first + i;
                if (i % 4 == 0) pairs = r.intervals[i / 4];
                uint256 buyWh = pairs >> 224;
                uint256 sellWh = (pairs >> 192) & WH;
                pairs <<= 64;
                uint256 importWh = buyWh;
                bool late = _isIn(work, work.period.late, slot);
                int256 contracted = _contractedIn(env, work, slot, late);
                if (contracted != 0) (buyWh, sellWh) = Account.net(contracted, buyWh, sellWh);
                if (late) {
                    volumes[i] = buyWh | (sellWh << 32) | (importWh << 128);
                    continue;
                }
                if (slot >= m.untilSlot) Context.loadMember(env, work.period.table, m, slot);
                Quote quote = Context.quoteAt(env, work.period.table, m, i);
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
        return (mask >> (slot / WINDOW - work.period.first / WINDOW)) & 1 != 0;
    }

    /// @dev What a meter has contracted in a slot: by stages and modules, and forward. In a window that is settled,
    /// forward contracts count where they were settled without a reading, see `_settleLate`.
    function _contractedIn(Env memory env, Work memory work, uint256 slot, bool late)
        private
        view
        returns (int256 wh)
    {
        uint256 window = slot / WINDOW;
        if (_isIn(work, work.contracted, slot)) {
            uint256 word = env.core.ledger.contractedWord(work.m.meter, uint32(window));
            wh = int32(uint32(word >> (32 * (slot % WINDOW))));
        }
        if (late) return wh;
        return wh + LaneWords.signedAt(_lanesOf(work, window - work.period.first / WINDOW), slot % WINDOW);
    }

    /// @dev Withholds what `budgetNano` does not cover, the earliest slots first; returns what is left of it.
    function _withhold(Env memory env, Work memory work, uint256 budgetNano) private view returns (uint256) {
        Member memory m = work.m;
        Context.loadMember(env, work.period.table, m, work.period.first);
        uint256 slots = work.volumes.length;
        for (uint256 i; i < slots; ++i) {
            uint256 slot = work.period.first + i;
            if (slot >= m.untilSlot) Context.loadMember(env, work.period.table, m, slot);
            if (_isIn(work, work.period.late, slot)) continue;
            Quote quote = Context.quoteAt(env, work.period.table, m, i);
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
        mapping(uint256 => LaneWord) storage lanes = state.lanes[env.market];
        uint256 end;
        for (uint256 w; w < work.period.windows; ++w) {
            uint256 begin = end;
            uint256 window = work.period.first / WINDOW + w;
            end = (window + 1) * WINDOW - work.period.first;
            if (end > work.volumes.length) end = work.volumes.length;
            if ((work.period.late >> w) & 1 != 0) continue;
            (uint256 word, bool extras) = _firstLayer(work, begin, end);
            bool contracted = (work.contracted >> w) & 1 != 0
                || (_lanesOf(work, w) != 0 && (extras || !_follows(work, w, begin, end, word)));
            if (extras || contracted) word |= _storeExtras(lanes, env, work, window, begin, end, contracted);
            if (_offer(env, work, w, word)) continue;
            _join(lanes, Context.laneKey(work.m.index, window, FIRST), window, word);
        }
    }

    /// @dev The first lane word of the slots from `begin` to `end - 1` of the record, and whether there is more.
    function _firstLayer(Work memory work, uint256 begin, uint256 end)
        private
        pure
        returns (uint256 word, bool extras)
    {
        // A lane has 28 bits, a volume 27, and a window eight lanes.
        unchecked {
            for (uint256 k = begin; k < end; ++k) {
                uint256 v = work.volumes.get(k);
                uint256 lane = (work.period.first + k) % WINDOW;
                uint256 buyWh = v & WH;
                uint256 sellWh = (v >> 32) & WH;
                if ((buyWh != 0 && sellWh != 0) || (v >> 64) & OFFER != 0) extras = true;
                uint256 raw = buyWh != 0 ? buyWh : sellWh != 0 ? sellWh | LaneWords.SELL : 0;
                word |= (raw << (lane * LaneWords.LANE_BITS)) | (1 << (224 + lane));
            }
        }
    }

    /// @dev Whether a record covers a window whole, and what it imported there follows from offers and forward
    /// contracts.
    function _follows(Work memory work, uint256 w, uint256 begin, uint256 end, uint256 word)
        private
        pure
        returns (bool)
    {
        if (word & WHOLE != WHOLE) return false;
        uint256 offers = word & (LaneWords.VOLUMES | LaneWords.SIDES);
        (uint256 imports,) = LaneWords.parted(LaneWords.together(offers, _lanesOf(work, w)));
        for (uint256 k = begin; k < end; ++k) {
            if (imports & LaneWords.MAX_WH != work.volumes[k] >> 128) return false;
            imports >>= LaneWords.LANE_BITS;
        }
        return true;
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
            uint256 shift = ((work.period.first + k) % WINDOW) * LaneWords.LANE_BITS;
            uint256 sellWh = (v >> 32) & WH;
            if (v & WH != 0 && sellWh != 0) words[SECOND] |= (sellWh | LaneWords.SELL) << shift;
            uint256 withheldBuy = (v >> 64) & WH;
            uint256 withheldSell = (v >> 96) & WH;
            words[WITHHELD_BUY] |= withheldBuy << shift;
            if (withheldSell != 0) words[WITHHELD_SELL] |= (withheldSell | LaneWords.SELL) << shift;
            words[IMPORTS] |= (v >> 128) << shift;
            if (withheldBuy + withheldSell != 0) {
                emit ISettlement.Withheld(
                    env.market, work.m.meter, uint32(work.period.first + k), uint32(withheldBuy), uint32(withheldSell)
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

    /// @dev Readings of windows that were cleared without them: the supplier takes and gives everything. What was
    /// settled at the worst for want of a reading is taken back.
    function _settleLate(State storage state, Env memory env, Work memory work, IMetering.Reading calldata r) private {
        Member memory m = work.m;
        Batch memory batch = Account.newBatch();
        Accrual memory acc;
        for (uint256 i; i < work.volumes.length; ++i) {
            uint256 slot = work.period.first + i;
            if (!_isIn(work, work.period.late, slot)) continue;
            _accrueLate(state, env, work, acc, i);
            // An estimate has booked the standing charge already.
            if (_takeEstimate(state, env, work, acc, i)) continue;
            Account.accrueStanding(env, work.period.table, m, acc, slot);
        }
        Account.close(env, work.period.table, batch, m, acc);
        Account.hand(env, work.period.table, batch);
        emit ISettlement.LateSettled(env.market, m.meter, r.firstSlot, r.slots);
    }

    /// @dev Volumes of a late slot are those beyond what stages and modules have contracted; a forward contract that
    /// waited for this reading is netted here.
    function _accrueLate(State storage state, Env memory env, Work memory work, Accrual memory acc, uint256 i) private {
        PriceTable memory table = work.period.table;
        uint256 v = work.volumes[i];
        (uint256 buyWh, uint256 sellWh, uint256 importWh) = (v & WH, (v >> 32) & WH, v >> 128);
        int256 contracted = _takeUnread(state, env, work, work.period.first + i);
        if (contracted != 0) {
            Forward memory forward = work.period.forward;
            (buyWh, sellWh) = Account.net(contracted, buyWh, sellWh);
            TariffWord row = TariffWord.wrap(table.rows[work.m.tariff][i]);
            Account.accrueDeviation(acc, forward, row, contracted, buyWh, sellWh, importWh);
            acc.supplierNano -= Account.worst(forward, contracted);
        }
        Account.accrueSupplier(acc, Quote.wrap(table.quotes[work.m.tariff][i]), buyWh, sellWh, importWh);
    }

    /// @dev Takes back what an estimate of this slot has booked, and forgets it; false where there was none.
    function _takeEstimate(State storage state, Env memory env, Work memory work, Accrual memory acc, uint256 i)
        private
        returns (bool)
    {
        uint256 slot = work.period.first + i;
        uint256[2] storage estimate = state.estimates[env.market][work.m.meter][slot / WINDOW];
        (uint256 imports, uint256 lane) = (estimate[0], slot % WINDOW);
        if ((imports >> (224 + lane)) & 1 == 0) return false;
        uint256 exports = estimate[1];
        uint256 mask = LaneWords.LANE_MASK << (lane * LaneWords.LANE_BITS);
        uint256 importWh = uint256(LaneWords.signedAt(imports, lane));
        uint256 exportWh = uint256(LaneWords.signedAt(exports, lane));
        (estimate[0], estimate[1]) = (imports & ~(mask | (1 << (224 + lane))), exports & ~mask);
        int256 contracted = _contractedIn(env, work, slot, true);
        (uint256 buyWh, uint256 sellWh) = Account.net(contracted, importWh, exportWh);
        Accrual memory booked;
        Quote quote = Quote.wrap(work.period.table.quotes[work.m.tariff][i]);
        Account.accrueSupplier(booked, quote, buyWh, sellWh, importWh);
        acc.supplierNano -= booked.supplierNano;
        acc.networkNano -= booked.networkNano;
        return true;
    }

    /// @dev What a slot has contracted that was settled without a reading; it is so no longer.
    function _takeUnread(State storage state, Env memory env, Work memory work, uint256 slot)
        private
        returns (int256 contracted)
    {
        if (!work.period.forward.any) return 0;
        mapping(uint256 => uint256) storage unread = state.unread[env.market][work.m.meter];
        (uint256 word, uint256 lane) = (unread[slot / WINDOW], slot % WINDOW);
        if ((word >> (224 + lane)) & 1 == 0) return 0;
        contracted = LaneWords.signedAt(word, lane);
        unread[slot / WINDOW] = word & ~((1 << (224 + lane)) | (LaneWords.LANE_MASK << (lane * LaneWords.LANE_BITS)));
    }
}
