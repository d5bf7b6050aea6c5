// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {World} from "./World.sol";

/// @title Traders: homes that order ahead, and what stands locked for them
abstract contract Traders is World {
    /// @dev The auction that is meant where none is named.
    bytes32 internal auction;
    /// @dev Windows in which the helpers here have placed orders.
    uint32[] internal ordered;
    mapping(uint32 window => bool) private _noted;

    /* MESSAGES */

    /// @dev Hashed from the type strings, not with the contract's own digest.
    function hashOrder(
        IForwardAuction.Order memory o
    ) internal pure returns (bytes32) {
        bytes32 kind = keccak256(
            "Order(bytes32 auction,uint32 meter,uint32 slot,uint32 sequence,"
            "uint8 action,bool sell,int32 limitNano,uint32 wh)"
        );
        return keccak256(abi.encode(kind, o.auction, o.meter, o.slot, o.sequence, o.action, o.sell, o.limitNano, o.wh));
    }

    function hashSchedule(
        IForwardAuction.Schedule memory s
    ) internal pure returns (bytes32) {
        bytes32 kind = keccak256("Schedule(bytes32 auction,uint32 meter,uint32 day,uint32 sequence,uint256[] words)");
        return keccak256(abi.encode(kind, s.auction, s.meter, s.day, s.sequence, keccak256(abi.encodePacked(s.words))));
    }

    function signOrder(
        IForwardAuction.Order memory o,
        uint256 key
    ) internal view {
        o.signature = signed(key, digestOf(separator("p2pchain ForwardAuction", address(forward)), hashOrder(o)));
    }

    function signSchedule(
        IForwardAuction.Schedule memory s,
        uint256 key
    ) internal view {
        s.signature = signed(key, digestOf(separator("p2pchain ForwardAuction", address(forward)), hashSchedule(s)));
    }

    /// @dev A signed order with the next sequence number.
    function orderBy(
        uint256 id,
        uint32 slot,
        IForwardAuction.Action action,
        bool sells,
        int32 limit,
        uint32 wh
    ) internal view returns (IForwardAuction.Order memory o) {
        uint32 sequence = forward.sequenceOf(auction, homes[id].meter) + 1;
        o = IForwardAuction.Order(auction, homes[id].meter, slot, sequence, action, sells, limit, wh, "");
        signOrder(o, homes[id].ownerKey);
    }

    function scheduleBy(
        uint256 id,
        uint32 day,
        uint256[] memory words
    ) internal view returns (IForwardAuction.Schedule memory s) {
        uint32 sequence = forward.sequenceOf(auction, homes[id].meter) + 1;
        s = IForwardAuction.Schedule(auction, homes[id].meter, day, sequence, words, "");
        signSchedule(s, homes[id].ownerKey);
    }

    function placeOne(
        IForwardAuction.Order memory o
    ) internal returns (IForwardAuction.Refusal) {
        IForwardAuction.Order[] memory os = new IForwardAuction.Order[](1);
        os[0] = o;
        note(o.slot / 8);
        return forward.place(os)[0];
    }

    function scheduleOne(
        IForwardAuction.Schedule memory s
    ) internal returns (IForwardAuction.Refusal) {
        IForwardAuction.Schedule[] memory ss = new IForwardAuction.Schedule[](1);
        ss[0] = s;
        for (uint256 i; i < s.words.length; ++i) {
            note(uint32(uint256(s.day) * slotsPerDay() / 8 + i));
        }
        return forward.schedule(ss)[0];
    }

    function note(
        uint32 window
    ) internal {
        if (_noted[window]) return;
        _noted[window] = true;
        ordered.push(window);
    }

    function buy(
        uint256 id,
        uint32 slot,
        int32 limit,
        uint32 wh
    ) internal {
        assertTaken(placeOne(orderBy(id, slot, IForwardAuction.Action.Place, false, limit, wh)), "buy");
    }

    function sell(
        uint256 id,
        uint32 slot,
        int32 limit,
        uint32 wh
    ) internal {
        assertTaken(placeOne(orderBy(id, slot, IForwardAuction.Action.Place, true, limit, wh)), "sell");
    }

    function cancel(
        uint256 id,
        uint32 slot
    ) internal {
        assertTaken(placeOne(orderBy(id, slot, IForwardAuction.Action.Cancel, false, 0, 0)), "cancel");
    }

    function assertTaken(
        IForwardAuction.Refusal got,
        string memory why
    ) internal pure {
        assertRefused(got, IForwardAuction.Refusal.None, why);
    }

    function assertRefused(
        IForwardAuction.Refusal got,
        IForwardAuction.Refusal want,
        string memory why
    ) internal pure {
        vm.assertEq(uint256(got), uint256(want), why);
    }

    /* TICKS AND LANES */

    function priceOf(
        uint256 tick
    ) internal view returns (int32) {
        IForwardAuction.AuctionParams memory p = forward.auctionParams(auction);
        return int32(int256(p.floorNano) + int256(tick) * int256(uint256(p.tickNano)));
    }

    function lane(
        uint256 lots,
        uint256 tick,
        bool sells
    ) internal pure returns (uint256) {
        return lots + tick * 2 ** 19 + (sells ? 2 ** 27 : 0);
    }

    function gate(
        uint32 window
    ) internal view returns (uint64 unixTime) {
        (unixTime,) = forward.gateOf(auction, window);
    }

    function firm(
        uint32 window
    ) internal view returns (uint64 unixTime) {
        (, unixTime) = forward.gateOf(auction, window);
    }

    function orderPhase(
        uint32 window
    ) internal view returns (IForwardAuction.Phase) {
        return forward.windowState(auction, window).phase;
    }

    function assertOrderPhase(
        uint32 window,
        IForwardAuction.Phase want
    ) internal view {
        vm.assertEq(uint256(orderPhase(window)), uint256(want), "phase of the orders");
    }

    function clearOrders(
        uint32 window
    ) internal {
        forward.clear(auction, window, 1, type(uint32).max);
    }

    /* COLLATERAL */

    /// @dev What an order can cost at worst, as the interface says it.
    function worstNano(
        IForwardAuction.AuctionParams memory p,
        bool sells,
        int256 limit,
        uint256 wh
    ) internal pure returns (uint256) {
        int256 each = sells ? int256(p.capNano) - limit : limit - p.surplusNano;
        int256 other = sells ? -limit : limit;
        if (other > each) each = other;
        return each > 0 ? wh * uint256(each) : 0;
    }

    /// @dev The same of the orders in a word, lane by lane.
    function worstOfWord(
        IForwardAuction.AuctionParams memory p,
        uint256 word
    ) internal pure returns (uint256 nano) {
        for (uint256 i; i < 8; ++i) {
            uint256 raw = (word / 2 ** (28 * i)) % 2 ** 28;
            int256 limit = int256(p.floorNano) + int256((raw / 2 ** 19) % 256) * int256(uint256(p.tickNano));
            nano += worstNano(p, raw >= 2 ** 27, limit, (raw % 2 ** 19) * p.lotWh);
        }
    }

    /// @dev Collateral of all orders of an owner that are not settled.
    function openCollateral(
        address owner
    ) internal view virtual override returns (uint256 nano) {
        bytes32[] memory ids = forward.auctionsOf(market);
        for (uint256 a; a < ids.length; ++a) {
            IForwardAuction.AuctionParams memory p = forward.auctionParams(ids[a]);
            for (uint256 k; k < ordered.length; ++k) {
                IForwardAuction.Phase reached = forward.windowState(ids[a], ordered[k]).phase;
                if (reached == IForwardAuction.Phase.Absent || reached == IForwardAuction.Phase.Settled) continue;
                // Members whom a settlement has passed have got theirs back.
                uint32 from = settlement.windowState(market, ordered[k]).cursor;
                if (phase(ordered[k]) < CLEARED) from = 0;
                uint256[] memory words =
                    forward.orderWords(ids[a], ordered[k], from, markets.memberCount(market) - from);
                for (uint32 i; i < words.length; ++i) {
                    if (words[i] == 0 || _ownerAt(from + i, ordered[k] * 8) != owner) continue;
                    nano += worstOfWord(p, words[i]);
                }
            }
        }
    }

    /// @dev Tests with a change of owner inside a window count for themselves.
    function _ownerAt(
        uint32 index,
        uint32 slot
    ) private view returns (address) {
        return markets.memberAt(market, index, slot).owner;
    }
}
