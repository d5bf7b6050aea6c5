"""How work is cut into transactions: everything is covered, nothing is planned above the budget."""

from __future__ import annotations

from ast import literal_eval
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchain.batching import (
    batches,
    clear_and_settle_calls,
    clear_calls,
    forward_clear_calls,
    message_batches,
    post_gas,
    settle_calls,
)
from p2pchain.chain.abi import Call, encode
from p2pchain.chain.records import TX_GAS_CAP
from p2pchain.forward_market import Auction
from p2pchain.market import Market
from p2pchain.model import Action, ForwardPhase, Order, Outcome, Phase, Reading
from p2pchain.p256 import SIGNATURE_BYTES as P256_BYTES

FIRST = 1_000


@dataclass
class Planned:
    """A market of so many members that notes what it is asked for; `fits` is the node's answer."""

    member_count: int
    fits: bool = False
    cursor: int = 0
    phase: Phase = Phase.OPEN
    id: bytes = b"market"
    asked: list[Call] = field(default_factory=list)
    auctions: tuple[bytes, ...] = ()
    in_tree: bool = False
    reads: int = 0

    @property
    def contracts(self) -> Any:
        def call(name: str) -> Any:
            return lambda *arguments: Call("0x", repr((name, *arguments)).encode(), 0, name)

        names = ("clear", "settle", "clear_and_settle")
        return SimpleNamespace(
            forward=SimpleNamespace(auctions_of=lambda _: self.auctions),
            settlement=SimpleNamespace(**{name: call(name) for name in names}),
            chain=SimpleNamespace(
                estimate_gas=lambda *_: TX_GAS_CAP // 2 if self.fits else TX_GAS_CAP
            ),
        )

    def offers(self, first_window: int, windows: int) -> list[list[int]]:
        """Everybody has offered every window."""
        self.reads += 1
        return [[first_window + place] * self.member_count for place in range(windows)]

    def window(self, window: int) -> Any:
        return SimpleNamespace(
            window=window, members=self.member_count, cursor=self.cursor, phase=self.phase
        )


def market(planned: Planned) -> Market:
    return cast(Market, planned)


def arguments(call: Call) -> tuple[Any, ...]:
    return cast("tuple[Any, ...]", literal_eval(call.data.decode()))


def test_a_market_in_a_tree_is_cleared_and_waits_for_the_levels() -> None:
    calls = clear_and_settle_calls(market(Planned(10, fits=True, in_tree=True)), FIRST, 3)
    assert {call.name for call in calls} == {"clear"}
    assert sum(arguments(call)[3] for call in calls) == 3


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.CLEARED])
@pytest.mark.parametrize("members", [13, 400, 3_000])
def test_what_was_offered_is_read_once(members: int, phase: Phase) -> None:
    planned = Planned(members, phase=phase)
    assert clear_and_settle_calls(market(planned), FIRST, 12)
    assert planned.reads == 1


@given(members=st.integers(1, 5_000), windows=st.integers(1, 24), fits=st.booleans())
def test_all_windows_are_cleared_and_all_members_settled(
    members: int, windows: int, fits: bool
) -> None:
    calls = clear_and_settle_calls(market(Planned(members, fits)), FIRST, windows)
    visits = dict.fromkeys(range(FIRST, FIRST + windows), 0)
    settled = dict.fromkeys(range(FIRST, FIRST + windows), 0)
    for name, _, first, count, most, offers in map(arguments, calls):
        assert offers == [[window] * members for window in range(first, first + count)]
        assert count == 1 or count * members <= 3_500, "above what nodes take"
        for window in range(first, first + count):
            if name == "clear":
                visits[window] += most // count if count > 1 else most
            elif name == "clear_and_settle":
                visits[window] += members
            if name != "clear":
                assert visits[window] >= members, "settled before it was cleared"
                settled[window] += most
    assert all(seen >= members for seen in visits.values())
    assert all(done >= members for done in settled.values())


def test_a_small_market_takes_one_transaction_and_asks_nobody() -> None:
    (call,) = clear_and_settle_calls(market(Planned(13)), FIRST, 3)
    assert arguments(call)[0] == "clear_and_settle"


