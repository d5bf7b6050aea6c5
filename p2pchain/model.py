"""The records of the market, immutable, and the packed words in which the contracts keep them.

Energy in Wh, money in nano-currency, prices in nano-currency per Wh, time in slots. Field names
are those of the Solidity structs in snake case; the layouts are those of Packed.sol.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Final, TypeVar

from p2pchain.units import TARIFF_BUY, TARIFF_SELL

T = TypeVar("T")

WINDOW_SLOTS: Final = 8
RING: Final = 128
#: With so much notice a supplier leaves a market: nobody can order further ahead.
NOTICE_SLOTS: Final = (RING - 2) * WINDOW_SLOTS
DAY_SECONDS: Final = 86_400
MAX_GAPS: Final = 8
MAX_LANE_WH: Final = (1 << 27) - 1
TICKS: Final = 256
#: Windows that an order may lie ahead of the running one.
MAX_LEAD: Final = 64
MAX_AUCTIONS: Final = 3
MAX_LOTS: Final = (1 << 19) - 1
#: No meter carries more in a slot, so no order is larger.
MAX_ORDER_WH: Final = (1 << 24) - 1


class Side(IntEnum):
    BUY = 0
    SELL = 1


class Quality(IntEnum):
    MEASURED = 0
    ESTIMATED = 1
    CORRECTED = 2


class EstimateRule(IntEnum):
    """What an estimate of missing readings is made of (ISettlement.EstimateRule)."""

    NONE = 0
    SPREAD = 1
    WEEK_BEFORE = 2


class PriceRule(IntEnum):
    REFERENCE = 0
    SDR = 1


#: A limit that is none.
UNLIMITED = 2**32 - 1


class Phase(IntEnum):
    ABSENT = 0
    OPEN = 1
    CLEARING = 2
    AWAITING = 3
    CLEARED = 4
    SETTLED = 5


class LevelPhase(IntEnum):
    """How far a window of a level is (ILevels.Phase)."""

    ABSENT = 0
    CLEARING = 1
    CLEARED = 2
    SHARED = 3


class Outcome(IntEnum):
    """Why a reading was not taken (IMetering.Outcome)."""

    ACCEPTED = 0
    UNKNOWN_METER = 1
    READ_THROUGH_SETTLEMENT = 2
    NOT_A_MEMBER = 3
    BAD_FORMAT = 4
    BEFORE_REGISTRATION = 5
    FUTURE_SLOT = 6
    SPLIT_AT_CHANGE = 7
    BAD_SIGNATURE = 8
    KEY_REVOKED = 9
    ABOVE_FUSE = 10
    ALREADY_POSTED = 11
    REGISTER_FELL = 12
    REGISTERS_DO_NOT_JOIN = 13
    TOO_MANY_GAPS = 14
    NOT_BILLING_GRADE = 15
    NO_TARIFF = 16
    FORWARD_NOT_CLEARED = 17
    SETTLE_FIRST = 18
    FINAL = 19


class Refusal(IntEnum):
    """Why an enrolment or limits were not taken (ISettlement.Refusal)."""

    NONE = 0
    UNKNOWN_MARKET = 1
    UNKNOWN_METER = 2
    OTHER_AREA = 3
    ALREADY_ENROLLED = 4
    NOT_A_MEMBER = 5
    TOO_LATE = 6
    OLD_SEQUENCE = 7
    BAD_FORMAT = 8
    BAD_SIGNATURE = 9
    NOT_BILLING_GRADE = 10
    PAUSED = 11
    MARKET_FULL = 12
    NO_AGREEMENT = 13
    NOT_ELECTRICITY = 14


class Gate(IntEnum):
    """Before what the gate of a forward auction closes."""

    WINDOW = 0
    DAY = 1


class Action(IntEnum):
    """What an order does to the one that stands for its slot."""

    PLACE = 0
    AMEND = 1
    CANCEL = 2


class ForwardPhase(IntEnum):
    """Phase of a window of a forward auction (IForwardAuction.Phase)."""

    ABSENT = 0
    OPEN = 1
    CLEARING = 2
    RATIONING = 3
    AWAITING = 4
    ADOPTING = 5
    CLEARED = 6
    SETTLED = 7


class ForwardRefusal(IntEnum):
    """Why an order or schedule was not taken (IForwardAuction.Refusal)."""

    NONE = 0
    UNKNOWN_AUCTION = 1
    PAUSED = 2
    NOT_A_MEMBER = 3
    BAD_SIGNATURE = 4
    OLD_SEQUENCE = 5
    BAD_FORMAT = 6
    AFTER_GATE = 7
    TOO_EARLY = 8
    FIRM_PERIOD = 9
    ORDER_EXISTS = 10
    NO_ORDER = 11
    OFF_TICK = 12
    BAD_VOLUME = 13
    RING_FULL = 14
    TOO_LITTLE_MONEY = 15


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for a meter from `from_slot` on."""

    owner: str
    from_slot: int
    supplier: int
    tariff: int
    fuse_wh: int
    billing_grade: bool = True


