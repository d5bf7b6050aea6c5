"""Results on stdout: a table or lines for people, JSON for programs (`--json`).

JSON is one object with a `schema` number, snake case, integers with the unit in the name. Bytes are
written 0x..., and a float is refused: money and energy are integers here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

SCHEMA = 1


class Output:
    """Where a command puts its result. Commands get it as `out` from `output_options`."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def fields(self, data: Mapping[str, Any], shown: Mapping[str, str] | None = None) -> None:
        """Print one result: `data` as JSON, or `shown` (label -> text) as lines for people."""
        if self.as_json:
            self.json(data)
            return
        lines = shown if shown is not None else {k: plain(v) for k, v in data.items()}
        width = max((len(label) for label in lines), default=0)
        for label, text in lines.items():
            click.echo(f"{label:<{width}}  {text}")

    def rows(
        self,
        name: str,
        rows: Sequence[Mapping[str, Any]],
        columns: Mapping[str, str | tuple[str, Callable[[Any], str]]] | None = None,
        *,
        empty: str = "nothing",
    ) -> None:
        """Print a list: as JSON under `name`, or a table of `columns`.

        `columns` maps a key of the rows to its heading, or to heading and formatter.
        """
        if self.as_json:
            self.json({name: list(rows)})
            return
        if not rows:
            click.echo(empty)
            return
        chosen = columns or {key: key for key in rows[0]}
        heads, makers = [], []
        for value in chosen.values():
            heads.append(value if isinstance(value, str) else value[0])
            makers.append(plain if isinstance(value, str) else value[1])
        body = [
            [make(row.get(key)) for key, make in zip(chosen, makers, strict=True)] for row in rows
        ]
        right = [all(isinstance(row.get(key), int) for row in rows) for key in chosen]
        click.echo(table(heads, body, right))

    def json(self, data: Mapping[str, Any]) -> None:
        """Print JSON, asked for or not."""
        body = data if "schema" in data else {"schema": SCHEMA, **data}
        click.echo(json.dumps(_jsonable(body), indent=2, ensure_ascii=False))


def output_options(function: F) -> F:
    """Add `--json` to a command and hand it an `Output` as the argument `out`."""

    def choose(ctx: click.Context, _: click.Parameter, value: bool) -> Output:
        return Output(value)

    return click.option(
        "--json", "out", is_flag=True, callback=choose, help="Print JSON instead of a table."
    )(function)


def table(heads: Sequence[str], body: Iterable[Sequence[str]], right: Sequence[bool]) -> str:
    """Return lines of aligned columns under their headings; `right` says which align right."""
    lines = [list(heads), *[list(row) for row in body]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if flush else cell.ljust(width)
            for cell, width, flush in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def plain(value: Any) -> str:
    """Return a value as people read it: 0x for bytes, yes and no, - for nothing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value)


def _jsonable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _jsonable(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(entry) for entry in value]
    if isinstance(value, (bytes, Path)):
        return plain(value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    raise TypeError(f"{type(value).__name__} does not go into a result: {value!r}")
