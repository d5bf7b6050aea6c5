"""The generator of the bindings, on a synthetic contract that has every kind of thing.

What is expected is worked out here with eth_abi and keccak by hand, not with the generator's code.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from p2pchain.chain.abi import Call, ContractError, Event, Panicked, Reverted
from p2pchain.chain.bindings import decode_error
from p2pchain.dev.bindings import generate
from p2pchain.dev.spelling import NotSupported, snake
from p2pchain.errors import BadInput, Refused
from tests.conftest import ROOT

ALICE = "0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B"
CONTRACT = "0x00000000000000000000000000000000000000C0"
METER = bytes(range(32))

Item = dict[str, Any]


def arg(kind: str, name: str = "", internal: str = "", **more: Any) -> Item:
    return {"type": kind, "name": name, "internalType": internal or kind, **more}


def function(name: str, inputs: list[Item], outputs: list[Item], kind: str = "view") -> Item:
    return {
        "type": "function",
        "name": name,
        "inputs": inputs,
        "outputs": outputs,
        "stateMutability": kind,
    }


SIDE = "enum IAll.Side"
POINT = [arg("int32", "priceNano"), arg("address", "from"), arg("uint8", "side", SIDE)]
POINT_TYPE = "(int32,address,uint8)"
BOOK = [
    arg("bytes32", "meter", "MeterId"),
    arg("tuple[]", "points", "struct IAll.Point[]", components=POINT),
    arg("uint32[2][]", "pairs"),
    arg("uint8[3]", "sides", f"{SIDE}[3]"),
    arg("bytes", "signature"),
    arg("string", "str"),
]
BOOK_TYPE = f"(bytes32,{POINT_TYPE}[],uint32[2][],uint8[3],bytes,string)"
BOOK_ARG = arg("tuple", "book", "struct IAll.Book", components=BOOK)
OTHER_POINT = [arg("tuple", "p", "struct Other.Point", components=[arg("bool", "up")])]

ABI: list[Item] = [
    {"type": "constructor", "inputs": [arg("address", "owner")], "stateMutability": "nonpayable"},
    {"type": "receive", "stateMutability": "payable"},
    function("freeOf", [arg("address", "account")], [arg("uint256")]),
    function("MAX_SLOTS", [], [arg("uint8")], "pure"),
    function("pair", [], [arg("address", "who"), arg("bool", "count")]),
    function("unnamed", [], [arg("bytes4"), arg("string")]),
    function("check", [arg("uint256", "block"), arg("bytes32", "lambda")], []),
    function("bookOf", [arg("bytes32", "id", "MeterId")], [BOOK_ARG]),
    function("books", [], [arg("tuple[]", "", "struct IAll.Book[]", components=BOOK)], kind="pure"),
    function("owners", [], [arg("address[][2]")]),
    function("other", OTHER_POINT, [], "nonpayable"),
    function("post", [BOOK_ARG, arg("uint64", "slot")], [arg("uint8", "", SIDE)], "nonpayable"),
    function("post", [arg("uint256")], [], "nonpayable"),
    function("pay", [arg("uint256", "value")], [], "payable"),
    {
        "type": "event",
        "name": "Posted",
        "anonymous": False,
        "inputs": [
            arg("address", "account", indexed=True),
            arg("tuple", "book", "struct IAll.Book", components=BOOK, indexed=False),
            arg("string", "note", indexed=True),
            arg("uint8", "side", SIDE, indexed=True),
            arg("int64", "netWh", indexed=False),
        ],
    },
    {"type": "event", "name": "Book", "anonymous": False, "inputs": []},
    {"type": "event", "name": "Hidden", "anonymous": True, "inputs": []},
    {"type": "error", "name": "TooMuch", "inputs": [arg("uint256", "asked"), arg("bytes32", "m")]},
    {"type": "error", "name": "Unknown", "inputs": [arg("address", "who")]},
    {"type": "error", "name": "Unknown", "inputs": [arg("uint8", "reason", SIDE)]},
    {"type": "error", "name": "Closed", "inputs": []},
]
ARTIFACT: Item = {
    "contract_name": "AllKinds",
    "abi": ABI,
    "enums": {"IAll.Side": ["Buy", "SellBack"]},
    "docs": {
        "errors": {
            "TooMuch(uint256,bytes32)": {"notice": 'More than "all".', "hint": "ask for less"}
        }
    },
}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("generated") / "synthetic"
    folder.mkdir()
    for name, text in generate({"AllKinds": ARTIFACT}, "synthetic").items():
        (folder / name).write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder.parent))
    yield folder
    sys.path.remove(str(folder.parent))
    for name in [name for name in sys.modules if name.partition(".")[0] == "synthetic"]:
        del sys.modules[name]


@pytest.fixture
def kinds(package: Path) -> ModuleType:
    return importlib.import_module("synthetic.all_kinds")


@pytest.fixture
def structs(package: Path) -> ModuleType:
    return importlib.import_module("synthetic.structs")


@pytest.fixture
def errors(package: Path) -> ModuleType:
    return importlib.import_module("synthetic.errors")


class Recorded:
    """A chain that answers with given bytes and keeps what it was asked."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.asked: list[tuple[str, bytes, int | str]] = []

    def call(self, to: str, data: bytes, block: int | str = "latest") -> bytes:
        self.asked.append((to, data, block))
        return self.answer


