"""Print the mutants that slither-mutate would make of one contract, as JSON.

Run by the Python of slither's environment; `tools/mutation.py` does it. slither-mutate itself
compiles the whole project for each file and runs one command for each mutant, from the beginning
every time; this asks its mutators for their patches alone, so that some can be drawn, run where
that is cheap, and gone on with. No code is made: slither gets the pinned compiler's syntax trees.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from crytic_compile import CryticCompile
from crytic_compile.platform import solc_standard_json
from slither import Slither
from slither.tools.mutator.mutators import all_mutators
from slither.tools.mutator.mutators.abstract_mutator import AbstractMutator

ROOT = Path(__file__).resolve().parents[1]
# slither wants code; no mutator looks at it.
NO_CODE = {
    "abi": [],
    "metadata": "",
    "userdoc": {"methods": {}},
    "devdoc": {"methods": {}},
    "evm": {
        "bytecode": {"object": "", "opcodes": "", "sourceMap": ""},
        "deployedBytecode": {"object": "", "opcodes": "", "sourceMap": ""},
        "methodIdentifiers": {},
    },
}


def syntax(request: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any]:
    """Return the compiler's answer with syntax trees and without code."""
    request["settings"]["outputSelection"] = {"*": {"": ["ast"], "*": ["abi"]}}
    for path, source in request["sources"].items():
        source.pop("content", None)
        source["urls"] = [path]
    run = subprocess.run(
        [str(ROOT / "tools" / "solc.js"), "--standard-json", "--base-path", str(ROOT)],
        input=json.dumps(request),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(run.stdout)
    wrong = [e["formattedMessage"] for e in answer.get("errors", ()) if e["severity"] == "error"]
    if wrong:
        raise SystemExit("\n".join(wrong))
    for contracts in answer["contracts"].values():
        for name, found in contracts.items():
            contracts[name] = NO_CODE | {"abi": found["abi"]}
    return answer


def patches(path: str) -> list[dict[str, Any]]:
    """Return the mutants of all contracts of a file: operator, place in bytes, old and new text."""
    solc_standard_json.run_solc_standard_json = syntax
    project = solc_standard_json.SolcStandardJson()
    project.add_source_file(path)
    for remapping in ("@openzeppelin/=node_modules/@openzeppelin/",):
        project.add_remapping(remapping)
    slither = Slither(CryticCompile(project, solc=str(ROOT / "tools" / "solc.js")))
    mutators: list[Any] = [
        found
        for found in vars(all_mutators).values()
        if isinstance(found, type)
        and issubclass(found, AbstractMutator)
        and found is not AbstractMutator
    ]
    text = (ROOT / path).read_bytes()
    found: dict[tuple[int, int, str], dict[str, Any]] = {}
    for unit in slither.compilation_units:
        for contract in unit.contracts:
            if contract.source_mapping.filename.relative != path or contract.is_interface:
                continue
            for mutator in mutators:
                made = mutator(
                    unit, 0, "", "", contract, None, False, Path(), [], 100, 0, None, None
                )
                for patch in _of(made):
                    start, end = patch["start"], patch["end"]
                    new = patch["new_string"]
                    old = text[start:end].decode()
                    if old != new:
                        found.setdefault(
                            (start, end, new),
                            {
                                "operator": mutator.NAME,
                                "contract": contract.name,
                                "line": text[:start].count(b"\n") + 1,
                                "start": start,
                                "end": end,
                                "old": old,
                                "new": new,
                            },
                        )
    return [found[key] for key in sorted(found)]


def _of(mutator: AbstractMutator) -> list[dict[str, Any]]:
    """A mutator that does not know some syntax fails as a whole; slither-mutate goes on as well."""
    try:
        made = mutator._mutate()
    except Exception as error:
        print(f"{mutator.NAME} failed in {mutator.contract.name}: {error}", file=sys.stderr)
        return []
    return [patch for all_of in made.get("patches", {}).values() for patch in all_of]


if __name__ == "__main__":
    json.dump(patches(sys.argv[1]), sys.stdout, indent=0)
