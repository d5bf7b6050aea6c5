"""Keys at rest: made, imported, listed, opened; and everything that must not happen to them."""

from __future__ import annotations

import io
import json
import os
import pickle
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from p2pchain.cli import run
from p2pchain.errors import BadInput
from p2pchain.keys import ORDER, Keystore, LocalSigner, checksum, find_passphrase, recover

Run = Callable[..., tuple[int, str, str]]

SECRET = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")
# No words of any text: they are looked for in all that a run of the tests leaves behind.
OPEN, OTHER, SESAME = "spindle-orchard-40", "harbour-thimble-91", "meadow copper 63 !"
ADDRESS = "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keystore:
    monkeypatch.setenv("P2PCHAIN_KEYS", str(tmp_path / "home" / "keys"))
    for name in ("P2PCHAIN_PASSPHRASE", "P2PCHAIN_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    return Keystore()


@pytest.fixture
def command(
    store: Keystore, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    def call(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        code = run(list(arguments))
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        for secret in (SECRET.hex(), OPEN, OTHER, SESAME):
            assert secret not in (captured.out + captured.err).lower()
        return code, captured.out, captured.err

    return call


def private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def add(store: Keystore, alias: str = "alice", passphrase: str = OPEN) -> LocalSigner:
    signer = LocalSigner(SECRET)
    store.add(alias, signer, passphrase, kdf="pbkdf2", work=1000)
    return signer


# signing


def test_address_and_signature_are_ethereums() -> None:
    from eth_account import Account
    from eth_keys.datatypes import Signature

    signer = LocalSigner(SECRET)
    assert signer.address == ADDRESS == Account.from_key(SECRET).address
    for number in range(50):
        digest = number.to_bytes(32, "big")
        signature = signer.sign_digest(digest)
        assert len(signature) == 65
        assert signature[64] in (27, 28)
        assert 0 < int.from_bytes(signature[32:64], "big") <= ORDER // 2
        assert recover(digest, signature) == ADDRESS
        plain = Signature(signature[:64] + bytes([signature[64] - 27]))
        public = plain.recover_public_key_from_msg_hash(digest)
        assert public.to_checksum_address() == ADDRESS


def test_no_key_in_sight() -> None:
    signer = LocalSigner(SECRET)
    assert SECRET.hex() not in repr(signer)
    assert not hasattr(signer, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(signer)


@pytest.mark.parametrize("secret", [b"", bytes(32), b"\xff" * 32, ORDER.to_bytes(32, "big"), b"x"])
def test_no_key(secret: bytes) -> None:
    with pytest.raises(BadInput):
        LocalSigner(secret)


def test_addresses() -> None:
    assert checksum(ADDRESS.lower()) == checksum(bytes.fromhex(ADDRESS[2:])) == ADDRESS
    for text in ("", "0x12", ADDRESS + "00", "0x" + "zz" * 20):
        with pytest.raises(BadInput):
            checksum(text)


# the keystore


def test_made_and_opened(store: Keystore) -> None:
    info = store.new("alice", SESAME, kdf="pbkdf2")
    assert stat.S_IMODE(info.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700
    assert [path.name for path in store.directory.iterdir()] == ["alice.json"]
    assert store.unlock("alice", SESAME).address == info.address
    assert store.info("alice") == info
    with pytest.raises(BadInput, match=r"wrong passphrase for alice\.json"):
        store.unlock("alice", OPEN)


def test_readable_by_other_software(store: Keystore) -> None:
    from eth_account import Account

    add(store)
    content = json.loads(store.path("alice").read_text())
    assert content["version"] == 3
    assert bytes(Account.decrypt(content, OPEN)) == SECRET


def test_never_overwritten(store: Keystore) -> None:
    add(store)
    before = store.path("alice").read_bytes()
    with pytest.raises(BadInput, match="already"):
        store.new("alice", OTHER, kdf="pbkdf2")
    assert store.path("alice").read_bytes() == before


@pytest.mark.parametrize("alias", ["", "../x", "a/b", "A", ".a", "a" * 65, "a b", "-a"])
def test_names(store: Keystore, alias: str) -> None:
    with pytest.raises(BadInput, match="not a name"):
        store.path(alias)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610, 0o601, 0o620, 0o602, 0o777])
def test_file_that_others_can_use(store: Keystore, mode: int) -> None:
    add(store)
    path = store.path("alice")
    path.chmod(mode)
    with pytest.raises(BadInput, match="can be used by others") as caught:
        store.unlock("alice", OPEN)
    assert caught.value.hint == f"chmod 600 {path}"
    with pytest.raises(BadInput):
        store.list()


def test_file_of_somebody_else(store: Keystore, monkeypatch: pytest.MonkeyPatch) -> None:
    add(store)
    path = store.path("alice")
    if os.geteuid() == 0:
        os.chown(path, 4711, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(BadInput, match="belongs to another user"):
        store.unlock("alice", OPEN)


def test_directory_that_others_can_use(store: Keystore) -> None:
    add(store)
    store.directory.chmod(0o755)
    for use in (store.list, lambda: store.unlock("alice", OPEN), lambda: add(store, "bob")):
        with pytest.raises(BadInput, match="can be used by others") as caught:
            use()
        assert caught.value.hint == f"chmod 700 {store.directory}"


def test_symbolic_links(store: Keystore, tmp_path: Path) -> None:
    add(store)
    real = store.path("alice").rename(tmp_path / "elsewhere.json")
    store.path("alice").symlink_to(real)
    with pytest.raises(BadInput, match="symbolic link"):
        store.unlock("alice", OPEN)
    with pytest.raises(BadInput, match="already"):
        add(store)
    store.directory.rename(tmp_path / "moved")
    store.directory.symlink_to(tmp_path / "moved")
    with pytest.raises(BadInput, match="symbolic link"):
        store.list()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', "\x00\x01"])
def test_not_a_key_file(store: Keystore, text: str) -> None:
    add(store)
    private(store.path("bob"), text)
    with pytest.raises(BadInput, match="not a Keystore V3 file"):
        store.unlock("bob", OPEN)


def test_altered_files(store: Keystore) -> None:
    add(store)
    path = store.path("alice")
    content = json.loads(path.read_text())
    private(path, json.dumps({**content, "address": "11" * 20}))
    with pytest.raises(BadInput, match="another address"):
        store.unlock("alice", OPEN)
    private(path, json.dumps({**content, "crypto": {}}))
    with pytest.raises(BadInput):
        store.unlock("alice", OPEN)


# passphrases


def test_where_a_passphrase_comes_from(tmp_path: Path) -> None:
    one = private(tmp_path / "one", f"{OPEN}\nsecond\n")
    two = private(tmp_path / "two", f"{OTHER}\n")
    environ = {"P2PCHAIN_PASSPHRASE_FILE": str(two), "P2PCHAIN_PASSPHRASE": SESAME}
    assert find_passphrase(one, environ=environ) == OPEN
    assert find_passphrase(environ=environ) == OTHER
    assert find_passphrase(environ={"P2PCHAIN_PASSPHRASE": SESAME}) == SESAME
    assert find_passphrase(environ={}) is None
    one.chmod(0o644)
    with pytest.raises(BadInput, match=r"passphrase file .* can be used by others"):
        find_passphrase(one, environ={})
    with pytest.raises(BadInput, match="empty"):
        find_passphrase(private(tmp_path / "three", "\n"), environ={})
    with pytest.raises(BadInput, match="does not exist"):
        find_passphrase(tmp_path / "four", environ={})


def test_passphrase_through_a_pipe(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.write(write, f"{OPEN}\n".encode())
    os.close(write)
    assert find_passphrase(Path(f"/dev/fd/{read}"), environ={}) == OPEN
    os.close(read)


def test_passphrase_through_a_link(tmp_path: Path) -> None:
    real = private(tmp_path / "real", f"{OPEN}\n")
    (tmp_path / "link").symlink_to(real)
    assert find_passphrase(tmp_path / "link", environ={}) == OPEN
    real.chmod(0o644)
    with pytest.raises(BadInput, match="can be used by others"):
        find_passphrase(tmp_path / "link", environ={})


# the commands


def test_new_list_and_again(command: Run, tmp_path: Path, store: Keystore) -> None:
    phrase = private(tmp_path / "phrase", f"{OPEN}\n")
    code, out, err = command("keys", "list")
    assert (code, err) == (0, "")
    assert "no keys" in out
    code, out, _ = command(
        "--passphrase-file", str(phrase), "keys", "new", "alice", "--kdf", "pbkdf2", "--json"
    )
    made = json.loads(out)
    assert code == 0
    assert (made["schema"], made["name"]) == (1, "alice")
    assert store.unlock("alice", OPEN).address == made["address"]
    code, out, _ = command("keys", "list", "--json")
    assert json.loads(out)["keys"] == [{k: made[k] for k in ("name", "kind", "address", "file")}]
    assert made["kind"] == "secp256k1"
    code, out, _ = command("keys", "list")
    assert made["address"] in out
    code, _, err = command("--passphrase-file", str(phrase), "keys", "new", "alice")
    assert code == 2
    assert err.startswith("error: there is a key 'alice' already\nhint: ")


@pytest.mark.parametrize("kind", ["hex", "0x", "v3", "stdin"])
def test_import(command: Run, tmp_path: Path, store: Keystore, kind: str, monkeypatch) -> None:
    monkeypatch.setenv("P2PCHAIN_PASSPHRASE", OPEN)
    source: list[str] = []
    stdin = ""
    if kind == "v3":
        other = Keystore(tmp_path / "other")
        add(other)
        source = ["--file", str(other.path("alice"))]
    elif kind == "stdin":
        stdin = SECRET.hex() + "\n"
    else:
        text = SECRET.hex() if kind == "hex" else "0x" + SECRET.hex()
        source = ["--file", str(private(tmp_path / "key", text + "\n"))]
    code, out, err = command("keys", "import", "bob", *source, "--kdf", "pbkdf2", stdin=stdin)
    assert (code, err) == (0, "")
    assert ADDRESS in out
    assert SECRET.hex() not in out
    assert store.unlock("bob", OPEN).address == ADDRESS


@pytest.mark.parametrize("text", ["", "12", "zz" * 32, "00" * 32, "{}"])
def test_import_of_nonsense(
    command: Run, tmp_path: Path, store: Keystore, text: str, monkeypatch
) -> None:
    monkeypatch.setenv("P2PCHAIN_PASSPHRASE", OPEN)
    source = private(tmp_path / "key", text)
    code, out, err = command("keys", "import", "bob", "--file", str(source))
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    if text:
        assert text not in err.replace(str(source), "")
    assert store.list() == []


def test_import_of_a_loose_file_and_wrong_passphrase(
    command: Run, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("P2PCHAIN_PASSPHRASE", OTHER)
    other = Keystore(tmp_path / "other")
    add(other)
    code, _, err = command("keys", "import", "bob", "--file", str(other.path("alice")))
    assert code == 2
    assert "wrong passphrase" in err
    other.path("alice").chmod(0o644)
    code, _, err = command("keys", "import", "bob", "--file", str(other.path("alice")))
    assert code == 2
    assert "hint: chmod 600" in err


def test_nobody_to_ask(command: Run, store: Keystore) -> None:
    code, _, err = command("keys", "new", "alice")
    assert code == 2
    assert "passphrase" in err
    assert "P2PCHAIN_PASSPHRASE_FILE" in err
    assert store.list() == []
