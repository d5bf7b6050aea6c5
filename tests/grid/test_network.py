"""Where homes are connected, and that the extracts are SimBench's networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from p2pchain.errors import BadInput
from p2pchain.grid import network as networks
from p2pchain.grid.flow import Assumptions, Home, PowerFlow

REFERENCE: dict[str, Any] = json.loads(
    (Path(__file__).parent / "simbench_reference.json").read_text(encoding="utf-8")
)
RURAL = networks.load("1-LV-rural1--0-sw")


@pytest.mark.parametrize("name", networks.names())
def test_the_extract_is_the_network(name: str) -> None:
    """What pandapower found on SimBench's own file, with SimBench's loads and generators.

    The reference was computed once (tools/simbench_networks.py); simbench itself is not needed.
    Its reactive loads are rounded to 1 var, which is where the last millionths come from.
    """
    known = REFERENCE[name]
    homes = [Home(place, bus, watt, 0) for place, (bus, watt) in enumerate(known["loads"])]
    homes += [Home(0, bus, 0, watt) for bus, watt in known["generators"]]
    network = networks.load(name)
    assert network.loads == tuple(bus for bus, _ in known["loads"])
    found = PowerFlow(network, Assumptions(3600, power_factor_ppm=930_000)).solve(homes)
    voltages = {voltage.bus: voltage.voltage_ppm for voltage in found.voltages}
    assert voltages == pytest.approx(known["voltage_ppm"], abs=10)
    loading = {line.name: line.loading_ppm for line in found.lines}
    assert loading == pytest.approx(known["line_loading_ppm"], abs=100)
    assert found.transformer.loading_ppm == pytest.approx(known["transformer_loading_ppm"], abs=100)
    assert found.down_wh - found.up_wh == pytest.approx(known["transformer_down_w"], abs=2)


def test_the_networks_differ_from_each_other() -> None:
    """Ten millionths would say nothing if all voltages were alike."""
    spread = [
        value for name in networks.names() for value in REFERENCE[name]["voltage_ppm"].values()
    ]
    assert max(spread) - min(spread) > 40_000


def test_meters_in_the_order_of_loads() -> None:
    assert len(RURAL.loads) == 13
    assert networks.in_order(RURAL, [7, 3]) == {7: "LV1.101 Bus 10", 3: "LV1.101 Bus 8"}
    assert list(networks.in_order(RURAL, range(1, 14)).values()) == list(RURAL.loads)
    with pytest.raises(BadInput, match="14 meters, and 1-LV-rural1--0-sw has 13 loads"):
        networks.in_order(RURAL, range(1, 15))


def test_a_map(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text("meter,bus\n2, LV1.101 Bus 4\n\n1,LV1.101 Bus 4\n")
    found = networks.read_map(path, RURAL, [1, 2])
    assert list(found.items()) == [(1, "LV1.101 Bus 4"), (2, "LV1.101 Bus 4")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "says nothing of meter 1, 2"),
        ("1,LV1.101 Bus 4\n", "line 1: the header is not 'meter,bus'"),
        ("meter,bus\n1\n", "line 2: 1 cells, not 2"),
        ("meter,bus\n1,LV1.101 Bus 4,5\n", "line 2: 3 cells, not 2"),
        ("meter,bus\n3,LV1.101 Bus 4\n", "line 2: there is no meter '3' among the members"),
        ("meter,bus\none,LV1.101 Bus 4\n", "line 2: there is no meter 'one' among the members"),
        ("meter,bus\n1,Bus 4\n", "line 2: 1-LV-rural1--0-sw has no bus 'Bus 4'"),
        ("meter,bus\n1,LV1.101 Bus 4\n1,LV1.101 Bus 5\n", "line 3: meter 1 is there already"),
        ("meter,bus\n1,LV1.101 Bus 4\n", "says nothing of meter 2"),
        ('meter,bus\n1,"LV1.101\n', "line 2: 1-LV-rural1--0-sw has no bus"),
    ],
)
def test_a_wrong_map(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        networks.read_map(path, RURAL, [1, 2])
    assert words in caught.value.message
    assert str(path) in caught.value.message
    assert caught.value.hint


def test_a_map_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not exist"):
        networks.read_map(tmp_path / "none.csv", RURAL, [1])
    with pytest.raises(BadInput, match="cannot read"):
        networks.read_map(tmp_path, RURAL, [1])
    (tmp_path / "bytes.csv").write_bytes(b"meter,bus\n1,\xff\xfe")
    with pytest.raises(BadInput, match="cannot read"):
        networks.read_map(tmp_path / "bytes.csv", RURAL, [1])


def test_an_unknown_network() -> None:
    with pytest.raises(BadInput, match="there is no network '1-LV-rural9'") as caught:
        networks.load("1-LV-rural9")
    assert caught.value.hint
    assert "1-LV-rural1--0-sw" in caught.value.hint
    with pytest.raises(BadInput):
        networks.load("../networks/1-LV-rural1--0-sw")
