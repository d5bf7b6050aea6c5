"""The search for secrets finds them: planted in every form, noted by whoever used them."""

from __future__ import annotations

import base64
import gzip
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from p2pchain.keys import LocalSigner
from tests.conftest import ROOT
from tools import leaks, reproduce

SIGNER = LocalSigner.generate()
KEY = SIGNER.secret()
OTHER = LocalSigner.generate().secret()
PHRASE = 'walnut "seven" ß 2/3'


@pytest.fixture(autouse=True)
def nothing_stays(tmp_path: Path) -> Iterator[None]:
    """What is planted here is not to be found by the search at the end of a whole run."""
    yield
    shutil.rmtree(tmp_path)


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    """What a run has noted, in a place of its own."""
    path = tmp_path / "noted" / "secrets"
    path.parent.mkdir()
    entries = [
        {"key": KEY.hex(), "test": "tests/a.py::test_a"},
        {"key": OTHER.hex(), "test": ""},
        {"key": (77).to_bytes(32, "big").hex(), "test": "tests/a.py::test_b"},
        {"passphrase": PHRASE, "test": "tests/a.py::test_c"},
    ]
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries), encoding="utf-8")
    return path


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Logs as they should be: hashes, addresses, numbers, nothing secret."""
    folder = tmp_path / "logs"
    folder.mkdir()
    chance = random.Random(1)
    lines = [f"block 0x{chance.randbytes(32).hex()} of {SIGNER.address}" for _ in range(2000)]
    lines += [str(chance.getrandbits(256)) for _ in range(500)]
    lines += [base64.b64encode(chance.randbytes(99)).decode() for _ in range(500)]
    lines += ["0" * 63 + "d", f"{77:064x}", "walnut seven"]
    (folder / "pytest.log").write_text("\n".join(lines), encoding="utf-8")
    (folder / "state.bin").write_bytes(chance.randbytes(100_000))
    return folder


def search(noted: Path, *places: Path, least: int = 0) -> int:
    return leaks.main([str(noted), *map(str, places), "--least", str(least)])


# --- what is found ------------------------------------------------------------------------------


def test_clean_logs_are_clean(noted: Path, logs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert search(noted, logs, least=2) == 0
    said = capsys.readouterr().out
    assert said.startswith("looked for 2 keys and 1 passphrases in 2 files, ")
    assert "none found (1 keys are small numbers, 0 files hold keys by design)" in said


KEY_FORMS: dict[str, Callable[[bytes], bytes]] = {
    "bytes": lambda key: key,
    "hexadecimal": lambda key: key.hex().encode(),
    "with 0x": lambda key: b"key=0x" + key.hex().encode() + b";",
    "upper case": lambda key: key.hex().upper().encode(),
    "mixed case": lambda key: key.hex().title().encode(),
    "decimal": lambda key: str(int.from_bytes(key, "big")).encode(),
    "in ABI data": lambda key: (bytes(31) + b"\x20" + key + bytes(9)).hex().encode(),
    "base64": base64.b64encode,
    "base64 after one byte": lambda key: base64.b64encode(b"x" + key + b"rest"),
    "base64 after two bytes": lambda key: base64.b64encode(b"xy" + key),
    "base64 of URLs": lambda key: base64.urlsafe_b64encode(b"head" + key + b"tail"),
    "printed by Python": lambda key: repr({"secret": key}).encode(),
    "a list": lambda key: str(list(key)).encode(),
    "compact JSON": lambda key: json.dumps(list(key), separators=(",", ":")).encode(),
    "text in JSON": lambda key: json.dumps(key.decode("latin-1")).encode(),
}


@pytest.mark.parametrize("form", KEY_FORMS)
@pytest.mark.parametrize("place", ["beginning", "middle", "end", "alone"])
def test_a_planted_key_is_found(
    noted: Path, logs: Path, form: str, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = KEY_FORMS[form](KEY)
    path = logs / ("new.log" if place == "alone" else "pytest.log")
    text = path.read_bytes() if path.exists() else b""
    at = {"beginning": 0, "middle": 12_345, "end": len(text), "alone": 0}[place]
    path.write_bytes(text[:at] + planted + text[at:])
    assert search(noted, logs) == 1
    said = capsys.readouterr()
    assert f"error: {path}: byte " in said.err
    assert f"the key of {SIGNER.address}, used in tests/a.py::test_a" in said.err
    assert KEY.hex() not in (said.out + said.err).lower(), "the search itself tells nothing"


@pytest.mark.parametrize("shift", range(16))
def test_a_key_is_found_at_every_offset(noted: Path, logs: Path, shift: int) -> None:
    (logs / "state.bin").write_bytes(b"\0" * (64 + shift) + OTHER + b"\0" * 7)
    assert search(noted, logs) == 1


@pytest.mark.parametrize(
    "planted",
    [
        PHRASE.encode(),
        json.dumps({"passphrase": PHRASE}).encode(),
        base64.b64encode(b"user:" + PHRASE.encode()),
        PHRASE.encode().hex().upper().encode(),
        b"?p=walnut%20%22seven%22%20%C3%9F%202%2F3",
    ],
    ids=["plain", "JSON", "base64", "hex", "URL"],
)
def test_a_planted_passphrase_is_found(
    noted: Path, logs: Path, planted: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    with (logs / "pytest.log").open("ab") as file:
        file.write(b"\n" + planted)
    assert search(noted, logs) == 1
    said = capsys.readouterr().err
    assert "a passphrase, used in tests/a.py::test_c" in said
    assert "walnut" not in said


def test_databases_and_compressed_files_are_looked_into(noted: Path, logs: Path) -> None:
    (logs / "pytest.log.gz").write_bytes(gzip.compress(b"x" * 1000 + KEY.hex().encode()))
    assert search(noted, logs) == 1
    (logs / "pytest.log.gz").unlink()
    assert search(noted, logs) == 0
    with sqlite3.connect(logs / "journal.sqlite") as journal:
        journal.execute("create table sent (raw blob)")
        journal.execute("insert into sent values (?)", (b"\xf8\x6b" + KEY + b"\x80",))
    journal.close()
    assert search(noted, logs) == 1


def test_a_key_that_nobody_noted_is_found_beside_its_address(noted: Path, logs: Path) -> None:
    stranger = LocalSigner.generate()
    path = logs / "anvil.log"
    path.write_text(f"Private Keys\n(0) 0x{stranger.secret().hex()}\n")
    assert search(noted, logs) == 0, "64 digits alone may be any hash"
    path.write_text(f"(0) {stranger.address}\n\nPrivate Keys\n(0) 0x{stranger.secret().hex()}\n")
    assert search(noted, logs) == 1


def test_a_file_that_was_given_as_a_key_may_hold_it_and_no_other(noted: Path, logs: Path) -> None:
    for name in ("given", "copied"):
        (logs / name).write_text(KEY.hex())
    with noted.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"file": str(logs / "given"), "test": ""}) + "\n")
    assert search(noted, logs) == 1
    (logs / "copied").unlink()
    assert search(noted, logs) == 0


# --- when the search would mean nothing ---------------------------------------------------------


def test_without_notes_the_search_fails(
    noted: Path, logs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(tmp_path / "none", logs) == 1
    assert "nothing was noted" in capsys.readouterr().err
    assert search(noted, logs, least=3) == 1
    assert "only 2 keys and 1 passphrases" in capsys.readouterr().err
    noted.write_text("".join(noted.read_text(encoding="utf-8").splitlines(keepends=True)[:3]))
    assert search(noted, logs, least=2) == 1, "no passphrase at all"


def test_a_passphrase_that_is_a_word_is_refused(
    noted: Path, logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with noted.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"passphrase": "open", "test": "tests/b.py::test"}) + "\n")
    assert search(noted, logs) == 1
    assert "tests/b.py::test uses a passphrase that is too short" in capsys.readouterr().err


# --- who notes them -----------------------------------------------------------------------------

USES = """
import logging, subprocess, sys
from pathlib import Path
import pytest
from p2pchain.keys import Keystore, LocalSigner, read_key_file

