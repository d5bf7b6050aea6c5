// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {RulesWord, RulesWords, SeatWord, SeatWords} from "../../contracts/forward/ForwardTypes.sol";
import {
    MemberWord,
    MemberWords,
    Quote,
    Quotes,
    ResultWord,
    ResultWords,
    StatedWord,
    StatedWords,
    TariffWord
} from "../../contracts/libraries/Packed.sol";
import {Pairs} from "../../contracts/libraries/Pairs.sol";
import {PartWord, PartWords} from "../../contracts/libraries/PartWords.sol";
import {vm} from "./Cheats.sol";

/// @title Records packed into words: every field comes back as it was, and a change of one touches no other
contract WordProofs {
    mapping(uint256 place => ResultWord) private _results;
    mapping(uint256 place => ResultWord) private _sellResults;

    /// @dev P13: of a result only the carry changes from member to member.
    function check_P13_carryAlone(uint256 word, uint256 carry) external pure {
        vm.assume(carry < 1 << 48);
        ResultWord next = ResultWord.wrap(word).withCarry(carry);
        assert(next.carry() == carry);
        uint256 field = uint256((1 << 48) - 1) << 200;
        assert(ResultWord.unwrap(next) & ~field == word & ~field);
    }

    /// @dev A slot without trade keeps its price, below zero too, and fills nobody.
    function check_P9_untradedKeepsThePrice(int32 price) external pure {
        ResultWord word = ResultWords.untraded(price);
        assert(word.price() == price && !word.traded() && word.matchedWh() == 0 && !word.isApart());
        assert(word.inIsland().isIsland() && word.inIsland().price() == price);
    }

    /// @dev P14: both results of a slot come back as they were put, whether one word holds them or two.
    function check_P14_pairIsKept(uint256 a, uint256 b, uint256 place) external {
        vm.assume(a & ResultWords.APART != 0);
        // As `Joins.both` and `TickBook.matchAt` make them: no bit beyond the fields of a result, a carry of zero; the
        // first is that of the buys.
        vm.assume(a & ResultWords.BUY_RATIONED != 0);
        uint256 fields = (uint256(1) << 200) - 1 - (uint256(0x1f) << 51);
        vm.assume(a & ~(fields | ResultWords.ISLAND) == 0 && b & ~fields == 0);
        // Twice, so that a word of an earlier turn of the ring is in the way.
        Pairs.put(_results, _sellResults, place, ResultWord.wrap(b), ResultWord.wrap(a));
        Pairs.put(_results, _sellResults, place, ResultWord.wrap(a), ResultWord.wrap(b));
        (ResultWord first, ResultWord second) = Pairs.get(_results, _sellResults, place);
        assert(ResultWord.unwrap(first) == a && ResultWord.unwrap(second) == b);
    }

    /// @dev P27: a member's terms.
    function check_P27_memberIsKept(uint32 meter, uint32 until, uint16 supplier, uint16 tariff, address owner)
        external
        pure
    {
        MemberWord word = MemberWords.pack(meter, until, supplier, tariff, owner);
        assert(word.meter() == meter && word.untilSlot() == until && word.supplier() == supplier);
        assert(word.tariff() == tariff && word.owner() == owner);
    }

    /// @dev P9: what a member has stated.
    function check_P9_statedIsKept(uint32 index, bool active, bool grade, int32 buy, int32 sell, uint32 version)
        external
        pure
    {
        StatedWord word = StatedWords.pack(index, active, grade).withLimits(buy, sell, version);
        assert(word.index() == index && word.isActive() == active && word.isBillingGrade() == grade);
        assert(word.buyNano() == buy && word.sellNano() == sell && word.hourlyVersion() == version);
    }

    /// @dev P9: a quote has its tariff's prices, and limits of its own; charges are exact.
    function check_P9_quoteIsKept(uint256 row, int32 buy, int32 sell, uint16 buyTick, uint16 sellTick) external pure {
        TariffWord tariff = TariffWord.wrap(row);
        Quote quote = Quotes.from(tariff).withLimits(buy, sell, buyTick, sellTick);
        assert(quote.energy() == tariff.energy() && quote.feedIn() == tariff.feedIn());
        assert(quote.network() == tariff.network() && quote.charges() == tariff.charges());
        assert(quote.grossBuy() == buy && quote.grossSell() == sell);
        assert(quote.buyTick() == buyTick && quote.sellTick() == sellTick);
        assert(int256(quote.buyLock()) == (buy > 0 ? int256(buy) : int256(0)));
        assert(int256(quote.sellLock()) == (sell < 0 ? -int256(sell) : int256(0)));
    }

    /// @dev P9: of two quotes the stricter limits, each with its tick.
    function check_P9_stricterLimits(uint256 a, uint256 b) external pure {
        (Quote quote, Quote own) = (Quote.wrap(a), Quote.wrap(b));
        Quote both = quote.tightened(own);
        bool lower = own.grossBuy() < quote.grossBuy();
        bool higher = own.grossSell() > quote.grossSell();
        assert(both.grossBuy() == (lower ? own.grossBuy() : quote.grossBuy()));
        assert(both.buyTick() == (lower ? own.buyTick() : quote.buyTick()));
        assert(both.grossSell() == (higher ? own.grossSell() : quote.grossSell()));
        assert(both.sellTick() == (higher ? own.sellTick() : quote.sellTick()));
        assert(Quote.unwrap(both) >> 96 == a >> 96);
    }

    /// @dev P12: in an area without grid the highest tick is that of critical loads at their tariff alone.
    function check_P12_islandTick(uint256 a, bool first) external pure {
        Quote quote = Quote.wrap(a);
        uint256 tick = quote.inIsland(first).buyTick();
        bool critical = first && quote.buysAtTariff();
        assert(critical ? tick == 255 : tick <= 254);
        assert(critical || tick == quote.buyTick() || quote.buyTick() > 254);
    }

    /// @dev The parameters of an auction.
    function check_P25_rulesAreKept(IForwardAuction.AuctionParams memory p) external pure {
        vm.assume(p.gateSeconds < 1 << 20 && p.firmSeconds < 1 << 20 && p.voidSeconds < 1 << 20);
        vm.assume(p.kPpm < 1 << 20 && p.lotWh < 1 << 8);
        RulesWord word = RulesWords.pack(p);
        assert(word.exists() && !word.isPaused() && !word.inTree());
        word = word.withPaused(true).withTree();
        assert(word.isPaused() && word.inTree() && !word.withPaused(false).isPaused());
        IForwardAuction.AuctionParams memory q = word.unpacked(p.market);
        assert(q.market == p.market && q.gate == p.gate && q.gateSeconds == p.gateSeconds);
        assert(q.firmSeconds == p.firmSeconds && q.voidSeconds == p.voidSeconds && q.kPpm == p.kPpm);
        assert(q.lotWh == p.lotWh && q.floorNano == p.floorNano && q.tickNano == p.tickNano);
        assert(q.capNano == p.capNano && q.surplusNano == p.surplusNano);
    }

    /// @dev P3, P23: whose seat it is, in which windows, and his last sequence number.
    function check_P23_seatIsKept(
        address owner,
        uint32 sequence,
        uint32 later,
        uint256 index,
        uint256 from,
        uint256 until,
        uint256 window
    ) external pure {
        vm.assume(index < 1 << 20 && from < 1 << 20 && until < 1 << 20 && window < 1 << 20);
        SeatWord seat = SeatWords.pack(owner, sequence, index, from, until);
        assert(seat.owner() == owner && seat.sequence() == sequence && seat.index() == index);
        assert(seat.covers(window) == (window >= from && window < until));
        SeatWord next = seat.withSequence(later);
        assert(next.sequence() == later && next.owner() == owner && next.index() == index);
        assert(next.covers(window) == seat.covers(window));
    }

    /// @dev P3: a seat that has been ended covers nothing from there on, and nothing that it did not cover before.
    function check_P3_endedSeat(uint256 word, uint256 end, uint256 window) external pure {
        vm.assume(word >> 252 == 0 && end < 1 << 20 && window < 1 << 20);
        SeatWord seat = SeatWord.wrap(word);
        SeatWord ended = seat.endedAt(end);
        assert(ended.covers(window) == (seat.covers(window) && window < end));
        assert(ended.owner() == seat.owner() && ended.sequence() == seat.sequence());
    }

    /// @dev What an auction above fills of a slot and side.
    function check_P8_partIsKept(
        uint256 slot,
        bool sell,
        int32 price,
        uint8 tick,
        uint48 fill,
        uint48 left,
        uint48 lots,
        uint48 carry
    ) external pure {
        vm.assume(slot < 8);
        PartWord part = PartWords.pack(slot, sell ? 1 : 0, price, tick, fill, left, lots).withCarry(carry);
        assert(part.slotOf() == slot && part.sells() == sell && part.price() == price && part.tick() == tick);
        assert(part.fill() == fill && part.left() == left && part.lots() == lots && part.carry() == carry);
        assert(part.edges() == 0 && part.lane() == slot * 2 + (sell ? 1 : 0));
    }
}
