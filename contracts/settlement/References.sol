// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {Edges} from "../levels/Edges.sol";
import {Prices} from "../libraries/Prices.sol";
import {TariffWord} from "../libraries/Packed.sol";
import {Context} from "./Context.sol";
import {Core, Env, Member, PriceTable, WINDOW} from "./Types.sol";

/// @dev The lowest retail and the highest feed-in price of a slot; `any` is false while nobody took part.
struct Reference {
    bool any;
    int32 retailNano;
    int32 feedInNano;
}

/// @title References: p from the tariffs of a slot's members
library References {
    /// @dev Takes a tariff row into account.
    function add(Reference memory ref, TariffWord row) internal pure {
        if (row.isNone()) return;
        int32 retail = int32(row.energy());
        int32 feedIn = int32(row.feedIn());
        if (!ref.any || retail < ref.retailNano) ref.retailNano = retail;
        if (!ref.any || feedIn > ref.feedInNano) ref.feedInNano = feedIn;
        ref.any = true;
    }

    /// @dev In an area without grid critical loads buy whatever p is. So r pays the buyer's fee: p is above no tariff.
    function lower(Reference memory ref, int256 feeNano) internal pure {
        int256 nano = ref.retailNano - feeNano;
        ref.retailNano = nano < type(int32).min ? type(int32).min : int32(nano);
    }

    /// @dev Where critical loads come first, what is stated for slots without an auction is no price above r.
    function within(Reference memory ref, int256 priceNano) internal pure returns (int256) {
        return ref.any && priceNano > ref.retailNano ? int256(ref.retailNano) : priceNano;
    }

    /// @dev p of a slot that has no price of its own from supply and demand, and whether there is one.
    function priceOf(Env memory env, Reference memory ref) internal pure returns (int256, bool) {
        if (ref.any && ref.retailNano > ref.feedInNano) {
            uint256 kPpm = env.params.rule == IMarkets.PriceRule.Sdr ? 500_000 : env.params.kPpm;
            return (Prices.reference_(ref.retailNano, ref.feedInNano, kPpm), true);
        }
        return env.params.hasStatedPrice ? (int256(env.params.statedPriceNano), true) : (int256(0), false);
    }

    /// @dev See ISettlement.referenceAt.
    function inSlot(Core memory core, bytes32 market, uint32 slot)
        internal
        view
        returns (Reference memory ref, int32 priceNano, bool defined)
    {
        Env memory env = Context.load(core, market);
        PriceTable memory table = Context.newTable(slot - slot % WINDOW, WINDOW);
        uint256 members = core.markets.memberCount(market);
        Member memory m;
        for (uint256 index; index < members; ++index) {
            m.index = index;
            Context.loadMember(env, table, m, slot);
            if (m.active) add(ref, TariffWord.wrap(table.rows[m.tariff][slot % WINDOW]));
        }
        uint256[] memory edges = core.levels.edgesOf(market, slot / uint32(WINDOW), 1);
        bool island = edges.length != 0 && (Edges.islandOf(edges[0]) >> (slot % WINDOW)) & 1 != 0;
        Reference memory used = Reference(ref.any, ref.retailNano, ref.feedInNano);
        if (island) lower(used, env.buyFeeNano);
        int256 price;
        (price, defined) = priceOf(env, used);
        priceNano = int32(island ? within(used, price) : price);
    }
}
