// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IForwardAuction} from "./interfaces/IForwardAuction.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";

/// @title Registry
/// @notice What it promises, what it assumes and who may call: IRegistry.
contract Registry is IRegistry, AccessManaged {
    /// @dev A key and the slot from which it is in force; `extended` keys are longer than an address.
    struct Key {
        address signer;
        uint32 fromSlot;
        bool extended;
    }

    /* IMMUTABLES */

    uint32 public immutable slotSeconds;

    /* STORAGE */

    address public forward;
    uint32 public areaCount;
    uint32 public meterCount;
    uint16 public supplierCount;
    mapping(uint32 area => Area) private _areas;
    mapping(uint16 supplier => address) private _suppliers;
    mapping(uint32 meter => uint32) private _areaOf;
    mapping(uint32 meter => bytes32) public pointCommitment;
    mapping(uint32 area => Boundary) private _boundaries;

    // The latest entry of each timeline has a place of its own, so that the usual question costs one read.
    mapping(uint32 meter => Terms) private _terms;
    mapping(uint32 meter => Terms[]) private _pastTerms;
    mapping(uint32 meter => Key) private _keys;
    mapping(uint32 meter => Key[]) private _pastKeys;
    mapping(uint32 meter => mapping(uint32 fromSlot => bytes)) private _extendedKeys;

    /* CONSTRUCTOR */

    constructor(address accessManager, uint32 slotSeconds_) AccessManaged(accessManager) {
        require(
            slotSeconds_ == 900 || slotSeconds_ == 1800 || slotSeconds_ == 3600, SlotSecondsNotSupported(slotSeconds_)
        );
        slotSeconds = slotSeconds_;
    }

    /* VIEWS */

    /// @inheritdoc IRegistry
    function currentSlot() public view returns (uint32) {
        return uint32(block.timestamp / slotSeconds);
    }

    /// @inheritdoc IRegistry
    function areaOf(uint32 meter) external view returns (uint32) {
        return _areaOf[_known(meter)];
    }

    /// @inheritdoc IRegistry
    function area(uint32 id) external view returns (Area memory) {
        require(_areas[id].exists, UnknownArea(id));
        return _areas[id];
    }

    /// @inheritdoc IRegistry
    function supplierAccount(uint16 supplier) external view returns (address account) {
        account = _suppliers[supplier];
        require(account != address(0), UnknownSupplier(supplier));
    }

    /// @inheritdoc IRegistry
    function termsAt(uint32 meter, uint32 slot) public view returns (Terms memory terms, uint32 untilSlot) {
        terms = _terms[meter];
        require(terms.owner != address(0), UnknownMeter(meter));
        untilSlot = type(uint32).max;
        if (slot >= terms.fromSlot) return (terms, untilSlot);
        Terms[] storage past = _pastTerms[meter];
        for (uint256 i = past.length; i > 0; --i) {
            untilSlot = terms.fromSlot;
            terms = past[i - 1];
            if (slot >= terms.fromSlot) return (terms, untilSlot);
        }
        revert BeforeRegistration(meter, slot);
    }

    /// @inheritdoc IRegistry
    function signerAt(uint32 meter, uint32 slot) external view returns (bytes memory signer, uint32 untilSlot) {
        Key memory key;
        (key, untilSlot) = _keyAt(meter, slot);
        signer = key.extended ? _extendedKeys[meter][key.fromSlot] : _addressKey(key.signer);
    }

    /// @inheritdoc IRegistry
    function signerAddressAt(uint32 meter, uint32 slot) external view returns (address signer, uint32 untilSlot) {
        Key memory key;
        (key, untilSlot) = _keyAt(meter, slot);
        signer = key.signer;
    }

    /// @inheritdoc IRegistry
    function readingTerms(uint32 meter, uint32 slot)
        external
        view
        returns (uint24 fuseWh, address signer, uint32 untilSlot)
    {
        (Terms memory terms, uint32 until) = termsAt(meter, slot);
        Key memory key;
        (key, untilSlot) = _keyAt(meter, slot);
        return (terms.fuseWh, key.signer, until < untilSlot ? until : untilSlot);
    }

    /// @inheritdoc IRegistry
    function boundaryOf(uint32 areaId) external view returns (Boundary memory) {
        return _boundaries[areaId];
    }

    /// @inheritdoc IRegistry
    function bindForward(address forward_) external restricted {
        require(forward == address(0), AlreadyBound(forward));
        require(forward_ != address(0), ZeroAccount());
        forward = forward_;
        emit ForwardBound(forward_);
    }

    /* REGISTRAR */

    /// @inheritdoc IRegistry
    function addArea(uint32 parent, address operator) external restricted returns (uint32 id) {
        require(parent == 0 || _areas[parent].exists, UnknownArea(parent));
        require(operator != address(0), ZeroAccount());
        id = ++areaCount;
        _areas[id] = Area(parent, operator, true);
        emit AreaAdded(id, parent, operator);
    }

    /// @inheritdoc IRegistry
    function addSupplier(address account, string calldata name) external restricted returns (uint16 id) {
        require(account != address(0), ZeroAccount());
        id = ++supplierCount;
        _suppliers[id] = account;
        emit SupplierAdded(id, account, name);
    }

    /// @inheritdoc IRegistry
    function registerMeter(uint32 areaId, bytes32 commitment, Terms calldata terms, bytes calldata signer)
        external
        restricted
        returns (uint32 meter)
    {
        require(_areas[areaId].exists, UnknownArea(areaId));
        _checkTerms(terms);
        require(terms.fromSlot >= currentSlot(), SlotHasBegun(terms.fromSlot, currentSlot()));
        meter = ++meterCount;
        _areaOf[meter] = areaId;
        pointCommitment[meter] = commitment;
        _terms[meter] = terms;
        emit MeterRegistered(meter, areaId, commitment);
        _emitTerms(meter, terms);
        _storeKey(meter, terms.fromSlot, signer);
    }

    /// @inheritdoc IRegistry
    function setTerms(uint32 meter, Terms calldata terms) external restricted {
        _checkTerms(terms);
        Terms memory latest = _terms[_known(meter)];
        require(terms.fromSlot > currentSlot(), SlotHasBegun(terms.fromSlot, currentSlot()));
        require(terms.fromSlot >= latest.fromSlot, LaterChangePending(latest.fromSlot));
        bool owner = terms.owner != latest.owner;
        if (terms.fromSlot > latest.fromSlot) _pastTerms[meter].push(latest);
        _terms[meter] = terms;
        _emitTerms(meter, terms);
        bool others = terms.billingGrade != latest.billingGrade || terms.supplier != latest.supplier;
        if (forward != address(0) && (owner || others)) {
            IForwardAuction(forward).termsChange(meter, terms.fromSlot, owner);
        }
    }

    /// @inheritdoc IRegistry
    function setBoundary(uint32 areaId, uint32 meter, uint32 toleranceWh, uint32 tolerancePpm) external restricted {
        require(_areas[areaId].exists, UnknownArea(areaId));
        _boundaries[areaId] = Boundary(meter == 0 ? meter : _known(meter), toleranceWh, tolerancePpm);
        emit BoundarySet(areaId, meter, toleranceWh, tolerancePpm);
    }

    /* METER OPERATOR AND OWNER */

    /// @inheritdoc IRegistry
    function setSigner(uint32 meter, uint32 fromSlot, bytes calldata signer) external restricted {
        _changeKey(_known(meter), fromSlot, signer);
    }

    /// @inheritdoc IRegistry
    function revokeSigner(uint32 meter) external {
        uint32 slot = currentSlot();
        Terms memory terms = _terms[_known(meter)];
        Terms[] storage past = _pastTerms[meter];
        for (uint256 i = past.length; terms.fromSlot > slot && i > 0; --i) terms = past[i - 1];
        require(terms.owner == msg.sender, NotOwner(meter, msg.sender));
        // Keys that wait for a later slot go too: the owner distrusts what has been installed.
        while (_keys[meter].fromSlot > slot && _pastKeys[meter].length != 0) {
            _keys[meter] = _pastKeys[meter][_pastKeys[meter].length - 1];
            _pastKeys[meter].pop();
        }
        uint32 latest = _keys[meter].fromSlot;
        _changeKey(meter, latest > slot ? latest : slot, msg.data[:0]);
    }

    /* INTERNAL */

    function _known(uint32 meter) private view returns (uint32) {
        require(meter != 0 && meter <= meterCount, UnknownMeter(meter));
        return meter;
    }

    function _checkTerms(Terms calldata terms) private view {
        require(terms.owner != address(0), ZeroAccount());
        require(_suppliers[terms.supplier] != address(0), UnknownSupplier(terms.supplier));
    }

    function _emitTerms(uint32 meter, Terms calldata terms) private {
        emit TermsSet(
            meter, terms.owner, terms.fromSlot, terms.supplier, terms.tariff, terms.fuseWh, terms.billingGrade
        );
    }

    function _keyAt(uint32 meter, uint32 slot) private view returns (Key memory key, uint32 untilSlot) {
        _known(meter);
        key = _keys[meter];
        untilSlot = type(uint32).max;
        if (slot >= key.fromSlot) return (key, untilSlot);
        Key[] storage past = _pastKeys[meter];
        for (uint256 i = past.length; i > 0; --i) {
            untilSlot = key.fromSlot;
            key = past[i - 1];
            if (slot >= key.fromSlot) return (key, untilSlot);
        }
        revert BeforeRegistration(meter, slot);
    }

    function _changeKey(uint32 meter, uint32 fromSlot, bytes calldata signer) private {
        require(fromSlot >= currentSlot(), SlotHasBegun(fromSlot, currentSlot()));
        Key memory latest = _keys[meter];
        require(fromSlot >= latest.fromSlot, LaterChangePending(latest.fromSlot));
        if (fromSlot > latest.fromSlot) _pastKeys[meter].push(latest);
        _storeKey(meter, fromSlot, signer);
    }

    function _storeKey(uint32 meter, uint32 fromSlot, bytes calldata signer) private {
        require(signer.length == 0 || (signer.length >= 20 && address(bytes20(signer)) != address(0)), BadSigner());
        bool extended = signer.length > 20;
        _keys[meter] = Key(signer.length == 20 ? address(bytes20(signer)) : address(0), fromSlot, extended);
        if (extended) _extendedKeys[meter][fromSlot] = signer;
        emit SignerSet(meter, fromSlot, signer);
    }

    function _addressKey(address signer) private pure returns (bytes memory) {
        return signer == address(0) ? bytes("") : abi.encodePacked(signer);
    }
}
