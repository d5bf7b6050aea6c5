"""Readings that a meter signed slot by slot, taken together as one record.

A record costs about as much to take as a window has slots, so consecutive slots go together, each
with its own signature: the rule of `IMetering.Reading.signature`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from p2pchain.model import Reading

SIGNATURE_BYTES: Final = 65


def runs(readings: Sequence[Reading], slots_per_day: int) -> Iterator[range]:
    """Yield the places of readings that `join` makes one record of, in their order; single ones
    too."""
    start = 0
    for place, (one, following) in enumerate(pairwise(readings), 1):
        if not _goes_on(one, following, slots_per_day):
            yield range(start, place)
            start = place
    if readings:
        yield range(start, len(readings))


def join(readings: Sequence[Reading]) -> Reading:
    """Return the record of readings that follow each other as `runs` finds them."""
    first = readings[0]
    if len(readings) == 1:
        return first
    values = [value for reading in readings for value in reading.values]
    whole = Reading.of(
        first.meter, first.first_slot, first.import_wh, first.export_wh, values, first.quality
    )
    return whole.signed(b"".join(reading.signature for reading in readings))


def signed_parts(record: Reading) -> list[Reading]:
    """Return what was signed: the single slots of a joined record, else the record itself."""
    if record.slots == 1 or len(record.signature) != record.slots * SIGNATURE_BYTES:
        return [record]
    begins = range(0, len(record.signature), SIGNATURE_BYTES)
    return [
        single.signed(record.signature[begin : begin + SIGNATURE_BYTES])
        for single, begin in zip(by_slot(record), begins, strict=True)
    ]


def by_slot(record: Reading) -> list[Reading]:
    """Return an unsigned reading for each slot of a record."""
    found: list[Reading] = []
    registers = record.import_wh, record.export_wh
    for slot, value in enumerate(record.values, record.first_slot):
        found.append(Reading.of(record.meter, slot, *registers, [value], record.quality))
        registers = found[-1].closing
    return found


def _goes_on(reading: Reading, following: Reading, slots_per_day: int) -> bool:
    """Both are signed for one slot of the same UTC day, and the second continues the first."""
    return (
        all(
            one.slots == 1 and len(one.signature) == SIGNATURE_BYTES for one in (reading, following)
        )
        and (reading.meter, reading.quality) == (following.meter, following.quality)
        and reading.until_slot == following.first_slot
        and reading.closing == (following.import_wh, following.export_wh)
        and reading.first_slot // slots_per_day == following.first_slot // slots_per_day
    )
