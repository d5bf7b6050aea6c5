// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {CutWord, LaneWords, OrderWord, OrderWords} from "../libraries/Packed.sol";

/// @dev Slots of a window, and windows that can be under way at a time; those of `Settlement`.
uint256 constant WINDOW = 8;
uint256 constant RING = 128;
/// @dev Windows that an order may lie ahead: half a turn of the ring is left for what has been delivered.
uint256 constant MAX_LEAD = 64;
/// @dev No meter carries more in a slot, see `Registry.Terms.fuseWh`.
uint256 constant MAX_ORDER_WH = (1 << 24) - 1;
/// @dev Above the lots of a lane: no other order has the rationed limit of this slot.
uint256 constant ALONE = 1 << 19;

/// @dev Above the lanes of a CutWord, in an auction that belongs to a level: the window has parts (see PartWord), has
/// sent something up, and knows what became of it.
uint256 constant PARTS = 1 << 224;
uint256 constant SENT = 1 << 225;
uint256 constant TOLD = 1 << 226;

/// @dev The storage of one auction. Words by member index << 7 | place in the ring, the rest by place in the ring.
/// @param rules its parameters in one word
/// @param traders bit by member index: has ordered at some time
/// @param orders what was ordered
/// @param lone lots that were filled of the only order at the rationed limit of a slot, in the lanes of an OrderWord
/// with the bit ALONE; zero where several share it
/// @param fills lots that were filled of the lanes that share it, in those of an OrderWord
/// @param cuts what is filled of a cleared window
/// @param prices of its eight slots less the floor, by place in the ring * 2 + whether the slot is odd, as
/// `LaneWords.dot` takes them
/// @param halfBooks books that wait for the next step of clearing
/// @param levels who tells what levels above have filled; zero for an auction in no tree
/// @param parts what they have filled, and what the own auction has where the feeder cuts it; with PARTS
/// @param partFills lots of those that share a rationed tick of a part, see PartFills.keyOf
struct Auction {
    RulesWord rules;
    bytes32 market;
    mapping(uint32 meter => SeatWord) seats;
    mapping(uint256 word => uint256) traders;
    mapping(uint256 key => OrderWord) orders;
    mapping(uint256 place => OrderWord) lone;
    mapping(uint256 key => OrderWord) fills;
    mapping(uint256 place => IForwardAuction.Window) windows;
    mapping(uint256 place => CutWord) cuts;
    mapping(uint256 key => uint256) prices;
    mapping(uint256 place => mapping(uint256 cell => uint256)) halfBooks;
    address levels;
    mapping(uint256 place => uint256[]) parts;
    mapping(uint256 key => OrderWord) partFills;
}

/// @dev Order words of one auction added up, at most 512: lots by lane and side, lots times ticks (see
/// `OrderWords.lotTicks`), and what they can cost at worst where that does not follow from these.
struct OrderSum {
    uint256 buys;
    uint256 sells;
    int256 lotTicks;
    uint256 nano;
}

/// @notice The parameters of an auction in one word, least significant bit first: floor, cap, surplus (int32 each),
/// tick (32), gate, firm, void seconds (20 each), k (20), lot (8), 216 gate by day, 217 paused, 218 exists, 219 in a
/// tree.
type RulesWord is uint256;

using RulesWords for RulesWord global;

