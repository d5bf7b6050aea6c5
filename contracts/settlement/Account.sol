// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "../interfaces/ILedger.sol";
import {Quote, TariffWord} from "../libraries/Packed.sol";
import {Accrual, Batch, Env, Forward, Member, PriceTable} from "./Types.sol";

/// @title Account: what a slot costs and earns
/// @notice The money of one member's slot, and the hand-over of a batch to the ledger. Every figure is Wh times
/// nano-currency per Wh: nothing is divided, nothing is rounded.
library Account {
    uint256 private constant BATCH_ENTRIES = 64;

    function newBatch() internal pure returns (Batch memory batch) {
        batch.entries = new ILedger.Entry[](BATCH_ENTRIES);
    }

    /// @dev What the supplier of the slot takes and gives: energy that is still missing at the retail price, energy
    /// that is left at the feed-in price, and the charges on every imported Wh.
    function accrueSupplier(Accrual memory acc, Quote quote, uint256 missingWh, uint256 leftWh, uint256 importWh)
        internal
        pure
    {
        // Volumes have 32 bits and prices 34 at most, so no product or sum comes near 256 bits.
        unchecked {
            int256 nano;
            if (leftWh != 0) nano = int256(leftWh) * quote.feedIn();
            if (missingWh != 0) nano -= int256(missingWh) * quote.energy();
            if (importWh != 0) {
                nano -= int256(importWh) * quote.charges();
                acc.networkNano += int256(importWh) * quote.network();
            }
            acc.supplierNano += nano;
        }
        acc.any = true;
    }

    /// @dev The difference between metered and contracted energy (bought B, sold S).
    function net(int256 contracted, uint256 importWh, uint256 exportWh)
        internal
        pure
        returns (uint256 buyWh, uint256 sellWh)
    {
        uint256 bought = contracted > 0 ? uint256(contracted) : 0;
        uint256 sold = contracted < 0 ? uint256(-contracted) : 0;
        buyWh = above(importWh, bought) + above(sold, exportWh);
        sellWh = above(exportWh, sold) + above(bought, importWh);
    }

    function above(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a - b : 0;
    }

    /// @dev What stages and modules have contracted for a meter in a slot.
    function staged(Env memory env, uint32 meter, uint256 slot) internal view returns (int256) {
        uint256 word = env.core.ledger.contractedWord(meter, uint32(slot / 8));
        return int32(uint32(word >> (32 * (slot % 8))));
    }

    /// @dev What one slot with contracted energy C costs beside energy, feed-in and charges. A sale that was not
    /// delivered pays the imbalance price, but not above the cap, for what neither own energy nor the neighbours' made
    /// good; a purchase that was not consumed fetches the feed-in price, but not below the surplus price.
    function accrueDeviation(
        Accrual memory acc,
        Forward memory forward,
        TariffWord row,
        int256 contractedWh,
        uint256 missingWh,
        uint256 leftWh,
        uint256 importWh
    ) internal pure {
        // Volumes have 32 bits and prices 34 at most.
        unchecked {
            if (contractedWh < 0) {
                if (missingWh > importWh) {
                    acc.supplierNano -= int256(missingWh - importWh) * undeliveredMore(forward, row);
                }
            } else if (uint256(contractedWh) > importWh) {
                uint256 wh = uint256(contractedWh) - importWh;
                acc.supplierNano += int256(wh < leftWh ? wh : leftWh) * unconsumedMore(forward, row);
            }
        }
    }

    /// @dev The worst that the collateral of contracted energy stands for, as from the supplier: nothing was delivered,
    /// and everything costs the cap; nothing was consumed, and everything fetches the surplus price.
    function worst(Forward memory forward, int256 contractedWh) internal pure returns (int256) {
        return contractedWh * (contractedWh < 0 ? forward.capNano : forward.surplusNano);
    }

    /// @dev What a Wh of an undelivered sale costs above the energy price: the imbalance price, up to the cap. It is
    /// never less than what an unconsumed purchase fetches, or a pair of orders that nobody means to keep would earn.
    function undeliveredMore(Forward memory forward, TariffWord row) internal pure returns (int256) {
        int256 imbalance = row.imbalance();
        int256 least = unconsumedMore(forward, row) + row.feedIn();
        if (imbalance < least) imbalance = least;
        return (imbalance < forward.capNano ? imbalance : forward.capNano) - row.energy();
    }

    /// @dev What a Wh of an unconsumed purchase fetches above the feed-in price: the surplus price at least, the cap at
    /// most.
    function unconsumedMore(Forward memory forward, TariffWord row) internal pure returns (int256) {
        int256 feedIn = row.feedIn();
        if (feedIn < forward.surplusNano) return forward.surplusNano - feedIn;
        return feedIn > forward.capNano ? forward.capNano - feedIn : int256(0);
    }

    /// @dev The standing charge falls due in the first slot of a UTC day, which is also the first of its window.
    function accrueStanding(Env memory env, PriceTable memory table, Member memory m, Accrual memory acc, uint256 slot)
        internal
        pure
    {
        if ((slot * env.core.slotSeconds) % 1 days != 0) return;
        acc.supplierNano -= TariffWord.wrap(table.rows[m.tariff][slot - table.firstSlot]).standing();
    }

    /// @dev Closes a member's sums into an entry of the batch.
    function close(Env memory env, PriceTable memory table, Batch memory batch, Member memory m, Accrual memory acc)
        internal
    {
        if (!acc.any) return;
        batch.entries[batch.count++] = ILedger.Entry(
            m.meter,
            m.owner,
            table.suppliers[m.tariff],
            acc.releaseNano,
            acc.payNano,
            acc.incomeNano,
            acc.supplierNano,
            acc.collateralNano,
            acc.contractNano
        );
        table.networkNano[m.tariff] += acc.networkNano;
        (acc.releaseNano, acc.payNano, acc.incomeNano) = (0, 0, 0);
        (acc.supplierNano, acc.networkNano, acc.any) = (0, 0, false);
        (acc.collateralNano, acc.contractNano) = (0, 0);
        if (batch.count == batch.entries.length) hand(env, table, batch);
    }

    /// @dev Hands the batch to the ledger and empties it.
    function hand(Env memory env, PriceTable memory table, Batch memory batch) internal {
        if (batch.count == 0) return;
        ILedger.Entry[] memory entries = batch.entries;
        if (batch.count != entries.length) {
            entries = new ILedger.Entry[](batch.count);
            for (uint256 i; i < batch.count; ++i) entries[i] = batch.entries[i];
        }
        ILedger.Network[] memory networks = new ILedger.Network[](table.count);
        for (uint256 i; i < table.count; ++i) {
            networks[i] = ILedger.Network(table.suppliers[i], table.networkNano[i]);
            table.networkNano[i] = 0;
        }
        env.core.ledger.settle(
            env.market,
            env.core.registry.area(env.params.area).operator,
            env.params.feeAccount,
            batch.feesNano,
            entries,
            networks
        );
        (batch.count, batch.feesNano) = (0, 0);
    }
}
