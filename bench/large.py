"""Whether a large market can be cleared, and comes out the same: `python -m bench.large`.

One window of eight slots, 2,000 meters that all have ordered for it and were read in it. It is
cleared forward in one transaction, taken back and cleared in steps; then by what was metered, in
the steps that the package sends and, taken back, in smaller ones. Results and fills must be the
same.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from bench.ahead import AheadWorld
from bench.workload import DAY, SLOT_SECONDS, SLOTS_PER_DAY
from bench.world import WINDOWS_PER_DAY, world
from p2pchain.chain.abi import Call
from p2pchain.chain.rpc import Rpc
from p2pchain.errors import CheckFailed
from p2pchain.model import WINDOW_SLOTS, ForwardPhase, Gate, Phase

_METERS, _SEED = 2_000, 7
# A step keeps its half book, and in storage that is new each cell of it costs 22,100 gas.
_STEP, _AT_ONCE = 50, 200


def large_window(meters: int = _METERS, seed: int = _SEED) -> dict[str, list[int]]:
    """Return the gas of each transaction, by what it does. Raises CheckFailed where a cut into
    steps changes something."""
    with world(meters, seed) as market:
        market.enrol()
        ahead = AheadWorld(market, Gate.DAY)
        day = market.slot // SLOTS_PER_DAY + 1
        window, slots = day * WINDOWS_PER_DAY, range(day * SLOTS_PER_DAY, day * SLOTS_PER_DAY + 8)
        _order(ahead, day)
        market.wait(SLOTS_PER_DAY)
        forward, auction = ahead.auction.contract, ahead.auction.id
        gas = {}

        def ordered() -> list[Any]:
            words: list[Any] = [forward.result_of(auction, slot) for slot in slots]
            for first in range(0, meters, _AT_ONCE):
                count = min(_AT_ONCE, meters - first)
                words += forward.positions_of(market.market.id, first, count, window, 1)
            return words

        gas["forward, at once"], gas["forward, in steps"] = _both(
            ahead,
            [forward.clear(auction, window, 1, 2 * meters)],
            [forward.clear(auction, window, 1, _STEP)] * -(-2 * meters // _STEP),
            ordered,
            lambda: forward.window_state(auction, window).phase >= ForwardPhase.CLEARED,
        )
        market.wait(WINDOW_SLOTS)
        readings = [market.read(home, slots.start, WINDOW_SLOTS) for home in market.homes]
        for batch in market.market.batches(readings):
            market.spend([market.market.post_call(batch)])
        market.chain.set_time(slots.stop * SLOT_SECONDS + DAY)
        settlement, area = market.contracts.settlement, market.market.id
        offers = market.market.offers(window, 1)
        gas["metered, in steps"], gas["metered, in small ones"] = _both(
            ahead,
            market.market.clear_calls(window, 1),
            [settlement.clear(area, window, 1, _STEP, offers)] * -(-meters // _STEP),
            lambda: [settlement.result_of(area, slot) for slot in slots],
            lambda: settlement.window_state(area, window).phase >= Phase.CLEARED,
        )
        return gas


def _order(ahead: AheadWorld, day: int) -> None:
    """Everybody orders for the first window of a day."""
    rest = (0,) * (WINDOWS_PER_DAY - 1)
    schedules = [
        ahead.auction.sign_schedule(home.owner, replace(plan, words=plan.words[:1] + rest))
        for home, plan in zip(ahead.world.homes, ahead.schedules(day), strict=True)
    ]
    for batch in ahead.auction.schedule_batches(schedules):
        ahead.world.send([ahead.auction.schedule_call(batch)])


def _both(
    ahead: AheadWorld,
    calls: Sequence[Call],
    others: Sequence[Call],
    found: Callable[[], list[Any]],
    done: Callable[[], bool],
) -> tuple[list[int], list[int]]:
    """Send calls until it is done, take it back, send the others; both must find the same."""
    chain = ahead.world.chain
    assert isinstance(chain, Rpc)

    def send(calls: Sequence[Call]) -> tuple[list[int], list[Any]]:
        gas: list[int] = []
        for call in calls:
            gas += [receipt.gas_used for receipt in ahead.world.send([call])]
            if done():
                return gas, found()
        raise CheckFailed("it was not cleared")

    before = chain.request("evm_snapshot")
    gas, expected = send(calls)
    chain.request("evm_revert", before)
    gas_of_others, same = send(others)
    if same != expected:
        raise CheckFailed("cut otherwise it is not the same")
    return gas, gas_of_others


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.large", description=__doc__)
    parser.add_argument("--meters", type=int, default=_METERS)
    for name, gas in large_window(parser.parse_args().meters).items():
        print(f"{name:20} {len(gas):3} transactions, {sum(gas):12,} gas, the dearest {max(gas):,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
