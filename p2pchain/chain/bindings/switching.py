"""The contract Switching, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, NamedTuple, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.enums import Cause, Clock, Reason, Source, State
from p2pchain.chain.bindings.structs import (
    Binding,
    Contract,
    ErrorClaim,
    Handover,
    Leg,
    Liability,
    Objection,
    Offer,
    Reading,
    Restatement,
    Rules,
    Switch,
    SwitchCore,
)


@dataclass(frozen=True, slots=True)
class AuthorityUpdated(Event):
    """`AuthorityUpdated(address)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "2f658b440c35314f52658ea8a740e05b284cdc84dc9ae01e891f21b8933e7cad"
    )
    authority: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address",), data)
        return cls(checksum(raw[0]))


@dataclass(frozen=True, slots=True)
class Compensated(Event):
    """`Compensated(uint32, uint128, uint128[], bytes32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "087fe8a2c300b39fa949c89af1f754212cbfee30e9cef1e8e0a2a88c373c0b54"
    )
    id: int
    back_nano: int
    due_nano: tuple[int, ...]
    statement: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint128", "uint128[]", "bytes32"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class Contracted(Event):
    """`Contracted(uint32, address, uint16, Contract)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "4e45783f014f16d6ef5b8168f1cc3385cdbba6cb32e9ff272de2b0feca160f21"
    )
    id: int
    customer: str
    supplier: int
    what: Contract

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("(uint32[],uint16[],address,uint16,uint32,bool,bytes32,uint64)",), data)
        return cls(
            topic("uint32", topics[1]),
            checksum(topic("address", topics[2])),
            topic("uint16", topics[3]),
            Contract.from_abi(raw[0]),
        )


@dataclass(frozen=True, slots=True)
class EIP712DomainChanged(Event):
    """`EIP712DomainChanged()`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "0a6387c9ea3628b88a633bb4f3b151770f70085117a15f9bf3787cda53f13d31"
    )

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls()


@dataclass(frozen=True, slots=True)
class Ended(Event):
    """Stopped for good."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "6f396ced77fb3ded1c2f8b373891e7e6613d1e71441b4911af85899261de122a"
    )
    id: int
    state: State
    back: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint8", "bool"), data)
        return cls(topic("uint32", topics[1]), State(raw[0]), raw[1])


@dataclass(frozen=True, slots=True)
class ErrorAnswered(Event):
    """`ErrorAnswered(uint32, address, bool, bytes32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a7c20102f7fa6f26aadc3923e2fb05d5b750a2e7c4674a66f66e89a4fb703f28"
    )
    id: int
    by: str
    agreed: bool
    evidence: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address", "bool", "bytes32"), data)
        return cls(topic("uint32", topics[1]), checksum(raw[0]), raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class ErrorClaimed(Event):
    """`ErrorClaimed(uint32, address, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a2bbe6af5d75b3f624eadcbde471518bdfe8bfb718e8834c351c315120775e60"
    )
    id: int
    by: str
    by_customer: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address", "bool"), data)
        return cls(topic("uint32", topics[1]), checksum(raw[0]), raw[1])


@dataclass(frozen=True, slots=True)
class ErrorRuled(Event):
    """`ErrorRuled(uint32, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "8956bd01493f6bb39b3e15a5513277b7ee56bd6fcc18c3f00dd6129efca56052"
    )
    id: int
    erroneous: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bool",), data)
        return cls(topic("uint32", topics[1]), raw[0])


@dataclass(frozen=True, slots=True)
class ExitFeeDue(Event):
    """`ExitFeeDue(uint32, uint64)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "1197854b18cdc81bfe855ff5c9f40d7a37665f15de2bdc1886abb9309bcd9379"
    )
    handover: int
    exit_fee_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint64",), data)
        return cls(topic("uint32", topics[1]), raw[0])


@dataclass(frozen=True, slots=True)
class FinalBill(Event):
    """`FinalBill(uint32, bytes32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "5fce22d992e012985ecfa9dd88cc40f868a0602062b0b86218b1bb0da5f3c85c"
    )
    handover: int
    bill: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("bytes32",), data)
        return cls(topic("uint32", topics[1]), raw[0])


