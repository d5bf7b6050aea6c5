"""`p2pchain consent`: who may read a customer's data, for what, and until when."""

from __future__ import annotations

from typing import Any

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, sending_options
from p2pchain.cli.common import (
    account_of,
    current_slot,
    deliver,
    deployment_option,
    signature_bytes,
    slot_number,
    slot_text,
    time_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, Refused
from p2pchain.points import purpose_bytes, purpose_text

_POINT = click.argument("number", metavar="POINT", type=click.IntRange(1, 2**32 - 1))
_READER = click.option("--reader", metavar="ACCOUNT", required=True, help="Who may read.")
_PURPOSE = click.option(
    "--for", "purpose", metavar="PURPOSE", required=True, help="What for: a word or two."
)
_SIGN = click.option("--sign-only", is_flag=True, help="Print the signature, and send nothing.")
_CUSTOMER = click.option(
    "--customer", metavar="ACCOUNT", help="Whose consent it is, if you carry it for him."
)
_SEQUENCE = click.option(
    "--sequence", type=click.IntRange(1), help="The number that was signed; else the next."
)
_SIGNATURE = click.option("--signature", metavar="HEX", help="His, as --sign-only has printed it.")


@click.group(
    cls=HelpfulGroup,
    epilog=examples(
        "p2pchain -a alice consent give 1 --reader forecaster --for forecast "
        "--from 2026-06-01T00:00Z --to 2026-07-01T00:00Z --ends 2026-08-01T00:00Z",
        "p2pchain consent check 1 --reader forecaster --for forecast",
    ),
)
def consent() -> None:
    """Consent: who may read the data of a metering point, for what, and until when.

    Customer, supplier, network operator and meter agent of a slot may read its data. Anybody else
    needs the customer's signed consent for one purpose. It ends by itself, and at once when it is
    withdrawn. Who keeps the data asks 'consent check', or the contract, before he answers.
    """


@consent.command(
    epilog=examples(
        "p2pchain -a alice consent give 1 --reader forecaster --for forecast "
        "--from 2026-06-01T00:00Z --to 2026-07-01T00:00Z --ends 2026-08-01T00:00Z"
    )
)
@_POINT
@_READER
@_PURPOSE
@click.option("--from", "begin", metavar="TIME", required=True, help="First slot of the data.")
@click.option("--to", "end", metavar="TIME", required=True, help="First slot behind them.")
@click.option("--ends", metavar="TIME", required=True, help="When it ends, whatever the slots.")
@_SIGN
@_CUSTOMER
@_SIGNATURE
@_SEQUENCE
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def give(
    env: Env,
    number: int,
    reader: str,
    purpose: str,
    begin: str,
    end: str,
    ends: str,
    sign_only: bool,
    customer: str | None,
    signature: str | None,
    sequence: int | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Give consent, or carry what a customer has signed to the chain."""
    from p2pchain.point_book import PointBook
    from p2pchain.points import Consent

    book, seconds = PointBook(env.contracts), env.deployment.slot_seconds
    first, last = slot_number(env, begin), slot_number(env, end)
    if last <= first:
        raise BadInput("--to is not later than --from")
    ends_at = slot_number(env, ends) * seconds
    if ends_at <= env.chain.block().timestamp:
        raise BadInput("--ends is over already", hint="a time to come")
    account, by, what = account_of(env, customer), account_of(env, reader), purpose_bytes(purpose)
    place = sequence or book.next_sequence(number, account, by, what)
    given = _signed(env, customer, signature)
    made = Consent(number, account, by, what, first, last, ends_at, place, given)
    if not given:
        made = book.sign_consent(env.signer, made)
    if sign_only:
        out.fields({"point": number, "sequence": place, "signature": made.signature})
        return
    text = (
        f"{by} may read point {number} for '{purpose_text(what)}', "
        f"{slot_text(env, first)} to {slot_text(env, last)}, until {time_text(env, ends_at)}"
    )
    deliver(env, out, book.consent_call(made), text, dry_run=dry_run)


@consent.command(
    epilog=examples("p2pchain -a alice consent withdraw 1 --reader forecaster --for forecast")
)
@_POINT
@_READER
@_PURPOSE
@_SIGN
@_CUSTOMER
@_SIGNATURE
@_SEQUENCE
@deployment_option
@output_options
@sending_options
@click.pass_obj
def withdraw(
    env: Env,
    number: int,
    reader: str,
    purpose: str,
    sign_only: bool,
    customer: str | None,
    signature: str | None,
    sequence: int | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Withdraw a consent: at once, and for all slots."""
    from p2pchain.point_book import PointBook
    from p2pchain.points import Withdrawal

    book = PointBook(env.contracts)
    account, by, what = account_of(env, customer), account_of(env, reader), purpose_bytes(purpose)
    state = env.contracts.points.consent_of(number, account, by, what)
    if state.ends_at == 0:
        raise Refused(
            "NoConsent",
            message=f"{account} has given {by} no consent for '{purpose_text(what)}'",
            hint=f"'p2pchain consent list {number}' shows what was given",
        )
    place = sequence or state.sequence + 1
    given = _signed(env, customer, signature)
    made = Withdrawal(number, account, by, what, place, given)
    if not given:
        made = book.sign_withdrawal(env.signer, made)
    if sign_only:
        out.fields({"point": number, "sequence": place, "signature": made.signature})
        return
    text = f"{by} may not read point {number} for '{purpose_text(what)}' any more"
    deliver(env, out, book.withdrawal_call(made), text, dry_run=dry_run)


@consent.command(epilog=examples("p2pchain consent check 1 --reader forecaster --for forecast"))
@_POINT
@_READER
@_PURPOSE
@click.option("--at", "when", metavar="TIME", help="A slot of the data; else the running one.")
@deployment_option
@zone_option
@output_options
@click.pass_obj
def check(env: Env, number: int, reader: str, purpose: str, when: str | None, out: Output) -> None:
    """Say whether somebody may read a slot's data now. Exit code 1 where he may not."""
    from p2pchain.point_book import PointBook

    slot = current_slot(env) if when is None else slot_number(env, when)
    by, what = account_of(env, reader), purpose_bytes(purpose)
    may = PointBook(env.contracts).may_read(number, by, what, slot)
    shown = f"{by} {'may' if may else 'may not'} read {slot_text(env, slot)} of point {number}"
    if out.as_json:
        out.fields({"point": number, "reader": by, "slot": slot, "may_read": may})
    else:
        click.echo(shown)
    if not may:
        raise click.exceptions.Exit(1)


@consent.command("list", epilog=examples("p2pchain consent list 1"))
@_POINT
@deployment_option
@zone_option
@output_options
@click.pass_obj
def list_(env: Env, number: int, out: Output) -> None:
    """List the consents of a point, and which of them hold."""
    from p2pchain.point_book import PointBook

    now = env.chain.block().timestamp
    rows: list[dict[str, Any]] = [
        {
            "customer": one.customer,
            "reader": one.reader,
            "purpose": purpose_text(one.purpose),
            "from_slot": one.from_slot,
            "until_slot": one.until_slot,
            "ends_at": one.ends_at,
            "state": "withdrawn"
            if one.withdrawn_in is not None
            else "holds"
            if now < one.ends_at
            else "ended",
        }
        for one in PointBook(env.contracts).consents(number)
    ]
    out.rows(
        "consents",
        rows,
        {
            "customer": "customer",
            "reader": "reader",
            "purpose": "for",
            "from_slot": ("from", lambda slot: slot_text(env, slot)),
            "until_slot": ("to", lambda slot: slot_text(env, slot)),
            "ends_at": ("ends", lambda seconds: time_text(env, seconds)),
            "state": "state",
        },
        empty=f"nobody was given consent for point {number}",
    )


def _signed(env: Env, customer: str | None, signature: str | None) -> bytes:
    """The signature that was given; empty where the caller signs for himself."""
    if (customer is None) != (signature is None):
        raise BadInput(
            "--customer and --signature belong together",
            hint="the customer makes the signature with --sign-only",
        )
    return signature_bytes(signature)
