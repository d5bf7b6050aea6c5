"""Built twice, the same bytes: contracts and packages in another place, and that a byte is seen."""

from __future__ import annotations

import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.test_build import needs_compiler
from tools import reproduce


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the sources, in a folder whose name is long and has a space."""
    folder = tmp_path_factory.mktemp("elsewhere")
    place = folder / "another place" / "p2pchain"
    reproduce.copy(ROOT, place)
    yield place
    shutil.rmtree(folder)  # the tests' own keys are in it, which tools/leaks.py would find


def test_the_copy_is_what_git_has(place: Path) -> None:
    there = {path.relative_to(place) for path in place.rglob("*") if path.is_file()}
    linked = {path for path in there if path.parts[0] == "node_modules"}
    assert there - linked == set(reproduce.tracked(ROOT))
    assert Path("contracts/Ledger.sol") in there
    assert not any(path.parts[0] in ("build", ".venv", ".git") for path in there)


def test_wheel_and_source_archive_are_the_same_twice(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, dated = reproduce.Report(), reproduce.Report()
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    reproduce.packages(ROOT, place, usual)
    shutil.rmtree(place.parent / "packages")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    reproduce.packages(ROOT, place, dated)
    (wheel,) = (place.parent / "packages").glob("*.whl")
    assert zipfile.ZipFile(wheel).infolist()[0].date_time[0] == 2026
    shutil.rmtree(place.parent / "packages")
    for report in (usual, dated):
        assert report.different == []
        assert [name.rpartition(".")[2] for name in report.equal] == ["whl", "gz"]
    assert not set(usual.equal) & set(dated.equal), "the date is in the files"


def test_packages_hold_neither_tests_nor_tools(place: Path) -> None:
    reproduce.packages(ROOT, place, reproduce.Report())
    (wheel,) = (place.parent / "packages").glob("*.whl")
    (archive,) = (place.parent / "packages").glob("*.tar.gz")
    inside = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name.split("-")[0] for name in inside} == {"p2pchain"}
    with tarfile.open(archive) as opened:
        members = opened.getmembers()
    folders = {member.name.split("/")[1] for member in members if member.name.count("/") > 1}
    assert folders == {"p2pchain", "contracts", "docs", "examples"}
    # Nobody's account or umask is in it.
    assert {(member.uid, member.gid, member.uname) for member in members} == {(0, 0, "")}
    shutil.rmtree(place.parent / "packages")


def test_another_file_in_a_package_is_found(place: Path) -> None:
    more = place / "p2pchain" / "more.py"
    more.write_text("")
    report = reproduce.Report()
    reproduce.packages(ROOT, place, report)
    more.unlink()
    shutil.rmtree(place.parent / "packages")
    assert report.equal == []
    assert len(report.different) == 2


@needs_compiler
def test_contracts_are_the_same_elsewhere_and_a_change_is_found(place: Path) -> None:
    """Built from nothing but the sources; of three contracts one is not as it is here."""
    changed = place / "contracts" / "mocks" / "TestCurrency.sol"
    text = changed.read_text(encoding="utf-8")
    changed.write_text(text + "// another comment\n", encoding="utf-8")
    report = reproduce.Report()
    reproduce.contracts(ROOT, place, report, ["Tariffs"])
    assert [line.split()[1].rpartition("/")[2] for line in report.equal] == [
        "AccessManager.json",
        "ERC7913P256Verifier.json",
        "Tariffs.json",
    ]
    (said,) = report.different
    assert said.startswith("p2pchain/chain/artifacts/TestCurrency.json: ")
    assert "different from byte" in said


def test_a_byte_more_less_or_other_is_found(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    report = reproduce.Report()
    report.compare(here, there, "neither")
    here.write_bytes(b"abc")
    report.compare(here, there, "gone")
    report.compare(there, here, "new")
    for content in (b"abd", b"ab", b"abcd", b""):
        there.write_bytes(content)
        report.compare(here, there, repr(content))
    assert report.equal == []
    assert report.different == [
        "neither: is not here",
        "gone: is not in the copy",
        "new: is not here",
        "b'abd': 3 and 3 bytes, different from byte 2 on",
        "b'ab': 3 and 2 bytes, different from byte 2 on",
        "b'abcd': 3 and 4 bytes, different from byte 3 on",
        "b'': 3 and 0 bytes, different from byte 0 on",
    ]
    there.write_bytes(b"abc")
    report.compare(here, there, "same")
    (line,) = report.equal
    assert line.startswith("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")


def test_a_contract_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert reproduce.main(["--only", "Tarifs"]) == 2
    assert capsys.readouterr().err.startswith("error: there is no contract Tarifs\nhint: ")
