"""Who may do what, asked of the deployed contracts themselves.

`function_roles` calls every function that changes state as a stranger: what the AccessManager
refuses needs a role, what it lets through needs none. `holders` reads who has been given which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_utils.crypto import keccak

from p2pchain.chain.abi import encode
from p2pchain.chain.bindings.access_manager import RoleGranted, RoleRevoked
from p2pchain.chain.bindings.errors import (
    AccessManagedUnauthorized,
    AccessManagerUnauthorizedAccount,
)
from p2pchain.chain.deployment import CORE, ROLES, Contracts, Holder, artifact
from p2pchain.errors import Refused

ADMIN: Final = "ADMIN"
_NAMES: Final[Mapping[int, str]] = {0: ADMIN, **{number: name for name, number in ROLES.items()}}
_STRANGER: Final = "0x00000000000000000000000000000000005eA11e"
# These only pass on what somebody else may do; asking them says nothing.
_PASSING_ON: Final = ("multicall", "execute", "schedule", "cancel", "consumeScheduledOp")


@dataclass(frozen=True, slots=True)
class FunctionRole:
    """A function that changes state; `role` is None where no role is asked for."""

    contract: str
    function: str
    role: str | None


def role_name(number: int) -> str:
    """Return what a role of the AccessManager is called here."""
    return _NAMES.get(number, f"role {number}")


def function_roles(contracts: Contracts) -> list[FunctionRole]:
    """Return every function of the core set and of the AccessManager that changes state."""
    found = []
    for name in (*CORE, "AccessManager"):
        for entry in artifact(name)["abi"]:
            if entry["type"] == "function" and entry["stateMutability"] in (
                "nonpayable",
                "payable",
            ):
                if name == "AccessManager" and entry["name"] in _PASSING_ON:
                    continue
                found.append(FunctionRole(name, entry["name"], _needed(contracts, name, entry)))
    return found


def holders(contracts: Contracts) -> list[Holder]:
    """Return who has which role now, in the order of the roles."""
    manager = contracts.access_manager
    logs = contracts.chain.logs(
        [manager.address],
        contracts.deployment.block,
        contracts.chain.block().number,
        [[RoleGranted.TOPIC0, RoleRevoked.TOPIC0]],
    )
    named: set[tuple[int, str]] = set()
    for log in logs:
        kind = RoleGranted if log.topics[0] == RoleGranted.TOPIC0 else RoleRevoked
        event = kind.from_log(log.topics, log.data)
        named.add((event.role_id, event.account))
    found = []
    for role, account in sorted(named):
        access = manager.has_role(role, account)
        if access.is_member:
            found.append(Holder(role_name(role), account, access.execution_delay))
    return found


def signature(entry: Mapping[str, Any]) -> str:
    """Return name and types of a function of an artifact, as its selector is made from them."""
    return f"{entry['name']}({','.join(_type(one) for one in entry['inputs'])})"


def _needed(contracts: Contracts, name: str, entry: Mapping[str, Any]) -> str | None:
    address = contracts.address(name)
    selector = keccak(text=signature(entry))[:4]
    types = [_type(one) for one in entry["inputs"]]
    data = selector + encode(types, [_nothing(one) for one in entry["inputs"]])
    try:
        contracts.chain.call(address, data, sender=_STRANGER)
    except AccessManagedUnauthorized:
        role = contracts.access_manager.get_target_function_role(address, selector)
        return role_name(role)
    except AccessManagerUnauthorizedAccount as refusal:
        return role_name(refusal.role_id)
    except Refused:
        return None
    return None


def _type(argument: Mapping[str, Any]) -> str:
    kind: str = argument["type"]
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_type(part) for part in argument["components"])
    return f"({inner}){kind.removeprefix('tuple')}"


def _nothing(argument: Mapping[str, Any]) -> Any:
    """The zero value of an argument."""
    kind: str = argument["type"]
    if kind.endswith("]"):
        inner, _, count = kind.removesuffix("]").rpartition("[")
        return [_nothing({**argument, "type": inner})] * int(count or 0)
    if kind == "tuple":
        return tuple(_nothing(part) for part in argument["components"])
    if kind == "address":
        return "0x" + "00" * 20
    if kind.startswith("bytes"):
        return b"" if kind == "bytes" else bytes(int(kind.removeprefix("bytes")))
    if kind == "string":
        return ""
    return False if kind == "bool" else 0
