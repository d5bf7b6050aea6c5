"""The deployed contracts, driven by brownie: state, roles, money, messages."""

from __future__ import annotations

from typing import Any

import brownie
import pytest

from p2pchain.chain.deployment import Deployment
from p2pchain.eip712 import metering_domain, reading_digest
from p2pchain.model import Reading

# What a test sends is undone by brownie, with snapshots of the node.
pytestmark = pytest.mark.usefixtures("fn_isolation")

MONEY = 20 * 10**9  # nano-currency; the token has six decimals
UNIT = 1_000


def refused(error: str, *values: object) -> Any:
    """Expect a revert with one of the contracts' own errors, as brownie tells of it."""
    return brownie.reverts(f"{error}: {', '.join(map(str, values))}")


def test_the_record_says_what_the_contracts_say(
    record: Deployment, contracts: dict[str, Any], admin: Any
) -> None:
    assert contracts["Registry"].slotSeconds() == record.slot_seconds
    assert contracts["Ledger"].settlement() == record.contracts["Settlement"]
    assert contracts["Ledger"].forward() == record.contracts["ForwardAuction"]
    assert contracts["Ledger"].levels() == record.contracts["Levels"]
    assert contracts["Ledger"].unitNano() == UNIT
    assert contracts["Registry"].authority() == record.contracts["AccessManager"]
    assert contracts["Token"].symbol() == record.currency
    assert contracts["Registry"].areaCount() == 0
    assert admin.nonce > len(record.contracts)


def test_who_has_no_role_changes_nothing(
    record: Deployment, contracts: dict[str, Any], admin: Any, stranger: Any
) -> None:
    registry = contracts["Registry"]
    with refused("AccessManagedUnauthorized", stranger.address.lower()):
        registry.addArea(0, stranger, {"from": stranger})
    with refused("UnknownArea", 5):
        registry.addArea(5, stranger, {"from": admin})
    assert registry.areaCount() == 0
    added = registry.addArea(0, stranger, {"from": admin})
    assert dict(added.events["AreaAdded"]) == {"area": 1, "parent": 0, "operator": stranger}
    assert registry.areaCount() == 1
    assert tuple(registry.area(1))[:2] == (0, stranger.address)


def test_pausing_is_the_guardians(contracts: dict[str, Any], admin: Any, stranger: Any) -> None:
    with refused("AccessManagedUnauthorized", stranger.address.lower()):
        contracts["Markets"].setPaused(True, {"from": stranger})
    contracts["Markets"].setPaused(True, {"from": admin})


def test_money_goes_in_and_out(contracts: dict[str, Any], stranger: Any) -> None:
    ledger, token = contracts["Ledger"], contracts["Token"]
    amount = MONEY // UNIT
    token.mint(stranger, amount, {"from": stranger})
    with refused("ERC20InsufficientAllowance", ledger.address.lower(), 0, amount):
        ledger.deposit(stranger, MONEY, {"from": stranger})
    token.approve(ledger, amount, {"from": stranger})
    with refused("NotRepresentable", MONEY - 1, UNIT):
        ledger.deposit(stranger, MONEY - 1, {"from": stranger})
    paid = ledger.deposit(stranger, MONEY, {"from": stranger})
    assert paid.events["Deposited"]["amountNano"] == MONEY
    assert ledger.heldNano() == MONEY == token.balanceOf(ledger) * UNIT
    assert ledger.accountOf(stranger)[0] == MONEY
    with refused("NotEnoughFree", stranger.address.lower(), MONEY, MONEY + UNIT):
        ledger.withdraw(stranger, MONEY + UNIT, {"from": stranger})
    ledger.withdraw(stranger, MONEY, {"from": stranger})
    assert ledger.heldNano() == 0
    assert token.balanceOf(stranger) == amount


def test_what_a_meter_signs_is_what_the_contract_asks_for(
    record: Deployment, contracts: dict[str, Any]
) -> None:
    """brownie's encoding of the reading, the package's digest, the contract's."""
    values = [(700, 0), (0, 1200), (1, 2), (0, 0), (999, 5)]
    reading = Reading.of(3, 480_000, 12_345, 678, values)
    domain = metering_domain(record.chain_id, record.contracts["Metering"])
    asked = contracts["Metering"].readingDigest(
        (
            reading.meter,
            reading.first_slot,
            reading.slots,
            int(reading.quality),
            reading.import_wh,
            reading.export_wh,
            list(reading.intervals),
            b"",
        )
    )
    assert bytes(asked) == reading_digest(domain, reading)


def test_what_a_test_did_is_undone(contracts: dict[str, Any]) -> None:
    """The tests above ran first, and left nothing."""
    assert contracts["Registry"].areaCount() == 0
    assert contracts["Ledger"].heldNano() == 0