@dataclass(frozen=True, slots=True)
class TariffRow:
    """Prices of one UTC hour, nano-currency per Wh; `energy` is retail energy alone."""

    energy: int
    feed_in: int
    imbalance: int = 0
    network: int = 0
    levies: int = 0
    tax: int = 0

    @property
    def charges(self) -> int:
        """What every imported Wh pays, from whomever it came."""
        return self.network + self.levies + self.tax


@dataclass(frozen=True, slots=True)
class Limits:
    """Standing limits from `from_slot` on: one figure, or 24 by UTC hour."""

    market: bytes
    meter: int
    from_slot: int
    sequence: int
    buy_nano: tuple[int, ...] = (TARIFF_BUY,)
    sell_nano: tuple[int, ...] = (TARIFF_SELL,)
    signature: bytes = b""

    def at_hour(self, hour: int) -> tuple[int, int]:
        """Return the stated buy and sell limit of a UTC hour."""
        return by_hour(self.buy_nano, hour), by_hour(self.sell_nano, hour)


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A meter takes part in a market from a slot on."""

    market: bytes
    meter: int
    from_slot: int
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A supplier agrees (or no more) that its customers take part in a market from a slot on."""

    market: bytes
    supplier: int
    from_slot: int
    agrees: bool
    sequence: int
    signature: bytes = b""


@dataclass(frozen=True, slots=True)
class Registration:
    """Under whose name and by which right a market runs (IMarkets.Registration): its organiser, and
    the licence or the exemption, with the hash of that document (zeros: there is none)."""

    organiser: str
    licence: str
    licence_hash: bytes = bytes(32)


@dataclass(frozen=True, slots=True)
class Reading:
    """Consecutive slots of one meter: both registers at the start, and packed increases."""

    meter: int
    first_slot: int
    slots: int
    quality: Quality
    import_wh: int
    export_wh: int
    intervals: tuple[int, ...]
    signature: bytes = b""

    @classmethod
    def of(
        cls,
        meter: int,
        first_slot: int,
        import_wh: int,
        export_wh: int,
        values: Sequence[tuple[int, int]],
        quality: Quality = Quality.MEASURED,
    ) -> Reading:
        """Return an unsigned reading of (import, export) Wh per slot."""
        words = pack_intervals(values)
        return cls(meter, first_slot, len(values), quality, import_wh, export_wh, words)

    @property
    def values(self) -> tuple[tuple[int, int], ...]:
        """Import and export Wh of each slot."""
        return unpack_intervals(self.intervals, self.slots)

    @property
    def until_slot(self) -> int:
        return self.first_slot + self.slots

    @property
    def closing(self) -> tuple[int, int]:
        """Both registers after the last slot."""
        values = self.values
        return (
            self.import_wh + sum(value[0] for value in values),
            self.export_wh + sum(value[1] for value in values),
        )

    def signed(self, signature: bytes) -> Reading:
        return replace(self, signature=signature)


