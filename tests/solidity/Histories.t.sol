// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {Correctors} from "./Correctors.sol";

/// @dev P25: readings that come in time, late or never, estimates and corrections, in any order: all runs together are
/// one run on the last data, worked out here slot by slot from the rules.
contract HistoriesTest is Correctors {
    uint256 private constant N = 3;
    uint256 private constant SLOTS = 16;
    int256 private constant START = int256(1000 * EUR);
    int256 private constant STANDING = 300_000_000;
    int256 private constant CAP = 500_000;
    int256 private constant SURPLUS = -60_000;
    int256 private constant AHEAD = 150_000;
    IForwardAuction.Phase private constant NO_ORDERS = IForwardAuction.Phase.Absent;

    /// @dev How often what matters has happened.
    struct Seen {
        uint256 late;
        uint256 estimates;
        uint256 replaced;
        uint256 corrections;
        uint256 overfills;
        uint256 held;
        uint256 contracts;
    }

    Seen private _seen;
    uint32 private _w;
    uint32 private _s;
    /// @dev What meters have counted, and what counts now.
    uint256[SLOTS][N] private _imports;
    uint256[SLOTS][N] private _exports;
    uint256[SLOTS][N] private _importNow;
    uint256[SLOTS][N] private _exportNow;
    bool[SLOTS][N] private _read;
    bool[SLOTS][N] private _estimated;
    int256[SLOTS][N] private _contracts;
    ITariffs.Row[SLOTS][2] private _rows;

    function setUp() public {
        deployWorld();
        auction = createAuction(auctionRules());
        for (uint256 i; i < N; ++i) addMember(uint16(1 + i % 2), uint256(START));
        fund(supplierA, 1000 * EUR);
        fund(supplierB, 1000 * EUR);
        (_w, _s) = (firstWindow(), firstSlot());
    }

    function testFuzz_P25_allRunsTogether(uint256 seed) public {
        _history(seed);
    }

    /// @dev The same with seeds that are known, and what they meet.
    function test_P25_historiesMeetWhatMatters() public {
        Seen memory all;
        for (uint256 seed; seed < 40; ++seed) {
            uint256 before = vm.snapshotState();
            Seen memory one_ = _history(seed);
            vm.revertToState(before);
            all.late += one_.late;
            all.estimates += one_.estimates;
            all.replaced += one_.replaced;
            all.corrections += one_.corrections;
            all.overfills += one_.overfills;
            all.held += one_.held;
            all.contracts += one_.contracts;
        }
        emit log_named_uint("late records", all.late);
        emit log_named_uint("estimated slots", all.estimates);
        emit log_named_uint("estimates replaced", all.replaced);
        emit log_named_uint("corrections", all.corrections);
        emit log_named_uint("slots traded beyond what there was", all.overfills);
        emit log_named_uint("slots held at their worst", all.held);
        emit log_named_uint("slots with contracts", all.contracts);
        vm.assertGe(all.late, 20, "late records");
        vm.assertGe(all.estimates, 20, "estimated slots");
        vm.assertGe(all.replaced, 5, "estimates replaced");
        vm.assertGe(all.corrections, 50, "corrections");
        vm.assertGe(all.overfills, 20, "traded beyond what there was");
        vm.assertGe(all.held, 10, "held at their worst");
        vm.assertGe(all.contracts, 100, "contracts");
    }

    function _history(uint256 seed) private returns (Seen memory) {
        delete _seen;
        seedChance(seed);
        _prices();
        _measure();
        _trade();
        _readInTime();
        _settleByChance();
        _check(false);
        for (uint256 n; n < 14; ++n) {
            vm.warp(vm.getBlockTimestamp() + chance(36 hours));
            uint256 kind = chance(4);
            if (kind == 0) _late();
            else if (kind == 1) _estimateSome();
            else _correctSome();
            _check(false);
        }
        _check(true);
        return _seen;
    }

    /* WHAT HAPPENS */

    function _prices() private {
        for (uint16 supplier = 1; supplier <= 2; ++supplier) {
            ITariffs.Row[] memory rows = new ITariffs.Row[](24);
            for (uint256 h; h < 24; ++h) {
                int32 energy = int32(int256(150_000 + chance(200_000)));
                int32 feedIn = int32(int256(chance(200_000))) - 100_000;
                int32 imbalance = int32(int256(chance(700_000))) - 50_000;
                rows[h] = ITariffs.Row(energy, feedIn, imbalance, int32(int256(chance(90_000))), 20_000, -5000);
            }
            publish(supplier, 0, _s, rows, int64(STANDING));
            for (uint256 k; k < SLOTS; ++k) _rows[supplier - 1][k] = rows[k / 2];
        }
    }

    function _measure() private {
        for (uint256 i; i < N; ++i) {
            for (uint256 k; k < SLOTS; ++k) {
                uint256 kind = chance(4);
                _imports[i][k] = kind == 0 ? 0 : chance(300);
                _exports[i][k] = kind == 0 || kind == 3 ? chance(300) : 0;
            }
        }
    }

    function _trade() private {
        for (uint32 k; k < SLOTS; ++k) {
            if (chance(2) == 0) continue;
            uint256 buyer = chance(N);
            uint256 seller = (buyer + 1 + chance(N - 1)) % N;
            (uint256 bought, uint256 sold) = (10 + 10 * chance(25), 10 + 10 * chance(25));
            buy(buyer, _s + k, int32(AHEAD), uint32(bought));
            sell(seller, _s + k, int32(AHEAD), uint32(sold));
            int256 wh = int256(bought < sold ? bought : sold);
            (_contracts[buyer][k], _contracts[seller][k]) = (wh, -wh);
            _seen.contracts += 2;
        }
        vm.warp(gate(_w + 1));
        if (orderPhase(_w) != NO_ORDERS) clearOrders(_w);
        if (orderPhase(_w + 1) != NO_ORDERS) clearOrders(_w + 1);
        warpToSlot(_s + SLOTS);
    }

    function _readInTime() private {
        for (uint32 w; w < 2; ++w) {
            for (uint256 i; i < N; ++i) {
                // One of them always is, so that there is a window.
                if (i != (w + 1) % N && chance(3) == 0) continue;
                uint256 from = chance(2) == 0 ? 0 : chance(8);
                uint256 until = chance(2) == 0 ? 8 : 1 + from + chance(8 - from);
                _post(i, 8 * w + from, 8 * w + until);
            }
        }
    }

    function _post(uint256 i, uint256 from, uint256 until) private returns (bool) {
        IMetering.Reading memory r = IMetering.Reading(
            homes[i].meter,
            _s + uint32(from),
            uint16(until - from),
            IMetering.Quality.Measured,
            uint64(_sum(_imports[i], 0, from)),
            uint64(_sum(_exports[i], 0, from)),
            pack(_some(_imports[i], from, until), _some(_exports[i], from, until)),
            ""
        );
        signReading(r, homes[i].meterKey);
        if (postOne(r) != IMetering.Outcome.Accepted) return false;
        keep(r);
        for (uint256 k = from; k < until; ++k) {
            _read[i][k] = true;
            (_importNow[i][k], _exportNow[i][k]) = (_imports[i][k], _exports[i][k]);
        }
        return true;
    }

    function _some(uint256[SLOTS] storage xs, uint256 from, uint256 until) private view returns (uint256[] memory ys) {
        ys = new uint256[](until - from);
        for (uint256 k = from; k < until; ++k) ys[k - from] = xs[k];
    }

    function _sum(uint256[SLOTS] storage xs, uint256 from, uint256 until) private view returns (uint256) {
        return sum(_some(xs, from, until));
    }

    function _settleByChance() private {
        vm.warp(windowEnd(_w + 1) + params().postSeconds + chance(1 days));
        clearUpTo(_w, 2, type(uint32).max);
        uint32 step = chance(2) == 0 ? uint32(N) : uint32(1 + chance(2));
        if (chance(2) == 0) {
            for (uint256 done; done < N; done += step) settleKept(_w, 2, step);
        } else {
            for (uint256 done; done < N; done += step) settleKept(_w, 1, step);
            settleKept(_w + 1, 1, uint32(N));
        }
    }

    /// @dev Some slots of one kind in a row: read, or not.
    function _rangeOf(uint256 i, bool read) private returns (uint256 from, uint256 until) {
        from = chance(SLOTS);
        for (uint256 n; n < SLOTS && _read[i][from] != read; ++n) from = (from + 1) % SLOTS;
        if (_read[i][from] != read) return (0, 0);
        uint256 most = 1 + chance(8);
        for (until = from; until < SLOTS && until - from < most && _read[i][until] == read;) ++until;
    }

    function _late() private {
        uint256 i = chance(N);
        (uint256 from, uint256 until) = _rangeOf(i, false);
        if (until == 0) return;
        bool taken = _post(i, from, until);
        vm.assertTrue(taken, "late record refused");
        ++_seen.late;
        for (uint256 k = from; k < until; ++k) {
            if (_estimated[i][k]) ++_seen.replaced;
            _estimated[i][k] = false;
        }
    }

    function _estimateSome() private {
        uint256 i = chance(N);
        (uint256 from, uint256 until) = _rangeOf(i, false);
        if (until == 0) return;
        IMetering.Reading[] memory none = new IMetering.Reading[](0);
        try settlement.estimate(market, homes[i].meter, _s + uint32(from), uint16(until - from), none) {
            for (uint256 k = from; k < until; ++k) {
                vm.assertEq(_contracts[i][k], 0, "contracts wait for the reading");
                vm.assertTrue(!_estimated[i][k], "estimated once");
                (_estimated[i][k], _seen.estimates) = (true, _seen.estimates + 1);
                uint256[2] memory kept = settlement.estimateOf(market, homes[i].meter, _w + uint32(k / 8));
                _importNow[i][k] = (kept[0] >> (28 * (k % 8))) % 2 ** 28;
                _exportNow[i][k] = (kept[1] >> (28 * (k % 8))) % 2 ** 28;
            }
        } catch (bytes memory why) {
            bytes4 name = bytes4(why);
            vm.assertTrue(
                name == ISettlement.NoEstimate.selector || name == ISettlement.HeldAtWorst.selector
                    || name == ISettlement.AlreadyEstimated.selector,
                "refused for another reason"
            );
        }
    }

    function _correctSome() private {
        uint256 i = chance(N);
        (uint256 from, uint256 until) = _rangeOf(i, true);
        if (until == 0) return;
        ISettlement.SettledEvidence memory e = evidenceOf(homes[i].meter, _s + uint32(from));
        uint256 end = (uint256(e.firstWindow) + e.windows) * 8 - _s;
        if (until > end) until = end;
        for (uint256 k = from; k < until; ++k) {
            if (chance(4) != 0) _importNow[i][k] = chance(3) == 0 ? 0 : chance(400);
            if (chance(4) != 0) _exportNow[i][k] = chance(3) == 0 ? chance(400) : 0;
        }
        correct(
            correctionOf(
                i, _s + uint32(from), _some(_importNow[i], from, until), _some(_exportNow[i], from, until)
            )
        );
        ++_seen.corrections;
    }

    /* WHAT IT SHOULD COME TO */

    function _check(bool count) private {
        int256 network;
        for (uint256 i; i < N; ++i) {
            int256 nano = _read[i][0] || _estimated[i][0] ? -STANDING : int256(0);
            for (uint256 k; k < SLOTS; ++k) {
                nano += _slot(count, i, k);
                if (_read[i][k] || _estimated[i][k]) {
                    network += int256(_importNow[i][k]) * _rows[i % 2][k].network;
                }
            }
            vm.assertEq(wealth(homes[i].owner) - START, nano, "P25: all runs are one run on the last data");
            vm.assertEq(locked(homes[i].owner), 0, "P24: nothing stays locked");
        }
        vm.assertEq(wealth(gridOperator), network, "P25: the network's part");
        vm.assertEq(ledger.transitNano(market), 0, "P6: nothing stays in transit");
        assertSolvent();
    }

    /// @dev One slot of a home as one run would settle it: with the supplier, with neighbours, and ahead.
    function _slot(bool count, uint256 i, uint256 k) private returns (int256 nano) {
        int256 contracted = _contracts[i][k];
        nano = -contracted * AHEAD;
        if (!_read[i][k] && !_estimated[i][k]) {
            if (count && contracted != 0) ++_seen.held;
            return nano + (contracted < 0 ? contracted * CAP : contracted * SURPLUS);
        }
        (int256 bought, int256 sold, int256 p) = _fills(i, k);
        nano += (sold - bought) * p;
        int256 buys = _over(int256(_importNow[i][k]), _over(contracted, 0))
            + _over(_over(-contracted, 0), int256(_exportNow[i][k]));
        int256 sells = _over(int256(_exportNow[i][k]), _over(-contracted, 0))
            + _over(_over(contracted, 0), int256(_importNow[i][k]));
        if (count && (bought > buys || sold > sells)) ++_seen.overfills;
        nano += _over(bought, buys) * p - _over(sold, sells) * p;
        nano += _supplier(i, k, contracted, _over(buys, bought), _over(sells, sold));
    }

    function _supplier(uint256 i, uint256 k, int256 contracted, int256 missing, int256 left)
        private
        view
        returns (int256 nano)
    {
        ITariffs.Row memory row = _rows[i % 2][k];
        int256 imported = int256(_importNow[i][k]);
        int256 fetch = row.feedIn < SURPLUS ? SURPLUS : int256(row.feedIn);
        if (fetch > CAP) fetch = CAP;
        int256 imbalance = row.imbalance < fetch ? fetch : int256(row.imbalance);
        if (imbalance > CAP) imbalance = CAP;
        int256 undelivered = contracted < 0 ? _over(missing, imported) : int256(0);
        int256 unconsumed = contracted > 0 ? _over(contracted, imported) : int256(0);
        if (unconsumed > left) unconsumed = left;
        nano = -(missing - undelivered) * row.energy - undelivered * imbalance;
        nano += (left - unconsumed) * row.feedIn + unconsumed * fetch;
        nano -= imported * (int256(row.network) + row.levies + row.tax);
    }

    /// @dev How much one figure is above another; zero where it is not.
    function _over(int256 a, int256 b) private pure returns (int256) {
        return a > b ? a - b : int256(0);
    }

    function _fills(uint256 i, uint256 k) private view returns (int256 bought, int256 sold, int256 p) {
        ISettlement.SettledEvidence memory e = evidenceOf(homes[i].meter, _s + uint32(k));
        p = int32(uint32(e.results[_s + k - uint256(e.firstWindow) * 8]));
        for (uint256 n; n < e.fills.length; ++n) {
            if (e.fills[n] / 2 ** 236 != _w + k / 8) continue;
            uint256 lane = (e.fills[n] / 2 ** (28 * (k % 8))) % 2 ** 28;
            if (lane >= 2 ** 27) sold += int256(lane - 2 ** 27);
            else bought += int256(lane);
        }
    }
}
