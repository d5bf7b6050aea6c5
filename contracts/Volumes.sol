// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IMetering} from "./interfaces/IMetering.sol";
import {IPoints} from "./interfaces/IPoints.sol";
import {IRegistry} from "./interfaces/IRegistry.sol";
import {IVolumes} from "./interfaces/IVolumes.sol";
import {Signatures} from "./libraries/Signatures.sol";

/// @title Volumes
/// @notice What it promises, what it assumes and who may call: IVolumes.
contract Volumes is IVolumes, EIP712 {
    bytes32 private constant VOLUME_TYPE = keccak256(
        "Volume(uint32 point,uint32 meter,uint32 fromSlot,uint32 untilSlot,uint64 fromLitres,uint64 untilLitres,"
        "uint32 calorificKj,uint32 correctionPpm,uint64 fromWh,uint64 untilWh)"
    );
    /// @dev Litres to cubic metres, millionths, kJ to Wh: 1,000 * 1,000,000 * 3.6.
    uint256 private constant SCALE = 3_600_000_000;

    /* IMMUTABLES */

    IRegistry public immutable registry;
    IMetering public immutable metering;
    IPoints public immutable points;

    /* STORAGE */

    mapping(uint32 meter => VolumeHead) private _heads;

    /* CONSTRUCTOR */

    constructor(IRegistry registry_, IMetering metering_, IPoints points_) EIP712("p2pchain Volumes", "1") {
        (registry, metering, points) = (registry_, metering_, points_);
    }

    /* VIEWS */

    /// @inheritdoc IVolumes
    function headOf(uint32 meter) external view returns (VolumeHead memory) {
        return _heads[meter];
    }

    /// @inheritdoc IVolumes
    function energyOf(uint64 litres, uint32 calorificKj, uint32 correctionPpm) public pure returns (uint64) {
        return uint64(uint256(litres) * calorificKj * correctionPpm / SCALE);
    }

    /// @inheritdoc IVolumes
    function volumeDigest(Volume calldata volume) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOLUME_TYPE, volume)));
    }

    /* ANYBODY */

    /// @inheritdoc IVolumes
    function post(Volume calldata v, bytes calldata signature) external {
        require(v.fromSlot < v.untilSlot && v.fromLitres <= v.untilLitres, EmptyVolume(v.fromSlot, v.untilSlot));
        _requireGasMeter(v);
        VolumeHead storage head = _heads[v.meter];
        (uint32 slot, uint64 litres, uint64 wh) = (head.untilSlot, head.litres, head.wh);
        if (slot == 0) {
            // The counter may begin anywhere; the register where readings do.
            IMetering.Origin memory origin = metering.originOf(v.meter);
            (slot, litres, wh) = (origin.slot, v.fromLitres, origin.importWh);
        }
        require(
            v.fromSlot == slot && v.fromLitres == litres && v.fromWh == wh, NotContinuous(v.meter, slot, litres, wh)
        );
        uint64 expected = v.fromWh + energyOf(v.untilLitres - v.fromLitres, v.calorificKj, v.correctionPpm);
        require(v.untilWh == expected, WrongEnergy(v.untilWh, expected));
        IMetering.Head memory register = metering.headOf(v.meter);
        require(
            register.nextSlot == v.untilSlot && register.importWh == v.untilWh,
            NotTheRegister(v.meter, register.nextSlot, register.importWh)
        );
        (bytes memory signer, uint32 until) = registry.signerAt(v.meter, v.fromSlot);
        require(
            until >= v.untilSlot && Signatures.isSignedBy(volumeDigest(v), signature, signer),
            NotSignedByMeter(v.meter)
        );
        (head.untilSlot, head.litres, head.wh) = (v.untilSlot, v.untilLitres, v.untilWh);
        emit VolumePosted(v.point, v.meter, v);
    }

    /* INTERNAL */

    function _requireGasMeter(Volume calldata v) private view {
        require(points.point(v.point).fuel == IPoints.Fuel.Gas, NoGasMeter(v.point, v.meter));
        (IPoints.Standing memory standing, uint32 until) = points.standingAt(v.point, v.fromSlot);
        while (until < v.untilSlot && standing.meter == v.meter) {
            (standing, until) = points.standingAt(v.point, until);
        }
        require(standing.meter == v.meter, NoGasMeter(v.point, v.meter));
    }
}
