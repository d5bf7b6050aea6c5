"""`p2pchain settle --run` and `p2pchain tally`: the runs after the first, and whole days."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env, examples, sending_options
from p2pchain.cli.common import (
    done,
    market_options,
    slot_number,
    slot_text,
    tell_dry_run,
    time_text,
    zone_option,
)
from p2pchain.cli.output import Output, output_options
from p2pchain.errors import BadInput, Refused
from p2pchain.model import WINDOW_SLOTS, EstimateRule, Phase

if TYPE_CHECKING:
    from p2pchain.chain.abi import Call
    from p2pchain.chain.records import Receipt
    from p2pchain.runs_market import Missing, Runs, WindowRun

_RULES = {
    EstimateRule.SPREAD: "what its registers grew by, in equal parts",
    EstimateRule.WEEK_BEFORE: "as in the week before",
}


def settle_run(env: Env, out: Output, begin: str | None, end: str | None, dry_run: bool) -> None:
    """Estimate what is missing in settled windows past their deadline; tell where they stand."""
    from p2pchain.runs_market import Runs

    runs = Runs(env.market)
    windows = _in_range(env, runs, begin, end)
    missing = runs.missing(windows)
    due: list[tuple[Missing, Call]] = []
    still: list[tuple[Missing, str]] = []
    for one in missing:
        if one.rule == EstimateRule.NONE:
            if not one.estimated:
                still.append((one, _why(one)))
            continue
        call = runs.estimate_call(one)
        try:
            env.chain.call(call.to, call.data, sender=env.address)
        except Refused as refusal:
            still.append((one, refusal.message))
        else:
            due.append((one, call))
    what = f"estimate {sum(one.slots for one, _ in due)} slots that nobody has read"
    if dry_run:
        tell_dry_run(env, out, [call for _, call in due], what if due else "nothing is due")
        return
    receipts: list[Receipt] = []
    if due:
        env.confirm(f"{what}?")
    for _, call in due:
        receipts.append(env.sender.send(call))
    waiting = sum(one.slots for one in missing if one.estimated)
    if out.as_json:
        result = {
            "windows": [_window_row(run) for run in windows.values()],
            "estimated": [_row(one, one.rule.name.lower()) for one, _ in due],
            "missing": [_row(one, why) for one, why in still],
            "estimated_before": waiting,
        }
        done(env, out, what if due else "nothing is due", receipts, result)
        return
    _tell(env, windows, due, still, waiting)
    if receipts:
        done(env, out, what, receipts, {})


def _in_range(env: Env, runs: Runs, begin: str | None, end: str | None) -> dict[int, WindowRun]:
    first = None if begin is None else slot_number(env, begin) // WINDOW_SLOTS
    last = None if end is None else (slot_number(env, end) - 1) // WINDOW_SLOTS
    if first is not None and last is not None and last < first:
        raise BadInput("--to is not later than --from")
    found = {
        window: run
        for window, run in runs.open_windows().items()
        if (first is None or window >= first) and (last is None or window <= last)
    }
    if first is not None and not found:
        final = env.contracts.settlement.final_at(env.market.id, first)
        text = slot_text(env, first * WINDOW_SLOTS)
        if env.chain.block().timestamp >= final:
            raise Refused(
                "Final", (first,), "what is missing there stays missing",
                message=f"{text} is final since {time_text(env, final)}: its last run is over",
            )  # fmt: skip
        raise Refused(
            "NotSettled", (first,), "'p2pchain settle --clear' comes first, then the deadline",
            message=f"{text} is not settled yet, or its deadline for readings has not passed",
        )  # fmt: skip
    return found


def _tell(
    env: Env,
    windows: dict[int, WindowRun],
    due: list[tuple[Missing, Call]],
    still: list[tuple[Missing, str]],
    waiting: int,
) -> None:
    if not windows:
        click.echo("nothing is due: no settled window is past its deadline and still open")
        return
    total = env.market.params.runs
    for run, count in sorted(Counter(run.run for run in windows.values()).items()):
        mine = [one for one in windows.values() if one.run == run]
        first, last = min(one.final_at for one in mine), max(one.final_at for one in mine)
        until = time_text(env, first) + (f" to {time_text(env, last)}" if last > first else "")
        click.echo(f"run {run} of {total}: {count} windows, final from {until} on")
    for one, _ in due:
        click.echo(f"estimated: {_span(env, one)}, {_RULES[one.rule]}")
    if waiting:
        click.echo(f"estimated before: {waiting} slots, until their readings come")
    for one, why in still:
        click.echo(f"still missing: {_span(env, one)}: {why}")
    if not due and not still and not waiting:
        click.echo("nothing is missing")


def _why(one: Missing) -> str:
    if one.worst:
        return "contracts settled at the worst: only its reading changes that"
    return "no registers around it and no reading a week before"


def _span(env: Env, one: Missing) -> str:
    begin, end = slot_text(env, one.first_slot), slot_text(env, one.first_slot + one.slots)
    return f"meter {one.meter}, {begin} to {end}"


def _row(one: Missing, why: str) -> dict[str, Any]:
    key = "rule" if one.rule != EstimateRule.NONE else "why"
    return {"meter": one.meter, "first_slot": one.first_slot, "slots": one.slots, key: why}


def _window_row(run: WindowRun) -> dict[str, Any]:
    return {
        "window": run.window,
        "run": run.run,
        "final_unix": run.final_at,
        "disputed": run.disputed,
    }


@click.command(
    epilog=examples(
        "p2pchain -a alice tally 2026-06-01",
        "p2pchain -y -a alice tally 2026-06-01 --json",
    )
)
@click.argument("day")
@market_options
@zone_option
@output_options
@sending_options
@click.pass_obj
def tally(env: Env, day: str, out: Output, dry_run: bool) -> None:
    """Compare what all members took on a UTC day with the boundary meter of their area.

    DAY is a date, or a time in it. Anybody may. Where the difference is beyond the tolerance the
    day is in dispute: it stays open to corrections until a later tally is within it, for at most 31
    days. Every member and the boundary meter must have been read in all slots of the day.
    """
    from p2pchain.runs_market import Runs

    runs, number = Runs(env.market), _day(env, day)
    text = slot_text(env, number * runs.per_day)
    _check_day(env, runs, number)
    try:
        calls = runs.tally_calls(number)
    except Refused as refusal:
        meter, slot = refusal.args
        assert isinstance(slot, int)
        raise Refused(
            refusal.reason,
            refusal.args,
            "'p2pchain meter post' still takes it; an estimate does not count here",
            message=f"the day is not complete: {slot_text(env, slot)} of meter {meter} was "
            "never read",
        ) from refusal
    what = f"add up the day from {text} on"
    env.chain.call(calls[0].to, calls[0].data, sender=env.address)
    if dry_run:
        tell_dry_run(env, out, calls[:1], what)
        return
    env.confirm(f"{what}?")
    receipts = [env.sender.send(call) for call in calls]
    result = _tallied(env, receipts[-1])
    final = env.contracts.settlement.final_at(env.market.id, number * runs.per_day // WINDOW_SLOTS)
    if not out.as_json:
        result = _shown(env, result, final)
    else:
        result |= {"day": number, "final_unix": final}
    done(env, out, what, receipts, result)


def _check_day(env: Env, runs: Runs, day: int) -> None:
    """Raise Refused where a day is over for good, or not settled yet."""
    first = day * runs.per_day // WINDOW_SLOTS
    windows = range(first, first + runs.per_day // WINDOW_SLOTS)
    final = env.contracts.settlement.final_at(env.market.id, first)
    if env.chain.block().timestamp >= final:
        raise Refused(
            "Final", (first,), "what is final is not compared any more",
            message=f"the day is final since {time_text(env, final)}",
        )  # fmt: skip
    for window in windows:
        if Phase(int(env.market.window(window).phase)) != Phase.SETTLED:
            raise Refused(
                "NotSettled", (window,), "'p2pchain settle --clear' settles what is ready",
                message=f"{slot_text(env, window * WINDOW_SLOTS)} is not settled yet",
            )  # fmt: skip


def _tallied(env: Env, receipt: Receipt) -> dict[str, Any]:
    from p2pchain.chain.bindings.settlement import Tallied
    from p2pchain.operator import created

    event = created(env.contracts, receipt, Tallied)
    return {
        "members_wh": event.members_wh,
        "boundary_wh": event.boundary_wh,
        "difference_wh": event.members_wh - event.boundary_wh,
        "disputed": event.disputed,
    }


def _shown(env: Env, result: dict[str, Any], final: int) -> dict[str, Any]:
    shown = {
        "members": f"{result['members_wh']:,} Wh",
        "boundary": f"{result['boundary_wh']:,} Wh",
        "difference": f"{result['difference_wh']:,} Wh",
    }
    until = time_text(env, final)
    if result["disputed"]:
        shown["dispute"] = f"yes: open until a tally is within the tolerance, at most to {until}"
    else:
        shown["dispute"] = f"no: final from {until} on"
    return shown


def _day(env: Env, text: str) -> int:
    from datetime import date

    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError:
        return slot_number(env, text) * env.deployment.slot_seconds // 86_400
