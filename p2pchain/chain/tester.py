"""The embedded chain: py-evm in this process, one block per transaction, Prague rules.

It answers as a node does, with three differences that its users see: time only moves as told where
a genesis time is given, a block holds far more gas than a transaction may use (EIP-7825), and a
reverted transaction knows what the contract answered. Receipts and logs are indexed here because
py-evm finds them only by walking back from the head.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from eth.chains.base import MiningChain
from eth.constants import GENESIS_PARENT_HASH, ZERO_ADDRESS
from eth.db.atomic import AtomicDB
from eth.exceptions import VMError
from eth.vm.forks.prague import PragueVM
from eth.vm.message import Message
from eth.vm.spoof import SpoofTransaction
from eth_typing import Address, BlockNumber
from eth_utils.exceptions import ValidationError
from rlp.exceptions import RLPException  # type: ignore[import-untyped]

from p2pchain.chain.abi import checksum
from p2pchain.chain.connect import Chain, Topics
from p2pchain.chain.devkeys import dev_signers
from p2pchain.chain.records import TX_GAS_CAP, Block, Log, Receipt
from p2pchain.chain.reverts import decode_revert
from p2pchain.errors import BadInput, NodeError, NodeRejected
from p2pchain.networks import TESTER, Network

BLOCK_GAS_LIMIT = 200_000_000
DEV_BALANCE = 1_000_000 * 10**18
_EMPTY_ROOT = bytes.fromhex("56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421")
_BLOCK_MOVES = 1  # seconds from one block to the next where nothing else is said


class Tester(Chain):
    """An Ethereum chain in memory, gone with the process. Funds the ten development accounts."""

    immediate = True

    def __init__(
        self,
        network: Network = TESTER,
        *,
        genesis_time: int | None = None,
        chain_id: int | None = None,
        balances: dict[str, int] | None = None,
        gas_limit: int = BLOCK_GAS_LIMIT,
    ) -> None:
        self.network = network
        self.chain_id = chain_id or network.chain_id or 1
        self._manual = genesis_time is not None
        self._next: int | None = None  # the time that was asked for the next block
        self._shift = 0  # wall clock: how far the chain is ahead of it
        funds = {signer.address: DEV_BALANCE for signer in dev_signers()}
        funds.update(balances or {})
        self._evm: Any = _new_evm(
            self.chain_id,
            gas_limit,
            int(time.time()) if genesis_time is None else genesis_time,
            {_raw(address): wei for address, wei in funds.items()},
        )
        genesis = self._evm.get_canonical_head()
        self._headers: list[Any] = [genesis]
        self._block_logs: list[tuple[Log, ...]] = [()]
        self._receipts: dict[bytes, Receipt] = {}

    # reading

    def call(
        self,
        to: str,
        data: bytes,
        block: int | str = "latest",
        sender: str | None = None,
        gas: int | None = None,
    ) -> bytes:
        computation = self._execute(to, data, block, sender, gas)
        if computation.is_error:
            raise decode_revert(_revert_data(computation))
        return bytes(computation.output)

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        return self._receipts.get(tx_hash)

    def logs(
        self,
        addresses: Sequence[str],
        from_block: int,
        to_block: int,
        topics: Topics | None = None,
    ) -> list[Log]:
        wanted = {checksum(address) for address in addresses}
        filters = [
            None if entry is None else {entry} if isinstance(entry, bytes) else set(entry)
            for entry in topics or ()
        ]
        return [
            log
            for block_logs in self._block_logs[max(0, from_block) : to_block + 1]
            for log in block_logs
            if (not wanted or log.address in wanted)
            and len(log.topics) >= len(filters)
            and all(
                accepted is None or word in accepted
                for accepted, word in zip(filters, log.topics, strict=False)
            )
        ]

    def block(self, number: int | str = "latest") -> Block:
        header = self._header(number)
        return Block(
            number=header.block_number,
            hash=bytes(header.hash),
            parent_hash=bytes(header.parent_hash),
            timestamp=header.timestamp,
            gas_limit=header.gas_limit,
            base_fee=header.base_fee_per_gas,
        )

    def code(self, address: str) -> bytes:
        return bytes(self._state().get_code(_raw(address)))

    def balance(self, address: str) -> int:
        return int(self._state().get_balance(_raw(address)))

    def nonce(self, address: str) -> int:
        return int(self._state().get_nonce(_raw(address)))

    def estimate_gas(self, sender: str, to: str | None, data: bytes, value: int = 0) -> int:
        """One run with all the gas; then room for 1/64 held back in each of eight calls."""
        vm = self._evm.get_vm(self._header("pending"))
        origin = _raw(sender)
        vm.state.set_balance(origin, value + 10**30)
        transaction = vm.get_transaction_builder().new_unsigned_dynamic_fee_transaction(
            chain_id=self.chain_id,
            nonce=vm.state.get_nonce(origin),
            max_priority_fee_per_gas=0,
            max_fee_per_gas=10**12,
            gas=TX_GAS_CAP,
            to=_raw(to) if to else b"",
            value=value,
            data=data,
            access_list=(),
        )
        try:
            computation = vm.state.apply_transaction(SpoofTransaction(transaction, from_=origin))
        except ValidationError as error:
            raise NodeRejected(str(error)) from None
        if computation.is_error:
            raise decode_revert(_revert_data(computation))
        used: int = TX_GAS_CAP - computation.get_gas_remaining()
        return used if used <= 21_000 else min(TX_GAS_CAP, used * 8 // 7)

    def gas_price(self) -> int:
        return int(self._evm.header.base_fee_per_gas)

    # sending

    def send_raw(self, raw: bytes) -> bytes:
        try:
            transaction = PragueVM.get_transaction_builder().decode(raw)
        except (RLPException, ValidationError, ValueError, TypeError, IndexError) as error:
            raise NodeRejected(f"not a transaction: {error}") from None
        tx_hash = bytes(transaction.hash)
        if tx_hash in self._receipts:
            raise NodeRejected("already known")
        if transaction.gas > TX_GAS_CAP:
            raise NodeRejected(f"transaction gas limit too high (cap: {TX_GAS_CAP})")
        nonce = self._state().get_nonce(transaction.sender)
        if transaction.nonce != nonce:
            word = "low" if transaction.nonce < nonce else "high"
            raise NodeRejected(
                f"nonce too {word}: next nonce {nonce}, tx nonce {transaction.nonce}"
            )
        price = min(
            transaction.max_fee_per_gas,
            transaction.max_priority_fee_per_gas + self._evm.header.base_fee_per_gas,
        )
        self._tick()
        try:
            _, receipts, computations = self._evm.mine_all([transaction])
        except ValidationError as error:
            raise NodeRejected(_plain(error)) from None
        self._record(tx_hash, price, receipts[0], computations[0])
        return tx_hash

    def _record(self, tx_hash: bytes, price: int, receipt: Any, computation: Any) -> None:
        header = self._evm.get_canonical_head()
        number, block_hash = header.block_number, bytes(header.hash)
        logs = tuple(
            Log(
                address=checksum("0x" + log.address.hex()),
                topics=tuple(word.to_bytes(32, "big") for word in log.topics),
                data=bytes(log.data),
                block_number=number,
                block_hash=block_hash,
                tx_hash=tx_hash,
                tx_index=0,
                log_index=index,
            )
            for index, log in enumerate(receipt.logs)
        )
        failed = computation.is_error
        created = computation.msg.is_create and not failed
        self._receipts[tx_hash] = Receipt(
            tx_hash=tx_hash,
            status=0 if failed else 1,
            block_number=number,
            block_hash=block_hash,
            gas_used=receipt.gas_used,
            logs=logs,
            contract_address=checksum("0x" + computation.msg.storage_address.hex())
            if created
            else None,
            gas_price=price,
            revert_data=_revert_data(computation) if failed else None,
        )
        self._headers.append(header)
        self._block_logs.append(logs)

    # time and snapshots

    def snapshot(self) -> object:
        return self._headers[-1]

    def revert(self, snapshot: object) -> None:
        number = getattr(snapshot, "block_number", -1)
        if not 0 <= number < len(self._headers) or self._headers[number] != snapshot:
            raise BadInput("this snapshot is not of the present chain, or is used up")
        header = self._headers[number]
        database = self._evm.chaindb
        database._set_as_canonical_chain_head(database.db, header, GENESIS_PARENT_HASH)
        self._evm.header = self._evm.create_header_from_parent(header)
        for logs in self._block_logs[number + 1 :]:
            for log in logs:
                self._receipts.pop(log.tx_hash, None)
        gone = [key for key, value in self._receipts.items() if value.block_number > number]
        for key in gone:
            del self._receipts[key]
        del self._headers[number + 1 :], self._block_logs[number + 1 :]

    def set_time(self, timestamp: int) -> None:
        last = self._headers[-1].timestamp
        if timestamp <= last:
            raise BadInput(f"time does not go back: the last block is at {last}, not before")
        self._shift = timestamp - int(time.time())
        self._mine_empty(timestamp)

    def set_next_time(self, timestamp: int) -> None:
        """Give the next block this unix time, without mining it."""
        self._shift = timestamp - int(time.time())
        self._next = timestamp

    def mine(self, count: int = 1) -> None:
        for _ in range(count):
            self._mine_empty(None)

    def close(self) -> None:
        """Nothing to let go of: the chain lives as long as this object."""

    def _mine_empty(self, timestamp: int | None) -> None:
        self._tick(timestamp)
        self._evm.mine_all([])
        self._headers.append(self._evm.get_canonical_head())
        self._block_logs.append(())

    def _tick(self, timestamp: int | None = None) -> None:
        """Give the block to come its time."""
        self._evm.header = self._evm.header.copy(timestamp=timestamp or self._next_time())
        self._next = None

    def _next_time(self) -> int:
        if self._next is not None and self._next > self._headers[-1].timestamp:
            return self._next
        following: int = self._headers[-1].timestamp + _BLOCK_MOVES
        return following if self._manual else max(following, int(time.time()) + self._shift)

    # the EVM

    def _header(self, number: int | str) -> Any:
        if number in ("latest", "safe", "finalized"):
            return self._headers[-1]
        if number == "pending":
            return self._evm.header.copy(timestamp=self._next_time())
        if number == "earliest":
            return self._headers[0]
        if isinstance(number, int) and 0 <= number < len(self._headers):
            return self._headers[number]
        raise NodeError(f"there is no block {number}")

    def _state(self) -> Any:
        return self._evm.get_vm(self._headers[-1]).state

    def _execute(
        self, to: str, data: bytes, block: int | str, sender: str | None, gas: int | None
    ) -> Any:
        header = self._header(block)
        limit = header.gas_limit if gas is None else min(gas, header.gas_limit) - _paid_first(data)
        if limit < 0:
            raise decode_revert(b"")
        vm = self._evm.get_vm(header)
        state, target = vm.state, _raw(to)
        origin = _raw(sender) if sender else ZERO_ADDRESS
        message = Message(
            gas=limit,
            to=target,
            sender=origin,
            value=0,
            data=data,
            code=state.get_code(target),
            code_address=target,
        )
        context = state.get_transaction_context_class()(gas_price=0, origin=origin)
        return state.computation_class.apply_message(state, message, context)


def _paid_first(data: bytes) -> int:
    """Gas of a transaction before anything runs: itself and its calldata (EIP-2028)."""
    return 21_000 + 16 * len(data) - 12 * data.count(0)


def _new_evm(chain: int, gas_limit: int, timestamp: int, balances: dict[Address, int]) -> Any:
    class LocalChain(MiningChain):
        chain_id = chain
        vm_configuration: Any = ((BlockNumber(0), PragueVM),)

        def create_header_from_parent(self, parent_header: Any, **params: Any) -> Any:
            # A time of its own: the base class would take the wall clock's.
            params["gas_limit"] = parent_header.gas_limit
            params.setdefault("timestamp", parent_header.timestamp + _BLOCK_MOVES)
            return super().create_header_from_parent(parent_header, **params)

    genesis: Any = {
        "coinbase": ZERO_ADDRESS,
        "difficulty": 0,
        "extra_data": b"",
        "gas_limit": gas_limit,
        "mix_hash": bytes(32),
        "nonce": bytes(8),
        "receipt_root": _EMPTY_ROOT,
        "timestamp": timestamp,
        "transaction_root": _EMPTY_ROOT,
    }
    state: Any = {
        address: {"balance": wei, "nonce": 0, "code": b"", "storage": {}}
        for address, wei in balances.items()
    }
    return LocalChain.from_genesis(AtomicDB(), genesis, state)


def _revert_data(computation: Any) -> bytes:
    """Return what the contract answered; nothing where it ran out of gas or broke a rule."""
    error = computation._error if isinstance(computation._error, VMError) else None
    return bytes(computation.output) if error is not None and computation.output else b""


def _raw(address: str) -> Address:
    return Address(bytes.fromhex(checksum(address)[2:]))


def _plain(error: Exception) -> str:
    text = str(error).replace("\n", " ")
    if "balance" in text or "afford" in text:
        return f"insufficient funds for gas * price + value ({text})"
    return text
