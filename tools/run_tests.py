"""Install what the tests need, run all of them, two at a time, and sum up.

The longest parts are begun first, and whichever of the two lanes is free takes the next, so that
two cores have work until the end. At the end docs/capabilities.md is compared with what has passed,
and all that was written is searched for the keys and passphrases that were used (`tools/leaks.py`).
Needs only the standard library. Every part's output goes to build/logs/<part>.log, the sum to
build/test-summary.json; the last line says `N passed, N failed, N skipped`. Where a tool cannot be
installed its tests are skipped by name; with P2PCHAIN_REQUIRE_ALL=1 that is a failure.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
RECORD = BUILD / "test-record.json"
RECORD_WEB3_7 = BUILD / "test-record-web3-7.json"
PROGRAMS = ROOT / "node_modules" / ".bin"
PYTHON = ROOT / ".venv" / "bin" / "python"
REQUIRE_ALL = os.environ.get("P2PCHAIN_REQUIRE_ALL") == "1"
LANES = 2
#: Forge's tests of what a call costs as a transaction of its own.
GAS_TESTS = "tests/solidity/Gas.t.sol"
#: Those that compute so much themselves that they are worth the optimizer.
LONG_TESTS = (
    "tests/solidity/{Cuts,ForwardClearing,ForwardLevels,ForwardLiveness,ForwardWords,Histories,"
    "LevelSteps,Libraries,MarketInvariant,Money,Positions}.t.sol"
)
LEAST_KEYS = 100  # a full run uses more; fewer mean that nobody noted them


@dataclass
class Outcome:
    """What a part came to; a check counts as one test."""

    passed: int = 0
    failed: int = 0
    skipped: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Part:
    """One program to run. `count` reads the outcome from its output and exit code."""

    name: str
    command: Sequence[str]
    count: Callable[[str, int], Outcome]
    needs: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: int = 30 * 60  # one that takes longer hangs


class Run:
    """The parts that have run, and the programs that are running."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.seconds: dict[str, float] = {}
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    def lane(self, waiting: deque[Part]) -> None:
        """Run parts until none is left; several lanes take from the same."""
        while waiting and not self._stopped:
            try:
                part = waiting.popleft()
            except IndexError:  # another lane was quicker
                return
            self.part(part)

    def part(self, part: Part) -> None:
        missing = [tool for tool in part.needs if shutil.which(tool) is None]
        if missing:
            reason = f"{', '.join(missing)} is not installed"
            skipped = [{"name": part.name, "reason": reason}]
            outcome = Outcome(failed=1) if REQUIRE_ALL else Outcome(skipped=skipped)
            self._finish(part, outcome, 0.0, reason)
            return
        started = time.monotonic()
        code = self._execute(part)
        text = log(part.name).read_text(encoding="utf-8", errors="replace")
        self._finish(part, part.count(text, code), time.monotonic() - started, text)

    def stop(self) -> None:
        """End the programs that this run has started."""
        self._stopped = True
        for process in list(self._running):
            os.killpg(process.pid, signal.SIGTERM)

    def _execute(self, part: Part) -> int:
        with log(part.name).open("wb") as output:
            process = subprocess.Popen(
                part.command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **part.environment},
                start_new_session=True,
            )
            self._running.add(process)
            try:
                return process.wait(part.seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                output.write(f"\nstopped after {part.seconds} s\n".encode())
                return process.wait()
            finally:
                self._running.discard(process)

    def _finish(self, part: Part, outcome: Outcome, seconds: float, text: str) -> None:
        with self._lock:
            self.outcomes[part.name], self.seconds[part.name] = outcome, round(seconds, 1)
            word = (
                "FAIL"
                if outcome.failed
                else "ok"
                if outcome.passed or not outcome.skipped
                else "skip"
            )
            print(f"{word:4}  {part.name:18} {seconds:7.1f} s", flush=True)
            if outcome.failed:
                print("\n".join(f"      {line}" for line in text.splitlines()[-60:]), flush=True)


def log(name: str) -> Path:
    """Return the file that a part's output goes to."""
    return BUILD / "logs" / f"{name.replace(' ', '-')}.log"


def check(_: str, code: int) -> Outcome:
    """A program that says yes or no."""
    return Outcome(passed=int(code == 0), failed=int(code != 0))


def quiet(_: str, code: int) -> Outcome:
    """A step of the set-up: counts only when it fails."""
    return Outcome(failed=int(code != 0))


def skip(_: str, code: int) -> Outcome:
    """A step of the set-up that a part needs alone, which then is not run."""
    return Outcome()


def count_pytest(record: Path) -> Callable[[str, int], Outcome]:
    """Return what reads the record that tests/conftest.py writes."""

    def count(_: str, code: int) -> Outcome:
        tests: dict[str, dict[str, Any]] = {}
        if record.is_file():
            tests = json.loads(record.read_text(encoding="utf-8"))["tests"]
        outcomes = [test["outcome"] for test in tests.values()]
        skipped = [
            {"name": name, "reason": test["reason"]}
            for name, test in sorted(tests.items())
            if test["outcome"] == "skipped"
        ]
        failed = outcomes.count("failed") or int(code != 0)
        return Outcome(outcomes.count("passed"), failed, skipped)

    return count


def count_forge(text: str, code: int) -> Outcome:
    """Read forge's last line, and the names of what it skipped."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    found = re.findall(r"(\d+) tests? passed, (\d+) failed, (\d+) skipped \(", plain)
    passed, failed, _ = map(int, found[-1]) if found else (0, 0, 0)
    skipped = [
        {"name": name, "reason": reason or "skipped by the test"}
        for reason, name in re.findall(r"^\[SKIP(?:: ([^\]]*))?\] (\S+)", plain, re.MULTILINE)
    ]
    return Outcome(passed, failed or int(code != 0 or not found), skipped)


def count_brownie(text: str, code: int) -> Outcome:
    """Read the last line of brownie's pytest."""
    found = {word: int(number) for number, word in re.findall(r"\b(\d+) (passed|failed)\b", text)}
    passed = found.get("passed", 0)
    return Outcome(passed, found.get("failed", 0) or int(code != 0 or not passed))


def main() -> int:
    started = time.monotonic()
    (BUILD / "logs").mkdir(parents=True, exist_ok=True)
    for old in (RECORD, RECORD_WEB3_7, log("arguments")):
        old.unlink(missing_ok=True)
    run = Run()
    # What tests write, and the secrets that they use: not in build/, where things are kept.
    scratch = Path(tempfile.mkdtemp(prefix="p2pchain-tests-"))
    try:
        if install(run, *environments()):
            waiting = deque(checks() + tests(scratch))
            together(run, *[waiting] * LANES)
            run.part(capability_part())
            run.part(leaks_part(scratch))
    except KeyboardInterrupt:
        run.stop()
        print("interrupted", file=sys.stderr)
        return 130
    finally:
        (scratch / "secrets").unlink(missing_ok=True)
        if any(outcome.failed for outcome in run.outcomes.values()):
            print(f"what the tests have written is in {scratch}")
        else:
            shutil.rmtree(scratch, ignore_errors=True)
    run.seconds["total"] = round(time.monotonic() - started, 1)
    return report(run)


def install(run: Run, *more: Part) -> bool:
    """Install what everything needs, and `more`; return whether that worked."""
    node = Part("install node", ["make", "--silent", "setup-node"], quiet, ["npm", "node"])
    together(
        run,
        deque([Part("install python", ["make", "--silent", "setup-dev"], quiet)]),
        # One after the other: the environments of `more` share what makes them.
        deque([node, *more]),
    )
    return not any(outcome.failed for outcome in run.outcomes.values())


def environments() -> list[Part]:
    """What installs the environments of single parts; without one its part is skipped by name."""
    return [
        Part(
            f"install {name}", ["make", "--silent", f"setup-{name}"], quiet if REQUIRE_ALL else skip
        )
        for name in ("brownie", "web3-7")
    ]


def together(run: Run, *lanes: deque[Part]) -> None:
    """Run the lanes at the same time, several of which may share parts; return when all ended."""
    threads = [threading.Thread(target=run.lane, args=(lane,), daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.5)


def checks() -> list[Part]:
    """What reads the sources only."""
    python = str(PYTHON)
    solhint = ["node", str(PROGRAMS / "solhint"), "--disc", "--max-warnings", "0"]
    return [
        Part("ruff", [python, "-m", "ruff", "check"], check),
        Part("ruff format", [python, "-m", "ruff", "format", "--check"], check),
        Part("solhint", [*solhint, "contracts/**/*.sol"], check, ["node"]),
        Part("mypy", [python, "-m", "mypy"], check),
    ]


def tests(scratch: Path) -> list[Part]:
    """What runs, the longest first."""
    return [
        forge_part("forge long", "--match-path", LONG_TESTS, profile="long"),
        pytest_part(scratch),
        forge_part("forge", "--no-match-path", LONG_TESTS),
        brownie_part(scratch),
        Part("reproduce", [str(PYTHON), "-m", "tools.reproduce"], check, ["node", "git"]),
        web3_7_part(scratch),
        forge_part("forge gas", "--isolate", "--match-path", GAS_TESTS),
    ]


def forge_part(name: str, *options: str, profile: str = "default") -> Part:
    """Some of forge's tests; a warning or another gas is a failure."""
    environment = {
        "FOUNDRY_PROFILE": profile,
        "FOUNDRY_DENY": "warnings",
        # The figures that are kept are those of calls by themselves.
        "FORGE_SNAPSHOT_CHECK": "true" if "--isolate" in options else "false",
        "FORGE_SNAPSHOT_EMIT": "true" if "--isolate" in options else "false",
    }
    # Compiling is slow on a busy machine.
    return Part(
        name, [forge(), "test", *options], count_forge, ["node", forge()], environment, 40 * 60
    )


def pytest_part(scratch: Path) -> Part:
    python = str(PYTHON)
    pytest = [python, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--durations", "15"]
    return Part(
        "pytest",
        # The folder is named: where a worker finds the files of other options, it looks there.
        [*pytest, "--record", str(RECORD), *kept(scratch, "pytest"), "tests"],
        count_pytest(RECORD),
        environment=watched(scratch),
        seconds=45 * 60,
    )


def kept(scratch: Path, part: str) -> list[str]:
    """Return what makes pytest leave files and output where the search for secrets looks."""
    return ["--basetemp", str(written(scratch, part)), "--captured", str(log(f"{part} output"))]


def written(scratch: Path, part: str) -> Path:
    """Return the folder that the tests of a part write to."""
    return scratch / part.replace(" ", "-")


def watched(scratch: Path) -> dict[str, str]:
    """Return what makes each Python of the tests note its secrets: see tests/watch."""
    return {
        "PYTHONPATH": str(ROOT / "tests" / "watch"),
        "P2PCHAIN_TEST_SECRETS": str(scratch / "secrets"),
        "P2PCHAIN_TEST_ARGUMENTS": str(log("arguments")),
    }


def web3_7_part(scratch: Path) -> Part:
    """The package on the oldest web3 that it allows: all kinds of chain, a market, the demo."""
    program = environment("web3-7", "p2pchain")
    python = str(Path(program).with_name("python"))
    # web3 7 itself imports what websockets has deprecated.
    known = "ignore:websockets.legacy is deprecated:DeprecationWarning"
    tests = [
        "tests/chain/test_chains.py",
        "tests/chain/test_reverts.py",
        "tests/chain/test_rpc_faults.py",
        "tests/chain/test_sender.py",
        "tests/cli/test_prosumer.py::test_the_whole_way_on_every_chain",
        "tests/cli/test_demo.py::test_one_command_starts_it_with_nothing_installed",
    ]
    command = [python, "-m", "pytest", "-n", "2", "-W", known, "--record", str(RECORD_WEB3_7)]
    command += kept(scratch, "web3 7")
    count = count_pytest(RECORD_WEB3_7)
    return Part("web3 7", [*command, *tests], count, [program], watched(scratch))


def brownie_part(scratch: Path) -> Part:
    """Compile, deploy and test with brownie; its log also has what tests print that pass."""
    program = environment("brownie", "p2pchain")
    python = str(Path(program).with_name("python"))
    command = [python, "-m", "tools.run_brownie"]
    more = {**watched(scratch), "PYTEST_ADDOPTS": "-rP"}
    return Part("brownie", command, count_brownie, ["node", program], more)


def environment(name: str, program: str) -> str:
    """Return a program of an environment other than .venv."""
    return str(ROOT / f".venv-{name}" / "bin" / program)


def forge() -> str:
    """Return the program to run; a platform without a package of it uses the one on the PATH."""
    return str(PROGRAMS / "forge") if (PROGRAMS / "forge").exists() else "forge"


def capability_part() -> Part:
    return Part(
        "capabilities",
        [str(PYTHON), "tools/capabilities.py", str(RECORD), "--check"],
        check,
    )


def leaks_part(scratch: Path) -> Part:
    """Look for the secrets of the run in all that it has left behind, after everything else."""
    command = [str(PYTHON), "-m", "tools.leaks", str(scratch / "secrets")]
    command += [str(BUILD), *(str(written(scratch, part)) for part in ("pytest", "web3 7"))]
    command += ["--least", str(LEAST_KEYS)]
    return Part("no secrets in logs", command, check)


def report(run: Run, path: Path = BUILD / "test-summary.json") -> int:
    """Write the summary to `path`, print it, and return the exit code."""
    outcomes = run.outcomes.values()
    skipped = [entry for outcome in outcomes for entry in outcome.skipped]
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    summary = {"passed": passed, "failed": failed, "skipped": skipped, "seconds": run.seconds}
    text = json.dumps(summary, indent=1) + "\n"
    path.write_text(text, encoding="utf-8")
    for entry in skipped:
        print(f"skipped: {entry['name']} ({entry['reason']})")
    parts = ", ".join(f"{name} {seconds:.0f}" for name, seconds in run.seconds.items())
    print(f"seconds: {parts}")
    print(f"{passed} passed, {failed} failed, {len(skipped)} skipped")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
