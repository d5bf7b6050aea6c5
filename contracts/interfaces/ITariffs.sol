// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Tariffs: what a supplier charges and pays, known beforehand
/// @notice Promises: a version is published for slots that have not begun and is frozen from its first slot on, so
/// everybody can know the prices of a slot before it; the price of every past slot can be asked for ever.
///
/// Figures are nano-currency per Wh (24.86 p/kWh = 248,600) for one hour of the UTC day and may be negative.
/// `energy` is the retail price of energy alone; network, levies and tax are paid for every imported Wh from
/// whomever it came (percentages are turned into such figures before publishing).
/// Who may call: `publish` only the supplier's own account.
interface ITariffs {
    /// @notice Prices of one UTC hour, nano-currency per Wh; one storage word.
    struct Row {
        int32 energy;
        int32 feedIn;
        int32 imbalance;
        int32 network;
        int32 levies;
        int32 tax;
    }

    /// @param rows one row (all hours) or 24 (by UTC hour)
    /// @param standingNano standing charge per UTC day, nano-currency
    event TariffPublished(
        uint16 indexed supplier, uint16 indexed tariff, uint32 version, uint32 fromSlot, Row[] rows, int64 standingNano
    );

    error NotSupplier(uint16 supplier, address caller);
    error RowsNotOneOrTwentyFour(uint256 rows);
    error SlotHasBegun(uint32 slot, uint32 currentSlot);
    error LaterVersionPending(uint32 pendingSlot);
    /// @notice A row of zeros only would look like no tariff at all.
    error EmptyRow(uint256 hour);
    error NoTariff(uint16 supplier, uint16 tariff, uint32 slot);

    /// @notice Publishes a version in force from `fromSlot`; one pending for the same slot is replaced.
    function publish(uint16 supplier, uint16 tariff, uint32 fromSlot, Row[] calldata rows, int64 standingNano)
        external
        returns (uint32 version);

    /// @notice The row in force in `slot`; reverts where there is none.
    function rowAt(uint16 supplier, uint16 tariff, uint32 slot) external view returns (Row memory);

    /// @notice The rows of `slots` slots from `firstSlot`, packed (see TariffWord); a zero word where there is none.
    function packedRows(uint16 supplier, uint16 tariff, uint32 firstSlot, uint32 slots)
        external
        view
        returns (uint256[] memory rows);

    /// @notice Version in force in `slot`: number, first slot, standing charge.
    function versionAt(uint16 supplier, uint16 tariff, uint32 slot)
        external
        view
        returns (uint32 version, uint32 fromSlot, int64 standingNano);
}
