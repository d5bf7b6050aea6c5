"""The main job: deploy a market, let measured homes trade, settle, check, report.

Every home has a key of its own for its meter and one for its owner, derived from a seed. The meters
sign day batches; one relayer hands everything in. All figures of the report are read back from the
chain; the twin only checks them. Homes may also trade a day ahead (`p2pchain.demo.ahead`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from p2pchain import history
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.data import Community, load_fontana
from p2pchain.demo import ahead
from p2pchain.demo.parts import (
    DAY,
    REGISTRATION,
    SPARE_NANO,
    TICK_NANO,
    Found,
    House,
    Progress,
    Registers,
    Tally,
    admit,
    deployed,
    own_chain,
    pay_in,
    post,
    publish_prices,
    quiet,
    wait,
    worst_bill_nano,
)
from p2pchain.demo.planned import Planned, plan_holds
from p2pchain.demo.report import assemble
from p2pchain.forward_market import Auction, auctions
from p2pchain.history import History
from p2pchain.market import Market
from p2pchain.model import WINDOW_SLOTS, MarketParams, Schedule
from p2pchain.operator import Operator
from p2pchain.report.model import DemoReport
from p2pchain.rules import RuleSet, rule_set


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is made of. `chain` is tester or anvil; `fee_nano` per Wh, from each side.

    `forward` homes also trade a day ahead (None: nobody, with `battery` all). `battery`: two homes
    have batteries that the day before plans.
    """

    from_date: str = "2017-06-12"
    days: int = 2
    homes: int | None = None
    seed: int = 7
    rules: str = "none"
    chain: str = "tester"
    fee_nano: int = 0
    forward: int | None = None
    battery: bool = False

    @property
    def ahead(self) -> bool:
        """Whether anybody trades ahead."""
        return self.battery or self.forward is not None


def run(settings: Settings, progress: Progress = quiet) -> DemoReport:
    """Run the demonstration and return its report.

    Raises BadInput for settings that do not fit the data, NodeError where anvil fails. A check that
    does not hold is in the report (`checks`), not raised.
    """
    started = time.monotonic()
    community = load_fontana(settings.from_date, settings.days, settings.homes)
    plan = _plan(settings, community, progress) if settings.ahead else None
    metered = plan.community if plan else community
    first = community.slots[0]
    begin = first * community.profiles.slot_seconds - DAY
    with own_chain(settings.chain, begin) as chain:
        with Sender(chain, dev_signer(0)) as sender:
            tally = Tally()
            market, houses = _set_up(sender, metered, settings, plan, progress)
            orders = _Orders.of(market, houses, plan, rule_set(settings.rules))
            _trade(sender, market, metered, houses, orders, tally, progress)
            past = history.read(market)
            meters = {house.id: house.meter for house in houses}
            planned = None
            if plan:
                planned = Planned.of(community, plan, settings, meters, past)
            found = _check(market, past, planned, progress)
        return assemble(
            settings=settings,
            community=community,
            rules=rule_set(settings.rules),
            engine=chain.network.name,
            meters=meters,
            past=past,
            checks=found,
            gas=tally.gas,
            seconds=time.monotonic() - started,
            planned=planned,
        )


def _plan(settings: Settings, community: Community, progress: Progress) -> ahead.Plan:
    """Who trades ahead, and what they order. Raises BadInput before anything is deployed."""
    names = [home.id for home in community.homes]
    chosen = ahead.traders(names, settings.forward, settings.battery)
    step = progress("Planning the days ahead", 1)
    rules = rule_set(settings.rules)
    found = ahead.plan(
        community, settings.from_date, settings.days, chosen, rules, settings.battery
    )
    step(1)
    return found


@dataclass(frozen=True, slots=True)
class _Orders:
    """The signed schedules by UTC day, and the auction that they are for."""

    auction: Auction | None
    days: Mapping[int, list[Schedule]]

    @classmethod
    def of(
        cls, market: Market, houses: list[House], plan: ahead.Plan | None, rules: RuleSet
    ) -> _Orders:
        if plan is None:
            return cls(None, {})
        auction = auctions(market)[0]
        owners = {house.id: (house.meter, house.owner) for house in houses}
        return cls(auction, ahead.schedules(auction, owners, plan, rules))


def _set_up(
    sender: Sender,
    community: Community,
    settings: Settings,
    plan: ahead.Plan | None,
    progress: Progress,
) -> tuple[Market, list[House]]:
    """Deploy; register area, supplier, tariff, meters, market and auction; enrol the homes with
    money."""
    contracts = deployed(sender, community, progress)
    operator = Operator(contracts, sender)
    supplier_key, grid, fees = dev_signer(1), dev_signer(2), dev_signer(3)
    area = operator.add_area(grid.address)
    supplier = operator.add_supplier(supplier_key.address, "Demo supplier")
    rules = rule_set(settings.rules)
    publish_prices(operator, supplier, supplier_key, community, rules)
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
    first = _member_from(community, plan is not None)
    market = operator.open_market(params, REGISTRATION, {supplier: supplier_key}, first)
    if plan:
        operator.create_auction(ahead.auction_params(market.id))
    houses = admit(
        sender,
        market,
        community.homes,
        supplier=supplier,
        seed=settings.seed,
        from_slot=first,
        terms_slot=first - 1,
        step=progress("Enrolling the homes", len(community.homes)),
    )
    _fund(sender, contracts, community, houses, supplier_key.address, _locked(market, plan, rules))
    return market, houses


