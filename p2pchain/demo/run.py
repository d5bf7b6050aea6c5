"""The main job: deploy a market, let measured homes trade, settle, check, report.

Every home has a key of its own for its meter and one for its owner, derived from a seed. The meters
sign day batches; one relayer hands everything in. All figures of the report are read back from the
chain; the twin only checks them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from eth_hash.auto import keccak

from p2pchain import checks, history
from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.deployment import Contracts, commitment, deploy
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import network_of, running
from p2pchain.chain.sender import Sender
from p2pchain.data import Community, load_fontana
from p2pchain.demo.report import assemble
from p2pchain.errors import CheckFailed, Difference, P2PError
from p2pchain.history import History
from p2pchain.keys import LocalSigner
from p2pchain.market import Market
from p2pchain.model import WINDOW_SLOTS, Limits, MarketParams, Reading, Terms
from p2pchain.operator import Operator
from p2pchain.report.model import DemoReport
from p2pchain.rules import rule_set

#: What is told of the progress: what is done, how many steps there are, then each step.
Progress = Callable[[str, int], Callable[[int], None]]

TARIFF = 1
FUSE_WH = 24_000  # 100 A at 240 V for an hour
TICK_NANO = 5_000
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is made of. `chain` is tester or anvil; `fee_nano` per Wh, from each side."""

    from_date: str = "2017-06-12"
    days: int = 2
    homes: int | None = None
    seed: int = 7
    rules: str = "none"
    chain: str = "tester"
    fee_nano: int = 0


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


def quiet(what: str, total: int) -> Callable[[int], None]:
    """A progress that says nothing."""
    return lambda done: None


def run(settings: Settings, progress: Progress = quiet) -> DemoReport:
    """Run the demonstration and return its report.

    Raises BadInput for settings that do not fit the data, NodeError where anvil fails. A check that
    does not hold is in the report (`checks`), not raised.
    """
    started = time.monotonic()
    community = load_fontana(settings.from_date, settings.days, settings.homes)
    first = community.slots[0]
    begin = first * community.profiles.slot_seconds - DAY
    with _chain(settings.chain, begin) as chain:
        with Sender(chain, dev_signer(0)) as sender:
            tally = Tally()
            market, houses = _set_up(sender, community, settings, progress)
            _trade(sender, market, community, houses, tally, progress)
            past = history.read(market)
            found = _check(market, past, progress)
        return assemble(
            settings=settings,
            community=community,
            rules=rule_set(settings.rules),
            engine=chain.network.name,
            meters={house.id: house.meter for house in houses},
            past=past,
            checks=found,
            gas=tally.gas,
            seconds=time.monotonic() - started,
        )


@contextmanager
def _chain(name: str, begin: int) -> Iterator[Chain]:
    if name == "tester":
        with connect("tester", genesis_time=begin) as chain:
            yield chain
        return
    with running(engine="anvil", genesis_time=begin) as node, connect(network_of(node)) as chain:
        yield chain


def _set_up(
    sender: Sender, community: Community, settings: Settings, progress: Progress
) -> tuple[Market, list[House]]:
    """Deploy; register area, supplier, tariff, meters and market; enrol the homes with money."""
    homes = community.homes
    step = progress("Deploying the market", 24)
    deployment = deploy(
        sender,
        slot_seconds=community.profiles.slot_seconds,
        currency=community.currency,
        step=lambda name: step(1),
    )
    contracts = Contracts(sender.chain, deployment)
    operator = Operator(contracts, sender)
    supplier_key, grid, fees = dev_signer(1), dev_signer(2), dev_signer(3)
    area = operator.add_area(grid.address)
    supplier = operator.add_supplier(supplier_key.address, "Demo supplier")
    rules = rule_set(settings.rules)
    with Sender(sender.chain, supplier_key) as own:
        for from_slot, prices in community.retail_days():
            rows = [rules.split(price, community.feed_in_nano) for price in prices]
            own.send(operator.publish_tariff(supplier, TARIFF, from_slot, rows))
    params = MarketParams(
        area=area,
        slot_seconds=community.profiles.slot_seconds,
        tick_nano=TICK_NANO,
        post_seconds=DAY,
        void_seconds=7 * DAY,
        buy_fee_nano=settings.fee_nano,
        sell_fee_nano=settings.fee_nano,
        fee_account=fees.address,
    )
    market = Market(contracts, operator.create_market(params))
    step = progress("Enrolling the homes", len(homes))
    houses = []
    first = community.slots[0]
    for home in homes:
        owner, meter_key = (
            _key(settings.seed, home.id, "owner"),
            _key(settings.seed, home.id, "meter"),
        )
        point = commitment(home.id, keccak(f"{settings.seed} {home.id} salt".encode()))
        terms = Terms(owner.address, first - 1, supplier, TARIFF, FUSE_WH)
        signer = bytes.fromhex(meter_key.address[2:])
        houses.append(
            House(home.id, operator.register_meter(area, point, terms, signer), meter_key, owner)
        )
        step(1)
    _raise_any(
        market.enrol(sender, [market.sign_enrolment(h.owner, h.meter, first) for h in houses])
    )
    limits = [Limits(market.id, h.meter, first, 1) for h in houses]
    signed = [market.sign_limits(h.owner, x) for h, x in zip(houses, limits, strict=True)]
    _raise_any(market.set_limits(sender, signed))
    _fund(sender, contracts, community, houses, supplier_key.address)
    return market, houses


