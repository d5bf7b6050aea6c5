// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {MockStage} from "../../contracts/mocks/MockStage.sol";
import {Vm} from "./Base.sol";
import {Neighbours} from "./Neighbours.sol";
import {Traders} from "./Traders.sol";
import {World} from "./World.sol";

/// @dev One window of homes that have traded ahead, each slot worked out by hand, to the unit.
contract PositionsTest is Neighbours, Traders {
    /// @dev What a part of a record is: in time, not measured, posted between clearing and settling or after it, never.
    enum Kind {
        InTime,
        Estimated,
        Late,
        Never
    }

    /// @dev What each home has at first; `_poor` homes have too little for all that they would order and offer.
    uint256[N] private _start;
    bool private _poor;
    MockStage private _stage;
    bool private _staged;
    IForwardAuction.AuctionParams private _p;
    bytes32[] private _ids;

    /// @dev By home and slot: what was contracted ahead, what that costs, what became of its record, and what a stage
    /// has taken off its offers.
    int256[8][N] private _c;
    int256[8][N] private _contractNano;
    Kind[8][N] private _kind;
    bool[8][N] private _done;
    uint256[8][N] private _lessBuy;
    uint256[8][N] private _lessSell;
    /// @dev What neighbours have filled, from the events.
    uint256[8][N] private _fillBuy;
    uint256[8][N] private _fillSell;
    /// @dev Where a home's supplier changes (0: not).
    uint256[N] private _change;
    /// @dev By home: what it should have gained so far, and by kind: slots in which something was at stake.
    int256[N] private _want;
    uint256[8] private _seen;

    function setUp() public {
        _stage = new MockStage();
        deployWorld();
        _stage.bind(settlement);
    }

    function params() internal view override returns (IMarkets.MarketParams memory p) {
        p = super.params();
        if (!_staged) return p;
        p.stages = new address[](1);
        p.stages[0] = address(_stage);
    }

    function openCollateral(
        address owner
    ) internal view override(World, Traders) returns (uint256) {
        return Traders.openCollateral(owner);
    }

    function imbalanceByChance(
        int32 energy
    ) internal override returns (int32) {
        uint256 kind = chance(4);
        if (kind == 0) return energy;
        if (kind == 1) return energy + int32(int256(chance(200_000)));
        return energy - int32(int256(chance(kind == 2 ? 400_000 : 50_000)));
    }

    /* WHAT HAPPENS */

    /// @dev Up to three auctions of a market by chance; homes that mostly trade in them.
    function _orderAhead() private {
        _p = auctionRules();
        _p.tickNano = uint32(200 + chance(2000));
        int256 top = int256(_p.floorNano) + 255 * int256(uint256(_p.tickNano));
        _p.capNano = int32(top + (chance(3) == 0 ? int256(0) : int256(chance(400_000))));
        _p.surplusNano = chance(3) == 0 ? int32(0) : -int32(int256(chance(90_000)));
        uint256 auctions = 1 + chance(3);
        for (uint256 a; a < auctions; ++a) {
            (_p.kPpm, _p.lotWh) = (uint32(chance(1_000_001)), uint32(1 + chance(128)));
            (_p.gateSeconds, _p.firmSeconds) = (uint32(chance(2 hours)), 0);
            auction = createAuction(_p);
            _ids.push(auction);
            for (uint256 i; i < N; ++i) {
                if (chance(5) != 0) _orderAll(i);
            }
        }
        vm.warp(uint256(window) * 8 * slotSeconds());
        for (uint256 a; a < auctions; ++a) {
            auction = _ids[a];
            if (orderPhase(window) == IForwardAuction.Phase.Absent) continue;
            if (chance(12) == 0) {
                vm.warp(gate(window) + _p.voidSeconds);
                forward.voidWindow(auction, window);
                continue;
            }
            while (orderPhase(window) != IForwardAuction.Phase.Cleared) {
                forward.clear(auction, window, 1, uint32(1 + chance(2 * N)));
            }
        }
        for (uint256 i; i < N; ++i) {
            for (uint256 k; k < 8; ++k) {
                _readOrders(i, k);
            }
        }
    }

    /// @dev Sides by chance, so that a home has sold in one auction what it has bought in another.
    function _orderAll(
        uint256 i
    ) private {
        address owner = homes[i].owner;
        for (uint256 k; k < 8; ++k) {
            uint256 kind = chance(5);
            if (kind == 0) continue;
            bool sells = kind > 2;
            int32 limit = priceOf(chance(4) == 0 ? chance(256) : sells ? chance(100) : 100 + chance(156));
            uint32 wh = uint32((1 + chance(2500 / _p.lotWh)) * _p.lotWh);
            note(window);
            vm.prank(owner);
            try forward.order(
                auction, homes[i].meter, uint32(window * 8 + k), IForwardAuction.Action.Place, sells, limit, wh
            ) {}
            catch {
                vm.assertTrue(_poor, "an order of a home that has the money");
            }
        }
    }

    function _readOrders(
        uint256 i,
        uint256 k
    ) private {
        for (uint256 a; a < _ids.length; ++a) {
            if (forward.windowState(_ids[a], window).phase != IForwardAuction.Phase.Cleared) continue;
            IForwardAuction.OrderState memory o = forward.orderOf(_ids[a], homes[i].meter, uint32(window * 8 + k));
            int256 wh = o.sell ? -int256(uint256(o.filledWh)) : int256(uint256(o.filledWh));
            _c[i][k] += wh;
            _contractNano[i][k] -= wh * forward.resultOf(_ids[a], uint32(window * 8 + k)).priceNano;
        }
        if (_c[i][k] != 0) ++_seen[0];
        _want[i] += _contractNano[i][k];
    }

    /// @dev Cuts the window of a home into records and says what becomes of each.
    function _cutRecords(
        uint256 i
    ) private {
        uint256 from;
        while (from < 8) {
            uint256 end = chance(2) == 0 ? 8 : from + 1 + chance(8 - from);
            if (_change[i] > from && _change[i] < end) end = _change[i];
            uint256 roll = chance(10);
            Kind kind = roll < 6 ? Kind.InTime : roll < 7 ? Kind.Estimated : roll < 9 ? Kind.Late : Kind.Never;
            for (; from < end; ++from) {
                _kind[i][from] = kind;
            }
        }
    }

    function _before(
        uint256[8] storage xs,
        uint256 k
    ) private view returns (uint64 total) {
        for (uint256 j; j < k; ++j) {
            total += uint64(xs[j]);
        }
    }

    /// @dev Posts the record that begins in a slot, with the registers as they stood there.
    function _postPart(
        uint256 i,
        uint256 from,
        uint256 end
    ) private returns (IMetering.Outcome) {
        (uint256[] memory im, uint256[] memory ex) = (new uint256[](end - from), new uint256[](end - from));
        for (uint256 k = from; k < end; ++k) {
            (im[k - from], ex[k - from]) = (imports[i][k], exports[i][k]);
        }
        IMetering.Reading memory r =
            recordAt(i, uint32(window * 8 + from), _before(imports[i], from), _before(exports[i], from), im, ex);
        if (_kind[i][from] == Kind.Estimated) {
            r.quality = IMetering.Quality.Estimated;
            signReading(r, homes[i].meterKey);
        }
        return postOne(r);
    }

    function _endOf(
        uint256 i,
        uint256 from
    ) private view returns (uint256 end) {
        for (end = from + 1; end < 8 && _kind[i][end] == _kind[i][from] && end != _change[i]; ++end) {}
    }

    function _postInTime() private {
        for (uint256 i; i < N; ++i) {
            uint256 end;
            for (uint256 from; from < 8; from = end) {
                end = _endOf(i, from);
                if (_kind[i][from] > Kind.Estimated) continue;
                // Slot by slot, or the part as a whole.
                if (chance(3) == 0) {
                    for (uint256 k = from; k < end; ++k) {
                        assertOutcome(_postPart(i, k, k + 1), IMetering.Outcome.Accepted, "a slot in time");
                    }
                } else {
                    assertOutcome(_postPart(i, from, end), IMetering.Outcome.Accepted, "in time");
                }
                for (uint256 k = from; k < end; ++k) {
                    _done[i][k] = true;
                }
            }
        }
    }

    /// @dev What is late: taken at once where nothing was contracted in the window, else after it was settled.
    function _postLate(
        bool settled
    ) private {
        for (uint256 i; i < N; ++i) {
            bool any;
            for (uint256 k; k < 8; ++k) {
                if (_c[i][k] != 0) any = true;
            }
            uint256 end;
            for (uint256 from; from < 8; from = end) {
                end = _endOf(i, from);
                if (_kind[i][from] != Kind.Late || _done[i][from] || (!settled && chance(2) == 0)) continue;
                IMetering.Outcome got = _postPart(i, from, end);
                bool first = any && !settled;
                assertOutcome(got, first ? IMetering.Outcome.SettleFirst : IMetering.Outcome.Accepted, "a late record");
                if (first) continue;
                for (uint256 k = from; k < end; ++k) {
                    _done[i][k] = true;
                    _want[i] += _supplierNano(i, k, 0, 0);
                    if (settled) _want[i] -= _worstNano(i, k);
                    ++_seen[6];
                }
            }
        }
    }

    /// @dev The stage takes pairs of offers away.
    function _lowerByChance() private {
        vm.warp(windowEnd(window) + rules.postSeconds);
        for (uint256 n; n < 80; ++n) {
            (uint256 i, uint256 j, uint256 k) = (chance(N), chance(N), chance(8));
            (int256 tick,) = ticksOf(i, k);
            (uint256 wh,) = offerOf(i, k);
            if (tick < 0) continue;
            (, tick) = ticksOf(j, k);
            (, uint256 sellWh) = offerOf(j, k);
            if (tick > 255) continue;
            if (sellWh < wh) wh = sellWh;
            if (wh == 0) continue;
            wh = chance(2) == 0 ? wh : 1 + chance(wh);
            try _stage.lower(market, uint32(window * 8 + k), homes[i].meter, homes[j].meter, uint32(wh)) {}
            catch {
                vm.assertTrue(_poor, "an offer that is there");
                continue;
            }
            _lessBuy[i][k] += wh;
            _lessSell[j][k] += wh;
            if (_c[i][k] != 0 || _c[j][k] != 0) ++_seen[5];
        }
        _stage.finish(market, window);
    }

    function _settleInCuts() private {
        vm.recordLogs();
        while (phase(window) != ISettlement.Phase.Settled) {
            settleUpTo(window, 1, uint32(1 + chance(N)));
        }
    }

    /* WHAT SHOULD COME OUT */

    function _posted(
        uint256 i,
        uint256 k
    ) private view returns (bool) {
        return _done[i][k] && _kind[i][k] <= Kind.Estimated;
    }

    /// @dev Metered less contracted, less what a stage has taken.
    function _beyond(
        uint256 i,
        uint256 k
    ) private view returns (uint256 buyWh, uint256 sellWh) {
        (uint256 im, uint256 ex) = (imports[i][k], exports[i][k]);
        uint256 bought = _c[i][k] > 0 ? uint256(_c[i][k]) : 0;
        uint256 sold = _c[i][k] < 0 ? uint256(-_c[i][k]) : 0;
        if (im > bought) buyWh += im - bought;
        if (sold > ex) buyWh += sold - ex;
        if (ex > sold) sellWh += ex - sold;
        if (bought > im) sellWh += bought - im;
        return (buyWh - _lessBuy[i][k], sellWh - _lessSell[i][k]);
    }

    function offerOf(
        uint256 i,
        uint256 k
    ) internal view override returns (uint256 buyWh, uint256 sellWh) {
        if (!_posted(i, k) || _kind[i][k] == Kind.Estimated) return (0, 0);
        return _beyond(i, k);
    }

    function _worstNano(
        uint256 i,
        uint256 k
    ) private view returns (int256) {
        int256 c = _c[i][k];
        return c < 0 ? c * _p.capNano : c * _p.surplusNano;
    }

    /// @dev What a Wh fetches that was bought and not consumed; what one costs that was sold and not delivered.
    function _unconsumedNano(
        ITariffs.Row memory row
    ) private view returns (int256 nano) {
        nano = row.feedIn > _p.surplusNano ? row.feedIn : _p.surplusNano;
        if (nano > _p.capNano) nano = _p.capNano;
    }

    function _undeliveredNano(
        ITariffs.Row memory row
    ) private view returns (int256 nano) {
        nano = _unconsumedNano(row);
        if (row.imbalance > nano) nano = row.imbalance;
        if (nano > _p.capNano) nano = _p.capNano;
    }

    /// @dev The supplier's part of a slot of which there is a reading; what neighbours have filled is none of it.
    function _supplierNano(
        uint256 i,
        uint256 k,
        uint256 fillBuy,
        uint256 fillSell
    ) private returns (int256 nano) {
        ITariffs.Row memory row = rowOf(i, k);
        (uint256 buyWh, uint256 sellWh) = _beyond(i, k);
        (int256 missing, int256 left, int256 im) =
            (int256(buyWh - fillBuy), int256(sellWh - fillSell), int256(imports[i][k]));
        nano = -im * (int256(row.network) + row.levies + row.tax);
        (int256 atImbalance, int256 atSurplus) = (int256(0), int256(0));
        if (_c[i][k] < 0 && missing > im) atImbalance = missing - im;
        if (_c[i][k] > im) atSurplus = _c[i][k] - im;
        if (_c[i][k] <= 0) atSurplus = 0;
        if (atSurplus > left) atSurplus = left;
        nano -= (missing - atImbalance) * row.energy + atImbalance * _undeliveredNano(row);
        nano += (left - atSurplus) * row.feedIn + atSurplus * _unconsumedNano(row);
        if ((window * 8 + k) % slotsPerDay() == 0) {
            (,, int64 standing) = tariffs.versionAt(supplierAt(i, k), 0, uint32(window * 8 + k));
            nano -= standing;
        }
        if (atImbalance != 0) ++_seen[1];
        if (atSurplus != 0) ++_seen[2];
        if (_c[i][k] != 0 && im != 0 && exports[i][k] != 0) ++_seen[3];
    }

    function _readFills() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 n; n < logs.length; ++n) {
            if (logs[n].topics[0] != ISettlement.MemberSettled.selector) continue;
            (,, uint256[] memory fills) = abi.decode(logs[n].data, (uint32, uint32, uint256[]));
            uint256 i;
            while (homes[i].meter != uint32(uint256(logs[n].topics[2]))) ++i;
            for (uint256 f; f < fills.length; ++f) {
                _addFills(i, fills[f]);
            }
        }
    }

    function _addFills(
        uint256 i,
        uint256 fills
    ) private {
        for (uint256 k; k < 8; ++k) {
            uint256 raw = (fills / 2 ** (28 * k)) % 2 ** 28;
            if (raw >= 2 ** 27) _fillSell[i][k] += raw - 2 ** 27;
            else _fillBuy[i][k] += raw;
        }
    }

    /// @dev What settling the window should bring; `traded`: with the neighbours' auction.
    function _expectSettled(
        bool traded
    ) private {
        for (uint256 k; k < 8; ++k) {
            if (!_poor) _checkFills(k, traded);
            int256 price = settlement.resultOf(market, uint32(window * 8 + k)).priceNano;
            for (uint256 i; i < N; ++i) {
                if (!_posted(i, k)) {
                    vm.assertEq(_fillBuy[i][k] + _fillSell[i][k], 0, "no fill without a reading in time");
                    if (_done[i][k]) continue;
                    _want[i] += _worstNano(i, k);
                    if (_c[i][k] != 0) ++_seen[4];
                    continue;
                }
                (int256 b, int256 s) = (int256(_fillBuy[i][k]), int256(_fillSell[i][k]));
                _want[i] += _supplierNano(i, k, uint256(b), uint256(s));
                _want[i] -= b * (price + int256(uint256(rules.buyFeeNano)));
                _want[i] += s * (price - int256(uint256(rules.sellFeeNano)));
                if (_c[i][k] != 0 && b + s != 0) ++_seen[7];
            }
        }
    }

    /// @dev Where everybody has the money, the neighbours' auction is that of what is not contracted.
    function _checkFills(
        uint256 k,
        bool traded
    ) private view {
        uint256[N] memory buys;
        uint256[N] memory sells;
        if (traded) (buys, sells,) = expectedFills(k);
        for (uint256 i; i < N; ++i) {
            vm.assertEq(_fillBuy[i][k], buys[i], "P12: bought from neighbours");
            vm.assertEq(_fillSell[i][k], sells[i], "P12: sold to neighbours");
        }
    }

    /// @dev What is settled without a reading is kept, and nothing else.
    function _checkUnread() private view {
        for (uint256 i; i < N; ++i) {
            uint256 want;
            for (uint256 k; k < 8; ++k) {
                if (_done[i][k] || _c[i][k] == 0) continue;
                uint256 wh = _c[i][k] < 0 ? uint256(-_c[i][k]) + 2 ** 27 : uint256(_c[i][k]);
                want += wh * 2 ** (28 * k) + 2 ** (224 + k);
            }
            vm.assertEq(settlement.unreadOf(market, homes[i].meter, window), want, "unread");
        }
    }

    /// @dev P4: what is left of a guarantee, none of it locked.
    function _guarantee(
        uint256 i,
        address supplier
    ) private view returns (uint256) {
        ILedger.Cover memory c = ledger.coverOf(homes[i].owner, supplier, homes[i].meter);
        vm.assertEq(c.guaranteeLockedNano, 0, "P4: no guarantee stays locked");
        return c.guaranteeFreeNano;
    }

    function _checkMoney(
        string memory when
    ) private view {
        for (uint256 i; i < N; ++i) {
            uint256 guarantee = _guarantee(i, supplierA) + _guarantee(i, supplierB);
            int256 gain = wealth(homes[i].owner) + int256(guarantee) - int256(_start[i]);
            vm.assertEq(gain, _want[i], when);
            vm.assertEq(locked(homes[i].owner), 0, "P24: all collateral and every lock released");
        }
        vm.assertEq(ledger.transitNano(market), 0, "P6: nothing stays in transit");
        assertSolvent();
    }

    /* ONE WINDOW BY CHANCE */

    function _run(
        uint256 seed
    ) private {
        _staged = seed % 3 == 0;
        deployNeighbours(seed);
        measureByChance();
        for (uint256 i; i < N; ++i) {
            _start[i] = _poor ? chance(3 * EUR) / 1000 * 1000 : 100_000 * EUR;
            fund(homes[i].owner, _start[i]);
            if (chance(3) == 0) {
                _change[i] = 1 + chance(7);
                uint16 other = 3 - supplierOf(i);
                vm.prank(registrar);
                registry.setTerms(homes[i].meter, terms(homes[i].owner, uint32(window * 8 + _change[i]), other, 0));
            }
        }
        fund(supplierA, 100_000 * EUR);
        fund(supplierB, 100_000 * EUR);
        for (uint256 i; _poor && i < N; ++i) {
            uint256 nano = chance(EUR);
            vm.prank(chance(2) == 0 ? supplierA : supplierB);
            ledger.giveGuarantee(homes[i].owner, homes[i].meter, nano);
            // What of it pays for the home is as good as the home's own.
            _start[i] += nano;
        }
        _orderAhead();
        assertLocksAddUp();
        if (vm.getBlockTimestamp() < windowEnd(window)) vm.warp(windowEnd(window));
        for (uint256 i; i < N; ++i) {
            _cutRecords(i);
        }
        if (vm.getBlockTimestamp() < windowEnd(window) + rules.postSeconds) _postInTime();
        assertLocksAddUp();
        assertSolvent();
        bool traded = true;
        if (_staged && phase(window) == ISettlement.Phase.Open) _lowerByChance();
        uint256 over = windowEnd(window) + rules.postSeconds + (_staged ? rules.stageSeconds : 0);
        if (vm.getBlockTimestamp() < over) vm.warp(over);
        bool there = phase(window) == ISettlement.Phase.Open;
        for (uint256 a; a < _ids.length; ++a) {
            if (forward.windowState(_ids[a], window).phase != IForwardAuction.Phase.Absent) there = true;
        }
        if (there) {
            if (chance(5) == 0) {
                traded = false;
                vm.warp(windowEnd(window) + rules.voidSeconds);
                settlement.voidWindow(market, window);
            } else {
                while (phase(window) != ISettlement.Phase.Cleared) {
                    clearUpTo(window, 1, uint32(1 + chance(N)));
                }
            }
            _postLate(false);
            _settleInCuts();
            _readFills();
            _expectSettled(traded);
            _checkUnread();
            _checkMoney("P6, P25: what each home should pay, to the unit");
            _postLate(true);
            _checkUnread();
        }
        for (uint256 a; there && a < _ids.length; ++a) {
            IForwardAuction.Phase end = forward.windowState(_ids[a], window).phase;
            vm.assertTrue(
                end == IForwardAuction.Phase.Absent || end == IForwardAuction.Phase.Settled, "P23: settled there too"
            );
        }
        _checkMoney("P6, P25: and when the late readings are there");
    }

    /// forge-config: default.fuzz.runs = 700
    function testFuzz_P6_P10_P24_P25_P32_positionsToTheUnit(
        uint256 seed
    ) public {
        _run(seed);
    }

    /// @dev With little money less is ordered and less is offered, and what is short becomes a claim; each home's
    /// account is right to the unit all the same.
    /// forge-config: default.fuzz.runs = 300
    function testFuzz_P2_P6_P24_littleMoney(
        uint256 seed
    ) public {
        _poor = true;
        _run(seed);
    }

    /// @dev The windows of the fuzz test are worth something.
    function test_windowsHaveEverything() public {
        uint256[8] memory total;
        for (uint256 seed; seed < 60; ++seed) {
            uint256 before = vm.snapshotState();
            _run(seed);
            uint256[8] memory seen = _seen;
            vm.revertToState(before);
            for (uint256 i; i < 8; ++i) {
                total[i] += seen[i];
            }
        }
        string[8] memory names = [
            "slots with contracts",
            "sales not delivered",
            "purchases not consumed",
            "contracts and both registers",
            "contracts without a reading",
            "contracts with an offer lowered",
            "slots read late",
            "contracts with neighbours filled"
        ];
        for (uint256 i; i < 8; ++i) {
            emit log_named_uint(names[i], total[i]);
            vm.assertGe(total[i], i == 0 ? 500 : 50, names[i]);
        }
    }
}
