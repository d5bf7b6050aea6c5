"""`p2pchain balance`, `deposit` and `withdraw`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import (
    account_of,
    deliver,
    deployment_option,
    done,
    money,
    shown_money,
    tell_dry_run,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, Refused

if TYPE_CHECKING:
    from p2pchain.chain.records import Receipt


@click.command(
    epilog=examples("p2pchain -a alice balance", "p2pchain balance 0x3C44...93BC --json")
)
@click.argument("account", required=False)
@deployment_option
@output_options
@click.pass_obj
def balance(env: Env, account: str | None, out: Output) -> None:
    """Show the money of ACCOUNT, by default the chosen one.

    Free money can be withdrawn; locked money stands for purchases and for orders of forward
    auctions that are not settled yet. A guarantee is a supplier's: it covers purchases of a home
    that pays by bill. A claim is what somebody could not pay when it was due.
    """
    from p2pchain.forward_market import collateral_nano

    address = account_of(env, account)
    contracts = env.contracts
    held = contracts.ledger.account_of(address)
    guarantees = _guarantees(env, address)
    owed, owing = _claims(env, address)
    ahead = collateral_nano(contracts, address)
    units = contracts.token.balance_of(address)
    wallet = units * 10**9 // 10 ** contracts.token.decimals()
    data = {
        "account": address,
        "currency": env.deployment.currency,
        "free_nano": held.free_nano,
        "locked_nano": held.locked_nano,
        "forward_collateral_nano": ahead,
        "wallet_nano": wallet,
        "guarantees": guarantees,
        "claims_owed": owed,
        "claims_owing": owing,
    }
    shown = {
        "account": address,
        "free": shown_money(env, held.free_nano),
        "locked": shown_money(env, held.locked_nano),
    }
    if ahead:
        shown["locked"] += f", of which {shown_money(env, ahead)} for orders ahead"
    for row in guarantees:
        free, locked = row["guarantee_free_nano"], row["guarantee_locked_nano"]
        side = "guaranteed by" if row["owner"] == address else "guaranteed for"
        other = row["supplier"] if row["owner"] == address else row["owner"]
        shown[f"meter {row['meter']}"] = (
            f"{side} {other}: {shown_money(env, int(free))} free, "
            f"{shown_money(env, int(locked))} locked"
        )
    for row in owed:
        shown[f"claim {row['claim']}"] = (
            f"{row['debtor']} owes this account {shown_money(env, int(row['open_nano']))}"
        )
    for row in owing:
        shown[f"claim {row['claim']}"] = (
            f"this account owes {row['creditor']} {shown_money(env, int(row['open_nano']))}"
        )
    shown["in the wallet"] = f"{shown_money(env, wallet)} that 'p2pchain deposit' can pay in"
    out.fields(data, shown)


@click.command(
    epilog=examples(
        "p2pchain -a alice deposit 20EUR",
        "p2pchain -a alice deposit 20EUR --test-money",
        "p2pchain -a coop deposit 20EUR --for alice",
    )
)
@click.argument("amount")
@click.option("--for", "to", metavar="ACCOUNT", help="Whose money it becomes; else your own.")
@click.option("--test-money", is_flag=True, help="Make what is lacking, where it is test money.")
@deployment_option
@output_options
@sending_options
@click.pass_obj
def deposit(
    env: Env, amount: str, to: str | None, test_money: bool, out: Output, dry_run: bool
) -> None:
    """Pay AMOUNT from the wallet into the market.

    An interrupted deposit is finished by the same command and not paid twice.
    """
    from p2pchain.chain.payments import deposit_calls, is_same_deposit, token_units

    nano, account, contracts = money(env, amount), account_of(env, to), env.contracts
    if test_money and not env.deployment.test_money:
        raise BadInput(
            f"{env.deployment.currency} of this deployment is not test money",
            hint="leave --test-money away; the token's own ways bring money into the wallet",
        )
    what = f"pay {shown_money(env, nano)} into the account {account}"
    units = token_units(contracts, nano)
    receipts: list[Receipt] = []
    if not dry_run:
        for found in env.sender.recovered:
            if found.state != "void" and is_same_deposit(contracts, found.call, account, nano):
                receipts.append(env.sender.send(found.call))
                done(env, out, f"{what}, begun by an earlier run", receipts, _free(env, account))
                return
    lacking = units - contracts.token.balance_of(env.address)
    make = [contracts.token.mint(env.address, lacking)] if test_money and lacking > 0 else []
    if lacking > 0 and not make:
        raise Refused(
            "TooLittleMoney",
            (lacking,),
            "--test-money makes it, since this is test money"
            if env.deployment.test_money
            else f"the token is {contracts.token.address}",
            message=f"the wallet of {env.address} lacks "
            f"{shown_money(env, lacking * 10**9 // 10 ** contracts.token.decimals())} for that",
        )
    if dry_run:
        tell_dry_run(env, out, make, what)
        return
    env.confirm(f"{what}?")
    receipts += [env.sender.send(call) for call in make]
    for call in deposit_calls(contracts, env.signer, account, nano):
        receipts.append(env.sender.send(call))
    done(env, out, what, receipts, _free(env, account))


@click.command(
    epilog=examples(
        "p2pchain -a alice withdraw 5EUR", "p2pchain -a alice withdraw all --to 0x3C44...93BC"
    )
)
@click.argument("amount")
@click.option("--to", metavar="ACCOUNT", help="Whose wallet it goes to; else your own.")
@deployment_option
@output_options
@sending_options
@click.pass_obj
def withdraw(env: Env, amount: str, to: str | None, out: Output, dry_run: bool) -> None:
    """Take AMOUNT of your free money (or 'all') out of the market. Nobody can stop this."""
    ledger = env.contracts.ledger
    free = ledger.account_of(env.address).free_nano
    if amount.lower() == "all":
        nano = free - free % ledger.unit_nano()
        if not nano:
            raise Refused(
                "NotEnoughFree",
                (),
                "locked money becomes free when its slots are settled: 'p2pchain balance'",
                message="there is no free money to take out",
            )
    else:
        nano = money(env, amount)
    target = account_of(env, to)
    what = f"take {shown_money(env, nano)} out to the wallet of {target}"
    unfinished = not dry_run and any(
        found.call.data == ledger.withdraw(target, nano).data for found in env.sender.recovered
    )
    if nano > free and not unfinished:
        raise Refused(
            "NotEnoughFree",
            (free, nano),
            "locked money becomes free when its slots are settled: 'p2pchain balance'",
            message=f"only {shown_money(env, free)} of {env.address} is free",
        )
    deliver(
        env,
        out,
        ledger.withdraw(target, nano),
        what,
        dry_run=dry_run,
        result=lambda _: _free(env, env.address),
    )


def _free(env: Env, account: str) -> dict[str, int]:
    return {"free_nano": env.contracts.ledger.account_of(account).free_nano}


def _guarantees(env: Env, address: str) -> list[dict[str, int | str]]:
    """Guarantees for the meters of an account, and those that it has given as a supplier."""
    from p2pchain.chain import events as log
    from p2pchain.chain.bindings.ledger import GuaranteeGiven

    given = {
        (event.account, event.supplier, event.meter)
        for entry in log.read(env.contracts, kinds=(GuaranteeGiven,))
        if isinstance(event := entry.event, GuaranteeGiven)
        and address in (event.account, event.supplier)
    }
    rows: list[dict[str, int | str]] = []
    for owner, supplier, meter in sorted(given, key=lambda key: key[2]):
        cover = env.contracts.ledger.cover_of(owner, supplier, meter)
        if cover.guarantee_free_nano or cover.guarantee_locked_nano:
            rows.append(
                {
                    "meter": meter,
                    "owner": owner,
                    "supplier": supplier,
                    "guarantee_free_nano": cover.guarantee_free_nano,
                    "guarantee_locked_nano": cover.guarantee_locked_nano,
                }
            )
    return rows


def _claims(
    env: Env, address: str
) -> tuple[list[dict[str, int | str]], list[dict[str, int | str]]]:
    """Open claims of an account, and open claims on it."""
    ledger = env.contracts.ledger
    owed: list[dict[str, int | str]] = []
    owing: list[dict[str, int | str]] = []
    for number in range(1, ledger.claim_count() + 1):
        claim = ledger.claim(number)
        if claim.open_nano and address in (claim.debtor, claim.creditor):
            row: dict[str, int | str] = {
                "claim": number,
                "debtor": claim.debtor,
                "creditor": claim.creditor,
                "open_nano": claim.open_nano,
            }
            (owed if claim.creditor == address else owing).append(row)
    return owed, owing
