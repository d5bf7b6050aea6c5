"""The pytest plugin as its users have it: installed from the wheel, in projects of their own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from p2pchain.chain.node import ENV_ANVIL, find_anvil
from tests.conftest import ROOT

EXAMPLE = ROOT / "examples" / "supplier"
PAGE = ROOT / "docs" / "testing.md"
ENGINES = ["tester", pytest.param("anvil", marks=pytest.mark.anvil)]


@dataclass(frozen=True)
class Ran:
    """What a program has left behind."""

    code: int
    text: str

    @property
    def counts(self) -> dict[str, int]:
        """What pytest's last line says: passed, failed, errors."""
        last = self.text.strip().splitlines()[-1]
        found = Counter({word.rstrip("s"): int(n) for n, word in re.findall(r"(\d+) (\w+)", last)})
        return {word: found[word] for word in ("passed", "failed", "error", "skipped")}


def all_passed(count: int) -> dict[str, int]:
    return {"passed": count, "failed": 0, "error": 0, "skipped": 0}


@dataclass(frozen=True)
class Installation:
    """A virtual environment with the wheel; the libraries are those that run this test."""

    folder: Path
    wheel: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(self, cwd: Path, *arguments: str, **environment: str) -> Ran:
        """Run its Python in a folder, which has nothing of the repository on any path."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "P2PCHAIN", "PYTEST", "COVERAGE"))
        }
        if anvil := find_anvil():
            inherited[ENV_ANVIL] = str(anvil)
        done = subprocess.run(
            [str(self.python), *arguments],
            cwd=cwd,
            env={**inherited, "COLUMNS": "200", **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return Ran(done.returncode, done.stdout)

    def pytest(self, cwd: Path, *arguments: str, **environment: str) -> Ran:
        return self.run(cwd, "-m", "pytest", "-p", "no:cacheprovider", *arguments, **environment)

    def pip(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input"]
        subprocess.run(
            [*command, "--python", str(self.python), *arguments],
            cwd=self.folder,
            check=True,
            capture_output=True,
        )


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The package alone, without anything that it needs."""
    folder = tmp_path_factory.mktemp("user")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("p2pchain-*.whl")
    venv.create(folder / "env")
    made = Installation(folder / "env", wheel)
    made.pip("install", "--no-index", "--no-deps", str(wheel))
    return made


@pytest.fixture(scope="module")
def without_pytest(bare: Installation) -> Ran:
    """What the package says where pytest is missing."""
    return bare.run(bare.folder, "-c", "import p2pchain.testing")


@pytest.fixture(scope="module")
def installed(bare: Installation, without_pytest: Ran) -> Installation:
    """The same with libraries, by the line of the page, which finds all that it asks for."""
    paths = sysconfig.get_paths()
    packages = next((bare.folder / "lib").glob("python*/site-packages"))
    # Lines of a .pth file are not followed further: the editable install of this repository, which
    # is one in that folder, stays out.
    lines = {paths["purelib"], paths["platlib"]}
    (packages / "libraries.pth").write_text("".join(f"{line}\n" for line in lines))
    (line,) = (line for line in commands() if line.startswith("pip "))
    bare.pip(*shlex.split(line)[1:], "--no-index")
    return bare


def blocks(kind: str) -> dict[str, str]:
    """The files that the page shows, by name."""
    text = PAGE.read_text(encoding="utf-8")
    return dict(re.findall(rf"^```{kind} (\S+)\n(.*?)^```$", text, re.M | re.S))


def commands() -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    shown: list[str] = re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)
    return [line for block in shown for line in block.splitlines()]


