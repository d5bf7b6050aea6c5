"""Only customers of suppliers that have signed the market's agreement take part."""

from __future__ import annotations

from dataclasses import replace

import pytest

from p2pchain.errors import Refused
from p2pchain.model import (
    NOTICE_SLOTS,
    Agreement,
    Enrolment,
    ForwardRefusal,
    MarketParams,
    Outcome,
    Refusal,
    Terms,
)
from p2pchain.points import CustomerClass, Fuel, Point, Standing, Status
from p2pchain.replay import TwinMarket
from p2pchain.twin import Twin
from tests.unit.forward_world import (
    BUY,
    DAY,
    FIRST,
    HOUR,
    SELL,
    ForwardWorld,
    account,
    event,
    fields_of,
)

SLOT = FIRST
OTHER = 2


def market_of(twin: Twin, only: int = 0) -> bytes:
    twin.add_area(account(1))
    for supplier in (1, OTHER):
        twin.add_supplier(account(900 + supplier))
    return twin.create_market(MarketParams(area=1, tick_nano=1, only_supplier=only))


def refused(twin: Twin, agreement: Agreement) -> tuple[str, tuple[object, ...]]:
    with pytest.raises(Refused) as caught:
        twin.set_agreement(agreement)
    return caught.value.reason, caught.value.args


def test_from_when_on_a_supplier_may_agree_and_leave() -> None:
    twin = Twin(HOUR)
    market = market_of(twin)
    twin.now = SLOT * HOUR
    joins = Agreement(market, 1, SLOT + 1, agrees=True, sequence=1)
    assert refused(twin, replace(joins, from_slot=SLOT)) == ("TooSoon", (SLOT, SLOT + 1))
    assert refused(twin, replace(joins, supplier=9))[0] == "UnknownSupplier"
    end = SLOT + NOTICE_SLOTS
    leaves = Agreement(market, 1, end, agrees=False, sequence=2)
    assert refused(twin, leaves) == ("NothingChanges", (market, 1))
    twin.set_agreement(joins)
    assert refused(twin, joins) == ("SequenceIsOld", (1, 1))
    assert refused(twin, leaves) == ("AgreementPending", (SLOT + 1,))
    twin.now = (SLOT + 1) * HOUR
    assert refused(twin, leaves) == ("TooSoon", (end, end + 1))
    assert refused(twin, replace(leaves, from_slot=end + 2)) == ("NotADay", (end + 2,))
    twin.set_agreement(replace(leaves, from_slot=end + 24))
    place = twin.market(market)
    held = [place.agrees_at(1, slot) for slot in (SLOT, SLOT + 1, end + 23, end + 24)]
    assert held == [False, True, True, False]


def test_what_has_not_begun_gives_way() -> None:
    twin = Twin(HOUR)
    market = market_of(twin)
    place = twin.market(market)
    twin.now = SLOT * HOUR
    far = SLOT + NOTICE_SLOTS
    twin.set_agreement(Agreement(market, 1, far + 50, agrees=True, sequence=1))
    twin.set_agreement(Agreement(market, 1, far, agrees=False, sequence=2))  # not at all
    assert not place.agrees_at(1, far + 50)
    twin.set_agreement(Agreement(market, 1, far + 60, agrees=True, sequence=3))
    twin.set_agreement(Agreement(market, 1, SLOT + 9, agrees=True, sequence=4))  # earlier
    later = Agreement(market, 1, SLOT + 10, agrees=True, sequence=5)
    assert refused(twin, later) == ("AgreementPending", (SLOT + 9,))
    assert (place.agrees_at(1, SLOT + 8), place.agrees_at(1, SLOT + 9)) == (False, True)
    twin.now = (SLOT + 24) * HOUR
    twin.set_agreement(Agreement(market, 1, far + 24, agrees=False, sequence=6))
    twin.set_agreement(Agreement(market, 1, far + 48, agrees=False, sequence=7))  # another day
    assert (place.agrees_at(1, far + 47), place.agrees_at(1, far + 48)) == (True, False)
    twin.set_agreement(Agreement(market, 1, SLOT + 25, agrees=True, sequence=8))  # it stays
    assert place.agrees_at(1, far + 48)


