"""What orders that nobody means win: the committed figures, and a book in which they do."""

import json

import pytest

from bench import wash
from p2pchain.matching import Offer
from p2pchain.model import Side, TariffRow

ROW = TariffRow(energy=200_000, feed_in=50_000)
BUY, SELL = 40, 10  # the tariff's limits in ticks


@pytest.mark.property(15)
def test_the_committed_figures_are_what_is_measured():
    found = wash.measure()
    assert json.loads(wash.RESULTS.read_text(encoding="utf-8")) == found
    # 12 and 13 June: nobody is larger than what the other side lacks.
    assert found["homes_that_win"] == {"limit": 0, "wash": 0, "split": 0}
    assert any(gain > 0 for gain in found["honest_nano"].values())


def test_who_is_larger_than_the_gap_wins_by_an_order_that_he_does_not_mean():
    """10 kWh are wanted and 7 offered: a sale of 4 kWh that is never delivered turns the price."""
    own = Offer(0, Side.BUY, BUY, 5_000)
    book = [own, Offer(1, Side.BUY, BUY, 5_000), Offer(2, Side.SELL, SELL, 7_000)]
    before = wash.worth(book, 0, ROW, 5_000)
    after = wash.worth([*book, Offer(0, Side.SELL, SELL, 4_000)], 0, ROW, 5_000)
    # All is bought at 0.05 instead of 0.20; 3,637 Wh of it cover the sale.
    assert before == 0
    assert after == (5_000 - 3_637) * 150_000


def test_every_kind_of_play_is_tried():
    kinds = {play.kind for play in wash.plays(Offer(0, Side.BUY, BUY, 900), ROW, 2_000)}
    assert kinds == {"limit", "wash", "split"}
