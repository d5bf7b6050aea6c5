"""The result and the progress bar in a terminal."""

from __future__ import annotations

import io
import itertools
import re
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from p2pchain.report import DemoReport, terminal, textplot
from p2pchain.report.terminal import Progress

MakeReport = Callable[..., DemoReport]
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("width", [20, 64, 80, 120, 400])
@pytest.mark.parametrize("days", [1, 2, 14, 365])
def test_no_line_is_too_wide(make_report: MakeReport, width: int, days: int) -> None:
    text = terminal.render(make_report(days=days), width, color=False)
    assert max(map(len, text.splitlines())) <= max(64, min(120, width))
    assert "\x1b" not in text
    assert text.endswith("\n")


def test_the_first_screen_says_what_is_left(report: DemoReport) -> None:
    top = "\n".join(terminal.render(report, 80, color=False).splitlines()[:14])
    assert "0.25 USD better off, after charges" in top
    assert re.search(r"Gain before charges +0\.60 USD  99\.1 % of the best possible 0\.60 USD", top)
    assert re.search(r"Network, levies, tax +-0\.34 USD  rules: GB", top)
    assert re.search(r"Fee of the market +-0\.01 USD", top)
    assert re.search(r"What the homes keep +0\.25 USD", top)


def test_the_table_of_homes_is_aligned(report: DemoReport) -> None:
    lines = terminal.render(report, 80, color=False).splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("Home "))
    table = [lines[at], *lines[at + 2 : at + 4], lines[at + 5]]
    assert len({len(line) for line in table}) == 1
    assert table[1].split() == ["H01", "1.93", "1.68", "0.26", "13.2", "%", "3.0", "0.5"]
    assert table[3].split()[:4] == ["All", "1.97", "1.46", "0.51"]


def test_colour_changes_nothing_but_colour(report: DemoReport) -> None:
    plain = terminal.render(report, 80, color=False)
    painted = terminal.render(report, 80, color=True)
    assert painted != plain
    stripped = "\n".join(line.rstrip() for line in ANSI.sub("", painted).split("\n"))
    assert stripped == plain


class _Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_no_color_is_respected(
    report: DemoReport,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    colored: bool,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", _Tty())
    assert ("\x1b[" in terminal.render(report, 80)) is colored
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert "\x1b[" not in terminal.render(report, 80)


def test_bad_news_is_in_words(make_report: MakeReport) -> None:
    first, second = make_report().homes
    worse = replace(first, bill_market_nano=first.bill_supplier_nano + 10**9)
    checks = {"money": True, "energy": True, "replay": True, "nobody_worse": False}
    text = terminal.render(make_report(homes=(worse, second), checks=checks), 80, color=False)
    assert "Pays more than with its supplier alone: H01" in text
    assert "✗ FAILED  Nobody worse off" in text
    assert text.count("✓ passed") == 3


def test_planning_ahead_is_compared_home_by_home(make_planned: MakeReport) -> None:
    text = terminal.render(make_planned(), 80, color=False)
    flat = " ".join(text.split())
    assert re.search(r"^H01 +1\.93 +1\.83 +1\.66 +1\.68 +0\.26 +-0\.02$", text, re.M)
    assert re.search(r"^All +1\.97 +1\.87 +1\.42 +1\.46 +0\.51 +-0\.04$", text, re.M)
    assert "2 homes, 1 of them planning a day ahead, shared 3.5 kWh" in flat
    assert "The gate closed 30 minutes before the day. 0.7 kWh were contracted." in flat
    assert "the forward auction alone reaches 16.8 %" in flat
    assert "Of 1 home that planned ahead 1 pays more" in flat
    assert "0.02 USD in all: H01. Of those that did not plan, 1: H02." in flat
    assert "the imbalance price, the supplier's price: 0.220 to 0.540 USD per kWh" in flat
    assert "From the chain: forward with metered market. Computed by the rules" in flat
    assert "(here 1 of 2 homes)" in flat
    assert "Batteries" not in text


def test_batteries_say_what_is_assumed(make_planned: MakeReport) -> None:
    text = terminal.render(make_planned(battery=True), 80, color=False)
    flat = " ".join(text.split())
    assert re.search(r"^H01 +1\.93 +1\.81 +1\.66 +1\.68$", text, re.M)
    assert "State of charge of H01" in text
    assert "10 kWh, 2.5 kWh per hour, 90 % there and back" in flat
    assert "retail energy price where all homes together are forecast to lack energy" in flat
    assert "12 and 13 June 2017 of these data had been looked at" in flat
    assert "of the best possible 0.60 USD without batteries" in flat


@pytest.mark.parametrize("width", [64, 80, 120])
@pytest.mark.parametrize("days", [1, 14, 365])
def test_no_line_of_planned_days_is_too_wide(
    make_planned: MakeReport, width: int, days: int
) -> None:
    text = terminal.render(make_planned(battery=True, days=days), width, color=False)
    assert max(map(len, text.splitlines())) <= width


def test_nobody_worse_is_nobody_named(make_planned: MakeReport) -> None:
    base = make_planned()
    homes = tuple(replace(home, metered_only_nano=home.bill_market_nano) for home in base.homes)
    text = terminal.render(replace(base, homes=homes), 80, color=False)
    assert "Nobody pays more than by the metered market alone." in text


def test_nothing_shared_is_still_a_result(make_report: MakeReport) -> None:
    base = make_report()
    homes = tuple(replace(home, bought_peer_wh=0, sold_peer_wh=0) for home in base.homes)
    hours = tuple(replace(hour, traded_wh=0, price_nano=None) for hour in base.hours)
    empty = make_report(
        homes=homes, hours=hours, traded_wh=0, gain_nano=0, best_gain_nano=0, gain_net_nano=0,
        fee_nano=0, gain_share_ppm=0, charges=(),
    )  # fmt: skip
    text = terminal.render(empty, 80, color=False)
    assert "2 homes shared nothing in 2 days." in text
    assert "nothing to gain at these tariffs" in text


def test_text_from_outside_cannot_drive_the_terminal(make_report: MakeReport) -> None:
    first, second = make_report().homes
    text = terminal.render(
        make_report(
            title="A\x1b[2Jtitle",
            attribution="x\x07",
            timezone="a\x9bb",
            homes=(replace(first, id="H\x1b[31m1"), second),
        ),
        80,
        color=False,
    )
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)