def test_the_node_decides_how_many_members_fit_beside_clearing() -> None:
    cautious, usual = (
        arguments(clear_and_settle_calls(market(Planned(120, fits)), FIRST, 12)[0])[4]
        for fits in (False, True)
    )
    assert 0 < cautious < usual < 120


def test_of_cleared_windows_the_node_tells_how_many_members_are_settled_at_once() -> None:
    sizes = {}
    for fits in (False, True):
        planned = Planned(70, fits, phase=Phase.CLEARED, in_tree=True)
        calls = settle_calls(market(planned), FIRST, 12)
        sizes[fits] = [arguments(call)[4] for call in calls]
        assert sum(sizes[fits]) >= 70
    assert (len(sizes[False]), sizes[True]) == (2, [70])


def test_a_walk_goes_over_as_many_windows_as_their_offers_allow() -> None:
    calls = settle_calls(market(Planned(400, fits=True, phase=Phase.CLEARED)), FIRST, 12)
    spans = {(first, count): offers for _, _, first, count, _, offers in map(arguments, calls)}
    assert sorted(spans) == [(FIRST, 8), (FIRST + 8, 4)]
    assert all(len(offers) == count for (_, count), offers in spans.items())


@pytest.mark.property(16)
def test_a_step_has_gas_for_a_book_in_which_every_limit_is_new() -> None:
    members = 3_000
    calls = clear_calls(market(Planned(members)), FIRST, 1)
    step = arguments(calls[0])[4]
    assert len(calls) * step >= members
    read, kept, visited = 1_024 * 2_200, 4 * step * 22_100, step * 6_000
    assert read + kept + visited < TX_GAS_CAP


def test_windows_that_stand_alike_are_settled_in_one_walk() -> None:
    calls = settle_calls(market(Planned(13, phase=Phase.CLEARED, cursor=5)), FIRST, 3)
    assert len(calls) == 1


@given(st.lists(st.integers(1, 96), max_size=200))
def test_readings_keep_their_order_and_none_is_left(slots: list[int]) -> None:
    readings = [Reading.of(7, FIRST, 0, 0, [(0, 0)] * count) for count in slots]
    cut = list(batches(readings))
    assert [reading for batch in cut for reading in batch] == readings
    assert all(batch for batch in cut)


@dataclass
class Asked:
    """A market whose node finds that so many records of P-256 keys fit, the rest of a call being
    skipped for want of gas; what it estimates says nothing."""

    room: int
    gas: list[int | None] = field(default_factory=list)
    id: bytes = b"market"

    def post_call(self, readings: list[Reading]) -> Call:
        return Call("0x", len(readings).to_bytes(2, "big"), 0, "post")

    @property
    def contracts(self) -> Any:
        def call(_: str, data: bytes, *, sender: str, gas: int | None) -> bytes:
            count = int.from_bytes(data, "big")
            self.gas.append(gas)
            outcomes = [Outcome.ACCEPTED] * count
            for place in range(self.room, count):
                outcomes[place] = Outcome.BAD_SIGNATURE
            return encode(("uint8[]",), (outcomes,))

        return SimpleNamespace(
            forward=SimpleNamespace(auctions_of=lambda _: ()),
            chain=SimpleNamespace(call=call, estimate_gas=lambda *_: 21_000),
        )


def days(signature: bytes, count: int = 200) -> list[Reading]:
    """Records of a whole day with such a signature."""
    record = Reading.of(7, FIRST, 0, 0, [(0, 0)] * 96)
    return [record.signed(signature)] * count


def test_records_of_p256_keys_take_more_room() -> None:
    plain, p256, other = (
        len(next(batches(days(bytes(length))))) for length in (65, P256_BYTES, 100)
    )
    assert plain > p256 > other > 1
    # so much do they take at most without the precompile, new storage included
    assert p256 * (170_000 + 96 * 5_200 + 320_000) <= TX_GAS_CAP


