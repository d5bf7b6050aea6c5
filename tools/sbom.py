"""A bill of materials for every lock, as CycloneDX JSON, to build/sbom.

`build/sbom/<lock>.cdx.json` has each package of `requirements/<lock>.lock` with the SHA-256 of all
its files, its licence and what it needs; `npm.cdx.json` the same of package-lock.json. What users
get is `runtime.cdx.json`: it also has what is inside the package and was not written by us.

The same files in, the same bytes out: nothing is asked of a registry or of the environment. There
is no time in them, and the serial number is a hash of the content. Licences are what the packages
state; a lock does not have them, so `--licences` (part of `make lock`) asks pip for the metadata of
each locked file and records them in requirements/licences.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import ExternalReference, ExternalReferenceType, HashAlgorithm, HashType, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.utils import canonicalize_name

from tools.locks import (
    FROM_SOURCE,
    ROOT,
    Locked,
    inputs,
    locks,
    npm_packages,
    npm_resolve,
    sha512,
    without,
)

FOLDER = ROOT / "build" / "sbom"
LICENCES = Path("requirements") / "licences.json"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "pkg:pypi/p2pchain")
# What a classifier says, where it says which licence exactly.
_CLASSIFIED = {
    "MIT License": "MIT",
    "Apache Software License": "Apache-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
_LONG = 60  # a longer text is the licence itself, not its name


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--licences", metavar="PYTHON", help="ask the pip of this Python, and write them down"
    )
    if python := parser.parse_args().licences:
        return record(python)
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    for path in set(FOLDER.glob("*.json")) - {FOLDER / name for name in wanted}:
        path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        if problem := invalid(text):
            print(f"error: {name} is not CycloneDX: {problem}", file=sys.stderr)
            return 1
        print(f"{FOLDER / name}  {len(json.loads(text)['components'])} components")
    return 0


def documents(root: Path = ROOT) -> dict[str, str]:
    """Return file name -> text of the bill of materials of each lock.

    Raises LookupError where no licence is recorded for a locked package.
    """
    stated = json.loads((root / LICENCES).read_text(encoding="utf-8"))
    made = {
        f"{name}.cdx.json": _text(_python(root, name, entries, stated))
        for name, entries in locks(root).items()
    }
    return {**made, "npm.cdx.json": _text(_npm(root, stated["npm"]))}


def invalid(text: str) -> str | None:
    """Return what the CycloneDX schema objects to, None where it does not."""
    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return None if problem is None else str(problem.data)


def _text(bom: Bom) -> str:
    content = json.loads(JsonV1Dot6(bom).output_as_string())
    del content["serialNumber"], content["metadata"]["timestamp"]
    serial = uuid.uuid5(_NAMESPACE, json.dumps(content, sort_keys=True))
    return json.dumps({**content, "serialNumber": serial.urn}, indent=1, sort_keys=True) + "\n"


# --- Python -------------------------------------------------------------------------------------


def _python(
    root: Path, name: str, entries: Iterable[Locked], stated: Mapping[str, Mapping[str, str]]
) -> Bom:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    origins = set(inputs(root, name))
    users = name == "runtime"
    title = project["name"] if users else f"{project['name']}-{name}"
    bom = _bom(title, project["license"], _version(root), "pypi" if users else None)
    components: dict[str, list[Component]] = {}
    direct: list[Component] = []
    for entry in entries:
        component = _wheel(entry, _licence(stated["pypi"], f"{entry.name}=={entry.version}"), users)
        bom.components.add(component)
        components.setdefault(entry.name, []).append(component)
        if origins.intersection(entry.via):
            direct.append(component)
    needs: dict[str, list[Component]] = {}
    for entry in entries:
        for who in entry.via:
            needs.setdefault(canonicalize_name(who), []).extend(components[entry.name])
    for parent, found in components.items():
        for component in found:
            bom.register_dependency(component, needs.get(parent, ()))
    if users:
        inside = list(_inside(root, stated))
        bom.components.update(inside)
        direct += inside
    assert bom.metadata.component is not None
    bom.register_dependency(bom.metadata.component, direct)
    return bom


def _wheel(entry: Locked, licence: str, users: bool) -> Component:
    files = ExternalReference(
        type=ExternalReferenceType.DISTRIBUTION,
        url=XsUri(f"https://pypi.org/project/{entry.name}/{entry.version}/#files"),
        comment="one hash for each file of the version; any of them may be installed",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in entry.hashes],
    )
    return _component(
        PackageURL("pypi", None, entry.name, entry.version),
        licence,
        ComponentScope.OPTIONAL if entry.marker or not users else ComponentScope.REQUIRED,
        external_references=[files],
    )


def _inside(root: Path, stated: Mapping[str, Mapping[str, str]]) -> Iterable[Component]:
    """What the package carries and was not written by us: the chart library, parts of contracts."""
    static = root / "p2pchain" / "report" / "static" / "vendor.json"
    for file in json.loads(static.read_text(encoding="utf-8"))["files"]:
        if not file["file"].endswith(".js"):
            continue
        yield _component(
            PackageURL("npm", None, file["package"], file["version"]),
            file["licence"],
            ComponentScope.REQUIRED,
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file["sha256"])],
        )
    # Compiled into the contracts; the only package of npm that is.
    for folder, entry in npm_packages(root).items():
        if folder == "node_modules/@openzeppelin/contracts":
            yield _npm_component(folder, entry, stated["npm"], ComponentScope.REQUIRED)


# --- npm ----------------------------------------------------------------------------------------


def _npm(root: Path, stated: Mapping[str, str]) -> Bom:
    project = json.loads((root / "package.json").read_text(encoding="utf-8"))
    bom = _bom(project["name"], project["license"], project["version"], "npm")
    packages = npm_packages(root)
    components: dict[str, Component] = {}
    # The same version may be unpacked at several places.
    known: dict[str, Component] = {}
    for folder, entry in packages.items():
        component = _npm_component(folder, entry, stated, ComponentScope.OPTIONAL)
        components[folder] = known.setdefault(str(component.purl), component)
    bom.components.update(known.values())
    for folder, entry in packages.items():
        kinds = ("dependencies", "optionalDependencies", "peerDependencies")
        wanted = [name for kind in kinds for name in entry.get(kind, ())]
        found = [npm_resolve(packages, folder, name) for name in wanted]
        bom.register_dependency(components[folder], [components[at] for at in found if at])
    roots = [*project.get("devDependencies", {}), *project.get("optionalDependencies", {})]
    assert bom.metadata.component is not None
    bom.register_dependency(
        bom.metadata.component, [components[f"node_modules/{name}"] for name in roots]
    )
    return bom


def _npm_component(
    folder: str, entry: Mapping[str, Any], stated: Mapping[str, str], scope: ComponentScope
) -> Component:
    name, version = folder.rpartition("node_modules/")[2], entry["version"]
    group, _, short = name.rpartition("/")
    licence = stated.get(f"{name}@{version}") or entry.get("license")
    if not licence:
        raise LookupError(f"no licence of {name}@{version}: write it into {LICENCES}")
    return _component(
        PackageURL("npm", group or None, short, version),
        licence,
        scope,
        hashes=[HashType(alg=HashAlgorithm.SHA_512, content=sha512(entry))],
    )


# --- what both share ----------------------------------------------------------------------------


def _bom(name: str, licence: str, version: str, kind: str | None) -> Bom:
    bom = Bom()
    purl = PackageURL(kind, None, name, version) if kind else None
    bom.metadata.component = Component(
        name=name,
        version=version,
        type=ComponentType.APPLICATION,
        licenses=[LicenseFactory().make_from_string(licence)],
        purl=purl,
        bom_ref=str(purl or f"{name}@{version}"),
    )
    return bom


def _component(purl: PackageURL, licence: str, scope: ComponentScope, **more: Any) -> Component:
    return Component(
        name=purl.name,
        group=purl.namespace,
        version=purl.version,
        type=ComponentType.LIBRARY,
        licenses=[LicenseFactory().make_from_string(licence)],
        scope=scope,
        purl=purl,
        bom_ref=str(purl),
        **more,
    )


def _version(root: Path) -> str:
    text = (root / "p2pchain" / "__init__.py").read_text(encoding="utf-8")
    return text.partition('__version__ = "')[2].partition('"')[0]


# --- licences -----------------------------------------------------------------------------------


def _licence(stated: Mapping[str, str], package: str) -> str:
    if package not in stated:
        raise LookupError(f"no licence of {package}: `make lock` finds it, or write it by hand")
    return stated[package]


def declared(expression: str | None, licence: str | None, classifiers: Iterable[str]) -> str | None:
    """Return the licence that a package's metadata states, as SPDX where that is certain."""
    if expression:
        return expression
    classes = [c.rpartition("::")[2].strip() for c in classifiers if c.startswith("License ::")]
    exact = [_CLASSIFIED[c] for c in classes if c in _CLASSIFIED]
    if len(exact) == len(classes) == 1:
        return exact[0]
    short = (licence or "").strip()
    if short not in ("", "UNKNOWN") and len(short) <= _LONG and "\n" not in short:
        return {"Apache 2.0": "Apache-2.0", "PSF": "PSF-2.0"}.get(short, short)
    return " AND ".join(_CLASSIFIED.get(c, c) for c in classes) or None


