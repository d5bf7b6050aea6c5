"""`p2pchain meter gas`: post what a gas meter has counted, in Wh, with the volumes behind it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import deployment_option, done, known_meter, tell_dry_run, zone_option
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput
from p2pchain.volumes import STANDARD_CORRECTION_PPM


@click.command(
    epilog=examples(
        "p2pchain -a coop meter gas 4 7 counters.csv --key gas-meter --calorific 39.5",
    )
)
@click.argument("point", type=click.IntRange(1, 2**32 - 1))
@click.argument("number", metavar="METER", type=click.IntRange(1, 2**32 - 1))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--key", "alias", required=True, metavar="NAME", help="The meter's key.")
@click.option("--calorific", required=True, metavar="MJ", help="Calorific value, MJ per m3.")
@click.option(
    "--correction",
    default=str(Decimal(STANDARD_CORRECTION_PPM) / 10**6),
    show_default=True,
    metavar="FACTOR",
    help="For pressure and temperature.",
)
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def gas(
    env: Env,
    point: int,
    number: int,
    file: Path,
    alias: str,
    calorific: str,
    correction: str,
    out: Output,
    dry_run: bool,
) -> None:
    """Post the counters of FILE for gas METER at POINT, day by day.

    FILE is CSV: 'time,counter_m3', the counter at the beginning of each slot. For each UTC day the
    meter signs a reading in Wh, as every meter does, and the volume, calorific value and correction
    that it comes from; both are kept. What is posted already is left out.
    """
    from p2pchain.eip712 import metering_domain, reading_digest, volume_digest, volumes_domain
    from p2pchain.market import packed
    from p2pchain.meter.gas import gas_days, read_counters
    from p2pchain.volume_book import volume_call

    contracts, seconds = env.contracts, env.deployment.slot_seconds
    known_meter(env, number)
    kj, ppm = _scaled("--calorific", calorific, 1000), _scaled("--correction", correction, 10**6)
    counters = read_counters(file, seconds, env.zone)
    head = contracts.volumes.head_of(number)
    counters = {slot: litres for slot, litres in counters.items() if slot >= head.until_slot}
    if len(counters) < 2:
        raise BadInput(f"{file} has nothing that is not posted yet")
    if head.until_slot and counters.get(head.until_slot) != head.litres:
        raise BadInput(
            f"meter {number} stood at {head.litres} litres in slot {head.until_slot}",
            hint=f"{file} has to go on from there",
        )
    key, chain_id = env.meter_key(alias), env.chain.chain_id
    readings = metering_domain(chain_id, contracts.metering.address)
    volumes = volumes_domain(chain_id, contracts.volumes.address)
    days = gas_days(
        point, number, counters, head.wh, slot_seconds=seconds, calorific_kj=kj, correction_ppm=ppm
    )
    calls = []
    for day in days:
        signed = day.reading.signed(key.sign_digest(reading_digest(readings, day.reading)))
        calls.append(contracts.metering.post([packed(signed)]))
        signature = key.sign_digest(volume_digest(volumes, day.volume))
        calls.append(volume_call(contracts, day.volume, signature))
    what = f"post {len(counters) - 1} slots of gas meter {number}"
    if dry_run:
        tell_dry_run(env, out, calls[:1], what)
        return
    env.confirm(f"{what}?")
    receipts = [env.sender.send(call) for call in calls]
    now = contracts.volumes.head_of(number)
    done(env, out, what, receipts, {"litres": now.litres, "register_wh": now.wh})


def _scaled(name: str, text: str, scale: int) -> int:
    try:
        found = Decimal(text) * scale
    except InvalidOperation:
        raise BadInput(f"{name} {text} is no figure") from None
    if not found.is_finite() or found != int(found) or not 0 < found < 2**32:
        raise BadInput(f"{name} {text} is no figure", hint=f"above zero, in steps of 1/{scale}")
    return int(found)
