"""`p2pchain clear --forward`: what anybody may do once the gate of a forward auction has closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env
from p2pchain.cli.common import done, slot_number, slot_text, tell_dry_run, time_text
from p2pchain.cli.output import Output
from p2pchain.errors import BadInput, Refused
from p2pchain.model import WINDOW_SLOTS

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.chain.records import Receipt
    from p2pchain.forward_market import Auction


def clear_forward(
    env: Env, out: Output, begin: str | None, end: str | None, void: bool, dry_run: bool
) -> None:
    """Clear or give up the windows that are due, of one auction or of all of the market."""
    from p2pchain.forward_market import auctions, choose

    known = auctions(env.market)
    chosen = known if len(known) > 1 and env.auction_choice is None else [
        choose(env.market, env.auction_choice)
    ]  # fmt: skip
    due: list[tuple[Auction, list[int]]] = []
    waiting: list[str] = []
    for auction in chosen:
        ready, later = _sort(env, auction, begin, end, void)
        due += [(auction, ready)] if ready else []
        waiting += later
    word = "give up" if void else "clear"
    if not due:
        _tell_waiting(env, out, waiting, word, begin is not None)
        return
    rows = [{"auction": auction.name, "windows": windows} for auction, windows in due]
    count = sum(len(windows) for _, windows in due)
    what = f"{word} the orders of {count} windows of " + ", ".join(str(r["auction"]) for r in rows)
    if dry_run:
        tell_dry_run(env, out, [next(_calls(*one, void)) for one in due], what)
        return
    env.confirm(f"{what}?")
    receipts = _carry_out(env, due, word, void, count)
    data: dict[str, Any] = {"auctions": rows} if out.as_json else {}
    done(env, out, what, receipts, data)


def _carry_out(
    env: Env, due: list[tuple[Auction, list[int]]], word: str, void: bool, count: int
) -> list[Receipt]:
    from p2pchain.report.progress import Progress

    receipts: list[Receipt] = []
    with Progress(word.capitalize(), count) as bar:
        for auction, windows in due:
            for call in _calls(auction, windows, void):
                receipts.append(env.sender.send(call))
                bar.step()
    return receipts


def _calls(auction: Auction, windows: list[int], void: bool) -> Iterator[Call]:
    """The calls in order; each is sent before the next is asked for."""
    if void:
        return (auction.void_call(window) for window in windows)
    return auction.clear_calls(windows)


def _sort(
    env: Env, auction: Auction, begin: str | None, end: str | None, void: bool
) -> tuple[list[int], list[str]]:
    """The windows that are due, and why others are not."""
    first = None if begin is None else slot_number(env, begin) // WINDOW_SLOTS
    last = None if end is None else (slot_number(env, end) - 1) // WINDOW_SLOTS
    if first is not None and last is not None and last < first:
        raise BadInput("--to is not later than --from")
    now = env.chain.block().timestamp
    ready: list[int] = []
    waiting: list[str] = []
    for window in auction.uncleared_windows():
        if (first is not None and window < first) or (last is not None and window > last):
            continue
        gate = auction.gates(window).gate
        moment = gate + auction.params.void_seconds if void else gate
        if now >= moment:
            ready.append(window)
        else:
            what = "may be given up" if void else "takes orders; it is cleared"
            waiting.append(
                f"{auction.name}, {slot_text(env, window * WINDOW_SLOTS)} (window {window}): "
                f"{what} from {time_text(env, moment)} on"
            )
    for window in auction.waiting_windows():
        where = f"{auction.name}, {slot_text(env, window * WINDOW_SLOTS)} (window {window})"
        waiting.append(f"{where}: waits for the level above, 'p2pchain level status'")
    return ready, waiting


def _tell_waiting(env: Env, out: Output, waiting: list[str], word: str, strict: bool) -> None:
    if waiting and strict and "waits for" not in waiting[0]:
        raise Refused("GateOpen", (), "'p2pchain auctions' shows when gates close",
                      message=f"nothing to {word}: {waiting[0]}")  # fmt: skip
    text = "\n".join(["nothing is due", *waiting[:8]])
    if out.as_json:
        done(env, out, text, [], {"auctions": []})
    else:
        click.echo(text)
