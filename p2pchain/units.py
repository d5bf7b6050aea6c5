"""Figures and times as people type them, to the integers that everything else uses, and back.

Energy is in Wh, money in nano-currency (1e-9), a price in nano-currency per Wh, time in slots
(unix time / slot seconds, UTC). Fractions are exact and appear here only: a figure that is
not a whole number of those units is refused, never rounded.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from p2pchain.errors import BadInput

NANO: Final = 10**9
MAX_PRICE_NANO: Final = 2**31 - 2
MAX_WH: Final = 2**64 - 1
SLOT_SECONDS: Final = (900, 1800, 3600)

#: A stated limit that stands for "my own tariff" (the largest and the smallest int32).
TARIFF_BUY: Final = 2**31 - 1
TARIFF_SELL: Final = -(2**31)

_ENERGY: Final = {"Wh": 1, "kWh": 10**3, "MWh": 10**6, "GWh": 10**9}
_CURRENCIES: Final = ("EUR", "GBP", "USD", "CHF", "AUD")
_MINOR: Final = {"p": "GBP", "ct": "EUR", "c": None, "Rp": "CHF"}
_SYMBOLS: Final = {"€": "EUR", "£": "GBP", "$": "USD"}
_LONGEST: Final = 60
_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")


def parse_energy(text: str) -> int:
    """Return Wh for `1.5kWh`, `300 Wh`, `2MWh`. Raises BadInput."""
    number, unit = _split(text, "an energy", "1.5kWh")
    if unit not in _ENERGY:
        hint = "energy is in Wh, kWh, MWh or GWh, with this spelling"
        if unit.lower() in ("kw", "w", "mw"):
            hint = "kW is power; energy is in kWh"
        raise BadInput(f"'{text}': {_unit_word(unit)} for an energy", hint=hint)
    if number < 0:
        raise BadInput(f"'{text}': an energy is not negative", hint="say which way it flows")
    return _whole(number * _ENERGY[unit], text, "Wh", MAX_WH)


def format_energy(wh: int) -> str:
    """Return the shortest exact text that `parse_energy` reads back: 1500 -> `1.5kWh`."""
    if abs(wh) < 1000:
        return f"{wh}Wh"
    return f"{_plain(wh, 10**3)}kWh"


def parse_price(text: str, currency: str) -> int:
    """Return nano-currency per Wh for `0.21EUR/kWh`, `24.86p/kWh` (= 248,600), `-15 EUR/MWh`.

    `currency` is the market's (ISO code); a price in another one is refused. Raises BadInput.
    """
    number, unit = _split(text, "a price", f"0.21{currency}/kWh")
    money, slash, energy = unit.partition("/")
    money, energy = money.strip(), energy.strip()
    if not slash or energy not in _ENERGY:
        raise BadInput(
            f"'{text}': {_unit_word(unit)} for a price",
            hint=f"a price is per energy, such as 0.21{currency}/kWh",
        )
    scale = _money_scale(money, currency, text)
    nano = number * scale * NANO / _ENERGY[energy]
    return _whole(nano, text, "nano-currency per Wh (0.000001 per kWh)", MAX_PRICE_NANO)


def format_price(nano_per_wh: int, currency: str) -> str:
    """Return an exact price per kWh: 210000 -> `0.21EUR/kWh`."""
    return f"{_plain(nano_per_wh, 10**6)}{currency}/kWh"


def parse_buy_limit(text: str, currency: str) -> int:
    """Return a highest price to buy at in nano per Wh, or `TARIFF_BUY` for the word TARIFF."""
    return TARIFF_BUY if text.strip().upper() == "TARIFF" else parse_price(text, currency)


def parse_sell_limit(text: str, currency: str) -> int:
    """Return a lowest price to sell at in nano per Wh, or `TARIFF_SELL` for the word TARIFF."""
    return TARIFF_SELL if text.strip().upper() == "TARIFF" else parse_price(text, currency)


def format_limit(nano_per_wh: int, currency: str) -> str:
    """Return a limit as text; both values that stand for the own tariff are `TARIFF`."""
    if nano_per_wh in (TARIFF_BUY, TARIFF_SELL):
        return "TARIFF"
    return format_price(nano_per_wh, currency)


def parse_money(text: str, currency: str) -> int:
    """Return nano-currency for `12.50EUR`, `€12.50`, `80p`. Raises BadInput."""
    stripped = text.strip()
    for symbol in _SYMBOLS:
        if stripped.startswith(symbol):
            stripped = stripped[len(symbol) :] + symbol
    number, unit = _split(stripped, "an amount", f"12.50{currency}")
    return _whole(number * _money_scale(unit, currency, text) * NANO, text, "nano-currency", MAX_WH)


def format_money(nano: int, currency: str) -> str:
    """Return an exact amount with at least two decimals: 12500000000 -> `12.50EUR`."""
    whole, _, fraction = _plain(nano, NANO).partition(".")
    return f"{whole}.{fraction:<02}{currency}"


def parse_zone(name: str) -> tzinfo:
    """Return the zone of an IANA name such as `Europe/Berlin`. Raises BadInput."""
    if name.upper() in ("UTC", "Z"):
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(
            f"unknown time zone '{name}'", hint="use an IANA name such as Europe/Berlin, or UTC"
        ) from None


def parse_time(text: str, zone: tzinfo | str | None = None) -> datetime:
    """Return the UTC time of `2026-11-22T10:15Z`, `...T10:15+01:00`, `...T10:15[Europe/Berlin]`.

    A time without a zone is local time in `zone`. Refused with BadInput: no zone at all, a local
    time that the clocks show twice or skip, anything that is not ISO 8601.
    """
    stripped = text.strip()
    bracket = re.fullmatch(r"(.*)\[([^\]]+)\]", stripped)
    if bracket:
        stripped, zone = bracket.group(1).strip(), bracket.group(2)
    tz = parse_zone(zone) if isinstance(zone, str) else zone
    if not re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", stripped):
        raise BadInput(f"'{text}' is not a time", hint="write it as 2026-11-22T10:15Z")
    try:
        moment = datetime.fromisoformat(stripped)
    except ValueError as error:
        raise BadInput(f"'{text}' is not a time: {error}", hint="write 2026-11-22T10:15Z") from None
    if moment.tzinfo is not None:
        return moment.astimezone(UTC)
    if tz is None:
        raise BadInput(
            f"'{text}' names no time zone",
            hint="add Z for UTC, an offset such as +01:00, or a zone such as [Europe/Berlin]",
        )
    return local_to_utc(moment, tz)


def local_to_utc(moment: datetime, zone: tzinfo) -> datetime:
    """Return the UTC time of a naive local time. Raises BadInput where the clocks show it twice
    or not at all (change to or from daylight saving)."""
    early, late = (moment.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    label = moment.isoformat(sep="T", timespec="minutes")
    if early == late:
        return early
    if early.astimezone(zone).replace(tzinfo=None) != moment:
        raise BadInput(
            f"the local time {label} does not exist in {zone}: the clocks skip it",
            hint="give the time in UTC, with a Z at its end",
        )
    raise BadInput(
        f"the local time {label} happens twice in {zone}: the clocks are set back",
        hint=f"say which: {early:%Y-%m-%dT%H:%MZ} or {late:%Y-%m-%dT%H:%MZ}",
    )


def slot_of(moment: datetime, slot_seconds: int) -> int:
    """Return the slot that begins at an aware `moment`. Raises BadInput off the grid of slots."""
    stamp = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    seconds = stamp.days * 86_400 + stamp.seconds
    if seconds % slot_seconds or stamp.microseconds:
        before = slot_start(seconds // slot_seconds, slot_seconds)
        after = before + timedelta(seconds=slot_seconds)
        raise BadInput(
            f"{moment.isoformat()} is not the beginning of a slot of {slot_seconds // 60} minutes",
            hint=f"use {before:%Y-%m-%dT%H:%MZ} or {after:%Y-%m-%dT%H:%MZ}",
        )
    if seconds < 0:
        raise BadInput(f"{moment.isoformat()} lies before 1970")
    return seconds // slot_seconds


def parse_slot(text: str, slot_seconds: int, zone: tzinfo | str | None = None) -> int:
    """Return a slot index, from a time (see `parse_time`) or from the bare index itself."""
    if re.fullmatch(r"\d{1,10}", text.strip()):
        return int(text)
    return slot_of(parse_time(text, zone), slot_seconds)


def parse_date(text: str) -> date:
    """Return the day of `2017-06-12`. Raises BadInput."""
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text.strip()):
            raise ValueError
        return date.fromisoformat(text.strip())
    except ValueError:
        raise BadInput(f"'{text}' is not a date", hint="write it as 2017-06-12") from None


def slot_start(slot: int, slot_seconds: int) -> datetime:
    """Return the UTC time at which a slot begins."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=slot * slot_seconds)


