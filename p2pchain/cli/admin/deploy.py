"""`p2pchain admin deploy`: put the contracts on a chain and write down where they are."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.admin.holders import holder_lines, holder_options, holders_of
from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import account_of, deployment_option
from p2pchain.cli.output import Output, output_options, table
from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from p2pchain.chain.rehearsal import Cost
    from p2pchain.chain.rollout import Rollout, Setup, Step

_SLOT_SECONDS, _CURRENCY = 3600, "EUR"


@click.command(
    epilog=examples(
        "p2pchain -a operator admin deploy --currency EUR",
        "p2pchain -n valley -a operator admin deploy --slot-seconds 900 --currency EUR "
        "--token 0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c --dry-run",
        "p2pchain -n valley -a operator admin deploy --resume",
    )
)
@click.option(
    "--slot-seconds",
    type=click.Choice(["900", "1800", "3600"]),
    help=f"Length of a slot; it can never be changed. Else {_SLOT_SECONDS}.",
)
@click.option(
    "--currency",
    metavar="CODE",
    help=f"What the money is called: three capital letters. Else {_CURRENCY}.",
)
@click.option(
    "--token",
    metavar="ADDRESS",
    help="The ERC-20 that is the money. Without it a test currency is deployed, of which anybody "
    "can make more: for trying out only.",
)
@holder_options
@click.option(
    "--resume", is_flag=True, help="Only continue what was begun; it is an error if nothing was."
)
@click.option("--restart", is_flag=True, help="Give up what was begun, and begin anew.")
@click.option("--replace", is_flag=True, help="Overwrite the record of an earlier deployment.")
@deployment_option
@output_options
@sending_options
@click.pass_obj
def deploy(
    env: Env,
    slot_seconds: str | None,
    currency: str | None,
    token: str | None,
    chosen: dict[str, Any],
    resume: bool,
    restart: bool,
    replace: bool,
    out: Output,
    dry_run: bool,
) -> None:
    """Deploy the contracts, with the account as administrator in all roles, or with --owner.

    The plan is shown first: what is sent in which order, where it will stand, what it costs and who
    will have which role. The chain is that of a profile with its chain_id. The record,
    deployments/<network>.json, holds nothing secret: give it to everybody who takes part.

    A deployment that was cut off is continued by the same command: what stands is looked at and
    kept, and only what is missing is sent. docs/deploy.md goes through all of it.
    """
    from p2pchain.chain.deployment import require_currency
    from p2pchain.chain.rollout import alone, part_path

    if currency is not None:
        require_currency(currency)
    if resume and restart:
        raise BadInput("--resume continues and --restart gives up", hint="one of them")
    if env.network.url is None:
        raise BadInput(
            "the embedded chain ends with the command, and the deployment with it",
            hint="'p2pchain node' runs a chain for several commands: -n anvil, the default",
        )
    if env.network.chain_id is None:
        raise BadInput(
            f"nothing says which chain {env.network.label} must be",
            hint="make a profile with url and chain_id in p2pchain.toml, and choose it with -n",
        )
    with nullcontext() if dry_run else alone(part_path(env.deployment_path)):
        rollout = _taken_up(
            env, slot_seconds, currency, token, chosen, resume, restart, replace, dry_run
        )
        _carry_out(env, out, rollout, dry_run)


def _taken_up(
    env: Env,
    slot_seconds: str | None,
    currency: str | None,
    token: str | None,
    chosen: dict[str, Any],
    resume: bool,
    restart: bool,
    replace: bool,
    dry_run: bool,
) -> Rollout:
    """Return the deployment that is meant: a new one, or the one that was begun."""
    from p2pchain.chain.rollout import Rollout, Setup, load, part_path, setup_of, token_decimals

    path = env.deployment_path
    part = part_path(path)
    begun = None if restart else load(part)
    if begun is None and resume:
        raise BadInput(f"nothing was begun: {part} is missing", hint="leave --resume away")
    if begun is None and path.exists() and not replace:
        raise BadInput(
            f"{path} holds a deployment already",
            hint="--deployment names another file, --replace overwrites this one",
        )
    chain, deployer = env.chain, env.address
    before = Setup(deployer, _SLOT_SECONDS, _CURRENCY) if begun is None else setup_of(begun, part)
    setup = Setup(
        deployer,
        int(slot_seconds or before.slot_seconds),
        currency or before.currency,
        before.token if token is None else account_of(env, token),
        holders_of(env, chosen, deployer) or before.holders,
    )
    if setup.token is not None:
        token_decimals(chain, setup.token)
    rollout = Rollout.take_up(chain, setup, part, afresh=restart)
    if begun is not None and not dry_run:
        env.sender.finish()  # what was sent and not seen in a block
        rollout.look()
    return rollout


def _carry_out(env: Env, out: Output, rollout: Rollout, dry_run: bool) -> None:
    from p2pchain.chain.rehearsal import cost_of, gas_of, require_affordable, require_room
    from p2pchain.report.progress import Progress

    chain, path = env.chain, env.deployment_path
    steps = rollout.steps()
    gas = gas_of(rollout.setup, steps)
    missing = [number for number, step in enumerate(steps) if not step.done]
    cost = cost_of(chain, env.address, [gas[number] for number in missing])
    if rollout.begun:
        env.note(
            f"{rollout.path} was begun before: {len(steps) - len(missing)} of {len(steps)} steps "
            "are done"
        )
    if dry_run or not out.as_json:
        _show_plan(env, out, rollout, steps, gas, cost, dry_run)
    require_room(chain, [gas[number] for number in missing])
    require_affordable(cost, env.address)
    if dry_run:
        return
    if missing:
        question = f"send the {len(missing)} that are missing?" if rollout.begun else "deploy?"
        env.confirm(question)
    with Progress("Deploying", len(missing)) as bar:
        record = rollout.run(env.sender, step=lambda name: bar.step())
    record.save(path)
    if rollout.path is not None:
        rollout.path.unlink(missing_ok=True)
    data = {
        "contracts": dict(record.contracts),
        "block": record.block,
        "record": str(path),
        "transactions": len(missing),
        "holders": _holders(rollout.setup),
    }
    out.fields(data, {**record.contracts, "record": str(path)})


def _show_plan(
    env: Env,
    out: Output,
    rollout: Rollout,
    steps: list[Step],
    gas: list[int],
    cost: Cost,
    dry_run: bool,
) -> None:
    from p2pchain.chain.rehearsal import coins

    setup = rollout.setup
    missing = [step for step in steps if not step.done]
    plan = {
        "network": env.network.label,
        "chain_id": env.chain.chain_id,
        "administrator": setup.deployer,
        "slot_seconds": setup.slot_seconds,
        "currency": setup.currency,
        "token": setup.token or "a new test currency",
        "contracts": [step.entry for step in missing if step.entry],
        "transactions": len(missing),
        "record": str(env.deployment_path),
    }
    rows = [
        {
            "number": number,
            "call": step.name,
            "what": step.text,
            "address": step.address,
            "nonce": step.nonce,
            "gas": gas[number - 1],
            "state": "done" if step.done else "again" if step.again else "to do",
            "why": step.again,
        }
        for number, step in enumerate(steps, 1)
    ]
    money = {
        "balance_wei": cost.balance,
        "gas": cost.gas,
        "gas_price_wei": cost.price,
        "cost_wei": cost.now,
        "cost_at_most_wei": cost.at_most,
        "needed_wei": cost.needed,
    }
    if out.as_json:
        begun = {"resumed": rollout.begun, "given_up": rollout.given_up}
        more = {"holders": _holders(setup), **money, "steps": rows, **begun}
        out.json({"dry_run": dry_run, **plan, **more})
        return
    lines = {key.replace("_", " "): str(value) for key, value in plan.items() if key != "contracts"}
    lines |= {
        "balance": coins(cost.balance),
        "cost": f"{coins(cost.now)}, for {cost.gas:,} gas at {_gwei(cost.price)}; up to "
        f"{coins(cost.at_most)} at {_gwei(cost.offered)}, which is offered",
        **holder_lines(setup.final_holders),
    }
    if setup.is_handed_over:
        lines["in the end"] = f"{setup.deployer} is administrator no more"
    for label, text in lines.items():
        _say(out, dry_run, f"{label:<15} {text}")
    body = [
        [str(row["number"]), str(row["what"]), str(row["address"] or "-"), f"{row['gas']:,}",
         str(row["state"])]
        for row in rows
    ]  # fmt: skip
    right = [True, False, False, True, False]
    _say(out, dry_run, table(["", "step", "will stand at", "gas", ""], body, right))
    for row in rollout.given_up:
        text = f"given up: {row['contract']} at {row['address']}, since {row['why']}"
        _say(out, dry_run, text)


def _say(out: Output, is_result: bool, text: str) -> None:
    """A plan that was asked for goes to stdout, one that goes before a question to stderr."""
    click.echo(text, err=not is_result)


def _holders(setup: Setup) -> list[dict[str, Any]]:
    return [
        {"role": one.role, "account": one.account, "delay_seconds": one.delay_seconds}
        for one in setup.final_holders
    ]


def _gwei(wei: int) -> str:
    """A price of gas; whole gwei, or wei where it is less than a hundred of these."""
    return f"{wei // 10**9:,} gwei" if wei >= 100 * 10**9 else f"{wei:,} wei"
