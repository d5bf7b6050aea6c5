"""`p2pchain bid`, `ask`, `cancel` and `orders`: energy of slots to come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import (
    auction_options,
    done,
    known_meter,
    shown_money,
    shown_price,
    slot_number,
    slot_text,
    tell_dry_run,
    time_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.prosumer import forward_messages
from p2pchain.cli.prosumer.look import own_meters
from p2pchain.cli.prosumer.refusals import check_limit, check_volume, collateral_nano, refusal
from p2pchain.errors import BadInput, Refused
from p2pchain.model import WINDOW_SLOTS, Action, ForwardPhase, ForwardRefusal, Order

if TYPE_CHECKING:
    from p2pchain.forward_market import Auction, StandingOrder

F = TypeVar("F", bound=Callable[..., Any])

SAVE = click.option(
    "--save",
    type=click.Path(dir_okay=False, allow_dash=True, path_type=Path),
    help="Send nothing: sign, and add the message to this file ('-' is stdout), for 'relay'.",
)
_LIMIT = click.option(
    "--limit", metavar="PRICE", required=True, help="The price of a tick, such as 0.12EUR/kWh."
)
_AMEND = click.option("--amend", is_flag=True, help="Replace the order that stands for this slot.")


def _order_options(function: F) -> F:
    """What `bid` and `ask` have in common."""
    for option in (
        sending_options, output_options, zone_option, auction_options, SAVE, _AMEND, _LIMIT,
        click.argument("energy"), click.argument("time"), click.argument(
            "meter", type=click.IntRange(1)
        ),
    ):  # fmt: skip
        function = option(function)
    return function


@click.command(
    epilog=examples(
        "p2pchain -a alice bid 7 2026-06-02T12:00Z 1.5kWh --limit 0.12EUR/kWh",
        "p2pchain -a alice bid 7 2026-06-02T14:00 2kWh --limit 13ct/kWh --zone Europe/Berlin "
        "--amend",
        "p2pchain -a alice bid 7 2026-06-02T12:00Z 1.5kWh --limit 0.12EUR/kWh --save alice.jsonl",
    )
)
@_order_options
@click.pass_obj
def bid(
    env: Env,
    meter: int,
    time: str,
    energy: str,
    limit: str,
    amend: bool,
    save: Path | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Order ENERGY for METER in the slot of TIME, at the limit at most.

    All who trade in a slot pay one price, and it is never above your limit. What the order can cost
    at worst is locked; what is not spent becomes free again when the slot is settled. What you buy
    and do not use your supplier takes at its feed-in price.
    """
    _place(env, meter, time, energy, limit, False, amend, save, out, dry_run)