def selector(signature: str) -> bytes:
    return keccak(text=signature)[:4]


def raw_book() -> tuple[Any, ...]:
    points = [(-5, ALICE.lower(), 1), (7, CONTRACT.lower(), 0)]
    return (METER, points, [(1, 2), (3, 4)], [0, 1, 1], b"\x01\x02", "Zähler")


def book_of(structs: ModuleType) -> Any:
    side = importlib.import_module("synthetic.enums").Side
    return structs.Book(
        meter=METER,
        points=(
            structs.IAllPoint(price_nano=-5, from_=ALICE, side=side.SELL_BACK),
            structs.IAllPoint(price_nano=7, from_=CONTRACT, side=side.BUY),
        ),
        pairs=((1, 2), (3, 4)),
        sides=(side.BUY, side.SELL_BACK, side.SELL_BACK),
        signature=b"\x01\x02",
        str_="Zähler",
    )


def test_a_view_asks_and_decodes(kinds: ModuleType) -> None:
    chain = Recorded(encode(["uint256"], [2**200]))
    assert kinds.AllKinds(chain, CONTRACT).free_of(ALICE) == 2**200
    assert kinds.AllKinds(chain, CONTRACT).free_of(ALICE.lower(), block=7) == 2**200
    data = selector("freeOf(address)") + encode(["address"], [ALICE])
    assert chain.asked == [(CONTRACT, data, "latest"), (CONTRACT, data, 7)]


def test_results_of_several_values(kinds: ModuleType) -> None:
    chain = Recorded(encode(["address", "bool"], [ALICE, True]))
    pair = kinds.AllKinds(chain, CONTRACT).pair()
    assert (pair.who, pair.count_) == (ALICE, True)
    chain = Recorded(encode(["bytes4", "string"], [b"abcd", "x"]))
    assert kinds.AllKinds(chain, CONTRACT).unnamed() == (b"abcd", "x")
    chain = Recorded(encode(["address[][2]"], [[[ALICE.lower()], []]]))
    assert kinds.AllKinds(chain, CONTRACT).owners() == ((ALICE,), ())


def test_constants_and_views_without_a_result(kinds: ModuleType) -> None:
    assert kinds.AllKinds(Recorded(encode(["uint8"], [9])), CONTRACT).max_slots() == 9
    chain = Recorded()
    assert kinds.AllKinds(chain, CONTRACT).check(block_=5, lambda_=METER) is None
    data = selector("check(uint256,bytes32)") + encode(["uint256", "bytes32"], [5, METER])
    assert chain.asked == [(CONTRACT, data, "latest")]


