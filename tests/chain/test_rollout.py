"""A deployment that is cut off anywhere ends as one that was not: the same contracts and roles."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from p2pchain.chain import rollout as rollouts
from p2pchain.chain import tester
from p2pchain.chain.abi import Call
from p2pchain.chain.bindings import test_currency as currency
from p2pchain.chain.bindings.access_manager import AccessManager
from p2pchain.chain.bindings.registry import Registry
from p2pchain.chain.connect import Chain, connect
from p2pchain.chain.deployment import (
    P256_VERIFIER,
    Contracts,
    Deployment,
    Holder,
    artifact,
    created_address,
    deploy,
    initcode,
)
from p2pchain.chain.devkeys import dev_signer
from p2pchain.chain.rehearsal import coins, cost_of, gas_of, require_affordable
from p2pchain.chain.roles import holders
from p2pchain.chain.rollout import Rollout, Setup, alone, part_path
from p2pchain.chain.runtime import Implied, faults
from p2pchain.chain.sender import Sender
from p2pchain.chain.verifying import verify
from p2pchain.errors import BadInput, CheckFailed, NonceTakenByOther, WrongNetwork
from tests.chain.conftest import COUNTER_INIT, GENESIS_TIME, Faulty

ME, OWNER, OFFICE = (dev_signer(number).address for number in (0, 1, 2))
HOLDERS = (
    Holder("ADMIN", OWNER, 172_800),
    Holder("REGISTRAR", OFFICE, 0),
    Holder("METER_OPERATOR", OFFICE, 3_600),
    Holder("MARKET_OPERATOR", OWNER, 172_800),
    Holder("GUARDIAN", OWNER, 0),
)
SETUP = Setup(ME, 900, "EUR", None, HOLDERS)


class Killed(BaseException):
    """The process ends: nothing that comes after it is carried out."""


def fresh() -> Chain:
    return connect("tester", genesis_time=GENESIS_TIME)


@pytest.fixture(scope="module")
def whole() -> tuple[Deployment, list[Holder], int]:
    """A deployment that nothing disturbs: its record, who has the roles, the nonce at the end."""
    with fresh() as chain, Sender(chain, dev_signer(0)) as sender:
        record = deploy(sender, slot_seconds=900, currency="EUR", holders=HOLDERS)
        assert not [one for one in verify(Contracts(chain, record)) if one.differs]
        return record, holders(Contracts(chain, record)), chain.nonce(ME)


def take_up(
    chain: Chain, path: Path, step: Callable[[str], None] = lambda name: None
) -> Deployment:
    """What a new process does: it knows the file and the journal, and nothing else."""
    with Sender(chain, dev_signer(0), path.with_suffix(".sqlite")) as sender:
        return Rollout.take_up(chain, SETUP, path).run(sender, step)


def put(chain: Chain, count: int = 1, code: bytes = COUNTER_INIT) -> None:
    """Send something else with the same key."""
    with Sender(chain, dev_signer(0)) as sender:
        for _ in range(count):
            sender.deploy(code)


def end_state(chain: Chain, record: Deployment) -> tuple[list[str], list[Holder]]:
    contracts = Contracts.checked(chain, record)
    return [str(one) for one in verify(contracts) if one.differs], holders(contracts)


@pytest.mark.parametrize("when", ["before it is sent", "after it was sent", "after it was noted"])
def test_cut_off_at_every_step(
    tmp_path: Path, whole: tuple[Deployment, list[Holder], int], when: str
) -> None:
    """Each run gets one step further and dies: in the end nothing was sent twice."""
    record, held, nonce = whole
    path = tmp_path / "valley.part.json"
    died = 0
    with fresh() as real:

        def die(name: str) -> None:
            raise Killed

        made = None
        while made is None:
            chain = Faulty(real)
            if when == "before it is sent":
                if died % 2 == 0:
                    chain.before = Killed()  # stored in the journal, and not handed in
            elif when == "after it was sent":
                chain.after = Killed()
            try:
                made = take_up(
                    chain.as_chain(), path, die if when != "after it was sent" else lambda _: None
                )
            except Killed:
                died += 1
        assert died >= nonce
        assert real.nonce(ME) == nonce
        assert made == record
        assert end_state(real, made) == ([], held)
        assert json.loads(path.read_text())["given_up"] == []


def entries_up_to(name: str) -> int:
    return SETUP.entries.index(name)


@pytest.mark.parametrize(
    ("stop", "lost", "anew"),
    [
        # The reserved address of the next contract is lost; what stood knows nothing of it.
        ("Token", ["Registry"], 0),
        ("Voiding", ["Settling"], 0),
        # Ledger was told the addresses of others, which have moved.
        ("Ledger", ["ForwardAuction", "Ledger"], 1),
        ("Levels", ["ForwardLevels", "Ledger", "ForwardAuction", "Settlement", "Levels"], 4),
    ],
)
def test_a_nonce_that_has_moved_on(tmp_path: Path, stop: str, lost: list[str], anew: int) -> None:
    path = tmp_path / "valley.part.json"
    with fresh() as chain:

        def die(name: str) -> None:
            if name == stop:
                raise Killed

        with suppress(Killed):
            take_up(chain, path, die)
        before = json.loads(path.read_text())["addresses"]
        put(chain, 2)
        again = Rollout.take_up(chain, SETUP, path)
        planned = {step.entry for step in again.steps() if step.again}
        made = take_up(chain, path)
        assert end_state(chain, made)[0] == []
        content = json.loads(path.read_text())
        given_up = {row["contract"] for row in content["given_up"]}
        assert given_up == planned >= set(lost)
        # what stood and was told nothing that is lost stands where it was
        kept = set(SETUP.entries[: entries_up_to(stop) + 1]) - set(lost)
        assert all(made.contracts[name] == before[name] for name in kept)
        # one transaction for each step, two of others, and what had to be created anew
        steps = len(Rollout.take_up(chain, SETUP, path).steps())
        assert chain.nonce(ME) == steps + 2 + anew


def test_something_else_is_sent_while_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "valley.part.json"
    with fresh() as chain:

        def disturb(name: str) -> None:
            if name == "Settlement":
                put(chain)

        with pytest.raises(NonceTakenByOther, match="so Levels cannot stand") as caught:
            take_up(chain, path, disturb)
        assert "created anew" in str(caught.value.hint)
        made = take_up(chain, path)
        assert end_state(chain, made)[0] == []


def test_another_contract_at_a_reserved_address(tmp_path: Path) -> None:
    """The key has created something else just there: it is not taken for ours."""
    path = tmp_path / "valley.part.json"
    with fresh() as chain:
        chain_nonce = chain.nonce(ME)

        def die(name: str) -> None:
            raise Killed

        with suppress(Killed):
            take_up(chain, path, die)
        put(chain)
        assert chain.code(created_address(ME, chain_nonce + 1))
        made = take_up(chain, path)
        assert end_state(chain, made)[0] == []
        lost = json.loads(path.read_text())["given_up"]
        assert lost[0]["contract"] == "Token"


def test_a_token_that_exists(tmp_path: Path) -> None:
    path = tmp_path / "valley.part.json"
    with fresh() as chain, Sender(chain, dev_signer(3)) as other:
        code = initcode("TestCurrency", {}) + currency.TestCurrency.constructor("x", "y")
        token = other.deploy(code).contract_address
        assert token is not None
        with Sender(chain, dev_signer(0)) as sender:
            made = deploy(sender, slot_seconds=3600, currency="EUR", token=token, part=path)
        assert (made.contracts["Token"], made.test_money) == (token, False)
        assert end_state(chain, made)[0] == []
        everybody = {one.account for one in holders(Contracts(chain, made))}
        assert everybody == {ME, made.contracts["Switching"]}
        wrong = replace(SETUP, token=made.contracts["Registry"])
        with pytest.raises(BadInput, match="does not say its decimals"):
            rollouts.token_decimals(chain, str(wrong.token))
        with pytest.raises(BadInput, match="no contract at"):
            rollouts.token_decimals(chain, OWNER)


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[tuple[Chain, Path]]:
    """A deployment that was cut off after its fourth step."""
    path = tmp_path / "valley.part.json"

    def die(name: str) -> None:
        if name == "Tariffs":
            raise Killed

    with fresh() as chain:
        with suppress(Killed):
            take_up(chain, path, die)
        yield chain, path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"deployer": OFFICE}, f"begun by {ME}, this account is {OFFICE}"),
        ({"slot_seconds": 3600}, "slot seconds 900, now 3600"),
        ({"currency": "CHF"}, "currency EUR, now CHF"),
        ({"token": OWNER}, "token a test currency, now 0x"),
        ({"holders": ()}, "roles ADMIN 0x.*172800 s.*, now ADMIN"),
        ({"holders": HOLDERS[:-1]}, "roles"),
    ],
)
def test_begun_otherwise(begun: tuple[Chain, Path], change: dict[str, Any], words: str) -> None:
    chain, path = begun
    before = path.read_bytes()
    with pytest.raises(BadInput, match=words) as caught:
        Rollout.take_up(chain, replace(SETUP, **change), path)
    assert "--restart" in str(caught.value.hint)
    assert path.read_bytes() == before


def test_contracts_that_have_changed_since(
    begun: tuple[Chain, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain, path = begun
    real = artifact
    monkeypatch.setattr(
        rollouts,
        "artifact",
        lambda name: {**real(name), "bytecode": "0x00"} if name == "Tally" else real(name),
    )
    with pytest.raises(BadInput, match="other contracts: Tally has changed since"):
        Rollout.take_up(chain, SETUP, path)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"schema": 1}', '{"schema": 7}', "\x00\x01"]
)
def test_a_file_that_is_none(tmp_path: Path, content: str) -> None:
    path = tmp_path / "valley.part.json"
    path.write_text(content)
    with fresh() as chain, pytest.raises(BadInput) as caught:
        Rollout.take_up(chain, SETUP, path)
    assert "--restart" in str(caught.value.hint)


def test_a_damaged_set_up(begun: tuple[Chain, Path]) -> None:
    chain, path = begun
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "setup": {"deployer": 7}}))
    with pytest.raises(BadInput, match="damaged"):
        Rollout.take_up(chain, SETUP, path)


def test_another_chain(begun: tuple[Chain, Path]) -> None:
    _, path = begun
    anew = connect("tester", genesis_time=GENESIS_TIME + 1)
    with anew, pytest.raises(WrongNetwork, match="another chain of the id"):
        Rollout.take_up(anew, SETUP, path)
    with pytest.raises(WrongNetwork, match="this is 7"):
        Rollout.take_up(tester.Tester(genesis_time=GENESIS_TIME, chain_id=7), SETUP, path)


def test_two_at_once(tmp_path: Path) -> None:
    path = part_path(tmp_path / "valley.json")
    assert path.name == "valley.part.json"
    with (
        alone(path),
        pytest.raises(CheckFailed, match="another process is working"),
        alone(path),
    ):
        pass
    with alone(path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_binding_is_refused(begun: tuple[Chain, Path]) -> None:
    """Registry was bound to another auction, by whoever is administrator: it cannot be mended."""
    chain, path = begun

    def bind(name: str) -> None:
        if name == P256_VERIFIER:  # the last contract
            registry = Registry(chain, addresses["Registry"])
            with Sender(chain, dev_signer(0)) as sender:
                sender.send(registry.bind_forward(OFFICE))

    addresses = json.loads(path.read_text())["addresses"]
    with pytest.raises(CheckFailed, match=f"Registry is bound to {OFFICE}"):
        take_up(chain, path, bind)


def test_nobody_gives_up_the_last_role_too_early(begun: tuple[Chain, Path]) -> None:
    """ADMIN is taken from the deployer only when all others were seen to have what they get."""
    chain, path = begun
    last = Rollout.take_up(chain, SETUP, path).steps()[-1]
    assert last.text == f"take ADMIN from {ME}"

    def meddle(name: str) -> None:
        if name == "AccessManager.setRoleGuardian":
            contracts = json.loads(path.read_text())["addresses"]
            manager = AccessManager(chain, contracts["AccessManager"])
            with Sender(chain, dev_signer(0)) as sender:
                sender.send(manager.revoke_role(1, OFFICE))

    with pytest.raises(CheckFailed, match=r"give REGISTRAR to .* so nobody did 'take ADMIN"):
        take_up(chain, path, meddle)
    assert end_state(chain, take_up(chain, path))[0] == []


def test_a_creation_needs_its_own_nonce() -> None:
    with fresh() as chain, Sender(chain, dev_signer(0)) as sender:
        with pytest.raises(
            NonceTakenByOther, match="nonce 1 of this key is not the next: that is 0"
        ):
            sender.deploy(COUNTER_INIT, nonce=1)
        assert chain.nonce(ME) == 0
        assert sender.deploy(COUNTER_INIT, nonce=0).contract_address == created_address(ME, 0)


def test_cost_is_what_the_receipts_say() -> None:
    with fresh() as chain:
        rollout = Rollout.take_up(chain, SETUP)
        gas = gas_of(SETUP, rollout.steps())
        cost = cost_of(chain, ME, gas)
        require_affordable(cost, ME)
        before = chain.balance(ME)
        with Sender(chain, dev_signer(0)) as sender:
            rollout.run(sender)
        spent = [row["gas"] for row in rollout.log]
        assert sum(spent) == pytest.approx(cost.gas, rel=0.001)
        assert before - chain.balance(ME) <= cost.now
        poor = replace(cost, balance=cost.needed - 1)
        with pytest.raises(CheckFailed, match="of the chain's coin, and this needs"):
            require_affordable(poor, ME)
        assert cost.now <= cost.needed <= cost.at_most


@pytest.mark.parametrize(
    ("wei", "text"), [(0, "0"), (1, "0.000001"), (10**18, "1"), (15 * 10**17 + 1, "1.500001")]
)
def test_coins(wei: int, text: str) -> None:
    assert coins(wei) == text


def test_faults_of_code(whole: tuple[Deployment, list[Holder], int]) -> None:
    """Every gap of every contract is looked at, and every byte outside of them."""
    record, _, _ = whole
    with fresh() as chain, Sender(chain, dev_signer(0)) as sender:
        assert deploy(sender, slot_seconds=900, currency="EUR", holders=HOLDERS) == record
        implied = Implied(record.contracts, chain.chain_id, 900, 6)
        for name, address in record.contracts.items():
            kind = rollouts.artifact_name(name)
            code = chain.code(address)
            assert faults(kind, code, address, implied) == []
            described = artifact(kind)
            for immutable, places in described["immutable_references"].items():
                for place in places:
                    wrong = code[: place + 31] + bytes([code[place + 31] ^ 1]) + code[place + 32 :]
                    found = [one.part for one in faults(kind, wrong, address, implied)]
                    assert found == [f"immutable {immutable}"]
            for library, places in described["deployed_link_references"].items():
                for place in places:
                    wrong = code[:place] + bytes(20) + code[place + 20 :]
                    found = [one.part for one in faults(kind, wrong, address, implied)]
                    assert found == [f"library {library}"]
            for wrong in (code[:-1] + bytes([code[-1] ^ 1]), bytes([code[0] ^ 1]) + code[1:]):
                assert [one.part for one in faults(kind, wrong, address, implied)] == ["code"]
            assert faults(kind, code[:-1], address, implied)[0].found == f"{len(code) - 1} bytes"
            assert faults(kind, b"", address, implied)[0].found == "nothing stands there"
        for other in (
            replace(implied, slot_seconds=3600),
            replace(implied, chain_id=1),
            replace(implied, decimals=18),
        ):
            at = record.contracts["Ledger" if other.decimals == 18 else "Metering"]
            kind = "Ledger" if other.decimals == 18 else "Metering"
            assert faults(kind, chain.code(at), at, other)


def test_what_was_left_is_finished_first(begun: tuple[Chain, Path]) -> None:
    """A transaction that was left is finished first, whatever it was."""
    chain, path = begun
    journal = path.with_suffix(".sqlite")
    broken = Faulty(chain)
    broken.before = Killed()
    with suppress(Killed), Sender(broken.as_chain(), dev_signer(0), journal) as sender:
        sender.send(Call(OFFICE, b"", 1, "a present"), 21_000)
    nonce = chain.nonce(ME)
    made = take_up(chain, path)
    assert end_state(chain, made)[0] == []
    assert chain.nonce(ME) > nonce
