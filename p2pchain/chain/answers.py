"""What nodes mean when they turn a transaction down: their words sorted into a few answers."""

from __future__ import annotations

from enum import Enum, auto

from p2pchain.errors import NodeRejected


class Answer(Enum):
    """What a node means by turning a transaction down."""

    KNOWN = auto()
    NONCE_LOW = auto()
    NONCE_HIGH = auto()
    UNDERPRICED = auto()
    FUNDS = auto()
    FEE = auto()
    GAS = auto()
    OTHER = auto()


# The words of geth, Besu, Nethermind, Erigon, anvil and the embedded chain, lower case, in order.
_WORDS = (
    (Answer.KNOWN, ("already known", "already imported", "known transaction", "alreadyknown")),
    (Answer.UNDERPRICED, ("replacement transaction underpriced", "replacementnotallowed")),
    (Answer.NONCE_LOW, ("nonce too low", "oldnonce", "below sender account nonce")),
    (Answer.NONCE_HIGH, ("nonce too high", "nonce is too distant", "noncegap", "nonce gap")),
    (Answer.FUNDS, ("insufficient funds", "upfront cost exceeds", "insufficientfunds")),
    (Answer.FEE, ("max fee per gas less", "underpriced", "gas price below", "feetoolow")),
    (Answer.GAS, ("intrinsic gas", "gas limit", "gaslimit", "exceeds block gas")),
)

_HINTS = {
    Answer.FUNDS: "the sending account needs some of the chain's own coin for fees; another "
    "account may carry a signed message for it",
    Answer.FEE: "the network asks for a higher fee: check 'fees' in its profile",
    Answer.GAS: "the network's limit is lower than the transaction needs: smaller batches help",
}


def classify(message: str) -> Answer:
    """Return what a node's error message means."""
    text = message.lower()
    for answer, words in _WORDS:
        if any(word in text for word in words):
            return answer
    return Answer.OTHER


def explained(error: NodeRejected, answer: Answer) -> NodeRejected:
    """Return the node's error with a sentence around it and a hint."""
    return NodeRejected(
        f"the node turned the transaction down: {error.message}",
        hint=_HINTS.get(answer),
        code=error.code,
    )
