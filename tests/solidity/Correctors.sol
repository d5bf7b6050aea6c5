// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {ISettlement} from "../../contracts/interfaces/ISettlement.sol";
import {Vm} from "./Base.sol";
import {Traders} from "./Traders.sol";

/// @title Correctors: homes whose readings are corrected, and who keeps the evidence for it
/// @notice Evidence is put together from events and views alone, trees are built and money is worked out here anew.
abstract contract Correctors is Traders {
    /// @dev What a call of `settle` did, member by member.
    struct Call {
        uint32 firstWindow;
        uint32 windows;
        uint32 fromIndex;
        uint256[] results;
        uint32[] meters;
        uint256[][] fills;
        uint256[][] contracts;
    }

    Call[] private _calls;
    mapping(uint32 meter => mapping(uint32 day => IMetering.Reading[])) private _taken;

    /* READINGS */

    /// @dev Notes a record that has been taken.
    function keep(IMetering.Reading memory r) internal {
        _taken[r.meter][r.firstSlot / slotsPerDay()].push(r);
    }

    function dayOf(uint32 slot) internal view returns (uint32) {
        return slot / slotsPerDay();
    }

    function recordsOf(uint32 meter, uint32 day) internal view returns (IMetering.Reading[] memory) {
        return _taken[meter][day];
    }

    /// @dev Posts a record of a member, keeps it, and expects that it is taken.
    function postKept(uint256 id, uint32 first, uint256[] memory imports, uint256[] memory exports) internal {
        IMetering.Reading memory r = record(id, first, imports, exports);
        assertOutcome(postOne(r), IMetering.Outcome.Accepted, "record refused");
        keep(r);
    }

    function postKeptFlat(uint256 id, uint32 window, uint256 importWh, uint256 exportWh) internal {
        postKept(id, window * 8, flat(8, importWh), flat(8, exportWh));
    }

    /* CORRECTIONS */

    /// @dev Hashed from the type string, not with the contract's own digest.
    function hashCorrection(IMetering.Correction memory c) internal pure returns (bytes32) {
        bytes32 intervals = keccak256(abi.encodePacked(c.intervals));
        bytes32 kind = keccak256(
            "Correction(uint32 meter,uint32 firstSlot,uint16 slots,uint32 number,uint256[] intervals)"
        );
        return keccak256(abi.encode(kind, c.meter, c.firstSlot, c.slots, c.number, intervals));
    }

    function signCorrection(IMetering.Correction memory c, uint256 key) internal view {
        c.signature = signed(key, digestOf(separator("p2pchain Metering", address(metering)), hashCorrection(c)));
    }

    /// @dev A signed correction with the next number.
    function correctionOf(uint256 id, uint32 first, uint256[] memory imports, uint256[] memory exports)
        internal
        view
        returns (IMetering.Correction memory c)
    {
        uint32 meter = homes[id].meter;
        IMetering.Reading[] memory records = recordsOf(meter, dayOf(first));
        uint32 number = 1;
        for (uint256 i; i < records.length; ++i) {
            if (records[i].quality == IMetering.Quality.Corrected) ++number;
        }
        c = IMetering.Correction(meter, first, uint16(imports.length), number, pack(imports, exports), "");
        signCorrection(c, homes[id].meterKey);
    }

    /// @dev A correction as a record of its day.
    function keepCorrection(IMetering.Correction memory c) internal {
        keep(
            IMetering.Reading(
                c.meter, c.firstSlot, c.slots, IMetering.Quality.Corrected, 0, 0, c.intervals, c.signature
            )
        );
    }

    /// @dev Hands in a correction of a member with all its evidence.
    function correct(IMetering.Correction memory c) internal {
        IMetering.Reading[] memory records = recordsOf(c.meter, dayOf(c.firstSlot));
        ISettlement.SettledEvidence memory e = evidenceOf(c.meter, c.firstSlot);
        vm.prank(meterOperator);
        settlement.correct(market, c, records, e);
        keepCorrection(c);
    }

    /* EVIDENCE */

    /// @dev Settles up to so many members, and keeps what proves it.
    function settleKept(uint32 first, uint32 windows, uint32 maxMembers) internal {
        Call storage call = _calls.push();
        (call.firstWindow, call.windows) = (first, windows);
        ISettlement.Window memory state = settlement.windowState(market, first);
        call.fromIndex = state.cursor;
        _keepResults(call);
        uint32 end = maxMembers < state.members - state.cursor ? state.cursor + maxMembers : state.members;
        for (uint32 i = state.cursor; i < end; ++i) {
            call.meters.push(markets.meterAt(market, i));
            call.contracts.push(_withoutZeros(contractsOf(i, first, windows)));
            call.fills.push(new uint256[](0));
        }
        vm.recordLogs();
        settleUpTo(first, windows, maxMembers);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ISettlement.MemberSettled.selector) continue;
            (uint32 from, uint32 count, uint256[] memory fills) =
                abi.decode(logs[i].data, (uint32, uint32, uint256[]));
            vm.assertEq(from, first, "MemberSettled: first window");
            vm.assertEq(count, windows, "MemberSettled: windows");
            vm.assertEq(logs[i].topics[1], market, "MemberSettled: market");
            for (uint256 k; k < call.meters.length; ++k) {
                if (uint256(logs[i].topics[2]) == call.meters[k]) call.fills[k] = fills;
            }
        }
        bytes32 word = keccak256(abi.encode(_root(_leaves(call)), keccak256(abi.encodePacked(call.results))));
        bytes32 kept = settlement.rootOf(market, first, call.fromIndex);
        vm.assertEq(kept, end == state.cursor ? bytes32(0) : word, "the root of what was settled");
    }

    /// @dev The same of windows that are not cleared yet.
    function clearAndSettleKept(uint32 first, uint32 windows) internal {
        clearUpTo(first, windows, type(uint32).max);
        settleKept(first, windows, type(uint32).max);
    }

    function evidenceOf(uint32 meter, uint32 slot) internal view returns (ISettlement.SettledEvidence memory e) {
        for (uint256 n; n < _calls.length; ++n) {
            Call storage call = _calls[n];
            if (slot / 8 < call.firstWindow || slot / 8 >= call.firstWindow + call.windows) continue;
            for (uint256 k; k < call.meters.length; ++k) {
                if (call.meters[k] != meter) continue;
                (e.firstWindow, e.windows, e.fromIndex) = (call.firstWindow, call.windows, call.fromIndex);
                (e.results, e.fills, e.contracts) = (call.results, call.fills[k], call.contracts[k]);
                e.proof = _proof(_leaves(call), k);
            }
        }
    }

    /// @dev The results of its windows; where a slot has one of its own for the sells, those of all sells behind them.
    function _keepResults(Call storage call) private {
        (uint32 begin, uint32 end) = (call.firstWindow * 8, (call.firstWindow + call.windows) * 8);
        bool any;
        for (uint32 slot = begin; slot < end; ++slot) {
            (uint256 buys,, bool apart) = _words(slot);
            call.results.push(buys);
            any = any || apart;
        }
        if (!any) return;
        for (uint32 slot = begin; slot < end; ++slot) {
            (, uint256 sells,) = _words(slot);
            call.results.push(sells);
        }
    }

    /// @dev The results of a slot as words: they differ where buys and sells have one each, which a bit tells.
    function _words(uint32 slot) private view returns (uint256 buys, uint256 sells, bool apart) {
        (buys, sells) = (_word(settlement.resultOf(market, slot)), _word(settlement.sellResultOf(market, slot)));
        apart = buys != sells;
        if (apart) (buys, sells) = (buys + 2 ** 50, sells + 2 ** 50);
    }

    /// @dev A result as a word, from its parts; carries are zero.
    function _word(ISettlement.Result memory r) private pure returns (uint256) {
        return uint256(uint32(r.priceNano)) + uint256(r.buyTick) * 2 ** 32 + uint256(r.sellTick) * 2 ** 40
            + (r.traded ? 2 ** 48 : 0) + (r.buyRationed ? 2 ** 49 : 0) + (r.island ? 2 ** 55 : 0)
            + uint256(r.matchedWh) * 2 ** 56 + uint256(r.fillWh) * 2 ** 104 + uint256(r.liveWh) * 2 ** 152;
    }

    function _withoutZeros(uint256[] memory lanes) private pure returns (uint256[] memory) {
        for (uint256 i; i < lanes.length; ++i) {
            if (lanes[i] != 0) return lanes;
        }
        return new uint256[](0);
    }

    function _leaves(Call storage call) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](call.meters.length);
        for (uint256 k; k < leaves.length; ++k) {
            bytes memory content = abi.encode(
                call.meters[k], call.firstWindow, call.windows, call.fills[k], call.contracts[k]
            );
            leaves[k] = keccak256(bytes.concat(keccak256(content)));
        }
    }

    /// @dev The next level of a tree: pairs hashed smaller first, an odd last one as it is.
    function _above(bytes32[] memory nodes) private pure returns (bytes32[] memory up) {
        up = new bytes32[]((nodes.length + 1) / 2);
        for (uint256 i; i < up.length; ++i) {
            up[i] = nodes[2 * i];
            if (2 * i + 1 == nodes.length) continue;
            (bytes32 a, bytes32 b) = (nodes[2 * i], nodes[2 * i + 1]);
            up[i] = a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
        }
    }

    function _root(bytes32[] memory nodes) private pure returns (bytes32) {
        while (nodes.length > 1) nodes = _above(nodes);
        return nodes.length == 0 ? bytes32(0) : nodes[0];
    }

    function _proof(bytes32[] memory nodes, uint256 place) private pure returns (bytes32[] memory proof) {
        while (nodes.length > 1) {
            uint256 other = place % 2 == 0 ? place + 1 : place - 1;
            if (other < nodes.length) {
                bytes32[] memory longer = new bytes32[](proof.length + 1);
                for (uint256 i; i < proof.length; ++i) longer[i] = proof[i];
                longer[proof.length] = nodes[other];
                proof = longer;
            }
            nodes = _above(nodes);
            place /= 2;
        }
    }
}
