// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IForwardLevels} from "../../contracts/interfaces/IForwardLevels.sol";
import {IForwardAuction} from "../../contracts/interfaces/IForwardAuction.sol";
import {ILedger} from "../../contracts/interfaces/ILedger.sol";
import {ILevels} from "../../contracts/interfaces/ILevels.sol";
import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IPoints} from "../../contracts/interfaces/IPoints.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {ITariffs} from "../../contracts/interfaces/ITariffs.sol";
import {TestCurrency} from "../../contracts/mocks/TestCurrency.sol";
import {Vm} from "./Base.sol";
import {Shipped} from "./Shipped.sol";

/// @title World: the whole core as a deployment sets it up, with homes that sign
abstract contract World is Shipped {
    /// @dev A home: its account, its meter and what its registers show at `nextSlot`.
    struct Home {
        uint32 meter;
        uint256 ownerKey;
        address owner;
        uint256 meterKey;
        uint32 nextSlot;
        uint64 importWh;
        uint64 exportWh;
    }

    uint64 internal constant ADMIN = 0;
    uint64 internal constant REGISTRAR = 1;
    uint64 internal constant METER_OPERATOR = 2;
    uint64 internal constant MARKET_OPERATOR = 3;
    uint64 internal constant GUARDIAN = 4;

    uint32 internal constant DAY = 20_400;
    uint256 internal constant T0 = uint256(DAY) * 1 days;
    uint256 internal constant EUR = 1e9;
    uint256 internal constant NANO_PER_UNIT = 1000;
    ISettlement.Phase internal constant CLEARED = ISettlement.Phase.Cleared;
    int32 internal constant BUY_AT_TARIFF = type(int32).max;
    int32 internal constant SELL_AT_TARIFF = type(int32).min;
    bytes32 internal constant AGREEMENT = keccak256("what suppliers sign");

    IAccessManager internal manager;
    TestCurrency internal currency;
    IRegistry internal registry;
    ITariffs internal tariffs;
    ILedger internal ledger;
    IMetering internal metering;
    IMarkets internal markets;
    IForwardAuction internal forward;
    ISettlement internal settlement;
    ILevels internal levels;
    IForwardLevels internal forwardLevels;
    IPoints internal points;

    address internal registrar = address(0xA1);
    address internal meterOperator = address(0xA2);
    address internal marketOperator = address(0xA3);
    address internal guardian = address(0xA4);
    address internal gridOperator = address(0xA5);
    address internal feeAccount = address(0xA6);
    address internal supplierA = address(0xA7);
    address internal supplierB = address(0xA8);
    address internal stranger = address(0xA9);

    bytes32 internal market;
    Home[] internal homes;
    mapping(bytes32 market => mapping(uint32 window => uint256[])) private _offers;

    function slotSeconds() internal view virtual returns (uint32) {
        return 1800;
    }

    /* DEPLOYMENT */

    function deployCore() internal {
        vm.warp(T0);
        currency = TestCurrency(ship("TestCurrency", abi.encode("Test Euro", "TEUR")));
        manager = IAccessManager(ship("AccessManager", abi.encode(this)));
        registry = IRegistry(ship("Registry", abi.encode(manager, slotSeconds())));
        tariffs = ITariffs(ship("Tariffs", abi.encode(registry)));
        metering = IMetering(ship("Metering", abi.encode(manager, registry)));
        markets = IMarkets(ship("Markets", abi.encode(manager, registry, metering)));
        // Libraries first: from here on addresses are known by the nonce.
        string[4] memory later = ["ForwardAuction", "Settlement", "Levels", "ForwardLevels"];
        for (uint256 i; i < 4; ++i) {
            linked(later[i]);
        }
        address[5] memory next;
        for (uint256 i; i < 5; ++i) {
            next[i] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + i);
        }
        ledger = ILedger(ship("Ledger", abi.encode(currency, next[2], next[1], next[3])));
        forward = IForwardAuction(ship(later[0], abi.encode(manager, registry, markets, ledger, next[4])));
        settlement =
            ISettlement(ship(later[1], abi.encode(registry, tariffs, ledger, metering, markets, forward, next[3])));
        levels = ILevels(ship(later[2], abi.encode(manager, registry, markets, ledger, settlement, next[4])));
        forwardLevels = IForwardLevels(ship(later[3], abi.encode(manager, registry, markets, forward, levels)));
        forward.bindSettlement(address(settlement));
        registry.bindForward(address(forward));
        points = IPoints(ship("Points", abi.encode(manager, registry, metering)));
        metering.bind(address(settlement), address(markets), address(points));
        _allow(address(registry), registry.addArea.selector, REGISTRAR);
        _allow(address(registry), registry.addSupplier.selector, REGISTRAR);
        _allow(address(registry), registry.registerMeter.selector, REGISTRAR);
        _allow(address(registry), registry.setTerms.selector, REGISTRAR);
        _allow(address(registry), registry.setBoundary.selector, REGISTRAR);
        _allow(address(registry), registry.setSigner.selector, METER_OPERATOR);
        _allow(address(metering), metering.exchangeMeter.selector, METER_OPERATOR);
        _allow(address(metering), metering.correct.selector, METER_OPERATOR);
        _allow(address(markets), markets.createMarket.selector, MARKET_OPERATOR);
        _allow(address(markets), markets.setPaused.selector, GUARDIAN);
        _allow(address(forward), forward.createAuction.selector, MARKET_OPERATOR);
        _allow(address(levels), levels.createLevel.selector, MARKET_OPERATOR);
        _allow(address(levels), levels.attach.selector, MARKET_OPERATOR);
        _allow(address(forwardLevels), forwardLevels.createLevel.selector, MARKET_OPERATOR);
        _allow(address(forwardLevels), forwardLevels.attach.selector, MARKET_OPERATOR);
        _allow(address(forward), forward.setPaused.selector, GUARDIAN);
        manager.grantRole(REGISTRAR, registrar, 0);
        manager.grantRole(METER_OPERATOR, meterOperator, 0);
        manager.grantRole(MARKET_OPERATOR, marketOperator, 0);
        manager.grantRole(GUARDIAN, guardian, 0);
    }

    function _allow(
        address target,
        bytes4 selector,
        uint64 role
    ) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(target, selectors, role);
    }

    /// @dev One area, two suppliers with tariff 0 from the next slot on, one market; the clock at T0.
    function deployWorld() internal {
        deployCore();
        vm.startPrank(registrar);
        registry.addArea(0, gridOperator);
        registry.addSupplier(supplierA, "A");
        registry.addSupplier(supplierB, "B");
        vm.stopPrank();
        ITariffs.Row[] memory rows = new ITariffs.Row[](1);
        rows[0] = ITariffs.Row(250_000, 50_000, 250_000, 80_000, 20_000, 30_000);
        publish(1, 0, slotNow() + 1, rows, 300_000_000);
        rows[0] = ITariffs.Row(230_000, 60_000, 230_000, 80_000, 20_000, 30_000);
        publish(2, 0, slotNow() + 1, rows, 200_000_000);
        market = createMarket(params());
    }

    /* TIME */

    function slotNow() internal view returns (uint32) {
        // Asked of forge: the optimiser takes block.timestamp for constant within a call, but warping moves it.
        return uint32(vm.getBlockTimestamp() / slotSeconds());
    }

    function slotsPerDay() internal view returns (uint32) {
        return 86_400 / slotSeconds();
    }

    /// @dev First slot of the day after T0: members begin there.
    function firstSlot() internal view returns (uint32) {
        return (DAY + 1) * slotsPerDay();
    }

    function firstWindow() internal view returns (uint32) {
        return firstSlot() / 8;
    }

    /// @dev To the moment in which `slot` begins (and the slot before it has been delivered).
    function warpToSlot(
        uint256 slot
    ) internal {
        vm.warp(slot * slotSeconds());
    }

    function windowEnd(
        uint32 window
    ) internal view returns (uint256) {
        return uint256(window + 1) * 8 * slotSeconds();
    }

    /* SETTING UP */

    function params() internal view virtual returns (IMarkets.MarketParams memory p) {
        p.area = 1;
        p.slotSeconds = slotSeconds();
        p.rule = IMarkets.PriceRule.Reference;
        p.kPpm = 500_000;
        p.floorNano = -50_000;
        p.tickNano = 2000;
        p.postSeconds = 1 days;
        p.stageSeconds = 1 hours;
        p.voidSeconds = 3 days;
        (p.runs, p.runSeconds) = (3, 7 days);
        p.feeAccount = feeAccount;
        p.stages = new address[](0);
        p.agreement = AGREEMENT;
        p.registration = keccak256(abi.encode(registration()));
    }

    function registration() internal pure returns (IMarkets.Registration memory) {
        return IMarkets.Registration("Neighbours", "none: a test", 0);
    }

    /// @dev All suppliers agree from the next slot on.
    function createMarket(
        IMarkets.MarketParams memory p
    ) internal returns (bytes32 id) {
        vm.prank(marketOperator);
        id = markets.createMarket(p, registration());
        for (uint16 supplier = 1; supplier <= registry.supplierCount(); ++supplier) {
            agree(id, supplier, slotNow() + 1);
        }
    }

    function agree(
        bytes32 id,
        uint16 supplier,
        uint32 from
    ) internal {
        uint32 sequence = markets.agreementSequence(id, supplier) + 1;
        vm.prank(registry.supplierAccount(supplier));
        markets.setAgreement(IMarkets.Agreement(id, supplier, from, true, sequence, ""));
    }

    /// @dev The forward contracts of one member, by window.
    function contractsOf(uint32 index, uint32 first, uint32 windows) internal view returns (uint256[] memory) {
        uint32[] memory indices = new uint32[](1);
        indices[0] = index;
        return forward.contractsOf(market, indices, first, windows);
    }

    /// @dev An auction of the market: ticks from -0.05 to 0.46, each window closes two hours before it begins.
    function auctionRules() internal view virtual returns (IForwardAuction.AuctionParams memory p) {
        p.market = market;
        p.gate = IForwardAuction.Gate.Window;
        (p.gateSeconds, p.firmSeconds, p.voidSeconds) = (2 hours, 1 hours, 1 days);
        p.kPpm = 500_000;
        p.lotWh = 10;
        (p.floorNano, p.tickNano) = (-50_000, 2000);
        (p.capNano, p.surplusNano) = (500_000, -60_000);
    }

    function createAuction(
        IForwardAuction.AuctionParams memory p
    ) internal returns (bytes32) {
        vm.prank(marketOperator);
        return forward.createAuction(p);
    }

    function publish(
        uint16 supplier,
        uint16 tariff,
        uint32 from,
        ITariffs.Row[] memory rows,
        int64 standing
    ) internal {
        vm.prank(registry.supplierAccount(supplier));
        tariffs.publish(supplier, tariff, from, rows, standing);
    }

    function terms(
        address owner,
        uint32 from,
        uint16 supplier,
        uint16 tariff
    ) internal pure returns (IRegistry.Terms memory) {
        return IRegistry.Terms(owner, from, supplier, tariff, 20_000, true);
    }

    /// @dev Registers a meter of a new home with keys of its own, from the running slot on.
    function addHome(
        uint16 supplier
    ) internal returns (uint256 id) {
        id = homes.length;
        Home memory h;
        h.ownerKey = 0x1000 + id;
        h.meterKey = 0x2000 + id;
        h.owner = vm.addr(h.ownerKey);
        vm.prank(registrar);
        h.meter = registry.registerMeter(
            1,
            keccak256(abi.encode("point", id)),
            terms(h.owner, slotNow(), supplier, 0),
            abi.encodePacked(vm.addr(h.meterKey))
        );
        homes.push(h);
    }

    /// @dev A home that is a member from the first slot of the next day on, with money.
    function addMember(
        uint16 supplier,
        uint256 moneyNano
    ) internal returns (uint256 id) {
        id = addHome(supplier);
        enrol(id, firstSlot());
        if (moneyNano != 0) fund(homes[id].owner, moneyNano);
    }

    function fund(
        address account,
        uint256 nano
    ) internal {
        currency.mint(address(this), nano / NANO_PER_UNIT);
        currency.approve(address(ledger), nano / NANO_PER_UNIT);
        ledger.deposit(account, nano);
    }

    /* SIGNED MESSAGES */

    function separator(
        string memory name,
        address verifying
    ) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256(bytes(name)),
                keccak256("1"),
                vm.getChainId(),
                verifying
            )
        );
    }

    function signed(
        uint256 key,
        bytes32 digest
    ) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function digestOf(
        bytes32 domain,
        bytes32 structHash
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function enrolment(
        uint256 id,
        bytes32 market_,
        uint32 from
    ) internal view returns (IMarkets.Enrolment memory e) {
        e = IMarkets.Enrolment(market_, homes[id].meter, from, "");
        bytes32 hash = keccak256(
            abi.encode(
                keccak256("Enrolment(bytes32 market,uint32 meter,uint32 fromSlot)"), e.market, e.meter, e.fromSlot
            )
        );
        e.signature = signed(homes[id].ownerKey, digestOf(separator("p2pchain Markets", address(markets)), hash));
    }

    function enrolOne(
        IMarkets.Enrolment memory e
    ) internal returns (IMarkets.Refusal) {
        IMarkets.Enrolment[] memory es = new IMarkets.Enrolment[](1);
        es[0] = e;
        return markets.enrol(es)[0];
    }

    function enrol(
        uint256 id,
        uint32 from
    ) internal {
        IMarkets.Refusal refusal = enrolOne(enrolment(id, market, from));
        vm.assertEq(uint256(refusal), 0, "enrolment refused");
    }

    function limitsMessage(
        uint256 id,
        uint32 from,
        uint32 sequence,
        int32[] memory buy,
        int32[] memory sell
    ) internal view returns (IMarkets.Limits memory l) {
        l = IMarkets.Limits(market, homes[id].meter, from, sequence, buy, sell, "");
        bytes32 hash = keccak256(
            abi.encode(
                keccak256(
                    "Limits(bytes32 market,uint32 meter,uint32 fromSlot,uint32 sequence,int32[] buyNano,int32[] sellNano)"
                ),
                l.market,
                l.meter,
                l.fromSlot,
                l.sequence,
                keccak256(abi.encodePacked(buy)),
                keccak256(abi.encodePacked(sell))
            )
        );
        l.signature = signed(homes[id].ownerKey, digestOf(separator("p2pchain Markets", address(markets)), hash));
    }

    function limitOne(
        IMarkets.Limits memory l
    ) internal returns (IMarkets.Refusal) {
        IMarkets.Limits[] memory ls = new IMarkets.Limits[](1);
        ls[0] = l;
        return markets.setLimits(ls)[0];
    }

    function setLimits(
        uint256 id,
        uint32 from,
        int32 buy,
        int32 sell
    ) internal {
        (,,, uint32 sequence) = markets.memberOf(market, homes[id].meter);
        IMarkets.Refusal refusal = limitOne(limitsMessage(id, from, sequence + 1, one(buy), one(sell)));
        vm.assertEq(uint256(refusal), 0, "limits refused");
    }

    function one(
        int32 x
    ) internal pure returns (int32[] memory xs) {
        xs = new int32[](1);
        xs[0] = x;
    }

    /* READINGS */

    function pack(
        uint256[] memory imports,
        uint256[] memory exports
    ) internal pure returns (uint256[] memory words) {
        words = new uint256[]((imports.length + 3) / 4);
        for (uint256 i; i < imports.length; ++i) {
            words[i / 4] |= ((imports[i] << 32) | exports[i]) << (192 - 64 * (i % 4));
        }
    }

    function hashReading(
        IMetering.Reading memory r
    ) internal pure returns (bytes32) {
        // Hashed first: the compiler runs out of stack where all of it is one expression.
        bytes32 intervals = keccak256(abi.encodePacked(r.intervals));
        return keccak256(
            abi.encode(
                keccak256(
                    "Reading(uint32 meter,uint32 firstSlot,uint16 slots,uint8 quality,uint64 importWh,uint64 exportWh,uint256[] intervals)"
                ),
                r.meter,
                r.firstSlot,
                r.slots,
                r.quality,
                r.importWh,
                r.exportWh,
                intervals
            )
        );
    }

    function signReading(
        IMetering.Reading memory r,
        uint256 key
    ) internal view {
        r.signature = signed(key, digestOf(separator("p2pchain Metering", address(metering)), hashReading(r)));
    }

    /// @dev A signed record with registers given.
    function recordAt(
        uint256 id,
        uint32 first,
        uint64 importWh,
        uint64 exportWh,
        uint256[] memory imports,
        uint256[] memory exports
    ) internal view returns (IMetering.Reading memory r) {
        // Field by field, which leaves more of the stack to those who call.
        r.intervals = pack(imports, exports);
        r.meter = homes[id].meter;
        r.firstSlot = first;
        r.slots = uint16(imports.length);
        r.importWh = importWh;
        r.exportWh = exportWh;
        signReading(r, homes[id].meterKey);
    }

    /// @dev The next signed record of a home; its registers move on.
    function record(
        uint256 id,
        uint32 first,
        uint256[] memory imports,
        uint256[] memory exports
    ) internal returns (IMetering.Reading memory r) {
        Home storage h = homes[id];
        (uint64 importWh, uint64 exportWh) = (h.importWh, h.exportWh);
        h.nextSlot = first + uint32(imports.length);
        h.importWh = importWh + uint64(sum(imports));
        h.exportWh = exportWh + uint64(sum(exports));
        return recordAt(id, first, importWh, exportWh, imports, exports);
    }

    function postOne(
        IMetering.Reading memory r
    ) internal returns (IMetering.Outcome) {
        IMetering.Reading[] memory rs = new IMetering.Reading[](1);
        rs[0] = r;
        return postMany(rs)[0];
    }

    /// @dev Posts records, and notes what they offer: logs that were recorded before are gone.
    function postMany(
        IMetering.Reading[] memory rs
    ) internal returns (IMetering.Outcome[] memory outcomes) {
        vm.recordLogs();
        outcomes = settlement.postReadings(market, rs);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ISettlement.Offered.selector) continue;
            (uint32 index, uint256[] memory words) = abi.decode(logs[i].data, (uint32, uint256[]));
            for (uint256 k; k < words.length; ++k) {
                _offers[logs[i].topics[1]][uint32(words[k] >> 236)].push(
                    (uint256(index + 1) << 224) | (words[k] & ((1 << 224) - 1))
                );
            }
        }
    }

    /// @dev All that was offered in windows, as `clear` and `settle` are handed it.
    function offers(
        bytes32 market_,
        uint32 first,
        uint256 windows
    ) internal view returns (uint256[][] memory words) {
        words = new uint256[][](windows);
        for (uint32 i; i < windows; ++i) {
            words[i] = _offers[market_][first + i];
        }
    }

    /// @dev What a member has posted to a window: its offer as a lane word, else what is written down.
    function lanes(
        uint32 meter,
        uint32 window
    ) internal view returns (uint256[5] memory words) {
        words = settlement.lanesOf(market, meter, window);
        (, uint32 index,,) = markets.memberOf(market, meter);
        uint256[] storage offered = _offers[market][window];
        for (uint256 i; i < offered.length; ++i) {
            if (offered[i] >> 224 != index + 1) continue;
            vm.assertEq(words[0], 0, "offered and written down");
            words[0] = (uint256(window) << 236) | (0xff << 224) | (offered[i] & ((1 << 224) - 1));
        }
    }

    function meterOne(
        IMetering.Reading memory r
    ) internal returns (IMetering.Outcome) {
        IMetering.Reading[] memory rs = new IMetering.Reading[](1);
        rs[0] = r;
        return metering.post(rs)[0];
    }

    function assertOutcome(
        IMetering.Outcome got,
        IMetering.Outcome want,
        string memory why
    ) internal pure {
        vm.assertEq(uint256(got), uint256(want), why);
    }

    function assertRefusal(
        IMarkets.Refusal got,
        IMarkets.Refusal want,
        string memory why
    ) internal pure {
        vm.assertEq(uint256(got), uint256(want), why);
    }

    /// @dev Posts a record of a member and expects that it is taken.
    function post(
        uint256 id,
        uint32 first,
        uint256[] memory imports,
        uint256[] memory exports
    ) internal {
        assertOutcome(postOne(record(id, first, imports, exports)), IMetering.Outcome.Accepted, "record refused");
    }

    /// @dev The same import and export in all eight slots of a window.
    function postFlat(
        uint256 id,
        uint32 window,
        uint256 importWh,
        uint256 exportWh
    ) internal {
        post(id, window * 8, flat(8, importWh), flat(8, exportWh));
    }

    function clearUpTo(
        uint32 first,
        uint32 windows,
        uint32 members
    ) internal {
        _callWithOffers(ISettlement.clear.selector, first, windows, members);
    }

    function settleUpTo(
        uint32 first,
        uint32 windows,
        uint32 members
    ) internal {
        _callWithOffers(ISettlement.settle.selector, first, windows, members);
    }

    function clearAndSettleUpTo(
        uint32 first,
        uint32 windows,
        uint32 members
    ) internal {
        _callWithOffers(ISettlement.clearAndSettle.selector, first, windows, members);
    }

    /// @dev Never called. What is used once is written out by the compiler where it is used, and tests have no room on
    /// the stack for these: so each is used once more.
    function keptApart(
        IMetering.Reading[] calldata rs,
        bytes4 selector,
        uint32 first
    ) external {
        postMany(rs);
        _callWithOffers(selector, first, offers(market, first, 1).length == 1 ? 1 : 2, 1);
        lanes(1, first);
    }

    /// @dev In one place, since the compiler has no room for the encoding of offers in every test.
    function _callWithOffers(
        bytes4 selector,
        uint32 first,
        uint32 windows,
        uint32 members
    ) private {
        (bool ok, bytes memory answer) = address(settlement).call(
            abi.encodeWithSelector(selector, market, first, windows, members, offers(market, first, windows))
        );
        if (ok) return;
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }

    function clearAll(
        uint32 window
    ) internal {
        clearUpTo(window, 1, type(uint32).max);
    }

    function settleAll(
        uint32 window
    ) internal {
        settleUpTo(window, 1, type(uint32).max);
    }

    function phase(
        uint32 window
    ) internal view returns (ISettlement.Phase) {
        return settlement.windowState(market, window).phase;
    }

    function assertPhase(
        uint32 window,
        ISettlement.Phase want
    ) internal view {
        vm.assertEq(uint256(phase(window)), uint256(want), "phase");
    }

    /* MONEY */

    function free(
        address account
    ) internal view returns (uint256) {
        return ledger.accountOf(account).freeNano;
    }

    function locked(
        address account
    ) internal view returns (uint256) {
        return ledger.accountOf(account).lockedNano;
    }

    /// @dev What an account owns: free and locked money, and claims for and against it.
    function wealth(
        address account
    ) internal view returns (int256 nano) {
        ILedger.Account memory a = ledger.accountOf(account);
        nano = int256(uint256(a.freeNano)) + int256(uint256(a.lockedNano));
        for (uint256 id = 1; id <= ledger.claimCount(); ++id) {
            ILedger.Claim memory c = ledger.claim(id);
            if (c.creditor == account) nano += int256(c.openNano);
            if (c.debtor == account) nano -= int256(c.openNano);
        }
    }

    /// @dev Everything that the ledger keeps for accounts, covers and markets that these tests know of.
    function keptNano() internal view virtual returns (int256 nano) {
        address[6] memory known = [gridOperator, feeAccount, supplierA, supplierB, stranger, address(this)];
        for (uint256 i; i < known.length; ++i) {
            nano += _accountNano(known[i]);
        }
        for (uint256 i; i < homes.length; ++i) {
            nano += _accountNano(homes[i].owner);
            nano += _guaranteeNano(homes[i], supplierA) + _guaranteeNano(homes[i], supplierB);
        }
        nano += ledger.transitNano(market);
    }

    function _accountNano(
        address account
    ) private view returns (int256) {
        ILedger.Account memory a = ledger.accountOf(account);
        return int256(uint256(a.freeNano)) + int256(uint256(a.lockedNano));
    }

    function _guaranteeNano(
        Home storage h,
        address supplier
    ) private view returns (int256) {
        ILedger.Cover memory c = ledger.coverOf(h.owner, supplier, h.meter);
        return int256(uint256(c.guaranteeFreeNano)) + int256(uint256(c.guaranteeLockedNano));
    }

    /// @dev P1 and P2: what is kept is what is held is what the token says.
    function assertSolvent() internal view {
        vm.assertEq(keptNano(), int256(ledger.heldNano()), "P2: kept == held");
        vm.assertEq(
            ledger.heldNano(), currency.balanceOf(address(ledger)) * ledger.unitNano(), "P1: held == token balance"
        );
    }

    /// @dev Collateral of open orders; none where nobody orders ahead.
    function openCollateral(
        address
    ) internal view virtual returns (uint256) {}

    /// @dev P4: locked money of an account is the sum of its covers and of the collateral of its open orders.
    function assertLocksAddUp() internal view {
        for (uint256 i; i < homes.length; ++i) {
            uint256 covers;
            for (uint256 k; k < homes.length; ++k) {
                if (homes[k].owner != homes[i].owner) continue;
                covers += ledger.coverOf(homes[i].owner, supplierA, homes[k].meter).ownNano;
                covers += ledger.coverOf(homes[i].owner, supplierB, homes[k].meter).ownNano;
            }
            vm.assertEq(
                locked(homes[i].owner),
                covers + openCollateral(homes[i].owner),
                "P4: locked == own part of the covers + collateral of open orders"
            );
        }
    }
}
