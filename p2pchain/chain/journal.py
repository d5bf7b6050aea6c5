"""The sender's memory: every signed transaction is in here before it is handed to a node.

One SQLite file (`synchronous=FULL`: a power cut loses nothing that was committed) may serve several
processes and keys. A row of `tx` is one thing to do at one nonce, its rows of `attempt` the signed
bytes that were or may have been sent for it, more than one after a replacement. States of a `tx`:

    live    stored; perhaps sent, perhaps in a pool, perhaps in a block that was not seen yet
    done    in a block, carried out          failed  in a block, reverted
    void    can never be in a block: refused by the node, or its nonce was used by another

Rows belong to a chain by its genesis hash, so that a local chain that starts anew starts clean.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from p2pchain.chain.abi import Call
from p2pchain.chain.transactions import Fee, Signed
from p2pchain.errors import BadInput, NodeTimeout

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tx (
    id INTEGER PRIMARY KEY, genesis BLOB NOT NULL, address TEXT NOT NULL, nonce INTEGER NOT NULL,
    target TEXT NOT NULL, data BLOB NOT NULL, value TEXT NOT NULL, gas INTEGER NOT NULL,
    name TEXT NOT NULL, idempotency TEXT, state TEXT NOT NULL DEFAULT 'live',
    owner INTEGER NOT NULL, created_ms INTEGER NOT NULL, mined BLOB, block INTEGER,
    final INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX IF NOT EXISTS tx_key ON tx (genesis, address, idempotency)
    WHERE idempotency IS NOT NULL AND state <> 'void' AND state <> 'failed';
CREATE UNIQUE INDEX IF NOT EXISTS tx_nonce ON tx (genesis, address, nonce) WHERE state = 'live';
CREATE INDEX IF NOT EXISTS tx_state ON tx (genesis, address, state);
CREATE TABLE IF NOT EXISTS attempt (
    tx INTEGER NOT NULL REFERENCES tx (id), hash BLOB NOT NULL, raw BLOB NOT NULL,
    max_fee TEXT NOT NULL, priority TEXT, tries INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tx, hash)
);
"""
_LOCK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of `tx`."""

    id: int
    nonce: int
    call: Call
    gas: int
    key: str | None
    state: str
    owner: int
    mined: bytes | None
    block: int | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """Signed bytes for an entry; `tries` counts how often they were handed to a node."""

    hash: bytes
    raw: bytes
    fee: Fee
    tries: int


class Journal:
    """The journal of one key on one chain. `path` None keeps it in memory (embedded chains)."""

    def __init__(self, path: Path | None, genesis: bytes, address: str) -> None:
        self._scope = (genesis, address)
        self._lock: sqlite3.Connection | None = None
        if path is None:
            self._db = sqlite3.connect(":memory:", isolation_level=None)
        else:
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._db = _open(path)
                self._lock = _open(path.with_name(f"{path.name}.{address.lower()}.lock"))
                self._db.execute("PRAGMA journal_mode=WAL")
            except (OSError, sqlite3.DatabaseError) as error:
                raise BadInput(f"cannot use the journal {path}: {error}") from error
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes with this key from handing out nonces. Ends with the process."""
        if self._lock is None:
            yield
            return
        try:
            self._lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            raise NodeTimeout(
                "another process has been sending with this key for a minute",
                hint="wait for it, or end it: what it stored will be finished",
            ) from None
        try:
            yield
        finally:
            self._lock.execute("ROLLBACK")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Make everything inside one durable step."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add(self, nonce: int, call: Call, gas: int, key: str | None, signed: Signed) -> Entry:
        """Store a signed transaction; call inside `writing`."""
        cursor = self._db.execute(
            "INSERT INTO tx (genesis, address, nonce, target, data, value, gas, name, idempotency,"
            " owner, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *self._scope,
                nonce,
                call.to,
                call.data,
                str(call.value),
                gas,
                call.name,
                key,
                os.getpid(),
                time.time_ns() // 1_000_000,
            ),
        )
        row = cursor.lastrowid or 0
        self._attempt(row, signed)
        return Entry(row, nonce, call, gas, key, "live", os.getpid(), None, None)

    def add_attempt(self, entry: Entry, signed: Signed) -> None:
        """Store a replacement before it is sent."""
        with self.writing():
            self._attempt(entry.id, signed)

    def _attempt(self, row: int, signed: Signed) -> None:
        fee = signed.fee
        priority = None if fee.priority is None else str(fee.priority)
        self._db.execute(
            "INSERT OR IGNORE INTO attempt (hash, tx, raw, max_fee, priority)"
            " VALUES (?, ?, ?, ?, ?)",
            (signed.hash, row, signed.raw, str(fee.max_fee), priority),
        )

    def attempts(self, entry: Entry) -> list[Attempt]:
        """Return all signed bytes of an entry, the newest first."""
        rows = self._db.execute(
            "SELECT hash, raw, max_fee, priority, tries FROM attempt WHERE tx = ?"
            " ORDER BY rowid DESC",
            (entry.id,),
        )
        return [
            Attempt(tx_hash, raw, Fee(int(fee), None if tip is None else int(tip)), tries)
            for tx_hash, raw, fee, tip, tries in rows
        ]

    def count_try(self, entry: Entry, attempt: Attempt) -> None:
        """Note that these bytes are about to be handed to the node."""
        self._db.execute(
            "UPDATE attempt SET tries = tries + 1 WHERE tx = ? AND hash = ?",
            (entry.id, attempt.hash),
        )

    def finish(self, entry: Entry, state: str, mined: bytes | None, block: int | None) -> None:
        """Move an entry to done or failed (with the hash and block) or to void."""
        self._db.execute(
            "UPDATE tx SET state = ?, mined = ?, block = ?, final = 0 WHERE id = ?",
            (state, mined, block, entry.id),
        )

    def finalise(self, block: int) -> None:
        """Everything in blocks up to this one cannot vanish any more."""
        self._db.execute(
            "UPDATE tx SET final = 1 WHERE genesis = ? AND address = ? AND block <= ?",
            (*self._scope, block),
        )

    def revive(self, entry: Entry) -> None:
        """The block of a done entry has vanished: it is live again, with the same bytes."""
        self._db.execute(
            "UPDATE tx SET state = 'live', mined = NULL, block = NULL WHERE id = ?", (entry.id,)
        )

    def live(self) -> list[Entry]:
        """Return what is not known to be in a block, by nonce."""
        return self._select("state = 'live' ORDER BY nonce")

    def unsettled(self) -> list[Entry]:
        """Return what is in blocks that may still vanish."""
        return self._select("state IN ('done', 'failed') AND final = 0 ORDER BY nonce")

    def by_key(self, key: str) -> Entry | None:
        """Return the live or done entry of an idempotency key."""
        found = self._select("idempotency = ? AND state IN ('live', 'done')", key)
        return found[0] if found else None

    def get(self, entry: Entry) -> Entry:
        """Return the entry as it stands now; another process may have moved it."""
        return self._select("id = ?", entry.id)[0]

    def _select(self, where: str, *values: object) -> list[Entry]:
        rows: Sequence[tuple[object, ...]] = self._db.execute(
            "SELECT id, nonce, target, data, value, name, gas, idempotency, state, owner, mined,"  # noqa: S608 - `where` is written in this class, values are bound
            f" block FROM tx WHERE genesis = ? AND address = ? AND {where}",
            (*self._scope, *values),
        ).fetchall()
        return [_entry(*row) for row in rows]

    def close(self) -> None:
        """Close the files. What is stored stays."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()


def _entry(
    row: object, nonce: object, target: object, data: object, value: object, name: object,
    gas: object, key: object, state: object, owner: object, mined: object, block: object,
) -> Entry:  # fmt: skip
    assert isinstance(row, int)
    assert isinstance(nonce, int)
    assert isinstance(gas, int)
    assert isinstance(data, bytes)
    assert isinstance(owner, int)
    assert key is None or isinstance(key, str)
    assert mined is None or isinstance(mined, bytes)
    assert block is None or isinstance(block, int)
    call = Call(str(target), data, int(str(value)), str(name))
    return Entry(row, nonce, call, gas, key, str(state), owner, mined, block)


def is_running(process: int) -> bool:
    """Return whether a process of this number runs; only asked of systems where asking is safe."""
    if os.name != "posix":
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    return sqlite3.connect(path, isolation_level=None, timeout=_LOCK_SECONDS)
