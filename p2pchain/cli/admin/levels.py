"""`p2pchain admin level`: levels above markets, what belongs to them, and the edges between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from p2pchain.cli.admin.markets import duration, share_ppm
from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import (
    deliver,
    deployment_option,
    next_slot,
    shown_price,
    slot_number,
    slot_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput
from p2pchain.model import UNLIMITED, WINDOW_SLOTS

if TYPE_CHECKING:
    from p2pchain.chain.bindings.forward_levels import ForwardLevels
    from p2pchain.chain.bindings.levels import Levels
    from p2pchain.model import EdgeTerms


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain admin level list"))
def level() -> None:
    """Levels: what a neighbourhood cannot match itself meets its neighbours there.

    An area's parent is fixed when the area is added. A level stands for the area above; markets and
    levels of its children are attached to it, for ever: an edge with no capacity is none.
    """


@level.command(
    epilog=examples(
        "p2pchain -a operator admin level create --area 1 --name town --tick 0.005EUR/kWh",
        "p2pchain -a operator admin level create --area 1 --name town-ahead --forward --gate day",
    )
)
@click.option("--area", type=click.IntRange(1), required=True, help="The area above the others.")
@click.option("--name", required=True, help="What it is called in the record.")
@click.option("--k", default="0.5", show_default=True, help="Where between f and r its price lies.")
@click.option("--tick", metavar="PRICE", help="Size of a tick, that of all below.")
@click.option("--floor", metavar="PRICE", help="Price of the lowest tick, the same. Else 0.")
@click.option(
    "--collect-within",
    metavar="DURATION",
    help="After that a window is cleared without the children that have sent nothing. Counts from "
    "its end (else 48h); with --forward from its gate (else 30min).",
)
@click.option(
    "--void-after",
    metavar="DURATION",
    help="After that a window that nobody cleared is passed over. Else 72h; with --forward 24h.",
)
@click.option("--forward", is_flag=True, help="Above forward auctions, not above markets.")
@click.option(
    "--gate",
    type=click.Choice(["window", "day"]),
    help="With --forward: the gate of the auctions below. Else window.",
)
@click.option(
    "--before",
    metavar="DURATION",
    help="With --forward: how long before it closes. Else 1h.",
)
@click.option("--lot", metavar="ENERGY", help="With --forward: their lot. Else 1 Wh.")
@deployment_option
@output_options
@role_options
@click.pass_obj
def create(
    env: Env,
    area: int,
    name: str,
    k: str,
    tick: str | None,
    floor: str | None,
    collect_within: str | None,
    void_after: str | None,
    forward: bool,
    gate: str | None,
    before: str | None,
    lot: str | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Create a level for an area and note it in the record. Role: MARKET_OPERATOR."""
    from p2pchain.chain.bindings.forward_levels import ForwardLevelCreated
    from p2pchain.chain.bindings.levels import LevelCreated
    from p2pchain.eip712 import forward_level_id, level_id
    from p2pchain.model import ForwardLevelParams, Gate, LevelParams
    from p2pchain.operator import Operator, created
    from p2pchain.units import parse_energy, parse_price

    record, currency = env.deployment, env.deployment.currency
    values = {
        "area": area,
        "slot_seconds": record.slot_seconds,
        "k_ppm": share_ppm(k),
        "floor_nano": 0 if floor is None else parse_price(floor, currency),
        "tick_nano": (1_000 if forward else 5_000) if tick is None else parse_price(tick, currency),
        "collect_seconds": duration(collect_within or ("30min" if forward else "48h")),
        "void_seconds": duration(void_after or ("24h" if forward else "72h")),
    }
    if values["tick_nano"] <= 0:
        raise BadInput("a tick is more than nothing")
    if values["void_seconds"] <= values["collect_seconds"]:
        raise BadInput("--void-after is not later than --collect-within")
    operator = Operator(env.contracts)
    if forward:
        ahead = ForwardLevelParams(
            gate=Gate[(gate or "window").upper()],
            gate_seconds=duration(before or "1h"),
            lot_wh=1 if lot is None else parse_energy(lot),
            **values,
        )
        found, call = forward_level_id(ahead), operator.create_forward_level_call(ahead)
    else:
        for option, value in (("gate", gate), ("before", before), ("lot", lot)):
            if value is not None:
                raise BadInput(f"--{option} belongs to --forward")
        params = LevelParams(**values)
        found, call = level_id(params), operator.create_level_call(params)
    if record.levels.get(name) not in (None, "0x" + found.hex()):
        raise BadInput(
            f"the record has another level '{name}' already", hint="give it another --name"
        )
    receipt = deliver(
        env,
        out,
        call,
        f"create the level '{name}' in area {area}",
        dry_run=dry_run,
        result=lambda r: {
            "level": created(env.contracts, r, ForwardLevelCreated).level
            if forward
            else created(env.contracts, r, LevelCreated).level,
            "name": name,
        },
    )
    if receipt is not None:
        record.with_level(name, found).save(env.deployment_path)


