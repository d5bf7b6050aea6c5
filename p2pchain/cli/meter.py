"""`p2pchain meter`: sign and post what a meter measured, and see where it stands."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, sending_options
from p2pchain.cli.common import (
    done,
    known_meter,
    market_options,
    slot_number,
    slot_text,
    tell_dry_run,
    zone_option,
)
from p2pchain.cli.device import device_option
from p2pchain.cli.meter_correct import correct
from p2pchain.cli.meter_exchange import exchange
from p2pchain.cli.meter_gas import gas
from p2pchain.cli.meter_status import status
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.words import OUTCOMES
from p2pchain.errors import BadInput, Refused

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.chain.records import Receipt
    from p2pchain.eip712 import Domain
    from p2pchain.keys import LocalSigner
    from p2pchain.meter import SignedReading
    from p2pchain.model import Outcome, Reading
    from p2pchain.p256 import P256Device, P256Signer

    #: What goes as one record: a line, or lines of single slots that follow each other.
    Lot = list[SignedReading]


@click.group(
    cls=HelpfulGroup,
    epilog=examples(
        "p2pchain meter sign day.csv --meter 7 --key alice-meter > signed.jsonl",
        "p2pchain -a alice meter post signed.jsonl",
        "p2pchain meter status 7",
    ),
)
def meter() -> None:
    """Sign and post what a meter measured.

    A meter signs with its own key, anywhere; whoever has the signed file may post it.
    """


@meter.command(
    epilog=examples(
        "p2pchain meter sign day.csv --meter 7 --key alice-meter > signed.jsonl",
        "p2pchain meter sign local.csv --meter 7 --key alice-meter --zone Europe/Berlin",
    )
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--meter", "number", type=click.IntRange(1), required=True)
@click.option("--key", "alias", required=True, metavar="NAME", help="The meter's key.")
@device_option
@click.option("--from", "begin", metavar="TIME", help="Only slots from this one on.")
@click.option("--to", "end", metavar="TIME", help="Only slots before this one.")
@click.option(
    "--import-register", "import_register", metavar="ENERGY",
    help="For a file of intervals: the import register at its beginning, as 5120.4kWh.",
)  # fmt: skip
@click.option("--export-register", "export_register", metavar="ENERGY")
@click.option(
    "--by-slot", is_flag=True, help="A line and a signature for each slot, as a meter signs live."
)
@click.option("--estimated", is_flag=True, help="Say that the figures are estimates: no trade.")
@market_options
@zone_option
@click.pass_obj
def sign(
    env: Env,
    file: Path,
    number: int,
    alias: str,
    begin: str | None,
    end: str | None,
    import_register: str | None,
    export_register: str | None,
    by_slot: bool,
    estimated: bool,
) -> None:
    """Sign what METER measured, from FILE, and write it to stdout, one line a day or slot.

    FILE is CSV: time,import_register_wh,export_register_wh with both registers at the beginning of
    each slot (and the end of the last), or start,import_wh,export_wh with what flowed in it; _kwh
    is taken too. A row that is missing is a gap, never zero. With registers, or with
    --import-register and --export-register, no node is needed.
    """
    from p2pchain.eip712 import reading_digest
    from p2pchain.keys import LocalSigner
    from p2pchain.meter import by_slot as readings_by_slot
    from p2pchain.meter import read_measured, to_readings, write_signed
    from p2pchain.model import Quality
    from p2pchain.units import parse_energy

    seconds = env.deployment.slot_seconds
    measured = read_measured(file, slot_seconds=seconds, zone=env.zone)
    first = None if begin is None else slot_number(env, begin)
    last = None if end is None else slot_number(env, end)
    measured = measured.within(first, last)
    if not measured.values:
        raise BadInput(f"{file} has no slot between --from and --to")
    opening = None
    if import_register is not None and export_register is not None:
        opening = parse_energy(import_register), parse_energy(export_register)
    elif not measured.registers:
        opening = _known_registers(env, number, min(measured.values))
    readings = to_readings(
        number,
        measured,
        slot_seconds=seconds,
        opening=opening,
        quality=Quality.ESTIMATED if estimated else Quality.MEASURED,
    )
    if by_slot:
        readings = [single for reading in readings for single in readings_by_slot(reading)]
    key = env.meter_key(alias)
    domain = _domain(env)
    signed = [r.signed(key.sign_digest(reading_digest(domain, r))) for r in readings]
    write_signed(sys.stdout, signed, domain)
    slots = sum(reading.slots for reading in signed)
    if by_slot and not isinstance(key, LocalSigner):
        env.note("single slots of a P-256 key are posted one by one: whole days are cheaper")
    env.note(f"signed {slots} slots of meter {number} in {len(signed)} records as {_said(key)}")


@meter.command(
    epilog=examples(
        "p2pchain -a alice meter post signed.jsonl",
        "cat *.jsonl | p2pchain -y -a coop meter post - --json",
    )
)
@click.argument("file", type=click.File("r", encoding="utf-8"))
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def post(env: Env, file: Any, out: Output, dry_run: bool) -> None:
    """Post signed readings of FILE ('-' is stdin). Anybody may; the signatures are the meters'.

    Readings of single slots that follow each other go as one record, each with its signature, which
    is several times cheaper (not those of P-256 keys). Records that the market does not take are
    named, the others go through, and the exit code is then 1.
    """
    from p2pchain.meter import read_signed

    try:
        text = file.read()
    except UnicodeDecodeError:
        raise BadInput(f"{file.name} is not text") from None
    records = read_signed(text, file.name, _domain(env))
    refused: list[tuple[SignedReading, Outcome]] = []
    receipts = [] if dry_run else _begun(env, records)
    begun = {key for receipt in receipts for key in _keys_of(env, receipt)}
    taken = sum(_key(record) in begun for record in records)
    asked = False
    left = deque(_batches(env, _lots(env, [r for r in records if _key(r) not in begun])))
    while left:
        good, bad = _tried(env, left.popleft())
        refused += [(lot[0], why) for lot, why in bad if len(lot) == 1]
        # One reading can spoil what was taken together with it.
        left += _batches(env, [[one] for lot, _ in bad if len(lot) > 1 for one in lot])
        if not good:
            continue
        call = _call(env, good)
        sent = [record for lot in good for record in lot]
        if dry_run:
            tell_dry_run(env, out, [call], f"post {len(sent)} records")
            continue
        if not asked:
            env.confirm(f"post {len(records)} records of {file.name}?")
            asked = True
        receipts.append(env.sender.send(call, _gas(good)))
        late = _skipped(env, receipts[-1])
        skipped = [(lot, late[_key(lot[0])]) for lot in good if _key(lot[0]) in late]
        refused += [(record, why) for lot, why in skipped for record in lot]
        taken += len(sent) - sum(len(lot) for lot, _ in skipped)
    if receipts:
        listed = [_refused_row(record, why) for record, why in refused]
        result: dict[str, Any] = {"taken": taken, "refused": listed if out.as_json else len(listed)}
        done(env, out, f"posted {taken} of {len(records)} records", receipts, result)
    if refused:
        _complain(env, refused, len(records))


def _said(key: LocalSigner | P256Signer | P256Device) -> str:
    from p2pchain.keys import LocalSigner

    return key.address if isinstance(key, LocalSigner) else f"P-256 key 0x{key.public_key.hex()}"


def _domain(env: Env) -> Domain:
    """What readings are bound to, from the record alone."""
    from p2pchain.eip712 import metering_domain

    record = env.deployment
    return metering_domain(record.chain_id, record.contracts["Metering"])


def _known_registers(env: Env, number: int, first: int) -> tuple[int, int] | None:
    """The registers at a slot, where the chain knows them: right behind what has been posted."""
    head = env.contracts.metering.head_of(known_meter(env, number))
    if head.next_slot != first:
        return None
    return head.import_wh, head.export_wh


def _enrolled(env: Env, record: SignedReading) -> bool:
    return env.contracts.metering.head_of(record.reading.meter).enrolled


def _lots(env: Env, records: Sequence[SignedReading]) -> list[Lot]:
    """What goes as one record."""
    from p2pchain.meter import runs
    from p2pchain.model import DAY_SECONDS

    per_day = DAY_SECONDS // env.deployment.slot_seconds
    ordered = sorted(records, key=_key)
    found = runs([record.reading for record in ordered], per_day)
    return [[ordered[place] for place in places] for places in found]


def _joined(lot: Lot) -> Reading:
    from p2pchain.meter import join

    return join([record.reading for record in lot])


def _batches(env: Env, lots: Sequence[Lot]) -> list[list[Lot]]:
    """Members' readings go through the market, others straight to Metering."""
    from p2pchain.batching import batches

    enrolled: dict[int, bool] = {}
    for lot in lots:
        if lot[0].reading.meter not in enrolled:
            enrolled[lot[0].reading.meter] = _enrolled(env, lot[0])
    found = []
    for member in (True, False):
        mine = {
            id(record): (record, lot)
            for lot in lots
            if enrolled[lot[0].reading.meter] == member
            for record in (_joined(lot),)
        }
        readings = [record for record, _ in mine.values()]
        cut = batches(readings, env.market if member and mine else None)
        found += [[mine[id(reading)][1] for reading in batch] for batch in cut]
    return found


