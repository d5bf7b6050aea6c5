"""What the fixtures stand on: a chain with a market, two neighbours and their meters, set up once.

Everything is done through the package's own interface, as an operator and the members do it. Energy
in Wh, money in nano-currency, prices in nano-currency per Wh, time in slots.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from eth_hash.auto import keccak

from p2pchain.chain.abi import Call
from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.deployment import Contracts, Deployment, commitment, deploy
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import network_of, running
from p2pchain.chain.payments import deposit_calls, token_units
from p2pchain.chain.records import Patience
from p2pchain.chain.sender import Sender
from p2pchain.errors import BadInput, CheckFailed
from p2pchain.keys import LocalSigner, Signer
from p2pchain.market import Market
from p2pchain.model import WINDOW_SLOTS, MarketParams, Reading, Registration, TariffRow, Terms
from p2pchain.networks import TESTER
from p2pchain.operator import Operator
from p2pchain.units import NANO, SLOT_SECONDS

Engine = Literal["tester", "anvil"]

#: Numbers of the area, of the supplier and of its tariff: they are the first of a new deployment.
AREA = SUPPLIER = TARIFF = 1

FUSE_WH_PER_HOUR = 24_000  # 100 A at 240 V
#: Whoever has all roles of an operator, the supplier, whoever network charges go to, the members.
OPERATOR_KEY, SUPPLIER_KEY, GRID_KEY, ALICE_KEY, BOB_KEY = (dev_signer(n) for n in range(5))
NAMES = ("alice", "bob")

_PATIENCE = Patience(poll=0.005, poll_most=0.1)
_TARIFF = TariffRow(energy=190_000, feed_in=50_000, imbalance=190_000, network=80_000)
_MARKET = MarketParams(area=AREA, tick_nano=1_000)
_REGISTRATION = Registration("The neighbours of a test", "none: nothing here is delivered")
_GAS_MONEY = 10**20  # wei, for whoever is not among the development accounts
_YEAR = 366 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the market of the tests is like.

    `begin` is when the members' first slot begins, the first of a window of eight slots; `tariff`
    are the supplier's prices at all hours; alice, bob, the supplier and each new neighbour have
    `prepaid_nano` in their account. Where `market` names no account for its fees, they go to the
    operator. Raises BadInput where a market cannot be like that.
    """

    begin: datetime = datetime(2026, 6, 1, tzinfo=UTC)
    currency: str = "EUR"
    tariff: TariffRow = _TARIFF
    market: MarketParams = _MARKET
    prepaid_nano: int = 100 * NANO

    def __post_init__(self) -> None:
        if self.market.slot_seconds not in SLOT_SECONDS:
            known = ", ".join(map(str, SLOT_SECONDS))
            raise BadInput(
                f"a slot of {self.market.slot_seconds} seconds", hint=f"slot_seconds is {known}"
            )
        if self.market.area != AREA:
            raise BadInput(
                f"the market is of area {self.market.area}",
                hint=f"there is one area, {AREA}: MarketParams(area=AREA, ...)",
            )
        window = WINDOW_SLOTS * self.market.slot_seconds
        if self.begin.tzinfo is None or self.begin.timestamp() % window:
            raise BadInput(
                f"{self.begin.isoformat()} is not the beginning of a window",
                hint=f"a window has {window} seconds, counted from midnight UTC; give a time zone",
            )
        if self.prepaid_nano < 0:
            raise BadInput(f"{self.prepaid_nano} nano-currency cannot be paid in")

    @property
    def params(self) -> MarketParams:
        """The market's parameters; fees go to the operator where no account is named."""
        if int(self.market.fee_account, 16):
            return self.market
        return replace(self.market, fee_account=OPERATOR_KEY.address)

    @property
    def first_slot(self) -> int:
        """The members' first slot."""
        return int(self.begin.timestamp()) // self.market.slot_seconds


