"""The contract Ledger, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from p2pchain.chain.abi import Call, Event, Reader, checksum, decode, encode, sized, topic
from p2pchain.chain.bindings.structs import (
    Account,
    Claim,
    Cover,
    Entry,
    LevelCharge,
    LevelMove,
    Network,
)


@dataclass(frozen=True, slots=True)
class ClaimOpened(Event):
    """`ClaimOpened(uint256, address, address, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "a662f27cc36316806435c4547f5cd9dd7697d7498305b5437733fce3c8a0ebb3"
    )
    id: int
    debtor: str
    creditor: str
    amount_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256",), data)
        return cls(
            topic("uint256", topics[1]),
            checksum(topic("address", topics[2])),
            checksum(topic("address", topics[3])),
            raw[0],
        )


@dataclass(frozen=True, slots=True)
class ClaimPaid(Event):
    """`ClaimPaid(uint256, uint256, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "c924f7d4b202a644b3425a0d1a284d3124e9bd83af2189d9930c9fdc80fe55bb"
    )
    id: int
    amount_nano: int
    open_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256", "uint256"), data)
        return cls(topic("uint256", topics[1]), raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class ContractSettled(Event):
    """The forward part of the entry just settled, where it has one."""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "21298e646ea907154e6707e517e6452472e987679123d30fe78536618a311ed7"
    )
    market: bytes
    meter: int
    account: str
    collateral_nano: int
    contract_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256", "int256"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            checksum(topic("address", topics[3])),
            raw[0],
            raw[1],
        )


@dataclass(frozen=True, slots=True)
class Deposited(Event):
    """`Deposited(address, address, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "8752a472e571a816aea92eec8dae9baf628e840f4929fbcc2d155e6233ff68a7"
    )
    payer: str
    account: str
    amount_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256",), data)
        return cls(
            checksum(topic("address", topics[1])),
            checksum(topic("address", topics[2])),
            raw[0],
        )


@dataclass(frozen=True, slots=True)
class EnergyPosted(Event):
    """`EnergyPosted(uint32, uint32, uint32, uint32)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "6e6ed504ec359bf0b3279553956e04172a7119f3c5cee6c1d74950436c0dbc05"
    )
    from_meter: int
    to_meter: int
    slot: int
    wh: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint32",), data)
        return cls(
            topic("uint32", topics[1]),
            topic("uint32", topics[2]),
            topic("uint32", topics[3]),
            raw[0],
        )


@dataclass(frozen=True, slots=True)
class EntrySettled(Event):
    """`EntrySettled(bytes32, uint32, address, address, uint256, uint256, uint256, int256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "e368b3166e3a4e4ec305b06eed4cc10888d56493d4a3be8bb2208cb64d5b49ba"
    )
    market: bytes
    meter: int
    account: str
    supplier: str
    release_nano: int
    pay_nano: int
    income_nano: int
    supplier_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address", "uint256", "uint256", "uint256", "int256"), data)
        return cls(
            topic("bytes32", topics[1]),
            topic("uint32", topics[2]),
            checksum(topic("address", topics[3])),
            checksum(raw[0]),
            raw[1],
            raw[2],
            raw[3],
            raw[4],
        )


@dataclass(frozen=True, slots=True)
class FeesSettled(Event):
    """`FeesSettled(bytes32, address, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "cbf1e8453d472d0adf8322fc20bc0f0a686357fc4aa6a009d32378f86dd08cbd"
    )
    market: bytes
    account: str
    amount_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256",), data)
        return cls(topic("bytes32", topics[1]), checksum(topic("address", topics[2])), raw[0])


@dataclass(frozen=True, slots=True)
class GuaranteeGiven(Event):
    """`GuaranteeGiven(address, address, uint32, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "00a190a81e4d9e0c718cad7f8d88c745a9c2b82455087d2e625132211360f8bc"
    )
    supplier: str
    account: str
    meter: int
    amount_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256",), data)
        return cls(
            checksum(topic("address", topics[1])),
            checksum(topic("address", topics[2])),
            topic("uint32", topics[3]),
            raw[0],
        )


@dataclass(frozen=True, slots=True)
class GuaranteeReturned(Event):
    """`GuaranteeReturned(address, address, uint32, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "849605c92476bd2a457f4a8300c10584fd52c67fced2194ec30a77bb21ff2516"
    )
    supplier: str
    account: str
    meter: int
    amount_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256",), data)
        return cls(
            checksum(topic("address", topics[1])),
            checksum(topic("address", topics[2])),
            topic("uint32", topics[3]),
            raw[0],
        )