@dataclass(frozen=True, slots=True)
class HandedOver(Event):
    """`HandedOver(uint32, uint32, uint32, uint16, uint16, uint16, Cause)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "8e086dd76ab464651b6a24cf6a97938feebc1ccd203d060e291f9777e536d626"
    )
    handover: int
    point: int
    slot: int
    losing: int
    gaining: int
    tariff: int
    cause: Cause

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint16", "uint16", "uint16", "uint8"), data)
        return cls(
            topic("uint32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            raw[1],
            raw[2],
            raw[3],
            Cause(raw[4]),
        )


@dataclass(frozen=True, slots=True)
class LastResort(Event):
    """`LastResort(uint32, uint16, uint16, uint16)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "0ea440d7652ecb51fccd691059811355c1397dad69dddee46b45a9684199a73d"
    )
    point: int
    failed: int
    successor: int
    tariff: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint16",), data)
        return cls(
            topic("uint32", topics[1]),
            topic("uint16", topics[2]),
            topic("uint16", topics[3]),
            raw[0],
        )


@dataclass(frozen=True, slots=True)
class LiabilityArisen(Event):
    """`LiabilityArisen(uint32, address, uint16, Clock, uint32, uint8, uint64)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "1649ea20ba13e8efd0caed84ac5d1f21abc3522fed9f29aef5cd5d90ed9f74f8"
    )
    liability: int
    customer: str
    supplier: int
    clock: Clock
    subject: int
    place: int
    amount_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint8", "uint32", "uint8", "uint64"), data)
        return cls(
            topic("uint32", topics[1]),
            checksum(topic("address", topics[2])),
            topic("uint16", topics[3]),
            Clock(raw[0]),
            raw[1],
            raw[2],
            raw[3],
        )


@dataclass(frozen=True, slots=True)
class LiabilityPaid(Event):
    """`LiabilityPaid(uint32, address)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a5e0eec95ec85355fefb7cc7d6bc327dbbca639db7307053898f09d58d075a3c"
    )
    liability: int
    by: str

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address",), data)
        return cls(topic("uint32", topics[1]), checksum(raw[0]))


@dataclass(frozen=True, slots=True)
class ObjectionRaised(Event):
    """`ObjectionRaised(uint32, uint256, address, uint8, Reason, bytes32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "e11eac75a113629338e9dc1ec8615fa64ba9bcbd923327312a6d1ba8c81c3935"
    )
    id: int
    number: int
    by: str
    place: int
    reason: Reason
    evidence: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256", "address", "uint8", "uint8", "bytes32"), data)
        return cls(
            topic("uint32", topics[1]),
            raw[0],
            checksum(raw[1]),
            raw[2],
            Reason(raw[3]),
            raw[4],
        )


@dataclass(frozen=True, slots=True)
class ObjectionRemoved(Event):
    """`ObjectionRemoved(uint32, uint256, bool)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "f2a2b4a1a49df21a37f1fe166c2aa9c1f37152c4226e5a921d6989a3e8b3288d"
    )
    id: int
    number: int
    overruled: bool

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256", "bool"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class OfferSet(Event):
    """`OfferSet(uint16, uint16, uint32, uint8, uint16, uint64)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "f407f37db30559fbd61b29ced8d23b2970c12fb488d0c145197da1ab24def488"
    )
    supplier: int
    tariff: int
    offer: int
    classes: int
    term_days: int
    exit_fee_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint8", "uint16", "uint64"), data)
        return cls(
            topic("uint16", topics[1]),
            topic("uint16", topics[2]),
            raw[0],
            raw[1],
            raw[2],
            raw[3],
        )


@dataclass(frozen=True, slots=True)
class ReadingDisputed(Event):
    """`ReadingDisputed(uint32, address, uint64, uint64, uint64[2], bytes32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "98f269c214d89abcbd16d36f14d4be2b1630c1ddac268896b4684c1841f38987"
    )
    handover: int
    by: str
    import_wh: int
    export_wh: int
    read_at: tuple[int, ...]
    evidence: bytes

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address", "uint64", "uint64", "uint64[2]", "bytes32"), data)
        return cls(topic("uint32", topics[1]), checksum(raw[0]), raw[1], raw[2], raw[3], raw[4])


@dataclass(frozen=True, slots=True)
class ReadingProposed(Event):
    """`ReadingProposed(uint32, uint16, uint64, uint64)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "e6af29cfd2642d12af85236a0b363d449a0b1a0188a8287bd10c739ae77e24fa"
    )
    handover: int
    supplier: int
    import_wh: int
    export_wh: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint16", "uint64", "uint64"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class ReadingSet(Event):
    """`ReadingSet(uint32, uint64, uint64, Source)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "7e98f67063d53a3670a254a9bbc416f90c9680be6f05e62934efbfa2ec2a224c"
    )
    handover: int
    import_wh: int
    export_wh: int
    source: Source

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint64", "uint64", "uint8"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1], Source(raw[2]))


@dataclass(frozen=True, slots=True)
class Refunded(Event):
    """`Refunded(uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "2fd688fb8d961cc101575d5c35379d5c121a5bd5ba8a2b4e8e8be21a1da35e84"
    )
    handover: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("uint32", topics[1]))


@dataclass(frozen=True, slots=True)
class Requested(Event):
    """`Requested(uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "f203b2b7d33d0567f6f88172b0c20a6227173fbc09b10c1d142dfeaf28a6785e"
    )
    id: int
    start_day: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32",), data)
        return cls(topic("uint32", topics[1]), raw[0])


