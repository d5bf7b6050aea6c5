"""The page on deploying, typed as it stands, with a token and a multisig that exist."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from p2pchain.chain.abi import Call
from p2pchain.chain.bindings import test_currency as currency
from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.deployment import Deployment, initcode
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import running
from p2pchain.chain.rollout import Rollout
from p2pchain.chain.sender import Sender
from p2pchain.cli import run
from p2pchain.keys import Keystore
from p2pchain.networks import Network
from tests.cli.conftest import START, World
from tests.cli.test_base import ALL
from tests.cli.test_docs import DOCS, lines, typed
from tests.multisig import Multisig, needs_compiler

PAGE = "deploy.md"
CUT_OFF_AT = "Settlement"


def profile(url: str) -> str:
    """The profile of the page, for a chain on this machine."""
    text = (DOCS / PAGE).read_text(encoding="utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert "https://rpc.valley.example" in block
    assert "chain_id = 4711" in block
    return str(block).replace("https://rpc.valley.example", url).replace("4711", "31337")


def cut_off(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deployment of the page is interrupted, so that there is something to resume."""
    real = Rollout.run

    def die(name: str) -> None:
        if name == CUT_OFF_AT:
            raise KeyboardInterrupt

    def until(self: Rollout, sender: Sender, step: Any = None) -> Deployment:
        return real(self, sender, die if self.path else lambda name: None)

    with monkeypatch.context() as patch:
        patch.setattr(Rollout, "run", until)
        assert run(line.split()[1:]) == 130


@needs_compiler
def test_the_walk_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("P2PCHAIN_HOME", str(tmp_path))
    monkeypatch.setenv("P2PCHAIN_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("P2PCHAIN_PASSPHRASE", "only-for-trying")
    for name in ("P2PCHAIN_CONFIG", "P2PCHAIN_NETWORK", "P2PCHAIN_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    with running(engine="embedded", genesis_time=int(START.timestamp())) as node:
        url = f"http://127.0.0.1:{node.port}"
        Path("p2pchain.toml").write_text(profile(url))
        with (
            connect(Network("local", url, 31337, "instant")) as chain,
            Sender(chain, dev_signer(9)) as payer,
        ):
            printed = dict(walk(chain, payer, monkeypatch))
    shown = printed["p2pchain admin roles list"]
    assert "ADMIN" in shown
    assert str(Keystore().info("operator").address) not in shown
    resumed = "p2pchain -y -a operator admin deploy --resume"
    assert "ForwardLevels" in printed[resumed]
    assert not Path("deployments/valley.part.json").exists()
    assert "differ" not in printed["p2pchain admin verify"]


def walk(chain: Chain, payer: Sender, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Type the page; yield each line and what it printed."""
    code = initcode("TestCurrency", {}) + currency.TestCurrency.constructor("Euro", "EUR")
    token = payer.deploy(code).contract_address
    assert token is not None
    wallet = Multisig(chain, payer, [World.key(name) for name in ("anna", "ben", "cleo")], 2)
    real = {"TOKEN": token, "SAFE": wallet.address}
    announced = ""
    rest = iter(lines(PAGE))
    for line in rest:
        if line.startswith("export "):  # the page has an address for it, here is one that exists
            name = line.removeprefix("export ").partition("=")[0]
            monkeypatch.setenv(name, real.get(name) or announced)
            continue
        full = os.path.expandvars(line)
        if "-y" in line and "admin deploy --token" in line:
            cut_off(full, monkeypatch)
            continue
        out = typed(full, rest, monkeypatch)
        if line.startswith("p2pchain keys new"):
            address = Keystore().account(line.split()[-1])
            payer.send(Call(address, b"", 10 * 10**18, "coin"), 21_000)
        elif "roles grant" in line:
            printed = json.loads(out)
            wallet.carry_out(printed["calls"][0])
            announced = printed["operation"][:10]
        elif "announced execute" in line:
            (call,) = json.loads(out)["calls"]
            chain.set_time(chain.block().timestamp + 48 * 3600)
            wallet.carry_out(call)
        elif "area add" in line:
            announced = re.findall(r"0x[0-9a-f]{64}", out)[0][:10]
        yield line, out


def test_commands_of_the_page_exist() -> None:
    text = " ".join((DOCS / PAGE).read_text(encoding="utf-8").split())  # a name may be wrapped
    named = re.findall(r"`((?:admin|p2pchain) [a-z][a-z -]*?[a-z])[` ]", text)
    assert len(named) > 5
    for words in named:
        parts = words.removeprefix("p2pchain ").split(" --")[0].split()
        known = [" ".join(parts[:count]) in ALL for count in range(1, len(parts) + 1)]
        assert any(known), words
