"""Signed orders and schedules as JSON lines, for whoever carries them to the chain.

One object a line: schema, kind `order` or `schedule`, chain_id and forward_auction (what the
signature is bound to), auction, meter, sequence, signature; of an order slot, action, side,
limit_nano and wh; of a schedule day (unix days) and words (see OrderWord).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from p2pchain.cli.base import Env
from p2pchain.cli.output import Output
from p2pchain.errors import BadInput, WrongNetwork
from p2pchain.model import Action, Order, Schedule

if TYPE_CHECKING:
    from p2pchain.eip712 import Domain
    from p2pchain.forward_market import Auction

SCHEMA = 1
_HINT = "the file is made by --save of 'p2pchain bid', 'ask', 'cancel' or 'schedule'"


@dataclass(frozen=True, slots=True)
class Carried:
    """A signed message, and the file and line where it stands."""

    where: str
    line: int
    message: Order | Schedule


def sign_and_save(
    env: Env,
    out: Output,
    auction: Auction,
    message: Order | Schedule,
    path: Path,
    what: str,
    data: dict[str, Any],
) -> None:
    """Sign a message with the next free number and add it to a file, or print it ('-').

    Numbers go on behind what the chain has taken and what the file already holds.
    """
    domain, stdout = auction.domain, str(path) == "-"
    sequence = auction.next_sequence(message.meter)
    if not stdout and path.exists():
        for carried in load(path.read_text(encoding="utf-8"), str(path), domain):
            one = carried.message
            if (one.auction, one.meter) == (auction.id, message.meter):
                sequence = max(sequence, one.sequence + 1)
    numbered = replace(message, sequence=sequence)
    if isinstance(numbered, Order):
        line = _line(auction.sign_order(env.signer, numbered), domain)
    else:
        line = _line(auction.sign_schedule(env.signer, numbered), domain)
    if stdout:
        click.echo(line, nl=False)
        env.note(f"signed: {what}")
        return
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(line)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from None
    shown = {"signed": what, "file": f"{path}: 'p2pchain relay' carries it"}
    out.fields({**data, "sequence": sequence, "file": str(path)}, shown)


def _line(message: Order | Schedule, domain: Domain) -> str:
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "kind": "order" if isinstance(message, Order) else "schedule",
        "chain_id": domain.chain_id,
        "forward_auction": domain.contract,
        "auction": "0x" + message.auction.hex(),
        "meter": message.meter,
        "sequence": message.sequence,
    }
    if isinstance(message, Order):
        content |= {
            "slot": message.slot,
            "action": message.action.name.lower(),
            "side": "sell" if message.sell else "buy",
            "limit_nano": message.limit_nano,
            "wh": message.wh,
        }
    else:
        content |= {"day": message.day, "words": [f"0x{word:x}" for word in message.words]}
    content["signature"] = "0x" + message.signature.hex()
    return json.dumps(content, separators=(",", ":")) + "\n"


def load(text: str, name: str, domain: Domain) -> list[Carried]:
    """Return the messages of a file's text. `name` is for messages.

    Raises BadInput with the line's number, and WrongNetwork for a message signed for another chain
    or contract: nothing of such a file is taken.
    """
    found: list[Carried] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            content = json.loads(line)
            message = _message(content)
            bound = (int(content["chain_id"]), str(content["forward_auction"]).lower())
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            said = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else str(error)
            raise BadInput(f"{where}: not a signed order or schedule: {said}", hint=_HINT) from None
        if bound != (domain.chain_id, domain.contract.lower()):
            raise WrongNetwork(
                f"{where}: signed for another chain or deployment",
                hint="its owner signs it again with the record of this deployment",
            )
        found.append(Carried(name, number, message))
    if not found:
        raise BadInput(f"{name} holds no signed orders", hint=_HINT)
    return found


def _message(content: Any) -> Order | Schedule:
    if not isinstance(content, dict) or content.get("kind") not in ("order", "schedule"):
        raise ValueError("kind is neither 'order' nor 'schedule'")
    if content.get("schema") != SCHEMA:
        raise ValueError("of another version")
    auction = bytes.fromhex(str(content["auction"]).removeprefix("0x"))
    signature = bytes.fromhex(str(content["signature"]).removeprefix("0x"))
    if len(auction) != 32:
        raise ValueError("the id of an auction has 32 bytes")
    meter, sequence = _whole(content["meter"], 32), _whole(content["sequence"], 32)
    if content["kind"] == "schedule":
        words = tuple(_whole(int(str(word), 16), 256) for word in content["words"])
        return Schedule(auction, meter, _whole(content["day"], 32), sequence, words, signature)
    if content["side"] not in ("buy", "sell"):
        raise ValueError("side is neither 'buy' nor 'sell'")
    limit = content["limit_nano"]
    if not isinstance(limit, int) or not -(1 << 31) <= limit < 1 << 31:
        raise ValueError(f"{limit!r} is not a limit")
    return Order(
        auction,
        meter,
        _whole(content["slot"], 32),
        sequence,
        Action[str(content["action"]).upper()],
        content["side"] == "sell",
        limit,
        _whole(content["wh"], 32),
        signature,
    )


def _whole(value: object, bits: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << bits:
        raise ValueError(f"{value!r} is not a whole number of {bits} bits")
    return value
