"""`p2pchain schedule`: orders for all slots of a day, from a file, in one signed message."""

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import (
    auction_options,
    done,
    known_meter,
    slot_text,
    tell_dry_run,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.prosumer import forward_messages
from p2pchain.cli.prosumer.orders import SAVE, tell_prospects
from p2pchain.cli.prosumer.refusals import check_limit, check_volume, collateral_nano, refusal
from p2pchain.errors import BadInput
from p2pchain.model import WINDOW_SLOTS, Action, ForwardRefusal, Order, Schedule, schedule_words

if TYPE_CHECKING:
    from p2pchain.forward_market import Auction

_HEADER = ["start", "side", "energy", "price"]
_HINT = "start,side,energy,price; a row for each slot of one UTC day; side is buy, sell or none"
_EPOCH = date(1970, 1, 1)


@click.command(
    epilog=examples(
        "p2pchain -a alice schedule 7 tomorrow.csv",
        "p2pchain -a alice schedule 7 tomorrow.csv --day 2026-06-02 --dry-run",
        "p2pchain -a alice schedule 7 local.csv --zone Europe/Berlin --save alice.jsonl",
    )
)
@click.argument("meter", type=click.IntRange(1))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--day", metavar="DATE", help="The UTC day that is meant; else that of the file.")
@SAVE
@auction_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def schedule(
    env: Env,
    meter: int,
    file: Path,
    day: str | None,
    save: Path | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Order for METER in all slots of a UTC day, from FILE; it replaces what was ordered for it.

    FILE is CSV: start,side,energy,price, as 2026-06-02T12:00Z,buy,1.5kWh,0.12EUR/kWh, with a row
    for every slot of the day; where nothing is to be ordered the side is 'none' and the rest empty.
    All of it is taken, or nothing.
    """
    from p2pchain.units import parse_date

    auction = env.auction
    wanted = None if day is None else (parse_date(day) - _EPOCH).days
    number, orders = read_day(env, auction, known_meter(env, meter), file, wanted)
    words = schedule_words(auction.params, number, auction.slots_per_day, orders)
    message = Schedule(auction.id, meter, number, 0, words)
    first = number * auction.slots_per_day
    what = f"order for {len(orders)} slots of meter {meter} on the day from {slot_text(env, first)}"
    nano = collateral_nano(auction, message)
    gate = auction.gates(first // WINDOW_SLOTS).gate
    earliest = min((order.slot for order in orders), default=first)
    firm = min(gate, auction.gates(earliest // WINDOW_SLOTS).firm)
    data: dict[str, Any] = {
        "auction": auction.id,
        "meter": meter,
        "day": number,
        "orders": len(orders),
        "gate_unix": gate,
        "firm_unix": firm,
        "collateral_nano": nano,
    }
    if save is not None:
        tell_prospects(env, gate, firm, nano, out)
        forward_messages.sign_and_save(env, out, auction, message, save, what, data)
        return
    numbered = Schedule(auction.id, meter, number, auction.next_sequence(meter), words)
    call = auction.schedule_call([numbered])
    raw = env.chain.call(call.to, call.data, sender=env.address)
    why = ForwardRefusal(int(auction.contract.schedule_result(raw)[0]))
    if why != ForwardRefusal.NONE:
        raise refusal(env, auction, numbered, _as_owner(env, numbered, why))
    tell_prospects(env, gate, firm, nano, out)
    if dry_run:
        tell_dry_run(env, out, [call], what)
        return
    env.confirm(f"{what}?")
    receipt = env.sender.send(call)
    for late in auction.skipped(receipt).values():  # the gate has closed in the meantime
        raise refusal(env, auction, numbered, late)
    shown = {"collateral_nano": nano}
    done(env, out, what, [receipt], data if out.as_json else shown)


def read_day(
    env: Env, auction: Auction, meter: int, path: Path, day: int | None
) -> tuple[int, list[Order]]:
    """Return the unix day of a file and its orders. Raises BadInput with the line's number."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}", hint=_HINT) from None
    lines: dict[int, int] = {}
    orders: list[Order] = []
    for number, row in enumerate(csv.reader(io.StringIO(text)), 1):
        cells, where = [cell.strip() for cell in row], f"{path}, line {number}"
        if number == 1:
            if cells != _HEADER:
                raise BadInput(f"{where}: not the header of a schedule", hint=_HINT)
            continue
        if not any(cells):
            continue
        if len(cells) != len(_HEADER):
            raise BadInput(f"{where}: not {len(_HEADER)} cells", hint=_HINT)
        try:
            slot = _slot(env, cells[0])
            day = slot // auction.slots_per_day if day is None else day
            _check_day(env, auction, slot, day)
            if slot in lines:
                raise BadInput(
                    f"{slot_text(env, slot)} is there already, in line {lines[slot]}",
                    hint="one row for each slot",
                )
            order = _order(env, auction, meter, slot, cells)
        except BadInput as error:
            raise BadInput(f"{where}: {error}", hint=error.hint or _HINT) from None
        lines[slot] = number
        orders += [order] if order else []
    if day is None:
        raise BadInput(f"{path} has no rows", hint=_HINT)
    _check_whole(env, auction, path, day, lines)
    return day, orders


def _slot(env: Env, text: str) -> int:
    from p2pchain.units import parse_time, slot_of

    return slot_of(parse_time(text, env.zone), env.deployment.slot_seconds)


def _check_day(env: Env, auction: Auction, slot: int, day: int) -> None:
    first = day * auction.slots_per_day
    if first <= slot < first + auction.slots_per_day:
        return
    name = date.fromordinal(_EPOCH.toordinal() + day)
    raise BadInput(
        f"{slot_text(env, slot)} is not of the UTC day {name}",
        hint=f"a schedule is for one day: {slot_text(env, first)} to "
        f"{slot_text(env, first + auction.slots_per_day - 1)}",
    )


def _order(env: Env, auction: Auction, meter: int, slot: int, cells: list[str]) -> Order | None:
    from p2pchain.units import parse_energy, parse_price

    _, side, energy, price = cells
    if side == "none":
        if energy or price:
            raise BadInput("an order without a side", hint="side is buy or sell, or the rest empty")
        return None
    if side not in ("buy", "sell"):
        raise BadInput(f"'{side}' is not a side", hint="side is buy, sell or none")
    wh, nano = parse_energy(energy), parse_price(price, env.deployment.currency)
    check_limit(env, auction, nano)
    check_volume(auction, wh)
    return Order(auction.id, meter, slot, 0, Action.PLACE, side == "sell", nano, wh)


def _check_whole(env: Env, auction: Auction, path: Path, day: int, lines: dict[int, int]) -> None:
    """A slot that is left out may be a mistake; what it would take back is not taken back."""
    first = day * auction.slots_per_day
    missing = [s for s in range(first, first + auction.slots_per_day) if s not in lines]
    if not missing:
        return
    before = [line for slot, line in lines.items() if slot < missing[0]]
    after = f"after line {max(before)}: " if before else ""
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    raise BadInput(
        f"{path}, {after}{slot_text(env, missing[0])} is missing{more}",
        hint="a row for each slot of the day; where nothing is ordered its side is 'none'",
    )


def _as_owner(env: Env, message: Schedule, why: ForwardRefusal) -> ForwardRefusal:
    """Unsigned, it is the caller's own; who is not the owner has not signed wrongly."""
    return ForwardRefusal.NOT_A_MEMBER if why == ForwardRefusal.BAD_SIGNATURE else why