library RulesWords {
    uint256 private constant BY_DAY = 1 << 216;
    uint256 private constant PAUSED = 1 << 217;
    uint256 private constant EXISTS = 1 << 218;
    uint256 private constant IN_TREE = 1 << 219;

    function pack(IForwardAuction.AuctionParams memory p) internal pure returns (RulesWord) {
        return RulesWord.wrap(
            uint256(uint32(p.floorNano)) | (uint256(uint32(p.capNano)) << 32) | (uint256(uint32(p.surplusNano)) << 64)
                | (uint256(p.tickNano) << 96) | (uint256(p.gateSeconds) << 128) | (uint256(p.firmSeconds) << 148)
                | (uint256(p.voidSeconds) << 168) | (uint256(p.kPpm) << 188) | (uint256(p.lotWh) << 208)
                | (p.gate == IForwardAuction.Gate.Day ? BY_DAY : 0) | EXISTS
        );
    }

    function unpacked(RulesWord word, bytes32 market) internal pure returns (IForwardAuction.AuctionParams memory) {
        return IForwardAuction.AuctionParams(
            market,
            word.byDay() ? IForwardAuction.Gate.Day : IForwardAuction.Gate.Window,
            uint32(word.gateSeconds()),
            uint32(word.firmSeconds()),
            uint32(word.voidSeconds()),
            uint32(word.kPpm()),
            uint32(word.lotWh()),
            int32(word.floorNano()),
            uint32(uint256(word.tickNano())),
            int32(word.capNano()),
            int32(word.surplusNano())
        );
    }

    function withPaused(RulesWord word, bool paused) internal pure returns (RulesWord) {
        uint256 raw = RulesWord.unwrap(word);
        return RulesWord.wrap(paused ? raw | PAUSED : raw & ~PAUSED);
    }

    function exists(RulesWord word) internal pure returns (bool) {
        return RulesWord.unwrap(word) != 0;
    }

    function isPaused(RulesWord word) internal pure returns (bool) {
        return RulesWord.unwrap(word) & PAUSED != 0;
    }

    function withTree(RulesWord word) internal pure returns (RulesWord) {
        return RulesWord.wrap(RulesWord.unwrap(word) | IN_TREE);
    }

    /// @notice Whether it belongs to a forward level.
    function inTree(RulesWord word) internal pure returns (bool) {
        return RulesWord.unwrap(word) & IN_TREE != 0;
    }

    function byDay(RulesWord word) internal pure returns (bool) {
        return RulesWord.unwrap(word) & BY_DAY != 0;
    }

    function floorNano(RulesWord word) internal pure returns (int256) {
        return int32(uint32(RulesWord.unwrap(word)));
    }

    function capNano(RulesWord word) internal pure returns (int256) {
        return int32(uint32(RulesWord.unwrap(word) >> 32));
    }

    function surplusNano(RulesWord word) internal pure returns (int256) {
        return int32(uint32(RulesWord.unwrap(word) >> 64));
    }

    function tickNano(RulesWord word) internal pure returns (int256) {
        return int256(uint256(uint32(RulesWord.unwrap(word) >> 96)));
    }

    function gateSeconds(RulesWord word) internal pure returns (uint256) {
        return (RulesWord.unwrap(word) >> 128) & 0xfffff;
    }

    function firmSeconds(RulesWord word) internal pure returns (uint256) {
        return (RulesWord.unwrap(word) >> 148) & 0xfffff;
    }

    function voidSeconds(RulesWord word) internal pure returns (uint256) {
        return (RulesWord.unwrap(word) >> 168) & 0xfffff;
    }

    function kPpm(RulesWord word) internal pure returns (uint256) {
        return (RulesWord.unwrap(word) >> 188) & 0xfffff;
    }

    function lotWh(RulesWord word) internal pure returns (uint256) {
        return (RulesWord.unwrap(word) >> 208) & 0xff;
    }

    /// @notice When a window begins or, where the gate is by day, its UTC day.
    function start(RulesWord word, uint256 window, uint256 windowSeconds) internal pure returns (uint256 begin) {
        // Windows have 29 bits, and none is longer than a day.
        unchecked {
            begin = window * windowSeconds;
            if (word.byDay()) begin -= begin % 1 days;
        }
    }

    /// @notice When placing orders for a window ends.
    function gate(RulesWord word, uint256 window, uint256 windowSeconds) internal pure returns (uint256) {
        return word.start(window, windowSeconds) - word.gateSeconds();
    }

    /// @notice The most lots that an order can have.
    function mostLots(RulesWord word) internal pure returns (uint256 most) {
        most = MAX_ORDER_WH / word.lotWh();
        if (most > OrderWords.MAX_LOTS) most = OrderWords.MAX_LOTS;
    }

    /// @notice What a Wh of an order can cost at worst: bought at the limit and given away at the surplus price, or
    /// sold at the limit and bought back at the cap.
    function eachNano(RulesWord word, bool sell, int256 limitNano) internal pure returns (uint256) {
        // Prices have 32 bits.
        unchecked {
            int256 worst = sell ? _max(word.capNano(), 0) - limitNano : limitNano - word.surplusNano();
            return worst > 0 ? uint256(worst) : 0;
        }
    }

    /// @notice What eight orders can cost at worst: Wh x `eachNano` of each.
    function collateral(RulesWord word, uint256 lanes) internal pure returns (uint256) {
        OrderSum memory sum;
        word.count(sum, lanes);
        return word.collateral(sum);
    }

    /// @notice What all orders of a sum can cost at worst.
    function collateral(RulesWord word, OrderSum memory sum) internal pure returns (uint256) {
        // Lots have 28 bits and prices 33.
        unchecked {
            int256 floor = word.floorNano();
            int256 nano = sum.lotTicks * word.tickNano();
            nano += int256(LaneWords.sum(sum.buys)) * (floor - word.surplusNano());
            nano += int256(LaneWords.sum(sum.sells)) * (_max(word.capNano(), 0) - floor);
            return sum.nano + uint256(nano) * word.lotWh();
        }
    }

    /// @notice Adds eight orders to a sum.
    function count(RulesWord word, OrderSum memory sum, uint256 lanes) internal pure {
        unchecked {
            // Only where every buy costs something at worst, or nothing exactly, the worst is linear in the ticks.
            if (word.floorNano() < word.surplusNano()) {
                sum.nano += _collateralEach(word, lanes);
                return;
            }
            uint256 lots = lanes & (OrderWords.ONES * OrderWords.MAX_LOTS);
            uint256 sells = OrderWords.soldOf(lanes, lots);
            sum.buys += lots ^ sells;
            sum.sells += sells;
            sum.lotTicks += OrderWords.lotTicks(lanes, lots ^ sells, sells);
        }
    }

    /// @dev The same order by order, where a buy at a low limit can cost nothing.
    function _collateralEach(RulesWord word, uint256 lanes) private pure returns (uint256 nano) {
        unchecked {
            for (; lanes != 0; lanes >>= OrderWords.LANE_BITS) {
                int256 limit = word.floorNano() + int256(OrderWords.tick(lanes)) * word.tickNano();
                nano += OrderWords.lots(lanes) * word.lotWh() * word.eachNano(OrderWords.sells(lanes), limit);
            }
        }
    }

    function _max(int256 a, int256 b) private pure returns (int256) {
        return a > b ? a : b;
    }
}

