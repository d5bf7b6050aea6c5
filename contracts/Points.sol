// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IMetering} from "./interfaces/IMetering.sol";
import {IPoints} from "./interfaces/IPoints.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title Points
/// @notice What it promises, what it assumes and who may call: IPoints.
contract Points is IPoints, AccessManaged, EIP712 {
    bytes32 private constant TENANCY_TYPE =
        keccak256("Tenancy(uint32 point,uint32 fromSlot,address customer,uint8 customerClass)");
    bytes32 private constant CONSENT_TYPE = keccak256(
        "Consent(uint32 point,address customer,address reader,bytes32 purpose,uint32 fromSlot,uint32 untilSlot,"
        "uint64 endsAt,uint32 sequence)"
    );
    bytes32 private constant WITHDRAWAL_TYPE = keccak256(
        "Withdrawal(uint32 point,address customer,address reader,bytes32 purpose,uint32 sequence)"
    );

    /// @dev So that a change of supplier never has many to correct.
    uint256 private constant MAX_PENDING = 8;

    /* IMMUTABLES */

    IRegistry public immutable registry;
    IMetering public immutable metering;

    /* STORAGE */

    uint32 public pointCount;
    mapping(bytes32 commitment => uint32) public pointOf;
    mapping(uint32 point => Point) private _points;
    mapping(uint32 point => uint32[]) private _related;
    mapping(uint32 point => Standing[]) private _standings;
    mapping(uint32 point => mapping(address customer => mapping(bytes32 key => ConsentState))) private _consents;

    /* CONSTRUCTOR */

    constructor(address accessManager, IRegistry registry_, IMetering metering_)
        AccessManaged(accessManager)
        EIP712("p2pchain Points", "1")
    {
        (registry, metering) = (registry_, metering_);
    }

    /* VIEWS */

    /// @inheritdoc IPoints
    function point(uint32 id) external view returns (Point memory) {
        return _points[_known(id)];
    }

    /// @inheritdoc IPoints
    function relatedTo(uint32 id) external view returns (uint32[] memory) {
        return _related[_known(id)];
    }

    /// @inheritdoc IPoints
    function standingAt(uint32 id, uint32 slot) public view returns (Standing memory standing, uint32 untilSlot) {
        Standing[] storage all = _standings[_known(id)];
        // Halved: how many changes there are makes nothing dear.
        (uint256 low, uint256 high) = (0, all.length);
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (all[middle].fromSlot <= slot) low = middle + 1;
            else high = middle;
        }
        require(low != 0, BeforeFirstStanding(id, slot));
        return (all[low - 1], low == all.length ? type(uint32).max : all[low].fromSlot);
    }

    /// @inheritdoc IPoints
    function standingsOf(uint32 id) external view returns (Standing[] memory) {
        return _standings[_known(id)];
    }

    /// @inheritdoc IPoints
    function consentOf(uint32 id, address customer, address reader, bytes32 purpose)
        public
        view
        returns (ConsentState memory)
    {
        return _consents[_known(id)][customer][_key(reader, purpose)];
    }

    /// @inheritdoc IPoints
    function mayRead(uint32 id, address reader, bytes32 purpose, uint32 slot) external view returns (bool) {
        if (slot < _standings[_known(id)][0].fromSlot || reader == address(0)) return false;
        (Standing memory s,) = standingAt(id, slot);
        if (reader == s.customer || reader == s.networkOperator || reader == s.meterAgent) return true;
        if (reader == registry.supplierAccount(s.supplier)) return true;
        if (s.customer == address(0)) return false;
        ConsentState memory c = consentOf(id, s.customer, reader, purpose);
        return block.timestamp < c.endsAt && c.fromSlot <= slot && slot < c.untilSlot;
    }

    /// @inheritdoc IPoints
    function tenancyDigest(Tenancy calldata t) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(TENANCY_TYPE, t.point, t.fromSlot, t.customer, t.customerClass))
        );
    }

    /// @inheritdoc IPoints
    function consentDigest(Consent calldata c) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    CONSENT_TYPE,
                    c.point,
                    c.customer,
                    c.reader,
                    c.purpose,
                    c.fromSlot,
                    c.untilSlot,
                    c.endsAt,
                    c.sequence
                )
            )
        );
    }

    /// @inheritdoc IPoints
    function withdrawalDigest(Withdrawal calldata w) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(abi.encode(WITHDRAWAL_TYPE, w.point, w.customer, w.reader, w.purpose, w.sequence))
        );
    }

    /* REGISTRAR, SWITCHING */

    /// @inheritdoc IPoints
    function register(Point calldata point_, Standing calldata first) external restricted returns (uint32 id) {
        registry.area(point_.area);
        registry.supplierAccount(first.supplier);
        id = pointOf[point_.commitment];
        require(id == 0, PointExists(id));
        require(first.networkOperator != address(0), NoNetworkOperator());
        uint32 current = registry.currentSlot();
        require(first.fromSlot >= current, StandingHasBegun(first.fromSlot, current));
        id = ++pointCount;
        (pointOf[point_.commitment], _points[id]) = (id, point_);
        emit PointRegistered(id, point_.area, point_.commitment, point_.fuel, point_.exports);
        if (first.meter != 0) _fit(first.meter, id);
        _standings[id].push(first);
        emit StandingSet(id, first.customer, first);
    }

    /// @inheritdoc IPoints
    function relate(uint32 id, uint32 other) external restricted {
        uint32[] storage all = _related[_known(id)];
        require(_known(other) != id, CannotBeRelated(id, other));
        for (uint256 i; i < all.length; ++i) require(all[i] != other, CannotBeRelated(id, other));
        all.push(other);
        _related[other].push(id);
        emit PointsRelated(id, other);
    }

    /// @inheritdoc IPoints
    function setNetworkOperator(uint32 id, uint32 fromSlot, address account) external restricted {
        require(account != address(0), NoNetworkOperator());
        Standing memory s = _latest(id);
        s.networkOperator = account;
        _put(id, fromSlot, s);
    }

    /// @inheritdoc IPoints
    function setSupplier(uint32 id, uint32 fromSlot, uint16 supplier) external restricted {
        registry.supplierAccount(supplier);
        Standing[] storage all = _standings[_known(id)];
        uint32 current = registry.currentSlot();
        require(fromSlot > current, StandingHasBegun(fromSlot, current));
        // What was said for later slots stays, but for the supplier: nobody can hold a switch up by it.
        uint256 place = all.length;
        while (place != 0 && all[place - 1].fromSlot > fromSlot) all[--place].supplier = supplier;
        require(place != 0, BeforeFirstStanding(id, fromSlot));
        Standing memory before = all[place - 1];
        require(before.status != Status.Disconnected, PointIsDisconnected(id));
        if (before.fromSlot == fromSlot) {
            all[place - 1].supplier = supplier;
        } else {
            (before.fromSlot, before.supplier) = (fromSlot, supplier);
            all.push(before);
            for (uint256 i = all.length - 1; i > place; --i) all[i] = all[i - 1];
            all[place] = before;
        }
        emit SupplierSet(id, fromSlot, supplier);
    }

    /* PARTIES OF RECORD */

    /// @inheritdoc IPoints
    function setStatus(uint32 id, uint32 fromSlot, Status status) external {
        Standing memory s = _latest(id);
        require(msg.sender == s.networkOperator, NotOfRecord(id, msg.sender));
        s.status = status;
        _put(id, fromSlot, s);
    }

    /// @inheritdoc IPoints
    function setMeterAgent(uint32 id, uint32 fromSlot, address account) external {
        Standing memory s = _latest(id);
        _requireSupplier(id, s);
        s.meterAgent = account;
        _put(id, fromSlot, s);
    }

    /// @inheritdoc IPoints
    function setMeter(uint32 id, uint32 fromSlot, uint32 meter) external {
        Standing memory s = _latest(id);
        require(msg.sender == s.meterAgent, NotOfRecord(id, msg.sender));
        if (meter != 0) _fit(meter, id);
        s.meter = meter;
        _put(id, fromSlot, s);
    }

    /// @inheritdoc IPoints
    function moveIn(Tenancy calldata tenancy) external {
        Standing memory s = _latest(tenancy.point);
        _requireSupplier(tenancy.point, s);
        require(tenancy.customer != address(0), NoCustomer());
        require(
            Signatures.isSignedBy(tenancyDigest(tenancy), tenancy.signature, tenancy.customer),
            NotSignedByCustomer(tenancy.customer)
        );
        (s.customer, s.customerClass) = (tenancy.customer, tenancy.customerClass);
        _put(tenancy.point, tenancy.fromSlot, s);
    }

    /// @inheritdoc IPoints
    function moveOut(uint32 id, uint32 fromSlot) external {
        Standing memory s = _latest(id);
        require(s.customer != address(0), NoCustomer());
        require(msg.sender == s.customer, NotOfRecord(id, msg.sender));
        s.customer = address(0);
        _put(id, fromSlot, s);
    }

    /* CONSENT */

    /// @inheritdoc IPoints
    function giveConsent(Consent calldata c) external {
        ConsentState storage state = _consents[_known(c.point)][c.customer][_key(c.reader, c.purpose)];
        require(c.fromSlot < c.untilSlot, ConsentIsEmpty(c.fromSlot, c.untilSlot));
        require(block.timestamp < c.endsAt, ConsentHasEnded(c.endsAt));
        require(c.sequence > state.sequence, ConsentSuperseded(c.sequence, state.sequence));
        _requireSigned(c.customer, consentDigest(c), c.signature);
        (state.fromSlot, state.untilSlot, state.endsAt, state.sequence) =
            (c.fromSlot, c.untilSlot, c.endsAt, c.sequence);
        emit ConsentGiven(
            c.point, c.customer, c.reader, c.purpose, c.fromSlot, c.untilSlot, c.endsAt, c.sequence
        );
    }

    /// @inheritdoc IPoints
    function withdrawConsent(Withdrawal calldata w) external {
        ConsentState storage state = _consents[_known(w.point)][w.customer][_key(w.reader, w.purpose)];
        require(w.sequence > state.sequence, ConsentSuperseded(w.sequence, state.sequence));
        _requireSigned(w.customer, withdrawalDigest(w), w.signature);
        // The number stays, so that what was signed before cannot be handed in again.
        (state.fromSlot, state.untilSlot, state.endsAt, state.sequence) = (0, 0, 0, w.sequence);
        emit ConsentWithdrawn(w.point, w.customer, w.reader, w.purpose, w.sequence);
    }

    /* INTERNAL */

    function _known(uint32 id) private view returns (uint32) {
        require(id != 0 && id <= pointCount, UnknownPoint(id));
        return id;
    }

    function _key(address reader, bytes32 purpose) private pure returns (bytes32) {
        return keccak256(abi.encode(reader, purpose));
    }

    function _latest(uint32 id) private view returns (Standing memory) {
        Standing[] storage all = _standings[_known(id)];
        return all[all.length - 1];
    }

    /// @dev What was said for the same slot is replaced, so that two changes of one slot add up.
    function _put(uint32 id, uint32 fromSlot, Standing memory s) private {
        Standing[] storage all = _standings[id];
        Standing storage last = all[all.length - 1];
        (uint32 latest, uint32 current) = (last.fromSlot, registry.currentSlot());
        require(fromSlot > current, StandingHasBegun(fromSlot, current));
        require(fromSlot >= latest, LaterStandingPending(latest));
        uint256 count = all.length;
        require(
            fromSlot == latest || count < MAX_PENDING || all[count - MAX_PENDING].fromSlot <= current,
            TooManyPending(id)
        );
        require(last.status != Status.Disconnected || fromSlot == latest, PointIsDisconnected(id));
        s.fromSlot = fromSlot;
        if (fromSlot == latest) all[all.length - 1] = s;
        else all.push(s);
        emit StandingSet(id, s.customer, s);
    }

    function _requireSupplier(uint32 id, Standing memory s) private view {
        require(msg.sender == registry.supplierAccount(s.supplier), NotOfRecord(id, msg.sender));
    }

    /// @dev A meter of the point's; markets are for electricity.
    function _fit(uint32 meter, uint32 id) private {
        Point storage p = _points[id];
        require(
            registry.pointCommitment(meter) == p.commitment && registry.areaOf(meter) == p.area,
            MeterOfAnotherPoint(meter, id)
        );
        if (p.fuel == Fuel.Gas) metering.keepOut(meter);
    }

    function _requireSigned(address customer, bytes32 digest, bytes calldata signature) private view {
        require(
            msg.sender == customer || Signatures.isSignedBy(digest, signature, customer),
            NotSignedByCustomer(customer)
        );
    }
}
