"""Signing keys: the `Signer` protocol, keys in memory, and keystore files by alias.

A signer knows its address and signs 32-byte digests; a secure element or a remote signer needs no
more to take part. Keys at rest are Keystore V3 files (as in geth) named `<alias>.json` in
`~/.p2pchain/keys` or `$P2PCHAIN_KEYS`. The directory has mode 0700 and the files 0600; looser modes
and symbolic links are refused. No function here takes a key or a passphrase from a command line.
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

ENV_KEYS = "P2PCHAIN_KEYS"
ENV_PASSPHRASE = "P2PCHAIN_PASSPHRASE"  # noqa: S105 - the name of a variable, not a secret
ENV_PASSPHRASE_FILE = "P2PCHAIN_PASSPHRASE_FILE"  # noqa: S105 - as above

Kdf = Literal["scrypt", "pbkdf2"]
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_ALIAS = re.compile(r"^[a-z0-9][a-z0-9_-]{0,63}$")
_HEX_KEY = re.compile(r"^(0x)?[0-9a-fA-F]{64}$")
_ANY_HEX_KEY = re.compile(r"(?<![0-9a-fA-F])(0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])", re.IGNORECASE)


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


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key in the keystore: its alias, its address and the file, which stays shut."""

    alias: str
    address: str
    path: Path


class Keystore:
    """A directory of Keystore V3 files, one per alias."""

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

    def new(self, alias: str, passphrase: str, *, kdf: Kdf = "scrypt") -> KeyInfo:
        """Make a key and store it. Never overwrites; raises BadInput if the alias is taken."""
        return self.add(alias, LocalSigner.generate(), passphrase, kdf=kdf)

    def add(
        self,
        alias: str,
        signer: LocalSigner,
        passphrase: str,
        *,
        kdf: Kdf = "scrypt",
        work: int | None = None,
    ) -> KeyInfo:
        """Store a key, sealed by the passphrase (`work`: iterations, or N of scrypt)."""
        from eth_keyfile.keyfile import create_keyfile_json

        path = self.path(alias)
        self._prepare_directory()
        if path.is_symlink() or path.exists():
            raise self._taken(alias)
        content = create_keyfile_json(
            signer.secret(), passphrase.encode(), kdf=kdf, iterations=work
        )
        content["address"] = signer.address.removeprefix("0x").lower()
        _create_private(path, json.dumps(content).encode() + b"\n", self._taken(alias))
        return KeyInfo(alias, signer.address, path)

    def list(self) -> list[KeyInfo]:
        """Return all keys by alias. Files stay sealed: the address is written in clear."""
        if not self.directory.exists():
            return []
        self._check_directory()
        found = []
        for path in sorted(self.directory.glob("*.json")):
            if _ALIAS.match(path.stem):
                content = _parse_v3(read_private(path, "key file"), path)
                found.append(KeyInfo(path.stem, _stated_address(content, path), path))
        return found

    def info(self, alias: str) -> KeyInfo:
        """Return alias, address and path without opening the key."""
        path = self.path(alias)
        return KeyInfo(alias, _stated_address(self._load(alias, path), path), path)

    def unlock(self, alias: str, passphrase: str) -> LocalSigner:
        """Return the signer. Raises BadInput on a wrong passphrase or a damaged file."""
        path = self.path(alias)
        content = self._load(alias, path)
        signer = open_v3(content, passphrase, path)
        if signer.address != _stated_address(content, path):
            raise BadInput(
                f"key file {path} states another address than its key has",
                hint="the file was altered: restore it from a backup",
            )
        return signer

    def _load(self, alias: str, path: Path) -> dict[str, Any]:
        if self.directory.exists():
            self._check_directory()
        if not (path.is_symlink() or path.exists()):
            raise BadInput(
                f"no key '{alias}' in {self.directory}",
                hint="'p2pchain keys list' shows what is there, 'p2pchain keys new' makes one",
            )
        return _parse_v3(read_private(path, "key file"), path)

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
    from eth_keyfile.keyfile import decode_keyfile_json

    try:
        secret = decode_keyfile_json(content, passphrase.encode())
    except ValueError as error:
        if "mac" in str(error).lower():
            raise BadInput(f"wrong passphrase for {path.name}") from None
        raise BadInput(f"{path} cannot be opened: {error}") from None
    except (KeyError, TypeError, NotImplementedError) as error:
        raise BadInput(f"{path} is not a Keystore V3 file ({error})") from None
    return LocalSigner(bytes(secret))


def read_key_file(path: Path, passphrase: Callable[[], str]) -> LocalSigner:
    """Return the key in a file: 64 hex digits, or Keystore V3, for which `passphrase` is asked."""
    text = read_private(path, "key file", links=True).strip()
    if text.startswith("{"):
        return open_v3(_parse_v3(text, path), passphrase(), path)
    return parse_hex_key(text, str(path))


def parse_hex_key(text: str, where: str) -> LocalSigner:
    """Return the key written as 64 hex digits. The message of BadInput does not repeat it."""
    if not _HEX_KEY.match(text.strip()):
        raise BadInput(f"{where} has no signing key", hint="64 hex digits, or a Keystore V3 file")
    return LocalSigner(bytes.fromhex(text.strip().removeprefix("0x")))


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
