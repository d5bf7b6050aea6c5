"""Prove properties with halmos: `make test-deep PART=halmos`; some: `python -m tools.proofs NAME`.

Every function `check_*` of `tests/proofs/*Proofs.sol` is a proof: halmos runs it on symbolic inputs
and asks a solver whether any of them can break an assertion. It counts as proved only if no path
was left out and it took no more than a minute: a bound of a loop that was reached, or a solver that
gave up, is a failure. The minute is the processor's, so other work on the machine changes nothing.

Each proof contract is compiled by itself with the settings of foundry.toml, and only when one of
its sources has changed; halmos wants forge to build, which would compile all that they touch.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcError

from p2pchain.dev.build import settings

ROOT = Path(__file__).resolve().parents[1]
HALMOS = ROOT / ".tools" / "halmos" / "bin" / "halmos"
FOLDER = "tests/proofs"
#: No proof takes longer: all paths, the solver included, in seconds of the processor.
SECONDS = 60
#: Where other work takes the processor, a minute may take ten.
PATIENCE = 10
#: More than any loop of a proof has rounds.
LOOPS = 20
_WANTED = [
    "abi",
    "metadata",
    "storageLayout",
    "evm.bytecode",
    "evm.deployedBytecode",
    "evm.methodIdentifiers",
]
_VERDICTS = {
    0: "proved",
    1: "counterexample",
    2: "solver gave up",
    3: "stuck",
    4: "no path ends well",
    5: "error",
}


@dataclass(frozen=True)
class Check:
    """One proof: what came of it, paths and seconds; `counterexample` as halmos prints it."""

    contract: str
    name: str
    verdict: str
    paths: int
    seconds: float
    counterexample: str = ""

    @property
    def proved(self) -> bool:
        return self.verdict == "proved"


def names(root: Path = ROOT) -> list[str]:
    """Return the proof contracts."""
    return sorted(path.stem for path in (root / FOLDER).glob("*Proofs.sol"))


def checks_in(root: Path = ROOT) -> dict[str, list[str]]:
    """Return the proofs of each contract, by name."""
    found = {}
    for name in names(root):
        text = (root / FOLDER / f"{name}.sol").read_text(encoding="utf-8")
        found[name] = re.findall(r"function (check_\w+)", text)
    return found


def compile_proofs(name: str, root: Path = ROOT) -> Path:
    """Compile a proof contract, unless it has been from the same sources; return the folder that
    halmos reads. Raises solcx's SolcError where it does not compile."""
    path = f"{FOLDER}/{name}.sol"
    out = root / "build" / "proofs" / name
    stamp = out / "sources.json"
    if stamp.is_file():
        known: dict[str, str] = json.loads(stamp.read_text(encoding="utf-8"))
        if known == {source: _digest(root / source) for source in known}:
            return out
    output = solcx.compile_standard(
        {
            "language": "Solidity",
            "sources": {path: {"urls": [path]}},
            "settings": {
                **settings(root),
                "outputSelection": {"*": {"": ["ast"]}, path: {name: _WANTED}},
            },
        },
        base_path=root,
        allow_paths=[root],
        solc_binary=root / "tools" / "solc.js",
    )
    shutil.rmtree(out, ignore_errors=True)
    artifact = _artifact(output, path, name)
    folder = out / f"{name}.sol"
    folder.mkdir(parents=True)
    (folder / f"{name}.json").write_text(json.dumps(artifact), encoding="utf-8")
    used = artifact["metadata"]["sources"]
    digests = {source: _digest(root / source) for source in (*used, "foundry.toml")}
    stamp.write_text(json.dumps(digests), encoding="utf-8")
    return out


def prove(
    name: str, match: str = "check_", root: Path = ROOT, program: Path = HALMOS
) -> Iterator[Check]:
    """Run the proofs of a contract whose names begin so, one by one; yield what came of each."""
    wanted = [check for check in checks_in(root)[name] if check.startswith(match)]
    out = compile_proofs(name, root) if wanted else root
    for check in wanted:
        before = _processor()
        try:
            found = _run(name, check, root, program, out)
        except subprocess.TimeoutExpired:
            found = Check(name, check, f"no answer in {SECONDS * PATIENCE} s", 0, 0.0)
        seconds = round(_processor() - before, 1)
        if found.proved and seconds > SECONDS:
            found = replace(found, verdict=f"more than {SECONDS} s")
        yield replace(found, seconds=seconds)


