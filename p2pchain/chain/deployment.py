"""Deploying the contracts, and the record of where they stand.

`deploy` creates the core set, names the contracts to each other and gives the roles of
docs/governance.md; how, and what happens where it is cut off, is in rollout.py. The record is a
JSON file `deployments/<network>.json`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import rlp  # type: ignore[import-untyped]
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from p2pchain.chain.abi import checksum
from p2pchain.chain.bindings.access_manager import AccessManager
from p2pchain.chain.bindings.calendar import Calendar
from p2pchain.chain.bindings.erc7913_p256_verifier import ERC7913P256Verifier
from p2pchain.chain.bindings.forward_auction import ForwardAuction
from p2pchain.chain.bindings.forward_levels import ForwardLevels
from p2pchain.chain.bindings.ledger import Ledger
from p2pchain.chain.bindings.levels import Levels
from p2pchain.chain.bindings.markets import Markets
from p2pchain.chain.bindings.metering import Metering
from p2pchain.chain.bindings.points import Points
from p2pchain.chain.bindings.registry import Registry
from p2pchain.chain.bindings.settlement import Settlement
from p2pchain.chain.bindings.switching import Switching
from p2pchain.chain.bindings.tariffs import Tariffs
from p2pchain.chain.bindings.test_currency import TestCurrency
from p2pchain.chain.bindings.volumes import Volumes
from p2pchain.chain.connect import Chain
from p2pchain.chain.sender import Sender
from p2pchain.errors import BadInput, WrongNetwork

SCHEMA: Final = 1
_RECORD: Final = "'p2pchain admin deploy' writes it; whoever runs the market hands it out"
LIBRARIES: Final = (
    "Adoption",
    "Auctions",
    "ForwardClearing",
    "Posting",
    "Stages",
    "Criticals",
    "Clearing",
    "Adopting",
    "Outcomes",
    "Voiding",
    "Settling",
    "Runs",
    "Tally",
    "LevelClearing",
    "Sharing",
    "ForwardLevelClearing",
    "ForwardSharing",
    "Requests",
    "Handovers",
    "Reversals",
)
CORE: Final = (
    "Registry",
    "Tariffs",
    "Ledger",
    "Metering",
    "Markets",
    "ForwardAuction",
    "Settlement",
    "Levels",
    "ForwardLevels",
    "Points",
    "Calendar",
    "Switching",
    "Volumes",
)
#: OpenZeppelin's, stateless: what meters with P-256 keys are registered with.
P256_VERIFIER: Final = "ERC7913P256Verifier"

#: Roles of the AccessManager: number and what may be called with it. Zero is the administrator.
ROLES: Final[Mapping[str, int]] = {
    "REGISTRAR": 1,
    "METER_OPERATOR": 2,
    "MARKET_OPERATOR": 3,
    "GUARDIAN": 4,
    "REGULATOR": 5,
    "SWITCHING": 6,
}
#: Those that somebody is given; SWITCHING is a contract's alone.
HELD: Final = tuple(role for role in ROLES if role != "SWITCHING")
#: What contracts may do elsewhere, by the role for it.
OF_CONTRACTS: Final[Mapping[str, str]] = {"SWITCHING": "Switching", "REGISTRAR": "Switching"}
RESTRICTED: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "REGISTRAR": {
        "Registry": (
            "addArea(uint32,address)",
            "addSupplier(address,string)",
            "registerMeter(uint32,bytes32,(address,uint32,uint16,uint16,uint24,bool),bytes)",
            "setTerms(uint32,(address,uint32,uint16,uint16,uint24,bool))",
            "setBoundary(uint32,uint32,uint32,uint32)",
        ),
        "Points": (
            "register((bytes32,uint32,uint8,bool),"
            "(address,uint32,uint16,uint8,uint8,address,uint32,address))",
            "relate(uint32,uint32)",
            "setNetworkOperator(uint32,uint32,address)",
        ),
    },
    "METER_OPERATOR": {
        "Registry": ("setSigner(uint32,uint32,bytes)",),
        "Metering": (
            "exchangeMeter((uint32,uint32,uint64,uint64,uint64,uint64,bytes,bytes))",
            "correct((uint32,uint32,uint16,uint32,uint256[],bytes),"
            "(uint32,uint32,uint16,uint8,uint64,uint64,uint256[],bytes)[])",
        ),
    },
    "MARKET_OPERATOR": {
        "Markets": (
            "createMarket((uint32,uint32,uint8,uint32,int32,uint32,uint32,uint32,uint32,uint8,"
            "uint32,uint32,uint32,address,bool,int32,uint16,bytes32,bytes32,address[]),"
            "(string,string,bytes32))",
        ),
        "ForwardAuction": (
            "createAuction((bytes32,uint8,uint32,uint32,uint32,uint32,uint32,int32,uint32,int32,"
            "int32))",
        ),
        "Levels": (
            "createLevel((uint32,uint32,uint32,int32,uint32,uint32,uint32))",
            "attach(bytes32,bytes32,uint32)",
        ),
        "ForwardLevels": (
            "createLevel((uint32,uint32,uint8,uint32,uint32,uint32,int32,uint32,uint32,uint32))",
            "attach(bytes32,bytes32,uint32)",
        ),
    },
    "GUARDIAN": {
        "Markets": ("setPaused(bool)",),
        "ForwardAuction": ("setPaused(bytes32,bool)",),
    },
    "REGULATOR": {
        "Calendar": (
            "create(string,uint32,int32)",
            "publish(uint32,uint32,uint32[],(uint64,int32)[])",
            "setHoliday(uint32,uint32,bool)",
        ),
        "Switching": (
            "setRules(uint32,string,(uint32,uint32,uint8,uint8,uint8,uint8[3],uint8,uint8[3],"
            "uint8[5],uint8,uint8,uint8[2],uint64[2],uint8,uint8,uint16,uint8,uint8,uint8,uint64))",
            "overrule(uint32,uint256)",
            "ruleOnClaim(uint32,bool)",
            "declareFailed(uint16)",
            "moveToLastResort(uint16,uint16,uint32[],uint16[])",
        ),
    },
    "SWITCHING": {"Points": ("setSupplier(uint32,uint32,uint16)",)},
}


@dataclass(frozen=True, slots=True)
class Holder:
    """An account with a role; a call of its has to wait `delay_seconds` after it is announced."""

    role: str
    account: str
    delay_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where the contracts of one deployment stand.

    `contracts` name -> address, libraries included; `code_hashes` of the same, as hex; `block` is
    the first with a contract of it; `markets`, `auctions` and `levels` name -> id as hex, as their
    creators called them; `test_money` says that the currency has no value and anybody may make
    more of it; `roles` role -> account -> delay in seconds, as they were last given on purpose.
    """

    chain_id: int
    block: int
    slot_seconds: int
    currency: str
    contracts: Mapping[str, str]
    code_hashes: Mapping[str, str]
    markets: Mapping[str, str] = field(default_factory=dict)
    test_money: bool = False
    auctions: Mapping[str, str] = field(default_factory=dict)
    levels: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    schema: int = SCHEMA

    def with_market(self, name: str, market: bytes) -> Deployment:
        """Return the record with one more market."""
        return replace(self, markets={**self.markets, name: "0x" + market.hex()})

    def with_auction(self, name: str, auction: bytes) -> Deployment:
        """Return the record with one more forward auction."""
        return replace(self, auctions={**self.auctions, name: "0x" + auction.hex()})

    def with_level(self, name: str, level: bytes) -> Deployment:
        """Return the record with one more level."""
        return replace(self, levels={**self.levels, name: "0x" + level.hex()})

    def with_roles(self, holders: Iterable[Holder]) -> Deployment:
        """Return the record with these as those who have the roles."""
        roles: dict[str, dict[str, int]] = {}
        for one in holders:
            roles.setdefault(one.role, {})[one.account] = one.delay_seconds
        return replace(self, roles=roles)

    def holders(self) -> list[Holder]:
        """Return who has which role as the record says."""
        return [
            Holder(role, account, delay)
            for role, accounts in self.roles.items()
            for account, delay in accounts.items()
        ]

    def level(self, name: str) -> bytes:
        """Return the id of a level, by name or id. Raises BadInput."""
        return _id_of("level", name, self.levels)

    def node(self, name: str) -> bytes:
        """Return the id of a market or level, by name or id. Raises BadInput."""
        return _id_of("market or level", name, {**self.levels, **self.markets})

    def forward_node(self, name: str) -> bytes:
        """Return the id of a forward auction or level, by name or id. Raises BadInput."""
        return _id_of("auction or level", name, {**self.levels, **self.auctions})

    def name_of(self, node: bytes) -> str:
        """Return what a market, auction or level is called, or the beginning of its id."""
        text = "0x" + node.hex()
        names = {**self.auctions, **self.levels, **self.markets}
        known = {found: name for name, found in names.items()}
        return known.get(text, text[:10])

    def market(self, name: str | None = None) -> bytes:
        """Return the id of a market: by name, by id, or the only one. Raises BadInput."""
        if name is None:
            if len(self.markets) == 1:
                return bytes.fromhex(next(iter(self.markets.values()))[2:])
            known = ", ".join(self.markets) or "none"
            raise BadInput(
                "which market is meant?" if self.markets else "the deployment has no market",
                hint=f"known here: {known}; choose with --market, create with 'admin market'",
            )
        return _id_of("market", name, self.markets)

    def save(self, path: Path) -> None:
        """Write the record; an older one of the same name is replaced in one step."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        draft.write_text(json.dumps(asdict(self), indent=2, sort_keys=True) + "\n")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Deployment:
        """Read a record. Raises BadInput where there is none or it is not one."""
        try:
            content: dict[str, Any] = dict(json.loads(path.read_text()))
        except FileNotFoundError:
            raise BadInput(
                f"no deployment is known: {path} is missing",
                hint="'p2pchain admin deploy' makes one; --deployment names another file",
            ) from None
        except (OSError, ValueError, TypeError) as error:
            raise BadInput(f"{path} cannot be read: {error}", hint=_RECORD) from None
        if content.get("schema") != SCHEMA:
            raise BadInput(f"{path} is not a deployment of this version", hint=_RECORD)
        try:
            return cls(**content)
        except TypeError:
            raise BadInput(f"{path} is not the record of a deployment", hint=_RECORD) from None


def _id_of(what: str, name: str, known: Mapping[str, str]) -> bytes:
    try:
        found = bytes.fromhex(known.get(name, name).removeprefix("0x"))
    except ValueError:
        found = b""
    if len(found) != 32:
        names = ", ".join(known) or "none"
        raise BadInput(f"there is no {what} '{name}'", hint=f"known here: {names}")
    return found


class Contracts:
    """The bindings of one deployment on one chain."""

    def __init__(self, chain: Chain, deployment: Deployment) -> None:
        self.chain = chain
        self.deployment = deployment

    @classmethod
    def checked(cls, chain: Chain, deployment: Deployment) -> Contracts:
        """Return the bindings after comparing chain id and code. Raises WrongNetwork."""
        if chain.chain_id != deployment.chain_id:
            raise WrongNetwork(
                f"the deployment is on chain {deployment.chain_id}, this is {chain.chain_id}",
                hint="-n chooses the network, --deployment the record",
            )
        for name, address in deployment.contracts.items():
            if deployment.code_hashes.get(name) not in (None, code_hash(chain.code(address))):
                raise WrongNetwork(
                    f"{name} at {address} is not the contract that was deployed",
                    hint="the node is of another network, or its chain was started afresh",
                )
        return cls(chain, deployment)

    def address(self, name: str) -> str:
        """Return the address of a contract of the deployment."""
        return self.deployment.contracts[name]

    @cached_property
    def access_manager(self) -> AccessManager:
        """Roles and delays."""
        return AccessManager(self.chain, self.address("AccessManager"))

    @cached_property
    def registry(self) -> Registry:
        """Areas, suppliers, meters."""
        return Registry(self.chain, self.address("Registry"))

    @cached_property
    def tariffs(self) -> Tariffs:
        """Prices of the suppliers."""
        return Tariffs(self.chain, self.address("Tariffs"))

    @cached_property
    def ledger(self) -> Ledger:
        """Money and contracted energy."""
        return Ledger(self.chain, self.address("Ledger"))

    @cached_property
    def metering(self) -> Metering:
        """Signed registers."""
        return Metering(self.chain, self.address("Metering"))

    @cached_property
    def markets(self) -> Markets:
        """Markets, members, limits."""
        return Markets(self.chain, self.address("Markets"))

    @cached_property
    def forward(self) -> ForwardAuction:
        """Forward auctions: orders, clearing, positions."""
        return ForwardAuction(self.chain, self.address("ForwardAuction"))

    @cached_property
    def settlement(self) -> Settlement:
        """Post, clear, settle."""
        return Settlement(self.chain, self.address("Settlement"))

    @cached_property
    def levels(self) -> Levels:
        """Areas above each other: edges, clearing level by level."""
        return Levels(self.chain, self.address("Levels"))

    @cached_property
    def forward_levels(self) -> ForwardLevels:
        """Levels of forward auctions."""
        return ForwardLevels(self.chain, self.address("ForwardLevels"))

    @cached_property
    def points(self) -> Points:
        """Metering points and consent."""
        return Points(self.chain, self.address("Points"))

    @cached_property
    def calendar(self) -> Calendar:
        """Local days, and which of them are worked."""
        return Calendar(self.chain, self.address("Calendar"))

    @cached_property
    def volumes(self) -> Volumes:
        """Cubic metres of gas behind the Wh."""
        return Volumes(self.chain, self.address("Volumes"))

    @cached_property
    def switching(self) -> Switching:
        """Switches from one supplier to another."""
        return Switching(self.chain, self.address("Switching"))

    @cached_property
    def p256_verifier(self) -> ERC7913P256Verifier:
        """Signatures of P-256 keys. Raises BadInput where the deployment has none."""
        address = self.deployment.contracts.get(P256_VERIFIER)
        if address is None:
            raise BadInput(
                "this deployment has no verifier for P-256 keys",
                hint="deploy OpenZeppelin's ERC7913P256Verifier; the key of the meter is then its"
                " address and the public key, 0x and 168 hex digits",
            )
        return ERC7913P256Verifier(self.chain, address)

    @cached_property
    def token(self) -> TestCurrency:
        """The currency; any ERC-20 answers to what is used of it, `mint` aside."""
        return TestCurrency(self.chain, self.address("Token"))


def deploy(
    sender: Sender,
    *,
    slot_seconds: int,
    currency: str,
    token: str | None = None,
    holders: Sequence[Holder] = (),
    part: Path | None = None,
    step: Callable[[str], None] = lambda name: None,
) -> Deployment:
    """Deploy the core set and return the record.

    `token` is an existing ERC-20; without it a test currency without value is deployed. `holders`
    get the roles, and the sender keeps none that is not named there; without them the sender is
    administrator in all roles. With `part` the deployment is written down there while it is under
    way and, called again with the same arguments, continues with what is missing; the file stays,
    and is deleted when the record is safe. Raises what the sender raises, NonceTakenByOther where
    something else is sent with the key meanwhile. `step` is told what was done.
    """
    from p2pchain.chain.rollout import Rollout, Setup

    setup = Setup(sender.address, slot_seconds, currency, token, tuple(holders))
    rollout = Rollout.take_up(sender.chain, setup, part)
    return rollout.run(sender, step)


@cache
def artifact(name: str) -> dict[str, Any]:
    """Return the compiled artifact of a contract or library."""
    path = resources.files("p2pchain.chain") / "artifacts" / f"{name}.json"
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def initcode(name: str, built: Mapping[str, str]) -> bytes:
    """Return creation code, with the libraries that were built before linked into it."""
    described = artifact(name)
    code: str = described["bytecode"][2:]
    for library, places in described["link_references"].items():
        for place in places:
            code = code[: 2 * place] + built[library][2:].lower() + code[2 * place + 40 :]
    return bytes.fromhex(code)


def created_address(creator: str, nonce: int) -> str:
    """Return the address of a contract that an account creates with a nonce."""
    packed: bytes = rlp.encode([bytes.fromhex(creator[2:]), nonce])
    return checksum("0x" + keccak(packed)[12:].hex())


def path_of(network: str, directory: Path | None = None) -> Path:
    """Return where the record of a network is kept: deployments/ in the working directory.

    A network that is named by its URL has host and port in the name of the file, nothing secret.
    """
    if "://" in network:
        network = urlsplit(network).netloc.rpartition("@")[2].replace(":", "_")
    return (directory or Path("deployments")) / f"{network}.json"


def require_currency(code: str) -> None:
    """Raise BadInput for what is not the code of a currency: three capital letters."""
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise BadInput(f"'{code}' is not a currency", hint="its code, such as EUR")


def commitment(point: str, salt: bytes) -> bytes:
    """Return the salted commitment of a metering point number, as the registry keeps it."""
    return keccak(encode(["string", "bytes32"], [point, salt]))


def code_hash(code: bytes) -> str:
    """Return the hash of a contract's code, as the record has it."""
    return "0x" + keccak(code).hex()
