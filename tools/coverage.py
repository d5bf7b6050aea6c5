"""Measure which lines and branches the tests take: `make test-deep PART=coverage`.

`python` runs the tests that feed the twin, by themselves and from the log of a chain, over the twin
and the messages, and wants 95 % of their branches. `contracts` runs forge's tests, and wants every
line and 98 % of the branches, mocks left out. The code that is measured is not the code that is
shipped: forge compiles with as little of the optimizer as the stack allows (`--ir-minimum`),
because it loses the way back to the lines.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tools.run_tests import BUILD, ROOT, forge

OUT = BUILD / "deep"
LINES, BRANCHES = 100.0, 98.0
TWIN_BRANCHES = 95.0
#: Tests that feed the twin.
FEEDING = (
    "tests/unit",
    "tests/differential",
    "tests/cli",
    "tests/test_levels_ahead.py",
    "tests/test_levels_manipulation.py",
    "tests/test_wash.py",
)
#: Lines found and hit, branches found and hit, in lcov's format.
COUNTS = ("LF", "LH", "BRF", "BRH")
#: The rules a second time, and what is signed: all that the contracts are compared with.
TWIN = (
    "eip712",
    "evidence",
    "forward",
    "forward_level_twin",
    "forward_levels",
    "ledger",
    "level_twin",
    "levels",
    "matching",
    "metering",
    "model",
    "posting",
    "registry",
    "replay",
    "runs",
    "settlement",
    "twin",
    "units",
)


@dataclass(frozen=True)
class Covered:
    """One file: lines and branches that there are, and those that were taken; what was not."""

    file: str
    lines: int
    lines_hit: int
    branches: int
    branches_hit: int
    missing: tuple[int, ...] = ()


def percent(hit: int, found: int) -> float:
    """Return `hit` of a hundred; all, where there is nothing."""
    return 100 * hit / found if found else 100.0


def of_lcov(text: str) -> list[Covered]:
    """Return the files of a report in lcov's format, contracts only."""
    files = []
    for record in text.split("end_of_record"):
        fields: dict[str, list[str]] = {}
        for line in record.strip().splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key, []).append(value)
        name = fields.get("SF", [""])[0]
        if not name.startswith("contracts/") or name.startswith("contracts/mocks/"):
            continue
        lines, hit, branches, taken = (int(fields.get(key, ["0"])[0]) for key in COUNTS)
        entries = [entry.split(",") for entry in fields.get("DA", ())]
        missing = tuple(int(line) for line, count, *_ in entries if count == "0")
        files.append(Covered(name, lines, hit, branches, taken, missing))
    return files


def of_json(text: str) -> list[Covered]:
    """Return the files of a report of coverage.py, the twin only."""
    files = []
    for name, found in json.loads(text)["files"].items():
        path = Path(name)
        if path.parent.name != "p2pchain" or path.stem not in TWIN:
            continue
        s = found["summary"]
        files.append(
            Covered(
                f"p2pchain/{path.name}",
                s["num_statements"],
                s["covered_lines"],
                s["num_branches"],
                s["covered_branches"],
                tuple(found["missing_lines"]),
            )
        )
    return files


def report(files: list[Covered], lines: float, branches: float) -> int:
    """Print the files that are not whole and the sum; return 1 where it is not enough."""
    for one in files:
        if one.lines_hit < one.lines or one.branches_hit < one.branches:
            where = f", lines {', '.join(map(str, one.missing))}" if one.missing else ""
            print(
                f"{one.file:40} lines {one.lines_hit} of {one.lines}, "
                f"branches {one.branches_hit} of {one.branches}{where}"
            )
    got_lines = percent(sum(f.lines_hit for f in files), sum(f.lines for f in files))
    got_branches = percent(sum(f.branches_hit for f in files), sum(f.branches for f in files))
    print(
        f"{len(files)} files: lines {got_lines:.2f} % (wanted {lines:g}), "
        f"branches {got_branches:.2f} % (wanted {branches:g})"
    )
    return int(not files or got_lines < lines or got_branches < branches)


def python() -> int:
    """Run the tests that feed the twin."""
    data = {"COVERAGE_FILE": str(OUT / "coverage")}
    program = [sys.executable, "-m", "coverage"]
    run = [
        "run",
        "--branch",
        "--source",
        "p2pchain",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    environment = os.environ | data
    tests = subprocess.run([*program, *run, *FEEDING], cwd=ROOT, env=environment, check=False)
    if tests.returncode:
        return tests.returncode
    target = OUT / "coverage.json"
    written = [*program, "json", "-q", "-o", str(target)]
    subprocess.run(written, cwd=ROOT, env=environment, check=True)
    return report(of_json(target.read_text(encoding="utf-8")), 0, TWIN_BRANCHES)


def contracts() -> int:
    """Run forge's tests over the contracts; inputs are few, for lines are soon taken."""
    target = OUT / "lcov.info"
    command = [
        forge(),
        "coverage",
        "--ir-minimum",
        "--report",
        "lcov",
        "--report-file",
        str(target),
    ]
    few = {"FOUNDRY_FUZZ_RUNS": "64", "FOUNDRY_INVARIANT_RUNS": "16"}
    by_forge = {"FOUNDRY_SRC": "contracts", "P2PCHAIN_COMPILED_BY_FORGE": "true"}
    tests = subprocess.run(command, cwd=ROOT, env=os.environ | few | by_forge, check=False)
    if tests.returncode:
        return tests.returncode
    return report(of_lcov(target.read_text(encoding="utf-8")), LINES, BRANCHES)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.coverage", description=__doc__)
    parser.add_argument("of", choices=["python", "contracts"])
    OUT.mkdir(parents=True, exist_ok=True)
    return {"python": python, "contracts": contracts}[parser.parse_args().of]()


if __name__ == "__main__":
    sys.exit(main())
