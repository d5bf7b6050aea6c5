"""Checks of a whole deployment: is the money there, is the energy, does the log explain it all?

The log is replayed by the twin, which shares no code with the contracts; then every figure that a
contract can be asked for is compared with the twin's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from itertools import groupby
from typing import Any

from p2pchain.chain import events as log
from p2pchain.chain.bindings.forward_levels import ForwardLevels
from p2pchain.chain.bindings.levels import Levels
from p2pchain.chain.bindings.metering import ReadingPosted
from p2pchain.chain.deployment import Contracts
from p2pchain.errors import CheckFailed, Difference
from p2pchain.evidence import offers_hash
from p2pchain.history import History
from p2pchain.keys import checksum
from p2pchain.level_twin import AnyLevelsTwin
from p2pchain.market import Market
from p2pchain.model import (
    UNLIMITED,
    WINDOW_SLOTS,
    ForwardPhase,
    Phase,
    SlotResult,
    account_key,
)
from p2pchain.point_book import PointBook
from p2pchain.replay import TIMED, TwinMarket

Step = Callable[[int], None]


def compare_switching(
    contracts: Contracts, twin: TwinMarket, same: Callable[[str, object, object], None]
) -> None:
    """Compare calendars, rules, switches and all that belongs to them."""
    chain, computed = contracts.switching, twin.switching
    same("calendars", contracts.calendar.calendar_count(), len(twin.calendars.calendars))
    for number, calendar in twin.calendars.calendars.items():
        said = tuple(contracts.calendar.horizon_of(number))
        same(f"calendar {number}", said, (calendar.from_day, calendar.until_day))
    now = contracts.chain.block().timestamp
    for what, count, there in (
        ("rules", chain.rules_count(), computed.rules),
        ("switches", chain.switch_count(), computed.switches),
        ("handovers", chain.handover_count(), computed.handovers),
        ("liabilities", chain.liability_count(), computed.liabilities),
    ):
        same(what, count, len(there))

    def each(what: str, there: Iterable[int], one: Callable[[int], Any], mine: Any) -> None:
        for number in there:
            same(f"{what} {number}", _plain(one(number)), _plain(mine(number)))

    for meter, head in twin.volumes.heads.items():
        same(f"volume of meter {meter}", _plain(contracts.volumes.head_of(meter)), _plain(head))
    for key in computed.offers:
        said = _plain(chain.offers_of(*key))
        same(f"offers of tariff {key}", said, _plain(computed.offers[key]))
    each("binding of point", twin.points.points, chain.binding_of, computed.binding_of)
    each("rules", computed.rules, chain.rules, computed.rules.get)
    each("rules of area", computed.registry.areas, chain.rules_of, computed.rules_for)
    numbers = computed.switches
    each("switch", numbers, chain.switch_of, numbers.get)
    each("state of switch", numbers, chain.state_of, lambda n: computed.state_of(n, now))
    each("legs of switch", numbers, chain.legs_of, computed.legs.get)
    each("objections to switch", numbers, chain.objections_of, computed.objections.__getitem__)
    each("claim on switch", numbers, chain.claim_of, computed.claims.__getitem__)
    each("handover", computed.handovers, chain.handover, computed.handovers.get)
    each("liability", computed.liabilities, chain.liability, computed.liabilities.get)
    each(
        "restatements of",
        twin.points.points,
        chain.restatements_of,
        computed.restatements.__getitem__,
    )
    for point in twin.points.points:
        pending = computed.pending_of[point]
        mine = (pending if computed.is_on_its_way(pending, now) else 0, computed.last_of[point])
        same(f"switches of point {point}", tuple(chain.switches_of(point)), mine)


def _plain(value: Any) -> Any:
    """A record of the contract or of the twin, as what can be compared."""
    if isinstance(value, list | tuple):
        return tuple(map(_plain, value))
    if is_dataclass(value):
        return tuple(_plain(getattr(value, one.name)) for one in fields(value))
    if isinstance(value, bool | bytes):
        return value
    return account_key(value) if isinstance(value, str) else int(value)


def replay(contracts: Contracts, step: Step = lambda done: None) -> TwinMarket:
    """Return the twin's state after all events of the deployment. Raises Difference."""
    twin = TwinMarket(contracts.deployment.slot_seconds)
    entries = log.read(contracts)
    for tx_hash, group in groupby(entries, key=lambda entry: entry.tx_hash):
        batch = list(group)
        twin.now = None
        timed = any(type(entry.event).__name__ in TIMED for entry in batch)
        staged = any(market.params.stages for market in twin.markets.values())
        if timed or staged or twin.levels.nodes or twin.forward_levels.nodes:
            twin.now = contracts.chain.block(batch[0].block).timestamp
        try:
            twin.apply_transaction(entry.event for entry in batch)
        except Difference as difference:
            raise Difference(
                f"{difference} (block {batch[0].block}, transaction 0x{tx_hash.hex()})",
                hint=difference.hint,
            ) from None
        step(len(batch))
    return twin


