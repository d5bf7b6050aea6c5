"""A small market on a local chain, set up and driven through the command line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import Engine, running
from p2pchain.cli import run
from p2pchain.keys import Keystore, LocalSigner
from p2pchain.market import Market
from p2pchain.networks import Network
from tests.conftest import ROOT

START = datetime(2026, 6, 1, tzinfo=UTC)
DAY_ONE = "2026-06-01T01:00Z"  # first slot of the members
ACCOUNTS = ("operator", "valley", "grid", "alice", "bob", "carol")
CREATE_MARKET = (
    "admin", "market", "create", "--organiser", "Neighbours", "--licence", "none: a test",
)  # fmt: skip
METER_KEYS = ("alice-meter", "bob-meter", "other-meter")
PASSPHRASE = "lantern-gravel-27-otter"  # no word of any text: it is looked for in all output


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error: ")]

    @property
    def hints(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("hint: ")]


class World:
    """A chain of its own, keys, and a deployment; `cli` runs one command."""

    def __init__(self, folder: Path, port: int, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.url = f"http://127.0.0.1:{port}"
        self.patch = patch
        self.home(folder / "home")
        patch.setenv("P2PCHAIN_KEYS", str(folder / "keys"))
        patch.setenv("P2PCHAIN_PASSPHRASE", PASSPHRASE)
        patch.setenv("P2PCHAIN_CONFIG", str(folder / "p2pchain.toml"))
        patch.delenv("P2PCHAIN_NETWORK", raising=False)
        patch.chdir(folder)
        self.profile(self.url)
        network = Network("local", self.url, 31337, "instant", timeout_seconds=30)
        self.chain: Chain = connect(network)
        store = Keystore()
        for number, name in enumerate(ACCOUNTS):
            store.add(name, dev_signer(number), PASSPHRASE, kdf="pbkdf2", work=10)
        for name in METER_KEYS:
            store.add(name, self.key(name), PASSPHRASE, kdf="pbkdf2", work=10)

    def home(self, path: Path) -> None:
        """Where journals are."""
        self.patch.setenv("P2PCHAIN_HOME", str(path))

    def profile(self, url: str, timeout: int = 20) -> None:
        """Write the profile `local`, which is the default."""
        (self.folder / "p2pchain.toml").write_text(
            f'network = "local"\n[networks.local]\nurl = "{url}"\nchain_id = 31337\n'
            f'finality = "instant"\ntimeout_seconds = {timeout}\n'
        )

    @staticmethod
    def key(name: str) -> LocalSigner:
        """The key of a meter."""
        return LocalSigner(name.encode().rjust(32, b"k"))

    @staticmethod
    def account(name: str) -> str:
        """The address of an account."""
        return dev_signer(ACCOUNTS.index(name)).address

    def cli(self, *arguments: str, account: str | None = None, yes: bool = True) -> Result:
        """Run one command in this process."""
        head = (["-y"] if yes else []) + (["-a", account] if account else [])
        out, err = io.StringIO(), io.StringIO()
        self.patch.setattr("sys.stdin", io.StringIO(""))
        with redirect_stdout(out), redirect_stderr(err):
            code = run([*head, *arguments])
        print(out.getvalue(), err.getvalue(), sep="", end="")  # for pytest, and what it captures
        assert "Traceback" not in err.getvalue()
        return Result(code, out.getvalue(), err.getvalue())

    def ok(self, *arguments: str, account: str | None = None) -> Result:
        """Run a command that must succeed."""
        result = self.cli(*arguments, account=account)
        assert result.code == 0, result.err
        return result

    def set_up(self) -> None:
        """Deploy; register area, supplier, tariff, meters 1 (Alice) and 2 (Bob), and a market."""
        self.ok("admin", "deploy", "--currency", "EUR", account="operator")
        self.ok("admin", "area", "add", "--operator", "grid", account="operator")
        self.ok("supplier", "add", "valley", "Valley Power", account="operator")
        prices = ["--energy", "0.19EUR/kWh", "--feed-in", "0.05EUR/kWh", "--network", "8ct/kWh"]
        self.ok("tariff", "publish", "1", *prices, account="valley")
        for name in ("alice", "bob"):
            self.ok(
                "admin", "meter", "add", "--area", "1", "--owner", name, "--supplier", "1",
                "--fuse", "24kWh", "--key", f"{name}-meter", "--point", f"20000{name}",
                account="operator",
            )  # fmt: skip
        self.ok(*CREATE_MARKET, "--area", "1", "--name", "valley", account="operator")
        self.ok("supplier", "agree", "1", account="valley")
        for meter, name in ((1, "alice"), (2, "bob")):
            self.ok("enrol", str(meter), "--from", DAY_ONE, account=name)
        for name in ("alice", "valley"):
            self.ok("deposit", "20EUR", "--test-money", account=name)

    @property
    def market(self) -> Market:
        """The market, asked past the command line."""
        return Market.open("local")

    def clock(self, text: str) -> None:
        self.ok("dev", "clock", text)

    def registers(self, name: str, rows: list[tuple[str, object, object]]) -> Path:
        """Write a file of registers."""
        path = self.folder / name
        lines = [f"{time},{imported},{exported}" for time, imported, exported in rows]
        path.write_text("time,import_register_wh,export_register_wh\n" + "\n".join(lines) + "\n")
        return path

    def day(
        self, name: str, slots: int, import_wh: int, export_wh: int, *, begin: str = DAY_ONE,
        registers: tuple[int, int] = (0, 0),
    ) -> Path:  # fmt: skip
        """A file of registers that grow by the same each slot."""
        time = datetime.fromisoformat(begin)
        rows: list[tuple[str, object, object]] = [
            (
                f"{time + timedelta(hours=place):%Y-%m-%dT%H:%MZ}",
                registers[0] + place * import_wh,
                registers[1] + place * export_wh,
            )
            for place in range(slots + 1)
        ]
        return self.registers(name, rows)

    def sign(self, path: Path, meter: int, key: str, *more: str) -> Path:
        """Sign a file with a meter's key; return the file of signed readings."""
        result = self.ok("meter", "sign", str(path), "--meter", str(meter), "--key", key, *more)
        signed = path.with_suffix(".jsonl")
        signed.write_text(result.out)
        return signed

    def state(self) -> object:
        """All that a refused command must leave as it was: the chain's head, and the files."""
        files = {
            str(path): path.read_bytes()
            for folder in ("deployments", "keys")
            for path in sorted((self.folder / folder).rglob("*"))
            if path.is_file()
        }
        return self.chain.block().hash, files


@contextmanager
def build(folder: Path, engine: Engine) -> Iterator[World]:
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.chdir(ROOT)  # where anvil is looked for; another world may have gone elsewhere
        node = stack.enter_context(running(engine=engine, genesis_time=int(START.timestamp())))
        made = World(folder, node.port, patch)
        stack.callback(made.chain.close)
        yield made


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A market on an embedded chain, for all tests of a module."""
    with build(tmp_path_factory.mktemp("world"), "embedded") as made:
        made.set_up()
        yield made


@pytest.fixture
def world(built: World, tmp_path: Path) -> Iterator[World]:
    """The market of the module as it was set up; what a test does to it is undone."""
    built.home(tmp_path / "home")  # a journal that knows nothing of what other tests sent
    built.profile(built.url)
    record = built.folder / "deployments" / "local.json"
    content = record.read_bytes()
    with built.chain.anchor():
        yield built
    record.write_bytes(content)


@pytest.fixture(params=["embedded", pytest.param("anvil", marks=pytest.mark.anvil)])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A chain and keys with nothing deployed, on each kind of local chain."""
    with build(tmp_path, request.param) as made:
        yield made