@level.command(
    epilog=examples(
        "p2pchain -a operator admin level attach valley --to town",
        "p2pchain -a operator admin level attach town --to county --from 2026-07-01T00:00Z",
    )
)
@click.argument("node", metavar="MARKET|AUCTION|LEVEL")
@click.option("--to", "above", required=True, metavar="LEVEL", help="The level above.")
@click.option("--from", "begin", metavar="TIME", help="From this slot's window on. Else the next.")
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def attach(env: Env, node: str, above: str, begin: str | None, out: Output, dry_run: bool) -> None:
    """What MARKET, AUCTION or LEVEL cannot match goes to the level above. Role: MARKET_OPERATOR.

    Forward auctions go to levels of the same gate; there --from is a slot whose gate is open.
    """
    record = env.deployment
    parent = record.level(above)
    ahead = env.contracts.forward_levels.node_of(parent).is_level
    child = record.forward_node(node) if ahead else record.node(node)
    slot = next_slot(env) + WINDOW_SLOTS - 1 if begin is None else slot_number(env, begin)
    window = slot // WINDOW_SLOTS
    if ahead and begin is None:
        now = env.chain.block().timestamp
        while env.contracts.forward_levels.gate_of(parent, window) <= now:
            window += 1
    tree = env.contracts.forward_levels if ahead else env.contracts.levels
    deliver(
        env,
        out,
        tree.attach(child, parent, window),
        f"attach '{node}' to '{above}' from {slot_text(env, window * WINDOW_SLOTS)} on",
        dry_run=dry_run,
        result=lambda _: {"from_slot": window * WINDOW_SLOTS},
    )


