"""Gas: cubic metres behind the Wh, and the readable twin of `contracts/Volumes.sol`.

A gas meter counts volume. Its energy is volume x calorific value x correction for pressure and
temperature: kWh = m3 x MJ/m3 x factor / 3.6, as on British gas bills. Here litres, kJ/m3 and
millionths, so that all of it is whole numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from p2pchain.errors import BadInput, Refused
from p2pchain.metering import MeteringTwin
from p2pchain.points import Fuel, PointsTwin

#: Litres to cubic metres, millionths, kJ to Wh (Volumes.SCALE).
SCALE: Final = 3_600_000_000
#: The correction that British gas bills use where nothing else is measured: 1.02264 (Gas
#: (Calculation of Thermal Energy) Regulations 1996, regulation 6).
STANDARD_CORRECTION_PPM: Final = 1_022_640


@dataclass(frozen=True, slots=True)
class Volume:
    """What a gas meter has counted in slots [from_slot, until_slot) (IVolumes.Volume)."""

    point: int
    meter: int
    from_slot: int
    until_slot: int
    from_litres: int
    until_litres: int
    calorific_kj: int
    correction_ppm: int
    from_wh: int
    until_wh: int


@dataclass(frozen=True, slots=True)
class VolumeHead:
    """Where the records of a meter stand (IVolumes.VolumeHead)."""

    until_slot: int = 0
    litres: int = 0
    wh: int = 0


def energy_wh(litres: int, calorific_kj: int, correction_ppm: int) -> int:
    """Return the energy of a volume in Wh, rounded down."""
    return litres * calorific_kj * correction_ppm // SCALE


def increments_wh(litres: Sequence[int], calorific_kj: int, correction_ppm: int) -> list[int]:
    """Return the Wh of each slot between these counters, one after another, so that they add up to
    the energy of the whole. Raises BadInput for a counter that falls."""
    if any(after < before for before, after in pairwise(litres)):
        raise BadInput(
            "the counter falls", hint="a meter that was exchanged begins a file of its own"
        )
    reached = [energy_wh(one - litres[0], calorific_kj, correction_ppm) for one in litres]
    return [after - before for before, after in pairwise(reached)]


class VolumesTwin:
    """The volumes of all gas meters."""

    def __init__(self, metering: MeteringTwin, points: PointsTwin) -> None:
        self._metering, self._points = metering, points
        self.heads: defaultdict[int, VolumeHead] = defaultdict(VolumeHead)

    def post(self, volume: Volume, *, signed: bool = True) -> None:
        """Keep a record; `signed`: by the key that was the meter's in all of its slots."""
        v = volume
        if v.from_slot >= v.until_slot or v.from_litres > v.until_litres:
            raise Refused("EmptyVolume")
        self._require_gas_meter(v)
        head = self.heads.get(v.meter)
        if head is None:
            slot, (wh, _) = self._metering.origins.get(v.meter, (0, (0, 0)))
            head = VolumeHead(slot, v.from_litres, wh)
        if (v.from_slot, v.from_litres, v.from_wh) != (head.until_slot, head.litres, head.wh):
            raise Refused("NotContinuous")
        litres = v.until_litres - v.from_litres
        if v.until_wh != v.from_wh + energy_wh(litres, v.calorific_kj, v.correction_ppm):
            raise Refused("WrongEnergy")
        register = self._metering.heads[v.meter]
        if (register.next_slot, register.registers[0]) != (v.until_slot, v.until_wh):
            raise Refused("NotTheRegister")
        if not signed:
            raise Refused("NotSignedByMeter")
        self.heads[v.meter] = VolumeHead(v.until_slot, v.until_litres, v.until_wh)

    def _require_gas_meter(self, v: Volume) -> None:
        if self._points.point(v.point).fuel != Fuel.GAS:
            raise Refused("NoGasMeter")
        slot = v.from_slot
        while slot < v.until_slot:
            standing, slot = self._points.standing_at(v.point, slot)
            if standing.meter != v.meter:
                raise Refused("NoGasMeter")
