"""`p2pchain auctions` and `book`: the forward auctions of a market, and the orders of a slot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, examples
from p2pchain.cli.common import (
    auction_options,
    market_options,
    shown_price,
    slot_number,
    slot_text,
    time_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.words import FORWARD_PHASES
from p2pchain.model import TICKS, WINDOW_SLOTS, ForwardPhase, Gate, Side

if TYPE_CHECKING:
    from p2pchain.forward_market import Auction, Book


@click.command(
    epilog=examples("p2pchain auctions", "p2pchain auctions --zone Europe/Berlin --json")
)
@market_options
@zone_option
@output_options
@click.pass_obj
def auctions(env: Env, out: Output) -> None:
    """List the forward auctions of a market: gates, lots, ticks, cap, and what is open now."""
    from p2pchain.forward_market import auctions as all_auctions
    from p2pchain.units import format_energy

    rows = [_described(env, auction) for auction in all_auctions(env.market)]
    if out.as_json or not rows:
        out.rows("auctions", rows, empty="no forward auction; 'admin auction create' makes one")
        return
    for place, row in enumerate(rows):
        if place:
            click.echo()
        out.fields({}, _shown(env, row, format_energy(row["lot_wh"])))


@click.command(
    epilog=examples(
        "p2pchain book 2026-06-02T12:00Z",
        "p2pchain book 2026-06-02T14:00 --zone Europe/Berlin --auction day-ahead",
    )
)
@click.argument("time", required=False)
@auction_options
@zone_option
@output_options
@click.pass_obj
def book(env: Env, time: str | None, out: Output) -> None:
    """Draw the orders for the slot of TIME, by default the next one that can be ordered for.

    Buys from the highest limit down, sells from the lowest up: where they cross, trade ends. Once
    the slot is cleared its price and volume are shown too.
    """
    auction = env.auction
    slot = _first_open(env, auction) if time is None else slot_number(env, time)
    found = auction.book(slot)
    result = found.result
    data = {
        "auction": auction.name,
        "slot": slot,
        "start": slot_text(env, slot),
        "phase": found.phase.name.lower(),
        "voided": found.voided,
        "buys": [{"limit_nano": p, "wh": found.buys[p]} for p in sorted(found.buys, reverse=True)],
        "sells": [{"limit_nano": p, "wh": found.sells[p]} for p in sorted(found.sells)],
        "price_nano": result.price_nano if result and result.traded else None,
        "traded_wh": found.matched_wh if result else None,
        "parts": [
            {
                "side": part.side.name.lower(),
                "wh": part.lots * auction.params.lot_wh,
                "price_nano": part.price_nano,
                "levels_up": part.edges,
            }
            for part in found.parts
        ],
    }
    if out.as_json:
        out.fields(data)
        return
    out.fields({}, _told(env, auction, found))
    if found.buys or found.sells:
        from p2pchain.report.book import render

        click.echo()
        click.echo(render(found, env.deployment.currency), nl=False)


def _first_open(env: Env, auction: Auction) -> int:
    """The first slot whose gate has not closed."""
    now = env.chain.block().timestamp
    window = now // auction.market.slot_seconds // WINDOW_SLOTS
    while auction.gates(window).gate <= now:
        window += 1
    return window * WINDOW_SLOTS


def _told(env: Env, auction: Auction, found: Book) -> dict[str, str]:
    from p2pchain.units import format_energy

    result = found.result
    gates = auction.gates(found.slot // WINDOW_SLOTS)
    state = FORWARD_PHASES[found.phase]
    closed = gates.gate <= env.chain.block().timestamp
    if found.voided:
        state = "given up: nobody cleared it in time, nothing is traded"
    elif found.phase == ForwardPhase.OPEN and closed:
        state = "the gate has closed: 'p2pchain clear --forward'"
    shown = {
        "slot": f"{slot_text(env, found.slot)} ({found.slot}) in {auction.name}",
        "state": state,
        "gate": time_text(env, gates.gate),
    }
    if result is not None:
        shown["result"] = "nothing is traded"
        if result.traded:
            shown["result"] = (
                f"{format_energy(found.matched_wh)} at {shown_price(env, result.price_nano)}"
            )
    for place, part in enumerate(found.parts, 1):
        where = f"{part.edges} levels up" if part.edges > 1 else "one level up"
        verb = "sold" if part.side == Side.SELL else "bought"
        wh = part.lots * auction.params.lot_wh
        shown[f"beyond {place}"] = (
            f"{format_energy(wh)} {verb} {where if part.edges else 'inside'} "
            f"at {shown_price(env, part.price_nano)}"
        )
    return shown


def _described(env: Env, auction: Auction) -> dict[str, Any]:
    params = auction.params
    first = _first_open(env, auction)
    return {
        "name": auction.name,
        "auction": auction.id,
        "paused": auction.contract.paused(auction.id),
        "gate": params.gate.name.lower(),
        "gate_seconds": params.gate_seconds,
        "firm_seconds": params.firm_seconds,
        "void_seconds": params.void_seconds,
        "k_ppm": params.k_ppm,
        "lot_wh": params.lot_wh,
        "floor_nano": params.floor_nano,
        "tick_nano": params.tick_nano,
        "top_nano": params.price_nano(TICKS - 1),
        "cap_nano": params.cap_nano,
        "surplus_nano": params.surplus_nano,
        "open_from_slot": first,
        "open_until_slot": (auction.last_window() + 1) * WINDOW_SLOTS,
        "next_gate_unix": auction.gates(first // WINDOW_SLOTS).gate,
    }


def _shown(env: Env, row: dict[str, Any], lot: str) -> dict[str, str]:
    before = "the UTC day" if row["gate"] == Gate.DAY.name.lower() else "each window of eight slots"
    firm = _span(row["firm_seconds"])
    return {
        "auction": row["name"] + (" (stopped by the guardian)" if row["paused"] else ""),
        "id": "0x" + row["auction"].hex(),
        "gate": f"{_span(row['gate_seconds'])} before {before}; the next closes at "
        f"{time_text(env, row['next_gate_unix'])}",
        "firm": f"{firm} before the gate" if row["firm_seconds"] else "from the gate on",
        "open": f"slots from {slot_text(env, row['open_from_slot'])} to "
        f"{slot_text(env, row['open_until_slot'])}",
        "lot": lot,
        "ticks": f"{shown_price(env, row['floor_nano'])} to {shown_price(env, row['top_nano'])}, "
        f"each {shown_price(env, row['tick_nano'])}",
        "cap": f"{shown_price(env, row['cap_nano'])} at most for what is sold and not delivered",
        "surplus": f"{shown_price(env, row['surplus_nano'])} at least for what is bought and not "
        "used",
    }


def _span(seconds: int) -> str:
    for unit, size in (("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
