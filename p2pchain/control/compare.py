"""What planning ahead is worth: the homes' bills with and without forward orders.

Four ways to the same readings: the supplier alone; forward orders, and the supplier for what
deviates from them; forward orders, and the metered market for what deviates before the supplier;
the metered market alone. Energy in Wh, money in nano-currency, prices in nano per Wh; exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from p2pchain import matching
from p2pchain.control.forecast import net_wh
from p2pchain.data import Community, best_gain_nano
from p2pchain.errors import BadInput, CheckFailed
from p2pchain.matching import Offer
from p2pchain.model import Side, TariffRow
from p2pchain.rules import RULES, RuleSet
from p2pchain.simulate import default_params

PPM: Final = 1_000_000
TICK_NANO: Final = 5_000
K_PPM: Final = 500_000


@dataclass(frozen=True, slots=True)
class PlannedBill:
    """One home over the period, all-in, nano-currency; negative where it is paid.

    `supplier_nano`: no trade. `forward_nano`: forward, then supplier. `both_nano`: forward, then
    the metered market, then supplier. `metered_nano`: the metered market, then supplier.
    `deviation_wh`: what was metered besides the contracts, both directions added.
    """

    id: str
    supplier_nano: int
    forward_nano: int
    both_nano: int
    metered_nano: int
    forward_bought_wh: int
    forward_sold_wh: int
    deviation_wh: int

    @property
    def lost_by_planning_nano(self) -> int:
        """What the home pays more than with the metered market alone; negative: it gains."""
        return self.both_nano - self.metered_nano


@dataclass(frozen=True, slots=True)
class PlannedSlot:
    """One slot of all homes: contracted ahead at which price (None: nothing), then traded as
    metered after that, and what the metered market alone would have traded; Wh."""

    slot: int
    forward_price_nano: int | None
    forward_wh: int
    after_wh: int
    metered_wh: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """All bills and slots; `best_gain_nano` is the most that trade could gain (`p2pchain.data`)."""

    homes: tuple[PlannedBill, ...]
    slots: tuple[PlannedSlot, ...]
    best_gain_nano: int

    @property
    def forward_gain_nano(self) -> int:
        """What all homes save by forward orders alone; negative where they lose."""
        return sum(home.supplier_nano - home.forward_nano for home in self.homes)

    @property
    def both_gain_nano(self) -> int:
        """What all homes save by forward orders and the metered market."""
        return sum(home.supplier_nano - home.both_nano for home in self.homes)

    @property
    def metered_gain_nano(self) -> int:
        """What all homes save by the metered market alone."""
        return sum(home.supplier_nano - home.metered_nano for home in self.homes)

    @property
    def forward_share_ppm(self) -> int:
        """Gain of forward orders alone in parts per million of the best possible, rounded down."""
        return self.forward_gain_nano * PPM // self.best_gain_nano if self.best_gain_nano else 0

    @property
    def worse_by_planning(self) -> tuple[str, ...]:
        """Homes that pay more with forward orders than by the metered market alone."""
        return tuple(home.id for home in self.homes if home.lost_by_planning_nano > 0)


@dataclass(frozen=True, slots=True)
class Book:
    """Parameters of the forward market: price rule and ticks. A lot is a Wh."""

    k_ppm: int = K_PPM
    floor_nano: int = 0
    tick_nano: int = TICK_NANO


@dataclass(frozen=True, slots=True)
class Contracted:
    """What was contracted ahead: Wh by home and slot (bought positive), and the price of each slot
    in nano per Wh (None: nothing was)."""

    wh: Mapping[str, Sequence[int]]
    price_nano: Sequence[int | None]


def compare(
    community: Community,
    orders: Mapping[str, Sequence[int | None]],
    *,
    rules: RuleSet | None = None,
    imbalance_nano: int | None = None,
    book: Book | None = None,
) -> Comparison:
    """Return everybody's bills in the four ways, for orders as `contract` takes them."""
    contracted = contract(community, orders, rules=rules, book=book)
    return bills(community, contracted, rules=rules, imbalance_nano=imbalance_nano)