@dataclass(frozen=True, slots=True)
class Correction:
    """New values for consecutive slots of one meter and UTC day that have been read; numbered per
    meter and day from 1. The registers stay as they are."""

    meter: int
    first_slot: int
    slots: int
    number: int
    intervals: tuple[int, ...]
    signature: bytes = b""

    @classmethod
    def of(
        cls, meter: int, first_slot: int, number: int, values: Sequence[tuple[int, int]]
    ) -> Correction:
        """Return an unsigned correction to (import, export) Wh per slot."""
        return cls(meter, first_slot, len(values), number, pack_intervals(values))

    @property
    def values(self) -> tuple[tuple[int, int], ...]:
        """Import and export Wh of each slot."""
        return unpack_intervals(self.intervals, self.slots)

    @property
    def until_slot(self) -> int:
        return self.first_slot + self.slots

    @property
    def record(self) -> Reading:
        """What is kept of it among the day's records."""
        return Reading(
            self.meter, self.first_slot, self.slots, Quality.CORRECTED, 0, 0, self.intervals
        )

    def signed(self, signature: bytes) -> Correction:
        return replace(self, signature=signature)


@dataclass(frozen=True, slots=True)
class SettledEvidence:
    """What a member's slots came to when they were settled, with the proof that it was so: the
    call, its results without carries, the member's fills and contracts as words."""

    first_window: int
    windows: int
    from_index: int
    results: tuple[int, ...]
    fills: tuple[int, ...]
    contracts: tuple[int, ...]
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A meter is replaced at the beginning of `slot`."""

    meter: int
    slot: int
    closing_import_wh: int
    closing_export_wh: int
    opening_import_wh: int
    opening_export_wh: int
    closing_signature: bytes = b""
    opening_signature: bytes = b""


#: Hash of `data/agreement.md`, what suppliers sign unless a market names another text.
MODEL_AGREEMENT: Final = bytes.fromhex(
    "b4a8e69f57a75f2e7765d70b48721f4129b552c387cf746d215039c317120f5a"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketParams:
    """The immutable parameters of a market (ISettlement.MarketParams)."""

    area: int
    slot_seconds: int = 3600
    rule: PriceRule = PriceRule.REFERENCE
    k_ppm: int = 500_000
    floor_nano: int = 0
    tick_nano: int
    post_seconds: int = 86_400
    stage_seconds: int = 3_600
    void_seconds: int = 604_800
    runs: int = 3
    run_seconds: int = 604_800
    buy_fee_nano: int = 0
    sell_fee_nano: int = 0
    fee_account: str = "0x" + "00" * 20
    has_stated_price: bool = False
    stated_price_nano: int = 0
    only_supplier: int = 0
    agreement: bytes = MODEL_AGREEMENT
    registration: bytes = bytes(32)
    stages: tuple[str, ...] = ()

    @property
    def slots_per_day(self) -> int:
        return DAY_SECONDS // self.slot_seconds

    @property
    def final_seconds(self) -> int:
        """How long after its end a window stays open to corrections."""
        return self.post_seconds + self.runs * self.run_seconds

    def run_at(self, window_end: int, now: int) -> int:
        """Return the number of the run in which a window stands; the first settlement is run 0."""
        since = now - window_end - self.post_seconds
        if since < 0 or self.runs == 0:
            return 0
        return min(self.runs, 1 + since // self.run_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelParams:
    """The immutable parameters of a level (ILevels.LevelParams)."""

    area: int
    slot_seconds: int = 3600
    k_ppm: int = 500_000
    floor_nano: int = 0
    tick_nano: int
    collect_seconds: int = 172_800
    void_seconds: int = 259_200


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardLevelParams:
    """The immutable parameters of a forward level (IForwardLevels.ForwardLevelParams)."""

    area: int
    slot_seconds: int = 3600
    gate: Gate = Gate.WINDOW
    gate_seconds: int = 3_600
    k_ppm: int = 500_000
    lot_wh: int = 1
    floor_nano: int = 0
    tick_nano: int
    collect_seconds: int = 1_800
    void_seconds: int = 86_400


@dataclass(frozen=True, slots=True)
class EdgeTerms:
    """What holds for an area from a slot on, the first of a window (ILevels.EdgeTerms): charge per
    Wh that crosses the edge to its parent, limits up and down of a slot, and what may be matched
    inside (`UNLIMITED`: anything)."""

    from_slot: int
    charge_nano: int
    up_wh: int
    down_wh: int
    feeder_wh: int = UNLIMITED


@dataclass(frozen=True, slots=True)
class GridLoss:
    """An area has no grid in slots from `first_slot` on, before `end_slot`: signed by its
    operator (ILevels.GridLoss)."""

    area: int
    first_slot: int
    end_slot: int
    signature: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuctionParams:
    """The immutable parameters of a forward auction (IForwardAuction.AuctionParams)."""

    market: bytes
    gate: Gate = Gate.WINDOW
    gate_seconds: int = 3_600
    firm_seconds: int = 0
    void_seconds: int = 86_400
    k_ppm: int = 500_000
    lot_wh: int = 1
    floor_nano: int = 0
    tick_nano: int
    cap_nano: int
    surplus_nano: int = 0

    def price_nano(self, tick: int) -> int:
        """Return the price of a tick, nano per Wh."""
        return self.floor_nano + tick * self.tick_nano

    def tick_of(self, limit_nano: int) -> int | None:
        """Return the tick whose price a limit is, None where it is that of no tick."""
        tick, off = divmod(limit_nano - self.floor_nano, self.tick_nano)
        return tick if off == 0 and 0 <= tick < TICKS else None

    def collateral_nano(self, sell: bool, limit_nano: int, wh: int) -> int:
        """Return the most that an order can cost: bought and not consumed, or sold and not
        delivered."""
        if sell:
            return wh * max(0, self.cap_nano - limit_nano, -limit_nano)
        return wh * max(0, limit_nano, limit_nano - self.surplus_nano)


@dataclass(frozen=True, slots=True)
class Order:
    """One order for one slot of a forward auction. Of a cancellation, side, limit and volume are
    zero."""

    auction: bytes
    meter: int
    slot: int
    sequence: int
    action: Action
    sell: bool = False
    limit_nano: int = 0
    wh: int = 0
    signature: bytes = b""

    def signed(self, signature: bytes) -> Order:
        return replace(self, signature=signature)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Orders for all slots of a UTC day (unix days): a word of eight lanes for each window."""

    auction: bytes
    meter: int
    day: int
    sequence: int
    words: tuple[int, ...]
    signature: bytes = b""

    def signed(self, signature: bytes) -> Schedule:
        return replace(self, signature=signature)


