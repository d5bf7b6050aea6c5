"""What the contracts' short answers mean, in words: a sentence, and what to do about it."""

from __future__ import annotations

from p2pchain.model import ForwardPhase, ForwardRefusal, Outcome, Phase, Refusal

OUTCOMES: dict[Outcome, tuple[str, str]] = {
    Outcome.ACCEPTED: ("it was taken", ""),
    Outcome.UNKNOWN_METER: (
        "no such meter is registered",
        "check the number, and that the record is of the right deployment",
    ),
    Outcome.READ_THROUGH_SETTLEMENT: (
        "the meter is enrolled in a market and is read through it",
        "name its market with --market",
    ),
    Outcome.NOT_A_MEMBER: (
        "the meter is in another market or in none",
        "'p2pchain enrol' makes it a member; --market names another market",
    ),
    Outcome.BAD_FORMAT: (
        "the record is not well formed",
        "one record holds consecutive slots of one UTC day: sign it again",
    ),
    Outcome.BEFORE_REGISTRATION: (
        "it lies before the meter was registered",
        "'p2pchain meter status' shows since when: sign with --from",
    ),
    Outcome.FUTURE_SLOT: (
        "its last slot has not ended yet",
        "post it when the slot is over; compare the clocks of meter and chain",
    ),
    Outcome.SPLIT_AT_CHANGE: (
        "key, terms or membership of the meter change within it",
        "sign the slots before and after the change apart, with --from and --to",
    ),
    Outcome.BAD_SIGNATURE: (
        "it is not signed by the key that the meter had in these slots",
        "sign with the meter's own key; 'p2pchain meter status' shows its address",
    ),
    Outcome.KEY_REVOKED: (
        "the meter's key was revoked for these slots",
        "'p2pchain admin meter rotate-key' gives it a new one",
    ),
    Outcome.ABOVE_FUSE: (
        "a slot has more energy than the meter's fuse lets through",
        "check the unit (Wh or kWh); a new fuse is registered with 'admin meter terms'",
    ),
    Outcome.ALREADY_POSTED: (
        "some of its slots have been posted already",
        "each slot counts once: 'p2pchain meter status' shows the next one, sign with --from",
    ),
    Outcome.REGISTER_FELL: (
        "a register is lower than what was posted before",
        "registers only count up; where the meter was replaced: 'p2pchain meter exchange'",
    ),
    Outcome.REGISTERS_DO_NOT_JOIN: (
        "its registers do not meet those posted next to it",
        "'p2pchain meter status' shows the registers that the chain knows",
    ),
    Outcome.TOO_MANY_GAPS: (
        "the meter has too many open gaps",
        "post what is missing first: 'p2pchain meter status' lists the gaps",
    ),
    Outcome.NOT_BILLING_GRADE: (
        "the meter may not move money",
        "the registrar says which meters may: 'admin meter terms --billing-grade'",
    ),
    Outcome.NO_TARIFF: (
        "the meter's supplier has published no tariff for these slots",
        "'p2pchain tariff publish' does it, before the slot begins",
    ),
    Outcome.FORWARD_NOT_CLEARED: (
        "some of its slots have forward orders that are not cleared yet",
        "'p2pchain clear --forward' clears them, 'p2pchain level clear' and 'level share' what "
        "they wait for; then post it again; anybody may",
    ),
    Outcome.SETTLE_FIRST: (
        "it is late, and contracts of its slots are not settled yet",
        "'p2pchain settle --clear' settles them, then post it again; anybody may",
    ),
    Outcome.FINAL: (
        "the last run of settlement is over for some of its slots: what was settled is final",
        "'p2pchain admin market list' shows for how long a market takes what comes late",
    ),
}

REFUSALS: dict[Refusal, tuple[str, str]] = {
    Refusal.NONE: ("it was taken", ""),
    Refusal.UNKNOWN_MARKET: ("there is no such market", "'p2pchain admin market list' shows them"),
    Refusal.UNKNOWN_METER: ("there is no such meter", "'p2pchain meter status' lists them"),
    Refusal.OTHER_AREA: (
        "the meter is in another area than the market",
        "a market takes the meters of its own area: 'p2pchain admin market list'",
    ),
    Refusal.ALREADY_ENROLLED: (
        "the meter is enrolled already",
        "'p2pchain meter status' shows since when",
    ),
    Refusal.NOT_A_MEMBER: (
        "the meter is no member of the market, or the account not its present owner",
        "'p2pchain enrol' comes first",
    ),
    Refusal.TOO_LATE: (
        "the slot has begun",
        "name a later --from: a message counts from a slot that has not begun",
    ),
    Refusal.OLD_SEQUENCE: (
        "a newer message of this owner has been taken already",
        "sign it again: each message has a higher number than the last",
    ),
    Refusal.BAD_FORMAT: (
        "the message is not well formed",
        "limits are one figure, or 24 by UTC hour, on each side",
    ),
    Refusal.BAD_SIGNATURE: (
        "it is not signed by the meter's owner",
        "sign with the owner's key; 'p2pchain meter status' shows the owner",
    ),
    Refusal.NOT_BILLING_GRADE: (
        "the meter may not move money",
        "the registrar says which meters may: 'admin meter terms --billing-grade'",
    ),
    Refusal.PAUSED: (
        "the guardian has stopped new messages",
        "try again later; withdrawals and settlement go on",
    ),
    Refusal.MARKET_FULL: (
        "the market has as many members as it can have",
        "'p2pchain admin market create' makes another for the area",
    ),
    Refusal.NO_AGREEMENT: (
        "the meter's supplier has not agreed to take part in the market in that slot",
        "'p2pchain admin market show' lists those that have; the supplier signs with "
        "'p2pchain supplier agree'",
    ),
    Refusal.NOT_ELECTRICITY: (
        "it is a gas meter, and markets are for electricity",
        "gas is read by 'p2pchain meter gas' and supplied by tariff",
    ),
}

