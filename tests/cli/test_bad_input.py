"""Everything that can be typed wrong or go wrong: one sentence, a hint, the exit code, no harm."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from p2pchain.chain.deployment import Deployment
from p2pchain.chain.node import running
from tests.cli.conftest import CREATE_MARKET, START, Result, World

POSTED = "2026-06-01T12:00Z"  # by then the first readings can be posted


def refused(
    world: World, code: int, words: str, *arguments: str, account: str | None = "alice"
) -> Result:
    """Run a command that must fail: exit code, one error, one hint, and nothing changed."""
    before = world.state()
    result = world.cli(*arguments, account=account)
    told(result, code, words)
    assert world.state() == before
    return result


def told(result: Result, code: int, words: str) -> None:
    assert result.code == code, result.err
    assert len(result.errors) == 1, result.err
    assert words in result.errors[0]
    assert len(result.hints) == 1, result.err
    assert "Traceback" not in result.err + result.out


def post(world: World, code: int, words: str, signed: Path) -> Result:
    return refused(world, code, words, "meter", "post", str(signed))


# what a meter can get wrong


def test_unknown_meter(world: World) -> None:
    world.clock(POSTED)
    path = world.day("a.csv", 2, 1000, 0)
    post(world, 1, "no such meter is registered", world.sign(path, 99, "alice-meter"))
    for command in (["enrol", "99"], ["limits", "set", "99", "--buy", "TARIFF"],
                    ["meter", "status", "99"], ["savings", "--meter", "99"]):  # fmt: skip
        refused(world, 2, "there is no meter 99", *command)


def test_foreign_key(world: World) -> None:
    world.clock(POSTED)
    path = world.day("a.csv", 2, 1000, 0)
    result = post(world, 1, "not signed by the key", world.sign(path, 1, "bob-meter"))
    assert "line 1, meter 1 at 2026-06-01T01:00Z" in result.errors[0]
    refused(world, 1, "not signed by the meter's owner", "limits", "set", "1", "--buy",
            "0.20EUR/kWh", account="bob")  # fmt: skip


def test_revoked_key(world: World) -> None:
    world.ok("admin", "meter", "revoke", "1", account="alice")
    world.clock(POSTED)
    path = world.day("a.csv", 2, 1000, 0)
    post(world, 1, "key was revoked", world.sign(path, 1, "alice-meter"))


def test_register_that_falls(world: World) -> None:
    world.clock(POSTED)
    first = world.day("a.csv", 2, 1000, 0, registers=(5000, 0))
    world.ok("meter", "post", str(world.sign(first, 1, "alice-meter")), account="alice")
    later = world.day("b.csv", 2, 1000, 0, begin="2026-06-01T04:00Z", registers=(6000, 0))
    post(world, 1, "a register is lower", world.sign(later, 1, "alice-meter"))
    falling = world.registers(
        "c.csv", [("2026-06-01T04:00Z", 9000, 0), ("2026-06-01T05:00Z", 8999, 0)]
    )
    refused(world, 2, "c.csv, line 3: a register falls", "meter", "sign", str(falling),
            "--meter", "1", "--key", "alice-meter")  # fmt: skip


def test_reading_of_the_future(world: World) -> None:
    path = world.day("a.csv", 2, 1000, 0)
    post(world, 1, "has not ended yet", world.sign(path, 1, "alice-meter"))


def test_duplicate_and_overlapping_batch(world: World) -> None:
    world.clock(POSTED)
    path = world.day("a.csv", 4, 1000, 0)
    signed = world.sign(path, 1, "alice-meter")
    world.ok("meter", "post", str(signed), account="alice")
    post(world, 1, "posted already", signed)
    overlap = world.sign(path, 1, "alice-meter", "--from", "2026-06-01T03:00Z")
    post(world, 1, "posted already", overlap)
    twice = world.folder / "twice.jsonl"
    later = world.day("b.csv", 2, 1000, 0, begin="2026-06-01T05:00Z", registers=(4000, 0))
    line = world.sign(later, 1, "alice-meter").read_text()
    twice.write_text(line + line)
    result = world.cli("meter", "post", str(twice), account="alice")
    told(result, 1, "1 of 2 records were refused: line 2, meter 1")


def test_one_bad_record_among_good_ones(world: World) -> None:
    world.clock(POSTED)
    path = world.day("a.csv", 4, 1000, 0)
    lines = [
        world.sign(path, 1, "alice-meter", "--to", "2026-06-01T03:00Z").read_text(),
        world.sign(path, 2, "other-meter").read_text(),
        world.sign(path, 1, "alice-meter", "--from", "2026-06-01T03:00Z").read_text(),
    ]
    mixed = world.folder / "mixed.jsonl"
    mixed.write_text("".join(lines))
    result = world.cli("meter", "post", str(mixed), "--json", account="alice")
    told(result, 1, "1 of 3 records were refused: line 2, meter 2 at 2026-06-01T01:00Z")
    assert result.json["taken"] == 2
    assert result.json["refused"] == [
        {"line": 2, "meter": 2, "first_slot": 494521, "reason": "bad_signature"}
    ]
    assert world.ok("meter", "status", "1", "--json").json["import_wh"] == 4000
    assert world.ok("meter", "status", "2", "--json").json["next_slot"] is None


def test_volume_above_the_fuse(world: World) -> None:
    world.clock(POSTED)
    path = world.day("a.csv", 2, 24_001, 0)
    post(world, 1, "more energy than the meter's fuse", world.sign(path, 1, "alice-meter"))


# what people type


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("0.21", "has no unit"),
        ("0.21EUR", "'EUR' is not a unit for a price"),
        ("0.21GBP/kWh", "this market's currency is EUR"),
        ("0.21EUR/kW", "is not a unit"),
        ("0,21EUR/kWh", "a comma in a number"),
        ("cheap", "is not a price"),
        ("9999EUR/kWh", "is too large"),
        ("0.2100001EUR/kWh", "finer than one nano"),
    ],
)
def test_limit_with_a_wrong_unit(world: World, limit: str, words: str) -> None:
    refused(world, 2, words, "limits", "set", "1", "--buy", limit)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["slot", "2026-10-25T02:30", "--zone", "Europe/Berlin"], "happens twice"),
        (["slot", "2026-03-29T02:30", "--zone", "Europe/Berlin"], "does not exist"),
        (["slot", "2026-06-01T05:00"], "names no time zone"),
        (["slot", "2026-06-01T05:10Z"], "is not the beginning of a slot"),
        (["slot", "yesterday"], "is not a time"),
        (["slot", "now", "--zone", "Europe/Nowhere"], "unknown time zone"),
        (["enrol", "1", "--from", "2026-10-25T02:00", "--zone", "Europe/Berlin"], "happens twice"),
        (["deposit", "5"], "has no unit"),
        (["deposit", "5USD"], "this market's currency is EUR"),
        (["deposit", "0EUR"], "more than nothing"),
        (["withdraw", "0.0000000001EUR"], "finer than one nano"),
        (["balance", "0x12"], "is not an address"),
        (["balance", "nobody"], "no key 'nobody'"),
        (["trades", "--from", "2026-06-02T00:00Z", "--to", "2026-06-01T00:00Z"], "not later"),
        (["limits", "set", "1"], "no limit was given"),
        (["clear", "--market", "other"], "there is no market 'other'"),
        (["balance", "--deployment", "nothing.json"], "nothing.json is missing"),
        (["-n", "nowhere", "balance"], "unknown network 'nowhere'"),
        (["-n", "tester", "balance"], "nothing is deployed on it"),
    ],
)  # fmt: skip
def test_what_people_type(world: World, arguments: list[str], words: str) -> None:
    refused(world, 2, words, *arguments)


def test_a_message_that_comes_too_late(world: World) -> None:
    limit = ["limits", "set", "1", "--buy", "0.20EUR/kWh", "--from"]
    refused(world, 1, "the slot has begun", *limit, "2026-06-01T00:00Z")
    refused(world, 1, "enrolled already", "enrol", "1")


HEADER = "time,import_register_wh,export_register_wh\n"
ROW = "2026-06-01T01:00Z,100,0\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: not a header"),
        ("time,import,export\n", "line 1: not a header"),
        (HEADER, "no rows"),
        (HEADER + ROW, "no two rows are one slot apart"),
        (HEADER + ROW + "2026-06-01T02:00Z,101\n", "line 3: 2 cells, the header has 3"),
        (HEADER + ROW + "2026-06-01T02:00Z,many,0\n", "line 3: 'many' is not a figure"),
        (HEADER + ROW + "2026-06-01T02:00Z,,0\n", "line 3: '' is not a figure"),
        (HEADER + ROW + "2026-06-01T02:00Z,-5,0\n", "line 3: -5 is not what a meter counts"),
        (HEADER + ROW + "2026-06-01T02:00Z,100.5,0\n", "line 3: 100.5 is finer than one Wh"),
        (HEADER + ROW + "2026-06-01T02:00Z,1e30,0\n", "line 3: 1e30 is not what a meter counts"),
        (HEADER + ROW + "2026-06-01T02:20Z,101,0\n", "line 3: 2026-06-01T02:20:00+00:00 is not"),
        (HEADER + ROW + "2026-06-01T02:00,101,0\n", "line 3: '2026-06-01T02:00' names no time"),
        (HEADER + ROW + ROW, "line 3: 2026-06-01T01:00Z is not later"),
        (HEADER + ROW + '2026-06-01T02:00Z,"101,0\n', "line 3: "),
        ("start,import_wh,export_wh\n" + ROW, "registers at the beginning are not known"),
    ],
)  # fmt: skip
def test_malformed_csv(world: World, text: str, words: str) -> None:
    path = world.folder / "bad.csv"
    path.write_text(text)
    sign = ["meter", "sign", str(path), "--meter", "1", "--key", "alice-meter"]
    assert refused(world, 2, words, *sign, account=None).out == ""


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"schema": 2}, 2, "line 2: not a signed reading"),
        ({"kind": "letter"}, 2, "line 2: not a signed reading"),
        ({"meter": "1"}, 2, "line 2: not a signed reading"),
        ({"meter": 2**32}, 2, "line 2: not a signed reading"),
        ({"import_wh": 1.5}, 2, "line 2: not a signed reading"),
        ({"intervals": []}, 2, "line 2: not a signed reading"),
        ({"intervals": [[1]]}, 2, "line 2: not a signed reading"),
        ({"signature": "0xzz"}, 2, "line 2: not a signed reading"),
        ({"quality": "good"}, 2, "line 2: not a signed reading"),
        ({"chain_id": 1}, 3, "line 2: signed for"),
        ({"metering": "0x" + "11" * 20}, 3, "line 2: signed for"),
    ],
)  # fmt: skip
def test_malformed_record(world: World, change: dict[str, object], code: int, words: str) -> None:
    """A file that is not what it should be is not posted in part either."""
    world.clock(POSTED)
    line = world.sign(world.day("a.csv", 2, 1000, 0), 1, "alice-meter").read_text()
    path = world.folder / "bad.jsonl"
    path.write_text(line + json.dumps(json.loads(line) | change) + "\n")
    post(world, code, words, path)


def test_files_that_are_not_there(world: World) -> None:
    refused(world, 2, "does not exist", "meter", "sign", "none.csv", "--meter", "1", "--key",
            "alice-meter")  # fmt: skip
    refused(world, 2, "No such file", "meter", "post", "none.jsonl")
    refused(world, 2, "cannot read", "limits", "send", "none.jsonl")


def test_malformed_tariff(world: World) -> None:
    path = world.folder / "tariff.csv"
    rows = [f"{hour},0.19EUR/kWh,5ct/kWh" for hour in range(24)]
    for text, words in (
        ("hour,price\n", "line 1: not the header"),
        ("hour,energy,feed_in\n0,0.19EUR,0.05EUR/kWh\n", "line 2: '0.19EUR'"),
        ("hour,energy,feed_in\n1,0.19EUR/kWh,0.05EUR/kWh\n", "line 2: hour 0 is due"),
        ("hour,energy,feed_in\n0,0.19EUR/kWh\n", "line 2: not 3 cells"),
        ("hour,energy,feed_in\n" + "\n".join(rows[:23]), "23 rows"),
    ):
        path.write_text(text)
        publish = ["tariff", "publish", "1", str(path)]
        refused(world, 2, words, *publish, account="valley")
    path.write_text("hour,energy,feed_in\n" + "\n".join(rows))
    begin = ["--from", "2026-06-03T00:00Z"]
    world.ok("tariff", "publish", "1", str(path), *begin, account="valley")
    shown = world.ok("tariff", "show", "1", "--at", "2026-06-03T05:00Z", "--json").json
    assert (shown["energy_nano"], shown["network_nano"]) == (190_000, 0)


# money and rights


def test_too_little_money(world: World) -> None:
    result = refused(world, 1, "lacks 5.00EUR", "deposit", "5EUR", account="carol")
    assert "--test-money" in result.hints[0]
    refused(world, 1, "only 20.00EUR of", "withdraw", "20.01EUR")
    refused(world, 1, "no free money", "withdraw", "all", account="carol")
    refused(world, 1, "not enough free", "supplier", "guarantee", "1", "20.01EUR",
            account="valley")  # fmt: skip
    refused(world, 1, "not enough guarantee", "supplier", "guarantee", "1", "1EUR",
            "--return", account="valley")  # fmt: skip


def test_real_money_is_not_made(world: World) -> None:
    record = Deployment.load(Path("deployments/local.json"))
    real = world.folder / "real.json"
    replace(record, test_money=False).save(real)
    refused(world, 2, "is not test money", "deposit", "5EUR", "--test-money", "--deployment",
            str(real))  # fmt: skip


def test_no_coin_for_fees(world: World) -> None:
    before = world.state()
    result = world.cli("deposit", "1EUR", "--test-money", account="alice-meter")
    told(result, 3, "insufficient funds")
    assert world.state() == before


def test_without_the_role(world: World) -> None:
    for command in (
        ["admin", "area", "add", "--operator", "grid"],
        [*CREATE_MARKET, "--area", "1", "--name", "second", "--k", "0.6"],
        ["admin", "market", "pause"],
        ["admin", "roles", "grant", "GUARDIAN", "alice"],
        ["admin", "meter", "rotate-key", "2", "--key", "other-meter"],
    ):
        result = refused(world, 1, "unauthorized", *command)
        assert "roles" in result.hints[0]
    prices = ["--energy", "0.1EUR/kWh", "--feed-in", "0.05EUR/kWh"]
    refused(world, 1, "not supplier", "tariff", "publish", "1", *prices)


def test_no_account_and_nobody_to_ask(world: World) -> None:
    refused(world, 2, "no account was chosen", "deposit", "5EUR", account=None)
    before = world.state()
    asked = world.cli("withdraw", "1EUR", account="alice", yes=False)
    told(asked, 2, "this would send a transaction")
    assert world.state() == before


def test_key_file_readable_by_others(world: World) -> None:
    path = world.folder / "keys" / "alice.json"
    path.chmod(0o644)
    try:
        result = refused(world, 2, "can be used by others (mode 0644)", "withdraw", "1EUR")
        assert result.hints[0] == f"hint: chmod 600 {path}"
    finally:
        path.chmod(0o600)


def test_wrong_passphrase(world: World) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("P2PCHAIN_PASSPHRASE", "not-the-passphrase-4")
        before = world.state()
        result = world.cli("withdraw", "1EUR", account="alice")
    told(result, 2, "wrong passphrase for alice.json")
    assert world.state() == before


# nodes and networks


def test_deployment_of_another_chain(world: World) -> None:
    record = Deployment.load(Path("deployments/local.json"))
    other = world.folder / "other.json"
    replace(record, chain_id=4711).save(other)
    refused(world, 3, "the deployment is on chain 4711, this is 31337", "balance",
            "--deployment", str(other))  # fmt: skip
    other.write_text('{"schema": 1}')
    refused(world, 2, "is not the record of a deployment", "balance", "--deployment", str(other))
    other.write_text("not json")
    refused(world, 2, "cannot be read", "balance", "--deployment", str(other))


def test_a_chain_that_was_started_afresh(world: World) -> None:
    with running(engine="embedded", genesis_time=int(START.timestamp())) as node:
        url = f"http://127.0.0.1:{node.port}"
        refused(world, 3, "is not the contract that was deployed", "-n", url, "balance",
                "--deployment", "deployments/local.json")  # fmt: skip


def test_node_of_another_network(world: World) -> None:
    world.profile(world.url)
    config = world.folder / "p2pchain.toml"
    config.write_text(config.read_text().replace("31337", "4711"))
    refused(world, 3, "chain id 31337, not 4711", "balance")


def test_node_down(world: World) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        world.profile(f"http://127.0.0.1:{probe.getsockname()[1]}")
    refused(world, 3, "no node answers", "balance")
    refused(world, 3, "no node answers", "deposit", "5EUR", "--test-money")


def test_node_that_hangs(world: World) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        world.profile(f"http://127.0.0.1:{server.getsockname()[1]}", timeout=1)
        refused(world, 3, "did not answer within 1 seconds", "balance")


# interrupted


@contextmanager
def holding(url: str, forward: bool, caught: Callable[[], None]) -> Iterator[str]:
    """A node in front of the node that never answers to a transaction, whether or not it passes
    it on; `caught` is told when one is there."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            sending = b"eth_sendRawTransaction" in body
            answer = b"{}"
            if forward or not sending:
                request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
                with urllib.request.urlopen(request) as response:
                    answer = response.read()
            if sending:
                caught()
                over.wait(30)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def interrupted(world: World, forward: bool, *arguments: str) -> None:
    """Run a command in a process of its own and interrupt it between storing and the receipt."""
    sent = threading.Event()
    with holding(world.url, forward, sent.set) as url:
        world.profile(url)
        program = "from p2pchain.cli import main; main()"
        with subprocess.Popen(
            [sys.executable, "-c", program, "-y", "-a", "alice", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        ) as child:
            assert sent.wait(30)
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=30)
    assert child.returncode == 130, err
    assert out == ""
    assert [line for line in err.splitlines() if line.startswith("error: ")] == [
        "error: interrupted"
    ]
    assert "Traceback" not in err
    world.profile(world.url)


