"""Digests equal those of eth-account's general encoder, and market ids those of eth-abi."""

from __future__ import annotations

from importlib import resources
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_account.messages import _hash_eip191_message, encode_typed_data
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from p2pchain import eip712
from p2pchain.model import (
    MODEL_AGREEMENT,
    Action,
    Agreement,
    AuctionParams,
    Correction,
    Enrolment,
    Exchange,
    Gate,
    Limits,
    MarketParams,
    Order,
    PriceRule,
    Quality,
    Reading,
    Registration,
    Schedule,
)

uint32 = st.integers(0, 2**32 - 1)
uint64 = st.integers(0, 2**64 - 1)
int32 = st.integers(-(2**31), 2**31 - 1)
bytes32 = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
domains = st.builds(
    eip712.Domain,
    st.sampled_from((eip712.METERING, eip712.MARKETS, eip712.FORWARD)),
    st.integers(1, 2**53),
    addresses,
)


def expected(domain: eip712.Domain, primary: str, kinds: str, values: dict[str, Any]) -> bytes:
    fields = [
        dict(zip(("type", "name"), pair.split(" "), strict=True)) for pair in kinds.split(",")
    ]
    message = encode_typed_data(
        {
            "name": domain.name,
            "version": "1",
            "chainId": domain.chain_id,
            "verifyingContract": domain.contract,
        },
        {primary: fields},
        values,
    )
    return bytes(_hash_eip191_message(message))


@pytest.mark.property(17)
@given(
    domains,
    st.builds(
        Reading,
        meter=uint32,
        first_slot=uint32,
        slots=st.integers(0, 2**16 - 1),
        quality=st.sampled_from(Quality),
        import_wh=uint64,
        export_wh=uint64,
        intervals=st.lists(st.integers(0, 2**256 - 1), max_size=6).map(tuple),
    ),
)
@settings(max_examples=50, deadline=None)
def test_reading(domain: eip712.Domain, reading: Reading) -> None:
    kinds = (
        "uint32 meter,uint32 firstSlot,uint16 slots,uint8 quality,uint64 importWh,"
        "uint64 exportWh,uint256[] intervals"
    )
    values = {
        "meter": reading.meter,
        "firstSlot": reading.first_slot,
        "slots": reading.slots,
        "quality": int(reading.quality),
        "importWh": reading.import_wh,
        "exportWh": reading.export_wh,
        "intervals": list(reading.intervals),
    }
    digest = expected(domain, "Reading", kinds, values)
    assert eip712.reading_digest(domain, reading) == digest


@pytest.mark.property(17)
@given(
    domains,
    st.builds(
        Correction,
        meter=uint32,
        first_slot=uint32,
        slots=st.integers(0, 2**16 - 1),
        number=uint32,
        intervals=st.lists(st.integers(0, 2**256 - 1), max_size=6).map(tuple),
    ),
)
@settings(max_examples=30, deadline=None)
def test_correction(domain: eip712.Domain, correction: Correction) -> None:
    kinds = "uint32 meter,uint32 firstSlot,uint16 slots,uint32 number,uint256[] intervals"
    values = {
        "meter": correction.meter,
        "firstSlot": correction.first_slot,
        "slots": correction.slots,
        "number": correction.number,
        "intervals": list(correction.intervals),
    }
    digest = expected(domain, "Correction", kinds, values)
    assert eip712.correction_digest(domain, correction) == digest


@given(domains, st.builds(Exchange, uint32, uint32, uint64, uint64, uint64, uint64), st.booleans())
@settings(max_examples=30, deadline=None)
def test_exchange(domain: eip712.Domain, exchange: Exchange, opening: bool) -> None:
    values = {
        "meter": exchange.meter,
        "slot": exchange.slot,
        "opening": opening,
        "importWh": exchange.opening_import_wh if opening else exchange.closing_import_wh,
        "exportWh": exchange.opening_export_wh if opening else exchange.closing_export_wh,
    }
    kinds = "uint32 meter,uint32 slot,bool opening,uint64 importWh,uint64 exportWh"
    digest = expected(domain, "Exchange", kinds, values)
    assert eip712.exchange_digest(domain, exchange, opening) == digest