def contract(
    community: Community,
    orders: Mapping[str, Sequence[int | None]],
    *,
    rules: RuleSet | None = None,
    book: Book | None = None,
) -> Contracted:
    """Return what comes of orders by the rules of a forward auction.

    `orders` are net Wh by home and slot of the community (None or 0: no order), as `day_ahead`
    gives them; a home that is not named orders nothing. A buy has the retail energy price as its
    limit, a sell the feed-in. Raises BadInput for orders that do not fit the community, CheckFailed
    where energy is not conserved.
    """
    rules, book = rules or RULES["none"], book or Book()
    ahead = _of_homes(community, orders, "orders")
    found: list[list[int]] = []
    prices = []
    for at in range(len(community.slots)):
        row = rules.split(community.retail_nano[at], community.feed_in_nano)
        filled, price = _contract([values[at] for values in ahead], row, book)
        found.append(filled)
        prices.append(price)
    wh = {home.id: tuple(slot[n] for slot in found) for n, home in enumerate(community.homes)}
    return Contracted(wh, tuple(prices))


def bills(
    community: Community,
    contracted: Contracted,
    *,
    rules: RuleSet | None = None,
    imbalance_nano: int | None = None,
    fee_nano: int = 0,
) -> Comparison:
    """Return everybody's bills in the four ways, for what has been contracted.

    What was sold ahead and is not delivered is bought at `imbalance_nano` (None: the row's, which
    is the retail energy price), what was bought ahead and not used is sold at the feed-in. The
    metered market takes `fee_nano` per Wh from each side. Raises BadInput for contracts that do
    not fit the community, CheckFailed where energy is not conserved.
    """
    rules = rules or RULES["none"]
    ahead = _of_homes(community, contracted.wh, "contracts")
    measured = [net_wh(home) for home in community.homes]
    accounts = [_Account() for _ in community.homes]
    slots = []
    for at, slot in enumerate(community.slots):
        row = rules.split(community.retail_nano[at], community.feed_in_nano)
        imbalance = row.imbalance if imbalance_nano is None else imbalance_nano
        price = contracted.price_nano[at]
        metered, bought = [values[at] for values in measured], [values[at] for values in ahead]
        if sum(bought):
            raise CheckFailed(f"slot {slot}: {sum(bought)} Wh more bought ahead than sold")
        deviation = [net - wh for net, wh in zip(metered, bought, strict=True)]
        after, after_price = _meter_trade(deviation, row, fee_nano)
        alone, alone_price = _meter_trade(metered, row, fee_nano)
        for number, account in enumerate(accounts):
            net, wh = metered[number], bought[number]
            charges = max(net, 0) * row.charges
            forward = wh * (price or 0) + charges
            account.supplier += charges + _supplier(net, 0, 0, row, imbalance)
            account.forward += forward + _supplier(net, wh, 0, row, imbalance)
            account.both += forward + _paid(after[number], after_price, fee_nano)
            account.both += _supplier(net, wh, after[number], row, imbalance)
            account.metered += charges + _paid(alone[number], alone_price, fee_nano)
            account.metered += _supplier(net, 0, alone[number], row, imbalance)
            account.bought += max(wh, 0)
            account.sold += max(-wh, 0)
            account.deviation += abs(net - wh)
        slots.append(PlannedSlot(slot, price, _volume(bought), _volume(after), _volume(alone)))
    found = tuple(
        PlannedBill(
            id=home.id,
            supplier_nano=account.supplier,
            forward_nano=account.forward,
            both_nano=account.both,
            metered_nano=account.metered,
            forward_bought_wh=account.bought,
            forward_sold_wh=account.sold,
            deviation_wh=account.deviation,
        )
        for home, account in zip(community.homes, accounts, strict=True)
    )
    return Comparison(found, tuple(slots), best_gain_nano(community))


def order(wh: int | None, row: TariffRow, book: Book) -> Offer | None:
    """Return the order of a net load, of member 0: a buy at the retail energy price, rounded down
    to a tick, a sell at the feed-in, rounded up; None where there is none, or no tick for it."""
    if not wh:
        return None
    side = Side.BUY if wh > 0 else Side.SELL
    if side == Side.BUY:
        tick = matching.buy_tick_down(row.energy, book.floor_nano, book.tick_nano)
    else:
        tick = matching.sell_tick_up(row.feed_in, book.floor_nano, book.tick_nano)
    return None if tick is None else Offer(0, side, tick, abs(wh))