def _processor() -> float:
    """Return the seconds that the programs run from here have had of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(name: str, check: str, root: Path, program: Path, out: Path) -> Check:
    with tempfile.TemporaryDirectory() as folder:
        # What halmos would have forge build is there already.
        (Path(folder) / "forge").symlink_to(shutil.which("true") or "/bin/true")
        answer = Path(folder) / "answer.json"
        options = {
            "--root": root,
            "--forge-build-out": out.relative_to(root),
            "--contract": name,
            "--match-test": f"^{check}\\(",
            "--loop": LOOPS,
            "--solver-timeout-assertion": f"{SECONDS * PATIENCE}s",
            "--json-output": answer,
        }
        process = subprocess.Popen(
            [str(program), "--no-status", *(str(part) for o in options.items() for part in o)],
            cwd=root,
            env={**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=SECONDS * PATIENCE)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # its solvers too
            process.wait()
            raise
        said = re.sub(r"\x1b\[[0-9;]*m", "", output)
        if not answer.is_file():
            raise RuntimeError(f"halmos gave no answer for {name}.{check}:\n{said[-2000:]}")
        results = json.loads(answer.read_text(encoding="utf-8"))["test_results"]
    log = root / "build" / "logs" / f"halmos-{name}-{check}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(said, encoding="utf-8")
    (result,) = (result for tests in results.values() for result in tests)
    return _check(name, result, said)


def _check(contract: str, result: dict[str, Any], said: str) -> Check:
    verdict = _VERDICTS.get(result["exitcode"], f"exit code {result['exitcode']}")
    example = ""
    if verdict == "counterexample":
        example = _example(said)
    elif result["num_bounded_loops"] or "wiki/warnings#" in said:
        verdict = "not all paths were taken"
    name = result["name"].split("(")[0]
    return Check(contract, name, verdict, result["num_paths"][0], 0.0, example)


def _example(said: str) -> str:
    """Return the first counterexample that halmos has printed, as `name = value`."""
    lines = said.split("Counterexample:", 1)[-1].splitlines()[1:]
    values = []
    for line in lines:
        found = re.match(r"\s+p_(\w+?)_[a-z0-9]+_[0-9a-f]{7}_\d+ = (\w+)", line)
        if found is None:
            break
        values.append(f"{found[1]} = {found[2]}")
    return ", ".join(values)


def _artifact(output: dict[str, Any], path: str, name: str) -> dict[str, Any]:
    """Return a contract as forge's artifacts have it, as far as halmos reads them."""
    compiled = output["contracts"][path][name]
    for code in ("bytecode", "deployedBytecode"):
        compiled["evm"][code]["object"] = "0x" + compiled["evm"][code]["object"]
    return {
        "abi": compiled["abi"],
        "bytecode": compiled["evm"]["bytecode"],
        "deployedBytecode": compiled["evm"]["deployedBytecode"],
        "methodIdentifiers": compiled["evm"]["methodIdentifiers"],
        "metadata": json.loads(compiled["metadata"]),
        "storageLayout": compiled["storageLayout"],
        "ast": output["sources"][path]["ast"],
        "id": output["sources"][path]["id"],
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def line(check: Check) -> str:
    """Return a proof as a line."""
    return (
        f"{check.verdict:15} {check.seconds:6.1f} s {check.paths:5} paths  "
        f"{check.contract}.{check.name}  {check.counterexample}"
    ).rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.proofs", description=__doc__)
    parser.add_argument("contract", nargs="*", help=f"{', '.join(names())}; default: all of them")
    parser.add_argument("--match", default="check_", help="only proofs whose names begin so")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what came of each")
    chosen = parser.parse_args()
    if unknown := set(chosen.contract) - set(names()):
        print(f"error: there is no {FOLDER}/{min(unknown)}.sol", file=sys.stderr)
        print(f"hint: one of {', '.join(names())}", file=sys.stderr)
        return 2
    if not HALMOS.is_file():
        print("error: halmos is not installed\nhint: make setup-halmos", file=sys.stderr)
        return 2
    checks: list[Check] = []
    for name in chosen.contract or names():
        try:
            for check in prove(name, chosen.match):
                checks.append(check)
                print(line(check), flush=True)
        except SolcError as error:
            found = [
                e["formattedMessage"] for e in error.error_dict or () if e["severity"] == "error"
            ]
            print(f"error: {name} does not compile:", *found, sep="\n", file=sys.stderr)
            return 1
    if chosen.json:
        text = json.dumps([asdict(check) for check in checks], indent=1)
        chosen.json.write_text(text + "\n", encoding="utf-8")
    if not checks:
        print(f"error: no proof begins with {chosen.match}", file=sys.stderr)
        return 2
    slowest = max(check.seconds for check in checks)
    proved = sum(check.proved for check in checks)
    print(f"{proved} of {len(checks)} proved, the slowest in {slowest:.1f} s")
    return int(proved < len(checks))


if __name__ == "__main__":
    sys.exit(main())
