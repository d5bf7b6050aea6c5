"""What levels add to the gas of a slot: `python -m bench.tree`.

Ten microgrids of the workload below one CELL and a level above it, all of whose cost they bear;
and for comparison three, two below one CELL and one below another. Edges carry everything, at a
charge. A day of theirs, from receipts, against the day of one such market that stands alone and is
as far on in its rings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.workload import FEE_NANO, FLOOR_NANO, SLOT_SECONDS, SLOTS_PER_DAY, TICK_NANO
from bench.world import (
    GENESIS_DAY,
    PATIENCE,
    RING_DAYS,
    WINDOWS_PER_DAY,
    World,
    open_market,
    publish,
    supplier_key,
)
from p2pchain.chain.connect import connect
from p2pchain.chain.deployment import Contracts, deploy
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import network_of, running
from p2pchain.chain.records import TX_GAS_CAP
from p2pchain.chain.rpc import Rpc
from p2pchain.chain.sender import Sender
from p2pchain.errors import CheckFailed
from p2pchain.level_market import Level, LevelTree
from p2pchain.market import Market
from p2pchain.model import UNLIMITED as ANY
from p2pchain.model import WINDOW_SLOTS, EdgeTerms, LevelParams, LevelPhase, TariffRow
from p2pchain.operator import Operator

CELLS = (10,)  # microgrids of each
FEW = (2, 1)
CHARGE_NANO = 5_000
DAY = 86_400


class Microgrid(World):
    """One market of several on a chain, in an area of its own."""

    def __init__(self, site: Site, parent: int, count: int, seed: int) -> None:
        self._site, self._parent = site, parent
        super().__init__(site.sender.chain, site.sender, count, seed)

    def _set_up(self) -> Market:
        site = self._site
        self._operator, self._suppliers = site.operator, site.suppliers
        self._area = site.area(self._parent)
        self._register(site.contracts, self.homes)
        self._prepay(site.contracts, [home.owner for home in self.homes])
        return open_market(site.operator, self._area, site.suppliers, self.slot)

    def join(self) -> None:
        """Everybody takes part from the next day on."""
        self._enrol(self.homes, self.slot + SLOTS_PER_DAY)

    def take_part(self) -> None:
        """Everybody takes part from the first day on."""
        self._enrol(self.homes, self.slot)

    def first_day(self) -> None:
        """The day before that."""
        readings = self.read_day()
        for batch in self.market.batches(readings):
            self.spend([self.market.post_call(batch)])

    def wait(self, slots: int) -> None:
        """Let so many slots pass, unless another microgrid has waited for them."""
        self.slot += slots
        if self.chain.block().timestamp < self.slot * SLOT_SECONDS:
            self.chain.set_time(self.slot * SLOT_SECONDS)


class Site:
    """A deployment with its suppliers, and areas that the grid's operator runs."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender
        deployment = deploy(sender, slot_seconds=SLOT_SECONDS, currency="EUR")
        self.contracts = Contracts(sender.chain, deployment)
        self.operator = Operator(self.contracts, sender)
        self.slot = (GENESIS_DAY + 1) * SLOTS_PER_DAY
        self.suppliers = publish(sender, self.operator, self.slot)

    def area(self, parent: int) -> int:
        """Add an area; what holds for its edge and feeder is no limit, at a charge."""
        area = self.operator.add_area(dev_signer(1).address, parent)
        terms = EdgeTerms(self.slot, CHARGE_NANO, ANY, ANY, ANY)
        with Sender(self.sender.chain, dev_signer(1), patience=PATIENCE) as own:
            own.send(self.operator.set_edge(area, terms))
        return area

    def level(self, parent: int) -> tuple[int, bytes]:
        """Add an area with a level; return both."""
        area = self.area(parent)
        depth = 1 if parent else 2
        params = LevelParams(
            area=area,
            slot_seconds=SLOT_SECONDS,
            floor_nano=FLOOR_NANO,
            tick_nano=TICK_NANO,
            collect_seconds=2 * depth * DAY,
            void_seconds=(2 * depth + 1) * DAY,
        )
        return area, self.operator.create_level(params)

    def attach(self, node: bytes, level: bytes) -> None:
        """From the second day on."""
        window = (self.slot + SLOTS_PER_DAY) // WINDOW_SLOTS
        self.sender.send(self.contracts.levels.attach(node, level, window))


