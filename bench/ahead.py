"""What trading ahead costs: markets of the workload whose members also order forward.

Every participant orders in every slot, on its side, at a limit of randint(80, 300) tenths of a cent
per kWh and randint(50, 5000) Wh: the workload again, drawn apart from what is metered then, so that
every slot has deviations. Day-ahead: one signed schedule a day, relayed in batches. Intraday: one
signed order and one signed reading for each slot; the readings of a window's slots are handed in
when it is over and join into one record, or the meter signs the window with one signature. Both are
relayed home by home.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from bench.workload import FLOOR_NANO, PER_TENTH_OF_A_CENT, SLOTS_PER_DAY, TICK_NANO, Participant
from bench.world import RING_DAYS, WINDOWS_PER_DAY, World, world
from p2pchain.chain.abi import Call
from p2pchain.chain.bindings.forward_auction import OrderSkipped, ScheduleSkipped
from p2pchain.chain.events import of_receipt
from p2pchain.chain.records import TX_GAS_CAP
from p2pchain.chain.rpc import Rpc
from p2pchain.chain.sender import Sender
from p2pchain.errors import CheckFailed
from p2pchain.forward_market import Auction
from p2pchain.meter import join, runs
from p2pchain.model import (
    WINDOW_SLOTS,
    Action,
    AuctionParams,
    Gate,
    Order,
    OrderLane,
    Reading,
    Schedule,
    Side,
    pack_lanes,
)
from p2pchain.operator import Operator

HOUR = 3_600
CAP_NANO = 400_000
Ordered = tuple[int, int]  # limit in nano-currency per Wh, Wh


class AheadWorld:
    """A market of the workload with one forward auction; slots of the next day are ordered."""

    def __init__(self, market: World, gate: Gate) -> None:
        self.world = market
        self.auction = Auction(market.market, self._create(gate))
        self._draws = {
            home.index: random.Random(f"{market.seed} {home.index} orders") for home in market.homes
        }
        self._sequence = 0
        self._ordered: int | None = None

    def _create(self, gate: Gate) -> bytes:
        params = AuctionParams(
            market=self.world.market.id,
            gate=gate,
            gate_seconds=HOUR // 4,
            firm_seconds=HOUR // 4,
            void_seconds=24 * HOUR,
            lot_wh=1,
            floor_nano=FLOOR_NANO,
            tick_nano=TICK_NANO,
            cap_nano=CAP_NANO,
        )
        return Operator(self.world.contracts, self.world.sender).create_auction(params)

    def draw(self, home: Participant, slots: int) -> list[Ordered]:
        """Return limit and volume of the orders of the next slots."""
        draw = self._draws[home.index]
        return [
            (draw.randint(80, 300) * PER_TENTH_OF_A_CENT, draw.randint(50, 5000))
            for _ in range(slots)
        ]

    def schedules(self, day: int) -> list[Schedule]:
        """Return everybody's signed schedule of a day."""
        self._sequence += 1
        signed = []
        for home in self.world.homes:
            side = Side.SELL if home.sells else Side.BUY
            lanes = [
                OrderLane(wh, (limit - FLOOR_NANO) // TICK_NANO, side)
                for limit, wh in self.draw(home, SLOTS_PER_DAY)
            ]
            words = tuple(
                pack_lanes(lanes[place : place + WINDOW_SLOTS])
                for place in range(0, SLOTS_PER_DAY, WINDOW_SLOTS)
            )
            plain = Schedule(self.auction.id, home.meter, day, self._sequence, words)
            signed.append(self.auction.sign_schedule(home.owner, plain))
        return signed

    def post_schedules(self, day: int) -> list[int]:
        """Hand in everybody's schedule of a day; return the gas of each transaction."""
        schedules = self.schedules(day)
        gas = []
        for batch in self.auction.schedule_batches(schedules):
            gas += self._spend([self.auction.schedule_call(batch)])
        return gas

    def clear(self, windows: Sequence[int]) -> list[int]:
        """Clear windows of the auction; return the gas of each transaction."""
        return [gas for call in self.auction.clear_calls(windows) for gas in self._spend([call])]

    def day(self, order_next: bool = True) -> dict[str, list[int]]:
        """The next day is ordered, the running one passes: it is cleared forward, metered, settled.

        Returns the gas of each transaction by what it does.
        """
        day = self.world.slot // SLOTS_PER_DAY
        gas: dict[str, list[int]] = {"schedule": [], "clear forward": []}
        if order_next:
            gas["schedule"] = self.post_schedules(day + 1)
        ordered = self._ordered

        def clear() -> None:
            first = day * WINDOWS_PER_DAY
            if ordered == day:
                gas["clear forward"] = self.clear(range(first, first + WINDOWS_PER_DAY))

        self._ordered = day + 1 if order_next else None
        metered = self.world.market_day(together=True, before=clear).gas
        return gas | metered

    def own_order(self) -> int:
        """Return the gas of an owner's own order, on average over the slots of a window for which
        everybody else has ordered before: in a market of many a window is opened by others.
        """
        home = self.world.homes[0]
        day = self.world.slot // SLOTS_PER_DAY + 2
        first = day * SLOTS_PER_DAY
        others = [one for one in self.schedules(day) if one.meter != home.meter]
        for batch in self.auction.schedule_batches(others):
            self._spend([self.auction.schedule_call(batch)])
        chain = self.world.chain
        assert isinstance(chain, Rpc)
        chain.request("anvil_setBalance", home.owner.address, hex(10**18))
        gas = 0
        with Sender(chain, home.owner) as own:
            for place, (limit, wh) in enumerate(self.draw(home, WINDOW_SLOTS)):
                order = Order(
                    self.auction.id,
                    home.meter,
                    first + place,
                    0,
                    Action.PLACE,
                    home.sells,
                    limit,
                    wh,
                )
                gas += self.auction.order(own, order).gas_used
        return -(-gas // WINDOW_SLOTS)

    def orders(self, window: int) -> list[Order]:
        """Return everybody's signed orders for a window, home by home."""
        signed = []
        for home in self.world.homes:
            drawn = self.draw(home, WINDOW_SLOTS)
            for place, (limit, wh) in enumerate(drawn):
                self._sequence += 1
                order = Order(
                    auction=self.auction.id,
                    meter=home.meter,
                    slot=window * WINDOW_SLOTS + place,
                    sequence=self._sequence,
                    action=Action.PLACE,
                    sell=home.sells,
                    limit_nano=limit,
                    wh=wh,
                )
                signed.append(self.auction.sign_order(home.owner, order))
        return signed

    def intraday_windows(self, windows: int, slots: int = 1) -> dict[str, list[int]]:
        """So many windows: the next one is ordered, the running one passes, the next one is
        cleared forward, the one that has passed is metered, a signature for so many slots, and
        settled.

        Returns the gas of each transaction by what it does.
        """
        gas: dict[str, list[int]] = {"order": [], "clear forward": [], "post": [], "settle": []}
        market = self.world.market
        for _ in range(windows):
            window = self.world.slot // WINDOW_SLOTS
            for orders in self.auction.order_batches(self.orders(window + 1)):
                gas["order"] += self._spend([self.auction.place_call(orders)])
            signed = self._readings(slots)
            readings = [
                join([signed[place] for place in places]) for places in runs(signed, SLOTS_PER_DAY)
            ]
            gas["clear forward"] += self.clear([window + 1])
            for batch in market.batches(readings):
                gas["post"] += self.world.spend([market.post_call(batch)])
            gas["settle"] += self.world.spend(market.clear_and_settle_calls(window, 1))
        return gas

    def _readings(self, slots: int) -> list[Reading]:
        """Wait until the running window is over; return what was read in it, home by home, with
        a signature for so many slots."""
        first = self.world.slot
        self.world.wait(WINDOW_SLOTS)
        return [
            self.world.read(home, first + place, slots)
            for home in self.world.homes
            for place in range(0, WINDOW_SLOTS, slots)
        ]

    def _spend(self, calls: Sequence[Call]) -> list[int]:
        receipts = self.world.send(calls)
        for receipt in receipts:
            for event in of_receipt(self.world.contracts, receipt):
                if isinstance(event, (OrderSkipped, ScheduleSkipped)):
                    raise CheckFailed(f"not the workload that was meant: {event}")
        return [receipt.gas_used for receipt in receipts]


@contextmanager
def ahead_world(
    meters: int, seed: int, gate: Gate, timeout_seconds: int = 20
) -> Iterator[AheadWorld]:
    """Start a market of so many meters whose rings have gone round, with a forward auction."""
    with world(meters, seed, timeout_seconds) as market:
        market.begin()
        ahead = AheadWorld(market, gate)
        for _ in range(RING_DAYS):
            ahead.day()
        # Intraday orders are for slots that nobody has ordered yet.
        ahead.day(order_next=gate == Gate.DAY)
        yield ahead


def day_ahead(meters: int, seed: int, days: int) -> dict[str, int]:
    """Return gas of whole days with day-ahead schedules, of clearing and of an own order."""
    with ahead_world(meters, seed, Gate.DAY) as ahead:
        costs = [ahead.day() for _ in range(days)]
        for cost in costs:
            if max(gas for part in cost.values() for gas in part) > TX_GAS_CAP:
                raise CheckFailed("a transaction is above the cap")
        slots = meters * SLOTS_PER_DAY * days
        total = sum(gas for cost in costs for part in cost.values() for gas in part)
        cleared = sum(gas for cost in costs for gas in cost["clear forward"])
        scheduled = sum(gas for cost in costs for gas in cost["schedule"])
        return {
            "day_ahead_per_participant_slot": -(-total // slots),
            "schedule_per_participant_slot": -(-scheduled // slots),
            "forward_clear_per_order": -(-cleared // slots),
            "own_order": ahead.own_order(),
        }


def intraday(meters: int, seed: int, windows: int = WINDOWS_PER_DAY) -> dict[str, int]:
    """Return gas of windows that are ordered slot by slot, and settled one by one."""
    with ahead_world(meters, seed, Gate.WINDOW) as ahead:
        # The first window has not been ordered.
        ahead.intraday_windows(1)
        gas = ahead.intraday_windows(windows)
        whole = ahead.intraday_windows(1, slots=WINDOW_SLOTS)
        slots = meters * WINDOW_SLOTS
        return {
            "intraday_per_participant_slot": -(-sum(map(sum, gas.values())) // (slots * windows)),
            "intraday_one_signature": -(-sum(map(sum, whole.values())) // slots),
            "relayed_order": -(-sum(gas["order"]) // (slots * windows)),
        }


def first_clearing(meters: int, seed: int) -> int:
    """Return the gas per order of clearing a day in a ring that nobody has used before, which
    is dearer than later."""
    with world(meters, seed) as market:
        market.enrol()
        ahead = AheadWorld(market, Gate.DAY)
        day = market.slot // SLOTS_PER_DAY + 1
        ahead.post_schedules(day)
        market.wait(SLOTS_PER_DAY)
        first = day * WINDOWS_PER_DAY
        cleared = sum(ahead.clear(range(first, first + WINDOWS_PER_DAY)))
        return -(-cleared // (meters * SLOTS_PER_DAY))
