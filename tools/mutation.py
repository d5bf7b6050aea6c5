"""Score the contracts' tests with the mutants of slither-mutate: `make test-deep PART=mutation`.

For each target slither's mutators propose every mutant (`tools/slither_mutants.py`). There are
thousands, and each needs a compilation, so some are drawn by a fixed seed: the same ones on every
machine, and a larger sample only adds to those that have been run. Each is put into a copy of the
tree that has only the target's tests: the contracts that it changes are built anew, and forge runs
the tests with them. What does not compile counts for nothing, as in slither-mutate. What was run is
kept, so an interrupted run goes on, and nothing is run again as long as the sources of the target
and its tests stay as they are.

Scores and survivors go to bench/results/mutation.json; tests/mutants/survivors.toml has a reason
for every survivor.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from p2pchain.dev.build import ARTIFACTS
from p2pchain.errors import CheckFailed
from tools.mutants import changed
from tools.run_tests import forge

ROOT = Path(__file__).resolve().parents[1]
SLITHER = ROOT / ".tools" / "slither" / "bin" / "python"
WORK = ROOT / "build" / "mutation"
RESULTS = ROOT / "bench" / "results" / "mutation.json"
REASONS = ROOT / "tests" / "mutants" / "survivors.toml"
SEED = 20261127
#: Mutants of each target.
SAMPLE = 100
#: Reverts, comments and tweaks. Left out: function headers (FHR), which seldom compile here,
#: initial values (MVIV, MVIE), which are Solidity's own, and types (SBR).
OPERATORS = ("RR", "CR", "ROR", "AOR", "ASOR", "BOR", "LOR", "MIA", "MWA", "UOR", "LIR")
#: Of a hundred mutants as many are killed at least.
LEAST = 90
#: Exit code: nothing is wrong, but the time was over; call again.
UNFINISHED = 75
SECONDS = 600
#: The first compilation of a target takes all that its tests need.
FIRST_SECONDS = 3000


@dataclass(frozen=True)
class Target:
    """Files to be mutated, and the forge tests that should notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


TARGETS = {
    "matching": Target(
        (
            "contracts/libraries/TickBook.sol",
            "contracts/libraries/Packed.sol",
            "contracts/libraries/Prices.sol",
            "contracts/libraries/Pairs.sol",
            "contracts/libraries/HalfBooks.sol",
        ),
        ("Libraries.t.sol", "ForwardWords.t.sol"),
    ),
    "ledger": Target(("contracts/Ledger.sol",), ("Ledger.t.sol",)),
    "metering": Target(
        ("contracts/Metering.sol", "contracts/libraries/Evidence.sol"),
        ("Metering.t.sol", "Signatures.t.sol", "Histories.t.sol"),
    ),
    "settlement": Target(
        (
            "contracts/settlement/Account.sol",
            "contracts/settlement/Clearing.sol",
            "contracts/settlement/Posting.sol",
            "contracts/settlement/Settling.sol",
        ),
        ("Phases.t.sol", "Money.t.sol", "Cuts.t.sol", "PositionCases.t.sol", "Owners.t.sol"),
    ),
}


@dataclass(frozen=True)
class Tried:
    """A mutant that was run: where, what it changes, and `verdict`: killed, survived, no mutant (it
    does not compile)."""

    file: str
    line: int
    operator: str
    old: str
    new: str
    verdict: str
    seconds: float
    code: str

    @property
    def name(self) -> str:
        text = f"{self.file}:{self.old}:{self.new}:{self.code}"
        return hashlib.sha256(text.encode()).hexdigest()[:10]


