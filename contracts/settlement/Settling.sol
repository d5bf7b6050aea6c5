// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "../interfaces/IRegistry.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {
    CutWord,
    LaneWord,
    LaneWords,
    MemberWord,
    Quote,
    ResultWord,
    StatedWord,
    TariffWord
} from "../libraries/Packed.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {TickBook} from "../libraries/TickBook.sol";
import {Words} from "../libraries/Words.sol";
import {Account} from "./Account.sol";
import {Offers} from "./Offers.sol";
import {Outcomes} from "./Outcomes.sol";
import {Context} from "./Context.sol";
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

/// @title Settling: the third phase, from results to money
/// @notice Walks the members in the order of their index over cleared windows: what each gets of the traded energy,
/// what it pays and receives for it, and what its supplier takes and gives for the rest.
library Settling {
    using Words for uint256[];

    /// @dev The posted mask and the layers of a lane word; all eight slots posted, and one layer.
    uint256 private constant POSTED = 0xff << 224;
    uint256 private constant WHOLE = POSTED | LaneWords.LAYERS;
    /// @dev Members whose positions are asked for together.
    uint256 private constant POSITIONS = 64;

    /// @dev What one call works with; `fills` is used again for every member.
    /// `cuts` tells by window which ticks are filled, `deviations` by tariff and window what contracts change; `prices`
    /// are p, see `Outcomes.Loaded`. Those of sells are the same arrays, unless some slot has a result of its own for
    /// them. `island`: some slots are in one (`comesFirst`: the member at hand is a critical load there). `words` are
    /// what all `members` have offered, window by window. `leaves` is what will prove how members were settled.
    struct Run {
        Env env;
        PriceTable table;
        Batch batch;
        Forward forward;
        uint256[] results;
        uint256[] sellResults;
        uint256 firstWindow;
        uint256 windows;
        uint256[] fills;
        uint256[] cuts;
        uint256[] sellCuts;
        bool island;
        uint256[] words;
        uint256 members;
        bool comesFirst;
        uint256[] prices;
        uint256[] sellPrices;
        uint256[][] deviations;
        uint256[] leaves;
        uint256 windowsInDay;
    }

    /// @dev What members have contracted forward in the windows of a call (see `IForwardAuction.positionsOf`), some
    /// members at a time; `begin` is where the one at hand begins, `any` that there is something of his, `contracts`
    /// that energy is, `whole` that the same terms hold for him in all these windows.
    struct Position {
        uint256[] words;
        uint256 begin;
        bool any;
        bool contracts;
        bool whole;
    }

    /// @dev A window of a member while it is settled in parts: the first lane word (zero: none), and the contracts.
    struct Part {
        uint256 window;
        uint256 word;
        uint256 contracts;
        uint256[2] fills;
        LaneWord[5] layers;
    }

    /// @notice See ISettlement.settle.
    function settle(
        State storage state,
        Core memory core,
        bytes32 market,
        uint32 firstWindow,
        uint32 windows,
        uint32 maxMembers,
        uint256[][] calldata offers
    ) external {
        require(windows != 0 && maxMembers != 0, ISettlement.NothingToDo());
        Run memory run;
        run.env = Context.load(core, market);
        (run.firstWindow, run.windows) = (firstWindow, windows);
        run.windowsInDay = 1 days / (WINDOW * core.slotSeconds);
        ISettlement.Window memory first = Context.windowOf(state, market, firstWindow);
        _requireCleared(state, run, first);
        run.members = first.members;
        run.words = new uint256[](run.members * windows);
        for (uint256 i; i < windows; ++i) Offers.lay(offers[i], run.words, i * run.members, run.firstWindow + i);
        run.table = Context.newTable(run.firstWindow * WINDOW, run.windows * WINDOW);
        bytes32 resultsHash = _load(state, run, first.cursor != 0);
        (run.forward,) = Context.forwardOf(run.env, firstWindow, 0);
        run.batch = Account.newBatch();
        run.fills = new uint256[](2 * run.windows);
        uint256 end = uint256(first.cursor) + maxMembers;
        if (end > first.members) end = first.members;
        run.leaves = new uint256[](end - first.cursor);
        _settleMembers(state, run, first.cursor, end);
        Account.hand(run.env, run.table, run.batch);
        if (end != first.cursor) {
            state.roots[market][(uint256(firstWindow) << 32) | first.cursor] =
                keccak256(abi.encode(_root(run.leaves), resultsHash));
        }
        // In one go every carry ends where it began, at zero, so there is nothing to write.
        bool whole = first.cursor == 0 && end == first.members;
        _advance(state, run, uint32(end), first.members, whole);
    }

    /* INTERNAL: SETTLING */

    /// @dev All windows must stand at the same member, so that one walk settles them all.
    function _requireCleared(State storage state, Run memory run, ISettlement.Window memory first) private view {
        for (uint256 i; i < run.windows; ++i) {
            ISettlement.Window memory w = Context.windowOf(state, run.env.market, first.window + i);
            require(w.phase == ISettlement.Phase.Cleared, ISettlement.WrongPhase(w.window, w.phase));
            require(w.members == first.members && w.cursor == first.cursor, ISettlement.WindowsDiffer(w.window));
        }
    }

    /// @dev Loads what was cleared, and returns the hash of it.
    function _load(State storage state, Run memory run, bool carries) private view returns (bytes32) {
        Outcomes.Loaded memory found =
            Outcomes.load(state, run.env.market, run.firstWindow, run.windows, carries);
        (run.results, run.cuts, run.prices) = (found.results, found.cuts, found.prices);
        bool apart = found.sellResults.length != 0;
        run.sellResults = apart ? found.sellResults : found.results;
        run.sellCuts = apart ? found.sellCuts : found.cuts;
        run.sellPrices = apart ? found.sellPrices : found.prices;
        run.island = found.island;
        return found.hash;
    }

    function _settleMembers(State storage state, Run memory run, uint256 from, uint256 end) private {
        uint256[] memory words = run.env.core.markets.packedMembers(
            run.env.market, uint32(from), uint32(end - from), uint32(run.table.firstSlot)
        );
        Member memory m;
        Accrual memory acc;
        Position memory position;
        for (uint256 i; i < end - from; ++i) {
            Context.fill(
                run.env, run.table, m, MemberWord.wrap(words[2 * i]), StatedWord.wrap(words[2 * i + 1])
            );
            if (run.forward.any) _findPosition(run, m, position, i, end - from);
            (uint256 count, bool posted) = _settleMember(state, run, m, acc, position);
            run.leaves.set(i, _tell(run, m.meter, count, posted, position));
        }
    }

    /// @dev Turns to the positions of the member at hand, `i`-th of `count`; asks for those of the next ones together,
    /// which is cheaper.
    function _findPosition(Run memory run, Member memory m, Position memory position, uint256 i, uint256 count)
        private
        view
    {
        uint256 stride = run.windows + 2;
        if (i % POSITIONS == 0) {
            position.words = run.env.core.forward.positionsOf(
                run.env.market,
                uint32(m.index),
                uint32(count - i < POSITIONS ? count - i : POSITIONS),
                uint32(run.firstWindow),
                uint32(run.windows)
            );
        }
        uint256 begin = (i % POSITIONS) * stride;
        uint256[] memory words = position.words;
        uint256 lanes;
        unchecked {
            for (uint256 k = begin; k < begin + run.windows; ++k) lanes |= words.get(k);
            uint256 nano = words.get(begin + run.windows) | words.get(begin + run.windows + 1);
            (position.begin, position.contracts, position.any) = (begin, lanes != 0, lanes | nano != 0);
        }
        position.whole = m.active && m.untilSlot >= run.table.firstSlot + run.table.slots;
    }

    function _settleMember(
        State storage state,
        Run memory run,
        Member memory m,
        Accrual memory acc,
        Position memory position
    ) private returns (uint256 count, bool posted) {
        mapping(uint256 => LaneWord) storage lanes = state.lanes[run.env.market];
        if (position.any && position.whole) {
            uint256 totals = position.begin + run.windows;
            (acc.collateralNano, acc.contractNano) =
                (position.words[totals], int256(position.words[totals + 1]));
            acc.any = acc.collateralNano != 0 || acc.contractNano != 0;
        }
        uint256[] memory runs = _runsOf(run, m.tariff);
        uint256 end = run.firstWindow + run.windows;
        // Windows have 29 bits.
        unchecked {
            for (uint256 window = run.firstWindow; window < end; ++window) {
                uint256 offered = run.words.get((window - run.firstWindow) * run.members + m.index);
                uint256 word = Context.laneWord(offered, lanes, m.index, window);
                if (run.island) run.comesFirst = run.env.core.levels.isCritical(m.meter, uint32(window));
                if (word != 0) posted = true;
                else if (!position.any) continue;
                if (word & WHOLE != POSTED || (window + 1) * WINDOW > m.untilSlot) {
                    count = _settleParts(state, run, m, acc, position, window, word, count);
                    runs = run.table.runs[m.tariff];
                    continue;
                }
                // The usual window: posted in full, one layer, no change of terms.
                acc.any = true;
                if (window % run.windowsInDay == 0) {
                    Account.accrueStanding(run.env, run.table, m, acc, window * WINDOW);
                }
                uint256 place = (window - run.firstWindow) * WINDOW;
                uint256 fills = _settleLanes(run, m, acc, runs, word, place, WINDOW);
                if (fills != 0) run.fills.set(count++, fills | (window << 236));
                if (!position.any) continue;
                uint256 contracts = _contractsIn(run, m, acc, position, window, 0xff);
                if (contracts != 0) _settleContracts(run, m, acc, word, contracts, fills, place, WINDOW);
            }
        }
        Account.close(run.env, run.table, run.batch, m, acc);
    }

    /// @dev Emits MemberSettled where the member has posted, and returns what proves how it was settled: keccak256(
    /// keccak256(abi.encode(meter, firstWindow, windows, fills, contracts))). Fills are the first `count` words of the
    /// buffer, contracts are left out where all are zero. Both are encoded in one place, so that fills are copied once.
    function _tell(Run memory run, uint256 meter, uint256 count, bool posted, Position memory position)
        private
        returns (uint256 leaf)
    {
        uint256[] memory fills = run.fills;
        bytes32 market = run.env.market;
        (uint256 firstWindow, uint256 windows) = (run.firstWindow, run.windows);
        bytes32 topic = ISettlement.MemberSettled.selector;
        (uint256 from, uint256 length) = _contractsAt(run, position);
        // Beyond the memory in use, and gone when it is told. The data of the event (two figures, the place of the
        // array, its length, its words) ends where in the leaf the second array begins.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let free := mload(0x40)
            let size := shl(5, count)
            mstore(add(free, 0xa0), count)
            mcopy(add(free, 0xc0), add(fills, 0x20), size)
            mstore(add(free, 0x40), firstWindow)
            if posted {
                mstore(add(free, 0x60), windows)
                mstore(add(free, 0x80), 0x60)
                log3(add(free, 0x40), add(size, 0x80), topic, market, meter)
            }
            mstore(free, meter)
            mstore(add(free, 0x20), firstWindow)
            mstore(add(free, 0x40), windows)
            mstore(add(free, 0x60), 0xa0)
            mstore(add(free, 0x80), add(size, 0xc0))
            let end := add(add(free, 0xc0), size)
            size := shl(5, length)
            mstore(end, length)
            mcopy(add(end, 0x20), from, size)
            mstore(0, keccak256(free, sub(add(add(end, 0x20), size), free)))
            leaf := keccak256(0, 0x20)
        }
    }

    /// @dev Where the contracts of the member at hand lie in memory, and how many words; none where all are zero.
    function _contractsAt(Run memory run, Position memory position)
        private
        pure
        returns (uint256 from, uint256 length)
    {
        if (!position.any || !position.contracts) return (0, 0);
        (uint256[] memory words, uint256 begin) = (position.words, position.begin);
        length = run.windows;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            from := add(add(words, 0x20), shl(5, begin))
        }
    }

    /// @dev The root of a tree of these leaves in their order; an odd last one goes up as it is. The leaves are used
    /// up.
    function _root(uint256[] memory nodes) private pure returns (bytes32) {
        uint256 count = nodes.length;
        unchecked {
            while (count > 1) {
                uint256 half = count / 2;
                for (uint256 i; i < half; ++i) {
                    (bytes32 left, bytes32 right) = (bytes32(nodes.get(2 * i)), bytes32(nodes.get(2 * i + 1)));
                    bytes32 pair = Hashes.commutativeKeccak256(left, right);
                    nodes.set(i, uint256(pair));
                }
                if (count % 2 != 0) nodes.set(half, nodes.get(count - 1));
                count -= half;
            }
        }
        return bytes32(nodes[0]);
    }

    /// @dev Contracts in some slots of a window; with their money, where that is not known for all windows together.
    function _contractsIn(
        Run memory run,
        Member memory m,
        Accrual memory acc,
        Position memory position,
        uint256 window,
        uint256 slotMask
    ) private view returns (uint256 lanes) {
        if (!position.any) return 0;
        if (position.whole) return position.words.get(position.begin + window - run.firstWindow);
        uint256 collateralNano;
        int256 contractNano;
        (lanes, collateralNano, contractNano) =
            run.env.core.forward.positionIn(run.env.market, uint32(m.index), uint32(window), uint8(slotMask));
        if (collateralNano | lanes == 0 && contractNano == 0) return 0;
        acc.collateralNano += collateralNano;
        acc.contractNano += contractNano;
        acc.any = true;
    }

    /// @dev Settles one window in the general case, in parts with the same terms; returns the number of words of fills
    /// so far.
    function _settleParts(
        State storage state,
        Run memory run,
        Member memory m,
        Accrual memory acc,
        Position memory position,
        uint256 window,
        uint256 word,
        uint256 count
    ) private returns (uint256) {
        Part memory part;
        (part.window, part.word) = (window, word);
        if (word & LaneWords.LAYERS != 0) {
            part.layers = _layers(state.lanes[run.env.market], m.index, window, LaneWord.wrap(word));
        }
        uint256 end;
        for (uint256 from; from < WINDOW; from = end) {
            uint256 slot = window * WINDOW + from;
            if (slot >= m.untilSlot) _nextTerms(run, m, acc, slot);
            end = m.untilSlot - slot < WINDOW - from ? from + m.untilSlot - slot : WINDOW;
            uint256 mask = ((1 << end) - 1) ^ ((1 << from) - 1);
            if (!m.active) {
                if (position.any) _settleLeft(run, m, acc, position, slot, mask);
                continue;
            }
            part.contracts = _contractsIn(run, m, acc, position, window, mask);
            _settlePart(state, run, m, acc, part, from, end);
        }
        if (part.fills[0] != 0) run.fills[count++] = part.fills[0] | (window << 236);
        if (part.fills[1] != 0) run.fills[count++] = part.fills[1] | (window << 236) | LaneWords.SECOND;
        return count;
    }

    /// @dev Settles the slots [from, end) of a window, all with the same terms.
    function _settlePart(
        State storage state,
        Run memory run,
        Member memory m,
        Accrual memory acc,
        Part memory part,
        uint256 from,
        uint256 end
    ) private {
        uint256 slot = part.window * WINDOW + from;
        uint256 slots = end - from;
        uint256 posted = (part.word >> 224) & (((1 << end) - 1) ^ ((1 << from) - 1));
        uint256 contracts = part.contracts;
        if (contracts != 0) {
            uint256 unread = contracts & ~LaneWords.spread(posted);
            contracts ^= unread;
            if (unread != 0) _settleUnread(state, run, m, acc, part.window, unread);
        }
        if (posted == 0) return;
        acc.any = true;
        if ((posted >> from) & 1 != 0) Account.accrueStanding(run.env, run.table, m, acc, slot);
        uint256 place = slot - run.table.firstSlot;
        uint256[] memory runs = run.table.runs[m.tariff];
        uint256 fills = _settleLanes(run, m, acc, runs, part.word, place, slots);
        part.fills[0] |= fills;
        part.contracts = contracts;
        if (part.word & LaneWords.LAYERS != 0) {
            _settleLayers(run, m, acc, part, slot, slots, fills);
        } else if (contracts != 0) {
            _settleContracts(run, m, acc, part.word, contracts, fills, place, slots);
        }
    }

    /// @dev Contracts in slots for which the member's supplier has not agreed: no reading counts there, so they cost
    /// the worst, and he owes it to that supplier.
    function _settleLeft(
        Run memory run,
        Member memory m,
        Accrual memory acc,
        Position memory position,
        uint256 slot,
        uint256 mask
    ) private {
        Accrual memory left;
        uint256 contracts = _contractsIn(run, m, left, position, slot / WINDOW, mask);
        if (!left.any) return;
        (IRegistry.Terms memory terms,) = run.env.core.registry.termsAt(m.meter, uint32(slot));
        uint256 tariff = Context.tariffPlace(run.env, run.table, terms.supplier, terms.tariff);
        if (m.owner != terms.owner || m.tariff != tariff) Account.close(run.env, run.table, run.batch, m, acc);
        (m.owner, m.tariff, acc.any) = (terms.owner, tariff, true);
        acc.collateralNano += left.collateralNano;
        acc.contractNano += left.contractNano;
        acc.supplierNano += _worst(run, contracts);
    }

    /// @dev Contracts without a reading: the worst, until the reading comes.
    function _settleUnread(
        State storage state,
        Run memory run,
        Member memory m,
        Accrual memory acc,
        uint256 window,
        uint256 contracts
    ) private {
        acc.supplierNano += _worst(run, contracts);
        uint256 lanes;
        for (uint256 lane; lane < WINDOW; ++lane) {
            if ((contracts >> (lane * LaneWords.LANE_BITS)) & LaneWords.LANE_MASK != 0) lanes |= 1 << lane;
        }
        state.unread[run.env.market][m.meter][window] |= contracts | (lanes << 224);
    }

    function _worst(Run memory run, uint256 contracts) private pure returns (int256 nano) {
        (uint256 bought, uint256 sold) = LaneWords.parted(contracts);
        return Account.worst(run.forward, int256(LaneWords.sum(bought)))
            + Account.worst(run.forward, -int256(LaneWords.sum(sold)));
    }

    /// @dev What contracts change in slots whose import follows from offer and contract: charges fall on what was
    /// imported, and what was not delivered or not consumed has prices of its own. In runs of slots where these hold.
    function _settleContracts(
        Run memory run,
        Member memory m,
        Accrual memory acc,
        uint256 word,
        uint256 contracts,
        uint256 fills,
        uint256 place,
        uint256 slots
    ) private pure {
        uint256 offers = word & (LaneWords.VOLUMES | LaneWords.SIDES);
        if (slots != WINDOW) offers = LaneWords.part(offers, place % WINDOW, slots);
        (uint256 buys, uint256 sells) = LaneWords.parted(offers);
        (uint256 bought, uint256 sold) = LaneWords.parted(contracts);
        (uint256 imports,) = LaneWords.parted(LaneWords.netted(buys + bought, sells + sold));
        uint256 prices = run.deviations[m.tariff].get(place / WINDOW);
        // The fills have the sides of the offers.
        offers -= fills & LaneWords.VOLUMES;
        if (prices != 0) {
            _accrueContracts(acc, prices, offers, bought, sold, imports, buys);
            return;
        }
        // Slots have 32 bits.
        unchecked {
            for (uint256 end = place + slots; place < end;) {
                uint256 count = run.table.runs[m.tariff].get(place);
                if (count > end - place) count = end - place;
                uint256 mask = LaneWords.part(LaneWords.LANES_MASK, place % WINDOW, count);
                prices = _deviationsAt(run, run.table.rows[m.tariff].get(place));
                _accrueContracts(
                    acc, prices, offers & mask, bought & mask, sold & mask, imports & mask, buys & mask
                );
                place += count;
            }
        }
    }

    /// @dev What was not delivered costs more than energy, and what was not consumed fetches more than the feed-in
    /// price; in most rows one of them or both do not. `rest` is what of the offers was not filled: what is missing
    /// buys, what is left sells. Imports beyond what was offered to be bought have not borne their charges yet.
    function _accrueContracts(
        Accrual memory acc,
        uint256 prices,
        uint256 rest,
        uint256 bought,
        uint256 sold,
        uint256 imports,
        uint256 buys
    ) private pure {
        // Sums of eight volumes have 30 bits, prices 34 at most.
        unchecked {
            int256 more = int256(LaneWords.sum(imports)) - int256(LaneWords.sum(buys));
            int256 nano = more * int40(uint40(prices));
            acc.networkNano += more * int40(uint40(prices >> 40));
            int256 undelivered = int40(uint40(prices >> 80));
            if (undelivered != 0 && sold != 0) {
                uint256 sellers = (LaneWords.sidesOf(sold) >> 27) * LaneWords.MAX_WH;
                (uint256 missing,) = LaneWords.parted(rest);
                uint256 wh = LaneWords.sum(LaneWords.above(missing & sellers, imports & sellers));
                nano += int256(wh) * undelivered;
            }
            int256 unconsumed = int40(uint40(prices >> 120));
            if (unconsumed != 0 && bought != 0) {
                (, uint256 left) = LaneWords.parted(rest);
                uint256 over = LaneWords.above(bought, imports);
                nano -= int256(LaneWords.sum(over - LaneWords.above(over, left))) * unconsumed;
            }
            acc.supplierNano -= nano;
        }
    }

    /// @dev Settles the offers in `slots` lanes of one word from a place of the table on, in runs of slots with one
    /// quote; returns the filled lanes.
    function _settleLanes(
        Run memory run,
        Member memory m,
        Accrual memory acc,
        uint256[] memory runs,
        uint256 word,
        uint256 place,
        uint256 slots
    ) private pure returns (uint256 fills) {
        if (word & LaneWords.VOLUMES == 0) return 0;
        if (run.island) return _settleIsland(run, m, acc, word, place, slots);
        bool hourly = m.hourly.length != 0;
        // Slots have 32 bits, lanes are eight.
        unchecked {
            for (uint256 end = place + slots; place < end;) {
                uint256 count = hourly ? 1 : runs.get(place);
                Quote quote = Context.quoteAt(run.env, run.table, m, place);
                if (count > end - place) count = end - place;
                if (count == WINDOW) return _settleRun(run, acc, quote, word, place);
                fills |= _settleRun(run, acc, quote, LaneWords.part(word, place % WINDOW, count), place);
                place += count;
            }
        }
    }

    /// @dev The same slot by slot, where some are in an island: there buys stand at other ticks.
    function _settleIsland(
        Run memory run,
        Member memory m,
        Accrual memory acc,
        uint256 word,
        uint256 place,
        uint256 slots
    ) private pure returns (uint256 fills) {
        for (uint256 end = place + slots; place < end; ++place) {
            Quote quote = Context.quoteAt(run.env, run.table, m, place);
            if (ResultWord.wrap(run.results.get(place)).isIsland()) quote = quote.inIsland(run.comesFirst);
            fills |= _settleRun(run, acc, quote, LaneWords.part(word, place % WINDOW, 1), place);
        }
    }

    /// @dev Settles lanes with one quote: ends their locks, pays what was filled, and leaves the rest to the
    /// supplier; every Wh bought is an imported one.
    function _settleRun(Run memory run, Accrual memory acc, Quote quote, uint256 lanes, uint256 place)
        private
        pure
        returns (uint256 fills)
    {
        (uint256 buys, uint256 sells) = LaneWords.parted(lanes);
        // Sums of eight volumes have 30 bits, prices 34 at most: nothing here comes near 256 bits.
        unchecked {
            if (buys != 0) {
                (uint256 whole, uint256 part) =
                    CutWord.wrap(run.cuts.get(place / WINDOW)).takenBuys(quote.buyTick());
                fills = buys & (whole * LaneWords.MAX_WH);
                part = buys & (part * LaneWords.MAX_WH);
                if (part != 0) fills |= _rationed(run.results, part, place);
                uint256 wh = LaneWords.sum(buys);
                uint256 filled = fills == buys ? wh : LaneWords.sum(fills);
                acc.supplierNano -= int256(wh - filled) * quote.energy() + int256(wh) * quote.charges();
                acc.networkNano += int256(wh) * quote.network();
                acc.releaseNano += wh * quote.buyLock();
                if (filled != 0) {
                    uint256 price = run.prices.get(place & ~(WINDOW - 1));
                    if (int256(price) >= Outcomes.DIFFER) _payApart(run, acc, true, place, fills, filled);
                    else _payFill(run, acc, -int256(price), filled, run.env.buyFeeNano);
                }
            }
            if (sells != 0) {
                (uint256 whole, uint256 part) =
                    CutWord.wrap(run.sellCuts.get(place / WINDOW)).takenSells(quote.sellTick());
                uint256 sold = sells & (whole * LaneWords.MAX_WH);
                part = sells & (part * LaneWords.MAX_WH);
                if (part != 0) sold |= _rationed(run.sellResults, part, place);
                uint256 wh = LaneWords.sum(sells);
                uint256 filled = sold == sells ? wh : LaneWords.sum(sold);
                acc.supplierNano += int256(wh - filled) * quote.feedIn();
                acc.releaseNano += wh * quote.sellLock();
                if (filled == 0) return fills;
                uint256 price = run.sellPrices.get(place & ~(WINDOW - 1));
                if (int256(price) >= Outcomes.DIFFER) _payApart(run, acc, false, place, sold, filled);
                else _payFill(run, acc, int256(price), filled, run.env.sellFeeNano);
                fills |= sold | LaneWords.sidesOf(sold);
            }
        }
    }

    /// @dev The fills of volumes in the slots of a window in which their limit is rationed.
    function _rationed(uint256[] memory results, uint256 volumes, uint256 place)
        private
        pure
        returns (uint256 fills)
    {
        place -= place % WINDOW;
        unchecked {
            for (uint256 shift; volumes >> shift != 0; shift += LaneWords.LANE_BITS) {
                uint256 wh = (volumes >> shift) & LaneWords.LANE_MASK;
                if (wh != 0) {
                    (uint256 filled, ResultWord next) = TickBook.ration(ResultWord.wrap(results.get(place)), wh);
                    results.set(place, ResultWord.unwrap(next));
                    fills |= filled << shift;
                }
                ++place;
            }
        }
    }

    /// @dev What the neighbours take and give for fills of one side, `wh` in all, at one price less the fee.
    function _payFill(Run memory run, Accrual memory acc, int256 earnedNano, uint256 wh, int256 feeNano)
        private
        pure
    {
        unchecked {
            int256 nano = int256(wh) * (earnedNano - feeNano);
            if (nano >= 0) acc.incomeNano += uint256(nano);
            else acc.payNano += uint256(-nano);
            run.batch.feesNano += wh * uint256(feeNano);
        }
    }

    /// @dev The same in a window whose slots have different prices.
    function _payApart(Run memory run, Accrual memory acc, bool buys, uint256 place, uint256 fills, uint256 wh)
        private
        pure
    {
        // Sums of eight volumes have 30 bits, prices 32.
        unchecked {
            int256 feeNano = buys ? run.env.buyFeeNano : run.env.sellFeeNano;
            uint256[] memory prices = buys ? run.prices : run.sellPrices;
            place &= ~(WINDOW - 1);
            int256 least = int32(uint32(prices.get(place)));
            // What is paid and what is earned are told apart.
            if (least < (buys ? -feeNano : feeNano)) return _payEach(run, acc, buys, place, fills);
            int256 nano = int256(wh) * least
                + int256(LaneWords.dot(fills, prices.get(place + 1), prices.get(place + 2)));
            uint256 feesNano = wh * uint256(feeNano);
            if (buys) acc.payNano += uint256(nano) + feesNano;
            else acc.incomeNano += uint256(nano) - feesNano;
            run.batch.feesNano += feesNano;
        }
    }

    /// @dev The same slot by slot, where prices have both signs, or lie far apart.
    function _payEach(Run memory run, Accrual memory acc, bool buys, uint256 place, uint256 fills) private pure {
        uint256[] memory results = buys ? run.results : run.sellResults;
        int256 feeNano = buys ? run.env.buyFeeNano : run.env.sellFeeNano;
        for (uint256 lane; lane < WINDOW; ++lane) {
            (uint256 wh,) = LaneWord.wrap(fills).lane(lane);
            int256 price = ResultWord.wrap(results.get(place + lane)).price();
            _payFill(run, acc, buys ? -price : price, wh, feeNano);
        }
    }

    /// @dev How many slots from each on have the same quote; finds out what contracts change, once for each tariff.
    function _runsOf(Run memory run, uint256 tariff) private pure returns (uint256[] memory runs) {
        runs = run.table.runs[tariff];
        // Who takes no part has no tariff.
        if (!run.forward.any || runs.length == 0) return runs;
        if (tariff >= run.deviations.length) _makeRoom(run, 2 * (tariff + 1));
        if (run.deviations[tariff].length == 0) run.deviations[tariff] = _deviationsOf(run, tariff);
    }

    function _makeRoom(Run memory run, uint256 tariffs) private pure {
        uint256[][] memory deviations = new uint256[][](tariffs);
        for (uint256 i; i < run.deviations.length; ++i) deviations[i] = run.deviations[i];
        run.deviations = deviations;
    }

    /// @dev By window of a tariff, where it is the same in all slots (else zero): what contracts change, see
    /// `_settleContracts`. Charges, network charge, and what undelivered and unconsumed energy costs and fetches more
    /// (int40 each, the first lowest), and a bit above them.
    function _deviationsOf(Run memory run, uint256 tariff) private pure returns (uint256[] memory words) {
        words = new uint256[](run.windows);
        uint256[] memory rows = run.table.rows[tariff];
        uint256[] memory runs = run.table.runs[tariff];
        for (uint256 w; w < words.length; ++w) {
            uint256 first = _deviationsAt(run, rows[w * WINDOW]);
            uint256 i = w * WINDOW;
            do i += runs[i];
            while (i < (w + 1) * WINDOW && _deviationsAt(run, rows[i]) == first);
            if (i >= (w + 1) * WINDOW) words[w] = first;
        }
    }

    function _deviationsAt(Run memory run, uint256 raw) private pure returns (uint256) {
        TariffWord row = TariffWord.wrap(raw);
        int256 undelivered = Account.undeliveredMore(run.forward, row);
        int256 unconsumed = Account.unconsumedMore(run.forward, row);
        return uint256(uint40(int40(row.charges()))) | (uint256(uint40(int40(row.network()))) << 40)
            | (uint256(uint40(int40(undelivered))) << 80) | (uint256(uint40(int40(unconsumed))) << 120) | (1 << 160);
    }

    /// @dev The layers that most windows do not have: sells of slots that have both sides, what was withheld, and
    /// imports where they are not what was bought and withheld. `fills` are those of the first layer.
    function _settleLayers(
        Run memory run,
        Member memory m,
        Accrual memory acc,
        Part memory part,
        uint256 slot,
        uint256 slots,
        uint256 fills
    ) private pure {
        uint256 place = slot - run.table.firstSlot;
        uint256[] memory runs = run.table.runs[m.tariff];
        uint256 second = _settleLanes(run, m, acc, runs, LaneWord.unwrap(part.layers[SECOND]), place, slots);
        part.fills[1] |= second;
        for (uint256 i; i < slots; ++i) {
            uint256 lane = (slot + i) % WINDOW;
            Quote quote = Context.quoteAt(run.env, run.table, m, place + i);
            (uint256 missingWh,) = part.layers[WITHHELD_BUY].lane(lane);
            (uint256 leftWh,) = part.layers[WITHHELD_SELL].lane(lane);
            Account.accrueSupplier(acc, quote, missingWh, leftWh, missingWh);
            if (part.word & LaneWords.IMPORTS == 0) continue;
            _settleImport(acc, part, quote, lane, missingWh);
            if (LaneWords.signedAt(part.contracts, lane) == 0) continue;
            int256 offered = LaneWords.signedAt(part.word, lane) - LaneWords.signedAt(fills, lane);
            if (offered > 0) missingWh += uint256(offered);
            else leftWh += uint256(-offered);
            (uint256 offeredWh,) = part.layers[SECOND].lane(lane);
            (uint256 soldWh,) = LaneWord.wrap(second).lane(lane);
            leftWh += offeredWh - soldWh;
            _settleDeviation(run, m, acc, part, place + i, missingWh, leftWh);
        }
    }

    /// @dev Charges fall on what was imported, which contracts make more or less than what was offered or withheld.
    function _settleImport(Accrual memory acc, Part memory part, Quote quote, uint256 lane, uint256 withheldWh)
        private
        pure
    {
        int256 offered = LaneWords.signedAt(part.word, lane);
        int256 more = LaneWords.signedAt(LaneWord.unwrap(part.layers[IMPORTS]), lane) - int256(withheldWh);
        if (offered > 0) more -= offered;
        acc.supplierNano -= more * quote.charges();
        acc.networkNano += more * quote.network();
    }

    function _settleDeviation(
        Run memory run,
        Member memory m,
        Accrual memory acc,
        Part memory part,
        uint256 place,
        uint256 missingWh,
        uint256 leftWh
    ) private pure {
        uint256 lane = place % WINDOW;
        (uint256 importWh,) = part.layers[IMPORTS].lane(lane);
        Account.accrueDeviation(
            acc,
            run.forward,
            TariffWord.wrap(run.table.rows[m.tariff][place]),
            LaneWords.signedAt(part.contracts, lane),
            missingWh,
            leftWh,
            importWh
        );
    }

    /// @dev New terms or limits from `slot` on; another owner or tariff begins another entry.
    function _nextTerms(Run memory run, Member memory m, Accrual memory acc, uint256 slot) private {
        (address owner, uint256 tariff) = (m.owner, m.tariff);
        Context.loadMember(run.env, run.table, m, slot);
        _runsOf(run, m.tariff);
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
        if (run.forward.any && cursor == members) {
            run.env.core.forward.finish(market, uint32(run.firstWindow), uint32(run.windows));
        }
        for (uint256 i; i < run.windows; ++i) {
            uint256 window = run.firstWindow + i;
            ISettlement.Window storage w = state.windows[market][window % RING];
            w.cursor = cursor;
            if (cursor == members) w.phase = ISettlement.Phase.Settled;
        }
        if (!whole) {
            Outcomes.keep(state, market, run.firstWindow, run.results, run.sellResults);
        }
        emit ISettlement.WindowsSettled(market, uint32(run.firstWindow), uint32(run.windows), cursor);
    }
}
