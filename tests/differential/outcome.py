"""What comes of a call on the chain, and of the same step of the twin: the reason, or nothing."""

from __future__ import annotations

from collections.abc import Callable

from p2pchain.chain.abi import Call
from p2pchain.chain.sender import Sender
from p2pchain.errors import Refused


def reason_of(act: Callable[[], object]) -> str | None:
    """Do something; return why it was refused, None where it was not."""
    try:
        act()
    except Refused as refusal:
        return refusal.reason
    return None


def sent_as_expected(sender: Sender, call: Call, expected: str | None) -> None:
    """Send a call; it has to be refused for this reason, or (None) taken."""
    got = reason_of(lambda: sender.send(call))
    assert got == expected, f"{call.name}: {got}, expected {expected}"