def _member_from(community: Community, days: bool) -> int:
    """The slot from which the homes are members: a schedule is for a whole UTC day."""
    first = community.slots[0]
    per_day = DAY // community.profiles.slot_seconds
    return first // per_day * per_day if days else first


def _locked(market: Market, plan: ahead.Plan | None, rules: RuleSet) -> dict[str, tuple[int, int]]:
    """By home, what its orders lock at most, nano-currency, and all that it has ordered, Wh."""
    if plan is None:
        return {}
    params = ahead.auction_params(market.id)
    offers = {home: plan.offers(rules, home) for home in plan.orders}
    return {
        home: (ahead.collateral_nano(params, own), sum(offer.wh for _, offer in own))
        for home, own in offers.items()
    }


def _fund(
    sender: Sender,
    contracts: Contracts,
    community: Community,
    houses: list[House],
    supplier: str,
    locked: Mapping[str, tuple[int, int]],
) -> None:
    """Pay in test money: for each home what it can owe at worst, for the supplier its feed-in."""
    need: dict[str, int] = {}
    feed_in = 0
    for home, house in zip(community.homes, houses, strict=True):
        collateral, ordered_wh = locked.get(home.id, (0, 0))
        need[house.owner.address] = worst_bill_nano(home, community) + collateral + SPARE_NANO
        feed_in += (sum(home.export_wh) + ordered_wh) * community.feed_in_nano
    need[supplier] = feed_in + SPARE_NANO
    pay_in(sender, contracts, need)


def _trade(
    sender: Sender,
    market: Market,
    community: Community,
    houses: list[House],
    orders: _Orders,
    tally: Tally,
    progress: Progress,
) -> None:
    """Day by day: schedules are relayed and cleared, the meters sign, the relayer posts, whoever
    likes clears and settles."""
    days = community.profiles.batches()
    seconds = community.profiles.slot_seconds
    events: list[tuple[int, int, Callable[[], int]]] = []
    books = _Books(sender, market, community, houses, orders)
    for number, span in enumerate(days):
        end = (community.slots[span.stop - 1] + 1) * seconds
        events.append((end, number, partial(books.meter, span)))
    if orders.auction:
        for day, signed in orders.days.items():
            relayed, gate = ahead.gate_times(day)
            call = partial(ahead.relay, sender, orders.auction, signed)
            events.append((relayed, -2, call))
            events.append((gate, -1, partial(ahead.clear, sender, orders.auction, signed)))
    events.sort(key=lambda event: event[:2])
    what = "Ordering ahead, metering" if orders.auction else "Metering, trading"
    step = progress(f"{what} and settling", len(events))
    for moment, _, act in events:
        wait(sender.chain, moment)
        tally.gas += act()
        step(1)
    tally.gas += books.finish()


class _Books:
    """Registers of the meters, and which windows are still to be settled."""

    def __init__(
        self,
        sender: Sender,
        market: Market,
        community: Community,
        houses: list[House],
        orders: _Orders,
    ) -> None:
        self._sender = sender
        self._market = market
        self._community = community
        self._from_slot = _member_from(community, orders.auction is not None)
        self._registers = Registers(market, community, houses)
        self._posted: set[int] = set()
        self._open = {slot // WINDOW_SLOTS for slot in community.slots}

    def meter(self, span: range) -> int:
        """Sign and post a day, clear and settle what can be; return the gas."""
        slots = self._community.slots[span.start : span.stop]
        gas = post(self._sender, self._market, self._registers.sign(span))
        self._posted.update(slots)
        return gas + self._settle(self._ready())

    def _ready(self) -> list[int]:
        """The windows of which all has been posted, or whose deadline has passed."""
        whole = ahead.whole_windows(self._posted, self._open, self._from_slot)
        now = self._sender.chain.block().timestamp
        late = [window for window in self._open if self._deadline(window) <= now]
        return sorted({*whole, *late})

    def _deadline(self, window: int) -> int:
        end = (window + 1) * WINDOW_SLOTS * self._market.slot_seconds
        return end + self._market.params.post_seconds

    def finish(self) -> int:
        """Settle the windows that never were full, after their deadline; return the gas."""
        if not self._open:
            return 0
        wait(self._sender.chain, max(map(self._deadline, self._open)))
        return self._settle(sorted(self._open))

    def _settle(self, windows: list[int]) -> int:
        gas, begin = 0, 0
        for end in range(1, len(windows) + 1):
            if end < len(windows) and windows[end] == windows[end - 1] + 1:
                continue
            gas += _settle(self._sender, self._market, windows[begin], end - begin)
            begin = end
        self._open.difference_update(windows)
        return gas


def _settle(sender: Sender, market: Market, first_window: int, windows: int) -> int:
    receipts = market.clear_and_settle(sender, first_window, windows)
    return sum(receipt.gas_used for receipt in receipts)


def _check(
    market: Market, past: History, planned: Planned | None, progress: Progress
) -> dict[str, bool]:
    """Try every check; return which of them hold."""
    found = Found()
    twin = found.replay(market.contracts, progress)
    found.market(market, past, twin)
    names = ["money", "energy", "replay", "nobody_worse"]
    if planned:
        found.holds("planned", lambda: plan_holds(planned))
        names.append("planned")
    return found.in_order(names)
