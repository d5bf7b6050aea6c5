"""`--device PROGRAM`: the meter's key is in a secure element, and a program hands digests to it."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Callable
from typing import Any, TypeVar

from p2pchain.cli.base import env_option
from p2pchain.errors import BadInput

F = TypeVar("F", bound=Callable[..., Any])

_SECONDS = 30
_PROMISE = "it gets 64 hex digits on stdin and answers with the signature in hex, r and s or DER"


def device_option(function: F) -> F:
    """Add `--device PROGRAM`, which goes into the Env."""

    return env_option(
        "--device",
        into="device",
        convert=asked,
        metavar="PROGRAM",
        help="Signs for a key that is in its device: gets the digest in hex on stdin, answers "
        "with the signature in hex.",
    )(function)


def asked(program: str) -> Callable[[bytes], bytes]:
    """Return what asks a program for the signature of a digest. Raises BadInput."""
    try:
        command = shlex.split(program)
    except ValueError as error:
        raise BadInput(f"'{program}' is not a command: {error}") from None
    if not command:
        raise BadInput("--device names no program", hint=_PROMISE)

    def sign(digest: bytes) -> bytes:
        try:
            done = subprocess.run(
                command,
                input=digest.hex() + "\n",
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
        except OSError as error:
            raise BadInput(f"cannot start {command[0]}: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise BadInput(f"{command[0]} has not answered in {_SECONDS} s") from None
        except UnicodeDecodeError:
            raise BadInput(f"{command[0]} answered with no text", hint=_PROMISE) from None
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise BadInput(f"{command[0]} ended with code {done.returncode}: {said}")
        try:
            return bytes.fromhex(done.stdout.strip().removeprefix("0x"))
        except ValueError:
            raise BadInput(f"{command[0]} answered with no signature", hint=_PROMISE) from None

    return sign