def _call(env: Env, batch: Sequence[Lot]) -> Call:
    from p2pchain.market import packed

    readings: list[Reading] = [_joined(lot) for lot in batch]
    if _enrolled(env, batch[0][0]):
        return env.market.post_call(readings)
    return env.contracts.metering.post([packed(reading) for reading in readings])


def _gas(batch: Sequence[Lot]) -> int | None:
    """The gas limit, where the node's estimate may be too low."""
    from p2pchain.batching import post_gas

    return post_gas([_joined(lot) for lot in batch])


def _tried(env: Env, batch: list[Lot]) -> tuple[list[Lot], list[tuple[Lot, Outcome]]]:
    """Ask the contract which of these it would take; the others are not worth their gas."""
    from p2pchain.chain.bindings.metering import Metering
    from p2pchain.model import Outcome

    call, gas = _call(env, batch), _gas(batch)
    raw = env.chain.call(call.to, call.data, sender=env.address, gas=gas)
    answers = [Outcome(int(why)) for why in Metering.post_result(raw)]
    paired = list(zip(batch, answers, strict=True))
    good = [lot for lot, why in paired if why == Outcome.ACCEPTED]
    return good, [(lot, why) for lot, why in paired if why != Outcome.ACCEPTED]


def _skipped(env: Env, receipt: Receipt) -> dict[tuple[int, int], Outcome]:
    from p2pchain.chain.bindings.metering import ReadingSkipped
    from p2pchain.chain.events import of_receipt
    from p2pchain.model import Outcome

    return {
        (event.meter, event.first_slot): Outcome(int(event.reason))
        for event in of_receipt(env.contracts, receipt)
        if isinstance(event, ReadingSkipped)
    }


