"""The figures of one demo run, as integers, and their JSON form.

Energy in Wh, money in nano-currency (1e-9), prices in nano-currency per Wh, shares in parts
per million, time in slot indices. Whoever fills these records takes the figures from the
chain or the index.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SCHEMA: Final = 1
REQUIRED_CHECKS: Final = ("money", "energy", "replay", "nobody_worse")
RULES: Final = ("none", "GB", "EU")


@dataclass(frozen=True, slots=True)
class HomeResult:
    """One home over the whole period.

    `import_wh` and `export_wh` are what its meter measured, so they contain the Wh bought from
    and sold to neighbours. `load_wh` is what the home used and `pv_wh` what its roof made. A bill
    is all-in (energy, charges, fee) and negative where the home is paid.

    `bill_supplier_nano` is with the supplier alone and without battery, `bill_market_nano` what the
    home pays with all that the run has. Where homes trade ahead: `bill_forward_nano` is that bill,
    with forward auction and metered market, `forward_only_nano` and `metered_only_nano` are what
    it would have been with one of the two; None elsewhere. `forward_bought_wh` and
    `forward_sold_wh` were contracted ahead; bought from and sold to neighbours is then what the
    supplier did not deliver and take, below zero where more was sold (bought) ahead than there was
    and the supplier had to make up for it.
    """

    id: str
    import_wh: int
    export_wh: int
    load_wh: int
    pv_wh: int
    bought_peer_wh: int
    sold_peer_wh: int
    bill_supplier_nano: int
    bill_market_nano: int
    bill_forward_nano: int | None = None
    self_sufficiency_ppm: int = 0
    self_consumption_ppm: int = 0
    forward_only_nano: int | None = None
    metered_only_nano: int | None = None
    forward_bought_wh: int = 0
    forward_sold_wh: int = 0

    @property
    def saving_nano(self) -> int:
        """What the market saves this home, in nano-currency; negative where it costs."""
        return self.bill_supplier_nano - self.bill_market_nano

    @property
    def planning_nano(self) -> int:
        """What trading ahead saves this home against the metered market alone; negative where it
        costs, 0 where no forward auction ran."""
        if self.metered_only_nano is None:
            return 0
        return self.metered_only_nano - self.bill_market_nano

    @property
    def traded_ahead(self) -> bool:
        """Whether the home has contracted anything ahead."""
        return bool(self.forward_bought_wh or self.forward_sold_wh)


@dataclass(frozen=True, slots=True)
class HourResult:
    """One slot of the whole neighbourhood.

    `label_local` is weekday, day and local time of the slot's start ("Mon 12 14:00"). `price_nano`
    is the market's price per Wh, None where nothing was traded. `retail_nano` and `feed_in_nano`
    are the supplier's two prices that it stands between. `import_wh` and `export_wh` are the sums
    over all meters, traded energy included. `forward_wh` was contracted ahead, at
    `forward_price_nano` per Wh (None: nothing was).
    """

    slot: int
    label_local: str
    traded_wh: int
    price_nano: int | None
    retail_nano: int
    feed_in_nano: int
    import_wh: int
    export_wh: int
    forward_wh: int = 0
    forward_price_nano: int | None = None


@dataclass(frozen=True, slots=True)
class BatteryResult:
    """A home battery: its limits (Wh, Wh in a slot, round trip), its home's bills over the period,
    and its state at the end of each slot.

    Without battery: `without_supplier_nano`, `without_metered_nano` (metered market). With it:
    `metered_only_nano`, and `forward_nano` with forward auction and metered market.
    """

    id: str
    capacity_wh: int
    power_wh: int
    efficiency_ppm: int
    without_supplier_nano: int
    without_metered_nano: int
    metered_only_nano: int
    forward_nano: int
    state_wh: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ForwardResult:
    """Trading ahead: which homes ordered, when their gate closed and how late a forecast may know,
    both in seconds before the UTC day; what was contracted; and the price of a Wh that was sold and
    not delivered, by name and from lowest to highest, at most `cap_nano`. What all homes would pay
    by the metered market, had none a battery (`without_battery_nano`)."""

    homes: tuple[str, ...]
    gate_seconds: int
    known_seconds: int
    contracted_wh: int
    imbalance: str
    imbalance_low_nano: int
    imbalance_high_nano: int
    cap_nano: int
    batteries: tuple[BatteryResult, ...] = ()
    without_battery_nano: int | None = None


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """One part of a retail price that a shared kWh does not escape.

    `share_ppm` is its share of the retail price, `source` where that rate comes from.
    `amount_nano` is what the line takes from the gross gain, None where it is known only in sum.
    """

    name: str
    share_ppm: int
    source: str
    note: str = ""
    amount_nano: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReport:
    """A whole run. `gain_nano` is gross; `gain_net_nano` is what the homes keep of it after
    network charges, levies, tax and the market's fee (`fee_nano`).

    `from_local` is the ISO date (or date and time) of the first slot in `timezone`. `checks` maps
    the name of a check to whether it passed. `seconds` is for display only.

    Raises ValueError where the figures contradict each other: a report must not print sums
    that do not add up.
    """

    title: str
    rules: str
    currency: str
    from_local: str
    days: int
    slots: int
    slot_seconds: int
    timezone: str
    chain: str
    price_rule: str
    homes: tuple[HomeResult, ...]
    hours: tuple[HourResult, ...]
    traded_wh: int
    best_gain_nano: int
    gain_nano: int
    gain_share_ppm: int
    gain_net_nano: int
    charges: tuple[ChargeLine, ...]
    fee_nano: int
    gas_total: int
    gas_per_participant_slot: int
    seconds: float
    checks: Mapping[str, bool]
    self_sufficiency_ppm_before: int
    self_sufficiency_ppm_after: int
    self_consumption_ppm_before: int
    self_consumption_ppm_after: int
    attribution: str
    schema: int = SCHEMA
    forward: ForwardResult | None = None

    def __post_init__(self) -> None:
        if self.rules not in RULES:
            raise ValueError(f"rules {self.rules!r} is none of {', '.join(RULES)}")
        if not self.homes or self.days < 1 or self.slots < 1:
            raise ValueError("a report needs at least one home, one day and one slot")
        if len({home.id for home in self.homes}) != len(self.homes):
            raise ValueError("two homes of the report have the same id")
        missing = [name for name in REQUIRED_CHECKS if name not in self.checks]
        if missing:
            raise ValueError(f"checks missing: {', '.join(missing)}")
        sums = {
            "bought by homes": sum(home.bought_peer_wh for home in self.homes),
            "sold by homes": sum(home.sold_peer_wh for home in self.homes),
            "traded by slot": sum(hour.traded_wh for hour in self.hours),
        }
        for name, total in sums.items():
            if total != self.traded_wh:
                raise ValueError(f"traded {self.traded_wh} Wh, but {name} {total} Wh")
        for home in self.homes:
            if home.bought_peer_wh > home.import_wh or home.sold_peer_wh > home.export_wh:
                raise ValueError(f"{home.id} traded more with neighbours than its meter measured")
            bills = (home.bill_forward_nano, home.forward_only_nano, home.metered_only_nano)
            if (self.forward is None) != (bills == (None, None, None)) or (
                self.forward is not None and None in bills
            ):
                raise ValueError(f"{home.id}: bills and forward auction do not fit each other")

    @property
    def charges_nano(self) -> int:
        """What network charges, levies and tax take of the gross gain, in nano-currency."""
        return self.gain_nano - self.fee_nano - self.gain_net_nano

    @property
    def forward_only_gain_nano(self) -> int:
        """What all homes save by the forward auction alone; 0 where none ran."""
        return sum(
            home.bill_supplier_nano - home.forward_only_nano
            for home in self.homes
            if home.forward_only_nano is not None
        )

    @property
    def metered_only_gain_nano(self) -> int:
        """What all homes save by the metered market alone."""
        return sum(
            home.bill_supplier_nano
            - (home.bill_market_nano if home.metered_only_nano is None else home.metered_only_nano)
            for home in self.homes
        )

    @property
    def forward_only_share_ppm(self) -> int:
        """The gain of the forward auction alone, as a share of the best possible, rounded down."""
        best = self.best_gain_nano
        return self.forward_only_gain_nano * 1_000_000 // best if best else 0

    @property
    def passed(self) -> bool:
        """True where every check passed."""
        return all(self.checks.values())


def to_json(report: DemoReport) -> dict[str, Any]:
    """The report as `p2pchain demo --json` writes it: snake case, integers with the unit in the
    name. `homes` is the list of homes; `seconds` is rounded to a tenth."""
    return {
        "schema": report.schema,
        "title": report.title,
        "rules": report.rules,
        "currency": report.currency,
        "from_local": report.from_local,
        "timezone": report.timezone,
        "days": report.days,
        "slots": report.slots,
        "slot_seconds": report.slot_seconds,
        "chain": report.chain,
        "price_rule": report.price_rule,
        "traded_wh": report.traded_wh,
        "best_gain_nano": report.best_gain_nano,
        "gain_nano": report.gain_nano,
        "gain_share_ppm": report.gain_share_ppm,
        "gain_net_nano": report.gain_net_nano,
        "charges_nano": report.charges_nano,
        "fee_nano": report.fee_nano,
        "charges": [
            {
                "name": line.name,
                "share_ppm": line.share_ppm,
                "amount_nano": line.amount_nano,
                "source": line.source,
                "note": line.note,
            }
            for line in report.charges
        ],
        "homes": [
            {
                "id": home.id,
                "bill_supplier_nano": home.bill_supplier_nano,
                "bill_forward_nano": home.bill_forward_nano,
                "bill_market_nano": home.bill_market_nano,
                "forward_only_nano": home.forward_only_nano,
                "metered_only_nano": home.metered_only_nano,
                "forward_bought_wh": home.forward_bought_wh,
                "forward_sold_wh": home.forward_sold_wh,
                "import_wh": home.import_wh,
                "export_wh": home.export_wh,
                "load_wh": home.load_wh,
                "pv_wh": home.pv_wh,
                "bought_peer_wh": home.bought_peer_wh,
                "sold_peer_wh": home.sold_peer_wh,
                "self_sufficiency_ppm": home.self_sufficiency_ppm,
                "self_consumption_ppm": home.self_consumption_ppm,
            }
            for home in report.homes
        ],
        "hours": [
            {
                "slot": hour.slot,
                "label_local": hour.label_local,
                "traded_wh": hour.traded_wh,
                "price_nano": hour.price_nano,
                "retail_nano": hour.retail_nano,
                "feed_in_nano": hour.feed_in_nano,
                "import_wh": hour.import_wh,
                "export_wh": hour.export_wh,
                "forward_wh": hour.forward_wh,
                "forward_price_nano": hour.forward_price_nano,
            }
            for hour in report.hours
        ],
        "forward": _forward_json(report),
        "self_sufficiency_before_ppm": report.self_sufficiency_ppm_before,
        "self_sufficiency_after_ppm": report.self_sufficiency_ppm_after,
        "self_consumption_before_ppm": report.self_consumption_ppm_before,
        "self_consumption_after_ppm": report.self_consumption_ppm_after,
        "gas_total": report.gas_total,
        "gas_per_participant_slot": report.gas_per_participant_slot,
        "seconds": round(report.seconds, 1),
        "checks": dict(report.checks),
        "attribution": report.attribution,
    }


def _forward_json(report: DemoReport) -> dict[str, Any] | None:
    """Trading ahead, None where nobody did. `from_chain` and `computed` tell which bills are which:
    the computed ones follow from the chain's contracts and readings, those without battery from the
    measured data."""
    ahead = report.forward
    if ahead is None:
        return None
    return {
        "homes": list(ahead.homes),
        "gate_seconds_before_day": ahead.gate_seconds,
        "known_seconds_before_day": ahead.known_seconds,
        "contracted_wh": ahead.contracted_wh,
        "imbalance": {
            "name": ahead.imbalance,
            "low_nano": ahead.imbalance_low_nano,
            "high_nano": ahead.imbalance_high_nano,
            "cap_nano": ahead.cap_nano,
        },
        "forward_only_gain_nano": report.forward_only_gain_nano,
        "forward_only_share_ppm": report.forward_only_share_ppm,
        "metered_only_gain_nano": report.metered_only_gain_nano,
        "forward_and_metered_gain_nano": report.gain_net_nano,
        "worse_than_metered_only": [home.id for home in report.homes if home.planning_nano < 0],
        "worse_than_supplier": [home.id for home in report.homes if home.saving_nano < 0],
        "from_chain": ["bill_forward_nano", "bill_market_nano"],
        "computed": ["bill_supplier_nano", "forward_only_nano", "metered_only_nano"],
        "without_battery_metered_nano": ahead.without_battery_nano,
        "batteries": [
            {
                "id": battery.id,
                "capacity_wh": battery.capacity_wh,
                "power_wh": battery.power_wh,
                "efficiency_ppm": battery.efficiency_ppm,
                "without_battery_supplier_nano": battery.without_supplier_nano,
                "without_battery_metered_nano": battery.without_metered_nano,
                "metered_only_nano": battery.metered_only_nano,
                "bill_forward_nano": battery.forward_nano,
                "state_wh": list(battery.state_wh),
            }
            for battery in ahead.batteries
        ],
    }
