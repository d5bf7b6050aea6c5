// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fields} from "../../contracts/libraries/Fields.sol";
import {CutWord, CutWords, OrderWords, ResultWord, ResultWords} from "../../contracts/libraries/Packed.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";
import {TickBook} from "../../contracts/libraries/TickBook.sol";
import {vm} from "./Cheats.sol";

/// @title The fill step: who is filled at a cleared slot, and how much of his offer
/// @dev What divides is proved for figures of few bits, as said at each; the rest for all figures.
contract FillProofs {
    uint256 private constant ONES = OrderWords.ONES;

    function _result(uint256 fill, uint256 live, uint256 carry) private pure returns (ResultWord) {
        return ResultWord.wrap(
            ResultWords.TRADED | ResultWords.BUY_RATIONED | (fill << 56) | (fill << 104) | (live << 152) | (carry << 200)
        );
    }

    /// @dev P8, P12: one step of rationing, volumes of 4 bits: no more than offered, not a Wh off the exact part, and
    /// what is left over is carried, to the Wh.
    function check_P8_P12_rationStep(uint8 wh, uint8 fill, uint8 live, uint8 carry) external pure {
        vm.assume(live < 16 && fill <= live && wh <= live && carry < live);
        (uint256 got, ResultWord next) = TickBook.ration(_result(fill, live, carry), wh);
        assert(got <= wh);
        assert(next.carry() < live);
        assert(uint256(wh) * fill + carry == got * live + next.carry());
        assert(next.fillWh() == fill && next.liveWh() == live && next.buyRationed());
    }

    /// @dev P10, P12: two who share a limit get what is filled there, none is lost, and the carry ends at zero;
    /// volumes of 3 bits.
    function check_P10_P12_rationAddsUp(uint8 a, uint8 b, uint8 fill) external pure {
        vm.assume(a < 8 && b < 8);
        uint256 live = uint256(a) + b;
        vm.assume(live != 0 && fill <= live);
        ResultWord result = _result(fill, live, 0);
        uint256 first;
        uint256 second;
        (first, result) = TickBook.ration(result, a);
        (second, result) = TickBook.ration(result, b);
        assert(first + second == fill && result.carry() == 0);
    }

    /// @dev P8, P9, P12: what the cut of a result fills of an order in any lane, as the rule says it: better limits
    /// wholly, worse ones not at all, those at the rationed tick in part.
    function check_P8_P9_P12_cutOfAResult(uint256 word, uint256 lanes, uint256 i, uint256 others) external pure {
        vm.assume(i < 8 && lanes <= OrderWords.LANES);
        ResultWord result = ResultWord.wrap(word);
        uint256 cut = CutWords.laneOf(result);
        assert(cut <= OrderWords.LANE);
        // The other lanes have whatever cuts.
        uint256 cuts = OrderWords.withLane(others & OrderWords.LANES, i, cut);
        (uint256 filled, uint256 rationed) = CutWord.wrap(cuts).filled(lanes);
        uint256 order = OrderWords.lane(lanes, i);
        uint256 lots = OrderWords.lots(order);
        bool sell = OrderWords.sells(order);
        uint256 tick = OrderWords.tick(order);
        bool inside = result.traded() && (sell ? tick <= result.sellTick() : tick >= result.buyTick());
        bool part = result.traded() && result.fillWh() != result.liveWh() && result.buyRationed() != sell
            && tick == (sell ? result.sellTick() : result.buyTick());
        assert(OrderWords.lane(filled, i) == (inside ? lots : 0));
        assert(OrderWords.lane(rationed, i) == (part ? OrderWords.MAX_LOTS : 0));
    }

    /// @dev P8: whatever the cuts, no order is filled beyond its lots.
    function check_P8_neverMoreThanOrdered(uint256 cuts, uint256 lanes, uint256 i) external pure {
        vm.assume(i < 8 && lanes <= OrderWords.LANES);
        (uint256 filled,) = CutWord.wrap(cuts).filled(lanes);
        assert(filled & ~lanes == 0);
        assert(OrderWords.lots(OrderWords.lane(filled, i)) <= OrderWords.lots(OrderWords.lane(lanes, i)));
    }

    /// @dev P12: asked by tick, the same lanes are filled and rationed as asked by order.
    function check_P12_takenAsFilled(uint256 word, uint256 i, uint8 tick, bool sell, uint256 others) external pure {
        vm.assume(i < 8);
        uint256 cuts = OrderWords.withLane(others & OrderWords.LANES, i, CutWords.laneOf(ResultWord.wrap(word)));
        uint256 order = 1 | (uint256(tick) << 19) | (sell ? OrderWords.SELL : 0);
        (uint256 filled, uint256 rationed) = CutWord.wrap(cuts).filled(order * ONES);
        (uint256 whole, uint256 part) =
            sell ? CutWord.wrap(cuts).takenSells(tick) : CutWord.wrap(cuts).takenBuys(tick);
        assert(OrderWords.lane(whole | part, i) == OrderWords.lane(filled, i));
        assert(OrderWords.lane(part, i) == OrderWords.lane(rationed, i) / OrderWords.MAX_LOTS);
    }

    /// @dev Four fields of 56 bits compared and taken off each other in one step.
    function check_P10_fields(uint256 a, uint256 b, uint256 i) external pure {
        vm.assume(i < 4);
        uint256 low = Fields.ONES * ((1 << 55) - 1);
        (a, b) = (a & low, b & low);
        (uint256 x, uint256 y) = ((a >> (i * 56)) & Fields.FIELD, (b >> (i * 56)) & Fields.FIELD);
        assert((Fields.atLeast(a, b) >> (i * 56)) & Fields.FIELD == (x >= y ? Fields.FIELD : 0));
        assert((Fields.above(a, b) >> (i * 56)) & Fields.FIELD == (x > y ? x - y : 0));
        assert((Fields.smaller(a, b) >> (i * 56)) & Fields.FIELD == (x < y ? x : y));
        assert((Fields.larger(a, b) >> (i * 56)) & Fields.FIELD == (x < y ? y : x));
    }

    /// @dev P8, P10: what a cell has left and what was filled of it make the cell; where it is rationed, as far as
    /// there is as much as was filled.
    function check_P8_P10_leftAndFilled(
        uint256 cutKeys,
        uint256 filledWh,
        uint256 rationed,
        uint256 keys,
        uint256 cell,
        uint256 i
    ) external pure {
        vm.assume(i < 4 && rationed < 16);
        // Keys up to 256 in each field; the mask of fields from four bits.
        uint256 nine = Fields.ONES * 0x1ff;
        uint256 mask = Fields.ofSlots(
            (rationed & 1) | ((rationed & 2) << 1) | ((rationed & 4) << 2) | ((rationed & 8) << 3), 0
        );
        (cutKeys, keys) = (cutKeys & nine, keys & nine);
        cell &= Fields.ONES * ((1 << 54) - 1);
        filledWh = Fields.smaller(filledWh & (Fields.ONES * ((1 << 54) - 1)), cell);
        uint256 left = (Fields.left(Fields.Cut(cutKeys, filledWh, mask), keys, cell) >> (i * 56)) & Fields.FIELD;
        (uint256 whole, uint256 part) = Fields.filled(cutKeys, mask, keys, cell);
        (whole, part) = ((whole >> (i * 56)) & Fields.FIELD, (part >> (i * 56)) & Fields.FIELD);
        uint256 all = (cell >> (i * 56)) & Fields.FIELD;
        if (part == 0) {
            assert(left + whole == all);
        } else {
            assert(whole == 0 && part == all);
            assert(left == all - ((filledWh >> (i * 56)) & Fields.FIELD));
        }
    }

    /// @dev P11: the best limit of a map of ticks.
    function check_P11_bestTick(uint256 map) external pure {
        vm.assume(map != 0);
        uint256 high = TickBook.highest(map);
        uint256 low = TickBook.lowest(map);
        assert(high < 256 && map >> high == 1);
        assert(low < 256 && (map >> low) & 1 == 1 && (map & ((1 << low) - 1)) == 0);
    }

    /// @dev P9: a limit's tick is on its own side of the limit: a buy's not above, a sell's not below it, and not a
    /// tick off; prices from -10 to 52 above a floor of -9, in ticks of 4.
    function check_P9_tickOfALimit(uint8 above) external pure {
        vm.assume(above < 63);
        int256 limit = int256(uint256(above)) - 10;
        int256 buy = Prices.buyTickDown(limit, -9, 4);
        int256 sell = Prices.sellTickUp(limit, -9, 4);
        assert(buy == Prices.NO_BUY_TICK ? limit < -9 : buy * 4 - 9 <= limit);
        assert((buy + 1) * 4 - 9 > limit);
        assert(sell >= 0 && sell * 4 - 9 >= limit && (sell == 0 || (sell - 1) * 4 - 9 < limit));
    }
}
