"""`p2pchain admin deploy`: put the contracts on a chain and write down where they are."""

from __future__ import annotations

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import account_of, deployment_option
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput


@click.command(
    epilog=examples(
        "p2pchain -a operator admin deploy --currency EUR",
        "p2pchain -n valley -a operator admin deploy --slot-seconds 900 --currency EUR "
        "--token 0x1aBaEA1f7C830bD89Acc67eC4af516284b1bC33c",
    )
)
@click.option(
    "--slot-seconds",
    type=click.Choice(["900", "1800", "3600"]),
    default="3600",
    show_default=True,
    help="Length of a slot; it can never be changed.",
)
@click.option(
    "--currency",
    default="EUR",
    show_default=True,
    metavar="CODE",
    help="What the money is called: three capital letters.",
)
@click.option(
    "--token",
    metavar="ADDRESS",
    help="The ERC-20 that is the money. Without it a test currency is deployed, of which anybody "
    "can make more: for trying out only.",
)
@click.option("--replace", is_flag=True, help="Overwrite the record of an earlier deployment.")
@deployment_option
@output_options
@sending_options
@click.pass_obj
def deploy(
    env: Env,
    slot_seconds: str,
    currency: str,
    token: str | None,
    replace: bool,
    out: Output,
    dry_run: bool,
) -> None:
    """Deploy the contracts, with the account as administrator in all roles.

    The plan is shown first. The record, deployments/<network>.json, holds nothing secret: give it
    to everybody who takes part.
    """
    from p2pchain.chain.deployment import CORE, LIBRARIES, P256_VERIFIER, RESTRICTED
    from p2pchain.chain.deployment import deploy as deploy_contracts
    from p2pchain.report.progress import Progress

    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise BadInput(f"'{currency}' is not a currency", hint="its code, such as EUR")
    if env.network.url is None:
        raise BadInput(
            "the embedded chain ends with the command, and the deployment with it",
            hint="'p2pchain node' runs a chain for several commands: -n anvil, the default",
        )
    path = env.deployment_path
    if path.exists() and not replace:
        raise BadInput(
            f"{path} holds a deployment already",
            hint="--deployment names another file, --replace overwrites this one",
        )
    chain = env.chain
    token = None if token is None else account_of(env, token)
    if token is not None and not chain.code(token):
        raise BadInput(f"there is no contract at {token}", hint="--token names an ERC-20")
    names = [
        "AccessManager",
        *([] if token else ["TestCurrency"]),
        *CORE[:5],
        *LIBRARIES,
        *CORE[5:],
        P256_VERIFIER,
    ]
    steps = len(names) + 3 + sum(2 + len(targets) for targets in RESTRICTED.values())
    plan = {
        "network": env.network.label,
        "chain_id": chain.chain_id,
        "administrator": env.address,
        "slot_seconds": int(slot_seconds),
        "currency": currency,
        "token": token or "a new test currency",
        "contracts": names,
        "transactions": steps,
        "record": str(path),
    }
    if dry_run:
        out.fields({"dry_run": True, **plan}, _lines(plan))
        return
    if not out.as_json:
        for label, text in _lines(plan).items():
            env.note(f"{label:<14} {text}")
    env.confirm("deploy?")
    with Progress("Deploying", steps) as bar:
        record = deploy_contracts(
            env.sender,
            slot_seconds=int(slot_seconds),
            currency=currency,
            token=token,
            step=lambda name: bar.step(),
        )
    record.save(path)
    data = {"contracts": dict(record.contracts), "block": record.block, "record": str(path)}
    shown = {**record.contracts, "record": str(path)}
    out.fields(data, shown)


def _lines(plan: dict[str, object]) -> dict[str, str]:
    names = plan["contracts"]
    assert isinstance(names, list)
    texts = {key.replace("_", " "): str(value) for key, value in plan.items()}
    return {**texts, "contracts": ", ".join(names)}
