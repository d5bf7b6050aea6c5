"""The facade of the runs after the first: corrections, estimates of what is missing, the boundary.

    correction = sign_correction(contracts, meter_key, Correction.of(meter, slot, number, values))
    runs = Runs(market)
    sender.send(runs.correct_call(correction))
    for missing in runs.missing():
        ...

What a call needs as evidence is gathered from the log: the records of a day, and what the slots
were settled for, with its proof. Energy in Wh, money in nano-currency, time in slots.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from p2pchain.chain import events as log
from p2pchain.chain.abi import Call
from p2pchain.chain.bindings import structs
from p2pchain.chain.bindings.forward_auction import (
    ForwardCleared,
    Ordered,
    OrdersRelayed,
    PartsAdded,
    Scheduled,
)
from p2pchain.chain.bindings.metering import ReadingCorrected, ReadingPosted
from p2pchain.chain.bindings.settlement import (
    MemberSettled,
    SellsCleared,
    WindowAdopted,
    WindowCleared,
    WindowsSettled,
    WindowVoided,
)
from p2pchain.chain.deployment import Contracts
from p2pchain.eip712 import correction_digest, metering_domain
from p2pchain.errors import BadInput, Difference, Refused
from p2pchain.evidence import (
    Pair,
    SettledCall,
    SettledMember,
    contract_lanes,
    effective,
    spread_down,
)
from p2pchain.history import Ahead
from p2pchain.keys import MeterKey
from p2pchain.market import Market, packed
from p2pchain.model import (
    DAY_SECONDS,
    WINDOW_SLOTS,
    Correction,
    EstimateRule,
    Phase,
    Quality,
    Reading,
    SettledEvidence,
    SlotResult,
)

_KINDS = (
    SellsCleared,
    WindowAdopted,
    WindowCleared,
    WindowVoided,
    MemberSettled,
    WindowsSettled,
    Ordered,
    OrdersRelayed,
    PartsAdded,
    Scheduled,
    ForwardCleared,
)
_WEEK_DAYS = 7
# Gas of a step of adding up, by member and by record of a member; what is left is for the border.
_TALLY_CALL, _TALLY_MEMBER, _TALLY_RECORD = 1_000_000, 90_000, 40_000
_TALLY_MOST = 14_000_000

Records = Mapping[tuple[int, int], list[Reading]]


@dataclass(frozen=True, slots=True)
class Missing:
    """Consecutive slots of a member's settled windows that nobody has read.

    `rule` says how they can be estimated (None: not at all), `estimated` that they are, `worst`
    that contracts were settled at the worst, which only a reading changes.
    """

    meter: int
    first_slot: int
    slots: int
    rule: EstimateRule
    estimated: bool = False
    worst: bool = False


@dataclass(frozen=True, slots=True)
class WindowRun:
    """Where a settled window stands: the number of its run, and when it is final (unix time)."""

    window: int
    run: int
    final_at: int
    disputed: bool


class _Group(NamedTuple):
    """What slots have in common that are estimated together."""

    meter: int
    offset: int
    day: int
    rule: EstimateRule
    gap: int
    until: int


def sign_correction(
    contracts: Contracts, meter_key: MeterKey, correction: Correction
) -> Correction:
    """Return a correction with the meter's signature; its key of now signs."""
    domain = metering_domain(contracts.chain.chain_id, contracts.address("Metering"))
    return correction.signed(meter_key.sign_digest(correction_digest(domain, correction)))


def day_records(contracts: Contracts, days: Iterable[tuple[int, int]]) -> Records:
    """Return all records of some (meter, UTC day), in the order in which they were taken."""
    wanted = set(days)
    per_day = DAY_SECONDS // contracts.deployment.slot_seconds
    found: dict[tuple[int, int], list[Reading]] = defaultdict(list)
    for entry in log.read(contracts, kinds=(ReadingPosted, ReadingCorrected)):
        event = entry.event
        assert isinstance(event, ReadingPosted | ReadingCorrected)
        key = event.meter, event.first_slot // per_day
        if key in wanted:
            found[key].append(_record(event))
    return found


