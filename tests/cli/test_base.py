"""The frame of the command line: help, exit codes, messages, output, and a quick start."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from p2pchain import cli as frame
from p2pchain.cli.base import Env, sending_options
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import (
    BadInput,
    CheckFailed,
    Difference,
    NodeTimeout,
    NodeUnreachable,
    Refused,
    WrongNetwork,
)
from tests.cli.conftest import PASSPHRASE


def commands(
    group: click.Group | None = None, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands that exist, groups included."""
    group = group or frame.cli
    context = click.Context(group, info_name="p2pchain")
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"'{name}' is listed and cannot be loaded"
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = {" ".join(path): command for path, command in commands()}


@pytest.mark.parametrize("name", ALL)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert frame.run([*name.split(), "--help"]) == 0
    text = capsys.readouterr().out
    assert ALL[name].help
    block = text[text.rindex("Example") :]
    assert f"p2pchain {name}" in block or ("p2pchain -" in block and f" {name}" in block)


def test_table_names_everything_and_its_help() -> None:
    """The line in the list is short, and each existing entry is what it says."""
    for name, (module, attribute, line) in frame.COMMANDS.items():
        assert module.startswith("p2pchain.cli.")
        assert attribute
        assert line.endswith(".")
        assert len(line) < 60
        assert (name in ALL) == frame._installed(module)


def test_missing_module_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(frame.COMMANDS, "later", ("p2pchain.cli.not_yet", "later", "Later."))
    assert frame.run(["--help"]) == 0
    assert "later" not in capsys.readouterr().out
    assert frame.run(["later"]) == 2


def test_help_and_package_load_no_blockchain_library() -> None:
    program = (
        "import sys, p2pchain\n"
        "from p2pchain.cli import run\n"
        "run(['--help'])\n"
        "run(['keys', 'list', '--help'])\n"
        "bad = [m for m in ('web3', 'eth', 'eth_account', 'eth_abi', 'requests') if m in "
        "sys.modules]\n"
        "sys.exit(f'loaded: {bad}' if bad else 0)\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


CASES = [
    (Refused("TooLate", (5,), "come earlier"), 1, "error: TooLate(5)\nhint: come earlier\n"),
    (CheckFailed("it differs"), 1, "error: it differs\n"),
    (BadInput("no such meter", hint="look"), 2, "error: no such meter\nhint: look\n"),
    (NodeUnreachable("nobody"), 3, "error: nobody\n"),
    (NodeTimeout("slow"), 3, "error: slow\n"),
    (WrongNetwork("other"), 3, "error: other\n"),
    (Difference("7 is not 8"), 4, "error: 7 is not 8\n"),
    (KeyboardInterrupt(), 130, "error: interrupted\n"),
    (click.Abort(), 130, "error: interrupted\n"),
    (ZeroDivisionError("x"), 1, "error: ZeroDivisionError: x\n"),
    (click.BadParameter("not a number"), 2, "error: Invalid value: not a number\n"),
]


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """A command `fail` that raises what is put into this list."""
    errors: list[BaseException] = []

    @click.command()
    def fail() -> None:
        raise errors[0]

    monkeypatch.setattr("p2pchain.cli.keys.fail", fail, raising=False)
    monkeypatch.setitem(frame.COMMANDS, "fail", ("p2pchain.cli.keys", "fail", "Fail."))
    return errors


@pytest.mark.parametrize(("error", "code", "text"), CASES, ids=lambda v: type(v).__name__)
def test_exit_codes(
    raising: list[BaseException],
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    text: str,
) -> None:
    raising.append(error)
    assert frame.run(["fail"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.lstrip().startswith(text)  # after ^C a new line begins
    assert "Traceback" not in err
    assert frame.run(["--traceback", "fail"]) == code
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["kyes"], "did you mean 'keys'"),
        (["keys", "lst"], "did you mean 'list'"),
        (["--nonsense"], "No such option"),
        (["keys", "new"], "Missing argument"),
        (["-n", "nowhere", "node", "--port", "x"], "not a valid integer"),
    ],
)
def test_usage(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert frame.run(arguments) == 2
    err = capsys.readouterr().err
    assert words.lower() in err.lower()
    assert err.startswith("error: ")
    assert "hint: " in err


def test_no_arguments_shows_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert frame.run([]) == 2
    out, err = capsys.readouterr()
    assert "Commands:" in out + err


def test_program_from_the_shell(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from p2pchain.cli import main; main()"]
    result = subprocess.run([*command, "keys", "lst"], capture_output=True, text=True, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    closed = subprocess.run(
        f"{sys.executable} -c 'from p2pchain.cli import main; main()' --help | head -c 1",
        shell=True,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in closed.stderr


# output


def test_json_has_a_schema_and_no_floats(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(as_json=True)
    out.rows("trades", [{"energy_wh": 5, "hash": b"\1", "at": None}])
    assert json.loads(capsys.readouterr().out) == {
        "schema": 1,
        "trades": [{"energy_wh": 5, "hash": "0x01", "at": None}],
    }
    with pytest.raises(TypeError):
        out.fields({"price": 0.1})


def test_tables(capsys: pytest.CaptureFixture[str]) -> None:
    out = Output(as_json=False)
    rows = [{"name": "a", "wh": 5}, {"name": "long", "wh": 12345}]
    out.rows("x", rows, {"name": "meter", "wh": "Wh"})
    assert capsys.readouterr().out == "meter     Wh\na          5\nlong   12345\n"
    out.rows("x", [], empty="none yet")
    assert capsys.readouterr().out == "none yet\n"
    out.rows("x", rows, {"wh": ("kWh", lambda wh: f"{wh // 1000}.{wh % 1000:03}")})
    assert capsys.readouterr().out == "   kWh\n 0.005\n12.345\n"
    out.fields({"a": 1, "long_name": True})
    assert capsys.readouterr().out == "a          1\nlong_name  yes\n"


def test_option_decorators() -> None:
    seen = []

    @click.command()
    @output_options
    @sending_options
    @click.pass_obj
    def thing(env: Env, out: Output, dry_run: bool) -> None:
        seen.append((out.as_json, dry_run, env.yes))

    for arguments in ([], ["--json", "--dry-run", "-y"]):
        thing.main(arguments, standalone_mode=False, obj=Env())
    assert seen == [(False, False, False), (True, True, True)]


# the environment of a run


def test_env_builds_what_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from p2pchain.chain.abi import Call
    from p2pchain.keys import Keystore

    monkeypatch.setenv("P2PCHAIN_HOME", str(tmp_path))
    monkeypatch.setenv("P2PCHAIN_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("P2PCHAIN_PASSPHRASE", PASSPHRASE)
    from p2pchain.chain.devkeys import dev_signer

    Keystore().add("dev", dev_signer(0), PASSPHRASE, kdf="pbkdf2", work=1000)
    env = Env()
    env.configure(network="tester", account="dev")
    assert env.address == dev_signer(0).address
    assert env.journal_path(env.address) is None
    assert env.sender.send(Call(env.address, b"")).status == 1
    env.close()
    env = Env()
    env.configure(network="http://127.0.0.1:1")
    with pytest.raises(BadInput, match="no account"):
        _ = env.signer
    with pytest.raises(NodeUnreachable):
        _ = env.chain
    env.close()


def test_nobody_to_confirm(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    env = Env()
    with pytest.raises(BadInput) as caught:
        env.confirm("send?")
    assert caught.value.hint is not None
    env.yes = True
    env.confirm("send?")
