"""Random histories of readings that come late or never, estimates and corrections: all runs add up
to one run on the last data, and the log alone rebuilds them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from p2pchain.errors import Refused
from p2pchain.model import Outcome, Phase
from p2pchain.runs import Estimate, Tally
from tests.unit.forward_world import HOUR
from tests.unit.runs_world import DAY, FIRST, Pair, RunsWorld, event
from tests.unit.test_forward_replay import RandomWorld, state

WORLDS = 120
DAY_SLOTS = range(FIRST, FIRST + 24)


class History(RunsWorld, RandomWorld):
    """A day of orders, readings in pieces, and then weeks in which more becomes known."""

    def __init__(self, seed: int, chunk: int = 2**32 - 1, late_only: bool = False) -> None:
        super().__init__(seed, chunk, rich=True)
        self.late_only = late_only
        self.counts: Counter[str] = Counter()
        self.border = self.boundary(wh=self.rng.choice((0, 200, 10**6)))
        #: Pieces that have not been posted: meter, first slot of the day, registers, values.
        self.waiting: list[tuple[int, int, Pair, list[Pair]]] = []

    def run(self) -> History:
        rng = self.rng
        self._week_before()
        if not self.late_only:
            self.trade()
            self.clear_ahead()
        self.at(2 * DAY)
        for meter in self.meters:
            values = [(0, 0)] * 24 if meter == 1 and self.late_only else self.measured(meter)
            self._pieces(meter, values)
        self.at(3 * DAY)
        self.settle_all()
        self.post_alone(self.border, 0, [(rng.randrange(300), 0) for _ in range(24)])
        self.later()
        return self

    def _week_before(self) -> None:
        """Some have measured the same day of the week before, in whole or in part."""
        self.at(-5 * DAY)
        for meter in self.meters:
            slots = self.rng.choice((0, 8, 24))
            if slots:
                values = [(self.rng.randrange(80), self.rng.choice((0, 9))) for _ in range(slots)]
                assert self.piece(meter, -7 * 24, (0, 0), values) == Outcome.ACCEPTED
                self.registers[meter] = (sum(v[0] for v in values), sum(v[1] for v in values))
        windows = [w for w in self.place_.windows if w < FIRST // 8]
        for window in windows:
            self.at(-5 * DAY)
            self.clear(window)
            self.settle(window, self.chunk)

    def _pieces(self, meter: int, values: list[Pair]) -> None:
        rng, registers = self.rng, self.registers.get(meter, (0, 0))
        whole = meter == 1  # so that all windows are there
        cuts = [0, 24] if whole else sorted({0, 24, *rng.sample(range(1, 24), 4)})
        for first, end in itertools.pairwise(cuts):
            part = values[first:end]
            late = not whole and (self.late_only or rng.random() < 0.4)
            if late or self.piece(meter, first, registers, part) != Outcome.ACCEPTED:
                self.waiting.append((meter, first, registers, part))
            registers = (
                registers[0] + sum(v[0] for v in part),
                registers[1] + sum(v[1] for v in part),
            )
        rng.shuffle(self.waiting)

    def settle_all(self) -> None:
        """All windows in one call, or each in calls of its own."""
        if self.rng.random() < 0.5:
            super().settle_all()
            return
        first = FIRST // 8
        for window in range(first, first + 3):
            self.clear(window)
        while self.place_.window_state(first).phase != Phase.SETTLED:
            self.twin.settle(self.market, first, 3, self.chunk)
            cursor = self.place_.window_state(first).cursor
            fields = {"first_window": first, "windows": 3, "cursor": cursor}
            self._do(event("WindowsSettled", market=self.market, **fields))

    def later(self) -> None:
        """What comes before the last run is over, in any order."""
        rng, end = self.rng, self.final()
        for time in sorted(rng.randrange(3 * DAY, end) for _ in range(60)):
            self.at(time)
            kind = rng.random()
            if kind < 0.2 and self.waiting:
                late = self.waiting.pop()
                assert self.piece(*late) == Outcome.ACCEPTED
                self.counts["late"] += 1
                self.twin.assert_conserved()
            elif kind < 0.55:
                self._correct_something()
            elif kind < 0.97:
                self._estimate_something()
            else:
                self._tally()

    def _span(self, longest: int) -> tuple[int, int, int]:
        slot = self.rng.randrange(24)
        slots = self.rng.randrange(1, min(longest, 24 - slot) + 1)
        return self.rng.choice(self.meters), slot, slots

    def refusal(self, ask: Callable[..., object], *args: Any) -> str:
        """Ask for something and count what came of it: nothing to say, or why it was refused."""
        try:
            ask(*args)
        except Refused as refusal:
            self.counts[refusal.reason] += 1
            return refusal.reason
        return ""

    def _correct_something(self) -> None:
        rng = self.rng
        meter, slot, slots = self._span(6)
        if meter == 1 and self.late_only:
            return
        values = [rng.choice(((0, 0), (rng.randrange(400), 0), (0, 90), (7, 7)))] * slots
        why = self.refusal(self.correct, meter, slot, values)
        if why:
            apart = slot // 8 != (slot + slots - 1) // 8  # in windows that were settled apart
            assert why == "NotRead" or (apart and why == "NotSettled")
            return
        bought, sold = self.place_.fills.get((meter, FIRST + slot), (0, 0))
        contract = self.place_.position(meter, FIRST + slot).wh
        self.counts["corrected"] += 1
        self.counts["traded and corrected"] += bool(bought or sold)
        self.counts["contracted and corrected"] += bool(contract)

    def _estimate_something(self) -> None:
        self.refusal(self.estimate, *self._span(4))

    def estimate(self, *args: Any, **more: Any) -> Estimate:
        made = super().estimate(*args, **more)
        self.counts[made.rule.name.lower()] += 1
        return made

    def tally(self, steps: Sequence[int] = ()) -> Tally:
        made = super().tally(steps)
        self.counts["disputed" if made.disputed else "tallied"] += 1
        return made

    def _tally(self) -> None:
        why = self.refusal(self.tally, self.rng.choice(((), (1,), (1, 2))))
        assert why in ("", "NotComplete")

    # One run on the last data, by its own arithmetic

    def expected(self, meter: int, slots: range = DAY_SLOTS) -> tuple[int, int]:
        """What one run comes to with the supplier and for the network, on what is known now."""
        terms = self.twin.registry.terms_at(meter, FIRST)
        row = self.twin.registry.member_row(meter, FIRST)
        assert terms is not None
        assert row is not None
        standing = self.twin.registry.standing_at(1, 1, FIRST)
        supplier = network = 0
        for slot in slots:
            contract = self.place_.position(meter, slot).wh
            known = self.twin.metering.values.get((meter, slot))
            value = known[:2] if known else self.place_.estimates.get((meter, slot))
            if value is None:
                if contract:
                    params = self.place_.auctions[0].params
                    price = params.cap_nano if contract < 0 else params.surplus_nano
                    supplier += contract * price
                continue
            imported, exported = value
            bought, sold = self.place_.fills.get((meter, slot), (0, 0))
            price = self.place_.results[slot].price_nano if bought or sold else 0
            # Everything at retail and feed-in, then what contracts and neighbours make different.
            missing = max(imported - max(contract, 0), 0) + max(-contract - exported, 0) - bought
            left = max(exported - max(-contract, 0), 0) + max(contract - imported, 0) - sold
            supplier += left * row.feed_in if left > 0 else left * price
            supplier -= missing * row.energy if missing > 0 else missing * price
            supplier -= imported * (row.network + row.levies + row.tax)
            if contract:
                params = self.place_.auctions[0].params
                fetches = min(max(row.feed_in, params.surplus_nano), params.cap_nano)
                costs = min(max(row.imbalance, fetches), params.cap_nano)
                undelivered = max(missing - imported, 0) if contract < 0 else 0
                unused = min(left, max(contract - imported, 0)) if contract > 0 else 0
                supplier -= undelivered * (costs - row.energy)
                supplier += max(unused, 0) * (fetches - row.feed_in)
            supplier -= standing if slot % 24 == 0 else 0
            network += imported * row.network
        return supplier, network


def network_charges(world: RunsWorld) -> int:
    return sum(
        one.charge_nano
        for transaction in world.log
        for one in transaction
        if type(one).__name__ == "NetworkSettled"
    )


@pytest.mark.property(20)
@pytest.mark.property(23)
@pytest.mark.property(25)
@pytest.mark.property(30)
def test_all_runs_add_up_to_one_on_the_last_data(capsys: pytest.CaptureFixture[str]) -> None:
    total: Counter[str] = Counter()
    for seed in range(WORLDS):
        world = History(seed, chunk=1 + seed % 4).run()
        check_sums(world)
        check_registers(world)
        check_the_end(world)
        twin = world.rebuilt()
        twin.assert_conserved()
        assert state(twin, world.market) == state(world.twin, world.market)
        assert twin.market(world.market).estimates == world.place_.estimates
        for meter in world.meters:
            known = world.twin.metering.corrected_wh[meter]
            assert twin.metering.corrected_wh[meter] == known
        total += world.counts
    with capsys.disabled():
        print(f"\n{WORLDS} worlds:", ", ".join(f"{n} {what}" for what, n in sorted(total.items())))
    for what, least in (
        ("late", 3 * WORLDS),
        ("corrected", 5 * WORLDS),
        ("traded and corrected", WORLDS // 2),
        ("contracted and corrected", WORLDS // 4),
        ("spread", WORLDS),
        ("week_before", WORLDS // 4),
        ("AlreadyEstimated", WORLDS // 4),
        ("HeldAtWorst", WORLDS // 10),
        ("NoEstimate", WORLDS // 2),
        ("disputed", WORLDS // 10),
        ("tallied", WORLDS // 20),
    ):
        assert total[what] >= least, what


def check_sums(world: History) -> None:
    """Property 25: member by member, and for the network."""
    network = 0
    before = range(FIRST - 7 * 24, FIRST - 6 * 24)
    for meter in world.meters:
        supplier, charges = world.expected(meter)
        earlier, more = world.expected(meter, before)
        assert world.moved(meter) == supplier + earlier, meter
        network += charges + more
    assert network_charges(world) == network


def check_registers(world: History) -> None:
    """Property 20: intervals add up to registers and corrections."""
    metering = world.twin.metering
    for meter in world.meters:
        if meter not in metering.origins:
            continue
        (_, opened), head = metering.origins[meter], metering.heads[meter]
        for side in (0, 1):
            grown = head.registers[side] - opened[side]
            grown -= sum(gap.right[side] - gap.left[side] for gap in metering.gaps[meter])
            mine = (value for (who, _), value in metering.values.items() if who == meter)
            counted = sum(value[side] for value in mine)
            assert counted == grown + metering.corrected_wh[meter][side]


def check_the_end(world: History) -> None:
    """Property 23: after the last run of a day that is not in dispute nothing is taken."""
    place = world.place_
    world.at(max(world.final(window) for window in range(3)))
    money = {name: account.free_nano for name, account in world.twin.ledger.accounts.items()}
    for meter, slot, registers, values in world.waiting:
        outcome = world.piece(meter, slot, registers, values)
        assert outcome == Outcome.FINAL
    for meter in world.meters:
        read = [s for s in range(24) if world.twin.metering.is_read(meter, FIRST + s)]
        if read:
            assert world.refusal(world.correct, meter, read[0], [(1, 0)]) == "Final"
        assert world.refusal(world.estimate, meter, 3, 1) == "Final"
    assert money == {n: account.free_nano for n, account in world.twin.ledger.accounts.items()}
    assert not world.twin.effects
    assert place.final_at(FIRST // 8) <= FIRST * HOUR + 32 * DAY


@pytest.mark.property(25)
def test_a_history_without_trade_comes_to_what_one_late_run_comes_to() -> None:
    """The same world, once with all that happened, once with only the last data, posted at once."""
    compared = 0
    for seed in range(60):
        world = History(seed, late_only=True).run()
        other = History(seed, late_only=True)
        other._week_before()
        other.at(2 * DAY)
        other.piece(1, 0, other.registers.get(1, (0, 0)), [(0, 0)] * 24)
        other.at(3 * DAY)
        other.settle_all()
        for meter in world.meters[1:]:
            known = dict(world.place_.estimates)
            known |= {key: value[:2] for key, value in world.twin.metering.values.items()}
            registers = other.registers.get(meter, (0, 0))
            for slot in range(24):
                value = known.get((meter, FIRST + slot))
                if value is None:  # still missing, and something may have flowed
                    continue
                assert other.piece(meter, slot, registers, [value]) == Outcome.ACCEPTED
                registers = (registers[0] + value[0], registers[1] + value[1])
        one, two = world.twin.ledger, other.twin.ledger
        assert one.claims == two.claims == []
        assert dict(one.accounts) == dict(two.accounts)
        compared += sum(world.counts[what] for what in ("corrected", "spread", "week_before"))
    assert compared > 500


def test_cuts_of_the_first_run_change_nothing_later() -> None:
    for seed in range(10):
        whole: Any = History(seed).run()
        for chunk in (1, 2):
            cut = History(seed, chunk).run()
            assert state(cut.twin, cut.market) == state(whole.twin, whole.market)
            assert cut.place_.estimates == whole.place_.estimates
