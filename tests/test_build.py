"""What is built from the contracts: artifacts, bindings, the compiler's shim and the wheel."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from p2pchain.dev import build as builder
from p2pchain.dev.bindings import generate
from p2pchain.errors import BadInput, CheckFailed
from tests.conftest import REQUIRE_ALL, ROOT

ARTIFACTS = ROOT / "p2pchain" / "chain" / "artifacts"
SHIM = ROOT / "tools" / "solc.js"

has_compiler = shutil.which("node") is not None and (ROOT / "node_modules" / "solc").is_dir()
needs_compiler = pytest.mark.skipif(
    not has_compiler and not REQUIRE_ALL, reason="the compiler is not installed (node, npm ci)"
)


def artifacts() -> dict[str, dict[str, Any]]:
    loaded = [json.loads(path.read_text(encoding="utf-8")) for path in ARTIFACTS.glob("*.json")]
    return {artifact["contract_name"]: artifact for artifact in loaded}


# --- what is checked in -------------------------------------------------------------------------


def test_every_contract_is_shipped_and_can_be_deployed() -> None:
    names = {path.stem for path in (ROOT / "contracts").glob("*.sol")} | set(builder.ALSO)
    assert names <= set(artifacts())
    assert builder.too_large(artifacts()) == []


def test_the_artifacts_were_made_from_the_sources_that_are_here() -> None:
    stale = {
        f"{name}: {path}"
        for name, artifact in artifacts().items()
        for path, digest in artifact["sources"].items()
        if (ROOT / path).is_file()
        and hashlib.sha256((ROOT / path).read_bytes()).hexdigest() != digest
    }
    assert not stale, "run `p2pchain dev build`"


def test_the_artifacts_were_made_with_the_settings_of_foundry() -> None:
    chosen = builder.settings(ROOT)
    assert chosen["evmVersion"] == "cancun"
    assert {name for name, a in artifacts().items() if a["compiler"]["settings"] != chosen} == set()


def test_the_bindings_are_those_of_the_artifacts() -> None:
    for name, text in generate(artifacts()).items():
        path = ROOT / builder.BINDINGS / name
        assert path.read_text(encoding="utf-8") == text, f"{name}: run `p2pchain dev build`"


def test_nothing_of_the_machine_is_in_an_artifact() -> None:
    for path in ARTIFACTS.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert all(not source.startswith("/") for source in json.loads(text)["sources"])


# --- dev build ----------------------------------------------------------------------------------

SMALL = """// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

interface ISmall {
    enum Side { Buy, SellBack }

    /// @notice The figure is above the limit.
    /// @custom:hint ask for less
    error TooMuch(uint256 asked, Side side);
}

