"""Gas: the committed figures do not get worse, and are what this code costs."""

import pytest

from bench import breakdown, gas, report, tree
from bench.workload import SLOTS_PER_DAY
from bench.world import world
from p2pchain.chain.rpc import Rpc

# For 100 members that settle once a day.
MOST_PER_PARTICIPANT_SLOT = 3_000
# What trading ahead costs at most, by participant and slot, by transaction, by order.
MOST_AHEAD = {
    ("day_ahead_per_participant_slot", "100"): 7_000,
    # 368 of it: seats are asked for anew on the measured day, as they are once in 1,008 slots.
    ("intraday_per_participant_slot", "100"): 43_900,
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


@pytest.mark.capability("FST-8")
def test_the_page_says_how_many_participants_a_chain_carries_beside_the_peers():
    page = report.PAGE.read_text(encoding="utf-8")
    table = report.shown(page, "capacity of all")
    head, _, *rows = ([cell.strip() for cell in line[1:-1].split("|")] for line in table)
    assert len(rows) == 3 + len(report.PEERS)
    column = head.index("30 M, 12 s")
    for name, each, *_ in rows:
        row = next(row for row in rows if row[0] == name)
        gas_each, carried = (int(row[place].replace(",", "")) for place in (1, column))
        assert carried == 75 * 30_000_000 // gas_each
        # What is said of a peer in the table that describes it.
        if name in report.PEERS:
            assert f"| {each} |" in page.replace(" |\n", " |\n")
    with pytest.raises(ValueError, match="marks of 'capacity of all'"):
        report.filled(page.replace("<!-- capacity of all -->", ""), [("capacity of all", [])])


def test_the_breakdown_adds_up_to_the_figures():
    """Each path's parts come to what gas.json says of it, but for the days that it was taken in."""
    paths = breakdown.load()["paths"]
    page = report.PAGE.read_text(encoding="utf-8")
    assert breakdown.table(paths) == report.shown(page, "breakdown")
    seven = gas.load()["seeds"]["7"]
    keys = {
        "metered": report.TOTAL,
        "day ahead": "day_ahead_per_participant_slot",
        "intraday": "intraday_per_participant_slot",
    }
    assert set(paths) == set(keys)
    for path, calls in paths.items():
        total = sum(sum(parts.values()) for parts in calls.values())
        figure = seven[keys[path]]["100"]
        assert abs(total - figure) <= figure / 50, path


@pytest.mark.anvil
def test_a_trace_comes_to_the_receipt():
    with world(4, 7, timeout_seconds=breakdown.TRACE_SECONDS) as market:
        market.meter_day()
        market.enrol()
        market.sent.clear()
        market.market_day(together=True)
        assert isinstance(market.chain, Rpc)
        for name, receipt in market.sent:
            parts = breakdown.of_transaction(market.chain, receipt)
            assert parts.total() == receipt.gas_used
            assert set(parts) == set(breakdown.PARTS)
            assert all(parts[part] > 0 for part in breakdown.PARTS if part != "signatures")
            posts = name.endswith("postReadings")
            assert parts["signatures"] == (4 * 3_000 if posts else 0)


@pytest.mark.anvil
def test_gas_is_what_is_committed():
    """After a change that is meant: `make gas`, and a commit that gives the reason."""
    assert gas.check() == []


@pytest.mark.anvil
def test_a_level_with_full_ladders_goes_in_steps():
    """Thirty children, half short and half long, are too many for one transaction."""
    used = tree.parent_gas(30)
    assert len(used) > 2
    assert max(used) <= CAP
