"""Nothing lost, nothing paid twice: wherever a Sender is cut off."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from p2pchain.chain.abi import Call, Reverted
from p2pchain.chain.connect import Chain
from p2pchain.chain.devkeys import dev_signers
from p2pchain.chain.node import LocalNode
from p2pchain.chain.records import TX_GAS_CAP, Patience
from p2pchain.chain.rpc import Rpc
from p2pchain.chain.sender import Sender
from p2pchain.chain.transactions import Fee, sign
from p2pchain.errors import (
    BadInput,
    NodeRejected,
    NodeTimeout,
    NodeUnreachable,
    NonceTakenByOther,
    Refused,
)
from p2pchain.keys import LocalSigner


def count(chain: Chain, counter: str) -> int:
    """How often the counter was really called."""
    return int.from_bytes(chain.call(counter, b""), "big") - 1


def states(journal: Path) -> list[str]:
    with sqlite3.connect(journal) as db:
        found = [row[0] for row in db.execute("SELECT state FROM tx ORDER BY id")]
    db.close()
    return found


CUTS = [NodeTimeout("cut"), NodeUnreachable("cut"), KeyboardInterrupt()]


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: type(cut).__name__)
@pytest.mark.parametrize("where", ["before", "after"])
def test_cut_off_while_handing_in(
    faulty, tester_counter: str, signer: LocalSigner, journal: Path, where: str, cut
) -> None:
    setattr(faulty, where, cut)
    with pytest.raises(type(cut)), Sender(faulty.as_chain(), signer, journal) as sender:
        sender.send(Call(tester_counter, b""))
    assert states(journal) == ["live"]
    setattr(faulty, where, None)
    with Sender(faulty.as_chain(), signer, journal) as sender:
        (found,) = sender.resume()
        assert found.state in ("live", "done")
        receipt = sender.send(Call(tester_counter, b""))  # the same wish again
        assert receipt.status == 1
        assert count(faulty.chain, tester_counter) == 1
        sender.send(Call(tester_counter, b""))  # a new wish
    assert count(faulty.chain, tester_counter) == 2
    assert len(set(faulty.sent)) == 2
    assert states(journal) == ["done", "done"]


def test_same_sender_goes_on_after_a_failure(
    faulty, tester_counter: str, signer: LocalSigner, journal: Path
) -> None:
    faulty.after = NodeTimeout("cut")
    with Sender(faulty.as_chain(), signer, journal) as sender:
        with pytest.raises(NodeTimeout) as caught:
            sender.send(Call(tester_counter, b""))
        assert caught.value.hint is not None
        assert "not repeated" in caught.value.hint
        faulty.after = None
        assert sender.send(Call(tester_counter, b"")).status == 1
    assert count(faulty.chain, tester_counter) == 1


def test_nothing_is_sent_that_is_not_stored(
    faulty, tester_counter: str, signer: LocalSigner, journal: Path
) -> None:
    seen = []
    send_raw = faulty.chain.send_raw

    def spy(raw: bytes) -> bytes:
        with sqlite3.connect(journal) as db:  # another connection: sees only what is committed
            seen.append(db.execute("SELECT raw FROM attempt WHERE raw = ?", (raw,)).fetchone())
        db.close()
        tx_hash: bytes = send_raw(raw)
        return tx_hash

    faulty.chain.send_raw = spy
    with Sender(faulty.as_chain(), signer, journal) as sender:
        sender.send(Call(tester_counter, b""))
        sender.send_many([Call(tester_counter, b"")] * 2)
    assert len(seen) == 3
    assert all(seen)


def test_idempotency_key(faulty, tester_counter: str, signer: LocalSigner, journal: Path) -> None:
    call = Call(tester_counter, b"")
    with Sender(faulty.as_chain(), signer, journal) as sender:
        first = sender.send(call, key="deposit:1")
        assert sender.send(call, key="deposit:1") == first
    with Sender(faulty.as_chain(), signer, journal) as sender:
        assert sender.send(call, key="deposit:1") == first
        assert sender.send(call, key="deposit:2").tx_hash != first.tx_hash
        assert sender.send_many([call, call], keys=["deposit:2", "deposit:3"])[0].status == 1
        with pytest.raises(BadInput, match="another call"):
            sender.send(Call(tester_counter, b"x"), key="deposit:1")
        with pytest.raises(BadInput, match="one key"):
            sender.send_many([call, call], keys=["same", "same"])
    assert count(faulty.chain, tester_counter) == 3


def test_a_refused_key_may_try_again(
    faulty, tester_counter: str, signer: LocalSigner, journal: Path
) -> None:
    with Sender(faulty.as_chain(), signer, journal) as sender:
        with pytest.raises(Refused):
            sender.send(Call(tester_counter, b"1234"), key="deposit:1")
        assert sender.send(Call(tester_counter, b""), key="deposit:1").status == 1


def test_left_unfinished_under_a_key(
    faulty, tester_counter: str, signer: LocalSigner, journal: Path
) -> None:
    faulty.before = KeyboardInterrupt()
    call = Call(tester_counter, b"")
    with pytest.raises(KeyboardInterrupt), Sender(faulty.as_chain(), signer, journal) as sender:
        sender.send(call, key="k")
    faulty.before = None
    with Sender(faulty.as_chain(), signer, journal) as sender:
        sender.send(call)  # without the key it is another thing
        assert sender.send(call, key="k").status == 1
    assert count(faulty.chain, tester_counter) == 2


def test_nonce_taken_by_another_program(
    faulty, tester_counter: str, signer: LocalSigner, journal: Path, hasty: Patience
) -> None:
    faulty.before = NodeUnreachable("down")
    call = Call(tester_counter, b"")
    with Sender(faulty.as_chain(), signer, journal, patience=hasty) as sender:
        with pytest.raises(NodeUnreachable):
            sender.send(call)
        faulty.before = None
        chain = faulty.chain
        other = sign(
            signer,
            chain.chain_id,
            chain.nonce(signer.address),
            Call(tester_counter, b"", 0, "other"),
            90_000,
            Fee(3 * 10**9, 7),
        )
        chain.send_raw(other.raw)
        with pytest.raises(NonceTakenByOther) as caught:
            sender.send(call)
        assert caught.value.exit_code == 3
        assert states(journal) == ["void"]
        assert sender.send(call).status == 1  # and then it can be sent
    assert count(chain, tester_counter) == 2  # the other's and ours


def test_reverted_says_why_and_uses_a_nonce_once(
    faulty, tester_counter: str, signer: LocalSigner, journal: Path
) -> None:
    text = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + (2).to_bytes(32, "big")
    with Sender(faulty.as_chain(), signer, journal) as sender:
        with pytest.raises(Reverted, match="no"):
            sender.send(Call(tester_counter, text + b"no".ljust(32, b"\0")))
        with pytest.raises(Refused) as caught:
            sender.send(Call(tester_counter, b""), 21_100)
        assert caught.value.reason == "OutOfGas"
        assert sender.send(Call(tester_counter, b"")).status == 1
    assert states(journal) == ["failed", "failed", "done"]


def test_gas_above_the_cap(faulty, tester_counter: str, signer: LocalSigner) -> None:
    with Sender(faulty.as_chain(), signer) as sender:
        with pytest.raises(Refused) as caught:
            sender.send(Call(tester_counter, b""), TX_GAS_CAP + 1)
        assert caught.value.reason == "GasCapExceeded"
        with pytest.raises(Refused):
            sender.send_many([Call(tester_counter, b"")] * 2, TX_GAS_CAP + 1)
    assert len(faulty.sent) == 0


def test_no_coin_for_fees(chain: Chain, counter: str, journal: Path) -> None:
    poor = LocalSigner(b"\x09" * 32)
    with Sender(chain, poor, journal) as sender:
        with pytest.raises(NodeRejected) as caught:
            sender.send(Call(counter, b""), 100_000)
        assert caught.value.hint is not None
        assert "coin" in caught.value.hint
    assert states(journal) == ["void"]


def test_send_many(chain: Chain, counter: str, signer: LocalSigner, journal: Path) -> None:
    calls = [Call(counter, b"")] * 5
    with Sender(chain, signer, journal) as sender:
        receipts = sender.send_many(calls, 100_000)
        assert [int.from_bytes(r.logs[0].data, "big") for r in receipts] == [1, 2, 3, 4, 5]
        receipts = sender.send_many(calls)
        assert [int.from_bytes(r.logs[0].data, "big") for r in receipts] == [6, 7, 8, 9, 10]
        with pytest.raises(Refused):
            sender.send_many([calls[0], Call(counter, b"1234"), calls[0]], 100_000)
        assert count(chain, counter) == 12  # the refused one holds up nobody
        assert sender.send_many([]) == []


def test_send_many_stops_where_the_node_says_no(
    faulty, tester_counter: str, signer: LocalSigner, journal: Path
) -> None:
    call = Call(tester_counter, b"")
    rich = Call(signer.address, b"", 10**30)
    with Sender(faulty.as_chain(), signer, journal) as sender:
        with pytest.raises(NodeRejected):
            sender.send_many([call, rich, call], 100_000)
        assert states(journal) == ["done", "void", "void"]
        assert sender.send(call).status == 1
    assert count(faulty.chain, tester_counter) == 2


def test_a_vanished_block_is_made_good(
    faulty, tester_counter: str, signer: LocalSigner, journal: Path
) -> None:
    """After a reorganisation the same bytes are handed in again."""
    from dataclasses import replace

    chain = faulty.chain
    chain.network = replace(chain.network, finality=3)
    fork = chain.snapshot()
    with Sender(faulty.as_chain(), signer, journal) as sender:
        done = sender.send(Call(tester_counter, b""))
    chain.revert(fork)
    chain.mine()
    with Sender(faulty.as_chain(), signer, journal) as sender:
        (found,) = sender.resume()
        assert (found.state, found.tx_hash) == ("done", done.tx_hash) or found.state == "live"
        assert sender.send(Call(tester_counter, b"")).tx_hash == done.tx_hash
    assert count(chain, tester_counter) == 1
    chain.mine(5)
    with Sender(faulty.as_chain(), signer, journal) as sender:
        assert sender.resume() == []
    with sqlite3.connect(journal) as db:
        assert db.execute("SELECT final FROM tx").fetchall() == [(1,)]
    db.close()


def test_another_chain_starts_clean(signer: LocalSigner, journal: Path) -> None:
    from p2pchain.chain.connect import connect

    for start in (1_497_052_800, 1_497_052_900):
        chain = connect("tester", genesis_time=start)
        with Sender(chain, signer, journal) as sender:
            assert sender.resume() == []
            sender.send(Call(signer.address, b"", 5))


_PROCESS = """
import sys
from itertools import pairwise
from pathlib import Path
from p2pchain.chain.abi import Call
from p2pchain.chain.connect import connect
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.networks import ANVIL
from dataclasses import replace
url, counter, journal = sys.argv[1:]
with connect(replace(ANVIL, url=url)) as chain, Sender(chain, dev_signer(3), Path(journal)) as s:
    for _ in range(8):
        s.send(Call(counter, b""), 90_000)
    s.send_many([Call(counter, b"")] * 4, 90_000)
