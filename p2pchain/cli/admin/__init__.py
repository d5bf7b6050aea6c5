"""`p2pchain admin`: deploy a market and run its registers."""

from __future__ import annotations

import click

from p2pchain.cli.admin.announced import announced
from p2pchain.cli.admin.areas import area
from p2pchain.cli.admin.auctions import auction
from p2pchain.cli.admin.boundary import boundary
from p2pchain.cli.admin.calendars import calendar
from p2pchain.cli.admin.deploy import deploy
from p2pchain.cli.admin.handover import handover
from p2pchain.cli.admin.levels import level
from p2pchain.cli.admin.markets import market
from p2pchain.cli.admin.meters import meter
from p2pchain.cli.admin.roles import roles
from p2pchain.cli.admin.rules import rules
from p2pchain.cli.admin.verify import verify
from p2pchain.cli.base import HelpfulGroup, examples


@click.group(
    cls=HelpfulGroup,
    epilog=examples(
        "p2pchain -a operator admin deploy --currency EUR",
        "p2pchain -a operator admin area add --operator grid",
        "p2pchain -a operator admin roles list",
    ),
)
def admin() -> None:
    """Deploy a market and run its registers: areas, suppliers, tariffs, meters, markets,
    forward auctions, levels, roles, and calendars and rules of switching.

    Each command needs a role; docs/governance.md says which, and what no role can do.
    """


for _command in (
    deploy, verify, handover, announced, area, boundary, meter, market, auction,
    level, roles, calendar, rules,
):  # fmt: skip
    admin.add_command(_command)