def _fund(
    sender: Sender,
    contracts: Contracts,
    community: Community,
    houses: list[House],
    supplier: str,
) -> None:
    """Pay in test money: for each home what it can owe at worst, for the supplier its feed-in."""
    need: dict[str, int] = {}
    feed_in = 0
    for home, house in zip(community.homes, houses, strict=True):
        bill = sum(
            wh * price for wh, price in zip(home.import_wh, community.retail_nano, strict=True)
        )
        need[house.owner.address] = bill + 10**9
        feed_in += sum(home.export_wh) * community.feed_in_nano
    need[supplier] = feed_in + 10**9
    unit = contracts.ledger.unit_nano()
    amounts = {account: -(-nano // unit) * unit for account, nano in need.items()}
    total = sum(amounts.values()) // unit
    token, ledger = contracts.token, contracts.ledger
    sender.send(token.mint(sender.address, total))
    sender.send(token.approve(contracts.address("Ledger"), total))
    for account, nano in amounts.items():
        sender.send(ledger.deposit(account, nano))


def _trade(
    sender: Sender,
    market: Market,
    community: Community,
    houses: list[House],
    tally: Tally,
    progress: Progress,
) -> None:
    """Day by day: the meters sign, the relayer posts, whoever likes clears and settles."""
    profiles, seconds = community.profiles, community.profiles.slot_seconds
    days = profiles.batches()
    imported = {house.id: 0 for house in houses}
    exported = {house.id: 0 for house in houses}
    step = progress("Metering, trading and settling", len(days))
    settled = community.slots[0] // WINDOW_SLOTS
    for span in days:
        slots = profiles.slots[span.start : span.stop]
        _wait(sender.chain, (slots[-1] + 1) * seconds)
        readings = []
        for home, house in zip(community.homes, houses, strict=True):
            values = [(home.import_wh[i], home.export_wh[i]) for i in span]
            reading = Reading.of(
                house.meter, slots[0], imported[house.id], exported[house.id], values
            )
            imported[house.id], exported[house.id] = reading.closing
            readings.append(market.sign_reading(house.meter_key, reading))
        tally.gas += _post(sender, market, readings)
        whole = (slots[-1] + 1) // WINDOW_SLOTS
        if whole > settled:
            tally.gas += _settle(sender, market, settled, whole - settled)
            settled = whole
        step(1)
    last = community.slots[-1] // WINDOW_SLOTS
    if settled <= last:
        # The last window is not full; clearing does without the rest after its deadline.
        end = (last + 1) * WINDOW_SLOTS * seconds
        _wait(sender.chain, end + market.params.post_seconds)
        tally.gas += _settle(sender, market, settled, last + 1 - settled)


def _post(sender: Sender, market: Market, readings: list[Reading]) -> int:
    gas = 0
    for batch in market.batches(readings):
        receipt = sender.send(market.post_call(batch))
        gas += receipt.gas_used
        for (meter, slot), outcome in market.skipped(receipt).items():
            raise CheckFailed(f"meter {meter}, slot {slot}: {outcome.name}")
    return gas


def _settle(sender: Sender, market: Market, first_window: int, windows: int) -> int:
    receipts = market.clear_and_settle(sender, first_window, windows)
    return sum(receipt.gas_used for receipt in receipts)


def _check(market: Market, past: History, progress: Progress) -> dict[str, bool]:
    """Try every check; return which of them hold."""
    contracts = market.contracts
    blocks = contracts.chain.block().number - contracts.deployment.block
    step = progress("Replaying the log", blocks)
    found: dict[str, bool] = {}
    try:
        twin = checks.replay(contracts, lambda done: step(1))
        checks.compare(contracts, twin)
    except Difference:
        found["replay"] = False
        raise
    found["replay"] = True

    def holds(name: str, check: Callable[[], None]) -> None:
        try:
            check()
        except P2PError:
            found[name] = False
        else:
            found[name] = True

    def money() -> None:
        checks.money_is_whole(contracts, twin)
        checks.ledger_agrees(past)

    holds("money", money)
    holds("energy", lambda: checks.energy_is_whole(market, past))
    holds("nobody_worse", lambda: checks.nobody_pays_more(past))
    return {name: found[name] for name in ("money", "energy", "replay", "nobody_worse")}


def _wait(chain: Chain, until: int) -> None:
    if chain.block().timestamp < until:
        chain.set_time(until)


def _key(seed: int, home: str, use: str) -> LocalSigner:
    return LocalSigner(keccak(f"p2pchain demo {seed} {home} {use}".encode()))


def _raise_any(refused: Mapping[int, object]) -> None:
    for meter, why in refused.items():
        raise CheckFailed(f"meter {meter} was refused: {why}")