@level.command(
    epilog=examples(
        "p2pchain -a grid admin level edge 2 --charge 0.01EUR/kWh --up 40kWh --down 60kWh",
        "p2pchain -a grid admin level edge 2 --charge 0.01EUR/kWh --feeder 80kWh",
    )
)
@click.argument("area", type=click.IntRange(1))
@click.option("--charge", metavar="PRICE", help="Per kWh that crosses, either way. Else none.")
@click.option("--up", metavar="ENERGY", help="The most that goes up in a slot. Else no limit.")
@click.option("--down", metavar="ENERGY", help="The most that comes down. Else no limit.")
@click.option("--feeder", metavar="ENERGY", help="The most that is matched inside. Else no limit.")
@click.option("--from", "begin", metavar="TIME", help="From this slot's window on. Else the next.")
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def edge(
    env: Env,
    area: int,
    charge: str | None,
    up: str | None,
    down: str | None,
    feeder: str | None,
    begin: str | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Set what holds between AREA and the one above. Only the area's operator may.

    Until it is set nothing crosses. 'p2pchain grid check --headroom' says what a network carries.
    """
    from p2pchain.model import EdgeTerms
    from p2pchain.operator import Operator
    from p2pchain.units import parse_energy, parse_price

    def limit(text: str | None) -> int:
        wh = UNLIMITED if text is None else parse_energy(text)
        if not 0 <= wh <= UNLIMITED:
            raise BadInput(f"'{text}' is not a limit", hint="from 0 to 4,294 MWh in a slot")
        return wh

    nano = 0 if charge is None else parse_price(charge, env.deployment.currency)
    if nano < 0:
        raise BadInput("a charge is not less than nothing")
    slot = next_slot(env) + WINDOW_SLOTS - 1 if begin is None else slot_number(env, begin)
    first = slot - slot % WINDOW_SLOTS
    if begin is not None and first != slot:
        raise BadInput(
            f"{begin} is inside a window of eight slots",
            hint=f"{slot_text(env, first)} or {slot_text(env, first + WINDOW_SLOTS)}",
        )
    terms = EdgeTerms(first, nano, limit(up), limit(down), limit(feeder))
    what = f"set the edge of area {area} from {slot_text(env, first)} on: {_said(env, terms)}"
    call = Operator(env.contracts).set_edge(area, terms)
    deliver(env, out, call, what, dry_run=dry_run, result=lambda _: {"from_slot": first})


@level.command("list", epilog=examples("p2pchain admin level list --json"))
@deployment_option
@output_options
@click.pass_obj
def list_(env: Env, out: Output) -> None:
    """List levels and what is attached to them, with the edges as they hold now."""
    from p2pchain.cli.common import current_slot
    from p2pchain.forward_level_market import ForwardTree
    from p2pchain.level_market import LevelTree

    tree, record = LevelTree(env.contracts), env.deployment
    slot, rows = current_slot(env), []
    trees: list[tuple[LevelTree | ForwardTree, Levels | ForwardLevels]] = [
        (tree, env.contracts.levels),
        (ForwardTree(env.contracts), env.contracts.forward_levels),
    ]
    for known, contract in trees:
        parents = known.parents()
        for node in [*parents, *(one.id for one in known.levels() if one.id not in parents)]:
            area = contract.node_of(node).area
            terms = tree.edge(area, slot)
            above = parents.get(node)
            rows.append(
                {
                    "name": record.name_of(node),
                    "area": area,
                    "above": record.name_of(above) if above else None,
                    "ahead": isinstance(known, ForwardTree),
                    "charge_nano": terms.charge_nano if above else None,
                    "up_wh": terms.up_wh if above else None,
                    "down_wh": terms.down_wh if above else None,
                    "feeder_wh": terms.feeder_wh,
                }
            )
    out.rows(
        "nodes",
        rows,
        {
            "name": "name",
            "area": "area",
            "above": "above",
            "ahead": ("trades", lambda ahead: "ahead" if ahead else "as measured"),
            "charge_nano": ("charge", lambda nano: "-" if nano is None else shown_price(env, nano)),
            "up_wh": ("up", _limit_text),
            "down_wh": ("down", _limit_text),
            "feeder_wh": ("inside", _limit_text),
        },
        empty="no levels yet; 'p2pchain admin level create' creates one",
    )


def _limit_text(wh: int | None) -> str:
    from p2pchain.units import format_energy

    if wh is None:
        return "-"
    return "no limit" if wh == UNLIMITED else format_energy(wh)


def _said(env: Env, terms: EdgeTerms) -> str:
    return (
        f"{shown_price(env, terms.charge_nano)}, up {_limit_text(terms.up_wh)}, "
        f"down {_limit_text(terms.down_wh)}, inside {_limit_text(terms.feeder_wh)}"
    )


@level.command(
    epilog=examples(
        "p2pchain -a grid admin level critical 7",
        "p2pchain -a grid admin level critical 7 --off --from 2026-07-01T00:00Z",
    )
)
@click.argument("meter", type=click.IntRange(1))
@click.option("--off", is_flag=True, help="It is none any more.")
@click.option("--from", "begin", metavar="TIME", help="From this slot's window on. Else the next.")
@deployment_option
@zone_option
@output_options
@role_options
@click.pass_obj
def critical(
    env: Env, meter: int, off: bool, begin: str | None, out: Output, dry_run: bool
) -> None:
    """Register METER as a critical load. Only the operator of its area may.

    While the area, or one above it in the tree, has no grid ('p2pchain level grid-loss'), critical
    loads are served first, unless their owner has stated a limit below the tariff.
    """
    from p2pchain.operator import Operator

    slot = next_slot(env) + WINDOW_SLOTS - 1 if begin is None else slot_number(env, begin)
    window = slot // WINDOW_SLOTS
    first = window * WINDOW_SLOTS
    what = f"{'strike' if off else 'register'} meter {meter} {'from' if off else 'as one of'} the "
    what += f"critical loads, from {slot_text(env, first)} on"
    call = Operator(env.contracts).set_critical(meter, window, not off)
    deliver(env, out, call, what, dry_run=dry_run, result=lambda _: {"from_slot": first})