def _begun(env: Env, records: Sequence[SignedReading]) -> list[Receipt]:
    """Finish what an earlier run of this command was cut off in; return the receipts."""
    wanted = {record.reading.signature for record in records} - {b""}
    return [
        env.sender.send(found.call)
        for found in env.sender.recovered
        if found.state != "void" and any(one in found.call.data for one in wanted)
    ]


def _keys_of(env: Env, receipt: Receipt) -> list[tuple[int, int]]:
    """Meter and slot of what a transaction has posted: each slot, since lines may have gone as
    one record."""
    from p2pchain.chain.bindings.metering import ReadingPosted
    from p2pchain.chain.events import of_receipt

    return [
        (event.meter, slot)
        for event in of_receipt(env.contracts, receipt)
        if isinstance(event, ReadingPosted)
        for slot in range(event.first_slot, event.first_slot + event.slots)
    ]


def _key(record: SignedReading) -> tuple[int, int]:
    return record.reading.meter, record.reading.first_slot


def _refused_row(record: SignedReading, why: Outcome) -> dict[str, Any]:
    return {
        "line": record.line,
        "meter": record.reading.meter,
        "first_slot": record.reading.first_slot,
        "reason": why.name.lower(),
    }


def _complain(env: Env, refused: Sequence[tuple[SignedReading, Outcome]], total: int) -> None:
    texts = [
        f"line {record.line}, meter {record.reading.meter} at "
        f"{slot_text(env, record.reading.first_slot)}: {OUTCOMES[why][0]}"
        for record, why in refused[:5]
    ]
    if len(refused) > 5:
        texts.append(f"and {len(refused) - 5} more")
    head = "" if total == 1 else f"{len(refused)} of {total} records were refused: "
    first = refused[0][1]
    raise Refused(first.name, (), OUTCOMES[first][1], message=head + "; ".join(texts))


meter.add_command(correct)
meter.add_command(exchange)
meter.add_command(gas)
meter.add_command(status)
