"""What the market's commands share: options, figures as people type them, and sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from secrets import token_bytes
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from p2pchain.cli.base import Env, env_option
from p2pchain.cli.output import Output, plain, table
from p2pchain.errors import BadInput, Refused

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.chain.records import Receipt

F = TypeVar("F", bound=Callable[..., Any])

#: A message for the next slot must reach a block before that slot begins.
_HASTE_SECONDS = 60


def deployment_option(function: F) -> F:
    """Add `--deployment FILE`, which goes into the Env."""

    return env_option(
        "--deployment",
        into="deployment_choice",
        type=click.Path(dir_okay=False, path_type=Path),
        help="The record of the deployment; else deployments/<network>.json.",
    )(function)


def market_options(function: F) -> F:
    """Add `--market NAME` and `--deployment FILE`, which go into the Env."""

    return env_option(
        "--market",
        into="market_choice",
        metavar="NAME|ID",
        help="The market, where the deployment has several.",
    )(deployment_option(function))


def auction_options(function: F) -> F:
    """Add `--auction NAME` beside those of `market_options`."""

    return env_option(
        "--auction",
        into="auction_choice",
        metavar="NAME|ID",
        help="The forward auction, where the market has several.",
    )(market_options(function))


def zone_option(function: F) -> F:
    """Add `--zone NAME`, in which times without an offset are read and all times are shown."""

    def known(name: str) -> str:
        from p2pchain.units import parse_zone

        parse_zone(name)
        return name

    return env_option(
        "--zone",
        into="zone",
        convert=known,
        metavar="NAME",
        help="Read and show local times of this zone, such as Europe/Berlin. Else UTC.",
    )(function)


# figures and names


def slot_number(env: Env, text: str) -> int:
    """Return the slot of a time as typed, a bare slot number, or `now`."""
    from p2pchain.units import parse_slot

    if text.strip().lower() == "now":
        return current_slot(env)
    return parse_slot(text, env.deployment.slot_seconds, env.zone)


def slot_text(env: Env, slot: int) -> str:
    """Return the beginning of a slot as text, in the chosen zone."""
    from p2pchain.units import format_slot

    return format_slot(slot, env.deployment.slot_seconds, env.zone)


def time_text(env: Env, seconds: int) -> str:
    """Return a unix time as text, in the chosen zone."""
    from p2pchain.units import format_slot

    return format_slot(seconds, 1, env.zone)


def current_slot(env: Env) -> int:
    """Return the slot in which the chain's newest block lies."""
    return env.chain.block().timestamp // env.deployment.slot_seconds


def next_slot(env: Env) -> int:
    """Return the first slot for which a message of now is surely in time."""
    seconds = env.deployment.slot_seconds
    return (env.chain.block().timestamp + _HASTE_SECONDS) // seconds + 1


def from_slot(env: Env, text: str | None) -> int:
    """Return the slot of a `--from`, by default the next one."""
    return next_slot(env) if text is None else slot_number(env, text)


def money(env: Env, text: str) -> int:
    """Return a positive amount in nano-currency."""
    from p2pchain.units import parse_money

    amount = parse_money(text, env.deployment.currency)
    if amount <= 0:
        raise BadInput(f"'{text}': the amount must be more than nothing")
    return amount


def shown_money(env: Env, nano: int) -> str:
    """Return an amount as text."""
    from p2pchain.units import format_money

    return format_money(nano, env.deployment.currency)


def shown_price(env: Env, nano_per_wh: int) -> str:
    """Return a price as text."""
    from p2pchain.units import format_price

    return format_price(nano_per_wh, env.deployment.currency)


def account_of(env: Env, text: str | None) -> str:
    """Return the address of an account: 0x..., the name of a key, or (None) the chosen account."""
    from p2pchain.keys import checksum

    if text is None:
        return env.address
    if text.lower().startswith("0x"):
        return checksum(text)
    return env.keystore.account(text)


def known_meter(env: Env, meter: int) -> int:
    """Return a meter's number. Raises BadInput where none of that number is registered."""
    count = env.contracts.registry.meter_count()
    if not 1 <= meter <= count:
        known = f"there are 1 to {count}" if count else "none is registered yet"
        raise BadInput(f"there is no meter {meter}", hint=known)
    return meter


def point_salt(env: Env, number: str, *, dry_run: bool) -> bytes:
    """Return a secret for a metering point's public number that only this key can make again: its
    signature is always the same. With `--unsigned` there is no key: it is a new one each time."""
    from eth_hash.auto import keccak

    if env.unsigned_for:
        return token_bytes(32)
    if dry_run:
        return bytes(32)
    return keccak(env.signer.sign_digest(keccak(b"p2pchain metering point\0" + number.encode())))


def signature_bytes(text: str | None) -> bytes:
    """Return a signature that was typed; empty for None: the caller signs by calling. Raises
    BadInput."""
    if text is None:
        return b""
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise BadInput("--signature is not hexadecimal") from None


# sending


