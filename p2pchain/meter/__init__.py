"""What a meter's side does: read what was measured, sign it, keep it in files, say why it failed.

`source` turns a CSV file into readings, `signed` keeps signed readings as JSON lines, `joined`
makes one record of what was signed slot by slot.
"""

from p2pchain.meter.joined import by_slot, join, runs, signed_parts
from p2pchain.meter.signed import SignedReading, read_signed, write_signed
from p2pchain.meter.source import Measured, read_measured, to_readings

__all__ = [
    "Measured",
    "SignedReading",
    "by_slot",
    "join",
    "read_measured",
    "read_signed",
    "runs",
    "signed_parts",
    "to_readings",
    "write_signed",
]
