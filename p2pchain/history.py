"""What happened to the members of a market, read from the log: slots, trades, money.

Nothing here is recomputed: volumes are what meters signed, fills and prices what the contracts
announced, prices of suppliers what they published. `p2pchain.replay` checks all of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from p2pchain.chain import events as log
from p2pchain.chain.bindings.ledger import EntrySettled
from p2pchain.chain.bindings.metering import ReadingPosted
from p2pchain.chain.bindings.settlement import MemberSettled, WindowCleared, WindowVoided
from p2pchain.market import Market
from p2pchain.model import (
    DAY_SECONDS,
    WINDOW_SLOTS,
    LaneWord,
    Side,
    SlotResult,
    TariffRow,
    unpack_intervals,
)

KINDS = (ReadingPosted, WindowCleared, WindowVoided, MemberSettled, EntrySettled)


@dataclass(frozen=True, slots=True)
class SlotOfMeter:
    """One slot of one meter: metered, bought from and sold to neighbours (Wh), p and the row.

    `price_nano` is None where the slot has not been cleared or has no price; `standing_nano` is
    the standing charge that falls into this slot.
    """

    meter: int
    slot: int
    import_wh: int
    export_wh: int
    bought_wh: int
    sold_wh: int
    price_nano: int | None
    row: TariffRow
    standing_nano: int
    buy_fee_nano: int
    sell_fee_nano: int
    settled: bool

    @property
    def alone_nano(self) -> int:
        """What the slot would cost with the supplier alone, all-in."""
        r = self.row
        return (
            self.import_wh * (r.energy + r.charges)
            - self.export_wh * r.feed_in
            + self.standing_nano
        )

    @property
    def fee_nano(self) -> int:
        """The market's fee."""
        return self.bought_wh * self.buy_fee_nano + self.sold_wh * self.sell_fee_nano

    @property
    def saved_nano(self) -> int:
        """What the market saved before its fee: bought below retail, sold above feed-in."""
        if self.price_nano is None:
            return 0
        return self.bought_wh * (self.row.energy - self.price_nano) + self.sold_wh * (
            self.price_nano - self.row.feed_in
        )

    @property
    def cost_nano(self) -> int:
        """What the slot costs with the market, all-in, fee included."""
        return self.alone_nano - self.saved_nano + self.fee_nano


@dataclass(frozen=True, slots=True)
class History:
    """The slots of a market's members, and what the ledger moved for them (nano-currency)."""

    slots: tuple[SlotOfMeter, ...]
    results: dict[int, SlotResult]
    paid_nano: dict[int, int]

    def of_meter(self, meter: int) -> list[SlotOfMeter]:
        """Return the slots of one meter, in order."""
        return [entry for entry in self.slots if entry.meter == meter]


def read(market: Market, meters: Iterable[int] | None = None) -> History:
    """Return the history of a market, of all its members or of those given."""
    wanted = set(market.meters() if meters is None else meters)
    metered: dict[tuple[int, int], tuple[int, int]] = {}
    fills: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    results: dict[int, SlotResult] = {}
    settled: set[tuple[int, int]] = set()
    paid: dict[int, int] = defaultdict(int)
    for entry in log.read(market.contracts, kinds=KINDS):
        event = entry.event
        if isinstance(event, ReadingPosted):
            if event.meter in wanted:
                pairs = unpack_intervals(event.intervals, event.slots)
                for place, pair in enumerate(pairs):
                    metered[event.meter, event.first_slot + place] = pair
        elif isinstance(event, WindowCleared):
            if event.market == market.id:
                for lane, word in enumerate(event.results):
                    results[event.window * WINDOW_SLOTS + lane] = SlotResult.unpack(word)
        elif isinstance(event, MemberSettled):
            if event.market == market.id and event.meter in wanted:
                for slot, side, wh in filled(event.fills):
                    fills[event.meter, slot][side] += wh
                first = event.first_window * WINDOW_SLOTS
                for slot in range(first, first + event.windows * WINDOW_SLOTS):
                    settled.add((event.meter, slot))
        elif isinstance(event, EntrySettled) and event.market == market.id:
            paid[event.meter] += event.pay_nano - event.income_nano - event.supplier_nano
    prices = Prices(market)
    params = market.params
    slots = []
    for (meter, slot), (imported, exported) in sorted(metered.items()):
        row, standing = prices.of(meter, slot)
        result = results.get(slot)
        bought, sold = fills.get((meter, slot), (0, 0))
        slots.append(
            SlotOfMeter(
                meter=meter,
                slot=slot,
                import_wh=imported,
                export_wh=exported,
                bought_wh=bought,
                sold_wh=sold,
                price_nano=result.price_nano if result and result.traded else None,
                row=row,
                standing_nano=standing,
                buy_fee_nano=params.buy_fee_nano,
                sell_fee_nano=params.sell_fee_nano,
                settled=(meter, slot) in settled,
            )
        )
    return History(tuple(slots), results, dict(paid))


def filled(words: Iterable[int]) -> Iterator[tuple[int, Side, int]]:
    """Yield slot, side and filled Wh of the lane words of a MemberSettled event."""
    for word in words:
        lanes = LaneWord.unpack(word)
        for lane, (wh, side) in enumerate(zip(lanes.volumes, lanes.sides, strict=True)):
            if wh:
                yield lanes.window * WINDOW_SLOTS + lane, side, wh


class Prices:
    """The suppliers' published prices by meter and slot, asked of the contracts day by day."""

    def __init__(self, market: Market) -> None:
        self._contracts = market.contracts
        self._slot_seconds = market.slot_seconds
        self._per_day = DAY_SECONDS // market.slot_seconds
        self._rows: dict[tuple[int, int, int], tuple[int, ...]] = {}
        self._terms: dict[int, tuple[int, int, int, int]] = {}

    def of(self, meter: int, slot: int) -> tuple[TariffRow, int]:
        """Return the row of the meter's own tariff, and the standing charge due in this slot."""
        first, until, supplier, tariff = self._terms.get(meter, (0, 0, 0, 0))
        if not first <= slot < until:
            terms, until = self._contracts.registry.terms_at(meter, slot)
            supplier, tariff = terms.supplier, terms.tariff
            self._terms[meter] = (slot, until, supplier, tariff)
        day = slot // self._per_day
        words = self._rows.get((supplier, tariff, day))
        if words is None:
            words = self._contracts.tariffs.packed_rows(
                supplier, tariff, day * self._per_day, self._per_day
            )
            self._rows[supplier, tariff, day] = words
        word = words[slot % self._per_day]
        parts = [_signed(word >> (32 * place), 32) for place in range(6)]
        energy, feed_in, imbalance, network, levies, tax = parts
        standing = _signed(word >> 192, 64) if slot % self._per_day == 0 else 0
        return TariffRow(energy, feed_in, imbalance, network, levies, tax), standing


def _signed(value: int, bits: int) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value
