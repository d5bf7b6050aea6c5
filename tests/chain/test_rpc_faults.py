"""Nodes that are not there, hang, talk nonsense, or are the wrong ones: one clear sentence each."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from p2pchain.chain.abi import Call, Reverted
from p2pchain.chain.connect import connect
from p2pchain.chain.node import LocalNode, network_of
from p2pchain.chain.rpc import Rpc
from p2pchain.chain.sender import Sender
from p2pchain.errors import NodeRejected, NodeTimeout, NodeUnreachable, WrongNetwork
from p2pchain.keys import LocalSigner
from p2pchain.networks import Network

Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


def network(port: int, **changes: Any) -> Network:
    plain = Network("test", f"http://127.0.0.1:{port}", timeout_seconds=1, finality="instant")
    return replace(plain, **changes)


@contextmanager
def node(answer: Answer) -> Iterator[tuple[int, list[str]]]:
    """A server that answers each request by `answer`; yields its port and the methods asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(request["method"])
            status, body = answer(request)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server.server_address[1], asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def results(table: dict[str, Any]) -> Answer:
    def answer(request: dict[str, Any]) -> tuple[int, bytes]:
        value = {"eth_chainId": "0x7", **table}[request["method"]]
        if callable(value):
            value = value(*request["params"])
        key = "error" if isinstance(value, dict) and "code" in value else "result"
        return 200, json.dumps({"jsonrpc": "2.0", "id": request["id"], key: value}).encode()

    return answer


