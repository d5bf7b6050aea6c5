"""The tables of docs/gas.md, from bench/results/gas.json: `python -m bench.report`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.workload import SLOT_SECONDS, SLOTS_PER_DAY
from p2pchain.chain.records import TX_GAS_CAP

PAGE = Path(__file__).parents[1] / "docs" / "gas.md"
BLOCKS_GAS = (10_000_000, 30_000_000, 60_000_000)
BLOCKS_SECONDS = (2, 5, 12)
TOTAL = "metered_per_participant_slot"
PHASES = ("post", "clear and settle", "clear", "settle")
#: All gas of a slot for each of 100 participants, in other projects: the table "Beside other
#: projects" of the page, where they are described.
PEERS = {
    "CoW Protocol": 27_296,
    "TRANSAX, price only": 77_567,
    "gsy-e": 108_279,
    "TRANSAX PhaseII": 113_253,
    "Communitas": 133_858,
    "EnergyTrade": 216_923,
    "EasyAuction": 221_248,
    "Clober v2": 263_051,
    "DoubleAuction": 383_382,
    "lemlab": 3_314_390,
}
#: What trading ahead may cost at most, by size.
TARGETS: dict[str, dict[str, int]] = {
    "day_ahead_per_participant_slot": {"100": 6_000},
    "schedule_per_participant_slot": {},
    "intraday_per_participant_slot": {"100": 40_000},
    "intraday_one_signature": {},
    "relayed_order": {},
    "own_order": {"100": 45_000},
    "forward_clear_per_order": {"100": 1_100, "400": 700},
}
COLUMNS = {
    TOTAL: "all",
    "reading_relayed": "post",
    "clear_per_participant_slot": "clear",
    "settle_per_participant_slot": "settle",
}


def update(results: Mapping[str, Any], page: Path = PAGE) -> None:
    """Put the figures into the page, between the marks of each table."""
    page.write_text(rendered(results, page.read_text(encoding="utf-8")), encoding="utf-8")


def rendered(results: Mapping[str, Any], text: str) -> str:
    """Return the page with these figures. Raises ValueError where a mark is missing."""
    return filled(text, _tables(results))


def filled(text: str, tables: Iterable[tuple[str, Sequence[str]]]) -> str:
    """Return a page with these lines between the marks of each table. Raises ValueError where a
    mark is missing."""
    for name, lines in tables:
        block = f"<!-- {name} -->\n" + "\n".join(lines) + "\n<!-- end -->"
        text, found = re.subn(rf"<!-- {name} -->.*?<!-- end -->", block, text, flags=re.DOTALL)
        if found != 1:
            raise ValueError(f"the page needs the marks of '{name}' once")
    return text


def shown(text: str, name: str) -> list[str]:
    """Return the lines that a page has between the marks of a table. Raises ValueError where a
    mark is missing."""
    begin = text.index(f"<!-- {name} -->")
    return text[begin : text.index("<!-- end -->", begin)].splitlines()[1:]


def _tables(results: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    seeds = results["seeds"]
    first = next(iter(seeds))
    gas = seeds[first][TOTAL]["100"]
    yield "per slot", list(_per_slot(seeds))
    yield "ours", [_ours(seeds[first], results["limits"]["clear_max_meters_per_tx"])]
    yield "transactions", list(_transactions(results["transactions"][first]))
    yield "ahead", list(_ahead(seeds[first]))
    yield "levels", list(_levels(results["limits"]))
    yield "capacity", list(_capacity(gas))
    ahead = (f"{name}_per_participant_slot" for name in ("day_ahead", "intraday"))
    yield "capacity of all", list(_beside(gas, *(seeds[first][key]["100"] for key in ahead)))
    yield "toolchain", [_toolchain(results["toolchain"])]


def _levels(limits: Mapping[str, int]) -> Iterator[str]:
    yield row("figure", "value")
    yield rule(2)
    yield row("`levels_overhead_percent`", f"{limits['levels_overhead_percent']} %")
    of_three = limits["levels_overhead_of_three_percent"]
    yield row("`levels_overhead_of_three_percent`", f"{of_three} %")
    yield row("`forward_residual`", limits["forward_residual"])
    yield row("`clear_parent_200_children`", limits["clear_parent_200_children"])


def _ahead(figures: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    yield row("figure", "N", "gas", "target")
    yield rule(4)
    for key, targets in TARGETS.items():
        for meters, gas in figures[key].items():
            yield row(f"`{key}`", meters, gas, targets.get(meters, ""))


def _per_slot(seeds: Mapping[str, Any]) -> Iterator[str]:
    titles = [f"{name}, seed {seed}" for seed in seeds for name in COLUMNS.values()]
    yield row("N", *titles)
    yield rule(len(titles) + 1)
    for meters in next(iter(seeds.values()))[TOTAL]:
        yield row(meters, *(seeds[seed][key][meters] for seed in seeds for key in COLUMNS))


def _ours(figures: Mapping[str, Mapping[str, int]], limit: int) -> str:
    return (
        f"At N = 100 a slot costs each participant **{figures[TOTAL]['100']:,} gas**, all in, and"
        f" one transaction clears a window of up to **{limit:,} meters**."
    )


def _transactions(by_size: Mapping[str, Mapping[str, Sequence[int]]]) -> Iterator[str]:
    yield row("N", *PHASES, "dearest", "of the cap")
    yield rule(len(PHASES) + 3)
    for meters, gas_of in by_size.items():
        dearest = max(max(gas) for gas in gas_of.values())
        counts = (len(gas_of[phase]) for phase in PHASES)
        yield row(meters, *counts, dearest, f"{dearest * 100 // TX_GAS_CAP} %")


def _capacity(gas: int) -> Iterator[str]:
    yield row("gas of a block", *(f"a block each {s} s" for s in BLOCKS_SECONDS))
    yield rule(len(BLOCKS_SECONDS) + 1)
    for limit in BLOCKS_GAS:
        yield row(
            f"{limit // 10**6} M",
            *(limit * (SLOT_SECONDS // s) // gas for s in BLOCKS_SECONDS),
        )
    slots = SLOT_SECONDS // BLOCKS_SECONDS[-1]
    limit = BLOCKS_GAS[1]
    yield ""
    yield (
        f"For example: {SLOT_SECONDS} s / {BLOCKS_SECONDS[-1]} s = {slots} blocks in a slot,"
        f" {slots} x {limit:,} gas / {gas:,} gas = {slots * limit // gas:,} participants. In a day"
        f" that is {slots * SLOTS_PER_DAY:,} blocks, over which the day's readings, clearing and"
        " settling can be spread."
    )


def _beside(metered: int, day_ahead: int, intraday: int) -> Iterator[str]:
    """Participants of a slot of 900 s for each block limit and block time, ours and the others'."""
    limits = [(limit, seconds) for limit in BLOCKS_GAS for seconds in BLOCKS_SECONDS]
    shown = (f"{limit // 10**6} M, {seconds} s" for limit, seconds in limits)
    yield row("", "gas each", *shown)
    yield rule(len(limits) + 2)
    ours = {"metered": metered, "with day-ahead schedules": day_ahead, "intraday": intraday}
    each = {f"p2pchain, {name}": gas for name, gas in ours.items()} | PEERS
    for name, gas in each.items():
        blocks = [(limit, SLOT_SECONDS // seconds) for limit, seconds in limits]
        yield row(name, gas, *(count * limit // gas for limit, count in blocks))


def _toolchain(tools: Mapping[str, Any]) -> str:
    return (
        f"solc {tools['solc']}, EVM {tools['evm_version']}, via IR, {tools['optimizer_runs']:,}"
        f" optimizer runs; {tools['anvil']}."
    )


def row(*cells: object) -> str:
    """Return a row of a table, figures with separators."""
    shown = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
    return "| " + " | ".join(shown) + " |"


def rule(columns: int) -> str:
    """Return the rule below the head of a table."""
    return "|" + "---:|" * columns
