"""Checks of a tree: limits in every slot, energy level by level, charges to the unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from p2pchain.demo.level_flows import Flows, Paid
from p2pchain.errors import CheckFailed
from p2pchain.history import History

if TYPE_CHECKING:
    from p2pchain.demo.levels import Tree


def tree_is_whole(tree: Tree, flows: Flows, pasts: Mapping[str, History]) -> None:
    """Raise CheckFailed unless as much is bought as sold over the tree in every slot, only what an
    area has left goes up, and what the members traded is what its auction and its edge say."""
    balance: dict[int, int] = defaultdict(int)
    for name, past in pasts.items():
        members: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for entry in past.slots:
            figures = (entry.sold_wh, entry.bought_wh, entry.export_wh, entry.import_wh)
            for at, wh in enumerate(figures):
                members[entry.slot][at] += wh
        for slot, (sold, bought, export, imported) in members.items():
            own = flows.matched_wh(name, slot)
            up, down = flows.crossed[name][slot]
            if (sold, bought) != (own + up, own + down):
                raise CheckFailed(
                    f"{name}, slot {slot}: {sold} Wh sold and {bought} bought, {own} of the own "
                    f"auction, {up} up and {down} down"
                )
            _only_the_rest(name, slot, flows.sent[name].get(slot, (0, 0)), export - own,
                           imported - own)  # fmt: skip
            balance[slot] += bought - sold
    for slot, wh in balance.items():
        if wh:
            raise CheckFailed(f"slot {slot}: bought and sold differ by {wh} Wh over the tree")
    for name, place in tree.places.items():
        if name in tree.markets:
            continue
        children = tree.children(name)
        for slot in flows.slots:
            up, down = flows.crossed[name][slot]
            offered = [flows.sent[child].get(slot, (0, 0)) for child in children]
            own = flows.matched_wh(name, slot)
            if place.parent is None and (up or down):
                raise CheckFailed(f"{name}, slot {slot}: {up} Wh sold and {down} bought of nobody")
            _only_the_rest(name, slot, flows.sent[name].get(slot, (0, 0)),
                           sum(sells for sells, _ in offered) - own,
                           sum(buys for _, buys in offered) - own)  # fmt: skip


def _only_the_rest(name: str, slot: int, sent: tuple[int, int], sells: int, buys: int) -> None:
    if sent[0] > sells or sent[1] > buys:
        raise CheckFailed(f"{name}, slot {slot}: {sent} Wh sent up, {(sells, buys)} were left")


def edges_hold(tree: Tree, flows: Flows) -> None:
    """Raise CheckFailed where more crossed an edge in a slot than was sent or than its limit, or
    where the slots do not add up to what the contract says has crossed."""
    for name, place in tree.places.items():
        if place.terms is None:
            continue
        limits = (place.terms.up_wh, place.terms.down_wh)
        for slot in flows.slots:
            sent = flows.sent[name].get(slot, (0, 0))
            for way, wh, offered, most in zip(
                ("up", "down"), flows.crossed[name][slot], sent, limits, strict=True
            ):
                if not 0 <= wh <= offered <= most:
                    raise CheckFailed(
                        f"{name}, slot {slot}: {wh} Wh {way}, {offered} sent, limit {most}"
                    )
        paid = flows.paid.get(name, Paid())
        sums = tuple(sum(flows.crossed[name][slot][way] for slot in flows.slots) for way in (0, 1))
        if sums != (paid.up_wh, paid.down_wh):
            raise CheckFailed(f"{name}: {sums} Wh by slot, {paid} by the contract")


def charges_are_received(tree: Tree, flows: Flows, pasts: Mapping[str, History]) -> None:
    """Raise CheckFailed unless each operator has got the charge of every Wh that crossed its edge,
    that of a level also what its whole prices leave over, and the homes the rest of the gain."""
    charges = 0
    for name, place in tree.places.items():
        paid = flows.paid.get(name, Paid())
        charge = place.terms.charge_nano if place.terms else 0
        crossed_wh = sum(map(sum, flows.crossed[name].values()))
        owed, has = crossed_wh * charge, _held_nano(tree, place.operator.address)
        # Less than a nano for each Wh that a level gets from above.
        most = (
            0
            if name in tree.markets
            else sum(
                sum(flows.crossed[name][slot]) + 2 * flows.matched_wh(name, slot)
                for slot in flows.slots
                if any(flows.crossed[name][slot])
            )
        )
        if owed != paid.charge_nano or not owed <= has <= owed + most:
            raise CheckFailed(
                f"{name}: {owed} nano are owed, {paid.charge_nano} were charged, its operator has "
                f"{has}"
            )
        charges += owed
    entries = [entry for past in pasts.values() for entry in past.slots]
    gross = gross_nano(pasts)
    kept = sum(entry.alone_nano - entry.cost_nano for entry in entries)
    left = rounding_nano(tree, flows)
    if gross != kept + charges + left:
        raise CheckFailed(
            f"{gross} nano gained, {kept} with the homes, {charges} of charges, {left} left over"
        )


def gross_nano(pasts: Mapping[str, History]) -> int:
    """Return what all traded Wh gain: bought instead of at retail, sold instead of fed in."""
    return sum(
        entry.bought_wh * entry.row.energy - entry.sold_wh * entry.row.feed_in
        for past in pasts.values()
        for entry in past.slots
    )


def rounding_nano(tree: Tree, flows: Flows) -> int:
    """Return what whole prices have left over: those of markets to their fee account (there is no
    fee), those of levels to the operators of their areas, beside the charges."""
    (account,) = {market.params.fee_account for market in tree.markets.values()}
    levels = sum(
        _held_nano(tree, place.operator.address) - flows.paid.get(name, Paid()).charge_nano
        for name, place in tree.places.items()
        if name not in tree.markets
    )
    return _held_nano(tree, account) + levels


def _held_nano(tree: Tree, account: str) -> int:
    found = tree.contracts.ledger.account_of(account)
    return found.free_nano + found.locked_nano


def nothing_in_transit(tree: Tree) -> None:
    """Raise CheckFailed where money is left between accounts."""
    for name, place in tree.places.items():
        nano = tree.contracts.ledger.transit_nano(place.node)
        if nano:
            raise CheckFailed(f"{name}: {nano} nano are left in transit")
