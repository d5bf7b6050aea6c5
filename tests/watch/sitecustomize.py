"""Loaded by every Python that the tests start: notes its keys, its passphrases and its children.

`make test` puts this folder on PYTHONPATH. Whatever the process does with them, its secret keys,
the passphrases it opens or seals with and the files it reads them from go to the private file that
P2PCHAIN_TEST_SECRETS names, outside everything that is kept; the arguments of programs that it
starts go to the log that P2PCHAIN_TEST_ARGUMENTS names. At the end of the run `tools/leaks.py`
looks for the first in all that was written. The package itself knows nothing of this.
"""

from __future__ import annotations

import functools
import importlib.abc
import importlib.machinery
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

SECRETS = os.environ.get("P2PCHAIN_TEST_SECRETS")
ARGUMENTS = os.environ.get("P2PCHAIN_TEST_ARGUMENTS")
_noted: set[tuple[str, str]] = set()


def note(kind: str, value: str) -> None:
    """Append a secret, once for each process."""
    if SECRETS and (kind, value) not in _noted:
        _noted.add((kind, value))
        test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
        _append(SECRETS, {kind: value, "test": test})


def _append(path: str, entry: dict[str, Any]) -> None:
    # One write to a file opened for appending: lines of several processes do not mix.
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, json.dumps(entry).encode() + b"\n")
    finally:
        os.close(handle)


def before(owner: Any, name: str, look: Callable[..., None]) -> None:
    """Call `look` with the arguments of each call of `owner.name`."""
    original = getattr(owner, name)

    @functools.wraps(original)
    def call(*arguments: Any, **named: Any) -> Any:
        look(*arguments, **named)
        return original(*arguments, **named)

    setattr(owner, name, call)


def _made(owner: Any) -> None:
    """Keys that coincurve draws by itself are known only once they are there."""
    original = owner.__init__

    @functools.wraps(original)
    def init(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        note("key", bytes(self.secret).hex())

    owner.__init__ = init


def watch_curve(module: ModuleType) -> None:
    """Every secp256k1 key, whichever library asks for it."""
    _made(module.PrivateKey)


def watch_keys(module: ModuleType) -> None:
    """Passphrases of keystores, and the private files that keys and passphrases are kept in."""

    def add(self: Any, alias: str, signer: Any, passphrase: str, **_: Any) -> None:
        note("passphrase", passphrase)

    def open_v3(content: Any, passphrase: str, path: Any) -> None:
        note("passphrase", passphrase)

    def private(path: Any, *_: Any, **__: Any) -> None:
        note("file", os.path.abspath(path))
        note("file", os.path.realpath(path))

    before(module.Keystore, "add", add)
    before(module, "open_v3", open_v3)
    before(module, "read_private", private)
    before(module, "create_private", private)
    original = module.find_passphrase

    @functools.wraps(original)
    def find_passphrase(*arguments: Any, **named: Any) -> str | None:
        found: str | None = original(*arguments, **named)
        if found is not None:
            note("passphrase", found)
        return found

    module.__dict__["find_passphrase"] = find_passphrase


WATCHED = {"coincurve.keys": watch_curve, "p2pchain.keys": watch_keys}


class Finder(importlib.abc.MetaPathFinder):
    """Runs a function of WATCHED when its module has been loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in WATCHED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            loader = spec.loader
            original = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                original(module)
                WATCHED[fullname](module)

            loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _started(self: Any, args: Any, *_: Any, **__: Any) -> None:
    words = [args] if isinstance(args, str | bytes | os.PathLike) else list(args)
    if ARGUMENTS:
        _append(ARGUMENTS, {"started": [os.fsdecode(word) for word in words]})


if SECRETS:
    sys.meta_path.insert(0, Finder())
    before(subprocess.Popen, "__init__", _started)
    if ARGUMENTS:
        _append(ARGUMENTS, {"python": sys.orig_argv})
