"""The tables of docs/scale.md, from bench/results/scale.json and gas.json:
`python -m bench.scale_report`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.report import TOTAL, filled, row, rule
from bench.workload import SLOT_SECONDS, SLOTS_PER_DAY
from p2pchain.chain.records import TX_GAS_CAP

PAGE = Path(__file__).parents[1] / "docs" / "scale.md"
RESULTS = Path(__file__).parent / "results"
#: The chain that is asked for, and the metering points of Great Britain.
BLOCK_GAS, BLOCK_SECONDS = 30_000_000, 5
POINTS = 53_000_000
#: What a blob of Ethereum holds (EIP-4844), and how often there is a block.
BLOB_BYTES, BLOB_BLOCK_SECONDS = 131_072, 12
PARTS = {
    "clear markets": ("clear markets",),
    "levels": ("clear CELLs", "clear top", "share top", "share CELLs"),
    "settle markets": ("settle markets",),
}


def update(results: Mapping[str, Any], gas: Mapping[str, Any], page: Path = PAGE) -> None:
    """Put the figures into the page, between the marks of each table."""
    page.write_text(rendered(results, gas, page.read_text(encoding="utf-8")), encoding="utf-8")


def rendered(results: Mapping[str, Any], gas: Mapping[str, Any], text: str) -> str:
    """Return the page with these figures. Raises ValueError where a mark is missing."""
    return filled(text, _tables(results, gas))


def _tables(results: Mapping[str, Any], gas: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    post = gas["seeds"]["7"]["reading_relayed"]["100"]
    yield "same", [_same(results)]
    yield "window", list(_window(results))
    yield "growth", list(_growth(results))
    yield "new storage", list(_new_storage(results))
    yield "seconds", list(_seconds(results))
    yield "trades", list(_trades(results))
    yield "day", list(_day(results))
    yield "home", list(_home(results, post))
    yield "chain", list(_chain(results, post, gas["seeds"]["7"][TOTAL]["100"]))
    yield "data", list(_data(results))


def _same(results: Mapping[str, Any]) -> str:
    return (
        f"Of the first microgrid {results['words_compared']:,} words are compared, and all are the"
        f" same. Of a tree of three microgrids, set up both ways, all"
        f" {results['same_as_real']} transactions cost the same to the unit."
    )


def _window(results: Mapping[str, Any]) -> Iterator[str]:
    size, one = list(results["sizes"].items())[-1]
    homes = int(size) * results["homes"]
    yield row("step", "transactions", "gas", "dearest", "of the cap", "by home and slot")
    yield rule(6)
    steps = one["again"]
    for name, step in steps.items():
        each = step["gas"] / homes / results["window_slots"]
        share = f"{step['dearest'] * 100 // TX_GAS_CAP} %"
        yield row(name, step["transactions"], step["gas"], step["dearest"], share, f"{each:,.0f}")
    gas = sum(step["gas"] for step in steps.values())
    yield row(
        "all",
        sum(step["transactions"] for step in steps.values()),
        gas,
        max(step["dearest"] for step in steps.values()),
        "",
        f"{gas / homes / results['window_slots']:,.0f}",
    )


def _growth(results: Mapping[str, Any]) -> Iterator[str]:
    sizes = results["sizes"]
    yield row("microgrids", *(f"{int(size):,}" for size in sizes))
    yield rule(len(sizes) + 1)
    yield row("CELLs", *(one["cells"] for one in sizes.values()))
    for name in next(iter(sizes.values()))["again"]:
        top = "top" in name
        gas = [
            one["again"][name]["gas"] // (one["cells"] if top else int(size))
            for size, one in sizes.items()
        ]
        yield row(f"{name}, gas by {'CELL' if top else 'microgrid'}", *gas)
    whole = [
        sum(step["gas"] for step in one["again"].values()) // int(size)
        for size, one in sizes.items()
    ]
    yield row("all, gas by microgrid", *whole)


def _new_storage(results: Mapping[str, Any]) -> Iterator[str]:
    yield row("microgrids", "first time", "again", "more the first time")
    yield rule(4)
    for size, one in results["sizes"].items():
        first, again = (
            sum(step["gas"] for step in one[when].values()) for when in ("first", "again")
        )
        yield row(f"{int(size):,}", first, again, f"{(first - again) * 100 / again:.1f} %")


def _seconds(results: Mapping[str, Any]) -> Iterator[str]:
    ratios = results["seconds_by_those_of_the_smallest"]
    yield row("step", *(f"{int(size):,}" for size in ratios))
    yield rule(len(ratios) + 1)
    for name in next(iter(ratios.values())):
        yield row(name, *(ratios[size][name] for size in ratios))


def _trades(results: Mapping[str, Any]) -> Iterator[str]:
    yield row("microgrids", "matched in microgrids", "in CELLs", "at the top")
    yield rule(4)
    for size, one in results["sizes"].items():
        wh = one["matched_wh"].values()
        yield row(f"{int(size):,}", *(f"{each // 1_000:,} kWh" for each in wh))
    size, one = list(results["sizes"].items())[-1]
    money = {name: f"{nano / 10**9:,.2f}" for name, nano in one["money_nano"].items()}
    yield ""
    yield (
        f"Money of {int(size):,} microgrids, in currency: {money['paid']} paid ="
        f" {money['received']} received + {money['fees']} fees + {money['charges']} charges of"
        f" edges + {money['rounding']} rounding; in nano-currency the equation is exact."
    )


def _day(results: Mapping[str, Any]) -> Iterator[str]:
    (size, one), slots = next(iter(results["day"].items())), SLOTS_PER_DAY
    homes = int(size) * results["homes"]
    yield row("step", "transactions", "gas", "dearest", "by home and slot")
    yield rule(5)
    for name, step in one["again"].items():
        each = f"{step['gas'] / homes / slots:,.0f}"
        yield row(name, step["transactions"], step["gas"], step["dearest"], each)


def _each(steps: Mapping[str, Mapping[str, int]], home_slots: int) -> dict[str, int]:
    """Gas by home and slot of each part, rounded up."""
    return {
        part: -(-sum(steps[name]["gas"] for name in names) // home_slots)
        for part, names in PARTS.items()
    }


def by_home_and_slot(results: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the gas of a home in a slot by part: where each window is cleared by itself in the
    largest tree, and where a day is cleared together."""
    size, one = list(results["sizes"].items())[-1]
    window = _each(one["again"], int(size) * results["homes"] * results["window_slots"])
    size, one = next(iter(results["day"].items()))
    return window, _each(one["again"], int(size) * results["homes"] * SLOTS_PER_DAY)


