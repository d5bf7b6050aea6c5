"""A small community with forward auctions on the twin, its clock, and the log that a chain would
write of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from p2pchain.model import (
    Action,
    AuctionParams,
    Enrolment,
    ForwardRefusal,
    MarketParams,
    Order,
    OrderLane,
    Outcome,
    Phase,
    Reading,
    Refusal,
    RelayedOrder,
    Schedule,
    TariffRow,
    Terms,
    order_lane,
)
from p2pchain.posting import window_slots
from p2pchain.runs import RunsTwin
from p2pchain.twin import Twin
from tests.unit.conftest import agree

HOUR, DAY = 3_600, 86_400
FIRST = 24 * 17_000
WINDOW = FIRST // 8
START = FIRST * HOUR
OPERATOR, SUPPLIER, FEES = "0x" + "0a" * 20, "0x" + "0b" * 20, "0x" + "0c" * 20
PURSE = 10**9
ROW = TariffRow(energy=200, feed_in=50, imbalance=300, network=10, levies=5, tax=5)
BUY, SELL = False, True


def account(number: int) -> str:
    return f"0x{number:040x}"


def event(name: str, /, **fields: Any) -> Any:
    """An event as the bindings give it: an object of a class with the event's name."""
    made = type(name, (), {})()
    for key, value in fields.items():
        setattr(made, key, value)
    return made


def relayed(order: Order, lane: OrderLane) -> Any:
    """The event of one relayed order."""
    told = RelayedOrder(lane.pack() | order.action << 28, order.sequence, order.slot)
    fields = {"auction": order.auction, "meter": order.meter, "signatures": b""}
    return event("OrdersRelayed", orders=(told.pack(),), **fields)


def fields_of(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in type(record).__dataclass_fields__}


def fill_words(fills: Sequence[tuple[int, int, int]]) -> list[int]:
    words: dict[tuple[int, int], int] = {}
    for slot, side, wh in fills:
        window, lane = divmod(slot, 8)
        layer = int(any(s == slot and side > other for s, other, _ in fills))
        words.setdefault((window, layer), window << 236 | layer << 232)
        words[window, layer] |= (wh | int(side) << 27) << (28 * lane)
    return list(words.values())


