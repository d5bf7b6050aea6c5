"""The errors of this package, and the exit code and hint that each one carries.

    P2PError                     1
    ├── Refused                  1   the market said no (a contract's error: reason and args)
    ├── CheckFailed              1   a check that was asked for does not hold
    ├── BadInput                 2   usage, a file, a figure, a passphrase
    ├── NodeError                3   the node: not there, silent, not a node, not the right one
    │   ├── NodeUnreachable      3
    │   ├── NodeTimeout          3
    │   ├── NodeRejected         3   the node answered with an error of its own
    │   ├── NonceTakenByOther    3   another program sent with the same key
    │   └── WrongNetwork         3   chain id or contract code is not what was expected
    └── Difference               4   recomputing gave something else than the chain says

The command line prints `error: <message>` and `hint: <hint>` and leaves with `exit_code`; 130 is an
interruption. Every `hint` is one sentence that says what to do next, or None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

INTERRUPTED = 130


class P2PError(Exception):
    """Root of all errors that this package raises on purpose."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self)._restore, (self.__dict__, self.args))

    @classmethod
    def _restore(cls, state: dict[str, Any], args: tuple[Any, ...]) -> P2PError:
        error = cls.__new__(cls)
        error.__dict__.update(state)
        error.args = args
        return error


class Refused(P2PError):
    """The market refused. `reason` is the name of the contract's error, `args` its arguments.

    A text (Solidity's Error(string)) has the reason `Reverted`, a failed assertion `Panicked`, a
    refusal that gives no reason `NoReason`, and what this package refuses a name of its own.
    """

    def __init__(
        self,
        reason: str,
        args: Sequence[object] = (),
        hint: str | None = None,
        *,
        message: str | None = None,
    ) -> None:
        self.reason = reason
        self.revert_data = b""  # what the contract answered, where it was the contract
        shown = ", ".join(_show(value) for value in args)
        super().__init__(message or (f"{reason}({shown})" if shown else reason), hint=hint)
        self.args = tuple(args)


class CheckFailed(P2PError):
    """A check that the user asked for does not hold."""


class BadInput(P2PError):
    """What was given cannot be used: a figure, a unit, a file, a passphrase, a name."""

    exit_code = 2


class NodeError(P2PError):
    """The node could not be used."""

    exit_code = 3


class NodeUnreachable(NodeError):
    """Nothing answers at the address, or what answers is not an Ethereum node."""


class NodeTimeout(NodeError):
    """The node took the request and did not answer in time, or does not include a transaction."""


class NodeRejected(NodeError):
    """The node answered with an error that is not the contract's. `code` is the JSON-RPC code."""

    def __init__(self, message: str, *, hint: str | None = None, code: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code


class NonceTakenByOther(NodeError):
    """Another program used this key and took the place of our transaction, which is void."""


class WrongNetwork(NodeError):
    """Chain id or contract code is not what was expected."""


class Difference(P2PError):
    """Recomputing gave something else than the chain says."""

    exit_code = 4


def _show(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
