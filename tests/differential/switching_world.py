"""Switching on real contracts: all roles and strangers, jumps of time, days with another offset."""

from __future__ import annotations

import copy
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from enum import IntEnum
from functools import partial
from itertools import pairwise

from p2pchain import checks
from p2pchain.chain.abi import Call
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.rpc import Rpc
from p2pchain.chain.sender import Sender
from p2pchain.eip712 import metering_domain, reading_digest
from p2pchain.errors import Refused
from p2pchain.market import packed
from p2pchain.model import Reading, TariffRow, Terms
from p2pchain.operator import Operator
from p2pchain.point_book import PointBook
from p2pchain.points import CustomerClass, Fuel, Point, Standing, Status, Tenancy
from p2pchain.replay import TwinMarket
from p2pchain.rule_sets import RULE_SETS
from p2pchain.switch_book import SwitchBook
from p2pchain.switching import (
    TABLE,
    Cause,
    ClaimStage,
    Clock,
    Contract,
    Handover,
    Reason,
    Source,
    State,
    SwitchingTwin,
)
from p2pchain.working_days import DAY, OffsetChange
from tests.differential.outcome import reason_of, sent_as_expected

REGULATOR, SUPPLIERS, GRID, AGENT, CUSTOMERS = 0, (1, 2, 3), 4, 5, (6, 7, 8)
PEOPLE = 10  # and one who is nobody
METER_KEY = 20
POINTS = ((Fuel.ELECTRICITY, False), (Fuel.GAS, False), (Fuel.ELECTRICITY, True))
EVIDENCE = b"\x0e" * 32
ROW = TariffRow(energy=200_000, feed_in=50_000)


