"""`p2pchain switch`: from one supplier to another."""

from __future__ import annotations

import click

from p2pchain.cli.base import HelpfulGroup, examples
from p2pchain.cli.switching.handovers import agree, dispute, estimate, final_bill, read, refund
from p2pchain.cli.switching.requests import (
    cancel,
    lift,
    object_,
    request,
    secure,
    sign,
    withdraw,
)
from p2pchain.cli.switching.reversals import reverse
from p2pchain.cli.switching.status import list_, owed, status


@click.group(
    cls=HelpfulGroup,
    epilog=examples(
        "p2pchain -a alice switch sign 1 --supplier 2 --tariff 1 --from 2026-12-01 "
        "--terms terms.txt --out contract.json",
        "p2pchain -a green switch request contract.json --day 2026-12-03",
        "p2pchain switch status 1",
    ),
)
def switch() -> None:
    """Switch supplier: for electricity, gas or both, with one signature.

    The customer signs, the new supplier requests, the old one may object; gate closure fixes it,
    and one register closes the old account and opens the new one. Each step has its clock, and
    'switch status' says which is running.
    """


for _command in (
    sign, request, object_, lift, withdraw, cancel, secure, status, list_, read, estimate, dispute,
    agree, final_bill, refund, reverse, owed,
):  # fmt: skip
    switch.add_command(_command)