def print_hex(signer, phrase, tmp_path):
    print("the key is", signer.secret().hex())

def print_bytes(signer, phrase, tmp_path):
    print(signer.secret())

def log_list(signer, phrase, tmp_path):
    logging.getLogger("p2pchain").warning("%s", list(signer.secret()))

def write_key(signer, phrase, tmp_path):
    (tmp_path / "market.json").write_text(signer.secret().hex())

def print_phrase(signer, phrase, tmp_path):
    print(phrase)

def phrase_as_argument(signer, phrase, tmp_path):
    subprocess.run(["true", "--passphrase", phrase], check=True)

def key_as_argument(signer, phrase, tmp_path):
    subprocess.run([sys.executable, "-c", "", signer.secret().hex()], check=True)

def nothing(signer, phrase, tmp_path):
    from eth_account import Account
    assert Account.create()
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_text(signer.secret().hex())
    read_key_file(key, str)
    code = "from p2pchain.keys import LocalSigner; print(LocalSigner(b'childkey' * 4).address)"
    subprocess.run([sys.executable, "-c", code], check=True)

@pytest.mark.parametrize("does", [DOES], ids=lambda does: does.__name__)
def test_it(does, tmp_path):
    signer = LocalSigner.generate()
    store = Keystore(tmp_path / "keys")
    phrase = f"bramble-oboe-{does.__name__}"
    store.add("alice", signer, phrase, kdf="pbkdf2", work=10)
    store.unlock("alice", phrase)
    does(signer, phrase, tmp_path)
