"""A key or passphrase where none belongs: refused, and not repeated in any message."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from p2pchain.cli import run
from p2pchain.errors import BadInput
from p2pchain.keys import Keystore, LocalSigner, checksum, without_keys
from tests.cli.conftest import PASSPHRASE
from tests.cli.test_base import ALL

KEY = LocalSigner.generate().secret().hex()
FORMS = [KEY, KEY.upper(), "0x" + KEY, "0X" + KEY.upper()]
TYPED = [
    "-a {} keys list",
    "-a {} balance",
    "-a {} -y withdraw 1EUR",
    "keys new {}",
    "keys new alice {}",
    "keys import {}",
    "keys import alice {}",
    "keys import alice --key {}",
    "keys import alice --key={}",
    "keys {}",
    "{}",
    "--{}",
    "--private-key {} balance",
    "--passphrase {} balance",
    "balance {}",
    "deposit {}",
    "meter sign {} --meter 1 --key alice",
    "meter sign readings.csv --meter 1 --key {}",
    "admin meter add --area 1 --owner {} --supplier 1 --fuse 24kWh --key alice --point 1",
    "admin meter add --area 1 --owner alice --supplier 1 --fuse 24kWh --key {} --point 1",
    "admin role grant registrar {}",
    "--traceback keys import alice {}",
    "--traceback keys new {}",
    "--traceback -a {} balance",
    "--traceback {}",
    "--traceback meter sign readings.csv --meter {} --key alice",
]


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user with one key and nothing else."""
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "P2PCHAIN_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("P2PCHAIN_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("P2PCHAIN_NETWORK", "tester")
    monkeypatch.delenv("P2PCHAIN_CONFIG", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    Keystore().add("alice", LocalSigner.generate(), PASSPHRASE, kdf="pbkdf2", work=10)
    Path("readings.csv").write_text("time,import_register_wh,export_register_wh\n")
    return tmp_path


@pytest.mark.parametrize("environment", ["passphrase", "nothing"])
@pytest.mark.parametrize("line", TYPED)
def test_a_key_that_is_typed_is_not_repeated(
    line: str, environment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if environment == "passphrase":
        monkeypatch.setenv("P2PCHAIN_PASSPHRASE", PASSPHRASE)
    else:
        monkeypatch.delenv("P2PCHAIN_PASSPHRASE", raising=False)
    before = sorted(Path("keys").iterdir())
    for form in FORMS:
        code = run(line.format(form).split())
        said = capsys.readouterr()
        if line != "-a {} keys list":  # which needs no account
            assert code == 2, said
            assert said.err.count("error: ") == 1
        assert KEY not in (said.out + said.err).lower()
    assert sorted(Path("keys").iterdir()) == before


def test_a_wrong_passphrase_is_not_repeated(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = "tulip-anvil-81-cobalt"
    monkeypatch.setenv("P2PCHAIN_PASSPHRASE", wrong)
    assert run(["--traceback", "-a", "alice", "-y", "deposit", "1EUR"]) != 0
    with pytest.raises(BadInput) as caught:
        Keystore().unlock("alice", wrong)
    said = capsys.readouterr()
    assert wrong not in said.out + said.err + str(caught.value) + repr(caught.value)


def test_no_name_of_a_key_looks_like_one() -> None:
    for form in FORMS:
        with pytest.raises(BadInput) as caught:
            Keystore().path(form)
        assert KEY not in str(caught.value).lower()
        with pytest.raises(BadInput) as caught:
            checksum(form)
        assert KEY not in str(caught.value).lower()
    assert Keystore().path("a" * 63).name == "a" * 63 + ".json"


def test_what_is_left_out_of_messages() -> None:
    assert without_keys(f"a {KEY} and 0X{KEY.upper()}.") == "a (64 hex digits) and (64 hex digits)."
    for text in (KEY[:-1], KEY + "0", "0x" + KEY + "00", "alice"):
        assert without_keys(text) == text


SECRETS = {"--passphrase", "--password", "--private-key", "--secret", "--mnemonic", "--seed-phrase"}


def test_no_command_takes_a_secret() -> None:
    """What is an argument is in the list of processes and in the shell's history."""
    for name, command in ALL.items():
        options = {word for parameter in command.params for word in parameter.opts}
        assert not options & SECRETS, name
