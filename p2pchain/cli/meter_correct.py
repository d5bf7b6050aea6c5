"""`p2pchain meter correct`: what was read was wrong, and the meter says what is right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import (
    done,
    known_meter,
    market_options,
    shown_money,
    slot_number,
    slot_text,
    tell_dry_run,
    time_text,
    zone_option,
)
from p2pchain.cli.device import device_option
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, Refused
from p2pchain.model import WINDOW_SLOTS, Correction, Reading

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.chain.records import Receipt
    from p2pchain.evidence import Pair

Records = dict[tuple[int, int], list[Reading]]


@click.command(
    epilog=examples(
        "p2pchain -a operator meter correct 7 fixed.csv --key alice-meter",
        "p2pchain -a operator meter correct 7 --slot 2026-06-01T10:00Z \\\n"
        "    --import 1.2kWh --export 0Wh --key alice-meter",
        "p2pchain meter correct 7 fixed.csv --key alice-meter --save fixed.jsonl",
        "p2pchain -a operator meter correct --signed fixed.jsonl",
    )
)
@click.argument("number", type=click.IntRange(1), metavar="METER", required=False)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--slot", "time", metavar="TIME", help="One slot, instead of a file.")
@click.option("--import", "imported", metavar="ENERGY", help="What it should have imported.")
@click.option("--export", "exported", metavar="ENERGY", help="What it should have exported.")
@click.option("--key", "alias", metavar="NAME", help="The key that the meter has now.")
@device_option
@click.option(
    "--save", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write the signed corrections to FILE, for the operator, and send nothing.",
)  # fmt: skip
@click.option(
    "--signed", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Hand in what --save has written.",
)  # fmt: skip
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def correct(
    env: Env,
    number: int | None,
    file: Path | None,
    time: str | None,
    imported: str | None,
    exported: str | None,
    alias: str | None,
    save: Path | None,
    signed: Path | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Correct slots of METER that were read, to what FILE says. Role: METER_OPERATOR.

    FILE is CSV as for 'meter sign'; slots that are right already stay as they are. The meter signs
    with the key that it has now, the operator hands it in, together or apart (--save, --signed).
    What was traded stands; the difference is settled with the supplier at once, until the last run
    of a slot is over. Registers stay as they are.
    """
    if signed is not None:
        if (number, file, time, imported, exported, alias, save) != (None,) * 7:
            raise BadInput("--signed says it all", hint="leave out meter, values, key and --save")
        corrections = _load(env, signed)
    else:
        corrections = _made(env, number, file, (time, imported, exported), alias)
        if save is not None:
            _save(env, out, save, corrections)
            return
    _hand_in(env, out, corrections, dry_run)


# what is to be corrected


