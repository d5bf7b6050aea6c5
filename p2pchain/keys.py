"""Signing keys: the `Signer` protocol, keys in memory, and keystore files by alias.

A signer knows its address and signs 32-byte digests; a secure element or a remote signer needs no
more to take part. Keys at rest are Keystore V3 files (as in geth) named `<alias>.json` in
`~/.p2pchain/keys` or `$P2PCHAIN_KEYS`. The directory has mode 0700 and the files 0600; looser modes
and symbolic links are refused. No function here takes a key or a passphrase from a command line.

A P-256 key of a meter (`p2pchain.p256`) has a file of its own form: its public key in clear, and
the key as the crypto part of a Keystore V3 file seals it, or nothing where it is in a device.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from p2pchain.errors import BadInput
from p2pchain.p256 import P256Signer, parse_public_key

ENV_KEYS = "P2PCHAIN_KEYS"
ENV_PASSPHRASE = "P2PCHAIN_PASSPHRASE"  # noqa: S105 - the name of a variable, not a secret
ENV_PASSPHRASE_FILE = "P2PCHAIN_PASSPHRASE_FILE"  # noqa: S105 - as above

Kdf = Literal["scrypt", "pbkdf2"]
Kind = Literal["secp256k1", "p256"]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_ALIAS = re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}$")
_HEX_KEY = re.compile(r"^(0x)?[0-9a-fA-F]{64}$")
_ANY_HEX_KEY = re.compile(r"(?<![0-9a-fA-F])(0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])", re.IGNORECASE)


class MeterKey(Protocol):
    """Whoever can sign what a meter measured: a key of either kind, or the device that has it."""

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the signature in the form that the contracts take."""
        ...


@runtime_checkable
class Signer(Protocol):
    """Whoever can sign a digest. `address` is the checksummed 20-byte address."""

    @property
    def address(self) -> str: ...

    def sign_digest(self, digest: bytes) -> bytes:
        """Return r (32) || s (32) || v (27 or 28), 65 bytes, with s in the lower half."""
        ...


class LocalSigner:
    """A secp256k1 key in memory. It is neither shown by repr() nor pickled."""

    __slots__ = ("_address", "_key")

    def __init__(self, secret: bytes) -> None:
        from coincurve import PrivateKey

        if len(secret) != 32 or not 0 < int.from_bytes(secret, "big") < ORDER:
            raise BadInput(
                "not a signing key", hint="a key is 32 bytes, 64 hex digits, and not zero"
            )
        self._key = PrivateKey(secret)
        self._address = address_of(self._key.public_key.format(compressed=False))

    @classmethod
    def generate(cls) -> LocalSigner:
        """Return a signer with a new random key."""
        return cls((secrets.randbelow(ORDER - 1) + 1).to_bytes(32, "big"))

    @property
    def address(self) -> str:
        return self._address

    def sign_digest(self, digest: bytes) -> bytes:
        if len(digest) != 32:
            raise ValueError(f"a digest has 32 bytes, not {len(digest)}")
        signature: bytes = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([27 + signature[64]])

    def secret(self) -> bytes:
        """Return the 32 bytes of the key, for keystores only."""
        return bytes(self._key.secret)

    def __repr__(self) -> str:
        return f"LocalSigner({self._address})"

    def __reduce__(self) -> tuple[Any, ...]:
        raise TypeError("a signing key is not pickled")


def without_keys(text: str) -> str:
    """Return a text to be shown, where what may be a key that was typed in is not repeated."""
    return _ANY_HEX_KEY.sub("(64 hex digits)", text)


def address_of(public_key: bytes) -> str:
    """Return the checksummed address of a public key of 64 bytes, or 65 with the 04 in front."""
    from eth_hash.auto import keccak

    return checksum(keccak(public_key[-64:])[-20:])


def checksum(address: bytes | str) -> str:
    """Return an address in its checksummed form (EIP-55). Raises BadInput where it is none."""
    from eth_hash.auto import keccak

    text = address.hex() if isinstance(address, bytes) else address.removeprefix("0x").lower()
    if not re.fullmatch("[0-9a-f]{40}", text):
        shown = without_keys(str(address))
        raise BadInput(f"'{shown}' is not an address", hint="0x and 40 hex digits")
    digest = keccak(text.encode()).hex()
    return "0x" + "".join(
        c.upper() if h >= "8" else c for c, h in zip(text, digest[:40], strict=True)
    )


def recover(digest: bytes, signature: bytes) -> str:
    """Return the address whose key made the 65-byte `signature` of `digest`."""
    from coincurve import PublicKey

    if len(signature) != 65 or signature[64] not in (27, 28):
        raise BadInput("not a signature", hint="65 bytes: r, s and v = 27 or 28")
    compact = signature[:64] + bytes([signature[64] - 27])
    key = PublicKey.from_signature_and_message(compact, digest, hasher=None)
    return address_of(key.format(compressed=False))