@click.command(
    epilog=examples(
        "p2pchain -a bob ask 8 2026-06-02T12:00Z 2kWh --limit 0.08EUR/kWh",
        "p2pchain -a bob ask 8 2026-06-02T12:00Z 1kWh --limit 0.09EUR/kWh --amend --dry-run",
    )
)
@_order_options
@click.pass_obj
def ask(
    env: Env,
    meter: int,
    time: str,
    energy: str,
    limit: str,
    amend: bool,
    save: Path | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Offer ENERGY of METER in the slot of TIME, at the limit at least.

    All who trade in a slot get one price, and it is never below your limit. What you sell and do
    not deliver your supplier delivers for you, at its price for imbalance, and at the auction's cap
    at most: up to there collateral is locked until the slot is settled.
    """
    _place(env, meter, time, energy, limit, True, amend, save, out, dry_run)


@click.command(
    epilog=examples(
        "p2pchain -a alice cancel 7 2026-06-02T12:00Z",
        "p2pchain -a alice cancel 7 2026-06-02T12:00Z --save alice.jsonl",
    )
)
@click.argument("meter", type=click.IntRange(1))
@click.argument("time")
@SAVE
@auction_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def cancel(env: Env, meter: int, time: str, save: Path | None, out: Output, dry_run: bool) -> None:
    """Take back the order of METER for the slot of TIME, before the firm period begins."""
    auction, slot = env.auction, slot_number(env, time)
    order = Order(auction.id, known_meter(env, meter), slot, 0, Action.CANCEL)
    what = f"cancel the order of meter {meter} for {slot_text(env, slot)}"
    _carry_out(env, out, auction, order, what, save, dry_run)


@click.command(
    epilog=examples(
        "p2pchain -a alice orders",
        "p2pchain orders --meter 7 --all --zone Europe/Berlin",
        "p2pchain orders --meter 7 --json",
    )
)
@click.option(
    "--meter", "meters", type=click.IntRange(1), multiple=True,
    help="Only this meter; may be given several times. Else those of the account, or all.",
)  # fmt: skip
@click.option("--all", "all_", is_flag=True, help="Settled orders too.")
@auction_options
@zone_option
@output_options
@click.pass_obj
def orders(env: Env, meters: tuple[int, ...], all_: bool, out: Output) -> None:
    """List what meters have ordered for slots to come, and what has come of it.

    Collateral is locked until a slot is settled. What was filled is a contract: what the meter then
    measures beyond or below it is settled as the auction says.
    """
    from p2pchain.forward_market import auctions

    wanted = [known_meter(env, meter) for meter in meters]
    if not wanted:
        wanted = own_meters(env) if env.account is not None else env.market.meters()
        if not wanted:
            raise BadInput(f"{env.account} owns no meter in this market", hint="--meter names one")
    chosen = [env.auction] if env.auction_choice else auctions(env.market)
    now = env.chain.block().timestamp
    rows = [
        _row(env, auction, standing, now)
        for auction in chosen
        for standing in auction.orders(wanted)
        if all_ or standing.phase != ForwardPhase.SETTLED
    ]
    rows.sort(key=lambda row: (row["slot"], row["meter"]))
    several = {"auction": "auction"} if len(chosen) > 1 else {}
    out.rows(
        "orders",
        rows,
        {
            **several,
            "start": "slot",
            "meter": "meter",
            "side": "side",
            "limit_nano": ("limit", lambda nano: shown_price(env, nano)),
            "wh": "Wh",
            "filled_wh": "filled Wh",
            "price_nano": ("price", lambda nano: "-" if nano is None else shown_price(env, nano)),
            "collateral_nano": ("collateral", lambda nano: shown_money(env, nano)),
            "state": "state",
        },
        empty="no open orders; --all shows settled ones" if not all_ else "no orders",
    )


def tell_prospects(env: Env, gate: int, firm: int, nano: int | None, out: Output) -> None:
    """Say before anything is sent what an order can cost and until when it may be changed."""
    if out.as_json:
        return
    if nano is not None:
        env.note(f"at worst it costs  {shown_money(env, nano)}, locked until it is settled")
    changes = "never" if firm <= env.chain.block().timestamp else "until"
    when = "" if changes == "never" else f" {time_text(env, firm)}"
    env.note(f"can be changed     {changes}{when}")
    env.note(f"gate               {time_text(env, gate)}")


def _place(
    env: Env,
    meter: int,
    time: str,
    energy: str,
    limit: str,
    sell: bool,
    amend: bool,
    save: Path | None,
    out: Output,
    dry_run: bool,
) -> None:
    from p2pchain.units import format_energy, parse_energy, parse_price

    auction, slot = env.auction, slot_number(env, time)
    wh, nano = parse_energy(energy), parse_price(limit, env.deployment.currency)
    check_limit(env, auction, nano)
    check_volume(auction, wh)
    action = Action.AMEND if amend else Action.PLACE
    order = Order(auction.id, known_meter(env, meter), slot, 0, action, sell, nano, wh)
    verb, bound = ("sell", "least") if sell else ("buy", "most")
    what = (
        f"{verb} {format_energy(wh)} for meter {meter} in {slot_text(env, slot)} at "
        f"{shown_price(env, nano)} at {bound}"
    )
    _carry_out(env, out, auction, order, what, save, dry_run)


def _carry_out(
    env: Env,
    out: Output,
    auction: Auction,
    order: Order,
    what: str,
    save: Path | None,
    dry_run: bool,
) -> None:
    """Sign into a file, or try and send as the owner's own call."""
    window = order.slot // WINDOW_SLOTS
    cancels = order.action == Action.CANCEL
    nano = None if cancels else collateral_nano(auction, order)
    gates = auction.gates(window)
    data: dict[str, Any] = {
        "auction": auction.id,
        "meter": order.meter,
        "slot": order.slot,
        "gate_unix": gates.gate,
        "firm_unix": gates.firm,
    }
    if nano is not None:
        data["collateral_nano"] = nano
    if save is not None:
        tell_prospects(env, gates.gate, gates.firm, nano, out)
        forward_messages.sign_and_save(env, out, auction, order, save, what, data)
        return
    call = auction.own_order_call(order)
    # What an earlier run was cut off in is finished, and would be refused if it were new.
    begun = not dry_run and any(one.call.data == call.data for one in env.sender.recovered)
    try:
        if not begun:
            env.chain.call(call.to, call.data, sender=env.address)
    except Refused as error:
        raise _explained(env, auction, order, error) from None
    tell_prospects(env, gates.gate, gates.firm, nano, out)
    if dry_run:
        tell_dry_run(env, out, [call], what)
        return
    env.confirm(f"{what}?")
    receipt = env.sender.send(call)
    shown = {key: data[key] for key in data if key not in ("auction", "meter", "slot")}
    done(env, out, what, [receipt], data if out.as_json else shown)


def _explained(env: Env, auction: Auction, order: Order, error: Refused) -> Refused:
    from p2pchain.chain.bindings.errors import OrderRefused

    if not isinstance(error, OrderRefused):
        return error
    why = ForwardRefusal(int(error.reason_))
    if why == ForwardRefusal.BAD_SIGNATURE:  # nothing is signed here: it is the caller's own call
        why = ForwardRefusal.NOT_A_MEMBER
    return refusal(env, auction, order, why)


def _row(env: Env, auction: Auction, standing: StandingOrder, now: int) -> dict[str, Any]:
    return {
        "auction": auction.name,
        "slot": standing.slot,
        "start": slot_text(env, standing.slot),
        "meter": standing.meter,
        "side": "sell" if standing.sell else "buy",
        "limit_nano": standing.limit_nano,
        "wh": standing.wh,
        "filled_wh": standing.filled_wh,
        "price_nano": standing.price_nano,
        "collateral_nano": 0
        if standing.phase == ForwardPhase.SETTLED
        else standing.collateral_nano,
        "phase": standing.phase.name.lower(),
        "state": _state(auction, standing, now),
    }


def _state(auction: Auction, standing: StandingOrder, now: int) -> str:
    if standing.phase < ForwardPhase.CLEARED:
        gates = auction.gates(standing.slot // WINDOW_SLOTS)
        if standing.phase == ForwardPhase.AWAITING:
            return "waits for the level above"
        if now >= gates.gate:
            return "gate closed, not cleared yet"
        return "firm" if now >= gates.firm else "open"
    text = "settled" if standing.phase == ForwardPhase.SETTLED else "contracted"
    if standing.voided:
        return f"{text}: given up, nothing traded" if text == "settled" else "given up"
    if standing.filled_wh is None:
        return text
    if standing.filled_wh == 0:
        return "settled: not filled" if text == "settled" else "not filled"
    return text if standing.filled_wh == standing.wh else f"{text} in part"
