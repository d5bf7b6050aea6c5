"""What a slot costs each participant, from receipts: `python -m bench.gas`, `make gas`.

A market of N homes is set up with the public API and warmed up until every ring of storage has gone
round: 21 days as meters in no market, 11 days as members (32 days for the ring of day hashes, 128
windows for that of volumes and results). Then whole days are measured. All transactions that a day
needs are counted: readings posted, windows cleared, members settled. Gas follows from the code and
the workload alone, so `--check` compares with bench/results/gas.json to the unit.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import ahead, report, tree
from bench.limits import clear_limit
from bench.report import TOTAL
from bench.workload import SLOTS_PER_DAY
from bench.world import Day, world
from p2pchain.chain.connect import connect
from p2pchain.chain.deployment import artifact
from p2pchain.chain.node import network_of, running
from p2pchain.chain.rpc import Rpc

RESULTS = Path(__file__).parent / "results" / "gas.json"
SCHEMA = 1
METERS = (20, 50, 100, 200, 400)
SEEDS = (7, 11)
DAYS = 2
CHECKED = ((20, 7), (100, 7))


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the markets are that trade ahead, by what is measured of them."""

    day_ahead: Sequence[int] = (20, 100)
    intraday: Sequence[int] = (100,)
    first_clearing: Sequence[int] = (400,)


AHEAD_SEED = 7
AHEAD_CHECKED = Sizes(day_ahead=(20,), intraday=(), first_clearing=())


@dataclass(frozen=True, slots=True)
class Measured:
    """The measured days of one market: cleared and settled apart, and together, as is usual."""

    meters: int
    apart: tuple[Day, ...]
    together: tuple[Day, ...]

    def figures(self) -> dict[str, int]:
        """Return gas by key, each rounded up; the total is that of the days together."""
        return {
            TOTAL: self._per_slot(self.together),
            "reading_relayed": self._per_slot(self.apart, "post"),
            "clear_per_participant_slot": self._per_slot(self.apart, "clear"),
            "settle_per_participant_slot": self._per_slot(self.apart, "settle"),
        }

    def _per_slot(self, days: Sequence[Day], *phases: str) -> int:
        slots = self.meters * SLOTS_PER_DAY * len(days)
        return -(-sum(day.total(*phases) for day in days) // slots)

    def transactions(self) -> dict[str, list[int]]:
        """Return the gas of every transaction of the last days, by phase."""
        days = (self.together[-1].gas, self.apart[-1].gas)
        return {phase: gas for day in days for phase, gas in day.items() if gas}


def measure(meters: int, seed: int, days: int = DAYS) -> Measured:
    """Set up, warm up and measure a market of so many meters. Raises CheckFailed."""
    with world(meters, seed) as market:
        market.warm_up()
        apart = tuple(market.market_day() for _ in range(days))
        together = tuple(market.market_day(together=True) for _ in range(days))
        return Measured(meters, apart, together)


def collect(pairs: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Measure (meters, seed) pairs; return the part of gas.json that they make."""
    seeds: dict[str, dict[str, dict[str, int]]] = {}
    transactions: dict[str, dict[str, Mapping[str, list[int]]]] = {}
    for meters, seed in pairs:
        began = time.monotonic()
        measured = measure(meters, seed)
        figures = measured.figures()
        for key, gas in figures.items():
            seeds.setdefault(str(seed), {}).setdefault(key, {})[str(meters)] = gas
        transactions.setdefault(str(seed), {})[str(meters)] = measured.transactions()
        print(
            f"N = {meters:4}, seed {seed:2}: {figures[TOTAL]:6,} gas per participant and slot"
            f" ({', '.join(f'{phase} {gas:,}' for phase, gas in list(figures.items())[1:])};"
            f" {time.monotonic() - began:.0f} s)",
            flush=True,
        )
    return {"seeds": seeds, "transactions": transactions}


def collect_ahead(sizes: Sizes, seed: int = AHEAD_SEED) -> dict[str, Any]:
    """Measure markets that trade ahead; return the part of gas.json that they make."""
    found: dict[str, dict[str, int]] = {}

    def keep(meters: int, figures: Mapping[str, int]) -> None:
        for key, gas in figures.items():
            found.setdefault(key, {})[str(meters)] = gas
            print(f"N = {meters:4}, seed {seed:2}: {gas:6,} {key}", flush=True)

    for meters in sizes.day_ahead:
        keep(meters, ahead.day_ahead(meters, seed, DAYS))
    for meters in sizes.intraday:
        keep(meters, ahead.intraday(meters, seed))
    for meters in sizes.first_clearing:
        keep(meters, {"forward_clear_per_order": ahead.first_clearing(meters, seed)})
    return {"seeds": {str(seed): found}}


def differences(found: Mapping[str, Any], kept: Mapping[str, Any], at: str = "") -> list[str]:
    """Return a line for every figure in `found` that `kept` has not or has otherwise."""
    lines = []
    for key, value in found.items():
        place, other = f"{at}{key}", kept.get(key)
        if isinstance(value, Mapping):
            lines += differences(value, other if isinstance(other, Mapping) else {}, f"{place} / ")
        elif value != other:
            lines.append(f"{place:60} {other!s:>12} -> {value}")
    return lines


def toolchain() -> dict[str, Any]:
    """Return what the figures depend on beside the sources."""
    compiler = artifact("Settlement")["compiler"]
    settings = compiler["settings"]
    with running(engine="anvil") as node, connect(network_of(node)) as chain:
        assert isinstance(chain, Rpc)
        version = chain.client_version()
    return {
        "solc": compiler["version"],
        "evm_version": settings["evmVersion"],
        "optimizer_runs": settings["optimizer"]["runs"],
        "via_ir": settings["viaIR"],
        "anvil": version,
    }


def load(path: Path = RESULTS) -> dict[str, Any]:
    """Return the committed figures."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def check() -> list[str]:
    """Measure a part again; return the differences from the committed figures."""
    kept = load()
    return differences(collect(CHECKED), kept) + differences(collect_ahead(AHEAD_CHECKED), kept)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.gas", description=__doc__)
    parser.add_argument("--meters", type=_numbers, default=METERS, help="such as 20,100")
    parser.add_argument("--seeds", type=_numbers, default=SEEDS, help="such as 7,11")
    parser.add_argument("--check", action="store_true", help="compare a part, write nothing")
    parser.add_argument("--output", type=Path, help=f"default: {RESULTS.name} when all is measured")
    options = parser.parse_args(arguments)
    if options.check:
        lines = check()
        print("\n".join(lines) or "gas is as in bench/results/gas.json")
        return int(bool(lines))
    content = collect([(n, seed) for seed in options.seeds for n in options.meters])
    everything = set(METERS) <= set(options.meters) and set(SEEDS) <= set(options.seeds)
    path = options.output or (RESULTS if everything else None)
    if path is None:
        return 0
    for seed, figures in collect_ahead(Sizes())["seeds"].items():
        content["seeds"].setdefault(seed, {}).update(figures)
    limit = clear_limit()
    print(f"one transaction clears a window of {limit} meters")
    added = {**tree.measure(), "clear_parent_200_children": tree.clear_parent()}
    print(", ".join(f"{key} {figure:,}" for key, figure in added.items()))
    content = {
        "schema": SCHEMA,
        "toolchain": toolchain(),
        "seeds": content["seeds"],
        "limits": {"clear_max_meters_per_tx": limit, **added},
        "transactions": content["transactions"],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"written to {path}")
    if path == RESULTS:
        report.update(content)
    return 0


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
