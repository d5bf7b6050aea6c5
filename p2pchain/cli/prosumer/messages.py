"""Signed enrolments and limits as JSON lines, for whoever carries them to the chain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from p2pchain.errors import BadInput, WrongNetwork
from p2pchain.model import Enrolment, Limits

if TYPE_CHECKING:
    from p2pchain.eip712 import Domain

SCHEMA = 1
_HINT = "the file is made by --save of 'p2pchain enrol' or 'limits set'"


def save(path: Path, message: Enrolment | Limits, domain: Domain) -> None:
    """Add a signed message to a file."""
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": "limits" if isinstance(message, Limits) else "enrolment",
        "chain_id": domain.chain_id,
        "markets": domain.contract,
        "market": "0x" + message.market.hex(),
        "meter": message.meter,
        "from_slot": message.from_slot,
    }
    if isinstance(message, Limits):
        content |= {
            "sequence": message.sequence,
            "buy_nano": list(message.buy_nano),
            "sell_nano": list(message.sell_nano),
        }
    content["signature"] = "0x" + message.signature.hex()
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(content, separators=(",", ":")) + "\n")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None


def load(path: Path, domain: Domain) -> list[Enrolment | Limits]:
    """Return the messages of a file. Raises BadInput with the line's number, and WrongNetwork for
    one that is signed for another chain or contract."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read {path}: {error}", hint=_HINT) from None
    found: list[Enrolment | Limits] = []
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}, line {number}"
        try:
            content = json.loads(line)
            if content["schema"] != SCHEMA or content["kind"] not in ("limits", "enrolment"):
                raise ValueError("of another kind or version")
            bound = (int(content["chain_id"]), str(content["markets"]).lower())
            found.append(_message(content))
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{where}: not a signed message: {error}", hint=_HINT) from None
        if bound != (domain.chain_id, domain.contract.lower()):
            raise WrongNetwork(
                f"{where}: signed for another chain or deployment",
                hint="its owner signs it again with the record of this deployment",
            )
    if not found:
        raise BadInput(f"{path} holds no messages", hint=_HINT)
    return found


def _message(content: dict[str, Any]) -> Enrolment | Limits:
    market = bytes.fromhex(str(content["market"]).removeprefix("0x"))
    signature = bytes.fromhex(str(content["signature"]).removeprefix("0x"))
    meter, slot = int(content["meter"]), int(content["from_slot"])
    if content["kind"] == "enrolment":
        return Enrolment(market, meter, slot, signature)
    buy, sell = (tuple(int(n) for n in content[key]) for key in ("buy_nano", "sell_nano"))
    return Limits(market, meter, slot, int(content["sequence"]), buy, sell, signature)
