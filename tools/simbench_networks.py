"""Write the low-voltage networks of `p2pchain/grid/networks` anew from SimBench, and a reference.

    pip install simbench==1.6.3    # 91 MB, in an environment of its own
    python -m tools.simbench_networks

The reference (`tests/grid/simbench_reference.json`) is what pandapower computes on SimBench's own
network with SimBench's own loads and generators: a test compares the extracts with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandapower
import simbench

ROOT = Path(__file__).resolve().parents[1]
NETWORKS = ROOT / "p2pchain" / "grid" / "networks"
REFERENCE = ROOT / "tests" / "grid" / "simbench_reference.json"
NAMES = ("1-LV-rural1--0-sw", "1-LV-semiurb4--0-sw", "1-LV-rural2--0-sw")
LINE = ("length_km", "r_ohm_per_km", "x_ohm_per_km", "c_nf_per_km", "max_i_ka")
TRANSFORMER = (
    "sn_mva",
    "vn_hv_kv",
    "vn_lv_kv",
    "vk_percent",
    "vkr_percent",
    "pfe_kw",
    "i0_percent",
    "shift_degree",
)
SOURCE = {
    "source": f"SimBench {version('simbench')}, https://simbench.de",
    "licence": "ODbL-1.0, https://opendatacommons.org/licenses/odbl/1-0/",
}


def checked(net: Any) -> None:
    """Stop where the network has something that the extract leaves out."""
    assert net.switch.closed.all()
    assert len(net.trafo) == len(net.ext_grid) == 1
    assert (net.trafo.tap_pos == net.trafo.tap_neutral).all()
    for table in (net.line, net.trafo):
        assert (table.parallel == 1).all()
        assert (table.df == 1).all()
        assert table.in_service.all()
    assert (net.line.g_us_per_km == 0).all()
    assert not len(net.shunt) + len(net.impedance) + len(net.storage)


def extract(name: str, net: Any) -> dict[str, Any]:
    """Return what a power flow needs of the network; buses by name."""
    bus = net.bus.name
    transformer = net.trafo.iloc[0]
    return {
        "name": name,
        **SOURCE,
        "f_hz": float(net.f_hz),
        "source_vm_pu": float(net.ext_grid.vm_pu.iloc[0]),
        "transformer": {
            "name": transformer["name"],
            "type": transformer.std_type,
            "lv_bus": bus[transformer.lv_bus],
            **{key: float(transformer[key]) for key in TRANSFORMER},
        },
        "buses": [row["name"] for _, row in net.bus.iterrows() if row.vn_kv < 1],
        "lines": [
            {
                "name": row["name"],
                "type": row.std_type,
                "from_bus": bus[row.from_bus],
                "to_bus": bus[row.to_bus],
                **{key: float(row[key]) for key in LINE},
            }
            for _, row in net.line.iterrows()
        ],
        "loads": [bus[row.bus] for _, row in net.load.iterrows()],
    }


def reference(net: Any) -> dict[str, Any]:
    """Return what pandapower computes on the network as it is; power in W, the rest in ppm."""
    pandapower.runpp(net, numba=False)
    bus = net.bus.name
    assert (net.sgen.q_mvar == 0).all()
    return {
        "loads": [[bus[row.bus], round(row.p_mw * 10**6)] for _, row in net.load.iterrows()],
        "generators": [[bus[row.bus], round(row.p_mw * 10**6)] for _, row in net.sgen.iterrows()],
        "voltage_ppm": {
            bus[index]: round(value * 10**6)
            for index, value in net.res_bus.vm_pu.items()
            if net.bus.vn_kv[index] < 1
        },
        "line_loading_ppm": {
            net.line.name[index]: round(value * 10**4)
            for index, value in net.res_line.loading_percent.items()
        },
        "transformer_loading_ppm": round(net.res_trafo.loading_percent.iloc[0] * 10**4),
        "transformer_down_w": -round(net.res_trafo.p_lv_mw.iloc[0] * 10**6),
    }


def text(value: Mapping[str, Any]) -> str:
    """Return JSON with one element of the network to a line."""
    parts = []
    for key, entry in value.items():
        if isinstance(entry, Sequence) and not isinstance(entry, str):
            rows = ",\n".join(f"    {json.dumps(row)}" for row in entry)
            parts.append(f"  {json.dumps(key)}: [\n{rows}\n  ]")
        else:
            parts.append(f"  {json.dumps(key)}: {json.dumps(entry)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> None:
    """Write all networks and the reference."""
    found: dict[str, Any] = {**SOURCE, "made_with": f"pandapower {version('pandapower')}"}
    for name in NAMES:
        net = simbench.get_simbench_net(name)
        checked(net)
        (NETWORKS / f"{name}.json").write_text(text(extract(name, net)), encoding="utf-8")
        found[name] = reference(net)
    REFERENCE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
