"""What the demonstration's commands share: its chains, progress bars, and where results go."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from p2pchain.cli.base import Env
from p2pchain.errors import BadInput, CheckFailed

F = TypeVar("F", bound=Callable[..., Any])

CHAINS = ("tester", "anvil")


def seed_option(function: F) -> F:
    """Add `--seed`."""
    return click.option(
        "--seed",
        type=click.IntRange(0),
        default=7,
        show_default=True,
        help="What the keys are made from; the result does not depend on it.",
    )(function)


def result_options(function: F) -> F:
    """Add `--json` (argument `json_file`) and `--html` (argument `html_file`)."""
    function = click.option(
        "--html", "html_file", metavar="FILE", help="Write one page that works offline."
    )(function)
    return click.option(
        "--json", "json_file", metavar="FILE", help="Write the figures as JSON; '-' is stdout."
    )(function)


def chain_of(env: Env) -> str:
    """Return the chain to run on. Raises BadInput for one that is not the demonstration's own."""
    chain = env.network_choice or "tester"
    if chain not in CHAINS:
        raise BadInput(
            f"the demo runs on a chain of its own, not on '{chain}'",
            hint="leave -n away, or say -n anvil",
        )
    return chain


@dataclass(frozen=True, slots=True)
class Targets:
    """Where the results go: stdout as text or JSON, and files."""

    json_out: bool
    json_path: Path | None
    html_path: Path | None

    @classmethod
    def of(cls, json_file: str | None, html_file: str | None) -> Targets:
        """Find out before the work begins whether the files can be written after it."""
        out = json_file == "-"
        json_path = None if json_file is None or out else _target(json_file)
        return cls(out, json_path, None if html_file is None else _target(html_file))

    def show(
        self,
        env: Env,
        figures: Mapping[str, Any],
        text: Callable[[], str],
        page: Callable[[], str],
    ) -> None:
        """Print and write a report: its figures, its text, its page."""
        from p2pchain.report.page import write_whole

        as_json = json.dumps(figures, indent=2, ensure_ascii=False) + "\n"
        if self.json_out:
            click.echo(as_json, nl=False)
        else:
            click.echo(text())
        if self.json_path is not None:
            write_whole(self.json_path, as_json)
            env.note(f"figures: {self.json_path}")
        if self.html_path is not None:
            write_whole(self.html_path, page())
            env.note(f"page: {self.html_path}")


def raise_failed(checks: Mapping[str, bool]) -> None:
    """Raise CheckFailed where a check of a report did not hold."""
    if not all(checks.values()):
        failed = ", ".join(name for name, passed in checks.items() if not passed)
        raise CheckFailed(
            f"a check failed: {failed}", hint="the figures above are not to be trusted"
        )


def _target(name: str) -> Path:
    path = Path(name)
    if path.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise BadInput(f"{path} cannot be written", hint="name a file in a folder of yours")
    return path


class Bars:
    """One progress bar after another, on stderr."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, *error: object) -> None:
        kind, value, trace = sys.exc_info()
        self._stack.__exit__(kind, value, trace)

    def begin(self, what: str, total: int) -> Callable[[int], None]:
        """Close the bar before and begin one; return what is told of each step."""
        from p2pchain.report.progress import Progress

        self._stack.close()
        return self._stack.enter_context(Progress(what, total)).step
