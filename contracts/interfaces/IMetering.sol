// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Metering: signed cumulative registers, each slot exactly once
/// @notice Promises:
/// - a reading is taken only with a valid signature of the key that was the meter's key in all of its slots
///   (EIP-712; ECDSA, then ERC-1271, then ERC-7913), or directly from that key;
/// - each (meter, slot) has at most one value; the registers never fall in slot order, except across a registered
///   meter exchange; the intervals of any range add up to the difference of its registers;
/// - no slot of the future; nothing above the fuse; missing is missing, never zero;
/// - a bad record in a batch is skipped with an event that says why; the good ones are taken;
/// - what was read is replaced by a correction only: signed by the meter's key, numbered by meter and day, handed in by
///   the meter operator, with the day's records as evidence. Registers stay; `correctedWh` says what was added.
///
/// Assumes: the meter's key is in the meter. Who may call: anybody; a meter enrolled in a market is read and corrected
/// through `Settlement`, which hands over here. Meter exchanges: the meter operator, with both keys' signatures.
interface IMetering {
    enum Quality {
        Measured,
        Estimated,
        Corrected
    }

    /// @notice Why a record was not taken; `Accepted` is zero.
    enum Outcome {
        Accepted,
        UnknownMeter,
        ReadThroughSettlement,
        NotAMember,
        BadFormat,
        BeforeRegistration,
        FutureSlot,
        SplitAtChange,
        BadSignature,
        KeyRevoked,
        AboveFuse,
        AlreadyPosted,
        RegisterFell,
        RegistersDoNotJoin,
        TooManyGaps,
        NotBillingGrade,
        NoTariff,
        ForwardNotCleared,
        SettleFirst,
        Final
    }

    /// @notice Consecutive slots of one meter within one UTC day.
    /// @param importWh import register at the beginning of `firstSlot` (OBIS 1.8.0), Wh
    /// @param exportWh export register at the beginning of `firstSlot` (OBIS 2.8.0), Wh
    /// @param slots how many slots follow
    /// @param intervals the increase of both registers in each slot, four slots to a word, the first slot highest:
    /// import uint32, export uint32
    /// @param signature of the meter's key over all of the above; or one of 65 bytes for each slot, over the reading of
    /// that slot alone, so that what a meter signed slot by slot is taken as one record; empty when the key calls
    struct Reading {
        uint32 meter;
        uint32 firstSlot;
        uint16 slots;
        Quality quality;
        uint64 importWh;
        uint64 exportWh;
        uint256[] intervals;
        bytes signature;
    }

    /// @notice Both registers at the beginning of `nextSlot`, the first slot not posted yet.
    /// @param enrolled read through Settlement, as the member of a market
    /// @param keptOut a gas meter, which no market takes
    struct Head {
        uint32 nextSlot;
        uint64 importWh;
        uint64 exportWh;
        uint8 gaps;
        bool enrolled;
        bool keptOut;
    }

    /// @notice Both registers at the beginning of `slot`, the earliest slot posted.
    struct Origin {
        uint32 slot;
        uint64 importWh;
        uint64 exportWh;
    }

    /// @notice Slots [fromSlot, untilSlot) that are missing, with the registers on both sides.
    struct Gap {
        uint32 fromSlot;
        uint32 untilSlot;
        uint64 fromImportWh;
        uint64 fromExportWh;
        uint64 untilImportWh;
        uint64 untilExportWh;
    }

    /// @notice A meter is replaced at the beginning of `slot`.
    /// @param closingSignature of the old key over the closing registers
    /// @param openingSignature of the new key (registered from `slot` on) over the opening registers
    struct Exchange {
        uint32 meter;
        uint32 slot;
        uint64 closingImportWh;
        uint64 closingExportWh;
        uint64 openingImportWh;
        uint64 openingExportWh;
        bytes closingSignature;
        bytes openingSignature;
    }

    /// @notice Consecutive slots of one meter within one UTC day that have been read, and what they should have been.
    /// @param number counts the corrections of this meter and day, from 1
    /// @param intervals as in a reading; the last record that covers a slot counts
    /// @param signature of the meter's key of the running slot
    struct Correction {
        uint32 meter;
        uint32 firstSlot;
        uint16 slots;
        uint32 number;
        uint256[] intervals;
        bytes signature;
    }

