"""The market on the measured homes reaches the best that any trade among them could."""

from __future__ import annotations

import highspy
import pytest

from p2pchain.data import Community, best_gain_nano, load_fontana
from p2pchain.model import PriceRule
from p2pchain.rules import RULES
from p2pchain.simulate import default_params, simulate


def linear_optimum(community: Community) -> float:
    """Most that the homes can save, as one linear program over all homes and slots, in currency.

    Each home may trade any part of its import and export with the others; what is traded adds up to
    zero in every slot. A bought Wh saves the retail price, a sold one gives up the feed-in price.
    """
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    feed_in = community.feed_in_nano / 1e9
    for place, retail in enumerate(community.retail_nano):
        bought = [
            solver.addVariable(lb=0, ub=home.import_wh[place], obj=retail / 1e9)
            for home in community.homes
        ]
        sold = [
            solver.addVariable(lb=0, ub=home.export_wh[place], obj=-feed_in)
            for home in community.homes
        ]
        solver.addConstr(sum(bought) - sum(sold) == 0)
    solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
    solver.run()
    return float(solver.getObjectiveValue())


@pytest.mark.property(11)
@pytest.mark.property(31)
@pytest.mark.parametrize(("days", "best"), [(2, 14.6), (14, 118.4)])
def test_market_reaches_the_best_possible_gain(
    days: int, best: float, capsys: pytest.CaptureFixture[str]
) -> None:
    community = load_fontana("2017-06-12", days)
    possible = best_gain_nano(community)
    assert round(possible / 1e9, 1) == best
    assert linear_optimum(community) == pytest.approx(possible / 1e9, abs=1e-6)
    run = simulate(community)
    share_ppm = run.gain_nano * 1_000_000 // possible
    with capsys.disabled():
        print(f"\n{days} days: gain {run.gain_nano} of {possible} nano, {share_ppm} ppm")
    assert share_ppm >= 990_000
    assert run.gain_nano <= possible
    assert all(bill.saving_nano >= 0 for bill in run.bills)
    assert sum(bill.saving_nano > 0 for bill in run.bills) == 13


def test_the_best_possible_gain_of_eleven_months() -> None:
    """From 1 September 2016 on, after a first month that forecasts can be made of."""
    community = load_fontana("2016-09-01", 334)
    assert best_gain_nano(community) // 10**9 == 1_391


@pytest.mark.property(31)
@pytest.mark.parametrize("rules", ["GB", "EU"])
@pytest.mark.parametrize("rule", list(PriceRule))
def test_nobody_pays_more_under_any_rule_and_charges_are_not_escaped(
    rules: str, rule: PriceRule
) -> None:
    community = load_fontana("2017-06-12", 2)
    params = default_params(3600, rule=rule, buy_fee_nano=1_000, sell_fee_nano=2_000)
    run = simulate(community, rules=RULES[rules], params=params)
    assert run.traded_wh > 0
    assert all(bill.saving_nano >= 0 for bill in run.bills)
    # A traded Wh saves the energy part alone, and of that the fees go off: to the unit.
    results = run.twin.market(run.market).results
    left = 0
    for slot, retail in zip(community.slots, community.retail_nano, strict=True):
        row = RULES[rules].split(retail, community.feed_in_nano)
        left += results[slot].matched_wh * (row.energy - row.feed_in - 3_000)
    assert run.gain_nano == left
    assert run.gain_nano < best_gain_nano(community)
    network = run.twin.free_nano("0x" + "0a" * 20) - 10**15
    imported = sum(
        wh * RULES[rules].split(retail).network
        for home in community.homes
        for wh, retail in zip(home.import_wh, community.retail_nano, strict=True)
    )
    assert network == imported


def test_days_on_which_the_clocks_change_are_settled_like_any_other() -> None:
    for day in ("2016-11-05", "2017-03-11"):
        community = load_fontana(day, 3, homes=4)
        run = simulate(community)
        assert all(bill.saving_nano >= 0 for bill in run.bills)
        assert run.gain_nano == best_gain_nano(community)
