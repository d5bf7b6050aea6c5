// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "../interfaces/ILedger.sol";
import {TariffWord} from "../libraries/Packed.sol";
import {Accrual, Batch, Env, Member, PriceTable} from "./Types.sol";

/// @title Account: what a slot costs and earns
/// @notice The money of one member's slot, and the hand-over of a batch to the ledger. Every figure is Wh times
/// nano-currency per Wh: nothing is divided, nothing is rounded.
library Account {
    uint256 private constant BATCH_ENTRIES = 64;

    function newBatch() internal pure returns (Batch memory batch) {
        batch.entries = new ILedger.Entry[](BATCH_ENTRIES);
    }

    /// @dev What the supplier of the slot takes and gives: energy that is still missing at the retail price, energy
    /// that is left at the feed-in price, the charges on every imported Wh, the standing charge once a UTC day.
    function accrueSupplier(
        Env memory env,
        PriceTable memory table,
        Member memory m,
        Accrual memory acc,
        uint256 slot,
        uint256 missingWh,
        uint256 leftWh,
        uint256 importWh
    ) internal pure {
        TariffWord row = TariffWord.wrap(table.rows[m.tariff][slot - table.firstSlot]);
        // Volumes have 32 bits and prices 32, so no product or sum comes near 256 bits.
        unchecked {
            int256 nano = int256(leftWh) * row.feedIn() - int256(missingWh) * row.energy();
            if (importWh != 0) {
                nano -= int256(importWh) * row.charges();
                table.networkNano[m.tariff] += int256(importWh) * row.network();
            }
            if ((slot * env.core.slotSeconds) % 1 days == 0) nano -= row.standing();
            acc.supplierNano += nano;
        }
        acc.any = true;
    }

    /// @dev What the neighbours take and give for the filled part of one side, at p and the fee.
    function accrueFill(Env memory env, Accrual memory acc, int256 priceNano, uint256 filledWh, bool sell)
        internal
        pure
    {
        unchecked {
            int256 nano = int256(filledWh) * (sell ? priceNano - env.sellFeeNano : -priceNano - env.buyFeeNano);
            if (nano >= 0) acc.incomeNano += uint256(nano);
            else acc.payNano += uint256(-nano);
        }
    }

    /// @dev What stands locked for an offer: the worst that its owner may have to pay for it.
    function lockNano(uint256 wh, int256 grossNano, bool sell) internal pure returns (uint256) {
        int256 each = sell ? -grossNano : grossNano;
        return each > 0 ? wh * uint256(each) : 0;
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
            acc.supplierNano
        );
        (acc.releaseNano, acc.payNano, acc.incomeNano, acc.supplierNano, acc.any) = (0, 0, 0, 0, false);
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
