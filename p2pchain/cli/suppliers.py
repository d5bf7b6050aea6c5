"""`p2pchain supplier`: suppliers, and what they guarantee for homes that pay by bill."""

from __future__ import annotations

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options, sending_options
from p2pchain.cli.common import (
    account_of,
    current_slot,
    deliver,
    deployment_option,
    from_slot,
    known_meter,
    market_options,
    money,
    shown_money,
    slot_number,
    slot_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput

_SUPPLIER = click.argument("number", metavar="SUPPLIER", type=click.IntRange(1, 2**16 - 1))


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain supplier list"))
def supplier() -> None:
    """Suppliers: who delivers what the neighbours do not."""


@supplier.command(epilog=examples('p2pchain -a operator supplier add valley "Valley Power"'))
@click.argument("account")
@click.argument("name")
@deployment_option
@output_options
@role_options
@click.pass_obj
def add(env: Env, account: str, name: str, out: Output, dry_run: bool) -> None:
    """Add the supplier NAME with its ACCOUNT and print its number. Role: REGISTRAR."""
    from p2pchain.chain.bindings.registry import SupplierAdded
    from p2pchain.operator import created

    address = account_of(env, account)
    deliver(
        env,
        out,
        env.contracts.registry.add_supplier(address, name),
        f"add the supplier '{name}' with the account {address}",
        dry_run=dry_run,
        result=lambda r: {"supplier": created(env.contracts, r, SupplierAdded).supplier},
    )


@supplier.command("list", epilog=examples("p2pchain supplier list --json"))
@deployment_option
@output_options
@click.pass_obj
def list_(env: Env, out: Output) -> None:
    """List suppliers and their accounts."""
    from p2pchain.chain import events as log
    from p2pchain.chain.bindings.registry import SupplierAdded

    rows = [
        {"supplier": event.supplier, "account": event.account, "name": event.name}
        for entry in log.read(env.contracts, kinds=(SupplierAdded,))
        if isinstance(event := entry.event, SupplierAdded)
    ]
    out.rows("suppliers", rows, empty="no suppliers yet; 'p2pchain supplier add' adds one")


@supplier.command(
    epilog=examples(
        "p2pchain -a valley supplier guarantee 7 50EUR",
        "p2pchain -a valley supplier guarantee 7 20EUR --return",
    )
)
@click.argument("meter", type=click.IntRange(1))
@click.argument("amount")
@click.option("--return", "back", is_flag=True, help="Take back what is not locked.")
@deployment_option
@output_options
@role_options
@click.pass_obj
def guarantee(env: Env, meter: int, amount: str, back: bool, out: Output, dry_run: bool) -> None:
    """Cover the purchases of METER, whose owner pays by bill, up to AMOUNT.

    The account is the supplier's own. The money leaves its free balance and counts only for this
    meter and its present owner; the owner's own free money is used first.
    """
    nano = money(env, amount)
    terms, _ = env.contracts.registry.terms_at(known_meter(env, meter), current_slot(env))
    account = env.contracts.registry.supplier_account(terms.supplier)
    if account != env.address:
        raise BadInput(
            f"meter {meter} is a customer of supplier {terms.supplier}, {account}",
            hint="-a names that supplier's key: no other account's guarantee counts",
        )
    ledger = env.contracts.ledger
    if back:
        call = ledger.return_guarantee(terms.owner, meter, nano)
        what = f"take back {shown_money(env, nano)} of the guarantee for meter {meter}"
    else:
        call = ledger.give_guarantee(terms.owner, meter, nano)
        what = f"guarantee {shown_money(env, nano)} for meter {meter} of {terms.owner}"

    def left(_: object) -> dict[str, int]:
        cover = ledger.cover_of(terms.owner, account, meter)
        return {
            "guarantee_free_nano": cover.guarantee_free_nano,
            "guarantee_locked_nano": cover.guarantee_locked_nano,
        }

    deliver(env, out, call, what, dry_run=dry_run, result=left)


@supplier.command(
    epilog=examples(
        "p2pchain -a valley supplier agree 1",
        "p2pchain -a valley supplier agree 1 --from 2026-12-01T00:00Z --market valley",
    )
)
@_SUPPLIER
@click.option("--from", "begin", metavar="TIME", help="The first slot; else the next one.")
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def agree(env: Env, number: int, begin: str | None, out: Output, dry_run: bool) -> None:
    """Sign a market's agreement: SUPPLIER's customers may take part from then on.

    What is signed is the hash of the agreement's text, which is part of the market's rules
    ('admin market show'). The account is the supplier's own.
    """
    _say(env, out, number, from_slot(env, begin), agrees=True, dry_run=dry_run)


@supplier.command(epilog=examples("p2pchain -a valley supplier leave 1 --from 2027-03-01T00:00Z"))
@_SUPPLIER
@click.option("--from", "begin", metavar="TIME", help="Else as soon as the notice allows.")
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def leave(env: Env, number: int, begin: str | None, out: Output, dry_run: bool) -> None:
    """Leave a market: SUPPLIER's customers take part no more from then on.

    It leaves with a UTC day and a notice of 1,008 slots, further than anybody can order ahead, so
    nothing is stranded. To stay after all, 'supplier agree' before it begins.
    """
    from p2pchain.model import NOTICE_SLOTS

    per_day = env.market.params.slots_per_day
    earliest = -(-(current_slot(env) + NOTICE_SLOTS + 1) // per_day) * per_day
    slot = earliest if begin is None else slot_number(env, begin)
    _say(env, out, number, slot, agrees=False, dry_run=dry_run)


def _say(env: Env, out: Output, number: int, slot: int, *, agrees: bool, dry_run: bool) -> None:
    market = env.market
    account = env.contracts.registry.supplier_account(number)
    if account != env.address:
        raise BadInput(
            f"supplier {number} is {account}", hint="-a names that supplier's key: it signs"
        )
    signed = market.sign_agreement(env.signer, number, slot, agrees=agrees)
    what = f"supplier {number} {'agrees' if agrees else 'leaves'} from {slot_text(env, slot)} on"
    deliver(env, out, market.agreement_call(signed), what, dry_run=dry_run)


@supplier.command(epilog=examples("p2pchain -a regulator supplier failed 2"))
@_SUPPLIER
@deployment_option
@output_options
@role_options
@click.pass_obj
def failed(env: Env, number: int, out: Output, dry_run: bool) -> None:
    """Say that a supplier has failed: nobody comes to him any more. Role: REGULATOR.

    Switches to him lapse. His customers stay his until they go to another: 'last-resort'.
    """
    from p2pchain.switch_book import SwitchBook

    call = SwitchBook(env.contracts).failed_call(number)
    deliver(env, out, call, f"supplier {number} has failed", dry_run=dry_run)


@supplier.command(
    "last-resort",
    epilog=examples("p2pchain -a regulator supplier last-resort 2 3 --tariff 1 1 4 5"),
)
@_SUPPLIER
@click.argument("successor", metavar="SUCCESSOR", type=click.IntRange(1, 2**16 - 1))
@click.argument("points", metavar="POINT...", nargs=-1, required=True, type=click.IntRange(1))
@click.option("--tariff", type=click.IntRange(0, 2**16 - 1), default=1, show_default=True)
@deployment_option
@output_options
@role_options
@click.pass_obj
def last_resort(
    env: Env,
    number: int,
    successor: int,
    points: tuple[int, ...],
    tariff: int,
    out: Output,
    dry_run: bool,
) -> None:
    """Send points of a failed supplier to SUCCESSOR with the next local day. Role: REGULATOR.

    Points that are not his any more stay where they are. Who is sent may leave again at once.
    """
    from p2pchain.chain.bindings.switching import HandedOver
    from p2pchain.chain.events import of_receipt
    from p2pchain.switch_book import SwitchBook

    tariffs = [tariff] * len(points)
    call = SwitchBook(env.contracts).last_resort_call(number, successor, points, tariffs)
    deliver(
        env,
        out,
        call,
        f"send {len(points)} points of supplier {number} to supplier {successor}",
        dry_run=dry_run,
        result=lambda receipt: {
            "moved": [
                event.point
                for event in of_receipt(env.contracts, receipt)
                if isinstance(event, HandedOver)
            ]
        },
    )


@supplier.command(
    epilog=examples(
        "p2pchain supplier statement 2026-06-01", "p2pchain supplier statement 2026-06-01 --csv"
    )
)
@click.argument("date")
@click.option("--csv", "as_csv", is_flag=True, help="Print the file itself, and nothing else.")
@market_options
@output_options
@click.pass_obj
def statement(env: Env, date: str, as_csv: bool, out: Output) -> None:
    """State what crossed between the customers of suppliers on a UTC day, Wh and money.

    A pool has no pairs: what one supplier's customers sold is attributed to those who bought, in
    proportion and in whole Wh. What each is owed by the others sums to zero. Supplier 0 stands for
    the levels above the market.
    """
    from eth_hash.auto import keccak

    from p2pchain.cli.switching.common import day_typed
    from p2pchain.supplier_statement import statement as stated

    found = stated(env.market, day_typed(date))
    if as_csv:
        click.echo(found.csv, nl=False)
        return
    rows = [
        {"seller": one.seller, "buyer": one.buyer, "wh": one.wh, "money_nano": one.nano}
        for one in found.crossings
    ]
    nets = [(party, *found.net(party)) for party in found.parties]
    if out.as_json:
        out.json(
            {
                "day": date,
                "crossings": rows,
                "nets": [{"supplier": n, "wh": wh, "money_nano": nano} for n, wh, nano in nets],
                "hash": keccak(found.csv.encode()),
            }
        )
        return
    out.rows(
        "crossings",
        rows,
        {
            "seller": "from customers of",
            "buyer": "to customers of",
            "wh": ("Wh", lambda wh: f"{wh:,}"),
            "money_nano": ("paid", lambda nano: shown_money(env, nano)),
        },
        empty=f"nothing was traded on {date}",
    )
    for party, wh, nano in nets:
        click.echo(f"supplier {party}: net {wh:,} Wh sold, {shown_money(env, nano)}")
