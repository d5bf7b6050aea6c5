"""What happened to the members of a market, read from the log: slots, trades, money.

Nothing here is recomputed: volumes are what meters signed, fills and prices what the contracts
announced, prices of suppliers what they published. Of a forward auction the result of a slot is
announced, and the fill of an order follows from it. `p2pchain.replay` checks all of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from p2pchain.chain import events as log
from p2pchain.chain.abi import Event
from p2pchain.chain.bindings.forward_auction import (
    ForwardCleared,
    Ordered,
    OrdersRelayed,
    PartsAdded,
    Scheduled,
)
from p2pchain.chain.bindings.ledger import ContractSettled, EntrySettled
from p2pchain.chain.bindings.metering import ReadingCorrected, ReadingPosted
from p2pchain.chain.bindings.registry import Registry
from p2pchain.chain.bindings.settlement import (
    EstimateSettled,
    LateSettled,
    MemberSettled,
    SellsCleared,
    WindowAdopted,
    WindowCleared,
    WindowsSettled,
    WindowVoided,
)
from p2pchain.forward_levels import Part, part_fills, unpack_part
from p2pchain.forward_market import auctions, ordered
from p2pchain.market import Market
from p2pchain.matching import Offer, fills
from p2pchain.model import (
    DAY_SECONDS,
    WINDOW_SLOTS,
    AuctionParams,
    LaneWord,
    OrderLane,
    Side,
    SlotResult,
    TariffRow,
    unpack_intervals,
)

Pair = tuple[int, int]
FORWARD = (Ordered, OrdersRelayed, Scheduled, ForwardCleared, PartsAdded, ContractSettled)
READ = (ReadingPosted, ReadingCorrected)
KINDS = (
    *READ,
    EstimateSettled,
    WindowAdopted,
    SellsCleared,
    WindowCleared,
    WindowVoided,
    MemberSettled,
    LateSettled,
    WindowsSettled,
    EntrySettled,
    *FORWARD,
)


@dataclass(frozen=True, slots=True)
class Contract:
    """What a meter has traded ahead for a slot, over all auctions (Wh), and what that cost."""

    bought_wh: int = 0
    sold_wh: int = 0
    nano: int = 0
    cap_nano: int = 0
    surplus_nano: int = 0

    @property
    def net_wh(self) -> int:
        """Bought less sold."""
        return self.bought_wh - self.sold_wh

    def and_fill(self, side: Side, wh: int, price_nano: int) -> Contract:
        """Return the contract with one more fill."""
        if side == Side.BUY:
            return replace(self, bought_wh=self.bought_wh + wh, nano=self.nano + wh * price_nano)
        return replace(self, sold_wh=self.sold_wh + wh, nano=self.nano - wh * price_nano)

    def left_nano(self, row: TariffRow) -> int:
        """Return the price of a Wh that was bought and is not used."""
        return min(max(row.feed_in, self.surplus_nano), self.cap_nano)

    def missing_nano(self, row: TariffRow) -> int:
        """Return the price of a Wh that was sold and is not delivered."""
        return min(max(row.imbalance, self.left_nano(row)), self.cap_nano)

    @property
    def worst_nano(self) -> int:
        """What a slot without a reading costs beside the contract's own money."""
        each = self.cap_nano if self.net_wh < 0 else self.surplus_nano
        return -self.net_wh * each


