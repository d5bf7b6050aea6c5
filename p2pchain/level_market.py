"""A level above markets as a program uses it: what its children have sent, clearing, sharing.

tree = LevelTree(contracts).levels()  # children before their parents
for level in tree:
    for call in level.clear_calls(first, windows):
        sender.send(call)
for level in reversed(tree):
    for call in level.share_calls(first, windows):
        sender.send(call)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from typing import ClassVar, Generic, TypeVar

from p2pchain.batching import fits
from p2pchain.chain.abi import Call
from p2pchain.chain.bindings import structs
from p2pchain.chain.bindings.forward_levels import (
    ForwardAttached,
    ForwardLevelCreated,
    ForwardLevels,
    ForwardSent,
)
from p2pchain.chain.bindings.levels import (
    Attached,
    CriticalSet,
    GridLost,
    LevelCreated,
    Levels,
    Sent,
)
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.events import read
from p2pchain.eip712 import Domain, grid_loss_digest, levels_domain
from p2pchain.keys import Signer
from p2pchain.model import (
    WINDOW_SLOTS,
    EdgeTerms,
    GridLoss,
    LevelParams,
    LevelPhase,
    Side,
)
from p2pchain.registry import Timeline

Ladder = tuple[int, ...]
#: What each child has sent, window by window.
Windows = Sequence[Sequence[Ladder]]
T = TypeVar("T")

#: contracts/libraries/Ladders.sol: words before the first row, and the bits of a row.
_HEAD, _FIELD, _FIELDS = 2, 56, 4
_ODD, _SIDE, _PART = 232, 233, 234
#: ILevels.edgesOf: the first of the slots in which a market is in an island.
_ISLAND = 146


@dataclass(frozen=True, slots=True)
class AnyLevel:
    """One level of a deployment by its id, above markets or above forward auctions: both are
    cleared and shared out in the same steps."""

    contracts: Contracts
    id: bytes

    SENT: ClassVar[type[Sent] | type[ForwardSent]]
    #: Windows that a call holds at most.
    AT_ONCE: ClassVar[int]

    @property
    def contract(self) -> Levels | ForwardLevels:
        """The contract that has the level."""
        raise NotImplementedError

    @property
    def children(self) -> list[bytes]:
        """What is below, in the order of its index."""
        return [bytes(child) for child in self.contract.children_of(self.id)]

    def phase(self, window: int) -> LevelPhase:
        """Return how far a window is."""
        return LevelPhase(int(self.contract.window_state(self.id, window).phase))

    def open_windows(self, clearing: bool) -> list[int]:
        """Return the windows that wait to be cleared, because a child has sent something; or, when
        not `clearing`, to be shared out."""
        found = {event.window for event in self._sent()}
        wanted = (LevelPhase.ABSENT, LevelPhase.CLEARING) if clearing else (LevelPhase.CLEARED,)
        return [window for window in sorted(found) if self.phase(window) in wanted]

    def ladders(self, window: int) -> list[Ladder]:
        """Return what each child has sent up, in the order of their index; nothing: an empty
        one."""
        return self._ladders(window, 1)[0]

    def _ladders(self, first: int, windows: int) -> list[list[Ladder]]:
        at = first if windows == 1 else None
        sent = {(event.window, bytes(event.node)): tuple(event.ladder) for event in self._sent(at)}
        children = self.children
        return [
            [sent.get((window, child), ()) for child in children]
            for window in range(first, first + windows)
        ]

    def _sent(self, window: int | None = None) -> Iterator[Sent | ForwardSent]:
        """Yield what was sent to this level; the node picks it out, since a tree sends a lot."""
        contracts, at = self.contracts, None if window is None else window.to_bytes(32, "big")
        first, last = contracts.deployment.block, contracts.chain.block().number
        topics = [self.SENT.TOPIC0, None, self.id, at]
        for log in contracts.chain.logs([self.contract.address], first, last, topics):
            yield self.SENT.from_log(log.topics, log.data)

    def clear_calls(self, first: int, windows: int = 1) -> Iterator[Call]:
        """Yield the calls that clear windows: as many in one transaction as it can hold, and one
        that it cannot hold in steps. Each must be sent before the next is asked for."""
        yield from self._calls(first, windows, self._clear, LevelPhase.CLEARED)

    def share_calls(self, first: int, windows: int = 1) -> Iterator[Call]:
        """Yield the calls that share out cleared windows, the same way."""
        yield from self._calls(first, windows, self._share, LevelPhase.SHARED)

    def _clear(self, first: int, ladders: Windows) -> Call:
        raise NotImplementedError

    def _share(self, first: int, ladders: Windows) -> Call:
        raise NotImplementedError

    def _calls(
        self,
        first: int,
        windows: int,
        call: Callable[[int, Windows], Call],
        done: LevelPhase,
    ) -> Iterator[Call]:
        waiting = list(enumerate(self._ladders(first, windows), first))
        at_once, step = min(len(waiting), self.AT_ONCE), 0
        while waiting:
            window, ladders = waiting[0]
            if self.phase(window) >= done:
                waiting.pop(0)
                continue
            # The next call is like the one before, or can hold more where that one was dear.
            at_most = min(2 * at_once, self.AT_ONCE)
            cursor = self.contract.window_state(self.id, window).cursor
            parts = [ladders[cursor:], *(part for _, part in waiting[1:at_most])]
            at_once = self._fitting(parts, partial(call, window))
            if at_once == 1:
                left = parts[0][: 2 * step] if step else parts[0]
                step = self._fitting(left, partial(_one_window, call, window))
                parts = [left[:step]]
            yield call(window, parts[:at_once])

    def _fitting(self, parts: Sequence[T], call: Callable[[Sequence[T]], Call]) -> int:
        """Return how many parts, from the first on, the node finds to fit a transaction: an eighth
        less than do at most, but one at least."""
        chain = self.contracts.chain
        if len(parts) <= 1 or fits(chain, call(parts)):
            return len(parts)
        size, too_many = 1, len(parts)
        while too_many - size > max(1, size // 8):
            middle = (size + too_many) // 2
            if fits(chain, call(parts[:middle])):
                size = middle
            else:
                too_many = middle
        return size


def _one_window(call: Callable[[int, Windows], Call], window: int, part: Sequence[Ladder]) -> Call:
    return call(window, [part])


@dataclass(frozen=True, slots=True)
class Level(AnyLevel):
    """One level above markets."""

    SENT = Sent
    AT_ONCE = 12

    @property
    def contract(self) -> Levels:
        """The contract that has the level."""
        return self.contracts.levels

    def _clear(self, first: int, ladders: Windows) -> Call:
        return self.contract.clear(self.id, first, ladders)

    def _share(self, first: int, ladders: Windows) -> Call:
        return self.contract.share(self.id, first, ladders)

    @property
    def params(self) -> LevelParams:
        """The immutable parameters."""
        raw = self.contract.level_params(self.id)
        return LevelParams(**{f.name: getattr(raw, f.name) for f in fields(structs.LevelParams)})


L = TypeVar("L", bound=AnyLevel)


class AnyTree(Generic[L]):
    """All levels of one kind in a deployment, and what is below them."""

    ATTACHED: type[Attached] | type[ForwardAttached]
    CREATED: type[LevelCreated] | type[ForwardLevelCreated]
    LEVEL: Callable[[Contracts, bytes], L]

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts

    def parents(self) -> dict[bytes, bytes]:
        """Return the level above each node that has one."""
        return {
            bytes(entry.event.node): bytes(entry.event.level)
            for entry in read(self.contracts, kinds=(self.ATTACHED,))
            if isinstance(entry.event, self.ATTACHED)
        }

    def levels(self) -> list[L]:
        """Return all levels, every child before its parent."""
        parents = self.parents()
        found = [
            bytes(entry.event.level)
            for entry in read(self.contracts, kinds=(self.CREATED,))
            if isinstance(entry.event, self.CREATED)
        ]

        def depth(node: bytes) -> int:
            return 1 + depth(parents[node]) if node in parents else 0

        ordered = sorted(found, key=lambda node: -depth(node))
        return [type(self).LEVEL(self.contracts, node) for node in ordered]


class LevelTree(AnyTree[Level]):
    """All levels above markets."""

    ATTACHED, CREATED, LEVEL = Attached, LevelCreated, Level

    @cached_property
    def domain(self) -> Domain:
        """What the signature of a grid loss is bound to."""
        return levels_domain(self.contracts.chain.chain_id, self.contracts.address("Levels"))

    def edge(self, area: int, slot: int) -> EdgeTerms:
        """Return what holds for the edge and the feeder of an area in a slot."""
        raw = self.contracts.levels.edge_at(area, slot)
        return EdgeTerms(*(getattr(raw, f.name) for f in fields(EdgeTerms)))

    def areas_lost(self, slot: int) -> list[int]:
        """Return the areas that have lost their grid in a slot, as was signalled."""
        return sorted(
            {
                entry.event.area
                for entry in read(self.contracts, kinds=(GridLost,))
                if isinstance(entry.event, GridLost)
                and entry.event.first_slot <= slot < entry.event.end_slot
            }
        )

    def critical_meters(self, slot: int) -> list[int]:
        """Return the critical loads whose market is in an island in a slot: they come first."""
        window, place = divmod(slot, WINDOW_SLOTS)
        registered: dict[int, Timeline[bool]] = defaultdict(Timeline)
        for entry in read(self.contracts, kinds=(CriticalSet,)):
            if isinstance(entry.event, CriticalSet):
                registered[entry.event.meter].put(entry.event.from_window, entry.event.critical)
        islands = {
            event.area
            for entry in read(self.contracts, kinds=(Attached,))
            if isinstance(event := entry.event, Attached)
            for word in self.contracts.levels.edges_of(bytes(event.node), window, 1)
            if word >> _ISLAND + place & 1
        }
        return sorted(
            meter
            for meter, since in registered.items()
            if since.at(window) and self.contracts.registry.area_of(meter) in islands
        )

    def sign_grid_loss(self, operator: Signer, loss: GridLoss) -> GridLoss:
        """Return a signal with the signature of the area's operator."""
        return replace(loss, signature=operator.sign_digest(grid_loss_digest(self.domain, loss)))

    def grid_loss_call(self, loss: GridLoss) -> Call:
        """Return the call that hands in a signed signal."""
        packed = structs.GridLoss(loss.area, loss.first_slot, loss.end_slot, loss.signature)
        return self.contracts.levels.signal_grid_loss(packed)


def sent_wh(ladder: Sequence[int]) -> list[dict[Side, int]]:
    """Return what a ladder has sent up of each of its eight slots, in Wh by side."""
    found = [{Side.BUY: 0, Side.SELL: 0} for _ in range(WINDOW_SLOTS)]
    rows = iter(ladder[_HEAD:])
    for row in rows:
        side, odd = Side(row >> _SIDE & 1), row >> _ODD & 1
        for field in range(_FIELDS):
            found[2 * field + odd][side] += row >> _FIELD * field & (1 << _FIELD) - 1
        if row >> _PART & 1:
            next(rows)  # all that was left there, sent up or not
    return found
