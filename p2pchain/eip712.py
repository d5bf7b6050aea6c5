"""EIP-712 digests of the messages that the contracts take, without a blockchain library.

A digest is keccak256(0x1901 || domain separator || struct hash), see
https://eips.ethereum.org/EIPS/eip-712. The types are those of `contracts/Metering.sol`,
`contracts/Markets.sol`, `contracts/ForwardAuction.sol`, `contracts/Levels.sol`,
`contracts/Points.sol`, `contracts/Switching.sol` and `contracts/Volumes.sol`. Nothing here signs;
`p2pchain.keys` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from eth_hash.auto import keccak

from p2pchain.model import (
    Agreement,
    AuctionParams,
    Correction,
    Enrolment,
    Exchange,
    ForwardLevelParams,
    GridLoss,
    LevelParams,
    Limits,
    MarketParams,
    Order,
    Reading,
    Registration,
    Schedule,
)
from p2pchain.points import Consent, Tenancy, Withdrawal
from p2pchain.switching import Contract
from p2pchain.volumes import Volume

METERING: Final = "p2pchain Metering"
MARKETS: Final = "p2pchain Markets"
FORWARD: Final = "p2pchain ForwardAuction"
LEVELS: Final = "p2pchain Levels"
POINTS: Final = "p2pchain Points"
SWITCHING: Final = "p2pchain Switching"
VOLUMES: Final = "p2pchain Volumes"
VERSION: Final = "1"

_DOMAIN: Final = keccak(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_GRID_LOSS: Final = keccak(b"GridLoss(uint32 area,uint32 firstSlot,uint32 endSlot)")
_READING: Final = keccak(
    b"Reading(uint32 meter,uint32 firstSlot,uint16 slots,uint8 quality,uint64 importWh,"
    b"uint64 exportWh,uint256[] intervals)"
)
_EXCHANGE: Final = keccak(
    b"Exchange(uint32 meter,uint32 slot,bool opening,uint64 importWh,uint64 exportWh)"
)
_CORRECTION: Final = keccak(
    b"Correction(uint32 meter,uint32 firstSlot,uint16 slots,uint32 number,uint256[] intervals)"
)
_ENROLMENT: Final = keccak(b"Enrolment(bytes32 market,uint32 meter,uint32 fromSlot)")
_AGREEMENT: Final = keccak(
    b"Agreement(bytes32 market,bytes32 agreement,uint16 supplier,uint32 fromSlot,bool agrees,"
    b"uint32 sequence)"
)
_LIMITS: Final = keccak(
    b"Limits(bytes32 market,uint32 meter,uint32 fromSlot,uint32 sequence,int32[] buyNano,"
    b"int32[] sellNano)"
)
_ORDER: Final = keccak(
    b"Order(bytes32 auction,uint32 meter,uint32 slot,uint32 sequence,uint8 action,bool sell,"
    b"int32 limitNano,uint32 wh)"
)
_SCHEDULE: Final = keccak(
    b"Schedule(bytes32 auction,uint32 meter,uint32 day,uint32 sequence,uint256[] words)"
)
_TENANCY: Final = keccak(
    b"Tenancy(uint32 point,uint32 fromSlot,address customer,uint8 customerClass)"
)
_CONSENT: Final = keccak(
    b"Consent(uint32 point,address customer,address reader,bytes32 purpose,uint32 fromSlot,"
    b"uint32 untilSlot,uint64 endsAt,uint32 sequence)"
)
_WITHDRAWAL: Final = keccak(
    b"Withdrawal(uint32 point,address customer,address reader,bytes32 purpose,uint32 sequence)"
)
_CONTRACT: Final = keccak(
    b"Contract(uint32[] points,uint16[] tariffs,address customer,uint16 supplier,"
    b"uint32 earliestDay,bool beforeCoolingOffEnds,bytes32 terms,uint64 signedAt)"
)
_CANCELLATION: Final = keccak(b"Cancellation(uint32 id,bool back)")
_HANDOVER_READING: Final = keccak(
    b"HandoverReading(uint32 handover,uint64 importWh,uint64 exportWh)"
)
_ERRONEOUS_TRANSFER: Final = keccak(b"ErroneousTransfer(uint32 id)")
_VOLUME: Final = keccak(
    b"Volume(uint32 point,uint32 meter,uint32 fromSlot,uint32 untilSlot,uint64 fromLitres,"
    b"uint64 untilLitres,uint32 calorificKj,uint32 correctionPpm,uint64 fromWh,uint64 untilWh)"
)


@dataclass(frozen=True, slots=True)
class Domain:
    """Which contract on which chain a message is for; `contract` is its address as hex."""

    name: str
    chain_id: int
    contract: str

    @property
    def separator(self) -> bytes:
        """The domain separator, 32 bytes; computed once per domain."""
        return _separator(self.name, self.chain_id, self.contract.lower())


def metering_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of readings, corrections and meter exchanges."""
    return Domain(METERING, chain_id, contract)


