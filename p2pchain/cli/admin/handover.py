"""`p2pchain admin handover`: give the roles of a deployment to others."""

from __future__ import annotations

from typing import Any

import click

from p2pchain.cli.admin.holders import holder_lines, holder_options, holders_of
from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import deployment_option
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, CheckFailed


@click.command(
    epilog=examples(
        "p2pchain -a operator admin handover --owner 0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c "
        "--delay 48h --registrar office --guardian carol:0",
    )
)
@holder_options
@deployment_option
@output_options
@sending_options
@click.pass_obj
def handover(env: Env, chosen: dict[str, Any], out: Output, dry_run: bool) -> None:
    """Give the roles to others and take them from the account, ADMIN last. Role: ADMIN.

    The account keeps what the options name it for, such as --registrar with its own name. Cut off,
    the same command goes on with what is missing. Roles of other accounts stay as they are.
    """
    from p2pchain.chain.actions import handover_actions, require_done
    from p2pchain.chain.roles import holders as holders_now

    contracts, account = env.contracts, env.address
    wanted = holders_of(env, chosen, account)
    if not wanted:
        raise BadInput("hand over to whom?", hint="--owner names who is to be administrator")
    giving, taking = handover_actions(contracts, account, wanted)
    missing = [action for action in (*giving, *taking) if not action.is_done()]
    asked = {(one.role, one.account) for one in wanted}
    others = [
        one
        for one in holders_now(contracts)
        if (one.role, one.account) not in asked and one.account != account
    ]
    plan: dict[str, Any] = {
        "from": account,
        "holders": [_row(one) for one in wanted],
        "stay": [_row(one) for one in others],
        "steps": [{"call": action.name, "what": action.text} for action in missing],
    }
    if missing:
        admin = contracts.access_manager.has_role(0, account)
        if not admin.is_member or admin.execution_delay:
            why = f"must announce its calls {admin.execution_delay} s ahead"
            raise CheckFailed(
                f"{account} {why if admin.is_member else 'is not an administrator'}",
                hint="'p2pchain admin roles list' shows who is; 'admin roles grant --unsigned' "
                "makes calls for a multisig",
            )
    if dry_run and out.as_json:
        out.json({"dry_run": True, **plan})
        return
    if not out.as_json:
        for label, text in holder_lines(wanted).items():
            click.echo(f"{label:<15} {text}", err=not dry_run)
        for one in others:
            click.echo(f"stays           {one.role} {one.account}", err=not dry_run)
        for number, action in enumerate(missing, 1):
            click.echo(f"{number:>2}  {action.text}", err=not dry_run)
    if dry_run:
        click.echo("nothing was sent")
        return
    if missing:
        env.confirm("hand over?")
    receipts = []
    for action in (*giving, *taking):
        if action.is_done():
            continue
        if action is taking[-1]:
            require_done([*giving, *taking[:-1]], action.text)
        receipts.append(env.sender.send(action.call))
    env.deployment.with_roles([*wanted, *others]).save(env.deployment_path)
    hashes = ["0x" + receipt.tx_hash.hex() for receipt in receipts]
    gas = sum(receipt.gas_used for receipt in receipts)
    out.fields(
        {**plan, "transactions": hashes, "gas_used": gas},
        {
            "done": f"{account} has handed over" if receipts else "it was handed over before",
            "transactions": str(len(receipts)),
            "gas": f"{gas:,}",
        },
    )


def _row(one: Any) -> dict[str, Any]:
    return {"role": one.role, "account": one.account, "delay_seconds": one.delay_seconds}
