"""Areas above each other: three microgrids below two CELLs below one level, from set-up to checks.

Every microgrid clears its own market; what is left goes up to its CELL and on to the top, and only
the rest meets the supplier. All figures of the report are read back from the log; the twin only
checks them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from p2pchain import checks, history
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.data import MICROGRID_DAY, Microgrid, load_microgrids
from p2pchain.demo.level_checks import (
    charges_are_received,
    edges_hold,
    nothing_in_transit,
    tree_is_whole,
)
from p2pchain.demo.level_flows import Flows
from p2pchain.demo.level_report import assemble
from p2pchain.demo.parts import (
    DAY,
    REGISTRATION,
    SPARE_NANO,
    TICK_NANO,
    Found,
    House,
    Progress,
    Registers,
    admit,
    deployed,
    own_chain,
    pay_in,
    post,
    publish_prices,
    quiet,
    wait,
    worst_bill_nano,
)
from p2pchain.history import History
from p2pchain.keys import LocalSigner
from p2pchain.level_market import Level, LevelTree
from p2pchain.market import Market
from p2pchain.model import WINDOW_SLOTS, EdgeTerms, LevelParams, MarketParams
from p2pchain.operator import Operator
from p2pchain.report.levels_model import LevelsReport
from p2pchain.rules import rule_set

TOP: Final = "top"
#: The CELLs and the microgrids below them, each in the order of its index.
CELLS: Final[Mapping[str, tuple[str, ...]]] = {
    "north": ("fontana", "paired"),
    "south": ("consumers",),
}
CHECKS: Final = (
    "money", "energy", "replay", "nobody_worse", "edges", "charges", "transit",
)  # fmt: skip
#: 0.01 USD/kWh from a microgrid to its CELL, 0.02 from a CELL to the top: figures of this
#: demonstration, no operator's tariff.
CHARGES_NANO: Final = (10_000, 20_000)
#: 10 kWh in an hour from a microgrid, 6 kWh from a CELL: chosen from the data so that both are
#: reached in some hours of the day that is taken where none is named. Lines are larger.
LIMITS_WH: Final = (10_000, 6_000)


@dataclass(frozen=True, slots=True)
class LevelSettings:
    """What a run is made of; charge (nano-currency per Wh) and limit (Wh in a slot, either way) of
    the edges from microgrids, and from CELLs. `homes` in each microgrid, None: all."""

    from_date: str = MICROGRID_DAY.isoformat()
    days: int = 1
    homes: int | None = None
    seed: int = 7
    chain: str = "tester"
    charges_nano: tuple[int, int] = CHARGES_NANO
    limits_wh: tuple[int, int] = LIMITS_WH


@dataclass(frozen=True, slots=True)
class Place:
    """An area of the tree: the market or level that stands for it, who operates it, and what is
    above (None: the top). `terms` hold for its edge."""

    name: str
    area: int
    operator: LocalSigner
    node: bytes
    parent: str | None
    terms: EdgeTerms | None = None


@dataclass(slots=True)
class Tree:
    """The areas by name, parents first, and the microgrids with their markets and homes."""

    contracts: Contracts
    places: dict[str, Place] = field(default_factory=dict)
    groups: dict[str, Microgrid] = field(default_factory=dict)
    markets: dict[str, Market] = field(default_factory=dict)
    houses: dict[str, list[House]] = field(default_factory=dict)

    def name_of(self, node: bytes) -> str:
        """Return the name of a market or level."""
        return next(place.name for place in self.places.values() if place.node == node)

    def children(self, name: str) -> list[str]:
        """Return the names of what is below an area, in the order of their index."""
        return [place.name for place in self.places.values() if place.parent == name]


def run(settings: LevelSettings, progress: Progress = quiet) -> LevelsReport:
    """Run the demonstration and return its report.

    Raises BadInput for settings that do not fit the data, NodeError where anvil fails. A check that
    does not hold is in the report (`checks`), not raised.
    """
    started = time.monotonic()
    groups = load_microgrids(settings.from_date, settings.days, settings.homes)
    community = groups[0].community
    begin = community.slots[0] * community.profiles.slot_seconds - DAY
    with own_chain(settings.chain, begin) as chain, Sender(chain, dev_signer(0)) as sender:
        tree = found(sender, groups, settings, progress)
        gas = _trade(sender, tree, progress)
        pasts = {name: history.read(market) for name, market in tree.markets.items()}
        flows = Flows.read(tree)
        return assemble(
            settings=settings,
            tree=tree,
            flows=flows,
            pasts=pasts,
            engine=chain.network.name,
            checks=_check(tree, flows, pasts, progress),
            gas=gas,
            seconds=time.monotonic() - started,
        )


def found(
    sender: Sender,
    groups: Sequence[Microgrid],
    settings: LevelSettings,
    progress: Progress = quiet,
) -> Tree:
    """Deploy; register areas, supplier, tariff and meters; make the levels and markets and put them
    above each other; enrol the homes with money."""
    community = groups[0].community
    contracts = deployed(sender, community, progress)
    operator = Operator(contracts, sender)
    supplier_key = dev_signer(1)
    supplier = operator.add_supplier(supplier_key.address, "Demo supplier")
    publish_prices(operator, supplier, supplier_key, community, rule_set("none"))
    tree = Tree(contracts, groups={group.name: group for group in groups})
    _place_areas(sender, tree, operator, {supplier: supplier_key}, settings)
    first = community.slots[0] // WINDOW_SLOTS * WINDOW_SLOTS
    step = progress("Enrolling the homes", sum(len(g.community.homes) for g in groups))
    for name, market in tree.markets.items():
        tree.houses[name] = admit(
            sender,
            market,
            tree.groups[name].community.homes,
            supplier=supplier,
            seed=settings.seed,
            from_slot=first,
            terms_slot=first - 1,
            step=step,
        )
    _fund(sender, tree, supplier_key.address)
    return tree


def _place_areas(
    sender: Sender,
    tree: Tree,
    operator: Operator,
    suppliers: Mapping[int, LocalSigner],
    settings: LevelSettings,
) -> None:
    """Make the top, the CELLs and the markets, each with an operator of its own."""
    community = next(iter(tree.groups.values())).community
    window = community.slots[0] // WINDOW_SLOTS
    keys = iter(dev_signer(number) for number in range(2, 9))
    fees = next(keys).address

    def place(name: str, parent: str | None, depth: int) -> None:
        key = next(keys)
        above = tree.places[parent].area if parent else 0
        area = operator.add_area(key.address, above)
        if name in tree.groups:
            params = MarketParams(
                area=area,
                slot_seconds=community.profiles.slot_seconds,
                tick_nano=TICK_NANO,
                fee_account=fees,
            )
            first = window * WINDOW_SLOTS
            market = operator.open_market(params, REGISTRATION, suppliers, first)
            tree.markets[name], node = market, market.id
        else:
            seconds = community.profiles.slot_seconds
            node = operator.create_level(
                LevelParams(area=area, slot_seconds=seconds, tick_nano=TICK_NANO)
            )
        terms = None
        if parent:
            sender.send(tree.contracts.levels.attach(node, tree.places[parent].node, window))
            limit = settings.limits_wh[depth]
            terms = EdgeTerms(window * WINDOW_SLOTS, settings.charges_nano[depth], limit, limit)
            with Sender(sender.chain, key) as own:
                own.send(operator.set_edge(area, terms))
        tree.places[name] = Place(name, area, key, node, parent, terms)

    place(TOP, None, 0)
    for cell in CELLS:
        place(cell, TOP, 1)
    for cell, names in CELLS.items():
        for name in names:
            place(name, cell, 0)


def _fund(sender: Sender, tree: Tree, supplier: str) -> None:
    """Pay in test money: for each home what it can owe at worst, for the supplier its feed-in."""
    need: dict[str, int] = {}
    fed_in = 0
    for name, group in tree.groups.items():
        community = group.community
        for home, house in zip(community.homes, tree.houses[name], strict=True):
            need[house.owner.address] = worst_bill_nano(home, community) + SPARE_NANO
            fed_in += sum(home.export_wh) * community.feed_in_nano
    need[supplier] = fed_in + SPARE_NANO
    pay_in(sender, tree.contracts, need)


def _trade(sender: Sender, tree: Tree, progress: Progress) -> int:
    """Day by day: the meters sign, the relayer posts, whoever likes clears upward, shares downward
    and settles. Return the gas."""
    community = next(iter(tree.groups.values())).community
    registers = {
        name: Registers(market, tree.groups[name].community, tree.houses[name])
        for name, market in tree.markets.items()
    }
    spans = community.profiles.batches()
    windows = [windows_of(community.slots[span.start : span.stop]) for span in spans]
    levels = LevelTree(tree.contracts).levels()
    steps = len(spans) * len(registers) + sum(map(len, windows)) * 2 * (
        len(registers) + len(levels)
    )
    step = progress("Metering, clearing up, sharing down and settling", steps)
    gas = 0
    for span, ready in zip(spans, windows, strict=True):
        end = (community.slots[span.stop - 1] + 1) * community.profiles.slot_seconds
        wait(sender.chain, end)
        for name, market in tree.markets.items():
            gas += post(sender, market, registers[name].sign(span))
            step(1)
        gas += up(sender, tree, levels, ready, step)
        gas += down(sender, tree, levels, ready, step)
    return gas


def windows_of(slots: Sequence[int]) -> range:
    """Return the windows of consecutive slots."""
    return range(slots[0] // WINDOW_SLOTS, slots[-1] // WINDOW_SLOTS + 1)


def up(
    sender: Sender,
    tree: Tree,
    levels: Sequence[Level],
    windows: range,
    step: Callable[[int], None] = lambda done: None,
) -> int:
    """Clear the windows: every market, then the levels, children first. Return the gas."""
    gas = 0
    for market in tree.markets.values():
        for call in market.clear_calls(windows.start, len(windows)):
            gas += sender.send(call).gas_used
        step(len(windows))
    for level in levels:
        for call in level.clear_calls(windows.start, len(windows)):
            gas += sender.send(call).gas_used
        step(len(windows))
    return gas


def down(
    sender: Sender,
    tree: Tree,
    levels: Sequence[Level],
    windows: range,
    step: Callable[[int], None] = lambda done: None,
) -> int:
    """Share the windows out, parents first, and settle every market. Return the gas."""
    gas = 0
    for level in reversed(levels):
        for call in level.share_calls(windows.start, len(windows)):
            gas += sender.send(call).gas_used
        step(len(windows))
    for market in tree.markets.values():
        for call in market.settle_calls(windows.start, len(windows)):
            gas += sender.send(call).gas_used
        step(len(windows))
    return gas


def _check(
    tree: Tree, flows: Flows, pasts: Mapping[str, History], progress: Progress
) -> dict[str, bool]:
    """Try every check; return which of them hold."""
    outcome = Found()
    twin = outcome.replay(tree.contracts, progress)

    def money() -> None:
        checks.money_is_whole(tree.contracts, twin)
        for past in pasts.values():
            checks.ledger_agrees(past)

    def energy() -> None:
        for name, past in pasts.items():
            checks.energy_is_whole(tree.markets[name], past)
        tree_is_whole(tree, flows, pasts)

    def nobody_worse() -> None:
        for past in pasts.values():
            checks.nobody_pays_more(past)

    outcome.holds("money", money)
    outcome.holds("energy", energy)
    outcome.holds("nobody_worse", nobody_worse)
    outcome.holds("edges", lambda: edges_hold(tree, flows))
    outcome.holds("charges", lambda: charges_are_received(tree, flows, pasts))
    outcome.holds("transit", lambda: nothing_in_transit(tree))
    return outcome.in_order(CHECKS)
