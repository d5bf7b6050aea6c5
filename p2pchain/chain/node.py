"""A local chain on 127.0.0.1: anvil where it is installed, the embedded chain otherwise.

Both have chain id 31337, the ten development accounts of devkeys.py, Prague rules (anvil has others
too, where asked for) and blocks that hold far more gas than a transaction may use.
"""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Literal, Protocol

from p2pchain.chain.connect import connect
from p2pchain.chain.devkeys import MNEMONIC
from p2pchain.errors import BadInput, NodeError, NodeUnreachable, P2PError
from p2pchain.networks import ANVIL, ANVIL_CHAIN_ID, Network

Engine = Literal["auto", "anvil", "embedded"]

DEFAULT_PORT = 8545
HARDFORK = "prague"
ENV_ANVIL = "P2PCHAIN_ANVIL"
_START_SECONDS = 30
_PR_SET_PDEATHSIG = 1
_BLOCK_GAS = 200_000_000
# States that a chain without history keeps: what is asked of the latest block may be answered when
# there are newer ones.
_STATES = 8


class LocalNode(Protocol):
    """A running local chain. `engine` is anvil or embedded; `stop` ends it and frees the port."""

    engine: str
    port: int

    def stop(self) -> None: ...

    def wait(self) -> None:
        """Return when the chain has ended by itself; wait for that until interrupted."""
        ...


def network_of(node: LocalNode) -> Network:
    """Return the profile of a running local chain."""
    return replace(ANVIL, name=node.engine, url=f"http://127.0.0.1:{node.port}")


def start(
    port: int = DEFAULT_PORT,
    *,
    engine: Engine = "auto",
    genesis_time: int | None = None,
    history: bool = True,
    hardfork: str = HARDFORK,
) -> LocalNode:
    """Start a local chain and return when it answers. Port 0 takes a free one.

    `genesis_time` is the unix time of its first block: the embedded chain then moves only by
    set_time and a second a block, anvil runs on from there. Without `history` anvil forgets states
    of the past but the last ones, each of which is a copy of all. Raises BadInput where the port is
    taken, anvil is asked for and not installed, or the embedded chain for another `hardfork`.
    """
    binary = None if engine == "embedded" else find_anvil()
    if binary is None and hardfork != HARDFORK:
        raise BadInput(f"the embedded chain has the rules of {HARDFORK} only")
    if engine == "anvil" and binary is None:
        raise BadInput(
            "anvil is not installed",
            hint=f"npm install @foundry-rs/anvil, or name the program in {ENV_ANVIL}",
        )
    chosen = _free_port(port)
    if binary is not None:
        return Anvil(binary, chosen, genesis_time, history, hardfork)
    return Embedded(chosen, genesis_time)


@contextmanager
def running(
    port: int = 0,
    *,
    engine: Engine = "auto",
    genesis_time: int | None = None,
    history: bool = True,
    hardfork: str = HARDFORK,
) -> Iterator[LocalNode]:
    """Start a local chain, on a free port unless told, and stop it at the end of the block."""
    node = start(port, engine=engine, genesis_time=genesis_time, history=history, hardfork=hardfork)
    try:
        yield node
    finally:
        node.stop()


