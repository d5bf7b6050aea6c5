// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {ITariffs} from "./interfaces/ITariffs.sol";
import {Words} from "./libraries/Words.sol";

/// @title Tariffs
/// @notice What it promises, what it assumes and who may call: ITariffs.
contract Tariffs is ITariffs {
    using Words for uint256[];

    /// @param changes the UTC hours that begin with other prices than the hour before (bit 0 is always set); only their
    /// rows are kept
    struct Version {
        uint32 fromSlot;
        uint24 changes;
        int64 standingNano;
    }

    /* IMMUTABLES */

    IRegistry public immutable registry;
    uint256 private immutable _slotSeconds;

    /* STORAGE */

    mapping(uint16 supplier => mapping(uint16 tariff => Version[])) private _versions;
    mapping(uint16 supplier => mapping(uint16 tariff => mapping(uint256 version => mapping(uint256 hour => uint256))))
        private _rows;

    /* CONSTRUCTOR */

    constructor(IRegistry registry_) {
        registry = registry_;
        _slotSeconds = registry_.slotSeconds();
    }

    /* SUPPLIER */

    /// @inheritdoc ITariffs
    function publish(uint16 supplier, uint16 tariff, uint32 fromSlot, Row[] calldata rows, int64 standingNano)
        external
        returns (uint32 version)
    {
        require(registry.supplierAccount(supplier) == msg.sender, NotSupplier(supplier, msg.sender));
        require(rows.length == 1 || rows.length == 24, RowsNotOneOrTwentyFour(rows.length));
        uint32 current = registry.currentSlot();
        require(fromSlot > current, SlotHasBegun(fromSlot, current));
        Version[] storage versions = _versions[supplier][tariff];
        uint256 count = versions.length;
        uint32 latest = count == 0 ? 0 : versions[count - 1].fromSlot;
        require(fromSlot >= latest, LaterVersionPending(latest));
        if (fromSlot > latest) {
            versions.push();
            ++count;
        }
        version = uint32(count - 1);
        uint256 changes;
        uint256 before;
        for (uint256 hour; hour < rows.length; ++hour) {
            uint256 word = _pack(rows[hour], standingNano);
            require(word != 0, EmptyRow(hour));
            if (word == before) continue;
            _rows[supplier][tariff][version][hour] = word;
            (changes, before) = (changes | (1 << hour), word);
        }
        versions[version] = Version(fromSlot, uint24(changes), standingNano);
        emit TariffPublished(supplier, tariff, version, fromSlot, rows, standingNano);
    }

    /* VIEWS */

    /// @inheritdoc ITariffs
    function rowAt(uint16 supplier, uint16 tariff, uint32 slot) external view returns (Row memory) {
        (uint256 version, bool found) = _find(supplier, tariff, slot);
        require(found, NoTariff(supplier, tariff, slot));
        uint256 hour = ((slot * _slotSeconds) / 3600) % 24;
        return _unpack(_rows[supplier][tariff][version][_kept(_versions[supplier][tariff][version].changes, hour)]);
    }

    /// @inheritdoc ITariffs
    function versionAt(uint16 supplier, uint16 tariff, uint32 slot)
        external
        view
        returns (uint32 version, uint32 fromSlot, int64 standingNano)
    {
        (uint256 index, bool found) = _find(supplier, tariff, slot);
        require(found, NoTariff(supplier, tariff, slot));
        Version memory v = _versions[supplier][tariff][index];
        return (uint32(index), v.fromSlot, v.standingNano);
    }

    /// @inheritdoc ITariffs
    function packedRows(uint16 supplier, uint16 tariff, uint32 firstSlot, uint32 slots)
        external
        view
        returns (uint256[] memory rows)
    {
        rows = new uint256[](slots);
        Version[] storage versions = _versions[supplier][tariff];
        (uint256 index, bool found) = _find(supplier, tariff, firstSlot);
        uint256 i;
        while (i < slots) {
            uint256 next = found ? index + 1 : 0;
            uint256 until = slots;
            if (next < versions.length) {
                uint256 begins = versions[next].fromSlot;
                if (begins < uint256(firstSlot) + slots) until = begins - firstSlot;
            }
            if (found) _fill(rows, supplier, tariff, index, firstSlot, i, until);
            (i, index, found) = (until, next, true);
        }
    }

    /* INTERNAL */

    /// @dev The latest version that begins at or before `slot`. The newest two are tried first, since they are asked
    /// most; then a binary search, so that versions far ahead make nothing dear.
    function _find(uint16 supplier, uint16 tariff, uint256 slot) private view returns (uint256 version, bool found) {
        Version[] storage versions = _versions[supplier][tariff];
        uint256 high = versions.length;
        for (uint256 tries; tries < 2 && high > 0; ++tries) {
            if (versions[--high].fromSlot <= slot) return (high, true);
        }
        uint256 low;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (versions[middle].fromSlot <= slot) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? (0, false) : (low - 1, true);
    }

    /// @dev Rows of the slots from `i` to `until`, counted from `firstSlot`, by one version. Hours with the same prices
    /// share a row, so it is read once for them.
    function _fill(
        uint256[] memory rows,
        uint16 supplier,
        uint16 tariff,
        uint256 version,
        uint256 firstSlot,
        uint256 i,
        uint256 until
    ) private view {
        mapping(uint256 hour => uint256) storage table = _rows[supplier][tariff][version];
        uint256 perHour = 3600 / _slotSeconds;
        uint256 changes = _versions[supplier][tariff][version].changes;
        // Slots have 32 bits, and `until` is at most the length of `rows`.
        unchecked {
            while (i < until) {
                uint256 hour = ((firstSlot + i) / perHour) % 24;
                uint256 word = table[_kept(changes, hour)];
                uint256 later = changes >> (hour + 1);
                uint256 same = later == 0 ? 24 - hour : Math.log2(later & (~later + 1)) + 1;
                uint256 end = i + same * perHour - (firstSlot + i) % perHour;
                if (end > until) end = until;
                for (; i < end; ++i) rows.set(i, word);
            }
        }
    }

    /// @dev The hour whose row holds in an hour: the last one up to it that begins with other prices.
    function _kept(uint256 changes, uint256 hour) private pure returns (uint256) {
        return Math.log2(changes & ((2 << hour) - 1));
    }

    /// @dev Layout: see TariffWord.
    function _pack(Row memory row, int64 standingNano) private pure returns (uint256) {
        return uint256(uint32(row.energy)) | (uint256(uint32(row.feedIn)) << 32)
            | (uint256(uint32(row.imbalance)) << 64) | (uint256(uint32(row.network)) << 96)
            | (uint256(uint32(row.levies)) << 128) | (uint256(uint32(row.tax)) << 160)
            | (uint256(uint64(standingNano)) << 192);
    }

    function _unpack(uint256 word) private pure returns (Row memory) {
        return Row(
            int32(uint32(word)),
            int32(uint32(word >> 32)),
            int32(uint32(word >> 64)),
            int32(uint32(word >> 96)),
            int32(uint32(word >> 128)),
            int32(uint32(word >> 160))
        );
    }
}
