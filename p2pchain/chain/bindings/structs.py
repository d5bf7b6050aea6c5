"""The contracts' structs.

Written by `p2pchain dev build`; do not edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from p2pchain.chain.abi import checksum, sized
from p2pchain.chain.bindings.enums import (
    Action,
    Cause,
    ClaimStage,
    Clock,
    CustomerClass,
    Fuel,
    Gate,
    IForwardAuctionPhase,
    ISettlementPhase,
    LevelPhase,
    PriceRule,
    Quality,
    Reason,
    Source,
    State,
    Status,
)


@dataclass(frozen=True, slots=True)
class Account:
    """`ILedger.Account`."""

    free_nano: int
    locked_nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.free_nano, self.locked_nano)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class Added:
    """`ISettlement.Added`."""

    wh: tuple[int, ...]
    ticks: tuple[int, ...]
    filled_wh: tuple[int, ...]
    left_wh: tuple[int, ...]
    buy_nano: int
    sell_nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.wh, self.ticks, self.filled_wh, self.left_wh, self.buy_nano, self.sell_nano)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class Agreement:
    """`IMarkets.Agreement`."""

    market: bytes
    supplier: int
    from_slot: int
    agrees: bool
    sequence: int
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            sized(self.market, 32),
            self.supplier,
            self.from_slot,
            self.agrees,
            self.sequence,
            self.signature,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class Area:
    """`IRegistry.Area`."""

    parent: int
    operator: str
    exists: bool

    def to_abi(self) -> tuple[Any, ...]:
        return (self.parent, self.operator, self.exists)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], checksum(raw[1]), raw[2])


@dataclass(frozen=True, slots=True)
class AuctionParams:
    """`IForwardAuction.AuctionParams`."""

    market: bytes
    gate: Gate
    gate_seconds: int
    firm_seconds: int
    void_seconds: int
    k_ppm: int
    lot_wh: int
    floor_nano: int
    tick_nano: int
    cap_nano: int
    surplus_nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            sized(self.market, 32),
            self.gate,
            self.gate_seconds,
            self.firm_seconds,
            self.void_seconds,
            self.k_ppm,
            self.lot_wh,
            self.floor_nano,
            self.tick_nano,
            self.cap_nano,
            self.surplus_nano,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            raw[0],
            Gate(raw[1]),
            raw[2],
            raw[3],
            raw[4],
            raw[5],
            raw[6],
            raw[7],
            raw[8],
            raw[9],
            raw[10],
        )


@dataclass(frozen=True, slots=True)
class Binding:
    """`ISwitching.Binding`."""

    supplier: int
    until_day: int
    exit_fee_nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.supplier, self.until_day, self.exit_fee_nano)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class Boundary:
    """`IRegistry.Boundary`."""

    meter: int
    tolerance_wh: int
    tolerance_ppm: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.meter, self.tolerance_wh, self.tolerance_ppm)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class Change:
    """`ICalendar.Change`."""

    since: int
    offset_seconds: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.since, self.offset_seconds)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class Claim:
    """`ILedger.Claim`."""

    debtor: str
    creditor: str
    open_nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.debtor, self.creditor, self.open_nano)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(checksum(raw[0]), checksum(raw[1]), raw[2])


@dataclass(frozen=True, slots=True)
class Consent:
    """`IPoints.Consent`."""

    point: int
    customer: str
    reader: str
    purpose: bytes
    from_slot: int
    until_slot: int
    ends_at: int
    sequence: int
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.point,
            self.customer,
            self.reader,
            sized(self.purpose, 32),
            self.from_slot,
            self.until_slot,
            self.ends_at,
            self.sequence,
            self.signature,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            raw[0],
            checksum(raw[1]),
            checksum(raw[2]),
            raw[3],
            raw[4],
            raw[5],
            raw[6],
            raw[7],
            raw[8],
        )


@dataclass(frozen=True, slots=True)
class ConsentState:
    """`IPoints.ConsentState`."""

    from_slot: int
    until_slot: int
    ends_at: int
    sequence: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.from_slot, self.until_slot, self.ends_at, self.sequence)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class Contract:
    """`ISwitching.Contract`."""

    points: tuple[int, ...]
    tariffs: tuple[int, ...]
    customer: str
    supplier: int
    earliest_day: int
    before_cooling_off_ends: bool
    terms: bytes
    signed_at: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.points,
            self.tariffs,
            self.customer,
            self.supplier,
            self.earliest_day,
            self.before_cooling_off_ends,
            sized(self.terms, 32),
            self.signed_at,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], checksum(raw[2]), raw[3], raw[4], raw[5], raw[6], raw[7])


@dataclass(frozen=True, slots=True)
class Correction:
    """`IMetering.Correction`."""

    meter: int
    first_slot: int
    slots: int
    number: int
    intervals: tuple[int, ...]
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.meter,
            self.first_slot,
            self.slots,
            self.number,
            self.intervals,
            self.signature,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class Cover:
    """`ILedger.Cover`."""

    own_nano: int
    guarantee_free_nano: int
    guarantee_locked_nano: int
    used: bool

    def to_abi(self) -> tuple[Any, ...]:
        return (self.own_nano, self.guarantee_free_nano, self.guarantee_locked_nano, self.used)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class DayTally:
    """`ISettlement.DayTally`."""

    cursor: int
    disputed: bool
    members_wh: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.cursor, self.disputed, self.members_wh)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class Dispute:
    """`ISwitching.Dispute`."""

    raised_by: str
    evidence: bytes
    proposed_by: int
    import_wh: int
    export_wh: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.raised_by,
            sized(self.evidence, 32),
            self.proposed_by,
            self.import_wh,
            self.export_wh,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(checksum(raw[0]), raw[1], raw[2], raw[3], raw[4])


@dataclass(frozen=True, slots=True)
class EdgeTerms:
    """`ILevels.EdgeTerms`."""

    from_slot: int
    charge_nano: int
    up_wh: int
    down_wh: int
    feeder_wh: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.from_slot, self.charge_nano, self.up_wh, self.down_wh, self.feeder_wh)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4])


@dataclass(frozen=True, slots=True)
class Enrolment:
    """`IMarkets.Enrolment`."""

    market: bytes
    meter: int
    from_slot: int
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (sized(self.market, 32), self.meter, self.from_slot, self.signature)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class Entry:
    """`ILedger.Entry`."""

    meter: int
    account: str
    supplier: str
    release_nano: int
    pay_nano: int
    income_nano: int
    supplier_nano: int
    collateral_nano: int
    contract_nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.meter,
            self.account,
            self.supplier,
            self.release_nano,
            self.pay_nano,
            self.income_nano,
            self.supplier_nano,
            self.collateral_nano,
            self.contract_nano,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            raw[0],
            checksum(raw[1]),
            checksum(raw[2]),
            raw[3],
            raw[4],
            raw[5],
            raw[6],
            raw[7],
            raw[8],
        )


@dataclass(frozen=True, slots=True)
class ErrorClaim:
    """`ISwitching.ErrorClaim`."""

    stage: ClaimStage
    agreed: int
    in_time: int
    answer_until: int
    closed_at: int
    return_until: int
    returned_at: int
    compensate_until: int
    compensated_at: int
    back_nano: int
    compensation: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.stage,
            self.agreed,
            self.in_time,
            self.answer_until,
            self.closed_at,
            self.return_until,
            self.returned_at,
            self.compensate_until,
            self.compensated_at,
            self.back_nano,
            sized(self.compensation, 32),
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            ClaimStage(raw[0]),
            raw[1],
            raw[2],
            raw[3],
            raw[4],
            raw[5],
            raw[6],
            raw[7],
            raw[8],
            raw[9],
            raw[10],
        )


@dataclass(frozen=True, slots=True)
class Exchange:
    """`IMetering.Exchange`."""

    meter: int
    slot: int
    closing_import_wh: int
    closing_export_wh: int
    opening_import_wh: int
    opening_export_wh: int
    closing_signature: bytes
    opening_signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.meter,
            self.slot,
            self.closing_import_wh,
            self.closing_export_wh,
            self.opening_import_wh,
            self.opening_export_wh,
            self.closing_signature,
            self.opening_signature,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7])


@dataclass(frozen=True, slots=True)
class ForwardLevelParams:
    """`IForwardLevels.ForwardLevelParams`."""

    area: int
    slot_seconds: int
    gate: Gate
    gate_seconds: int
    k_ppm: int
    lot_wh: int
    floor_nano: int
    tick_nano: int
    collect_seconds: int
    void_seconds: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.area,
            self.slot_seconds,
            self.gate,
            self.gate_seconds,
            self.k_ppm,
            self.lot_wh,
            self.floor_nano,
            self.tick_nano,
            self.collect_seconds,
            self.void_seconds,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            raw[0],
            raw[1],
            Gate(raw[2]),
            raw[3],
            raw[4],
            raw[5],
            raw[6],
            raw[7],
            raw[8],
            raw[9],
        )


@dataclass(frozen=True, slots=True)
class Gap:
    """`IMetering.Gap`."""

    from_slot: int
    until_slot: int
    from_import_wh: int
    from_export_wh: int
    until_import_wh: int
    until_export_wh: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.from_slot,
            self.until_slot,
            self.from_import_wh,
            self.from_export_wh,
            self.until_import_wh,
            self.until_export_wh,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class GridLoss:
    """`ILevels.GridLoss`."""

    area: int
    first_slot: int
    end_slot: int
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (self.area, self.first_slot, self.end_slot, self.signature)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class Handover:
    """`ISwitching.Handover`."""

    point: int
    slot: int
    meter: int
    losing: int
    gaining: int
    cause: Cause
    customer: str
    rules: int
    import_wh: int
    export_wh: int
    source: Source
    dispute: Dispute
    billed_at: int
    refunded_at: int
    exit_fee_nano: int
    final_bill: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.point,
            self.slot,
            self.meter,
            self.losing,
            self.gaining,
            self.cause,
            self.customer,
            self.rules,
            self.import_wh,
            self.export_wh,
            self.source,
            self.dispute.to_abi(),
            self.billed_at,
            self.refunded_at,
            self.exit_fee_nano,
            sized(self.final_bill, 32),
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            raw[0],
            raw[1],
            raw[2],
            raw[3],
            raw[4],
            Cause(raw[5]),
            checksum(raw[6]),
            raw[7],
            raw[8],
            raw[9],
            Source(raw[10]),
            Dispute.from_abi(raw[11]),
            raw[12],
            raw[13],
            raw[14],
            raw[15],
        )


@dataclass(frozen=True, slots=True)
class Head:
    """`IMetering.Head`."""

    next_slot: int
    import_wh: int
    export_wh: int
    gaps: int
    enrolled: bool
    kept_out: bool

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.next_slot,
            self.import_wh,
            self.export_wh,
            self.gaps,
            self.enrolled,
            self.kept_out,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class IForwardAuctionResult:
    """`IForwardAuction.Result`."""

    traded: bool
    price_nano: int
    buy_tick: int
    sell_tick: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.traded, self.price_nano, self.buy_tick, self.sell_tick)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class IForwardAuctionWindow:
    """`IForwardAuction.Window`."""

    window: int
    phase: IForwardAuctionPhase
    voided: bool
    cursor: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.window, self.phase, self.voided, self.cursor)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], IForwardAuctionPhase(raw[1]), raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class ISettlementResult:
    """`ISettlement.Result`."""

    traded: bool
    price_nano: int
    matched_wh: int
    buy_tick: int
    sell_tick: int
    buy_rationed: bool
    fill_wh: int
    live_wh: int
    carry: int
    island: bool

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.traded,
            self.price_nano,
            self.matched_wh,
            self.buy_tick,
            self.sell_tick,
            self.buy_rationed,
            self.fill_wh,
            self.live_wh,
            self.carry,
            self.island,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7], raw[8], raw[9])


@dataclass(frozen=True, slots=True)
class ISettlementWindow:
    """`ISettlement.Window`."""

    window: int
    phase: ISettlementPhase
    stage: int
    voided: bool
    members: int
    cursor: int
    opened_block: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.window,
            self.phase,
            self.stage,
            self.voided,
            self.members,
            self.cursor,
            self.opened_block,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], ISettlementPhase(raw[1]), raw[2], raw[3], raw[4], raw[5], raw[6])


@dataclass(frozen=True, slots=True)
class Leg:
    """`ISwitching.Leg`."""

    point: int
    tariff: int
    losing: int
    losing_tariff: int
    handover: int
    offer: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.point, self.tariff, self.losing, self.losing_tariff, self.handover, self.offer)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class LevelCharge:
    """`ILedger.LevelCharge`."""

    account: str
    nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.account, self.nano)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(checksum(raw[0]), raw[1])


@dataclass(frozen=True, slots=True)
class LevelMove:
    """`ILedger.LevelMove`."""

    market: bytes
    nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (sized(self.market, 32), self.nano)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1])


@dataclass(frozen=True, slots=True)
class LevelParams:
    """`ILevels.LevelParams`."""

    area: int
    slot_seconds: int
    k_ppm: int
    floor_nano: int
    tick_nano: int
    collect_seconds: int
    void_seconds: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.area,
            self.slot_seconds,
            self.k_ppm,
            self.floor_nano,
            self.tick_nano,
            self.collect_seconds,
            self.void_seconds,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6])


@dataclass(frozen=True, slots=True)
class LevelWindow:
    """`ILevels.LevelWindow`."""

    window: int
    phase: LevelPhase
    cursor: int
    children: int
    told: bool

    def to_abi(self) -> tuple[Any, ...]:
        return (self.window, self.phase, self.cursor, self.children, self.told)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], LevelPhase(raw[1]), raw[2], raw[3], raw[4])


@dataclass(frozen=True, slots=True)
class Liability:
    """`ISwitching.Liability`."""

    clock: Clock
    subject: int
    place: int
    supplier: int
    customer: str
    amount_nano: int
    paid_at: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.clock,
            self.subject,
            self.place,
            self.supplier,
            self.customer,
            self.amount_nano,
            self.paid_at,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(Clock(raw[0]), raw[1], raw[2], raw[3], checksum(raw[4]), raw[5], raw[6])


@dataclass(frozen=True, slots=True)
class Limits:
    """`IMarkets.Limits`."""

    market: bytes
    meter: int
    from_slot: int
    sequence: int
    buy_nano: tuple[int, ...]
    sell_nano: tuple[int, ...]
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            sized(self.market, 32),
            self.meter,
            self.from_slot,
            self.sequence,
            self.buy_nano,
            self.sell_nano,
            self.signature,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6])


@dataclass(frozen=True, slots=True)
class MarketParams:
    """`IMarkets.MarketParams`."""

    area: int
    slot_seconds: int
    rule: PriceRule
    k_ppm: int
    floor_nano: int
    tick_nano: int
    post_seconds: int
    stage_seconds: int
    void_seconds: int
    runs: int
    run_seconds: int
    buy_fee_nano: int
    sell_fee_nano: int
    fee_account: str
    has_stated_price: bool
    stated_price_nano: int
    only_supplier: int
    agreement: bytes
    registration: bytes
    stages: tuple[str, ...]

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.area,
            self.slot_seconds,
            self.rule,
            self.k_ppm,
            self.floor_nano,
            self.tick_nano,
            self.post_seconds,
            self.stage_seconds,
            self.void_seconds,
            self.runs,
            self.run_seconds,
            self.buy_fee_nano,
            self.sell_fee_nano,
            self.fee_account,
            self.has_stated_price,
            self.stated_price_nano,
            self.only_supplier,
            sized(self.agreement, 32),
            sized(self.registration, 32),
            self.stages,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            raw[0],
            raw[1],
            PriceRule(raw[2]),
            raw[3],
            raw[4],
            raw[5],
            raw[6],
            raw[7],
            raw[8],
            raw[9],
            raw[10],
            raw[11],
            raw[12],
            checksum(raw[13]),
            raw[14],
            raw[15],
            raw[16],
            raw[17],
            raw[18],
            tuple(checksum(i) for i in raw[19]),
        )


@dataclass(frozen=True, slots=True)
class MemberTerms:
    """`IMarkets.MemberTerms`."""

    meter: int
    index: int
    active: bool
    until_slot: int
    owner: str
    supplier: int
    tariff: int
    billing_grade: bool
    buy_nano: int
    sell_nano: int
    hourly: tuple[int, ...]

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.meter,
            self.index,
            self.active,
            self.until_slot,
            self.owner,
            self.supplier,
            self.tariff,
            self.billing_grade,
            self.buy_nano,
            self.sell_nano,
            self.hourly,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            raw[0],
            raw[1],
            raw[2],
            raw[3],
            checksum(raw[4]),
            raw[5],
            raw[6],
            raw[7],
            raw[8],
            raw[9],
            raw[10],
        )


@dataclass(frozen=True, slots=True)
class Network:
    """`ILedger.Network`."""

    supplier: str
    charge_nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.supplier, self.charge_nano)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(checksum(raw[0]), raw[1])


@dataclass(frozen=True, slots=True)
class Node:
    """`ILevels.Node`."""

    parent: bytes
    area: int
    from_window: int
    index: int
    is_level: bool

    def to_abi(self) -> tuple[Any, ...]:
        return (sized(self.parent, 32), self.area, self.from_window, self.index, self.is_level)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4])


@dataclass(frozen=True, slots=True)
class Objection:
    """`ISwitching.Objection`."""

    by: str
    place: int
    reason: Reason
    removed: bool
    resolve_until: int
    evidence: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.by,
            self.place,
            self.reason,
            self.removed,
            self.resolve_until,
            sized(self.evidence, 32),
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(checksum(raw[0]), raw[1], Reason(raw[2]), raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class Offer:
    """`ISwitching.Offer`."""

    since: int
    classes: int
    term_days: int
    exit_fee_nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.since, self.classes, self.term_days, self.exit_fee_nano)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class Order:
    """`IForwardAuction.Order`."""

    auction: bytes
    meter: int
    slot: int
    sequence: int
    action: Action
    sell: bool
    limit_nano: int
    wh: int
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            sized(self.auction, 32),
            self.meter,
            self.slot,
            self.sequence,
            self.action,
            self.sell,
            self.limit_nano,
            self.wh,
            self.signature,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], Action(raw[4]), raw[5], raw[6], raw[7], raw[8])


@dataclass(frozen=True, slots=True)
class OrderState:
    """`IForwardAuction.OrderState`."""

    sell: bool
    limit_nano: int
    wh: int
    filled_wh: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.sell, self.limit_nano, self.wh, self.filled_wh)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class Origin:
    """`IMetering.Origin`."""

    slot: int
    import_wh: int
    export_wh: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.slot, self.import_wh, self.export_wh)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class Point:
    """`IPoints.Point`."""

    commitment: bytes
    area: int
    fuel: Fuel
    exports: bool

    def to_abi(self) -> tuple[Any, ...]:
        return (sized(self.commitment, 32), self.area, self.fuel, self.exports)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], Fuel(raw[2]), raw[3])


@dataclass(frozen=True, slots=True)
class Reading:
    """`IMetering.Reading`."""

    meter: int
    first_slot: int
    slots: int
    quality: Quality
    import_wh: int
    export_wh: int
    intervals: tuple[int, ...]
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.meter,
            self.first_slot,
            self.slots,
            self.quality,
            self.import_wh,
            self.export_wh,
            self.intervals,
            self.signature,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], Quality(raw[3]), raw[4], raw[5], raw[6], raw[7])


@dataclass(frozen=True, slots=True)
class Registration:
    """`IMarkets.Registration`."""

    organiser: str
    licence: str
    licence_hash: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (self.organiser, self.licence, sized(self.licence_hash, 32))

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class Restatement:
    """`ISwitching.Restatement`."""

    from_slot: int
    until_slot: int
    supplier: int
    tariff: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.from_slot, self.until_slot, self.supplier, self.tariff)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3])


@dataclass(frozen=True, slots=True)
class Row:
    """`ITariffs.Row`."""

    energy: int
    feed_in: int
    imbalance: int
    network: int
    levies: int
    tax: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.energy, self.feed_in, self.imbalance, self.network, self.levies, self.tax)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class Rules:
    """`ISwitching.Rules`."""

    calendar: int
    gate_seconds: int
    advance_days: int
    switch_days: int
    standstill_days: int
    objection_days: tuple[int, ...]
    resolution_days: int
    cooling_off_days: tuple[int, ...]
    objection_classes: tuple[int, ...]
    read_days: int
    evidence_days: int
    dispute_days: tuple[int, ...]
    dispute_above_wh: tuple[int, ...]
    final_bill_days: int
    refund_days: int
    claim_days: int
    answer_days: int
    return_days: int
    compensation_days: int
    liability_nano: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.calendar,
            self.gate_seconds,
            self.advance_days,
            self.switch_days,
            self.standstill_days,
            self.objection_days,
            self.resolution_days,
            self.cooling_off_days,
            self.objection_classes,
            self.read_days,
            self.evidence_days,
            self.dispute_days,
            self.dispute_above_wh,
            self.final_bill_days,
            self.refund_days,
            self.claim_days,
            self.answer_days,
            self.return_days,
            self.compensation_days,
            self.liability_nano,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            raw[0],
            raw[1],
            raw[2],
            raw[3],
            raw[4],
            raw[5],
            raw[6],
            raw[7],
            raw[8],
            raw[9],
            raw[10],
            raw[11],
            raw[12],
            raw[13],
            raw[14],
            raw[15],
            raw[16],
            raw[17],
            raw[18],
            raw[19],
        )


@dataclass(frozen=True, slots=True)
class Schedule:
    """`IForwardAuction.Schedule`."""

    auction: bytes
    meter: int
    day: int
    sequence: int
    words: tuple[int, ...]
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            sized(self.auction, 32),
            self.meter,
            self.day,
            self.sequence,
            self.words,
            self.signature,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class SettledEvidence:
    """`ISettlement.SettledEvidence`."""

    first_window: int
    windows: int
    from_index: int
    results: tuple[int, ...]
    fills: tuple[int, ...]
    contracts: tuple[int, ...]
    proof: tuple[bytes, ...]

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.first_window,
            self.windows,
            self.from_index,
            self.results,
            self.fills,
            self.contracts,
            [sized(i, 32) for i in self.proof],
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6])


@dataclass(frozen=True, slots=True)
class Standing:
    """`IPoints.Standing`."""

    customer: str
    from_slot: int
    supplier: int
    status: Status
    customer_class: CustomerClass
    network_operator: str
    meter: int
    meter_agent: str

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.customer,
            self.from_slot,
            self.supplier,
            self.status,
            self.customer_class,
            self.network_operator,
            self.meter,
            self.meter_agent,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            checksum(raw[0]),
            raw[1],
            raw[2],
            Status(raw[3]),
            CustomerClass(raw[4]),
            checksum(raw[5]),
            raw[6],
            checksum(raw[7]),
        )


@dataclass(frozen=True, slots=True)
class Switch:
    """`ISwitching.Switch`."""

    customer: str
    supplier: int
    customer_class: int
    kept: State
    before_cooling_off_ends: bool
    rules: int
    signed_at: int
    expires_at: int
    object_until: int
    cooling_until: int
    ended_at: int
    earliest_day: int
    due_day: int
    start_day: int
    start_slot: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.customer,
            self.supplier,
            self.customer_class,
            self.kept,
            self.before_cooling_off_ends,
            self.rules,
            self.signed_at,
            self.expires_at,
            self.object_until,
            self.cooling_until,
            self.ended_at,
            self.earliest_day,
            self.due_day,
            self.start_day,
            self.start_slot,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            checksum(raw[0]),
            raw[1],
            raw[2],
            State(raw[3]),
            raw[4],
            raw[5],
            raw[6],
            raw[7],
            raw[8],
            raw[9],
            raw[10],
            raw[11],
            raw[12],
            raw[13],
            raw[14],
        )


@dataclass(frozen=True, slots=True)
class SwitchCore:
    """`SwitchCore`."""

    registry: str
    points: str
    tariffs: str
    metering: str
    calendar: str
    ledger: str
    token: str

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.registry,
            self.points,
            self.tariffs,
            self.metering,
            self.calendar,
            self.ledger,
            self.token,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(
            checksum(raw[0]),
            checksum(raw[1]),
            checksum(raw[2]),
            checksum(raw[3]),
            checksum(raw[4]),
            checksum(raw[5]),
            checksum(raw[6]),
        )


@dataclass(frozen=True, slots=True)
class Tenancy:
    """`IPoints.Tenancy`."""

    point: int
    from_slot: int
    customer: str
    customer_class: CustomerClass
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (self.point, self.from_slot, self.customer, self.customer_class, self.signature)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], checksum(raw[2]), CustomerClass(raw[3]), raw[4])


@dataclass(frozen=True, slots=True)
class Terms:
    """`IRegistry.Terms`."""

    owner: str
    from_slot: int
    supplier: int
    tariff: int
    fuse_wh: int
    billing_grade: bool

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.owner,
            self.from_slot,
            self.supplier,
            self.tariff,
            self.fuse_wh,
            self.billing_grade,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(checksum(raw[0]), raw[1], raw[2], raw[3], raw[4], raw[5])


@dataclass(frozen=True, slots=True)
class Volume:
    """`IVolumes.Volume`."""

    point: int
    meter: int
    from_slot: int
    until_slot: int
    from_litres: int
    until_litres: int
    calorific_kj: int
    correction_ppm: int
    from_wh: int
    until_wh: int

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.point,
            self.meter,
            self.from_slot,
            self.until_slot,
            self.from_litres,
            self.until_litres,
            self.calorific_kj,
            self.correction_ppm,
            self.from_wh,
            self.until_wh,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2], raw[3], raw[4], raw[5], raw[6], raw[7], raw[8], raw[9])


@dataclass(frozen=True, slots=True)
class VolumeHead:
    """`IVolumes.VolumeHead`."""

    until_slot: int
    litres: int
    wh: int

    def to_abi(self) -> tuple[Any, ...]:
        return (self.until_slot, self.litres, self.wh)

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], raw[1], raw[2])


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """`IPoints.Withdrawal`."""

    point: int
    customer: str
    reader: str
    purpose: bytes
    sequence: int
    signature: bytes

    def to_abi(self) -> tuple[Any, ...]:
        return (
            self.point,
            self.customer,
            self.reader,
            sized(self.purpose, 32),
            self.sequence,
            self.signature,
        )

    @classmethod
    def from_abi(cls, raw: Any) -> Self:
        return cls(raw[0], checksum(raw[1]), checksum(raw[2]), raw[3], raw[4], raw[5])
