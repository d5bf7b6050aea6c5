"""The whole market in plain Python, fed with the calls that the contracts take.

`Twin` holds registry, tariffs, metering, ledger and markets, and computes what each call changes.
It shares no code with the contracts and trusts nothing they say. `p2pchain.replay.TwinMarket` feeds
it from the log of a chain. Clock and signatures come from outside: without `now`, rules about time
are taken as kept; without `verify`, signatures are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from p2pchain.eip712 import auction_id, forward_level_id, level_id, market_id
from p2pchain.errors import CheckFailed, Refused
from p2pchain.forward import AuctionTwin, Sender, VerifyOwner, check_params
from p2pchain.forward_level_twin import ForwardLevelsTwin, ForwardNode
from p2pchain.ledger import LedgerTwin
from p2pchain.level_twin import LevelsTwin
from p2pchain.metering import MeteringTwin, Verify
from p2pchain.model import (
    DAY_SECONDS,
    MAX_AUCTIONS,
    WINDOW_SLOTS,
    Agreement,
    AuctionParams,
    Correction,
    Enrolment,
    Exchange,
    ForwardLevelParams,
    ForwardRefusal,
    LevelParams,
    Limits,
    MarketParams,
    Member,
    Order,
    Outcome,
    Phase,
    Reading,
    Refusal,
    Schedule,
    SettledEvidence,
    SlotResult,
    TariffRow,
    Terms,
    account_key,
)
from p2pchain.points import PointsTwin
from p2pchain.registry import Area, Boundary, RegistryTwin
from p2pchain.runs import Estimate, RunsTwin, Tally
from p2pchain.switching import SwitchingTwin
from p2pchain.volumes import VolumesTwin
from p2pchain.working_days import CalendarsTwin

MAX_RUNS = 8
#: Evidence is kept for 32 days.
MAX_FINAL_SECONDS = 28 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that the contracts report by an event: its name and its fields."""

    name: str
    fields: tuple[tuple[str, Any], ...]


