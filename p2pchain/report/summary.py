"""The sentences and grouped series that the terminal and the page both show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, groupby
from typing import Final

from p2pchain.report.model import DemoReport, HourResult
from p2pchain.report.money import kwh, money, percent, price

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SLOT_WORDS: Final = {900: "quarter-hour", 1800: "half-hour", 3600: "hour"}
#: Name and meaning of what every run checks.
CHECKS: Final = {
    "money": ("Money", "deposits = balances + locks + withdrawals, exactly"),
    "energy": ("Energy", "what was bought equals what was sold, in every slot"),
    "replay": ("Replay", "the log alone rebuilds the state of the contracts"),
    "nobody_worse": ("Nobody worse off", "no home pays more than with its supplier"),
}
_PLANNED: Final = (
    "Traded ahead",
    "contracts, prices and bills on the chain are what the rules come to, to the unit",
)


@dataclass(frozen=True, slots=True)
class Bin:
    """Consecutive slots shown as one column. Prices are weighted by the energy traded (plain
    means where none was) and cut to whole nano per Wh: they are for display only."""

    label: str
    traded_wh: int
    import_wh: int
    export_wh: int
    price_nano: int | None
    retail_nano: int
    feed_in_nano: int
    forward_wh: int = 0
    forward_price_nano: int | None = None
    slots: int = 1


def counted(number: int, word: str) -> str:
    """ "1 day", "2 days"."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def slot_word(slot_seconds: int) -> str:
    """What people call one slot."""
    return _SLOT_WORDS.get(slot_seconds, "slot")


def scope(report: DemoReport) -> str:
    """What was measured: period, homes and slots."""
    word = slot_word(report.slot_seconds)
    slots = counted(report.slots, "slot" if word == "slot" else f"{word}ly slot")
    return f"{period(report)} · {counted(len(report.homes), 'home')} · {slots}"


def period(report: DemoReport) -> str:
    """The days of the report: "12 to 13 June 2017". Raises ValueError where `from_local` is not
    an ISO date."""
    return days_of(report.from_local, report.days)


def days_of(from_local: str, days: int) -> str:
    """So many days from an ISO date on: "12 to 13 June 2017". Raises ValueError for other text."""
    first = dt.date.fromisoformat(from_local[:10])
    last = first + dt.timedelta(days=days - 1)
    end = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    start = str(first.day)
    if first.month != last.month or first.year != last.year:
        start += f" {_MONTHS[first.month - 1]}"
    if first.year != last.year:
        start += f" {first.year}"
    return f"{start} to {end}"


def headline(report: DemoReport) -> str:
    """The result in one sentence. It states the net figure and what it is net of: the gross one
    alone would promise more than the homes keep."""
    who = counted(len(report.homes), "home")
    span = counted(report.days, "day")
    if report.traded_wh == 0:
        return f"{who} shared nothing in {span}."
    net = report.gain_net_nano
    off = "better" if net >= 0 else "worse"
    scope = (
        "before any network charge, levy or tax"
        if report.rules == "none"
        else "after charges, tax and fee"
    )
    ahead = f", {len(report.forward.homes)} of them planning a day ahead," if report.forward else ""
    return (
        f"{who}{ahead} shared {kwh(report.traded_wh)} kWh in {span} and are "
        f"{money(abs(net), report.currency)} {off} off, {scope}."
    )


def reached(report: DemoReport) -> str:
    """The gross gain as a share of the best possible one."""
    if report.best_gain_nano <= 0:
        return "nothing to gain at these tariffs"
    best = money(report.best_gain_nano, report.currency)
    without = " without batteries" if report.forward and report.forward.batteries else ""
    return f"{percent(report.gain_share_ppm)} of the best possible {best}{without}"


def rules_note(report: DemoReport) -> str:
    """Which rules the net figure stands on, in a sentence."""
    if report.rules == "none":
        return (
            "No network charge, levy or tax is taken from shared energy here (rules: none). Real "
            "rules take them: run it with --rules GB or --rules EU to see what those leave."
        )
    return (
        f"Shared energy pays network charges, levies and tax as under the {report.rules} rules, "
        "like energy from a supplier."
    )