def next_number(records: Sequence[Reading]) -> int:
    """Return the number of the next correction of a day, by its records."""
    return 1 + sum(record.quality == Quality.CORRECTED for record in records)


def correct_alone_call(
    contracts: Contracts, correction: Correction, records: Sequence[Reading] | None = None
) -> Call:
    """Return the call that corrects a meter that is in no market."""
    key = correction.meter, _day(contracts, correction.first_slot)
    known = day_records(contracts, [key])[key] if records is None else records
    return contracts.metering.correct(_correction(correction), [packed(r) for r in known])


class Runs:
    """The runs of one market."""

    def __init__(self, market: Market) -> None:
        self.market = market

    @property
    def contracts(self) -> Contracts:
        return self.market.contracts

    @cached_property
    def per_day(self) -> int:
        """Slots of a UTC day."""
        return DAY_SECONDS // self.market.slot_seconds

    # Corrections

    def correct_call(self, correction: Correction) -> Call:
        """Return the call that corrects a member, with its evidence. Raises BadInput where its
        slots were not settled together."""
        key = correction.meter, correction.first_slot // self.per_day
        records = day_records(self.contracts, [key])[key]
        evidence = self.evidence(
            correction.meter, range(correction.first_slot, correction.until_slot)
        )
        return self.contracts.settlement.correct(
            self.market.id,
            _correction(correction),
            [packed(record) for record in records],
            structs.SettledEvidence(
                evidence.first_window,
                evidence.windows,
                evidence.from_index,
                evidence.results,
                evidence.fills,
                evidence.contracts,
                evidence.proof,
            ),
        )

    def evidence(self, meter: int, slots: range) -> SettledEvidence:
        """Return what a member's slots were settled for, and the proof."""
        windows = sorted({slot // WINDOW_SLOTS for slot in slots})
        index = self.contracts.markets.member_by_meter(self.market.id, meter, slots[0]).index
        calls = self.calls(windows)
        for call in calls:
            if call.covers(index, windows):
                return call.evidence(index)
        settled = {w for c in calls for w in range(c.first_window, c.first_window + c.windows)}
        if set(windows) <= settled:
            raise BadInput(
                "these slots were settled in several calls, each window on its own",
                hint="correct the slots of each window of eight apart",
            )
        window = min(set(windows) - settled)
        raise BadInput(
            f"window {window} is not settled yet",
            hint="'p2pchain settle --clear' settles it; until then nothing is corrected",
        )

    def calls(self, windows: Iterable[int]) -> list[SettledCall]:
        """Return the calls that have settled any of these windows. Raises Difference where the
        contract keeps another word of one."""
        wanted, meters, ahead = set(windows), self.market.meters(), Ahead(self.market)
        results: dict[int, tuple[int, ...]] = {}
        sells: dict[int, tuple[int, ...]] = {}
        cursors: dict[int, int] = defaultdict(int)
        fills: dict[int, tuple[int, ...]] = {}
        found = []
        for entry in log.read(self.contracts, kinds=_KINDS):
            event = entry.event
            if isinstance(event, Ordered | OrdersRelayed | Scheduled | ForwardCleared | PartsAdded):
                ahead.apply(event)
            elif getattr(event, "market", None) != self.market.id:
                continue
            elif isinstance(event, SellsCleared):
                sells[event.window] = tuple(event.sells)
            elif isinstance(event, WindowCleared | WindowAdopted):
                results[event.window] = tuple(event.results)
                if isinstance(event, WindowAdopted):
                    sells[event.window] = tuple(event.sells)
            elif isinstance(event, WindowVoided):
                results[event.window] = (0,) * WINDOW_SLOTS
            elif isinstance(event, MemberSettled):
                fills[event.meter] = tuple(event.fills)
            elif isinstance(event, WindowsSettled):
                span = range(event.first_window, event.first_window + event.windows)
                walked = range(cursors[event.first_window], event.cursor)
                cursors |= dict.fromkeys(span, event.cursor)
                if wanted & set(span):
                    ahead.close()
                    members = tuple(
                        SettledMember(
                            meters[index],
                            fills.get(meters[index], ()),
                            _contracts(ahead, meters[index], span),
                        )
                        for index in walked
                    )
                    words = _with_sells(span, results, sells)
                    call = SettledCall(span.start, len(span), walked.start, words, members)
                    found.append(self._checked(call))
                fills.clear()
        return found

    def _checked(self, call: SettledCall) -> SettledCall:
        kept = self.contracts.settlement.root_of(self.market.id, call.first_window, call.from_index)
        if kept != call.word:
            raise Difference(
                f"windows from {call.first_window}: the contract keeps another word of what was "
                "settled than the log comes to",
                hint="'p2pchain check' compares all of it",
            )
        return call

    # Estimates

    def where(self, windows: Iterable[int]) -> dict[int, WindowRun]:
        """Return where settled windows stand."""
        settlement, now = self.contracts.settlement, self.contracts.chain.block().timestamp
        found = {}
        for window in windows:
            end = (window + 1) * WINDOW_SLOTS * self.market.slot_seconds
            day = window * WINDOW_SLOTS // self.per_day
            found[window] = WindowRun(
                window=window,
                run=self.market.params.run_at(end, now),
                final_at=settlement.final_at(self.market.id, window),
                disputed=settlement.tally_of(self.market.id, day).disputed,
            )
        return found

    def open_windows(self) -> dict[int, WindowRun]:
        """Return the windows that are settled, past their deadline and not final."""
        now = self.contracts.chain.block().timestamp
        params, seconds = self.market.params, WINDOW_SLOTS * self.market.slot_seconds
        settled: set[int] = set()
        for entry in log.read(self.contracts, kinds=(WindowsSettled,)):
            event = entry.event
            assert isinstance(event, WindowsSettled)
            if event.market == self.market.id:
                settled |= set(range(event.first_window, event.first_window + event.windows))
        # No window stays open for longer than the hashes of its day are kept.
        oldest = now // seconds - 32 * DAY_SECONDS // seconds
        late = [
            window
            for window in sorted(settled)
            if window >= oldest
            and now >= (window + 1) * seconds + params.post_seconds
            and Phase(int(self.market.window(window).phase)) == Phase.SETTLED
        ]
        return {w: run for w, run in self.where(late).items() if now < run.final_at}

    def missing(self, windows: Iterable[int]) -> list[Missing]:
        """Return what nobody has read of settled windows, meter by meter."""
        span = sorted(windows)
        found: list[Missing] = []
        unknown: list[tuple[int, int]] = []
        gaps: dict[int, tuple[structs.Gap, ...]] = {}
        for meter in self.market.meters() if span else ():
            slots, gaps[meter] = self._not_read(meter, span)
            for slot in slots:
                state = self._kept(meter, slot)
                if state is None:
                    unknown.append((meter, slot))
                else:
                    found.append(state)
        return sorted(
            [*found, *self._with_rules(unknown, gaps)], key=lambda one: (one.meter, one.first_slot)
        )

    def estimate_call(self, missing: Missing) -> Call:
        """Return the call that estimates missing slots."""
        records: list[Reading] = []
        if missing.rule == EstimateRule.WEEK_BEFORE:
            key = missing.meter, missing.first_slot // self.per_day - _WEEK_DAYS
            records = day_records(self.contracts, [key])[key]
        return self.contracts.settlement.estimate(
            self.market.id,
            missing.meter,
            missing.first_slot,
            missing.slots,
            [packed(record) for record in records],
        )

    def _not_read(
        self, meter: int, windows: Sequence[int]
    ) -> tuple[list[int], tuple[structs.Gap, ...]]:
        """Return the slots of windows in which a member takes part and that it has not posted."""
        metering = self.contracts.metering
        head, origin = metering.head_of(meter), metering.origin_of(meter)
        gaps = tuple(metering.gaps_of(meter)) if head.gaps else ()
        slots = []
        until, active = 0, False
        for window in windows:
            for slot in range(window * WINDOW_SLOTS, (window + 1) * WINDOW_SLOTS):
                if slot >= until:
                    terms = self.contracts.markets.member_by_meter(self.market.id, meter, slot)
                    until, active = terms.until_slot, terms.active and terms.billing_grade
                posted = origin.slot <= slot < head.next_slot
                in_gap = any(gap.from_slot <= slot < gap.until_slot for gap in gaps)
                if active and (not posted or in_gap):
                    slots.append(slot)
        return slots, gaps

    def _kept(self, meter: int, slot: int) -> Missing | None:
        """Return a slot that is estimated or held at the worst, None for one that is neither."""
        window, lane = divmod(slot, WINDOW_SLOTS)
        worst, estimated = self._masks(meter, window)
        if not (worst | estimated) >> lane & 1:
            return None
        held = bool(worst >> lane & 1)
        return Missing(meter, slot, 1, EstimateRule.NONE, estimated=not held, worst=held)

    def _masks(self, meter: int, window: int) -> tuple[int, int]:
        settlement, market = self.contracts.settlement, self.market.id
        unread = settlement.unread_of(market, meter, window)
        estimate = settlement.estimate_of(market, meter, window)[0]
        return unread >> 224 & 0xFF, estimate >> 224 & 0xFF

    def _with_rules(
        self, slots: Sequence[tuple[int, int]], gaps: Mapping[int, tuple[structs.Gap, ...]]
    ) -> Iterator[Missing]:
        """Say of missing slots how they can be estimated, those that go together in one."""
        back = _WEEK_DAYS * self.per_day
        days = {(meter, slot // self.per_day - _WEEK_DAYS) for meter, slot in slots}
        known = day_records(self.contracts, days) if days else {}
        past = {key: effective(records) for key, records in known.items()}
        terms: dict[int, tuple[int, int, int]] = {}

        def kind(meter: int, slot: int) -> tuple[EstimateRule, int]:
            if not terms.get(meter, (1, 0, 0))[0] <= slot < terms.get(meter, (0, 0, 0))[1]:
                found, until = self.contracts.registry.terms_at(meter, slot)
                terms[meter] = (slot, until, found.fuse_wh)
            for number, gap in enumerate(gaps[meter]):
                if gap.from_slot <= slot < gap.until_slot:
                    fits = max(spread(gap, slot)) <= terms[meter][2]
                    return (EstimateRule.SPREAD if fits else EstimateRule.NONE), number
            before = past.get((meter, slot // self.per_day - _WEEK_DAYS), {})
            rule = EstimateRule.WEEK_BEFORE if slot - back in before else EstimateRule.NONE
            return rule, 0

        def together(item: tuple[int, tuple[int, int]]) -> _Group:
            place, (meter, slot) = item
            rule, gap = kind(meter, slot)
            return _Group(meter, slot - place, slot // self.per_day, rule, gap, terms[meter][1])

        for group, items in groupby(enumerate(slots), together):
            run = [slot for _, (_, slot) in items]
            yield Missing(group.meter, run[0], len(run), group.rule)

    # The boundary

    def tally_calls(self, day: int, *, complete: bool = True) -> list[Call]:
        """Return the calls that add up a UTC day (unix days) and compare it with the boundary
        meter. Raises BadInput where the area has none, and (if `complete`) Refused where a slot
        was never read."""
        contracts, market = self.contracts, self.market.id
        boundary = contracts.registry.boundary_of(self.market.params.area)
        if boundary.meter == 0:
            raise BadInput(
                f"area {self.market.params.area} has no boundary meter",
                hint="'p2pchain admin boundary' names it",
            )
        meters = self.market.meters()
        records = day_records(contracts, [(m, day) for m in (*meters, boundary.meter)])
        slots = range(day * self.per_day, (day + 1) * self.per_day)
        if complete:
            _require_read(boundary.meter, slots, records[boundary.meter, day])
        mine: list[list[structs.Reading]] = []
        for meter in meters:
            if not self._takes_part(meter, slots):
                mine.append([])
                continue
            if complete:
                _require_read(meter, slots, records[meter, day])
            mine.append([packed(r) for r in records[meter, day]])
        border = [packed(record) for record in records[boundary.meter, day]]
        cursor = contracts.settlement.tally_of(market, day).cursor
        calls = []
        while cursor < len(mine):
            size = _members_at_once(mine[cursor:])
            last = cursor + size == len(mine)
            calls.append(
                contracts.settlement.tally(
                    market, day, cursor, mine[cursor : cursor + size], border if last else []
                )
            )
            cursor += size
        return calls

    def _takes_part(self, meter: int, slots: range) -> bool:
        slot = slots.start
        while slot < slots.stop:
            terms = self.contracts.markets.member_by_meter(self.market.id, meter, slot)
            if terms.active:
                return True
            slot = terms.until_slot
        return False


def spread(gap: structs.Gap, slot: int) -> Pair:
    """Return what a slot of a gap is taken to be by the registers on both sides of it."""
    place, parts = slot - gap.from_slot, gap.until_slot - gap.from_slot
    imported = gap.until_import_wh - gap.from_import_wh
    exported = gap.until_export_wh - gap.from_export_wh
    return spread_down(imported, place, parts), spread_down(exported, place, parts)


def _require_read(meter: int, slots: Iterable[int], records: Sequence[Reading]) -> None:
    values = effective(records)
    for slot in slots:
        if slot not in values:
            raise Refused(
                "NotComplete",
                (meter, slot),
                "every member and the boundary meter must have been read in all slots of the day",
            )


def _members_at_once(records: Sequence[Sequence[structs.Reading]]) -> int:
    gas, count = _TALLY_CALL, 0
    for mine in records:
        gas += _TALLY_MEMBER + _TALLY_RECORD * len(mine)
        if count and gas > _TALLY_MOST:
            break
        count += 1
    return count


def _contracts(ahead: Ahead, meter: int, windows: range) -> tuple[int, ...]:
    slots = range(windows.start * WINDOW_SLOTS, windows.stop * WINDOW_SLOTS)
    wh = [
        contract.net_wh if (contract := ahead.contracts.get((meter, slot))) else 0 for slot in slots
    ]
    if not any(wh):
        return ()
    return tuple(contract_lanes(wh[at : at + WINDOW_SLOTS]) for at in range(0, len(wh), 8))


def _correction(c: Correction) -> structs.Correction:
    return structs.Correction(c.meter, c.first_slot, c.slots, c.number, c.intervals, c.signature)


def _record(event: ReadingPosted | ReadingCorrected) -> Reading:
    """Return a record as it counts in the day's hash; its signature does not."""
    if isinstance(event, ReadingCorrected):
        correction = Correction(
            event.meter, event.first_slot, event.slots, event.number, tuple(event.intervals)
        )
        return correction.record
    return Reading(
        event.meter,
        event.first_slot,
        event.slots,
        Quality(int(event.quality)),
        event.import_wh,
        event.export_wh,
        tuple(event.intervals),
    )


def _day(contracts: Contracts, slot: int) -> int:
    return slot * contracts.deployment.slot_seconds // DAY_SECONDS


def _with_sells(
    windows: Sequence[int], results: Mapping[int, Sequence[int]], sells: Mapping[int, Sequence[int]]
) -> tuple[int, ...]:
    """Return results as the evidence has them: those of the sells follow where some slot has one of
    its own for them."""
    words = [word for window in windows for word in results[window]]
    others = [word for window in windows for word in sells.get(window, (0,) * WINDOW_SLOTS)]
    if not any(SlotResult.unpack(word).apart for word in words):
        return tuple(words)
    apart = (SlotResult.unpack(word).apart for word in words)
    pairs = zip(words, others, apart, strict=True)
    return (*words, *(other if own else word for word, other, own in pairs))
