"""The operator's commands: deployment, registers, markets, roles."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from p2pchain.chain.abi import ContractError
from p2pchain.chain.bindings import errors
from p2pchain.chain.deployment import commitment
from p2pchain.chain.hints import HINTS
from p2pchain.cli.admin.markets import duration
from p2pchain.errors import BadInput
from tests.cli.conftest import CREATE_MARKET, World
from tests.cli.test_bad_input import refused

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_says_what_is_deployed() -> None:
    command = [sys.executable, str(ROOT / "tools" / "governance.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_refusal_of_a_contract_has_a_hint() -> None:
    names = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, ContractError) and kind is not ContractError
    }
    assert len(names) > 70
    assert names <= set(HINTS)


def test_deployment_is_planned_then_written_down(world: World) -> None:
    before = world.state()
    plan = world.ok("admin", "deploy", "--dry-run", "--json", "--deployment", "second.json",
                    account="operator").json  # fmt: skip
    assert world.state() == before
    assert not Path("second.json").exists()
    assert (plan["chain_id"], plan["slot_seconds"]) == (31337, 3600)
    refused(world, 2, "holds a deployment already", "admin", "deploy", account="operator")
    head = world.chain.block().number
    deploy = ["admin", "deploy", "--slot-seconds", "900", "--currency", "CHF"]
    world.ok(*deploy, "--deployment", "second.json", account="operator")
    assert world.chain.block().number == head + plan["transactions"]
    record = json.loads(Path("second.json").read_text())
    assert (record["slot_seconds"], record["currency"], record["test_money"]) == (900, "CHF", True)
    # a deployment on an existing token makes no money
    token = record["contracts"]["Token"]
    third = [*deploy, "--token", token, "--deployment", "third.json"]
    world.ok(*third, account="operator")
    record = json.loads(Path("third.json").read_text())
    assert (record["contracts"]["Token"], record["test_money"]) == (token, False)
    refused(world, 2, "there is no contract", *deploy, "--token", "0x" + "11" * 20,
            "--deployment", "fourth.json", account="operator")  # fmt: skip
    refused(world, 2, "is not a currency", "admin", "deploy", "--currency", "euro",
            "--deployment", "fourth.json", account="operator")  # fmt: skip
    assert not Path("fourth.json").exists()


def test_lists(world: World) -> None:
    (area,) = world.ok("admin", "area", "list", "--json").json["areas"]
    assert (area["area"], area["parent"]) == (1, 0)
    (supplier,) = world.ok("supplier", "list", "--json").json["suppliers"]
    assert (supplier["supplier"], supplier["name"]) == (1, "Valley Power")
    (market,) = world.ok("admin", "market", "list", "--json").json["markets"]
    assert (market["name"], market["members"], market["rule"]) == ("valley", 2, "reference")
    assert "valley" in world.ok("admin", "market", "list").out
    shown = world.ok("tariff", "show", "1", "--at", "2026-06-01T05:00Z").out
    assert "0.19EUR/kWh" in shown


def test_numbers_are_printed(world: World) -> None:
    sub = ["admin", "area", "add", "--operator", "grid", "--parent", "1", "--json"]
    assert world.ok(*sub, account="operator").json["area"] == 2
    refused(world, 1, "unknown area", "admin", "area", "add", "--operator", "grid", "--parent",
            "9", account="operator")  # fmt: skip
    new = ["supplier", "add", "0x" + "22" * 20, "Hill Energy", "--json"]
    assert world.ok(*new, account="operator").json["supplier"] == 2


def test_a_meter_and_the_salt_of_its_point(world: World) -> None:
    add = [
        "admin", "meter", "add", "--area", "1", "--owner", "carol", "--supplier", "1",
        "--fuse", "24kWh", "--key", "other-meter", "--point", "2000012345678", "--json",
    ]  # fmt: skip
    made = world.ok(*add, account="operator").json
    assert made["meter"] == 3
    salt = bytes.fromhex(made["salt"][2:])
    stored = world.market.contracts.registry.point_commitment(3)
    assert stored == commitment("2000012345678", salt)
    assert world.ok(*add, account="operator").json["salt"] == made["salt"]
    world.ok("admin", "meter", "terms", "3", "--fuse", "12kWh", account="operator")
    world.clock("2026-06-01T03:00Z")
    assert world.ok("meter", "status", "3", "--json").json["fuse_wh"] == 12_000
    refused(world, 2, "nothing would change", "admin", "meter", "terms", "3", account="operator")
    refused(world, 2, "for a fuse", "admin", "meter", "terms", "3", "--fuse", "17MWh",
            account="operator")  # fmt: skip
    refused(world, 1, "already begun", "admin", "meter", "rotate-key", "3", "--key",
            "bob-meter", "--from", "2026-05-01T00:00Z", account="operator")  # fmt: skip


def test_markets_are_noted_and_made_once(world: World) -> None:
    create = [*CREATE_MARKET, "--area", "1", "--name", "second", "--rule", "sdr",
              "--buy-fee", "0.2ct/kWh", "--post-within", "36h"]  # fmt: skip
    world.ok(*create, account="operator")
    head = world.chain.block().number
    assert "was there already" in world.ok(*create, account="operator").out
    assert world.chain.block().number == head
    markets = world.ok("admin", "market", "list", "--json").json["markets"]
    assert [(m["name"], m["post_seconds"], m["buy_fee_nano"]) for m in markets] == [
        ("second", 129_600, 2_000),
        ("valley", 86_400, 0),
    ]
    refused(world, 2, "which market is meant", "clear", account="operator")
    world.ok("clear", "--market", "second", account="operator")
    other = [*CREATE_MARKET, "--area", "1", "--name", "second", "--k", "0.25"]
    refused(world, 2, "another market 'second' already", *other, account="operator")


def test_the_guardian_stops_new_messages_and_nothing_else(world: World) -> None:
    world.ok("admin", "roles", "grant", "guardian", "carol", account="operator")
    world.ok("admin", "market", "pause", account="carol")
    result = refused(world, 1, "guardian has stopped", "limits", "set", "1", "--buy", "TARIFF")
    assert "withdrawals" in result.hints[0]
    world.ok("withdraw", "1EUR", account="alice")
    world.ok("admin", "market", "resume", account="carol")
    world.ok("limits", "set", "1", "--buy", "TARIFF", account="alice")


def test_roles_are_given_and_taken(world: World) -> None:
    world.ok("admin", "roles", "grant", "REGISTRAR", "carol", "--delay", "60", account="operator")
    held = world.ok("admin", "roles", "list", "--json").json["roles"]
    mine = [row for row in held if row["account"] == World.account("carol")]
    assert [(row["role"], row["delay_seconds"]) for row in mine] == [("REGISTRAR", 60)]
    world.ok("admin", "roles", "revoke", "REGISTRAR", "carol", account="operator")
    held = world.ok("admin", "roles", "list", "--json").json["roles"]
    assert all(row["account"] != World.account("carol") for row in held)
    refused(world, 2, "there is no role 'KING'", "admin", "roles", "grant", "king", "carol",
            account="operator")  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), [("90min", 5400), ("24h", 86_400), ("7d", 604_800)])
def test_durations(text: str, seconds: int) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["24", "h", "1.5h", "-1h", "999999d", "1w"])
def test_not_durations(text: str) -> None:
    with pytest.raises(BadInput):
        duration(text)
