// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {LevelWorld} from "./LevelWorld.sol";

/// @dev Whole windows are kept as one hash, and handed in again by whoever clears and settles.
contract OffersTest is LevelWorld {
    function setUp() public {
        deployTree(true);
        fund(supplierA, START);
        fund(supplierB, START);
    }

    /// @dev Three members of the first market and two of the second, with two windows over.
    function _members() private {
        for (uint256 i; i < 5; ++i) addTo(i < 3 ? 0 : 1, i < 3 ? 1 : 2);
        warpToSlot(s + 16);
        use(0);
    }

    /// @dev To when both windows may go on without the levels above.
    function _pastLevels() private {
        ++w;
        pastVoid(2);
        --w;
    }

    function _refused(uint32 window, uint32 first, uint32 windows, uint256[][] memory words) private {
        bytes memory why = abi.encodeWithSelector(ISettlement.WrongOffers.selector, window);
        vm.expectRevert(why);
        settlement.clear(market, first, windows, 100, words);
        vm.expectRevert(why);
        settlement.settle(market, first, windows, 100, words);
        vm.expectRevert(why);
        settlement.clearAndSettle(market, first, windows, 100, words);
    }

    function test_P32_onlyAllThatWasOffered() public {
        _members();
        for (uint32 i; i < 2; ++i) {
            postFlat(0, w + i, 61, 0);
            postFlat(1, w + i, 0, 50);
            postFlat(2, w + i, 10 + i, 0);
        }
        vm.warp(windowEnd(w + 1) + params().postSeconds);
        uint256[][] memory words = offers(market, w, 2);
        vm.assertEq(words[0].length, 3, "all three");
        words[0][0] += 1;
        _refused(w, w, 2, words);
        words[0][0] -= 1;
        (words[1][0], words[1][1]) = (words[1][1], words[1][0]);
        _refused(w + 1, w, 2, words);
        (words[1][0], words[1][1]) = (words[1][1], words[1][0]);
        (words[0], words[1]) = (words[1], words[0]);
        _refused(w, w, 2, words);
        (words[0], words[1]) = (words[1], words[0]);
        _refused(w, w, 1, words);
        _refused(w, w, 2, new uint256[][](2));
        _refused(w, w, 2, offers(market, w, 1));
        // The last of them left out, or one twice.
        uint256[] memory kept = words[1];
        words[1] = list(kept[0], kept[1]);
        _refused(w + 1, w, 2, words);
        words[1] = kept;
        words[0] = list(kept[0], kept[0]);
        _refused(w, w, 2, words);
        vm.prank(stranger);
        clearUpTo(w, 2, 100);
        // What was offered is told anew to settle, and to whoever asks when it is over.
        _refused(w, w, 2, words);
        use(0);
        _pastLevels();
        settlement.passOver(market, w);
        settlement.passOver(market, w + 1);
        settleUpTo(w, 2, 100);
        vm.expectRevert(
            abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Settled)
        );
        settleUpTo(w, 2, 100);
    }

    function test_theHashIsOverEachOfferAndTheOneBefore() public {
        _members();
        vm.assertEq(settlement.offersHash(market, w), 0, "none yet");
        postFlat(1, w, 0, 50);
        postFlat(0, w, 61, 0);
        uint256[] memory words = offers(market, w, 1)[0];
        vm.assertEq(words[0] >> 224, 2, "the second member came first");
        vm.assertEq(words[1] >> 224, 1, "then the first");
        vm.assertEq(words[1] & 0xfffffff, 61, "the first slot is lowest");
        bytes32 hash = keccak256(abi.encode(keccak256(abi.encode(bytes32(0), words[0])), words[1]));
        vm.assertEq(settlement.offersHash(market, w), hash, "chained");
        vm.assertEq(settlement.offersHash(market, w + 1), 0, "of this window only");
        vm.assertEq(settlement.lanesOf(market, homes[0].meter, w)[0], 0, "nothing is written down");
    }

    /// @dev Parts of a window, slots with both sides and what is withheld are written down.
    function test_onlyWholeWindowsInOneLayer() public {
        _members();
        post(0, s, flat(4, 61), flat(4, 0));
        post(0, s + 4, flat(4, 61), flat(4, 0));
        uint256[] memory both = flat(8, 5);
        (both[0], both[1]) = (0, 0);
        post(1, s, both, flat(8, 50));
        post(2, s, flat(12, 10), flat(12, 0));
        vm.assertEq(offers(market, w, 1)[0].length, 1, "only the third member's");
        vm.assertEq(offers(market, w + 1, 1)[0].length, 0, "not the half of a window");
        vm.assertEq(settlement.lanesOf(market, homes[0].meter, w)[0] >> 224 & 0xff, 0xff, "in two parts");
        vm.assertEq(settlement.lanesOf(market, homes[1].meter, w)[1] >> 236, w, "two layers");
        vm.assertEq(settlement.lanesOf(market, homes[2].meter, w + 1)[0] >> 224 & 0xff, 0x0f, "a half");
    }

    /// @dev The same readings slot by slot, which are written down, and whole, which are not.
    function testFuzz_P13_P32_offeredOrWrittenDown(uint256 seed) public {
        seedChance(seed);
        _members();
        uint256[][5] memory imports;
        uint256[][5] memory exports;
        for (uint256 i; i < 5; ++i) {
            (imports[i], exports[i]) = (flat(16, 0), flat(16, 0));
            for (uint256 k; k < 16; ++k) {
                if (i % 2 == 0) imports[i][k] = chance(500);
                else exports[i][k] = chance(500);
            }
        }
        uint256 start = vm.snapshotState();
        for (uint256 i; i < 5; ++i) {
            use(i < 3 ? 0 : 1);
            post(i, s, imports[i], exports[i]);
        }
        _clearAndSettle();
        bytes32 offered = _state();
        vm.revertToState(start);
        for (uint256 i; i < 5; ++i) {
            use(i < 3 ? 0 : 1);
            for (uint256 k; k < 16; ++k) {
                // Some windows whole, some slot by slot.
                uint256 count = k % 8 == 0 && chance(3) == 0 ? 8 : 1;
                post(i, uint32(s + k), _part(imports[i], k, count), _part(exports[i], k, count));
                k += count - 1;
            }
        }
        _clearAndSettle();
        vm.assertEq(_state(), offered, "offered or written down");
        assertSolvent();
    }

    function _part(uint256[] memory xs, uint256 from, uint256 count) private pure returns (uint256[] memory part) {
        part = new uint256[](count);
        for (uint256 i; i < count; ++i) part[i] = xs[from + i];
    }

    /// @dev In steps and with settling member by member, where chance will have it.
    function _clearAndSettle() private {
        vm.warp(windowEnd(w + 1) + params().postSeconds);
        for (uint256 k; k < 2; ++k) {
            use(k);
            for (uint32 i; i < 2; ++i) {
                while (phase(w + i) < ISettlement.Phase.Awaiting) {
                    clearUpTo(w + i, 1, uint32(1 + chance(4)));
                }
            }
        }
        _pastLevels();
        for (uint256 k; k < 2; ++k) {
            use(k);
            for (uint32 i; i < 2; ++i) settlement.passOver(market, w + i);
            while (phase(w) != ISettlement.Phase.Settled) {
                settleUpTo(w, 2, uint32(1 + chance(4)));
            }
        }
    }

    function _state() private view returns (bytes32 hash) {
        for (uint256 i; i < homes.length; ++i) {
            hash = keccak256(
                abi.encode(hash, ledger.accountOf(homes[i].owner), metering.headOf(homes[i].meter).importWh)
            );
        }
        for (uint256 k; k < 2; ++k) hash = keccak256(abi.encode(hash, ledger.transitNano(grids[k])));
        return keccak256(abi.encode(hash, free(feeAccount), free(supplierA), free(supplierB)));
    }
}
