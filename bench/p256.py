"""What meters with P-256 keys cost, from receipts: `python -m bench.p256`, part of `make gas`.

The market of `bench.gas` with twenty homes, warmed up in the same way, once with secp256k1 keys in
all meters and once with P-256 keys; on a chain without the precompile for P-256 (Prague), where the
verifier computes the curve in Solidity, and on one that has it (Osaka, EIP-7951). Gas follows from
the code and the workload alone: `--check` compares with bench/results/p256.json to the unit.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eth_hash.auto import keccak

from bench.gas import differences, toolchain
from bench.report import PAGE, filled, row, rule
from bench.workload import DAY, SLOTS_PER_DAY, Participant
from bench.world import GENESIS_DAY, PATIENCE, World
from p2pchain.chain.abi import Call, encode
from p2pchain.chain.connect import connect
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import network_of, running
from p2pchain.chain.sender import Sender
from p2pchain.errors import CheckFailed
from p2pchain.model import Reading
from p2pchain.p256 import P256Signer, erc7913

RESULTS = Path(__file__).parent / "results" / "p256.json"
SCHEMA = 1
METERS, SEED = 20, 7
#: Rules of the chain -> what its P-256 precompile is called.
CHAINS = {"prague": "none", "osaka": "EIP-7951"}
KEYS = ("secp256k1", "p256")
#: How many signatures the verifier is asked about by itself.
SIGNATURES = 32
_SELECTOR = bytes.fromhex("024ad318")  # verify(bytes,bytes32,bytes)
_YES = _SELECTOR.ljust(32, b"\0")
FIGURES = {
    "day_record": "a day's record in a transaction of its own",
    "slot_record": "a record of one slot in a transaction of its own",
    "post_per_participant_slot": "posting, by participant and slot",
    "all_per_participant_slot": "all in, by participant and slot",
}


class P256World(World):
    """A market whose meters get P-256 keys when it is told."""

    keys: Mapping[int, P256Signer] = {}

    def change_keys(self) -> None:
        """Give every meter a P-256 key from the next slot on."""
        registry, verifier = self.contracts.registry, self.contracts.p256_verifier.address
        self.keys = {home.index: key_of(home.index) for home in self.homes}
        self.send(
            [
                registry.set_signer(
                    home.meter, self.slot, erc7913(verifier, self.keys[home.index].public_key)
                )
                for home in self.homes
            ]
        )

    def read(self, home: Participant, first: int, slots: int) -> Reading:
        reading = super().read(home, first, slots)
        key = self.keys.get(home.index)
        return reading if key is None else self.market.sign_reading(key, reading)

    def alone(self, slots: int) -> int:
        """Let slots pass; return the gas of posting the record of the first home by itself."""
        readings = self.read_day(slots)
        (gas,) = self.spend([self.market.post_call(readings[:1])])
        self.spend([self.market.post_call(readings[1:])])
        self._check_heads()
        return gas

    def verifications(self) -> dict[str, int]:
        """Return what the verifier uses by itself: at least and at most for signatures that
        count, and for the dearest that there can be."""
        found = []
        for index in range(SIGNATURES):
            key, digest = key_of(index), keccak(f"digest {index}".encode())
            found.append(self._verify(key.public_key, digest, key.sign_digest(digest), True))
        # With s = 1 digest and r are the two factors themselves. Every pair of their bits is 01,
        # so that an addition follows every doubling.
        pattern = b"\x55" * 32
        dearest = self._verify(
            key_of(0).public_key, pattern, pattern + (1).to_bytes(32, "big"), False
        )
        return {
            "verify_least": min(found),
            "verify_most": max(found),
            "verify_dearest": max(dearest, *found),
        }

    def _verify(self, public_key: bytes, digest: bytes, signature: bytes, good: bool) -> int:
        verifier = self.contracts.p256_verifier.address
        arguments = encode(("bytes", "bytes32", "bytes"), (public_key, digest, signature))
        call = Call(verifier, _SELECTOR + arguments, 0, "verify")
        if (self.chain.call(call.to, call.data) == _YES) != good:
            raise CheckFailed("the verifier says something else about a signature")
        (receipt,) = self.send([call])
        return receipt.gas_used - 21_000 - 16 * len(call.data) + 12 * call.data.count(0)


def key_of(index: int) -> P256Signer:
    """Return the P-256 key of a participant."""
    return P256Signer(keccak(f"p2pchain bench {SEED} {index} p256".encode()))


@contextmanager
def warm_world(hardfork: str) -> Iterator[P256World]:
    """Start a chain with a market in which every ring of storage has gone round."""
    with (
        running(engine="anvil", genesis_time=GENESIS_DAY * DAY, hardfork=hardfork) as node,
        connect(network_of(node)) as chain,
        Sender(chain, dev_signer(0), patience=PATIENCE) as sender,
    ):
        world = P256World(chain, sender, METERS, SEED)
        world.warm_up(together=True)
        yield world


def measure_keys(hardfork: str, keys: str) -> tuple[dict[str, int], dict[str, int]]:
    """Return the figures of a market with such keys, and of the verifier alone."""
    with warm_world(hardfork) as world:
        if keys == "p256":
            world.change_keys()
        day = world.market_day(together=True)
        slots = METERS * SLOTS_PER_DAY
        figures = {
            "day_record": world.alone(SLOTS_PER_DAY),
            "slot_record": world.alone(1),
            "post_per_participant_slot": -(-day.total("post") // slots),
            "all_per_participant_slot": -(-day.total() // slots),
            "post_transactions": len(day.gas["post"]),
        }
        return figures, world.verifications() if keys == "p256" else {}


def collect() -> dict[str, Any]:
    """Measure all; return what the results are made of."""
    chains: dict[str, Any] = {}
    for hardfork, precompile in CHAINS.items():
        chain: dict[str, Any] = {"precompile": precompile}
        for keys in KEYS:
            chain[keys], verifier = measure_keys(hardfork, keys)
            chain |= {"verifier": verifier} if verifier else {}
        chains[hardfork] = chain
    return {"meters": METERS, "seed": SEED, "chains": chains}


def load(path: Path = RESULTS) -> dict[str, Any]:
    """Return the committed figures."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def check() -> list[str]:
    """Measure again; return the differences from the committed figures."""
    return differences(collect(), load())


def rendered(content: Mapping[str, Any], page: str) -> str:
    """Return docs/gas.md with these figures."""
    return filled(page, [("p256", list(_table(content["chains"])))])


def _table(chains: Mapping[str, Any]) -> Iterator[str]:
    columns = [
        f"{keys}, {'with' if hardfork == 'osaka' else 'no'} precompile"
        for hardfork in chains
        for keys in KEYS
    ]
    yield row("gas of", *columns)
    yield rule(1 + len(columns))
    for key, title in FIGURES.items():
        yield row(title, *(chain[keys][key] for chain in chains.values() for keys in KEYS))
    for key, title in (
        ("verify_most", "the verifier alone, at most"),
        ("verify_dearest", "the same, the dearest there can be"),
    ):
        yield row(title, *(c for chain in chains.values() for c in ("", chain["verifier"][key])))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.p256", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    if parser.parse_args(arguments).check:
        lines = check()
        print("\n".join(lines) or "gas is as in bench/results/p256.json")
        return int(bool(lines))
    content = {"schema": SCHEMA, "toolchain": toolchain(), **collect()}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(rendered(content, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"written to {RESULTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
