"""Meter keys on the curve P-256 (secp256r1), with which the secure elements of meters sign.

A public key is qx || qy, 64 bytes, a point of the curve. A signature is r || s, 64 bytes, with s in
the lower half: to every signature there is one more with s mirrored, and the contracts take only
one of the two. Such a key has no address. On chain it is an ERC-7913 signer: the address of
OpenZeppelin's `ERC7913P256Verifier` and the public key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

#: Order of the curve's base point (FIPS 186-5, SEC 2).
ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PUBLIC_KEY_BYTES: Final = 64
SIGNATURE_BYTES: Final = 64
#: Address of the verifier and public key.
SIGNER_BYTES: Final = 20 + PUBLIC_KEY_BYTES

_NO_POINT: Final = "64 bytes, the coordinates x and y of a point of the curve"


class P256Signer:
    """A P-256 key in memory. It is neither shown by repr() nor pickled."""

    __slots__ = ("_key", "_public")

    def __init__(self, secret: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec

        number = int.from_bytes(secret, "big")
        if len(secret) != 32 or not 0 < number < ORDER:
            raise BadInput(
                "not a P-256 key", hint="a key is 32 bytes, 64 hex digits, below the curve's order"
            )
        self._key = ec.derive_private_key(number, ec.SECP256R1())
        self._public = _raw(self._key.public_key())

    @classmethod
    def generate(cls) -> P256Signer:
        """Return a signer with a new random key."""
        from cryptography.hazmat.primitives.asymmetric import ec

        return cls(_secret(ec.generate_private_key(ec.SECP256R1())))

    @property
    def public_key(self) -> bytes:
        """qx || qy, 64 bytes."""
        return self._public

    def sign_digest(self, digest: bytes) -> bytes:
        """Return r || s, 64 bytes, with s in the lower half. By RFC 6979, so that a digest has
        one signature, unless the OpenSSL below is too old for that (before 3.2)."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, utils

        if len(digest) != 32:
            raise ValueError(f"a digest has 32 bytes, not {len(digest)}")
        prehashed = utils.Prehashed(hashes.SHA256())
        try:
            der = self._key.sign(digest, ec.ECDSA(prehashed, deterministic_signing=True))
        except UnsupportedAlgorithm:
            der = self._key.sign(digest, ec.ECDSA(prehashed))
        return compact(der)

    def secret(self) -> bytes:
        """Return the 32 bytes of the key, for keystores only."""
        return _secret(self._key)

    def __repr__(self) -> str:
        return f"P256Signer(0x{self._public.hex()})"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a signing key is not pickled")


class P256Device:
    """A P-256 key that never leaves its device: `sign` hands a digest to it.

    The answer may be r || s or DER, with either s; it is brought into the form that the contracts
    take, and a signature by another key is refused here rather than on chain.
    """

    __slots__ = ("_public", "_sign")

    def __init__(self, public_key: bytes, sign: Callable[[bytes], bytes]) -> None:
        self._public = checked_public_key(public_key)
        self._sign = sign

    @property
    def public_key(self) -> bytes:
        """qx || qy, 64 bytes."""
        return self._public

    def sign_digest(self, digest: bytes) -> bytes:
        """Return r || s, 64 bytes, with s in the lower half. Raises BadInput where the device
        answers with something else."""
        signature = compact(self._sign(digest))
        if not verify(self._public, digest, signature):
            raise BadInput(
                "the device has signed something else, or with another key",
                hint=f"its public key should be 0x{self._public.hex()}",
            )
        return signature


def verify(public_key: bytes, digest: bytes, signature: bytes) -> bool:
    """Return whether `ERC7913P256Verifier` takes a signature: s in the lower half, the key a point
    of the curve. Like the contract it does not look at what follows the first 64 bytes."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    if len(public_key) != PUBLIC_KEY_BYTES or len(signature) < SIGNATURE_BYTES:
        return False
    r, s = _halves(signature)
    if not (0 < r < ORDER and 0 < s <= ORDER // 2):
        return False
    try:
        key = _point(public_key)
        der = utils.encode_dss_signature(r, s)
        key.verify(der, digest, ec.ECDSA(utils.Prehashed(hashes.SHA256())))
    except (ValueError, InvalidSignature):
        return False
    return True


def compact(signature: bytes) -> bytes:
    """Return a signature, r || s or DER, as r || s with s in the lower half. Raises BadInput."""
    from cryptography.hazmat.primitives.asymmetric import utils

    if len(signature) == SIGNATURE_BYTES:
        r, s = _halves(signature)
    else:
        try:
            r, s = utils.decode_dss_signature(signature)
        except ValueError:
            r = s = 0
    if not (0 < r < ORDER and 0 < s < ORDER):
        raise BadInput("not a P-256 signature", hint="64 bytes r and s, or DER")
    return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")


def checked_public_key(public_key: bytes) -> bytes:
    """Return qx || qy unchanged. Raises BadInput where it is no point of the curve: a meter with
    such a key could never sign."""
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise BadInput(f"a P-256 key of {len(public_key)} bytes", hint=_NO_POINT)
    try:
        _point(public_key)
    except ValueError:
        raise BadInput("not a P-256 key: no point of the curve", hint=_NO_POINT) from None
    return public_key


def parse_public_key(text: str) -> bytes:
    """Return qx || qy of hex digits, with or without the 04 of an uncompressed point in front.
    Raises BadInput."""
    try:
        raw = bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        raise BadInput("the P-256 key is not hexadecimal", hint=_NO_POINT) from None
    return checked_public_key(raw[1:] if len(raw) == 65 and raw[0] == 4 else raw)


def erc7913(verifier: str, public_key: bytes) -> bytes:
    """Return the signer that the registry keeps: the verifier's address and the key, 84 bytes."""
    return bytes.fromhex(verifier.removeprefix("0x")) + checked_public_key(public_key)


def read_private_pem(text: str, passphrase: Callable[[], str], where: str) -> P256Signer:
    """Return the key of a PEM file (PKCS#8 or SEC 1); `passphrase` is asked where it is sealed.

    Raises BadInput, whose message does not repeat the file.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    sealed = "ENCRYPTED" in text
    try:
        key = load_pem_private_key(text.encode(), passphrase().encode() if sealed else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if sealed:
            raise BadInput(f"wrong passphrase for {where}, or a damaged file") from None
        raise BadInput(
            f"{where} has no private key",
            hint="a PEM file, PKCS#8 or SEC 1; --public takes a public key",
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _another_curve(where, key)
    return P256Signer(_secret(key))


def read_public_pem(text: str, where: str) -> bytes:
    """Return qx || qy of a PEM file with a public key. Raises BadInput."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(text.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput(
            f"{where} has no public key", hint="a PEM file that begins -----BEGIN PUBLIC KEY-----"
        ) from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise _another_curve(where, key)
    return _raw(key)


def _another_curve(where: str, key: object) -> BadInput:
    curve = getattr(getattr(key, "curve", None), "name", None) or "of another kind"
    return BadInput(f"the key in {where} is {curve}, not P-256", hint="secp256r1, prime256v1")


def _point(public_key: bytes) -> ec.EllipticCurvePublicKey:
    """The point as a key. Raises ValueError where it is none."""
    from cryptography.hazmat.primitives.asymmetric import ec

    x, y = _halves(public_key)
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _raw(key: ec.EllipticCurvePublicKey) -> bytes:
    numbers = key.public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def _secret(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_numbers().private_value.to_bytes(32, "big")


def _halves(raw: bytes) -> tuple[int, int]:
    return int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:64], "big")
