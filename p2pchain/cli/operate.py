"""`p2pchain clear` and `settle`: what anybody may do once the readings are in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import (
    auction_options,
    done,
    market_options,
    slot_number,
    slot_text,
    tell_dry_run,
    zone_option,
)
from p2pchain.cli.operate_forward import clear_forward
from p2pchain.cli.operate_runs import settle_run
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, Refused
from p2pchain.model import WINDOW_SLOTS, Phase

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.chain.records import Receipt

_FROM = click.option("--from", "begin", metavar="TIME", help="From the window of this slot on.")
_LEVELS = "awaits the levels above: 'p2pchain level clear', then 'p2pchain level share'"
_TO = click.option("--to", "end", metavar="TIME", help="Before this slot.")


@click.command(
    epilog=examples(
        "p2pchain -a alice clear",
        "p2pchain -a alice clear --from 2026-06-01T00:00Z --to 2026-06-02T00:00Z",
        "p2pchain -y -a alice clear --forward",
    )
)
@_FROM
@_TO
@click.option(
    "--void", is_flag=True, help="Give up windows that nobody cleared in time: nothing is traded."
)
@click.option(
    "--forward", is_flag=True, help="Clear the orders of forward auctions whose gate has closed."
)
@auction_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def clear(
    env: Env,
    begin: str | None,
    end: str | None,
    void: bool,
    forward: bool,
    out: Output,
    dry_run: bool,
) -> None:
    """Clear windows of eight slots whose time has come: all of them, or those of a range.

    A window is ready when every member has posted all of its slots, or when its deadline has
    passed. With --forward the orders of forward auctions are cleared instead, once their gate has
    closed: before readings of these slots can be posted. Anybody may clear; the result does not
    depend on who does.
    """
    if forward:
        clear_forward(env, out, begin, end, void, dry_run)
        return
    if env.auction_choice is not None:
        raise BadInput("--auction without --forward", hint="orders are cleared with --forward")
    ready, waiting = _sort(env, Phase.OPEN, begin, end, void=void)
    word = "give up" if void else "clear"
    _finish(env, out, ready, waiting, word, dry_run, begin is not None)


@click.command(
    epilog=examples(
        "p2pchain -a alice settle",
        "p2pchain -y -a alice settle --clear --json",
        "p2pchain -a alice settle --run",
    )
)
@_FROM
@_TO
@click.option("--clear", "also_clear", is_flag=True, help="Clear what is ready in the same step.")
@click.option(
    "--run",
    "later",
    is_flag=True,
    help="The next run of what is settled: estimate what is missing, and say what is final when.",
)
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def settle(
    env: Env,
    begin: str | None,
    end: str | None,
    also_clear: bool,
    later: bool,
    out: Output,
    dry_run: bool,
) -> None:
    """Settle windows that are cleared: all of them, or those of a range.

    Buyers pay sellers, and everybody settles the rest with his supplier. What an account cannot pay
    becomes a claim and holds up nobody.

    A settled window has more runs until it is final. With --run slots that nobody has read and
    whose deadline has passed are estimated and settled with the supplier; when the reading comes,
    the difference is. What comes late ('meter post') or is corrected ('meter correct') is settled
    at once.
    """
    if later:
        if also_clear:
            raise BadInput("--run and --clear are two things", hint="'settle --clear' comes first")
        settle_run(env, out, begin, end, dry_run)
        return
    if also_clear:
        ready, waiting = _sort(env, Phase.OPEN, begin, end)
        cleared, _ = _sort(env, Phase.CLEARED, begin, end)
        calls = [*_settling(env, cleared), *_both(env, ready)]
        if env.market.in_tree:
            waiting |= dict.fromkeys(ready, _LEVELS)
        windows = sorted({*ready, *cleared})
        _send(env, out, calls, windows, waiting, "clear and settle", dry_run, begin is not None)
        return
    ready, waiting = _sort(env, Phase.CLEARED, begin, end)
    _finish(env, out, ready, waiting, "settle", dry_run, begin is not None)


def _finish(
    env: Env,
    out: Output,
    windows: list[int],
    waiting: dict[int, str],
    word: str,
    dry_run: bool,
    strict: bool,
) -> None:
    settlement, market = env.contracts.settlement, env.market
    if word == "give up":
        calls = [settlement.void_window(market.id, window) for window in windows]
    elif word == "clear":
        calls = _clearing(env, windows)
    else:
        calls = _settling(env, windows)
    _send(env, out, calls, windows, waiting, word, dry_run, strict)


def _send(
    env: Env,
    out: Output,
    calls: Sequence[Call],
    windows: list[int],
    waiting: dict[int, str],
    word: str,
    dry_run: bool,
    strict: bool,
) -> None:
    """Send the calls in order. A range that was asked for and is not ready is an error."""
    if not windows:
        if waiting and strict:
            window, why = next(iter(waiting.items()))
            raise Refused("NotReady", (window,), "'p2pchain slot TIME' shows what is missing",
                          message=f"nothing to {word}: {_span(env, window)} {why}")  # fmt: skip
        text = "nothing is due" + "".join(
            f"\n{_span(env, window)} {why}" for window, why in list(waiting.items())[:8]
        )
        if out.as_json:
            done(env, out, text, [], {"windows": []})
        else:
            click.echo(text)
        return
    first, last = min(windows), max(windows)
    what = (
        f"{word} {len(windows)} windows from {slot_text(env, first * WINDOW_SLOTS)} "
        f"to {slot_text(env, (last + 1) * WINDOW_SLOTS)}"
    )
    if dry_run:
        tell_dry_run(env, out, list(calls)[:1], what)
        return
    env.confirm(f"{what}?")
    from p2pchain.report.progress import Progress

    receipts: list[Receipt] = []
    with Progress(word.capitalize(), len(calls)) as bar:
        for call in calls:
            receipts.append(env.sender.send(call))
            bar.step()
    done(env, out, what, receipts, {"windows": windows})


def _sort(
    env: Env, phase: Phase, begin: str | None, end: str | None, *, void: bool = False
) -> tuple[list[int], dict[int, str]]:
    """Return the windows that stand in `phase` and are ready to go on, and why others are not."""
    market, settlement = env.market, env.contracts.settlement
    first = None if begin is None else slot_number(env, begin) // WINDOW_SLOTS
    last = None if end is None else (slot_number(env, end) - 1) // WINDOW_SLOTS
    if first is not None and last is not None and last < first:
        raise BadInput("--to is not later than --from")
    ready: list[int] = []
    waiting: dict[int, str] = {}
    caller = env.address
    for window in market.open_windows():
        if (first is not None and window < first) or (last is not None and window > last):
            continue
        stands = Phase(int(market.window(window).phase))
        if stands == phase == Phase.CLEARED:
            ready.append(window)
        elif stands == Phase.AWAITING:
            if env.contracts.levels.is_passed_over(market.id, window):
                ready.append(window)
            else:
                waiting[window] = _LEVELS
        elif stands < Phase.CLEARED and phase == Phase.OPEN:
            if void:
                call = settlement.void_window(market.id, window)
            else:
                call = market.clear_calls(window, 1)[0]
            try:
                env.chain.call(call.to, call.data, sender=caller)
            except Refused as refusal:
                waiting[window] = _why(env, refusal)
            else:
                ready.append(window)
        elif stands < phase:
            waiting[window] = "is not cleared yet: 'p2pchain clear'"
    return ready, waiting


def _why(env: Env, refusal: Refused) -> str:
    from p2pchain.chain.bindings.errors import (
        ForwardNotCleared,
        NotDelivered,
        NotReady,
        TooEarlyToVoid,
    )
    from p2pchain.units import slot_start

    if isinstance(refusal, ForwardNotCleared):
        return "has orders that are not cleared yet: 'p2pchain clear --forward'"
    if isinstance(refusal, NotDelivered):
        return "is not over yet"
    if isinstance(refusal, NotReady):
        until = slot_start(refusal.deadline, 1).strftime("%Y-%m-%dT%H:%MZ")
        what = f"meter {refusal.meter}" if refusal.meter else "its deadline, in several steps"
        return f"waits for {what}, until {until}"
    if isinstance(refusal, TooEarlyToVoid):
        until = slot_start(refusal.deadline, 1).strftime("%Y-%m-%dT%H:%MZ")
        return f"may be given up from {until} on"
    return f"cannot go on: {refusal.message}"


def _runs(windows: Sequence[int]) -> list[tuple[int, int]]:
    """Return (first, how many) of consecutive windows."""
    runs: list[tuple[int, int]] = []
    for window in windows:
        if runs and sum(runs[-1]) == window:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((window, 1))
    return runs


def _clearing(env: Env, windows: Sequence[int]) -> list[Call]:
    return [c for run in _runs(windows) for c in env.market.clear_calls(*run)]


def _settling(env: Env, windows: Sequence[int]) -> list[Call]:
    market, settlement = env.market, env.contracts.settlement
    late = [w for w in windows if Phase(int(market.window(w).phase)) == Phase.AWAITING]
    if late:
        # Settling is planned for windows that stand alike, so those without levels come first.
        passed = [settlement.pass_over(market.id, window) for window in late]
        alone = [c for window in windows for c in market.settle_calls(window, 1)]
        return [*passed, *alone]
    return [c for run in _runs(windows) for c in env.market.settle_calls(*run)]


def _both(env: Env, windows: Sequence[int]) -> list[Call]:
    return [c for run in _runs(windows) for c in env.market.clear_and_settle_calls(*run)]


def _span(env: Env, window: int) -> str:
    return f"{slot_text(env, window * WINDOW_SLOTS)} (window {window})"
