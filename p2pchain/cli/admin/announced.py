"""`p2pchain admin announced`: calls of roles with a delay, between announcement and execution."""

from __future__ import annotations

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import deliver, deployment_option, time_text, zone_option
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, Refused


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain admin announced list"))
def announced() -> None:
    """What roles with a delay have announced: look at it, carry it out, cancel it."""


@announced.command("list", epilog=examples("p2pchain admin announced list --all"))
@click.option("--all", "everything", is_flag=True, help="Also what is over.")
@deployment_option
@zone_option
@output_options
@click.pass_obj
def list_(env: Env, everything: bool, out: Output) -> None:
    """List what is announced, from when on it may be carried out, and by whom."""
    from p2pchain.chain.operations import operations

    rows = [
        {
            "operation": "0x" + one.id.hex(),
            "state": one.state,
            "ready": time_text(env, one.ready_at),
            "ready_unix": one.ready_at,
            "call": one.name,
            "caller": one.caller,
            "to": one.target,
            "data": "0x" + one.data.hex(),
        }
        for one in operations(env.contracts)
        if everything or one.state in ("waiting", "ready")
    ]
    shown = {"operation": "operation", "state": "state", "ready": "ready", "call": "call"}
    out.rows("operations", rows, {**shown, "caller": "caller"}, empty="nothing is announced")


@announced.command(epilog=examples("p2pchain -a carol admin announced execute 0x5f2a77c1"))
@click.argument("operation")
@deployment_option
@output_options
@role_options
@click.pass_obj
def execute(env: Env, operation: str, out: Output, dry_run: bool) -> None:
    """Carry out OPERATION, whose delay is over. Only who has announced it can."""
    from p2pchain.chain.operations import find

    found = find(env.contracts, operation)
    if found.caller != env.address:
        raise BadInput(
            f"it was announced by {found.caller}, not by {env.address}",
            hint="-a or --unsigned names the account",
        )
    if found.state not in ("waiting", "ready"):
        raise Refused(
            "AccessManagerNotScheduled",
            (found.id,),
            "announce it again",
            message=f"{found.name} is {found.state}",
        )
    deliver(env, out, found.call, f"carry out {found.name}", dry_run=dry_run)


@announced.command(epilog=examples("p2pchain -a guardian admin announced cancel 0x5f2a77c1"))
@click.argument("operation")
@deployment_option
@output_options
@role_options
@click.pass_obj
def cancel(env: Env, operation: str, out: Output, dry_run: bool) -> None:
    """Cancel OPERATION. Its caller, an administrator or, except for calls of ADMIN, a guardian."""
    from p2pchain.chain.operations import find

    found = find(env.contracts, operation)
    if found.state in ("executed", "cancelled"):
        raise BadInput(f"{found.name} is {found.state} already")
    call = env.contracts.access_manager.cancel(found.caller, found.target, found.data)
    deliver(env, out, call, f"cancel {found.name} of {found.caller}", dry_run=dry_run)