FORWARD_REFUSALS: dict[ForwardRefusal, tuple[str, str]] = {
    ForwardRefusal.NONE: ("it was taken", ""),
    ForwardRefusal.UNKNOWN_AUCTION: (
        "there is no such forward auction",
        "'p2pchain auctions' shows those of the market",
    ),
    ForwardRefusal.PAUSED: (
        "the guardian has stopped new orders",
        "try again later; cancelling, clearing and settlement go on",
    ),
    ForwardRefusal.NOT_A_MEMBER: (
        "the meter takes no part in these slots, or the account is not its owner there",
        "'p2pchain enrol' makes it a member; 'p2pchain meter status' shows the owner",
    ),
    ForwardRefusal.BAD_SIGNATURE: (
        "it is not signed by the meter's owner",
        "sign with the owner's key; 'p2pchain meter status' shows the owner",
    ),
    ForwardRefusal.OLD_SEQUENCE: (
        "a message of this meter with the same or a higher number has been taken already",
        "sign it again: each message has a higher number than the last",
    ),
    ForwardRefusal.BAD_FORMAT: (
        "the message is not well formed",
        "sign it again with 'p2pchain bid', 'ask', 'cancel' or 'schedule'",
    ),
    ForwardRefusal.AFTER_GATE: (
        "the gate has closed",
        "name a later slot; 'p2pchain auctions' shows when gates close",
    ),
    ForwardRefusal.TOO_EARLY: (
        "the slot is too far ahead",
        "'p2pchain auctions' shows up to when orders are taken now",
    ),
    ForwardRefusal.FIRM_PERIOD: (
        "the order is firm: it can be neither amended nor cancelled any more",
        "what is not used or not delivered is settled by the meter; 'p2pchain orders' shows all",
    ),
    ForwardRefusal.ORDER_EXISTS: (
        "the meter has an order for this slot already",
        "--amend puts the new one in its place; 'p2pchain orders' shows it",
    ),
    ForwardRefusal.NO_ORDER: (
        "the meter has no order for this slot",
        "'p2pchain orders' shows where it has some",
    ),
    ForwardRefusal.OFF_TICK: (
        "the limit is not the price of a tick",
        "'p2pchain auctions' shows floor and tick",
    ),
    ForwardRefusal.BAD_VOLUME: (
        "the energy is not a whole number of lots, or more than an order may have",
        "'p2pchain auctions' shows the lot",
    ),
    ForwardRefusal.RING_FULL: (
        "a much older window with orders is not settled yet",
        "'p2pchain settle --clear' settles it; anybody may",
    ),
    ForwardRefusal.TOO_LITTLE_MONEY: (
        "the owner has too little free money for the collateral",
        "'p2pchain balance' shows what is free, 'p2pchain deposit' pays in",
    ),
}

FORWARD_PHASES: dict[ForwardPhase, str] = {
    ForwardPhase.ABSENT: "nobody has ordered yet",
    ForwardPhase.OPEN: "open: orders are coming in",
    ForwardPhase.CLEARING: "being cleared",
    ForwardPhase.RATIONING: "being cleared",
    ForwardPhase.AWAITING: "matched here: what is left is with the level above",
    ForwardPhase.ADOPTING: "being cleared: what levels above have filled is shared out",
    ForwardPhase.CLEARED: "cleared: the meters decide what is owed",
    ForwardPhase.SETTLED: "settled: all is paid",
}

PHASES: dict[Phase, str] = {
    Phase.ABSENT: "nothing has been posted yet",
    Phase.OPEN: "open: readings are coming in",
    Phase.CLEARING: "being cleared",
    Phase.CLEARED: "cleared, not settled yet",
    Phase.SETTLED: "settled: all is paid",
}
