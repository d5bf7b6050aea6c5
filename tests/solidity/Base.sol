// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The cheat codes of forge that are used here, and no more.
interface Vm {
    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function warp(
        uint256 timestamp
    ) external;
    function chainId(
        uint256 id
    ) external;
    function getBlockTimestamp() external view returns (uint256);
    function getChainId() external view returns (uint256);
    function getNonce(
        address account
    ) external view returns (uint64);
    function computeCreateAddress(
        address creator,
        uint256 nonce
    ) external pure returns (address);
    function prank(
        address sender
    ) external;
    function startPrank(
        address sender
    ) external;
    function stopPrank() external;
    function etch(
        address target,
        bytes calldata code
    ) external;
    function sign(
        uint256 key,
        bytes32 digest
    ) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function addr(
        uint256 key
    ) external pure returns (address);
    function label(
        address account,
        string calldata name
    ) external;
    function assume(
        bool condition
    ) external pure;
    function expectRevert(
        bytes calldata data
    ) external;
    function expectPartialRevert(
        bytes4 selector
    ) external;
    function expectRevert() external;
    function expectEmit(
        address emitter
    ) external;
    function snapshotGasLastCall(
        string calldata group,
        string calldata name
    ) external returns (uint256);
    function recordLogs() external;
    function envOr(
        string calldata name,
        bool otherwise
    ) external view returns (bool);
    function deployCode(
        string calldata artifact,
        bytes calldata arguments
    ) external returns (address);
    function readFile(
        string calldata path
    ) external view returns (string memory);
    function parseJsonString(
        string calldata json,
        string calldata key
    ) external pure returns (string memory);
    function parseJsonKeys(
        string calldata json,
        string calldata key
    ) external pure returns (string[] memory);
    function parseJsonUintArray(
        string calldata json,
        string calldata key
    ) external pure returns (uint256[] memory);
    function parseBytes(
        string calldata text
    ) external pure returns (bytes memory);
    function getRecordedLogs() external returns (Log[] memory);
    function snapshotState() external returns (uint256);
    function revertToState(
        uint256 id
    ) external returns (bool);
    function assertTrue(
        bool a,
        string calldata why
    ) external pure;
    function assertEq(
        uint256 a,
        uint256 b,
        string calldata why
    ) external pure;
    function assertEq(
        int256 a,
        int256 b,
        string calldata why
    ) external pure;
    function assertEq(
        address a,
        address b,
        string calldata why
    ) external pure;
    function assertEq(
        bytes32 a,
        bytes32 b,
        string calldata why
    ) external pure;
    function assertEq(
        bytes calldata a,
        bytes calldata b,
        string calldata why
    ) external pure;
    function assertLe(
        uint256 a,
        uint256 b,
        string calldata why
    ) external pure;
    function assertLe(
        int256 a,
        int256 b,
        string calldata why
    ) external pure;
    function assertGe(
        uint256 a,
        uint256 b,
        string calldata why
    ) external pure;
    function assertGe(
        int256 a,
        int256 b,
        string calldata why
    ) external pure;
    function assertGt(
        uint256 a,
        uint256 b,
        string calldata why
    ) external pure;
    function assertLt(
        uint256 a,
        uint256 b,
        string calldata why
    ) external pure;
}

/// @title Base: assertions, bounds and numbers by chance
abstract contract Base {
    /// @dev Read by forge: what an invariant campaign calls.
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    event log_named_uint(string name, uint256 value);

    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private _chance = uint256(keccak256("p2pchain"));

    /// @dev Maps any number into [low, high].
    function bound(
        uint256 x,
        uint256 low,
        uint256 high
    ) internal pure returns (uint256) {
        if (x >= low && x <= high) return x;
        return low + x % (high - low + 1);
    }

    function boundInt(
        int256 x,
        int256 low,
        int256 high
    ) internal pure returns (int256) {
        if (x >= low && x <= high) return x;
        return low + int256(uint256(x) % uint256(high - low + 1));
    }

    /// @dev A number below `n`; the same sequence in every run unless `seedChance` is called.
    function chance(
        uint256 n
    ) internal returns (uint256) {
        _chance = uint256(keccak256(abi.encode(_chance)));
        return _chance % n;
    }

    function seedChance(
        uint256 seed
    ) internal {
        _chance = uint256(keccak256(abi.encode("p2pchain", seed)));
    }

    function expectRevert(
        bytes4 selector
    ) internal {
        vm.expectPartialRevert(selector);
    }

    /// @dev Events with this first topic since `vm.recordLogs`.
    function countLogs(
        bytes32 topic
    ) internal returns (uint256 count) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics.length != 0 && logs[i].topics[0] == topic) ++count;
        }
    }

    function sum(
        uint256[] memory xs
    ) internal pure returns (uint256 total) {
        for (uint256 i; i < xs.length; ++i) {
            total += xs[i];
        }
    }

    function list(
        uint256 a
    ) internal pure returns (uint256[] memory xs) {
        xs = new uint256[](1);
        xs[0] = a;
    }

    function list(
        uint256 a,
        uint256 b
    ) internal pure returns (uint256[] memory xs) {
        xs = new uint256[](2);
        (xs[0], xs[1]) = (a, b);
    }

    function list(
        uint256 a,
        uint256 b,
        uint256 c
    ) internal pure returns (uint256[] memory xs) {
        xs = new uint256[](3);
        (xs[0], xs[1], xs[2]) = (a, b, c);
    }

    /// @dev `n` times the same figure.
    function flat(
        uint256 n,
        uint256 x
    ) internal pure returns (uint256[] memory xs) {
        xs = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            xs[i] = x;
        }
    }
}
