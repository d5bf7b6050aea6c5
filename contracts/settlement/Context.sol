// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../interfaces/IMarkets.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {Prices} from "../libraries/Prices.sol";
import {TariffWord} from "../libraries/Packed.sol";
import {Core, Env, Member, NO_TICK, PriceTable, RING, State, WINDOW} from "./Types.sol";

/// @title Context: what the three phases read, loaded once per call
/// @notice The state of windows, the prices of a range of slots, the terms and limits of a member.
library Context {
    int32 private constant BUY_AT_TARIFF = type(int32).max;
    int32 private constant SELL_AT_TARIFF = type(int32).min;

    /* MARKET AND TIME */

    function load(Core memory core, bytes32 market) internal view returns (Env memory env) {
        env.core = core;
        env.market = market;
        env.params = core.markets.marketParams(market);
        require(env.params.tickNano != 0, IMarkets.UnknownMarket(market));
        env.floorNano = env.params.floorNano;
        env.tickNano = int256(uint256(env.params.tickNano));
        env.buyFeeNano = int256(uint256(env.params.buyFeeNano));
        env.sellFeeNano = int256(uint256(env.params.sellFeeNano));
    }

    /// @dev When the last slot of a window has ended.
    function windowEnd(Env memory env, uint256 window) internal pure returns (uint256) {
        return (window + 1) * WINDOW * env.core.slotSeconds;
    }

    function laneKey(uint256 index, uint256 window, uint256 layer) internal pure returns (uint256) {
        return (index << 16) | ((window % RING) << 3) | layer;
    }

    function resultPlace(uint256 window, uint256 lane) internal pure returns (uint256) {
        return (window % RING) * WINDOW + lane;
    }

    /* WINDOWS */

    function windowOf(State storage state, bytes32 market, uint256 window)
        internal
        view
        returns (ISettlement.Window memory w)
    {
        w = state.windows[market][window % RING];
        if (w.window != window || w.phase == ISettlement.Phase.Absent) {
            w = ISettlement.Window(uint32(window), ISettlement.Phase.Absent, 0, false, 0, 0);
        }
    }

    /// @dev Makes room in the ring for a window, unless it is there. False: the window is behind the ring, or its posting
    /// is over, so that what comes now is late.
    function openWindow(State storage state, Env memory env, uint256 window) internal returns (bool) {
        ISettlement.Window storage place = state.windows[env.market][window % RING];
        ISettlement.Window memory w = place;
        bool over = postingOver(env, window);
        if (w.phase != ISettlement.Phase.Absent) {
            if (w.window == window) return w.phase == ISettlement.Phase.Open && !over;
            if (w.window > window) return false;
            require(w.phase == ISettlement.Phase.Settled, ISettlement.RingFull(uint32(window), w.window));
        }
        state.windows[env.market][window % RING] =
            ISettlement.Window(uint32(window), ISettlement.Phase.Open, 0, false, 0, 0);
        return !over;
    }

    /// @dev Where stages follow, posting ends at the deadline, so that they know what there is.
    function postingOver(Env memory env, uint256 window) internal view returns (bool) {
        return env.params.stages.length != 0
            && block.timestamp >= windowEnd(env, window) + env.params.postSeconds;
    }

    /* PRICES */

    function newTable(uint256 firstSlot, uint256 slots) internal pure returns (PriceTable memory table) {
        table.firstSlot = firstSlot;
        table.slots = slots;
        _resize(table, 4);
    }

    /// @dev Place of a tariff in the table; loads it when it is asked for the first time.
    function tariffPlace(Env memory env, PriceTable memory table, uint16 supplier, uint16 tariff)
        internal
        view
        returns (uint256 place)
    {
        uint256 key = (uint256(supplier) << 16) | tariff;
        for (; place < table.count; ++place) {
            if (table.keys[place] == key) return place;
        }
        if (place == table.keys.length) _resize(table, place * 2);
        table.count = place + 1;
        table.keys[place] = key;
        table.suppliers[place] = env.core.registry.supplierAccount(supplier);
        uint256[] memory rows =
            env.core.tariffs.packedRows(supplier, tariff, uint32(table.firstSlot), uint32(table.slots));
        table.rows[place] = rows;
        table.ticks[place] = _ticks(env, rows);
    }

    function _ticks(Env memory env, uint256[] memory rows) private pure returns (uint256[] memory ticks) {
        ticks = new uint256[](rows.length);
        for (uint256 i; i < rows.length; ++i) {
            if (i != 0 && rows[i] == rows[i - 1]) {
                ticks[i] = ticks[i - 1];
                continue;
            }
            TariffWord row = TariffWord.wrap(rows[i]);
            ticks[i] = buyTick(env, row.energy()) | (sellTick(env, row.feedIn()) << 16);
        }
    }

    function _resize(PriceTable memory table, uint256 size) private pure {
        uint256[] memory keys = new uint256[](size);
        address[] memory suppliers = new address[](size);
        uint256[][] memory rows = new uint256[][](size);
        uint256[][] memory ticks = new uint256[][](size);
        int256[] memory networkNano = new int256[](size);
        for (uint256 i; i < table.count; ++i) {
            keys[i] = table.keys[i];
            suppliers[i] = table.suppliers[i];
            rows[i] = table.rows[i];
            ticks[i] = table.ticks[i];
            networkNano[i] = table.networkNano[i];
        }
        (table.keys, table.suppliers, table.rows, table.ticks, table.networkNano) =
            (keys, suppliers, rows, ticks, networkNano);
    }

    /// @dev Tick of a gross buy limit, `NO_TICK` where it cannot be offered.
    function buyTick(Env memory env, int256 grossNano) internal pure returns (uint256) {
        int256 tick = Prices.buyTickDown(grossNano - env.buyFeeNano, env.floorNano, env.tickNano);
        return tick == Prices.NO_BUY_TICK ? NO_TICK : uint256(tick);
    }

    /// @dev Tick of a gross sell limit, `NO_TICK` where it cannot be offered.
    function sellTick(Env memory env, int256 grossNano) internal pure returns (uint256) {
        int256 tick = Prices.sellTickUp(grossNano + env.sellFeeNano, env.floorNano, env.tickNano);
        return tick == Prices.NO_SELL_TICK ? NO_TICK : uint256(tick);
    }

    /* MEMBERS */

    /// @dev Loads what holds for the member with `m.index` in `slot`.
    function loadMember(Env memory env, PriceTable memory table, Member memory m, uint256 slot) internal view {
        fill(env, table, m, env.core.markets.memberAt(env.market, uint32(m.index), uint32(slot)));
    }

    function fill(Env memory env, PriceTable memory table, Member memory m, IMarkets.MemberTerms memory terms)
        internal
        view
    {
        (m.meter, m.index, m.active, m.untilSlot) = (terms.meter, terms.index, terms.active, terms.untilSlot);
        if (!terms.active) return;
        (m.owner, m.buyNano, m.sellNano, m.hourly) = (terms.owner, terms.buyNano, terms.sellNano, terms.hourly);
        m.tariff = tariffPlace(env, table, terms.supplier, terms.tariff);
    }

    /// @dev The stated limits of a slot.
    function _stated(Env memory env, Member memory m, uint256 slot) private pure returns (int256 buyNano, int256 sellNano) {
        if (m.hourly.length == 0) return (m.buyNano, m.sellNano);
        uint64 pair = m.hourly[(slot * env.core.slotSeconds / 3600) % 24];
        return (int32(uint32(pair)), int32(uint32(pair >> 32)));
    }

    /// @dev The lower of the stated limit and the own supplier's energy price.
    function grossBuy(Env memory env, Member memory m, TariffWord row, uint256 slot) internal pure returns (int256) {
        (int256 stated,) = _stated(env, m, slot);
        int256 energy = row.energy();
        return stated < energy ? stated : energy;
    }

    /// @dev The higher of the stated limit and the own supplier's feed-in price.
    function grossSell(Env memory env, Member memory m, TariffWord row, uint256 slot) internal pure returns (int256) {
        (, int256 stated) = _stated(env, m, slot);
        int256 feedIn = row.feedIn();
        return stated > feedIn ? stated : feedIn;
    }

    /// @dev Tick of the effective limit of a slot and side; the table's where the limit is TARIFF.
    function tickOf(Env memory env, PriceTable memory table, Member memory m, uint256 slot, bool sell)
        internal
        pure
        returns (uint256)
    {
        uint256 offset = slot - table.firstSlot;
        if (m.hourly.length == 0 && (sell ? m.sellNano == SELL_AT_TARIFF : m.buyNano == BUY_AT_TARIFF)) {
            uint256 ticks = table.ticks[m.tariff][offset];
            return sell ? ticks >> 16 : ticks & NO_TICK;
        }
        TariffWord row = TariffWord.wrap(table.rows[m.tariff][offset]);
        return sell ? sellTick(env, grossSell(env, m, row, slot)) : buyTick(env, grossBuy(env, m, row, slot));
    }
}
