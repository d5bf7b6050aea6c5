"""Calls that set a deployment up and hand it over, each with a look whether it was carried out.

The contracts name each other once (`bindings`); the AccessManager is told which function needs
which role and who has it (`role_actions`); a handover gives the roles to others and takes them
from whoever had them (`handover_actions`). An action that was carried out is seen on chain, so a
run that was cut off, or whose answer was lost, continues with what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_utils.crypto import keccak

from p2pchain.chain.abi import Call
from p2pchain.chain.bindings.access_manager import AccessManager, RoleLabel
from p2pchain.chain.bindings.forward_auction import ForwardAuction
from p2pchain.chain.bindings.metering import Metering
from p2pchain.chain.bindings.registry import Registry
from p2pchain.chain.connect import Chain
from p2pchain.chain.deployment import HELD, RESTRICTED, ROLES, Contracts, Holder
from p2pchain.errors import CheckFailed

ADMIN: Final = "ADMIN"
#: Whoever has GUARDIAN may cancel what these have announced and not carried out yet.
GUARDED: Final = ("REGISTRAR", "METER_OPERATOR", "MARKET_OPERATOR", "REGULATOR")
_NOBODY: Final = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Action:
    """A call of the set-up; `text` says it in words, `is_done` asks the chain."""

    call: Call
    text: str
    is_done: Callable[[], bool]

    @property
    def name(self) -> str:
        """Contract and function."""
        return self.call.name


def role_number(role: str) -> int:
    """Return the AccessManager's number of a role; ADMIN has zero."""
    return 0 if role == ADMIN else ROLES[role]


def bindings(chain: Chain, contracts: Mapping[str, str]) -> list[Action]:
    """Return the calls by which contracts are told each other's addresses, once and for ever."""
    registry = Registry(chain, contracts["Registry"])
    forward = ForwardAuction(chain, contracts["ForwardAuction"])
    metering = Metering(chain, contracts["Metering"])
    settlement, markets, points = (contracts[n] for n in ("Settlement", "Markets", "Points"))
    return [
        Action(
            registry.bind_forward(forward.address),
            "name ForwardAuction to Registry",
            lambda: _bound("Registry", [(registry.forward(), forward.address)]),
        ),
        Action(
            forward.bind_settlement(settlement),
            "name Settlement to ForwardAuction",
            lambda: _bound("ForwardAuction", [(forward.settlement(), settlement)]),
        ),
        Action(
            metering.bind(settlement, markets, points),
            "name Settlement, Markets and Points to Metering",
            lambda: _bound(
                "Metering",
                [
                    (metering.settlement(), settlement),
                    (metering.markets(), markets),
                    (metering.points(), points),
                ],
            ),
        ),
    ]


def role_actions(
    chain: Chain,
    contracts: Mapping[str, str],
    deployer: str,
    holders: Sequence[Holder],
    from_block: int,
) -> list[Action]:
    """Return the calls that set up the roles of `RESTRICTED` and give them to `holders`.

    Where the deployer is not among them, the last call takes ADMIN from it.
    """
    manager = AccessManager(chain, contracts["AccessManager"])
    found: list[Action] = []
    for role, targets in RESTRICTED.items():
        found.append(_label(chain, manager, role, from_block))
        for contract, functions in targets.items():
            selectors = [keccak(text=function)[:4] for function in functions]
            found.append(_functions(manager, role, contract, contracts[contract], selectors))
        found += [_grant(manager, one) for one in holders if one.role == role]
    found += [_guard(manager, role) for role in GUARDED]
    admins = [one for one in holders if one.role == ADMIN]
    found += [_grant(manager, one) for one in admins if one.account != deployer]
    if all(one.account != deployer for one in admins):
        found.append(_revoke(manager, ADMIN, deployer))
    return found


def handover_actions(
    contracts: Contracts, account: str, holders: Sequence[Holder]
) -> tuple[list[Action], list[Action]]:
    """Return the calls that give the roles of an existing deployment to `holders`, and then those
    that take from `account` what it is not to keep, ADMIN at the very end."""
    manager = contracts.access_manager
    giving = [_guard(manager, role) for role in GUARDED]
    giving += [_grant(manager, one) for one in holders]
    kept = {one.role for one in holders if one.account == account}
    taking = [_revoke(manager, role, account) for role in (*HELD, ADMIN) if role not in kept]
    return giving, taking


def require_done(actions: Iterable[Action], before: str) -> None:
    """Raise CheckFailed where one of these was not carried out: what comes next cannot be undone.

    `before` says what that is.
    """
    for action in actions:
        if not action.is_done():
            raise CheckFailed(
                f"not carried out on chain: {action.text}; so nobody did '{before}'",
                hint="run it again; if it stays so, look at 'p2pchain admin roles list'",
            )


def _bound(contract: str, told: Sequence[tuple[str, str]]) -> bool:
    if all(there == _NOBODY for there, _ in told):
        return False
    for there, wanted in told:
        if there != wanted:
            raise CheckFailed(
                f"{contract} is bound to {there}, which is not the {wanted} of this deployment; "
                "it can never be changed",
                hint="'p2pchain admin deploy --restart' begins anew, with other contracts",
            )
    return True


def _label(chain: Chain, manager: AccessManager, role: str, from_block: int) -> Action:
    def is_done() -> bool:
        number = ROLES[role].to_bytes(32, "big")
        topics = [RoleLabel.TOPIC0, number]
        return bool(chain.logs([manager.address], from_block, chain.block().number, topics))

    return Action(manager.label_role(ROLES[role], role), f"call role {ROLES[role]} {role}", is_done)


def _functions(
    manager: AccessManager, role: str, contract: str, target: str, selectors: Sequence[bytes]
) -> Action:
    number = ROLES[role]
    return Action(
        manager.set_target_function_role(target, selectors, number),
        f"let {role} call {len(selectors)} functions of {contract}"
        if len(selectors) > 1
        else f"let {role} call a function of {contract}",
        lambda: all(manager.get_target_function_role(target, one) == number for one in selectors),
    )


def _grant(manager: AccessManager, holder: Holder) -> Action:
    number = role_number(holder.role)

    def is_done() -> bool:
        access = manager.get_access(number, holder.account)
        delay = access.pending_delay if access.effect else access.current_delay
        return access.since != 0 and delay == holder.delay_seconds

    return Action(
        manager.grant_role(number, holder.account, holder.delay_seconds),
        f"give {holder.role} to {holder.account}, delay {holder.delay_seconds} s",
        is_done,
    )


def _revoke(manager: AccessManager, role: str, account: str) -> Action:
    number = role_number(role)
    return Action(
        manager.revoke_role(number, account),
        f"take {role} from {account}",
        lambda: manager.get_access(number, account).since == 0,
    )


def _guard(manager: AccessManager, role: str) -> Action:
    guardian = ROLES["GUARDIAN"]
    return Action(
        manager.set_role_guardian(ROLES[role], guardian),
        f"let GUARDIAN cancel what {role} has announced",
        lambda: manager.get_role_guardian(ROLES[role]) == guardian,
    )
