"""A tree of 1,000 microgrids with 100 homes each, cleared and settled: `python -m bench.scale`.

A level above all, CELLs below it, microgrids below these. Microgrids, CELLs, edges, suppliers and
their tariffs come by real calls; so do the homes of the first microgrid and what they post. The
words that enrolling, paying in and posting would leave of the other homes are written into the
storage of the chain (`Words`): where the same writing is held against the first microgrid it must
find every word as it is, and a small tree must cost the same to the unit either way
(`same_as_real`). Clearing and settling are transactions with receipts, as the package cuts them.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import requests
from eth_hash.auto import keccak

from bench import scale_report
from bench.tree import CHARGE_NANO, Microgrid, Site
from bench.workload import FUSE_WH, SLOT_SECONDS, TARIFFS, Participant, participants
from bench.world import (
    GENESIS_DAY,
    PATIENCE,
    PREPAID_NANO,
    WINDOWS_PER_DAY,
    market_params,
    supplier_key,
)
from p2pchain.chain.abi import Call, Event
from p2pchain.chain.bindings import structs
from p2pchain.chain.bindings.ledger import ClaimOpened, EntrySettled, FeesSettled, LevelCharged
from p2pchain.chain.bindings.levels import Crossed, LevelCleared
from p2pchain.chain.bindings.markets import MarketCreated
from p2pchain.chain.bindings.registry import AreaAdded
from p2pchain.chain.bindings.settlement import WindowAdopted, WindowCleared
from p2pchain.chain.connect import connect
from p2pchain.chain.deployment import Contracts, artifact
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import network_of, running
from p2pchain.chain.records import TX_GAS_CAP
from p2pchain.chain.rpc import Rpc
from p2pchain.chain.sender import Sender
from p2pchain.demo.parts import REGISTRATION
from p2pchain.errors import CheckFailed
from p2pchain.evidence import offer, offers_hash
from p2pchain.level_market import Level
from p2pchain.market import Market
from p2pchain.model import (
    RING,
    UNLIMITED,
    WINDOW_SLOTS,
    EdgeTerms,
    LaneWord,
    Reading,
    Side,
    SlotResult,
    by_hour,
    utc_hour,
)
from p2pchain.operator import registered

RESULTS = Path(__file__).parent / "results" / "scale.json"
SCHEMA = 1
HOMES, SEED = 100, 7
#: Microgrids of each CELL, by the microgrids of the tree.
CELLS: dict[int, tuple[int, ...]] = {
    3: (1, 2),
    10: (2, 3, 5),
    100: (25, 33, 42),
    1000: (25, 33, 42) * 10,
}
SIZES = (10, 100, 1000)
DAY = 100
SMALL = 3
STEPS = (
    "clear markets",
    "clear CELLs",
    "clear top",
    "share top",
    "share CELLs",
    "settle markets",
)
#: What the sun gives in a microgrid, in percent of the workload's sells; and what the weather adds
#: to it, CELL by CELL, so that something is left for the level above them.
_SUN, _WEATHER = (60, 140), (-40, 0, 40)
_BLOCK_GAS = 20_000_000_000
_TOGETHER = 250  # transactions of a block
_BODY = 1_000_000  # bytes of a request, half of what the node takes
_BANK = 5  # the development account from which the homes have their money
_SUPPLIER_SHARES = 20  # what the suppliers have beforehand, in a home's money

E = TypeVar("E", bound=Event)
Rows = list[dict[str, Any]]
Values = list[tuple[int, int]]  # import and export Wh by slot
Say = Callable[[str], None]


class Wire:
    """Many requests at a time, and many transactions to a block: the node works out the root of
    all storage for each block, which here is some 700,000 words."""

    def __init__(self, chain: Rpc) -> None:
        self.chain = chain
        self._url = chain.network.url
        self._session = requests.Session()
        self._session.trust_env = False
        self.ask([("evm_setBlockGasLimit", [hex(_BLOCK_GAS)])])

    def ask(self, wanted: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Return the results of requests. Raises CheckFailed where one was refused."""
        found: list[Any] = []
        for part in _by_size(wanted):
            body: Any = [
                {"jsonrpc": "2.0", "id": place, "method": method, "params": params}
                for place, (method, params) in enumerate(part)
            ]
            answers = self._session.post(str(self._url), json=body).json()
            for answer in sorted(answers, key=lambda answer: int(answer["id"])):
                if "result" not in answer:
                    raise CheckFailed(f"the node has refused a request: {answer}")
                found.append(answer["result"])
        return found

    @contextmanager
    def blocks(self) -> Iterator[None]:
        """Mine only when told."""
        self.ask([("evm_setAutomine", [False])])
        yield
        self.ask([("evm_setAutomine", [True])])

    def send(self, calls: Sequence[Call], account: str) -> Rows:
        """Carry out calls from a development account; return the receipts. Raises CheckFailed
        where one is reverted."""
        rows: Rows = []
        for begin in range(0, len(calls), _TOGETHER):
            nonce = self.chain.nonce(account)
            wanted = [
                {
                    "from": account,
                    "to": call.to,
                    "data": "0x" + call.data.hex(),
                    "gas": hex(TX_GAS_CAP),
                    "nonce": hex(nonce + place),
                }
                for place, call in enumerate(calls[begin : begin + _TOGETHER])
            ]
            hashes = self.ask([("eth_sendTransaction", [one]) for one in wanted])
            self.chain.mine()
            rows += self.ask([("eth_getTransactionReceipt", [one]) for one in hashes])
        for row in rows:
            if int(row["status"], 16) != 1:
                raise CheckFailed(f"a transaction was not carried out: {row}")
        return rows

    def words(self, places: Sequence[tuple[str, int]]) -> list[int]:
        """Return words of storage, by contract and slot."""
        wanted = [("eth_getStorageAt", [at, f"{slot:#066x}", "latest"]) for at, slot in places]
        return [int(word, 16) for word in self.ask(wanted)]

    def write(self, words: Sequence[tuple[str, int, int]]) -> None:
        """Write words of storage: contract, slot, word."""
        self.ask(
            [
                ("anvil_setStorageAt", [at, f"{slot:#066x}", f"{word:#066x}"])
                for at, slot, word in words
            ]
        )


