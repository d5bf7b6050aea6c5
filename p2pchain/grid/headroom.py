"""How many Wh a network carries in a slot until the first limit is violated.

What the homes took in a slot (direction down), or gave (up), is scaled as a whole, home by home in
proportion, until one Wh more violates something. The figure is the sum of the homes' meters: what a
market counts against a limit of its edge, losses not included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from p2pchain.errors import CheckFailed
from p2pchain.grid.flow import Flow, Home, PowerFlow, Violation


@dataclass(frozen=True, slots=True)
class Headroom:
    """The most that all homes together can take (`down`) or give (`up`) in a slot of this pattern.

    `slot_wh` is what they did; `carried_wh` what the transformer then carries, with losses; `first`
    what one Wh more violates.
    """

    direction: str
    slot_wh: int
    limit_wh: int
    carried_wh: int
    first: Violation


def headroom(network: PowerFlow, homes: Sequence[Home]) -> tuple[Headroom, ...]:
    """Return the headroom down and up; a direction in which nobody did anything is left out.

    Raises CheckFailed where a limit is violated even without homes.
    """
    if empty := network.solve(()).violations:
        raise CheckFailed(
            f"{empty[0].element} {empty[0].name} is beyond its limit even without any home",
            hint="widen --voltage-band: the voltage above the transformer is not nominal",
        )
    down = [replace(home, export_wh=0) for home in homes]
    up = [replace(home, import_wh=0) for home in homes]
    return tuple(
        _most(network, direction, pattern)
        for direction, pattern in (("down", down), ("up", up))
        if total_wh(pattern)
    )


def total_wh(pattern: Sequence[Home]) -> int:
    """Return what the homes of a pattern took or gave together."""
    return sum(home.import_wh + home.export_wh for home in pattern)


def scaled(pattern: Sequence[Home], wh: int) -> list[Home]:
    """Return the pattern with `wh` in all, each home within 1 Wh of its share."""
    total = total_wh(pattern)
    ends = accumulate(home.import_wh + home.export_wh for home in pattern)
    found, before = [], 0
    for home, end in zip(pattern, ends, strict=True):
        upto = end * wh // total
        share, before = upto - before, upto
        taken = share if home.import_wh else 0
        found.append(replace(home, import_wh=taken, export_wh=share - taken))
    return found


def _most(network: PowerFlow, direction: str, pattern: Sequence[Home]) -> Headroom:
    low, high = 0, total_wh(pattern)
    while not _violates(network, pattern, high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if _violates(network, pattern, middle):
            high = middle
        else:
            low = middle
    most: Flow = network.solve(scaled(pattern, low))
    return Headroom(
        direction=direction,
        slot_wh=total_wh(pattern),
        limit_wh=low,
        carried_wh=most.down_wh + most.up_wh,
        first=network.solve(scaled(pattern, high)).violations[0],
    )


def _violates(network: PowerFlow, pattern: Sequence[Home], wh: int) -> bool:
    try:
        return bool(network.solve(scaled(pattern, wh)).violations)
    except CheckFailed:  # far beyond any limit there is no solution at all
        return True
