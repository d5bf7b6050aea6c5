// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberWord, StatedWord} from "../libraries/Packed.sol";

/// @title Markets: what is agreed before delivery
/// @notice Which markets there are, who takes part in them, and with which standing limits.
///
/// Promises:
/// - the parameters of a market never change: its id is their hash;
/// - nobody is a member, and no limit counts, without the signature of (or a call by) the meter's owner; a message
///   counts from a slot that has not begun when it is taken, so what held in a past slot never changes;
/// - what neighbours trade moves energy between the portfolios of their suppliers, so a meter takes part only in slots
///   for which its supplier has signed the market's agreement; a supplier leaves with a notice longer than anybody can
///   order ahead;
/// - a message of a higher sequence number replaces what was stated for its slots, and none can be used twice;
/// - a new owner of a meter is no member, and not bound by what the old one stated, until he enrols himself;
/// - the guardian can stop new enrolments and new limits, and nothing else.
///
/// Who may call: market operator (`createMarket`), guardian (`setPaused`), anybody with the owner's signature or the
/// owner himself (`enrol`, `setLimits`), with the supplier's or the supplier itself (`setAgreement`). In a batch, a bad
/// message is skipped with an event that says why.
interface IMarkets {
    /// @notice Reference: p = floor(f + k (r - f)). Sdr: supply-demand ratio, else Reference with k = 1/2.
    enum PriceRule {
        Reference,
        Sdr
    }

    /// @notice The immutable parameters of a market; their hash is its id.
    /// @param area the area whose meters may enrol
    /// @param slotSeconds must equal the registry's
    /// @param rule how p is found
    /// @param kPpm k of the reference rule in millionths
    /// @param floorNano price of tick 0, nano-currency per Wh
    /// @param tickNano size of a tick; there are 256
    /// @param postSeconds after the end of a window: clearing may begin although readings are missing
    /// @param stageSeconds after that, per stage: a stage that has not finished may be passed over
    /// @param voidSeconds after the end of a window: it may be voided when nobody has cleared it
    /// @param runs how many more runs of settlement follow, in which readings that come late, estimates and corrections
    /// are taken; after the last one a window is final
    /// @param runSeconds how long each of them is; the first begins `postSeconds` after the end of a window
    /// @param buyFeeNano fee per Wh bought from neighbours
    /// @param sellFeeNano fee per Wh sold to neighbours
    /// @param feeAccount who receives the fees
    /// @param hasStatedPrice whether `statedPriceNano` replaces p where r <= f
    /// @param onlySupplier the one supplier whose customers take part; zero: those of every supplier that agrees
    /// @param agreement hash of the text that suppliers sign
    /// @param registration hash of the market's `Registration`
    /// @param stages contracts that may lower postings before clearing, in this order
    struct MarketParams {
        uint32 area;
        uint32 slotSeconds;
        PriceRule rule;
        uint32 kPpm;
        int32 floorNano;
        uint32 tickNano;
        uint32 postSeconds;
        uint32 stageSeconds;
        uint32 voidSeconds;
        uint8 runs;
        uint32 runSeconds;
        uint32 buyFeeNano;
        uint32 sellFeeNano;
        address feeAccount;
        bool hasStatedPrice;
        int32 statedPriceNano;
        uint16 onlySupplier;
        bytes32 agreement;
        bytes32 registration;
        address[] stages;
    }

    /// @notice Under whose name and by which right a market runs.
    /// @param organiser who runs it, and where he is reached (Directive (EU) 2024/1711, art. 15a)
    /// @param licence the licence under which it runs, or the exemption and its ground
    /// @param licenceHash hash of that document
    struct Registration {
        string organiser;
        string licence;
        bytes32 licenceHash;
    }

    /// @notice A supplier agrees, or agrees no more, that its customers take part from a slot on.
    struct Agreement {
        bytes32 market;
        uint16 supplier;
        uint32 fromSlot;
        bool agrees;
        uint32 sequence;
        bytes signature;
    }

    /// @notice The owner takes part with a meter from a slot on, and lets Settlement debit what the meter owes.
    struct Enrolment {
        bytes32 market;
        uint32 meter;
        uint32 fromSlot;
        bytes signature;
    }

    /// @notice Standing limits from a slot on, nano-currency per Wh, one figure or one per UTC hour.
    /// @param buyNano highest price to buy at; the largest int32 stands for TARIFF
    /// @param sellNano lowest price to sell at; the smallest int32 stands for TARIFF
    struct Limits {
        bytes32 market;
        uint32 meter;
        uint32 fromSlot;
        uint32 sequence;
        int32[] buyNano;
        int32[] sellNano;
        bytes signature;
    }

    /// @notice Why an enrolment or a set of limits was not taken.
    enum Refusal {
        None,
        UnknownMarket,
        UnknownMeter,
        OtherArea,
        AlreadyEnrolled,
        NotAMember,
        TooLate,
        OldSequence,
        BadFormat,
        BadSignature,
        NotBillingGrade,
        Paused,
        MarketFull,
        NoAgreement,
        NotElectricity
    }