def deliver(
    env: Env,
    out: Output,
    call: Call,
    what: str,
    *,
    dry_run: bool,
    result: Callable[[Receipt], Mapping[str, Any]] = lambda receipt: {},
    told: Mapping[str, Any] | None = None,
) -> Receipt | None:
    """Ask, send one call, wait, and print what came of it; `what` says it in words.

    A call of a role with a delay is announced first, and carried out when the same command is run
    again after the delay. With `--unsigned` the calls are printed, with `told` beside them. With
    `dry_run` the call is tried and nothing is sent. Returns the receipt where the call itself was
    carried out. Raises Refused where the contract says no, before anything is sent where that can
    be known.
    """
    from p2pchain.chain.operations import announcement, delay_of

    if env.unsigned_for is not None:
        tell_unsigned(env, out, call, what, told or {})
        return None
    delay = delay_of(env.contracts, env.address, call)
    if delay is None:
        if dry_run:
            tell_dry_run(env, out, [call], what)
            return None
        env.confirm(f"{what}?")
        receipt = env.sender.send(call)
        done(env, out, what, [receipt], result(receipt))
        return receipt
    if delay.ready_at is not None:
        raise Refused(
            "AccessManagerNotReady",
            (delay.operation,),
            f"run it again from {time_text(env, delay.ready_at)} on",
            message=f"it is announced, and its delay of {delay.seconds} seconds is not over",
        )
    announced = announcement(env.contracts, call)
    wait = f"announce, {delay.seconds} seconds ahead: {what}"
    if dry_run:
        tell_dry_run(env, out, [announced], wait)
        return None
    env.confirm(f"{wait}?")
    sent = env.sender.send(announced)
    ready = env.contracts.access_manager.get_schedule(delay.operation)
    shown = {
        "operation": delay.operation,
        "ready": time_text(env, ready),
        "ready_unix": ready,
        "next": "run the same command again then, or 'p2pchain admin announced execute'",
    }
    done(env, out, wait, [sent], shown)
    return None


def tell_unsigned(
    env: Env, out: Output, call: Call, what: str, told: Mapping[str, Any] = MappingProxyType({})
) -> None:
    """Print as JSON what the account of `--unsigned` is to send, and when; nothing is sent.

    Raises Refused where it lacks the role or the contract says no.
    """
    from p2pchain.chain.operations import announcement, delay_of, execution

    contracts, account = env.contracts, env.address
    delay = delay_of(contracts, account, call)
    head: dict[str, Any] = {"unsigned": True, "what": what, "chain_id": env.chain.chain_id}
    head |= {"from": account, **told}
    if delay is None:
        env.chain.call(call.to, call.data, "pending", account)  # a refusal is a better answer
        out.json({**head, "delay_seconds": 0, "calls": [_described(call, "at once")]})
        return
    head |= {"delay_seconds": delay.seconds, "operation": delay.operation}
    carried_out = execution(contracts, call)
    if delay.ready_at is None:
        steps = [
            _described(announcement(contracts, call), "at once"),
            _described(carried_out, f"{delay.seconds} seconds later, within a week"),
        ]
    else:
        head["ready_unix"] = delay.ready_at
        steps = [_described(carried_out, f"from {time_text(env, delay.ready_at)} on")]
    out.json({**head, "calls": steps})


def _described(call: Call, when: str) -> dict[str, Any]:
    return {"when": when, "name": call.name, "to": call.to, "value_wei": call.value,
            "data": call.data}  # fmt: skip


def tell_dry_run(env: Env, out: Output, calls: list[Call], what: str) -> None:
    """Try calls that do not depend on each other, and print what would be sent."""
    tried = [
        {
            "call": call.name,
            "to": call.to,
            "gas": env.chain.estimate_gas(env.address, call.to, call.data, call.value),
        }
        for call in calls
    ]
    if out.as_json:
        out.fields({"dry_run": True, "what": what, "from": env.address, "calls": tried})
        return
    click.echo(f"would send, from {env.address}: {what}")
    if tried:
        body = [[str(row["call"]), str(row["to"]), str(row["gas"])] for row in tried]
        click.echo(table(["call", "to", "gas"], body, [False, False, True]))
    click.echo("nothing was sent")


def done(
    env: Env, out: Output, what: str, receipts: list[Receipt], result: Mapping[str, Any]
) -> None:
    """Print what was done: its result, and the transactions."""
    gas = sum(receipt.gas_used for receipt in receipts)
    hashes = ["0x" + receipt.tx_hash.hex() for receipt in receipts]
    shown = {"done": what}
    for key, value in result.items():
        if key.endswith("_nano"):
            shown[key.removesuffix("_nano").replace("_", " ")] = shown_money(env, value)
        elif not key.endswith(("_slot", "_unix")):  # it has been said as a time
            shown[key.replace("_", " ")] = plain(value)
    shown |= {"transaction": ", ".join(hashes) or "-", "gas": f"{gas:,}"}
    out.fields({**result, "transactions": hashes, "gas_used": gas}, shown)