@given(st.lists(st.integers(0, 10**7), min_size=1, max_size=40), st.integers(1, 10))
def test_bars_show_what_is_there(values: list[int], height: int) -> None:
    top = textplot.nice_ceiling(max(values))
    assert max(values) <= top <= max(10, 2 * max(values))
    rows = textplot.bars(values, height, top)
    assert len(rows) == height
    for at, value in enumerate(values):
        level = sum(" ▁▂▃▄▅▆▇█".index(row[at]) for row in rows)
        assert (level > 0) == (value > 0)
        assert level == max(1 if value else 0, value * height * 8 // top)


@given(st.integers(0, 10**12))
def test_half_of_a_scale_is_a_whole_number(value: int) -> None:
    assert textplot.nice_ceiling(value) % 2 == 0


class _Clock:
    def __init__(self, step: float) -> None:
        self.now = 0.0
        self.step = step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def _run(stream: io.StringIO, step: float, total: int = 100) -> str:
    with Progress("Posting readings", total, stream=stream, clock=_Clock(step)) as progress:
        for _ in range(total):
            progress.step()
    return stream.getvalue()


def test_short_work_is_silent() -> None:
    assert _run(io.StringIO(), 0.005) == ""
    assert _run(_Tty(), 0.005) == ""


def test_a_log_gets_a_line_per_tenth() -> None:
    lines = _run(io.StringIO(), 0.5).splitlines()
    assert lines[0] == "Posting readings: 10 %, 10 of 100"
    assert len(lines) == 10
    assert re.fullmatch(r"Posting readings: done, \d+\.\d s", lines[-1])
    assert "\r" not in "".join(lines)


def test_a_terminal_gets_one_line_redrawn() -> None:
    text = _run(_Tty(), 0.5)
    assert text.count("\n") == 1
    assert re.search(r"\rPosting readings: done, 50\.\d s *\n$", text)
    assert re.search(r"█{12}░{12}  50 %  50/100  2[45] s left", text)
    frames = text.split("\r")[1:]
    assert all(
        len(after.rstrip("\n")) >= len(before.rstrip())
        for before, after in itertools.pairwise(frames)
    )


def test_a_narrow_terminal_is_not_wrapped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    frames = _run(_Tty(), 0.5).strip("\n").split("\r")
    assert max(map(len, frames)) == 39


@pytest.mark.parametrize("stream", [io.StringIO(), _Tty()])
def test_an_error_ends_the_line_and_goes_on(stream: io.StringIO) -> None:
    def work() -> None:
        with Progress("Clearing", 10, stream=stream, clock=_Clock(0.6)) as progress:
            progress.step(3)
            progress.step()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    assert (
        stream.getvalue()
        .splitlines()[-1]
        .split("\r")[-1]
        .startswith("Clearing: stopped at 4 of 10")
    )


def test_a_broken_stream_does_not_stop_the_work() -> None:
    stream = io.StringIO()
    done = 0
    with Progress("Settling", 20, stream=stream, clock=_Clock(1.0)) as progress:
        stream.close()
        for _ in range(20):
            progress.step()
            done += 1
    assert done == 20


def test_no_work_and_too_many_steps_are_harmless() -> None:
    stream = _Tty()
    with Progress("Nothing", 0, stream=stream, clock=_Clock(2.0)) as progress:
        progress.step(5)
    assert "100 %" in stream.getvalue()
