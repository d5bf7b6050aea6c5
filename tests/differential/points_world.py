"""Metering points on real contracts: random calls by those who may, and by those who may not."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from p2pchain import checks
from p2pchain.chain.abi import Call
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.errors import Refused
from p2pchain.operator import Operator
from p2pchain.point_book import PointBook
from p2pchain.points import (
    NOBODY,
    Consent,
    CustomerClass,
    Fuel,
    Point,
    PointsTwin,
    Standing,
    Status,
    Tenancy,
    Withdrawal,
    purpose_bytes,
)
from tests.differential.outcome import reason_of, sent_as_expected

PURPOSES = tuple(map(purpose_bytes, ("forecast", "bill check")))
PEOPLE = 9  # dev accounts: registrar, two suppliers, a network operator, agents, customers
REGISTRAR = 0


class PointsWorld:
    """Plays `steps` calls. What the twin and the rules of who may call expect must come of each."""

    def __init__(self, contracts: Contracts, seed: int) -> None:
        self.rng = random.Random(seed)
        self.contracts, self.chain = contracts, contracts.chain
        self.book = PointBook(contracts)
        self.people = [dev_signer(place) for place in range(PEOPLE)]
        self.senders = [Sender(self.chain, one) for one in self.people]
        self.counts: Counter[str] = Counter()
        operator = Operator(contracts, self.senders[REGISTRAR])
        # Switching does this elsewhere; here the registrar may, so that it happens at random.
        self.senders[REGISTRAR].send(
            operator.grant_role("SWITCHING", self.people[REGISTRAR].address)
        )
        self.area = operator.add_area(self.people[3].address)
        self.suppliers: dict[int, str] = {}
        for place in (1, 2):
            account = self.people[place].address
            self.suppliers[operator.add_supplier(account, f"supplier {place}")] = account
        self.twin = PointsTwin(self.suppliers, lambda meter: None)  # there are no meters

    # what is drawn

    @property
    def now(self) -> int:
        """The time of the next block: the chain stands still unless it is moved."""
        return self.chain.block().timestamp

    @property
    def slot(self) -> int:
        return self.now // self.contracts.deployment.slot_seconds

    def someone(self) -> int:
        return self.rng.randrange(PEOPLE)

    def point(self) -> int:
        return self.rng.randint(1, len(self.twin.points) + (self.rng.random() < 0.1))

    def soon(self, point: int) -> int:
        """Mostly a slot that may be changed, seldom one that has begun."""
        latest = self.twin.latest(point).from_slot if point in self.twin.points else self.slot
        return max(latest, self.slot + 2) + self.rng.choice((-3, -1, 0, 0, 1, 1, 2))

    def of_record(self, account: str) -> int:
        """Mostly the place of an account among the people, else somebody."""
        for place, one in enumerate(self.people):
            if one.address == account and self.rng.random() < 0.8:
                return place
        return self.someone()

    # playing

    def play(self, steps: int) -> None:
        """Make so many calls."""
        moves = (
            (self._register, 2),
            (self._relate, 1),
            (self._supplier, 3),
            (self._network, 1),
            (self._status, 2),
            (self._agent, 2),
            (self._move_in, 3),
            (self._move_out, 1),
            (self._consent, 4),
            (self._withdraw, 2),
        )
        chosen = self.rng.choices([m for m, _ in moves], [n for _, n in moves], k=steps)
        for place, move in enumerate(chosen):
            if self.rng.random() < 0.2:
                seconds = self.contracts.deployment.slot_seconds
                self.chain.set_time(self.now + self.rng.randrange(2 * seconds))
                self.chain.mine()
            (self._register if place == 0 else move)()
        self.counts["steps"] += steps

    def _try(self, who: int, call: Call, may: str | None, apply: Callable[[], object]) -> None:
        """Send a call; `may` is the name of the refusal that comes before the twin's rules."""
        expected = reason_of(apply) if may is None else may
        sent_as_expected(self.senders[who], call, expected)
        self.counts["refused" if expected else call.name] += 1
        if expected:
            self.counts[expected] += 1

    def _restricted(self, who: int) -> str | None:
        return None if who == REGISTRAR else "AccessManagedUnauthorized"

    def _by_record(self, who: int, point: int, account: Callable[[Standing], str]) -> str | None:
        if point not in self.twin.points:
            return "UnknownPoint"
        if self.people[who].address == account(self.twin.latest(point)):
            return None
        return "NotOfRecord"

    def _put(self, point: int, slot: int, **what: object) -> None:
        self.twin.put(point, self.twin.changed(point, slot, **what), self.slot)

    # calls

    def _register(self) -> None:
        rng, who = self.rng, REGISTRAR if self.rng.random() < 0.9 else self.someone()
        what = Point(
            rng.randrange(40).to_bytes(32, "big"),
            self.area,
            rng.choice(list(Fuel)),
            rng.random() < 0.3,
        )
        first = Standing(
            NOBODY if rng.random() < 0.2 else self.people[self.someone()].address,
            self.slot + rng.randrange(1, 4),
            rng.choice(list(self.suppliers)),
            rng.choice((Status.NEW, Status.ENERGISED)),
            rng.choice(list(CustomerClass)),
            NOBODY if rng.random() < 0.05 else self.people[3].address,
            0,
            self.people[4].address,
        )
        call = self.book.register_call(what, first)
        self._try(who, call, self._restricted(who), lambda: self.twin.register(what, first))

    def _relate(self) -> None:
        who = REGISTRAR if self.rng.random() < 0.9 else self.someone()
        one, other = self.point(), self.point()
        call = self.book.relate_call(one, other)
        self._try(who, call, self._restricted(who), lambda: self.twin.relate(one, other))

    def _supplier(self) -> None:
        who = REGISTRAR if self.rng.random() < 0.9 else self.someone()
        point = self.point()
        slot, to = self.soon(point), self.rng.choice(list(self.suppliers))
        call = self.book.points.set_supplier(point, slot, to)
        put = lambda: self.twin.set_supplier(point, slot, to, self.slot)  # noqa: E731
        self._try(who, call, self._restricted(who), put)

    def _network(self) -> None:
        who, point = REGISTRAR, self.point()
        slot, to = self.soon(point), self.people[self.rng.choice((3, 7))].address
        call = self.book.network_operator_call(point, slot, to)
        put = lambda: self._put(point, slot, network_operator=to)  # noqa: E731
        self._try(who, call, None, put)

    def _status(self) -> None:
        point, to = self.point(), self.rng.choice((*Status, Status.ENERGISED, Status.DE_ENERGISED))
        who = self._likely(point, lambda s: s.network_operator)
        slot = self.soon(point)
        may = self._by_record(who, point, lambda s: s.network_operator)
        call = self.book.status_call(point, slot, to)
        self._try(who, call, may, lambda: self._put(point, slot, status=to))

    def _agent(self) -> None:
        point, to = self.point(), self.people[self.rng.choice((4, 5))].address
        who = self._likely(point, lambda s: self.suppliers[s.supplier])
        slot = self.soon(point)
        may = self._by_record(who, point, lambda s: self.suppliers[s.supplier])
        call = self.book.meter_agent_call(point, slot, to)
        self._try(who, call, may, lambda: self._put(point, slot, meter_agent=to))

    def _move_in(self) -> None:
        point, customer = self.point(), self.someone()
        who = self._likely(point, lambda s: self.suppliers[s.supplier])
        slot, kind = self.soon(point), self.rng.choice(list(CustomerClass))
        account = self.people[customer].address
        signer = customer if self.rng.random() < 0.8 else self.someone()
        tenancy = self.book.sign_tenancy(self.people[signer], Tenancy(point, slot, account, kind))
        may = self._by_record(who, point, lambda s: self.suppliers[s.supplier])
        if may is None and signer != customer:
            may = "NotSignedByCustomer"
        put = lambda: self._put(point, slot, customer=account, customer_class=kind)  # noqa: E731
        self._try(who, self.book.move_in_call(tenancy), may, put)

    def _move_out(self) -> None:
        point = self.point()
        who = self._likely(point, lambda s: s.customer)
        slot = self.soon(point)
        may = self._by_record(who, point, lambda s: s.customer)
        if may == "NotOfRecord" and self.twin.latest(point).customer == NOBODY:
            may = "NoCustomer"
        call = self.book.move_out_call(point, slot)
        self._try(who, call, may, lambda: self._put(point, slot, customer=NOBODY))

    def _consent(self) -> None:
        rng, customer = self.rng, self.someone()
        account, reader = self.people[customer].address, self.people[self.someone()].address
        point, purpose = self.point(), rng.choice(PURPOSES)
        first = self.slot + rng.randrange(-3, 3)
        consent = Consent(
            point,
            account,
            reader,
            purpose,
            first,
            first + rng.randrange(6),
            self.now + rng.choice((-100, 10_000, 100_000)),
            self.twin.consent_of(point, account, reader, purpose).sequence
            + rng.choice((0, 1, 1, 2)),
        )
        signer = customer if rng.random() < 0.85 else self.someone()
        signed = self.book.sign_consent(self.people[signer], consent)
        who = self.someone()
        call = self.book.consent_call(signed)
        self._signed(who, customer, signer, call, lambda: self.twin.give_consent(consent, self.now))

    def _withdraw(self) -> None:
        rng = self.rng
        keys = list(self.twin.consents)
        if keys and rng.random() < 0.9:
            point, account, reader, purpose = rng.choice(keys)
        else:
            point, purpose = self.point(), PURPOSES[0]
            account, reader = (self.people[self.someone()].address for _ in range(2))
        (customer,) = (n for n, p in enumerate(self.people) if p.address.lower() == account.lower())
        before = self.twin.consent_of(point, account, reader, purpose).sequence
        withdrawal = Withdrawal(
            point, self.people[customer].address, reader, purpose, before + rng.choice((0, 1, 1, 3))
        )
        signer = customer if rng.random() < 0.85 else self.someone()
        signed = self.book.sign_withdrawal(self.people[signer], withdrawal)
        call = self.book.withdrawal_call(signed)
        apply = lambda: self.twin.withdraw_consent(withdrawal)  # noqa: E731
        self._signed(self.someone(), customer, signer, call, apply)

    def _signed(
        self, who: int, customer: int, signer: int, call: Call, apply: Callable[[], object]
    ) -> None:
        """What customers sign: the rules come first, then the signature."""
        kept = dict(self.twin.consents)
        try:
            apply()
            may = None
        except Refused as refusal:
            may = refusal.reason
        if may is None and customer not in (who, signer):
            self.twin.consents.clear()
            self.twin.consents.update(kept)
            may = "NotSignedByCustomer"
        self._try(who, call, may, lambda: None)

    def _likely(self, point: int, account: Callable[[Standing], str]) -> int:
        if point not in self.twin.points:
            return self.someone()
        return self.of_record(account(self.twin.latest(point)))

    # checking

    def check(self) -> Counter[str]:
        """Compare with every getter, with the replay, and who may read what."""
        replayed = checks.replay(self.contracts)
        self.counts["compared"] += checks.compare(self.contracts, replayed)
        assert replayed.points.by_commitment == self.twin.by_commitment
        for number in self.twin.points:
            assert self.book.standings(number) == self.twin.standings(number)
            self._check_time(number)
        for _ in range(100):
            point = self.rng.randint(1, len(self.twin.points))
            who = self.people[self.someone()].address
            purpose, slot = self.rng.choice(PURPOSES), self.slot + self.rng.randrange(-5, 8)
            said = self.book.may_read(point, who, purpose, slot)
            assert said == self.twin.may_read(point, who, purpose, slot, self.now)
            self.counts["may read" if said else "may not read"] += 1
        return self.counts

    def _check_time(self, number: int) -> None:
        """P27: one supplier in every slot, from the first on, without gap or overlap."""
        slot = self.twin.standings(number)[0].from_slot
        while slot < 2**32 - 1:
            standing, until = self.book.standing_at(number, slot)
            assert (standing, until) == self.twin.standing_at(number, slot)
            assert standing.from_slot == slot < until
            slot = until
            self.counts["spans"] += 1
