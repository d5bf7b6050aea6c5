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

from collections.abc import Iterator
from dataclasses import dataclass, fields

from p2pchain.chain.abi import Call
from p2pchain.chain.bindings import structs
from p2pchain.chain.bindings.forward_levels import (
    ForwardAttached,
    ForwardLevelCreated,
    ForwardLevels,
    ForwardSent,
)
from p2pchain.forward_levels import Part, unpack_part
from p2pchain.level_market import AnyLevel, AnyTree, sent_wh
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
class ForwardLevel(AnyLevel):
    """One level above forward auctions."""

    SENT = ForwardSent

    @property
    def contract(self) -> ForwardLevels:
        """The contract that has the level."""
        return self.contracts.forward_levels

    @property
    def params(self) -> ForwardLevelParams:
        """The immutable parameters."""
        raw = self.contract.level_params(self.id)
        values = {f.name: getattr(raw, f.name) for f in fields(structs.ForwardLevelParams)}
        return ForwardLevelParams(**{**values, "gate": Gate(int(raw.gate))})

    def gate(self, window: int) -> int:
        """Return the unix time from which a window may be cleared."""
        return self.contract.gate_of(self.id, window)

    def parts(self, window: int) -> list[list[Part]]:
        """Return what a cleared window has by slot: of its own auction, and from above once that
        was told."""
        found: list[list[Part]] = [[] for _ in range(WINDOW_SLOTS)]
        for word in self.contract.parts_of(self.id, window):
            place, part = unpack_part(word)
            found[place].append(part)
        return found

    def late_windows(self) -> list[int]:
        """Return the windows of which something was sent, and that were not cleared in time."""
        now, void_seconds = self.contracts.chain.block().timestamp, self.params.void_seconds
        return [w for w in self.open_windows(True) if now >= self.gate(w) + void_seconds]

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
        node = self.contract.node_of(child)
        if node.from_window > window:
            return False
        if not node.is_level:
            phase = self.contracts.forward.window_state(child, window).phase
            return ForwardPhase(int(phase)) in _SENDING
        below = ForwardLevel(self.contracts, child)
        over = below.gate(window) + below.params.void_seconds
        late = self.contracts.chain.block().timestamp >= over
        return below.phase(window) < LevelPhase.CLEARED and not late

    def pass_over_calls(self, window: int) -> Iterator[Call]:
        """Yield the calls by which the children go on without this level, which was not cleared in
        time."""
        contract = self.contract
        for child, ladder in zip(self.children, self.ladders(window), strict=True):
            if not ladder or not contract.is_passed_over(child, window):
                continue
            if contract.node_of(child).is_level:
                state = contract.window_state(child, window)
                waits = LevelPhase(int(state.phase)) == LevelPhase.CLEARED and not state.told
            else:
                phase = self.contracts.forward.window_state(child, window).phase
                waits = ForwardPhase(int(phase)) in _WAITING
                waits &= any(any(sides.values()) for sides in sent_wh(ladder))
            if waits:
                yield contract.pass_over(child, window, ladder)


class ForwardTree(AnyTree[ForwardLevel]):
    """All levels above forward auctions."""

    ATTACHED, CREATED, LEVEL = ForwardAttached, ForwardLevelCreated, ForwardLevel
