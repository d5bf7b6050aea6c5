"""`p2pchain admin supplier`: suppliers, and what they guarantee for homes that pay by bill."""

from __future__ import annotations

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import (
    account_of,
    current_slot,
    deliver,
    deployment_option,
    known_meter,
    money,
    shown_money,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain admin supplier list"))
def supplier() -> None:
    """Suppliers: who delivers what the neighbours do not."""


@supplier.command(epilog=examples('p2pchain -a operator admin supplier add valley "Valley Power"'))
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


@supplier.command("list", epilog=examples("p2pchain admin supplier list --json"))
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
    out.rows("suppliers", rows, empty="no suppliers yet; 'p2pchain admin supplier add' adds one")


@supplier.command(
    epilog=examples(
        "p2pchain -a valley admin supplier guarantee 7 50EUR",
        "p2pchain -a valley admin supplier guarantee 7 20EUR --return",
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
