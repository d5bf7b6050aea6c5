"""`p2pchain grid`: what a slot did to the low-voltage network behind the market."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples
from p2pchain.cli.common import market_options, slot_number, slot_text, zone_option
from p2pchain.cli.output import Output, output_options, table
from p2pchain.errors import CheckFailed
from p2pchain.grid.network import DEFAULT
from p2pchain.report.money import percent

if TYPE_CHECKING:
    from p2pchain.grid.flow import Flow, Home, Violation
    from p2pchain.grid.headroom import Headroom
    from p2pchain.grid.network import Network

_PPM = 1_000_000


def _factor_ppm(_: click.Context, __: click.Parameter, text: str) -> int:
    """A power factor as typed, in parts per million."""
    ppm = int(Decimal(text) * _PPM) if re.fullmatch(r"[01](\.\d{1,6})?", text) else 0
    if not _PPM // 2 <= ppm <= _PPM:
        raise click.BadParameter(f"'{text}': a power factor is 0.5 to 1, such as 0.95")
    return ppm


@click.group(
    cls=HelpfulGroup,
    epilog=examples("p2pchain grid check 2026-06-01T12:00Z --headroom", "p2pchain grid networks"),
)
def grid() -> None:
    """Check what a slot did to the low-voltage network behind the market.

    A limit in Wh on the edge between an area and the one above stands for what a transformer and
    its cables carry. A power flow says what that is.
    """


@grid.command(
    epilog=examples(
        "p2pchain grid check 2026-06-01T12:00Z",
        "p2pchain grid check 2026-06-01T19:00Z --headroom",
        "p2pchain grid check 2026-06-01T12:00Z --network 1-LV-semiurb4--0-sw --map buses.csv",
    )
)
@click.argument("time", metavar="SLOT")
@click.option(
    "--network", "name", metavar="NAME", default=DEFAULT, show_default=True,
    help="The network; 'p2pchain grid networks' lists them.",
)  # fmt: skip
@click.option(
    "--map",
    "mapping",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV, meter,bus: where each member is connected. Else the first member is at the "
    "network's first load, and so on.",
)
@click.option(
    "--headroom",
    "ask_headroom",
    is_flag=True,
    help="Also find what all homes together could take or give in a slot like this one before a "
    "limit is violated, and which.",
)
@click.option(
    "--voltage-band", "band", metavar="PERCENT", type=click.IntRange(1, 20), default=10,
    show_default=True, help="How far from nominal a voltage may be; 10 as in EN 50160.",
)  # fmt: skip
@click.option(
    "--power-factor", "factor_ppm", metavar="FACTOR", callback=_factor_ppm, default="0.95",
    show_default=True, help="Of what homes take, lagging; 0.5 to 1. What they give has 1.",
)  # fmt: skip
@market_options
@zone_option
@output_options
@click.pass_obj
def check(
    env: Env,
    time: str,
    name: str,
    mapping: Path | None,
    ask_headroom: bool,
    band: int,
    factor_ppm: int,
    out: Output,
) -> None:
    """Run a power flow of a cleared SLOT.

    Reports voltages, loading of lines and transformer, and what the edge carried by direction.

    What each member took and gave is what its meter signed, as mean power of the slot, equal on
    three phases. Homes that are no members are not there. The slot must be cleared and every
    member's reading be in: a missing one is not zero.

    A limit is violated where a voltage leaves its band, or a line or the transformer carries more
    than its rated current; the exit code is then 1.

    With --headroom what the homes took (down) or gave (up) is scaled, each home in proportion,
    until one Wh more violates a limit. That sum is what an operator would enter as the limit of the
    edge in this direction. It holds for this pattern: homes further out on a line reach a limit
    earlier.

    Needs pandapower: pip install 'p2pchain[grid]'.
    """
    from p2pchain.grid.flow import Assumptions, Home, PowerFlow
    from p2pchain.grid.headroom import headroom
    from p2pchain.grid.network import in_order, load, read_map
    from p2pchain.grid.slot import metered

    network = load(name)
    slot = slot_number(env, time)
    assumptions = Assumptions(
        slot_seconds=env.deployment.slot_seconds,
        power_factor_ppm=factor_ppm,
        voltage_band_ppm=band * _PPM // 100,
    )
    solver = PowerFlow(network, assumptions)
    figures = metered(env.market, slot)
    at = read_map(mapping, network, figures) if mapping else in_order(network, figures)
    homes = [Home(meter, at[meter], *pair) for meter, pair in figures.items()]
    flow = solver.solve(homes)
    room = headroom(solver, homes) if ask_headroom else None
    data = {
        "slot": slot,
        "start": slot_text(env, slot),
        "network": network.name,
        **asdict(assumptions),
        "homes": [asdict(home) for home in homes],
        **asdict(flow),
        **({} if room is None else {"headroom": [asdict(entry) for entry in room]}),
    }
    title = f"{slot_text(env, slot)} ({slot}), {len(homes)} members on {network.name}"
    out.fields(data, {"slot": title, **_summary(flow, band)})
    if not out.as_json:
        _tables(network, homes, flow, room)
    if flow.violations:
        raise CheckFailed(
            f"violated: {', '.join(_named(violation) for violation in flow.violations[:5])}"
            + (f" and {len(flow.violations) - 5} more" if len(flow.violations) > 5 else ""),
            hint="--headroom shows what a limit of the edge would have to be"
            if room is None
            else "the headroom is what a limit of the edge would have to be",
        )


@grid.command(
    epilog=examples("p2pchain grid networks", "p2pchain grid networks 1-LV-rural1--0-sw --json")
)
@click.argument("name", required=False)
@output_options
def networks(name: str | None, out: Output) -> None:
    """List the networks that are known.

    With NAME its buses are listed, and which of its loads are where. They are networks of SimBench
    (simbench.de, Open Database License).
    """
    from p2pchain.grid.network import load, names

    if name is not None:
        network = load(name)
        rows: list[dict[str, Any]] = [
            {
                "bus": bus,
                "loads": [number for number, at in enumerate(network.loads, 1) if at == bus],
            }
            for bus in network.buses
        ]
        out.rows("buses", rows, {"bus": "bus", "loads": ("loads", _numbers)})
        return
    rows = [
        {
            "network": network.name,
            "loads": len(network.loads),
            "buses": len(network.buses),
            "lines": len(network.lines),
            "transformer_va": round(network.transformer.sn_mva * 10**6),
        }
        for network in map(load, names())
    ]
    heads = {"network": "network", "loads": "loads", "buses": "buses", "lines": "lines"}
    rating = ("transformer", lambda va: f"{va // 1000} kVA")
    out.rows("networks", rows, {**heads, "transformer_va": rating})


def _summary(flow: Flow, band: int) -> dict[str, str]:
    """The slot in a few lines; `band` in percent."""
    net_wh = flow.import_wh - flow.export_wh
    way = "up" if net_wh < 0 else "down"
    levels = [voltage.voltage_ppm for voltage in flow.voltages]
    busiest = max(flow.lines, key=lambda line: line.loading_ppm)
    return {
        "homes": f"took {_kwh(flow.import_wh)}, gave {_kwh(flow.export_wh)}: "
        f"{_kwh(abs(net_wh))} {way} by their meters",
        "edge": f"carried {_kwh(flow.down_wh)} down, {_kwh(flow.up_wh)} up, losses in lines "
        "included",
        "losses": f"{_kwh(flow.line_losses_wh)} in lines, {_kwh(flow.transformer_losses_wh)} in "
        "the transformer",
        "voltages": f"{percent(min(levels), 2)} to {percent(max(levels), 2)} of nominal; limits "
        f"{100 - band} % and {100 + band} %",
        "lines": f"at most {percent(busiest.loading_ppm, 2)} of rated current, in {busiest.name}",
        "transformer": f"{percent(flow.transformer.loading_ppm, 2)} of rated current",
        "limits": f"{len(flow.violations)} violated" if flow.violations else "all hold",
    }


def _tables(
    network: Network, homes: Sequence[Home], flow: Flow, room: Sequence[Headroom] | None
) -> None:
    """Print buses and lines, what is violated, and the headroom."""
    at: dict[str, list[Home]] = {}
    for home in homes:
        at.setdefault(home.bus, []).append(home)
    _table(
        ["bus", "meters", "took Wh", "gave Wh", "voltage"],
        [
            [
                voltage.bus,
                _numbers(voltage.meters),
                str(sum(home.import_wh for home in at.get(voltage.bus, ()))),
                str(sum(home.export_wh for home in at.get(voltage.bus, ()))),
                percent(voltage.voltage_ppm, 2),
            ]
            for voltage in flow.voltages
        ],
        [False, False, True, True, True],
    )
    ends = [f"{line.from_bus} - {line.to_bus}" for line in network.lines]
    _table(
        ["line", "between", "loading"],
        [
            [line.name, end, percent(line.loading_ppm, 2)]
            for line, end in zip(flow.lines, ends, strict=True)
        ],
        [False, False, True],
    )
    if flow.violations:
        _table(
            ["violated", "value", "limit"],
            [
                [f"{v.element} {v.name}", percent(v.value_ppm, 4), percent(v.limit_ppm, 0)]
                for v in flow.violations
            ],
            [False, True, True],
        )
    if room:
        _table(
            ["headroom", "this slot", "at most", "edge then", "violated by one Wh more"],
            [
                [
                    entry.direction,
                    _kwh(entry.slot_wh),
                    _kwh(entry.limit_wh),
                    _kwh(entry.carried_wh),
                    f"{entry.first.element} {entry.first.name}",
                ]
                for entry in room
            ],
            [False, True, True, True, False],
        )
    elif room is not None:
        click.echo("\nno headroom to tell: nobody took or gave anything in this slot")


def _table(heads: list[str], body: list[list[str]], right: list[bool]) -> None:
    click.echo("\n" + table(heads, body, right))


def _kwh(wh: int) -> str:
    from p2pchain.units import format_energy

    return format_energy(wh)


def _named(violation: Violation) -> str:
    return f"{violation.element} {violation.name} at {percent(violation.value_ppm, 2)}"


def _numbers(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) or "-"