contract Small is ISmall {
    uint256 public immutable LIMIT;

    constructor(uint256 limit) {
        LIMIT = limit;
    }

    function ask(uint256 figure, Side side) external view returns (uint256) {
        require(figure <= LIMIT, TooMuch(figure, side));
        return figure;
    }
}
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source tree with one small contract, as the current folder."""
    for name in ("foundry.toml", "package.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "tools").mkdir()
    shutil.copy(SHIM, tmp_path / "tools" / "solc.js")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "Small.sol").write_text(SMALL)
    (tmp_path / builder.ARTIFACTS.parent).mkdir(parents=True)
    monkeypatch.setattr(builder, "ALSO", {})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@needs_compiler
def test_build_writes_and_check_finds_each_difference(tree: Path) -> None:
    with pytest.raises(CheckFailed, match=r"artifacts/Small\.json"):
        builder.build(check=True)
    written = builder.build()
    assert tree / builder.ARTIFACTS / "Small.json" in written
    assert tree / builder.BINDINGS / "small.py" in written
    assert builder.build(check=True) == []
    assert builder.build() == []

    artifact = tree / builder.ARTIFACTS / "Small.json"
    content = json.loads(artifact.read_text())
    assert content["enums"] == {"ISmall.Side": ["Buy", "SellBack"]}
    assert content["docs"]["errors"]["TooMuch(uint256,uint8)"] == {
        "notice": "The figure is above the limit.",
        "hint": "ask for less",
    }
    assert list(content["immutable_references"]) == ["LIMIT"]
    word = "7f" + "00" * 32  # PUSH32, and a gap for what the constructor fills in
    for place in content["immutable_references"]["LIMIT"]:
        assert content["deployed_bytecode"][2 * place : 2 * place + 66] == word
    artifact.write_bytes(artifact.read_bytes().replace(b'"bytecode": "0x60', b'"bytecode": "0x61'))
    (tree / builder.BINDINGS / "gone.py").write_text("")
    with pytest.raises(CheckFailed) as caught:
        builder.build(check=True)
    assert str(caught.value).splitlines()[1:] == [
        "  p2pchain/chain/artifacts/Small.json",
        "  p2pchain/chain/bindings/gone.py",
    ]
    assert caught.value.exit_code == 1
    assert caught.value.hint is not None
    builder.build()
    assert not (tree / builder.BINDINGS / "gone.py").exists()
    assert builder.build(check=True) == []


@needs_compiler
def test_a_contract_that_is_too_large_is_refused(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builder, "SIZE_LIMIT", 100)
    with pytest.raises(CheckFailed, match=r"Small has \d+ bytes, \d+ more than the 100"):
        builder.build()


@needs_compiler
def test_a_contract_that_does_not_compile_is_shown(tree: Path) -> None:
    (tree / "contracts" / "Small.sol").write_text(SMALL.replace("figure <=", "figur <="))
    with pytest.raises(CheckFailed, match=r"(?s)do not compile.*Undeclared identifier.*Small.sol"):
        builder.build()


@needs_compiler
def test_a_warning_is_refused(tree: Path) -> None:
    warned = SMALL.rstrip().removesuffix("}") + "function f() external pure { uint256 x; }\n}\n"
    (tree / "contracts" / "Small.sol").write_text(warned)
    with pytest.raises(CheckFailed, match=r"(?s)the compiler warns.*Unused.*Small.sol"):
        builder.build()


@needs_compiler
def test_a_file_must_be_named_after_its_contract(tree: Path) -> None:
    (tree / "contracts" / "Small.sol").rename(tree / "contracts" / "Other.sol")
    with pytest.raises(CheckFailed, match="has no contract Other"):
        builder.build()


@needs_compiler
def test_some_contracts_alone_are_the_same_to_the_byte() -> None:
    for name, artifact in builder.compile_only(ROOT, ["TestCurrency"]).items():
        shipped = (ARTIFACTS / f"{name}.json").read_text(encoding="utf-8")
        assert builder.render(artifact) == shipped, name
    with pytest.raises(BadInput, match="Nothing"):
        builder.compile_only(ROOT, ["Nothing"])


def test_without_a_source_tree_or_compiler_it_says_what_to_do(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tree / "node_modules").unlink()
    with pytest.raises(BadInput, match="compiler is not installed") as caught:
        builder.build()
    assert caught.value.hint is not None
    assert "npm ci" in caught.value.hint
    monkeypatch.chdir("/")
    with pytest.raises(BadInput, match="not in a source tree"):
        builder.build()


# --- the compiler's shim ------------------------------------------------------------------------


def shim(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SHIM), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@needs_compiler
def test_the_shim_is_the_pinned_compiler() -> None:
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["solc"]
    said = shim("--version")
    assert said.returncode == 0
    assert f"Version: {pinned}+commit." in said.stdout


@needs_compiler
def test_the_shim_refuses_what_it_does_not_know() -> None:
    for arguments in ((), ("--optimize",), ("--standard-json", "--ast")):
        said = shim(*arguments)
        assert said.returncode == 1
        assert said.stderr.startswith("error: ")


@needs_compiler
def test_a_native_compiler_is_used_only_in_the_pinned_version(tmp_path: Path) -> None:
    native = tmp_path / "solc"
    native.write_text('#!/bin/sh\necho "Version: 0.8.37+commit.0.Linux"; echo "asked $*"; cat\n')
    native.chmod(0o755)
    said = shim("--standard-json", stdin='{"a": 1}', SOLC=str(native))
    assert said.returncode == 0
    assert 'asked --standard-json\n{"a": 1}' in said.stdout
    native.write_text('#!/bin/sh\necho "Version: 0.8.30+commit.0.Linux"\n')
    said = shim("--standard-json", stdin="{}", SOLC=str(native))
    assert said.returncode == 1
    assert "0.8.30" in said.stderr
    assert shim("--version", SOLC=str(tmp_path / "none")).returncode == 1


# --- the package --------------------------------------------------------------------------------


def test_the_wheel_has_all_that_a_user_needs_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("p2pchain-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "p2pchain").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    inside = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert inside == shipped
    assert {"p2pchain/py.typed", "p2pchain/chain/artifacts/Ledger.json"} <= inside
    assert "p2pchain/data/swiss/LICENSE-CC-BY-SA-4.0.txt" in inside
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/NOTICE") for name in names)