/// @notice What is known of a meter in an auction in one word, least significant bit first: its owner (160), the last
/// sequence number used (32), member index (20), the windows [from, until) in which that owner holds it (20 each).
type SeatWord is uint256;

using SeatWords for SeatWord global;

library SeatWords {
    function pack(address owner_, uint256 sequence_, uint256 index_, uint256 from, uint256 until)
        internal
        pure
        returns (SeatWord)
    {
        return SeatWord.wrap(
            uint256(uint160(owner_)) | (sequence_ << 160) | (index_ << 192) | (from << 212) | (until << 232)
        );
    }

    function owner(SeatWord word) internal pure returns (address) {
        return address(uint160(SeatWord.unwrap(word)));
    }

    function sequence(SeatWord word) internal pure returns (uint256) {
        return uint32(SeatWord.unwrap(word) >> 160);
    }

    function index(SeatWord word) internal pure returns (uint256) {
        return (SeatWord.unwrap(word) >> 192) & 0xfffff;
    }

    function covers(SeatWord word, uint256 window) internal pure returns (bool) {
        uint256 raw = SeatWord.unwrap(word);
        // Either difference is below zero where the window lies outside.
        unchecked {
            return ((window - ((raw >> 212) & 0xfffff)) | ((raw >> 232) - 1 - window)) >> 255 == 0;
        }
    }

    function withSequence(SeatWord word, uint256 sequence_) internal pure returns (SeatWord) {
        return SeatWord.wrap((SeatWord.unwrap(word) & ~(uint256(type(uint32).max) << 160)) | (sequence_ << 160));
    }

    /// @notice The seat ends with window `until` at the latest.
    function endedAt(SeatWord word, uint256 until) internal pure returns (SeatWord) {
        uint256 raw = SeatWord.unwrap(word);
        if (until >= (raw >> 232) & 0xfffff) return word;
        return SeatWord.wrap((raw & ~(uint256(0xfffff) << 232)) | (until << 232));
    }
}
