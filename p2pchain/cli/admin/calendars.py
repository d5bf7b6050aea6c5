"""`p2pchain admin calendar`: local days and holidays, by which switching counts."""

from __future__ import annotations

from pathlib import Path

import click

from p2pchain.cli.base import Env, HelpfulGroup, examples, role_options
from p2pchain.cli.common import deliver, deployment_option
from p2pchain.cli.output import Output, output_options
from p2pchain.cli.switching.common import day_text, day_typed
from p2pchain.errors import BadInput

_CALENDAR = click.argument("number", metavar="CALENDAR", type=click.IntRange(1, 2**32 - 1))
_ZONE = click.option(
    "--zone", "zone_name", metavar="NAME", required=True, help="Its time zone: Europe/London."
)


@click.group(
    cls=HelpfulGroup,
    epilog=examples(
        "p2pchain -a regulator admin calendar create England --zone Europe/London "
        "--from 2026-11-01",
        "p2pchain -a regulator admin calendar publish 1 --zone Europe/London --until 2028-01-01 "
        "--holidays holidays.txt",
    ),
)
def calendar() -> None:
    """Calendars: when each local day begins, and which are working days.

    Clocks of switching are counted by them. What lies behind the last published day is refused, and
    never taken for a working day: publish years ahead.
    """


@calendar.command(
    epilog=examples(
        "p2pchain -a regulator admin calendar create England --zone Europe/London --from 2026-11-01"
    )
)
@click.argument("name")
@_ZONE
@click.option("--from", "begin", metavar="DATE", required=True, help="Its first day.")
@deployment_option
@output_options
@role_options
@click.pass_obj
def create(env: Env, name: str, zone_name: str, begin: str, out: Output, dry_run: bool) -> None:
    """Create a calendar without days yet, and print its number. Role: REGULATOR.

    Begin some weeks back: a contract that was signed before the first day is not known to it.
    """
    from p2pchain.chain.bindings.calendar import CalendarCreated
    from p2pchain.operator import created
    from p2pchain.switch_book import SwitchBook
    from p2pchain.units import parse_zone
    from p2pchain.working_days import published

    first = day_typed(begin)
    offset, _ = published(parse_zone(zone_name), first, first)
    deliver(
        env,
        out,
        SwitchBook(env.contracts).create_calendar_call(name, first, offset),
        f"create the calendar '{name}' from {day_text(first)} on",
        dry_run=dry_run,
        result=lambda r: {"calendar": created(env.contracts, r, CalendarCreated).calendar},
    )


@calendar.command(
    epilog=examples(
        "p2pchain -a regulator admin calendar publish 1 --zone Europe/London --until 2028-01-01 "
        "--holidays holidays.txt"
    )
)
@_CALENDAR
@_ZONE
@click.option("--until", metavar="DATE", required=True, help="The first day that is not known yet.")
@click.option(
    "--holidays",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="A date to a line; what follows it, and after #, is not read.",
)
@deployment_option
@output_options
@role_options
@click.pass_obj
def publish(
    env: Env, number: int, zone_name: str, until: str, holidays: Path, out: Output, dry_run: bool
) -> None:
    """Publish the days from where a calendar ends up to a date. Role: REGULATOR.

    Changes of summer time come from this machine's time zones. Holidays of other years in the file
    are left out.
    """
    from p2pchain.switch_book import SwitchBook
    from p2pchain.units import parse_zone
    from p2pchain.working_days import holidays_in, published

    try:
        days = holidays_in(holidays.read_text().splitlines())
    except OSError as error:
        raise BadInput(f"{holidays}: {error.strerror}") from None
    begin, end = env.contracts.calendar.horizon_of(number).until_day, day_typed(until)
    if end <= begin:
        raise BadInput(
            f"calendar {number} is known until {day_text(begin)}", hint="a later --until"
        )
    _, changes = published(parse_zone(zone_name), begin, end)
    free = [day for day in days if begin <= day < end]
    call = SwitchBook(env.contracts).publish_days_call(number, end, free, changes)
    text = (
        f"publish {day_text(begin)} to {day_text(end - 1)}: {len(free)} holidays, "
        f"{len(changes)} changes of summer time"
    )
    deliver(env, out, call, text, dry_run=dry_run)


@calendar.command(epilog=examples("p2pchain -a regulator admin calendar holiday 1 2027-05-07"))
@_CALENDAR
@click.argument("date")
@click.option("--remove", is_flag=True, help="It is a working day again.")
@deployment_option
@output_options
@role_options
@click.pass_obj
def holiday(env: Env, number: int, date: str, remove: bool, out: Output, dry_run: bool) -> None:
    """Add a holiday that is still to come, or take one back. Role: REGULATOR.

    Clocks that run already keep the ends that they had.
    """
    from p2pchain.switch_book import SwitchBook

    day = day_typed(date)
    call = SwitchBook(env.contracts).holiday_call(number, day, not remove)
    text = f"{day_text(day)} is {'no' if remove else 'a'} holiday"
    deliver(env, out, call, text, dry_run=dry_run)


@calendar.command(epilog=examples("p2pchain admin calendar show 1 --date 2026-12-24"))
@_CALENDAR
@click.option("--date", metavar="DATE", help="A day; else today.")
@deployment_option
@output_options
@click.pass_obj
def show(env: Env, number: int, date: str | None, out: Output) -> None:
    """Show from when until when a calendar is known, and a day of it."""
    found = env.contracts.calendar
    horizon = found.horizon_of(number)
    now = env.chain.block().timestamp
    day = found.day_of(number, now) if date is None else day_typed(date)
    out.fields(
        {
            "calendar": number,
            "from": day_text(horizon.from_day),
            "known_until": day_text(horizon.until_day),
            "day": day_text(day),
            "begins_unix": found.start_of(number, day),
            "working_day": found.is_working_day(number, day),
            "next_working_day": day_text(found.working_days_after(number, day, 1)),
        }
    )
