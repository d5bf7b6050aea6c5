"""Three microgrids of measured homes on common days: a surplus at noon, a mixed one, consumers.

Only the first was measured as it stands. What stands for what is in `MICROGRID_NOTES` and in each
group's `notes`, sentences that a report prints as they are; more in `swiss/README.md`.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Final

from p2pchain.data.fontana import FONTANA_ZONE, load_fontana
from p2pchain.data.homes import HOUR, Community, Home, Profiles
from p2pchain.data.own_file import parse_csv
from p2pchain.errors import BadInput
from p2pchain.units import parse_date, parse_zone, slot_start

#: A day on which homes with roofs trade among themselves and `fontana` and `paired` need each other
#: in turn; the figures are in `swiss/README.md`.
MICROGRID_DAY: Final = date(2016, 11, 26)
MICROGRID_NOTES: Final = (
    "The three microgrids were never neighbours: their days are matched by ISO week and weekday, "
    "weeks 45 to 47, and their hours by the local clock of each, so season and time of day "
    "agree, but weather and holidays do not.",
    "No clock changes on these days: each has 24 hours, each of them once.",
    "All slots are one hour: Fontana is hourly at its source, the finer sets are sums of their "
    "quarter or half hours; nothing is interpolated.",
    "One price sheet holds for all, the time-of-use tariff published with the Fontana homes and "
    "this demonstration's feed-in price: the other homes came without tariffs, and no currency is "
    "converted.",
)

_SWISS: Final = (
    "Loads: A. Weigert, K. Hopf, N. Weinig, T. Staake, University of Bamberg, Residential Energy "
    "Consumption Dataset, CC BY-SA 4.0, summed to hours"
)
_FRENCH: Final = "solar generation: EMHASS, D. Hernandez Torres, MIT licence, scaled"

_FONTANA_NOTES: Final = (
    "fontana: homes of one community, load and solar generation measured at the same homes, "
    "at their own dates and hours; nothing is paired or resampled.",
)
_WINTER: Final = (
    "Swiss homes in the same calendar weeks of a year that their source does not give; "
    "four quarter hours are summed to an hour."
)
_PAIRED_NOTES: Final = (
    f"paired: {_WINTER}",
    "paired: the solar generation is not that of these homes: every second home is given that of "
    "one home in France in the same weeks of 2024, times 0.63 to 1.66; two half hours of mean "
    "power are summed to an hour, and all roofs see the same clouds.",
)
_CONSUMERS_NOTES: Final = (f"consumers: {_WINTER}", "consumers: none has solar generation.")


@dataclass(frozen=True, slots=True)
class Microgrid:
    """Homes that share one local market, and what must be said about their data."""

    name: str
    community: Community
    notes: tuple[str, ...]


def load_microgrids(
    from_date: date | str = MICROGRID_DAY, days: int = 1, homes: int | None = None
) -> tuple[Microgrid, ...]:
    """Return `fontana`, `paired` and `consumers` over the same slots at the same prices.

    `from_date` is the date at Fontana. `homes` is how many of each group (the first ones), or None
    for all: 13, 16 and 12. Raises BadInput.
    """
    first = parse_date(from_date) if isinstance(from_date, str) else from_date
    paired, consumers = _swiss("paired16_60min.csv.gz"), _swiss("consumers12_60min.csv.gz")
    start, end = _day(paired, 0), _day(paired, -1)
    if not (start <= first and 1 <= days <= (end - first).days + 1):
        raise BadInput(
            f"{days} days from {first} lie outside the data of the microgrids",
            hint=f"it covers {start} to {end}",
        )
    if homes is not None and not 1 <= homes <= len(consumers.homes):
        raise BadInput(
            f"{homes} homes in each microgrid: there are 1 to {len(consumers.homes)}",
            hint="leave the number out to take all",
        )
    fontana = load_fontana(first, days, homes)
    return (
        Microgrid("fontana", fontana, _FONTANA_NOTES),
        Microgrid("paired", _beside(fontana, paired, homes, f"{_SWISS}; {_FRENCH}"), _PAIRED_NOTES),
        Microgrid("consumers", _beside(fontana, consumers, homes, _SWISS), _CONSUMERS_NOTES),
    )


def _swiss(name: str) -> Profiles:
    raw = (files("p2pchain") / "data" / "swiss" / name).read_bytes()
    # Its hours are those of the local clock; on the common days they get the slots of Fontana's.
    text = gzip.decompress(raw).decode()
    return parse_csv(text, Path(name), slot_seconds=HOUR, zone=FONTANA_ZONE)


def _day(profiles: Profiles, place: int) -> date:
    return slot_start(profiles.slots[place], HOUR).astimezone(parse_zone(FONTANA_ZONE)).date()


def _beside(fontana: Community, group: Profiles, homes: int | None, attribution: str) -> Community:
    """Return the group's homes in the slots, and at the prices, of the Fontana homes."""
    begin = group.slots.index(fontana.slots[0])
    part = slice(begin, begin + len(fontana.slots))
    cut = tuple(Home(home.id, home.load_wh[part], home.pv_wh[part]) for home in group.homes[:homes])
    return Community(
        profiles=Profiles(group.slots[part], HOUR, cut),
        zone=fontana.zone,
        currency=fontana.currency,
        retail_nano=fontana.retail_nano,
        feed_in_nano=fontana.feed_in_nano,
        attribution=attribution,
    )