@dataclass(slots=True)
class Member:
    """A meter's place in a market; `sequence` is that of the latest limits of `owner`, who has
    enrolled it last, from `from_slot` on."""

    meter: int
    index: int
    owner: str
    from_slot: int
    sequence: int = 0


@dataclass(frozen=True, slots=True)
class SlotResult:
    """Outcome of a slot (ISettlement.Result). `apart`: it is that of the buys, or of the sells,
    alone; `island`: buys stand at the ticks of matching.island_tick."""

    traded: bool = False
    price_nano: int = 0
    matched_wh: int = 0
    buy_tick: int = 0
    sell_tick: int = 0
    buy_rationed: bool = False
    fill_wh: int = 0
    live_wh: int = 0
    carry: int = 0
    apart: bool = False
    island: bool = False

    def pack(self) -> int:
        """Return the ResultWord."""
        return (
            _unsigned(self.price_nano, 32)
            | _field(self.buy_tick, 8) << 32
            | _field(self.sell_tick, 8) << 40
            | int(self.traded) << 48
            | int(self.buy_rationed) << 49
            | int(self.apart) << 50
            | int(self.island) << 55
            | _field(self.matched_wh, 48) << 56
            | _field(self.fill_wh, 48) << 104
            | _field(self.live_wh, 48) << 152
            | _field(self.carry, 48) << 200
        )

    @classmethod
    def unpack(cls, word: int) -> SlotResult:
        """Return the result that a ResultWord holds."""
        return cls(
            traded=bool(word >> 48 & 1),
            price_nano=_signed(word, 32),
            matched_wh=_cut(word >> 56, 48),
            buy_tick=_cut(word >> 32, 8),
            sell_tick=_cut(word >> 40, 8),
            buy_rationed=bool(word >> 49 & 1),
            fill_wh=_cut(word >> 104, 48),
            live_wh=_cut(word >> 152, 48),
            carry=_cut(word >> 200, 48),
            apart=bool(word >> 50 & 1),
            island=bool(word >> 55 & 1),
        )


