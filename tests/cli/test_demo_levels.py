"""The demo over several levels, against the rules worked out from the measured data alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from p2pchain import history
from p2pchain.chain.bindings.errors import NotAreaOperator, NotSettlement, WrongLadder
from p2pchain.chain.connect import connect
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.cli import run
from p2pchain.data import MICROGRID_NOTES, load_microgrids
from p2pchain.demo.level_checks import charges_are_received, edges_hold, tree_is_whole
from p2pchain.demo.level_flows import Flows
from p2pchain.demo.levels import CELLS, LevelSettings, Tree, down, found, up, windows_of
from p2pchain.demo.parts import DAY, Registers, post, wait
from p2pchain.errors import CheckFailed
from p2pchain.level_market import LevelTree
from p2pchain.operator import Operator
from p2pchain.report import levels_page, levels_terminal, levels_tree
from p2pchain.report.levels_model import LevelsReport
from p2pchain.report.money import amount, kwh

HOMES = 4
CHECKS = ("money", "energy", "replay", "nobody_worse", "edges", "charges", "transit")
FEED_IN = 50_000
MICROGRIDS = ("fontana", "paired", "consumers")
SHORT = ["demo", "levels", "--homes", str(HOMES)]


def figures(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


@dataclass(frozen=True)
class Expected:
    """One slot by the rules: what each area matches, and what it sends up to be sold and bought."""

    matched: dict[str, int]
    sent: dict[str, tuple[int, int]]


def by_rules(
    charges: tuple[int, int], limits: tuple[int, int], homes: int | None = HOMES
) -> Iterator[Expected]:
    """All homes have one tariff, so volumes alone decide: inside as much as both sides have, up
    what is left and the edge carries, traded there if the charges leave a price between."""
    groups = {group.name: group.community for group in load_microgrids(homes=homes)}
    retail = groups["fontana"].retail_nano
    for at, price in enumerate(retail):
        gap = price - FEED_IN
        matched: dict[str, int] = {}
        sent: dict[str, tuple[int, int]] = {}
        for name, group in groups.items():
            bought = sum(home.import_wh[at] for home in group.homes)
            sold = sum(home.export_wh[at] for home in group.homes)
            matched[name] = min(bought, sold)
            left = (sold - matched[name], bought - matched[name])
            sent[name] = (min(left[0], limits[0]), min(left[1], limits[0]))
        for name, children, way, limit in (
            *((cell, below, charges[0], limits[1]) for cell, below in CELLS.items()),
            ("top", tuple(CELLS), sum(charges), 0),
        ):
            sold = sum(sent[child][0] for child in children)
            bought = sum(sent[child][1] for child in children)
            matched[name] = min(sold, bought) if gap > 2 * way else 0
            sent[name] = (
                min(sold - matched[name], limit),
                min(bought - matched[name], limit),
            )
        yield Expected(matched, sent)


def follows_the_rules(
    report: dict[str, Any], charges: tuple[int, int], limits: tuple[int, int]
) -> None:
    """Every slot of a report is what the data come to."""
    for hour, expected in zip(report["hours"], by_rules(charges, limits), strict=True):
        assert {n: area["traded_wh"] for n, area in hour["areas"].items()} == expected.matched
        for name, edge in hour["edges"].items():
            assert (edge["sent_up_wh"], edge["sent_down_wh"]) == expected.sent[name], name


def crossed(report: dict[str, Any], area: str) -> int:
    edge = next(edge for edge in report["edges"] if edge["area"] == area)
    return int(edge["up_wh"] + edge["down_wh"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("levels")


@pytest.fixture(scope="module")
def day(folder: Path) -> dict[str, Any]:
    """The demo as it comes, with few homes."""
    path = folder / "day.json"
    assert run([*SHORT, "--json", str(path), "--html", str(folder / "day.html")]) == 0
    return figures(path)


@pytest.fixture(scope="module")
def tight(folder: Path) -> dict[str, Any]:
    """The same day with edges that carry little."""
    path = folder / "tight.json"
    assert run([*SHORT, "--edge-limit", "1.5kWh", "0.7kWh", "--json", str(path)]) == 0
    return figures(path)


@pytest.mark.capability("LVL-1")
def test_each_area_trades_inside_first_and_sends_up_the_rest(day: dict[str, Any]) -> None:
    assert day["checks"] == dict.fromkeys(CHECKS, True)
    follows_the_rules(day, (10_000, 20_000), (10_000, 6_000))
    levels = {area["name"]: area for area in day["areas"]}
    assert {name: area["level"] for name, area in levels.items()} == {
        "fontana": 1, "paired": 1, "consumers": 1, "north": 2, "south": 2, "top": 3,
    }  # fmt: skip
    for hour in day["hours"]:
        areas, edges = hour["areas"], hour["edges"]
        for name, group in hour["microgrids"].items():
            own, edge = areas[name]["traded_wh"], edges[name]
            assert own == min(group["import_wh"], group["export_wh"])
            # what is left of a microgrid goes over its edge or to the supplier
            assert group["import_wh"] == own + edge["down_wh"] + group["supplied_wh"]
            assert group["export_wh"] == own + edge["up_wh"] + group["fed_in_wh"]
        for name, below in {**CELLS, "top": tuple(CELLS)}.items():
            over = edges.get(name, {"up_wh": 0, "down_wh": 0})
            for way in ("up_wh", "down_wh"):
                assert sum(edges[child][way] for child in below) == (
                    areas[name]["traded_wh"] + over[way]
                )
    for name, least in (("fontana", 3), ("paired", 2), ("north", 3), ("top", 2)):
        assert levels[name]["traded_slots"] >= least, name
    gain = day["gain_nano"] - day["edge_charges_nano"] - day["rounding_nano"]
    assert gain == day["gain_net_nano"] == sum(g["saving_nano"] for g in day["microgrids"]) > 0


@pytest.mark.capability("LVL-2")
@pytest.mark.parametrize(
    ("charges", "cell", "top"),
    [
        ((70_000, 5_000), True, True),  # 0.16 are between the tariffs: 2 * 0.075 leave 0.01
        ((70_000, 10_000), True, False),  # 2 * 0.08 leave nothing for the top
        ((80_000, 0), False, False),
    ],
)
def test_an_edge_is_crossed_only_where_the_gap_exceeds_the_charges(
    charges: tuple[int, int], cell: bool, top: bool, tmp_path: Path
) -> None:
    path = tmp_path / "charges.json"
    words = [f"{nano / 10**6}USD/kWh" for nano in charges]
    assert run([*SHORT, "--edge-charge", *words, "--json", str(path)]) == 0
    report = figures(path)
    assert report["checks"] == dict.fromkeys(CHECKS, True)
    follows_the_rules(report, charges, (10_000, 6_000))
    traded = {area["name"]: area["traded_wh"] for area in report["areas"]}
    assert (traded["north"] > 0, traded["top"] > 0) == (cell, top)
    assert traded["fontana"] > 0
    assert traded["paired"] > 0
    for edge in report["edges"]:
        assert edge["charge_nano"] == charges[edge["area"] in CELLS]
        assert edge["charged_nano"] == edge["charge_nano"] * crossed(report, edge["area"])
    assert (crossed(report, "fontana") > 0, crossed(report, "consumers") > 0) == (cell, top)
    for group in report["microgrids"]:
        assert group["bill_market_nano"] <= group["bill_supplier_nano"]


@pytest.mark.capability("LVL-2")
def test_each_level_has_its_own_charge(day: dict[str, Any]) -> None:
    charges = {edge["area"]: edge["charge_nano"] for edge in day["edges"]}
    assert charges == {**dict.fromkeys(MICROGRIDS, 10_000), **dict.fromkeys(CELLS, 20_000)}
    for edge in day["edges"]:
        assert edge["charged_nano"] == charges[edge["area"]] * crossed(day, edge["area"])
    assert day["edge_charges_nano"] == sum(edge["charged_nano"] for edge in day["edges"]) > 0
    # consumers have nothing but what crossed four edges: the price at the top and two charges
    consumers = next(g for g in day["microgrids"] if g["name"] == "consumers")
    top = next(area for area in day["areas"] if area["name"] == "top")
    assert consumers["buy_price_nano"] == top["average_price_nano"] + 30_000


@pytest.mark.capability("LVL-3")
def test_no_edge_carries_more_than_its_limit(day: dict[str, Any], tight: dict[str, Any]) -> None:
    assert tight["checks"] == dict.fromkeys(CHECKS, True)
    follows_the_rules(tight, (10_000, 20_000), (1_500, 700))
    full = more = 0
    for before, hour in zip(day["hours"], tight["hours"], strict=True):
        for name, edge in hour["edges"].items():
            limit = 700 if name in CELLS else 1_500
            for way in ("up_wh", "down_wh"):
                assert edge[way] <= edge["sent_" + way] <= limit
                full += edge[way] == limit
                more += before["edges"][name][way] > limit
    assert full >= 5
    assert more >= 5, "without the limits nothing would have been above them"
    counted = sum(edge["full_up_slots"] + edge["full_down_slots"] for edge in tight["edges"])
    assert counted == full


@dataclass
class World:
    """The tree on a chain, with the first UTC day's readings posted."""

    sender: Sender
    tree: Tree
    windows: range


