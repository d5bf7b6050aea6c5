"""The readable twin of `contracts/ForwardAuction.sol`: orders, gates, clearing, positions.

An auction trades slots that are still to come. Volumes are kept in lots of `lot_wh`; what leaves
this module as energy is in Wh, money in nano-currency. Where the contract keeps a ring of words,
this keeps every order; `_ring` only tells whether the contract would have had a place.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from p2pchain import forward_levels, matching
from p2pchain.errors import CheckFailed, Refused
from p2pchain.forward_level_twin import ForwardLevelsTwin, pack_parts
from p2pchain.forward_levels import Part
from p2pchain.ledger import Emit, LedgerTwin
from p2pchain.levels import Grid
from p2pchain.matching import Offer
from p2pchain.model import (
    DAY_SECONDS,
    MAX_LEAD,
    MAX_ORDER_WH,
    RING,
    TICKS,
    WINDOW_SLOTS,
    Action,
    AuctionParams,
    ForwardPhase,
    ForwardRefusal,
    Gate,
    Member,
    Order,
    OrderLane,
    Schedule,
    Side,
    SlotResult,
    order_lane,
    unpack_lanes,
)

#: Says whether an order or schedule is signed by an account.
VerifyOwner = Callable[[Order | Schedule, str], bool]
_MAX_SECONDS = 7 * DAY_SECONDS
_MAX_INT32 = 2**31 - 1
_TO_CLEAR = (ForwardPhase.OPEN, ForwardPhase.CLEARING, ForwardPhase.RATIONING)
_UNCLEARED = (*_TO_CLEAR, ForwardPhase.AWAITING, ForwardPhase.ADOPTING)


@dataclass(slots=True)
class ForwardWindow:
    """A window of eight slots in an auction; `cursor` is the next member of the phase."""

    window: int
    phase: ForwardPhase = ForwardPhase.ABSENT
    voided: bool = False
    cursor: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """What a member has contracted ahead for a slot: Wh, positive where bought; what is locked for
    its orders; what its fills earn (positive) or cost."""

    wh: int = 0
    collateral_nano: int = 0
    contract_nano: int = 0

    def __add__(self, other: Position) -> Position:
        return Position(
            self.wh + other.wh,
            self.collateral_nano + other.collateral_nano,
            self.contract_nano + other.contract_nano,
        )

    def __bool__(self) -> bool:
        return bool(self.wh or self.collateral_nano or self.contract_nano)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends a message and how its signature is checked; what is None is taken as right."""

    caller: str | None = None
    verify: VerifyOwner | None = None

    def may_act_for(self, owner: str, message: Order | Schedule) -> bool:
        """Return whether the message is the owner's: called by it, or signed by it."""
        if not message.signature:
            return self.caller is None or self.caller == owner
        return self.verify is None or self.verify(message, owner)


@dataclass(slots=True)
class Above:
    """What an auction in a tree has of one window beside its own results: parts by slot, the lots
    of each part by meter, and whether something was sent and what became of it is told."""

    parts: list[list[Part]]
    lots: dict[tuple[int, int], list[int]]
    sent: bool = False
    told: bool = False