@pytest.mark.parametrize("forward", [True, False], ids=["sent", "not sent"])
def test_interrupted_deposit_is_not_paid_twice(world: World, forward: bool) -> None:
    world.ok("withdraw", "all", account="alice")
    interrupted(world, forward, "deposit", "7EUR")
    done = world.ok("deposit", "7EUR", account="alice")
    assert "from an earlier run: Ledger.depositWithPermit" in done.err
    assert "begun by an earlier run" in done.out
    balance = world.ok("balance", "--json", account="alice").json
    assert (balance["free_nano"], balance["wallet_nano"]) == (7 * 10**9, 13 * 10**9)
    # a new command is a new deposit
    world.ok("deposit", "7EUR", account="alice")
    balance = world.ok("balance", "--json", account="alice").json
    assert (balance["free_nano"], balance["wallet_nano"]) == (14 * 10**9, 6 * 10**9)


@pytest.mark.parametrize("forward", [True, False], ids=["sent", "not sent"])
def test_interrupted_withdrawal(world: World, forward: bool) -> None:
    interrupted(world, forward, "withdraw", "15EUR")
    world.ok("withdraw", "15EUR", account="alice")
    balance = world.ok("balance", "--json", account="alice").json
    assert (balance["free_nano"], balance["wallet_nano"]) == (5 * 10**9, 15 * 10**9)


@pytest.mark.parametrize("forward", [True, False], ids=["sent", "not sent"])
def test_interrupted_posting(world: World, forward: bool) -> None:
    world.clock(POSTED)
    signed = world.sign(world.day("a.csv", 4, 1000, 0), 1, "alice-meter")
    interrupted(world, forward, "meter", "post", str(signed))
    done = world.ok("meter", "post", str(signed), "--json", account="alice").json
    assert (done["taken"], done["refused"], len(done["transactions"])) == (1, [], 1)
    assert world.ok("meter", "status", "1", "--json").json["import_wh"] == 4000


def test_a_node_behind_the_shell_ends_when_told() -> None:
    """A shell makes what it starts with & deaf to ctrl-C; TERM must end it all the same."""
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from p2pchain.cli import main; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, "node", "--engine", "embedded", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert "a local chain (embedded" in child.stdout.readline()
        child.terminate()
        _, err = child.communicate(timeout=20)
    assert child.returncode == 0
    assert err.strip() == "stopped"