def record(python: str, root: Path = ROOT) -> int:
    """Write the licence of every locked package to requirements/licences.json.

    What pip does not look at here (packages of other platforms, and source archives, whose own
    program would have to run) keeps what was recorded for the same package, whatever the version.
    """
    path = root / LICENCES
    before: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    known = before.get("pypi", {})
    found: dict[str, str] = {}
    for name in locks(root):
        found |= _asked(python, (root / "requirements" / f"{name}.lock").read_text("utf-8"))
    missing = []
    for entry in (entry for entries in locks(root).values() for entry in entries):
        package = f"{entry.name}=={entry.version}"
        same = [
            licence
            for other, licence in {**known, **found}.items()
            if other.startswith(f"{entry.name}==")
        ]
        if package not in found and same:
            found[package] = same[-1]
        elif package not in found:
            missing.append(package)
    kept = {
        f"{folder.rpartition('node_modules/')[2]}@{entry['version']}"
        for folder, entry in npm_packages(root).items()
    }
    npm = {name: text for name, text in before.get("npm", {}).items() if name in kept}
    content = {"schema": 1, "pypi": dict(sorted(found.items())), "npm": npm}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    for package in sorted(set(missing)):
        print(f"error: {package} states no licence: write it into {LICENCES}", file=sys.stderr)
    return 1 if missing else 0


def _asked(python: str, lock: str) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        answer, wheels = Path(folder) / "answer.json", Path(folder) / "wheels.lock"
        wheels.write_text(without(lock, FROM_SOURCE), encoding="utf-8")
        command = [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
        command += ["install", "--quiet", "--dry-run", "--ignore-installed", "--no-deps"]
        command += ["--only-binary", ":all:", "--require-hashes"]
        command += ["-r", str(wheels), "--report", str(answer)]
        subprocess.run(command, check=True)
        packages = json.loads(answer.read_text(encoding="utf-8"))["install"]
    found = {}
    for metadata in (package["metadata"] for package in packages):
        licence = declared(
            metadata.get("license_expression"),
            metadata.get("license"),
            metadata.get("classifier", ()),
        )
        if licence:
            name = canonicalize_name(metadata["name"])
            found[f"{name}=={metadata['version']}"] = licence
    return found


if __name__ == "__main__":
    sys.exit(main())
