"""The contract AccessManager, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic


@dataclass(frozen=True, slots=True)
class OperationCanceled(Event):
    """`OperationCanceled(bytes32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "bd9ac67a6e2f6463b80927326310338bcbb4bdb7936ce1365ea3e01067e7b9f7"
    )
    operation_id: bytes
    nonce: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]))


@dataclass(frozen=True, slots=True)
class OperationExecuted(Event):
    """`OperationExecuted(bytes32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "76a2a46953689d4861a5d3f6ed883ad7e6af674a21f8e162707159fc9dde614d"
    )
    operation_id: bytes
    nonce: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("bytes32", topics[1]), topic("uint32", topics[2]))


@dataclass(frozen=True, slots=True)
class OperationScheduled(Event):
    """`OperationScheduled(bytes32, uint32, uint48, address, address, bytes)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "82a2da5dee54ea8021c6545b4444620291e07ee83be6dd57edb175062715f3b4"
    )
    operation_id: bytes
    nonce: int
    schedule: int
    caller: str
    target: str
    data_: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint48", "address", "address", "bytes"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            checksum(raw[1]),
            checksum(raw[2]),
            raw[3],
        )


@dataclass(frozen=True, slots=True)
class RoleAdminChanged(Event):
    """`RoleAdminChanged(uint64, uint64)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "1fd6dd7631312dfac2205b52913f99de03b4d7e381d5d27d3dbfe0713e6e6340"
    )
    role_id: int
    admin: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("uint64", topics[1]), topic("uint64", topics[2]))


@dataclass(frozen=True, slots=True)
class RoleGrantDelayChanged(Event):
    """`RoleGrantDelayChanged(uint64, uint32, uint48)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "feb69018ee8b8fd50ea86348f1267d07673379f72cffdeccec63853ee8ce8b48"
    )
    role_id: int
    delay: int
    since: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint48"), data)
        return cls(topic("uint64", topics[1]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class RoleGranted(Event):
    """`RoleGranted(uint64, address, uint32, uint48, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "f98448b987f1428e0e230e1f3c6e2ce15b5693eaf31827fbd0b1ec4b424ae7cf"
    )
    role_id: int
    account: str
    delay: int
    since: int
    new_member: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint48", "bool"), data)
        return cls(
            topic("uint64", topics[1]),
            checksum(topic("address", topics[2])),
            raw[0],
            raw[1],
            raw[2],
        )


@dataclass(frozen=True, slots=True)
class RoleGuardianChanged(Event):
    """`RoleGuardianChanged(uint64, uint64)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "7a8059630b897b5de4c08ade69f8b90c3ead1f8596d62d10b6c4d14a0afb4ae2"
    )
    role_id: int
    guardian: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("uint64", topics[1]), topic("uint64", topics[2]))


@dataclass(frozen=True, slots=True)
class RoleLabel(Event):
    """`RoleLabel(uint64, string)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "1256f5b5ecb89caec12db449738f2fbcd1ba5806cf38f35413f4e5c15bf6a450"
    )
    role_id: int
    label: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("string",), data)
        return cls(topic("uint64", topics[1]), raw[0])


@dataclass(frozen=True, slots=True)
class RoleRevoked(Event):
    """`RoleRevoked(uint64, address)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "f229baa593af28c41b1d16b748cd7688f0c83aaf92d4be41c44005defe84c166"
    )
    role_id: int
    account: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("uint64", topics[1]), checksum(topic("address", topics[2])))


@dataclass(frozen=True, slots=True)
class TargetAdminDelayUpdated(Event):
    """`TargetAdminDelayUpdated(address, uint32, uint48)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a56b76017453f399ec2327ba00375dbfb1fd070ff854341ad6191e6a2e2de19c"
    )
    target: str
    delay: int
    since: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint48"), data)
        return cls(checksum(topic("address", topics[1])), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class TargetClosed(Event):
    """`TargetClosed(address, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "90d4e7bb7e5d933792b3562e1741306f8be94837e1348dacef9b6f1df56eb138"
    )
    target: str
    closed: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bool",), data)
        return cls(checksum(topic("address", topics[1])), raw[0])