@pytest.fixture
def world() -> Iterator[World]:
    groups = load_microgrids(homes=3)
    slots = groups[0].community.slots
    span = groups[0].community.profiles.batches()[0]
    with (
        connect("tester", genesis_time=slots[0] * 3600 - DAY) as chain,
        Sender(chain, dev_signer(0)) as sender,
    ):
        tree = found(sender, groups, LevelSettings(homes=3, limits_wh=(2_000, 1_000)))
        operator = Operator(tree.contracts, sender)
        for name, feeder in (("paired", 300), ("north", 400)):
            place = tree.places[name]
            assert place.terms is not None
            with Sender(chain, place.operator) as own:
                own.send(operator.set_edge(place.area, replace(place.terms, feeder_wh=feeder)))
        wait(chain, (slots[span.stop - 1] + 1) * 3600)
        for name, market in tree.markets.items():
            registers = Registers(market, tree.groups[name].community, tree.houses[name])
            post(sender, market, registers.sign(span))
        yield World(sender, tree, windows_of(slots[span.start : span.stop]))


@pytest.mark.capability("LVL-3")
def test_what_would_break_a_limit_is_refused(world: World) -> None:
    """Numbers above a limit, from whoever; and feeders, whose limits bind inside an area."""
    sender, tree, contracts = world.sender, world.tree, world.tree.contracts
    north = tree.places["north"]
    assert north.terms is not None
    wider = Operator(contracts).set_edge(north.area, replace(north.terms, up_wh=10**6))
    with pytest.raises(NotAreaOperator):
        sender.send(wider)
    for market in tree.markets.values():
        for call in market.clear_calls(world.windows.start, len(world.windows)):
            sender.send(call)
    levels = LevelTree(contracts).levels()
    level = next(level for level in levels if level.id == north.node)
    window = world.windows.start
    ladders = [list(ladder) for ladder in level.ladders(window)]
    place = next(at for at, ladder in enumerate(ladders) if len(ladder) > 2)
    forged = [*map(list, ladders)]
    forged[place][2] += 1  # one Wh more than the edge has carried up
    with pytest.raises(WrongLadder):
        sender.send(contracts.levels.clear(level.id, window, [forged]))
    with pytest.raises(NotSettlement):
        sender.send(contracts.levels.send(tree.places["paired"].node, window, forged[place]))
    up(sender, without_markets(tree), levels, world.windows)
    down(sender, tree, levels, world.windows)
    flows = Flows.read(tree)
    flows.slots = flows.slots[:16]
    pasts = {name: history.read(market) for name, market in tree.markets.items()}
    edges_hold(tree, flows)
    tree_is_whole(tree, flows, pasts)
    charges_are_received(tree, flows, pasts)
    for name, feeder in (("paired", 300), ("north", 400)):
        matched = [flows.matched_wh(name, slot) for slot in flows.slots]
        assert max(matched) == feeder
        assert sum(wh == feeder for wh in matched) >= 2
    # the checks see what is bent
    slot = next(slot for slot in flows.slots if flows.crossed["fontana"][slot][0])
    honest = flows.crossed["fontana"][slot]
    for wrong in ((2_001, 0), (honest[0] - 1, honest[1]), (-1, 0)):
        flows.crossed["fontana"][slot] = wrong
        with pytest.raises(CheckFailed):
            edges_hold(tree, flows)
        with pytest.raises(CheckFailed):
            tree_is_whole(tree, flows, pasts)
        with pytest.raises(CheckFailed):
            charges_are_received(tree, flows, pasts)
    flows.crossed["fontana"][slot] = honest
    flows.sent["fontana"][slot] = (10**9, 0)
    with pytest.raises(CheckFailed, match="were left"):
        tree_is_whole(tree, flows, pasts)


