"""What switching costs: `python -m bench.switching`, part of `make gas`.

Gas of each path, from receipts of the contracts as they are deployed; it follows from the code
alone, and `--check` compares it with bench/results/switching.json to the unit. Then, for a minute,
homes switch back and forth between two suppliers as fast as one sender and anvil go, beside plain
payments of the token in the same run: a ratio, since times are those of one machine.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from eth_hash.auto import keccak

from bench.gas import differences, toolchain
from bench.report import filled, row, rule
from p2pchain.chain.abi import Call
from p2pchain.chain.bindings.switching import Contracted
from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.deployment import Contracts, deploy
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.node import network_of, running
from p2pchain.chain.rpc import Rpc
from p2pchain.chain.sender import Sender
from p2pchain.eip712 import metering_domain, reading_digest
from p2pchain.keys import LocalSigner
from p2pchain.market import packed
from p2pchain.model import Reading, TariffRow, Terms
from p2pchain.operator import Operator, created
from p2pchain.point_book import PointBook
from p2pchain.points import CustomerClass, Fuel, Point, Standing, Status
from p2pchain.rule_sets import rule_set
from p2pchain.switch_book import SwitchBook
from p2pchain.switching import Clock, Contract, Reason
from p2pchain.working_days import DAY

RESULTS: Final = Path(__file__).parent / "results" / "switching.json"
PAGE: Final = Path(__file__).parents[1] / "docs" / "switching.md"
SCHEMA: Final = 1
GENESIS_DAY: Final = 20_605  # a Monday
SECONDS: Final = 60
HOMES: Final = 64
PROOF: Final = keccak(b"proof")
REGULATOR, OLD, NEW, GRID, AGENT = (dev_signer(place) for place in range(5))
ROW: Final = TariffRow(energy=200_000, feed_in=50_000)
#: Switches of a year: 6.4 million in Great Britain in 2019 (Ofgem's press release).
YEARLY: Final = 6_400_000
PATHS: Final = {
    "contract_and_request": "contract and request, one point",
    "contract_and_request_both": "the same for electricity and gas",
    "secure": "secured, one point",
    "secure_both": "the same for electricity and gas",
    "measured": "the meter's register",
    "customer": "the customer's reading",
    "dispute": "disputed",
    "agree": "agreed upon, by both",
    "final_bill": "final bill and refund",
    "object": "objection",
    "remove": "taken back",
    "withdraw": "withdrawn",
    "cancel": "cancelled before it began",
    "cool_off": "cooled off and sent back",
    "claim": "an error claimed, and answered by both",
    "return": "sent back as if never left",
    "compensate": "compensating transfers",
    "liability": "a missed clock, taken down and paid",
    "last_resort": "to a supplier of last resort, one point",
}


@dataclass
class Town:
    """Homes with a point of electricity, a meter and a point of gas each; two suppliers."""

    chain: Chain
    sender: Sender
    homes: int
    rules: str
    gas: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        setup = deploy(self.sender, slot_seconds=1800, currency="GBP")
        self.contracts = Contracts(self.chain, setup)
        self.book, points = SwitchBook(self.contracts), PointBook(self.contracts)
        self.senders = {key.address: Sender(self.chain, key) for key in (OLD, NEW, GRID, AGENT)}
        operator, send = Operator(self.contracts, self.sender), self.sender.send
        area = operator.add_area(GRID.address)
        self.slot = GENESIS_DAY * 48 + 48
        for key in (OLD, NEW):
            number = operator.add_supplier(key.address, "supplier")
            call = operator.publish_tariff(number, 1, self.slot, [ROW])
            self.senders[key.address].send(call)
            send(self.contracts.token.mint(key.address, 10**18))
            self.senders[key.address].send(self.book.allow_call(10**18))
        send(self.book.create_calendar_call("bench", GENESIS_DAY - 30, 0))
        send(self.book.publish_days_call(1, GENESIS_DAY + 900, [], []))
        send(self.book.rules_call(area, self.rules, rule_set(self.rules).rules(1)))
        self.go(self.slot * 1800)
        for place in range(self.homes):
            held = keccak(f"point {place}".encode())
            owner, key = self.owner(place), self.meter_key(place)
            terms = Terms(owner.address, self.slot, 1, 1, 20_000)
            meter = operator.register_meter(area, held, terms, bytes.fromhex(key.address[2:]))
            for fuel in Fuel:
                standing = Standing(
                    owner.address,
                    self.slot,
                    1,
                    Status.ENERGISED,
                    CustomerClass.DOMESTIC,
                    GRID.address,
                    0 if fuel else meter,
                    AGENT.address,
                )
                commitment = keccak(held) if fuel else held
                send(points.register_call(Point(commitment, area, fuel), standing))

    @staticmethod
    def owner(place: int) -> LocalSigner:
        """The key of a home's owner."""
        return LocalSigner(keccak(f"p2pchain bench switching owner {place}".encode()))

    @staticmethod
    def meter_key(place: int) -> LocalSigner:
        """The key of a home's meter."""
        return LocalSigner(keccak(f"p2pchain bench switching meter {place}".encode()))

    def go(self, moment: int) -> None:
        """Let the chain's clock go on."""
        if self.chain.block().timestamp < moment:
            self.chain.set_time(moment)

    def day(self, number: int, hour: int = 0) -> None:
        """Go to an hour of a day, counted from the first Tuesday."""
        self.go((GENESIS_DAY + 1 + number) * DAY + hour * 3600)

    def spend(self, name: str, who: LocalSigner | None, *calls: Call) -> None:
        """Send calls, and count their gas under a name the first time."""
        sender = self.sender if who is None else self.senders[who.address]
        used = sum(sender.send(call).gas_used for call in calls)
        self.gas.setdefault(name, used)

    def contract(self, place: int, to: int, both: bool = False) -> tuple[Contract, bytes]:
        """A contract of a home, signed now."""
        points = (2 * place + 1, 2 * place + 2) if both else (2 * place + 1,)
        now, owner = self.chain.block().timestamp, self.owner(place)
        contract = Contract(points, (1,) * len(points), owner.address, to, 0, True, PROOF, now)
        return contract, self.book.sign_contract(owner, contract)

    def request(self, place: int, start: int, *, both: bool = False) -> int:
        """A home signs with the new supplier, who requests it; return the switch."""
        contract, signature = self.contract(place, 2, both)
        call = self.book.conclude_call(contract, signature, GENESIS_DAY + 1 + start)
        name = "contract_and_request_both" if both else "contract_and_request"
        receipt = self.senders[NEW.address].send(call)
        self.gas.setdefault(name, receipt.gas_used)
        return created(self.contracts, receipt, Contracted).id