@given(domains, bytes32, uint32, uint32)
@settings(max_examples=30, deadline=None)
def test_enrolment(domain: eip712.Domain, market: bytes, meter: int, from_slot: int) -> None:
    values = {"market": market, "meter": meter, "fromSlot": from_slot}
    kinds = "bytes32 market,uint32 meter,uint32 fromSlot"
    digest = expected(domain, "Enrolment", kinds, values)
    assert eip712.enrolment_digest(domain, Enrolment(market, meter, from_slot)) == digest


@given(
    domains,
    bytes32,
    st.tuples(uint32, uint32, uint32),
    st.lists(int32, max_size=24),
    st.lists(int32, max_size=24),
)
@settings(max_examples=50, deadline=None)
def test_limits(
    domain: eip712.Domain,
    market: bytes,
    figures: tuple[int, int, int],
    buy: list[int],
    sell: list[int],
) -> None:
    limits = Limits(market, *figures, tuple(buy), tuple(sell))
    values = {
        "market": market,
        "meter": limits.meter,
        "fromSlot": limits.from_slot,
        "sequence": limits.sequence,
        "buyNano": buy,
        "sellNano": sell,
    }
    kinds = (
        "bytes32 market,uint32 meter,uint32 fromSlot,uint32 sequence,int32[] buyNano,"
        "int32[] sellNano"
    )
    assert eip712.limits_digest(domain, limits) == expected(domain, "Limits", kinds, values)


@given(
    domains,
    st.builds(
        Agreement,
        market=bytes32,
        supplier=st.integers(0, 2**16 - 1),
        from_slot=uint32,
        agrees=st.booleans(),
        sequence=uint32,
    ),
    bytes32,
)
@settings(max_examples=30, deadline=None)
def test_agreement(domain: eip712.Domain, agreement: Agreement, text_hash: bytes) -> None:
    values = {
        "market": agreement.market,
        "agreement": text_hash,
        "supplier": agreement.supplier,
        "fromSlot": agreement.from_slot,
        "agrees": agreement.agrees,
        "sequence": agreement.sequence,
    }
    kinds = (
        "bytes32 market,bytes32 agreement,uint16 supplier,uint32 fromSlot,bool agrees,"
        "uint32 sequence"
    )
    found = eip712.agreement_digest(domain, agreement, text_hash)
    assert found == expected(domain, "Agreement", kinds, values)


def test_a_signature_over_the_digest_recovers_its_signer() -> None:
    account = Account.create()
    domain = eip712.metering_domain(131277322940537, "0x" + "ab" * 20)
    digest = eip712.reading_digest(domain, Reading.of(1, 24, 0, 0, [(1, 2)]))
    signed = account.unsafe_sign_hash(digest)
    assert Account._recover_hash(digest, signature=signed.signature) == account.address
    other = eip712.metering_domain(1, "0x" + "ab" * 20)
    assert eip712.reading_digest(other, Reading.of(1, 24, 0, 0, [(1, 2)])) != digest


@given(st.lists(addresses, max_size=8), int32, addresses, st.sampled_from(PriceRule))
@settings(max_examples=30, deadline=None)
def test_market_id(stages: list[str], floor: int, fees: str, rule: PriceRule) -> None:
    params = MarketParams(
        area=3, tick_nano=1_000, floor_nano=floor, fee_account=fees, stages=tuple(stages), rule=rule
    )
    kinds = (
        "(uint32,uint32,uint8,uint32,int32,uint32,uint32,uint32,uint32,uint8,uint32,uint32,uint32,"
        "address,bool,int32,uint16,bytes32,bytes32,address[])"
    )
    values = [getattr(params, name) for name in MarketParams.__dataclass_fields__]
    assert eip712.market_id(params) == keccak(encode([kinds], [tuple(values)]))


