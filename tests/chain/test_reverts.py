"""Whatever a chain says about a refusal becomes the same typed error."""

from __future__ import annotations

import pickle

import pytest

from p2pchain.chain.abi import Panicked, Reverted
from p2pchain.chain.bindings.errors import ERRORS
from p2pchain.chain.hints import HINTS
from p2pchain.chain.reverts import decode_revert, is_revert, revert_data
from p2pchain.errors import BadInput, Refused

NO = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + (2).to_bytes(32, "big")
NO += b"no".ljust(32, b"\0")


class TransactionFailed(Exception):
    """As eth-tester raises it: the bytes as Python writes them."""


class ContractLogicError(Exception):
    """As web3 raises it."""

    def __init__(self, message: str, data: object) -> None:
        super().__init__(message)
        self.data = data


@pytest.mark.parametrize(
    "problem",
    [
        NO,
        "0x" + NO.hex(),
        {"code": 3, "data": "0x" + NO.hex()},
        {"code": 3, "data": {"result": "0x" + NO.hex()}},
        TransactionFailed(f"execution reverted: {NO!r}"),
        ContractLogicError("execution reverted", "0x" + NO.hex()),
    ],
    ids=lambda problem: type(problem).__name__,
)
def test_all_shapes(problem: object) -> None:
    error = decode_revert(problem)
    assert isinstance(error, Reverted)
    assert error.args == ("no",)
    assert error.revert_data == NO


def test_bytes_with_quotes_in_an_exception() -> None:
    data = b'\x12\x34\x56\x78it\'s "so"\\x00' + bytes(20)
    assert revert_data(TransactionFailed(f"execution reverted: {data!r}")) == data


def test_nothing_to_go_by() -> None:
    for problem in (b"", None, {"code": 3}, ValueError("boom"), "0x", "nothing"):
        error = decode_revert(problem)
        assert isinstance(error, Refused)
        assert error.reason == "NoReason"
        assert error.hint == HINTS["NoReason"]


def test_known_selector_with_garbage() -> None:
    for selector, kind in ERRORS.items():
        if kind.TYPES:
            error = decode_revert(selector + b"\xff")
            assert isinstance(error, Refused)
            assert error.reason == "UnknownError"


def test_every_generated_error_survives_the_way() -> None:
    import eth_abi.abi

    values = {"string": "x", "bytes32": b"\1" * 32, "address": "0x" + "11" * 20, "bool": True}
    for selector, kind in ERRORS.items():
        given = [values.get(name, b"\1" if name == "bytes" else 1) for name in kind.TYPES]
        if any(name.endswith("]") or name.startswith("(") for name in kind.TYPES):
            continue
        if any(
            name.startswith("bytes") and name not in ("bytes", "bytes32") for name in kind.TYPES
        ):
            continue
        error = decode_revert(selector + eth_abi.abi.encode(kind.TYPES, given))
        assert type(error) is kind
        assert len(error.args) == len(given)


def test_panic_and_ours_pass_through() -> None:
    panic = decode_revert(bytes.fromhex("4e487b71") + (0x12).to_bytes(32, "big"))
    assert isinstance(panic, Panicked)
    mine = BadInput("mine")
    assert decode_revert(mine) is mine


def test_errors_travel_between_processes() -> None:
    error = decode_revert(b"\x12\x34\x56\x78")
    back = pickle.loads(pickle.dumps(error))
    assert isinstance(back, Refused)
    assert (back.reason, back.args, back.hint, str(back)) == (
        "UnknownError",
        (b"\x12\x34\x56\x78", b""),
        error.hint,
        str(error),
    )


def test_node_errors_are_not_refusals() -> None:
    assert is_revert({"code": 3, "message": "x"})
    assert is_revert({"code": -32000, "message": "Execution reverted"})
    assert not is_revert({"code": -32000, "message": "header not found"})
