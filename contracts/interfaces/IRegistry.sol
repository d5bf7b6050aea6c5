// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Registry: who takes part, with which meter, since when
/// @notice Promises:
/// - areas form a tree: a parent is registered before its children, and never changes;
/// - a meter belongs to one area for ever; its terms (owner, supplier, tariff, fuse, billing grade) and its
///   signing key are timelines by slot: what was in force in a slot can be asked for ever, and nothing that has
///   begun can be rewritten;
/// - identifiers are opaque and dense; the public number of a metering point is kept as a salted commitment only.
///
/// Assumes: the registrar checks identities, and the meter operator installs the keys that it registers.
/// Who may call: registrar (areas and their boundary meters, suppliers, meters, terms), meter operator (keys); a
/// meter's owner may revoke the key of his own meter but never set one. Everything else is a view.
interface IRegistry {
    /// @notice A node of the area tree.
    /// @param parent the area above, 0 for a root
    /// @param operator the account that receives network charges
    struct Area {
        uint32 parent;
        address operator;
        bool exists;
    }

    /// @notice What holds for a meter from a slot on; exactly one storage word.
    /// @param owner account that pays and is paid, and signs limits and enrolments
    /// @param fromSlot first slot of these terms
    /// @param supplier supplier of record
    /// @param tariff which of the supplier's tariffs applies
    /// @param fuseWh most energy the connection can carry in one slot and direction, in Wh
    /// @param billingGrade whether the meter may move money under the rules of its place
    struct Terms {
        address owner;
        uint32 fromSlot;
        uint16 supplier;
        uint16 tariff;
        uint24 fuseWh;
        bool billingGrade;
    }

    /// @notice The meter that measures what crosses the border of an area, and how far the sum of its members may be
    /// off.
    /// @param meter import is into the area; zero: there is none
    /// @param toleranceWh by UTC day
    /// @param tolerancePpm on top, in millionths of what crossed the border in both directions
    struct Boundary {
        uint32 meter;
        uint32 toleranceWh;
        uint32 tolerancePpm;
    }

    event ForwardBound(address forward);
    event AreaAdded(uint32 indexed area, uint32 indexed parent, address operator);
    event SupplierAdded(uint16 indexed supplier, address indexed account, string name);
    event MeterRegistered(uint32 indexed meter, uint32 indexed area, bytes32 pointCommitment);
    event TermsSet(
        uint32 indexed meter,
        address indexed owner,
        uint32 fromSlot,
        uint16 supplier,
        uint16 tariff,
        uint24 fuseWh,
        bool billingGrade
    );
    /// @param signer an address (20 bytes), an ERC-7913 signer (verifier and key), or empty: revoked
    event SignerSet(uint32 indexed meter, uint32 fromSlot, bytes signer);

    event BoundarySet(uint32 indexed area, uint32 indexed meter, uint32 toleranceWh, uint32 tolerancePpm);

    error SlotSecondsNotSupported(uint32 slotSeconds);
    error UnknownArea(uint32 area);
    error UnknownMeter(uint32 meter);
    error UnknownSupplier(uint16 supplier);
    error ZeroAccount();
    error AlreadyBound(address forward);
    /// @notice The change would touch a slot that has already begun.
    error SlotHasBegun(uint32 slot, uint32 currentSlot);
    /// @notice A later change is already registered; changes are made in the order of their slots.
    error LaterChangePending(uint32 pendingSlot);
    error NotOwner(uint32 meter, address caller);
    error BadSigner();
    /// @notice The slot lies before the first terms or key of the meter.
    error BeforeRegistration(uint32 meter, uint32 slot);

    /// @notice Length of a slot in seconds: 900, 1800 or 3600; one grid for the whole deployment.
    function slotSeconds() external view returns (uint32);

    /// @notice The slot in which the current block lies.
    function currentSlot() external view returns (uint32);

    function areaCount() external view returns (uint32);

    function meterCount() external view returns (uint32);

    function supplierCount() external view returns (uint16);

    function areaOf(uint32 meter) external view returns (uint32);

    function area(uint32 id) external view returns (Area memory);

    /// @notice The account of a supplier; reverts for an unknown one.
    function supplierAccount(uint16 supplier) external view returns (address);

    /// @notice The salted commitment of the public metering point number.
    function pointCommitment(uint32 meter) external view returns (bytes32);

    /// @notice The terms in force in `slot`.
    /// @return terms the terms
    /// @return untilSlot first slot in which other terms hold; the largest uint32 when no change is registered
    function termsAt(uint32 meter, uint32 slot) external view returns (Terms memory terms, uint32 untilSlot);

    /// @notice The key in force in `slot`: an address as 20 bytes, an ERC-7913 signer, or empty when revoked.
    function signerAt(uint32 meter, uint32 slot) external view returns (bytes memory signer, uint32 untilSlot);

    /// @notice `signerAt` for the common case: the address, or zero when the signer is longer or revoked.
    function signerAddressAt(uint32 meter, uint32 slot) external view returns (address signer, uint32 untilSlot);

    /// @notice What a reading is checked against, in one call: fuse and key in force in `slot` (zero where the key is
    /// longer than an address or revoked), and the first slot in which terms or key change.
    function readingTerms(uint32 meter, uint32 slot)
        external
        view
        returns (uint24 fuseWh, address signer, uint32 untilSlot);

    /// @notice The boundary meter of an area; its meter is zero where there is none.
    function boundaryOf(uint32 area) external view returns (Boundary memory);

    /// @notice Names the meter that measures what crosses the border of an area; zero: none. Registrar only.
    function setBoundary(uint32 area, uint32 meter, uint32 toleranceWh, uint32 tolerancePpm) external;

    /// @notice Names the contract whose open orders hold back a change of owner; once, at deployment.
    function bindForward(address forward_) external;

    function addArea(uint32 parent, address operator) external returns (uint32 id);

    function addSupplier(address account, string calldata name) external returns (uint16 id);

    /// @notice Registers a meter with its first terms and key; both may begin in the running slot or later.
    function registerMeter(uint32 areaId, bytes32 commitment, Terms calldata terms, bytes calldata signer)
        external
        returns (uint32 meter);

    /// @notice New terms from a slot that has not begun. A pending change of the same slot is replaced. Another owner
    /// begins only after the last open order of the present one; another supplier does not wait for it.
    function setTerms(uint32 meter, Terms calldata terms) external;

    /// @notice New key from a slot that has not been delivered (the running one at the earliest).
    function setSigner(uint32 meter, uint32 fromSlot, bytes calldata signer) external;

    /// @notice Revokes the key of one's own meter from the running slot on.
    function revokeSigner(uint32 meter) external;
}
