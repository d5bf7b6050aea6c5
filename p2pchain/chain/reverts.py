"""One adapter from whatever a chain says about a refusal to a typed error.

The embedded chain knows the bytes that the contract answered; nodes put them into `error.data` of
a JSON-RPC answer, in half a dozen shapes; eth-tester puts them into a string. All end here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from p2pchain.chain.hints import HINTS
from p2pchain.errors import P2PError, Refused

_HEX = re.compile(r"0x[0-9a-fA-F]*")
_BYTES_LITERAL = re.compile(r"""b(['"]).*\1""", re.DOTALL)


def decode_revert(problem: object) -> P2PError:
    """Return the typed error of revert data, of a JSON-RPC `error` object or of an exception.

    It is a ContractError where the contract's error is known (abi.Reverted for a text, abi.Panicked
    for a failed assertion, generated ones), and else a Refused with the reason `NoReason`, or
    `UnknownError` with selector and data.
    An exception that is a P2PError already comes back as it is.
    """
    if isinstance(problem, P2PError):
        return problem
    data = revert_data(problem) or b""
    error = _decode(data)
    error.revert_data = data
    if error.hint is None:
        error.hint = HINTS.get(error.reason)
    return error


def revert_data(problem: object) -> bytes | None:
    """Return the bytes that the contract answered, or None where there is no trace of any."""
    if isinstance(problem, (bytes, bytearray)):
        return bytes(problem)
    if isinstance(problem, Mapping):
        return _from_rpc(problem)
    if isinstance(problem, BaseException):
        data = getattr(problem, "data", None)
        if data is not None:
            return revert_data(data) if not isinstance(data, str) else _from_text(data)
        return _from_text(str(problem))
    if isinstance(problem, str):
        return _from_text(problem)
    return None


def is_revert(error: Mapping[str, Any]) -> bool:
    """Return whether a JSON-RPC error object is a contract's refusal and not the node's."""
    message = str(error.get("message", "")).lower()
    return error.get("code") == 3 or "revert" in message or "invalid opcode" in message


def _from_rpc(error: Mapping[Any, Any]) -> bytes | None:
    data = error.get("data")
    if isinstance(data, Mapping):  # hardhat and ganache nest it once more
        inner = data.get("data") or data.get("result") or data.get("return")
        return _from_text(inner) if isinstance(inner, str) else _from_rpc(data)
    if isinstance(data, str):
        return _from_text(data)
    return None


def _from_text(text: str) -> bytes | None:
    """Read `0x...`, `Reverted 0x...` or the literal b'...' of an exception's message."""
    literal = _BYTES_LITERAL.search(text)
    if literal:
        try:
            value = ast.literal_eval(literal.group())
        except (SyntaxError, ValueError):
            return None
        return value if isinstance(value, bytes) else None
    found = _HEX.search(text)
    if found and len(found.group()) % 2 == 0:
        return bytes.fromhex(found.group()[2:])
    return None


def _decode(data: bytes) -> Refused:
    if not data:
        return Refused("NoReason", (), message="the contract refused and gave no reason")
    from p2pchain.chain.bindings import decode_error

    try:
        known = decode_error(data)
    except (ValueError, OverflowError):  # the selector of a known error with garbage behind it
        known = None
    if known is not None:
        return known
    shown = "0x" + data[:36].hex() + ("..." if len(data) > 36 else "")
    return Refused(
        "UnknownError", (data[:4], data[4:]), message=f"the contract refused with {shown}"
    )
