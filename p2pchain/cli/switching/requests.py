"""`p2pchain switch sign|request|withdraw|cancel|secure|object|lift`: a switch on its way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, examples, role_options, sending_options
from p2pchain.cli.common import account_of, deliver, deployment_option, signature_bytes, zone_option
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.switching.common import (
    EVIDENCE,
    NUMBER,
    SWITCH,
    day_text,
    day_typed,
    hash_of,
    write_out,
)
from p2pchain.errors import BadInput
from p2pchain.switching import Reason

if TYPE_CHECKING:
    from p2pchain.chain.records import Receipt
    from p2pchain.switching import Contract

_REASONS = {one.name.lower().replace("_", "-"): one for one in Reason}
_DAY = click.option("--day", metavar="DATE", help="The local day with which the supply begins.")


@click.command(
    epilog=examples(
        "p2pchain -a alice switch sign 1 --supplier 2 --tariff 1 --from 2026-12-01 "
        "--terms terms.txt --out contract.json",
        "p2pchain -a alice switch sign 1 4 --supplier 2 --tariff 1 --tariff 7 --from 2026-12-01 "
        "--terms terms.txt --out both.json",
    )
)
@click.argument("points", metavar="POINT...", nargs=-1, required=True, type=NUMBER)
@click.option(
    "--supplier", type=click.IntRange(1, 2**16 - 1), required=True, help="Who is to come."
)
@click.option(
    "--tariff",
    "tariffs",
    multiple=True,
    type=click.IntRange(0, 2**16 - 1),
    required=True,
    help="His tariff; one for all points, or one for each in their order.",
)
@click.option("--from", "begin", metavar="DATE", required=True, help="Not before this local day.")
@click.option("--terms", metavar="FILE|0xHASH", required=True, help="The text of the contract.")
@click.option(
    "--after-cooling-off",
    is_flag=True,
    help="Not before the contract can be cancelled no more. Else it may begin earlier; what you "
    "use until you cancel you pay.",
)
@click.option("--out", "target", metavar="FILE", help="Write it there, for the supplier.")
@deployment_option
@output_options
@click.pass_obj
def sign(
    env: Env,
    points: tuple[int, ...],
    supplier: int,
    tariffs: tuple[int, ...],
    begin: str,
    terms: str,
    after_cooling_off: bool,
    target: str | None,
    out: Output,
) -> None:
    """Sign a contract with a new supplier, as the customer of the points.

    One signature is enough for electricity, gas and feed-in together: they change together, or not
    at all. Nothing is sent; the supplier takes the file with 'switch request'.
    """
    from p2pchain.switch_book import SwitchBook
    from p2pchain.switching import Contract

    if len(tariffs) not in (1, len(points)):
        raise BadInput(
            f"{len(points)} points and {len(tariffs)} tariffs",
            hint="one --tariff for all, or one for each point in their order",
        )
    chosen = dict(zip(points, tariffs * (len(points) // len(tariffs)), strict=True))
    if len(chosen) != len(points):
        raise BadInput("a point is named twice")
    ordered = sorted(chosen.items())
    book = SwitchBook(env.contracts)
    contract = Contract(
        tuple(point for point, _ in ordered),
        tuple(tariff for _, tariff in ordered),
        env.address,
        supplier,
        day_typed(begin),
        not after_cooling_off,
        hash_of(terms),
        env.chain.block().timestamp,
    )
    signed = _told(contract) | {
        "signature": "0x" + book.sign_contract(env.signer, contract).hex(),
        "chain_id": env.chain.chain_id,
        "switching": book.switching.address,
    }
    if target is not None:
        write_out(target, json.dumps(signed, indent=1) + "\n")
    out.fields(
        signed,
        {
            "customer": contract.customer,
            "points": ", ".join(map(str, contract.points)),
            "supplier": str(supplier),
            "not before": day_text(contract.earliest_day),
            "signature": str(signed["signature"]),
            **({"written to": target} if target else {}),
        },
    )


@click.command(
    epilog=examples(
        "p2pchain -a green switch request contract.json --day 2026-12-03",
        "p2pchain -a green switch request 7 --day 2026-12-03",
    )
)
@click.argument("what", metavar="FILE|SWITCH")
@_DAY
@deployment_option
@output_options
@sending_options
@click.pass_obj
def request(env: Env, what: str, day: str | None, out: Output, dry_run: bool) -> None:
    """Request a switch, as the gaining supplier: of a signed contract, or of one on the chain.

    Without --day a signed contract is only taken down, which anybody may do: the clock that makes
    a supplier pay for lateness runs from the signature on.
    """
    from p2pchain.chain.bindings.switching import Contracted
    from p2pchain.operator import created
    from p2pchain.switch_book import SwitchBook

    book, start = SwitchBook(env.contracts), 0 if day is None else day_typed(day)
    if what.isdecimal():
        if day is None:
            raise BadInput("--day is missing", hint="the local day with which the supply begins")
        call = book.request_call(int(what), start)
        text = f"request switch {what} for {day_text(start)}"
        deliver(env, out, call, text, dry_run=dry_run)
        return
    contract, signature = _read(env, what, book.switching.address)
    text = f"take down a contract of {contract.customer} with supplier {contract.supplier}"
    if start:
        text += f", and request it for {day_text(start)}"

    def result(receipt: Receipt) -> dict[str, Any]:
        return {"switch": created(env.contracts, receipt, Contracted).id}

    call = book.conclude_call(contract, signature, start)
    deliver(env, out, call, text, dry_run=dry_run, result=result)


@click.command(
    "object",
    epilog=examples("p2pchain -a valley switch object 7 --reason debt --evidence bill.pdf"),
)
@SWITCH
@click.option("--reason", type=click.Choice(list(_REASONS)), required=True)
@click.option(
    "--place", type=click.IntRange(0, 7), default=0, help="Which of its points; the first is 0."
)
@EVIDENCE
@deployment_option
@output_options
@sending_options
@click.pass_obj
def object_(
    env: Env, number: int, reason: str, place: int, evidence: str, out: Output, dry_run: bool
) -> None:
    """Object to a switch, as the losing supplier or the network operator of a point.

    Once, in the window, with a reason that the rules allow for this class of customer. Unless it is
    lifted in time it stands, and the switch is off.
    """
    from p2pchain.switch_book import SwitchBook

    call = SwitchBook(env.contracts).object_call(number, place, _REASONS[reason], hash_of(evidence))
    deliver(env, out, call, f"object to switch {number}: {reason}", dry_run=dry_run)


@click.command(
    epilog=examples(
        "p2pchain -a valley switch lift 7 0", "p2pchain -a regulator switch lift 7 0 --overrule"
    )
)
@SWITCH
@click.argument("objection", type=click.IntRange(0, 255))
@click.option("--overrule", is_flag=True, help="As the regulator, against who has raised it.")
@deployment_option
@output_options
@role_options
@click.pass_obj
def lift(env: Env, number: int, objection: int, overrule: bool, out: Output, dry_run: bool) -> None:
    """Take an objection back, by its number ('switch status'), or overrule it.

    Role: REGULATOR, with --overrule.
    """
    from p2pchain.switch_book import SwitchBook

    book = SwitchBook(env.contracts)
    call = (book.overrule_call if overrule else book.remove_call)(number, objection)
    text = f"{'overrule' if overrule else 'take back'} objection {objection} to switch {number}"
    deliver(env, out, call, text, dry_run=dry_run)


@click.command(epilog=examples("p2pchain -a green switch withdraw 7"))
@SWITCH
@deployment_option
@output_options
@sending_options
@click.pass_obj
def withdraw(env: Env, number: int, out: Output, dry_run: bool) -> None:
    """Give a requested switch up before gate closure, as the gaining supplier."""
    from p2pchain.switch_book import SwitchBook

    call = SwitchBook(env.contracts).withdraw_call(number)
    deliver(env, out, call, f"withdraw switch {number}", dry_run=dry_run)


@click.command(
    epilog=examples(
        "p2pchain -a alice switch cancel 7",
        "p2pchain -a alice switch cancel 7 --back",
        "p2pchain -a alice switch cancel 7 --back --sign-only",
    )
)
@SWITCH
@click.option("--back", is_flag=True, help="Once supplied: back to the old supplier.")
@click.option("--sign-only", is_flag=True, help="Print the signature, and send nothing.")
@click.option("--signature", metavar="HEX", help="The customer's, if you carry it for him.")
@deployment_option
@output_options
@sending_options
@click.pass_obj
def cancel(
    env: Env,
    number: int,
    back: bool,
    sign_only: bool,
    signature: str | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Cancel a contract in the cooling-off days, as the customer.

    Before gate closure the switch is off. Once the new supply has begun, --back sends you back with
    the next local day; without it you stay until you choose another. What was used is owed.
    """
    from p2pchain.switch_book import SwitchBook

    book = SwitchBook(env.contracts)
    if sign_only:
        made = book.sign_cancellation(env.signer, number, back)
        out.fields({"switch": number, "back": back, "signature": made})
        return
    given = signature_bytes(signature)
    text = f"cancel switch {number}" + (", and go back" if back else "")
    deliver(env, out, book.cancel_call(number, back, given), text, dry_run=dry_run)