def _home(results: Mapping[str, Any], post: int) -> Iterator[str]:
    window, day = by_home_and_slot(results)
    yield row("part", "window by window", "once a day")
    yield rule(3)
    yield row("post (one record a day)", post, post)
    for part in PARTS:
        yield row(part, window[part], day[part])
    yield row("all", post + sum(window.values()), post + sum(day.values()))


def homes_of_a_chain(each: int) -> int:
    """Return how many homes a chain carries whose slots cost so much gas each."""
    return SLOT_SECONDS // BLOCK_SECONDS * BLOCK_GAS // each


def _chain(results: Mapping[str, Any], post: int, alone: int) -> Iterator[str]:
    window, day = by_home_and_slot(results)
    blocks = SLOT_SECONDS // BLOCK_SECONDS
    gas = blocks * BLOCK_GAS
    yield (
        f"{SLOT_SECONDS} s / {BLOCK_SECONDS} s = {blocks} blocks in a slot; {blocks} x"
        f" {BLOCK_GAS:,} gas = {gas:,} gas in a slot."
    )
    yield ""
    yield row(
        "cleared", "gas by home and slot", "homes of a chain", "chains for 53 million", "posting"
    )
    yield rule(5)
    for name, each in (
        ("three levels, window by window", post + sum(window.values())),
        ("three levels, once a day", post + sum(day.values())),
        ("one market by itself, once a day", alone),
    ):
        homes = homes_of_a_chain(each)
        chains = -(-POINTS // homes)
        yield row(name, each, homes, chains, f"{post * 100 // each} %")
    each = post + sum(day.values())
    homes = homes_of_a_chain(each)
    yield ""
    yield (
        f"Once a day: {post:,} + {' + '.join(f'{part:,}' for part in day.values())} = {each:,} gas;"
        f" {gas:,} / {each:,} = {homes:,} homes; {POINTS:,} / {homes:,} = {POINTS / homes:.1f}, so"
        f" {-(-POINTS // homes)} chains, or one that carries {POINTS * each // SLOT_SECONDS:,} gas"
        f" a second. Posting alone is {POINTS * post // SLOT_SECONDS:,} gas a second of it:"
        f" {-(-POINTS * post // gas)} chains that do nothing else."
    )
    size, one = list(results["sizes"].items())[-1]
    tree = int(size) * results["homes"]
    whole = sum(step["gas"] for step in one["again"].values())
    seconds = -(-whole // BLOCK_GAS) * BLOCK_SECONDS
    yield ""
    yield (
        f"{homes:,} homes are {homes // tree} trees of {tree:,}, and {POINTS:,} points are"
        f" {POINTS // tree} of them. A window of one tree by itself, {whole:,} gas, takes"
        f" {seconds // BLOCK_SECONDS:,} of these blocks: {seconds:,} s of the"
        f" {SLOT_SECONDS * results['window_slots']:,} s until the next window is over."
    )


def _data(results: Mapping[str, Any]) -> Iterator[str]:
    post = next(iter(results["day"].values()))["post_first"]
    each = -(-post["bytes"] // results["homes"])
    second = POINTS * each // 86_400
    blobs = second * BLOB_BLOCK_SECONDS / BLOB_BYTES
    yield (
        f"A day of {results['homes']} homes is posted in {post['transactions']} calls with"
        f" {post['bytes']:,} bytes, {each:,} bytes a home. {POINTS:,} x {each:,} bytes / 86,400 s ="
        f" {second:,} bytes a second, which is {blobs:.1f} blobs of {BLOB_BYTES:,} bytes in each"
        f" {BLOB_BLOCK_SECONDS} s, uncompressed and without the ladders of the levels."
    )


def main() -> None:
    """Write the page from the committed figures."""
    results, gas = (
        json.loads((RESULTS / name).read_text(encoding="utf-8"))
        for name in ("scale.json", "gas.json")
    )
    update(results, gas)


if __name__ == "__main__":
    main()