def format_slot(slot: int, slot_seconds: int, zone: tzinfo | str | None = None) -> str:
    """Return a slot's beginning as ISO text, `2026-11-22T10:15Z` or local time with its offset."""
    moment = slot_start(slot, slot_seconds)
    if zone is None or zone == UTC or (isinstance(zone, str) and parse_zone(zone) == UTC):
        return f"{moment:%Y-%m-%dT%H:%MZ}"
    tz = parse_zone(zone) if isinstance(zone, str) else zone
    return moment.astimezone(tz).isoformat(timespec="minutes")


def _split(text: str, what: str, example: str) -> tuple[Fraction, str]:
    stripped = text.strip()
    if len(stripped) > _LONGEST:
        raise BadInput(
            f"'{stripped[:20]}...' is too long for {what}", hint=f"write it as {example}"
        )
    found = _NUMBER.match(stripped)
    if re.match(r"[+-]?\d+,\d", stripped):
        raise BadInput(f"'{text}': a comma in a number", hint=f"use a point, as in {example}")
    if not found:
        raise BadInput(f"'{text}' is not {what}", hint=f"write it as {example}")
    unit = stripped[found.end() :].strip()
    if not unit:
        raise BadInput(f"'{text}' has no unit", hint=f"write it as {example}")
    return Fraction(found.group()), unit