@dataclass(frozen=True, slots=True)
class TargetFunctionRoleUpdated(Event):
    """`TargetFunctionRoleUpdated(address, bytes4, uint64)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "9ea6790c7dadfd01c9f8b9762b3682607af2c7e79e05a9f9fdf5580dde949151"
    )
    target: str
    selector: bytes
    role_id: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bytes4",), data)
        return cls(checksum(topic("address", topics[1])), raw[0], topic("uint64", topics[2]))


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        OperationCanceled,
        OperationExecuted,
        OperationScheduled,
        RoleAdminChanged,
        RoleGrantDelayChanged,
        RoleGranted,
        RoleGuardianChanged,
        RoleLabel,
        RoleRevoked,
        TargetAdminDelayUpdated,
        TargetClosed,
        TargetFunctionRoleUpdated,
    )
}


class CanCallResult(NamedTuple):
    """What `canCall(address, address, bytes4)` returns."""

    immediate: bool
    delay: int


class GetAccessResult(NamedTuple):
    """What `getAccess(uint64, address)` returns."""

    since: int
    current_delay: int
    pending_delay: int
    effect: int


class HasRoleResult(NamedTuple):
    """What `hasRole(uint64, address)` returns."""

    is_member: bool
    execution_delay: int


class ScheduleResult(NamedTuple):
    """What `schedule(address, bytes, uint48)` returns."""

    operation_id: bytes
    nonce: int


class AccessManager:
    """`AccessManager` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(initial_admin: str) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address",),
            (initial_admin,),
        )

    def admin_role(self, *, block: int | str = "latest") -> int:
        """`ADMIN_ROLE()`"""
        _data = bytes.fromhex("75b238fc")
        return self.admin_role_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def admin_role_result(raw: bytes) -> int:
        """Return what `admin_role` answered, decoded."""
        _out = decode(("uint64",), raw)
        _value: int = _out[0]
        return _value

    def can_call(
        self,
        caller: str,
        target: str,
        selector: bytes,
        *,
        block: int | str = "latest",
    ) -> CanCallResult:
        """`canCall(address, address, bytes4)`"""
        _data = bytes.fromhex("b7009613") + encode(
            ("address", "address", "bytes4"),
            (caller, target, sized(selector, 4)),
        )
        return self.can_call_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def can_call_result(raw: bytes) -> CanCallResult:
        """Return what `can_call` answered, decoded."""
        _out = decode(("bool", "uint32"), raw)
        return CanCallResult(_out[0], _out[1])

    def cancel(self, caller: str, target: str, data: bytes) -> Call:
        """`cancel(address, address, bytes)`"""
        _data = bytes.fromhex("d6bb62c6") + encode(
            ("address", "address", "bytes"),
            (caller, target, data),
        )
        return Call(self.address, _data, 0, "AccessManager.cancel")

    @staticmethod
    def cancel_result(raw: bytes) -> int:
        """Return what `cancel` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def consume_scheduled_op(self, caller: str, data: bytes) -> Call:
        """`consumeScheduledOp(address, bytes)`"""
        _data = bytes.fromhex("94c7d7ee") + encode(
            ("address", "bytes"),
            (caller, data),
        )
        return Call(self.address, _data, 0, "AccessManager.consumeScheduledOp")

    def execute(self, target: str, data: bytes, *, value: int = 0) -> Call:
        """`execute(address, bytes)`"""
        _data = bytes.fromhex("1cff79cd") + encode(
            ("address", "bytes"),
            (target, data),
        )
        return Call(self.address, _data, value, "AccessManager.execute")

    @staticmethod
    def execute_result(raw: bytes) -> int:
        """Return what `execute` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def expiration(self, *, block: int | str = "latest") -> int:
        """`expiration()`"""
        _data = bytes.fromhex("4665096d")
        return self.expiration_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def expiration_result(raw: bytes) -> int:
        """Return what `expiration` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def get_access(
        self,
        role_id: int,
        account: str,
        *,
        block: int | str = "latest",
    ) -> GetAccessResult:
        """`getAccess(uint64, address)`"""
        _data = bytes.fromhex("3078f114") + encode(
            ("uint64", "address"),
            (role_id, account),
        )
        return self.get_access_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def get_access_result(raw: bytes) -> GetAccessResult:
        """Return what `get_access` answered, decoded."""
        _out = decode(("uint48", "uint32", "uint32", "uint48"), raw)
        return GetAccessResult(_out[0], _out[1], _out[2], _out[3])

    def get_nonce(self, id: bytes, *, block: int | str = "latest") -> int:
        """`getNonce(bytes32)`"""
        _data = bytes.fromhex("4136a33c") + encode(
            ("bytes32",),
            (sized(id, 32),),
        )
        return self.get_nonce_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def get_nonce_result(raw: bytes) -> int:
        """Return what `get_nonce` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def get_role_admin(self, role_id: int, *, block: int | str = "latest") -> int:
        """`getRoleAdmin(uint64)`"""
        _data = bytes.fromhex("530dd456") + encode(
            ("uint64",),
            (role_id,),
        )
        return self.get_role_admin_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def get_role_admin_result(raw: bytes) -> int:
        """Return what `get_role_admin` answered, decoded."""
        _out = decode(("uint64",), raw)
        _value: int = _out[0]
        return _value

    def get_role_grant_delay(self, role_id: int, *, block: int | str = "latest") -> int:
        """`getRoleGrantDelay(uint64)`"""
        _data = bytes.fromhex("12be8727") + encode(
            ("uint64",),
            (role_id,),
        )
        return self.get_role_grant_delay_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def get_role_grant_delay_result(raw: bytes) -> int:
        """Return what `get_role_grant_delay` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def get_role_guardian(self, role_id: int, *, block: int | str = "latest") -> int:
        """`getRoleGuardian(uint64)`"""
        _data = bytes.fromhex("0b0a93ba") + encode(
            ("uint64",),
            (role_id,),
        )
        return self.get_role_guardian_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def get_role_guardian_result(raw: bytes) -> int:
        """Return what `get_role_guardian` answered, decoded."""
        _out = decode(("uint64",), raw)
        _value: int = _out[0]
        return _value

    def get_schedule(self, id: bytes, *, block: int | str = "latest") -> int:
        """`getSchedule(bytes32)`"""
        _data = bytes.fromhex("3adc277a") + encode(
            ("bytes32",),
            (sized(id, 32),),
        )
        return self.get_schedule_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def get_schedule_result(raw: bytes) -> int:
        """Return what `get_schedule` answered, decoded."""
        _out = decode(("uint48",), raw)
        _value: int = _out[0]
        return _value

    def get_target_admin_delay(self, target: str, *, block: int | str = "latest") -> int:
        """`getTargetAdminDelay(address)`"""
        _data = bytes.fromhex("4c1da1e2") + encode(
            ("address",),
            (target,),
        )
        return self.get_target_admin_delay_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def get_target_admin_delay_result(raw: bytes) -> int:
        """Return what `get_target_admin_delay` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def get_target_function_role(
        self,
        target: str,
        selector: bytes,
        *,
        block: int | str = "latest",
    ) -> int:
        """`getTargetFunctionRole(address, bytes4)`"""
        _data = bytes.fromhex("6d5115bd") + encode(
            ("address", "bytes4"),
            (target, sized(selector, 4)),
        )
        return self.get_target_function_role_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def get_target_function_role_result(raw: bytes) -> int:
        """Return what `get_target_function_role` answered, decoded."""
        _out = decode(("uint64",), raw)
        _value: int = _out[0]
        return _value

    def grant_role(self, role_id: int, account: str, execution_delay: int) -> Call:
        """`grantRole(uint64, address, uint32)`"""
        _data = bytes.fromhex("25c471a0") + encode(
            ("uint64", "address", "uint32"),
            (role_id, account, execution_delay),
        )
        return Call(self.address, _data, 0, "AccessManager.grantRole")

    def has_role(self, role_id: int, account: str, *, block: int | str = "latest") -> HasRoleResult:
        """`hasRole(uint64, address)`"""
        _data = bytes.fromhex("d1f856ee") + encode(
            ("uint64", "address"),
            (role_id, account),
        )
        return self.has_role_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def has_role_result(raw: bytes) -> HasRoleResult:
        """Return what `has_role` answered, decoded."""
        _out = decode(("bool", "uint32"), raw)
        return HasRoleResult(_out[0], _out[1])

    def hash_operation(
        self,
        caller: str,
        target: str,
        data: bytes,
        *,
        block: int | str = "latest",
    ) -> bytes:
        """`hashOperation(address, address, bytes)`"""
        _data = bytes.fromhex("abd9bd2a") + encode(
            ("address", "address", "bytes"),
            (caller, target, data),
        )
        return self.hash_operation_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def hash_operation_result(raw: bytes) -> bytes:
        """Return what `hash_operation` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def is_target_closed(self, target: str, *, block: int | str = "latest") -> bool:
        """`isTargetClosed(address)`"""
        _data = bytes.fromhex("a166aa89") + encode(
            ("address",),
            (target,),
        )
        return self.is_target_closed_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def is_target_closed_result(raw: bytes) -> bool:
        """Return what `is_target_closed` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value

    def label_role(self, role_id: int, label: str) -> Call:
        """`labelRole(uint64, string)`"""
        _data = bytes.fromhex("853551b8") + encode(
            ("uint64", "string"),
            (role_id, label),
        )
        return Call(self.address, _data, 0, "AccessManager.labelRole")

    def min_setback(self, *, block: int | str = "latest") -> int:
        """`minSetback()`"""
        _data = bytes.fromhex("cc1b6c81")
        return self.min_setback_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def min_setback_result(raw: bytes) -> int:
        """Return what `min_setback` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def multicall(self, data: Sequence[bytes]) -> Call:
        """`multicall(bytes[])`"""
        _data = bytes.fromhex("ac9650d8") + encode(
            ("bytes[]",),
            (data,),
        )
        return Call(self.address, _data, 0, "AccessManager.multicall")

    @staticmethod
    def multicall_result(raw: bytes) -> tuple[bytes, ...]:
        """Return what `multicall` answered, decoded."""
        _out = decode(("bytes[]",), raw)
        _value: tuple[bytes, ...] = _out[0]
        return _value

    def public_role(self, *, block: int | str = "latest") -> int:
        """`PUBLIC_ROLE()`"""
        _data = bytes.fromhex("3ca7c02a")
        return self.public_role_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def public_role_result(raw: bytes) -> int:
        """Return what `public_role` answered, decoded."""
        _out = decode(("uint64",), raw)
        _value: int = _out[0]
        return _value

    def renounce_role(self, role_id: int, caller_confirmation: str) -> Call:
        """`renounceRole(uint64, address)`"""
        _data = bytes.fromhex("fe0776f5") + encode(
            ("uint64", "address"),
            (role_id, caller_confirmation),
        )
        return Call(self.address, _data, 0, "AccessManager.renounceRole")

    def revoke_role(self, role_id: int, account: str) -> Call:
        """`revokeRole(uint64, address)`"""
        _data = bytes.fromhex("b7d2b162") + encode(
            ("uint64", "address"),
            (role_id, account),
        )
        return Call(self.address, _data, 0, "AccessManager.revokeRole")

    def schedule(self, target: str, data: bytes, when: int) -> Call:
        """`schedule(address, bytes, uint48)`"""
        _data = bytes.fromhex("f801a698") + encode(
            ("address", "bytes", "uint48"),
            (target, data, when),
        )
        return Call(self.address, _data, 0, "AccessManager.schedule")

    @staticmethod
    def schedule_result(raw: bytes) -> ScheduleResult:
        """Return what `schedule` answered, decoded."""
        _out = decode(("bytes32", "uint32"), raw)
        return ScheduleResult(_out[0], _out[1])

    def set_grant_delay(self, role_id: int, new_delay: int) -> Call:
        """`setGrantDelay(uint64, uint32)`"""
        _data = bytes.fromhex("a64d95ce") + encode(
            ("uint64", "uint32"),
            (role_id, new_delay),
        )
        return Call(self.address, _data, 0, "AccessManager.setGrantDelay")

    def set_role_admin(self, role_id: int, admin: int) -> Call:
        """`setRoleAdmin(uint64, uint64)`"""
        _data = bytes.fromhex("30cae187") + encode(
            ("uint64", "uint64"),
            (role_id, admin),
        )
        return Call(self.address, _data, 0, "AccessManager.setRoleAdmin")

    def set_role_guardian(self, role_id: int, guardian: int) -> Call:
        """`setRoleGuardian(uint64, uint64)`"""
        _data = bytes.fromhex("52962952") + encode(
            ("uint64", "uint64"),
            (role_id, guardian),
        )
        return Call(self.address, _data, 0, "AccessManager.setRoleGuardian")

    def set_target_admin_delay(self, target: str, new_delay: int) -> Call:
        """`setTargetAdminDelay(address, uint32)`"""
        _data = bytes.fromhex("d22b5989") + encode(
            ("address", "uint32"),
            (target, new_delay),
        )
        return Call(self.address, _data, 0, "AccessManager.setTargetAdminDelay")

    def set_target_closed(self, target: str, closed: bool) -> Call:
        """`setTargetClosed(address, bool)`"""
        _data = bytes.fromhex("167bd395") + encode(
            ("address", "bool"),
            (target, closed),
        )
        return Call(self.address, _data, 0, "AccessManager.setTargetClosed")

    def set_target_function_role(
        self,
        target: str,
        selectors: Sequence[bytes],
        role_id: int,
    ) -> Call:
        """`setTargetFunctionRole(address, bytes4[], uint64)`"""
        _data = bytes.fromhex("08d6122d") + encode(
            ("address", "bytes4[]", "uint64"),
            (target, [sized(i, 4) for i in selectors], role_id),
        )
        return Call(self.address, _data, 0, "AccessManager.setTargetFunctionRole")

    def update_authority(self, target: str, new_authority: str) -> Call:
        """`updateAuthority(address, address)`"""
        _data = bytes.fromhex("18ff183c") + encode(
            ("address", "address"),
            (target, new_authority),
        )
        return Call(self.address, _data, 0, "AccessManager.updateAuthority")
