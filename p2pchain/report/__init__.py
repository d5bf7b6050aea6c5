"""What a run of the market looks like to a person: terminal, HTML page and JSON.

The modules here only present figures. They never compute what somebody owes, so a figure
that is wrong here is wrong in the report's input.
"""

from p2pchain.report.model import (
    BatteryResult,
    ChargeLine,
    DemoReport,
    ForwardResult,
    HomeResult,
    HourResult,
    to_json,
)

__all__ = [
    "BatteryResult",
    "ChargeLine",
    "DemoReport",
    "ForwardResult",
    "HomeResult",
    "HourResult",
    "to_json",
]
