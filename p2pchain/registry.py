"""The readable twin of `contracts/Registry.sol` and `Tariffs.sol`: timelines by slot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from p2pchain.model import TariffRow, Terms, by_hour, utc_hour

T = TypeVar("T")
NEVER = 2**32 - 1


class Timeline(Generic[T]):
    """Values in force from a slot on, latest last."""

    def __init__(self) -> None:
        self._entries: list[tuple[int, T]] = []

    def put(self, from_slot: int, value: T) -> None:
        """From `from_slot` on, `value` holds; what was set for later slots gives way."""
        while self._entries and self._entries[-1][0] >= from_slot:
            self._entries.pop()
        self._entries.append((from_slot, value))

    def at(self, slot: int) -> T | None:
        """Return what holds in a slot, None before the first entry."""
        for from_slot, value in reversed(self._entries):
            if from_slot <= slot:
                return value
        return None

    @property
    def latest(self) -> T | None:
        """What was put last, None where nothing was."""
        return self._entries[-1][1] if self._entries else None

    def drop_latest(self) -> None:
        """Take back what was put last."""
        self._entries.pop()

    def until(self, slot: int) -> int:
        """Return the first later slot in which something else is in force."""
        return min((start for start, _ in self._entries if start > slot), default=NEVER)

    def __iter__(self) -> Iterator[tuple[int, T]]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)


@dataclass(frozen=True, slots=True)
class Area:
    """A node of the area tree; `operator` receives the network charges."""

    parent: int
    operator: str


@dataclass(frozen=True, slots=True)
class Boundary:
    """The meter of what crosses an area's border (import: into the area), and by how much its
    members may differ from it in a day."""

    meter: int
    tolerance_wh: int = 0
    tolerance_ppm: int = 0

    def within(self, members_wh: int, boundary: tuple[int, int]) -> bool:
        """Return whether the members' net import of a day fits the boundary's import and export."""
        differs = abs(members_wh - (boundary[0] - boundary[1]))
        return differs <= self.tolerance_wh + self.tolerance_ppm * sum(boundary) // 1_000_000


@dataclass(frozen=True, slots=True)
class TariffVersion:
    """One row or twenty-four by UTC hour, and the standing charge per UTC day."""

    rows: tuple[TariffRow, ...]
    standing_nano: int = 0


class RegistryTwin:
    """Areas, suppliers, meters with their terms and keys, and the tariffs."""

    def __init__(self, slot_seconds: int) -> None:
        self.slot_seconds = slot_seconds
        self.areas: dict[int, Area] = {}
        self.suppliers: dict[int, str] = {}
        self.area_of: dict[int, int] = {}
        self.boundaries: dict[int, Boundary] = {}
        self.terms: defaultdict[int, Timeline[Terms]] = defaultdict(Timeline)
        self.signers: defaultdict[int, Timeline[bytes]] = defaultdict(Timeline)
        self.tariffs: defaultdict[tuple[int, int], Timeline[TariffVersion]] = defaultdict(Timeline)

    def terms_at(self, meter: int, slot: int) -> Terms | None:
        """Return the terms in force, None before the first."""
        return self.terms[meter].at(slot)

    def owners_from(self, meter: int, slot: int) -> set[str]:
        """Return all owners that the meter has, as things stand, in `slot` and later."""
        running = self.terms_at(meter, slot)
        later = {terms.owner for start, terms in self.terms[meter] if start > slot}
        return later | ({running.owner} if running else set())

    def publish(
        self,
        supplier: int,
        tariff: int,
        from_slot: int,
        rows: Sequence[TariffRow],
        standing_nano: int = 0,
    ) -> None:
        """A version of a tariff is in force from `from_slot` on."""
        version = TariffVersion(tuple(rows), standing_nano)
        self.tariffs[supplier, tariff].put(from_slot, version)

    def row_at(self, supplier: int, tariff: int, slot: int) -> TariffRow | None:
        """Return the row of a slot, None where no version is in force."""
        version = self.tariffs[supplier, tariff].at(slot)
        if version is None:
            return None
        return by_hour(version.rows, utc_hour(slot, self.slot_seconds))

    def standing_at(self, supplier: int, tariff: int, slot: int) -> int:
        """Return the standing charge per UTC day of the version in force, in nano-currency."""
        version = self.tariffs[supplier, tariff].at(slot)
        return version.standing_nano if version else 0

    def member_row(self, meter: int, slot: int) -> TariffRow | None:
        """Return the row of the meter's own tariff in a slot, None without terms or version."""
        terms = self.terms_at(meter, slot)
        return self.row_at(terms.supplier, terms.tariff, slot) if terms else None
