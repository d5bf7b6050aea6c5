"""Measured homes: what comes with the package, and users' own CSV files.

Sources, licences and known faults: `README.md` in this folder, and in `swiss/`.
"""

from p2pchain.data.fontana import (
    FONTANA_ATTRIBUTION,
    FONTANA_CURRENCY,
    FONTANA_FEED_IN_NANO,
    FONTANA_FIRST_DAY,
    FONTANA_ZONE,
    load_fontana,
)
from p2pchain.data.homes import (
    Community,
    Home,
    Profiles,
    best_gain_nano,
    slots_per_local_day,
)
from p2pchain.data.microgrids import (
    MICROGRID_DAY,
    MICROGRID_NOTES,
    Microgrid,
    load_microgrids,
)
from p2pchain.data.own_file import MAX_SLOT_WH, load_csv

__all__ = [
    "FONTANA_ATTRIBUTION",
    "FONTANA_CURRENCY",
    "FONTANA_FEED_IN_NANO",
    "FONTANA_FIRST_DAY",
    "FONTANA_ZONE",
    "MAX_SLOT_WH",
    "MICROGRID_DAY",
    "MICROGRID_NOTES",
    "Community",
    "Home",
    "Microgrid",
    "Profiles",
    "best_gain_nano",
    "load_csv",
    "load_fontana",
    "load_microgrids",
    "slots_per_local_day",
]
