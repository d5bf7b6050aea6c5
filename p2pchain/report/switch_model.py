"""The figures of a run with switches of supplier, as integers, and their JSON form.

Energy in Wh, money in nano-currency (1e-9). Whoever fills these records takes the figures from the
chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class StoryLine:
    """What happened to a customer, when (local time), and the gas that it took."""

    when_local: str
    text: str
    gas: int


@dataclass(frozen=True, slots=True)
class Stay:
    """With which supplier a home was, what it took, what of that came from neighbours, and what
    its slots cost in all. `counts_for`: the supplier whose slots they are after an error."""

    supplier: str
    from_local: str
    until_local: str
    import_wh: int
    bought_wh: int
    cost_nano: int
    counts_for: str | None = None


@dataclass(frozen=True, slots=True)
class SwitchHome:
    """A home: what happened to it, and with whom it was."""

    id: str
    timeline: tuple[StoryLine, ...]
    stays: tuple[Stay, ...]


@dataclass(frozen=True, slots=True)
class Owed:
    """What a supplier owes for a clock that he has missed, or an error that he has caused."""

    clock: str
    supplier: str
    amount_nano: int


@dataclass(frozen=True, slots=True)
class Crossed:
    """What customers of one supplier have sold to those of another, and were paid."""

    seller: str
    buyer: str
    wh: int
    nano: int


@dataclass(frozen=True, slots=True)
class SwitchReport:
    """A run: who switched when, what it cost, and what was checked."""

    title: str
    from_local: str
    days: int
    timezone: str
    currency: str
    rules: str
    chain: str
    suppliers: Mapping[int, str]
    failed: tuple[int, ...]
    homes: tuple[SwitchHome, ...]
    owed: tuple[Owed, ...]
    crossed: tuple[Crossed, ...]
    switches: int
    handovers: int
    checks: Mapping[str, bool]
    gas_switching: int
    gas_market: int
    seconds: float
    attribution: str

    @property
    def passed(self) -> bool:
        """Whether every check has held."""
        return all(self.checks.values())

    @property
    def moved(self) -> tuple[SwitchHome, ...]:
        """The homes to which something happened."""
        return tuple(home for home in self.homes if home.timeline)


def to_json(report: SwitchReport) -> dict[str, Any]:
    """Return the report as plain values for a JSON file."""
    found = asdict(report)
    found["suppliers"] = {str(number): name for number, name in report.suppliers.items()}
    return {"schema": SCHEMA, "kind": "switch", **found, "passed": report.passed}