class AuctionTwin:
    """One auction. `owner_at` gives who may order (or only cancel) in a slot."""

    def __init__(
        self,
        auction: bytes,
        params: AuctionParams,
        slot_seconds: int,
        members: Sequence[Member],
        owner_at: Callable[[int, int, bool], str | None],
        ledger: LedgerTwin,
        tree: ForwardLevelsTwin,
        emit: Emit,
    ) -> None:
        self.auction = auction
        self.params = params
        self.paused = False
        self.orders: dict[tuple[int, int], OrderLane] = {}
        self.fills: dict[tuple[int, int], int] = {}
        self.results: dict[int, SlotResult] = {}
        self.windows: dict[int, ForwardWindow] = {}
        self.sequences: defaultdict[int, int] = defaultdict(int)
        self._slot_seconds = slot_seconds
        self._members = members
        self._owner_at = owner_at
        self._ledger = ledger
        self._ring: dict[int, int] = {}
        self._tree = tree
        self._emit = emit
        #: By window that is matched.
        self.above: dict[int, Above] = {}

    # When

    def gate(self, window: int) -> int:
        """Return the unix time from which no order is placed and the window may be cleared."""
        start = window * WINDOW_SLOTS * self._slot_seconds
        if self.params.gate == Gate.DAY:
            start -= start % DAY_SECONDS
        return start - self.params.gate_seconds

    def firm(self, window: int) -> int:
        """Return the unix time from which orders are neither amended nor cancelled."""
        return self.gate(window) - self.params.firm_seconds

    def window_state(self, window: int) -> ForwardWindow:
        """Return the state of a window; Absent where nobody has ordered."""
        return self.windows.get(window) or ForwardWindow(window)

    # Orders

    def place(
        self, order: Order, now: int | None = None, sender: Sender | None = None, own: bool = False
    ) -> ForwardRefusal:
        """Take an order or say why not. `own`: the owner's call, outside the sequence."""
        cancels = order.action == Action.CANCEL
        if self.paused and not cancels:
            return ForwardRefusal.PAUSED
        if self._too_early(order.slot // WINDOW_SLOTS, now):
            return ForwardRefusal.TOO_EARLY
        owner = self._owner_at(order.meter, order.slot, not cancels)
        if owner is None:
            return ForwardRefusal.NOT_A_MEMBER
        if not own and order.sequence <= self.sequences[order.meter]:
            return ForwardRefusal.OLD_SEQUENCE
        if not (sender or Sender()).may_act_for(owner, order):
            return ForwardRefusal.BAD_SIGNATURE
        window = order.slot // WINDOW_SLOTS
        refusal = self._refuse_time([window], [window] if order.action != Action.PLACE else [], now)
        if refusal:
            return refusal
        refusal, lane = self._lane(order)
        if refusal:
            return refusal
        if self._ring_full(window):
            return ForwardRefusal.RING_FULL
        stands = (order.meter, order.slot) in self.orders
        if order.action == Action.PLACE and stands:
            return ForwardRefusal.ORDER_EXISTS
        if order.action != Action.PLACE and not stands:
            return ForwardRefusal.NO_ORDER
        if not self._replace(owner, order.meter, {order.slot: lane}):
            return ForwardRefusal.TOO_LITTLE_MONEY
        if not own:
            self.sequences[order.meter] = order.sequence
        return ForwardRefusal.NONE

    def schedule(
        self, schedule: Schedule, now: int | None = None, sender: Sender | None = None
    ) -> ForwardRefusal:
        """Replace all orders of a meter for a day, or say why not."""
        if self.paused:
            return ForwardRefusal.PAUSED
        per_day = DAY_SECONDS // self._slot_seconds
        slots = range(schedule.day * per_day, (schedule.day + 1) * per_day)
        if self._too_early(slots[-1] // WINDOW_SLOTS, now):
            return ForwardRefusal.TOO_EARLY
        owners = {self._owner_at(schedule.meter, slot, True) for slot in slots}
        owner = owners.pop()
        if owners or owner is None:
            return ForwardRefusal.NOT_A_MEMBER
        if schedule.sequence <= self.sequences[schedule.meter]:
            return ForwardRefusal.OLD_SEQUENCE
        if not (sender or Sender()).may_act_for(owner, schedule):
            return ForwardRefusal.BAD_SIGNATURE
        windows = range(slots.start // WINDOW_SLOTS, slots.stop // WINDOW_SLOTS)
        amended = sorted(
            {slot // WINDOW_SLOTS for slot in slots if (schedule.meter, slot) in self.orders}
        )
        refusal = self._refuse_time(windows, amended, now)
        if refusal:
            return refusal
        if len(schedule.words) != len(windows) or any(w >> 224 for w in schedule.words):
            return ForwardRefusal.BAD_FORMAT
        lanes = [lane for word in schedule.words for lane in unpack_lanes(word)]
        if any(lane.lots == 0 and lane != OrderLane() for lane in lanes):
            return ForwardRefusal.BAD_FORMAT
        if any(lane.lots * self.params.lot_wh > MAX_ORDER_WH for lane in lanes):
            return ForwardRefusal.BAD_VOLUME
        # A window without an order in it is not opened, so it needs no place.
        used = [window for window, word in zip(windows, schedule.words, strict=True) if word]
        if any(self._ring_full(window) for window in used):
            return ForwardRefusal.RING_FULL
        if not self._replace(owner, schedule.meter, dict(zip(slots, lanes, strict=True))):
            return ForwardRefusal.TOO_LITTLE_MONEY
        self.sequences[schedule.meter] = schedule.sequence
        return ForwardRefusal.NONE

    def skip_sequence(self, meter: int, sequence: int) -> None:
        """Nothing that was signed up to a sequence number is taken any more."""
        if sequence <= self.sequences[meter]:
            raise Refused("SequenceUsed", (meter, sequence))
        self.sequences[meter] = sequence

    def owner_changes(self, meter: int, from_slot: int) -> None:
        """Refuse that a meter changes hands while orders of the old owner stand."""
        for ordered, slot in sorted(self.orders):
            settled = self.window_state(slot // WINDOW_SLOTS).phase == ForwardPhase.SETTLED
            if ordered == meter and slot >= from_slot and not settled:
                raise Refused("OpenOrders", (meter, slot))

    def _too_early(self, window: int, now: int | None) -> bool:
        running = None if now is None else now // self._slot_seconds // WINDOW_SLOTS
        return running is not None and window > running + MAX_LEAD

    def _refuse_time(
        self, windows: Sequence[int], amended: Sequence[int], now: int | None
    ) -> ForwardRefusal:
        """All `windows` take orders; those in `amended` may be amended and cancelled too."""
        if now is not None:
            if any(now >= self.gate(window) for window in windows):
                return ForwardRefusal.AFTER_GATE
            if any(now >= self.firm(window) for window in amended):
                return ForwardRefusal.FIRM_PERIOD
        before = (ForwardPhase.ABSENT, ForwardPhase.OPEN)
        if any(self.window_state(window).phase not in before for window in windows):
            return ForwardRefusal.AFTER_GATE
        return ForwardRefusal.NONE

    def _lane(self, order: Order) -> tuple[ForwardRefusal, OrderLane]:
        if order.action == Action.CANCEL:
            blank = not (order.sell or order.limit_nano or order.wh)
            return ForwardRefusal.NONE if blank else ForwardRefusal.BAD_FORMAT, OrderLane()
        if self.params.tick_of(order.limit_nano) is None:
            return ForwardRefusal.OFF_TICK, OrderLane()
        try:
            lane = order_lane(self.params, order.sell, order.limit_nano, order.wh)
        except ValueError:
            return ForwardRefusal.BAD_VOLUME, OrderLane()
        return ForwardRefusal.NONE, lane

    def _ring_full(self, window: int) -> bool:
        holder = self._ring.get(window % RING)
        if holder is None or holder == window:
            return False
        return self.windows[holder].phase != ForwardPhase.SETTLED

    def _replace(self, owner: str, meter: int, lanes: Mapping[int, OrderLane]) -> bool:
        """Lock or release the difference and keep the new lanes; False for want of money."""
        before = sum(self.collateral_nano(meter, slot) for slot in lanes)
        after = sum(self._lane_collateral(lane) for lane in lanes.values())
        if not self._ledger.change_collateral(owner, after - before):
            return False
        for slot, lane in lanes.items():
            self.orders.pop((meter, slot), None)
            if lane.lots:
                self.orders[meter, slot] = lane
                self._open(slot // WINDOW_SLOTS)
        return True

    def _open(self, window: int) -> None:
        if window not in self.windows:
            self.windows[window] = ForwardWindow(window, ForwardPhase.OPEN)
            self._ring[window % RING] = window

    # Clear

    def offers(self, slot: int) -> list[Offer]:
        """Return the orders of a slot in the order of the members' index; volumes in lots."""
        lanes = ((member.meter, self.orders.get((member.meter, slot))) for member in self._members)
        return [Offer(meter, lane.side, lane.tick, lane.lots) for meter, lane in lanes if lane]

    def clear(self, window: int, now: int | None = None) -> tuple[SlotResult, ...]:
        """Clear a window, from whichever step; return its eight results, volumes in lots."""
        state = self._to_clear(window, now)
        self._match(window, now)
        state.phase, state.cursor = self._after_own(window), 0
        return tuple(self.results[slot] for slot in _slots(window))

    def _match(self, window: int, now: int | None) -> None:
        """Match the slots of a window, unless an earlier step has; what is left goes up where the
        auction belongs to a level."""
        if window in self.above:
            return
        above = self.above[window] = Above([[] for _ in range(WINDOW_SLOTS)], {})
        params, books = self.params, []
        grid = Grid(params.floor_nano, params.tick_nano)
        below = self._tree.is_below(self.auction, window)
        for slot in _slots(window):
            offers = self.offers(slot)
            sides = {side: matching.by_tick(offers, side) for side in Side}
            room = self._tree.room(self.auction, slot) if below else None
            book = forward_levels.clear(sides, params.k_ppm, grid, room)
            books.append(book)
            self.results[slot] = SlotResult() if book.is_cut else book.result
            if book.is_cut:
                above.parts[slot % WINDOW_SLOTS] = forward_levels.own_parts(book)
            lots_of = matching.fills(self.results[slot], offers)
            for offer, lots in zip(offers, lots_of, strict=True):
                self.fills[offer.member, slot] = lots * params.lot_wh
        if any(above.parts):
            self._emit("PartsAdded", auction=self.auction, window=window, parts=self.parts(window))
        if below:
            above.sent = self._tree.auction_cleared(self.auction, window, books, grid, now)

    def _after_own(self, window: int) -> ForwardPhase:
        """The phase of a window whose own fills are known."""
        above = self.above[window]
        if above.sent and not above.told:
            return ForwardPhase.AWAITING
        self._fill_parts(window)
        rationed = any(part.is_rationed for parts in above.parts for part in parts)
        return ForwardPhase.ADOPTING if rationed else ForwardPhase.CLEARED

    def parts(self, window: int) -> tuple[int, ...]:
        """Return the parts of a window as words."""
        return pack_parts(self.above[window].parts) if window in self.above else ()

    def adopt(self, window: int, parts: Sequence[Sequence[Part]]) -> None:
        """Take what levels above have filled of a window."""
        state, above = self.window_state(window), self.above.get(window)
        waits = state.phase in (ForwardPhase.RATIONING, ForwardPhase.AWAITING)
        if above is None or not waits or not above.sent or above.told:
            raise Refused("WrongPhase", (window, int(state.phase)))
        above.told = True
        for own, more in zip(above.parts, parts, strict=True):
            own += more
        self._emit("PartsAdded", auction=self.auction, window=window, parts=pack_parts(parts))
        if state.phase == ForwardPhase.AWAITING:
            state.phase = self._after_own(window)

    def adopted(self, window: int) -> None:
        """All that was rationed of parts is shared out."""
        state = self.window_state(window)
        if state.phase != ForwardPhase.ADOPTING:
            raise Refused("WrongPhase", (window, int(state.phase)))
        state.phase, state.cursor = ForwardPhase.CLEARED, 0

    def _fill_parts(self, window: int) -> None:
        above = self.above[window]
        for slot in _slots(window):
            offers, parts = self.offers(slot), above.parts[slot % WINDOW_SLOTS]
            own = [self.fills[offer.member, slot] // self.params.lot_wh for offer in offers]
            found = forward_levels.part_fills(parts, offers, own)
            for offer, lots in zip(offers, found, strict=True):
                above.lots[offer.member, slot] = lots

    def step(self, window: int, phase: ForwardPhase, cursor: int, now: int | None = None) -> None:
        """Put down how far a clearing in steps has come."""
        adopting = self.window_state(window).phase == ForwardPhase.ADOPTING
        state = self.window_state(window) if adopting else self._to_clear(window, now)
        known = (ForwardPhase.CLEARING, ForwardPhase.RATIONING, ForwardPhase.ADOPTING)
        if phase not in known or phase < state.phase or adopting != (phase == known[-1]):
            raise Refused("WrongPhase", (window, int(state.phase)))
        if phase == ForwardPhase.RATIONING:
            self._match(window, now)
        state.phase, state.cursor = phase, cursor

    def void(self, window: int, now: int | None = None) -> None:
        """Give a window up that nobody has cleared in time: no trade."""
        state = self._to_clear(window)
        deadline = self.gate(window) + self.params.void_seconds
        if now is not None and now < deadline:
            raise Refused("TooEarlyToVoid", (window, deadline))
        if window in self.above and self.above[window].sent:
            raise Refused("WrongPhase", (window, int(state.phase)))
        self.above.pop(window, None)
        for slot in _slots(window):
            self.results[slot] = SlotResult()
            for member in self._members:
                self.fills.pop((member.meter, slot), None)
        state.phase, state.voided, state.cursor = ForwardPhase.CLEARED, True, 0

    def may_clear(self, window: int, now: int | None) -> bool:
        """Return whether there is something to clear and its gate has closed."""
        closed = now is None or now >= self.gate(window)
        adopting = self.window_state(window).phase == ForwardPhase.ADOPTING
        return closed and (adopting or self.window_state(window).phase in _TO_CLEAR)

    def is_uncleared(self, window: int) -> bool:
        """Return whether a window has orders that are not cleared, by levels above neither."""
        return self.window_state(window).phase in _UNCLEARED

    def is_pending(self, window: int) -> bool:
        """Return whether a window has orders that are not settled."""
        phase = self.window_state(window).phase
        return phase not in (ForwardPhase.ABSENT, ForwardPhase.SETTLED)

    def older(self, window: int) -> int | None:
        """Return the older window that stands unsettled in the place of this one."""
        holder = self._ring.get(window % RING)
        return (
            holder if holder is not None and holder < window and self.is_pending(holder) else None
        )

    def finish(self, window: int) -> None:
        """A window is settled: its place in the ring may be used again."""
        if window in self.windows:
            self.windows[window].phase = ForwardPhase.SETTLED

    def _to_clear(self, window: int, now: int | None = None) -> ForwardWindow:
        state = self.window_state(window)
        if state.phase not in _TO_CLEAR:
            raise Refused("WrongPhase", (window, int(state.phase)))
        if now is not None and now < self.gate(window):
            raise Refused("GateOpen", (window, self.gate(window)))
        return state

    # Positions

    def collateral_nano(self, meter: int, slot: int) -> int:
        """Return what an order can cost at worst."""
        lane = self.orders.get((meter, slot))
        return self._lane_collateral(lane) if lane else 0

    def position(self, meter: int, slot: int) -> Position:
        """Return what a meter's order for a slot has come to."""
        lane = self.orders.get((meter, slot))
        if lane is None:
            return Position()
        sign = 1 if lane.side == Side.BUY else -1
        found = Position(0, self._lane_collateral(lane))
        for wh, price in self.trades(meter, slot):
            found += Position(sign * wh, 0, -sign * wh * price)
        return found

    def trades(self, meter: int, slot: int) -> list[tuple[int, int]]:
        """Return what an order was filled with, Wh and price: by its own auction, and by each part
        that has filled some of it."""
        own = self.fills.get((meter, slot), 0)
        found = [(own, self.results[slot].price_nano)] if own else []
        above = self.above.get(slot // WINDOW_SLOTS)
        if above is not None:
            parts = above.parts[slot % WINDOW_SLOTS]
            for part, lots in zip(parts, above.lots.get((meter, slot), ()), strict=False):
                if lots:
                    found.append((lots * self.params.lot_wh, part.price_nano))
        return found

    def assert_conserved(self) -> None:
        """Raise CheckFailed unless energy bought is energy sold in each slot, and nobody trades
        beyond his limit or his volume."""
        sums: defaultdict[tuple[int, Side], int] = defaultdict(int)
        for (meter, slot), wh in self.fills.items():
            lane, price = self.orders[meter, slot], self.results[slot].price_nano
            sums[slot, lane.side] += wh
            limit = self.params.price_nano(lane.tick)
            beyond = price > limit if lane.side == Side.BUY else price < limit
            if not 0 <= wh <= lane.lots * self.params.lot_wh or (wh and beyond):
                raise CheckFailed(f"meter {meter}, slot {slot}: {wh} Wh of {lane} at {price}")
        for slot, result in self.results.items():
            matched = result.matched_wh * self.params.lot_wh
            if (sums[slot, Side.BUY], sums[slot, Side.SELL]) != (matched, matched):
                raise CheckFailed(f"forward slot {slot}: fills do not add up to {matched} Wh")
        for window, above in self.above.items():
            if self.window_state(window).phase >= ForwardPhase.ADOPTING:
                self._assert_parts(window, above)

    def _assert_parts(self, window: int, above: Above) -> None:
        for slot in _slots(window):
            orders = {o.member: o for o in self.offers(slot)}
            for meter, order in orders.items():
                limit = self.params.price_nano(order.tick)
                filled = sum(wh for wh, _ in self.trades(meter, slot))
                sign = 1 if order.side == Side.BUY else -1
                beyond = any(sign * (price - limit) > 0 for _, price in self.trades(meter, slot))
                if filled > order.wh * self.params.lot_wh or beyond:
                    raise CheckFailed(f"meter {meter}, slot {slot}: {filled} Wh of {order}")
            for place, part in enumerate(above.parts[slot % WINDOW_SLOTS]):
                lots = sum(above.lots[meter, slot][place] for meter in orders)
                if lots != part.lots:
                    raise CheckFailed(f"forward slot {slot}: {lots} lots of {part}")

    def open_orders(self) -> Iterator[tuple[int, int]]:
        """Yield meter and slot of every order in a window that is not settled."""
        for meter, slot in self.orders:
            if self.is_pending(slot // WINDOW_SLOTS):
                yield meter, slot

    def _lane_collateral(self, lane: OrderLane) -> int:
        limit = self.params.price_nano(lane.tick)
        wh = lane.lots * self.params.lot_wh
        return self.params.collateral_nano(lane.side == Side.SELL, limit, wh)


def _slots(window: int) -> range:
    return range(window * WINDOW_SLOTS, (window + 1) * WINDOW_SLOTS)


def check_params(params: AuctionParams) -> None:
    """Refuse parameters that no auction may have, in the order in which the contract looks."""
    top = params.price_nano(TICKS - 1)
    seconds = {
        "gateSeconds": params.gate_seconds,
        "firmSeconds": params.firm_seconds,
        "voidSeconds": params.void_seconds,
    }
    bad = {
        "kPpm": params.k_ppm > 1_000_000,
        "lotWh": not 1 <= params.lot_wh <= 128,
        "tickNano": not 1 <= params.tick_nano <= _MAX_INT32 or top > _MAX_INT32,
        "capNano": params.cap_nano < top,
        "surplusNano": params.surplus_nano > min(0, params.cap_nano),
    } | {name: value > _MAX_SECONDS for name, value in seconds.items()}
    bad["voidSeconds"] |= params.void_seconds == 0
    for name, is_bad in bad.items():
        if is_bad:
            raise Refused("BadParameter", (name,))
