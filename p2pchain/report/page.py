"""What the pages share: templates with their filters, files that go into them, and writing."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from p2pchain.report.money import amount, decimal, kwh, percent, price, ratio_ppm

_NONE: Final = "\N{EN DASH}"


def write_whole(path: str | os.PathLike[str], text: str) -> Path:
    """Writes a file whole or not at all and returns its path. Raises OSError where the folder is
    missing or not writable."""
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(name, 0o666 & ~umask)
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return target


@cache
def environment() -> Environment:
    """The templates. What they are given is escaped, and a name that is missing is an error."""
    env = Environment(
        loader=PackageLoader("p2pchain.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {
        "amount": lambda nano: minus(amount(nano)),
        "kwh": lambda wh, digits=1: minus(kwh(wh, digits)),
        "price": lambda nano: _NONE if nano is None else minus(price(nano)),
        "percent": lambda ppm: _NONE if ppm is None else minus(percent(ppm)),
        "bar": lambda ppm: decimal(max(0, min(1_000_000, ppm)), 10_000, 2),
        "share_of": ratio_ppm,
        "tight": tight,
        "grouped": lambda number: f"{number:,}",
    }
    env.filters.update(filters)
    return env


@cache
def static(name: str) -> str:
    """A file of `static/` as text."""
    return files("p2pchain.report").joinpath("static", name).read_text(encoding="utf-8")


def csp_hash(script: str) -> str:
    """How the content security policy names a script that may run."""
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def minus(text: str) -> str:
    """A figure with the sign that readers know."""
    return text.replace("-", "\N{MINUS SIGN}", 1) if text.startswith("-") else text


def tight(text: str, currency: str) -> str:
    """Keeps a figure and its unit on one line."""
    for unit in (currency, "kWh", "%"):
        text = text.replace(f" {unit}", f"\N{NO-BREAK SPACE}{unit}")
    return text
