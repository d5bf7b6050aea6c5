"""The contract ERC7913P256Verifier, its events and results.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from p2pchain.chain.abi import Reader, decode, encode, sized


class ERC7913P256Verifier:
    """`ERC7913P256Verifier` at an address; a method that changes state returns a `Call`."""

    def __init__(self, chain: Reader, address: str) -> None:
        self._chain = chain
        self.address = address

    @staticmethod
    def constructor() -> bytes:
        """Return the constructor's arguments, encoded: what follows the bytecode."""
        return b""

    def verify(
        self,
        key: bytes,
        hash: bytes,
        signature: bytes,
        *,
        block: int | str = "latest",
    ) -> bytes:
        """`verify(bytes, bytes32, bytes)`"""
        _data = bytes.fromhex("024ad318") + encode(
            ("bytes", "bytes32", "bytes"),
            (key, sized(hash, 32), signature),
        )
        return self.verify_result(self._chain.call(self.address, _data, block))

    @staticmethod
    def verify_result(raw: bytes) -> bytes:
        """Return what `verify` answered, decoded."""
        _out = decode(("bytes4",), raw)
        _value: bytes = _out[0]
        return _value
