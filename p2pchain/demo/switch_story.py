"""The story of `p2pchain demo switch`: who switches when, and what goes wrong on the way.

Days count from the first one of the run, times are local. Every step is a call that the person
named in it would make; what comes of it is read back from the chain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from eth_hash.auto import keccak

from p2pchain.chain.abi import Call
from p2pchain.chain.bindings.switching import Contracted
from p2pchain.chain.payments import token_units
from p2pchain.chain.records import Receipt
from p2pchain.chain.sender import Sender
from p2pchain.compensation import compensation
from p2pchain.demo.parts import House
from p2pchain.keys import LocalSigner
from p2pchain.market import Market, packed
from p2pchain.model import Reading
from p2pchain.operator import created
from p2pchain.switch_book import Days, SwitchBook
from p2pchain.switching import Clock, Contract, Reason

#: Suppliers by their number on the chain.
SUPPLIERS: Final = {1: "Valley Power", 2: "Green Deal", 3: "Budget Watt", 4: "Safe Harbour"}
VALLEY, GREEN, BUDGET, HARBOUR = SUPPLIERS
TARIFF: Final = 1
LAST_DAY: Final = 55  # the last of the story's days


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a customer's timeline, and the gas that it took."""

    time: int
    text: str
    gas: int


@dataclass(slots=True)
class Story:
    """What is known while the story goes on."""

    book: SwitchBook
    market: Market
    keys: dict[int, LocalSigner]
    houses: dict[str, House]
    points: dict[str, tuple[int, ...]]
    relayer: Sender
    days: Days
    first_day: int
    operator: LocalSigner
    timelines: dict[str, list[Told]] = field(default_factory=dict)
    switches: dict[str, int] = field(default_factory=dict)
    readings: defaultdict[int, list[Reading]] = field(default_factory=lambda: defaultdict(list))

    def events(self) -> list[tuple[int, Callable[[], None]]]:
        """Return (unix time, step) of the whole story, in the order in which they happen."""
        at, found = self._at, list[tuple[int, Callable[[], None]]]()
        plain = [("H01", GREEN, 2), ("H02", BUDGET, 7), ("H08", BUDGET, 3)]
        for home, to, day in plain:
            found += self._switch(home, to, day, day + 2)
            found.append((at(day + 4, 9), lambda h=home: self.measure(h)))  # type: ignore[misc]
        # an objection that is taken back, and one that stands
        found.append((at(14, 10), lambda: self.request("H03", GREEN, 17)))
        found.append((at(14, 15), lambda: self.objects("H03", VALLEY, Reason.DEBT)))
        found.append((at(15, 9), lambda: self.takes_back("H03", VALLEY)))
        found.append((at(16, 18), lambda: self.secure("H03")))
        found.append((at(18, 9), lambda: self.measure("H03")))
        found.append((at(14, 11), lambda: self.request("H10", BUDGET, 17)))
        found.append((at(14, 16), lambda: self.objects("H10", VALLEY, Reason.DEBT)))
        found.append((at(16, 9), lambda: self.stands("H10")))
        # cooling-off after the start
        found += self._switch("H04", GREEN, 8, 10)
        found.append((at(16, 20), lambda: self.cools_off("H04")))
        # a reading that is disputed
        found += self._switch("H05", GREEN, 9, 11)
        found.append((at(11, 19), lambda: self.reads("H05", 400_000)))
        found.append((at(28, 10), lambda: self.disputes("H05")))
        # nobody wanted that
        found += self._switch("H06", BUDGET, 15, 17)
        found.append((at(22, 9), lambda: self.was_an_error("H06")))
        found.append((at(24, 9), lambda: self.goes_back("H06")))
        found.append((at(30, 9), lambda: self.is_compensated("H06")))
        # electricity and gas together
        found += self._switch("H11", GREEN, 21, 23)
        found.append((at(25, 9), lambda: self.measure("H11")))
        # a supplier who does not get round to it
        found.append((at(22, 9), lambda: self.sign_only("H09", GREEN)))
        found.append((at(31, 9), lambda: self.was_late("H09")))
        # and one who fails
        found.append((at(42, 9), lambda: self.fails(BUDGET, HARBOUR)))
        # final bills
        found.append((at(44, 9), self.bills))
        return sorted(found, key=lambda one: one[0])

    def _switch(
        self, home: str, to: int, day: int, start: int
    ) -> list[tuple[int, Callable[[], None]]]:
        """Signed and requested on one day for another, and secured on the evening before."""
        return [
            (self._at(day, 10), lambda: self.request(home, to, start)),
            (self._at(start - 1, 18), lambda: self.secure(home)),
        ]

    def _at(self, day: int, hour: int) -> int:
        return self.days.start_of(self.first_day + day) + hour * 3600

    # steps

    def request(self, home: str, to: int, start: int) -> None:
        """The customer signs, and the new supplier requests."""
        house, points = self.houses[home], self.points[home]
        now = self.relayer.chain.block().timestamp
        contract = Contract(
            points,
            (TARIFF,) * len(points),
            house.owner.address,
            to,
            self.days.day_of(now),
            True,
            keccak(f"{SUPPLIERS[to]}: the terms of {home}".encode()),
            now,
        )
        signature = self.book.sign_contract(house.owner, contract)
        call = self.book.conclude_call(contract, signature, self.first_day + start if start else 0)
        receipt = self._send(self.keys[to], call)
        self.switches[home] = created(self.book.contracts, receipt, Contracted).id
        what = "electricity and gas" if len(points) > 1 else "electricity"
        text = f"signs with {SUPPLIERS[to]} for {what}"
        self._tell(home, text + ("; the switch is requested" if start else ""), receipt)

    def sign_only(self, home: str, to: int) -> None:
        """The contract is on the chain, and the supplier sleeps."""
        self.request(home, to, 0)

    def secure(self, home: str) -> None:
        """Gate closure."""
        receipt = self._send(None, self.book.secure_call(self.switches[home]))
        self._tell(home, "gate closure: the switch is fixed for tomorrow", receipt)

    def measure(self, home: str) -> None:
        """The meter's own register closes one account and opens the other."""
        for leg in self.book.legs(self.switches[home]):
            handover = self.book.handover(leg.handover)
            if not handover.meter:
                continue
            reading = next(
                one
                for one in self.readings[handover.meter]
                if one.first_slot <= handover.slot <= one.until_slot
            )
            receipt = self._send(None, self.book.measured_call(leg.handover, packed(reading)))
            value = self.book.handover(leg.handover).import_wh
            self._tell(home, f"the meter's register, {value:,} Wh, for both suppliers", receipt)

    def objects(self, home: str, by: int, reason: Reason) -> None:
        """The losing supplier objects."""
        proof = keccak(f"unpaid bill of {home}".encode())
        call = self.book.object_call(self.switches[home], 0, reason, proof)
        receipt = self._send(self.keys[by], call)
        self._tell(home, f"{SUPPLIERS[by]} objects: {reason.name.lower()}", receipt)

    def takes_back(self, home: str, by: int) -> None:
        """The debt is paid."""
        receipt = self._send(self.keys[by], self.book.remove_call(self.switches[home], 0))
        self._tell(home, f"has paid; {SUPPLIERS[by]} takes the objection back", receipt)

    def stands(self, home: str) -> None:
        """Nobody has removed the objection in time."""
        state = self.book.state(self.switches[home]).name.lower()
        self._note(home, f"the objection stands: the switch is off ({state})")

    def cools_off(self, home: str) -> None:
        """The customer thinks better of it, and goes back."""
        house, number = self.houses[home], self.switches[home]
        signature = self.book.sign_cancellation(house.owner, number, back=True)
        receipt = self._send(None, self.book.cancel_call(number, True, signature))
        text = "cancels in the cooling-off days; back with tomorrow, what was used is owed"
        self._tell(home, text, receipt)

    def reads(self, home: str, wh_off: int) -> None:
        """The customer reads his meter himself, and reads it wrongly."""
        (leg,) = self.book.legs(self.switches[home])
        value = self._register(leg.handover) + wh_off
        signature = self.book.sign_reading(self.houses[home].owner, leg.handover, value, 0)
        receipt = self._send(None, self.book.reading_call(leg.handover, value, 0, signature))
        self._tell(home, f"reads {value:,} Wh, and has mistaken a digit", receipt)

    def disputes(self, home: str) -> None:
        """The old supplier disputes it with two readings, and both agree."""
        (leg,) = self.book.legs(self.switches[home])
        right = self._register(leg.handover)
        now = self.relayer.chain.block().timestamp
        proof = keccak(f"two photographs of the meter of {home}".encode())
        read_at = (now - 15 * 86_400, now)
        call = self.book.dispute_call(leg.handover, (right, 0), read_at, proof)
        receipt = self._send(self.keys[VALLEY], call)
        self._tell(home, f"{SUPPLIERS[VALLEY]} disputes the reading: {right:,} Wh", receipt)
        for supplier in (VALLEY, GREEN):
            receipt = self._send(self.keys[supplier], self.book.agree_call(leg.handover, right, 0))
        self._tell(home, f"both suppliers agree on {right:,} Wh", receipt)

    def was_an_error(self, home: str) -> None:
        """The customer claims an erroneous transfer; both suppliers agree."""
        number = self.switches[home]
        signature = self.book.sign_error(self.houses[home].owner, number)
        receipt = self._send(None, self.book.claim_error_call(number, signature))
        self._tell(home, "never wanted this: claims an erroneous transfer", receipt)
        for supplier in (VALLEY, BUDGET):
            receipt = self._send(self.keys[supplier], self.book.answer_call(number, True))
        self._tell(home, "both suppliers agree that it was an error", receipt)

    def goes_back(self, home: str) -> None:
        """The points go back, and their slots count as if they had never left."""
        number = self.switches[home]
        receipt = self._send(None, self.book.return_call(number))
        self._tell(home, f"back to {SUPPLIERS[VALLEY]}, as if never left", receipt)
        self._owe(home, Clock.ERRONEOUS_TRANSFER, number)

    def is_compensated(self, home: str) -> None:
        """The compensating transfers are paid."""
        number = self.switches[home]
        found = compensation(self.book, self.market, number)
        self._allow(BUDGET, found.back_nano)
        call = self.book.compensate_call(number, found.back_nano, found.due_nano, found.statement)
        receipt = self._send(self.keys[BUDGET], call)
        back, due = (nano / 10**9 for nano in (found.back_nano, sum(found.due_nano)))
        text = f"{SUPPLIERS[BUDGET]} pays {back:.2f} back; {SUPPLIERS[VALLEY]} is owed {due:.2f}"
        self._tell(home, text, receipt)

    def was_late(self, home: str) -> None:
        """Five working days are over, and nothing has begun."""
        self._owe(home, Clock.SWITCH, self.switches[home])

    def fails(self, failed: int, successor: int) -> None:
        """A supplier fails; his customers go to the supplier of last resort."""
        self._send(self.operator, self.book.failed_call(failed))
        now = self.relayer.chain.block().timestamp
        slot = now // self.book.contracts.deployment.slot_seconds
        standing_at = self.book.contracts.points.standing_at
        moving = {
            home: [p for p in points if standing_at(p, slot).standing.supplier == failed]
            for home, points in self.points.items()
        }
        points = [point for those in moving.values() for point in those]
        call = self.book.last_resort_call(failed, successor, points, [TARIFF] * len(points))
        receipt = self._send(self.operator, call)
        for home, those in moving.items():
            if those:
                text = f"{SUPPLIERS[failed]} has failed; {SUPPLIERS[successor]} supplies from "
                self._tell(home, text + "tomorrow on", receipt, share=len(points))

    def bills(self) -> None:
        """Valley closes all accounts that have left it; whoever is late owes for it."""
        for number in range(1, self.book.switching.handover_count() + 1):
            handover = self.book.handover(number)
            if handover.losing == VALLEY and handover.slot <= self._slot():
                proof = keccak(f"final bill {number}".encode())
                self._send(self.keys[VALLEY], self.book.final_bill_call(number, proof))
                self._send(self.keys[VALLEY], self.book.refund_call(number))

    # what is common

    def _slot(self) -> int:
        now = self.relayer.chain.block().timestamp
        return now // self.book.contracts.deployment.slot_seconds

    def _register(self, handover: int) -> int:
        """The register that the meter has signed at a change."""
        found = self.book.handover(handover)
        for one in self.readings[found.meter]:
            if one.first_slot <= found.slot <= one.until_slot:
                values = one.values[: found.slot - one.first_slot]
                return one.import_wh + sum(value[0] for value in values)
        raise LookupError(f"meter {found.meter} was not read at slot {found.slot}")

    def _owe(self, home: str, clock: Clock, subject: int) -> None:
        receipt = self._send(None, self.book.liability_call(clock, subject))
        owed = self.book.liabilities()[-1]
        self._allow(owed.supplier, owed.amount_nano)
        paid = self._send(
            self.keys[owed.supplier], self.book.pay_call(self.book.switching.liability_count())
        )
        text = f"{SUPPLIERS[owed.supplier]} owes {owed.amount_nano / 10**9:.0f} for it, and pays"
        self._tell(home, text, receipt)
        self._tell(home, "the money is in the customer's account", paid)

    def _allow(self, supplier: int, nano: int) -> None:
        """A supplier buys so much test money, and lets Switching take it."""
        contracts, account = self.book.contracts, self.keys[supplier].address
        self._send(None, contracts.token.mint(account, token_units(contracts, nano)))
        self._send(self.keys[supplier], self.book.allow_call(nano))

    def _send(self, key: LocalSigner | None, call: Call) -> Receipt:
        """As somebody, or (None) as the relayer, who carries what others have signed."""
        if key is None:
            return self.relayer.send(call)
        with Sender(self.relayer.chain, key) as sender:
            return sender.send(call)

    def _tell(self, home: str, text: str, receipt: Receipt, share: int = 1) -> None:
        time = self.relayer.chain.block(receipt.block_number).timestamp
        told = Told(time, text, receipt.gas_used // share)
        self.timelines.setdefault(home, []).append(told)

    def _note(self, home: str, text: str) -> None:
        now = self.relayer.chain.block().timestamp
        self.timelines.setdefault(home, []).append(Told(now, text, 0))
