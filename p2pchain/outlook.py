"""Where a switch stands, in words: what has happened, what can still happen, and by when.

found = outlook(SwitchBook(contracts), 7)
print(found.stands); [print(one.text, one.until) for one in found.next]
"""

from __future__ import annotations

from dataclasses import dataclass

from p2pchain.points import NOBODY, Fuel
from p2pchain.switch_book import Days, SwitchBook
from p2pchain.switching import (
    ClaimStage,
    ErrorClaim,
    Handover,
    Leg,
    Objection,
    Rules,
    Source,
    State,
    Switch,
    bill_until,
    claim_until,
    dispute_until,
    gate_of,
    read_until,
    refund_until,
)
from p2pchain.working_days import date_of


@dataclass(frozen=True, slots=True)
class Prospect:
    """Something that can still happen; `until` is a unix time, None where there is no end.

    `by` names who misses a clock when it did not happen in time; nobody who only may.
    """

    text: str
    until: int | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """A switch with all that belongs to it, and what can be said of it."""

    number: int
    state: State
    switch: Switch
    legs: list[Leg]
    objections: list[Objection]
    claim: ErrorClaim
    handovers: dict[int, Handover]
    stands: str
    next: list[Prospect]


_ENDED = {
    State.LAPSED: "It has lapsed: nobody requested it in time, the supplier failed, or the "
    "customer has left the place.",
    State.WITHDRAWN: "The new supplier has given it up.",
    State.CANCELLED: "The customer has cancelled it before it began.",
    State.UPHELD: "An objection stood to its end: the switch is off.",
    State.COOLED_OFF: "The customer has cancelled the contract after the supply had begun; what "
    "was used is owed.",
    State.REVERSED: "It was an error and has been undone: its slots count for the old supplier.",
}


def outlook(book: SwitchBook, number: int) -> Outlook:
    """Return where a switch stands. Raises UnknownSwitch."""
    switch, state = book.switch(number), book.state(number)
    legs, objections, claim = book.legs(number), book.objections(number), book.claim(number)
    handovers = {leg.handover: book.handover(leg.handover) for leg in legs if leg.handover}
    rules = book.rules(switch.rules)
    days = book.days(switch.rules)
    return Outlook(
        number,
        state,
        switch,
        legs,
        objections,
        claim,
        handovers,
        _stands(switch, state, legs, objections),
        [
            *_before(switch, state, objections, rules, days),
            *_claim(state, switch, claim, rules, days),
            *(p for n, h in handovers.items() for p in _handover(n, h, rules, days)),
        ],
    )


def _points(legs: list[Leg]) -> str:
    numbers = [str(leg.point) for leg in legs]
    if len(numbers) == 1:
        return f"point {numbers[0]}"
    return f"points {', '.join(numbers[:-1])} and {numbers[-1]}"


def _stands(switch: Switch, state: State, legs: list[Leg], objections: list[Objection]) -> str:
    who, what = f"supplier {switch.supplier}", _points(legs)
    day = date_of(switch.start_day).strftime("%a %Y-%m-%d")
    match state:
        case State.CONTRACTED:
            return f"The customer has a contract with {who} for {what}; it is not requested yet."
        case State.PENDING:
            return f"{who.capitalize()} has asked for {what} from {day} on."
        case State.OBJECTED:
            standing = [one for one in objections if not one.removed]
            said = ", ".join(one.reason.name.lower().replace("_", " ") for one in standing)
            return f"{who.capitalize()} has asked for {what}; somebody objects: {said}."
        case State.CONFIRMED:
            return f"Nobody objects: {who} supplies {what} from {day} on, once that is secured."
        case State.SECURED:
            return f"It is fixed: {who} supplies {what} from {day} on."
        case State.ACTIVE:
            return f"{who.capitalize()} supplies {what} since {day}."
    return _ENDED[state]


def _before(
    switch: Switch, state: State, objections: list[Objection], rules: Rules, days: Days
) -> list[Prospect]:
    found = []
    if state == State.CONTRACTED:
        found.append(Prospect("The new supplier requests it", switch.expires_at))
    if state in (State.PENDING, State.OBJECTED):
        found.append(Prospect("Losing suppliers and network operators object", switch.object_until))
    for place, one in enumerate(objections):
        if state == State.OBJECTED and not one.removed:
            text = f"Objection {place} is taken back or overruled; else the switch is off"
            found.append(Prospect(text, one.resolve_until))
    gate = gate_of(rules, days, switch.start_day) if switch.start_day else None
    if state in (State.PENDING, State.OBJECTED, State.CONFIRMED):
        found.append(Prospect("The new supplier withdraws", gate))
    if state == State.CONFIRMED:
        found.append(Prospect("Anybody secures it, from gate closure on", None))
    cancels = state in (State.CONTRACTED, State.PENDING, State.OBJECTED, State.CONFIRMED)
    if switch.cooling_until and (cancels or state == State.ACTIVE):
        until = switch.cooling_until
        if cancels and gate is not None and state != State.OBJECTED:
            until = min(until, gate)
        found.append(Prospect("The customer cancels", until))
    if state <= State.CONFIRMED:
        due = days.start_of(switch.due_day + 1)
        text = "The new supply begins; later, its supplier owes for that"
        found.append(Prospect(text, due, "the new supplier"))
    return found


def _claim(
    state: State, switch: Switch, claim: ErrorClaim, rules: Rules, days: Days
) -> list[Prospect]:
    match claim.stage:
        case ClaimStage.NONE if state == State.ACTIVE:
            until = claim_until(rules, days, switch.start_day)
            return [Prospect("Somebody claims that it was an error", until)]
        case ClaimStage.CLAIMED:
            text = "Its suppliers and the customer answer the claim of an error"
            return [Prospect(text, claim.answer_until, "who has not answered")]
        case ClaimStage.DENIED:
            return [Prospect("The regulator rules on the claim that was denied")]
        case ClaimStage.AGREED:
            return [Prospect("The points are sent back", claim.return_until, "the old suppliers")]
        case ClaimStage.RETURNED if not claim.compensated_at:
            until = claim.compensate_until
            return [Prospect("The compensation is paid", until, "the new supplier")]
    return []


def _handover(number: int, handover: Handover, rules: Rules, days: Days) -> list[Prospect]:
    seconds = days.contracts.deployment.slot_seconds
    day, what = days.day_of(handover.slot * seconds), f"Handover {number}: "
    found = []
    if handover.source != Source.MEASURED and handover.meter:
        found.append(Prospect(f"{what}the meter's signed register is handed in"))
    if handover.source == Source.NONE:
        until = read_until(rules, days, day)
        found.append(Prospect(f"{what}the customer reads his register", until))
    if handover.source in (Source.ESTIMATED, Source.CUSTOMER):
        disputed = handover.dispute.raised_by != NOBODY
        text = "both suppliers agree on the register" if disputed else "the register is disputed"
        fuel = Fuel(int(days.contracts.points.point(handover.point).fuel))
        found.append(Prospect(what + text, dispute_until(rules, days, day, fuel)))
    if not handover.billed_at:
        until = bill_until(rules, days, day)
        found.append(Prospect(f"{what}the old supplier's final bill", until, "the old supplier"))
    elif not handover.refunded_at:
        until = refund_until(rules, days, handover.billed_at)
        text = f"{what}what was left is paid back"
        found.append(Prospect(text, until, "the old supplier"))
    return found
