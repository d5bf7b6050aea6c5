// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Points: metering points, who stands for them, and who may read them
/// @notice Promises:
/// - a metering point is registered once, by the salted commitment of its public number; it is not a meter: in the
///   course of time none, one or several measure it;
/// - what holds for a point (customer, supplier, network operator, meter agent, meter, status) is one timeline by slot:
///   what was in force in a slot can be asked for ever, nothing that has begun can be rewritten, and there is no gap
///   and no overlap; so in every slot from its first on a point has exactly one supplier of record;
/// - a change of tenancy needs the signature of who moves in and the supplier of record, and what was before it is
///   hidden from the successor;
/// - a meter that hangs at a gas point is in no market, and never will be;
/// - a third party may read a customer's data only for a purpose that the customer has signed, of slots that he names,
///   until a time that he sets, and only as long as he does not withdraw it.
///
/// Assumes: the registrar checks numbers and customers. Data are kept off chain; who keeps them asks `mayRead` before
/// he answers, for the chain itself cannot hide what is written there.
/// Who may call: registrar (points, related points, network operators), Switching (suppliers), the network operator of
/// record (status), the supplier of record (meter agent, tenancies), the meter agent of record (meters), the customer,
/// or anybody with what the customer has signed (consent).
interface IPoints {
    enum Fuel {
        Electricity,
        Gas
    }

    /// @notice New points have no supply yet; disconnected ones never have any again.
    enum Status {
        New,
        Energised,
        DeEnergised,
        Disconnected
    }

    /// @notice What kind of customer stands behind a point; rules of switching differ by it.
    enum CustomerClass {
        Domestic,
        MicroBusiness,
        Business
    }

    /// @notice What never changes.
    /// @param commitment keccak256(abi.encode(number, salt))
    /// @param exports whether the point is one of feed-in; import and export have points of their own
    struct Point {
        bytes32 commitment;
        uint32 area;
        Fuel fuel;
        bool exports;
    }

    /// @notice What holds for a point from a slot on.
    /// @param customer account of the customer; zero: the place stands empty
    /// @param fromSlot first slot of it
    /// @param supplier supplier of record
    /// @param networkOperator who runs the network that the point is connected to
    /// @param meter the meter that measures it; zero: none
    /// @param meterAgent who installs and reads the meter; zero: nobody yet
    struct Standing {
        address customer;
        uint32 fromSlot;
        uint16 supplier;
        Status status;
        CustomerClass customerClass;
        address networkOperator;
        uint32 meter;
        address meterAgent;
    }

    /// @notice Who moves in, signed by himself.
    struct Tenancy {
        uint32 point;
        uint32 fromSlot;
        address customer;
        CustomerClass customerClass;
        bytes signature;
    }

    /// @notice That a reader may read, signed by the customer.
    /// @param purpose what for, as text of at most 31 bytes
    /// @param fromSlot first slot of the data, and `untilSlot` the first behind it
    /// @param endsAt when the consent ends, whatever the slots
    /// @param sequence larger than any before of the same point, customer, reader and purpose
    struct Consent {
        uint32 point;
        address customer;
        address reader;
        bytes32 purpose;
        uint32 fromSlot;
        uint32 untilSlot;
        uint64 endsAt;
        uint32 sequence;
        bytes signature;
    }

    /// @notice That it is withdrawn, signed by the customer; at once and of all slots.
    struct Withdrawal {
        uint32 point;
        address customer;
        address reader;
        bytes32 purpose;
        uint32 sequence;
        bytes signature;
    }

    /// @notice A consent as it stands; `endsAt` zero: there is none, or it was withdrawn.
    struct ConsentState {
        uint32 fromSlot;
        uint32 untilSlot;
        uint64 endsAt;
        uint32 sequence;
    }

    event PointRegistered(
        uint32 indexed point, uint32 indexed area, bytes32 commitment, Fuel fuel, bool exports
    );
    event PointsRelated(uint32 indexed point, uint32 indexed other);
    event StandingSet(uint32 indexed point, address indexed customer, Standing standing);
    /// @notice From a slot on the supplier is another, also in what was said before for later slots.
    event SupplierSet(uint32 indexed point, uint32 fromSlot, uint16 supplier);
    event ConsentGiven(
        uint32 indexed point,
        address indexed customer,
        address indexed reader,
        bytes32 purpose,
        uint32 fromSlot,
        uint32 untilSlot,
        uint64 endsAt,
        uint32 sequence
    );
    event ConsentWithdrawn(
        uint32 indexed point, address indexed customer, address indexed reader, bytes32 purpose, uint32 sequence
    );

