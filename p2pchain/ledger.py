"""The readable twin of `contracts/Ledger.sol`: money free, locked, guaranteed, in transit, claims,
and the contracted energy of every meter and slot. Amounts are nano-currency and Wh.

Every step that the contract reports by an event is reported through `emit`, with the event's name
and its fields, so that a replay can compare the two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from p2pchain.errors import CheckFailed, Refused
from p2pchain.model import account_key

Emit = Callable[..., None]
_U64 = 2**64 - 1


@dataclass(slots=True)
class Account:
    """`free_nano` may be withdrawn; `locked_nano` stands for purchases that are not settled yet."""

    free_nano: int = 0
    locked_nano: int = 0


@dataclass(slots=True)
class Cover:
    """How the locks of one meter are funded, by owner and supplier."""

    own_nano: int = 0
    guarantee_free_nano: int = 0
    guarantee_locked_nano: int = 0


@dataclass(slots=True)
class Claim:
    """What a debtor could not pay when it was due."""

    debtor: str
    creditor: str
    open_nano: int


@dataclass(frozen=True, slots=True)
class Entry:
    """What one meter's settled slots move; `supplier_nano` is negative where the meter owes.
    Of its forward orders: what was locked for them, and what their fills earn (positive) or cost.
    """

    meter: int
    account: str
    supplier: str
    release_nano: int
    pay_nano: int
    income_nano: int
    supplier_nano: int
    collateral_nano: int = 0
    contract_nano: int = 0


@dataclass(frozen=True, slots=True)
class Network:
    """What a supplier passes on to the network operator; negative: what it gets from it."""

    supplier: str
    charge_nano: int


class LedgerTwin:
    """The whole ledger. Refusals raise `Refused` with the contract's error name."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self.accounts: defaultdict[str, Account] = defaultdict(Account)
        self.covers: defaultdict[tuple[str, str, int], Cover] = defaultdict(Cover)
        self.transit_nano: defaultdict[bytes, int] = defaultdict(int)
        self.claims: list[Claim] = []
        self.held_nano = 0
        self.contracted_wh: defaultdict[tuple[int, int], int] = defaultdict(int)

    def deposit(self, account: str, amount_nano: int) -> None:
        """Money comes in from the token."""
        self.accounts[account_key(account)].free_nano += amount_nano
        self.held_nano += amount_nano

    def withdraw(self, account: str, amount_nano: int) -> None:
        """Free money goes out to the token."""
        self._take_free(account_key(account), amount_nano)
        self.held_nano -= amount_nano

    def give_guarantee(self, supplier: str, account: str, meter: int, amount_nano: int) -> None:
        """A supplier covers purchases of a home that pays by bill."""
        supplier = account_key(supplier)
        self._take_free(supplier, amount_nano)
        self.covers[account_key(account), supplier, meter].guarantee_free_nano += amount_nano

    def return_guarantee(self, supplier: str, account: str, meter: int, amount_nano: int) -> None:
        """The part of a guarantee that is not locked goes back to the supplier."""
        supplier = account_key(supplier)
        cover = self.covers[account_key(account), supplier, meter]
        if amount_nano > cover.guarantee_free_nano:
            raise Refused("NotEnoughGuarantee", (cover.guarantee_free_nano, amount_nano))
        cover.guarantee_free_nano -= amount_nano
        self.accounts[supplier].free_nano += amount_nano

    def lock_up_to(self, account: str, supplier: str, meter: int, wanted_nano: int) -> int:
        """Lock what there is, the owner's money first, then the guarantee; return how much."""
        money, cover = self.accounts[account], self.covers[account, supplier, meter]
        own = min(wanted_nano, money.free_nano, _U64 - cover.own_nano)
        guarantee = min(
            wanted_nano - own, cover.guarantee_free_nano, _U64 - cover.guarantee_locked_nano
        )
        if own + guarantee == 0:
            return 0
        money.free_nano -= own
        money.locked_nano += own
        cover.own_nano += own
        cover.guarantee_free_nano -= guarantee
        cover.guarantee_locked_nano += guarantee
        self._emit(
            "Locked",
            account=account,
            meter=meter,
            supplier=supplier,
            own_nano=own,
            guarantee_nano=guarantee,
        )
        return own + guarantee

    def unlock(self, account: str, supplier: str, meter: int, amount_nano: int) -> None:
        """End a lock without a payment."""
        if amount_nano == 0:
            return
        self._release(account, supplier, meter, amount_nano, 0, 0)
        self._emit(
            "Unlocked", account=account, meter=meter, supplier=supplier, amount_nano=amount_nano
        )

    def change_collateral(self, account: str, delta_nano: int) -> bool:
        """Lock free money for forward orders, or release it where negative; return whether there
        was enough. No event: the amount follows from the orders."""
        money = self.accounts[account]
        if delta_nano > money.free_nano:
            return False
        money.free_nano -= delta_nano
        money.locked_nano += delta_nano
        return True

    def settle(
        self,
        market: bytes,
        operator: str,
        fee_account: str,
        fees_nano: int,
        entries: Sequence[Entry],
        networks: Sequence[Network],
    ) -> None:
        """Settle a batch: releases and payments, debits of homes, their credits, networks, fees."""
        for entry in entries:
            lost = max(-entry.contract_nano, 0)
            if entry.pay_nano > entry.release_nano or lost > entry.collateral_nano:
                raise Refused("PaysMoreThanReleased", (entry.meter,))
            self._release(
                entry.account,
                entry.supplier,
                entry.meter,
                entry.release_nano,
                entry.pay_nano,
                entry.income_nano,
            )
            self.transit_nano[market] += entry.pay_nano - entry.income_nano
            self._emit(
                "EntrySettled",
                market=market,
                meter=entry.meter,
                account=entry.account,
                supplier=entry.supplier,
                release_nano=entry.release_nano,
                pay_nano=entry.pay_nano,
                income_nano=entry.income_nano,
                supplier_nano=entry.supplier_nano,
            )
            self._settle_contracts(market, entry)
        # Debits before credits: a supplier pays its customers from what its customers have paid.
        for entry in entries:
            if entry.supplier_nano < 0:
                self._owe(entry.account, entry.supplier, -entry.supplier_nano)
        for entry in entries:
            if entry.supplier_nano > 0:
                self._owe(entry.supplier, entry.account, entry.supplier_nano)
        for network in networks:
            self._settle_network(market, operator, network)
        if fees_nano:
            self.accounts[fee_account].free_nano += fees_nano
            self.transit_nano[market] -= fees_nano
            self._emit("FeesSettled", market=market, account=fee_account, amount_nano=fees_nano)

    def pay_claim(self, claim_id: int) -> int:
        """Pay a claim (numbered from 1) as far as the debtor's free money goes; return how much."""
        if not 1 <= claim_id <= len(self.claims):
            raise Refused("UnknownClaim", (claim_id,))
        claim = self.claims[claim_id - 1]
        paid = self._pay(claim.debtor, claim.creditor, claim.open_nano)
        claim.open_nano -= paid
        self._emit("ClaimPaid", id=claim_id, amount_nano=paid, open_nano=claim.open_nano)
        return paid

    def settle_levels(
        self,
        tree: bytes,
        moves: Sequence[tuple[bytes, int]],
        charges: Sequence[tuple[str, int]],
    ) -> None:
        """Move money in transit from markets to a tree (market, nano; negative: back), and pay
        charges (account, nano) from it."""
        for market, nano in moves:
            self.transit_nano[market] -= nano
            self.transit_nano[tree] += nano
            self._emit("LevelSettled", market=market, tree=tree, nano=nano)
        for account, nano in charges:
            self.accounts[account].free_nano += nano
            self.transit_nano[tree] -= nano
            self._emit("LevelCharged", tree=tree, account=account, nano=nano)

    def post_energy(self, from_meter: int, to_meter: int, slot: int, wh: int) -> None:
        """Post a pair: `from_meter` has sold, `to_meter` has bought."""
        self.contracted_wh[from_meter, slot] -= wh
        self.contracted_wh[to_meter, slot] += wh
        self._emit("EnergyPosted", from_meter=from_meter, to_meter=to_meter, slot=slot, wh=wh)

    def assert_conserved(self, collateral_nano: Mapping[str, int] | None = None) -> None:
        """Raise CheckFailed unless money and energy add up exactly and nothing is negative.

        `collateral_nano` is what stands locked for open forward orders, by account, counted from
        the orders themselves.
        """
        collateral = collateral_nano or {}
        parts = {
            "free": sum(account.free_nano for account in self.accounts.values()),
            "locked": sum(account.locked_nano for account in self.accounts.values()),
            "guarantees": sum(
                cover.guarantee_free_nano + cover.guarantee_locked_nano
                for cover in self.covers.values()
            ),
            "transit": sum(self.transit_nano.values()),
        }
        if sum(parts.values()) != self.held_nano:
            raise CheckFailed(f"money is not conserved: {parts} against {self.held_nano} held")
        own: defaultdict[str, int] = defaultdict(int)
        for (owner, supplier, meter), cover in self.covers.items():
            own[owner] += cover.own_nano
            if min(cover.own_nano, cover.guarantee_free_nano, cover.guarantee_locked_nano) < 0:
                raise CheckFailed(f"cover of meter {meter} is negative: {owner}, {supplier}")
        for name in self.accounts.keys() | collateral.keys():
            account, orders = self.accounts[name], collateral.get(name, 0)
            if account.free_nano < 0 or account.locked_nano != own[name] + orders:
                raise CheckFailed(
                    f"account {name}: {account}, locks of its meters {own[name]}, "
                    f"collateral of its orders {orders}"
                )
        energy: defaultdict[int, int] = defaultdict(int)
        for (_, slot), wh in self.contracted_wh.items():
            energy[slot] += wh
        for slot, wh in energy.items():
            if wh:
                raise CheckFailed(f"contracted energy of slot {slot} adds up to {wh} Wh, not 0")

    def _settle_contracts(self, market: bytes, entry: Entry) -> None:
        if not (entry.collateral_nano or entry.contract_nano):
            return
        money = self.accounts[entry.account]
        money.locked_nano -= entry.collateral_nano
        money.free_nano += entry.collateral_nano + entry.contract_nano
        self.transit_nano[market] -= entry.contract_nano
        self._emit(
            "ContractSettled",
            market=market,
            meter=entry.meter,
            account=entry.account,
            collateral_nano=entry.collateral_nano,
            contract_nano=entry.contract_nano,
        )

    def _settle_network(self, market: bytes, operator: str, network: Network) -> None:
        if network.charge_nano > 0:
            self._owe(network.supplier, operator, network.charge_nano)
        elif network.charge_nano < 0:
            self._owe(operator, network.supplier, -network.charge_nano)
        else:
            return
        self._emit(
            "NetworkSettled",
            market=market,
            supplier=network.supplier,
            operator=operator,
            charge_nano=network.charge_nano,
        )

    def _take_free(self, account: str, amount_nano: int) -> None:
        free = self.accounts[account].free_nano
        if amount_nano > free:
            raise Refused("NotEnoughFree", (account, free, amount_nano))
        self.accounts[account].free_nano -= amount_nano

    def _release(
        self, account: str, supplier: str, meter: int, release: int, pay: int, income: int
    ) -> None:
        """Payment from the own lock first; of the rest, the guarantee gets its part back first."""
        money, cover = self.accounts[account], self.covers[account, supplier, meter]
        own_pays = min(pay, cover.own_nano)
        guarantee_pays = pay - own_pays
        rest = release - pay
        to_guarantee = min(rest, cover.guarantee_locked_nano - guarantee_pays)
        to_free = rest - to_guarantee
        cover.own_nano -= own_pays + to_free
        cover.guarantee_locked_nano -= guarantee_pays + to_guarantee
        cover.guarantee_free_nano += to_guarantee
        money.locked_nano -= own_pays + to_free
        money.free_nano += to_free + income

    def _pay(self, debtor: str, creditor: str, amount_nano: int) -> int:
        paid = min(self.accounts[debtor].free_nano, amount_nano)
        self.accounts[debtor].free_nano -= paid
        self.accounts[creditor].free_nano += paid
        return paid

    def _owe(self, debtor: str, creditor: str, amount_nano: int) -> None:
        unpaid = amount_nano - self._pay(debtor, creditor, amount_nano)
        if unpaid == 0 or debtor == creditor:
            return
        self.claims.append(Claim(debtor, creditor, unpaid))
        self._emit(
            "ClaimOpened",
            id=len(self.claims),
            debtor=debtor,
            creditor=creditor,
            amount_nano=unpaid,
        )
