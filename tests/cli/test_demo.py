"""The demo, as a newcomer starts it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from p2pchain.cli import run
from p2pchain.errors import Difference

PROGRAM = [sys.executable, "-c", "from p2pchain.cli import main; main()"]
SHORT = ["demo", "--homes", "3", "--days", "1"]


def figures(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def alone(tmp_path: Path) -> dict[str, str]:
    """An environment with nothing in it: no program on PATH, no configuration, no keys."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}


@pytest.mark.capability("FST-14")
def test_one_command_starts_it_with_nothing_installed(tmp_path: Path) -> None:
    """No node, solver, database, container or compiler: only Python and the package."""
    result = subprocess.run(
        [*PROGRAM, *SHORT, "--html", "page.html", "--json", "figures.json"],
        capture_output=True, text=True, cwd=tmp_path, env=alone(tmp_path), timeout=300,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert "3 homes shared" in result.stdout
    assert "Traceback" not in result.stderr
    assert figures(tmp_path / "figures.json")["checks"] == dict.fromkeys(
        ("money", "energy", "replay", "nobody_worse"), True
    )
    page = (tmp_path / "page.html").read_text()
    assert page.lower().startswith("<!doctype html>")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bin", "figures.json", "page.html"]


@pytest.fixture(scope="module")
def on_tester(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The demo as it comes."""
    path = tmp_path_factory.mktemp("demo") / "tester.json"
    assert run(["demo", "--json", str(path)]) == 0
    return figures(path)


@pytest.mark.capability("FST-5")
def test_the_demo_reaches_what_can_be_reached_and_conserves_all(on_tester: dict[str, Any]) -> None:
    report = on_tester
    assert report["checks"] == dict.fromkeys(("money", "energy", "replay", "nobody_worse"), True)
    assert report["gain_share_ppm"] >= 990_000
    assert len(report["homes"]) == 13
    assert report["slots"] == 48
    # from the data: 14.6 USD are there to be gained on these two days
    assert round(report["best_gain_nano"], -8) == 14_600_000_000
    saved = [home["bill_supplier_nano"] - home["bill_market_nano"] for home in report["homes"]]
    assert min(saved) >= 0
    assert sum(saved) == report["gain_net_nano"] == report["gain_nano"]
    assert sum(home["bought_peer_wh"] for home in report["homes"]) == report["traded_wh"]
    assert sum(home["sold_peer_wh"] for home in report["homes"]) == report["traded_wh"]
    assert sum(hour["traded_wh"] for hour in report["hours"]) == report["traded_wh"]


@pytest.mark.anvil
@pytest.mark.capability("FST-5")
def test_the_same_result_on_anvil_to_the_unit(on_tester: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "anvil.json"
    assert run(["-n", "anvil", "demo", "--json", str(path)]) == 0
    differing = ("chain", "seconds", "gas_total", "gas_per_participant_slot")
    here, there = figures(path), dict(on_tester)
    assert here["chain"] != there["chain"]
    for name in differing:
        here.pop(name, None)
        there.pop(name, None)
    assert here == there


def test_charges_and_fee_come_off(capsys: pytest.CaptureFixture[str]) -> None:
    """Under real rules a shared kWh pays network, levies and tax; never the gross alone."""
    arguments = [*SHORT, "--rules", "gb", "--fee", "0.005USD/kWh", "--json", "-"]
    assert run(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rules"] == "GB"
    assert report["fee_nano"] == report["traded_wh"] * 2 * 5_000
    charges = sum(line["amount_nano"] for line in report["charges"])
    assert charges > 0
    assert all(line["source"] for line in report["charges"])
    saved = sum(home["bill_supplier_nano"] - home["bill_market_nano"] for home in report["homes"])
    assert report["gain_nano"] - charges - report["fee_nano"] == report["gain_net_nano"] == saved
    assert 0 < report["gain_net_nano"] < report["gain_nano"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--from", "2030-01-01"], "outside the data"),
        (["demo", "--from", "12.6.2017"], "is not a date"),
        (["demo", "--homes", "14"], "14 homes"),
        (["demo", "--days", "0"], "--days"),
        (["demo", "--rules", "US"], "--rules"),
        (["demo", "--fee", "5"], "has no unit"),
        (["demo", "--fee", "-1USD/kWh"], "not negative"),
        (["demo", "--fee", "1EUR/kWh"], "currency is USD"),
        (["demo", "--html", "/nowhere/page.html"], "cannot be written"),
        (["demo", "--json", "."], "cannot be written"),
        (["-n", "valley", "demo"], "a chain of its own"),
    ],
)
def test_bad_input(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err.splitlines()[0]
    assert err.count("error: ") == err.count("hint: ") == 1


def test_exit_codes_of_checks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 where a check fails, and the figures are shown all the same; 4 for a difference."""
    from p2pchain import checks
    from p2pchain.errors import CheckFailed

    def fails(*_: object) -> None:
        raise CheckFailed("energy is missing")

    def differs(*_: object) -> None:
        raise Difference("7 is not 8")

    monkeypatch.setattr(checks, "energy_is_whole", fails)
    assert run(SHORT) == 1
    out, err = capsys.readouterr()
    assert "FAILED" in out
    assert "error: a check failed: energy" in err
    monkeypatch.setattr(checks, "compare", differs)
    assert run(SHORT) == 4
    assert "error: 7 is not 8" in capsys.readouterr().err


def children(process: int) -> list[int]:
    """Processes whose parent this is; Linux only."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue
        if int(text.rpartition(")")[2].split()[1]) == process:
            found.append(int(stat.parent.name))
    return found


@pytest.mark.anvil
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_ctrl_c_leaves_nothing_running(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "-n", "anvil", "demo", "--days", "30", "--json", str(tmp_path / "x.json")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ),
    ) as child:  # fmt: skip
        end = time.monotonic() + 30
        while not (nodes := children(child.pid)) and time.monotonic() < end:
            time.sleep(0.05)
        assert nodes, "anvil was not started"
        time.sleep(1)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=30)
    assert child.returncode == 130
    assert out == ""
    assert "error: interrupted" in err
    assert "Traceback" not in err
    assert not any(Path(f"/proc/{node}").exists() for node in nodes)
    assert not list(tmp_path.iterdir())
