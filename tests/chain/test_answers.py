"""Answers of contracts that are not those that this version reads."""

import pytest

from p2pchain.chain import abi
from p2pchain.chain.bindings import decode_error
from p2pchain.chain.bindings.errors import ERRORS
from p2pchain.errors import WrongNetwork


@pytest.mark.parametrize("answer", [b"", bytes(31), bytes(32)])
def test_an_answer_that_is_too_short_is_of_another_contract(answer: bytes):
    with pytest.raises(WrongNetwork, match="another form") as caught:
        abi.decode(("uint256", "uint256"), answer)
    assert caught.value.exit_code == 3
    assert "deployment file" in (caught.value.hint or "")


def test_an_answer_with_a_value_out_of_its_range_is_of_another_contract():
    with pytest.raises(WrongNetwork):
        abi.decode(("uint8",), b"\xff" * 32)


def test_a_cut_refusal_is_an_unknown_one():
    selector = next(key for key, error in ERRORS.items() if error.TYPES)
    assert decode_error(selector) is None
