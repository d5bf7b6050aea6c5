"""The layers of the package: who may import whom, and what an import may cost."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "p2pchain"

# A module imports from its own layer and from those before it, never from a later one.
LAYERS = (
    {
        "data",
        "eip712",
        "errors",
        "evidence",
        "forward",
        "forward_level_twin",
        "forward_levels",
        "ledger",
        "level_twin",
        "levels",
        "matching",
        "metering",
        "model",
        "points",
        "posting",
        "registry",
        "replay",
        "rule_sets",
        "rules",
        "runs",
        "settlement",
        "simulate",
        "switching",
        "twin",
        "units",
        "volumes",
        "working_days",
    },
    {"keys", "networks", "p256"},
    {"chain", "dev"},
    {
        "batching",
        "forward_level_market",
        "forward_market",
        "level_market",
        "market",
        "operator",
        "meter",
        "outlook",
        "point_book",
        "switch_book",
        "volume_book",
    },
    {"accounts", "history", "checks", "compensation", "runs_market", "supplier_statement"},
    {"control", "grid"},
    {"report"},
    {"demo"},
    {"cli"},
    {"testing"},  # for users' tests: nothing here imports it
)
LAYER = {name: number for number, names in enumerate(LAYERS) for name in names}

# Libraries that only one part of the package may know.
ONLY = {
    "web3": {"chain"},
    "eth_tester": {"chain"},
    "eth": {"chain"},
    "click": {"cli"},
    "cryptography": {"p256"},
    "solcx": {"dev"},
    "highspy": {"control"},
    "pandapower": {"grid"},
    "pytest": {"testing"},
}


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path, text: str = "") -> Iterator[tuple[int, str]]:
    """Line and full name of everything that a module imports, inside functions too."""
    here = ("p2pchain", *path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(text or path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = list(here[: len(here) - node.level]) if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module == "p2pchain":
                yield from ((node.lineno, f"p2pchain.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_own_layer_and_below(path: Path) -> None:
    part = part_of(path)
    if part == "__main__":
        return
    assert part in LAYER, f"p2pchain/{part} is in no layer: add it to LAYERS where it belongs"
    wrong = [
        f"{path.relative_to(PACKAGE.parent)}:{line} imports {name}"
        for line, name in imports(path)
        if name.startswith("p2pchain.")
        and name.split(".")[1] in LAYER
        and LAYER[name.split(".")[1]] > LAYER[part]
    ]
    assert not wrong


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_is_known_only_where_it_belongs(path: Path) -> None:
    wrong = [
        f"{path.relative_to(PACKAGE.parent)}:{line} imports {name}"
        for line, name in imports(path)
        if part_of(path) not in ONLY.get(name.partition(".")[0], {part_of(path)})
    ]
    assert not wrong


def test_every_library_that_is_imported_is_declared() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {
        re.split(r"[^A-Za-z0-9_.-]", text)[0].lower().replace("_", "-")
        for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])
    }
    brought_by = packages_distributions()
    missing = {
        f"{path.relative_to(PACKAGE.parent)}: {name}"
        for path in modules()
        for _, name in imports(path)
        if (top := name.partition(".")[0]) not in {"p2pchain", *sys.stdlib_module_names}
        and not {d.lower().replace("_", "-") for d in brought_by.get(top, ())} & declared
    }
    assert not missing


def test_imports_are_seen_wherever_they_stand() -> None:
    """The tests above would pass on anything if the search found nothing."""
    text = (
        "import web3.types\n"
        "from p2pchain import cli\n"
        "from ..report import model\n"
        "if True:\n    from .. import market\n"
        "def f():\n    from p2pchain.index import Index\n"
    )
    found = {name for _, name in imports(PACKAGE / "chain" / "example.py", text)}
    assert found == {
        "web3.types",
        "p2pchain.cli",
        "p2pchain.report",
        "p2pchain.market",
        "p2pchain.index",
    }


def loaded_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter has loaded after `code`."""
    ask = "\nimport sys; print('LOADED', *{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", code + ask]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(run.stdout.rpartition("LOADED ")[2].split())


HEAVY = {"web3", "eth_tester", "eth", "eth_account", "py_ecc"}


def test_importing_the_package_loads_no_blockchain_library() -> None:
    assert not loaded_after("import p2pchain") & HEAVY


def test_help_loads_no_blockchain_library() -> None:
    code = """
import sys
from p2pchain.cli import main
sys.argv = ["p2pchain", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""
    loaded = loaded_after(code)
    assert "click" in loaded
    assert not loaded & HEAVY


def test_the_loaded_modules_are_seen() -> None:
    assert "web3" in loaded_after("import web3")
