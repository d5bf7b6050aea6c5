"""Random markets on the twin: money and energy to the unit, nobody worse off, no order matters."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from p2pchain.errors import CheckFailed, Refused
from p2pchain.model import Enrolment, Limits, Outcome, Phase, Reading, Refusal, Side

SEEDS = range(150)
FIRST = 24 * 17_000
Make = Callable[..., Any]


def totals(scene: Any) -> tuple[Any, ...]:
    """Everything that must not depend on how the work was cut up or ordered."""
    twin = scene.twin
    market = twin.market(scene.market)
    return (
        {name: (a.free_nano, a.locked_nano) for name, a in twin.ledger.accounts.items()},
        market.results,
        market.fills,
        dict(twin.ledger.transit_nano),
    )


@pytest.mark.property(1)
@pytest.mark.property(2)
@pytest.mark.property(4)
@pytest.mark.property(10)
def test_money_and_energy_are_conserved(scenario: Make, capsys: pytest.CaptureFixture[str]) -> None:
    traded = rationed = withheld = claims = 0
    for seed in SEEDS:
        scene = scenario(seed).run(random.Random(seed), late=seed % 4 == 0, void=seed % 7 == 0)
        scene.twin.assert_conserved()
        market = scene.twin.market(scene.market)
        assert all(a.locked_nano == 0 for a in scene.twin.ledger.accounts.values())
        assert scene.twin.ledger.transit_nano[scene.market] == 0
        results = list(market.results.values())
        traded += any(r.traded for r in results)
        rationed += any(r.traded and r.fill_wh < r.live_wh for r in results)
        withheld += any(p.withheld_buy_wh or p.withheld_sell_wh for p in market.postings.values())
        claims += bool(scene.twin.ledger.claims)
    with capsys.disabled():
        print(
            f"\n{len(SEEDS)} markets: {traded} trade, {rationed} ration, "
            f"{withheld} withhold, {claims} leave claims"
        )
    assert min(traded, rationed, withheld, claims) >= len(SEEDS) * 30 // 100


@pytest.mark.property(9)
@pytest.mark.property(31)
def test_nobody_pays_more_than_with_the_supplier_alone(scenario: Make) -> None:
    gained = 0
    for seed in SEEDS:
        scene = scenario(seed, rich=True)
        before = dict.fromkeys(scene.readings, 0)
        for (owner, _, meter), cover in scene.twin.ledger.covers.items():
            before[meter] = cover.guarantee_free_nano + cover.guarantee_locked_nano
            assert owner
        scene.run()
        market = scene.twin.market(scene.market)
        for meter, readings in scene.readings.items():
            alone = 0
            for reading in readings:
                for place, (imported, exported) in enumerate(reading.values):
                    slot = reading.first_slot + place
                    view = market.view(meter, slot)
                    row = view.row
                    alone += exported * row.feed_in - imported * (row.energy + row.charges)
                    alone -= view.standing_nano if slot % 24 == 0 else 0
                    bought, sold = market.fills.get((meter, slot), (0, 0))
                    price = market.results[slot].price_nano
                    if bought:
                        assert price + scene.params.buy_fee_nano <= view.gross_buy <= row.energy
                    if sold:
                        assert price - scene.params.sell_fee_nano >= view.gross_sell >= row.feed_in
            got = scene.twin.free_nano(f"0x{meter:040x}") - 10**9
            assert got >= alone
            gained += got > alone
    assert gained > 100


@pytest.mark.property(13)
@pytest.mark.property(32)
def test_neither_order_nor_cutting_changes_anything(scenario: Make) -> None:
    for seed in list(SEEDS)[:60]:
        whole = totals(scenario(seed, rich=True).run())
        for chunk in (1, 2, 3):
            other = scenario(seed, rich=True).run(random.Random(seed + 1), chunk=chunk)
            assert totals(other) == whole


@pytest.mark.property(14)
@pytest.mark.property(23)
def test_each_phase_happens_once(scenario: Make) -> None:
    scene = scenario(3).run()
    window = FIRST // 8
    twin = scene.twin
    with pytest.raises(Refused, match="NothingToDo"):
        twin.clear(scene.market, window)
    with pytest.raises(Refused, match="WrongPhase"):
        twin.settle(scene.market, window)
    with pytest.raises(Refused, match="WrongPhase"):
        twin.void_window(scene.market, window)
    with pytest.raises(Refused, match="UnknownMarket"):
        twin.clear(b"x" * 32, window)
    scene = scenario(3)
    with pytest.raises(Refused, match="NothingToDo"):
        scene.twin.clear(scene.market, window)
    scene.post(scene.readings[1][0])
    with pytest.raises(Refused, match="WrongPhase"):
        scene.twin.settle(scene.market, window)


def test_windows_are_cleared_when_all_have_posted_or_the_deadline_has_passed(
    scenario: Make,
) -> None:
    scene = scenario(1)
    window = FIRST // 8
    scene.twin.now = (FIRST + 8) * 3600
    reading = scene.readings[1][0]
    scene.twin.now = (FIRST + 16) * 3600
    scene.post(reading)
    with pytest.raises(Refused, match="NotReady"):
        scene.twin.clear(scene.market, window)
    scene.twin.now += scene.params.post_seconds
    scene.clear(window)
    with pytest.raises(Refused, match="TooEarlyToVoid"):
        scene.twin.void_window(scene.market, window + 1)


def test_a_voided_window_trades_nothing_and_frees_every_lock(scenario: Make) -> None:
    for seed in range(20):
        scene = scenario(seed).run(void=True)
        market = scene.twin.market(scene.market)
        assert market.window_state(FIRST // 8).voided
        assert not any(market.results[FIRST + lane].traded for lane in range(8))
        assert all(a.locked_nano == 0 for a in scene.twin.ledger.accounts.values())


def test_late_readings_are_settled_with_the_supplier_alone(scenario: Make) -> None:
    seen = 0
    for seed in range(40):
        scene = scenario(seed).run(late=True)
        market = scene.twin.market(scene.market)
        last = max(scene.readings)
        late = [key for key in market.postings if key[0] == last]
        assert not late
        assert not any(fill != (0, 0) for (m, _), fill in market.fills.items() if m == last)
        seen += any(e.__class__.__name__ == "LateSettled" for tx in scene.log for e in tx)
    assert seen > 30


def test_what_money_does_not_cover_is_withheld_early_slots_first(scenario: Make) -> None:
    checked = 0
    for seed in SEEDS:
        scene = scenario(seed)
        market = scene.twin.market(scene.market)
        for meter, readings in scene.readings.items():
            free = scene.twin.free_nano(f"0x{meter:040x}")
            cover = sum(
                c.guarantee_free_nano
                for (_, _, m), c in scene.twin.ledger.covers.items()
                if m == meter
            )
            scene.post(readings[0])
            locked = wanted = 0
            for place in range(readings[0].slots):
                slot = readings[0].first_slot + place
                view, posting = market.view(meter, slot), market.postings[meter, slot]
                locked += posting.buy_wh * max(view.gross_buy, 0)
                locked += posting.sell_wh * max(-view.gross_sell, 0)
                if view.buy_tick is not None:
                    buy = posting.buy_wh + posting.withheld_buy_wh
                    wanted += buy * max(view.gross_buy, 0)
                if view.sell_tick is not None:
                    sell = posting.sell_wh + posting.withheld_sell_wh
                    wanted += sell * max(-view.gross_sell, 0)
            assert locked <= free + cover
            checked += locked < wanted
        scene.twin.assert_conserved()
    assert checked > 50


def test_a_stage_lowers_a_pair_and_the_slot_still_adds_up(scenario: Make) -> None:
    lowered = 0
    for seed in range(60):
        scene = scenario(seed)
        for readings in scene.readings.values():
            for reading in readings:
                scene.post(reading)
        market = scene.twin.market(scene.market)
        for slot in range(FIRST, FIRST + 8):
            offers = market.offers(slot)
            buys = [o for o in offers if o.side == Side.BUY]
            sells = [o for o in offers if o.side == Side.SELL]
            if buys and sells:
                wh = min(buys[0].wh, sells[0].wh)
                market.lower(slot, buys[0].member, sells[0].member, wh)
                assert scene.twin.ledger.contracted_wh[buys[0].member, slot] == wh
                with pytest.raises(Refused, match="MoreThanPosted"):
                    market.lower(slot, buys[0].member, sells[0].member, 10**6)
                lowered += 1
        scene.twin.assert_conserved()
        for window in (FIRST // 8, FIRST // 8 + 1):
            scene.clear(window)
        scene.settle(FIRST // 8, 2)
        scene.twin.assert_conserved()
        assert all(a.locked_nano == 0 for a in scene.twin.ledger.accounts.values())
    assert lowered > 60


def test_contracted_energy_is_taken_off_what_is_offered(scenario: Make) -> None:
    scene = scenario(2, rich=True)
    ledger, market = scene.twin.ledger, scene.twin.market(scene.market)
    reading = scene.readings[1][0]
    slot, (imported, exported) = reading.first_slot, reading.values[0]
    ledger.post_energy(2, 1, slot, 50)
    scene.post(reading)
    posting = market.postings[1, slot]
    assert posting.buy_wh + posting.withheld_buy_wh == max(imported - 50, 0)
    assert posting.sell_wh + posting.withheld_sell_wh == exported + max(50 - imported, 0)
    assert posting.import_wh == imported
    scene.twin.assert_conserved()


def test_the_ring_refuses_a_window_whose_place_is_not_settled(scenario: Make) -> None:
    scene = scenario(5)
    market = scene.twin.market(scene.market)
    scene.post(scene.readings[1][0])
    ahead = FIRST + 128 * 8
    imported, exported = scene.readings[1][0].closing
    with pytest.raises(Refused, match="RingFull"):
        scene.twin.post_readings(scene.market, [Reading.of(1, ahead, imported, exported, [(1, 0)])])
    assert market.window_state(ahead // 8).phase == Phase.ABSENT


def test_refusals_of_agreements(scenario: Make) -> None:
    scene = scenario(4)
    twin, market = scene.twin, scene.market
    assert twin.enrol(Enrolment(b"x" * 32, 1, FIRST)) == Refusal.UNKNOWN_MARKET
    assert twin.enrol(Enrolment(market, 99, FIRST)) == Refusal.UNKNOWN_METER
    assert twin.enrol(Enrolment(market, 1, FIRST)) == Refusal.ALREADY_ENROLLED
    assert twin.set_limits(Limits(market, 99, FIRST, 1)) == Refusal.NOT_A_MEMBER
    assert twin.set_limits(Limits(market, 1, FIRST, 0)) == Refusal.OLD_SEQUENCE
    assert twin.set_limits(Limits(market, 1, FIRST, 9, (1, 2), (1, 2))) == Refusal.BAD_FORMAT
    twin.now = FIRST * 3600
    assert twin.set_limits(Limits(market, 1, FIRST, 9)) == Refusal.TOO_LATE
    twin.paused = True
    assert twin.set_limits(Limits(market, 1, FIRST + 9, 9)) == Refusal.PAUSED
    early = Reading.of(1, FIRST - 1, 0, 0, [(1, 0)])
    assert twin.post_readings(market, [early]) == [Outcome.ACCEPTED]  # metered, and no more
    assert twin.post([early]) == [Outcome.READ_THROUGH_SETTLEMENT]


def test_conservation_check_finds_what_is_wrong(scenario: Make) -> None:
    scene = scenario(6).run()
    scene.twin.ledger.accounts["0x" + "0a" * 20].free_nano += 1
    with pytest.raises(CheckFailed, match="not conserved"):
        scene.twin.assert_conserved()
    scene = scenario(6).run()
    market = scene.twin.market(scene.market)
    key = next(iter(market.fills))
    market.fills[key] = (market.fills[key][0] + 1, market.fills[key][1])
    with pytest.raises(CheckFailed, match="matched"):
        scene.twin.assert_conserved()
    scene = scenario(6).run()
    scene.twin.ledger.contracted_wh[1, FIRST] += 1
    with pytest.raises(CheckFailed, match="contracted"):
        scene.twin.assert_conserved()
