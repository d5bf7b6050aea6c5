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
from p2pchain.errors import BadInput, WrongNetwork
from p2pchain.model import Correction

SCHEMA: Final = 1
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
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            content = json.loads(line)
            correction = _correction(content)
        except (ValueError, KeyError, TypeError, OverflowError) as error:
            said = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else str(error)
            raise BadInput(f"{where}: not a signed correction: {said}", hint=_HINT) from None
        bound = (content["chain_id"], str(content["metering"]).lower())
        if bound != (domain.chain_id, domain.contract.lower()):
            raise WrongNetwork(
                f"{where}: signed for {bound[1]} on chain {bound[0]}, not for {domain.contract} "
                f"on chain {domain.chain_id}",
                hint="sign it again with the record of this deployment",
            )
        found.append(correction)
    if not found:
        raise BadInput(f"{name} holds no corrections", hint=_HINT)
    return found


def _correction(content: Any) -> Correction:
    if not isinstance(content, dict) or content.get("kind") != "correction":
        raise ValueError("kind is not 'correction'")
    if content.get("schema") != SCHEMA:
        raise ValueError("of another version")
    pairs = content["intervals"]
    if not isinstance(pairs, list) or not 0 < len(pairs) <= 96:
        raise ValueError("intervals must be 1 to 96 pairs")
    values = []
    for pair in pairs:
        imported, exported = pair
        values.append((_whole(imported), _whole(exported)))
    correction = Correction.of(
        _whole(content["meter"]), _whole(content["first_slot"]), _whole(content["number"]), values
    )
    return correction.signed(bytes.fromhex(str(content["signature"]).removeprefix("0x")))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise ValueError(f"{value!r} is not a whole number of 32 bits")
    return value