def is_signed_by(signer: bytes, digest: bytes, signature: bytes, p256_verifier: str = "") -> bool:
    """Return whether a signer of the registry has signed a digest, as `Signatures.isSignedBy` does
    where no contract but the P-256 verifier has to be asked.

    `signer` is an address of 20 bytes or `p256_verifier` and a P-256 key; empty is a revoked key.
    Raises BadInput for a signer that only the chain can ask.
    """
    from p2pchain import p256

    if len(signer) <= 20:
        if len(signer) < 20 or int.from_bytes(signature[32:64], "big") > ORDER // 2:
            return False
        try:
            return recover(digest, signature) == checksum(signer)
        except (BadInput, ValueError):
            return False
    if signer[:20].hex() != p256_verifier.removeprefix("0x").lower():
        raise BadInput(f"only the contract 0x{signer[:20].hex()} knows what this key signs")
    return p256.verify(signer[20:], digest, signature)


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key in the keystore: its alias and the file, which stays shut.

    `address` is that of a secp256k1 key, `public_key` that of a P-256 key; `is_here` says whether
    the key itself is in the file.
    """

    alias: str
    address: str | None
    path: Path
    kind: Kind = "secp256k1"
    public_key: bytes | None = None
    is_here: bool = True


class Keystore:
    """A directory of files with one key each, named by its alias."""

    def __init__(self, directory: Path | None = None) -> None:
        default = os.environ.get(ENV_KEYS) or Path.home() / ".p2pchain" / "keys"
        self.directory = Path(directory or default)

    def path(self, alias: str) -> Path:
        """Return where the key of this alias is or would be."""
        if not _ALIAS.match(alias) or _HEX_KEY.match(alias):
            raise BadInput(
                f"'{without_keys(alias)}' is not a name for a key",
                hint="small letters, digits, - and _, at most 64",
            )
        return self.directory / f"{alias}.json"

    def new(
        self, alias: str, passphrase: str, *, kdf: Kdf = "scrypt", kind: Kind = "secp256k1"
    ) -> KeyInfo:
        """Make a key and store it. Never overwrites; raises BadInput if the alias is taken."""
        made = P256Signer.generate() if kind == "p256" else LocalSigner.generate()
        return self.add(alias, made, passphrase, kdf=kdf)

    def add(
        self,
        alias: str,
        signer: LocalSigner | P256Signer,
        passphrase: str,
        *,
        kdf: Kdf = "scrypt",
        work: int | None = None,
    ) -> KeyInfo:
        """Store a key, sealed by the passphrase (`work`: iterations, or N of scrypt)."""
        from eth_keyfile.keyfile import create_keyfile_json

        path = self._free_path(alias)
        content = create_keyfile_json(
            signer.secret(), passphrase.encode(), kdf=kdf, iterations=work
        )
        if isinstance(signer, P256Signer):
            # The address that comes with it is that of a key on another curve.
            content = _p256_file(signer.public_key, content)
        else:
            content["address"] = signer.address.removeprefix("0x").lower()
        return self._store(alias, path, content)

    def add_public(self, alias: str, public_key: bytes) -> KeyInfo:
        """Store the public key of a P-256 key that stays in its device."""
        return self._store(alias, self._free_path(alias), _p256_file(public_key, None))

    def list(self) -> list[KeyInfo]:
        """Return all keys by alias. Files stay sealed: what is public is written in clear."""
        if not self.directory.exists():
            return []
        self._check_directory()
        return [
            _info(path.stem, path, _parse_key_file(read_private(path, "key file"), path))
            for path in sorted(self.directory.glob("*.json"))
            if _ALIAS.match(path.stem)
        ]

    def info(self, alias: str) -> KeyInfo:
        """Return what is known of a key without opening it."""
        path = self.path(alias)
        return _info(alias, path, self._load(alias, path))

    def account(self, alias: str) -> str:
        """Return the address of a key. Raises BadInput for a P-256 key, which has none."""
        address = self.info(alias).address
        if address is None:
            raise BadInput(
                f"'{alias}' is a P-256 key of a meter: it signs readings, it is no account",
                hint="'p2pchain keys list' shows which keys have an address",
            )
        return address

    def unlock(self, alias: str, passphrase: str) -> LocalSigner:
        """Return the signer of an account. Raises BadInput on a wrong passphrase, a damaged file
        or a P-256 key."""
        self.account(alias)
        signer = self.unlock_meter(alias, passphrase)
        assert isinstance(signer, LocalSigner)
        return signer

    def unlock_meter(self, alias: str, passphrase: str) -> LocalSigner | P256Signer:
        """Return the signer of either kind. Raises BadInput on a wrong passphrase or a damaged
        file, and where the key itself is in its device."""
        path = self.path(alias)
        content = self._load(alias, path)
        info = _info(alias, path, content)
        self.check_here(info)
        opened: LocalSigner | P256Signer
        if info.kind == "p256":
            opened = P256Signer(_open_v3(content["sealed"], passphrase, path))
            right = opened.public_key == info.public_key
        else:
            opened = open_v3(content, passphrase, path)
            right = opened.address == info.address
        if not right:
            said = "address" if info.kind == "secp256k1" else "public key"
            raise BadInput(
                f"key file {path} states another {said} than its key has",
                hint="the file was altered: restore it from a backup",
            )
        return opened

    @staticmethod
    def check_here(info: KeyInfo) -> None:
        """Raise BadInput where a key is in its device and cannot sign here."""
        if not info.is_here:
            raise BadInput(
                f"only the public key of '{info.alias}' is here: its device signs",
                hint="--device names a program that hands a digest to it",
            )

    def _free_path(self, alias: str) -> Path:
        path = self.path(alias)
        self._prepare_directory()
        if path.is_symlink() or path.exists():
            raise self._taken(alias)
        return path

    def _store(self, alias: str, path: Path, content: dict[str, Any]) -> KeyInfo:
        _create_private(path, json.dumps(content).encode() + b"\n", self._taken(alias))
        return _info(alias, path, content)

    def _load(self, alias: str, path: Path) -> dict[str, Any]:
        if self.directory.exists():
            self._check_directory()
        if not (path.is_symlink() or path.exists()):
            raise BadInput(
                f"no key '{alias}' in {self.directory}",
                hint="'p2pchain keys list' shows what is there, 'p2pchain keys new' makes one",
            )
        return _parse_key_file(read_private(path, "key file"), path)

    def _taken(self, alias: str) -> BadInput:
        return BadInput(
            f"there is a key '{alias}' already",
            hint="choose another name; keys are never overwritten",
        )

    def _prepare_directory(self) -> None:
        if not self.directory.exists():
            self.directory.parent.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileExistsError):
                self.directory.mkdir(mode=0o700)
        self._check_directory()

    def _check_directory(self) -> None:
        _check_private(os.lstat(self.directory), self.directory, "key directory", stat.S_ISDIR)


def open_v3(content: dict[str, Any], passphrase: str, path: Path) -> LocalSigner:
    """Return the signer in a parsed Keystore V3 file. Raises BadInput if it does not open."""
    return LocalSigner(_open_v3(content, passphrase, path))


def _open_v3(content: dict[str, Any], passphrase: str, path: Path) -> bytes:
    from eth_keyfile.keyfile import decode_keyfile_json

    try:
        return bytes(decode_keyfile_json(content, passphrase.encode()))
    except ValueError as error:
        if "mac" in str(error).lower():
            raise BadInput(f"wrong passphrase for {path.name}") from None
        raise BadInput(f"{path} cannot be opened: {error}") from None
    except (KeyError, TypeError, NotImplementedError) as error:
        raise BadInput(f"{path} is not a Keystore V3 file ({error})") from None


def read_key_file(
    path: Path, passphrase: Callable[[], str], kind: Kind | None = None
) -> LocalSigner | P256Signer:
    """Return the key in a file: 64 hex digits, Keystore V3, or PEM for a P-256 key.

    `passphrase` is asked where the file is sealed. Hex digits do not say of which `kind` they are:
    secp256k1 unless told. Raises BadInput where the file holds a key of another kind.
    """
    from p2pchain.p256 import read_private_pem

    text = read_private(path, "key file", links=True).strip()
    if "-----BEGIN" in text:
        if kind == "secp256k1":
            raise BadInput(f"{path} is a PEM file", hint="such files hold P-256 keys: --kind p256")
        return read_private_pem(text, passphrase, str(path))
    if text.startswith("{"):
        content = _parse_key_file(text, path)
        found: Kind = "p256" if content.get("kind") == "p256" else "secp256k1"
        if kind not in (None, found):
            raise BadInput(f"{path} holds a {found} key, not a {kind} key")
        if found == "secp256k1":
            return open_v3(content, passphrase(), path)
        if "sealed" not in content:
            raise BadInput(f"{path} holds a public key only")
        return P256Signer(_open_v3(content["sealed"], passphrase(), path))
    return parse_hex_key(text, str(path), kind or "secp256k1")


def parse_hex_key(text: str, where: str, kind: Kind = "secp256k1") -> LocalSigner | P256Signer:
    """Return the key written as 64 hex digits. The message of BadInput does not repeat it."""
    if not _HEX_KEY.match(text.strip()):
        raise BadInput(
            f"{where} has no signing key", hint="64 hex digits, a Keystore V3 file, or PEM"
        )
    secret = bytes.fromhex(text.strip().removeprefix("0x"))
    return P256Signer(secret) if kind == "p256" else LocalSigner(secret)


def find_passphrase(
    file: Path | None = None, *, environ: Mapping[str, str] | None = None
) -> str | None:
    """Return the passphrase from `file` or the environment, or None if neither is given.

    Order: `file`, $P2PCHAIN_PASSPHRASE_FILE, $P2PCHAIN_PASSPHRASE. Of a file the first line counts.
    """
    env = os.environ if environ is None else environ
    named = env.get(ENV_PASSPHRASE_FILE)
    chosen = file or (Path(named) if named else None)
    if chosen is not None:
        lines = read_private(chosen, "passphrase file", links=True).splitlines()
        if not lines or not lines[0]:
            raise BadInput(f"passphrase file {chosen} is empty")
        return lines[0]
    return env.get(ENV_PASSPHRASE) or None


def read_private(path: Path, what: str, *, links: bool = False) -> str:
    """Return the text of a file that only its owner may read; BadInput with a hint otherwise.

    `links` follows symbolic links, and looks at what they lead to: secrets of containers and the
    shell's <(...) come that way. Keystore files do not.
    """
    try:
        handle = os.open(path, os.O_RDONLY | (0 if links else getattr(os, "O_NOFOLLOW", 0)))
    except FileNotFoundError:
        raise BadInput(f"{what} {path} does not exist") from None
    except OSError as error:
        if path.is_symlink():
            raise BadInput(
                f"{what} {path} is a symbolic link", hint="name the file itself"
            ) from None
        raise BadInput(f"cannot open {what} {path}: {error.strerror}") from None
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISFIFO(status.st_mode):  # a pipe has no readers but this one
            _check_private(status, path, what, stat.S_ISREG)
        try:
            return file.read(1 << 20).decode("utf-8")
        except UnicodeDecodeError:
            raise BadInput(f"{what} {path} is not text") from None


def create_private(path: Path, content: bytes) -> None:
    """Create a file of mode 0600, whole or not at all. Raises BadInput where one exists."""
    _create_private(
        path, content, BadInput(f"{path} exists already", hint="it is never overwritten")
    )


def _create_private(path: Path, content: bytes, taken: BadInput) -> None:
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # mode 0600
    except OSError as error:
        raise BadInput(f"cannot write into {path.parent}: {error.strerror}") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)  # fails where the name is taken, unlike rename
    except FileExistsError:
        raise taken from None
    finally:
        os.unlink(temporary)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _check_private(
    status: os.stat_result, path: Path, what: str, kind: Callable[[int], bool]
) -> None:
    if stat.S_ISLNK(status.st_mode):
        raise BadInput(f"{what} {path} is a symbolic link", hint="name the place itself")
    if not kind(status.st_mode):
        raise BadInput(f"{what} {path} is not of the right kind")
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        right = "700" if stat.S_ISDIR(status.st_mode) else "600"
        raise BadInput(
            f"{what} {path} can be used by others (mode {mode:04o})", hint=f"chmod {right} {path}"
        )
    if hasattr(os, "geteuid") and status.st_uid not in (os.geteuid(), 0):
        raise BadInput(f"{what} {path} belongs to another user")


def _p256_file(public_key: bytes, sealed: dict[str, Any] | None) -> dict[str, Any]:
    content: dict[str, Any] = {"kind": "p256", "public_key": "0x" + public_key.hex()}
    if sealed is not None:
        content["sealed"] = {key: value for key, value in sealed.items() if key != "address"}
    return content


def _info(alias: str, path: Path, content: dict[str, Any]) -> KeyInfo:
    if content.get("kind") != "p256":
        return KeyInfo(alias, _stated_address(content, path), path)
    try:
        public_key = parse_public_key(str(content.get("public_key")))
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from None
    return KeyInfo(alias, None, path, "p256", public_key, "sealed" in content)


def _parse_key_file(text: str, path: Path) -> dict[str, Any]:
    """The content of a file of the keystore, of either kind of key."""
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        content = None
    if isinstance(content, dict) and content.get("kind") == "p256":
        if "sealed" in content and not isinstance(content["sealed"], dict):
            raise BadInput(f"{path} is not the file of a P-256 key")
        return content
    return _parse_v3(text, path)


def _parse_v3(text: str, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        content = None
    if not isinstance(content, dict) or content.get("version") != 3:
        raise BadInput(f"{path} is not a Keystore V3 file")
    return content


def _stated_address(content: dict[str, Any], path: Path) -> str:
    address = content.get("address")
    if not isinstance(address, str):
        raise BadInput(f"{path} does not state its address")
    return checksum(address)
