"""The figures of a run over several levels, as integers, and their JSON form.

Energy in Wh, money in nano-currency (1e-9), prices in nano-currency per Wh. Up an edge goes what
is sold out of an area, down what is bought into it. Whoever fills these records takes the figures
from the chain.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class AuctionHour:
    """What an area's own auction matched in a slot, and its price per Wh (None: nothing)."""

    matched_wh: int
    price_nano: int | None


@dataclass(frozen=True, slots=True)
class EdgeHour:
    """What was sent up an edge in a slot to be sold and to be bought, and what crossed it of
    that."""

    sent_up_wh: int
    sent_down_wh: int
    up_wh: int
    down_wh: int


@dataclass(frozen=True, slots=True)
class MeterHour:
    """What a microgrid's meters measured in a slot, and what of it the supplier delivered and
    took."""

    import_wh: int
    export_wh: int
    supplied_wh: int
    fed_in_wh: int


@dataclass(frozen=True, slots=True)
class EdgeResult:
    """The edge from an area to the one above: charge per Wh, limits of a slot, what it carried, and
    what its operator was paid."""

    area: str
    parent: str
    charge_nano: int
    limit_up_wh: int
    limit_down_wh: int
    charged_nano: int
    hours: tuple[EdgeHour, ...]

    @property
    def up_wh(self) -> int:
        """What crossed upward in all slots."""
        return sum(hour.up_wh for hour in self.hours)

    @property
    def down_wh(self) -> int:
        """What crossed downward in all slots."""
        return sum(hour.down_wh for hour in self.hours)

    def fullest(self, upward: bool) -> tuple[int, int]:
        """Return the most that crossed in a slot one way, and the slot's position (the first)."""
        values = [hour.up_wh if upward else hour.down_wh for hour in self.hours]
        most = max(values)
        return most, values.index(most)

    def full_hours(self, upward: bool) -> int:
        """Return in how many slots as much crossed one way as may."""
        limit = self.limit_up_wh if upward else self.limit_down_wh
        values = [hour.up_wh if upward else hour.down_wh for hour in self.hours]
        return sum(0 < wh == limit for wh in values)


@dataclass(frozen=True, slots=True)
class AreaResult:
    """An area with its own auction: a microgrid (`level` 1), a CELL (2), the top (3)."""

    name: str
    level: int
    hours: tuple[AuctionHour, ...]

    @property
    def matched_wh(self) -> int:
        """What its own auction matched in all slots."""
        return sum(hour.matched_wh for hour in self.hours)

    @property
    def price_nano(self) -> int | None:
        """The average price of that, by energy, cut to a whole nano; None where it was nothing."""
        if not self.matched_wh:
            return None
        return sum(h.matched_wh * (h.price_nano or 0) for h in self.hours) // self.matched_wh

    @property
    def traded_hours(self) -> int:
        """In how many slots something was matched."""
        return sum(hour.matched_wh > 0 for hour in self.hours)


@dataclass(frozen=True, slots=True)
class MicrogridResult:
    """A microgrid over the period. Of its homes: what they bought and sold over all levels, at
    which average price (None: nothing), and their bills, with the supplier alone and as paid.
    `notes` and `attribution` are of its data."""

    name: str
    homes: int
    hours: tuple[MeterHour, ...]
    bought_wh: int
    sold_wh: int
    buy_price_nano: int | None
    sell_price_nano: int | None
    bill_supplier_nano: int
    bill_market_nano: int
    notes: tuple[str, ...]
    attribution: str

    @property
    def import_wh(self) -> int:
        return sum(hour.import_wh for hour in self.hours)

    @property
    def export_wh(self) -> int:
        return sum(hour.export_wh for hour in self.hours)

    @property
    def supplied_wh(self) -> int:
        """What the supplier delivered."""
        return sum(hour.supplied_wh for hour in self.hours)

    @property
    def fed_in_wh(self) -> int:
        """What the supplier took."""
        return sum(hour.fed_in_wh for hour in self.hours)

    @property
    def saving_nano(self) -> int:
        """What its homes save against their supplier alone."""
        return self.bill_supplier_nano - self.bill_market_nano