def without_markets(tree: Tree) -> Tree:
    """The tree without its markets, which have cleared already."""
    return Tree(tree.contracts, tree.places, tree.groups)


def test_the_figures_as_json(day: dict[str, Any]) -> None:
    assert day["schema"] == 1
    assert set(day) == {
        "schema", "title", "currency", "from_local", "timezone", "days", "slots", "slot_seconds",
        "chain", "price_rule", "traded_wh", "gain_nano", "edge_charges_nano", "rounding_nano",
        "gain_net_nano", "areas", "edges", "microgrids", "hours", "gas_total",
        "gas_per_participant_slot", "seconds", "checks", "notes",
    }  # fmt: skip
    assert (day["from_local"], day["days"], day["slots"]) == ("2016-11-26", 1, len(day["hours"]))
    assert [group["name"] for group in day["microgrids"]] == list(MICROGRIDS)
    assert [(edge["area"], edge["parent"]) for edge in day["edges"]] == [
        ("fontana", "north"), ("paired", "north"), ("consumers", "south"), ("north", "top"),
        ("south", "top"),
    ]  # fmt: skip
    assert day["notes"] == list(MICROGRID_NOTES)
    assert all(group["notes"] and group["attribution"] for group in day["microgrids"])

    def walk(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, entry in value.items():
                assert re.fullmatch(r"[a-z_]+", key), key
                walk(entry, key)
        elif isinstance(value, list):
            for entry in value:
                walk(entry, name)
        else:
            assert not isinstance(value, float) or name == "seconds", name

    walk(day, "")


def test_the_figures_of_the_readme() -> None:
    """All homes on the day that is taken where none is named, without a chain."""
    settings = LevelSettings()
    charges, limits = settings.charges_nano, settings.limits_wh
    slots = list(by_rules(charges, limits, None))
    matched = {
        name: sum(slot.matched[name] for slot in slots) for name in (*MICROGRIDS, *CELLS, "top")
    }
    inside = sum(matched[name] for name in MICROGRIDS)
    cells = sum(matched[name] for name in CELLS)
    edges = 2 * (cells * charges[0] + matched["top"] * sum(charges))
    gain = (inside + cells + matched["top"]) * (210_000 - FEED_IN)  # no sun after 16:00
    text = " ".join((Path(__file__).parents[2] / "README.md").read_text("utf-8").split())
    for said in (
        f"| {kwh(inside)} kWh | 0.130 USD/kWh |",
        f"| {kwh(cells)} kWh | 0.130 USD/kWh |",
        f"| {kwh(matched['top'])} kWh | 0.130 USD/kWh |",
        f"{amount(gain - edges)} USD better off",
        f"edges took {amount(edges)} USD",
    ):
        assert said in text, said


@pytest.mark.anvil
def test_the_same_result_on_anvil_to_the_unit(day: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "anvil.json"
    assert run(["-n", "anvil", *SHORT, "--json", str(path)]) == 0
    here, there = figures(path), dict(day)
    assert here["chain"] != there["chain"]
    for name in ("chain", "seconds", "gas_total", "gas_per_participant_slot"):
        here.pop(name)
        there.pop(name)
    assert here == there


class _Page(HTMLParser):
    """Tags, and text inside and outside the picture."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.drawn: list[str] = []
        self.text = ""
        self._drawing = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._drawing = self._drawing or tag == "svg"

    def handle_endtag(self, tag: str) -> None:
        self._drawing = self._drawing and tag != "svg"

    def handle_data(self, data: str) -> None:
        if self._drawing and data.strip():
            self.drawn.append(data)
        else:
            self.text += " " + " ".join(data.split())


def test_the_page_draws_the_tree_and_runs_nothing(day: dict[str, Any], folder: Path) -> None:
    raw = (folder / "day.html").read_text()
    page = _Page(raw)
    names = [tag for tag, _ in page.tags]
    assert not {"script", "link", "img", "iframe", "object"} & set(names)
    assert "script-src 'none'" in raw
    assert names.count("svg") == 1
    drawn = " ".join(page.drawn)
    for word in (*MICROGRIDS, "CELL north", "CELL south", "top", "Supplier"):
        assert word in drawn
    moved = [text for text in page.drawn if re.search(r"kWh (up|down)$", text)]
    assert len(moved) == 10
    for figure in re.findall(r"[\d.,]+(?= kWh)", drawn):
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?!\d)", page.text), figure
    for text in (*day["notes"], *(note for g in day["microgrids"] for note in g["notes"])):
        assert " ".join(text.split()) in page.text
    for group in day["microgrids"]:
        assert group["attribution"].removeprefix("Data: ") in page.text


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[LevelsReport]:
    """What runs of the test have reported."""
    from p2pchain.demo.level_report import assemble

    kept: list[LevelsReport] = []

    def keep(**figures: Any) -> LevelsReport:
        kept.append(assemble(**figures))
        return kept[-1]

    monkeypatch.setattr("p2pchain.demo.levels.assemble", keep)
    return kept


def test_a_check_that_fails_and_what_is_shown(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reports: list[LevelsReport],
) -> None:
    """Exit code 1, figures all the same; and the texts of a report that is bent on purpose."""

    def fails(*_: object) -> None:
        raise CheckFailed("too much")

    monkeypatch.setattr("p2pchain.demo.levels.edges_hold", fails)
    assert run(["demo", "levels", "--homes", "1"]) == 1
    out, err = capsys.readouterr()
    assert "FAILED" in out
    assert "error: a check failed: edges" in err
    report = reports[0]
    for text in (*MICROGRID_NOTES, "CC BY-SA 4.0", "MIT licence", "EPRI"):
        assert "".join(text.split()) in "".join(out.replace("· ", "").split())
    for width in (64, 80, 120):
        lines = levels_terminal.render(report, width, color=False).splitlines()
        tables = [line for line in lines if set(line) <= {"─"}]
        assert len(tables) >= 8
        assert width < 80 or max(map(len, lines)) <= width
    evil = "</text><script>alert(1)</script>"
    group = replace(report.microgrids[0], attribution=evil, notes=(evil,))
    bent = replace(report, title=evil, microgrids=(group, *report.microgrids[1:]))
    assert "script" not in [tag for tag, _ in _Page(levels_page.render(bent)).tags]
    with pytest.raises(ValueError, match="do not add up"):
        replace(report, gain_nano=report.gain_nano + 1)
    picture = levels_tree.picture(report)
    for box in picture.boxes:
        assert box.x >= 0
        assert box.x + box.width <= picture.width
        assert box.y + box.height <= picture.height


@pytest.mark.capability("LVL-1", "LVL-2", "LVL-3")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "2030-01-01"], "outside the data"),
        (["--from", "2016-11-27", "--days", "2"], "outside the data"),
        (["--from", "26.11.2016"], "is not a date"),
        (["--homes", "0"], "--homes"),
        (["--homes", "13"], "13 homes"),
        (["--days", "0"], "--days"),
        (["--edge-charge", "0.01", "0.02"], "has no unit"),
        (["--edge-charge", "-1USD/kWh", "0USD/kWh"], "not negative"),
        (["--edge-charge", "1EUR/kWh", "0EUR/kWh"], "currency is USD"),
        (["--edge-limit", "5kW", "5kW"], "not a unit"),
        (["--edge-limit", "5GWh", "5kWh"], "no limit"),
        (["--html", "/nowhere/page.html"], "cannot be written"),
    ],
)
def test_bad_input(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "levels", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err.splitlines()[0]
    assert err.count("error: ") == err.count("hint: ") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["demo", "--homes", "3", "levels"], "stands before 'levels'"),
        (["demo", "level"], "did you mean 'levels'"),
        (["-n", "valley", "demo", "levels"], "a chain of its own"),
    ],
)
def test_where_the_words_stand(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert words in capsys.readouterr().err
