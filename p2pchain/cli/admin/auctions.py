"""`p2pchain admin auction`: forward auctions of a market, and stopping new orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from p2pchain.cli.admin.markets import duration, share_ppm
from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import auction_options, deliver, market_options, shown_price
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput

if TYPE_CHECKING:
    from p2pchain.model import AuctionParams


@click.group(
    cls=HelpfulGroup,
    epilog=examples("p2pchain -a operator admin auction create --name day-ahead --gate day"),
)
def auction() -> None:
    """Forward auctions: members order energy for slots to come. Their rules never change."""


@auction.command(
    epilog=examples(
        "p2pchain -a operator admin auction create --name day-ahead --gate day --before 12h",
        "p2pchain -a operator admin auction create --name intraday --before 1h --firm 30min "
        "--tick 0.001EUR/kWh --cap 0.40EUR/kWh --lot 100Wh",
    )
)
@click.option("--name", default="day-ahead", show_default=True, help="Its name in the record.")
@click.option(
    "--gate",
    type=click.Choice(["window", "day"]),
    default="day",
    show_default=True,
    help="Orders end before each window of eight slots, or before the UTC day, for all its slots.",
)
@click.option(
    "--before", default="12h", show_default=True, metavar="DURATION", help="How long before that."
)
@click.option(
    "--firm",
    default="0s",
    show_default=True,
    metavar="DURATION",
    help="So long before the gate orders can no more be amended or cancelled.",
)
@click.option(
    "--void-after",
    default="24h",
    show_default=True,
    metavar="DURATION",
    help="So long after the gate a window that nobody cleared may be given up.",
)
@click.option(
    "--k", default="0.5", show_default=True, help="Where in the span of possible prices it lies."
)
@click.option(
    "--lot",
    default="1Wh",
    show_default=True,
    metavar="ENERGY",
    help="Volumes are multiples of it, 128Wh at most.",
)
@click.option("--floor", metavar="PRICE", help="Price of the lowest tick. Else 0.")
@click.option("--tick", metavar="PRICE", help="Size of a tick; there are 256. Else 0.001.")
@click.option(
    "--cap",
    metavar="PRICE",
    help="The most that a kWh sold and not delivered costs. Else the price of the highest tick.",
)
@click.option(
    "--surplus",
    metavar="PRICE",
    help="The least that a kWh bought and not consumed fetches, not above 0. Else 0.",
)
@market_options
@output_options
@role_options
@click.pass_obj
def create(
    env: Env,
    /,
    name: str,
    gate: str,
    before: str,
    firm: str,
    void_after: str,
    k: str,
    lot: str,
    out: Output,
    dry_run: bool,
    **prices: str | None,
) -> None:
    """Create a forward auction of a market and note it in the record. Role: MARKET_OPERATOR.

    Three at most to a market, all with one cap and one surplus. Cap and surplus are what an order
    is secured with: who buys locks what he may have to pay, who sells what a kWh may cost that he
    does not deliver. Creating the same auction again only notes it.
    """
    from p2pchain.chain.bindings.forward_auction import AuctionCreated
    from p2pchain.eip712 import auction_id
    from p2pchain.model import TICKS, AuctionParams, Gate
    from p2pchain.operator import Operator, created
    from p2pchain.units import parse_energy, parse_price

    record, currency = env.deployment, env.deployment.currency
    nano = {key: parse_price(text, currency) for key, text in prices.items() if text is not None}
    floor, tick = nano.get("floor", 0), nano.get("tick", 1_000)
    params = AuctionParams(
        market=env.market.id,
        gate=Gate[gate.upper()],
        gate_seconds=duration(before),
        firm_seconds=duration(firm),
        void_seconds=duration(void_after),
        k_ppm=share_ppm(k),
        lot_wh=parse_energy(lot),
        floor_nano=floor,
        tick_nano=tick,
        cap_nano=nano.get("cap", floor + (TICKS - 1) * tick),
        surplus_nano=nano.get("surplus", 0),
    )
    _check(env, params.lot_wh, tick, params.cap_nano, floor + (TICKS - 1) * tick)
    if params.surplus_nano > 0:
        raise BadInput("a surplus is not above zero", hint="--surplus 0, or a negative price")
    found = auction_id(params)
    if record.auctions.get(name) not in (None, "0x" + found.hex()):
        raise BadInput(
            f"the record has another auction '{name}' already", hint="give it another --name"
        )
    _check_others(env, params)
    if found in env.contracts.forward.auctions_of(env.market.id):
        if not dry_run:
            record.with_auction(name, found).save(env.deployment_path)
        out.fields(
            {"auction": found, "name": name, "transactions": []},
            {"auction": "0x" + found.hex(), "name": name, "note": "it was there already"},
        )
        return
    receipt = deliver(
        env,
        out,
        Operator(env.contracts).create_auction_call(params),
        f"create the forward auction '{name}'",
        dry_run=dry_run,
        result=lambda r: {
            "auction": created(env.contracts, r, AuctionCreated).auction,
            "name": name,
        },
    )
    if receipt is not None:
        record.with_auction(name, found).save(env.deployment_path)


@auction.command(epilog=examples("p2pchain -a guardian admin auction pause --auction day-ahead"))
@auction_options
@output_options
@role_options
@click.pass_obj
def pause(env: Env, out: Output, dry_run: bool) -> None:
    """Stop new orders of an auction; nothing else stops. Role: GUARDIAN."""
    call = env.contracts.forward.set_paused(env.auction.id, True)
    deliver(env, out, call, f"stop new orders of '{env.auction.name}'", dry_run=dry_run)


@auction.command(epilog=examples("p2pchain -a guardian admin auction resume --auction day-ahead"))
@auction_options
@output_options
@role_options
@click.pass_obj
def resume(env: Env, out: Output, dry_run: bool) -> None:
    """Take new orders of an auction again. Role: GUARDIAN."""
    call = env.contracts.forward.set_paused(env.auction.id, False)
    deliver(env, out, call, f"take new orders of '{env.auction.name}' again", dry_run=dry_run)


def _check(env: Env, lot_wh: int, tick_nano: int, cap_nano: int, top_nano: int) -> None:
    if not 1 <= lot_wh <= 128:
        raise BadInput("a lot is 1 to 128 Wh", hint="such as --lot 100Wh")
    if tick_nano <= 0:
        raise BadInput("a tick is more than nothing", hint="such as --tick 0.001")
    if cap_nano < top_nano:
        raise BadInput(
            f"the cap is below {shown_price(env, top_nano)}, the price of the highest tick",
            hint="a higher --cap, or a smaller --tick",
        )


def _check_others(env: Env, params: AuctionParams) -> None:
    """What is left of all contracts of a slot together has one price."""
    from p2pchain.forward_market import auctions

    for other in auctions(env.market)[:1]:
        for word in ("cap", "surplus"):
            theirs, ours = (getattr(p, f"{word}_nano") for p in (other.params, params))
            if theirs != ours:
                raise BadInput(
                    f"the {word} is {shown_price(env, theirs)} in all auctions of this market, "
                    f"not {shown_price(env, ours)}",
                    hint=f"--{word} {shown_price(env, theirs)}",
                )
