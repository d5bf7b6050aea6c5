"""`p2pchain demo switch`: two months of measured homes, three suppliers and one of last resort.

The homes trade in a metered market all the time, and settlement follows them from supplier to
supplier. The rules are those of Great Britain; the homes are those of California, with its days.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from p2pchain import history
from p2pchain.accounts import Account, accounts
from p2pchain.chain.bindings.calendar import CalendarCreated
from p2pchain.chain.bindings.points import PointRegistered
from p2pchain.chain.connect import Chain
from p2pchain.chain.deployment import Contracts, commitment
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.compensation import compensation
from p2pchain.data import Community, Home, load_fontana
from p2pchain.demo.ahead import whole_windows
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
    quiet,
    wait,
    worst_bill_nano,
)
from p2pchain.demo.switch_story import LAST_DAY, SUPPLIERS, TARIFF, VALLEY, Story
from p2pchain.errors import BadInput, CheckFailed
from p2pchain.history import History
from p2pchain.model import WINDOW_SLOTS, MarketParams
from p2pchain.operator import Operator, created
from p2pchain.point_book import PointBook
from p2pchain.points import CustomerClass, Fuel, Point, Standing, Status
from p2pchain.report.switch_model import Crossed, Owed, Stay, StoryLine, SwitchHome, SwitchReport
from p2pchain.rule_sets import rule_set
from p2pchain.rules import rule_set as price_rules
from p2pchain.supplier_statement import Crossing, statement
from p2pchain.switch_book import SwitchBook
from p2pchain.switching import Source
from p2pchain.units import parse_zone
from p2pchain.working_days import day_number, published

FIRST_DATE: Final = "2017-02-13"  # a Monday; clocks go forward on 12 March
#: Days on which nobody works there, in these months.
HOLIDAYS: Final = ("2017-02-20", "2017-04-14")
#: What a supplier asks for energy, in hundredths of the measured tariff.
_PRICES: Final = {1: 100, 2: 94, 3: 90, 4: 103}
_DUAL: Final = "H11"
_GB: Final = "GB"


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """What a run is made of. `chain` is tester or anvil."""

    days: int = 60
    seed: int = 7
    chain: str = "tester"


def run(settings: SwitchSettings, progress: Progress = quiet) -> SwitchReport:
    """Run the demonstration and return its report.

    Raises BadInput for fewer days than the story has, NodeError where anvil fails. A check that
    does not hold is in the report, not raised.
    """
    if settings.days < LAST_DAY:
        raise BadInput(f"the story takes {LAST_DAY} days", hint=f"--days {LAST_DAY}, or more")
    started = time.monotonic()
    community = load_fontana(FIRST_DATE, settings.days)
    begin = community.slots[0] * community.profiles.slot_seconds - DAY
    with own_chain(settings.chain, begin) as chain, Sender(chain, dev_signer(0)) as sender:
        scene = _Scene(sender, community, settings, progress)
        scene.play(progress)
        past = history.read(scene.market)
        found = scene.check(past, progress)
        return _report(scene, past, found, settings, chain, time.monotonic() - started)


class _Scene:
    """The market with its suppliers, points and meters, and the story that is played in it."""

    def __init__(
        self, sender: Sender, community: Community, settings: SwitchSettings, progress: Progress
    ) -> None:
        self.sender, self.community, self.tally = sender, community, Tally()
        self.keys = {number: dev_signer(number) for number in SUPPLIERS}
        self.grid, self.agent = dev_signer(5), dev_signer(6)
        contracts = deployed(sender, community, progress)
        operator = Operator(contracts, sender)
        area = operator.add_area(self.grid.address)
        self._suppliers(operator)
        self.book, self.points = SwitchBook(contracts), PointBook(contracts)
        self._calendar_and_rules(area)
        first = community.slots[0]
        params = MarketParams(
            area=area,
            slot_seconds=community.profiles.slot_seconds,
            tick_nano=TICK_NANO,
            post_seconds=DAY,
            void_seconds=7 * DAY,
            fee_account=self.grid.address,
        )
        self.market = operator.open_market(params, REGISTRATION, self.keys, first)
        self.houses = admit(
            sender,
            self.market,
            community.homes,
            supplier=VALLEY,
            seed=settings.seed,
            from_slot=first,
            terms_slot=first - 1,
            step=progress("Enrolling the homes", len(community.homes)),
        )
        numbers = self._points(area, first - 1)
        self._fund(contracts)
        self.story = Story(
            self.book,
            self.market,
            self.keys,
            {house.id: house for house in self.houses},
            numbers,
            sender,
            self.book.days(1),
            day_number(dt.date.fromisoformat(FIRST_DATE)),
            dev_signer(0),
        )
        self._registers = Registers(self.market, community, self.houses)
        self._changes: defaultdict[int, set[int]] = defaultdict(set)
        self._seen = 0
        self._posted: set[int] = set()
        self._open = {slot // WINDOW_SLOTS for slot in community.slots}

    def _suppliers(self, operator: Operator) -> None:
        rules = price_rules("none")
        for number, name in SUPPLIERS.items():
            assert operator.add_supplier(self.keys[number].address, name) == number
            with Sender(self.sender.chain, self.keys[number]) as own:
                for from_slot, prices in self.community.retail_days():
                    asked = [price * _PRICES[number] // 100 for price in prices]
                    rows = [rules.split(price, self.community.feed_in_nano) for price in asked]
                    own.send(operator.publish_tariff(number, TARIFF, from_slot, rows))

    def _calendar_and_rules(self, area: int) -> None:
        zone, first = parse_zone(self.community.zone), day_number(dt.date.fromisoformat(FIRST_DATE))
        start, end = first - 30, first + 730
        offset, changes = published(zone, start, end)
        call = self.book.create_calendar_call("Fontana", start, offset)
        number = created(self.book.contracts, self.sender.send(call), CalendarCreated).calendar
        free = [day_number(dt.date.fromisoformat(text)) for text in HOLIDAYS]
        self.sender.send(self.book.publish_days_call(number, end, free, changes))
        self.sender.send(self.book.rules_call(area, _GB, rule_set(_GB).rules(number)))

    def _points(self, area: int, slot: int) -> dict[str, tuple[int, ...]]:
        """Register the homes' points with their meters, and one point of gas."""
        numbers: dict[str, tuple[int, ...]] = {}
        registry = self.book.contracts.registry
        for house in self.houses:
            held = registry.point_commitment(house.meter)
            found = [self._point(Point(held, area), house, house.meter, slot)]
            if house.id == _DUAL:
                gas = commitment(f"gas of {house.id}", bytes(32))
                found.append(self._point(Point(gas, area, Fuel.GAS), house, 0, slot))
                self.sender.send(self.points.relate_call(*found))
            numbers[house.id] = tuple(found)
        return numbers

    def _point(self, point: Point, house: House, meter: int, slot: int) -> int:
        standing = Standing(
            house.owner.address,
            slot,
            VALLEY,
            Status.ENERGISED,
            CustomerClass.DOMESTIC,
            self.grid.address,
            meter,
            self.agent.address,
        )
        receipt = self.sender.send(self.points.register_call(point, standing))
        return created(self.book.contracts, receipt, PointRegistered).point

    def _fund(self, contracts: Contracts) -> None:
        """Test money: what a home can owe at the dearest supplier, and all feed-in for each."""
        need = {}
        feed_in = sum(sum(home.export_wh) for home in self.community.homes)
        for home, house in zip(self.community.homes, self.houses, strict=True):
            worst = worst_bill_nano(home, self.community)
            need[house.owner.address] = worst * max(_PRICES.values()) // 100 + SPARE_NANO
        for key in self.keys.values():
            need[key.address] = feed_in * self.community.feed_in_nano + SPARE_NANO
        pay_in(self.sender, contracts, need)

    # playing

    def play(self, progress: Progress) -> None:
        """Step by step: what happens to switches, and each day's readings and settlement."""
        events: list[tuple[int, int, Callable[[], None]]] = [
            (moment, 0, act) for moment, act in self.story.events()
        ]
        seconds = self.community.profiles.slot_seconds
        for number, span in enumerate(self.community.profiles.batches(), 1):
            end = (self.community.slots[span.stop - 1] + 1) * seconds
            events.append((end, number, lambda span=span: self._meter(span)))  # type: ignore[misc]
        events.sort(key=lambda one: one[:2])
        step = progress("Two months of switching, metering and settling", len(events))
        for moment, _, act in events:
            wait(self.sender.chain, moment)
            act()
            self._note_changes()
            step(1)
        last = self.community.slots[-1]
        wait(self.sender.chain, (last + 1 + WINDOW_SLOTS) * seconds + DAY)
        for window in sorted(self._open):
            self.market.clear_and_settle(self.sender, window, 1)

    def _meter(self, span: range) -> None:
        """Sign and post a day, in parts where a supplier changes in it; settle what is whole."""
        readings = self._registers.sign(span, self._changes)
        for reading in readings:
            self.story.readings[reading.meter].append(reading)
        self.tally.gas += post(self.sender, self.market, readings)
        slots = self.community.slots
        self._posted.update(slots[span.start : span.stop])
        whole = whole_windows(self._posted, self._open, slots[0])
        if whole:
            done = self.market.clear_and_settle(self.sender, whole[0], len(whole))
            self.tally.gas += sum(receipt.gas_used for receipt in done)
            self._open.difference_update(whole)

    def _note_changes(self) -> None:
        count = self.book.switching.handover_count()
        for number in range(self._seen + 1, count + 1):
            handover = self.book.handover(number)
            self._changes[handover.meter].add(handover.slot)
        self._seen = count

    # checking

    def check(self, past: History, progress: Progress) -> dict[str, bool]:
        """Try every check; return which of them hold."""
        found = Found()
        twin = found.replay(self.book.contracts, progress)
        found.market(self.market, past, twin)
        found.holds("one_supplier", self._one_supplier)
        found.holds("registers", self._registers_agree)
        found.holds("restored", lambda: self._restored(past))
        found.holds("statements", lambda: self._statements(past))
        names = ("money", "energy", "replay", "nobody_worse")
        return found.in_order([*names, "one_supplier", "registers", "restored", "statements"])

    def crossings(self, past: History) -> list[Crossing]:
        """What crossed between suppliers' customers, day by day."""
        per_day = DAY // self.market.slot_seconds
        slots = self.community.slots
        days = range(slots[0] // per_day, slots[-1] // per_day + 1)
        return [one for day in days for one in statement(self.market, day, past).crossings]

    def _statements(self, past: History) -> None:
        """Each supplier's statements come to what the customers of its points have traded."""
        meters = {house.meter: self.story.points[house.id][0] for house in self.houses}
        traded: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for one in past.slots:
            if not (one.bought_wh or one.sold_wh):
                continue
            standing, _ = self.points.standing_at(meters[one.meter], one.slot)
            nanos = (one.sold_wh * (one.sell_nano or 0), one.bought_wh * (one.buy_nano or 0))
            sums = traded[standing.supplier]
            for place, figure in enumerate((one.sold_wh, one.bought_wh, *nanos)):
                sums[place] += figure
        stated: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for crossed in self.crossings(past):
            for place, party in enumerate((crossed.seller, crossed.buyer)):
                stated[party][place] += crossed.wh
                stated[party][place + 2] += crossed.nano
        if stated != traded:
            raise CheckFailed(f"statements of suppliers come to {stated}, trades to {traded}")

    def _one_supplier(self) -> None:
        """In every slot a meter settles with the supplier of record of its point."""
        registry = self.book.contracts.registry
        for house in self.houses:
            point = self.story.points[house.id][0]
            slot = self.community.slots[0]
            while slot <= self.community.slots[-1]:
                standing, until = self.points.standing_at(point, slot)
                terms = registry.terms_at(house.meter, slot)
                if terms.terms.supplier != standing.supplier or terms.until_slot < until:
                    raise CheckFailed(f"{house.id} has two suppliers from slot {slot} on")
                slot = until

    def _registers_agree(self) -> None:
        """What was measured before a change is what its register says, to the Wh; and an account
        comes to what was measured while it ran."""
        places = {house.meter: at for at, house in enumerate(self.houses)}
        for number in range(1, self._seen + 1):
            one = self.book.handover(number)
            if one.source not in (Source.MEASURED, Source.AGREED):
                continue
            imports = self.community.homes[places[one.meter]].import_wh
            slots = self.community.slots
            before = sum(wh for slot, wh in zip(slots, imports, strict=True) if slot < one.slot)
            if one.import_wh != before:
                raise CheckFailed(f"handover {number} says {one.import_wh} Wh, not {before}")
        for house, home in zip(self.houses, self.community.homes, strict=True):
            for account in accounts(self.book, self.points, self.story.points[house.id][0]):
                self._account_agrees(account, home)

    def _account_agrees(self, account: Account, home: Home) -> None:
        read = (Source.MEASURED, Source.AGREED)
        if account.opening is None or account.closing is None or account.energy_wh is None:
            return
        if account.opening.source not in read or account.closing.source not in read:
            return
        assert account.until_slot is not None
        span = range(account.from_slot, account.until_slot)
        slots = zip(self.community.slots, home.import_wh, strict=True)
        measured = sum(wh for slot, wh in slots if slot in span)
        if account.energy_wh[0] != measured:
            raise CheckFailed(
                f"the account of {home.id} with supplier {account.supplier} comes to "
                f"{account.energy_wh[0]} Wh, its slots to {measured}"
            )

    def _restored(self, past: History) -> None:
        """After the erroneous transfer all slots count for the old supplier, and with what was paid
        back they cost what they would have cost with him, but for two units of the token."""
        point, number = self.story.points["H06"][0], self.story.switches["H06"]
        for slot in self.community.slots:
            if self.book.accountable_at(point, slot) != VALLEY:
                raise CheckFailed(f"slot {slot} of H06 counts for another supplier")
        (restated,) = self.book.restatements(point)
        prices = dict(zip(self.community.slots, self.community.retail_nano, strict=True))
        rules, more = price_rules("none"), 0
        (house,) = (house for house in self.houses if house.id == "H06")
        for one in past.of_meter(house.meter):
            if restated.from_slot <= one.slot < restated.until_slot:
                row = rules.split(prices[one.slot], self.community.feed_in_nano)
                more += one.cost_nano - replace(one, row=row).cost_nano
        paid = self.book.claim(number).back_nano
        due = sum(compensation(self.book, self.market, number).due_nano)
        if abs(paid - due - more) >= 2 * self.book.contracts.ledger.unit_nano():
            raise CheckFailed(f"H06 was paid {paid - due} back, and has paid {more} too much")


def _report(
    scene: _Scene,
    past: History,
    found: dict[str, bool],
    settings: SwitchSettings,
    chain: Chain,
    seconds: float,
) -> SwitchReport:
    zone = parse_zone(scene.community.zone)

    def local(moment: int) -> str:
        return dt.datetime.fromtimestamp(moment, zone).strftime("%a %d %b %H:%M")

    told = scene.story.timelines
    homes = tuple(
        SwitchHome(
            house.id,
            tuple(StoryLine(local(one.time), one.text, one.gas) for one in told.get(house.id, ())),
            _stays(scene, house, past, local),
        )
        for house in scene.houses
    )
    return SwitchReport(
        title="Switching",
        from_local=FIRST_DATE,
        days=settings.days,
        timezone=scene.community.zone,
        currency=scene.community.currency,
        rules=_GB,
        chain=chain.network.name,
        suppliers=dict(SUPPLIERS),
        failed=tuple(n for n in SUPPLIERS if scene.book.switching.has_failed(n)),
        homes=homes,
        owed=tuple(
            Owed(one.clock.name.lower().replace("_", " "), SUPPLIERS[one.supplier], one.amount_nano)
            for one in scene.book.liabilities()
        ),
        crossed=_crossed(scene, past),
        switches=scene.book.switching.switch_count(),
        handovers=scene.book.switching.handover_count(),
        checks=found,
        gas_switching=sum(line.gas for home in homes for line in home.timeline),
        gas_market=scene.tally.gas,
        seconds=seconds,
        attribution=scene.community.attribution,
    )


def _crossed(scene: _Scene, past: History) -> tuple[Crossed, ...]:
    """The statements of all days, added up by pair."""
    total: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for one in scene.crossings(past):
        total[one.seller, one.buyer][0] += one.wh
        total[one.seller, one.buyer][1] += one.nano
    return tuple(
        Crossed(SUPPLIERS[seller], SUPPLIERS[buyer], wh, nano)
        for (seller, buyer), (wh, nano) in sorted(total.items())
    )


def _stays(
    scene: _Scene, house: House, past: History, local: Callable[[int], str]
) -> tuple[Stay, ...]:
    """With whom a home was, from when until when, what it took, and what its slots cost."""
    point, slots = scene.story.points[house.id][0], past.of_meter(house.meter)
    seconds = scene.community.profiles.slot_seconds
    found: list[Stay] = []
    slot, last = scene.community.slots[0], scene.community.slots[-1]
    while slot <= last:
        standing, until = scene.points.standing_at(point, slot)
        mine = [one for one in slots if slot <= one.slot < until]
        counts = {scene.book.accountable_at(point, one.slot) for one in mine}
        found.append(
            Stay(
                SUPPLIERS[standing.supplier],
                local(slot * seconds),
                local(min(until, last + 1) * seconds),
                sum(one.import_wh for one in mine),
                sum(one.bought_wh for one in mine),
                sum(one.cost_nano for one in mine),
                _other(counts, standing.supplier),
            )
        )
        slot = until
    return tuple(_joined(found))


def _other(counts: set[int], supplier: int) -> str | None:
    """The supplier to whom the slots count instead, after an erroneous transfer."""
    (only,) = counts
    return None if only == supplier else SUPPLIERS[only]


def _joined(stays: Sequence[Stay]) -> list[Stay]:
    """Stays that follow each other with the same supplier, as one."""
    found: list[Stay] = []
    for one in stays:
        if found and (found[-1].supplier, found[-1].counts_for) == (one.supplier, one.counts_for):
            before = found.pop()
            one = Stay(
                one.supplier,
                before.from_local,
                one.until_local,
                before.import_wh + one.import_wh,
                before.bought_wh + one.bought_wh,
                before.cost_nano + one.cost_nano,
                one.counts_for,
            )
        found.append(one)
    return found
