"""What crossed between customers of suppliers: whole Wh, exact sums, nothing lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchain.supplier_statement import Crossing, Statement, attributed

AMOUNTS = st.dictionaries(st.integers(1, 6), st.integers(0, 10_000), min_size=1)


@given(AMOUNTS, AMOUNTS)
def test_rows_and_columns_add_up(sold: dict[int, int], bought: dict[int, int]) -> None:
    gap = sum(sold.values()) - sum(bought.values())
    (bought if gap > 0 else sold).setdefault(0, 0)
    (bought if gap > 0 else sold)[0] += abs(gap)
    flows = attributed(sold, bought)
    assert all(wh > 0 for wh in flows.values())
    for seller, wh in sold.items():
        assert sum(flow for (one, _), flow in flows.items() if one == seller) == wh
    for buyer, wh in bought.items():
        assert sum(flow for (_, one), flow in flows.items() if one == buyer) == wh
    total = sum(sold.values())
    for (seller, buyer), flow in flows.items():
        # in proportion, but for what whole units leave over of each seller before
        assert abs(flow - sold[seller] * bought[buyer] / total) <= len(sold) + 1


def test_by_hand() -> None:
    # 10 Wh of supplier 1 and 5 of supplier 2, of which 1 buys 6 and 2 buys 9
    assert attributed({1: 10, 2: 5}, {1: 6, 2: 9}) == {
        (1, 1): 4, (1, 2): 6, (2, 1): 2, (2, 2): 3,
    }  # fmt: skip
    with pytest.raises(ValueError, match="not what was bought"):
        attributed({1: 1}, {1: 2})


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 999))))
def test_nets_sum_to_zero(rows: list[tuple[int, int, int]]) -> None:
    found = Statement(1, tuple(Crossing(a, b, wh, wh * 7) for a, b, wh in rows))
    nets = [found.net(party) for party in found.parties]
    assert sum(wh for wh, _ in nets) == 0
    assert sum(nano for _, nano in nets) == 0