    /// @notice A member as of a slot.
    /// @param active whether the meter's owner of that slot has enrolled for it, and its supplier agrees
    /// @param untilSlot first slot in which other terms or limits hold, or may: a supplier can leave with its notice
    /// @param buyNano stated limits where one figure holds all day
    /// @param hourly else one pair per UTC hour: buy in the low, sell in the high 32 bits
    struct MemberTerms {
        uint32 meter;
        uint32 index;
        bool active;
        uint32 untilSlot;
        address owner;
        uint16 supplier;
        uint16 tariff;
        bool billingGrade;
        int32 buyNano;
        int32 sellNano;
        uint64[] hourly;
    }

    event MarketCreated(
        bytes32 indexed market, uint32 indexed area, MarketParams params, Registration registration
    );
    /// @param replaces whether something that had not begun gives way to it
    event AgreementSet(
        bytes32 indexed market,
        uint16 indexed supplier,
        uint32 fromSlot,
        bool agrees,
        bool replaces,
        uint32 sequence,
        bytes signature
    );
    event Paused(bool paused);
    event Enrolled(bytes32 indexed market, uint32 indexed meter, uint32 index, uint32 fromSlot, bytes signature);
    event EnrolmentSkipped(bytes32 indexed market, uint32 indexed meter, Refusal reason);
    event LimitsSet(
        bytes32 indexed market,
        uint32 indexed meter,
        uint32 fromSlot,
        uint32 sequence,
        int32[] buyNano,
        int32[] sellNano,
        bytes signature
    );
    event LimitsSkipped(bytes32 indexed market, uint32 indexed meter, uint32 sequence, Refusal reason);

    error UnknownMarket(bytes32 market);
    error MarketExists(bytes32 market);
    error BadParameter(string what);
    error NotAMember(bytes32 market, uint32 meter);
    /// @notice The market is for the customers of another supplier.
    error OutOfScope(bytes32 market, uint16 supplier);
    error SequenceIsOld(uint32 sequence, uint32 last);
    /// @notice It is too soon: this counts from `firstSlot` at the earliest.
    error TooSoon(uint32 fromSlot, uint32 firstSlot);
    /// @notice It holds already.
    error NothingChanges(bytes32 market, uint16 supplier);
    /// @notice Others rely on what was said before, from `fromSlot` on.
    error AgreementPending(uint32 fromSlot);
    /// @notice A supplier leaves at the beginning of a UTC day, so that no record of a meter crosses it.
    error NotADay(uint32 slot);
    error NotSignedBySupplier(uint16 supplier, address account);

    function paused() external view returns (bool);

    function marketParams(bytes32 market) external view returns (MarketParams memory);

    /// @notice Whether a supplier's customers may take part in a slot, and the first slot in which that changes.
    function agreesAt(bytes32 market, uint16 supplier, uint32 slot)
        external
        view
        returns (bool agrees, uint32 untilSlot);

    /// @notice The last sequence number that a supplier has used in a market.
    function agreementSequence(bytes32 market, uint16 supplier) external view returns (uint32);

    function memberCount(bytes32 market) external view returns (uint32);

    function meterAt(bytes32 market, uint32 index) external view returns (uint32 meter);

    /// @notice Place and first slot of a member; `member` is false for a meter that is not enrolled.
    function memberOf(bytes32 market, uint32 meter)
        external
        view
        returns (bool member, uint32 index, uint32 fromSlot, uint32 sequence);

    /// @notice Limits stated for `slot` (TARIFF where none were stated).
    function limitsAt(bytes32 market, uint32 meter, uint32 slot)
        external
        view
        returns (int32 buyNano, int32 sellNano);

    /// @notice The member at a place of the dense index, as of `slot`.
    function memberAt(bytes32 market, uint32 index, uint32 slot) external view returns (MemberTerms memory);

    /// @notice The same by meter; reverts for a meter that is no member.
    function memberByMeter(bytes32 market, uint32 meter, uint32 slot) external view returns (MemberTerms memory);

    /// @notice Two words for each of `count` members from an index on, as of `slot`: a MemberWord and a StatedWord.
    function packedMembers(bytes32 market, uint32 firstIndex, uint32 count, uint32 slot)
        external
        view
        returns (uint256[] memory words);

    /// @notice The same by meter; zero for a meter that is no member.
    function packedMember(bytes32 market, uint32 meter, uint32 slot) external view returns (MemberWord, StatedWord);

    /// @notice A version of limits by hour: 24 pairs, buy in the low, sell in the high 32 bits.
    function hourlyLimits(bytes32 market, uint32 meter, uint32 version) external view returns (uint64[] memory);

    function createMarket(MarketParams calldata params, Registration calldata registration)
        external
        returns (bytes32 market);

    function setPaused(bool paused) external;

    /// @notice Anybody, with the signature of the supplier's account, or that account itself. It agrees from any slot
    /// that has not begun, and leaves at the beginning of a UTC day, with a notice of 1,008 slots. What has not begun
    /// gives way to what is said later, if nobody can rely on it yet: to agree earlier, to stay, to leave another day.
    function setAgreement(Agreement calldata agreement) external;

    function enrol(Enrolment[] calldata enrolments) external returns (Refusal[] memory);

    function setLimits(Limits[] calldata limits) external returns (Refusal[] memory);
}