@dataclass(frozen=True, slots=True)
class SlotOfMeter:
    """One slot of one meter: metered, bought from and sold to neighbours (Wh), prices and the row.

    Where a meter does not take part (`takes_part`) its supplier bills it beside the market; what it
    has traded ahead stands, and no reading makes it good.
    `buy_nano` and `sell_nano` per Wh are the same unless levels above have added to what the market
    matched; None where the slot has not been cleared or has no price. `standing_nano` is
    the standing charge that falls into this slot. A slot without a reading (`read`) is here only
    where something was traded ahead for it, or where it was `estimated`. Of a corrected slot the
    last figures count; what was traded stands.
    """

    meter: int
    slot: int
    import_wh: int
    export_wh: int
    bought_wh: int
    sold_wh: int
    buy_nano: int | None
    sell_nano: int | None
    row: TariffRow
    standing_nano: int
    buy_fee_nano: int
    sell_fee_nano: int
    settled: bool
    contract: Contract = Contract()
    read: bool = True
    estimated: bool = False
    takes_part: bool = True

    @property
    def price_nano(self) -> int | None:
        """What a Wh was bought at, where something was, else what it was sold at."""
        return self.buy_nano if self.bought_wh else self.sell_nano

    @property
    def net_wh(self) -> Pair:
        """What the slot bought and sold beyond its contracts, of neighbours and supplier."""
        if not self.takes_part:
            return self.import_wh, self.export_wh
        bought, sold = max(self.contract.net_wh, 0), max(-self.contract.net_wh, 0)
        return (
            max(self.import_wh - bought, 0) + max(sold - self.export_wh, 0),
            max(self.export_wh - sold, 0) + max(bought - self.import_wh, 0),
        )

    @property
    def used_wh(self) -> Pair:
        """What was bought of the neighbours and used, and sold to them and delivered: less than was
        traded where a correction came later, and then the supplier stands in at the same price."""
        buy, sell = self.net_wh
        return min(self.bought_wh, buy), min(self.sold_wh, sell)

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
        """What the neighbours saved after metering, before the fee: bought below retail, sold above
        feed-in."""
        bought, sold = self.used_wh
        saved = 0
        if self.buy_nano is not None:
            saved += bought * (self.row.energy - self.buy_nano)
        if self.sell_nano is not None:
            saved += sold * (self.sell_nano - self.row.feed_in)
        return saved

    @property
    def supplied_wh(self) -> int:
        """What the supplier delivered: for the home, and for what it sold ahead and had not."""
        return self.net_wh[0] - self.used_wh[0]

    @property
    def fed_in_wh(self) -> int:
        """What the supplier took: of the home, and of what it bought ahead and did not use."""
        return self.net_wh[1] - self.used_wh[1]

    @property
    def forward_saved_nano(self) -> int:
        """What trading ahead saved against buying and selling the same with the supplier; below
        zero where it cost more."""
        if not self.takes_part or (not self.read and not self.estimated):
            return -self.contract.nano - self.contract.worst_nano
        if not self.contract.bought_wh and not self.contract.sold_wh:
            return 0
        row, net = self.row, self.contract.net_wh
        buy, sell = self.net_wh
        missing, left = self.supplied_wh, self.fed_in_wh
        saved = (self.import_wh - buy) * row.energy - (self.export_wh - sell) * row.feed_in
        if net < 0:
            undelivered = max(missing - self.import_wh, 0)
            saved -= undelivered * (self.contract.missing_nano(row) - row.energy)
        else:
            unused = min(left, max(net - self.import_wh, 0))
            saved += unused * (self.contract.left_nano(row) - row.feed_in)
        return saved - self.contract.nano

    @property
    def cost_nano(self) -> int:
        """What the slot costs with the market, all-in, fee and contracts included."""
        return self.alone_nano - self.saved_nano - self.forward_saved_nano + self.fee_nano

    @property
    def moved_nano(self) -> int:
        """What of it the market's ledger moves, once it is settled."""
        return self.cost_nano if self.takes_part else -self.forward_saved_nano


@dataclass(frozen=True, slots=True)
class History:
    """The slots of a market's members, and what the ledger moved for them (nano-currency).

    `sell_results` has the slots whose sells have a result of their own. `forward_wh` is what was
    bought and sold ahead in a slot, over all auctions; what differs was bought from, or sold to,
    areas beyond.
    """

    slots: tuple[SlotOfMeter, ...]
    results: dict[int, SlotResult]
    paid_nano: dict[int, int]
    forward_wh: dict[int, tuple[int, int]]
    sell_results: dict[int, SlotResult] = field(default_factory=dict)

    def of_meter(self, meter: int) -> list[SlotOfMeter]:
        """Return the slots of one meter, in order."""
        return [entry for entry in self.slots if entry.meter == meter]