@click.command(epilog=examples("p2pchain -a anybody switch secure 7"))
@SWITCH
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def secure(env: Env, number: int, out: Output, dry_run: bool) -> None:
    """Fix a confirmed switch once its gate has closed; anybody may.

    Done before the day begins, the supply begins with that day; later, with the next one.
    """
    from p2pchain.switch_book import SwitchBook

    book = SwitchBook(env.contracts)

    def result(receipt: Receipt) -> dict[str, Any]:
        switch = book.switch(number)
        return {
            "state": book.state(number).name.lower().replace("_", " "),
            "begins": day_text(switch.start_day) if switch.start_slot else "-",
            "handovers": [leg.handover for leg in book.legs(number) if leg.handover],
        }

    call = book.secure_call(number)
    deliver(env, out, call, f"secure switch {number}", dry_run=dry_run, result=result)


def _told(contract: Contract) -> dict[str, Any]:
    return {
        "points": list(contract.points),
        "tariffs": list(contract.tariffs),
        "customer": contract.customer,
        "supplier": contract.supplier,
        "earliest_day": contract.earliest_day,
        "before_cooling_off_ends": contract.before_cooling_off_ends,
        "terms": "0x" + contract.terms.hex(),
        "signed_at": contract.signed_at,
    }


def _read(env: Env, path: str, switching: str) -> tuple[Contract, bytes]:
    """A signed contract from its file. Raises BadInput."""
    from p2pchain.switching import Contract

    wrong = BadInput(
        f"{path} is no signed contract", hint="'p2pchain switch sign --out' writes one"
    )
    try:
        raw = json.loads(Path(path).read_text())
        told = {name: raw[name] for name in Contract.__dataclass_fields__}
        contract = Contract(
            **{
                **told,
                "points": tuple(map(int, told["points"])),
                "tariffs": tuple(map(int, told["tariffs"])),
                "terms": bytes.fromhex(told["terms"].removeprefix("0x")),
                "customer": account_of(env, told["customer"]),
            }
        )
        signature = bytes.fromhex(raw["signature"].removeprefix("0x"))
        place = (raw["chain_id"], raw["switching"])
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise wrong from None
    if place != (env.chain.chain_id, switching):
        raise BadInput(
            f"{path} is signed for another deployment",
            hint="-n chooses the network, --deployment the record",
        )
    return contract, signature
