"""What all tests share: the marks, the record of a run, and what a missing tool means."""

from __future__ import annotations

import json
import os
import random
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]
PROPERTIES = range(1, 33)
# Set where every tool must be there (CI): a test that cannot run is then a failure, not a skip.
REQUIRE_ALL = os.environ.get("P2PCHAIN_REQUIRE_ALL") == "1"
# Set by `make test-deep`: campaigns are long and search anew each time.
DEEP = os.environ.get("P2PCHAIN_CAMPAIGN") == "deep"

settings.register_profile("usual", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("deep", deadline=None, print_blob=True)
settings.load_profile("deep" if DEEP else "usual")


def campaign(usual: int, deep: int) -> int:
    """How many cases a test tries: `usual` in `make test`, `deep` in `make test-deep`."""
    return deep if DEEP else usual


def seeds(usual: int, deep: int) -> range:
    """The seeds of a campaign; of a long one the shard `n/of` that `make test-deep` names."""
    count = campaign(usual, deep)
    shard, of = map(int, os.environ.get("P2PCHAIN_SHARD", "0/1").split("/"))
    return range(count * shard // of, count * (shard + 1) // of)


def capability_ids() -> set[str]:
    listed = tomllib.loads((ROOT / "docs" / "capabilities.toml").read_text(encoding="utf-8"))
    return {str(entry["id"]) for entry in listed["capability"]}


def has_anvil() -> bool:
    installed = any((ROOT / "node_modules" / "@foundry-rs").glob("anvil-*/bin/anvil*"))
    return installed or shutil.which("anvil") is not None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record", metavar="FILE", help="write each test's outcome and marks as JSON")
    parser.addoption("--captured", metavar="FILE", help="write what each test printed")
    parser.addoption(
        "--shuffle", metavar="SEED", help="run files, and tests in them, in random order"
    )


def pytest_report_header(config: pytest.Config) -> str | None:
    seed = config.getoption("--shuffle")
    return f"order: --shuffle {seed}" if seed else None


def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("--record")
    if path and not hasattr(config, "workerinput"):  # only the process that sees all reports
        config.pluginmanager.register(Recorder(Path(path)))
    path = config.getoption("--captured")
    if path and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Captured(Path(path)))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if seed := config.getoption("--shuffle"):
        shuffle(items, seed)
    known = capability_ids()
    no_anvil = not has_anvil()
    for item in items:
        for mark in item.iter_markers("capability"):
            for name in mark.args:
                if name not in known:
                    raise pytest.UsageError(
                        f"{item.nodeid}: {name} is not in docs/capabilities.toml"
                    )
                item.user_properties.append(("capability", name))
        for mark in item.iter_markers("property"):
            for number in mark.args:
                if number not in PROPERTIES:
                    raise pytest.UsageError(f"{item.nodeid}: there is no property {number}")
                item.user_properties.append(("property", number))
        if no_anvil and item.get_closest_marker("anvil"):
            if REQUIRE_ALL:
                raise pytest.UsageError(f"{item.nodeid} needs anvil: run `npm ci`")
            item.add_marker(pytest.mark.skip(reason="anvil is not installed (npm ci)"))


class Captured:
    """Writes what tests printed and logged, also those that passed, for `tools/leaks.py`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("w", encoding="utf-8")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "teardown":  # it has what set-up and call have left as well
            for title, text in report.sections:
                self.file.write(f"=== {report.nodeid}: {title}\n{text}\n")

    def pytest_sessionfinish(self) -> None:
        self.file.close()


def shuffle(items: list[pytest.Item], seed: str) -> None:
    """Put files in random order, and the tests of each; what they share is set up once a file."""
    rng = random.Random(seed)
    files = sorted({item.path for item in items})
    rng.shuffle(files)
    rng.shuffle(items)
    place = {path: number for number, path in enumerate(files)}
    items.sort(key=lambda item: place[item.path])


class Recorder:
    """Collects the outcome of every test of a run, whichever process ran it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        test = self.tests.setdefault(
            report.nodeid,
            {"outcome": "passed", "reason": "", "seconds": 0.0, "capability": [], "property": []},
        )
        test["seconds"] = round(test["seconds"] + report.duration, 3)
        for key in ("capability", "property"):
            test[key] = sorted({value for name, value in report.user_properties if name == key})
        if report.failed:
            test["outcome"], test["reason"] = "failed", report.longreprtext.strip()[-400:]
        elif report.skipped and test["outcome"] != "failed":
            reason = (
                report.longrepr[2] if isinstance(report.longrepr, tuple) else "expected to fail"
            )
            test["outcome"], test["reason"] = "skipped", reason.removeprefix("Skipped: ")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            reason = str(report.longrepr).strip()[-400:]
            self.tests[report.nodeid] = {"outcome": "failed", "reason": reason, "seconds": 0.0}
            self.tests[report.nodeid] |= {"capability": [], "property": []}

    def pytest_sessionfinish(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"schema": 1, "tests": self.tests}, indent=1, sort_keys=True)
        self.path.write_text(text + "\n", encoding="utf-8")
