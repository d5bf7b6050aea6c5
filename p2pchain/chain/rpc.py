"""A chain behind a node: JSON-RPC over HTTP.

web3's provider carries the requests, without its retries (they include `eth_sendRawTransaction`,
and a second hand-in reads like a failure) and with a time limit on each. Answers are read here and
not by web3's formatters, which are several times slower and refuse the long `extraData` of
proof-of-authority blocks; whoever wants a `Web3` for such a network gets one from `web3()`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from p2pchain.chain.abi import checksum
from p2pchain.chain.connect import Chain, Topics
from p2pchain.chain.records import Block, Log, Receipt
from p2pchain.chain.reverts import decode_revert, is_revert, revert_data
from p2pchain.errors import BadInput, NodeError, NodeRejected, NodeTimeout, NodeUnreachable
from p2pchain.networks import Network

if TYPE_CHECKING:
    from web3 import Web3

_CONNECT_SECONDS = 5
_FIRST_SPAN, _MOST_SPAN, _MOST_LOGS = 500, 5_000, 20_000


class Rpc(Chain):
    """The chain behind the URL of a network profile."""

    def __init__(self, network: Network) -> None:
        import requests
        from web3 import HTTPProvider

        if network.url is None:
            raise BadInput(f"network '{network.name}' has no URL")
        self.network = network
        seconds = network.timeout_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy of the environment must not see 127.0.0.1
        self._provider = HTTPProvider(
            network.url,
            request_kwargs={"timeout": (min(_CONNECT_SECONDS, seconds), seconds)},
            session=self._session,
            exception_retry_configuration=None,
        )
        self._span = _FIRST_SPAN
        try:
            self.chain_id = _number(self.request("eth_chainId"))
        except BaseException:
            self.close()
            raise

    # the wire

    def request(self, method: str, *params: Any) -> Any:
        """Return the `result` of a request. Raises NodeError, or the contract's error."""
        answer = self._exchange(method, params)
        error = answer.get("error")
        if error is None:
            if "result" not in answer:
                raise self._not_a_node("its answer has neither result nor error")
            return answer["result"]
        if not isinstance(error, dict):
            error = {"message": str(error)}
        if method in ("eth_call", "eth_estimateGas") and is_revert(error):
            raise decode_revert(error if revert_data(error) is not None else b"")
        code = error.get("code")
        raise NodeRejected(
            _one_line(str(error.get("message", error))),
            code=code if isinstance(code, int) else None,
        )

    def _exchange(self, method: str, params: Sequence[Any]) -> dict[str, Any]:
        import requests

        where = self.network.label
        try:
            answer = self._provider.make_request(method, list(params))
        except requests.Timeout:
            raise NodeTimeout(
                f"the node at {where} did not answer within {self.network.timeout_seconds} seconds",
                hint="it may be starting, syncing or hanging: try again, or use another node",
            ) from None
        except requests.HTTPError as error:
            raise self._http_error(error) from None
        except requests.RequestException as error:
            raise NodeUnreachable(
                f"no node answers at {where} ({_cause(error)})",
                hint="start one with 'p2pchain node', or choose a network with -n",
            ) from None
        except (json.JSONDecodeError, UnicodeDecodeError, ValueError):
            raise self._not_a_node("its answer is not JSON") from None
        if not isinstance(answer, dict):
            raise self._not_a_node("its answer is not a JSON-RPC object")
        return dict(answer)

    def _http_error(self, error: Any) -> NodeError:
        status = error.response.status_code
        if status in (401, 403):
            return NodeUnreachable(
                f"{self.network.label} refuses access (HTTP {status})", hint="check key and URL"
            )
        if status == 429 or status >= 500:
            return NodeUnreachable(
                f"the node at {self.network.label} is overloaded or broken (HTTP {status})",
                hint="try again later, or use another node",
            )
        return self._not_a_node(f"HTTP {status}")

    def _not_a_node(self, what: str) -> NodeUnreachable:
        return NodeUnreachable(
            f"{self.network.label} is not an Ethereum node: {what}",
            hint="the URL must be that of a JSON-RPC endpoint",
        )

    def web3(self) -> Web3:
        """Return a Web3 on the same provider, fit for proof-of-authority where the profile says."""
        from web3 import Web3
        from web3.middleware import ExtraDataToPOAMiddleware

        client = Web3(self._provider)
        if self.network.poa:
            client.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
        return client

    # reading

    def call(
        self,
        to: str,
        data: bytes,
        block: int | str = "latest",
        sender: str | None = None,
        gas: int | None = None,
    ) -> bytes:
        request = {"to": to, "data": _hex(data)}
        if sender is not None:
            request["from"] = sender
        if gas is not None:
            request["gas"] = hex(gas)
        return _bytes(self.request("eth_call", request, _tag(block)))

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        try:
            found = self.request("eth_getTransactionReceipt", _hex(tx_hash))
        except NodeRejected as error:
            if "indexing" in error.message:  # geth, just after its start
                return None
            raise
        return None if found is None or found.get("blockHash") is None else self._receipt(found)

    def logs(
        self,
        addresses: Sequence[str],
        from_block: int,
        to_block: int,
        topics: Topics | None = None,
    ) -> list[Log]:
        query: dict[str, Any] = {}
        if addresses:
            query["address"] = list(addresses)
        if topics:
            query["topics"] = [_topic(entry) for entry in topics]
        found: list[Log] = []
        start = max(0, from_block)
        while start <= to_block:
            end = min(to_block, start + self._span - 1)
            asked = {**query, "fromBlock": hex(start), "toBlock": hex(end)}
            try:
                rows = self.request("eth_getLogs", asked)
            except (NodeRejected, NodeTimeout):
                # Every node has a limit of its own and its own words for it; some also mind
                # a range that ends after the head.
                if to_block > (head := self.block().number):
                    to_block = head
                    continue
                if end == start:
                    raise
                self._span = max(1, (end - start + 1) // 4)
                continue
            found += [self._log(row) for row in rows]
            start = end + 1
            if len(rows) < _MOST_LOGS:
                self._span = min(_MOST_SPAN, self._span * 2)
        return found

    def block(self, number: int | str = "latest") -> Block:
        row = self.request("eth_getBlockByNumber", _tag(number), False)
        if row is None:
            raise NodeRejected(f"{self.network.label} has no block {number}")
        try:
            fee = row.get("baseFeePerGas")
            return Block(
                number=_number(row["number"]),
                hash=_bytes(row["hash"]),
                parent_hash=_bytes(row["parentHash"]),
                timestamp=_number(row["timestamp"]),
                gas_limit=_number(row["gasLimit"]),
                base_fee=None if fee is None else _number(fee),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._not_a_node(f"a block without {error}") from None

    def code(self, address: str) -> bytes:
        return _bytes(self.request("eth_getCode", address, "latest"))

    def balance(self, address: str) -> int:
        return _number(self.request("eth_getBalance", address, "latest"))

    def nonce(self, address: str) -> int:
        return _number(self.request("eth_getTransactionCount", address, "latest"))

    def estimate_gas(self, sender: str, to: str | None, data: bytes, value: int = 0) -> int:
        request = {"from": sender, "data": _hex(data), "value": hex(value)}
        if to:
            request["to"] = to
        return _number(self.request("eth_estimateGas", request, "pending"))

    def gas_price(self) -> int:
        return _number(self.request("eth_gasPrice"))

    def client_version(self) -> str:
        """Return what the node calls itself."""
        return str(self.request("web3_clientVersion"))

    def send_raw(self, raw: bytes) -> bytes:
        return _bytes(self.request("eth_sendRawTransaction", _hex(raw)))

    # local chains only

    def snapshot(self) -> object:
        return self.request("evm_snapshot")

    def revert(self, snapshot: object) -> None:
        if self.request("evm_revert", snapshot) is not True:
            raise BadInput("this snapshot is not of the present chain, or is used up")

    def set_time(self, timestamp: int) -> None:
        last = self.block().timestamp
        if timestamp <= last:
            raise BadInput(f"time does not go back: the last block is at {last}")
        self.request("evm_setNextBlockTimestamp", hex(timestamp))
        self.request("evm_mine")

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            self.request("evm_mine")

    def close(self) -> None:
        self._session.close()

    # answers

    def _receipt(self, row: dict[str, Any]) -> Receipt:
        try:
            created = row.get("contractAddress")
            return Receipt(
                tx_hash=_bytes(row["transactionHash"]),
                status=_number(row["status"]),
                block_number=_number(row["blockNumber"]),
                block_hash=_bytes(row["blockHash"]),
                gas_used=_number(row["gasUsed"]),
                logs=tuple(self._log(log) for log in row["logs"]),
                contract_address=checksum(created) if created else None,
                gas_price=_number(row.get("effectiveGasPrice") or "0x0"),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._not_a_node(f"a receipt without {error}") from None

    def _log(self, row: dict[str, Any]) -> Log:
        try:
            return Log(
                address=checksum(row["address"]),
                topics=tuple(_bytes(word) for word in row["topics"]),
                data=_bytes(row["data"]),
                block_number=int(row["blockNumber"], 16),
                block_hash=_bytes(row["blockHash"]),
                tx_hash=_bytes(row["transactionHash"]),
                tx_index=int(row["transactionIndex"], 16),
                log_index=int(row["logIndex"], 16),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise self._not_a_node(f"a log without {error}") from None


def _tag(block: int | str) -> str:
    return hex(block) if isinstance(block, int) else block


def _topic(entry: bytes | Sequence[bytes] | None) -> Any:
    if entry is None or isinstance(entry, bytes):
        return None if entry is None else _hex(entry)
    return [_hex(word) for word in entry]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _bytes(text: Any) -> bytes:
    if not isinstance(text, str):
        raise NodeUnreachable(f"the node answered {_one_line(repr(text))} where bytes belong")
    return bytes.fromhex(text.removeprefix("0x"))


def _number(text: Any) -> int:
    if not isinstance(text, str):
        raise NodeUnreachable(f"the node answered {_one_line(repr(text))} where a number belongs")
    return int(text, 16)


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 300 else line[:300] + "..."


def _cause(error: BaseException) -> str:
    text = str(error).lower()
    for sign, meaning in (
        ("refused", "connection refused"),
        ("name or service", "unknown host"),
        ("name resolution", "unknown host"),
        ("certificate", "its certificate is not trusted"),
        ("unreachable", "no route"),
        ("aborted", "the connection was cut"),
        ("reset", "the connection was cut"),
    ):
        if sign in text:
            return meaning
    return type(error).__name__