def _by_size(wanted: Sequence[tuple[str, list[Any]]]) -> Iterator[Sequence[tuple[str, list[Any]]]]:
    begin, size = 0, 0
    for end, (_, params) in enumerate(wanted):
        bytes_of = 300 + sum(
            len(str(param["data"]))
            for param in params
            if isinstance(param, dict) and "data" in param
        )
        if end > begin and size + bytes_of > _BODY:
            yield wanted[begin:end]
            begin, size = end, 0
        size += bytes_of
    if begin < len(wanted):
        yield wanted[begin:]


def events(rows: Rows, kind: type[E]) -> Iterator[E]:
    """Yield the events of a kind in receipts."""
    first = "0x" + kind.TOPIC0.hex()
    for row in rows:
        for log in row["logs"]:
            if log["topics"] and log["topics"][0] == first:
                topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
                yield kind.from_log(topics, bytes.fromhex(log["data"][2:]))


# The tree


def sun(number: int, cell: int) -> int:
    """Return what the sun gives in a microgrid of a CELL, in percent of the workload's sells."""
    drawn = random.Random(f"{SEED} {number}").randint(*_SUN)
    return drawn + _WEATHER[cell % len(_WEATHER)]


def under(percent: int, home: Participant, slots: int) -> Values:
    """Return import and export Wh of a home's next slots."""
    return [(buy, sell * percent // 100) for buy, sell in home.measure(slots)]


class Written(Market):
    """A market whose members' offers are known beside the log, since no call has posted them."""

    def __init__(self, contracts: Contracts, market: bytes) -> None:
        super().__init__(contracts, market)
        self.posted: dict[int, list[int]] = {}

    def offers(self, first_window: int, windows: int) -> list[list[int]]:
        return [self.posted[first_window + place] for place in range(windows)]


@dataclass(slots=True)
class Placed:
    """A microgrid whose homes are written into storage."""

    area: int
    market: Market
    homes: list[Participant]
    sun: int


class Real(Microgrid):
    """A microgrid whose homes come by real calls."""

    def __init__(self, site: Site, parent: int, number: int, cell: int) -> None:
        self.sun = sun(number, cell)
        super().__init__(site, parent, HOMES, SEED + number)

    def read(self, home: Participant, first: int, slots: int) -> Reading:
        """Return what a meter has signed for its next slots."""
        values = under(self.sun, home, slots)
        reading = Reading.of(home.meter, first, home.import_wh, home.export_wh, values)
        home.import_wh, home.export_wh = reading.closing
        return self.market.sign_reading(home.meter_key, reading)

    def placed(self) -> Placed:
        """Return the same as one whose homes are to be written."""
        return Placed(self._area, self.market, self.homes, self.sun)

    def pay_in(self) -> None:
        """Suppliers and the operator have money to pass on."""
        self._prepay(self.contracts, [dev_signer(n) for n in (1, *(3, 4) * _SUPPLIER_SHARES)])


class Words:
    """The words that real calls leave of a home, at the slots of the compiler's layout.

    Enrolled: terms and area in `Registry`, place and limits in `Markets`, money in `Ledger`.
    Posted: offers and the state of the window in `Settlement`, locks in `Ledger`. What posting
    alone reads is left out: keys of meters, their registers and day hashes, hashes of their points.
    """

    def __init__(self, wire: Wire, contracts: Contracts, suppliers: Sequence[int]) -> None:
        self._wire, self._suppliers = wire, suppliers
        self._at = {
            name: contracts.address(name)
            for name in ("Registry", "Markets", "Ledger", "Settlement")
        }
        self._slots: dict[str, tuple[str, int, int]] = {}
        for name, address in self._at.items():
            for item in artifact(name)["storage_layout"]:
                key = f"{name}.{item['label']}"
                self._slots[key] = (address, item["slot"], 8 * item["offset"])
        self._accounts = [dev_signer(3 + place).address for place in range(len(TARIFFS))]
        self._windows, self._offers = -1, -1
        self._window_word = 0

    def _of(self, label: str, *keys: int | str | bytes) -> tuple[str, int]:
        address, slot, _ = self._slots[label]
        return address, at(slot, *keys)

    def learn(self, first: Placed, window: int) -> None:
        """Find where in Settlement's state a real microgrid's window and offers stand, which the
        layout gives as one struct. Raises CheckFailed where that is not one place each."""
        address, base, _ = self._slots["Settlement._state"]
        members = range(base, base + 32)
        found = self._wire.words(
            [(address, at(n, first.market.id, window % RING)) for n in members]
        )
        kept = int.from_bytes(offers_hash(first.market.offers(window, 1)[0]), "big")
        words = dict(zip(members, found, strict=True))
        offers = [place for place, word in words.items() if word == kept]
        windows = [place for place, word in words.items() if word and word != kept]
        if len(windows) != 1 or len(offers) != 1:
            raise CheckFailed(f"windows were found at {windows}, offers at {offers}")
        self._windows, self._offers = windows[0], offers[0]
        self._window_word = words[self._windows]

    def enrolled(self, grid: Placed, slot: int) -> Iterator[tuple[str, int, int]]:
        """Yield the words of homes that take part from a slot on: contract, slot, word."""
        market = grid.market.id
        meters = self._of("Markets._memberMeters", market)
        yield (*meters, len(grid.homes))
        begin = int.from_bytes(keccak(meters[1].to_bytes(32, "big")), "big")
        for place in range(0, len(grid.homes), 8):
            part = [(home.meter, 32) for home in grid.homes[place : place + 8]]
            yield meters[0], begin + place // 8, packed(*part)
        members = self._of("Markets._members", market)
        limits = self._of("Markets._limits", market)
        for place, home in enumerate(grid.homes):
            owner, supplier = int(home.owner.address, 16), self._suppliers[home.supplier]
            yield (*self._of("Registry._areaOf", home.meter), grid.area)
            terms = packed((owner, 160), (slot, 32), (supplier, 16), (1, 16), (FUSE_WH, 24), (1, 8))
            yield (*self._of("Registry._terms", home.meter), terms)
            member = packed((owner, 160), (place + 1, 24), (slot, 32), (1, 32), (0, 8))
            yield members[0], at(members[1], home.meter), member
            stated = packed((slot, 32), (1, 32), (0, 8), (home.buy_nano, 32), (home.sell_nano, 32))
            yield limits[0], at(limits[1], home.meter), stated

    def money(self, home: Participant) -> list[tuple[str, int]]:
        """Return where a home's money and its lock stand."""
        owner = home.owner.address
        account = self._of("Ledger._accounts", owner)
        return [
            account,
            self._of("Ledger._covers", owner, self._accounts[home.supplier], home.meter),
        ]

    def posted(
        self, grid: Placed, windows: range, volumes: Sequence[Values], money: Sequence[int]
    ) -> Iterator[tuple[str, int, int]]:
        """Yield the words of posted windows. `money`: the words at `money` before, by home."""
        market, settlement = grid.market.id, self._at["Settlement"]
        for window in windows:
            yield settlement, at(self._windows, market, window % RING), self._windowed(window)
            kept = offers_hash(offered(window, windows, volumes))
            yield (
                settlement,
                at(self._offers, market, window % RING),
                int.from_bytes(kept, "big"),
            )
        for place, (home, values) in enumerate(zip(grid.homes, volumes, strict=True)):
            lock = lock_nano(home, windows, values)
            account, cover = money[2 * place : 2 * place + 2]
            where = self.money(home)
            yield (*where[0], account - lock + (lock << 128))
            if lock:
                yield (*where[1], (cover | _USED) + lock)

    def _windowed(self, window: int) -> int:
        """The word of an open window, which begins with its number."""
        return (self._window_word >> 32 << 32) | window

    def counted(self, meters: int) -> tuple[str, int, int]:
        """Return the word that says how many meters are registered."""
        address, slot, shift = self._slots["Registry.meterCount"]
        (word,) = self._wire.words([(address, slot)])
        return address, slot, (word & ~(0xFFFFFFFF << shift)) | (meters << shift)

    def account(self, address: str) -> tuple[str, int]:
        """Return where an account's money stands."""
        return self._of("Ledger._accounts", address)


#: Bit of a cover's word that is set for ever; the lowest 64 are what the owner has locked.
_USED = 1 << 192


def at(slot: int, *keys: int | str | bytes) -> int:
    """Return the slot of an entry of a (nested) mapping."""
    for key in keys:
        if isinstance(key, str):
            key = int(key, 16)
        word = key if isinstance(key, bytes) else key.to_bytes(32, "big")
        slot = int.from_bytes(keccak(word + slot.to_bytes(32, "big")), "big")
    return slot


def packed(*fields: tuple[int, int]) -> int:
    """Return figures of so many bits in a word, the first lowest."""
    word = shift = 0
    for figure, bits in fields:
        word |= figure % (1 << bits) << shift
        shift += bits
    return word


def offered(window: int, windows: range, volumes: Sequence[Values]) -> list[int]:
    """Return the offers that posting everybody's volumes, those of all `windows`, leaves of one."""
    words = (lane_word(window, windows, values).pack() for values in volumes)
    return [offer(place, word) for place, word in enumerate(words)]


def lane_word(window: int, windows: range, values: Values) -> LaneWord:
    """Return what posting `values`, those of all `windows`, leaves of one of them."""
    begin = (window - windows.start) * WINDOW_SLOTS
    part = values[begin : begin + WINDOW_SLOTS]
    return LaneWord(
        window,
        tuple(buy or sell for buy, sell in part),
        tuple(Side.SELL if sell else Side.BUY for _, sell in part),
        0xFF,
    )


def lock_nano(home: Participant, windows: range, values: Values) -> int:
    """Return what posting locks: what is bought, at the worst price."""
    rows, first = TARIFFS[home.supplier], windows.start * WINDOW_SLOTS
    return sum(
        buy * min(home.buy_nano, by_hour(rows, utc_hour(first + place, SLOT_SECONDS)).energy)
        for place, (buy, _) in enumerate(values)
    )


class Tree:
    """A tree of microgrids on a chain, before its first window; `real`: all homes by real calls."""

    def __init__(
        self, sender: Sender, cells: Sequence[int], windows: int = 1, real: bool = False
    ) -> None:
        assert isinstance(sender.chain, Rpc)
        self.chain, self.wire = sender.chain, Wire(sender.chain)
        self.site = Site(sender)
        self.contracts, self.slot = self.site.contracts, self.site.slot
        first = self.slot // WINDOW_SLOTS
        self.windows = range(first, first + windows)
        self.words = Words(self.wire, self.contracts, self.site.suppliers)
        top_area, top = self.site.level(0)
        self.top, self.cells, areas = Level(self.contracts, top), [], []
        for _ in cells:
            area, level = self.site.level(top_area)
            self.cells.append(Level(self.contracts, level))
            areas.append(area)
            self._attach(level, top)
        parents = [(areas[n], n) for n, size in enumerate(cells) for _ in range(size)]
        self.reals: list[Real] = []
        for area, cell in parents if real else parents[:1]:
            self.reals.append(Real(self.site, area, len(self.reals), cell))
            self._attach(self.reals[-1].market.id, self.cells[cell].id)
        self.reals[0].pay_in()
        self.grids = [grid.placed() for grid in self.reals]
        self._place(parents[len(self.reals) :])
        for grid in self.reals:
            grid.take_part()
        self.post = {"gas": 0, "bytes": 0, "transactions": 0}
        self.compared = 0  # words of the first microgrid

    def _attach(self, node: bytes, level: bytes) -> None:
        self.site.sender.send(self.contracts.levels.attach(node, level, self.windows.start))

    def _place(self, parents: Sequence[tuple[int, int]]) -> None:
        """Create the microgrids whose homes are written, and their edges."""
        contracts, operator = self.contracts, self.site.operator
        mine, grid_operator = self.site.sender.address, dev_signer(1).address
        edge = EdgeTerms(self.slot, CHARGE_NANO, UNLIMITED, UNLIMITED, UNLIMITED)
        with self.wire.blocks():
            calls = [contracts.registry.add_area(area, grid_operator) for area, _ in parents]
            areas = [event.area for event in events(self.wire.send(calls, mine), AreaAdded)]
            self.wire.send([operator.set_edge(area, edge) for area in areas], grid_operator)
            calls = [
                operator.create_market_call(
                    registered(market_params(area), REGISTRATION), REGISTRATION
                )
                for area in areas
            ]
            made = [event.market for event in events(self.wire.send(calls, mine), MarketCreated)]
            calls = [
                contracts.levels.attach(market, self.cells[cell].id, self.windows.start)
                for market, (_, cell) in zip(made, parents, strict=True)
            ]
            self.wire.send(calls, mine)
            for place, supplier in enumerate(self.site.suppliers):
                key = supplier_key(place)
                calls = [
                    contracts.markets.set_agreement(
                        structs.Agreement(market, supplier, self.slot, True, 1, b"")
                    )
                    for market in made
                ]
                self.wire.send(calls, key.address)
        meter = HOMES * len(self.grids)
        for area, market, (_, cell) in zip(areas, made, parents, strict=True):
            number = len(self.grids)
            homes = participants(HOMES, SEED + number)
            for home in homes:
                meter += 1
                home.meter = meter
            self.grids.append(Placed(area, Written(contracts, market), homes, sun(number, cell)))

    # The first window: homes, and what they post

    def begin(self) -> None:
        """Let the first windows pass and be posted. Raises CheckFailed where what is written is not
        what real calls have left of the first microgrid, or the getters say otherwise."""
        written = self.grids[len(self.reals) :]
        if written:
            self._pay_bank(len(written))
        for real in self.reals:
            for batch in real.market.batches(real.read_day(len(self.windows) * WINDOW_SLOTS)):
                call = real.market.post_call(batch)
                (gas,) = real.spend([call])
                if real is self.reals[0]:
                    self.post["gas"] += gas
                    self.post["bytes"] += len(call.data)
                    self.post["transactions"] += 1
        if not written:
            return
        self.words.learn(self.grids[0], self.windows.start)
        self._compare(self.grids[0])
        for grid in written:
            volumes = self._volumes(grid)
            self.wire.write(
                [*self.words.enrolled(grid, self.slot), *self._first_posted(grid, volumes)]
            )
            if grid is written[-1]:
                self.wire.write([self.words.counted(HOMES * len(self.grids))])
                self._look(grid, volumes)

    def _volumes(self, grid: Placed) -> list[Values]:
        slots = len(self.windows) * WINDOW_SLOTS
        volumes = [under(grid.sun, home, slots) for home in grid.homes]
        if isinstance(grid.market, Written):
            grid.market.posted = {w: offered(w, self.windows, volumes) for w in self.windows}
        return volumes

    def _first_posted(
        self, grid: Placed, volumes: Sequence[Values]
    ) -> Iterator[tuple[str, int, int]]:
        money = [PREPAID_NANO, 0] * len(grid.homes)
        return self.words.posted(grid, self.windows, volumes, money)

    def _pay_bank(self, grids: int) -> None:
        """The homes' money is paid in by one account, whose word then is what it has left."""
        token, ledger, bank = self.contracts.token, self.contracts.ledger, dev_signer(_BANK).address
        nano = PREPAID_NANO * HOMES * grids
        units = nano // ledger.unit_nano()
        sender = self.site.sender
        sender.send(token.mint(sender.address, units))
        sender.send(token.approve(self.contracts.address("Ledger"), units))
        sender.send(ledger.deposit(bank, nano))
        place = self.words.account(bank)
        if self.wire.words([place]) != [nano]:
            raise CheckFailed("the money of an account is not where it was looked for")
        self.wire.write([(*place, 0)])

    def _compare(self, grid: Placed) -> None:
        """Hold what would be written against what real calls have left."""
        drawn = participants(HOMES, SEED)
        as_new = [
            replace(home, energy=new.energy) for home, new in zip(grid.homes, drawn, strict=True)
        ]
        volumes = self._volumes(replace(grid, homes=as_new))
        words = [*self.words.enrolled(grid, self.slot), *self._first_posted(grid, volumes)]
        found = self.wire.words([(address, slot) for address, slot, _ in words])
        wrong = [
            n for n, (real, word) in enumerate(zip(found, words, strict=True)) if real != word[2]
        ]
        if wrong:
            n = wrong[0]
            raise CheckFailed(
                f"{len(wrong)} words differ, such as {found[n]:#x}, not {words[n][2]:#x}"
            )
        self.compared = len(words)

    def _look(self, grid: Placed, volumes: Sequence[Values]) -> None:
        """Ask the public getters for a microgrid that was written."""
        markets, settlement = self.contracts.markets, self.contracts.settlement
        for window in self.windows:
            kept = offers_hash(offered(window, self.windows, volumes))
            if bytes(settlement.offers_hash(grid.market.id, window)) != kept:
                raise CheckFailed(f"the getters know other offers in window {window}")
        for place, (home, values) in enumerate(zip(grid.homes, volumes, strict=True)):
            member = markets.member_at(grid.market.id, place, self.slot)
            account = self.contracts.ledger.account_of(home.owner.address)
            lock = lock_nano(home, self.windows, values)
            said = (member.meter, member.index, member.active, member.owner, member.buy_nano)
            if said != (home.meter, place, True, home.owner.address, home.buy_nano) or (
                account.free_nano,
                account.locked_nano,
            ) != (PREPAID_NANO - lock, lock):
                raise CheckFailed(
                    f"the getters know meter {home.meter} otherwise than it was written"
                )

    def again(self) -> None:
        """Let the ring go round, so that the next windows stand where the first ones stood, and be
        posted, all by writing."""
        self.windows = range(self.windows.start + RING, self.windows.stop + RING)
        self.chain.set_time(self.windows.stop * WINDOW_SLOTS * SLOT_SECONDS)
        for grid in self.grids:
            grid.market = Written(self.contracts, grid.market.id)
            money = self.wire.words([at for home in grid.homes for at in self.words.money(home)])
            self.wire.write([*self.words.posted(grid, self.windows, self._volumes(grid), money)])

    # Clearing and settling

    def play(self, say: Say) -> Played:
        """Clear, share and settle the window. Raises CheckFailed where energy or money is lost."""
        played = Played()

        def step(name: str, found: Iterable[Sequence[Call]]) -> None:
            began = time.monotonic()
            rows: Rows = []
            for calls in found:
                rows += self.wire.send(calls, self.site.sender.address)
            played.add(name, rows, time.monotonic() - began)
            say(f"{name}: {played.steps[name].told()}")

        markets, windows = [grid.market for grid in self.grids], self.windows
        span = windows.start, len(windows)
        with self.wire.blocks():
            step("clear markets", _parted(call for m in markets for call in m.clear_calls(*span)))
            step("clear CELLs", _rounds([cell.clear_calls(*span) for cell in self.cells]))
            step("clear top", _rounds([self.top.clear_calls(*span)]))
            step("share top", _rounds([self.top.share_calls(*span)]))
            step("share CELLs", _rounds([cell.share_calls(*span) for cell in self.cells]))
            step("settle markets", _parted(call for m in markets for call in m.settle_calls(*span)))
        played.conserve(len(markets) * len(windows))
        self._whole()
        return played

    def _whole(self) -> None:
        """All money that was paid in stands on an account, and nothing is in transit."""
        ledger = self.contracts.ledger
        owners = [home.owner.address for grid in self.grids for home in grid.homes]
        others = [dev_signer(n).address for n in range(_BANK + 1)]
        words = self.wire.words([self.words.account(owner) for owner in owners + others])
        held = sum((word >> 128) + (word & (1 << 128) - 1) for word in words)
        if held != ledger.held_nano():
            raise CheckFailed(f"accounts have {held}, the ledger holds {ledger.held_nano()}")
        for node in [self.top.id, *(grid.market.id for grid in self.grids)]:
            if ledger.transit_nano(node):
                raise CheckFailed(f"money of 0x{node.hex()} is left in transit")


def _parted(calls: Iterable[Call]) -> Iterator[Sequence[Call]]:
    part: list[Call] = []
    for call in calls:
        part.append(call)
        if len(part) == _TOGETHER:
            yield part
            part = []
    if part:
        yield part


def _rounds(calls: Sequence[Iterator[Call]]) -> Iterator[Sequence[Call]]:
    """One call of each at a time, since the next depends on what the one before has done."""
    left = list(calls)
    while left:
        found = [(one, next(one, None)) for one in left]
        left = [one for one, call in found if call is not None]
        if ready := [call for _, call in found if call is not None]:
            yield ready


# What it comes to


@dataclass(slots=True)
class Step:
    """Gas of each transaction of a step, and how long it took."""

    gas: list[int]
    seconds: float

    def told(self) -> str:
        return (
            f"{len(self.gas)} transactions, {sum(self.gas):,} gas, the dearest {max(self.gas):,};"
            f" {self.seconds:.1f} s"
        )


@dataclass(slots=True)
class Played:
    """A window of the tree: gas by step; energy matched by level in Wh, money in nano-currency."""

    steps: dict[str, Step] = field(default_factory=dict)
    matched_wh: dict[str, int] = field(default_factory=dict)
    money_nano: dict[str, int] = field(default_factory=dict)
    _rows: dict[str, Rows] = field(default_factory=dict)

    def add(self, name: str, rows: Rows, seconds: float) -> None:
        gas = [int(row["gasUsed"], 16) for row in rows]
        if max(gas) > TX_GAS_CAP:
            raise CheckFailed(f"{max(gas)} gas is more than a transaction may use")
        self.steps[name] = Step(gas, seconds)
        self._rows[name] = rows

    def conserve(self, windows: int) -> None:
        """Hold what was bought against what was sold, and what was paid against what was received.
        `windows`: those of all markets. Raises CheckFailed."""
        bought, sold = Counter[int](), Counter[int]()
        adopted = 0
        for step in ("share top", "share CELLs"):
            for window in events(self._rows[step], WindowAdopted):
                adopted += 1
                for place in range(WINDOW_SLOTS):
                    buys = SlotResult.unpack(window.results[place])
                    sells = SlotResult.unpack(window.sells[place]) if buys.apart else buys
                    slot = window.window * WINDOW_SLOTS + place
                    bought[slot] += buys.matched_wh
                    sold[slot] += sells.matched_wh
        matched = {"markets": 0, "CELLs": 0, "top": 0}
        for cleared in events(self._rows["clear markets"], WindowCleared):
            matched["markets"] += sum(
                SlotResult.unpack(word).matched_wh for word in cleared.results
            )
        for name in ("CELLs", "top"):
            for level in events(self._rows[f"clear {name}"], LevelCleared):
                matched[name] += sum(SlotResult.unpack(word).matched_wh for word in level.results)
        if adopted != windows or bought != sold or bought.total() != sum(matched.values()):
            raise CheckFailed(f"bought {bought}, sold {sold}, matched {matched}")
        shared = self._rows["share top"] + self._rows["share CELLs"]
        settled = self._rows["settle markets"]
        if next(events(settled, ClaimOpened), None) is not None:
            raise CheckFailed("somebody could not pay, which is not the workload that was meant")
        entries = list(events(settled, EntrySettled))
        charges = sum(crossed.charge_nano for crossed in events(shared, Crossed))
        taken = sum(charged.nano for charged in events(shared, LevelCharged))
        money = {
            "paid": sum(entry.pay_nano for entry in entries),
            "received": sum(entry.income_nano for entry in entries),
            "fees": sum(fee.amount_nano for fee in events(settled, FeesSettled)),
            "charges": charges,
            "rounding": taken - charges,
        }
        if money["paid"] != sum(money.values()) - money["paid"]:
            raise CheckFailed(f"what was paid was not received: {money}")
        self.matched_wh, self.money_nano = matched, money
        self._rows = {}

    def figures(self) -> dict[str, dict[str, int]]:
        """Return gas by step."""
        return {
            name: {
                "transactions": len(step.gas),
                "gas": sum(step.gas),
                "dearest": max(step.gas),
            }
            for name, step in self.steps.items()
        }


@dataclass(slots=True)
class Measured:
    """A size: its first windows, and those that the ring has put in the same places."""

    cells: tuple[int, ...]
    first: Played
    again: Played | None
    post: dict[str, int]
    compared: int

    def figures(self) -> dict[str, Any]:
        """Return what scale.json keeps of it."""
        found: dict[str, Any] = {"cells": len(self.cells), "first": self.first.figures()}
        if self.again is not None:
            found["again"] = self.again.figures()
        return {
            **found,
            "matched_wh": self.first.matched_wh,
            "money_nano": self.first.money_nano,
        }


def measure(
    cells: tuple[int, ...],
    windows: int = 1,
    *,
    real: bool = False,
    again: bool = True,
    say: Say = lambda line: None,
) -> Measured:
    """Set up a tree; clear and settle windows of it together. Raises CheckFailed."""
    with (
        running(engine="anvil", genesis_time=GENESIS_DAY * 86_400, history=False) as node,
        connect(network_of(node)) as chain,
        Sender(chain, dev_signer(0), patience=PATIENCE) as sender,
    ):
        tree = Tree(sender, cells, windows, real)
        say(f"{sum(cells):,} microgrids in {len(cells)} CELLs are set up")
        tree.begin()
        say(f"{HOMES * sum(cells):,} homes have posted {windows} windows")
        first, second = tree.play(lambda line: say(f"first, {line}")), None
        if again:
            tree.again()
            say("the ring has gone round and all have posted")
            second = tree.play(lambda line: say(f"again, {line}"))
        return Measured(cells, first, second, tree.post, tree.compared)


def same_as_real(cells: tuple[int, ...] = CELLS[SMALL], windows: int = 1) -> int:
    """Clear and settle a tree whose homes are written, and the same one by real calls; return how
    many transactions cost the same. Raises CheckFailed where one does not."""
    written = measure(cells, windows, again=False).first
    real = measure(cells, windows, real=True, again=False).first
    for name, step in real.steps.items():
        if step.gas != written.steps[name].gas:
            raise CheckFailed(
                f"{name}: {step.gas} gas, and {written.steps[name].gas} where written"
            )
    if (real.matched_wh, real.money_nano) != (written.matched_wh, written.money_nano):
        raise CheckFailed("energy or money is not the same where homes are written")
    return sum(len(step.gas) for step in real.steps.values())


def collect(sizes: Sequence[int], day: int) -> dict[str, Any]:
    """Measure a window of trees of so many microgrids, and a day of one of `day` microgrids;
    return what scale.json keeps."""
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True)

    same = same_as_real()
    say(f"{SMALL} microgrids: {same} transactions cost the same where homes are written")
    found = {size: measure(CELLS[size], say=say) for size in sizes}
    whole = measure(CELLS[day], WINDOWS_PER_DAY, say=say)
    least = found[sizes[0]]
    ratios = {
        str(size): {
            name: round(step.seconds / least.first.steps[name].seconds, 1)
            for name, step in one.first.steps.items()
        }
        for size, one in found.items()
    }
    return {
        "schema": SCHEMA,
        "homes": HOMES,
        "window_slots": WINDOW_SLOTS,
        "same_as_real": same,
        "words_compared": least.compared,
        "sizes": {str(size): one.figures() for size, one in found.items()},
        "day": {str(day): {**whole.figures(), "post_first": whole.post}},
        "seconds_by_those_of_the_smallest": ratios,
    }


def load(path: Path = RESULTS) -> dict[str, Any]:
    """Return the committed figures."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--sizes", type=_numbers, default=SIZES, help="such as 10,100")
    parser.add_argument("--day", type=int, default=DAY, help="microgrids of the tree with a day")
    options = parser.parse_args(arguments)
    content = collect(options.sizes, options.day)
    if (tuple(options.sizes), options.day) == (SIZES, DAY):
        RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        print(f"written to {RESULTS}")
        scale_report.main()
    else:
        print(json.dumps(content, indent=1))
    return 0


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
