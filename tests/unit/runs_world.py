"""A small community whose windows are settled in several runs, and the log of it with its times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from p2pchain.model import Correction, Outcome, Reading, pack_intervals
from p2pchain.registry import Boundary
from p2pchain.replay import TwinMarket
from p2pchain.runs import Estimate, Tally
from tests.unit.forward_world import DAY, FIRST, ForwardWorld, account, event, fields_of

Pair = tuple[int, int]


class RunsWorld(ForwardWorld):
    """Slots are counted from FIRST, which begins a UTC day; the clock from its beginning."""

    def __init__(self, *args: Any, **more: Any) -> None:
        self.times: list[int | None] = []
        self.numbers: dict[tuple[int, int], int] = {}
        super().__init__(*args, **more)

    def _do(self, *causes: Any) -> None:
        super()._do(*causes)
        self.times.append(self.twin.now)

    def piece(self, meter: int, slot: int, registers: Pair, values: Sequence[Pair]) -> Outcome:
        """Post a record with registers of its own."""
        reading = Reading.of(meter, FIRST + slot, *registers, values)
        outcome = self.twin.post_readings(self.market, [reading])[0]
        if outcome == Outcome.ACCEPTED:
            self._do(event("ReadingPosted", **fields_of(reading)))
        return outcome

    def correction(self, meter: int, slot: int, values: Sequence[Pair]) -> Correction:
        day = (FIRST + slot) // 24
        number = self.numbers.get((meter, day), 0) + 1
        return Correction.of(meter, FIRST + slot, number, values)

    def correct(self, meter: int, slot: int, values: Sequence[Pair], **more: Any) -> int:
        correction = self.correction(meter, slot, values)
        nano = self.twin.correct(correction, **more)
        self.numbers[meter, (FIRST + slot) // 24] = correction.number
        self._do(event("ReadingCorrected", **fields_of(correction)))
        self.twin.assert_conserved()
        return nano

    def estimate(self, meter: int, slot: int, slots: int, **more: Any) -> Estimate:
        made = self.twin.estimate(self.market, meter, FIRST + slot, slots, **more)
        fields: dict[str, Any] = {"meter": meter, "first_slot": FIRST + slot, "slots": slots}
        fields |= {"run": made.run}
        fields |= {"rule": int(made.rule), "intervals": list(pack_intervals(made.values))}
        self._do(event("EstimateSettled", market=self.market, **fields))
        self.twin.assert_conserved()
        return made

    def boundary(self, wh: int = 0, ppm: int = 0, meter: int | None = None) -> int:
        """Name a boundary meter, a new one unless given."""
        if meter is None:
            meter = len(self.twin.registry.area_of) + 1
            terms = self.twin.registry.terms_at(1, FIRST)
            assert terms is not None
            self.twin.register_meter(1, terms)
            self._do(
                event("MeterRegistered", meter=meter, area=1, point_commitment=b"\0" * 32),
                event("TermsSet", meter=meter, **fields_of(terms)),
                event("SignerSet", meter=meter, from_slot=terms.from_slot, signer=b"\1" * 20),
            )
        self.twin.set_boundary(1, Boundary(meter, wh, ppm))
        fields = {"meter": meter, "tolerance_wh": wh, "tolerance_ppm": ppm}
        self._do(event("BoundarySet", area=1, **fields))
        return meter

    def post_alone(self, meter: int, slot: int, values: Sequence[Pair]) -> None:
        """Post a reading of a meter that is in no market."""
        reading = Reading.of(meter, FIRST + slot, *self.registers.get(meter, (0, 0)), values)
        assert self.twin.post([reading]) == [Outcome.ACCEPTED]
        self.registers[meter] = reading.closing
        self._do(event("ReadingPosted", **fields_of(reading)))

    def tally(self, steps: Sequence[int] = ()) -> Tally:
        day = FIRST // 24
        for until in steps:
            members_wh = self.place_.tally_step(day, until, self.twin.now)
            fields = {"day": day, "cursor": until, "members_wh": members_wh}
            self._do(event("TallyStep", market=self.market, **fields))
        made = self.twin.tally(self.market, day)
        self._do(event("Tallied", market=self.market, day=day, **fields_of(made)))
        return made

    def settle_day(self) -> None:
        """Clear and settle the windows of the day that were posted to."""
        for window in range(FIRST // 8, FIRST // 8 + 3):
            if window in self.place_.windows:
                self.clear(window)
                self.settle(window)

    def final(self, window: int = 0) -> int:
        """When a window of the day becomes final, on the clock of `at`."""
        return self.place_.final_at(FIRST // 8 + window) - FIRST * 3600

    def moved(self, meter: int) -> int:
        """What the supplier gave (positive) or took for a meter, by the log."""
        return sum(
            one.supplier_nano
            for transaction in self.log
            for one in transaction
            if type(one).__name__ == "EntrySettled" and one.meter == meter
        )

    def rebuilt(self) -> TwinMarket:
        twin = TwinMarket(3600)
        for now, transaction in zip(self.times, self.log, strict=True):
            twin.now = now
            twin.apply_transaction(transaction)
        return twin


__all__ = ["DAY", "FIRST", "RunsWorld", "account", "event"]
