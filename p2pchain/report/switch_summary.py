"""The sentences about switches that the terminal and the page both show."""

from __future__ import annotations

from typing import Final

from p2pchain.report.summary import CHECKS, counted, days_of
from p2pchain.report.switch_model import SwitchReport

_CHECKS: Final = {
    "one_supplier": (
        "One supplier",
        "in every slot each point has one, and its meter settles with him",
    ),
    "registers": ("Registers", "what closes an account opens the next, and is what was measured"),
    "statements": (
        "Between suppliers",
        "their statements name every Wh that was traded, and sum to zero",
    ),
    "restored": ("Error undone", "all slots of the erroneous transfer count as if never left"),
}


def scope(report: SwitchReport) -> str:
    """What was measured: period and homes."""
    homes = counted(len(report.homes), "home")
    return f"{days_of(report.from_local, report.days)} · {homes} · rules {report.rules}"


def headline(report: SwitchReport) -> str:
    """What happened, in a sentence."""
    changes = f"{report.handovers} changes of supplier"
    return f"{report.switches} contracts, {changes}, and every kWh settled with one supplier"


def facts(report: SwitchReport) -> tuple[str, ...]:
    """How it was done, and what is put together."""
    return (
        "The homes trade with their neighbours all the time; only who supplies the rest changes.",
        f"Homes, days and summer time are those of {report.timezone}; windows, clocks and sums are "
        "those of Great Britain. The currency is that of the homes' tariff.",
        "Gas has a metering point and switches with electricity; what a home took of it was not "
        "measured.",
        "The suppliers, their prices (90 to 103 % of the measured tariff), and who does what, are "
        "invented.",
    )


def check_lines(report: SwitchReport) -> tuple[tuple[str, str, bool], ...]:
    """Name, meaning and outcome of each check."""
    texts = {**CHECKS, **_CHECKS}
    return tuple((*texts[name], passed) for name, passed in report.checks.items())
