"""The readable twin of `contracts/settlement/Clearing.sol` and `Settling.sol`: clear and settle.

Volumes in Wh, prices in nano-currency per Wh, money in nano-currency; every sum is exact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from p2pchain import matching
from p2pchain.errors import CheckFailed, Refused
from p2pchain.evidence import SettledCall, SettledMember, contract_lanes, without_carry
from p2pchain.level_twin import Adopted, adopted_results
from p2pchain.levels import Grid
from p2pchain.matching import Offer
from p2pchain.model import WINDOW_SLOTS, Member, Phase, Side, SlotResult
from p2pchain.posting import (
    Accrual,
    Batch,
    Posting,
    PostingTwin,
    SlotView,
    WindowState,
    lock_nano,
    window_slots,
)

_NONE: Final = SlotResult()


class MarketTwin(PostingTwin):
    """One market: members, limits, postings, results, windows."""

    # Clear

    def bounds(self, slot: int, members: int | None = None) -> tuple[int, int] | None:
        """Return lowest retail energy price and highest feed-in among the members of a slot. In an
        island critical loads buy whatever p is, so there the first pays the buyer's fee."""
        rows = (
            self._registry.member_row(member.meter, slot)
            for member in self.members[:members]
            if self.is_active(member.meter, slot)
        )
        found = matching.reference_bounds((row.energy, row.feed_in) for row in rows if row)
        if found is None or not self.levels.is_island(self.market, slot):
            return found
        return max(found[0] - self.params.buy_fee_nano, -(2**31)), found[1]

    def offers(self, slot: int, members: int | None = None) -> list[Offer]:
        """Return what is offered in a slot, in the order of the members' index, buy first."""
        offers = []
        island = self.levels.is_island(self.market, slot)
        for member in self.members[:members]:
            posting = self.postings.get((member.meter, slot))
            if posting is None or not (posting.buy_wh or posting.sell_wh):
                continue
            view = self.view(member.meter, slot)
            buy_tick = self._buy_tick(view, member.meter, slot, island)
            if posting.buy_wh and buy_tick is not None:
                offers.append(Offer(member.meter, Side.BUY, buy_tick, posting.buy_wh))
            if posting.sell_wh and view.sell_tick is not None:
                offers.append(Offer(member.meter, Side.SELL, view.sell_tick, posting.sell_wh))
        return offers

    def price_at(self, slot: int, members: int | None = None) -> int | None:
        """Return p of a slot, None where it has no auction; in an island never above r."""
        offers = self.offers(slot, members)
        buy_wh = sum(offer.wh for offer in offers if offer.side == Side.BUY)
        sell_wh = sum(offer.wh for offer in offers if offer.side == Side.SELL)
        bounds = self.bounds(slot, members)
        price = matching.slot_price(self.params, bounds, buy_wh, sell_wh)
        if price is None or bounds is None or not self.levels.is_island(self.market, slot):
            return price
        return min(price, bounds[0])

    def _buy_tick(self, view: SlotView, meter: int, slot: int, island: bool) -> int | None:
        """Return the tick at which a member buys, None for one that cannot."""
        if view.buy_tick is None or not island:
            return view.buy_tick
        row = view.row
        tariff = any((row.energy, row.feed_in, row.network, row.charges))
        first = tariff and view.gross_buy == row.energy and self.levels.is_critical(meter, slot)
        return matching.island_tick(view.buy_tick, first=first)

    def clear_slot(self, slot: int, members: int | None = None) -> SlotResult:
        """Return the result of a slot, computed from what has been posted; that of the sells is
        put into `sell_results`, where they have one of their own."""
        most_wh = self.levels.feeder_wh(self.market, slot)
        price, offers = self.price_at(slot, members), self.offers(slot, members)
        result, sells = matching.match_within(most_wh, price, offers, self.params)
        if self.levels.is_island(self.market, slot):
            result = replace(result, island=True)
        self._put(slot, result, sells)
        return result

    def side_result(self, slot: int, side: Side) -> SlotResult:
        """Return the result that holds for a side of a slot."""
        return self._of(slot, side)[slot]

    def _of(self, slot: int, side: Side) -> dict[int, SlotResult]:
        if side == Side.SELL and slot in self.sell_results:
            return self.sell_results
        return self.results

    def _put(self, slot: int, result: SlotResult, sells: SlotResult | None) -> None:
        self.results[slot] = result
        self.sell_results.pop(slot, None)
        if sells is not None:
            self.sell_results[slot] = sells

    def begin_clearing(self, window: int) -> WindowState:
        """Freeze the members of a window; what is posted from now on is late."""
        state = self._with_orders(window)
        if state.phase == Phase.OPEN:
            state.phase, state.members = Phase.CLEARING, len(self.members)
        if state.phase != Phase.CLEARING:
            raise Refused("NothingToDo")
        return state

    def clear(self, window: int, now: int | None = None) -> tuple[SlotResult, ...]:
        """Clear a window; return its eight results. What is left goes up, where a level above takes
        it, and the window awaits that."""
        state = self.begin_clearing(window)
        slots = window_slots(window)
        results = tuple(self.clear_slot(slot, state.members) for slot in slots)
        if any(slot in self.sell_results for slot in slots):
            sells = tuple(self.sell_results.get(slot, _NONE).pack() for slot in slots)
            self._emit("SellsCleared", market=self.market, window=window, sells=sells)
        members = state.members
        sent = self.levels.market_cleared(
            self.market,
            window,
            [
                (
                    self.bounds(slot, members),
                    self.offers(slot, members),
                    self.price_at(slot, members),
                )
                for slot in slots
            ],
            Grid(self.params.floor_nano, self.params.tick_nano),
            now,
        )
        state.phase, state.cursor = Phase.AWAITING if sent else Phase.CLEARED, 0
        return results

    def adopt(self, window: int, adopted: Sequence[Adopted]) -> int:
        """Take what the levels above have filled; return what whole prices leave over, in nano."""
        state = self._awaiting(window)
        slots = window_slots(window)
        rounding_nano = 0
        for slot, one in zip(slots, adopted, strict=True):
            own = self.results[slot]
            result, sells = adopted_results(one, own, self.sell_results.get(slot))
            if (result, sells) != (own, self.sell_results.get(slot)):
                rounding_nano += one.combined.rounding_nano
            self._put(slot, result, sells)
        state.phase, state.adopted = Phase.CLEARED, True
        self._emit(
            "WindowAdopted",
            market=self.market,
            window=window,
            results=tuple(self.results[slot].pack() for slot in slots),
            sells=tuple(self.sell_results.get(slot, _NONE).pack() for slot in slots),
        )
        return rounding_nano

    def pass_over(self, window: int, now: int | None = None) -> None:
        """Go on without the levels above, where they were not cleared in time."""
        state = self._awaiting(window)
        if not self.levels.is_passed_over(self.market, window, now):
            raise Refused("LevelsPending", (window,))
        state.phase = Phase.CLEARED

    def _awaiting(self, window: int) -> WindowState:
        state = self.window_state(window)
        if state.phase != Phase.AWAITING:
            raise Refused("WrongPhase", (window, int(state.phase)))
        return state

    def void(self, window: int) -> None:
        """Give a window up: no trade; settling then releases and bills."""
        state = self._with_orders(window)
        if state.phase not in (Phase.OPEN, Phase.CLEARING):
            raise Refused("WrongPhase", (window, int(state.phase)))
        if state.phase == Phase.OPEN:
            state.members = len(self.members)
        self.make_void(window)

    def _with_orders(self, window: int) -> WindowState:
        """Return the state of a window that is to be cleared; one with forward orders that nobody
        has posted to is opened for it, so that the orders can be settled."""
        if self.is_uncleared(window):
            raise Refused("ForwardNotCleared", (window,))
        if self.window_state(window).phase == Phase.ABSENT and self.has_orders(window):
            self._take_place(window)
        return self.window_state(window)

    def make_void(self, window: int) -> None:
        """Put down that nothing was traded in a window, whatever its offers."""
        state = self.window_state(window)
        for slot in window_slots(window):
            self._put(slot, SlotResult(), None)
        state.phase, state.voided, state.cursor = Phase.CLEARED, True, 0

    # Settle

    def settle(self, first_window: int, windows: int, until: int) -> None:
        """Settle the members from the windows' cursor up to index `until` (exclusive)."""
        span = range(first_window, first_window + windows)
        states = [self.window_state(window) for window in span]
        start = states[0].cursor
        for state in states:
            if state.phase != Phase.CLEARED:
                raise Refused("WrongPhase", (state.window, int(state.phase)))
            if (state.members, state.cursor) != (states[0].members, start):
                raise Refused("WindowsDiffer", (state.window,))
        until = min(until, states[0].members)
        slots = range(first_window * WINDOW_SLOTS, (first_window + windows) * WINDOW_SLOTS)
        results = tuple(without_carry(self.results[slot]) for slot in slots)
        if any(slot in self.sell_results for slot in slots):
            results += tuple(without_carry(self.side_result(slot, Side.SELL)) for slot in slots)
        batch = Batch()
        walked = tuple(
            self._settle_member(batch, member, first_window, windows)
            for member in self.members[start:until]
        )
        self._hand(batch)
        call = SettledCall(first_window, windows, start, results, walked)
        for window in span:
            self.calls[window].append(call)
        for state in states:
            state.cursor = until
            if until == state.members:
                state.phase = Phase.SETTLED
                for auction in self.auctions:
                    auction.finish(state.window)
        if until == states[0].members and self.auctions:
            self._emit(
                "ForwardFinished", market=self.market, first_window=first_window, windows=windows
            )

    def _settle_member(
        self, batch: Batch, member: Member, first_window: int, windows: int
    ) -> SettledMember:
        slots = range(first_window * WINDOW_SLOTS, (first_window + windows) * WINDOW_SLOTS)
        filled: dict[tuple[int, Side], int] = {}
        accrual: Accrual | None = None
        posted = False
        self._meet_tariffs(batch, member, slots)
        for slot in slots:
            posting = self.postings.get((member.meter, slot))
            position = self.position(member.meter, slot)
            if posting is None and not position:
                continue
            view = self.view(member.meter, slot)
            if accrual and (accrual.view.owner, accrual.view.tariff) != (view.owner, view.tariff):
                self._close(batch, member.meter, accrual)
                accrual = None
            accrual = accrual or Accrual(view)
            accrual.view = view
            accrual.collateral_nano += position.collateral_nano
            accrual.contract_nano += position.contract_nano
            if posting is None:
                accrual.supplier_nano += self._worst_case_nano(position.wh)
                if position.wh and self.is_active(member.meter, slot):
                    self.unread[member.meter, slot] = position.wh
                continue
            posted = True
            fill_buy, fill_sell = self._settle_slot(
                batch, accrual, (member.meter, slot), posting, position.wh
            )
            filled |= {(slot, Side.BUY): fill_buy, (slot, Side.SELL): fill_sell}
            self.fills[member.meter, slot] = (fill_buy, fill_sell)
        if accrual:
            self._close(batch, member.meter, accrual)
        if posted:
            self._emit(
                "MemberSettled",
                market=self.market,
                meter=member.meter,
                first_window=first_window,
                windows=windows,
                fills=tuple((*key, wh) for key, wh in sorted(filled.items()) if wh),
            )
        contracts = [self.position(member.meter, slot).wh for slot in slots]
        return SettledMember(
            member.meter,
            self._fill_words(member.meter, filled, range(first_window, first_window + windows)),
            tuple(
                contract_lanes(contracts[place : place + WINDOW_SLOTS])
                for place in range(0, len(contracts), WINDOW_SLOTS)
            )
            if any(contracts)
            else (),
        )

    def _meet_tariffs(self, batch: Batch, member: Member, slots: range) -> None:
        """Put down in which order tariffs occur, for their network charges are paid in it: a
        member's own at the beginning, and those in windows in which there is anything to settle."""
        ahead = any(self.position(member.meter, slot) for slot in slots)
        for slot in slots:
            window = window_slots(slot // WINDOW_SLOTS)
            met = slot == slots[0] or ahead
            met = met or any((member.meter, other) in self.postings for other in window)
            position = ahead and self.position(member.meter, slot)
            if met and (position or self.is_active(member.meter, slot)):
                view = self.view(member.meter, slot)
                batch.networks.setdefault(view.tariff, (view.supplier, 0))

    def _fill_words(
        self, meter: int, filled: dict[tuple[int, Side], int], windows: range
    ) -> tuple[int, ...]:
        """Return fills as MemberSettled has them: a word of first sides and one of second sides for
        each window, where there are any."""
        words: list[int] = []
        for window in windows:
            pair = [0, 0]
            for lane, slot in enumerate(window_slots(window)):
                posting = self.postings.get((meter, slot))
                for side in Side:
                    wh = filled.get((slot, side), 0)
                    second = bool(posting and posting.both and side == Side.SELL)
                    if wh:
                        pair[second] |= (wh | int(side) << 27) << 28 * lane
            marks = (window << 236, window << 236 | 1 << 232)
            words += [lanes | mark for lanes, mark in zip(pair, marks, strict=True) if lanes]
        return tuple(words)

    def _settle_slot(
        self, batch: Batch, accrual: Accrual, key: tuple[int, int], posting: Posting, contract: int
    ) -> tuple[int, int]:
        (meter, slot), view, params = key, accrual.view, self.params
        buy_tick = self._buy_tick(view, meter, slot, self.results[slot].island)
        fill_buy = self._fill(slot, Side.BUY, buy_tick, posting.buy_wh)
        fill_sell = self._fill(slot, Side.SELL, view.sell_tick, posting.sell_wh)
        buy_nano, sell_nano = (self.side_result(slot, side).price_nano for side in Side)
        for nano in (
            -fill_buy * (buy_nano + params.buy_fee_nano),
            fill_sell * (sell_nano - params.sell_fee_nano),
        ):
            accrual.income_nano += max(nano, 0)
            accrual.pay_nano += max(-nano, 0)
        batch.fees_nano += fill_buy * params.buy_fee_nano + fill_sell * params.sell_fee_nano
        accrual.release_nano += lock_nano(posting, view)
        missing = posting.buy_wh + posting.withheld_buy_wh - fill_buy
        left = posting.sell_wh + posting.withheld_sell_wh - fill_sell
        measured = (missing, left, posting.import_wh)
        self._accrue_supplier(accrual, batch, slot, measured, contract)
        return fill_buy, fill_sell

    def _fill(self, slot: int, side: Side, tick: int | None, wh: int) -> int:
        if wh == 0 or tick is None:
            return 0
        results = self._of(slot, side)
        filled, carry = matching.fill(results[slot], side, tick, wh, results[slot].carry)
        results[slot] = replace(results[slot], carry=carry)
        return filled

    # Stages

    def lower(self, slot: int, buy_meter: int, sell_meter: int, wh: int) -> None:
        """A stage lowers one offered buy and one offered sell, and posts the pair of energy."""
        for meter, side in ((buy_meter, Side.BUY), (sell_meter, Side.SELL)):
            posting = self.postings.get((meter, slot))
            offered = 0
            if posting is not None:
                offered = posting.buy_wh if side == Side.BUY else posting.sell_wh
            if posting is None or offered < wh:
                raise Refused("MoreThanPosted", (meter, slot))
            view = self.view(meter, slot)
            before = lock_nano(posting, view)
            if side == Side.BUY:
                posting.buy_wh -= wh
            else:
                posting.sell_wh -= wh
            freed = before - lock_nano(posting, view)
            self._ledger.unlock(view.owner, view.supplier, meter, freed)
        self._ledger.post_energy(sell_meter, buy_meter, slot, wh)

    def assert_conserved(self) -> None:
        """Raise CheckFailed unless the fills of each settled slot add up to what was matched."""
        bought: defaultdict[int, int] = defaultdict(int)
        sold: defaultdict[int, int] = defaultdict(int)
        for (_, slot), (fill_buy, fill_sell) in self.fills.items():
            bought[slot] += fill_buy
            sold[slot] += fill_sell
        for slot, result in self.results.items():
            if self.window_state(slot // WINDOW_SLOTS).phase != Phase.SETTLED:
                continue
            matched = result.matched_wh, self.side_result(slot, Side.SELL).matched_wh
            if (bought[slot], sold[slot]) != matched:
                raise CheckFailed(
                    f"slot {slot}: bought {bought[slot]} Wh, sold {sold[slot]} Wh, "
                    f"matched {matched[0]} and {matched[1]} Wh"
                )

    def not_posted(self, window: int) -> list[int]:
        """Return the meters that have not posted every slot of a window in which they take part."""
        return [
            member.meter
            for member in self.members
            if any(
                (member.meter, slot) not in self.postings
                for slot in window_slots(window)
                if self.is_active(member.meter, slot)
            )
        ]
