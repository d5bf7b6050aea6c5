"""Meters with P-256 keys, from the key to the settled money, beside meters with secp256k1 keys."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Iterator
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
from p2pchain.errors import BadInput
from p2pchain.keys import Keystore, is_signed_by
from p2pchain.meter import read_signed
from p2pchain.p256 import ORDER, P256Signer, verify
from tests.cli.conftest import DAY_ONE, PASSPHRASE, World
from tests.cli.test_bad_input import refused

FIRST = 494521  # 2026-06-01T01:00Z in hours
KDF = ("--kdf", "pbkdf2")


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """The market of all modules; keys that a test has made are gone after it."""
    keys = Keystore().directory
    before = set(keys.iterdir())
    yield world
    for path in set(keys.iterdir()) - before:
        path.unlink()


def p256_key(name: str) -> P256Signer:
    """A key of a meter that is the same in every run."""
    return P256Signer(name.encode().rjust(32, b"p"))


def install(world: World, name: str) -> P256Signer:
    """Put a P-256 key into the keystore."""
    key = p256_key(name)
    Keystore().add(name, key, PASSPHRASE, kdf="pbkdf2", work=10)
    return key


def add_meter(world: World, key: str, owner: str, point: str) -> int:
    """Register a meter and enrol it from the first slot of the day on."""
    added = world.ok(
        "admin", "meter", "add", "--area", "1", "--owner", owner, "--supplier", "1",
        "--fuse", "24kWh", "--key", key, "--point", point, "--json", account="operator",
    ).json  # fmt: skip
    world.ok("enrol", str(added["meter"]), "--from", DAY_ONE, account=owner)
    return int(added["meter"])


def pem(path: Path, key: ec.EllipticCurvePrivateKey, phrase: bytes | None = None) -> Path:
    """Write a private key as PKCS#8."""
    how: KeySerializationEncryption = BestAvailableEncryption(phrase) if phrase else NoEncryption()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how))
    path.chmod(0o600)
    return path


