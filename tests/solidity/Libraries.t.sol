// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {HalfBooks} from "../../contracts/libraries/HalfBooks.sol";
import {LaneWord, LaneWords, ResultWord, ResultWords} from "../../contracts/libraries/Packed.sol";
import {Pairs} from "../../contracts/libraries/Pairs.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";
import {TickBook} from "../../contracts/libraries/TickBook.sol";
import {Base} from "./Base.sol";
import {Fills} from "./Fills.sol";
import {Naive} from "./Naive.sol";

contract LibrariesTest is Base {
    using TickBook for TickBook.Book;

    int256 private constant FLOOR = -50;
    int256 private constant TICK = 3;

    /* MATCHING */

    /// @dev A random book: few ticks, so that ties, rationing and one empty side all occur often.
    function _offers(
        uint256 n,
        uint256 span
    ) private returns (Naive.Offer[] memory offers) {
        offers = new Naive.Offer[](n);
        uint256 base = chance(256 - span);
        for (uint256 i; i < n; ++i) {
            uint256 size = chance(4);
            uint256 wh = size == 0
                ? 1
                : size == 1 ? 1 + chance(10) : size == 2 ? 1 + chance(20_000) : 1 + chance(LaneWords.MAX_WH);
            offers[i] = Naive.Offer(chance(2) == 0, base + chance(span), wh);
        }
    }

    function _price(
        Naive.Offer[] memory offers
    ) private returns (int256) {
        // On a tick, between two, or anywhere.
        uint256 kind = chance(3);
        int256 own = FLOOR + int256(offers[chance(offers.length)].tick) * TICK;
        if (kind == 0) return own;
        if (kind == 1) return own + int256(chance(5)) - 2;
        return FLOOR - 20 + int256(chance(820));
    }

    function _add(TickBook.Book memory book, uint256 slot, uint256 side, uint256 tick, uint256 wh) private pure {
        book.addCell(side, tick, slot & 1, wh << ((slot >> 1) * 56));
    }

    function _match(
        TickBook.Book memory book,
        uint256 slot,
        int256 price
    ) private pure returns (ResultWord result) {
        int256 low = Prices.ceilDiv(price - FLOOR, TICK);
        (result,) = book.matchAt(
            slot, price, low < 0 ? 0 : uint256(low), Prices.floorDiv(price - FLOOR, TICK), type(uint256).max
        );
    }

    function _checkBook(
        uint256 n,
        uint256 span,
        uint256 slot
    ) private returns (bool traded, bool rationed) {
        Naive.Offer[] memory offers = _offers(n, span);
        int256 price = _price(offers);
        (uint256[] memory want, uint256 matched) = Naive.fills(offers, price, FLOOR, TICK);
        TickBook.Book memory book = TickBook.create();
        uint256[2] memory totals;
        for (uint256 i; i < n; ++i) {
            _add(book, slot, offers[i].sell ? 1 : 0, offers[i].tick, offers[i].wh);
            totals[offers[i].sell ? 1 : 0] += offers[i].wh;
        }
        vm.assertEq(book.total(slot, TickBook.BUY), totals[0], "total of the buys");
        vm.assertEq(book.total(slot, TickBook.SELL), totals[1], "total of the sells");
        ResultWord r = _match(book, slot, price);
        vm.assertEq(r.matchedWh(), matched, "P11: matched volume is maximal at p");
        vm.assertEq(r.price(), price, "price");
        vm.assertEq(r.traded() ? 1 : 0, matched == 0 ? 0 : 1, "traded");
        uint256[2] memory sums;
        for (uint256 i; i < n; ++i) {
            uint256 filled;
            (filled, r) = Fills.fill(r, offers[i].sell ? 1 : 0, offers[i].tick, offers[i].wh);
            vm.assertEq(filled, want[i], "P12: fill");
            vm.assertLe(filled, offers[i].wh, "P8: never more than offered");
            if (filled != 0) vm.assertTrue(Naive.takesPart(offers[i], price, FLOOR, TICK), "P9: within the limit");
            sums[offers[i].sell ? 1 : 0] += filled;
            if (filled != 0 && filled != offers[i].wh) rationed = true;
        }
        vm.assertEq(sums[0], sums[1], "P10: bought == sold");
        vm.assertEq(sums[0], matched, "P10: == matched");
        vm.assertEq(r.carry(), 0, "P12: the carry ends where it began");
        for (uint256 other; other < 8; ++other) {
            if (other == slot) continue;
            vm.assertEq(book.total(other, 0) + book.total(other, 1), 0, "other slots stay empty");
        }
        book.reset();
        vm.assertEq(book.total(slot, 0) + book.total(slot, 1), 0, "reset");
        return (matched != 0, rationed);
    }

    /// @dev From outside, so that the memory of a book is given back.
    function checkBook(
        uint256 n,
        uint256 span,
        uint256 slot
    ) external returns (bool traded, bool rationed) {
        return _checkBook(n, span, slot);
    }

    function testFuzz_P8_P9_P10_P11_P12_matchingEqualsNaive(
        uint256 seed
    ) public {
        seedChance(seed);
        _checkBook(1 + chance(24), 1 + chance(12), chance(8));
    }

    /// @dev The books of the fuzz test are worth something: most of them trade and many are rationed.
    function test_booksTradeAndRation() public {
        uint256 traded;
        uint256 rationed;
        for (uint256 i; i < 1000; ++i) {
            (bool t, bool r) = this.checkBook(1 + chance(24), 1 + chance(12), chance(8));
            if (t) ++traded;
            if (r) ++rationed;
        }
        emit log_named_uint("of 1,000 books traded", traded);
        emit log_named_uint("of 1,000 books rationed", rationed);
        vm.assertGe(traded, 300, "30 % trade");
        vm.assertGe(rationed, 300, "30 % ration");
    }

    /// @dev P13: the total does not depend on the order of the members, and nobody differs from his exact part by a Wh.
    function testFuzz_P12_P13_order(
        uint256 seed
    ) public {
        seedChance(seed);
        uint256 n = 2 + chance(10);
        Naive.Offer[] memory offers = _offers(n, 1 + chance(3));
        int256 price = _price(offers);
        TickBook.Book memory a = TickBook.create();
        TickBook.Book memory b = TickBook.create();
        for (uint256 i; i < n; ++i) {
            _add(a, 3, offers[i].sell ? 1 : 0, offers[i].tick, offers[i].wh);
            Naive.Offer memory back = offers[n - 1 - i];
            _add(b, 3, back.sell ? 1 : 0, back.tick, back.wh);
        }
        ResultWord r = _match(a, 3, price);
        vm.assertEq(
            bytes32(ResultWord.unwrap(r)), bytes32(ResultWord.unwrap(_match(b, 3, price))), "P13: order of submission"
        );
        for (uint256 i; i < n; ++i) {
            Naive.Offer memory o = offers[i];
            bool atMargin = r.traded()
                && (o.sell ? o.tick == r.sellTick() && !r.buyRationed() : o.tick == r.buyTick() && r.buyRationed());
            uint256 filled;
            ResultWord before = r;
            (filled, r) = Fills.fill(r, o.sell ? 1 : 0, o.tick, o.wh);
            if (!atMargin) continue;
            uint256 exact = o.wh * before.fillWh();
            uint256 got = filled * before.liveWh();
            vm.assertLt(got > exact ? got - exact : exact - got, before.liveWh(), "P12: less than one Wh off");
        }
    }

    function test_edgesOfTheBook() public pure {
        TickBook.Book memory book = TickBook.create();
        for (uint256 slot; slot < 8; ++slot) {
            _add(book, slot, 0, 255, 5);
            _add(book, slot, 0, 0, 7);
            _add(book, slot, 1, 0, 4);
            _add(book, slot, 1, 255, 6);
            (ResultWord r,) = book.matchAt(slot, 9, 256, 255, type(uint256).max);
            vm.assertTrue(!r.traded(), "no buy takes part");
            (r,) = book.matchAt(slot, 9, 0, -1, type(uint256).max);
            vm.assertTrue(!r.traded(), "no sell takes part");
            (r,) = book.matchAt(slot, 9, 255, 254, type(uint256).max);
            vm.assertEq(r.matchedWh(), 4, "only the best");
            vm.assertTrue(r.buyRationed() && r.fillWh() == 4 && r.liveWh() == 5, "the longer side is rationed");
        }
        (ResultWord none,) = TickBook.create().matchAt(0, 9, 0, 0, type(uint256).max);
        vm.assertTrue(!none.traded(), "an empty book");
    }

    /* PRICES */

    function testFuzz_divisionsRoundAsTheySay(
        int128 a,
        uint64 b
    ) public pure {
        int256 d = int256(uint256(b)) + 1;
        int256 f = Prices.floorDiv(a, d);
        int256 c = Prices.ceilDiv(a, d);
        vm.assertTrue(f * d <= a && (f + 1) * d > a, "floor");
        vm.assertTrue(c * d >= a && (c - 1) * d < a, "ceil");
    }

    function testFuzz_ticksRoundInward(
        int32 limit,
        int32 floor,
        uint32 size
    ) public pure {
        int256 tick = int256(bound(size, 1, uint32(type(int32).max)));
        int256 t = Prices.buyTickDown(limit, floor, tick);
        if (t >= 0) {
            vm.assertTrue(t <= 255 && floor + t * tick <= limit, "a buyer never states more than his limit");
            if (t < 255) vm.assertTrue(floor + (t + 1) * tick > limit, "nor a tick less than he could");
        } else {
            vm.assertTrue(limit < floor, "below the floor there is no tick");
        }
        t = Prices.sellTickUp(limit, floor, tick);
        if (t <= 255) {
            vm.assertTrue(t >= 0 && floor + t * tick >= limit, "a seller never states less than his limit");
            if (t > 0) vm.assertTrue(floor + (t - 1) * tick < limit, "nor a tick more than he must");
        } else {
            vm.assertTrue(floor + 255 * tick < limit, "above the top there is no tick");
        }
    }

    function testFuzz_P31_priceLiesBetweenFeedInAndRetail(
        int32 r,
        int32 f,
        uint32 k,
        uint48 buy,
        uint48 sell
    ) public pure {
        vm.assume(r != f);
        if (r < f) (r, f) = (f, r);
        k = uint32(bound(k, 0, 1_000_000));
        int256 p = Prices.reference_(r, f, k);
        vm.assertTrue(p >= f && p <= r, "reference");
        int256 exact = int256(uint256(k)) * (int256(r) - f);
        vm.assertTrue((p - f) * 1_000_000 <= exact && (p - f + 1) * 1_000_000 > exact, "rounded down");
        if (f <= 0) return;
        uint256 b = uint256(buy) + 1;
        uint256 s = uint256(sell) + 1;
        p = Prices.supplyDemandRatio(r, f, b, s);
        vm.assertTrue(p >= f && p <= r, "ratio");
        if (s >= b) {
            vm.assertEq(p, f, "more supply than demand: feed-in");
        } else {
            int256 below = (int256(r) - f) * int256(s) + int256(f) * int256(b);
            int256 above = int256(r) * f * int256(b);
            vm.assertTrue(p * below <= above && (p + 1) * below > above, "rounded down");
        }
    }

    /* PACKING */

    function testFuzz_laneWords(
        uint256 seed
    ) public {
        seedChance(seed);
        uint256 window = chance(1 << 20);
        LaneWord word = LaneWords.empty(window);
        uint256[8] memory volumes;
        uint256[8] memory sides;
        uint256 mask;
        for (uint256 i; i < 8; ++i) {
            if (chance(3) == 0) continue;
            (volumes[i], sides[i]) = (chance(LaneWords.MAX_WH + 1), chance(2));
            word = word.withLane(i, volumes[i] | (sides[i] << 27)).withPosted(i);
            mask |= 1 << i;
        }
        uint256 flags = chance(16) << 232;
        word = word.with(flags);
        vm.assertTrue(word.isWindow(window) && !word.isWindow(window ^ 1), "window");
        vm.assertEq(word.postedMask(), mask, "mask");
        vm.assertTrue(word.has(LaneWords.SECOND) == (flags & LaneWords.SECOND != 0), "flag");
        vm.assertTrue(word.has(LaneWords.IMPORTS) == (flags & LaneWords.IMPORTS != 0), "flag");
        for (uint256 round; round < 2; ++round) {
            for (uint256 i; i < 8; ++i) {
                (uint256 wh, uint256 side) = word.lane(i);
                vm.assertEq(wh, volumes[i], "volume");
                vm.assertEq(side, sides[i], "side");
            }
            uint256 k = chance(8);
            uint256 less = chance(volumes[k] + 1);
            word = word.lowered(k, less);
            volumes[k] -= less;
        }
    }

    function testFuzz_resultWords(
        int32 price,
        uint48 carry,
        uint48 next,
        uint208 rest
    ) public pure {
        ResultWord r = ResultWord.wrap((uint256(rest) << 32) | uint256(uint32(price)));
        uint256 raw = ResultWord.unwrap(r);
        vm.assertEq(r.price(), price, "price");
        vm.assertEq(r.buyTick(), (raw >> 32) & 0xff, "buy tick");
        vm.assertEq(r.sellTick(), (raw >> 40) & 0xff, "sell tick");
        vm.assertTrue(r.traded() == ((raw >> 48) & 1 == 1) && r.buyRationed() == ((raw >> 49) & 1 == 1), "bits");
        vm.assertEq(r.matchedWh(), (raw >> 56) & type(uint48).max, "matched");
        ResultWord s = r.withCarry(carry).withCarry(next);
        vm.assertEq(s.carry(), next, "carry");
        vm.assertEq(s.liveWh(), r.liveWh(), "live");
        vm.assertEq(s.fillWh(), r.fillWh(), "fill");
        vm.assertEq(s.matchedWh(), r.matchedWh(), "matched stays");
        vm.assertEq(ResultWords.untraded(price).price(), price, "untraded");
        vm.assertTrue(!ResultWords.untraded(price).traded(), "untraded");
    }

    /* STORAGE OF RESULTS */

    mapping(uint256 place => ResultWord) private _results;
    mapping(uint256 place => ResultWord) private _sellResults;

    function _side(bool buys, uint256 largest) private returns (ResultWord) {
        uint256 word = 2 ** 50 + (buys ? 2 ** 49 : 0) + chance(2 ** 32);
        if (chance(4) != 0) {
            word += 2 ** 48 + chance(256) * 2 ** (buys ? 32 : 40) + chance(largest) * 2 ** 56;
            word += chance(largest) * 2 ** 104 + chance(largest) * 2 ** 152;
        }
        if (chance(5) == 0) word += chance(largest) * 2 ** 200;
        if (buys && chance(5) == 0) word += 2 ** 55;
        return ResultWord.wrap(word);
    }

    function test_pairsComeBackAsTheyWerePut(uint256 seed) public {
        seedChance(seed);
        for (uint256 i; i < 40; ++i) {
            uint256 largest = chance(3) == 0 ? 2 ** 48 : 2 ** 27;
            (ResultWord buys, ResultWord sells) = (_side(true, largest), _side(false, largest));
            // Of one auction with a limit: both ticks in both words.
            if (chance(5) == 0) sells = ResultWord.wrap(ResultWord.unwrap(sells) | (chance(256) << 32));
            if (chance(5) == 0) buys = ResultWord.wrap(ResultWord.unwrap(buys) | (chance(256) << 40));
            // One result for both sides.
            if (chance(4) == 0) (buys, sells) = (ResultWord.wrap(chance(2 ** 48)), ResultWord.wrap(7));
            Pairs.put(_results, _sellResults, i % 3, buys, sells);
            (ResultWord a, ResultWord b) = Pairs.get(_results, _sellResults, i % 3);
            vm.assertEq(ResultWord.unwrap(a), ResultWord.unwrap(buys), "of the buys");
            vm.assertEq(
                ResultWord.unwrap(b), ResultWord.unwrap(buys.isApart() ? sells : buys), "of the sells"
            );
        }
    }

    /* HALF BOOKS */

    mapping(uint256 => uint256) private _half;

    function _assertSame(TickBook.Book memory book) private view {
        TickBook.Book memory other = TickBook.create();
        HalfBooks.resume(_half, other);
        vm.assertEq(other.maps[0], book.maps[0], "the same buys");
        vm.assertEq(other.maps[1], book.maps[1], "the same sells");
        for (uint256 cell; cell < TickBook.CELLS; ++cell) {
            vm.assertEq(other.volumes[cell], book.volumes[cell], "the same volumes");
        }
    }

    /// @dev Also where a larger one stood there before, and the other way round.
    function testFuzz_halfBooksComeBackAsTheyWerePut(
        uint256 seed
    ) public {
        seedChance(seed);
        for (uint256 round; round < 3; ++round) {
            TickBook.Book memory book = TickBook.create();
            uint256 most = chance(2) == 0 ? 1 << 28 : 1 << 55;
            for (uint256 i = chance(30); i > 0; --i) {
                _add(book, chance(8), chance(2), chance(256), chance(4) == 0 ? most - 1 : chance(most));
            }
            HalfBooks.putDown(_half, book);
            _assertSame(book);
        }
    }

    /// @dev With all ticks in use in all slots, in storage that was never written.
    function test_theWidestBookFitsATransaction() public {
        TickBook.Book memory book = TickBook.create();
        for (uint256 tick; tick < 256; ++tick) {
            for (uint256 side; side < 2; ++side) {
                for (uint256 slot; slot < 8; ++slot) _add(book, slot, side, tick, (1 << 28) - 1 - tick);
            }
        }
        uint256 gas = gasleft();
        HalfBooks.putDown(_half, book);
        gas -= gasleft();
        vm.assertLt(gas, 12_000_000, "two thirds of what a transaction may use");
        _assertSame(book);
    }
}
