"""The facade of forward auctions: what members order for slots to come, and what comes of it.

    auction = auctions(market)[0]
    order = auction.sign_order(owner, Order(auction.id, meter, slot, sequence, Action.PLACE, ...))
    auction.place(sender, [order])
    auction.clear(sender, auction.ready_windows())

Messages are signed by the owner of the meter and may be sent by anybody. Energy in Wh, money in
nano-currency, prices in nano-currency per Wh, time in slots and, for gates, in unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property

from p2pchain import batching
from p2pchain.chain.abi import Call
from p2pchain.chain.bindings import enums, structs
from p2pchain.chain.bindings.forward_auction import (
    AuctionCreated,
    ForwardAuction,
    ForwardCleared,
    ForwardVoided,
    Ordered,
    OrderSkipped,
    OrdersRelayed,
    Scheduled,
    ScheduleSkipped,
)
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.events import of_receipt, read
from p2pchain.chain.records import Receipt
from p2pchain.chain.sender import Sender
from p2pchain.eip712 import Domain, forward_domain, order_digest, schedule_digest
from p2pchain.errors import BadInput
from p2pchain.forward_levels import Part, part_fills, unpack_part
from p2pchain.keys import Signer
from p2pchain.market import Market
from p2pchain.matching import Offer, fills
from p2pchain.model import (
    DAY_SECONDS,
    MAX_LEAD,
    WINDOW_SLOTS,
    AuctionParams,
    ForwardPhase,
    ForwardRefusal,
    Gate,
    Order,
    OrderLane,
    OrderWord,
    RelayedOrder,
    Schedule,
    Side,
    SlotResult,
    unpack_lanes,
)

Step = Callable[[int], None]
_MEMBERS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Gates:
    """Unix times of a window: placing ends at `gate`, amending and cancelling at `firm`."""

    window: int
    gate: int
    firm: int


@dataclass(frozen=True, slots=True)
class StandingOrder:
    """What a meter has ordered for a slot, and how far it has come.

    `filled_wh` and `price_nano` are None until the window is cleared, the price also where the slot
    has none; both where the contract has forgotten the window. Where levels above have filled some
    of it, the price is the average, rounded down.
    """

    meter: int
    slot: int
    sell: bool
    limit_nano: int
    wh: int
    collateral_nano: int
    phase: ForwardPhase
    voided: bool
    filled_wh: int | None
    price_nano: int | None


@dataclass(frozen=True, slots=True)
class Book:
    """The orders of a slot by limit (nano per Wh -> Wh), and the result where it is cleared.

    `parts` is what levels above have filled.
    """

    slot: int
    phase: ForwardPhase
    voided: bool
    buys: Mapping[int, int]
    sells: Mapping[int, int]
    result: SlotResult | None
    matched_wh: int
    parts: Sequence[Part] = ()


class Auction:
    """One forward auction of a market."""

    def __init__(self, market: Market, auction: bytes) -> None:
        self.market = market
        self.id = auction

    @property
    def contract(self) -> ForwardAuction:
        """The contract of all forward auctions."""
        return self.market.contracts.forward

    @cached_property
    def params(self) -> AuctionParams:
        """The immutable parameters. Raises UnknownAuction where there is no such auction."""
        return _params(self.contract.auction_params(self.id))

    @property
    def name(self) -> str:
        """What the deployment calls it, else its id."""
        text = "0x" + self.id.hex()
        record = self.market.contracts.deployment.auctions
        return next((name for name, known in record.items() if known == text), text)

    @property
    def slots_per_day(self) -> int:
        """How many slots a schedule has."""
        return DAY_SECONDS // self.market.slot_seconds

    @cached_property
    def domain(self) -> Domain:
        """What an owner's signature is bound to."""
        contracts = self.market.contracts
        return forward_domain(contracts.chain.chain_id, contracts.address("ForwardAuction"))

    # When

    def gates(self, window: int) -> Gates:
        """Return until when orders for a window are taken and changed."""
        raw = self.contract.gate_of(self.id, window)
        return Gates(window, raw.gate, raw.firm)

    def last_window(self) -> int:
        """Return the last window for which orders are taken now."""
        now = self.market.contracts.chain.block().timestamp
        return now // self.market.slot_seconds // WINDOW_SLOTS + MAX_LEAD

    def window(self, window: int) -> structs.IForwardAuctionWindow:
        """Return the state of a window; absent where nobody has ordered for it."""
        return self.contract.window_state(self.id, window)

    def phase(self, window: int) -> ForwardPhase:
        """Return the phase of a window."""
        return ForwardPhase(int(self.window(window).phase))

    # Messages: signed by whoever they bind

    def next_sequence(self, meter: int) -> int:
        """Return the number that the next signed message of a meter must have at least."""
        return self.contract.sequence_of(self.id, meter) + 1

    def sign_order(self, owner: Signer, order: Order) -> Order:
        """Return an order with the owner's signature."""
        return order.signed(owner.sign_digest(order_digest(self.domain, order)))

    def sign_schedule(self, owner: Signer, schedule: Schedule) -> Schedule:
        """Return a schedule with the owner's signature."""
        return schedule.signed(owner.sign_digest(schedule_digest(self.domain, schedule)))

    # Calls: what is to be sent, for whoever wants to look first

    def place_call(self, orders: Sequence[Order]) -> Call:
        """Return the call that hands in signed orders."""
        packed = [
            structs.Order(
                o.auction, o.meter, o.slot, o.sequence, enums.Action(int(o.action)), o.sell,
                o.limit_nano, o.wh, o.signature,
            )
            for o in orders
        ]  # fmt: skip
        return self.contract.place(packed)

    def schedule_call(self, schedules: Sequence[Schedule]) -> Call:
        """Return the call that hands in schedules; the owner himself need not sign his."""
        packed = [
            structs.Schedule(s.auction, s.meter, s.day, s.sequence, s.words, s.signature)
            for s in schedules
        ]
        return self.contract.schedule(packed)

    def own_order_call(self, order: Order) -> Call:
        """Return the owner's own call for an order, without signature and sequence number."""
        o = order
        action = enums.Action(int(o.action))
        return self.contract.order(o.auction, o.meter, o.slot, action, o.sell, o.limit_nano, o.wh)

    def order_batches(self, orders: Sequence[Order]) -> Iterator[list[Order]]:
        """Cut signed orders into batches that fit the gas of a transaction each."""
        return batching.message_batches(self, orders, self.place_call)

    def schedule_batches(self, schedules: Sequence[Schedule]) -> Iterator[list[Schedule]]:
        """Cut schedules into batches that fit the gas of a transaction each."""
        return batching.message_batches(self, schedules, self.schedule_call)

    def clear_calls(self, windows: Sequence[int]) -> Iterator[Call]:
        """Yield the calls that clear windows; each is sent before the next is asked for."""
        return batching.forward_clear_calls(self, windows)

    def void_call(self, window: int) -> Call:
        """Return the call that gives up a window that nobody has cleared in time."""
        return self.contract.void_window(self.id, window)

    # Sending

    def order(self, sender: Sender, order: Order) -> Receipt:
        """Place, amend or cancel as the owner. Raises OrderRefused."""
        return sender.send(self.own_order_call(order))

    def place(
        self, sender: Sender, orders: Sequence[Order], step: Step = lambda done: None
    ) -> dict[tuple[int, int], ForwardRefusal]:
        """Hand in signed orders; return those that were refused: (meter, sequence) -> why.

        Of one meter they must come in the order of their sequence numbers. `step` is told how many
        have been handed in.
        """
        refused: dict[tuple[int, int], ForwardRefusal] = {}
        for batch in self.order_batches(orders):
            refused |= self.skipped(sender.send(self.place_call(batch)))
            step(len(batch))
        return refused

    def schedule(
        self, sender: Sender, schedules: Sequence[Schedule], step: Step = lambda done: None
    ) -> dict[tuple[int, int], ForwardRefusal]:
        """Hand in schedules; return those that were refused: (meter, sequence) -> why."""
        refused: dict[tuple[int, int], ForwardRefusal] = {}
        for batch in self.schedule_batches(schedules):
            refused |= self.skipped(sender.send(self.schedule_call(batch)))
            step(len(batch))
        return refused

    def skipped(self, receipt: Receipt) -> dict[tuple[int, int], ForwardRefusal]:
        """Return the messages that a transaction has passed over, and why."""
        return {
            (event.meter, event.sequence): ForwardRefusal(int(event.reason))
            for event in of_receipt(self.market.contracts, receipt)
            if isinstance(event, (OrderSkipped, ScheduleSkipped))
        }

    def clear(
        self, sender: Sender, windows: Sequence[int], step: Step = lambda done: None
    ) -> list[Receipt]:
        """Clear windows whose gate has closed; return the receipts."""
        receipts = []
        for call in self.clear_calls(windows):
            receipts.append(sender.send(call))
            step(len(receipts))
        return receipts

    def void(self, sender: Sender, window: int) -> Receipt:
        """Give up a window that nobody has cleared in time."""
        return sender.send(self.void_call(window))

    # Looking

    def uncleared_windows(self) -> list[int]:
        """Return the windows that have orders and are to be cleared, in order."""
        return self._windows_in(
            ForwardPhase.OPEN,
            ForwardPhase.CLEARING,
            ForwardPhase.RATIONING,
            ForwardPhase.ADOPTING,
        )

    def waiting_windows(self) -> list[int]:
        """Return the windows that wait for the level above, in order."""
        return self._windows_in(ForwardPhase.AWAITING)

    def _windows_in(self, *phases: ForwardPhase) -> list[int]:
        found = {slot // WINDOW_SLOTS for _, slot in self.lanes()}
        return [window for window in sorted(found) if self.phase(window) in phases]

    def ready_windows(self) -> list[int]:
        """Return those of them whose gate has closed."""
        now = self.market.contracts.chain.block().timestamp
        return [w for w in self.uncleared_windows() if self.gates(w).gate <= now]

    def lanes(self, meters: Iterable[int] | None = None) -> dict[tuple[int, int], OrderLane]:
        """Return the newest order of each meter and slot ever, from the log; empty: cancelled."""
        wanted = None if meters is None else set(meters)
        found: dict[tuple[int, int], OrderLane] = {}
        for entry in read(self.market.contracts, kinds=(Ordered, OrdersRelayed, Scheduled)):
            for auction, meter, slot, lane in ordered(entry.event):
                if auction == self.id and (wanted is None or meter in wanted):
                    found[meter, slot] = lane
        return found

    def orders(self, meters: Iterable[int]) -> list[StandingOrder]:
        """Return what meters have ordered, settled orders too, by slot."""
        lanes = {key: lane for key, lane in self.lanes(meters).items() if lane.lots}
        states: dict[int, structs.IForwardAuctionWindow] = {}
        found = []
        for (meter, slot), lane in sorted(lanes.items(), key=lambda item: item[0][::-1]):
            window = slot // WINDOW_SLOTS
            if window not in states:
                states[window] = self.window(window)
            found.append(self._standing(meter, slot, lane, states[window]))
        return found

    def _standing(
        self, meter: int, slot: int, lane: OrderLane, state: structs.IForwardAuctionWindow
    ) -> StandingOrder:
        params, sell = self.params, lane.side == Side.SELL
        limit, wh = params.price_nano(lane.tick), lane.lots * params.lot_wh
        phase, filled, price = ForwardPhase(int(state.phase)), None, None
        if phase >= ForwardPhase.CLEARED:
            filled = self.contract.order_of(self.id, meter, slot).filled_wh
            result = self.contract.result_of(self.id, slot)
            price = result.price_nano if result.traded else None
            if filled and self.parts(slot):
                price = self._average_nano(meter, slot)
        elif phase == ForwardPhase.ABSENT:  # its place belongs to a newer window
            phase = ForwardPhase.SETTLED
        collateral = params.collateral_nano(sell, limit, wh)
        return StandingOrder(
            meter, slot, sell, limit, wh, collateral, phase, state.voided, filled, price
        )

    def parts(self, slot: int) -> list[Part]:
        """Return what levels above have filled of a slot, and of an own auction what a feeder has
        cut; the nearest first."""
        words = self.contract.parts_of(self.id, slot // WINDOW_SLOTS)
        found = [unpack_part(word) for word in words]
        return [part for place, part in found if place == slot % WINDOW_SLOTS]

    def _average_nano(self, meter: int, slot: int) -> int:
        """What a Wh of an order has cost or brought over all auctions, rounded down."""
        window, place = divmod(slot, WINDOW_SLOTS)
        lanes = [OrderWord.unpack(word).lanes[place] for word in self._words(window)]
        offers = [Offer(n, lane.side, lane.tick, lane.lots) for n, lane in enumerate(lanes)]
        result, parts = self._result(window, place) or SlotResult(), self.parts(slot)
        own = fills(result, offers)
        member = self.market.meters().index(meter)
        more = part_fills(parts, offers, own)[member]
        trades = [(own[member], result.price_nano)]
        trades += [(lots, part.price_nano) for lots, part in zip(more, parts, strict=True)]
        return sum(lots * nano for lots, nano in trades) // sum(lots for lots, _ in trades)

    def order_of(self, meter: int, slot: int) -> structs.OrderState:
        """Return what a meter has ordered for a slot; no energy: nothing."""
        return self.contract.order_of(self.id, meter, slot)

    def book(self, slot: int) -> Book:
        """Return all orders of a slot, by limit, and what came of them."""
        window, lane = divmod(slot, WINDOW_SLOTS)
        state = self.window(window)
        sides: tuple[dict[int, int], dict[int, int]] = ({}, {})
        params = self.params
        for word in self._words(window):
            order = OrderWord.unpack(word).lanes[lane]
            if order.lots:
                limit, side = params.price_nano(order.tick), sides[order.side]
                side[limit] = side.get(limit, 0) + order.lots * params.lot_wh
        result = self._result(window, lane)
        matched = result.matched_wh * params.lot_wh if result else 0
        phase = ForwardPhase(int(state.phase))
        parts = self.parts(slot)
        return Book(slot, phase, state.voided, sides[0], sides[1], result, matched, parts)

    def _words(self, window: int) -> Iterator[int]:
        count = self.market.member_count
        for first in range(0, count, _MEMBERS_AT_ONCE):
            size = min(_MEMBERS_AT_ONCE, count - first)
            yield from self.contract.order_words(self.id, window, first, size)

    def _result(self, window: int, lane: int) -> SlotResult | None:
        """What was announced when the window was cleared or given up."""
        for entry in read(self.market.contracts, kinds=(ForwardCleared, ForwardVoided)):
            event = entry.event
            if isinstance(event, (ForwardCleared, ForwardVoided)) and (
                event.auction == self.id and event.window == window
            ):
                if isinstance(event, ForwardVoided):
                    return SlotResult()
                return SlotResult.unpack(event.results[lane])
        return None


def auctions(market: Market) -> list[Auction]:
    """Return the forward auctions of a market, in the order in which they were created."""
    return [Auction(market, one) for one in market.contracts.forward.auctions_of(market.id)]


def choose(market: Market, name: str | None = None) -> Auction:
    """Return an auction of a market: by name, by id, or the only one. Raises BadInput."""
    known = auctions(market)
    if not known:
        raise BadInput(
            "the market has no forward auction",
            hint="'p2pchain admin auction create' creates one",
        )
    names = ", ".join(auction.name for auction in known)
    if name is None:
        if len(known) == 1:
            return known[0]
        raise BadInput("which auction is meant?", hint=f"choose with --auction: {names}")
    wanted = market.contracts.deployment.auctions.get(name, name).lower().removeprefix("0x")
    for auction in known:
        if auction.id.hex() == wanted:
            return auction
    raise BadInput(f"there is no auction '{name}' in this market", hint=f"it has: {names}")


def collateral_nano(contracts: Contracts, account: str) -> int:
    """Return what is locked for the orders of an account, in all auctions of a deployment."""
    params: dict[bytes, AuctionParams] = {}
    lanes: dict[tuple[bytes, int, int], OrderLane] = {}
    for entry in read(contracts, kinds=(AuctionCreated, Ordered, OrdersRelayed, Scheduled)):
        if isinstance(entry.event, AuctionCreated):
            params[entry.event.auction] = _params(entry.event.params)
        for auction, meter, slot, lane in ordered(entry.event):
            lanes[auction, meter, slot] = lane
    phases: dict[tuple[bytes, int], ForwardPhase] = {}
    total = 0
    for (auction, meter, slot), lane in lanes.items():
        if not lane.lots:
            continue
        key = auction, slot // WINDOW_SLOTS
        if key not in phases:
            phases[key] = ForwardPhase(int(contracts.forward.window_state(*key).phase))
        if phases[key] in (ForwardPhase.ABSENT, ForwardPhase.SETTLED):
            continue
        terms, _ = contracts.registry.terms_at(meter, slot)
        if terms.owner == account:
            total += _lane_nano(params[auction], lane)
    return total


def _lane_nano(params: AuctionParams, lane: OrderLane) -> int:
    limit, wh = params.price_nano(lane.tick), lane.lots * params.lot_wh
    return params.collateral_nano(lane.side == Side.SELL, limit, wh)


def _params(raw: structs.AuctionParams) -> AuctionParams:
    values = {f.name: getattr(raw, f.name) for f in fields(structs.AuctionParams)}
    return AuctionParams(**{**values, "gate": Gate(int(raw.gate))})


def ordered(event: object) -> Iterator[tuple[bytes, int, int, OrderLane]]:
    """Yield auction, meter, slot and lane of what an event of orders has set."""
    if isinstance(event, Ordered):
        yield event.auction, event.meter, event.slot, OrderLane.unpack(event.order)
    elif isinstance(event, OrdersRelayed):
        for order in map(RelayedOrder.unpack, event.orders):
            yield event.auction, event.meter, order.slot, OrderLane.unpack(order.order)
    elif isinstance(event, Scheduled):
        slot = event.day * len(event.words) * WINDOW_SLOTS
        for word in event.words:
            for lane in unpack_lanes(word):
                yield event.auction, event.meter, slot, lane
                slot += 1
