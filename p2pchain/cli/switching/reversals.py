"""`p2pchain switch reverse`: switches that nobody wanted."""

from __future__ import annotations

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options, sending_options
from p2pchain.cli.common import (
    deliver,
    deployment_option,
    market_options,
    shown_money,
    signature_bytes,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.switching.common import SWITCH, hash_of, pay_with, write_out
from p2pchain.errors import BadInput


@click.group(
    cls=HelpfulGroup,
    epilog=examples(
        "p2pchain -a alice switch reverse claim 7",
        "p2pchain -a green switch reverse answer 7 --agree",
        "p2pchain -a anybody switch reverse back 7",
    ),
)
def reverse() -> None:
    """Undo an erroneous transfer: claim, answer, send back, compensate.

    When all suppliers agree, or the regulator says so, the points go back with the next local day,
    and their slots count as if they had never left.
    """


@reverse.command(epilog=examples("p2pchain -a alice switch reverse claim 7"))
@SWITCH
@click.option("--sign-only", is_flag=True, help="As the customer: print the signature.")
@click.option("--signature", metavar="HEX", help="The customer's, if you carry it for him.")
@deployment_option
@output_options
@sending_options
@click.pass_obj
def claim(
    env: Env, number: int, sign_only: bool, signature: str | None, out: Output, dry_run: bool
) -> None:
    """Claim that a switch was an error, as its customer or one of its suppliers."""
    from p2pchain.switch_book import SwitchBook

    book = SwitchBook(env.contracts)
    if sign_only:
        out.fields({"switch": number, "signature": book.sign_error(env.signer, number)})
        return
    given = signature_bytes(signature)
    call = book.claim_error_call(number, given)
    deliver(env, out, call, f"claim that switch {number} was an error", dry_run=dry_run)


@reverse.command(
    epilog=examples(
        "p2pchain -a green switch reverse answer 7 --agree",
        "p2pchain -a green switch reverse answer 7 --deny --evidence call.mp3",
    )
)
@SWITCH
@click.option("--agree/--deny", "agree", default=None, help="What you say to it.")
@click.option("--evidence", metavar="FILE|0xHASH", help="With --deny: what proves the contract.")
@deployment_option
@output_options
@sending_options
@click.pass_obj
def answer(
    env: Env, number: int, agree: bool | None, evidence: str | None, out: Output, dry_run: bool
) -> None:
    """Agree to a claim, or deny it, as one of the suppliers."""
    from p2pchain.switch_book import SwitchBook

    if agree is None:
        raise BadInput("--agree or --deny?")
    if not agree and evidence is None:
        raise BadInput("--evidence is missing", hint="who denies shows why")
    proof = bytes(32) if evidence is None else hash_of(evidence)
    call = SwitchBook(env.contracts).answer_call(number, agree, proof)
    said = "agree to" if agree else "deny"
    deliver(env, out, call, f"{said} the claim of switch {number}", dry_run=dry_run)


@reverse.command(epilog=examples("p2pchain -a regulator switch reverse rule 7 --erroneous"))
@SWITCH
@click.option("--erroneous/--valid", "erroneous", default=None, help="What the switch was.")
@deployment_option
@output_options
@role_options
@click.pass_obj
def rule(env: Env, number: int, erroneous: bool | None, out: Output, dry_run: bool) -> None:
    """Decide a claim that was denied, or not answered in time. Role: REGULATOR."""
    from p2pchain.switch_book import SwitchBook

    if erroneous is None:
        raise BadInput("--erroneous or --valid?")
    call = SwitchBook(env.contracts).rule_call(number, erroneous)
    said = "an error" if erroneous else "valid"
    deliver(env, out, call, f"rule that switch {number} was {said}", dry_run=dry_run)


@reverse.command(epilog=examples("p2pchain -a anybody switch reverse back 7"))
@SWITCH
@deployment_option
@output_options
@sending_options
@click.pass_obj
def back(env: Env, number: int, out: Output, dry_run: bool) -> None:
    """Send the points of an agreed claim back to their old suppliers; anybody may."""
    from p2pchain.switch_book import SwitchBook

    call = SwitchBook(env.contracts).return_call(number)
    deliver(env, out, call, f"send the points of switch {number} back", dry_run=dry_run)


@reverse.command(
    epilog=examples(
        "p2pchain switch reverse statement 7 --out statement.jsonl",
        "p2pchain -a green switch reverse statement 7 --pay",
    )
)
@SWITCH
@click.option("--out", "target", metavar="FILE", help="Write it there, a line for each slot.")
@click.option("--pay", is_flag=True, help="As the new supplier: pay it, with your tokens.")
@market_options
@output_options
@sending_options
@click.pass_obj
def statement(
    env: Env, number: int, target: str | None, pay: bool, out: Output, dry_run: bool
) -> None:
    """Compute the compensating transfers of a reversed switch from the chain, and pay them.

    The wrong supplier pays back his part of each slot; of it the old one gets what he is owed by
    his own tariff, and the customer what is left. Anybody comes to the same figures.
    """
    from p2pchain.compensation import compensation
    from p2pchain.switch_book import SwitchBook

    book = SwitchBook(env.contracts)
    found = compensation(book, env.market, number)
    if target is not None:
        write_out(target, found.text)
    due_nano = sum(found.due_nano)
    told = {
        "switch": number,
        "back_nano": found.back_nano,
        "due_nano": due_nano,
        "slots": len(found.slots),
        "statement": found.statement,
    }
    if not pay:
        out.fields(
            told,
            {
                "switch": str(number),
                "paid back": shown_money(env, found.back_nano),
                "of it to old suppliers": shown_money(env, min(found.back_nano, due_nano)),
                "slots": str(len(found.slots)),
                "statement": "0x" + found.statement.hex(),
            },
        )
        return
    pay_with(
        env,
        out,
        found.back_nano,
        book.compensate_call(number, found.back_nano, found.due_nano, found.statement),
        f"pay {shown_money(env, found.back_nano)} back for switch {number}",
        dry_run=dry_run,
    )
