"""The docs name files, functions and figures: what they name must be there, and be so."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from p2pchain.data import load_fontana
from p2pchain.demo.run import Settings, run
from p2pchain.report import terminal
from p2pchain.report.money import amount
from p2pchain.rules import RULES
from p2pchain.simulate import simulate

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "CHANGELOG.md",
    ROOT / "docs" / "architecture.md",
    ROOT / "docs" / "grid.md",
    ROOT / "docs" / "matching.md",
    ROOT / "docs" / "settlement.md",
    ROOT / "docs" / "levels.md",
    ROOT / "docs" / "scale.md",
    ROOT / "docs" / "testing.md",
    *sorted((ROOT / "docs" / "decisions").glob("*.md")),
]
NAME = re.compile(r"`([A-Za-z_]\w*)\.(\w+)(?:\([^`]*\))?`")
#: What a dot also joins: files by their ending.
ENDINGS = {"md", "py", "sol", "toml", "json", "lock", "js", "css", "html", "sqlite", "gz", "csv"}


def declared() -> dict[str, str]:
    """Source text by the name that the docs use: contract, library, module or class."""
    modules = {path.stem for path in (ROOT / "p2pchain").iterdir()}
    found = {"p2pchain": "".join(f"{name}:\n" for name in sorted(modules))}
    for path in (ROOT / "contracts").rglob("*.sol"):
        text = path.read_text(encoding="utf-8")
        kinds = r"^(?:abstract )?(?:contract|library|interface|struct) (\w+)"
        for name in re.findall(kinds, text, re.M):
            found[name] = found.get(name, "") + text
    for name in [name for name in found if f"I{name}" in found]:
        found[name] += found[f"I{name}"]
    for path in (ROOT / "p2pchain").rglob("*.py"):
        if "bindings" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        found[path.stem] = found.get(path.stem, "") + text
        for name in re.findall(r"^class (\w+)", text, re.M):
            found[name] = found.get(name, "") + text
    return found


def names(page: Path) -> Iterator[tuple[str, str]]:
    for owner, member in NAME.findall(page.read_text(encoding="utf-8")):
        if member not in ENDINGS:
            yield owner, member


def declares(text: str, member: str) -> bool:
    solidity = (
        rf"(?:function|error|event|struct|enum|modifier) {member}\b|\b{member}(?: =|;|,|\)| *$)"
    )
    python = rf"(?:def|class) {member}\b|^ *{member}\b *[:=]"
    return re.search(f"{solidity}|{python}", text, re.M) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_in_the_sources(page: Path) -> None:
    sources = declared()
    wrong = [
        f"{owner}.{member}"
        for owner, member in names(page)
        if owner not in sources or not declares(sources[owner], member)
    ]
    assert not wrong


def test_names_that_are_not_there_are_found() -> None:
    sources = declared()
    assert len(list(names(ROOT / "docs" / "matching.md"))) > 50
    assert declares(sources["TickBook"], "fill")
    assert not declares(sources["TickBook"], "fillUp")
    assert not declares(sources["matching"], "filled_up")
    assert declares(sources["p2pchain"], "testing")
    assert not declares(sources["p2pchain"], "tests")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8"))
    local = [link for link in links if "://" not in link]
    assert not [link for link in local if not (page.parent / link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_of_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    paths = re.findall(
        r"`((?:contracts|p2pchain|tests|docs|tools|bench|requirements)/[\w./-]+)`", text
    )
    assert not [path for path in paths if not (ROOT / path).exists()]


def test_the_map_shows_every_folder_and_module() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.splitlines()
    if not listed:
        pytest.skip("not a git checkout")
    wanted = {f"{path.split('/')[0]}/" for path in listed if "/" in path}
    wanted |= {
        "/".join(path.split("/")[:2]) + "/"
        for path in listed
        if path.count("/") > 1 and path.split("/")[0] in ("contracts", "p2pchain", "tests")
    }
    wanted |= {Path(path).name for path in listed if re.fullmatch(r"p2pchain/[a-z]\w*\.py", path)}
    assert len(wanted) > 30
    assert not sorted(name for name in wanted if name not in text)


def events_of(contract: str) -> list[str]:
    """Return the names of a contract's events, in the order in which its interface has them."""
    text = (ROOT / "contracts" / "interfaces" / f"I{contract}.sol").read_text(encoding="utf-8")
    return re.findall(r"^ *event (\w+)", text, re.M)


def test_the_map_has_all_events_and_no_others() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("\n## Events\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", table, re.M)
    told = {contract: re.findall(r"`(\w+)`", cell) for contract, cell in rows}
    interfaces = (ROOT / "contracts" / "interfaces").glob("I*.sol")
    wanted = {path.stem[1:]: events_of(path.stem[1:]) for path in interfaces}
    assert len(wanted) > 8
    assert sum(map(len, wanted.values())) > 80
    assert {name: sorted(events) for name, events in told.items()} == {
        name: sorted(events) for name, events in wanted.items()
    }


def test_every_event_is_wantedin_an_interface() -> None:
    """So the table of the map, which is held against the interfaces, has them all."""
    for path in (ROOT / "contracts").rglob("*.sol"):
        if not {"interfaces", "mocks"} & set(path.parts):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^ *event \w+", text, re.M), path


def blocks_of_readme() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = text.partition("```text\n")[2].partition("```")[0]
    return [part.strip("\n") for part in block.split("\n...\n")]


def test_the_readme_shows_what_the_demo_prints() -> None:
    shown = terminal.render(run(Settings()), width=78, color=False)
    blocks = blocks_of_readme()
    assert len(blocks) == 4
    assert [block for block in blocks if block not in shown] == []


def test_the_readme_gives_the_gain_under_each_rule_set() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    community = load_fontana("2017-06-12", 2)
    gross = simulate(community).gain_nano
    for name, rules in RULES.items():
        kept = simulate(community, rules=rules).gain_nano
        figures = (gross, gross - kept, kept)
        line = f"| `{name}` | " + " | ".join(f"{amount(nano)} USD" for nano in figures) + " |"
        assert line in text
