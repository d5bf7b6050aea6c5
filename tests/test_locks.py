"""The locks: whole, in step with what they are made from, and never gone around."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools import locks

LOCKS = ("brownie", "build", "dev", "halmos", "runtime", "slither", "tools", "web3-7")
WEB3 = "web3==8.0.0 \\\n    --hash=sha256:" + "a" * 64 + "\n    # via p2pchain (pyproject.toml)\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the locks are made from, and all that installs: nothing is wrong with it."""
    path = tmp_path_factory.mktemp("whole")
    for name in ("Makefile", "pyproject.toml", "package.json", "package-lock.json"):
        shutil.copy(ROOT / name, path / name)
    for folder in ("requirements", ".ci", "tools"):
        shutil.copytree(ROOT / folder, path / folder)
    assert locks.wrong(path) == []
    return path


@pytest.fixture
def tree(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to break something."""
    return shutil.copytree(whole, tmp_path / "tree")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


# --- as they are --------------------------------------------------------------------------------


def test_all_locks_are_whole_in_step_and_used() -> None:
    assert locks.wrong() == []
    found = locks.locks()
    assert tuple(found) == LOCKS
    assert len(found["runtime"]) > 40
    # Nothing was overlooked: every hash and every pin of the file is in what was read.
    for name, entries in found.items():
        text = (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")
        assert sum(len(entry.hashes) for entry in entries) == text.count("--hash=")
        assert len(entries) == len(re.findall(r"^[^#\s].*==", text, re.MULTILINE))


def test_what_is_installed_here_is_what_the_locks_say() -> None:
    found = locks.locks()
    assert locks.beside_the_locks(found) == []
    found["runtime"] = [
        dataclasses.replace(entry, version="0.0.1") if entry.name == "web3" else entry
        for entry in found["runtime"]
    ]
    found["dev"] = [entry for entry in found["dev"] if entry.name != "web3"]
    (said,) = locks.beside_the_locks(found)
    assert re.fullmatch(r"web3 \S+ is installed and in no lock", said)


# --- without a hash -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKS)
def test_a_requirement_without_a_hash_is_found(tree: Path, name: str) -> None:
    path = tree / "requirements" / f"{name}.lock"
    with path.open("a", encoding="utf-8") as file:
        file.write("left-pad==1.0\n    # via -r requirements/x.in\n")
    assert f"{name}.lock: left-pad has no hash" in locks.wrong(tree)


@pytest.mark.parametrize(
    "line",
    [
        "web3",
        "web3>=8",
        "web3==8.*",
        "web3==8.0.0,!=8.0.1",
        "web3 @ https://example.org/web3.whl",
        "-e .",
        "--index-url https://example.org/simple",
        "--extra-index-url https://example.org/simple",
        "https://example.org/web3.whl",
        "web3==8.0.0 --hash=md5:0123",
        "web3==8.0.0 --hash=sha256:" + "A" * 64,
        "web3==8.0.0 --hash=sha256:" + "a" * 63,
    ],
)
def test_only_pinned_requirements_are_read(tree: Path, line: str) -> None:
    with pytest.raises(locks.NotALock):
        locks.parse(WEB3 + line + "\n")
    with (tree / "requirements" / "dev.lock").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    assert len(locks.wrong(tree)) == 1


def test_an_npm_package_without_a_hash_is_found(tree: Path) -> None:
    path = tree / "package-lock.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["packages"]["node_modules/solc"]["integrity"]
    content["packages"]["node_modules/solhint"]["integrity"] = "sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk="
    path.write_text(json.dumps(content), encoding="utf-8")
    assert locks.wrong(tree) == [
        "package-lock.json: node_modules/solc has no SHA-512",
        "package-lock.json: node_modules/solhint has no SHA-512",
    ]


# --- out of step --------------------------------------------------------------------------------


def test_a_change_of_pyproject_needs_new_locks(tree: Path) -> None:
    change(tree / "pyproject.toml", '"web3[tester]>=7.16,<9"', '"web3[tester]>=9,<10"')
    change(tree / "pyproject.toml", '"requests>=2.31"', '"httpx>=0.28"')
    change(tree / "pyproject.toml", '"ruff>=0.14"', '"ruff>=0.14", "flake8>=7"')
    said = locks.wrong(tree)
    assert "dev.lock: flake8 is not locked" in said
    versions = {"runtime": "8.0.0", "dev": "8.0.0", "web3-7": "7.16.0", "brownie": "7.16.0"}
    for name, version in versions.items():
        assert f"{name}.lock: httpx is not locked" in said
        assert f"{name}.lock: nothing asks for requests" in said
        assert f"{name}.lock: web3 {version} is not web3[tester]<10,>=9" in said
    assert "pyproject.toml: extra dev asks for flake8>=7, which is in no lock" in said
    assert len(said) == 3 * len(versions) + 2


def test_what_builds_the_package_and_what_extras_bring_is_locked(tree: Path) -> None:
    change(tree / "pyproject.toml", '["hatchling>=1.27"]', '["hatchling>=99", "hatch-vcs"]')
    change(tree / "pyproject.toml", 'plan = ["highspy>=1.10"]', 'plan = ["highspy>=99", "pyomo"]')
    assert locks.wrong(tree) == [
        "pyproject.toml: build-system asks for hatchling>=99, which is in no lock",
        "pyproject.toml: build-system asks for hatch-vcs, which is in no lock",
        "pyproject.toml: extra plan asks for highspy>=99, which is in no lock",
        "pyproject.toml: extra plan asks for pyomo, which is in no lock",
    ]


def test_a_change_of_another_input_needs_a_new_lock(tree: Path) -> None:
    (tree / "requirements" / "tools.in").write_text("uv==0.13.10 # newer\nbuild\n")
    assert locks.wrong(tree) == [
        "tools.lock: build is not locked",
        "tools.lock: nothing asks for pip",
        "tools.lock: uv 0.13.9 is not uv==0.13.10",
    ]
    (tree / "requirements" / "tools.in").unlink()
    assert locks.wrong(tree) == ["tools.lock has no input: requirements/tools.in is missing"]


def test_a_lock_of_the_package_and_an_input_of_its_own_is_held_to_both(tree: Path) -> None:
    change(tree / "requirements" / "web3-7.in", "web3==7.16.0", "web3==7.17.0\nflake8>=7")
    change(tree / "requirements" / "brownie.in", "eth-brownie==", "eth-brownie>")
    assert locks.wrong(tree) == [
        "brownie.lock: eth-brownie 1.22.2 is not eth-brownie>1.22.2",
        "web3-7.lock: flake8 is not locked",
        "web3-7.lock: web3 7.16.0 is not web3==7.17.0",
    ]
    (tree / "requirements" / "brownie.in").unlink()
    assert locks.wrong(tree)[0] == (
        "brownie.lock: eth-brownie is there for -r requirements/brownie.in, which is not"
    )


def test_only_what_has_no_wheel_is_built_and_only_for_its_lock(tree: Path) -> None:
    folder = tree / "requirements"
    text = (folder / "brownie.lock").read_text(encoding="utf-8")
    (entry,) = re.findall(r"^pygments-lexer-solidity==(?:.*\n)+?(?=\w)", text, re.MULTILINE)
    (folder / "brownie.lock").write_text(locks.without(text, locks.FROM_SOURCE), encoding="utf-8")
    with (folder / "web3-7.lock").open("a", encoding="utf-8") as file:
        file.write(entry.replace("eth-brownie", "pytest"))
    assert locks.wrong(tree) == [
        "web3-7.lock: pygments-lexer-solidity has no wheel; only brownie.lock may have it",
        "brownie.lock: pygments-lexer-solidity is not there, and need not be built from source",
        "brownie.lock: pygments is there for pygments-lexer-solidity, which is not",
    ]


def test_a_lock_without_some_packages_has_all_others_as_they_were() -> None:
    text = (ROOT / "requirements" / "brownie.lock").read_text(encoding="utf-8")
    before, after = locks.parse(text), locks.parse(locks.without(text, {"web3", "pytest"}))
    assert after == [entry for entry in before if entry.name not in {"web3", "pytest"}]
    assert len(after) == len(before) - 2


def test_an_entry_that_was_taken_out_is_missed(tree: Path) -> None:
    path = tree / "requirements" / "runtime.lock"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^eth-account==(.|\n)*?(?=^\w)", "", text, flags=re.MULTILINE))
    said = locks.wrong(tree)
    assert any(re.fullmatch(r"runtime\.lock: \S+ is there for eth-account, .*", s) for s in said)


def test_locks_of_one_environment_must_agree(tree: Path) -> None:
    path = tree / "requirements" / "dev.lock"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^click==\S+", "click==8.3.9", text, flags=re.MULTILINE))
    assert locks.wrong(tree) == ["click differs between runtime.lock and dev.lock"]
    # the same version with other files is not the same either
    path.write_text(re.sub(r"(^click==.*\n.*sha256:)\w{8}", r"\g<1>00000000", text, flags=re.M))
    assert locks.wrong(tree) == ["click differs between runtime.lock and dev.lock"]


def test_locks_of_environments_of_their_own_need_not_agree(tree: Path) -> None:
    found = locks.locks(tree)
    web3 = {
        entry.version for entries in found.values() for entry in entries if entry.name == "web3"
    }
    assert web3 == {"7.16.0", "8.0.0"}
    for name in sorted(set(LOCKS) - set(locks.TOGETHER) - {"tools"}):
        path = tree / "requirements" / f"{name}.lock"
        text = path.read_text(encoding="utf-8")
        assert re.search(r"^requests==", text, re.MULTILINE)
        path.write_text(re.sub(r"^requests==\S+", "requests==2.32.0", text, flags=re.MULTILINE))
    assert locks.wrong(tree) == []


def test_a_change_of_package_json_needs_a_new_lock(tree: Path) -> None:
    change(tree / "package.json", '"solhint": "6.2.4"', '"solhint": "6.2.5"')
    assert locks.wrong(tree) == ["package-lock.json: devDependencies are not those of package.json"]


def test_an_npm_package_that_was_taken_out_is_missed(tree: Path) -> None:
    path = tree / "package-lock.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["packages"]["node_modules/memorystream"]
    path.write_text(json.dumps(content), encoding="utf-8")
    (said,) = locks.wrong(tree)
    assert re.search("needs memorystream .* which is not locked", said)


# --- gone around --------------------------------------------------------------------------------

HELD = [
    "pip install --only-binary :all: --require-hashes -r requirements/dev.lock",
    "uv pip sync --only-binary :all: --require-hashes requirements/build.lock",
    "uv pip install --no-build-isolation --only-binary :all: --require-hashes "
    "--no-binary pygments-lexer-solidity -r requirements/brownie.lock",
    "pip install --no-deps --no-build-isolation --editable .",
    "npm ci --ignore-scripts",
    "npm install --package-lock-only --ignore-scripts",
    "uv pip compile requirements/build.in",
    "python -m pytest",
    "echo no pip here; make install",
]
AROUND = [
    "pip install ruff",
    "pip3 install --upgrade pip",
    ".venv/bin/python -m pip --quiet install uv==0.13.9",
    "pip install -r requirements/dev.lock",
    "pip install --require-hashes -r requirements/dev.lock",
    "pip install --only-binary web3 --require-hashes -r requirements/dev.lock",
    "pip install --only-binary :all: --no-binary x --no-build-isolation --require-hashes -r x.lock",
    "pip install --only-binary :all: --no-binary=:all: --no-build-isolation --require-hashes -r x",
    "pip install --only-binary :all: --no-binary pygments-lexer-solidity --require-hashes -r x",
    "pip install --only-binary :all: --no-binary pygments-lexer-solidity,x --require-hashes -r x",
    "uv pip install --no-build-isolation --require-hashes -r requirements/brownie.lock",
    "pip install --editable .",
    "pip install --no-deps --editable .",
    "pip download web3",
    "uv pip install ruff",
    "uv tool install ruff",
    "uv run pytest",
    "npm ci",
    "npm install",
    "npm i --ignore-scripts solc",
    "npx --yes solhint",
    "curl -O https://example.org/solc",
    "wget https://example.org/solc",
    "git clone https://example.org/forge-std",
    "pipx install slither-analyzer",
]


@pytest.mark.parametrize("command", HELD)
def test_an_installation_by_the_lock_is_fine(command: str) -> None:
    assert not locks.loose(command)


@pytest.mark.parametrize("command", AROUND)
def test_an_installation_around_the_lock_is_found(tree: Path, command: str) -> None:
    with (tree / "Makefile").open("a", encoding="utf-8") as file:
        file.write(f"\nextra: clean\n\t@{command}\n")
    (said,) = locks.wrong(tree)
    assert said == f"goes around the locks: Makefile: {command}"


def test_an_installation_by_a_variable_or_a_program_is_found(tree: Path) -> None:
    change(tree / "Makefile", "LOCKED := --only-binary :all: --require-hashes", "LOCKED :=")
    with (tree / ".ci" / "run").open("a", encoding="utf-8") as file:
        file.write("pip install \\\n  ruff\n")
    (tree / "tools" / "more.py").write_text('RUN = [PYTHON, "-m", "pip", "install", "ruff"]\n')
    said = locks.wrong(tree)
    for name in LOCKS:
        assert any(f"{name}.lock" in text and text.startswith("goes around") for text in said)
    assert "goes around the locks: .ci/run: pip install    ruff" in said
    assert any("tools/more.py" in text for text in said)
    # build with runtime, dev, tools, halmos, slither; build and its own for web3-7 and brownie
    assert len(said) == 9 + 2
