"""Deploying to a chain by profile: plan, interruption, handing over, and looking what stands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from p2pchain.chain.abi import Call
from p2pchain.chain.deployment import HELD, P256_VERIFIER, Contracts, Deployment, created_address
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.rollout import Rollout, alone, part_path
from p2pchain.chain.sender import Sender
from p2pchain.errors import Refused
from tests.chain.test_rollout import Killed
from tests.cli.conftest import CREATE_MARKET, World, build
from tests.cli.test_bad_input import refused, told
from tests.multisig import Multisig, needs_compiler

DEPLOY = ["admin", "deploy", "--deployment", "second.json"]
ME = World.account("operator")
KEYS = [World.key(name) for name in ("anna", "ben", "cleo")]
SECOND = ["--deployment", "second.json"]
DAY = 86_400


@pytest.fixture
def world(world: World) -> Iterator[World]:
    """The market of the module, for a second deployment beside it."""
    yield world
    for name in ("second.json", "second.part.json"):
        Path(name).unlink(missing_ok=True)


@pytest.fixture
def multisig(world: World) -> Iterator[Multisig]:
    """Two of three; somebody who has nothing to do with the market pays for its transactions."""
    with Sender(world.chain, dev_signer(9)) as payer:
        yield Multisig(world.chain, payer, KEYS, 2)


def roles(world: World) -> dict[tuple[str, str], int]:
    """Who has the roles, aside from the contract that changes suppliers."""
    rows = world.ok("admin", "roles", "list", "--json", *SECOND).json["roles"]
    found = {(row["role"], row["account"]): row["delay_seconds"] for row in rows}
    switching = Deployment.load(Path("second.json")).contracts["Switching"]
    assert found.pop(("SWITCHING", switching)) == found.pop(("REGISTRAR", switching)) == 0
    return found


def later(world: World, seconds: int) -> None:
    world.chain.set_time(world.chain.block().timestamp + seconds)


def differences(world: World) -> list[str]:
    result = world.cli("admin", "verify", "--json", *SECOND)
    found = result.json["differences"]
    assert result.code == (4 if found else 0), result.err
    assert result.err.count("differs: ") == len(found)
    return [f"{one['subject']}: {one['what']}" for one in found]


# the plan


def test_the_plan_says_everything(world: World) -> None:
    before = world.state()
    plan = world.ok(*DEPLOY, "--dry-run", "--json", account="operator").json
    nonce = world.chain.nonce(ME)
    assert plan["administrator"] == ME
    assert plan["record"] == "second.json"
    assert plan["balance_wei"] == world.chain.balance(ME) > plan["needed_wei"] > plan["cost_wei"]
    assert plan["gas"] == sum(step["gas"] for step in plan["steps"]) > 70_000_000
    assert plan["cost_wei"] == plan["gas"] * plan["gas_price_wei"]
    creations = [step for step in plan["steps"] if step["address"]]
    assert [step["nonce"] for step in creations] == list(range(nonce, nonce + len(creations)))
    for step in creations:
        assert step["address"] == created_address(ME, step["nonce"])
    assert {row["role"]: row["account"] for row in plan["holders"]} == dict.fromkeys(
        ("ADMIN", *HELD), ME
    )
    shown = world.ok(*DEPLOY, "--dry-run", account="operator").out
    for words in ("balance", "cost", "will stand at", "second.json", "31337", ME):
        assert words in shown
    assert world.state() == before
    # and it comes so
    asked = world.cli(*DEPLOY, account="operator")
    assert asked.code == 0
    assert "will stand at" in asked.err
    made = Deployment.load(Path("second.json"))
    assert [made.contracts[step["contract"]] for step in _named(plan)] == [
        step["address"] for step in _named(plan)
    ]
    assert differences(world) == []


def _named(plan: dict[str, Any]) -> list[dict[str, Any]]:
    made = [step for step in plan["steps"] if step["address"]]
    return [{**step, "contract": name} for step, name in zip(made, plan["contracts"], strict=True)]


def test_nobody_is_asked_and_nothing_is_sent(world: World) -> None:
    before = world.state()
    result = world.cli(*DEPLOY, account="operator", yes=False)
    told(result, 2, "would send a transaction")
    assert world.state() == before


def test_an_account_without_money(world: World, tmp_path: Path) -> None:
    world.ok("keys", "new", "poor", "--kdf", "pbkdf2")
    try:
        poor = world.ok("keys", "list", "--json").json["keys"]
        address = next(row["address"] for row in poor if row["name"] == "poor")
        result = world.cli(*DEPLOY, "--dry-run", account="poor")
        told(result, 1, f"{address} has 0 of the chain's coin, and this needs 0.")
        assert "send it 0." in result.hints[0]
        assert "will stand at" in result.out
        assert world.cli(*DEPLOY, account="poor").code == 1
        assert not Path("second.part.json").exists()
    finally:
        (world.folder / "keys" / "poor.json").unlink()


WRONG: list[tuple[list[str], int, str]] = [
    (["--currency", "euro"], 2, "is not a currency"),
    (["--currency", "ÄÖÜ"], 2, "is not a currency"),
    (["--slot-seconds", "600"], 2, "is not one of"),
    (["--token", "0x1234"], 2, "0x1234"),
    (["--token", "0x" + "11" * 20], 2, "there is no contract at"),
    (["--token", "DEPLOYED:Registry"], 2, "does not say its decimals"),
    (["--resume"], 2, "nothing was begun"),
    (["--resume", "--restart"], 2, "--resume continues and --restart gives up"),
    (["--owner", World.account("carol"), "--delay", "48h"], 2, "no contract on this chain"),
    (["--owner", "0x" + "00" * 20, "--delay", "48h"], 2, "address zero"),
    (["--owner", "DEPLOYED:Registry"], 2, "how long must the owner announce"),
    (["--owner", "DEPLOYED:Registry", "--delay", "31d"], 2, "more than 30 days"),
    (["--owner", "DEPLOYED:Registry", "--delay", "soon"], 2, "is not a duration"),
    (["--owner", "operator", "--delay", "0"], 2, "is the account that deploys"),
    (["--owner", "nobody", "--delay", "0"], 2, "nobody"),
    (["--delay", "48h"], 2, "--delay goes with --owner"),
    (["--guardian", "carol"], 2, "--guardian goes with --owner"),
    (["--allow-account"], 2, "--allow-account goes with --owner"),
    (["--owner", "DEPLOYED:Registry", "--delay", "0", "--guardian", "carol:1h"], 2,
     "a guardian who must announce its calls guards nothing"),
    (["--owner", "DEPLOYED:Registry", "--delay", "0", "--registrar", "carol:x"], 2,
     "is not a duration"),
    (["--owner", "DEPLOYED:Registry", "--delay", "0", "--registrar", "0x" + "00" * 20], 2,
     "nobody has the address zero"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "code", "words"), WRONG, ids=lambda v: str(v)[:40])
def test_wrong_input(world: World, options: list[str], code: int, words: str) -> None:
    known = Deployment.load(Path("deployments/local.json")).contracts
    typed = [known[one[9:]] if one.startswith("DEPLOYED:") else one for one in options]
    refused(world, code, words, *DEPLOY, *typed, account="operator")
    assert not list(Path().glob("second*"))


def test_only_to_the_chain_of_the_profile(world: World) -> None:
    text = Path("p2pchain.toml").read_text()
    try:
        Path("p2pchain.toml").write_text(text.replace("31337", "4711"))
        refused(world, 3, "has chain id 31337, not 4711", *DEPLOY, account="operator")
        Path("p2pchain.toml").write_text(text.replace("chain_id = 31337\n", ""))
        refused(world, 2, "nothing says which chain", *DEPLOY, account="operator")
        refused(world, 2, "nothing says which chain", "-n", world.url, *DEPLOY, account="operator")
    finally:
        Path("p2pchain.toml").write_text(text)
    refused(world, 2, "the embedded chain ends", "-n", "tester", *DEPLOY, account="operator")


# cut off


def begin(world: World, monkeypatch: pytest.MonkeyPatch, entry: str, *options: str) -> None:
    """Deploy, and be interrupted after a step."""
    real = Rollout.run

    def run(self: Rollout, sender: Sender, step: Any = None) -> Deployment:
        def die(name: str) -> None:
            if name == entry and self.path is not None:  # a rehearsal has no file
                raise KeyboardInterrupt

        return real(self, sender, die)

    with monkeypatch.context() as patch:
        patch.setattr(Rollout, "run", run)
        result = world.cli(*DEPLOY, *options, account="operator")
    assert result.code == 130, result.err
    assert Path("second.part.json").exists()


def test_taken_up_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = world.ok(*DEPLOY, "--slot-seconds", "900", "--dry-run", "--json", account="operator")
    begin(world, monkeypatch, "Posting", "--slot-seconds", "900")
    wrong = [
        (["--slot-seconds", "3600"], "operator", "slot seconds 900, now 3600"),
        (["--currency", "CHF"], "operator", "currency EUR, now CHF"),
        (["--resume"], "carol", f"begun by {ME}, this account is {World.account('carol')}"),
        (["--owner", "carol", "--delay", "0", "--allow-account"], "operator", "roles ADMIN"),
    ]
    for options, account, words in wrong:
        assert "--restart" in refused(world, 2, words, *DEPLOY, *options, account=account).hints[0]
    with alone(part_path(Path("second.json"))):
        refused(world, 1, "another process is working", *DEPLOY, account="operator")
    # the same command goes on, and says so; so does one with --resume alone
    rest = world.ok(*DEPLOY, "--resume", "--dry-run", "--json", account="operator").json
    assert rest["resumed"]
    assert (rest["slot_seconds"], rest["given_up"]) == (900, [])
    assert rest["transactions"] == plan.json["transactions"] - 10
    assert [step["address"] for step in rest["steps"]] == [
        step["address"] for step in plan.json["steps"]
    ]
    head = world.chain.block().number
    result = world.ok(*DEPLOY, "--resume", account="operator")
    assert f"10 of {plan.json['transactions']} steps are done" in result.err
    assert world.chain.block().number == head + rest["transactions"]
    assert not Path("second.part.json").exists()
    assert differences(world) == []
    refused(world, 2, "holds a deployment already", *DEPLOY, account="operator")


def test_what_was_told_a_lost_address_is_planned_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(world, monkeypatch, "Settlement")
    world.ok("withdraw", "0.01EUR", account="alice")
    with Sender(world.chain, dev_signer(0)) as sender:
        sender.send(Call(World.account("bob"), b"", 1), 21_000)
    plan = world.ok(*DEPLOY, "--dry-run", "--json", account="operator").json
    again = {row["contract"] for row in plan["given_up"]}
    lost = ["Ledger", "ForwardAuction", "Settlement", "Levels", "ForwardLevels", "Points"]
    lost += ["Calendar", "Switching", "Volumes", P256_VERIFIER]
    assert again == set(lost)
    assert plan["contracts"] == lost
    shown = world.ok(*DEPLOY, "--dry-run", account="operator").out
    assert "given up: Ledger at 0x" in shown
    assert "again" in shown
    world.ok(*DEPLOY, account="operator")
    assert differences(world) == []


def test_begun_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(world, monkeypatch, "Registry")
    first = json.loads(Path("second.part.json").read_text())["addresses"]["Registry"]
    world.ok(*DEPLOY, "--restart", "--currency", "CHF", account="operator")
    made = Deployment.load(Path("second.json"))
    assert made.currency == "CHF"
    assert made.contracts["Registry"] != first
    # a file that cannot be read is given up the same way
    Path("second.part.json").write_text("{")
    refused(world, 2, "cannot be read", *DEPLOY, "--replace", account="operator")
    Path("second.part.json").unlink()


def test_killed_between_the_last_step_and_the_record(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def save(self: Deployment, path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Deployment, "save", save)
        assert world.cli(*DEPLOY, account="operator").code == 130
    head = world.chain.block().number
    world.ok(*DEPLOY, account="operator")
    assert world.chain.block().number == head
    assert differences(world) == []


@pytest.mark.anvil
def test_killed_for_real(tmp_path: Path) -> None:
    """kill -9 of a process, several times, beside a real node."""
    with build(tmp_path, "anvil") as bare:
        killed_and_resumed(bare)


def killed_and_resumed(bare: World) -> None:
    program = [sys.executable, "-c", "from p2pchain.cli import main; main()"]
    command = [*program, "-y", "-a", "operator", "admin", "deploy"]
    part = Path("deployments/local.part.json")
    plan = bare.ok("admin", "deploy", "--dry-run", "--json", account="operator").json

    def steps() -> int:
        return part.read_text().count('"transaction"') if part.exists() else 0

    kills = 0
    for stop in (3, 17, 26, 30):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ)
        )
        end = time.monotonic() + 120
        while steps() < stop and process.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    assert kills == 4
    bare.ok("admin", "deploy", "--resume", account="operator")
    assert bare.chain.nonce(ME) == plan["transactions"]
    made = Deployment.load(Path("deployments/local.json"))
    planned = {step["address"] for step in plan["steps"] if step["address"]}
    assert set(made.contracts.values()) == planned
    assert bare.ok("admin", "verify", "--json").json["differences"] == []
    assert not part.exists()


# handed over


@needs_compiler
def test_a_deployment_that_ends_in_other_hands(world: World, multisig: Multisig) -> None:
    options = ["--owner", multisig.address, "--delay", "48h", "--registrar", "carol:1h",
               "--meter-operator", "bob", "--guardian", "carol"]  # fmt: skip
    plan = world.ok(*DEPLOY, *options, "--dry-run", "--json", account="operator").json
    assert plan["steps"][-1]["what"] == f"take ADMIN from {ME}"
    world.ok(*DEPLOY, *options, account="operator")
    carol, bob = World.account("carol"), World.account("bob")
    assert roles(world) == {
        ("ADMIN", multisig.address): 2 * DAY,
        ("REGISTRAR", carol): 3600,
        ("METER_OPERATOR", bob): 0,
        ("MARKET_OPERATOR", multisig.address): 2 * DAY,
        ("REGULATOR", multisig.address): 2 * DAY,
        ("GUARDIAN", carol): 0,
    }
    assert differences(world) == []
    area = ["admin", "area", "add", "--operator", "grid", *SECOND]
    refused(world, 1, "unauthorized", *area, account="operator")
    refused(world, 1, "unauthorized", "admin", "roles", "grant", "REGISTRAR", "operator", *SECOND,
            account="operator")  # fmt: skip

    # a role with a delay and a key: announce, wait, the same command again
    dry = world.ok(*area, "--dry-run", account="carol").out
    assert "announce, 3600 seconds ahead" in dry
    result = world.ok(*area, "--json", account="carol").json
    assert result["ready_unix"] >= world.chain.block().timestamp + 3600 - 1
    early = refused(world, 1, "its delay of 3600 seconds is not over", *area, account="carol")
    assert "run it again from" in early.hints[0]
    (waiting,) = world.ok("admin", "announced", "list", "--json", *SECOND).json["operations"]
    assert (waiting["state"], waiting["call"]) == ("waiting", "Registry.addArea")
    later(world, 3600)
    assert world.ok(*area, "--json", account="carol").json["area"] == 1
    assert world.ok("admin", "announced", "list", *SECOND).out == "nothing is announced\n"
    (over,) = world.ok("admin", "announced", "list", "--all", "--json", *SECOND).json["operations"]
    assert over["state"] == "executed"


@needs_compiler
def test_a_multisig_acts_through_its_delay(world: World, multisig: Multisig) -> None:
    world.ok(*DEPLOY, "--owner", multisig.address, "--delay", "2d", "--registrar", "bob",
             "--guardian", "carol", account="operator")  # fmt: skip
    world.ok("admin", "area", "add", "--operator", "grid", *SECOND, account="bob")
    create = [*CREATE_MARKET, "--area", "1", "--name", "valley", *SECOND]
    unsigned = [*create, "--unsigned", multisig.address]
    before = world.state()
    printed = world.ok(*unsigned).json
    assert world.state() == before
    assert (printed["chain_id"], printed["delay_seconds"]) == (31337, 2 * DAY)
    assert printed["from"] == multisig.address
    announce, carry_out = printed["calls"]
    assert (announce["name"], carry_out["name"]) == (
        "AccessManager.schedule", "AccessManager.execute",
    )  # fmt: skip
    with pytest.raises(Refused):
        multisig.carry_out(announce, 1)  # one signer is not enough
    with pytest.raises(Refused):
        multisig.carry_out(carry_out)  # not announced
    multisig.carry_out(announce)
    with pytest.raises(Refused):
        multisig.carry_out(carry_out)  # too early
    again = world.ok(*unsigned).json
    assert [one["name"] for one in again["calls"]] == ["AccessManager.execute"]
    assert again["calls"][0]["data"] == carry_out["data"]
    assert again["ready_unix"] == world.chain.block().timestamp + 2 * DAY
    later(world, 2 * DAY - 60)
    with pytest.raises(Refused):
        multisig.carry_out(carry_out)
    later(world, 60)
    multisig.carry_out(carry_out)
    with pytest.raises(Refused):
        multisig.carry_out(carry_out)  # once
    # the record learns of it by the same command
    assert "was there already" in world.ok(*unsigned).out
    rows = world.ok("admin", "market", "list", "--json", *SECOND).json["markets"]
    assert [row["name"] for row in rows] == ["valley"]

    # who has a role without a delay acts at once, and who has none not at all
    pause = ["admin", "market", "pause", *SECOND]
    assert world.ok(*pause, "--unsigned", World.account("carol")).json["delay_seconds"] == 0
    world.ok(*pause, account="carol")
    refused(world, 1, "unauthorized", *pause, "--unsigned", multisig.address)
    refused(
        world,
        1,
        "unauthorized",
        *CREATE_MARKET,
        "--area",
        "1",
        "--name",
        "other",
        *SECOND,
        account="bob",
    )


@needs_compiler
def test_a_guardian_cancels_and_time_runs_out(world: World, multisig: Multisig) -> None:
    world.ok(*DEPLOY, "--owner", multisig.address, "--delay", "2d", "--registrar", "bob",
             "--guardian", "carol", account="operator")  # fmt: skip
    world.ok("admin", "area", "add", "--operator", "grid", *SECOND, account="bob")
    create = [*CREATE_MARKET, "--area", "1", "--name", "valley", *SECOND]
    calls = world.ok(*create, "--unsigned", multisig.address).json
    multisig.carry_out(calls["calls"][0])
    operation = calls["operation"]
    cancel = ["admin", "announced", "cancel", operation[:12], *SECOND]
    refused(world, 1, "unauthorized cancel", *cancel, account="bob")
    refused(world, 2, "names no operation", *cancel[:3], "0x12", *SECOND, account="carol")
    refused(world, 2, "names no operation", *cancel[:3], "0x" + "12" * 32, *SECOND,
            account="carol")  # fmt: skip
    refused(world, 2, "it was announced by", "admin", "announced", "execute", operation, *SECOND,
            account="carol")  # fmt: skip
    world.ok(*cancel, account="carol")
    refused(world, 2, "is cancelled already", *cancel, account="carol")
    later(world, 2 * DAY)
    with pytest.raises(Refused):
        multisig.carry_out(calls["calls"][1])
    # announced anew, and then forgotten for a week
    multisig.carry_out(calls["calls"][0])
    later(world, 9 * DAY + 1)
    states = [
        row["state"]
        for row in world.ok("admin", "announced", "list", "--all", "--json", *SECOND).json[
            "operations"
        ]
    ]
    assert states == ["cancelled", "expired"]
    with pytest.raises(Refused):
        multisig.carry_out(calls["calls"][1])
    execute = ["admin", "announced", "execute", operation, *SECOND]
    refused(world, 1, "is expired", *execute, "--unsigned", multisig.address)


@needs_compiler
def test_the_owner_gives_roles_and_verify_sees_it(world: World, multisig: Multisig) -> None:
    world.ok(*DEPLOY, "--owner", multisig.address, "--delay", "3600", account="operator")
    bob = World.account("bob")
    grant = ["admin", "roles", "grant", "REGISTRAR", "bob", *SECOND]
    printed = world.ok(*grant, "--unsigned", multisig.address).json
    assert printed["delay_seconds"] == 3600
    announce, carry_out = printed["calls"]
    multisig.carry_out(announce)
    # a guardian cannot cancel calls of ADMIN, an administrator can; here both are the same wallet
    later(world, 3600)
    ready = world.ok("admin", "announced", "execute", printed["operation"], *SECOND,
                     "--unsigned", multisig.address).json  # fmt: skip
    assert ready["calls"][0]["data"] != carry_out["data"]  # it can be called directly by now
    multisig.carry_out(carry_out)
    assert roles(world)["REGISTRAR", bob] == 0
    assert differences(world) == [f"REGISTRAR: {bob}"]
    result = world.cli("admin", "verify", *SECOND)
    assert result.code == 4
    assert f"differs: REGISTRAR: {bob}: delay 0 s, expected: no holder" in result.err
    world.ok("admin", "verify", "--accept-roles", *SECOND)
    assert differences(world) == []


# handing over later


@needs_compiler
def test_handing_over_later(
    world: World, multisig: Multisig, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ok(*DEPLOY, account="operator")
    world.ok("admin", "area", "add", "--operator", "grid", *SECOND, account="operator")
    world.ok("admin", "roles", "grant", "GUARDIAN", "alice", *SECOND, account="operator")
    assert differences(world) == []
    hand = ["admin", "handover", "--owner", multisig.address, "--delay", "48h",
            "--meter-operator", "operator", "--guardian", "carol", *SECOND]  # fmt: skip
    refused(world, 2, "hand over to whom", "admin", "handover", *SECOND, account="operator")
    refused(world, 1, "is not an administrator", *hand, account="bob")
    refused(world, 2, "no contract on this chain", "admin", "handover", "--owner", "carol",
            "--delay", "0", *SECOND, account="operator")  # fmt: skip
    refused(world, 2, "is the account that deploys", "admin", "handover", "--owner", "operator",
            "--delay", "0", *SECOND, account="operator")  # fmt: skip
    plan = world.ok(*hand, "--dry-run", "--json", account="operator").json
    switching = Deployment.load(Path("second.json")).contracts["Switching"]
    assert {(row["role"], row["account"]) for row in plan["stay"]} == {
        ("GUARDIAN", World.account("alice")),
        ("REGISTRAR", switching),
        ("SWITCHING", switching),
    }
    steps = len(plan["steps"])
    assert plan["steps"][-1]["what"] == f"take ADMIN from {ME}"
    # each run dies after one transaction
    real = Sender.send

    def send(self: Sender, *arguments: Any, **more: Any) -> Any:
        real(self, *arguments, **more)
        raise Killed

    before = world.chain.nonce(ME)
    with monkeypatch.context() as patch:
        patch.setattr(Sender, "send", send)
        for left in range(steps, 0, -1):
            rest = world.ok(*hand, "--dry-run", "--json", account="operator").json
            assert len(rest["steps"]) == left
            with pytest.raises(Killed):
                world.cli(*hand, account="operator")
    assert "handed over before" in world.ok(*hand, account="operator").out
    assert world.chain.nonce(ME) == before + steps
    assert roles(world) == {
        ("ADMIN", multisig.address): 2 * DAY,
        ("REGISTRAR", multisig.address): 2 * DAY,
        ("METER_OPERATOR", ME): 0,
        ("MARKET_OPERATOR", multisig.address): 2 * DAY,
        ("REGULATOR", multisig.address): 2 * DAY,
        ("GUARDIAN", World.account("carol")): 0,
        ("GUARDIAN", World.account("alice")): 0,
    }
    assert differences(world) == []


# looking what stands


def _contracts(world: World) -> Contracts:
    return Contracts(world.chain, Deployment.load(Path("second.json")))


def test_verify_sees_each_kind_of_difference(world: World) -> None:
    world.ok(*DEPLOY, account="operator")
    text = Path("second.json").read_text()
    record = json.loads(text)
    result = world.ok("admin", "verify", *SECOND)
    assert "as it should be" in result.out
    assert "ForwardLevels" in world.ok("admin", "verify", "--all", *SECOND).out

    def altered(**change: Any) -> list[str]:
        Path("second.json").write_text(json.dumps({**record, **change}))
        try:
            return differences(world)
        finally:
            Path("second.json").write_text(text)

    contracts, hashes = record["contracts"], record["code_hashes"]
    found = altered(slot_seconds=900)
    assert {"Registry: immutable slotSeconds", "ForwardAuction: immutable _windowSeconds"} <= set(
        found
    )
    found = altered(contracts={**contracts, "Tariffs": contracts["Ledger"]})
    assert {
        "Tariffs: hash of the code",
        "Tariffs: code",
        "Settlement: immutable tariffs",
        "Switching: tariffs",
    } == set(found)
    found = altered(contracts={**contracts, "Tally": World.account("bob")})
    assert {"Tally: code", "Tally: hash of the code", "Settlement: library Tally"} == set(found)
    assert altered(code_hashes={**hashes, "Runs": "0x00"}) == ["Runs: hash of the code"]
    assert "Token: symbol" in altered(currency="CHF")
    other = {**contracts, "Token": contracts["Registry"]}
    found = altered(contracts=other)
    assert {"Token: decimals", "Ledger: immutable token"} <= set(found)
    assert altered(contracts={**contracts, "Registry": World.account("bob")})

    # what was done to the AccessManager
    manager = _contracts(world).access_manager
    registry = contracts["Registry"]
    for call, expected in (
        (manager.set_target_function_role(registry, [b"\x01\x02\x03\x04"], 4),
         ["Registry: role of 0x01020304"]),
        (manager.set_target_function_role(contracts["Markets"], [_set_paused()], 1),
         ["Markets: role of setPaused"]),
        (manager.set_target_closed(registry, True), ["Registry: functions with a role"]),
        (manager.set_role_admin(1, 3), ["REGISTRAR: admin"]),
        (manager.set_role_guardian(1, 3), ["REGISTRAR: guardian"]),
        (manager.grant_role(9, World.account("bob"), 5), [f"role 9: {World.account('bob')}"]),
        (manager.revoke_role(4, ME), [f"GUARDIAN: {ME}"]),
        (manager.grant_role(4, ME, 60), [f"GUARDIAN: {ME}"]),
    ):  # fmt: skip
        with world.chain.anchor(), Sender(world.chain, dev_signer(0)) as sender:
            sender.send(call)
            assert differences(world) == expected
    assert differences(world) == []
    with world.chain.anchor(), Sender(world.chain, dev_signer(0)) as sender:
        sender.send(manager.set_target_closed(registry, True))
        result = world.cli("admin", "verify", "--accept-roles", *SECOND)
        assert result.code == 4


def _set_paused() -> bytes:
    from eth_utils.crypto import keccak

    return keccak(text="setPaused(bool)")[:4]


def test_verify_of_nothing(world: World) -> None:
    refused(world, 2, "no deployment is known", "admin", "verify", "--deployment", "none.json")
    refused(world, 2, "nothing is deployed on the embedded", "-n", "tester", "admin", "verify")
    record = json.loads(Path("deployments/local.json").read_text())
    Path("second.json").write_text(json.dumps({**record, "chain_id": 5}))
    refused(world, 3, "the deployment is on chain 5", "admin", "verify", *SECOND)
    less = {name: at for name, at in record["contracts"].items() if name != "Tally"}
    Path("second.json").write_text(json.dumps({**record, "contracts": less}))
    refused(world, 2, "the record names no Tally", "admin", "verify", *SECOND)
    more = {**record["contracts"], "Oracle": World.account("bob")}
    Path("second.json").write_text(json.dumps({**record, "contracts": more}))
    refused(world, 2, "names Oracle, which this version", "admin", "verify", *SECOND)


# unsigned


def test_unsigned_is_only_for_calls_of_a_role(world: World) -> None:
    carol = World.account("carol")
    refused(world, 2, "No such option", "deposit", "1EUR", "--unsigned", carol)
    refused(world, 2, "0x12", "admin", "area", "add", "--operator", "grid", "--unsigned", "0x12")
    refused(world, 1, "unauthorized", "admin", "area", "add", "--operator", "grid", "--unsigned",
            carol)  # fmt: skip
    add = ["admin", "meter", "add", "--area", "1", "--owner", "carol", "--supplier", "1",
           "--fuse", "24kWh", "--key", "other-meter", "--point", "2000012345678"]  # fmt: skip
    before = world.state()
    printed = world.ok(*add, "--unsigned", ME).json
    assert world.state() == before
    (call,) = printed["calls"]
    assert (call["name"], call["when"]) == ("Registry.registerMeter", "at once")
    assert len(printed["salt"]) == 66
    with Sender(world.chain, dev_signer(0)) as sender:
        sender.send(Call(call["to"], bytes.fromhex(call["data"][2:]), call["value_wei"]))
    assert len(world.ok("meter", "status", "3", "--json").json) > 1
