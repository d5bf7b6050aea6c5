// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {IMetering} from "../interfaces/IMetering.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {LaneWord, LaneWords, TariffWord} from "../libraries/Packed.sol";
import {Account} from "./Account.sol";
import {Context} from "./Context.sol";
import {
    Accrual,
    Batch,
    Core,
    Env,
    FIRST,
    IMPORTS,
    Member,
    NO_TICK,
    PriceTable,
    SECOND,
    State,
    WINDOW,
    WITHHELD_BUY,
    WITHHELD_SELL
} from "./Types.sol";

/// @title Posting: the first phase, from a signed reading to offered volumes
/// @notice What a member measured beyond its contracts is offered to the neighbours, as far as its money and its
/// supplier's guarantee cover the worst price; the rest is withheld and goes to the supplier.
library Posting {
    /// @dev Volumes of one slot, in Wh.
    struct Volumes {
        uint256 buyWh;
        uint256 sellWh;
        uint256 withheldBuyWh;
        uint256 withheldSellWh;
        uint256 importWh;
        bool late;
    }

    /// @notice See ISettlement.postReadings.
    function postReadings(
        State storage state,
        Core memory core,
        bytes32 market,
        IMetering.Reading[] calldata readings
    ) external returns (IMetering.Outcome[] memory outcomes) {
        Env memory env = Context.load(core, market);
        outcomes = new IMetering.Outcome[](readings.length);
        IMarkets.MemberTerms[] memory terms = new IMarkets.MemberTerms[](readings.length);
        for (uint256 i; i < readings.length; ++i) (outcomes[i], terms[i]) = _admit(env, readings[i]);
        outcomes = core.metering.postFor(readings, msg.sender, outcomes);
        PriceTable memory table;
        for (uint256 i; i < readings.length; ++i) {
            if (outcomes[i] != IMetering.Outcome.Accepted) continue;
            IMetering.Reading calldata r = readings[i];
            if (table.firstSlot != r.firstSlot || table.slots != r.slots) {
                table = Context.newTable(r.firstSlot, r.slots);
            }
            if (!terms[i].active) continue;
            Member memory m;
            Context.fill(env, table, m, terms[i]);
            _post(state, env, table, m, r);
        }
    }

    /// @dev What the market itself requires of a record; everything else is Metering's to judge.
    function _admit(Env memory env, IMetering.Reading calldata r)
        private
        view
        returns (IMetering.Outcome, IMarkets.MemberTerms memory terms)
    {
        try env.core.markets.memberByMeter(env.market, r.meter, r.firstSlot) returns (
            IMarkets.MemberTerms memory t
        ) {
            terms = t;
        } catch {
            return (IMetering.Outcome.NotAMember, terms);
        }
        // Slots without a membership (before it, or of an owner who has not enrolled) are metered and no more.
        if (!terms.active) {
            bool split = terms.untilSlot < uint256(r.firstSlot) + r.slots;
            return (split ? IMetering.Outcome.SplitAtChange : IMetering.Outcome.Accepted, terms);
        }
        if (!terms.billingGrade) return (IMetering.Outcome.NotBillingGrade, terms);
        // Once a tariff has begun it goes on, so the first slot speaks for all.
        if (env.core.tariffs.packedRows(terms.supplier, terms.tariff, r.firstSlot, 1)[0] == 0) {
            return (IMetering.Outcome.NoTariff, terms);
        }
        return (IMetering.Outcome.Accepted, terms);
    }

    function _post(
        State storage state,
        Env memory env,
        PriceTable memory table,
        Member memory m,
        IMetering.Reading calldata r
    ) private {
        (Volumes[] memory volumes, uint256 wantedNano, bool contracted, bool late) = _measure(state, env, table, m, r);
        if (wantedNano != 0) {
            address supplier = table.suppliers[m.tariff];
            uint256 lockedNano = env.core.ledger.lockUpTo(m.owner, supplier, m.meter, wantedNano);
            if (lockedNano < wantedNano) {
                uint256 unusedNano = _withhold(env, table, m, r.firstSlot, volumes, lockedNano);
                env.core.ledger.unlock(m.owner, supplier, m.meter, unusedNano);
            }
        }
        _store(state, env, m, r.firstSlot, volumes, contracted);
        if (late) _settleLate(env, table, m, r, volumes);
    }

    /// @dev Volumes of each slot, what may be offered of them, and the money that this takes.
    function _measure(
        State storage state,
        Env memory env,
        PriceTable memory table,
        Member memory m,
        IMetering.Reading calldata r
    )
        private
        returns (Volumes[] memory volumes, uint256 wantedNano, bool contracted, bool anyLate)
    {
        volumes = new Volumes[](r.slots);
        contracted = _isContracted(env, r);
        bool offered = r.quality == IMetering.Quality.Measured;
        bool open;
        for (uint256 i; i < volumes.length; ++i) {
            uint256 slot = r.firstSlot + i;
            if (i == 0 || slot % WINDOW == 0) {
                open = Context.openWindow(state, env, slot / WINDOW);
                anyLate = anyLate || !open;
            }
            Volumes memory v = volumes[i];
            (v.buyWh, v.sellWh) = _interval(r.intervals, i);
            v.importWh = v.buyWh;
            if (contracted) (v.buyWh, v.sellWh) = _net(env, r.meter, slot, v.buyWh, v.sellWh);
            v.late = !open;
            if (!open) continue;
            if (slot >= m.untilSlot) Context.loadMember(env, table, m, slot);
            TariffWord row = TariffWord.wrap(table.rows[m.tariff][i]);
            if (v.buyWh != 0) {
                if (offered && Context.tickOf(env, table, m, slot, false) != NO_TICK) {
                    wantedNano += Account.lockNano(v.buyWh, Context.grossBuy(env, m, row, slot), false);
                } else {
                    (v.withheldBuyWh, v.buyWh) = (v.buyWh, 0);
                }
            }
            if (v.sellWh != 0) {
                if (offered && Context.tickOf(env, table, m, slot, true) != NO_TICK) {
                    wantedNano += Account.lockNano(v.sellWh, Context.grossSell(env, m, row, slot), true);
                } else {
                    (v.withheldSellWh, v.sellWh) = (v.sellWh, 0);
                }
            }
        }
    }

    /// @dev Whether any window of the record has contracted energy; whole windows, so that a window has one answer.
    function _isContracted(Env memory env, IMetering.Reading calldata r) private view returns (bool) {
        uint256 first = r.firstSlot - r.firstSlot % WINDOW;
        uint256 end = r.firstSlot + r.slots + WINDOW - 1;
        return env.core.ledger.hasPostings(r.meter, uint32(first), uint32(end - end % WINDOW - first));
    }

    /// @dev Import and export of slot `i` of a record.
    function _interval(uint256[] calldata intervals, uint256 i) private pure returns (uint256, uint256) {
        uint256 pair = intervals[i / 4] >> (192 - 64 * (i % 4));
        return ((pair >> 32) & type(uint32).max, pair & type(uint32).max);
    }

    /// @dev The difference between metered and contracted energy (bought B, sold S).
    function _net(Env memory env, uint32 meter, uint256 slot, uint256 importWh, uint256 exportWh)
        private
        view
        returns (uint256 buyWh, uint256 sellWh)
    {
        uint256 word = env.core.ledger.contractedWord(meter, uint32(slot / WINDOW));
        int256 contracted = int32(uint32(word >> (32 * (slot % WINDOW))));
        uint256 bought = contracted > 0 ? uint256(contracted) : 0;
        uint256 sold = contracted < 0 ? uint256(-contracted) : 0;
        buyWh = _above(importWh, bought) + _above(sold, exportWh);
        sellWh = _above(exportWh, sold) + _above(bought, importWh);
    }

    function _above(uint256 a, uint256 b) private pure returns (uint256) {
        return a > b ? a - b : 0;
    }

    /// @dev Withholds what `budgetNano` does not cover, the earliest slots first; returns what is left of it.
    function _withhold(
        Env memory env,
        PriceTable memory table,
        Member memory m,
        uint256 firstSlot,
        Volumes[] memory volumes,
        uint256 budgetNano
    ) private view returns (uint256) {
        Context.loadMember(env, table, m, firstSlot);
        for (uint256 i; i < volumes.length; ++i) {
            Volumes memory v = volumes[i];
            uint256 slot = firstSlot + i;
            if (slot >= m.untilSlot) Context.loadMember(env, table, m, slot);
            if (v.late) continue;
            TariffWord row = TariffWord.wrap(table.rows[m.tariff][i]);
            uint256 covered;
            (covered, budgetNano) = _coveredDown(v.buyWh, Account.lockNano(1, Context.grossBuy(env, m, row, slot), false), budgetNano);
            (v.withheldBuyWh, v.buyWh) = (v.withheldBuyWh + v.buyWh - covered, covered);
            (covered, budgetNano) = _coveredDown(v.sellWh, Account.lockNano(1, Context.grossSell(env, m, row, slot), true), budgetNano);
            (v.withheldSellWh, v.sellWh) = (v.withheldSellWh + v.sellWh - covered, covered);
        }
        return budgetNano;
    }

    /// @dev How many of `wh` the budget covers at `eachNano`, rounded down.
    function _coveredDown(uint256 wh, uint256 eachNano, uint256 budgetNano)
        private
        pure
        returns (uint256 coveredWh, uint256 leftNano)
    {
        coveredWh = wh;
        if (eachNano != 0 && wh * eachNano > budgetNano) coveredWh = budgetNano / eachNano;
        leftNano = budgetNano - coveredWh * eachNano;
    }

    /// @dev Writes the volumes into the ring, window by window.
    function _store(
        State storage state,
        Env memory env,
        Member memory m,
        uint256 firstSlot,
        Volumes[] memory volumes,
        bool contracted
    ) private {
        uint256 i;
        while (i < volumes.length) {
            uint256 window = (firstSlot + i) / WINDOW;
            uint256 end = (window + 1) * WINDOW - firstSlot;
            if (end > volumes.length) end = volumes.length;
            if (volumes[i].late) i = end;
            LaneWord[5] memory words;
            uint256 flags;
            for (; i < end; ++i) {
                Volumes memory v = volumes[i];
                uint256 lane = (firstSlot + i) % WINDOW;
                words[FIRST] = words[FIRST].withPosted(lane).withLane(
                    lane, v.buyWh != 0 ? v.buyWh : v.sellWh != 0 ? v.sellWh | LaneWords.SELL : 0
                );
                if (v.buyWh != 0 && v.sellWh != 0) {
                    words[SECOND] = words[SECOND].withLane(lane, v.sellWh | LaneWords.SELL);
                    flags |= LaneWords.SECOND;
                }
                if (v.withheldBuyWh != 0) {
                    words[WITHHELD_BUY] = words[WITHHELD_BUY].withLane(lane, v.withheldBuyWh);
                    flags |= LaneWords.WITHHELD_BUY;
                }
                if (v.withheldSellWh != 0) {
                    words[WITHHELD_SELL] = words[WITHHELD_SELL].withLane(lane, v.withheldSellWh | LaneWords.SELL);
                    flags |= LaneWords.WITHHELD_SELL;
                }
                if (contracted) {
                    words[IMPORTS] = words[IMPORTS].withLane(lane, v.importWh);
                    flags |= LaneWords.IMPORTS;
                }
                if (v.withheldBuyWh + v.withheldSellWh != 0) {
                    emit ISettlement.Withheld(
                        env.market,
                        m.meter,
                        uint32(firstSlot + i),
                        uint32(v.withheldBuyWh),
                        uint32(v.withheldSellWh)
                    );
                }
            }
            if (words[FIRST].postedMask() != 0) _write(state.lanes[env.market], m.index, window, words, flags);
        }
    }

    /// @dev Joins the words of one window with what an earlier record of the same window has left.
    function _write(
        mapping(uint256 => LaneWord) storage lanes,
        uint256 index,
        uint256 window,
        LaneWord[5] memory words,
        uint256 flags
    ) private {
        uint256 key = Context.laneKey(index, window, FIRST);
        LaneWord old = lanes[key];
        if (!old.isWindow(window)) old = LaneWords.empty(window);
        lanes[key] = old.with(LaneWord.unwrap(words[FIRST]) | flags);
        if (flags == 0) return;
        for (uint256 layer = SECOND; layer <= IMPORTS; ++layer) {
            uint256 added = LaneWord.unwrap(words[layer]);
            bool flagged = flags & (LaneWords.SECOND << (layer - 1)) != 0;
            if (!flagged) continue;
            old = lanes[key | layer];
            if (!old.isWindow(window)) old = LaneWords.empty(window);
            lanes[key | layer] = old.with(added);
        }
    }

    /// @dev Readings of windows that were cleared without them: the supplier takes and gives everything.
    function _settleLate(
        Env memory env,
        PriceTable memory table,
        Member memory m,
        IMetering.Reading calldata r,
        Volumes[] memory volumes
    ) private {
        Batch memory batch = Account.newBatch();
        Accrual memory acc;
        for (uint256 i; i < volumes.length; ++i) {
            Volumes memory v = volumes[i];
            if (v.late) Account.accrueSupplier(env, table, m, acc, r.firstSlot + i, v.buyWh, v.sellWh, v.importWh);
        }
        Account.close(env, table, batch, m, acc);
        Account.hand(env, table, batch);
        emit ISettlement.LateSettled(env.market, m.meter, r.firstSlot, r.slots);
    }
}