@dataclass(slots=True)
class TreeDay:
    """Gas of a day of all markets and levels, by phase."""

    gas: dict[str, int] = field(default_factory=dict)

    def add(self, phase: str, gas: int) -> None:
        self.gas[phase] = self.gas.get(phase, 0) + gas


def tree_days(cells: Sequence[int], count: int, seed: int, days: int) -> list[TreeDay]:
    """Return so many days of a tree with so many microgrids in each CELL."""
    with (
        running(engine="anvil", genesis_time=GENESIS_DAY * DAY) as node,
        connect(network_of(node)) as chain,
        Sender(chain, dev_signer(0), patience=PATIENCE) as sender,
    ):
        site = Site(sender)
        top_area, top = site.level(0)
        grids: list[Microgrid] = []
        for microgrids in cells:
            area, cell = site.level(top_area)
            site.attach(cell, top)
            for _ in range(microgrids):
                grid = Microgrid(site, area, count, seed + len(grids))
                site.attach(grid.market.id, cell)
                grids.append(grid)
        grids[0]._prepay(site.contracts, [dev_signer(n) for n in (1, 3, 4)])
        for grid in grids:
            grid.join()
        for grid in grids:
            grid.first_day()
        tree = LevelTree(site.contracts).levels()
        return [_tree_day(site, grids, tree) for _ in range(days)]


def _tree_day(site: Site, grids: list[Microgrid], tree: list[Level]) -> TreeDay:
    day = TreeDay()
    first = grids[0].slot // WINDOW_SLOTS
    for grid in grids:
        readings = grid.read_day()
        for batch in grid.market.batches(readings):
            day.add("post", sum(grid.spend([grid.market.post_call(batch)])))
    for grid in grids:
        calls = grid.market.clear_calls(first, WINDOWS_PER_DAY)
        day.add("clear", sum(grid.spend(calls)))
    for level in tree:
        for call in level.clear_calls(first, WINDOWS_PER_DAY):
            day.add("clear levels", sum(grids[0].spend([call])))
    for level in reversed(tree):
        for call in level.share_calls(first, WINDOWS_PER_DAY):
            day.add("share", sum(grids[0].spend([call])))
    for grid in grids:
        calls = grid.market.settle_calls(first, WINDOWS_PER_DAY)
        day.add("settle", sum(grid.spend(calls)))
    return day


def alone_day(count: int, seed: int, days: int) -> TreeDay:
    """Return the last of so many days of one market that stands alone."""
    with (
        running(engine="anvil", genesis_time=GENESIS_DAY * DAY) as node,
        connect(network_of(node)) as chain,
        Sender(chain, dev_signer(0), patience=PATIENCE) as sender,
    ):
        world = World(chain, sender, count, seed)
        world.enrol()
        cost = [world.market_day() for _ in range(days)][-1]
        together = world.market_day(together=True)
    return TreeDay(
        {
            **{phase: sum(gas) for phase, gas in cost.gas.items()},
            "together": together.total("post", "clear and settle"),
        }
    )