def per_home(report: DemoReport) -> tuple[str, str]:
    """The net gain per home and day, and a plain warning of what a year of such days would be."""
    count = len(report.homes) * report.days
    daily = money(report.gain_net_nano // count, report.currency)
    yearly = money(report.gain_net_nano * 365 // count, report.currency, 0)
    if report.days >= 350:
        return f"{daily} per home and day", f"{yearly} per home and year of 365 days"
    span = "this one" if report.days == 1 else f"these {report.days}"
    return (
        f"{daily} per home and day",
        f"{yearly} per home and year only if every day were like {span}: not a forecast",
    )


def check_lines(report: DemoReport) -> tuple[tuple[str, str, bool], ...]:
    """Name, meaning and outcome of every check, the four required ones first."""
    names = [*CHECKS, *(name for name in report.checks if name not in CHECKS)]
    known = dict(CHECKS)
    if report.forward:
        alone = sum(not home.traded_ahead for home in report.homes)
        known["planned"] = _PLANNED
        known["nobody_worse"] = (
            CHECKS["nobody_worse"][0],
            f"no home without forward positions pays more than with its supplier (here "
            f"{alone or 'none'} of {counted(len(report.homes), 'home')}); for the others it does "
            "not hold",
        )
    return tuple(
        (*known.get(name, (name.replace("_", " ").capitalize(), "")), report.checks[name])
        for name in names
    )


def ahead_notes(report: DemoReport) -> tuple[str, ...]:
    """What trading ahead came to, in sentences; none where nobody did."""
    ahead, cur = report.forward, report.currency
    if ahead is None:
        return ()
    best, gate, known = report.best_gain_nano, ahead.gate_seconds // 60, ahead.known_seconds // 60
    shares = [
        percent(gain * 1_000_000 // best) if best else "none"
        for gain in (
            report.forward_only_gain_nano,
            report.gain_net_nano,
            report.metered_only_gain_nano,
        )
    ]
    who = "All homes" if len(ahead.homes) == len(report.homes) else names(ahead.homes)
    orders = "what a plan of their batteries makes of it" if ahead.batteries else ""
    besides = f"; {names([b.id for b in ahead.batteries])} order {orders}" if orders else ""
    return (
        f"{who} ordered the next UTC day by forecast: the mean of the same hour over four weeks, "
        f"of what was metered until {known} minutes before the day{besides}. The gate closed "
        f"{gate} minutes before the day. {kwh(ahead.contracted_wh)} kWh were contracted.",
        f"The forward auction alone saves {shares[0]} of what is best without batteries, the "
        f"metered market alone {shares[2]}, both together {shares[1]}."
        if ahead.batteries
        else f"Of the best possible the forward auction alone reaches {shares[0]}, with the "
        f"metered market after it {shares[1]}, the metered market alone {shares[2]}.",
        worse_note(report),
        f"Sold ahead and not delivered is bought at the imbalance price, {ahead.imbalance}: "
        f"{price(ahead.imbalance_low_nano)} to {price(ahead.imbalance_high_nano)} {cur} per kWh, "
        f"at most the auction's cap of {price(ahead.cap_nano)}. Bought ahead and not used is sold "
        "at the feed-in price.",
        "From the chain: forward with metered market. Computed by the rules, from the chain's "
        "contracts, prices and readings: forward only, metered only, supplier alone"
        + (", this one without batteries from the measured data." if ahead.batteries else "."),
    )


def worse_note(report: DemoReport) -> str:
    """Who pays more by having traded ahead than by the metered market alone, and how many."""
    ahead = report.forward
    assert ahead is not None
    worse = [home for home in report.homes if home.planning_nano < 0]
    traders = [home for home in worse if home.id in ahead.homes]
    others = [home.id for home in worse if home.id not in ahead.homes]
    if not worse:
        return "Nobody pays more than by the metered market alone."
    lost = money(-sum(home.planning_nano for home in traders), report.currency)
    text = (
        f"Of {counted(len(ahead.homes), 'home')} that planned ahead {len(traders)} "
        f"{'pays' if len(traders) == 1 else 'pay'} more than by the metered market alone"
    )
    text += f", {lost} in all: {names([home.id for home in traders])}." if traders else "."
    if others:
        text += f" Of those that did not plan, {len(others)}: {names(others)}."
    over = [home.id for home in report.homes if home.saving_nano < 0]
    return text + (f" More than with the supplier alone: {names(over)}." if over else "")


def battery_notes(report: DemoReport) -> tuple[str, ...]:
    """What is assumed of the batteries, in sentences; none where there are none."""
    if report.forward is None or not report.forward.batteries:
        return ()
    one = report.forward.batteries[0]
    word, cur = slot_word(report.slot_seconds), report.currency
    with_ = sum(home.metered_only_nano or 0 for home in report.homes)
    without = report.forward.without_battery_nano or 0
    return (
        f"{names([b.id for b in report.forward.batteries])} have a battery each: "
        f"{kwh(one.capacity_wh, 0)} kWh, {kwh(one.power_wh)} kWh per {word}, "
        f"{percent(one.efficiency_ppm, 0)} there and back; price and ageing are not counted. "
        f"With the metered market all homes pay {money(with_, cur)}, {money(without, cur)} without "
        "batteries.",
        "Their plans are the cheapest at expected prices: the retail energy price where all homes "
        "together are forecast to lack energy, the feed-in price where they have too much. That "
        "assumes that everybody's readings are known until the forecast is made, though the last "
        "day's reach the chain only after it.",
        "The batteries' sizes and homes were chosen when 12 and 13 June 2017 of these data had "
        "been looked at: this shows how it works, it is no test of what a battery earns.",
    )


def names(ids: Sequence[str]) -> str:
    """ "H01, H02 and H03"."""
    return ", ".join(ids[:-1]) + f" and {ids[-1]}" if len(ids) > 1 else "".join(ids)


def bins(report: DemoReport, limit: int) -> tuple[tuple[Bin, ...], str]:
    """The slots in at most `limit` columns, and what one column is ("hour", "day", "7 days").
    Days are local days, so that a day of 23 or 25 hours stays one column."""
    hours = report.hours
    if len(hours) <= limit:
        return tuple(_merge(hour.label_local, [hour]) for hour in hours), slot_word(
            report.slot_seconds
        )
    if report.slot_seconds < 3600:
        whole = [_merge(key, list(part)) for key, part in groupby(hours, _hour_of)]
        if len(whole) <= limit:
            return tuple(whole), "hour"
    days = [list(part) for _, part in groupby(hours, _day_of)]
    size = max(1, -(-len(days) // limit))
    chunks = [days[at : at + size] for at in range(0, len(days), size)]
    first = dt.date.fromisoformat(report.from_local[:10])
    merged = tuple(
        _merge(_short_date(first + dt.timedelta(days=at * size)), list(chain.from_iterable(chunk)))
        for at, chunk in enumerate(chunks)
    )
    return merged, "day" if size == 1 else f"{size} days"


def last_states(states: Sequence[int], columns: Sequence[Bin]) -> list[int]:
    """A battery's state at the end of each column of `bins`, Wh."""
    return [states[end - 1] for end in accumulate(column.slots for column in columns)]


def split_label(label: str) -> tuple[str, str]:
    """ "Mon 12 14:00" -> ("Mon 12", "14:00"); a day's label has no time."""
    day, _, time = label.rpartition(" ")
    return (day, time) if ":" in time and day else (label, "")


def _short_date(day: dt.date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1][:3]}"


def _day_of(hour: HourResult) -> str:
    return split_label(hour.label_local)[0]


def _hour_of(hour: HourResult) -> str:
    return hour.label_local.rpartition(":")[0] + ":00"


def _merge(label: str, hours: Sequence[HourResult]) -> Bin:
    traded = sum(hour.traded_wh for hour in hours)
    weights = [hour.traded_wh if traded else 1 for hour in hours]
    total = sum(weights)

    def mean(values: Sequence[int]) -> int:
        return sum(v * w for v, w in zip(values, weights, strict=True)) // total

    ahead = sum(hour.forward_wh for hour in hours)
    promised = sum((hour.forward_price_nano or 0) * hour.forward_wh for hour in hours)
    priced = [hour for hour in hours if hour.price_nano is not None and hour.traded_wh]
    weight = sum(hour.traded_wh for hour in priced)
    paid = sum((hour.price_nano or 0) * hour.traded_wh for hour in priced)
    return Bin(
        label=label,
        traded_wh=traded,
        import_wh=sum(hour.import_wh for hour in hours),
        export_wh=sum(hour.export_wh for hour in hours),
        price_nano=paid // weight if weight else None,
        retail_nano=mean([hour.retail_nano for hour in hours]),
        feed_in_nano=mean([hour.feed_in_nano for hour in hours]),
        forward_wh=ahead,
        forward_price_nano=promised // ahead if ahead else None,
        slots=len(hours),
    )
