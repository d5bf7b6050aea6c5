"""What forward orders are worth on the measured homes, and that no money or energy gets lost."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from p2pchain.control.compare import Book, Comparison, compare
from p2pchain.control.forecast import day_ahead
from p2pchain.data import Community, Home, Profiles, best_gain_nano, load_fontana
from p2pchain.errors import BadInput
from p2pchain.rules import RULES
from p2pchain.simulate import simulate


@pytest.fixture(scope="module")
def june() -> Community:
    return load_fontana("2017-06-12", 2)


@pytest.fixture(scope="module")
def spring() -> Community:
    return load_fontana("2017-05-14", 31)


def planned(community: Community, history: Community, lead: int = 0) -> Comparison:
    orders = day_ahead(history.profiles, community.slots, zone=community.zone, lead_slots=lead)
    return compare(community, orders)


def small(
    nets: dict[str, tuple[int, ...]], retail: int = 200_000, feed_in: int = 100_000
) -> Community:
    homes = tuple(
        Home(name, tuple(max(n, 0) for n in net), tuple(max(-n, 0) for n in net))
        for name, net in nets.items()
    )
    count = len(next(iter(nets.values())))
    profiles = Profiles(tuple(range(480, 480 + count)), 3600, homes)
    return Community(profiles, "UTC", "EUR", (retail,) * count, feed_in, "made up")


@pytest.mark.parametrize(("lead", "share_ppm"), [(0, 235_360), (1, 230_531)])
def test_two_days_of_june(june: Community, spring: Community, lead: int, share_ppm: int) -> None:
    found = planned(june, spring, lead)
    assert found.forward_share_ppm == share_ppm
    assert len(found.worse_by_planning) == 8
    # With the metered market after it nothing is lost in total: planning only moves money.
    assert found.both_gain_nano == found.metered_gain_nano == best_gain_nano(june)


@pytest.mark.parametrize(("lead", "share_ppm"), [(0, 152_752), (1, 151_237)])
def test_eleven_months(lead: int, share_ppm: int) -> None:
    found = planned(load_fontana("2016-09-01", 334), load_fontana("2016-08-01", 365), lead)
    assert found.forward_share_ppm == share_ppm
    assert len(found.worse_by_planning) == 9
    assert found.both_gain_nano == found.metered_gain_nano == found.best_gain_nano


@pytest.mark.parametrize("rules", ["none", "GB"])
def test_the_metered_market_and_the_supplier_are_those_of_the_twin(
    june: Community, rules: str
) -> None:
    found = compare(june, {}, rules=RULES[rules])
    run = simulate(june, rules=RULES[rules])
    assert [(b.id, b.supplier_nano, b.metered_nano) for b in found.homes] == [
        (b.id, b.supplier_nano, b.market_nano) for b in run.bills
    ]
    for bill in found.homes:
        assert (bill.forward_nano, bill.both_nano) == (bill.supplier_nano, bill.metered_nano)
    assert sum(slot.metered_wh for slot in found.slots) == run.traded_wh


def test_one_slot_by_hand() -> None:
    # Contracted: 600 Wh from B to A, the short side's price: A's limit.
    found = compare(small({"A": (500,), "B": (-400,), "C": (300,)}), {"A": (900,), "B": (-600,)})
    a, b, c = found.homes
    assert found.slots[0].forward_price_nano == 200_000
    assert (a.forward_bought_wh, b.forward_sold_wh, c.forward_bought_wh) == (600, 600, 0)
    # A has 100 Wh too many, B delivers 200 Wh less, C ordered nothing.
    assert (a.supplier_nano, b.supplier_nano, c.supplier_nano) == (
        100_000_000, -40_000_000, 60_000_000,
    )  # fmt: skip
    assert a.forward_nano == 600 * 200_000 - 100 * 100_000
    assert b.forward_nano == -600 * 200_000 + 200 * 200_000
    assert c.forward_nano == 60_000_000
    # As metered A sells 100 Wh at 150,000: to B 40 and to C 60, pro rata of 200 and 300.
    assert a.both_nano == 600 * 200_000 - 100 * 150_000
    assert b.both_nano == -600 * 200_000 + 40 * 150_000 + 160 * 200_000
    assert c.both_nano == 60 * 150_000 + 240 * 200_000
    # Alone it sells B's 400 to A and C, 250 and 150.
    assert a.metered_nano == 250 * 150_000 + 250 * 200_000
    assert b.metered_nano == -400 * 150_000
    assert c.metered_nano == 150 * 150_000 + 150 * 200_000
    assert found.slots[0].after_wh == 100
    assert found.slots[0].metered_wh == 400


def test_only_what_was_sold_and_not_delivered_pays_the_imbalance_price() -> None:
    community = small({"A": (1_000,), "B": (70,)})
    orders = {"A": (100,), "B": (-100,)}
    usual, dear = compare(community, orders), compare(community, orders, imbalance_nano=900_000)
    # B sold 100 Wh at 150,000, delivers none and takes 70 for itself.
    assert usual.homes[1].forward_nano == -100 * 150_000 + 170 * 200_000
    assert dear.homes[1].forward_nano == -100 * 150_000 + 100 * 900_000 + 70 * 200_000
    assert dear.homes[0] == usual.homes[0]
    # Half delivered: the other half pays.
    half = compare(small({"A": (1_000,), "B": (-50,)}), orders, imbalance_nano=900_000)
    assert half.homes[1].forward_nano == -100 * 150_000 + 50 * 900_000


def test_neighbours_make_up_for_an_undelivered_sale_first() -> None:
    community = small({"A": (1_000,), "B": (70,), "C": (-60,)})
    found = compare(community, {"A": (1_000,), "B": (-1_000,)}, imbalance_nano=900_000)
    # B lacks 1,070 Wh, of which 60 come from C.
    assert found.homes[1].both_nano == (
        -1_000 * 150_000 + 60 * 150_000 + 940 * 900_000 + 70 * 200_000
    )


def test_money_and_energy_are_conserved_on_random_homes() -> None:
    rng = random.Random(11)
    contracted = after = 0
    for _ in range(300):
        names = "ABCDEF"[: rng.randrange(2, 7)]
        nets = {n: tuple(rng.randrange(-900, 900) for _ in range(3)) for n in names}
        orders = {
            n: tuple(rng.choice((None, rng.randrange(-900, 900))) for _ in range(3)) for n in names
        }
        community = small(nets, feed_in=60_000)
        found = compare(community, orders, rules=RULES["EU"])
        row = RULES["EU"].split(200_000, 60_000)
        supplied = {"forward": 0, "both": 0}
        for at, slot in enumerate(found.slots):
            contracted += slot.forward_wh
            after += slot.after_wh
            imported = sum(max(net[at], 0) for net in nets.values())
            exported = sum(max(-net[at], 0) for net in nets.values())
            # What homes trade among themselves cancels: the supplier sees the rest.
            deviations = found_deviations(found, community, orders, at)
            missing = sum(max(d, 0) for d in deviations)
            left = sum(max(-d, 0) for d in deviations)
            assert missing - left == imported - exported
            charges = imported * row.charges
            supplied["forward"] += missing * row.energy - left * row.feed_in + charges
            missing, left = missing - slot.after_wh, left - slot.after_wh
            supplied["both"] += missing * row.energy - left * row.feed_in + charges
        assert sum(bill.forward_nano for bill in found.homes) == supplied["forward"]
        assert sum(bill.both_nano for bill in found.homes) == supplied["both"]
        bought = sum(bill.forward_bought_wh for bill in found.homes)
        assert bought == sum(bill.forward_sold_wh for bill in found.homes)
        assert bought == sum(slot.forward_wh for slot in found.slots)
    assert min(contracted, after) > 50_000


def found_deviations(
    found: Comparison, community: Community, orders: dict[str, tuple[int | None, ...]], at: int
) -> list[int]:
    """Metered less contracted of each home in one slot, from a comparison of that slot alone."""
    homes = tuple(
        Home(home.id, home.load_wh[at : at + 1], home.pv_wh[at : at + 1])
        for home in community.homes
    )
    profiles = Profiles(community.slots[at : at + 1], 3600, homes)
    alone = replace(community, profiles=profiles, retail_nano=community.retail_nano[at : at + 1])
    slot = compare(alone, {name: values[at : at + 1] for name, values in orders.items()})
    assert slot.slots[0].forward_wh == found.slots[at].forward_wh
    return [
        home.load_wh[0] - home.pv_wh[0] - bill.forward_bought_wh + bill.forward_sold_wh
        for home, bill in zip(homes, slot.homes, strict=True)
    ]


def test_parameters_of_the_book_are_used() -> None:
    community = small({"A": (100,), "B": (-100,)})
    orders = {"A": (100,), "B": (-100,)}

    def price(book: Book) -> int | None:
        return compare(community, orders, book=book).slots[0].forward_price_nano

    assert price(Book()) == 150_000
    assert price(Book(k_ppm=0)) == 100_000
    assert price(Book(tick_nano=30_000)) == 150_000  # limits of 180,000 and 120,000
    assert price(Book(floor_nano=250_000)) is None


def test_bad_input(june: Community) -> None:
    with pytest.raises(BadInput, match="no home of the community"):
        compare(june, {"H99": (0,) * 48})
    with pytest.raises(BadInput, match="H01: 3 orders for 48 slots"):
        compare(june, {"H01": (0, 0, 0)})
