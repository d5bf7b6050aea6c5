"""Gas meters: counters in cubic metres from a file, to readings in Wh with their volumes.

time,counter_m3
2026-06-01T00:00Z,4711.250
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from p2pchain.errors import BadInput
from p2pchain.model import DAY_SECONDS, Reading
from p2pchain.units import parse_slot
from p2pchain.volumes import Volume, increments_wh

_HEADER: Final = ["time", "counter_m3"]
_HINT: Final = "a header 'time,counter_m3', then the counter at the beginning of each slot"


@dataclass(frozen=True, slots=True)
class GasDay:
    """The slots of a UTC day: the reading in Wh, and the volume behind it, both to be signed."""

    reading: Reading
    volume: Volume


def read_counters(
    path: Path, slot_seconds: int, zone: tzinfo | str | None = None
) -> dict[int, int]:
    """Return litres by slot. Raises BadInput with the number of the line."""
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}", hint=_HINT) from None
    if not rows or rows[0] != _HEADER or len(rows) < 3:
        raise BadInput(f"{path} says nothing of a gas meter", hint=_HINT)
    found: dict[int, int] = {}
    for line, row in enumerate(rows[1:], 2):
        where = f"{path}, line {line}"
        if len(row) != len(_HEADER):
            raise BadInput(f"{where}: {len(row)} cells", hint=_HINT)
        slot = parse_slot(row[0], slot_seconds, zone)
        if found and slot != max(found) + 1:
            raise BadInput(
                f"{where}: {row[0]} is not the next slot", hint="each slot once; none is left out"
            )
        found[slot] = _litres(row[1], where)
    return found


def gas_days(
    point: int,
    meter: int,
    counters: Mapping[int, int],
    opening_wh: int,
    *,
    slot_seconds: int,
    calorific_kj: int,
    correction_ppm: int,
) -> Iterator[GasDay]:
    """Return the days between the counters; `opening_wh` is the register at the first of them.

    The Wh of the slots of a day add up to the energy of its volume. Raises BadInput for a counter
    that falls.
    """
    per_day = DAY_SECONDS // slot_seconds
    slots = sorted(counters)
    start = slots[0]
    while start < slots[-1]:
        stop = min((start // per_day + 1) * per_day, slots[-1])
        litres = [counters[slot] for slot in range(start, stop + 1)]
        values = [(wh, 0) for wh in increments_wh(litres, calorific_kj, correction_ppm)]
        reading = Reading.of(meter, start, opening_wh, 0, values)
        volume = Volume(
            point,
            meter,
            start,
            stop,
            litres[0],
            litres[-1],
            calorific_kj,
            correction_ppm,
            opening_wh,
            reading.closing[0],
        )
        yield GasDay(reading, volume)
        start, opening_wh = stop, reading.closing[0]


def _litres(text: str, where: str) -> int:
    """Cubic metres with at most three decimals, as litres."""
    try:
        litres = Decimal(text.strip()) * 1000
    except InvalidOperation:
        raise BadInput(f"{where}: '{text}' is no counter", hint=_HINT) from None
    if not litres.is_finite() or litres != int(litres) or litres < 0:
        raise BadInput(f"{where}: '{text}' is no counter", hint="at most three decimals")
    return int(litres)