@dataclass(frozen=True, slots=True)
class Meter:
    """A home's meter: its number, its key and the market that its home is a member of.

    It keeps no registers of its own but asks the contract for them, so that it is right after an
    anchor, too.
    """

    market: Market
    number: int
    key: Signer
    owner: str

    def read(
        self, slot: int, values: Sequence[tuple[int, int]], *, after: Reading | None = None
    ) -> Reading:
        """Return the signed reading of consecutive slots from `slot` on: (import, export) Wh each.

        The registers go on from the meter's last reading on the chain, or from one that is not
        posted yet (`after`); they begin at zero. In slots that are left out nothing flows. Raises
        BadInput where the values are none or a later slot has been read.
        """
        if not values or not all(_is_flow(value) for value in values):
            raise BadInput(
                f"{values!r} is not what a meter measures",
                hint="a list of (import, export) in whole Wh, one pair for each slot",
            )
        following, registers = self._end(after)
        if slot < following:
            raise BadInput(
                f"meter {self.number} has been read up to slot {following}: {slot} is before it",
                hint="Reading.of makes a reading for a gap, p2pchain.runs_market corrects one",
            )
        reading = Reading.of(self.number, slot, *registers, values)
        return self.market.sign_reading(self.key, reading)

    def _end(self, last: Reading | None) -> tuple[int, tuple[int, int]]:
        """The slot after the last reading, and both registers at its beginning."""
        if last is not None:
            if last.meter != self.number:
                raise BadInput(f"a reading of meter {last.meter}, not of {self.number}")
            return last.until_slot, last.closing
        contracts = self.market.contracts
        head = contracts.metering.head_of(self.number)
        if not contracts.markets.member_of(self.market.id, self.number).member:
            raise BadInput(
                f"meter {self.number} is not a member of the market",
                hint="an anchor undoes neighbours that were made inside it",
            )
        return head.next_slot, (head.import_wh, head.export_wh)


class Meters:
    """The meters by their owner: `meter(alice)`."""

    def __init__(self) -> None:
        self._of: dict[str, Meter] = {}

    def add(self, meter: Meter) -> None:
        """Take in a meter; an owner has one."""
        self._of[meter.owner] = meter

    def __call__(self, owner: Sender) -> Meter:
        """Return the meter of a member. Raises BadInput for whoever has none."""
        if not isinstance(owner, Sender):
            raise BadInput(
                f"{owner!r} is not a member", hint="meter(alice), with the fixture of that name"
            )
        if owner.address not in self._of:
            raise BadInput(
                f"{owner.address} has no meter",
                hint="alice and bob have one, and whoever the fixture neighbour makes",
            )
        return self._of[owner.address]


class Clock:
    """The time of the chain. It moves as it is told, on anvil also by itself."""

    def __init__(self, chain: Chain, slot_seconds: int) -> None:
        self._chain = chain
        self._slot_seconds = slot_seconds

    @property
    def now(self) -> int:
        """Unix time of the last block."""
        return self._chain.block().timestamp

    @property
    def slot(self) -> int:
        """The running slot."""
        return self.now // self._slot_seconds

    @property
    def window(self) -> int:
        """The running window of eight slots."""
        return self.slot // WINDOW_SLOTS

    def end_slot(self, slot: int | None = None) -> int:
        """Wait until a slot is over, the running one unless told; return the running slot.

        Nothing happens where it is over already. Raises BadInput for what is more than a year off.
        """
        return self._wait(((self.slot if slot is None else slot) + 1) * self._slot_seconds)

    def end_window(self, window: int | None = None) -> int:
        """Wait until a window of eight slots is over, the running one unless told; return the
        running slot."""
        last = self.window if window is None else window
        return self.end_slot((last + 1) * WINDOW_SLOTS - 1)

    def wait(self, seconds: int) -> int:
        """Wait; return the running slot."""
        if seconds < 1:
            raise BadInput(f"time does not go back: {seconds} seconds")
        return self._wait(self.now + seconds)

    def _wait(self, until: int) -> int:
        ahead = until - self.now
        if abs(ahead) > _YEAR:
            raise BadInput(
                f"that is {abs(ahead) // 86_400} days {'ahead' if ahead > 0 else 'ago'}",
                hint=f"a slot is unix time / {self._slot_seconds}, a window is slot / 8; now it is "
                f"slot {self.slot} of window {self.window}",
            )
        if ahead > 0:
            self._chain.set_time(until)
        return self.slot