def public_pem(path: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    """Write a public key."""
    kind = PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(key.public_key().public_bytes(Encoding.PEM, kind))
    return path


def raw(key: ec.EllipticCurvePrivateKey) -> bytes:
    numbers = key.public_key().public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


# A secure element behind a program: OpenSSL's answer is DER, s as it comes.
DEVICE = """
import sys
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import load_pem_private_key
key = load_pem_private_key(open(sys.argv[1], "rb").read(), None)
digest = bytes.fromhex(sys.stdin.readline())
print(key.sign(digest, ec.ECDSA(utils.Prehashed(hashes.SHA256()))).hex())
"""


def device(folder: Path, key: ec.EllipticCurvePrivateKey) -> str:
    """Return the command that signs with a key which no keystore has."""
    program = folder / "element.py"
    program.write_text(DEVICE)
    return f"{sys.executable} {program} {pem(folder / 'element.pem', key)}"


# KEYS


def test_a_key_is_made_sealed_and_never_an_account(world: World) -> None:
    made = world.ok("keys", "new", "m7", "--kind", "p256", *KDF, "--json").json
    assert (made["kind"], len(made["public_key"])) == ("p256", 2 + 128)
    path = Path(made["file"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    signer = Keystore().unlock_meter("m7", PASSPHRASE)
    assert isinstance(signer, P256Signer)
    assert signer.public_key.hex() == made["public_key"][2:]
    assert signer.secret().hex() not in path.read_text()
    # what comes with Keystore V3 would be the address of a key on another curve
    assert "address" not in path.read_text()
    listed = world.ok("keys", "list", "--json").json["keys"]
    assert made["public_key"] in [row.get("public_key") for row in listed]
    assert made["public_key"][:18] in world.ok("keys", "list").out
    refused(world, 2, "no account", "deposit", "1EUR", "--test-money", account="m7")
    refused(world, 2, "no account", "balance", "m7", account="alice")
    refused(world, 2, "already", "keys", "new", "m7", "--kind", "p256")
    with pytest.raises(BadInput, match="wrong passphrase"):
        Keystore().unlock_meter("m7", "shut")
    content = json.loads(path.read_text())
    other = {**content, "public_key": "0x" + p256_key("other").public_key.hex()}
    for altered, said in (
        (other, "another public key"),
        ({**content, "public_key": "0x" + "11" * 64}, "no point"),
        ({**content, "sealed": "open"}, "not the file of a P-256 key"),
        ({**content, "sealed": {"version": 3}}, "not a Keystore V3 file"),
    ):
        path.write_text(json.dumps(altered))
        with pytest.raises(BadInput, match=said):
            Keystore().unlock_meter("m7", PASSPHRASE)


@pytest.mark.parametrize("form", ["plain", "sealed", "hex", "keystore"])
def test_a_key_of_another_program_is_taken_in(world: World, tmp_path: Path, form: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    source, more = tmp_path / "key", list[str]()
    if form == "hex":
        source.write_text(f"{key.private_numbers().private_value:064x}\n")
        source.chmod(0o600)
        more = ["--kind", "p256"]
    elif form == "keystore":
        number = key.private_numbers().private_value
        other = Keystore(tmp_path / "other")
        source = other.add("m", P256Signer(number.to_bytes(32, "big")), PASSPHRASE, work=2).path
    else:
        pem(source, key, PASSPHRASE.encode() if form == "sealed" else None)
    made = world.ok("keys", "import", "m8", "--file", str(source), *more, *KDF, "--json").json
    assert made["public_key"] == "0x" + raw(key).hex()


def test_what_is_no_p256_key_is_not_taken_in(world: World, tmp_path: Path) -> None:
    key, k1 = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256K1())
    good, public = pem(tmp_path / "good", key), public_pem(tmp_path / "public", key)
    broken = tmp_path / "broken"
    broken.write_text(good.read_text().replace("M", "N"))
    broken.chmod(0o600)
    loose = pem(tmp_path / "loose", key)
    loose.chmod(0o644)
    wrong: list[tuple[str, list[str]]] = [
        ("is secp256k1, not P-256", ["--file", str(pem(tmp_path / "k1", k1))]),
        ("is secp256k1, not P-256", ["--public", str(public_pem(tmp_path / "k1p", k1))]),
        ("wrong passphrase", ["--file", str(pem(tmp_path / "sealed", key, b"shut"))]),
        ("has no private key", ["--file", str(broken)]),
        ("can be used by others", ["--file", str(loose)]),
        ("such files hold", ["--file", str(good), "--kind", "secp256k1"]),
        ("holds a private key", ["--public", str(good)]),
        ("has no public key", ["--public", str(tmp_path / "element.txt")]),
        ("cannot read", ["--public", str(tmp_path / "none")]),
        ("all of it", ["--public", str(public), "--file", str(good)]),
    ]
    (tmp_path / "element.txt").write_text("no key")
    for said, arguments in wrong:
        reason = {"such files hold": "PEM file"}.get(said, said)
        refused(world, 2, reason, "keys", "import", "m9", *arguments)
    assert not Keystore().path("m9").exists()


# FROM THE KEY TO THE MONEY


@pytest.mark.capability("TAG-1")
@pytest.mark.capability("FST-1")
def test_a_day_of_meters_with_keys_of_both_kinds(bare: World) -> None:
    world = bare
    world.set_up()
    install(world, "carol-meter")
    assert add_meter(world, "carol-meter", "carol", "3") == 3
    assert "P-256, 0x" in world.ok("meter", "status", "3").out
    world.ok("deposit", "5EUR", "--test-money", account="carol")
    world.clock("2026-06-02T00:00Z")
    lines = ""
    for meter, name, imported, exported in (
        (1, "alice", 900, 0),
        (2, "bob", 0, 1500),
        (3, "carol", 600, 0),
    ):
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
    # whoever reads the log can check every signature without the chain
    domain, verifier = world.market.metering_domain, contracts.p256_verifier.address
    for entry in read(contracts, kinds=(ReadingPosted,)):
        event = entry.event
        assert isinstance(event, ReadingPosted)
        posted_by, _ = contracts.registry.signer_at(event.meter, event.first_slot)
        record = twin.metering.records[event.meter, event.first_slot // 24][0]
        digest = reading_digest(domain, record)
        assert is_signed_by(posted_by, digest, event.signature, verifier)
        assert not is_signed_by(posted_by, digest[::-1], event.signature, verifier)


@pytest.mark.capability("FST-1")
def test_a_secure_element_signs_for_a_meter_and_its_key_stays_there(
    world: World, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = public_pem(tmp_path / "public.pem", key)
    made = world.ok("keys", "import", "element", "--public", str(public), "--json").json
    assert "private" not in Path(made["file"]).read_text()
    meter = add_meter(world, "element", "carol", "4")
    by_text = world.cli(
        "admin", "meter", "rotate-key", str(meter), "--key", f"p256:{raw(key).hex()}",
        "--dry-run", account="operator",
    )  # fmt: skip
    assert by_text.code == 0, by_text.err
    world.clock("2026-06-01T12:00Z")
    day = world.day("element.csv", 8, 700, 0)
    refused(
        world, 2, "its device signs",
        "meter", "sign", str(day), "--meter", str(meter), "--key", "element",
    )  # fmt: skip
    program = device(tmp_path, key)
    signed = world.sign(day, meter, "element", "--device", program)
    world.ok("meter", "post", str(signed), account="carol")
    assert world.ok("meter", "status", str(meter), "--json").json["import_wh"] == 5600
    # a device that does not answer, answers nonsense, or has another key
    false_element = device(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    for wrong, said in (
        ("/bin/true", "not a P-256 signature"),
        ("/bin/false", "ended with code 1"),
        ("echo hello", "answered with no signature"),
        (str(tmp_path / "nothing"), "cannot start"),
        ("'", "is not a command"),
        (" ", "names no program"),
        (false_element, "another key"),
    ):
        refused(
            world, 2, said,
            "meter", "sign", str(day), "--meter", str(meter), "--key", "element",
            "--device", wrong,
        )  # fmt: skip


@pytest.mark.capability("TAG-1")
def test_what_such_a_meter_did_not_sign_is_refused(world: World) -> None:
    key = install(world, "carol-meter")
    other = install(world, "other-p256")
    meter = add_meter(world, "carol-meter", "carol", "4")
    world.clock("2026-06-01T12:00Z")
    good = world.sign(world.day("carol.csv", 8, 700, 0), meter, "carol-meter")
    record = json.loads(good.read_text())
    signature = bytes.fromhex(record["signature"][2:])
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    high = signature[:32] + (ORDER - s).to_bytes(32, "big")
    domain, contracts = world.market.metering_domain, world.market.contracts
    (signed,) = read_signed(good.read_text(), "file", domain)
    digest = reading_digest(domain, signed.reading)
    assert verify(key.public_key, digest, signature)
    wrong: dict[str, bytes] = {
        "high s": high,
        "another key": other.sign_digest(digest),
        "another digest": key.sign_digest(digest[::-1]),
        "a key of the other kind": world.key("alice-meter").sign_digest(digest),
        "truncated": signature[:63],
        "r is zero": bytes(32) + signature[32:],
        "s is zero": signature[:32] + bytes(32),
        "r and s swapped": signature[32:] + signature[:32],
        "r is the order": ORDER.to_bytes(32, "big") + signature[32:],
        "empty": b"",
    }
    assert 0 < r < ORDER
    bad = world.folder / "bad.jsonl"
    for why, forged in wrong.items():
        bad.write_text(json.dumps(record | {"signature": "0x" + forged.hex()}) + "\n")
        result = world.cli("meter", "post", str(bad), account="carol")
        assert result.code == 1, why
        assert "not signed by the key" in result.errors[0], why
        assert contracts.metering.head_of(meter).next_slot == 0, why
    for change in ({"meter": 1}, {"first_slot": FIRST + 1}, {"import_wh": 1}, {"export_wh": 1}):
        bad.write_text(json.dumps(record | change) + "\n")
        assert world.cli("meter", "post", str(bad), account="carol").code == 1, change
    # one that is refused does not hold up the others, whatever their keys
    alice = world.sign(world.day("alice.csv", 8, 900, 0), 1, "alice-meter")
    forged_line = json.dumps(record | {"signature": "0x" + high.hex()})
    bad.write_text(forged_line + "\n" + alice.read_text())
    result = world.cli("meter", "post", str(bad), "--json", account="carol")
    assert (result.code, result.json["taken"]) == (1, 1)
    world.ok("meter", "post", str(good), account="carol")
    again = world.cli("meter", "post", str(good), account="carol")
    assert again.code == 1
    assert contracts.metering.head_of(meter).import_wh == 5600


@pytest.mark.capability("FST-7")
def test_a_meter_changes_from_one_kind_of_key_to_the_other(world: World) -> None:
    install(world, "new-p256")
    install(world, "late-p256")
    at = "2026-06-01T05:00Z"
    rotate = ("admin", "meter", "rotate-key", "1", "--from", at, "--key")
    world.ok(*rotate, "new-p256", account="operator")
    world.clock("2026-06-01T12:00Z")
    whole = world.day("whole.csv", 4, 1000, 0)
    world.ok("meter", "post", str(world.sign(whole, 1, "alice-meter")), account="carol")
    # the meter itself is replaced: both sign, each with its own kind of key
    exchange = ("meter", "exchange", "1", "--at", at, "--old-key", "alice-meter", "--new-key")
    refused(world, 1, "not signed by the key", *exchange, "late-p256", account="operator")
    world.ok(*exchange, "new-p256", "--opening-import", "5Wh", account="operator")
    new = world.day("new.csv", 3, 300, 0, begin=at, registers=(5, 0))
    old_key = world.sign(new, 1, "alice-meter")
    refused(world, 1, "not signed by the key", "meter", "post", str(old_key), account="carol")
    by_slot = world.sign(new, 1, "new-p256", "--by-slot")
    assert len(by_slot.read_text().splitlines()) == 3
    world.ok("meter", "post", str(by_slot), account="carol")
    assert world.ok("meter", "status", "1", "--json").json["import_wh"] == 905
    # revoked, it signs no more, and another takes its place
    world.ok("admin", "meter", "revoke", "1", account="alice")
    world.ok(
        "admin", "meter", "rotate-key", "1", "--key", "late-p256", "--from", "2026-06-01T14:00Z",
        account="operator",
    )  # fmt: skip
    world.clock("2026-06-01T16:00Z")
    begin = "2026-06-01T14:00Z"
    late = world.day("late.csv", 2, 100, 0, begin=begin, registers=(905, 0))
    stale = world.sign(late, 1, "new-p256")
    refused(world, 1, "not signed by the key", "meter", "post", str(stale), account="carol")
    world.ok("meter", "post", str(world.sign(late, 1, "late-p256")), account="carol")
    # what was read wrongly is corrected with the key that it has now
    world.clock("2026-06-02T20:00Z")
    world.ok("settle", "--clear", account="carol")
    fix = ("meter", "correct", "1", "--slot", at, "--import", "250Wh", "--export", "0Wh", "--key")
    refused(world, 1, "", *fix, "new-p256", account="operator")
    world.ok(*fix, "late-p256", account="operator")
    status = world.ok("meter", "status", "1", "--json").json
    assert status["corrected_import_wh"] == -50
    contracts = world.market.contracts
    twin = checks.replay(contracts)
    assert checks.compare(contracts, twin) > 20


def test_a_key_that_could_never_sign_is_not_registered(world: World) -> None:
    verifier = world.market.contracts.p256_verifier.address
    point = p256_key("carol-meter").public_key.hex()
    no_point = point[:-2] + f"{int(point[-2:], 16) ^ 1:02x}"
    add = (
        "admin", "meter", "add", "--area", "1", "--owner", "carol", "--supplier", "1", "--fuse",
        "24kWh", "--point", "5", "--key",
    )  # fmt: skip
    for wrong, said in (
        (f"p256:{no_point}", "no point of the curve"),
        (f"p256:{'00' * 64}", "no point of the curve"),
        (f"p256:{point[:-2]}", "63 bytes"),
        ("p256:alice", "not hexadecimal"),
        (f"{verifier}{no_point}", "no point of the curve"),
        (f"{verifier}{point}00", "65 bytes"),
        (f"0x{'ab' * 20}{point}", "no contract at"),
        (f"{verifier}xx", "not hexadecimal"),
        ("nobody", "no key 'nobody'"),
    ):
        refused(world, 2, said, *add, wrong, account="operator")
    old = json.loads((world.folder / "deployments" / "local.json").read_text())
    for part in ("contracts", "code_hashes"):
        del old[part]["ERC7913P256Verifier"]
    record = world.folder / "old.json"
    record.write_text(json.dumps(old))
    refused(
        world, 2, "no verifier for P-256",
        *add, f"p256:{point}", "--deployment", str(record), account="operator",
    )  # fmt: skip
    assert world.ok(*add, f"{verifier}{point}", "--dry-run", account="operator").code == 0


def test_a_record_alone_gets_the_gas_that_its_signature_needs(bare: World) -> None:
    """A node's estimate is too low here: with less gas the record is skipped, not refused."""
    world = bare
    world.set_up()
    install(world, "carol-meter")
    world.ok(
        "admin", "meter", "add", "--area", "1", "--owner", "carol", "--supplier", "1", "--fuse",
        "24kWh", "--key", "carol-meter", "--point", "5", account="operator",
    )  # fmt: skip
    world.clock("2026-06-01T20:00Z")
    signed = world.sign(world.day("carol.csv", 16, 700, 0), 3, "carol-meter")
    posted = world.ok("meter", "post", str(signed), "--json", account="carol").json
    assert (posted["taken"], posted["refused"]) == (1, [])
    assert not list(read(world.market.contracts, kinds=(ReadingSkipped,)))
