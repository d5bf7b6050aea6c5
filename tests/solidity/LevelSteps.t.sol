// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {LevelWorld} from "./LevelWorld.sol";

/// @dev Trees of chance: what holds in every one of them, and that no cut into transactions makes a difference.
contract LevelStepsTest is LevelWorld {
    uint256 private constant EACH = 3;
    uint256 private constant HOMES = MARKETS * EACH;

    /// @dev By area: what its edge and its feeder carry.
    struct Terms {
        uint32 up;
        uint32 down;
        uint32 feeder;
    }

    Terms[AREAS + 1] private _terms;
    /// @dev By area: from and to which slot of the window it has no grid.
    uint32[2][AREAS + 1] private _lost;
    /// @dev By home: his supplier, and all he imports and exports.
    uint16[HOMES] private _supplier;
    uint256[HOMES] private _imports;
    uint256[HOMES] private _exports;

    function setUp() public {
        deployTree(true);
        fund(supplierA, START);
        fund(supplierB, START);
    }

    /* TREES OF CHANCE */

    function _limitByChance() private returns (uint32) {
        return chance(2) == 0 ? UNLIMITED : uint32(chance(2000));
    }

    function _build(uint256 seed) private {
        seedChance(seed);
        for (uint32 area = 1; area <= AREAS; ++area) {
            uint256 kind = chance(3);
            uint32 charge = kind == 0 ? 0 : kind == 1 ? uint32(2000 * chance(8)) : uint32(chance(30_000));
            Terms memory t = Terms(_limitByChance(), _limitByChance(), _limitByChance());
            _terms[area] = t;
            setEdge(area, charge, t.up, t.down, t.feeder);
        }
        for (uint256 i; i < HOMES; ++i) {
            _supplier[i] = uint16(1 + chance(2));
            addTo(i / EACH, _supplier[i]);
            if (chance(2) == 0) continue;
            int32 buyNano = chance(3) == 0 ? BUY_AT_TARIFF : int32(int256(chance(250_000)));
            int32 sellNano = chance(3) == 0 ? SELL_AT_TARIFF : int32(int256(chance(200_000)));
            setLimits(i, s, buyNano, sellNano);
        }
        warpToSlot(s + 7);
        for (uint32 area = 2; area <= AREAS; ++area) {
            if (chance(6) != 0) continue;
            _lost[area] = [s + uint32(chance(4)), s + uint32(4 + chance(5))];
            levels.signalGridLoss(lossOf(area, _lost[area][0], _lost[area][1], operatorKey(area)));
        }
        warpToSlot(s + 8);
        for (uint256 i; i < HOMES; ++i) {
            (uint256[] memory im, uint256[] memory ex) = (new uint256[](8), new uint256[](8));
            for (uint256 k; k < 8; ++k) {
                uint256 kind = chance(5);
                if (kind < 2 || kind == 4) im[k] = chance(1000);
                if (kind >= 2) ex[k] = chance(1500);
            }
            (_imports[i], _exports[i]) = (sum(im), sum(ex));
            use(i / EACH);
            post(i, s, im, ex);
        }
    }

    /// @dev What may cross in a slot: nothing without a grid.
    function _termsIn(uint256 area, uint32 slot) private view returns (Terms memory t) {
        t = _terms[area];
        if (slot >= _lost[area][0] && slot < _lost[area][1]) (t.up, t.down) = (0, 0);
    }

    function _wh(ISettlement.Result memory r) private pure returns (uint256) {
        return r.traded ? r.matchedWh : 0;
    }

    /* WHAT ALWAYS HOLDS */

    /// @dev One slot: nothing above a limit, nothing bought that nobody sold, nobody beyond his limit.
    function _checkSlot(uint32 slot) private view {
        uint256[2] memory all;
        uint256[2] memory above;
        for (uint256 c; c < 2; ++c) {
            uint256[2] memory rest;
            for (uint256 k = 2 * c; k < 2 * c + 2; ++k) {
                (uint256 bought, uint256 sold) = _checkMarket(k, slot);
                (uint256 own,) = ownResult(k, slot);
                (all[0], all[1]) = (all[0] + bought, all[1] + sold);
                (rest[0], rest[1]) = (rest[0] + bought - own, rest[1] + sold - own);
            }
            (uint256 matched,) = levelResult(cells[c], slot);
            Terms memory cell = _termsIn(2 + c, slot);
            vm.assertLe(matched, cell.feeder, "LVL-3: the feeder of a cell");
            vm.assertLe(rest[0] - matched, cell.down, "LVL-3: down into a cell");
            vm.assertLe(rest[1] - matched, cell.up, "LVL-3: up out of a cell");
            (above[0], above[1]) = (above[0] + rest[0] - matched, above[1] + rest[1] - matched);
        }
        (uint256 atRoot,) = levelResult(root, slot);
        vm.assertLe(atRoot, _terms[1].feeder, "LVL-3: the feeder of the root");
        vm.assertEq(above[0], atRoot, "LVL-1: what cells get from above is what the root matched");
        vm.assertEq(above[1], atRoot, "LVL-1: and so is what they give");
        vm.assertEq(all[0], all[1], "LVL-1: all that is bought is sold");
    }

    function _checkMarket(uint256 k, uint32 slot) private view returns (uint256 bought, uint256 sold) {
        (ISettlement.Result memory b, ISettlement.Result memory x) = (boughtIn(k, slot), soldIn(k, slot));
        (bought, sold) = (_wh(b), _wh(x));
        (uint256 own,) = ownResult(k, slot);
        Terms memory t = _termsIn(4 + k, slot);
        vm.assertLe(own, t.feeder, "LVL-3: the feeder of a microgrid");
        vm.assertLe(bought - own, t.down, "LVL-3: down into a microgrid");
        vm.assertLe(sold - own, t.up, "LVL-3: up out of a microgrid");
        int256 last = FLOOR + TICK * int256(uint256(b.buyTick));
        if (bought != 0) vm.assertLe(int256(b.priceNano), last, "nobody buys above his limit");
        last = FLOOR + TICK * int256(uint256(x.sellTick));
        if (sold != 0) vm.assertGe(int256(x.priceNano), last, "nobody sells below his limit");
    }

    /// @dev With the supplier alone; nobody does worse with neighbours.
    function _alone(uint256 i) private view returns (int256) {
        (int256 energy, int256 feedIn) =
            _supplier[i] == 1 ? (int256(250_000), int256(50_000)) : (int256(230_000), int256(60_000));
        return int256(_exports[i]) * feedIn - int256(_imports[i]) * energy;
    }

    /// forge-config: default.fuzz.runs = 200
    function testFuzz_LVL1_LVL3_treesOfChance(uint256 seed) public {
        _build(seed);
        runTree();
        for (uint32 slot = s; slot < s + 8; ++slot) _checkSlot(slot);
        for (uint256 i; i < HOMES; ++i) {
            vm.assertGe(gain(i), _alone(i), "nobody pays more, or gets less, than at his tariff");
        }
        assertDone();
        assertLocksAddUp();
    }

    /* ANY CUT */

    /// @dev All that could differ.
    function _state() private view returns (bytes32 hash) {
        bytes32[3] memory nodes = [cells[0], cells[1], root];
        for (uint256 i; i < 3; ++i) {
            for (uint32 slot = s; slot < s + 8; ++slot) {
                (uint256 word, uint256 sells) = levels.resultOf(nodes[i], slot);
                hash = keccak256(abi.encode(hash, word, sells));
            }
            hash = keccak256(abi.encode(hash, levels.windowState(nodes[i], w), ladderOf(nodes[i])));
            hash = keccak256(abi.encode(hash, ledger.transitNano(nodes[i])));
        }
        for (uint256 k; k < MARKETS; ++k) {
            for (uint32 slot = s; slot < s + 8; ++slot) {
                hash = keccak256(abi.encode(hash, boughtIn(k, slot), soldIn(k, slot)));
            }
            hash = keccak256(abi.encode(hash, settlement.windowState(grids[k], w), ladderOf(grids[k])));
            hash = keccak256(abi.encode(hash, ledger.transitNano(grids[k])));
        }
        for (uint256 i; i < HOMES; ++i) hash = keccak256(abi.encode(hash, ledger.accountOf(homes[i].owner)));
        for (uint32 area = 1; area <= AREAS; ++area) hash = keccak256(abi.encode(hash, paidTo(area)));
        hash = keccak256(abi.encode(hash, free(feeAccount), free(supplierA), free(supplierB), ledger.claimCount()));
    }

    function _cut(uint256 n) private returns (uint32) {
        return uint32(1 + chance(n));
    }

    function _clearInCuts(uint256 k) private {
        use(k);
        vm.recordLogs();
        while (phase(w) < ISettlement.Phase.Awaiting) clearUpTo(w, 1, _cut(EACH));
        gather();
    }

    function _levelInCuts(bytes32 level) private {
        // Cleared: 2, shared: 3.
        while (uint256(levels.windowState(level, w).phase) < 2) clearPart(level, chance(3));
    }

    function _shareInCuts(bytes32 level) private {
        while (uint256(levels.windowState(level, w).phase) < 3) sharePart(level, chance(3));
    }

    function _settleInCuts(uint256 k) private {
        use(k);
        while (phase(w) != ISettlement.Phase.Settled) settleKept(w, 1, _cut(2));
    }

    /// forge-config: default.fuzz.runs = 200
    function testFuzz_P32_noCutMakesADifference(uint256 seed) public {
        _build(seed);
        vm.warp(windowEnd(w) + params().postSeconds);
        uint256 start = vm.snapshotState();
        runTree();
        bytes32 whole = _state();
        vm.revertToState(start);
        seedChance(~seed);
        uint256 first = chance(MARKETS);
        for (uint256 k; k < MARKETS; ++k) _clearInCuts((first + k) % MARKETS);
        uint256 cell = chance(2);
        _levelInCuts(cells[cell]);
        _levelInCuts(cells[1 - cell]);
        _levelInCuts(root);
        _shareInCuts(root);
        _shareInCuts(cells[cell]);
        // Whoever has got its share need not wait for the others.
        uint256 early = cell == 0 ? 0 : 2;
        _settleInCuts(early);
        _settleInCuts(early + 1);
        _shareInCuts(cells[1 - cell]);
        _settleInCuts((early + 2) % MARKETS);
        _settleInCuts((early + 3) % MARKETS);
        vm.assertEq(_state(), whole, "P32: no cut makes a difference");
        assertDone();
    }
}
