"""Gas: the committed figures do not get worse, and are what this code costs."""

import pytest

from bench import gas, report, tree
from bench.workload import SLOTS_PER_DAY

# For 100 members that settle once a day.
MOST_PER_PARTICIPANT_SLOT = 4_000
# What trading ahead costs at most, by participant and slot, by transaction, by order.
MOST_AHEAD = {
    ("day_ahead_per_participant_slot", "100"): 7_500,
    ("intraday_per_participant_slot", "100"): 45_000,
    ("own_order", "100"): 45_000,
    ("forward_clear_per_order", "100"): 1_100,
    ("forward_clear_per_order", "400"): 700,
}
CAP = 16_777_216


def test_a_slot_of_a_hundred_members_costs_no_more_than_the_target():
    seeds = gas.load()["seeds"]
    assert set(seeds) == {str(seed) for seed in gas.SEEDS}
    for figures in seeds.values():
        assert figures[report.TOTAL]["100"] <= MOST_PER_PARTICIPANT_SLOT


def test_every_size_is_measured_and_no_transaction_is_above_the_cap():
    kept = gas.load()
    sizes = {str(meters) for meters in gas.METERS}
    for figures in kept["seeds"].values():
        metered = [by_size for key, by_size in figures.items() if key not in report.TARGETS]
        assert all(set(by_size) == sizes for by_size in metered)
    for by_size in kept["transactions"].values():
        assert set(by_size) == sizes
        for phases in by_size.values():
            for phase in report.PHASES:
                assert phases[phase]
                assert max(phases[phase]) <= CAP


def test_a_level_with_200_children_is_cleared_and_shared_in_transactions_that_fit():
    assert 0 < gas.load()["limits"]["clear_parent_200_children"] <= CAP


@pytest.mark.parametrize(("key", "meters"), MOST_AHEAD)
def test_trading_ahead_costs_no_more(key, meters):
    assert gas.load()["seeds"]["7"][key][meters] <= MOST_AHEAD[key, meters]


def test_transactions_add_up_to_the_figures():
    """A day's total, from its transactions, and the mean of the measured days agree within 1 %."""
    kept = gas.load()
    for seed, by_size in kept["transactions"].items():
        for meters, phases in by_size.items():
            slots = int(meters) * SLOTS_PER_DAY
            day = sum(phases["post"] + phases["clear and settle"]) / slots
            figure = kept["seeds"][seed][report.TOTAL][meters]
            assert abs(day - figure) <= figure / 100


def test_a_table_of_differences_names_each_figure():
    kept = {"seeds": {"7": {"a": {"20": 5}}}}
    found = {"seeds": {"7": {"a": {"20": 6, "50": 1}}}}
    lines = gas.differences(found, kept)
    assert len(lines) == 2
    assert all("seeds / 7 / a" in line for line in lines)
    assert "5 -> 6" in lines[0]
    assert "None -> 1" in lines[1]
    assert gas.differences(kept, kept) == []


def test_the_page_shows_the_committed_figures():
    page = report.PAGE.read_text(encoding="utf-8")
    assert report.rendered(gas.load(), page) == page
    with pytest.raises(ValueError, match="marks of 'per slot'"):
        report.rendered(gas.load(), "a page without marks")


@pytest.mark.anvil
def test_gas_is_what_is_committed():
    """After a change that is meant: `make gas`, and a commit that gives the reason."""
    assert gas.check() == []


@pytest.mark.anvil
def test_a_level_with_full_ladders_goes_in_steps():
    """Twelve children, half short and half long, are too many for one transaction."""
    used = tree.parent_gas(12)
    assert len(used) > 2
    assert max(used) <= CAP
