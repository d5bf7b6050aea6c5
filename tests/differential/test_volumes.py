"""Volumes of gas: the contract against its twin, with what is right and what is not."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from functools import partial

import pytest

from p2pchain import checks
from p2pchain.chain.deployment import Contracts
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.sender import Sender
from p2pchain.eip712 import metering_domain, reading_digest, volume_digest, volumes_domain
from p2pchain.market import packed
from p2pchain.model import Reading, Terms
from p2pchain.operator import Operator
from p2pchain.point_book import PointBook
from p2pchain.points import CustomerClass, Fuel, Point, Standing, Status
from p2pchain.volume_book import volume_call
from p2pchain.volumes import STANDARD_CORRECTION_PPM, Volume, energy_wh, increments_wh
from tests.differential.outcome import reason_of, sent_as_expected

STEPS, METER_KEY = 60, 21


@pytest.mark.anvil
@pytest.mark.property(30)
@pytest.mark.capability("ELE-1")
def test_volumes_and_twin_never_differ(contracts: Contracts) -> None:
    chain, rng = contracts.chain, random.Random(5)
    seconds = contracts.deployment.slot_seconds
    counts: Counter[str] = Counter()
    with chain.anchor(), Sender(chain, dev_signer(0)) as sender:
        operator, book = Operator(contracts, sender), PointBook(contracts)
        area = operator.add_area(dev_signer(3).address)
        operator.add_supplier(dev_signer(1).address, "supplier")
        slot = chain.block().timestamp // seconds + 1
        owner, key = dev_signer(6), dev_signer(METER_KEY)
        meter = operator.register_meter(
            area, bytes([1] * 32), Terms(owner.address, slot, 1, 1, 900_000),
            bytes.fromhex(key.address[2:]),
        )  # fmt: skip
        for number, fuel in enumerate((Fuel.GAS, Fuel.ELECTRICITY), 1):
            standing = Standing(
                owner.address, slot, 1, Status.ENERGISED, CustomerClass.DOMESTIC,
                dev_signer(3).address, meter if number == 1 else 0, dev_signer(4).address,
            )  # fmt: skip
            sender.send(book.register_call(Point(bytes([number] * 32), area, fuel), standing))
        litres, wh = 1_000_000, 77
        domain = volumes_domain(chain.chain_id, contracts.volumes.address)
        for _ in range(STEPS):
            length = min(rng.randrange(1, 9), 24 - slot % 24)  # a record is of one UTC day
            kj = rng.randrange(38_000, 41_000)
            counters = [litres]
            for _ in range(length):
                counters.append(counters[-1] + rng.randrange(3_000))
            values = [(one, 0) for one in increments_wh(counters, kj, STANDARD_CORRECTION_PPM)]
            reading = Reading.of(meter, slot, wh, 0, values)
            readings = metering_domain(chain.chain_id, contracts.metering.address)
            signed = replace(reading, signature=key.sign_digest(reading_digest(readings, reading)))
            chain.set_time((slot + length) * seconds)
            sender.send(contracts.metering.post([packed(signed)]))
            good = Volume(1, meter, slot, slot + length, litres, counters[-1], kj,
                          STANDARD_CORRECTION_PPM, wh, reading.closing[0])  # fmt: skip
            tried = [_wrong(good, rng) for _ in range(rng.randrange(3))]
            for volume in (*tried, good, good):
                signer = METER_KEY if rng.random() < 0.9 or volume is good else METER_KEY + 1
                twin = checks.replay(contracts).volumes
                good_key = signer == METER_KEY
                expected = reason_of(partial(twin.post, volume, signed=good_key))
                signature = dev_signer(signer).sign_digest(volume_digest(domain, volume))
                sent_as_expected(sender, volume_call(contracts, volume, signature), expected)
                counts[expected or "kept"] += 1
            slot, litres, wh = slot + length, counters[-1], reading.closing[0]
        checks.compare(contracts, checks.replay(contracts))
    print(dict(counts))
    assert counts["kept"] == STEPS
    for name in ("WrongEnergy", "NotContinuous", "NoGasMeter", "NotTheRegister", "EmptyVolume"):
        assert counts[name], name


def _wrong(good: Volume, rng: random.Random) -> Volume:
    """The same with something that does not fit."""
    match rng.randrange(6):
        case 0:
            return replace(good, point=2)
        case 1:
            return replace(good, until_wh=good.until_wh + 1)
        case 2:
            return replace(good, from_litres=good.from_litres - 1)
        case 3:
            return replace(good, until_slot=good.from_slot)
        case 4:
            more = good.until_litres + 5_000
            energy = energy_wh(more - good.from_litres, good.calorific_kj, good.correction_ppm)
            return replace(good, until_litres=more, until_wh=good.from_wh + energy)
        case _:
            return replace(good, correction_ppm=good.correction_ppm + 1_000)
