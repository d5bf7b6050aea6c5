"""The readable twin of `contracts/Metering.sol`: cumulative registers, each slot exactly once.

Registers are pairs (import, export) in Wh. Signatures are not this module's matter: `verify`, when
given, says whether a reading is signed by a key; a replay of accepted readings needs none. What a
correction adds or takes is counted beside the registers, which stay as they are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from p2pchain.errors import Refused
from p2pchain.evidence import HASH_DAYS, Pair, chained_hash, effective
from p2pchain.ledger import Emit
from p2pchain.model import (
    DAY_SECONDS,
    MAX_GAPS,
    Correction,
    Exchange,
    Outcome,
    Quality,
    Reading,
)
from p2pchain.registry import RegistryTwin

Registers = tuple[int, int]
Verify = Callable[[Reading | Correction, bytes], bool]
_U64 = 2**64 - 1


@dataclass(slots=True)
class Head:
    """Both registers at the beginning of `next_slot`, the first slot not posted yet."""

    next_slot: int = 0
    registers: Registers = (0, 0)
    enrolled: bool = False
    kept_out: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    """Slots [from_slot, until_slot) that are missing, with the registers on both sides."""

    from_slot: int
    until_slot: int
    left: Registers
    right: Registers


class MeteringTwin:
    """What each meter has posted. A refused reading changes nothing."""

    def __init__(self, registry: RegistryTwin, emit: Emit, verify: Verify | None = None) -> None:
        self._registry = registry
        self._emit = emit
        self._verify = verify
        self.heads: defaultdict[int, Head] = defaultdict(Head)
        self.origins: dict[int, tuple[int, Registers]] = {}
        self.gaps: defaultdict[int, list[Gap]] = defaultdict(list)
        #: What holds for a slot that has been read, with the quality of the latest record.
        self.values: dict[tuple[int, int], tuple[int, int, Quality]] = {}
        self.records: defaultdict[tuple[int, int], list[Reading]] = defaultdict(list)
        self.corrections: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.corrected_wh: defaultdict[int, Pair] = defaultdict(lambda: (0, 0))
        self._day_hashes: dict[tuple[int, int], tuple[int, int]] = {}

    @property
    def slots_per_day(self) -> int:
        return DAY_SECONDS // self._registry.slot_seconds

    def keep_out(self, meter: int) -> None:
        """No market takes this meter: it is a gas meter."""
        head = self.heads[meter]
        if head.enrolled:
            raise Refused("AlreadyEnrolled", (meter,))
        if not head.kept_out:
            head.kept_out = True
            self._emit("MeterKeptOut", meter=meter)

    def take(self, reading: Reading, now: int | None = None) -> Outcome:
        """Check a reading and take it; return why not. `now` is the block's time, if known."""
        outcome = self._check(reading, now)
        if outcome != Outcome.ACCEPTED:
            return outcome
        outcome = self._join(reading)
        if outcome == Outcome.ACCEPTED:
            self._keep(reading)
        return outcome

    # Records and corrections

    def is_read(self, meter: int, slot: int) -> bool:
        """Return whether a slot has been read."""
        return (meter, slot) in self.values

    def day_hash(self, meter: int, day: int) -> int:
        """Return the chained hash of the records of a day, zero for none or where it expired."""
        kept, hashed = self._day_hashes.get((meter, day % HASH_DAYS), (day, 0))
        return hashed if kept == day else 0

    def evidence_of(
        self, meter: int, day: int, given: Sequence[Reading] | None = None
    ) -> dict[int, Pair]:
        """Return what holds for each slot of a day by its records: those given, whose hash must be
        the day's, or those known."""
        records = self.records[meter, day] if given is None else given
        hashed = self.day_hash(meter, day)
        if any(record.meter != meter for record in records) or chained_hash(records) != hashed:
            raise Refused("WrongEvidence", (meter, day))
        return effective(records)

    def check_correction(
        self, correction: Correction, now: int | None, given: Sequence[Reading] | None = None
    ) -> dict[int, Pair]:
        """Return what holds for the slots of a correction until it is made. Raises Refused."""
        meter, first, end = correction.meter, correction.first_slot, correction.until_slot
        if meter not in self._registry.area_of:
            raise Refused("UnknownMeter", (meter,))
        if not self._well_formed(correction):
            raise Refused("BadFormat")
        until = self._registry.terms[meter].until(first)
        terms = self._registry.terms_at(meter, first)
        if terms is None:
            raise Refused("BeforeRegistration", (meter, first))
        if until < end:
            raise Refused("SplitAtChange", (meter, until))
        self._check_corrector(correction, now)
        day = first // self.slots_per_day
        values = self.evidence_of(meter, day, given)
        if correction.number != self.corrections[meter, day] + 1:
            raise Refused("WrongNumber", (meter, day, self.corrections[meter, day] + 1))
        for slot, value in zip(range(first, end), correction.values, strict=True):
            if slot not in values:
                raise Refused("NotRead", (meter, slot))
            if max(value) > terms.fuse_wh:
                raise Refused("AboveFuse", (meter, slot))
        return {slot: values[slot] for slot in range(first, end)}

    def correct(
        self, correction: Correction, now: int | None, given: Sequence[Reading] | None = None
    ) -> dict[int, Pair]:
        """Make a correction; return what held for its slots before. Raises Refused."""
        before = self.check_correction(correction, now, given)
        meter = correction.meter
        for side in (0, 1):
            more = sum(new[side] for new in correction.values)
            more -= sum(old[side] for old in before.values())
            counted = list(self.corrected_wh[meter])
            counted[side] += more
            self.corrected_wh[meter] = (counted[0], counted[1])
        self.corrections[meter, correction.first_slot // self.slots_per_day] += 1
        self._keep(correction.record)
        return before

    def _keep(self, record: Reading) -> None:
        """Keep a record that was taken: its values, and the day's hash while it is not too old."""
        meter, day = record.meter, record.first_slot // self.slots_per_day
        for place, (imported, exported) in enumerate(record.values):
            key = (meter, record.first_slot + place)
            self.values[key] = (imported, exported, Quality(record.quality))
        kept, _ = self._day_hashes.get((meter, day % HASH_DAYS), (day, 0))
        if kept > day:
            return
        hashed = chained_hash([record], self.day_hash(meter, day))
        self._day_hashes[meter, day % HASH_DAYS] = (day, hashed)
        self.records[meter, day].append(record)

    def _well_formed(self, correction: Correction) -> bool:
        slots, intervals, per_day = correction.slots, correction.intervals, self.slots_per_day
        if slots == 0 or len(intervals) != (slots + 3) // 4:
            return False
        if correction.first_slot // per_day != (correction.until_slot - 1) // per_day:
            return False
        unused = -slots % 4
        return not intervals[-1] & ((1 << 64 * unused) - 1)

    def _check_corrector(self, correction: Correction, now: int | None) -> None:
        """A correction is signed by the key that the meter has now, whichever it had then."""
        if now is None:
            return
        signer = self._registry.signers[correction.meter].at(now // self._registry.slot_seconds)
        signed = bool(signer) and (self._verify is None or self._verify(correction, signer or b""))
        if not signed:
            raise Refused("BadSignature", (correction.meter,))

    # Registers

    def exchange(self, exchange: Exchange) -> Outcome:
        """Replace a meter: close the old registers, open the new ones."""
        if exchange.meter not in self._registry.area_of:
            return Outcome.UNKNOWN_METER
        head = self.heads[exchange.meter]
        closing = (exchange.closing_import_wh, exchange.closing_export_wh)
        if head.next_slot == 0:
            return Outcome.BEFORE_REGISTRATION
        if exchange.slot < head.next_slot:
            return Outcome.ALREADY_POSTED
        if not _not_below(closing, head.registers):
            return Outcome.REGISTER_FELL
        if exchange.slot == head.next_slot and closing != head.registers:
            return Outcome.REGISTERS_DO_NOT_JOIN
        if self._registry.signers[exchange.meter].until(exchange.slot - 1) != exchange.slot:
            return Outcome.SPLIT_AT_CHANGE
        if exchange.slot > head.next_slot:
            if len(self.gaps[exchange.meter]) == MAX_GAPS:
                return Outcome.TOO_MANY_GAPS
            gap = Gap(head.next_slot, exchange.slot, head.registers, closing)
            self._open_gap(exchange.meter, gap)
        head.next_slot = exchange.slot
        head.registers = (exchange.opening_import_wh, exchange.opening_export_wh)
        return Outcome.ACCEPTED

    def _check(self, reading: Reading, now: int | None) -> Outcome:
        slot_seconds = self._registry.slot_seconds
        per_day = DAY_SECONDS // slot_seconds
        first, end = reading.first_slot, reading.until_slot
        if reading.meter not in self._registry.area_of:
            return Outcome.UNKNOWN_METER
        if reading.quality == Quality.CORRECTED:
            return Outcome.BAD_FORMAT
        if reading.slots == 0 or len(reading.intervals) != (reading.slots + 3) // 4:
            return Outcome.BAD_FORMAT
        if first // per_day != (end - 1) // per_day:
            return Outcome.BAD_FORMAT
        if now is not None and end * slot_seconds > now:
            return Outcome.FUTURE_SLOT
        terms = self._registry.terms_at(reading.meter, first)
        if terms is None:
            return Outcome.BEFORE_REGISTRATION
        signers = self._registry.signers[reading.meter]
        if self._registry.terms[reading.meter].until(first) < end or signers.until(first) < end:
            return Outcome.SPLIT_AT_CHANGE
        signer = signers.at(first)
        if not signer:
            return Outcome.KEY_REVOKED
        if self._verify is not None and not self._verify(reading, signer):
            return Outcome.BAD_SIGNATURE
        return self._check_values(reading, terms.fuse_wh)

    def _check_values(self, reading: Reading, fuse_wh: int) -> Outcome:
        if any(max(value) > fuse_wh for value in reading.values):
            return Outcome.ABOVE_FUSE
        unused = -reading.slots % 4
        if reading.intervals[-1] & ((1 << 64 * unused) - 1):
            return Outcome.BAD_FORMAT
        return Outcome.BAD_FORMAT if max(reading.closing) > _U64 else Outcome.ACCEPTED

    def _join(self, reading: Reading) -> Outcome:
        head, gaps = self.heads[reading.meter], self.gaps[reading.meter]
        opening = (reading.import_wh, reading.export_wh)
        if head.next_slot != 0 and reading.first_slot < head.next_slot:
            if reading.until_slot <= self.origins[reading.meter][0]:
                return self._join_before(reading, opening)
            return self._fill_gap(reading, opening)
        if head.next_slot != 0:
            if not _not_below(opening, head.registers):
                return Outcome.REGISTER_FELL
            if reading.first_slot == head.next_slot and opening != head.registers:
                return Outcome.REGISTERS_DO_NOT_JOIN
            if reading.first_slot > head.next_slot:
                if len(gaps) == MAX_GAPS:
                    return Outcome.TOO_MANY_GAPS
                gap = Gap(head.next_slot, reading.first_slot, head.registers, opening)
                self._open_gap(reading.meter, gap)
        else:
            self.origins[reading.meter] = (reading.first_slot, opening)
        head.next_slot, head.registers = reading.until_slot, reading.closing
        return Outcome.ACCEPTED

    def _join_before(self, reading: Reading, opening: Registers) -> Outcome:
        """Records may arrive in any order: the timeline grows to the left too."""
        first, registers = self.origins[reading.meter]
        closing = reading.closing
        if not _not_below(registers, closing):
            return Outcome.REGISTER_FELL
        if reading.until_slot == first:
            if closing != registers:
                return Outcome.REGISTERS_DO_NOT_JOIN
        elif len(self.gaps[reading.meter]) == MAX_GAPS:
            return Outcome.TOO_MANY_GAPS
        else:
            gap = Gap(reading.until_slot, first, closing, registers)
            self._open_gap(reading.meter, gap)
        self.origins[reading.meter] = (reading.first_slot, opening)
        return Outcome.ACCEPTED

    def _fill_gap(self, reading: Reading, opening: Registers) -> Outcome:
        gaps, closing = self.gaps[reading.meter], reading.closing
        for place, gap in enumerate(gaps):
            if reading.first_slot < gap.from_slot or reading.until_slot > gap.until_slot:
                continue
            if not _not_below(opening, gap.left) or not _not_below(gap.right, closing):
                return Outcome.REGISTER_FELL
            at_left = reading.first_slot == gap.from_slot
            at_right = reading.until_slot == gap.until_slot
            if (at_left and opening != gap.left) or (at_right and closing != gap.right):
                return Outcome.REGISTERS_DO_NOT_JOIN
            if not at_left and not at_right and len(gaps) == MAX_GAPS:
                return Outcome.TOO_MANY_GAPS
            gaps[place] = gaps[-1]
            gaps.pop()
            if not at_left:
                left = Gap(gap.from_slot, reading.first_slot, gap.left, opening)
                self._open_gap(reading.meter, left)
            if not at_right:
                right = Gap(reading.until_slot, gap.until_slot, closing, gap.right)
                self._open_gap(reading.meter, right)
            return Outcome.ACCEPTED
        return Outcome.ALREADY_POSTED

    def _open_gap(self, meter: int, gap: Gap) -> None:
        self.gaps[meter].append(gap)
        self._emit("GapOpened", meter=meter, from_slot=gap.from_slot, until_slot=gap.until_slot)


def _not_below(registers: Registers, bound: Registers) -> bool:
    return registers[0] >= bound[0] and registers[1] >= bound[1]
