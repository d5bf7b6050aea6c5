"""What the people who run a market do: areas, suppliers, tariffs, meters, markets, roles.

Each function returns the `Call` to send, or sends it and returns what it created. The roles that
are needed are those of docs/governance.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from p2pchain.chain.abi import Call, Event, struct_of
from p2pchain.chain.bindings import structs
from p2pchain.chain.bindings.enums import Gate, PriceRule
from p2pchain.chain.bindings.forward_auction import AuctionCreated
from p2pchain.chain.bindings.forward_levels import ForwardLevelCreated
from p2pchain.chain.bindings.levels import LevelCreated
from p2pchain.chain.bindings.markets import MarketCreated
from p2pchain.chain.bindings.registry import AreaAdded, MeterRegistered, SupplierAdded
from p2pchain.chain.deployment import ROLES, Contracts
from p2pchain.chain.events import of_receipt
from p2pchain.chain.records import Receipt
from p2pchain.chain.sender import Sender
from p2pchain.eip712 import registration_hash
from p2pchain.errors import BadInput
from p2pchain.keys import Signer
from p2pchain.market import Market
from p2pchain.model import (
    AuctionParams,
    EdgeTerms,
    ForwardLevelParams,
    LevelParams,
    MarketParams,
    Registration,
    TariffRow,
    Terms,
)

E = TypeVar("E", bound=Event)


class Operator:
    """A sender with the roles of an operator on one deployment.

    Without a sender it only makes calls, for whoever wants to look at them first.
    """

    def __init__(self, contracts: Contracts, sender: Sender | None = None) -> None:
        self.contracts = contracts
        self.sender = sender

    def add_area(self, operator: str, parent: int = 0) -> int:
        """Add an area whose network charges go to `operator`; return its number."""
        call = self.contracts.registry.add_area(parent, operator)
        return self._created(call, AreaAdded).area

    def add_supplier(self, account: str, name: str) -> int:
        """Add a supplier; return its number."""
        call = self.contracts.registry.add_supplier(account, name)
        return self._created(call, SupplierAdded).supplier

    def publish_tariff(
        self,
        supplier: int,
        tariff: int,
        from_slot: int,
        rows: Sequence[TariffRow],
        standing_nano: int = 0,
    ) -> Call:
        """Return the call by which a supplier publishes prices from a slot that has not begun."""
        packed = [
            structs.Row(row.energy, row.feed_in, row.imbalance, row.network, row.levies, row.tax)
            for row in rows
        ]
        return self.contracts.tariffs.publish(supplier, tariff, from_slot, packed, standing_nano)

    def register_meter_call(
        self, area: int, point_commitment: bytes, terms: Terms, signer: bytes
    ) -> Call:
        """Return the call that registers a meter; `signer` is an address or an ERC-7913 signer."""
        return self.contracts.registry.register_meter(area, point_commitment, _terms(terms), signer)

    def register_meter(
        self, area: int, point_commitment: bytes, terms: Terms, signer: bytes
    ) -> int:
        """Register a meter with its first terms and key; return its number."""
        call = self.register_meter_call(area, point_commitment, terms, signer)
        return self._created(call, MeterRegistered).meter

    def set_terms(self, meter: int, terms: Terms) -> Call:
        """Return the call that changes owner, supplier, tariff or fuse from a slot on."""
        return self.contracts.registry.set_terms(meter, _terms(terms))

    def create_market(self, params: MarketParams, registration: Registration) -> bytes:
        """Create a market; return its id, the hash of its parameters, which name the hash of its
        registration."""
        call = self.create_market_call(registered(params, registration), registration)
        return self._created(call, MarketCreated).market

    def create_market_call(self, params: MarketParams, registration: Registration) -> Call:
        """Return the call that creates a market whose parameters name its registration."""
        return self.contracts.markets.create_market(
            _params(params), struct_of(structs.Registration, registration)
        )

    def open_market(
        self,
        params: MarketParams,
        registration: Registration,
        suppliers: Mapping[int, Signer],
        from_slot: int,
    ) -> Market:
        """Create a market to which all of these suppliers, by number, agree from a slot on."""
        market = Market(self.contracts, self.create_market(params, registration))
        for number, key in suppliers.items():
            agreement = market.sign_agreement(key, number, from_slot)
            self._send(market.agreement_call(agreement))
        return market

    def create_auction(self, params: AuctionParams) -> bytes:
        """Create a forward auction of a market; return its id, the hash of its parameters."""
        return self._created(self.create_auction_call(params), AuctionCreated).auction

    def create_auction_call(self, params: AuctionParams) -> Call:
        """Return the call that creates a forward auction."""
        packed = struct_of(structs.AuctionParams, params, gate=Gate(int(params.gate)))
        return self.contracts.forward.create_auction(packed)

    def create_level(self, params: LevelParams) -> bytes:
        """Create a level; return its id, the hash of its parameters."""
        return self._created(self.create_level_call(params), LevelCreated).level

    def create_level_call(self, params: LevelParams) -> Call:
        """Return the call that creates a level."""
        return self.contracts.levels.create_level(struct_of(structs.LevelParams, params))

    def create_forward_level(self, params: ForwardLevelParams) -> bytes:
        """Create a level above forward auctions; return its id, the hash of its parameters."""
        return self._created(self.create_forward_level_call(params), ForwardLevelCreated).level

    def create_forward_level_call(self, params: ForwardLevelParams) -> Call:
        """Return the call that creates a level above forward auctions."""
        packed = struct_of(structs.ForwardLevelParams, params, gate=Gate(int(params.gate)))
        return self.contracts.forward_levels.create_level(packed)

    def set_edge(self, area: int, terms: EdgeTerms) -> Call:
        """Return the call by which the operator of an area sets what holds for its edge to the
        parent and for its feeder."""
        return self.contracts.levels.set_edge(area, struct_of(structs.EdgeTerms, terms))

    def set_critical(self, meter: int, window: int, critical: bool) -> Call:
        """Return the call by which the operator of a meter's area registers it as a critical load
        from a window on, or not any more."""
        return self.contracts.levels.set_critical(meter, window, critical)

    def grant_role(self, role: str, account: str, delay_seconds: int = 0) -> Call:
        """Return the call that gives a role to an account. Raises BadInput for an unknown role."""
        return self.contracts.access_manager.grant_role(_role(role), account, delay_seconds)

    def revoke_role(self, role: str, account: str) -> Call:
        """Return the call that takes a role from an account."""
        return self.contracts.access_manager.revoke_role(_role(role), account)

    def _created(self, call: Call, kind: type[E]) -> E:
        return created(self.contracts, self._send(call), kind)

    def _send(self, call: Call) -> Receipt:
        if self.sender is None:
            raise BadInput(f"nobody is there to send {call.name}")
        return self.sender.send(call)


def registered(params: MarketParams, registration: Registration) -> MarketParams:
    """Return the parameters with the hash of what the market is registered as."""
    return replace(params, registration=registration_hash(registration))


def created(contracts: Contracts, receipt: Receipt, kind: type[E]) -> E:
    """Return the event of a transaction that names what it has created."""
    for event in of_receipt(contracts, receipt):
        if isinstance(event, kind):
            return event
    raise AssertionError(f"transaction 0x{receipt.tx_hash.hex()} left no {kind.__name__}")


def _role(name: str) -> int:
    if name == "ADMIN":
        return 0
    if name not in ROLES:
        known = ", ".join(["ADMIN", *ROLES])
        raise BadInput(f"there is no role '{name}'", hint=f"the roles are {known}")
    return ROLES[name]


def _terms(terms: Terms) -> structs.Terms:
    return struct_of(structs.Terms, terms)


def _params(params: MarketParams) -> structs.MarketParams:
    return struct_of(structs.MarketParams, params, rule=PriceRule(int(params.rule)))
