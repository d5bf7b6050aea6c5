"""The readable twin of `contracts/settlement/Context`, `Account` and `Posting`, and of `Markets`.

Volumes in Wh, prices in nano-currency per Wh, money in nano-currency; every sum is exact. The three
phases take what they need to know from the registry and the ledger twins. Where the contract packs
words and keeps a ring, this keeps a record per member and slot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from p2pchain import matching
from p2pchain.errors import Refused
from p2pchain.evidence import OFFERING_MEMBERS, SettledCall, offer
from p2pchain.forward import AuctionTwin, Position
from p2pchain.ledger import Emit, Entry, LedgerTwin, Network
from p2pchain.level_twin import LevelsTwin
from p2pchain.model import (
    DAY_SECONDS,
    NOTICE_SLOTS,
    RING,
    WINDOW_SLOTS,
    Agreement,
    LaneWord,
    Limits,
    MarketParams,
    Member,
    Phase,
    Quality,
    Reading,
    Side,
    SlotResult,
    TariffRow,
    utc_hour,
)
from p2pchain.registry import RegistryTwin, Timeline
from p2pchain.units import TARIFF_BUY, TARIFF_SELL

#: Days after its end for which a day may stay in dispute.
DISPUTE_DAYS = 31
#: Entries that settlement hands to the ledger at a time.
BATCH_ENTRIES = 64


@dataclass(slots=True)
class Posting:
    """What a member posted for one slot, in Wh."""

    buy_wh: int = 0
    sell_wh: int = 0
    withheld_buy_wh: int = 0
    withheld_sell_wh: int = 0
    import_wh: int = 0
    both: bool = False  #: whether it was offered on both sides, so that its sale has a word apart


@dataclass(slots=True)
class WindowState:
    """A window of eight slots; `members` is frozen by the first step of clearing."""

    window: int
    phase: Phase = Phase.ABSENT
    voided: bool = False
    members: int = 0
    cursor: int = 0
    adopted: bool = False  #: whether levels above have added to its results


@dataclass(frozen=True, slots=True)
class SlotView:
    """A member in a slot: who pays, which supplier, at which prices and limits."""

    owner: str
    supplier: str
    tariff: tuple[int, int]
    row: TariffRow
    standing_nano: int
    gross_buy: int
    gross_sell: int
    buy_tick: int | None
    sell_tick: int | None


@dataclass(slots=True)
class Accrual:
    """Running sums of one member over slots with the same owner and tariff."""

    view: SlotView
    release_nano: int = 0
    pay_nano: int = 0
    income_nano: int = 0
    supplier_nano: int = 0
    collateral_nano: int = 0
    contract_nano: int = 0


@dataclass(slots=True)
class Batch:
    """Entries, network charges by tariff, and fees that go to the ledger together."""

    entries: list[Entry] = field(default_factory=list)
    networks: dict[tuple[int, int], tuple[str, int]] = field(default_factory=dict)
    fees_nano: int = 0


class PostingTwin:
    """One market up to posting: members, limits, windows, what is offered."""

    def __init__(
        self,
        market: bytes,
        params: MarketParams,
        registry: RegistryTwin,
        ledger: LedgerTwin,
        levels: LevelsTwin,
        emit: Emit,
    ) -> None:
        self.market = market
        self.levels = levels
        self.params = params
        self._registry = registry
        self._ledger = ledger
        self._emit = emit
        self.members: list[Member] = []
        self.by_meter: dict[int, Member] = {}
        #: What each supplier has said, and its last sequence number.
        self.agreements: defaultdict[int, Timeline[Agreement]] = defaultdict(Timeline)
        self.agreed: defaultdict[int, int] = defaultdict(int)
        self.consents: dict[tuple[int, str], int] = {}
        self.sequences: dict[tuple[int, str], int] = {}
        self.limits: defaultdict[int, Timeline[Limits]] = defaultdict(Timeline)
        self.postings: dict[tuple[int, int], Posting] = {}
        self.results: dict[int, SlotResult] = {}
        #: Whole windows that were offered, in the order in which they came (`evidence.offer`).
        self.offered: defaultdict[int, list[int]] = defaultdict(list)
        #: Of slots whose sells have a result of their own; then the other is that of the buys.
        self.sell_results: dict[int, SlotResult] = {}
        self.fills: dict[tuple[int, int], tuple[int, int]] = {}
        self.windows: dict[int, WindowState] = {}
        self.auctions: list[AuctionTwin] = []
        #: Contracted energy of slots that were settled without a reading, at the worst case.
        self.unread: dict[tuple[int, int], int] = {}
        #: Import and export of slots that were settled by an estimate, until their reading comes.
        self.estimates: dict[tuple[int, int], tuple[int, int]] = {}
        #: The calls that settled a window, in the order of the members.
        self.calls: defaultdict[int, list[SettledCall]] = defaultdict(list)
        #: UTC days of which the meters do not add up to what crossed the area's border.
        self.disputes: set[int] = set()
        self._ring: dict[int, int] = {}

    # What is agreed before delivery

    def enrol(self, meter: int, owner: str, from_slot: int) -> Member:
        """Add a member, or put a new owner in the place of the old one; return it."""
        self.consents.setdefault((meter, owner), from_slot)
        member = self.by_meter.get(meter)
        if member is not None:
            self.sequences[meter, member.owner] = member.sequence
            member.owner, member.from_slot = owner, from_slot
            member.sequence = self.sequences.get((meter, owner), 0)
            self.limits[meter].put(from_slot, Limits(self.market, meter, from_slot, 0))
            return member
        member = Member(meter, len(self.members), owner, from_slot)
        self.members.append(member)
        self.by_meter[meter] = member
        self._emit("MeterEnrolled", meter=meter)
        return member

    def set_agreement(
        self, agreement: Agreement, now: int | None = None, *, waits: bool | None = None
    ) -> None:
        """A supplier agrees from a slot on, or leaves. `now` is the block's time, if known; else
        `waits` says whether what it has said last had not begun."""
        only, said = self.params.only_supplier, self.agreements[agreement.supplier]
        if only not in (0, agreement.supplier):
            raise Refused("OutOfScope", (self.market, agreement.supplier))
        last = said.latest
        if agreement.sequence <= self.agreed[agreement.supplier]:
            raise Refused("SequenceIsOld", (agreement.sequence, self.agreed[agreement.supplier]))
        slot = None if now is None else now // self.params.slot_seconds
        first = 0 if slot is None else slot + (1 if agreement.agrees else NOTICE_SLOTS)
        if agreement.from_slot < first:
            raise Refused("TooSoon", (agreement.from_slot, first))
        if not agreement.agrees and agreement.from_slot % self.params.slots_per_day:
            raise Refused("NotADay", (agreement.from_slot,))
        if slot is not None:
            waits = last is not None and last.from_slot > slot
        if slot is not None and last is not None and waits and last.agrees:
            # Before its notice has passed, who agrees is relied on.
            relied = last.from_slot < slot + NOTICE_SLOTS
            if relied and not (agreement.agrees and agreement.from_slot <= last.from_slot):
                raise Refused("AgreementPending", (last.from_slot,))
        held = last is not None and last.agrees
        if not waits and agreement.agrees == held:
            raise Refused("NothingChanges", (self.market, agreement.supplier))
        self.agreed[agreement.supplier] = agreement.sequence
        if waits:
            said.drop_latest()
            if agreement.agrees != held:
                return  # what held before goes on
        said.put(agreement.from_slot, agreement)

    def agrees_at(self, supplier: int, slot: int) -> bool:
        """Return whether a supplier's customers may take part in a slot."""
        said = self.agreements[supplier].at(slot)
        return said is not None and said.agrees

    def is_active(self, meter: int, slot: int) -> bool:
        """Return whether the owner of a meter in a slot has enrolled it for that slot, and its
        supplier agrees."""
        terms = self._registry.terms_at(meter, slot)
        if terms is None or meter not in self.by_meter:
            return False
        if not self.agrees_at(terms.supplier, slot):
            return False
        consent = self.consents.get((meter, terms.owner))
        return consent is not None and slot >= consent

    def owner_at(self, meter: int, slot: int, orders: bool) -> str | None:
        """Return who may order for a meter in a slot: its owner; with `orders` (to cancel is always
        possible) only if it takes part there and its readings count. Else None."""
        terms = self._registry.terms_at(meter, slot)
        if terms is None or meter not in self.by_meter:
            return None
        takes_part = self.is_active(meter, slot) and terms.billing_grade
        return terms.owner if takes_part or not orders else None

    def set_limits(self, limits: Limits) -> None:
        """Limits hold from their first slot; what was stated for later slots gives way."""
        self.by_meter[limits.meter].sequence = limits.sequence
        self.limits[limits.meter].put(limits.from_slot, limits)

    def stated_limits(self, meter: int, slot: int) -> tuple[int, int]:
        """Return the stated buy and sell limit in a slot, TARIFF where none were stated."""
        limits = self.limits[meter].at(slot)
        if limits is None:
            return TARIFF_BUY, TARIFF_SELL
        return limits.at_hour(utc_hour(slot, self.params.slot_seconds))

    def view(self, meter: int, slot: int) -> SlotView:
        """Return everything that holds for a member in a slot."""
        terms = self._registry.terms_at(meter, slot)
        if terms is None:
            raise Refused("BeforeRegistration", (meter, slot))
        row = self._registry.row_at(terms.supplier, terms.tariff, slot) or TariffRow(0, 0)
        stated_buy, stated_sell = self.stated_limits(meter, slot)
        gross_buy, gross_sell = min(stated_buy, row.energy), max(stated_sell, row.feed_in)
        floor, tick = self.params.floor_nano, self.params.tick_nano
        return SlotView(
            owner=terms.owner,
            supplier=self._registry.suppliers[terms.supplier],
            tariff=(terms.supplier, terms.tariff),
            row=row,
            standing_nano=self._registry.standing_at(terms.supplier, terms.tariff, slot),
            gross_buy=gross_buy,
            gross_sell=gross_sell,
            buy_tick=matching.buy_tick_down(gross_buy - self.params.buy_fee_nano, floor, tick),
            sell_tick=matching.sell_tick_up(gross_sell + self.params.sell_fee_nano, floor, tick),
        )

    # What is contracted ahead

    def position(self, meter: int, slot: int) -> Position:
        """Return what a meter has contracted for a slot in all auctions of the market."""
        positions = (auction.position(meter, slot) for auction in self.auctions)
        return sum(positions, Position())

    def is_uncleared(self, window: int) -> bool:
        """Return whether a window has forward orders that are not cleared."""
        return any(auction.is_uncleared(window) for auction in self.auctions)

    def has_orders(self, window: int) -> bool:
        """Return whether a window has forward orders that are not settled."""
        return any(auction.is_pending(window) for auction in self.auctions)

    def is_released(self, meter: int, slot: int) -> bool:
        """Return whether a member's orders for a slot are settled, though others' may not be."""
        state = self.window_state(slot // WINDOW_SLOTS)
        reached = state.phase == Phase.CLEARED and self.by_meter[meter].index < state.cursor
        return reached or state.phase == Phase.SETTLED

    def settles_first(self, meter: int, slot: int, now: int | None) -> bool:
        """Return whether a reading is too late for the auction, but too early to be settled alone
        against contracts that are not settled yet."""
        window = slot // WINDOW_SLOTS
        if self.window_state(window).phase == Phase.SETTLED or not self._is_late(window, now):
            return False
        return any(self.position(meter, other).wh for other in window_slots(window))

    # Post

    def post(self, reading: Reading, now: int | None = None) -> None:
        """Offer what an accepted reading leaves beyond the meter's contracts."""
        slots = range(reading.first_slot, reading.until_slot)
        views = {slot: self.view(reading.meter, slot) for slot in slots}
        measured = Quality(reading.quality) == Quality.MEASURED
        open_windows = {
            window: self._open(window, now)
            for window in sorted({slot // WINDOW_SLOTS for slot in slots})
        }
        postings = dict(zip(slots, map(self._net, self._measured(reading)), strict=True))
        on_time = [slot for slot in slots if open_windows[slot // WINDOW_SLOTS]]
        for slot in on_time:
            posting, view = postings[slot], views[slot]
            if not measured or view.buy_tick is None:
                posting.withheld_buy_wh, posting.buy_wh = posting.buy_wh, 0
            if not measured or view.sell_tick is None:
                posting.withheld_sell_wh, posting.sell_wh = posting.sell_wh, 0
        self._cover(reading.meter, on_time, views, postings)
        for slot in on_time:
            posting = postings[slot]
            posting.both = bool(posting.buy_wh and posting.sell_wh)
            self.postings[reading.meter, slot] = posting
            if posting.withheld_buy_wh or posting.withheld_sell_wh:
                self._emit(
                    "Withheld",
                    market=self.market,
                    meter=reading.meter,
                    slot=slot,
                    buy_wh=posting.withheld_buy_wh,
                    sell_wh=posting.withheld_sell_wh,
                )
        self._offer(reading, [window for window, on_time in open_windows.items() if on_time])
        late = [slot for slot in slots if slot not in set(on_time)]
        if late:
            self._settle_late(reading, late, views, postings)

    def _offer(self, reading: Reading, windows: Sequence[int]) -> None:
        """Note the windows that a record covers whole and offers whole, one side a slot, and whose
        imports follow from offers and contracts: of these the contract keeps a hash. Stages read
        what is written down, so with them none are."""
        index = self.by_meter[reading.meter].index
        if self.params.stages or index >= OFFERING_MEMBERS:
            return
        words = []
        for window in windows:
            slots = window_slots(window)
            if slots.start < reading.first_slot or slots.stop > reading.until_slot:
                continue
            postings = [self.postings[reading.meter, slot] for slot in slots]
            if any(p.both or p.withheld_buy_wh or p.withheld_sell_wh for p in postings):
                continue
            contracts = (self.position(reading.meter, slot).wh for slot in slots)
            if any(
                p.import_wh != max(p.buy_wh - p.sell_wh + wh, 0)
                for p, wh in zip(postings, contracts, strict=True)
            ):
                continue
            word = LaneWord(
                window,
                tuple(p.buy_wh or p.sell_wh for p in postings),
                tuple(Side.SELL if p.sell_wh else Side.BUY for p in postings),
                posted_mask=(1 << WINDOW_SLOTS) - 1,
            ).pack()
            self.offered[window].append(offer(index, word))
            words.append(word)
        if words:
            self._emit("Offered", market=self.market, index=index, words=tuple(words))

    def _measured(self, reading: Reading) -> Iterator[tuple[int, int, int]]:
        for place, (imported, exported) in enumerate(reading.values):
            slot = reading.first_slot + place
            staged = self._ledger.contracted_wh.get((reading.meter, slot), 0)
            yield imported, exported, staged + self.position(reading.meter, slot).wh

    @staticmethod
    def _net(measured: tuple[int, int, int]) -> Posting:
        """The difference between metered and contracted energy (bought B, sold S)."""
        imported, exported, contracted = measured
        bought, sold = max(contracted, 0), max(-contracted, 0)
        return Posting(
            buy_wh=max(imported - bought, 0) + max(sold - exported, 0),
            sell_wh=max(exported - sold, 0) + max(bought - imported, 0),
            import_wh=imported,
        )

    def _cover(
        self,
        meter: int,
        slots: Sequence[int],
        views: dict[int, SlotView],
        postings: dict[int, Posting],
    ) -> None:
        """Lock the worst price of all offers; withhold what is not covered, late slots first."""
        wanted = sum(lock_nano(postings[slot], views[slot]) for slot in slots)
        if wanted == 0:
            return
        view = views[slots[0]]
        budget = self._ledger.lock_up_to(view.owner, view.supplier, meter, wanted)
        if budget == wanted:
            return
        for slot in slots:
            posting, view = postings[slot], views[slot]
            covered, budget = _covered_down(posting.buy_wh, max(view.gross_buy, 0), budget)
            posting.withheld_buy_wh += posting.buy_wh - covered
            posting.buy_wh = covered
            covered, budget = _covered_down(posting.sell_wh, max(-view.gross_sell, 0), budget)
            posting.withheld_sell_wh += posting.sell_wh - covered
            posting.sell_wh = covered
        self._ledger.unlock(view.owner, view.supplier, meter, budget)

    def _open(self, window: int, now: int | None) -> bool:
        """Make room in the ring of windows; False where postings for the window are late."""
        holder = self._ring.get(window % RING)
        if holder is not None and holder > window:
            return False
        if holder != window:
            self._take_place(window)
        return not self._is_late(window, now)

    def _take_place(self, window: int) -> None:
        """Open a window in its place of the ring, if what stood there is settled."""
        holder = self._ring.get(window % RING)
        if holder is not None and self.windows[holder].phase != Phase.SETTLED:
            raise Refused("RingFull", (window, holder))
        for auction in self.auctions:
            older = auction.older(window)
            if older is not None:
                raise Refused("RingFull", (window, older))
        self._ring[window % RING] = window
        self.windows[window] = WindowState(window, Phase.OPEN)

    def _is_late(self, window: int, now: int | None) -> bool:
        holder = self._ring.get(window % RING)
        if holder is not None and holder > window:
            return True
        begun = self.window_state(window).phase not in (Phase.ABSENT, Phase.OPEN)
        return begun or self._posting_over(window, now)

    def _posting_over(self, window: int, now: int | None) -> bool:
        if not self.params.stages or now is None:
            return False
        return now >= self.window_end(window) + self.params.post_seconds

    def window_state(self, window: int) -> WindowState:
        """Return the state of a window; Absent where nobody has posted to it yet."""
        return self.windows.get(window) or WindowState(window)

    def window_end(self, window: int) -> int:
        """Return the unix time at which the last slot of a window ends."""
        return (window + 1) * WINDOW_SLOTS * self.params.slot_seconds

    def is_settled(self, window: int) -> bool:
        """Return whether a window is settled, or so old that its place in the ring is a newer
        one's."""
        holder = self._ring.get(window % RING)
        passed = holder is not None and holder > window
        return passed or self.window_state(window).phase == Phase.SETTLED

    def final_at(self, window: int) -> int:
        """Return the unix time from which nothing about a settled window changes any more. A day
        in dispute stays open for as long as Metering keeps the hashes of its records."""
        final = self.window_end(window) + self.params.final_seconds
        day = window * WINDOW_SLOTS // self.params.slots_per_day
        if day in self.disputes:
            final = max(final, (day + 1 + DISPUTE_DAYS) * DAY_SECONDS)
        return final

    def is_final(self, window: int, now: int | None) -> bool:
        """Return whether a window is settled and nothing about it changes any more."""
        return now is not None and self.is_settled(window) and now >= self.final_at(window)

    def _settle_late(
        self,
        reading: Reading,
        late: Sequence[int],
        views: dict[int, SlotView],
        postings: dict[int, Posting],
    ) -> None:
        batch = Batch()
        accrual = Accrual(views[late[0]])
        for slot in late:
            posting = postings[slot]
            accrual.view = views[slot]
            # Of a slot that was settled unread, the worst case or an estimate has been booked: the
            # rest is due.
            contract = self.unread.pop((reading.meter, slot), 0)
            accrual.supplier_nano -= self._worst_case_nano(contract)
            estimate = self.estimates.pop((reading.meter, slot), None)
            if estimate is not None:
                self._accrue_supplier(accrual, batch, slot, all_left_over(estimate), 0, -1)
            measured = (posting.buy_wh, posting.sell_wh, posting.import_wh)
            self._accrue_supplier(accrual, batch, slot, measured, contract)
        self._close(batch, reading.meter, accrual)
        self._hand(batch)
        self._emit(
            "LateSettled",
            market=self.market,
            meter=reading.meter,
            first_slot=reading.first_slot,
            slots=reading.slots,
        )

    def _accrue_supplier(
        self,
        accrual: Accrual,
        batch: Batch,
        slot: int,
        measured: tuple[int, int, int],
        contract: int,
        times: int = 1,
    ) -> None:
        """What the supplier of the slot takes and gives for what is missing, what is left and what
        was imported; the standing charge once a UTC day. `times` -1 takes it back."""
        view = accrual.view
        nano = self._supplier_nano(view.row, measured, contract)
        if slot % self.params.slots_per_day == 0:
            nano -= view.standing_nano
        accrual.supplier_nano += times * nano
        self._charge_network(batch, view, times * measured[2])

    def _supplier_nano(self, row: TariffRow, measured: tuple[int, int, int], contract: int) -> int:
        """What the supplier gives (positive) or takes for what is missing, left and imported."""
        missing, left, imported = measured
        nano = left * row.feed_in - missing * row.energy - imported * row.charges
        return nano + self._contract_nano(row, measured, contract)

    @staticmethod
    def _charge_network(batch: Batch, view: SlotView, imported: int) -> None:
        _, charged = batch.networks.get(view.tariff, (view.supplier, 0))
        batch.networks[view.tariff] = (view.supplier, charged + imported * view.row.network)

    def _contract_nano(self, row: TariffRow, measured: tuple[int, int, int], contract: int) -> int:
        """What the supplier takes and gives otherwise than at retail, for energy that was
        contracted ahead (bought positive) and neither delivered nor consumed."""
        if contract == 0:
            return 0
        missing, left, imported = measured
        params = self.auctions[0].params
        fetches = min(max(row.feed_in, params.surplus_nano), params.cap_nano)
        if contract < 0:
            # Never less than what a purchase fetches, or two orders that nobody means would earn.
            costs = min(max(row.imbalance, fetches), params.cap_nano)
            return max(missing - imported, 0) * (row.energy - costs)
        return min(left, max(contract - imported, 0)) * (fetches - row.feed_in)

    def _worst_case_nano(self, contract: int) -> int:
        """What a slot without a reading may cost: nothing of a sale delivered, or nothing of a
        purchase consumed."""
        if contract == 0:
            return 0
        params = self.auctions[0].params
        return contract * (params.cap_nano if contract < 0 else params.surplus_nano)

    def _close(self, batch: Batch, meter: int, accrual: Accrual) -> None:
        batch.entries.append(
            Entry(
                meter=meter,
                account=accrual.view.owner,
                supplier=accrual.view.supplier,
                release_nano=accrual.release_nano,
                pay_nano=accrual.pay_nano,
                income_nano=accrual.income_nano,
                supplier_nano=accrual.supplier_nano,
                collateral_nano=accrual.collateral_nano,
                contract_nano=accrual.contract_nano,
            )
        )
        if len(batch.entries) == BATCH_ENTRIES:
            self._hand(batch)

    def _hand(self, batch: Batch) -> None:
        """Hand a batch to the ledger and empty it."""
        if not batch.entries:
            return
        networks = [Network(supplier, charge) for supplier, charge in batch.networks.values()]
        self._ledger.settle(
            self.market,
            self._registry.areas[self.params.area].operator,
            self.params.fee_account,
            batch.fees_nano,
            batch.entries,
            networks,
        )
        batch.entries, batch.fees_nano = [], 0
        batch.networks = {tariff: (who, 0) for tariff, (who, _) in batch.networks.items()}


def window_slots(window: int) -> range:
    """Return the eight slots of a window."""
    return range(window * WINDOW_SLOTS, (window + 1) * WINDOW_SLOTS)


def lock_nano(posting: Posting, view: SlotView) -> int:
    """What stands locked for an offer: the worst that its owner may have to pay for it."""
    return posting.buy_wh * max(view.gross_buy, 0) + posting.sell_wh * max(-view.gross_sell, 0)


def all_left_over(value: tuple[int, int]) -> tuple[int, int, int]:
    """Return what is missing, left and imported where an import and export meet no contract and no
    neighbour."""
    return value[0], value[1], value[0]


def _covered_down(wh: int, each_nano: int, budget_nano: int) -> tuple[int, int]:
    """How many of `wh` the budget covers, rounded down, and what is left of it."""
    covered = wh if each_nano == 0 else min(wh, budget_nano // each_nano)
    return covered, budget_nano - covered * each_nano
