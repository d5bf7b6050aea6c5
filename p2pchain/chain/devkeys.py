"""The development accounts of local chains: those of anvil, hardhat and the embedded chain.

Everybody knows these keys; they are for chains on the own machine only. They are derived here
(BIP-32, m/44'/60'/0'/0/i), which costs a millisecond: importing a wallet library costs a second.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

from p2pchain.keys import ORDER, LocalSigner

MNEMONIC = "test test test test test test test test test test test junk"
COUNT = 10
_HARD = 0x80000000


@cache
def dev_signer(index: int) -> LocalSigner:
    """Return the `index`-th development account, counted from 0."""
    from coincurve import PrivateKey

    key, code = _account_node()
    public = PrivateKey(key).public_key.format(compressed=True)
    key, _ = _child(key, code, public + index.to_bytes(4, "big"))
    return LocalSigner(key)


def dev_signers(count: int = COUNT) -> list[LocalSigner]:
    """Return the first `count` development accounts. Local chains fund the first ten."""
    return [dev_signer(i) for i in range(count)]


@cache
def _account_node() -> tuple[bytes, bytes]:
    from coincurve import PrivateKey

    seed = hashlib.pbkdf2_hmac("sha512", MNEMONIC.encode(), b"mnemonic", 2048)
    master = hmac.digest(b"Bitcoin seed", seed, "sha512")
    key, code = master[:32], master[32:]
    for index in (44 + _HARD, 60 + _HARD, _HARD):
        key, code = _child(key, code, b"\0" + key + index.to_bytes(4, "big"))
    public = PrivateKey(key).public_key.format(compressed=True)
    return _child(key, code, public + bytes(4))


def _child(key: bytes, code: bytes, data: bytes) -> tuple[bytes, bytes]:
    digest = hmac.digest(code, data, "sha512")
    number = (int.from_bytes(digest[:32], "big") + int.from_bytes(key, "big")) % ORDER
    return number.to_bytes(32, "big"), digest[32:]
