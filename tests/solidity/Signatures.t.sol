// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMarkets} from "../../contracts/interfaces/IMarkets.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {MockVerifier} from "../../contracts/mocks/MockVerifier.sol";
import {MockWallet} from "../../contracts/mocks/MockWallet.sol";
import {SignatureBook} from "./SignatureBook.sol";
import {World} from "./World.sol";

/// @dev T18: the corpus of signatures that must not count, and the kinds that must.
contract SignaturesTest is World {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    SignatureBook private _book;
    uint256 private _id;
    uint32 private _slot;

    function setUp() public {
        deployWorld();
        _id = addHome(1);
        _slot = firstSlot();
        warpToSlot(_slot + slotsPerDay());
        _book = new SignatureBook();
    }

    function _record() private view returns (IMetering.Reading memory) {
        return recordAt(_id, _slot, 10, 20, flat(4, 5), flat(4, 6));
    }

    function _refused(
        IMetering.Reading memory r,
        string memory why
    ) private {
        assertOutcome(meterOne(r), IMetering.Outcome.BadSignature, why);
    }

    /* REPLAY */

    function test_T18_digestIsThatOfEip712() public view {
        IMetering.Reading memory r = _record();
        vm.assertEq(
            metering.readingDigest(r),
            digestOf(separator("p2pchain Metering", address(metering)), hashReading(r)),
            "digest"
        );
    }

    function test_T18_replayOnAnotherChain() public {
        IMetering.Reading memory r = _record();
        vm.chainId(vm.getChainId() + 1);
        _refused(r, "signed for another chain");
        signReading(r, homes[_id].meterKey);
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "signed for this chain");
    }

    function test_T18_replayAtAnotherContract() public {
        IMetering.Reading[] memory rs = new IMetering.Reading[](1);
        rs[0] = _record();
        IMetering other = IMetering(ship("Metering", abi.encode(manager, registry)));
        assertOutcome(other.post(rs)[0], IMetering.Outcome.BadSignature, "another deployment");
        _signedAs(rs[0], "p2pchain Markets");
        _refused(rs[0], "another domain name");
    }

    function _signedAs(
        IMetering.Reading memory r,
        string memory name
    ) private view {
        r.signature = signed(homes[_id].meterKey, digestOf(separator(name, address(metering)), hashReading(r)));
    }

    function test_T18_replayForAnotherMeterSlotOrFigure() public {
        uint256 other = addHome(1);
        warpToSlot(_slot + 3 * slotsPerDay());
        IMetering.Reading memory r = recordAt(_id, slotNow() - 20, 10, 20, flat(4, 5), flat(4, 6));
        r.meter = homes[other].meter;
        _refused(r, "another meter");
        r = recordAt(_id, slotNow() - 20, 10, 20, flat(4, 5), flat(4, 6));
        r.firstSlot += 1;
        _refused(r, "another slot");
        r.firstSlot -= 1;
        r.slots = 3;
        r.intervals[0] = (r.intervals[0] >> 64) << 64;
        _refused(r, "fewer slots");
        r = recordAt(_id, slotNow() - 20, 10, 20, flat(4, 5), flat(4, 6));
        r.importWh += 1;
        _refused(r, "another register");
        r.importWh -= 1;
        r.exportWh += 1;
        _refused(r, "another export register");
        r.exportWh -= 1;
        r.intervals[0] += 1;
        _refused(r, "another interval");
        r.intervals[0] -= 1;
        r.quality = IMetering.Quality.Estimated;
        _refused(r, "another quality");
        r.quality = IMetering.Quality.Measured;
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "the message itself");
    }

    /* SLOT BY SLOT */

    /// @dev Slots with other figures each, and a signature for each.
    function _slotBySlot(
        uint256 slots,
        uint256 seed
    ) private view returns (IMetering.Reading memory r) {
        uint256[] memory imports = new uint256[](slots);
        uint256[] memory exports = new uint256[](slots);
        bytes memory signatures;
        uint64 importWh = 10;
        uint64 exportWh = 20;
        for (uint256 i; i < slots; ++i) {
            imports[i] = uint256(keccak256(abi.encode(seed, i, "import"))) % 4000;
            exports[i] = uint256(keccak256(abi.encode(seed, i, "export"))) % 4000;
            signatures =
                bytes.concat(signatures, _signatureOf(uint32(_slot + i), importWh, exportWh, imports[i], exports[i]));
            importWh += uint64(imports[i]);
            exportWh += uint64(exports[i]);
        }
        r = recordAt(_id, _slot, 10, 20, imports, exports);
        r.signature = signatures;
    }

    function _signatureOf(
        uint32 slot,
        uint64 importWh,
        uint64 exportWh,
        uint256 imported,
        uint256 exported
    ) private view returns (bytes memory) {
        return recordAt(_id, slot, importWh, exportWh, flat(1, imported), flat(1, exported)).signature;
    }

    function testFuzz_P17_slotsSignedOneByOneAreOneRecord(
        uint256 slots,
        uint256 seed
    ) public {
        slots = bound(slots, 1, 24);
        IMetering.Reading memory r = _slotBySlot(slots, seed);
        IMetering.Reading memory whole = recordAt(_id, _slot, 10, 20, flat(slots, 0), flat(slots, 0));
        whole.intervals = r.intervals;
        uint256 before = vm.snapshotState();
        signReading(whole, homes[_id].meterKey);
        assertOutcome(meterOne(whole), IMetering.Outcome.Accepted, "signed as a whole");
        IMetering.Head memory wanted = metering.headOf(homes[_id].meter);
        bytes32 hash = metering.dayHash(homes[_id].meter, uint32(_slot / slotsPerDay()));
        vm.revertToState(before);
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "signed slot by slot");
        vm.assertEq(abi.encode(metering.headOf(homes[_id].meter)), abi.encode(wanted), "the same registers");
        vm.assertEq(metering.dayHash(homes[_id].meter, uint32(_slot / slotsPerDay())), hash, "the same evidence");
    }

    function testFuzz_P17_eachSlotNeedsItsOwnSignature(
        uint256 slots,
        uint256 place,
        uint256 change,
        uint256 seed
    ) public {
        slots = bound(slots, 2, 24);
        place = bound(place, 0, slots - 1);
        IMetering.Reading memory r = _slotBySlot(slots, seed);
        change = bound(change, 0, 6);
        if (change == 0) {
            r.signature[place * 65 + seed % 65] ^= 0x01;
        } else if (change == 1) {
            uint256 shift = 64 * (3 - place % 4);
            uint256 bit = seed % 2 == 0 ? 1 << 32 : 1;
            r.intervals[place / 4] ^= bit << shift;
        } else if (change == 2) {
            _swap(r.signature, place, (place + 1) % slots);
        } else if (change == 3) {
            r.signature = bytes.concat(r.signature, r.signature);
        } else if (change == 4) {
            seed % 2 == 0 ? ++r.importWh : ++r.exportWh;
        } else if (change == 5) {
            seed % 2 == 0 ? ++r.meter : --r.firstSlot;
        } else {
            r.quality = IMetering.Quality.Estimated;
        }
        vm.assertTrue(meterOne(r) != IMetering.Outcome.Accepted, "changed on the way");
        vm.assertEq(metering.headOf(homes[_id].meter).nextSlot, 0, "nothing is left behind");
    }

    function _swap(
        bytes memory signatures,
        uint256 a,
        uint256 b
    ) private pure {
        for (uint256 i; i < 65; ++i) {
            (signatures[a * 65 + i], signatures[b * 65 + i]) = (signatures[b * 65 + i], signatures[a * 65 + i]);
        }
    }

    function test_T18_slotBySlotByAnotherKey() public {
        IMetering.Reading memory r = _slotBySlot(3, 1);
        IMetering.Reading memory one = recordAt(_id, _slot, 10, 20, flat(1, 4), flat(1, 5));
        signReading(one, homes[_id].meterKey + 1);
        for (uint256 i; i < 65; ++i) {
            r.signature[i] = one.signature[i];
        }
        _refused(r, "the first of three by another key");
        r = _slotBySlot(3, 1);
        r.importWh = type(uint64).max;
        _refused(r, "registers that do not fit");
    }

    function test_T18_enrolmentAndLimitsDoNotCross() public {
        uint32 from = slotNow() + 10;
        IMarkets.MarketParams memory p = params();
        p.kPpm = 400_000;
        bytes32 other = createMarket(p);
        IMarkets.Enrolment memory e = enrolment(_id, market, from);
        e.market = other;
        assertRefusal(enrolOne(e), IMarkets.Refusal.BadSignature, "another market");
        e = enrolment(_id, market, from);
        e.fromSlot += 1;
        assertRefusal(enrolOne(e), IMarkets.Refusal.BadSignature, "another slot");
        uint256 neighbour = addHome(1);
        e = enrolment(_id, market, from);
        e.meter = homes[neighbour].meter;
        assertRefusal(enrolOne(e), IMarkets.Refusal.BadSignature, "another meter");
        vm.chainId(vm.getChainId() + 1);
        e = enrolment(_id, market, from);
        vm.chainId(vm.getChainId() + 1);
        assertRefusal(enrolOne(e), IMarkets.Refusal.BadSignature, "another chain");
        assertRefusal(enrolOne(enrolment(_id, market, from)), IMarkets.Refusal.None, "itself");
        IMarkets.Limits memory l = limitsMessage(_id, from, 1, one(5), one(6));
        l.sequence = 2;
        assertRefusal(limitOne(l), IMarkets.Refusal.BadSignature, "another sequence");
        l = limitsMessage(_id, from, 1, one(5), one(6));
        l.buyNano = one(7);
        assertRefusal(limitOne(l), IMarkets.Refusal.BadSignature, "another limit");
        l = limitsMessage(_id, from, 1, one(5), one(6));
        (l.buyNano, l.sellNano) = (l.sellNano, l.buyNano);
        assertRefusal(limitOne(l), IMarkets.Refusal.BadSignature, "limits swapped");
        l = limitsMessage(_id, from, 1, one(5), one(6));
        assertRefusal(limitOne(l), IMarkets.Refusal.None, "itself");
        assertRefusal(limitOne(l), IMarkets.Refusal.OldSequence, "once");
    }

    /* REVOKED KEYS */

    function _keyRevoked(
        IMetering.Reading memory r,
        string memory why
    ) private {
        assertOutcome(meterOne(r), IMetering.Outcome.KeyRevoked, why);
    }

    /// @dev The owner takes the key away in the middle of what it signs, and gets it back later.
    function test_T18_revokedKey() public {
        warpToSlot(slotNow() + 4); // a record is of one day, which has just begun
        uint32 change = slotNow();
        vm.prank(homes[_id].owner);
        registry.revokeSigner(homes[_id].meter);
        warpToSlot(change + 12);
        _keyRevoked(recordAt(_id, change, 10, 20, flat(1, 5), flat(1, 6)), "the running slot");
        _keyRevoked(recordAt(_id, change + 3, 10, 20, flat(4, 5), flat(4, 6)), "slots after it");
        IMetering.Reading memory r = recordAt(_id, change - 2, 10, 20, flat(4, 5), flat(4, 6));
        assertOutcome(meterOne(r), IMetering.Outcome.SplitAtChange, "across the change");
        r = recordAt(_id, change, 10, 20, flat(1, 5), flat(1, 6));
        signReading(r, 0x9999);
        _keyRevoked(r, "a key that nobody installed");
        r.signature = "";
        _keyRevoked(r, "no key and no signature");
        vm.prank(meterOperator);
        registry.setSigner(homes[_id].meter, change + 14, abi.encodePacked(vm.addr(homes[_id].meterKey)));
        warpToSlot(change + 20);
        _keyRevoked(recordAt(_id, change + 2, 10, 20, flat(4, 5), flat(4, 6)), "in between, also afterwards");
        vm.assertEq(metering.headOf(homes[_id].meter).nextSlot, 0, "nothing is left behind");
        r = recordAt(_id, change - 2, 10, 20, flat(2, 5), flat(2, 6));
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "slots before");
        r = recordAt(_id, change + 14, 90, 90, flat(4, 5), flat(4, 6));
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "slots since it is back");
    }

    function test_T18_revokedWallet() public {
        MockWallet wallet = new MockWallet(vm.addr(0x88));
        (IMetering.Reading memory before, uint32 from) = _withSigner(abi.encodePacked(address(wallet)));
        vm.prank(homes[_id].owner);
        registry.revokeSigner(homes[_id].meter);
        warpToSlot(from + 32);
        IMetering.Reading memory r = recordAt(_id, from + 16, 90, 90, flat(4, 5), flat(4, 6));
        signReading(r, 0x88);
        _keyRevoked(r, "the wallet would say yes");
        signReading(before, 0x88);
        assertOutcome(meterOne(before), IMetering.Outcome.Accepted, "slots before");
    }

    /* MALLEABILITY */

    function test_T18_malleableAndShapelessSignatures() public {
        IMetering.Reading memory r = _record();
        (uint8 v, bytes32 rr, bytes32 s) = vm.sign(homes[_id].meterKey, metering.readingDigest(r));
        bytes32 highS = bytes32(ORDER - uint256(s));
        bytes[14] memory bad = [
            abi.encodePacked(rr, highS, v == 27 ? uint8(28) : uint8(27)),
            abi.encodePacked(rr, highS, v),
            abi.encodePacked(rr, s, uint8(0)),
            abi.encodePacked(rr, s, uint8(1)),
            abi.encodePacked(rr, s, uint8(26)),
            abi.encodePacked(rr, s, uint8(29)),
            abi.encodePacked(bytes32(0), s, v),
            abi.encodePacked(rr, bytes32(0), v),
            abi.encodePacked(rr, s),
            abi.encodePacked(rr, bytes32(uint256(s) | (uint256(v - 27) << 255))),
            abi.encodePacked(rr, s, v, uint8(0)),
            abi.encodePacked(bytes32(0), bytes32(0), uint8(27)),
            abi.encodePacked(rr, s, v == 27 ? uint8(28) : uint8(27)),
            bytes("")
        ];
        for (uint256 i; i < bad.length; ++i) {
            r.signature = bad[i];
            _refused(r, "malleable or shapeless");
            vm.assertTrue(!_book.by(metering.readingDigest(r), bad[i], address(0)), "never the zero account");
        }
        r.signature = abi.encodePacked(rr, s, v);
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "the one form that counts");
    }

    function testFuzz_T18_noOtherBytesCount(
        bytes calldata noise,
        uint8 place,
        uint8 bit
    ) public view {
        bytes32 digest = keccak256("digest");
        address signer = vm.addr(0x77);
        vm.assertTrue(!_book.by(digest, noise, signer), "noise");
        bytes memory good = signed(0x77, digest);
        vm.assertTrue(_book.by(digest, good, signer), "good");
        good[place % 65] ^= bytes1(uint8(1 << (bit % 8)));
        vm.assertTrue(!_book.by(digest, good, signer), "one bit wrong");
    }

    /* CONTRACTS THAT SIGN */

    function _withSigner(
        bytes memory signer
    ) private returns (IMetering.Reading memory r, uint32 from) {
        from = slotNow() + 1;
        vm.prank(meterOperator);
        registry.setSigner(homes[_id].meter, from, signer);
        warpToSlot(from + 16);
        r = recordAt(_id, from, 10, 20, flat(4, 5), flat(4, 6));
    }

    function test_T18_erc1271Signer() public {
        MockWallet wallet = new MockWallet(vm.addr(0x88));
        (IMetering.Reading memory r,) = _withSigner(abi.encodePacked(address(wallet)));
        _refused(r, "signed by the old key");
        signReading(r, 0x88);
        MockWallet.Mode[5] memory bad = [
            MockWallet.Mode.WrongAnswer,
            MockWallet.Mode.ShortAnswer,
            MockWallet.Mode.Reverts,
            MockWallet.Mode.BurnsGas,
            MockWallet.Mode.ReturndataBomb
        ];
        for (uint256 i; i < bad.length; ++i) {
            wallet.setMode(bad[i]);
            _refused(r, "the wallet does not say yes");
        }
        wallet.setMode(MockWallet.Mode.Good);
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "the wallet says yes");
    }

    function test_T18_erc1271OwnerEnrolsAndStatesLimits() public {
        MockWallet wallet = new MockWallet(homes[_id].owner);
        uint32 from = slotNow() + 2;
        vm.prank(registrar);
        registry.setTerms(homes[_id].meter, terms(address(wallet), from, 1, 0));
        wallet.setMode(MockWallet.Mode.Reverts);
        assertRefusal(enrolOne(enrolment(_id, market, from)), IMarkets.Refusal.BadSignature, "reverts");
        wallet.setMode(MockWallet.Mode.Good);
        assertRefusal(enrolOne(enrolment(_id, market, from)), IMarkets.Refusal.None, "good");
        assertRefusal(limitOne(limitsMessage(_id, from, 1, one(1), one(2))), IMarkets.Refusal.None, "limits");
    }

    /// @dev One signer of many meters, whatever it answers, leaves room for the others' records in one transaction.
    function _badSignerInABatch(
        MockWallet.Mode mode,
        uint256 bad
    ) private {
        MockWallet wallet = new MockWallet(vm.addr(0x88));
        wallet.setMode(mode);
        uint32 from = slotNow() + 1;
        IMetering.Reading[] memory rs = new IMetering.Reading[](bad + 1);
        for (uint256 i; i < bad; ++i) {
            uint256 id = addHome(1);
            vm.prank(meterOperator);
            registry.setSigner(homes[id].meter, from, abi.encodePacked(address(wallet)));
        }
        warpToSlot(from + 16);
        for (uint256 i; i < bad; ++i) {
            rs[i] = recordAt(1 + i, from, 0, 0, flat(4, 5), flat(4, 6));
        }
        rs[bad] = recordAt(_id, from, 0, 0, flat(4, 5), flat(4, 6));
        uint256 gas_ = gasleft();
        IMetering.Outcome[] memory got = metering.post(rs);
        gas_ -= gasleft();
        for (uint256 i; i < bad; ++i) {
            assertOutcome(got[i], IMetering.Outcome.BadSignature, "bad");
        }
        assertOutcome(got[bad], IMetering.Outcome.Accepted, "the good one goes through");
        vm.assertLt(gas_, 1.2e6 * bad + 3e5, "each bad signer costs no more than its allowance");
    }

    function test_T18_gasBurnerDoesNotStopABatch() public {
        _badSignerInABatch(MockWallet.Mode.BurnsGas, 8);
    }

    function test_T18_returndataBombDoesNotStopABatch() public {
        _badSignerInABatch(MockWallet.Mode.ReturndataBomb, 8);
    }

    function test_T18_accountWithCodeSignsPlainly() public {
        // As after EIP-7702: the account has code, which knows nothing of signatures.
        IMetering.Reading memory r = _record();
        vm.etch(vm.addr(homes[_id].meterKey), hex"5f5ffd");
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "ECDSA first");
        vm.etch(homes[_id].owner, hex"5f5ffd");
        assertRefusal(enrolOne(enrolment(_id, market, slotNow() + 1)), IMarkets.Refusal.None, "the owner too");
        vm.etch(homes[_id].owner, hex"");
    }

    function test_T18_delegatedAccountAnswersFalsely() public {
        // Code that returns 32 zero bytes, or the right selector only in the wrong place, is no yes.
        address signer = vm.addr(0x99);
        bytes32 digest = keccak256("d");
        vm.etch(signer, hex"60205ff3");
        vm.assertTrue(!_book.by(digest, "", signer), "zeros");
        vm.etch(signer, hex"631626ba7e5f5260205ff3");
        vm.assertTrue(!_book.by(digest, "", signer), "selector at the low end");
        vm.etch(signer, hex"631626ba7e60e01b5f5260205ff3");
        vm.assertTrue(_book.by(digest, "", signer), "selector at the high end");
    }

    /* ERC-7913 */

    function test_T18_erc7913Signer() public {
        MockVerifier verifier = new MockVerifier();
        bytes32 secret = "secret";
        bytes memory key = abi.encode(bytes32("device"), keccak256(abi.encode(secret)));
        (IMetering.Reading memory r,) = _withSigner(abi.encodePacked(address(verifier), key));
        _refused(r, "signed by the old key");
        bytes32 digest = metering.readingDigest(r);
        r.signature = abi.encode(bytes32("wrong"), keccak256(abi.encode(bytes32("wrong"), digest)));
        _refused(r, "another secret");
        r.signature = abi.encode(secret, keccak256(abi.encode(secret, keccak256("another"))));
        _refused(r, "another digest");
        r.signature = "";
        _refused(r, "empty");
        vm.prank(address(verifier));
        IMetering.Reading[] memory rs = new IMetering.Reading[](1);
        rs[0] = r;
        assertOutcome(metering.post(rs)[0], IMetering.Outcome.BadSignature, "a verifier is no caller");
        r.signature = abi.encode(secret, keccak256(abi.encode(secret, digest)));
        assertOutcome(meterOne(r), IMetering.Outcome.Accepted, "verified");
    }

    function test_T18_erc7913KeysDiffer() public {
        MockVerifier verifier = new MockVerifier();
        bytes32 digest = keccak256("d");
        bytes memory sig = abi.encode(bytes32("s"), keccak256(abi.encode(bytes32("s"), digest)));
        bytes memory key = abi.encode(bytes32("k"), keccak256(abi.encode(bytes32("s"))));
        vm.assertTrue(_book.byKey(digest, sig, abi.encodePacked(address(verifier), key)), "good");
        vm.assertTrue(!_book.byKey(digest, sig, abi.encodePacked(address(verifier))), "20 bytes are an address");
        vm.assertTrue(!_book.byKey(digest, sig, abi.encodePacked(address(verifier), key, uint8(0))), "longer key");
        vm.assertTrue(!_book.byKey(digest, sig, abi.encodePacked(address(_book), key)), "no verifier");
        vm.assertTrue(!_book.byKey(digest, sig, ""), "revoked");
        vm.assertTrue(!_book.byKey(digest, sig, hex"00112233"), "too short");
    }

    function test_T18_verifierWithoutCodeSaysNothing() public view {
        bytes32 digest = keccak256("d");
        for (uint160 i; i < 20; ++i) {
            vm.assertTrue(!_book.byKey(digest, "x", abi.encodePacked(address(i), "key of a device")), "no code, no yes");
        }
        vm.assertTrue(!_book.byKey(digest, "x", abi.encodePacked(stranger, "key of a device")), "an empty account");
    }
}
