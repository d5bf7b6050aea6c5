"""How readings and orders are handed in, windows cleared and members settled within the gas of a
transaction.

Two sizes are known of every call: one that suffices whatever the state of the storage, and what is
usual where storage has been used before. The usual one is cheaper for everybody, since what a call
reads once serves more members; it is taken where the node finds that it fits. Gas as measured for
docs/gas.md.

A node's estimate is no measure where a contract is asked about a signature: with too little gas its
answer counts as a no, the record is skipped, and what is left of the call gets by with less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from p2pchain.chain.abi import Call
from p2pchain.chain.bindings.settlement import Settlement
from p2pchain.chain.records import TX_GAS_CAP
from p2pchain.errors import P2PError
from p2pchain.meter.joined import SIGNATURE_BYTES
from p2pchain.model import WINDOW_SLOTS, ForwardPhase, Order, Outcome, Phase, Reading, Schedule
from p2pchain.p256 import SIGNATURE_BYTES as P256_BYTES

if TYPE_CHECKING:
    from p2pchain.chain.connect import Chain
    from p2pchain.forward_market import Auction
    from p2pchain.market import Market

M = TypeVar("M", Order, Schedule)

# What is planned for where nothing is known, and where the node has been asked.
_CAUTIOUS = TX_GAS_CAP * 7 // 8
_MOST = TX_GAS_CAP * 97 // 100
_ANYBODY = "0x" + 40 * "0"
# Of each signature but the first, where the slots of a record were signed one by one.
_SIGNATURE = 6_500
# Of a P-256 signature, without the precompile and with it, and of one that any contract is asked
# about (`Signatures.VERIFIER_GAS`).
_P256 = 320_000
_P256_PRECOMPILED = 35_000
_ASKED = 1_050_000
# Signed orders that are handed in together at most; more than fit where all is warm.
_MESSAGES = 400


@dataclass(frozen=True, slots=True)
class _Post:
    """Gas of a call that posts: for itself, by reading, by slot of a reading, by what a P-256
    signature takes."""

    call: int
    reading: int
    slot: int
    p256: int = _P256

    def of(self, reading: Reading) -> int:
        return self.reading + self.slot * reading.slots + self._signed(reading.signature)

    def _signed(self, signature: bytes) -> int:
        if _is_asked(signature):
            return self.p256 if len(signature) == P256_BYTES else _ASKED
        return _SIGNATURE * max(0, len(signature) // SIGNATURE_BYTES - 1)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Gas of a call that walks the members: for itself, by window, by member, by member's slot."""

    call: int
    window: int
    member: int
    slot: int

    def of(self, members: int, windows: int) -> int:
        """Return the gas of a call."""
        each = self.member + windows * WINDOW_SLOTS * self.slot
        return self.call + windows * self.window + members * each

    def members(self, gas: int, windows: int) -> int:
        """Return how many members of so many windows the gas is enough for."""
        alone = self.of(0, windows)
        return max(0, (gas - alone) // (self.of(1, windows) - alone))

    def windows(self, gas: int, members: int) -> int:
        """Return how many windows of so many members the gas is enough for."""
        alone = self.of(members, 0)
        return max(0, (gas - alone) // (self.of(members, 1) - alone))


# Above what is needed with new storage for every word, by members whose limits hold all day and
# whose volumes fill one layer; what the budget leaves of a transaction is for others.
_POST = _Post(call=0, reading=170_000, slot=5_200)
_CLEAR = _Walk(call=300_000, window=260_000, member=13_000, slot=750)
_SETTLE = _Walk(call=300_000, window=45_000, member=45_000, slot=850)
# A step of clearing that does not reach the end reads the book that it goes on with (four words a
# tick, 256 ticks) and keeps what it has added: by each member four words that may be new.
_STEP = _Walk(call=2_800_000, window=260_000, member=13_000 + 4 * 22_100, slot=750)
# What is usual; settling is meant in the call that has cleared.
_USUAL_POST = _Post(400_000, reading=45_000, slot=880, p256=_P256_PRECOMPILED)
_USUAL_CLEAR = _Walk(call=200_000, window=125_000, member=12_000, slot=450)
_WARM_SETTLE = _Walk(call=200_000, window=0, member=27_000, slot=450)
# The same where members trade ahead: readings may fill more layers, and contracts are settled too.
_AHEAD_POST = _Post(call=0, reading=190_000, slot=9_500)
_AHEAD_USUAL_POST = _Post(500_000, reading=70_000, slot=2_000, p256=_P256_PRECOMPILED)
_AHEAD_SETTLE = _Walk(call=400_000, window=60_000, member=50_000, slot=1_600)
_AHEAD_WARM_SETTLE = _Walk(call=300_000, window=15_000, member=40_000, slot=1_500)
# And where the market is in a tree: averages differ from slot to slot, and by side.
_TREE_SETTLE = _Walk(call=400_000, window=60_000, member=50_000, slot=2_250)
_TREE_AHEAD_SETTLE = _Walk(call=400_000, window=60_000, member=50_000, slot=3_000)
# Offers that a call hands in at most: nodes take transactions up to 128 KB.
_OFFERS = 3_500


def batches(readings: Sequence[Reading], market: Market | None = None) -> Iterator[list[Reading]]:
    """Cut readings into batches that fit the gas of a transaction, whatever they meet.

    Those of a market's members come in batches of the usual size where its node finds that it fits,
    and else in the largest of some smaller ones that does.
    """
    ahead = market is not None and _trades_ahead(market)
    cautious, most = (_AHEAD_POST, _AHEAD_USUAL_POST) if ahead else (_POST, _USUAL_POST)
    place = 0
    while place < len(readings):
        left = readings[place:]
        size = _count(left, cautious, _CAUTIOUS)
        usual = _count(left, most, _MOST)
        while market and usual > size:
            if _post_fits(market, left[:usual]):
                size = usual
            usual = usual * 3 // 4
        yield list(left[:size])
        place += size


def post_gas(readings: Sequence[Reading]) -> int | None:
    """Return the gas limit of a call that posts readings, where a contract is asked about one of
    the signatures: more than it needs. None where the node's estimate holds."""
    if not any(_is_asked(reading.signature) for reading in readings):
        return None
    planned = sum(_AHEAD_POST.of(reading) for reading in readings)
    return min(TX_GAS_CAP, 500_000 + planned * 3 // 2)


def clear_and_settle_calls(market: Market, first_window: int, windows: int) -> list[Call]:
    """Return the calls that clear and settle windows.

    A call that clears settles as many members as it has gas for, since what it has read once is
    cheap to read again. Where one call cannot clear all, the members are settled in one walk over
    as many windows as their offers allow, which makes one entry of each.
    """
    if market.in_tree:
        return clear_calls(market, first_window, windows)
    members = max(1, market.member_count)
    offers = _Offers(market, first_window, windows)
    if _windows_at_once(members) >= windows:
        return _together(offers, first_window, windows)
    calls: list[Call] = []
    if _untouched(market, first_window, windows):
        calls += _clear_calls(offers, first_window, windows)
        parts = -(-windows // max(1, _OFFERS // members))
        bounds = [first_window + windows * place // parts for place in range(parts + 1)]
        for start, end in pairwise(sorted(set(bounds))):
            calls += _settle_calls(offers, start, end - start, members)
        return calls
    for window in range(first_window, first_window + windows):
        calls += _clear_calls(offers, window, 1) + _settle_alike(offers, window, 1)
    return calls


def clear_calls(market: Market, first_window: int, windows: int) -> list[Call]:
    """Return the calls that clear windows; in steps where one call cannot hold a window."""
    return _clear_calls(_Offers(market, first_window, windows), first_window, windows)


def settle_calls(market: Market, first_window: int, windows: int) -> list[Call]:
    """Return the calls that settle cleared windows, those that stand alike in one walk."""
    return _settle_alike(_Offers(market, first_window, windows), first_window, windows)


def message_batches(
    auction: Auction, messages: Sequence[M], call: Callable[[Sequence[M]], Call]
) -> Iterator[list[M]]:
    """Cut signed orders or schedules into batches that the node finds to fit a transaction.

    A batch is as large as the cheapest messages allow and is halved until it fits.
    """
    chain, place = auction.market.contracts.chain, 0
    while place < len(messages):
        size = min(len(messages) - place, _MESSAGES)
        while size > 1 and not fits(chain, call(messages[place : place + size])):
            size = -(-size // 2)
        yield list(messages[place : place + size])
        place += size


def forward_clear_calls(auction: Auction, windows: Sequence[int]) -> Iterator[Call]:
    """Yield the calls that clear windows of a forward auction whose gate has closed.

    Each must be sent before the next is asked for: what is left to do is read from the chain. As
    many windows as fit go into one call, and a window that does not fit is cleared in steps.
    """
    clear, members = auction.contract.clear, max(1, auction.market.member_count)
    left = sorted(windows)
    while left:
        size = next((n for n, window in enumerate(left) if window != left[0] + n), len(left))
        while size > 1 and not fits(
            auction.market.contracts.chain, clear(auction.id, left[0], size, 2 * size * members)
        ):
            size = -(-size // 2)
        if size > 1:
            yield clear(auction.id, left[0], size, 2 * size * members)
        else:
            yield from _forward_steps(auction, left[0], members)
        left = left[size:]


def _forward_steps(auction: Auction, window: int, members: int) -> Iterator[Call]:
    """The calls that clear one window: its members are walked to collect and again to ration; once
    more, where levels above have filled something. It may have to wait for these."""
    step = 2 * members
    while auction.phase(window) not in (
        ForwardPhase.AWAITING,
        ForwardPhase.CLEARED,
        ForwardPhase.SETTLED,
    ):
        while step > 1 and not fits(
            auction.market.contracts.chain, auction.contract.clear(auction.id, window, 1, step)
        ):
            step = -(-step // 2)
        yield auction.contract.clear(auction.id, window, 1, step)


class _Offers:
    """What was offered in windows of a market, which calls that clear and settle hand in."""

    def __init__(self, market: Market, first_window: int, windows: int) -> None:
        self.market = market
        self._first = first_window
        self._offers = market.offers(first_window, windows)

    def of(self, first_window: int, windows: int) -> list[list[int]]:
        """Return those of some of the windows."""
        begin = first_window - self._first
        return self._offers[begin : begin + windows]

    def count(self, first_window: int, windows: int) -> int:
        """Return how many they are."""
        return sum(map(len, self.of(first_window, windows)))


def _clear_calls(offers: _Offers, first_window: int, windows: int) -> list[Call]:
    market = offers.market
    clear, members = market.contracts.settlement.clear, max(1, market.member_count)
    if at_once := _windows_at_once(members):
        end = first_window + windows
        return [
            clear(market.id, start, count, members * at_once, offers.of(start, count))
            for start in range(first_window, end, at_once)
            for count in (min(at_once, end - start),)
        ]
    calls: list[Call] = []
    step = _STEP.members(_CAUTIOUS, 1)
    for window in range(first_window, first_window + windows):
        left = members - market.window(window).cursor
        call = clear(market.id, window, 1, step, offers.of(window, 1))
        calls += [call] * -(-left // step)
    return calls


def _together(offers: _Offers, first_window: int, windows: int) -> list[Call]:
    """Return the call that clears all and settles as many members as fit, and the rest."""
    market = offers.market
    both, members = market.contracts.settlement.clear_and_settle, max(1, market.member_count)
    ahead = _trades_ahead(market)
    cautious = _AHEAD_SETTLE if ahead else _SETTLE
    warm = _AHEAD_WARM_SETTLE if ahead else _WARM_SETTLE
    settled = cautious.members(_CAUTIOUS - _CLEAR.of(members, windows), windows)
    usual = warm.members(_MOST - _USUAL_CLEAR.of(members, windows), windows)
    usual = min(usual, members)

    def call(most: int) -> Call:
        return both(market.id, first_window, windows, most, offers.of(first_window, windows))

    while usual > settled:
        if fits(market.contracts.chain, call(usual)):
            settled = usual
        usual = usual * 19 // 20
    settled = min(max(1, settled), members)
    rest = _settle_calls(offers, first_window, windows, members - settled)
    return [call(settled), *rest]


def _settle_calls(offers: _Offers, first_window: int, windows: int, members: int) -> list[Call]:
    market = offers.market
    step = _settle_step(market, windows)
    given = offers.of(first_window, windows)
    call = market.contracts.settlement.settle(market.id, first_window, windows, step, given)
    return [call] * -(-members // step)


def _settle_alike(offers: _Offers, first_window: int, windows: int) -> list[Call]:
    market, begin = offers.market, 0
    calls: list[Call] = []
    states = [market.window(first_window + place) for place in range(windows)]
    for end in range(1, windows + 1):
        here = states[begin]
        if (
            end < windows
            and (states[end].members, states[end].cursor) == (here.members, here.cursor)
            and offers.count(first_window + begin, end + 1 - begin) <= _OFFERS
        ):
            continue
        members = max(1, here.members or market.member_count)
        calls += _settle_cleared(offers, first_window + begin, end - begin, members, here.cursor)
        begin = end
    return calls


def _settle_step(market: Market, windows: int) -> int:
    """Return how many members one call settles for sure."""
    ahead = _trades_ahead(market)
    cautious = _AHEAD_SETTLE if ahead else _SETTLE
    if market.in_tree:
        cautious = _TREE_AHEAD_SETTLE if ahead else _TREE_SETTLE
    return max(1, cautious.members(_CAUTIOUS, windows))


def _settle_cleared(
    offers: _Offers, first_window: int, windows: int, members: int, cursor: int
) -> list[Call]:
    """The same of windows that are cleared: the node tells whether more members fit."""
    market = offers.market
    step, left = _settle_step(market, windows), members - cursor
    settle, given = market.contracts.settlement.settle, offers.of(first_window, windows)
    for calls in range(1, -(-left // step)):
        most = -(-left // calls)
        # The node is asked for the first of them; others may be dearer.
        asked = settle(market.id, first_window, windows, most * (9 if calls > 1 else 8) // 8, given)
        if most <= 2 * step and fits(market.contracts.chain, asked):
            step = most
            break
    return [settle(market.id, first_window, windows, step, given)] * -(-left // step)


def _trades_ahead(market: Market) -> bool:
    """Whether the market has forward auctions."""
    return bool(market.contracts.forward.auctions_of(market.id))


def _windows_at_once(members: int) -> int:
    """How many windows of all members one call clears; 0 where not even one."""
    return min(_CLEAR.windows(_CAUTIOUS, members), max(1, _OFFERS // members))


def _untouched(market: Market, first_window: int, windows: int) -> bool:
    """Whether nothing has been cleared of these windows, so that one walk settles them all."""
    states = (market.window(first_window + place) for place in range(windows))
    return all(int(state.phase) == Phase.OPEN for state in states)


def _count(readings: Sequence[Reading], cost: _Post, gas: int) -> int:
    """How many of the first readings the gas is enough for; one at least."""
    gas -= cost.call
    for place, reading in enumerate(readings):
        gas -= cost.of(reading)
        if gas < 0:
            return max(1, place)
    return len(readings)


def _is_asked(signature: bytes) -> bool:
    """Whether a contract is asked about a signature, as its length tells: those of plain keys have
    65 bytes, one or one for each slot."""
    return len(signature) % SIGNATURE_BYTES != 0


def _post_fits(market: Market, readings: Sequence[Reading]) -> bool:
    """Return whether the node finds that readings can be posted together."""
    call, chain = market.post_call(readings), market.contracts.chain
    if post_gas(readings) is None:
        return fits(chain, call)
    try:
        raw = chain.call(call.to, call.data, sender=_ANYBODY, gas=_MOST)
    except P2PError:
        return False
    return Outcome.BAD_SIGNATURE not in map(int, Settlement.post_readings_result(raw))


def fits(chain: Chain, call: Call) -> bool:
    """Return whether the node finds that a call fits a transaction."""
    try:
        return chain.estimate_gas(_ANYBODY, call.to, call.data) <= _MOST
    except P2PError:
        return False