class Twin:
    """State of all contracts of one deployment. Refusals raise `Refused`, or are returned where
    the contract skips a record of a batch."""

    def __init__(
        self,
        slot_seconds: int,
        verify: Verify | None = None,
        verify_order: VerifyOwner | None = None,
    ) -> None:
        self.now: int | None = None
        self.paused = False
        self.effects: list[Effect] = []
        self.registry = RegistryTwin(slot_seconds)
        self.ledger = LedgerTwin(self._emit)
        self.metering = MeteringTwin(self.registry, self._emit, verify)
        self.points = PointsTwin(self.registry.suppliers, self.metering.keep_out)
        self.calendars = CalendarsTwin()
        self.switching = SwitchingTwin(self.registry, self.points, self.calendars, self._emit)
        self.volumes = VolumesTwin(self.metering, self.points)
        self.levels = LevelsTwin(self.registry, self.ledger, self._emit)
        self.forward_levels = ForwardLevelsTwin(self.registry, self.ledger, self.levels, self._emit)
        self.markets: dict[bytes, RunsTwin] = {}
        self.market_of: dict[int, RunsTwin] = {}
        self.auctions: dict[bytes, AuctionTwin] = {}
        self._verify_order = verify_order

    @property
    def slot_seconds(self) -> int:
        return self.registry.slot_seconds

    # Registry and tariffs

    def add_area(self, operator: str, parent: int = 0, area: int | None = None) -> int:
        """Add an area; return its number, counted from 1 unless given."""
        area = area or len(self.registry.areas) + 1
        self.registry.areas[area] = Area(parent, account_key(operator))
        return area

    def add_supplier(self, account: str, supplier: int | None = None) -> int:
        """Add a supplier by its account; return its number."""
        supplier = supplier or len(self.registry.suppliers) + 1
        self.registry.suppliers[supplier] = account_key(account)
        return supplier

    def register_meter(
        self, area: int, terms: Terms, signer: bytes = b"\x01" * 20, meter: int | None = None
    ) -> int:
        """Register a meter with its first terms and key; return its number."""
        meter = meter or len(self.registry.area_of) + 1
        self.registry.area_of[meter] = area
        self.set_terms(meter, terms)
        self.set_signer(meter, terms.from_slot, signer)
        return meter

    def set_terms(self, meter: int, terms: Terms) -> None:
        """Terms hold from their first slot on. No slot with an open order changes hands."""
        owner = account_key(terms.owner)
        if self.registry.owners_from(meter, terms.from_slot) - {owner}:
            for auction in self.auctions.values():
                auction.owner_changes(meter, terms.from_slot)
        terms = Terms(
            owner,
            terms.from_slot,
            terms.supplier,
            terms.tariff,
            terms.fuse_wh,
            terms.billing_grade,
        )
        self.registry.terms[meter].put(terms.from_slot, terms)

    def set_signer(self, meter: int, from_slot: int, signer: bytes) -> None:
        """A key holds from a slot on; empty: revoked."""
        self.registry.signers[meter].put(from_slot, signer)

    def publish(
        self,
        supplier: int,
        tariff: int,
        from_slot: int,
        rows: Sequence[TariffRow],
        standing_nano: int = 0,
    ) -> None:
        """Publish a version of a tariff: one row, or one per UTC hour."""
        if len(rows) not in (1, 24):
            raise Refused("RowsNotOneOrTwentyFour", (len(rows),))
        self.registry.publish(supplier, tariff, from_slot, rows, standing_nano)

    # Markets

    def create_market(self, params: MarketParams, market: bytes | None = None) -> bytes:
        """Create a market; return its id."""
        market = market or market_id(params)
        if market in self.markets:
            raise Refused("MarketExists", (market,))
        if params.slot_seconds != self.slot_seconds:
            raise Refused("BadParameter", ("slotSeconds",))
        if params.only_supplier and params.only_supplier not in self.registry.suppliers:
            raise Refused("UnknownSupplier", (params.only_supplier,))
        if not any(params.agreement):
            raise Refused("BadParameter", ("agreement",))
        if params.runs > MAX_RUNS or params.final_seconds > MAX_FINAL_SECONDS:
            raise Refused("BadParameter", ("runs",))
        if params.runs and not params.run_seconds:
            raise Refused("BadParameter", ("runSeconds",))
        self.markets[market] = RunsTwin(
            market, params, self.registry, self.ledger, self.metering, self.levels, self._emit
        )
        return market

    def set_agreement(self, agreement: Agreement, *, waits: bool | None = None) -> None:
        """A supplier agrees that its customers take part in a market, or leaves it; `waits` as in
        `PostingTwin.set_agreement`."""
        if agreement.supplier not in self.registry.suppliers:
            raise Refused("UnknownSupplier", (agreement.supplier,))
        self.market(agreement.market).set_agreement(agreement, self.now, waits=waits)

    def enrol(self, enrolment: Enrolment) -> Refusal:
        """A meter takes part in a market from a slot on."""
        market, meter = self.markets.get(enrolment.market), enrolment.meter
        if self.paused:
            return Refusal.PAUSED
        if market is None:
            return Refusal.UNKNOWN_MARKET
        if meter not in self.registry.area_of:
            return Refusal.UNKNOWN_METER
        if self.registry.area_of[meter] != market.params.area:
            return Refusal.OTHER_AREA
        member = market.by_meter.get(meter)
        if member is None and self.metering.heads[meter].kept_out:
            return Refusal.NOT_ELECTRICITY
        if member is None and self.metering.heads[meter].enrolled:
            return Refusal.ALREADY_ENROLLED
        if self._begun(enrolment.from_slot):
            return Refusal.TOO_LATE
        terms = self.registry.terms_at(meter, enrolment.from_slot)
        if terms is None:
            return Refusal.TOO_LATE
        if not terms.billing_grade:
            return Refusal.NOT_BILLING_GRADE
        if not market.agrees_at(terms.supplier, enrolment.from_slot):
            return Refusal.NO_AGREEMENT
        if member is not None and member.owner == terms.owner:
            return Refusal.ALREADY_ENROLLED
        self.metering.heads[meter].enrolled = True
        market.enrol(meter, terms.owner, enrolment.from_slot)
        self.market_of[meter] = market
        return Refusal.NONE

    def set_limits(self, limits: Limits) -> Refusal:
        """A member states limits from a slot on."""
        if self.paused:
            return Refusal.PAUSED
        market = self.markets.get(limits.market)
        member = market.by_meter.get(limits.meter) if market else None
        if market is None or member is None:
            return Refusal.NOT_A_MEMBER
        if limits.sequence <= member.sequence:
            return Refusal.OLD_SEQUENCE
        if self._begun(limits.from_slot):
            return Refusal.TOO_LATE
        figures = len(limits.buy_nano)
        if figures not in (1, 24) or len(limits.sell_nano) != figures:
            return Refusal.BAD_FORMAT
        terms = self.registry.terms_at(limits.meter, limits.from_slot)
        if terms is None:
            return Refusal.TOO_LATE
        if not terms.billing_grade:
            return Refusal.NOT_BILLING_GRADE
        if terms.owner != member.owner:
            return Refusal.NOT_A_MEMBER
        market.set_limits(limits)
        return Refusal.NONE

    # Forward auctions

    def create_auction(self, params: AuctionParams, auction: bytes | None = None) -> bytes:
        """Create a forward auction of a market; return its id."""
        auction = auction or auction_id(params)
        market = self.market(params.market)
        check_params(params)
        if auction in self.auctions:
            raise Refused("AuctionExists", (auction,))
        if len(market.auctions) == MAX_AUCTIONS:
            raise Refused("TooManyAuctions", (params.market,))
        for other in market.auctions:
            if other.params.cap_nano != params.cap_nano:
                raise Refused("BadParameter", ("capNano",))
            if other.params.surplus_nano != params.surplus_nano:
                raise Refused("BadParameter", ("surplusNano",))
        made = AuctionTwin(
            auction,
            params,
            self.slot_seconds,
            market.members,
            market.owner_at,
            self.ledger,
            self.forward_levels,
            self._emit,
        )
        self.auctions[auction] = made
        market.auctions.append(made)
        return auction

    def auction(self, auction: bytes) -> AuctionTwin:
        """Return an auction by its id."""
        if auction not in self.auctions:
            raise Refused("UnknownAuction", (auction,))
        return self.auctions[auction]

    def place(self, orders: Iterable[Order], caller: str | None = None) -> list[ForwardRefusal]:
        """Take signed orders; those without a signature are `caller`'s own, if it is known."""
        return [
            self.auctions[order.auction].place(order, self.now, self._sender(caller))
            if order.auction in self.auctions
            else ForwardRefusal.UNKNOWN_AUCTION
            for order in orders
        ]

    def schedule(
        self, schedules: Iterable[Schedule], caller: str | None = None
    ) -> list[ForwardRefusal]:
        """Take signed day schedules."""
        return [
            self.auctions[schedule.auction].schedule(schedule, self.now, self._sender(caller))
            if schedule.auction in self.auctions
            else ForwardRefusal.UNKNOWN_AUCTION
            for schedule in schedules
        ]

    def order(self, order: Order, caller: str | None = None) -> None:
        """Take the owner's own order; its sequence number and signature do not count."""
        auction = self.auctions.get(order.auction)
        refusal = ForwardRefusal.UNKNOWN_AUCTION
        if auction is not None:
            own = order.signed(b"")
            refusal = auction.place(own, self.now, self._sender(caller), own=True)
        if refusal:
            raise Refused("OrderRefused", (order.meter, order.slot, refusal.name))

    def skip_sequence(
        self, auction: bytes, meter: int, sequence: int, caller: str | None = None
    ) -> None:
        """The owner makes useless what was signed up to a sequence number."""
        place = self.auction(auction)
        if self.now is not None and caller is not None:
            terms = self.registry.terms_at(meter, self.now // self.slot_seconds)
            if terms is None or terms.owner != account_key(caller):
                raise Refused("NotOwner", (meter, caller))
        place.skip_sequence(meter, sequence)

    def clear_forward(self, auction: bytes, first_window: int, windows: int = 1) -> None:
        """Clear the windows that have orders and whose gate has closed."""
        place = self.auction(auction)
        span = range(first_window, first_window + windows)
        ready = [window for window in span if place.may_clear(window, self.now)]
        if not ready:
            raise Refused("NothingToDo")
        for window in ready:
            place.clear(window, self.now)

    def void_forward(self, auction: bytes, window: int) -> None:
        """Give a window of an auction up that nobody has cleared in time."""
        self.auction(auction).void(window, self.now)

    # Readings

    def post(self, readings: Iterable[Reading]) -> list[Outcome]:
        """Post readings of meters that are in no market."""
        outcomes = []
        for reading in readings:
            enrolled = self.metering.heads[reading.meter].enrolled
            outcomes.append(
                Outcome.READ_THROUGH_SETTLEMENT
                if enrolled
                else self.metering.take(reading, self.now)
            )
        return outcomes

    def post_readings(self, market: bytes, readings: Sequence[Reading]) -> list[Outcome]:
        """Post readings of members: registers first, then volumes to the auction."""
        place = self.market(market)
        outcomes = [self._admit(place, reading) for reading in readings]
        for index, reading in enumerate(readings):
            if outcomes[index] == Outcome.ACCEPTED:
                outcomes[index] = self.metering.take(reading, self.now)
        for outcome, reading in zip(outcomes, readings, strict=True):
            if outcome == Outcome.ACCEPTED and place.is_active(reading.meter, reading.first_slot):
                place.post(reading, self.now)
        return outcomes

    def exchange_meter(self, exchange: Exchange) -> Outcome:
        """Replace a meter."""
        return self.metering.exchange(exchange)

    # The phases

    def clear(self, market: bytes, first_window: int, windows: int = 1) -> None:
        """Clear windows that have been posted to and are not cleared yet."""
        place = self.market(market)
        done = False
        for window in range(first_window, first_window + windows):
            state = place.window_state(window)
            unread = state.phase == Phase.ABSENT and place.has_orders(window)
            if state.phase not in (Phase.OPEN, Phase.CLEARING) and not unread:
                continue
            if state.phase != Phase.CLEARING:
                self._check_ready(place, window)
            place.clear(window, self.now)
            done = True
        if not done:
            raise Refused("NothingToDo")

    def settle(
        self, market: bytes, first_window: int, windows: int = 1, max_members: int = 2**32 - 1
    ) -> None:
        """Settle up to `max_members` members over cleared windows."""
        if windows < 1 or max_members < 1:
            raise Refused("NothingToDo")
        place = self.market(market)
        cursor = place.window_state(first_window).cursor
        place.settle(first_window, windows, cursor + max_members)

    def clear_and_settle(self, market: bytes, first_window: int, windows: int = 1) -> None:
        """Both, in one call."""
        self.clear(market, first_window, windows)
        self.settle(market, first_window, windows)

    # Levels

    def create_level(self, params: LevelParams) -> bytes:
        """Create a level; return its id."""
        level = level_id(params)
        self.levels.create(level, params)
        return level

    def attach(self, node: bytes, level: bytes, window: int) -> None:
        """A market or level belongs to a level from a window on."""
        area = self.markets[node].params.area if node in self.markets else 0
        self.levels.attach(node, area, level, window)

    def clear_level(
        self, level: bytes, window: int
    ) -> tuple[tuple[SlotResult, ...], tuple[SlotResult | None, ...]]:
        """Clear a window of a level; return its results, and those of the sells that have one."""
        return self.levels.clear(level, window, self.now)

    def share_level(self, level: bytes, window: int, until: int) -> None:
        """Share out a cleared window of a level among its children up to an index."""
        adopted = self.levels.share(level, window, until, self.now)
        feeds = {}
        for market, slots in adopted.items():
            place = self.market(market)
            rounding_nano = place.adopt(window, slots)
            feeds[market] = (rounding_nano, account_key(place.params.fee_account))
        self.levels.pay(level, window, feeds)

    def create_forward_level(self, params: ForwardLevelParams) -> bytes:
        """Create a forward level; return its id."""
        level = forward_level_id(params)
        self.forward_levels.create(level, params)
        return level

    def attach_forward(self, node: bytes, level: bytes, window: int) -> None:
        """A forward auction or level belongs to a forward level from a window on."""
        auction = self.auctions.get(node)
        made = ForwardNode(0)
        if auction is not None:
            market = auction.params.market
            area = self.market(market).params.area
            made = ForwardNode(area, auction=auction, market=market)
        self.forward_levels.attach(node, made, level, window)

    def pass_over(self, market: bytes, window: int) -> None:
        """A market goes on without the levels above."""
        self.market(market).pass_over(window, self.now)

    def void_window(self, market: bytes, window: int) -> None:
        """Give a window up that nobody has cleared in time."""
        place = self.market(market)
        deadline = place.window_end(window) + place.params.void_seconds
        if self.now is not None and self.now < deadline:
            raise Refused("TooEarlyToVoid", (window, deadline))
        place.void(window)

    # Runs after the first

    def correct(
        self,
        correction: Correction,
        records: Sequence[Reading] | None = None,
        evidence: SettledEvidence | None = None,
    ) -> int:
        """Replace values that have been read; return what the supplier gives (positive) or takes
        for the difference, nothing for a meter in no market."""
        market = self.market_of.get(correction.meter)
        if market is not None:
            return market.correct(correction, self.now, records, evidence)
        self.metering.correct(correction, self.now, records)
        return 0

    def estimate(
        self,
        market: bytes,
        meter: int,
        first_slot: int,
        slots: int,
        records: Sequence[Reading] | None = None,
    ) -> Estimate:
        """Settle slots that nobody has read by an estimate."""
        return self.market(market).estimate(meter, first_slot, slots, self.now, records)

    def set_boundary(self, area: int, boundary: Boundary) -> None:
        """Name the meter of what crosses an area's border; none where its number is zero."""
        if area not in self.registry.areas:
            raise Refused("UnknownArea", (area,))
        if boundary.meter and boundary.meter not in self.registry.area_of:
            raise Refused("UnknownMeter", (boundary.meter,))
        self.registry.boundaries[area] = boundary

    def tally(self, market: bytes, day: int) -> Tally:
        """Compare a day's readings of all members with the boundary meter."""
        return self.market(market).tally(day, self.now)

    # What can be asked

    def market(self, market: bytes) -> RunsTwin:
        """Return a market by its id."""
        if market not in self.markets:
            raise Refused("UnknownMarket", (market,))
        return self.markets[market]

    def member(self, meter: int) -> Member | None:
        """Return a meter's membership, None for a meter in no market."""
        market = self.market_of.get(meter)
        return market.by_meter[meter] if market else None

    def result(self, market: bytes, slot: int) -> SlotResult:
        """Return the result of a cleared slot."""
        return self.market(market).results[slot]

    def free_nano(self, account: str) -> int:
        """Return what an account may withdraw."""
        return self.ledger.accounts[account_key(account)].free_nano

    def assert_conserved(self) -> None:
        """Raise CheckFailed unless money and energy are conserved to the unit.

        Besides the ledger's own sums: what is filled to buyers equals what is filled to sellers
        equals what was matched, money is in transit only while windows are half settled, and what
        is locked for forward orders is what the open ones can cost.
        """
        self.ledger.assert_conserved(self.collateral_nano())
        for auction in self.auctions.values():
            auction.assert_conserved()
        for market in self.markets.values():
            underway = any(
                state.phase == Phase.CLEARED and (state.cursor or state.adopted)
                for state in market.windows.values()
            ) or any(
                auction.is_pending(window) and above.told
                for auction in market.auctions
                for window, above in auction.above.items()
            )
            transit = self.ledger.transit_nano[market.market]
            if transit and not underway:
                raise CheckFailed(f"{transit} nano in transit although all settled slots are whole")
            market.assert_conserved()
        self.levels.assert_conserved()
        self.forward_levels.assert_conserved()

    def collateral_nano(self) -> dict[str, int]:
        """Return what stands locked for forward orders by account, counted from the orders."""
        locked: defaultdict[str, int] = defaultdict(int)
        for market in self.markets.values():
            for auction in market.auctions:
                for meter, slot in auction.open_orders():
                    terms = self.registry.terms_at(meter, slot)
                    if terms is not None and not market.is_released(meter, slot):
                        locked[terms.owner] += auction.collateral_nano(meter, slot)
        return dict(locked)

    def _sender(self, caller: str | None) -> Sender:
        return Sender(account_key(caller) if caller else None, self._verify_order)

    def _emit(self, name: str, **fields: Any) -> None:
        self.effects.append(Effect(name, tuple(sorted(fields.items()))))

    def _begun(self, slot: int) -> bool:
        return self.now is not None and slot <= self.now // self.slot_seconds

    def _admit(self, market: RunsTwin, reading: Reading) -> Outcome:
        if reading.meter not in market.by_meter:
            return Outcome.NOT_A_MEMBER
        slots = range(reading.first_slot, reading.until_slot)
        active = {market.is_active(reading.meter, slot) for slot in slots}
        if True not in active:
            return Outcome.ACCEPTED  # metered, and no more
        if False in active and not market.is_active(reading.meter, reading.first_slot):
            return Outcome.SPLIT_AT_CHANGE
        terms = self.registry.terms_at(reading.meter, reading.first_slot)
        if terms is None or not terms.billing_grade:
            return Outcome.NOT_BILLING_GRADE
        if self.registry.member_row(reading.meter, reading.first_slot) is None:
            return Outcome.NO_TARIFF
        if any(market.is_uncleared(slot // WINDOW_SLOTS) for slot in slots):
            return Outcome.FORWARD_NOT_CLEARED
        if any(market.settles_first(reading.meter, slot, self.now) for slot in slots):
            return Outcome.SETTLE_FIRST
        if any(market.is_final(slot // WINDOW_SLOTS, self.now) for slot in slots):
            return Outcome.FINAL
        return Outcome.ACCEPTED

    def _check_ready(self, market: RunsTwin, window: int) -> None:
        if self.now is None:
            return
        end = market.window_end(window)
        if self.now < end:
            raise Refused("NotDelivered", (window,))
        deadline = end + market.params.post_seconds
        missing = market.not_posted(window)
        if missing and self.now < deadline:
            raise Refused("NotReady", (window, missing[0], deadline))
