"""What a deployment costs: the same steps, carried out on the embedded chain beforehand.

A node cannot estimate a step whose contracts do not stand yet, so all of them are carried out where
it costs nothing, and their gas is read from the receipts. It differs from the real one by a few
units for each byte of an address that is zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from p2pchain.chain.bindings.test_currency import TestCurrency
from p2pchain.chain.connect import Chain
from p2pchain.chain.costs import fee_offer
from p2pchain.chain.deployment import initcode
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.rollout import Rollout, Setup, Step
from p2pchain.chain.sender import Sender
from p2pchain.chain.tester import Tester
from p2pchain.errors import BadInput, CheckFailed

_COIN = 10**18


@dataclass(frozen=True, slots=True)
class Cost:
    """What is still to be paid, in wei: `now` at the present price of gas, `at_most` at the price
    that is offered, `needed` on the account so that a node takes each step at the present price."""

    gas: int
    price: int
    offered: int
    now: int
    at_most: int
    needed: int
    balance: int


def gas_of(setup: Setup, steps: Sequence[Step]) -> list[int]:
    """Return the gas of each step of a deployment, in their order."""
    found = list(_rehearsed(setup))
    if len(found) != len(steps):
        raise AssertionError(f"{len(found)} steps were rehearsed, {len(steps)} are planned")
    return found


@lru_cache(maxsize=4)
def _rehearsed(setup: Setup) -> tuple[int, ...]:
    actor = dev_signer(0)
    chain = Tester(genesis_time=1_700_000_000)
    with Sender(chain, actor) as sender:
        token = setup.token
        if token is not None:
            code = initcode("TestCurrency", {}) + TestCurrency.constructor("", "")
            token = sender.deploy(code).contract_address
        holders = tuple(
            replace(one, account=actor.address if one.account == setup.deployer else one.account)
            for one in setup.holders
        )
        rehearsed = Rollout.take_up(
            chain, replace(setup, deployer=actor.address, token=token, holders=holders)
        )
        rehearsed.run(sender)
    return tuple(row["gas"] for row in rehearsed.log)


def cost_of(chain: Chain, account: str, gas: Sequence[int]) -> Cost:
    """Return what these transactions cost on a chain, as its prices are now."""
    fee = fee_offer(chain)
    price = fee.max_fee
    if fee.priority is not None:
        price = min(price, (chain.block().base_fee or 0) + fee.priority)
    total = sum(gas)
    # A node wants the limit, a fifth above the estimate, at the offered price on the account.
    reserve = max(gas, default=0) * 12 // 10
    needed = total * price + max(0, reserve * fee.max_fee - max(gas, default=0) * price)
    return Cost(
        total,
        price,
        fee.max_fee,
        total * price,
        total * fee.max_fee,
        needed,
        chain.balance(account),
    )


def require_affordable(cost: Cost, account: str) -> None:
    """Raise Refused where the balance does not suffice."""
    if cost.balance < cost.needed:
        raise CheckFailed(
            f"{account} has {coins(cost.balance)} of the chain's coin, and this needs "
            f"{coins(cost.needed)}",
            hint=f"send it {coins(cost.needed - cost.balance)}, and more if prices may rise",
        )


def require_room(chain: Chain, gas: Sequence[int]) -> None:
    """Raise BadInput where a block of the chain does not hold the largest step."""
    limit = chain.block().gas_limit
    if gas and max(gas) * 12 // 10 > limit:
        raise BadInput(
            f"a block of {chain.network.label} holds {limit} gas, and one step needs {max(gas)}",
            hint="the contracts do not fit this chain",
        )


def coins(wei: int) -> str:
    """Return an amount of the chain's coin with all the places that it has and six at most.

    What is left is rounded up, so that a cost is not shown as nothing.
    """
    millionths = -(-wei * 10**6 // _COIN)
    whole, rest = divmod(millionths, 10**6)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")
