"""What stands on a chain against the artifacts of this package and the record.

`verify` looks at the code of every contract (runtime.py), at what the contracts were told of each
other, at the roles of every function and at who has them. What it returns is what it looked at,
each with a result, so that nothing passes because nobody looked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from eth_utils.crypto import keccak

from p2pchain.chain.actions import ADMIN, GUARDED
from p2pchain.chain.bindings.access_manager import (
    RoleAdminChanged,
    RoleGrantDelayChanged,
    RoleGranted,
    RoleGuardianChanged,
    TargetAdminDelayUpdated,
    TargetClosed,
    TargetFunctionRoleUpdated,
)
from p2pchain.chain.bindings.registry import Registry
from p2pchain.chain.deployment import (
    CORE,
    LIBRARIES,
    P256_VERIFIER,
    RESTRICTED,
    ROLES,
    Contracts,
    artifact,
    code_hash,
)
from p2pchain.chain.records import Log
from p2pchain.chain.roles import holders, role_name, signature
from p2pchain.chain.rollout import MANAGED, MOST_DECIMALS, artifact_name
from p2pchain.chain.runtime import Implied, faults
from p2pchain.errors import BadInput, Refused, WrongNetwork

_CHANGING: Final = ("nonpayable", "payable")
_NOT_ROLES: Final = ("AccessManager", "Token", *CORE, *LIBRARIES, P256_VERIFIER)
_ORDER: Final = (ADMIN, *ROLES)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `differs` says whether it is not as it should be."""

    subject: str
    what: str
    expected: str
    found: str

    @property
    def is_holder(self) -> bool:
        """Whether it is about who has a role: `what` is the account."""
        return self.subject not in _NOT_ROLES and self.what.startswith("0x")

    @property
    def differs(self) -> bool:
        """Whether it is not what it should be."""
        return self.expected != self.found

    def __str__(self) -> str:
        return f"{self.subject}: {self.what}: {self.found}, expected: {self.expected}"


def verify(contracts: Contracts) -> list[Finding]:
    """Return all that was looked at, contract by contract, then roles.

    Raises WrongNetwork on another chain, BadInput for a record that names not all contracts.
    """
    chain, record = contracts.chain, contracts.deployment
    if chain.chain_id != record.chain_id:
        raise WrongNetwork(
            f"the deployment is on chain {record.chain_id}, this is {chain.chain_id}",
            hint="-n chooses the network, --deployment the record",
        )
    wanted = ("AccessManager", "Token", *CORE, *LIBRARIES, P256_VERIFIER)
    if missing := [name for name in wanted if name not in record.contracts]:
        raise BadInput(
            f"the record names no {', '.join(missing)}", hint="it is of another version of p2pchain"
        )
    if extra := [name for name in record.contracts if name not in wanted]:
        raise BadInput(
            f"the record names {', '.join(extra)}, which this version does not have",
            hint="verify it with the version of p2pchain that deployed it",
        )
    found = list(_code(contracts))
    if any(not chain.code(record.contracts[name]) for name in (*MANAGED, "AccessManager")):
        return found  # nobody is there to be asked for more
    return [
        *found,
        *_told(contracts),
        *_functions(contracts),
        *_rules(contracts),
        *_holders(contracts),
    ]


def _code(contracts: Contracts) -> Iterator[Finding]:
    chain, record = contracts.chain, contracts.deployment
    decimals = _asked(lambda: contracts.token.decimals())
    usable = decimals.isdigit() and int(decimals) <= MOST_DECIMALS
    bound = f"{MOST_DECIMALS} at most"
    yield Finding("Token", "decimals", decimals if usable else bound, decimals)
    if record.test_money:
        symbol = _asked(lambda: contracts.token.symbol())
        yield Finding("Token", "symbol", record.currency, symbol)
    implied = Implied(
        record.contracts, record.chain_id, record.slot_seconds, int(decimals) if usable else 0
    )
    for name, address in record.contracts.items():
        code = chain.code(address)
        if (recorded := record.code_hashes.get(name)) is not None:
            yield Finding(name, "hash of the code", recorded, code_hash(code))
        if name == "Token" and not record.test_money:
            continue
        wrong = faults(artifact_name(name), code, address, implied)
        for fault in wrong:
            yield Finding(name, fault.part, fault.expected, fault.found)
        if not wrong:
            shown = f"{len(code)} bytes as built"
            yield Finding(name, "code", shown, shown)


def _asked(question: Callable[[], object]) -> str:
    try:
        return str(question())
    except (Refused, WrongNetwork) as error:
        return f"unknown ({error.message})"