"""
PLANTS = (
    "print_hex", "print_bytes", "log_list", "write_key", "print_phrase", "phrase_as_argument",
    "key_as_argument",
)  # fmt: skip


def watched(tmp_path: Path, *plants: str) -> tuple[int, Path]:
    """Run tests as `make test` does, one for each of `plants`; then search."""
    (tmp_path / "test_one.py").write_text(USES.replace("DOES", ", ".join(plants)))
    secrets, logs = tmp_path / "secrets", tmp_path / "logs"
    logs.mkdir()
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(ROOT / "tests" / "watch"), str(ROOT))),
        "P2PCHAIN_TEST_SECRETS": str(secrets),
        "P2PCHAIN_TEST_ARGUMENTS": str(logs / "arguments.log"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["--confcutdir", str(tmp_path), "--basetemp", str(tmp_path / "temp"), "-rA"]
    with (logs / "pytest.log").open("wb") as output:
        subprocess.run(
            [*command, "test_one.py"], cwd=tmp_path, env=environment, check=True, stdout=output
        )
    return search(secrets, logs, tmp_path / "temp", least=1), secrets


def test_keys_passphrases_files_and_children_are_noted(tmp_path: Path) -> None:
    code, secrets = watched(tmp_path, "nothing")
    assert code == 0
    assert secrets.stat().st_mode & 0o777 == 0o600
    noted = leaks.read(secrets)
    assert b"childkey" * 4 in noted.keys, "of another process"
    assert len(noted.keys) == 3, "LocalSigner's, eth_account's and the child's"
    assert noted.passphrases == {"bramble-oboe-nothing": "test_one.py::test_it[nothing]"}
    assert {path.name for path in noted.files} == {"alice.json", "key"}
    started = (tmp_path / "logs" / "arguments.log").read_text(encoding="utf-8")
    assert "from p2pchain.keys import LocalSigner" in started


def test_whatever_gives_one_away_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = watched(tmp_path, *PLANTS)
    assert code == 1
    said = capsys.readouterr().err
    assert [name for name in PLANTS if f"test_it[{name}]" not in said] == []


def test_nothing_is_noted_unless_asked_for(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests" / "watch")}
    for name in ("P2PCHAIN_TEST_SECRETS", "P2PCHAIN_TEST_ARGUMENTS"):
        environment.pop(name, None)
    code = "import sys, sitecustomize; print([type(f).__name__ for f in sys.meta_path])"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    assert "'Finder'" not in run.stdout
    text = (ROOT / "p2pchain" / "keys.py").read_text(encoding="utf-8")
    assert "P2PCHAIN_TEST" not in text, "the package itself has no such door"


# --- what is checked in -------------------------------------------------------------------------

# Where something in the repository has the form of a secret, and why it may.
KNOWN = {
    ("tests/cli/test_keys.py", "the key of 0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"): (
        "the example of web3's documentation, with a known address"
    ),
    ("tests/chain/test_networks.py", "a password in an address"): (
        "an invented one, which must not be shown"
    ),
    ("tests/chain/test_rpc_faults.py", "a password in an address"): (
        "an invented one, which must not be shown"
    ),
}


def test_no_secret_is_checked_in() -> None:
    found = leaks.scan(ROOT, reproduce.tracked(ROOT))
    unknown = [
        str(finding)
        for finding in found
        if not any(
            str(finding.path) == path and finding.what.startswith(what) for path, what in KNOWN
        )
    ]
    assert unknown == []
    assert {str(finding.path) for finding in found} == {path for path, _ in KNOWN}


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN " + "PRIVATE KEY-----",
        "-----BEGIN EC " + "PRIVATE KEY-----",
        "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
        "aws = AKIA" + "ABCDEFGHIJKLMNOP",
        "token: ghp_" + "a1" * 18,
        "github_pat_" + "a1" * 15,
        "npm_" + "a1" * 18,
        "pypi-AgE" + "a1" * 30,
        "xoxb-" + "1" * 12,
        "https://user:" + "geheim@example.org/rpc",
        '{"crypto": {"ciphertext": "' + "0f" * 32 + '"}}',
        "a key beside its address",
    ],
)
def test_what_has_the_form_of_a_secret_is_found(tmp_path: Path, text: str) -> None:
    if text == "a key beside its address":  # not as a parameter, whose text is in every log
        text = f"{SIGNER.address} = {KEY.hex()}"
    (tmp_path / "file").write_text(f"x\n{text}\ny")
    assert len(leaks.scan(tmp_path, [Path("file")])) == 1


def test_what_has_not_is_not(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(
        f"{SIGNER.address} {OTHER.hex()} https://example.org:8545/@x user@example.org\n"
        "-----BEGIN PUBLIC KEY----- ghp_short npm_install AKIA xoxb-\n"
    )
    assert leaks.scan(tmp_path, [Path("file")]) == []