def _made(
    env: Env,
    number: int | None,
    file: Path | None,
    one: tuple[str | None, str | None, str | None],
    alias: str | None,
) -> list[Correction]:
    """Return signed corrections of what differs from what was read."""
    from p2pchain.meter.corrections import changed_spans
    from p2pchain.runs_market import day_records, next_number, sign_correction

    if number is None:
        raise BadInput("which meter?", hint="METER and its new values, or --signed")
    if alias is None:
        raise BadInput("the meter has not signed", hint="--key names the key that it has now")
    wanted = _wanted(env, file, one)
    known_meter(env, number)
    per_day = 86_400 // env.deployment.slot_seconds
    days = {(number, slot // per_day) for slot in wanted}
    records = {**day_records(env.contracts, days)}
    known = _known(env, number, wanted, records)
    spans = list(changed_spans(known, wanted, _apart(env, number, known)))
    if not spans:
        raise BadInput(
            f"nothing to correct: meter {number} has these values already",
            hint="'p2pchain trades --meter' shows what was read",
        )
    key = env.meter_key(alias)
    numbers = {day: next_number(records.get((number, day), [])) for _, day in days}
    corrections = []
    for span in spans:
        day = span.start // per_day
        values = [wanted.get(slot, known[slot]) for slot in span]
        correction = Correction.of(number, span.start, numbers[day], values)
        corrections.append(sign_correction(env.contracts, key, correction))
        numbers[day] += 1
    return corrections


def _wanted(
    env: Env, file: Path | None, one: tuple[str | None, str | None, str | None]
) -> dict[int, Pair]:
    from p2pchain.meter import read_measured
    from p2pchain.units import parse_energy

    time, imported, exported = one
    if file is not None:
        if one != (None, None, None):
            raise BadInput("values in a file and as options", hint="give one of them")
        measured = read_measured(file, slot_seconds=env.deployment.slot_seconds, zone=env.zone)
        return measured.values
    if time is None or imported is None or exported is None:
        raise BadInput(
            "what should the meter have read?",
            hint="a file of new values, or --slot, --import and --export, all three",
        )
    return {slot_number(env, time): (parse_energy(imported), parse_energy(exported))}


def _known(env: Env, number: int, wanted: dict[int, Pair], records: Records) -> dict[int, Pair]:
    """Return what was read in the days at hand; every slot that is wanted must be there."""
    from p2pchain.evidence import effective

    known: dict[int, Pair] = {}
    for mine in records.values():
        known |= effective(mine)
    for slot in wanted:
        if slot not in known:
            raise Refused(
                "NotRead",
                (number, slot),
                "only what was read is corrected; what is missing can still be posted",
                message=f"{slot_text(env, slot)} of meter {number} was never read",
            )
    return known


def _apart(env: Env, number: int, known: dict[int, Pair]) -> Any:
    """Return what tells apart slots that one correction cannot cover: day, terms, settlement."""
    from p2pchain.runs_market import Runs

    per_day = 86_400 // env.deployment.slot_seconds
    call_of: dict[int, int] = {}
    if env.contracts.metering.head_of(number).enrolled:
        runs = Runs(env.market)
        for place, call in enumerate(runs.calls({slot // WINDOW_SLOTS for slot in known})):
            index = env.market.meters().index(number) if number in env.market.meters() else -1
            if call.from_index <= index < call.until_index:
                windows = range(call.first_window, call.first_window + call.windows)
                call_of |= dict.fromkeys(windows, place)

    def apart(slot: int) -> tuple[int, int, int]:
        _, until = env.contracts.registry.terms_at(number, slot)
        return slot // per_day, until, call_of.get(slot // WINDOW_SLOTS, -1)

    return apart


# files


def _domain(env: Env) -> Any:
    from p2pchain.eip712 import metering_domain

    return metering_domain(env.deployment.chain_id, env.deployment.contracts["Metering"])


def _load(env: Env, path: Path) -> list[Correction]:
    from p2pchain.meter.corrections import read_corrections

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}", hint="--save writes it") from None
    return read_corrections(text, str(path), _domain(env))


def _save(env: Env, out: Output, path: Path, corrections: Sequence[Correction]) -> None:
    from p2pchain.meter.corrections import write_corrections

    try:
        with path.open("w", encoding="utf-8") as stream:
            write_corrections(stream, corrections, _domain(env))
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None
    slots = sum(correction.slots for correction in corrections)
    out.fields(
        {"saved": str(path), "corrections": len(corrections), "slots": slots},
        {
            "saved": f"{len(corrections)} corrections of {slots} slots in {path}",
            "next": f"the operator hands it in: 'p2pchain meter correct --signed {path}'",
        },
    )


# handing in


def _hand_in(env: Env, out: Output, corrections: Sequence[Correction], dry_run: bool) -> None:
    """Send the corrections one by one; all that can be known beforehand is looked at first."""
    ready = [one for one in corrections if not _is_in(env, one)]
    for correction in ready:
        _check(env, correction)
    firsts = {(c.meter, _day(env, c)): c for c in reversed(ready)}
    calls = [_call(env, correction) for correction in firsts.values()]
    for call in calls:
        env.chain.call(call.to, call.data, sender=env.address)
    slots = sum(correction.slots for correction in corrections)
    meters = ", ".join(str(meter) for meter in sorted({c.meter for c in corrections}))
    what = (
        f"correct {slots} slots of meter {meters} from "
        f"{slot_text(env, min(c.first_slot for c in corrections))} on, "
        f"in {len(corrections)} corrections"
    )
    if dry_run:
        tell_dry_run(env, out, calls, what)
        return
    if ready:
        env.confirm(f"{what}?")
    receipts = [env.sender.send(_call(env, correction)) for correction in ready]
    rows = _rows(env, corrections, receipts)
    moved = sum(row["supplier_nano"] or 0 for row in rows)
    result: dict[str, Any] = {"corrections": rows, "supplier_nano": moved}
    if not out.as_json:
        side = "gives" if moved >= 0 else "takes"
        runs = sorted({row["run"] for row in rows if row["run"] is not None})
        result = {"the supplier": f"{side} {shown_money(env, abs(moved))}"}
        if runs:
            result["run"] = ", ".join(map(str, runs))
    done(env, out, what, receipts, result)


def _is_in(env: Env, correction: Correction) -> bool:
    """Whether a correction has been taken already, as when this command was cut off."""
    from p2pchain.chain import events as log
    from p2pchain.chain.bindings.metering import ReadingCorrected

    return any(
        isinstance(event := entry.event, ReadingCorrected)
        and event.signature == correction.signature
        and (event.meter, event.number) == (correction.meter, correction.number)
        for entry in log.read(env.contracts, kinds=(ReadingCorrected,))
    )


def _check(env: Env, correction: Correction) -> None:
    """Raise Refused where a correction is too early or too late, in words of its slots."""
    known_meter(env, correction.meter)
    if not env.contracts.metering.head_of(correction.meter).enrolled:
        return
    if not env.contracts.markets.member_of(env.market.id, correction.meter).member:
        raise BadInput(f"meter {correction.meter} is in another market", hint="--market names it")
    now = env.chain.block().timestamp
    final = env.contracts.settlement.final_at(env.market.id, correction.first_slot // WINDOW_SLOTS)
    if now >= final:
        raise Refused(
            "Final",
            (correction.first_slot // WINDOW_SLOTS,),
            "what is final is settled between owner and supplier, outside the market",
            message=f"{slot_text(env, correction.first_slot)} is final since "
            f"{time_text(env, final)}: its last run is over",
        )


def _call(env: Env, correction: Correction) -> Call:
    from p2pchain.runs_market import Runs, correct_alone_call

    if env.contracts.metering.head_of(correction.meter).enrolled:
        return Runs(env.market).correct_call(correction)
    return correct_alone_call(env.contracts, correction)


def _day(env: Env, correction: Correction) -> int:
    return correction.first_slot * env.deployment.slot_seconds // 86_400


def _rows(
    env: Env, corrections: Sequence[Correction], receipts: Sequence[Receipt]
) -> list[dict[str, Any]]:
    from p2pchain.chain.bindings.settlement import CorrectionSettled
    from p2pchain.chain.events import of_receipt

    settled = {
        (event.meter, event.first_slot, event.number): event
        for receipt in receipts
        for event in of_receipt(env.contracts, receipt)
        if isinstance(event, CorrectionSettled)
    }
    rows = []
    for c in corrections:
        event = settled.get((c.meter, c.first_slot, c.number))
        row: dict[str, Any] = {"meter": c.meter, "first_slot": c.first_slot, "slots": c.slots}
        row |= {"number": c.number, "run": event.run if event else None}
        rows.append({**row, "supplier_nano": event.supplier_nano if event else None})
    return rows
