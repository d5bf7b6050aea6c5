"""Where the gas goes: `python -m bench.breakdown`, to bench/results/breakdown.json and docs/gas.md.

Days of the workload's markets are traced by the node, opcode by opcode, and the gas of each of
their transactions is divided by what it pays for. The parts add up to the receipts.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from bench import report
from bench.ahead import ahead_world
from bench.workload import SLOTS_PER_DAY
from bench.world import WINDOWS_PER_DAY, World, world
from p2pchain.chain.records import Receipt
from p2pchain.chain.rpc import Rpc
from p2pchain.errors import CheckFailed
from p2pchain.model import WINDOW_SLOTS, Gate

RESULTS: Final = Path(__file__).parent / "results" / "breakdown.json"
SCHEMA: Final = 1
METERS, SEED = 100, 7
TRACE_SECONDS = 600
INTRADAY_WINDOWS = 3
_TRANSACTION, _ZERO_BYTE, _BYTE, _ECRECOVER = 21_000, 4, 16, 3_000

# Gas by opcode: what is left at one step of a frame less what is left at its next. Calls between
# contracts are left out (what they hand on cannot be told from what they cost). And how many
# signatures are recovered, by the precompile at address 1.
_TRACER: Final = """{
  gas: {}, recovered: 0, frames: [], depth: 0,
  calls: {CALL: true, STATICCALL: true, DELEGATECALL: true, CALLCODE: true},
  step: function(log) {
    var depth = log.getDepth(), left = log.getGas(), op = log.op.toString();
    var before = depth > this.depth ? undefined : this.frames[depth];
    if (before !== undefined && !this.calls[before.op])
      this.gas[before.op] = (this.gas[before.op] || 0) + before.left - left;
    if (op == "STATICCALL" && log.stack.peek(1).valueOf() == 1) this.recovered += 1;
    this.frames[depth] = {op: op, left: left};
    this.depth = depth;
  },
  fault: function() {},
  result: function() { return {gas: this.gas, recovered: this.recovered}; }
}"""

#: What gas pays for, in the order of the table.
PARTS: Final = (
    "transaction",
    "calldata",
    "signatures",
    "storage",
    "calls",
    "events",
    "hashes",
    "memory",
    "arithmetic",
)
_OPCODES: Final[Mapping[str, str]] = {
    "SLOAD": "storage",
    "SSTORE": "storage",
    "KECCAK256": "hashes",
    "MLOAD": "memory",
    "MSTORE": "memory",
    "MSTORE8": "memory",
    "MCOPY": "memory",
    "CALLDATACOPY": "memory",
    "RETURNDATACOPY": "memory",
    "CODECOPY": "memory",
}


def of_transaction(chain: Rpc, receipt: Receipt) -> Counter[str]:
    """Return the gas of a transaction by part; refunds are taken off the storage.

    Raises CheckFailed where the trace has more gas than the receipt.
    """
    tx_hash = "0x" + receipt.tx_hash.hex()
    data = bytes.fromhex(chain.request("eth_getTransactionByHash", tx_hash)["input"][2:])
    traced = chain.request("debug_traceTransaction", tx_hash, {"tracer": _TRACER})
    parts: Counter[str] = Counter(
        {
            "transaction": _TRANSACTION,
            "calldata": sum(_BYTE if byte else _ZERO_BYTE for byte in data),
            "signatures": _ECRECOVER * int(traced["recovered"]),
        }
    )
    for opcode, gas in traced["gas"].items():
        part = "events" if opcode.startswith("LOG") else _OPCODES.get(opcode, "arithmetic")
        parts[part] += int(gas)
    parts["calls"] = receipt.gas_used - parts.total()
    if parts["calls"] < 0:
        raise CheckFailed(f"the trace of {tx_hash} has more gas than its receipt")
    return parts


def metered(meters: int, seed: int) -> dict[str, dict[str, int]]:
    """Return the parts of a metered day by what it does, per participant and slot, rounded."""
    with world(meters, seed, timeout_seconds=TRACE_SECONDS) as market:
        market.warm_up()
        return _traced(market, lambda: market.market_day(together=True), meters * SLOTS_PER_DAY)


def day_ahead(meters: int, seed: int) -> dict[str, dict[str, int]]:
    """The same of a day with schedules."""
    with ahead_world(meters, seed, Gate.DAY, timeout_seconds=TRACE_SECONDS) as ahead:
        return _traced(ahead.world, ahead.day, meters * SLOTS_PER_DAY)


def intraday(meters: int, seed: int) -> dict[str, dict[str, int]]:
    """The same of windows that are ordered slot by slot."""
    with ahead_world(meters, seed, Gate.WINDOW, timeout_seconds=TRACE_SECONDS) as ahead:
        ahead.intraday_windows(WINDOWS_PER_DAY)
        slots = meters * WINDOW_SLOTS * INTRADAY_WINDOWS
        return _traced(ahead.world, lambda: ahead.intraday_windows(INTRADAY_WINDOWS), slots)


def _traced(market: World, run: Callable[[], Any], slots: int) -> dict[str, dict[str, int]]:
    market.sent.clear()
    run()
    chain = market.chain
    assert isinstance(chain, Rpc)
    found: dict[str, Counter[str]] = {}
    for name, receipt in market.sent:
        found.setdefault(name, Counter()).update(of_transaction(chain, receipt))
    return {name: _each(parts, slots) for name, parts in found.items()}


def _each(parts: Counter[str], slots: int) -> dict[str, int]:
    return {part: round(parts[part] / slots) for part in PARTS}


def table(found: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[str]:
    """Return the table of docs/gas.md."""
    header = ["path", "call", *PARTS, "all"]
    lines = [report.row(*row) for row in rows(found)]
    return [report.row(*header), report.rule(len(header)), *lines]


def rows(found: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Iterator[list[str]]:
    """Yield the rows of that table: each call of a path, and the path."""
    for path, calls in found.items():
        for name, parts in calls.items():
            figures = [f"{parts[part]:,}" for part in PARTS]
            yield [path, f"`{name}`", *figures, f"{sum(parts.values()):,}"]
        total: Counter[str] = Counter()
        for parts in calls.values():
            total.update(parts)
        yield [path, "all", *(f"{total[part]:,}" for part in PARTS), f"{total.total():,}"]


def load(path: Path = RESULTS) -> dict[str, Any]:
    """Return the committed figures."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def main() -> int:
    measured = {
        name: measure(METERS, SEED)
        for name, measure in (
            ("metered", metered),
            ("day ahead", day_ahead),
            ("intraday", intraday),
        )
    }
    content = {"schema": SCHEMA, "meters": METERS, "seed": SEED, "paths": measured}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(f"written to {RESULTS}")
    for row in rows(measured):
        print("  ".join(row))
    page = report.PAGE.read_text(encoding="utf-8")
    report.PAGE.write_text(report.filled(page, [("breakdown", table(measured))]), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
