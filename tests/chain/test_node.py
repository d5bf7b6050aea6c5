"""The local chain: both engines, several clients, taken ports, an orderly end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from p2pchain.chain.connect import connect
from p2pchain.chain.devkeys import MNEMONIC, dev_signers
from p2pchain.chain.node import LocalNode, find_anvil, network_of, running, start
from p2pchain.errors import BadInput, NodeUnreachable


def post(port: int, body: bytes, **headers: str) -> object:
    request = urllib.request.Request(f"http://127.0.0.1:{port}", body, headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def test_taken_port(embedded_node: LocalNode) -> None:
    with pytest.raises(BadInput, match=f"port {embedded_node.port} .* cannot be used") as caught:
        start(embedded_node.port)
    assert caught.value.hint is not None
    assert "--port" in caught.value.hint


def test_port_is_given_back() -> None:
    with running(engine="embedded") as node:
        network = network_of(node)
        connect(network).close()
    with pytest.raises(NodeUnreachable):
        connect(network)
    with running(node.port, engine="embedded") as again:
        assert again.port == node.port


def test_batches_and_errors(embedded_node: LocalNode) -> None:
    one = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    two = {"jsonrpc": "2.0", "id": 2, "method": "debug_x"}
    answers = post(embedded_node.port, json.dumps([one, two, 5]).encode())
    assert isinstance(answers, list)
    assert answers[0] == {"jsonrpc": "2.0", "id": 1, "result": "0x7a69"}
    assert [answer["error"]["code"] for answer in answers[1:]] == [-32601, -32600]
    answer = post(embedded_node.port, b"{")
    assert isinstance(answer, dict)
    assert answer["error"]["code"] == -32700
    bad = {"id": 3, "method": "eth_getBalance", "params": ["0x12"]}
    answer = post(embedded_node.port, json.dumps(bad).encode())
    assert isinstance(answer, dict)
    assert answer["error"]["code"] == -32602


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
def test_web_pages_are_kept_out(embedded_node: LocalNode, headers: dict[str, str]) -> None:
    body = b'{"id": 1, "method": "eth_chainId"}'
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(embedded_node.port, body, **headers)
    assert caught.value.code == 403
    caught.value.close()


def test_dev_keys_are_those_of_the_mnemonic() -> None:
    from eth_account.hdaccount import seed_from_mnemonic
    from eth_account.hdaccount.deterministic import HDPath

    seed = seed_from_mnemonic(MNEMONIC, "")
    for index, signer in enumerate(dev_signers()):
        assert signer.secret() == HDPath(f"m/44'/60'/0'/0/{index}").derive(seed)


def test_dev_accounts_have_coin(chain) -> None:
    for signer in dev_signers()[1:]:
        assert chain.balance(signer.address) >= 900_000 * 10**18


def test_named_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("P2PCHAIN_ANVIL", str(tmp_path / "none"))
    with pytest.raises(BadInput, match="not a program"):
        find_anvil()


def test_a_program_that_is_not_anvil(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from p2pchain.errors import NodeError

    fake = tmp_path / "anvil"
    fake.write_text("#!/bin/sh\necho 'cannot run here'\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("P2PCHAIN_ANVIL", str(fake))
    with pytest.raises(NodeError, match="cannot run here"):
        start(0, engine="anvil")


def _gone(url: str) -> None:
    """Wait until nothing answers there any more."""
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            connect(url).close()
        except NodeUnreachable:
            return
        time.sleep(0.05)
    pytest.fail(f"{url} still answers")


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("engine", ["embedded", pytest.param("anvil", marks=pytest.mark.anvil)])
def test_command(tmp_path: Path, engine: str, stop: signal.Signals) -> None:
    if engine == "anvil" and find_anvil() is None:
        pytest.skip("anvil is not installed")
    keys = tmp_path / "dev-keys"
    command = [sys.executable, "-c", "from p2pchain.cli import main; main()", "node"]
    command += ["--engine", engine, "--port", "0", "--genesis-time", "2017-06-11T00:00Z"]
    process = subprocess.Popen(
        [*command, "--dev-keys", str(keys)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        while "ctrl-C" not in (line := process.stdout.readline()):
            assert line
        with connect(url) as chain:
            assert chain.chain_id == 31337
            assert abs(chain.block(0).timestamp - 1_497_139_200) <= 1
        process.send_signal(stop)
        rest, errors = process.communicate(timeout=20)
    finally:
        process.kill()
        process.communicate()
    if stop is signal.SIGKILL:
        _gone(url)
        return
    assert process.returncode == 0
    assert "Traceback" not in rest + errors
    with pytest.raises(NodeUnreachable):
        connect(url)
    assert keys.stat().st_mode & 0o777 == 0o600
    assert dev_signers()[0].secret().hex() in keys.read_text()
    assert dev_signers()[0].secret().hex() not in rest + errors


@pytest.mark.anvil
def test_anvil_leaves_no_states_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with running(engine="anvil"):
        assert list(tmp_path.glob("p2pchain-anvil-*"))
    assert not list(tmp_path.glob("p2pchain-anvil-*"))
