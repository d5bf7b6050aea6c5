"""Which chain is meant, and what is said when the answer is not clear."""

from __future__ import annotations

from pathlib import Path

import pytest

from p2pchain.errors import BadInput
from p2pchain.networks import ANVIL, TESTER, Network, resolve

FILE = """
network = "valley"
[networks.valley]
url = "https://rpc.valley.example/key"
chain_id = 4711
finality = "instant"
fees = "free"
poa = true
timeout_seconds = 7
[networks.hills]
url = "http://10.0.0.1:8545"
finality = 12
"""


def test_order_of_choice(tmp_path: Path) -> None:
    def name(choice: str | None = None, **environ: str) -> str:
        return resolve(choice, environ=environ, directory=tmp_path).name

    assert name() == "anvil"
    (tmp_path / "p2pchain.toml").write_text(FILE)
    assert name() == "valley"
    assert name(P2PCHAIN_NETWORK="hills") == "hills"
    assert name("tester", P2PCHAIN_NETWORK="hills") == "tester"


def test_profile(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text(FILE)
    environ = {"P2PCHAIN_CONFIG": str(tmp_path / "other.toml")}
    valley = resolve("valley", environ=environ, directory=Path("/"))
    assert valley == Network(
        "valley", "https://rpc.valley.example/key", 4711, "instant", "free", True, 7
    )
    assert valley.label == "valley (https://rpc.valley.example)"
    hills = resolve("hills", environ=environ)
    assert (hills.finality, hills.fees, hills.chain_id) == (12, "eip1559", None)


def test_single_table_form(tmp_path: Path) -> None:
    (tmp_path / "p2pchain.toml").write_text(FILE.split("\n", 2)[2].replace("networks.", "network."))
    assert resolve("hills", environ={}, directory=tmp_path).finality == 12
    assert resolve(environ={}, directory=tmp_path) is ANVIL


def test_built_in_and_url(tmp_path: Path) -> None:
    assert resolve("tester", environ={}, directory=tmp_path) is TESTER
    assert resolve(ANVIL) is ANVIL
    bare = resolve("http://me:secret@node.example:1234/key", environ={}, directory=tmp_path)
    assert bare.url == "http://me:secret@node.example:1234/key"
    assert bare.label == "http://node.example:1234"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("network = ", "p2pchain.toml"),
        ("network = 5", "must be the name"),
        ("networks = 5", "table of profiles"),
        ("[networks.a]\nurl = 'ftp://x'", "url must be"),
        ("[networks.a]", "url must be"),
        ("[networks.a]\nurl='http://x'\nchain_id = 'one'", "chain_id"),
        ("[networks.a]\nurl='http://x'\nchain_id = true", "chain_id"),
        ("[networks.a]\nurl='http://x'\nfinality = -1", "finality"),
        ("[networks.a]\nurl='http://x'\nfees = 'none'", "fees"),
        ("[networks.a]\nurl='http://x'\npoa = 1", "poa"),
        ("[networks.a]\nurl='http://x'\ntimeout_seconds = 0", "timeout_seconds"),
        ("[networks.a]\nurl='http://x'\ngas = 1", "unknown key 'gas'"),
        ("[networks.tester]\nurl='http://x'", "not a name"),
        ("[networks.'a b']\nurl='http://x'", "not a name"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "p2pchain.toml").write_text(text)
    with pytest.raises(BadInput, match=words):
        resolve("anvil", environ={}, directory=tmp_path)


def test_unknown_and_missing(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown network 'vally'") as caught:
        resolve("vally", environ={}, directory=tmp_path)
    assert caught.value.hint is not None
    assert "anvil, tester" in caught.value.hint
    with pytest.raises(BadInput, match="does not exist"):
        resolve(environ={"P2PCHAIN_CONFIG": str(tmp_path / "none.toml")})
    with pytest.raises(BadInput, match="url must be"):
        resolve("ws://x", environ={}, directory=tmp_path)
