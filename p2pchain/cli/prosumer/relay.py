"""`p2pchain relay`: signed orders and schedules of others, handed in together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import done, market_options, slot_text, tell_dry_run, zone_option
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.prosumer import forward_messages
from p2pchain.cli.prosumer.forward_messages import Carried
from p2pchain.cli.prosumer.refusals import explained
from p2pchain.cli.words import FORWARD_REFUSALS
from p2pchain.errors import BadInput, Refused
from p2pchain.model import ForwardRefusal, Order, RelayedOrder, Schedule

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.chain.records import Receipt
    from p2pchain.forward_market import Auction


@click.command(
    epilog=examples(
        "p2pchain -a coop relay alice.jsonl bob.jsonl",
        "cat *.jsonl | p2pchain -y -a coop relay - --json",
    )
)
@click.argument("files", type=click.File("r", encoding="utf-8"), nargs=-1, required=True)
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def relay(env: Env, files: tuple[Any, ...], out: Output, dry_run: bool) -> None:
    """Carry signed orders and schedules of FILES to the chain, for their owners ('-' is stdin).

    The owners' signatures count, and nothing in a message can be changed on the way. Messages that
    are not taken are named with the reason, the others go through, and the exit code is then 1.
    """
    carried = _load(env, files)
    refused: list[tuple[Carried, ForwardRefusal]] = []
    receipts: list[Receipt] = [] if dry_run else _begun(env, carried)
    begun = {key for receipt in receipts for key in _taken(env, receipt)}
    taken = sum(_key(one.message) in begun for one in carried)
    asked = False
    for batch in _batches(env, [one for one in carried if _key(one.message) not in begun]):
        good, bad = _tried(env, batch)
        refused += bad
        if not good:
            continue
        call = _call(env, good)
        if dry_run:
            tell_dry_run(env, out, [call], f"hand in {len(good)} messages")
            continue
        if not asked:
            env.confirm(f"hand in {len(carried)} messages?")
            asked = True
        receipts.append(env.sender.send(call))
        through = _taken(env, receipts[-1])
        late = _auction(env).skipped(receipts[-1])
        for one in good:
            if _key(one.message) in through:
                taken += 1
            else:
                why = late[one.message.meter, one.message.sequence]
                refused.append((one, why))
    refused.sort(key=lambda pair: carried.index(pair[0]))  # as they stand in the files
    if receipts:
        listed = [_refused_row(one, why) for one, why in refused]
        result: dict[str, Any] = {"taken": taken, "refused": listed if out.as_json else len(listed)}
        done(env, out, f"handed in {taken} of {len(carried)} messages", receipts, result)
    if refused:
        _complain(env, refused, len(carried))


def _load(env: Env, files: Sequence[Any]) -> list[Carried]:
    domain = _auction(env).domain
    found: list[Carried] = []
    for file in files:
        try:
            text = file.read()
        except UnicodeDecodeError:
            raise BadInput(f"{file.name} is not text") from None
        found += forward_messages.load(text, file.name, domain)
    return found


def _auction(env: Env, auction: bytes = bytes(32)) -> Auction:
    """An auction by its id; what all have in common needs none."""
    from p2pchain.forward_market import Auction

    return Auction(env.market, auction)


def _batches(env: Env, carried: Sequence[Carried]) -> Iterator[list[Carried]]:
    """Orders and schedules apart, by meter, since that is cheapest; of one meter and auction in the
    order of their numbers, since a lower one is not taken after a higher one."""
    of_meter: dict[tuple[int, bytes], list[Carried]] = defaultdict(list)
    for one in carried:
        of_meter[one.message.meter, one.message.auction].append(one)
    rounds: dict[int, list[Carried]] = defaultdict(list)
    for _, mine in sorted(of_meter.items()):
        turn = 0
        for one in sorted(mine, key=lambda one: one.message.sequence):
            turn += (turn % 2 == 0) != isinstance(one.message, Order)
            rounds[turn].append(one)
    auction = _auction(env)
    for turn in sorted(rounds):
        source = {id(one.message): one for one in rounds[turn]}
        orders = [one.message for one in rounds[turn] if isinstance(one.message, Order)]
        schedules = [one.message for one in rounds[turn] if isinstance(one.message, Schedule)]
        for batch in auction.order_batches(orders):
            yield [source[id(message)] for message in batch]
        for days in auction.schedule_batches(schedules):
            yield [source[id(message)] for message in days]


def _call(env: Env, batch: Sequence[Carried]) -> Call:
    orders = [one.message for one in batch if isinstance(one.message, Order)]
    if orders:
        return _auction(env).place_call(orders)
    return _auction(env).schedule_call(
        [one.message for one in batch if isinstance(one.message, Schedule)]
    )


def _tried(
    env: Env, batch: Sequence[Carried]
) -> tuple[list[Carried], list[tuple[Carried, ForwardRefusal]]]:
    """Ask the contract which of these it would take; the others are not worth their gas."""
    from p2pchain.chain.bindings.forward_auction import ForwardAuction

    call = _call(env, batch)
    raw = env.chain.call(call.to, call.data, sender=env.address)
    answers = [ForwardRefusal(int(why)) for why in ForwardAuction.place_result(raw)]
    paired = list(zip(batch, answers, strict=True))
    good = [one for one, why in paired if why == ForwardRefusal.NONE]
    return good, [(one, why) for one, why in paired if why != ForwardRefusal.NONE]


def _begun(env: Env, carried: Sequence[Carried]) -> list[Receipt]:
    """Finish what an earlier run of this command was cut off in; return the receipts."""
    wanted = {one.message.signature for one in carried} - {b""}
    return [
        env.sender.send(found.call)
        for found in env.sender.recovered
        if found.state != "void" and any(one in found.call.data for one in wanted)
    ]


def _taken(env: Env, receipt: Receipt) -> set[tuple[bytes, int, int]]:
    """Auction, meter and number of the messages that a transaction has taken."""
    from p2pchain.chain.bindings.forward_auction import OrdersRelayed, Scheduled
    from p2pchain.chain.events import of_receipt

    taken = set()
    for event in of_receipt(env.contracts, receipt):
        if isinstance(event, OrdersRelayed):
            for order in map(RelayedOrder.unpack, event.orders):
                taken.add((event.auction, event.meter, order.sequence))
        elif isinstance(event, Scheduled):
            taken.add((event.auction, event.meter, event.sequence))
    return taken


def _key(message: Order | Schedule) -> tuple[bytes, int, int]:
    return message.auction, message.meter, message.sequence


def _refused_row(one: Carried, why: ForwardRefusal) -> dict[str, Any]:
    message = one.message
    kind = "slot" if isinstance(message, Order) else "day"
    return {
        "file": one.where,
        "line": one.line,
        "meter": message.meter,
        kind: message.slot if isinstance(message, Order) else message.day,
        "reason": why.name.lower(),
    }


def _complain(env: Env, refused: Sequence[tuple[Carried, ForwardRefusal]], total: int) -> None:
    told = [(one, *_words(env, one, why)) for one, why in refused[:5]]
    texts = [f"{one.where}, line {one.line}, {_of(env, one)}: {said}" for one, said, _ in told]
    if len(refused) > 5:
        texts.append(f"and {len(refused) - 5} more")
    head = "" if total == 1 else f"{len(refused)} of {total} messages were refused: "
    raise Refused(refused[0][1].name, (), told[0][2], message=head + "; ".join(texts))


def _words(env: Env, one: Carried, why: ForwardRefusal) -> tuple[str, str]:
    if why == ForwardRefusal.UNKNOWN_AUCTION:
        return FORWARD_REFUSALS[why]
    return explained(env, _auction(env, one.message.auction), one.message, why)


def _of(env: Env, one: Carried) -> str:
    message = one.message
    if isinstance(message, Order):
        return f"meter {message.meter} for {slot_text(env, message.slot)}"
    per_day = _auction(env).slots_per_day
    return f"meter {message.meter} for the day from {slot_text(env, message.day * per_day)}"
