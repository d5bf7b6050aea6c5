"""What the contracts keep as a hash, and what is brought as evidence for it.

Of the whole windows that members have offered Settlement keeps one hash a window; who clears or
settles hands them in. A correction brings the day's records, of which Metering keeps a chained
hash, and what the slots were settled for: of a call of `settle` one word is kept, the root of a
tree with a leaf for each member of the call, hashed with the results that held in it. Offers,
records and leaves lie in the log. Pairs are hashed smaller first, as in OpenZeppelin's
`Hashes.commutativeKeccak256`; an odd last node goes up unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from eth_hash.auto import keccak

from p2pchain.model import (
    WINDOW_SLOTS,
    LaneWord,
    Reading,
    SettledEvidence,
    Side,
    SlotResult,
)

#: Days for which the hash of a day's records is kept.
HASH_DAYS: Final = 32
_HASH: Final = (1 << 224) - 1
_LANE_WH: Final = (1 << 27) - 1

#: Members whose whole windows are kept as a hash, by their index.
OFFERING_MEMBERS: Final = 3_000
_LANES: Final = (1 << 224) - 1

Pair = tuple[int, int]


# Offers of a window


def offer(index: int, word: int) -> int:
    """Return the offer of a member that has posted these lanes (the lower 224 bits of a lane word):
    its place, which is the index and one, and the lanes."""
    return (index + 1) << 224 | word & _LANES


def offering_index(offered: int) -> int:
    """Return the index of the member whose offer it is."""
    return (offered >> 224) - 1


def offers_hash(offers: Iterable[int]) -> bytes:
    """Return the hash that Settlement keeps of a window's offers, in the order in which they came;
    zero of none."""
    kept = bytes(32)
    for offered in offers:
        kept = keccak(kept + _word(offered))
    return kept


# Records of a day


def chained_hash(records: Iterable[Reading], before: int = 0) -> int:
    """Return the hash of records in the order in which they were taken, as Metering keeps it: the
    lower 224 bits of each link."""
    for record in records:
        link = (
            before,
            record.first_slot,
            record.slots,
            int(record.quality),
            record.import_wh,
            record.export_wh,
        )
        body = b"".join(_word(value) for value in link) + keccak(_packed(record.intervals))
        before = int.from_bytes(keccak(body), "big") & _HASH
    return before


def effective(records: Iterable[Reading]) -> dict[int, Pair]:
    """Return what holds for each slot that the records cover: the last of them that does."""
    values: dict[int, Pair] = {}
    for record in records:
        values |= zip(range(record.first_slot, record.until_slot), record.values, strict=True)
    return values


def spread_down(difference: int, place: int, parts: int) -> int:
    """Return the share of one of `parts` equal parts, rounded so that all of them add up."""
    return difference * (place + 1) // parts - difference * place // parts


# What slots were settled for


@dataclass(frozen=True, slots=True)
class SettledMember:
    """What one member's windows came to in a call: the words of its fills, and of each window's
    contracts (empty where it has none)."""

    meter: int
    fills: tuple[int, ...] = ()
    contracts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SettledCall:
    """One call of `settle`: its windows, the results as they were cleared, and the members that
    were walked, from index `from_index` on."""

    first_window: int
    windows: int
    from_index: int
    results: tuple[int, ...]
    members: tuple[SettledMember, ...]

    @property
    def until_index(self) -> int:
        return self.from_index + len(self.members)

    @property
    def leaves(self) -> list[bytes]:
        """The leaf of each member."""
        return [leaf_of(m, self.first_window, self.windows) for m in self.members]

    @property
    def word(self) -> bytes:
        """What the contract keeps of the call."""
        return settled_word(merkle_root(self.leaves), self.results)

    def covers(self, index: int, windows: Iterable[int]) -> bool:
        """Return whether the member with this index was settled over all these windows."""
        last = self.first_window + self.windows
        inside = all(self.first_window <= window < last for window in windows)
        return inside and self.from_index <= index < self.until_index

    def evidence(self, index: int) -> SettledEvidence:
        """Return the evidence of the member with this index."""
        place = index - self.from_index
        member = self.members[place]
        return SettledEvidence(
            first_window=self.first_window,
            windows=self.windows,
            from_index=self.from_index,
            results=self.results,
            fills=member.fills,
            contracts=member.contracts,
            proof=merkle_proof(self.leaves, place),
        )


def proves(word: bytes, meter: int, evidence: SettledEvidence) -> bool:
    """Return whether evidence for a meter leads to the word that the contract keeps."""
    member = SettledMember(meter, evidence.fills, evidence.contracts)
    node = leaf_of(member, evidence.first_window, evidence.windows)
    for sibling in evidence.proof:
        node = _pair(node, sibling)
    return settled_word(node, evidence.results) == word


def settled_in(evidence: SettledEvidence, slot: int) -> tuple[Pair, int, Pair]:
    """Return (bought, sold) Wh of a slot, what was contracted ahead (bought positive), and the
    prices at which it was bought and sold."""
    window, lane = divmod(slot, WINDOW_SLOTS)
    filled = [0, 0]
    for word in map(LaneWord.unpack, evidence.fills):
        if word.window == window:
            filled[word.sides[lane]] += word.volumes[lane]
    contract = 0
    if evidence.contracts:
        lanes = LaneWord.unpack(evidence.contracts[window - evidence.first_window])
        sold = lanes.sides[lane] == Side.SELL
        contract = -lanes.volumes[lane] if sold else lanes.volumes[lane]
    place = slot - evidence.first_window * WINDOW_SLOTS
    slots = evidence.windows * WINDOW_SLOTS
    # Results of the sells follow where some slot has one of its own for them.
    sells = evidence.results[slots:] or evidence.results
    prices = tuple(SlotResult.unpack(of[place]).price_nano for of in (evidence.results, sells))
    return (filled[Side.BUY], filled[Side.SELL]), contract, (prices[0], prices[1])


def settled_word(root: bytes, results: Sequence[int]) -> bytes:
    """Return the word for a tree of members and the results of their windows."""
    return keccak(root + keccak(_packed(results)))


def without_carry(result: SlotResult) -> int:
    """Return the word of a result as it was before anybody was settled."""
    return replace(result, carry=0).pack()


def leaf_of(member: SettledMember, first_window: int, windows: int) -> bytes:
    """Return the leaf of a member, hashed twice so that no inner node can pass for it."""
    fills, contracts = _array(member.fills), _array(member.contracts)
    head = (member.meter, first_window, windows, 5 * 32, 5 * 32 + len(fills))
    return keccak(keccak(b"".join(map(_word, head)) + fills + contracts))


def contract_lanes(wh: Sequence[int]) -> int:
    """Return eight contracted volumes (bought positive) as lanes."""
    lanes = 0
    for lane, value in enumerate(wh):
        if abs(value) > _LANE_WH:
            raise ValueError(f"{value} Wh do not fit a lane")
        lanes |= (abs(value) | int(value < 0) << 27) << 28 * lane
    return lanes


# Trees


def merkle_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree of leaves."""
    nodes = list(leaves)
    while len(nodes) > 1:
        nodes = _above(nodes)
    return nodes[0]


def merkle_proof(leaves: Sequence[bytes], place: int) -> tuple[bytes, ...]:
    """Return the siblings on the way from a leaf to the root."""
    nodes, proof = list(leaves), []
    while len(nodes) > 1:
        sibling = place ^ 1
        if sibling < len(nodes):
            proof.append(nodes[sibling])
        nodes, place = _above(nodes), place // 2
    return tuple(proof)


def _above(nodes: Sequence[bytes]) -> list[bytes]:
    pairs = [nodes[place : place + 2] for place in range(0, len(nodes), 2)]
    return [_pair(*pair) if len(pair) == 2 else pair[0] for pair in pairs]


def _pair(one: bytes, other: bytes) -> bytes:
    return keccak(min(one, other) + max(one, other))


def _array(words: Sequence[int]) -> bytes:
    return _word(len(words)) + _packed(words)


def _packed(words: Iterable[int]) -> bytes:
    return b"".join(map(_word, words))


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")
