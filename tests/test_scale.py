"""Scale: a small tree as in the bench, and the committed figures on their page."""

import json

import pytest

from bench import gas, scale, scale_report
from p2pchain.errors import CheckFailed

CAP = 16_777_216


def test_the_committed_figures_are_of_every_size_and_fit_a_transaction():
    kept = scale.load()
    assert list(kept["sizes"]) == [str(size) for size in scale.SIZES]
    assert list(kept["day"]) == [str(scale.DAY)]
    for size, one in [*kept["sizes"].items(), *kept["day"].items()]:
        assert one["cells"] == len(scale.CELLS[int(size)])
        for when in ("first", "again"):
            assert list(one[when]) == list(scale.STEPS)
            assert all(0 < step["dearest"] <= CAP for step in one[when].values())
            assert all(
                step["dearest"] * step["transactions"] >= step["gas"] for step in one[when].values()
            )


def test_trees_have_the_microgrids_they_are_named_for():
    for size, cells in scale.CELLS.items():
        assert sum(cells) == size
    assert len(scale.CELLS[1000]) == 30
    assert all(25 <= size <= 50 for size in scale.CELLS[1000])


def test_money_of_the_committed_windows_is_whole():
    kept = scale.load()
    for one in [*kept["sizes"].values(), *kept["day"].values()]:
        money = dict(one["money_nano"])
        paid = money.pop("paid")
        assert paid == sum(money.values())
        assert min(money.values()) > 0


def test_the_page_shows_the_committed_figures():
    page = scale_report.PAGE.read_text(encoding="utf-8")
    assert scale_report.rendered(scale.load(), gas.load(), page) == page
    with pytest.raises(ValueError, match="marks of 'same'"):
        scale_report.rendered(scale.load(), gas.load(), "a page without marks")


def test_the_arithmetic_of_a_chain():
    """180 blocks of 30 million gas in a slot."""
    assert scale_report.homes_of_a_chain(5_400) == 1_000_000
    assert scale_report.homes_of_a_chain(5_401) == 999_814


def test_a_slot_of_an_entry_is_that_of_nested_mappings():
    assert scale.at(3) == 3
    assert scale.at(3, 5) != scale.at(5, 3)
    assert scale.at(3, 5, "0x0a") == scale.at(scale.at(3, 5), 10)


def test_ratios_are_not_seconds():
    kept = scale.load()["seconds_by_those_of_the_smallest"]
    assert set(kept[str(scale.SIZES[0])].values()) == {1.0}
    assert "seconds" not in json.dumps(scale.load()["sizes"])


@pytest.mark.anvil
def test_a_small_tree_costs_the_same_written_or_called():
    """Three microgrids both ways, to the unit; each conserves energy and money."""
    assert scale.same_as_real() == scale.load()["same_as_real"]


@pytest.mark.anvil
def test_ten_microgrids_cost_what_is_committed():
    """After a change that is meant: `make scale`, and a commit that gives the reason."""
    found = scale.measure(scale.CELLS[10]).figures()
    assert found == scale.load()["sizes"]["10"]


def test_a_window_that_is_lost_on_the_way_is_found():
    """What is asserted after a window fails where an event is missing."""
    played = scale.Played()
    for name in scale.STEPS:
        played.add(name, [{"gasUsed": "0x1", "logs": []}], 1.0)
    with pytest.raises(CheckFailed, match="bought"):
        played.conserve(1)