def test_structs_cross_the_codec_both_ways(kinds: ModuleType, structs: ModuleType) -> None:
    book = book_of(structs)
    contract = kinds.AllKinds(Recorded(encode([BOOK_TYPE], [raw_book()])), CONTRACT)
    assert contract.book_of(METER) == book
    assert hash(contract.book_of(METER)) == hash(book)
    contract = kinds.AllKinds(Recorded(encode([f"{BOOK_TYPE}[]"], [[raw_book()] * 2])), CONTRACT)
    assert contract.books() == (book, book)


def test_a_change_of_state_is_a_call_to_send(kinds: ModuleType, structs: ModuleType) -> None:
    chain = Recorded()
    contract = kinds.AllKinds(chain, CONTRACT)
    data = selector(f"post({BOOK_TYPE},uint64)") + encode([BOOK_TYPE, "uint64"], [raw_book(), 12])
    call = contract.post_book_uint64(book_of(structs), 12)
    assert call == Call(CONTRACT, data, 0, "AllKinds.post")
    data = selector("post(uint256)") + encode(["uint256"], [3])
    assert contract.post(3) == Call(CONTRACT, data, 0, "AllKinds.post")
    data = selector("pay(uint256)") + encode(["uint256"], [4])
    assert contract.pay(value_=4, value=99) == Call(CONTRACT, data, 99, "AllKinds.pay")
    assert chain.asked == []
    assert contract.post_book_uint64_result(encode(["uint8"], [1])).name == "SELL_BACK"
    assert kinds.AllKinds.constructor(ALICE) == encode(["address"], [ALICE])


def test_a_value_that_does_not_fit_is_refused(kinds: ModuleType, structs: ModuleType) -> None:
    contract = kinds.AllKinds(Recorded(), CONTRACT)
    with pytest.raises(BadInput, match="does not fit"):
        contract.post(2**256)
    with pytest.raises(BadInput, match="does not fit"):
        contract.post(-1)
    with pytest.raises(BadInput, match="32 bytes are needed, not 3"):
        contract.book_of(b"abc")
    with pytest.raises(BadInput, match="does not fit"):
        contract.free_of("not an address")


def test_events_come_out_of_their_logs(kinds: ModuleType, structs: ModuleType) -> None:
    topic0 = keccak(text=f"Posted(address,{BOOK_TYPE},string,uint8,int64)")
    topics = [
        topic0,
        encode(["address"], [ALICE]),
        keccak(text="a note"),
        encode(["uint8"], [1]),
    ]
    event = kinds.Posted.from_log(topics, encode([BOOK_TYPE, "int64"], [raw_book(), -3]))
    assert issubclass(kinds.Posted, Event)
    assert (event.account, event.note, event.net_wh) == (ALICE, keccak(text="a note"), -3)
    assert event.side.name == "SELL_BACK"
    assert event.book == book_of(structs)
    known = {topic0: kinds.Posted, keccak(text="Book()"): kinds.BookEvent}
    assert known == kinds.EVENTS
    assert kinds.BookEvent.from_log([keccak(text="Book()")], b"") == kinds.BookEvent()
    assert not hasattr(kinds, "Hidden")  # an anonymous event cannot be told from its log


def test_errors_are_exceptions_with_arguments_and_a_hint(errors: ModuleType) -> None:
    data = selector("TooMuch(uint256,bytes32)") + encode(["uint256", "bytes32"], [5, METER])
    error = errors.TooMuch.from_data(data)
    assert issubclass(errors.TooMuch, ContractError)
    assert issubclass(ContractError, Refused)
    assert (error.asked, error.m) == (5, METER)
    assert (error.reason, error.args, error.hint) == ("TooMuch", (5, METER), "ask for less")
    assert str(error) == f'More than "all" (asked=5, m=0x{METER.hex()})'
    assert error.exit_code == 1
    closed = errors.Closed.from_data(selector("Closed()"))
    assert (str(closed), closed.hint) == ("closed", None)
    who = errors.UnknownAddress.from_data(
        selector("Unknown(address)") + encode(["address"], [ALICE])
    )
    assert who.who == ALICE
    side = errors.UnknownUint8.from_data(selector("Unknown(uint8)") + encode(["uint8"], [1]))
    assert side.reason_.name == "SELL_BACK"
    with pytest.raises(ValueError, match="is not Closed"):
        errors.Closed.from_data(data)


