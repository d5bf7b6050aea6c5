"""The same behaviour on the embedded chain, behind its server, and on anvil."""

from __future__ import annotations

import pytest

from p2pchain.chain.abi import Call, Panicked, Reverted
from p2pchain.chain.bindings.errors import ERRORS
from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.records import TX_GAS_CAP
from p2pchain.chain.sender import Sender
from p2pchain.errors import BadInput, NodeError, Refused
from p2pchain.keys import LocalSigner

TOPIC = (42).to_bytes(32, "big")
START = 1_497_052_800


def error_string(text: bytes) -> bytes:
    head = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big")
    return head + len(text).to_bytes(32, "big") + text.ljust(32, b"\0")


def test_time_starts_in_2017_and_moves_as_told(chain: Chain) -> None:
    assert START <= chain.block(0).timestamp <= START + 1
    before = chain.block()
    chain.set_time(before.timestamp + 5000)
    after = chain.block()
    assert after.timestamp == before.timestamp + 5000
    assert (after.number, after.parent_hash) == (before.number + 1, before.hash)
    with pytest.raises(BadInput, match="does not go back"):
        chain.set_time(after.timestamp)


def test_receipt_logs_and_call(chain: Chain, counter: str, signer: LocalSigner) -> None:
    with Sender(chain, signer) as sender:
        receipts = [sender.send(Call(counter, b"")) for _ in range(3)]
    last = receipts[-1]
    assert last.status == 1
    assert last == chain.receipt(last.tx_hash)
    assert 21_000 < last.gas_used < 60_000
    (log,) = last.logs
    assert (log.address, log.topics) == (counter, (TOPIC,))
    assert int.from_bytes(log.data, "big") == 3
    assert log.block_hash == last.block_hash == chain.block(last.block_number).hash
    assert int.from_bytes(chain.call(counter, b""), "big") == 4
    first = receipts[0].block_number
    assert int.from_bytes(chain.call(counter, b"", first), "big") == 2


def test_logs_by_address_topic_and_range(chain: Chain, counter: str, signer: LocalSigner) -> None:
    with Sender(chain, signer) as sender:
        blocks = [sender.send(Call(counter, b"")).block_number for _ in range(4)]
    head = chain.block().number

    def counts(*arguments: object) -> list[int]:
        return [int.from_bytes(log.data, "big") for log in chain.logs(*arguments)]  # type: ignore[arg-type]

    assert counts([counter], 0, head) == [1, 2, 3, 4]
    assert counts([counter], blocks[1], blocks[2]) == [2, 3]
    assert counts([counter], blocks[3] + 1, head + 5) == []
    assert counts([counter], 0, head, [TOPIC]) == [1, 2, 3, 4]
    assert counts([counter], 0, head, [[bytes(32), TOPIC]]) == [1, 2, 3, 4]
    assert counts([counter], 0, head, [bytes(32)]) == []
    assert counts([counter], 0, head, [None, TOPIC]) == []
    assert counts([signer.address], 0, head) == []


@pytest.mark.parametrize("way", ["call", "send"])
def test_refusals_are_typed(chain: Chain, counter: str, signer: LocalSigner, way: str) -> None:
    def refusal(data: bytes) -> Refused:
        with Sender(chain, signer) as sender, pytest.raises(Refused) as caught:
            chain.call(counter, data) if way == "call" else sender.send(Call(counter, data))
        return caught.value

    text = refusal(error_string(b"too late"))
    assert isinstance(text, Reverted)
    assert text.args == ("too late",)
    assert "too late" in str(text)
    panic = refusal(bytes.fromhex("4e487b71") + (0x11).to_bytes(32, "big"))
    assert isinstance(panic, Panicked)
    assert panic.hint is not None
    unknown = refusal(b"\x12\x34\x56\x78" + bytes(32))
    assert (unknown.reason, unknown.args[0]) == ("UnknownError", b"\x12\x34\x56\x78")
    assert unknown.hint is not None
    broken = refusal(bytes.fromhex("08c379a0") + b"\xff" * 40)
    assert broken.reason == "UnknownError"


def test_errors_of_our_contracts_are_typed(chain: Chain, counter: str) -> None:
    plain = [(selector, kind) for selector, kind in ERRORS.items() if not kind.TYPES]
    assert plain
    for selector, kind in plain[:5]:
        with pytest.raises(kind):
            chain.call(counter, selector)


def test_estimate_suffices(chain: Chain, counter: str, signer: LocalSigner) -> None:
    gas = chain.estimate_gas(signer.address, counter, b"")
    with Sender(chain, signer) as sender:
        receipt = sender.send(Call(counter, b""), gas)
    assert receipt.gas_used <= gas < TX_GAS_CAP
    with pytest.raises(Reverted):
        chain.estimate_gas(signer.address, counter, error_string(b"no"))


def test_anchor_undoes_everything(chain: Chain, counter: str, signer: LocalSigner) -> None:
    before = (chain.block(), chain.nonce(signer.address), chain.balance(signer.address))
    with chain.anchor(), Sender(chain, signer) as sender:
        undone = sender.send(Call(counter, b""))
        assert chain.block().number == before[0].number + 1
    assert (chain.block(), chain.nonce(signer.address), chain.balance(signer.address)) == before
    assert chain.receipt(undone.tx_hash) is None
    assert chain.logs([counter], 0, chain.block().number) == []
    with Sender(chain, signer) as sender:  # and the chain goes on from there
        assert int.from_bytes(sender.send(Call(counter, b"")).logs[0].data, "big") == 1


def test_snapshots_nest_and_are_used_up(tester: Chain) -> None:
    outer = tester.snapshot()
    tester.mine()
    inner = tester.snapshot()
    tester.mine(2)
    tester.revert(inner)
    assert tester.block().number == 1
    tester.revert(outer)
    with pytest.raises(BadInput, match="used up"):
        tester.revert(inner)


def test_same_transactions_same_chain(signer: LocalSigner) -> None:
    """The embedded chain is deterministic: demos and their hashes repeat."""

    def run() -> bytes:
        chain = connect("tester", genesis_time=START)
        with Sender(chain, signer) as sender:
            for _ in range(3):
                sender.send(Call(signer.address, b"", 1))
        return chain.block().hash

    assert run() == run()


def test_code_balance_nonce(chain: Chain, counter: str, signer: LocalSigner) -> None:
    assert len(chain.code(counter)) == 40
    assert chain.code(signer.address) == b""
    other = LocalSigner(b"\x07" * 32).address
    nonce = chain.nonce(signer.address)
    with Sender(chain, signer) as sender:
        sender.send(Call(other, b"", 12345))
    assert chain.balance(other) == 12345
    assert chain.nonce(signer.address) == nonce + 1


def test_no_such_block(chain: Chain) -> None:
    with pytest.raises(NodeError):
        chain.block(10**6)


def test_wall_clock_without_genesis_time() -> None:
    import time

    chain = connect("tester")
    assert abs(chain.block().timestamp - time.time()) < 30
    chain.set_time(chain.block().timestamp + 86_400)
    chain.mine()
    assert 0 < chain.block().timestamp - time.time() - 86_400 + 30 < 60
