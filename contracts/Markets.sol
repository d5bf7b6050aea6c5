// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IMetering} from "./interfaces/IMetering.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IMarkets} from "./interfaces/IMarkets.sol";
import {MemberWord, MemberWords, StatedWord, StatedWords} from "./libraries/Packed.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title Markets
/// @notice What it promises, what it assumes and who may call: IMarkets.
contract Markets is IMarkets, AccessManaged, EIP712 {
    using SafeCast for uint256;

    /// @dev Place is the index plus one, so that zero tells a meter that is no member. One word.
    struct MemberState {
        address owner;
        uint24 place;
        uint32 fromSlot;
        uint32 sequence;
        bool succeeded;
    }

    /// @dev What an earlier owner signed: the first slot of the enrolment, and the last sequence number he has used.
    struct PastConsent {
        uint32 fromSlot;
        uint32 sequence;
    }

    /// @dev One word. Sequence zero: the supplier has said nothing.
    struct AgreementState {
        uint32 fromSlot;
        uint32 sequence;
        bool agrees;
    }

    /// @dev One word. Version zero: no limits stated, TARIFF on both sides.
    struct LimitState {
        uint32 fromSlot;
        uint32 version;
        bool hourly;
        int32 buyNano;
        int32 sellNano;
    }

    int32 private constant BUY_AT_TARIFF = type(int32).max;
    int32 private constant SELL_AT_TARIFF = type(int32).min;
    uint256 private constant MAX_STAGES = 8;
    uint256 private constant MAX_RUNS = 8;
    /// @dev Metering keeps the hash of a day for 32 days.
    uint256 private constant MAX_OPEN_SECONDS = 28 days;
    /// @dev So that the volumes of a slot fit the 48 bits of a result.
    uint256 private constant MAX_MEMBERS = 1 << 20;
    /// @dev Slots that may be under way in Settlement, less two windows; and the notice of a supplier, since nobody can
    /// order further ahead.
    uint256 private constant RING_SLOTS = 126 * 8;

    bytes32 private constant ENROLMENT_TYPE = keccak256("Enrolment(bytes32 market,uint32 meter,uint32 fromSlot)");
    bytes32 private constant AGREEMENT_TYPE = keccak256(
        "Agreement(bytes32 market,bytes32 agreement,uint16 supplier,uint32 fromSlot,bool agrees,uint32 sequence)"
    );
    bytes32 private constant LIMITS_TYPE = keccak256(
        "Limits(bytes32 market,uint32 meter,uint32 fromSlot,uint32 sequence,int32[] buyNano,int32[] sellNano)"
    );

    /* IMMUTABLES */

    IRegistry public immutable registry;
    IMetering public immutable metering;
    uint256 private immutable _slotSeconds;

    /* STORAGE */

    bool public paused;
    mapping(bytes32 market => MarketParams) private _params;
    mapping(bytes32 market => uint32[]) private _memberMeters;
    mapping(bytes32 market => mapping(uint32 meter => MemberState)) private _members;
    mapping(bytes32 market => mapping(uint32 meter => mapping(address owner => PastConsent))) private _pastConsents;
    mapping(bytes32 market => mapping(uint32 meter => LimitState)) private _limits;
    mapping(bytes32 market => mapping(uint32 meter => mapping(uint32 version => LimitState))) private _pastLimits;
    /// @dev By version and UTC hour: buy in the low, sell in the high 32 bits.
    mapping(bytes32 market => mapping(uint32 meter => mapping(uint32 version => uint64[24]))) private _hourlyLimits;
    mapping(bytes32 market => mapping(uint16 supplier => AgreementState)) private _agreements;
    /// @dev What held before, the oldest first.
    mapping(bytes32 market => mapping(uint16 supplier => AgreementState[])) private _pastAgreements;

    constructor(address accessManager, IRegistry registry_, IMetering metering_)
        AccessManaged(accessManager)
        EIP712("p2pchain Markets", "1")
    {
        registry = registry_;
        metering = metering_;
        _slotSeconds = registry_.slotSeconds();
    }

    /* MARKETS */

    /// @inheritdoc IMarkets
    function createMarket(MarketParams calldata params, Registration calldata registration)
        external
        restricted
        returns (bytes32 market)
    {
        registry.area(params.area);
        if (params.onlySupplier != 0) registry.supplierAccount(params.onlySupplier);
        require(params.agreement != 0, BadParameter("agreement"));
        require(bytes(registration.organiser).length != 0, BadParameter("organiser"));
        require(bytes(registration.licence).length != 0, BadParameter("licence"));
        require(params.registration == keccak256(abi.encode(registration)), BadParameter("registration"));
        require(params.slotSeconds == _slotSeconds, BadParameter("slotSeconds"));
        require(params.kPpm <= 1_000_000, BadParameter("kPpm"));
        require(params.tickNano != 0 && params.tickNano <= uint32(type(int32).max), BadParameter("tickNano"));
        require(params.feeAccount != address(0), BadParameter("feeAccount"));
        require(params.stages.length <= MAX_STAGES, BadParameter("stages"));
        require(
            params.buyFeeNano <= uint32(type(int32).max) && params.sellFeeNano <= uint32(type(int32).max),
            BadParameter("fee")
        );
        uint256 beforeVoid = uint256(params.postSeconds) + uint256(params.stageSeconds) * params.stages.length;
        require(params.voidSeconds > beforeVoid, BadParameter("voidSeconds"));
        // A window must be over before its place in the ring is wanted again.
        require(params.voidSeconds <= RING_SLOTS * _slotSeconds, BadParameter("voidSeconds"));
        require(params.runs <= MAX_RUNS, BadParameter("runs"));
        require(params.runs == 0 || params.runSeconds != 0, BadParameter("runSeconds"));
        // What a day was read is proved by its hash, which is kept for some days more.
        require(
            params.postSeconds + uint256(params.runs) * params.runSeconds <= MAX_OPEN_SECONDS, BadParameter("runs")
        );
        market = keccak256(abi.encode(params));
        require(_params[market].tickNano == 0, MarketExists(market));
        _params[market] = params;
        emit MarketCreated(market, params.area, params, registration);
    }

    /// @inheritdoc IMarkets
    function setPaused(bool paused_) external restricted {
        paused = paused_;
        emit Paused(paused_);
    }

    /* SUPPLIERS */

    /// @inheritdoc IMarkets
    function setAgreement(Agreement calldata a) external {
        MarketParams storage params = _params[a.market];
        require(params.tickNano != 0, UnknownMarket(a.market));
        uint16 only = params.onlySupplier;
        require(only == 0 || only == a.supplier, OutOfScope(a.market, a.supplier));
        AgreementState memory last = _agreements[a.market][a.supplier];
        require(a.sequence > last.sequence, SequenceIsOld(a.sequence, last.sequence));
        uint256 current = _currentSlot();
        uint256 first = current + (a.agrees ? 1 : RING_SLOTS);
        require(a.fromSlot >= first, TooSoon(a.fromSlot, first.toUint32()));
        require(
            a.agrees || (uint256(a.fromSlot) * _slotSeconds) % 1 days == 0, NotADay(a.fromSlot)
        );
        address account = registry.supplierAccount(a.supplier);
        bytes32 structHash = keccak256(
            abi.encode(
                AGREEMENT_TYPE, a.market, params.agreement, a.supplier, a.fromSlot, a.agrees, a.sequence
            )
        );
        require(
            (a.signature.length == 0 && msg.sender == account)
                || Signatures.isSignedBy(_hashTypedDataV4(structHash), a.signature, account),
            NotSignedBySupplier(a.supplier, account)
        );
        _agreements[a.market][a.supplier] = _next(a, last, current);
        bool replaces = last.fromSlot > current;
        emit AgreementSet(a.market, a.supplier, a.fromSlot, a.agrees, replaces, a.sequence, a.signature);
    }

    /// @inheritdoc IMarkets
    function agreesAt(bytes32 market, uint16 supplier, uint32 slot)
        external
        view
        returns (bool agrees, uint32 untilSlot)
    {
        uint256 until;
        (agrees, until) = _agreesAt(market, supplier, slot);
        untilSlot = uint32(until);
    }

    /// @inheritdoc IMarkets
    function agreementSequence(bytes32 market, uint16 supplier) external view returns (uint32) {
        return _agreements[market][supplier].sequence;
    }

    /* MEMBERS */

    /// @inheritdoc IMarkets
    function enrol(Enrolment[] calldata enrolments) external returns (Refusal[] memory refusals) {
        refusals = new Refusal[](enrolments.length);
        for (uint256 i; i < enrolments.length; ++i) {
            Enrolment calldata e = enrolments[i];
            refusals[i] = _enrol(e);
            if (refusals[i] != Refusal.None) emit EnrolmentSkipped(e.market, e.meter, refusals[i]);
        }
    }

    /// @inheritdoc IMarkets
    function setLimits(Limits[] calldata limits) external returns (Refusal[] memory refusals) {
        refusals = new Refusal[](limits.length);
        for (uint256 i; i < limits.length; ++i) {
            Limits calldata l = limits[i];
            refusals[i] = _setLimits(l);
            if (refusals[i] != Refusal.None) emit LimitsSkipped(l.market, l.meter, l.sequence, refusals[i]);
        }
    }

    /// @inheritdoc IMarkets
    function memberCount(bytes32 market) public view returns (uint32) {
        return uint32(_memberMeters[market].length);
    }

    /// @inheritdoc IMarkets
    function meterAt(bytes32 market, uint32 index) external view returns (uint32 meter) {
        return _memberMeters[market][index];
    }

    /// @inheritdoc IMarkets
    function memberAt(bytes32 market, uint32 index, uint32 slot) external view returns (MemberTerms memory) {
        return _memberTerms(market, _memberMeters[market][index], slot);
    }

    /// @inheritdoc IMarkets
    function memberByMeter(bytes32 market, uint32 meter, uint32 slot) external view returns (MemberTerms memory) {
        require(_members[market][meter].place != 0, NotAMember(market, meter));
        return _memberTerms(market, meter, slot);
    }

    /// @inheritdoc IMarkets
    function packedMembers(bytes32 market, uint32 firstIndex, uint32 count, uint32 slot)
        external
        view
        returns (uint256[] memory words)
    {
        uint32[] storage meters = _memberMeters[market];
        words = new uint256[](2 * uint256(count));
        for (uint256 i; i < count; ++i) {
            (MemberWord member, StatedWord stated) = _packed(market, meters[firstIndex + i], slot);
            (words[2 * i], words[2 * i + 1]) = (MemberWord.unwrap(member), StatedWord.unwrap(stated));
        }
    }

    /// @inheritdoc IMarkets
    function packedMember(bytes32 market, uint32 meter, uint32 slot) external view returns (MemberWord, StatedWord) {
        return _packed(market, meter, slot);
    }

    /// @inheritdoc IMarkets
    function hourlyLimits(bytes32 market, uint32 meter, uint32 version) public view returns (uint64[] memory pairs) {
        uint64[24] storage table = _hourlyLimits[market][meter][version];
        pairs = new uint64[](24);
        for (uint256 hour; hour < 24; ++hour) pairs[hour] = table[hour];
    }

    /// @inheritdoc IMarkets
    function memberOf(bytes32 market, uint32 meter)
        external
        view
        returns (bool member, uint32 index, uint32 fromSlot, uint32 sequence)
    {
        MemberState memory state = _members[market][meter];
        if (state.place != 0) return (true, state.place - 1, state.fromSlot, state.sequence);
    }

    /// @inheritdoc IMarkets
    function marketParams(bytes32 market) external view returns (MarketParams memory) {
        return _params[market];
    }

    /// @inheritdoc IMarkets
    function limitsAt(bytes32 market, uint32 meter, uint32 slot)
        external
        view
        returns (int32 buyNano, int32 sellNano)
    {
        (LimitState memory state,) = _limitsAt(market, meter, slot);
        if (!state.hourly) return (state.buyNano, state.sellNano);
        uint64 pair = _hourlyLimits[market][meter][state.version][_hour(slot)];
        return (int32(uint32(pair)), int32(uint32(pair >> 32)));
    }

    /* INTERNAL */

    function _hour(uint256 slot) private view returns (uint256) {
        return ((slot * _slotSeconds) / 3600) % 24;
    }

    function _currentSlot() private view returns (uint256) {
        return block.timestamp / _slotSeconds;
    }

    /// @dev What a supplier has said when it has said this too. Of what has not begun one change waits at most, so with
    /// the notice changes are few.
    function _next(Agreement calldata a, AgreementState memory last, uint256 current)
        private
        returns (AgreementState memory)
    {
        AgreementState[] storage past = _pastAgreements[a.market][a.supplier];
        AgreementState memory said = AgreementState(a.fromSlot, a.sequence, a.agrees);
        if (last.fromSlot <= current) {
            require(a.agrees != last.agrees, NothingChanges(a.market, a.supplier));
            if (last.sequence != 0) past.push(last);
            return said;
        }
        // Before its notice has passed, who agrees is relied on.
        bool free = !last.agrees || last.fromSlot >= current + RING_SLOTS;
        require(free || (a.agrees && a.fromSlot <= last.fromSlot), AgreementPending(last.fromSlot));
        if (a.agrees == last.agrees) return said;
        // What held before goes on.
        AgreementState memory held;
        if (past.length != 0) {
            held = past[past.length - 1];
            past.pop();
        }
        return AgreementState(held.fromSlot, a.sequence, held.agrees);
    }

    /// @dev What is asked for is almost always the last.
    function _agreesAt(bytes32 market, uint16 supplier, uint256 slot)
        private
        view
        returns (bool agrees, uint256 untilSlot)
    {
        AgreementState memory state = _agreements[market][supplier];
        untilSlot = type(uint32).max;
        if (state.sequence == 0 || state.fromSlot <= slot) return (state.agrees, untilSlot);
        AgreementState[] storage past = _pastAgreements[market][supplier];
        untilSlot = state.fromSlot;
        for (uint256 i = past.length; i > 0; --i) {
            state = past[i - 1];
            if (state.fromSlot <= slot) return (state.agrees, untilSlot);
            untilSlot = state.fromSlot;
        }
        return (false, untilSlot);
    }

    /// @dev The limits in force in `slot`, and the first slot in which others are.
    function _limitsAt(bytes32 market, uint32 meter, uint256 slot)
        private
        view
        returns (LimitState memory state, uint256 untilSlot)
    {
        state = _limits[market][meter];
        untilSlot = type(uint32).max;
        if (state.version != 0 && state.fromSlot > slot) {
            (state, untilSlot) = _pastLimitsAt(_pastLimits[market][meter], state, slot);
        }
        if (state.version == 0) (state.buyNano, state.sellNano) = (BUY_AT_TARIFF, SELL_AT_TARIFF);
    }

    /// @dev The version before `latest` that is in force in `slot`. Versions begin in the order of their numbers, so a
    /// binary search finds it, whatever their number; the newest but one is tried first, since that is asked most.
    function _pastLimitsAt(mapping(uint32 version => LimitState) storage past, LimitState memory latest, uint256 slot)
        private
        view
        returns (LimitState memory state, uint256 untilSlot)
    {
        untilSlot = latest.fromSlot;
        state = past[latest.version - 1];
        if (state.version == 0 || state.fromSlot <= slot) return (state, untilSlot);
        uint32 low;
        uint32 high = state.version;
        while (high - low > 1) {
            uint32 middle = low + (high - low) / 2;
            if (past[middle].fromSlot <= slot) low = middle;
            else high = middle;
        }
        return (past[low], past[high].fromSlot);
    }

    function _memberTerms(bytes32 market, uint32 meter, uint32 slot) private view returns (MemberTerms memory m) {
        (MemberWord member, StatedWord stated) = _packed(market, meter, slot);
        (m.meter, m.index, m.active, m.untilSlot) = (meter, stated.index(), stated.isActive(), member.untilSlot());
        (m.owner, m.supplier, m.tariff) = (member.owner(), member.supplier(), member.tariff());
        (m.billingGrade, m.buyNano, m.sellNano) = (stated.isBillingGrade(), stated.buyNano(), stated.sellNano());
        uint32 version = stated.hourlyVersion();
        if (version != 0) m.hourly = hourlyLimits(market, meter, version);
    }

    /// @dev Zero for a meter that is no member.
    function _packed(bytes32 market, uint32 meter, uint32 slot)
        private
        view
        returns (MemberWord member, StatedWord stated)
    {
        MemberState memory state = _members[market][meter];
        if (state.place == 0) return (member, stated);
        IRegistry.Terms memory terms;
        uint256 untilSlot;
        try registry.termsAt(meter, slot) returns (IRegistry.Terms memory t, uint32 termsUntil) {
            (terms, untilSlot) = (t, termsUntil);
        } catch {
            untilSlot = uint256(slot) + 1; // before the meter was registered
        }
        uint32 begins = _consentFrom(market, meter, state, terms.owner);
        (bool active, uint256 until) = (false, begins);
        if (slot >= begins) {
            (active, until) = _agreesAt(market, terms.supplier, slot);
            // A supplier that says so now leaves then.
            uint256 notice = _currentSlot() + RING_SLOTS;
            if (notice <= slot) notice = uint256(slot) + 1;
            if (notice < until) until = notice;
        }
        if (until < untilSlot) untilSlot = until;
        stated = StatedWords.pack(state.place - 1, active, terms.billingGrade);
        if (active) {
            (LimitState memory limits, uint256 limitsUntil) = _limitsAt(market, meter, slot);
            if (limitsUntil < untilSlot) untilSlot = limitsUntil;
            stated = stated.withLimits(limits.buyNano, limits.sellNano, limits.hourly ? limits.version : 0);
        }
        member = MemberWords.pack(meter, uint32(untilSlot), terms.supplier, terms.tariff, terms.owner);
    }

    /// @dev The first slot for which an owner has enrolled, the largest uint32 where he has not: a new owner is not
    /// bound by what an old one signed.
    function _consentFrom(bytes32 market, uint32 meter, MemberState memory state, address owner)
        private
        view
        returns (uint32 fromSlot)
    {
        fromSlot = type(uint32).max;
        if (owner == address(0)) return fromSlot;
        // The usual owner has never been succeeded, and his consent is at hand.
        if (owner == state.owner) fromSlot = state.fromSlot;
        if (state.succeeded) {
            uint32 past = _pastConsents[market][meter][owner].fromSlot;
            if (past != 0 && past < fromSlot) fromSlot = past;
        }
    }

    function _enrol(Enrolment calldata e) private returns (Refusal) {
        if (paused) return Refusal.Paused;
        MarketParams storage params = _params[e.market];
        if (params.tickNano == 0) return Refusal.UnknownMarket;
        if (e.meter == 0 || e.meter > registry.meterCount()) return Refusal.UnknownMeter;
        if (registry.areaOf(e.meter) != params.area) return Refusal.OtherArea;
        MemberState memory state = _members[e.market][e.meter];
        if (state.place == 0) {
            IMetering.Head memory head = metering.headOf(e.meter);
            if (head.keptOut) return Refusal.NotElectricity;
            if (head.enrolled) return Refusal.AlreadyEnrolled;
        }
        if (e.fromSlot <= _currentSlot()) return Refusal.TooLate;
        bytes32 structHash = keccak256(abi.encode(ENROLMENT_TYPE, e.market, e.meter, e.fromSlot));
        (IRegistry.Terms memory terms, Refusal refusal) =
            _checkOwner(e.meter, e.fromSlot, structHash, e.signature);
        if (refusal != Refusal.None) return refusal;
        (bool agrees,) = _agreesAt(e.market, terms.supplier, e.fromSlot);
        if (!agrees) return Refusal.NoAgreement;
        address owner = terms.owner;
        if (state.place != 0) {
            if (owner == state.owner) return Refusal.AlreadyEnrolled;
            _succeed(e, state);
            state.succeeded = true;
        } else {
            if (_memberMeters[e.market].length == MAX_MEMBERS) return Refusal.MarketFull;
            _memberMeters[e.market].push(e.meter);
            state.place = _memberMeters[e.market].length.toUint24();
            metering.enrol(e.meter);
        }
        // Who comes back goes on counting, so that nothing he once signed can be used again.
        uint32 sequence = _pastConsents[e.market][e.meter][owner].sequence;
        _members[e.market][e.meter] = MemberState(owner, state.place, e.fromSlot, sequence, state.succeeded);
        emit Enrolled(e.market, e.meter, state.place - 1, e.fromSlot, e.signature);
        return Refusal.None;
    }

    /// @dev A new owner takes the place of an old one: what the old one stated ends, what it owes does not.
    function _succeed(Enrolment calldata e, MemberState memory old) private {
        PastConsent storage past = _pastConsents[e.market][e.meter][old.owner];
        if (past.fromSlot == 0) past.fromSlot = old.fromSlot;
        past.sequence = old.sequence;
        LimitState memory none = LimitState(e.fromSlot, 0, false, BUY_AT_TARIFF, SELL_AT_TARIFF);
        _putLimits(e.market, e.meter, none);
    }

    function _setLimits(Limits calldata l) private returns (Refusal) {
        if (paused) return Refusal.Paused;
        MemberState memory member = _members[l.market][l.meter];
        if (member.place == 0) return Refusal.NotAMember;
        if (l.sequence <= member.sequence) return Refusal.OldSequence;
        if (l.fromSlot <= _currentSlot()) return Refusal.TooLate;
        uint256 figures = l.buyNano.length;
        if ((figures != 1 && figures != 24) || l.sellNano.length != figures) return Refusal.BadFormat;
        bytes32 structHash = keccak256(
            abi.encode(
                LIMITS_TYPE,
                l.market,
                l.meter,
                l.fromSlot,
                l.sequence,
                keccak256(abi.encodePacked(l.buyNano)),
                keccak256(abi.encodePacked(l.sellNano))
            )
        );
        (IRegistry.Terms memory terms, Refusal refusal) =
            _checkOwner(l.meter, l.fromSlot, structHash, l.signature);
        if (refusal != Refusal.None) return refusal;
        // Once a new owner has enrolled, the old one cannot state what would reach into his slots.
        if (terms.owner != member.owner) return Refusal.NotAMember;
        _members[l.market][l.meter].sequence = l.sequence;
        _storeLimits(l, figures == 24);
        emit LimitsSet(l.market, l.meter, l.fromSlot, l.sequence, l.buyNano, l.sellNano, l.signature);
        return Refusal.None;
    }

    /// @dev What was stated for later slots and has not begun gives way to the newer message.
    function _storeLimits(Limits calldata l, bool hourly) private {
        LimitState memory stated = LimitState(l.fromSlot, 0, hourly, l.buyNano[0], l.sellNano[0]);
        uint32 version = _putLimits(l.market, l.meter, stated);
        if (!hourly) return;
        uint64[24] storage table = _hourlyLimits[l.market][l.meter][version];
        for (uint256 hour; hour < 24; ++hour) {
            table[hour] = uint64(uint32(l.buyNano[hour])) | (uint64(uint32(l.sellNano[hour])) << 32);
        }
    }

    /// @dev Puts limits behind the version that is in force before their first slot; returns their version.
    function _putLimits(bytes32 market, uint32 meter, LimitState memory next) private returns (uint32 version) {
        LimitState memory latest = _limits[market][meter];
        if (latest.version != 0 && latest.fromSlot >= next.fromSlot) {
            (latest,) = _pastLimitsAt(_pastLimits[market][meter], latest, next.fromSlot - 1);
        }
        version = latest.version + 1;
        next.version = version;
        _pastLimits[market][meter][latest.version] = latest;
        _limits[market][meter] = next;
    }

    /// @dev Signed, or called, by the account that owns the meter in the slot from which the message counts.
    function _checkOwner(uint32 meter, uint32 slot, bytes32 structHash, bytes calldata signature)
        private
        view
        returns (IRegistry.Terms memory terms, Refusal)
    {
        try registry.termsAt(meter, slot) returns (IRegistry.Terms memory t, uint32) {
            terms = t;
        } catch {
            return (terms, Refusal.TooLate);
        }
        if (!terms.billingGrade) return (terms, Refusal.NotBillingGrade);
        if (signature.length == 0 && msg.sender == terms.owner) return (terms, Refusal.None);
        bool signed = Signatures.isSignedBy(_hashTypedDataV4(structHash), signature, terms.owner);
        return (terms, signed ? Refusal.None : Refusal.BadSignature);
    }
}