def measure(count: int = 100, seed: int = 7) -> dict[str, int]:
    """Return what levels add, in percent of a day, and what sending up adds to a window, in gas."""
    # The day after those in which the rings go round.
    days = RING_DAYS + 1
    alone = alone_day(count, seed, days).gas
    print("alone", alone)
    found: list[tuple[int, int]] = []
    for cells in (CELLS, FEW):
        tree = tree_days(cells, count, seed, days)[-1].gas
        grids = sum(cells)
        each = {phase: gas // grids for phase, gas in tree.items()}
        print(f"{grids} microgrids, each", each)
        whole = alone["together"] * grids
        sending = (each["clear"] - alone["clear"]) // WINDOWS_PER_DAY
        found.append((-(-(sum(tree.values()) - whole) * 100 // whole), sending))
    return {
        "levels_overhead_percent": found[0][0],
        "levels_overhead_of_three_percent": found[1][0],
        "forward_residual": found[0][1],
    }


#: A market with a tick of its grid's 256 for each home, on one side of a price in the middle.
RUNGS = 128


class Child(Microgrid):
    """A market that has only buys, or only sells, one at each tick that its price allows: all of
    them are left and go up, a ladder as full as one with an auction can be."""

    def __init__(self, site: Site, parent: int, homes: int, sells: bool, seed: int) -> None:
        self._sells = sells
        super().__init__(site, parent, homes, seed)

    def _set_up(self) -> Market:
        for place, home in enumerate(self.homes):
            tick = RUNGS - 1 - place if self._sells else RUNGS + place
            nano = FLOOR_NANO + tick * TICK_NANO
            home.sells, home.buy_nano, home.sell_nano = (
                self._sells,
                nano + FEE_NANO,
                nano - FEE_NANO,
            )
        return super()._set_up()


def wide_supplier(site: Site) -> int:
    """Add a supplier whose prices lie outside all ticks, so that these decide; return it."""
    key = supplier_key(1)  # the second place: what stands there last signs for both
    supplier = site.operator.add_supplier(key.address, "Supplier with wide prices")
    energy = FLOOR_NANO + 255 * TICK_NANO + FEE_NANO
    row = TariffRow(energy=energy, feed_in=FLOOR_NANO - FEE_NANO, imbalance=energy)
    with Sender(site.sender.chain, key, patience=PATIENCE) as own:
        own.send(site.operator.publish_tariff(supplier, 1, site.slot, [row]))
    return supplier


def clear_parent(children: int = 200) -> int:
    """Return the most gas of a transaction of `parent_gas`."""
    return max(parent_gas(children))


def parent_gas(children: int, seed: int = 7) -> list[int]:
    """Return the gas of each transaction when a level clears and shares out a window of so many
    markets with full ladders, half of them short and half long.

    All have posted and are cleared. The first two are as large as that takes; the others have one
    home each, and are given the ladders of those in place of their own.
    """
    with (
        running(engine="anvil", genesis_time=GENESIS_DAY * DAY) as node,
        connect(network_of(node)) as chain,
        Sender(chain, dev_signer(0), patience=PATIENCE) as sender,
    ):
        site = Site(sender)
        site.suppliers = [wide_supplier(site)] * len(site.suppliers)
        area, parent = site.level(0)
        window = site.slot // WINDOW_SLOTS
        grids: list[Child] = []
        for n in range(children):
            grids.append(Child(site, area, RUNGS if n < 2 else 1, n % 2 == 1, seed + n))
            sender.send(site.contracts.levels.attach(grids[n].market.id, parent, window))
        for grid in grids:
            grid.take_part()
        for grid in grids:
            readings = grid.read_day(WINDOW_SLOTS)
            grid.spend([grid.market.post_call(batch) for batch in grid.market.batches(readings)])
            grid.spend(grid.market.clear_calls(window, 1))
        level = Level(site.contracts, parent)
        full = level.ladders(window)[:2]
        for n, grid in enumerate(grids[2:]):
            send_as_settlement(site, grid.market, window, full[n % 2])
        gas = [
            used
            for calls in (level.clear_calls(window), level.share_calls(window))
            for call in calls
            for used in grids[0].spend([call])
        ]
        if level.phase(window) != LevelPhase.SHARED:
            raise CheckFailed("the level was not shared out")
        print(f"{children} children with full ladders: {len(gas)} calls, {sum(gas):,} gas")
        return gas


def send_as_settlement(site: Site, market: Market, window: int, ladder: Sequence[int]) -> None:
    """Put a ladder in the place of the one that a market has sent."""
    chain, settlement = site.sender.chain, site.contracts.address("Settlement")
    assert isinstance(chain, Rpc)
    call = site.contracts.levels.send(market.id, window, ladder)
    chain.request("anvil_impersonateAccount", settlement)
    chain.request("anvil_setBalance", settlement, hex(10**18))
    wanted = {"from": settlement, "to": call.to, "data": "0x" + call.data.hex()}
    wanted["gas"] = hex(TX_GAS_CAP)
    tx_hash = chain.request("eth_sendTransaction", wanted)
    chain.mine()  # the node answers before it has mined
    sent = chain.receipt(bytes.fromhex(tx_hash[2:]))
    if sent is None or sent.status != 1:
        raise CheckFailed("the ladder was not taken")


if __name__ == "__main__":
    print(measure())
    print(clear_parent())