@dataclass(frozen=True, slots=True)
class LevelCharged(Event):
    """`LevelCharged(bytes32, address, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "b637b478d3815277a13651773acf0c5fbed71eaaeb27ba08d8bc195f96ef97e0"
    )
    tree: bytes
    account: str
    nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256",), data)
        return cls(topic("bytes32", topics[1]), checksum(topic("address", topics[2])), raw[0])


@dataclass(frozen=True, slots=True)
class LevelSettled(Event):
    """Money in transit went from a market to the levels of its tree, told by their root;
    negative: back.
    """

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "c51682ee64c83051c9ea8767d8bf8debfa0381d312446bd71187468ba3518cd0"
    )
    market: bytes
    tree: bytes
    nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("int256",), data)
        return cls(topic("bytes32", topics[1]), topic("bytes32", topics[2]), raw[0])


@dataclass(frozen=True, slots=True)
class Locked(Event):
    """`Locked(address, uint32, address, uint256, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "80fea1116a95359dd4109fb411f3545e744e7d92ea0677165dfa7c0189ab6d16"
    )
    account: str
    meter: int
    supplier: str
    own_nano: int
    guarantee_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address", "uint256", "uint256"), data)
        return cls(
            checksum(topic("address", topics[1])),
            topic("uint32", topics[2]),
            checksum(raw[0]),
            raw[1],
            raw[2],
        )


@dataclass(frozen=True, slots=True)
class NetworkSettled(Event):
    """`NetworkSettled(bytes32, address, address, int256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "4b41097ef7ef862c8a254f5bf9f9048f5534426bfede2a5db5cc4e901cd4e165"
    )
    market: bytes
    supplier: str
    operator: str
    charge_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("int256",), data)
        return cls(
            topic("bytes32", topics[1]),
            checksum(topic("address", topics[2])),
            checksum(topic("address", topics[3])),
            raw[0],
        )


