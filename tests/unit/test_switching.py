"""The table of states and the twin of `contracts/Switching.sol`, by hand; and the rule sets."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from zoneinfo import ZoneInfo

import pytest

from p2pchain.errors import BadInput, Refused
from p2pchain.model import TariffRow, Terms
from p2pchain.points import CustomerClass, Fuel, Point, Standing, Status
from p2pchain.registry import Area
from p2pchain.rule_sets import RULE_SETS, rule_set
from p2pchain.switching import (
    TABLE,
    Cause,
    ClaimStage,
    Clock,
    Contract,
    Reason,
    Rules,
    Source,
    State,
)
from p2pchain.twin import Twin
from p2pchain.working_days import day_number, published

LONDON = ZoneInfo("Europe/London")
ALICE, GRID, AGENT, OLD, NEW = (f"0x{n:040x}" for n in range(0xA1, 0xA6))
FIRST = day_number(dt.date(2026, 3, 1))
PROOF = b"\x01" * 32
ROW = TariffRow(energy=200_000, feed_in=50_000)


def at(text: str) -> int:
    """A local time of 2026, such as `3-23 10:00`, as unix time."""
    local = dt.datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M")
    return int(local.replace(tzinfo=LONDON).timestamp())


def day(text: str) -> int:
    return day_number(dt.datetime.strptime(f"2026-{text}", "%Y-%m-%d").date())


def world(rules: str = "GB", kind: CustomerClass = CustomerClass.DOMESTIC) -> Twin:
    """A home with electricity (meter 1) and gas (meter 2) of the old supplier; Easter is free."""
    twin = Twin(1800)
    twin.registry.areas[1] = Area(0, GRID)
    twin.registry.areas[2] = Area(1, GRID)
    for account in (OLD, NEW):
        twin.add_supplier(account)
    slot = at("3-2 00:00") // 1800
    twin.publish(1, 1, slot, [ROW])
    twin.publish(2, 5, slot, [ROW])
    offset, changes = published(LONDON, FIRST, FIRST + 500)
    twin.calendars.create(FIRST, offset)
    twin.calendars.publish(1, FIRST + 500, [day("4-3"), day("4-6")], changes)
    for number, fuel in enumerate(Fuel, 1):
        twin.register_meter(2, Terms(ALICE, slot, 1, 1, 9_000))
        standing = Standing(ALICE, slot, 1, Status.ENERGISED, kind, GRID, number, AGENT)
        twin.points.register(Point(bytes([number] * 32), 2, fuel), standing)
    twin.switching.set_rules(1, rule_set(rules).rules(1))
    return twin


def concluded(twin: Twin, now: int, points: tuple[int, ...] = (1,), early: bool = True) -> int:
    contract = Contract(points, (5,) * len(points), ALICE, 2, 0, early, PROOF, now)
    return twin.switching.conclude(contract, now)


def active(twin: Twin, points: tuple[int, ...] = (1,)) -> int:
    """A switch that was signed on Monday 23 March and supplies from Wednesday on."""
    number = concluded(twin, at("3-23 10:00"), points)
    twin.switching.request(number, day("3-25"), at("3-23 10:05"), NEW)
    twin.switching.secure(number, at("3-24 17:00"))
    assert twin.switching.state_of(number, at("3-25 00:00")) == State.ACTIVE
    return number


def refused(name: str) -> pytest.RaisesExc[Refused]:
    return pytest.raises(Refused, match=f"^{name}")


# THE TABLE


def test_every_state_ends_or_goes_on() -> None:
    assert set(TABLE) == set(State)
    reached, todo = {State.NONE}, [State.NONE]
    while todo:
        for after in TABLE[todo.pop()].values():
            todo += after - reached
            reached |= after
    assert reached == set(State)
    final = {state for state, steps in TABLE.items() if not steps}
    assert final == {
        State.WITHDRAWN,
        State.CANCELLED,
        State.UPHELD,
        State.COOLED_OFF,
        State.REVERSED,
    }


@pytest.mark.property(28)
def test_nothing_but_itself_stops_what_is_secured() -> None:
    assert TABLE[State.SECURED] == {"time passes": frozenset({State.ACTIVE})}
    assert {after for step in TABLE[State.ACTIVE].values() for after in step} == {
        State.COOLED_OFF,
        State.REVERSED,
    }


# THE RULES


def test_each_figure_has_a_source() -> None:
    names = {one.name for one in fields(Rules)} - {"calendar"}
    for found in RULE_SETS.values():
        assert set(found.figures) == set(found.sources) == names
        assert all(found.sources.values())


def test_gb_by_the_book() -> None:
    rules = rule_set("gb").rules(1)
    assert rules.switch_days == 5
    assert rules.liability_nano == 30 * 10**9
    assert rules.cooling_off_days == (14, 0, 0)
    assert (rules.answer_days, rules.return_days, rules.compensation_days) == (20, 21, 10)
    assert rules.dispute_above_wh == (250_000, 1_200_000)
    debt = rules.objection_classes[Reason.DEBT]
    terms = rules.objection_classes[Reason.CONTRACT_TERMS]
    assert debt & terms == 0  # what stops a household stops no business, and the other way round


def test_rules_can_be_changed() -> None:
    changed = rule_set("GB").changed(["switch_days=3", "dispute_days=20,10"]).rules(1)
    assert (changed.switch_days, changed.dispute_days) == (3, (20, 10))
    for text in ("speed=3", "switch_days=x", "dispute_days=3", "switch_days"):
        with pytest.raises(BadInput):
            rule_set("GB").changed([text])
    with pytest.raises(BadInput, match="no rule set"):
        rule_set("US")


# A SWITCH


@pytest.mark.capability("ELE-2")
@pytest.mark.capability("ELE-3")
def test_a_switch_in_two_days_over_the_change_of_time() -> None:
    """Signed on Thursday, asked for Sunday: the day on which clocks go forward."""
    twin = world()
    switching = twin.switching
    number = concluded(twin, at("3-26 10:00"))
    switching.request(number, day("3-29"), at("3-26 10:05"), NEW)
    assert switching.state_of(number, at("3-27 16:59")) == State.PENDING
    assert switching.state_of(number, at("3-27 17:00")) == State.CONFIRMED
    with refused("GateStillOpen"):
        switching.secure(number, at("3-28 16:59"))
    switching.secure(number, at("3-28 17:00"))
    start = at("3-29 00:00") // 1800
    assert switching.switches[number].start_slot == start
    handover = switching.handovers[1]
    assert (handover.losing, handover.gaining, handover.slot) == (1, 2, start)
    # settlement splits there
    before, after = (twin.registry.terms_at(1, slot) for slot in (start - 1, start))
    assert before is not None
    assert after is not None
    assert (before.supplier, before.tariff, after.supplier, after.tariff) == (1, 1, 2, 5)
    # the day has 23 hours: the next one begins 46 half hours later
    calendar = twin.calendars.known(1)
    assert calendar.start_of(day("3-30")) // 1800 == start + 46


def test_both_fuels_or_none() -> None:
    twin = world()
    number = active(twin, (1, 2))
    assert [leg.handover for leg in twin.switching.legs[number]] == [1, 2]
    twin = world()
    number = concluded(twin, at("3-23 10:00"), (1, 2))
    twin.switching.request(number, day("3-25"), at("3-23 10:05"), NEW)
    # the registrar says something of the gas meter for later: then neither goes
    later = Terms(ALICE, at("4-20 00:00") // 1800, 1, 1, 8_000)
    twin.set_terms(2, later)
    with refused("LaterChangePending"):
        twin.switching.secure(number, at("3-24 17:00"))
    assert not twin.switching.handovers
    assert twin.points.standing_at(1, at("3-25 00:00") // 1800)[0].supplier == 1


def test_who_is_late_begins_with_the_next_day() -> None:
    twin = world()
    number = concluded(twin, at("3-23 10:00"))
    twin.switching.request(number, day("3-25"), at("3-23 10:05"), NEW)
    twin.switching.secure(number, at("3-25 00:10"))
    assert twin.switching.switches[number].start_day == day("3-26")


@pytest.mark.property(28)
def test_objections_by_whom_and_when() -> None:
    twin = world()
    switching, now = twin.switching, at("3-23 10:05")
    number = concluded(twin, at("3-23 10:00"))
    switching.request(number, day("3-25"), now, NEW)
    for caller, reason, proof, name in (
        (NEW, Reason.DEBT, PROOF, "NotPartyOf"),
        (ALICE, Reason.DEBT, PROOF, "NotPartyOf"),
        (OLD, Reason.CONTRACT_TERMS, PROOF, "ReasonNotAllowed"),
        (OLD, Reason.CUSTOMER_REQUEST, PROOF, "ReasonNotAllowed"),
        (OLD, Reason.DEBT, bytes(32), "NoEvidence"),
    ):
        with refused(name):
            switching.object(number, 0, reason, proof, now, caller)
    with refused("WindowOver"):
        switching.object(number, 0, Reason.DEBT, PROOF, at("3-24 17:00"), OLD)
    switching.object(number, 0, Reason.DEBT, PROOF, now, OLD)
    with refused("ObjectedBefore"):
        switching.object(number, 0, Reason.RELATED_POINTS, PROOF, now, OLD)
    switching.object(number, 0, Reason.RELATED_POINTS, PROOF, now, GRID)
    with refused("WrongState"):
        switching.secure(number, at("3-24 17:00"))
    with refused("NotObjector"):
        switching.remove(number, 0, now, GRID)
    switching.remove(number, 0, now, OLD)
    assert switching.state_of(number, now) == State.OBJECTED
    assert switching.state_of(number, at("3-25 00:00")) == State.UPHELD
    switching.remove(number, 1, now)  # overruled in time
    switching.secure(number, at("3-24 18:00"))
    assert switching.state_of(number, at("3-24 18:00")) == State.SECURED


def test_an_objection_outlives_the_supplier() -> None:
    twin = world()
    switching, now = twin.switching, at("3-23 10:05")
    number = concluded(twin, at("3-23 10:00"))
    switching.request(number, day("3-25"), now, NEW)
    switching.object(number, 0, Reason.DEBT, PROOF, now, OLD)
    switching.declare_failed(2)
    assert switching.state_of(number, now) == State.LAPSED
    assert switching.state_of(number, at("3-25 00:00")) == State.UPHELD


@pytest.mark.parametrize("kind", list(CustomerClass))
def test_cooling_off_before_and_after(kind: CustomerClass) -> None:
    twin = world(kind=kind)
    switching = twin.switching
    number = concluded(twin, at("3-23 10:00"))
    if kind != CustomerClass.DOMESTIC:
        with refused("WindowOver"):
            switching.cancel(number, False, at("3-23 10:00"))
        return
    switching.request(number, day("3-25"), at("3-23 10:05"), NEW)
    with refused("GateHasClosed"):
        switching.cancel(number, False, at("3-24 17:00"))
    switching.secure(number, at("3-24 17:00"))
    with refused("WrongState"):
        switching.cancel(number, False, at("3-24 17:00"))
    with refused("WindowOver"):  # signed on the 23rd: fourteen days, to the end of 6 April
        switching.cancel(number, True, at("4-7 00:00"))
    switching.cancel(number, True, at("4-6 23:29"))
    assert switching.state_of(number, at("4-6 23:29")) == State.COOLED_OFF
    back = switching.handovers[2]
    assert (back.cause, back.gaining, back.slot) == (Cause.COOLING_OFF, 1, at("4-7 00:00") // 1800)
    terms = twin.registry.terms_at(1, back.slot)
    assert terms is not None
    assert (terms.supplier, terms.tariff) == (1, 1)
    # and nobody has to wait to go elsewhere
    again = concluded(twin, at("4-7 09:00"))
    switching.request(again, day("4-10"), at("4-7 09:00"), NEW)


def test_standstill() -> None:
    twin = world()
    active(twin)
    # five working days from Wednesday, 25 March: over at the end of 1 April, the next one
    contract = Contract((1,), (1,), ALICE, 1, 0, True, PROOF, at("3-26 10:00"))
    number = twin.switching.conclude(contract, at("3-26 10:00"))
    with refused("Standstill"):
        twin.switching.request(number, day("4-1"), at("3-26 10:00"), OLD)
    twin.switching.request(number, day("4-2"), at("3-26 10:00"), OLD)


def test_nobody_is_slammed() -> None:
    twin = world()
    now = at("3-23 10:00")
    contract = Contract((1,), (5,), ALICE, 2, 0, True, PROOF, now)
    with refused("NotSignedByCustomer"):
        twin.switching.conclude(contract, now, signed=False)
    stranger = Contract((1,), (5,), NEW, 2, 0, True, PROOF, now)
    number = twin.switching.conclude(stranger, now)  # signed, but by whom it is not
    with refused("NotCustomerOfRecord"):
        twin.switching.request(number, day("3-25"), now, NEW)
    with refused("ContractKnown"):
        twin.switching.conclude(stranger, now)
    with refused("SignedInFuture"):
        twin.switching.conclude(contract, now - 1)


# AFTER THE CHANGE


@pytest.mark.capability("ELE-3")
def test_a_disputed_reading() -> None:
    twin = world()
    active(twin)
    switching = twin.switching
    with refused("TooEarlyToEstimate"):
        switching.estimate(1, 900_000, 0, at("3-26 10:00"), AGENT)
    switching.read_by_customer(1, 1_000_000, 0, at("3-26 10:00"))
    with refused("BetterReadingKnown"):
        switching.estimate(1, 900_000, 0, at("4-2 10:00"), AGENT)
    claimed, now = (1_250_001, 0), at("4-12 10:00")
    with refused("BelowThreshold"):
        switching.dispute(1, (1_250_000, 0), (at("3-27 10:00"), now), PROOF, now, OLD)
    with refused("NoEvidence"):  # two weeks, but for an hour
        switching.dispute(1, claimed, (at("3-29 11:00"), now), PROOF, now, OLD)
    switching.dispute(1, claimed, (at("3-27 10:00"), now), PROOF, now, OLD)
    switching.agree_reading(1, 1_200_000, 0, now, OLD)
    assert switching.handovers[1].source == Source.CUSTOMER
    switching.agree_reading(1, 1_200_000, 0, now, NEW)
    found = switching.handovers[1]
    assert (found.source, found.import_wh) == (Source.AGREED, 1_200_000)
    # what the meter signed is better than what people agree on
    switching.read_measured(1, 1, (1_199_321, 0), now)
    assert switching.handovers[1].import_wh == 1_199_321


def test_an_error_is_undone_to_the_slot() -> None:
    twin = world()
    number = active(twin, (1, 2))
    switching = twin.switching
    switching.claim_error(number, at("3-30 09:00"), OLD, signed=False)
    with refused("ClaimRefused"):
        switching.claim_error(number, at("3-30 09:30"), NEW, signed=False)
    switching.claim_error(number, at("3-30 10:00"), ALICE, signed=True)
    assert switching.claims[number].stage == ClaimStage.CLAIMED
    switching.answer_claim(number, True, bytes(32), at("3-30 12:00"), NEW)
    assert switching.claims[number].stage == ClaimStage.AGREED
    switching.return_supply(number, at("3-31 09:00"))
    start, back = at("3-25 00:00") // 1800, at("4-1 00:00") // 1800
    for point in (1, 2):
        assert [switching.accountable_at(point, s) for s in (start - 1, start, back - 1, back)] == [
            1, 1, 1, 1,
        ]  # fmt: skip
        assert twin.points.standing_at(point, start)[0].supplier == 2  # what happened stays
        assert twin.points.standing_at(point, back)[0].supplier == 1


def test_suppliers_alone_send_nobody_back() -> None:
    twin = world()
    number = active(twin)
    switching = twin.switching
    switching.claim_error(number, at("3-30 09:00"), OLD, signed=False)
    switching.answer_claim(number, True, bytes(32), at("3-30 10:00"), NEW)
    with refused("ClaimRefused"):
        switching.return_supply(number, at("3-30 11:00"))
    switching.answer_claim(number, False, PROOF, at("3-30 12:00"), ALICE)
    switching.rule_on_claim(number, False, at("3-31 09:00"))
    assert switching.state_of(number, at("3-31 09:00")) == State.ACTIVE


def test_every_missed_clock_costs_once() -> None:
    twin = world()
    switching = twin.switching
    number = concluded(twin, at("3-23 10:00"))  # and nobody requests it
    due = at("3-31 00:00")  # five working days: the end of Monday, 30 March
    with refused("NotMissed"):
        switching.claim_liability(Clock.SWITCH, number, 0, due - 1)
    assert switching.claim_liability(Clock.SWITCH, number, 0, due) == 1
    with refused("NotMissed"):
        switching.claim_liability(Clock.SWITCH, number, 0, due + 1)
    owed = switching.liabilities[1]
    assert (owed.supplier, owed.customer, owed.amount_nano) == (2, ALICE, 30 * 10**9)


def test_final_bill_and_refund_have_clocks() -> None:
    twin = world()
    active(twin)
    switching = twin.switching
    late = at("5-7 00:00")  # six weeks after 25 March
    with refused("NotMissed"):
        switching.claim_liability(Clock.FINAL_BILL, 1, 0, late - 1)
    with refused("NotMissed"):
        switching.claim_liability(Clock.REFUND, 1, 0, late)
    switching.close_account(1, PROOF, late, OLD)
    assert switching.claim_liability(Clock.FINAL_BILL, 1, 0, late) == 1
    until = twin.calendars.known(1).end_of_working_days(day("5-7"), 10)
    with refused("NotMissed"):
        switching.claim_liability(Clock.REFUND, 1, 0, until - 1)
    switching.refund(1, until, OLD)
    assert switching.claim_liability(Clock.REFUND, 1, 0, until) == 2
    assert {one.supplier for one in switching.liabilities.values()} == {1}


def test_who_leaves_within_his_term_owes_the_fee() -> None:
    twin = world()
    switching, fee = twin.switching, 40 * 10**9
    now = at("3-23 09:00")
    with refused("NotSupplier"):
        switching.set_offer(2, 5, 0b111, 365, fee, now, OLD)
    with refused("TariffNotForClass"):
        switching.set_offer(2, 5, 0, 365, fee, now, NEW)
    switching.set_offer(2, 5, 0b110, 0, 0, now - 3600, NEW)
    switching.set_offer(2, 5, 0b111, 365, fee, now, NEW)
    signed_before = Contract((2,), (5,), ALICE, 2, 0, True, PROOF, now - 1)
    with refused("TariffNotForClass"):  # what was in force when he signed counts
        switching.conclude(signed_before, now)
    number = active(twin)
    assert switching.binding_of(1).until_day == day("3-25") + 365
    assert switching.handovers[1].exit_fee_nano == 0
    # he goes back within the year, and then cools off from that
    away = Contract((1,), (1,), ALICE, 1, 0, True, PROOF, at("4-13 10:00"))
    second = switching.conclude(away, at("4-13 10:00"))
    switching.request(second, day("4-15"), at("4-13 10:05"), OLD)
    switching.secure(second, at("4-14 17:00"))
    assert switching.handovers[2].exit_fee_nano == fee
    switching.cancel(second, True, at("4-20 10:00"))
    assert switching.handovers[2].exit_fee_nano == 0
    assert switching.binding_of(1).supplier == 2
    assert switching.legs[number][0].offer == 2


def test_a_supplier_fails() -> None:
    twin = world()
    switching, now = twin.switching, at("3-23 10:00")
    pending = concluded(twin, now)
    switching.request(pending, day("3-25"), now, NEW)
    twin.add_supplier(GRID)
    twin.publish(3, 1, at("3-2 00:00") // 1800, [ROW])
    switching.declare_failed(1)
    switching.require_last_resort(1, 3)
    for point in (1, 2):
        assert switching.last_resort(point, 1, 3, 1, now)
    assert not switching.last_resort(1, 1, 3, 1, now)
    # who was on his way goes on, from the supplier of last resort
    switching.secure(pending, at("3-24 17:00"))
    assert [one.losing for one in switching.handovers.values()] == [1, 1, 3]
    switching.declare_failed(2)
    with refused("FailedSupplier"):
        concluded(twin, at("3-26 10:00"))
    with refused("NotFailed"):
        switching.require_last_resort(3, 1)


@pytest.mark.capability("ELE-1")
def test_a_tenancy_ends_at_one_register() -> None:
    twin = world()
    slot, now = at("4-1 00:00") // 1800, at("4-1 09:00")
    bob = f"0x{0xB0:040x}"
    twin.points.put(1, twin.points.changed(1, slot, customer=bob), slot - 48)
    switching = twin.switching
    with refused("NoTenancyEnds"):
        switching.end_tenancy(1, slot, at("3-31 23:00"))
    with refused("NoTenancyEnds"):
        switching.end_tenancy(1, slot - 1, now)
    assert switching.end_tenancy(1, slot, now) == 1
    with refused("HandoverKnown"):
        switching.end_tenancy(1, slot, now)
    found = switching.handovers[1]
    assert (found.customer, found.cause, found.losing) == (ALICE, Cause.TENANCY, found.gaining)
    switching.read_by_customer(1, 700_000, 0, now)
    with refused("DisputeRefused"):
        switching.dispute(1, (9_000_000, 0), (now - 30 * 86_400, now), PROOF, now, OLD)
    late = at("5-14 00:00")  # six weeks
    switching.claim_liability(Clock.FINAL_BILL, 1, 0, late)
    assert switching.liabilities[1].customer == ALICE
