"""What a measured home is, and a community of them with its prices.

A home is a series of load and solar generation in Wh per slot; what its meter measures is the
difference, import = max(load - pv, 0) and export = max(pv - load, 0). Slots are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from p2pchain.model import DAY_SECONDS
from p2pchain.units import parse_zone, slot_start

HOUR: Final = 3600


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
                last = prices.get(day * per_day + hour * HOUR // slot_seconds, last)
                hours.append(last)
            if not versions or versions[-1][1] != tuple(hours):
                versions.append((day * per_day, tuple(hours)))
        return versions


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
