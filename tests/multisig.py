"""A wallet of several signers, contracts/mocks/MockMultisig.sol, for tests to act with."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from p2pchain.chain.abi import Call
from p2pchain.chain.connect import Chain
from p2pchain.chain.records import Receipt
from p2pchain.chain.sender import Sender
from p2pchain.dev.build import settings
from p2pchain.keys import LocalSigner
from tests.conftest import REQUIRE_ALL, ROOT

SOURCE = "contracts/mocks/MockMultisig.sol"

has_compiler = shutil.which("node") is not None and (ROOT / "node_modules" / "solc").is_dir()
needs_compiler = pytest.mark.skipif(
    not has_compiler and not REQUIRE_ALL, reason="the compiler is not installed (node, npm ci)"
)


@cache
def creation_code() -> bytes:
    """Compile the wallet, once."""
    import solcx

    request = {
        "language": "Solidity",
        "sources": {SOURCE: {"urls": [SOURCE]}},
        "settings": {
            **settings(ROOT),
            "outputSelection": {SOURCE: {"MockMultisig": ["evm.bytecode.object"]}},
        },
    }
    output = solcx.compile_standard(
        request,
        base_path=ROOT,
        allow_paths=[ROOT, (ROOT / "node_modules").resolve()],
        solc_binary=ROOT / "tools" / "solc.js",
    )
    return bytes.fromhex(output["contracts"][SOURCE]["MockMultisig"]["evm"]["bytecode"]["object"])


class Multisig:
    """A deployed wallet; `needed` of `keys` carry out a call. `sender` only pays for it."""

    def __init__(self, chain: Chain, sender: Sender, keys: Sequence[LocalSigner], needed: int):
        self.chain, self.sender, self.keys, self.needed = chain, sender, keys, needed
        signers = [bytes.fromhex(key.address[2:]) for key in keys]
        arguments = encode(["bytes[]", "uint64"], [signers, needed])
        address = sender.deploy(creation_code() + arguments).contract_address
        assert address is not None
        self.address = address

    def carry_out(self, call: Mapping[str, Any], count: int | None = None) -> Receipt:
        """Have `count` of the signers sign one of the `calls` of `--unsigned`, and hand it in.

        Raises the refusal of the wallet, or of the contract that it calls.
        """
        to, value, data = call["to"], call["value_wei"], bytes.fromhex(call["data"][2:])
        asked = _call("digest(address,uint256,bytes)", [to, value, data])
        digest = self.chain.call(self.address, asked)
        chosen = sorted(
            self.keys[: self.needed if count is None else count],
            key=lambda key: keccak(bytes.fromhex(key.address[2:])),
        )
        signature = encode(
            ["bytes[]", "bytes[]"],
            [
                [bytes.fromhex(key.address[2:]) for key in chosen],
                [key.sign_digest(digest) for key in chosen],
            ],
        )
        sent = _call("execute(address,uint256,bytes,bytes)", [to, value, data, signature])
        return self.sender.send(Call(self.address, sent, 0, "MockMultisig.execute"))


def _call(signature: str, values: Sequence[Any]) -> bytes:
    types = signature.partition("(")[2].removesuffix(")").split(",")
    return keccak(text=signature)[:4] + encode(types, values)
