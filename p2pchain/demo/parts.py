"""What the demonstrations share: a chain of their own, homes with keys and money, signed days.

Every home has a key of its own for its meter and one for its owner, derived from a seed; one
relayer hands everything in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from eth_hash.auto import keccak

from p2pchain import checks
from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.deployment import Contracts, commitment, deploy
from p2pchain.chain.node import network_of, running
from p2pchain.chain.sender import Sender
from p2pchain.data import Community, Home
from p2pchain.errors import CheckFailed, P2PError
from p2pchain.history import History
from p2pchain.keys import LocalSigner
from p2pchain.market import Market
from p2pchain.model import Limits, Reading, Registration, Terms
from p2pchain.operator import Operator
from p2pchain.replay import TwinMarket
from p2pchain.rules import RuleSet

#: What is told of the progress: what is done, how many steps there are, then each step.
Progress = Callable[[str, int], Callable[[int], None]]

TARIFF = 1
FUSE_WH = 24_000  # 100 A at 240 V for an hour
TICK_NANO = 5_000
DAY = 86_400
#: What an account has beyond what it can owe, nano-currency.
SPARE_NANO = 10**9
DEPLOY_STEPS = 40
REGISTRATION = Registration(
    "The neighbours of the demonstration", "none: a demonstration, nothing is delivered"
)


def quiet(what: str, total: int) -> Callable[[int], None]:
    """A progress that says nothing."""
    return lambda done: None


@dataclass(frozen=True, slots=True)
class House:
    """A home on the chain: number of its meter, keys of meter and owner."""

    id: str
    meter: int
    meter_key: LocalSigner
    owner: LocalSigner


@dataclass(slots=True)
class Tally:
    """Gas of what happens slot after slot: posting, clearing and settling."""

    gas: int = 0


@contextmanager
def own_chain(name: str, begin: int) -> Iterator[Chain]:
    """Yield a chain that begins at a time and ends with the run: tester or anvil."""
    if name == "tester":
        with connect("tester", genesis_time=begin) as chain:
            yield chain
        return
    with running(engine="anvil", genesis_time=begin) as node, connect(network_of(node)) as chain:
        yield chain


def wait(chain: Chain, until: int) -> None:
    """Let the chain's clock go on to a time, if it is not past it."""
    if chain.block().timestamp < until:
        chain.set_time(until)


def deployed(sender: Sender, community: Community, progress: Progress) -> Contracts:
    """Deploy everything for a community's slots and currency."""
    step = progress("Deploying the market", DEPLOY_STEPS)
    deployment = deploy(
        sender,
        slot_seconds=community.profiles.slot_seconds,
        currency=community.currency,
        step=lambda name: step(1),
    )
    return Contracts(sender.chain, deployment)


def publish_prices(
    operator: Operator, supplier: int, key: LocalSigner, community: Community, rules: RuleSet
) -> None:
    """Publish a community's prices as the supplier's tariff, all versions of it."""
    with Sender(operator.contracts.chain, key) as own:
        for from_slot, prices in community.retail_days():
            rows = [rules.split(price, community.feed_in_nano) for price in prices]
            own.send(operator.publish_tariff(supplier, TARIFF, from_slot, rows))


def admit(
    sender: Sender,
    market: Market,
    homes: Sequence[Home],
    *,
    supplier: int,
    seed: int,
    from_slot: int,
    terms_slot: int,
    step: Callable[[int], None],
) -> list[House]:
    """Register the homes' meters in the market's area, with terms from `terms_slot` on; enrol them
    from `from_slot` on, with their tariffs as limits. Raises CheckFailed where one is refused."""
    operator = Operator(market.contracts, sender)
    houses = []
    for home in homes:
        owner, meter_key = key_of(seed, home.id, "owner"), key_of(seed, home.id, "meter")
        point = commitment(home.id, keccak(f"{seed} {home.id} salt".encode()))
        terms = Terms(owner.address, terms_slot, supplier, TARIFF, FUSE_WH)
        signer = bytes.fromhex(meter_key.address[2:])
        meter = operator.register_meter(market.params.area, point, terms, signer)
        houses.append(House(home.id, meter, meter_key, owner))
        step(1)
    _raise_any(
        market.enrol(sender, [market.sign_enrolment(h.owner, h.meter, from_slot) for h in houses])
    )
    limits = [Limits(market.id, h.meter, from_slot, 1) for h in houses]
    signed = [market.sign_limits(h.owner, x) for h, x in zip(houses, limits, strict=True)]
    _raise_any(market.set_limits(sender, signed))
    return houses


