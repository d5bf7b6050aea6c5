// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRegistry} from "./interfaces/IRegistry.sol";
import {ITariffs} from "./interfaces/ITariffs.sol";

/// @title Tariffs
/// @notice What it promises, what it assumes and who may call: ITariffs.
contract Tariffs is ITariffs {
    struct Version {
        uint32 fromSlot;
        bool hourly;
        int64 standingNano;
    }

    /* IMMUTABLES */

    IRegistry public immutable registry;
    uint256 private immutable _slotSeconds;

    /* STORAGE */

    mapping(uint16 supplier => mapping(uint16 tariff => Version[])) private _versions;
    mapping(uint16 supplier => mapping(uint16 tariff => mapping(uint256 version => mapping(uint256 hour => Row))))
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
        versions[count - 1] = Version(fromSlot, rows.length == 24, standingNano);
        version = uint32(count - 1);
        for (uint256 hour; hour < rows.length; ++hour) {
            require(_pack(rows[hour], standingNano) != 0, EmptyRow(hour));
            _rows[supplier][tariff][version][hour] = rows[hour];
        }
        emit TariffPublished(supplier, tariff, version, fromSlot, rows, standingNano);
    }

    /* VIEWS */

    /// @inheritdoc ITariffs
    function rowAt(uint16 supplier, uint16 tariff, uint32 slot) external view returns (Row memory) {
        (uint256 version, bool found) = _find(supplier, tariff, slot);
        require(found, NoTariff(supplier, tariff, slot));
        return _rows[supplier][tariff][version][_hour(_versions[supplier][tariff][version], slot)];
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
        uint256 count = versions.length;
        (uint256 index, bool found) = _find(supplier, tariff, firstSlot);
        uint256 known = type(uint256).max;
        uint256 word;
        for (uint256 i; i < slots; ++i) {
            uint256 slot = firstSlot + i;
            uint256 next = found ? index + 1 : 0;
            while (next < count && versions[next].fromSlot <= slot) {
                (index, found) = (next++, true);
                known = type(uint256).max;
            }
            if (!found) continue;
            // Slots of one hour share a row, so it is read once for them.
            uint256 hour = (slot * _slotSeconds) / 3600;
            if (hour != known) {
                Version memory version = versions[index];
                word = _pack(_rows[supplier][tariff][index][_hour(version, slot)], version.standingNano);
                known = hour;
            }
            rows[i] = word;
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

    function _hour(Version memory version, uint256 slot) private view returns (uint256) {
        return version.hourly ? ((slot * _slotSeconds) / 3600) % 24 : 0;
    }

    /// @dev Layout: see TariffWord.
    function _pack(Row memory row, int64 standingNano) private pure returns (uint256) {
        return uint256(uint32(row.energy)) | (uint256(uint32(row.feedIn)) << 32)
            | (uint256(uint32(row.imbalance)) << 64) | (uint256(uint32(row.network)) << 96)
            | (uint256(uint32(row.levies)) << 128) | (uint256(uint32(row.tax)) << 160)
            | (uint256(uint64(standingNano)) << 192);
    }
}
