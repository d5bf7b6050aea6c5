"""The long campaigns: `make test-deep`, or one of them with PART=name.

A part is made of steps. A step that has passed on the same sources is not run again, so what was
interrupted, or did not fit into a part's two hours, goes on with the next call. At the end there is
a line for each part; `--keep` writes these to bench/results/deep.json and docs/properties.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools import properties
from tools.run_tests import (
    BUILD,
    PYTHON,
    ROOT,
    Outcome,
    Part,
    Run,
    check,
    count_forge,
    count_pytest,
    install,
    quiet,
)
from tools.run_tests import forge as forge_program

DEEP = BUILD / "deep"
RESULTS = ROOT / "bench" / "results" / "deep.json"
SOURCES = ("contracts", "p2pchain", "tests", "tools", "foundry.toml", "requirements")
BUDGET = 2 * 3600
REPETITIONS = 20
SHARDS = {"tests/differential/test_twin.py": 20}


@dataclass(frozen=True)
class Campaign:
    """One part: what it is, what has to be installed, its steps, and how large it is."""

    what: str
    size: str
    steps: Callable[[], list[Part]]
    setup: Sequence[str] = ()


@dataclass
class Sum:
    """What the steps of a part have come to, over all calls on the same sources."""

    steps: int
    done: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def passed(self) -> int:
        return sum(step["passed"] for step in self.done.values())

    @property
    def failed(self) -> int:
        return sum(step["failed"] for step in self.done.values())

    @property
    def seconds(self) -> float:
        return float(sum(step["seconds"] for step in self.done.values()))

    @property
    def verdict(self) -> str:
        if self.failed:
            return "failed"
        return "passed" if len(self.done) == self.steps else "not finished"


def _forge(name: str, *options: str) -> Part:
    command = [forge_program(), "test", *options]
    return Part(name, command, count_forge, ["node"], {"FOUNDRY_PROFILE": "deep"}, BUDGET)


def _pytest(name: str, *options: str, **environment: str) -> Part:
    record = DEEP / f"record-{name.replace('/', '-').replace(' ', '-')}.json"
    command = [str(PYTHON), "-m", "pytest", "-n", "2", "--dist", "loadfile", *options]
    command += ["--record", str(record)]
    return Part(name, command, count_pytest(record), (), environment, BUDGET)


def _tool(name: str, module: str, *options: str, count: Any = check) -> Part:
    return Part(name, [str(PYTHON), "-m", module, *options], count, ["node"], {}, BUDGET)


def fuzz() -> list[Part]:
    files = sorted((ROOT / "tests" / "solidity").glob("*.t.sol"))
    return [
        _forge(path.name, "--match-path", str(path.relative_to(ROOT)), "--match-test", "^testFuzz")
        for path in files
        if "function testFuzz" in path.read_text(encoding="utf-8")
    ]


def invariant() -> list[Part]:
    return [
        _forge("invariants", "--match-test", "^invariant"),
        _forge("longCampaign", "--match-test", "longCampaign"),
    ]


def books() -> list[Part]:
    marked = [
        path.relative_to(ROOT)
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "pytest.mark.property(" in path.read_text(encoding="utf-8")
    ]
    return [step for path in marked for step in _shards(str(path))]


def _shards(path: str) -> Iterator[Part]:
    """A file whose worlds take longer than a part may is cut by their seeds."""
    count = SHARDS.get(path, 1)
    for shard in range(count):
        name = path if count == 1 else f"{path} {shard + 1} of {count}"
        dist = () if count == 1 else ("--dist", "load")
        yield _pytest(
            name, path, "-m", "property", *dist,
            P2PCHAIN_CAMPAIGN="deep", P2PCHAIN_SHARD=f"{shard}/{count}",
        )  # fmt: skip


def halmos() -> list[Part]:
    from tools.proofs import names

    return [
        _tool(
            name,
            "tools.proofs",
            name,
            "--json",
            str(DEEP / f"halmos-{name}.json"),
            count=count_words(r"(\d+) of (\d+) proved"),
        )
        for name in names()
    ]


def hand_made() -> list[Part]:
    from tools.mutants import mutants

    by_test: defaultdict[str, list[str]] = defaultdict(list)
    for mutant in mutants():
        by_test[mutant.test.split("::")[0]].append(mutant.id)
    counted = count_words(r"(\d+) of (\d+) mutants killed")
    return [_tool(test, "tools.mutants", *ids, count=counted) for test, ids in by_test.items()]


def mutation() -> list[Part]:
    from tools.mutation import TARGETS, UNFINISHED

    def count(text: str, code: int) -> Outcome:
        return Outcome() if code == UNFINISHED else check(text, code)

    minutes = str(BUDGET // 60 // len(TARGETS) - 1)
    return [
        _tool(name, "tools.mutation", name, "--minutes", minutes, count=count) for name in TARGETS
    ]


def coverage() -> list[Part]:
    return [
        _tool("twin", "tools.coverage", "python"),
        _tool("contracts", "tools.coverage", "contracts"),
    ]


def repeat() -> list[Part]:
    return [_pytest(f"seed {seed}", "--shuffle", str(seed)) for seed in range(1, REPETITIONS + 1)]


CAMPAIGNS: Mapping[str, Campaign] = {
    "fuzz": Campaign("forge fuzzing", "100,000 inputs a test", fuzz),
    "invariant": Campaign("forge invariants", "10,000 runs of 32 calls", invariant),
    "books": Campaign(
        "contracts against twin, twin against definitions",
        "200,000 books, 4,600 random worlds",
        books,
    ),
    "halmos": Campaign("proofs", "every input, within the bounds named", halmos, ["setup-halmos"]),
    "mutants": Campaign(
        "mistakes made by hand", "every mutant by its named test", hand_made, ["setup-halmos"]
    ),
    "mutation": Campaign(
        "mutants of slither-mutate", "100 of each target, by seed", mutation, ["setup-slither"]
    ),
    "coverage": Campaign("lines and branches", "contracts and twin", coverage),
    "repeat": Campaign("the Python suite in random order", f"{REPETITIONS} times", repeat),
}


def count_words(pattern: str) -> Callable[[str, int], Outcome]:
    """Return what reads `N of M` from a tool's last line."""

    def count(text: str, code: int) -> Outcome:
        found = re.findall(pattern, text)
        if not found:
            return Outcome(failed=1)
        passed, all_of = map(int, found[-1])
        return Outcome(passed, (all_of - passed) or int(code != 0))

    return count