@dataclass(frozen=True, slots=True)
class LaneWord:
    """Eight slots of one member: volume and side by lane, which were posted, which layers exist."""

    window: int
    volumes: tuple[int, ...] = (0,) * WINDOW_SLOTS
    sides: tuple[Side, ...] = (Side.BUY,) * WINDOW_SLOTS
    posted_mask: int = 0
    second: bool = False
    withheld_buy: bool = False
    withheld_sell: bool = False
    imports: bool = False

    def pack(self) -> int:
        """Return the packed word."""
        word = _field(self.posted_mask, 8) << 224 | _field(self.window, 20) << 236
        flags = (self.second, self.withheld_buy, self.withheld_sell, self.imports)
        for bit, flag in enumerate(flags):
            word |= int(flag) << (232 + bit)
        for lane, (volume, side) in enumerate(zip(self.volumes, self.sides, strict=True)):
            word |= (_field(volume, 27) | int(side) << 27) << (28 * lane)
        return word

    @classmethod
    def unpack(cls, word: int) -> LaneWord:
        """Return what a packed word holds."""
        lanes = [_cut(word >> 28 * lane, 28) for lane in range(WINDOW_SLOTS)]
        return cls(
            window=_cut(word >> 236, 20),
            volumes=tuple(_cut(lane, 27) for lane in lanes),
            sides=tuple(Side(lane >> 27) for lane in lanes),
            posted_mask=_cut(word >> 224, 8),
            second=bool(word >> 232 & 1),
            withheld_buy=bool(word >> 233 & 1),
            withheld_sell=bool(word >> 234 & 1),
            imports=bool(word >> 235 & 1),
        )


@dataclass(frozen=True, slots=True)
class OrderLane:
    """An order as it is kept: 19 bits of lots, the tick of its limit, its side. No lots: none."""

    lots: int = 0
    tick: int = 0
    side: Side = Side.BUY

    def pack(self) -> int:
        """Return the lane's 28 bits."""
        return _field(self.lots, 19) | _field(self.tick, 8) << 19 | int(self.side) << 27

    @classmethod
    def unpack(cls, lane: int) -> OrderLane:
        """Return what the lowest 28 bits hold."""
        return cls(_cut(lane, 19), _cut(lane >> 19, 8), Side(lane >> 27 & 1))


@dataclass(frozen=True, slots=True)
class OrderWord:
    """Eight slots of one member's orders, and the number of their window."""

    window: int
    lanes: tuple[OrderLane, ...] = (OrderLane(),) * WINDOW_SLOTS

    def pack(self) -> int:
        """Return the packed word."""
        return _field(self.window, 20) << 236 | pack_lanes(self.lanes)

    @classmethod
    def unpack(cls, word: int) -> OrderWord:
        """Return what a packed word holds."""
        return cls(_cut(word >> 236, 20), unpack_lanes(word))


@dataclass(frozen=True, slots=True)
class RelayedOrder:
    """A signed order as the log tells of it: its lane and action, sequence number and slot, and how
    many bytes its signature has."""

    order: int
    sequence: int
    slot: int
    signature_bytes: int = 0

    def pack(self) -> int:
        """Return the packed word."""
        fields = (self.order, self.sequence, self.slot, self.signature_bytes)
        return sum(_field(value, 32) << 32 * place for place, value in enumerate(fields))

    @classmethod
    def unpack(cls, word: int) -> RelayedOrder:
        """Return what a packed word holds."""
        return cls(*(_cut(word >> 32 * place, 32) for place in range(4)))