    error UnknownPoint(uint32 point);
    /// @notice A point with this number and salt is registered already.
    error PointExists(uint32 point);
    error NoNetworkOperator();
    /// @notice The change would touch a slot that has already begun.
    error StandingHasBegun(uint32 slot, uint32 currentSlot);
    /// @notice A later change is already registered; changes are made in the order of their slots.
    error LaterStandingPending(uint32 pendingSlot);
    /// @notice So many changes are waiting that no other is taken before one of them has begun.
    error TooManyPending(uint32 point);
    error BeforeFirstStanding(uint32 point, uint32 slot);
    error NotOfRecord(uint32 point, address caller);
    /// @notice The meter was registered for another metering point, or lies in another area.
    error MeterOfAnotherPoint(uint32 meter, uint32 point);
    error PointIsDisconnected(uint32 point);
    error CannotBeRelated(uint32 point, uint32 other);
    error NotSignedByCustomer(address customer);
    error NoCustomer();
    error ConsentIsEmpty(uint32 fromSlot, uint32 untilSlot);
    error ConsentHasEnded(uint64 endsAt);
    /// @notice The same consent, or a later one, is known already.
    error ConsentSuperseded(uint32 sequence, uint32 known);

    function pointCount() external view returns (uint32);

    /// @notice The point with a commitment; zero: none.
    function pointOf(bytes32 commitment) external view returns (uint32);

    function point(uint32 id) external view returns (Point memory);

    /// @notice Points that go together: import and export of a place, electricity and gas.
    function relatedTo(uint32 id) external view returns (uint32[] memory);

    /// @notice What holds in `slot`.
    /// @return standing what holds
    /// @return untilSlot first slot in which something else holds; the largest uint32 when nothing else is registered
    function standingAt(uint32 id, uint32 slot) external view returns (Standing memory standing, uint32 untilSlot);

    /// @notice All that was said of a point, in the order of its slots.
    function standingsOf(uint32 id) external view returns (Standing[] memory);

    function consentOf(uint32 id, address customer, address reader, bytes32 purpose)
        external
        view
        returns (ConsentState memory);

    /// @notice Whether `reader` may read the data of a slot now: the customer of that slot, its supplier, network
    /// operator and meter agent of record, and whom that customer has given consent.
    function mayRead(uint32 id, address reader, bytes32 purpose, uint32 slot) external view returns (bool);

    /// @notice What a tenancy's signature is for.
    function tenancyDigest(Tenancy calldata tenancy) external view returns (bytes32);

    /// @notice What a consent's signature is for.
    function consentDigest(Consent calldata consent) external view returns (bytes32);

    /// @notice What a withdrawal's signature is for.
    function withdrawalDigest(Withdrawal calldata withdrawal) external view returns (bytes32);

    /// @notice Registers a point with what holds first, in the running slot or from a later one on. Registrar only.
    function register(Point calldata point_, Standing calldata first) external returns (uint32 id);

    /// @notice Says that two points go together. Registrar only.
    function relate(uint32 id, uint32 other) external;

    /// @notice Another network operator, from a slot that has not begun. Registrar only.
    function setNetworkOperator(uint32 id, uint32 fromSlot, address account) external;

    /// @notice Another supplier of record, from a slot that has not begun, and in all later ones; the rest of what was
    /// said for later slots stays. Switching only.
    function setSupplier(uint32 id, uint32 fromSlot, uint16 supplier) external;

    /// @notice Another status. The network operator of record only.
    function setStatus(uint32 id, uint32 fromSlot, Status status) external;

    /// @notice Another meter agent; zero: nobody. The supplier of record only.
    function setMeterAgent(uint32 id, uint32 fromSlot, address account) external;

    /// @notice Another meter; zero: none. The meter agent of record only, and only a meter that is registered with the
    /// commitment of this point.
    function setMeter(uint32 id, uint32 fromSlot, uint32 meter) external;

    /// @notice Somebody moves in, who has signed it. The supplier of record only.
    function moveIn(Tenancy calldata tenancy) external;

    /// @notice The customer moves out, and nobody in yet. The customer only: a supplier could hold up a switch by it.
    function moveOut(uint32 id, uint32 fromSlot) external;

    /// @notice Takes down a consent; called by the customer no signature is needed.
    function giveConsent(Consent calldata consent) external;

    /// @notice Ends a consent at once; called by the customer no signature is needed.
    function withdrawConsent(Withdrawal calldata withdrawal) external;
}
