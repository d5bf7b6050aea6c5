"""What the locks hold, and whether they are whole, in step with their inputs, and used.

`requirements/<name>.lock` is written by uv, `package-lock.json` by npm (`make lock`). Nothing here
asks a registry: the questions are about files of the source tree. `wrong` returns a sentence for
everything that is amiss; tests/test_locks.py asserts that there is none.
"""

from __future__ import annotations

import ast
import base64
import importlib.metadata
import json
import re
import subprocess
import tomllib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
# Installed into .venv one after the other: they must agree. Every other lock has an environment of
# its own, and web3-7 and brownie are there to be at other versions.
TOGETHER = ("build", "runtime", "dev")
# The locks of environments that the package is installed into as well, and with which extras.
WITH_PACKAGE: Mapping[str, Sequence[str]] = {
    "runtime": (),
    "dev": ("dev",),
    "web3-7": (),
    "brownie": (),
}
# Packages without a wheel, and the one lock that may have them. All else is a wheel.
FROM_SOURCE = {"pygments-lexer-solidity": "brownie"}
# These come with every environment that Python makes.
WITH_PYTHON = {"pip", "setuptools"}
OWN = "p2pchain"


@dataclass(frozen=True)
class Locked:
    """One entry of a Python lock. `hashes` are SHA-256 of its files, `via` is who asked for it."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    via: tuple[str, ...]


class NotALock(ValueError):
    """A line that a lock may not have, such as an option, an address or a range of versions."""


def locks(root: Path = ROOT) -> dict[str, list[Locked]]:
    """Return the entries of every Python lock, by the name of the lock."""
    return {
        path.stem: parse(path.read_text(encoding="utf-8"))
        for path in sorted((root / "requirements").glob("*.lock"))
    }


def _entries(text: str) -> list[str]:
    # An entry goes on while a line ends in a backslash; who asked for it stands in comments below.
    return re.split(r"\n(?=[^\s#])", "\n" + text)[1:]


def without(text: str, packages: Container[str]) -> str:
    """Return the text of a lock without the entries of some packages."""
    kept = [entry for entry in _entries(text) if parse(entry)[0].name not in packages]
    return "\n".join(kept).rstrip("\n") + "\n"


def parse(text: str) -> list[Locked]:
    """Return the entries of a lock. Raises NotALock where a line is no pinned requirement."""
    found: list[Locked] = []
    for entry in _entries(text):
        lines = entry.splitlines()
        head = " ".join(line.rstrip("\\").strip() for line in lines if not _comment(line))
        stated, *options = re.split(r"\s+(?=--)", head)
        try:
            asked = Requirement(stated)
        except InvalidRequirement:
            raise NotALock(f"'{stated}' is no requirement") from None
        pins = list(asked.specifier)
        exact = len(pins) == 1 and pins[0].operator == "==" and "*" not in pins[0].version
        if asked.url or not exact:
            raise NotALock(f"'{stated}' is not pinned to one version")
        hashes = [option.removeprefix("--hash=sha256:") for option in options]
        if other := [digest for digest in hashes if not re.fullmatch("[0-9a-f]{64}", digest)]:
            raise NotALock(f"{asked.name}: '{other[0]}' is no SHA-256")
        found.append(
            Locked(
                canonicalize_name(asked.name),
                pins[0].version,
                str(asked.marker or ""),
                tuple(hashes),
                tuple(_via(lines)),
            )
        )
    return found


def _comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _via(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if _comment(line) and (who := line.strip("# ").removeprefix("via").strip()):
            yield who


def npm_packages(root: Path = ROOT) -> dict[str, dict[str, Any]]:
    """Return the entries of package-lock.json by folder, without the project itself."""
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    return {folder: entry for folder, entry in lock["packages"].items() if folder}


def wrong(root: Path = ROOT) -> list[str]:
    """Return a sentence for everything that is amiss with locks, inputs and installations."""
    try:
        found = locks(root)
    except NotALock as error:
        return [f"requirements: {error}"]
    said = [*_without_hash(found), *_disagreeing(found), *_from_source(found)]
    for name, entries in found.items():
        said += out_of_step(root, name, entries)
    said += _nowhere(root, found)
    return [*said, *_npm(root), *around(commands(root)), *around_in_python(root)]


def _without_hash(found: Mapping[str, Sequence[Locked]]) -> Iterator[str]:
    for name, entries in found.items():
        for entry in entries:
            if not entry.hashes:
                yield f"{name}.lock: {entry.name} has no hash"


def _disagreeing(found: Mapping[str, Sequence[Locked]]) -> Iterator[str]:
    seen: dict[tuple[str, str], tuple[str, Locked]] = {}
    for name in (name for name in TOGETHER if name in found):
        for entry in found[name]:
            first, other = seen.setdefault((entry.name, entry.marker), (name, entry))
            if (other.version, other.hashes) != (entry.version, entry.hashes):
                yield f"{entry.name} differs between {first}.lock and {name}.lock"


def _from_source(found: Mapping[str, Sequence[Locked]]) -> Iterator[str]:
    for package, only in FROM_SOURCE.items():
        for name, entries in found.items():
            if name != only and any(entry.name == package for entry in entries):
                yield f"{name}.lock: {package} has no wheel; only {only}.lock may have it"
        if not any(entry.name == package for entry in found.get(only, ())):
            yield f"{only}.lock: {package} is not there, and need not be built from source"


# --- inputs -------------------------------------------------------------------------------------


def inputs(root: Path, name: str) -> dict[str, list[Requirement]]:
    """Return what the inputs of a lock ask for, by what the lock calls them; empty without one."""
    found: dict[str, list[Requirement]] = {}
    if (path := root / "requirements" / f"{name}.in").is_file():
        lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
        found[f"-r requirements/{name}.in"] = [Requirement(line) for line in lines if line]
    if name in WITH_PACKAGE:
        project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
        asked = list(project["dependencies"])
        for extra in WITH_PACKAGE[name]:
            asked += project["optional-dependencies"][extra]
        found[f"{project['name']} (pyproject.toml)"] = [Requirement(text) for text in asked]
    return found


def out_of_step(root: Path, name: str, entries: Sequence[Locked]) -> list[str]:
    """Return what a lock has and its input does not ask for, and the other way round."""
    asked = inputs(root, name)
    if not asked:
        return [f"{name}.lock has no input: requirements/{name}.in is missing"]
    said = []
    for origin, requirements in asked.items():
        wanted = {canonicalize_name(requirement.name) for requirement in requirements}
        direct = {entry.name for entry in entries if origin in entry.via}
        said += [f"{name}.lock: {which} is not locked" for which in sorted(wanted - direct)]
        said += [f"{name}.lock: nothing asks for {which}" for which in sorted(direct - wanted)]
        for requirement in requirements:
            for entry in entries:
                if entry.name != canonicalize_name(requirement.name):
                    continue
                if not requirement.specifier.contains(entry.version, prereleases=True):
                    said.append(f"{name}.lock: {entry.name} {entry.version} is not {requirement}")
    names = {entry.name for entry in entries}
    for entry in entries:
        # "who (file)" and "-r file" are inputs, "-c file" a lock that was kept to
        parents = [who for who in entry.via if who not in asked and not who.startswith("-c ")]
        if gone := [who for who in parents if canonicalize_name(who) not in names]:
            said.append(f"{name}.lock: {entry.name} is there for {gone[0]}, which is not")
        if not entry.via:
            said.append(f"{name}.lock: nothing asks for {entry.name}")
    return said


def _nowhere(root: Path, found: Mapping[str, Sequence[Locked]]) -> Iterator[str]:
    """What builds the package, and what extras bring, must be in a lock as well."""
    content = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    asked = {"build-system": (content["build-system"]["requires"], ["build"])}
    for extra, texts in content["project"]["optional-dependencies"].items():
        asked[f"extra {extra}"] = (texts, list(found))
    for what, (texts, names) in asked.items():
        for wanted in map(Requirement, texts):
            versions = [
                entry.version
                for name in names
                for entry in found.get(name, ())
                if entry.name == canonicalize_name(wanted.name)
            ]
            if not any(wanted.specifier.contains(one, prereleases=True) for one in versions):
                yield f"pyproject.toml: {what} asks for {wanted}, which is in no lock"


def _npm(root: Path) -> Iterator[str]:
    project = json.loads((root / "package.json").read_text(encoding="utf-8"))
    locked = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    for key in ("dependencies", "devDependencies", "optionalDependencies", "overrides"):
        if project.get(key) != locked["packages"][""].get(key):
            yield f"package-lock.json: {key} are not those of package.json"
    for folder, entry in npm_packages(root).items():
        if not re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", entry.get("integrity", "")):
            yield f"package-lock.json: {folder} has no SHA-512"
        optional = entry.get("peerDependenciesMeta", {})
        peers = {k: v for k, v in entry.get("peerDependencies", {}).items() if k not in optional}
        for wanted, range_ in {**entry.get("dependencies", {}), **peers}.items():
            if npm_resolve(npm_packages(root), folder, wanted) is None:
                yield f"package-lock.json: {folder} needs {wanted} {range_}, which is not locked"


def npm_resolve(packages: Mapping[str, Any], folder: str, name: str) -> str | None:
    """Return the folder of the package that node finds for `name` in `folder`."""
    while True:
        at = f"{folder}/node_modules/{name}" if folder else f"node_modules/{name}"
        if at in packages:
            return at
        if not folder:
            return None
        folder = folder.rpartition("node_modules/")[0].rstrip("/")


def sha512(entry: Mapping[str, Any]) -> str:
    """Return the hash of an npm package in hexadecimal."""
    return base64.b64decode(entry["integrity"].removeprefix("sha512-")).hex()


# --- what is installed --------------------------------------------------------------------------


def beside_the_locks(found: Mapping[str, Sequence[Locked]]) -> list[str]:
    """Return what this environment has that no lock has, or that lacks what it needs."""
    said = []
    pinned = {(entry.name, entry.version) for entries in found.values() for entry in entries}
    environment = {"extra": ""}
    here = {canonicalize_name(dist.name): dist for dist in importlib.metadata.distributions()}
    for name, dist in sorted(here.items()):
        if name not in {OWN, *WITH_PYTHON} and (name, dist.version) not in pinned:
            said.append(f"{name} {dist.version} is installed and in no lock")
        for text in dist.requires or ():
            needed = Requirement(text)
            if needed.marker is not None and not needed.marker.evaluate(environment):
                continue
            other = here.get(canonicalize_name(needed.name))
            if other is None or not needed.specifier.contains(other.version, prereleases=True):
                said.append(f"{name} needs {needed}, which is not installed")
    return said


# --- how it is installed ------------------------------------------------------------------------

# Programs that bring code from elsewhere, and the words that make them do so.
_BRINGS = re.compile(
    r"\bpip3?\b(?!\s+compile).*\s(install|download|wheel|sync)\b"
    r"|\buv\s+(add|run|sync|tool|pip\s+(install|sync))\b"
    r"|\bnpm\s.*\b(install|i|ci|add|update|exec)\b|\bnpx\s+(-y|--yes)"
    r"|\b(pipx|curl|wget|yarn|pnpm|easy_install|git\s+clone|conda)\s"
)
_LOCAL = re.compile(r"(?<=\s)(\.|\S*\.whl)(?=\s|$)")


def commands(root: Path = ROOT) -> dict[str, str]:
    """Return every command of the Makefile as make would run it, and of .ci/run, by place."""
    text = (root / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([A-Za-z][\w./-]*):(?!=)", text, re.MULTILINE)
    targets += [f"$({name})" for name in re.findall(r"^\$\((\w+)\):", text, re.MULTILINE)]
    variables = dict(re.findall(r"^(\w+)\s*:?\??=\s*(.*)$", text, re.MULTILINE))
    targets = [variables.get(target.strip("$()"), target) for target in targets]
    made = subprocess.run(
        ["make", "--dry-run", "--always-make", *targets],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {f"Makefile: {line}": line for line in _joined(made)}
    for path in sorted((root / ".ci").iterdir()):
        lines = _joined(path.read_text(encoding="utf-8"))
        found |= {f".ci/{path.name}: {line}": line for line in lines if not _comment(line)}
    return found


def _joined(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\\\n", " ").splitlines()]


def around(found: Mapping[str, str]) -> list[str]:
    """Return the commands that bring code from elsewhere and are not held to a lock."""
    return [f"goes around the locks: {place}" for place, line in found.items() if loose(line)]


def loose(command: str) -> bool:
    """Whether a command brings code from elsewhere that no lock has a hash of."""
    if len(parts := re.split(r"&&|\|\||;", command)) > 1:
        return any(map(loose, parts))
    if not _BRINGS.search(command):
        return False
    words = command.split()
    if "npm" in words:
        locked = "ci" in words or "--package-lock-only" in words
        return not (locked and "--ignore-scripts" in words)
    if "--require-hashes" in words:
        # A source archive is built with what it asks for by itself, which has no hash; those that
        # have to be are named, and built with what is there.
        sources = {name for value in _given(words, "--no-binary") for name in value.split(",")}
        return _given(words, "--only-binary") != [":all:"] or bool(
            sources and ("--no-build-isolation" not in words or sources - set(FROM_SOURCE))
        )
    own = _LOCAL.search(command) and "--no-deps" in words and "--no-build-isolation" in words
    return not (own or "--dry-run" in words)


def _given(words: Sequence[str], option: str) -> list[str]:
    """Return the values of an option of a command, written with a space or with `=`."""
    apart = [value for word, value in pairwise([*words, ""]) if word == option]
    return apart + [w.removeprefix(f"{option}=") for w in words if w.startswith(f"{option}=")]


def around_in_python(root: Path = ROOT) -> list[str]:
    """Return where a program of the source tree starts an installation that is not held to one."""
    said = []
    for folder in (OWN, "tools", "bench", "tests"):
        for path in sorted((root / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.List | ast.Tuple):
                    continue
                words = [item.value if isinstance(item, ast.Constant) else "" for item in node.elts]
                line = " ".join(map(str, words))
                if len(line.split(" ")) == len(words) and loose(f"{line} "):  # words, not sentences
                    said.append(f"goes around the locks: {path.relative_to(root)}: {line}")
    return said
