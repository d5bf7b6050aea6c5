// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {LaneWord, LaneWords, OrderWord, OrderWords} from "../../contracts/libraries/Packed.sol";
import {vm} from "./Cheats.sol";

/// @title Eight lanes in a word: what is put in comes out, and sums of words are sums of lanes
/// @dev All inputs are symbolic words of 256 bits; `i` and `j` are any two lanes.
contract LaneProofs {
    function _volume(uint256 lanes, uint256 i) private pure returns (uint256) {
        return (lanes >> (i * 28)) & LaneWords.MAX_WH;
    }

    /// @dev P8: a lane that was empty holds what was put in, and nothing else of the word has changed.
    function check_P8_laneIsKept(uint256 word, uint256 i, uint256 j, uint256 wh, bool sell) external pure {
        vm.assume(i < 8 && j < 8 && wh <= LaneWords.MAX_WH);
        (uint256 had, uint256 hadSide) = LaneWord.wrap(word).lane(i);
        vm.assume(had == 0 && hadSide == 0);
        LaneWord next = LaneWord.wrap(word).withLane(i, wh | (sell ? LaneWords.SELL : 0)).withPosted(j);
        (uint256 got, uint256 side) = next.lane(i);
        assert(got == wh && side == (sell ? 1 : 0));
        assert(next.postedMask() == LaneWord.wrap(word).postedMask() | (1 << j));
        uint256 lane = LaneWords.LANE_MASK << (i * 28);
        assert((LaneWord.unwrap(next) | lane | (1 << (224 + j))) == (word | lane | (1 << (224 + j))));
    }

    /// @dev A word of another window is told apart; flags and mask do not reach into the number.
    function check_P14_windowIsKept(uint256 window, uint256 other, uint256 flags, uint256 i) external pure {
        vm.assume(window < 1 << 20 && other < 1 << 20 && i < 8);
        LaneWord word = LaneWords.empty(window).withPosted(i).with(flags & LaneWords.LAYERS);
        assert(word.isWindow(window));
        assert(word.isWindow(other) == (window == other));
        assert(word.postedMask() == 1 << i);
    }

    /// @dev P10: the difference of two sets of volumes, lane by lane.
    function check_P10_nettedIsTheDifference(uint256 plus, uint256 minus, uint256 i) external pure {
        vm.assume(i < 8);
        uint256 lanes = LaneWords.netted(plus & LaneWords.VOLUMES, minus & LaneWords.VOLUMES);
        assert(LaneWords.signedAt(lanes, i) == int256(_volume(plus, i)) - int256(_volume(minus, i)));
        assert(lanes >> 224 == 0);
    }

    /// @dev Volumes that buy and volumes that sell, each in its lane, and no lane in both.
    function check_P10_partedBySide(uint256 word, uint256 i) external pure {
        vm.assume(i < 8);
        (uint256 buys, uint256 sells) = LaneWords.parted(word);
        (uint256 wh, uint256 side) = LaneWord.wrap(word).lane(i);
        assert(_volume(buys, i) == (side == 0 ? wh : 0) && _volume(sells, i) == (side == 0 ? 0 : wh));
        assert((buys | sells) & ~LaneWords.VOLUMES == 0);
    }

    /// @dev P10: contracts and what was posted come together lane by lane, where their sum has a place.
    function check_P10_togetherIsTheSum(uint256 a, uint256 b, uint256 i) external pure {
        vm.assume(i < 8);
        // Without the highest bit of each volume, so that the sums fit their lanes.
        uint256 half = LaneWords.SIDES | (LaneWords.VOLUMES ^ (LaneWords.SIDES >> 1));
        (a, b) = (a & half, b & half);
        int256 sum = LaneWords.signedAt(a, i) + LaneWords.signedAt(b, i);
        assert(LaneWords.signedAt(LaneWords.together(a, b), i) == sum);
    }

    /// @dev P10: the sum of eight volumes, of four bits each; that no field of the sum overflows follows from their
    /// widths, see `LaneWords.sum`.
    function check_P10_sumOfVolumes(uint256 volumes) external pure {
        volumes &= (LaneWords.SIDES >> 27) * 0xf;
        uint256 sum = _volume(volumes, 0) + _volume(volumes, 1) + _volume(volumes, 2) + _volume(volumes, 3);
        sum += _volume(volumes, 4) + _volume(volumes, 5) + _volume(volumes, 6) + _volume(volumes, 7);
        assert(LaneWords.sum(volumes) == sum);
    }

    /// @dev By how much volumes are above others, and which lanes have any.
    function check_P10_above(uint256 volumes, uint256 others, uint256 i) external pure {
        vm.assume(i < 8);
        (volumes, others) = (volumes & LaneWords.VOLUMES, others & LaneWords.VOLUMES);
        (uint256 a, uint256 b) = (_volume(volumes, i), _volume(others, i));
        assert(_volume(LaneWords.above(volumes, others), i) == (a > b ? a - b : 0));
        assert((LaneWords.sidesOf(volumes) >> (i * 28 + 27)) & 1 == (a == 0 ? 0 : 1));
    }

    /// @dev An order of a member replaces the one of its slot and touches no other.
    function check_P8_orderIsKept(uint256 lanes, uint256 i, uint256 j, uint256 order) external pure {
        vm.assume(i < 8 && j < 8 && i != j && order <= OrderWords.LANE && lanes <= OrderWords.LANES);
        uint256 next = OrderWords.withLane(lanes, i, order);
        assert(OrderWords.lane(next, i) == order && OrderWords.lane(next, j) == OrderWords.lane(lanes, j));
        assert(next <= OrderWords.LANES);
        assert(OrderWords.lots(order) | (OrderWords.tick(order) << 19) | (OrderWords.sells(order) ? 1 << 27 : 0) == order);
    }

    /// @dev P14: the orders of a window are those of no other.
    function check_P14_ordersOfAWindow(uint256 window, uint256 other, uint256 lanes) external pure {
        vm.assume(window < 1 << 20 && other < 1 << 20 && lanes <= OrderWords.LANES);
        OrderWord word = OrderWords.pack(window, lanes);
        assert(word.lanesOf(window) == lanes);
        assert(word.lanesOf(other) == (other == window ? lanes : 0));
    }

    /// @dev P25: lots by side, and the lanes that have any.
    function check_P25_lotsBySide(uint256 lanes, uint256 i) external pure {
        vm.assume(i < 8 && lanes <= OrderWords.LANES);
        uint256 lots = lanes & (OrderWords.ONES * OrderWords.MAX_LOTS);
        uint256 order = OrderWords.lane(lanes, i);
        uint256 sold = OrderWords.lane(OrderWords.soldOf(lanes, lots), i);
        assert(sold == (OrderWords.sells(order) ? OrderWords.lots(order) : 0));
        assert(OrderWords.lane(OrderWords.some(lots), i) == (OrderWords.lots(order) == 0 ? 0 : 1));
    }
}