@contextmanager
def hanging() -> Iterator[int]:
    """A socket that takes connections and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        yield server.getsockname()[1]


def test_node_down() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(NodeUnreachable, match=r"no node answers at test .*refused") as caught:
        connect(network(port))
    assert caught.value.exit_code == 3
    assert caught.value.hint is not None


def test_node_that_hangs() -> None:
    with hanging() as port:
        start = time.monotonic()
        with pytest.raises(NodeTimeout, match="did not answer within 1 seconds"):
            connect(network(port))
        assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (200, b"<html>It works</html>", "not an Ethereum node"),
        (200, b"\xff\xfe\x00", "not an Ethereum node"),
        (200, b"[1, 2]", "not an Ethereum node"),
        (200, b'"hello"', "not an Ethereum node"),
        (200, b"{}", "neither result nor error"),
        (200, b'{"result": 5}', "where a number belongs"),
        (404, b"nothing here", "not an Ethereum node"),
        (401, b"", "refuses access"),
        (503, b"<html>busy</html>", "overloaded"),
        (429, b"", "overloaded"),
    ],
)
def test_answers_that_are_no_answers(status: int, body: bytes, words: str) -> None:
    with node(lambda _: (status, body)) as (port, asked):
        with pytest.raises(NodeUnreachable, match=words):
            connect(network(port))
        assert asked == ["eth_chainId"]  # and it is not asked five times over


def test_wrong_chain(embedded_node: LocalNode) -> None:
    right = network_of(embedded_node)
    with pytest.raises(WrongNetwork, match="has chain id 31337, not 4711") as caught:
        connect(replace(right, chain_id=4711))
    assert caught.value.exit_code == 3
    with pytest.raises(WrongNetwork):
        connect(right, expect_chain_id=1)
    with connect(replace(right, chain_id=None)) as chain:
        assert chain.chain_id == 31337


def test_url_secrets_do_not_reach_messages() -> None:
    with hanging() as port:
        profile = network(port, url=f"http://me:secret@127.0.0.1:{port}/v3/apikey")
        with pytest.raises(NodeTimeout) as caught:
            connect(profile)
        assert "secret" not in caught.value.message
        assert "apikey" not in caught.value.message


def test_proof_of_authority_block() -> None:
    block = {
        "number": "0x1", "hash": "0x" + "11" * 32, "parentHash": "0x" + "22" * 32,
        "timestamp": "0x10", "gasLimit": "0x1c9c380", "extraData": "0x" + "ab" * 97,
    }  # fmt: skip
    table = {"eth_getBlockByNumber": block}
    with node(results(table)) as (port, _), connect(network(port, poa=True)) as chain:
        assert isinstance(chain, Rpc)
        assert (chain.block().number, chain.block().base_fee) == (1, None)
        assert chain.web3().eth.get_block("latest")["number"] == 1


def test_logs_in_ranges_that_the_node_accepts() -> None:
    """A node that takes at most 100 blocks at once, says so in its own words, and has a head."""
    spans = []

    def logs(query: dict[str, str]) -> Any:
        first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
        if last - first >= 100:
            return {"code": -32005, "message": "query exceeds max block range"}
        spans.append((first, last))
        return [
            {
                "address": "0x" + "aa" * 20, "topics": [], "data": "0x", "blockNumber": hex(number),
                "blockHash": "0x" + "11" * 32, "transactionHash": "0x" + "22" * 32,
                "transactionIndex": "0x0", "logIndex": "0x0",
            }
            for number in range(first, last + 1)
            if number % 7 == 0
        ]  # fmt: skip

    block = {
        "number": "0x3e8", "hash": "0x" + "11" * 32, "parentHash": "0x" + "22" * 32,
        "timestamp": "0x10", "gasLimit": "0x1c9c380",
    }  # fmt: skip
    table = {"eth_getLogs": logs, "eth_getBlockByNumber": block}
    with node(results(table)) as (port, _), connect(network(port)) as chain:
        found = [log.block_number for log in chain.logs([], 3, 1000)]
    assert found == list(range(7, 1001, 7))
    assert [first for first, _ in spans] == [3, *[last + 1 for _, last in spans[:-1]]]


def test_log_range_of_one_block_that_fails() -> None:
    refusal = {"code": -32000, "message": "no logs here"}
    block = {
        "number": "0x3e8", "hash": "0x" + "11" * 32, "parentHash": "0x" + "22" * 32,
        "timestamp": "0x10", "gasLimit": "0x1c9c380",
    }  # fmt: skip
    table = {"eth_getLogs": refusal, "eth_getBlockByNumber": block}
    with node(results(table)) as (port, _):
        chain = connect(network(port))
        with pytest.raises(NodeRejected, match="no logs here"):
            chain.logs([], 0, 1000)
        chain.close()


REVERT = "0x08c379a0" + f"{32:064x}{2:064x}" + b"no".ljust(32, b"\0").hex()


@pytest.mark.parametrize(
    "error",
    [
        {"code": 3, "message": "execution reverted: no", "data": REVERT},  # geth, anvil
        {"code": -32000, "message": "Execution reverted", "data": REVERT},  # Besu
        {"code": -32015, "message": "VM execution error: revert", "data": f"Reverted {REVERT}"},
        {"code": -32603, "message": "Error: VM reverted", "data": {"data": REVERT}},  # hardhat
    ],
)
def test_refusals_in_every_dialect(error: dict[str, Any]) -> None:
    with node(results({"eth_call": error})) as (port, _), connect(network(port)) as chain:
        with pytest.raises(Reverted) as caught:
            chain.call("0x" + "aa" * 20, b"")
        assert caught.value.args == ("no",)


def test_the_node_fails_and_not_the_contract() -> None:
    error = {"code": -32000, "message": "header not found"}
    with node(results({"eth_call": error})) as (port, _), connect(network(port)) as chain:
        with pytest.raises(NodeRejected, match="header not found") as caught:
            chain.call("0x" + "aa" * 20, b"")
        assert caught.value.code == -32000


def test_sending_into_silence(tmp_path: Path, signer: LocalSigner) -> None:
    """The node dies after it has taken the transaction: it is stored, and handed in once."""
    silent = threading.Event()
    block = {
        "number": "0x0", "hash": "0x" + "11" * 32, "parentHash": "0x" + "00" * 32,
        "timestamp": "0x10", "gasLimit": "0x1c9c380", "baseFeePerGas": "0x7",
    }  # fmt: skip

    def never(*_: Any) -> str:
        silent.wait(3)
        return "0x" + "33" * 32

    table = {
        "eth_getBlockByNumber": block, "eth_estimateGas": "0x5208", "eth_call": "0x",
        "eth_getTransactionCount": "0x0", "eth_sendRawTransaction": never,
        "eth_getTransactionReceipt": None,
    }  # fmt: skip
    with node(results(table)) as (port, asked), connect(network(port)) as chain:
        with Sender(chain, signer, tmp_path / "j.sqlite") as sender:
            with pytest.raises(NodeTimeout) as caught:
                sender.send(Call(signer.address, b""))
            assert caught.value.hint is not None
            assert "stored" in caught.value.hint
        assert asked.count("eth_sendRawTransaction") == 1  # nobody tried again behind our back
        silent.set()
