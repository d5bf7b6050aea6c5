"""Calls of a role with a delay: announced first, carried out when the delay is over.

The AccessManager keeps who has announced what (`schedule`). When its time has come the same call,
by the same account, is let through once; a week later it has lapsed. Until it is carried out its
caller, an administrator or a guardian of the role may cancel it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from eth_utils.crypto import keccak

from p2pchain.chain.abi import Call, decode
from p2pchain.chain.bindings.access_manager import (
    OperationCanceled,
    OperationExecuted,
    OperationScheduled,
)
from p2pchain.chain.bindings.errors import (
    AccessManagerExpired,
    AccessManagerNotReady,
    AccessManagerNotScheduled,
)
from p2pchain.chain.deployment import CORE, Contracts, artifact
from p2pchain.chain.roles import signature
from p2pchain.errors import BadInput, Refused

_ON_TARGETS: Final = ("updateAuthority", "setTargetClosed", "setTargetFunctionRole")
_ON_ROLES: Final = ("grantRole", "revokeRole")
_SHORTEST: Final = 8  # digits of an id that name an operation


@dataclass(frozen=True, slots=True)
class Delay:
    """A call that its caller has to announce. `ready_at` is None where that was not done yet, else
    the unix time from which on it may be carried out; `seconds` is the delay of the role."""

    operation: bytes
    seconds: int
    ready_at: int | None


@dataclass(frozen=True, slots=True)
class Operation:
    """What was announced. `state` is waiting, ready, executed, cancelled or expired; `name` is
    contract and function, `ready_at` in unix time."""

    id: bytes
    state: str
    name: str
    caller: str
    target: str
    data: bytes
    ready_at: int

    @property
    def call(self) -> Call:
        """What its caller sends to carry it out."""
        return Call(self.target, self.data, 0, self.name)


def delay_of(contracts: Contracts, caller: str, call: Call) -> Delay | None:
    """Return what a call has to wait for, or None where it has not.

    None also says nothing of whether the contract will take it.
    """
    manager = contracts.access_manager
    try:
        contracts.chain.call(call.to, call.data, "pending", caller)
    except AccessManagerNotReady as early:
        operation = early.operation_id
        ready_at = manager.get_schedule(operation)
        return Delay(operation, _seconds(contracts, caller, call), ready_at)
    except (AccessManagerNotScheduled, AccessManagerExpired) as missing:
        return Delay(missing.operation_id, _seconds(contracts, caller, call), None)
    except Refused:
        return None
    return None


def announcement(contracts: Contracts, call: Call) -> Call:
    """Return the call that announces another, to be carried out as early as its delay allows."""
    return contracts.access_manager.schedule(call.to, call.data, 0)


def execution(contracts: Contracts, call: Call) -> Call:
    """Return the call of the AccessManager that carries out what was announced."""
    return contracts.access_manager.execute(call.to, call.data)


def operations(contracts: Contracts) -> list[Operation]:
    """Return all that was ever announced, the oldest first."""
    chain, manager = contracts.chain, contracts.access_manager
    topics = [[OperationScheduled.TOPIC0, OperationExecuted.TOPIC0, OperationCanceled.TOPIC0]]
    logs = chain.logs([manager.address], contracts.deployment.block, chain.block().number, topics)
    announced: list[OperationScheduled] = []
    ended: dict[tuple[bytes, int], str] = {}
    for log in logs:
        if log.topics[0] == OperationScheduled.TOPIC0:
            announced.append(OperationScheduled.from_log(log.topics, log.data))
        elif log.topics[0] == OperationExecuted.TOPIC0:
            done = OperationExecuted.from_log(log.topics, log.data)
            ended[done.operation_id, done.nonce] = "executed"
        else:
            gone = OperationCanceled.from_log(log.topics, log.data)
            ended[gone.operation_id, gone.nonce] = "cancelled"
    now = chain.block("pending").timestamp
    lapse = manager.expiration()
    return [
        Operation(
            event.operation_id,
            ended.get((event.operation_id, event.nonce)) or _state(event.schedule, now, lapse),
            call_name(contracts, event.target, event.data_),
            event.caller,
            event.target,
            event.data_,
            event.schedule,
        )
        for event in announced
    ]


def find(contracts: Contracts, text: str) -> Operation:
    """Return the newest operation whose id begins so. Raises BadInput where there is not one."""
    wanted = text.lower().removeprefix("0x")
    known = {one.id: one for one in operations(contracts)}  # the newest of an id stays
    found = [one for one in known.values() if one.id.hex().startswith(wanted)]
    if len(wanted) < _SHORTEST or len(found) != 1:
        several = len(found) > 1 and len(wanted) >= _SHORTEST
        raise BadInput(
            f"'{text}' names {len(found) if several else 'no'} operation{'s' * several}",
            hint=f"{_SHORTEST} digits or more of an id of 'p2pchain admin announced list'",
        )
    return found[0]


def call_name(contracts: Contracts, target: str, data: bytes) -> str:
    """Return contract and function of a call, or what is known of it."""
    by_address = {address: name for name, address in contracts.deployment.contracts.items()}
    contract = by_address.get(target)
    if contract is None:
        return f"{target}.0x{data[:4].hex()}"
    return f"{contract}.{_functions(contract).get(data[:4], '0x' + data[:4].hex())}"


@cache
def _functions(contract: str) -> dict[bytes, str]:
    if contract not in (*CORE, "AccessManager"):
        return {}
    return {
        keccak(text=signature(entry))[:4]: entry["name"]
        for entry in artifact(contract)["abi"]
        if entry["type"] == "function"
    }


def _state(ready_at: int, now: int, lapse: int) -> str:
    if now < ready_at:
        return "waiting"
    return "ready" if now < ready_at + lapse else "expired"


def _seconds(contracts: Contracts, caller: str, call: Call) -> int:
    """The delay of a call. The AccessManager says it of others' functions, not of its own."""
    manager = contracts.access_manager
    if call.to != manager.address:
        return manager.can_call(caller, call.to, call.data[:4]).delay
    function = _functions("AccessManager").get(call.data[:4], "")
    role = own = 0
    if function in _ON_ROLES:
        role = manager.get_role_admin(decode(("uint64",), call.data[4:36])[0])
    elif function in _ON_TARGETS:
        own = manager.get_target_admin_delay(decode(("address",), call.data[4:36])[0])
    return max(own, manager.has_role(role, caller).execution_delay)