def worst_bill_nano(home: Home, community: Community) -> int:
    """Return what a home owes at most: all that it takes, at the retail price."""
    return sum(wh * price for wh, price in zip(home.import_wh, community.retail_nano, strict=True))


def pay_in(sender: Sender, contracts: Contracts, need: Mapping[str, int]) -> None:
    """Pay test money into accounts, nano-currency each, rounded up to the token's unit."""
    token, ledger = contracts.token, contracts.ledger
    unit = ledger.unit_nano()
    amounts = {account: -(-nano // unit) * unit for account, nano in need.items()}
    total = sum(amounts.values()) // unit
    sender.send(token.mint(sender.address, total))
    sender.send(token.approve(contracts.address("Ledger"), total))
    for account, nano in amounts.items():
        sender.send(ledger.deposit(account, nano))


class Registers:
    """The meters of a market's homes: they sign what was measured, and count."""

    def __init__(self, market: Market, community: Community, houses: Sequence[House]) -> None:
        self._market = market
        self._community = community
        self._houses = houses
        self._registers = {house.id: (0, 0) for house in houses}

    def sign(
        self, span: range, changes: Mapping[int, Collection[int]] = MappingProxyType({})
    ) -> list[Reading]:
        """Return each meter's signed readings of the slots at these positions: one, or several
        where its terms change in between (`changes`: slots by meter)."""
        slots, readings = self._community.slots, []
        for home, house in zip(self._community.homes, self._houses, strict=True):
            changed = changes.get(house.meter, ())
            cuts = [at for at in span if slots[at] in changed and at != span.start]
            for start, stop in zip([span.start, *cuts], [*cuts, span.stop], strict=True):
                values = [(home.import_wh[i], home.export_wh[i]) for i in range(start, stop)]
                registers = self._registers[house.id]
                reading = Reading.of(house.meter, slots[start], *registers, values)
                self._registers[house.id] = reading.closing
                readings.append(self._market.sign_reading(house.meter_key, reading))
        return readings


def post(sender: Sender, market: Market, readings: Sequence[Reading]) -> int:
    """Post readings; return the gas. Raises CheckFailed where one is passed over."""
    gas = 0
    for batch in market.batches(readings):
        receipt = sender.send(market.post_call(batch))
        gas += receipt.gas_used
        for (meter, slot), outcome in market.skipped(receipt).items():
            raise CheckFailed(f"meter {meter}, slot {slot}: {outcome.name}")
    return gas


class Found:
    """What the checks have found, by name."""

    def __init__(self) -> None:
        self.passed: dict[str, bool] = {}

    def replay(self, contracts: Contracts, progress: Progress) -> TwinMarket:
        """Replay the log and compare; return the twin. Raises Difference."""
        blocks = contracts.chain.block().number - contracts.deployment.block
        step = progress("Replaying the log", blocks)
        twin = checks.replay(contracts, lambda done: step(1))
        checks.compare(contracts, twin)
        self.passed["replay"] = True
        return twin

    def holds(self, name: str, check: Callable[[], None]) -> None:
        """Try a check; it fails by raising."""
        try:
            check()
        except P2PError:
            self.passed[name] = False
        else:
            self.passed[name] = True

    def market(self, market: Market, past: History, twin: TwinMarket) -> None:
        """Try what holds for every market: its money, its energy, and that nobody is worse off."""

        def money() -> None:
            checks.money_is_whole(market.contracts, twin)
            checks.ledger_agrees(past)

        self.holds("money", money)
        self.holds("energy", lambda: checks.energy_is_whole(market, past))
        self.holds("nobody_worse", lambda: checks.nobody_pays_more(past))

    def in_order(self, names: Sequence[str]) -> dict[str, bool]:
        """Return the outcomes in this order."""
        return {name: self.passed[name] for name in names}


def key_of(seed: int, home: str, use: str) -> LocalSigner:
    """Return a home's key for a use, the same for the same seed."""
    return LocalSigner(keccak(f"p2pchain demo {seed} {home} {use}".encode()))


def _raise_any(refused: Mapping[int, object]) -> None:
    for meter, why in refused.items():
        raise CheckFailed(f"meter {meter} was refused: {why}")
