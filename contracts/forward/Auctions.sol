// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../interfaces/IForwardAuction.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {CutWord, MemberWord, OrderWord, OrderWords, StatedWord} from "../libraries/Packed.sol";
import {Adoption} from "./Adoption.sol";
import {Auction, RING, RulesWord, RulesWords, SeatWord, WINDOW} from "./ForwardTypes.sol";
import {Positions} from "./Positions.sol";

/// @title Auctions: what happens seldom, and what is asked from outside
/// @notice Creating an auction, a change of a meter's terms, the state of orders and slots.
library Auctions {
    using RulesWords for IForwardAuction.AuctionParams;

    uint256 private constant MAX_AUCTIONS = 3;
    uint256 private constant MAX_SECONDS = 7 days;

    /// @notice See IForwardAuction.createAuction.
    function create(
        mapping(bytes32 id => Auction) storage auctions,
        bytes32[] storage others,
        IMarkets markets,
        IForwardAuction.AuctionParams calldata p
    ) external returns (bytes32 id) {
        require(markets.marketParams(p.market).tickNano != 0, IMarkets.UnknownMarket(p.market));
        require(p.kPpm <= 1_000_000, IForwardAuction.BadParameter("kPpm"));
        require(p.lotWh != 0 && p.lotWh <= 128, IForwardAuction.BadParameter("lotWh"));
        int256 top = int256(p.floorNano) + 255 * int256(uint256(p.tickNano));
        require(p.tickNano != 0 && top <= type(int32).max, IForwardAuction.BadParameter("tickNano"));
        require(p.capNano >= top, IForwardAuction.BadParameter("capNano"));
        require(p.surplusNano <= 0 && p.surplusNano <= p.capNano, IForwardAuction.BadParameter("surplusNano"));
        require(p.gateSeconds <= MAX_SECONDS, IForwardAuction.BadParameter("gateSeconds"));
        require(p.firmSeconds <= MAX_SECONDS, IForwardAuction.BadParameter("firmSeconds"));
        require(p.voidSeconds != 0 && p.voidSeconds <= MAX_SECONDS, IForwardAuction.BadParameter("voidSeconds"));
        id = keccak256(abi.encode(p));
        Auction storage auction = auctions[id];
        require(!auction.rules.exists(), IForwardAuction.AuctionExists(id));
        require(others.length < MAX_AUCTIONS, IForwardAuction.TooManyAuctions(p.market));
        if (others.length != 0) {
            // What is left of all contracts together has one price.
            RulesWord other = auctions[others[0]].rules;
            require(other.capNano() == p.capNano, IForwardAuction.BadParameter("capNano"));
            require(other.surplusNano() == p.surplusNano, IForwardAuction.BadParameter("surplusNano"));
        }
        others.push(id);
        (auction.rules, auction.market) = (p.pack(), p.market);
        emit IForwardAuction.AuctionCreated(id, p.market, p);
    }

    /// @notice See IForwardAuction.termsChange.
    function termsChange(Auction storage auction, IMarkets markets, uint32 meter, uint32 fromSlot, bool owner)
        external
    {
        SeatWord seat = auction.seats[meter];
        if (seat.owner() == address(0)) return;
        uint256 until = fromSlot;
        if (!owner) {
            // What is kept holds on as long as he takes part as before.
            (MemberWord member, StatedWord stated) = markets.packedMember(auction.market, meter, fromSlot);
            if (stated.isActive() && stated.isBillingGrade()) until = member.untilSlot();
        }
        auction.seats[meter] = seat.endedAt(until / WINDOW);
        if (!owner) return;
        for (uint256 place; place < RING; ++place) {
            uint256 word = OrderWord.unwrap(auction.orders[(seat.index() << 7) | place]);
            uint256 window = word >> 236;
            if (word & OrderWords.LANES == 0 || (window + 1) * WINDOW <= fromSlot) continue;
            IForwardAuction.Window memory w = auction.windows[place];
            if (w.window != window || w.phase == IForwardAuction.Phase.Settled) continue;
            for (uint256 lane; lane < WINDOW; ++lane) {
                uint256 slot = window * WINDOW + lane;
                bool empty = OrderWords.lane(word, lane) == 0;
                require(empty || slot < fromSlot, IForwardAuction.OpenOrders(meter, uint32(slot)));
            }
        }
    }

    /// @notice See IForwardAuction.skipSequence.
    function skipSequence(Auction storage auction, IRegistry registry, bytes32 id, uint32 meter, uint32 sequence)
        external
    {
        (IRegistry.Terms memory terms,) = registry.termsAt(meter, registry.currentSlot());
        require(terms.owner == msg.sender, IForwardAuction.NotOwner(meter, msg.sender));
        SeatWord seat = auction.seats[meter];
        require(sequence > seat.sequence(), IForwardAuction.SequenceUsed(meter, sequence));
        auction.seats[meter] = seat.withSequence(sequence);
        emit IForwardAuction.SequenceSkipped(id, meter, sequence);
    }

    /// @notice See IForwardAuction.auctionParams.
    function params(Auction storage auction) external view returns (IForwardAuction.AuctionParams memory) {
        return auction.rules.unpacked(auction.market);
    }

    /// @notice See IForwardAuction.orderWords.
    function orderWords(Auction storage auction, uint256 window, uint256 firstIndex, uint256 count)
        external
        view
        returns (uint256[] memory words)
    {
        words = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            words[i] = auction.orders[((firstIndex + i) << 7) | (window % RING)].lanesOf(window);
        }
    }

    /// @notice See IForwardAuction.windowState.
    function windowOf(Auction storage auction, uint256 window) public view returns (IForwardAuction.Window memory w) {
        w = auction.windows[window % RING];
        if (w.window != window) w = IForwardAuction.Window(uint32(window), IForwardAuction.Phase.Absent, false, 0);
    }

    /// @notice Price and last ticks of a slot of a cleared window.
    function resultOf(Auction storage auction, uint256 slot)
        external
        view
        returns (IForwardAuction.Result memory result)
    {
        uint256 window = slot / WINDOW;
        IForwardAuction.Phase phase = windowOf(auction, window).phase;
        require(phase >= IForwardAuction.Phase.Cleared, IForwardAuction.WrongPhase(uint32(window), phase));
        slot %= WINDOW;
        uint256 cut = OrderWords.lane(CutWord.unwrap(auction.cuts[window % RING]), slot);
        if (cut & 0x1ff == 256) return result;
        uint256 prices = auction.prices[(window % RING) * 2 + (slot & 1)];
        int256 above = int256((prices >> (168 - (slot >> 1) * 56)) & type(uint32).max);
        int32 price = int32(auction.rules.floorNano() + above);
        return IForwardAuction.Result(true, price, uint8(cut), uint8(((cut >> 9) & 0x1ff) - 1));
    }

    /// @notice What a member has ordered for a slot, and what became of it.
    function orderOf(Auction storage auction, IMarkets markets, uint32 meter, uint32 slot)
        external
        view
        returns (IForwardAuction.OrderState memory state)
    {
        (MemberWord member, StatedWord stated) = markets.packedMember(auction.market, meter, slot);
        require(MemberWord.unwrap(member) != 0, IMarkets.NotAMember(auction.market, meter));
        uint256 window = slot / WINDOW;
        uint256 key = (uint256(stated.index()) << 7) | (window % RING);
        uint256 lanes = auction.orders[key].lanesOf(window);
        uint256 lane = OrderWords.lane(lanes, slot % WINDOW);
        if (lane == 0) return state;
        RulesWord rules = auction.rules;
        int256 limit = rules.floorNano() + int256(OrderWords.tick(lane)) * rules.tickNano();
        uint256 lotWh = rules.lotWh();
        uint256 filled;
        if (Positions.isCleared(auction, window)) {
            uint256 lots = Positions.filledLots(auction, auction.cuts[window % RING], key, window, lanes);
            lots += Adoption.lotsOf(auction, window, key, lanes, lots);
            filled = OrderWords.lane(lots, slot % WINDOW);
        }
        return IForwardAuction.OrderState(
            OrderWords.sells(lane), int32(limit), uint32(OrderWords.lots(lane) * lotWh), uint32(filled * lotWh)
        );
    }
}
