"""`p2pchain level`: clear and share levels, see what crossed, say that an area lost its grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, sending_options
from p2pchain.cli.common import (
    deliver,
    deployment_option,
    done,
    shown_money,
    shown_price,
    signature_bytes,
    slot_number,
    slot_text,
    tell_dry_run,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput
from p2pchain.model import WINDOW_SLOTS, LevelPhase

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.chain.bindings.forward_levels import ForwardCrossed
    from p2pchain.chain.bindings.levels import Crossed
    from p2pchain.chain.records import Receipt
    from p2pchain.forward_level_market import ForwardLevel
    from p2pchain.level_market import Level

    Calls = Callable[[int], Iterator[Call]]

_LEVEL = click.option(
    "--level", "name", metavar="NAME|ID", help="One level only. Else all of them, in their order."
)


@click.group(
    cls=HelpfulGroup,
    epilog=examples(
        "p2pchain -a alice level clear",
        "p2pchain -a alice level share",
        "p2pchain level status 2026-06-01T12:00Z",
    ),
)
def level() -> None:
    """Levels above markets: clear them upward, share downward, look.

    What a market has left is sent up when it is cleared. Then each level is cleared, children
    before parents, and shared out, parents before children; then markets can be settled. So it is
    with what a forward auction has left. Anybody may do each of these; the result does not depend
    on who does.
    """


@level.command(epilog=examples("p2pchain -a alice level clear", "p2pchain -y -a alice level clear"))
@_LEVEL
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def clear(env: Env, name: str | None, out: Output, dry_run: bool) -> None:
    """Clear the windows of levels whose time has come."""
    _walk(env, out, "clear", list(_chosen(env, name)), dry_run)


@level.command(epilog=examples("p2pchain -a alice level share", "p2pchain -y -a alice level share"))
@_LEVEL
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def share(env: Env, name: str | None, out: Output, dry_run: bool) -> None:
    """Share out what cleared levels have matched, among what is below them.

    Auctions and levels below a forward level that nobody cleared in time go on without it.
    """
    _walk(env, out, "share", list(_chosen(env, name))[::-1], dry_run)


@level.command(epilog=examples("p2pchain level status 2026-06-01T12:00Z --json"))
@click.argument("slot", metavar="SLOT")
@deployment_option
@zone_option
@output_options
@click.pass_obj
def status(env: Env, slot: str, out: Output) -> None:
    """Show what each level matched in SLOT, and what crossed each edge in its window.

    Areas that have lost their grid are named, and the critical loads in them.
    """
    from p2pchain.chain.bindings.forward_levels import ForwardCrossed
    from p2pchain.chain.bindings.levels import Crossed
    from p2pchain.chain.events import read
    from p2pchain.forward_level_market import ForwardTree
    from p2pchain.level_market import LevelTree

    number = slot_number(env, slot)
    window = number // WINDOW_SLOTS
    levels = [_ahead(env, one, number) for one in ForwardTree(env.contracts).levels()]
    tree = LevelTree(env.contracts)
    levels += [_delivered(env, one, number) for one in tree.levels()]
    lost, critical = tree.areas_lost(number), tree.critical_meters(number)
    crossed = [
        _edge(env, event)
        for entry in read(env.contracts, kinds=(ForwardCrossed, Crossed))
        if isinstance(event := entry.event, ForwardCrossed | Crossed) and event.window == window
    ]
    if out.as_json:
        out.fields(
            {
                "slot": number,
                "window": window,
                "levels": levels,
                "edges": crossed,
                "areas_without_grid": lost,
                "critical_meters": critical,
            }
        )
        return
    _print_status(env, number, levels, crossed)
    if lost:
        click.echo(f"without a grid: {_list('area', lost)}")
    if critical:
        click.echo(f"first to be served there: {_list('meter', critical)}")


def _list(what: str, numbers: list[int]) -> str:
    return f"{what}{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def _delivered(env: Env, one: Level, slot: int) -> dict[str, Any]:
    from p2pchain.model import SlotResult

    phase = one.phase(slot // WINDOW_SLOTS)
    found: dict[str, Any] = {"level": env.deployment.name_of(one.id), "phase": phase.name.lower()}
    if phase >= LevelPhase.CLEARED:
        result = SlotResult.unpack(env.contracts.levels.result_of(one.id, slot).result)
        price = result.price_nano if result.traded else None
        found |= {"matched_wh": result.matched_wh, "price_nano": price}
    return found


def _ahead(env: Env, one: ForwardLevel, slot: int) -> dict[str, Any]:
    """The same of a forward level: what its own auction has matched."""
    window, place = divmod(slot, WINDOW_SLOTS)
    phase = one.phase(window)
    found: dict[str, Any] = {
        "level": env.deployment.name_of(one.id),
        "phase": phase.name.lower(),
        "gate_unix": one.gate(window),
    }
    if phase >= LevelPhase.CLEARED:
        own = [part for part in one.parts(window)[place] if not part.edges]
        lots = own[0].lots if own else 0
        price = own[0].price_nano if own else None
        found |= {"matched_wh": lots * one.params.lot_wh, "price_nano": price}
    return found


def _edge(env: Env, event: ForwardCrossed | Crossed) -> dict[str, Any]:
    return {
        "from": env.deployment.name_of(bytes(event.node)),
        "up_wh": event.up_wh,
        "down_wh": event.down_wh,
        "operator": event.operator,
        "charge_nano": event.charge_nano,
    }


@level.command(
    "grid-loss",
    epilog=examples(
        "p2pchain -a grid level grid-loss 2 --from 2026-06-01T12:00Z --to 2026-06-01T15:00Z",
        "p2pchain -a grid level grid-loss 2 --from T1 --to T2 --sign-only",
        "p2pchain -a alice level grid-loss 2 --from T1 --to T2 --signature 0x12...",
    ),
)
@click.argument("area", type=click.IntRange(1))
@click.option("--from", "begin", metavar="TIME", required=True, help="First slot without a grid.")
@click.option("--to", "end", metavar="TIME", required=True, help="First slot with one again.")
@click.option("--sign-only", is_flag=True, help="Print the signature, and send nothing.")
@click.option("--signature", metavar="HEX", help="The operator's, as --sign-only has printed it.")
@deployment_option
@zone_option
@output_options
@sending_options
@click.pass_obj
def grid_loss(
    env: Env,
    area: int,
    begin: str,
    end: str,
    sign_only: bool,
    signature: str | None,
    out: Output,
    dry_run: bool,
) -> None:
    """Say that AREA has no grid in some slots: it then trades inside only.

    The area's operator signs; anybody may hand it in, before the window of the first slot is over.
    Nothing has to be said when the grid is back.
    """
    from p2pchain.level_market import LevelTree
    from p2pchain.model import GridLoss

    first, last = slot_number(env, begin), slot_number(env, end)
    if last <= first:
        raise BadInput("--to is not later than --from")
    tree, loss = LevelTree(env.contracts), GridLoss(area, first, last)
    if signature is None:
        loss = tree.sign_grid_loss(env.signer, loss)
    else:
        loss = GridLoss(area, first, last, signature_bytes(signature))
    if sign_only:
        out.fields({"area": area, "signature": "0x" + loss.signature.hex()})
        return
    what = (
        f"say that area {area} has no grid from {slot_text(env, first)} to {slot_text(env, last)}"
    )
    deliver(env, out, tree.grid_loss_call(loss), what, dry_run=dry_run)


def _chosen(env: Env, name: str | None) -> Iterator[Level | ForwardLevel]:
    """All levels, children before their parents, or the one that was named."""
    from p2pchain.forward_level_market import ForwardLevel, ForwardTree
    from p2pchain.level_market import Level, LevelTree

    if name is not None:
        found = env.deployment.level(name)
        ahead = env.contracts.forward_levels.node_of(found).is_level
        yield ForwardLevel(env.contracts, found) if ahead else Level(env.contracts, found)
        return
    yield from ForwardTree(env.contracts).levels()
    yield from LevelTree(env.contracts).levels()


def _steps(one: Level | ForwardLevel, word: str) -> list[tuple[int, Calls]]:
    """The windows of a level that wait, each with what yields its calls."""
    from p2pchain.forward_level_market import ForwardLevel

    of = one.clear_calls if word == "clear" else one.share_calls
    found: list[tuple[int, Calls]] = []
    if isinstance(one, ForwardLevel):
        late = one.late_windows()
        if word == "share":
            found = [(window, one.pass_over_calls) for window in late]
        elif late:
            return [(w, of) for w in one.open_windows(clearing=True) if w not in late]
    return [*found, *((window, of) for window in one.open_windows(word == "clear"))]


def _walk(
    env: Env, out: Output, word: str, levels: list[Level | ForwardLevel], dry_run: bool
) -> None:
    """Send the calls of all windows that can go on, level by level. Why others cannot is said."""
    from p2pchain.report.progress import Progress

    if not levels:
        raise BadInput("there are no levels", hint="'p2pchain admin level create' creates one")
    receipts: list[Receipt] = []
    moved: list[dict[str, Any]] = []
    waiting: list[str] = []
    asked = False
    with Progress(f"{word.capitalize()} levels", len(levels)) as bar:
        for one in levels:
            for window, of in _steps(one, word):
                call, why = _first(env, of, window)
                if call is None:
                    waiting.append(f"{env.deployment.name_of(one.id)}, {_span(env, window)}: {why}")
                    continue
                if dry_run:
                    tell_dry_run(env, out, [call], f"{word} {_span(env, window)}")
                    return
                if not asked:
                    env.confirm(f"{word} levels, as far as they are ready?")
                    asked = True
                receipts += [env.sender.send(call) for call in of(window)]
                moved.append({"level": env.deployment.name_of(one.id), "window": window})
            bar.step()
    text = f"{word} {len(moved)} windows of {len(levels)} levels" if moved else "nothing is due"
    if moved or out.as_json:
        done(env, out, text, receipts, {"windows": moved if out.as_json else len(moved)})
    else:
        click.echo(text)
    for line in waiting[:8]:
        env.note(line)


def _first(env: Env, calls: Calls, window: int) -> tuple[Call | None, str]:
    """The first call, or why it would be refused."""
    from p2pchain.errors import Refused

    call = next(calls(window), None)
    if call is None:
        return None, "nothing is left to do"
    try:
        env.chain.call(call.to, call.data, sender=env.address)
    except Refused as refusal:
        return None, refusal.message
    return call, ""


def _span(env: Env, window: int) -> str:
    return f"{slot_text(env, window * WINDOW_SLOTS)} (window {window})"


def _print_status(
    env: Env, slot: int, levels: list[dict[str, Any]], crossed: list[dict[str, Any]]
) -> None:
    from p2pchain.cli.output import table
    from p2pchain.units import format_energy

    def price(nano: int | None) -> str:
        return "-" if nano is None else shown_price(env, nano)

    click.echo(f"levels in {slot_text(env, slot)}")
    rows = [
        [one["level"], one["phase"], format_energy(one.get("matched_wh", 0)),
         price(one.get("price_nano"))]
        for one in levels
    ]  # fmt: skip
    click.echo(table(["level", "phase", "matched", "price"], rows, [False, False, True, True]))
    click.echo(f"edges in its window, {_span(env, slot // WINDOW_SLOTS)}")
    edges = [
        [one["from"], format_energy(one["up_wh"]), format_energy(one["down_wh"]),
         shown_money(env, one["charge_nano"])]
        for one in crossed
    ]  # fmt: skip
    click.echo(table(["from", "up", "down", "charge"], edges, [False, True, True, True]))