class Anvil:
    """An anvil process."""

    engine = "anvil"

    def __init__(
        self,
        binary: Path,
        port: int,
        genesis_time: int | None,
        history: bool = True,
        hardfork: str = HARDFORK,
    ) -> None:
        self.port = port
        command = [str(binary), "--host", "127.0.0.1", "--port", str(port), "--quiet"]
        command += ["--chain-id", str(ANVIL_CHAIN_ID), "--hardfork", hardfork]
        command += ["--gas-limit", str(_BLOCK_GAS), "--balance", "1000000", "--mnemonic", MNEMONIC]
        if genesis_time is not None:
            command += ["--timestamp", str(genesis_time)]
        if not history:
            command += ["--prune-history", str(_STATES)]
        # States of the past go to the disk; where anvil keeps them by itself, they stay behind.
        self._states = tempfile.TemporaryDirectory(prefix="p2pchain-anvil-")
        command += ["--cache-path", self._states.name]
        self._output: IO[Any] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        # In a session of its own, so that ctrl-C reaches us alone and we end it in order.
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent(),
        )
        try:
            self._await_answer()
        except BaseException:
            self.stop()
            raise

    def _await_answer(self) -> None:
        from p2pchain.chain.rpc import Rpc

        end = time.monotonic() + _START_SECONDS
        while True:
            if self._process.poll() is not None:
                raise NodeError(f"anvil ended at once: {self._last_words()}")
            try:
                with connect(network_of(self)) as chain:
                    # Something else may have taken the port in between.
                    if isinstance(chain, Rpc) and not chain.client_version().startswith("anvil"):
                        raise BadInput(f"another program answers on port {self.port}")
                    return
            except NodeUnreachable:
                if time.monotonic() > end:
                    raise
            time.sleep(0.05)

    def _last_words(self) -> str:
        self._output.seek(0)
        lines = self._output.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit code {self._process.returncode}"

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._output.close()
        self._states.cleanup()

    def wait(self) -> None:
        code = self._process.wait()
        raise NodeError(f"anvil has ended (exit code {code}): {self._last_words()}")


class Embedded:
    """The embedded chain behind a small HTTP server in this process."""

    engine = "embedded"

    def __init__(self, port: int, genesis_time: int | None) -> None:
        from p2pchain.chain.server import RpcServer
        from p2pchain.chain.tester import Tester

        chain = Tester(ANVIL, genesis_time=genesis_time, gas_limit=_BLOCK_GAS)
        try:
            self._server = RpcServer(chain, port)
        except OSError as error:
            raise _busy(port, error) from None
        self.port = self._server.port

    def stop(self) -> None:
        self._server.stop()

    def wait(self) -> None:
        while True:
            time.sleep(3600)


def find_anvil() -> Path | None:
    """Return the anvil program: $P2PCHAIN_ANVIL, the npm package near by, or the one on PATH.

    What npm puts on PATH is a script that starts the program as a child and does not pass signals
    on, so the program itself is looked for beside it.
    """
    named = os.environ.get(ENV_ANVIL)
    if named:
        path = Path(named)
        if not os.access(path, os.X_OK):
            raise BadInput(f"{ENV_ANVIL} names {path}, which is not a program")
        return path
    for folder in (Path.cwd(), *Path.cwd().parents):
        if found := _npm_binary(folder / "node_modules"):
            return found
    on_path = shutil.which("anvil")
    if on_path is None:
        return None
    program = Path(on_path).resolve()
    with program.open("rb") as file:
        if file.read(2) != b"#!":
            return program
    for folder in program.parents:
        if folder.name == "node_modules" and (found := _npm_binary(folder)):
            return found
    return None


def _die_with_parent() -> Callable[[], object] | None:
    """Return what makes a child end when we are killed without a word (Linux only).

    An orphan would keep the port and answer the next who asks there.
    """
    if platform.system() != "Linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _npm_binary(modules: Path) -> Path | None:
    system = {"Linux": "linux", "Darwin": "darwin"}.get(platform.system())
    machine = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}.get(
        platform.machine().lower()
    )
    path = modules / "@foundry-rs" / f"anvil-{system}-{machine}" / "bin" / "anvil"
    return path if system and machine and os.access(path, os.X_OK) else None


def _free_port(port: int) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise _busy(port, error) from None
        chosen: int = probe.getsockname()[1]
        return chosen


def _busy(port: int, error: OSError) -> P2PError:
    return BadInput(
        f"port {port} of 127.0.0.1 cannot be used: {error.strerror}",
        hint="another chain may be running there; choose another with --port",
    )
