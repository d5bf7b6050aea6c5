"""Measured homes: the year that comes with the package, and users' own CSV files.

A home is a series of load and solar generation in Wh per slot; what its meter measures is the
difference, import = max(load - pv, 0) and export = max(pv - load, 0). Slots are UTC. Source,
licence and known faults of the shipped year: `p2pchain/data/README.md`.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from importlib.resources import files
from pathlib import Path
from typing import Final

from p2pchain.errors import BadInput
from p2pchain.model import DAY_SECONDS
from p2pchain.units import parse_date, parse_time, parse_zone, slot_of, slot_start

FONTANA_ZONE: Final = "America/Los_Angeles"
FONTANA_CURRENCY: Final = "USD"
FONTANA_FEED_IN_NANO: Final = 50_000
FONTANA_FIRST_DAY: Final = date(2016, 8, 1)
FONTANA_ATTRIBUTION: Final = (
    "Data: CityLearn Challenge 2022 (Nweye, Nagy et al.), "
    "measured by EPRI, Sierra Crest, Fontana CA"
)
MAX_SLOT_WH: Final = (1 << 24) - 1
_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Home:
    """One home: load and solar generation in Wh, slot by slot."""

    id: str
    load_wh: tuple[int, ...]
    pv_wh: tuple[int, ...]

    @property
    def import_wh(self) -> tuple[int, ...]:
        """What the meter takes from the grid, Wh per slot."""
        return tuple(max(a - b, 0) for a, b in zip(self.load_wh, self.pv_wh, strict=True))

    @property
    def export_wh(self) -> tuple[int, ...]:
        """What the meter gives to the grid, Wh per slot."""
        return tuple(max(b - a, 0) for a, b in zip(self.load_wh, self.pv_wh, strict=True))


@dataclass(frozen=True, slots=True)
class Profiles:
    """Homes over the same slots, in order; a slot that is missing is left out, never zero."""

    slots: tuple[int, ...]
    slot_seconds: int
    homes: tuple[Home, ...]

    def batches(self) -> list[range]:
        """Return positions of consecutive slots within one UTC day: what one reading may hold."""
        per_day = DAY_SECONDS // self.slot_seconds
        runs: list[range] = []
        start = 0
        for place in range(1, len(self.slots) + 1):
            before = self.slots[place - 1]
            if place == len(self.slots) or (
                self.slots[place] != before + 1 or self.slots[place] // per_day != before // per_day
            ):
                runs.append(range(start, place))
                start = place
        return runs


@dataclass(frozen=True, slots=True)
class Community:
    """Homes with the prices that belong to them, nano-currency per Wh."""

    profiles: Profiles
    zone: str
    currency: str
    retail_nano: tuple[int, ...]
    feed_in_nano: int
    attribution: str

    @property
    def slots(self) -> tuple[int, ...]:
        return self.profiles.slots

    @property
    def homes(self) -> tuple[Home, ...]:
        return self.profiles.homes

    def retail_days(self) -> list[tuple[int, tuple[int, ...]]]:
        """Return (first slot, 24 retail prices by UTC hour) of each tariff version that is needed.

        A day like the one before needs no version of its own. Hours in which there is no data take
        the price of the nearest hour before (at the beginning: behind) that has some.
        """
        slot_seconds = self.profiles.slot_seconds
        per_day = DAY_SECONDS // slot_seconds
        prices = dict(zip(self.slots, self.retail_nano, strict=True))
        last = self.retail_nano[0]
        versions: list[tuple[int, tuple[int, ...]]] = []
        for day in range(self.slots[0] // per_day, self.slots[-1] // per_day + 1):
            hours = []
            for hour in range(24):
                last = prices.get(day * per_day + hour * _HOUR // slot_seconds, last)
                hours.append(last)
            if not versions or versions[-1][1] != tuple(hours):
                versions.append((day * per_day, tuple(hours)))
        return versions


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
        profiles=Profiles(tuple(slots), _HOUR, built),
        zone=FONTANA_ZONE,
        currency=FONTANA_CURRENCY,
        retail_nano=tuple(retail),
        feed_in_nano=FONTANA_FEED_IN_NANO,
        attribution=FONTANA_ATTRIBUTION,
    )


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
    return slot_of(moment, _HOUR)


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


def best_gain_nano(community: Community) -> int:
    """Return the most that the homes can gain by trading with each other, in nano-currency.

    Closed form: in each slot every Wh that can be matched, min(sum of imports, sum of exports),
    saves the retail price and gives up the feed-in price; nothing else can be gained without
    storage. `tests/test_optimum.py` confirms it with a linear program.
    """
    imported = [sum(slot) for slot in zip(*(h.import_wh for h in community.homes), strict=True)]
    exported = [sum(slot) for slot in zip(*(h.export_wh for h in community.homes), strict=True)]
    return sum(
        min(bought, sold) * max(retail - community.feed_in_nano, 0)
        for bought, sold, retail in zip(imported, exported, community.retail_nano, strict=True)
    )


def slots_per_local_day(slots: Iterable[int], slot_seconds: int, zone: str) -> dict[date, int]:
    """Return how many slots each local day has (23, 24 or 25 hours where the clocks change)."""
    tz = parse_zone(zone)
    days: dict[date, int] = {}
    for slot in slots:
        day = slot_start(slot, slot_seconds).astimezone(tz).date()
        days[day] = days.get(day, 0) + 1
    return days
