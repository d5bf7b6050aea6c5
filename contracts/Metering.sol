// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {Memory} from "@openzeppelin/contracts/utils/Memory.sol";
import {IMetering} from "./interfaces/IMetering.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Evidence} from "./libraries/Evidence.sol";
import {Signatures} from "./libraries/Signatures.sol";
import {Words} from "./libraries/Words.sol";

/// @title Metering
/// @notice What it promises, what it assumes and who may call: IMetering.
contract Metering is IMetering, AccessManaged, EIP712 {
    /// @dev Both registers at a moment.
    struct Registers {
        uint256 importWh;
        uint256 exportWh;
    }

    /// @dev What corrections have added to the energy of a meter.
    struct Corrected {
        int128 importWh;
        int128 exportWh;
    }

    /// @dev The evidence of one day; the day tells a place of the ring that has been used again.
    struct DayHash {
        uint32 day;
        uint224 hash;
    }

    bytes32 private constant READING_TYPE = keccak256(
        "Reading(uint32 meter,uint32 firstSlot,uint16 slots,uint8 quality,"
        "uint64 importWh,uint64 exportWh,uint256[] intervals)"
    );
    bytes32 private constant EXCHANGE_TYPE =
        keccak256("Exchange(uint32 meter,uint32 slot,bool opening,uint64 importWh,uint64 exportWh)");
    bytes32 private constant CORRECTION_TYPE =
        keccak256("Correction(uint32 meter,uint32 firstSlot,uint16 slots,uint32 number,uint256[] intervals)");

    uint256 private constant SIGNATURE_BYTES = 65;

    /// @dev Eight lanes of 32 bits: the lowest bit of each, the highest of each.
    uint256 private constant LOW_BITS = type(uint256).max / type(uint32).max;
    uint256 private constant TOP_BITS = LOW_BITS << 31;

    uint8 public constant MAX_GAPS = 8;
    uint32 public constant HASH_DAYS = 32;

    /* IMMUTABLES */

    IRegistry public immutable registry;
    uint256 private immutable _slotSeconds;
    uint256 private immutable _slotsPerDay;

    /* STORAGE */

    address public settlement;
    address public markets;
    address public points;
    mapping(uint32 meter => Head) private _heads;
    mapping(uint32 meter => Origin) private _origins;
    mapping(uint32 meter => Gap[]) private _gaps;
    mapping(uint32 meter => mapping(uint256 place => DayHash)) private _dayHashes;
    mapping(uint32 meter => Corrected) public correctedWh;

    /* CONSTRUCTOR */

    modifier onlySettlement() {
        require(msg.sender == settlement, NotSettlement(msg.sender));
        _;
    }

    constructor(address accessManager, IRegistry registry_)
        AccessManaged(accessManager)
        EIP712("p2pchain Metering", "1")
    {
        registry = registry_;
        _slotSeconds = registry_.slotSeconds();
        _slotsPerDay = 86_400 / _slotSeconds;
    }

    /// @inheritdoc IMetering
    function bind(address settlement_, address markets_, address points_) external restricted {
        require(settlement == address(0), AlreadyBound(settlement));
        require(settlement_ != address(0) && markets_ != address(0) && points_ != address(0), ZeroAccount());
        (settlement, markets, points) = (settlement_, markets_, points_);
        emit Bound(settlement_, markets_, points_);
    }

    /* VIEWS */

    /// @inheritdoc IMetering
    function headOf(uint32 meter) external view returns (Head memory) {
        return _heads[meter];
    }

    /// @inheritdoc IMetering
    function originOf(uint32 meter) external view returns (Origin memory) {
        return _origins[meter];
    }

    /// @inheritdoc IMetering
    function gapsOf(uint32 meter) external view returns (Gap[] memory) {
        return _gaps[meter];
    }

    /// @inheritdoc IMetering
    function dayHash(uint32 meter, uint32 day) public view returns (bytes32) {
        DayHash memory kept = _dayHashes[meter][day % HASH_DAYS];
        return kept.day == day ? bytes32(uint256(kept.hash)) : bytes32(0);
    }

    /// @inheritdoc IMetering
    function readingDigest(Reading calldata reading) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    READING_TYPE,
                    reading.meter,
                    reading.firstSlot,
                    reading.slots,
                    reading.quality,
                    reading.importWh,
                    reading.exportWh,
                    keccak256(abi.encodePacked(reading.intervals))
                )
            )
        );
    }

    /// @inheritdoc IMetering
    function exchangeDigest(Exchange calldata exchange, bool opening) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    EXCHANGE_TYPE,
                    exchange.meter,
                    exchange.slot,
                    opening,
                    opening ? exchange.openingImportWh : exchange.closingImportWh,
                    opening ? exchange.openingExportWh : exchange.closingExportWh
                )
            )
        );
    }

    /// @inheritdoc IMetering
    function correctionDigest(Correction calldata c) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    CORRECTION_TYPE,
                    c.meter,
                    c.firstSlot,
                    c.slots,
                    c.number,
                    keccak256(abi.encodePacked(c.intervals))
                )
            )
        );
    }

    /* READINGS */

    /// @inheritdoc IMetering
    function post(Reading[] calldata readings) external returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](readings.length);
        for (uint256 i; i < readings.length; ++i) {
            outcomes[i] = _heads[readings[i].meter].enrolled
                ? Outcome.ReadThroughSettlement
                : _take(readings[i], msg.sender);
            _report(readings[i], outcomes[i]);
        }
    }

    /// @inheritdoc IMetering
    function postFor(Reading[] calldata readings, address submitter, Outcome[] calldata refused)
        external
        onlySettlement
        returns (Outcome[] memory outcomes)
    {
        outcomes = new Outcome[](readings.length);
        Memory.Pointer free = Memory.getFreeMemoryPointer();
        for (uint256 i; i < readings.length; ++i) {
            outcomes[i] = refused[i] == Outcome.Accepted ? _take(readings[i], submitter) : refused[i];
            _report(readings[i], outcomes[i]);
            // What a record has needed is used again for the next, or memory grows dearer with every one.
            Memory.unsafeSetFreeMemoryPointer(free);
        }
    }

    /// @inheritdoc IMetering
    function enrol(uint32 meter) external {
        require(msg.sender == markets, NotMarkets(msg.sender));
        Head storage head = _heads[meter];
        require(!head.enrolled, AlreadyEnrolled(meter));
        require(!head.keptOut, IsKeptOut(meter));
        head.enrolled = true;
        emit MeterEnrolled(meter);
    }

    /// @inheritdoc IMetering
    function keepOut(uint32 meter) external {
        require(msg.sender == points, NotPoints(msg.sender));
        Head storage head = _heads[meter];
        require(!head.enrolled, AlreadyEnrolled(meter));
        if (head.keptOut) return;
        head.keptOut = true;
        emit MeterKeptOut(meter);
    }

    /// @inheritdoc IMetering
    function exchangeMeter(Exchange calldata e) external restricted {
        Outcome outcome = _exchange(e);
        require(outcome == Outcome.Accepted, ExchangeRefused(e.meter, outcome));
        emit MeterExchanged(
            e.meter,
            e.slot,
            e.closingImportWh,
            e.closingExportWh,
            e.openingImportWh,
            e.openingExportWh,
            e.closingSignature,
            e.openingSignature
        );
    }

    /* CORRECTIONS */

    /// @inheritdoc IMetering
    function correct(Correction calldata correction, Reading[] calldata records) external restricted {
        require(!_heads[correction.meter].enrolled, ReadThroughSettlement(correction.meter));
        _correct(correction, records);
    }

    /// @inheritdoc IMetering
    function correctFor(Correction calldata correction, Reading[] calldata records, address caller)
        external
        onlySettlement
        returns (uint256[] memory before)
    {
        (bool may,) = IAccessManager(authority()).canCall(caller, address(this), this.correct.selector);
        require(may, AccessManagedUnauthorized(caller));
        return _correct(correction, records);
    }

    /* INTERNAL */

    /// @dev The one event of a record, whichever way it went.
    function _report(Reading calldata r, Outcome outcome) private {
        if (outcome != Outcome.Accepted) {
            emit ReadingSkipped(r.meter, r.firstSlot, outcome);
            return;
        }
        emit ReadingPosted(
            r.meter, r.firstSlot, r.slots, r.quality, r.importWh, r.exportWh, r.intervals, r.signature
        );
    }

    /// @dev Checks everything before it writes anything, so that a refused record leaves no trace.
    function _take(Reading calldata r, address submitter) private returns (Outcome) {
        uint256 first = r.firstSlot;
        uint256 end = first + r.slots;
        if (r.slots == 0 || r.intervals.length != (uint256(r.slots) + 3) / 4) return Outcome.BadFormat;
        if (r.quality == Quality.Corrected) return Outcome.BadFormat;
        if (first / _slotsPerDay != (end - 1) / _slotsPerDay) return Outcome.BadFormat;
        if (end * _slotSeconds > block.timestamp) return Outcome.FutureSlot;
        (Outcome outcome, uint256 fuseWh) = _checkKey(r, uint32(end), submitter);
        if (outcome != Outcome.Accepted) return outcome;
        Registers memory opening = Registers(r.importWh, r.exportWh);
        Registers memory closing;
        (outcome, closing) = _add(r, fuseWh);
        if (outcome != Outcome.Accepted) return outcome;
        outcome = _join(r.meter, uint32(first), uint32(end), opening, closing);
        if (outcome == Outcome.Accepted) _keepHash(r, uint32(first / _slotsPerDay));
        return outcome;
    }

    /// @dev One key and one fuse for all slots of the record, and a signature by that key.
    function _checkKey(Reading calldata r, uint32 end, address submitter)
        private
        view
        returns (Outcome, uint256 fuseWh)
    {
        address signer;
        uint32 untilSlot;
        try registry.readingTerms(r.meter, r.firstSlot) returns (uint24 f, address s, uint32 u) {
            (fuseWh, signer, untilSlot) = (f, s, u);
        } catch {
            bool known = r.meter != 0 && r.meter <= registry.meterCount();
            return (known ? Outcome.BeforeRegistration : Outcome.UnknownMeter, 0);
        }
        if (untilSlot < end) return (Outcome.SplitAtChange, 0);
        if (signer != address(0)) {
            if (r.signature.length == 0 && submitter == signer) return (Outcome.Accepted, fuseWh);
            bool signed = _eachSigned(r, signer) || Signatures.isSignedBy(readingDigest(r), r.signature, signer);
            return (signed ? Outcome.Accepted : Outcome.BadSignature, fuseWh);
        }
        (bytes memory extended,) = registry.signerAt(r.meter, r.firstSlot);
        if (extended.length == 0) return (Outcome.KeyRevoked, 0);
        bool ok = Signatures.isSignedBy(readingDigest(r), r.signature, extended);
        return (ok ? Outcome.Accepted : Outcome.BadSignature, fuseWh);
    }

    /// @dev Whether several slots were read and signed one by one: there is a signature for each, over its interval
    /// and the registers that it began with.
    function _eachSigned(Reading calldata r, address signer) private view returns (bool) {
        uint256 slots = r.slots;
        if (slots == 1 || r.signature.length != slots * SIGNATURE_BYTES) return false;
        bytes memory message = abi.encode(READING_TYPE, r.meter, r.firstSlot, 1, r.quality, r.importWh, r.exportWh, 0);
        uint256 word;
        // Registers that leave 64 bits are refused by `_add`.
        unchecked {
            for (uint256 i; i < slots; ++i) {
                if (i % 4 == 0) word = Words.read(r.intervals, i / 4);
                bytes32 digest = _hashTypedDataV4(_hashNext(message, word >> 192));
                bytes calldata signature = r.signature[i * SIGNATURE_BYTES:(i + 1) * SIGNATURE_BYTES];
                if (!Signatures.isRecovered(digest, signature, signer)) return false;
                word <<= 64;
            }
        }
        return true;
    }

    /// @dev The struct hash of a reading of one slot with an interval (import above export, 32 bits each). `message` is
    /// what is hashed, encoded; afterwards it is that of the next slot, whose registers are so much further.
    function _hashNext(bytes memory message, uint256 interval) private pure returns (bytes32 hash) {
        // The words of the encoding: type, meter, slot, slots, quality, import, export, hash of the intervals.
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            let words := add(message, 0x20)
            mstore(0, shl(192, interval))
            mstore(add(words, 0xe0), keccak256(0, 0x20))
            hash := keccak256(words, 0x100)
            mstore(add(words, 0x40), add(mload(add(words, 0x40)), 1))
            mstore(add(words, 0xa0), add(mload(add(words, 0xa0)), shr(32, interval)))
            mstore(add(words, 0xc0), add(mload(add(words, 0xc0)), and(interval, 0xffffffff)))
        }
    }

    /// @dev Adds the intervals to the opening registers. Eight figures of 32 bits are compared and added at once: the
    /// fuse has 24 bits, so a figure within it leaves the top bit of its lane free, and 24 of them do not fill a lane.
    function _add(Reading calldata r, uint256 fuseWh) private pure returns (Outcome, Registers memory closing) {
        uint256[] calldata intervals = r.intervals;
        uint256 importWh;
        uint256 exportWh;
        unchecked {
            uint256 most = TOP_BITS | (fuseWh * LOW_BITS);
            uint256 last = intervals.length - 1;
            uint256 unused = intervals.length * 256 - uint256(r.slots) * 64;
            uint256 sums = (intervals[last] >> unused) << unused;
            uint256 tail = intervals[last] ^ sums;
            // A lane's top bit stays where the figure is not above the fuse, and is taken where it is.
            uint256 above = sums | ~(most - sums);
            for (uint256 w; w < last; ++w) {
                uint256 word = Words.read(intervals, w);
                above |= word | ~(most - word);
                sums += word;
            }
            if (above & TOP_BITS != 0) return (Outcome.AboveFuse, closing);
            // What lies beyond the last slot must be empty: two encodings of one reading would be two messages.
            if (tail != 0) return (Outcome.BadFormat, closing);
            for (; sums != 0; sums >>= 64) {
                exportWh += sums & type(uint32).max;
                importWh += (sums >> 32) & type(uint32).max;
            }
        }
        closing = Registers(r.importWh + importWh, r.exportWh + exportWh);
        if (closing.importWh > type(uint64).max || closing.exportWh > type(uint64).max) {
            return (Outcome.BadFormat, closing);
        }
        return (Outcome.Accepted, closing);
    }

    /// @dev Puts [first, end) into the meter's timeline: at its head, behind a new gap, into an open gap, or before all
    /// that is there, so that the order in which records arrive does not matter.
    function _join(uint32 meter, uint32 first, uint32 end, Registers memory opening, Registers memory closing)
        private
        returns (Outcome)
    {
        Head memory head = _heads[meter];
        if (head.nextSlot == 0 || first >= head.nextSlot) {
            if (head.nextSlot != 0) {
                Registers memory known = Registers(head.importWh, head.exportWh);
                if (!_notBelow(opening, known)) return Outcome.RegisterFell;
                if (first == head.nextSlot && !_equal(opening, known)) return Outcome.RegistersDoNotJoin;
                if (first > head.nextSlot) {
                    if (head.gaps == MAX_GAPS) return Outcome.TooManyGaps;
                    _openGap(meter, head.nextSlot, first, known, opening);
                    ++head.gaps;
                }
            } else {
                _origins[meter] = Origin(first, uint64(opening.importWh), uint64(opening.exportWh));
            }
            head.nextSlot = end;
            (head.importWh, head.exportWh) = (uint64(closing.importWh), uint64(closing.exportWh));
            _heads[meter] = head;
            return Outcome.Accepted;
        }
        Origin memory origin = _origins[meter];
        if (end <= origin.slot) return _joinBefore(meter, head, origin, first, end, opening, closing);
        return head.gaps == 0 ? Outcome.AlreadyPosted : _fillGap(meter, head, first, end, opening, closing);
    }

    function _joinBefore(
        uint32 meter,
        Head memory head,
        Origin memory origin,
        uint32 first,
        uint32 end,
        Registers memory opening,
        Registers memory closing
    ) private returns (Outcome) {
        Registers memory right = Registers(origin.importWh, origin.exportWh);
        if (!_notBelow(right, closing)) return Outcome.RegisterFell;
        if (end == origin.slot) {
            if (!_equal(closing, right)) return Outcome.RegistersDoNotJoin;
        } else {
            if (head.gaps == MAX_GAPS) return Outcome.TooManyGaps;
            _openGap(meter, end, origin.slot, closing, right);
            _heads[meter].gaps = head.gaps + 1;
        }
        _origins[meter] = Origin(first, uint64(opening.importWh), uint64(opening.exportWh));
        return Outcome.Accepted;
    }

    function _fillGap(
        uint32 meter,
        Head memory head,
        uint32 first,
        uint32 end,
        Registers memory opening,
        Registers memory closing
    ) private returns (Outcome) {
        Gap[] storage gaps = _gaps[meter];
        for (uint256 i; i < gaps.length; ++i) {
            Gap memory gap = gaps[i];
            if (first < gap.fromSlot || end > gap.untilSlot) continue;
            Registers memory left = Registers(gap.fromImportWh, gap.fromExportWh);
            Registers memory right = Registers(gap.untilImportWh, gap.untilExportWh);
            if (!_notBelow(opening, left) || !_notBelow(right, closing)) return Outcome.RegisterFell;
            bool atLeft = first == gap.fromSlot;
            bool atRight = end == gap.untilSlot;
            if ((atLeft && !_equal(opening, left)) || (atRight && !_equal(closing, right))) {
                return Outcome.RegistersDoNotJoin;
            }
            if (!atLeft && !atRight && head.gaps == MAX_GAPS) return Outcome.TooManyGaps;
            gaps[i] = gaps[gaps.length - 1];
            gaps.pop();
            if (!atLeft) _openGap(meter, gap.fromSlot, first, left, opening);
            if (!atRight) _openGap(meter, end, gap.untilSlot, closing, right);
            _heads[meter].gaps = uint8(gaps.length);
            return Outcome.Accepted;
        }
        return Outcome.AlreadyPosted;
    }

    function _openGap(uint32 meter, uint32 from, uint32 until, Registers memory left, Registers memory right) private {
        _gaps[meter].push(
            Gap(
                from,
                until,
                uint64(left.importWh),
                uint64(left.exportWh),
                uint64(right.importWh),
                uint64(right.exportWh)
            )
        );
        emit GapOpened(meter, from, until);
    }

    /// @dev The day's evidence: a chain of what was posted for it.
    function _keepHash(Reading calldata r, uint32 day) private {
        DayHash storage kept = _dayHashes[r.meter][day % HASH_DAYS];
        DayHash memory old = kept;
        // A record so late that its place holds a newer day keeps its evidence in the log alone.
        if (old.day > day) return;
        uint256 before = old.day == day ? old.hash : 0;
        _dayHashes[r.meter][day % HASH_DAYS] = DayHash(day, Evidence.chained(before, r));
    }

    /// @dev Replaces what was read. The evidence of the day goes on with the correction; the registers stay.
    function _correct(Correction calldata c, Reading[] calldata records) private returns (uint256[] memory before) {
        uint256 fuseWh = _checkCorrection(c);
        uint32 day = uint32(c.firstSlot / _slotsPerDay);
        bytes32 hash = Evidence.chain(records);
        require(hash == dayHash(c.meter, day), WrongEvidence(c.meter, day));
        uint256 number = Evidence.corrections(records) + 1;
        require(c.number == number, WrongNumber(c.meter, day, uint32(number)));
        before = Evidence.lay(records, c.firstSlot, c.slots);
        Corrected memory sum = correctedWh[c.meter];
        for (uint256 i; i < before.length; ++i) {
            uint256 old = before[i];
            uint256 new_ = Evidence.valueAt(c.intervals, i);
            require(old & Evidence.READ != 0, NotRead(c.meter, uint32(c.firstSlot + i)));
            require(
                new_ >> 32 <= fuseWh && uint32(new_) <= fuseWh, AboveFuse(c.meter, uint32(c.firstSlot + i))
            );
            before[i] = uint64(old);
            sum.importWh += int128(uint128(new_ >> 32)) - int128(uint128(uint32(old >> 32)));
            sum.exportWh += int128(uint128(uint32(new_))) - int128(uint128(uint32(old)));
        }
        correctedWh[c.meter] = sum;
        _dayHashes[c.meter][day % HASH_DAYS] = DayHash(day, Evidence.chained(uint256(hash), c));
        emit ReadingCorrected(c.meter, c.firstSlot, c.slots, c.number, c.intervals, c.signature);
    }

    /// @dev One UTC day, one set of terms, and a signature by the key of the running slot. Returns the fuse.
    function _checkCorrection(Correction calldata c) private view returns (uint256 fuseWh) {
        uint256 end = uint256(c.firstSlot) + c.slots;
        require(
            c.slots != 0 && c.intervals.length == (uint256(c.slots) + 3) / 4
                && c.firstSlot / _slotsPerDay == (end - 1) / _slotsPerDay,
            BadFormat()
        );
        uint256 unused = c.intervals.length * 256 - uint256(c.slots) * 64;
        require(c.intervals[c.intervals.length - 1] & ((1 << unused) - 1) == 0, BadFormat());
        (IRegistry.Terms memory terms, uint32 untilSlot) = registry.termsAt(c.meter, c.firstSlot);
        require(untilSlot >= end, SplitAtChange(c.meter, untilSlot));
        (bytes memory signer,) = registry.signerAt(c.meter, uint32(block.timestamp / _slotSeconds));
        require(Signatures.isSignedBy(correctionDigest(c), c.signature, signer), BadSignature(c.meter));
        return terms.fuseWh;
    }

    function _exchange(Exchange calldata e) private returns (Outcome) {
        if (e.meter == 0 || e.meter > registry.meterCount()) return Outcome.UnknownMeter;
        if (uint256(e.slot) * _slotSeconds > block.timestamp) return Outcome.FutureSlot;
        Head memory head = _heads[e.meter];
        if (head.nextSlot == 0) return Outcome.BeforeRegistration;
        if (e.slot < head.nextSlot) return Outcome.AlreadyPosted;
        Registers memory known = Registers(head.importWh, head.exportWh);
        Registers memory closing = Registers(e.closingImportWh, e.closingExportWh);
        if (!_notBelow(closing, known)) return Outcome.RegisterFell;
        if (e.slot == head.nextSlot && !_equal(closing, known)) return Outcome.RegistersDoNotJoin;
        (bytes memory oldKey, uint32 untilSlot) = registry.signerAt(e.meter, e.slot - 1);
        (bytes memory newKey,) = registry.signerAt(e.meter, e.slot);
        if (untilSlot != e.slot) return Outcome.SplitAtChange;
        if (!Signatures.isSignedBy(exchangeDigest(e, false), e.closingSignature, oldKey)) return Outcome.BadSignature;
        if (!Signatures.isSignedBy(exchangeDigest(e, true), e.openingSignature, newKey)) return Outcome.BadSignature;
        if (e.slot > head.nextSlot) {
            if (head.gaps == MAX_GAPS) return Outcome.TooManyGaps;
            _openGap(e.meter, head.nextSlot, e.slot, known, closing);
            ++head.gaps;
        }
        head.nextSlot = e.slot;
        (head.importWh, head.exportWh) = (e.openingImportWh, e.openingExportWh);
        _heads[e.meter] = head;
        return Outcome.Accepted;
    }

    function _equal(Registers memory a, Registers memory b) private pure returns (bool) {
        return a.importWh == b.importWh && a.exportWh == b.exportWh;
    }

    function _notBelow(Registers memory a, Registers memory b) private pure returns (bool) {
        return a.importWh >= b.importWh && a.exportWh >= b.exportWh;
    }
}
