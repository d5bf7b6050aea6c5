"""What trading ahead came to: from the chain, and what else it could have been by the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from p2pchain.control import compare
from p2pchain.control.compare import Comparison, Contracted
from p2pchain.data import Community, Home
from p2pchain.demo import ahead
from p2pchain.errors import CheckFailed
from p2pchain.history import History
from p2pchain.report.model import BatteryResult, ForwardResult
from p2pchain.rules import rule_set

if TYPE_CHECKING:
    from p2pchain.demo.run import Settings

IMBALANCE = "the supplier's retail energy price"


@dataclass(frozen=True, slots=True)
class Planned:
    """Trading ahead in one run.

    `bills` are computed from the chain's contracts and readings, `paid_nano` is what the chain
    settled with each home; `expected` is what the orders come to by the rules, `contracted` what
    the chain made of them; `before` are the bills of the same days without batteries and orders.
    """

    plan: ahead.Plan
    bills: Comparison
    paid_nano: Mapping[str, int]
    expected: Contracted
    contracted: Contracted
    before: Comparison

    @classmethod
    def of(
        cls,
        community: Community,
        plan: ahead.Plan,
        settings: Settings,
        meters: Mapping[str, int],
        past: History,
    ) -> Planned:
        """Return what came of a plan; `community` has no batteries."""
        rules, fee = rule_set(settings.rules), settings.fee_nano
        metered, contracted = _from_chain(community, meters, past)
        nothing = Contracted({}, (None,) * len(community.slots))
        paid = {
            home: sum(entry.cost_nano for entry in past.of_meter(meter))
            for home, meter in meters.items()
        }
        return cls(
            plan=plan,
            bills=compare.bills(metered, contracted, rules=rules, fee_nano=fee),
            paid_nano=paid,
            expected=compare.contract(
                plan.community,
                plan.orders,
                rules=rules,
                book=compare.Book(tick_nano=ahead.TICK_NANO),
            ),
            contracted=contracted,
            before=compare.bills(community, nothing, rules=rules, fee_nano=fee),
        )

    def result(self, past: History) -> ForwardResult:
        """Return what a report says of it."""
        prices = {entry.row.imbalance for entry in past.slots}
        return ForwardResult(
            homes=tuple(self.plan.orders),
            gate_seconds=ahead.GATE_SECONDS,
            known_seconds=ahead.KNOWN_SECONDS,
            contracted_wh=sum(slot.forward_wh for slot in self.bills.slots),
            imbalance=IMBALANCE,
            imbalance_low_nano=min(prices),
            imbalance_high_nano=max(prices),
            cap_nano=ahead.CAP_NANO,
            batteries=self._batteries(),
            without_battery_nano=(
                sum(bill.metered_nano for bill in self.before.homes)
                if self.plan.batteries
                else None
            ),
        )

    def _batteries(self) -> tuple[BatteryResult, ...]:
        planned = self.plan.batteries
        if planned is None:
            return ()
        before = {bill.id: bill for bill in self.before.homes}
        after = {bill.id: bill for bill in self.bills.homes}
        return tuple(
            BatteryResult(
                id=name,
                capacity_wh=ahead.BATTERY.capacity_wh,
                power_wh=ahead.BATTERY.power_wh,
                efficiency_ppm=ahead.BATTERY.efficiency_ppm,
                without_supplier_nano=before[name].supplier_nano,
                without_metered_nano=before[name].metered_nano,
                metered_only_nano=after[name].metered_nano,
                forward_nano=self.paid_nano[name],
                state_wh=tuple(step.state_wh for step in steps),
            )
            for name, steps in planned.done.items()
        )


def plan_holds(planned: Planned) -> None:
    """Raise CheckFailed unless the chain has contracted and settled what the rules come to, for
    every home to the unit."""
    for bill in planned.bills.homes:
        if bill.both_nano != planned.paid_nano[bill.id]:
            raise CheckFailed(
                f"{bill.id}: settled for {planned.paid_nano[bill.id]} nano, by the rules it is "
                f"{bill.both_nano}"
            )
        found = tuple(planned.contracted.wh[bill.id])
        if found != tuple(planned.expected.wh[bill.id]):
            raise CheckFailed(f"{bill.id}: other contracts than the orders come to")
    if tuple(planned.contracted.price_nano) != tuple(planned.expected.price_nano):
        raise CheckFailed("other forward prices than the orders come to")


def _from_chain(
    community: Community, meters: Mapping[str, int], past: History
) -> tuple[Community, Contracted]:
    """The days as the chain has them: readings, contracts, their prices."""
    homes, wh = [], {}
    prices: dict[int, int] = {}
    for home, meter in meters.items():
        entries = {entry.slot: entry for entry in past.of_meter(meter)}
        own = [entries[slot] for slot in community.slots]
        homes.append(
            Home(
                home,
                tuple(entry.import_wh for entry in own),
                tuple(entry.export_wh for entry in own),
            )
        )
        wh[home] = tuple(entry.contract.net_wh for entry in own)
        for entry in own:
            if entry.contract.net_wh:
                prices[entry.slot] = entry.contract.nano // entry.contract.net_wh
    profiles = replace(community.profiles, homes=tuple(homes))
    by_slot = tuple(prices.get(slot) for slot in community.slots)
    return replace(community, profiles=profiles), Contracted(wh, by_slot)