class SwitchingWorld:
    """Plays `steps` calls. What the twin expects must come of each, and `TABLE` allow it."""

    def __init__(self, contracts: Contracts, seed: int) -> None:
        assert isinstance(contracts.chain, Rpc)
        contracts.chain.request("anvil_setBlockTimestampInterval", 1)
        self.rng = random.Random(seed)
        self.contracts, self.chain = contracts, contracts.chain
        self.book, self.points = SwitchBook(contracts), PointBook(contracts)
        self.people = [dev_signer(place) for place in range(PEOPLE)]
        self.senders = [Sender(self.chain, one) for one in self.people]
        self.counts: Counter[str] = Counter()
        self.seconds = contracts.deployment.slot_seconds
        self._found()
        self.twin: TwinMarket = checks.replay(contracts)
        self.switching: SwitchingTwin = self.twin.switching
        self.signed: list[tuple[Contract, bytes, int]] = []
        self.next_day = 0

    def _found(self) -> None:
        rng, operator = self.rng, Operator(self.contracts, self.senders[REGULATOR])
        send = self.senders[REGULATOR].send
        today = self.now // DAY
        first, last = today - 15, today + 500
        offset = rng.choice((-5, 0, 1, 9)) * 3600
        send(self.book.create_calendar_call("random", first, offset))
        changes: list[OffsetChange] = []
        at = first * DAY - offset
        for _ in range(12):
            # at two o'clock local time, forth and back
            at += rng.randrange(5, 40) * DAY
            step = 3600 if len(changes) % 2 == 0 else 0
            local = at + (offset if len(changes) % 2 == 0 else offset + 3600)
            changes.append(OffsetChange(at + 2 * 3600 - local % DAY, offset + step))
        holidays = sorted(rng.sample(range(first, last), 60))
        send(self.book.publish_days_call(1, last, holidays, changes))
        self.area = operator.add_area(self.people[GRID].address)
        below = operator.add_area(self.people[GRID].address, self.area)
        self.rules = RULE_SETS["test"].rules(1)
        send(self.book.rules_call(self.area, "test", self.rules))
        slot = self.slot + 1
        for place in SUPPLIERS:
            number = operator.add_supplier(self.people[place].address, f"supplier {place}")
            self.senders[place].send(operator.publish_tariff(number, 1, slot, [ROW]))
        for place, sender in enumerate(self.senders):
            send(self.contracts.token.mint(self.people[place].address, 10**15))
            sender.send(self.book.allow_call(10**18))
        self.chain.set_time(slot * self.seconds + 5)
        self.meters: dict[int, int] = {}
        for place, customer in enumerate(CUSTOMERS):
            account = self.people[customer].address
            for number, (fuel, exports) in enumerate(POINTS, len(self.meters) + 1):
                commitment = number.to_bytes(32, "big")
                terms = Terms(account, self.slot, 1, 1, 60_000)
                key = bytes.fromhex(dev_signer(METER_KEY + number).address[2:])
                meter = operator.register_meter(below, commitment, terms, key)
                self.meters[number] = meter
                kind = list(CustomerClass)[place]
                first_standing = Standing(
                    account, self.slot, 1, Status.ENERGISED, kind, self.people[GRID].address,
                    meter, self.people[AGENT].address,
                )  # fmt: skip
                point = Point(commitment, below, fuel, exports)
                send(self.points.register_call(point, first_standing))

    # what is drawn

    @property
    def now(self) -> int:
        """The time of the next block."""
        return self.chain.block().timestamp + 1

    @property
    def slot(self) -> int:
        return self.now // self.seconds

    def someone(self) -> int:
        return self.rng.randrange(PEOPLE)

    def likely(self, *places: int, share: float = 0.9) -> int:
        return self.rng.choice(places) if self.rng.random() < share else self.someone()

    def account(self, supplier: int) -> int:
        """The place of a supplier's account among the people."""
        return SUPPLIERS[supplier - 1]

    def switch(self, *states: State) -> int:
        """Mostly a switch in one of these states, else any, seldom one that does not exist."""
        numbers = list(self.switching.switches)
        fitting = [n for n in numbers if self.switching.state_of(n, self.now) in states]
        if fitting and self.rng.random() < 0.92:
            return self.rng.choice(fitting)
        return self.rng.randint(1, len(numbers) + 1)

    def handover(self) -> int:
        numbers = list(self.switching.handovers)
        if numbers and self.rng.random() < 0.95:
            return self.rng.choice(numbers[-4:])
        return self.rng.randint(1, len(numbers) + 1)

    def evidence(self) -> bytes:
        return EVIDENCE if self.rng.random() < 0.95 else bytes(32)

    # playing

    def play(self, steps: int) -> None:
        underway = (State.CONTRACTED, State.PENDING, State.OBJECTED, State.CONFIRMED)
        moves: tuple[tuple[Callable[[], None], int, tuple[IntEnum, ...]], ...] = (
            (self._conclude, 9, ()),
            (self._request, 6, (State.CONTRACTED,)),
            (self._object, 16, (State.PENDING,)),
            (self._remove, 14, (State.OBJECTED,)),
            (self._withdraw, 1, underway),
            (self._cancel, 4, (*underway, State.ACTIVE)),
            (self._secure, 14, (State.CONFIRMED,)),
            (self._read, 4, (State.ACTIVE,)),
            (self._dispute, 4, (Source.ESTIMATED, Source.CUSTOMER)),
            (self._agree, 4, (Source.ESTIMATED, Source.CUSTOMER)),
            (self._close, 2, (State.ACTIVE,)),
            (self._claim, 2, (State.ACTIVE,)),
            (self._answer, 6, (ClaimStage.CLAIMED,)),
            (self._rule, 3, (ClaimStage.CLAIMED, ClaimStage.DENIED)),
            (self._return, 5, (ClaimStage.AGREED, ClaimStage.RETURNED)),
            (self._liable, 3, (State.ACTIVE,)),
            (self._around, 2, ()),
        )
        failing = self.rng.randrange(steps // 2, steps * 2)
        for place in range(steps):
            if self.rng.random() < 0.22:
                self._wait()
            there = self._there()
            fitting = [
                (m, n) for m, n, where in moves if not where or there & set(map(repr, where))
            ]
            if place == failing:
                self._fail()
            elif self.rng.random() < 0.95:
                self.rng.choices([m for m, _ in fitting], [n for _, n in fitting])[0]()
            else:
                self.rng.choice(moves)[0]()
        self.counts["steps"] += steps

    def _there(self) -> set[str]:
        """What states, stages and sources there are now, so that steps are likely to fit."""
        kinds: list[IntEnum] = [*self._states(self.now).values()]
        kinds += [claim.stage for claim in self.switching.claims.values()]
        recent = [one for one in self.switching.handovers.values() if one.slot > self.slot - 144]
        kinds += [one.source for one in recent]
        return set(map(repr, kinds))

    def _wait(self) -> None:
        """Some hours, or to where a clock strikes, a second before or after."""
        now, rng = self.now, self.rng
        strikes = set()
        for number, one in self.switching.switches.items():
            strikes |= {one.object_until, one.cooling_until, one.expires_at}
            if one.start_day:
                starts = self.twin.calendars.known(1).start_of(one.start_day)
                strikes |= {starts, starts - self.rules.gate_seconds}
            strikes |= {o.resolve_until for o in self.switching.objections[number]}
            claim = self.switching.claims[number]
            strikes |= {claim.answer_until, claim.return_until, claim.compensate_until}
        ahead = sorted(one for one in strikes if now < one < now + 4 * DAY)
        if ahead and rng.random() < 0.7:
            to = rng.choice(ahead[:2]) + rng.choice((-1, 0, 0, 1))
        else:
            to = now + rng.randrange(1, 12 * 3600)
        if to > now:
            before = self._states(now)
            self.chain.set_time(to - 1)
            self._compare(before, "time passes", to)

    def _states(self, now: int) -> dict[int, State]:
        return {n: self.switching.state_of(n, now) for n in self.switching.switches}

    def _compare(self, before: dict[int, State], step: str, now: int) -> None:
        """Every switch stands where the table lets it stand after this step."""
        for number, after in self._states(now).items():
            was = before.get(number, State.NONE)
            if was != after:
                allowed = TABLE[was].get(step, frozenset())
                assert after in allowed, f"{step}: {was.name} to {after.name}"
                self.counts[f"{was.name} to {after.name}"] += 1

    def _try(
        self,
        who: int,
        call: Call,
        apply: Callable[[], object],
        step: str = "",
        restricted: bool = False,
    ) -> None:
        now = self.now
        before = self._states(now)
        expected: str | None = "AccessManagedUnauthorized"
        if not restricted or who == REGULATOR:
            expected = reason_of(apply)
        sent_as_expected(self.senders[who], call, expected)
        self.counts["refused" if expected else call.name] += 1
        if expected:
            self.counts[expected] += 1
        self._compare(before, step, now)

    def address(self, who: int) -> str:
        return self.people[who].address

    # a switch

    def _conclude(self) -> None:
        rng, now = self.rng, self.now
        customer = rng.choice(CUSTOMERS)
        numbers = range(1, len(self.meters) + 1)
        mine = [n for n in numbers if (n - 1) // len(POINTS) == CUSTOMERS.index(customer)]
        chosen = rng.sample(mine, rng.choice((1, 1, 2, 3)))
        if rng.random() < 0.1:
            chosen += [rng.choice([*numbers, len(numbers) + 1])]
        points = tuple(sorted(set(chosen)) if rng.random() < 0.97 else chosen)
        calendar = self.twin.calendars.known(1)
        contract = Contract(
            points,
            tuple(1 if rng.random() < 0.97 else 2 for _ in points),
            self.address(customer),
            rng.choice((1, 2, 3)) if rng.random() < 0.98 else 4,
            calendar.day_of(now) + rng.choice((0, 0, 0, 1, 3)),
            rng.random() < 0.85,
            rng.randbytes(32),
            now - rng.choice((0, 0, 0, 60, 3600, DAY, 2 * DAY, 11 * DAY)) + (rng.random() < 0.02),
        )
        if self.signed and rng.random() < 0.04:
            contract = rng.choice(self.signed)[0]
        signer = customer if rng.random() < 0.95 else self.someone()
        signature = self.book.sign_contract(self.people[signer], contract)
        self.signed.append((contract, signature, signer))
        day = 0 if rng.random() < 0.35 else self._day(contract)
        supplier = contract.supplier
        gaining = self.account(supplier) if supplier < 4 else REGULATOR
        who = gaining if day and rng.random() < 0.95 else self.someone()
        signed = contract.customer in (self.address(signer), self.address(who))
        call = self.book.conclude_call(contract, signature, day)
        self._try(who, call, lambda: self._concluded(contract, signed, day, who), "conclude")

    def _concluded(self, contract: Contract, signed: bool, day: int, who: int) -> None:
        kept = dict(self.switching.switches), dict(self.switching.legs)
        known = dict(self.switching.concluded)
        number = self.switching.conclude(contract, self.now, signed=signed, to_request=bool(day))
        if day:
            try:
                self.switching.request(number, day, self.now, self.address(who))
            except Refused:
                self.switching.switches, self.switching.legs = kept
                self.switching.concluded = known
                raise

    def _day(self, contract: Contract) -> int:
        today = self.twin.calendars.known(1).day_of(self.now)
        return max(contract.earliest_day, today) + self.rng.choice((0, 1, 2, 2, 3, 3, 4, 5, 12))

    def _request(self) -> None:
        number = self.switch(State.CONTRACTED)
        switch = self.switching.switches.get(number)
        today = self.twin.calendars.known(1).day_of(self.now)
        day = today + self.rng.choice((0, 1, 2, 2, 3, 4, 5))
        who = self.likely(self.account(switch.supplier)) if switch else self.someone()
        apply = partial(self.switching.request, number, day, self.now, self.address(who))
        self._try(who, self.book.request_call(number, day), apply, "request")

    def _object(self) -> None:
        number = self.switch(State.PENDING, State.OBJECTED)
        legs = self.switching.legs.get(number, [])
        place = self.rng.randrange(len(legs) + (self.rng.random() < 0.05)) if legs else 0
        losing = [self.account(leg.losing) for leg in legs if leg.losing] or [0]
        who = self.likely(*losing, *losing, GRID)
        reason, evidence = self.rng.choice(list(Reason)), self.evidence()
        call = self.book.object_call(number, place, reason, evidence)
        self._try(
            who,
            call,
            lambda: self.switching.object(
                number, place, reason, evidence, self.now, self.address(who)
            ),
            "object",
        )

    def _remove(self) -> None:
        number = self.switch(State.OBJECTED)
        raised = self.switching.objections[number]
        objection = self.rng.randrange(len(raised) + (self.rng.random() < 0.1)) if raised else 0
        if self.rng.random() < 0.4:
            who = self.likely(REGULATOR)
            call = self.book.overrule_call(number, objection)
            apply = partial(self.switching.remove, number, objection, self.now)
            self._try(who, call, apply, "overrule", restricted=True)
            return
        by = [p for p, one in enumerate(self.people) for o in raised if o.by == one.address.lower()]
        who = self.likely(*(by or [0]))
        remove = partial(self.switching.remove, number, objection, self.now, self.address(who))
        self._try(who, self.book.remove_call(number, objection), remove, "remove")

    def _withdraw(self) -> None:
        number = self.switch(State.PENDING, State.OBJECTED, State.CONFIRMED, State.CONTRACTED)
        switch = self.switching.switches.get(number)
        who = self.likely(self.account(switch.supplier)) if switch else self.someone()
        apply = partial(self.switching.withdraw, number, self.now, self.address(who))
        self._try(who, self.book.withdraw_call(number), apply, "withdraw")

    def _cancel(self) -> None:
        number, back = self.switch(State.ACTIVE, State.PENDING, State.CONFIRMED), self.coin()
        cooling = [
            n
            for n, one in self.switching.switches.items()
            if self.now < one.cooling_until and self.switching.state_of(n, self.now) == State.ACTIVE
        ]
        if cooling and self.coin(0.8):
            number = self.rng.choice(cooling)
        switch = self.switching.switches.get(number)
        customer = self._place_of(switch.customer) if switch else CUSTOMERS[0]
        signer, who = self.likely(customer, share=0.95), self.someone()
        signature = self.book.sign_cancellation(self.people[signer], number, back)
        signed = customer in (signer, who)
        apply = partial(self.switching.cancel, number, back, self.now, signed=signed)
        self._try(who, self.book.cancel_call(number, back, signature), apply, "cancel")

    def _secure(self) -> None:
        number = self.switch(State.CONFIRMED)
        apply = partial(self.switching.secure, number, self.now)
        self._try(self.someone(), self.book.secure_call(number), apply, "secure")

    # handovers

    def _read(self) -> None:
        number, rng = self.handover(), self.rng
        handover = self.switching.handovers.get(number)
        value = (rng.randrange(100_000), rng.randrange(100))
        kinds = (Source.CUSTOMER, Source.CUSTOMER, Source.ESTIMATED, Source.MEASURED)
        kind = rng.choice(kinds)
        if kind == Source.CUSTOMER:
            customer = self._place_of(handover.customer) if handover else CUSTOMERS[0]
            signer, who = self.likely(customer), self.someone()
            signature = self.book.sign_reading(self.people[signer], number, *value)
            signed = customer in (signer, who)
            call = self.book.reading_call(number, *value, signature)
            self._try(
                who,
                call,
                lambda: self.switching.read_by_customer(number, *value, self.now, signed=signed),
            )
        elif kind == Source.MEASURED:
            self._measure(number)
        else:
            who = self.likely(GRID, AGENT)
            call = self.book.estimate_call(number, *value)
            self._try(
                who,
                call,
                lambda: self.switching.estimate(number, *value, self.now, self.address(who)),
            )

    def _measure(self, number: int) -> None:
        rng, handover = self.rng, self.switching.handovers.get(number)
        point, slot = (handover.point, handover.slot) if handover else (1, self.slot)
        meter, before = self.meters[point], rng.randrange(0, 6)
        values = [
            (rng.randrange(900), rng.randrange(50)) for _ in range(before + rng.randrange(1, 4))
        ]
        if rng.random() < 0.05:
            before = len(values) + 1  # ends before the change
        start = (rng.randrange(10**6), rng.randrange(10**6))
        reading = Reading.of(meter, slot - before, *start, values)
        key = METER_KEY + point if rng.random() < 0.95 else METER_KEY
        domain = metering_domain(self.chain.chain_id, self.contracts.metering.address)
        signature = dev_signer(key).sign_digest(reading_digest(domain, reading))
        good = key != METER_KEY and before <= len(values)
        imported, exported = (start[n] + sum(v[n] for v in values[:before]) for n in (0, 1))
        registers = (imported, exported) if good else None
        call = self.book.measured_call(number, packed(replace(reading, signature=signature)))
        apply = partial(self.switching.read_measured, number, meter, registers, self.now)
        self._try(self.someone(), call, apply)

    def _dispute(self) -> None:
        numbers = [
            n
            for n, one in self.switching.handovers.items()
            if one.source in (Source.ESTIMATED, Source.CUSTOMER)
            and not any(one.dispute.evidence)
            and one.slot > self.slot - 24 * 6
        ]
        number = self.rng.choice(numbers) if numbers else self.handover()
        handover = self.switching.handovers.get(number)
        base = handover.import_wh if handover else 0
        claimed = (max(0, base + self.rng.choice((-20_000, 5_000, 10_001, 30_000))), 0)
        later = self.now - self.rng.choice((0, 0, 0, 3600, 3600, -1))
        read_at = (later - self.rng.choice((DAY - 1, DAY, DAY, 2 * DAY)), later)
        who = self.likely(*CUSTOMERS, *SUPPLIERS)
        evidence = self.evidence()
        call = self.book.dispute_call(number, claimed, read_at, evidence)
        self._try(
            who,
            call,
            lambda: self.switching.dispute(
                number, claimed, read_at, evidence, self.now, self.address(who)
            ),
        )

    def _agree(self) -> None:
        disputed = [n for n, one in self.switching.handovers.items() if any(one.dispute.evidence)]
        number = self.rng.choice(disputed) if disputed and self.coin(0.9) else self.handover()
        handover = self.switching.handovers.get(number)
        sides = (handover.losing, handover.gaining) if handover else (1, 2)
        who = self.likely(*map(self.account, sides))
        value = (self.rng.choice((7_000, 7_000, 8_000)), 0)
        call = self.book.agree_call(number, *value)
        self._try(
            who,
            call,
            lambda: self.switching.agree_reading(number, *value, self.now, self.address(who)),
        )

    def _close(self) -> None:
        number = self.handover()
        handover = self.switching.handovers.get(number)
        who = self.likely(self.account(handover.losing)) if handover else self.someone()
        if self.coin():
            bill = self.evidence()
            apply = partial(self.switching.close_account, number, bill, self.now, self.address(who))
            self._try(who, self.book.final_bill_call(number, bill), apply)
        else:
            refund = partial(self.switching.refund, number, self.now, self.address(who))
            self._try(who, self.book.refund_call(number), refund)

    # claims

    def _claim(self) -> None:
        number = self.switch(State.ACTIVE)
        switch = self.switching.switches.get(number)
        customer = self._place_of(switch.customer) if switch else CUSTOMERS[0]
        legs = self.switching.legs.get(number, [])
        parties = [self.account(leg.losing) for leg in legs if leg.losing]
        if switch:
            parties.append(self.account(switch.supplier))
        who = self.likely(customer, *parties)
        signer = self.likely(customer) if self.coin(0.3) else None
        signature = b""
        if signer is not None:
            signature = self.book.sign_error(self.people[signer], number)
        signed = customer in (who, signer)
        apply = partial(
            self.switching.claim_error, number, self.now, self.address(who), signed=signed
        )
        self._try(who, self.book.claim_error_call(number, signature), apply, "claim")

    def _claimed(self, *stages: ClaimStage) -> int:
        found = [n for n, one in self.switching.claims.items() if one.stage in stages]
        found = [n for n in found if n in self.switching.switches]
        return self.rng.choice(found) if found and self.coin(0.95) else self.switch(State.ACTIVE)

    def _answer(self) -> None:
        number = self._claimed(ClaimStage.CLAIMED)
        switch, legs = self.switching.switches.get(number), self.switching.legs.get(number, [])
        parties = [self.account(leg.losing) for leg in legs if leg.losing]
        parties.append(self.account(switch.supplier) if switch else 0)
        parties.append(self._place_of(switch.customer) if switch else CUSTOMERS[0])
        who, agree, evidence = self.likely(*parties), self.coin(0.8), self.evidence()
        apply = partial(
            self.switching.answer_claim, number, agree, evidence, self.now, self.address(who)
        )
        self._try(who, self.book.answer_call(number, agree, evidence), apply, "answer")

    def _rule(self) -> None:
        number = self._claimed(ClaimStage.DENIED, ClaimStage.CLAIMED)
        who, erroneous = self.likely(REGULATOR), self.coin(0.7)
        apply = partial(self.switching.rule_on_claim, number, erroneous, self.now)
        call = self.book.rule_call(number, erroneous)
        self._try(who, call, apply, "rule", restricted=True)

    def _return(self) -> None:
        if self.coin(0.3):
            number, statement = self._claimed(ClaimStage.RETURNED), self.evidence()
            switch = self.switching.switches.get(number)
            who = self.likely(self.account(switch.supplier)) if switch else self.someone()
            legs = len(self.switching.legs.get(number, [])) + self.coin(0.05)
            due = [self.rng.randrange(10**6) * 1000 for _ in range(legs)]
            said = (number, self.rng.randrange(2 * 10**6) * 1000, due, statement)
            apply = partial(self.switching.compensate, *said, self.now, self.address(who))
            self._try(who, self.book.compensate_call(*said), apply, "compensate")
            return
        number = self._claimed(ClaimStage.AGREED)
        back = partial(self.switching.return_supply, number, self.now)
        self._try(self.someone(), self.book.return_call(number), back, "return")

    def _liable(self) -> None:
        owed = len(self.switching.liabilities)
        if owed and self.coin(0.3):
            number = self.rng.randint(1, owed + self.coin(0.1))
            pay = partial(self.switching.pay_liability, number, self.now)
            self._try(self.rng.choice(SUPPLIERS), self.book.pay_call(number), pay)
            return
        clock = self.rng.choice(list(Clock))
        if clock in (Clock.FINAL_BILL, Clock.REFUND):
            subject = self.handover()
        else:
            subject = self.rng.randint(1, max(1, len(self.switching.switches) + self.coin(0.02)))
        place = self.rng.choice((0, 0, 0, 1, 1, 2, 5))
        apply = partial(self.switching.claim_liability, clock, subject, place, self.now)
        self._try(self.someone(), self.book.liability_call(clock, subject, place), apply)

    # what happens around

    def _around(self) -> None:
        """Somebody moves in, a point loses its supply, a holiday is declared, a fuse changes."""
        rng = self.rng
        point = rng.choice(list(self.meters))
        slot = max(self.slot + rng.randrange(1, 30), self.twin.points.latest(point).from_slot)
        match rng.randrange(6):
            case 5:
                self._end_tenancy(point)
            case 4:
                supplier, bound = rng.choice((1, 2, 3)), rng.choice((0, 0b011, *[0b111] * 8))
                said = (supplier, 1, bound, rng.choice((0, 20)), rng.choice((0, 40 * 10**9)))
                who = self.likely(self.account(supplier))
                offer = partial(self.switching.set_offer, *said, self.now, self.address(who))
                self._try(who, self.book.offer_call(*said), offer)
            case 0:
                status = rng.choice((Status.ENERGISED, Status.ENERGISED, Status.DE_ENERGISED))
                call = self.points.status_call(point, slot, status)
                self._try(GRID, call, lambda: self._put(point, slot, status=status))
            case 1:
                latest = self.twin.points.latest(point)
                customer, kind = rng.choice(CUSTOMERS), latest.customer_class
                tenancy = Tenancy(point, slot, self.address(customer), kind)
                signed = self.points.sign_tenancy(self.people[customer], tenancy)
                who = self.account(latest.supplier)
                put = partial(self._put, point, slot, customer=self.address(customer))
                self._try(who, self.points.move_in_call(signed), put)
            case 2:
                day = self.twin.calendars.known(1).day_of(self.now) + rng.randrange(-1, 9)
                who, holiday = self.likely(REGULATOR), self.coin()
                publish = partial(self.twin.calendars.set_holiday, 1, day, holiday, self.now)
                call = self.book.holiday_call(1, day, holiday)
                self._try(who, call, publish, restricted=True)
            case _:
                meter = self.meters[point]
                *_, (latest_slot, terms) = self.twin.registry.terms[meter]
                at = max(latest_slot, self.slot + rng.randrange(1, 20))
                changed = Terms(
                    terms.owner, at, terms.supplier, terms.tariff, rng.randrange(1, 9) * 9_000
                )
                call = Operator(self.contracts).set_terms(meter, changed)
                self._try(REGULATOR, call, lambda: self.twin.set_terms(meter, changed))

    def _end_tenancy(self, point: int) -> None:
        """Mostly where a customer has changed, once."""
        standings = self.twin.points.standings(point)
        changes = [b.from_slot for a, b in pairwise(standings) if a.customer != b.customer]
        slot = self.rng.choice(changes) if changes and self.coin(0.8) else self.slot
        end = partial(self.switching.end_tenancy, point, slot, self.now)
        self._try(self.someone(), self.book.end_tenancy_call(point, slot), end)

    def _put(self, point: int, slot: int, **what: object) -> None:
        self.twin.points.put(point, self.twin.points.changed(point, slot, **what), self.slot)

    def _fail(self) -> None:
        """A supplier fails, and all of its points go to another, in lists with wrong ones too."""
        failed = self.rng.choice((1, 2, 3))
        successor = failed % 3 + 1
        points = list(self.meters)
        early = self.book.last_resort_call(failed, successor, points, [1] * len(points))
        apply = partial(self.switching.require_last_resort, failed, successor)
        self._try(REGULATOR, early, apply, restricted=True)
        for who in (GRID, REGULATOR, REGULATOR):
            call = self.book.failed_call(failed)
            declare = partial(self.switching.declare_failed, failed)
            self._try(who, call, declare, "fail", restricted=True)
        self._try(REGULATOR, early, lambda: self._moved(points, failed, successor), restricted=True)

    def _moved(self, points: list[int], failed: int, successor: int) -> None:
        kept = copy.deepcopy(self.twin)
        for point in points:
            try:
                self.switching.last_resort(point, failed, successor, 1, self.now)
            except Refused:
                self.twin, self.switching = kept, kept.switching
                raise
        self.counts["last resort"] += 1

    def coin(self, share: float = 0.5) -> bool:
        return self.rng.random() < share

    def _place_of(self, account: str) -> int:
        places = [n for n, one in enumerate(self.people) if one.address.lower() == account.lower()]
        return places[0] if places else CUSTOMERS[0]

    # checking

    def check(self) -> Counter[str]:
        """The replay comes to the same, every slot has one supplier, and settlement follows him."""
        replayed = checks.replay(self.contracts)
        self.counts["compared"] += checks.compare(self.contracts, replayed)
        for number in self.switching.handovers:
            assert replayed.switching.handovers[number] == self.switching.handovers[number]
        for point in self.meters:
            self._check_point(point, replayed)
        return self.counts

    def _check_point(self, point: int, twin: TwinMarket) -> None:
        """P27: without gap or overlap; what a handover closes it opens, at one value."""
        standings = twin.points.standings(point)
        assert [one.from_slot for one in standings] == sorted({one.from_slot for one in standings})
        exports, meter = twin.points.point(point).exports, self.meters[point]
        # Of several changes with one slot the first has the old supplier, the last the new one.
        changes: dict[int, list[Handover]] = defaultdict(list)
        for one in twin.switching.handovers.values():
            if one.point == point and one.cause != Cause.TENANCY:
                changes[one.slot].append(one)
        for slot, those in changes.items():
            before, _ = self.points.standing_at(point, slot - 1)
            after, _ = self.points.standing_at(point, slot)
            assert (before.supplier, after.supplier) == (those[0].losing, those[-1].gaining)
            assert all(a.gaining == b.losing for a, b in pairwise(those))
            terms = twin.registry.terms_at(meter, slot)
            assert terms is not None
            assert exports or terms.supplier == after.supplier
            self.counts["handovers"] += len(those)
        for restated in twin.switching.restatements[point]:
            self.counts["restatements"] += 1
            for slot in (restated.from_slot, restated.until_slot - 1, restated.until_slot):
                shown_supplier = self.book.accountable_at(point, slot)
                assert shown_supplier == twin.switching.accountable_at(point, slot)
