"""The year of 13 homes of one community that comes with the package; see the data's README."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from importlib.resources import files
from typing import Final

from p2pchain.data.homes import HOUR, Community, Home, Profiles
from p2pchain.errors import BadInput
from p2pchain.units import parse_date, parse_zone, slot_of

FONTANA_ZONE: Final = "America/Los_Angeles"
FONTANA_CURRENCY: Final = "USD"
FONTANA_FEED_IN_NANO: Final = 50_000
FONTANA_FIRST_DAY: Final = date(2016, 8, 1)
FONTANA_ATTRIBUTION: Final = (
    "Data: CityLearn Challenge 2022 (Nweye, Nagy et al.), "
    "measured by EPRI, Sierra Crest, Fontana CA"
)


def load_fontana(
    from_date: date | str = "2017-06-12",
    days: int = 2,
    homes: int | Sequence[str] | None = None,
) -> Community:
    """Return the shipped homes over whole local days: hourly slots, all-in retail, feed-in 0.05.

    `homes` is how many (the first ones), which ones by id, or None for all 13. On 6 November 2016
    one hour is missing, on 12 March 2017 the clock has 23 (see the data's README). Raises BadInput.
    """
    first = parse_date(from_date) if isinstance(from_date, str) else from_date
    if days < 1:
        raise BadInput(f"{days} days: there must be at least one")
    header, rows = _table("fontana13_60min.csv.gz")
    chosen = _choose([name[:3] for name in header[1::2]], homes)
    prices = {row[0]: int(row[1]) for row in _table("sce_tou_60min.csv.gz")[1]}
    labels = (f"{first}T00:00", f"{first + timedelta(days=days)}T00:00")
    start, end = date.fromisoformat(rows[0][0][:10]), date.fromisoformat(rows[-1][0][:10])
    if first < start or first + timedelta(days=days - 1) > end:
        raise BadInput(
            f"{days} days from {first} lie outside the data", hint=f"it covers {start} to {end}"
        )
    zone = parse_zone(FONTANA_ZONE)
    slots, values, retail = [], [], []
    for row in rows:
        slot = _fontana_slot(row[0], zone) if labels[0] <= row[0] < labels[1] else None
        if slot is not None:
            slots.append(slot)
            values.append([int(cell) for cell in row[1:]])
            retail.append(prices[row[0]])
    built = tuple(
        Home(name, tuple(row[2 * at] for row in values), tuple(row[2 * at + 1] for row in values))
        for at, name in chosen
    )
    return Community(
        profiles=Profiles(tuple(slots), HOUR, built),
        zone=FONTANA_ZONE,
        currency=FONTANA_CURRENCY,
        retail_nano=tuple(retail),
        feed_in_nano=FONTANA_FEED_IN_NANO,
        attribution=FONTANA_ATTRIBUTION,
    )


def _table(name: str) -> tuple[list[str], list[list[str]]]:
    raw = (files("p2pchain") / "data" / name).read_bytes()
    rows = list(csv.reader(io.StringIO(gzip.decompress(raw).decode())))
    return rows[0], rows[1:]


def _choose(known: list[str], wanted: int | Sequence[str] | None) -> list[tuple[int, str]]:
    if wanted is None:
        wanted = len(known)
    if isinstance(wanted, int):
        if not 1 <= wanted <= len(known):
            raise BadInput(f"{wanted} homes: there are 1 to {len(known)}")
        return list(enumerate(known[:wanted]))
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted or len(set(wanted)) != len(wanted):
        raise BadInput(
            f"unknown home '{unknown[0]}'" if unknown else "each home once, and at least one",
            hint=f"there are {', '.join(known)}",
        )
    return [(known.index(name), name) for name in wanted]


def _fontana_slot(label: str, zone: tzinfo) -> int | None:
    """The slot of a wall-clock hour: the first of two, None for one that the clock skips."""
    local = datetime.fromisoformat(label)
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        return None
    return slot_of(moment, HOUR)
