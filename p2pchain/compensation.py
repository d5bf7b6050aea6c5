"""The compensating transfers of an erroneous switch: what makes its slots as if never left.

Neighbours are paid as they were. What changes is the supplier's part of each slot: what he
delivered at his price, less what he took at his feed-in price, his network charges, levies and tax
on all import, and his standing charge. The wrong supplier pays back that part by his tariff, and
the old one is owed it by his own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from eth_hash.auto import keccak

from p2pchain import history
from p2pchain.errors import Refused
from p2pchain.history import SlotOfMeter
from p2pchain.market import Market
from p2pchain.model import DAY_SECONDS, TariffRow
from p2pchain.switch_book import SwitchBook
from p2pchain.switching import Leg, Restatement, State

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class CompensatedSlot:
    """One slot of a point: the supplier's part by both tariffs, nano-currency."""

    point: int
    slot: int
    import_wh: int
    supplied_wh: int
    fed_in_wh: int
    back_nano: int
    due_nano: int


@dataclass(frozen=True, slots=True)
class Compensation:
    """What the wrong supplier pays back, and what of it each losing supplier is owed, by leg; in
    whole units of the token, rounded down."""

    switch: int
    back_nano: int
    due_nano: tuple[int, ...]
    slots: tuple[CompensatedSlot, ...]

    @property
    def text(self) -> str:
        """The statement: a line for each slot, always the same for the same chain."""
        head = {
            "schema": SCHEMA,
            "kind": "compensation",
            "switch": self.switch,
            "back_nano": self.back_nano,
            "due_nano": list(self.due_nano),
        }
        names = CompensatedSlot.__dataclass_fields__
        lines = [{name: getattr(one, name) for name in names} for one in self.slots]
        return "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in (head, *lines))

    @property
    def statement(self) -> bytes:
        """The hash that goes to the chain."""
        return keccak(self.text.encode())


def compensation(book: SwitchBook, market: Market, number: int) -> Compensation:
    """Return the compensating transfers of a switch that was reversed.

    Raises Refused where it was not, or a point has no meter in this market.
    """
    if book.state(number) != State.REVERSED:
        raise Refused("NotReversed", message=f"switch {number} was not reversed")
    unit = book.contracts.ledger.unit_nano()
    legs, slots, due = book.legs(number), list[CompensatedSlot](), list[int]()
    for leg in legs:
        mine = list(_slots(book, market, number, leg))
        slots += mine
        due.append(max(sum(one.due_nano for one in mine), 0) // unit * unit)
    back = max(sum(one.back_nano for one in slots), 0) // unit * unit
    return Compensation(number, back, tuple(due), tuple(slots))


def _slots(book: SwitchBook, market: Market, number: int, leg: Leg) -> Iterator[CompensatedSlot]:
    restated = _restated(book, number, leg)
    meter = book.handover(leg.handover).meter
    if restated is None or meter == 0:
        return
    tariffs, per_day = book.contracts.tariffs, DAY_SECONDS // market.slot_seconds
    for one in history.read(market, [meter]).of_meter(meter):
        if not restated.from_slot <= one.slot < restated.until_slot:
            continue
        row = tariffs.row_at(restated.supplier, restated.tariff, one.slot)
        right = TariffRow(row.energy, row.feed_in, row.imbalance, row.network, row.levies, row.tax)
        standing = 0
        if one.slot % per_day == 0:
            version = tariffs.version_at(restated.supplier, restated.tariff, one.slot)
            standing = version.standing_nano
        yield CompensatedSlot(
            leg.point,
            one.slot,
            one.import_wh,
            one.supplied_wh,
            one.fed_in_wh,
            _part(one, one.row, one.standing_nano) + _left_nano(one),
            _part(one, right, standing),
        )


def _restated(book: SwitchBook, number: int, leg: Leg) -> Restatement | None:
    start = book.switch(number).start_slot
    found = [one for one in book.restatements(leg.point) if one.from_slot == start]
    return found[-1] if found else None


def _left_nano(slot: SlotOfMeter) -> int:
    """What the wrong supplier was paid for contracts that could not be kept with him."""
    return 0 if slot.takes_part else slot.contract.worst_nano


def _part(slot: SlotOfMeter, row: TariffRow, standing_nano: int) -> int:
    """The supplier's part of a slot, by a row."""
    return (
        slot.supplied_wh * row.energy
        - slot.fed_in_wh * row.feed_in
        + slot.import_wh * row.charges
        + standing_nano
    )