def test_a_market_for_the_customers_of_one_supplier() -> None:
    twin = Twin(HOUR)
    market = market_of(twin, only=1)
    other = Agreement(market, OTHER, SLOT, agrees=True, sequence=1)
    assert refused(twin, other) == ("OutOfScope", (market, OTHER))
    with pytest.raises(Refused, match="UnknownSupplier"):
        twin.create_market(MarketParams(area=1, tick_nano=1, only_supplier=9))
    with pytest.raises(Refused, match="BadParameter"):
        twin.create_market(MarketParams(area=1, tick_nano=1, agreement=bytes(32)))


def test_nobody_enrols_before_his_supplier_agrees() -> None:
    twin = Twin(HOUR)
    market = market_of(twin)
    meter = twin.register_meter(1, Terms(account(7), SLOT - 8, 1, 1, 1_000))
    enrolment = Enrolment(market, meter, SLOT)
    assert twin.enrol(enrolment) == Refusal.NO_AGREEMENT
    twin.set_agreement(Agreement(market, 1, SLOT + 1, agrees=True, sequence=1))
    assert twin.enrol(enrolment) == Refusal.NO_AGREEMENT
    assert twin.enrol(Enrolment(market, meter, SLOT + 1)) == Refusal.NONE


def test_no_market_takes_a_gas_meter() -> None:
    twin = Twin(HOUR)
    market = market_of(twin)
    twin.set_agreement(Agreement(market, 1, 0, agrees=True, sequence=1))
    gas, power = (twin.register_meter(1, Terms(account(n), SLOT - 8, 1, 1, 1_000)) for n in (7, 8))
    standing = Standing(
        account(7), SLOT, 1, Status.ENERGISED, CustomerClass.DOMESTIC, account(1), gas
    )
    number = twin.points.register(Point(b"\1" * 32, 1, Fuel.GAS), standing)
    assert twin.enrol(Enrolment(market, gas, SLOT)) == Refusal.NOT_ELECTRICITY
    assert twin.enrol(Enrolment(market, power, SLOT)) == Refusal.NONE
    with pytest.raises(Refused, match="AlreadyEnrolled"):
        twin.points.put(number, replace(standing, meter=power, from_slot=SLOT + 1))


def leaver() -> ForwardWorld:
    """Home 1 sells 100 Wh ahead to home 2, and then goes to a supplier that has not agreed."""
    world = ForwardWorld()
    number = world.twin.add_supplier(account(902))
    world._do(event("SupplierAdded", supplier=number, account=account(902), name="o"))
    assert world.order(1, 0, SELL, 100, 100) == ForwardRefusal.NONE
    assert world.order(2, 0, BUY, 100, 100) == ForwardRefusal.NONE
    terms = Terms(account(1), FIRST, OTHER, 1, 100_000)
    world.twin.set_terms(1, terms)
    world._do(event("TermsSet", meter=1, **fields_of(terms)))
    return world


def test_a_leaver_settles_what_he_has_ordered_at_the_worst() -> None:
    world = leaver()
    assert world.order(1, 1, SELL, 100, 100) == ForwardRefusal.NOT_A_MEMBER
    before = world.twin.free_nano(account(902))
    world.play({1: (0, 100), 2: (100, 0)})
    assert world.change(1) == 100 * (100 - 400), "sold at 100, bought back at the cap"
    assert world.twin.free_nano(account(902)) - before == 100 * 400
    assert world.place_.unread == {}, "no reading is waited for"
    assert world.twin.metering.heads[1].registers == (0, 100), "metered, and no more"
    replay = TwinMarket(HOUR)
    for events in world.log:
        replay.apply_transaction(events)


def test_a_leaver_can_cancel_what_he_has_ordered() -> None:
    world = leaver()
    assert world.cancel(1, 0) == ForwardRefusal.NONE
    world.play({1: (0, 100), 2: (100, 0)})
    assert world.change(1) == 0


def test_readings_of_a_leaver_are_metered_and_no_more() -> None:
    world = leaver()
    world.at(0)
    world.clear_forward()
    world.at(DAY)
    assert world.post(1, [(0, 100)]) == Outcome.ACCEPTED
    assert (1, FIRST) not in world.place_.postings
