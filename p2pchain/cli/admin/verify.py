"""`p2pchain admin verify`: compare what stands on a chain with this package."""

from __future__ import annotations

import click

from p2pchain.cli.base import Env, examples
from p2pchain.cli.common import deployment_option
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, Difference


@click.command(
    epilog=examples("p2pchain -n valley admin verify", "p2pchain admin verify --all --json")
)
@click.option("--all", "everything", is_flag=True, help="Print everything that was looked at.")
@click.option(
    "--accept-roles",
    is_flag=True,
    help="Write those who have the roles now into the record, where nothing else differs.",
)
@deployment_option
@output_options
@click.pass_obj
def verify(env: Env, everything: bool, accept_roles: bool, out: Output) -> None:
    """Compare a deployment with the contracts of this package; needs no key.

    Code of every contract byte for byte, what was filled into it when it was created, the addresses
    that contracts were told, the role of every function, and who has the roles as the record says.
    Exit code 4 where something differs, with a line for each difference.
    """
    from p2pchain.chain.deployment import ROLES, Contracts
    from p2pchain.chain.roles import holders
    from p2pchain.chain.verifying import verify as look

    if env.network.url is None:
        raise BadInput("nothing is deployed on the embedded chain", hint="-n chooses the network")
    record = env.deployment
    contracts = Contracts(env.chain, record)
    found = look(contracts)
    differences = [one for one in found if one.differs]
    roles = ("ADMIN", *ROLES)
    if accept_roles:
        others = [one for one in differences if not (one.subject in roles and one.is_holder)]
        if not others:
            record.with_roles(holders(contracts)).save(env.deployment_path)
            env.note(f"those who have the roles now are written into {env.deployment_path}")
            differences = []
    if out.as_json:
        out.json(
            {
                "network": env.network.label,
                "chain_id": env.chain.chain_id,
                "looked_at": len(found),
                "differences": [_row(one) for one in differences],
                "findings": [_row(one) for one in found],
            }
        )
    elif everything:
        out.rows("findings", [{**_row(one), "": _result(one)} for one in found])
    else:
        rows = []
        for subject in dict.fromkeys(one.subject for one in found):
            mine = [one for one in found if one.subject == subject]
            wrong = sum(one in differences for one in mine)
            held = [f"{one.what} ({one.found})" for one in mine if one.is_holder]
            at = record.contracts.get(subject) or ", ".join(held) or "-"
            result = f"{wrong} differ" if wrong else "as it should be"
            rows.append({"what": subject, "where, who": at, "looked at": len(mine), "": result})
        out.rows("findings", rows)
    for one in differences:
        env.note(f"differs: {one}")
    if differences:
        count = len(differences)
        raise Difference(
            f"{count} of {len(found)} things differ from what they should be",
            hint="the record, the node's chain or the version of p2pchain is another; where roles "
            "were changed on purpose: 'admin verify --accept-roles'",
        )


def _row(one: object) -> dict[str, object]:
    from p2pchain.chain.verifying import Finding

    assert isinstance(one, Finding)
    return {
        "subject": one.subject,
        "what": one.what,
        "expected": one.expected,
        "found": one.found,
        "differs": one.differs,
    }


def _result(one: object) -> str:
    return "differs" if getattr(one, "differs", False) else ""
