"""`p2pchain enrol` and `limits`: the owner's signed consent, and the prices he asks for."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, sending_options
from p2pchain.cli.common import (
    done,
    from_slot,
    known_meter,
    market_options,
    slot_number,
    slot_text,
    tell_dry_run,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.prosumer import messages
from p2pchain.cli.words import REFUSALS
from p2pchain.errors import BadInput, Refused

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.model import Enrolment, Limits, Refusal

_SAVE = click.option(
    "--save",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Send nothing: add the signed message to this file, for somebody else to send.",
)


@click.command(
    epilog=examples(
        "p2pchain -a alice enrol 7",
        "p2pchain -a alice enrol 7 --save alice.jsonl",
        "p2pchain -a coop limits send alice.jsonl",
    )
)
@click.argument("meter", type=click.IntRange(1))
@click.option("--from", "begin", metavar="TIME", help="The first slot; else the next one.")
@_SAVE
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def enrol(
    env: Env, meter: int, begin: str | None, save: Path | None, out: Output, dry_run: bool
) -> None:
    """Take part in a market with METER, which is yours.

    From then on what the meter measures is traded with the neighbours first, and the market may
    debit what the meter owes. Limits may be set afterwards; without any, your own tariff counts.
    """
    market = env.market
    slot = from_slot(env, begin)
    known_meter(env, meter)
    signed = market.sign_enrolment(env.signer, meter, slot)
    what = f"enrol meter {meter} from {slot_text(env, slot)} on"
    if save is not None:
        _saved(env, out, save, signed, what)
        return
    _send(env, out, [signed], what, dry_run)


@click.group(cls=HelpfulGroup, epilog=examples("p2pchain limits show 7"))
def limits() -> None:
    """Standing limits: the most you pay and the least you take for a shared kWh."""


@limits.command(epilog=examples("p2pchain limits show 7", "p2pchain limits show 7 --at now --json"))
@click.argument("meter", type=click.IntRange(1))
@click.option("--at", default="now", show_default=True, metavar="TIME")
@market_options
@zone_option
@output_options
@click.pass_obj
def show(env: Env, meter: int, at: str, out: Output) -> None:
    """Show the limits of METER in a slot. TARIFF stands for the prices of its own supplier."""
    from p2pchain.units import format_limit

    market, slot = env.market, slot_number(env, at)
    member = env.contracts.markets.member_of(market.id, known_meter(env, meter))
    if not member.member:
        raise Refused("NotAMember", (meter,), "'p2pchain enrol' makes it a member",
                      message=f"meter {meter} is no member of this market")  # fmt: skip
    terms = env.contracts.markets.member_by_meter(market.id, meter, slot)
    pairs = [(terms.buy_nano, terms.sell_nano)]
    if terms.hourly:
        pairs = [(_signed(word), _signed(word >> 32)) for word in terms.hourly]
    data = {
        "meter": meter,
        "slot": slot,
        "active": terms.active,
        "sequence": member.sequence,
        "buy_nano": [buy for buy, _ in pairs],
        "sell_nano": [sell for _, sell in pairs],
    }
    shown = {"meter": str(meter), "at": slot_text(env, slot)}
    if not terms.active:
        shown["note"] = f"takes part from {slot_text(env, member.from_slot)} on"
    for hour, (buy, sell) in enumerate(pairs if terms.active else []):
        label = f"{hour:02}:00Z" if terms.hourly else "all day"
        texts = [format_limit(nano, env.deployment.currency) for nano in (buy, sell)]
        shown[label] = f"buys up to {texts[0]}, sells from {texts[1]}"
    out.fields(data, shown)


@limits.command(
    "set",
    epilog=examples(
        "p2pchain -a alice limits set 7 --buy 0.21EUR/kWh --sell TARIFF",
        "p2pchain -a alice limits set 7 --hourly hours.csv --from 2026-12-01T00:00Z",
        "p2pchain -a alice limits set 7 --sell 6ct/kWh --save alice.jsonl",
    ),
)
@click.argument("meter", type=click.IntRange(1))
@click.option("--buy", metavar="PRICE", help="The most you pay, or TARIFF, which is the default.")
@click.option("--sell", metavar="PRICE", help="The least you take, or TARIFF.")
@click.option(
    "--hourly",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV with 24 rows: hour,buy,sell, hour 0 to 23 of the UTC day.",
)
@click.option("--from", "begin", metavar="TIME", help="The first slot; else the next one.")
@_SAVE
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def set_(
    env: Env,
    meter: int,
    buy: str | None,
    sell: str | None,
    hourly: Path | None,
    begin: str | None,
    save: Path | None,
    out: Output,
    dry_run: bool,
) -> None:
    """State limits for METER, from a slot that has not begun.

    Limits are prices of energy alone; network, levies and tax come on top as with a supplier.
    Nobody pays more than his own tariff or gets less than its feed-in price, whatever he states.
    """
    from p2pchain.model import Limits

    currency = env.deployment.currency
    if hourly is not None and (buy or sell):
        raise BadInput("limits in a file and as options", hint="give one of them")
    if hourly is None and not (buy or sell):
        raise BadInput("no limit was given", hint="--buy, --sell, or --hourly FILE")
    if hourly is not None:
        buys, sells = read_hours(hourly, currency)
    else:
        one = _pair(buy or "TARIFF", sell or "TARIFF", currency)
        buys, sells = (one[0],), (one[1],)
    market, slot = env.market, from_slot(env, begin)
    member = env.contracts.markets.member_of(market.id, known_meter(env, meter))
    stated = Limits(market.id, meter, slot, member.sequence + 1, buys, sells)
    signed = market.sign_limits(env.signer, stated)
    what = f"set the limits of meter {meter} from {slot_text(env, slot)} on"
    if save is not None:
        _saved(env, out, save, signed, what)
        return
    _send(env, out, [signed], what, dry_run)


@limits.command(epilog=examples("p2pchain -a coop limits send alice.jsonl"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def send(env: Env, file: Path, out: Output, dry_run: bool) -> None:
    """Carry signed messages of FILE (enrolments and limits) to the chain, for their owners.

    Good ones go through even if others are refused; nothing in them can be changed on the way.
    """
    found = messages.load(file, env.market.markets_domain)
    _send(env, out, found, f"hand in the {len(found)} messages of {file}", dry_run)


def read_hours(path: Path, currency: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the limits of a file by UTC hour. Raises BadInput with the line's number."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}") from None
    hint = "hour,buy,sell, then 24 rows, hour 0 to 23 of the UTC day"
    rows = csv.reader(io.StringIO(text))
    pairs: list[tuple[int, int]] = []
    for number, row in enumerate(rows, 1):
        cells, where = [cell.strip() for cell in row], f"{path}, line {number}"
        if number == 1:
            if cells != ["hour", "buy", "sell"]:
                raise BadInput(f"{where}: not a header", hint=hint)
            continue
        if len(cells) != 3 or cells[0] != str(len(pairs)):
            raise BadInput(f"{where}: hour {len(pairs)} with two limits is due", hint=hint)
        try:
            pairs.append(_pair(cells[1], cells[2], currency))
        except BadInput as error:
            raise BadInput(f"{where}: {error}", hint=error.hint) from None
    if len(pairs) != 24:
        raise BadInput(f"{path}: {len(pairs)} hours", hint=hint)
    return tuple(buy for buy, _ in pairs), tuple(sell for _, sell in pairs)


def _pair(buy: str, sell: str, currency: str) -> tuple[int, int]:
    from p2pchain.units import parse_buy_limit, parse_sell_limit

    return parse_buy_limit(buy, currency), parse_sell_limit(sell, currency)


def _saved(env: Env, out: Output, path: Path, message: Enrolment | Limits, what: str) -> None:
    messages.save(path, message, env.market.markets_domain)
    data = {"meter": message.meter, "from_slot": message.from_slot, "file": str(path)}
    out.fields(data, {"signed": what, "file": f"{path}: 'p2pchain limits send' carries it"})


def _send(
    env: Env, out: Output, found: Sequence[Enrolment | Limits], what: str, dry_run: bool
) -> None:
    """Try the messages, send those that would be taken, and say which were not."""
    from p2pchain.model import Enrolment, Limits

    enrolments = [one for one in found if isinstance(one, Enrolment)]
    stated = [one for one in found if isinstance(one, Limits)]
    refused: list[tuple[int, Refusal]] = []
    receipts = []
    asked = False
    for batch in (enrolments, stated):
        good, bad = _tried(env, batch)
        refused += bad
        if not good:
            continue
        call = _call(env, good)
        if dry_run:
            tell_dry_run(env, out, [call], what)
            continue
        if not asked:
            env.confirm(f"{what}?")
            asked = True
        receipts.append(env.sender.send(call))
        refused += _skipped(env, receipts[-1])
    taken = len(found) - len(refused)
    if receipts:
        done(env, out, what if not refused else f"{taken} of {len(found)} messages", receipts, {})
    if refused:
        texts = [f"meter {meter}: {REFUSALS[why][0]}" for meter, why in refused]
        raise Refused(
            refused[0][1].name,
            (),
            REFUSALS[refused[0][1]][1],
            message=("" if len(found) == 1 else f"{len(refused)} of {len(found)} messages were "
                     "refused: ") + "; ".join(texts),
        )  # fmt: skip


def _call(env: Env, batch: Sequence[Enrolment | Limits]) -> Call:
    from p2pchain.model import Enrolment, Limits

    enrolments = [one for one in batch if isinstance(one, Enrolment)]
    if enrolments:
        return env.market.enrol_call(enrolments)
    return env.market.limits_call([one for one in batch if isinstance(one, Limits)])


def _tried(
    env: Env, batch: Sequence[Enrolment | Limits]
) -> tuple[list[Enrolment | Limits], list[tuple[int, Refusal]]]:
    from p2pchain.chain.bindings.markets import Markets
    from p2pchain.model import Enrolment, Refusal

    if not batch:
        return [], []
    call = _call(env, batch)
    raw = env.chain.call(call.to, call.data, sender=env.address)
    kind = isinstance(batch[0], Enrolment)
    answers = Markets.enrol_result(raw) if kind else Markets.set_limits_result(raw)
    paired = [(one, Refusal(int(why))) for one, why in zip(batch, answers, strict=True)]
    good = [one for one, why in paired if why == Refusal.NONE]
    return good, [(one.meter, why) for one, why in paired if why != Refusal.NONE]


def _skipped(env: Env, receipt: object) -> list[tuple[int, Refusal]]:
    from p2pchain.chain.bindings.markets import EnrolmentSkipped, LimitsSkipped
    from p2pchain.chain.events import of_receipt
    from p2pchain.chain.records import Receipt
    from p2pchain.model import Refusal

    assert isinstance(receipt, Receipt)
    return [
        (event.meter, Refusal(int(event.reason)))
        for event in of_receipt(env.contracts, receipt)
        if isinstance(event, (EnrolmentSkipped, LimitsSkipped))
    ]


def _signed(word: int) -> int:
    value = word & 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value
