// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Signatures} from "../../contracts/libraries/Signatures.sol";
import {Shipped} from "./Shipped.sol";
import {SignatureBook} from "./SignatureBook.sol";

/// @dev The cheat codes for P-256.
interface VmP256 {
    function signP256(
        uint256 key,
        bytes32 digest
    ) external pure returns (bytes32 r, bytes32 s);
    function publicKeyP256(
        uint256 key
    ) external pure returns (uint256 x, uint256 y);
}

/// @dev T18 for meters with P-256 keys, with OpenZeppelin's verifier as it is shipped.
contract P256Test is Shipped {
    uint256 private constant ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
    uint256 private constant PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF;
    uint256 private constant KEY = 0x70323536;
    bytes32 private constant DIGEST = keccak256("a reading");

    VmP256 private _p256 = VmP256(address(vm));
    SignatureBook private _book;
    address private _verifier;

    function setUp() public {
        _book = new SignatureBook();
        _verifier = ship("ERC7913P256Verifier", "");
    }

    function _signer(
        uint256 key
    ) private view returns (bytes memory) {
        (uint256 x, uint256 y) = _p256.publicKeyP256(key);
        return abi.encodePacked(_verifier, x, y);
    }

    /// @dev A signature in the one form that counts: s in the lower half.
    function _signed(
        uint256 key,
        bytes32 digest
    ) private view returns (bytes32 r, bytes32 s) {
        (r, s) = _p256.signP256(key, digest);
        if (uint256(s) > ORDER / 2) s = bytes32(ORDER - uint256(s));
    }

    function testFuzz_T18_p256Signer(
        uint256 key,
        bytes32 digest,
        uint256 bit
    ) public view {
        key = 1 + key % (ORDER - 1);
        bytes memory signer = _signer(key);
        (bytes32 r, bytes32 s) = _signed(key, digest);
        bytes memory signature = abi.encodePacked(r, s);
        vm.assertTrue(_book.byKey(digest, signature, signer), "signed");
        vm.assertTrue(!_book.byKey(digest, abi.encodePacked(r, ORDER - uint256(s)), signer), "high s");
        vm.assertTrue(!_book.byKey(digest ^ bytes32(1 << (bit % 256)), signature, signer), "digest");
        signature[bit % 64] ^= bytes1(uint8(1 << ((bit >> 6) % 8)));
        vm.assertTrue(!_book.byKey(digest, signature, signer), "one bit of the signature");
        signer[20 + bit % 64] ^= bytes1(uint8(1 << ((bit >> 6) % 8)));
        vm.assertTrue(!_book.byKey(digest, abi.encodePacked(r, s), signer), "one bit of the key");
    }

    function test_T18_p256SignaturesThatDoNotCount() public view {
        bytes memory signer = _signer(KEY);
        (bytes32 r, bytes32 s) = _signed(KEY, DIGEST);
        (bytes32 otherR, bytes32 otherS) = _signed(KEY + 1, DIGEST);
        bytes[9] memory bad = [
            abi.encodePacked(otherR, otherS),
            abi.encodePacked(r, ORDER - uint256(s)),
            abi.encodePacked(bytes32(0), s),
            abi.encodePacked(r, bytes32(0)),
            abi.encodePacked(ORDER, s),
            abi.encodePacked(r, ORDER),
            abi.encodePacked(s, r),
            abi.encodePacked(r, bytes31(s)),
            bytes("")
        ];
        for (uint256 i; i < bad.length; ++i) {
            vm.assertTrue(!_book.byKey(DIGEST, bad[i], signer), "malleable or shapeless");
        }
        vm.assertTrue(!_book.byKey(keccak256("another"), abi.encodePacked(r, s), signer), "another digest");
        vm.assertTrue(_book.byKey(DIGEST, abi.encodePacked(r, s), signer), "the one form that counts");
    }

    function test_T18_p256KeysThatAreNoPoint() public view {
        (bytes32 r, bytes32 s) = _signed(KEY, DIGEST);
        (uint256 x, uint256 y) = _p256.publicKeyP256(KEY);
        bytes[7] memory bad = [
            abi.encodePacked(uint256(0), uint256(0)),
            abi.encodePacked(x, y + 1),
            abi.encodePacked(x + 1, y),
            abi.encodePacked(x, PRIME - y),
            abi.encodePacked(PRIME, uint256(0)),
            abi.encodePacked(x, bytes31(bytes32(y))),
            abi.encodePacked(uint8(4), x, y)
        ];
        for (uint256 i; i < bad.length; ++i) {
            bytes memory signer = abi.encodePacked(_verifier, bad[i]);
            vm.assertTrue(!_book.byKey(DIGEST, abi.encodePacked(r, s), signer), "no such key");
        }
    }

    /// @dev With s = 1 the factors are digest and r; all pairs of their bits 01, an addition follows every doubling.
    function test_T18_p256FitsTheGasOfAVerifier() public view {
        bytes32 pattern = bytes32(type(uint256).max / 3);
        bytes memory signer = _signer(KEY);
        uint256 gas_ = gasleft();
        bool signed_ = _book.byKey(pattern, abi.encodePacked(pattern, uint256(1)), signer);
        gas_ -= gasleft();
        vm.assertTrue(!signed_, "nobody has signed this");
        vm.assertLt(gas_, Signatures.VERIFIER_GAS / 2, "the dearest signature, without the precompile");
    }

    function test_T18_p256WithTooLittleGasIsNoSignature() public view {
        (bytes32 r, bytes32 s) = _signed(KEY, DIGEST);
        bytes memory signer = _signer(KEY);
        vm.assertTrue(!_book.byKey{gas: 200_000}(DIGEST, abi.encodePacked(r, s), signer), "no answer, no yes");
        vm.assertTrue(_book.byKey{gas: 400_000}(DIGEST, abi.encodePacked(r, s), signer), "enough");
    }
}