def sources() -> str:
    """Return what the campaigns stand for: a hash of all files that play a part."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", *SOURCES]
    found = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    digest = hashlib.sha256()
    for name in sorted(set(found.split("\0")) - {""}):
        path = ROOT / name
        if path.is_file():
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def load(name: str, state: str, steps: Sequence[Part]) -> Sum:
    """Return what has been done of a part on these sources."""
    path = DEEP / f"{name}.json"
    result = Sum(len(steps))
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["state"] == state:
            known = {step.name for step in steps}
            result.done = {step: v for step, v in kept["done"].items() if step in known}
    return result


def run_part(name: str, state: str, again: bool, run: Run) -> Sum:
    """Run the steps of a part that have not passed, as far as its time goes; return the sum."""
    steps = CAMPAIGNS[name].steps()
    result = load(name, state, steps)
    if again:
        result.done.clear()
    end = time.monotonic() + BUDGET
    for step in steps:
        if name_passed(result, step.name):
            continue
        left = int(end - time.monotonic())
        if left <= 0:
            print(f"      {name}: its two hours are over; the next call goes on", flush=True)
            break
        label = f"{name} {step.name}"
        run.part(
            Part(
                label,
                step.command,
                step.count,
                step.needs,
                step.environment,
                min(left, step.seconds),
            )
        )
        outcome = run.outcomes[label]
        if not (outcome.passed or outcome.failed or outcome.skipped):
            continue  # it goes on with the next call
        result.done[step.name] = {
            "passed": outcome.passed,
            "failed": outcome.failed,
            "skipped": len(outcome.skipped),
            "seconds": run.seconds[label],
        }
        text = json.dumps({"state": state, "done": result.done}, indent=1)
        (DEEP / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return result


def name_passed(result: Sum, step: str) -> bool:
    """Return whether a step has run and nothing of it failed."""
    return step in result.done and not result.done[step]["failed"]


def keep(sums: Mapping[str, Sum], state: str) -> None:
    """Write the results of these parts to the file that is committed."""
    kept: dict[str, Any] = {"schema": 1, "parts": {}}
    if RESULTS.is_file():
        kept = json.loads(RESULTS.read_text(encoding="utf-8"))
    head = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(head, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name, result in sums.items():
        if not result.done:
            continue
        kept["parts"][name] = {
            "what": CAMPAIGNS[name].what,
            "size": CAMPAIGNS[name].size,
            "verdict": result.verdict,
            "steps": result.steps,
            "steps_done": len(result.done),
            "passed": result.passed,
            "failed": result.failed,
            "seconds": round(result.seconds),
            "commit": commit.strip(),
            "sources": state,
        }
        if name == "halmos":
            kept["parts"][name]["proofs"] = _proofs()
    RESULTS.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    shown = properties.PAGE.read_text(encoding="utf-8")
    properties.PAGE.write_text(properties.page(shown), encoding="utf-8")


def _proofs() -> dict[str, dict[str, Any]]:
    """Return what came of each proof, and the seconds that it took."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(DEEP.glob("halmos-*.json")):
        for one in json.loads(path.read_text(encoding="utf-8")):
            found[f"{one['contract']}.{one['name']}"] = {
                "verdict": one["verdict"],
                "seconds": one["seconds"],
            }
    return found