def markets_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of enrolments, limits and suppliers' agreements."""
    return Domain(MARKETS, chain_id, contract)


def forward_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of orders and schedules."""
    return Domain(FORWARD, chain_id, contract)


def levels_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of signals that an area has lost its grid."""
    return Domain(LEVELS, chain_id, contract)


def points_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of tenancies and consents."""
    return Domain(POINTS, chain_id, contract)


def switching_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of contracts, cancellations and customers' readings."""
    return Domain(SWITCHING, chain_id, contract)


def contract_digest(domain: Domain, contract: Contract) -> bytes:
    """Return what a customer signs to come to a supplier, 32 bytes."""
    return _digest(
        domain,
        _CONTRACT,
        keccak(b"".join(map(_uint, contract.points))),
        keccak(b"".join(map(_uint, contract.tariffs))),
        _address(contract.customer),
        _uint(contract.supplier),
        _uint(contract.earliest_day),
        _uint(contract.before_cooling_off_ends),
        _bytes32(contract.terms),
        _uint(contract.signed_at),
    )


def cancellation_digest(domain: Domain, switch: int, back: bool) -> bytes:
    """Return what a customer signs to cancel a contract."""
    return _digest(domain, _CANCELLATION, _uint(switch), _uint(back))


def handover_reading_digest(domain: Domain, handover: int, import_wh: int, export_wh: int) -> bytes:
    """Return what a customer signs as his reading of a change of supplier."""
    return _digest(domain, _HANDOVER_READING, _uint(handover), _uint(import_wh), _uint(export_wh))


def erroneous_transfer_digest(domain: Domain, switch: int) -> bytes:
    """Return what a customer signs to say that a switch was no wish of his."""
    return _digest(domain, _ERRONEOUS_TRANSFER, _uint(switch))


def volumes_domain(chain_id: int, contract: str) -> Domain:
    """Return the domain of volumes of gas."""
    return Domain(VOLUMES, chain_id, contract)


def volume_digest(domain: Domain, volume: Volume) -> bytes:
    """Return what a gas meter signs for a volume, 32 bytes."""
    values = (getattr(volume, name) for name in Volume.__dataclass_fields__)
    return _digest(domain, _VOLUME, *map(_uint, values))


def tenancy_digest(domain: Domain, tenancy: Tenancy) -> bytes:
    """Return what who moves in signs, 32 bytes."""
    return _digest(
        domain,
        _TENANCY,
        _uint(tenancy.point),
        _uint(tenancy.from_slot),
        _address(tenancy.customer),
        _uint(int(tenancy.customer_class)),
    )


def consent_digest(domain: Domain, consent: Consent) -> bytes:
    """Return what a customer signs so that somebody may read his data."""
    return _digest(
        domain,
        _CONSENT,
        _uint(consent.point),
        _address(consent.customer),
        _address(consent.reader),
        _bytes32(consent.purpose),
        _uint(consent.from_slot),
        _uint(consent.until_slot),
        _uint(consent.ends_at),
        _uint(consent.sequence),
    )


