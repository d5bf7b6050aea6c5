"""The accounts of a metering point: from which register to which each supplier has supplied it.

Where a point changes its supplier or its tenant, one register closes an account and opens the next
(`Switching.handover`). Both sides settle on the same figure because there is only one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from p2pchain.chain import events as log
from p2pchain.chain.bindings.metering import MeterExchanged
from p2pchain.chain.bindings.switching import HandedOver, TenancyEnded
from p2pchain.point_book import PointBook
from p2pchain.switch_book import SwitchBook
from p2pchain.switching import Handover, Source

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Register:
    """What import and export register showed (Wh), and who says so."""

    import_wh: int
    export_wh: int
    source: Source


@dataclass(frozen=True, slots=True)
class Account:
    """A supplier's account of a point: [from_slot, until_slot), None where it still runs.

    A register is None where none is known yet. `energy_wh` are import and export between both, over
    exchanges of its device; None where one of them is missing, where they are of different meters,
    and where a device was exchanged just when the account began or ended.
    """

    supplier: int
    from_slot: int
    until_slot: int | None
    meter: int
    opening: Register | None
    closing: Register | None
    energy_wh: Pair | None


def accounts(book: SwitchBook, points: PointBook, number: int) -> list[Account]:
    """Return the accounts of a point, the first first. Raises UnknownPoint."""
    standings = points.standings(number)
    handovers = sorted(_handovers(book, number), key=lambda one: one.slot)
    supplier, slot = standings[0].supplier, standings[0].from_slot
    meter = next((one.meter for one in standings if one.meter), 0)
    opening = _first_register(book, meter, slot)
    found: list[Account] = []
    for one in handovers:
        closing = _register(one)
        energy = None
        if opening is not None and closing is not None and meter == one.meter:
            energy = _energy(book, meter, (slot, one.slot), (opening, closing))
        found.append(Account(supplier, slot, one.slot, one.meter, opening, closing, energy))
        supplier, slot, meter, opening = one.gaining, one.slot, one.meter, closing
    found.append(Account(supplier, slot, None, standings[-1].meter, opening, None, None))
    return found


def _handovers(book: SwitchBook, point: int) -> Iterator[Handover]:
    for entry in log.read(book.contracts, kinds=(HandedOver, TenancyEnded)):
        event = entry.event
        if isinstance(event, HandedOver | TenancyEnded) and event.point == point:
            yield book.handover(event.handover)


def _register(one: Handover) -> Register | None:
    if one.source == Source.NONE:
        return None
    return Register(one.import_wh, one.export_wh, one.source)


def _first_register(book: SwitchBook, meter: int, slot: int) -> Register | None:
    """What the meter's first reading began with, if it did not begin before the point had it."""
    origin = book.contracts.metering.origin_of(meter)
    if not meter or not origin.slot or origin.slot < slot:
        return None
    return Register(origin.import_wh, origin.export_wh, Source.MEASURED)


def _energy(
    book: SwitchBook, meter: int, span: tuple[int, int], registers: tuple[Register, Register]
) -> Pair | None:
    """What was used between two registers: their difference, and what old devices showed at their
    end beyond what new ones began with."""
    opening, closing = registers
    imported = closing.import_wh - opening.import_wh
    exported = closing.export_wh - opening.export_wh
    for entry in log.read(book.contracts, kinds=(MeterExchanged,)):
        event = entry.event
        if not isinstance(event, MeterExchanged) or event.meter != meter:
            continue
        if event.slot in span:
            return None  # the register may be that of either device
        if span[0] < event.slot < span[1]:
            imported += event.closing_import_wh - event.opening_import_wh
            exported += event.closing_export_wh - event.opening_export_wh
    return imported, exported
