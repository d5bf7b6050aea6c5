"""Put mistakes into contracts and twin, one at a time, and see the named test find each.

The mistakes are in `tests/mutants/*.toml`. Each is made in a copy of the tree, and only its test is
run there: it must fail, and say what the list says it would; without the mistake it must pass.
`make test-deep PART=mutants` runs them all, `python -m tools.mutants ID...` some.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from p2pchain.dev.build import ARTIFACTS, compile_only, render
from p2pchain.errors import CheckFailed
from tools import proofs

ROOT = Path(__file__).resolve().parents[1]
LISTS = ROOT / "tests" / "mutants"
TREES = ROOT / "build" / "mutants"
SECONDS = 900


@dataclass(frozen=True)
class Mutant:
    """A mistake: `old` in `file` becomes `new`, and `test` fails with output that has `says`."""

    id: str
    rule: str
    file: str
    old: str
    new: str
    test: str
    says: str = ""
    compile: tuple[str, ...] = ()

    @property
    def is_proof(self) -> bool:
        return self.test.startswith(proofs.FOLDER)


@dataclass(frozen=True)
class Verdict:
    """What came of a mutant: killed, or why not; and the line that the test failed with."""

    id: str
    killed: bool
    why: str
    seconds: float


def mutants() -> list[Mutant]:
    """Return the mutants of all lists."""
    entries = [
        entry
        for path in sorted(LISTS.glob("*.toml"))
        for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", ())
    ]
    return [Mutant(**entry | {"compile": tuple(entry.get("compile", ()))}) for entry in entries]


@contextmanager
def changed(tree: Path, file: str, content: bytes, contracts: Sequence[str]) -> Iterator[None]:
    """In a copy of the tree a source is another for a while, and these contracts are built from it.
    Raises CheckFailed where they do not compile."""
    path = tree / file
    kept = {path: path.read_bytes()}
    path.write_bytes(content)
    try:
        for name, artifact in (compile_only(tree, contracts) if contracts else {}).items():
            target = tree / ARTIFACTS / f"{name}.json"
            kept[target] = target.read_bytes()
            target.write_text(render(artifact), encoding="utf-8")
        yield
    finally:
        for one, before in kept.items():
            one.write_bytes(before)


class Copy:
    """A copy of the tree as it stands, in which mistakes are made and taken back."""

    def __init__(self, root: Path = ROOT, trees: Path = TREES) -> None:
        # One for each process, so that two can run at a time.
        self.tree = tree = trees / f"tree-{os.getpid()}"
        self._passed: set[tuple[str, tuple[str, ...]]] = set()
        shutil.rmtree(tree, ignore_errors=True)
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=root, capture_output=True, text=True, check=True).stdout
        for name in names.split("\0"):
            if name and (root / name).is_file() and not (root / name).is_symlink():
                target = tree / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, target)
        (tree / "node_modules").symlink_to((root / "node_modules").resolve())
        for name in proofs.names(root):
            known = root / "build" / "proofs" / name
            if known.is_dir():
                shutil.copytree(known, tree / "build" / "proofs" / name)

    def remove(self) -> None:
        """Delete the copy."""
        shutil.rmtree(self.tree, ignore_errors=True)

    def judge(self, mutant: Mutant) -> Verdict:
        """Make the mistake, run its test, take it back."""
        started = time.monotonic()
        try:
            why = self._judge(mutant)
        except (CheckFailed, RuntimeError) as error:
            why = f"error: {error}"
        seconds = round(time.monotonic() - started, 1)
        killed = why.startswith("killed: ")
        return Verdict(mutant.id, killed, why.removeprefix("killed: "), seconds)

    def _judge(self, mutant: Mutant) -> str:
        if (mutant.test, mutant.compile) not in self._passed:
            code, said = self._run(mutant)
            if code != 0:
                return f"the test fails without it: {_last(said)}"
            self._passed.add((mutant.test, mutant.compile))
        with self._made(mutant):
            code, said = self._run(mutant)
        if code == 0:
            return "survived"
        if code != 1:
            return f"the test could not be run (exit code {code}): {_last(said)}"
        if not re.search(mutant.says, said):
            return f"the test fails for another reason: {_last(said)}"
        return f"killed: {_last(said)}"

    def _made(self, mutant: Mutant) -> AbstractContextManager[None]:
        text = (self.tree / mutant.file).read_text(encoding="utf-8")
        if text.count(mutant.old) != 1:
            raise CheckFailed(f"{mutant.file} has not exactly one place like the old text")
        wrong = text.replace(mutant.old, mutant.new)
        return changed(self.tree, mutant.file, wrong.encode(), mutant.compile)

    def _run(self, mutant: Mutant) -> tuple[int, str]:
        """Run a mutant's test; return 0 where it passes, 1 where it fails, and what it said."""
        if mutant.is_proof:
            path, check = mutant.test.split("::")
            (found,) = proofs.prove(Path(path).stem, check, self.tree)
            code = {"proved": 0, "counterexample": 1}.get(found.verdict, 2)
            return code, f"{found.verdict}: {found.counterexample}"
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", mutant.test],
            cwd=self.tree,
            env={**os.environ, "PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
        return run.returncode, run.stdout + run.stderr


def _last(said: str) -> str:
    """Return the line that says why a test failed."""
    lines = [line for line in said.splitlines() if line.strip()]
    failed = [line for line in lines if line.startswith(("FAILED", "ERROR"))]
    wrong = [line[1:].strip() for line in lines if line.startswith("E ")]
    return (wrong or failed or lines or ["no output"])[0][:160]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__)
    parser.add_argument("id", nargs="*", help="default: all of them")
    parser.add_argument("--list", action="store_true", help="only list them")
    chosen = parser.parse_args()
    known = {mutant.id: mutant for mutant in mutants()}
    if unknown := set(chosen.id) - set(known):
        print(f"error: there is no mutant {min(unknown)}", file=sys.stderr)
        print("hint: python -m tools.mutants --list", file=sys.stderr)
        return 2
    wanted = [known[name] for name in chosen.id or known]
    if chosen.list:
        for mutant in wanted:
            print(f"{mutant.id:26} {mutant.rule}\n{'':26} {mutant.test}")
        return 0
    copy = Copy()
    survivors = 0
    try:
        for mutant in wanted:
            verdict = copy.judge(mutant)
            survivors += not verdict.killed
            word = "killed" if verdict.killed else "ALIVE"
            print(f"{word:6} {verdict.seconds:6.1f} s  {mutant.id:26} {verdict.why}", flush=True)
    finally:
        copy.remove()
    print(f"{len(wanted) - survivors} of {len(wanted)} mutants killed")
    return int(survivors > 0)


if __name__ == "__main__":
    sys.exit(main())