def withdrawal_digest(domain: Domain, withdrawal: Withdrawal) -> bytes:
    """Return what a customer signs to end a consent."""
    return _digest(
        domain,
        _WITHDRAWAL,
        _uint(withdrawal.point),
        _address(withdrawal.customer),
        _address(withdrawal.reader),
        _bytes32(withdrawal.purpose),
        _uint(withdrawal.sequence),
    )


def grid_loss_digest(domain: Domain, loss: GridLoss) -> bytes:
    """Return what the operator of an area signs for a signal, 32 bytes."""
    return _digest(
        domain, _GRID_LOSS, _uint(loss.area), _uint(loss.first_slot), _uint(loss.end_slot)
    )


def reading_digest(domain: Domain, reading: Reading) -> bytes:
    """Return what a meter signs for a reading, 32 bytes."""
    return _digest(
        domain,
        _READING,
        _uint(reading.meter),
        _uint(reading.first_slot),
        _uint(reading.slots),
        _uint(int(reading.quality)),
        _uint(reading.import_wh),
        _uint(reading.export_wh),
        _array(reading.intervals),
    )


def correction_digest(domain: Domain, correction: Correction) -> bytes:
    """Return what a meter signs for a correction."""
    return _digest(
        domain,
        _CORRECTION,
        _uint(correction.meter),
        _uint(correction.first_slot),
        _uint(correction.slots),
        _uint(correction.number),
        _array(correction.intervals),
    )


def exchange_digest(domain: Domain, exchange: Exchange, opening: bool) -> bytes:
    """Return what the new key (`opening`) or the old key signs when a meter is replaced."""
    imported = exchange.opening_import_wh if opening else exchange.closing_import_wh
    exported = exchange.opening_export_wh if opening else exchange.closing_export_wh
    return _digest(
        domain,
        _EXCHANGE,
        _uint(exchange.meter),
        _uint(exchange.slot),
        _uint(int(opening)),
        _uint(imported),
        _uint(exported),
    )


def enrolment_digest(domain: Domain, enrolment: Enrolment) -> bytes:
    """Return what an owner signs to take part with a meter."""
    return _digest(
        domain,
        _ENROLMENT,
        _bytes32(enrolment.market),
        _uint(enrolment.meter),
        _uint(enrolment.from_slot),
    )


def agreement_digest(domain: Domain, agreement: Agreement, text_hash: bytes) -> bytes:
    """Return what a supplier signs to agree to the text of a market, by its hash, or to leave."""
    return _digest(
        domain,
        _AGREEMENT,
        _bytes32(agreement.market),
        _bytes32(text_hash),
        _uint(agreement.supplier),
        _uint(agreement.from_slot),
        _uint(int(agreement.agrees)),
        _uint(agreement.sequence),
    )


def registration_hash(registration: Registration) -> bytes:
    """Return the hash by which a market's parameters name its registration."""
    organiser, licence = (_text(text) for text in (registration.organiser, registration.licence))
    head = [_uint(96), _uint(96 + len(organiser)), _bytes32(registration.licence_hash)]
    return keccak(_uint(32) + b"".join(head) + organiser + licence)


def limits_digest(domain: Domain, limits: Limits) -> bytes:
    """Return what an owner signs to state limits."""
    return _digest(
        domain,
        _LIMITS,
        _bytes32(limits.market),
        _uint(limits.meter),
        _uint(limits.from_slot),
        _uint(limits.sequence),
        _array(limits.buy_nano),
        _array(limits.sell_nano),
    )


def order_digest(domain: Domain, order: Order) -> bytes:
    """Return what an owner signs to place, amend or cancel an order."""
    return _digest(
        domain,
        _ORDER,
        _bytes32(order.auction),
        _uint(order.meter),
        _uint(order.slot),
        _uint(order.sequence),
        _uint(int(order.action)),
        _uint(int(order.sell)),
        _int(order.limit_nano),
        _uint(order.wh),
    )


def schedule_digest(domain: Domain, schedule: Schedule) -> bytes:
    """Return what an owner signs to order for a whole day."""
    return _digest(
        domain,
        _SCHEDULE,
        _bytes32(schedule.auction),
        _uint(schedule.meter),
        _uint(schedule.day),
        _uint(schedule.sequence),
        _array(schedule.words),
    )