@dataclass(frozen=True, slots=True)
class Unlocked(Event):
    """`Unlocked(address, uint32, address, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "3f06a6e6a5273c527ecaf64d7cbbf55be907441d489b82ef141c966db78a173a"
    )
    account: str
    meter: int
    supplier: str
    amount_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("address", "uint256"), data)
        return cls(
            checksum(topic("address", topics[1])),
            topic("uint32", topics[2]),
            checksum(raw[0]),
            raw[1],
        )


@dataclass(frozen=True, slots=True)
class Withdrawn(Event):
    """`Withdrawn(address, address, uint256)`"""

    TOPIC0: ClassVar[bytes] = bytes.fromhex(
        "d1c19fbcd4551a5edfb66d43d2e337c04837afda3482b42bdf569a8fccdae5fb"
    )
    account: str
    to: str
    amount_nano: int

    @classmethod
    def from_log(cls, topics: Sequence[bytes], data: bytes) -> Self:
        raw = decode(("uint256",), data)
        return cls(
            checksum(topic("address", topics[1])),
            checksum(topic("address", topics[2])),
            raw[0],
        )


EVENTS: Final[dict[bytes, type[Event]]] = {
    known.TOPIC0: known
    for known in (
        ClaimOpened,
        ClaimPaid,
        ContractSettled,
        Deposited,
        EnergyPosted,
        EntrySettled,
        FeesSettled,
        GuaranteeGiven,
        GuaranteeReturned,
        LevelCharged,
        LevelSettled,
        Locked,
        NetworkSettled,
        Unlocked,
        Withdrawn,
    )
}


class Ledger:
    """`Ledger` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor(token: str, settlement: str, forward: str, levels: str) -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return encode(
            ("address", "address", "address", "address"),
            (token, settlement, forward, levels),
        )

    def account_of(self, account: str, *, block: int | str = "latest") -> Account:
        """`accountOf(address)`"""
        _data = bytes.fromhex("8086b8ba") + encode(
            ("address",),
            (account,),
        )
        return self.account_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def account_of_result(raw: bytes) -> Account:
        """Return what `account_of` answered, decoded."""
        _out = decode(("(uint128,uint128)",), raw)
        _value: Account = Account.from_abi(_out[0])
        return _value

    def adjust_collateral(self, account: str, delta_nano: int) -> Call:
        """Locks (above zero) or releases collateral of forward orders. Forward auctions only; an
        event of theirs tells.
        """
        _data = bytes.fromhex("3d67a55b") + encode(
            ("address", "int256"),
            (account, delta_nano),
        )
        return Call(self.address, _data, 0, "Ledger.adjustCollateral")

    @staticmethod
    def adjust_collateral_result(raw: bytes) -> int:
        """Return what `adjust_collateral` answered, decoded."""
        _out = decode(("int256",), raw)
        _value: int = _out[0]
        return _value

    def claim(self, id: int, *, block: int | str = "latest") -> Claim:
        """`claim(uint256)`"""
        _data = bytes.fromhex("379607f5") + encode(
            ("uint256",),
            (id,),
        )
        return self.claim_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def claim_result(raw: bytes) -> Claim:
        """Return what `claim` answered, decoded."""
        _out = decode(("(address,address,uint256)",), raw)
        _value: Claim = Claim.from_abi(_out[0])
        return _value

    def claim_count(self, *, block: int | str = "latest") -> int:
        """`claimCount()`"""
        _data = bytes.fromhex("8da4d3c9")
        return self.claim_count_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def claim_count_result(raw: bytes) -> int:
        """Return what `claim_count` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def contracted_word(self, meter: int, window: int, *, block: int | str = "latest") -> int:
        """Contracted energy of eight slots, as int32 lanes, lowest lane first; positive =
        bought.
        """
        _data = bytes.fromhex("5d725e46") + encode(
            ("uint32", "uint32"),
            (meter, window),
        )
        return self.contracted_word_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def contracted_word_result(raw: bytes) -> int:
        """Return what `contracted_word` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def cover_of(
        self,
        account: str,
        supplier: str,
        meter: int,
        *,
        block: int | str = "latest",
    ) -> Cover:
        """`coverOf(address, address, uint32)`"""
        _data = bytes.fromhex("0e3e9166") + encode(
            ("address", "address", "uint32"),
            (account, supplier, meter),
        )
        return self.cover_of_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def cover_of_result(raw: bytes) -> Cover:
        """Return what `cover_of` answered, decoded."""
        _out = decode(("(uint64,uint64,uint64,bool)",), raw)
        _value: Cover = Cover.from_abi(_out[0])
        return _value

    def deposit(self, account: str, amount_nano: int) -> Call:
        """Pays `amountNano` of the caller's tokens into `account`."""
        _data = bytes.fromhex("47e7ef24") + encode(
            ("address", "uint256"),
            (account, amount_nano),
        )
        return Call(self.address, _data, 0, "Ledger.deposit")

    def deposit_with_permit(
        self,
        account: str,
        amount_nano: int,
        deadline: int,
        v: int,
        r: bytes,
        s: bytes,
    ) -> Call:
        """The same with an ERC-2612 permit; a permit that somebody else already used is ignored."""
        _data = bytes.fromhex("12a62cff") + encode(
            ("address", "uint256", "uint256", "uint8", "bytes32", "bytes32"),
            (account, amount_nano, deadline, v, sized(r, 32), sized(s, 32)),
        )
        return Call(self.address, _data, 0, "Ledger.depositWithPermit")

    def forward(self, *, block: int | str = "latest") -> str:
        """The contract that may lock collateral."""
        _data = bytes.fromhex("d264e05e")
        return self.forward_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def forward_result(raw: bytes) -> str:
        """Return what `forward` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def give_guarantee(self, account: str, meter: int, amount_nano: int) -> Call:
        """A supplier (the caller) covers purchases of a home that pays by bill."""
        _data = bytes.fromhex("d3aacb3a") + encode(
            ("address", "uint32", "uint256"),
            (account, meter, amount_nano),
        )
        return Call(self.address, _data, 0, "Ledger.giveGuarantee")

    def has_postings(
        self,
        meter: int,
        first_slot: int,
        slots: int,
        *,
        block: int | str = "latest",
    ) -> bool:
        """Whether the meter has any posting in the given slots (exact or too wide, never too
        narrow).
        """
        _data = bytes.fromhex("1f520db3") + encode(
            ("uint32", "uint32", "uint32"),
            (meter, first_slot, slots),
        )
        return self.has_postings_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def has_postings_result(raw: bytes) -> bool:
        """Return what `has_postings` answered, decoded."""
        _out = decode(("bool",), raw)
        _value: bool = _out[0]
        return _value

    def held_nano(self, *, block: int | str = "latest") -> int:
        """Sum of everything held: equals the token balance times `unitNano`, donations aside."""
        _data = bytes.fromhex("76209363")
        return self.held_nano_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def held_nano_result(raw: bytes) -> int:
        """Return what `held_nano` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def levels(self, *, block: int | str = "latest") -> str:
        """The contract that may move money in transit between markets."""
        _data = bytes.fromhex("4ecf518b")
        return self.levels_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def levels_result(raw: bytes) -> str:
        """Return what `levels` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def lock_up_to(self, account: str, supplier: str, meter: int, wanted_nano: int) -> Call:
        """Locks up to `wantedNano`: the owner's free money first, then the guarantee. Settlement
        only.
        """
        _data = bytes.fromhex("83528cd0") + encode(
            ("address", "address", "uint32", "uint256"),
            (account, supplier, meter, wanted_nano),
        )
        return Call(self.address, _data, 0, "Ledger.lockUpTo")

    @staticmethod
    def lock_up_to_result(raw: bytes) -> int:
        """Return what `lock_up_to` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def pay_claim(self, id: int) -> Call:
        """Pays a claim from the debtor's free money, as far as it goes. Anybody may call."""
        _data = bytes.fromhex("d70356cc") + encode(
            ("uint256",),
            (id,),
        )
        return Call(self.address, _data, 0, "Ledger.payClaim")

    @staticmethod
    def pay_claim_result(raw: bytes) -> int:
        """Return what `pay_claim` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def post_energy(self, from_meter: int, to_meter: int, slot: int, wh: int) -> Call:
        """Posts `wh` from one meter to another: a pair, so the slot still sums to zero.
        Settlement only, for the stages of a market; later modules post through a stage.
        """
        _data = bytes.fromhex("9cc37c39") + encode(
            ("uint32", "uint32", "uint32", "uint32"),
            (from_meter, to_meter, slot, wh),
        )
        return Call(self.address, _data, 0, "Ledger.postEnergy")

    def return_guarantee(self, account: str, meter: int, amount_nano: int) -> Call:
        """Takes back the part of a guarantee that is not locked."""
        _data = bytes.fromhex("9b66f50c") + encode(
            ("address", "uint32", "uint256"),
            (account, meter, amount_nano),
        )
        return Call(self.address, _data, 0, "Ledger.returnGuarantee")

    def settle(
        self,
        market: bytes,
        operator: str,
        fee_account: str,
        fees_nano: int,
        entries: Sequence[Entry],
        networks: Sequence[Network],
    ) -> Call:
        """Settles a batch: releases and pays, then suppliers' debits of homes, then their
        credits, then the network operator. Settlement only; cannot revert for want of money.
        """
        _data = bytes.fromhex("9d9485fd") + encode(
            (
                "bytes32",
                "address",
                "address",
                "uint256",
                "(uint32,address,address,uint256,uint256,uint256,int256,uint256,int256)[]",
                "(address,int256)[]",
            ),
            (
                sized(market, 32),
                operator,
                fee_account,
                fees_nano,
                [i.to_abi() for i in entries],
                [i.to_abi() for i in networks],
            ),
        )
        return Call(self.address, _data, 0, "Ledger.settle")

    def settle_levels(
        self,
        tree: bytes,
        moves: Sequence[LevelMove],
        charges: Sequence[LevelCharge],
    ) -> Call:
        """Moves money in transit from markets to a tree and pays charges from that. It may stand
        below zero in between: what is still to be paid is locked already, and when all is
        settled nothing is left. Levels only.
        """
        _data = bytes.fromhex("a1be6eed") + encode(
            ("bytes32", "(bytes32,int256)[]", "(address,uint256)[]"),
            (sized(tree, 32), [i.to_abi() for i in moves], [i.to_abi() for i in charges]),
        )
        return Call(self.address, _data, 0, "Ledger.settleLevels")

    def settlement(self, *, block: int | str = "latest") -> str:
        """The contract that may lock and settle."""
        _data = bytes.fromhex("51160630")
        return self.settlement_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def settlement_result(raw: bytes) -> str:
        """Return what `settlement` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def token(self, *, block: int | str = "latest") -> str:
        """`token()`"""
        _data = bytes.fromhex("fc0c546a")
        return self.token_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def token_result(raw: bytes) -> str:
        """Return what `token` answered, decoded."""
        _out = decode(("address",), raw)
        _value: str = checksum(_out[0])
        return _value

    def transit_nano(self, market: bytes, *, block: int | str = "latest") -> int:
        """Money between buyers and sellers of slots that are partly settled, of a market or of a
        tree (by its root level); signed, zero when all is settled.
        """
        _data = bytes.fromhex("bc199003") + encode(
            ("bytes32",),
            (sized(market, 32),),
        )
        return self.transit_nano_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def transit_nano_result(raw: bytes) -> int:
        """Return what `transit_nano` answered, decoded."""
        _out = decode(("int256",), raw)
        _value: int = _out[0]
        return _value

    def unit_nano(self, *, block: int | str = "latest") -> int:
        """Nano-currency per smallest unit of the token."""
        _data = bytes.fromhex("a8301bf9")
        return self.unit_nano_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def unit_nano_result(raw: bytes) -> int:
        """Return what `unit_nano` answered, decoded."""
        _out = decode(("uint256",), raw)
        _value: int = _out[0]
        return _value

    def unlock(self, account: str, supplier: str, meter: int, amount_nano: int) -> Call:
        """Releases a lock, to the guarantee first. Settlement only."""
        _data = bytes.fromhex("c47b1ba0") + encode(
            ("address", "address", "uint32", "uint256"),
            (account, supplier, meter, amount_nano),
        )
        return Call(self.address, _data, 0, "Ledger.unlock")

    def withdraw(self, to: str, amount_nano: int) -> Call:
        """Pays out free money of the caller."""
        _data = bytes.fromhex("f3fef3a3") + encode(
            ("address", "uint256"),
            (to, amount_nano),
        )
        return Call(self.address, _data, 0, "Ledger.withdraw")