def paths(town: Town) -> dict[str, int]:
    """Walk every path once, in two weeks; return the gas of each step."""
    book, spend = town.book, town.spend
    town.day(0, 9)
    plain, both = town.request(0, 2), town.request(1, 2, both=True)
    disputed, cooled, wrong = (town.request(place, 2) for place in (2, 3, 4))
    objected, withdrawn, cancelled = (town.request(place, 2) for place in (5, 6, 7))
    spend("object", OLD, book.object_call(objected, 0, Reason.DEBT, PROOF))
    spend("remove", OLD, book.remove_call(objected, 0))
    spend("withdraw", NEW, book.withdraw_call(withdrawn))
    signature = book.sign_cancellation(town.owner(7), cancelled, back=False)
    spend("cancel", None, book.cancel_call(cancelled, False, signature))
    spend("contract", None, book.conclude_call(*town.contract(8, 2)))
    town.day(1, 18)
    for switch in (plain, disputed, cooled, wrong):
        spend("secure", None, book.secure_call(switch))
    spend("secure_both", None, book.secure_call(both))
    town.day(3, 9)
    _read(town, book.legs(plain)[0].handover, book.legs(disputed)[0].handover)
    handover = book.legs(plain)[0].handover
    spend("final_bill", OLD, book.final_bill_call(handover, PROOF), book.refund_call(handover))
    signature = book.sign_cancellation(town.owner(3), cooled, back=True)
    spend("cool_off", None, book.cancel_call(cooled, True, signature))
    _undo(town, wrong)
    town.day(10, 9)
    spend(
        "liability",
        OLD,
        book.liability_call(Clock.SWITCH, book.switching.switch_count()),
        book.pay_call(book.switching.liability_count() + 1),
    )
    town.sender.send(book.failed_call(1))
    spend("last_resort", None, book.last_resort_call(1, 2, [2 * 9 + 1], [1]))
    return {name: town.gas[name] for name in PATHS}


def _read(town: Town, plain: int, disputed: int) -> None:
    """The registers of two changes: measured, and misread."""
    book, spend = town.book, town.spend
    found = book.handover(plain)
    reading = Reading.of(found.meter, found.slot - 16, 4_000_000, 0, [(300, 0)] * 48)
    domain = metering_domain(town.chain.chain_id, town.contracts.metering.address)
    signature = town.meter_key(0).sign_digest(reading_digest(domain, reading))
    spend(
        "measured", None, book.measured_call(plain, packed(replace(reading, signature=signature)))
    )
    signed = book.sign_reading(town.owner(2), disputed, 4_900_000, 0)
    spend("customer", None, book.reading_call(disputed, 4_900_000, 0, signed))
    now = town.chain.block().timestamp
    right = (4_100_000, 0)
    spend("dispute", OLD, book.dispute_call(disputed, right, (now - 15 * DAY, now), PROOF))
    receipts = [
        town.senders[key.address].send(book.agree_call(disputed, *right)) for key in (OLD, NEW)
    ]
    town.gas["agree"] = sum(receipt.gas_used for receipt in receipts)


