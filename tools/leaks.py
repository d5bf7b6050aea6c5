"""Look for every key and passphrase of a test run in all that the run has left behind.

`tests/watch/sitecustomize.py` has noted them while the tests ran, whoever made them. They are
looked for in the logs, in what pytest captured, in the arguments of all programs that were started,
in the records and reports in build/, and in the files that tests wrote, databases included: as
bytes, as hexadecimal in either case, in decimal, in base64 at any offset, and as Python prints
bytes. Only the private files that a test gave to the program for its key or passphrase, or that the
program made for them, may hold one.

Besides, any 64 hexadecimal digits that are the key of an address in the same file are found, noted
or not. Found secrets are not printed. Exit code 1 where there is one, or where too little was noted
for the search to mean anything.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from coincurve import PrivateKey

from p2pchain.keys import ORDER, address_of

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
# What compilers write there comes from sources alone; nothing of it is from a run.
COMPILED = (
    "build/forge/out",
    "build/forge/cache",
    "build/brownie/contracts",
    "build/brownie/interfaces",
)
# Tests count their meters: such a number is in every file, and no secret.
NUMBER = 1 << 128
SHORTEST = 12  # a shorter passphrase is a word that stands anywhere
MOST_SHOWN = 40
_BLOCK = 8  # bytes; the search goes from one such block to the next


@dataclass
class Noted:
    """What a run has used: keys and passphrases with the first test that did, and their files."""

    keys: dict[bytes, str] = field(default_factory=dict)
    passphrases: dict[str, str] = field(default_factory=dict)
    files: set[Path] = field(default_factory=set)
    numbers: int = 0


@dataclass(frozen=True)
class Finding:
    """Where a secret stands, and which; the secret itself is not kept."""

    path: Path
    offset: int
    what: str

    def __str__(self) -> str:
        return f"{self.path}: byte {self.offset}: {self.what}"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("noted", type=Path, help="what tests/watch has noted")
    parser.add_argument("places", type=Path, nargs="+", help="files and folders to look in")
    parser.add_argument("--least", type=int, default=0, help="fewer keys than that are too few")
    asked = parser.parse_args(arguments)
    if not asked.noted.is_file():
        print("error: nothing was noted: the search would find nothing", file=sys.stderr)
        return 1
    noted = read(asked.noted)
    if len(noted.keys) < asked.least or (asked.least and not noted.passphrases):
        count = f"{len(noted.keys)} keys and {len(noted.passphrases)} passphrases"
        print(f"error: only {count} were noted, at least {asked.least} keys were", file=sys.stderr)
        return 1
    if short := [test for text, test in noted.passphrases.items() if len(text) < SHORTEST]:
        print(f"error: {short[0] or 'a test'} uses a passphrase that is too short", file=sys.stderr)
        print(f"hint: {SHORTEST} characters or more can be looked for", file=sys.stderr)
        return 1
    paths = sorted({path for place in asked.places for path in files(place)} - noted.files)
    patterns = Patterns(noted)
    found: list[Finding] = []
    size = 0
    for path in paths:
        for data in contents(path):
            size += len(data)
            found += [Finding(path, at, what) for at, what in patterns.search(data)]
            found += [Finding(path, at, what) for at, what in keys_of_addresses(data)]
    for finding in found[:MOST_SHOWN]:
        print(f"error: {finding}", file=sys.stderr)
    print(
        f"looked for {len(noted.keys)} keys and {len(noted.passphrases)} passphrases in "
        f"{len(paths)} files, {size:,} bytes: {len(found) or 'none'} found "
        f"({noted.numbers} keys are small numbers, {len(noted.files)} files hold keys by design)"
    )
    return int(bool(found))


def read(path: Path) -> Noted:
    """Return what was noted in `path`."""
    noted = Noted()
    numbers = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if "file" in entry:
            noted.files.add(Path(entry["file"]))
        elif "passphrase" in entry:
            noted.passphrases.setdefault(entry["passphrase"], entry["test"])
        elif int(entry["key"], 16) < NUMBER:
            numbers.add(entry["key"])
        else:
            noted.keys.setdefault(bytes.fromhex(entry["key"]), entry["test"])
    noted.numbers = len(numbers)
    return noted


def files(place: Path) -> Iterator[Path]:
    """Return the files in a folder, or the file itself; no links, sockets or pipes."""
    if place.is_file():
        yield place
    for path in place.rglob("*") if place.is_dir() else ():
        relative = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
        if path.is_file() and not path.is_symlink() and not relative.startswith(COMPILED):
            yield path


def contents(path: Path) -> Iterator[bytes]:
    """Return the bytes of a file, and what they are when decompressed."""
    try:
        data = path.read_bytes()
    except OSError:  # gone, or not for us
        return
    yield data
    if data[:2] == b"\x1f\x8b":
        try:
            yield gzip.decompress(data)
        except (OSError, EOFError, zlib.error):
            return


# --- known secrets ------------------------------------------------------------------------------


class Patterns:
    """The forms in which the secrets of a run may be written.

    Blocks of eight bytes are looked up in one table. A form of 15 bytes or more has a whole block
    wherever it stands, at one of eight offsets in the form; a match is then looked at in full.
    """

    def __init__(self, noted: Noted) -> None:
        self._blocks: dict[int, list[tuple[int, bytes, str, bool]]] = {}
        self._short: list[tuple[bytes, str]] = []
        for key, test in noted.keys.items():
            who = f"the key of {_address(key)}, used in {test or 'a program of its own'}"
            for form, pattern in forms_of_key(key).items():
                self._add(pattern, f"{who} ({form})", lower=form == "hex")
        for text, test in noted.passphrases.items():
            who = f"a passphrase, used in {test or 'a program of its own'}"
            for form, pattern in forms_of_text(text).items():
                self._add(pattern, f"{who} ({form})", lower=form == "hex")

    def _add(self, pattern: bytes, what: str, *, lower: bool) -> None:
        if len(pattern) < 2 * _BLOCK - 1:
            self._short.append((pattern, what))
            return
        for at in range(_BLOCK):
            block = int.from_bytes(pattern[at : at + _BLOCK], sys.byteorder)
            self._blocks.setdefault(block, []).append((at, pattern, what, lower))

    def search(self, data: bytes) -> list[tuple[int, str]]:
        """Return the offset and the name of each secret in `data`, each form once."""
        found: dict[str, int] = {}
        for lower in (False, True):
            text = data.lower() if lower else data
            whole = len(text) // _BLOCK * _BLOCK
            view = memoryview(text)[:whole].cast("Q")
            hits = self._blocks.keys() & set(view)
            for block in hits:
                for _, pattern, what, folded in self._blocks[block]:
                    if folded == lower and (place := text.find(pattern)) >= 0:
                        found.setdefault(what, place)
        for pattern, what in self._short:
            if (place := data.find(pattern)) >= 0:
                found.setdefault(what, place)
        return sorted((place, what) for what, place in found.items())


def forms_of_key(key: bytes) -> dict[str, bytes]:
    """Return the ways in which a program may write 32 bytes."""
    return {
        "bytes": key,
        "hex": key.hex().encode(),
        "decimal": str(int.from_bytes(key, "big")).encode(),
        "list of bytes": ", ".join(map(str, key)).encode(),
        "compact list of bytes": ",".join(map(str, key)).encode(),
        "bytes as Python prints them": repr(key)[2:-1].encode(),
        "bytes in JSON": json.dumps(key.decode("latin-1"))[1:-1].encode(),
        **_base64(key),
    }


def forms_of_text(text: str) -> dict[str, bytes]:
    """Return the ways in which a program may write a passphrase."""
    data = text.encode()
    return {
        "plain": data,
        "hex": data.hex().encode(),
        "in JSON": json.dumps(text)[1:-1].encode(),
        "in a URL": quote(text, safe="").encode(),
        **_base64(data),
    }


def _base64(data: bytes) -> dict[str, bytes]:
    """Return what is sure to be in the base64 of anything that has `data` in it."""
    found = {}
    for before in range(3):
        whole = base64.b64encode(bytes(before) + data)
        # The first characters are shared with what comes before, the last with what comes after.
        first = (before * 8 + 5) // 6
        last = (before + len(data)) * 8 // 6
        found[f"base64, offset {before}"] = whole[first:last]
        found[f"base64 of URLs, offset {before}"] = whole[first:last].translate(
            bytes.maketrans(b"+/", b"-_")
        )
    return found


# --- any key ------------------------------------------------------------------------------------

_HEX = re.compile(rb"(?<![0-9a-fA-F])(?:0x)?([0-9a-fA-F]{64})(?![0-9a-fA-F])")
_ADDRESS = re.compile(rb"0x([0-9a-fA-F]{40})(?![0-9a-fA-F])")


def keys_of_addresses(data: bytes) -> list[tuple[int, str]]:
    """Return where 64 hexadecimal digits are the key of an address that stands in the same text."""
    addresses = {match[1].lower() for match in _ADDRESS.finditer(data)}
    found: dict[bytes, int] = {}
    if addresses:
        for match in _HEX.finditer(data):
            found.setdefault(match[1].lower(), match.start(1))
    return [
        (place, f"the key of {_address(bytes.fromhex(digits.decode()))} beside its address")
        for digits, place in found.items()
        if NUMBER <= int(digits, 16) < ORDER
        and _address(bytes.fromhex(digits.decode()))[2:].lower().encode() in addresses
    ]


def _address(key: bytes) -> str:
    if not 0 < int.from_bytes(key, "big") < ORDER:
        return "(no key)"
    return address_of(PrivateKey(key).public_key.format(compressed=False))


# --- what is checked in -------------------------------------------------------------------------

# Forms that secrets of services and of key files have, wherever they stand.
_SHAPES: Mapping[str, re.Pattern[bytes]] = {
    "a private key file": re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    "an access key of AWS": re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a token of GitHub": re.compile(rb"\b(?:gh[pousr]_\w{36}|github_pat_\w{22,})\b"),
    "a token of npm or PyPI": re.compile(rb"\bnpm_\w{36}\b|\bpypi-AgE[\w-]{50,}"),
    "a token of Slack": re.compile(rb"\bxox[abpr]-[\w-]{10,}"),
    "a password in an address": re.compile(rb"://[^/\s:@'\"{]+:[^/\s:@'\"{]+@"),
    "a sealed key": re.compile(rb'"ciphertext"\s*:\s*"[0-9a-f]{64}"'),
}


def shapes(data: bytes) -> list[tuple[int, str]]:
    """Return what in a file has the form of a secret."""
    found = [
        (match.start(), what)
        for what, pattern in _SHAPES.items()
        if (match := pattern.search(data))
    ]
    return sorted([*found, *keys_of_addresses(data)])


def scan(root: Path, tracked: Iterable[Path]) -> list[Finding]:
    """Return what has the form of a secret in the files of a source tree."""
    return [
        Finding(path, at, what)
        for path in tracked
        for data in contents(root / path)
        for at, what in shapes(data)
    ]


if __name__ == "__main__":
    sys.exit(main())