def project(folder: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


NAMED = {"conftest.py": 'pytest_plugins = ["p2pchain.testing"]\n'}


# --- the example --------------------------------------------------------------------------------


def test_nothing_of_the_repository_is_on_the_path(installed: Installation, tmp_path: Path) -> None:
    ask = "import sys, p2pchain.testing as p; print(p.__file__, *sys.path, sep='\\n')"
    where, *path = installed.run(tmp_path, "-c", ask).text.splitlines()
    assert Path(where).is_relative_to(installed.folder)
    assert str(ROOT) not in path
    assert not [entry for entry in path if entry and (Path(entry) / "contracts").is_dir()]


@pytest.mark.parametrize("engine", ENGINES)
def test_the_example_runs_outside_the_repository(
    installed: Installation, tmp_path: Path, engine: str
) -> None:
    folder = tmp_path / "supplier"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    ran = installed.pytest(folder, "--p2pchain-engine", engine)
    assert ran.code == 0, ran.text
    assert f"engine {engine}" in ran.text
    assert ran.counts == all_passed(9)
    if engine == "anvil":
        return
    # And it can fail: a program that takes no notice of what was given before.
    program = folder / "guarantees.py"
    text = program.read_text()
    wrong = " - cover.guarantee_free_nano"
    assert text.count(wrong) == 1
    program.write_text(text.replace(wrong, ""))
    ran = installed.pytest(folder, "-k", "missing")
    assert ran.code == 1
    assert ran.counts == {**all_passed(0), "failed": 1}


LEAKS = '''
from pathlib import Path

import pytest
from p2pchain.model import TariffRow
from p2pchain.testing import SUPPLIER, TARIFF


def note(market, chain, people):
    """Write down the head of the chain, which follows from all before it, and some of that."""
    contracts = market.contracts
    seen = (
        chain.block().hash.hex(),
        chain.block().timestamp,
        market.meters(),
        contracts.ledger.held_nano(),
        [contracts.ledger.account_of(who.address).free_nano for who in people],
        [chain.nonce(who.address) for who in people],
        len(chain.logs([], 0, chain.block().number)),
    )
    with Path("seen.txt").open("a") as file:
        print(*seen, file=file)


def test_look(market, chain, alice, bob, supplier):
    note(market, chain, [alice, bob, supplier])


@pytest.mark.parametrize("time", [1, 2])
def test_change_much(
    time, market, chain, alice, bob, supplier, operator, meter, clock, neighbour, anchor
):
    people = [alice, bob, supplier]
    note(market, chain, people)

    def change():
        slot, window = clock.slot, clock.window
        ledger = market.contracts.ledger
        supplier.send(ledger.give_guarantee(bob.address, meter(bob).number, 10**9))
        row = TariffRow(energy=400_000, feed_in=10_000)
        supplier.send(operator.publish_tariff(SUPPLIER, TARIFF, slot + 1, [row]))
        carol = neighbour("carol")
        clock.end_window()
        readings = [
            meter(alice).read(slot, [(0, 900)] * 8),
            meter(bob).read(slot, [(600, 0)] * 8),
            meter(carol).read(slot + 1, [(600, 0)] * 7),
        ]
        assert market.post(carol, readings) == {}
        market.clear_and_settle(carol, window, 1)
        alice.send(ledger.withdraw(alice.address, 10**10))
        clock.wait(40 * 86_400)

    with anchor():
        change()
    note(market, chain, people)
    with anchor():
        with anchor():
            change()
        change()
    note(market, chain, people)
    change()
    assert market.member_count == 3


def test_look_again(market, chain, alice, bob, supplier):
    note(market, chain, [alice, bob, supplier])


def test_a_failure(market, alice, clock):
    clock.wait(3_600)
    alice.send(market.contracts.ledger.withdraw(alice.address, 10**15))
'''


@pytest.mark.parametrize("engine", ENGINES)
def test_nothing_of_a_test_is_left(installed: Installation, tmp_path: Path, engine: str) -> None:
    project(tmp_path, {**NAMED, "test_leaks.py": LEAKS})
    order = ["look", "change_much[1]", "change_much[2]", "a_failure", "look_again"]
    nodes = [f"test_leaks.py::test_{name}" for name in order]
    ran = installed.pytest(tmp_path, "--p2pchain-engine", engine, *nodes)
    assert ran.counts == {**all_passed(4), "failed": 1}, ran.text
    assert "NotEnoughFree" in ran.text
    seen = (tmp_path / "seen.txt").read_text().splitlines()
    assert len(seen) == 8  # the last is after a test that failed
    assert len(set(seen)) == 1


# --- the page -----------------------------------------------------------------------------------


def test_the_page_is_run_as_it_stands(installed: Installation, tmp_path: Path) -> None:
    files = blocks("python")
    count = sum(len(re.findall(r"^def test_", text, re.M)) for text in files.values())
    assert count == 12
    project(tmp_path, files)
    lines = [line for line in commands() if line.startswith("pytest")]
    assert lines == ["pytest", "pytest --p2pchain-engine anvil"]
    engines = ["tester", "anvil"] if find_anvil() else ["tester"]
    for line, engine in zip(lines, engines, strict=False):
        ran = installed.pytest(tmp_path, *shlex.split(line)[1:])
        assert f"engine {engine}" in ran.text
        assert ran.counts == all_passed(count + 1), ran.text  # one has two parameters
    everything = re.findall(r"^```(\w*)", PAGE.read_text(encoding="utf-8"), re.M)
    run = len(files) + len(blocks("toml"))
    assert len([kind for kind in everything if kind]) == run + everything.count("sh")


@pytest.mark.anvil
def test_the_engine_of_the_page_is_set_in_a_file(installed: Installation, tmp_path: Path) -> None:
    files = blocks("python")
    kept = {name: files[name] for name in ("conftest.py", "test_first.py")}
    project(tmp_path, {**kept, **blocks("toml")})
    ran = installed.pytest(tmp_path)
    assert "engine anvil" in ran.text
    assert ran.counts == all_passed(1)
    ran = installed.pytest(tmp_path, "--p2pchain-engine", "tester", "--collect-only")
    assert "engine tester" in ran.text


# --- what can go wrong --------------------------------------------------------------------------

SLIPS = {
    "meter('alice')": "'alice' is not a member",
    "meter(supplier)": "has no meter",
    "meter(alice).read(clock.slot, (0, 900))": "(0, 900) is not what a meter measures",
    "meter(alice).read(clock.slot, [(0, 0.9)])": "[(0, 0.9)] is not what a meter measures",
    "meter(alice).read(clock.slot, [])": "[] is not what a meter measures",
    "meter(bob).read(clock.slot, [(1, 0)], after=meter(alice).read(clock.slot, [(0, 1)]))": (
        "a reading of meter 1, not of 2"
    ),
    "meter(bob).read(clock.slot, [(1, 0)], after=meter(bob).read(clock.slot, [(0, 1)]))": (
        "meter 2 has been read up to slot 494521: 494520 is before it"
    ),
    "clock.end_slot(clock.now)": "days ahead",
    "clock.end_window(clock.slot)": "days ahead",
    "clock.end_slot(clock.window)": "days ago",
    "clock.wait(-1)": "time does not go back: -1 seconds",
    "neighbour('alice')": "there is a neighbour 'alice' already",
    "neighbour('carol', from_slot=clock.slot)": "the market has refused carol from slot 494520",
    "neighbour('carol', prepaid_nano=1)": (
        "The amount is not a whole number of the token's smallest unit"
    ),
    "market.clear_and_settle(alice, clock.window, 1)": "p2pchain.chain.bindings.errors.",
}
WITHOUT_HINT = 3  # those that say all there is to say
WITH_HINT = re.compile(r"^E   p2pchain\.\S+: (.*)\nE   hint: .+$", re.M)


def test_slips_are_told(installed: Installation, tmp_path: Path) -> None:
    fixtures = "market, alice, bob, supplier, meter, clock, neighbour"
    tests = [f"def test_{number}({fixtures}):\n    {slip}\n" for number, slip in enumerate(SLIPS)]
    undone = (
        "def test_undone(meter, clock, neighbour, anchor):\n"
        "    with anchor():\n        carol = neighbour('carol')\n"
        "    meter(carol).read(clock.slot, [(1, 0)])\n"
    )
    project(tmp_path, {**NAMED, "test_slips.py": "\n".join([*tests, undone])})
    ran = installed.pytest(tmp_path, "--tb=short")
    assert ran.counts == {**all_passed(0), "failed": len(SLIPS) + 1}, ran.text
    for slip, message in SLIPS.items():
        assert message in ran.text, slip
    assert "meter 3 is not a member of the market" in ran.text
    assert len(WITH_HINT.findall(ran.text)) == len(SLIPS) + 1 - WITHOUT_HINT
    assert "INTERNALERROR" not in ran.text


SETTINGS = """
import pytest
from datetime import UTC, datetime
from p2pchain.model import MarketParams
from p2pchain.testing import AREA, Settings

WRONG = {
    "slots": lambda: Settings(market=MarketParams(area=AREA, tick_nano=1, slot_seconds=1000)),
    "area": lambda: Settings(market=MarketParams(area=7, tick_nano=1)),
    "noon": lambda: Settings(begin=datetime(2026, 6, 1, 12, 30, tzinfo=UTC)),
    "zone": lambda: Settings(begin=datetime(2026, 6, 1)),
    "money": lambda: Settings(prepaid_nano=-1),
    "tick": lambda: Settings(market=MarketParams(area=AREA, tick_nano=0)),
}

@pytest.fixture(params=WRONG)
def p2pchain_settings(request):
    return WRONG[request.param]()

def test_one(market):
    pass

def test_two(market):
    pass
"""


def test_settings_that_cannot_be_are_told(installed: Installation, tmp_path: Path) -> None:
    project(tmp_path, {**NAMED, "test_settings.py": SETTINGS})
    ran = installed.pytest(tmp_path, "--tb=short")
    assert ran.counts == {**all_passed(0), "error": 12}, ran.text
    for message in (
        "a slot of 1000 seconds",
        "the market is of area 7",
        "2026-06-01T12:30:00+00:00 is not the beginning of a window",
        "2026-06-01T00:00:00 is not the beginning of a window",
        "-1 nano-currency cannot be paid in",
    ):
        assert ran.text.count(f"BadInput: {message}") >= 2, message
    assert ran.text.count("error: no market could be set up: bad parameter") >= 2


def test_an_engine_that_there_is_not(installed: Installation, tmp_path: Path) -> None:
    project(tmp_path, {**NAMED, "test_it.py": "def test_it(market): pass\n"})
    ran = installed.pytest(tmp_path, "--p2pchain-engine", "geth")
    assert ran.code == 4
    assert "argument --p2pchain-engine: invalid choice: 'geth'" in ran.text
    (tmp_path / "pytest.ini").write_text("[pytest]\np2pchain_engine = geth\n")
    ran = installed.pytest(tmp_path)
    assert ran.code == 4
    assert ran.text.strip() == "ERROR: p2pchain_engine = geth: it is tester or anvil"
    ran = installed.pytest(tmp_path, "--p2pchain-engine", "anvil", P2PCHAIN_ANVIL="", PATH="")
    assert ran.counts == {**all_passed(0), "error": 1}
    assert "error: no market could be set up: anvil is not installed\nhint: npm" in ran.text


def test_without_pytest_it_says_what_to_install(without_pytest: Ran) -> None:
    assert without_pytest.code == 1
    assert without_pytest.text.splitlines()[-1] == (
        "ModuleNotFoundError: p2pchain.testing needs pytest: pip install 'p2pchain[testing]'"
    )


def test_it_is_not_loaded_by_itself(installed: Installation, tmp_path: Path) -> None:
    project(tmp_path, {"test_it.py": "def test_it(market): pass\n"})
    ran = installed.pytest(tmp_path)
    assert "fixture 'market' not found" in ran.text
    assert "p2pchain" not in ran.text.partition("test_it.py")[0].partition("rootdir")[0]


def test_a_conftest_may_import_it_first(installed: Installation, tmp_path: Path) -> None:
    first = "from p2pchain.testing import Settings\n"
    project(tmp_path, {"conftest.py": first + NAMED["conftest.py"]})
    project(tmp_path, {"test_it.py": "def test_it(): pass\n"})
    ran = installed.pytest(tmp_path, "-W", "error")
    assert ran.counts == all_passed(1), ran.text