def _undo(town: Town, wrong: int) -> None:
    """An erroneous transfer is claimed, agreed upon and undone."""
    book, spend = town.book, town.spend
    signature = book.sign_error(town.owner(4), wrong)
    used = town.sender.send(book.claim_error_call(wrong, signature)).gas_used
    for key in (OLD, NEW):
        used += town.senders[key.address].send(book.answer_call(wrong, True)).gas_used
    town.gas["claim"] = used
    spend("return", None, book.return_call(wrong))
    spend("compensate", NEW, book.compensate_call(wrong, 10**9, [9 * 10**8], PROOF))


def throughput(town: Town) -> dict[str, Any]:
    """Let all homes switch back and forth for a minute; return how many a second, beside plain
    payments."""
    done, round_ = 0, 0
    started = time.monotonic()
    while time.monotonic() - started < SECONDS:
        town.day(2 * round_, 9)
        to, key = (2, NEW) if round_ % 2 == 0 else (1, OLD)
        first = town.book.switching.switch_count() + 1
        calls = [
            town.book.conclude_call(*town.contract(place, to), GENESIS_DAY + 2 + 2 * round_)
            for place in range(town.homes)
        ]
        town.senders[key.address].send_many(calls)
        town.day(2 * round_, 24 - 1)
        numbers = range(first, first + town.homes)
        town.sender.send_many([town.book.secure_call(number) for number in numbers])
        done, round_ = done + town.homes, round_ + 1
    seconds = time.monotonic() - started
    payments = _payments(town, SECONDS / 4)
    return {
        "switches": done,
        "seconds": round(seconds, 1),
        "switches_per_second": round(done / seconds, 1),
        "payments_per_switch": round(payments * seconds / done, 2),
    }


def _payments(town: Town, limit: float) -> float:
    """Plain payments of the token a second, sent the same way."""
    sender = town.senders[OLD.address]
    call = town.contracts.token.transfer(NEW.address, 1)
    started, count = time.monotonic(), 0
    while time.monotonic() - started < limit:
        sender.send_many([call] * town.homes)
        count += town.homes
    return count / (time.monotonic() - started)


@contextmanager
def town_of(homes: int, rules: str) -> Iterator[Town]:
    """Start a chain with a town."""
    with (
        running(engine="anvil", genesis_time=GENESIS_DAY * DAY) as node,
        connect(network_of(node)) as chain,
        Sender(chain, REGULATOR) as sender,
    ):
        # However slow the machine is: what is signed has the time in it, and zero bytes cost less.
        assert isinstance(chain, Rpc)
        chain.request("anvil_setBlockTimestampInterval", 1)
        yield Town(chain, sender, homes, rules)


def collect() -> dict[str, int]:
    """Return the gas of every path."""
    with town_of(10, "GB") as town:
        return paths(town)


def load(path: Path = RESULTS) -> dict[str, Any]:
    """Return the committed figures."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def check() -> list[str]:
    """Measure gas again; return the differences from the committed figures."""
    return differences({"gas": collect()}, {"gas": load()["gas"]})


def rendered(content: Mapping[str, Any], page: str) -> str:
    """Return docs/switching.md with these figures."""
    return filled(page, [("figures", list(_lines(content)))])


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    gas, rate = content["gas"], content["rate"]
    yield row("path", "gas")
    yield rule(2)
    for name, title in PATHS.items():
        yield row(title, f"{gas[name]:,}")
    whole = gas["contract_and_request"] + gas["secure"] + gas["measured"] + gas["final_bill"]
    second = YEARLY / (365 * 86_400)
    yield ""
    yield (
        f"A switch with its register, final bill and refund is {whole:,} gas in five "
        "transactions. "
        f"{YEARLY / 1e6:.1f} million a year, as in Great Britain in 2019, are {second:.2f} a "
        f"second on average, or {whole * second / 1e6:.2f} million gas a second; ten times that "
        f"at a peak is {10 * whole * second / 1e6:.1f}. A chain of 30 million gas in five seconds "
        "has 6."
    )
    yield ""
    yield (
        f"On anvil, {HOMES} homes that switch back and forth for a minute through one sender made "
        f"{rate['switches_per_second']} switches a second, signed, requested and secured: two "
        f"transactions each. In the same run {rate['payments_per_switch']} plain payments of the "
        "token fitted into the time of one switch."
    )
    yield ""
    yield (
        "Technically a switch is two blocks: request, and secure. What a customer waits for are "
        "the windows of the rules: by `GB` from the morning of one working day to the second "
        "midnight after it, and five working days at most; by `EU` to the next midnight."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.switching", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare gas, write nothing")
    if parser.parse_args(arguments).check:
        lines = check()
        print("\n".join(lines) or "gas is as in bench/results/switching.json")
        return int(bool(lines))
    gas = collect()
    with town_of(HOMES, "EU") as town:
        rate = throughput(town)
    content = {"schema": SCHEMA, "toolchain": toolchain(), "gas": gas, "rate": rate}
    RESULTS.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(rendered(content, PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"written to {RESULTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
