"""A deployment under way: a list of steps that can be cut off anywhere and taken up again.

The address of a contract follows from the deployer and the nonce at which it is created. So all
addresses are reserved, and written down, before the first transaction; `Ledger` and others are told
those of contracts that come later. Each creation is sent at its own nonce or not at all.

Whoever takes a deployment up asks the chain and not his memory: a contract stands where its code is
the artifact's, with the immutables and libraries that this deployment implies; a call was carried
out where its effect is there. If the key has sent something else meanwhile, reserved addresses are
lost. Then the missing contracts get new ones, and what has been told of a lost one (`Ledger`,
`ForwardAuction`, `Settlement`, `Levels` and `ForwardLevels` know each other) is created anew, and
nothing else. What is left behind is listed in the file.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from p2pchain import __version__
from p2pchain.chain.actions import ADMIN, Action, bindings, require_done, role_actions
from p2pchain.chain.bindings.access_manager import AccessManager
from p2pchain.chain.bindings.calendar import Calendar
from p2pchain.chain.bindings.forward_auction import ForwardAuction
from p2pchain.chain.bindings.forward_levels import ForwardLevels
from p2pchain.chain.bindings.ledger import Ledger
from p2pchain.chain.bindings.levels import Levels
from p2pchain.chain.bindings.markets import Markets
from p2pchain.chain.bindings.metering import Metering
from p2pchain.chain.bindings.points import Points
from p2pchain.chain.bindings.registry import Registry
from p2pchain.chain.bindings.settlement import Settlement
from p2pchain.chain.bindings.structs import SwitchCore
from p2pchain.chain.bindings.switching import Switching
from p2pchain.chain.bindings.tariffs import Tariffs
from p2pchain.chain.bindings.test_currency import TestCurrency
from p2pchain.chain.bindings.volumes import Volumes
from p2pchain.chain.connect import Chain
from p2pchain.chain.deployment import (
    CORE,
    HELD,
    LIBRARIES,
    OF_CONTRACTS,
    P256_VERIFIER,
    Deployment,
    Holder,
    artifact,
    code_hash,
    created_address,
    initcode,
)
from p2pchain.chain.records import Receipt
from p2pchain.chain.runtime import TEST_MONEY, Implied, faults
from p2pchain.chain.sender import Sender
from p2pchain.errors import BadInput, CheckFailed, NonceTakenByOther, P2PError, WrongNetwork

SCHEMA: Final = 1
_FIRST: Final = ("Registry", "Tariffs", "Metering", "Markets")
MOST_DECIMALS: Final = 27  # Ledger's
_ANEW: Final = "--restart gives it up and begins anew"
#: Contracts that have asked for a role of the AccessManager they were given.
MANAGED: Final = (
    "Registry",
    "Metering",
    "Markets",
    "ForwardAuction",
    "Levels",
    "ForwardLevels",
    "Points",
    "Calendar",
    "Switching",
)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a deployment is to be.

    `token` None means a new test currency. `holders` have the roles in the end; empty means the
    deployer in all of them.
    """

    deployer: str
    slot_seconds: int
    currency: str
    token: str | None = None
    holders: tuple[Holder, ...] = ()

    @property
    def entries(self) -> tuple[str, ...]:
        """The contracts to create, by their names in the record, in their order."""
        money = () if self.token else ("Token",)
        later = (name for name in CORE if name not in _FIRST)
        return ("AccessManager", *money, *_FIRST, *LIBRARIES, *later, P256_VERIFIER)

    @property
    def final_holders(self) -> tuple[Holder, ...]:
        """Who has the roles in the end."""
        return self.holders or tuple(Holder(role, self.deployer) for role in (ADMIN, *HELD))

    @property
    def is_handed_over(self) -> bool:
        """Whether the deployer ends without ADMIN."""
        return all(one.account != self.deployer for one in self.final_holders if one.role == ADMIN)


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of the plan.

    `entry` and `address` say which contract it creates; `nonce` is where that is reserved; `done`
    says that it has been carried out, `again` why a contract that stood is created anew.
    """

    name: str
    text: str
    entry: str | None = None
    address: str | None = None
    nonce: int | None = None
    done: bool = False
    again: str | None = None


@dataclass(slots=True)
class Rollout:
    """A deployment under way. `take_up` begins or continues one, `run` carries it out."""

    chain: Chain
    setup: Setup
    addresses: dict[str, str]
    block: int
    path: Path | None = None
    log: list[dict[str, Any]] = field(default_factory=list)
    given_up: list[dict[str, str]] = field(default_factory=list)
    standing: set[str] = field(default_factory=set)
    nonces: dict[str, int] = field(default_factory=dict)
    begun: bool = False

    @classmethod
    def take_up(
        cls, chain: Chain, setup: Setup, path: Path | None = None, *, afresh: bool = False
    ) -> Rollout:
        """Return the deployment of this set-up as the chain has it now; nothing is sent.

        Where `path` has one under way it is that one, unless `afresh`. Raises BadInput where that
        is another than `setup` says or the artifacts have changed since, WrongNetwork where it is
        on another chain.
        """
        found = None if path is None or afresh else load(path)
        if found is None:
            rollout = cls(chain, setup, {}, chain.block().number, path)
        else:
            assert path is not None
            _same_chain(chain, found, path)
            _same_setup(setup, setup_of(found, path), path)
            _same_artifacts(setup, found, path)
            rollout = cls(chain, setup, dict(found["addresses"]), found["block"], path)
            rollout.log, rollout.given_up = list(found["steps"]), list(found["given_up"])
            rollout.begun = True
        rollout.look()
        return rollout

    # what is there

    def look(self) -> None:
        """Ask the chain what stands, and reserve addresses for what does not."""
        setup, chain = self.setup, self.chain
        known = self.addresses
        codes = {name: chain.code(at) for name, at in known.items() if name in setup.entries}
        keep = {name for name, code in codes.items() if code}
        reasons = dict.fromkeys(known, "its address is lost: the key was used meanwhile")
        free = chain.nonce(setup.deployer)
        while True:
            addresses, nonces, nonce = {}, {}, free
            for name in setup.entries:
                if name in keep:
                    addresses[name] = known[name]
                    continue
                addresses[name] = created_address(setup.deployer, nonce)
                nonces[name] = nonce
                nonce += 1
            if setup.token is not None:
                addresses["Token"] = setup.token
            wrong = {name for name in keep if self._is_other(name, codes[name], addresses)}
            if not wrong:
                break
            reasons |= dict.fromkeys(wrong, "it was told an address that is lost")
            keep -= wrong
        for name in setup.entries:
            if known.get(name, addresses[name]) != addresses[name]:
                lost = {"contract": name, "address": known[name], "why": reasons[name]}
                if lost not in self.given_up:
                    self.given_up.append(lost)
        self.addresses, self.nonces, self.standing = addresses, nonces, keep

    def _is_other(self, name: str, code: bytes, addresses: Mapping[str, str]) -> bool:
        chain, at = self.chain, addresses[name]
        implied = Implied(addresses, chain.chain_id, self.setup.slot_seconds, self._decimals())
        if faults(artifact_name(name), code, at, implied):
            return True
        if name in MANAGED:  # the only thing that constructors are told and keep in storage
            return Registry(chain, at).authority() != addresses["AccessManager"]
        return name == "Token" and TestCurrency(chain, at).symbol() != self.setup.currency

    def _decimals(self) -> int:
        if self.setup.token is None:
            return 6  # TestCurrency's
        return token_decimals(self.chain, self.setup.token)

    @property
    def all_stand(self) -> bool:
        """Whether all contracts have been created."""
        return len(self.standing) == len(self.setup.entries)

    def actions(self) -> list[Action]:
        """Return the calls that come after the contracts."""
        setup = self.setup
        return [
            *bindings(self.chain, self.addresses),
            *role_actions(self.chain, self.addresses, setup.deployer, self.holders, self.block),
        ]

    def steps(self) -> list[Step]:
        """Return all transactions in their order, those that were carried out included."""
        lost = {row["contract"]: row["why"] for row in self.given_up}
        found = [
            Step(
                f"deploy {artifact_name(name)}",
                f"create {name}" if name != "Token" else "create the test currency",
                name,
                self.addresses[name],
                self.nonces.get(name),
                name in self.standing,
                None if name in self.standing else lost.get(name),
            )
            for name in self.setup.entries
        ]
        ready = self.all_stand
        return found + [
            Step(one.name, one.text, done=ready and one.is_done()) for one in self.actions()
        ]

    @property
    def holders(self) -> tuple[Holder, ...]:
        """Who has the roles in the end, contracts among them."""
        contracts = (Holder(role, self.addresses[name]) for role, name in OF_CONTRACTS.items())
        return (*self.setup.final_holders, *contracts)

    # carrying it out

    def run(self, sender: Sender, step: Callable[[str], None] = lambda name: None) -> Deployment:
        """Carry out what is missing and return the record. Raises what the sender raises.

        What was stored for sending before is waited for first. `step` is told what was done.
        """
        sender.finish()
        self.look()
        self.save()
        for name in self.setup.entries:
            if name not in self.standing:
                self._note(f"deploy {name}", self._create(sender, name))
                self.standing.add(name)
                step(name)
        actions = self.actions()
        for place, action in enumerate(actions):
            if action.is_done():
                continue
            if self.setup.is_handed_over and place == len(actions) - 1:
                require_done(actions[:-1], action.text)
            self._note(action.text, sender.send(action.call))
            step(action.name)
        return self.record()

    def _create(self, sender: Sender, name: str) -> Receipt:
        code = initcode(artifact_name(name), self.addresses) + self._arguments(name)
        try:
            receipt = sender.deploy(
                code, name=f"deploy {artifact_name(name)}", nonce=self.nonces[name]
            )
        except NonceTakenByOther as error:
            raise NonceTakenByOther(
                f"something else was sent with this key meanwhile, so {name} cannot stand at "
                f"{self.addresses[name]} ({error.message})",
                hint="run it again, with nothing else running: what stands is kept, and what was "
                "told a lost address is created anew",
            ) from None
        if receipt.contract_address != self.addresses[name]:
            raise CheckFailed(
                f"{name} stands at {receipt.contract_address}, which was not expected"
            )
        return receipt

    def _arguments(self, name: str) -> bytes:
        at = self.addresses
        manager, registry = at["AccessManager"], at["Registry"]
        match name:
            case "AccessManager":
                return AccessManager.constructor(self.setup.deployer)
            case "Token":
                return TestCurrency.constructor(TEST_MONEY, self.setup.currency)
            case "Registry":
                return Registry.constructor(manager, self.setup.slot_seconds)
            case "Tariffs":
                return Tariffs.constructor(registry)
            case "Metering":
                return Metering.constructor(manager, registry)
            case "Markets":
                return Markets.constructor(manager, registry, at["Metering"])
            case "Ledger":
                return Ledger.constructor(
                    at["Token"], at["Settlement"], at["ForwardAuction"], at["Levels"]
                )
            case "ForwardAuction":
                return ForwardAuction.constructor(
                    manager, registry, at["Markets"], at["Ledger"], at["ForwardLevels"]
                )
            case "Settlement":
                return Settlement.constructor(
                    registry,
                    at["Tariffs"],
                    at["Ledger"],
                    at["Metering"],
                    at["Markets"],
                    at["ForwardAuction"],
                    at["Levels"],
                )
            case "Levels":
                return Levels.constructor(
                    manager,
                    registry,
                    at["Markets"],
                    at["Ledger"],
                    at["Settlement"],
                    at["ForwardLevels"],
                )
            case "ForwardLevels":
                return ForwardLevels.constructor(
                    manager, registry, at["Markets"], at["ForwardAuction"], at["Levels"]
                )
            case "Points":
                return Points.constructor(manager, registry, at["Metering"])
            case "Volumes":
                return Volumes.constructor(registry, at["Metering"], at["Points"])
            case "Calendar":
                return Calendar.constructor(manager)
            case "Switching":
                names = ("Points", "Tariffs", "Metering", "Calendar", "Ledger", "Token")
                around = SwitchCore(registry, *(at[name] for name in names))
                return Switching.constructor(manager, around)
        return b""

    def record(self) -> Deployment:
        """Return the record of the finished deployment."""
        contracts = {name: self.addresses[name] for name in self.setup.entries}
        contracts["Token"] = self.addresses["Token"]
        made = Deployment(
            chain_id=self.chain.chain_id,
            block=self.block,
            slot_seconds=self.setup.slot_seconds,
            currency=self.setup.currency,
            contracts=contracts,
            code_hashes={name: code_hash(self.chain.code(at)) for name, at in contracts.items()},
            test_money=self.setup.token is None,
        )
        return made.with_roles(self.holders)

    # the file

    def _note(self, what: str, receipt: Receipt) -> None:
        row = {"step": what, "block": receipt.block_number, "gas": receipt.gas_used}
        self.log.append({**row, "transaction": "0x" + receipt.tx_hash.hex()})
        self.save()

    def save(self) -> None:
        """Write down how far it has come, in one step; nothing where there is no file."""
        if self.path is None:
            return
        content = {
            "schema": SCHEMA,
            "package": __version__,
            "chain_id": self.chain.chain_id,
            "genesis": "0x" + self.chain.block(0).hash.hex(),
            "block": self.block,
            "setup": asdict(self.setup),
            "artifacts": _digests(self.setup),
            "addresses": self.addresses,
            "steps": self.log,
            "given_up": self.given_up,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(self.path.name + ".draft")
        with draft.open("w", encoding="utf-8") as file:
            file.write(json.dumps(content, indent=2) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)


def artifact_name(entry: str) -> str:
    """Return the artifact of an entry of the record."""
    return "TestCurrency" if entry == "Token" else entry


def token_decimals(chain: Chain, token: str) -> int:
    """Return the decimals of an ERC-20. Raises BadInput where that is none that can be used."""
    if not chain.code(token):
        raise BadInput(f"there is no contract at {token}", hint="--token names an ERC-20")
    try:
        decimals = TestCurrency(chain, token).decimals()
    except P2PError:
        raise BadInput(
            f"the contract at {token} does not say its decimals", hint="--token names an ERC-20"
        ) from None
    if decimals > MOST_DECIMALS:
        raise BadInput(
            f"the token has {decimals} decimals", hint=f"{MOST_DECIMALS} at most are supported"
        )
    return decimals


def part_path(record: Path) -> Path:
    """Return where a deployment under way is written down: beside its record."""
    return record.with_name(record.stem + ".part.json")


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Keep other processes from the same deployment; ends with the process, however it ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock")
    with closing(sqlite3.connect(lock, isolation_level=None, timeout=0)) as database:
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise CheckFailed(
                f"another process is working on {path}", hint="wait for it, or end it first"
            ) from None
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def load(path: Path) -> dict[str, Any] | None:
    """Return what is written down of a deployment under way. Raises BadInput for another file."""
    try:
        content: dict[str, Any] = dict(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f"{path} cannot be read: {error}", hint=_ANEW) from None
    wanted = {
        "chain_id",
        "genesis",
        "block",
        "setup",
        "artifacts",
        "addresses",
        "steps",
        "given_up",
    }
    if content.get("schema") != SCHEMA or not wanted <= set(content):
        raise BadInput(f"{path} is not a deployment under way of this version", hint=_ANEW)
    return content


def setup_of(content: Mapping[str, Any], path: Path) -> Setup:
    """Return the set-up of a deployment under way. Raises BadInput where the file is damaged."""
    try:
        values = dict(content["setup"])
        values["holders"] = tuple(Holder(**one) for one in values["holders"])
        return Setup(**values)
    except (TypeError, KeyError, ValueError):
        raise BadInput(f"{path} is damaged: its set-up cannot be read", hint=_ANEW) from None


def _digests(setup: Setup) -> dict[str, str]:
    code = {name: artifact(artifact_name(name))["bytecode"] for name in setup.entries}
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in code.items()}


def _same_chain(chain: Chain, found: Mapping[str, Any], path: Path) -> None:
    if chain.chain_id != found["chain_id"]:
        raise WrongNetwork(
            f"{path} is of chain {found['chain_id']}, this is {chain.chain_id}",
            hint="-n chooses the network, --deployment the record",
        )
    if "0x" + chain.block(0).hash.hex() != found["genesis"]:
        raise WrongNetwork(
            f"{path} is of another chain of the id {chain.chain_id}: its first block differs",
            hint=f"a local chain that was started afresh? {_ANEW}",
        )


def _same_setup(wanted: Setup, begun: Setup, path: Path) -> None:
    if wanted.deployer != begun.deployer:
        raise BadInput(
            f"{path} was begun by {begun.deployer}, this account is {wanted.deployer}",
            hint=f"-a names the key that began it; {_ANEW}",
        )
    differences = [
        f"{what} {_plain(had)}, now {_plain(now)}"
        for what, had, now in (
            ("slot seconds", begun.slot_seconds, wanted.slot_seconds),
            ("currency", begun.currency, wanted.currency),
            ("token", begun.token or "a test currency", wanted.token or "a test currency"),
            ("roles", begun.final_holders, wanted.final_holders),
        )
        if had != now
    ]
    if differences:
        raise BadInput(
            f"{path} was begun otherwise: {'; '.join(differences)}",
            hint=f"leave these options away, or give the same; {_ANEW}",
        )


def _same_artifacts(setup: Setup, found: Mapping[str, Any], path: Path) -> None:
    now = _digests(setup)
    changed = [name for name in setup.entries if found["artifacts"].get(name) != now[name]]
    if changed:
        raise BadInput(
            f"{path} was begun with other contracts: {', '.join(changed)} "
            f"{'has' if len(changed) == 1 else 'have'} changed since",
            hint=f"finish it with p2pchain {found.get('package', 'of that time')}; {_ANEW}",
        )


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{one.role} {one.account} ({one.delay_seconds} s)" for one in value)
    return str(value)
