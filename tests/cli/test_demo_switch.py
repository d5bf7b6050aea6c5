"""`p2pchain demo switch`: the whole story on anvil, what its report says, and wrong inputs."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from p2pchain.cli import run
from p2pchain.data import load_fontana
from p2pchain.demo.switch import FIRST_DATE, SwitchSettings
from p2pchain.demo.switch import run as play
from p2pchain.demo.switch_story import LAST_DAY, SUPPLIERS
from p2pchain.report import switch_page, switch_terminal
from p2pchain.report.switch_model import SwitchReport, to_json


@pytest.fixture(scope="module")
def report() -> SwitchReport:
    return play(SwitchSettings(days=LAST_DAY, chain="anvil"))


@pytest.mark.anvil
@pytest.mark.capability("ELE-2")
@pytest.mark.capability("ELE-3")
@pytest.mark.capability("FST-2")
@pytest.mark.property(27)
def test_settlement_is_exact_through_all_of_it(report: SwitchReport) -> None:
    assert report.passed, report.checks
    assert len(report.checks) == 8
    assert len(report.crossed) > len(SUPPLIERS)
    homes = {home.id: home for home in report.homes}
    # the energy of each home is whole, whoever supplied it
    measured = load_fontana(FIRST_DATE, LAST_DAY)
    for home in measured.homes:
        stays = homes[home.id].stays
        assert sum(stay.import_wh for stay in stays) == sum(home.import_wh)
        assert all(a.until_local == b.from_local for a, b in pairwise(stays))
    # who was moved by error counts for the old supplier all the time
    counted = {stay.counts_for or stay.supplier for stay in homes["H06"].stays}
    assert counted == {"Valley Power"}
    assert [stay.supplier for stay in homes["H02"].stays] == [
        "Valley Power", "Budget Watt", "Safe Harbour",
    ]  # fmt: skip


@pytest.mark.anvil
def test_everything_that_was_asked_for_happens(report: SwitchReport) -> None:
    told = [line.text for home in report.homes for line in home.timeline]
    for words in (
        "takes the objection back",
        "the objection stands",
        "cooling-off",
        "disputes the reading",
        "both suppliers agree on",
        "erroneous transfer",
        "electricity and gas",
        "has failed",
        "owes 30 for it",
    ):
        assert any(words in text for text in told), words
    assert len(SUPPLIERS) == 4
    assert report.failed == (3,)
    assert {one.clock for one in report.owed} == {"erroneous transfer", "switch"}


@pytest.mark.anvil
def test_terminal_page_and_figures_say_the_same(report: SwitchReport) -> None:
    text, page = switch_terminal.render(report, 100, False), switch_page.render(report)
    figures: dict[str, Any] = json.loads(json.dumps(to_json(report)))
    for home in report.moved:
        for line in home.timeline:
            assert line.when_local in text
            assert line.when_local in page
    assert f"{report.gas_switching:,}" in text
    assert f"{report.gas_switching:,}" in page
    assert figures["gas_switching"] == report.gas_switching
    assert figures["passed"] is True
    assert "<script" not in page
    assert all(len(line) <= 100 for line in text.splitlines())


def test_fewer_days_than_the_story_has(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["demo", "switch", "--days", "10"]) == 2
    assert "the story takes" in capsys.readouterr().err
    assert run(["demo", "switch", "--html", "nowhere/x.html"]) == 2
    assert run(["-n", "https://example.org", "demo", "switch"]) == 2