class ForwardWorld:
    """Meters 1 to `members`, each of the account with its number, all of one supplier."""

    def __init__(
        self,
        members: int = 3,
        row: TariffRow = ROW,
        purses: Mapping[int, int] | None = None,
        standing_nano: int = 0,
        auctions: Sequence[Mapping[str, Any]] = ({},),
        purse: int = PURSE,
    ) -> None:
        self.twin = Twin(HOUR)
        self.log: list[list[Any]] = []
        self.twin.add_area(OPERATOR)
        self._do(event("AreaAdded", area=1, parent=0, operator=OPERATOR))
        self.twin.add_supplier(SUPPLIER)
        self._do(event("SupplierAdded", supplier=1, account=SUPPLIER, name="s"))
        self.publish(row, standing_nano)
        for who in (OPERATOR, SUPPLIER):
            self.deposit(who, PURSE)
        params = MarketParams(area=1, tick_nano=5, floor_nano=-200, fee_account=FEES)
        self.market = self.twin.create_market(params)
        given = tuple(fields_of(params).values())
        self._do(event("MarketCreated", market=self.market, area=1, params=given))
        self._do(agree(self.twin, self.market, 1))
        for meter in range(1, members + 1):
            self.join(meter, (purses or {}).get(meter, purse))
        self.auctions = [self.create(**changes) for changes in auctions]
        self.sequence = 0
        self.registers: dict[int, tuple[int, int]] = {}
        self.twin.now = START - 5 * HOUR

    @property
    def place_(self) -> RunsTwin:
        return self.twin.market(self.market)

    def _do(self, *causes: Any) -> None:
        """Close a transaction: what somebody did, and everything that followed."""
        effects = [event(e.name, **dict(e.fields)) for e in self.twin.effects]
        self.twin.effects.clear()
        for effect in effects:
            if hasattr(effect, "fills"):
                effect.fills = fill_words(effect.fills)
        self.log.append([*causes, *effects])

    # Set-up

    def publish(self, row: TariffRow, standing_nano: int) -> None:
        fields = {"supplier": 1, "tariff": 1, "from_slot": FIRST - 240}
        self.twin.publish(1, 1, FIRST - 240, [row], standing_nano)
        more = {"version": 0, "rows": [row], "standing_nano": standing_nano}
        self._do(event("TariffPublished", **fields, **more))

    def deposit(self, who: str, nano: int) -> None:
        self.twin.ledger.deposit(who, nano)
        self._do(event("Deposited", payer=who, account=who, amount_nano=nano))

    def join(self, meter: int, purse: int) -> None:
        terms = Terms(account(meter), FIRST - 240, 1, 1, 100_000)
        self.twin.register_meter(1, terms)
        self._do(
            event("MeterRegistered", meter=meter, area=1, point_commitment=b"\0" * 32),
            event("TermsSet", meter=meter, **fields_of(terms)),
            event("SignerSet", meter=meter, from_slot=FIRST - 240, signer=b"\1" * 20),
        )
        self.deposit(account(meter), purse)
        self.enrol(meter, FIRST - 240)

    def enrol(self, meter: int, from_slot: int) -> None:
        assert self.twin.enrol(Enrolment(self.market, meter, from_slot)) == Refusal.NONE
        index = self.place_.by_meter[meter].index
        fields = {"meter": meter, "index": index, "from_slot": from_slot, "signature": b""}
        self._do(event("Enrolled", market=self.market, **fields))

    def set_owner(self, meter: int, number: int, from_slot: int) -> None:
        terms = Terms(account(number), from_slot, 1, 1, 100_000)
        self.twin.set_terms(meter, terms)
        self._do(event("TermsSet", meter=meter, **fields_of(terms)))

    def params(self, **changes: Any) -> AuctionParams:
        values: dict[str, Any] = {
            "market": self.market,
            "gate_seconds": HOUR,
            "firm_seconds": HOUR // 2,
            "tick_nano": 1,
            "cap_nano": 400,
        }
        return AuctionParams(**(values | changes))

    def create(self, **changes: Any) -> bytes:
        params = self.params(**changes)
        auction = self.twin.create_auction(params)
        given = tuple(fields_of(params).values())
        self._do(event("AuctionCreated", auction=auction, market=self.market, params=given))
        return auction

    # Orders

    def message(
        self,
        meter: int,
        slot: int,
        sell: bool = BUY,
        limit: int = 0,
        wh: int = 0,
        action: Action = Action.PLACE,
        *,
        auction: int = 0,
        sequence: int | None = None,
    ) -> Order:
        """An order for a slot counted from FIRST, with the next sequence number."""
        self.sequence += sequence is None
        number = self.sequence if sequence is None else sequence
        return Order(self.auctions[auction], meter, FIRST + slot, number, action, sell, limit, wh)

    def order(self, *args: Any, caller: str | None = None, **more: Any) -> ForwardRefusal:
        order = self.message(*args, **more)
        refusal = self.twin.place([order], caller)[0]
        if refusal == ForwardRefusal.NONE:
            params = self.twin.auction(order.auction).params
            lane = OrderLane()
            if order.action != Action.CANCEL:
                lane = order_lane(params, order.sell, order.limit_nano, order.wh)
            self._do(relayed(order, lane))
        return refusal

    def cancel(self, meter: int, slot: int, **more: Any) -> ForwardRefusal:
        return self.order(meter, slot, BUY, 0, 0, Action.CANCEL, **more)

    def schedule(
        self, meter: int, words: Sequence[int], day: int = FIRST // 24, auction: int = 0
    ) -> ForwardRefusal:
        self.sequence += 1
        schedule = Schedule(self.auctions[auction], meter, day, self.sequence, tuple(words))
        refusal = self.twin.schedule([schedule])[0]
        if refusal == ForwardRefusal.NONE:
            self._do(event("Scheduled", **fields_of(schedule)))
        return refusal

    # Phases

    def at(self, seconds: int) -> None:
        """Set the clock, in seconds from the beginning of the first window."""
        self.twin.now = START + seconds

    def clear_forward(self, window: int = WINDOW, auction: int = 0) -> None:
        name = self.auctions[auction]
        self.twin.clear_forward(name, window)
        results = self.twin.auction(name).results
        words = [results[slot].pack() for slot in window_slots(window)]
        self._do(event("ForwardCleared", auction=name, window=window, results=words))

    def void_forward(self, window: int = WINDOW, auction: int = 0) -> None:
        self.twin.void_forward(self.auctions[auction], window)
        self._do(event("ForwardVoided", auction=self.auctions[auction], window=window))

    def post(self, meter: int, values: Sequence[tuple[int, int]], slot: int = 0) -> Outcome:
        registers = self.registers.get(meter, (0, 0))
        reading = Reading.of(meter, FIRST + slot, *registers, values)
        outcome = self.twin.post_readings(self.market, [reading])[0]
        if outcome == Outcome.ACCEPTED:
            self.registers[meter] = reading.closing
            self._do(event("ReadingPosted", **fields_of(reading)))
        return outcome

    def clear(self, window: int = WINDOW) -> None:
        self.twin.clear(self.market, window)
        words = [self.place_.results[slot].pack() for slot in window_slots(window)]
        members = self.place_.window_state(window).members
        fields = {"window": window, "members": members, "results": words}
        self._do(event("WindowCleared", market=self.market, **fields))

    def settle(self, window: int = WINDOW, members: int = 2**32 - 1) -> None:
        while self.place_.window_state(window).phase != Phase.SETTLED:
            self.twin.settle(self.market, window, 1, members)
            cursor = self.place_.window_state(window).cursor
            fields = {"first_window": window, "windows": 1, "cursor": cursor}
            self._do(event("WindowsSettled", market=self.market, **fields))
            self.twin.assert_conserved()

    def play(self, measured: Mapping[int, tuple[int, int]], first: int = 0) -> None:
        """Clear what was ordered for the first window; those in `measured` post (import, export)
        of slot `first` and nothing else; clear and settle."""
        self.at(0)
        for number, auction in enumerate(self.auctions):
            if self.twin.auction(auction).is_uncleared(WINDOW):
                self.clear_forward(auction=number)
        self.at(3 * DAY)
        for meter, value in measured.items():
            values = [value if slot == first else (0, 0) for slot in range(8)]
            assert self.post(meter, values) == Outcome.ACCEPTED
        self.clear()
        self.settle()

    def change(self, number: int, purse: int = PURSE) -> int:
        """What an account has won or lost since it was paid in."""
        return self.twin.free_nano(account(number)) - purse