def test_a_market_id_or_address_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        eip712.enrolment_digest(eip712.markets_domain(1, "0x" + "ab" * 20), Enrolment(b"x", 1, 1))
    with pytest.raises(ValueError, match="not an address"):
        _ = eip712.markets_domain(1, "0xab").separator


auctions = st.builds(
    AuctionParams,
    market=bytes32,
    gate=st.sampled_from(Gate),
    gate_seconds=uint32,
    firm_seconds=uint32,
    void_seconds=uint32,
    k_ppm=uint32,
    lot_wh=uint32,
    floor_nano=int32,
    tick_nano=uint32,
    cap_nano=int32,
    surplus_nano=int32,
)


@given(
    domains,
    st.builds(
        Order,
        bytes32,
        uint32,
        uint32,
        uint32,
        st.sampled_from(Action),
        st.booleans(),
        int32,
        uint32,
    ),
)
@settings(max_examples=50, deadline=None)
def test_order(domain: eip712.Domain, order: Order) -> None:
    values = {
        "auction": order.auction,
        "meter": order.meter,
        "slot": order.slot,
        "sequence": order.sequence,
        "action": int(order.action),
        "sell": order.sell,
        "limitNano": order.limit_nano,
        "wh": order.wh,
    }
    kinds = (
        "bytes32 auction,uint32 meter,uint32 slot,uint32 sequence,uint8 action,bool sell,"
        "int32 limitNano,uint32 wh"
    )
    assert eip712.order_digest(domain, order) == expected(domain, "Order", kinds, values)
    signed = order.signed(b"anything")
    assert eip712.order_digest(domain, signed) == eip712.order_digest(domain, order)


@given(
    domains,
    bytes32,
    st.tuples(uint32, uint32, uint32),
    st.lists(st.integers(0, 2**256 - 1), max_size=12),
)
@settings(max_examples=50, deadline=None)
def test_schedule(
    domain: eip712.Domain, auction: bytes, figures: tuple[int, int, int], words: list[int]
) -> None:
    schedule = Schedule(auction, *figures, tuple(words))
    values = {
        "auction": auction,
        "meter": schedule.meter,
        "day": schedule.day,
        "sequence": schedule.sequence,
        "words": words,
    }
    kinds = "bytes32 auction,uint32 meter,uint32 day,uint32 sequence,uint256[] words"
    assert eip712.schedule_digest(domain, schedule) == expected(domain, "Schedule", kinds, values)


@given(auctions)
@settings(max_examples=50, deadline=None)
def test_auction_id(params: AuctionParams) -> None:
    kinds = "(bytes32,uint8,uint32,uint32,uint32,uint32,uint32,int32,uint32,int32,int32)"
    values = [getattr(params, name) for name in AuctionParams.__dataclass_fields__]
    assert eip712.auction_id(params) == keccak(encode([kinds], [tuple(values)]))


def test_the_domain_of_forward_auctions_is_its_own() -> None:
    contract = "0x" + "ab" * 20
    assert eip712.forward_domain(1, contract).name == "p2pchain ForwardAuction"
    other = eip712.markets_domain(1, contract)
    assert eip712.forward_domain(1, contract).separator != other.separator


@given(st.text(max_size=80), st.text(max_size=80), bytes32)
@settings(max_examples=30, deadline=None)
def test_the_hash_of_a_registration(organiser: str, licence: str, licence_hash: bytes) -> None:
    expected = keccak(encode(["(string,string,bytes32)"], [(organiser, licence, licence_hash)]))
    registration = Registration(organiser, licence, licence_hash)
    assert eip712.registration_hash(registration) == expected


def test_the_model_agreement_is_the_text_that_is_shipped() -> None:
    text = (resources.files("p2pchain.data") / "agreement.md").read_bytes()
    assert keccak(text) == MODEL_AGREEMENT
