"""`p2pchain slot`, `trades` and `savings`: where things stand and what came of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, examples
from p2pchain.cli.common import (
    known_meter,
    market_options,
    shown_money,
    shown_price,
    slot_number,
    slot_text,
    time_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.words import PHASES
from p2pchain.errors import BadInput
from p2pchain.model import Phase

if TYPE_CHECKING:
    from p2pchain.history import SlotOfMeter
    from p2pchain.market import SlotStatus

_METERS = click.option(
    "--meter", "meters", type=click.IntRange(1), multiple=True,
    help="Only this meter; may be given several times. Else those of the account, or all.",
)  # fmt: skip
_FROM = click.option("--from", "begin", metavar="TIME", help="From this slot on.")
_TO = click.option("--to", "end", metavar="TIME", help="Before this slot.")


@click.command(
    epilog=examples(
        "p2pchain slot",
        "p2pchain slot 2026-06-01T12:00Z",
        "p2pchain slot 2026-06-01T14:00 --zone Europe/Berlin --json",
    )
)
@click.argument("time", default="now")
@market_options
@zone_option
@output_options
@click.pass_obj
def slot(env: Env, time: str, out: Output) -> None:
    """Show where the slot of TIME stands, and what is missing."""
    market, number = env.market, slot_number(env, time)
    status = market.slot_status(number)
    result = status.result
    data = {
        "slot": status.slot,
        "start": slot_text(env, number),
        "window": status.window,
        "phase": status.phase.name.lower(),
        "voided": status.voided,
        "ended": status.ended,
        "deadline_unix": status.deadline,
        "members": status.members,
        "settled_members": status.settled_members,
        "missing_meters": list(status.missing),
        "retail_nano": status.retail_nano,
        "feed_in_nano": status.feed_in_nano,
        "reference_nano": status.price_nano,
        "traded_wh": result.matched_wh if result else None,
        "without_grid": result.island if result else None,
        "price_nano": result.price_nano if result and result.traded else None,
    }
    shown = {"slot": f"{slot_text(env, number)} ({number}), window {status.window}"}
    shown["state"] = _state(status)
    if status.members and status.phase < Phase.CLEARED and not status.voided:
        shown["missing"] = _missing(status)
        shown["deadline"] = _deadline(env, status)
    if result is not None:
        shown["result"] = _result(env, status)
    if status.price_nano is not None:
        shown["prices"] = (
            f"{shown_price(env, status.price_nano)} between neighbours, from the supplier "
            f"{shown_price(env, status.retail_nano)}, to it {shown_price(env, status.feed_in_nano)}"
        )
    elif status.members:
        shown["prices"] = "no supplier asks more than another pays: the neighbours do not trade"
    if status.phase == Phase.SETTLED:
        more, shown["final"] = _final(env, status)
        data |= more
    out.fields(data, shown)


@click.command(
    epilog=examples(
        "p2pchain -a alice trades", "p2pchain trades --meter 7 --from 2026-06-01T00:00Z --json"
    )
)
@_METERS
@_FROM
@_TO
@market_options
@zone_option
@output_options
@click.pass_obj
def trades(
    env: Env, meters: tuple[int, ...], begin: str | None, end: str | None, out: Output
) -> None:
    """List what meters bought from and sold to their neighbours, slot by slot.

    What was traded ahead of the slot stands beside what was shared after metering.
    """
    slots = [
        s
        for s in _slots(env, meters, begin, end)
        if s.bought_wh or s.sold_wh or s.contract.bought_wh or s.contract.sold_wh
    ]
    rows = [
        {
            "slot": s.slot,
            "start": slot_text(env, s.slot),
            "meter": s.meter,
            "bought_wh": s.bought_wh,
            "sold_wh": s.sold_wh,
            "price_nano": s.price_nano if s.bought_wh or s.sold_wh else None,
            "ahead_bought_wh": s.contract.bought_wh,
            "ahead_sold_wh": s.contract.sold_wh,
            "ahead_nano": s.contract.nano,
        }
        for s in slots
    ]
    ahead: dict[str, str | tuple[str, Callable[[Any], str]]] = {
        "ahead_bought_wh": "bought ahead Wh",
        "ahead_sold_wh": "sold ahead Wh",
        "ahead_nano": ("paid ahead", lambda nano: shown_money(env, nano)),
    }
    out.rows(
        "trades",
        rows,
        {
            "start": "slot",
            "meter": "meter",
            "bought_wh": "bought Wh",
            "sold_wh": "sold Wh",
            "price_nano": ("price", lambda nano: "-" if nano is None else shown_price(env, nano)),
            **(
                ahead if any(row["ahead_bought_wh"] or row["ahead_sold_wh"] for row in rows) else {}
            ),
        },
        empty="no trades: nothing has been settled, or the neighbours had nothing to share",
    )


@click.command(
    epilog=examples(
        "p2pchain -a alice savings", "p2pchain savings --meter 7 --from 2026-06-01T00:00Z --json"
    )
)
@_METERS
@_FROM
@_TO
@market_options
@zone_option
@output_options
@click.pass_obj
def savings(
    env: Env, meters: tuple[int, ...], begin: str | None, end: str | None, out: Output
) -> None:
    """Show what the market saved meters against their supplier alone, in settled slots.

    Gross is what trade would save if a shared kWh paid nothing but its price. Network charges,
    levies, tax and the market's fee come off; what is left is saved. What trading ahead saved or
    cost is a part of it. It is what happened on the measured slots, and no promise for others.
    """
    slots = [
        s
        for s in _slots(env, meters, begin, end)
        if s.settled and (s.takes_part or s.contract.net_wh)
    ]
    numbers = sorted({s.meter for s in slots})
    rows = [_saved(number, [s for s in slots if s.meter == number]) for number in numbers]
    if out.as_json:
        out.fields({"currency": env.deployment.currency, "meters": rows})
        return
    names = {
        "slots": "slots",
        "alone_nano": "supplier alone",
        "cost_nano": "with the market",
        "gross_nano": "gross saving",
        "charges_nano": "charges",
        "fee_nano": "fee",
        **({"ahead_nano": "saved ahead"} if any(row["ahead_nano"] for row in rows) else {}),
        "saved_nano": "saved",
    }
    columns = {
        key: (name, (lambda nano: shown_money(env, nano)) if key.endswith("_nano") else str)
        for key, name in names.items()
    }
    out.rows("meters", rows, {"meter": "meter", **columns}, empty="no slot is settled yet")
    if slots:
        first, last = min(s.slot for s in slots), max(s.slot for s in slots)
        click.echo(
            f"from {slot_text(env, first)} to {slot_text(env, last + 1)}; "
            "saved = gross - charges - fee: measured, not a promise"
        )


def _saved(meter: int, slots: list[SlotOfMeter]) -> dict[str, int]:
    shared = [
        s.bought_wh + min(s.import_wh, max(s.contract.net_wh, 0)) if s.takes_part else 0
        for s in slots
    ]
    charges = sum(wh * s.row.charges for wh, s in zip(shared, slots, strict=True))
    saved = sum(s.alone_nano - s.cost_nano for s in slots)
    fee = sum(s.fee_nano for s in slots)
    return {
        "meter": meter,
        "slots": len(slots),
        "bought_wh": sum(s.bought_wh for s in slots),
        "sold_wh": sum(s.sold_wh for s in slots),
        "alone_nano": sum(s.alone_nano for s in slots),
        "cost_nano": sum(s.cost_nano for s in slots),
        "gross_nano": saved + charges + fee,
        "charges_nano": charges,
        "fee_nano": fee,
        "ahead_nano": sum(s.forward_saved_nano for s in slots),
        "saved_nano": saved,
    }


def _slots(
    env: Env, meters: tuple[int, ...], begin: str | None, end: str | None
) -> list[SlotOfMeter]:
    from p2pchain import history

    first = None if begin is None else slot_number(env, begin)
    last = None if end is None else slot_number(env, end)
    if first is not None and last is not None and first >= last:
        raise BadInput("--to is not later than --from")
    wanted = [known_meter(env, meter) for meter in meters]
    if not wanted and env.account is not None:
        wanted = own_meters(env)
        if not wanted:
            raise BadInput(f"{env.account} owns no meter in this market", hint="--meter names one")
    return [
        entry
        for entry in history.read(env.market, wanted or None).slots
        if (first is None or entry.slot >= first) and (last is None or entry.slot < last)
    ]


def own_meters(env: Env) -> list[int]:
    """Return the members of the market whose owner the account is or was."""
    from p2pchain.chain import events as log
    from p2pchain.chain.bindings.registry import TermsSet

    members = set(env.market.meters())
    owned = {
        event.meter
        for entry in log.read(env.contracts, kinds=(TermsSet,))
        if isinstance(event := entry.event, TermsSet) and event.owner == env.address
    }
    return sorted(members & owned)


def _state(status: SlotStatus) -> str:
    if status.voided:
        return "given up: nobody cleared it in time, the supplier takes all"
    if not status.ended and status.phase <= Phase.OPEN:
        return "not over yet: readings can be posted after its end"
    if not status.members:
        return "the market has no members yet"
    text = PHASES[status.phase]
    if status.phase == Phase.OPEN and not status.missing:
        return "all meters have posted this slot; its window is cleared when all its slots are in"
    return text


def _final(env: Env, status: SlotStatus) -> tuple[dict[str, Any], str]:
    """In which run a settled slot is, and when nothing about it changes any more."""
    from p2pchain.runs_market import Runs

    found = Runs(env.market).where([status.window])[status.window]
    data = {"run": found.run, "final_unix": found.final_at, "disputed": found.disputed}
    when = time_text(env, found.final_at)
    if env.chain.block().timestamp >= found.final_at:
        return data, f"since {when}: nothing changes any more"
    dispute = "in dispute; " if found.disputed else ""
    return data, f"{dispute}run {found.run} of {env.market.params.runs}, open until {when}"


def _missing(status: SlotStatus) -> str:
    if not status.missing:
        return "nothing"
    listed = ", ".join(str(meter) for meter in status.missing[:20])
    more = f" and {len(status.missing) - 20} more" if len(status.missing) > 20 else ""
    word = "meter" if len(status.missing) == 1 else "meters"
    return f"{len(status.missing)} of {status.members}: {word} {listed}{more}"


def _deadline(env: Env, status: SlotStatus) -> str:
    from datetime import UTC, datetime

    from p2pchain.units import parse_zone

    moment = datetime.fromtimestamp(status.deadline, UTC)
    if env.zone:
        moment = moment.astimezone(parse_zone(env.zone))
    text = moment.isoformat(timespec="minutes").replace("+00:00", "Z")
    return f"{text}: from then on it is cleared without what is missing"


def _result(env: Env, status: SlotStatus) -> str:
    from p2pchain.units import format_energy

    result = status.result
    assert result is not None
    island = ", without a grid" if result.island else ""
    if not result.traded:
        return f"nothing was shared{island}"
    traded = format_energy(result.matched_wh)
    return f"{traded} shared at {shown_price(env, result.price_nano)}{island}"
