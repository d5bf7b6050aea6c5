// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {ILevels} from "../../contracts/interfaces/ILevels.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {Vm} from "./Base.sol";
import {Correctors} from "./Correctors.sol";

/// @title LevelWorld: two cells under a root, two microgrids with a market in each, and homes in them
/// @notice Areas: 1 the root; 2 and 3 the cells; 4 and 5 below cell 2, 6 and 7 below cell 3. Ladders are taken from the
/// events alone, as anybody outside would do it.
abstract contract LevelWorld is Correctors {
    uint256 internal constant MARKETS = 4;
    uint32 internal constant AREAS = 7;
    uint32 internal constant UNLIMITED = type(uint32).max;
    uint256 internal constant ALL = type(uint256).max;
    uint256 internal constant START = 1000 * EUR;
    /// @dev Tick 0 and the size of a tick, as in `params`.
    int256 internal constant FLOOR = -50_000;
    int256 internal constant TICK = 2000;

    /// @dev The market of each microgrid, the level of each cell and that of the root.
    bytes32[MARKETS] internal grids;
    bytes32[2] internal cells;
    bytes32 internal root;
    /// @dev The homes of each microgrid, in the order of their index.
    uint256[][MARKETS] internal inGrid;
    uint32 internal w;
    uint32 internal s;

    mapping(bytes32 node => mapping(uint32 window => uint256[])) private _sent;
    /// @dev Results of the markets' own auctions, and those of the sells where some slot has one of its own.
    mapping(bytes32 node => mapping(uint32 window => uint256[8])) private _own;
    mapping(bytes32 node => mapping(uint32 window => uint256[8])) private _ownSells;

    /* SETTING UP */

    /// @dev The tree with edges that cost nothing and limit nothing; every member pays energy alone. Not `rooted`: the
    /// cells belong to no root yet.
    function deployTree(bool rooted) internal {
        deployCore();
        vm.startPrank(registrar);
        registry.addArea(0, operatorOf(1));
        registry.addArea(1, operatorOf(2));
        registry.addArea(1, operatorOf(3));
        for (uint32 area = 4; area <= AREAS; ++area) registry.addArea(area / 2, operatorOf(area));
        registry.addSupplier(supplierA, "A");
        registry.addSupplier(supplierB, "B");
        vm.stopPrank();
        (w, s) = (firstWindow(), firstSlot());
        tariff(1, 250_000, 50_000);
        tariff(2, 230_000, 60_000);
        root = createLevel(levelRules(1));
        for (uint32 i; i < 2; ++i) {
            cells[i] = createLevel(levelRules(2 + i));
            if (rooted) attach(cells[i], root);
        }
        for (uint32 k; k < MARKETS; ++k) {
            IMarkets.MarketParams memory p = params();
            p.area = 4 + k;
            grids[k] = createMarket(p);
            attach(grids[k], cells[k / 2]);
        }
        for (uint32 area = 2; area <= AREAS; ++area) setEdge(area, 0, UNLIMITED, UNLIMITED, UNLIMITED);
    }

    function tariff(uint16 supplier, int32 energy, int32 feedIn) internal {
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(energy, feedIn, energy, 0, 0, 0);
        publish(supplier, 0, s - 8, rows, 0);
    }

    /// @dev Of an area; the root waits longer than the cells.
    function levelRules(uint32 area) internal view returns (ILevels.LevelParams memory p) {
        uint32 more = area == 1 ? 1 days : 0;
        p = ILevels.LevelParams(area, slotSeconds(), 500_000, -50_000, 2000, 1 days + 1 hours + more, 2 days + more);
    }

    function createLevel(ILevels.LevelParams memory p) internal returns (bytes32) {
        vm.prank(marketOperator);
        return levels.createLevel(p);
    }

    function attach(bytes32 node, bytes32 level) internal {
        vm.prank(marketOperator);
        levels.attach(node, level, w);
    }

    function operatorKey(uint32 area) internal pure returns (uint256) {
        return 0x5000 + area;
    }

    function operatorOf(uint32 area) internal pure returns (address) {
        return vm.addr(operatorKey(area));
    }

    /// @dev From the first window of the members on.
    function setEdge(uint32 area, uint32 charge, uint32 up, uint32 down, uint32 feeder) internal {
        vm.prank(operatorOf(area));
        levels.setEdge(area, ILevels.EdgeTerms(s, charge, up, down, feeder));
    }

    /// @dev A signal that an area has no grid in [first, end), hashed from the type string.
    function lossOf(uint32 area, uint32 first, uint32 end, uint256 key)
        internal
        view
        returns (ILevels.GridLoss memory loss)
    {
        loss = ILevels.GridLoss(area, first, end, "");
        bytes32 hash = keccak256(
            abi.encode(keccak256("GridLoss(uint32 area,uint32 firstSlot,uint32 endSlot)"), area, first, end)
        );
        loss.signature = signed(key, digestOf(separator("p2pchain Levels", address(levels)), hash));
    }

    /// @dev The market that the helpers of World mean from here on.
    function use(uint256 k) internal {
        market = grids[k];
    }

    /// @dev A member of a microgrid's market, with money.
    function addTo(uint256 k, uint16 supplier) internal returns (uint256 id) {
        id = homes.length;
        Home memory h;
        (h.ownerKey, h.meterKey) = (0x1000 + id, 0x2000 + id);
        h.owner = vm.addr(h.ownerKey);
        uint32 area = markets.marketParams(grids[k]).area;
        vm.prank(registrar);
        h.meter = registry.registerMeter(
            area,
            keccak256(abi.encode("point", id)),
            terms(h.owner, slotNow(), supplier, 0),
            abi.encodePacked(vm.addr(h.meterKey))
        );
        homes.push(h);
        inGrid[k].push(id);
        use(k);
        enrol(id, s);
        fund(h.owner, START);
    }

    /// @dev The same with limits of its own.
    function addLimited(uint256 k, uint16 supplier, int32 buyNano, int32 sellNano) internal returns (uint256 id) {
        id = addTo(k, supplier);
        setLimits(id, s, buyNano, sellNano);
    }

    function gridOf(uint256 id) internal view returns (uint256) {
        return registry.areaOf(homes[id].meter) - 4;
    }

    /// @dev The same volumes in all slots of the first window.
    function measure(uint256 id, uint256 importWh, uint256 exportWh) internal {
        use(gridOf(id));
        postKeptFlat(id, w, importWh, exportWh);
    }

    /* AN EXAMPLE */

    /// @dev Homes by number: 0 buys 100 and 1 sells 60 in the first microgrid, 2 buys 30 and 3 sells 100 in the second,
    /// 4 buys 130 and 5 buys 70 in the third, 6 buys 10 and 7 sells 90 in the last.
    function example() internal {
        exampleHomes();
        exampleReadings();
    }

    function exampleHomes() internal {
        setEdge(4, 10_001, UNLIMITED, UNLIMITED, UNLIMITED);
        setEdge(5, 5000, UNLIMITED, UNLIMITED, UNLIMITED);
        setEdge(6, 8000, UNLIMITED, UNLIMITED, UNLIMITED);
        setEdge(7, 20_000, UNLIMITED, UNLIMITED, UNLIMITED);
        setEdge(2, 3333, UNLIMITED, UNLIMITED, UNLIMITED);
        setEdge(3, 7000, UNLIMITED, UNLIMITED, UNLIMITED);
        for (uint256 i; i < 8; ++i) addTo(i / 2, i / 2 == 1 ? 2 : 1);
    }

    function exampleReadings() internal {
        uint256[8] memory importWh = [uint256(100), 0, 30, 0, 130, 70, 10, 0];
        uint256[8] memory exportWh = [uint256(0), 60, 0, 100, 0, 0, 0, 90];
        warpToSlot(s + 8);
        for (uint256 i; i < 8; ++i) measure(i, importWh[i], exportWh[i]);
    }

    /// @dev The ladders of one window, as a call takes those of many.
    function inOne(uint256[][] memory ladders) internal pure returns (uint256[][][] memory windows) {
        windows = new uint256[][][](1);
        windows[0] = ladders;
    }

    /* UP */

    /// @dev Notes what was sent up, and what markets matched themselves, since `vm.recordLogs`.
    function gather() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic == ILevels.Sent.selector) {
                (bytes32 node, uint32 window) = (logs[i].topics[1], uint32(uint256(logs[i].topics[3])));
                vm.assertEq(logs[i].topics[2], levels.nodeOf(node).parent, "sent to the level above");
                _sent[node][window] = abi.decode(logs[i].data, (uint256[]));
            } else if (topic == ISettlement.WindowCleared.selector) {
                (, uint256[8] memory results) = abi.decode(logs[i].data, (uint32, uint256[8]));
                _own[logs[i].topics[1]][uint32(uint256(logs[i].topics[2]))] = results;
            } else if (topic == ILevels.LevelCleared.selector) {
                (uint256[8] memory results,) = abi.decode(logs[i].data, (uint256[8], uint256[8]));
                _own[logs[i].topics[1]][uint32(uint256(logs[i].topics[2]))] = results;
            } else if (topic == ISettlement.SellsCleared.selector) {
                _ownSells[logs[i].topics[1]][uint32(uint256(logs[i].topics[2]))] =
                    abi.decode(logs[i].data, (uint256[8]));
            }
        }
    }

    function ladderOf(bytes32 node) internal view returns (uint256[] memory) {
        return _sent[node][w];
    }

    function clearMarket(uint256 k) internal {
        use(k);
        vm.recordLogs();
        clearAll(w);
        gather();
    }

    function clearMarkets() internal {
        for (uint256 k; k < MARKETS; ++k) clearMarket(k);
    }

    /// @dev Those of the first cell, where only they have members.
    function clearFirstMarkets() internal {
        clearMarket(0);
        clearMarket(1);
    }

    /// @dev What the children of a level have sent, from its cursor on; at most so many.
    function laddersOf(bytes32 level, uint256 most) internal view returns (uint256[][] memory ladders) {
        bytes32[] memory children = levels.childrenOf(level);
        uint256 from = levels.windowState(level, w).cursor;
        uint256 count = children.length - from < most ? children.length - from : most;
        ladders = new uint256[][](count);
        for (uint256 i; i < count; ++i) ladders[i] = ladderOf(children[from + i]);
    }

    function clearLevel(bytes32 level) internal {
        clearPart(level, ALL);
    }

    function clearPart(bytes32 level, uint256 children) internal {
        uint256[][] memory ladders = laddersOf(level, children);
        vm.recordLogs();
        levels.clear(level, w, inOne(ladders));
        gather();
    }

    function clearLevels() internal {
        clearLevel(cells[0]);
        clearLevel(cells[1]);
        clearLevel(root);
    }

    /* DOWN */

    function shareLevel(bytes32 level) internal {
        sharePart(level, ALL);
    }

    function sharePart(bytes32 level, uint256 children) internal {
        levels.share(level, w, inOne(laddersOf(level, children)));
    }

    function shareLevels() internal {
        shareLevel(root);
        shareLevel(cells[0]);
        shareLevel(cells[1]);
    }

    function settleMarket(uint256 k) internal {
        use(k);
        settleKept(w, 1, type(uint32).max);
    }

    function settleMarkets() internal {
        for (uint256 k; k < MARKETS; ++k) settleMarket(k);
    }

    /// @dev The first cell alone, after its markets; the root is passed over.
    function runFirstCell() internal {
        clearLevel(cells[0]);
        pastVoid(1);
        shareLevel(cells[0]);
        settleMarket(0);
        settleMarket(1);
    }

    function pastCollect(uint32 area) internal {
        vm.warp(windowEnd(w) + levelRules(area).collectSeconds);
    }

    function pastVoid(uint32 area) internal {
        vm.warp(windowEnd(w) + levelRules(area).voidSeconds);
    }

    /// @dev From what was posted to money.
    function runTree() internal {
        clearMarkets();
        clearLevels();
        shareLevels();
        settleMarkets();
    }

    /* WHAT CAME OUT */

    function boughtIn(uint256 k, uint32 slot) internal view returns (ISettlement.Result memory) {
        return settlement.resultOf(grids[k], slot);
    }

    function soldIn(uint256 k, uint32 slot) internal view returns (ISettlement.Result memory) {
        return settlement.sellResultOf(grids[k], slot);
    }

    /// @dev Wh and price of a slot of a level's own auction.
    function levelResult(bytes32 level, uint32 slot) internal view returns (uint256 wh, int256 price) {
        return _parts(_own[level][slot / 8][slot % 8]);
    }

    /// @dev The same of the market's own auction.
    function ownResult(uint256 k, uint32 slot) internal view returns (uint256 wh, int256 price) {
        return _parts(_own[grids[k]][slot / 8][slot % 8]);
    }

    /// @dev What an own auction has filled of all that was offered at its last limit; of the sells where they have a
    /// result of their own.
    function ownMargin(uint256 k, uint32 slot, bool ofSells) internal view returns (uint256 fillWh, uint256 liveWh) {
        uint256 word = ofSells ? _ownSells[grids[k]][slot / 8][slot % 8] : _own[grids[k]][slot / 8][slot % 8];
        return ((word / 2 ** 104) % 2 ** 48, (word / 2 ** 152) % 2 ** 48);
    }

    function _parts(uint256 word) private pure returns (uint256 wh, int256 price) {
        return ((word / 2 ** 56) % 2 ** 48, int32(uint32(word)));
    }

    /// @dev By the layout that Ladders documents: what was sent of a slot and side at its n-th limit, and all that is
    /// left there.
    function sentOf(bytes32 node, uint256 lane, bool sells, uint256 n)
        internal
        view
        returns (uint256 wh, uint256 tick, uint256 leftWh)
    {
        uint256[] memory words = ladderOf(node);
        uint256 place = lane % 2 + (sells ? 2 : 0);
        uint256 field = 2 ** (56 * (lane / 2));
        for (uint256 i = 2; i < words.length; ++i) {
            uint256 row = words[i];
            bool part = (row / 2 ** 234) % 2 == 1;
            if (part) ++i;
            wh = (row / field) % 2 ** 56;
            if ((row / 2 ** 232) % 4 != place || wh == 0) continue;
            if (n != 0) {
                --n;
                continue;
            }
            return (wh, (row / 2 ** 224) % 256, part ? (words[i] / field) % 2 ** 56 : wh);
        }
        return (0, 0, 0);
    }

    /// @dev What the operator of an area was paid; all of it are charges of its edge.
    function paidTo(uint32 area) internal view returns (uint256) {
        return free(operatorOf(area));
    }

    /// @dev What a home has gained since it was funded.
    function gain(uint256 id) internal view returns (int256) {
        return wealth(homes[id].owner) - int256(START);
    }

    function assertGain(uint256 id, int256 eachSlot, string memory why) internal view {
        vm.assertEq(gain(id), 8 * eachSlot, why);
    }

    function assertBought(uint256 k, uint256 wh, string memory why) internal view {
        ISettlement.Result memory r = boughtIn(k, s + 3);
        vm.assertEq(r.traded ? r.matchedWh : 0, wh, why);
    }

    function assertSold(uint256 k, uint256 wh, string memory why) internal view {
        ISettlement.Result memory r = soldIn(k, s + 3);
        vm.assertEq(r.traded ? r.matchedWh : 0, wh, why);
    }

    /// @dev When all is settled nothing is in transit, and all money is somewhere.
    function assertDone() internal view {
        for (uint256 k; k < MARKETS; ++k) {
            vm.assertEq(ledger.transitNano(grids[k]), 0, "P6: no money of a market is in transit");
        }
        for (uint256 i; i < 2; ++i) vm.assertEq(ledger.transitNano(cells[i]), 0, "P6: nor of a cell");
        vm.assertEq(ledger.transitNano(root), 0, "P6: nor of the tree");
        for (uint256 i; i < homes.length; ++i) vm.assertEq(locked(homes[i].owner), 0, "no lock is left");
        assertSolvent();
    }

    function keptNano() internal view override returns (int256 nano) {
        nano = _of(feeAccount) + _of(supplierA) + _of(supplierB) + ledger.transitNano(root);
        for (uint32 area = 1; area <= AREAS; ++area) nano += _of(operatorOf(area));
        for (uint256 i; i < homes.length; ++i) nano += _of(homes[i].owner);
        for (uint256 k; k < MARKETS; ++k) nano += ledger.transitNano(grids[k]);
        for (uint256 i; i < 2; ++i) nano += ledger.transitNano(cells[i]);
    }

    function _of(address account) private view returns (int256) {
        ILedger.Account memory a = ledger.accountOf(account);
        return int256(uint256(a.freeNano)) + int256(uint256(a.lockedNano));
    }
}
