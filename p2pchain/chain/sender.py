"""Sending transactions so that nothing is lost and nothing is paid twice.

The way of a call: find the gas, which also finds out whether the contract would refuse; take the
next free nonce; sign; store the signed bytes (journal.py); hand them in; wait for a receipt of any
of the hashes stored for that nonce. Wherever this is cut off, the bytes are in the journal, and the
next Sender of the same journal hands in the very same bytes again: a node that has them says
"already known", one that has them in a block "nonce too low", and both mean success.

- An *idempotency key* names a thing to do: sent again under the same key, the first receipt is
  returned. Without one, a call equal to one that was left unfinished *is* that one.
- Processes that share journal and key take nonces in turn, under a lock that ends with its holder.
- Bytes that no block takes are handed in again, and later replaced by the same call at the same
  nonce with an eighth more fee: at most one of them can be carried out.

A Sender belongs to one thread.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from p2pchain.chain.abi import Call
from p2pchain.chain.answers import Answer, classify, explained
from p2pchain.chain.connect import Chain
from p2pchain.chain.costs import fee_offer, gas_limit, why_reverted
from p2pchain.chain.journal import Entry, Journal, is_running
from p2pchain.chain.records import Patience, Receipt, Recovered
from p2pchain.chain.transactions import sign
from p2pchain.errors import (
    BadInput,
    NodeRejected,
    NodeTimeout,
    NodeUnreachable,
    NonceTakenByOther,
    P2PError,
    Refused,
)
from p2pchain.keys import Signer

_STORED = "it is stored and will be finished, not repeated, when the command is run again"
_BUSY: set[tuple[str, int]] = set()  # what Senders of this process are busy with: journal, row

Wish = tuple[Call, int | None, str | None]  # a call, its gas, its idempotency key


class Sender:
    """Sends calls with one key on one chain. The module docstring says what it promises."""

    def __init__(
        self,
        chain: Chain,
        signer: Signer,
        journal_path: Path | None = None,
        *,
        patience: Patience | None = None,
    ) -> None:
        self.chain = chain
        self.signer = signer
        self.patience = patience or Patience()
        self.recovered: list[Recovered] = []
        self._path = journal_path
        self._open: Journal | None = None
        self._left: list[Entry] = []  # left unfinished and not asked for again yet

    @property
    def address(self) -> str:
        """The address that sends."""
        return self.signer.address

    def send(
        self,
        call: Call,
        gas: int | None = None,
        *,
        key: str | None = None,
        nonce: int | None = None,
    ) -> Receipt:
        """Send a call, wait until it is in a block and return the receipt, whose status is 1.

        `gas` is found by itself on a node and is the cap on the embedded chain. With `nonce` it is
        sent at this one or not at all. Raises Refused (before anything is sent where that can be
        known), NonceTakenByOther, NodeError where the node fails: then the call is stored and is
        finished by the next run.
        """
        entry = self._earlier(call, key)
        if entry is None:
            limit = gas_limit(self.chain, self.address, call, gas)
            with self._book.locked():
                entry = self._same(key, call)
                if entry is None:
                    (entry,) = self._store([(call, limit, key)], nonce)
                    with self._minding([entry]):
                        self._broadcast(entry)
        if nonce not in (None, entry.nonce):
            raise _not_free(nonce, entry.nonce)
        (receipt,) = self._await([entry])
        if receipt.status == 0:
            raise why_reverted(self.chain, self.address, entry.call, entry.gas, receipt)
        return receipt

    def send_many(
        self,
        calls: Sequence[Call],
        gas: int | Sequence[int] | None = None,
        *,
        keys: Sequence[str] | None = None,
    ) -> list[Receipt]:
        """Send calls at consecutive nonces without waiting in between; return their receipts.

        With `gas` given they are stored in one step and not tried beforehand, which is fast;
        without it each is tried after the ones before it were handed in. Raises the first refusal
        after all that were handed in are in blocks; calls after one that the node turns down are
        not sent.
        """
        limits = [gas] * len(calls) if gas is None or isinstance(gas, int) else list(gas)
        names = list(keys) if keys is not None else [None] * len(calls)
        if not len(calls) == len(limits) == len(names):
            raise BadInput("one gas figure and one key for each call, or none at all")
        if keys is not None and len(set(keys)) < len(keys):
            raise BadInput("two calls under one key", hint="an idempotency key names one thing")
        wishes: list[Wish] = list(zip(calls, limits, names, strict=True))
        together = gas is not None or self.chain.immediate
        handed_in: list[Entry] = []
        trouble: P2PError | None = None
        with self._book.locked():
            try:
                for step in [wishes] if together else [[wish] for wish in wishes]:
                    self._hand_in(step, handed_in)
            except (Refused, NodeRejected, NonceTakenByOther) as error:
                trouble = error
        receipts = self._await(handed_in)
        for entry, receipt in zip(handed_in, receipts, strict=True):
            if receipt.status == 0:
                raise why_reverted(self.chain, self.address, entry.call, entry.gas, receipt)
        if trouble is not None:
            raise trouble
        return receipts

    def deploy(
        self,
        initcode: bytes,
        gas: int | None = None,
        *,
        name: str = "deploy",
        nonce: int | None = None,
    ) -> Receipt:
        """Create a contract and return the receipt, whose `contract_address` is set.

        The address follows from the nonce: who counts on one gives the other.
        """
        return self.send(Call("", initcode, 0, name), gas, nonce=nonce)

    def resume(self) -> list[Recovered]:
        """Finish what was left: hand in the same bytes again, look for receipts.

        The first `send` does this by itself. Returns, and keeps in `recovered`, what was found.
        """
        assert self._book is not None
        return self.recovered

    def finish(self) -> None:
        """Wait until all that was left unfinished is in a block, or cannot be in one any more."""
        self.resume()
        for entry in list(self._left):
            with contextlib.suppress(NonceTakenByOther):
                self._await([entry])

    def close(self) -> None:
        """Close the journal."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # what was there before

    @property
    def _book(self) -> Journal:
        """The journal; opening it brings it in line with the chain."""
        if self._open is None:
            genesis = self.chain.block(0).hash
            self._open = Journal(self._path, genesis, self.signer.address)
            try:
                with self._open.locked():
                    self._take_up(self._open)
            except BaseException:
                self.close()
                raise
        return self._open

    def _take_up(self, book: Journal) -> None:
        unsettled = book.unsettled()
        for entry in unsettled:
            if entry.mined is not None and self.chain.receipt(entry.mined) is None:
                book.revive(entry)  # its block has vanished
        if unsettled:
            with contextlib.suppress(NodeRejected):  # a node without the tag
                book.finalise(self.chain.final_block())
        for entry in book.live():
            if self._is_minded(entry):
                continue
            self._left.append(entry)
            with contextlib.suppress(NonceTakenByOther, NodeRejected):
                self._broadcast(entry)
                if self.chain.nonce(self.signer.address) > entry.nonce:
                    self._settle(entry)
            now, hashes = book.get(entry), book.attempts(entry)
            self.recovered.append(Recovered(entry.call, now.state, now.mined or hashes[0].hash))

    def _is_minded(self, entry: Entry) -> bool:
        if entry.owner == os.getpid():
            return (str(self._path), entry.id) in _BUSY
        return is_running(entry.owner)

    @contextlib.contextmanager
    def _minding(self, entries: Sequence[Entry]) -> Iterator[None]:
        """Keep others' hands off entries; what is cut off here is `left` for the next send."""
        marks = {(str(self._path), entry.id) for entry in entries}
        _BUSY.update(marks)
        try:
            yield
        except BaseException:
            if self._open is not None:
                self._left += [e for e in entries if self._open.get(e).state == "live"]
            raise
        finally:
            _BUSY.difference_update(marks)

    def _earlier(self, call: Call, key: str | None) -> Entry | None:
        """Return the entry that this call already is: by its key, or one left unfinished."""
        book = self._book
        if key is not None:
            return self._same(key, call)
        for left in self._left:
            if left.key is None and _equal(left.call, call):
                self._left.remove(left)
                entry = book.get(left)
                return None if entry.state == "void" else entry
        return None

    def _same(self, key: str | None, call: Call) -> Entry | None:
        entry = None if key is None else self._book.by_key(key)
        if entry is not None and not _equal(entry.call, call):
            raise BadInput(
                f"'{key}' was used for another call already",
                hint="an idempotency key names one thing to do",
            )
        return entry

    # sending

    def _hand_in(self, wishes: Sequence[Wish], handed_in: list[Entry]) -> None:
        """Store and broadcast a run of calls; what got through is added to `handed_in`."""
        together = len(wishes) > 1
        earlier = [self._earlier(call, key) for call, _, key in wishes]
        fresh = [
            (call, gas_limit(self.chain, self.address, call, gas, try_it=not together), key)
            for (call, gas, key), entry in zip(wishes, earlier, strict=True)
            if entry is None
        ]
        stored = self._store(fresh)
        waiting = iter(stored)
        unsent = list(stored)
        with self._minding(stored):
            try:
                for found in earlier:
                    entry = found or next(waiting)
                    if found is None:
                        unsent.remove(entry)
                        self._broadcast(entry)
                    handed_in.append(entry)
            except (NodeRejected, NonceTakenByOther):
                for entry in unsent:  # never handed in, so nobody can carry them out
                    self._book.finish(entry, "void", None, None)
                raise

    def _store(
        self, wanted: Sequence[tuple[Call, int, str | None]], first: int | None = None
    ) -> list[Entry]:
        """Sign at the next free nonces and store, in one durable step.

        Raises NonceTakenByOther where the first of them is not `first`.
        """
        book, fee = self._book, fee_offer(self.chain)
        nonce = self.chain.nonce(self.signer.address)
        entries: list[Entry] = []
        with book.writing():
            taken = {entry.nonce for entry in book.live()}
            for call, gas, key in wanted:
                while nonce in taken:
                    nonce += 1
                if first is not None and not entries and nonce != first:
                    raise _not_free(first, nonce)
                signed = sign(self.signer, self.chain.chain_id, nonce, call, gas, fee)
                entries.append(book.add(nonce, call, gas, key, signed))
                nonce += 1
        return entries

    def _broadcast(self, entry: Entry) -> None:
        """Hand in the newest bytes of an entry; see the module docstring for what answers mean."""
        book = self._book
        attempts = book.attempts(entry)
        newest = attempts[0]
        new_here = len(attempts) == 1 and newest.tries == 0
        book.count_try(entry, newest)
        try:
            self.chain.send_raw(newest.raw)
        except NodeRejected as error:
            answer = classify(error.message)
            if answer in (Answer.KNOWN, Answer.NONCE_HIGH):
                return
            taken = answer in (Answer.NONCE_LOW, Answer.UNDERPRICED)
            if taken and not new_here:
                return  # perhaps by our own bytes: the receipts will tell
            if new_here:  # the node never had them, so nobody can carry them out
                book.finish(entry, "void", None, None)
            raise (_taken(entry) if taken else explained(error, answer)) from None
        except (NodeTimeout, NodeUnreachable) as error:
            error.hint = _STORED
            raise

    # waiting

    def _await(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Return the receipts of all of these; what is seen in a block is not `left` any more."""
        with self._minding(entries):
            receipts = [self._wait(entry) for entry in entries]
        seen = {entry.id for entry in entries}
        self._left = [left for left in self._left if left.id not in seen]
        return receipts

    def _wait(self, entry: Entry) -> Receipt:
        """Return the receipt of whichever bytes of this entry get into a block."""
        patience = self.patience
        start = handed_in = replaced = time.monotonic()
        pause, silent = patience.poll, 0
        while True:
            try:
                if receipt := self._look(entry):
                    return receipt
                if self.chain.nonce(self.signer.address) > entry.nonce:
                    return self._settle(entry)
                now = time.monotonic()
                if now - replaced >= patience.replace:
                    replaced = handed_in = now
                    self._replace(entry)
                elif now - handed_in >= patience.rebroadcast:
                    handed_in = now
                    self._push(entry)
                silent = 0
            except (NodeTimeout, NodeUnreachable) as error:
                silent += 1
                if silent >= 3:
                    error.hint = _STORED
                    raise
            if time.monotonic() - start >= patience.give_up:
                raise NodeTimeout(
                    f"transaction 0x{self._book.attempts(entry)[0].hash.hex()} is in no block "
                    f"after {patience.give_up:.0f} seconds",
                    hint=_STORED,
                )
            time.sleep(pause)
            pause = min(pause * 1.5, patience.poll_most)

    def _settle(self, entry: Entry) -> Receipt:
        """The nonce is used up: return the receipt if it was by us. A node may know it late."""
        end = time.monotonic() + self.patience.settle
        while True:
            if receipt := self._look(entry):
                return receipt
            if time.monotonic() >= end:
                self._book.finish(entry, "void", None, None)
                raise _taken(entry)
            time.sleep(self.patience.poll)

    def _look(self, entry: Entry) -> Receipt | None:
        book = self._book
        for attempt in book.attempts(entry):
            if receipt := self.chain.receipt(attempt.hash):
                state = "done" if receipt.status else "failed"
                book.finish(entry, state, receipt.tx_hash, receipt.block_number)
                if self.chain.network.finality == "instant":
                    book.finalise(receipt.block_number)
                return receipt
        return None

    def _push(self, entry: Entry) -> None:
        """Hand in again this entry and those before it, which may be what holds it up."""
        for other in self._book.live():
            if other.nonce <= entry.nonce:
                with contextlib.suppress(NodeRejected, NonceTakenByOther):
                    self._broadcast(other)

    def _replace(self, entry: Entry) -> None:
        """Offer an eighth more for the same call at the same nonce, where anything is paid."""
        fee = self._book.attempts(entry)[0].fee
        if fee.max_fee:
            bumped = sign(
                self.signer, self.chain.chain_id, entry.nonce, entry.call, entry.gas, fee.bumped()
            )
            self._book.add_attempt(entry, bumped)
        self._push(entry)


def _equal(one: Call, other: Call) -> bool:
    """Return whether two calls do the same thing; their names do not count."""
    return (one.to, one.data, one.value) == (other.to, other.data, other.value)


def _not_free(wanted: int | None, free: int) -> NonceTakenByOther:
    return NonceTakenByOther(
        f"nonce {wanted} of this key is not the next: that is {free}",
        hint="something else was sent with this key: let only one program use it",
    )


def _taken(entry: Entry) -> NonceTakenByOther:
    return NonceTakenByOther(
        f"another program has sent with this key: nonce {entry.nonce} is taken",
        hint="nothing was sent; run it again, and let only one program use a key",
    )