"""


def test_two_processes_share_a_key(
    embedded: Chain, embedded_node: LocalNode, embedded_counter: str, journal: Path
) -> None:
    url = f"http://127.0.0.1:{embedded_node.port}"
    command = [sys.executable, "-c", _PROCESS, url, embedded_counter, str(journal)]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert count(embedded, embedded_counter) == 24
    assert embedded.nonce(dev_signers()[3].address) == 24
    assert states(journal) == ["done"] * 24


_KILLED = """
import os, sys
from dataclasses import replace
from pathlib import Path
from p2pchain.chain.abi import Call
from p2pchain.chain.connect import connect
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.rpc import Rpc
from p2pchain.chain.sender import Sender
from p2pchain.networks import ANVIL
url, counter, journal, when = sys.argv[1:]
hand_in = Rpc.send_raw
def send_raw(self, raw):
    if when == "after":
        hand_in(self, raw)
    os._exit(9)
Rpc.send_raw = send_raw
with connect(replace(ANVIL, url=url)) as chain, Sender(chain, dev_signer(4), Path(journal)) as s:
    s.send(Call(counter, b""), 90_000)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_process(
    embedded: Chain, embedded_node: LocalNode, embedded_counter: str, journal: Path, when: str
) -> None:
    """A process that dies without a word, before or after the node has taken the transaction."""
    url = f"http://127.0.0.1:{embedded_node.port}"
    command = [sys.executable, "-c", _KILLED, url, embedded_counter, str(journal), when]
    assert subprocess.run(command, timeout=60).returncode == 9
    assert states(journal) == ["live"]
    with Sender(embedded, dev_signers()[4], journal) as sender:
        (found,) = sender.resume()
        assert found.call.data == b""
        assert sender.send(Call(embedded_counter, b"")).status == 1
        assert count(embedded, embedded_counter) == 1
    assert states(journal) == ["done"]


