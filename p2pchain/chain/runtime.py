"""What the code of a deployed contract must be: byte for byte, immutables and libraries included.

The artifact has the code with gaps: words for immutable variables, which a constructor fills in,
and the addresses of libraries. `faults` compares the rest byte for byte and the gaps with what the
deployment implies. What each immutable must be is said here a second time, apart from the
constructors' arguments, so that a mistake there is not its own proof.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from p2pchain.chain.abi import checksum
from p2pchain.chain.deployment import artifact

_WINDOW_SLOTS: Final = 8
_NANO_DECIMALS: Final = 9
_DAY_SECONDS: Final = 86_400
_DOMAIN_TYPE: Final = keccak(
    text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
TEST_MONEY: Final = "Test money"
#: Names of the EIP-712 domains, all of version 1.
DOMAINS: Final[Mapping[str, str]] = {
    "Metering": "p2pchain Metering",
    "Markets": "p2pchain Markets",
    "ForwardAuction": "p2pchain ForwardAuction",
    "Levels": "p2pchain Levels",
    "Points": "p2pchain Points",
    "Switching": "p2pchain Switching",
    "Volumes": "p2pchain Volumes",
    "TestCurrency": TEST_MONEY,
}
#: Immutables that hold the address of another contract, or a figure of `_figures`.
_TOLD: Final[Mapping[str, Mapping[str, str]]] = {
    "Registry": {"slotSeconds": "slot"},
    "Tariffs": {"registry": "Registry", "_slotSeconds": "slot"},
    "Metering": {"registry": "Registry", "_slotSeconds": "slot", "_slotsPerDay": "day"},
    "Markets": {"registry": "Registry", "metering": "Metering", "_slotSeconds": "slot"},
    "Ledger": {
        "token": "Token",
        "settlement": "Settlement",
        "forward": "ForwardAuction",
        "levels": "Levels",
        "unitNano": "unit nano",
        "_unitsPerNano": "units per nano",
    },
    "ForwardAuction": {
        "_registry": "Registry",
        "_markets": "Markets",
        "_ledger": "Ledger",
        "_levels": "ForwardLevels",
        "_windowSeconds": "window",
    },
    "Settlement": {
        "registry": "Registry",
        "tariffs": "Tariffs",
        "ledger": "Ledger",
        "metering": "Metering",
        "markets": "Markets",
        "forward": "ForwardAuction",
        "levels": "Levels",
        "_slotSeconds": "slot",
    },
    "Levels": {
        "registry": "Registry",
        "markets": "Markets",
        "ledger": "Ledger",
        "settlement": "Settlement",
        "forwardLevels": "ForwardLevels",
        "_slotSeconds": "slot",
    },
    "ForwardLevels": {
        "registry": "Registry",
        "markets": "Markets",
        "forward": "ForwardAuction",
        "levels": "Levels",
        "_slotSeconds": "slot",
    },
    "Points": {"registry": "Registry", "metering": "Metering"},
    "Volumes": {"registry": "Registry", "metering": "Metering", "points": "Points"},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """A difference in the code of a contract. `part` is `code`, `library X` or `immutable x`."""

    part: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Implied:
    """What all immutables of a deployment follow from. `decimals` are those of the token."""

    contracts: Mapping[str, str]
    chain_id: int
    slot_seconds: int
    decimals: int

    def words(self, name: str, address: str) -> dict[str, bytes]:
        """Return what each immutable of a contract at an address must be, by its name."""
        figures = {
            "slot": self.slot_seconds,
            "window": self.slot_seconds * _WINDOW_SLOTS,
            "day": _DAY_SECONDS // self.slot_seconds,
            "unit nano": 10 ** max(0, _NANO_DECIMALS - self.decimals),
            "units per nano": 10 ** max(0, self.decimals - _NANO_DECIMALS),
        }
        found = {"library_deploy_address": _address(address)}
        for immutable, what in _TOLD.get(name, {}).items():
            known = figures.get(what)
            found[immutable] = (
                _address(self.contracts[what]) if known is None else known.to_bytes(32, "big")
            )
        if name in DOMAINS:
            found |= _domain(DOMAINS[name], self.chain_id, address)
        return found


def faults(name: str, code: bytes, address: str, implied: Implied) -> list[Fault]:
    """Return where the code at an address differs from the artifact `name`; nothing if nowhere."""
    if not code:
        return [Fault("code", f"that of {name}", "nothing stands there")]
    described = artifact(name)
    template: str = described["deployed_bytecode"][2:]
    if len(code) != len(template) // 2:
        return [Fault("code", f"{len(template) // 2} bytes", f"{len(code)} bytes")]
    found: list[Fault] = []
    masked = bytearray(code)
    for library, places in described["deployed_link_references"].items():
        for place in places:
            template = template[: 2 * place] + "00" * 20 + template[2 * place + 40 :]
            masked[place : place + 20] = bytes(20)
            there = checksum("0x" + code[place : place + 20].hex())
            if there != implied.contracts.get(library):
                wanted = implied.contracts.get(library, "no such library")
                found.append(Fault(f"library {library}", wanted, there))
    words = implied.words(name, address)
    for immutable, places in described["immutable_references"].items():
        for place in places:
            masked[place : place + 32] = bytes(32)
            there_word = code[place : place + 32]
            if there_word != words.get(immutable):
                wanted_word = words.get(immutable)
                expected = "nothing is known of it" if wanted_word is None else _shown(wanted_word)
                found.append(Fault(f"immutable {immutable}", expected, _shown(there_word)))
    expected_code = bytes.fromhex(template)
    if bytes(masked) != expected_code:
        place = next(
            at
            for at, (one, two) in enumerate(zip(masked, expected_code, strict=True))
            if one != two
        )
        byte = f"0x{expected_code[place]:02x} at byte {place}"
        found.append(Fault("code", byte, f"0x{masked[place]:02x}"))
    return list(dict.fromkeys(found))  # an immutable stands in many places


def _domain(name: str, chain_id: int, address: str) -> dict[str, bytes]:
    hashed, version = keccak(text=name), keccak(text="1")
    values = [_DOMAIN_TYPE, hashed, version, chain_id, address]
    types = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    return {
        "_cachedDomainSeparator": keccak(encode(types, values)),
        "_cachedChainId": chain_id.to_bytes(32, "big"),
        "_cachedThis": _address(address),
        "_hashedName": hashed,
        "_hashedVersion": version,
        "_name": _short(name),
        "_version": _short("1"),
    }


def _short(text: str) -> bytes:
    """OpenZeppelin's ShortString: the text, and its length in the last byte."""
    return text.encode().ljust(31, b"\0") + bytes([len(text)])


def _address(text: str) -> bytes:
    return bytes.fromhex(text[2:]).rjust(32, b"\0")


def _shown(word: bytes) -> str:
    """An address where it can be one, else a number or the bytes."""
    number = int.from_bytes(word, "big")
    if number < 2**64:
        return str(number)
    return checksum("0x" + word[12:].hex()) if number < 2**160 else "0x" + word.hex()
