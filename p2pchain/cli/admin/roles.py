"""`p2pchain admin roles`: who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import account_of, deliver, deployment_option
from p2pchain.cli.output import Output, output_options

if TYPE_CHECKING:
    from p2pchain.chain.deployment import Holder


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain admin roles list"))
def roles() -> None:
    """Roles: REGISTRAR, METER_OPERATOR, MARKET_OPERATOR, GUARDIAN, and ADMIN above them."""


@roles.command("list", epilog=examples("p2pchain admin roles list", "p2pchain admin roles list -f"))
@click.option("-f", "--functions", is_flag=True, help="List which function needs which role.")
@deployment_option
@output_options
@click.pass_obj
def list_(env: Env, functions: bool, out: Output) -> None:
    """List who holds which role, or what each role may call; both are asked of the chain."""
    from p2pchain.chain.roles import function_roles, holders

    if functions:
        found = [
            {"contract": one.contract, "function": one.function, "role": one.role}
            for one in function_roles(env.contracts)
        ]
        out.rows("functions", found)
        return
    rows = [
        {"role": one.role, "account": one.account, "delay_seconds": one.delay_seconds}
        for one in holders(env.contracts)
    ]
    out.rows("roles", rows, {"role": "role", "account": "account", "delay_seconds": "delay (s)"})


@roles.command(epilog=examples("p2pchain -a operator admin roles grant GUARDIAN carol"))
@click.argument("role")
@click.argument("account")
@click.option(
    "--delay",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    metavar="SECONDS",
    help="How long each of its calls must have been announced.",
)
@deployment_option
@output_options
@role_options
@click.pass_obj
def grant(env: Env, role: str, account: str, delay: int, out: Output, dry_run: bool) -> None:
    """Give ROLE to ACCOUNT, an address or the name of a key. Role: ADMIN."""
    from p2pchain.chain.deployment import Holder
    from p2pchain.operator import Operator

    address = account_of(env, account)
    call = Operator(env.contracts).grant_role(role.upper(), address, delay)
    if deliver(env, out, call, f"give {role.upper()} to {address}", dry_run=dry_run):
        others = [one for one in env.deployment.holders() if not _same(one, role, address)]
        _note(env, [*others, Holder(role.upper(), address, delay)])


@roles.command(epilog=examples("p2pchain -a operator admin roles revoke GUARDIAN carol"))
@click.argument("role")
@click.argument("account")
@deployment_option
@output_options
@role_options
@click.pass_obj
def revoke(env: Env, role: str, account: str, out: Output, dry_run: bool) -> None:
    """Take ROLE from ACCOUNT. Role: ADMIN.

    The last administrator can take ADMIN from itself; nobody can give roles after that.
    """
    from p2pchain.operator import Operator

    address = account_of(env, account)
    call = Operator(env.contracts).revoke_role(role.upper(), address)
    if deliver(env, out, call, f"take {role.upper()} from {address}", dry_run=dry_run):
        _note(env, [one for one in env.deployment.holders() if not _same(one, role, address)])


def _same(holder: Holder, role: str, address: str) -> bool:
    return (holder.role, holder.account) == (role.upper(), address)


def _note(env: Env, holders: list[Holder]) -> None:
    """Write down who has the roles, for 'admin verify'; not in a record that never said it."""
    if env.deployment.roles:
        env.deployment.with_roles(holders).save(env.deployment_path)