@dataclass(slots=True)
class _Account:
    """Running sums of a home: nano-currency in the four ways, Wh."""

    supplier: int = 0
    forward: int = 0
    both: int = 0
    metered: int = 0
    bought: int = 0
    sold: int = 0
    deviation: int = 0


def _of_homes(
    community: Community, values: Mapping[str, Sequence[int | None]], what: str
) -> list[tuple[int, ...]]:
    unknown = set(values) - {home.id for home in community.homes}
    if unknown:
        raise BadInput(
            f"{what} of '{min(unknown)}', which is no home of the community",
            hint=f"there are {', '.join(home.id for home in community.homes)}",
        )
    whole = []
    for home in community.homes:
        own = values.get(home.id, (None,) * len(community.slots))
        if len(own) != len(community.slots):
            raise BadInput(f"{home.id}: {len(own)} {what} for {len(community.slots)} slots")
        whole.append(tuple(wh or 0 for wh in own))
    return whole


def _contract(orders: Sequence[int], row: TariffRow, book: Book) -> tuple[list[int], int | None]:
    """What each home has contracted (bought positive, Wh), and at which price."""
    wanted = [(number, order(wh, row, book)) for number, wh in enumerate(orders)]
    offers = [replace(offer, member=number) for number, offer in wanted if offer]
    result = matching.equilibrium(offers, book.k_ppm, book.floor_nano, book.tick_nano)
    filled = _signed(offers, matching.fills(result, offers), len(orders))
    return filled, result.price_nano if result.traded else None


def _meter_trade(deviation: Sequence[int], row: TariffRow, fee: int) -> tuple[list[int], int]:
    """What each home trades as metered (bought positive, Wh) at the reference price of a half."""
    params = default_params(3600, buy_fee_nano=fee, sell_fee_nano=fee)
    buy = matching.buy_tick_down(row.energy - fee, params.floor_nano, params.tick_nano)
    sell = matching.sell_tick_up(row.feed_in + fee, params.floor_nano, params.tick_nano)
    price = matching.reference_price(params, row.energy, row.feed_in, K_PPM)
    offers = []
    for number, wh in enumerate(deviation):
        side, tick = (Side.BUY, buy) if wh > 0 else (Side.SELL, sell)
        if wh and tick is not None:
            offers.append(Offer(number, side, tick, abs(wh)))
    result = matching.match(price, offers, params)
    return _signed(offers, matching.fills(result, offers), len(deviation)), result.price_nano or 0


def _paid(traded: int, price: int, fee: int) -> int:
    """What a home pays its neighbours for what is traded as metered, fee included."""
    return traded * price + abs(traded) * fee


def _signed(offers: Sequence[Offer], fills_wh: Sequence[int], homes: int) -> list[int]:
    """Fills by home, bought positive. Raises CheckFailed unless bought and sold are equal."""
    filled = [0] * homes
    for offer, wh in zip(offers, fills_wh, strict=True):
        filled[offer.member] = wh if offer.side == Side.BUY else -wh
    if sum(filled):
        raise CheckFailed(f"{sum(filled)} Wh more bought than sold")
    return filled


def _supplier(net: int, contracted: int, traded: int, row: TariffRow, imbalance: int) -> int:
    """Nano-currency for energy from the supplier, less that for energy to him; no charges.

    What was sold ahead and not delivered comes at the imbalance price, as far as neighbours have
    not made up for it first.
    """
    left = net - contracted - traded
    if left <= 0:
        return left * row.feed_in
    undelivered = max(min(net, 0) - contracted, 0) if contracted < 0 else 0
    undelivered = min(left, max(undelivered - max(traded, 0), 0))
    return undelivered * imbalance + (left - undelivered) * row.energy


def _volume(signed: Sequence[int]) -> int:
    return sum(wh for wh in signed if wh > 0)