def summary(sums: Mapping[str, Sum]) -> str:
    """Return a line for each part."""
    return "\n".join(
        f"{name:10} {result.verdict:13} {len(result.done):3} of {result.steps:3} steps, "
        f"{result.passed} passed, {result.failed} failed, {result.seconds:.0f} s"
        for name, result in sums.items()
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.run_deep", description=__doc__)
    parser.add_argument("part", nargs="*", help=f"{', '.join(CAMPAIGNS)}; default: all of them")
    parser.add_argument("--again", action="store_true", help="also what has passed")
    parser.add_argument("--status", action="store_true", help="only say what has been done")
    parser.add_argument("--no-install", action="store_true", help="everything is there")
    parser.add_argument("--keep", action="store_true", help=f"write {RESULTS.relative_to(ROOT)}")
    chosen = parser.parse_args()
    if unknown := set(chosen.part) - set(CAMPAIGNS):
        print(f"error: there is no part {min(unknown)}", file=sys.stderr)
        print(f"hint: one of {', '.join(CAMPAIGNS)}", file=sys.stderr)
        return 2
    for folder in (BUILD / "logs", DEEP):
        folder.mkdir(parents=True, exist_ok=True)
    names = chosen.part or list(CAMPAIGNS)
    run, state = Run(), sources()
    sums: dict[str, Sum] = {}
    try:
        ready = chosen.status or chosen.no_install
        if not ready and not (install(run) and _install(run, names)):
            return 1
        for name in names:
            sums[name] = (
                load(name, state, CAMPAIGNS[name].steps())
                if chosen.status
                else run_part(name, state, chosen.again, run)
            )
    except KeyboardInterrupt:
        run.stop()
        print("interrupted; the next call goes on", file=sys.stderr)
        return 130
    if chosen.keep:
        keep(sums, state)
    print(summary(sums))
    return int(any(result.verdict != "passed" for result in sums.values()))


def _install(run: Run, names: Sequence[str]) -> bool:
    targets = sorted({target for name in names for target in CAMPAIGNS[name].setup})
    for target in targets:
        run.part(Part(f"install {target}", ["make", "--silent", target], quiet))
        if run.outcomes[f"install {target}"].failed:
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
