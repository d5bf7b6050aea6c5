"""Pieces of Python source: lists that wrap, docstrings, imports. Formatted as ruff does it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

from p2pchain.dev.spelling import Names

WIDTH = 100
HEADER = '"""{title}\n\nWritten by `p2pchain dev build`; do not edit."""\n\n'


def wrap(start: str, items: Sequence[str], end: str, *, one: bool = False) -> Iterator[str]:
    """Lines of a bracketed list: on one line where it fits, else one item to a line.

    `one` keeps a tuple of one item a tuple.
    """
    last = "," if one and len(items) == 1 else ""
    line = f"{start}{', '.join(items)}{last}{end}"
    if len(line) <= WIDTH:
        yield line
        return
    indent = " " * (len(start) - len(start.lstrip()) + 4)
    yield start
    for item in items:
        comma = "" if item == "*" and item is items[-1] else ","
        yield f"{indent}{item}{comma}"
    yield f"{indent[4:]}{end}"


def decoded(target: str, kinds: Sequence[str], source: str) -> Iterator[str]:
    """Lines that decode `source` by the quoted ABI types into `target`."""
    line = next(wrap("(", kinds, ")", one=True))
    if len(whole := f"        {target} = decode({line}, {source})") <= WIDTH and line != "(":
        yield whole
        return
    yield f"        {target} = decode("
    yield from wrap("            (", kinds, "),", one=True)
    yield from (f"            {source},", "        )")


def docstring(text: str, indent: int) -> Iterator[str]:
    """Lines of a docstring."""
    pad = " " * indent
    plain = re.sub(r"\s+", " ", text).strip().replace("\\", "").replace('"', "'")
    lines = textwrap.wrap(plain, WIDTH - indent - 6, break_long_words=False, break_on_hyphens=False)
    if len(lines) == 1:
        yield f'{pad}"""{lines[0]}"""'
        return
    yield f'{pad}"""{lines[0]}'
    yield from (f"{pad}{line}" for line in lines[1:])
    yield f'{pad}"""'


def constant(target: str, text: str) -> Iterator[str]:
    """Lines that assign a string to an attribute of a class."""
    plain = re.sub(r"\s+", " ", text).strip().replace("\\", "\\\\")
    quote = "'" if '"' in plain and "'" not in plain else '"'
    plain = plain.replace(quote, f"\\{quote}")
    if len(line := f"    {target} = {quote}{plain}{quote}") <= WIDTH:
        yield line
        return
    pieces = textwrap.wrap(plain, WIDTH - 10, drop_whitespace=False, break_long_words=False)
    yield f"    {target} = ("
    yield from (f"        {quote}{piece}{quote}" for piece in pieces)
    yield "    )"


def registry(
    name: str, base: str, key: str, classes: Sequence[str], *, final: bool = True
) -> Iterator[str]:
    """Lines of a dictionary of classes by their topic or selector."""
    known = sorted(classes)
    line = (
        f"{{known.{key}: known for known in ({', '.join(known)}{',' if len(known) == 1 else ''})}}"
    )
    kind = f"dict[bytes, type[{base}]]"
    start = f"{name}: {f'Final[{kind}]' if final else kind} = "
    if len(start + line) <= WIDTH:
        yield start + line
        return
    yield start + "{"
    middle = f"    {line[1:-1]}"
    if len(middle) <= WIDTH:
        yield from (middle, "}")
        return
    yield f"    known.{key}: known"
    yield from wrap("    for known in (", known, ")")
    yield "}"


def module(title: str, names: Names, lines: Sequence[str]) -> str:
    """Return a module: title, the imports that `names` has counted, and the lines."""
    used: dict[str, set[str]] = {}
    for origin, name in names.used:
        used.setdefault(origin, set()).add(name)
    head = HEADER.format(title=title) + "from __future__ import annotations\n\n"
    standard = [m for m in ("collections.abc", "dataclasses", "typing") if m in used]
    for origin in standard:
        head += f"from {origin} import {', '.join(sorted(used[origin]))}\n"
    head += "\n" if standard else ""
    for origin, path in (
        ("abi", "p2pchain.chain.abi"),
        ("enums", f"{names.package}.enums"),
        ("structs", f"{names.package}.structs"),
    ):
        if origin in used:
            line = f"from {path} import {', '.join(sorted(used[origin]))}"
            if len(line) > WIDTH:
                line = "\n".join(wrap(f"from {path} import (", sorted(used[origin]), ")"))
            head += line + "\n"
    return head + "\n".join(lines) + "\n"
