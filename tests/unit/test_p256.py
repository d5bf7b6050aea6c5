"""P-256 keys of meters: what counts as their signature, here and in OpenZeppelin's verifier.

Each signature of the corpus is put to `p2pchain.p256.verify` and to the shipped contract on the
embedded chain, which has no precompile for it: both must say what the table says.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from p2pchain.chain.bindings.erc7913_p256_verifier import ERC7913P256Verifier
from p2pchain.chain.connect import connect
from p2pchain.chain.deployment import P256_VERIFIER, initcode
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.errors import BadInput
from p2pchain.keys import ORDER as K1_ORDER
from p2pchain.keys import LocalSigner, is_signed_by, recover
from p2pchain.networks import TESTER
from p2pchain.p256 import (
    ORDER,
    P256Device,
    P256Signer,
    checked_public_key,
    compact,
    erc7913,
    parse_public_key,
    verify,
)

# RFC 6979, A.2.5: key and signature of the SHA-256 hash of "sample".
RFC_KEY = bytes.fromhex("C9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721")
RFC_PUBLIC = bytes.fromhex(
    "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
    "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"
)
RFC_DIGEST = bytes.fromhex("AF2BDBE1AA9B6EC1E2ADE1D694F41FC71A831D0268E9891562113D8A62ADD1BF")
RFC_R = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
RFC_S = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF

KEY = P256Signer(RFC_KEY)
OTHER = P256Signer(RFC_KEY[::-1])
DIGEST = keccak(b"a reading")
GOOD = KEY.sign_digest(DIGEST)
R, S = int.from_bytes(GOOD[:32], "big"), int.from_bytes(GOOD[32:], "big")
X, Y = int.from_bytes(RFC_PUBLIC[:32], "big"), int.from_bytes(RFC_PUBLIC[32:], "big")
YES = bytes.fromhex("024ad318")  # IERC7913SignatureVerifier.verify.selector


def pair(a: int, b: int) -> bytes:
    return a.to_bytes(32, "big") + b.to_bytes(32, "big")


# Key, digest, signature, and whether it counts.
CORPUS: dict[str, tuple[bytes, bytes, bytes, bool]] = {
    "good": (RFC_PUBLIC, DIGEST, GOOD, True),
    "what follows is not looked at": (RFC_PUBLIC, DIGEST, GOOD + b"\x1b", True),
    "of the RFC, its s mirrored": (RFC_PUBLIC, RFC_DIGEST, pair(RFC_R, ORDER - RFC_S), True),
    "of the RFC, high s": (RFC_PUBLIC, RFC_DIGEST, pair(RFC_R, RFC_S), False),
    "wrong key": (OTHER.public_key, DIGEST, GOOD, False),
    "wrong digest": (RFC_PUBLIC, keccak(b"another reading"), GOOD, False),
    "one bit of the digest": (RFC_PUBLIC, DIGEST[:-1] + bytes([DIGEST[-1] ^ 1]), GOOD, False),
    "high s": (RFC_PUBLIC, DIGEST, pair(R, ORDER - S), False),
    "truncated": (RFC_PUBLIC, DIGEST, GOOD[:63], False),
    "empty": (RFC_PUBLIC, DIGEST, b"", False),
    "zeros": (RFC_PUBLIC, DIGEST, bytes(64), False),
    "r is zero": (RFC_PUBLIC, DIGEST, pair(0, S), False),
    "s is zero": (RFC_PUBLIC, DIGEST, pair(R, 0), False),
    "r is the order": (RFC_PUBLIC, DIGEST, pair(ORDER, S), False),
    "s is the order": (RFC_PUBLIC, DIGEST, pair(R, ORDER), False),
    "all bits": (RFC_PUBLIC, DIGEST, b"\xff" * 64, False),
    "r and s swapped": (RFC_PUBLIC, DIGEST, pair(S, R), False),
    "DER": (RFC_PUBLIC, DIGEST, encode_dss_signature(R, S), False),
    "of secp256k1": (RFC_PUBLIC, DIGEST, LocalSigner(RFC_KEY).sign_digest(DIGEST), False),
    "a key of zeros": (bytes(64), DIGEST, GOOD, False),
    "no point: y": (pair(X, Y + 1), DIGEST, GOOD, False),
    "no point: x": (pair(X + 1, Y), DIGEST, GOOD, False),
    "the key's mirror image": (pair(X, PRIME - Y), DIGEST, GOOD, False),
    "x not reduced": (pair(PRIME, 0), DIGEST, GOOD, False),
    "a key of 63 bytes": (RFC_PUBLIC[:63], DIGEST, GOOD, False),
    "a key with 04 in front": (b"\x04" + RFC_PUBLIC, DIGEST, GOOD, False),
    "a key with one byte more": (RFC_PUBLIC + b"\x00", DIGEST, GOOD, False),
    "no key": (b"", DIGEST, GOOD, False),
}


@pytest.fixture(scope="module")
def contract() -> Iterator[ERC7913P256Verifier]:
    """The shipped verifier on a chain without the precompile."""
    chain = connect(TESTER)
    with Sender(chain, dev_signer(0)) as sender:
        address = sender.deploy(initcode(P256_VERIFIER, {})).contract_address
    assert address is not None
    yield ERC7913P256Verifier(chain, address)
    chain.close()


@pytest.mark.property(17)
@pytest.mark.parametrize("name", CORPUS)
def test_the_contract_and_this_agree_on_what_counts(
    contract: ERC7913P256Verifier, name: str
) -> None:
    public_key, digest, signature, counts = CORPUS[name]
    assert verify(public_key, digest, signature) == counts
    assert (contract.verify(public_key, digest, signature) == YES) == counts


def test_signatures_are_those_of_rfc_6979_with_a_low_s() -> None:
    assert KEY.public_key == RFC_PUBLIC
    assert KEY.sign_digest(RFC_DIGEST) == pair(RFC_R, ORDER - RFC_S)
    assert KEY.sign_digest(DIGEST) == GOOD
    with pytest.raises(ValueError, match="32 bytes"):
        KEY.sign_digest(b"a reading")


@given(st.integers(1, ORDER - 1), st.binary(min_size=32, max_size=32))
def test_every_signature_has_one_form_that_counts(secret: int, digest: bytes) -> None:
    key = P256Signer(secret.to_bytes(32, "big"))
    signature = key.sign_digest(digest)
    assert len(signature) == 64
    assert verify(key.public_key, digest, signature)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    assert not verify(key.public_key, digest, pair(r, ORDER - s))
    for der in (encode_dss_signature(r, s), encode_dss_signature(r, ORDER - s)):
        assert compact(der) == signature
    assert compact(pair(r, ORDER - s)) == compact(signature) == signature


@pytest.mark.parametrize("bad", [b"", bytes(64), GOOD[:63], pair(R, ORDER), b"\x30\x02\x02\x00"])
def test_what_is_no_signature_is_not_brought_into_form(bad: bytes) -> None:
    with pytest.raises(BadInput, match="not a P-256 signature"):
        compact(bad)


@pytest.mark.parametrize("secret", [b"", bytes(32), ORDER.to_bytes(32, "big"), b"\xff" * 32])
def test_no_key(secret: bytes) -> None:
    with pytest.raises(BadInput, match="not a P-256 key"):
        P256Signer(secret)


def test_no_key_in_sight() -> None:
    assert RFC_KEY.hex() not in repr(KEY)
    assert not hasattr(KEY, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(KEY)
    assert P256Signer.generate().public_key != P256Signer.generate().public_key


def test_public_keys_as_people_hand_them_over() -> None:
    text = RFC_PUBLIC.hex()
    for given_as in (text, "0x" + text, "04" + text, f" 0x04{text}\n"):
        assert parse_public_key(given_as) == RFC_PUBLIC
    for wrong in ("", "zz", text[:-2], text + "00", "02" + text[:64], "05" + text, "00" * 64):
        with pytest.raises(BadInput):
            parse_public_key(wrong)
    with pytest.raises(BadInput, match="no point"):
        checked_public_key(pair(X, Y + 1))
    assert erc7913("0x" + "ab" * 20, RFC_PUBLIC) == b"\xab" * 20 + RFC_PUBLIC


def said(answer: bytes) -> Callable[[bytes], bytes]:
    """A device that gives this answer."""
    return lambda _: answer


def test_a_device_answers_in_any_form_but_with_its_own_key() -> None:
    high = ORDER - S
    for answer in (GOOD, pair(R, high), *(encode_dss_signature(R, s) for s in (S, high))):
        assert P256Device(RFC_PUBLIC, said(answer)).sign_digest(DIGEST) == GOOD
    for answer in (OTHER.sign_digest(DIGEST), KEY.sign_digest(keccak(b"another"))):
        with pytest.raises(BadInput, match="another key"):
            P256Device(RFC_PUBLIC, said(answer)).sign_digest(DIGEST)
    with pytest.raises(BadInput, match="not a P-256 signature"):
        P256Device(RFC_PUBLIC, lambda _: b"no").sign_digest(DIGEST)
    with pytest.raises(BadInput, match="no point"):
        P256Device(pair(X, Y + 1), lambda _: GOOD)


def test_who_has_signed_is_told_for_both_kinds_of_keys() -> None:
    verifier = "0x" + "Ab" * 20
    mine, plain = erc7913(verifier, RFC_PUBLIC), LocalSigner(RFC_KEY)
    address = bytes.fromhex(plain.address[2:])
    assert is_signed_by(mine, DIGEST, GOOD, verifier)
    good = plain.sign_digest(DIGEST)
    assert is_signed_by(address, DIGEST, good, verifier)
    assert not is_signed_by(mine, DIGEST, plain.sign_digest(DIGEST), verifier)
    assert not is_signed_by(address, DIGEST, GOOD, verifier)
    assert not is_signed_by(address, DIGEST, bytes(65), verifier)
    assert not is_signed_by(b"", DIGEST, GOOD, verifier)
    r, s, v = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    mirrored = r + (K1_ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    assert recover(DIGEST, mirrored) == plain.address  # the contracts take one of the two only
    for bad in (mirrored, bytes(64) + b"\x1b", r + bytes(32) + b"\x1b", b"\xff" * 64 + b"\x1b"):
        assert not is_signed_by(address, DIGEST, bad, verifier)
    assert not is_signed_by(b"\x01" * 19, DIGEST, GOOD, verifier)
    with pytest.raises(BadInput, match="only the contract 0xabab"):
        is_signed_by(mine, DIGEST, GOOD, "0x" + "cd" * 20)
