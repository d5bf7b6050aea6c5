"""The pages for operators and prosumers, typed as they stand, beside a node as in terminal 1."""

from __future__ import annotations

import io
import re
import shlex
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from p2pchain.chain.devkeys import dev_signers
from p2pchain.chain.node import running
from p2pchain.cli import run
from p2pchain.keys import create_private
from tests.cli.conftest import START
from tests.cli.test_base import ALL

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("operator.md", "prosumer.md")


def lines(page: str) -> list[str]:
    """What is to be typed in the second terminal."""
    text = (DOCS / page).read_text(encoding="utf-8")
    blocks: list[str] = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def typed(line: str, rest: Iterator[str], patch: pytest.MonkeyPatch) -> str:
    """Do what a shell does with a line of these pages; return what is printed."""
    if line.startswith("export "):
        patch.setenv(*line.removeprefix("export ").split("="))
        return ""
    if found := re.fullmatch(r"cat > (\S+) <<END", line):
        content = "".join(f"{row}\n" for row in iter(rest.__next__, "END"))
        Path(found[1]).write_text(content)
        return ""
    stdin = ""
    if found := re.fullmatch(r"sed -n (\d+)p (\S+) \| (p2pchain .*)", line):
        stdin, line = Path(found[2]).read_text().splitlines()[int(found[1]) - 1], found[3]
    line, _, target = line.partition(" > ")
    words = shlex.split(line)
    assert words[0] == "p2pchain", line
    if words[1:3] in (["keys", "new"], ["keys", "import"]):
        words += ["--kdf", "pbkdf2"]  # opens three times as fast
    patch.setattr("sys.stdin", io.StringIO(stdin))
    out = io.StringIO()
    with redirect_stdout(out):
        assert run(words[1:]) == 0, line
    if target:
        Path(target).write_text(out.getvalue())
    return out.getvalue()


def test_the_walk_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "P2PCHAIN_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("P2PCHAIN_KEYS", str(tmp_path / "keys"))
    for name in ("P2PCHAIN_CONFIG", "P2PCHAIN_NETWORK", "P2PCHAIN_PASSPHRASE_FILE"):
        monkeypatch.delenv(name, raising=False)
    keys = "".join(f"{signer.secret().hex()}\n" for signer in dev_signers())
    create_private(Path("dev-keys.txt"), keys.encode())  # as `node --dev-keys` in terminal 1
    printed: dict[str, str] = {}
    with running(engine="embedded", genesis_time=int(START.timestamp())) as node:
        Path("p2pchain.toml").write_text(
            f'[networks.anvil]\nurl = "http://127.0.0.1:{node.port}"\nchain_id = 31337\n'
            'finality = "instant"\n'
        )
        for page in PAGES:
            rest = iter(lines(page))
            for line in rest:
                printed[line] = typed(line, rest, monkeypatch)
    # what the pages promise: Alice bought from Bob between the two prices, and Bob took it out
    assert printed["p2pchain -a alice trades"].count("0.12EUR/kWh") == 3
    # 1.5 + 1.2 + 0.1 kWh at 0.12, and the rest of his 5 kWh at 0.05
    bob = printed["p2pchain -a bob balance"]
    assert "free           0.446EUR" in bob
    assert "5.00EUR free" in bob  # the guarantee, which nobody needed
    assert "take 0.446EUR out" in printed["p2pchain -y -a bob withdraw all"]
    # and who planned: one price between both limits, and Bob's missing 0.3 kWh from his supplier
    ahead = printed["p2pchain trades --from 2026-06-04T00:00Z"].splitlines()
    assert [line.split()[-1] for line in ahead[1:]] == ["0.165EUR", "-0.165EUR"]
    saved = printed["p2pchain savings --from 2026-06-04T00:00Z"]
    assert saved.splitlines()[1].split()[3] == "0.285EUR"  # 1.5 kWh at 0.11, and 8 ct network each
    assert saved.splitlines()[2].split()[3] == "-0.108EUR"  # less 0.3 kWh at 0.19
    assert "settled" in printed["p2pchain orders --all"]


@pytest.mark.parametrize("page", [*PAGES, "governance.md", "grid.md"])
def test_commands_of_the_pages_exist(page: str) -> None:
    """Commands that are named and not run, too."""
    text = (DOCS / page).read_text(encoding="utf-8")
    named = re.findall(r"p2pchain ((?:-[an] \S+ |-y )*)([a-z][a-z-]*(?: [a-z-]+){0,2})", text)
    assert named
    for _, words in named:
        parts = words.split()
        known = [" ".join(parts[:count]) in ALL for count in range(1, len(parts) + 1)]
        assert any(known), f"{page}: p2pchain {words}"