def _told(contracts: Contracts) -> Iterator[Finding]:
    at = contracts.address

    def asked(contract: str, function: str) -> str:
        data = keccak(text=f"{function}()")[:4]
        return _asked(lambda: Registry.authority_result(contracts.chain.call(at(contract), data)))

    for name in MANAGED:
        yield Finding(name, "authority", at("AccessManager"), asked(name, "authority"))
    yield Finding("Registry", "forward", at("ForwardAuction"), asked("Registry", "forward"))
    yield Finding(
        "ForwardAuction", "settlement", at("Settlement"), asked("ForwardAuction", "settlement")
    )
    yield Finding("Metering", "settlement", at("Settlement"), asked("Metering", "settlement"))
    yield Finding("Metering", "markets", at("Markets"), asked("Metering", "markets"))
    yield Finding("Metering", "points", at("Points"), asked("Metering", "points"))
    around = ("Registry", "Points", "Tariffs", "Metering", "Calendar", "Ledger", "Token")
    for name, found in zip(around, _core_of_switching(contracts), strict=True):
        yield Finding("Switching", name.lower(), at(name), found)


def _core_of_switching(contracts: Contracts) -> tuple[str, ...]:
    try:
        return contracts.switching.core()
    except (Refused, WrongNetwork) as error:
        return (f"unknown ({error.message})",) * 7


def _functions(contracts: Contracts) -> Iterator[Finding]:
    """The role of each function: all of the interface, and whatever was ever set."""
    manager, record = contracts.access_manager, contracts.deployment
    expected = {
        (contract, keccak(text=function)[:4]): ROLES[role]
        for role, targets in RESTRICTED.items()
        for contract, functions in targets.items()
        for function in functions
    }
    names: dict[tuple[str, bytes], str] = {}
    for contract in (*MANAGED, "AccessManager"):
        for entry in artifact(contract)["abi"]:
            if entry["type"] == "function" and entry["stateMutability"] in _CHANGING:
                names[contract, keccak(text=signature(entry))[:4]] = entry["name"]
    by_address = {address: name for name, address in record.contracts.items()}
    for log in _logs(contracts, TargetFunctionRoleUpdated.TOPIC0):
        event = TargetFunctionRoleUpdated.from_log(log.topics, log.data)
        contract = by_address.get(event.target, event.target)
        names.setdefault((contract, event.selector), "0x" + event.selector.hex())
    for (contract, selector), function in names.items():
        target = record.contracts.get(contract, contract)
        role = manager.get_target_function_role(target, selector)
        yield Finding(
            contract,
            f"role of {function}",
            role_name(expected.get((contract, selector), 0)),
            role_name(role),
        )


def _rules(contracts: Contracts) -> Iterator[Finding]:
    """What else the AccessManager can be told: closed targets, admins and guardians of roles."""
    manager, record = contracts.access_manager, contracts.deployment
    by_address = {address: name for name, address in record.contracts.items()}
    targets = {record.contracts[name]: name for name in (*MANAGED, "AccessManager")}
    for topic, kind in (
        (TargetClosed.TOPIC0, TargetClosed),
        (TargetAdminDelayUpdated.TOPIC0, TargetAdminDelayUpdated),
    ):
        for log in _logs(contracts, topic):
            target = kind.from_log(log.topics, log.data).target
            targets.setdefault(target, by_address.get(target, target))
    for address, name in targets.items():
        closed = "closed" if manager.is_target_closed(address) else "open"
        yield Finding(name, "functions with a role", "open", closed)
    roles = set(ROLES.values())
    for topic, other in (
        (RoleAdminChanged.TOPIC0, RoleAdminChanged),
        (RoleGuardianChanged.TOPIC0, RoleGuardianChanged),
        (RoleGrantDelayChanged.TOPIC0, RoleGrantDelayChanged),
        (RoleGranted.TOPIC0, RoleGranted),
    ):
        for log in _logs(contracts, topic):
            roles.add(other.from_log(log.topics, log.data).role_id)
    for role in sorted(roles - {0}):
        name = role_name(role)
        yield Finding(name, "admin", ADMIN, role_name(manager.get_role_admin(role)))
        guardian = ROLES["GUARDIAN"] if name in GUARDED else 0
        yield Finding(
            name, "guardian", role_name(guardian), role_name(manager.get_role_guardian(role))
        )


def _holders(contracts: Contracts) -> Iterator[Finding]:
    """Who has which role: compared with the record where that says it, else only told."""
    there = {(one.role, one.account): one.delay_seconds for one in holders(contracts)}
    recorded = {
        (one.role, one.account): one.delay_seconds for one in contracts.deployment.holders()
    }
    keys = sorted({*there, *recorded})
    for key in sorted(keys, key=lambda key: _ORDER.index(key[0]) if key[0] in _ORDER else 99):
        found = f"delay {there[key]} s" if key in there else "no holder"
        expected = f"delay {recorded[key]} s" if key in recorded else "no holder"
        yield Finding(key[0], key[1], expected if recorded else found, found)


def _logs(contracts: Contracts, topic: bytes) -> list[Log]:
    chain = contracts.chain
    manager, start = contracts.address("AccessManager"), contracts.deployment.block
    return chain.logs([manager], start, chain.block().number, [topic])
