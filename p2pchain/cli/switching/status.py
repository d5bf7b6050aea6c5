"""`p2pchain switch status|list|owed`: where switches stand, and what is owed for lateness."""

from __future__ import annotations

from typing import Any

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import (
    deliver,
    deployment_option,
    shown_money,
    slot_text,
    time_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.switching.common import NUMBER, SWITCH, day_text, pay_with
from p2pchain.errors import BadInput
from p2pchain.switching import Clock

_CLOCKS = {one.name.lower().replace("_", "-"): one for one in Clock}


@click.command(epilog=examples("p2pchain switch status 7 --zone Europe/London"))
@SWITCH
@deployment_option
@zone_option
@output_options
@click.pass_obj
def status(env: Env, number: int, out: Output) -> None:
    """Say where a switch stands, what can still happen, and by when."""
    from p2pchain.outlook import outlook
    from p2pchain.switch_book import SwitchBook

    found = outlook(SwitchBook(env.contracts), number)
    switch, now = found.switch, env.chain.block().timestamp
    coming = [one for one in found.next if one.until is None or one.until > now]
    missed = [one for one in found.next if one.until is not None and one.until <= now and one.by]
    if out.as_json:
        out.json(
            {
                "switch": number,
                "state": _word(found.state),
                "stands": found.stands,
                "customer": switch.customer,
                "supplier": switch.supplier,
                "start_day": day_text(switch.start_day) if switch.start_day else None,
                "start_slot": switch.start_slot or None,
                "legs": [
                    {
                        "point": leg.point,
                        "tariff": leg.tariff,
                        "losing": leg.losing or None,
                        "handover": leg.handover or None,
                    }
                    for leg in found.legs
                ],
                "objections": [
                    {
                        "number": place,
                        "by": one.by,
                        "reason": _word(one.reason),
                        "removed": one.removed,
                        "resolve_until": one.resolve_until,
                    }
                    for place, one in enumerate(found.objections)
                ],
                "claim": _word(found.claim.stage),
                "handovers": [
                    {
                        "handover": key,
                        "point": one.point,
                        "slot": one.slot,
                        "source": _word(one.source),
                        "import_wh": one.import_wh,
                        "export_wh": one.export_wh,
                    }
                    for key, one in found.handovers.items()
                ],
                "next": [{"what": one.text, "until": one.until} for one in coming],
                "missed": [{"what": one.text, "until": one.until, "by": one.by} for one in missed],
            }
        )
        return
    click.echo(f"switch {number}: {_word(found.state)}\n{found.stands}")
    for place, one in enumerate(found.objections):
        gone = "taken back or overruled" if one.removed else "stands"
        click.echo(f"objection {place}: {_word(one.reason)}, by {one.by}, {gone}")
    for key, handover in found.handovers.items():
        value = f"{handover.import_wh:,} Wh, {_word(handover.source)}"
        shown = value if handover.source else "no register yet"
        click.echo(
            f"handover {key}: point {handover.point}, {slot_text(env, handover.slot)}, {shown}"
        )
    for heading, those in (("what can still happen", coming), ("what was missed", missed)):
        if those:
            click.echo(f"\n{heading}")
        for prospect in those:
            when = "" if prospect.until is None else f" (until {time_text(env, prospect.until)})"
            who = f", missed by {prospect.by}" if those is missed else ""
            click.echo(f"  {prospect.text}{when}{who}")


@click.command("list", epilog=examples("p2pchain switch list", "p2pchain switch list --point 1"))
@click.option("--point", type=NUMBER, help="Only switches of this point.")
@deployment_option
@output_options
@click.pass_obj
def list_(env: Env, point: int | None, out: Output) -> None:
    """List switches and where they stand."""
    from p2pchain.switch_book import SwitchBook

    book = SwitchBook(env.contracts)
    rows: list[dict[str, Any]] = []
    for number in range(1, book.switching.switch_count() + 1):
        legs = book.legs(number)
        if point is not None and point not in [leg.point for leg in legs]:
            continue
        switch = book.switch(number)
        rows.append(
            {
                "switch": number,
                "points": [leg.point for leg in legs],
                "customer": switch.customer,
                "supplier": switch.supplier,
                "state": _word(book.state(number)),
                "begins": day_text(switch.start_day) if switch.start_day else None,
            }
        )
    out.rows(
        "switches",
        rows,
        {
            "switch": "switch",
            "points": ("points", lambda them: ", ".join(map(str, them))),
            "customer": "customer",
            "supplier": "to",
            "state": "state",
            "begins": "begins",
        },
        empty="no switches",
    )


@click.command(
    epilog=examples(
        "p2pchain switch owed", "p2pchain -a anybody switch owed --missed switch --of 7"
    )
)
@click.option("--missed", type=click.Choice(list(_CLOCKS)), help="Take down that it was missed.")
@click.option("--pay", "liability", type=NUMBER, help="Pay what is owed, by its number.")
@click.option("--of", "subject", type=NUMBER, help="The switch; of bills and refunds the handover.")
@click.option(
    "--place",
    type=click.IntRange(0, 8),
    default=0,
    help="Which supplier of a claim: 0 the new one, 1 and more the old one of a point.",
)
@deployment_option
@output_options
@sending_options
@click.pass_obj
def owed(
    env: Env,
    missed: str | None,
    liability: int | None,
    subject: int | None,
    place: int,
    out: Output,
    dry_run: bool,
) -> None:
    """List what suppliers owe for clocks that they have missed; anybody may add one, or pay one.

    Each clock is owed for once, by the sum of the rules. What is paid goes into the customer's
    account of the market.
    """
    from p2pchain.chain.bindings.switching import LiabilityArisen
    from p2pchain.operator import created
    from p2pchain.switch_book import SwitchBook

    book = SwitchBook(env.contracts)
    if (missed is None) != (subject is None):
        raise BadInput("--missed and --of belong together")
    if missed is not None and subject is not None:
        deliver(
            env,
            out,
            book.liability_call(_CLOCKS[missed], subject, place),
            f"take down that the clock '{missed}' of {subject} was missed",
            dry_run=dry_run,
            result=lambda receipt: {
                "liability": created(env.contracts, receipt, LiabilityArisen).liability,
                "amount_nano": created(env.contracts, receipt, LiabilityArisen).amount_nano,
            },
        )
        return
    if liability is not None:
        known = book.liabilities()
        if liability > len(known):
            raise BadInput(f"there is no liability {liability}", hint="'p2pchain switch owed'")
        nano = known[liability - 1].amount_nano
        text = f"pay {shown_money(env, nano)} for liability {liability}"
        pay_with(env, out, nano, book.pay_call(liability), text, dry_run=dry_run)
        return
    rows = [
        {
            "liability": number,
            "clock": _word(one.clock),
            "of": one.subject,
            "supplier": one.supplier,
            "customer": one.customer,
            "amount_nano": one.amount_nano,
            "paid": one.paid_at != 0,
        }
        for number, one in enumerate(book.liabilities(), 1)
    ]
    out.rows(
        "liabilities",
        rows,
        {
            "liability": "no.",
            "clock": "clock",
            "of": "of",
            "supplier": "supplier",
            "customer": "customer",
            "amount_nano": ("owes", lambda nano: shown_money(env, nano)),
            "paid": ("paid", lambda paid: "yes" if paid else "no"),
        },
        empty="nothing is owed",
    )


def _word(one: Any) -> str:
    return str(one.name).lower().replace("_", " ")
