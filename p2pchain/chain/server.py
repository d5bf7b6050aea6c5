"""The embedded chain behind HTTP, for several terminals on one machine without a node installed.

Answers the JSON-RPC methods that rpc.py uses, under anvil's chain id and names, on 127.0.0.1 only.
Requests of web pages (an Origin header, or another Host) are refused: no page may send here.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from p2pchain import __version__
from p2pchain.chain.records import Block, Log, Receipt
from p2pchain.chain.tester import Tester
from p2pchain.errors import NodeError, P2PError, Refused

_MOST_BYTES = 8 * 1024 * 1024
_HOSTS = ("127.0.0.1", "localhost")


class RpcError(Exception):
    """An error answer of JSON-RPC."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.body: dict[str, Any] = {"code": code, "message": message}
        if data is not None:
            self.body["data"] = data


class Methods:
    """The JSON-RPC methods on an embedded chain, one at a time."""

    def __init__(self, chain: Tester) -> None:
        self._chain = chain
        self._lock = threading.Lock()
        self._snapshots: dict[str, object] = {}
        self._next_time: int | None = None
        self._table: dict[str, Callable[..., Any]] = {
            "web3_clientVersion": lambda: f"p2pchain/{__version__}/embedded",
            "net_version": lambda: str(chain.chain_id),
            "eth_chainId": lambda: hex(chain.chain_id),
            "eth_blockNumber": lambda: hex(chain.block().number),
            "eth_gasPrice": lambda: hex(chain.gas_price() * 2),
            "eth_maxPriorityFeePerGas": lambda: "0x0",
            "eth_getCode": lambda address, *_: _hex(chain.code(address)),
            "eth_getBalance": lambda address, *_: hex(chain.balance(address)),
            "eth_getTransactionCount": lambda address, *_: hex(chain.nonce(address)),
            "eth_getBlockByNumber": self._block,
            "eth_call": self._call,
            "eth_estimateGas": self._estimate,
            "eth_sendRawTransaction": self._send,
            "eth_getTransactionReceipt": self._receipt,
            "eth_getLogs": self._logs,
            "evm_snapshot": self._snapshot,
            "evm_revert": self._revert,
            "evm_setNextBlockTimestamp": self._set_time,
            "evm_mine": self._mine,
        }

    def answer(self, request: Any) -> Any:
        """Return the answer to one request object or to a list of them."""
        if isinstance(request, list):
            return [self.answer(one) for one in request]
        number = request.get("id") if isinstance(request, dict) else None
        head: dict[str, Any] = {"jsonrpc": "2.0", "id": number}
        try:
            return {**head, "result": self._run(request)}
        except RpcError as error:
            return {**head, "error": error.body}

    def _run(self, request: Any) -> Any:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            raise RpcError(-32600, "not a request")
        method = self._table.get(request["method"])
        if method is None:
            raise RpcError(-32601, f"the embedded chain has no method {request['method']}")
        params = request.get("params") or []
        if not isinstance(params, list):
            raise RpcError(-32602, "params must be a list")
        with self._lock:
            try:
                return method(*params)
            except Refused as error:
                text = f"execution reverted: {error.reason}"
                raise RpcError(3, text, _hex(error.revert_data)) from None
            except NodeError as error:
                raise RpcError(-32000, error.message) from None
            except (P2PError, TypeError, ValueError, KeyError, AttributeError) as error:
                raise RpcError(-32602, f"invalid params: {error}") from None

    def _block(self, number: str, *_: Any) -> Any:
        try:
            return _block_json(self._chain.block(_tag(number)))
        except NodeError:
            return None

    def _call(self, request: dict[str, str], block: str = "latest", *_: Any) -> str:
        data = _bytes(request.get("data") or request.get("input") or "0x")
        gas = int(request["gas"], 16) if request.get("gas") else None
        sender = request.get("from")
        return _hex(self._chain.call(request["to"], data, _tag(block), sender, gas))

    def _estimate(self, request: dict[str, str], *_: Any) -> str:
        data = _bytes(request.get("data") or request.get("input") or "0x")
        value = int(request.get("value") or "0x0", 16)
        sender = request.get("from") or "0x" + "00" * 20
        return hex(self._chain.estimate_gas(sender, request.get("to"), data, value))

    def _send(self, raw: str) -> str:
        if self._next_time is not None:
            self._chain.set_next_time(self._next_time)
            self._next_time = None
        return _hex(self._chain.send_raw(_bytes(raw)))

    def _receipt(self, tx_hash: str) -> Any:
        found = self._chain.receipt(_bytes(tx_hash))
        return None if found is None else _receipt_json(found)

    def _logs(self, query: dict[str, Any]) -> Any:
        head = self._chain.block().number
        first, last = (
            block if isinstance(block := _tag(query.get(name, "latest")), int) else head
            for name in ("fromBlock", "toBlock")
        )
        address = query.get("address") or []
        topics = [
            entry if entry is None else [_bytes(word) for word in _listed(entry)]
            for entry in query.get("topics") or []
        ]
        return [_log_json(log) for log in self._chain.logs(_listed(address), first, last, topics)]

    def _snapshot(self) -> str:
        name = hex(len(self._snapshots) + 1)
        self._snapshots[name] = self._chain.snapshot()
        return name

    def _revert(self, name: str) -> bool:
        snapshot = self._snapshots.pop(name, None)
        if snapshot is None:
            return False
        self._chain.revert(snapshot)
        return True

    def _set_time(self, timestamp: int | str) -> None:
        wanted = int(timestamp, 16) if isinstance(timestamp, str) else timestamp
        last = self._chain.block().timestamp
        if wanted <= last:
            raise RpcError(-32602, f"timestamp {wanted} is not after the last block's {last}")
        self._next_time = wanted

    def _mine(self, *_: Any) -> str:
        if self._next_time is not None:
            self._chain.set_time(self._next_time)
            self._next_time = None
        else:
            self._chain.mine()
        return "0x0"


