"""What changes a settled window, worked out by hand: corrections, estimates, what comes late, the
boundary, and the end of it all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchain.errors import Difference, Refused
from p2pchain.evidence import (
    SettledCall,
    SettledMember,
    chained_hash,
    contract_lanes,
    effective,
    merkle_proof,
    merkle_root,
    proves,
    settled_in,
)
from p2pchain.model import (
    Correction,
    EstimateRule,
    MarketParams,
    Outcome,
    Quality,
    Reading,
    SlotResult,
    Terms,
)
from p2pchain.twin import Twin
from tests.unit.runs_world import DAY, FIRST, RunsWorld, account, event

HOUR = 3600
WEEK = 7 * DAY
# The row of the world: energy 200, feed-in 50, imbalance 300, network 10, levies 5, tax 5.
EIGHT = [(0, 0)] * 8


def traded() -> RunsWorld:
    """Meter 1 has bought 100 Wh of meter 2 in slot 0, at 125."""
    world = RunsWorld(members=3)
    world.at(DAY)
    world.play({1: (100, 0), 2: (0, 100), 3: (0, 0)})
    assert world.place_.fills[1, FIRST] == (100, 0)
    assert world.place_.results[FIRST].price_nano == 125
    return world


# Corrections


def test_what_was_bought_and_not_used_goes_to_the_supplier_at_the_neighbours_price() -> None:
    world = traded()
    before, operator = world.change(1), world.twin.free_nano("0x" + "0a" * 20)
    # charges of 40 Wh less, and 40 Wh that he has bought at 125
    assert world.correct(1, 0, [(60, 0)]) == 40 * 20 + 40 * 125
    assert world.change(1) - before == 40 * 145
    assert world.twin.free_nano("0x" + "0a" * 20) == operator - 40 * 10
    # up again, beyond what was bought: the 40, and 30 more at retail
    assert world.correct(1, 0, [(130, 0)]) == -40 * 145 - 30 * 220
    assert world.place_.fills[1, FIRST] == (100, 0)
    assert world.twin.metering.corrected_wh[1] == (30, 0)


def test_what_was_sold_and_not_there_is_bought_at_the_neighbours_price() -> None:
    world = traded()
    assert world.correct(2, 0, [(0, 70)]) == -30 * 125
    assert world.correct(2, 0, [(0, 150)]) == 30 * 125 + 50 * 50
    # it did not export at all, but import
    assert world.correct(2, 0, [(20, 0)]) == -50 * 50 - 100 * 125 - 20 * 220
    assert world.twin.metering.corrected_wh[2] == (20, -100)


def test_contracts_count_in_a_correction() -> None:
    # 60 Wh sold ahead by meter 1 to meter 2, which delivers and uses them
    world = RunsWorld(members=2)
    world.order(1, 0, True, 130, 60)
    world.order(2, 0, False, 130, 60)
    world.play({1: (0, 60), 2: (60, 0)})
    assert world.moved(1) == 0
    # 25 Wh were not delivered, at the imbalance price
    assert world.correct(1, 0, [(0, 35)]) == -25 * 300
    # nothing, and 10 Wh of its own use: those at retail and with charges
    assert world.correct(1, 0, [(10, 0)]) == -35 * 300 - 10 * 220
    # 20 Wh were bought and not used: they fetch the feed-in price; charges of 20 Wh less
    assert world.correct(2, 0, [(40, 0)]) == 20 * 50 + 20 * 20


def test_corrections_are_refused_one_cause_at_a_time() -> None:
    world = traded()
    good = world.correction(1, 0, [(60, 0)])

    def refused(why: str, correction: Correction, **more: object) -> None:
        with pytest.raises(Refused) as caught:
            world.twin.correct(correction, **more)  # type: ignore[arg-type]
        assert caught.value.reason == why

    refused("WrongNumber", replace(good, number=2))
    refused("WrongNumber", replace(good, number=0))
    refused("BadFormat", replace(good, slots=0, intervals=()))
    refused("BadFormat", replace(good, slots=5))
    refused("BadFormat", replace(good, intervals=(good.intervals[0] | 1,)))
    refused("AboveFuse", world.correction(1, 0, [(100_001, 0)]))
    refused("NotRead", world.correction(1, 8, [(1, 0)]))
    refused("NotRead", world.correction(1, 7, [(1, 0), (1, 0)]))
    refused("UnknownMeter", Correction.of(9, FIRST, 1, [(1, 0)]))
    records = world.twin.metering.records[1, FIRST // 24]
    refused("WrongEvidence", good, records=[])
    refused("WrongEvidence", good, records=[*records, records[0]])
    refused("WrongEvidence", good, records=world.twin.metering.records[2, FIRST // 24])
    evidence = world.place_.evidence_of(1, range(FIRST, FIRST + 1))
    other = world.place_.evidence_of(2, range(FIRST, FIRST + 1))
    refused("WrongProof", good, evidence=other)
    refused("WrongProof", good, evidence=replace(evidence, fills=()))
    refused("WrongProof", good, evidence=replace(evidence, proof=()))
    refused("WrongProof", good, evidence=replace(evidence, from_index=1))
    wrong = (evidence.results[0] + 1, *evidence.results[1:])
    refused("WrongProof", good, evidence=replace(evidence, results=wrong))
    assert world.twin.metering.corrected_wh[1] == (0, 0)
    world.correct(1, 0, [(60, 0)], records=records, evidence=evidence)
    refused("WrongNumber", good)


def test_slots_that_were_not_settled_together_are_corrected_apart() -> None:
    world = RunsWorld(members=1)
    world.at(2 * DAY)
    assert world.post(1, [(5, 0)] * 24) == Outcome.ACCEPTED
    with pytest.raises(Refused, match="NotSettled"):
        world.correct(1, 0, [(1, 0)])
    world.settle_day()  # a call for each window
    with pytest.raises(Refused, match="NotSettled"):
        world.correct(1, 7, [(1, 0)] * 2)
    world.correct(1, 7, [(1, 0)])
    world.correct(1, 8, [(1, 0)])


def test_only_the_key_of_now_signs_and_a_slot_never_read_is_not_corrected() -> None:
    seen: list[bytes] = []

    def verify(message: object, signer: bytes) -> bool:
        seen.append(signer)
        return getattr(message, "signature", b"") == signer

    world = traded()
    world.twin.metering._verify = verify
    assert world.twin.now is not None
    running = world.twin.now // HOUR
    world.twin.set_signer(1, running, b"\2" * 20)
    good = world.correction(1, 0, [(60, 0)])
    with pytest.raises(Refused, match="BadSignature"):
        world.twin.correct(good.signed(b"\1" * 20))
    world.twin.correct(good.signed(b"\2" * 20))
    world.twin.set_signer(1, running, b"")
    with pytest.raises(Refused, match="BadSignature"):
        world.twin.correct(replace(good, number=2).signed(b"\2" * 20))
    assert set(seen) == {b"\2" * 20}
    world = RunsWorld(members=2)
    world.at(3 * DAY)
    world.post(1, EIGHT)
    world.piece(2, 0, (0, 0), [(5, 0)] * 4)
    world.settle_day()
    with pytest.raises(Refused, match="NotRead"):
        world.correct(2, 3, [(1, 0)] * 2)


def test_a_meter_in_no_market_is_corrected_without_money() -> None:
    world = traded()
    meter = world.boundary()
    world.post_alone(meter, 0, [(7, 9)] * 24)
    assert world.correct(meter, 3, [(8, 0), (7, 9)]) == 0
    assert world.twin.metering.corrected_wh[meter] == (1, -9)
    assert world.twin.metering.values[meter, FIRST + 3] == (8, 0, Quality.CORRECTED)
    with pytest.raises(Refused, match="NotRead"):
        world.correct(meter, 24, [(1, 1)])
    reading = Reading.of(meter, FIRST + 24, *world.registers[meter], [(1, 1)], Quality.CORRECTED)
    assert world.twin.post([reading]) == [Outcome.BAD_FORMAT]


# Estimates and what comes late


def with_gap() -> RunsWorld:
    """Meter 2 has measured slots 0, 1 and 5 to 7; in between 100 Wh in and 11 Wh out."""
    world = RunsWorld(members=3, standing_nano=700)
    world.at(2 * DAY)
    assert world.post(1, EIGHT) == Outcome.ACCEPTED
    assert world.post(3, EIGHT) == Outcome.ACCEPTED
    assert world.piece(2, 0, (0, 0), [(10, 0)] * 2) == Outcome.ACCEPTED
    assert world.piece(2, 5, (120, 11), [(10, 0)] * 3) == Outcome.ACCEPTED
    world.settle_day()
    return world


def test_a_gap_is_spread_and_adds_up() -> None:
    world = with_gap()
    before = world.moved(2)
    made = world.estimate(2, 2, 3)
    assert made.rule == EstimateRule.SPREAD
    assert made.values == ((33, 3), (33, 4), (34, 4))
    assert world.moved(2) - before == -100 * 220 + 11 * 50
    # a part of a gap is the same part of it
    world = with_gap()
    assert world.estimate(2, 3, 2).values == ((33, 4), (34, 4))


def test_a_late_reading_settles_the_difference_to_its_estimate() -> None:
    for order in ((2, 3), (3,), ()):
        world = with_gap()
        for slot in order:
            world.estimate(2, slot, 1)
        assert world.piece(2, 2, (20, 0), [(60, 0), (0, 11), (40, 0)]) == Outcome.ACCEPTED
        assert world.place_.estimates == {}
        assert world.moved(2) == -150 * 220 + 11 * 50 - 700
        assert world.twin.metering.corrected_wh[2] == (0, 0)


def test_without_registers_the_week_before_counts() -> None:
    world = RunsWorld(members=3, standing_nano=700)
    week = -7 * 24
    world.at(-5 * DAY)
    for meter in (1, 3):
        assert world.piece(meter, week, (0, 0), EIGHT) == Outcome.ACCEPTED
        world.registers[meter] = (0, 0)
    assert world.piece(2, week, (0, 0), [(9, 0), (0, 4), (5, 5), (7, 0)]) == Outcome.ACCEPTED
    window = FIRST // 8 - 21
    world.clear(window)
    world.settle(window)
    world.correct(2, week + 1, [(3, 0)])
    world.at(2 * DAY)
    for meter in (1, 3):
        assert world.post(meter, EIGHT) == Outcome.ACCEPTED
    world.settle_day()
    before = world.moved(2)
    made = world.estimate(2, 0, 4)
    assert made.rule == EstimateRule.WEEK_BEFORE
    assert made.values == ((9, 0), (3, 0), (5, 5), (7, 0))
    assert world.moved(2) - before == -24 * 220 + 5 * 50 - 700
    with pytest.raises(Refused, match="NoEstimate"):
        world.estimate(2, 4, 1)
    with pytest.raises(Refused, match="AlreadyEstimated"):
        world.estimate(2, 3, 1)
    with pytest.raises(Refused, match="WrongEvidence"):
        world.estimate(2, 4, 1, records=[])
    # an estimate is no reading
    assert not world.twin.metering.is_read(2, FIRST)
    with pytest.raises(Refused, match="NotRead"):
        world.correct(2, 0, [(1, 0)])
    assert world.place_.run_at(FIRST, world.twin.now) == 1


def test_estimates_are_refused_one_cause_at_a_time() -> None:
    world = with_gap()

    def refused(why: str, slot: int, slots: int = 1, meter: int = 2) -> None:
        with pytest.raises(Refused) as caught:
            world.estimate(meter, slot, slots)
        assert caught.value.reason == why

    refused("AlreadyRead", 1, 2)
    refused("AlreadyRead", 0, meter=1)
    refused("NotSettled", 8)
    refused("BadFormat", 2, 0)
    refused("BadFormat", 2, 23)
    refused("NotAMember", 2, meter=9)
    world.estimate(2, 2, 1)
    refused("AlreadyEstimated", 2, 2)
    world.at(9 * HOUR)
    refused("NotReady", 3)


def test_a_contract_without_a_reading_takes_no_estimate() -> None:
    world = RunsWorld(members=2)
    world.order(1, 0, True, 130, 60)
    world.order(2, 0, False, 130, 60)
    world.play({2: (60, 0)})
    assert (1, FIRST) in world.place_.unread
    with pytest.raises(Refused, match="HeldAtWorst"):
        world.estimate(1, 0, 1)
    assert world.post(1, [(0, 60)]) == Outcome.ACCEPTED
    assert world.moved(1) == 0
    assert world.correct(1, 0, [(0, 50)]) == -10 * 300


# The boundary


def test_a_day_that_does_not_add_up_stays_open_until_it_does() -> None:
    world = RunsWorld(members=3)
    border = world.boundary(wh=10, ppm=50_000)
    world.at(3 * DAY)
    for meter, value in ((1, (30, 0)), (2, (0, 10)), (3, (0, 0))):
        assert world.post(meter, [value] * 24) == Outcome.ACCEPTED
    with pytest.raises(Refused, match="NotSettled"):
        world.tally()
    world.settle_day()
    with pytest.raises(Refused, match="NotComplete"):
        world.tally()
    world.post_alone(border, 0, [(20, 2)] * 24)
    # 480 against 432 Wh, and 10 + 5 % of 528 are 36
    made = world.tally(steps=(1, 2))
    assert (made.members_wh, made.boundary_wh, made.disputed) == (480, 432, True)
    end = world.final()
    assert end == 32 * DAY
    world.at(30 * DAY)
    world.correct(1, 0, [(19, 0)])
    assert world.tally().disputed
    world.correct(1, 0, [(18, 0)])
    assert not world.tally().disputed
    assert world.final() == 8 * HOUR + DAY + 3 * WEEK
    with pytest.raises(Refused, match="Final"):
        world.correct(1, 0, [(18, 0)])
    with pytest.raises(Refused, match="Final"):
        world.tally()
    world.rebuilt()


def test_without_a_boundary_meter_nothing_is_compared() -> None:
    world = RunsWorld(members=1)
    world.at(2 * DAY)
    assert world.post(1, [(5, 0)] * 24) == Outcome.ACCEPTED
    world.settle_day()
    with pytest.raises(Refused, match="NoBoundary"):
        world.tally()
    world.boundary(meter=1)  # a member
    with pytest.raises(Refused, match="NoBoundary"):
        world.tally()
    with pytest.raises(Refused, match="UnknownMeter"):
        world.boundary(meter=99)


# The end


@pytest.mark.property(23)
def test_nothing_changes_after_the_last_run() -> None:
    world = with_gap()
    world.at(world.final() - 1)
    assert world.place_.run_at(FIRST, world.twin.now) == 3
    world.estimate(2, 2, 1)
    world.correct(1, 0, [(1, 0)])
    assert world.piece(2, 3, (60, 4), [(1, 0)]) == Outcome.ACCEPTED
    money = {name: a.free_nano for name, a in world.twin.ledger.accounts.items()}
    world.at(world.final())
    assert world.piece(2, 2, (20, 0), [(1, 0)]) == Outcome.FINAL
    with pytest.raises(Refused, match="Final"):
        world.estimate(2, 4, 1)
    with pytest.raises(Refused, match="Final"):
        world.correct(1, 0, [(2, 0)])
    assert money == {name: a.free_nano for name, a in world.twin.ledger.accounts.items()}
    assert not world.twin.effects


def test_what_is_not_settled_yet_is_not_final() -> None:
    world = RunsWorld(members=2)
    world.at(60 * DAY)
    assert world.post(1, [(5, 0)] * 8) == Outcome.ACCEPTED
    world.settle_day()
    assert world.post(2, [(5, 0)] * 8) == Outcome.FINAL


def test_runs_are_counted_from_the_deadline() -> None:
    params = MarketParams(area=1, tick_nano=1, post_seconds=HOUR, runs=2, run_seconds=DAY)
    times = (0, HOUR - 1, HOUR, HOUR + DAY - 1, HOUR + DAY, HOUR + 9 * DAY)
    assert [params.run_at(10, 10 + time) for time in times] == [0, 0, 1, 1, 2, 2]
    assert replace(params, runs=0).run_at(10, 10 + DAY) == 0


def test_parameters_of_runs() -> None:
    twin = Twin(3600)
    good = MarketParams(area=1, tick_nano=1)
    for name, changes in (
        ("runs", {"runs": 9, "run_seconds": 1}),
        ("runs", {"runs": 4}),
        ("runs", {"runs": 0, "post_seconds": 28 * DAY + 1}),
        ("runSeconds", {"run_seconds": 0}),
    ):
        with pytest.raises(Refused) as caught:
            twin.create_market(replace(good, **changes))  # type: ignore[arg-type]
        assert (caught.value.reason, caught.value.args) == ("BadParameter", (name,))
    twin.create_market(replace(good, runs=0, run_seconds=0))


# Evidence


def test_every_leaf_of_every_tree_is_proved_and_no_other() -> None:
    for count in range(1, 20):
        members = tuple(SettledMember(meter, (meter,), ()) for meter in range(1, count + 1))
        results = tuple(range(8))
        call = SettledCall(5, 1, 3, results, members)
        for place in range(count):
            evidence = call.evidence(3 + place)
            assert proves(call.word, place + 1, evidence)
            assert not proves(call.word, place + 2, evidence)
            assert not proves(call.word, place + 1, replace(evidence, first_window=6))
    leaves = [bytes([n]) * 32 for n in range(5)]
    assert merkle_proof(leaves, 4) == (merkle_root(leaves[:4]),)
    assert merkle_root(leaves[:1]) == leaves[0]


def test_the_evidence_says_what_was_settled() -> None:
    world = RunsWorld(members=2)
    world.order(1, 2, True, 130, 60)
    world.order(2, 2, False, 130, 60)
    world.play({1: (0, 90), 2: (70, 0)}, first=2)
    slots = range(FIRST, FIRST + 8)
    seller, buyer = (world.place_.evidence_of(meter, slots) for meter in (1, 2))
    assert settled_in(seller, FIRST + 2) == ((0, 10), -60, (125, 125))
    assert settled_in(buyer, FIRST + 2) == ((10, 0), 60, (125, 125))
    assert settled_in(seller, FIRST + 3) == ((0, 0), 0, (125, 125))
    assert seller.contracts == (contract_lanes([0, 0, -60, 0, 0, 0, 0, 0]),)
    assert SlotResult.unpack(seller.results[2]).carry == 0
    with pytest.raises(ValueError, match="lane"):
        contract_lanes([1 << 27])


def test_the_last_record_of_a_slot_counts_and_their_order_is_hashed() -> None:
    one = Reading.of(1, 24, 5, 0, [(1, 0), (2, 0)])
    two = Correction.of(1, 25, 1, [(7, 7)]).record
    assert effective([one, two]) == {24: (1, 0), 25: (7, 7)}
    assert (two.quality, two.import_wh, two.export_wh) == (Quality.CORRECTED, 0, 0)
    assert chained_hash([one, two]) != chained_hash([two, one])
    assert chained_hash([two], chained_hash([one])) == chained_hash([one, two])
    assert chained_hash([]) == 0


def test_the_hash_of_a_day_expires() -> None:
    twin = Twin(3600)
    twin.add_area(account(1))
    twin.add_supplier(account(2))
    twin.register_meter(1, Terms(account(3), FIRST, 1, 1, 1_000))
    for day in (0, 31, 32, 1):
        first = FIRST + 24 * day
        twin.metering.heads[1].next_slot = 0
        assert twin.post([Reading.of(1, first, 0, 0, [(1, 0)])]) == [Outcome.ACCEPTED]
    kept = [bool(twin.metering.day_hash(1, FIRST // 24 + day)) for day in (0, 1, 31, 32)]
    assert kept == [False, True, True, True]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("CorrectionSettled", "supplier_nano"),
        ("CorrectionSettled", "run"),
        ("EstimateSettled", "rule"),
        ("EstimateSettled", "run"),
        ("Tallied", "members_wh"),
        ("Tallied", "disputed"),
        ("TallyStep", "members_wh"),
    ],
)
def test_any_changed_figure_is_a_difference(name: str, field: str) -> None:
    world = RunsWorld(members=2)
    border = world.boundary()
    world.at(3 * DAY)
    assert world.post(1, [(5, 0)] * 24) == Outcome.ACCEPTED
    assert world.piece(2, 0, (0, 0), [(5, 0)] * 4) == Outcome.ACCEPTED
    assert world.piece(2, 5, (25, 0), [(5, 0)] * 19) == Outcome.ACCEPTED
    world.settle_day()
    world.correct(1, 3, [(7, 0)])
    world.estimate(2, 4, 1)
    assert world.piece(2, 4, (20, 0), [(5, 0)]) == Outcome.ACCEPTED
    world.post_alone(border, 0, [(10, 0)] * 24)
    world.tally(steps=(1,))
    world.rebuilt()
    (said,) = [e for tx in world.log for e in tx if type(e).__name__ == name]
    value = getattr(said, field)
    setattr(said, field, (not value) if isinstance(value, bool) else 3 - value)
    with pytest.raises(Difference, match=name):
        world.rebuilt()


def test_what_the_rules_refuse_is_a_difference() -> None:
    world = traded()
    fields = {"meter": 1, "first_slot": FIRST + 30, "slots": 1, "number": 1, "signature": b""}
    world._do(event("ReadingCorrected", intervals=[0], **fields))
    with pytest.raises(Difference, match="NotRead"):
        world.rebuilt()
