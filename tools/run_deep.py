"""The long campaigns: `make test-deep`, or one of them with PART=name.

A part that has passed on the same sources is not run again unless it is named, so an interrupted
run goes on where it stopped. Each part takes at most two hours.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tools.run_tests import (
    BUILD,
    PYTHON,
    ROOT,
    Part,
    Run,
    count_forge,
    count_pytest,
    install,
    report,
)
from tools.run_tests import forge as forge_program

DONE = BUILD / "deep"
RECORD = BUILD / "deep-record.json"


def parts() -> dict[str, Part]:
    forge = [forge_program(), "test"]
    deep = {"FOUNDRY_PROFILE": "deep"}
    limit = 2 * 3600
    books = [str(PYTHON), "-m", "pytest", "-n", "2", "-m", "property", "--record", str(RECORD)]
    return {
        part.name: part
        for part in (
            Part(
                "fuzz",
                [*forge, "--no-match-test", "^invariant"],
                count_forge,
                ["node"],
                deep,
                limit,
            ),
            Part(
                "invariant",
                [*forge, "--match-test", "^invariant"],
                count_forge,
                ["node"],
                deep,
                limit,
            ),
            Part("books", books, count_pytest(RECORD), (), {"P2PCHAIN_CAMPAIGN": "deep"}, limit),
        )
    }


def sources() -> str:
    """Return what the campaigns stand for: the commit and what has changed since."""
    head = ["git", "rev-parse", "HEAD"]
    changed = ["git", "diff", "HEAD", "--", "contracts", "p2pchain", "tests"]
    return "".join(
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for command in (head, changed)
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=sorted(parts()))
    named = parser.parse_args().part
    for folder in (BUILD / "logs", DONE):
        folder.mkdir(parents=True, exist_ok=True)
    run, state = Run(), sources()
    try:
        if not install(run):
            return report(run, DONE / "summary.json")
        for name, part in parts().items():
            mark: Path = DONE / f"{name}.passed"
            if named not in (None, name):
                continue
            if named is None and mark.is_file() and mark.read_text(encoding="utf-8") == state:
                print(f"done  {name} has passed on these sources (PART={name} runs it again)")
                continue
            run.part(part)
            if not run.outcomes[name].failed:
                mark.write_text(state, encoding="utf-8")
    except KeyboardInterrupt:
        run.stop()
        print("interrupted", file=sys.stderr)
        return 130
    return report(run, DONE / "summary.json")


if __name__ == "__main__":
    sys.exit(main())
