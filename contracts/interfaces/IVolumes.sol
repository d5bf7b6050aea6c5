// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Volumes: the cubic metres of gas behind the Wh
/// @notice Promises:
/// - what a gas meter counts are litres; its Wh follow from them by the calorific value and the correction for pressure
///   and temperature, which are kept beside both: Wh = litres * kJ/m3 * ppm / 3,600,000,000, rounded down;
/// - records of a meter follow each other without gap or overlap, in litres, Wh and slots, and end where the meter's
///   posted register stands: the Wh that are settled are those of the volumes;
/// - each is signed by the key that was the meter's key in all of its slots.
///
/// Readings of gas meters are those of all meters (`Metering`), in Wh. There is no order book for gas.
/// Assumes: the meter agent tells the meter the calorific value that the network published for its zone and day.
/// Who may call: anybody, with what the meter has signed.
interface IVolumes {
    /// @notice What a gas meter has counted in slots [fromSlot, untilSlot).
    /// @param point the gas point at which it hangs in these slots
    /// @param fromLitres, untilLitres the counter at the beginning and at the end
    /// @param calorificKj calorific value, kJ per m3 (39.5 MJ/m3 = 39,500)
    /// @param correctionPpm correction to standard conditions, in millionths (1.02264 = 1,022,640)
    /// @param fromWh, untilWh the register that readings are made of
    struct Volume {
        uint32 point;
        uint32 meter;
        uint32 fromSlot;
        uint32 untilSlot;
        uint64 fromLitres;
        uint64 untilLitres;
        uint32 calorificKj;
        uint32 correctionPpm;
        uint64 fromWh;
        uint64 untilWh;
    }

    /// @notice Where the records of a meter stand.
    struct VolumeHead {
        uint32 untilSlot;
        uint64 litres;
        uint64 wh;
    }

    event VolumePosted(uint32 indexed point, uint32 indexed meter, Volume what);

    error NoGasMeter(uint32 point, uint32 meter);
    /// @notice It does not begin where the last record has ended.
    error NotContinuous(uint32 meter, uint32 slot, uint64 litres, uint64 wh);
    /// @notice By these factors the litres come to another energy.
    error WrongEnergy(uint64 wh, uint64 expectedWh);
    /// @notice The register that was posted for the end of these slots is another.
    error NotTheRegister(uint32 meter, uint32 slot, uint64 wh);
    error NotSignedByMeter(uint32 meter);
    error EmptyVolume(uint32 fromSlot, uint32 untilSlot);

    function headOf(uint32 meter) external view returns (VolumeHead memory);

    /// @notice Wh of a volume, rounded down.
    function energyOf(uint64 litres, uint32 calorificKj, uint32 correctionPpm) external pure returns (uint64);

    function volumeDigest(Volume calldata volume) external view returns (bytes32);

    /// @notice Keeps a record, right after the reading that ends with its last slot.
    function post(Volume calldata volume, bytes calldata signature) external;
}
