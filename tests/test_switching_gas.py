"""Gas of switching: the committed figures are those of the contracts, and the page says them."""

from __future__ import annotations

import pytest

from bench import switching


@pytest.mark.anvil
@pytest.mark.capability("ELE-2")
def test_gas_of_each_path_is_as_committed() -> None:
    assert switching.check() == []


def test_the_page_shows_these_figures() -> None:
    page = switching.PAGE.read_text(encoding="utf-8")
    assert switching.rendered(switching.load(), page) == page


def test_both_fuels_cost_less_than_two_switches() -> None:
    gas = switching.load()["gas"]
    for name in ("contract_and_request", "secure"):
        assert gas[name] < gas[f"{name}_both"] < 2 * gas[name]