@dataclass(frozen=True, slots=True)
class Restated(Event):
    """`Restated(uint32, uint32, uint32, uint16, uint16)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "c8275911c078b786fc28b8088a3755fffaa48d74eab5996bc9ae0abf46c1a8b3"
    )
    point: int
    from_slot: int
    until_slot: int
    supplier: int
    tariff: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32", "uint16", "uint16"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class RulesSet(Event):
    """`RulesSet(uint32, uint32, string, Rules)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "d5e69d435b88b88b0b20704e9fb1dff5db1f6cf618a0d43871c11706036924e5"
    )
    rules: int
    area: int
    name: str
    what: Rules

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(
            (
                "string",
                "(uint32,uint32,uint8,uint8,uint8,uint8[3],uint8,uint8[3],uint8[5],uint8,uint8,uint8[2],uint64[2],uint8,uint8,uint16,uint8,uint8,uint8,uint64)",
            ),
            data,
        )
        return cls(
            topic("uint32", topics[1]),
            topic("uint32", topics[2]),
            raw[0],
            Rules.from_abi(raw[1]),
        )


@dataclass(frozen=True, slots=True)
class Secured(Event):
    """`Secured(uint32, uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "867944d65819576ff8d3b8c93d4b6e3dd004381a32a42ceae9a56743fe2c0d29"
    )
    id: int
    start_day: int
    start_slot: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32", "uint32"), data)
        return cls(topic("uint32", topics[1]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class SupplierFailed(Event):
    """`SupplierFailed(uint16)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "211b2901822a6506f7004dcce860b6f5ed9c08246981f56f9b5829e1036b3717"
    )
    supplier: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        return cls(topic("uint16", topics[1]))


@dataclass(frozen=True, slots=True)
class TenancyEnded(Event):
    """`TenancyEnded(uint32, uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "cb4aa14b517807491e5493c4ca969153c457e600ba36d72914167d115333d47b"
    )
    handover: int
    point: int
    slot: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32",), data)
        return cls(topic("uint32", topics[1]), topic("uint32", topics[2]), raw[0])


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        AuthorityUpdated,
        Compensated,
        Contracted,
        EIP712DomainChanged,
        Ended,
        ErrorAnswered,
        ErrorClaimed,
        ErrorRuled,
        ExitFeeDue,
        FinalBill,
        HandedOver,
        LastResort,
        LiabilityArisen,
        LiabilityPaid,
        ObjectionRaised,
        ObjectionRemoved,
        OfferSet,
        ReadingDisputed,
        ReadingProposed,
        ReadingSet,
        Refunded,
        Requested,
        Restated,
        RulesSet,
        Secured,
        SupplierFailed,
        TenancyEnded,
    )
}


class Eip712DomainResult(NamedTuple):
    """What `eip712Domain()` returns."""

    fields: bytes
    name: str
    version: str
    chain_id: int
    verifying_contract: str
    salt: bytes
    extensions: tuple[int, ...]


class SwitchesOfResult(NamedTuple):
    """What `switchesOf(uint32)` returns."""

    pending: int
    last: int


class Switching:
    """`Switching` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(access_manager: str, core: SwitchCore) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "(address,address,address,address,address,address,address)"),
            (access_manager, core.to_abi()),
        )

    def accountable_at(self, point: int, slot: int, *, block: int | str = "latest") -> int:
        """The supplier to whom a slot of a point counts, after all restatements."""
        _data = bytes.fromhex("9bbff907") + encode(
            ("uint32", "uint32"),
            (point, slot),
        )
        return self.accountable_at_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def accountable_at_result(raw: bytes) -> int:
        """Return what `accountable_at` answered, decoded."""
        _out = decode(("uint16",), raw)
        _value: int = _out[0]
        return _value

    def agree_reading(self, handover: int, import_wh: int, export_wh: int) -> Call:
        """What a supplier holds to be right in a dispute; when both say the same, it holds."""
        _data = bytes.fromhex("7fc20297") + encode(
            ("uint32", "uint64", "uint64"),
            (handover, import_wh, export_wh),
        )
        return Call(self.address, _data, 0, "Switching.agreeReading")

    def answer_claim(self, id: int, agree: bool, evidence: bytes) -> Call:
        """A supplier, or the customer, agrees or denies with evidence. When all agree the points
        go back.
        """
        _data = bytes.fromhex("02f260f1") + encode(
            ("uint32", "bool", "bytes32"),
            (id, agree, sized(evidence, 32)),
        )
        return Call(self.address, _data, 0, "Switching.answerClaim")

    def authority(self, *, block: int | str = "latest") -> str:
        """`authority()`"""
        _data = bytes.fromhex("bf7e214f")
        return self.authority_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def authority_result(raw: bytes) -> str:
        """Return what `authority` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def binding_of(self, point: int, *, block: int | str = "latest") -> Binding:
        """To whom the customer of a point is bound."""
        _data = bytes.fromhex("4394b83c") + encode(
            ("uint32",),
            (point,),
        )
        return self.binding_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def binding_of_result(raw: bytes) -> Binding:
        """Return what `binding_of` answered, decoded."""
        _out = decode(("(uint16,uint32,uint64)",), raw)
        _value: Binding = Binding.from_abi(_out[0])
        return _value

    def cancel(self, id: int, back: bool, signature: bytes) -> Call:
        """Cancels a contract while it can be: by the customer, or with his signature. Before
        gate closure the switch ends. When the supply has begun, `back` sends him back to his
        old suppliers with the next local day; without it he stays until he chooses another,
        at once if he likes. What he has used he owes.
        """
        _data = bytes.fromhex("5ee335ad") + encode(
            ("uint32", "bool", "bytes"),
            (id, back, signature),
        )
        return Call(self.address, _data, 0, "Switching.cancel")

    def cancellation_digest(self, id: int, back: bool, *, block: int | str = "latest") -> bytes:
        """`cancellationDigest(uint32, bool)`"""
        _data = bytes.fromhex("dc649a78") + encode(
            ("uint32", "bool"),
            (id, back),
        )
        return self.cancellation_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def cancellation_digest_result(raw: bytes) -> bytes:
        """Return what `cancellation_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def claim_error(self, id: int, signature: bytes) -> Call:
        """Claims that a switch was no wish of the customer's: by him, with his signature, or by
        a supplier of it; then he agrees in the same way, since nobody sends him back who
        wants to stay.
        """
        _data = bytes.fromhex("ce91d2e8") + encode(
            ("uint32", "bytes"),
            (id, signature),
        )
        return Call(self.address, _data, 0, "Switching.claimError")

    def claim_liability(self, clock: Clock, subject: int, place: int) -> Call:
        """Takes down that a clock was missed; anybody may."""
        _data = bytes.fromhex("47ac87ee") + encode(
            ("uint8", "uint32", "uint8"),
            (clock, subject, place),
        )
        return Call(self.address, _data, 0, "Switching.claimLiability")

    @staticmethod
    def claim_liability_result(raw: bytes) -> int:
        """Return what `claim_liability` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def claim_of(self, id: int, *, block: int | str = "latest") -> ErrorClaim:
        """`claimOf(uint32)`"""
        _data = bytes.fromhex("b550429b") + encode(
            ("uint32",),
            (id,),
        )
        return self.claim_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def claim_of_result(raw: bytes) -> ErrorClaim:
        """Return what `claim_of` answered, decoded."""
        _out = decode(
            ("(uint8,uint16,uint16,uint64,uint64,uint64,uint64,uint64,uint64,uint128,bytes32)",),
            raw,
        )
        _value: ErrorClaim = ErrorClaim.from_abi(_out[0])
        return _value

    def close_account(self, handover: int, bill: bytes) -> Call:
        """The final bill, by its hash. The losing supplier only."""
        _data = bytes.fromhex("39deca3c") + encode(
            ("uint32", "bytes32"),
            (handover, sized(bill, 32)),
        )
        return Call(self.address, _data, 0, "Switching.closeAccount")

    def compensate(
        self,
        id: int,
        back_nano: int,
        due_nano: Sequence[int],
        statement: bytes,
    ) -> Call:
        """Pays the compensating transfers, with the caller's tokens, into accounts of the
        ledger. The gaining supplier only.
        """
        _data = bytes.fromhex("8276477f") + encode(
            ("uint32", "uint128", "uint128[]", "bytes32"),
            (id, back_nano, due_nano, sized(statement, 32)),
        )
        return Call(self.address, _data, 0, "Switching.compensate")

    def conclude(self, c: Contract, signature: bytes, start_day: int) -> Call:
        """Takes down a contract that its customer has signed; anybody may carry it. With a
        `startDay` the supplier requests the switch in the same call, also if somebody has
        taken the contract down before him.
        """
        _data = bytes.fromhex("b849f543") + encode(
            ("(uint32[],uint16[],address,uint16,uint32,bool,bytes32,uint64)", "bytes", "uint32"),
            (c.to_abi(), signature, start_day),
        )
        return Call(self.address, _data, 0, "Switching.conclude")

    @staticmethod
    def conclude_result(raw: bytes) -> int:
        """Return what `conclude` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def contract_digest(self, c: Contract, *, block: int | str = "latest") -> bytes:
        """`contractDigest(Contract)`"""
        _data = bytes.fromhex("ca55fdb3") + encode(
            ("(uint32[],uint16[],address,uint16,uint32,bool,bytes32,uint64)",),
            (c.to_abi(),),
        )
        return self.contract_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def contract_digest_result(raw: bytes) -> bytes:
        """Return what `contract_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def core(self, *, block: int | str = "latest") -> tuple[str, str, str, str, str, str, str]:
        """The contracts that it works with."""
        _data = bytes.fromhex("f2f4eb26")
        return self.core_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def core_result(raw: bytes) -> tuple[str, str, str, str, str, str, str]:
        """Return what `core` answered, decoded."""
        _out = decode(
            ("address", "address", "address", "address", "address", "address", "address"),
            raw,
        )
        return (
            checksum(_out[0]),
            checksum(_out[1]),
            checksum(_out[2]),
            checksum(_out[3]),
            checksum(_out[4]),
            checksum(_out[5]),
            checksum(_out[6]),
        )

    def declare_failed(self, supplier: int) -> Call:
        """A supplier has failed: he gets no customers any more. Regulator only."""
        _data = bytes.fromhex("64bbf8aa") + encode(
            ("uint16",),
            (supplier,),
        )
        return Call(self.address, _data, 0, "Switching.declareFailed")

    def dispute(
        self,
        handover: int,
        import_wh: int,
        export_wh: int,
        read_at: Sequence[int],
        evidence: bytes,
    ) -> Call:
        """Disputes a value that no meter has signed, with two readings (unix times `readAt`) far
        enough apart. The customer or one of both suppliers.
        """
        _data = bytes.fromhex("8beb769b") + encode(
            ("uint32", "uint64", "uint64", "uint64[2]", "bytes32"),
            (handover, import_wh, export_wh, read_at, sized(evidence, 32)),
        )
        return Call(self.address, _data, 0, "Switching.dispute")

    def eip712_domain(self, *, block: int | str = "latest") -> Eip712DomainResult:
        """`eip712Domain()`"""
        _data = bytes.fromhex("84b0196e")
        return self.eip712_domain_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def eip712_domain_result(raw: bytes) -> Eip712DomainResult:
        """Return what `eip712_domain` answered, decoded."""
        _out = decode(
            ("bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]"),
            raw,
        )
        return Eip712DomainResult(
            _out[0],
            _out[1],
            _out[2],
            _out[3],
            checksum(_out[4]),
            _out[5],
            _out[6],
        )

    def end_tenancy(self, point: int, slot: int) -> Call:
        """Opens the handover of a change of customer at a slot that has begun, so that one
        register closes the account of who has gone and opens that of who has come. Anybody.
        """
        _data = bytes.fromhex("646bfa56") + encode(
            ("uint32", "uint32"),
            (point, slot),
        )
        return Call(self.address, _data, 0, "Switching.endTenancy")

    @staticmethod
    def end_tenancy_result(raw: bytes) -> int:
        """Return what `end_tenancy` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def error_digest(self, id: int, *, block: int | str = "latest") -> bytes:
        """`errorDigest(uint32)`"""
        _data = bytes.fromhex("5b4aae31") + encode(
            ("uint32",),
            (id,),
        )
        return self.error_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def error_digest_result(raw: bytes) -> bytes:
        """Return what `error_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def estimate(self, handover: int, import_wh: int, export_wh: int) -> Call:
        """An estimate, for both suppliers, when the customer's days are over. The meter agent or
        network operator of record.
        """
        _data = bytes.fromhex("6ec1f25f") + encode(
            ("uint32", "uint64", "uint64"),
            (handover, import_wh, export_wh),
        )
        return Call(self.address, _data, 0, "Switching.estimate")

    def handover(self, id: int, *, block: int | str = "latest") -> Handover:
        """`handover(uint32)`"""
        _data = bytes.fromhex("7389aeef") + encode(
            ("uint32",),
            (id,),
        )
        return self.handover_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def handover_result(raw: bytes) -> Handover:
        """Return what `handover` answered, decoded."""
        _out = decode(
            (
                "(uint32,uint32,uint32,uint16,uint16,uint8,address,uint32,uint64,uint64,uint8,(address,bytes32,uint16,uint64,uint64),uint64,uint64,uint64,bytes32)",
            ),
            raw,
        )
        _value: Handover = Handover.from_abi(_out[0])
        return _value

    def handover_count(self, *, block: int | str = "latest") -> int:
        """`handoverCount()`"""
        _data = bytes.fromhex("56ed863f")
        return self.handover_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def handover_count_result(raw: bytes) -> int:
        """Return what `handover_count` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def has_failed(self, supplier: int, *, block: int | str = "latest") -> bool:
        """`hasFailed(uint16)`"""
        _data = bytes.fromhex("ba06b69b") + encode(
            ("uint16",),
            (supplier,),
        )
        return self.has_failed_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def has_failed_result(raw: bytes) -> bool:
        """Return what `has_failed` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value

    def is_consuming_scheduled_op(self, *, block: int | str = "latest") -> bytes:
        """`isConsumingScheduledOp()`"""
        _data = bytes.fromhex("8fb36037")
        return self.is_consuming_scheduled_op_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def is_consuming_scheduled_op_result(raw: bytes) -> bytes:
        """Return what `is_consuming_scheduled_op` answered, decoded."""
        _out = decode(("bytes4",), raw)
        _value: bytes = _out[0]
        return _value

    def legs_of(self, id: int, *, block: int | str = "latest") -> tuple[Leg, ...]:
        """`legsOf(uint32)`"""
        _data = bytes.fromhex("914426f9") + encode(
            ("uint32",),
            (id,),
        )
        return self.legs_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def legs_of_result(raw: bytes) -> tuple[Leg, ...]:
        """Return what `legs_of` answered, decoded."""
        _out = decode(("(uint32,uint16,uint16,uint16,uint32,uint32)[]",), raw)
        _value: tuple[Leg, ...] = tuple(Leg.from_abi(i) for i in _out[0])
        return _value

    def liability(self, id: int, *, block: int | str = "latest") -> Liability:
        """`liability(uint32)`"""
        _data = bytes.fromhex("f3e45e4f") + encode(
            ("uint32",),
            (id,),
        )
        return self.liability_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def liability_result(raw: bytes) -> Liability:
        """Return what `liability` answered, decoded."""
        _out = decode(("(uint8,uint32,uint8,uint16,address,uint64,uint64)",), raw)
        _value: Liability = Liability.from_abi(_out[0])
        return _value

    def liability_count(self, *, block: int | str = "latest") -> int:
        """`liabilityCount()`"""
        _data = bytes.fromhex("d864426d")
        return self.liability_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def liability_count_result(raw: bytes) -> int:
        """Return what `liability_count` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def move_to_last_resort(
        self,
        failed: int,
        successor: int,
        points: Sequence[int],
        tariffs: Sequence[int],
    ) -> Call:
        """Points of a failed supplier go to another one with the next local day, at a tariff
        each. Regulator only.
        """
        _data = bytes.fromhex("596fb1dd") + encode(
            ("uint16", "uint16", "uint32[]", "uint16[]"),
            (failed, successor, points, tariffs),
        )
        return Call(self.address, _data, 0, "Switching.moveToLastResort")

    def object(self, id: int, place: int, reason: Reason, evidence: bytes) -> Call:
        """Objects to a switch, as the losing supplier or the network operator of a leg, in the
        window.
        """
        _data = bytes.fromhex("81341f1e") + encode(
            ("uint32", "uint8", "uint8", "bytes32"),
            (id, place, reason, sized(evidence, 32)),
        )
        return Call(self.address, _data, 0, "Switching.object")

    def objections_of(self, id: int, *, block: int | str = "latest") -> tuple[Objection, ...]:
        """`objectionsOf(uint32)`"""
        _data = bytes.fromhex("600b14e9") + encode(
            ("uint32",),
            (id,),
        )
        return self.objections_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def objections_of_result(raw: bytes) -> tuple[Objection, ...]:
        """Return what `objections_of` answered, decoded."""
        _out = decode(("(address,uint8,uint8,bool,uint64,bytes32)[]",), raw)
        _value: tuple[Objection, ...] = tuple(Objection.from_abi(i) for i in _out[0])
        return _value

    def offers_of(
        self,
        supplier: int,
        tariff: int,
        *,
        block: int | str = "latest",
    ) -> tuple[Offer, ...]:
        """All that was said of a tariff, in order."""
        _data = bytes.fromhex("c05cbc5b") + encode(
            ("uint16", "uint16"),
            (supplier, tariff),
        )
        return self.offers_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def offers_of_result(raw: bytes) -> tuple[Offer, ...]:
        """Return what `offers_of` answered, decoded."""
        _out = decode(("(uint64,uint8,uint16,uint64)[]",), raw)
        _value: tuple[Offer, ...] = tuple(Offer.from_abi(i) for i in _out[0])
        return _value

    def overrule(self, id: int, number: int) -> Call:
        """Removes an objection that has no ground. Regulator only."""
        _data = bytes.fromhex("fc5905c7") + encode(
            ("uint32", "uint256"),
            (id, number),
        )
        return Call(self.address, _data, 0, "Switching.overrule")

    def pay_liability(self, id: int) -> Call:
        """Pays what is owed into the customer's account of the ledger, with the caller's tokens.
        Anybody.
        """
        _data = bytes.fromhex("e6a3d806") + encode(
            ("uint32",),
            (id,),
        )
        return Call(self.address, _data, 0, "Switching.payLiability")

    def read_by_customer(
        self,
        handover: int,
        import_wh: int,
        export_wh: int,
        signature: bytes,
    ) -> Call:
        """The customer's own reading, by him or with his signature, in the days around the
        change.
        """
        _data = bytes.fromhex("4dff9de4") + encode(
            ("uint32", "uint64", "uint64", "bytes"),
            (handover, import_wh, export_wh, signature),
        )
        return Call(self.address, _data, 0, "Switching.readByCustomer")

    def read_measured(self, handover: int, reading: Reading) -> Call:
        """The register at the change, from a reading that the meter has signed. Anybody."""
        _data = bytes.fromhex("4217749c") + encode(
            ("uint32", "(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)"),
            (handover, reading.to_abi()),
        )
        return Call(self.address, _data, 0, "Switching.readMeasured")

    def reading_digest(
        self,
        handover: int,
        import_wh: int,
        export_wh: int,
        *,
        block: int | str = "latest",
    ) -> bytes:
        """`readingDigest(uint32, uint64, uint64)`"""
        _data = bytes.fromhex("3f2da198") + encode(
            ("uint32", "uint64", "uint64"),
            (handover, import_wh, export_wh),
        )
        return self.reading_digest_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def reading_digest_result(raw: bytes) -> bytes:
        """Return what `reading_digest` answered, decoded."""
        _out = decode(("bytes32",), raw)
        _value: bytes = _out[0]
        return _value

    def refund(self, handover: int) -> Call:
        """That what the customer had left is paid back. The losing supplier only."""
        _data = bytes.fromhex("1c48c074") + encode(
            ("uint32",),
            (handover,),
        )
        return Call(self.address, _data, 0, "Switching.refund")

    def remove_objection(self, id: int, number: int) -> Call:
        """Takes an objection back. Who raised it only."""
        _data = bytes.fromhex("a15d789e") + encode(
            ("uint32", "uint256"),
            (id, number),
        )
        return Call(self.address, _data, 0, "Switching.removeObjection")

    def request(self, id: int, start_day: int) -> Call:
        """Asks for the points of a contract from a local day on. Its supplier only."""
        _data = bytes.fromhex("d1d22c59") + encode(
            ("uint32", "uint32"),
            (id, start_day),
        )
        return Call(self.address, _data, 0, "Switching.request")

    def restatements_of(
        self,
        point: int,
        *,
        block: int | str = "latest",
    ) -> tuple[Restatement, ...]:
        """`restatementsOf(uint32)`"""
        _data = bytes.fromhex("5c4cc5d8") + encode(
            ("uint32",),
            (point,),
        )
        return self.restatements_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def restatements_of_result(raw: bytes) -> tuple[Restatement, ...]:
        """Return what `restatements_of` answered, decoded."""
        _out = decode(("(uint32,uint32,uint16,uint16)[]",), raw)
        _value: tuple[Restatement, ...] = tuple(Restatement.from_abi(i) for i in _out[0])
        return _value

    def return_supply(self, id: int) -> Call:
        """Sends the points back with the next local day; their slots count as if they had never
        left. Anybody.
        """
        _data = bytes.fromhex("fc587a50") + encode(
            ("uint32",),
            (id,),
        )
        return Call(self.address, _data, 0, "Switching.returnSupply")

    def rule_on_claim(self, id: int, erroneous: bool) -> Call:
        """Decides a claim that was denied, or not answered in time. Regulator only."""
        _data = bytes.fromhex("97fa9e23") + encode(
            ("uint32", "bool"),
            (id, erroneous),
        )
        return Call(self.address, _data, 0, "Switching.ruleOnClaim")

    def rules(self, id: int, *, block: int | str = "latest") -> Rules:
        """`rules(uint32)`"""
        _data = bytes.fromhex("85c51465") + encode(
            ("uint32",),
            (id,),
        )
        return self.rules_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def rules_result(raw: bytes) -> Rules:
        """Return what `rules` answered, decoded."""
        _out = decode(
            (
                "(uint32,uint32,uint8,uint8,uint8,uint8[3],uint8,uint8[3],uint8[5],uint8,uint8,uint8[2],uint64[2],uint8,uint8,uint16,uint8,uint8,uint8,uint64)",
            ),
            raw,
        )
        _value: Rules = Rules.from_abi(_out[0])
        return _value

    def rules_count(self, *, block: int | str = "latest") -> int:
        """`rulesCount()`"""
        _data = bytes.fromhex("bc13eacc")
        return self.rules_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def rules_count_result(raw: bytes) -> int:
        """Return what `rules_count` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def rules_of(self, area: int, *, block: int | str = "latest") -> int:
        """The rules of an area: its own, else those of the next area above that has some. Zero:
        none.
        """
        _data = bytes.fromhex("62a381c8") + encode(
            ("uint32",),
            (area,),
        )
        return self.rules_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def rules_of_result(raw: bytes) -> int:
        """Return what `rules_of` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def secure(self, id: int) -> Call:
        """Fixes a confirmed switch once its gate has closed; late, it begins with the next local
        day. Anybody.
        """
        _data = bytes.fromhex("c88b3579") + encode(
            ("uint32",),
            (id,),
        )
        return Call(self.address, _data, 0, "Switching.secure")

    def set_authority(self, new_authority: str) -> Call:
        """`setAuthority(address)`"""
        _data = bytes.fromhex("7a9e5e4b") + encode(
            ("address",),
            (new_authority,),
        )
        return Call(self.address, _data, 0, "Switching.setAuthority")

    def set_offer(
        self,
        supplier: int,
        tariff: int,
        classes: int,
        term_days: int,
        exit_fee_nano: int,
    ) -> Call:
        """For whom a tariff is, and how long it binds, for contracts that are signed from now
        on. The supplier only.
        """
        _data = bytes.fromhex("a3e2e218") + encode(
            ("uint16", "uint16", "uint8", "uint16", "uint64"),
            (supplier, tariff, classes, term_days, exit_fee_nano),
        )
        return Call(self.address, _data, 0, "Switching.setOffer")

    def set_rules(self, area: int, name: str, what: Rules) -> Call:
        """Rules of an area and what lies below it, for switches that are requested from now on.
        Regulator only.
        """
        _data = bytes.fromhex("1251ae49") + encode(
            (
                "uint32",
                "string",
                "(uint32,uint32,uint8,uint8,uint8,uint8[3],uint8,uint8[3],uint8[5],uint8,uint8,uint8[2],uint64[2],uint8,uint8,uint16,uint8,uint8,uint8,uint64)",
            ),
            (area, name, what.to_abi()),
        )
        return Call(self.address, _data, 0, "Switching.setRules")

    @staticmethod
    def set_rules_result(raw: bytes) -> int:
        """Return what `set_rules` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def state_of(self, id: int, *, block: int | str = "latest") -> State:
        """Where a switch stands now."""
        _data = bytes.fromhex("f86824fa") + encode(
            ("uint32",),
            (id,),
        )
        return self.state_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def state_of_result(raw: bytes) -> State:
        """Return what `state_of` answered, decoded."""
        _out = decode(("uint8",), raw)
        _value: State = State(_out[0])
        return _value

    def switch_count(self, *, block: int | str = "latest") -> int:
        """`switchCount()`"""
        _data = bytes.fromhex("7702b1eb")
        return self.switch_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def switch_count_result(raw: bytes) -> int:
        """Return what `switch_count` answered, decoded."""
        _out = decode(("uint32",), raw)
        _value: int = _out[0]
        return _value

    def switch_of(self, id: int, *, block: int | str = "latest") -> Switch:
        """`switchOf(uint32)`"""
        _data = bytes.fromhex("f4caa1f2") + encode(
            ("uint32",),
            (id,),
        )
        return self.switch_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def switch_of_result(raw: bytes) -> Switch:
        """Return what `switch_of` answered, decoded."""
        _out = decode(
            (
                "(address,uint16,uint8,uint8,bool,uint32,uint64,uint64,uint64,uint64,uint64,uint32,uint32,uint32,uint32)",
            ),
            raw,
        )
        _value: Switch = Switch.from_abi(_out[0])
        return _value

    def switches_of(self, point: int, *, block: int | str = "latest") -> SwitchesOfResult:
        """The switch of a point that is on its way, and the last by which its supplier has
        changed; zero: none.
        """
        _data = bytes.fromhex("1f5d12a6") + encode(
            ("uint32",),
            (point,),
        )
        return self.switches_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def switches_of_result(raw: bytes) -> SwitchesOfResult:
        """Return what `switches_of` answered, decoded."""
        _out = decode(("uint32", "uint32"), raw)
        return SwitchesOfResult(_out[0], _out[1])

    def withdraw(self, id: int) -> Call:
        """Gives a request up before gate closure. The gaining supplier only."""
        _data = bytes.fromhex("aa9224cd") + encode(
            ("uint32",),
            (id,),
        )
        return Call(self.address, _data, 0, "Switching.withdraw")
