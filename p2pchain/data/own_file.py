"""Homes from a CSV file of the user's own."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import tzinfo
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from p2pchain.data.homes import Home, Profiles
from p2pchain.errors import BadInput
from p2pchain.units import parse_time, parse_zone, slot_of

MAX_SLOT_WH: Final = (1 << 24) - 1


def load_csv(path: str | Path, *, slot_seconds: int = 3600, zone: str = "UTC") -> Profiles:
    """Return the homes of a user's own file.

    First column `start` (or `start_local`): the beginning of each slot, ISO, in `zone` unless it
    names its own. Then for each home `<id>_load_wh` and `<id>_pv_wh`, or `<id>_import_wh` and
    `<id>_export_wh`; `_kwh` instead of `_wh` is rounded to whole Wh, halves to even, slot by slot.
    The second of a pair may be left out (no solar, no export). A row that is not there is a missing
    slot; an empty cell is refused. Raises BadInput with the line's number.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}", hint="the file is CSV in UTF-8") from None
    return parse_csv(text, path, slot_seconds=slot_seconds, zone=zone)


def parse_csv(text: str, path: Path, *, slot_seconds: int, zone: str) -> Profiles:
    """Return the homes of a text as `load_csv` describes it; `path` is what errors name."""
    reader = _lines(text, path)
    header = next(reader, (1, []))[1]
    columns = _columns(header, path)
    tz = parse_zone(zone)
    slots: list[int] = []
    series: list[list[int]] = [[] for _ in header]
    for line, row in reader:
        where = f"{path}, line {line}"
        if len(row) != len(header):
            raise BadInput(f"{where}: {len(row)} cells, the header has {len(header)}")
        slot = _row_slot(row[0], slot_seconds, tz, where)
        if slots and slot <= slots[-1]:
            raise BadInput(
                f"{where}: {row[0]} is not later than the row before",
                hint="each slot once, in the order of time",
            )
        slots.append(slot)
        for at in range(1, len(row)):
            series[at].append(_cell(row[at], header[at], where))
    if not slots:
        raise BadInput(f"{path}: no rows")
    homes = []
    for name, (first, second) in columns.items():
        zeros = [0] * len(slots)
        values = tuple(series[first]), tuple(series[second] if second else zeros)
        homes.append(Home(name, *values))
    return Profiles(tuple(slots), slot_seconds, tuple(homes))


def _lines(text: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for row in reader:
            if row:
                yield reader.line_num, [cell.strip() for cell in row]
    except csv.Error as error:
        raise BadInput(f"{path}, line {reader.line_num}: {error}") from None


def _columns(header: list[str], path: Path) -> dict[str, tuple[int, int]]:
    """Return by home the places of its two columns; the second is 0 where there is none."""
    hint = "start, then <id>_load_wh and <id>_pv_wh, or <id>_import_wh and <id>_export_wh"
    if len(header) < 2 or header[0] not in ("start", "start_local"):
        raise BadInput(f"{path}, line 1: not a header", hint=hint)
    found: dict[str, dict[str, int]] = {}
    for at, name in enumerate(header[1:], 1):
        parts = name.rsplit("_", 2)
        kind = parts[1] if len(parts) == 3 and parts[2] in ("wh", "kwh") and parts[0] else ""
        if kind not in ("load", "pv", "import", "export"):
            raise BadInput(f"{path}, line 1: column '{name}' is not known", hint=hint)
        if kind in found.setdefault(parts[0], {}):
            raise BadInput(f"{path}, line 1: '{parts[0]}' has two columns for its {kind}")
        found[parts[0]][kind] = at
    columns = {}
    for home, kinds in found.items():
        first, second = ("import", "export") if "import" in kinds else ("load", "pv")
        if first not in kinds or set(kinds) - {first, second}:
            raise BadInput(f"{path}, line 1: '{home}' has {', '.join(kinds)}", hint=hint)
        columns[home] = (kinds[first], kinds.get(second, 0))
    return columns


def _row_slot(cell: str, slot_seconds: int, zone: tzinfo, where: str) -> int:
    try:
        return slot_of(parse_time(cell, zone), slot_seconds)
    except BadInput as error:
        raise BadInput(f"{where}: {error}", hint=error.hint) from None


def _cell(cell: str, column: str, where: str) -> int:
    if not cell:
        raise BadInput(
            f"{where}: {column} is empty",
            hint="leave the whole row out where a slot is missing; missing is not zero",
        )
    try:
        value = Decimal(cell)
    except InvalidOperation:
        raise BadInput(f"{where}: {column} is '{cell[:40]}', not a number") from None
    if not value.is_finite() or value < 0:
        raise BadInput(f"{where}: {column} is {cell[:40]}; energy is a number from 0 up")
    if value > MAX_SLOT_WH:
        raise BadInput(f"{where}: {column} is {cell[:40]}, more than a meter can carry")
    wh = value * 1000 if column.endswith("_kwh") else value
    whole = int(wh.to_integral_value(rounding=ROUND_HALF_EVEN))
    if column.endswith("_wh") and whole != wh:
        raise BadInput(f"{where}: {column} is {cell[:40]}; Wh are whole numbers")
    if whole > MAX_SLOT_WH:
        raise BadInput(f"{where}: {column} is {cell[:40]}, more than a meter can carry")
    return whole
