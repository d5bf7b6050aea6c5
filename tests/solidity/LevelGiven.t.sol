// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {LevelWorld} from "./LevelWorld.sol";

/// @dev Markets below levels, settled with what their members have posted handed in again.
contract LevelGivenTest is LevelWorld {
    bool private _given;

    function setUp() public {
        deployTree(true);
        fund(supplierA, START);
        fund(supplierB, START);
    }

    function _settle(uint32 windows, uint32 maxMembers) private {
        if (_given) settlement.settleGiven(market, w, windows, maxMembers, _words(w, windows));
        else settlement.settle(market, w, windows, maxMembers);
    }

    function _settleMarkets() private {
        for (uint256 k; k < MARKETS; ++k) {
            use(k);
            _settle(1, type(uint32).max);
        }
    }

    /// @dev Read member by member, and put one window after the other.
    function _words(uint32 first, uint32 windows) private view returns (uint256[] memory words) {
        uint32 members = settlement.windowState(market, first).members;
        words = new uint256[](members * windows);
        for (uint32 i; i < windows; ++i) {
            for (uint32 k; k < members; ++k) {
                words[i * members + k] = settlement.lanesOf(market, markets.meterAt(market, k), first + i)[0];
            }
        }
    }

    function _shared() private {
        example();
        clearMarkets();
        clearLevels();
        shareLevels();
    }

    function _state() private view returns (bytes32 hash) {
        for (uint256 i; i < homes.length; ++i) hash = keccak256(abi.encode(hash, ledger.accountOf(homes[i].owner)));
        for (uint256 k; k < MARKETS; ++k) {
            hash = keccak256(abi.encode(hash, settlement.rootOf(grids[k], w, 0), ledger.transitNano(grids[k])));
        }
        hash = keccak256(abi.encode(hash, free(feeAccount), free(supplierA), free(supplierB)));
    }

    function test_P32_itSettlesAlike() public {
        _shared();
        uint256 start = vm.snapshotState();
        _settleMarkets();
        bytes32 read = _state();
        vm.revertToState(start);
        _given = true;
        _settleMarkets();
        vm.assertEq(_state(), read, "handed in or read");
        assertDone();
    }

    /// @dev Both windows in one call, member by member.
    function test_P32_windowsTogetherAndMembersOneByOne() public {
        for (uint256 i; i < 5; ++i) addTo(i < 3 ? 0 : 1, i < 3 ? 1 : 2);
        warpToSlot(s + 16);
        for (uint32 i; i < 2; ++i) {
            use(0);
            postKeptFlat(0, w + i, 61, 0);
            postKeptFlat(2, w + i, 0, 50);
            use(1);
            postKeptFlat(3, w + i, 0, 17 * i);
        }
        ++w;
        vm.warp(windowEnd(w) + params().postSeconds);
        clearFirstMarkets();
        --w;
        clearFirstMarkets();
        ++w;
        pastVoid(2);
        --w;
        for (uint32 i; i < 2; ++i) {
            for (uint256 k; k < 2; ++k) settlement.passOver(grids[k], w + i);
        }
        uint256 start = vm.snapshotState();
        _settleOneByOne();
        bytes32 read = _state();
        vm.revertToState(start);
        _given = true;
        _settleOneByOne();
        vm.assertEq(_state(), read, "handed in or read");
    }

    function _settleOneByOne() private {
        for (uint256 k; k < 2; ++k) {
            use(k);
            while (phase(w) != ISettlement.Phase.Settled) _settle(2, 1);
        }
    }

    function _refused(uint32 first, uint32 windows, uint256[] memory words) private {
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongLanes.selector, first));
        settlement.settleGiven(market, first, windows, 100, words);
    }

    function test_P32_onlyWhatWasPosted() public {
        _shared();
        use(0);
        uint256[] memory words = _words(w, 1);
        words[0] += 1;
        _refused(w, 1, words);
        words[0] -= 1;
        (words[0], words[1]) = (words[1], words[0]);
        _refused(w, 1, words);
        _refused(w, 1, new uint256[](words.length));
        _refused(w, 1, new uint256[](words.length + 1));
        _refused(w, 1, new uint256[](0));
        words = _words(w, 1);
        // Half of them twice are not two windows.
        _refused(w, 2, words);
        _refused(w + 1, 1, words);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NothingToDo.selector));
        settlement.settleGiven(market, w, 0, 100, words);
        vm.prank(stranger);
        settlement.settleGiven(market, w, 1, 100, words);
        vm.expectRevert(
            abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Settled)
        );
        settlement.settleGiven(market, w, 1, 100, words);
    }

    /// @dev The words of a window that was cleared in steps are not known; nor before the level above has told.
    function test_P32_onlyOfWindowsThatOneCallHasCleared() public {
        example();
        warpToSlot(s + 8);
        vm.warp(windowEnd(w) + params().postSeconds);
        use(0);
        vm.recordLogs();
        settlement.clear(market, w, 1, 1);
        while (phase(w) < ISettlement.Phase.Awaiting) settlement.clear(market, w, 1, 1);
        gather();
        _refused(w, 1, _words(w, 1));
        clearMarket(1);
        uint256[] memory words = _words(w, 1);
        vm.expectRevert(
            abi.encodeWithSelector(ISettlement.WrongPhase.selector, w, ISettlement.Phase.Awaiting)
        );
        settlement.settleGiven(market, w, 1, 100, words);
    }

    function test_P32_wordsOfManyMembers() public {
        _shared();
        use(0);
        uint32 members = settlement.windowState(market, w).members;
        uint256[] memory words = settlement.laneWords(market, w, 0, members);
        vm.assertEq(keccak256(abi.encode(words)), keccak256(abi.encode(_words(w, 1))), "as member by member");
        vm.assertEq(settlement.laneWords(market, w, 1, 1)[0], words[1], "from an index on");
        vm.assertEq(settlement.laneWords(market, w + 1, 0, 1)[0], 0, "nothing is posted there");
    }
}
