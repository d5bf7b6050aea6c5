"""Signed readings as JSON lines: what is carried from a meter to whoever posts it.

One object a line: schema, kind `reading`, chain_id and metering (what the signature is bound to),
meter, first_slot, quality, import_wh and export_wh at the beginning of the first slot, intervals
(import and export Wh of each slot), signature.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TextIO, TypeVar

from p2pchain.eip712 import Domain
from p2pchain.errors import BadInput, WrongNetwork
from p2pchain.model import Quality, Reading

T = TypeVar("T")

SCHEMA: Final = 1
_HINT: Final = "the file is made by 'p2pchain meter sign' and not changed by hand"


@dataclass(frozen=True, slots=True)
class SignedReading:
    """A reading and the number of the line where it stands."""

    line: int
    reading: Reading


def write_signed(stream: TextIO, readings: Iterable[Reading], domain: Domain) -> None:
    """Write one line for each reading."""
    for reading in readings:
        content = {
            "schema": SCHEMA,
            "kind": "reading",
            "chain_id": domain.chain_id,
            "metering": domain.contract,
            "meter": reading.meter,
            "first_slot": reading.first_slot,
            "quality": reading.quality.name.lower(),
            "import_wh": reading.import_wh,
            "export_wh": reading.export_wh,
            "intervals": [list(pair) for pair in reading.values],
            "signature": "0x" + reading.signature.hex(),
        }
        stream.write(json.dumps(content, separators=(",", ":")) + "\n")


def read_signed(text: str, name: str, domain: Domain) -> list[SignedReading]:
    """Return the readings of a file's text. `name` is for messages.

    Raises BadInput with the line's number, and WrongNetwork for a reading signed for another chain
    or contract: nothing of such a file is taken.
    """
    lines = signed_lines(text, name, domain, "reading", _reading, _HINT)
    return [SignedReading(number, reading) for number, reading in lines]


def signed_lines(
    text: str, name: str, domain: Domain, kind: str, message: Callable[[Any], T], hint: str
) -> list[tuple[int, T]]:
    """Return number and message of every line of a file that meters have signed for `domain`.

    `message` makes it of a line's content and raises ValueError, KeyError or TypeError where it
    cannot. Raises BadInput and WrongNetwork as `read_signed`.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            content = json.loads(line)
            if not isinstance(content, dict) or content.get("kind") != kind:
                raise ValueError(f"kind is not '{kind}'")
            if content.get("schema") != SCHEMA:
                raise ValueError("of another version")
            read = message(content)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            said = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else str(error)
            raise BadInput(f"{where}: not a signed {kind}: {said}", hint=hint) from None
        bound = (content["chain_id"], str(content["metering"]).lower())
        if bound != (domain.chain_id, domain.contract.lower()):
            raise WrongNetwork(
                f"{where}: signed for {bound[1]} on chain {bound[0]}, not for {domain.contract} "
                f"on chain {domain.chain_id}",
                hint="sign it again with the record of this deployment",
            )
        found.append((number, read))
    if not found:
        raise BadInput(f"{name} holds no {kind}s", hint=hint)
    return found


def intervals(content: Any) -> list[tuple[int, int]]:
    """Return import and export Wh of each slot of a line's content. Raises ValueError."""
    pairs = content["intervals"]
    if not isinstance(pairs, list) or not 0 < len(pairs) <= 96:
        raise ValueError("intervals must be 1 to 96 pairs")
    values = []
    for pair in pairs:
        imported, exported = pair
        values.append((whole(imported, 32), whole(exported, 32)))
    return values


def whole(value: object, bits: int) -> int:
    """Return a value that is a whole number of so many bits. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << bits:
        raise ValueError(f"{value!r} is not a whole number of {bits} bits")
    return value


def _reading(content: Any) -> Reading:
    values = intervals(content)
    reading = Reading.of(
        whole(content["meter"], 32),
        whole(content["first_slot"], 32),
        whole(content["import_wh"], 64),
        whole(content["export_wh"], 64),
        values,
        Quality[str(content["quality"]).upper()],
    )
    return reading.signed(bytes.fromhex(str(content["signature"]).removeprefix("0x")))
