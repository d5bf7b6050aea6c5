"""What a home will take or give, slot by slot, from what its meter measured before the gate.

The forecast of a slot is the mean of the same time of day over the 28 days before it, as far as
they lie before the gate. Time of day is local: people live by the clock, and so do tariffs; on the
day the clocks change the sun stays behind by an hour. Pass `UTC` as zone for the sun's time.

Net load in Wh: import - export. Positive: the home will buy. Negative: it will sell.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from p2pchain.data import Home, Profiles
from p2pchain.errors import BadInput
from p2pchain.model import DAY_SECONDS
from p2pchain.units import SLOT_SECONDS, parse_zone, slot_start

DAYS: Final = 28
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Net Wh by slot; None where there is no forecast.
Forecast = tuple[int | None, ...]


def net_wh(home: Home) -> tuple[int, ...]:
    """Return import minus export of a home, Wh per slot."""
    return tuple(load - pv for load, pv in zip(home.load_wh, home.pv_wh, strict=True))


def mean_toward_zero(values: Sequence[int]) -> int:
    """Return the mean in whole Wh, cut toward zero: an order is never for more than the mean."""
    total = sum(values)
    mean = abs(total) // len(values)
    return mean if total >= 0 else -mean


def forecast(
    slots: Sequence[int],
    measured_wh: Sequence[int],
    wanted: Iterable[int],
    *,
    gate_slot: int,
    slot_seconds: int,
    zone: tzinfo | str,
) -> Forecast:
    """Return the forecast net Wh of each wanted slot, None where no earlier data bear on it.

    `measured_wh` is the net load in `slots`. Everything at and after `gate_slot` is cut off first.
    A day on which the clocks skip the time, or whose slot is missing, does not count; of a time
    that they show twice the first counts. Raises BadInput: series of two lengths, slots that do not
    grow, a wanted slot before the gate, unknown slot seconds or zone.
    """
    if len(slots) != len(measured_wh):
        raise BadInput(f"{len(slots)} slots and {len(measured_wh)} figures: there must be as many")
    if any(b <= a for a, b in pairwise(slots)):
        raise BadInput("the slots do not grow", hint="each slot once, in the order of time")
    sources = _sources(wanted, gate_slot, slot_seconds, zone)
    return _means(slots, measured_wh, gate_slot, sources)


def day_ahead(
    profiles: Profiles,
    wanted: Sequence[int],
    *,
    zone: tzinfo | str,
    lead_slots: int = 0,
) -> dict[str, Forecast]:
    """Return each home's forecast of the wanted slots, every UTC day from what its gate allows.

    The gate of a day is its beginning less `lead_slots`. `profiles` hold the earlier data too;
    without a month of them the forecast is of fewer days, or None. Raises BadInput as `forecast`,
    or for a gate after the beginning of its day.
    """
    check_lead(lead_slots)
    if any(b <= a for a, b in pairwise(wanted)):
        raise BadInput("the wanted slots do not grow", hint="each slot once, in the order of time")
    found: dict[str, list[int | None]] = {home.id: [] for home in profiles.homes}
    series = {home.id: net_wh(home) for home in profiles.homes}
    for gate, slots in _by_gate(wanted, profiles.slot_seconds, lead_slots).items():
        sources = _sources(slots, gate, profiles.slot_seconds, zone)
        for name, measured in series.items():
            found[name] += _means(profiles.slots, measured, gate, sources)
    return {name: tuple(values) for name, values in found.items()}


def check_lead(lead_slots: int) -> None:
    """Raise BadInput for a gate after the beginning of its day."""
    if lead_slots < 0:
        raise BadInput(
            f"a gate {-lead_slots} slots after the beginning of its day",
            hint="what is known by then is no forecast",
        )


def _by_gate(wanted: Iterable[int], slot_seconds: int, lead_slots: int) -> Mapping[int, list[int]]:
    per_day = DAY_SECONDS // slot_seconds
    gates: dict[int, list[int]] = {}
    for slot in wanted:
        gates.setdefault(slot // per_day * per_day - lead_slots, []).append(slot)
    return gates


def _means(
    slots: Sequence[int],
    measured_wh: Sequence[int],
    gate_slot: int,
    sources: Sequence[Sequence[int]],
) -> Forecast:
    """Means over the sources of each slot, from the data before the gate alone."""
    until = bisect_left(slots, gate_slot)
    since = bisect_left(slots, min((min(s) for s in sources if s), default=gate_slot), 0, until)
    known = dict(zip(slots[since:until], measured_wh[since:until], strict=True))
    means: list[int | None] = []
    for source in sources:
        values = [known[slot] for slot in source if slot in known]
        means.append(mean_toward_zero(values) if values else None)
    return tuple(means)


def _sources(
    wanted: Iterable[int], gate_slot: int, slot_seconds: int, zone: tzinfo | str
) -> list[list[int]]:
    """The slots that each wanted slot is forecast from, known at the gate or not."""
    if slot_seconds not in SLOT_SECONDS:
        raise BadInput(f"slots of {slot_seconds} seconds: there are {SLOT_SECONDS}")
    tz = parse_zone(zone) if isinstance(zone, str) else zone
    sources = []
    for slot in wanted:
        if slot < gate_slot:
            raise BadInput(
                f"slot {slot} lies before its gate {gate_slot}",
                hint="what is known already needs no forecast",
            )
        local = slot_start(slot, slot_seconds).astimezone(tz).replace(tzinfo=None)
        before = (_slot_at(local - timedelta(days=k), slot_seconds, tz) for k in range(1, DAYS + 1))
        sources.append([at for at in before if at is not None])
    return sources


def _slot_at(local: datetime, slot_seconds: int, zone: tzinfo) -> int | None:
    """The slot that begins at a local time, the first of two; None where the clocks skip it."""
    moment = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) != local:
        return None
    return int((moment - _EPOCH).total_seconds()) // slot_seconds
