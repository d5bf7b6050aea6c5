// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {IMarkets} from "../interfaces/IMarkets.sol";
import {IMetering} from "../interfaces/IMetering.sol";
import {IRegistry} from "../interfaces/IRegistry.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {ITariffs} from "../interfaces/ITariffs.sol";
import {Evidence} from "../libraries/Evidence.sol";
import {LaneWords, MemberWord, Quote, ResultWord, StatedWord, TariffWord} from "../libraries/Packed.sol";
import {Account} from "./Account.sol";
import {Context} from "./Context.sol";
import {Accrual, Batch, Core, Env, Forward, Member, PriceTable, State, WINDOW} from "./Types.sol";

/// @title Runs: what is settled after the first settlement
/// @notice Corrections of what was read, and estimates of what was not, until a window is final. What neighbours have
/// traded stands; the difference is between a member and its supplier.
library Runs {
    /// @dev What a call works with.
    struct Work {
        Env env;
        Member m;
        PriceTable table;
        Forward forward;
        uint256 first;
        uint256 slots;
        bool staged;
    }

    /// @dev A slot as it was settled: forward contracts, fills of the neighbours, and what a Wh was bought and sold at.
    struct Settled {
        int256 contracted;
        uint256 boughtWh;
        uint256 soldWh;
        int256 buyNano;
        int256 sellNano;
    }

    /* CORRECTIONS */

    /// @notice See ISettlement.correct.
    function correct(
        State storage state,
        Core memory core,
        bytes32 market,
        IMetering.Correction calldata c,
        IMetering.Reading[] calldata records,
        ISettlement.SettledEvidence calldata evidence
    ) external {
        Work memory work;
        work.env = Context.load(core, market);
        uint256[] memory before = core.metering.correctFor(c, records, msg.sender);
        _begin(work, c.meter, c.firstSlot, c.slots);
        _requireNotFinal(state, work);
        _prove(state, work, evidence);
        Accrual memory acc;
        acc.any = true;
        for (uint256 i; i < work.slots; ++i) {
            Settled memory settled = _settledAt(evidence, work.first + i);
            uint256 value = Evidence.valueAt(c.intervals, i);
            acc.supplierNano += _amount(work, settled, i, value) - _amount(work, settled, i, before[i]);
            acc.networkNano += (int256(value >> 32) - int256(before[i] >> 32))
                * Quote.wrap(work.table.quotes[work.m.tariff][i]).network();
        }
        int256 supplierNano = acc.supplierNano;
        _hand(work, acc);
        // Whoever is adding up this day begins anew.
        uint256 day = (work.first * core.slotSeconds) / 1 days;
        ISettlement.DayTally storage sum = state.tallies[market][day];
        if (sum.cursor != 0) (sum.cursor, sum.membersWh) = (0, 0);
        emit ISettlement.CorrectionSettled(
            market, c.meter, c.firstSlot, c.slots, c.number, _run(work), supplierNano
        );
    }

    /// @dev The evidence must be what a call of `settle` has left for all slots of the correction.
    function _prove(State storage state, Work memory work, ISettlement.SettledEvidence calldata e) private view {
        uint256 firstWindow = work.first / WINDOW;
        uint256 lastWindow = (work.first + work.slots - 1) / WINDOW;
        uint256 endWindow = uint256(e.firstWindow) + e.windows;
        require(firstWindow >= e.firstWindow, ISettlement.NotSettled(uint32(firstWindow)));
        require(lastWindow < endWindow, ISettlement.NotSettled(uint32(lastWindow)));
        bytes32 root = state.roots[work.env.market][(uint256(e.firstWindow) << 32) | e.fromIndex];
        require(root != 0, ISettlement.NotSettled(e.firstWindow));
        bytes32 leaf = keccak256(
            bytes.concat(keccak256(abi.encode(work.m.meter, e.firstWindow, e.windows, e.fills, e.contracts)))
        );
        bytes32 proved = MerkleProof.processProofCalldata(e.proof, leaf);
        bytes32 word = keccak256(abi.encode(proved, keccak256(abi.encodePacked(e.results))));
        require(word == root, ISettlement.WrongProof());
    }

    function _settledAt(ISettlement.SettledEvidence calldata e, uint256 slot)
        private
        pure
        returns (Settled memory s)
    {
        (uint256 window, uint256 lane) = (slot / WINDOW, slot % WINDOW);
        if (e.contracts.length != 0) s.contracted = LaneWords.signedAt(e.contracts[window - e.firstWindow], lane);
        for (uint256 i; i < e.fills.length; ++i) {
            if (e.fills[i] >> 236 != window) continue;
            int256 wh = LaneWords.signedAt(e.fills[i], lane);
            if (wh > 0) s.boughtWh += uint256(wh);
            else s.soldWh += uint256(-wh);
        }
        uint256 place = slot - uint256(e.firstWindow) * WINDOW;
        s.buyNano = s.sellNano = ResultWord.wrap(e.results[place]).price();
        // Results of the sells follow where some slot has one of its own for them.
        uint256 slots = uint256(e.windows) * WINDOW;
        if (e.results.length > slots) s.sellNano = ResultWord.wrap(e.results[slots + place]).price();
    }

    /// @dev What a slot with this reading comes to with the supplier, the standing charge left out. What neighbours
    /// have traded beyond what there was, the supplier takes back at what it cost or fetched.
    function _amount(Work memory work, Settled memory s, uint256 i, uint256 value) private view returns (int256) {
        (uint256 importWh, uint256 exportWh) = (value >> 32, value & type(uint32).max);
        (uint256 buyWh, uint256 sellWh) = Account.net(s.contracted + _staged(work, i), importWh, exportWh);
        uint256 missingWh = Account.above(buyWh, s.boughtWh);
        uint256 leftWh = Account.above(sellWh, s.soldWh);
        Accrual memory acc;
        Account.accrueSupplier(
            acc, Quote.wrap(work.table.quotes[work.m.tariff][i]), missingWh, leftWh, importWh
        );
        if (s.contracted != 0) {
            TariffWord row = TariffWord.wrap(work.table.rows[work.m.tariff][i]);
            Account.accrueDeviation(acc, work.forward, row, s.contracted, missingWh, leftWh, importWh);
        }
        uint256 overBuyWh = Account.above(s.boughtWh, buyWh);
        uint256 overSellWh = Account.above(s.soldWh, sellWh);
        return acc.supplierNano + int256(overBuyWh) * s.buyNano - int256(overSellWh) * s.sellNano;
    }

    /* ESTIMATES */

    /// @notice See ISettlement.estimate.
    function estimate(
        State storage state,
        Core memory core,
        bytes32 market,
        uint32 meter,
        uint32 firstSlot,
        uint16 slots,
        IMetering.Reading[] calldata records
    ) external {
        Work memory work;
        work.env = Context.load(core, market);
        uint256 day = (uint256(firstSlot) * core.slotSeconds) / 1 days;
        uint256 lastDay = ((uint256(firstSlot) + slots - 1) * core.slotSeconds) / 1 days;
        require(slots != 0 && day == lastDay, IMetering.BadFormat());
        uint256 fuseWh = _begin(work, meter, firstSlot, slots);
        _requireEstimable(state, work);
        (ISettlement.EstimateRule rule, uint256[] memory values) = _missing(state, work, records, fuseWh);
        Accrual memory acc;
        for (uint256 i; i < slots; ++i) _settleEstimate(state, work, acc, i, values[i]);
        _hand(work, acc);
        emit ISettlement.EstimateSettled(market, meter, firstSlot, slots, rule, _packed(values), _run(work));
    }

    /// @dev Settled, past posting, not final, and still in the ring.
    function _requireEstimable(State storage state, Work memory work) private view {
        Env memory env = work.env;
        uint256 last = (work.first + work.slots - 1) / WINDOW;
        for (uint256 window = work.first / WINDOW; window <= last; ++window) {
            ISettlement.Window memory w = Context.windowOf(state, env.market, window);
            require(w.phase == ISettlement.Phase.Settled, ISettlement.NotSettled(uint32(window)));
            uint256 deadline = Context.windowEnd(env, window) + env.params.postSeconds;
            require(
                block.timestamp >= deadline,
                ISettlement.NotReady(uint32(window), work.m.meter, uint64(deadline))
            );
        }
        _requireNotFinal(state, work);
    }

    /// @dev The figures of slots that are missing, and how they were found.
    function _missing(State storage state, Work memory work, IMetering.Reading[] calldata records, uint256 fuseWh)
        private
        view
        returns (ISettlement.EstimateRule rule, uint256[] memory values)
    {
        IMetering metering = work.env.core.metering;
        uint32 meter = work.m.meter;
        IMetering.Gap[] memory gaps = metering.gapsOf(meter);
        uint32 origin = metering.originOf(meter).slot;
        uint32 next = metering.headOf(meter).nextSlot;
        uint256 end = work.first + work.slots;
        for (uint256 slot = work.first; slot < end; ++slot) {
            bool read = slot >= origin && slot < next;
            for (uint256 k; read && k < gaps.length; ++k) {
                read = slot < gaps[k].fromSlot || slot >= gaps[k].untilSlot;
            }
            require(!read, ISettlement.AlreadyRead(meter, uint32(slot)));
            uint256 lane = 224 + slot % WINDOW;
            uint256 held = state.unread[work.env.market][meter][slot / WINDOW];
            require((held >> lane) & 1 == 0, ISettlement.HeldAtWorst(meter, uint32(slot)));
            uint256 kept = state.estimates[work.env.market][meter][slot / WINDOW][0];
            require((kept >> lane) & 1 == 0, ISettlement.AlreadyEstimated(meter, uint32(slot)));
        }
        for (uint256 k; k < gaps.length; ++k) {
            if (work.first < gaps[k].fromSlot || end > gaps[k].untilSlot) continue;
            return (ISettlement.EstimateRule.Spread, _spread(work, gaps[k], fuseWh));
        }
        return (ISettlement.EstimateRule.WeekBefore, _weekBefore(work, records));
    }

    /// @dev What the registers rose by over a gap, in equal parts, so that all of them add up to it.
    function _spread(Work memory work, IMetering.Gap memory gap, uint256 fuseWh)
        private
        pure
        returns (uint256[] memory values)
    {
        values = new uint256[](work.slots);
        uint256 count = gap.untilSlot - gap.fromSlot;
        uint256 importWh = gap.untilImportWh - gap.fromImportWh;
        uint256 exportWh = gap.untilExportWh - gap.fromExportWh;
        for (uint256 i; i < work.slots; ++i) {
            uint256 k = work.first + i - gap.fromSlot;
            uint256 import_ = (importWh * (k + 1)) / count - (importWh * k) / count;
            uint256 export_ = (exportWh * (k + 1)) / count - (exportWh * k) / count;
            require(
                import_ <= fuseWh && export_ <= fuseWh,
                ISettlement.NoEstimate(work.m.meter, uint32(work.first + i))
            );
            values[i] = (import_ << 32) | export_;
        }
    }

    /// @dev What the same slots were seven days before.
    function _weekBefore(Work memory work, IMetering.Reading[] calldata records)
        private
        view
        returns (uint256[] memory values)
    {
        uint32 meter = work.m.meter;
        uint256 slotSeconds = work.env.core.slotSeconds;
        uint256 week = 7 days / slotSeconds;
        uint256 first = work.first - week;
        uint32 day = uint32((first * slotSeconds) / 1 days);
        require(
            Evidence.chain(records) == work.env.core.metering.dayHash(meter, day), IMetering.WrongEvidence(meter, day)
        );
        values = Evidence.lay(records, first, work.slots);
        for (uint256 i; i < values.length; ++i) {
            require(
                values[i] & Evidence.READ != 0, ISettlement.NoEstimate(meter, uint32(work.first + i))
            );
            values[i] = uint64(values[i]);
        }
    }

    /// @dev Settles one slot as a reading that came late, and keeps what it was taken to be.
    function _settleEstimate(State storage state, Work memory work, Accrual memory acc, uint256 i, uint256 value)
        private
    {
        uint256 slot = work.first + i;
        (uint256 importWh, uint256 exportWh) = (value >> 32, value & type(uint32).max);
        (uint256 buyWh, uint256 sellWh) = Account.net(_staged(work, i), importWh, exportWh);
        Account.accrueSupplier(acc, Quote.wrap(work.table.quotes[work.m.tariff][i]), buyWh, sellWh, importWh);
        Account.accrueStanding(work.env, work.table, work.m, acc, slot);
        uint256[2] storage kept = state.estimates[work.env.market][work.m.meter][slot / WINDOW];
        uint256 lane = slot % WINDOW;
        kept[0] |= (importWh << (lane * LaneWords.LANE_BITS)) | (1 << (224 + lane));
        if (exportWh != 0) kept[1] |= exportWh << (lane * LaneWords.LANE_BITS);
    }

    /// @dev Figures of slots as a reading has them: four to a word, the first highest.
    function _packed(uint256[] memory values) private pure returns (uint256[] memory intervals) {
        intervals = new uint256[]((values.length + 3) / 4);
        for (uint256 i; i < values.length; ++i) intervals[i / 4] |= values[i] << (192 - 64 * (i % 4));
    }

    /* BOTH */

    /// @dev Loads member and prices; all slots have one owner, supplier and tariff. Returns the fuse.
    function _begin(Work memory work, uint32 meter, uint256 first, uint256 slots)
        private
        view
        returns (uint256 fuseWh)
    {
        Env memory env = work.env;
        (work.first, work.slots) = (first, slots);
        (MemberWord member, StatedWord stated) = env.core.markets.packedMember(env.market, meter, uint32(first));
        require(
            MemberWord.unwrap(member) != 0 && stated.isActive(), IMarkets.NotAMember(env.market, meter)
        );
        require(stated.isBillingGrade(), ISettlement.NotBillingGrade(meter));
        (IRegistry.Terms memory terms, uint32 untilSlot) = env.core.registry.termsAt(meter, uint32(first));
        require(untilSlot >= first + slots, IMetering.SplitAtChange(meter, untilSlot));
        work.table = Context.newTable(first, slots);
        Context.fill(env, work.table, work.m, member, stated);
        require(
            work.table.rows[work.m.tariff][0] != 0, ITariffs.NoTariff(terms.supplier, terms.tariff, uint32(first))
        );
        (work.forward,) = Context.forwardOf(env, first / WINDOW, 0);
        work.staged = env.core.ledger.hasPostings(meter, uint32(first), uint32(slots));
        return terms.fuseWh;
    }

    /// @dev Windows become final in their order.
    function _requireNotFinal(State storage state, Work memory work) private view {
        uint256 window = work.first / WINDOW;
        require(block.timestamp < Context.finalAt(state, work.env, window), ISettlement.Final(uint32(window)));
    }

    function _staged(Work memory work, uint256 i) private view returns (int256) {
        return work.staged ? Account.staged(work.env, work.m.meter, work.first + i) : int256(0);
    }

    function _run(Work memory work) private view returns (uint8) {
        return uint8(Context.runOf(work.env, work.first / WINDOW));
    }

    function _hand(Work memory work, Accrual memory acc) private {
        Batch memory batch = Account.newBatch();
        Account.close(work.env, work.table, batch, work.m, acc);
        Account.hand(work.env, work.table, batch);
    }
}
