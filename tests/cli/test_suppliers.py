"""Between suppliers: what their customers have traded, and for whom a tariff is."""

from __future__ import annotations

import pytest

from tests.cli.conftest import World
from tests.cli.test_bad_input import refused
from tests.cli.test_runs import settled

__all__ = ["settled"]


def test_the_statement_of_a_day(settled: World) -> None:
    stated = settled.ok("supplier", "statement", "2026-06-01", "--json").json
    # both homes were read in 9 + 8 slots, and have traded 1 kWh in each; one supplier has both
    (row,) = stated["crossings"]
    assert (row["seller"], row["buyer"], row["wh"]) == (1, 1, 17_000)
    assert sum(row["wh"] for row in stated["nets"]) == 0
    assert sum(row["money_nano"] for row in stated["nets"]) == 0
    text = settled.ok("supplier", "statement", "2026-06-01", "--csv").out
    assert text.splitlines()[0] == "seller,buyer,wh,nano"
    assert "supplier 1: net 0 Wh" in settled.ok("supplier", "statement", "2026-06-01").out
    assert "nothing was traded" in settled.ok("supplier", "statement", "2026-05-01").out
    refused(settled, 2, "no date", "supplier", "statement", "yesterday")


@pytest.mark.capability("ELE-2")
def test_for_whom_a_tariff_is(world: World) -> None:
    assert "for everybody" in world.ok("tariff", "offers", "1").out
    offer = ["tariff", "offer", "1", "--for", "domestic", "--term", "365", "--exit-fee", "40EUR"]
    refused(world, 1, "not supplier", *offer)
    world.ok(*offer, account="valley")
    (row,) = world.ok("tariff", "offers", "1", "--json").json["offers"]
    assert (row["for"], row["term_days"], row["exit_fee_nano"]) == (["domestic"], 365, 40 * 10**9)
    assert "40.00EUR" in world.ok("tariff", "offers", "1").out
    refused(world, 2, "--for", "tariff", "offer", "1", "--for", "friends", account="valley")
