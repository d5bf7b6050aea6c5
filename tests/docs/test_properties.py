"""docs/properties.md names tests that are there, and results as they are."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import PROPERTIES
from tools import properties

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "properties.md").read_text(encoding="utf-8")
#: Bills of suppliers: not in this release.
NOT_THERE = {26}


def sources() -> str:
    folders = ("tests/solidity/*.sol", "tests/proofs/*.sol")
    return "\n".join(
        path.read_text(encoding="utf-8") for pattern in folders for path in ROOT.glob(pattern)
    )


def test_every_test_that_it_names_is_there() -> None:
    names = set(re.findall(r"`((?:test|testFuzz|check|invariant)_\w+\*?)`", PAGE))
    text = sources() + "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")
    )
    assert len(names) > 40
    for name in names:
        pattern = re.escape(name.rstrip("*")) + ("" if name.endswith("*") else r"\(")
        assert re.search(rf"(function|def) {pattern}", text), name


def test_every_file_that_it_names_is_there() -> None:
    for name in set(re.findall(r"`(\w+\.(?:t\.)?sol)`", PAGE)):
        assert list(ROOT.glob(f"tests/*/{name}")), name
    for name in set(re.findall(r"`(tests/[\w/.]+)`", PAGE)):
        assert (ROOT / name).exists(), name


def test_every_property_has_a_row_and_a_test() -> None:
    rows = {int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)}
    assert set(PROPERTIES) - NOT_THERE == rows
    shown = properties.tests_by_property()
    for number in (1, 2, 3, 5, 8, 9, 10, 12, 13, 17, 19, 20, 21, 25, 27, 29):
        assert shown[number]["halmos"], f"no proof of {number}"


def test_the_results_are_those_of_the_campaigns() -> None:
    assert properties.page(PAGE) == PAGE, "python -m tools.properties"
