"""Readings from a CSV file of what a meter measured.

Two kinds, told apart by the header; `_kwh` may stand for `_wh` everywhere:

    time,import_register_wh,export_register_wh   both registers at the beginning of each slot; the
                                                 last row closes the last slot
    start,import_wh,export_wh                    the increase in the slot that begins at `start`

Registers are what a meter signs. With intervals alone the registers at the beginning must be known,
and no slot may be missing in between: what flowed there is in no row. With registers a missing row
is a gap: nothing is signed for its slots, and nothing is lost, because registers go on counting.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from p2pchain.errors import BadInput
from p2pchain.model import DAY_SECONDS, Quality, Reading
from p2pchain.units import parse_time, parse_zone, slot_of

_REGISTERS: Final = ("import_register", "export_register")
_INTERVALS: Final = ("import", "export")
_HINT: Final = "time,import_register_wh,export_register_wh or start,import_wh,export_wh"
_MOST_WH: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Measured:
    """Slot by slot what a meter measured; `registers` where the file has them.

    `values` maps a slot to its (import, export) in Wh, `registers` a slot to both registers at its
    beginning, in Wh.
    """

    values: dict[int, tuple[int, int]]
    registers: dict[int, tuple[int, int]]

    def within(self, first: int | None, end: int | None) -> Measured:
        """Return the slots from `first` on and before `end`."""
        kept = {
            slot: value
            for slot, value in self.values.items()
            if (first is None or slot >= first) and (end is None or slot < end)
        }
        return Measured(kept, self.registers)


def read_measured(path: Path, *, slot_seconds: int, zone: str | None = None) -> Measured:
    """Return what a CSV file says. Raises BadInput with the number of the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist", hint=_HINT) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}", hint="the file is CSV in UTF-8") from None
    lines = _lines(text, path)
    header = next(lines, (1, []))[1]
    names, scale = _columns(header, path)
    tz = parse_zone(zone) if zone else None
    found: dict[int, tuple[int, int]] = {}
    last, last_line = None, 0
    for line, row in lines:
        where = f"{path}, line {line}"
        if len(row) != len(header):
            raise BadInput(f"{where}: {len(row)} cells, the header has {len(header)}", hint=_HINT)
        slot = _slot(row[0], slot_seconds, tz, where)
        if last is not None and slot <= last:
            raise BadInput(
                f"{where}: {row[0]} is not later than the row before",
                hint="each slot once, in the order of time",
            )
        pair = _figure(row[1], scale[0], where), _figure(row[2], scale[1], where)
        if names == _REGISTERS and last is not None:
            before = found[last]
            if pair[0] < before[0] or pair[1] < before[1]:
                raise BadInput(
                    f"{where}: a register falls, from {before} to {pair} Wh",
                    hint=f"compare it with line {last_line}: registers only count up; a new meter "
                    "begins with a new file",
                )
        found[slot] = pair
        last, last_line = slot, line
    if not found:
        raise BadInput(f"{path}: no rows", hint=_HINT)
    return Measured(found, {}) if names == _INTERVALS else _from_registers(found, path)


def to_readings(
    meter: int,
    measured: Measured,
    *,
    slot_seconds: int,
    opening: tuple[int, int] | None = None,
    quality: Quality = Quality.MEASURED,
) -> list[Reading]:
    """Return unsigned readings, each of consecutive slots within one UTC day.

    `opening` are both registers at the first slot, in Wh, for a file of intervals. Raises BadInput
    where they are needed and not given, or where slots are missing in between.
    """
    per_day = DAY_SECONDS // slot_seconds
    readings: list[Reading] = []
    for run in _runs(sorted(measured.values), per_day):
        first = run[0]
        start = measured.registers.get(first, opening)
        if start is None:
            raise BadInput(
                "the registers at the beginning are not known",
                hint="give --import-register and --export-register, or a file of registers",
            )
        if not measured.registers and readings and readings[-1].until_slot != first:
            raise BadInput(
                f"slots {readings[-1].until_slot} to {first - 1} are missing in a file of "
                "intervals, so the registers after them are not known",
                hint="use a file of registers, or sign the part after the gap on its own",
            )
        values = [measured.values[slot] for slot in run]
        readings.append(Reading.of(meter, first, *start, values, quality))
        opening = readings[-1].closing
    return readings


def _from_registers(found: dict[int, tuple[int, int]], path: Path) -> Measured:
    """Only where two rows are one slot apart is it known what flowed in that slot."""
    values = {
        slot: (found[slot + 1][0] - pair[0], found[slot + 1][1] - pair[1])
        for slot, pair in found.items()
        if slot + 1 in found
    }
    if not values:
        raise BadInput(
            f"{path}: no two rows are one slot apart",
            hint="one row at the beginning of each slot, and one at the end of the last",
        )
    return Measured(values, found)


def _runs(slots: Sequence[int], per_day: int) -> Iterator[list[int]]:
    run: list[int] = []
    for slot in slots:
        if run and (slot != run[-1] + 1 or slot // per_day != run[-1] // per_day):
            yield run
            run = []
        run.append(slot)
    if run:
        yield run


def _lines(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise BadInput(f"{path}, line {reader.line_num}: {error}", hint=_HINT) from None


def _columns(header: list[str], path: Path) -> tuple[tuple[str, str], tuple[int, int]]:
    """Return which kind of file it is, and how many Wh one of each column is."""
    parts = [name.rpartition("_") for name in header[1:]]
    names = tuple(name for name, _, _ in parts)
    units = [{"wh": 1, "kwh": 1000}.get(unit, 0) for _, _, unit in parts]
    kind = _REGISTERS if names == _REGISTERS else _INTERVALS
    first = "time" if kind == _REGISTERS else "start"
    if len(header) != 3 or header[0] != first or names != kind or not all(units):
        raise BadInput(f"{path}, line 1: not a header", hint=_HINT)
    return kind, (units[0], units[1])


def _slot(cell: str, slot_seconds: int, zone: tzinfo | None, where: str) -> int:
    try:
        return slot_of(parse_time(cell, zone), slot_seconds)
    except BadInput as error:
        raise BadInput(f"{where}: {error}", hint=error.hint) from None


def _figure(cell: str, scale: int, where: str) -> int:
    try:
        value = Decimal(cell) * scale
    except InvalidOperation:
        raise BadInput(
            f"{where}: '{cell[:40]}' is not a figure",
            hint="leave the whole row out where nothing was measured; missing is not zero",
        ) from None
    if not value.is_finite() or not 0 <= value <= _MOST_WH:
        raise BadInput(f"{where}: {cell[:40]} is not what a meter counts", hint="0 Wh and up")
    if value != value.to_integral_value():
        raise BadInput(
            f"{where}: {cell[:40]} is finer than one Wh", hint="meters count in whole Wh"
        )
    return int(value)
