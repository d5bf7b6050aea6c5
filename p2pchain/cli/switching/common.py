"""What the commands of switching share: days, evidence, numbers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click
from eth_hash.auto import keccak

from p2pchain.cli.base import Env
from p2pchain.cli.common import done, shown_money, tell_dry_run
from p2pchain.cli.output import Output
from p2pchain.errors import BadInput, Refused
from p2pchain.working_days import date_of, day_number

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call

#: What tokens answer to who has not been allowed to take them.
_OF_TOKENS = ("ERC20InsufficientAllowance", "SafeERC20FailedOperation", "Reverted", "NoReason",
              "UnknownError")  # fmt: skip
NUMBER = click.IntRange(1, 2**32 - 1)
SWITCH = click.argument("number", metavar="SWITCH", type=NUMBER)
HANDOVER = click.argument("number", metavar="HANDOVER", type=NUMBER)
WH = click.IntRange(0, 2**64 - 1)
IMPORT = click.option("--import", "import_wh", type=WH, required=True, help="Wh, import register.")
EXPORT = click.option("--export", "export_wh", type=WH, default=0, help="Wh, export register.")
EVIDENCE = click.option(
    "--evidence",
    metavar="FILE|0xHASH",
    required=True,
    help="What proves it: a file, of which the hash goes to the chain, or the hash.",
)


def day_typed(text: str) -> int:
    """Return the number of a date as typed, such as 2026-12-01. Raises BadInput."""
    try:
        return day_number(dt.date.fromisoformat(text))
    except ValueError:
        raise BadInput(f"'{text}' is no date", hint="year, month, day: 2026-12-01") from None


def day_text(day: int) -> str:
    """Return a day with its weekday."""
    return date_of(day).strftime("%a %Y-%m-%d")


def hash_of(text: str) -> bytes:
    """Return the hash of a file, or one that was typed. Raises BadInput."""
    if text.lower().startswith("0x"):
        try:
            found = bytes.fromhex(text[2:])
        except ValueError:
            found = b""
        if len(found) != 32 or not any(found):
            raise BadInput(f"'{text}' is no hash", hint="0x and 64 hexadecimal digits")
        return found
    try:
        return keccak(Path(text).read_bytes())
    except OSError as error:
        raise BadInput(f"{text}: {error.strerror}", hint="a file, or 0x and its hash") from None


def write_out(path: str, text: str) -> None:
    """Write a file that was asked for. Raises BadInput."""
    try:
        Path(path).write_text(text)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None


def pay_with(env: Env, out: Output, nano: int, pay: Call, what: str, *, dry_run: bool) -> None:
    """Let `Switching` have tokens for so much, then send the call that takes them.

    Raises Refused before anything is sent where it is not for want of the tokens.
    """
    from p2pchain.chain.payments import token_units
    from p2pchain.switch_book import SwitchBook

    try:
        env.chain.call(pay.to, pay.data, "pending", env.address)
    except Refused as refusal:
        if refusal.reason not in _OF_TOKENS:
            raise
    contracts = env.contracts
    allow, units = SwitchBook(contracts).allow_call(nano), token_units(contracts, nano)
    if contracts.token.balance_of(env.address) < units:
        raise Refused(
            "ERC20InsufficientBalance",
            message=f"{env.address} does not hold {shown_money(env, nano)} in tokens",
            hint="'p2pchain withdraw' takes free money out of the market",
        )
    if dry_run:
        tell_dry_run(env, out, [allow], what)
        return
    env.confirm(f"{what}?")
    done(env, out, what, [env.sender.send(allow), env.sender.send(pay)], {})
