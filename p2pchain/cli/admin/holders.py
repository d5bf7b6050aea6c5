"""Options that say who is to have which role, for deploying and for handing over."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from p2pchain.cli.base import Env
from p2pchain.cli.common import account_of
from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from p2pchain.chain.deployment import Holder

F = TypeVar("F", bound=Callable[..., Any])

#: A role that must wait longer than that cannot act when it has to.
_MOST_DELAY = 30 * 86_400
_ROLES = ("registrar", "meter-operator", "market-operator", "guardian", "regulator")
_DELEGATED = bytes.fromhex("ef0100")  # EIP-7702: the account of one key that borrows code


def holder_options(function: F) -> F:
    """Add `--owner`, `--delay`, one option for each role and `--allow-account`, as `chosen`."""

    def gather(**values: Any) -> Any:
        names = ["owner", "delay", "allow_account", *(one.replace("-", "_") for one in _ROLES)]
        chosen = {name: values.pop(name) for name in names}
        return function(chosen=chosen, **values)

    gather.__doc__, gather.__name__ = function.__doc__, function.__name__
    gather.__dict__.update(getattr(function, "__dict__", {}))
    wrapped: Any = gather
    wrapped = click.option(
        "--allow-account",
        is_flag=True,
        help="Let the owner be the account of a single key. Else it must be a contract.",
    )(wrapped)
    for name in reversed(_ROLES):
        wrapped = click.option(
            f"--{name}",
            metavar="ACCOUNT[:DELAY]",
            help=f"Who gets {name.upper().replace('-', '_')}, an address or the name of a key. "
            "Else the owner.",
        )(wrapped)
    wrapped = click.option(
        "--delay",
        metavar="DURATION",
        help="How long the owner must announce each call of its roles, GUARDIAN aside: seconds, "
        "or such as 48h.",
    )(wrapped)
    wrapped = click.option(
        "--owner",
        metavar="ADDRESS",
        help="Hand over to this account, best a multisig: it gets ADMIN, and your own roles are "
        "taken away as the last step.",
    )(wrapped)
    found: F = wrapped
    return found


def holders_of(env: Env, chosen: dict[str, Any], deployer: str) -> tuple[Holder, ...]:
    """Return who is to have the roles; nothing where no owner is named. Raises BadInput."""
    from p2pchain.chain.deployment import HELD, Holder

    named = [name for name in _ROLES if chosen[name.replace("-", "_")] is not None]
    if chosen["owner"] is None:
        given = [f"--{name}" for name in (*named, *(["delay"] if chosen["delay"] else []))]
        if given or chosen["allow_account"]:
            raise BadInput(
                f"{', '.join(given) or '--allow-account'} goes with --owner",
                hint="--owner names who is to be administrator; without it nothing is handed over",
            )
        return ()
    if chosen["delay"] is None:
        raise BadInput(
            "how long must the owner announce its calls?",
            hint="--delay 48h, or --delay 0 where it need not",
        )
    delay = _seconds("--delay", chosen["delay"])
    owner = account_of(env, chosen["owner"])
    if owner == deployer:
        raise BadInput(
            f"the owner {owner} is the account that deploys",
            hint="leave --owner away and hand over later: 'p2pchain admin handover'",
        )
    _require_contract(env, owner, chosen["allow_account"])
    found = [Holder("ADMIN", owner, delay)]
    for name, role in zip(_ROLES, HELD, strict=True):
        text = chosen[name.replace("-", "_")]
        if text is None:
            found.append(Holder(role, owner, 0 if role == "GUARDIAN" else delay))
            continue
        account, colon, wait = text.partition(":")
        seconds = _seconds(f"--{name}", wait) if colon else 0
        if role == "GUARDIAN" and seconds:
            raise BadInput(
                "a guardian who must announce its calls guards nothing", hint="--guardian ACCOUNT"
            )
        found.append(Holder(role, _somebody(env, account, name), seconds))
    return tuple(found)


def holder_lines(holders: Sequence[Holder]) -> dict[str, str]:
    """Return who has which role, as lines of a plan."""
    return {
        one.role: one.account + (f", delay {one.delay_seconds} s" if one.delay_seconds else "")
        for one in holders
    }


def _somebody(env: Env, text: str, name: str) -> str:
    account = account_of(env, text)
    if int(account, 16) == 0:
        raise BadInput(f"--{name}: nobody has the address zero")
    return account


def _require_contract(env: Env, owner: str, allow_account: bool) -> None:
    if int(owner, 16) == 0:
        raise BadInput("--owner: nobody has the address zero")
    code = env.chain.code(owner)
    if allow_account or (code and not code.startswith(_DELEGATED)):
        return
    raise BadInput(
        f"the owner {owner} is "
        + ("the account of a single key" if code else "no contract on this chain"),
        hint="deploy the multisig first; --allow-account where the key of one person is enough",
    )


def _seconds(option: str, text: str) -> int:
    from p2pchain.cli.admin.markets import duration

    text = text.strip()
    seconds = int(text) if re.fullmatch(r"\d{1,9}", text) else duration(text)
    if seconds > _MOST_DELAY:
        raise BadInput(
            f"{option}: {seconds} seconds are more than {_MOST_DELAY // 86_400} days",
            hint="who must wait so long cannot act when it has to",
        )
    return seconds
