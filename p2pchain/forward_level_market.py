"""A level above forward auctions as a program uses it: what its children have sent, clearing,
sharing, and going on without a level that is late.

for level in ForwardTree(contracts).levels():  # children before their parents
    for call in level.clear_calls(window):
        sender.send(call)
for level in reversed(ForwardTree(contracts).levels()):
    for call in level.share_calls(window):
        sender.send(call)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

from p2pchain.batching import fits
from p2pchain.chain.abi import Call
from p2pchain.chain.bindings import structs
from p2pchain.chain.bindings.forward_levels import (
    ForwardAttached,
    ForwardLevelCreated,
    ForwardSent,
)
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.events import read
from p2pchain.forward_levels import Part, unpack_part
from p2pchain.level_market import Ladder, sent_wh
from p2pchain.model import (
    WINDOW_SLOTS,
    ForwardLevelParams,
    ForwardPhase,
    Gate,
    LevelPhase,
)

_SENDING = (ForwardPhase.OPEN, ForwardPhase.CLEARING)
_WAITING = (ForwardPhase.RATIONING, ForwardPhase.AWAITING)


@dataclass(frozen=True, slots=True)
class ForwardLevel:
    """One forward level of a deployment, by its id."""

    contracts: Contracts
    id: bytes

    @property
    def params(self) -> ForwardLevelParams:
        """The immutable parameters."""
        raw = self.contracts.forward_levels.level_params(self.id)
        values = {f.name: getattr(raw, f.name) for f in fields(structs.ForwardLevelParams)}
        return ForwardLevelParams(**{**values, "gate": Gate(int(raw.gate))})

    @property
    def children(self) -> list[bytes]:
        """The auctions and levels below, in the order of their index."""
        return [bytes(child) for child in self.contracts.forward_levels.children_of(self.id)]

    def phase(self, window: int) -> LevelPhase:
        """Return how far a window is."""
        return LevelPhase(int(self.contracts.forward_levels.window_state(self.id, window).phase))

    def gate(self, window: int) -> int:
        """Return the unix time from which a window may be cleared."""
        return self.contracts.forward_levels.gate_of(self.id, window)

    def parts(self, window: int) -> list[list[Part]]:
        """Return what a cleared window has by slot: of its own auction, and from above once that
        was told."""
        found: list[list[Part]] = [[] for _ in range(WINDOW_SLOTS)]
        for word in self.contracts.forward_levels.parts_of(self.id, window):
            place, part = unpack_part(word)
            found[place].append(part)
        return found

    def open_windows(self, clearing: bool) -> list[int]:
        """Return the windows that wait to be cleared, because a child has sent something; or, when
        not `clearing`, to be shared out."""
        found = {
            entry.event.window
            for entry in read(self.contracts, kinds=(ForwardSent,))
            if isinstance(entry.event, ForwardSent) and bytes(entry.event.level) == self.id
        }
        wanted = (LevelPhase.ABSENT, LevelPhase.CLEARING) if clearing else (LevelPhase.CLEARED,)
        return [window for window in sorted(found) if self.phase(window) in wanted]

    def late_windows(self) -> list[int]:
        """Return the windows of which something was sent, and that were not cleared in time."""
        now, void_seconds = self.contracts.chain.block().timestamp, self.params.void_seconds
        return [w for w in self.open_windows(True) if now >= self.gate(w) + void_seconds]

    def ladders(self, window: int) -> list[Ladder]:
        """Return what each child has sent up, in the order of their index; nothing: an empty
        one."""
        sent = {
            bytes(entry.event.node): tuple(entry.event.ladder)
            for entry in read(self.contracts, kinds=(ForwardSent,))
            if isinstance(entry.event, ForwardSent)
            and bytes(entry.event.level) == self.id
            and entry.event.window == window
        }
        return [sent.get(child, ()) for child in self.children]

    def is_ready(self, window: int) -> bool:
        """Return whether a window may be cleared: no child can send any more, or their time is
        over."""
        now = self.contracts.chain.block().timestamp
        if now < self.gate(window):
            return False
        if now >= self.gate(window) + self.params.collect_seconds:
            return True
        pairs = zip(self.children, self.ladders(window), strict=True)
        return not any(self._may_send(child, window) for child, ladder in pairs if not ladder)

    def _may_send(self, child: bytes, window: int) -> bool:
        node = self.contracts.forward_levels.node_of(child)
        if node.from_window > window:
            return False
        if not node.is_level:
            phase = self.contracts.forward.window_state(child, window).phase
            return ForwardPhase(int(phase)) in _SENDING
        below = ForwardLevel(self.contracts, child)
        over = below.gate(window) + below.params.void_seconds
        late = self.contracts.chain.block().timestamp >= over
        return below.phase(window) < LevelPhase.CLEARED and not late

    def clear_calls(self, window: int) -> Iterator[Call]:
        """Yield the calls that clear a window; in steps where one transaction cannot hold it. Each
        must be sent before the next is asked for."""
        yield from self._calls(window, self.contracts.forward_levels.clear, LevelPhase.CLEARED)

    def share_calls(self, window: int) -> Iterator[Call]:
        """Yield the calls that share out a cleared window, the same way."""
        yield from self._calls(window, self.contracts.forward_levels.share, LevelPhase.SHARED)

    def pass_over_calls(self, window: int) -> Iterator[Call]:
        """Yield the calls by which the children go on without this level, which was not cleared in
        time."""
        contracts = self.contracts.forward_levels
        for child, ladder in zip(self.children, self.ladders(window), strict=True):
            if not ladder or not contracts.is_passed_over(child, window):
                continue
            if contracts.node_of(child).is_level:
                state = contracts.window_state(child, window)
                waits = LevelPhase(int(state.phase)) == LevelPhase.CLEARED and not state.told
            else:
                phase = self.contracts.forward.window_state(child, window).phase
                waits = ForwardPhase(int(phase)) in _WAITING
                waits &= any(any(sides.values()) for sides in sent_wh(ladder))
            if waits:
                yield contracts.pass_over(child, window, ladder)

    def _calls(
        self,
        window: int,
        call: Callable[[bytes, int, Sequence[Sequence[int]]], Call],
        done: LevelPhase,
    ) -> Iterator[Call]:
        ladders = self.ladders(window)
        while self.phase(window) < done:
            begin = self.contracts.forward_levels.window_state(self.id, window).cursor
            end = len(ladders)
            while end - begin > 1 and not fits(
                self.contracts.chain, call(self.id, window, ladders[begin:end])
            ):
                end = begin + -(-(end - begin) // 2)
            yield call(self.id, window, ladders[begin:end])


class ForwardTree:
    """All forward levels of a deployment and what is below them."""

    def __init__(self, contracts: Contracts) -> None:
        self.contracts = contracts

    def parents(self) -> dict[bytes, bytes]:
        """Return the level above each auction and level that has one."""
        return {
            bytes(entry.event.node): bytes(entry.event.level)
            for entry in read(self.contracts, kinds=(ForwardAttached,))
            if isinstance(entry.event, ForwardAttached)
        }

    def levels(self) -> list[ForwardLevel]:
        """Return all forward levels, every child before its parent."""
        parents = self.parents()
        found = [
            bytes(entry.event.level)
            for entry in read(self.contracts, kinds=(ForwardLevelCreated,))
            if isinstance(entry.event, ForwardLevelCreated)
        ]

        def depth(node: bytes) -> int:
            return 1 + depth(parents[node]) if node in parents else 0

        ordered = sorted(found, key=lambda node: -depth(node))
        return [ForwardLevel(self.contracts, node) for node in ordered]