def market_id(params: MarketParams) -> bytes:
    """Return the id of a market: the hash of its ABI-encoded parameters."""
    head = [
        _uint(params.area),
        _uint(params.slot_seconds),
        _uint(int(params.rule)),
        _uint(params.k_ppm),
        _int(params.floor_nano),
        _uint(params.tick_nano),
        _uint(params.post_seconds),
        _uint(params.stage_seconds),
        _uint(params.void_seconds),
        _uint(params.runs),
        _uint(params.run_seconds),
        _uint(params.buy_fee_nano),
        _uint(params.sell_fee_nano),
        _address(params.fee_account),
        _uint(int(params.has_stated_price)),
        _int(params.stated_price_nano),
        _uint(params.only_supplier),
        _bytes32(params.agreement),
        _bytes32(params.registration),
        _uint(20 * 32),  # where the array of stages begins, behind these twenty words
    ]
    stages = [_uint(len(params.stages)), *map(_address, params.stages)]
    return keccak(_uint(32) + b"".join(head + stages))


def level_id(params: LevelParams) -> bytes:
    """Return the id of a level: the hash of its ABI-encoded parameters."""
    return keccak(
        _uint(params.area)
        + _uint(params.slot_seconds)
        + _uint(params.k_ppm)
        + _int(params.floor_nano)
        + _uint(params.tick_nano)
        + _uint(params.collect_seconds)
        + _uint(params.void_seconds)
    )


def forward_level_id(params: ForwardLevelParams) -> bytes:
    """Return the id of a forward level: the hash of its ABI-encoded parameters."""
    return keccak(
        _uint(params.area)
        + _uint(params.slot_seconds)
        + _uint(int(params.gate))
        + _uint(params.gate_seconds)
        + _uint(params.k_ppm)
        + _uint(params.lot_wh)
        + _int(params.floor_nano)
        + _uint(params.tick_nano)
        + _uint(params.collect_seconds)
        + _uint(params.void_seconds)
    )


def auction_id(params: AuctionParams) -> bytes:
    """Return the id of a forward auction: the hash of its ABI-encoded parameters."""
    return keccak(
        _bytes32(params.market)
        + _uint(int(params.gate))
        + _uint(params.gate_seconds)
        + _uint(params.firm_seconds)
        + _uint(params.void_seconds)
        + _uint(params.k_ppm)
        + _uint(params.lot_wh)
        + _int(params.floor_nano)
        + _uint(params.tick_nano)
        + _int(params.cap_nano)
        + _int(params.surplus_nano)
    )


@lru_cache(maxsize=64)
def _separator(name: str, chain_id: int, contract: str) -> bytes:
    return keccak(
        _DOMAIN
        + keccak(name.encode())
        + keccak(VERSION.encode())
        + _uint(chain_id)
        + _address(contract)
    )


def _digest(domain: Domain, type_hash: bytes, *fields: bytes) -> bytes:
    return keccak(b"\x19\x01" + domain.separator + keccak(type_hash + b"".join(fields)))


def _uint(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _int(value: int) -> bytes:
    return value.to_bytes(32, "big", signed=True)


def _address(value: str) -> bytes:
    raw = bytes.fromhex(value.removeprefix("0x"))
    if len(raw) != 20:
        raise ValueError(f"{value} is not an address")
    return raw.rjust(32, b"\0")


def _bytes32(value: bytes) -> bytes:
    if len(value) != 32:
        raise ValueError("an id has 32 bytes")
    return value


def _text(text: str) -> bytes:
    """A string as the tail of an ABI encoding: its length, then its bytes in whole words."""
    raw = text.encode()
    return _uint(len(raw)) + raw.ljust(-(-len(raw) // 32) * 32, b"\0")


def _array(values: Iterable[int]) -> bytes:
    """Hash of an array's elements, each in a word of its own (negative ones sign-extended)."""
    return keccak(b"".join((value % (1 << 256)).to_bytes(32, "big") for value in values))
