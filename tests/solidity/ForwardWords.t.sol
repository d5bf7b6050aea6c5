// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {RulesWord, RulesWords, SeatWord, SeatWords} from "../../contracts/forward/ForwardTypes.sol";
import {
    CutWord,
    CutWords,
    LaneWords,
    OrderWord,
    OrderWords,
    ResultWord,
    ResultWords
} from "../../contracts/libraries/Packed.sol";
import {TickBook} from "../../contracts/libraries/TickBook.sol";
import {Base} from "./Base.sol";
import {Fills} from "./Fills.sol";
import {Naive} from "./Naive.sol";

/// @dev The words of the forward auction against loops over lanes, and its matching against lists.
contract ForwardWordsTest is Base {
    using TickBook for TickBook.Book;
    using RulesWords for IForwardAuction.AuctionParams;

    int256 private constant FLOOR = -50;
    int256 private constant TICK = 3;

    /* LANES OF WH */

    /// @dev Eight figures within `most`, with zeros, ones and the bound itself in good number.
    function _figures(
        uint256 most
    ) private returns (uint256[8] memory xs) {
        for (uint256 i; i < 8; ++i) {
            uint256 kind = chance(6);
            xs[i] = kind == 0 ? 0 : kind == 1 ? most : kind == 2 ? most - 1 : kind == 3 ? 1 : chance(most + 1);
        }
    }

    function _joined(
        uint256[8] memory xs
    ) private pure returns (uint256 word) {
        for (uint256 i; i < 8; ++i) {
            word += xs[i] * 2 ** (28 * i);
        }
    }

    function _signed(
        uint256 most
    ) private returns (int256[8] memory xs) {
        uint256[8] memory sizes = _figures(most);
        for (uint256 i; i < 8; ++i) {
            xs[i] = chance(2) == 0 ? int256(sizes[i]) : -int256(sizes[i]);
        }
    }

    /// @dev Lanes of side and Wh.
    function _lanes(
        int256[8] memory xs
    ) private pure returns (uint256 word) {
        for (uint256 i; i < 8; ++i) {
            word += (xs[i] < 0 ? 2 ** 27 + uint256(-xs[i]) : uint256(xs[i])) * 2 ** (28 * i);
        }
    }

    function testFuzz_netted(
        uint256 seed
    ) public {
        seedChance(seed);
        (uint256[8] memory plus, uint256[8] memory minus) = (_figures(2 ** 27 - 1), _figures(2 ** 27 - 1));
        for (uint256 i; i < 8; ++i) {
            if (chance(4) == 0) minus[i] = plus[i];
        }
        int256[8] memory want;
        uint256[8] memory more;
        for (uint256 i; i < 8; ++i) {
            want[i] = int256(plus[i]) - int256(minus[i]);
            more[i] = plus[i] > minus[i] ? plus[i] - minus[i] : 0;
        }
        uint256 got = LaneWords.netted(_joined(plus), _joined(minus));
        vm.assertEq(got, _lanes(want), "netted; a lane of nothing buys");
        vm.assertEq(LaneWords.above(_joined(plus), _joined(minus)), _joined(more), "above");
        for (uint256 i; i < 8; ++i) {
            vm.assertEq(LaneWords.signedAt(got, i), want[i], "signedAt");
        }
    }

    function testFuzz_differenceAndTogether(
        uint256 seed
    ) public {
        seedChance(seed);
        // Together two lanes stay below 2^27.
        (int256[8] memory a, int256[8] memory b) = (_signed(2 ** 26), _signed(2 ** 26 - 1));
        int256[8] memory less;
        int256[8] memory more;
        for (uint256 i; i < 8; ++i) {
            if (chance(4) == 0) b[i] = a[i] == 2 ** 26 || a[i] == -(2 ** 26) ? int256(0) : a[i];
            (less[i], more[i]) = (a[i] - b[i], a[i] + b[i]);
        }
        vm.assertEq(LaneWords.together(_lanes(a), _lanes(b)), _lanes(more), "together");
    }

    /// @dev A sell of nothing, which a lowered offer leaves behind, is nothing.
    function test_sellsOfNothing() public pure {
        uint256 none = 2 ** 27;
        vm.assertEq(LaneWords.signedAt(none, 0), 0, "signedAt");
        vm.assertEq(LaneWords.together(none, 5), 5, "together");
    }

    function test_spread() public pure {
        for (uint256 mask; mask < 256; ++mask) {
            uint256 want;
            for (uint256 i; i < 8; ++i) {
                if ((mask >> i) % 2 == 1) want += (2 ** 28 - 1) * 2 ** (28 * i);
            }
            vm.assertEq(LaneWords.spread(mask), want, "spread");
        }
    }

    function testFuzz_partedSumSides(
        uint256 seed
    ) public {
        seedChance(seed);
        int256[8] memory xs = _signed(2 ** 27 - 1);
        uint256[8] memory buys;
        uint256[8] memory sells;
        uint256 total;
        uint256 sides;
        for (uint256 i; i < 8; ++i) {
            if (xs[i] > 0) buys[i] = uint256(xs[i]);
            if (xs[i] < 0) sells[i] = uint256(-xs[i]);
            total += buys[i];
            if (buys[i] != 0) sides += 2 ** (28 * i + 27);
        }
        (uint256 b, uint256 s) = LaneWords.parted(_lanes(xs));
        vm.assertEq(b, _joined(buys), "buys");
        vm.assertEq(s, _joined(sells), "sells");
        vm.assertEq(LaneWords.sum(b), total, "sum");
        vm.assertEq(LaneWords.sidesOf(b), sides, "sidesOf");
    }

    /* ORDERS AND CUTS */

    function _order() private returns (uint256) {
        return chance(4) == 0
            ? 0
            : (1 + chance(2 ** 19 - 1)) + (chance(2) == 0 ? chance(256) : 100 + chance(6)) * 2 ** 19 + chance(2) * 2
                ** 27;
    }

    function testFuzz_orderWords(
        uint256 seed
    ) public {
        seedChance(seed);
        uint256[8] memory orders;
        for (uint256 i; i < 8; ++i) {
            orders[i] = _order();
        }
        uint256 window = chance(2 ** 20);
        OrderWord word = OrderWords.pack(window, _joined(orders));
        vm.assertTrue(word.isWindow(window) && !word.isWindow(window ^ 1), "window");
        vm.assertEq(word.lanesOf(window), _joined(orders), "lanes");
        vm.assertEq(word.lanesOf(window ^ 1), 0, "of another window: nothing");
        uint256 k = chance(8);
        uint256 next = _order();
        uint256 lanes = OrderWords.withLane(word.lanesOf(window), k, next);
        orders[k] = next;
        vm.assertEq(lanes, _joined(orders), "withLane");
        for (uint256 i; i < 8; ++i) {
            uint256 lane = OrderWords.lane(lanes, i);
            vm.assertEq(lane, orders[i], "lane");
            vm.assertEq(OrderWords.lots(lane), orders[i] % 2 ** 19, "lots");
            vm.assertEq(OrderWords.tick(lane), (orders[i] / 2 ** 19) % 256, "tick");
            vm.assertTrue(OrderWords.sells(lane) == (orders[i] >= 2 ** 27), "side");
        }
    }

    function testFuzz_dot(
        uint256 seed
    ) public {
        seedChance(seed);
        (uint256[8] memory lots, uint256[8] memory figures) = (_figures(2 ** 19 - 1), _figures(2 ** 28 - 1));
        uint256 want;
        for (uint256 i; i < 8; ++i) {
            want += lots[i] * figures[i];
        }
        (uint256 even, uint256 odd) = LaneWords.reversed(_joined(figures));
        vm.assertEq(LaneWords.dot(_joined(lots), even, odd), want, "dot of reversed lanes");
        // Figures of 35 bits in their fields.
        uint256[8] memory large = _figures(2 ** 35 - 1);
        (want, even, odd) = (0, 0, 0);
        for (uint256 i; i < 8; ++i) {
            want += lots[i] * large[i];
            uint256 field = large[i] * 2 ** (56 * (3 - i / 2));
            if (i % 2 == 0) even += field;
            else odd += field;
        }
        vm.assertEq(LaneWords.dot(_joined(lots), even, odd), want, "dot of large figures");
    }

    /// @dev What each kind of result fills of each kind of order, by the words of the interface.
    function testFuzz_P12_cutWords(
        uint256 seed
    ) public {
        seedChance(seed);
        uint256[8] memory orders;
        uint256 cuts;
        uint256[3] memory want;
        for (uint256 i; i < 8; ++i) {
            orders[i] = _order();
            ResultWord result = _result();
            cuts += CutWords.laneOf(result) * 2 ** (28 * i);
            (uint256 buys, uint256 sells, bool part) = _fate(orders[i], result);
            want[0] += buys * 2 ** (28 * i);
            want[1] += sells * 2 ** (28 * i);
            if (part) want[2] += (2 ** 19 - 1) * 2 ** (28 * i);
        }
        uint256 lanes = _joined(orders);
        (uint256 lots, uint256 rationed) = CutWord.wrap(cuts).filled(lanes);
        vm.assertEq(lots ^ OrderWords.soldOf(lanes, lots), want[0], "buys");
        vm.assertEq(OrderWords.soldOf(lanes, lots), want[1], "sells");
        // Of lanes without an order the mask says nothing.
        uint256 there;
        for (uint256 i; i < 8; ++i) {
            if (orders[i] % 2 ** 19 != 0) there += (2 ** 19 - 1) * 2 ** (28 * i);
        }
        vm.assertEq(rationed & there, want[2] & there, "rationed");
    }

    function _result() private returns (ResultWord) {
        if (chance(5) == 0) return ResultWords.untraded(int256(chance(1000)));
        uint256 sellTick = chance(2) == 0 ? chance(256) : 100 + chance(6);
        uint256 buyTick = chance(2) == 0 ? sellTick + chance(256 - sellTick) : sellTick + chance(3);
        if (buyTick > 255) buyTick = 255;
        uint256 live = 1 + chance(2 ** 20);
        uint256 fill = chance(3) == 0 ? live : 1 + chance(live);
        bool buyRationed = fill != live && chance(2) == 0;
        return ResultWord.wrap(
            chance(2 ** 32) + buyTick * 2 ** 32 + sellTick * 2 ** 40 + 2 ** 48 + (buyRationed ? 2 ** 49 : 0)
                + chance(2 ** 47) * 2 ** 56 + fill * 2 ** 104 + live * 2 ** 152
        );
    }

    function _fate(
        uint256 order,
        ResultWord result
    ) private pure returns (uint256 buys, uint256 sells, bool part) {
        uint256 lots = order % 2 ** 19;
        uint256 tick = (order / 2 ** 19) % 256;
        if (!result.traded()) return (0, 0, false);
        bool rationed = result.fillWh() != result.liveWh();
        if (order >= 2 ** 27) {
            if (tick <= result.sellTick()) sells = lots;
            part = rationed && !result.buyRationed() && tick == result.sellTick();
        } else {
            if (tick >= result.buyTick()) buys = lots;
            part = rationed && result.buyRationed() && tick == result.buyTick();
        }
    }

    function test_untradedCut() public pure {
        uint256[8] memory full;
        for (uint256 i; i < 8; ++i) {
            full[i] = (2 ** 19 - 1) + 255 * 2 ** 19 + (i % 2) * 2 ** 27;
        }
        (uint256 lots, uint256 rationed) = CutWord.wrap(CutWords.UNTRADED).filled(_joined(full));
        vm.assertEq(lots | rationed, 0, "nothing");
    }

    /* RULES AND SEATS */

    function testFuzz_P25_rules(
        uint256 seed
    ) public {
        seedChance(seed);
        IForwardAuction.AuctionParams memory p;
        p.market = bytes32(seed);
        p.gate = IForwardAuction.Gate(chance(2));
        (p.gateSeconds, p.firmSeconds) = (uint32(chance(7 days + 1)), uint32(chance(7 days + 1)));
        (p.voidSeconds, p.kPpm) = (uint32(1 + chance(7 days)), uint32(chance(1_000_001)));
        p.lotWh = uint32(1 + chance(128));
        p.floorNano = chance(3) == 0 ? type(int32).min : int32(int256(chance(2 ** 31))) - 2 ** 30;
        uint256 room = uint256(int256(type(int32).max) - p.floorNano) / 255;
        if (room > 2 ** 31 - 1) room = 2 ** 31 - 1;
        p.tickNano = uint32(chance(3) == 0 ? room : 1 + chance(room));
        int256 top = p.floorNano + 255 * int256(uint256(p.tickNano));
        p.capNano = int32(chance(2) == 0 ? top : top + int256(chance(uint256(type(int32).max - top) + 1)));
        p.surplusNano = chance(3) == 0 ? type(int32).min : -int32(int256(chance(2 ** 30)));
        RulesWord rules = p.pack();
        vm.assertEq(keccak256(abi.encode(rules.unpacked(p.market))), keccak256(abi.encode(p)), "parameters come back");
        RulesWord paused = rules.withPaused(true);
        vm.assertTrue(paused.isPaused() && !rules.isPaused() && rules.exists(), "paused");
        vm.assertEq(
            bytes32(RulesWord.unwrap(paused.withPaused(false))), bytes32(RulesWord.unwrap(rules)), "and nothing else"
        );
        uint256 want;
        uint256[8] memory orders;
        for (uint256 i; i < 8; ++i) {
            orders[i] = chance(8) == 0 ? 2 ** 27 - 1 + chance(2) * 2 ** 27 : _order();
            int256 limit = p.floorNano + int256((orders[i] / 2 ** 19) % 256) * int256(uint256(p.tickNano));
            int256 each = orders[i] >= 2 ** 27 ? p.capNano - limit : limit - p.surplusNano;
            int256 other = orders[i] >= 2 ** 27 ? -limit : limit;
            if (other > each) each = other;
            if (each < 0) each = 0;
            vm.assertEq(rules.eachNano(orders[i] >= 2 ** 27, limit), uint256(each), "P25: of one Wh");
            want += (orders[i] % 2 ** 19) * p.lotWh * uint256(each);
        }
        vm.assertEq(rules.collateral(_joined(orders)), want, "P25: of eight orders");
    }

    function testFuzz_seats(
        address owner,
        uint32 sequence,
        uint32 next,
        uint256 seed
    ) public {
        seedChance(seed);
        uint256 index = chance(2 ** 20);
        uint256 from = chance(2 ** 20);
        uint256 until = from + chance(2 ** 20 - from);
        SeatWord seat = SeatWords.pack(owner, sequence, index, from, until).withSequence(next);
        vm.assertEq(seat.owner(), owner, "owner");
        vm.assertEq(seat.sequence(), next, "sequence");
        vm.assertEq(seat.index(), index, "index");
        uint256 end = chance(2 ** 20);
        SeatWord ended = seat.endedAt(end);
        vm.assertTrue(ended.owner() == owner && ended.sequence() == next && ended.index() == index, "the rest stays");
        uint256[6] memory windows =
            [chance(2 ** 20), from, until, end, from == 0 ? 0 : from - 1, until == 0 ? 0 : until - 1];
        for (uint256 i; i < 6; ++i) {
            bool inside = windows[i] >= from && windows[i] < until;
            vm.assertTrue(seat.covers(windows[i]) == inside, "covers");
            vm.assertTrue(ended.covers(windows[i]) == (inside && windows[i] < end), "ended");
        }
    }

    /* MATCHING */

    function _offers(
        uint256 n,
        uint256 span
    ) private returns (Naive.Offer[] memory offers) {
        offers = new Naive.Offer[](n);
        uint256 base = chance(257 - span);
        for (uint256 i; i < n; ++i) {
            uint256 size = chance(4);
            uint256 lots = size == 0 ? 1 : size == 1 ? 1 + chance(10) : size == 2 ? 1 + chance(500) : 2 ** 19 - 1;
            offers[i] = Naive.Offer(chance(2) == 0, base + chance(span), lots);
        }
    }

    function _raw(
        Naive.Offer memory o
    ) private pure returns (uint256) {
        return o.wh + o.tick * 2 ** 19 + (o.sell ? 2 ** 27 : 0);
    }

    function _checkBook(
        uint256 n,
        uint256 span,
        uint256 slot
    ) private returns (bool traded, bool rationed) {
        Naive.Offer[] memory offers = _offers(n, span);
        uint256 kPpm = chance(3) == 0 ? chance(2) * 1_000_000 : chance(1_000_001);
        (uint256[] memory want, uint256 matched, int256 price) = Naive.equilibrium(offers, FLOOR, TICK, kPpm);
        TickBook.Book memory book = TickBook.create();
        for (uint256 i; i < n; ++i) {
            Naive.Offer memory o = offers[i];
            book.addOrders(_raw(o) * 2 ** (28 * slot));
        }
        book.sumUp();
        ResultWord r = book.matchEquilibrium(slot, FLOOR, TICK, kPpm);
        vm.assertEq(r.matchedWh(), matched, "P11: matched");
        vm.assertTrue(r.traded() == (matched != 0), "traded");
        vm.assertEq(r.price(), price, "equilibrium(k)");
        if (matched == 0) vm.assertEq(ResultWord.unwrap(r), 0, "untraded: nothing");
        uint256[2] memory sums;
        for (uint256 i; i < n; ++i) {
            Naive.Offer memory o = offers[i];
            uint256 filled;
            (filled, r) = Fills.fill(r, o.sell ? 1 : 0, o.tick, o.wh);
            vm.assertEq(filled, want[i], "P12: fill");
            vm.assertLe(filled, o.wh, "P8: no more than ordered");
            int256 limit = FLOOR + int256(o.tick) * TICK;
            if (filled != 0) vm.assertTrue(o.sell ? limit <= price : limit >= price, "P9: within the limit");
            sums[o.sell ? 1 : 0] += filled;
            if (filled != 0 && filled != o.wh) rationed = true;
        }
        vm.assertEq(sums[0], sums[1], "P10: bought == sold");
        vm.assertEq(sums[0], matched, "P10: == matched");
        vm.assertEq(r.carry(), 0, "P12: the carry ends where it began");
        for (uint256 other; other < 8; ++other) {
            if (other != slot) vm.assertTrue(!book.matchEquilibrium(other, FLOOR, TICK, kPpm).traded(), "other slots");
        }
        book.reset();
        book.sumUp();
        vm.assertTrue(!book.matchEquilibrium(slot, FLOOR, TICK, kPpm).traded(), "reset");
        return (matched != 0, rationed);
    }

    function checkBook(
        uint256 n,
        uint256 span,
        uint256 slot
    ) external returns (bool traded, bool rationed) {
        return _checkBook(n, span, slot);
    }

    function testFuzz_P8_P9_P10_P11_P12_equilibriumEqualsNaive(
        uint256 seed
    ) public {
        seedChance(seed);
        _checkBook(1 + chance(24), 1 + chance(12), chance(8));
    }

    function test_booksTradeAndRation() public {
        uint256 traded;
        uint256 rationed;
        for (uint256 i; i < 600; ++i) {
            (bool t, bool r) = this.checkBook(1 + chance(24), 1 + chance(12), chance(8));
            if (t) ++traded;
            if (r) ++rationed;
        }
        emit log_named_uint("of 600 books traded", traded);
        emit log_named_uint("of 600 books rationed", rationed);
        vm.assertGe(traded, 300, "half of them trade");
        vm.assertGe(rationed, 200, "a third of them ration");
    }

    /// @dev P13: the order in which messages come makes no difference.
    function testFuzz_P13_orderOfSubmission(
        uint256 seed
    ) public {
        seedChance(seed);
        uint256 n = 2 + chance(10);
        Naive.Offer[] memory offers = _offers(n, 1 + chance(3));
        TickBook.Book memory a = TickBook.create();
        TickBook.Book memory b = TickBook.create();
        for (uint256 i; i < n; ++i) {
            a.addOrders(_raw(offers[i]) * 2 ** 84);
            Naive.Offer memory back = offers[n - 1 - i];
            b.addOrders(_raw(back) * 2 ** 84);
        }
        a.sumUp();
        b.sumUp();
        vm.assertEq(
            bytes32(ResultWord.unwrap(a.matchEquilibrium(3, FLOOR, TICK, 333_333))),
            bytes32(ResultWord.unwrap(b.matchEquilibrium(3, FLOOR, TICK, 333_333))),
            "P13: one result"
        );
    }

    /// @dev Both ends of the book, in every slot at once.
    function test_edgesOfTheBookOfOrders() public pure {
        TickBook.Book memory book = TickBook.create();
        uint256 ones = (2 ** 224 - 1) / (2 ** 28 - 1);
        book.addOrders(_raw(Naive.Offer(false, 255, 5)) * ones);
        book.addOrders(_raw(Naive.Offer(false, 0, 7)) * ones);
        book.addOrders(_raw(Naive.Offer(true, 0, 4)) * ones);
        book.addOrders(_raw(Naive.Offer(true, 255, 6)) * ones);
        book.sumUp();
        for (uint256 slot; slot < 8; ++slot) {
            ResultWord r = book.matchEquilibrium(slot, 0, 1, 0);
            vm.assertEq(r.matchedWh(), 5, "255 meets 0 and 255, 0 meets nothing better");
            vm.assertEq(r.price(), 255, "the last sell is at the top");
            vm.assertTrue(r.buyTick() == 255 && r.sellTick() == 255 && !r.buyRationed(), "last limits");
            vm.assertTrue(r.fillWh() == 1 && r.liveWh() == 6, "one of six");
        }
    }

    /// @dev The interval of prices by hand, for each of the ways in which it is bounded.
    function test_equilibriumByHand() public pure {
        // Bought at 20, sold at 10, all filled: anything between.
        _byHand([uint256(20), 5], [uint256(10), 5], [uint256(0), 0], [uint256(0), 0], 10, 20);
        // Another buy at 15 goes without: not below 15.
        _byHand([uint256(20), 5], [uint256(10), 5], [uint256(15), 3], [uint256(0), 0], 15, 20);
        _byHand([uint256(20), 5], [uint256(16), 5], [uint256(15), 3], [uint256(0), 0], 16, 20);
        // Buys in part: the price is theirs. Sells in part: likewise.
        _byHand([uint256(20), 6], [uint256(10), 5], [uint256(0), 0], [uint256(0), 0], 20, 20);
        _byHand([uint256(20), 5], [uint256(10), 6], [uint256(0), 0], [uint256(0), 0], 10, 10);
        // The next sell at 18 goes without: not above 18.
        _byHand([uint256(20), 5], [uint256(10), 5], [uint256(0), 0], [uint256(18), 2], 10, 18);
        _byHand([uint256(20), 5], [uint256(10), 5], [uint256(15), 3], [uint256(18), 2], 15, 18);
        _byHand([uint256(20), 5], [uint256(10), 5], [uint256(0), 0], [uint256(21), 4], 10, 20);
    }

    function _byHand(
        uint256[2] memory buy,
        uint256[2] memory sell,
        uint256[2] memory nextBuy,
        uint256[2] memory nextSell,
        uint256 low,
        uint256 high
    ) private pure {
        TickBook.Book memory book = TickBook.create();
        book.addOrders(_raw(Naive.Offer(false, buy[0], buy[1])));
        book.addOrders(_raw(Naive.Offer(true, sell[0], sell[1])));
        if (nextBuy[1] != 0) book.addOrders(_raw(Naive.Offer(false, nextBuy[0], nextBuy[1])));
        if (nextSell[1] != 0) book.addOrders(_raw(Naive.Offer(true, nextSell[0], nextSell[1])));
        book.sumUp();
        vm.assertEq(book.matchEquilibrium(0, 0, 100, 0).price(), int256(100 * low), "k = 0");
        vm.assertEq(book.matchEquilibrium(0, 0, 100, 1_000_000).price(), int256(100 * high), "k = 1");
        vm.assertEq(
            book.matchEquilibrium(0, 0, 100, 333_333).price(),
            int256(100 * low + (333_333 * (high - low) * 100) / 1_000_000),
            "k between"
        );
    }
}
