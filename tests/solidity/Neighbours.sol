// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {Prices} from "../../contracts/libraries/Prices.sol";
import {Naive} from "./Naive.sol";
import {World} from "./World.sol";

/// @title Neighbours: homes in a market of chance, and what each should pay, worked out slot by slot
abstract contract Neighbours is World {
    uint256 internal constant N = 5;

    IMarkets.MarketParams internal rules;
    uint32 internal window;
    /// @dev By home and slot of the window.
    uint256[8][N] internal imports;
    uint256[8][N] internal exports;

    /// @dev Market, prices and limits by chance; members from the first slot of the next day on.
    function deployNeighbours(
        uint256 seed
    ) internal {
        seedChance(seed);
        rules = params();
        rules.rule = chance(3) == 0 ? IMarkets.PriceRule.Sdr : IMarkets.PriceRule.Reference;
        rules.kPpm = uint32(chance(1_000_001));
        rules.tickNano = uint32(1500 + chance(3000));
        rules.buyFeeNano = chance(2) == 0 ? 0 : uint32(chance(20_000));
        rules.sellFeeNano = chance(2) == 0 ? 0 : uint32(chance(20_000));
        rules.hasStatedPrice = chance(4) == 0;
        rules.statedPriceNano = int32(int256(chance(300_000))) - 60_000;
        market = createMarket(rules);
        _publishByChance(1);
        _publishByChance(2);
        for (uint256 i; i < N; ++i) {
            addMember(uint16(1 + chance(2)), 0);
            if (chance(2) == 0) continue;
            int32 buy = int32(int256(chance(400_000))) - 80_000;
            int32 sell = int32(int256(chance(400_000))) - 120_000;
            setLimits(
                i,
                firstSlot() - uint32(chance(8)),
                chance(3) == 0 ? BUY_AT_TARIFF : buy,
                chance(3) == 0 ? SELL_AT_TARIFF : sell
            );
        }
        window = firstWindow();
    }

    function _publishByChance(
        uint16 supplier
    ) private {
        bool hourly = chance(2) == 0;
        ITariffs.Row[] memory rows = new ITariffs.Row[](hourly ? 24 : 1);
        for (uint256 h; h < rows.length; ++h) {
            // Mostly retail above feed-in; at times not, and at times negative.
            int32 energy =
                chance(8) == 0 ? int32(int256(chance(90_000))) - 60_000 : int32(int256(150_000 + chance(200_000)));
            int32 feedIn = chance(8) == 0 ? -int32(int256(chance(70_000))) : int32(int256(chance(140_000)));
            int32 imbalance = imbalanceByChance(energy);
            rows[h] = ITariffs.Row(energy, feedIn, imbalance, int32(int256(1 + chance(80_000))), 20_000, -5000);
        }
        publish(supplier, 0, firstSlot() - 2, rows, int64(int256(chance(1e9))));
    }

    /// @dev Of no account where nobody has contracted anything.
    function imbalanceByChance(
        int32 energy
    ) internal virtual returns (int32) {
        return energy;
    }

    function measureByChance() internal {
        for (uint256 i; i < N; ++i) {
            for (uint256 k; k < 8; ++k) {
                uint256 kind = chance(8);
                imports[i][k] = kind < 4 || kind == 7 ? chance(2000) : 0;
                exports[i][k] = kind >= 4 && kind < 7 || kind == 7 ? chance(3000) : 0;
            }
        }
    }

    function volumes(
        uint256 i
    ) internal view returns (uint256[] memory im, uint256[] memory ex) {
        im = new uint256[](8);
        ex = new uint256[](8);
        for (uint256 k; k < 8; ++k) {
            (im[k], ex[k]) = (imports[i][k], exports[i][k]);
        }
    }

    function supplierOf(
        uint256 i
    ) internal view returns (uint16) {
        return supplierAt(i, 0);
    }

    function supplierAt(
        uint256 i,
        uint256 k
    ) internal view returns (uint16) {
        return markets.memberByMeter(market, homes[i].meter, uint32(window * 8 + k)).supplier;
    }

    /// @dev What a home offers its neighbours in a slot, as far as its limits lie within the ticks.
    function offerOf(
        uint256 i,
        uint256 k
    ) internal view virtual returns (uint256 buyWh, uint256 sellWh) {
        return (imports[i][k], exports[i][k]);
    }

    function rowOf(
        uint256 i,
        uint256 k
    ) internal view returns (ITariffs.Row memory) {
        return tariffs.rowAt(supplierAt(i, k), 0, uint32(window * 8 + k));
    }

    /// @dev What a home pays its supplier in a slot without any neighbours (negative: pays).
    function aloneNano(
        uint256 i,
        uint256 k
    ) internal view returns (int256 nano) {
        ITariffs.Row memory row = rowOf(i, k);
        int256 im = int256(imports[i][k]);
        nano = int256(exports[i][k]) * row.feedIn - im * row.energy - im * (int256(row.network) + row.levies + row.tax);
        if ((window * 8 + k) % slotsPerDay() == 0) {
            (,, int64 standing) = tariffs.versionAt(supplierOf(i), 0, uint32(window * 8 + k));
            nano -= standing;
        }
    }

    /* WHAT SHOULD COME OUT */

    function expectedPrice(
        uint256 k
    ) internal view returns (int256 price, bool defined) {
        int256 r = type(int256).max;
        int256 f = type(int256).min;
        for (uint256 i; i < N; ++i) {
            ITariffs.Row memory row = rowOf(i, k);
            if (row.energy < r) r = row.energy;
            if (row.feedIn > f) f = row.feedIn;
        }
        uint256 kPpm = rules.kPpm;
        if (rules.rule == IMarkets.PriceRule.Sdr) {
            (uint256 b, uint256 s) = _offered(k);
            if (0 < f && f < r && b != 0 && s != 0) {
                if (s >= b) return (f, true);
                return ((r * f * int256(b)) / ((r - f) * int256(s) + f * int256(b)), true);
            }
            kPpm = 500_000;
        }
        if (r > f) return (f + (int256(kPpm) * (r - f)) / 1e6, true);
        return rules.hasStatedPrice ? (int256(rules.statedPriceNano), true) : (int256(0), false);
    }

    function _offered(
        uint256 k
    ) private view returns (uint256 buyWh, uint256 sellWh) {
        for (uint256 i; i < N; ++i) {
            (int256 b, int256 s) = ticksOf(i, k);
            (uint256 buys, uint256 sells) = offerOf(i, k);
            if (b >= 0) buyWh += buys;
            if (s <= 255) sellWh += sells;
        }
    }

    function ticksOf(
        uint256 i,
        uint256 k
    ) internal view returns (int256 buyTick, int256 sellTick) {
        (int256 buy, int256 sell) = grossOf(i, k);
        buyTick = Prices.buyTickDown(
            buy - int256(uint256(rules.buyFeeNano)), rules.floorNano, int256(uint256(rules.tickNano))
        );
        sellTick = Prices.sellTickUp(
            sell + int256(uint256(rules.sellFeeNano)), rules.floorNano, int256(uint256(rules.tickNano))
        );
    }

    function grossOf(
        uint256 i,
        uint256 k
    ) internal view returns (int256 buy, int256 sell) {
        ITariffs.Row memory row = rowOf(i, k);
        (int32 b, int32 s) = markets.limitsAt(market, homes[i].meter, uint32(window * 8 + k));
        buy = b < row.energy ? b : row.energy;
        sell = s > row.feedIn ? s : row.feedIn;
    }

    /// @dev Fills of a slot when everything is covered: buys first, then sells, by home.
    function expectedFills(
        uint256 k
    ) internal view returns (uint256[N] memory buys, uint256[N] memory sells, uint256 matched) {
        (int256 price, bool defined) = expectedPrice(k);
        if (!defined) return (buys, sells, 0);
        Naive.Offer[] memory offers = new Naive.Offer[](2 * N);
        for (uint256 i; i < N; ++i) {
            (int256 b, int256 s) = ticksOf(i, k);
            (uint256 buyWh, uint256 sellWh) = offerOf(i, k);
            offers[2 * i] = b >= 0 ? Naive.Offer(false, uint256(b), buyWh) : Naive.Offer(false, 0, 0);
            offers[2 * i + 1] = s <= 255 ? Naive.Offer(true, uint256(s), sellWh) : Naive.Offer(true, 0, 0);
        }
        uint256[] memory filled;
        (filled, matched) = Naive.fills(offers, price, rules.floorNano, int256(uint256(rules.tickNano)));
        for (uint256 i; i < N; ++i) {
            (buys[i], sells[i]) = (filled[2 * i], filled[2 * i + 1]);
        }
    }

    /// @dev Change of wealth of every home over the window, and the fees.
    function expectedNano() internal view returns (int256[N] memory nano, int256 fees, uint256 traded) {
        for (uint256 k; k < 8; ++k) {
            (uint256[N] memory buys, uint256[N] memory sells, uint256 matched) = expectedFills(k);
            (int256 price,) = expectedPrice(k);
            traded += matched;
            for (uint256 i; i < N; ++i) {
                ITariffs.Row memory row = rowOf(i, k);
                nano[i] += aloneNano(i, k);
                nano[i] += int256(buys[i]) * (row.energy - price - int256(uint256(rules.buyFeeNano)));
                nano[i] += int256(sells[i]) * (price - int256(uint256(rules.sellFeeNano)) - row.feedIn);
            }
            fees += int256(matched) * (int256(uint256(rules.buyFeeNano)) + int256(uint256(rules.sellFeeNano)));
        }
    }

    function wealthOfHomes() internal view returns (int256[N] memory nano) {
        for (uint256 i; i < N; ++i) {
            nano[i] = wealth(homes[i].owner);
        }
    }
}
