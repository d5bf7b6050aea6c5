"""The thirteen homes of the demonstration on a network, as docs/grid.md shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import running
from p2pchain.chain.sender import Sender
from p2pchain.data import load_fontana
from p2pchain.demo.parts import DAY, Tally, quiet
from p2pchain.demo.run import Settings, _Orders, _set_up, _trade
from p2pchain.rules import rule_set
from tests.cli.conftest import World
from tests.cli.test_bad_input import refused, told

PAGE = Path(__file__).resolve().parents[2] / "docs" / "grid.md"
EVENING = "2017-06-13T05:00Z"


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The thirteen homes of the demonstration, a day of which is settled."""
    settings = Settings(days=1)
    community = load_fontana(settings.from_date, settings.days)
    begin = community.slots[0] * community.profiles.slot_seconds - DAY
    with ExitStack() as stack:
        node = stack.enter_context(running(engine="embedded", genesis_time=begin))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        made = World(tmp_path_factory.mktemp("homes"), node.port, patch)
        stack.callback(made.chain.close)
        with Sender(made.chain, dev_signer(0)) as sender:
            market, houses = _set_up(sender, community, settings, None, quiet)
            orders = _Orders.of(market, houses, None, rule_set(settings.rules))
            _trade(sender, market, community, houses, orders, Tally(), quiet)
        record = market.contracts.deployment.with_market("homes", market.id)
        record.save(Path("deployments/local.json"))
        yield made


@pytest.mark.parametrize("name", ["evening", "noon"])
def test_the_page_shows_what_the_command_prints(homes: World, name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    block = re.findall(rf"^```text {name}\n\$ p2pchain ([^\n]*)\n(.*?)^```$", text, re.M | re.S)
    ((line, shown),) = block
    printed = homes.ok(*line.split()).out
    parts = shown.strip("\n").split("\n...\n")
    assert len(parts) == 3
    assert [part for part in parts if part not in printed] == []


def test_the_figures_of_the_page(homes: World) -> None:
    """What the page says in words about the two slots."""
    evening, noon = (
        homes.ok(
            "grid", "check", time, "--zone", "America/Los_Angeles", "--headroom", "--json"
        ).json
        for time in ("2017-06-12T22:00", "2017-06-12T13:00")
    )
    (down,), (up,) = evening["headroom"], noon["headroom"]
    assert (down["direction"], up["direction"]) == ("down", "up")
    text = PAGE.read_text(encoding="utf-8")
    assert f"{down['limit_wh']:,} Wh down and {up['limit_wh']:,} Wh up" in text
    for entry in (down, up):
        assert entry["first"]["element"] == "transformer"
    for found in (evening, noon):
        assert f"{found['transformer']['loading_ppm'] / 10**4:.1f} %" in text
    assert 7 < down["limit_wh"] / down["slot_wh"] < 8
    assert 5 < up["limit_wh"] / up["slot_wh"] < 6


def test_a_slot_with_both_directions_has_headroom_in_both(homes: World) -> None:
    found = homes.ok("grid", "check", "2017-06-13T01:00Z", "--headroom", "--json").json
    assert found["schema"] == 1
    assert (found["import_wh"], found["export_wh"]) == (10_120, 5_104)
    assert sum(home["import_wh"] for home in found["homes"]) == 10_120
    assert found["down_wh"] == pytest.approx(10_120 - 5_104 + found["line_losses_wh"], abs=1)
    assert [entry["direction"] for entry in found["headroom"]] == ["down", "up"]
    assert [entry["slot_wh"] for entry in found["headroom"]] == [10_120, 5_104]


def test_a_violation_is_told_and_is_exit_code_1(homes: World) -> None:
    result = homes.cli("grid", "check", "2017-06-12T20:00Z", "--voltage-band", "2")
    told(result, 1, "violated: bus LV1.101 Bus 1 at 102.81 %")
    assert "14 violated" not in result.err
    assert "limits       14 violated" in result.out
    assert re.search(r"^bus LV1.101 Bus 5 +102\.9\d+ % +102 %$", result.out, re.M)
    found = homes.cli("grid", "check", "2017-06-12T20:00Z", "--voltage-band", "2", "--json")
    assert found.code == 1
    assert len(found.json["violations"]) == 14
    assert found.json["violations"][0]["limit_ppm"] == 1_020_000


def test_a_map_moves_homes_to_the_end_of_a_line(homes: World) -> None:
    path = homes.folder / "end.csv"
    path.write_text("meter,bus\n" + "".join(f"{m},LV1.101 Bus 5\n" for m in range(1, 14)))
    ask = ["grid", "check", EVENING, "--headroom", "--json", "--voltage-band", "5"]
    spread = homes.ok(*ask).json
    end = homes.ok(*ask, "--map", str(path)).json
    assert min(v["voltage_ppm"] for v in end["voltages"]) < min(
        v["voltage_ppm"] for v in spread["voltages"]
    )
    assert end["headroom"][0]["limit_wh"] < spread["headroom"][0]["limit_wh"]
    assert spread["headroom"][0]["first"]["element"] == "transformer"
    assert end["headroom"][0]["first"]["name"] == "LV1.101 Bus 5"
    path.write_text("meter,bus\n14,LV1.101 Bus 5\n")
    refused(homes, 2, "there is no meter '14'", "grid", "check", EVENING, "--map", str(path))
    path.write_text("meter,bus\n1,Bus 99\n")
    refused(homes, 2, "has no bus 'Bus 99'", "grid", "check", EVENING, "--map", str(path))
    path.write_text("1;LV1.101 Bus 5\n")
    refused(homes, 2, "line 1: the header", "grid", "check", EVENING, "--map", str(path))
    path.write_text("meter,bus\n1,LV1.101 Bus 5\n")
    refused(homes, 2, "says nothing of meter 2, 3", "grid", "check", EVENING, "--map", str(path))
