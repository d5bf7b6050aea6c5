"""A community on the twin alone: what every home would pay, with its supplier and with the market.

No chain is involved. This answers "what if" (other limits, other rules, somebody stays out) and
gives tests a market on measured data; what really happened is read from the chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from p2pchain.data import Community
from p2pchain.errors import CheckFailed
from p2pchain.model import (
    WINDOW_SLOTS,
    Action,
    Agreement,
    AuctionParams,
    Enrolment,
    Limits,
    MarketParams,
    Order,
    Outcome,
    PriceRule,
    Reading,
    Refusal,
    TariffRow,
    Terms,
)
from p2pchain.posting import window_slots
from p2pchain.rules import RULES, RuleSet
from p2pchain.twin import Twin

_OPERATOR = "0x" + "0a" * 20
_SUPPLIER = "0x" + "0b" * 20
_FEES = "0x" + "0c" * 20
_PURSE_NANO = 10**15
Stated = tuple[tuple[int, ...], tuple[int, ...]]
#: Orders of one home by slot: whether it sells, limit in nano per Wh, Wh.
Planned = Mapping[int, tuple[bool, int, int]]


@dataclass(frozen=True, slots=True)
class Bill:
    """One home over the period: all-in, in nano-currency; negative where it is paid. What it has
    bought and sold on measured energy, and ahead of it."""

    id: str
    supplier_nano: int
    market_nano: int
    bought_wh: int
    sold_wh: int
    ahead_bought_wh: int = 0
    ahead_sold_wh: int = 0

    @property
    def saving_nano(self) -> int:
        return self.supplier_nano - self.market_nano


@dataclass(frozen=True, slots=True)
class Simulation:
    """All bills of a run, and the twin that was run; `auction` where homes ordered ahead."""

    bills: tuple[Bill, ...]
    twin: Twin
    market: bytes
    auction: bytes | None = None

    @property
    def gain_nano(self) -> int:
        """What all homes together save."""
        return sum(bill.saving_nano for bill in self.bills)

    @property
    def traded_wh(self) -> int:
        return sum(bill.bought_wh for bill in self.bills)


def default_params(slot_seconds: int, **changes: object) -> MarketParams:
    """Return the parameters of a market with reference(1/2), ticks of 0.005 per kWh and no fee."""
    values: dict[str, object] = {
        "area": 1,
        "slot_seconds": slot_seconds,
        "rule": PriceRule.REFERENCE,
        "tick_nano": 5_000,
        "fee_account": _FEES,
    }
    return MarketParams(**(values | changes))  # type: ignore[arg-type]


def default_auction(market: bytes, **changes: object) -> AuctionParams:
    """Return the parameters of an auction with equilibrium(1/2), ticks of 0.005 per kWh from 0 on,
    a cap of twice the top tick and nothing to pay for what is left over."""
    values: dict[str, object] = {"market": market, "tick_nano": 5_000, "cap_nano": 2_550_000}
    return AuctionParams(**(values | changes))  # type: ignore[arg-type]


def simulate(
    community: Community,
    *,
    limits: Mapping[str, Stated] | None = None,
    rules: RuleSet | None = None,
    params: MarketParams | None = None,
    stay_out: frozenset[str] = frozenset(),
    forward: Mapping[str, Planned] | None = None,
    auction: AuctionParams | None = None,
) -> Simulation:
    """Run the whole period on the twin and return everybody's bill.

    `limits` states (buy, sell) limits by home, one figure or 24 by UTC hour; TARIFF elsewhere.
    `rules` splits the all-in retail price. Homes in `stay_out` do not enrol. `forward` has the
    orders of homes that trade ahead, in an auction with the parameters `auction`, whatever market
    these name. Raises CheckFailed where money or energy is not conserved, and Refused for an order
    that is not taken.
    """
    slot_seconds = community.profiles.slot_seconds
    rules = rules or RULES["none"]
    twin = Twin(slot_seconds)
    twin.add_area(_OPERATOR)
    twin.add_supplier(_SUPPLIER)
    for account in (_OPERATOR, _SUPPLIER):
        twin.ledger.deposit(account, _PURSE_NANO)
    for from_slot, prices in community.retail_days():
        rows = [rules.split(price, community.feed_in_nano) for price in prices]
        twin.publish(1, 1, from_slot, rows)
    market = twin.create_market(params or default_params(slot_seconds))
    twin.set_agreement(Agreement(market, 1, community.slots[0], agrees=True, sequence=1))
    meters: dict[str, int] = {}
    for home in community.homes:
        meters[home.id] = _join(
            twin, market, community, home.id, (limits or {}).get(home.id), stay_out
        )
    ahead: _Ahead | None = None
    if forward is not None:
        chosen = replace(auction, market=market) if auction else default_auction(market)
        ahead = _Ahead(twin, twin.create_auction(chosen), meters, forward)
    _run(twin, market, community, meters, stay_out, ahead)
    twin.assert_conserved()
    fills = twin.market(market).fills
    bills = []
    for place, home in enumerate(community.homes):
        alone = _alone_nano(community, place, rules)
        paid = _PURSE_NANO - twin.free_nano(_account(meters[home.id]))
        mine = [fill for (meter, _), fill in fills.items() if meter == meters[home.id]]
        contracts = ahead.contracts_wh(meters[home.id]) if ahead else []
        bills.append(
            Bill(
                id=home.id,
                supplier_nano=alone,
                market_nano=alone if home.id in stay_out else paid,
                bought_wh=sum(fill[0] for fill in mine),
                sold_wh=sum(fill[1] for fill in mine),
                ahead_bought_wh=sum(max(wh, 0) for wh in contracts),
                ahead_sold_wh=sum(max(-wh, 0) for wh in contracts),
            )
        )
    return Simulation(tuple(bills), twin, market, ahead.auction if ahead else None)


@dataclass(slots=True)
class _Ahead:
    """The orders of a run. They are placed and cleared window by window before it is posted to, so
    that no more windows are open than the contract has places for."""

    twin: Twin
    auction: bytes
    meters: Mapping[str, int]
    planned: Mapping[str, Planned]

    def trade(self, slots: Sequence[int]) -> None:
        """Order and clear the windows in which these slots lie, unless that has been done."""
        place = self.twin.auction(self.auction)
        for window in sorted({slot // WINDOW_SLOTS for slot in slots}):
            if window in place.windows:
                continue
            for slot in window_slots(window):
                for home, orders in self.planned.items():
                    if slot in orders:
                        self._order(self.meters[home], slot, orders[slot])
            if window in place.windows:
                self.twin.clear_forward(self.auction, window)

    def contracts_wh(self, meter: int) -> list[int]:
        """Return the contracts of a meter, Wh by slot, positive where it bought."""
        place = self.twin.auction(self.auction)
        return [place.position(*key).wh for key in place.orders if key[0] == meter]

    def _order(self, meter: int, slot: int, planned: tuple[bool, int, int]) -> None:
        self.twin.order(Order(self.auction, meter, slot, 0, Action.PLACE, *planned))


def _account(meter: int) -> str:
    return f"0x{meter:040x}"


def _join(
    twin: Twin,
    market: bytes,
    community: Community,
    home: str,
    stated: Stated | None,
    stay_out: frozenset[str],
) -> int:
    first = community.slots[0]
    meter = len(twin.registry.area_of) + 1
    twin.register_meter(1, Terms(_account(meter), first, 1, 1, (1 << 24) - 1))
    twin.ledger.deposit(_account(meter), _PURSE_NANO)
    if home in stay_out:
        return meter
    refusal = twin.enrol(Enrolment(market, meter, first))
    if refusal == Refusal.NONE and stated is not None:
        refusal = twin.set_limits(Limits(market, meter, first, 1, *stated))
    if refusal != Refusal.NONE:
        raise CheckFailed(f"{home} cannot take part: {refusal.name}")
    return meter


def _run(
    twin: Twin,
    market: bytes,
    community: Community,
    meters: Mapping[str, int],
    stay_out: frozenset[str],
    ahead: _Ahead | None,
) -> None:
    registers = {home.id: (0, 0) for home in community.homes}
    for batch in community.profiles.batches():
        if ahead:
            ahead.trade([community.slots[place] for place in batch])
        for home in community.homes:
            values = [(home.import_wh[place], home.export_wh[place]) for place in batch]
            reading = Reading.of(
                meters[home.id], community.slots[batch[0]], *registers[home.id], values
            )
            registers[home.id] = reading.closing
            if home.id in stay_out:
                outcome = twin.post([reading])[0]
            else:
                outcome = twin.post_readings(market, [reading])[0]
            if outcome != Outcome.ACCEPTED:
                raise CheckFailed(f"reading of {home.id} was refused: {outcome.name}")
        done = community.slots[batch[-1]] // WINDOW_SLOTS
        _settle_until(twin, market, done)
    _settle_until(twin, market, community.slots[-1] // WINDOW_SLOTS + 1)


def _settle_until(twin: Twin, market: bytes, window: int) -> None:
    """Clear and settle the windows before `window` that have been posted to."""
    for number, state in list(twin.market(market).windows.items()):
        if number < window and state.cursor == 0 and state.phase.name == "OPEN":
            twin.clear_and_settle(market, number)


def _alone_nano(community: Community, place: int, rules: RuleSet) -> int:
    """Everything from and to the supplier: counted here on its own, not by the twin."""
    home = community.homes[place]
    total = 0
    for imported, exported, retail in zip(
        home.import_wh, home.export_wh, community.retail_nano, strict=True
    ):
        row: TariffRow = rules.split(retail, community.feed_in_nano)
        total += imported * (row.energy + row.charges) - exported * row.feed_in
    return total