def test_what_the_node_skips_for_want_of_gas_does_not_fit() -> None:
    records = days(bytes(P256_BYTES))
    alone = len(next(batches(records)))
    sizes = {}
    for room in (5, 30, 500):
        asked = Asked(room)
        sizes[room] = len(next(batches(records, cast(Market, asked))))
        assert asked.gas
        assert all(gas is not None and gas < TX_GAS_CAP for gas in asked.gas)
    assert sizes[5] == alone
    assert alone < sizes[30] <= 30 < sizes[500]


def test_the_gas_of_a_call_is_left_to_the_node_only_where_no_contract_is_asked() -> None:
    assert post_gas(days(bytes(65), 3)) is None
    assert post_gas(days(b"", 1)) is None  # the signer calls himself
    assert post_gas(days(bytes(65 * 96), 1)) is None
    one = post_gas(days(bytes(P256_BYTES), 1))
    assert one is not None
    assert 1_000_000 < one < TX_GAS_CAP
    mixed = post_gas([*days(bytes(65), 2), *days(bytes(P256_BYTES), 1)])
    assert mixed is not None
    assert one < mixed
    assert post_gas(days(bytes(P256_BYTES), 50)) == TX_GAS_CAP


@dataclass
class PlannedAuction:
    """A forward auction whose node finds that calls of so many member-windows or orders fit."""

    members: int
    room: int
    rationed: bool = True
    asked: int = 0
    id: bytes = b"auction"
    done: dict[int, int] = field(default_factory=dict)

    @property
    def contract(self) -> Any:
        return SimpleNamespace(
            clear=lambda *a: Call("0x", repr(a[1:]).encode(), 0, "clear"),
        )

    @property
    def market(self) -> Any:
        def estimate(_: str, __: str, data: bytes) -> int:
            self.asked += 1
            given = literal_eval(data.decode())
            size = given if isinstance(given, int) else given[2]
            return TX_GAS_CAP // 2 if size <= self.room else TX_GAS_CAP

        chain = SimpleNamespace(estimate_gas=estimate)
        return SimpleNamespace(member_count=self.members, contracts=SimpleNamespace(chain=chain))

    def phase(self, window: int) -> ForwardPhase:
        """What has been walked of a window: once to collect, and again where it is rationed."""
        walks = self.members * (2 if self.rationed else 1)
        return ForwardPhase.CLEARED if self.done.get(window, 0) >= walks else ForwardPhase.OPEN

    def send(self, call: Call) -> int:
        """Do what the contract does with a budget of member-windows; return how much it was."""
        first, windows, budget = literal_eval(call.data.decode())
        spent = 0
        for window in range(first, first + windows):
            assert self.phase(window) < ForwardPhase.CLEARED
            walks = self.members * (2 if self.rationed else 1)
            part = min(budget - spent, walks - self.done.get(window, 0))
            self.done[window] = self.done.get(window, 0) + part
            spent += part
        return spent


@given(
    members=st.integers(1, 60),
    room=st.integers(1, 300),
    rationed=st.booleans(),
    windows=st.sets(st.integers(0, 40), max_size=12),
)
def test_forward_windows_are_cleared_within_the_gas(
    members: int, room: int, rationed: bool, windows: set[int]
) -> None:
    planned = PlannedAuction(members, room, rationed)
    calls = 0
    for call in forward_clear_calls(cast(Auction, planned), sorted(windows)):
        assert planned.send(call) <= room
        calls += 1
    assert all(planned.phase(window) == ForwardPhase.CLEARED for window in windows)
    assert calls <= len(windows) * (1 + 4 * max(1, members) // room)


@given(count=st.integers(0, 900), room=st.integers(1, 900))
def test_orders_are_cut_until_they_fit(count: int, room: int) -> None:
    planned = PlannedAuction(10, room)
    orders = [Order(b"auction", 1, 8, number, Action.PLACE) for number in range(count)]
    found = list(
        message_batches(
            cast(Auction, planned), orders, lambda o: Call("0x", str(len(o)).encode(), 0, "place")
        )
    )
    assert [order for batch in found for order in batch] == orders
    assert all(len(batch) <= max(1, room) for batch in found)
    assert len(found) <= 1 + count * 2 // min(room, 200)
