"""The power flow of one slot: whole Wh of each home in, voltages and loading out.

Each home takes or gives its mean power of the slot, the same on all three phases, whatever the
voltage is. Only here are figures floats: pandapower (extra `grid`) solves the network, and what
comes out is rounded to whole Wh and to parts per million of nominal voltage or rated current.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import acos, tan
from typing import Any, Final

from p2pchain.errors import BadInput, CheckFailed
from p2pchain.grid.network import Network

PPM: Final = 1_000_000
_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Home:
    """What a home took and gave in the slot, and the bus that it is connected to."""

    meter: int
    bus: str
    import_wh: int
    export_wh: int


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the flow takes for granted, and the limits it is held against.

    `power_factor_ppm` is that of what homes take (lagging); what they give has 1.
    `voltage_band_ppm` is how far a voltage may be from nominal: 10 % in EN 50160. Lines and
    transformer may carry their rated current. Raises BadInput for figures that make no sense.
    """

    slot_seconds: int
    power_factor_ppm: int = 950_000
    voltage_band_ppm: int = 100_000

    def __post_init__(self) -> None:
        if not PPM // 2 <= self.power_factor_ppm <= PPM:
            raise BadInput(f"a power factor of {self.power_factor_ppm} ppm: it is 0.5 to 1")
        if not 0 < self.voltage_band_ppm < PPM // 2:
            raise BadInput(f"a voltage band of {self.voltage_band_ppm} ppm: it is below 50 %")


@dataclass(frozen=True, slots=True)
class Voltage:
    """The voltage of a bus, and the meters on it."""

    bus: str
    voltage_ppm: int
    meters: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Loading:
    """The current of a line or the transformer against its rated current."""

    name: str
    loading_ppm: int


@dataclass(frozen=True, slots=True)
class Violation:
    """A limit that does not hold. `element` is bus, line or transformer."""

    element: str
    name: str
    value_ppm: int
    limit_ppm: int


@dataclass(frozen=True, slots=True)
class Flow:
    """What a slot did to the network.

    `down_wh` and `up_wh` are what the transformer delivered to the network or took from it, at its
    low-voltage side; one of them is zero. Each figure is rounded on its own: what was delivered
    is what homes took less what they gave plus `line_losses_wh`, to 1 Wh.
    """

    import_wh: int
    export_wh: int
    down_wh: int
    up_wh: int
    line_losses_wh: int
    transformer_losses_wh: int
    voltages: tuple[Voltage, ...]
    lines: tuple[Loading, ...]
    transformer: Loading
    violations: tuple[Violation, ...]


class PowerFlow:
    """A network that is solved again and again. Raises BadInput where pandapower is missing."""

    def __init__(self, network: Network, assumptions: Assumptions) -> None:
        self._pandapower = _pandapower()
        self._network = network
        self._assumptions = assumptions
        self._net = self._built()

    def solve(self, homes: Sequence[Home]) -> Flow:
        """Return the flow of one slot.

        Raises CheckFailed where there is none: more is asked than the network can deliver at any
        voltage.
        """
        self._connect(homes)
        net, hours = self._net, self._assumptions.slot_seconds / _HOUR
        try:
            self._pandapower.runpp(net, numba=False)
        except self._pandapower.LoadflowNotConverged:
            raise CheckFailed(
                f"{self._network.name} cannot deliver what the homes took: no voltage would do",
                hint="look at the unit of the readings (Wh or kWh) and at where meters are (--map)",
            ) from None
        transformer = self._network.transformer
        delivered = -_wh(net.res_trafo.p_lv_mw[0], hours)
        meters: dict[str, list[int]] = {bus: [] for bus in self._network.buses}
        for home in homes:
            meters[home.bus].append(home.meter)
        voltages = tuple(
            Voltage(bus, _ppm(net.res_bus.vm_pu[place]), tuple(meters[bus]))
            for place, bus in enumerate(self._network.buses)
        )
        lines = tuple(
            Loading(line.name, _ppm(net.res_line.loading_percent[place] / 100))
            for place, line in enumerate(self._network.lines)
        )
        loading = Loading(transformer.name, _ppm(net.res_trafo.loading_percent[0] / 100))
        return Flow(
            import_wh=sum(home.import_wh for home in homes),
            export_wh=sum(home.export_wh for home in homes),
            down_wh=max(delivered, 0),
            up_wh=max(-delivered, 0),
            line_losses_wh=_wh(net.res_line.pl_mw.sum(), hours),
            transformer_losses_wh=_wh(net.res_trafo.pl_mw[0], hours),
            voltages=voltages,
            lines=lines,
            transformer=loading,
            violations=self._violations(voltages, lines, loading),
        )

    def _connect(self, homes: Sequence[Home]) -> None:
        """Put the homes' mean power on the buses."""
        a = self._assumptions
        lagging = tan(acos(a.power_factor_ppm / PPM))
        mw_per_wh = _HOUR / a.slot_seconds / 10**6
        place_of = {bus: place for place, bus in enumerate(self._network.buses)}
        active = [0.0] * len(place_of)
        reactive = [0.0] * len(place_of)
        for home in homes:
            active[place_of[home.bus]] += (home.import_wh - home.export_wh) * mw_per_wh
            reactive[place_of[home.bus]] += home.import_wh * mw_per_wh * lagging
        self._net.load["p_mw"] = active
        self._net.load["q_mvar"] = reactive

    def _violations(
        self, voltages: Sequence[Voltage], lines: Sequence[Loading], transformer: Loading
    ) -> tuple[Violation, ...]:
        band = self._assumptions.voltage_band_ppm
        found = []
        for element, loads in (("transformer", (transformer,)), ("line", lines)):
            found += [
                Violation(element, load.name, load.loading_ppm, PPM)
                for load in loads
                if load.loading_ppm > PPM
            ]
        for voltage in voltages:
            if abs(voltage.voltage_ppm - PPM) > band:
                limit = PPM + band if voltage.voltage_ppm > PPM else PPM - band
                found.append(Violation("bus", voltage.bus, voltage.voltage_ppm, limit))
        return tuple(found)

    def _built(self) -> Any:
        """The network as pandapower has it; a bus, line and load has the place it has here."""
        pp, network = self._pandapower, self._network
        t = network.transformer
        net = pp.create_empty_network(f_hz=network.f_hz)
        at = {bus: int(pp.create_bus(net, t.vn_lv_kv, name=bus)) for bus in network.buses}
        source = pp.create_bus(net, t.vn_hv_kv)
        pp.create_ext_grid(net, source, vm_pu=network.source_vm_pu)
        pp.create_transformer_from_parameters(
            net, source, at[t.lv_bus], t.sn_mva, t.vn_hv_kv, t.vn_lv_kv, t.vkr_percent,
            t.vk_percent, t.pfe_kw, t.i0_percent, shift_degree=t.shift_degree,
        )  # fmt: skip
        for line in network.lines:
            pp.create_line_from_parameters(
                net, at[line.from_bus], at[line.to_bus], line.length_km, line.r_ohm_per_km,
                line.x_ohm_per_km, line.c_nf_per_km, line.max_i_ka,
            )  # fmt: skip
        for bus in at.values():
            pp.create_load(net, bus, 0.0)
        return net


def _wh(mw: float, hours: float) -> int:
    return round(float(mw) * hours * 10**6)


def _ppm(share: float) -> int:
    return round(float(share) * PPM)


def _pandapower() -> Any:
    try:
        import pandapower
    except ImportError:
        raise BadInput(
            "a power flow needs pandapower", hint="pip install 'p2pchain[grid]'"
        ) from None
    return pandapower