def _money_scale(unit: str, currency: str, text: str) -> Fraction:
    """One for the currency, a hundredth for its minor unit."""
    wanted = currency.upper()
    code: str | None = _SYMBOLS.get(unit, unit.upper())
    scale = Fraction(1)
    if unit in _MINOR:
        code, scale = _MINOR[unit], Fraction(1, 100)
        if code is None and wanted in ("EUR", "USD", "AUD"):
            code = wanted
    if code == wanted:
        return scale
    known = code in _CURRENCIES
    raise BadInput(
        f"'{text}': " + (f"this market's currency is {wanted}" if known else _unit_word(unit)),
        hint=f"give the figure in {wanted}",
    )


def _unit_word(unit: str) -> str:
    return f"'{unit}' is not a unit"


def _whole(value: Fraction, text: str, unit: str, largest: int) -> int:
    if value.denominator != 1:
        raise BadInput(f"'{text}' is finer than one {unit}", hint="give fewer decimals")
    if abs(value.numerator) > largest:
        raise BadInput(f"'{text}' is too large")
    return value.numerator


def _plain(value: int, scale: int) -> str:
    sign = "-" if value < 0 else ""
    whole, rest = divmod(abs(value), scale)
    digits = f"{rest:0{len(str(scale)) - 1}d}".rstrip("0")
    return f"{sign}{whole}" + (f".{digits}" if digits else "")
