"""Meters with P-256 keys, from the key to the settled money, beside meters with secp256k1 keys."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from p2pchain import checks
from p2pchain.chain.bindings.metering import ReadingPosted, ReadingSkipped
from p2pchain.chain.events import read
from p2pchain.eip712 import reading_digest
from p2pchain.keys import Keystore, is_signed_by
from p2pchain.p256 import ORDER, P256Signer, verify
from tests.cli.conftest import DAY_ONE, World
from tests.cli.test_bad_input import refused

FIRST = 494521  # 2026-06-01T01:00Z in hours
KDF = ("--kdf", "pbkdf2")


def p256_key(name: str) -> P256Signer:
    """A key of a meter that is the same in every run."""
    return P256Signer(name.encode().rjust(32, b"p"))


def install(world: World, name: str) -> P256Signer:
    """Put a P-256 key into the keystore."""
    key = p256_key(name)
    Keystore().add(name, key, "open", kdf="pbkdf2", work=10)
    return key


def add_meter(world: World, key: str, owner: str, point: str) -> int:
    """Register a meter and enrol it from the first slot of the day on."""
    added = world.ok(
        "admin", "meter", "add", "--area", "1", "--owner", owner, "--supplier", "1",
        "--fuse", "24kWh", "--key", key, "--point", point, "--json", account="operator",
    ).json  # fmt: skip
    world.ok("enrol", str(added["meter"]), "--from", DAY_ONE, account=owner)
    return int(added["meter"])


@pytest.mark.capability("TAG-1")
def test_a_day_of_meters_with_keys_of_both_kinds(bare: World) -> None:
    world = bare
    world.set_up()
    install(world, "carol-meter")
    assert add_meter(world, "carol-meter", "carol", "3") == 3
    assert "P-256, 0x" in world.ok("meter", "status", "3").out
    world.ok("deposit", "5EUR", "--test-money", account="carol")
    world.clock("2026-06-02T00:00Z")
    lines = ""
    for meter, name, imported, exported in ((1, "alice", 900, 0), (2, "bob", 0, 1500), (3, "carol", 600, 0)):
        day = world.day(f"{name}.csv", 23, imported, exported)
        lines += world.sign(day, meter, f"{name}-meter").read_text()
    mixed = world.folder / "mixed.jsonl"
    mixed.write_text(lines)
    posted = world.ok("meter", "post", str(mixed), "--json", account="carol").json
    assert (posted["taken"], posted["refused"]) == (3, [])
    assert len(posted["transactions"]) == 1
    world.ok("settle", "--clear", account="carol")
    traded = world.ok("trades", "--meter", "3", "--json").json["trades"]
    assert len(traded) == 23
    contracts = world.market.contracts
    twin = checks.replay(contracts)
    assert checks.compare(contracts, twin) > 30
    assert twin.metering.heads[3].registers == (23 * 600, 0)