def read(market: Market, meters: Iterable[int] | None = None) -> History:
    """Return the history of a market, of all its members or of those given."""
    wanted = set(market.meters() if meters is None else meters)
    metered: dict[tuple[int, int], Pair] = {}
    estimates: dict[tuple[int, int], Pair] = {}
    traded: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    results: dict[int, SlotResult] = {}
    sells: dict[int, SlotResult] = {}
    settled: set[tuple[int, int]] = set()
    paid: dict[int, int] = defaultdict(int)
    ahead = Ahead(market)
    cursors: dict[int, int] = {}
    for entry in log.read(market.contracts, kinds=KINDS):
        event = entry.event
        if isinstance(event, READ):
            if event.meter in wanted:
                metered |= _figures(event)
        elif isinstance(event, EstimateSettled):
            if event.market == market.id and event.meter in wanted:
                estimates |= _figures(event)
                settled |= _figures(event).keys()
        elif isinstance(event, WindowCleared | WindowAdopted | SellsCleared):
            if event.market == market.id:
                first = event.window * WINDOW_SLOTS
                if not isinstance(event, SellsCleared):
                    results |= _results(first, event.results)
                if not isinstance(event, WindowCleared):
                    sells |= _results(first, event.sells)
        elif isinstance(event, MemberSettled):
            if event.market == market.id and event.meter in wanted:
                for slot, side, wh in filled(event.fills):
                    traded[event.meter, slot][side] += wh
                first = event.first_window * WINDOW_SLOTS
                for slot in range(first, first + event.windows * WINDOW_SLOTS):
                    settled.add((event.meter, slot))
        elif isinstance(event, EntrySettled) and event.market == market.id:
            paid[event.meter] += event.pay_nano - event.income_nano - event.supplier_nano
        elif isinstance(event, LateSettled):
            if event.market == market.id and event.meter in wanted:
                for slot in range(event.first_slot, event.first_slot + event.slots):
                    if slot in results:  # what is not cleared is settled with its window
                        settled.add((event.meter, slot))
        elif isinstance(event, WindowsSettled):
            if event.market == market.id:
                for window in range(event.first_window, event.first_window + event.windows):
                    cursors[window] = event.cursor
        elif isinstance(event, FORWARD):
            if isinstance(event, ContractSettled):
                if event.market == market.id:
                    paid[event.meter] -= event.contract_nano
            else:
                ahead.apply(event)
    ahead.close()
    prices, membership = Prices(market), Membership(market)
    for place, meter in enumerate(ahead.meters):  # contracts without a reading that counts
        for slot in ahead.slots_of(meter) if meter in wanted else ():
            counts = (meter, slot) in metered and membership.takes_part(meter, slot)
            if not counts and cursors.get(slot // WINDOW_SLOTS, 0) > place:
                settled.add((meter, slot))
    params = market.params
    slots = []
    contracted = {key for key in ahead.contracts if key[0] in wanted}
    for meter, slot in sorted(metered.keys() | estimates.keys() | contracted):
        row, standing = prices.of(meter, slot)
        result = results.get(slot)
        buys = result if result and result.traded else None
        sell = sells[slot] if result and result.apart else result
        read_ = (meter, slot) in metered
        estimate = None if read_ else estimates.get((meter, slot))
        imported, exported = estimate or metered.get((meter, slot), (0, 0))
        bought, sold = traded.get((meter, slot), (0, 0))
        slots.append(
            SlotOfMeter(
                meter=meter,
                slot=slot,
                import_wh=imported,
                export_wh=exported,
                bought_wh=bought,
                sold_wh=sold,
                buy_nano=buys.price_nano if buys else None,
                sell_nano=sell.price_nano if sell and sell.traded else None,
                row=row,
                standing_nano=standing if read_ or estimate else 0,
                buy_fee_nano=params.buy_fee_nano,
                sell_fee_nano=params.sell_fee_nano,
                settled=(meter, slot) in settled,
                contract=ahead.contracts.get((meter, slot), Contract()),
                read=read_,
                estimated=estimate is not None,
                takes_part=membership.takes_part(meter, slot),
            )
        )
    apart = {slot: sells[slot] for slot, result in results.items() if result.apart}
    return History(tuple(slots), results, dict(paid), ahead.matched_wh, apart)


def _results(first: int, words: Sequence[int]) -> dict[int, SlotResult]:
    return {first + lane: SlotResult.unpack(word) for lane, word in enumerate(words)}


def metered(market: Market, slot: int) -> dict[int, Pair]:
    """Return import and export Wh of a slot by meter, as last signed; of meters that signed it."""
    found = {}
    for entry in log.read(market.contracts, kinds=READ):
        event = entry.event
        if isinstance(event, READ) and event.first_slot <= slot < event.first_slot + event.slots:
            found[event.meter] = _figures(event)[event.meter, slot]
    return found


def _figures(
    event: ReadingPosted | ReadingCorrected | EstimateSettled,
) -> dict[tuple[int, int], Pair]:
    """Return import and export Wh of each meter and slot of a record."""
    pairs = unpack_intervals(event.intervals, event.slots)
    return {(event.meter, event.first_slot + place): pair for place, pair in enumerate(pairs)}


class Ahead:
    """What a market's forward auctions have come to, with what levels above have filled; read event
    by event."""

    def __init__(self, market: Market) -> None:
        self._params = {auction.id: auction.params for auction in auctions(market)}
        self._orders: dict[tuple[bytes, int], dict[int, OrderLane]] = defaultdict(dict)
        self._results: dict[tuple[bytes, int], SlotResult] = {}
        self._parts: dict[tuple[bytes, int], list[Part]] = defaultdict(list)
        self.meters = market.meters() if self._params else []
        self.contracts: dict[tuple[int, int], Contract] = {}
        #: By slot: Wh bought and sold.
        self.matched_wh: dict[int, tuple[int, int]] = {}

    def apply(self, event: Event) -> None:
        """Take over an order, a schedule, the result of a window, or what levels have filled."""
        for auction, meter, slot, lane in ordered(event):
            if auction in self._params:
                self._orders[auction, slot][meter] = lane
        if isinstance(event, ForwardCleared) and event.auction in self._params:
            for place, word in enumerate(event.results):
                slot = event.window * WINDOW_SLOTS + place
                self._results[event.auction, slot] = SlotResult.unpack(word)
        if isinstance(event, PartsAdded) and event.auction in self._params:
            for word in event.parts:
                place, part = unpack_part(word)
                self._parts[event.auction, event.window * WINDOW_SLOTS + place].append(part)

    def close(self) -> None:
        """Work out what each order was filled with, of all that has been read."""
        self.contracts.clear()
        self.matched_wh.clear()
        for (auction, slot), result in self._results.items():
            self._clear(auction, slot, result)

    def slots_of(self, meter: int) -> list[int]:
        """Return the slots for which a meter has traded ahead."""
        return [slot for known, slot in self.contracts if known == meter]

    def _clear(self, auction: bytes, slot: int, result: SlotResult) -> None:
        parts = self._parts.get((auction, slot), [])
        if not result.traded and not parts:
            return
        params, lanes = self._params[auction], self._orders[auction, slot]
        offers = [
            Offer(meter, lanes[meter].side, lanes[meter].tick, lanes[meter].lots)
            for meter in self.meters
            if meter in lanes and lanes[meter].lots
        ]
        lots = dict.fromkeys(Side, result.matched_wh)
        for part in parts:
            lots[part.side] += part.lots
        bought, sold = self.matched_wh.get(slot, (0, 0))
        bought += lots[Side.BUY] * params.lot_wh
        self.matched_wh[slot] = bought, sold + lots[Side.SELL] * params.lot_wh
        own = fills(result, offers)
        above = part_fills(parts, offers, own)
        for offer, filled_lots, more in zip(offers, own, above, strict=True):
            self._add(offer, slot, params, filled_lots, result.price_nano)
            for part, part_lots in zip(parts, more, strict=True):
                self._add(offer, slot, params, part_lots, part.price_nano)

    def _add(self, offer: Offer, slot: int, params: AuctionParams, lots: int, price: int) -> None:
        if not lots:
            return
        none = Contract(cap_nano=params.cap_nano, surplus_nano=params.surplus_nano)
        before = self.contracts.get((offer.member, slot), none)
        filled_wh = lots * params.lot_wh
        self.contracts[offer.member, slot] = before.and_fill(offer.side, filled_wh, price)


def filled(words: Iterable[int]) -> Iterator[tuple[int, Side, int]]:
    """Yield slot, side and filled Wh of the lane words of a MemberSettled event."""
    for word in words:
        lanes = LaneWord.unpack(word)
        for lane, (wh, side) in enumerate(zip(lanes.volumes, lanes.sides, strict=True)):
            if wh:
                yield lanes.window * WINDOW_SLOTS + lane, side, wh


class Supplies:
    """With whom and by which tariff a meter settles, asked once for each span of its terms."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[int, tuple[int, int, int, int]] = {}

    def of(self, meter: int, slot: int) -> tuple[int, int]:
        """Return the supplier and the tariff of a meter in a slot."""
        first, until, supplier, tariff = self._known.get(meter, (0, 0, 0, 0))
        if not first <= slot < until:
            terms, until = self._registry.terms_at(meter, slot)
            supplier, tariff = terms.supplier, terms.tariff
            self._known[meter] = (slot, until, supplier, tariff)
        return supplier, tariff


class Membership:
    """Whether a meter takes part in a market, asked once for each span of slots."""

    def __init__(self, market: Market) -> None:
        self._markets, self._market = market.contracts.markets, market.id
        self._known: dict[int, tuple[int, int, bool]] = {}

    def takes_part(self, meter: int, slot: int) -> bool:
        """Return whether the meter's owner of a slot has enrolled and its supplier agrees."""
        first, until, active = self._known.get(meter, (0, 0, False))
        if not first <= slot < until:
            if not self._markets.member_of(self._market, meter).member:
                return False
            terms = self._markets.member_by_meter(self._market, meter, slot)
            until, active = terms.until_slot, terms.active
            self._known[meter] = (slot, until, active)
        return active


class Prices:
    """The suppliers' published prices by meter and slot, asked of the contracts day by day."""

    def __init__(self, market: Market) -> None:
        self._contracts = market.contracts
        self._slot_seconds = market.slot_seconds
        self._per_day = DAY_SECONDS // market.slot_seconds
        self._rows: dict[tuple[int, int, int], tuple[int, ...]] = {}
        self._supplies = Supplies(market.contracts.registry)

    def of(self, meter: int, slot: int) -> tuple[TariffRow, int]:
        """Return the row of the meter's own tariff, and the standing charge due in this slot."""
        supplier, tariff = self._supplies.of(meter, slot)
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
