"""Events of a deployment, decoded from the log in the order in which they happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Final

from p2pchain.chain.abi import Event
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.records import Log, Receipt

#: Contracts that leave events: the module of each one's bindings, and its name in the deployment.
SOURCES: Final = {
    "registry": "Registry",
    "tariffs": "Tariffs",
    "ledger": "Ledger",
    "metering": "Metering",
    "markets": "Markets",
    "forward_auction": "ForwardAuction",
    "forward_levels": "ForwardLevels",
    "levels": "Levels",
    "settlement": "Settlement",
    "points": "Points",
    "calendar": "Calendar",
    "switching": "Switching",
    "volumes": "Volumes",
}


@dataclass(frozen=True, slots=True)
class Logged:
    """An event and where it stands."""

    event: Event
    contract: str
    block: int
    tx_hash: bytes
    log_index: int


@cache
def event_types() -> dict[bytes, type[Event]]:
    """Return the events of the core set by their first topic."""
    found: dict[bytes, type[Event]] = {}
    for name in SOURCES:
        module = import_module(f"p2pchain.chain.bindings.{name}")
        for item in vars(module).values():
            if isinstance(item, type) and issubclass(item, Event) and item is not Event:
                found[item.TOPIC0] = item
    return found


def decode(contracts: Contracts, logs: Iterable[Log]) -> Iterator[Logged]:
    """Yield the events of the core set among `logs`; others are passed over."""
    names = {contracts.address(name): module for module, name in SOURCES.items()}
    for log in logs:
        kind = event_types().get(log.topics[0]) if log.topics else None
        if kind is None or log.address not in names:
            continue
        yield Logged(
            kind.from_log(log.topics, log.data),
            names[log.address],
            log.block_number,
            log.tx_hash,
            log.log_index,
        )


def read(
    contracts: Contracts,
    from_block: int | None = None,
    to_block: int | None = None,
    kinds: Sequence[type[Event]] = (),
    about: bytes | None = None,
) -> list[Logged]:
    """Return the events from the deployment's first block on, of all kinds or of those given, and
    of everything or of what the first indexed field names, such as a market."""
    start = contracts.deployment.block if from_block is None else from_block
    end = contracts.chain.block().number if to_block is None else to_block
    addresses = [contracts.address(name) for name in SOURCES.values()]
    topics: list[bytes | Sequence[bytes] | None] = []
    if kinds or about is not None:
        topics.append([kind.TOPIC0 for kind in kinds] or None)
    if about is not None:
        topics.append(about)
    return list(decode(contracts, contracts.chain.logs(addresses, start, end, topics or None)))


def of_receipt(contracts: Contracts, receipt: Receipt) -> list[Event]:
    """Return the events of one transaction."""
    return [logged.event for logged in decode(contracts, receipt.logs)]