    event Bound(address settlement, address markets, address points);
    event MeterEnrolled(uint32 indexed meter);
    event MeterKeptOut(uint32 indexed meter);
    event ReadingPosted(
        uint32 indexed meter,
        uint32 indexed firstSlot,
        uint16 slots,
        Quality quality,
        uint64 importWh,
        uint64 exportWh,
        uint256[] intervals,
        bytes signature
    );
    event ReadingSkipped(uint32 indexed meter, uint32 indexed firstSlot, Outcome reason);
    event GapOpened(uint32 indexed meter, uint32 fromSlot, uint32 untilSlot);
    event MeterExchanged(
        uint32 indexed meter,
        uint32 indexed slot,
        uint64 closingImportWh,
        uint64 closingExportWh,
        uint64 openingImportWh,
        uint64 openingExportWh,
        bytes closingSignature,
        bytes openingSignature
    );

    event ReadingCorrected(
        uint32 indexed meter,
        uint32 indexed firstSlot,
        uint16 slots,
        uint32 number,
        uint256[] intervals,
        bytes signature
    );

    error NotSettlement(address caller);
    error NotMarkets(address caller);
    error NotPoints(address caller);
    error ZeroAccount();
    error AlreadyBound(address settlement);
    error AlreadyEnrolled(uint32 meter);
    /// @notice A gas meter: no market takes it.
    error IsKeptOut(uint32 meter);
    error ExchangeRefused(uint32 meter, Outcome reason);
    /// @notice Not consecutive slots of one UTC day with four slots to a word.
    error BadFormat();
    /// @notice The meter is enrolled in a market and is corrected through it.
    error ReadThroughSettlement(uint32 meter);
    /// @notice The terms of the meter change in `slot`, within the slots that are named.
    error SplitAtChange(uint32 meter, uint32 slot);
    /// @notice Not signed by the meter's present key.
    error BadSignature(uint32 meter);
    /// @notice The records are not those of this day, all of them, in the order in which they were taken.
    error WrongEvidence(uint32 meter, uint32 day);
    error WrongNumber(uint32 meter, uint32 day, uint32 nextNumber);
    error NotRead(uint32 meter, uint32 slot);
    error AboveFuse(uint32 meter, uint32 slot);

    /// @notice The most gaps that a meter may have open at a time.
    function MAX_GAPS() external view returns (uint8);

    /// @notice For how many days the hash of a day's readings is kept; older evidence lies in the log.
    function HASH_DAYS() external view returns (uint32);

    function headOf(uint32 meter) external view returns (Head memory);

    /// @notice Where the readings of a meter begin; earlier ones can still join on that side.
    function originOf(uint32 meter) external view returns (Origin memory);

    function gapsOf(uint32 meter) external view returns (Gap[] memory);

    /// @notice What corrections have added to the energy of a meter: intervals add up to the difference of registers
    /// and this.
    function correctedWh(uint32 meter) external view returns (int128 importWh, int128 exportWh);

    /// @notice Chained hash of the readings and corrections of a UTC day (unix days), zero when there are none or it
    /// has expired.
    function dayHash(uint32 meter, uint32 day) external view returns (bytes32);

    /// @notice The EIP-712 digest that a meter signs.
    function readingDigest(Reading calldata reading) external view returns (bytes32);

    function exchangeDigest(Exchange calldata exchange, bool opening) external view returns (bytes32);

    /// @notice Posts readings of meters that are in no market.
    function post(Reading[] calldata readings) external returns (Outcome[] memory);

    /// @notice The same for the members of markets. Settlement only.
    /// @param refused records that Settlement itself refuses, with its reason; `Accepted` to go on
    function postFor(Reading[] calldata readings, address submitter, Outcome[] calldata refused)
        external
        returns (Outcome[] memory);

    /// @notice Marks a meter as read through Settlement. Markets only.
    function enrol(uint32 meter) external;

    /// @notice Marks a meter as one that no market takes. Points only.
    function keepOut(uint32 meter) external;

    /// @notice Names the contracts that hand over members' readings, enrol meters and keep some out; once, at
    /// deployment.
    function bind(address settlement_, address markets_, address points_) external;

    function exchangeMeter(Exchange calldata exchange) external;

    function correctionDigest(Correction calldata correction) external view returns (bytes32);

    /// @notice Corrects a meter that is in no market. Meter operator only.
    /// @param records all readings and corrections of the meter and day, in the order in which they were taken; a
    /// correction is a reading of quality Corrected with registers of zero
    function correct(Correction calldata correction, Reading[] calldata records) external;

    /// @notice The same for a member of a market. Settlement only, for a `caller` who may call `correct`.
    /// @return before what the slots were before: import << 32 | export
    function correctFor(Correction calldata correction, Reading[] calldata records, address caller)
        external
        returns (uint256[] memory before);
}
