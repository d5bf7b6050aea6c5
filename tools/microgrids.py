"""Write the hourly extracts of p2pchain/data/swiss from the measured sets.

python tools/microgrids.py FOLDER            write them
python tools/microgrids.py FOLDER --check    fail where the shipped ones hold something else

FOLDER holds three CSV files: swiss100_15min.csv (iso_week, weekday, quarter_hour, then kWh by
home), home_fr_30min.csv (start_utc, ..., pv_w: mean power) and paired60_pairs.csv (home, scale of
the French roof). p2pchain/data/swiss/README.md says where they come from and what is done here.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import io
import sys
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

SHIPPED = Path(__file__).resolve().parents[1] / "p2pchain" / "data" / "swiss"
# The calendar of the year whose Fontana days stand for the common days, and that of the roof.
COMMON_YEAR, SUN_YEAR = 2016, 2024
WEEKS = (45, 46, 47)
ROOFS, BARE, CONSUMERS = 8, 8, 12
Day = tuple[int, int]  # ISO week, ISO weekday


def read_homes(path: Path) -> dict[str, dict[Day, list[int]]]:
    """Return Wh per quarter hour, 96 a day, by home and day."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    days: dict[Day, list[list[int]]] = {}
    for row in rows:
        day = days.setdefault((int(row[0]), int(row[1])), [])
        if int(row[2]) != len(day):
            raise SystemExit(f"quarter hour {row[2]} of week {row[0]}, day {row[1]}: out of order")
        day.append([_wh(cell) for cell in row[3:]])
    short = [day for day, quarters in days.items() if len(quarters) != 96]
    if short:
        raise SystemExit(f"days that have not 96 quarter hours: {short}")
    return {
        home: {day: [row[at] for row in quarters] for day, quarters in days.items()}
        for at, home in enumerate(header[3:])
    }


def is_sound(days: dict[Day, list[int]]) -> bool:
    """Tell whether it looks like one household at home whose meter worked, in all weeks."""
    series = [wh for quarters in days.values() for wh in quarters]
    return (
        5_000 * len(days) <= sum(series) <= 40_000 * len(days)
        and min(map(sum, days.values())) >= 3_000
        and series.count(0) * 50 < len(series)
        and max(len(list(run)) for _, run in groupby(series)) < 16
    )


def hours(quarters: Sequence[int]) -> list[int]:
    """Return the sums of four by four."""
    return [sum(quarters[at : at + 4]) for at in range(0, len(quarters), 4)]


def read_sun(path: Path) -> dict[Day, list[Decimal]]:
    """Return Wh per hour of the French roof by day of SUN_YEAR, on the clock of Paris.

    Upstream leaves the night empty: that is zero. A gap within the day's sun is refused.
    """
    paris = ZoneInfo("Europe/Paris")
    power: dict[Day, list[str]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            local = datetime.fromisoformat(row["start_utc"]).astimezone(paris)
            year, week, weekday = local.isocalendar()
            if year == SUN_YEAR and week in WEEKS:
                day = power.setdefault((week, weekday), [])
                if local.hour * 60 + local.minute != 30 * len(day):
                    raise SystemExit(f"{row['start_utc']}: out of order")
                day.append(row["pv_w"])
    for key, cells in power.items():
        lit = [at for at, cell in enumerate(cells) if cell and Decimal(cell) > 0]
        if len(cells) != 48 or not lit or lit[0] > 20 or lit[-1] < 31:
            raise SystemExit(f"week {key[0]}, day {key[1]}: no whole day of sun")
        if "" in cells[lit[0] : lit[-1]]:
            raise SystemExit(f"week {key[0]}, day {key[1]}: a gap in the sun")
    return {
        key: [(Decimal(cells[at] or 0) + Decimal(cells[at + 1] or 0)) / 2 for at in range(0, 48, 2)]
        for key, cells in power.items()
    }


def carried(values: Iterable[Decimal]) -> list[int]:
    """Return whole numbers that sum to the sum rounded once: steps of a rounded register."""
    total, before, steps = Decimal(0), 0, []
    for value in values:
        total += value
        after = int(total.to_integral_value(rounding=ROUND_HALF_EVEN))
        steps.append(after - before)
        before = after
    return steps


def choose(
    homes: dict[str, dict[Day, list[int]]], scales: dict[str, Decimal]
) -> tuple[list[str], list[str]]:
    """Return the homes of both groups: sound ones, in the order of the SHA-256 of their id."""
    sound = sorted(
        (home for home, days in homes.items() if is_sound(days)),
        key=lambda home: hashlib.sha256(home.encode()).digest(),
    )
    roofs = [home for home in sound if home in scales][:ROOFS]
    bare = [home for home in sound if home not in scales]
    # In turns, so that the first few of the group are mixed too.
    paired = [home for two in zip(roofs, bare[:BARE], strict=True) for home in two]
    return paired, bare[BARE : BARE + CONSUMERS]


def table(
    homes: dict[str, dict[Day, list[int]]],
    chosen: Sequence[str],
    scales: dict[str, Decimal],
    sun: dict[Day, list[Decimal]],
) -> bytes:
    """Return one group as a CSV file that `p2pchain.data.load_csv` takes."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    columns = [(home, kind) for home in chosen for kind in ("load", "pv")[: 1 + (home in scales)]]
    writer.writerow(["start_local", *(f"{home}_{kind}_wh" for home, kind in columns)])
    for day in ((week, weekday) for week in WEEKS for weekday in range(1, 8)):
        series = [
            hours(homes[home][day])
            if kind == "load"
            else carried(wh * scales[home] for wh in sun[day])
            for home, kind in columns
        ]
        midnight = datetime.combine(date.fromisocalendar(COMMON_YEAR, *day), datetime.min.time())
        for hour, values in enumerate(zip(*series, strict=True)):
            start = midnight + timedelta(hours=hour)
            writer.writerow([start.isoformat(timespec="minutes"), *values])
    return out.getvalue().encode()


def extracts(folder: Path) -> dict[str, bytes]:
    """Return the text of each shipped file."""
    homes = read_homes(folder / "swiss100_15min.csv")
    with (folder / "paired60_pairs.csv").open(encoding="utf-8", newline="") as file:
        scales = {home: Decimal(scale) for home, scale in list(csv.reader(file))[1:]}
    sun = read_sun(folder / "home_fr_30min.csv")
    paired, consumers = choose(homes, scales)
    return {
        "paired16_60min.csv.gz": table(homes, paired, scales, sun),
        "consumers12_60min.csv.gz": table(homes, consumers, scales, sun),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    differ = []
    for name, text in extracts(args.folder).items():
        path = SHIPPED / name
        if args.check:
            differ += [name] if gzip.decompress(path.read_bytes()) != text else []
        else:
            packed = io.BytesIO()
            with gzip.GzipFile("", "wb", 9, packed, mtime=0) as file:
                file.write(text)
            path.write_bytes(packed.getvalue())
    if differ:
        print(f"not what {args.folder} gives: {', '.join(differ)}")
    return 1 if differ else 0


def _wh(kwh: str) -> int:
    wh = Decimal(kwh) * 1000
    if wh != wh.to_integral_value() or wh < 0:
        raise SystemExit(f"{kwh} kWh are not whole Wh")
    return int(wh)


if __name__ == "__main__":
    sys.exit(main())
