"""The bills of materials: valid CycloneDX, complete, the same twice, and what the licences say."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.conftest import ROOT
from tools import locks, sbom

# Whoever passes on such a package must pass on its source as well; LGPL is left to judgement.
COPYLEFT = re.compile(r"\b(A?GPL|General Public License|Affero|SSPL|BUSL|EUPL|CC-BY-NC)", re.I)
LESSER = re.compile(r"LGPL|Lesser")


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return sbom.documents()


@pytest.fixture(scope="module")
def boms(texts: dict[str, str]) -> dict[str, Any]:
    return {name.removesuffix(".cdx.json"): json.loads(text) for name, text in texts.items()}


def licences(component: dict[str, Any]) -> str:
    """The licences of a component, as one text."""
    parts = [
        entry.get("expression") or entry["license"].get("id") or entry["license"]["name"]
        for entry in component["licenses"]
    ]
    return " AND ".join(parts)


def test_there_is_one_for_each_lock_and_each_is_valid(texts: dict[str, str]) -> None:
    assert set(texts) == {f"{name}.cdx.json" for name in (*locks.locks(), "npm")}
    for text in texts.values():
        assert sbom.invalid(text) is None


def test_what_is_not_cyclonedx_is_found(texts: dict[str, str]) -> None:
    text = texts["runtime.cdx.json"]
    for old, new in (
        ('"type": "library"', '"type": "thing"'),
        ('"alg": "SHA-256"', '"alg": "SHA-257"'),
        ('"bomFormat"', '"bomFormed"'),
        ('"id": "MIT"', '"id": "MITT"'),
    ):
        assert old in text
        assert sbom.invalid(text.replace(old, new, 1)) is not None


def test_each_locked_package_is_in_it_with_all_hashes_and_a_licence(boms: dict[str, Any]) -> None:
    for name, entries in locks.locks().items():
        components = {
            component["purl"]: component
            for component in boms[name]["components"]
            if component["purl"].startswith("pkg:pypi/")
        }
        assert len(components) == len(entries)
        for entry in entries:
            component = components[f"pkg:pypi/{entry.name}@{entry.version}"]
            (files,) = component["externalReferences"]
            assert {(h["alg"], h["content"]) for h in files["hashes"]} == {
                ("SHA-256", digest) for digest in entry.hashes
            }
            assert licences(component) not in ("", "UNKNOWN")


def test_each_package_of_npm_is_in_it(boms: dict[str, Any]) -> None:
    components = {component["purl"]: component for component in boms["npm"]["components"]}
    packages = locks.npm_packages()
    assert len(packages) > 80
    for folder, entry in packages.items():
        name = folder.rpartition("node_modules/")[2].replace("@", "%40")
        component = components[f"pkg:npm/{name}@{entry['version']}"]
        assert component["hashes"] == [{"alg": "SHA-512", "content": locks.sha512(entry)}]
        assert licences(component)
    assert "pkg:npm/%40openzeppelin/contracts@5.7.0" in components


def test_npm_itself_says_the_same(boms: dict[str, Any]) -> None:
    """npm 10 and later write one, too; another program on the same lock."""
    command = ["npm", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"]
    try:
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("npm is not installed or older than 10: it has no `npm sbom`")
    theirs = json.loads(run.stdout)

    def facts(bom: dict[str, Any]) -> dict[str, str]:
        return {c["purl"]: c["hashes"][0]["content"] for c in bom["components"]}

    def needs(bom: dict[str, Any]) -> dict[str, set[str]]:
        purl = {c["bom-ref"]: c["purl"] for c in bom["components"]}
        root = bom["metadata"]["component"]["bom-ref"]
        return {
            purl.get(entry["ref"], "root"): {purl[ref] for ref in entry.get("dependsOn", ())}
            for entry in bom["dependencies"]
            if entry["ref"] in purl or entry["ref"] == root
        }

    assert facts(theirs) == facts(boms["npm"])
    assert needs(theirs) == needs(boms["npm"])


def test_the_runtime_bill_is_that_of_the_package(boms: dict[str, Any]) -> None:
    bom = boms["runtime"]
    assert bom["metadata"]["component"]["purl"].startswith("pkg:pypi/p2pchain@")
    inside = {c["purl"] for c in bom["components"] if not c["purl"].startswith("pkg:pypi/")}
    vendored = json.loads((ROOT / "p2pchain/report/static/vendor.json").read_text("utf-8"))
    scripts = [file for file in vendored["files"] if file["file"].endswith(".js")]
    assert {f"pkg:npm/{file['package']}@{file['version']}" for file in scripts} <= inside
    sources = {
        path
        for artifact in (ROOT / "p2pchain/chain/artifacts").glob("*.json")
        for path in json.loads(artifact.read_text("utf-8"))["sources"]
        if path.startswith("node_modules/")
    }
    assert sources, "the contracts use others' code"
    for path in sources:
        package = re.sub(r"^node_modules/((@[^/]+/)?[^/]+)/.*", r"\1", path)
        entry = locks.npm_packages()[f"node_modules/{package}"]
        assert f"pkg:npm/{package.replace('@', '%40')}@{entry['version']}" in inside


def test_the_graph_says_who_needs_whom(boms: dict[str, Any]) -> None:
    for bom in boms.values():
        needs = {entry["ref"]: entry.get("dependsOn", []) for entry in bom["dependencies"]}
        root = bom["metadata"]["component"]["bom-ref"]
        reached, waiting = set(), [root]
        while waiting:
            if (ref := waiting.pop()) not in reached:
                reached.add(ref)
                waiting += needs[ref]
        assert reached - {root} == {component["bom-ref"] for component in bom["components"]}
    needs = {e["ref"]: e.get("dependsOn", []) for e in boms["runtime"]["dependencies"]}
    web3 = next(ref for ref in needs if ref.startswith("pkg:pypi/web3@"))
    assert any(ref.startswith("pkg:pypi/aiohttp@") for ref in needs[web3])


def test_the_same_bytes_wherever_and_whenever(texts: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(ROOT)
    code = (
        "import sys, json, pathlib; from tools import sbom;"
        "json.dump(sbom.documents(pathlib.Path(sys.argv[1])), sys.stdout)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    command = [sys.executable, "-c", code, str(tmp_path / "elsewhere")]
    run = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert json.loads(run.stdout) == texts
    for text in texts.values():
        assert "timestamp" not in text
        assert str(ROOT) not in text


def test_a_package_without_a_licence_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = locks.Locked("left-pad", "1.0", "", ("a" * 64,), ())
    monkeypatch.setattr(sbom, "locks", lambda _: {"build": [entry]})
    with pytest.raises(LookupError, match=r"no licence of left-pad==1\.0"):
        sbom.documents()


# --- licences -----------------------------------------------------------------------------------


def test_the_recorded_licences_are_what_the_installed_packages_state() -> None:
    recorded = json.loads((ROOT / sbom.LICENCES).read_text(encoding="utf-8"))["pypi"]
    compared = 0
    for dist in importlib.metadata.distributions():
        package = f"{canonicalize_name(dist.name)}=={dist.version}"
        if package in recorded:
            said = {
                key: dist.metadata.get_all(key) or []
                for key in ("License-Expression", "License", "Classifier")
            }
            one, other, classifiers = said.values()
            stated = sbom.declared((*one, None)[0], (*other, None)[0], classifiers)
            assert recorded[package] == stated
            compared += 1
    assert compared > 80
    locked = {f"{e.name}=={e.version}" for entries in locks.locks().values() for e in entries}
    assert set(recorded) == locked, "run `make lock`"


@pytest.mark.parametrize(
    ("expression", "licence", "classifiers", "stated"),
    [
        ("MIT", "GPL", ["License :: OSI Approved :: BSD License"], "MIT"),
        (None, "Apache 2.0", ["License :: OSI Approved :: Apache Software License"], "Apache-2.0"),
        (None, "BSD", ["License :: OSI Approved :: BSD License"], "BSD"),
        (None, "Copyright (c) 2010\nAll rights", ["License :: X :: MIT License"], "MIT"),
        (None, "x" * 100, ["License :: OSI Approved :: BSD License"], "BSD License"),
        (None, "UNKNOWN", ["License :: X :: MIT License", "License :: Y"], "MIT AND Y"),
        (None, None, ["Topic :: Security"], None),
        (None, "UNKNOWN", [], None),
    ],
)
def test_what_metadata_state(
    expression: str | None, licence: str | None, classifiers: list[str], stated: str | None
) -> None:
    assert sbom.declared(expression, licence, classifiers) == stated


def for_users(bom: dict[str, Any], extras: set[str]) -> list[dict[str, Any]]:
    """The components of a bill that `extras` bring."""
    needs = {entry["ref"]: entry.get("dependsOn", []) for entry in bom["dependencies"]}
    reached: set[str] = set()
    waiting = [ref for ref in needs if re.sub(r"pkg:pypi/|@.*", "", ref) in extras]
    while waiting:
        if (ref := waiting.pop()) not in reached:
            reached.add(ref)
            waiting += needs[ref]
    return [component for component in bom["components"] if component["bom-ref"] in reached]


def test_nothing_that_users_get_is_under_the_gpl(boms: dict[str, Any]) -> None:
    optional = for_users(boms["dev"], {"highspy", "pandapower"})  # the extras plan and grid
    assert {"numpy", "scipy", "pandas"} <= {component["name"] for component in optional}
    for component in (*boms["runtime"]["components"], *optional):
        assert not COPYLEFT.search(licences(component)), component["purl"]
        assert not LESSER.search(licences(component)), component["purl"]


def test_the_gpl_would_be_seen() -> None:
    for text in ("GPL-3.0-only", "MIT AND GPL-2.0-or-later", "AGPL-3.0", "GNU Affero", "gpl v3"):
        assert COPYLEFT.search(text)
    for text in ("GNU General Public License v3 (GPLv3)", "GNU GENERAL PUBLIC LICENSE"):
        assert COPYLEFT.search(text)
    assert not COPYLEFT.search("MIT AND Apache-2.0 AND MPL-2.0")


def test_the_compiler_is_a_tool_and_under_the_gpl(boms: dict[str, Any]) -> None:
    """npm's package says MIT, which is its wrapper; the compiler inside has another licence."""
    (solc,) = [c for c in boms["npm"]["components"] if c["name"] == "solc"]
    assert "GPL-3.0" in licences(solc)
    assert solc["scope"] == "optional"
    assert all(c["name"] != "solc" for c in boms["runtime"]["components"])
