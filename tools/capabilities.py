"""Write docs/capabilities.md from docs/capabilities.toml and the record of a test run.

A line is done when it is marked complete in the list, at least one test carries its id, and every
test that does has passed in the run. `--check` writes nothing and fails where the page is not that.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LIST = ROOT / "docs" / "capabilities.toml"
PAGE = ROOT / "docs" / "capabilities.md"


def page(listed: Sequence[Mapping[str, Any]], tests: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the page as Markdown; the same for the same list and the same outcomes."""
    rows = {entry["id"]: row(entry, tests) for entry in listed}
    done = sum("| done |" in text for text in rows.values())
    lines = [
        "# Capabilities",
        "",
        "Written by `make capabilities` from `docs/capabilities.toml`, the marks of the tests and",
        "the outcome of their last run. `done`: every test of the line passed, and together they",
        "cover it.",
        "",
        f"{done} of {len(rows)} are done.",
    ]
    for group, entries in groupby(listed, key=lambda entry: str(entry["group"])):
        lines += ["", f"## {group}", "", "| id | capability | state | tests |", "|---|---|---|---|"]
        lines += [rows[entry["id"]] for entry in entries]
    return "\n".join(lines) + "\n"


def row(entry: Mapping[str, Any], tests: Mapping[str, Mapping[str, Any]]) -> str:
    """Return one row of the table."""
    mine = {name: test for name, test in tests.items() if entry["id"] in test["capability"]}
    passed = bool(mine) and all(test["outcome"] == "passed" for test in mine.values())
    state = "done" if passed and entry.get("complete", False) else "open"
    names = sorted({name.partition("[")[0] for name in mine})
    text = str(entry["text"]).replace("|", "\\|")
    return f"| {entry['id']} | {text} | {state} | {'<br>'.join(f'`{n}`' for n in names)} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("record", type=Path, help="what `pytest --record FILE` wrote")
    parser.add_argument("--check", action="store_true", help="compare only")
    options = parser.parse_args()
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))["capability"]
    tests = json.loads(options.record.read_text(encoding="utf-8"))["tests"]
    text = page(listed, tests)
    if not options.check:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        print(f"error: {PAGE.relative_to(ROOT)} is not what the tests say", file=sys.stderr)
        print("hint: run `make capabilities` and commit the page", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
