"""Corrections of what was read: which slots change, and signed corrections as JSON lines.

One object a line: schema, kind `correction`, chain_id and metering (what the signature is bound
to), meter, first_slot, number (counted by meter and UTC day from 1), intervals (import and export
Wh of each slot), signature.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, Final, TextIO

from p2pchain.eip712 import Domain
from p2pchain.meter.signed import SCHEMA, intervals, signed_lines, whole
from p2pchain.model import Correction

_HINT: Final = "the file is made by --save of 'p2pchain meter correct' and not changed by hand"

Pair = tuple[int, int]


def changed_spans(
    known: Mapping[int, Pair], wanted: Mapping[int, Pair], apart: Callable[[int], Hashable]
) -> Iterator[range]:
    """Yield the spans of slots that differ from what is known, each from its first changed slot to
    its last. Slots between which `apart` differs, or an unread slot lies, are in spans of their
    own."""
    changed = [slot for slot, value in sorted(wanted.items()) if known.get(slot) != value]
    start: int | None = None
    for place, slot in enumerate(changed):
        start = slot if start is None else start
        following = changed[place + 1] if place + 1 < len(changed) else None
        goes_on = (
            following is not None
            and apart(slot) == apart(following)
            and all(between in known for between in range(slot, following))
        )
        if not goes_on:
            yield range(start, slot + 1)
            start = None


def write_corrections(stream: TextIO, corrections: Iterable[Correction], domain: Domain) -> None:
    """Write one line for each correction."""
    for correction in corrections:
        content = {
            "schema": SCHEMA,
            "kind": "correction",
            "chain_id": domain.chain_id,
            "metering": domain.contract,
            "meter": correction.meter,
            "first_slot": correction.first_slot,
            "number": correction.number,
            "intervals": [list(pair) for pair in correction.values],
            "signature": "0x" + correction.signature.hex(),
        }
        stream.write(json.dumps(content, separators=(",", ":")) + "\n")


def read_corrections(text: str, name: str, domain: Domain) -> list[Correction]:
    """Return the corrections of a file's text. `name` is for messages.

    Raises BadInput with the line's number, and WrongNetwork for one that is signed for another
    chain or contract: nothing of such a file is taken.
    """
    lines = signed_lines(text, name, domain, "correction", _correction, _HINT)
    return [correction for _, correction in lines]


def _correction(content: Any) -> Correction:
    values = intervals(content)
    correction = Correction.of(
        whole(content["meter"], 32),
        whole(content["first_slot"], 32),
        whole(content["number"], 32),
        values,
    )
    return correction.signed(bytes.fromhex(str(content["signature"]).removeprefix("0x")))
