"""Build everything a second time in another place, and compare it byte for byte.

The first build is the one that is checked in. The second is made from a copy of the sources without
artifacts and bindings: under another and longer path, in another time zone and locale, with another
umask, hash seed and home, its files created in the opposite order. Wheel and source archive are
built in both places. One byte of difference is a failure; what is equal is printed with its
SHA-256.

`--only NAME` builds these contracts alone, with the same result for them: `--only Tariffs` takes
seconds, everything some minutes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ARTIFACTS = Path("p2pchain/chain/artifacts")
BINDINGS = Path("p2pchain/chain/bindings")
ELSEWHERE = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "2147483647"}


@dataclass
class Report:
    """What was compared: the files that are equal, and a sentence for each that is not."""

    equal: list[str] = field(default_factory=list)
    different: list[str] = field(default_factory=list)

    def compare(self, here: Path, there: Path, name: str) -> None:
        one = here.read_bytes() if here.is_file() else None
        other = there.read_bytes() if there.is_file() else None
        if one is None or other is None:
            self.different.append(f"{name}: is not {'here' if one is None else 'in the copy'}")
        elif one != other:
            pairs = enumerate(zip(one, other, strict=False))
            at = next((n for n, (a, b) in pairs if a != b), min(len(one), len(other)))
            self.different.append(
                f"{name}: {len(one)} and {len(other)} bytes, different from byte {at} on"
            )
        else:
            self.equal.append(f"{hashlib.sha256(one).hexdigest()}  {name}")


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", metavar="NAME", action="append", help="these contracts alone")
    parser.add_argument("--packages", action="store_true", help="wheel and source archive alone")
    asked = parser.parse_args(arguments)
    known = {path.stem for path in (root / "contracts").glob("*.sol")}
    if unknown := set(asked.only or ()) - known:
        print(f"error: there is no contract {sorted(unknown)[0]}", file=sys.stderr)
        print(f"hint: {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    report = Report()
    with tempfile.TemporaryDirectory(prefix="p2pchain-") as folder:
        place = Path(folder) / ("another place, " * 6) / "p2pchain"
        copy(root, place)
        packages(root, place, report)
        if not asked.packages:
            contracts(root, place, report, asked.only)
    print("\n".join(report.equal))
    for sentence in report.different:
        print(f"error: {sentence}", file=sys.stderr)
    if report.different:
        print("hint: p2pchain dev build, and commit what it writes", file=sys.stderr)
        return 1
    print(f"{len(report.equal)} files are the same, built in another place")
    return 0


def tracked(root: Path) -> list[Path]:
    """Return the files of the source tree that git has or would take, relative to it."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout
    paths = sorted(Path(os.fsdecode(name)) for name in listed.split(b"\0") if name)
    return [path for path in paths if (root / path).is_file()]


def copy(root: Path, place: Path) -> None:
    """Copy the sources, last file first; what is installed is linked."""
    for path in reversed(tracked(root)):
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, place / path)
        shutil.copymode(root / path, place / path)
    (place / "node_modules").symlink_to(root / "node_modules")


def contracts(root: Path, place: Path, report: Report, only: Iterable[str] | None = None) -> None:
    """Build the contracts in the copy from their sources alone, and compare with what is here."""
    for path in _written(place):
        path.unlink()
    if only:
        for path in (place / "contracts").glob("*.sol"):
            if path.stem not in only:
                path.unlink()
    _elsewhere(["-c", "from p2pchain.dev.build import build; build()"], place)
    made = [path.relative_to(place) for path in _written(place)]
    here = [path.relative_to(root) for path in _written(root)]
    # Bindings share their structs and errors, so those of a part are others.
    names = [path for path in made if path.suffix == ".json"] if only else {*made, *here}
    for name in sorted(names):
        report.compare(root / name, place / name, name.as_posix())


def _written(root: Path) -> Iterator[Path]:
    yield from (root / ARTIFACTS).glob("*.json")
    yield from (root / BINDINGS).glob("*.py")


def packages(root: Path, place: Path, report: Report) -> None:
    """Build wheel and source archive here and in the copy, and compare them."""
    command = ["-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d"]
    with tempfile.TemporaryDirectory(prefix="p2pchain-") as one:
        subprocess.run([sys.executable, *command, one], cwd=root, check=True, capture_output=True)
        other = place.parent / "packages"
        _elsewhere([*command, str(other)], place)
        names = {path.name for folder in (Path(one), other) for path in folder.iterdir()}
        for name in sorted(names):
            report.compare(Path(one) / name, other / name, name)


def _elsewhere(arguments: Sequence[str], place: Path) -> None:
    home = place.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {**os.environ, **ELSEWHERE, "HOME": str(home), "PYTHONPATH": str(place)}
    run = subprocess.run(
        [sys.executable, *arguments],
        cwd=place,
        env=environment,
        umask=0o077,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        sys.exit(f"error: cannot be built in {place}:\n{run.stderr}")


if __name__ == "__main__":
    sys.exit(main())
