"""Integers as people read them. Every digit comes from integer arithmetic, never from a float."""

from __future__ import annotations

from typing import Final

NANO: Final = 10**9
WH_PER_KWH: Final = 1_000


def decimal(value: int, scale: int, digits: int) -> str:
    """`value / scale` with `digits` decimals, rounded half away from zero, thousands grouped.
    A value that rounds to zero carries no sign."""
    step = 10**digits
    magnitude = (abs(value) * step * 2 + scale) // (scale * 2)
    whole, fraction = divmod(magnitude, step)
    sign = "-" if value < 0 and magnitude else ""
    return f"{sign}{whole:,}.{fraction:0{digits}d}" if digits else f"{sign}{whole:,}"


def amount(nano: int, digits: int = 2) -> str:
    """Money without its currency: 1_234_567_890 -> "1.23"."""
    return decimal(nano, NANO, digits)


def money(nano: int, currency: str, digits: int = 2) -> str:
    """Money with its currency: 1_234_567_890 -> "1.23 USD"."""
    return f"{amount(nano, digits)} {currency}"


def price(nano_per_wh: int, digits: int = 3) -> str:
    """Price per kWh without its unit: 220_000 nano per Wh -> "0.220"."""
    return decimal(nano_per_wh * WH_PER_KWH, NANO, digits)


def kwh(wh: int, digits: int = 1) -> str:
    """Energy in kWh without its unit: 70_149 -> "70.1"."""
    return decimal(wh, WH_PER_KWH, digits)


def percent(ppm: int, digits: int = 1) -> str:
    """A share in percent, cut towards zero so that no share looks larger than it is:
    999_999 -> "99.9 %"."""
    unit = 10_000 // 10**digits
    cut = abs(ppm) // unit
    return f"{decimal(-cut if ppm < 0 else cut, 10**digits, digits)} %"


def ratio_ppm(part: int, whole: int) -> int | None:
    """`part / whole` in parts per million, cut towards zero; None where `whole` is not positive,
    because a share of nothing (or of a credit) says nothing."""
    if whole <= 0:
        return None
    cut = abs(part) * 1_000_000 // whole
    return -cut if part < 0 else cut
