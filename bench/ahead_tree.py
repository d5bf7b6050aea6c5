"""What levels ahead cost in gas: `python -m bench.ahead_tree`.

The tree of `bench.tree`, whose microgrids have a day-ahead auction each, and forward levels above
them. Everybody has ordered all slots of a day; its first window is matched, sent up two levels and
shared out again.
"""

from __future__ import annotations

from bench.ahead import HOUR, AheadWorld
from bench.tree import DAY, FEW, Microgrid, Site
from bench.workload import FLOOR_NANO, SLOT_SECONDS, SLOTS_PER_DAY, TICK_NANO
from bench.world import GENESIS_DAY, PATIENCE
from p2pchain.chain.connect import connect
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import network_of, running
from p2pchain.chain.sender import Sender
from p2pchain.forward_level_market import ForwardLevel
from p2pchain.model import WINDOW_SLOTS, ForwardLevelParams, Gate


def measure(count: int = 100, seed: int = 7) -> dict[str, list[int]]:
    """Return the gas of each transaction of a window by what it does."""
    with (
        running(engine="anvil", genesis_time=GENESIS_DAY * DAY) as node,
        connect(network_of(node)) as chain,
        Sender(chain, dev_signer(0), patience=PATIENCE) as sender,
    ):
        site = Site(sender)
        grids: list[Microgrid] = []
        top_area = site.area(0)
        tree = [_level(site, top_area)]
        above: list[ForwardLevel] = []
        for microgrids in FEW:
            area = site.area(top_area)
            tree.insert(0, _level(site, area))
            _attach(site, tree[0].id, tree[-1])
            for _ in range(microgrids):
                grids.append(Microgrid(site, area, count, seed + len(grids)))
                above.append(tree[0])
        grids[0]._prepay(site.contracts, [dev_signer(n) for n in (1, 3, 4)])
        for grid in grids:
            grid.join()
        ahead = [AheadWorld(grid, Gate.DAY) for grid in grids]
        day = site.slot // SLOTS_PER_DAY + 2
        for one, level in zip(ahead, above, strict=True):
            _attach(site, one.auction.id, level)
            one.post_schedules(day)
        chain.set_time(day * DAY - HOUR // 4)
        return _window(grids[0], ahead, tree, day * SLOTS_PER_DAY // WINDOW_SLOTS)


def _level(site: Site, area: int) -> ForwardLevel:
    params = ForwardLevelParams(
        area=area,
        slot_seconds=SLOT_SECONDS,
        gate=Gate.DAY,
        gate_seconds=HOUR // 4,
        floor_nano=FLOOR_NANO,
        tick_nano=TICK_NANO,
    )
    return ForwardLevel(site.contracts, site.operator.create_forward_level(params))


def _attach(site: Site, node: bytes, level: ForwardLevel) -> None:
    window = (site.slot + 2 * SLOTS_PER_DAY) // WINDOW_SLOTS
    site.sender.send(site.contracts.forward_levels.attach(node, level.id, window))


def _window(
    grid: Microgrid, ahead: list[AheadWorld], tree: list[ForwardLevel], window: int
) -> dict[str, list[int]]:
    gas: dict[str, list[int]] = {"match": [], "up": [], "down": [], "share out": []}
    for one in ahead:
        gas["match"] += one.clear([window])
    for level in tree:
        for call in level.clear_calls(window):
            gas["up"] += grid.spend([call])
    for level in reversed(tree):
        for call in level.share_calls(window):
            gas["down"] += grid.spend([call])
    for one in ahead:
        gas["share out"] += one.clear([window])
    return gas


if __name__ == "__main__":
    for what, costs in measure().items():
        print(f"{what:10}", *(f"{cost:,}" for cost in costs))