class Campaign:
    """The mutants of a target, those that have been run, and a tree to run the others in."""

    def __init__(self, name: str) -> None:
        self.name, self.target = name, TARGETS[name]
        self.ledger = WORK / f"{name}.jsonl"
        self.tree = WORK / name
        WORK.mkdir(parents=True, exist_ok=True)

    def state(self) -> str:
        """Return what the runs stand for: the sources that are mutated and the tests."""
        paths = [*self.target.files, *(f"tests/solidity/{test}" for test in self.target.tests)]
        digest = hashlib.sha256()
        for path in paths:
            digest.update((ROOT / path).read_bytes())
        return digest.hexdigest()[:16]

    def all_mutants(self) -> list[dict[str, Any]]:
        """Return all mutants in the order in which they are drawn."""
        kept = WORK / f"{self.name}-{self.state()}.json"
        if not kept.is_file():
            found: list[dict[str, Any]] = []
            for path in self.target.files:
                run = subprocess.run(
                    [str(SLITHER), "tools/slither_mutants.py", path],
                    cwd=ROOT,
                    capture_output=True,
                    text=True,
                    check=True,
                )
                found += [patch | {"file": path} for patch in json.loads(run.stdout)]
            kept.write_text(json.dumps(found), encoding="utf-8")
        mutants = [
            m for m in json.loads(kept.read_text(encoding="utf-8")) if m["operator"] in OPERATORS
        ]
        random.Random(SEED).shuffle(mutants)
        return mutants

    def tried(self) -> list[Tried]:
        """Return what has been run on these sources."""
        if not self.ledger.is_file():
            return []
        state = self.state()
        lines = self.ledger.read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines]
        return [Tried(**entry["tried"]) for entry in entries if entry["state"] == state]

    def run(self, sample: int, until: float) -> Iterator[Tried]:
        """Run mutants until as many have compiled, or the time is over; yield each."""
        tried = self.tried()
        valid = sum(t.verdict != "no mutant" for t in tried)
        left = self.all_mutants()[len(tried) :]
        if valid >= sample or not left:
            return
        self._plant()
        for patch in left:
            if valid >= sample or time.monotonic() > until:
                return
            one = self._try(patch)
            valid += one.verdict != "no mutant"
            with self.ledger.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"state": self.state(), "tried": asdict(one)}) + "\n")
            yield one

    def _plant(self) -> None:
        """Copy what the tests need, and see them pass there."""
        keep = WORK / f"{self.name}-forge"
        if (self.tree / "build").is_dir():
            shutil.rmtree(keep, ignore_errors=True)
            (self.tree / "build").rename(keep)
        shutil.rmtree(self.tree, ignore_errors=True)
        for folder in ("contracts", "tools", "tests/solidity", "p2pchain/chain/artifacts"):
            shutil.copytree(ROOT / folder, self.tree / folder)
        for name in ("foundry.toml", "package.json"):
            shutil.copy2(ROOT / name, self.tree / name)
        (self.tree / "node_modules").symlink_to((ROOT / "node_modules").resolve())
        for test in (self.tree / "tests" / "solidity").glob("*.t.sol"):
            if test.name not in self.target.tests:
                test.unlink()
        # Compiled in a fraction of the time; what a mutant does is the same.
        config = self.tree / "foundry.toml"
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("optimizer = true", "optimizer = false"), encoding="utf-8")
        if keep.is_dir():
            keep.rename(self.tree / "build")
        code, said = self._forge(FIRST_SECONDS)
        if code != 0:
            raise RuntimeError(f"the tests of {self.name} fail without a mutant:\n{said[-3000:]}")

    def _try(self, patch: dict[str, Any]) -> Tried:
        kept = (self.tree / patch["file"]).read_bytes()
        content = kept[: patch["start"]] + patch["new"].encode() + kept[patch["end"] :]
        started = time.monotonic()
        try:
            with changed(self.tree, patch["file"], content, self._built_from(patch["file"])):
                code, said = self._forge(SECONDS)
        except CheckFailed:
            verdict = "no mutant"
        else:
            failed = "Compiler run failed" in said or "Error: Compilation failed" in said
            verdict = "no mutant" if code and failed else "killed" if code else "survived"
        line = kept.splitlines()[patch["line"] - 1].decode().strip()
        return Tried(
            patch["file"],
            patch["line"],
            patch["operator"],
            patch["old"],
            patch["new"],
            verdict,
            round(time.monotonic() - started, 1),
            line,
        )

    def _built_from(self, file: str) -> list[str]:
        """Return the contracts that a source is part of."""
        return [
            path.stem
            for path in sorted((self.tree / ARTIFACTS).glob("*.json"))
            if file in json.loads(path.read_text(encoding="utf-8"))["sources"]
        ]

    def _forge(self, seconds: int) -> tuple[int, str]:
        """Run the tests of the target; a mutant that never ends is noticed as well."""
        process = subprocess.Popen(
            [forge(), "test", "--fail-fast"],
            cwd=self.tree,
            env={
                **os.environ,
                "FOUNDRY_FUZZ_RUNS": "300",
                "FOUNDRY_PROFILE": "default",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            return 1, f"stopped after {seconds} s"
        except BaseException:
            os.killpg(process.pid, signal.SIGTERM)
            raise
        return process.returncode, said


def score(tried: Sequence[Tried]) -> float:
    """Return how many of a hundred mutants were killed; what does not compile is none."""
    valid = [t for t in tried if t.verdict != "no mutant"]
    return 100 * sum(t.verdict == "killed" for t in valid) / len(valid) if valid else 0.0


def reasons() -> dict[str, str]:
    """Return why survivors survive, by name."""
    if not REASONS.is_file():
        return {}
    listed = tomllib.loads(REASONS.read_text(encoding="utf-8")).get("survivor", [])
    return {entry["name"]: entry["why"] for entry in listed}


def write_results() -> dict[str, Any]:
    """Write what has been run to bench/results/mutation.json; targets that were not run stay as
    they are there. Return it."""
    results: dict[str, Any] = {"schema": 1, "seed": SEED, "operators": OPERATORS, "targets": {}}
    if RESULTS.is_file():
        results["targets"] = json.loads(RESULTS.read_text(encoding="utf-8"))["targets"]
    for name in TARGETS:
        campaign = Campaign(name)
        tried = campaign.tried()
        if not tried:
            continue
        valid = [t for t in tried if t.verdict != "no mutant"]
        results["targets"][name] = {
            "state": campaign.state(),
            "mutants": len(campaign.all_mutants()),
            "drawn": len(tried),
            "compiled": len(valid),
            "killed": sum(t.verdict == "killed" for t in valid),
            "seconds": round(sum(t.seconds for t in tried)),
            "survivors": [
                {
                    "name": t.name,
                    "file": t.file,
                    "line": t.line,
                    "operator": t.operator,
                    "old": t.old,
                    "new": t.new,
                    "code": t.code,
                }
                for t in tried
                if t.verdict == "survived"
            ],
        }
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    return results


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutation", description=__doc__)
    parser.add_argument("target", nargs="*", help=f"{', '.join(TARGETS)}; default: all of them")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="mutants of each (%(default)s)")
    parser.add_argument("--minutes", type=float, default=110, help="then stop (%(default)s)")
    chosen = parser.parse_args()
    if unknown := set(chosen.target) - set(TARGETS):
        print(f"error: there is no target {min(unknown)}", file=sys.stderr)
        print(f"hint: one of {', '.join(TARGETS)}", file=sys.stderr)
        return 2
    if not SLITHER.is_file():
        print("error: slither is not installed\nhint: make setup-slither", file=sys.stderr)
        return 2
    until = time.monotonic() + chosen.minutes * 60
    failed = unfinished = False
    for name in chosen.target or TARGETS:
        campaign = Campaign(name)
        for one in campaign.run(chosen.sample, until):
            print(
                f"{one.verdict:9} {one.seconds:6.1f} s  {one.operator:4} "
                f"{one.file}:{one.line}  {one.code[:80]}",
                flush=True,
            )
        tried = campaign.tried()
        valid = [t for t in tried if t.verdict != "no mutant"]
        alive = [t for t in valid if t.verdict == "survived"]
        unexplained = [t for t in alive if t.name not in reasons()]
        print(
            f"{name}: {len(valid)} of {len(campaign.all_mutants())} mutants run, score "
            f"{score(tried):.1f} %, {len(alive)} survive, {len(unexplained)} without a reason"
        )
        left = len(valid) < chosen.sample and len(tried) < len(campaign.all_mutants())
        unfinished |= left
        failed |= not left and (score(tried) < LEAST or bool(unexplained))
    write_results()
    return 1 if failed else UNFINISHED if unfinished else 0


if __name__ == "__main__":
    sys.exit(main())
