"""The whole market in plain Python, fed with the calls that the contracts take.

`Twin` holds registry, tariffs, metering, ledger and markets, and computes what each call changes.
It shares no code with the contracts and trusts nothing they say. `p2pchain.replay.TwinMarket` feeds
it from the log of a chain. Clock and signatures come from outside: without `now`, rules about time
are taken as kept; without `verify`, signatures are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from p2pchain.eip712 import market_id
from p2pchain.errors import CheckFailed, Refused
from p2pchain.ledger import LedgerTwin
from p2pchain.metering import MeteringTwin, Verify
from p2pchain.model import (
    Enrolment,
    Exchange,
    Limits,
    MarketParams,
    Member,
    Outcome,
    Phase,
    Reading,
    Refusal,
    SlotResult,
    TariffRow,
    Terms,
    account_key,
)
from p2pchain.registry import Area, RegistryTwin
from p2pchain.settlement import MarketTwin


@dataclass(frozen=True, slots=True)
class Effect:
    """Something that the contracts report by an event: its name and its fields."""

    name: str
    fields: tuple[tuple[str, Any], ...]


class Twin:
    """State of all contracts of one deployment. Refusals raise `Refused`, or are returned where
    the contract skips a record of a batch."""

    def __init__(self, slot_seconds: int, verify: Verify | None = None) -> None:
        self.now: int | None = None
        self.paused = False
        self.effects: list[Effect] = []
        self.registry = RegistryTwin(slot_seconds)
        self.ledger = LedgerTwin(self._emit)
        self.metering = MeteringTwin(self.registry, self._emit, verify)
        self.markets: dict[bytes, MarketTwin] = {}
        self.market_of: dict[int, MarketTwin] = {}

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
        """Terms hold from their first slot on."""
        owner = account_key(terms.owner)
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
        self.markets[market] = MarketTwin(market, params, self.registry, self.ledger, self._emit)
        return market

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
        if member is None and self.metering.heads[meter].enrolled:
            return Refusal.ALREADY_ENROLLED
        if self._begun(enrolment.from_slot):
            return Refusal.TOO_LATE
        terms = self.registry.terms_at(meter, enrolment.from_slot)
        if terms is None:
            return Refusal.TOO_LATE
        if not terms.billing_grade:
            return Refusal.NOT_BILLING_GRADE
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
            if state.phase not in (Phase.OPEN, Phase.CLEARING):
                continue
            if state.phase == Phase.OPEN:
                self._check_ready(place, window)
            place.clear(window)
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

    def void_window(self, market: bytes, window: int) -> None:
        """Give a window up that nobody has cleared in time."""
        place = self.market(market)
        deadline = place.window_end(window) + place.params.void_seconds
        if self.now is not None and self.now < deadline:
            raise Refused("TooEarlyToVoid", (window, deadline))
        place.void(window)

    # What can be asked

    def market(self, market: bytes) -> MarketTwin:
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
        equals what was matched, and money is in transit only while windows are half settled.
        """
        self.ledger.assert_conserved()
        for market in self.markets.values():
            underway = any(
                state.phase == Phase.CLEARED and state.cursor for state in market.windows.values()
            )
            transit = self.ledger.transit_nano[market.market]
            if transit and not underway:
                raise CheckFailed(f"{transit} nano in transit although all settled slots are whole")
            market.assert_conserved()

    def _emit(self, name: str, **fields: Any) -> None:
        self.effects.append(Effect(name, tuple(sorted(fields.items()))))

    def _begun(self, slot: int) -> bool:
        return self.now is not None and slot <= self.now // self.slot_seconds

    def _admit(self, market: MarketTwin, reading: Reading) -> Outcome:
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
        return Outcome.ACCEPTED

    def _check_ready(self, market: MarketTwin, window: int) -> None:
        if self.now is None:
            return
        end = market.window_end(window)
        if self.now < end:
            raise Refused("NotDelivered", (window,))
        deadline = end + market.params.post_seconds
        missing = market.not_posted(window)
        if missing and self.now < deadline:
            raise Refused("NotReady", (window, missing[0], deadline))