def test_an_error_is_found_by_its_data(package: Path) -> None:
    synthetic = importlib.import_module("synthetic")
    assert type(synthetic.decode_error(selector("Closed()"))).__name__ == "Closed"
    for found in (synthetic.decode_error, decode_error):
        text = found(bytes.fromhex("08c379a0") + encode(["string"], ["no"]))
        assert isinstance(text, Reverted)
        assert text.text == "no"
        panic = found(bytes.fromhex("4e487b71") + encode(["uint256"], [0x11]))
        assert isinstance(panic, Panicked)
        assert panic.code == 0x11
        assert found(b"") is None
        assert found(b"\x00\x01") is None
        assert found(bytes.fromhex("deadbeef")) is None
        assert found(bytes.fromhex("08c379a0") + b"\x00" * 5) is None


def test_a_linked_library_adds_only_its_errors() -> None:
    odd = [function("inner", [arg("IRegistry", "registry")], [])]
    error = {"type": "error", "name": "Deep", "inputs": [arg("uint8", "side", SIDE)]}
    files = generate(
        {
            "Outer": {"abi": [], "link_references": {"Inner": [10]}},
            "Inner": {"abi": [*odd, error], "enums": {"IAll.Side": ["Buy", "SellBack"]}},
        }
    )
    assert set(files) == {"__init__.py", "enums.py", "errors.py", "outer.py", "structs.py"}
    assert "class Deep(ContractError)" in files["errors.py"]
    assert "SELL_BACK = 1" in files["enums.py"]


@pytest.mark.parametrize("kind", ["function", "fixed128x18"])
def test_what_has_no_python_is_refused(kind: str) -> None:
    abi = [function("odd", [arg(kind, "x")], [])]
    with pytest.raises(NotSupported, match=kind):
        generate({"Odd": {"abi": abi}})


@pytest.mark.parametrize(
    ("solidity", "python"),
    [
        ("volumeWh", "volume_wh"),
        ("MAX_GAPS", "max_gaps"),
        ("eip712Domain", "eip712_domain"),
        ("DOMAIN_SEPARATOR", "domain_separator"),
        ("settlement_", "settlement"),
        ("ERC20Token", "erc20_token"),
    ],
)
def test_names(solidity: str, python: str) -> None:
    assert snake(solidity) == python


def test_the_output_is_the_same_every_time_and_passes_the_checks(package: Path) -> None:
    again = generate({"AllKinds": ARTIFACT}, "synthetic")
    assert {path.name: path.read_text("utf-8") for path in package.glob("*.py")} == again
    for tool in (
        ("ruff", "check", "--config", str(ROOT / "pyproject.toml"), "--ignore", "A,S105"),
        ("ruff", "format", "--check", "--config", str(ROOT / "pyproject.toml")),
        ("mypy", "--strict", "--config-file", ""),
    ):
        command = [sys.executable, "-m", *tool, str(package)]
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


def test_decoding_the_real_errors_needs_no_contract() -> None:
    from p2pchain.chain.bindings.errors import ERRORS

    for known, kind in ERRORS.items():
        assert known == kind.SELECTOR
        assert len(kind.TYPES) == len(kind.FIELDS)
        values = [_zero(name) for name in kind.TYPES]
        error = decode_error(known + encode(kind.TYPES, values))
        assert type(error) is kind
        assert decode(kind.TYPES, encode(kind.TYPES, values)) is not None
        assert str(error)


def _zero(kind: str) -> Any:
    if kind == "address":
        return CONTRACT
    if kind.startswith("bytes"):
        return b"\x00" * int(kind[5:] or 0)
    return {"string": "", "bool": False}.get(kind, 0)