@dataclass(frozen=True, slots=True)
class HourLabel:
    """A slot: its local time ("Sat 26 14:00") and the supplier's two prices."""

    slot: int
    label_local: str
    retail_nano: int
    feed_in_nano: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelsReport:
    """A whole run. `areas` are the microgrids, the CELLs and the top, `edges` those of all but the
    top; the gain is gross: what all traded Wh save, of which charges of the edges and what whole
    prices leave over are taken. `notes` say what is paired or resampled.

    Raises ValueError where the figures contradict each other.
    """

    title: str
    currency: str
    from_local: str
    days: int
    slot_seconds: int
    timezone: str
    chain: str
    price_rule: str
    slots: tuple[HourLabel, ...]
    areas: tuple[AreaResult, ...]
    edges: tuple[EdgeResult, ...]
    microgrids: tuple[MicrogridResult, ...]
    gain_nano: int
    rounding_nano: int
    notes: tuple[str, ...]
    gas_total: int
    gas_per_participant_slot: int
    seconds: float
    checks: Mapping[str, bool]
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        if not self.slots or not self.microgrids:
            raise ValueError("a report needs at least one slot and one microgrid")
        counts = {len(area.hours) for area in self.areas}
        counts |= {len(edge.hours) for edge in self.edges}
        counts |= {len(group.hours) for group in self.microgrids}
        if counts != {len(self.slots)}:
            raise ValueError("an area or edge has other slots than the report")
        if self.gain_nano - self.charged_nano - self.rounding_nano != self.gain_net_nano:
            raise ValueError("gain, charges and savings do not add up")
        for group in self.microgrids:
            if group.import_wh != group.bought_wh + group.supplied_wh:
                raise ValueError(f"{group.name}: what was taken is not what was bought")
            if group.export_wh != group.sold_wh + group.fed_in_wh:
                raise ValueError(f"{group.name}: what was given is not what was sold")

    @property
    def traded_wh(self) -> int:
        """What all auctions matched."""
        return sum(area.matched_wh for area in self.areas)

    @property
    def homes(self) -> int:
        return sum(group.homes for group in self.microgrids)

    @property
    def charged_nano(self) -> int:
        """What the operators of all edges were paid."""
        return sum(edge.charged_nano for edge in self.edges)

    @property
    def gain_net_nano(self) -> int:
        """What the homes keep of the gain."""
        return sum(group.saving_nano for group in self.microgrids)

    @property
    def passed(self) -> bool:
        """True where every check passed."""
        return all(self.checks.values())

    def area(self, name: str) -> AreaResult:
        """Return an area by name."""
        return next(area for area in self.areas if area.name == name)

    def edge(self, name: str) -> EdgeResult:
        """Return the edge from an area to the one above."""
        return next(edge for edge in self.edges if edge.area == name)

    def children(self, name: str) -> tuple[str, ...]:
        """Return the names of what is below an area."""
        return tuple(edge.area for edge in self.edges if edge.parent == name)


def to_json(report: LevelsReport) -> dict[str, Any]:
    """The report as `p2pchain demo levels --json` writes it: snake case, integers with the unit in
    the name; `seconds` is rounded to a tenth."""
    return {
        "schema": report.schema,
        "title": report.title,
        "currency": report.currency,
        "from_local": report.from_local,
        "timezone": report.timezone,
        "days": report.days,
        "slots": len(report.slots),
        "slot_seconds": report.slot_seconds,
        "chain": report.chain,
        "price_rule": report.price_rule,
        "traded_wh": report.traded_wh,
        "gain_nano": report.gain_nano,
        "edge_charges_nano": report.charged_nano,
        "rounding_nano": report.rounding_nano,
        "gain_net_nano": report.gain_net_nano,
        "areas": [
            {
                "name": area.name,
                "level": area.level,
                "below": list(report.children(area.name)),
                "traded_wh": area.matched_wh,
                "average_price_nano": area.price_nano,
                "traded_slots": area.traded_hours,
            }
            for area in report.areas
        ],
        "edges": [_edge(edge) for edge in report.edges],
        "microgrids": [_microgrid(report, group) for group in report.microgrids],
        "hours": [_hour(report, at) for at in range(len(report.slots))],
        "gas_total": report.gas_total,
        "gas_per_participant_slot": report.gas_per_participant_slot,
        "seconds": round(report.seconds, 1),
        "checks": dict(report.checks),
        "notes": list(report.notes),
    }


def _edge(edge: EdgeResult) -> dict[str, Any]:
    return {
        "area": edge.area,
        "parent": edge.parent,
        "charge_nano": edge.charge_nano,
        "limit_up_wh": edge.limit_up_wh,
        "limit_down_wh": edge.limit_down_wh,
        "up_wh": edge.up_wh,
        "down_wh": edge.down_wh,
        "fullest_up_wh": edge.fullest(True)[0],
        "fullest_down_wh": edge.fullest(False)[0],
        "full_up_slots": edge.full_hours(True),
        "full_down_slots": edge.full_hours(False),
        "charged_nano": edge.charged_nano,
    }


def _microgrid(report: LevelsReport, group: MicrogridResult) -> dict[str, Any]:
    edge = report.edge(group.name)
    return {
        "name": group.name,
        "homes": group.homes,
        "import_wh": group.import_wh,
        "export_wh": group.export_wh,
        "own_auction_wh": report.area(group.name).matched_wh,
        "from_above_wh": edge.down_wh,
        "to_above_wh": edge.up_wh,
        "supplied_wh": group.supplied_wh,
        "fed_in_wh": group.fed_in_wh,
        "buy_price_nano": group.buy_price_nano,
        "sell_price_nano": group.sell_price_nano,
        "bill_supplier_nano": group.bill_supplier_nano,
        "bill_market_nano": group.bill_market_nano,
        "saving_nano": group.saving_nano,
        "notes": list(group.notes),
        "attribution": group.attribution,
    }


def _hour(report: LevelsReport, at: int) -> dict[str, Any]:
    slot = report.slots[at]
    return {
        "slot": slot.slot,
        "label_local": slot.label_local,
        "retail_nano": slot.retail_nano,
        "feed_in_nano": slot.feed_in_nano,
        "areas": {
            area.name: {
                "traded_wh": area.hours[at].matched_wh,
                "price_nano": area.hours[at].price_nano,
            }
            for area in report.areas
        },
        "edges": {
            edge.area: {
                "sent_up_wh": edge.hours[at].sent_up_wh,
                "sent_down_wh": edge.hours[at].sent_down_wh,
                "up_wh": edge.hours[at].up_wh,
                "down_wh": edge.hours[at].down_wh,
            }
            for edge in report.edges
        },
        "microgrids": {
            group.name: {
                "import_wh": group.hours[at].import_wh,
                "export_wh": group.hours[at].export_wh,
                "supplied_wh": group.hours[at].supplied_wh,
                "fed_in_wh": group.hours[at].fed_in_wh,
            }
            for group in report.microgrids
        },
    }
