// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Metering} from "../../contracts/Metering.sol";
import {IMetering} from "../../contracts/interfaces/IMetering.sol";
import {IRegistry} from "../../contracts/interfaces/IRegistry.sol";
import {vm, svm} from "./Cheats.sol";

/// @title Registers: they never fall, no slot of the future is taken, and intervals add up to their difference
/// @dev All storage of Metering is symbolic, for a meter without open gaps. This contract answers for the registry,
/// with whatever key, fuse and change of terms, and for the access manager; as a signer it says yes. Records of up to
/// four slots, so of one word. A day has 64 slots here, which Registry does not allow: Metering takes any length, and a
/// power of two is divided by without a solver.
contract MeteringProofs {
    uint256 private constant SLOT_SECONDS = 86_400 / 64;
    uint256 private constant LOW_S = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;

    Metering private _metering;
    uint24 private _fuseWh;
    address private _signer;
    uint32 private _untilSlot;

    function setUp() public {
        _metering = new Metering(address(this), IRegistry(address(this)));
        svm.enableSymbolicStorage(address(_metering));
    }

    /* WHAT METERING ASKS */

    function slotSeconds() external pure returns (uint32) {
        return uint32(SLOT_SECONDS);
    }

    function meterCount() external pure returns (uint32) {
        return type(uint32).max;
    }

    function readingTerms(uint32, uint32) external view returns (uint24, address, uint32) {
        return (_fuseWh, _signer, _untilSlot);
    }

    function signerAt(uint32, uint32) external view returns (bytes memory, uint32) {
        return (abi.encodePacked(_signer), _untilSlot);
    }

    function canCall(address, address, bytes4) external pure returns (bool, uint32) {
        return (true, 0);
    }

    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return this.isValidSignature.selector;
    }

    /* PROOFS */

    struct Record {
        uint32 firstSlot;
        uint16 slots;
        uint8 quality;
        uint64 importWh;
        uint64 exportWh;
        uint256 word;
    }

    function _post(Record memory r, bytes memory signature) private returns (bool accepted) {
        vm.assume(r.slots <= 4 && r.quality < 3);
        IMetering.Reading[] memory readings = new IMetering.Reading[](1);
        uint256[] memory intervals = new uint256[](1);
        intervals[0] = r.word;
        readings[0] = IMetering.Reading(
            7, r.firstSlot, r.slots, IMetering.Quality(r.quality), r.importWh, r.exportWh, intervals, signature
        );
        IMetering.Outcome[] memory outcomes = _metering.post(readings);
        return outcomes[0] == IMetering.Outcome.Accepted;
    }

    /// @dev A meter without gaps; one that has no record yet has no registers.
    function _head() private view returns (IMetering.Head memory head) {
        head = _metering.headOf(7);
        vm.assume(head.gaps == 0 && (head.nextSlot != 0 || (head.importWh == 0 && head.exportWh == 0)));
    }

    function _terms(uint24 fuseWh, uint32 untilSlot, uint256 time) private {
        vm.assume(time < 1 << 40);
        vm.warp(time);
        (_fuseWh, _signer, _untilSlot) = (fuseWh, address(this), untilSlot);
    }

    /// @dev P19: neither register falls, and the head goes on, whatever is posted.
    function check_P19_registersNeverFall(Record memory r, uint24 fuseWh, uint32 untilSlot, uint256 time) external {
        _terms(fuseWh, untilSlot, time);
        IMetering.Head memory head = _head();
        bool accepted = _post(r, "");
        IMetering.Head memory next = _metering.headOf(7);
        assert(next.importWh >= head.importWh && next.exportWh >= head.exportWh && next.nextSlot >= head.nextSlot);
        bool same = next.importWh == head.importWh && next.exportWh == head.exportWh && next.nextSlot == head.nextSlot;
        assert(accepted || (same && next.gaps == head.gaps));
    }

    /// @dev P18, P20: what goes on at the head begins with its registers and ends with these and the intervals; none
    /// of these is above the fuse.
    function check_P18_P20_intervalsAddUp(Record memory r, uint24 fuseWh) external {
        _terms(fuseWh, type(uint32).max, 1 << 39);
        IMetering.Head memory head = _head();
        vm.assume(head.nextSlot != 0 && r.firstSlot >= head.nextSlot && r.quality == 0);
        // One path for each number of slots.
        r.slots = r.slots == 1 ? 1 : r.slots == 2 ? 2 : r.slots == 3 ? 3 : 4;
        if (!_post(r, "")) return;
        IMetering.Head memory next = _metering.headOf(7);
        uint256 importWh = r.importWh;
        uint256 exportWh = r.exportWh;
        for (uint256 i; i < 4; ++i) {
            uint256 pair = r.word >> (192 - 64 * i);
            (uint256 a, uint256 b) = (uint32(pair >> 32), uint32(pair));
            assert(i < r.slots ? a <= fuseWh && b <= fuseWh : a == 0 && b == 0);
            importWh += a;
            exportWh += b;
        }
        assert(next.importWh == importWh && next.exportWh == exportWh && next.nextSlot == r.firstSlot + r.slots);
        assert(r.firstSlot != head.nextSlot || (r.importWh == head.importWh && r.exportWh == head.exportWh));
        assert(next.gaps == (r.firstSlot == head.nextSlot ? 0 : 1));
    }

    /// @dev P21: a slot is taken when it has ended, not before; all slots of a record are of one day.
    function check_P21_noSlotOfTheFuture(Record memory r, uint32 untilSlot, uint256 time) external {
        _terms(type(uint24).max, untilSlot, time);
        _head();
        if (!_post(r, "")) return;
        assert((uint256(r.firstSlot) + r.slots) * SLOT_SECONDS <= time);
        assert(r.slots != 0 && uint256(r.firstSlot) + r.slots <= untilSlot);
        assert(r.firstSlot % 64 + r.slots <= 64 && r.quality < 2);
    }

    /// @dev P17: without the key's signature nothing is taken from anybody but the key.
    function check_P17_nothingUnsigned(Record memory r, uint256 time) external {
        _terms(type(uint24).max, type(uint32).max, time);
        _signer = address(0xA11CE);
        _head();
        assert(!_post(r, ""));
    }

    /// @dev P17: of the forms of a signature only the one of 65 bytes with a low s counts; for one slot.
    function check_P17_oneFormOfASignature(uint32 slot, uint64 wh, bytes32 first, bytes32 s, uint8 v) external {
        _terms(type(uint24).max, type(uint32).max, 1 << 39);
        _signer = address(0xA11CE);
        _head();
        Record memory r = Record(slot, 1, 0, wh, wh, 0);
        if (_post(r, abi.encodePacked(first, s, v))) assert(uint256(s) <= LOW_S && (v == 27 || v == 28));
    }

    /// @dev P19: a meter is exchanged with closing registers that are not below the known ones; the next one begins
    /// with its own.
    function check_P19_exchange(
        uint32 slot,
        uint64[4] memory wh,
        uint32 untilSlot,
        uint256 time
    ) external {
        _terms(0, untilSlot, time);
        IMetering.Head memory head = _head();
        IMetering.Exchange memory e = IMetering.Exchange(7, slot, wh[0], wh[1], wh[2], wh[3], "", "");
        (bool ok,) = address(_metering).call(abi.encodeCall(_metering.exchangeMeter, (e)));
        IMetering.Head memory next = _metering.headOf(7);
        if (!ok) {
            assert(next.nextSlot == head.nextSlot && next.importWh == head.importWh);
            return;
        }
        assert(e.closingImportWh >= head.importWh && e.closingExportWh >= head.exportWh);
        assert(e.slot >= head.nextSlot && e.slot == untilSlot && uint256(e.slot) * SLOT_SECONDS <= time);
        assert(e.slot != head.nextSlot || (e.closingImportWh == head.importWh && e.closingExportWh == head.exportWh));
        assert(next.importWh == e.openingImportWh && next.exportWh == e.openingExportWh && next.nextSlot == e.slot);
    }
}