class RpcServer:
    """Serves an embedded chain on a port of 127.0.0.1 until `stop`. Port 0 takes a free one."""

    def __init__(self, chain: Tester, port: int) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.methods = Methods(chain)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    methods: Methods


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60
    server: _Server

    def do_POST(self) -> None:
        host = self.headers.get("Host", "").rsplit(":", 1)[0]
        try:
            size = int(self.headers.get("Content-Length", "0"))
        except ValueError:
            size = -1
        if host not in _HOSTS or self.headers.get("Origin") is not None:
            self._reply(403, b"only for programs on this machine\n", "text/plain")
        elif not 0 < size <= _MOST_BYTES:
            self._reply(413, b"no request, or too large\n", "text/plain")
        else:
            try:
                answer = self.server.methods.answer(json.loads(self.rfile.read(size)))
            except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
                error = {"code": -32700, "message": "not JSON"}
                answer = {"jsonrpc": "2.0", "id": None, "error": error}
            self._reply(200, json.dumps(answer).encode(), "application/json")

    def _reply(self, status: int, body: bytes, kind: str) -> None:
        with contextlib.suppress(ConnectionError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status != 200:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            self.wfile.write(body)
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
        """Keep quiet: a line for each request would bury everything else."""


def _block_json(block: Block) -> dict[str, Any]:
    return {
        "number": hex(block.number),
        "hash": _hex(block.hash),
        "parentHash": _hex(block.parent_hash),
        "timestamp": hex(block.timestamp),
        "gasLimit": hex(block.gas_limit),
        "baseFeePerGas": None if block.base_fee is None else hex(block.base_fee),
    }


def _log_json(log: Log) -> dict[str, Any]:
    return {
        "address": log.address,
        "topics": [_hex(word) for word in log.topics],
        "data": _hex(log.data),
        "blockNumber": hex(log.block_number),
        "blockHash": _hex(log.block_hash),
        "transactionHash": _hex(log.tx_hash),
        "transactionIndex": hex(log.tx_index),
        "logIndex": hex(log.log_index),
        "removed": False,
    }


def _receipt_json(receipt: Receipt) -> dict[str, Any]:
    return {
        "transactionHash": _hex(receipt.tx_hash),
        "transactionIndex": "0x0",
        "status": hex(receipt.status),
        "blockNumber": hex(receipt.block_number),
        "blockHash": _hex(receipt.block_hash),
        "gasUsed": hex(receipt.gas_used),
        "cumulativeGasUsed": hex(receipt.gas_used),
        "effectiveGasPrice": hex(receipt.gas_price),
        "contractAddress": receipt.contract_address,
        "logs": [_log_json(log) for log in receipt.logs],
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _tag(block: str) -> int | str:
    return int(block, 16) if block.startswith("0x") else block


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
