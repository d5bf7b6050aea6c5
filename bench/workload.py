"""The workload of the gas figures: who takes part, at which limits, and what is metered.

N participants, buyers and sellers in turn, as in the workload with which the contracts of other
projects were measured: `random.Random(seed)`, a limit of randint(80, 300) tenths of a cent per kWh
and randint(50, 5000) Wh in each slot. What it takes to make that a metered market is added here:
every second pair states its limit, the others trade at TARIFF; two suppliers, one with prices by
the hour; network charges, levies, tax, a standing charge and a fee.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from eth_hash.auto import keccak

from p2pchain.keys import LocalSigner
from p2pchain.model import TariffRow
from p2pchain.units import TARIFF_BUY, TARIFF_SELL

SLOT_SECONDS = 900
DAY = 86_400
SLOTS_PER_DAY = DAY // SLOT_SECONDS
FUSE_WH = 24_000
PER_TENTH_OF_A_CENT = 1_000  # 0.1 cent per kWh in nano-currency per Wh
TICK_NANO = 1_000
FLOOR_NANO = 50_000
FEE_NANO = 1_000

# Network, levies and tax per imported Wh, and the standing charge of a day.
CHARGES = {"network": 70_000, "levies": 20_000, "tax": 45_000}
STANDING_NANO = 300_000_000
HOURLY = tuple(
    TariffRow(
        energy=230_000 if hour < 7 else 300_000 if 17 <= hour < 21 else 270_000,
        feed_in=80_000,
        imbalance=300_000,
        **CHARGES,
    )
    for hour in range(24)
)
FLAT = (TariffRow(energy=290_000, feed_in=85_000, imbalance=290_000, **CHARGES),)
TARIFFS: tuple[Sequence[TariffRow], ...] = (HOURLY, FLAT)


@dataclass(slots=True)
class Participant:
    """One home: its keys, its limits in nano-currency per Wh, its first slot, its
    registers in Wh."""

    index: int
    sells: bool
    buy_nano: int
    sell_nano: int
    owner: LocalSigner
    meter_key: LocalSigner
    energy: random.Random
    meter: int = 0
    from_slot: int = 0
    import_wh: int = 0
    export_wh: int = 0

    @property
    def supplier(self) -> int:
        """Place of its supplier in TARIFFS."""
        return self.index // 4 % len(TARIFFS)

    def measure(self, slots: int) -> list[tuple[int, int]]:
        """Return import and export Wh of the next slots."""
        volumes = [self.energy.randint(50, 5000) for _ in range(slots)]
        return [(0, wh) if self.sells else (wh, 0) for wh in volumes]


def participants(count: int, seed: int) -> list[Participant]:
    """Return the participants; those of a smaller market are the first ones of a larger."""
    draw = random.Random(seed)
    found = []
    for index in range(count):
        limit = draw.randint(80, 300) * PER_TENTH_OF_A_CENT
        energy = random.Random(draw.getrandbits(64))
        sells = index % 2 == 1
        states = index % 4 >= 2
        found.append(
            Participant(
                index=index,
                sells=sells,
                buy_nano=limit if states and not sells else TARIFF_BUY,
                sell_nano=limit if states and sells else TARIFF_SELL,
                owner=_key(seed, index, "owner"),
                meter_key=_key(seed, index, "meter"),
                energy=energy,
            )
        )
    return found


def _key(seed: int, index: int, use: str) -> LocalSigner:
    return LocalSigner(keccak(f"p2pchain bench {seed} {index} {use}".encode()))