def compare(contracts: Contracts, twin: TwinMarket) -> int:
    """Compare the twin with the contracts' getters; return how many figures were compared.

    Raises Difference at the first that is not the same.
    """
    compared = 0

    def same(what: str, said: object, computed: object) -> None:
        nonlocal compared
        compared += 1
        if said != computed:
            raise Difference(f"{what}: the contract says {said}, the log comes to {computed}")

    def same_windows(
        what: str, contract: Levels | ForwardLevels, levels: AnyLevelsTwin[Any, Any], level: bytes
    ) -> None:
        for window in {w for place, w in levels.windows if place == level}:
            shown, state = contract.window_state(level, window), levels.window_state(level, window)
            if int(shown.phase) == 0:
                continue  # its place in the ring belongs to a newer window
            same(
                f"window {window} of a {what}",
                (int(shown.phase), shown.cursor, shown.told),
                (int(state.phase), state.cursor, state.told),
            )

    book = PointBook(contracts)
    same("metering points", contracts.points.point_count(), len(twin.points.points))
    for number in twin.points.points:
        same(f"point {number}", book.point(number), twin.points.point(number))
        same(f"point {number} by slot", book.standings(number), twin.points.standings(number))
        same(f"points with {number}", book.related(number), twin.points.related_to(number))
    for (number, customer, reader, purpose), held in twin.points.consents.items():
        shown = contracts.points.consent_of(number, checksum(customer), checksum(reader), purpose)
        same(
            f"consent of {customer} for {reader} at point {number}",
            (shown.from_slot, shown.until_slot, shown.ends_at, shown.sequence),
            (held.from_slot, held.until_slot, held.ends_at, held.sequence),
        )
    compare_switching(contracts, twin, same)
    ledger, metering, settlement = contracts.ledger, contracts.metering, contracts.settlement
    for account, money in twin.ledger.accounts.items():
        raw = ledger.account_of(checksum(account))
        same(f"free money of {account}", raw.free_nano, money.free_nano)
        same(f"locked money of {account}", raw.locked_nano, money.locked_nano)
    for (account, supplier, meter), cover in twin.ledger.covers.items():
        got = ledger.cover_of(checksum(account), checksum(supplier), meter)
        same(
            f"cover of meter {meter}",
            (got.own_nano, got.guarantee_free_nano, got.guarantee_locked_nano),
            (cover.own_nano, cover.guarantee_free_nano, cover.guarantee_locked_nano),
        )
    same("money held", ledger.held_nano(), twin.ledger.held_nano)
    same("number of claims", ledger.claim_count(), len(twin.ledger.claims))
    for place, claim in enumerate(twin.ledger.claims, 1):
        same(f"claim {place}", ledger.claim(place).open_nano, claim.open_nano)
    for meter, head in twin.metering.heads.items():
        found = metering.head_of(meter)
        same(
            f"registers of meter {meter}",
            (found.next_slot, found.import_wh, found.export_wh),
            (head.next_slot, *head.registers),
        )
        marks = (found.enrolled, found.kept_out)
        same(f"market of meter {meter}", marks, (head.enrolled, head.kept_out))
        same(f"open gaps of meter {meter}", found.gaps, len(twin.metering.gaps[meter]))
        if meter in twin.metering.origins:
            begun = metering.origin_of(meter)
            slot, registers = twin.metering.origins[meter]
            same(
                f"first registers of meter {meter}",
                (begun.slot, begun.import_wh, begun.export_wh),
                (slot, *registers),
            )
    for meter, wh in twin.metering.corrected_wh.items():
        corrected = metering.corrected_wh(meter)
        same(f"corrections of meter {meter}", (corrected.import_wh, corrected.export_wh), wh)
    for meter, day in twin.metering.records:
        kept = int.from_bytes(metering.day_hash(meter, day), "big")
        same(f"hash of day {day} of meter {meter}", kept, twin.metering.day_hash(meter, day))
    for level, node in twin.levels.nodes.items():
        if node.params is None:
            continue
        same("money with levels", ledger.transit_nano(level), twin.ledger.transit_nano[level])
        same_windows("level", contracts.levels, twin.levels, level)
    for level, forward_node in twin.forward_levels.nodes.items():
        area = forward_node.area
        for slot in {slot for place, slot in twin.levels.ahead if place == area}:
            _, lanes = contracts.levels.area_edge(area, slot // WINDOW_SLOTS)
            used = [lane >> 32 * (slot % WINDOW_SLOTS) & UNLIMITED for lane in lanes]
            same(f"limits used ahead in slot {slot}", used, twin.levels.ahead[area, slot])
        if forward_node.params is None:
            continue
        transit = ledger.transit_nano(level)
        same("money with forward levels", transit, twin.ledger.transit_nano[level])
        same_windows("forward level", contracts.forward_levels, twin.forward_levels, level)
    for auction, forward in twin.auctions.items():
        for window, forward_window in forward.windows.items():
            found_window = contracts.forward.window_state(auction, window)
            if int(found_window.phase) == 0:
                continue
            same(
                f"window {window} of a forward auction",
                (int(found_window.phase), found_window.voided, found_window.cursor),
                (int(forward_window.phase), forward_window.voided, forward_window.cursor),
            )
            parts = tuple(contracts.forward.parts_of(auction, window))
            same(f"parts of window {window}", parts, forward.parts(window))
        for meter, slot in forward.fills:
            phase = forward.window_state(slot // WINDOW_SLOTS).phase
            if phase >= ForwardPhase.CLEARED:
                order = contracts.forward.order_of(auction, meter, slot)
                filled = sum(part for part, _ in forward.trades(meter, slot))
                if order.wh:  # nothing: its place in the ring belongs to a newer window
                    same(f"fill of meter {meter} in slot {slot}", order.filled_wh, filled)
    for market, state in twin.markets.items():
        same("money in transit", ledger.transit_nano(market), twin.ledger.transit_nano[market])
        same("members", contracts.markets.member_count(market), len(state.members))
        for number, changes in state.agreements.items():
            for slot in {slot for first, _ in changes for slot in (max(first - 1, 0), first)}:
                agrees, _ = contracts.markets.agrees_at(market, number, slot)
                computed = state.agrees_at(number, slot)
                same(f"whether supplier {number} agrees in slot {slot}", agrees, computed)
        for window, expected in state.windows.items():
            stood = settlement.window_state(market, window)
            if Phase(int(stood.phase)) == Phase.ABSENT:
                continue  # its place in the ring belongs to a newer window
            same(f"phase of window {window}", int(stood.phase), int(expected.phase))
            offered = bytes(settlement.offers_hash(market, window))
            same(f"offers of window {window}", offered, offers_hash(state.offered[window]))
        for calls in state.calls.values():
            for call in calls:
                word = settlement.root_of(market, call.first_window, call.from_index)
                same(f"what windows from {call.first_window} were settled for", word, call.word)
        for meter, window in {(m, slot // WINDOW_SLOTS) for m, slot in state.estimates}:
            imports, exports = settlement.estimate_of(market, meter, window)
            expected_words = state.estimate_words(meter, window)
            same(f"estimates of meter {meter}", (imports, exports), expected_words)
        for day in {window * WINDOW_SLOTS // state.params.slots_per_day for window in state.calls}:
            tally = settlement.tally_of(market, day)
            said = (tally.disputed, tally.cursor, tally.members_wh)
            same(f"day {day}", said, (day in state.disputes, *state.tallies.get(day, (0, 0))))
        for window in state.calls:
            final = settlement.final_at(market, window)
            same(f"when window {window} is final", final, state.final_at(window))
    return compared


def money_is_whole(contracts: Contracts, twin: TwinMarket) -> None:
    """Raise CheckFailed unless the token balance is what the accounts add up to, to the unit."""
    ledger = contracts.ledger
    held = ledger.held_nano()
    balance = contracts.token.balance_of(contracts.address("Ledger")) * ledger.unit_nano()
    accounts = [ledger.account_of(checksum(account)) for account in twin.ledger.accounts]
    covers = [ledger.cover_of(checksum(a), checksum(s), m) for a, s, m in twin.ledger.covers]
    total = sum(account.free_nano + account.locked_nano for account in accounts)
    total += sum(cover.guarantee_free_nano + cover.guarantee_locked_nano for cover in covers)
    total += sum(ledger.transit_nano(place) for place in _places(twin))
    if not held == total == balance:
        raise CheckFailed(f"{balance} nano in the token, {held} held, {total} on all accounts")


def _places(twin: TwinMarket) -> set[bytes]:
    """Return what money can be in transit with."""
    return {*twin.markets, *twin.levels.nodes, *twin.forward_levels.nodes}


def energy_is_whole(market: Market, history: History) -> None:
    """Raise CheckFailed unless each slot sells what it buys, ahead and afterwards, and intervals
    add up to registers and corrections."""
    ahead: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    bought: dict[int, int] = defaultdict(int)
    sold: dict[int, int] = defaultdict(int)
    metered: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for entry in history.slots:
        bought[entry.slot] += entry.bought_wh
        sold[entry.slot] += entry.sold_wh
        ahead[entry.slot][0] += entry.contract.bought_wh
        ahead[entry.slot][1] += entry.contract.sold_wh
        if entry.read:
            metered[entry.meter][0] += entry.import_wh
            metered[entry.meter][1] += entry.export_wh
    for slot, wh in bought.items():
        result = history.results.get(slot, SlotResult())
        sells = history.sell_results.get(slot, result)
        both = result.matched_wh, sells.matched_wh
        if (wh, sold[slot]) != both:
            raise CheckFailed(
                f"slot {slot}: {wh} Wh bought and {sold[slot]} sold, "
                f"{both[0]} and {both[1]} matched"
            )
    for slot, found in ahead.items():
        matched = history.forward_wh.get(slot, (0, 0))
        if tuple(found) != matched:
            raise CheckFailed(
                f"slot {slot}: {found[0]} Wh bought ahead, {found[1]} sold ahead, "
                f"{matched[0]} and {matched[1]} matched"
            )
    opened: dict[int, tuple[int, int, int]] = {}
    for logged in log.read(market.contracts, kinds=(ReadingPosted,)):
        event = logged.event
        assert isinstance(event, ReadingPosted)
        first = opened.get(event.meter)
        if first is None or event.first_slot < first[0]:
            opened[event.meter] = (event.first_slot, event.import_wh, event.export_wh)
    for meter, (imported, exported) in metered.items():
        head = market.contracts.metering.head_of(meter)
        _, import_wh, export_wh = opened[meter]
        corrected = market.contracts.metering.corrected_wh(meter)
        grown = (
            head.import_wh - import_wh + corrected.import_wh,
            head.export_wh - export_wh + corrected.export_wh,
        )
        if head.gaps == 0 and grown != (imported, exported):
            raise CheckFailed(
                f"meter {meter}: registers and corrections come to {grown}, "
                f"intervals to {(imported, exported)}"
            )


def nobody_pays_more(history: History) -> None:
    """Raise CheckFailed where a meter paid more than with its supplier alone (settled slots).

    Who has traded ahead has taken that upon himself, so his meters are left out.
    """
    planned = {e.meter for e in history.slots if e.contract.bought_wh or e.contract.sold_wh}
    alone: dict[int, int] = defaultdict(int)
    cost: dict[int, int] = defaultdict(int)
    for entry in history.slots:
        alone[entry.meter] += entry.alone_nano
        cost[entry.meter] += entry.cost_nano
    for meter, nano in cost.items():
        if nano > alone[meter] and meter not in planned:
            raise CheckFailed(f"meter {meter} pays {nano} nano, with its supplier {alone[meter]}")


def ledger_agrees(history: History) -> None:
    """Raise CheckFailed unless the ledger moved what the slots come to, meter by meter."""
    cost: dict[int, int] = defaultdict(int)
    for entry in history.slots:
        if entry.settled:
            cost[entry.meter] += entry.moved_nano
    for meter, nano in cost.items():
        if nano != history.paid_nano.get(meter, 0):
            raise CheckFailed(
                f"meter {meter}: the ledger moved {history.paid_nano.get(meter, 0)} nano, "
                f"its slots come to {nano}"
            )
