"""Packed words read back what was put in, and lie where the contracts look for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchain.model import LaneWord, Reading, Side, SlotResult, pack_intervals, unpack_intervals

uint48 = st.integers(0, 2**48 - 1)
results = st.builds(
    SlotResult,
    traded=st.booleans(),
    price_nano=st.integers(-(2**31), 2**31 - 1),
    matched_wh=uint48,
    buy_tick=st.integers(0, 255),
    sell_tick=st.integers(0, 255),
    buy_rationed=st.booleans(),
    fill_wh=uint48,
    live_wh=uint48,
    carry=uint48,
)
lane_words = st.builds(
    LaneWord,
    window=st.integers(0, 2**20 - 1),
    volumes=st.tuples(*[st.integers(0, 2**27 - 1)] * 8),
    sides=st.tuples(*[st.sampled_from(Side)] * 8),
    posted_mask=st.integers(0, 255),
    second=st.booleans(),
    withheld_buy=st.booleans(),
    withheld_sell=st.booleans(),
    imports=st.booleans(),
)
pairs = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)), max_size=96)


@given(results)
def test_result_word(result: SlotResult) -> None:
    assert SlotResult.unpack(result.pack()) == result
    assert result.pack() < 2**256


@given(lane_words)
def test_lane_word(lanes: LaneWord) -> None:
    assert LaneWord.unpack(lanes.pack()) == lanes
    assert lanes.pack() < 2**256


@given(pairs)
def test_intervals(values: list[tuple[int, int]]) -> None:
    words = pack_intervals(values)
    assert len(words) == (len(values) + 3) // 4
    assert unpack_intervals(words, len(values)) == tuple(values)


def test_layouts_by_hand() -> None:
    assert pack_intervals([(1, 2), (3, 4)]) == (1 << 224 | 2 << 192 | 3 << 160 | 4 << 128,)
    lanes = LaneWord(5, (7, *[0] * 7), (Side.SELL, *[Side.BUY] * 7), posted_mask=1, imports=True)
    assert lanes.pack() == 7 | 1 << 27 | 1 << 224 | 1 << 235 | 5 << 236
    result = SlotResult(True, -1, 2, 3, 4, True, 5, 6, 7)
    word = 0xFFFFFFFF | 3 << 32 | 4 << 40 | 3 << 48 | 2 << 56 | 5 << 104 | 6 << 152 | 7 << 200
    assert result.pack() == word


@pytest.mark.parametrize(
    "broken",
    [SlotResult(buy_tick=256), SlotResult(price_nano=2**31), SlotResult(carry=-1)],
)
def test_what_does_not_fit_is_refused(broken: SlotResult) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        broken.pack()
    with pytest.raises(ValueError, match="does not fit"):
        pack_intervals([(2**32, 0)])


def test_closing_registers_are_opening_plus_intervals() -> None:
    reading = Reading.of(1, 40, 100, 10, [(5, 0), (0, 7), (2, 1)])
    assert reading.closing == (107, 18)
    assert reading.until_slot == 43
