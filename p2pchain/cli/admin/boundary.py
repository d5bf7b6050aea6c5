"""`p2pchain admin boundary`: the meter of what crosses the border of an area."""

from __future__ import annotations

import click

from p2pchain.cli.admin.markets import share_ppm
from p2pchain.cli.base import Env, examples, role_options
from p2pchain.cli.common import deliver, deployment_option, known_meter
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput


@click.command(
    epilog=examples(
        "p2pchain -a operator admin boundary 1 9 --tolerance 2kWh --share 0.02",
        "p2pchain admin boundary 1",
    )
)
@click.argument("area", type=click.IntRange(1))
@click.argument("meter", type=click.IntRange(0), required=False)
@click.option(
    "--tolerance", metavar="ENERGY", default="0Wh", show_default=True,
    help="By how much the members of a day may be off.",
)  # fmt: skip
@click.option(
    "--share", metavar="SHARE", default="0", show_default=True,
    help="On top, of what crossed the border in both directions, as 0.02.",
)  # fmt: skip
@deployment_option
@output_options
@role_options
@click.pass_obj
def boundary(
    env: Env, area: int, meter: int | None, tolerance: str, share: str, out: Output, dry_run: bool
) -> None:
    """Name METER as the one that measures what crosses the border of AREA. Role: REGISTRAR.

    It is a registered meter that is in no market; its import is what comes into the area. Without
    METER the present one is shown; 0 takes it away. 'p2pchain tally' compares a day with it.
    """
    from p2pchain.units import format_energy, parse_energy

    registry = env.contracts.registry
    count = registry.area_count()
    if area > count:
        raise BadInput(
            f"there is no area {area}",
            hint=f"there are 1 to {count}" if count else "'p2pchain admin area add' adds one",
        )
    if meter is None:
        found = registry.boundary_of(area)
        data = {
            "area": area,
            "meter": found.meter or None,
            "tolerance_wh": found.tolerance_wh,
            "tolerance_ppm": found.tolerance_ppm,
        }
        out.fields(data)
        return
    if meter and env.contracts.metering.head_of(known_meter(env, meter)).enrolled:
        raise BadInput(
            f"meter {meter} is a member of a market",
            hint="the boundary meter is one of its own: 'p2pchain admin meter add'",
        )
    wh, ppm = parse_energy(tolerance), share_ppm(share)
    if wh >= 1 << 32:
        raise BadInput(f"'{tolerance}' is too much", hint="less than 4.29GWh")
    what = f"name meter {meter} as the boundary of area {area}, {format_energy(wh)} and {share} off"
    if meter == 0:
        what = f"take away the boundary meter of area {area}"
    call = registry.set_boundary(area, meter, wh, ppm)
    deliver(env, out, call, what, dry_run=dry_run)
