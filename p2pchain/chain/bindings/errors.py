"""The contracts' errors, as exceptions.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

from p2pchain.chain.abi import ContractError, Panicked, Reverted, checksum
from p2pchain.chain.bindings.enums import (
    ClaimStage,
    Clock,
    IForwardAuctionRefusal,
    ISettlementPhase,
    LevelPhase,
    Outcome,
    Reason,
    Source,
    State,
)


class AboveFuse(ContractError):
    """`AboveFuse(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1d55b0de")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "above fuse"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class AbovePending(ContractError):
    """`AbovePending(bytes32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("7e6a7870")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("level", "window")
    TEXT: ClassVar[str] = "The level above has not been shared yet"

    def __init__(self, level: bytes, window: int) -> None:
        super().__init__(level, window)
        self.level = level
        self.window = window


class AccessManagedInvalidAuthority(ContractError):
    """`AccessManagedInvalidAuthority(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("c2f31e5e")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("authority",)
    TEXT: ClassVar[str] = "access managed invalid authority"

    def __init__(self, authority: str) -> None:
        super().__init__(authority)
        self.authority = authority

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class AccessManagedRequiredDelay(ContractError):
    """`AccessManagedRequiredDelay(address, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("af77169d")
    TYPES: ClassVar[tuple[str, ...]] = ("address", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("caller", "delay")
    TEXT: ClassVar[str] = "access managed required delay"

    def __init__(self, caller: str, delay: int) -> None:
        super().__init__(caller, delay)
        self.caller = caller
        self.delay = delay

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]), raw[1])


class AccessManagedUnauthorized(ContractError):
    """`AccessManagedUnauthorized(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("068ca9d8")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("caller",)
    TEXT: ClassVar[str] = "access managed unauthorized"

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class AccessManagerAlreadyScheduled(ContractError):
    """`AccessManagerAlreadyScheduled(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("813e9459")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("operation_id",)
    TEXT: ClassVar[str] = "access manager already scheduled"

    def __init__(self, operation_id: bytes) -> None:
        super().__init__(operation_id)
        self.operation_id = operation_id


class AccessManagerBadConfirmation(ContractError):
    """`AccessManagerBadConfirmation()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("5f159e63")
    TEXT: ClassVar[str] = "access manager bad confirmation"


class AccessManagerExpired(ContractError):
    """`AccessManagerExpired(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("78a5d6e4")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("operation_id",)
    TEXT: ClassVar[str] = "access manager expired"

    def __init__(self, operation_id: bytes) -> None:
        super().__init__(operation_id)
        self.operation_id = operation_id


class AccessManagerInvalidInitialAdmin(ContractError):
    """`AccessManagerInvalidInitialAdmin(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("0813ada2")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("initial_admin",)
    TEXT: ClassVar[str] = "access manager invalid initial admin"

    def __init__(self, initial_admin: str) -> None:
        super().__init__(initial_admin)
        self.initial_admin = initial_admin

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class AccessManagerLockedFunction(ContractError):
    """`AccessManagerLockedFunction(bytes4)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f4744e4a")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes4",)
    FIELDS: ClassVar[tuple[str, ...]] = ("selector",)
    TEXT: ClassVar[str] = "access manager locked function"

    def __init__(self, selector: bytes) -> None:
        super().__init__(selector)
        self.selector = selector


class AccessManagerLockedRole(ContractError):
    """`AccessManagerLockedRole(uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1871a90c")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64",)
    FIELDS: ClassVar[tuple[str, ...]] = ("role_id",)
    TEXT: ClassVar[str] = "access manager locked role"

    def __init__(self, role_id: int) -> None:
        super().__init__(role_id)
        self.role_id = role_id


class AccessManagerNotReady(ContractError):
    """`AccessManagerNotReady(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("18cb6b7a")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("operation_id",)
    TEXT: ClassVar[str] = "access manager not ready"

    def __init__(self, operation_id: bytes) -> None:
        super().__init__(operation_id)
        self.operation_id = operation_id


class AccessManagerNotScheduled(ContractError):
    """`AccessManagerNotScheduled(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("60a299b0")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("operation_id",)
    TEXT: ClassVar[str] = "access manager not scheduled"

    def __init__(self, operation_id: bytes) -> None:
        super().__init__(operation_id)
        self.operation_id = operation_id


class AccessManagerUnauthorizedAccount(ContractError):
    """`AccessManagerUnauthorizedAccount(address, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f07e038f")
    TYPES: ClassVar[tuple[str, ...]] = ("address", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("msgsender", "role_id")
    TEXT: ClassVar[str] = "access manager unauthorized account"

    def __init__(self, msgsender: str, role_id: int) -> None:
        super().__init__(msgsender, role_id)
        self.msgsender = msgsender
        self.role_id = role_id

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]), raw[1])


class AccessManagerUnauthorizedCall(ContractError):
    """`AccessManagerUnauthorizedCall(address, address, bytes4)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("81c6f24b")
    TYPES: ClassVar[tuple[str, ...]] = ("address", "address", "bytes4")
    FIELDS: ClassVar[tuple[str, ...]] = ("caller", "target", "selector")
    TEXT: ClassVar[str] = "access manager unauthorized call"

    def __init__(self, caller: str, target: str, selector: bytes) -> None:
        super().__init__(caller, target, selector)
        self.caller = caller
        self.target = target
        self.selector = selector

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]), checksum(raw[1]), raw[2])


class AccessManagerUnauthorizedCancel(ContractError):
    """`AccessManagerUnauthorizedCancel(address, address, address, bytes4)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("3fe2751c")
    TYPES: ClassVar[tuple[str, ...]] = ("address", "address", "address", "bytes4")
    FIELDS: ClassVar[tuple[str, ...]] = ("msgsender", "caller", "target", "selector")
    TEXT: ClassVar[str] = "access manager unauthorized cancel"

    def __init__(self, msgsender: str, caller: str, target: str, selector: bytes) -> None:
        super().__init__(msgsender, caller, target, selector)
        self.msgsender = msgsender
        self.caller = caller
        self.target = target
        self.selector = selector

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]), checksum(raw[1]), checksum(raw[2]), raw[3])


class AccessManagerUnauthorizedConsume(ContractError):
    """`AccessManagerUnauthorizedConsume(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("320ff748")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("target",)
    TEXT: ClassVar[str] = "access manager unauthorized consume"

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class AddressEmptyCode(ContractError):
    """`AddressEmptyCode(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("9996b315")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("target",)
    TEXT: ClassVar[str] = "address empty code"

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class AgreementPending(ContractError):
    """`AgreementPending(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("ce0b6cc2")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("from_slot",)
    TEXT: ClassVar[str] = "Others rely on what was said before, from `fromSlot` on"

    def __init__(self, from_slot: int) -> None:
        super().__init__(from_slot)
        self.from_slot = from_slot


class AlreadyAttached(ContractError):
    """`AlreadyAttached(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("036b1638")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("node",)
    TEXT: ClassVar[str] = "already attached"

    def __init__(self, node: bytes) -> None:
        super().__init__(node)
        self.node = node


class AlreadyBound(ContractError):
    """`AlreadyBound(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("21225470")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("settlement",)
    TEXT: ClassVar[str] = "already bound"

    def __init__(self, settlement: str) -> None:
        super().__init__(settlement)
        self.settlement = settlement

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class AlreadyEnrolled(ContractError):
    """`AlreadyEnrolled(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("121bcfe5")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("meter",)
    TEXT: ClassVar[str] = "already enrolled"

    def __init__(self, meter: int) -> None:
        super().__init__(meter)
        self.meter = meter


class AlreadyEstimated(ContractError):
    """`AlreadyEstimated(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("9b386abf")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "already estimated"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class AlreadyRead(ContractError):
    """`AlreadyRead(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("7576b9a1")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "already read"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class AlreadySupplied(ContractError):
    """`AlreadySupplied(uint32, uint16)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("8610dc60")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint16")
    FIELDS: ClassVar[tuple[str, ...]] = ("point", "supplier")
    TEXT: ClassVar[str] = "already supplied"

    def __init__(self, point: int, supplier: int) -> None:
        super().__init__(point, supplier)
        self.point = point
        self.supplier = supplier


class AmountTooLarge(ContractError):
    """`AmountTooLarge(uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("08083b2a")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256",)
    FIELDS: ClassVar[tuple[str, ...]] = ("amount_nano",)
    TEXT: ClassVar[str] = "amount too large"

    def __init__(self, amount_nano: int) -> None:
        super().__init__(amount_nano)
        self.amount_nano = amount_nano


class AreaTaken(ContractError):
    """`AreaTaken(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("3e83cca7")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("area",)
    TEXT: ClassVar[str] = "Another market or level stands for the area already"

    def __init__(self, area: int) -> None:
        super().__init__(area)
        self.area = area


class AuctionExists(ContractError):
    """`AuctionExists(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("eb4c5dba")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("auction",)
    TEXT: ClassVar[str] = "auction exists"

    def __init__(self, auction: bytes) -> None:
        super().__init__(auction)
        self.auction = auction


class AuctionsDiffer(ContractError):
    """`AuctionsDiffer()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("2f1c2715")
    TEXT: ClassVar[str] = "Another gate or lot than that of the level"


class BadContract(ContractError):
    """`BadContract()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("a0dbafa1")
    TEXT: ClassVar[str] = "bad contract"


class BadFormat(ContractError):
    """`BadFormat()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("7622ade1")
    TEXT: ClassVar[str] = "Not consecutive slots of one UTC day with four slots to a word"


class BadOffset(ContractError):
    """`BadOffset(int32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("4eacb359")
    TYPES: ClassVar[tuple[str, ...]] = ("int32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("offset_seconds",)
    TEXT: ClassVar[str] = "bad offset"

    def __init__(self, offset_seconds: int) -> None:
        super().__init__(offset_seconds)
        self.offset_seconds = offset_seconds


class BadParameter(ContractError):
    """`BadParameter(string)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e70e7015")
    TYPES: ClassVar[tuple[str, ...]] = ("string",)
    FIELDS: ClassVar[tuple[str, ...]] = ("what",)
    TEXT: ClassVar[str] = "bad parameter"

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class BadRange(ContractError):
    """`BadRange(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1dbea020")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("first_slot", "end_slot")
    TEXT: ClassVar[str] = "bad range"

    def __init__(self, first_slot: int, end_slot: int) -> None:
        super().__init__(first_slot, end_slot)
        self.first_slot = first_slot
        self.end_slot = end_slot


class BadSignature(ContractError):
    """`BadSignature(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("0e18219b")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("meter",)
    TEXT: ClassVar[str] = "Not signed by the meter's present key"

    def __init__(self, meter: int) -> None:
        super().__init__(meter)
        self.meter = meter


class BadSigner(ContractError):
    """`BadSigner()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("61330e93")
    TEXT: ClassVar[str] = "bad signer"


class BeforeCalendar(ContractError):
    """`BeforeCalendar(uint32, uint256, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1b0289e9")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint256", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("calendar", "day", "from_day")
    TEXT: ClassVar[str] = "before calendar"

    def __init__(self, calendar: int, day: int, from_day: int) -> None:
        super().__init__(calendar, day, from_day)
        self.calendar = calendar
        self.day = day
        self.from_day = from_day


class BeforeFirstStanding(ContractError):
    """`BeforeFirstStanding(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("8fd0bc23")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("point", "slot")
    TEXT: ClassVar[str] = "before first standing"

    def __init__(self, point: int, slot: int) -> None:
        super().__init__(point, slot)
        self.point = point
        self.slot = slot


class BeforeRegistration(ContractError):
    """`BeforeRegistration(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f4929c69")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "The slot lies before the first terms or key of the meter"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class BehindHorizon(ContractError):
    """`BehindHorizon(uint32, uint256, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("b4d5e312")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint256", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("calendar", "day", "horizon")
    TEXT: ClassVar[str] = "Behind what was published"

    def __init__(self, calendar: int, day: int, horizon: int) -> None:
        super().__init__(calendar, day, horizon)
        self.calendar = calendar
        self.day = day
        self.horizon = horizon


class BelowThreshold(ContractError):
    """`BelowThreshold(uint64, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("282cfb35")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("difference_wh", "threshold_wh")
    TEXT: ClassVar[str] = "below threshold"

    def __init__(self, difference_wh: int, threshold_wh: int) -> None:
        super().__init__(difference_wh, threshold_wh)
        self.difference_wh = difference_wh
        self.threshold_wh = threshold_wh


class BetterReadingKnown(ContractError):
    """`BetterReadingKnown(uint32, Source)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e40a6ae1")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("handover", "source")
    TEXT: ClassVar[str] = "better reading known"

    def __init__(self, handover: int, source: Source) -> None:
        super().__init__(handover, source)
        self.handover = handover
        self.source = source

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], Source(raw[1]))


class CannotBeRelated(ContractError):
    """`CannotBeRelated(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("75c23aa2")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("point", "other")
    TEXT: ClassVar[str] = "cannot be related"

    def __init__(self, point: int, other: int) -> None:
        super().__init__(point, other)
        self.point = point
        self.other = other


class ChangeAtMidnight(ContractError):
    """`ChangeAtMidnight(uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("ea8e2c8e")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64",)
    FIELDS: ClassVar[tuple[str, ...]] = ("since",)
    TEXT: ClassVar[str] = "Within an hour of local midnight"

    def __init__(self, since: int) -> None:
        super().__init__(since)
        self.since = since


class ChangeOutOfOrder(ContractError):
    """`ChangeOutOfOrder(uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1fa328bf")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64",)
    FIELDS: ClassVar[tuple[str, ...]] = ("since",)
    TEXT: ClassVar[str] = "change out of order"

    def __init__(self, since: int) -> None:
        super().__init__(since)
        self.since = since


class ChangePending(ContractError):
    """`ChangePending(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f4c9ff9e")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("point", "id")
    TEXT: ClassVar[str] = "Another change of the point is on its way"

    def __init__(self, point: int, id: int) -> None:
        super().__init__(point, id)
        self.point = point
        self.id = id


class CheckpointUnorderedInsertion(ContractError):
    """`CheckpointUnorderedInsertion()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("2520601d")
    TEXT: ClassVar[str] = "checkpoint unordered insertion"


class ChildPending(ContractError):
    """`ChildPending(bytes32, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("6df9c6b6")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("child", "deadline")
    TEXT: ClassVar[str] = "The child has not sent anything yet, and may until `deadline`"

    def __init__(self, child: bytes, deadline: int) -> None:
        super().__init__(child, deadline)
        self.child = child
        self.deadline = deadline


class ClaimRefused(ContractError):
    """`ClaimRefused(uint32, ClaimStage)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("ff5c9f22")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("id", "stage")
    TEXT: ClassVar[str] = "claim refused"

    def __init__(self, id: int, stage: ClaimStage) -> None:
        super().__init__(id, stage)
        self.id = id
        self.stage = stage

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], ClaimStage(raw[1]))


class ConsentHasEnded(ContractError):
    """`ConsentHasEnded(uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e1c0e918")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64",)
    FIELDS: ClassVar[tuple[str, ...]] = ("ends_at",)
    TEXT: ClassVar[str] = "consent has ended"

    def __init__(self, ends_at: int) -> None:
        super().__init__(ends_at)
        self.ends_at = ends_at


class ConsentIsEmpty(ContractError):
    """`ConsentIsEmpty(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("199e8740")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("from_slot", "until_slot")
    TEXT: ClassVar[str] = "consent is empty"

    def __init__(self, from_slot: int, until_slot: int) -> None:
        super().__init__(from_slot, until_slot)
        self.from_slot = from_slot
        self.until_slot = until_slot


class ConsentSuperseded(ContractError):
    """`ConsentSuperseded(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("591f39fe")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("sequence", "known")
    TEXT: ClassVar[str] = "The same consent, or a later one, is known already"

    def __init__(self, sequence: int, known: int) -> None:
        super().__init__(sequence, known)
        self.sequence = sequence
        self.known = known


class ContractExpired(ContractError):
    """`ContractExpired(uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("017b6275")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64",)
    FIELDS: ClassVar[tuple[str, ...]] = ("expires_at",)
    TEXT: ClassVar[str] = "contract expired"

    def __init__(self, expires_at: int) -> None:
        super().__init__(expires_at)
        self.expires_at = expires_at


class ContractKnown(ContractError):
    """`ContractKnown(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("a0a38fec")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("id",)
    TEXT: ClassVar[str] = "contract known"

    def __init__(self, id: int) -> None:
        super().__init__(id)
        self.id = id


class DayHasBegun(ContractError):
    """`DayHasBegun(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f13477d7")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("day", "today")
    TEXT: ClassVar[str] = "day has begun"

    def __init__(self, day: int, today: int) -> None:
        super().__init__(day, today)
        self.day = day
        self.today = today


class DayOutOfOrder(ContractError):
    """`DayOutOfOrder(uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("8ef35a9b")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256",)
    FIELDS: ClassVar[tuple[str, ...]] = ("day",)
    TEXT: ClassVar[str] = "Not among the days that are published, or not in their order"

    def __init__(self, day: int) -> None:
        super().__init__(day)
        self.day = day


class DisputeRefused(ContractError):
    """`DisputeRefused(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("5e34d373")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("handover",)
    TEXT: ClassVar[str] = "dispute refused"

    def __init__(self, handover: int) -> None:
        super().__init__(handover)
        self.handover = handover


class ECDSAInvalidSignature(ContractError):
    """`ECDSAInvalidSignature()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f645eedf")
    TEXT: ClassVar[str] = "ecdsa invalid signature"


class ECDSAInvalidSignatureLength(ContractError):
    """`ECDSAInvalidSignatureLength(uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("fce698f7")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256",)
    FIELDS: ClassVar[tuple[str, ...]] = ("length",)
    TEXT: ClassVar[str] = "ecdsa invalid signature length"

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length


class ECDSAInvalidSignatureS(ContractError):
    """`ECDSAInvalidSignatureS(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("d78bce0c")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("s",)
    TEXT: ClassVar[str] = "ecdsa invalid signature s"

    def __init__(self, s: bytes) -> None:
        super().__init__(s)
        self.s = s


class ERC20InsufficientAllowance(ContractError):
    """`ERC20InsufficientAllowance(address, uint256, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("fb8f41b2")
    TYPES: ClassVar[tuple[str, ...]] = ("address", "uint256", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("spender", "allowance", "needed")
    TEXT: ClassVar[str] = "erc20 insufficient allowance"

    def __init__(self, spender: str, allowance: int, needed: int) -> None:
        super().__init__(spender, allowance, needed)
        self.spender = spender
        self.allowance = allowance
        self.needed = needed

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]), raw[1], raw[2])


class ERC20InsufficientBalance(ContractError):
    """`ERC20InsufficientBalance(address, uint256, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e450d38c")
    TYPES: ClassVar[tuple[str, ...]] = ("address", "uint256", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("sender", "balance", "needed")
    TEXT: ClassVar[str] = "erc20 insufficient balance"

    def __init__(self, sender: str, balance: int, needed: int) -> None:
        super().__init__(sender, balance, needed)
        self.sender = sender
        self.balance = balance
        self.needed = needed

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]), raw[1], raw[2])


class ERC20InvalidApprover(ContractError):
    """`ERC20InvalidApprover(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e602df05")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("approver",)
    TEXT: ClassVar[str] = "erc20 invalid approver"

    def __init__(self, approver: str) -> None:
        super().__init__(approver)
        self.approver = approver

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class ERC20InvalidReceiver(ContractError):
    """`ERC20InvalidReceiver(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("ec442f05")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("receiver",)
    TEXT: ClassVar[str] = "erc20 invalid receiver"

    def __init__(self, receiver: str) -> None:
        super().__init__(receiver)
        self.receiver = receiver

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class ERC20InvalidSender(ContractError):
    """`ERC20InvalidSender(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("96c6fd1e")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("sender",)
    TEXT: ClassVar[str] = "erc20 invalid sender"

    def __init__(self, sender: str) -> None:
        super().__init__(sender)
        self.sender = sender

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class ERC20InvalidSpender(ContractError):
    """`ERC20InvalidSpender(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("94280d62")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("spender",)
    TEXT: ClassVar[str] = "erc20 invalid spender"

    def __init__(self, spender: str) -> None:
        super().__init__(spender)
        self.spender = spender

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class ERC2612ExpiredSignature(ContractError):
    """`ERC2612ExpiredSignature(uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("62791302")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256",)
    FIELDS: ClassVar[tuple[str, ...]] = ("deadline",)
    TEXT: ClassVar[str] = "erc2612 expired signature"

    def __init__(self, deadline: int) -> None:
        super().__init__(deadline)
        self.deadline = deadline


class ERC2612InvalidSigner(ContractError):
    """`ERC2612InvalidSigner(address, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("4b800e46")
    TYPES: ClassVar[tuple[str, ...]] = ("address", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("signer", "owner")
    TEXT: ClassVar[str] = "erc2612 invalid signer"

    def __init__(self, signer: str, owner: str) -> None:
        super().__init__(signer, owner)
        self.signer = signer
        self.owner = owner

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]), checksum(raw[1]))


class EmptyRow(ContractError):
    """`EmptyRow(uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("29ba0fa1")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256",)
    FIELDS: ClassVar[tuple[str, ...]] = ("hour",)
    TEXT: ClassVar[str] = "A row of zeros only would look like no tariff at all"

    def __init__(self, hour: int) -> None:
        super().__init__(hour)
        self.hour = hour


class EmptyVolume(ContractError):
    """`EmptyVolume(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("59b93dea")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("from_slot", "until_slot")
    TEXT: ClassVar[str] = "empty volume"

    def __init__(self, from_slot: int, until_slot: int) -> None:
        super().__init__(from_slot, until_slot)
        self.from_slot = from_slot
        self.until_slot = until_slot


class ExchangeRefused(ContractError):
    """`ExchangeRefused(uint32, Outcome)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("c770d99b")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "reason_")
    TEXT: ClassVar[str] = "exchange refused"

    def __init__(self, meter: int, reason_: Outcome) -> None:
        super().__init__(meter, reason_)
        self.meter = meter
        self.reason_ = reason_

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], Outcome(raw[1]))


class FailedCall(ContractError):
    """`FailedCall()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("d6bda275")
    TEXT: ClassVar[str] = "failed call"


class FailedSupplier(ContractError):
    """`FailedSupplier(uint16)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e83868ac")
    TYPES: ClassVar[tuple[str, ...]] = ("uint16",)
    FIELDS: ClassVar[tuple[str, ...]] = ("supplier",)
    TEXT: ClassVar[str] = "failed supplier"

    def __init__(self, supplier: int) -> None:
        super().__init__(supplier)
        self.supplier = supplier


class Final(ContractError):
    """`Final(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("faa6dca7")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("window",)
    TEXT: ClassVar[str] = "The last run of this window is over"

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.window = window


class ForwardNotCleared(ContractError):
    """`ForwardNotCleared(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("36d11828")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("window",)
    TEXT: ClassVar[str] = (
        "Orders for this window are not cleared yet; clear or void the window in the forward "
        "auction first"
    )

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.window = window


class GateHasClosed(ContractError):
    """`GateHasClosed(uint32, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("8416c582")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("id", "closed_at")
    TEXT: ClassVar[str] = "gate has closed"

    def __init__(self, id: int, closed_at: int) -> None:
        super().__init__(id, closed_at)
        self.id = id
        self.closed_at = closed_at


class GateOpen(ContractError):
    """`GateOpen(uint32, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f441bb59")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("window", "gate")
    TEXT: ClassVar[str] = "gate open"

    def __init__(self, window: int, gate: int) -> None:
        super().__init__(window, gate)
        self.window = window
        self.gate = gate


class GateStillOpen(ContractError):
    """`GateStillOpen(uint32, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("b5957d4b")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("id", "closes_at")
    TEXT: ClassVar[str] = "gate still open"

    def __init__(self, id: int, closes_at: int) -> None:
        super().__init__(id, closes_at)
        self.id = id
        self.closes_at = closes_at


class HandoverKnown(ContractError):
    """`HandoverKnown(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("dcc6a753")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("handover",)
    TEXT: ClassVar[str] = "handover known"

    def __init__(self, handover: int) -> None:
        super().__init__(handover)
        self.handover = handover


class HeldAtWorst(ContractError):
    """`HeldAtWorst(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("c917af2d")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = (
        "The slot has contracts and was settled at their worst: only its reading changes that"
    )

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class InsideCoolingOff(ContractError):
    """`InsideCoolingOff(uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("d372f40f")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64",)
    FIELDS: ClassVar[tuple[str, ...]] = ("cooling_until",)
    TEXT: ClassVar[str] = "inside cooling off"

    def __init__(self, cooling_until: int) -> None:
        super().__init__(cooling_until)
        self.cooling_until = cooling_until


class InsufficientBalance(ContractError):
    """`InsufficientBalance(uint256, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("cf479181")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("balance", "needed")
    TEXT: ClassVar[str] = "insufficient balance"

    def __init__(self, balance: int, needed: int) -> None:
        super().__init__(balance, needed)
        self.balance = balance
        self.needed = needed


class InvalidAccountNonce(ContractError):
    """`InvalidAccountNonce(address, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("752d88c0")
    TYPES: ClassVar[tuple[str, ...]] = ("address", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("account", "current_nonce")
    TEXT: ClassVar[str] = "invalid account nonce"

    def __init__(self, account: str, current_nonce: int) -> None:
        super().__init__(account, current_nonce)
        self.account = account
        self.current_nonce = current_nonce

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]), raw[1])


class InvalidShortString(ContractError):
    """`InvalidShortString()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("b3512b0c")
    TEXT: ClassVar[str] = "invalid short string"


class IsKeptOut(ContractError):
    """`IsKeptOut(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("95069b72")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("meter",)
    TEXT: ClassVar[str] = "A gas meter: no market takes it"

    def __init__(self, meter: int) -> None:
        super().__init__(meter)
        self.meter = meter


class LaterChangePending(ContractError):
    """`LaterChangePending(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("cce42862")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("pending_slot",)
    TEXT: ClassVar[str] = (
        "A later change is already registered; changes are made in the order of their slots"
    )

    def __init__(self, pending_slot: int) -> None:
        super().__init__(pending_slot)
        self.pending_slot = pending_slot


class LaterStandingPending(ContractError):
    """`LaterStandingPending(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e1429ad6")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("pending_slot",)
    TEXT: ClassVar[str] = (
        "A later change is already registered; changes are made in the order of their slots"
    )

    def __init__(self, pending_slot: int) -> None:
        super().__init__(pending_slot)
        self.pending_slot = pending_slot


class LaterVersionPending(ContractError):
    """`LaterVersionPending(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("ccf1400e")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("pending_slot",)
    TEXT: ClassVar[str] = "later version pending"

    def __init__(self, pending_slot: int) -> None:
        super().__init__(pending_slot)
        self.pending_slot = pending_slot


class LevelExists(ContractError):
    """`LevelExists(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1afbbd10")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("level",)
    TEXT: ClassVar[str] = "level exists"

    def __init__(self, level: bytes) -> None:
        super().__init__(level)
        self.level = level


class LevelsPending(ContractError):
    """`LevelsPending(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e5dc2672")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("window",)
    TEXT: ClassVar[str] = "levels pending"

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.window = window


class LiabilityIsPaid(ContractError):
    """`LiabilityIsPaid(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("aa8db649")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("liability",)
    TEXT: ClassVar[str] = "liability is paid"

    def __init__(self, liability: int) -> None:
        super().__init__(liability)
        self.liability = liability


class MarketExists(ContractError):
    """`MarketExists(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("0239bcdb")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("market",)
    TEXT: ClassVar[str] = "market exists"

    def __init__(self, market: bytes) -> None:
        super().__init__(market)
        self.market = market


class MeterOfAnotherPoint(ContractError):
    """`MeterOfAnotherPoint(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("c27ac116")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "point")
    TEXT: ClassVar[str] = (
        "The meter was registered for another metering point, or lies in another area"
    )

    def __init__(self, meter: int, point: int) -> None:
        super().__init__(meter, point)
        self.meter = meter
        self.point = point


class MoreThanPosted(ContractError):
    """`MoreThanPosted(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("efd1bf0b")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "more than posted"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class NoBoundary(ContractError):
    """`NoBoundary(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("d7df3730")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("area",)
    TEXT: ClassVar[str] = "The area has no boundary meter, or it is a member of a market itself"

    def __init__(self, area: int) -> None:
        super().__init__(area)
        self.area = area


class NoCustomer(ContractError):
    """`NoCustomer()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("79bf8b6a")
    TEXT: ClassVar[str] = "no customer"


class NoEstimate(ContractError):
    """`NoEstimate(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("a8d690f6")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = (
        "Neither registers on both sides nor a reading a week before: it stays missing"
    )

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class NoEvidence(ContractError):
    """`NoEvidence()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("ea1aa62b")
    TEXT: ClassVar[str] = "no evidence"


class NoGasMeter(ContractError):
    """`NoGasMeter(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1c8433c4")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("point", "meter")
    TEXT: ClassVar[str] = "no gas meter"

    def __init__(self, point: int, meter: int) -> None:
        super().__init__(point, meter)
        self.point = point
        self.meter = meter


class NoNetworkOperator(ContractError):
    """`NoNetworkOperator()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("291c1294")
    TEXT: ClassVar[str] = "no network operator"


class NoRules(ContractError):
    """`NoRules(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e1ce0e6b")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("area",)
    TEXT: ClassVar[str] = "no rules"

    def __init__(self, area: int) -> None:
        super().__init__(area)
        self.area = area


class NoTariff(ContractError):
    """`NoTariff(uint16, uint16, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1b8ed4e6")
    TYPES: ClassVar[tuple[str, ...]] = ("uint16", "uint16", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("supplier", "tariff", "slot")
    TEXT: ClassVar[str] = "no tariff"

    def __init__(self, supplier: int, tariff: int, slot: int) -> None:
        super().__init__(supplier, tariff, slot)
        self.supplier = supplier
        self.tariff = tariff
        self.slot = slot


class NoTenancyEnds(ContractError):
    """`NoTenancyEnds(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("522eef12")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("point", "slot")
    TEXT: ClassVar[str] = "no tenancy ends"

    def __init__(self, point: int, slot: int) -> None:
        super().__init__(point, slot)
        self.point = point
        self.slot = slot


class NotAChild(ContractError):
    """`NotAChild(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("31f5cb20")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("area", "parent")
    TEXT: ClassVar[str] = "The area is not a child of the level's area in the registry"

    def __init__(self, area: int, parent: int) -> None:
        super().__init__(area, parent)
        self.area = area
        self.parent = parent


class NotADay(ContractError):
    """`NotADay(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("a787f4b7")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("slot",)
    TEXT: ClassVar[str] = (
        "A supplier leaves at the beginning of a UTC day, so that no record of a meter crosses it"
    )

    def __init__(self, slot: int) -> None:
        super().__init__(slot)
        self.slot = slot


class NotAMember(ContractError):
    """`NotAMember(bytes32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("eea1d875")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("market", "meter")
    TEXT: ClassVar[str] = "not a member"

    def __init__(self, market: bytes, meter: int) -> None:
        super().__init__(market, meter)
        self.market = market
        self.meter = meter


class NotAreaOperator(ContractError):
    """`NotAreaOperator(uint32, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("5ffadc47")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("area", "caller")
    TEXT: ClassVar[str] = "not area operator"

    def __init__(self, area: int, caller: str) -> None:
        super().__init__(area, caller)
        self.area = area
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class NotAtWindow(ContractError):
    """`NotAtWindow(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("4c17d168")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("slot",)
    TEXT: ClassVar[str] = "not at window"

    def __init__(self, slot: int) -> None:
        super().__init__(slot)
        self.slot = slot


class NotBillingGrade(ContractError):
    """`NotBillingGrade(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("5aec6dc6")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("meter",)
    TEXT: ClassVar[str] = "not billing grade"

    def __init__(self, meter: int) -> None:
        super().__init__(meter)
        self.meter = meter


class NotComplete(ContractError):
    """`NotComplete(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("480e9934")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "A slot of the day has not been read"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class NotContinuous(ContractError):
    """`NotContinuous(uint32, uint32, uint64, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("6a5ddbc1")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32", "uint64", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot", "litres", "wh")
    TEXT: ClassVar[str] = "It does not begin where the last record has ended"

    def __init__(self, meter: int, slot: int, litres: int, wh: int) -> None:
        super().__init__(meter, slot, litres, wh)
        self.meter = meter
        self.slot = slot
        self.litres = litres
        self.wh = wh


class NotCustomerOfRecord(ContractError):
    """`NotCustomerOfRecord(uint32, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("dfa710f6")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("point", "customer")
    TEXT: ClassVar[str] = "not customer of record"

    def __init__(self, point: int, customer: str) -> None:
        super().__init__(point, customer)
        self.point = point
        self.customer = customer

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class NotDelivered(ContractError):
    """`NotDelivered(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("69c8f0d9")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("window",)
    TEXT: ClassVar[str] = "not delivered"

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.window = window


class NotEnoughFree(ContractError):
    """`NotEnoughFree(address, uint256, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("a10b390a")
    TYPES: ClassVar[tuple[str, ...]] = ("address", "uint256", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("account", "free_nano", "needed_nano")
    TEXT: ClassVar[str] = "not enough free"

    def __init__(self, account: str, free_nano: int, needed_nano: int) -> None:
        super().__init__(account, free_nano, needed_nano)
        self.account = account
        self.free_nano = free_nano
        self.needed_nano = needed_nano

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]), raw[1], raw[2])


class NotEnoughGuarantee(ContractError):
    """`NotEnoughGuarantee(uint256, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("7622214e")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("free_nano", "needed_nano")
    TEXT: ClassVar[str] = "not enough guarantee"

    def __init__(self, free_nano: int, needed_nano: int) -> None:
        super().__init__(free_nano, needed_nano)
        self.free_nano = free_nano
        self.needed_nano = needed_nano


class NotFailed(ContractError):
    """`NotFailed(uint16)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("77249e0f")
    TYPES: ClassVar[tuple[str, ...]] = ("uint16",)
    FIELDS: ClassVar[tuple[str, ...]] = ("supplier",)
    TEXT: ClassVar[str] = "not failed"

    def __init__(self, supplier: int) -> None:
        super().__init__(supplier)
        self.supplier = supplier


class NotForward(ContractError):
    """`NotForward(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("9d8dfe3a")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("caller",)
    TEXT: ClassVar[str] = "not forward"

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class NotForwardLevels(ContractError):
    """`NotForwardLevels(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("6528f070")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("caller",)
    TEXT: ClassVar[str] = "not forward levels"

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class NotLevels(ContractError):
    """`NotLevels(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("3adfb638")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("caller",)
    TEXT: ClassVar[str] = "not levels"

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class NotMarkets(ContractError):
    """`NotMarkets(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("79ee6ab4")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("caller",)
    TEXT: ClassVar[str] = "not markets"

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class NotMissed(ContractError):
    """`NotMissed(Clock, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("9d8a6706")
    TYPES: ClassVar[tuple[str, ...]] = ("uint8", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("clock", "subject")
    TEXT: ClassVar[str] = "not missed"

    def __init__(self, clock: Clock, subject: int) -> None:
        super().__init__(clock, subject)
        self.clock = clock
        self.subject = subject

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(Clock(raw[0]), raw[1])


class NotObjector(ContractError):
    """`NotObjector(uint32, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("8607c1f0")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("id", "caller")
    TEXT: ClassVar[str] = "not objector"

    def __init__(self, id: int, caller: str) -> None:
        super().__init__(id, caller)
        self.id = id
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class NotOfRecord(ContractError):
    """`NotOfRecord(uint32, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("af343584")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("point", "caller")
    TEXT: ClassVar[str] = "not of record"

    def __init__(self, point: int, caller: str) -> None:
        super().__init__(point, caller)
        self.point = point
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class NotOwner(ContractError):
    """`NotOwner(uint32, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("c3e07bd6")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "caller")
    TEXT: ClassVar[str] = "not owner"

    def __init__(self, meter: int, caller: str) -> None:
        super().__init__(meter, caller)
        self.meter = meter
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class NotPartyOf(ContractError):
    """`NotPartyOf(uint32, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("0ae75f65")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("subject", "caller")
    TEXT: ClassVar[str] = "not party of"

    def __init__(self, subject: int, caller: str) -> None:
        super().__init__(subject, caller)
        self.subject = subject
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class NotPassedOver(ContractError):
    """`NotPassedOver(bytes32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("cada52d5")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("node", "window")
    TEXT: ClassVar[str] = "What is above may still clear, or has"

    def __init__(self, node: bytes, window: int) -> None:
        super().__init__(node, window)
        self.node = node
        self.window = window


class NotPoints(ContractError):
    """`NotPoints(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("59d1c661")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("caller",)
    TEXT: ClassVar[str] = "not points"

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class NotRead(ContractError):
    """`NotRead(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("fe644b8a")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "not read"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class NotReady(ContractError):
    """`NotReady(uint32, uint32, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1e55a212")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("window", "meter", "deadline")
    TEXT: ClassVar[str] = "A member has not posted and the deadline has not passed"

    def __init__(self, window: int, meter: int, deadline: int) -> None:
        super().__init__(window, meter, deadline)
        self.window = window
        self.meter = meter
        self.deadline = deadline


class NotRegistry(ContractError):
    """`NotRegistry(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("631a294a")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("caller",)
    TEXT: ClassVar[str] = "not registry"

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class NotRepresentable(ContractError):
    """`NotRepresentable(uint256, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("2286ff31")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("amount_nano", "unit_nano")
    TEXT: ClassVar[str] = "The amount is not a whole number of the token's smallest unit"

    def __init__(self, amount_nano: int, unit_nano: int) -> None:
        super().__init__(amount_nano, unit_nano)
        self.amount_nano = amount_nano
        self.unit_nano = unit_nano


class NotSettled(ContractError):
    """`NotSettled(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("a0ad82c8")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("window",)
    TEXT: ClassVar[str] = "The window is not settled, or not by the call that the evidence names"

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.window = window


class NotSettlement(ContractError):
    """`NotSettlement(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("4afb55c5")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("caller",)
    TEXT: ClassVar[str] = "not settlement"

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class NotSignedByCustomer(ContractError):
    """`NotSignedByCustomer(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("3d0ff508")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("customer",)
    TEXT: ClassVar[str] = "not signed by customer"

    def __init__(self, customer: str) -> None:
        super().__init__(customer)
        self.customer = customer

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class NotSignedByMeter(ContractError):
    """`NotSignedByMeter(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("da0b06e9")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("meter",)
    TEXT: ClassVar[str] = "not signed by meter"

    def __init__(self, meter: int) -> None:
        super().__init__(meter)
        self.meter = meter


class NotSignedByOperator(ContractError):
    """`NotSignedByOperator(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("33b52fdb")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("area",)
    TEXT: ClassVar[str] = "not signed by operator"

    def __init__(self, area: int) -> None:
        super().__init__(area)
        self.area = area


class NotSignedBySupplier(ContractError):
    """`NotSignedBySupplier(uint16, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("177ea476")
    TYPES: ClassVar[tuple[str, ...]] = ("uint16", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("supplier", "account")
    TEXT: ClassVar[str] = "not signed by supplier"

    def __init__(self, supplier: int, account: str) -> None:
        super().__init__(supplier, account)
        self.supplier = supplier
        self.account = account

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class NotStage(ContractError):
    """`NotStage(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("658f96bc")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("caller",)
    TEXT: ClassVar[str] = "not stage"

    def __init__(self, caller: str) -> None:
        super().__init__(caller)
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class NotSupplier(ContractError):
    """`NotSupplier(uint16, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("65c31f5a")
    TYPES: ClassVar[tuple[str, ...]] = ("uint16", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("supplier", "caller")
    TEXT: ClassVar[str] = "not supplier"

    def __init__(self, supplier: int, caller: str) -> None:
        super().__init__(supplier, caller)
        self.supplier = supplier
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class NotSupplierOfSwitch(ContractError):
    """`NotSupplierOfSwitch(uint32, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("0f886dc7")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("id", "caller")
    TEXT: ClassVar[str] = "not supplier of switch"

    def __init__(self, id: int, caller: str) -> None:
        super().__init__(id, caller)
        self.id = id
        self.caller = caller

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class NotTheRegister(ContractError):
    """`NotTheRegister(uint32, uint32, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("57a729d2")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot", "wh")
    TEXT: ClassVar[str] = "The register that was posted for the end of these slots is another"

    def __init__(self, meter: int, slot: int, wh: int) -> None:
        super().__init__(meter, slot, wh)
        self.meter = meter
        self.slot = slot
        self.wh = wh


class NothingChanges(ContractError):
    """`NothingChanges(bytes32, uint16)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("d4fbb04c")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32", "uint16")
    FIELDS: ClassVar[tuple[str, ...]] = ("market", "supplier")
    TEXT: ClassVar[str] = "It holds already"

    def __init__(self, market: bytes, supplier: int) -> None:
        super().__init__(market, supplier)
        self.market = market
        self.supplier = supplier


class NothingToDo(ContractError):
    """`NothingToDo()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("5c52a868")
    TEXT: ClassVar[str] = "nothing to do"


class ObjectedBefore(ContractError):
    """`ObjectedBefore(uint32, address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("512d6642")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "address")
    FIELDS: ClassVar[tuple[str, ...]] = ("id", "by")
    TEXT: ClassVar[str] = "objected before"

    def __init__(self, id: int, by: str) -> None:
        super().__init__(id, by)
        self.id = id
        self.by = by

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], checksum(raw[1]))


class OpenOrders(ContractError):
    """`OpenOrders(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("3fe65045")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "The owner of a meter changes only after his last open order"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class OrderRefused(ContractError):
    """`OrderRefused(uint32, uint32, Refusal)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("bce1d2ba")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot", "reason_")
    TEXT: ClassVar[str] = "order refused"

    def __init__(self, meter: int, slot: int, reason_: IForwardAuctionRefusal) -> None:
        super().__init__(meter, slot, reason_)
        self.meter = meter
        self.slot = slot
        self.reason_ = reason_

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], raw[1], IForwardAuctionRefusal(raw[2]))


class OutOfScope(ContractError):
    """`OutOfScope(bytes32, uint16)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("0069317a")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32", "uint16")
    FIELDS: ClassVar[tuple[str, ...]] = ("market", "supplier")
    TEXT: ClassVar[str] = "The market is for the customers of another supplier"

    def __init__(self, market: bytes, supplier: int) -> None:
        super().__init__(market, supplier)
        self.market = market
        self.supplier = supplier


class PassedOver(ContractError):
    """`PassedOver(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("405f070b")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("window",)
    TEXT: ClassVar[str] = "The level was not cleared in time and is passed over"

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.window = window


class PaysMoreThanReleased(ContractError):
    """`PaysMoreThanReleased(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("ea37e5ba")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("meter",)
    TEXT: ClassVar[str] = "pays more than released"

    def __init__(self, meter: int) -> None:
        super().__init__(meter)
        self.meter = meter


class PointExists(ContractError):
    """`PointExists(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("0c3c2a13")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("point",)
    TEXT: ClassVar[str] = "A point with this number and salt is registered already"

    def __init__(self, point: int) -> None:
        super().__init__(point)
        self.point = point


class PointIsDisconnected(ContractError):
    """`PointIsDisconnected(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("cd7d4d52")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("point",)
    TEXT: ClassVar[str] = "point is disconnected"

    def __init__(self, point: int) -> None:
        super().__init__(point)
        self.point = point


class PointNotSupplied(ContractError):
    """`PointNotSupplied(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("0883c22e")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("point",)
    TEXT: ClassVar[str] = "point not supplied"

    def __init__(self, point: int) -> None:
        super().__init__(point)
        self.point = point


class PointsDiffer(ContractError):
    """`PointsDiffer(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("4f68aa74")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("point",)
    TEXT: ClassVar[str] = (
        "A point lies under other rules, or its customer is of another class, than the first"
    )

    def __init__(self, point: int) -> None:
        super().__init__(point)
        self.point = point


class ReadThroughSettlement(ContractError):
    """`ReadThroughSettlement(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("655cef0b")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("meter",)
    TEXT: ClassVar[str] = "The meter is enrolled in a market and is corrected through it"

    def __init__(self, meter: int) -> None:
        super().__init__(meter)
        self.meter = meter


class ReadingRefused(ContractError):
    """`ReadingRefused(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("de537541")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("handover",)
    TEXT: ClassVar[str] = "reading refused"

    def __init__(self, handover: int) -> None:
        super().__init__(handover)
        self.handover = handover


class ReasonNotAllowed(ContractError):
    """`ReasonNotAllowed(Reason, uint8)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("c9fc243c")
    TYPES: ClassVar[tuple[str, ...]] = ("uint8", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("reason_", "customer_class")
    TEXT: ClassVar[str] = "reason not allowed"

    def __init__(self, reason_: Reason, customer_class: int) -> None:
        super().__init__(reason_, customer_class)
        self.reason_ = reason_
        self.customer_class = customer_class

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(Reason(raw[0]), raw[1])


class ReentrancyGuardReentrantCall(ContractError):
    """`ReentrancyGuardReentrantCall()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("3ee5aeb5")
    TEXT: ClassVar[str] = "reentrancy guard reentrant call"


class RingFull(ContractError):
    """`RingFull(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("07894aaa")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("window", "unsettled_window")
    TEXT: ClassVar[str] = (
        "The ring still holds a window that is not settled; clear or void and settle it first"
    )

    def __init__(self, window: int, unsettled_window: int) -> None:
        super().__init__(window, unsettled_window)
        self.window = window
        self.unsettled_window = unsettled_window


class RowsNotOneOrTwentyFour(ContractError):
    """`RowsNotOneOrTwentyFour(uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("66ef9477")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256",)
    FIELDS: ClassVar[tuple[str, ...]] = ("rows",)
    TEXT: ClassVar[str] = "rows not one or twenty four"

    def __init__(self, rows: int) -> None:
        super().__init__(rows)
        self.rows = rows


class RulesRefused(ContractError):
    """`RulesRefused()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("cf11436b")
    TEXT: ClassVar[str] = "rules refused"


class SafeCastOverflowedIntDowncast(ContractError):
    """`SafeCastOverflowedIntDowncast(uint8, int256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("327269a7")
    TYPES: ClassVar[tuple[str, ...]] = ("uint8", "int256")
    FIELDS: ClassVar[tuple[str, ...]] = ("bits", "value")
    TEXT: ClassVar[str] = "safe cast overflowed int downcast"

    def __init__(self, bits: int, value: int) -> None:
        super().__init__(bits, value)
        self.bits = bits
        self.value = value


class SafeCastOverflowedUintDowncast(ContractError):
    """`SafeCastOverflowedUintDowncast(uint8, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("6dfcc650")
    TYPES: ClassVar[tuple[str, ...]] = ("uint8", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("bits", "value")
    TEXT: ClassVar[str] = "safe cast overflowed uint downcast"

    def __init__(self, bits: int, value: int) -> None:
        super().__init__(bits, value)
        self.bits = bits
        self.value = value


class SafeCastOverflowedUintToInt(ContractError):
    """`SafeCastOverflowedUintToInt(uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("24775e06")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256",)
    FIELDS: ClassVar[tuple[str, ...]] = ("value",)
    TEXT: ClassVar[str] = "safe cast overflowed uint to int"

    def __init__(self, value: int) -> None:
        super().__init__(value)
        self.value = value


class SafeERC20FailedOperation(ContractError):
    """`SafeERC20FailedOperation(address)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("5274afe7")
    TYPES: ClassVar[tuple[str, ...]] = ("address",)
    FIELDS: ClassVar[tuple[str, ...]] = ("token",)
    TEXT: ClassVar[str] = "safe erc20 failed operation"

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.token = token

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(checksum(raw[0]))


class SequenceIsOld(ContractError):
    """`SequenceIsOld(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f0ec8ccb")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("sequence", "last")
    TEXT: ClassVar[str] = "sequence is old"

    def __init__(self, sequence: int, last: int) -> None:
        super().__init__(sequence, last)
        self.sequence = sequence
        self.last = last


class SequenceUsed(ContractError):
    """`SequenceUsed(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f1a58c11")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "sequence")
    TEXT: ClassVar[str] = "sequence used"

    def __init__(self, meter: int, sequence: int) -> None:
        super().__init__(meter, sequence)
        self.meter = meter
        self.sequence = sequence


class SignedInFuture(ContractError):
    """`SignedInFuture(uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("d663ef37")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64",)
    FIELDS: ClassVar[tuple[str, ...]] = ("signed_at",)
    TEXT: ClassVar[str] = "signed in future"

    def __init__(self, signed_at: int) -> None:
        super().__init__(signed_at)
        self.signed_at = signed_at


class SlotHasBegun(ContractError):
    """`SlotHasBegun(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("54f9033f")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("slot", "current_slot")
    TEXT: ClassVar[str] = "The change would touch a slot that has already begun"

    def __init__(self, slot: int, current_slot: int) -> None:
        super().__init__(slot, current_slot)
        self.slot = slot
        self.current_slot = current_slot


class SlotSecondsNotSupported(ContractError):
    """`SlotSecondsNotSupported(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("49c2ac0d")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("slot_seconds",)
    TEXT: ClassVar[str] = "slot seconds not supported"

    def __init__(self, slot_seconds: int) -> None:
        super().__init__(slot_seconds)
        self.slot_seconds = slot_seconds


class SplitAtChange(ContractError):
    """`SplitAtChange(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("a9686809")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "The terms of the meter change in `slot`, within the slots that are named"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class StagePending(ContractError):
    """`StagePending(uint32, uint8)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e02e5e8c")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("window", "stage")
    TEXT: ClassVar[str] = "stage pending"

    def __init__(self, window: int, stage: int) -> None:
        super().__init__(window, stage)
        self.window = window
        self.stage = stage


class StandingHasBegun(ContractError):
    """`StandingHasBegun(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("c6825862")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("slot", "current_slot")
    TEXT: ClassVar[str] = "The change would touch a slot that has already begun"

    def __init__(self, slot: int, current_slot: int) -> None:
        super().__init__(slot, current_slot)
        self.slot = slot
        self.current_slot = current_slot


class Standstill(ContractError):
    """`Standstill(uint32, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("072e4fc0")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("point", "until")
    TEXT: ClassVar[str] = "standstill"

    def __init__(self, point: int, until: int) -> None:
        super().__init__(point, until)
        self.point = point
        self.until = until


class StringTooLong(ContractError):
    """`StringTooLong(string)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("305a27a9")
    TYPES: ClassVar[tuple[str, ...]] = ("string",)
    FIELDS: ClassVar[tuple[str, ...]] = ("str_",)
    TEXT: ClassVar[str] = "string too long"

    def __init__(self, str_: str) -> None:
        super().__init__(str_)
        self.str_ = str_


class SwitchedSince(ContractError):
    """`SwitchedSince(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("1009b57d")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("point",)
    TEXT: ClassVar[str] = "switched since"

    def __init__(self, point: int) -> None:
        super().__init__(point)
        self.point = point


class TariffNotForClass(ContractError):
    """`TariffNotForClass(uint16, uint8)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("4f0acf79")
    TYPES: ClassVar[tuple[str, ...]] = ("uint16", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("tariff", "customer_class")
    TEXT: ClassVar[str] = "The tariff is for nobody, or not for this class of customer"

    def __init__(self, tariff: int, customer_class: int) -> None:
        super().__init__(tariff, customer_class)
        self.tariff = tariff
        self.customer_class = customer_class


class TicksDiffer(ContractError):
    """`TicksDiffer()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("6c95c1c9")
    TEXT: ClassVar[str] = "Ticks of another size or floor than those of the level"


class TokenDecimalsNotSupported(ContractError):
    """`TokenDecimalsNotSupported(uint8)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("bf902a97")
    TYPES: ClassVar[tuple[str, ...]] = ("uint8",)
    FIELDS: ClassVar[tuple[str, ...]] = ("decimals",)
    TEXT: ClassVar[str] = "token decimals not supported"

    def __init__(self, decimals: int) -> None:
        super().__init__(decimals)
        self.decimals = decimals


class TokenTookFee(ContractError):
    """`TokenTookFee(uint256, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("74bf1a03")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("expected", "received")
    TEXT: ClassVar[str] = "token took fee"

    def __init__(self, expected: int, received: int) -> None:
        super().__init__(expected, received)
        self.expected = expected
        self.received = received


class TooDeep(ContractError):
    """`TooDeep()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("88ac5cad")
    TEXT: ClassVar[str] = "too deep"


class TooEarly(ContractError):
    """`TooEarly(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("b3caf9b0")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("start_day", "earliest_day")
    TEXT: ClassVar[str] = "too early"

    def __init__(self, start_day: int, earliest_day: int) -> None:
        super().__init__(start_day, earliest_day)
        self.start_day = start_day
        self.earliest_day = earliest_day


class TooEarlyToEstimate(ContractError):
    """`TooEarlyToEstimate(uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("494bf955")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64",)
    FIELDS: ClassVar[tuple[str, ...]] = ("from_",)
    TEXT: ClassVar[str] = "too early to estimate"

    def __init__(self, from_: int) -> None:
        super().__init__(from_)
        self.from_ = from_


class TooEarlyToVoid(ContractError):
    """`TooEarlyToVoid(uint32, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f2dfe304")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("window", "deadline")
    TEXT: ClassVar[str] = "too early to void"

    def __init__(self, window: int, deadline: int) -> None:
        super().__init__(window, deadline)
        self.window = window
        self.deadline = deadline


class TooFarAhead(ContractError):
    """`TooFarAhead(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f43e4a54")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("start_day", "latest_day")
    TEXT: ClassVar[str] = "too far ahead"

    def __init__(self, start_day: int, latest_day: int) -> None:
        super().__init__(start_day, latest_day)
        self.start_day = start_day
        self.latest_day = latest_day


class TooManyAuctions(ContractError):
    """`TooManyAuctions(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("81034c6e")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("market",)
    TEXT: ClassVar[str] = "too many auctions"

    def __init__(self, market: bytes) -> None:
        super().__init__(market)
        self.market = market


class TooManyLadders(ContractError):
    """`TooManyLadders(uint256, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("88cf1604")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("given", "left")
    TEXT: ClassVar[str] = "too many ladders"

    def __init__(self, given: int, left: int) -> None:
        super().__init__(given, left)
        self.given = given
        self.left = left


class TooManyPending(ContractError):
    """`TooManyPending(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("c025f9b8")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("point",)
    TEXT: ClassVar[str] = (
        "So many changes are waiting that no other is taken before one of them has begun"
    )

    def __init__(self, point: int) -> None:
        super().__init__(point)
        self.point = point


class TooMuchContracted(ContractError):
    """`TooMuchContracted(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("543949c2")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "slot")
    TEXT: ClassVar[str] = "too much contracted"

    def __init__(self, meter: int, slot: int) -> None:
        super().__init__(meter, slot)
        self.meter = meter
        self.slot = slot


class TooSoon(ContractError):
    """`TooSoon(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("2677adfe")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("from_slot", "first_slot")
    TEXT: ClassVar[str] = "It is too soon: this counts from `firstSlot` at the earliest"

    def __init__(self, from_slot: int, first_slot: int) -> None:
        super().__init__(from_slot, first_slot)
        self.from_slot = from_slot
        self.first_slot = first_slot


class UnknownArea(ContractError):
    """`UnknownArea(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("e9c0d8c5")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("area",)
    TEXT: ClassVar[str] = "unknown area"

    def __init__(self, area: int) -> None:
        super().__init__(area)
        self.area = area


class UnknownAuction(ContractError):
    """`UnknownAuction(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("cd1e2f19")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("auction",)
    TEXT: ClassVar[str] = "unknown auction"

    def __init__(self, auction: bytes) -> None:
        super().__init__(auction)
        self.auction = auction


class UnknownCalendar(ContractError):
    """`UnknownCalendar(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("8fd36822")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("calendar",)
    TEXT: ClassVar[str] = "unknown calendar"

    def __init__(self, calendar: int) -> None:
        super().__init__(calendar)
        self.calendar = calendar


class UnknownClaim(ContractError):
    """`UnknownClaim(uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f3dc2772")
    TYPES: ClassVar[tuple[str, ...]] = ("uint256",)
    FIELDS: ClassVar[tuple[str, ...]] = ("id",)
    TEXT: ClassVar[str] = "unknown claim"

    def __init__(self, id: int) -> None:
        super().__init__(id)
        self.id = id


class UnknownHandover(ContractError):
    """`UnknownHandover(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("a87cc801")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("handover",)
    TEXT: ClassVar[str] = "unknown handover"

    def __init__(self, handover: int) -> None:
        super().__init__(handover)
        self.handover = handover


class UnknownLevel(ContractError):
    """`UnknownLevel(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("afc99a74")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("level",)
    TEXT: ClassVar[str] = "unknown level"

    def __init__(self, level: bytes) -> None:
        super().__init__(level)
        self.level = level


class UnknownLiability(ContractError):
    """`UnknownLiability(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("22537a30")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("liability",)
    TEXT: ClassVar[str] = "unknown liability"

    def __init__(self, liability: int) -> None:
        super().__init__(liability)
        self.liability = liability


class UnknownMarket(ContractError):
    """`UnknownMarket(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("64d7c3f1")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("market",)
    TEXT: ClassVar[str] = "unknown market"

    def __init__(self, market: bytes) -> None:
        super().__init__(market)
        self.market = market


class UnknownMeter(ContractError):
    """`UnknownMeter(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("315f1ad4")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("meter",)
    TEXT: ClassVar[str] = "unknown meter"

    def __init__(self, meter: int) -> None:
        super().__init__(meter)
        self.meter = meter


class UnknownNode(ContractError):
    """`UnknownNode(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("706d8e77")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("node",)
    TEXT: ClassVar[str] = "unknown node"

    def __init__(self, node: bytes) -> None:
        super().__init__(node)
        self.node = node


class UnknownObjection(ContractError):
    """`UnknownObjection(uint32, uint256)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("72e8b074")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint256")
    FIELDS: ClassVar[tuple[str, ...]] = ("id", "number")
    TEXT: ClassVar[str] = "unknown objection"

    def __init__(self, id: int, number: int) -> None:
        super().__init__(id, number)
        self.id = id
        self.number = number


class UnknownPoint(ContractError):
    """`UnknownPoint(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("0585650c")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("point",)
    TEXT: ClassVar[str] = "unknown point"

    def __init__(self, point: int) -> None:
        super().__init__(point)
        self.point = point


class UnknownSupplier(ContractError):
    """`UnknownSupplier(uint16)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("de3251e8")
    TYPES: ClassVar[tuple[str, ...]] = ("uint16",)
    FIELDS: ClassVar[tuple[str, ...]] = ("supplier",)
    TEXT: ClassVar[str] = "unknown supplier"

    def __init__(self, supplier: int) -> None:
        super().__init__(supplier)
        self.supplier = supplier


class UnknownSwitch(ContractError):
    """`UnknownSwitch(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("969926e6")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("id",)
    TEXT: ClassVar[str] = "unknown switch"

    def __init__(self, id: int) -> None:
        super().__init__(id)
        self.id = id


class WindowHasBegun(ContractError):
    """`WindowHasBegun(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("7392bac2")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("window",)
    TEXT: ClassVar[str] = "window has begun"

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.window = window


class WindowOver(ContractError):
    """`WindowOver(uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("a21a5eab")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64",)
    FIELDS: ClassVar[tuple[str, ...]] = ("until",)
    TEXT: ClassVar[str] = "window over"

    def __init__(self, until: int) -> None:
        super().__init__(until)
        self.until = until


class WindowsDiffer(ContractError):
    """`WindowsDiffer(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("eac242bf")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("window",)
    TEXT: ClassVar[str] = (
        "The windows of one settlement call must have the same members and stand at the same member"
    )

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.window = window


class WrongCursor(ContractError):
    """`WrongCursor(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("4d3a7a92")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("from_index", "cursor")
    TEXT: ClassVar[str] = "wrong cursor"

    def __init__(self, from_index: int, cursor: int) -> None:
        super().__init__(from_index, cursor)
        self.from_index = from_index
        self.cursor = cursor


class WrongEnergy(ContractError):
    """`WrongEnergy(uint64, uint64)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("b07e14ab")
    TYPES: ClassVar[tuple[str, ...]] = ("uint64", "uint64")
    FIELDS: ClassVar[tuple[str, ...]] = ("wh", "expected_wh")
    TEXT: ClassVar[str] = "By these factors the litres come to another energy"

    def __init__(self, wh: int, expected_wh: int) -> None:
        super().__init__(wh, expected_wh)
        self.wh = wh
        self.expected_wh = expected_wh


class WrongEvidence(ContractError):
    """`WrongEvidence(uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("b0f0f35b")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "day")
    TEXT: ClassVar[str] = (
        "The records are not those of this day, all of them, in the order in which they were taken"
    )

    def __init__(self, meter: int, day: int) -> None:
        super().__init__(meter, day)
        self.meter = meter
        self.day = day


class WrongLadder(ContractError):
    """`WrongLadder(bytes32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("4283f43b")
    TYPES: ClassVar[tuple[str, ...]] = ("bytes32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("child",)
    TEXT: ClassVar[str] = "The numbers are not those that the child has sent"

    def __init__(self, child: bytes) -> None:
        super().__init__(child)
        self.child = child


class WrongLevelPhase(ContractError):
    """`WrongLevelPhase(uint32, LevelPhase)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("81e051d1")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("window", "phase")
    TEXT: ClassVar[str] = "wrong level phase"

    def __init__(self, window: int, phase: LevelPhase) -> None:
        super().__init__(window, phase)
        self.window = window
        self.phase = phase

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], LevelPhase(raw[1]))


class WrongNumber(ContractError):
    """`WrongNumber(uint32, uint32, uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("26897cb4")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint32", "uint32")
    FIELDS: ClassVar[tuple[str, ...]] = ("meter", "day", "next_number")
    TEXT: ClassVar[str] = "wrong number"

    def __init__(self, meter: int, day: int, next_number: int) -> None:
        super().__init__(meter, day, next_number)
        self.meter = meter
        self.day = day
        self.next_number = next_number


class WrongOffers(ContractError):
    """`WrongOffers(uint32)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("f5bf5695")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32",)
    FIELDS: ClassVar[tuple[str, ...]] = ("window",)
    TEXT: ClassVar[str] = "This is not all that was offered in this window, or not in its order"

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.window = window


class WrongPhase(ContractError):
    """`WrongPhase(uint32, Phase)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("30eb58fb")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("window", "phase")
    TEXT: ClassVar[str] = "wrong phase"

    def __init__(self, window: int, phase: ISettlementPhase) -> None:
        super().__init__(window, phase)
        self.window = window
        self.phase = phase

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], ISettlementPhase(raw[1]))


class WrongProof(ContractError):
    """`WrongProof()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("923983b9")
    TEXT: ClassVar[str] = "The evidence is not what was settled"


class WrongState(ContractError):
    """`WrongState(uint32, State)`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("684dc078")
    TYPES: ClassVar[tuple[str, ...]] = ("uint32", "uint8")
    FIELDS: ClassVar[tuple[str, ...]] = ("id", "state")
    TEXT: ClassVar[str] = "wrong state"

    def __init__(self, id: int, state: State) -> None:
        super().__init__(id, state)
        self.id = id
        self.state = state

    @classmethod
    def from_abi(cls, raw: Sequence[Any]) -> Self:
        return cls(raw[0], State(raw[1]))


class ZeroAccount(ContractError):
    """`ZeroAccount()`"""

    SELECTOR: ClassVar[bytes] = bytes.fromhex("bfcf3c0b")
    TEXT: ClassVar[str] = "zero account"


ERRORS: dict[bytes, type[ContractError]] = {
    known.SELECTOR: known
    for known in (
        AboveFuse,
        AbovePending,
        AccessManagedInvalidAuthority,
        AccessManagedRequiredDelay,
        AccessManagedUnauthorized,
        AccessManagerAlreadyScheduled,
        AccessManagerBadConfirmation,
        AccessManagerExpired,
        AccessManagerInvalidInitialAdmin,
        AccessManagerLockedFunction,
        AccessManagerLockedRole,
        AccessManagerNotReady,
        AccessManagerNotScheduled,
        AccessManagerUnauthorizedAccount,
        AccessManagerUnauthorizedCall,
        AccessManagerUnauthorizedCancel,
        AccessManagerUnauthorizedConsume,
        AddressEmptyCode,
        AgreementPending,
        AlreadyAttached,
        AlreadyBound,
        AlreadyEnrolled,
        AlreadyEstimated,
        AlreadyRead,
        AlreadySupplied,
        AmountTooLarge,
        AreaTaken,
        AuctionExists,
        AuctionsDiffer,
        BadContract,
        BadFormat,
        BadOffset,
        BadParameter,
        BadRange,
        BadSignature,
        BadSigner,
        BeforeCalendar,
        BeforeFirstStanding,
        BeforeRegistration,
        BehindHorizon,
        BelowThreshold,
        BetterReadingKnown,
        CannotBeRelated,
        ChangeAtMidnight,
        ChangeOutOfOrder,
        ChangePending,
        CheckpointUnorderedInsertion,
        ChildPending,
        ClaimRefused,
        ConsentHasEnded,
        ConsentIsEmpty,
        ConsentSuperseded,
        ContractExpired,
        ContractKnown,
        DayHasBegun,
        DayOutOfOrder,
        DisputeRefused,
        ECDSAInvalidSignature,
        ECDSAInvalidSignatureLength,
        ECDSAInvalidSignatureS,
        ERC20InsufficientAllowance,
        ERC20InsufficientBalance,
        ERC20InvalidApprover,
        ERC20InvalidReceiver,
        ERC20InvalidSender,
        ERC20InvalidSpender,
        ERC2612ExpiredSignature,
        ERC2612InvalidSigner,
        EmptyRow,
        EmptyVolume,
        ExchangeRefused,
        FailedCall,
        FailedSupplier,
        Final,
        ForwardNotCleared,
        GateHasClosed,
        GateOpen,
        GateStillOpen,
        HandoverKnown,
        HeldAtWorst,
        InsideCoolingOff,
        InsufficientBalance,
        InvalidAccountNonce,
        InvalidShortString,
        IsKeptOut,
        LaterChangePending,
        LaterStandingPending,
        LaterVersionPending,
        LevelExists,
        LevelsPending,
        LiabilityIsPaid,
        MarketExists,
        MeterOfAnotherPoint,
        MoreThanPosted,
        NoBoundary,
        NoCustomer,
        NoEstimate,
        NoEvidence,
        NoGasMeter,
        NoNetworkOperator,
        NoRules,
        NoTariff,
        NoTenancyEnds,
        NotAChild,
        NotADay,
        NotAMember,
        NotAreaOperator,
        NotAtWindow,
        NotBillingGrade,
        NotComplete,
        NotContinuous,
        NotCustomerOfRecord,
        NotDelivered,
        NotEnoughFree,
        NotEnoughGuarantee,
        NotFailed,
        NotForward,
        NotForwardLevels,
        NotLevels,
        NotMarkets,
        NotMissed,
        NotObjector,
        NotOfRecord,
        NotOwner,
        NotPartyOf,
        NotPassedOver,
        NotPoints,
        NotRead,
        NotReady,
        NotRegistry,
        NotRepresentable,
        NotSettled,
        NotSettlement,
        NotSignedByCustomer,
        NotSignedByMeter,
        NotSignedByOperator,
        NotSignedBySupplier,
        NotStage,
        NotSupplier,
        NotSupplierOfSwitch,
        NotTheRegister,
        NothingChanges,
        NothingToDo,
        ObjectedBefore,
        OpenOrders,
        OrderRefused,
        OutOfScope,
        Panicked,
        PassedOver,
        PaysMoreThanReleased,
        PointExists,
        PointIsDisconnected,
        PointNotSupplied,
        PointsDiffer,
        ReadThroughSettlement,
        ReadingRefused,
        ReasonNotAllowed,
        ReentrancyGuardReentrantCall,
        Reverted,
        RingFull,
        RowsNotOneOrTwentyFour,
        RulesRefused,
        SafeCastOverflowedIntDowncast,
        SafeCastOverflowedUintDowncast,
        SafeCastOverflowedUintToInt,
        SafeERC20FailedOperation,
        SequenceIsOld,
        SequenceUsed,
        SignedInFuture,
        SlotHasBegun,
        SlotSecondsNotSupported,
        SplitAtChange,
        StagePending,
        StandingHasBegun,
        Standstill,
        StringTooLong,
        SwitchedSince,
        TariffNotForClass,
        TicksDiffer,
        TokenDecimalsNotSupported,
        TokenTookFee,
        TooDeep,
        TooEarly,
        TooEarlyToEstimate,
        TooEarlyToVoid,
        TooFarAhead,
        TooManyAuctions,
        TooManyLadders,
        TooManyPending,
        TooMuchContracted,
        TooSoon,
        UnknownArea,
        UnknownAuction,
        UnknownCalendar,
        UnknownClaim,
        UnknownHandover,
        UnknownLevel,
        UnknownLiability,
        UnknownMarket,
        UnknownMeter,
        UnknownNode,
        UnknownObjection,
        UnknownPoint,
        UnknownSupplier,
        UnknownSwitch,
        WindowHasBegun,
        WindowOver,
        WindowsDiffer,
        WrongCursor,
        WrongEnergy,
        WrongEvidence,
        WrongLadder,
        WrongLevelPhase,
        WrongNumber,
        WrongOffers,
        WrongPhase,
        WrongProof,
        WrongState,
        ZeroAccount,
    )
}