@pytest.mark.anvil
def test_stuck_transaction_is_replaced(
    anvil: Rpc, signer: LocalSigner, journal: Path, hasty: Patience
) -> None:
    """No block for a while: the same bytes again, then more fee; one of them counts."""
    anvil.request("evm_setAutomine", False)
    try:
        with Sender(anvil, signer, journal, patience=hasty) as sender:
            with pytest.raises(NodeTimeout, match="in no block"):
                sender.send(Call(signer.address, b"", 7))
            with sqlite3.connect(journal) as db:
                fees = [int(row[0]) for row in db.execute("SELECT max_fee FROM attempt")]
            db.close()
            assert len(fees) >= 3
            assert all(b == -(-a * 9 // 8) for a, b in pairwise(fees))
            nonce = anvil.nonce(signer.address)
            anvil.mine()
            assert sender.send(Call(signer.address, b"", 7)).status == 1
            assert anvil.nonce(signer.address) == nonce + 1
            anvil.mine()
            assert anvil.nonce(signer.address) == nonce + 1
    finally:
        anvil.request("evm_setAutomine", True)


@pytest.mark.anvil
def test_dropped_from_the_pool(
    anvil: Rpc, signer: LocalSigner, journal: Path, hasty: Patience
) -> None:
    anvil.request("evm_setAutomine", False)
    with Sender(anvil, signer, journal, patience=hasty) as sender, pytest.raises(NodeTimeout):
        sender.send(Call(signer.address, b"", 7))
    anvil.request("anvil_dropAllTransactions")
    anvil.request("evm_setAutomine", True)
    with Sender(anvil, signer, journal, patience=hasty) as sender:
        (found,) = sender.resume()
        assert sender.send(Call(signer.address, b"", 7)).status == 1
        assert found.call.value == 7
    assert states(journal) == ["done"]
