"""A level above markets as a program uses it: what its children have sent, clearing, sharing.

for level in LevelTree(contracts).levels():  # children before their parents
    for call in level.clear_calls(window):
        sender.send(call)
for level in reversed(LevelTree(contracts).levels()):
    for call in level.share_calls(window):
        sender.send(call)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
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
from p2pchain.chain.bindings.levels import Attached, LevelCreated, Levels, Sent
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

Ladder = tuple[int, ...]

#: contracts/libraries/Ladders.sol: words before the first entry, entries in a word, and its bits.
_HEAD, _ENTRIES, _WH = 2, 4, (1 << 48) - 1
_PLACE, _SIDE, _PART, _ENTRY = 56, 59, 60, 63


@dataclass(frozen=True, slots=True)
class AnyLevel:
    """One level of a deployment by its id, above markets or above forward auctions: both are
    cleared and shared out in the same steps."""

    contracts: Contracts
    id: bytes

    SENT: ClassVar[type[Sent] | type[ForwardSent]]

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
        sent = {bytes(event.node): tuple(event.ladder) for event in self._sent(window)}
        return [sent.get(child, ()) for child in self.children]

    def _sent(self, window: int | None = None) -> Iterator[Sent | ForwardSent]:
        """Yield what was sent to this level; the node picks it out, since a tree sends a lot."""
        contracts, at = self.contracts, None if window is None else window.to_bytes(32, "big")
        first, last = contracts.deployment.block, contracts.chain.block().number
        topics = [self.SENT.TOPIC0, None, self.id, at]
        for log in contracts.chain.logs([self.contract.address], first, last, topics):
            yield self.SENT.from_log(log.topics, log.data)

    def clear_calls(self, window: int) -> Iterator[Call]:
        """Yield the calls that clear a window; in steps where one transaction cannot hold it. Each
        must be sent before the next is asked for."""
        yield from self._calls(window, self.contract.clear, LevelPhase.CLEARED)

    def share_calls(self, window: int) -> Iterator[Call]:
        """Yield the calls that share out a cleared window, the same way."""
        yield from self._calls(window, self.contract.share, LevelPhase.SHARED)

    def _calls(
        self,
        window: int,
        call: Callable[[bytes, int, Sequence[Sequence[int]]], Call],
        done: LevelPhase,
    ) -> Iterator[Call]:
        ladders = self.ladders(window)
        size = len(ladders)
        while self.phase(window) < done:
            begin = self.contract.window_state(self.id, window).cursor
            # The next step is like the one before, or can hold more where that one was dear.
            left = ladders[begin : begin + 2 * size]
            size = self._fitting(left, lambda part: call(self.id, window, part))
            yield call(self.id, window, left[:size])

    def _fitting(self, ladders: Sequence[Ladder], call: Callable[[list[Ladder]], Call]) -> int:
        """Return how many ladders, from the first on, the node finds to fit a transaction: an
        eighth less than do at most."""
        chain = self.contracts.chain
        if len(ladders) <= 1 or fits(chain, call(list(ladders))):
            return len(ladders)
        size, too_many = 1, len(ladders)
        while too_many - size > max(1, size // 8):
            middle = (size + too_many) // 2
            if fits(chain, call(list(ladders[:middle]))):
                size = middle
            else:
                too_many = middle
        return size


@dataclass(frozen=True, slots=True)
class Level(AnyLevel):
    """One level above markets."""

    SENT = Sent

    @property
    def contract(self) -> Levels:
        """The contract that has the level."""
        return self.contracts.levels

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

    def parents(self) -> dict[bytes, bytes]:
        """Return the level above each market and level that has one."""
        return {
            bytes(entry.event.node): bytes(entry.event.level)
            for entry in read(self.contracts, kinds=(Attached,))
            if isinstance(entry.event, Attached)
        }

    def levels(self) -> list[Level]:
        """Return all levels, every child before its parent."""
        parents = self.parents()
        found = [
            bytes(entry.event.level)
            for entry in read(self.contracts, kinds=(LevelCreated,))
            if isinstance(entry.event, LevelCreated)
        ]

        def depth(node: bytes) -> int:
            return 1 + depth(parents[node]) if node in parents else 0

        return [Level(self.contracts, node) for node in sorted(found, key=lambda n: -depth(n))]

    def edge(self, area: int, slot: int) -> EdgeTerms:
        """Return what holds for the edge and the feeder of an area in a slot."""
        raw = self.contracts.levels.edge_at(area, slot)
        return EdgeTerms(*(getattr(raw, f.name) for f in fields(EdgeTerms)))

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
    words = [word >> 64 * lane for word in ladder[_HEAD:] for lane in range(_ENTRIES)]
    entries = iter(words)
    for entry in entries:
        if entry >> _ENTRY & 1:
            found[entry >> _PLACE & 7][Side(entry >> _SIDE & 1)] += entry & _WH
            if entry >> _PART & 1:
                next(entries)  # all that was left there, sent up or not
    return found
