"""Low-voltage networks that come with the package, and which home is connected where.

The networks are extracts of SimBench; source, licence and what was left out:
`p2pchain/grid/networks/README.md`. Parameters of lines and transformers have the names and units
of pandapower.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from p2pchain.errors import BadInput

DEFAULT: Final = "1-LV-rural1--0-sw"
_HEADER: Final = ["meter", "bus"]
_ONE_LINE_EACH: Final = "every member of the slot has one line"


@dataclass(frozen=True, slots=True)
class Line:
    """A cable between two buses."""

    name: str
    type: str
    from_bus: str
    to_bus: str
    length_km: float
    r_ohm_per_km: float
    x_ohm_per_km: float
    c_nf_per_km: float
    max_i_ka: float


@dataclass(frozen=True, slots=True)
class Transformer:
    """The transformer that feeds the network, its tap in the middle."""

    name: str
    type: str
    lv_bus: str
    sn_mva: float
    vn_hv_kv: float
    vn_lv_kv: float
    vk_percent: float
    vkr_percent: float
    pfe_kw: float
    i0_percent: float
    shift_degree: float


@dataclass(frozen=True, slots=True)
class Network:
    """A low-voltage network behind one transformer.

    `source_vm_pu` is the voltage above the transformer, which the network does not move; `loads`
    is the bus of each load, one for each home that can be connected without a map.
    """

    name: str
    f_hz: float
    source_vm_pu: float
    transformer: Transformer
    buses: tuple[str, ...]
    lines: tuple[Line, ...]
    loads: tuple[str, ...]


def names() -> list[str]:
    """Return the names of the networks that are known."""
    found = (entry.name for entry in files("p2pchain.grid").joinpath("networks").iterdir())
    return sorted(name.removesuffix(".json") for name in found if name.endswith(".json"))


def load(name: str) -> Network:
    """Return a network by name. Raises BadInput where none is called that."""
    if name not in names():
        raise BadInput(f"there is no network '{name}'", hint=f"there are {', '.join(names())}")
    path = files("p2pchain.grid") / "networks" / f"{name}.json"
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Network(
        name=raw["name"],
        f_hz=raw["f_hz"],
        source_vm_pu=raw["source_vm_pu"],
        transformer=Transformer(**raw["transformer"]),
        buses=tuple(raw["buses"]),
        lines=tuple(Line(**line) for line in raw["lines"]),
        loads=tuple(raw["loads"]),
    )


def in_order(network: Network, meters: Iterable[int]) -> dict[int, str]:
    """Return the bus of each meter: the first meter at the network's first load, and so on.

    Raises BadInput where the network has fewer loads than there are meters.
    """
    listed = list(meters)
    if len(listed) > len(network.loads):
        raise BadInput(
            f"{len(listed)} meters, and {network.name} has {len(network.loads)} loads",
            hint="take a larger network ('p2pchain grid networks'), or put several meters on a bus "
            "with --map",
        )
    return dict(zip(listed, network.loads, strict=False))


def read_map(path: Path, network: Network, meters: Iterable[int]) -> dict[int, str]:
    """Return the bus of each meter as a file says: CSV, `meter,bus`, a line for each meter.

    Several meters may be on one bus. Raises BadInput with the line's number: a meter that is not
    one of `meters`, is named twice or missing, a bus that the network has not.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}", hint="the file is CSV in UTF-8") from None
    known, buses = {str(meter): meter for meter in meters}, set(network.buses)
    found: dict[int, str] = {}
    for number, line in enumerate(lines, 1):
        row = [cell.strip() for cell in next(csv.reader([line]), [])]
        where = f"{path}, line {number}"
        if not row or (number == 1 and row == _HEADER):
            continue
        if number == 1 or len(row) != 2:
            what = "the header is not 'meter,bus'" if number == 1 else f"{len(row)} cells, not 2"
            raise BadInput(f"{where}: {what}", hint="meter,bus and then a line for each meter")
        meter, bus = row
        if meter not in known:
            raise BadInput(
                f"{where}: there is no meter '{meter[:20]}' among the members of this slot",
                hint=f"they are {_listed(list(known.values()))}",
            )
        if bus not in buses:
            raise BadInput(
                f"{where}: {network.name} has no bus '{bus[:40]}'",
                hint=f"'p2pchain grid networks {network.name}' lists the buses",
            )
        if known[meter] in found:
            raise BadInput(f"{where}: meter {meter} is there already", hint=_ONE_LINE_EACH)
        found[known[meter]] = bus
    missing = [meter for meter in known.values() if meter not in found]
    if missing:
        raise BadInput(f"{path} says nothing of meter {_listed(missing)}", hint=_ONE_LINE_EACH)
    return {meter: found[meter] for meter in known.values()}


def _listed(meters: list[int]) -> str:
    more = f" and {len(meters) - 10} more" if len(meters) > 10 else ""
    return ", ".join(map(str, meters[:10])) + more
