"""The readable twin of what changes a settled window: corrections, estimates, the boundary check.

The first settlement of a window is run 0; until it is final, whatever becomes known later is
settled with the supplier by difference, so that all runs add up to one run on the last data. What
was traded stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from p2pchain.errors import Refused
from p2pchain.evidence import Pair, proves, settled_in, spread_down
from p2pchain.ledger import Emit, LedgerTwin
from p2pchain.level_twin import LevelsTwin
from p2pchain.metering import MeteringTwin
from p2pchain.model import (
    WINDOW_SLOTS,
    Correction,
    EstimateRule,
    MarketParams,
    Phase,
    Reading,
    SettledEvidence,
    TariffRow,
)
from p2pchain.posting import Accrual, Batch, SlotView, all_left_over, window_slots
from p2pchain.registry import RegistryTwin
from p2pchain.settlement import MarketTwin

#: An estimate looks back as many days.
WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Estimate:
    """What missing slots were taken to be, import and export Wh of each, and by which rule."""

    rule: EstimateRule
    values: tuple[Pair, ...]
    run: int


@dataclass(frozen=True, slots=True)
class Tally:
    """Net import of a day: of all members together, and across the border."""

    members_wh: int
    boundary_wh: int
    disputed: bool


class RunsTwin(MarketTwin):
    """One market with all its runs."""

    def __init__(
        self,
        market: bytes,
        params: MarketParams,
        registry: RegistryTwin,
        ledger: LedgerTwin,
        metering: MeteringTwin,
        levels: LevelsTwin,
        emit: Emit,
    ) -> None:
        super().__init__(market, params, registry, ledger, levels, emit)
        self._metering = metering
        #: Of a day that is being added up: the next member, and the sum so far.
        self.tallies: dict[int, tuple[int, int]] = {}

    def run_at(self, slot: int, now: int | None) -> int:
        """Return the number of the run in which a slot stands."""
        if now is None:
            return 0
        return self.params.run_at(self.window_end(slot // WINDOW_SLOTS), now)

    # Corrections

    def correct(
        self,
        correction: Correction,
        now: int | None = None,
        records: Sequence[Reading] | None = None,
        evidence: SettledEvidence | None = None,
    ) -> int:
        """Replace values of settled slots, and settle the difference with the supplier; return it.

        Records and evidence are checked where they are given; else what the twin knows holds.
        Raises Refused, and changes nothing then.
        """
        meter = correction.meter
        self._metering.check_correction(correction, now, records)
        slots = range(correction.first_slot, correction.until_slot)
        view = self._one_view(meter, slots)
        self._check_not_final(slots, now)
        evidence = self._evidence(meter, slots, evidence)
        before = self._metering.correct(correction, now, records)
        batch, accrual = Batch(), Accrual(view)
        for slot, new in zip(slots, correction.values, strict=True):
            accrual.view = self.view(meter, slot)
            settled = settled_in(evidence, slot)
            accrual.supplier_nano += self._amount_nano(accrual.view.row, slot, new, meter, settled)
            old = before[slot]
            accrual.supplier_nano -= self._amount_nano(accrual.view.row, slot, old, meter, settled)
            self._charge_network(batch, accrual.view, new[0] - before[slot][0])
        self._close(batch, meter, accrual)
        self._hand(batch)
        # Whoever is adding up this day begins anew.
        self.tallies.pop(slots[0] // self.params.slots_per_day, None)
        self._emit(
            "CorrectionSettled",
            market=self.market,
            meter=meter,
            first_slot=correction.first_slot,
            slots=correction.slots,
            number=correction.number,
            run=self.run_at(correction.first_slot, now),
            supplier_nano=accrual.supplier_nano,
        )
        return accrual.supplier_nano

    def evidence_of(self, meter: int, slots: range) -> SettledEvidence:
        """Return what a member's slots were settled for, with its proof."""
        windows = {slot // WINDOW_SLOTS for slot in slots}
        index = self.by_meter[meter].index
        for call in self.calls[slots[0] // WINDOW_SLOTS]:
            if call.covers(index, windows):
                return call.evidence(index)
        raise Refused("NotSettled", (slots[-1] // WINDOW_SLOTS,))

    def _evidence(self, meter: int, slots: range, given: SettledEvidence | None) -> SettledEvidence:
        known = self.evidence_of(meter, slots)
        if given is None:
            return known
        for call in self.calls[given.first_window]:
            if (call.windows, call.from_index) != (given.windows, given.from_index):
                continue
            index = self.by_meter[meter].index
            if proves(call.word, meter, given) and call.covers(
                index, {slot // WINDOW_SLOTS for slot in slots}
            ):
                return given
        raise Refused("WrongProof")

    def _amount_nano(
        self, row: TariffRow, slot: int, value: Pair, meter: int, settled: tuple[Pair, int, Pair]
    ) -> int:
        """What the supplier gives (positive) or takes for a slot, whose fills stand: what was
        bought of the neighbours and not used goes to the supplier at what it cost, and what was
        sold to them and not there comes from him at what it fetched."""
        fills, contract, prices = settled
        staged = self._ledger.contracted_wh.get((meter, slot), 0)
        net = self._net((*value, contract + staged))
        measured = (max(net.buy_wh - fills[0], 0), max(net.sell_wh - fills[1], 0), value[0])
        over_buy, over_sell = max(fills[0] - net.buy_wh, 0), max(fills[1] - net.sell_wh, 0)
        over = over_buy * prices[0] - over_sell * prices[1]
        return self._supplier_nano(row, measured, contract) + over

    def _check_not_final(self, slots: range, now: int | None) -> None:
        """Windows become final in their order, so the first tells."""
        window = slots[0] // WINDOW_SLOTS
        if now is not None and now >= self.final_at(window):
            raise Refused("Final", (window,))

    def _one_view(self, meter: int, slots: range) -> SlotView:
        """Return the view of the first slot; the same terms must hold in all."""
        if not self.is_active(meter, slots[0]):
            raise Refused("NotAMember", (meter, slots[0]))
        until = self._registry.terms[meter].until(slots[0])
        if until < slots.stop:
            raise Refused("SplitAtChange", (meter, until))
        if self._registry.member_row(meter, slots[0]) is None:
            raise Refused("NoTariff", (meter, slots[0]))
        return self.view(meter, slots[0])

    # Estimates

    def estimate(
        self,
        meter: int,
        first_slot: int,
        slots: int,
        now: int | None = None,
        records: Sequence[Reading] | None = None,
    ) -> Estimate:
        """Settle slots that nobody has read by an estimate, until their reading comes; return it.

        `records` are those of the same day a week before, for the second rule.
        """
        span = range(first_slot, first_slot + slots)
        per_day = self.params.slots_per_day
        if not span or span[0] // per_day != span[-1] // per_day:
            raise Refused("BadFormat")
        view = self._one_view(meter, span)
        for window in sorted({slot // WINDOW_SLOTS for slot in span}):
            deadline = self.window_end(window) + self.params.post_seconds
            if self.window_state(window).phase != Phase.SETTLED:
                raise Refused("NotSettled", (window,))
            if now is not None and now < deadline:
                raise Refused("NotReady", (window, meter, deadline))
        self._check_not_final(span, now)
        for slot in span:
            self._check_missing(meter, slot)
        rule, values = self.missing_values(meter, span, records)
        batch, accrual = Batch(), Accrual(view)
        for slot, value in zip(span, values, strict=True):
            accrual.view = self.view(meter, slot)
            self._accrue_supplier(accrual, batch, slot, all_left_over(value), 0)
            self.estimates[meter, slot] = value
        self._close(batch, meter, accrual)
        self._hand(batch)
        return Estimate(rule, values, self.run_at(first_slot, now))

    def missing_values(
        self, meter: int, slots: range, records: Sequence[Reading] | None = None
    ) -> tuple[EstimateRule, tuple[Pair, ...]]:
        """Return what slots without a reading are taken to be: what the registers grew by over
        their gap in equal parts, else the same slots of a week before. Raises Refused."""
        for gap in self._metering.gaps[meter]:
            if gap.from_slot <= slots[0] and slots[-1] < gap.until_slot:
                parts = gap.until_slot - gap.from_slot
                grown = [gap.right[side] - gap.left[side] for side in (0, 1)]
                values = [
                    (
                        spread_down(grown[0], slot - gap.from_slot, parts),
                        spread_down(grown[1], slot - gap.from_slot, parts),
                    )
                    for slot in slots
                ]
                terms = self._registry.terms_at(meter, slots[0])
                for slot, value in zip(slots, values, strict=True):
                    if terms is None or max(value) > terms.fuse_wh:
                        raise Refused("NoEstimate", (meter, slot))
                return EstimateRule.SPREAD, tuple(values)
        back = WEEK_DAYS * self.params.slots_per_day
        day = slots[0] // self.params.slots_per_day - WEEK_DAYS
        known = self._metering.evidence_of(meter, day, records)
        if any(slot - back not in known for slot in slots):
            raise Refused("NoEstimate", (meter, slots[0]))
        return EstimateRule.WEEK_BEFORE, tuple(known[slot - back] for slot in slots)

    def estimate_words(self, meter: int, window: int) -> tuple[int, int]:
        """Return the estimates of a window as the contract keeps them: lanes of imports with the
        mask of the slots on top, lanes of exports."""
        imports = exports = 0
        for lane, slot in enumerate(window_slots(window)):
            value = self.estimates.get((meter, slot))
            if value is not None:
                imports |= value[0] << 28 * lane | 1 << (224 + lane)
                exports |= value[1] << 28 * lane
        return imports, exports

    def why_not_missing(self, meter: int, slot: int) -> str | None:
        """Return why a slot takes no estimate: it has been read, or estimated, or was settled at
        the worst for want of a reading."""
        if self._metering.is_read(meter, slot):
            return "AlreadyRead"
        if (meter, slot) in self.unread:
            return "HeldAtWorst"
        return "AlreadyEstimated" if (meter, slot) in self.estimates else None

    def _check_missing(self, meter: int, slot: int) -> None:
        why = self.why_not_missing(meter, slot)
        if why:
            raise Refused(why, (meter, slot))

    # The boundary

    def tally_step(self, day: int, until: int, now: int | None = None) -> int:
        """Add up what the members took in a day, up to an index (exclusive) that is not the last,
        from where the last step ended; return the sum so far. Raises Refused."""
        members_wh = self._add_up(day, until, now)
        self.tallies[day] = (until, members_wh)
        return members_wh

    def tally(self, day: int, now: int | None = None) -> Tally:
        """Compare what all members took in a day with what crossed the border; a day that does not
        add up is in dispute until a later tally. Raises Refused."""
        members_wh = self._add_up(day, len(self.members), now)
        boundary = self._registry.boundaries.get(self.params.area)
        if boundary is None or not boundary.meter or self._metering.heads[boundary.meter].enrolled:
            raise Refused("NoBoundary", (self.params.area,))
        across = self._whole_day(boundary.meter, day).values()
        imported, exported = sum(v[0] for v in across), sum(v[1] for v in across)
        disputed = not boundary.within(members_wh, (imported, exported))
        (self.disputes.add if disputed else self.disputes.discard)(day)
        self.tallies.pop(day, None)
        return Tally(members_wh, imported - exported, disputed)

    def _add_up(self, day: int, until: int, now: int | None) -> int:
        slots = self._slots_of(day)
        for window in range(slots.start // WINDOW_SLOTS, slots.stop // WINDOW_SLOTS):
            if not self.is_settled(window):
                raise Refused("NotSettled", (window,))
        self._check_not_final(slots, now)
        cursor, members_wh = self.tallies.get(day, (0, 0))
        for member in self.members[cursor:until]:
            active = [slot for slot in slots if self.is_active(member.meter, slot)]
            if active:
                values = self._whole_day(member.meter, day)
                members_wh += sum(values[slot][0] - values[slot][1] for slot in active)
        return members_wh

    def _slots_of(self, day: int) -> range:
        per_day = self.params.slots_per_day
        return range(day * per_day, (day + 1) * per_day)

    def _whole_day(self, meter: int, day: int) -> dict[int, Pair]:
        values = self._metering.evidence_of(meter, day)
        for slot in self._slots_of(day):
            if slot not in values:
                raise Refused("NotComplete", (meter, slot))
        return values