class Site:
    """The chain, and what stands on it: the same for every test."""

    def __init__(self, chain: Chain, deployment: Deployment, settings: Settings) -> None:
        self.chain = chain
        self.deployment = deployment
        self.settings = settings
        self.market_id = b""
        self._homes: list[Meter] = []

    def market(self) -> Market:
        """Return the market as nobody has looked at it before: what it remembers is one test's."""
        return Market(Contracts(self.chain, self.deployment), self.market_id)

    def sender(self, signer: Signer) -> Sender:
        """Return who sends with a key, remembering nothing."""
        return Sender(self.chain, signer, patience=_PATIENCE)

    def meters(self, market: Market) -> Meters:
        """Return the meters that every test finds."""
        meters = Meters()
        for home in self._homes:
            meters.add(Meter(market, home.number, home.key, home.owner))
        return meters

    def set_up(self) -> None:
        """Register area, supplier, tariff and two homes, and open the market for them."""
        settings = self.settings
        with self.sender(OPERATOR_KEY) as sender, self.sender(SUPPLIER_KEY) as supplier:
            contracts = Contracts(self.chain, self.deployment)
            operator = Operator(contracts, sender)
            operator.add_area(GRID_KEY.address)
            operator.add_supplier(supplier.address, "Valley Power")
            first = settings.first_slot
            call = operator.publish_tariff(SUPPLIER, TARIFF, first, [settings.tariff])
            supplier.send(call)
            suppliers = {SUPPLIER: SUPPLIER_KEY}
            market = operator.open_market(settings.params, _REGISTRATION, suppliers, first)
            self.market_id = market.id
            self._homes = [
                move_in(operator, market, name, owner, first)
                for name, owner in zip(NAMES, (ALICE_KEY, BOB_KEY), strict=True)
            ]
            members = [SUPPLIER_KEY, ALICE_KEY, BOB_KEY]
            pay_in(sender, contracts, {key.address: settings.prepaid_nano for key in members})
        Clock(self.chain, settings.market.slot_seconds).end_slot(first - 1)

    def neighbour(
        self, operator: Operator, market: Market, name: str, prepaid_nano: int, from_slot: int
    ) -> tuple[LocalSigner, Meter]:
        """Let one more home take part: a key with money for gas, a meter, money in the ledger."""
        owner = key_of(name, "owner")
        if name in NAMES or self.chain.balance(owner.address):
            raise BadInput(f"there is a neighbour '{name}' already", hint="choose another name")
        assert operator.sender is not None
        operator.sender.send(Call(owner.address, b"", _GAS_MONEY, "fund"))
        meter = move_in(operator, market, name, owner, from_slot)
        if prepaid_nano:
            pay_in(operator.sender, market.contracts, {owner.address: prepaid_nano})
        return owner, meter


@contextmanager
def site(engine: Engine, settings: Settings) -> Iterator[Site]:
    """Start a chain, deploy and set up; stop it at the end of the block.

    Raises BadInput where anvil is asked for and not installed.
    """
    slot_seconds = settings.market.slot_seconds
    with _own_chain(engine, (settings.first_slot - 1) * slot_seconds) as chain:
        with Sender(chain, OPERATOR_KEY, patience=_PATIENCE) as sender:
            record = deploy(sender, slot_seconds=slot_seconds, currency=settings.currency)
        made = Site(chain, record, settings)
        made.set_up()
        yield made


@contextmanager
def _own_chain(engine: Engine, begin: int) -> Iterator[Chain]:
    if engine == "tester":
        with connect(TESTER, genesis_time=begin) as chain:
            yield chain
        return
    with running(engine="anvil", genesis_time=begin) as node, connect(network_of(node)) as chain:
        yield chain


def move_in(
    operator: Operator, market: Market, name: str, owner: LocalSigner, from_slot: int
) -> Meter:
    """Register a home's meter in the market's area, and enrol it; return it.

    Raises CheckFailed where the market refuses the home.
    """
    params, key = market.params, key_of(name, "meter")
    assert operator.sender is not None
    now = market.contracts.chain.block().timestamp // params.slot_seconds
    fuse_wh = FUSE_WH_PER_HOUR * params.slot_seconds // 3_600
    terms = Terms(owner.address, now, SUPPLIER, TARIFF, fuse_wh)
    point = commitment(name, keccak(f"{name} salt".encode()))
    number = operator.register_meter(params.area, point, terms, bytes.fromhex(key.address[2:]))
    enrolment = market.sign_enrolment(owner, number, from_slot)
    for why in market.enrol(operator.sender, [enrolment]).values():
        raise CheckFailed(f"the market has refused {name} from slot {from_slot}: {why.name}")
    return Meter(market, number, key, owner.address)


def pay_in(sender: Sender, contracts: Contracts, amounts: Mapping[str, int]) -> None:
    """Make test money and pay it into accounts, nano-currency each."""
    total = sum(amounts.values())
    if total:
        sender.send(contracts.token.mint(sender.address, token_units(contracts, total)))
    for account, nano in amounts.items():
        if nano:
            for call in deposit_calls(contracts, sender.signer, account, nano):
                sender.send(call)


def key_of(name: str, use: str) -> LocalSigner:
    """Return a key of a home, the same in every run."""
    return LocalSigner(keccak(f"p2pchain testing {name} {use}".encode()))


def _is_flow(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(isinstance(wh, int) and 0 <= wh < 1 << 32 for wh in value)
    )