def pack_lanes(lanes: Sequence[OrderLane]) -> int:
    """Return up to eight lanes in a word, the first lowest."""
    return sum(lane.pack() << 28 * place for place, lane in enumerate(lanes))


def unpack_lanes(word: int) -> tuple[OrderLane, ...]:
    """Return the eight lanes of a word."""
    return tuple(OrderLane.unpack(word >> 28 * place) for place in range(WINDOW_SLOTS))


def order_lane(params: AuctionParams, sell: bool, limit_nano: int, wh: int) -> OrderLane:
    """Return the lane of an order. Raises ValueError for a limit that is no tick's price and a
    volume that is not a positive number of lots that fits."""
    tick = params.tick_of(limit_nano)
    if tick is None:
        raise ValueError(f"{limit_nano} is not the price of a tick")
    lots, off = divmod(wh, params.lot_wh)
    if off or not 0 < lots <= MAX_LOTS or wh > MAX_ORDER_WH:
        raise ValueError(f"{wh} Wh are not 1 to {MAX_LOTS} lots of {params.lot_wh} Wh")
    return OrderLane(lots, tick, Side.SELL if sell else Side.BUY)


def schedule_words(
    params: AuctionParams, day: int, slots_per_day: int, orders: Iterable[Order]
) -> tuple[int, ...]:
    """Return the words of a day's schedule with these orders, at most one to a slot. Raises
    ValueError for slots of another day, two orders for a slot, and as `order_lane`."""
    lanes = [OrderLane()] * slots_per_day
    for order in orders:
        place = order.slot - day * slots_per_day
        if not 0 <= place < slots_per_day or lanes[place].lots:
            raise ValueError(f"slot {order.slot} is of another day or has two orders")
        lanes[place] = order_lane(params, order.sell, order.limit_nano, order.wh)
    return tuple(
        pack_lanes(lanes[place : place + WINDOW_SLOTS])
        for place in range(0, slots_per_day, WINDOW_SLOTS)
    )


def pack_intervals(values: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return four slots to a word, the first slot highest: import uint32, then export uint32."""
    words = []
    for start in range(0, len(values), 4):
        word = 0
        for place, (imported, exported) in enumerate(values[start : start + 4]):
            word |= (_field(imported, 32) << 32 | _field(exported, 32)) << (192 - 64 * place)
        words.append(word)
    return tuple(words)


def unpack_intervals(words: Iterable[int], slots: int) -> tuple[tuple[int, int], ...]:
    """Return import and export Wh of the first `slots` slots."""
    lanes = [_cut(word >> (192 - 64 * place), 64) for word in words for place in range(4)]
    return tuple((lane >> 32, _cut(lane, 32)) for lane in lanes[:slots])


def by_hour(figures: Sequence[T], hour: int) -> T:
    """Return the figure of a UTC hour out of one or twenty-four."""
    return figures[0] if len(figures) == 1 else figures[hour]


def utc_hour(slot: int, slot_seconds: int) -> int:
    """Return the hour of the UTC day in which a slot begins."""
    return slot * slot_seconds // 3600 % 24


def account_key(value: str | bytes) -> str:
    """Return an account or bytes20 as lower-case hex, so that spellings compare equal."""
    return "0x" + bytes(value).hex() if isinstance(value, bytes | bytearray) else value.lower()


def _field(value: int, bits: int) -> int:
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{value} does not fit {bits} bits")
    return value


def _cut(word: int, bits: int) -> int:
    return word & ((1 << bits) - 1)


def _unsigned(value: int, bits: int) -> int:
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise ValueError(f"{value} does not fit a signed field of {bits} bits")
    return value % (1 << bits)


def _signed(word: int, bits: int) -> int:
    value = _cut(word, bits)
    return value - (1 << bits) if value >> bits - 1 else value
